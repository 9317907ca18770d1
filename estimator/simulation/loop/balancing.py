"""Which unit does a new connection go to? As load balancers choose."""

from __future__ import annotations

from typing import Any

from estimator.simulation.compiling import jit
from estimator.simulation.loop.chance import uniform
from estimator.simulation.loop.world import (
    LEAST_CONNECTIONS,
    OTHER_UNIT,
    POOLED,
    RANDOM,
    SLOW_START,
    STICKY,
    UNIT,
    World,
)


@jit
def choose_unit(world: World, row: Any, when: float) -> int:
    """The unit for an attempt; there is one at least."""
    now, client = world.now[0], world.clients[row]
    if now.balancing == LEAST_CONNECTIONS:
        return _with_fewest(world, when)
    if now.balancing == STICKY:
        return _always_the_same(world, client)
    if now.balancing == RANDOM:
        turn = int(uniform(now.key, client.number, client.attempts, UNIT) * now.there)
    else:
        turn = now.next_unit
        now.next_unit += 1
    if now.slow_start_s > 0:
        chance = uniform(now.key, client.number, client.attempts, SLOW_START)
        for more in range(now.there):
            unit = world.there[(turn + more) % now.there]
            if chance < _warm(world, unit, when):
                return unit
    return world.there[turn % now.there]


@jit
def is_full(world: World, unit: Any) -> bool:
    """Whether a unit has no slot left; pooled units have none of their own."""
    now, its = world.now[0], world.units[unit]
    return now.balancing != POOLED and its.open + 1 > now.unit_slots * its.part


@jit
def take_slot(world: World, unit: Any) -> None:
    """A connection is at a unit, or on its way."""
    if world.now[0].balancing != POOLED:
        world.units[unit].open += 1


@jit
def free_slot(world: World, unit: Any) -> None:
    """It is not any more."""
    if world.now[0].balancing != POOLED:
        world.units[unit].open -= 1


@jit
def _warm(world: World, unit: Any, when: float) -> float:
    """The part of its new connections that a unit gets, which grows while it is new."""
    now = world.now[0]
    age_s = when - world.units[unit].since_s
    return 1.0 if age_s >= now.slow_start_s else age_s / now.slow_start_s


@jit
def _with_fewest(world: World, when: float) -> int:
    """The one with the fewest connections for what it is, the first after the last one chosen."""
    now = world.now[0]
    best, fewest = world.there[now.next_unit % now.there], -1.0
    for more in range(now.there):
        unit = world.there[(now.next_unit + more) % now.there]
        several = world.units[unit].open + 1.0
        if now.slow_start_s > 0:
            several /= max(_warm(world, unit, when), 1e-9)
        if fewest < 0 or several < fewest:
            best, fewest = unit, several
    now.next_unit += 1
    return best


@jit
def _always_the_same(world: World, client: Any) -> int:
    """The unit of a client, and while that is lost the same other one."""
    now = world.now[0]
    unit = int(uniform(now.key, client.number, 0, UNIT) * now.units)
    if world.units[unit].part > 0:
        return unit
    other = int(uniform(now.key, client.number, 0, OTHER_UNIT) * now.there)
    return world.there[other]
