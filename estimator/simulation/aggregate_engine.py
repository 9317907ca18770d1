"""The aggregate engine: whole groups second by second, at a cost that knows no number of clients.

Who is there is drawn at once (``population``). What the limits do to them is then followed by
the second, in groups: clients that are connected, and clients that wait, by the fault that cut them
and the refusals they have had. While nobody is refused a stretch of seconds is one step; in a
storm each second is one, and ten or sixty are when it lasts. In a storm groups are so large that
their mean is followed, not drawn: a refused group spreads over the coming seconds by the law of its
wait.

One thing is known only on average. Which clients are the ones whose session ends: of those who
wait it is known for how long they have, on average; all others are taken in proportion.
(Connections that are cut at their age have a module of their own, ``connection_age``.) And slots
are looked at once in a step, so that clients who stay for seconds are refused too rarely.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.arrays import FloatArray, IntArray
from estimator.simulation.admission import Scaler, allowed, change_times
from estimator.simulation.connect_queue import ConnectQueue, Decided, Pending
from estimator.simulation.connection_age import Ageing, stream_weights
from estimator.simulation.effort import USUAL, Bounds, Effort
from estimator.simulation.flows import LEVELS, Flows
from estimator.simulation.model import Model
from estimator.simulation.population import Presence, draw_presence, parts_drawn
from estimator.simulation.retries import AGED, FAULTS_FROM, NEWCOMERS, Waiting
from estimator.units import SECONDS_PER_HOUR

_LONGEST_STRETCH_S: Final = 3600
_NOBODY: Final = 0.5
"""Of groups followed by their mean, less than this is nobody."""
_FEW_AGAIN: Final = 0.02
"""Of those who try in a step: when no more are left to try again within it, it is over."""
_MOST_ROUNDS: Final = 60
_LONG_STORMS: Final = ((600, 10), (10_800, 60))
"""After so many seconds a storm changes slowly, and is followed in steps of so many."""
_ROUNDING: Final = 1e-6
"""Of clients: so little below nobody is nobody."""
_AROUND_S: Final = 61
"""Sessions that end in a second are compared with those of so many seconds around it."""
_NEARLY_ALL: Final = 1.0 - 1e-12
"""Whose logarithm of what is left still exists."""
_STRETCH_S, _SECOND_S, _AGE_S, _DECISION_S = 3e-4, 1e-7, 1e-9, 5e-6
"""What a calm stretch, each of its seconds (also by age) and a decision on units take,"""
_STEP_S, _PAIR_S, _ROUND_S, _NUMBER_S = 1e-4, 5e-7, 5e-5, 1e-9
"""and a step of a storm, two cuts that go on, a round of attempts, and each number in one."""


def simulate_aggregate(model: Model, seed: np.random.SeedSequence, bounds: Bounds = USUAL) -> Flows:
    """One replication, in groups.

    Args:
        model: who comes, what lets them in, what goes wrong.
        seed: of this replication; the same seed gives the same run, bit for bit.
        bounds: what it may take.

    Raises:
        SimulationError: the run contradicts itself.
        EffortError: it would take too long.
    """
    rng, effort = np.random.default_rng(seed), Effort(bounds)
    seconds = int(model.horizon_s - model.start_s)
    effort.spend(parts_drawn(model.streams) * seconds * _SECOND_S)
    presence = draw_presence(model.streams, model.start_s, seconds, rng)
    flows = _Run(model, presence, effort).play()
    flows.check()
    return flows.after(model.warm_up_s)


@dataclass(slots=True)
class _Draining:
    """Connections that a cut takes one after the other."""

    group: int
    among: float
    """Connections that were open when it began, and still are."""
    share: float
    """Of them, as it began."""
    seconds: int
    cut: int | None
    """Which one of the model; None for units that stop."""
    passed: int = 0
    """Of its seconds."""

    def next_share(self, seconds: int) -> float:
        """Share of those who still are there that it takes in so many more seconds."""
        left = 1.0 - self.share * self.passed / self.seconds
        taken = self.share * min(seconds, self.seconds - self.passed) / self.seconds
        return min(taken / left, 1.0) if left > 0 else 1.0


class _Run:
    """The state of one replication."""

    def __init__(self, model: Model, presence: Presence, effort: Effort) -> None:
        self.model, self.presence, self.effort = model, presence, effort
        self.seconds = presence.come.size
        self.flows = Flows.empty(self.seconds, len(model.faults), LEVELS)
        self.flows.arrivals[:] = presence.come
        self.finest = self.waiting = Waiting(model)
        """In steps of a second; ``waiting`` may be in longer ones."""
        self.storm_s = 0
        ages = np.isfinite(model.admission.age_most_seconds)
        self.ageing = Ageing(model, self.seconds) if ages else None
        # those on their way back from their age, by the second of their attempt
        longest_step = _LONG_STORMS[-1][1]
        self.returning = np.zeros(self.seconds + self.waiting.ahead + 2 * longest_step)
        self.gave_up = 0.0
        self.gone_after = np.zeros(self.seconds)
        self.over = presence.leave.copy()
        """Sessions that are over in each second, even within longer steps, as all flows are."""
        self.owed = 0.0
        """Sessions that are over, of clients who could not be found: those back from their age."""
        self.owed_after = np.zeros(self.seconds)
        self.scaler, self.next_decision_s = Scaler.settled(model.admission, presence.at_start), 0.0
        self.admission = allowed(model, model.start_s, self.scaler.running)
        self.missing = 0.0
        """Tokens missing from a full bucket."""
        shape = self.waiting.total.shape
        self.queue, self.pending = ConnectQueue(model, shape), Pending(model, shape)
        self.queue.change(model.start_s, self.admission.units)
        self.draining: list[_Draining] = []
        at_s = np.array([cut.at_s for cut in model.cuts], dtype=np.float64) - model.start_s
        self.cut_second = _nearest_second(at_s)
        """Of each cut, rising."""
        self.open = float(min(presence.at_start, self.admission.slots))
        outside = presence.at_start - self.open
        self.flows.open_at_start, self.flows.waiting_at_start = self.open, outside
        if outside > 0:
            spread = int(np.ceil(model.reconnect.cap))
            self.waiting.add(NEWCOMERS, np.full(spread, 1.0 / spread), outside)
        self.leaving = _around(presence.leave)
        self.waiting_leave = _leaving_at(model, self.waiting.waited_s)

    def play(self) -> Flows:
        """Stretch by stretch, or step by step."""
        edges = self._edges()
        for begin, edge in zip([0, *edges], [*edges, self.seconds], strict=True):
            self._faults_begin(begin)
            now = begin
            while now < edge:
                self._look_at_units(now)
                passed = self._calm(now, edge) or self._storm(now, edge)
                self.flows.units[now : now + passed] = self.scaler.running
                self.flows.slots[now : now + passed] = self.admission.slots
                now += passed
        self.flows.connection_seconds = self._connection_seconds()
        self.flows.effort_s = self.effort.seconds
        return self.flows

    def _connection_seconds(self) -> float:
        """The time of all clients less that of those who wait or have given up."""
        after = self.presence.at_start + np.cumsum(self.flows.arrivals - self.over)
        there = np.concatenate([[self.presence.at_start], after + self.owed_after])
        waiting = np.concatenate([[self.flows.waiting_at_start], self.flows.waiting_after])
        connected = there - waiting - np.concatenate([[0.0], self.gone_after])
        return float((connected[1:] + connected[:-1]).sum() / 2)

    def _edges(self) -> list[int]:
        """Seconds at which faults begin or end, rising."""
        changes = _nearest_second(change_times(self.model) - self.model.start_s)
        found = np.unique(np.concatenate([changes, self.cut_second]))
        return found[(found > 0) & (found < self.seconds)].tolist()

    def _faults_begin(self, second: int) -> None:
        """Cuts choose their connections; limits change."""
        first, beyond = np.searchsorted(self.cut_second, [second, second + 1]).tolist()
        for number in range(first, beyond):
            cut = self.model.cuts[number]
            seconds, group = max(int(np.ceil(cut.over_s)), 1), cut.fault + FAULTS_FROM
            self.draining.append(_Draining(group, self.open, cut.share, seconds, number))
        self._change_limits(second)

    def _look_at_units(self, second: int) -> None:
        """Units start and stop."""
        running, now_s = self.scaler.running, self.model.start_s + second
        self.scaler.wake(now_s)
        while self.next_decision_s <= second:
            self.next_decision_s += self.scaler.every_seconds
            # who wants in is seen too
            wanted = self.open + self.queue.clients + self.pending.clients
            stopped = self.scaler.decide(now_s, wanted)
            if stopped > 0:
                self.draining.append(_Draining(AGED, self.open, stopped, 1, None))
        if self.scaler.running != running:
            self._change_limits(second)

    def _change_limits(self, second: int) -> None:
        # as they are in the middle of the second
        now_s = self.model.start_s + second + 0.5
        before, self.admission = self.admission, allowed(self.model, now_s, self.scaler.running)
        self.queue.change(self.model.start_s + second, self.admission.units)
        if np.isfinite(self.admission.burst):
            tokens = max(0.0, before.burst - self.missing)
            self.missing = max(0.0, self.admission.burst - tokens)

    # ---------------------------------------------------------------------------------------------
    # Calm, in which nobody is refused

    def _calm(self, second: int, edge: int) -> int:
        """Go on while everybody gets in at once; returns how many seconds that was."""
        stuck = self.waiting.stuck
        if self.draining or stuck >= _NOBODY or self.admission.refused_share:
            return 0
        if not self.queue.is_empty or self.pending.clients:
            return 0
        if stuck > _ROUNDING and self.open + stuck > self.admission.slots:
            return 0
        self._all_back(second)
        self.queue.sending(self.open)
        count = min(edge - second, _LONGEST_STRETCH_S)
        of_each_s = _SECOND_S + (self.ageing.rows * _AGE_S if self.ageing else 0.0)
        self.effort.spend(_STRETCH_S + count * of_each_s)
        if self.ageing:
            count = min(count, self.ageing.longest_stretch(second))
        now = slice(second, second + count)
        come, leave = self.presence.come[now], self.presence.leave[now].copy()
        leave[0] += self.owed
        again = self.ageing.due(second, count) if self.ageing else np.zeros((2, 1, count))
        aged = again.sum(axis=(0, 1))
        back = np.convolve(aged, self.waiting.at_once)
        tries = come + self.returning[now] + back[:count]
        left_gone = self._gone_leaving(tries - aged, leave)
        ended = leave - left_gone
        opened = self.open + np.cumsum(tries - ended - aged)
        missing = self._missing_tokens(tries)
        refused = (opened > self.admission.slots) | (missing > self.admission.burst)
        start_s = self.model.start_s + second
        refused |= ~self.queue.is_short(self.queue.longest_wait_s(start_s, tries))
        # if few are left, those whose session ends may be on their way back from their age
        over = refused | (opened < -_ROUNDING)
        if over[0]:
            return 0
        calm = int(np.argmax(over)) if over.any() else count
        calm, scaler, next_decision_s = self._units_stay(second, opened[:calm])
        if calm < count:
            return self._calm(second, second + calm)

        flows = self.flows
        flows.attempts[now] += tries
        flows.new_connections[now] += tries
        flows.ended[now], flows.aged[now] = ended, aged
        flows.work_s[now] += self.queue.passed(start_s, tries)
        flows.attempts_needed[0] += tries[max(self.model.warm_up_s - second, 0) :].sum()
        self.returning[second + count : second + back.size] += back[count:]
        if self.ageing:
            self.ageing.opened(second, np.stack([come, np.zeros(count)]), again)
            self.ageing.passed(second, np.zeros(count))
        self.gone_after[now] = self.gave_up - np.cumsum(left_gone)
        self.gave_up, self.owed = float(self.gone_after[now][-1]), 0.0
        self.open, self.missing = float(opened[-1]), float(missing[-1])
        self.scaler, self.next_decision_s = scaler, next_decision_s
        return count

    def _units_stay(self, second: int, opened: FloatArray) -> tuple[int, Scaler, float]:
        """For how many of the seconds no unit starts or stops.

        Returns:
            The seconds, the scaler after its decisions in them, and when the next one is due.
        """
        scaler, due_s, until = self.scaler, self.next_decision_s, second + opened.size
        while True:
            ready_s = scaler.next_ready_s - self.model.start_s
            until = int(min(until, np.ceil(ready_s)))
            at = int(min(np.ceil(due_s), until))
            if at >= until:
                return until - second, scaler, due_s
            self.effort.spend(_DECISION_S)
            after = scaler.copy()
            stopped = after.decide(self.model.start_s + at, float(opened[at - second - 1]))
            if stopped > 0 or after.running != scaler.running:
                return at - second, scaler, due_s
            scaler, due_s = after, due_s + scaler.every_seconds

    def _all_back(self, second: int) -> None:
        """What is left of a storm is less than one client, and those back from their age."""
        if self.waiting.total.any():
            self.effort.spend(self.waiting.numbers * _NUMBER_S)
            easy = self.waiting.take_easy()
            self.returning[second : second + easy.size] += easy[: self.returning.size - second]
            if second >= self.model.warm_up_s:
                self._count_attempts(self.waiting.total.sum(axis=0))
            rest = self.waiting.forget()
            self.open += rest.sum()
            self.flows.attempts[second] += rest.sum()
            self.flows.new_connections[second] += rest.sum()
            self.flows.back_by_fault[:, second] += rest[FAULTS_FROM:]
        self.waiting, self.storm_s = self.finest, 0

    def _gone_leaving(self, more: FloatArray, leave: FloatArray) -> FloatArray:
        """Of those whose session ends in each second, those who had given up before.

        Args:
            more: by how many connections become more in each second, but for these.
            leave: sessions that end in each second.
        """
        if not self.gave_up:
            return np.zeros(leave.size)
        # all who are there in a second may leave in it, and no more than all
        present = self.open + self.gave_up + np.cumsum(more) - np.cumsum(leave) + leave
        shares = np.divide(leave, present, out=np.ones(leave.size), where=present > leave)
        left = np.cumprod(1.0 - shares)
        gone_after = np.concatenate([[self.gave_up], self.gave_up * left])
        return gone_after[:-1] - gone_after[1:]

    def _missing_tokens(self, tries: FloatArray) -> FloatArray:
        """Tokens missing after each second, were all let in."""
        if np.isinf(self.admission.new_connections_per_second):
            return np.zeros(tries.size)
        free = self.missing + np.cumsum(tries - self.admission.new_connections_per_second)
        return free - np.minimum(np.minimum.accumulate(free), 0.0)

    # ---------------------------------------------------------------------------------------------
    # Storm, in which some wait

    def _storm(self, second: int, edge: int) -> int:
        """A step in which limits may refuse, faults cut and clients wait; returns its seconds."""
        self._lengthen_steps()
        # each cut looks at all others that go on
        self.effort.spend(_STEP_S + len(self.draining) ** 2 * _PAIR_S)
        waiting, before = self.waiting, max(self.open, 1.0)
        seconds = min(waiting.step_s, edge - second)
        if self.ageing:
            seconds = min(seconds, self.ageing.longest_stretch(second))
        now = slice(second, second + seconds)
        come = self.presence.come[now]
        again = self.ageing.due(second, seconds) if self.ageing else np.zeros((2, 1, seconds))
        again *= min(1.0, self.open / max(float(again.sum()), _NOBODY))
        aged = float(again.sum())
        self.open -= aged
        for draining in self.draining:
            # what opened since it began is not that old yet
            draining.among = max(draining.among - aged, 0.0)
        # nobody may seem to be let in before coming
        self.flows.aged[now], self.flows.arrivals[now] = aged / seconds, come.mean()
        self.over[now] = self.presence.leave[now].mean()
        waiting.add(AGED, waiting.at_once, aged)
        lost = self._drain(now)

        before_s = self.queue.worked_s, self.queue.wasted_s
        leave = float(self.presence.leave[now].sum()) + self.owed
        # of those who come in a longer step some leave in the same
        stay = 1.0 - float(self.waiting_leave[NEWCOMERS, 0])
        brief = float(come.sum()) * (1.0 - stay ** ((seconds - 1) / 2))
        owed = min(leave, brief)
        owed += self._leave(now, leave - owed)
        from_before = self._go_on(now)
        due = waiting.due()
        due[NEWCOMERS, 0] += come.sum()
        due[AGED, 0] += self.returning[now].sum()
        let_in, at_first = self._try_to_connect(now, due)
        let_in += from_before
        self._note_work(now, *before_s)
        self.owed = self._leave(now, owed) if owed > 0 else 0.0
        if self.ageing:
            again *= at_first
            newly = come * at_first
            others = max(let_in - float(newly.sum() + again.sum()), 0.0) / seconds
            self.ageing.opened(second, np.stack([newly, np.full(seconds, others)]), again)
            cut_share = min(lost / before / seconds, _NEARLY_ALL)
            self.ageing.passed(second, np.full(seconds, cut_share))
        self.gone_after[now], self.owed_after[now] = self.gave_up, self.owed
        waiting.next_step()
        self.storm_s += seconds
        return seconds

    def _lengthen_steps(self) -> None:
        """Follow a long storm in longer steps, unless clients keep in step with each other."""
        jittered = self.model.reconnect.backoff not in ("none", "exponential")
        for after_s, step_s in _LONG_STORMS:
            if jittered and self.storm_s >= after_s and self.waiting.step_s < step_s:
                self.waiting = self.waiting.coarser(step_s)

    def _drain(self, now: slice) -> float:
        """Connections that faults take in a step."""
        lost, seconds = 0.0, now.stop - now.start
        for draining in self.draining:
            among = draining.among
            taken = min(among * draining.next_share(seconds), self.open)
            for other in self.draining if taken > 0 else ():
                # who was there when the first of two began, was when the second did
                other.among = max(other.among - taken * min(1.0, other.among / among), 0.0)
            draining.passed += seconds
            self.open -= taken
            lost += taken
            self.flows.cut[now] += taken / seconds
            if draining.cut is None:
                self.waiting.add(AGED, self.waiting.after_stop, taken)
            else:
                self.flows.lost_by_fault[draining.group - FAULTS_FROM, now] += taken / seconds
                self.waiting.add(draining.group, self.waiting.after_loss[draining.cut], taken)
        self.draining = [each for each in self.draining if each.passed < each.seconds]
        return lost

    def _try_to_connect(self, now: slice, due: FloatArray) -> tuple[float, float]:
        """Let in as many as the limits allow; the rest waits.

        Who is refused may try again within the step, so it is gone through several times.

        Returns:
            Clients let in, and the share of the first attempts of this step that were.
        """
        flows, seconds, policy = self.flows, now.stop - now.start, self.model.reconnect
        start_s = self.model.start_s + now.start
        fallen = self.admission.new_connections_per_second * seconds
        # clients in step with each other find what is in the bucket, and not what falls later
        in_step = policy.backoff == "exponential"
        tokens = self.admission.burst - self.missing + (0.0 if in_step else fallen)
        let_in, at_first, few = 0.0, 1.0, 0.0
        for attempt in range(_MOST_ROUNDS):
            clients = float(due.sum())
            if attempt and clients <= few:
                self.waiting.put_off(due)
                break
            self.effort.spend(_ROUND_S + self.waiting.numbers * _NUMBER_S)
            not_refused = clients * (1.0 - self.admission.refused_share)
            passed = min(not_refused, max(tokens, 0.0))
            inside = min(passed, self._free_slots)
            tokens -= passed
            accepted = due * (inside / clients if clients else 1.0)
            decided = self.queue.come(start_s, seconds, accepted, self.open)
            entered = self._decide(now, decided)
            let_in += entered
            if not attempt:
                at_first = entered / clients if clients else 1.0
                few = max(_NOBODY, _FEW_AGAIN * clients)
            refused = due - accepted
            if self.pending.may_wait and passed > inside:
                pended = due * ((passed - inside) / clients)
                self.pending.add(start_s, pended)
                refused = refused - pended
            else:
                flows.refused_full[now] += (passed - inside) / seconds
            flows.attempts[now] += clients / seconds
            flows.refused_by_fault[now] += (clients - not_refused) / seconds
            flows.refused_by_rate[now] += (not_refused - passed) / seconds
            refused = np.maximum(refused + decided.refused, 0.0)
            if not refused.any():
                break
            self._refuse(now, refused)
            due = self.waiting.due()
        else:
            self.waiting.put_off(due)
        if np.isfinite(fallen):
            self.missing = max(0.0, self.admission.burst - tokens - (fallen if in_step else 0.0))
        return let_in, at_first

    def _note_work(self, now: slice, worked_s: float, wasted_s: float) -> None:
        """Note the work of a step, before which there had been so much."""
        flows, seconds = self.flows, now.stop - now.start
        flows.work_s[now] += (self.queue.worked_s - worked_s) / seconds
        flows.wasted_s[now] += (self.queue.wasted_s - wasted_s) / seconds
        flows.connecting_seconds = self.queue.connecting_s
        flows.queue_most[now] = self.queue.clients / max(self.admission.units, 1.0)

    @property
    def _free_slots(self) -> float:
        taken = self.open + self.queue.clients + self.pending.clients
        return max(self.admission.slots - taken, 0.0)

    def _go_on(self, now: slice) -> float:
        """With those who came before and wait for units or slots; returns clients let in."""
        flows, seconds = self.flows, now.stop - now.start
        start_s = self.model.start_s + now.start
        decided = [self.queue.due(start_s + seconds)]
        expired = np.zeros_like(self.waiting.total)
        if self.pending.clients:
            free = max(self.admission.slots - self.open - self.queue.clients, 0.0)
            for waited_s, clients in self.pending.take(free, start_s):
                decided.append(self.queue.come(start_s, seconds, clients, self.open, waited_s))
            expired = self.pending.expired(start_s + seconds)
            patient = self.model.admission.pending_seconds <= self.model.reconnect.timeout
            counts = flows.refused_full if patient else flows.timed_out
            counts[now] += expired.sum() / seconds
        let_in = 0.0
        for each in decided:
            let_in += self._decide(now, each)
            expired = expired + each.refused
        self._refuse(now, expired)
        return let_in

    def _decide(self, now: slice, decided: Decided) -> float:
        """Clients are connected, or it is counted why they are not; returns those who are."""
        flows, seconds, entered = self.flows, now.stop - now.start, decided.let_in
        several = float(entered.sum())
        self.open += several
        flows.new_connections[now] += several / seconds
        flows.refused_busy[now] += decided.busy.sum() / seconds
        flows.refused_by_stage[now] += decided.by_stage.sum() / seconds
        flows.timed_out[now] += decided.gone.sum() / seconds
        if now.start >= self.model.warm_up_s:
            self._count_attempts(entered.sum(axis=0))
        flows.back_by_fault[:, now] += entered[FAULTS_FROM:].sum(axis=1)[:, None] / seconds
        return several

    def _refuse(self, now: slice, clients: FloatArray) -> None:
        """Clients were refused, and wait or give up."""
        if not clients.any():
            return
        seconds = now.stop - now.start
        gave_up = self.waiting.refuse(clients)
        self.flows.gave_up[now] += gave_up.sum() / seconds
        self.flows.back_by_fault[:, now] += gave_up[FAULTS_FROM:, None] / seconds
        self.gave_up += float(gave_up.sum())

    def _count_attempts(self, let_in: FloatArray) -> None:
        """Count clients let in by their refusals before, shape (levels,); few have so many."""
        told_apart = let_in[:LEVELS]
        self.flows.attempts_needed[: told_apart.size] += told_apart
        self.flows.attempts_needed[-1] += let_in[LEVELS:].sum()

    def _leave(self, now: slice, leave: float) -> float:
        """Sessions end, of clients that are connected, wait, or have given up.

        Returns:
            Sessions that are not yet here to end: of clients who come in the same step.
        """
        waiting, seconds = self.waiting, now.stop - now.start
        # of those who wait it is known for how long they have, of others what is left then
        shares = 1.0 - (1.0 - self.waiting_leave) ** seconds
        waits = waiting.total + self.queue.total + self.pending.total
        expected = float((waits * shares).sum())
        # in a second with many ends more of theirs are among them, and in one with none, none
        usual = max(float(self.leaving[now].sum()), expected)
        shares = np.minimum(shares * (leave / usual), 1.0) if usual > 0 else shares
        expected = float((waits * shares).sum())
        there = self.open + self.gave_up
        rest = max(leave - expected, 0.0)
        share = min(rest / there, 1.0) if there > 0 else 0.0
        # if that is not enough, some leave before it was expected of them
        left_over, still = rest - share * there, float((waits * (1.0 - shares)).sum())
        if left_over > 0 and still > 0:
            shares += (1.0 - shares) * min(left_over / still, 1.0)
        left_trying = self.queue.thin(shares) + self.pending.thin(shares)
        left = waiting.thin(shares) + left_trying
        self.flows.timed_out[now] += left_trying.sum() / seconds
        left_gone, ended = self.gave_up * share, self.open * share
        self.flows.ended[now] += ended / seconds
        self.flows.left_waiting[now] += left.sum() / seconds
        self.flows.back_by_fault[:, now] += left[FAULTS_FROM:, None] / seconds
        self.open -= ended
        self.gave_up -= left_gone
        for draining in self.draining:
            draining.among *= 1.0 - share
        return leave - float(left.sum()) - left_gone - ended


def _nearest_second(times_s: FloatArray) -> IntArray:
    """Seconds in which something counts as happened, half a second rounded down."""
    return np.ceil(times_s - 0.5).astype(np.int64)


def _around(counts: FloatArray) -> FloatArray:
    """Mean of the counts of the seconds around each."""
    window = np.ones(min(_AROUND_S, counts.size))
    return np.convolve(counts, window, "same") / np.convolve(np.ones(counts.size), window, "same")


def _leaving_at(model: Model, waited_s: FloatArray) -> FloatArray:
    """Share of those who wait whose session ends in a second, by how long they have waited.

    Newcomers have a whole session before them; of all others, a random moment of their session is
    when they lost their connection.

    Args:
        model: who comes and for how long.
        waited_s: from when until when they wait, shape (2, groups, levels).
    """
    hours = waited_s / SECONDS_PER_HOUR
    weights, laws = stream_weights(model), [stream.session for stream in model.streams]
    left = np.average([law.survival(hours) for law in laws], axis=0, weights=weights)
    rest = [law.mean - law.integrated_survival(1, hours) for law in laws]
    left[:, AGED:] = np.average(rest, axis=0, weights=weights)[:, AGED:]
    # who has been here for longer than sessions last can only leave
    here, still = np.maximum(left, 0.0)
    kept = np.divide(still, here, out=np.zeros_like(here), where=here > 0)
    return np.clip(1.0 - kept ** (1.0 / (waited_s[1] - waited_s[0])), 0.0, 1.0)
