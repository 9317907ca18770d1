"""From a scenario to simulated weeks: do its assumptions hold, and what does that cost?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from estimator.analysis.estimate.bill import bill_of, priced
from estimator.analysis.estimate.resolve import resolve
from estimator.analysis.simulate.findings import findings
from estimator.analysis.simulate.result import MinuteVerdict, Simulation
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.demand.weekly import Weekly
from estimator.deployments.limits import Check, find_limit, fix_for, longest_burst
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError
from estimator.runtime import Client, executor_of
from estimator.scenario.disruptions import Fault, Surge, parse_fault, parse_surge
from estimator.scenario.local_time import Clock
from estimator.scenario.model import Seconds
from estimator.scenario.scenario import Scenario
from estimator.simulation.disruptions import cuts_and_throttles, surge_streams, with_zone_shares
from estimator.simulation.load import BUSY_SHARE, Kinds, hourly_demand, minute_demand, of_minutes
from estimator.simulation.model import Model, Stream, weekly_arrivals
from estimator.simulation.run import Engine, Run, run
from estimator.units import (
    HOURS_PER_WEEK,
    MINUTES_PER_HOUR,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
)

RECOVER_WITHIN_S = 300.0
"""Assumption: five minutes, unless you say otherwise."""
_PER_SECOND = ("/Second", "bps")
"""How the unit of a limit ends that holds for each second."""


@checks_arguments
def simulate(
    scenario: Scenario,
    deployment: str | None = None,
    *,
    faults: Iterable[Fault | str] | Fault | str | None = None,
    surges: Iterable[Surge | str] | Surge | str | None = None,
    replications: int | Literal["auto"] = "auto",
    seed: int = 0,
    engine: Engine | Literal["auto"] = "auto",
    recover_within_s: Seconds = RECOVER_WITHIN_S,
    client: Client | Executor | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Simulation:
    """Simulate weeks of a scenario, and hold what it assumes against them.

    Args:
        scenario: who connects; one, not many.
        deployment: id of the deployment whose limits, units and bill count; no limits
            if left out.
        faults: what goes wrong, one or several, as objects or as texts such as
            ``outage at Tue 14:00 share 30%``, at local times unless they say UTC; those of the
            scenario if left out.
        surges: traffic on top of the weekly shape, one or several; those of the scenario if left
            out.
        replications: weeks to simulate, at most 5,000; ``auto`` simulates until the mean peak is
            known to 1%.
        seed: any whole number; the same seed gives the same weeks, bit for bit.
        engine: ``exact`` follows each client, ``aggregate`` groups of them; ``auto`` chooses. A
            week may take 8 s of a core and 0.5 GB, or 600 s and 8 GB if its engine is named.
        recover_within_s: seconds within which 99% of the clients shall be back after a fault.
        client: where replications run: a ``dask.distributed.Client``, or an executor such as a
            ``ProcessPoolExecutor``; here if left out.
        progress: called with the replications done and those known to be needed.

    Returns:
        What was assumed beside what was found, each minute, and both bills in USD per month.

    Raises:
        UnknownNameError: no such deployment, fault, surge, engine, assumption or answer.
        ScenarioError: a scenario of arrays, a fault beyond the week, an option that does not exist,
            a time to recover that is not above 0.
        EstimatorError: a number of replications below 1 or above 5,000, a negative seed, or a week
            that would take too long or too much memory.
        MissingRateError: a meter of the deployment has no price at the place.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=200)
    >>> found = simulate(scenario, replications=2, seed=1)
    >>> found.run.engine, found.findings[0].title
    ('exact', 'Peak connections')
    """
    scenario = _with_disruptions(scenario, faults, surges)
    expected = expected_demand(scenario)
    resolved = resolve(scenario, expected)
    deployed = None
    admission, bill = AdmissionLimits(), None
    if deployment is not None:
        deployed = find_deployment(deployment)
        metered = resolved.metered(deployed)
        admission, bill = metered.admission, priced(resolved, deployed, metered)
    found = run(
        model_of(scenario, expected, admission),
        replications=replications,
        seed=seed,
        engine=engine,
        executor=executor_of(client),
        progress=progress,
    )
    happened = [surge.in_utc(scenario.clock) for surge in scenario.surges]
    kinds = Kinds.of(scenario, expected)
    what = scenario.profile, scenario.hours_per_month, happened, kinds
    demand = hourly_demand(found, *what)
    if np.isfinite(admission.age_most_seconds):
        expected = expected.cut_after(admission.age_most_seconds / SECONDS_PER_HOUR)
    limits: tuple[MinuteVerdict, ...] = ()
    simulated_bill = None
    if deployed is not None:
        # what ran rests on choices, such as the machine, that another demand could change
        as_simulated = replace(resolved.with_options(deployed, admission.options), demand=demand)
        simulated_bill = bill_of(as_simulated, deployed)
        minutes, seconds = (
            replace(as_simulated, demand=minute_demand(found, *what, connects_of=of))
            for of in ("minute", "second")
        )
        checks = _in_their_second(
            deployed.limit_checks(minutes.request(deployed)),
            deployed.limit_checks(seconds.request(deployed)),
        )
        limits = _limits(checks, found, scenario.clock)
    return Simulation(
        scenario=scenario,
        deployment=deployment or "",
        run=found,
        expected=expected,
        demand=demand,
        findings=findings(scenario, expected, found, recover_within_s),
        limits=limits,
        expected_bill=bill,
        simulated_bill=simulated_bill,
    )


def model_of(scenario: Scenario, expected: Demand, admission: AdmissionLimits) -> Model:
    """The plain numbers that are simulated.

    Args:
        scenario: its profile, faults and surges.
        expected: demand before any connection is cut at its age; its connects are the arrivals.
        admission: what lets clients in.
    """
    streams = tuple(
        Stream(weekly_arrivals(kind.new_connections.hourly), kind.session)
        for kind in expected.kinds
    )
    clock = scenario.clock
    faults = with_zone_shares(scenario.faults, admission.zone_share)
    cuts, throttles = cuts_and_throttles([fault.in_utc(clock) for fault in faults])
    surges = [surge.in_utc(clock) for surge in scenario.surges]
    return Model(
        streams=surge_streams(surges, streams, clock.minutes_past_hour),
        reconnect=scenario.profile.reconnect,
        admission=admission,
        cuts=cuts,
        throttles=throttles,
        faults=tuple(fault.words_on(clock) for fault in faults),
    )


def _with_disruptions(
    scenario: Scenario,
    faults: Iterable[Fault | str] | Fault | str | None,
    surges: Iterable[Surge | str] | Surge | str | None,
) -> Scenario:
    if scenario.many:
        raise ScenarioError(
            "a field of the scenario is a list, so that it stands for many: simulate one at a time"
        )
    changes: dict[str, object] = {}
    if faults is not None:
        several = [faults] if isinstance(faults, str | BaseModel) else faults
        changes["faults"] = [parse_fault(f) if isinstance(f, str) else f for f in several]
    if surges is not None:
        several = [surges] if isinstance(surges, str | BaseModel) else surges
        changes["surges"] = [parse_surge(c) if isinstance(c, str) else c for c in several]
    return scenario.replace(**changes) if changes else scenario


def _in_their_second(by_minute: Iterable[Check], by_second: Iterable[Check]) -> Iterator[Check]:
    """Limits per second checked in the busiest second, all others by the minute.

    What is allowed follows from the plan or the units that run, which no second decides.
    """
    seconds = {check.limit_id: check for check in by_second}
    for check in by_minute:
        of_second = seconds.get(check.limit_id)
        if of_second is None or not find_limit(check.limit_id).unit.endswith(_PER_SECOND):
            yield check
        else:
            yield replace(of_second, allowed=check.allowed)


def _limits(checks: Iterable[Check], found: Run, clock: Clock) -> tuple[MinuteVerdict, ...]:
    """Every limit in every minute; those that admitted clients, by the attempts they saw."""
    admitting = {limit: name for name, limit in found.model.admission.limits.items()}
    verdicts = [_in_minutes(check, found, admitting.get(check.limit_id)) for check in checks]
    on_clock = (replace(each, clock=clock) for each in verdicts)
    return tuple(sorted(on_clock, key=lambda each: -each.share))


def _in_minutes(check: Check, found: Run, limit_name: str | None) -> MinuteVerdict:
    limit = find_limit(check.limit_id)
    if not isinstance(check.used, Weekly):
        used, allowed = np.broadcast_arrays(check.used, check.allowed)
        worst = _closest(used, allowed)
        figures = float(used.flat[worst]), float(allowed.flat[worst])
        return MinuteVerdict(limit, *figures, None, 0, fix=fix_for(check, *figures))
    used = of_minutes(check.used)
    allowed = of_minutes(Weekly.of(np.asarray(check.allowed), np.ones(HOURS_PER_WEEK)))
    beyond, turned_away = used > allowed, 0.0
    if limit_name in _REFUSALS:
        name, knocking = _REFUSALS[limit_name]
        refused = found.stack(name)
        if limit_name == "new_connections_per_second":
            refused = np.where(_refused_anyway(found.model), 0.0, refused)
        beyond, turned_away = refused.any(axis=0), float(refused.sum(axis=1).mean())
        if knocking:
            each = found.model.admission.counted_per_connection
            used = np.quantile(found.stack(knocking), BUSY_SHARE, axis=0) * each
    worst = _closest(used, allowed)
    return MinuteVerdict(
        limit=limit,
        used=float(used[worst]),
        allowed=float(allowed[worst]),
        minute=worst if np.ptp(used) > 0 else None,
        minutes_beyond=int(np.count_nonzero(beyond)),
        turned_away=turned_away,
        fix=fix_for(check, float(used[worst]), float(allowed[worst])),
        burst=longest_burst(check.bursts, check.allowed, check.bucket),
    )


def _closest(used: FloatArray, allowed: FloatArray) -> int:
    """Where most of what is allowed is used; anything of nothing is too much."""
    nothing = np.where(used > 0, np.inf, 0.0)
    return int(np.argmax(np.divide(used, allowed, out=nothing, where=allowed > 0)))


def _refused_anyway(model: Model) -> npt.NDArray[np.bool_]:
    """Minutes in which a fault refuses connects, whatever the limits, shape (10,080,)."""
    begins = np.arange(HOURS_PER_WEEK * MINUTES_PER_HOUR) * SECONDS_PER_MINUTE
    refused = np.zeros(begins.size, dtype=np.bool_)
    for each in model.throttles:
        if each.units_share == 0 or np.isfinite(each.new_connections_per_second):
            ends = begins + SECONDS_PER_MINUTE
            refused |= (begins >= each.from_s) & (ends <= each.until_s)
    return refused


_REFUSALS: dict[str | None, tuple[str, str]] = {
    "new_connections_per_second": ("refused_by_rate", "attempts_per_second"),
    "connections_most": ("refused_full", ""),
    "connections_per_unit": ("refused_full", ""),
    "most_units": ("refused_full", ""),
}
"""What each admission limit counts: attempts refused, and attempts made where seconds count."""
