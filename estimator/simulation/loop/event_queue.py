"""What is planned, and what comes next? A calendar of seconds (Brown 1988).

What is due in a later second goes to its page, in any order; what is due in this one is in a binary
heap (https://doi.org/10.1145/63039.63045). At one moment clients leave first, then connections are
lost, then clients are served, and then they try to connect, in the order of their numbers.
"""

from __future__ import annotations

from typing import Any

from estimator.simulation.compiling import jit
from estimator.simulation.loop.world import World


@jit
def _before(world: World, when: float, event: Any, other: Any) -> bool:
    """Whether an event at some moment comes before another that is due."""
    if when != other.when:
        return when < other.when
    a, b = world.events[event], world.events[other.event]
    if a.what != b.what:
        return a.what < b.what
    if a.who < 0:
        return a.who > b.who
    return world.clients[a.who].number < world.clients[b.who].number


@jit
def _push(world: World, when: float, event: Any) -> None:
    """Put an event into the heap."""
    now, heap = world.now[0], world.heap
    at = now.due
    now.due += 1
    while at > 0:
        above = (at - 1) >> 1
        if not _before(world, when, event, heap[above]):
            break
        heap[at].when, heap[at].event = heap[above].when, heap[above].event
        at = above
    heap[at].when, heap[at].event = when, event


@jit
def pop(world: World) -> int:
    """Take the first event out of the heap."""
    now, heap = world.now[0], world.heap
    first = heap[0].event
    now.due -= 1
    size = now.due
    when, event = heap[size].when, heap[size].event
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        right = below + 1
        if right < size and _before(world, heap[right].when, heap[right].event, heap[below]):
            below = right
        if _before(world, when, event, heap[below]):
            break
        heap[at].when, heap[at].event = heap[below].when, heap[below].event
        at = below
    heap[at].when, heap[at].event = when, event
    return first


@jit
def plan(world: World, when: float, what: Any, who: Any, mark: Any) -> None:
    """Plan an event, if it is before the end."""
    now = world.now[0]
    if when >= now.end_s:
        return
    number = now.free_event
    event = world.events[number]
    now.free_event = event.next
    now.free_events -= 1
    event.when, event.what, event.who, event.mark = when, what, who, mark
    # the last digit may not reach beyond the end
    second = min(int(when - now.start_s), len(world.pages) - 1)
    if second == now.second:
        _push(world, when, number)
    else:
        event.next = world.pages[second]
        world.pages[second] = number


@jit
def add_events(world: World, first: int) -> None:
    """Take events from a number on into use."""
    now = world.now[0]
    for number in range(first, len(world.events)):
        world.events[number].next = now.free_event
        now.free_event = number
        now.free_events += 1


@jit
def turn_page(world: World) -> bool:
    """Go on to the next second; False if the heap has no room for it."""
    now, events = world.now[0], world.events
    size, number = now.due, world.pages[now.second + 1]
    while number >= 0:
        size += 1
        number = events[number].next
    if size > len(world.heap):
        return False
    now.second += 1
    number = world.pages[now.second]
    while number >= 0:
        _push(world, events[number].when, number)
        number = events[number].next
    return True
