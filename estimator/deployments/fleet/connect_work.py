"""What does a node do for each new connection, and what do messages leave it for that?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import ConnectWork, Stage
from estimator.demand.demand import Demand
from estimator.demand.weekly import Weekly, total
from estimator.deployments.base import mbps
from estimator.deployments.fleet.exchange import Copies
from estimator.deployments.fleet.server import (
    hearing_cores,
    most_connection_core_seconds,
    per_new_connection,
    refusal_core_seconds,
    server_load,
    traffic_mbps,
)
from estimator.deployments.fleet.server_figures import find_server
from estimator.deployments.fleet.server_options import ServerOptions
from estimator.deployments.limits import limit_value
from estimator.units import BITS_PER_BYTE, BITS_PER_MEGABIT

_NOISE = 1e-9
_NONE = Weekly(())
_SIGN_IN = "sign-in"


@dataclass(frozen=True, slots=True)
class Capacity:
    """What a unit has for new connections and messages together."""

    vcpus: float
    """Processors that it shows."""
    cores: float
    """What they do, in cores of the reference speed."""
    mbps: float


def connect_work(
    demand: Demand,
    options: ServerOptions,
    capacity: Capacity,
    *,
    tls: bool,
    heard: Copies,
    exchanged_bytes: Weekly = _NONE,
) -> ConnectWork:
    """What units do for each new connection of one scenario.

    Whole servers work on new connections, one for each processor or part of one. All servers of a
    unit together are as fast as its cores: that of a task with a quarter of a processor takes four
    times as long for each.

    Args:
        demand: what clients do.
        options: the server, or own figures.
        capacity: of a unit.
        tls: whether TLS ends on the units.
        heard: what all units together hear from each other.
        exchanged_bytes: what they send each other per hour through the network that clients use.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.
    """
    servers = max(int(np.ceil(capacity.vcpus - _NOISE)), 1)
    core_seconds = float(most_connection_core_seconds(demand, options, tls=tls))
    quiet = without_new_connections(demand)
    load = server_load(quiet, options, tls=tls)
    cores = total((load.cores, load.application_cores, hearing_cores(options, heard)))
    traffic = total((traffic_mbps(quiet), mbps(exchanged_bytes)))
    return ConnectWork(
        seconds=core_seconds * servers / capacity.cores,
        servers=servers,
        backlog=backlog(options),
        refusal_share=float(refusal_core_seconds(options, tls=tls)) / core_seconds,
        transfer_seconds=megabits_per_connection(demand) / capacity.mbps,
        busy_servers=_per_connection(cores, demand) * (servers / capacity.cores),
        busy_networks=_per_connection(traffic, demand) / capacity.mbps,
    )


def _per_connection(amount: Weekly, demand: Demand) -> FloatArray:
    """What one of the open connections asks for in each hour, shape (168,)."""
    asked, several = amount.hourly, demand.connections.hourly
    return np.divide(asked, several, out=np.zeros_like(asked), where=several > 0)


def backlog(options: ServerOptions) -> float:
    """New connections that wait at a node until its server has time for them.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.

    >>> backlog(ServerOptions(server="node-ws")), backlog(ServerOptions(accept_backlog=64))
    (511.0, 64.0)
    """
    if options.accept_backlog is not None:
        return float(options.accept_backlog)
    own, most = (
        find_server(options.server).listen_backlog,
        limit_value("system.linux.listen_backlog"),
    )
    return most if own is None else min(own.value, most)


def sign_in_stage(options: ServerOptions) -> tuple[Stage, ...]:
    """What stands behind sign-in, if it is said how much it accepts.

    >>> [stage.per_second for stage in sign_in_stage(ServerOptions(sign_in_per_second=300))]
    [300.0]
    """
    if options.sign_in_per_second is None:
        return ()
    queue = np.inf if options.sign_in_queue is None else float(options.sign_in_queue)
    return (Stage(name=_SIGN_IN, per_second=options.sign_in_per_second, queue=queue),)


def without_new_connections(demand: Demand) -> Demand:
    """A demand without new connections and what is sent at them."""
    kinds = {name: without_new_connections(kind) for name, kind in demand.by_kind.items()}
    streams = tuple(stream for stream in demand.streams if stream.kind != "at_connect")
    return replace(demand, new_connections=_NONE, streams=streams, by_kind=kinds)


def megabits_per_connection(demand: Demand, *, both_ways: bool = False) -> float:
    """What a new connection of one scenario brings on the wire: its opening and its greeting.

    Args:
        demand: of all clients; of several kinds, those who bring most count.
        both_ways: what goes in and out together, and not only the larger of both.
    """
    return max(_megabits_per_connection(kind, both_ways) for kind in demand.kinds)


def _megabits_per_connection(kind: Demand, both_ways: bool) -> float:
    streams = tuple(stream for stream in kind.streams if stream.kind == "at_connect")
    opening = replace(kind, streams=streams)
    ways = [
        float(per_new_connection(kind, opening.traffic(way, "ip").mean))
        for way in ("to_client", "to_server")
    ]
    return (sum(ways) if both_ways else max(ways)) * BITS_PER_BYTE / BITS_PER_MEGABIT
