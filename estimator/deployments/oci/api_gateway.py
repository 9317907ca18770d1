"""API Gateway on OCI in front of virtual machines behind the Flexible Load Balancer.

A back end is one URL with the name or address of a host, so that a balancer stands before nodes:
https://docs.oracle.com/en-us/iaas/Content/APIGateway/Tasks/apigatewayusinghttpbackend.htm
"""

from __future__ import annotations

from collections.abc import Iterator

from estimator.deployments.base import Request
from estimator.deployments.fleet.sizing import Fleet
from estimator.deployments.limits import Check, check, default_of, largest_bytes, limit_value
from estimator.deployments.oci.load_balancers import FlexibleBalancerOptions, LoadBalancerVm
from estimator.pricing.lines import Usage
from estimator.scenario.transport import LongPolling

_API = "oci.api_gateway"


class ApiGatewayVmOptions(FlexibleBalancerOptions):
    """Choices for API Gateway in front of virtual machines."""

    read_timeout_seconds: float = default_of(f"{_API}.read_timeout_default", ge=1)
    """Time that the gateway waits for the back end. Default: Oracle's."""


class ApiGatewayVm(LoadBalancerVm):
    """API Gateway, priced by calls, and all that stands behind it.

    Price: https://www.oracle.com/cloud/price-list/ ; limits:
    https://docs.oracle.com/en-us/iaas/Content/APIGateway/Reference/apigatewaylimits.htm
    """

    service = _API
    options = ApiGatewayVmOptions
    not_modeled = (
        *LoadBalancerVm.not_modeled,
        "connections that the gateway shares between requests to the balancer: as many are counted "
        "there as clients have with the gateway",
        "calls per second that a gateway takes, which Oracle does not publish",
    )

    def balancer_usage(self, request: Request, fleet: Fleet) -> Iterator[Usage]:
        """Calls of the gateway, and what the balancer behind it bills."""
        demand = request.demand
        yield Usage(
            f"{_API}.calls",
            demand.per_month(demand.all_requests),
            "polls and messages of clients, each a call",
        )
        yield from super().balancer_usage(request, fleet)

    def checks(self, request: Request, fleet: Fleet) -> Iterator[Check]:
        """Those of the balancer; size of a request, and the wait for an answer as it is set."""
        yield from super().checks(request, fleet)
        yield check(f"{_API}.body_max_bytes", largest_bytes(request.demand.messages("to_server")))
        if isinstance(request.transport, LongPolling):
            yield Check(
                f"{_API}.read_timeout_default",
                request.transport.timeout_seconds,
                request.options.read_timeout_seconds,
                "raise the read timeout of the back end (read_timeout_seconds), to at most "
                f"{limit_value(f'{_API}.read_timeout_max'):g} seconds",
            )
