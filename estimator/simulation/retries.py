"""Clients that wait, in groups, by the step of time in which they try again."""

from __future__ import annotations

from typing import Final

import numpy as np

from estimator.scenario.model import FloatArray
from estimator.scenario.reconnect import Reconnect
from estimator.simulation.backoff import levels, wait_masses, waits_s
from estimator.simulation.model import Cut, Model

NEWCOMERS, AGED, FAULTS_FROM = range(3)
_MOST_CELLS: Final = 20_000
_FEW_LEVELS, _MANY_LEVELS = 2, 96
_GRID: Final = 4096
_FEW_LEFT: Final = 1e-6
"""Before a factor comes near to zero, by which others are divided, it is multiplied out."""


class Waiting:
    """Clients that wait, by what brought them here, refusals and the step of their next attempt.

    Shape (groups, levels, steps ahead). Groups are the newcomers, those cut at their age or with
    a unit that stopped, and those cut by each fault; the last level is of all refusals from there
    on. Leaving thins a group and level as a whole, so that it is kept as one factor.
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
        self.after_loss = [_after_cut(model, cut, step_s) for cut in model.cuts]
        self.at_once = waits[0]
        self.after_stop = _waits_from_now(policy, step_s)
        longest = max(law.size for law in (*laws, *self.after_loss, self.after_stop))
        self.ahead = max(longest, int(np.ceil(policy.cap / step_s))) + 1
        groups = len(model.faults) + FAULTS_FROM
        self.gives_up_at = policy.give_up_after
        room = int(np.clip(_MOST_CELLS / (groups * self.ahead), _FEW_LEVELS, _MANY_LEVELS))
        count = levels_told_apart or max(room, needed + 1, self.gives_up_at or 0)
        self._laws = np.zeros((count, self.ahead))
        for level in range(count):
            law = laws[min(level, needed)]
            self._laws[level, : law.size] = law
        self._cells = np.zeros((groups, count, 2 * self.ahead))
        self._head, self._left = 0, np.ones((groups, count))
        self.total = np.zeros((groups, count))
        """Clients that wait, shape (groups, levels)."""
        mean_s = policy.answer + np.array([law @ np.arange(law.size) for law in waits]) * step_s
        steps = mean_s[np.minimum(np.arange(count), needed)]
        later = np.arange(count) > 0
        refused_s = np.cumsum(steps) - steps[0]
        firsts = [self.after_stop] * (groups - NEWCOMERS - 1)
        for cut, law in zip(model.cuts, self.after_loss, strict=True):
            firsts[cut.fault + FAULTS_FROM - NEWCOMERS - 1] = law
        # newcomers knock in the second in which they come
        first_s = np.array([0.0, *(law @ np.arange(law.size) * step_s for law in firsts)])[:, None]
        # the last digit must not put anyone before the beginning
        begins = first_s * later + np.maximum(refused_s - steps * later, 0.0)
        self.waited_s = np.stack([begins, np.maximum(first_s + refused_s, begins + 1.0)])
        """From when until when after they came or were cut clients wait on average, shape
        (2, groups, levels)."""

    def coarser(self, step_s: int) -> Waiting:
        """The same clients in longer steps."""
        other = Waiting(self._model, step_s, self.total.shape[1])
        times = self.step_s
        ahead = self._cells[:, :, self._head : self._head + self.ahead] * self._left[:, :, None]
        for step in range(self.ahead):
            other._cells[:, :, step * times // step_s] += ahead[:, :, step]
        other.total = ahead.sum(axis=2)
        return other

    def thin(self, shares: FloatArray) -> FloatArray:
        """Take away a share of each group and level; returns how many of each group."""
        gone = self.total * shares
        self._left *= 1.0 - shares
        self.total = self.total - gone
        if self._left.min() < _FEW_LEFT:
            self._cells *= self._left[:, :, None]
            self._left = np.ones_like(self._left)
        return gone.sum(axis=1)

    def add(self, group: int, masses: FloatArray, clients: float) -> None:
        """Clients without a refusal yet who try again by the law ``masses``."""
        at = slice(self._head, self._head + masses.size)
        self._cells[group, 0, at] += masses * (clients / self._left[group, 0])
        self.total[group, 0] += clients

    def due(self) -> FloatArray:
        """Take out the clients who try now, shape (groups, levels)."""
        now = self._cells[:, :, self._head] * self._left
        self._cells[:, :, self._head] = 0.0
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
        at = slice(self._head, self._head + self.ahead)
        self._cells[:, :, at] += (later / self._left)[:, :, None] * self._laws
        self.total += later
        return given_up

    def put_off(self, clients: FloatArray) -> None:
        """Let those try in the next step who could not be looked at in this one."""
        self._cells[:, :, self._head + 1] += clients / self._left
        self.total += clients

    def next_step(self) -> None:
        """Time goes on."""
        self._head += 1
        if self._head == self.ahead:
            rest = self._cells[:, :, self.ahead :] * self._left[:, :, None]
            self._cells[:, :, : self.ahead] = rest
            self._cells[:, :, self.ahead :] = 0.0
            self._head, self._left = 0, np.ones_like(self._left)

    @property
    def stuck(self) -> float:
        """Clients that were refused, or lost by a fault: all but those back from their age."""
        return float(self.total.sum() - self.total[AGED, 0])

    def take_easy(self) -> FloatArray:
        """Take out the clients on their way back from their age, by second, shape (seconds,)."""
        at = slice(self._head, self._head + self.ahead)
        easy = self._cells[AGED, 0, at] * self._left[AGED, 0]
        self._cells[AGED, 0, at] = 0.0
        self.total[AGED, 0] = 0.0
        return np.repeat(easy / self.step_s, self.step_s)

    def forget(self) -> FloatArray:
        """Take out all who are left, shape (groups,)."""
        rest = self.total.sum(axis=1)
        self._cells[:] = 0.0
        self.total = np.zeros_like(self.total)
        return rest


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


def _waits_from_now(policy: Reconnect, step_s: int, away_s: float = 0.0) -> FloatArray:
    """The wait after a loss at the beginning of a step, as a law in steps."""
    luck = (np.arange(_GRID) + 0.5) / _GRID
    zeros = np.zeros(_GRID, dtype=np.int64)
    waits = np.maximum(waits_s(policy, zeros, luck, np.full(_GRID, policy.base)), away_s)
    return np.bincount((waits / step_s).astype(np.int64)) / _GRID


def _after_cut(model: Model, cut: Cut, step_s: int) -> FloatArray:
    """When a client tries again after a cut, as a law in steps."""
    law = _waits_from_now(model.reconnect, step_s, cut.away_s)
    spread_s = max(cut.notice_s, step_s if cut.over_s else 0.0)
    steps = int(np.ceil(spread_s / step_s))
    return np.convolve(law, np.full(steps, 1.0 / steps)) if steps else law
