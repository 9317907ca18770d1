"""Which servers answer what a managed service passes on? Those that run the user's own code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.arrays import FloatArray
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import Request
from estimator.deployments.fleet.choice import Choice, Prices
from estimator.deployments.fleet.derived_figures import assumed_work
from estimator.deployments.fleet.machine import (
    CHEAPEST,
    Machine,
    candidates,
    flat_and_not,
    usd_of,
)
from estimator.deployments.fleet.machine_words import about
from estimator.deployments.fleet.month import Month
from estimator.deployments.fleet.needs import Needs
from estimator.deployments.fleet.placement import SurvivalOptions, kept_words, placement
from estimator.deployments.fleet.scaling import WHEN, Scaling
from estimator.deployments.fleet.server import application_cores
from estimator.deployments.fleet.server_options import ApplicationOptions
from estimator.deployments.limits import limit_value
from estimator.format import range_text
from estimator.pricing.lines import Usage
from estimator.scenario.model import OrMany

APPLICATION_SERVERS = "application servers"
"""What of a machine's hours a line of the bill stands for."""
_NOTHING = Weekly(())
_BALANCED_VPU_PER_GB = 10
"""Of OCI's boot volumes: https://docs.oracle.com/en-us/iaas/Content/Block/Concepts/blockvolumeperformance.htm"""


class ApplicationServerOptions(ApplicationOptions, SurvivalOptions):
    """Choices for servers of one's own beside a service that holds the connections."""

    application_machine: str = CHEAPEST
    """Machine of the servers that run your own code: its name, or ``cheapest``."""
    application_headroom: Annotated[
        float | FloatArray, OrMany(Annotated[float, Field(ge=0.01, le=1)])
    ] = 0.7
    """Share of these servers' processors that the busiest hour uses at most. Assumption: the rest
    is for the operating system, bursts within the hour and uneven balancing."""
    application_servers_least: Annotated[int, Field(ge=0)] = 1
    """Fewest of these servers that carry the peak; those kept for a failure come on top."""
    application_scaling: Scaling = "static"
    """How many of these servers there are in each hour. static: as many all week as the busiest
    hour needs; autoscaled: they start and stop as the work comes and goes; scheduled: the same, on
    a schedule written in advance from the expected week. Default: static, as that of nodes."""
    application_scaling_lag_hours: Annotated[int, Field(ge=0, le=24)] = 1
    """Hours by which these servers start before they are needed and stay after, unless
    application_scaling is static. Assumption: one, since demand is known by the hour."""


@dataclass(frozen=True, slots=True)
class ApplicationServers:
    """Servers that run the user's own code, and what they are billed as."""

    usage: tuple[Usage, ...]
    """All of the application layer."""
    nodes: FloatArray
    """The most that run in an hour, shape (*many,)."""
    machines: tuple[Machine, ...]
    """Several if scenarios differ."""
    notes: tuple[str, ...]


def boot_disk(cloud: str) -> Mapping[str, float]:
    """Units of meters that the boot disk of a virtual machine takes per month, at its default size.

    >>> boot_disk("azure")
    {'azure.disks.standard_ssd_e4_months': 1.0}
    """
    if cloud == "aws":
        return {"aws.ebs.gp3_gb_months": limit_value("aws.ec2.boot_disk_gb")}
    if cloud == "gcp":
        gib = limit_value("gcp.compute.boot_disk_gib")
        return {"gcp.compute.balanced_disk_gib_months": gib}
    if cloud == "oci":
        gb = limit_value("oci.compute.boot_disk_gb")
        performance = gb * _BALANCED_VPU_PER_GB
        return {"oci.block_volume.storage": gb, "oci.block_volume.performance": performance}
    return {"azure.disks.standard_ssd_e4_months": 1.0}


ADDRESSES: Mapping[str, str] = {
    "aws": "aws.public_ipv4.hours",
    "azure": "azure.public_ipv4.hours",
    "gcp": "gcp.external_ipv4.hours",
}
"""What a public address of a virtual machine is billed as, by cloud; on OCI it is free."""


def application_servers(
    request: Request,
    cloud: str,
    region: str,
    more_cores: Weekly = _NOTHING,
    *,
    own_addresses: bool = False,
) -> ApplicationServers:
    """Virtual machines of the cheapest bill for the application's own work.

    Args:
        request: demand and ``ApplicationServerOptions``.
        cloud: whose machines.
        region: where.
        more_cores: what they do besides, in cores of the reference speed.
        own_addresses: whether each has a public address, to reach the service and the internet.

    Raises:
        UnknownNameError: no such machine.
        MissingRateError: no machine has a price in the region.
    """
    options, demand = request.options, request.demand
    catalog = request.catalog.for_choosing(cloud, "application_servers")
    cores = total((application_cores(demand, options), more_cores))
    disk = boot_disk(cloud)
    hourly = {ADDRESSES[cloud]: 1.0} if own_addresses and cloud in ADDRESSES else {}
    hours = float(np.min(demand.hours_per_month))
    needs = Needs(
        (
            _NOTHING,
            cores.times(1 / options.application_headroom),
            _NOTHING,
            _NOTHING,
            # so that there is one figure for each scenario, whatever the work
            demand.connections.times(0.0),
        )
    )
    choice = Choice(
        needs,
        candidates(
            catalog,
            region,
            cloud,
            "vm",
            options.application_machine,
            beside_usd=usd_of(catalog, region, disk) / hours + usd_of(catalog, region, hourly),
        ),
        placement(options),
        options.application_servers_least,
        None if options.application_scaling == "static" else options.application_scaling_lag_hours,
        Prices(
            catalog,
            region,
            request.free_allowances,
            *flat_and_not(catalog, region, disk),
            hourly=hourly,
        ),
        Month.of(demand),
    )
    made = choice.made()
    chosen = np.broadcast_to(made.chosen, choice.many)
    used = np.flatnonzero(np.bincount(np.ravel(made.chosen))).tolist()
    found = tuple(choice.candidates.machines[index] for index in used)
    usage = [
        one
        for index, machine in zip(used, found, strict=True)
        for one in _usage(request, machine, made.nodes.times(np.asarray(chosen == index) * 1.0))
    ]
    all_hours = demand.per_month(made.nodes)
    months = np.asarray(all_hours / demand.hours_per_month)
    usage += [
        Usage(meter, np.asarray(all_hours * each), "a public address of each server")
        for meter, each in hourly.items()
    ]
    usage += [
        Usage(
            meter,
            months * quantity,
            f"boot disks of {range_text(months, unit='servers')}, "
            f"{quantity:g} units per month each",
        )
        for meter, quantity in disk.items()
    ]
    return ApplicationServers(
        tuple(
            replace(
                one,
                region=region,
                part=APPLICATION_SERVERS,
                layer="application",
                role="application_servers",
            )
            for one in usage
        ),
        made.nodes.peak,
        found,
        (
            *assumed_work(options, [kind.application for kind in demand.kinds]),
            *filter(None, map(about, found)),
        ),
    )


def _usage(request: Request, machine: Machine, nodes: Weekly) -> Iterator[Usage]:
    """What the servers on one machine are billed as."""
    hours = request.demand.per_month(nodes)
    options = request.options
    ends = np.concatenate([np.ravel(nodes.trough), np.ravel(nodes.peak)])
    count, when = range_text(ends, unit="servers"), WHEN[options.application_scaling]
    if options.application_scaling == "static" and request.demand.week_hours is not None:
        when = "by the week"
    for meter, quantity in machine.parts.items():
        each = "" if quantity == 1 else f", {quantity:g} units per hour each"
        yield Usage(
            meter,
            hours * quantity,
            f"{machine.title}: {count} {when}, for your own code, {kept_words(options)}{each}",
            by_hour=partial(Month.of(request.demand).by_hour, nodes),
        )
