"""How many replications does it take? Until the peak is known, on any number of processes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import chain
from typing import Final, Literal

import numpy as np
from scipy import special

from estimator.arrays import FloatArray
from estimator.errors import EstimatorError, UnknownNameError
from estimator.runtime import one_thread
from estimator.simulation.admission import allowed, hour_of_week
from estimator.simulation.aggregate_engine import simulate_aggregate
from estimator.simulation.compiling import COMPILED
from estimator.simulation.connection_age import ageing_bytes
from estimator.simulation.effort import ASKED_FOR, USUAL, Bounds, EffortError, MemoryNeedError
from estimator.simulation.exact_engine import simulate_exact
from estimator.simulation.flows import Flows, Replication, by_minute
from estimator.simulation.model import Model
from estimator.simulation.retries import waiting_bytes
from estimator.units import MINUTES_PER_HOUR, SECONDS_PER_HOUR

Engine = Literal["exact", "aggregate"]
CONFIDENCE: Final = 0.95
WIDTH: Final = 0.01
"""Half the interval of the mean peak, as a share of it, at which replications are enough."""
FEWEST, BATCH, MOST = 8, 4, 200
MOST_ASKED_FOR: Final = 5_000
"""Their minutes take some 7 GB, about what one week may take whose engine is named."""
EXACT_UP_TO_CLIENTS: Final = 1_000_000
"""Up to so many sessions the exact engine is about as fast as the aggregate engine."""
EXACT_UNCOMPILED_UP_TO_CLIENTS: Final = 200_000
"""The same where numba is not installed."""
EXACT_AT_MOST_CLIENTS: Final = 30_000_000
"""Beyond it, the arrays of the exact engine take more than a few gigabytes."""
_CLIENTS_OF_A_TASK: Final = 1_000_000
"""So many clients take either engine some tenths of a second."""
_WEEKS_OF_A_TASK: Final = 16
"""Each sends a megabyte of minutes back."""
_TRIAL: Final = 2
_MOST_EFFORT_S: Final = 16.0
"""What replications that nobody asked for may take on one core together,"""
_MOST_HELD_BYTES: Final = 350_000_000
"""and hold. The first two are always run."""
_NUMBERS_PER_SECOND, _BYTES_PER_CLIENT = 30, 100
"""What a run holds of each second of the week, and the exact engine of each client."""
_WARM_UP_SESSIONS: Final = 5.0
_LONGEST_WARM_UP_S: Final = 86_400
_NEARLY_FULL: Final = 0.95
_ENGINES: Final = {"exact": simulate_exact, "aggregate": simulate_aggregate}


@dataclass(frozen=True)
class Run:
    """What all replications of a model came to."""

    model: Model
    engine: Engine
    seed: int
    replications: tuple[Replication, ...]
    notes: tuple[str, ...]
    """Which engine was taken and why, warm-up, and how well the peak is known."""

    def stack(self, name: str) -> FloatArray:
        """A figure of every minute, by its name in ``Replication``, shape (replications, minutes).

        >>> # for example run.stack("open_most").max(axis=1) are the peaks of the replications
        """
        return np.stack([getattr(each, name) for each in self.replications])

    def band(self, name: str, shares: Sequence[float] = (0.05, 0.5, 0.95)) -> FloatArray:
        """Quantiles over the replications in every minute, shape (shares, minutes)."""
        return np.quantile(self.stack(name), shares, axis=0)

    @cached_property
    def hours(self) -> FloatArray:
        """Hours of the week at which the minutes begin, shape (minutes,)."""
        return np.arange(self.replications[0].open_mean.size) / MINUTES_PER_HOUR

    @cached_property
    def peaks(self) -> FloatArray:
        """Most open connections of each replication, shape (replications,)."""
        return self.stack("open_most").max(axis=1)

    @cached_property
    def daily_peaks(self) -> FloatArray:
        """Most open connections of each day, shape (replications, days)."""
        most = self.stack("open_most")
        days = max(most.shape[1] // 1440, 1)
        return most[:, : days * 1440].reshape(most.shape[0], days, -1).max(axis=2)

    @property
    def unit_hours(self) -> FloatArray:
        """Hours of units that ran in the simulated time, shape (replications,)."""
        return self.stack("units").sum(axis=1) / MINUTES_PER_HOUR

    @property
    def connection_minutes_lost(self) -> FloatArray:
        """Minutes that clients wanted to be connected and were not, shape (replications,)."""
        return self.stack("waiting").sum(axis=1)

    @property
    def attempts_per_client(self) -> FloatArray:
        """Mean attempts of those who were let in, shape (replications,)."""
        let_in = np.stack([each.attempts_needed for each in self.replications])
        attempts = let_in @ np.arange(1, let_in.shape[1] + 1)
        return attempts / np.maximum(let_in.sum(axis=1), 1.0)


def interval(values: FloatArray) -> tuple[float, float, float]:
    """Mean of independent values and the interval that holds the true mean, by Student's t.

    A single value has an interval without ends; where one is infinite, so is the mean, and all
    that is known is that it is no less than the least.

    >>> interval(np.array([9.0, 10.0, 11.0]))
    (10.0, 7.516, 12.484)
    """
    mean = float(np.mean(values))
    if len(values) < 2:
        return mean, -np.inf, np.inf
    if np.isinf(mean):
        return mean, float(np.min(values)), mean
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = error * float(special.stdtrit(len(values) - 1, (1 + CONFIDENCE) / 2))
    return mean, mean - reach, mean + reach


def run(
    model: Model,
    *,
    replications: int | Literal["auto"] = "auto",
    seed: int = 0,
    engine: Engine | Literal["auto"] = "auto",
    executor: Executor | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Run:
    """Simulate a model as often as it takes.

    Replications come in batches until the mean of their peaks is known to 1% (half the 95%
    interval), at least 8 and at most 200; fewer, but at least 2, where these would take long or
    much memory. Each has a seed of its own from ``SeedSequence(seed).spawn``, so that results
    depend on nothing but the model and the seed.

    Args:
        model: who comes, what lets them in, what goes wrong.
        replications: how many, at most 5,000, or ``auto`` for the rule above.
        seed: any whole number of at least 0.
        engine: ``auto`` takes the exact engine for up to a million sessions, or 200,000 where
            numba is not installed.
        executor: runs replications elsewhere, such as a ``ProcessPoolExecutor``; one after the
            other here if left out.
        progress: called with the replications done and those known to be needed.

    Raises:
        UnknownNameError: no such engine.
        EstimatorError: a number of replications below 1 or above 5,000, or a negative seed.
        EffortError: a replication would take too long or too much memory.
        SimulationError: a replication contradicts itself.
    """
    if replications != "auto" and not _whole_number(replications, 1, MOST_ASKED_FOR):
        raise EstimatorError(
            "replications must be 'auto' or a whole number of at most "
            f"{MOST_ASKED_FOR:,} and at least 1, not {replications}"
        )
    if not _whole_number(seed, 0):
        raise EstimatorError(f"seed must be a whole number of at least 0, not {seed}")
    if engine not in ("auto", *_ENGINES):
        raise UnknownNameError("engine", engine, ("auto", *_ENGINES))
    chosen, reason = choose_engine(model, engine)
    model, warm_up = _warmed_up(model)
    seeds = np.random.SeedSequence(seed).spawn(MOST if replications == "auto" else replications)
    bounds = USUAL if engine == "auto" else ASKED_FOR
    replicated = partial(_replicated, model, seeds, replications, executor, progress, bounds)
    try:
        done = replicated(chosen)
    except EffortError as error:
        if engine != "auto" or chosen == "aggregate":
            raise
        reason = (
            "the exact one would take too much memory"
            if isinstance(error, MemoryNeedError)
            else "attempts are too many to follow each"
        )
        chosen, reason = "aggregate", f"aggregate engine: {reason}"
        done = replicated(chosen)
    found = Run(model, chosen, seed, tuple(done), ())
    mean, low, high = interval(found.peaks)
    known = f"the mean peak is {mean:,.0f}"
    if len(done) > 1:
        width = (high - low) / 2 / mean if mean else 0.0
        known += f", known to {width:.1%} from {len(done)} replications"
    return replace(found, notes=(reason, *warm_up, *_left_out(model, chosen), known))


def _left_out(model: Model, engine: Engine) -> tuple[str, ...]:
    """What an engine does not play, in words."""
    if engine == "exact":
        return ()
    note = "approximated: groups of clients are followed by their mean where some are refused"
    admission = model.admission
    if admission.connect_work is not None or admission.balancing != "pooled":
        note += f", and all {admission.unit_name}s as one that is evenly filled"
    return (note,)


def _replicated(
    model: Model,
    seeds: list[np.random.SeedSequence],
    replications: int | Literal["auto"],
    executor: Executor | None,
    progress: Callable[[int, int], object] | None,
    bounds: Bounds,
    engine: Engine,
) -> list[Replication]:
    """As many replications as are asked for, or as it takes and as there is time and room for."""
    bounds.check_memory(memory_bytes(model, engine))
    replicate_one = partial(replicate, model, engine, bounds=bounds)
    done: list[Replication] = []
    wanted = FEWEST if replications == "auto" else replications
    # the first ones tell how long the others will take
    until = _TRIAL if replications == "auto" else wanted
    while len(done) < wanted:
        turn = seeds[len(done) : min(until, wanted)]
        for each in _replicate(replicate_one, expected_clients(model), turn, executor):
            done.append(each)
            if progress:
                progress(len(done), wanted)
        if replications == "auto":
            until = MOST
            wanted = min(wanted if len(done) < wanted else _needed(done), MOST, _affordable(done))
    return done


def _affordable(done: list[Replication]) -> int:
    """Replications there is time and room for, if all are like those that are done."""
    seconds = np.mean([each.effort_s for each in done])
    held = np.mean([each.nbytes for each in done])
    share_of_one = max(seconds / _MOST_EFFORT_S, held / _MOST_HELD_BYTES)
    return int(1 / share_of_one)


def _whole_number(value: object, least: int, most: float = math.inf) -> bool:
    return isinstance(value, int | np.integer) and least <= int(value) <= most


def _replicate(
    replicate_one: Callable[[np.random.SeedSequence], Replication],
    clients: float,
    seeds: list[np.random.SeedSequence],
    executor: Executor | None,
) -> Iterable[Replication]:
    if executor is None:
        return map(replicate_one, seeds)
    # to hand out a task takes milliseconds, so a task shall take much longer
    each = int(_CLIENTS_OF_A_TASK / max(clients, 1.0))
    each = min(max(each, 1), _WEEKS_OF_A_TASK)
    tasks = [seeds[start : start + each] for start in range(0, len(seeds), each)]
    return chain.from_iterable(executor.map(partial(_replicate_here, replicate_one), tasks))


def _replicate_here(
    replicate_one: Callable[[np.random.SeedSequence], Replication],
    seeds: list[np.random.SeedSequence],
) -> list[Replication]:
    return [*map(replicate_one, seeds)]


def replicate(
    model: Model, engine: Engine, seed: np.random.SeedSequence, bounds: Bounds = USUAL
) -> Replication:
    """One replication, minute by minute."""
    with one_thread():
        return by_minute(simulate(model, engine, seed, bounds), model)


def simulate(
    model: Model, engine: Engine, seed: np.random.SeedSequence, bounds: Bounds = USUAL
) -> Flows:
    """One replication, second by second."""
    return _ENGINES[engine](model, seed, bounds)


def _needed(done: list[Replication]) -> int:
    """Replications for the wanted width, from those there are; not many more at a time."""
    peaks = np.array([each.open_most.max() for each in done])
    mean, low, _ = interval(peaks)
    half = mean - low
    if half <= WIDTH * mean:
        return len(done)
    needed = int(np.ceil(len(done) * (half / (WIDTH * mean)) ** 2))
    return min(max(needed, len(done) + BATCH), 2 * len(done))


def choose_engine(model: Model, engine: Engine | Literal["auto"]) -> tuple[Engine, str]:
    """The engine for a model, and the reason in words."""
    clients = expected_clients(model)
    many = f"{clients:,.0f} sessions"
    if engine == "exact" and clients > EXACT_AT_MOST_CLIENTS:
        held = "too many for the exact one to hold in memory"
        return "aggregate", f"aggregate engine: {many} are {held}"
    if engine != "auto":
        return engine, f"{engine} engine, as asked for ({many})"
    if clients <= (EXACT_UP_TO_CLIENTS if COMPILED else EXACT_UNCOMPILED_UP_TO_CLIENTS):
        return "exact", f"exact engine: {many} can be followed one by one"
    why = "" if COMPILED or clients > EXACT_UP_TO_CLIENTS else ", as numba is not installed"
    return "aggregate", f"aggregate engine: {many} are followed in groups{why}"


def memory_bytes(model: Model, engine: Engine) -> float:
    """Most memory that a replication takes at once."""
    seconds = model.horizon_s - model.start_s
    by_second = seconds * (_NUMBERS_PER_SECOND + 2 * len(model.faults)) * 8.0
    if engine == "exact":
        return by_second + expected_clients(model) * _BYTES_PER_CLIENT
    return by_second + waiting_bytes(model) + ageing_bytes(model)


def expected_clients(model: Model) -> float:
    """Mean number of clients of a run: those there at the start and those who come."""
    coming = sum(
        float(s.arrivals.means_in(model.start_s, model.horizon_s - model.start_s, 1)[0])
        for s in model.streams
    )
    # on average, of the streams that never end
    return coming + sum(
        float(s.arrivals.means_in(0.0, model.horizon_s, 1)[0])
        / model.horizon_s
        * float(s.session.mean)
        * SECONDS_PER_HOUR
        for s in model.streams
        if s.arrivals.periodic
    )


def _warmed_up(model: Model) -> tuple[Model, tuple[str, ...]]:
    """With a warm-up where limits bind at the start; else the stationary state is known exactly.

    Limits bind if there are fewer connection slots than the clients who come in five mean sessions
    need, or if these come faster than they are let in, in the busiest moment before the start. Who
    is cut at an age comes as often as that happens.
    """
    longest = max(stream.session.mean for stream in model.streams) * SECONDS_PER_HOUR
    warm_up = int(min(np.ceil(_WARM_UP_SESSIONS * longest / 3600) * 3600, _LONGEST_WARM_UP_S))
    admission, units = model.admission, model.admission.units
    if admission.autoscaling is not None:
        return model, ()
    now = allowed(replace(model, throttles=()), 0.0, 1.0 if units is None else units)
    steps = np.arange(-warm_up, 0, 600.0)
    age_hours = admission.age_most_seconds / SECONDS_PER_HOUR
    rates = clients = np.zeros(steps.size)
    for stream in model.streams:
        coming = stream.arrivals.at(steps)
        # a session is several connections where they are cut at an age
        connections = stream.session.mean_steps(age_hours) if np.isfinite(age_hours) else 1.0
        rates = rates + coming * connections
        clients = clients + coming * stream.session.mean
    clients = clients * SECONDS_PER_HOUR
    served = [
        admission.connects_served_per_second(now.units, hour_of_week(step), float(several))
        for step, several in zip(steps, clients, strict=True)
    ]
    allowed_rates = np.minimum(now.new_connections_per_second, np.array(served) * _NEARLY_FULL)
    binds = bool(np.any(rates > allowed_rates)) or clients.max() > now.slots * _NEARLY_FULL
    if not binds:
        return model, ()
    return (
        replace(model, warm_up_s=warm_up),
        (f"limits bind from the start, so {warm_up / 3600:.0f} hours before it are simulated too",),
    )
