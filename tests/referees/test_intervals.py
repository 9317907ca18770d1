"""The 95 % intervals of a run hold the truth in 95 % of all cases.

Cases are drawn: laws of sessions, numbers of clients, how their arrivals swing over the day, and
horizons of up to two hours. No limit is in the way, so that the mean number of open connections is
known at each moment (M_t/G/infinity). Each case has two intervals, which are not independent. In
full 500 cases are drawn: of 500 to 1,000 independent intervals 93 to 97 % hold the truth with a
probability of 96.0 to 99.6 %; fewer cases are judged by as many standard deviations.
"""

import numpy as np

from estimator.scenario.reconnect import Reconnect
from estimator.simulation.model import ArrivalRate, Model, Stream
from estimator.simulation.run import interval, run
from estimator.simulation.theory import modulated_occupancy

BOUNDED, FULL, REPLICATIONS = 150, 500, 5
AGGREGATE_EVERY = 10
"""The aggregate engine needs fifty times as long for so few clients."""
LAWS = ("exponential", "deterministic", "lognormal sigma 1", "lognormal sigma 1.5", "Weibull 0.5")
DAY_S = 86_400.0


def draw_case(rng, law_of):
    """A model, and the truth: open connections at a moment, and connection-minutes."""
    law = law_of(LAWS[rng.integers(len(LAWS))], np.exp(rng.uniform(np.log(60), np.log(7200))))
    mean = np.exp(rng.uniform(np.log(20), np.log(4000)))
    swing, from_s = rng.uniform(0, 1), rng.uniform(-DAY_S, 0)
    horizon_s = 60 * int(rng.integers(30, 121))
    knots = np.linspace(0, DAY_S, 481)
    rates = 1 + swing * np.sin(2 * np.pi * knots / DAY_S)
    arrivals = ArrivalRate(from_s + knots, mean / (law.mean * 3600) * rates, periodic=True)
    model = Model((Stream(arrivals, law),), Reconnect(), horizon_s=horizon_s)

    answer = modulated_occupancy(law, 24.0)
    seconds = np.arange(1, horizon_s + 1)
    turns = 2 * np.pi * ((seconds - from_s) / DAY_S - answer.lag_hours / 24)
    course = mean * (1 + swing * answer.relative_amplitude * np.sin(turns))
    minute = int(rng.integers(horizon_s // 60))
    of_minute = course[60 * minute : 60 * (minute + 1)].mean()
    return model, minute, of_minute, course.sum() / 60


def test_intervals_hold_the_truth_as_often_as_they_say(law_of, record_property, seeds):
    rng = np.random.default_rng(71)
    cases = seeds(BOUNDED, FULL)
    held = np.zeros((len(cases), 2), dtype=np.bool_)
    for case in cases:
        model, minute, open_then, minutes = draw_case(rng, law_of)
        engine = "exact" if case % AGGREGATE_EVERY else "aggregate"
        found = run(model, replications=REPLICATIONS, seed=case, engine=engine)
        open_mean = found.stack("open_mean")
        for figure, (values, truth) in enumerate(
            [(open_mean[:, minute], open_then), (open_mean.sum(axis=1), minutes)]
        ):
            _, low, high = interval(values)
            held[case, figure] = low <= truth <= high

    coverage = float(held.mean())
    record_property("coverage of 95 % intervals", coverage)
    deviations = np.sqrt(FULL / len(cases))
    assert abs(coverage - 0.95) <= 0.02 * deviations
    # each figure by itself has twice the variance
    assert np.all(np.abs(held.mean(axis=0) - 0.95) < 0.03 * deviations)
