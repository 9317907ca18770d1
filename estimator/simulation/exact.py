"""The exact engine: every client by itself, each of its attempts and connections at its own time.

Time goes on in windows, and all that happens in a window is decided at once, as arrays. What a
decision brings about within the same window (a refused client tries again, a short session ends)
is added and the window decided anew, until nothing changes. Since causes come before effects,
what is then found is what one event after the other would give; how windows are cut does not
matter. A window that would take many rounds is cut shorter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.scenario.model import FloatArray
from estimator.simulation.admission import BoolArray, IntArray, TokenBucket, take_places
from estimator.simulation.agenda import Agenda
from estimator.simulation.backoff import waits_s
from estimator.simulation.flows import Flows
from estimator.simulation.luck import luck_of
from estimator.simulation.model import Cut, Model
from estimator.simulation.population import Population, draw_population
from estimator.simulation.scaler import Scaler, allowed, change_times

LEVELS: Final = 200
"""Attempts that are told apart when they are counted by client."""
_NO_FAULT = -1
_FEW_ROUNDS, _MANY_ROUNDS, _MOST_ROUNDS = 3, 5, 8
_FIRST_WINDOW_S, _LONGEST_WINDOW_S = 60.0, 3600.0
_SLOT_S = 1.0
_BINS = 65_535
_NOTICE, _WAIT, _CHOICE, _MOMENT = range(4)
"""Purposes of luck."""


def simulate_exact(model: Model, seed: np.random.SeedSequence) -> Flows:
    """One replication, client by client.

    Args:
        model: who comes, what lets them in, what goes wrong.
        seed: of this replication; the same seed gives the same run, bit for bit.

    Raises:
        SimulationError: the run contradicts itself.
    """
    rng = np.random.default_rng(seed)
    population = draw_population(model, rng)
    run = _Run(model, population, key=int(rng.integers(2**63)))
    flows = run.undisturbed() if run.nothing_in_the_way else run.play()
    flows.check()
    return flows.after(model.warm_up_s)


@dataclass(slots=True)
class _Attempts:
    """Knocks at the door, shape (attempts,) each."""

    time_s: FloatArray
    client: IntArray
    refusals: IntArray
    """Since the connection was lost, or since the client came."""
    waited_s: FloatArray
    """The wait before this attempt."""

    def pick(self, which: BoolArray | IntArray) -> _Attempts:
        return _Attempts(
            self.time_s[which], self.client[which], self.refusals[which], self.waited_s[which]
        )

    def and_(self, other: _Attempts) -> _Attempts:
        """Both, in the order of time."""
        if not other.time_s.size:
            return self
        both = _Attempts(
            np.concatenate([self.time_s, other.time_s]),
            np.concatenate([self.client, other.client]),
            np.concatenate([self.refusals, other.refusals]),
            np.concatenate([self.waited_s, other.waited_s]),
        )
        return both.pick(np.argsort(both.time_s, kind="stable"))

    def before(self, until_s: float, leave_s: FloatArray) -> _Attempts:
        """Those before a time, and before their client leaves."""
        return self.pick((self.time_s < until_s) & (self.time_s < leave_s[self.client]))

    def same_as(self, other: _Attempts) -> bool:
        return np.array_equal(self.time_s, other.time_s) and np.array_equal(
            self.client, other.client
        )


_NONE = _Attempts(np.empty(0), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


@dataclass(slots=True)
class _Losses:
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

    losses: _Losses
    attempts: _Attempts
    by_rate: BoolArray
    """Attempts that the limit of connects a second let pass."""
    let_in: BoolArray
    tries: tuple[_Attempts, ...]
    """The next attempt of each client that was lost or refused."""
    leaving: IntArray
    """Clients whose session is over in the window, in the order of time."""
    ended: BoolArray
    """Which of them are connected then."""
    tokens_taken: int
    rounds: int


class _Run:
    """The state of one replication."""

    def __init__(self, model: Model, population: Population, key: int) -> None:
        self.model, self.key = model, key
        self.start_s, self.end_s = model.start_s, float(model.horizon_s)
        self.came_s, self.leave_s = population.came_s, population.leave_s
        self.at_start = population.at_start
        self._bin_s = (self.end_s - self.start_s) / _BINS
        self.flows = Flows.empty(int(self.end_s - self.start_s), len(model.faults), LEVELS)

    @property
    def nothing_in_the_way(self) -> bool:
        """Whether everyone gets in at once and stays, so that order does not matter."""
        doors, model = self.model.doors, self.model
        units = doors.units or 1.0
        return (
            not model.cuts
            and not model.throttles
            and doors.autoscaling is None
            and np.isinf(doors.age_most_seconds)
            and np.isinf(doors.connects_per_second_now(units))
            and np.isinf(doors.connections_most_now(units))
        )

    def undisturbed(self) -> Flows:
        """Everyone is connected from coming to leaving."""
        flows = self.flows
        flows.open_at_start = float(self.at_start)
        coming = self.came_s[self.at_start :]
        self._count(flows.arrivals, coming)
        flows.attempts[:] = flows.connects[:] = flows.arrivals
        ending = self.leave_s[self.leave_s < self.end_s]
        self._count(flows.ended, ending)
        flows.attempts_needed[0] = coming.size
        opened = coming.sum() + self.at_start * self.start_s
        closed = ending.sum() + (self.leave_s.size - ending.size) * self.end_s
        flows.connection_seconds = float(closed - opened)
        flows.units[:] = 1.0 if self.model.doors.units is None else self.model.doors.units
        return flows

    # ---------------------------------------------------------------------------------------------
    # Time

    def play(self) -> Flows:
        """Window by window, with everything that stands in the way."""
        self._open_for_business()
        edges = self._boundaries()
        window_s = _FIRST_WINDOW_S
        for now, edge in zip([self.start_s, *edges], [*edges, self.end_s], strict=True):
            self._at_boundary(now)
            window_s = self._play_until(now, edge, window_s)
            seconds = slice(int(now - self.start_s), int(np.ceil(edge - self.start_s)))
            self.flows.units[seconds] = self.scaler.running
            self.flows.places[seconds] = self.places
        still_open = self.end_s - self._since(np.flatnonzero(self.is_open))
        self.flows.connection_seconds += float(still_open.sum())
        return self.flows

    def _play_until(self, now: float, edge: float, window_s: float) -> float:
        """Go on to an edge; returns the length of windows that has proved good."""
        while now < edge:
            until = min(now + window_s, edge)
            decided = self._decide(now, until)
            if decided is None:
                window_s = (until - now) / 2
                continue
            self._commit(now, until, decided)
            now = until
            if decided.rounds <= _FEW_ROUNDS:
                window_s = min(window_s * 2, _LONGEST_WINDOW_S, self.age_s / 2)
            elif decided.rounds > _MANY_ROUNDS:
                window_s /= 2
        return window_s

    def _open_for_business(self) -> None:
        """Connect those who are there, as far as there are places."""
        model, there = self.model, self.at_start
        clients = self.came_s.size
        self.age_s = model.doors.age_most_seconds
        self.is_open = np.zeros(clients, dtype=np.bool_)
        self.opened_s = np.full(clients, np.nan)
        self.fault_of = np.full(clients, _NO_FAULT, dtype=np.int16)
        self.next_arrival = there
        self.marked = np.zeros(clients, dtype=np.bool_)
        # few bins sort fast; within a window the order is found when it is its turn
        bins = np.clip((self.leave_s - self.start_s) / self._bin_s, 0, _BINS).astype(np.uint16)
        self.by_bin = np.argsort(bins, kind="stable").astype(np.int64)
        self.bin_ends = np.concatenate([[0], np.cumsum(np.bincount(bins, minlength=_BINS + 1))])
        self.retries = Agenda(_SLOT_S, np.int64, np.int64, np.float64)
        self.cuts = Agenda(_SLOT_S, np.int64, np.float64, np.int64, np.float64, np.float64)
        self.ages = Agenda(max(self.age_s / 64, _SLOT_S), np.int64, np.float64)

        self.scaler, self.decisions = Scaler.settled(model.doors, there), 0
        doors = allowed(model, self.start_s, self.scaler.running)
        self.bucket = TokenBucket(doors.connects_per_second, _whole(doors.burst))
        self.places = doors.places
        held = int(min(there, self.places))
        self.is_open[:held] = True
        self.open_count = held
        age = self.start_s - self.came_s[:held]
        self.opened_s[:held] = self.start_s - np.fmod(age, self.age_s)
        self._watch_ages(np.arange(held))
        self.flows.open_at_start, self.flows.waiting_at_start = float(held), float(there - held)
        outside = np.arange(held, there)
        waits = luck_of(self.key, outside, self.came_s[held:there]) * model.reconnect.cap
        first = _Attempts(self.start_s + waits, outside, np.zeros_like(outside), waits)
        self._wait_for(first, self.start_s)

    def _boundaries(self) -> list[float]:
        """Moments at which something is decided from outside, rising."""
        times = [change_times(self.model), np.array([cut.at_s for cut in self.model.cuts])]
        if np.isfinite(self.scaler.every_seconds):
            times.append(np.arange(self.start_s, self.end_s, self.scaler.every_seconds))
        found = np.unique(np.concatenate(times))
        return found[(found > self.start_s) & (found < self.end_s)].tolist()

    def _at_boundary(self, now: float) -> None:
        """Faults begin, units start and stop, doors change."""
        for number, cut in enumerate(self.model.cuts):
            if cut.at_s == now:
                self._choose_losses(cut, number)
        if now >= self.start_s + self.decisions * self.scaler.every_seconds:
            self.decisions += 1
            stopped = self.scaler.decide(now, float(self.open_count))
            if stopped > 0:
                self._choose_losses(Cut(now, stopped, fault=_NO_FAULT), len(self.model.cuts))
        doors = allowed(self.model, now, self.scaler.running)
        self.bucket.change_rate(doors.connects_per_second, _whole(doors.burst))
        self.places = doors.places

    def _choose_losses(self, cut: Cut, number: int) -> None:
        """Which connections a fault takes, and when."""
        clients = np.flatnonzero(self.is_open).astype(np.int64)
        moment = np.full(clients.size, cut.at_s)
        chosen = luck_of(self.key, clients, moment, _CHOICE + 8 * number) < cut.share
        clients, moment = clients[chosen], moment[chosen]
        spread = cut.over_s * luck_of(self.key, clients, moment, _MOMENT + 8 * number)
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
        base = _Attempts(
            self.came_s[arrived],
            arrived,
            np.zeros_like(arrived),
            np.full(arrived.size, self.model.reconnect.base),
        )
        base = base.and_(_Attempts(*self.retries.due(until)))
        base = base.and_(after_loss.before(until, self.leave_s))
        leaving = self._leaving(now, until)
        # those who stay connected until they leave
        keeping = self.is_open[leaving] & ~self._among(leaving, losses.client)
        # at first, as if all who come in the window were let in
        ended, again, rounds = keeping | (leaving >= self.next_arrival), _NONE, 0
        free = _whole(self.places) - self.open_count
        while True:
            rounds += 1
            attempts = base.and_(again)
            closings = self.leave_s[leaving[ended]]
            if losses.time_s.size:
                closings = np.sort(np.concatenate([closings, losses.time_s]))
            by_rate, taken = self.bucket.admit(attempts.time_s - now)
            let_in = by_rate.copy()
            let_in[by_rate] = take_places(attempts.time_s[by_rate], closings, free)
            next_tries = self._after_refusal(attempts.pick(~let_in))
            soon = next_tries.before(until, self.leave_s)
            inside = attempts.client[let_in]
            brief = inside[self.leave_s[inside] < until]
            in_and_out = keeping | self._among(leaving, brief)
            if soon.same_as(again) and np.array_equal(in_and_out, ended):
                tries = (after_loss, next_tries)
                return _Decided(
                    losses, attempts, by_rate, let_in, tries, leaving, ended, taken, rounds
                )
            if rounds >= _MOST_ROUNDS and until - now > self.model.reconnect.answer / 2:
                return None
            again, ended = soon, in_and_out

    def _leaving(self, now: float, until: float) -> IntArray:
        """Clients whose session is over in a window, in the order of time."""
        first, last = ((moment - self.start_s) / self._bin_s for moment in (now, until))
        near = self.by_bin[self.bin_ends[int(first)] : self.bin_ends[min(int(last), _BINS) + 1]]
        leave_s = self.leave_s[near]
        inside = (leave_s >= now) & (leave_s < until)
        return near[inside][np.argsort(leave_s[inside])]

    def _among(self, clients: IntArray, those: IntArray) -> BoolArray:
        """Which clients are among those."""
        self.marked[those] = True
        found = self.marked[clients]
        self.marked[those] = False
        return found

    def _losses_before(self, until: float) -> _Losses:
        """Connections that faults and their age end, each once."""
        when, client, opened, fault, notice, away = self.cuts.due(until)
        valid = self._still(client, opened, when)
        # two faults may have chosen the same connection: the first takes it
        _, first = np.unique(client[valid], return_index=True)
        cut = np.flatnonzero(valid)[np.sort(first)]
        aged_s, aged, aged_opened = self.ages.due(until)
        old = self._still(aged, aged_opened, aged_s) & ~np.isin(aged, client[cut])
        nothing, no_fault = np.zeros(old.sum()), np.full(old.sum(), _NO_FAULT)
        together = _Losses(
            np.concatenate([when[cut], aged_s[old]]),
            np.concatenate([client[cut], aged[old]]),
            np.concatenate([fault[cut], no_fault]),
            np.concatenate([notice[cut], nothing]),
            np.concatenate([away[cut], nothing]),
            np.arange(cut.size + old.sum()) >= cut.size,
        )
        order = np.argsort(together.time_s, kind="stable")
        return _Losses(*(getattr(together, name)[order] for name in _Losses.__slots__))

    def _still(self, client: IntArray, opened_s: FloatArray, when_s: FloatArray) -> BoolArray:
        """Whether a connection that was marked is the one still open at that time."""
        same = self.is_open[client] & (self.opened_s[client] == opened_s)
        return same & (self.leave_s[client] > when_s)

    def _after(self, losses: _Losses) -> _Attempts:
        """The first attempt after each loss."""
        when, client, policy = losses.time_s, losses.client, self.model.reconnect
        refusals, before = np.zeros_like(client), np.full(client.size, policy.base)
        waits = waits_s(policy, refusals, luck_of(self.key, client, when, _WAIT), before)
        noticed = losses.notice_s * luck_of(self.key, client, when, _NOTICE)
        return _Attempts(when + noticed + np.maximum(losses.away_s, waits), client, refusals, waits)

    def _after_refusal(self, refused: _Attempts) -> _Attempts:
        """The next attempt of each client that was refused; never, of one that gives up."""
        policy, refusals = self.model.reconnect, refused.refusals + 1
        luck = luck_of(self.key, refused.client, refused.time_s, _WAIT)
        waits = waits_s(policy, refusals, luck, refused.waited_s)
        times = refused.time_s + policy.answer + waits
        if policy.give_up_after is not None:
            times[refusals >= policy.give_up_after] = np.inf
        return _Attempts(times, refused.client, refusals, waits)

    def _commit(self, now: float, until: float, decided: _Decided) -> None:
        """Make what was decided come true."""
        flows, attempts, losses = self.flows, decided.attempts, decided.losses
        arrived = np.arange(self.next_arrival, np.searchsorted(self.came_s, until))
        self.next_arrival += arrived.size
        self._count(flows.arrivals, self.came_s[arrived])
        self._count(flows.attempts, attempts.time_s)
        self._count(flows.refused_by_rate, attempts.time_s[~decided.by_rate])
        self._count(flows.refused_full, attempts.time_s[decided.by_rate & ~decided.let_in])

        self._close(losses.client, losses.time_s)
        self._count(flows.aged, losses.time_s[losses.aged])
        self._count(flows.cut, losses.time_s[~losses.aged])
        self.fault_of[losses.client] = losses.fault
        self._count_by_fault(flows.lost_by_fault, losses.client, losses.time_s)

        inside = attempts.pick(decided.let_in)
        ended = decided.leaving[decided.ended]
        keeping = ended[self.is_open[ended]]
        self._close(keeping, self.leave_s[keeping])
        self._count(flows.connects, inside.time_s)
        flows.attempts_needed += np.bincount(
            np.minimum(inside.refusals, LEVELS - 1), minlength=LEVELS
        )
        self._count_by_fault(flows.back_by_fault, inside.client, inside.time_s)
        self.fault_of[inside.client] = _NO_FAULT
        self.is_open[inside.client] = True
        self.open_count += inside.client.size
        self.opened_s[inside.client] = inside.time_s
        brief = inside.client[self.leave_s[inside.client] < until]
        self._close(brief, self.leave_s[brief])
        self._count(flows.ended, self.leave_s[ended])
        self._watch_ages(inside.client)

        self.retries.drop(until)
        self.cuts.drop(until)
        self.ages.drop(until)
        refused_s = attempts.time_s[~decided.let_in]
        after_loss, after_refusal = decided.tries
        self._wait_for(after_loss, until)
        self._wait_for(after_refusal, until)
        gone = np.isinf(after_refusal.time_s)
        self._count(flows.gave_up, refused_s[gone])
        self._count_by_fault(flows.back_by_fault, after_refusal.client[gone], refused_s[gone])
        last_s = float(attempts.time_s[-1]) - now if attempts.time_s.size else 0.0
        self.bucket.advance(until - now, decided.tokens_taken, last_s)

    def _close(self, clients: IntArray, when_s: FloatArray) -> None:
        self.flows.connection_seconds += float((when_s - self._since(clients)).sum())
        self.is_open[clients] = False
        self.open_count -= clients.size

    def _since(self, clients: IntArray) -> FloatArray:
        """When connections opened, or the run began."""
        return np.maximum(self.opened_s[clients], self.start_s)

    def _watch_ages(self, clients: IntArray) -> None:
        if np.isfinite(self.age_s):
            due = self.opened_s[clients] + self.age_s
            old = due < self.leave_s[clients]
            self.ages.put(due[old], clients[old], self.opened_s[clients[old]])

    def _wait_for(self, tries: _Attempts, from_s: float) -> None:
        """Note attempts from a time on, and the clients who leave before theirs."""
        leave = self.leave_s[tries.client]
        later = tries.pick((tries.time_s >= from_s) & (tries.time_s < leave))
        self.retries.put(later.time_s, later.client, later.refusals, later.waited_s)
        over = np.isfinite(tries.time_s) & (tries.time_s >= leave)
        self._count(self.flows.left_waiting, leave[over])
        self._count_by_fault(self.flows.back_by_fault, tries.client[over], leave[over])

    def _count(self, counts: FloatArray, times_s: FloatArray) -> None:
        """Add events to their seconds; those beyond the run do not count."""
        inside = times_s[times_s < self.end_s]
        np.add.at(counts, (inside - self.start_s).astype(np.int64), 1.0)

    def _count_by_fault(self, counts: FloatArray, clients: IntArray, times_s: FloatArray) -> None:
        """Add events of clients to their seconds and the fault that took their connection."""
        faults = self.fault_of[clients]
        which = (faults != _NO_FAULT) & (times_s < self.end_s)
        seconds = (times_s[which] - self.start_s).astype(np.int64)
        np.add.at(counts, (faults[which], seconds), 1.0)


def _whole(value: float) -> int:
    """As an integer, with one beyond all counts for no limit."""
    return int(min(value, 2**48))
