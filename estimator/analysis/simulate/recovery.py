"""How did clients come back after a fault? How soon, with how many attempts, at what cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.format import figure_text, percent
from estimator.simulation.flows import RECOVERY_SHARES, REFUSED, Aftermath, Replication
from estimator.simulation.model import Model
from estimator.simulation.run import Run
from estimator.units import (
    HOURS_PER_DAY,
    HOURS_PER_WEEK,
    MINUTES_PER_HOUR,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
)

BACK: Final = 0.99
"""Share of the clients that must be back before people call a storm over."""
AT_99: Final = RECOVERY_SHARES.index(BACK)
"""Its position in what ``Aftermath`` tells."""
HOW_TO_END: Final = "search what would end it: estimator recovery-plan, or ws.recovery_plan"
HOW_TO_STATE_A_RATE: Final = (
    "nothing is known of how fast clients are let in: take a deployment that has a limit or nodes, "
    "or state a rate with the fault 'connection throttle', new_connections_per_second"
)
_TIME_ENOUGH_S: Final = HOURS_PER_DAY * SECONDS_PER_HOUR
"""A storm that goes on for so long, with nothing else failing, does not end by itself."""
_NOBODY: Final = 0.5
"""Clients in a queue; of groups that are followed by their mean, less is nobody."""
REASONS: Final = {
    "refused_by_rate": "rate",
    "refused_full": "no free slot",
    "refused_busy": "queue full",
    "refused_by_stage": "stage full",
    "refused_by_fault": "fault",
    "timed_out": "timeout",
}
"""Why an attempt ended without a connection, by the name of the count in ``Replication``."""


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one fault did that took connections; means over the replications.

    The storm is the time from its first lost connection until 99% of its clients were back, or
    until the end of the week; all clients count, whatever they came for.
    """

    fault: str
    """In words."""
    lost: float
    """Connections that it took."""
    back_s: dict[float, float]
    """Seconds after the last connection was taken until a share of the clients, 0.5 to 1, was
    back, had given up, or would have left; infinite if that was not before the end."""
    attempts: float
    """Attempts in the storm."""
    refused: float
    """Of them, those that ended without a connection."""
    refused_by: dict[str, float]
    """Why these did: attempts by each of ``REASONS`` for which there were any, most first, in the
    parts in which they were counted in the whole minutes of the storm."""
    goodput: float
    """Connections made in the storm per attempt; 1 without attempts."""
    wasted_work: float
    """Part of the work for new connections in the storm that was for attempts which made none."""
    connecting_most: float
    """Most clients who waited at once for units, or what comes after them, to let them in."""
    queue_most: float
    """Of them, most at one unit."""
    processor_most: float
    """Busiest second, as a part of the servers of all units."""
    never_back: float
    """Clients who gave up, or left while they waited, in the whole minutes of the storm."""
    unfinished: float
    """Part of the replications in which 99% were not back before the week ended."""
    endless: float
    """Part of them in which that was so although a day or more had passed without a fault."""
    why_endless: str
    """What kept the storm going, in words; empty if it ended."""

    @property
    def attempts_per_connection(self) -> float:
        """Attempts for each connection that was made."""
        return 1 / self.goodput if self.goodput else np.inf

    @property
    def until_99_s(self) -> float:
        """Seconds until 99% were back."""
        return self.back_s[BACK]


def recoveries(run: Run) -> tuple[Recovery, ...]:
    """What each fault that took connections did, in the order of the week."""
    in_time = sorted(aftermaths(run).items(), key=lambda each: each[1][0][1].at_s)
    return tuple(_recovery(run.model, fault, seen) for fault, seen in in_time)


def aftermaths(run: Run) -> dict[str, list[tuple[Replication, Aftermath]]]:
    """What each fault did, in every week, by the words for the fault."""
    found: dict[str, list[tuple[Replication, Aftermath]]] = {}
    for replication in run.replications:
        for after in replication.aftermaths:
            found.setdefault(after.fault, []).append((replication, after))
    return found


def stage_names(model: Model) -> str:
    """What new connections pass after their units, in words."""
    brought = [each.stage for each in model.throttles if each.stage is not None]
    names = [stage.name for stage in (*model.admission.stages, *brought) if stage.queue < np.inf]
    return " or ".join(dict.fromkeys(names))


def last_cut_s(model: Model, fault: str) -> float:
    """Second of the week in which a fault takes its last connection."""
    number = model.faults.index(fault)
    return max(cut.at_s + cut.over_s for cut in model.cuts if cut.fault == number)


@dataclass(frozen=True, slots=True)
class _Storm:
    """What happened in one replication until 99% were back."""

    attempts: float
    refused: float
    made: float
    by_reason: dict[str, float]
    """In the whole minutes of the storm."""
    work_s: float
    wasted_s: float
    connecting_most: float
    queue_most: float
    processor_most: float
    never_back: float
    """In the whole minutes of the storm."""
    is_unfinished: bool
    is_endless: bool
    at_the_end: str
    """What keeps it going, in words."""


def _recovery(model: Model, fault: str, seen: list[tuple[Replication, Aftermath]]) -> Recovery:
    storms = [_storm(model, replication, after) for replication, after in seen]
    back_s = np.mean([after.recovery_s for _, after in seen], axis=0)

    def mean(name: str) -> float:
        return float(np.mean([getattr(storm, name) for storm in storms]))

    def most(name: str) -> float:
        clients = mean(name)
        return clients if clients >= _NOBODY else 0.0

    refused, attempts, work_s = mean("refused"), mean("attempts"), mean("work_s")
    endless = [storm.at_the_end for storm in storms if storm.is_endless]
    return Recovery(
        fault=fault,
        lost=float(np.mean([after.lost for _, after in seen])),
        back_s=dict(zip(RECOVERY_SHARES, back_s.tolist(), strict=True)),
        attempts=attempts,
        refused=refused,
        refused_by=_refused_by(storms),
        goodput=min(mean("made") / attempts, 1.0) if attempts else 1.0,
        wasted_work=mean("wasted_s") / work_s if work_s else 0.0,
        connecting_most=most("connecting_most"),
        queue_most=most("queue_most"),
        processor_most=mean("processor_most"),
        never_back=mean("never_back"),
        unfinished=mean("is_unfinished"),
        endless=len(endless) / len(storms),
        why_endless=endless[0] if endless else "",
    )


def _refused_by(storms: Sequence[_Storm]) -> dict[str, float]:
    refused = float(np.mean([storm.refused for storm in storms]))
    counted = {
        REASONS[name]: float(np.mean([storm.by_reason[name] for storm in storms]))
        for name in REFUSED
    }
    # reasons are counted in whole minutes, of which the storm is a part
    part = min(refused / sum(counted.values()), 1.0) if any(counted.values()) else 1.0
    means = {reason: count * part for reason, count in counted.items()}
    most_first = sorted(means, key=lambda reason: -means[reason])
    return {reason: means[reason] for reason in most_first if means[reason] >= _NOBODY}


def _storm(model: Model, replication: Replication, after: Aftermath) -> _Storm:
    last_s, end_s = last_cut_s(model, after.fault), float(model.horizon_s)
    is_unfinished = bool(np.isinf(after.recovery_s[AT_99]))
    over_s = end_s if is_unfinished else min(last_s + after.recovery_s[AT_99], end_s)
    near, struck = after.close_up, int(after.at_s) - after.close_up.from_s
    seconds = slice(struck, max(int(np.ceil(over_s)) - near.from_s, struck + 1))
    first = int(after.at_s) // SECONDS_PER_MINUTE
    minutes = slice(first, max(int(np.ceil(over_s / SECONDS_PER_MINUTE)), first + 1))
    counted = {name: float(getattr(replication, name)[minutes].sum()) for name in REFUSED}
    most = {
        "connecting_most": float(near.connecting[seconds].max()),
        "processor_most": float(near.processor[seconds].max()),
    }
    if seconds.stop <= near.open.size:
        attempts, made = near.attempts[seconds].sum(), near.new_connections[seconds].sum()
        refused = near.refused[seconds].sum()
    else:  # too long for a close-up
        attempts, made = (
            replication.attempts[minutes].sum(),
            replication.new_connections[minutes].sum(),
        )
        refused = sum(counted.values())
        most = {
            "connecting_most": float(replication.connecting[minutes].max()),
            "processor_most": float(replication.processor[minutes].max()),
        }
    is_endless = is_unfinished and end_s - _quiet_from_s(model, last_s) >= _TIME_ENOUGH_S
    return _Storm(
        attempts=float(attempts),
        refused=float(refused),
        made=float(made),
        by_reason=counted,
        work_s=float(replication.work_s[minutes].sum()),
        wasted_s=float(replication.wasted_s[minutes].sum()),
        queue_most=float(near.queue_most[seconds].max()),
        never_back=float((replication.gave_up + replication.left_waiting)[minutes].sum()),
        is_unfinished=is_unfinished,
        is_endless=is_endless,
        at_the_end=_at_the_end(model, replication) if is_endless else "",
        **most,
    )


def _quiet_from_s(model: Model, last_s: float) -> float:
    """When, after the last cut of a fault, nothing else fails for a day or until the week ends."""
    faults = [(cut.at_s, cut.at_s + cut.over_s) for cut in model.cuts]
    faults += [(each.from_s, each.until_s) for each in model.throttles]
    quiet_s = last_s
    for from_s, until_s in sorted(faults):
        if from_s < quiet_s + _TIME_ENOUGH_S:
            quiet_s = max(quiet_s, until_s)
    return quiet_s


def _at_the_end(model: Model, replication: Replication) -> str:
    """What keeps clients out in the last hour of a week, in words."""
    admission = model.admission
    hour = slice(-MINUTES_PER_HOUR, None)
    each_s = replication.attempts[hour].size * SECONDS_PER_MINUTE
    counts = {name: float(getattr(replication, name)[hour].sum()) for name in REFUSED}
    attempts = f"{figure_text(float(replication.attempts[hour].sum()) / each_s)} attempts/s"
    units = float(replication.units[hour].mean())
    reason = max(counts, key=lambda name: counts[name])
    if not counts[reason]:
        return "clients wait longer than the week lasts"
    if reason == "refused_full":
        return f"{attempts} find no free connection slot"
    if reason == "refused_by_fault":
        return f"{attempts} meet a fault that refuses them"
    if reason == "refused_by_rate":
        rate = admission.new_connections_per_second_now(units)
        return f"{attempts} hit a limit of {figure_text(rate)}/s"
    if reason == "refused_by_stage":
        return f"{attempts} find the queue of {stage_names(model)} full"
    connections = float(replication.open_mean[hour].mean())
    served = admission.connects_served_per_second(units, HOURS_PER_WEEK - 1, connections)
    work_s = float(replication.work_s[hour].sum())
    wasted = float(replication.wasted_s[hour].sum()) / work_s if work_s else 0.0
    return (
        f"attempts cost more than the {admission.unit_name}s can do: {attempts} hit "
        f"{figure_text(served)}/s, and {percent(wasted)} of that work makes no connection"
    )


def is_known(model: Model) -> bool:
    """Whether anything is known of how fast clients are let in; a fault may state it as well."""
    return model.admission.known or any(
        np.isfinite(each.new_connections_per_second) or each.stage is not None
        for each in model.throttles
    )
