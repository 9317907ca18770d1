"""What is the smallest change that brings clients back in time? Steps, then halves of a step."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from estimator.analysis.recovery_plan.levers import Lever
from estimator.analysis.recovery_plan.storm import Play, Storm
from estimator.simulation.model import Model

_CLOSE: Final = 1.1
"""Settings that differ by a tenth do not need to be told apart."""
_CANDIDATES: Final = 3
"""So many settings are simulated with other seeds, the smallest change first."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One setting of a lever, and the storm that was simulated with it."""

    setting: float
    storm: Storm


@dataclass(frozen=True, slots=True)
class Found:
    """What a lever alone can do."""

    lever: Lever
    trials: tuple[Trial, ...]
    """By their setting."""
    best: Trial
    """The smallest change that is in time; if there is none, what brings clients back soonest."""
    in_time: bool
    """Whether the clients of ``best`` are back in time, in the storms of the search."""
    checked: Storm | None
    """Storms with other seeds under ``best``, if it is in time."""


@dataclass(frozen=True, slots=True)
class Goal:
    """Who shall be back when."""

    share: float
    within_s: float

    def is_met(self, storm: Storm) -> bool:
        """Whether the slowest storm is in time."""
        return storm.back_s[self.share] <= self.within_s


def smallest_change(lever: Lever, model: Model, goal: Goal, play: Play, check: Play) -> Found:
    """Try the settings of a lever, and halve the step in which clients begin to be back in time.

    The time to recover need not fall or rise with a setting, so that all steps of a path are
    looked at, from the present setting on, until one is in time.

    Args:
        lever: what is changed.
        model: everything else.
        goal: who shall be back when.
        play: simulates the storms of the search.
        check: simulates storms with other seeds.
    """
    seen: dict[float, Storm] = {}

    def played(setting: float) -> bool:
        if setting not in seen:
            seen[setting] = play(lever.apply(model, setting))
        return goal.is_met(seen[setting])

    met: list[float] = []
    for path in lever.paths:
        met += _first_in_time(lever, path, played)
    trials = tuple(Trial(setting, seen[setting]) for setting in sorted(seen))
    if not met:
        best = min(trials, key=lambda trial: trial.storm.rank)
        return Found(lever, trials, best, in_time=False, checked=None)
    nearest = sorted(met, key=lambda setting: _change(lever.present, setting))
    checks: list[tuple[float, Storm]] = []
    for setting in nearest[:_CANDIDATES]:
        checks.append((setting, check(lever.apply(model, setting))))
        if goal.is_met(checks[-1][1]):
            break
    else:  # none is in time in all storms, so the one that comes closest is shown
        checks.sort(key=lambda each: each[1].back_s[goal.share])
        checks.append(checks[0])
    setting, checked = checks[-1]
    return Found(lever, trials, Trial(setting, seen[setting]), in_time=True, checked=checked)


def _first_in_time(
    lever: Lever, path: Sequence[float], played: Callable[[float], bool]
) -> Iterator[float]:
    """Settings of a path that are in time, as found around the first of them."""
    before = lever.present
    for setting in path:
        if played(setting):
            yield setting
            if lever.between and math.isfinite(before) and before > 0:
                yield from _halved(lever, before, setting, played)
            return
        before = setting


def _halved(
    lever: Lever, misses: float, meets: float, played: Callable[[float], bool]
) -> Iterator[float]:
    """Settings in time between one that is not and one that is, closer and closer to the first."""
    while max(misses, meets) / min(misses, meets) > _CLOSE:
        middle = lever.rounded(math.sqrt(misses * meets))
        if middle in (misses, meets) or not min(misses, meets) < middle < max(misses, meets):
            return
        if played(middle):
            yield middle
            meets = middle
        else:
            misses = middle


def _change(present: float, setting: float) -> float:
    """How far a setting is from the present one."""
    if present <= 0:
        return setting
    if math.isinf(present):
        return -setting
    return abs(math.log(setting / present)) if setting > 0 else math.inf
