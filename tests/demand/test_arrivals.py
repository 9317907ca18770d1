"""Open connections and the arrivals behind them, against the theory of the M_t/G/infinity queue.

S. G. Eick, W. A. Massey, W. Whitt, "M_t/G/infinity queues with sinusoidal arrival rates",
Management Science 39 (1993), https://doi.org/10.1287/mnsc.39.2.241: with an arrival rate
L (1 + b sin(g t)) the mean number of customers is L E[S] (1 + b R sin(g (t - lag))), where
R exp(i g lag) = E exp(i g S_e) and S_e has the density P(S > x) / E[S].
"""

import cmath
import math
from collections.abc import Callable
from typing import Literal

import numpy as np
import pytest
from scipy import integrate, optimize, stats
from scipy.linalg import circulant

import estimator as ws
from estimator.demand.arrivals import arrivals_behind, mean_response, response
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    SessionLength,
    WeibullSession,
)

DAY = 24.0
LAWS: dict[str, Callable[[float], SessionLength]] = {
    "deterministic": lambda mean: DeterministicSession(hours=mean),
    "exponential": lambda mean: ExponentialSession(mean_hours=mean),
    "lognormal sigma 1": lambda mean: LognormalSession(mean_hours=mean, sigma=1),
    "lognormal sigma 1.5": lambda mean: LognormalSession(mean_hours=mean, sigma=1.5),
    "Weibull 0.5": lambda mean: WeibullSession(shape=0.5, scale_hours=mean / 2),
}
DAILY_SINE = [
    # law, mean session in hours, relative amplitude R, lag in hours
    ("exponential", 0.5, 0.99154, 0.4972),
    ("Weibull 0.5", 0.5, 0.89447, 1.2200),
    ("deterministic", 1, 0.99715, 0.5000),
    ("exponential", 1, 0.96740, 0.9780),
    ("lognormal sigma 1", 1, 0.91662, 1.1234),
    ("lognormal sigma 1.5", 1, 0.73213, 1.6555),
    ("Weibull 0.5", 1, 0.76428, 1.9132),
    ("deterministic", 4, 0.95493, 2.0000),
    ("exponential", 4, 0.69062, 3.0880),
    ("lognormal sigma 1", 4, 0.63638, 2.8062),
    ("Weibull 0.5", 4, 0.40880, 3.3998),
    ("exponential", 8, 0.43087, 4.2985),
    ("lognormal sigma 1", 8, 0.43487, 3.8651),
]
OF_MEAN_2 = [law(2.0) for law in LAWS.values()]


def answer_to_a_sine(law: SessionLength, steps: int = 1440) -> tuple[float, float]:
    """Relative amplitude and lag in hours, for a daily sine of the arrival rate."""
    per_arrival = response(law, steps, DAY / steps, 0.5)
    first_harmonic = np.fft.fft(per_arrival)[1] / law.mean
    return abs(first_harmonic), -np.angle(first_harmonic) * DAY / (2 * math.pi)


@pytest.mark.parametrize(("name", "mean", "amplitude", "lag"), DAILY_SINE)
def test_daily_sine_is_damped_and_delayed_as_the_theory_says(name, mean, amplitude, lag):
    found_amplitude, found_lag = answer_to_a_sine(LAWS[name](mean))

    # half a unit of the last digit, and (2 pi / 1440)^2 / 12 for the grid of minutes
    assert found_amplitude == pytest.approx(amplitude, abs=0.7e-5)
    assert found_lag == pytest.approx(lag, abs=0.6e-4)


@pytest.mark.parametrize("mean", [0.25, 1, 3, 10])
def test_exponential_sessions_have_a_closed_form(mean):
    g = 2 * math.pi / DAY
    amplitude, lag = answer_to_a_sine(ExponentialSession(mean_hours=mean))

    assert amplitude == pytest.approx(1 / math.sqrt(1 + (g * mean) ** 2), abs=3e-6)
    assert lag == pytest.approx(math.atan(g * mean) / g, abs=1e-5)


@pytest.mark.parametrize(
    ("law", "survival"),
    [
        (WeibullSession(shape=0.5, scale_hours=1 / 3), stats.weibull_min(0.5, scale=1 / 3).sf),
        (LognormalSession(mean_hours=2, sigma=1), stats.lognorm(1, scale=2 * math.exp(-0.5)).sf),
    ],
    ids=["Weibull", "lognormal"],
)
def test_other_laws_agree_with_quadrature(law, survival):
    g = 2 * math.pi / DAY

    def integral(weight: Literal["cos", "sin"]) -> float:
        def density(x: float) -> float:
            return survival(x) / law.mean

        return integrate.quad(density, 0, 400, limit=2000, weight=weight, wvar=g)[0]

    expected = complex(integral("cos"), integral("sin"))
    amplitude, lag = answer_to_a_sine(law)

    assert amplitude == pytest.approx(abs(expected), abs=5e-6)
    assert lag == pytest.approx(cmath.phase(expected) * DAY / (2 * math.pi), abs=5e-5)


@pytest.mark.parametrize("law", OF_MEAN_2, ids=list(LAWS))
def test_in_a_stationary_week_connects_are_connections_over_session_length(law):
    # Little's law: insensitive to the law of the sessions, only their mean counts
    found = arrivals_behind((1.0,) * 168, law)

    np.testing.assert_allclose(found.per_hour, 1 / law.mean, rtol=1e-9)
    np.testing.assert_allclose(found.peak_within_hour, 1.0, rtol=1e-9)
    assert found.misfit < 1e-9


@pytest.mark.parametrize("law", OF_MEAN_2, ids=list(LAWS))
@pytest.mark.parametrize("moment", [response, mean_response])
def test_every_arrival_stays_for_its_session_and_no_longer(law, moment):
    extra = (0.25,) if moment is response else ()

    assert moment(law, 168, 1.0, *extra).sum() == pytest.approx(law.mean, rel=1e-12)


@pytest.mark.parametrize("law", OF_MEAN_2, ids=list(LAWS))
def test_connections_of_the_arrivals_found_are_those_asked_for(law):
    # feasible by construction: the connections that a moving rate really makes
    hours = np.arange(168)
    rate = 1 + 0.5 * np.sin(2 * np.pi * hours / 24) + 0.2 * np.sin(2 * np.pi * hours / 168)
    forward = circulant(mean_response(law, 168, 1.0))
    curve = forward @ rate
    found = arrivals_behind(tuple((curve / curve.mean()).tolist()), law)

    np.testing.assert_allclose(forward @ found.per_hour, curve / curve.mean(), rtol=1e-4)
    np.testing.assert_allclose(found.per_hour, rate / curve.mean(), rtol=1e-4)


@pytest.mark.parametrize("name", ["workplace-chat", "board-collaboration", "market-data"])
def test_arrivals_times_mean_session_are_the_connections(name):
    # Little's law over the whole week
    profile = ws.load_profile(name)
    found = arrivals_behind(tuple(profile.weekly_shape.levels.tolist()), profile.session)

    assert found.per_hour.mean() * profile.session.mean == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("name", ["workplace-chat", "board-collaboration", "market-data"])
def test_shipped_shapes_can_be_produced_by_the_shipped_sessions(name):
    demand = ws.expected_demand(
        ws.Scenario(profile=name, location="virginia", mean_connections=1000)
    )

    assert demand.notes == ()


def test_in_a_moving_hour_connections_over_session_length_is_wrong():
    profile = ws.load_profile("workplace-chat")
    levels = profile.weekly_shape.levels
    found = arrivals_behind(tuple(levels.tolist()), profile.session)

    naive = levels / profile.session.mean
    assert np.max(np.abs(found.per_hour / naive - 1)) > 0.5


def test_arrivals_are_never_negative_even_where_connections_fall_faster_than_sessions_end():
    cliff = (2.0,) * 84 + (0.0,) * 84
    found = arrivals_behind(cliff, ExponentialSession(mean_hours=10))

    assert np.all(found.per_hour >= 0)
    assert found.misfit > 0.5


def test_where_a_curve_falls_faster_than_sessions_end_the_hour_and_what_is_too_much_are_told():
    # of what is open in one hour, sessions of 10 hours leave exp(-0.1) open in the next at least.
    # A curve of 2 in hour 83 and 0 in hour 84 is missed by x and y with y >= exp(-0.1) (2 - x), so
    # one of them is at least 2 exp(-0.1) / (1 + exp(-0.1)) = 0.95
    cliff = (2.0,) * 84 + (0.0,) * 84
    found = arrivals_behind(cliff, ExponentialSession(mean_hours=10))

    assert found.contradicts
    assert found.worst_step in {83, 84}
    assert found.misfits[83] < 0 < found.misfits[84]
    assert 0.95 < found.misfit < 1.2
    # what is too much after the fall is missing before it, since sessions are as many as drawn
    assert found.misfits.mean() == pytest.approx(0, abs=1e-9)
    assert found.per_hour.sum() == pytest.approx(168 / 10, rel=1e-9)


@pytest.mark.parametrize("law", OF_MEAN_2, ids=list(LAWS))
def test_a_zigzag_of_reading_errors_is_enlarged_twice_at_most(law):
    # k / (k^2 + (4 / 16)^2) is at most 1 / (2 x 4 / 16) = 2, whatever share k sessions let through
    zigzag = 0.005 * (-1.0) ** np.arange(168)
    found = arrivals_behind(tuple((1 + zigzag).tolist()), law)

    assert np.max(np.abs(found.per_hour * law.mean - 1)) <= 0.005 * 2 * (1 + 1e-9)


@pytest.mark.parametrize("law", OF_MEAN_2, ids=list(LAWS))
def test_a_measured_curve_is_followed_as_closely_as_any_arrivals_can(law):
    # scipy's least squares without any curvature: the closest that arrivals can be
    levels = ws.load_profile("workplace-chat").weekly_shape.levels
    forward = circulant(mean_response(law, 168, 1.0))
    closest = optimize.nnls(forward, levels)[1] / math.sqrt(168)
    found = arrivals_behind(tuple(levels.tolist()), law)

    np.testing.assert_allclose(forward @ found.per_hour - levels, found.misfits, atol=1e-9)
    assert np.sqrt(np.mean(found.misfits**2)) < closest + 0.015


OFFICE = [0.05] * 6 + [0.25, 0.6] + [1.0] * 8 + [0.6, 0.25] + [0.05] * 6


@pytest.mark.parametrize("mean", [0.1, 0.5, 1, 2])
@pytest.mark.parametrize("name", LAWS)
def test_on_a_plateau_arrivals_do_not_swing(name, mean):
    # where connections stay level, exponential sessions need arrivals of connections over session
    # length (they are m / mean + dm/dt), and all laws do once sessions from before the plateau
    # are over; the exact fit swings from 0.2 to 2 times that
    week = np.tile(OFFICE, 7)
    found = arrivals_behind(tuple((week / week.mean()).tolist()), LAWS[name](mean))

    inside = found.per_hour.reshape(7, 24)[:, 10:14] * mean * week.mean()
    assert np.all((inside > 0.8) & (inside < 1.2))


@pytest.mark.parametrize("law", OF_MEAN_2, ids=list(LAWS))
def test_the_peak_within_an_hour_is_a_figure_of_its_own(law):
    # 1 + 0.5 sin(2 pi t / 24) is 1.5 at 06:00; averaged over the hour before or after, it is
    # 1 + 0.5 sin(2 pi 5.5 / 24) sinc(1 / 24) = 1.4943
    middles = np.arange(168) + 0.5
    week = 1 + 0.5 * np.sinc(1 / 24) * np.sin(2 * np.pi * middles / 24)
    found = arrivals_behind(tuple(week.tolist()), law)

    assert week.max() == pytest.approx(1.4943, abs=1e-4)
    assert found.peak_within_hour.max() == pytest.approx(1.5, abs=1e-3)
    assert np.all(found.peak_within_hour >= week)


def test_days_alike_are_alike_to_the_last_digit():
    week = np.tile(OFFICE, 7)
    found = arrivals_behind(
        tuple((week / week.mean()).tolist()), LognormalSession(mean_hours=2, sigma=1)
    )

    assert np.ptp(found.per_hour.reshape(7, 24), axis=0).max() == 0
    assert found.worst_step < 24


def test_observed_sessions_of_one_length_are_deterministic_sessions():
    observed, exact = EmpiricalSession(lengths_hours=(1.5,)), DeterministicSession(hours=1.5)

    np.testing.assert_allclose(
        mean_response(observed, 168, 1.0), mean_response(exact, 168, 1.0), atol=1e-12
    )


def test_worked_example_of_a_daily_sine():
    # L = 1,000 an hour, b = 0.8, exponential sessions of 4 h: the peak is
    # 4,000 (1 + 0.8 x 0.69062) = 6,210 and not the 7,200 that rate times session length gives
    steps = 240
    hours = np.arange(steps) * DAY / steps
    rate = 1000 * (1 + 0.8 * np.sin(2 * np.pi * hours / DAY))
    per_arrival = response(ExponentialSession(mean_hours=4), steps, DAY / steps, 0.5)
    connections = circulant(per_arrival) @ rate

    assert connections.mean() == pytest.approx(4000, rel=1e-9)
    assert round(connections.max(), -1) == 6210
