"""Which machine makes the cheapest bill? Nodes, what stands beside them, and what they exchange.

First the machine is found whose nodes cost least by themselves. Where these are so many that Redis
and traffic between zones cost more than with the fewest nodes there can be, or what they hear takes
more nodes, the bills of all machines are compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import starmap

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.demand.weekly import ALWAYS, Weekly, largest, total
from estimator.deployments.fleet.backplane import RedisChoice, RedisPlan
from estimator.deployments.fleet.exchange import Exchange
from estimator.deployments.fleet.machine import CONSTRAINTS, Candidates, flat_and_not
from estimator.deployments.fleet.month import Month
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
_BEYOND_USD = 1e18
"""What is added to the cost of more nodes than there may be, so that fewer of others are chosen."""
_PROCESSOR, _NETWORK = CONSTRAINTS.index("processor"), CONSTRAINTS.index("network")
Index = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Needs:
    """What all nodes together must offer, the planned headroom included."""

    by_constraint: tuple[Weekly, ...]
    """In the order of ``CONSTRAINTS``."""
    exchange: Exchange
    """What nodes say to each other; nothing, if no Redis passes it on."""
    cores_per_copy: FloatArray | float = 0.0
    """For a message per hour that a node hears, shape (*many,)."""
    cores_per_byte: FloatArray | float = 0.0
    """For a byte per hour of it."""
    mbps_per_byte: FloatArray | float = 0.0

    def with_copies(self, nodes: FloatArray) -> tuple[Weekly, Weekly]:
        """Cores and megabits per second, with what so many nodes hear and publish."""
        copies = self.exchange.copies(nodes)
        cores = (
            self.by_constraint[_PROCESSOR],
            copies.messages.times(self.cores_per_copy),
            copies.bytes.times(self.cores_per_byte),
        )
        traffic = (
            self.by_constraint[_NETWORK],
            self.exchange.bytes_in.times(self.mbps_per_byte),
            copies.bytes.times(self.mbps_per_byte),
        )
        return total(cores), total(traffic)

    def with_cores(self, cores: Weekly) -> Needs:
        """With other work of the processors."""
        needs = [*self.by_constraint]
        needs[_PROCESSOR] = cores
        return replace(self, by_constraint=tuple(needs))

    def changed(
        self,
        quantity: Callable[[Weekly], Weekly],
        figures: Callable[[FloatArray | float], FloatArray | float],
    ) -> Needs:
        """With each quantity and figure changed, those of some scenarios for instance."""
        return Needs(
            tuple(map(quantity, self.by_constraint)),
            self.exchange.changed(quantity, figures),
            *map(figures, (self.cores_per_copy, self.cores_per_byte, self.mbps_per_byte)),
        )


@dataclass(frozen=True, slots=True)
class Prices:
    """What nodes and all that stands beside them cost."""

    catalog: Catalog
    region: str
    free_allowances: FreeAllowances
    beside: Mapping[str, float]
    """Units of meters that each node takes per month beside its machine."""
    balancer_usd: float = 0.0
    """Of a balancer, per hour."""
    nodes_per_balancer: float = np.inf

    def of(self, units: Mapping[str, FloatArray]) -> FloatArray:
        """USD of units of meters, of which not every unit costs the same."""
        usd, others = np.zeros(()), list[Usage]()
        for meter, used in units.items():
            knees = cost_knees(meter, self.region, self.catalog, self.free_allowances)
            if knees is None:
                others.append(Usage(meter, used, ""))
                continue
            for knee, more in knees:
                if more:
                    usd = usd + np.maximum(used - knee, 0) * more
        for line in price_usage(others, self.region, self.catalog, self.free_allowances):
            usd = usd + line.cost_usd
        return usd


@dataclass(frozen=True, slots=True)
class Outcome:
    """Nodes of some machines, and what they cost; the first axis may be machines."""

    peak: FloatArray
    """Whole nodes that carry the busiest hour."""
    nodes: Weekly
    """All that run."""
    usd: FloatArray
    """Of all that depends on the machine, per month, shape (..., *many) without weeks."""


@dataclass(frozen=True, slots=True)
class Made:
    """The machine of each scenario, and what follows."""

    chosen: Index
    """Index of the machine, of the shape of scenarios."""
    peak: FloatArray
    """Whole nodes that carry the busiest hour, shape (*many,)."""
    nodes: Weekly
    """All that run."""
    by_constraint: FloatArray
    """Nodes that each constraint asks for in its busiest hour, not yet whole, shape (constraints,
    *many)."""
    needed: Weekly
    """Nodes that carry each hour, or the busiest one, not yet whole."""
    application_share: FloatArray
    """Part of the nodes' hours that only the application's own work takes, of the shape of
    scenarios."""
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
    own_cores: Weekly | None = None
    """What the processors do besides the application's own work; None if they do no such work."""

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
        return np.stack(np.broadcast_arrays(*(need.peak for need in self.needs.by_constraint)))

    def _parts(self, chosen: Index) -> FloatArray:
        """Part of a node that one unit of each need takes, shape (constraints, ..., *many)."""
        parts = np.moveaxis(1 / self.candidates.each[chosen], -1, 0)
        if self.month.has_weeks:
            parts = np.expand_dims(parts, -len(self.many))
        more = len(self.needs.by_constraint) - len(parts)
        # what is counted in nodes already
        return np.concatenate([parts, np.ones((more, *parts.shape[1:]))]) if more else parts

    def made(self) -> Made:
        """The machine of each scenario, and what follows."""
        found, outcome = self._cheapest()
        peak, heard_share = outcome.peak, None
        if np.any(peak >= TOO_MANY):
            heard_share = self._heard_share(found)
            # as if nodes had nothing to hear, which the share says they have
            peak = np.where(peak >= TOO_MANY, self._alone_peak(found), peak)
            outcome = self._outcome(found, peak)
        needed = self._needed(found, peak)
        by_constraint = np.stack(np.broadcast_arrays(*(each.peak for each in needed)))
        return Made(
            found,
            peak,
            outcome.nodes,
            by_constraint,
            self._ahead(needed) if self.by_hour else Weekly.of(by_constraint.max(axis=0), ALWAYS),
            self._application_share(found, outcome),
            heard_share,
        )

    def _application_share(self, which: Index, outcome: Outcome) -> FloatArray:
        """Part of the nodes' hours that would not run without the application's own work."""
        if self.own_cores is None:
            return np.zeros(())
        without = replace(self, needs=self.needs.with_cores(self.own_cores), own_cores=None)
        fewer = without._nodes(which, without._peak(which))
        hours = self.month.total(outcome.nodes.mean)
        less = np.divide(
            self.month.total(fewer.mean), hours, out=np.ones(np.shape(hours)), where=hours > 0
        )
        return 1 - np.minimum(less, 1.0)

    def _cheapest(self) -> tuple[Index, Outcome]:
        """Index of the machine that makes the cheapest bill, and what it makes."""
        scenarios = self._scenarios
        if len(self.candidates.machines) == 1:
            only = np.zeros(scenarios, dtype=np.intp)
            return only, self.outcome(only)
        first = np.asarray(self.candidates.frugal)
        usd = self._alone(first.reshape(-1, *(1,) * len(scenarios)))
        found = np.broadcast_to(first[_first_least(usd)], scenarios)
        outcome = self.outcome(found)
        if self.redis is None or not self.needs.exchange:
            return found, outcome
        alone_usd = usd.min(axis=0)
        least_usd = self._least_of_redis()
        # nothing is cheaper where its nodes are the fewest there can be, or all that they drag
        # along costs as much as with these
        unsettled = np.flatnonzero(outcome.usd > (alone_usd + least_usd) * (1 + _NOISE))
        if not unsettled.size:
            return found, outcome
        better = found.copy()
        at_once = max(_AT_ONCE // len(self.candidates.machines), 1)
        # those that cost about the same have the same machines to choose from
        unsettled = unsettled[np.argsort(outcome.usd.reshape(-1)[unsettled], kind="stable")]
        for start in range(0, unsettled.size, at_once):
            rows = unsettled[start : start + at_once]
            most_usd, least = (each.reshape(-1)[rows] for each in (outcome.usd, least_usd))
            better.reshape(-1)[rows] = self._of(rows)._cheapest_below(most_usd, least)
        same = np.array_equal(better, found)
        return better, outcome if same else self.outcome(better)

    def _cheapest_below(self, most_usd: FloatArray, least_usd: FloatArray) -> Index:
        """Index of the machine that makes the cheapest bill.

        Args:
            most_usd: what one of them costs, shape (scenarios,).
            least_usd: what Redis costs at least.
        """
        every = np.arange(len(self.candidates.machines))[:, None]
        may_be = self._at_least(every) + least_usd <= most_usd * (1 + _NOISE)
        # few machines may be the cheapest of a scenario, but many of some scenario
        machines, rows = np.nonzero(may_be)
        usd = np.full(may_be.shape, np.inf)
        usd[machines, rows] = self._of(rows).outcome(machines).usd
        return _first_least(usd)

    def _least_of_redis(self) -> FloatArray:
        """USD per month of the fewest nodes there can be, shape of scenarios."""
        assert self.redis is not None
        fewest = self.placement.placed(np.array(float(max(self.min_nodes, 1))))
        fewest = np.broadcast_to(fewest, self.many)
        return self.redis.plan(Weekly.of(fewest, ALWAYS), fewest).flat_usd

    def _alone(self, which: Index) -> FloatArray:
        """USD per month of nodes that say nothing to each other."""
        peak = self._alone_peak(which)
        return self._usd(which, peak, replace(self, redis=None)._nodes(which, peak), None)

    def _at_least(self, which: Index) -> FloatArray:
        """What nodes cost at least that say nothing to each other.

        The mean of the largest need of each hour is no less than the largest of the means; so hours
        are left to those machines that may be the cheapest by this.
        """
        if not self.by_hour:
            return self._alone(which)
        means = np.stack(np.broadcast_arrays(*(need.mean for need in self.needs.by_constraint)))
        mean = self._largest_of(which, means) * (1 - 2 * _NOISE)
        least = self.placement.placed(np.array(float(self.min_nodes)))
        nodes = np.maximum(mean / self.placement.carrying_share, least)
        return self._usd(which, self._alone_peak(which), Weekly.of(nodes, ALWAYS), None)

    def _of(self, rows: Index) -> Choice:
        """Some of the scenarios, in a row."""
        taken = self.month.rows(self.many, rows)
        needs = self.needs.changed(taken.quantity, taken.figures)
        redis = self.redis and replace(
            self.redis,
            exchange=needs.exchange,
            headroom=taken.figures(self.redis.headroom),
            month=taken.month,
        )
        own = self.own_cores and taken.quantity(self.own_cores)
        return replace(self, needs=needs, month=taken.month, redis=redis, own_cores=own)

    @property
    def _scenarios(self) -> tuple[int, ...]:
        return self.many[1:] if self.month.has_weeks else self.many

    def outcome(self, which: Index) -> Outcome:
        """Nodes and cost of some machines, with what the nodes say to each other."""
        return self._outcome(which, self._peak(which))

    def _outcome(self, which: Index, peak: FloatArray) -> Outcome:
        """The same, from the whole nodes that carry the busiest hour."""
        nodes, plan = self._nodes(which, peak), None
        if self.redis is not None and self.needs.exchange:
            plan = self.redis.plan(nodes, self.placement.placed(peak))
        return Outcome(peak, nodes, self._usd(which, peak, nodes, plan))

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
        if not self.needs.exchange or self.redis is None:
            return peak
        parts = self._parts(which)
        for _ in range(_ROUNDS):
            asked = self._asked(parts, peak)
            if np.all(asked <= peak):
                return peak
            peak = np.maximum(peak, np.minimum(asked, TOO_MANY))
        return np.where(self._asked(parts, peak) > peak, TOO_MANY, peak)

    def _asked(self, parts: FloatArray, peak: FloatArray) -> FloatArray:
        """Whole nodes that processor and network ask for if so many hear."""
        cores, traffic = self.needs.with_copies(peak)
        needed = np.maximum(cores.peak * parts[_PROCESSOR], traffic.peak * parts[_NETWORK])
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
        if self.redis is not None and self.needs.exchange:
            needs[_PROCESSOR], needs[_NETWORK] = self.needs.with_copies(peak)
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

    def _usd(
        self, which: Index, peak: FloatArray, nodes: Weekly, plan: RedisPlan | None
    ) -> FloatArray:
        """USD per month of all that depends on the machine."""
        prices, most = self.prices, self.candidates.nodes_most
        hours, most_nodes = self.month.total(nodes.mean), self.placement.placed(peak)
        flat, units = flat_and_not(prices.catalog, prices.region, prices.beside)
        per_hour = self.candidates.flat_usd_per_hour[which] + flat / self.month.hours
        usd = np.asarray(hours * per_hour)
        not_flat = {meter: hours * (each / self.month.hours) for meter, each in units.items()}
        for meter, each in self.candidates.not_flat.items():
            _add(not_flat, meter, hours * each[which])
        if prices.balancer_usd:
            balancers = np.maximum(whole(most_nodes / prices.nodes_per_balancer), 1.0)
            usd = usd + self.month.total(balancers) * prices.balancer_usd
        if plan is not None:
            usd = usd + plan.flat_usd
            for meter, used in plan.not_flat:
                _add(not_flat, meter, used)
        # what is partly free, or cheaper from some unit on, is added up before it is priced
        usd = usd + prices.of(not_flat)
        if np.isfinite(most).any():
            beyond = self.month.most(most_nodes, self.many) > most[which]
            usd = np.where(beyond, usd + _BEYOND_USD, usd)
        none_is_enough = self.month.most(peak, self.many) >= TOO_MANY
        return np.where(none_is_enough, np.inf, usd) if none_is_enough.any() else usd


def _add(amounts: dict[str, FloatArray], name: str, more: FloatArray) -> None:
    amounts[name] = amounts[name] + more if name in amounts else more


def _first_least(usd: FloatArray) -> Index:
    """The first of those that cost the same but for rounding noise, along the first axis."""
    return np.argmax(usd <= usd.min(axis=0) * (1 + _NOISE), axis=0)


def whole(nodes: FloatArray) -> FloatArray:
    """Whole nodes; a billionth of a node, or of all nodes, is rounding noise and needs none.

    >>> whole(np.array([2.0000000001, 2.1]))
    array([2., 3.])
    """
    almost = np.asarray(np.maximum(nodes, 1.0))
    np.multiply(almost, _NOISE, out=almost)
    np.subtract(nodes, almost, out=almost)
    return np.ceil(almost, out=almost)
