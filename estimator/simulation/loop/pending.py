"""Who waits for a connection slot? The first who asked gets the next one that is free."""

from __future__ import annotations

from typing import Any

from estimator.simulation.compiling import jit
from estimator.simulation.loop.event_queue import plan
from estimator.simulation.loop.world import PENDING, UNSLOTTED, World


@jit
def wait_for_slot(world: World, row: Any, when: float) -> None:
    """A client waits, as long as it may."""
    now, client = world.now[0], world.clients[row]
    ask = world.asks[now.asks_until]
    ask.who, ask.number, ask.mark = row, client.number, client.attempts
    now.asks_until += 1
    now.pending += 1
    client.state = PENDING
    until_s = when + min(now.pending_s, now.patience_s)
    if until_s < client.leave_s:
        plan(world, until_s, UNSLOTTED, row, client.attempts)


@jit
def next_pending(world: World) -> int:
    """The row of the one who has waited longest, who waits no more; -1 if there is none."""
    now = world.now[0]
    while now.asks_from < now.asks_until:
        ask = world.asks[now.asks_from]
        now.asks_from += 1
        client = world.clients[ask.who]
        is_there = client.state == PENDING and client.number == ask.number
        if is_there and client.attempts == ask.mark:
            now.pending -= 1
            return ask.who
    now.asks_from = now.asks_until = 0
    return -1
