"""What simulated referees share: plain models, and what counts as statistical error."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import (
    DeterministicSession,
    ExponentialSession,
    LognormalSession,
    SessionLength,
    WeibullSession,
)
from estimator.simulation.model import ArrivalRate, Model, Stream
from estimator.simulation.run import Engine, simulate

CONFIDENCE = 0.9999
"""A true answer fails once in ten thousand seeds; the seeds are fixed, and hundreds of figures are
judged."""

MakeLaw = Callable[[str, float], SessionLength]
MakeModel = Callable[..., Model]
Replicate = Callable[..., list]
CheckMean = Callable[..., None]


@pytest.fixture(scope="session")
def law_of() -> MakeLaw:
    """A law of session lengths by its name and its mean in seconds."""

    def build(name: str, mean_s: float) -> SessionLength:
        hours = mean_s / 3600
        match name:
            case "exponential":
                return ExponentialSession(mean_hours=hours)
            case "deterministic":
                return DeterministicSession(hours=hours)
            case "Weibull 0.5":
                # Gamma(1 + 1 / 0.5) = 2
                return WeibullSession(shape=0.5, scale_hours=hours / 2)
            case _:
                _, _, sigma = name.partition(" sigma ")
                return LognormalSession(mean_hours=hours, sigma=float(sigma or 1))

    return build


@pytest.fixture(scope="session")
def steady() -> MakeModel:
    """Clients who come at a constant rate, so many of them there on average."""

    def build(
        connections: float,
        session: SessionLength,
        horizon_s: int,
        *,
        admission: AdmissionLimits | None = None,
        reconnect: Reconnect | None = None,
        warm_up_s: int = 0,
    ) -> Model:
        per_second = connections / (session.mean * 3600)
        arrivals = ArrivalRate(np.array([0.0, 3600.0]), np.full(2, per_second), periodic=True)
        return Model(
            streams=(Stream(arrivals, session),),
            reconnect=reconnect or Reconnect(),
            admission=admission or AdmissionLimits(),
            horizon_s=horizon_s,
            warm_up_s=warm_up_s,
        )

    return build


@pytest.fixture(scope="session")
def replicate() -> Replicate:
    """What a figure is in each of some replications, shape (replications, ...)."""

    def build(model: Model, engine: Engine, count: int, seed: int, figure: Callable) -> list:
        seeds = np.random.SeedSequence(seed).spawn(count)
        return [figure(simulate(model, engine, each)) for each in seeds]

    return build


@pytest.fixture(scope="session")
def mean_is() -> CheckMean:
    """Independent values have a mean: their 99.99 % interval (Student's t) holds it."""

    def check(values, expected: float = 0.0) -> None:
        values = np.asarray(values, dtype=np.float64)
        error = values.std(ddof=1) / np.sqrt(values.size)
        reach = stats.t.ppf((1 + CONFIDENCE) / 2, values.size - 1) * error
        off = abs(values.mean() - expected)
        # what never varies differs from its mean by rounding only
        assert off <= reach + 1e-9 * abs(expected), f"{values.mean()} +- {reach}, not {expected}"

    return check
