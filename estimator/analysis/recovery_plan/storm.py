"""How soon are clients back after one fault? A few hours around it are simulated, not the week."""

from __future__ import annotations

import math
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

import numpy as np

from estimator.analysis.simulate.recovery import recoveries
from estimator.analysis.simulate.simulate import model_of
from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits, ConnectWork
from estimator.demand.demand import Demand
from estimator.scenario.disruptions import Fault, Timed, ZoneOutage
from estimator.scenario.local_time import UtcHours
from estimator.scenario.scenario import Scenario
from estimator.simulation.disruptions import with_zone_shares
from estimator.simulation.effort import Bounds, EffortError
from estimator.simulation.flows import RECOVERY_SHARES, Replication
from estimator.simulation.model import ArrivalRate, Model
from estimator.simulation.run import Engine, Run, replicate
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_HOURS_BEFORE: Final = 1
"""Simulated before the fault, for what scales with the connections."""
_ZONE_LASTS_S: Final = 600.0


@dataclass(frozen=True, slots=True)
class Storm:
    """What one fault did; of several simulated storms the slowest, and else their means."""

    lost: float
    """Connections that it took."""
    back_s: dict[float, float]
    """Seconds after the last connection was taken until a share of the clients, 0.5 to 1, was
    back, had given up or would have left, in the slowest storm; infinite if not in the time that
    was simulated."""
    attempts_per_connection: float
    """Attempts for each connection that was made, while attempts were refused."""
    wasted_share: float | None
    """Part of the work for attempts, from the fault on, that made no connection; None if nobody
    has told what that work is."""
    units: float
    """Units that ran just before."""

    @property
    def rank(self) -> tuple[float, ...]:
        """Orders storms: the sooner most clients are back, the better."""
        return (*(self.back_s[share] for share in (0.99, 0.95, 0.5)), self.wasted_share or 0.0)


Play = Callable[[Model], Storm]
"""Simulates a model a few times."""


def default_fault(expected: Demand) -> Fault:
    """What may happen to anybody: a zone fails in the busiest hour of the week."""
    hour = int(np.argmax(expected.connections.hourly))
    # hours stand for their middle
    return ZoneOutage(at=UtcHours(hour + 0.5), lasts=_ZONE_LASTS_S)


def storm_model(
    scenario: Scenario, expected: Demand, admission: AdmissionLimits, fault: Fault
) -> Model:
    """The hours around one fault, as a week that begins shortly before it.

    Args:
        scenario: its profile and surges; its faults are left out.
        expected: demand before any connection is cut at its age.
        admission: what lets clients in.
        fault: what goes wrong.

    Returns:
        A model that ends with the fault; ``seen_for`` makes it longer.
    """
    clock = scenario.clock
    [fault] = with_zone_shares((fault,), admission.zone_share)
    happens = fault.in_utc(clock)
    begins = math.floor(happens.at) - _HOURS_BEFORE
    # who came with a surge may still be there
    surges = (surge.in_utc(clock) for surge in scenario.surges)
    starts = [math.floor(each.at) - _HOURS_BEFORE for each in surges if isinstance(each, Timed)]
    begins = min([begins, *(hour for hour in starts if hour <= begins)])
    moved = happens.model_copy(update={"at": UtcHours(happens.at - begins)})
    model = model_of(scenario.replace(faults=[moved]), expected, _later(admission, begins))
    streams = (
        replace(stream, arrivals=_shifted(stream.arrivals, begins * SECONDS_PER_HOUR))
        for stream in model.streams
    )
    return replace(model, streams=tuple(streams), faults=(fault.words_on(clock),))


def seen_for(model: Model, sight_s: float) -> Model:
    """The same, looked at for so long after the fault has taken its last connection."""
    last_s = max(cut.at_s + cut.over_s + cut.notice_s for cut in model.cuts)
    minutes = math.ceil((last_s + sight_s) / SECONDS_PER_MINUTE)
    return replace(model, horizon_s=minutes * SECONDS_PER_MINUTE)


def lasts_s(model: Model) -> float:
    """From the first connection that a fault takes until everything is as it was."""
    ends = [cut.at_s + cut.over_s for cut in model.cuts]
    ends += [each.until_s for each in model.throttles]
    return max(ends) - model.cuts[0].at_s


@dataclass(frozen=True, slots=True)
class Player:
    """Simulates storms, always with the same seeds, and no longer than a plan can wait for."""

    engine: Engine
    seeds: tuple[np.random.SeedSequence, ...]
    share: float
    """Of the clients. Where they are not back in one storm, others need not be simulated."""
    bounds: Bounds
    executor: Executor | None = None
    report: Callable[[], object] = bool
    """Called after each storm."""

    def __call__(self, model: Model) -> Storm:
        """Simulate a model a few times; what would take too long has no end."""
        one = partial(replicate, model, self.engine, bounds=self.bounds)
        played = map if self.executor is None else self.executor.map
        at = RECOVERY_SHARES.index(self.share)
        replications: tuple[Replication, ...] = ()
        try:
            for replication in played(one, self.seeds):
                replications += (replication,)
                if any(math.isinf(each.recovery_s[at]) for each in replication.aftermaths):
                    break
        except EffortError:
            found = Storm(math.nan, dict.fromkeys(RECOVERY_SHARES, math.inf), math.inf, None, 0.0)
        else:
            found = storm_of(Run(model, self.engine, 0, replications, ()))
        self.report()
        return found


def storm_of(found: Run) -> Storm:
    """What the one fault of a model did in all replications."""
    model = found.model
    after = [each for one in found.replications for each in one.aftermaths]
    struck = int(model.cuts[0].at_s // SECONDS_PER_MINUTE)
    units = float(found.stack("units")[:, max(struck - 1, 0)].max())
    if not after:
        return Storm(0.0, dict.fromkeys(RECOVERY_SHARES, 0.0), 1.0, None, units)
    [recovery] = recoveries(found)
    slowest = np.max([each.recovery_s for each in after], axis=0).tolist()
    wasted = None
    if model.admission.connect_work is not None:
        work_s = float(found.stack("work_s")[:, struck:].sum())
        wasted = float(found.stack("wasted_s")[:, struck:].sum()) / work_s if work_s else 0.0
    return Storm(
        lost=recovery.lost,
        back_s=dict(zip(RECOVERY_SHARES, slowest, strict=True)),
        attempts_per_connection=recovery.attempts_per_connection,
        wasted_share=wasted,
        units=units,
    )


def _shifted(arrivals: ArrivalRate, seconds: float) -> ArrivalRate:
    return replace(arrivals, knots_s=arrivals.knots_s - seconds)


def _later(admission: AdmissionLimits, hours: int) -> AdmissionLimits:
    """The same in a week that begins so many hours later."""
    scaling, work = admission.autoscaling, admission.connect_work
    if scaling is not None and scaling.schedule:
        schedule = tuple(np.roll(scaling.schedule, -(hours % HOURS_PER_WEEK)).tolist())
        admission = replace(admission, autoscaling=replace(scaling, schedule=schedule))
    if work is None:
        return admission

    def moved(busy: FloatArray | None) -> FloatArray | None:
        return None if busy is None else np.roll(busy, -(hours % HOURS_PER_WEEK))

    moved_work: ConnectWork = replace(
        work, busy_servers=moved(work.busy_servers), busy_networks=moved(work.busy_networks)
    )
    return replace(admission, connect_work=moved_work)
