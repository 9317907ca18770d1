"""A simulation as plain lists, texts and numbers, for machines."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimator.analysis.simulate.findings import Finding
from estimator.analysis.simulate.recovery import Recovery, recoveries
from estimator.analysis.simulate.simulate import MinuteVerdict, Simulation


def simulation_data(simulation: Simulation) -> dict[str, Any]:
    """All that a simulation found, but for its curves: those are ``Simulation.connections``.

    JSON knows no infinity: null stands for what has no end.
    """
    run = simulation.run
    return {
        "scenario": simulation.scenario.as_data(),
        "deployment": simulation.deployment or None,
        "state": simulation.state,
        "engine": run.engine,
        "seed": run.seed,
        "replications": len(run.replications),
        "assumptions": [_finding_data(each) for each in simulation.findings],
        "limits": [_limit_data(each) for each in simulation.limits],
        "recoveries": [_recovery_data(each) for each in recoveries(run)],
        "peaks": run.peaks.tolist(),
        "daily_peaks": run.daily_peaks.tolist(),
        "attempts_per_client": run.attempts_per_client.tolist(),
        "bill_difference": _difference_data(simulation),
        "expected_bill": simulation.expected_bill and simulation.expected_bill.as_data(),
        "simulated_bill": simulation.simulated_bill and simulation.simulated_bill.as_data(),
        "notes": list(run.notes),
    }


def _finding_data(finding: Finding) -> dict[str, Any]:
    return {
        "assumption": finding.title,
        "assumed": _number(finding.assumed),
        "found": _number(finding.found),
        "low": _number(finding.low),
        "high": _number(finding.high),
        "unit": finding.unit,
        "state": finding.state,
        "meaning": finding.words,
    }


def _limit_data(verdict: MinuteVerdict) -> dict[str, Any]:
    return {
        "limit": verdict.limit.limit,
        "title": verdict.limit.title,
        "state": verdict.state,
        "used": _number(verdict.used),
        "allowed": _number(verdict.allowed),
        "unit": verdict.limit.unit,
        "when": verdict.when,
        "minutes_beyond": verdict.minutes_beyond,
        "turned_away": _number(verdict.turned_away),
        "source": verdict.limit.source,
        "checked": str(verdict.limit.checked_on),
        "adjustable": verdict.limit.adjustable,
    }


def _recovery_data(recovery: Recovery) -> dict[str, Any]:
    back_s = {f"{share:.0%}": _number(seconds) for share, seconds in recovery.back_s.items()}
    return {
        "fault": recovery.fault,
        "lost": recovery.lost,
        "back_s": back_s,
        "attempts_per_connect": recovery.attempts_per_connect,
    }


def _difference_data(simulation: Simulation) -> list[dict[str, Any]] | None:
    if simulation.simulated_bill is None:
        return None
    return [
        {
            "meter": meter,
            "expected_usd": expected,
            "simulated_usd": simulated,
            "difference_usd": difference,
        }
        for meter, expected, simulated, difference in simulation.bill_difference.itertuples()
    ]


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None
