"""Which work falls to the people who run a deployment? A list, without hours."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Annotated, Literal

from pydantic import Field

from estimator.files import Sourced, load_mapping

Component = Literal[
    "virtual_machines",
    "containers",
    "vendor",
    "node_tls",
    "redis_machines",
    "managed_redis",
    "application_servers",
    "functions",
    "units",
]
"""What a deployment consists of: virtual machines, containers or a vendor's service that hold the
connections; and what comes along."""


class Duty(Sourced):
    """Work that falls to the people who run a deployment."""

    title: str
    of: Annotated[tuple[Component, ...], Field(min_length=1)]
    """What brings the duty along."""
    servers: bool = False
    """Whether it is one of those that hours for servers of one's own stand for."""


def duties() -> Mapping[str, Duty]:
    """All duties, by id."""
    return load_mapping("duties.yaml", Duty)


def runs_servers(components: Collection[Component]) -> bool:
    """Whether any of some components brings work with servers along.

    >>> runs_servers(["vendor", "functions"]), runs_servers(["vendor", "application_servers"])
    (False, True)
    """
    return any(duty.servers for duty in duties_of(components).values())


def duties_of(components: Collection[Component]) -> dict[str, Duty]:
    """Those that come with some components.

    >>> list(duties_of(["vendor", "functions"]))
    ['update_functions', 'raise_quotas']
    """
    return {name: duty for name, duty in duties().items() if set(duty.of) & set(components)}
