"""Connections that are cut at their age: closed forms, and clients followed one by one."""

import math

import numpy as np
import pytest
from scipy import stats

from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.disruptions import Broadcast
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    WeibullSession,
)
from estimator.simulation.connection_age import Ageing, stream_weights
from estimator.simulation.disruptions import surge_streams
from estimator.simulation.model import ArrivalRate, Cut, Model, Stream
from estimator.simulation.run import simulate

HOUR = 3600


def steady(per_second):
    return ArrivalRate(np.array([0.0, HOUR]), np.full(2, float(per_second)), periodic=True)


def surge(from_s, until_s, per_second=1.0):
    """Nobody before, nobody after."""
    rates = np.full(2, float(per_second))
    return ArrivalRate(np.array([from_s, until_s], dtype=float), rates, periodic=False)


def made_of(*streams, age_s, seconds, warm_up_s=0):
    admission = AdmissionLimits(age_most_seconds=age_s)
    made = tuple(Stream(arrivals, session) for arrivals, session in streams)
    return Model(made, Reconnect(), admission, horizon_s=seconds, warm_up_s=warm_up_s)


def play(model, came, *, lost_before=None, cut_share=None, step_s=HOUR):
    """Connections cut at their age in each second, all of which open again at once."""
    came = np.broadcast_to(np.asarray(came, dtype=float), model.horizon_s)
    lost_before = np.zeros(came.size) if lost_before is None else lost_before
    cut_share = np.zeros(came.size) if cut_share is None else cut_share
    ageing, aged, now = Ageing(model, came.size), np.zeros(came.size), 0
    while now < came.size:
        count = min(step_s, ageing.longest_stretch(now), came.size - now)
        at = slice(now, now + count)
        due = ageing.due(now, count)
        aged[at] = due.sum(axis=(0, 1))
        ageing.opened(now, np.stack([came[at], lost_before[at]]), due)
        ageing.passed(now, cut_share[at])
        now += count
    return aged


def at(seconds, **counts):
    """Counts that are zero but in some seconds, written s7=100."""
    values = np.zeros(seconds)
    for name, count in counts.items():
        values[int(name[1:])] = count
    return values


# -------------------------------------------------------------------------------------------------
# Steady arrivals


def cuts_of(survival, age_s):
    """Mean number of times that a session is cut at its age: it outlives 1, 2, ... of them."""
    return math.fsum(survival(np.arange(1, 200_000) * age_s / HOUR))


@pytest.mark.parametrize(
    ("law", "age_s", "cuts"),
    [
        # a geometric number of ages
        (ExponentialSession(mean_hours=3), 2 * HOUR, 1 / math.expm1(2 / 3)),
        (ExponentialSession(mean_hours=0.1), HOUR, 1 / math.expm1(10)),
        # longer than all the ages that are told apart
        (ExponentialSession(mean_hours=168), HOUR, 1 / math.expm1(1 / 168)),
        (ExponentialSession(mean_hours=8), 60, 1 / math.expm1(1 / 480)),
        (ExponentialSession(mean_hours=40), 24 * HOUR, 1 / math.expm1(24 / 40)),
        # whole ages that fit in, and the end of a session is no cut
        (DeterministicSession(hours=3.5), HOUR, 3),
        (DeterministicSession(hours=3), HOUR, 2),
        (DeterministicSession(hours=0.75), HOUR, 0),
        (DeterministicSession(hours=100), HOUR, 99),
        (EmpiricalSession(lengths_hours=(0.5, 1.5, 7.9), counts=(5, 3, 2)), 2 * HOUR, 0.2 * 3),
        (
            LognormalSession(mean_hours=4, sigma=1.5),
            HOUR,
            cuts_of(stats.lognorm(1.5, scale=4 * math.exp(-1.125)).sf, HOUR),
        ),
        (
            WeibullSession(shape=0.5, scale_hours=2),
            2 * HOUR,
            cuts_of(stats.weibull_min(0.5, scale=2).sf, 2 * HOUR),
        ),
    ],
)
def test_in_the_long_run_each_client_is_cut_as_often_as_an_age_fits_into_its_session(
    law, age_s, cuts
):
    model = made_of((steady(2.0), law), age_s=age_s, seconds=int(2.5 * age_s))

    # from the first second on, and an age and two later; what is rarer than 1e-9 is left out
    np.testing.assert_allclose(play(model, 2.0), 2.0 * cuts, rtol=1e-7, atol=1e-7)


def test_sessions_longer_than_half_a_year_are_there_too():
    law = ExponentialSession(mean_hours=10_000)
    model = made_of((steady(1.0), law), age_s=HOUR, seconds=HOUR)

    np.testing.assert_allclose(play(model, 1.0), 1 / math.expm1(1e-4), rtol=1e-6)


def test_streams_of_one_law_are_one():
    law = ExponentialSession(mean_hours=1)
    both = made_of((steady(1.0), law), (steady(2.0), law), age_s=HOUR, seconds=2 * HOUR)

    np.testing.assert_allclose(play(both, 3.0), 3 / math.expm1(1), rtol=1e-7)


def test_streams_of_different_laws_keep_their_own():
    brief, long = DeterministicSession(hours=0.5), DeterministicSession(hours=2.5)
    both = made_of((steady(3.0), brief), (steady(1.0), long), age_s=HOUR, seconds=4 * HOUR)

    # only those of the second outlive an age: they are cut twice
    np.testing.assert_allclose(play(both, 4.0), 2.0, rtol=1e-7, atol=1e-7)


def test_who_came_at_the_full_hour_is_cut_at_the_full_hour():
    # ten clients in the first ten seconds of every hour, before the start and after it
    peaks = ArrivalRate(
        np.array([0.0, 10, 10, HOUR]), np.array([1.0, 1.0, 0.0, 0.0]), periodic=True
    )
    law = DeterministicSession(hours=100.5)
    model = made_of((peaks, law), age_s=HOUR, seconds=2 * HOUR)
    came = peaks.means_in(0.0, 1.0, 2 * HOUR)

    np.testing.assert_allclose(play(model, came), 100 * came, rtol=1e-7, atol=1e-7)


def test_before_a_warm_up_is_the_week_before():
    # in the second hour of every four, one client per second, for an hour and a half
    second_hour = ArrivalRate(
        np.array([0.0, 1, 1, 2, 2, 4]) * HOUR, np.array([0.0, 0, 1, 1, 0, 0]), periodic=True
    )
    law = DeterministicSession(hours=1.5)

    def first_cuts(warm_up_s):
        model = made_of((second_hour, law), age_s=HOUR, seconds=1, warm_up_s=warm_up_s)
        return Ageing(model, HOUR).due(0, HOUR).sum(axis=(0, 1))

    # the hour that begins two hours before the week is the third of four
    np.testing.assert_allclose(first_cuts(2 * HOUR), 1.0, rtol=1e-7)
    for other in (0, 1 * HOUR, 3 * HOUR):
        np.testing.assert_allclose(first_cuts(other), 0.0, atol=1e-7)


# -------------------------------------------------------------------------------------------------
# Clients one by one


def one_by_one(came, lengths_s, age_s):
    """Cuts in each second, if of those who come in a second each stays for one of the lengths."""
    aged = np.zeros(len(came))
    for second, clients in enumerate(came):
        for length_s in lengths_s:
            cut = second + age_s
            while cut < len(came) and cut < second + length_s:
                aged[cut] += clients / len(lengths_s)
                cut += age_s
    return aged


LENGTHS_S = (5, 40, 100, 101, 199.5, 350, 1000)


@pytest.mark.parametrize(
    ("age_s", "step_s"), [(1, 1), (10, 7), (100, 1), (100, HOUR), (640, 7), (5000, 1000)]
)
def test_everyone_is_cut_at_every_age_before_the_end(age_s, step_s):
    law = EmpiricalSession(lengths_hours=tuple(length / HOUR for length in LENGTHS_S))
    # after 64 ages clients are taken as memoryless
    seconds = min(1500, 64 * age_s)
    model = made_of((surge(0, 600), law), age_s=age_s, seconds=seconds)
    came = np.random.default_rng(5).poisson(3.0, seconds) * (np.arange(seconds) < 600.0)

    aged = play(model, came, step_s=step_s)

    # what is rarer than 1e-9 is left out
    expected = one_by_one(came, LENGTHS_S, age_s)
    np.testing.assert_allclose(aged, expected, rtol=1e-7, atol=1e-6)


def test_clients_who_come_at_different_times_stay_by_the_law_of_their_surge():
    brief, long = DeterministicSession(hours=150 / HOUR), DeterministicSession(hours=450 / HOUR)
    model = made_of((surge(0, 50), brief), (surge(130, 180), long), age_s=100, seconds=900)
    came = np.zeros(900)
    came[:50], came[130:180] = 4.0, 7.0

    expected = one_by_one(came * (np.arange(900) < 100), [150], 100)
    expected += one_by_one(came * (np.arange(900) >= 100), [450], 100)
    for step_s in (1, HOUR):
        found = play(model, came, step_s=step_s)
        np.testing.assert_allclose(found, expected, rtol=1e-7, atol=1e-6)


def test_where_two_surges_meet_they_share_by_their_rates():
    brief, long = DeterministicSession(hours=50 / HOUR), DeterministicSession(hours=150 / HOUR)
    model = made_of((surge(0, 10, 3.0), brief), (surge(0, 10, 1.0), long), age_s=100, seconds=120)

    # a quarter of those who came, which were more than expected
    np.testing.assert_allclose(play(model, at(120, s5=80)), at(120, s105=20), atol=1e-6)


# -------------------------------------------------------------------------------------------------
# Faults


def test_faults_take_from_those_who_opened_before():
    law = DeterministicSession(hours=1)
    model = made_of((surge(0, 4), law), age_s=10, seconds=25)
    #                     opened  within  after it
    came = at(25, s0=100, s3=100, s4=100)
    cut = at(25, s0=0.9, s3=0.5, s12=0.25)

    aged = play(model, came, cut_share=cut, step_s=1)

    # second 0: nobody was there before the fault of that second, nor were those of second 3
    # second 12: takes from those who opened again in second 10, and from those of 3 and 4
    expected = at(25, s10=50, s13=75, s14=75, s20=50 * 0.75, s23=75, s24=75)
    np.testing.assert_allclose(aged, expected, rtol=1e-9, atol=1e-6)


def test_a_fault_that_takes_nearly_everything_leaves_nothing_to_cut():
    model = made_of((steady(1.0), ExponentialSession(mean_hours=1)), age_s=100, seconds=250)
    aged = play(model, 0.0, cut_share=at(250, s20=1 - 1e-12), step_s=1)

    # 1 / (e^(1/36) - 1) = 35.5 a second before it; the fault of a second is after its cuts
    np.testing.assert_allclose(aged[:21], 1 / math.expm1(1 / 36), rtol=1e-7)
    np.testing.assert_allclose(aged[21:100], 0.0, atol=1e-9)


def test_who_was_lost_and_is_memoryless_is_left_as_any_other():
    model = made_of((steady(1.0), ExponentialSession(mean_hours=0.5)), age_s=600, seconds=2000)
    usual = play(model, 0.0)
    aged = play(model, 0.0, lost_before=at(2000, s30=900)) - usual

    left = math.exp(-1 / 3)
    expected = at(2000, s630=900 * left, s1230=900 * left**2, s1830=900 * left**3)
    np.testing.assert_allclose(aged, expected, rtol=1e-7, atol=1e-7)


def test_of_a_steady_stream_the_rest_of_a_session_is_that_of_a_random_moment():
    model = made_of((steady(1.0), DeterministicSession(hours=1)), age_s=1000, seconds=4000)
    aged = play(model, 0.0, lost_before=at(4000, s100=3600))
    usual = play(model, 0.0)

    # of 3600 clients who have come one a second, 1000 leave every 1000 s
    expected = at(4000, s1100=2600, s2100=1600, s3100=600)
    np.testing.assert_allclose(aged - usual, expected, rtol=1e-7, atol=1e-5)


def test_a_surge_that_was_lost_leaves_when_it_would_have():
    # of a surge whose sessions end between 2000 and 2100 s everyone outlives the first age; a
    # random moment of their sessions would leave half of them
    model = made_of(
        (surge(0, 100), DeterministicSession(hours=2000 / HOUR)), age_s=1000, seconds=4000
    )
    aged = play(model, 0.0, lost_before=at(4000, s500=100))

    np.testing.assert_allclose(aged, at(4000, s1500=100), rtol=1e-7, atol=1e-5)


def test_who_was_lost_is_anyone_of_those_who_were_there():
    # 600 s x 1 of the usual clients, who are memoryless, and 3 x 100 of a surge, who all stay
    model = made_of(
        (steady(1.0), ExponentialSession(mean_hours=1 / 6)),
        (surge(0, 100, 3.0), DeterministicSession(hours=1)),
        age_s=1200,
        seconds=3000,
    )
    usual = play(model, 0.0)
    aged = play(model, 0.0, lost_before=at(3000, s300=90)) - usual

    first, second = (90 * (600 * math.exp(-2 * k) + 300) / 900 for k in (1, 2))
    np.testing.assert_allclose(aged, at(3000, s1500=first, s2700=second), rtol=1e-6, atol=1e-5)


# -------------------------------------------------------------------------------------------------
# Within the engine, and the rest


@pytest.mark.parametrize(
    "cuts", [(), (Cut(8000.0, share=1.0),), (Cut(10_000.0, share=0.5),)], ids=len
)
def test_both_engines_cut_a_surge_and_those_who_are_always_there(cuts):
    usual = Stream(steady(2000 / 7200), LognormalSession(mean_hours=2, sigma=1))
    show = Broadcast(at=2, clients=20_000, gather=600, lasts="90 min")
    model = Model(
        surge_streams([show], (usual,)),
        Reconnect(cap=30),
        AdmissionLimits(age_most_seconds=HOUR),
        cuts=cuts,
        faults=("outage",),
        horizon_s=6 * HOUR,
    )

    by_hour = [
        simulate(model, engine, np.random.SeedSequence(7)).aged.reshape(6, HOUR).sum(axis=1)
        for engine in ("exact", "aggregate")
    ]

    # cuts of an hour are a Poisson number but for those of the same client
    difference = by_hour[0] - by_hour[1]
    assert np.all(np.abs(difference) < 4 * np.sqrt(by_hour[0] + by_hour[1]))


@pytest.mark.parametrize(("age_s", "rounded"), [(0.2, 1), (1.4, 1), (3600.4, 3600)])
def test_ages_are_whole_seconds(age_s, rounded):
    model = made_of((steady(1.0), DeterministicSession(hours=1)), age_s=age_s, seconds=10)
    assert Ageing(model, 10).age_s == rounded


def test_a_stretch_ends_where_the_seconds_of_an_age_begin_anew():
    model = made_of((steady(1.0), DeterministicSession(hours=1)), age_s=100, seconds=10)
    ageing = Ageing(model, 1000)
    assert [ageing.longest_stretch(second) for second in (0, 1, 99, 100, 250)] == [
        100,
        99,
        1,
        100,
        50,
    ]


@pytest.mark.parametrize("age_s", [HOUR, 30 * 24 * HOUR])
def test_nobody_comes(age_s):
    model = made_of((steady(0.0), ExponentialSession(mean_hours=9)), age_s=age_s, seconds=60)
    assert not play(model, 0.0, lost_before=np.zeros(60)).any()


def test_streams_weigh_as_many_clients_as_come():
    law = ExponentialSession(mean_hours=1)
    model = made_of((steady(2.0), law), (surge(100, 200, 7.0), law), age_s=60, seconds=1000)
    np.testing.assert_allclose(stream_weights(model), [2000, 700])

    nobody = made_of((steady(0.0), law), (surge(2000, 3000), law), age_s=60, seconds=1000)
    np.testing.assert_allclose(stream_weights(nobody), [1, 1])
