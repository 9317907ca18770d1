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
    BYTES_EVIDENCE,
    DISKS,
    NOT_MODELED,
    AzureFleetOptions,
    AzureNodes,
)
from estimator.deployments.base import Request, Sizing, billed_bytes_question
from estimator.deployments.fleet.admission import Room
from estimator.deployments.fleet.behind_balancer import Balancer
from estimator.deployments.fleet.server import traffic_mbps
from estimator.deployments.fleet.sizing import SCALING, Fleet, size, whole
from estimator.deployments.limits import Check, idle_checks, limit_value, per_second
from estimator.format import range_text
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


class ApplicationGatewayVm(AzureNodes):
    """Virtual machines behind Application Gateway v2.

    Metering: https://learn.microsoft.com/azure/application-gateway/understanding-pricing
    """

    options = ApplicationGatewayOptions
    questions = (
        Assumption(
            id="throughput",
            question="Which traffic counts as the throughput of capacity units?",
            choices={
                "both": "traffic with clients, in and out",
                "to_client": "what the gateway sends to clients",
            },
            evidence="The article on prices says throughput and no more; the metric of that name "
            "counts what the gateway has served. Both ways is the more expensive reading.",
        ),
        SCALING,
        billed_bytes_question("ip", BYTES_EVIDENCE),
    )
    not_modeled = (*NOT_MODELED, DISKS, "certificates", "a DDoS protection plan")
    crosses_zones = True

    def balancer(self, request: Request, fleet: Fleet) -> Balancer:
        """Gateway hours and capacity units; instances, targets and the idle timeout."""
        demand, options = request.demand, request.options
        sized = _capacity_units(demand, request.answers["throughput"], options.sku)
        instances = _instances(demand, sized.units)
        most, targets = f"{_GATEWAY}.v2_max_instances", f"{_GATEWAY}.backend_targets"
        running = np.maximum(instances.peak, options.min_instances)
        gateways = np.maximum(whole(running / limit_value(most)), 1.0)
        room = Room(limit_value(targets) * gateways, targets)
        checks = (
            Check(
                most,
                instances,
                limit_value(most) * gateways,
                "add a gateway, and spread clients over all of them by name",
            ),
            Check(targets, fleet.nodes.peak, room.most),
            *idle_checks(demand, f"{_GATEWAY}.idle_timeout"),
        )
        return Balancer(
            tuple(_gateway_usage(demand, options, sized, gateways)),
            checks,
            None if request.many else _front(running, gateways, options),
            room,
        )


def _capacity_units(demand: Demand, answer: str, sku: str) -> Sizing:
    """Capacity units of each hour, those of the dimension that needs most.

    With the firewall, a compute unit handles a number of requests as well; a WebSocket is one.
    """
    new_connections = per_second(demand.new_connections)
    mbps = traffic_mbps(demand)
    if answer == "to_client":
        per_hour = BITS_PER_BYTE / BITS_PER_MEGABIT / SECONDS_PER_HOUR
        mbps = demand.traffic("to_client", "ip").times(per_hour)
    per_unit = {
        "connections": (demand.connections, "connections_per_capacity_unit"),
        "throughput": (mbps, "bandwidth_per_capacity_unit_mbps"),
        "new TLS connections": (new_connections, "tls_new_connections_per_second_per_compute_unit"),
    }
    if sku == "waf_v2":
        per_unit["requests"] = (new_connections, "waf_requests_per_second_per_compute_unit")
    return size(
        {
            name: (used, limit_value(f"{_GATEWAY}.{limit}"))
            for name, (used, limit) in per_unit.items()
        }
    )


def _instances(demand: Demand, used: Weekly) -> Weekly:
    """Instances that the gateway needs, by capacity units and by connections that one holds."""
    by_units = used.times(1 / limit_value(f"{_GATEWAY}.capacity_units_per_instance"))
    most = limit_value(f"{_GATEWAY}.wss_connections_per_instance")
    return largest((by_units, demand.connections_peak.times(1 / most)))


def _gateway_usage(
    demand: Demand, options: ApplicationGatewayOptions, sized: Sizing, gateways: FloatArray
) -> Iterator[Usage]:
    reserved = options.min_instances * limit_value(f"{_GATEWAY}.capacity_units_per_instance")
    billed = from_hours(np.maximum(sized.units.hourly, reserved)) if reserved else sized.units
    yield Usage(
        f"{_GATEWAY}.{options.sku}_hours",
        gateways * demand.hours_per_month,
        f"gateways ({range_text(gateways)}) x hours of the month, with the public address",
    )
    least = f", at least {reserved:g} ({options.min_instances} instances)" if reserved else ""
    yield Usage(
        f"{_GATEWAY}.{options.sku}_capacity_unit_hours",
        demand.per_month(billed),
        f"in each hour the largest of {', '.join(sized.shares)}{least}; up to "
        f"{range_text(billed.peak, unit='capacity units')}, decided by {sized.binding_of_largest}",
    )


def _front(
    instances: FloatArray, gateways: FloatArray, options: ApplicationGatewayOptions
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
    units = max(float(whole(instances)), 1.0) * limit_value(
        f"{_GATEWAY}.capacity_units_per_instance"
    )
    instances_most = float(gateways) * limit_value(f"{_GATEWAY}.v2_max_instances")
    return AdmissionLimits(
        new_connections_per_second=units * limit_value(per_unit),
        connections_most=instances_most * limit_value(most),
        limits={"new_connections_per_second": per_unit, "connections_most": most},
    )
