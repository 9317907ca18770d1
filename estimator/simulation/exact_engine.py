"""The exact engine: every client by itself, each of its attempts and connections at its own time.

``loop.play`` plays what happens between two moments at which something is decided from outside:
faults begin, limits change, units start and stop. This module prepares it, decides at these
moments, and hands out what was counted.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import LEAST_SHARE
from estimator.simulation.admission import (
    Scaler,
    allowed,
    change_times,
    hour_of_week,
    stages_at,
    unit_parts,
)
from estimator.simulation.compiling import (
    COMPILED,
    as_in_machine_code,
    joined,
    numbers,
    records,
    set_field,
)
from estimator.simulation.effort import USUAL, Bounds, Effort
from estimator.simulation.flows import COUNTED, LEVELS, WORK, Flows
from estimator.simulation.loop.admission import change_admission
from estimator.simulation.loop.clients import begin, choose, close_all, give_slots, tear
from estimator.simulation.loop.event_queue import add_events, turn_page
from estimator.simulation.loop.play import DONE, FULL, play
from estimator.simulation.loop.world import (
    ASKS,
    CLIENT,
    CUT,
    DECORRELATED,
    DUE,
    EQUAL_JITTER,
    EVENT,
    EXPONENTIAL,
    FULL_JITTER,
    LEAST_CONNECTIONS,
    MOST_PLANNED,
    NO_FAULT,
    NONE,
    NOW,
    POOLED,
    RANDOM,
    ROUND_ROBIN,
    STAGE,
    STICKY,
    UNIT_NOW,
    World,
)
from estimator.simulation.model import Model
from estimator.simulation.population import Population, draw_population

_EVENTS_AT_ONCE: Final = 2_000_000
"""Between two looks at how long it takes."""
_EVENT_S: Final = 6e-8 if COMPILED else 3.5e-6
"""What an event takes,"""
_FAR_S, _MANY = 5e-7, 3e5
"""and up to so much more with many clients at once, who then are far away in memory."""
_CLIENT_S, _THERE_S, _SECOND_S = 4e-8, 2e-7, 8e-8
"""To draw a client who comes, or one who is there at the start, and a second of the week;"""
_MOMENT_S, _CHOICE_S = 8e-6, 1e-8
"""a moment of decision, and each client there at a cut;"""
_UNIT_S: Final = 1e-9 if COMPILED else 2e-7
"""and each unit that is looked at to find the one with the fewest connections."""
_ROOM, _SPARE = 1_000, 16
"""Room beyond what is needed as far as is known: so much, and a sixteenth."""
_BACKOFFS: Final = {
    "none": NONE,
    "exponential": EXPONENTIAL,
    "equal_jitter": EQUAL_JITTER,
    "full_jitter": FULL_JITTER,
    "decorrelated": DECORRELATED,
}
_BALANCING: Final = {
    "pooled": POOLED,
    "round_robin": ROUND_ROBIN,
    "least_connections": LEAST_CONNECTIONS,
    "random": RANDOM,
    "sticky": STICKY,
}


def simulate_exact(model: Model, seed: np.random.SeedSequence, bounds: Bounds = USUAL) -> Flows:
    """One replication, client by client.

    Args:
        model: who comes, what lets them in, what goes wrong.
        seed: of this replication; the same seed gives the same run, bit for bit.
        bounds: what it may take.

    Raises:
        SimulationError: the run contradicts itself.
        EffortError: it would take too long.
    """
    rng, effort = np.random.default_rng(seed), Effort(bounds)
    population = draw_population(model, rng)
    seconds = model.horizon_s - model.start_s
    there = population.at_start
    effort.spend((population.came_s.size - there) * _CLIENT_S + there * _THERE_S)
    effort.spend(seconds * _SECOND_S)
    with as_in_machine_code():
        flows = _Run(model, population, effort, key=int(rng.integers(2**63))).play()
    flows.effort_s = effort.seconds
    flows.check()
    return flows.after(model.warm_up_s)


class _Run:
    """One replication, between Python and the event loop."""

    def __init__(self, model: Model, population: Population, effort: Effort, key: int) -> None:
        """Connect those who are there, as far as there are slots."""
        self.model, self.effort = model, effort
        self.start_s, self.end_s = model.start_s, float(model.horizon_s)
        there = population.at_start
        self.scaler, self.decisions = Scaler.settled(model.admission, there), 0
        self.flows = Flows.empty(int(self.end_s - self.start_s), len(model.faults), LEVELS)
        self.world = _world(model, population, self.flows, key)
        self.now = self.world.now[0]
        self.parts = np.zeros(0)
        """Which part of each unit is there."""
        self.changes = {*change_times(model).tolist(), *(cut.at_s for cut in model.cuts)}
        self.noted_s, self.units = self.start_s, self.scaler.running
        self._change_admission(self.start_s)
        held = int(min(there, self.now.slots))
        self.flows.open_at_start, self.flows.waiting_at_start = float(held), float(there - held)
        # each who is there will leave; those there at the start may also try again, or get old
        busy = held < there or np.isfinite(model.admission.age_most_seconds)
        spare = there // _SPARE + _ROOM
        self._make_room(clients=there + spare, events=there * (1 + busy) + spare, due=_ROOM)
        begin(self.world, there, held)

    def play(self) -> Flows:
        """Moment after moment, with everything that happens in between."""
        now_s, moments = self.start_s, iter(self._moments())
        planned_s = next(moments)
        while now_s < self.end_s:
            self._decide(now_s)
            if planned_s <= now_s:
                planned_s = next(moments)
            until_s = min(planned_s, self.scaler.next_ready_s)
            self._play_until(until_s)
            now_s = until_s
        self._note_units(self.end_s)
        return self._counted()

    def _play_until(self, until_s: float) -> None:
        """Go on, with more room and time if need be."""
        while True:
            reason, events = play(self.world, until_s, _EVENTS_AT_ONCE)
            many = int(self.now.clients)
            event_s = _EVENT_S + _FAR_S * many / (many + _MANY)
            if self.now.balancing == LEAST_CONNECTIONS:
                event_s += _UNIT_S * int(self.now.there)
            self.effort.spend(events * event_s)
            if reason == DONE:
                return
            if reason == FULL:
                self._grow()

    def _moments(self) -> list[float]:
        """Moments at which something is decided from outside, rising, and the end."""
        times = [*self.changes, self.end_s]
        if np.isfinite(self.scaler.every_seconds):
            decisions = int(np.ceil((self.end_s - self.start_s) / self.scaler.every_seconds))
            times += [self.start_s + n * self.scaler.every_seconds for n in range(decisions)]
        return sorted(time for time in set(times) if self.start_s < time <= self.end_s)

    def _decide(self, now_s: float) -> None:
        """Faults begin, units start and stop, limits change."""
        self.effort.spend(_MOMENT_S)
        if now_s in self.changes:
            for number, cut in enumerate(self.model.cuts):
                if cut.at_s == now_s:
                    self._choose(number, number, now_s, cut.share)
        running = self.scaler.running
        self.scaler.wake(now_s)
        if self.scaler.running != running:
            self._change_admission(now_s)
        running = self.scaler.running
        if now_s >= self.start_s + self.decisions * self.scaler.every_seconds:
            # who wants in is seen too
            wanted = self.now.open + self.now.connecting + self.now.pending
            stopped = self.scaler.decide(now_s, float(wanted))
            if stopped > 0:
                cuts = len(self.model.cuts)
                if self.now.balancing != POOLED:
                    self.world.cuts[cuts].first, self.world.cuts[cuts].last = 1.0 - stopped, 1.0
                self._choose(cuts, cuts + self.decisions, now_s, stopped)
            self.decisions += 1
        if self.scaler.running != running or now_s in self.changes:
            self._change_admission(now_s)

    def _choose(self, cut: int, number: int, now_s: float, share: float) -> None:
        """Choose the connections that a cut takes."""
        there = int(self.now.clients)
        self.effort.spend(there * _CHOICE_S)
        chosen = int(self.now.open) + _ROOM
        self._make_room(
            events=chosen - int(self.now.free_events),
            due=chosen + int(self.now.due) - len(self.world.heap),
        )
        choose(self.world, cut, number, now_s, share)

    def _note_units(self, until_s: float) -> None:
        """Units and slots were so since they changed last."""
        seconds = slice(int(self.noted_s - self.start_s), int(np.ceil(until_s - self.start_s)))
        self.flows.units[seconds] = self.units
        self.flows.slots[seconds] = self.now.slots
        self.noted_s = until_s

    def _change_admission(self, now_s: float) -> None:
        """Note how it was, and go on with other limits."""
        self._note_units(now_s)
        self.units = self.scaler.running
        now = allowed(self.model, now_s, self.scaler.running)
        rate, burst = now.new_connections_per_second, now.burst
        change_admission(self.now, now_s, rate, burst, now.slots)
        self.now.refused_share = now.refused_share
        self._change_units(now_s, unit_parts(self.model, now_s, self.scaler.running))
        self._change_work(now_s, now.units)
        if self.now.pending > 0:
            self._give_slots(now_s)

    def _turn_to(self, now_s: float) -> None:
        """What happens now counts in the second that begins."""
        while self.now.second < int(now_s - self.start_s):
            if not turn_page(self.world):
                self._make_room(due=len(self.world.heap))

    def _give_slots(self, now_s: float) -> None:
        """Those who wait get the slots that there are now."""
        self._turn_to(now_s)
        waiting = int(self.now.pending) * MOST_PLANNED + _ROOM
        self._make_room(events=waiting, due=waiting)
        give_slots(self.world, now_s)

    def _change_work(self, now_s: float, units: float) -> None:
        """What messages take of so many units, and what the stages let pass."""
        work, hour = self.model.admission.connect_work, hour_of_week(now_s)
        if work is not None and units > 0:
            if work.busy_servers is not None:
                self.now.busy_servers = work.busy_servers[hour] / (units * work.servers)
            if work.busy_networks is not None:
                self.now.busy_networks = work.busy_networks[hour] / units
        for row, stage in zip(self.world.stages, stages_at(self.model, now_s), strict=True):
            row.work_s, row.queue = 1.0 / stage.per_second, stage.queue

    def _change_units(self, now_s: float, parts: FloatArray) -> None:
        """Units come and go; those that come are free from now on."""
        more = parts.size - len(self.world.units)
        if more > 0:
            free_s = np.full((more, self._servers), now_s)
            self.world = self.world._replace(
                units=joined(self.world.units, records(UNIT_NOW, more)),
                free_s=joined(self.world.free_s, numbers(free_s)),
            )
            self.parts = np.concatenate([self.parts, np.zeros(more)])
        running = parts.size
        parts = np.concatenate([parts, np.zeros(self.parts.size - running)])
        begins_s = now_s if now_s > self.start_s else -np.inf
        come = np.flatnonzero((self.parts == 0) & (parts > 0))
        gone = np.flatnonzero((self.parts > 0) & (parts == 0))
        set_field(self.world.units, "part", np.flatnonzero(self.parts != parts), parts)
        set_field(self.world.units, "since_s", come, np.full(parts.size, begins_s))
        set_field(self.world.units, "sent_s", come, np.full(parts.size, now_s))
        for unit in gone.tolist():
            its = self.world.units[unit]
            its.losses, its.inside = its.losses + 1, 0
            for server in range(self._servers):
                self.world.free_s[unit][server] = now_s
        self.parts = parts
        there = np.flatnonzero(parts > 0)
        self.now.units, self.now.there = running, there.size
        self.world = self.world._replace(there=numbers(there))
        if gone.size and self.now.connecting > 0 and self.now.balancing != POOLED:
            self._turn_to(now_s)
            self._make_room(events=int(self.now.connecting), due=int(self.now.connecting))
            tear(self.world, now_s)

    @property
    def _servers(self) -> int:
        """Of a unit."""
        work = self.model.admission.connect_work
        return 1 if work is None else work.servers

    def _grow(self) -> None:
        """Room for a quarter more of what there is no room for."""
        world, now = self.world, self.now
        clients, events = len(world.clients), len(world.events)
        if now.clients == clients:
            self._make_room(clients=clients // 4)
        elif now.free_events < MOST_PLANNED:
            self._make_room(events=events // 4)
        elif now.asks_until == len(world.asks):
            asks = joined(world.asks[now.asks_from :], records(ASKS, len(world.asks)))
            self.world = world._replace(asks=asks)
            now.asks_from, now.asks_until = 0, now.asks_until - now.asks_from
        else:
            self._make_room(due=len(world.heap))

    def _make_room(self, *, clients: int = 0, events: int = 0, due: int = 0) -> None:
        """Room for so many more; for none of what is below 0."""
        world, had = self.world, len(self.world.events)
        for name, kind, more in (
            ("clients", CLIENT, clients),
            ("events", EVENT, events),
            ("heap", DUE, due),
        ):
            if more > 0:
                rows = joined(getattr(world, name), records(kind, more))
                world = world._replace(**{name: rows})
        self.world = world
        add_events(world, had)

    def _counted(self) -> Flows:
        """What was counted, with those who are connected at the end."""
        close_all(self.world)
        self.flows.connection_seconds = float(self.now.connected_s)
        self.flows.connecting_seconds = float(self.now.connecting_s)
        return self.flows


def _world(model: Model, population: Population, flows: Flows, key: int) -> World:
    """Everything the event loop looks at, before anything has happened."""
    seconds, admission = flows.arrivals.size, model.admission
    counted = (*COUNTED, *WORK, "queue_most")
    counts = np.zeros((len(counted), seconds))
    for name, row in zip(counted, counts, strict=True):
        setattr(flows, name, row)
    return World(
        now=_now(model, key, population.at_start),
        clients=records(CLIENT, 0),
        events=records(EVENT, 0),
        pages=numbers(np.full(seconds, -1, np.int32)),
        heap=records(DUE, 0),
        came_s=numbers(population.came_s),
        leave_s=numbers(population.leave_s),
        cuts=_cuts(model),
        counts=counts,
        lost_by_fault=flows.lost_by_fault,
        back_by_fault=flows.back_by_fault,
        attempts_needed=flows.attempts_needed,
        units=records(UNIT_NOW, 0),
        there=numbers(np.zeros(0, np.int64)),
        free_s=numbers(
            np.zeros((0, admission.connect_work.servers if admission.connect_work else 1))
        ),
        stages=_stages(model),
        asks=records(ASKS, _ROOM),
    )


def _stages(model: Model) -> Any:
    """What comes after the units, with nobody in it."""
    stages = records(STAGE, len(stages_at(model, model.start_s)))
    for row in stages:
        row.free_s = model.start_s
    return stages


def _now(model: Model, key: int, at_start: int) -> Any:
    """The run as it begins, one record."""
    now, policy, admission = records(NOW, 1), model.reconnect, model.admission
    first = now[0]
    first.key = np.uint64(key)
    first.start_s, first.end_s = model.start_s, float(model.horizon_s)
    # all that is planned before the first second goes to its pages
    first.second, first.next_client = -1, at_start
    first.free_client = first.free_event = -1
    first.backoff = _BACKOFFS[policy.backoff]
    first.base_s, first.cap_s, first.answer_s = policy.base, policy.cap, policy.answer
    first.give_up_after, first.patience_s = policy.give_up_after or np.inf, policy.timeout
    first.rate = first.burst = first.tokens = first.slots = np.inf
    first.since_s, first.age_s = model.start_s, admission.age_most_seconds
    first.pending_s, first.balancing = admission.pending_seconds, _BALANCING[admission.balancing]
    is_pooled = first.balancing == POOLED
    first.unit_slots = np.inf if is_pooled else admission.connections_per_unit
    first.slow_start_s, first.backlog = admission.slow_start_seconds, np.inf
    first.least_share = LEAST_SHARE
    first.stages = len(stages_at(model, model.start_s))
    work = admission.connect_work
    if work is not None:
        first.work_s, first.varies, first.backlog = work.seconds, work.varies, work.backlog
        first.transfer_s = work.transfer_seconds
        first.refusal_share, first.overflow_share = work.refusal_share, work.overflow_share
    first.at_once = is_pooled and work is None and not first.stages
    return now


def _cuts(model: Model) -> Any:
    """The cuts of the model, and at last that of units that stop."""
    cuts = records(CUT, len(model.cuts) + 1)
    for row, cut in zip(cuts, model.cuts, strict=False):
        row.over_s, row.notice_s, row.away_s = cut.over_s, cut.notice_s, cut.away_s
        if cut.span is not None and model.admission.balancing != "pooled":
            row.first, row.last = cut.span
        row.fault = cut.fault
    cuts[-1].fault = NO_FAULT
    return cuts
