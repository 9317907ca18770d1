"""The exact engine: every client by itself, each of its attempts and connections at its own time.

Time goes on in windows, and all that happens in a window is decided at once, as arrays. What a
decision brings about within the same window (a refused client tries again, a short session ends)
is added and the window decided anew, until nothing changes. Since causes come before effects,
what is then found is what one event after the other would give; how windows are cut does not
matter. A window that would take many rounds is cut shorter.

At one moment what changes the limits and chooses connections comes first, then connections close,
and then clients try to connect, in the order of their numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt

from estimator.arrays import BoolArray, FloatArray, IntArray
from estimator.simulation.admission import (
    Allowed,
    Scaler,
    TokenBucket,
    allowed,
    change_times,
    take_slots,
)
from estimator.simulation.effort import USUAL, Bounds, Effort
from estimator.simulation.event_queue import EventQueue, Timetable, order_of
from estimator.simulation.flows import Flows
from estimator.simulation.model import Cut, Model
from estimator.simulation.population import Population, draw_population
from estimator.simulation.retries import waits_s

LEVELS: Final = 200
"""Attempts that are told apart when they are counted by client."""
_NO_FAULT = -1
_ROUNDS = (4, 6)
"""With fewer windows grow, with more they shrink;"""
_ROUNDS_OF_MANY = (2, 4)
"""sooner, if a round takes long since it has more attempts than"""
_MANY_ATTEMPTS = 8000
_MOST_ROUNDS = 8
_FIRST_WINDOW_S, _LONGEST_WINDOW_S = 4.0, 3600.0
_SHORTER = 8
_SLOT_S = 1.0
_NOTICE, _WAIT, _CHOICE, _MOMENT = range(4)
"""What a keyed random number is for."""
_SECOND_S, _BOUNDARY_S, _ROUND_S = 8e-8, 4e-5, 2e-4
"""What a second of the week, a boundary and a round take,"""
_ROW_S, _CHUNK_S = 2e-7, 6e-6
"""each client looked at in them, and each slot that those who wait are put into."""
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


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
    effort.spend(population.came_s.size * _ROW_S + (model.horizon_s - model.start_s) * _SECOND_S)
    flows = _undisturbed(model, population)
    if flows is None:
        flows = _Run(model, population, effort, key=int(rng.integers(2**63))).play()
    flows.effort_s = effort.seconds
    flows.check()
    return flows.after(model.warm_up_s)


def _undisturbed(model: Model, population: Population) -> Flows | None:
    """Everyone is connected from coming to leaving, so that order does not matter.

    Returns:
        None if somebody may be refused or cut.
    """
    admission = model.admission
    ages = np.isfinite(admission.age_most_seconds)
    if model.cuts or model.throttles or admission.autoscaling or ages:
        return None
    units = 1.0 if admission.units is None else admission.units
    record, there = _Record(model), population.at_start
    flows, start_s, end_s = record.flows, record.start_s, record.end_s
    flows.open_at_start = float(there)
    coming = population.came_s[there:]
    record.count(flows.arrivals, coming)
    flows.attempts[:] = flows.new_connections[:] = flows.arrivals
    ending = population.leave_s[population.leave_s < end_s]
    record.count(flows.ended, ending)
    now = allowed(model, start_s, units)
    if not _all_get_in(flows, now):
        return None
    flows.attempts_needed[0] = np.count_nonzero(coming >= 0) if model.warm_up_s else coming.size
    opened = coming.sum() + there * start_s
    closed = ending.sum() + (population.leave_s.size - ending.size) * end_s
    flows.connection_seconds = float(closed - opened)
    flows.units[:], flows.slots[:] = units, now.slots
    return flows


def _all_get_in(flows: Flows, admission: Allowed) -> bool:
    """Whether all who come are let in, however they come within each second."""
    open_before = np.concatenate([[flows.open_at_start], flows.open_after[:-1]])
    if (open_before + flows.arrivals).max() > admission.slots:
        return False
    if np.isinf(admission.new_connections_per_second):
        return True
    free = np.cumsum(flows.arrivals - admission.new_connections_per_second)
    missing = free - np.minimum(np.minimum.accumulate(free), 0.0)
    # one more may be missing, since tokens fall as a whole
    before = np.concatenate([[0.0], missing[:-1]]) + 1.0
    return bool((before + flows.arrivals).max() <= admission.burst)


class _Record:
    """Events put to their seconds."""

    def __init__(self, model: Model) -> None:
        self.start_s, self.end_s = model.start_s, float(model.horizon_s)
        self.flows = Flows.empty(int(self.end_s - self.start_s), len(model.faults), LEVELS)

    def count(self, counts: FloatArray, times_s: FloatArray) -> None:
        """Add events to their seconds; those beyond the run do not count."""
        inside = times_s[times_s < self.end_s]
        np.add.at(counts, (inside - self.start_s).astype(np.int64), 1.0)

    def count_by_fault(
        self, counts: FloatArray, faults: npt.NDArray[np.int16], times_s: FloatArray
    ) -> None:
        """Add events to their seconds and the fault that took a connection before, if one did."""
        which = (faults != _NO_FAULT) & (times_s < self.end_s)
        if which.any():
            seconds = (times_s[which] - self.start_s).astype(np.int64)
            np.add.at(counts, (faults[which], seconds), 1.0)


class _Rows:
    """Columns of one row each, such as attempts or losses."""

    __slots__ = ()

    def pick(self, which: BoolArray | IntArray) -> Self:
        """Some of the rows."""
        columns = (getattr(self, name) for name in self.__slots__)
        return type(self)(*(column[which] for column in columns))


@dataclass(slots=True)
class _Attempts(_Rows):
    """Attempts to connect, shape (attempts,) each."""

    time_s: FloatArray
    client: IntArray
    refusals: IntArray
    """Since the connection was lost, or since the client came."""
    waited_s: FloatArray
    """The wait before this attempt."""

    def and_(self, other: _Attempts) -> _Attempts:
        """Both, in the order of time."""
        if not other.time_s.size:
            return self
        both = _Attempts(
            *(np.append(getattr(self, name), getattr(other, name)) for name in self.__slots__)
        )
        return both.pick(order_of(both.time_s, both.client))

    def before(self, until_s: float, leave_s: FloatArray) -> _Attempts:
        """Those before a time, and before their client leaves."""
        return self.pick((self.time_s < until_s) & (self.time_s < leave_s[self.client]))

    def same_as(self, other: _Attempts) -> bool:
        return np.array_equal(self.time_s, other.time_s) and np.array_equal(
            self.client, other.client
        )


_NONE = _Attempts(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


@dataclass(slots=True)
class _Losses(_Rows):
    """Connections that are lost in a window, in the order of time, shape (losses,) each."""

    time_s: FloatArray
    client: IntArray
    fault: IntArray
    notice_s: FloatArray
    away_s: FloatArray
    aged: BoolArray


@dataclass(slots=True)
class _Decided:
    """What a window came to."""

    arrived: IntArray
    losses: _Losses
    attempts: _Attempts
    by_rate: BoolArray
    """Attempts that the limit of new connections per second let pass."""
    let_in: BoolArray
    gave_up: BoolArray
    """Which of those refused do not try again."""
    tries: tuple[_Attempts, ...]
    """The next attempt of each client that was lost or refused."""
    leaving: IntArray
    """Clients whose session is over in the window, in any order."""
    ended: BoolArray
    """Which of them are connected then."""
    tokens_missing: int
    rounds: int


class _Slots:
    """Connection slots in a window, decided again and again as other connections close."""

    def __init__(self, free: int, leave_s: FloatArray, lost_s: FloatArray) -> None:
        """Take the slots free at the beginning, and when clients leave and connections are lost.

        Args:
            free: slots; negative if there are too many connections.
            leave_s: in any order, shape (leaving,).
            lost_s: rising.
        """
        self._free, self._leave_s, self._lost_s = free, leave_s, lost_s
        self._order: IntArray | None = None
        self._attempts_s = np.empty(0)

    def find(self, attempts_s: FloatArray, by_rate: BoolArray, ended: BoolArray) -> BoolArray:
        """Which of the attempts that the rate let pass find a free slot.

        Args:
            attempts_s: rising, shape (attempts,).
            by_rate: which of them the rate lets pass.
            ended: which of those who leave are connected until then, shape (leaving,).
        """
        if self._free >= attempts_s.size:
            return by_rate
        if self._order is None:
            self._order = np.argsort(self._leave_s)
            self._sorted_s = self._leave_s[self._order]
        if attempts_s is not self._attempts_s:
            self._attempts_s = attempts_s
            self._left = np.searchsorted(self._sorted_s, attempts_s, side="right")
            self._lost = np.searchsorted(self._lost_s, attempts_s, side="right")
        closed = np.concatenate([[0], np.cumsum(ended[self._order])])[self._left] + self._lost
        let_in = by_rate.copy()
        let_in[by_rate] = take_slots(closed[by_rate], self._free)
        return let_in


class _Run:
    """The state of one replication."""

    def __init__(self, model: Model, population: Population, effort: Effort, key: int) -> None:
        """Connect those who are there, as far as there are slots."""
        self.model, self.effort, self.key = model, effort, key
        self.record = _Record(model)
        self.start_s, self.end_s = self.record.start_s, self.record.end_s
        self.came_s, self.leave_s = population.came_s, population.leave_s
        self.next_arrival = there = population.at_start
        # the limits
        self.scaler, self.decisions = Scaler.settled(model.admission, there), 0
        self.admission = allowed(model, self.start_s, self.scaler.running)
        rate, burst = self.admission.new_connections_per_second, _whole(self.admission.burst)
        self.bucket = TokenBucket(rate, burst, since_s=self.start_s)
        # one row a client
        clients = self.came_s.size
        self.open_count = held = int(min(there, self.admission.slots))
        self.is_open = np.arange(clients) < held
        self.age_s = model.admission.age_most_seconds
        self.opened_s = np.full(clients, np.nan)
        age = self.start_s - self.came_s[:held]
        self.opened_s[:held] = self.start_s - np.fmod(age, self.age_s)
        self.fault_of = np.full(clients, _NO_FAULT, dtype=np.int16)
        self.marked = np.zeros(clients, dtype=np.bool_)
        # what is due when
        self.leaving = Timetable(self.leave_s, self.start_s, self.end_s)
        self.retries = EventQueue(_SLOT_S, np.int64, np.int64, np.float64)
        self.cut_s = np.array([cut.at_s for cut in model.cuts], dtype=np.float64)
        self.cuts = EventQueue(_SLOT_S, np.int64, np.float64, np.int64, np.float64, np.float64)
        self.ages = EventQueue(max(self.age_s / 64, _SLOT_S), np.int64, np.float64)
        self.queues = (self.retries, self.cuts, self.ages)

        self.longest_wait_s = model.reconnect.cap + model.reconnect.answer

        flows = self.record.flows
        flows.open_at_start, flows.waiting_at_start = float(held), float(there - held)
        self._watch_ages(np.arange(held))
        outside = np.arange(held, there)
        waits = keyed_uniforms(key, outside, self.came_s[held:there]) * model.reconnect.cap
        first = _Attempts(self.start_s + waits, outside, np.zeros_like(outside), waits)
        self._wait_for(first, self.start_s)

    # ---------------------------------------------------------------------------------------------
    # Time

    def play(self) -> Flows:
        """Window by window, with everything that stands in the way."""
        flows, now, window_s = self.record.flows, self.start_s, _FIRST_WINDOW_S
        boundaries = self._boundaries()
        while now < self.end_s:
            if self._at_boundary(now):
                window_s = _FIRST_WINDOW_S
            edge = boundaries[np.searchsorted(boundaries, now, side="right")]
            edge = min(float(edge), self.scaler.next_ready_s)
            window_s = self._play_until(now, edge, window_s)
            seconds = slice(int(now - self.start_s), int(np.ceil(edge - self.start_s)))
            flows.units[seconds] = self.scaler.running
            flows.slots[seconds] = self.admission.slots
            now = edge
        still_open = self.end_s - self._since(np.flatnonzero(self.is_open))
        flows.connection_seconds += float(still_open.sum())
        return flows

    def _play_until(self, now: float, edge: float, window_s: float) -> float:
        """Go on to an edge; returns the length of windows that has proved good."""
        while now < edge:
            # what opens in a window must not be cut at its age in the same
            until = min(now + min(window_s, self.age_s / 2), edge)
            if self._nothing_happens(now, until):
                self._forget_before(until)
                now = until
                continue
            decided = self._decide(now, until)
            if decided is None:
                window_s = (until - now) / _SHORTER
                continue
            self._commit(until, decided)
            now = until
            large = decided.attempts.time_s.size > _MANY_ATTEMPTS
            few, many = _ROUNDS_OF_MANY if large else _ROUNDS
            if decided.rounds <= few:
                window_s = min(window_s * 2, _LONGEST_WINDOW_S)
            elif decided.rounds > many:
                window_s /= 2
        return window_s

    def _nothing_happens(self, now: float, until: float) -> bool:
        """Whether nobody comes, leaves, tries or is lost in a window."""
        arriving = self.came_s[self.next_arrival : self.next_arrival + 1]
        return (
            not (arriving < until).any()
            and not any(queue.may_be_due(until) for queue in self.queues)
            and not self.leaving.between(now, until).size
        )

    def _forget_before(self, until: float) -> None:
        """What was due is past."""
        for queue in self.queues:
            queue.drop(until)

    def _boundaries(self) -> FloatArray:
        """Moments at which something is decided from outside, rising, and the end."""
        times = [change_times(self.model), np.array([cut.at_s for cut in self.model.cuts])]
        if np.isfinite(self.scaler.every_seconds):
            decisions = np.ceil((self.end_s - self.start_s) / self.scaler.every_seconds)
            times.append(self.start_s + np.arange(decisions) * self.scaler.every_seconds)
        found = np.unique(np.concatenate(times))
        return np.append(found[(found > self.start_s) & (found < self.end_s)], self.end_s)

    def _at_boundary(self, now: float) -> bool:
        """Faults begin, units start and stop, limits change; returns whether anything did."""
        self.effort.spend(_BOUNDARY_S)
        cuts = range(*np.searchsorted(self.cut_s, [now, np.nextafter(now, np.inf)]).tolist())
        for number in cuts:
            self._choose_losses(self.model.cuts[number], number)
        self.scaler.wake(now)
        if now >= self.start_s + self.decisions * self.scaler.every_seconds:
            self.decisions += 1
            stopped = self.scaler.decide(now, float(self.open_count))
            if stopped > 0:
                self._choose_losses(Cut(now, stopped, fault=_NO_FAULT), len(self.model.cuts))
        before, self.admission = self.admission, allowed(self.model, now, self.scaler.running)
        rate, burst = self.admission.new_connections_per_second, _whole(self.admission.burst)
        self.bucket.change(now, rate, burst)
        return bool(cuts) or self.admission != before

    def _choose_losses(self, cut: Cut, number: int) -> None:
        """Which connections a fault takes, and when."""
        self.effort.spend(self.is_open.size * _ROW_S)
        clients = np.flatnonzero(self.is_open).astype(np.int64)
        moment = np.full(clients.size, cut.at_s)
        chosen = keyed_uniforms(self.key, clients, moment, _CHOICE + 8 * number) < cut.share
        clients, moment = clients[chosen], moment[chosen]
        spread = cut.over_s * keyed_uniforms(self.key, clients, moment, _MOMENT + 8 * number)
        fault = np.full(clients.size, cut.fault)
        notice, away = np.full(clients.size, cut.notice_s), np.full(clients.size, cut.away_s)
        self.cuts.put(moment + spread, clients, self.opened_s[clients], fault, notice, away)

    # ---------------------------------------------------------------------------------------------
    # A window

    def _decide(self, now: float, until: float) -> _Decided | None:
        """What happens in a window; None if it takes too many rounds to find out."""
        losses = self._losses_before(until)
        after_loss = self._after(losses)
        arrived = np.arange(self.next_arrival, np.searchsorted(self.came_s, until))
        waited = np.full(arrived.size, self.model.reconnect.base)
        base = _Attempts(self.came_s[arrived], arrived, np.zeros_like(arrived), waited)
        base = base.and_(_Attempts(*self.retries.due(until)))
        base = base.and_(after_loss.before(until, self.leave_s))
        leaving = self.leaving.between(now, until)
        # those who stay connected until they leave
        keeping = self.is_open[leaving] & ~self._among(leaving, losses.client)
        # at first, as if all who come in the window were let in
        ended, again, rounds = keeping | (leaving >= self.next_arrival), _NONE, 0
        attempts = base
        by_rate, tokens_missing = self.bucket.admit(attempts.time_s)
        # negative if there are too many connections
        free = _whole(self.admission.slots) - self.open_count
        slots = _Slots(free, self.leave_s[leaving], losses.time_s)
        most_refusals = self.model.reconnect.give_up_after or np.inf
        while True:
            rounds += 1
            self.effort.spend(_ROUND_S + (attempts.time_s.size + leaving.size) * _ROW_S)
            let_in = slots.find(attempts.time_s, by_rate, ended)
            refused = attempts.pick(~let_in)
            # those who have had enough refusals with this one
            gave_up = refused.refusals + 1 >= most_refusals
            next_tries = self._after_refusal(refused.pick(~gave_up))
            soon = next_tries.before(until, self.leave_s)
            inside = attempts.client[let_in]
            brief = inside[self.leave_s[inside] < until]
            in_and_out = keeping | self._among(leaving, brief)
            same = soon.same_as(again)
            if same and np.array_equal(in_and_out, ended):
                return _Decided(
                    arrived=arrived,
                    losses=losses,
                    attempts=attempts,
                    by_rate=by_rate,
                    let_in=let_in,
                    gave_up=gave_up,
                    tries=(after_loss, next_tries),
                    leaving=leaving,
                    ended=ended,
                    tokens_missing=tokens_missing,
                    rounds=rounds,
                )
            if rounds >= _MOST_ROUNDS and until - now > self.model.reconnect.answer / 2:
                return None
            again, ended = soon, in_and_out
            if not same:
                attempts = base.and_(again)
                by_rate, tokens_missing = self.bucket.admit(attempts.time_s)

    def _among(self, clients: IntArray, those: IntArray) -> BoolArray:
        """Which clients are among those."""
        self.marked[those] = True
        found = self.marked[clients]
        self.marked[those] = False
        return found

    def _losses_before(self, until: float) -> _Losses:
        """Connections that faults and their age end, each once."""
        when, client, opened, fault, notice, away = self.cuts.due(until)
        aged_s, aged, aged_opened = self.ages.due(until)
        nothing, no_fault = np.zeros(aged.size), np.full(aged.size, _NO_FAULT)
        losses = _Losses(
            np.concatenate([when, aged_s]),
            np.concatenate([client, aged]),
            np.concatenate([fault, no_fault]),
            np.concatenate([notice, nothing]),
            np.concatenate([away, nothing]),
            np.arange(when.size + aged.size) >= when.size,
        )
        opened_s, leave_s = np.append(opened, aged_opened), self.leave_s[losses.client]
        # whether a connection that was marked is the one still open at that time
        same = self.is_open[losses.client] & (self.opened_s[losses.client] == opened_s)
        losses = losses.pick(same & (leave_s > losses.time_s))
        losses = losses.pick(order_of(losses.time_s, losses.client))
        if when.size:
            # two may be after the same connection: the first takes it
            _, first = np.unique(losses.client, return_index=True)
            losses = losses.pick(np.sort(first))
        return losses

    def _after(self, losses: _Losses) -> _Attempts:
        """The first attempt after each loss."""
        when, client, policy = losses.time_s, losses.client, self.model.reconnect
        refusals, before = np.zeros_like(client), np.full(client.size, policy.base)
        waits = waits_s(policy, refusals, keyed_uniforms(self.key, client, when, _WAIT), before)
        noticed = losses.notice_s * keyed_uniforms(self.key, client, when, _NOTICE)
        return _Attempts(when + noticed + np.maximum(losses.away_s, waits), client, refusals, waits)

    def _after_refusal(self, refused: _Attempts) -> _Attempts:
        """The next attempt of each client that was refused and does not give up."""
        policy, refusals = self.model.reconnect, refused.refusals + 1
        uniforms = keyed_uniforms(self.key, refused.client, refused.time_s, _WAIT)
        waits = waits_s(policy, refusals, uniforms, refused.waited_s)
        return _Attempts(refused.time_s + policy.answer + waits, refused.client, refusals, waits)

    # ---------------------------------------------------------------------------------------------
    # What was decided comes true

    def _commit(self, until: float, decided: _Decided) -> None:
        """Close and open connections, note what comes later, and count it all."""
        record, flows = self.record, self.record.flows
        attempts, losses = decided.attempts, decided.losses
        self.next_arrival += decided.arrived.size
        record.count(flows.arrivals, self.came_s[decided.arrived])
        record.count(flows.attempts, attempts.time_s)

        self._close(losses.client, losses.time_s)
        record.count(flows.aged, losses.time_s[losses.aged])
        record.count(flows.cut, losses.time_s[~losses.aged])
        self.fault_of[losses.client] = losses.fault
        self._count_by_fault(flows.lost_by_fault, losses.client, losses.time_s)

        ended = decided.leaving[decided.ended]
        keeping = ended[self.is_open[ended]]
        self._close(keeping, self.leave_s[keeping])
        self._open(attempts.pick(decided.let_in), until)
        record.count(flows.ended, self.leave_s[ended])

        self._forget_before(until)
        for tries in decided.tries:
            self._wait_for(tries, until)
        self._count_refused(decided)
        if attempts.time_s.size:
            self.bucket.take(float(attempts.time_s[-1]), decided.tokens_missing)

    def _open(self, inside: _Attempts, until: float) -> None:
        """Connect clients, and let those go again who leave before the window ends."""
        flows, clients = self.record.flows, inside.client
        self.record.count(flows.new_connections, inside.time_s)
        counted = inside.refusals[inside.time_s >= 0]
        flows.attempts_needed += np.bincount(np.minimum(counted, LEVELS - 1), minlength=LEVELS)
        self._count_by_fault(flows.back_by_fault, clients, inside.time_s)
        self.fault_of[clients] = _NO_FAULT
        self.is_open[clients] = True
        self.open_count += clients.size
        self.opened_s[clients] = inside.time_s
        brief = clients[self.leave_s[clients] < until]
        self._close(brief, self.leave_s[brief])
        self._watch_ages(clients)

    def _count_refused(self, decided: _Decided) -> None:
        flows, attempts = self.record.flows, decided.attempts
        self.record.count(flows.refused_by_rate, attempts.time_s[~decided.by_rate])
        no_slot = decided.by_rate & ~decided.let_in
        self.record.count(flows.refused_full, attempts.time_s[no_slot])
        if decided.gave_up.any():
            gone = np.flatnonzero(~decided.let_in)[decided.gave_up]
            self.record.count(flows.gave_up, attempts.time_s[gone])
            self._count_by_fault(flows.back_by_fault, attempts.client[gone], attempts.time_s[gone])

    def _close(self, clients: IntArray, when_s: FloatArray) -> None:
        flows = self.record.flows
        flows.connection_seconds += float((when_s - self._since(clients)).sum())
        self.is_open[clients] = False
        self.open_count -= clients.size

    def _since(self, clients: IntArray) -> FloatArray:
        """When connections opened, or the run began."""
        return np.maximum(self.opened_s[clients], self.start_s)

    def _watch_ages(self, clients: IntArray) -> None:
        """Note when connections will have reached their age, if their client stays so long."""
        if np.isfinite(self.age_s):
            due = self.opened_s[clients] + self.age_s
            old = due < self.leave_s[clients]
            self.ages.put(due[old], clients[old], self.opened_s[clients[old]])

    def _wait_for(self, tries: _Attempts, from_s: float) -> None:
        """Note attempts from a time on, and the clients who leave before theirs."""
        leave = self.leave_s[tries.client]
        later = tries.pick((tries.time_s >= from_s) & (tries.time_s < leave))
        self.effort.spend(min(later.time_s.size, self.longest_wait_s / _SLOT_S) * _CHUNK_S)
        self.retries.put(later.time_s, later.client, later.refusals, later.waited_s)
        over = tries.time_s >= leave
        self.record.count(self.record.flows.left_waiting, leave[over])
        self._count_by_fault(self.record.flows.back_by_fault, tries.client[over], leave[over])

    def _count_by_fault(self, counts: FloatArray, clients: IntArray, times_s: FloatArray) -> None:
        """Count events by the fault that took the connection of these clients."""
        if self.model.cuts:
            self.record.count_by_fault(counts, self.fault_of[clients], times_s)


def _whole(value: float) -> int:
    """As an integer, with one beyond all counts for no limit."""
    return int(min(value, 2**48))


def keyed_uniforms(
    key: int, clients: npt.NDArray[np.int64], times_s: FloatArray, purpose: int = 0
) -> FloatArray:
    """A number in [0, 1) for each client at a time, as if drawn evenly.

    How long a client waits must not depend on how many others were looked at first, or a run would
    change with the way it is cut into pieces. So the number is computed from the client and the
    time of its attempt, by the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable
    pseudorandom number generators", OOPSLA 2014, https://doi.org/10.1145/2660193.2660195).

    Args:
        key: of the run.
        clients: numbers of the clients, shape (n,).
        times_s: the moment of each, shape (n,).
        purpose: tells apart several numbers for one client and moment.
    """
    mixed = clients.astype(np.uint64) * _GOLDEN + np.uint64(key & 0xFFFF_FFFF_FFFF_FFFF)
    # the sum makes one number of the two zeros, 0 and -0
    for word in ((times_s + 0.0).view(np.uint64), np.uint64(purpose)):
        mixed = (mixed ^ word) + _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
