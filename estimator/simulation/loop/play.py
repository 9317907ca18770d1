"""What happens until a moment? One event after the other."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from estimator.simulation.compiling import jit
from estimator.simulation.loop.clients import (
    attempt,
    come,
    fail,
    give_slots,
    leave,
    let_in,
    lose,
    refused,
)
from estimator.simulation.loop.event_queue import pop, turn_page
from estimator.simulation.loop.service import pass_stages, through_stages
from estimator.simulation.loop.world import (
    ARRIVED,
    ATTEMPT,
    BY_FAULT,
    BY_SLOTS,
    BY_STAGE,
    CONNECTING,
    GHOST,
    GONE_AWAY,
    LEAVE,
    MOST_PLANNED,
    OPEN,
    PASSED,
    PENDING,
    QUEUE_MOST,
    SERVED,
    TIMED_OUT,
    TORN,
    UNSLOTTED,
    WORKED_OFF,
    World,
)

_LOOKED_AT: Final = 1_000
DONE, FULL, PAUSED = range(3)
"""Why ``play`` returns: all has happened, events or the heap have no more room, or it was long."""


@jit
def _happen(world: World, when: float, what: Any, who: Any, mark: Any) -> None:
    """One event; it is void if its client has lost the connection, or tried again, meanwhile."""
    now = world.now[0]
    if what == LEAVE:
        leave(world, who, when)
    elif what == ATTEMPT:
        attempt(world, who, when)
    elif what in (WORKED_OFF, GHOST):
        its = world.units[-1 - who]
        if its.losses == mark and what == WORKED_OFF:
            its.inside -= 1
        elif its.losses == mark:
            through_stages(world, when)
    elif what in (SERVED, PASSED, TORN, TIMED_OUT):
        client = world.clients[who]
        if client.state == CONNECTING and client.attempts == mark:
            if what == SERVED:
                now.connecting -= 1
                let_in(world, who, when)
            elif what != PASSED:
                fail(world, who, when, BY_FAULT if what == TORN else GONE_AWAY, 0.0)
            elif not pass_stages(world, who, when):
                fail(world, who, when, BY_STAGE, now.answer_s)
    elif what == UNSLOTTED:
        client = world.clients[who]
        if client.state == PENDING and client.attempts == mark:
            now.pending -= 1
            in_time = now.pending_s <= now.patience_s
            world.counts[BY_SLOTS if in_time else GONE_AWAY, now.second] += 1
            refused(world, who, when)
    elif world.clients[who].state == OPEN and world.clients[who].attempts == mark:
        lose(world, who, when, what)


@jit
def _note_queue(world: World) -> None:
    """The longest queue of a unit at the end of a second; of very many units, of the first ones."""
    now = world.now[0]
    if now.connecting > 0:
        most = 0
        for unit in range(min(now.units, _LOOKED_AT)):
            most = max(most, world.units[unit].inside)
        world.counts[QUEUE_MOST, now.second] = most


@jit
def _is_full(world: World) -> bool:
    """Whether there may be no room for what the next event brings."""
    now = world.now[0]
    return (
        now.clients == len(world.clients)
        or now.free_events < MOST_PLANNED
        or now.due + MOST_PLANNED > len(world.heap)
        or now.asks_until == len(world.asks)
    )


@jit
def play(world: World, until_s: float, most: int) -> tuple[int, int]:
    """Let everything happen that is due before a moment.

    Returns:
        Why it stopped, and how many events there were: about ``most``, or fewer.
    """
    now, events, came_s = world.now[0], world.events, world.came_s
    happened = 0
    while True:
        end_s = min(now.start_s + now.second + 1.0, until_s)
        while True:
            comes_s = came_s[now.next_client] if now.next_client < len(came_s) else np.inf
            when = world.heap[0].when if now.due else np.inf
            if min(when, comes_s) >= end_s:
                break
            if _is_full(world):
                return FULL, happened
            if happened >= most:
                return PAUSED, happened
            happened += 1
            if comes_s < when:
                row = come(world, now.next_client)
                now.next_client += 1
                world.counts[ARRIVED, now.second] += 1
                attempt(world, row, comes_s)
            else:
                number = pop(world)
                event = events[number]
                what, who, mark = event.what, event.who, event.mark
                event.next = now.free_event
                now.free_event = number
                now.free_events += 1
                _happen(world, when, what, who, mark)
                if now.pending > 0:
                    give_slots(world, when)
        if now.second >= 0:
            _note_queue(world)
        if now.start_s + now.second + 1.0 >= until_s:
            return DONE, happened
        if not turn_page(world):
            return FULL, happened
