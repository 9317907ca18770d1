"""When is a new connection made? Units do the work for each, in order.

Each of a unit's servers works on one at a time, and the others wait in its backlog. Clients go to
the units in turn. One that has gone away is served all the same, and a refusal costs work too: that
is where storms come from that feed themselves.
"""

from __future__ import annotations

import math
from typing import Any

from estimator.simulation.compiling import jit
from estimator.simulation.loop.chance import uniform
from estimator.simulation.loop.event_queue import plan
from estimator.simulation.loop.world import (
    CONNECTING,
    SERVED,
    TIMED_OUT,
    WASTED,
    WASTED_WORK,
    WORK,
    WORKED,
    World,
)


@jit
def _first_server(servers: Any) -> int:
    """The one that is free first."""
    first = 0
    for each in range(1, len(servers)):
        if servers[each] < servers[first]:
            first = each
    return first


@jit
def turn_away(world: World, when: float) -> None:
    """A refusal costs the unit whose turn it is a part of the work."""
    now = world.now[0]
    work_s = now.refusal_share * now.connect_s
    if work_s > 0:
        servers = world.free_s[now.next_unit % now.units]
        server = _first_server(servers)
        servers[server] = max(servers[server], when) + work_s
        world.counts[WORKED, now.second] += work_s
        world.counts[WASTED_WORK, now.second] += work_s
        now.next_unit += 1


@jit
def serve(world: World, row: Any, when: float) -> bool:
    """Hand a client to the unit whose turn it is; False if its backlog is full."""
    now, client = world.now[0], world.clients[row]
    unit = now.next_unit % now.units
    servers = world.free_s[unit]
    if world.inside[unit] >= len(servers) + now.backlog:
        return False
    now.next_unit += 1
    work_s = now.connect_s
    if now.varies:
        work_s *= -math.log(1.0 - uniform(now.key, client.number, client.attempts, WORK))
    server = _first_server(servers)
    served_s = max(servers[server], when) + work_s
    servers[server] = served_s
    world.inside[unit] += 1
    client.state = CONNECTING
    now.connecting += 1
    world.counts[WORKED, now.second] += work_s
    patient = served_s - when <= now.patience_s
    if patient and served_s < client.leave_s:
        client.waited_s = when
        plan(world, served_s, SERVED, row, unit)
        return True
    # the work is done all the same
    world.counts[WASTED_WORK, now.second] += work_s
    plan(world, served_s, WASTED, -1 - unit, 0)
    if when + now.patience_s < client.leave_s:
        plan(world, when + now.patience_s, TIMED_OUT, row, client.attempts)
    return True
