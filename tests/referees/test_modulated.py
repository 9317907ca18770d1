"""Open connections under arrivals that follow a sine, against the theory of M_t/G/infinity.

S. G. Eick, W. A. Massey, W. Whitt, "M_t/G/infinity queues with sinusoidal arrival rates",
Management Science 39 (1993), https://doi.org/10.1287/mnsc.39.2.241. The table of amplitudes and
lags for a day was computed from their formula by quadrature. Closed forms of their paper and,
for lognormal and Weibull sessions, integrals along a turned path are a second opinion.
"""

import math

import numpy as np
import pytest
from scipy import integrate
from scipy.linalg import circulant

from estimator.demand.arrivals import response
from estimator.errors import EstimatorError
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    SessionLength,
    WeibullSession,
)
from estimator.simulation.theory import modulated_occupancy

DAY = 24.0


def law_of(name: str, mean_hours: float) -> SessionLength:
    laws = {
        "deterministic": DeterministicSession(hours=mean_hours),
        "exponential": ExponentialSession(mean_hours=mean_hours),
        "lognormal sigma 1": LognormalSession(mean_hours=mean_hours, sigma=1),
        "lognormal sigma 1.5": LognormalSession(mean_hours=mean_hours, sigma=1.5),
        # Gamma(1 + 1 / 0.5) = 2
        "Weibull 0.5": WeibullSession(shape=0.5, scale_hours=mean_hours / 2),
    }
    return laws[name]


def phasor(law: SessionLength, period_hours: float) -> complex:
    found = modulated_occupancy(law, period_hours)
    angle = 2 * math.pi * found.lag_hours / period_hours
    return found.relative_amplitude * complex(math.cos(angle), math.sin(angle))


def complex_quad(function, start, end):
    real, imag = (
        integrate.quad(
            lambda u, part=part: getattr(function(u), part), start, end, epsabs=1e-10, limit=1000
        )[0]
        for part in ("real", "imag")
    )
    return complex(real, imag)


@pytest.mark.parametrize(
    ("mean", "name", "amplitude", "lag"),
    [
        (0.5, "exponential", 0.99154, 0.4972),
        (0.5, "Weibull 0.5", 0.89447, 1.2200),
        (1, "deterministic", 0.99715, 0.5000),
        (1, "exponential", 0.96740, 0.9780),
        (1, "lognormal sigma 1", 0.91662, 1.1234),
        (1, "lognormal sigma 1.5", 0.73213, 1.6555),
        (1, "Weibull 0.5", 0.76428, 1.9132),
        (4, "deterministic", 0.95493, 2.0000),
        (4, "exponential", 0.69062, 3.0880),
        (4, "lognormal sigma 1", 0.63638, 2.8062),
        (4, "Weibull 0.5", 0.40880, 3.3998),
        (8, "exponential", 0.43087, 4.2985),
        (8, "lognormal sigma 1", 0.43487, 3.8651),
    ],
)
def test_amplitude_and_lag_over_a_day(mean, name, amplitude, lag):
    found = modulated_occupancy(law_of(name, mean), DAY)

    assert found.relative_amplitude == pytest.approx(amplitude, abs=5.001e-6)
    assert found.lag_hours == pytest.approx(lag, abs=5.001e-5)


def test_worked_example_of_a_day():
    # L = 1,000 an hour, b = 0.8, exponential sessions of 4 h
    found = modulated_occupancy(ExponentialSession(mean_hours=4), DAY)
    mean, naive_peak = 1000 * 4, 1000 * 4 * 1.8
    peak = mean * (1 + 0.8 * found.relative_amplitude)

    assert peak == pytest.approx(6210, abs=0.5)
    assert found.lag_hours == pytest.approx(3.09, abs=0.005)
    assert naive_peak == 7200
    assert naive_peak / peak - 1 == pytest.approx(0.16, abs=0.005)


@pytest.mark.parametrize("mean", [1e-4, 0.03, 1.0, 24.0, 1e4])
def test_closed_form_of_exponential_sessions(mean):
    g = 2 * math.pi / DAY
    found = modulated_occupancy(ExponentialSession(mean_hours=mean), DAY)

    assert found.relative_amplitude == pytest.approx(1 / math.hypot(1, g * mean), abs=1e-10)
    assert found.lag_hours == pytest.approx(math.atan(g * mean) / g, rel=1e-9)


@pytest.mark.parametrize("hours", [0.01, 1.0, 13.0, 23.9])
def test_closed_form_of_fixed_sessions(hours):
    half = math.pi * hours / DAY
    found = modulated_occupancy(DeterministicSession(hours=hours), DAY)

    assert found.relative_amplitude == pytest.approx(abs(math.sin(half) / half), rel=1e-12)
    assert found.lag_hours == pytest.approx(hours / 2, rel=1e-12)


def test_sessions_of_whole_periods_do_not_swing():
    for days in (1, 2, 7):
        found = modulated_occupancy(DeterministicSession(hours=days * DAY), DAY)
        assert found.relative_amplitude == pytest.approx(0, abs=1e-15)


@pytest.mark.parametrize("sigma", [0.2, 1.0, 1.5, 2.5, 4.0])
@pytest.mark.parametrize("mean", [0.02, 0.5, 4.0, 60.0])
def test_lognormal_sessions_agree_with_an_integral_along_a_turned_path(mean, sigma):
    # E exp(i g exp(Y)) - 1 with Y moved up by i turn, where the wave decays
    g, location, turn = 2 * math.pi / DAY, math.log(mean) - sigma**2 / 2, min(sigma, math.pi / 2)

    def integrand(z):
        density = np.exp(-(complex(z, turn / sigma) ** 2) / 2) / math.sqrt(2 * math.pi)
        wave = 1j * g * np.exp(complex(location + z * sigma, turn))
        return density * np.expm1(wave) / (1j * g * mean)

    exact = complex_quad(integrand, -12, 12)
    assert abs(phasor(LognormalSession(mean_hours=mean, sigma=sigma), DAY) - exact) < 1e-9


@pytest.mark.parametrize("shape", [0.2, 0.5, 0.8, 3.0, 20.0])
@pytest.mark.parametrize("scale", [0.01, 0.5, 4.0, 60.0])
def test_weibull_sessions_agree_with_an_integral_along_a_turned_path(scale, shape):
    law = WeibullSession(shape=shape, scale_hours=scale)
    # x = u exp(i turn): the wave decays, and the survival function still does
    g, turn = 2 * math.pi / DAY, min(math.pi / 2, 0.9 * math.pi / (2 * shape))
    direction = complex(math.cos(turn), math.sin(turn))

    def integrand(log_u):
        x = math.exp(log_u) * direction
        return np.exp(-((x / scale) ** shape) + 1j * g * x) * x / law.mean

    decays = min(40 / (g * direction.imag), scale * (40 / math.cos(shape * turn)) ** (1 / shape))
    exact = complex_quad(integrand, math.log(law.mean) - 35, math.log(decays))
    assert abs(phasor(law, DAY) - exact) < 1e-9


def test_for_slow_rates_connections_lag_by_the_mean_stationary_excess():
    # E[S^2] / (2 E[S]); for lognormal sessions E[S] exp(sigma^2) / 2
    found = modulated_occupancy(LognormalSession(mean_hours=0.1, sigma=1), 10_000.0)

    assert found.lag_hours == pytest.approx(0.1 * math.e / 2, rel=1e-5)
    assert found.relative_amplitude == pytest.approx(1, abs=1e-6)


def test_observed_sessions_are_a_mixture_of_fixed_ones():
    hours, counts = (0.5, 7.0, 500.0), (60, 39, 1)
    shares = np.array(counts) / 100
    means = shares * hours
    parts = [phasor(DeterministicSession(hours=h), DAY) for h in hours[:2]]
    # 500 h are 20 days and 20 h, and lag by half a turn more where the sine is negative
    half = math.pi * 500 / DAY
    parts.append(math.sin(half) / half * complex(math.cos(half), math.sin(half)))

    found = phasor(EmpiricalSession(lengths_hours=hours, counts=counts), DAY)
    assert found == pytest.approx(complex(means @ np.array(parts)) / means.sum(), rel=1e-12)


@pytest.mark.parametrize(
    "law",
    [
        law_of("deterministic", 4),
        law_of("lognormal sigma 1", 1),
        law_of("Weibull 0.5", 4),
        EmpiricalSession(lengths_hours=(0.2, 3, 9)),
    ],
    ids=lambda law: law.law,
)
def test_expected_connections_of_a_sine_have_that_amplitude_and_lag(law: SessionLength):
    steps = 960
    turns = 2 * math.pi * (np.arange(steps) + 0.5) / steps
    connections = circulant(response(law, steps, DAY / steps, 0.5)) @ (1 + 0.8 * np.sin(turns))

    found = modulated_occupancy(law, DAY)
    lag = 2 * math.pi * found.lag_hours / DAY
    expected = law.mean * (1 + 0.8 * found.relative_amplitude * np.sin(turns - lag))
    np.testing.assert_allclose(connections, expected, rtol=2e-5)


def test_a_period_is_longer_than_nothing():
    with pytest.raises(EstimatorError, match="period must be finite and above 0, but is 0"):
        modulated_occupancy(ExponentialSession(mean_hours=1), 0.0)
