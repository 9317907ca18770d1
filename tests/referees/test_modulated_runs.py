"""Simulated open connections under arrivals that follow a sine, against M_t/G/infinity.

S. G. Eick, W. A. Massey, W. Whitt, "M_t/G/infinity queues with sinusoidal arrival rates",
Management Science 39 (1993), https://doi.org/10.1287/mnsc.39.2.241. Amplitudes and lags for a day
were computed from their formula by quadrature. The exact engine follows 24,000 sessions per day;
the aggregate engine, whose cost does not grow with clients, a thousand times as many, where chance
leaves the third digit alone and an error of its squares would show.
"""

import numpy as np
import pytest

from estimator.scenario.reconnect import Reconnect
from estimator.simulation.flows import Flows
from estimator.simulation.model import ArrivalRate, Model, Stream
from estimator.simulation.run import simulate

DAY_S = 86_400
SWING = 0.8
PER_HOUR = {"exact": 1e3, "aggregate": 1e6}
DAYS = {"exact": 25, "aggregate": 6}
TABLE = [
    # E[S] in hours, law: relative amplitude, lag in hours
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
]
ALIKE = {
    (0.5, "exponential"),
    (1, "exponential"),
    (1, "lognormal sigma 1"),
    (1, "Weibull 0.5"),
    (8, "exponential"),
}
"""Rows that tell nothing new of the aggregate engine; it needs half a second per day."""
CASES = [
    (*row, engine) for row in TABLE for engine in DAYS if engine == "exact" or row[:2] not in ALIKE
]


def of_a_day(session, per_hour):
    """Arrivals L (1 + b sin(g t)), as lines between knots three minutes apart.

    Lines below a sine lose (pi / 480)^2 / 3 of its amplitude, 1.4e-5.
    """
    knots = np.linspace(0, DAY_S, 481)
    rates = per_hour / 3600 * (1 + SWING * np.sin(2 * np.pi * knots / DAY_S))
    return Model((Stream(ArrivalRate(knots, rates, True), session),), Reconnect(), horizon_s=DAY_S)


def response_of(flows: Flows, mean: float) -> complex:
    """Relative amplitude and lag of a day's open connections, as amplitude x exp(i g lag)."""
    minutes = flows.open_after[59::60]
    turns = 2 * np.pi * np.arange(1, minutes.size + 1) / minutes.size
    sine, cosine = (2 * np.mean(minutes * wave(turns)) for wave in (np.sin, np.cos))
    return complex(sine, -cosine) / (mean * SWING)


@pytest.mark.parametrize(("mean_hours", "law", "amplitude", "lag_hours", "engine"), CASES)
def test_amplitude_and_lag_of_the_table(
    mean_hours, law, amplitude, lag_hours, engine, law_of, replicate, mean_is
):
    model = of_a_day(law_of(law, mean_hours * 3600), PER_HOUR[engine])
    mean = PER_HOUR[engine] * mean_hours
    found = np.array(
        replicate(model, engine, DAYS[engine], 31, lambda flows: response_of(flows, mean))
    )

    # seen along the published answer, the real part is its amplitude and the angle is an error
    turned = found * np.exp(-2j * np.pi * lag_hours / 24)
    mean_is(turned.real, amplitude)
    mean_is(turned.imag, 0.0)


@pytest.mark.parametrize("engine", DAYS)
def test_the_worked_example(engine, law_of):
    # L = 1,000 an hour, b = 0.8, exponential sessions of 4 h: 6,210 at most on average, 3.09 h
    # after the peak of arrivals, which is at 6 h
    per_hour = PER_HOUR[engine]
    model = of_a_day(law_of("exponential", 4 * 3600), per_hour)
    seeds = np.random.SeedSequence(32).spawn(60 if engine == "exact" else 4)
    days = np.mean([simulate(model, engine, seed).open_after for seed in seeds], axis=0)
    around = slice(7 * 3600, 11 * 3600)
    hours = np.arange(1, DAY_S + 1)[around] / 3600
    # near its peak the course is a parabola within 1 %: smooths what chance is left
    course = np.polynomial.Polynomial.fit(hours, days[around], 4)
    look = np.linspace(7, 11, 2401)
    peak, peak_at = course(look).max(), look[course(look).argmax()]

    assert peak / (per_hour * 4) == pytest.approx(6210 / 4000, rel=0.005)
    assert peak_at - 6 == pytest.approx(3.09, abs=0.25)
    naive_peak = per_hour * 4 * (1 + SWING)
    assert naive_peak / peak - 1 == pytest.approx(0.16, abs=0.01)
