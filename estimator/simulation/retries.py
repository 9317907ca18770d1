"""How long does a client wait before it tries again? One by one, and in groups by steps of time.

The laws are those of ``Reconnect``; k counts the refusals since the connection was lost, and the
wait of k = 0 comes right after the loss. The time until a client knows that it was refused is not
part of a wait.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from estimator.arrays import FloatArray, IntArray
from estimator.scenario.reconnect import GROWTH, Reconnect, wait_bounds
from estimator.simulation.model import Cut, Model

_CELLS_PER_DOUBLING = 100
_MOST_LAWS = 2000
_SETTLED = 1e-3
_STATIONARY = 1e-6
NEWCOMERS, AGED, FAULTS_FROM = range(3)
_BYTES: Final = 8
"""Of a number."""
_MOST_CELLS: Final = 20_000
_FEW_LEVELS, _MANY_LEVELS = 2, 96
_GRID: Final = 4096
_FEW_LEFT: Final = 1e-6
"""Before a factor comes near to zero, by which others are divided, it is multiplied out."""


def waits_s(
    policy: Reconnect, refusals: IntArray, uniforms: FloatArray, previous_s: FloatArray
) -> FloatArray:
    """Seconds that each client waits before its next attempt.

    Args:
        policy: how clients come back.
        refusals: refusals of each since its connection was lost, any shape.
        uniforms: a number drawn evenly from [0, 1) for each, same shape.
        previous_s: how long each waited the time before, same shape; only decorrelated waits look
            at it, and not for clients without a refusal.

    >>> policy = Reconnect(backoff="equal_jitter", base=1, cap=60)
    >>> waits_s(policy, np.array([0, 3, 9]), np.array([0.0, 0.5, 0.5]), np.zeros(3))
    array([ 0.5,  6. , 45. ])
    """
    if policy.backoff == "decorrelated":
        least, most = wait_bounds(policy, np.where(refusals == 0, policy.base, previous_s))
        return np.minimum(policy.cap, least + uniforms * (most - least))
    least, most = _bounds(policy, np.asarray(refusals))
    return least + uniforms * (most - least)


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
    edges_s = np.unique([float(bound) for bound in _bounds(policy, np.array(refusals))])
    return _WaitLaw(edges_s, np.ones(edges_s.size - 1))


def _bounds(policy: Reconnect, refusals: IntArray) -> tuple[FloatArray | float, ...]:
    """Shortest and longest wait, but of decorrelated ones."""
    # the exponent stops where the cap is reached, before 2^k is beyond what a float holds
    exponents = np.minimum(refusals, _doublings(policy))
    return wait_bounds(policy, np.minimum(policy.cap, np.ldexp(policy.base, exponents)))


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
    at_base = np.clip((GROWTH * base_s - edges) / ((GROWTH - 1) * base_s), 0.0, 1.0)
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
    reach = np.clip(edges[:, None] / GROWTH, low, high)
    logs = np.log((GROWTH * high - base) / (GROWTH * reach - base))
    mean = (high - reach - (edges[:, None] - base) / GROWTH * logs) / (high - low)
    after_cap = np.maximum(GROWTH * edges[-1] - edges, 0.0) / (GROWTH * edges[-1] - base)
    return np.column_stack([mean, after_cap])


def _distance(one: FloatArray, other: FloatArray) -> float:
    """Total variation distance of two laws given by their probabilities to be longer."""
    apart = one - other
    return float(np.abs(np.diff(apart)).sum() + abs(apart[-1])) / 2


def waiting_bytes(model: Model) -> float:
    """Memory that ``Waiting`` takes, in steps of a second."""
    policy, groups = model.reconnect, len(model.faults) + FAULTS_FROM
    again_s = policy.answer + policy.cap
    first_s = max([again_s, *(cut.notice_s + max(cut.away_s, policy.cap) for cut in model.cuts)])
    told_apart = _told_apart(policy, groups, again_s)
    # twice as many steps as can be looked ahead, and the laws
    return _BYTES * (2 * groups * (first_s + told_apart * again_s) + told_apart * again_s)


def _told_apart(policy: Reconnect, groups: int, steps: float) -> int:
    """Levels of refusals: those with a law or an end of their own, and others if there is room."""
    room = int(np.clip(_MOST_CELLS / (groups * steps), _FEW_LEVELS, _MANY_LEVELS))
    return max(room, levels(policy) + 2, policy.give_up_after or 0)


class _Ahead:
    """Clients by the step of their attempt, in rows that are thinned as a whole.

    Leaving thins a row by one factor, so that it does not look at each step.
    """

    def __init__(self, rows: int, steps: int) -> None:
        """Nobody waits.

        Args:
            rows: how many.
            steps: that can be looked ahead.
        """
        self.steps, self._head = steps, 0
        self._cells, self._left = np.zeros((rows, 2 * steps)), np.ones(rows)

    def add(self, rows: IntArray, clients: FloatArray, laws: FloatArray) -> None:
        """Clients who try in the steps from this one on by a law, shape (..., steps), of each."""
        at = slice(self._head, self._head + laws.shape[-1])
        self._cells[rows, at] += (clients / self._left[rows])[..., None] * laws

    def due(self) -> FloatArray:
        """Take out those who try now, shape (rows,)."""
        now = self._cells[:, self._head] * self._left
        self._cells[:, self._head] = 0.0
        return now

    def take(self, rows: slice) -> FloatArray:
        """Take out some rows, shape (rows, steps)."""
        at = slice(self._head, self._head + self.steps)
        taken = self._cells[rows, at] * self._left[rows, None]
        self._cells[rows, at] = 0.0
        return taken

    def clear(self) -> None:
        """Take out all."""
        self._cells[:, self._head : self._head + self.steps] = 0.0

    def thin(self, shares: FloatArray) -> None:
        """Take away a share of each row."""
        self._left *= 1.0 - shares
        if self._left.min(initial=1.0) < _FEW_LEFT:
            self._cells *= self._left[:, None]
            self._left = np.ones_like(self._left)

    def next_step(self) -> None:
        """Time goes on."""
        self._head += 1
        if self._head == self.steps:
            self._cells[:, : self.steps] = self._cells[:, self.steps :] * self._left[:, None]
            self._cells[:, self.steps :] = 0.0
            self._head, self._left = 0, np.ones_like(self._left)


class Waiting:
    """Clients that wait, by what brought them here, refusals and the step of their next attempt.

    Groups are the newcomers, those cut at their age or with a unit that stopped, and those cut by
    each fault; levels count refusals, and the last is of all refusals from there on. A client's
    first attempt may be far ahead, if its fault takes long to notice; it then has no refusals yet,
    so that only the first level looks that far.
    """

    def __init__(self, model: Model, step_s: int = 1, levels_told_apart: int | None = None) -> None:
        """Nobody waits.

        Args:
            model: how clients come back, and what cuts them.
            step_s: seconds of a step.
            levels_told_apart: refusals; as many as there is room for if None.
        """
        policy = model.reconnect
        self._model, self.step_s = model, step_s
        answer = _later(policy.answer / step_s)
        needed = levels(policy) + 1
        waits = [wait_masses(policy, k, float(step_s)) for k in range(needed + 1)]
        laws = [
            _whole_steps(policy, k, step_s)
            if policy.backoff == "exponential"
            else np.convolve(waits[k], answer)
            for k in range(needed + 1)
        ]
        # the cuts of a fault are alike, and may be a thousand
        kinds = {_kind(cut): cut for cut in model.cuts}
        laws_of_cuts = {kind: _after_cut(model, cut, step_s) for kind, cut in kinds.items()}
        self.after_loss = [laws_of_cuts[_kind(cut)] for cut in model.cuts]
        self.at_once = waits[0]
        self.after_stop = _waits_from_now(policy, step_s)
        # who is put off tries in the next step, so there is one
        again_ahead = max(2, *(law.size for law in laws))
        firsts = (self.at_once, self.after_stop, *laws_of_cuts.values())
        # who is outside when a run begins tries within the longest wait
        longest = math.ceil(policy.cap / step_s)
        self.ahead = max(again_ahead, longest, *(law.size for law in firsts))
        """Steps after which all who wait now have tried."""
        groups = len(model.faults) + FAULTS_FROM
        self.gives_up_at = policy.give_up_after
        count = levels_told_apart or _told_apart(policy, groups, again_ahead)
        self._laws = np.zeros((count, again_ahead))
        for level in range(count):
            law = laws[min(level, needed)]
            self._laws[level, : law.size] = law
        self._first = _Ahead(groups, self.ahead)
        self._again = _Ahead(groups * (count - 1), again_ahead)
        self.total = np.zeros((groups, count))
        """Clients that wait, shape (groups, levels)."""
        mean_s = policy.answer + np.array([_mean(law) for law in waits]) * step_s
        steps = mean_s[np.minimum(np.arange(count), needed)]
        later = np.arange(count) > 0
        refused_s = np.cumsum(steps) - steps[0]
        # newcomers try in the second in which they come
        first_s = np.full((groups, 1), _mean(self.after_stop) * step_s)
        first_s[NEWCOMERS] = 0.0
        means_of_cuts = {kind: _mean(law) * step_s for kind, law in laws_of_cuts.items()}
        for cut in model.cuts:
            first_s[cut.fault + FAULTS_FROM] = means_of_cuts[_kind(cut)]
        # the last digit must not put anyone before the beginning
        begins = first_s * later + np.maximum(refused_s - steps * later, 0.0)
        self.waited_s = np.stack([begins, np.maximum(first_s + refused_s, begins + 1.0)])
        """From when until when after they came or were cut clients wait on average, shape
        (2, groups, levels)."""

    @property
    def numbers(self) -> int:
        """How many a refusal looks at."""
        return self._laws.size * len(self.total)

    def coarser(self, step_s: int) -> Waiting:
        """The same clients in longer steps; nobody is left here."""
        other = Waiting(self._model, step_s, self.total.shape[1])
        times = step_s // self.step_s
        for mine, others in ((self._first, other._first), (self._again, other._again)):
            ahead = mine.take(slice(None))
            ahead = np.add.reduceat(ahead, np.arange(0, mine.steps, times), axis=1)
            rows = np.arange(len(ahead))
            others.add(rows, np.ones(rows.size), ahead)
        other.total, self.total = self.total, other.total
        return other

    def thin(self, shares: FloatArray) -> FloatArray:
        """Take away a share of each group and level; returns how many of each group."""
        gone = self.total * shares
        self.total = self.total - gone
        self._first.thin(shares[:, 0])
        self._again.thin(shares[:, 1:].ravel())
        return gone.sum(axis=1)

    def add(self, group: int, masses: FloatArray, clients: float) -> None:
        """Clients without a refusal yet who try again by the law ``masses``."""
        self._first.add(np.array(group), np.array(clients), masses)
        self.total[group, 0] += clients

    def due(self) -> FloatArray:
        """Take out the clients who try now, shape (groups, levels)."""
        again = self._again.due().reshape(len(self.total), -1)
        now = np.concatenate([self._first.due()[:, None], again], axis=1)
        self.total = np.maximum(self.total - now, 0.0)
        return now

    def refuse(self, clients: FloatArray) -> FloatArray:
        """Let those wait who were refused; returns those of each group who give up instead."""
        given_up = np.zeros(clients.shape[0])
        if self.gives_up_at is not None:
            clients = clients.copy()
            given_up = clients[:, self.gives_up_at - 1 :].sum(axis=1)
            clients[:, self.gives_up_at - 1 :] = 0.0
        later = np.zeros_like(clients)
        later[:, 1:] = clients[:, :-1]
        later[:, -1] += clients[:, -1]
        again = later[:, 1:].ravel()
        some = np.flatnonzero(again)
        self._again.add(some, again[some], self._laws[some % (later.shape[1] - 1) + 1])
        self.total += later
        return given_up

    def put_off(self, clients: FloatArray) -> None:
        """Let those try in the next step who could not be looked at in this one."""
        next_step = np.array([0.0, 1.0])
        for ahead, put_off in ((self._first, clients[:, 0]), (self._again, clients[:, 1:].ravel())):
            ahead.add(np.arange(put_off.size), put_off, next_step)
        self.total += clients

    def next_step(self) -> None:
        """Time goes on."""
        self._first.next_step()
        self._again.next_step()

    @property
    def stuck(self) -> float:
        """Clients that were refused, or lost by a fault: all but those back from their age."""
        return float(self.total.sum() - self.total[AGED, 0])

    def take_easy(self) -> FloatArray:
        """Take out the clients on their way back from their age, by second, shape (seconds,)."""
        easy = self._first.take(slice(AGED, AGED + 1))[0]
        self.total[AGED, 0] = 0.0
        return np.repeat(easy / self.step_s, self.step_s)

    def forget(self) -> FloatArray:
        """Take out all who are left, shape (groups,)."""
        rest = self.total.sum(axis=1)
        self._first.clear()
        self._again.clear()
        self.total = np.zeros_like(self.total)
        return rest


def _kind(cut: Cut) -> tuple[float, float]:
    """What the first wait after a cut depends on."""
    return cut.notice_s, cut.away_s


def _mean(law: FloatArray) -> float:
    """Steps on average."""
    return float(law @ np.arange(law.size))


def _later(steps: float) -> FloatArray:
    """A fixed delay as a law in steps."""
    whole, part = divmod(steps, 1.0)
    law = np.zeros(int(whole) + 2)
    law[-2:] = 1.0 - part, part
    return law


def _whole_steps(policy: Reconnect, refusals: int, step_s: int) -> FloatArray:
    """A wait without jitter: clients that were cut together stay together."""
    wait = waits_s(policy, np.array([refusals]), np.zeros(1), np.zeros(1))[0]
    law = np.zeros(round((policy.answer + wait) / step_s) + 1)
    law[-1] = 1.0
    return law


def _waits_from_now(policy: Reconnect, step_s: int) -> FloatArray:
    """The wait after a loss at the beginning of a step, as a law in steps."""
    uniforms = (np.arange(_GRID) + 0.5) / _GRID
    zeros = np.zeros(_GRID, dtype=np.int64)
    waits = waits_s(policy, zeros, uniforms, np.full(_GRID, policy.base))
    return np.bincount((waits / step_s).astype(np.int64)) / _GRID


def _after_cut(model: Model, cut: Cut, step_s: int) -> FloatArray:
    """When a client tries again after a cut, as a law in steps."""
    law = _waits_from_now(model.reconnect, step_s)
    return _not_before(_spread(law, int(np.ceil(cut.notice_s / step_s))), int(cut.away_s / step_s))


def _not_before(law: FloatArray, steps: int) -> FloatArray:
    """A law of those who wait for so many steps at least."""
    early = law[:steps].sum()
    later = np.concatenate([np.zeros(steps), law[steps:] if law.size > steps else np.zeros(1)])
    later[steps] += early
    return later


def _spread(law: FloatArray, steps: int) -> FloatArray:
    """A law, later by a number of steps that is drawn evenly from so many."""
    if steps <= 1:
        return law
    reached = np.concatenate([[0.0], np.cumsum(law)])
    ends = np.arange(1, law.size + steps)
    begun, over = np.minimum(ends, law.size), np.maximum(ends - steps, 0)
    return (reached[begun] - reached[over]) / steps
