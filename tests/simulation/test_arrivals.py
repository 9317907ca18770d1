"""Arrival rates and the Poisson processes drawn from them, against quadrature and statistics."""

import itertools
import math

import numpy as np
import pytest
from scipy import integrate, stats
from scipy.linalg import circulant

from estimator.demand.arrivals import response
from estimator.errors import EstimatorError
from estimator.scenario.sessions import DeterministicSession, ExponentialSession, WeibullSession
from estimator.simulation.model import ArrivalRate, weekly_arrivals

WEEK_S = 604_800.0
LEAST_P = 0.001
"""A true law fails a test at this level once in a thousand seeds; the seeds are fixed."""

KNOTS = np.array([10.0, 20.0, 20.0, 35.0, 60.0, 70.0])
RATES = np.array([1.0, 4.0, 9.0, 0.0, 0.0, 7.0])
ONCE = ArrivalRate(KNOTS, RATES, periodic=False)
FOREVER = ArrivalRate(KNOTS, RATES, periodic=True)
HOURLY = 400 * (1.1 + np.sin(2 * np.pi * np.arange(168) / 24) + np.sin(np.arange(168)) ** 2)


def folded(times):
    """The rate by hand: the periodic one repeats every 60 s from 10 s on."""
    t = (np.asarray(times) - 10) % 60 + 10
    return np.where(
        t < 20,
        1 + 0.3 * (t - 10),
        np.where(t < 35, 9 - 0.6 * (t - 20), np.where(t < 60, 0, 0.7 * (t - 60))),
    )


def quadrature(rate, start, end):
    edges = [e for k in range(-4, 5) for e in KNOTS + 60 * k if start < e < end]
    points = [start, *sorted(edges), end]
    return sum(integrate.quad(rate, a, b)[0] for a, b in itertools.pairwise(points))


def test_the_rate_is_a_line_between_knots_and_at_a_jump_the_value_after_it():
    np.testing.assert_allclose(
        ONCE.at(np.array([10, 15, 20 - 1e-9, 20, 27.5, 35, 50, 65])),
        [1, 2.5, 4, 9, 4.5, 0, 0, 3.5],
        atol=1e-8,
    )


def test_outside_its_knots_a_rate_is_zero_or_repeats():
    times = np.array([-1000.0, 9.999, 70.0, 75.0, 1e6])

    np.testing.assert_array_equal(ONCE.at(times), np.zeros(5))
    np.testing.assert_allclose(FOREVER.at(times), folded(times), rtol=1e-9)


def test_the_largest_rate():
    assert ONCE.most == 9


@pytest.mark.parametrize("time", [-111.0, -3.0, 0.0, 10.0, 14.0, 20.0, 33.3, 61.0, 70.0, 200.0])
def test_expected_arrivals_are_the_integral_of_the_rate(time):
    sign, (start, end) = math.copysign(1, time), sorted((0.0, time))

    for rate in (ONCE, FOREVER):
        integral = sign * quadrature(lambda t, rate=rate: float(rate.at(np.array(t))), start, end)
        assert float(rate.expected(np.array(time))) == pytest.approx(integral, abs=1e-8)


def test_a_number_of_arrivals_is_expected_by_the_time_until_which_it_is():
    # but where nobody comes, from 35 to 60 s of each period of 60, all times expect the same
    times = np.array([-170.0, -50.0, 0.0, 10.0, 14.0, 20.0, 34.0, 61.0, 69.0, 1e5 + 31.0])

    np.testing.assert_allclose(FOREVER.when(FOREVER.expected(times)), times, atol=1e-6)


def test_no_step_expects_less_than_nobody_where_nobody_comes():
    # sums over days end in other digits than those over weeks
    office = weekly_arrivals(np.tile([0.0] * 8 + [1000 / 7] * 10 + [0.0] * 6, 7))

    for width_s in (0.5, 1.0, 64.0):
        assert office.means_in(-3 * WEEK_S, width_s, 100_000).min() >= 0


def test_each_period_expects_the_same():
    # 25 + 67.5 + 0 + 35
    starts = np.linspace(-283.0, 257.0, 10)
    np.testing.assert_allclose(FOREVER.expected(starts + 60) - FOREVER.expected(starts), 127.5)


def test_expected_arrivals_of_steps_add_up():
    steps = FOREVER.means_in(-20.0, 0.5, 300)

    assert steps.shape == (300,)
    assert steps.sum() == pytest.approx(quadrature(folded, -20.0, 130.0), rel=1e-9)
    assert steps[60] == pytest.approx(quadrature(folded, 10.0, 10.5), rel=1e-9)


@pytest.mark.parametrize("rate", [ONCE, FOREVER], ids=["once", "for ever"])
@pytest.mark.parametrize(("start", "end"), [(-200.0, 250.0), (12.0, 18.0), (19.0, 63.0)])
def test_the_number_of_arrivals_is_a_poisson_variate(rate: ArrivalRate, start, end):
    rng = np.random.default_rng(1)
    counts = np.array([rate.draw(start, end, rng).size for _ in range(1000)])

    low, high = rate.expected(np.array([start, end]))
    mean = high - low
    assert counts.mean() == pytest.approx(mean, abs=3.3 * math.sqrt(mean / counts.size))
    # index of dispersion: sum of squares over the mean is chi-square distributed
    dispersion = float(((counts - counts.mean()) ** 2).sum() / counts.mean())
    p = stats.chi2(counts.size - 1).cdf(dispersion)
    assert LEAST_P < p < 1 - LEAST_P


def test_numbers_in_disjoint_steps_are_independent():
    rng = np.random.default_rng(2)
    times = [FOREVER.draw(10.0, 130.0, rng) for _ in range(2000)]
    counts = np.array([np.histogram(t, [10, 15, 20, 35, 130])[0] for t in times])

    correlations = np.corrcoef(counts.T)[np.triu_indices(4, 1)]
    assert np.max(np.abs(correlations)) < 4 / math.sqrt(2000)


@pytest.mark.parametrize("rate", [ONCE, FOREVER], ids=["once", "for ever"])
def test_arrivals_are_spread_by_the_rate(rate: ArrivalRate):
    start, end = -47.0, 68.0
    rng = np.random.default_rng(3)
    times = np.concatenate([rate.draw(start, end, rng) for _ in range(500)])

    low, high = rate.expected(np.array([start, end]))
    shares = (rate.expected(times) - low) / (high - low)
    assert stats.kstest(shares, "uniform").pvalue > LEAST_P


def test_time_between_arrivals_is_exponential_once_the_rate_is_taken_out():
    times = FOREVER.draw(-5_000.0, 5_000.0, np.random.default_rng(4))

    gaps = np.diff(FOREVER.expected(times))
    assert stats.kstest(gaps, "expon").pvalue > LEAST_P


def test_arrivals_rise_and_stay_within_the_time_asked_for():
    rng = np.random.default_rng(5)
    for start, end in ((-100.0, 100.0), (20.0, 20.5), (34.999, 35.0), (69.99, 70.0)):
        times = np.concatenate([[start], FOREVER.draw(start, end, rng)])
        assert np.all(np.diff(times) >= 0)
        assert times[-1] < end


def test_nobody_comes_where_the_rate_is_zero():
    rng = np.random.default_rng(6)

    assert FOREVER.draw(36.0, 59.0, rng).size == 0
    assert ONCE.draw(71.0, 1e6, rng).size == 0
    assert ONCE.draw(30.0, 30.0, rng).size == 0


def test_nearly_level_rates_lose_no_digits():
    # (sqrt(b^2 + 2 a c) - b) / a would, and c / b would be right to 1e-13 only
    level = ArrivalRate(np.array([0.0, 1e5]), np.array([5.0, 5.0 + 1e-12]), periodic=False)
    exact = ArrivalRate(np.array([0.0, 1e5]), np.array([5.0, 5.0]), periodic=False)

    drawn, wanted = (rate.draw(0.0, 1e5, np.random.default_rng(7)) for rate in (level, exact))
    np.testing.assert_allclose(drawn, wanted, rtol=1e-12)


def test_a_week_expects_the_arrivals_of_its_hours():
    week = weekly_arrivals(HOURLY)

    assert float(week.expected(np.array(WEEK_S))) == pytest.approx(HOURLY.sum(), rel=1e-12)
    middles = np.linspace(1800.0, WEEK_S - 1800, 168)
    np.testing.assert_allclose(week.at(middles) * 3600, HOURLY, rtol=1e-12)
    np.testing.assert_allclose(
        week.at(np.array([0.0, WEEK_S])) * 3600, (HOURLY[0] + HOURLY[-1]) / 2, rtol=1e-12
    )
    # a line between the middles puts an eighth of each neighbour's difference into the hour
    neighbors = (np.roll(HOURLY, 1) + np.roll(HOURLY, -1)) / 2
    np.testing.assert_allclose(week.means_in(0.0, 3600.0, 168), 0.75 * HOURLY + 0.25 * neighbors)


@pytest.mark.parametrize(
    "law",
    [
        ExponentialSession(mean_hours=2.5),
        DeterministicSession(hours=1.3),
        WeibullSession(shape=3, scale_hours=4),
    ],
    ids=["exponential", "deterministic", "Weibull"],
)
def test_open_connections_of_a_week_are_those_of_the_closed_form(law):
    # m(t) = integral over u of rate(t - u) P(S > u), on steps of 3.6 s
    week, step_hours, steps = weekly_arrivals(HOURLY), 0.001, 96_000
    survival = law.survival((np.arange(steps) + 0.5) * step_hours)
    closed = circulant(response(law, 168, 1.0, 0.25)) @ HOURLY

    for hour in (0, 7, 100, 167):
        start_s = (hour + 0.25 - steps * step_hours) * 3600
        came = week.means_in(start_s, step_hours * 3600, steps)
        assert came[::-1] @ survival == pytest.approx(closed[hour], rel=1e-6)


def test_drawn_clients_make_the_open_connections_of_the_closed_form():
    law, rng = ExponentialSession(mean_hours=2.5), np.random.default_rng(8)
    comes = weekly_arrivals(HOURLY * 10).draw(-50 * 3600.0, WEEK_S, rng)
    leaves = comes + law.draw(comes.size, rng) * 3600

    moments = (np.arange(168) + 0.5) * 3600
    found = np.searchsorted(comes, moments) - np.searchsorted(np.sort(leaves), moments)
    mean = circulant(response(law, 168, 1.0, 0.5)) @ HOURLY * 10
    # Poisson: the deviation is measured in square roots of the mean
    assert np.max(np.abs(found - mean) / np.sqrt(mean)) < 4


@pytest.mark.parametrize(
    ("knots", "rates", "message"),
    [
        ([0, 2, 1], [1, 1, 1], "knots of an arrival rate must be finite and rise"),
        ([3, 3], [1, 2], "must be finite and rise"),
        ([0, math.inf], [1, 1], "must be finite and rise"),
        ([0, 1], [1, -2], "not negative, but is -2 per second at 1 s"),
        ([0, 1], [math.nan, 1], "must be finite and not negative, but is nan per second at 0 s"),
        ([0, 1, 2], [1, 1], r"not knots of shape \(3,\) and rates of shape \(2,\)"),
        ([0], [1], "two or more knots"),
    ],
)
def test_what_is_no_rate_is_refused(knots, rates, message):
    with pytest.raises(EstimatorError, match=message):
        ArrivalRate(np.array(knots, dtype=float), np.array(rates, dtype=float), periodic=True)


def test_a_week_has_168_hours():
    with pytest.raises(EstimatorError, match=r"a week has 168 hours, .* shape \(24,\)"):
        weekly_arrivals(np.ones(24))
