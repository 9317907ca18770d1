"""Virtual machines behind Application Gateway v2, which ends TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, from_hours, largest
from estimator.deployments.azure.nodes import (
    DISKS,
    EVIDENCE_BYTES,
    NOT_MODELLED,
    AzureFleetOptions,
    inter_zone,
)
from estimator.deployments.base import (
    Deployment,
    Metered,
    Request,
    one_line_per_meter,
    spread,
    traffic_assumption,
)
from estimator.deployments.fleet.admission import AZURE, Room, fleet_admission
from estimator.deployments.fleet.backplane import backplane
from estimator.deployments.fleet.server import traffic_mbps
from estimator.deployments.fleet.sizing import Fleet, build_fleet, scaling_choice, whole
from estimator.deployments.limits import Check, idle_checks, limit_value, per_second
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import BITS_PER_BYTE, BITS_PER_MEGABIT, SECONDS_PER_HOUR

_GATEWAY = "azure.application_gateway"


class ApplicationGatewayOptions(AzureFleetOptions):
    """Choices for virtual machines behind Application Gateway."""

    sku: Literal["standard_v2", "waf_v2"] = "standard_v2"
    """waf_v2: with the web application firewall, which looks at the request that opens a
    WebSocket and not at its messages."""
    min_instances: Annotated[int, Field(ge=0)] = 0
    """Fewest instances of the gateway, or all of them if you scale by hand; each is billed as
    10 capacity units, used or not. Assumption: none, the gateway scales by itself."""


class ApplicationGatewayVm(Deployment):
    """Virtual machines behind Application Gateway v2.

    Metering: https://learn.microsoft.com/azure/application-gateway/understanding-pricing
    """

    options = ApplicationGatewayOptions
    questions = (
        Assumption(
            id="throughput",
            question="Which traffic counts as throughput of capacity units?",
            choices={
                "both": "traffic with clients, in and out",
                "to_client": "what the gateway sends to clients",
            },
            evidence="The article on prices says throughput and no more; the metric of that name "
            "counts what the gateway has served. Both ways is the more expensive reading.",
        ),
        scaling_choice(),
        traffic_assumption("ip", EVIDENCE_BYTES),
    )
    not_modeled = (*NOT_MODELLED, DISKS, "certificates", "a plan against denial of service")

    def meter(self, request: Request) -> Metered:
        """Gateway hours and capacity units, nodes, Redis, traffic between zones and out."""
        demand, options = request.demand, request.options
        scaling = request.answers["scaling"]
        fleet = build_fleet(request, "azure", "vm", scaling)
        redis = backplane(request, "azure", fleet, options.redis_machine)
        mbps = _throughput_mbps(demand, request.answers["throughput"])
        dimensions = capacity_units(demand, mbps, options.sku)
        used = largest(dimensions.values())
        instances = _instances(demand, used)
        gateways = _gateways(instances, options)
        usage = one_line_per_meter(
            _gateway_usage(demand, options, dimensions, used, gateways),
            fleet.usage(demand),
            redis.usage,
            (
                inter_zone(request, redis.other_zones_gib, balanced=True),
                self.data_out(request, demand, "azure.egress.internet"),
            ),
        )
        checks = (
            *_checks(instances, gateways, fleet),
            *idle_checks(demand, f"{_GATEWAY}.idle_timeout"),
        )
        targets = f"{_GATEWAY}.backend_targets"
        admission = fleet_admission(
            request,
            fleet,
            AZURE,
            scaling,
            front=AdmissionLimits() if request.many else _front(instances, gateways, options),
            nodes_room=Room(limit_value(targets) * gateways, targets),
        )
        return Metered(usage, fleet.notes, checks, admission)


def _throughput_mbps(demand: Demand, answer: str) -> Weekly:
    if answer == "both":
        return traffic_mbps(demand)
    per_hour = BITS_PER_BYTE / BITS_PER_MEGABIT / SECONDS_PER_HOUR
    return demand.traffic("to_client", "ip").times(per_hour)


def capacity_units(demand: Demand, mbps: Weekly, sku: str) -> dict[str, Weekly]:
    """Capacity units that each dimension would need; the largest of an hour is billed.

    With the firewall, a compute unit handles a number of requests as well; a WebSocket is one.
    """
    new_connections = per_second(demand.new_connections)
    per_unit = {
        "connections": (demand.connections, "connections_per_capacity_unit"),
        "throughput": (mbps, "bandwidth_per_capacity_unit_mbps"),
        "new TLS connections": (new_connections, "tls_new_connections_per_second_per_compute_unit"),
    }
    if sku == "waf_v2":
        per_unit["requests"] = (new_connections, "waf_requests_per_second_per_compute_unit")
    return {
        name: used.times(1 / limit_value(f"{_GATEWAY}.{limit}"))
        for name, (used, limit) in per_unit.items()
    }


def _instances(demand: Demand, used: Weekly) -> Weekly:
    """Instances that the gateway needs, by capacity units and by connections that one holds."""
    by_units = used.times(1 / limit_value(f"{_GATEWAY}.capacity_units_per_instance"))
    most = limit_value(f"{_GATEWAY}.wss_connections_per_instance")
    return largest((by_units, demand.connections_peak.times(1 / most)))


def _gateways(instances: Weekly, options: ApplicationGatewayOptions) -> FloatArray:
    most = np.maximum(instances.peak, options.min_instances)
    return np.maximum(whole(most / limit_value(f"{_GATEWAY}.v2_max_instances")), 1.0)


def _gateway_usage(
    demand: Demand,
    options: ApplicationGatewayOptions,
    dimensions: dict[str, Weekly],
    used: Weekly,
    gateways: FloatArray,
) -> Iterator[Usage]:
    reserved = options.min_instances * limit_value(f"{_GATEWAY}.capacity_units_per_instance")
    billed = from_hours(np.maximum(used.hourly, reserved)) if reserved else used
    biggest = int(np.argmax(used.peak))
    peaks = {
        name: float(np.ravel(np.broadcast_to(each.peak, np.shape(used.peak)))[biggest])
        for name, each in dimensions.items()
    }
    decides = max(peaks, key=lambda name: peaks[name])
    yield Usage(
        f"{_GATEWAY}.{options.sku}_hours",
        gateways * demand.hours_per_month,
        f"gateways ({spread(gateways)}) x hours of the month, with the public address",
    )
    least = f", {reserved:g} at least ({options.min_instances} instances)" if reserved else ""
    yield Usage(
        f"{_GATEWAY}.{options.sku}_capacity_unit_hours",
        demand.per_month(billed),
        f"in each hour the largest of {', '.join(dimensions)}{least}; up to "
        f"{spread(billed.peak, 'capacity units')}, {decides} need most in the busiest hour",
    )


def _front(
    instances: Weekly, gateways: FloatArray, options: ApplicationGatewayOptions
) -> AdmissionLimits:
    """What the gateways let in.

    New connections: what the instances of the busiest hour take, since more of them need six to
    seven minutes to start (https://learn.microsoft.com/azure/application-gateway/high-traffic-support),
    too late for those that come at once. Open ones: what the most instances hold.
    """
    per_unit = f"{_GATEWAY}.tls_new_connections_per_second_per_compute_unit"
    with_firewall = f"{_GATEWAY}.waf_requests_per_second_per_compute_unit"
    if options.sku == "waf_v2" and limit_value(with_firewall) < limit_value(per_unit):
        per_unit = with_firewall
    most = f"{_GATEWAY}.wss_connections_per_instance"
    running = whole(np.maximum(instances.peak, options.min_instances))
    units = max(float(running), 1.0) * limit_value(f"{_GATEWAY}.capacity_units_per_instance")
    instances_most = float(gateways) * limit_value(f"{_GATEWAY}.v2_max_instances")
    return AdmissionLimits(
        new_connections_per_second=units * limit_value(per_unit),
        connections_most=instances_most * limit_value(most),
        limits={"new_connections_per_second": per_unit, "connections_most": most},
    )


def _checks(instances: Weekly, gateways: FloatArray, fleet: Fleet) -> Iterator[Check]:
    most = f"{_GATEWAY}.v2_max_instances"
    yield Check(
        most,
        instances,
        limit_value(most) * gateways,
        "one more gateway, and clients spread over all by name",
    )
    targets = f"{_GATEWAY}.backend_targets"
    yield Check(targets, fleet.nodes.peak, limit_value(targets) * gateways)
