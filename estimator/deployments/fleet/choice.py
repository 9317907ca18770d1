"""Which machine makes the cheapest bill? Nodes, what stands beside them, and what they exchange.

Of few scenarios, the bills of all machines are compared. Of many, first the machine is found whose
nodes cost least by themselves. Where these are so many that Redis and traffic between zones cost
more than with the fewest nodes there can be, or what they hear takes more nodes, the bills of all
machines are compared that may be cheaper.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import starmap
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from estimator.arrays import BoolArray, FloatArray, side_by_side
from estimator.demand.weekly import ALWAYS, Weekly, largest
from estimator.deployments.fleet.backplane import RedisChoice, RedisPlan
from estimator.deployments.fleet.expected_units import mean_empty_units
from estimator.deployments.fleet.machine import Candidates
from estimator.deployments.fleet.month import Month, Rows
from estimator.deployments.fleet.needs import NETWORK, PROCESSOR, Needs
from estimator.deployments.fleet.placement import Placement
from estimator.pricing.catalog import Catalog
from estimator.pricing.lines import FreeAllowances, Usage, cost_knees, price_usage

_NOISE = 1e-9
TOO_MANY = 1e9
"""From so many nodes on none are enough, however many there are."""
VERY_MANY = 1e6
"""Nodes that tell what each has to hear of what all do."""
_ROUNDS = 1_000
_AT_ONCE = 1 << 15
"""Figures that are worked out at once, so that they stay in the cache."""
_FEW = 64
"""Bills of machines that are sooner compared than left out."""
_OUTCOME_ARRAYS = 8
"""Arrays of the size of an outcome that are worked with at the same time."""
_BEYOND = 1e12
"""As many times their cost is that of more nodes than there may be, so that fewer of others are
chosen, and the cheapest if all are too many."""
Index = npt.NDArray[np.intp]
A = TypeVar("A", np.float64, np.intp)


@dataclass(frozen=True, slots=True)
class Prices:
    """What nodes and all that stands beside them cost."""

    catalog: Catalog
    region: str
    free_allowances: FreeAllowances
    beside_flat_usd: float
    """Of what each node takes per month beside its machine, where every unit costs the same."""
    beside_not_flat: Mapping[str, float]
    """Units of each other meter that it takes."""
    balancer_usd: float = 0.0
    """Of a balancer, per hour."""
    nodes_per_balancer: float = np.inf
    hourly: Mapping[str, float] = field(default_factory=dict[str, float])
    """Units of meters that each node takes per hour beside its machine."""

    def of(self, units: Mapping[str, FloatArray]) -> FloatArray:
        """USD of units of meters, of which not every unit costs the same."""
        usd, others = np.zeros(()), list[Usage]()
        for meter, used in units.items():
            knees = cost_knees(meter, self.region, self.catalog, self.free_allowances)
            if knees is None:
                others.append(Usage(meter, used, "", role=self.catalog.role))
                continue
            for knee, more in knees:
                if more:
                    usd = usd + np.maximum(used - knee, 0) * more
        if others:
            for line in price_usage(others, self.region, self.catalog, self.free_allowances):
                usd = usd + line.cost_usd
        return usd


@dataclass(frozen=True, slots=True)
class Idle:
    """What nodes that run all week are counted as while nobody is connected to them."""

    connections: Weekly
    """Spread over all nodes."""
    units_per_hour: FloatArray
    """Units of a node that another meter counts then, shape (machines,)."""
    flat_usd: float
    """What such a unit costs more then, of the meters of which every unit costs the same."""
    not_flat: Mapping[str, float]
    """Units of the other meters for each of them: one more, or one fewer."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Nodes of some machines, and what they hear; the first axis may be machines."""

    peak: FloatArray
    """Whole nodes that carry the busiest hour."""
    nodes: Weekly
    """All that run."""
    plan: RedisPlan | None
    """What passes messages between them; None if they have nothing to say to each other."""


@dataclass(frozen=True, slots=True)
class Found:
    """The machine that makes the cheapest bill of each scenario, and what it makes."""

    which: Index
    """Index of the machine, of the shape of scenarios."""
    outcome: Outcome
    usd: FloatArray
    """Per month, of all that depends on the machine, of the shape of scenarios."""


@dataclass(frozen=True, slots=True)
class Made:
    """The machine of each scenario, and what follows."""

    chosen: Index
    """Index of the machine, of the shape of scenarios."""
    peak: FloatArray
    """Whole nodes that carry the busiest hour, shape (*many,)."""
    nodes: Weekly
    """All that run."""
    plan: RedisPlan | None
    """What passes messages between them; None if they have nothing to say to each other."""
    by_constraint: FloatArray
    """Nodes that each constraint asks for in its busiest hour, not yet whole, shape (constraints,
    *many)."""
    needed: Weekly
    """Nodes that carry each hour, or the busiest one, not yet whole."""
    application_share: FloatArray
    """Part of what nodes cost that only the application's own work makes them cost, of the shape
    of scenarios."""
    heard_share: FloatArray | None
    """Where no number of nodes suffices, what each of very many has to hear, as a share of what it
    can, shape (*many,); None where some number does."""


@dataclass(frozen=True, eq=False)
class Choice:
    """Which machine each scenario takes; figures have the shape (..., *many)."""

    needs: Needs
    candidates: Candidates
    placement: Placement
    min_nodes: int
    lag_hours: int | None
    """Hours by which nodes that follow demand start before they are needed and stop after; None if
    they run all week."""
    prices: Prices
    month: Month
    redis: RedisChoice | None = None
    """What passes messages between nodes; None if they have nothing to say to each other."""
    nodes_most: FloatArray | float = np.inf
    """Nodes there may be of any machine, shape (*many,)."""
    own_cores: Weekly | None = None
    """What the processors do besides the application's own work; None if they do no such work."""
    idle: Idle | None = None
    """What nodes cost while nobody is connected to them; None if they cost the same."""

    @property
    def by_hour(self) -> bool:
        """Whether nodes follow the hours."""
        return self.lag_hours is not None

    @cached_property
    def many(self) -> tuple[int, ...]:
        """Shape of the scenarios, the weeks before them."""
        return np.shape(self._peaks)[1:]

    @cached_property
    def _peaks(self) -> FloatArray:
        """Of each need, shape (constraints, *many)."""
        return side_by_side(need.peak for need in self.needs.by_constraint)

    def _parts(self, chosen: Index) -> FloatArray:
        """Part of a node that one unit of each need takes, shape (constraints, ..., *many)."""
        parts = self.candidates.parts[:, chosen]
        if self.month.has_weeks:
            parts = np.expand_dims(parts, -len(self.many))
        more = len(self.needs.by_constraint) - len(parts)
        # what is counted in nodes already
        return np.concatenate([parts, np.ones((more, *parts.shape[1:]))]) if more else parts

    def made(self) -> Made:
        """The machine of each scenario, and what follows."""
        found = self._cheapest()
        which, outcome, heard_share = found.which, found.outcome, None
        if np.any(outcome.peak >= TOO_MANY):
            heard_share = self._heard_share(which)
            # as if nodes had nothing to hear, which the share says they have
            peak = np.where(outcome.peak >= TOO_MANY, self._alone_peak(which), outcome.peak)
            found = self._found(which, self._outcome(which, peak))
            outcome = found.outcome
        needed = self._needed(which, outcome.peak)
        by_constraint = side_by_side(each.peak for each in needed)
        return Made(
            which,
            outcome.peak,
            outcome.nodes,
            outcome.plan,
            by_constraint,
            self._most(needed),
            self._application_share(found),
            heard_share,
        )

    def _most(self, needed: Sequence[Weekly]) -> Weekly:
        """Nodes that all constraints together ask for, not yet whole."""
        if self.by_hour:
            return self._ahead(needed)
        by_constraint = side_by_side(each.peak for each in needed)
        return Weekly.of(by_constraint.max(axis=0), ALWAYS)

    def _application_share(self, found: Found) -> FloatArray:
        """Part of what nodes cost that would not be paid without the application's own work.

        Without it, the cheapest nodes for the rest would run, with what they need beside them.
        """
        if self.own_cores is None:
            return np.zeros(())
        without = replace(self, needs=self.needs.with_cores(self.own_cores), own_cores=None)
        others_usd, usd = without._cheapest().usd, found.usd
        nodes_usd = self._nodes_usd(found.which, found.outcome)
        known = np.isfinite(usd) & np.isfinite(others_usd) & (nodes_usd > 0)
        more_usd = np.where(known, usd, 0.0) - np.where(known, others_usd, 0.0)
        share = np.divide(more_usd, nodes_usd, out=np.zeros(np.shape(nodes_usd)), where=known)
        return np.clip(share, 0.0, 1.0)

    @property
    def _fewest(self) -> FloatArray:
        """The fewest nodes there can be, if any run."""
        return self.placement.placed(np.array(float(max(self.min_nodes, 1))))

    def _are_fewest(self, outcome: Outcome) -> bool:
        """Whether no scenario can have fewer nodes."""
        return self.lag_hours is None and bool(np.all(outcome.nodes.peak <= self._fewest))

    def _cheapest(self) -> Found:
        """The machine that makes the cheapest bill, and what it makes."""
        machines, scenarios = len(self.candidates.machines), self._scenarios
        if machines == 1:
            only = np.zeros(scenarios, dtype=np.intp)
            return self._found(only, self.outcome(only))
        if machines * math.prod(self.many) <= _FEW and not self.by_hour:
            return self._cheapest_of_all()
        usd = self._alone_by_machine()
        which = np.broadcast_to(_first_least(usd), scenarios)
        found = self._found(which, self.outcome(which))
        outcome = found.outcome
        if outcome.plan is None:
            return found
        if outcome.plan.is_flat and self._are_fewest(outcome):
            return found
        # nothing is cheaper where its nodes are the fewest there can be, or all that they drag
        # along costs as much as with these
        least_usd = np.broadcast_to(self._redis_usd(self._fewest), scenarios)
        unsettled = np.flatnonzero(found.usd > (usd.min(axis=0) + least_usd) * (1 + _NOISE))
        if not unsettled.size:
            return found
        most, least = (each.reshape(-1)[unsettled] for each in (found.usd, least_usd))
        if self.by_hour:
            every = np.arange(machines)[:, None]
            alone_usd = self._of(unsettled)._at_least(every)
        else:
            alone_usd = usd.reshape(machines, -1)[:, unsettled]
        its, its_peak, its_usd = self._cheapest_of(
            unsettled, alone_usd + least <= most * (1 + _NOISE)
        )
        better, better_usd = which.copy(), found.usd.copy()
        peak = np.array(np.broadcast_to(outcome.peak, self.many))
        better.reshape(-1)[unsettled] = its
        better_usd.reshape(-1)[unsettled] = its_usd
        peak.reshape(*peak.shape[: peak.ndim - which.ndim], -1)[..., unsettled] = its_peak
        same = np.array_equal(better, which)
        return Found(better, outcome if same else self._outcome(better, peak), better_usd)

    def _cheapest_of_all(self) -> Found:
        """The same, from the bills of all machines, for few scenarios."""
        every = np.arange(len(self.candidates.machines))
        every = every.reshape(-1, *(1,) * len(self._scenarios))
        outcome = self.outcome(every)
        usd = self._usd(every, outcome)
        which = _first_least(usd)
        peak = _of_first(outcome.peak, which)
        return Found(which, self._outcome(which, peak), _of_first(usd, which))

    def _cheapest_of(
        self, scenarios: Index, may_be: BoolArray
    ) -> tuple[Index, FloatArray, FloatArray]:
        """Index of the machine that makes the cheapest bill, whole nodes of its peak, and the bill.

        Args:
            scenarios: of which, as if all stood in a row.
            may_be: which machine may be it, shape (machines, scenarios).
        """
        # few machines may be the cheapest of a scenario, but many of some scenario
        rows, machines = np.nonzero(may_be.T)
        usd, pair = np.full(may_be.shape, np.inf), np.zeros(may_be.shape, dtype=np.intp)
        pair[machines, rows] = np.arange(len(rows))
        peaks: list[FloatArray] = []
        for some in _in_blocks(np.arange(len(rows)), _OUTCOME_ARRAYS):
            pairs, which = self._of(scenarios[rows[some]]), machines[some]
            outcome = pairs.outcome(which)
            usd[which, rows[some]] = pairs._usd(which, outcome)
            peaks.append(outcome.peak)
        found = _first_least(usd)
        its_pair = _of_first(pair, found)
        return found, np.concatenate(peaks, axis=-1)[..., its_pair], _of_first(usd, found)

    def _found(self, which: Index, outcome: Outcome) -> Found:
        """Some machines with what they make and cost."""
        usd = np.broadcast_to(self._usd(which, outcome), self._scenarios)
        return Found(which, outcome, usd)

    def _redis_usd(self, nodes: FloatArray) -> FloatArray:
        """USD per month of Redis for so many nodes all week, shape of scenarios."""
        assert self.redis is not None
        nodes = np.broadcast_to(nodes, self.many)
        return self.redis.plan(Weekly.of(nodes, ALWAYS), nodes).flat_usd

    def _alone_by_machine(self) -> FloatArray:
        """USD per month of nodes that say nothing to each other, shape (machines, *scenarios).

        Without those machines that cost no less than another one anyway.
        """
        machines, scenarios = len(self.candidates.machines), self._scenarios
        one_by_one = (-1, *(1,) * len(scenarios))
        if self.by_hour:
            return self._alone_by_hour()
        every = np.arange(machines)
        number = int(np.prod(scenarios))
        if number * machines <= _AT_ONCE:
            return np.broadcast_to(self._alone(every.reshape(one_by_one)), (machines, *scenarios))
        blocks = (self._of_peaks(rows) for rows in _in_blocks(np.arange(number), machines))
        usd = np.concatenate([block._alone(every[:, None]) for block in blocks], axis=-1)
        return usd.reshape(machines, *scenarios)

    def _alone_by_hour(self) -> FloatArray:
        """The same for nodes that follow demand.

        Hours are much work. So machines are left out of which there may not be as many nodes as are
        needed, if there may be of others; and those that cost no less than another one.
        """
        candidates, scenarios = self.candidates, self._scenarios
        in_a_row = self._of(np.arange(int(np.prod(scenarios))))
        every = np.arange(len(candidates.machines))[:, None]
        peak = in_a_row._alone_peak(every)
        enough = ~in_a_row._too_many(every, self.placement.placed(peak))
        may_be = (enough | ~enough.any(axis=0)) & ~(candidates.gives_way.T @ enough)
        machines, rows = np.nonzero(may_be)
        usd = np.full(may_be.shape, np.inf)
        usd[machines, rows] = in_a_row._of(rows)._alone(machines)
        return usd.reshape(-1, *scenarios)

    def _of_peaks(self, rows: Index) -> Choice:
        """Some of the scenarios, in a row, with the busiest hour all week and nothing to say."""
        taken = self.month.rows(self.many, rows)
        needs = (Weekly.of(taken.figures(peak), ALWAYS) for peak in self._peaks)
        return replace(
            self,
            needs=Needs(tuple(needs)),
            month=taken.month,
            redis=None,
            nodes_most=taken.figures(self.nodes_most),
            own_cores=None,
            idle=self._idle_of(taken),
        )

    def _alone(self, which: Index) -> FloatArray:
        """USD per month of nodes that say nothing to each other."""
        alone = self if self.redis is None else replace(self, redis=None)
        return self._usd(which, alone._outcome(which, self._alone_peak(which)))

    def _at_least(self, which: Index) -> FloatArray:
        """What nodes cost at least that say nothing to each other and follow the hours.

        The mean of the largest need of each hour is no less than the largest of the means; so hours
        are left to those machines that may be the cheapest by this.
        """
        means = side_by_side(need.mean for need in self.needs.by_constraint)
        mean = self._largest_of(which, means) * (1 - 2 * _NOISE)
        least = self.placement.placed(np.array(float(self.min_nodes)))
        nodes = np.maximum(mean / self.placement.carrying_share, least)
        return self._usd(which, Outcome(self._alone_peak(which), Weekly.of(nodes, ALWAYS), None))

    def _of(self, rows: Index) -> Choice:
        """Some of the scenarios, in a row."""
        taken = self.month.rows(self.many, rows)
        redis = self.redis and replace(
            self.redis,
            exchange=self.redis.exchange.changed(taken.quantity, taken.figures),
            headroom=taken.figures(self.redis.headroom),
            month=taken.month,
        )
        own = self.own_cores and taken.quantity(self.own_cores)
        needs = self.needs.changed(taken.quantity, taken.figures)
        return replace(
            self,
            needs=needs,
            month=taken.month,
            redis=redis,
            nodes_most=taken.figures(self.nodes_most),
            own_cores=own,
            idle=self._idle_of(taken),
        )

    def _idle_of(self, taken: Rows) -> Idle | None:
        """What nodes of some of the scenarios cost while nobody is connected to them."""
        if self.idle is None:
            return None
        return replace(self.idle, connections=taken.quantity(self.idle.connections))

    @property
    def _scenarios(self) -> tuple[int, ...]:
        return self.many[1:] if self.month.has_weeks else self.many

    def outcome(self, which: Index) -> Outcome:
        """Nodes of some machines, with what these say to each other."""
        return self._outcome(which, self._peak(which))

    def _outcome(self, which: Index, peak: FloatArray) -> Outcome:
        """The same, from the whole nodes that carry the busiest hour."""
        nodes, plan = self._nodes(which, peak), None
        if self.redis is not None:
            plan = self.redis.plan(nodes, self.placement.placed(peak))
        return Outcome(peak, nodes, plan)

    def _alone_peak(self, which: Index) -> FloatArray:
        """Whole nodes that carry the busiest hour and say nothing to each other."""
        peak = whole(self._largest_of(which, self._peaks))
        return np.maximum(peak, self.min_nodes, out=peak)

    def _largest_of(self, which: Index, needs: FloatArray) -> FloatArray:
        """Nodes for the need that asks for most, not yet whole."""
        (part, need), *others = zip(self._parts(which), needs, strict=True)
        most = np.asarray(part * need)
        room = np.empty_like(most)
        for part, need in others:
            np.maximum(most, np.multiply(part, need, out=room), out=most)
        return most

    def _peak(self, which: Index) -> FloatArray:
        """Whole nodes that carry the busiest hour, and take in what others publish.

        The more nodes, the more copies; so nodes are added until they take in those for all. Where
        each node has more to hear than it can, none are enough.
        """
        peak = self._alone_peak(which)
        if self.redis is None:
            return peak
        parts, none_is_enough = self._parts(which), np.zeros((), dtype=np.bool_)
        if self.needs.grow_without_end:
            # and no faster than nodes do, so what the most cannot take in, no number can
            none_is_enough = self._asked(parts, np.full(peak.shape, TOO_MANY)) > TOO_MANY
        for _ in range(_ROUNDS):
            asked = self._asked(parts, peak)
            if np.all((asked <= peak) | none_is_enough):
                return np.where(none_is_enough, TOO_MANY, peak)
            peak = np.maximum(peak, np.minimum(asked, TOO_MANY))
        return np.where(self._asked(parts, peak) > peak, TOO_MANY, peak)

    def _asked(self, parts: FloatArray, peak: FloatArray) -> FloatArray:
        """Whole nodes that processor and network ask for if so many hear."""
        cores, traffic = self.needs.with_copies(peak)
        needed = np.maximum(cores.peak * parts[PROCESSOR], traffic.peak * parts[NETWORK])
        return whole(needed)

    def _needed(self, which: Index, peak: FloatArray) -> list[Weekly]:
        """Nodes that each need asks for in each hour, not yet whole.

        What nodes hear in an hour is taken for as many nodes as run in the busiest one, which is
        more than there are in others.
        """
        return [*starmap(Weekly.times, zip(self._needs_of(peak), self._parts(which), strict=True))]

    def _needs_of(self, peak: FloatArray) -> tuple[Weekly, ...]:
        """What nodes must offer if so many hear."""
        needs = [*self.needs.by_constraint]
        if self.redis is not None:
            needs[PROCESSOR], needs[NETWORK] = self.needs.with_copies(peak)
        return tuple(needs)

    def _heard_share(self, which: Index) -> FloatArray:
        """What each of very many nodes has to hear, as a share of what it can, shape (*many,)."""
        return self._asked(self._parts(which), np.full(self.many, VERY_MANY)) / VERY_MANY

    def _nodes(self, which: Index, peak: FloatArray) -> Weekly:
        """All nodes that run, from the whole ones that carry the busiest hour."""
        if not self.by_hour:
            return Weekly.of(self.placement.placed(peak), ALWAYS)
        least = float(self.min_nodes)

        def placed(needed: FloatArray) -> FloatArray:
            return self.placement.placed(np.maximum(whole(needed), least, out=needed))

        return self._ahead(self._needed(which, peak), placed)

    def _ahead(
        self, needed: Iterable[Weekly], then: Callable[[FloatArray], FloatArray] | None = None
    ) -> Weekly:
        """What follows from nodes that are needed in each hour, or soon, or were a while ago."""
        return largest(needed, then, self.lag_hours or 0)

    def _usd(self, which: Index, outcome: Outcome) -> FloatArray:
        """USD per month of all that depends on the machine, shape (..., *scenarios)."""
        prices, plan = self.prices, outcome.plan
        usd, not_flat = self._of_nodes(which, outcome)
        if prices.balancer_usd:
            balanced = self.placement.placed(outcome.peak) / prices.nodes_per_balancer
            balancers = np.maximum(whole(balanced), 1.0)
            usd = usd + self.month.total(balancers) * prices.balancer_usd
        if plan is not None:
            usd = usd + plan.flat_usd
            for meter, used in plan.not_flat:
                _add(not_flat, meter, used)
        return self._in_all(which, outcome, usd, not_flat)

    def _nodes_usd(self, which: Index, outcome: Outcome) -> FloatArray:
        """USD per month of nodes and what each has, without balancers and Redis."""
        return self._in_all(which, outcome, *self._of_nodes(which, outcome))

    def _of_nodes(self, which: Index, outcome: Outcome) -> tuple[FloatArray, dict[str, FloatArray]]:
        """USD of what nodes take of which every unit costs the same, and units of other meters."""
        prices = self.prices
        hours = self.month.total(outcome.nodes.mean)
        per_hour = self.candidates.flat_usd_per_hour[which]
        usd = np.asarray(hours * (per_hour + prices.beside_flat_usd / self.month.hours))
        beside = prices.beside_not_flat.items()
        not_flat = {meter: hours * (each / self.month.hours) for meter, each in beside}
        for meter, each in self.candidates.not_flat.items():
            _add(not_flat, meter, hours * each[which])
        if self.idle is not None:
            empty = mean_empty_units(self.idle.connections, outcome.nodes.peak)
            counted = self.month.total(empty) * self.idle.units_per_hour[which]
            usd = usd + counted * self.idle.flat_usd
            for meter, each in self.idle.not_flat.items():
                _add(not_flat, meter, counted * each)
        for meter, each in prices.hourly.items():
            _add(not_flat, meter, hours * each)
        return usd, not_flat

    def _in_all(
        self, which: Index, outcome: Outcome, usd: FloatArray, not_flat: Mapping[str, FloatArray]
    ) -> FloatArray:
        """USD with units of other meters, beyond all others where there are too many nodes."""
        # what is partly free, or cheaper from some unit on, is added up before it is priced
        usd = usd + self.prices.of(not_flat)
        if self._has_most:
            beyond = self._too_many(which, self.placement.placed(outcome.peak))
            usd = np.where(beyond, (usd + 1) * _BEYOND, usd)
        none_is_enough = self.month.most(outcome.peak, self.many) >= TOO_MANY
        return np.where(none_is_enough, np.inf, usd) if none_is_enough.any() else usd

    @cached_property
    def _has_most(self) -> bool:
        """Whether there may not be any number of nodes."""
        return bool(
            np.isfinite(self.candidates.nodes_most).any() or np.isfinite(self.nodes_most).any()
        )

    def _too_many(self, which: Index, nodes: FloatArray) -> BoolArray:
        """Whether so many nodes run that there may not be as many, shape without weeks."""
        of_machine = self.month.most(nodes, self.many) > self.candidates.nodes_most[which]
        return of_machine | (self.month.most(nodes / self.nodes_most, self.many) > 1)


def _add(amounts: dict[str, FloatArray], name: str, more: FloatArray) -> None:
    amounts[name] = amounts[name] + more if name in amounts else more


def _in_blocks(rows: Index, figures: int) -> Iterator[Index]:
    """So many of some rows that so many figures of each stay in the cache."""
    at_once = max(_AT_ONCE // figures, 1)
    return (rows[start : start + at_once] for start in range(0, rows.size, at_once))


def _first_least(usd: FloatArray) -> Index:
    """The first of those that cost the same but for rounding noise, along the first axis."""
    return np.argmax(usd <= usd.min(axis=0) * (1 + _NOISE), axis=0)


def _of_first(figures: npt.NDArray[A], which: Index) -> npt.NDArray[A]:
    """Those that stand at an index of the first axis, which differs along the last ones."""
    at = which[(None,) * (figures.ndim - which.ndim)]
    return np.take_along_axis(figures, at, axis=0)[0]


def whole(nodes: FloatArray) -> FloatArray:
    """Whole nodes; a billionth of a node, or of all nodes, is rounding noise and needs none.

    >>> whole(np.array([2.0000000001, 2.1]))
    array([2., 3.])
    """
    almost = np.asarray(np.maximum(nodes, 1.0))
    np.multiply(almost, _NOISE, out=almost)
    np.subtract(nodes, almost, out=almost)
    return np.ceil(almost, out=almost)
