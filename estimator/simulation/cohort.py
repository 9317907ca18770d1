"""The cohort engine: whole groups second by second, at a cost that knows no number of clients.

Who is there is drawn at once (``presence``). What the doors do to them is then followed by the
second, in groups: clients that are connected, and clients that wait, by the fault that cut them
and the refusals they have had. While nobody is refused a stretch of seconds is one step; in a
storm each second is one. In a storm groups are so large that their mean is followed, not drawn:
a refused group spreads over the coming seconds by the law of its wait.

One thing is known only on average. Which clients are the ones whose session ends: of newcomers who
wait it is known how long they have been there; all others are taken in proportion. (Connections
that are cut at their age have a module of their own, ``ageing``.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.scenario.model import FloatArray
from estimator.scenario.reconnect import Reconnect
from estimator.simulation.ageing import Ageing
from estimator.simulation.backoff import levels, wait_masses, waits_s
from estimator.simulation.exact import LEVELS
from estimator.simulation.flows import Flows
from estimator.simulation.model import Cut, Model
from estimator.simulation.presence import Presence, draw_presence
from estimator.simulation.scaler import Scaler, allowed, change_times
from estimator.units import SECONDS_PER_HOUR

_STEP_S: Final = 1.0
_LONGEST_STRETCH_S: Final = 3600
_NOBODY: Final = 0.5
"""Of groups followed by their mean, less than this is nobody."""
_MOST_ROUNDS_IN_A_SECOND: Final = 12
_NEWCOMERS, _AGED, _FAULTS_FROM = range(3)
_MOST_CELLS: Final = 20_000
_FEW_LEVELS, _MANY_LEVELS = 2, 96
_GRID: Final = 4096
_NEARLY_ALL: Final = 1.0 - 1e-12
"""Whose logarithm of what is left still exists."""


def simulate_cohort(model: Model, seed: np.random.SeedSequence) -> Flows:
    """One replication, in groups.

    Args:
        model: who comes, what lets them in, what goes wrong.
        seed: of this replication; the same seed gives the same run, bit for bit.

    Raises:
        SimulationError: the run contradicts itself.
    """
    rng = np.random.default_rng(seed)
    seconds = int(model.horizon_s - model.start_s)
    presence = draw_presence(model.streams, model.start_s, seconds, rng)
    flows = _Run(model, presence).play()
    flows.check()
    return flows.after(model.warm_up_s)


class _Waiting:
    """Clients that wait, by what brought them here, refusals and the second of their next attempt.

    Shape (groups, levels, seconds ahead). Groups are the newcomers, those cut at their age or with
    a unit that stopped, and those cut by each fault; the last level is of all refusals from there
    on. Leaving thins a group and level as a whole, so that it is kept as one factor.
    """

    def __init__(self, model: Model) -> None:
        """Nobody waits."""
        policy = model.reconnect
        answer = _later(policy.answer)
        needed = levels(policy) + 1
        in_step = policy.backoff == "exponential"
        waits = [wait_masses(policy, k, _STEP_S) for k in range(needed + 1)]
        laws = [
            _whole_steps(policy, k) if in_step else np.convolve(waits[k], answer)
            for k in range(needed + 1)
        ]
        self.after_loss = [_after_cut(model, cut) for cut in model.cuts]
        self.at_once = waits[0]
        self.after_stop = _waits_from_now(policy)
        longest = max(law.size for law in (*laws, *self.after_loss, self.after_stop))
        self.ahead = max(longest, int(np.ceil(policy.cap / _STEP_S))) + 1
        groups = len(model.faults) + _FAULTS_FROM
        self.gives_up_at = policy.give_up_after
        room = int(np.clip(_MOST_CELLS / (groups * self.ahead), _FEW_LEVELS, _MANY_LEVELS))
        count = max(room, needed + 1, self.gives_up_at or 0)
        self._laws = np.zeros((count, self.ahead))
        for level in range(count):
            law = laws[min(level, needed)]
            self._laws[level, : law.size] = law
        self._cells = np.zeros((groups, count, 2 * self.ahead))
        self._head, self._left = 0, np.ones((groups, count))
        self.total = np.zeros((groups, count))
        """Clients that wait, shape (groups, levels)."""
        mean_s = policy.answer + np.array([law @ np.arange(law.size) for law in waits]) * _STEP_S
        steps = mean_s[np.minimum(np.arange(count), needed)]
        self.age_s = np.cumsum(steps) - steps[0] - steps / 2 * (np.arange(count) > 0)
        """For how long newcomers have tried, on average, by refusals."""

    def thin(self, shares: FloatArray) -> FloatArray:
        """Take away a share of each group and level; returns how many of each group."""
        gone = self.total * shares
        self._left *= 1.0 - shares
        self.total = self.total - gone
        return gone.sum(axis=1)

    def add(self, group: int, masses: FloatArray, clients: float) -> None:
        """Clients without a refusal yet who try again by the law ``masses``."""
        at = slice(self._head, self._head + masses.size)
        self._cells[group, 0, at] += masses * (clients / self._left[group, 0])
        self.total[group, 0] += clients

    def due(self) -> FloatArray:
        """Take out the clients who try now, shape (groups, levels)."""
        now = self._cells[:, :, self._head] * self._left
        self._cells[:, :, self._head] = 0.0
        self.total = np.maximum(self.total - now, 0.0)
        return now

    def refuse(self, clients: FloatArray) -> FloatArray:
        """Let those wait who were refused; returns those of each group who give up instead."""
        given_up = np.zeros(clients.shape[0])
        if self.gives_up_at is not None:
            clients = clients.copy()
            given_up = clients[:, self.gives_up_at - 1 :].sum(axis=1)
            clients[:, self.gives_up_at - 1 :] = 0.0
        later = np.zeros_like(clients)
        later[:, 1:] = clients[:, :-1]
        later[:, -1] += clients[:, -1]
        at = slice(self._head, self._head + self.ahead)
        self._cells[:, :, at] += (later / self._left)[:, :, None] * self._laws
        self.total += later
        return given_up

    def put_off(self, clients: FloatArray) -> None:
        """Let those try in the next second who could not be looked at in this one."""
        self._cells[:, :, self._head + 1] += clients / self._left
        self.total += clients

    def next_second(self) -> None:
        """Time goes on."""
        self._head += 1
        if self._head == self.ahead:
            rest = self._cells[:, :, self.ahead :] * self._left[:, :, None]
            self._cells[:, :, : self.ahead] = rest
            self._cells[:, :, self.ahead :] = 0.0
            self._head, self._left = 0, np.ones_like(self._left)

    @property
    def stuck(self) -> float:
        """Clients that were refused, or lost by a fault: all but those back from their age."""
        return float(self.total.sum() - self.total[_AGED, 0])

    def take_easy(self) -> FloatArray:
        """Take out the clients on their way back from their age, by second, shape (ahead,)."""
        at = slice(self._head, self._head + self.ahead)
        easy = self._cells[_AGED, 0, at] * self._left[_AGED, 0]
        self._cells[_AGED, 0, at] = 0.0
        self.total[_AGED, 0] = 0.0
        return easy

    def forget(self) -> FloatArray:
        """Take out all who are left, shape (groups,)."""
        rest = self.total.sum(axis=1)
        self._cells[:] = 0.0
        self.total = np.zeros_like(self.total)
        return rest


def _later(delay_s: float) -> FloatArray:
    """A fixed delay as a law in steps."""
    whole, part = divmod(delay_s / _STEP_S, 1.0)
    law = np.zeros(int(whole) + 2)
    law[-2:] = 1.0 - part, part
    return law


def _whole_steps(policy: Reconnect, refusals: int) -> FloatArray:
    """A wait without jitter: clients that were cut together stay together."""
    wait = waits_s(policy, np.array([refusals]), np.zeros(1), np.zeros(1))[0]
    law = np.zeros(round((policy.answer + wait) / _STEP_S) + 1)
    law[-1] = 1.0
    return law


def _waits_from_now(policy: Reconnect, away_s: float = 0.0) -> FloatArray:
    """The wait after a loss at the beginning of a step, as a law in steps."""
    luck = (np.arange(_GRID) + 0.5) / _GRID
    zeros = np.zeros(_GRID, dtype=np.int64)
    waits = np.maximum(waits_s(policy, zeros, luck, np.full(_GRID, policy.base)), away_s)
    return np.bincount((waits / _STEP_S).astype(np.int64)) / _GRID


def _after_cut(model: Model, cut: Cut) -> FloatArray:
    """When a client tries again after a cut, as a law in steps."""
    law = _waits_from_now(model.reconnect, cut.away_s)
    spread_s = max(cut.notice_s, _STEP_S if cut.over_s else 0.0)
    steps = int(np.ceil(spread_s / _STEP_S))
    return np.convolve(law, np.full(steps, 1.0 / steps)) if steps else law


@dataclass(slots=True)
class _Draining:
    """Connections that a cut takes one after the other."""

    group: int
    clients: float
    seconds_left: int
    tries: FloatArray
    """When they try again, as a law in steps."""


class _Run:
    """The state of one replication."""

    def __init__(self, model: Model, presence: Presence) -> None:
        self.model, self.presence = model, presence
        self.seconds = presence.come.size
        self.flows = Flows.empty(self.seconds, len(model.faults), LEVELS)
        self.flows.arrivals[:] = presence.come
        self.waiting = _Waiting(model)
        self.ageing = Ageing(model, self.seconds) if np.isfinite(self._age_s) else None
        # those on their way back from their age, by the second of their attempt
        self.returning = np.zeros(self.seconds + self.waiting.ahead + 1)
        self.gave_up = 0.0
        self.gone_after = np.zeros(self.seconds)
        self.scaler, self.decisions = Scaler.settled(model.doors, presence.at_start), 0
        self.doors = allowed(model, model.start_s, self.scaler.running)
        self.missing = 0.0
        """Tokens missing from a full bucket."""
        self.open = float(min(presence.at_start, self.doors.places))
        outside = presence.at_start - self.open
        self.flows.open_at_start, self.flows.waiting_at_start = self.open, outside
        spread = int(np.ceil(model.reconnect.cap / _STEP_S))
        if outside > 0:
            self.waiting.add(_NEWCOMERS, np.full(spread, 1.0 / spread), outside)
        self.draining: list[_Draining] = []
        policy = model.reconnect
        # a client cannot try more often than it is answered
        self.rounds = int(np.clip(_STEP_S / policy.answer, 1, _MOST_ROUNDS_IN_A_SECOND))
        self.in_step = policy.backoff == "exponential"
        self.newcomers_leaving = _leaving_at(model, self.waiting.age_s)

    @property
    def _age_s(self) -> float:
        return self.model.doors.age_most_seconds

    def play(self) -> Flows:
        """Stretch by stretch, or second by second."""
        edges = self._edges()
        for now, edge in zip([0, *edges], [*edges, self.seconds], strict=True):
            self._at_edge(now)
            self.flows.units[now:edge] = self.scaler.running
            self.flows.places[now:edge] = self.doors.places
            while now < edge:
                calm = self._calm(now, edge)
                if calm:
                    now += calm
                    continue
                self._storm(now)
                now += 1
        flows = self.flows
        present, there = self.presence.after, self.presence.at_start
        away = flows.waiting_after + self.gone_after
        start_away = flows.waiting_at_start
        area = present.sum() + (there - present[-1]) / 2
        away_area = away.sum() + (start_away - away[-1]) / 2
        flows.connection_seconds = float(area - away_area)
        return flows

    def _edges(self) -> list[int]:
        """Seconds at which something is decided from outside, rising."""
        start_s = self.model.start_s
        times = [change_times(self.model), np.array([cut.at_s for cut in self.model.cuts])]
        if np.isfinite(self.scaler.every_seconds):
            times.append(start_s + np.arange(0, self.seconds, self.scaler.every_seconds))
        found = np.unique(np.floor(np.concatenate(times) - start_s).astype(np.int64))
        return found[(found > 0) & (found < self.seconds)].tolist()

    def _at_edge(self, second: int) -> None:
        """Faults begin, units start and stop, doors change."""
        now_s = self.model.start_s + second
        for cut, tries in zip(self.model.cuts, self.waiting.after_loss, strict=True):
            if int(np.floor(cut.at_s - self.model.start_s)) == second:
                seconds = max(int(np.ceil(cut.over_s)), 1)
                group = cut.fault + _FAULTS_FROM
                chosen = _Draining(group, self.open * cut.share, seconds, tries)
                self.draining.append(chosen)
        if second >= self.decisions * self.scaler.every_seconds:
            self.decisions += 1
            stopped = self.scaler.decide(now_s, self.open)
            if stopped > 0:
                self.draining.append(
                    _Draining(_AGED, self.open * stopped, 1, self.waiting.after_stop)
                )
        before, self.doors = self.doors, allowed(self.model, now_s, self.scaler.running)
        if np.isfinite(self.doors.burst):
            tokens = max(0.0, before.burst - self.missing)
            self.missing = max(0.0, self.doors.burst - tokens)

    # ---------------------------------------------------------------------------------------------
    # Calm: nobody is refused

    def _calm(self, second: int, edge: int) -> int:
        """Go on while everybody gets in at once; returns how many seconds that was."""
        if self.draining or self.waiting.stuck >= _NOBODY:
            return 0
        self._all_back(second)
        count = min(edge - second, _LONGEST_STRETCH_S)
        if self.ageing:
            count = min(count, self.ageing.longest_stretch(second))
        now = slice(second, second + count)
        come, leave = self.presence.come[now], self.presence.leave[now]
        left_gone = self._gone_leaving(leave)
        ended = leave - left_gone
        again = self.ageing.due(second, count) if self.ageing else np.zeros((2, 1, count))
        aged = again.sum(axis=(0, 1))
        back = np.convolve(aged, self.waiting.at_once)
        tries = come + self.returning[now] + back[:count]
        opened = self.open + np.cumsum(tries - ended - aged)
        missing = self._missing_tokens(tries)
        beyond = (opened > self.doors.places) | (missing > self.doors.burst)
        if beyond.any():
            return self._calm(second, second + int(np.argmax(beyond))) if not beyond[0] else 0

        flows = self.flows
        flows.attempts[now] += tries
        flows.connects[now] += tries
        flows.ended[now], flows.aged[now] = ended, aged
        flows.attempts_needed[0] += tries.sum()
        self.returning[second + count : second + back.size] += back[count:]
        if self.ageing:
            self.ageing.opened(second, np.stack([come, np.zeros(count)]), again)
            self.ageing.passed(second, np.zeros(count))
        self.gone_after[now] = self.gave_up - np.cumsum(left_gone)
        self.gave_up = float(self.gone_after[now][-1])
        self.open, self.missing = float(opened[-1]), float(missing[-1])
        return count

    def _all_back(self, second: int) -> None:
        """What is left of a storm is less than one client, and those back from their age."""
        if not self.waiting.total.any():
            return
        easy = self.waiting.take_easy()
        self.returning[second : second + easy.size] += easy[: self.returning.size - second]
        rest = self.waiting.forget()
        self.open += rest.sum()
        self.flows.attempts[second] += rest.sum()
        self.flows.connects[second] += rest.sum()
        self.flows.back_by_fault[:, second] += rest[_FAULTS_FROM:]

    def _gone_leaving(self, leave: FloatArray) -> FloatArray:
        """Of those whose session ends in each second, those who had given up before."""
        if not self.gave_up:
            return np.zeros(leave.size)
        present = max(self.open + self.gave_up, 1.0)
        left = np.cumprod(1.0 - np.minimum(leave / present, _NEARLY_ALL))
        return -np.diff(self.gave_up * left, prepend=self.gave_up)

    def _missing_tokens(self, tries: FloatArray) -> FloatArray:
        """Tokens missing after each second, were all let in."""
        if np.isinf(self.doors.connects_per_second):
            return np.zeros(tries.size)
        free = self.missing + np.cumsum(tries - self.doors.connects_per_second)
        return free - np.minimum(np.minimum.accumulate(free), 0.0)

    # ---------------------------------------------------------------------------------------------
    # Storm: some wait

    def _storm(self, second: int) -> None:
        """One second in which doors may refuse, faults cut, and clients wait."""
        flows, waiting, before = self.flows, self.waiting, max(self.open, 1.0)
        come = self.presence.come[second]
        again = self.ageing.due(second, 1) if self.ageing else np.zeros((2, 1, 1))
        aged = min(float(again.sum()), self.open)
        self.open -= aged
        flows.aged[second] = aged
        waiting.add(_AGED, waiting.at_once, aged)
        lost = self._drain(second)

        due = waiting.due()
        due[_NEWCOMERS, 0] += come
        due[_AGED, 0] += self.returning[second]
        let_in, at_first = self._knock(second, due)
        self._leave(second)
        if self.ageing:
            again = again * at_first
            newly = come * at_first
            others = max(let_in - newly - float(again.sum()), 0.0)
            self.ageing.opened(second, np.array([[newly], [others]]), again)
            self.ageing.passed(second, np.array([min(lost / before, _NEARLY_ALL)]))
        self.gone_after[second] = self.gave_up
        waiting.next_second()

    def _drain(self, second: int) -> float:
        """Connections that faults take in this second."""
        lost = 0.0
        for draining in self.draining:
            taken = min(draining.clients / draining.seconds_left, self.open)
            draining.clients -= taken
            draining.seconds_left -= 1
            self.open -= taken
            lost += taken
            self.flows.cut[second] += taken
            if draining.group >= _FAULTS_FROM:
                self.flows.lost_by_fault[draining.group - _FAULTS_FROM, second] += taken
            self.waiting.add(draining.group, draining.tries, taken)
        self.draining = [draining for draining in self.draining if draining.seconds_left]
        return lost

    def _knock(self, second: int, due: FloatArray) -> tuple[float, float]:
        """Let in as many as the doors allow; the rest waits.

        Who is refused may try again within the second, so it is gone through several times.

        Returns:
            Clients let in, and the share of the first attempts of this second that were.
        """
        flows, rate = self.flows, self.doors.connects_per_second
        tokens = self.doors.burst - self.missing
        if not self.in_step:
            tokens += rate
        let_in, at_first = 0.0, 1.0
        for attempt in range(self.rounds):
            clients = float(due.sum())
            if clients < _NOBODY and attempt:
                self.waiting.put_off(due)
                break
            passed = min(clients, max(tokens, 0.0))
            inside = min(passed, max(self.doors.places - self.open, 0.0))
            tokens -= passed
            self.open += inside
            let_in += inside
            share = inside / clients if clients else 1.0
            at_first = share if attempt == 0 else at_first
            flows.attempts[second] += clients
            flows.connects[second] += inside
            flows.refused_by_rate[second] += clients - passed
            flows.refused_full[second] += passed - inside
            entered = due * share
            flows.attempts_needed[: due.shape[1]] += entered.sum(axis=0)
            flows.back_by_fault[:, second] += entered[_FAULTS_FROM:].sum(axis=1)
            if share == 1.0:
                break
            gave_up = self.waiting.refuse(due - entered)
            flows.gave_up[second] += gave_up.sum()
            flows.back_by_fault[:, second] += gave_up[_FAULTS_FROM:]
            self.gave_up += float(gave_up.sum())
            due = self.waiting.due()
        else:
            self.waiting.put_off(due)
        if np.isfinite(rate):
            fallen = rate if self.in_step else 0.0
            self.missing = max(0.0, self.doors.burst - tokens - fallen)
        return let_in, at_first

    def _leave(self, second: int) -> None:
        """Sessions end, of clients that are connected, wait, or have given up."""
        waiting, leave = self.waiting, float(self.presence.leave[second])
        shares = np.zeros_like(waiting.total)
        # of newcomers it is known how long they have been here
        shares[_NEWCOMERS] = self.newcomers_leaving
        own = float(waiting.total[_NEWCOMERS] @ self.newcomers_leaving)
        if own > leave:
            shares[_NEWCOMERS] *= leave / own
        others = self.open + self.gave_up + float(waiting.total[_AGED:].sum())
        share = min((leave - min(own, leave)) / others, _NEARLY_ALL) if others > 0 else 0.0
        shares[_AGED:] = share
        left = waiting.thin(shares)
        left_gone = self.gave_up * share
        ended = leave - left.sum() - left_gone
        self.flows.ended[second] = ended
        self.flows.left_waiting[second] = left.sum()
        self.flows.back_by_fault[:, second] += left[_FAULTS_FROM:]
        self.open -= ended
        self.gave_up -= left_gone
        for draining in self.draining:
            draining.clients *= 1.0 - share


def _leaving_at(model: Model, ages_s: FloatArray) -> FloatArray:
    """Share of clients whose session ends in a second, so long after they came."""
    weights = [max(s.arrivals.means_in(0.0, model.horizon_s, 1)[0], 0.0) for s in model.streams]
    ends = np.stack([ages_s, ages_s + _STEP_S]) / SECONDS_PER_HOUR
    here, still = np.average(
        [stream.session.survival(ends) for stream in model.streams], axis=0, weights=weights
    )
    return np.clip(1.0 - np.divide(still, here, out=np.ones_like(here), where=here > 0), 0.0, 1.0)
