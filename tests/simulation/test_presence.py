"""How many are there second by second, drawn in groups: means, variances and laws of the theory."""

import numpy as np
import pytest
from scipy import stats

from estimator.demand.arrivals import response
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    WeibullSession,
)
from estimator.simulation.model import ArrivalRate, Stream, weekly_arrivals
from estimator.simulation.population import _atoms, draw_presence

LEAST_P = 1e-3
HOURS = 3
WEEK = 3000 * (1 + 0.9 * np.sin(np.arange(168) / 8 * 2 * np.pi))
WEEK_S = 604_800
RUNS = 24
LAWS = {
    "exponential": ExponentialSession(mean_hours=0.5),
    "of seconds": ExponentialSession(mean_hours=20 / 3600),
    "of days": ExponentialSession(mean_hours=40),
    "lognormal": LognormalSession(mean_hours=0.5, sigma=1.5),
    "Weibull": WeibullSession(shape=0.5, scale_hours=0.25),
    "narrow Weibull": WeibullSession(shape=10, scale_hours=1),
    "deterministic": DeterministicSession(hours=0.75),
    "empirical, few": EmpiricalSession(lengths_hours=(0.1, 0.5, 2), counts=(5, 2, 1)),
    "empirical, many": EmpiricalSession(lengths_hours=tuple(np.linspace(0.02, 1.5, 60))),
}


def draw(stream, seconds, seed=0, start_s=0.0):
    return draw_presence((stream,), start_s, seconds, np.random.default_rng(seed))


def rate(per_second, period_s=WEEK_S):
    return ArrivalRate(np.array([0.0, period_s]), np.full(2, float(per_second)), periodic=True)


@pytest.fixture(scope="module", params=LAWS.values(), ids=list(LAWS))
def runs(request):
    """Clients there at the full hours, and who came and left in the hours between."""
    stream = Stream(weekly_arrivals(WEEK), request.param)
    there, came, left = [], [], []
    for seed in range(RUNS):
        drawn = draw(stream, HOURS * 3600, seed)
        there.append([drawn.at_start, *drawn.after[3599::3600]])
        came.append(drawn.come.reshape(HOURS, 3600).sum(axis=1))
        left.append(drawn.leave.reshape(HOURS, 3600).sum(axis=1))
    return request.param, np.array(there), np.array(came), np.array(left)


def test_means_are_those_of_the_occupancy(runs):
    law, there, came, left = runs
    # hour h begins at the end of the step before, whose middle has the rate of that hour
    steps = response(law, 168, 1.0, 1.0)
    lags = (np.arange(HOURS + 1)[:, None] - 1 - np.arange(168)) % 168
    expected = steps[lags] @ WEEK
    # all together: squares of the deviations in standard errors of a Poisson variable
    squares = (there.mean(axis=0) - expected) ** 2 / (expected / RUNS)
    assert squares.max() < stats.norm.isf(LEAST_P / 2 / squares.size) ** 2
    coming = weekly_arrivals(WEEK).means_in(0.0, 3600.0, HOURS)
    going = coming - np.diff(expected)
    for found, mean in ((came, coming), (left, going)):
        squares = (found.mean(axis=0) - mean) ** 2 / (mean / RUNS)
        assert squares.max() < stats.norm.isf(LEAST_P / 2 / squares.size) ** 2


def test_variances_are_those_of_poisson_variables(runs):
    _, *counts = runs
    for found in counts:
        spread = (RUNS - 1) * found.var(axis=0, ddof=1) / found.mean(axis=0)
        shares = stats.chi2.cdf(spread, RUNS - 1)
        assert shares.min() > LEAST_P
        assert shares.max() < 1 - LEAST_P


def test_departures_of_an_hour_are_independent_of_each_other(runs):
    # the departures of M_t/G/infinity are a Poisson process
    _, _, _, left = runs
    for hour in range(HOURS - 1):
        assert stats.pearsonr(left[:, hour], left[:, hour + 1]).pvalue > LEAST_P


# 200,000 come within a minute
RUSH = ArrivalRate(np.array([600.0, 660.0]), np.full(2, 200_000 / 60), periodic=False)
UNEVEN = ("exponential", "lognormal", "Weibull", "narrow Weibull", "empirical, many")
"""Squares are halved as if who comes early in one stayed as long as who comes late."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.xfail(reason="off by up to 3 % in a second"))
        if name in UNEVEN
        else name
        for name in LAWS
    ],
)
def test_a_rush_comes_evenly(name):
    come = sum(draw(Stream(RUSH, LAWS[name]), 3 * 3600, seed).come for seed in range(30))
    assert stats.chisquare(np.asarray(come)[600:660]).pvalue > LEAST_P


@pytest.mark.parametrize(
    "law", [law for law in LAWS.values() if _atoms(law) is None], ids=lambda law: law.law
)
def test_stays_that_began_together_end_by_the_law(law):
    # who is left of a rush then is known
    drawn = draw(Stream(RUSH, law), 3 * 3600)
    assert drawn.at_start == 0
    assert drawn.come[:600].sum() == drawn.come[660:].sum() == 0
    came, after = drawn.come.sum(), drawn.after
    for seconds in (30, 120, 600, 1800, 5400):
        now = 660 + seconds
        ages_h = (np.linspace(seconds, seconds + 60, 241)) / 3600
        left = float(np.mean(law.survival(ages_h)))
        # squares are a sixteenth of the stay wide; within them the law is taken as even
        edges = np.array([seconds * 15 / 16, (seconds + 60) * 17 / 16])
        most, least = law.survival(edges / 3600)
        noise = 4 * np.sqrt(left * (1 - left) / came)
        assert least - noise <= after[now - 1] / came <= most + noise


def test_part_of_a_second():
    # 2.3 s: of those who come in a second, 70 % leave two and 30 % three seconds later
    rush = ArrivalRate(np.array([10.0, 11.0]), np.full(2, 1e6), periodic=False)
    drawn = draw(Stream(rush, DeterministicSession(hours=2.3 / 3600)), 20)
    assert drawn.come[10] == pytest.approx(1e6, rel=0.005)
    np.testing.assert_allclose(
        drawn.leave / drawn.come[10], np.eye(20)[12] * 0.7 + np.eye(20)[13] * 0.3, atol=0.003
    )


def test_of_stays_of_years_only_those_that_end_in_the_run_are_told_apart():
    decade = Stream(rate(0.01), DeterministicSession(hours=87_600))
    drawn = draw(decade, 36_000)
    mean = 0.01 * 87_600 * 3600
    assert drawn.at_start == pytest.approx(mean, abs=4 * np.sqrt(mean))
    for counts in (drawn.come, drawn.leave):
        assert counts.sum() == pytest.approx(360, abs=4 * np.sqrt(360))


def test_stays_within_a_second():
    rush = ArrivalRate(np.array([10.0, 11.0]), np.full(2, 1e6), periodic=False)
    drawn = draw(Stream(rush, DeterministicSession(hours=0.4 / 3600)), 20)
    assert drawn.leave[10] / drawn.come[10] == pytest.approx(0.6, abs=0.003)
    steady = draw(Stream(rate(100), DeterministicSession(hours=0.4 / 3600)), 5000)
    assert steady.after.mean() == pytest.approx(40, abs=4 * np.sqrt(40 / 5000))


@pytest.mark.parametrize("law", list(LAWS.values()), ids=list(LAWS))
def test_nobody_leaves_who_is_not_there(law):
    drawn = draw(Stream(rate(0.02), law), 7200, seed=3)
    assert drawn.after.min() >= 0
    for counts in (drawn.come, drawn.leave):
        assert counts.min() >= 0
        np.testing.assert_array_equal(counts, np.round(counts))


def test_the_tail_of_long_sessions_is_there_at_the_start():
    # half of the clients of this law came more than a year ago
    law = LognormalSession(mean_hours=500, sigma=2.5)
    counts = [draw(Stream(rate(0.002), law), 600, seed).at_start for seed in range(40)]
    expected = 0.002 * 500 * 3600
    assert np.mean(counts) == pytest.approx(expected, abs=4 * np.sqrt(expected / 40))


def test_a_run_may_begin_before_the_week():
    stream = Stream(weekly_arrivals(WEEK), LAWS["exponential"])
    early = [draw(stream, 7200, seed, start_s=-7200.0) for seed in range(20)]
    usual = [draw(stream, 60, seed + 100).at_start for seed in range(20)]
    after = [drawn.after[-1] for drawn in early]
    assert stats.ttest_ind(after, usual).pvalue > LEAST_P


def test_several_streams_add_up():
    streams = (Stream(rate(1), LAWS["exponential"]), Stream(rate(2), LAWS["deterministic"]))
    drawn = draw_presence(streams, 0.0, 3600, np.random.default_rng(0))
    expected = 1800 + 2 * 2700
    assert abs(drawn.at_start - expected) < 4 * np.sqrt(expected)
    assert abs(drawn.come.sum() - 3 * 3600) < 4 * np.sqrt(3 * 3600)


def test_nobody_comes():
    drawn = draw(Stream(rate(0), LAWS["lognormal"]), 100)
    assert drawn.at_start == 0
    assert not drawn.come.any()
    assert not drawn.leave.any()


def test_seconds_need_not_be_whole_squares():
    drawn = draw(Stream(rate(5), LAWS["exponential"]), 4001)
    assert drawn.come.shape == drawn.leave.shape == (4001,)


def test_the_same_seed_gives_the_same_clients():
    one, other = (draw(Stream(rate(5), LAWS["Weibull"]), 600, 4) for _ in range(2))
    np.testing.assert_array_equal(one.come, other.come)
    np.testing.assert_array_equal(one.leave, other.leave)
