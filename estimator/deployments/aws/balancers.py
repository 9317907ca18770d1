"""Load balancers of AWS: hours, capacity units of the largest dimension, addresses, timeouts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly
from estimator.deployments.base import Request, spread
from estimator.deployments.fleet.sizing import Fleet, size, whole
from estimator.deployments.limits import Check, longest_silence_seconds
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption
from estimator.units import GB, GIB


def gigabyte_question(unit: str) -> Assumption:
    """Which GB a capacity unit is."""
    return Assumption(
        id="capacity_gigabyte",
        question=f"Is the GB of a capacity unit ({unit}) 10^9 or 2^30 bytes?",
        choices={
            "1000": "one GB is 1,000,000,000 bytes",
            "1024": "one GB is 1,073,741,824 bytes",
        },
        evidence="AWS's worked example on the price page of its load balancers turns 300 KB a "
        "second into 1.08 GB per hour, so its GB is 1,000 MB; that of data transfer is 1,024.",
    )


def gigabyte_bytes(request: Request) -> int:
    """Bytes of the GB that was answered."""
    return GB if request.answers["capacity_gigabyte"] == "1000" else GIB


def count_balancers(fleet: Fleet, targets_most: float) -> FloatArray:
    """As many balancers as the nodes need as targets."""
    return np.maximum(whole(fleet.nodes.peak / targets_most), 1.0)


def balancer_usage(
    request: Request,
    balancers: FloatArray,
    hours_meter: str,
    units_meter: str,
    dimensions: Mapping[str, tuple[Weekly, float]],
) -> Iterator[Usage]:
    """Hours, capacity units and addresses of load balancers.

    Args:
        request: demand and ``FleetOptions``.
        balancers: how many.
        hours_meter: what their hours are billed as.
        units_meter: what their capacity units are billed as.
        dimensions: what is used in each hour, and what one unit holds, by dimension.
    """
    demand, zones = request.demand, request.options.zones
    hours = balancers * demand.hours_per_month
    sized = size(dimensions)
    yield Usage(hours_meter, hours, f"balancers ({spread(balancers)}) x hours of the month")
    yield Usage(
        units_meter,
        demand.per_month(sized.nodes),
        f"in each hour the largest of {_in_words(dimensions)}; up to "
        f"{spread(sized.peak, 'units')}, decided by {sized.binding}",
    )
    yield Usage(
        "aws.public_ipv4.hours",
        hours * zones,
        f"an address in each of {zones} zones for each balancer, all hours of the month",
    )


def _in_words(dimensions: Mapping[str, tuple[Weekly, float]]) -> str:
    return ", ".join(f"{name} / {each:,g}" for name, (_, each) in dimensions.items())


def idle_check(demand: Demand, limit_id: str, seconds: float, most_seconds: float) -> Check:
    """Whether something goes either way before a timeout.

    Args:
        demand: what clients do.
        limit_id: the timeout.
        seconds: what it is set to.
        most_seconds: what it can be set to.
    """
    silence = np.minimum(
        longest_silence_seconds(demand, "to_server"), longest_silence_seconds(demand, "to_client")
    )
    fix = "send a heartbeat more often than every {allowed} seconds"
    if np.min(silence) < most_seconds:
        fix += f", or raise the timeout, to {most_seconds:,g} seconds at most"
    return Check(limit_id, silence, seconds, fix)
