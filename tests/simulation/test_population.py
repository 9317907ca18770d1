"""Who comes when and would stay until when: the stationary state at the start, and the order."""

import numpy as np
import pytest
from scipy import stats

from estimator.demand.arrivals import response
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    WeibullSession,
)
from estimator.simulation.model import ArrivalRate, Model, Stream, weekly_arrivals
from estimator.simulation.population import draw_population

LEAST_P = 1e-3
WEEK_S = 604_800
STEADY = ArrivalRate(np.array([0.0, WEEK_S]), np.full(2, 0.5), periodic=True)
LAWS = {
    "exponential": ExponentialSession(mean_hours=2),
    "lognormal": LognormalSession(mean_hours=2, sigma=1),
    "Weibull": WeibullSession(shape=0.7, scale_hours=2),
    "deterministic": DeterministicSession(hours=2),
    "empirical": EmpiricalSession(lengths_hours=(0.5, 3), counts=(2, 1)),
}


def draw(*streams, seed=1, horizon_s=3600, warm_up_s=0):
    model = Model(streams, Reconnect(), horizon_s=horizon_s, warm_up_s=warm_up_s)
    return draw_population(model, np.random.default_rng(seed))


@pytest.mark.parametrize("law", list(LAWS.values()), ids=list(LAWS))
def test_those_there_at_the_start_are_a_poisson_number_with_the_mean_of_the_theory(law):
    week = 1000 * (1 + 0.8 * np.sin(np.arange(168) / 24 * 2 * np.pi))
    # the middle of hour 167 is its value; the start is half an hour later
    steps = response(law, 168, 1.0, 1.0)
    expected = sum(steps[(167 - hour) % 168] * week[hour] for hour in range(168))
    stream = Stream(weekly_arrivals(week), law)
    counts = np.array([draw(stream, horizon_s=60, seed=s).at_start for s in range(200)])
    assert stats.ttest_1samp(counts, expected).pvalue > LEAST_P
    spread = (counts.size - 1) * counts.var(ddof=1) / expected
    assert LEAST_P < stats.chi2.cdf(spread, counts.size - 1) < 1 - LEAST_P


def test_peaks_of_a_second_are_drawn_like_the_hours_they_are_in():
    # 100 per second on average, all of them within the first second of the hour
    rush = ArrivalRate(
        np.array([0.0, 1.0, 1.0, 3600.0]), np.array([360_000.0, 360_000.0, 0.0, 0.0]), periodic=True
    )
    there = draw(Stream(rush, DeterministicSession(hours=2)), horizon_s=1)
    assert there.at_start == pytest.approx(2 * 360_000, abs=4 * np.sqrt(2 * 360_000))
    came = there.came_s[: there.at_start]
    np.testing.assert_array_equal(np.unique(np.floor(came)), [-7200, -3600])


def test_ages_at_the_start_have_the_law_of_the_equilibrium():
    # of sessions met at a random moment, age and rest have the density survival / mean
    stream = Stream(STEADY, LAWS["lognormal"])
    drawn = draw(stream, horizon_s=60)
    there, law = drawn.at_start, LAWS["lognormal"]

    for seconds in (-drawn.came_s[:there], drawn.leave_s[:there]):
        quantiles = law.integrated_survival(1, seconds / 3600) / law.mean
        assert stats.kstest(quantiles, "uniform").pvalue > LEAST_P


def test_others_come_in_the_order_of_time_and_stay_by_their_law():
    drawn = draw(Stream(STEADY, LAWS["Weibull"]), horizon_s=WEEK_S)
    came = drawn.came_s[drawn.at_start :]
    assert (np.diff(came) >= 0).all()
    assert came[0] >= 0
    assert came[-1] < WEEK_S
    stays = (drawn.leave_s - drawn.came_s)[drawn.at_start :] / 3600
    quantiles = LAWS["Weibull"].partial_moment(0, stays[:20_000])
    assert stats.kstest(quantiles, "uniform").pvalue > LEAST_P


def test_streams_are_one_surge_in_the_order_of_time():
    rush = ArrivalRate(np.array([100.0, 200.0]), np.array([5.0, 5.0]), periodic=False)
    streams = (
        Stream(STEADY, LAWS["exponential"]),
        Stream(rush, DeterministicSession(hours=1)),
        Stream(STEADY, LAWS["deterministic"]),
    )
    drawn = draw(*streams)
    there = drawn.at_start
    assert (drawn.came_s[:there] <= 0).all()
    assert (drawn.leave_s[:there] >= 0).all()
    assert (np.diff(drawn.came_s[there:]) >= 0).all()
    assert (drawn.leave_s > drawn.came_s).all()
    # half a client per second each, five more for a hundred seconds
    assert abs(drawn.came_s.size - there - 4100) < 4 * np.sqrt(4100)
    rushed = np.isclose(drawn.leave_s - drawn.came_s, 3600.0, atol=1e-6)
    assert abs(rushed.sum() - 500) < 4 * np.sqrt(500)


def test_before_a_stream_that_does_not_repeat_nobody_was_there():
    rush = ArrivalRate(np.array([100.0, 200.0]), np.array([5.0, 5.0]), periodic=False)
    drawn = draw(Stream(rush, LAWS["exponential"]))
    assert drawn.at_start == 0
    assert drawn.came_s.min() >= 100


def test_a_warm_up_begins_before_the_week():
    drawn = draw(Stream(STEADY, LAWS["exponential"]), warm_up_s=1800)
    there = drawn.at_start
    assert drawn.came_s[:there].max() <= -1800
    assert -1800 <= drawn.came_s[there] < -1700
    assert (drawn.leave_s[:there] >= -1800).all()


def test_nobody_comes():
    nobody = ArrivalRate(np.array([0.0, 10.0]), np.zeros(2), periodic=True)
    assert draw(Stream(nobody, LAWS["exponential"])).came_s.size == 0
