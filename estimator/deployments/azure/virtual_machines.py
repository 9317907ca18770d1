"""Virtual machines on Azure, behind Application Gateway v2 or Standard Load Balancer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import reduce
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits, Stage
from estimator.demand.demand import most_in_month, over_month
from estimator.demand.weekly import ALWAYS, Weekly, largest
from estimator.deployments.azure.nodes import (
    ADDRESS,
    BYTES_EVIDENCE,
    NOT_MODELED,
    OF_MACHINES_NOT_MODELED,
    AzureMachineOptions,
    AzureMachines,
)
from estimator.deployments.base import (
    Request,
    billed_bytes_question,
    both_ways,
    cut_note,
    mbps,
)
from estimator.deployments.fleet.backplane import Backplane
from estimator.deployments.fleet.choice import whole
from estimator.deployments.fleet.server import sockets_per_client
from estimator.deployments.fleet.sizing import Fleet, NodeSpec, size
from estimator.deployments.limits import (
    Check,
    age_checks,
    check,
    default_of,
    idle_checks,
    limit_value,
    per_second,
)
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import SECONDS_PER_MINUTE

_BALANCER = "azure.load_balancer"
_FIRST_RULES = 5
"""Rules that share one price; the meter says so in its name."""
_GATEWAY = "azure.application_gateway"
_MAX_INSTANCES = f"{_GATEWAY}.v2_max_instances"
_UNITS_PER_INSTANCE = f"{_GATEWAY}.capacity_units_per_instance"
_REQUEST_TIMEOUT = f"{_GATEWAY}.request_timeout_default"
_REQUEST_TIMEOUT_MOST = f"{_GATEWAY}.request_timeout_max_private"
_FLOWS = "azure.virtual_machines.flows"


class ApplicationGatewayOptions(AzureMachineOptions):
    """Choices for virtual machines behind Application Gateway."""

    sku: Literal["standard_v2", "waf_v2"] = "standard_v2"
    """waf_v2: with the web application firewall, which looks at the request that opens a
    WebSocket and not at its messages."""
    outbound: Literal["nat_gateway", "public_addresses", "none"] = "nat_gateway"
    """How nodes reach the internet, which a new network does not let them do by itself: over a NAT
    gateway, which the vendor recommends, over an address of each node, or not at all. What they
    send to clients goes back through the balancer and needs none of it."""
    min_instances: Annotated[int, Field(ge=0)] = 0
    """Fewest instances of the gateway, or all of them if you scale by hand; each is billed as
    10 capacity units, used or not. Assumption: none, the gateway scales by itself."""
    request_timeout_seconds: float = default_of(_REQUEST_TIMEOUT, ge=1)
    """Request timeout of the backend settings, which applies to WebSockets. Default: the vendor's;
    its ingress controller for Kubernetes sets 30."""

    @model_validator(mode="after")
    def _request_timeout_can_be_set(self) -> Self:
        if self.request_timeout_seconds > (most := limit_value(_REQUEST_TIMEOUT_MOST)):
            raise ValueError(f"request_timeout_seconds is at most {most:g}")
        return self


class ApplicationGatewayVm(AzureMachines):
    """Virtual machines behind Application Gateway v2.

    Metering: https://learn.microsoft.com/azure/application-gateway/understanding-pricing
    """

    service = "azure.application_gateway"
    keep_alive_limit = "azure.application_gateway.keep_alive_timeout"
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
        Assumption(
            id="request_timeout",
            question="What does the request timeout of the backend settings end?",
            choices={
                "idle": "a WebSocket on which nothing was sent for that long",
                "age": "every WebSocket of that age; clients then connect again",
            },
            evidence="The vendor's page says that the timeout applies to the WebSocket session, "
            "not how. A user whose timeout was as long as the interval of his pings lost "
            "connections, and a longer one fixed it (MicrosoftDocs/azure-docs issue 49622); others "
            "report cuts while connections are in use "
            "(Azure/application-gateway-kubernetes-ingress issues 491 and 1277).",
        ),
        billed_bytes_question("ip", BYTES_EVIDENCE),
    )
    websocket_questions = frozenset({"request_timeout"})
    not_modeled = (*NOT_MODELED, *OF_MACHINES_NOT_MODELED, "certificates", "a DDoS protection plan")
    crosses_zones = True
    targets_limit = f"{_GATEWAY}.backend_targets"
    # requests go to the servers of a pool in a cycle:
    # https://learn.microsoft.com/training/modules/configure-azure-application-gateway/2-implement
    balancing = "round_robin"

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines, TLS on the gateway."""
        return replace(super().nodes(request), connections_most=_flows_most(request))

    def node_limit_id(self, request: Request, fleet: Fleet) -> str:
        """Flows of a virtual machine."""
        return _FLOWS

    def age_limit(self, request: Request) -> str | None:
        """The request timeout, if that is what it ends of a WebSocket."""
        is_websocket = request.demand.requests is None
        by_age = is_websocket and request.answers["request_timeout"] == "age"
        return _REQUEST_TIMEOUT if by_age else None

    def wait_seconds(self, request: Request) -> float:
        """The request timeout as it is set."""
        return request.options.request_timeout_seconds

    def age_seconds(self, request: Request) -> float:
        """The request timeout as it is set, if that is what it ends."""
        by_age = self.age_limit(request) is not None
        return request.options.request_timeout_seconds if by_age else np.inf

    def dimensions(self, request: Request) -> Mapping[str, tuple[Weekly, float]]:
        """What is used in each hour and what a capacity unit holds; the largest counts.

        With the firewall, a compute unit handles a number of requests as well; a WebSocket is one.
        """
        demand = request.demand
        new_connections = per_second(demand.new_connections)
        one_way = request.answers["throughput"] == "to_client"
        counted = demand.traffic("to_client", "ip") if one_way else both_ways(demand)
        per_unit = {
            "connections": (demand.connections, "connections_per_capacity_unit"),
            "throughput": (mbps(counted), "bandwidth_per_capacity_unit_mbps"),
            "new TLS connections": (
                new_connections,
                "tls_new_connections_per_second_per_compute_unit",
            ),
        }
        if request.options.sku == "waf_v2":
            requests = per_second(demand.all_requests)
            per_unit["requests"] = (requests, "waf_requests_per_second_per_compute_unit")
        return {
            name: (used, limit_value(f"{_GATEWAY}.{limit}"))
            for name, (used, limit) in per_unit.items()
        }

    def _instances(self, request: Request) -> Iterator[Weekly]:
        """Instances that each dimension asks for, and connections, of which one holds so many."""
        each = limit_value(_UNITS_PER_INSTANCE)
        for used, offer in self.dimensions(request).values():
            yield used.times(1 / offer / each)
        most = limit_value(f"{_GATEWAY}.wss_connections_per_instance")
        yield request.demand.connections_peak.times(1 / most)

    def _running(self, request: Request) -> FloatArray:
        """The most instances that run."""
        peaks = (needed.peak for needed in self._instances(request))
        return reduce(np.maximum, peaks, np.asarray(float(request.options.min_instances)))

    def balancers_needed(self, request: Request) -> FloatArray:
        """As many gateways as the instances need."""
        return np.maximum(whole(self._running(request) / limit_value(_MAX_INSTANCES)), 1.0)

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Instances, targets, and the timeouts of the backend settings and of the address."""
        demand, timeout = request.demand, request.options.request_timeout_seconds
        yield Check(
            _MAX_INSTANCES,
            largest(self._instances(request)),
            limit_value(_MAX_INSTANCES) * fleet.balancers,
            "add a gateway, and spread clients over all of them by name",
        )
        yield check(f"{_GATEWAY}.per_region", fleet.balancers)
        yield from self.targets_checks(request, fleet)
        yield from idle_checks(demand, f"{_GATEWAY}.idle_timeout")
        if self.age_limit(request) is not None:
            yield from age_checks(demand, _REQUEST_TIMEOUT, timeout)
            return
        yield from idle_checks(
            demand,
            _REQUEST_TIMEOUT,
            "send a heartbeat more often than every {allowed} seconds, or raise the request "
            "timeout of the backend settings (request_timeout_seconds)",
            seconds=timeout,
            ceiling_id=_REQUEST_TIMEOUT_MOST,
        )

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """When connections are cut, and what is known of nodes."""
        if np.isfinite(seconds := self.age_seconds(request)):
            yield from cut_note(request.demand, f"{seconds:g} seconds")
        yield from super().notes(request, fleet, redis)

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Hours of the gateways, and their capacity units."""
        demand, options = request.demand, request.options
        sized, gateways = size(self.dimensions(request)), fleet.balancers
        reserved = options.min_instances * limit_value(_UNITS_PER_INSTANCE)
        billed = largest([sized.units, Weekly.of(np.array(reserved), ALWAYS)])
        yield Usage(
            f"{_GATEWAY}.{options.sku}_hours",
            over_month(demand, gateways),
            f"gateways ({range_text(gateways)}) x hours of the month, with the public address",
        )
        least = f", at least {reserved:g} ({options.min_instances} instances)" if reserved else ""
        most = range_text(most_in_month(demand, billed.peak), unit="capacity units")
        yield Usage(
            f"{_GATEWAY}.{options.sku}_capacity_unit_hours",
            demand.per_month(billed),
            f"in each hour the largest of {', '.join(sized.shares)}{least}; up to {most}, decided "
            f"by {sized.binding_of_largest}",
        )

    def front(self, request: Request, fleet: Fleet) -> AdmissionLimits:
        """What the gateways let in: their TLS handshakes, and the requests of the firewall.

        New connections: what the instances of the busiest hour have time for, since more of them
        need six to seven minutes to start
        (https://learn.microsoft.com/azure/application-gateway/high-traffic-support), too late for
        those that come at once. Open ones: what the most instances hold.
        """
        per_unit = {"TLS handshakes": f"{_GATEWAY}.tls_new_connections_per_second_per_compute_unit"}
        if request.options.sku == "waf_v2":
            per_unit["firewall"] = f"{_GATEWAY}.waf_requests_per_second_per_compute_unit"
        most = f"{_GATEWAY}.wss_connections_per_instance"
        running = max(float(whole(self._running(request))), 1.0)
        units = running * limit_value(_UNITS_PER_INSTANCE)
        instances_most = float(fleet.balancers) * limit_value(_MAX_INSTANCES)
        return AdmissionLimits(
            connections_most=instances_most * limit_value(most),
            stages=tuple(
                Stage(name=f"the gateway's {name}", per_second=units * limit_value(limit_id))
                for name, limit_id in per_unit.items()
            ),
            limits={"connections_most": most},
        )


class LoadBalancerOptions(AzureMachineOptions):
    """Choices for virtual machines behind Standard Load Balancer."""

    outbound: Literal["nat_gateway", "outbound_rule", "public_addresses", "none"] = "nat_gateway"
    """How nodes reach the internet, which a new network does not let them do by itself: over a NAT
    gateway, which the vendor recommends, over an outbound rule of the balancer (count it among
    ``rules``), over an address of each node, or not at all. What they send to clients goes back
    through the balancer and needs none of it."""
    rules: Annotated[int, Field(ge=1)] = 1
    """Load-balancing and outbound rules; the first five cost as much as one."""
    idle_timeout_minutes: float = Field(
        default_factory=lambda: limit_value(f"{_BALANCER}.idle_timeout") / SECONDS_PER_MINUTE
    )
    """Silence after which the balancer forgets a connection. Default: the vendor's."""

    @model_validator(mode="after")
    def _timeout_can_be_set(self) -> Self:
        least, most = (
            limit_value(f"{_BALANCER}.{limit}") / SECONDS_PER_MINUTE
            for limit in ("idle_timeout", "idle_timeout_max")
        )
        if not least <= self.idle_timeout_minutes <= most:
            raise ValueError(f"idle_timeout_minutes is {least:g} to {most:g}")
        return self


class LoadBalancerVm(AzureMachines):
    """Virtual machines behind Standard Load Balancer, TLS on the nodes.

    Metering: https://azure.microsoft.com/pricing/details/load-balancer/
    """

    service = "azure.load_balancer"
    options = LoadBalancerOptions
    questions = (billed_bytes_question("ip", BYTES_EVIDENCE),)
    not_modeled = (*NOT_MODELED, *OF_MACHINES_NOT_MODELED, "certificates on the nodes")
    targets_limit = f"{_BALANCER}.backend_pool_size"
    # a hash of both addresses, both ports and the protocol:
    # https://learn.microsoft.com/azure/load-balancer/distribution-mode-concepts
    balancing = "random"

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines where TLS ends."""
        return replace(super().nodes(request), ends_tls=True, connections_most=_flows_most(request))

    def node_limit_id(self, request: Request, fleet: Fleet) -> str:
        """Flows of a virtual machine."""
        return _FLOWS

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """The pool and the idle timeout."""
        yield from self.targets_checks(request, fleet)
        # a segment in either direction keeps the flow: what one sends the other acknowledges
        yield from idle_checks(
            request.demand,
            f"{_BALANCER}.idle_timeout",
            seconds=request.options.idle_timeout_minutes * SECONDS_PER_MINUTE,
            ceiling_id=f"{_BALANCER}.idle_timeout_max",
        )

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Rules and data of the balancer, and its address."""
        demand, rules = request.demand, request.options.rules
        hours = np.asarray(demand.hours_per_month)
        yield Usage(
            f"{_BALANCER}.first_five_rules_hours", hours, "one balancer x hours of the month"
        )
        if rules > _FIRST_RULES:
            yield Usage(
                f"{_BALANCER}.extra_rule_hours",
                hours * (rules - _FIRST_RULES),
                f"rules beyond the first five ({rules - _FIRST_RULES}) x hours of the month",
            )
        data, text = f"{_BALANCER}.processed_gb", ""
        through = demand.per_month(both_ways(demand)) / request.bytes_per_unit(data)
        if request.options.outbound == "outbound_rule":
            through = through + request.options.outbound_gb_per_month
            text = ", and what nodes themselves send"
        yield Usage(
            data,
            np.asarray(through),
            f"all bytes with clients, in and out, down to the IP header{text}",
        )
        yield Usage(ADDRESS, hours, "the balancer's address x hours of the month")


def _flows_most(request: Request) -> float:
    """Clients whose connections a virtual machine holds."""
    return limit_value(_FLOWS) / sockets_per_client(request.options)
