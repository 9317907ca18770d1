"""Who is let through? A token bucket: so many new connections per second, and a burst at once."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from estimator.simulation.compiling import jit


@jit
def refill(now: Any, when: float) -> None:
    """Tokens fall one by one, at regular times, and those beyond the bucket are lost."""
    if now.rate < np.inf:
        fallen = math.floor((when - now.since_s) * now.rate + now.phase)
        now.tokens = min(now.tokens + (fallen - now.fallen), now.burst)
        now.fallen = fallen


@jit
def change_admission(now: Any, when: float, rate: float, burst: float, slots: float) -> None:
    """Go on with other limits; what had come of the next token stays."""
    refill(now, when)
    if rate != now.rate:
        passed = (when - now.since_s) * now.rate + now.phase if now.rate < np.inf else 0.0
        now.phase, now.since_s, now.fallen = passed - math.floor(passed), when, 0.0
    now.rate, now.burst, now.slots = rate, burst, slots
    now.tokens = min(now.tokens, burst)


@jit
def takes_token(now: Any, when: float) -> bool:
    """Whether there is a token for an attempt, which then is gone."""
    if now.rate == np.inf:
        return True
    refill(now, when)
    if now.tokens < 1:
        return False
    now.tokens -= 1
    return True
