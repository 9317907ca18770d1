"""From what meters counted to a bill, and to what else it could be under other answers."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np

from estimator.analysis.alternatives import Alternative, starting_values, unequal
from estimator.analysis.assumed_defaults import (
    AssumedDefault,
    Judged,
    assumed_defaults,
    assumed_work,
    assumes_work,
)
from estimator.analysis.engineering import components_of, engineering_lines
from estimator.analysis.estimate.resolve import Resolved
from estimator.analysis.estimate.result import CalendarCost, Estimate
from estimator.analysis.price import effect_of, price_effects
from estimator.demand.demand import Demand, over_month
from estimator.demand.month import expected_month
from estimator.deployments.base import Deployment, Difference, Metered, Sizing
from estimator.deployments.duties import Component
from estimator.deployments.limits import verdicts
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.pricing.bill import AssumptionEffect, Bill
from estimator.pricing.commitments import contract_notes, with_commitments
from estimator.pricing.lines import LineItem, Usage, in_region, price_usage
from estimator.pricing.range_notes import range_notes
from estimator.scenario.scenario import Scenario
from estimator.units import HOURS_PER_DAY


def bill_of(resolved: Resolved, deployment: Deployment) -> Estimate:
    """What a deployment would cost in a month.

    Args:
        resolved: what was asked.
        deployment: where it would run.

    Raises:
        NotCarriedError: it cannot carry the transport of the scenario.
        MissingRateError: a meter without a price in the region of the location.
    """
    return priced(resolved, deployment, resolved.metered(deployment))


def priced(resolved: Resolved, deployment: Deployment, metered: Metered) -> Estimate:
    """The bill of what the meters of a deployment counted.

    Args:
        resolved: what was asked.
        deployment: where it would run.
        metered: what ``deployment.meter`` counted for it.

    Raises:
        MissingRateError: a meter without a price in the region of the location.
    """
    scenario, catalog = resolved.scenario, resolved.catalog
    region, stand_in = resolved.region(deployment)
    demand = resolved.demand
    weeks, dimensions = ("",), 0
    if demand.week_hours is not None:
        weeks = ("", *(week.name for week in scenario.calendar_weeks))
        dimensions = len(scenario.many)
    components = components_of(metered)
    # lines hold it as well, so that it is there once
    usage = tuple(in_region(each, region) for each in metered.usage)
    lines, of_contract = _lines(resolved, deployment, usage, components, {})
    return Estimate(
        title=deployment.title,
        region=region,
        items=_of_layers(scenario, lines),
        layers=scenario.layers,
        hours_per_month=demand.hours_per_month,
        free_allowances=scenario.free_allowances,
        allowances_left=scenario.allowances_left,
        as_of=scenario.as_of,
        price_list=catalog.price_list,
        saved_under=scenario.price_list,
        contract=catalog.contract,
        deployment=deployment.id,
        cloud=deployment.cloud,
        notes=(
            *((stand_in,) if stand_in else ()),
            *of_contract,
            *range_notes(lines),
            *demand.notes,
            *_calendar_notes(scenario, demand, metered.sizing),
            *metered.notes,
        ),
        not_modeled=deployment.not_modeled,
        group=ALL_DEPLOYMENTS.entries[deployment.id].group,
        components=components,
        verdicts=verdicts(metered.checks, scenario.clock, weeks, dimensions),
        sizing=metered.sizing and metered.sizing.of_fullest_week(len(weeks)),
        messages_per_day={
            way: np.asarray(
                HOURS_PER_DAY
                / demand.hours_per_month
                * sum(over_month(demand, each.per_hour.mean) for each in demand.messages(way))
            )
            for way in ("to_server", "to_client")
        },
        assess=partial(_assessed, resolved, deployment),
        items_with_left=partial(_items, resolved, deployment, usage, components),
        assume=partial(_assumed, resolved, deployment),
        assess_calendar=partial(_calendar_costs, resolved, deployment),
        assess_starting_values=partial(_starting_values, resolved, deployment),
        assess_differences=partial(_differences, resolved, deployment, metered.differs),
    )


def _lines(
    resolved: Resolved,
    deployment: Deployment,
    usage: Sequence[Usage],
    components: Collection[Component],
    allowances_left: Mapping[str, float],
) -> tuple[tuple[LineItem, ...], tuple[str, ...]]:
    """All lines of a bill where so much is left of allowances, and what a contract does to them.

    All are priced, whatever is added up, since layers share tiers, allowances and commitments.
    """
    scenario, hours = resolved.scenario, resolved.demand.hours_per_month
    region, _ = resolved.region(deployment)
    catalog = resolved.catalog.with_allowances_left(allowances_left)
    items, committed = with_commitments(
        price_usage(usage, region, catalog, scenario.free_allowances, hours),
        catalog.contract,
        hours,
    )
    lines = (*items, *engineering_lines(scenario, components))
    return lines, (*contract_notes(items, catalog.contract), *committed)


def _items(
    resolved: Resolved,
    deployment: Deployment,
    usage: Sequence[Usage],
    components: Collection[Component],
    allowances_left: Mapping[str, float],
) -> tuple[LineItem, ...]:
    """The lines that are added up, where so much is left of allowances."""
    lines, _ = _lines(resolved, deployment, usage, components, allowances_left)
    return _of_layers(resolved.scenario, lines)


def _of_layers(scenario: Scenario, lines: Iterable[LineItem]) -> tuple[LineItem, ...]:
    """Those lines that are added up."""
    return tuple(item for item in lines if item.usage.layer in scenario.layers)


def _calendar_notes(scenario: Scenario, demand: Demand, sizing: Sizing | None) -> Iterator[str]:
    """What a calendar does to what must run, or that it does nothing."""
    if scenario.calendar and demand.week_hours is None:
        yield "The demand was given as one week, so the calendar is not on this bill."
    elif scenario.calendar and sizing is not None:
        yield (
            "What runs all week for its busiest hour is raised in the weeks of the calendar only; "
            "machine, tier and plan are the same all month."
        )


def _calendar_costs(
    resolved: Resolved, deployment: Deployment, bill: Bill
) -> tuple[CalendarCost, ...]:
    """What each entry adds to a bill, the others being there."""
    if resolved.demand.week_hours is None:
        return ()
    calendar = resolved.scenario.calendar
    costs: list[CalendarCost] = []
    for number, entry in enumerate(calendar):
        scenario = resolved.scenario.with_calendar((*calendar[:number], *calendar[number + 1 :]))
        without = replace(resolved, scenario=scenario, demand=expected_month(scenario))
        costs.append(CalendarCost(entry, bill.total - bill_of(without, deployment).total))
    return tuple(costs)


def _assessed(
    resolved: Resolved, deployment: Deployment, bill: Bill, known: Container[str]
) -> tuple[AssumptionEffect, ...]:
    """What open questions do to a bill, but for those of which it is known.

    There are none that the options leave one answer to.
    """

    def bill_with(answers: Mapping[str, str]) -> Estimate:
        return bill_of(resolved.with_answers(answers), deployment)

    given, carried = resolved.answers, resolved.request(deployment).demand
    counting = (
        effect_of(each, given.get(each.id, each.default), bill, given, bill_with)
        for each in deployment.assumptions
        if each.id not in known and deployment.is_open(each, carried)
    )
    open_ones = (effect for effect in counting if effect.change_usd)
    return (*open_ones, *price_effects(bill, resolved.catalog, given, bill_with, known))


def _starting_values(
    resolved: Resolved, deployment: Deployment, bill: Estimate
) -> tuple[Alternative, ...]:
    given = resolved.scenario.options.get(deployment.id, {})

    def bill_under(options: Mapping[str, object]) -> Estimate:
        return bill_of(resolved.with_options(deployment, options), deployment)

    return tuple(starting_values(deployment, given, bill, bill_under))


def _differences(
    resolved: Resolved, deployment: Deployment, differs: tuple[Difference, ...], bill: Estimate
) -> tuple[Alternative, ...]:
    def bill_under(options: Mapping[str, object]) -> Estimate:
        return bill_of(resolved.with_options(deployment, options), deployment)

    return tuple(unequal(differs, bill, bill_under))


def _assumed(
    resolved: Resolved, deployment: Deployment, bill: Estimate
) -> tuple[AssumedDefault, ...]:
    """What assumed defaults of the profile do to a bill."""
    if not resolved.is_expected:
        return ()
    found = assumed_defaults(
        resolved.scenario,
        _judged(bill),
        lambda changed, demand: _judged(
            bill_of(replace(resolved, scenario=changed, demand=demand), deployment)
        ),
    )
    if not assumes_work(resolved.scenario, resolved.request(deployment).options):
        return found
    work = assumed_work(
        _judged(bill),
        lambda factor: _judged(
            bill_of(resolved.with_options(deployment, {"application_factor": factor}), deployment)
        ),
    )
    return tuple(sorted((*found, *work), key=lambda each: each.weight, reverse=True))


def _judged(bill: Estimate) -> Judged:
    return Judged(bill.total, bill.states)
