"""The exact engine against a simulation that takes one event after the other from a heap."""

import heapq
import math
from collections import Counter
from dataclasses import fields, replace

import numpy as np
import pytest

from estimator.demand.admission_limits import AdmissionLimits, Autoscaling, ConnectWork, Stage
from estimator.scenario.disruptions import Broadcast, FlashCrowd, TopOfHour
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    WeibullSession,
)
from estimator.simulation import exact_engine
from estimator.simulation.admission import Scaler, allowed
from estimator.simulation.disruptions import surge_streams
from estimator.simulation.exact_engine import simulate_exact
from estimator.simulation.flows import COUNTED, LEVELS, Flows
from estimator.simulation.model import ArrivalRate, Cut, Model, Stream, Throttle
from estimator.simulation.population import draw_population

WAIT, NOTICE, CHOICE, MOMENT, WORK, REFUSAL, UNIT, OTHER_UNIT, SLOW_START = range(9)
LIMITS, DECIDE, END, LOSE, SERVED, TORN, PASSED, WORKED, GHOST, TIMED_OUT, PENDED, KNOCK = range(12)
"""Kinds of events, in the order in which those at the same moment happen."""


class OneAfterTheOther:
    """The same clients and the same uniforms, with a heap of events and no array in sight."""

    def __init__(self, model, seed):
        rng = np.random.default_rng(seed)
        self.population = draw_population(model, rng)
        self.key = int(rng.integers(2**63))
        self.model, self.start, self.end = model, model.start_s, float(model.horizon_s)
        self.leave = self.population.leave_s.tolist()
        self.flows = Flows.empty(int(self.end - self.start), len(model.faults), LEVELS)
        self.heap, self.opened, self.waiting, self.lost_to = [], {}, set(), {}
        self.attempts, self.connecting, self.pending = Counter(), {}, {}
        self.free, self.inside, self.turn = {}, Counter(), 0
        self.unit, self.held, self.parts, self.new, self.sent = {}, Counter(), [], {}, {}
        self.stages, self.passed, self.losses = [], {}, Counter()

    def uniforms(self, client, number, purpose):
        """SplitMix64 over client and attempt, in the whole numbers of Python."""
        mixed = (client * 0x9E3779B97F4A7C15 + self.key) % 2**64
        for word in (number, purpose):
            mixed = ((mixed ^ word) + 0x9E3779B97F4A7C15) % 2**64
            mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
            mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
            mixed ^= mixed >> 31
        return (mixed >> 11) / 2**53

    def count(self, name, time, *fault, amount=1.0):
        if time < self.end:
            getattr(self.flows, name)[(*fault, int(time - self.start))] += amount

    def plan(self, time, kind, client=-1, *details):
        if time < self.end:
            heapq.heappush(self.heap, (time, kind, client, *details))

    def run(self):
        model, there = self.model, self.population.at_start
        self.scaler, self.decisions = Scaler.settled(model.admission, there), 0
        now = allowed(model, self.start, self.scaler.running)
        self.rate, self.burst, self.slots = now.new_connections_per_second, now.burst, now.slots
        self.units, self.refusing = now.units, now.refused_share
        self.look_at_units(self.start)
        self.tokens, self.fallen, self.since, self.phase = self.burst, 0, self.start, 0.0
        for client, (came, leave) in enumerate(
            zip(self.population.came_s.tolist(), self.leave, strict=True)
        ):
            self.plan(leave, END, client)
            if client >= there:
                self.plan(came, KNOCK, client, 0, model.reconnect.base)
            elif len(self.opened) + 1 <= self.slots:
                if not self.is_pooled:
                    self.go_to(client, self.unit_for(client, self.start))
                self.open(client, self.start - math.fmod(self.start - came, self.age))
            else:
                wait = self.uniforms(client, 0, WAIT) * model.reconnect.cap
                self.waiting.add(client)
                self.plan(self.start + wait, KNOCK, client, 0, wait)
        self.flows.open_at_start = len(self.opened)
        self.flows.waiting_at_start = len(self.waiting)
        for number, cut in enumerate(model.cuts):
            self.plan(cut.at_s, LIMITS, number)
        for throttle in model.throttles:
            self.plan(throttle.from_s, LIMITS)
            self.plan(throttle.until_s, LIMITS)
        self.plan(0.0, LIMITS)
        if model.admission.autoscaling:
            decisions = range(math.ceil((self.end - self.start) / self.scaler.every_seconds))
            for number in decisions:
                self.plan(self.start + number * self.scaler.every_seconds, DECIDE)
        admission = [(self.start, self.scaler.running, self.slots)]
        while self.heap:
            time, kind, client, *details = heapq.heappop(self.heap)
            if kind in (LIMITS, DECIDE):
                self.change(time, kind, client)
                admission.append((time, self.scaler.running, self.slots))
            elif kind == END:
                self.leave_at(time, client)
            elif kind == LOSE:
                self.lose(time, client, *details)
            elif kind == WORKED and details == [self.losses[client]]:
                self.inside[client] -= 1
            elif kind == GHOST and details == [self.losses[client]]:
                self.through_stages(time)
            elif kind in (WORKED, GHOST):
                pass
            elif kind in (SERVED, TORN, PASSED, TIMED_OUT):
                self.decided(time, kind, client, *details)
            elif kind == PENDED:
                self.waited_for_slot(time, client, *details)
            else:
                self.knock(time, client, *details)
            self.give_slots(time)
        for since in self.opened.values():
            self.flows.connection_seconds += self.end - max(since, self.start)
        for time, units, slots in admission:
            seconds = slice(int(time - self.start), None)
            self.flows.units[seconds], self.flows.slots[seconds] = units, slots
        return self.flows

    @property
    def age(self):
        return self.model.admission.age_most_seconds

    def change(self, time, kind, number):
        if kind == LIMITS and number >= 0:
            self.choose(self.model.cuts[number], number)
        self.scaler.wake(time)
        if kind == DECIDE:
            wanted = len(self.opened) + len(self.connecting) + len(self.pending)
            stopped = self.scaler.decide(time, float(wanted))
            if stopped:
                cut = Cut(time, stopped, fault=-1, span=(1.0 - stopped, 1.0))
                self.choose(cut, len(self.model.cuts) + self.decisions)
            self.decisions += 1
            self.plan(self.scaler.next_ready_s, LIMITS)
        self.refill(time)
        now = allowed(self.model, time, self.scaler.running)
        if now.new_connections_per_second != self.rate:
            passed = (time - self.since) * self.rate + self.phase if self.rate < math.inf else 0.0
            self.phase, self.since, self.fallen = passed - math.floor(passed), time, 0
        self.rate, self.burst, self.slots = now.new_connections_per_second, now.burst, now.slots
        self.units, self.refusing = now.units, now.refused_share
        self.look_at_units(time)
        self.tokens = min(self.tokens, self.burst)

    @property
    def is_pooled(self):
        return self.model.admission.balancing == "pooled"

    def active(self, time):
        return [each for each in self.model.throttles if each.from_s <= time < each.until_s]

    def look_at_units(self, time):
        """Which units are there, and what they and the stages have time for."""
        admission, before = self.model.admission, self.parts
        if self.is_pooled:
            running = math.ceil(self.units)
            self.parts = [self.units / max(running, 1)] * running
        else:
            running = math.ceil(self.scaler.running)
            self.parts = [self.scaler.running / running] * running
            for fault in self.active(time):
                first, last = fault.span or (fault.units_share, 1.0)
                for unit in range(running) if fault.units_share < 1 else ():
                    lost = min(last * running, unit + 1) - max(first * running, unit)
                    left = self.parts[unit] * (1 - max(lost, 0.0))
                    self.parts[unit] = left if left > 1e-9 else 0.0
        for unit, part in enumerate(before):
            if part > 0 and not (unit < len(self.parts) and self.parts[unit] > 0):
                self.losses[unit] += 1
                self.inside[unit] = 0
                if admission.connect_work:
                    self.free[unit] = [time] * admission.connect_work.servers
        torn = [] if self.is_pooled else sorted(self.connecting)
        for client in torn:
            unit = self.unit[client]
            if not (unit < len(self.parts) and self.parts[unit] > 0):
                attempt, _, refusals, waited = self.connecting[client]
                self.decided(time, TORN, client, attempt, refusals, waited)
        for unit, part in enumerate(self.parts):
            if part > 0 and not (unit < len(before) and before[unit] > 0):
                self.new[unit] = time if time > self.start else -math.inf
                self.sent[unit] = time
            if unit not in self.free and admission.connect_work:
                self.free[unit] = [time] * admission.connect_work.servers
        self.stages = [(stage.per_second, stage.queue) for stage in admission.stages]
        for fault in self.model.throttles:
            if fault.stage is not None:
                is_on = fault.from_s <= time < fault.until_s
                rate = fault.stage.per_second if is_on else math.inf
                self.stages.append((rate, fault.stage.queue))
        self.hour = int(time // 3600) % 168
        if self.units:
            self.sharing = self.units

    def slower(self, busy, of):
        """How many times longer something takes, as messages of those connected take their part."""
        if busy is None:
            return 1.0
        sending = len(self.opened) + len(self.connecting)
        return 1 / max(1 - busy[self.hour] / (self.sharing * of) * sending, 0.01)

    def unit_for(self, client, time):
        """The unit that a balancer chooses, among those that are there."""
        there = [unit for unit, part in enumerate(self.parts) if part > 0]
        attempt, admission = self.attempts[client], self.model.admission

        def warmth(unit):
            slow = admission.slow_start_seconds
            return min((time - self.new[unit]) / slow, 1.0) if slow else 1.0

        if admission.balancing == "sticky":
            unit = int(self.uniforms(client, 0, UNIT) * len(self.parts))
            other = there[int(self.uniforms(client, 0, OTHER_UNIT) * len(there))]
            return unit if unit in there else other
        turn = self.turn
        if admission.balancing == "random":
            turn = int(self.uniforms(client, attempt, UNIT) * len(there))
        else:
            self.turn += 1
        turns = [there[(turn + more) % len(there)] for more in range(len(there))]
        if admission.balancing == "least_connections":
            return min(turns, key=lambda unit: (self.held[unit] + 1) / max(warmth(unit), 1e-9))
        if not admission.slow_start_seconds:
            return turns[0]
        chance = self.uniforms(client, attempt, SLOW_START)
        return next((unit for unit in turns if chance < warmth(unit)), turns[0])

    def go_to(self, client, unit):
        self.unit[client] = unit
        self.held[unit] += 1

    def choose(self, cut, number):
        span = None if self.is_pooled else cut.span
        chosen = [(client, LOSE) for client in self.opened]
        chosen += [(client, TORN) for client in self.connecting] if span else []
        for client, kind in chosen:
            share = cut.share
            if span:
                first, last = (edge * len(self.parts) for edge in span)
                unit = self.unit[client]
                share = max(min(last, unit + 1) - max(first, unit), 0.0)
            if self.uniforms(client, number, CHOICE) < share:
                moment = cut.at_s + cut.over_s * self.uniforms(client, number, MOMENT)
                if kind == LOSE:
                    opened = self.opened[client]
                    details = (number, opened, cut.fault, cut.notice_s, cut.away_s)
                    self.plan(moment, LOSE, client, *details)
                else:
                    attempt, _, refusals, waited = self.connecting[client]
                    self.plan(cut.at_s, TORN, client, attempt, refusals, waited)

    def refill(self, time):
        if math.isfinite(self.rate):
            fallen = math.floor((time - self.since) * self.rate + self.phase)
            self.tokens = min(self.tokens + fallen - self.fallen, self.burst)
            self.fallen = fallen

    def open(self, client, since):
        self.opened[client] = since
        if since + self.age < self.leave[client]:
            self.plan(since + self.age, LOSE, client, 1e9, since, -1, 0.0, 0.0, "aged")

    def close(self, time, client):
        self.held[self.unit.get(client)] -= 1
        self.flows.connection_seconds += time - max(self.opened.pop(client), self.start)

    def back(self, time, client):
        fault = self.lost_to.pop(client, -1)
        if fault >= 0:
            self.count("back_by_fault", time, fault)

    def leave_at(self, time, client):
        if client in self.opened:
            self.close(time, client)
            self.count("ended", time)
        elif client in self.waiting:
            self.waiting.remove(client)
            if self.connecting.pop(client, None) is not None:
                self.held[self.unit[client]] -= 1
                self.count("timed_out", time)
            if self.pending.pop(client, None) is not None:
                self.count("timed_out", time)
            self.count("left_waiting", time)
            self.back(time, client)

    def lose(self, time, client, _, opened, fault, notice, away, reason="cut"):
        if self.opened.get(client) != opened:
            return
        self.close(time, client)
        self.count(reason, time)
        self.waiting.add(client)
        if fault >= 0:
            self.lost_to[client] = fault
            self.count("lost_by_fault", time, fault)
        wait = self.wait(client, time, 0, self.model.reconnect.base)
        noticed = notice * self.uniforms(client, self.attempts[client], NOTICE)
        self.plan(time + max(away, noticed + wait), KNOCK, client, 0, wait)

    def wait(self, client, time, refusals, waited):
        policy = self.model.reconnect
        uniforms = self.uniforms(client, self.attempts[client], WAIT)
        if policy.backoff == "decorrelated":
            before = waited if refusals else policy.base
            return min(policy.cap, policy.base + uniforms * (3 * before - policy.base))
        grown = min(policy.cap, policy.base * 2.0 ** min(refusals, 60))
        least, most = {
            "none": (0.0, 0.0),
            "exponential": (grown, grown),
            "equal_jitter": (grown / 2, grown),
            "full_jitter": (0.0, grown),
        }[policy.backoff]
        return least + uniforms * (most - least)

    def knock(self, time, client, refusals, waited):
        if time >= self.leave[client]:
            return
        if client not in self.waiting:
            self.count("arrivals", time)
            self.waiting.add(client)
        self.count("attempts", time)
        self.attempts[client] += 1
        attempt = self.attempts[client]
        if self.refusing and self.uniforms(client, attempt, REFUSAL) < self.refusing:
            self.refused("refused_by_fault", time, client, refusals + 1, waited)
            return
        self.refill(time)
        if self.rate < math.inf and self.tokens < 1:
            self.refused("refused_by_rate", time, client, refusals + 1, waited)
            return
        self.tokens -= 1 if self.rate < math.inf else 0
        pending_s = self.model.admission.pending_seconds
        if len(self.opened) + len(self.connecting) + 1 <= self.slots:
            self.connect(time, client, time, refusals, waited)
        elif pending_s:
            self.pending[client] = (attempt, time, refusals, waited)
            until = time + min(pending_s, self.model.reconnect.timeout)
            self.plan(until, PENDED, client, attempt, refusals, waited)
        else:
            limits = self.model.admission.connect_work
            if limits and limits.refusal_share and any(self.parts):
                self.turn_away(time, self.unit_for(client, time), limits.refusal_share)
            self.refused("refused_full", time, client, refusals + 1, waited)

    def waited_for_slot(self, time, client, attempt, refusals, waited):
        if self.pending.get(client, (0,))[0] == attempt:
            del self.pending[client]
            patient = self.model.admission.pending_seconds <= self.model.reconnect.timeout
            reason = "refused_full" if patient else "timed_out"
            self.refused(reason, time, client, refusals + 1, waited, answer=0.0)

    def give_slots(self, time):
        while self.pending and len(self.opened) + len(self.connecting) + 1 <= self.slots:
            client = next(iter(self.pending))
            _, since, refusals, waited = self.pending.pop(client)
            self.connect(time, client, since, refusals, waited)

    def connect(self, time, client, since, refusals, waited):
        """Go to a unit, which may have no slot, no room in its backlog, or work to do first."""
        admission, unit = self.model.admission, self.unit_for(client, time)
        work = admission.connect_work
        slots = math.inf if self.is_pooled else admission.connections_per_unit * self.parts[unit]
        if self.held[unit] + 1 > slots:
            self.turn_away(time, unit, work.refusal_share if work else 0.0)
            self.refused("refused_full", time, client, refusals + 1, waited)
        elif work and self.inside[unit] >= work.servers + work.backlog:
            self.turn_away(time, unit, work.overflow_share)
            self.refused("refused_busy", time, client, refusals + 1, waited)
        else:
            self.go_to(client, unit)
            if work or self.stages:
                self.serve(time, client, unit, since, refusals, waited)
            else:
                self.flows.connecting_seconds += time - since
                self.let_in(time, client, refusals)

    def work(self, time, unit, seconds):
        """A server of the unit works; returns until when."""
        free = self.free[unit]
        limits = self.model.admission.connect_work
        longer = self.slower(limits.busy_servers, limits.servers) / self.parts[unit]
        done = max(min(free), time) + seconds * longer
        free[free.index(min(free))] = done
        self.count("work_s", time, amount=seconds)
        return done

    def turn_away(self, time, unit, share):
        if share:
            seconds = self.model.admission.connect_work.seconds * share
            self.work(time, unit, seconds)
            self.count("wasted_s", time, amount=seconds)

    def serve(self, time, client, unit, since, refusals, waited):
        limits, attempt, done = self.model.admission.connect_work, self.attempts[client], time
        if limits:
            done = self.work(time, unit, self.seconds_of(client))
            self.inside[unit] += 1
            self.plan(done, WORKED, unit, self.losses[unit])
            if limits.transfer_seconds:
                longer = self.slower(limits.busy_networks, 1) / self.parts[unit]
                done = max(self.sent.get(unit, -math.inf), done) + limits.transfer_seconds * longer
                self.sent[unit] = done
        self.connecting[client] = (attempt, since, refusals, waited)
        if done < self.gone(client, since):
            kind = PASSED if self.stages else SERVED
            self.plan(done, kind, client, attempt, refusals, waited)
            return
        if self.stages:
            self.plan(done, GHOST, unit, self.losses[unit])
        self.will_be_gone(time, client, attempt, since, refusals, waited)

    def seconds_of(self, client):
        limits = self.model.admission.connect_work
        if not limits:
            return 0.0
        if not limits.varies:
            return limits.seconds
        chance = self.uniforms(client, self.attempts[client], WORK)
        return -limits.seconds * math.log(1 - chance)

    def gone(self, client, since):
        return min(since + self.model.reconnect.timeout, self.leave[client])

    def will_be_gone(self, time, client, attempt, since, refusals, waited):
        self.count("wasted_s", time, amount=self.seconds_of(client))
        gone = self.gone(client, since)
        if gone < self.leave[client]:
            self.plan(gone, TIMED_OUT, client, attempt, refusals, waited)

    def through_stages(self, time):
        """When who comes to the stages now has passed them; None if one is full."""
        done = time
        for number, (rate, queue) in enumerate(self.stages):
            if math.isfinite(rate):
                free = self.passed.get(number, -math.inf)
                if free - done > queue / rate:
                    return None
                done = self.passed[number] = max(free, done) + 1 / rate
        return done

    def decided(self, time, kind, client, attempt, refusals, waited):
        if self.connecting.get(client, (0,))[0] != attempt:
            return
        _, since, *_ = self.connecting[client]
        if kind == PASSED:
            done = self.through_stages(time)
            if done is not None:
                if done < self.gone(client, since):
                    self.plan(done, SERVED, client, attempt, refusals, waited)
                else:
                    self.will_be_gone(time, client, attempt, since, refusals, waited)
                return
            self.count("wasted_s", time, amount=self.seconds_of(client))
        del self.connecting[client]
        if kind == SERVED:
            self.flows.connecting_seconds += time - since
            self.let_in(time, client, refusals)
            return
        self.held[self.unit[client]] -= 1
        if kind == PASSED:
            self.refused("refused_by_stage", time, client, refusals + 1, waited)
        else:
            reason = "timed_out" if kind == TIMED_OUT else "refused_by_fault"
            self.refused(reason, time, client, refusals + 1, waited, answer=0.0)

    def let_in(self, time, client, refusals):
        self.count("new_connections", time)
        self.flows.attempts_needed[min(refusals, LEVELS - 1)] += time >= 0
        self.waiting.remove(client)
        self.back(time, client)
        self.open(client, time)

    def refused(self, reason, time, client, refusals, waited, answer=None):
        self.count(reason, time)
        policy = self.model.reconnect
        if policy.give_up_after is not None and refusals >= policy.give_up_after:
            self.count("gave_up", time)
            self.waiting.remove(client)
            self.back(time, client)
            return
        wait = self.wait(client, time, refusals, waited)
        answer = policy.answer if answer is None else answer
        self.plan(time + answer + wait, KNOCK, client, refusals, wait)


def steady(per_second):
    return ArrivalRate(np.array([0.0, 604800.0]), np.full(2, per_second), periodic=True)


def waves(per_second, period_s):
    knots = np.linspace(0, period_s, 13)
    return ArrivalRate(knots, per_second * (1 + 0.9 * np.sin(np.linspace(0, 2 * np.pi, 13))), True)


def random_model(number):
    """Small, and full of trouble."""
    rng = np.random.default_rng(number)

    def one_of(*options):
        return options[rng.integers(len(options))]

    def chance(share):
        return rng.random() < share

    mean_hours = float(np.exp(rng.uniform(np.log(3), np.log(600)))) / 3600
    law = one_of(
        ExponentialSession(mean_hours=mean_hours),
        LognormalSession(mean_hours=mean_hours, sigma=1.5),
        WeibullSession(shape=0.6, scale_hours=mean_hours),
        DeterministicSession(hours=mean_hours),
        EmpiricalSession(lengths_hours=(mean_hours / 2, mean_hours, 2 * mean_hours)),
    )
    horizon = int(rng.integers(150, 600))
    warm_up = one_of(0, 0, 60, 137)
    rate = min(float(rng.uniform(20, 200)) / (mean_hours * 3600), 3.0)
    shape = one_of(steady(rate), waves(rate, float(rng.uniform(100, 500))))
    streams = (Stream(shape, law),)
    there = rate * mean_hours * 3600
    if chance(0.3):
        rush = ArrivalRate(np.array([60.0, 90.0]), np.array([6.0, 0.0]), periodic=False)
        streams += (Stream(rush, ExponentialSession(mean_hours=mean_hours)),)
    base = float(rng.uniform(0.3, 3))
    reconnect = Reconnect(
        backoff=one_of("none", "exponential", "equal_jitter", "full_jitter", "decorrelated"),
        base=base,
        cap=base * float(rng.uniform(1, 30)),
        give_up_after=one_of(None, None, 1, 3),
        answer=float(rng.uniform(0.2, 1)),
    )
    admission = {}
    if chance(0.7):
        admission["new_connections_per_second"] = one_of(
            0.5, float(rng.uniform(0.8, 4) * max(rate, 0.3)), 5.0
        )
        admission["new_connections_burst"] = one_of(None, None, 0.4, 3, 40)
    if chance(0.5):
        admission["connections_most"] = float(there * rng.uniform(0.6, 1.4))
    if chance(0.4):
        admission["age_most_seconds"] = float(rng.uniform(4, 200))
    if chance(0.5):
        admission["connections_per_unit"] = max(there / 4, 1.0)
        admission["new_connections_per_second_per_unit"] = one_of(math.inf, max(rate / 2, 0.3))
        if chance(0.6):
            admission["autoscaling"] = Autoscaling(
                target_share=float(rng.uniform(0.5, 1)),
                every_seconds=one_of(10.0, 15.5, 60.0),
                lag_seconds=one_of(0.0, 20.0),
                start_seconds=one_of(0.0, 33.0, 60.0),
                cool_down_seconds=one_of(0.0, 45.0, 100.0),
                spare_units=one_of(0, 1),
                counts=one_of((), (1, 2, 4, 8)),
            )
        else:
            admission["units"] = float(rng.integers(3, 6))
    at = one_of(0.0, 30.0, float(rng.uniform(0, horizon)), horizon - 1.0)
    cuts = [
        Cut(
            at if chance(0.5) else float(rng.uniform(0, horizon)),
            one_of(0.3, 0.8, 1.0),
            over_s=one_of(0.0, 0.0, 0.3, 25.0, 2000.0),
            notice_s=one_of(0.0, 30.0),
            away_s=one_of(0.0, 0.0, 20.0),
            fault=fault,
        )
        for fault in range(int(rng.integers(0, 4)))
    ]
    throttles = []
    if chance(0.5):
        throttles.append(Throttle(at, at + 60.5, units_share=one_of(0.0, 0.0, 0.3, 0.75)))
    if chance(0.3):
        begins = float(rng.uniform(0, horizon))
        throttles.append(Throttle(begins, one_of(1e9, begins + 40), new_connections_per_second=0.5))
    return Model(
        streams,
        reconnect,
        AdmissionLimits(**admission),
        tuple(sorted(cuts, key=lambda cut: cut.at_s)),
        tuple(throttles),
        horizon_s=horizon,
        warm_up_s=warm_up,
        faults=tuple(f"fault {number}" for number in range(len(cuts))),
    )


def assert_same(found, expected):
    for field in (each for each in fields(Flows) if each.compare and each.name != "queue_most"):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if field.name in ("connection_seconds", "connecting_seconds", "work_s", "wasted_s"):
            np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-6, err_msg=field.name)
        else:
            np.testing.assert_array_equal(one, other, err_msg=field.name)


@pytest.mark.parametrize("number", range(30))
def test_every_second_is_that_of_one_event_after_the_other(number):
    model, seed = random_model(number), np.random.SeedSequence(number)
    expected = OneAfterTheOther(model, seed).run().after(model.warm_up_s)
    assert_same(simulate_exact(model, seed), expected)


def test_surges_too():
    seed = np.random.SeedSequence(5)
    surges = (
        FlashCrowd(at=0.05, clients=300, over=30),
        Broadcast(at=0.1, clients=200, gather=120, lasts=200),
        TopOfHour(share=0.4, within=60),
    )
    usual = (Stream(waves(1.0, 3600.0), ExponentialSession(mean_hours=0.05)),)
    model = Model(
        surge_streams(surges, usual),
        Reconnect(),
        AdmissionLimits(new_connections_per_second=4.0),
        horizon_s=900,
    )
    expected = OneAfterTheOther(model, seed).run()
    assert expected.refused_by_rate.sum() > 100
    assert_same(simulate_exact(model, seed), expected)


@pytest.mark.parametrize("number", range(200, 230))
def test_so_it_is_where_units_serve_in_order(number):
    model, rng = random_model(number), np.random.default_rng(number)
    work = ConnectWork(
        seconds=float(rng.uniform(0.05, 3)),
        varies=bool(rng.integers(2)),
        servers=int(rng.integers(1, 4)),
        backlog=float(rng.choice([0, 2, 20, np.inf])),
        refusal_share=float(rng.choice([0.0, 0.3])),
        overflow_share=float(rng.choice([0.0, 0.3])),
    )
    limits = replace(model.admission, connect_work=work)
    timeout = {"timeout": float(rng.choice([1.0, 5.0, 86_400.0]))}
    model = replace(model, admission=limits, reconnect=model.reconnect.model_copy(update=timeout))
    seed = np.random.SeedSequence(number)
    expected = OneAfterTheOther(model, seed).run().after(model.warm_up_s)
    assert_same(simulate_exact(model, seed), expected)


@pytest.mark.parametrize("number", range(300, 360))
def test_so_it_is_where_balancers_choose_units_and_stages_follow(number):
    model, rng = random_model(number), np.random.default_rng(number)

    def one_of(*options):
        return options[rng.integers(len(options))]

    work = ConnectWork(
        seconds=float(rng.uniform(0.05, 1.5)),
        servers=int(rng.integers(1, 3)),
        backlog=float(one_of(2, 20, np.inf)),
        refusal_share=one_of(0.0, 0.3),
        overflow_share=one_of(0.0, 0.3),
        transfer_seconds=one_of(0.0, 0.2),
        busy_servers=one_of(None, rng.uniform(0, 0.05, 168)),
        busy_networks=one_of(None, rng.uniform(0, 0.05, 168)),
    )
    admission = model.admission
    limits = replace(
        admission,
        units=admission.units or (None if admission.autoscaling else 3.0),
        connect_work=one_of(work, work, None),
        balancing=one_of("pooled", "round_robin", "least_connections", "random", "sticky"),
        stages=one_of((), (Stage("database", per_second=2.0, queue=one_of(5, np.inf)),)),
        slow_start_seconds=one_of(0.0, 20.0),
        pending_seconds=one_of(0.0, 0.0, 5.0, 40.0),
    )
    share = one_of(0.25, 1 / 3, 0.5)
    span = (1 - share, 1.0)
    begins = float(rng.uniform(0, 100))
    slow = Stage("slow", per_second=0.7, queue=10)
    model = replace(
        model,
        admission=limits,
        reconnect=model.reconnect.model_copy(update={"timeout": one_of(1.0, 5.0, 86_400.0)}),
        cuts=tuple(
            replace(cut, span=(1 - cut.share, 1.0)) if rng.random() < 0.5 else cut
            for cut in (*model.cuts, Cut(begins, share, span=span))
        ),
        throttles=(
            *model.throttles,
            Throttle(begins, begins + 50, units_share=1 - share, span=span),
            Throttle(begins, begins + 30, refused_share=one_of(0.0, 0.5)),
            *one_of((), (Throttle(begins + 20, begins + 60, stage=slow),)),
        ),
        faults=(*model.faults, "zone")[: max(len(model.faults), 1)],
    )
    model = replace(model, cuts=tuple(sorted(model.cuts, key=lambda cut: cut.at_s)))
    seed = np.random.SeedSequence(number)
    expected = OneAfterTheOther(model, seed).run().after(model.warm_up_s)
    assert_same(simulate_exact(model, seed), expected)


def test_nor_does_it_matter_that_everything_happens_at_the_same_moments():
    # answers after 0.2 s and five tokens per second: attempts meet the tokens to the last digit
    model = Model(
        (Stream(steady(0.5), DeterministicSession(hours=0.05)),),
        Reconnect(backoff="none", answer=0.2),
        AdmissionLimits(new_connections_per_second=5.0, connections_most=95.0),
        (Cut(30.0, 1.0), Cut(60.2, 0.5, fault=1)),
        horizon_s=75,
        faults=("one", "two"),
    )
    seed = np.random.SeedSequence(1)
    assert_same(simulate_exact(model, seed), OneAfterTheOther(model, seed).run())


@pytest.mark.parametrize("at_once", [1, 37])
def test_nor_how_often_the_loop_pauses_or_how_much_room_it_has(at_once, monkeypatch):
    model, seed = random_model(104), np.random.SeedSequence(104)
    usual = simulate_exact(model, seed)
    monkeypatch.setattr(exact_engine, "_EVENTS_AT_ONCE", at_once)
    monkeypatch.setattr(exact_engine, "_ROOM", 10)
    assert_same(simulate_exact(model, seed), usual)


def quiet(**changes):
    model = Model((Stream(steady(2.0), ExponentialSession(mean_hours=0.1)),), Reconnect())
    return replace(model, horizon_s=1800, **changes)


def test_the_same_seed_gives_the_same_run():
    model = quiet(
        admission=AdmissionLimits(new_connections_per_second=2.2),
        cuts=(Cut(600.0, 0.5),),
        faults=("cut",),
    )
    one, other = (simulate_exact(model, np.random.SeedSequence(7)) for _ in range(2))
    assert_same(one, other)
    assert one.connection_seconds == other.connection_seconds


def test_another_seed_gives_another_run():
    one, other = (simulate_exact(quiet(), np.random.SeedSequence(seed)) for seed in (7, 8))
    assert np.count_nonzero(one.arrivals != other.arrivals) > 900


def test_a_changed_policy_changes_only_what_it_touches():
    model = quiet(cuts=(Cut(600.0, 0.5), Cut(1200.0, 0.5, over_s=60.0, fault=1)), faults=("a", "b"))
    other = replace(model, reconnect=Reconnect(backoff="decorrelated", base=2, cap=20))
    seed = np.random.SeedSequence(7)
    one, two = simulate_exact(model, seed), simulate_exact(other, seed)
    # nobody else comes, and the same connections are taken; when clients are back differs
    np.testing.assert_array_equal(one.arrivals, two.arrivals)
    np.testing.assert_array_equal(one.lost_by_fault[0], two.lost_by_fault[0])
    assert (one.back_by_fault[0] != two.back_by_fault[0]).any()
    # of the second cut, those taken who were connected both times
    assert abs(one.lost_by_fault[1] - two.lost_by_fault[1]).sum() < 5


def test_limits_that_do_not_bind_change_nothing_but_their_own_size():
    seed = np.random.SeedSequence(3)
    wide = simulate_exact(
        quiet(admission=AdmissionLimits(new_connections_per_second=50.0, connections_most=2000.0)),
        seed,
    )
    followed = simulate_exact(
        quiet(
            admission=AdmissionLimits(new_connections_per_second=50.0),
            throttles=(Throttle(1e9, 2e9),),
        ),
        seed,
    )
    assert (wide.slots == 2000).all()
    for found in (wide, followed):
        assert_same(replace(found, slots=np.full(1800, np.inf)), simulate_exact(quiet(), seed))


def test_limits_that_bind_for_a_moment_are_followed():
    # one token: of two clients who come within the same second, the second is refused
    found = simulate_exact(
        quiet(admission=AdmissionLimits(new_connections_per_second=1.0)), np.random.SeedSequence(3)
    )
    assert found.refused_by_rate.sum() > 100
    held = simulate_exact(
        quiet(admission=AdmissionLimits(connections_most=700.0)), np.random.SeedSequence(3)
    )
    assert held.refused_full.sum() > 100
    assert held.open_after.max() == 700


@pytest.mark.parametrize("age_s", [3.5, 50.0, 119.0])
def test_connections_are_cut_at_ages_shorter_than_a_window(age_s):
    # clients who stay for ever, and are back at once
    model = Model(
        (Stream(steady(0.001), DeterministicSession(hours=10)),),
        Reconnect(backoff="none"),
        AdmissionLimits(age_most_seconds=age_s),
        horizon_s=700,
    )
    found = simulate_exact(model, np.random.SeedSequence(1))
    assert found.open_at_start > 10
    cuts_of_one = 700 / age_s
    assert found.aged.sum() == pytest.approx(found.open_at_start * cuts_of_one, rel=0.1)


def test_a_connection_is_lost_to_its_age_if_that_comes_first():
    # all are to be taken within the next 1000 s, but none gets older than 100 s
    model = quiet(
        admission=AdmissionLimits(age_most_seconds=100.0),
        cuts=(Cut(600.0, 1.0, over_s=1000.0),),
        faults=("cut",),
    )
    found = simulate_exact(model, np.random.SeedSequence(2))
    assert found.cut[:600].sum() == 0
    # 1 - (1 - x) dx / 1000 over ages x evenly from 0 to 100 s: a twentieth
    before = found.open_after[599]
    assert 0.02 * before < found.cut.sum() < 0.08 * before
    assert found.cut[701:].sum() == 0


def test_clients_of_a_warm_up_are_not_counted():
    model = quiet(admission=AdmissionLimits(new_connections_per_second=2.1), warm_up_s=600)
    found = simulate_exact(model, np.random.SeedSequence(2))
    assert found.arrivals.size == 1800
    assert found.attempts_needed.sum() == found.new_connections.sum()
    found.check()


def test_nobody_comes():
    nobody = Model(
        (Stream(steady(0.0), ExponentialSession(mean_hours=1)),),
        Reconnect(),
        AdmissionLimits(
            new_connections_per_second=1.0, connections_most=5.0, age_most_seconds=60.0
        ),
        (Cut(0.0, 1.0),),
        horizon_s=90,
        faults=("cut",),
    )
    found = simulate_exact(nobody, np.random.SeedSequence(2))
    assert found.open_at_start == 0
    assert not any(getattr(found, name).any() for name in COUNTED)


def test_units_take_connections_as_soon_as_they_are_ready():
    # a surge at 100 s; decisions at 120, 180, ...; units are ready 33 s after one
    rush = ArrivalRate(np.array([100.0, 101.0]), np.array([500.0, 500.0]), periodic=False)
    model = Model(
        (Stream(rush, DeterministicSession(hours=1)),),
        Reconnect(),
        AdmissionLimits(
            connections_per_unit=100.0,
            autoscaling=Autoscaling(target_share=0.5, lag_seconds=0, start_seconds=33.0),
        ),
        horizon_s=600,
    )
    found = simulate_exact(model, np.random.SeedSequence(2))
    rises = np.flatnonzero(np.diff(found.units) > 0) + 1
    assert set(rises.tolist()) <= {120 + 60 * k + 33 for k in range(8)}
    assert rises[0] == 153
    assert found.open_after[152] == 100
    assert found.open_after[-1] > 400
