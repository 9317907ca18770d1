"""How many nodes a WebSocket server needs: by memory, processor time and network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.datafiles import Entry, Figure, load_mapping
from estimator.demand.demand import Demand, Weekly, largest, total
from estimator.deployments.deployment import Options
from estimator.errors import ScenarioError, UnknownNameError
from estimator.scenario.model import FloatArray
from estimator.units import BITS_PER_BYTE, BITS_PER_MEGABIT, SECONDS_PER_HOUR

APPLICATION_WORK = (
    "the application's own work for each message: nodes are sized to hold sockets and pass "
    "messages on, while a full chat server was measured to need one vCPU for about 1,250 users "
    "(Mattermost's reference architectures, docs.mattermost.com)"
)
"""What no benchmark of sockets can size."""


class Server(Entry):
    """What a WebSocket server was measured to need."""

    title: str
    language: str
    memory_per_connection_bytes: Figure
    kernel_memory_per_connection_bytes: Figure
    idle_cpu_seconds_per_connection_second: Figure | None = None
    messages_per_core_second: Figure | None = None


class ServerOptions(Options):
    """Which server software runs, or what you measured of your own."""

    server: str = "centrifugo-go"
    """A server of servers.yaml."""
    memory_per_connection_bytes: Annotated[float, Field(gt=0)] | None = None
    """Your own figure, user space and kernel together."""
    idle_cpu_seconds_per_connection_second: Annotated[float, Field(ge=0)] | None = None
    """Your own figure for an open connection without messages."""
    messages_per_core_second: Annotated[float, Field(gt=0)] | None = None
    """Your own figure, messages in and out together."""
    headroom: Annotated[float, Field(ge=0.01, le=1)] = 0.7
    """Share of each node to plan with. Assumption: the rest is for the operating system, bursts
    within the hour and uneven balancing."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the demand asks of all nodes together in each hour."""

    memory_bytes: Weekly
    cores: Weekly


@dataclass(frozen=True, slots=True)
class Sized:
    """How many nodes each hour needs."""

    nodes: Weekly
    """Not yet rounded up to whole nodes."""
    binding: str
    """The constraint that needs most nodes in the busiest hour (of the largest scenario)."""


def server_load(demand: Demand, options: ServerOptions) -> Load:
    """Memory and processor time of the demand on the chosen server.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
        ScenarioError: a server without a published figure, and none given in the options.
    """
    servers = load_mapping("servers.yaml", Server)
    if options.server not in servers:
        raise UnknownNameError("server", options.server, servers)
    server = servers[options.server]
    per_connection = options.memory_per_connection_bytes or (
        server.memory_per_connection_bytes.value + server.kernel_memory_per_connection_bytes.value
    )
    idle = _figure(options, server, "idle_cpu_seconds_per_connection_second")
    per_core = _figure(options, server, "messages_per_core_second")
    messages = total(s.per_hour for s in demand.streams if s.is_message)
    return Load(
        memory_bytes=demand.connections_peak.times(per_connection),
        cores=total(
            [demand.connections.times(idle), messages.times(1 / (per_core * SECONDS_PER_HOUR))]
        ),
    )


def _figure(options: ServerOptions, server: Server, name: str) -> float:
    own: float | None = getattr(options, name)
    published: Figure | None = getattr(server, name)
    if own is None and published is None:
        raise ScenarioError(
            f"no figure was published for {name} of {server.title}: give your own as the option "
            f"'{name}', or choose another server"
        )
    return own if own is not None else published.value  # pyright: ignore[reportOptionalMemberAccess]


def traffic_mbps(demand: Demand) -> Weekly:
    """Traffic with clients, in and out, in megabits (10^6 bits) a second."""
    both = total(demand.traffic(direction, "ip") for direction in ("to_client", "to_server"))
    return both.times(BITS_PER_BYTE / BITS_PER_MEGABIT / SECONDS_PER_HOUR)


def size(needs: Mapping[str, tuple[Weekly, float]]) -> Sized:
    """Nodes needed in each hour, from what all need and what one node offers, by constraint.

    >>> flat = Weekly.of(np.array(10.0), np.ones(168))
    >>> size({"memory": (flat, 4.0), "processor": (flat, 2.0)}).binding
    'processor'
    """
    nodes = {name: need.times(1 / offer) for name, (need, offer) in needs.items()}
    together = largest(nodes.values())
    biggest = int(np.argmax(together.peak))
    peaks = {name: float(need.of_scenario(biggest).peak) for name, need in nodes.items()}
    return Sized(together, max(peaks, key=lambda name: peaks[name]))


def whole(nodes: FloatArray) -> FloatArray:
    """Whole nodes; a billionth of a node is rounding noise and needs none.

    >>> whole(np.array([2.0000000001, 2.1]))
    array([2., 3.])
    """
    almost = np.asarray(nodes - 1e-9)
    return np.ceil(almost, out=almost)
