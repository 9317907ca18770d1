"""When is a new connection made? Units do the work for each in order, and then come the stages.

Each of a unit's servers works on one at a time, and the others wait in its backlog. What the client
is sent then passes the network of the unit, and all clients pass the stages behind it, such as a
database, one after the other. One that has gone away is served all the same, and a refusal costs
work too: that is where storms come from that feed themselves.
"""

from __future__ import annotations

import math
from typing import Any

from estimator.simulation.compiling import jit
from estimator.simulation.loop.balancing import take_slot
from estimator.simulation.loop.chance import uniform
from estimator.simulation.loop.event_queue import plan
from estimator.simulation.loop.world import (
    CONNECTING,
    SERVED,
    TIMED_OUT,
    TURNED_AWAY,
    WASTED_WORK,
    WORK,
    WORKED,
    WORKED_OFF,
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
def _work_until(world: World, unit: Any, when: float, work_s: float) -> float:
    """Let a server of a unit do some work; returns when it has."""
    now, servers = world.now[0], world.free_s[unit]
    server = _first_server(servers)
    done_s = max(servers[server], when) + work_s * now.stretch / world.units[unit].part
    servers[server] = done_s
    world.counts[WORKED, now.second] += work_s
    return done_s


@jit
def turn_away(world: World, unit: Any, when: float, share: float) -> None:
    """A refusal costs a unit a part of the work."""
    now = world.now[0]
    work_s = share * now.work_s
    if work_s > 0:
        _work_until(world, unit, when, work_s)
        world.counts[WASTED_WORK, now.second] += work_s


@jit
def serve(world: World, row: Any, unit: Any, when: float) -> bool:
    """Hand a client to a unit; False if its backlog is full."""
    now, client, its = world.now[0], world.clients[row], world.units[unit]
    worked_s, work_s = when, now.work_s
    if work_s > 0:
        if its.inside >= len(world.free_s[unit]) + now.backlog:
            return False
        if now.varies:
            work_s *= -math.log(1.0 - uniform(now.key, client.number, client.attempts, WORK))
        worked_s = _work_until(world, unit, when, work_s)
        its.inside += 1
        plan(world, worked_s, WORKED_OFF, -1 - unit, 0)
    done_s = worked_s
    if now.transfer_s > 0:
        done_s = max(its.sent_s, worked_s) + now.transfer_s / its.part
        its.sent_s = done_s
    passed = True
    for number in range(now.stages):
        stage = world.stages[number]
        if stage.work_s > 0:
            if stage.free_s - done_s > stage.queue * stage.work_s:
                passed = False
                break
            done_s = max(stage.free_s, done_s) + stage.work_s
            stage.free_s = done_s
    client.unit, client.state = unit, CONNECTING
    now.connecting += 1
    take_slot(world, unit)
    gone_s = min(client.opened_s + now.patience_s, client.leave_s)
    if done_s < gone_s and passed:
        plan(world, done_s, SERVED, row, client.attempts)
        return True
    # the work is done all the same
    world.counts[WASTED_WORK, now.second] += work_s
    if done_s < gone_s:
        plan(world, done_s, TURNED_AWAY, row, client.attempts)
    elif gone_s < client.leave_s:
        plan(world, gone_s, TIMED_OUT, row, client.attempts)
    return True
