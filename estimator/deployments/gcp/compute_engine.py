"""Virtual machines on Compute Engine, behind a proxy or a passthrough load balancer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache

from estimator.deployments.base import Request, billed_bytes_question, cut_note
from estimator.deployments.fleet.backplane import Backplane, Redis
from estimator.deployments.fleet.behind_balancer import FLEET_NOT_MODELED, GCP, BehindBalancer
from estimator.deployments.fleet.fleet_options import FleetOptions
from estimator.deployments.fleet.host_limits import per_node
from estimator.deployments.fleet.machine import Machine
from estimator.deployments.fleet.server import sockets_per_client, traffic_mbps
from estimator.deployments.fleet.sizing import Fleet, NodeSpec
from estimator.deployments.gcp import network
from estimator.deployments.gcp.outbound import OutboundOptions, outbound_per_hour, outbound_usage
from estimator.deployments.limits import (
    Check,
    age_checks,
    check,
    default_of,
    idle_checks,
    limit_value,
)
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.scenario.transport import ServerSentEvents
from estimator.units import SECONDS_PER_HOUR

_MAX_AGE = "gcp.load_balancer.global_websocket_max_age"
_REGIONAL_AGE = "gcp.load_balancer.regional_websocket_max_age"
_BACKEND_TIMEOUT = "gcp.load_balancer.websocket_idle_timeout"
_ANSWER_TIMEOUT = "gcp.load_balancer.backend_timeout_default"
_ADVISED = "gcp.load_balancer.backend_timeout_advised"
_CLASSIC_AGE = "gcp.load_balancer.classic_websocket_max_age"
_AGES = {"global": _MAX_AGE, "classic": _CLASSIC_AGE, "regional": _REGIONAL_AGE}
"""The limit of the age of a WebSocket, by balancer."""
_NODE_MBPS = "gcp.compute.internet_bandwidth_mbps"
_TRACKED = "gcp.compute.tracked_connections"
_TRACKED_IDLE = f"{_TRACKED}_idle_timeout"
NOT_MODELED = (
    *FLEET_NOT_MODELED,
    "Spot VMs, whose prices change",
    "an internal load balancer, which clients on the internet do not reach",
    "logs and monitoring",
    "Cloud Armor",
)


class GcpFleetOptions(network.TierOptions, OutboundOptions, network.DiskOptions, FleetOptions):
    """Choices for virtual machines on Compute Engine."""


class GcpNodes(BehindBalancer):
    """Virtual machines on Compute Engine."""

    clock = GCP
    merges_lines = False

    def redis(self, request: Request) -> Redis:
        """Memorystore, or virtual machines."""
        return network.redis(self.disk(request), nodes_vote=True)

    def disk(self, request: Request) -> Mapping[str, float]:
        """A balanced persistent disk."""
        return network.disk(request)

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines, with their way out to the internet."""
        return replace(super().nodes(request), hourly=outbound_per_hour(request))

    def node_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Machines, and their way out to the internet."""
        yield from super().node_usage(request, fleet)
        yield from outbound_usage(request, fleet)

    def beside(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[Usage]:
        """Traffic between zones, and to clients."""
        yield from network.inter_zone(redis)
        yield from network.egress(self, request)


class ApplicationLbGceOptions(network.ProxyOptions, GcpFleetOptions):
    """Choices for virtual machines behind an external Application Load Balancer."""

    backend_timeout_seconds: float = default_of(_BACKEND_TIMEOUT, ge=1)
    """Timeout of the backend service. The default is Google's, for all kinds of balancers."""


class ApplicationLbGce(GcpNodes):
    """Virtual machines behind an external Application Load Balancer, which ends TLS.

    Prices: https://cloud.google.com/load-balancing/pricing ; how long WebSockets live:
    https://docs.cloud.google.com/load-balancing/docs/https/request-distribution
    """

    service = "gcp.application_lb"
    keep_alive_limit = "gcp.load_balancer.keep_alive_timeout"
    options = ApplicationLbGceOptions
    questions = (
        network.PROCESSED_BYTES,
        billed_bytes_question("ip", network.BYTES_EVIDENCE),
    )
    not_modeled = (
        *NOT_MODELED,
        "traffic between the load balancer, which stands in no zone, and nodes in several zones",
        "Cloud CDN",
    )
    # localityLbPolicy: backends "in round robin order. This is the default.":
    # https://cloud.google.com/ruby/docs/reference/google-cloud-compute-v1/latest/Google-Cloud-Compute-V1-BackendService-LocalityLbPolicy
    balancing = "round_robin"

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines, TLS on the load balancer."""
        tracked = _tracked_most(sockets_per_client(request.options))
        return replace(super().nodes(request), connections_most=tracked)

    def age_limit(self, request: Request) -> str:
        """WebSockets are cut at an age, which is a setting of the classic load balancer."""
        return _AGES[request.options.balancer]

    def age_seconds(self, request: Request) -> float:
        """The timeout of the backend service where it is an age, or what is fixed."""
        if request.options.balancer == "classic":
            return min(request.options.backend_timeout_seconds, limit_value(_MAX_AGE))
        return super().age_seconds(request)

    def answer_seconds(self, request: Request) -> float:
        """The timeout of the backend service, which is taken to be raised as far as is advised."""
        own = request.options.backend_timeout_seconds
        return limit_value(_ADVISED) if own == limit_value(_BACKEND_TIMEOUT) else own

    def wait_seconds(self, request: Request) -> float:
        """The timeout of the backend service as it is set."""
        return request.options.backend_timeout_seconds

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Forwarding rules, and data processed both ways."""
        return network.proxy_usage(request)

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """The timeout of the backend service: of every connection, or of idle ones."""
        demand, timeout = request.demand, request.options.backend_timeout_seconds
        if isinstance(request.transport, ServerSentEvents):
            yield from age_checks(demand, _ANSWER_TIMEOUT, timeout)
        if demand.requests is not None:
            return
        if request.options.balancer == "classic":
            yield from age_checks(demand, _CLASSIC_AGE, self.age_seconds(request))
            yield from idle_checks(demand, _TRACKED_IDLE)
            return
        yield from idle_checks(
            demand,
            _BACKEND_TIMEOUT,
            "send a heartbeat more often than every {allowed} seconds, or raise the timeout of the "
            "backend service (backend_timeout_seconds)",
            seconds=timeout,
            # the firewall of the nodes forgets what is silent for longer
            ceiling_id=_TRACKED_IDLE,
        )

    def notes(self, request: Request, fleet: Fleet, redis: Backplane) -> Iterator[str]:
        """When connections are cut, and what is known of nodes."""
        seconds = self.age_seconds(request)
        hours = seconds / SECONDS_PER_HOUR
        yield from cut_note(
            request.demand, f"{hours:g} hours" if hours >= 1 else f"{seconds:g} seconds"
        )
        yield from super().notes(request, fleet, redis)


class PassthroughNlbGceOptions(GcpFleetOptions, network.BalancerOptions):
    """Choices for virtual machines behind the passthrough Network Load Balancer."""


class PassthroughNlbGce(GcpNodes):
    """Virtual machines behind the external passthrough Network Load Balancer, TLS on the nodes.

    Nodes answer clients directly, from the address of the load balancer:
    https://docs.cloud.google.com/load-balancing/docs/network/ext-netlb-traffic-distribution
    """

    service = "gcp.passthrough_nlb"
    options = PassthroughNlbGceOptions
    questions = (
        Assumption(
            id="outbound_processed",
            question="Does the passthrough load balancer bill outbound data as processed?",
            choices={
                "yes": "data from and to clients",
                "no": "only data from clients, since nodes answer them directly",
            },
            evidence="Google's release note of 2022-03-14 charges outbound data on all Cloud Load "
            "Balancing products, and the price page has one table of inbound and outbound data "
            "processed for passthrough and proxy load balancers alike. Nodes answer clients "
            "directly, so that others doubt that a meter sees that data.",
        ),
        billed_bytes_question("ip", network.BYTES_EVIDENCE),
    )
    not_modeled = (*NOT_MODELED, "certificates on the nodes")
    # consistent hashing of both addresses, both ports and the protocol, without session affinity:
    # https://docs.cloud.google.com/load-balancing/docs/network/ext-netlb-traffic-distribution
    balancing = "random"

    def nodes(self, request: Request) -> NodeSpec:
        """Virtual machines where TLS ends, of which Google caps internet traffic."""
        return replace(
            super().nodes(request),
            ends_tls=True,
            mbps_most=limit_value(_NODE_MBPS),
            connections_most=_tracked_most(sockets_per_client(request.options)),
        )

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Forwarding rules, and data processed."""
        yield from network.forwarding_rules(request, "regional_")
        yield network.processed(request, "inbound", "ip")
        if request.answers["outbound_processed"] == "yes":
            yield network.processed(request, "outbound", "ip")

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Bandwidth of nodes and the idle timeout."""
        # in and out together, as nodes are sized, though only what leaves is capped
        each = per_node(request, fleet, traffic_mbps(request.demand))
        yield check(_NODE_MBPS, each, "run more nodes (a lower headroom)")
        yield from idle_checks(request.demand, "gcp.load_balancer.passthrough_idle_timeout")


@lru_cache(maxsize=8)  # since the machines worth comparing are kept by it
def _tracked_most(sockets: int) -> Callable[[Machine], float]:
    """Clients, of so many sockets each, whose connections the firewall of a machine tracks."""
    per_vcpu, most = (limit_value(f"{_TRACKED}_{end}") for end in ("per_vcpu", "max"))
    return lambda machine: min(per_vcpu * machine.vcpus, most) / sockets
