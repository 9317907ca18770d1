"""The aggregate engine's own books: limits and faults neither lose nor invent a client."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

from estimator.demand.admission_limits import AdmissionLimits, Autoscaling
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import (
    DeterministicSession,
    ExponentialSession,
    LognormalSession,
    SessionLength,
)
from estimator.simulation import aggregate_engine
from estimator.simulation.aggregate_engine import simulate_aggregate
from estimator.simulation.flows import COUNTED, Flows
from estimator.simulation.model import ArrivalRate, Cut, Model, Stream, Throttle
from estimator.simulation.population import draw_presence

ROUNDING = 1e-6
"""Of clients: sums of some thousands of seconds differ in their last digits."""
TEN_MINUTES = ExponentialSession(mean_hours=1 / 6)


def steady(per_second):
    return ArrivalRate(np.array([0.0, 3600.0]), np.full(2, per_second), periodic=True)


def model(
    per_second: float = 2.0,
    law: SessionLength = TEN_MINUTES,
    horizon_s: int = 1200,
    **changes: Any,
) -> Model:
    return replace(
        Model((Stream(steady(per_second), law),), Reconnect(), horizon_s=horizon_s), **changes
    )


def outage(share=0.4, at_s=300.0, **changes: Any) -> dict[str, Any]:
    return {"cuts": (Cut(at_s, share, **changes),), "faults": ("outage",)}


def simulate(model, seed=1) -> Flows:
    return simulate_aggregate(model, np.random.SeedSequence(seed))


TROUBLED = {
    "nothing": model(),
    "outage": model(admission=AdmissionLimits(new_connections_per_second=4.0), **outage()),
    "gives up": model(
        admission=AdmissionLimits(new_connections_per_second=4.0),
        reconnect=Reconnect(give_up_after=3),
        **outage(notice_s=20.0),
    ),
    "two at once": model(
        admission=AdmissionLimits(new_connections_per_second=5.0),
        cuts=(Cut(300.0, 0.5, over_s=60.0), Cut(330.0, 0.5, away_s=15.0, fault=1)),
        faults=("one", "two"),
    ),
    "slots": model(
        admission=AdmissionLimits(connections_most=1100.0), reconnect=Reconnect(give_up_after=4)
    ),
    "ages": model(
        admission=AdmissionLimits(age_most_seconds=200.0, new_connections_per_second=9.0),
        **outage(),
    ),
    "no units": model(
        admission=AdmissionLimits(connections_per_unit=400, units=4),
        throttles=(Throttle(300.0, 360.0, units_share=0.0),),
        **outage(1.0),
    ),
    "units follow": model(
        admission=AdmissionLimits(
            connections_per_unit=100, autoscaling=Autoscaling(target_share=0.7)
        ),
        **outage(),
    ),
    "clients in step": model(
        admission=AdmissionLimits(new_connections_per_second=4.0),
        reconnect=Reconnect(backoff="exponential"),
        **outage(),
    ),
}


@pytest.mark.parametrize("name", TROUBLED)
class TestBooks:
    def test_every_client_is_connected_waits_has_given_up_or_has_left(self, name):
        troubled = TROUBLED[name]
        found = simulate(troubled)
        # the engine draws who is there before anything else
        rng = np.random.default_rng(np.random.SeedSequence(1))
        there = draw_presence(troubled.streams, 0.0, troubled.horizon_s, rng)

        gone = there.after - found.open_after - found.waiting_after
        assert found.open_at_start + found.waiting_at_start == there.at_start
        np.testing.assert_allclose(found.arrivals, there.come, atol=ROUNDING)
        if troubled.reconnect.give_up_after is None:
            np.testing.assert_allclose(gone, 0.0, atol=ROUNDING)
        else:
            assert gone.min() > -ROUNDING
            assert np.all(gone <= np.cumsum(found.gave_up) + ROUNDING)

    def test_no_count_is_negative(self, name):
        found = simulate(TROUBLED[name])

        for count in (*COUNTED, "open_after", "waiting_after", "lost_by_fault", "back_by_fault"):
            values = getattr(found, count)
            assert np.isfinite(values).all(), count
            assert values.min(initial=0.0) > -ROUNDING, count

    def test_attempts_are_let_in_or_refused(self, name):
        found = simulate(TROUBLED[name])

        refused = found.refused_by_rate + found.refused_full
        np.testing.assert_allclose(found.attempts, found.new_connections + refused, atol=ROUNDING)
        assert found.attempts_needed.sum() == pytest.approx(found.new_connections.sum())

    def test_no_fault_gets_back_more_than_it_took(self, name):
        found = simulate(TROUBLED[name])

        away = np.cumsum(found.lost_by_fault - found.back_by_fault, axis=1)
        assert away.min(initial=0.0) > -ROUNDING
        if name != "units follow":
            assert found.lost_by_fault.sum() == pytest.approx(found.cut.sum())

    def test_no_more_are_let_in_than_the_limits_allow(self, name):
        admission = TROUBLED[name].admission
        found = simulate(TROUBLED[name])

        # less than half a client in a storm counts as nobody, and is let in
        assert np.all(found.new_connections <= 0.5 + 2 * admission.new_connections_per_second)
        if np.isfinite(admission.new_connections_per_second):
            let_in = found.new_connections.sum()
            assert let_in <= 0.5 + admission.new_connections_per_second * (
                found.new_connections.size + 1
            )
        if name == "slots":
            assert found.open_after.max() <= admission.connections_most + ROUNDING

    def test_the_same_seed_gives_the_same_run_bit_for_bit(self, name):
        one, other = simulate(TROUBLED[name], 7), simulate(TROUBLED[name], 7)

        for field in fields(Flows):
            before, after = getattr(one, field.name), getattr(other, field.name)
            assert np.asarray(before).tobytes() == np.asarray(after).tobytes(), field.name

    def test_another_seed_gives_another(self, name):
        one, other = simulate(TROUBLED[name], 7), simulate(TROUBLED[name], 8)

        assert np.count_nonzero(one.arrivals != other.arrivals) > 300


def test_where_nobody_is_refused_clients_are_whole():
    found = simulate(model())

    for name in COUNTED:
        counts = getattr(found, name)
        np.testing.assert_array_equal(counts, np.round(counts), err_msg=name)


@pytest.mark.parametrize(("step_s", "of_refusals"), [(10, 0.03), (60, 0.12)])
def test_longer_steps_of_a_storm_give_the_totals_of_seconds(step_s, of_refusals, monkeypatch):
    # 1,000 of 2,000 come back at 1 a second more than come anyway
    stormy = model(
        2000 / 600,
        horizon_s=3600,
        admission=AdmissionLimits(new_connections_per_second=4.0),
        **outage(0.5, 600.0),
    )
    monkeypatch.setattr(aggregate_engine, "_LONG_STORMS", ((10**9, 60),))
    by_second = simulate(stormy)
    monkeypatch.setattr(aggregate_engine, "_LONG_STORMS", ((60, step_s),))
    in_steps = simulate(stormy)

    assert np.unique(in_steps.attempts[700:760]).size <= 60 / step_s + 1
    # Who gets in is set by the limit. Refusals suffer: in steps of 10 s only the first waits
    # (1 to 8 s) are shorter than a step, in steps of 60 s all are (30 s on average, 60 s at most),
    # so that attempts of several rounds fall together; such steps come after three hours only.
    assert in_steps.new_connections.sum() == pytest.approx(
        by_second.new_connections.sum(), rel=0.005
    )
    waited = [run.waiting_after.sum() for run in (in_steps, by_second)]
    assert waited[0] == pytest.approx(waited[1], rel=0.03)
    refused = [run.refused_by_rate.sum() for run in (in_steps, by_second)]
    assert refused[0] == pytest.approx(refused[1], rel=of_refusals)


@pytest.mark.parametrize("answer", [0.1, 0.25, 0.5])
def test_who_tries_again_at_once_does_so_with_each_answer(answer):
    shut = model(
        reconnect=Reconnect(backoff="none", answer=answer),
        admission=AdmissionLimits(connections_most=0.0),
    )
    found = simulate(replace(shut, horizon_s=300))

    # those who came within the last answer have not tried again; a fiftieth may be put off
    expected = found.waiting_after[100:].sum() / answer
    assert found.attempts[100:].sum() == pytest.approx(expected, rel=0.03)


def test_sessions_of_few_who_wait_end_as_often_as_those_of_others():
    # memoryless sessions of ten minutes: one in 600 ends in each second, connected or not
    surged = model(1.0, horizon_s=590, admission=AdmissionLimits(connections_most=500))
    runs = [simulate(surged, seed) for seed in range(12)]
    expected = sum(run.waiting_after.sum() for run in runs) / 600
    left = sum(run.left_waiting.sum() for run in runs)

    # about 500 sessions: four standard deviations of a Poisson number
    assert expected > 300
    assert abs(left - expected) < 4 * np.sqrt(expected)


class TestEdges:
    def test_nobody_comes(self):
        found = simulate(
            model(
                0.0,
                admission=AdmissionLimits(new_connections_per_second=1.0, connections_most=5.0),
                **outage(1.0),
            )
        )

        assert found.open_at_start == 0
        assert not any(getattr(found, name).any() for name in COUNTED)

    @pytest.mark.parametrize(
        "closed",
        [
            {"admission": AdmissionLimits(connections_most=0.0)},
            {"throttles": (Throttle(0.0, 1e9, units_share=0.0),)},
        ],
    )
    def test_nobody_is_let_in_where_there_is_no_slot(self, closed):
        found = simulate(model(horizon_s=600, **closed))

        assert found.open_at_start == 0
        assert not found.new_connections.any()
        assert not found.open_after.any()
        there = found.waiting_at_start + np.cumsum(found.arrivals - found.left_waiting)
        np.testing.assert_allclose(found.waiting_after, there)
        # all of 1,200 on average, since nobody gives up
        assert abs(found.waiting_after[-1] - 1200) < 4 * np.sqrt(1200)

    def test_with_no_connects_at_all_those_inside_only_leave(self):
        # the bucket has one token at least, which is taken first and does not come again
        found = simulate(model(admission=AdmissionLimits(new_connections_per_second=0.0)))

        assert found.new_connections.sum() <= 1 + ROUNDING
        inside = found.open_at_start + found.new_connections.sum() - found.open_after[-1]
        assert found.ended.sum() == pytest.approx(inside)
        assert found.refused_by_rate.sum() > found.arrivals.sum() / 2

    def test_a_cut_of_all_leaves_nobody(self):
        found = simulate(model(horizon_s=600, **outage(1.0, away_s=30.0)))

        before = found.open_after[299]
        # sessions that end in that second are of those not yet cut, or of those who came
        assert found.cut.sum() == pytest.approx(before, abs=30)
        assert found.open_after[300:320].max() < 150
        # who is away for 30 s comes back within the second after it, but for those who left
        assert found.open_after[335] > 0.9 * before

    def test_the_end_need_not_be_a_whole_step(self):
        stormy = model(
            horizon_s=1437,
            warm_up_s=61,
            admission=AdmissionLimits(new_connections_per_second=1.5),
            **outage(at_s=20.3),
        )
        found = simulate(stormy)

        assert found.attempts.shape == (1437,)
        assert found.waiting_after[-1] > 100
        found.check()

    def test_a_cut_in_the_last_second_counts(self):
        found = simulate(model(horizon_s=301, **outage(at_s=300.0)))

        assert found.cut[300] == found.cut.sum() > 300


TINY_LAWS: dict[str, SessionLength] = {
    "exponential": ExponentialSession(mean_hours=10 / 3600),
    "deterministic": DeterministicSession(hours=10 / 3600),
    "lognormal": LognormalSession(mean_hours=10 / 3600, sigma=1.5),
}


class TestTiny:
    """A few clients who stay for seconds, of whom the means of groups are parts of a client."""

    @pytest.mark.parametrize("law", TINY_LAWS)
    @pytest.mark.parametrize("give_up_after", [1, 3, None])
    @pytest.mark.parametrize(("erlangs", "slots"), [(0.5, 1), (2.2, 5), (1.5, 2)])
    def test_they_are_followed_without_contradiction(self, erlangs, slots, give_up_after, law):
        tiny = model(
            erlangs / 10,
            TINY_LAWS[law],
            300,
            admission=AdmissionLimits(connections_most=slots),
            reconnect=Reconnect(give_up_after=give_up_after),
        )
        for seed in range(4):
            found = simulate(tiny, seed)
            assert found.open_after.min() > -ROUNDING
            assert found.open_after.max() <= slots + ROUNDING
            assert found.waiting_after.min() > -ROUNDING

    def test_those_back_from_their_age_may_be_the_ones_who_leave(self):
        # with ages as short as waits, about half of the few clients are always on their way back
        tiny = model(
            0.3,
            TINY_LAWS["exponential"],
            900,
            admission=AdmissionLimits(age_most_seconds=4.0),
            reconnect=Reconnect(base=6.0, backoff="equal_jitter"),
        )
        for seed in range(8):
            found = simulate(tiny, seed)
            assert found.open_after.min() > -ROUNDING
            assert found.waiting_after.min() > -ROUNDING

    def test_blocking_is_about_that_of_the_itu_table(self):
        # 2.2185 erlang on 5 slots lose 5 % (ITU Erlang B table)
        tiny = model(
            2.2185 / 60,
            ExponentialSession(mean_hours=1 / 60),
            20_000,
            admission=AdmissionLimits(connections_most=5),
            reconnect=Reconnect(give_up_after=1),
        )
        runs = [simulate(tiny, seed) for seed in range(10)]
        refused = sum(run.refused_full.sum() for run in runs)
        came = sum(run.arrivals.sum() for run in runs)

        # 7,400 come and about 370 are refused, in clusters: 10 % is one standard deviation, and
        # where the means of parts of a client are followed nothing closer is promised
        assert refused / came == pytest.approx(0.05, rel=0.4)


def test_clients_may_be_refused_as_often_as_they_please():
    # every second for half an hour: more refusals than are told apart when they are counted
    patient = Reconnect(backoff="none", answer=1.0, give_up_after=1000)
    stream = Stream(
        ArrivalRate(np.array([0.0, 60.0]), np.full(2, 10.0), periodic=False),
        ExponentialSession(mean_hours=1000),
    )
    closed = Throttle(0.0, 1800.0, new_connections_per_second=0.0)
    model = Model((stream,), patient, throttles=(closed,), horizon_s=2400)

    flows = simulate_aggregate(model, np.random.SeedSequence(1))

    came = flows.arrivals.sum()
    # all came within a minute, and gave up a thousand seconds later
    assert flows.gave_up.sum() == pytest.approx(came, rel=0.01)
    assert flows.attempts.sum() == pytest.approx(1000 * came, rel=0.01)
