"""What faults did to clients, over all replications."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from estimator.simulation.flows import RECOVERY_SHARES, Aftermath
from estimator.simulation.run import Run


@dataclass(frozen=True, slots=True)
class Recovery:
    """What one fault that took connections did; means over the replications."""

    fault: str
    """In words."""
    lost: float
    """Connections that it took."""
    back_s: dict[float, float]
    """Seconds after the last connection was taken until a share of the clients, 0.5 to 1, was
    back, had given up, or would have left; infinite if that was not before the end."""
    attempts_per_connect: float
    """Attempts for each connection that was made, while attempts were refused."""


def recoveries(run: Run) -> tuple[Recovery, ...]:
    """What each fault that took connections did, in the order of the week."""
    aftermaths: dict[str, list[Aftermath]] = {}
    for replication in run.replications:
        for after in replication.aftermaths:
            aftermaths.setdefault(after.fault, []).append(after)
    in_time = sorted(aftermaths.items(), key=lambda each: each[1][0].at_s)
    return tuple(_recovery(fault, seen) for fault, seen in in_time)


def _recovery(fault: str, seen: list[Aftermath]) -> Recovery:
    back_s = np.mean([after.recovery_s for after in seen], axis=0)
    return Recovery(
        fault=fault,
        lost=float(np.mean([after.lost for after in seen])),
        back_s=dict(zip(RECOVERY_SHARES, back_s.tolist(), strict=True)),
        attempts_per_connect=float(np.mean([_attempts_per_connect(after) for after in seen])),
    )


def _attempts_per_connect(after: Aftermath) -> float:
    near = after.close_up
    struck = int(after.at_s) - near.from_s
    refused = np.flatnonzero(near.refused[struck:])
    if not refused.size:
        return 1.0
    storm = slice(struck, struck + int(refused[-1]) + 1)
    return float(near.attempts[storm].sum() / max(near.new_connections[storm].sum(), 1.0))
