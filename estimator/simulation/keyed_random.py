"""Chance that belongs to a client and a moment, whatever else happens before it.

How long a client waits must not depend on how many others were looked at first, or a run would
change with the way it is cut into pieces. So the chance is computed from the client and the time
of its attempt, by the finaliser of SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", OOPSLA 2014, https://doi.org/10.1145/2660193.2660195).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from estimator.scenario.model import FloatArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def luck_of(
    key: int, clients: npt.NDArray[np.int64], times_s: FloatArray, purpose: int = 0
) -> FloatArray:
    """A number in [0, 1) for each client at a time, as if drawn evenly.

    Args:
        key: of the run.
        clients: numbers of the clients, shape (n,).
        times_s: the moment of each, shape (n,).
        purpose: tells apart several numbers for one client and moment.
    """
    mixed = clients.astype(np.uint64) * _GOLDEN + np.uint64(key & 0xFFFF_FFFF_FFFF_FFFF)
    # the sum makes one number of the two zeros, 0 and -0
    for word in ((times_s + 0.0).view(np.uint64), np.uint64(purpose)):
        mixed = (mixed ^ word) + _GOLDEN
        mixed = (mixed ^ (mixed >> np.uint64(30))) * _FIRST
        mixed = (mixed ^ (mixed >> np.uint64(27))) * _SECOND
        mixed ^= mixed >> np.uint64(31)
    return (mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53
