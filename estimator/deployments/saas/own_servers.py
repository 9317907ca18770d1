"""Which servers run the user's own code beside a service that people buy? Those of a cloud."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Literal

import numpy as np

from estimator.demand.demand import most_in_month
from estimator.deployments.base import Request
from estimator.deployments.fleet.application_servers import (
    ApplicationServerOptions,
    ApplicationServers,
    application_servers,
)
from estimator.deployments.fleet.derived_figures import assumed_work
from estimator.deployments.fleet.server import application_cores
from estimator.errors import MissingRateError, ScenarioError

OWN_SERVERS_NOT_MODELED = (
    "a webhook or integration that brings clients' messages to your servers, which counts as "
    "messages too: those that your code works on are taken to come by HTTP first",
    "a load balancer in front of your servers, and their traffic",
)
"""What the bill of servers beside a service leaves out."""


class OwnServerOptions(ApplicationServerOptions):
    """Choices for the servers that run the user's own code beside a service."""

    application_cloud: Literal["aws", "azure", "gcp", "oci", "none"] = "aws"
    """Cloud whose virtual machines run your own code, in its region of the location; none leaves
    them out. Assumption: AWS."""


def own_servers(request: Request) -> ApplicationServers:
    """What the application's own work runs on, nothing where there is no such work.

    Args:
        request: demand and ``OwnServerOptions``.

    Raises:
        ScenarioError: the cloud has no region at the location.
    """
    options, cloud = request.options, request.options.application_cloud
    if cloud == "none":
        note = "The application's own work is left out (application_cloud: none)."
        return ApplicationServers((), np.zeros(()), (), (note,))
    demand = request.demand
    works = most_in_month(demand, application_cores(demand, options).peak) > 0
    if not np.any(works):
        notes = assumed_work(options, [kind.application for kind in demand.kinds])
        return ApplicationServers((), np.zeros(()), (), tuple(notes))
    if cloud not in request.regions:
        there = ", ".join((*request.regions, "none"))
        raise ScenarioError(
            f"application_cloud: {cloud} has no region at this location: write one of {there}"
        )
    servers = _in_nearest_region(request, cloud)
    # of many scenarios some may have no such work
    usage = (replace(one, quantity=one.quantity * works) for one in servers.usage)
    return replace(servers, usage=tuple(usage), nodes=servers.nodes * works)


def _in_nearest_region(request: Request, cloud: str) -> ApplicationServers:
    """Servers in the nearest region of a cloud whose machines have prices.

    Raises:
        MissingRateError: none has.
    """
    *nearer, (last, last_words) = request.regions[cloud]
    for region, words in nearer:
        with suppress(MissingRateError):
            return _named(application_servers(request, cloud, region, own_addresses=True), words)
    return _named(application_servers(request, cloud, last, own_addresses=True), last_words)


def _named(servers: ApplicationServers, stand_in: str | None) -> ApplicationServers:
    """Servers, with what their region stands in for."""
    return replace(servers, notes=(stand_in, *servers.notes)) if stand_in else servers
