"""What does a client do? It comes, tries to connect, loses its connection, tries again, leaves."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from estimator.simulation.compiling import jit
from estimator.simulation.loop.admission import takes_token
from estimator.simulation.loop.balancing import choose_unit, free_slot, is_full, take_slot
from estimator.simulation.loop.chance import uniform, wait_s
from estimator.simulation.loop.event_queue import plan
from estimator.simulation.loop.pending import next_pending, wait_for_slot
from estimator.simulation.loop.service import serve, turn_away
from estimator.simulation.loop.world import (
    AGED,
    ATTEMPT,
    BUSY,
    BY_FAULT,
    BY_RATE,
    BY_SLOTS,
    CHOICE,
    CONNECTING,
    CUT_AT_AGE,
    CUT_OFF,
    ENDED,
    GAVE_UP,
    GIVEN_UP,
    GONE_AWAY,
    LEAVE,
    LEFT_WAITING,
    LET_IN,
    LOST,
    MOMENT,
    MOST_PLANNED,
    NO_FAULT,
    NOTICE,
    OPEN,
    OUTSIDE,
    PENDING,
    POOLED,
    REFUSAL,
    TORN,
    TRIED,
    WAIT,
    WAITING,
    World,
)

_MOST_REFUSALS: Final = 30_000
"""More are not counted."""


@jit
def come(world: World, number: Any) -> int:
    """A client comes, and will leave; returns its row."""
    now, row = world.now[0], world.now[0].free_client
    if row < 0:
        row = now.clients
        now.clients += 1
    else:
        now.free_client = world.clients[row].number
    client = world.clients[row]
    client.number, client.leave_s = number, world.leave_s[number]
    client.attempts, client.refusals, client.fault = 0, 0, NO_FAULT
    client.state, client.waited_s = WAITING, now.base_s
    plan(world, client.leave_s, LEAVE, row, 0)
    return row


@jit
def begin(world: World, there: int, held: int) -> None:
    """Those who are there at the start: connected as far as there is room, else about to try."""
    now = world.now[0]
    for number in range(there):
        row = come(world, number)
        client = world.clients[row]
        if number < held:
            now.open += 1
            if now.balancing != POOLED:
                client.unit = choose_unit(world, row, now.start_s)
                take_slot(world, client.unit)
            age_s = now.start_s - world.came_s[number]
            open_since(world, row, now.start_s - np.fmod(age_s, now.age_s))
        else:
            client.waited_s = now.cap_s * uniform(now.key, number, 0, WAIT)
            _try_at(world, row, now.start_s + client.waited_s)


@jit
def attempt(world: World, row: Any, when: float) -> None:
    """A client tries to connect."""
    now, client, counts = world.now[0], world.clients[row], world.counts
    client.attempts += 1
    client.opened_s = when
    counts[TRIED, now.second] += 1
    if _refused_by_fault(world, client):
        counts[BY_FAULT, now.second] += 1
        refused(world, row, when + now.answer_s)
    elif not takes_token(now, when):
        counts[BY_RATE, now.second] += 1
        refused(world, row, when + now.answer_s)
    elif now.open + now.connecting + 1 <= now.slots:
        _connect(world, row, when)
    elif now.pending_s > 0:
        wait_for_slot(world, row, when)
    else:
        if now.refusal_share > 0 and now.there > 0:
            turn_away(world, choose_unit(world, row, when), when, now.refusal_share)
        counts[BY_SLOTS, now.second] += 1
        refused(world, row, when + now.answer_s)


@jit
def _refused_by_fault(world: World, client: Any) -> bool:
    now = world.now[0]
    if now.refused_share <= 0:
        return False
    return uniform(now.key, client.number, client.attempts, REFUSAL) < now.refused_share


@jit
def _connect(world: World, row: Any, when: float) -> None:
    """A client gets to a unit, if it matters to which."""
    now, counts = world.now[0], world.counts
    if now.at_once:
        let_in(world, row, when)
        return
    unit = choose_unit(world, row, when)
    if is_full(world, unit):
        counts[BY_SLOTS, now.second] += 1
        turn_away(world, unit, when, now.refusal_share)
        refused(world, row, when + now.answer_s)
    elif not serve(world, row, unit, when):
        counts[BUSY, now.second] += 1
        turn_away(world, unit, when, now.overflow_share)
        refused(world, row, when + now.answer_s)


@jit
def give_slots(world: World, when: float) -> None:
    """Those who wait for a slot get those that are free, in order, as long as there is room."""
    now = world.now[0]
    while now.pending > 0 and now.open + now.connecting + 1 <= now.slots:
        if now.free_events < MOST_PLANNED or now.due + MOST_PLANNED > len(world.heap):
            break
        row = next_pending(world)
        if row < 0:
            break
        _connect(world, row, when)


@jit
def _stop_connecting(world: World, row: Any) -> None:
    """No unit has a client in hand any more."""
    world.now[0].connecting -= 1
    free_slot(world, world.clients[row].unit)


@jit
def fail(world: World, row: Any, when: float, why: Any, answer_s: float) -> None:
    """An attempt ends before the connection is made."""
    _stop_connecting(world, row)
    world.counts[why, world.now[0].second] += 1
    refused(world, row, when + answer_s)


@jit
def tear(world: World, when: float) -> None:
    """Nobody connects to a unit that is lost."""
    for row in range(world.now[0].clients):
        client = world.clients[row]
        if client.state == CONNECTING and world.units[client.unit].part == 0:
            fail(world, row, when, BY_FAULT, 0.0)


@jit
def refused(world: World, row: Any, knows_s: float) -> None:
    """A client was refused, knows it at a moment, and tries again or gives up."""
    now, client = world.now[0], world.clients[row]
    client.refusals = min(client.refusals + 1, _MOST_REFUSALS)
    if client.refusals >= now.give_up_after:
        world.counts[GIVEN_UP, now.second] += 1
        client.state = GAVE_UP
        _back(world, row)
        return
    client.state = WAITING
    chance = uniform(now.key, client.number, client.attempts, WAIT)
    client.waited_s = wait_s(now, client.refusals, chance, client.waited_s)
    _try_at(world, row, knows_s + client.waited_s)


@jit
def _try_at(world: World, row: Any, when: float) -> None:
    """Plan an attempt, unless the client leaves before."""
    client = world.clients[row]
    if when < client.leave_s:
        plan(world, when, ATTEMPT, row, client.attempts)


@jit
def let_in(world: World, row: Any, when: float) -> None:
    """A client is connected."""
    now, client = world.now[0], world.clients[row]
    world.counts[LET_IN, now.second] += 1
    if when >= 0:
        world.attempts_needed[min(client.refusals, len(world.attempts_needed) - 1)] += 1
    _back(world, row)
    now.connecting_s += when - client.opened_s
    now.open += 1
    open_since(world, row, when)


@jit
def open_since(world: World, row: Any, when: float) -> None:
    """Note since when a client is connected, and when it will have been for too long."""
    now, client = world.now[0], world.clients[row]
    client.state, client.opened_s = OPEN, when
    if when + now.age_s < client.leave_s:
        plan(world, when + now.age_s, AGED, row, client.attempts)


@jit
def _back(world: World, row: Any) -> None:
    """What a fault did to a client is over."""
    client = world.clients[row]
    if client.fault >= 0:
        world.back_by_fault[client.fault, world.now[0].second] += 1
        client.fault = NO_FAULT


@jit
def lose(world: World, row: Any, when: float, what: Any) -> None:
    """A connection is lost, and its client will come back."""
    now, client = world.now[0], world.clients[row]
    _close(world, row, when)
    noticed_s = away_s = 0.0
    if what == AGED:
        world.counts[CUT_AT_AGE, now.second] += 1
        client.fault = NO_FAULT
    else:
        cut = world.cuts[what - LOST]
        world.counts[CUT_OFF, now.second] += 1
        client.fault = cut.fault
        if cut.fault >= 0:
            world.lost_by_fault[cut.fault, now.second] += 1
        if cut.notice_s > 0:
            chance = uniform(now.key, client.number, client.attempts, NOTICE)
            noticed_s = cut.notice_s * chance
        away_s = cut.away_s
    client.state, client.refusals = WAITING, 0
    chance = uniform(now.key, client.number, client.attempts, WAIT)
    client.waited_s = wait_s(now, 0, chance, now.base_s)
    _try_at(world, row, when + max(away_s, noticed_s + client.waited_s))


@jit
def _close(world: World, row: Any, when: float) -> None:
    now = world.now[0]
    now.open -= 1
    free_slot(world, world.clients[row].unit)
    now.connected_s += when - max(world.clients[row].opened_s, now.start_s)


@jit
def leave(world: World, row: Any, when: float) -> None:
    """A client's session is over."""
    now, client = world.now[0], world.clients[row]
    if client.state == OPEN:
        _close(world, row, when)
        world.counts[ENDED, now.second] += 1
    elif client.state != GAVE_UP:
        if client.state == CONNECTING:
            _stop_connecting(world, row)
            world.counts[GONE_AWAY, now.second] += 1
        elif client.state == PENDING:
            now.pending -= 1
            world.counts[GONE_AWAY, now.second] += 1
        world.counts[LEFT_WAITING, now.second] += 1
        _back(world, row)
    client.state = OUTSIDE
    client.number, now.free_client = now.free_client, row


@jit
def choose(world: World, cut: Any, number: Any, at_s: float, share: float) -> None:
    """Choose the connections that a cut takes, and when; ``number`` tells all choices apart."""
    now, its = world.now[0], world.cuts[cut]
    for row in range(now.clients):
        client = world.clients[row]
        if client.state != OPEN and client.state != CONNECTING:
            continue
        of_unit = share
        if its.last > its.first:
            # of each unit, as much as lies in the span
            first, last = its.first * now.units, its.last * now.units
            of_unit = max(min(last, client.unit + 1.0) - max(first, float(client.unit)), 0.0)
        elif client.state == CONNECTING:
            continue
        if of_unit > 0 and uniform(now.key, client.number, number, CHOICE) < of_unit:
            lost_s, what = at_s, TORN
            if client.state == OPEN:
                what = LOST + cut
                lost_s += its.over_s * uniform(now.key, client.number, number, MOMENT)
            # nothing is planned for a client who has left, as its row may be another's by then
            if lost_s < client.leave_s:
                plan(world, lost_s, what, row, client.attempts)


@jit
def close_all(world: World) -> None:
    """The run is over."""
    now = world.now[0]
    for row in range(now.clients):
        if world.clients[row].state == OPEN:
            _close(world, row, now.end_s)
