"""Which levers are enough alone, and which together? From the storm as it is to a plan."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final, Literal, Protocol

import numpy as np

from estimator.analysis.recovery_plan import levers
from estimator.analysis.recovery_plan.levers import Lever
from estimator.analysis.recovery_plan.result import Change
from estimator.analysis.recovery_plan.search import Found, Goal, smallest_change
from estimator.analysis.recovery_plan.storm import Player, Storm, lasts_s, seen_for, storm_of
from estimator.simulation.compiling import COMPILED
from estimator.simulation.effort import ASKED_FOR
from estimator.simulation.model import Model
from estimator.simulation.run import Engine, run
from estimator.states import Assessment
from estimator.units import SECONDS_PER_HOUR

CHECKS_PER_REPLICATION: Final = 2
"""Storms with other seeds for each one of the search."""
_SIGHT_OF_WANTED: Final = 2.0
"""Storms are simulated for so many times the wanted time after the last connection was taken."""
_LEAST_SIGHT_S: Final = 120.0
_LONG_SIGHT_S: Final = float(SECONDS_PER_HOUR)
"""In which a storm may end by itself, after everything is as it was."""
_TRIAL_S, _LONG_S = (0.5, 4.0) if COMPILED else (10.0, 80.0)
"""What a storm may take, and one that is seen for long; seconds of a usual core."""
_OF_FIRST: Final = 1.5
"""A storm may take so many times what the one as it is takes, too."""
_SEARCH_S: Final = 5.0 if COMPILED else 100.0
_WIDEST_STEP: Final = 4
"""Of waits and nodes, every fourth setting at least, if all would take longer than that."""
_NEEDED_MARGIN: Final = 0.9
"""Some are back by chance, or leave meanwhile."""
_SEVERAL: Final = 2
_BESIDES_STEPS: Final = 6
"""Storms of a lever that are not planned: halvings and checks."""


class Bills(Protocol):
    """What units there are, and what they cost."""

    def existing(self, units: float) -> float:
        """Fewest units from so many on that can be had; infinite if there are never so many."""
        ...

    def setting(self, units: float) -> str:
        """The option that has so many run; empty if there is none."""
        ...

    def usd_more(self, units: float) -> float | None:
        """USD per month that so many units cost more; None if nobody knows."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """What was found."""

    as_it_is: Storm
    sight_s: float
    """Seconds after the fault for which storms were simulated,"""
    seen_s: float
    """and the one as it is."""
    checked: Storm | None
    """Storms with other seeds, if clients are back in time as it is."""
    changes: tuple[Change, ...]
    together: Change | None
    state: Assessment
    engine: Engine
    notes: tuple[str, ...]


@dataclass(slots=True)
class _Counted:
    """How far the search is."""

    progress: Callable[[int, int], object] | None
    done: int = 0
    planned: int = 1

    def add(self) -> None:
        """One more setting is simulated."""
        self.done += 1
        if self.progress is not None:
            self.progress(self.done, max(self.planned, self.done))


def plan_of(
    model: Model,
    goal: Goal,
    bills: Bills,
    *,
    pulls_levers: bool = True,
    engine: Engine | Literal["auto"] = "auto",
    seed: int = 0,
    replications: int = 2,
    executor: Executor | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> Planned:
    """Search for the smallest changes.

    Args:
        model: with one fault; how long it is looked at is chosen here.
        goal: who shall be back when.
        bills: what units there are.
        pulls_levers: whether anything is tried besides the storm as it is.
        engine: as for a simulation.
        seed: of all storms.
        replications: storms of each setting.
        executor: runs storms elsewhere.
        progress: called with the settings done and those planned.

    Raises:
        EstimatorError: the storm as it is would take too long, or a number is out of range.
    """
    sight_s = max(_SIGHT_OF_WANTED * goal.within_s, _LEAST_SIGHT_S)
    found = run(
        seen_for(model, sight_s),
        replications=replications,
        seed=seed,
        engine=engine,
        executor=executor,
    )
    counted = _Counted(progress)
    counted.add()
    effort_s = max(each.effort_s for each in found.replications)
    seeds = np.random.SeedSequence(seed).spawn((1 + CHECKS_PER_REPLICATION) * replications)
    play = Player(
        found.engine,
        tuple(seeds[:replications]),
        goal.share,
        replace(ASKED_FOR, seconds=max(_TRIAL_S, _OF_FIRST * effort_s)),
        executor,
        counted.add,
    )
    check = replace(play, seeds=tuple(seeds[replications:]))
    # with the warm-up that was found to be needed
    search = _Search(found.model, storm_of(found), goal, bills, play, check, counted, effort_s)
    as_it_is, seen_s = search.first, sight_s
    long_s = lasts_s(model) + _LONG_SIGHT_S
    if math.isinf(as_it_is.back_s[goal.share]) and sight_s < long_s:
        patient = replace(play, bounds=replace(ASKED_FOR, seconds=_LONG_S))
        longer = patient(seen_for(found.model, long_s))
        if not math.isnan(longer.lost):
            as_it_is, seen_s = longer, long_s
    checked = search.check(found.model) if goal.is_met(search.first) else None
    changes: tuple[Change, ...] = ()
    together, state = None, Assessment.MET
    if pulls_levers and as_it_is.lost and not (checked is not None and goal.is_met(checked)):
        changes, together, state = search.pull()
    # the last note is about the peak
    notes = found.notes[:-1]
    return Planned(
        as_it_is, sight_s, seen_s, checked, changes, together, state, found.engine, notes
    )


@dataclass(slots=True)
class _Search:
    """Levers of one model, pulled one after the other."""

    model: Model
    first: Storm
    """As it is."""
    goal: Goal
    bills: Bills
    play: Player
    check: Player
    counted: _Counted
    effort_s: float
    """Seconds of a usual core for a storm as it is."""

    def pull(self) -> tuple[tuple[Change, ...], Change | None, Assessment]:
        """Each lever alone, then several if none is enough, and whether that is a plan."""
        there = self._thinned([*self._levers()])
        steps = sum(len(path) for lever in there for path in lever.paths)
        self.counted.planned += steps + _BESIDES_STEPS * len(there)
        found = [self._alone(lever, self.model) for lever in there]
        changes = tuple(self._change(each) for each in found)
        states = [each.state for each in changes]
        together = None if Assessment.MET in states else self._together(found)
        if together is not None:
            states.append(together.state)
        best = (each for each in (Assessment.MET, Assessment.AT_RISK) if each in states)
        return changes, together, next(best, Assessment.MISSED)

    def _levers(self) -> Iterator[Lever]:
        goal, first = self.goal, self.first
        yield from levers.waits(self.model.reconnect, goal.within_s)
        needed = _NEEDED_MARGIN * goal.share * first.lost / goal.within_s
        yield from levers.admission_rate(self.model, first.units, first.lost, needed)
        yield from levers.backlog(self.model)
        yield from levers.nodes(self.model.admission, first.units, self.bills.existing)

    def _thinned(self, there: list[Lever]) -> list[Lever]:
        """With wider steps where storms are long; the farthest setting stays."""
        steps = sum(len(path) for lever in there for path in lever.paths)
        every = int(np.clip(np.ceil(steps * self.effort_s / _SEARCH_S), 1, _WIDEST_STEP))
        # of limits the first settings decide, and under these storms are short
        return [
            lever
            if lever.id in (levers.ADMISSION_RATE, levers.BACKLOG)
            else replace(lever, paths=tuple(path[::-1][::every][::-1] for path in lever.paths))
            for lever in there
        ]

    def _alone(self, lever: Lever, model: Model) -> Found:
        return smallest_change(lever, model, self.goal, self.play, self.check)

    def _change(self, found: Found) -> Change:
        lever, setting = found.lever, found.best.setting
        usd, effort = 0.0, lever.effort(setting)
        if lever.id == levers.NODES:
            usd, option = self.bills.usd_more(setting), self.bills.setting(setting)
            effort = f"{effort} ({option})" if option else effort
        counts = math.isfinite(lever.present) and lever.id != levers.NODES
        return Change(
            lever=lever.id,
            title=lever.title,
            present=lever.in_words(lever.present),
            instead_of=lever.amount(lever.present) if counts else "",
            setting=None if lever.id == levers.JITTER else setting,
            words=lever.in_words(setting),
            storm=found.best.storm,
            checked=found.checked,
            usd_per_month=usd,
            effort=effort,
            state=self._state(found.in_time, found.checked),
            tried=self._tried(found),
        )

    def _tried(self, found: Found) -> tuple[tuple[float, float], ...]:
        """Every setting with its time, the present one too; empty if settings are names."""
        if found.lever.id == levers.JITTER:
            return ()
        share, present = self.goal.share, found.lever.present
        tried = {trial.setting: trial.storm.back_s[share] for trial in found.trials}
        if 0 < present < math.inf:
            tried[present] = self.first.back_s[share]
        return tuple(sorted(tried.items()))

    def _state(self, in_time: bool, checked: Storm | None) -> Assessment:
        if checked is None or not in_time:
            return Assessment.MISSED
        return Assessment.MET if self.goal.is_met(checked) else Assessment.AT_RISK

    def _together(self, found: list[Found]) -> Change | None:
        """Levers that cost nothing, the best first, as far as each helps; then nodes on top."""
        model, storm = self.model, self.first
        parts: list[Change] = []
        free = [each for each in found if each.lever.id != levers.NODES]
        for each in sorted(free, key=lambda one: one.best.storm.rank):
            changed = each.lever.apply(model, each.best.setting)
            better = self.play(changed)
            if better.rank < storm.rank:
                model, storm = changed, better
                parts.append(self._change(each))
            if self.goal.is_met(storm):
                return self._several(parts, model, storm)
        for more in (each.lever for each in found if each.lever.id == levers.NODES):
            if opened := self._opened(more, [each.lever for each in free], model):
                parts.append(self._change(opened))
                model = opened.lever.apply(model, opened.best.setting)
            nodes = self._alone(more, model)
            parts.append(self._change(nodes))
            model, storm = more.apply(model, nodes.best.setting), nodes.best.storm
        return self._several(parts, model, storm)

    def _opened(self, nodes: Lever, free: list[Lever], model: Model) -> Found | None:
        """What keeps any number of nodes from being enough, and would not with another setting."""
        many = nodes.apply(model, nodes.paths[-1][-1])
        if self.goal.is_met(self.play(many)):
            return None
        found = (self._alone(lever, many) for lever in free)
        return next((each for each in found if each.in_time), None)

    def _several(self, parts: list[Change], model: Model, storm: Storm) -> Change | None:
        """Several changes as one; None if they are not several."""
        if len(parts) < _SEVERAL:
            return None
        in_time = self.goal.is_met(storm)
        checked = self.check(model) if in_time else None
        usd = [each.usd_per_month for each in parts]
        return Change(
            lever="together",
            title="several together",
            present="",
            instead_of="",
            setting=None,
            words=_listed([each.words for each in parts]),
            storm=storm,
            checked=checked,
            usd_per_month=None if None in usd else sum(filter(None, usd)),
            effort=_listed(list(dict.fromkeys(each.effort for each in parts))),
            state=self._state(in_time, checked),
        )


def _listed(texts: list[str]) -> str:
    *some, last = texts
    return f"{', '.join(some)} and {last}" if some else last
