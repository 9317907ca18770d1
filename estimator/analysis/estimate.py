"""From a scenario to its bills: one deployment, all of them, or plain quantities."""

from __future__ import annotations

import datetime as dt
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

import numpy as np

from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.deployments.deployment import Deployment, Request
from estimator.deployments.registry import ASSUMPTIONS, DEPLOYMENTS, find_deployment
from estimator.errors import EstimatorError, ScenarioError, UnknownNameError
from estimator.pricing.bill import (
    AssumptionEffect,
    Bill,
    FreeAllowances,
    Usage,
    price_usage,
)
from estimator.pricing.catalog import load_catalog
from estimator.scenario.model import FloatArray
from estimator.scenario.scenario import Scenario
from estimator.units import HOURS_PER_MONTH


@dataclass(frozen=True, slots=True)
class Refusal:
    """A deployment that could not be priced, and why."""

    deployment: str
    title: str
    reason: str


def estimate(scenario: Scenario, deployment: str, *, demand: Demand | None = None) -> Bill:
    """What one deployment would cost in a month.

    Args:
        scenario: who connects, from where, how often; of arrays, if there are many.
        deployment: id of the deployment, such as ``aws.api_gateway``.
        demand: a demand that was measured or simulated; the expected one if left out.

    Returns:
        The bill in USD. Its amounts are numbers, or arrays of shape ``scenario.many``.

    Raises:
        UnknownNameError: no such deployment, assumption, answer, server or shape.
        ScenarioError: an option the deployment does not have.
        MissingRateError: a meter without a price in the region of the place.

    >>> scenario = Scenario(profile="market-data", place="virginia", peak_connections=1000)
    >>> bill = estimate(scenario, "aws.api_gateway")
    >>> list(bill.by_driver)
    ['connection time', 'messages', 'data out']
    """
    _check(scenario)
    found = find_deployment(deployment)
    return _bill(found, scenario, demand or expected_demand(scenario), scenario.assumptions)


def estimate_all(
    scenario: Scenario, deployments: Iterable[str] | None = None
) -> tuple[list[Bill], list[Refusal]]:
    """The bills of several deployments (all, if left out), and those that cannot be priced.

    Raises:
        UnknownNameError: no such deployment or assumption.
        ScenarioError: an option that a deployment does not have.
    """
    _check(scenario)
    wanted = [
        find_deployment(name) for name in (DEPLOYMENTS if deployments is None else deployments)
    ]
    demand = expected_demand(scenario)
    bills: list[Bill] = []
    refusals: list[Refusal] = []
    for deployment in wanted:
        try:
            bills.append(_bill(deployment, scenario, demand, scenario.assumptions))
        except EstimatorError as fault:
            refusals.append(Refusal(deployment.id, deployment.title, str(fault)))
    return bills, refusals


def price(
    quantities: Mapping[str, float | FloatArray],
    region: str,
    *,
    free_allowances: FreeAllowances = "none",
    as_of: dt.date | None = None,
) -> Bill:
    """Price plain monthly quantities, as an invoice would.

    Args:
        quantities: amount in units of the meter, by meter id; numbers or arrays of one shape.
        region: the cloud's own name of the region.
        free_allowances: which free allowances to take off.
        as_of: price with what was in force on that day.

    Raises:
        UnknownNameError: no such meter.
        MissingRateError: no price of a meter in the region.
        EstimatorError: a quantity that is negative or no number.

    >>> price(
    ...     {"aws.api_gateway.messages": 18e6, "aws.api_gateway.connection_minutes": 21.6e6},
    ...     region="us-east-1",
    ... ).total
    23.4
    """
    usage: list[Usage] = []
    for meter, quantity in quantities.items():
        usage.append(Usage(meter, _quantity(meter, quantity), "as given"))
    if len({one.quantity.shape for one in usage if one.quantity.ndim}) > 1:
        raise EstimatorError("the arrays of quantities have unequal lengths")
    if free_allowances not in get_args(FreeAllowances):
        raise UnknownNameError("free_allowances", free_allowances, get_args(FreeAllowances))
    _check_date(as_of)
    items = price_usage(usage, region, load_catalog(as_of), free_allowances)
    return Bill("Quantities as given", region, items, HOURS_PER_MONTH, free_allowances, as_of)


def _quantity(meter: str, quantity: float | FloatArray) -> FloatArray:
    try:
        amount = np.asarray(quantity, dtype=np.float64)
    except (TypeError, ValueError):
        amount = np.array(np.nan)
    if not np.all(np.isfinite(amount)) or np.any(amount < 0):
        raise EstimatorError(f"quantity of '{meter}' must be a number of at least 0")
    return amount


def _bill(
    deployment: Deployment, scenario: Scenario, demand: Demand, given: Mapping[str, str]
) -> Bill:
    catalog = load_catalog(scenario.as_of)
    region = scenario.found_place.regions[deployment.cloud]
    answers = deployment.check_answers(given)
    metered = deployment.meter(
        Request(
            demand=demand,
            destinations=scenario.destinations,
            options=deployment.check_options(scenario.options.get(deployment.id, {})),
            answers=answers,
            catalog=catalog,
        )
    )

    def assess() -> tuple[AssumptionEffect, ...]:
        return tuple(
            AssumptionEffect(
                assumption,
                answers[assumption.id],
                {
                    other: _bill(
                        deployment, scenario, demand, {**given, assumption.id: other}
                    ).total
                    - bill.total
                    for other in assumption.choices
                    if other != answers[assumption.id]
                },
            )
            for assumption in deployment.assumptions
        )

    bill = Bill(
        title=deployment.title,
        region=region,
        items=price_usage(metered.usage, region, catalog, scenario.free_allowances),
        hours_per_month=demand.hours_per_month,
        free_allowances=scenario.free_allowances,
        as_of=scenario.as_of,
        deployment=deployment.id,
        cloud=deployment.cloud,
        notes=demand.notes + metered.notes,
        not_modelled=deployment.not_modelled,
        assess=assess,
    )
    return bill


def _check(scenario: Scenario) -> None:
    """Refuse names and choices that no deployment knows, with the place where they stand."""
    for name, options in scenario.options.items():
        with _standing_at(scenario, "options", name):
            find_deployment(name).check_options(options)
    for name, answer in scenario.assumptions.items():
        with _standing_at(scenario, "assumptions", name):
            if name not in ASSUMPTIONS:
                raise UnknownNameError("assumption", name, ASSUMPTIONS)
            if answer not in ASSUMPTIONS[name].choices:
                raise UnknownNameError(f"answer to {name}", answer, ASSUMPTIONS[name].choices)
    with _standing_at(scenario, "as_of"):
        _check_date(scenario.as_of)


@contextmanager
def _standing_at(scenario: Scenario, *path: str) -> Generator[None]:
    try:
        yield
    except EstimatorError as fault:
        place = scenario.where(*path)
        if not place:
            raise
        raise ScenarioError(f"{place}: {fault}") from None


def _check_date(as_of: dt.date | None) -> None:
    if as_of and as_of > dt.datetime.now(tz=dt.UTC).date():
        raise ScenarioError(f"as_of: {as_of} lies in the future")
