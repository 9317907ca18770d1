"""What does chance decide? Numbers that belong to a client and its attempt.

So they depend neither on the order of events nor on who else is there, and what changes one
client's course leaves those of all others alone.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from estimator.simulation.compiling import jit
from estimator.simulation.loop.world import (
    DECORRELATED,
    EQUAL_JITTER,
    EXPONENTIAL,
    FULL_JITTER,
)

_MOST_DOUBLINGS: Final = 60
_GROWTH: Final = 3.0
"""A decorrelated wait reaches up to so many times the one before."""
_GOLDEN: Final = np.uint64(0x9E3779B97F4A7C15)
_FIRST: Final = np.uint64(0xBF58476D1CE4E5B9)
_SECOND: Final = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)


@jit
def uniform(key: Any, client: Any, number: Any, purpose: Any) -> float:
    """A number in [0, 1), as if drawn evenly, that belongs to a client and its attempt.

    It is the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number
    generators", OOPSLA 2014, https://doi.org/10.1145/2660193.2660195), once for each of the two.

    Args:
        key: of the run.
        client: its number.
        number: of its attempt, or of the fault that chooses.
        purpose: tells apart several numbers for the same.
    """
    mixed = np.uint64(client) * _GOLDEN + np.uint64(key)
    for word in (np.uint64(number), np.uint64(purpose)):
        mixed = (mixed ^ word) + _GOLDEN
        mixed = (mixed ^ (mixed >> _S30)) * _FIRST
        mixed = (mixed ^ (mixed >> _S27)) * _SECOND
        mixed = mixed ^ (mixed >> _S31)
    return float(mixed >> _S11) * 2.0**-53


@jit
def wait_s(now: Any, refusals: Any, chance: float, waited_s: float) -> float:
    """Seconds until the next attempt, as ``retries.waits_s`` says."""
    if now.backoff == DECORRELATED:
        before = waited_s if refusals > 0 else now.base_s
        return min(now.cap_s, now.base_s + chance * (_GROWTH * before - now.base_s))
    grown = min(now.cap_s, now.base_s * 2.0 ** min(refusals, _MOST_DOUBLINGS))
    if now.backoff == FULL_JITTER:
        return chance * grown
    if now.backoff == EQUAL_JITTER:
        return grown / 2 + chance * (grown - grown / 2)
    if now.backoff == EXPONENTIAL:
        return grown
    return 0.0
