"""How long a client waits before it tries again: drawn one by one, and as a law in steps of time.

The laws are those of ``Reconnect``; k counts the refusals since the connection was lost, and the
wait of k = 0 comes right after the loss. The time until a client knows that it was refused is not
part of a wait.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from estimator.scenario.model import FloatArray
from estimator.scenario.reconnect import Reconnect

IntArray = npt.NDArray[np.integer[Any]]

_GROWTH = 3.0
"""A decorrelated wait reaches up to so many times the one before."""
_CELLS_PER_DOUBLING = 100
_MOST_LAWS = 2000
_SETTLED = 1e-3
_STATIONARY = 1e-6


def waits_s(
    policy: Reconnect, refusals: IntArray, luck: FloatArray, previous_s: FloatArray
) -> FloatArray:
    """Seconds that each client waits before its next attempt.

    Args:
        policy: how clients come back.
        refusals: refusals of each since its connection was lost, any shape.
        luck: a number drawn evenly from [0, 1) for each, same shape.
        previous_s: how long each waited the time before, same shape; only decorrelated waits look
            at it, and not for clients without a refusal.

    >>> policy = Reconnect(backoff="equal_jitter", base=1, cap=60)
    >>> waits_s(policy, np.array([0, 3, 9]), np.array([0.0, 0.5, 0.5]), np.zeros(3))
    array([ 0.5,  6. , 45. ])
    """
    if policy.backoff == "decorrelated":
        before = np.where(refusals == 0, policy.base, previous_s)
        return np.minimum(policy.cap, policy.base + luck * (_GROWTH * before - policy.base))
    least, most = _bounds(policy, np.asarray(refusals))
    return least + luck * (most - least)


def levels(policy: Reconnect) -> int:
    """Refusals from which on the law of the wait no longer changes.

    That is where base 2^k has reached the cap. The law of a decorrelated wait never ends to change;
    it is taken as settled where it differs from its limit by less than a thousandth of the waits
    (total variation distance).

    >>> levels(Reconnect(backoff="full_jitter", base=1, cap=60))
    6
    """
    if policy.backoff == "none":
        return 0
    if policy.backoff == "decorrelated":
        return len(_decorrelated(policy.base, policy.cap)) - 1
    return _doublings(policy)


@lru_cache(maxsize=1024)
def wait_masses(policy: Reconnect, refusals: int, step_s: float) -> FloatArray:
    """The wait as a law in steps of time.

    A client that begins to wait at a moment drawn evenly from a step tries again so many steps
    later. Its mean is exactly the mean wait / step.

    Args:
        policy: how clients come back.
        refusals: refusals since the connection was lost; from ``levels`` on, all are the same.
        step_s: length of a step.

    Returns:
        Probability of each number of steps from 0 on; sums to 1, read-only.

    With U even on [0, 1) and V = wait / step, the probability of floor(U + V) = m is the second
    difference at m of the integral of V's distribution function. For decorrelated waits it is the
    law of the k-th wait whatever came before it; see ``_decorrelated``.

    >>> wait_masses(Reconnect(backoff="full_jitter", base=2, cap=60), 0, step_s=1.0)
    array([0.25, 0.5 , 0.25])
    """
    law = _law(policy, refusals)
    last = math.ceil(law.edges_s[-1] / step_s)
    integral = law.integrated(np.arange(-1, last + 2) * step_s) / step_s
    masses = np.maximum(np.diff(integral, 2), 0.0)
    masses /= masses.sum()
    masses.flags.writeable = False
    return masses


@dataclass(frozen=True, slots=True)
class _WaitLaw:
    """Waits that are even within each of some cells, or exactly at the end of the last."""

    edges_s: FloatArray
    """Ends of the cells, rising, shape (cells + 1,)."""
    masses: FloatArray
    """Probability of each cell, shape (cells,); the rest is at the last edge."""

    def integrated(self, times_s: FloatArray) -> FloatArray:
        """Integral of the distribution function up to each time."""
        edges, lengths = self.edges_s, np.diff(self.edges_s)
        reached = np.concatenate([[0.0], np.cumsum(self.masses)])
        so_far = np.concatenate([[0.0], np.cumsum((reached[:-1] + reached[1:]) / 2 * lengths)])
        # before the first cell nothing, beyond the last everything has been waited
        density = np.concatenate([[0.0], self.masses / lengths, [0.0]])
        reached = np.concatenate([[0.0], reached[:-1], [1.0]])
        so_far = np.concatenate([[0.0], so_far])
        cell = np.searchsorted(edges, times_s, "right")
        beyond = times_s - np.concatenate([[0.0], edges])[cell]
        return so_far[cell] + reached[cell] * beyond + density[cell] * beyond**2 / 2


def _law(policy: Reconnect, refusals: int) -> _WaitLaw:
    if policy.backoff == "decorrelated":
        laws = _decorrelated(policy.base, policy.cap)
        return laws[min(refusals, len(laws) - 1)]
    least, most = (float(bound) for bound in _bounds(policy, np.array(refusals)))
    if least == most:
        return _WaitLaw(np.array([least]), np.array([]))
    return _WaitLaw(np.array([least, most]), np.array([1.0]))


def _bounds(policy: Reconnect, refusals: IntArray) -> tuple[FloatArray, FloatArray]:
    """Shortest and longest wait."""
    # the exponent stops where the cap is reached, before 2^k is beyond what a float holds
    grown = np.minimum(policy.cap, np.ldexp(policy.base, np.minimum(refusals, _doublings(policy))))
    match policy.backoff:
        case "exponential":
            return grown, grown
        case "equal_jitter":
            return grown / 2, grown
        case "full_jitter":
            return np.zeros_like(grown), grown
        case _:
            return np.zeros_like(grown), np.zeros_like(grown)


def _doublings(policy: Reconnect) -> int:
    """Doublings until base has reached the cap."""
    return math.ceil(math.log2(policy.cap / policy.base))


@lru_cache(maxsize=64)
def _decorrelated(base_s: float, cap_s: float) -> tuple[_WaitLaw, ...]:
    """The law of each wait, until it has settled.

    If a wait is w, the next is longer than x < cap with probability (3 w - x)+ / (3 w - base). The
    range from base to cap is cut into cells that grow with the wait, in each of which waits are
    taken to be even; the mean of that probability over a cell then is exact.
    """
    if cap_s == base_s:
        return (_WaitLaw(np.array([cap_s]), np.array([])),)
    cells = math.ceil(_CELLS_PER_DOUBLING * math.log2(cap_s / base_s))
    edges = np.geomspace(base_s, cap_s, cells + 1)
    edges[-1] = cap_s
    longer = _longer_after(edges, base_s)
    at_base = np.clip((_GROWTH * base_s - edges) / ((_GROWTH - 1) * base_s), 0.0, 1.0)
    laws = [at_base]
    while len(laws) < _MOST_LAWS:
        laws.append(longer @ np.append(-np.diff(laws[-1]), laws[-1][-1]))
        if _distance(laws[-2], laws[-1]) < _STATIONARY:
            break
    settled = next(k for k, law in enumerate(laws) if _distance(law, laws[-1]) < _SETTLED)
    return tuple(_WaitLaw(edges, -np.diff(law)) for law in laws[: settled + 1])


def _longer_after(edges: FloatArray, base: float) -> FloatArray:
    """Probability that a wait is longer than each edge (or is the cap, at the last).

    Columns are the cells in which the wait before was, and the cap at last.
    """
    low, high = edges[:-1], edges[1:]
    reach = np.clip(edges[:, None] / _GROWTH, low, high)
    logs = np.log((_GROWTH * high - base) / (_GROWTH * reach - base))
    mean = (high - reach - (edges[:, None] - base) / _GROWTH * logs) / (high - low)
    after_cap = np.maximum(_GROWTH * edges[-1] - edges, 0.0) / (_GROWTH * edges[-1] - base)
    return np.column_stack([mean, after_cap])


def _distance(one: FloatArray, other: FloatArray) -> float:
    """Total variation distance of two laws given by their probabilities to be longer."""
    apart = one - other
    return float(np.abs(np.diff(apart)).sum() + abs(apart[-1])) / 2
