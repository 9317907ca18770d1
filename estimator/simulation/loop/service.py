"""When is a new connection made? Units do the work for each in order, and then come the stages.

Each of a unit's servers works on one at a time, and the others wait in its backlog. What the client
is sent then passes the network of the unit, and all clients pass the stages behind it, such as a
database, in the order in which units are done with them. One that has gone away is served all the
same, and a refusal costs work too: that is where storms come from that feed themselves.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from estimator.simulation.compiling import jit
from estimator.simulation.loop.balancing import take_slot
from estimator.simulation.loop.chance import uniform
from estimator.simulation.loop.event_queue import plan
from estimator.simulation.loop.world import (
    CONNECTING,
    GHOST,
    PASSED,
    SERVED,
    TIMED_OUT,
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
def _sending(now: Any) -> Any:
    """Connections that send messages when it is the turn of who comes now: those before it too."""
    return now.open + now.connecting


@jit
def _work_of(world: World, client: Any) -> float:
    """Seconds of a server for an attempt."""
    now = world.now[0]
    if not now.varies:
        return now.work_s
    chance = uniform(now.key, client.number, client.attempts, WORK)
    return -now.work_s * math.log(1.0 - chance)


@jit
def _work_until(world: World, unit: Any, when: float, work_s: float) -> float:
    """Let a server of a unit do some work beside messages; returns when it has."""
    now, servers = world.now[0], world.free_s[unit]
    server = _first_server(servers)
    left = max(1.0 - now.busy_servers * _sending(now), now.least_share) * world.units[unit].part
    done_s = max(servers[server], when) + work_s / left
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
    done_s, work_s = when, now.work_s
    if work_s > 0:
        if its.inside >= len(world.free_s[unit]) + now.backlog:
            return False
        work_s = _work_of(world, client)
        done_s = _work_until(world, unit, when, work_s)
        its.inside += 1
        plan(world, done_s, WORKED_OFF, -1 - unit, its.losses)
    if now.transfer_s > 0:
        left = max(1.0 - now.busy_networks * _sending(now), now.least_share) * its.part
        done_s = max(its.sent_s, done_s) + now.transfer_s / left
        its.sent_s = done_s
    client.unit, client.state = unit, CONNECTING
    now.connecting += 1
    take_slot(world, unit)
    gone_s = min(client.opened_s + now.patience_s, client.leave_s)
    if done_s < gone_s:
        plan(world, done_s, PASSED if now.stages else SERVED, row, client.attempts)
        return True
    if now.stages:
        plan(world, done_s, GHOST, -1 - unit, its.losses)
    _lose_patience(world, row, gone_s, work_s)
    return True


@jit
def _lose_patience(world: World, row: Any, gone_s: float, work_s: float) -> None:
    """A client will not be there when the work is done, which is done all the same."""
    client = world.clients[row]
    world.counts[WASTED_WORK, world.now[0].second] += work_s
    if gone_s < client.leave_s:
        plan(world, gone_s, TIMED_OUT, row, client.attempts)


@jit
def through_stages(world: World, when: float) -> float:
    """When somebody who comes to the stages now has passed them all; never, if one refuses."""
    done_s = when
    for number in range(world.now[0].stages):
        stage = world.stages[number]
        if stage.work_s > 0:
            if stage.free_s - done_s > stage.queue * stage.work_s:
                return np.inf
            done_s = max(stage.free_s, done_s) + stage.work_s
            stage.free_s = done_s
    return done_s


@jit
def pass_stages(world: World, row: Any, when: float) -> bool:
    """A client comes to the stages; False if one refuses it."""
    now, client = world.now[0], world.clients[row]
    done_s = through_stages(world, when)
    if done_s == np.inf:
        world.counts[WASTED_WORK, now.second] += _work_of(world, client)
        return False
    gone_s = min(client.opened_s + now.patience_s, client.leave_s)
    if done_s < gone_s:
        plan(world, done_s, SERVED, row, client.attempts)
    else:
        _lose_patience(world, row, gone_s, _work_of(world, client))
    return True
