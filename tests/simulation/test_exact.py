"""The exact engine against a simulation that takes one event after the other from a heap."""

import heapq
import math
from dataclasses import fields

import numpy as np
import pytest

from estimator.demand.doors import Autoscaling, Doors
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    WeibullSession,
)
from estimator.simulation.arrivals import ArrivalRate
from estimator.simulation.backoff import waits_s
from estimator.simulation.exact import LEVELS, simulate_exact
from estimator.simulation.flows import Flows
from estimator.simulation.luck import luck_of
from estimator.simulation.model import Cut, Model, Stream, Throttle
from estimator.simulation.population import draw_population
from estimator.simulation.scaler import Scaler, allowed

NOTICE, WAIT, CHOICE, MOMENT = range(4)
DOORS, DECIDE, END, LOSE, KNOCK = range(5)
"""Kinds of events, in the order in which those at the same moment happen."""


class OneAfterTheOther:
    """The same clients and the same luck, with a heap of events and no array in sight."""

    def __init__(self, model, seed):
        rng = np.random.default_rng(seed)
        self.population = draw_population(model, rng)
        self.key = int(rng.integers(2**63))
        self.model, self.start, self.end = model, model.start_s, float(model.horizon_s)
        self.leave = self.population.leave_s.tolist()
        self.flows = Flows.empty(int(self.end - self.start), len(model.faults), LEVELS)
        self.heap, self.opened, self.waiting, self.lost_to = [], {}, set(), {}

    def luck(self, client, time, purpose):
        return luck_of(self.key, np.array([client]), np.array([time]), purpose)

    def count(self, name, time, *fault):
        if time < self.end:
            getattr(self.flows, name)[(*fault, int(time - self.start))] += 1

    def plan(self, time, kind, client=-1, *details):
        if time < self.end:
            heapq.heappush(self.heap, (time, kind, client, *details))

    def run(self):
        model, there = self.model, self.population.at_start
        self.scaler = Scaler.settled(model.doors, there)
        now = allowed(model, self.start, self.scaler.running)
        self.rate, self.burst, self.places = now.connects_per_second, now.burst, now.places
        self.tokens, self.fallen, self.since, self.phase = self.burst, 0, self.start, 0.0
        for client, (came, leave) in enumerate(
            zip(self.population.came_s.tolist(), self.leave, strict=True)
        ):
            self.plan(leave, END, client)
            if client >= there:
                self.plan(came, KNOCK, client, 0, model.reconnect.base)
            elif len(self.opened) + 1 <= self.places:
                self.open(client, self.start - math.fmod(self.start - came, self.age))
            else:
                wait = float(self.luck(client, came, 0)[0]) * model.reconnect.cap
                self.waiting.add(client)
                self.plan(self.start + wait, KNOCK, client, 0, wait)
        self.flows.open_at_start = len(self.opened)
        self.flows.waiting_at_start = len(self.waiting)
        for number, cut in enumerate(model.cuts):
            self.plan(cut.at_s, DOORS, number)
        for throttle in model.throttles:
            self.plan(throttle.from_s, DOORS)
            self.plan(throttle.until_s, DOORS)
        if model.doors.autoscaling:
            decisions = range(math.ceil((self.end - self.start) / self.scaler.every_seconds))
            for number in decisions:
                self.plan(self.start + number * self.scaler.every_seconds, DECIDE)
        doors = [(self.start, self.scaler.running, self.places)]
        while self.heap:
            time, kind, client, *details = heapq.heappop(self.heap)
            if kind in (DOORS, DECIDE):
                self.change(time, kind, client)
                doors.append((time, self.scaler.running, self.places))
            elif kind == END:
                self.leave_at(time, client)
            elif kind == LOSE:
                self.lose(time, client, *details)
            else:
                self.knock(time, client, *details)
        for since in self.opened.values():
            self.flows.connection_seconds += self.end - max(since, self.start)
        for time, units, places in doors:
            seconds = slice(int(time - self.start), None)
            self.flows.units[seconds], self.flows.places[seconds] = units, places
        return self.flows

    @property
    def age(self):
        return self.model.doors.age_most_seconds

    def change(self, time, kind, number):
        if kind == DOORS and number >= 0:
            self.choose(self.model.cuts[number], number)
        self.scaler.wake(time)
        if kind == DECIDE:
            stopped = self.scaler.decide(time, float(len(self.opened)))
            if stopped:
                self.choose(Cut(time, stopped, fault=-1), len(self.model.cuts))
            self.plan(self.scaler.next_ready_s, DOORS)
        self.refill(time)
        now = allowed(self.model, time, self.scaler.running)
        if now.connects_per_second != self.rate:
            passed = (time - self.since) * self.rate + self.phase if self.rate < math.inf else 0.0
            self.phase, self.since, self.fallen = passed - math.floor(passed), time, 0
        self.rate, self.burst, self.places = now.connects_per_second, now.burst, now.places
        self.tokens = min(self.tokens, self.burst)

    def choose(self, cut, number):
        for client, opened in self.opened.items():
            if self.luck(client, cut.at_s, CHOICE + 8 * number)[0] < cut.share:
                spread = cut.over_s * float(self.luck(client, cut.at_s, MOMENT + 8 * number)[0])
                details = (number, opened, cut.fault, cut.notice_s, cut.away_s)
                self.plan(cut.at_s + spread, LOSE, client, *details)

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
        noticed = notice * float(self.luck(client, time, NOTICE)[0])
        self.plan(time + noticed + max(away, wait), KNOCK, client, 0, wait)

    def wait(self, client, time, refusals, waited):
        luck = self.luck(client, time, WAIT)
        return float(
            waits_s(self.model.reconnect, np.array([refusals]), luck, np.array([waited]))[0]
        )

    def knock(self, time, client, refusals, waited):
        if time >= self.leave[client]:
            return
        if client not in self.waiting:
            self.count("arrivals", time)
            self.waiting.add(client)
        self.count("attempts", time)
        self.refill(time)
        if self.rate < math.inf and self.tokens < 1:
            self.refused("refused_by_rate", time, client, refusals + 1, waited)
            return
        self.tokens -= 1 if self.rate < math.inf else 0
        if len(self.opened) + 1 > self.places:
            self.refused("refused_full", time, client, refusals + 1, waited)
            return
        self.count("connects", time)
        self.flows.attempts_needed[min(refusals, LEVELS - 1)] += time >= 0
        self.waiting.remove(client)
        self.back(time, client)
        self.open(client, time)

    def refused(self, reason, time, client, refusals, waited):
        self.count(reason, time)
        policy = self.model.reconnect
        if policy.give_up_after is not None and refusals >= policy.give_up_after:
            self.count("gave_up", time)
            self.waiting.remove(client)
            self.back(time, client)
            return
        wait = self.wait(client, time, refusals, waited)
        self.plan(time + policy.answer + wait, KNOCK, client, refusals, wait)


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
    horizon = int(rng.integers(300, 1000))
    warm_up = one_of(0, 0, 60, 137)
    rate = min(float(rng.uniform(20, 200)) / (mean_hours * 3600), 3.0)
    shape = one_of(steady(rate), waves(rate, float(rng.uniform(100, 500))))
    streams = (Stream(shape, law),)
    there = rate * mean_hours * 3600
    if chance(0.3):
        rush = ArrivalRate(np.array([100.0, 130.0]), np.array([6.0, 0.0]), periodic=False)
        streams += (Stream(rush, ExponentialSession(mean_hours=mean_hours)),)
    base = float(rng.uniform(0.3, 3))
    reconnect = Reconnect(
        backoff=one_of("none", "exponential", "equal_jitter", "full_jitter", "decorrelated"),
        base=base,
        cap=base * float(rng.uniform(1, 30)),
        give_up_after=one_of(None, None, 1, 3),
        answer=float(rng.uniform(0.2, 1)),
    )
    doors = {}
    if chance(0.7):
        doors["connects_per_second"] = one_of(0.5, float(rng.uniform(0.8, 4) * max(rate, 0.3)), 5.0)
        doors["connects_burst"] = one_of(None, None, 0.4, 3, 40)
    if chance(0.5):
        doors["connections_most"] = float(there * rng.uniform(0.6, 1.4))
    if chance(0.4):
        doors["age_most_seconds"] = float(rng.uniform(4, 200))
    if chance(0.5):
        doors["connections_per_unit"] = max(there / 4, 1.0)
        doors["connects_per_second_per_unit"] = one_of(math.inf, max(rate / 2, 0.3))
        if chance(0.6):
            doors["autoscaling"] = Autoscaling(
                target_share=float(rng.uniform(0.5, 1)),
                every_seconds=one_of(10.0, 15.5, 60.0),
                lag_seconds=one_of(0.0, 20.0),
                start_seconds=one_of(0.0, 33.0, 60.0),
                cool_down_seconds=one_of(0.0, 45.0, 100.0),
                spare_units=one_of(0, 1),
                counts=one_of((), (1, 2, 4, 8)),
            )
        else:
            doors["units"] = float(rng.integers(3, 6))
    at = one_of(0.0, 50.0, float(rng.uniform(0, horizon)), horizon - 1.0)
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
        throttles.append(Throttle(begins, one_of(1e9, begins + 40), connects_per_second=0.5))
    return Model(
        streams,
        reconnect,
        Doors(**doors),
        tuple(sorted(cuts, key=lambda cut: cut.at_s)),
        tuple(throttles),
        horizon_s=horizon,
        warm_up_s=warm_up,
        faults=tuple(f"fault {number}" for number in range(len(cuts))),
    )


def assert_same(found, expected):
    for field in fields(Flows):
        one, other = getattr(found, field.name), getattr(expected, field.name)
        if field.name == "connection_seconds":
            assert one == pytest.approx(other, rel=1e-9, abs=1e-6)
        else:
            np.testing.assert_array_equal(one, other, err_msg=field.name)


@pytest.mark.parametrize("number", range(40))
def test_every_second_is_that_of_one_event_after_the_other(number):
    model, seed = random_model(number), np.random.SeedSequence(number)
    expected = OneAfterTheOther(model, seed).run().after(model.warm_up_s)
    assert_same(simulate_exact(model, seed), expected)
