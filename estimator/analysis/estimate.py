"""From a scenario to its bills: one deployment, all of them, or plain quantities."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args

import numpy as np
import numpy.typing as npt

from estimator.analysis.engineering import engineering_lines
from estimator.analysis.result import Refusal
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.deployments.base import WORLDWIDE, Deployment, Metered, Request
from estimator.deployments.limits import AT_RISK_SHARE, Verdict, verdicts
from estimator.deployments.registry import DEPLOYMENTS, assumptions, find_deployment
from estimator.errors import EstimatorError, ScenarioError, UnknownNameError
from estimator.hypertext import Html, folded, state_sign
from estimator.pricing.assumption import Assumption
from estimator.pricing.bill import AssumptionEffect, Bill
from estimator.pricing.catalog import Catalog, load_catalog
from estimator.pricing.contract import Contract, as_contract
from estimator.pricing.lines import FreeAllowances, Usage, price_usage
from estimator.pricing.price_files import price_assumptions
from estimator.scenario.model import FloatArray
from estimator.scenario.scenario import Scenario
from estimator.states import State, worst
from estimator.units import HOURS_PER_MONTH

_Amount = float | FloatArray


@dataclass(frozen=True, repr=False)
class Estimate(Bill):
    """The bill of a deployment, and whether it would hold.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> bill = estimate(scenario, "aws.api_gateway")
    >>> bill.holds, bill.state
    (True, <State.PASS: 'pass'>)
    """

    verdicts: tuple[Verdict, ...] = ()
    """How the demand stands to each limit, the closest first."""

    @property
    def holds(self) -> bool | npt.NDArray[np.bool_]:
        """Whether no hard edge is exceeded: one answer, or one for each scenario.

        A quota or setting that can be raised does not keep a deployment from holding.
        """
        holds = self.states != "broken"
        return holds if np.ndim(self.total) else bool(holds)

    @property
    def state(self) -> State:
        """The worst of ``states``."""
        return worst(np.ravel(self.states).tolist())

    @property
    def states(self) -> npt.NDArray[np.str_]:
        """State of each scenario, shape (*many,).

        broken: beyond a hard edge; at risk: close to one, or close to or beyond a limit that can
        be raised on request or by a setting.
        """
        hard, any_limit = np.zeros(np.shape(self.total)), np.zeros(np.shape(self.total))
        for verdict in self.verdicts:
            any_limit = np.maximum(any_limit, verdict.share)
            if not verdict.limit.adjustable:
                hard = np.maximum(hard, verdict.share)
        return np.select(
            [hard > 1, any_limit >= AT_RISK_SHARE], [State.BROKEN, State.AT_RISK], State.PASS
        )

    @property
    def reason(self) -> str:
        """The verdict that decides the state, in words; empty if nothing was checked."""
        hard = [verdict for verdict in self.verdicts if not verdict.limit.adjustable]
        deciding = hard if self.state == "broken" else list(self.verdicts)
        return deciding[0].explain() if deciding else ""

    def explain(self) -> str:
        """The bill in plain words, and each limit it was checked against."""
        if np.ndim(self.total):
            return super().explain()
        return "\n".join([super().explain(), *(verdict.explain() for verdict in self.verdicts)])

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, {self.state}>"

    def __str__(self) -> str:
        return "\n".join([super().__str__(), *filter(None, [self.reason])])

    def _verdict_html(self) -> tuple[Html, ...]:
        if not self.verdicts:
            return ()
        return (
            Html(f"<div>{state_sign(self.state)}</div>"),
            folded("Limits", (one.explain() for one in self.verdicts)),
        )


def estimate(scenario: Scenario, deployment: str, *, demand: Demand | None = None) -> Estimate:
    """What one deployment would cost in a month.

    Args:
        scenario: who connects, from where, how often; of arrays, if there are many.
        deployment: id of the deployment, such as ``aws.api_gateway``, or of a provider's service,
            such as ``pusher.channels``.
        demand: a demand that was measured or simulated; the expected one if left out.

    Returns:
        The bill in USD. Its amounts are numbers, or arrays of shape ``scenario.many``.

    Raises:
        UnknownNameError: no such deployment, assumption, answer, contract, server or shape.
        ScenarioError: an option the deployment does not have.
        MissingRateError: a meter without a price in the region of the place.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> bill = estimate(scenario, "aws.api_gateway")
    >>> list(bill.by_driver)
    ['connection time', 'messages', 'data out']
    """
    _check(scenario)
    found = find_deployment(deployment)
    return _bill(found, scenario, demand or expected_demand(scenario), scenario.assumptions)


def estimate_all(
    scenario: Scenario, deployments: Iterable[str] | None = None
) -> tuple[list[Estimate], list[Refusal]]:
    """The bills of several deployments, and those that cannot be priced.

    All deployments on the clouds, if left out; services of providers must be asked for.

    Raises:
        UnknownNameError: no such deployment or assumption.
        ScenarioError: an option that a deployment does not have.
    """
    _check(scenario)
    wanted = [
        find_deployment(name) for name in (DEPLOYMENTS if deployments is None else deployments)
    ]
    demand = expected_demand(scenario)
    bills: list[Estimate] = []
    refusals: list[Refusal] = []
    for deployment in wanted:
        try:
            bills.append(_bill(deployment, scenario, demand, scenario.assumptions))
        except EstimatorError as error:
            refusals.append(Refusal(deployment.id, deployment.title, str(error)))
    return bills, refusals


def price(
    quantities: Mapping[str, _Amount]
    | Mapping[tuple[str, str], _Amount]
    | Mapping[str | tuple[str, str], _Amount],
    region: str = "",
    *,
    free_allowances: FreeAllowances = "none",
    as_of: dt.date | None = None,
    assumptions: Mapping[str, str] | None = None,
    contract: str | Mapping[str, Any] | Contract | None = None,
) -> Bill:
    """Price plain monthly quantities, as an invoice would.

    Args:
        quantities: amount in units of the meter, by meter id, or by meter id and region for an
            account that is billed in several regions; numbers or arrays of one shape.
        region: the cloud's own name of the region of meters that name none.
        free_allowances: which free allowances to take off.
        as_of: price with what was in force on that day.
        assumptions: answers to what sources disagree on about prices, by id.
        contract: what is paid instead of list prices: the name of a shipped example, rates
            written out, or what ``load_contract`` read.

    Returns:
        The bill in USD. Tiers and allowances that a vendor adds up are added up.

    Raises:
        UnknownNameError: no such meter, assumption, answer or contract.
        MissingRateError: no price of a meter in the region.
        EstimatorError: a quantity that is negative or no number.

    >>> price(
    ...     {"aws.api_gateway.messages": 18e6, "aws.api_gateway.connection_minutes": 21.6e6},
    ...     region="us-east-1",
    ... ).total
    23.4
    """
    usage: list[Usage] = []
    for key, quantity in quantities.items():
        meter, location = (key, "") if isinstance(key, str) else key
        usage.append(Usage(meter, _quantity(meter, quantity), "as given", location))
    if len({one.quantity.shape for one in usage if one.quantity.ndim}) > 1:
        raise EstimatorError("the arrays of quantities have unequal lengths")
    if free_allowances not in get_args(FreeAllowances):
        raise UnknownNameError("free_allowances", free_allowances, get_args(FreeAllowances))
    for name in assumptions or {}:
        if name not in price_assumptions():
            raise UnknownNameError("assumption", name, price_assumptions())
    _check_date(as_of)
    rates = as_contract(contract)

    def bill_with(answers: Mapping[str, str]) -> Bill:
        catalog = load_catalog(as_of, answers, rates)
        return Bill(
            title="Quantities as given",
            region=", ".join(dict.fromkeys(one.region or region for one in usage)) or region,
            items=price_usage(usage, region, catalog, free_allowances),
            hours_per_month=HOURS_PER_MONTH,
            free_allowances=free_allowances,
            as_of=as_of,
            contract=rates,
            assess=lambda bill: tuple(_price_effects(bill, catalog, answers, bill_with)),
        )

    return bill_with(assumptions or {})


def _quantity(meter: str, quantity: float | FloatArray) -> FloatArray:
    try:
        amount = np.asarray(quantity, dtype=np.float64)
    except (TypeError, ValueError):
        amount = np.array(np.nan)
    if not np.all(np.isfinite(amount)) or np.any(amount < 0):
        raise EstimatorError(f"quantity of '{meter}' must be a number of at least 0")
    return amount


def metered(scenario: Scenario, deployment: str, demand: Demand) -> Metered:
    """What the meters of a deployment count, the limits it is held against, and its doors.

    Raises:
        UnknownNameError: no such deployment, assumption, answer, contract, server or shape.
        ScenarioError: an option the deployment does not have.
        MissingRateError: a meter without a price in the region of the place.
    """
    _check(scenario)
    found = find_deployment(deployment)
    return found.meter(_request(found, scenario, demand, scenario.assumptions))


def _request(
    deployment: Deployment, scenario: Scenario, demand: Demand, given: Mapping[str, str]
) -> Request:
    contract = as_contract(scenario.contract)
    return Request(
        demand=demand,
        destinations=scenario.destinations,
        options=deployment.check_options(scenario.options.get(deployment.id, {})),
        answers=deployment.check_answers(given),
        catalog=load_catalog(scenario.as_of, given, contract),
        region=scenario.found_location.regions.get(deployment.cloud, WORLDWIDE),
        free_allowances=scenario.free_allowances,
    )


def _bill(
    deployment: Deployment, scenario: Scenario, demand: Demand, given: Mapping[str, str]
) -> Estimate:
    request = _request(deployment, scenario, demand, given)
    catalog, answers, region = request.catalog, request.answers, request.region
    counted = deployment.meter(request)

    def bill_with(other: Mapping[str, str]) -> Estimate:
        return _bill(deployment, scenario, demand, other)

    def assess(bill: Bill) -> tuple[AssumptionEffect, ...]:
        counting = (
            _effect(assumption, answers[assumption.id], bill, given, bill_with)
            for assumption in deployment.assumptions
        )
        return (*counting, *_price_effects(bill, catalog, given, bill_with))

    stand_in = scenario.found_location.stand_ins.get(deployment.cloud)
    return Estimate(
        title=deployment.title,
        region=region,
        items=(
            *price_usage(counted.usage, region, catalog, scenario.free_allowances),
            *engineering_lines(scenario, deployment),
        ),
        hours_per_month=demand.hours_per_month,
        free_allowances=scenario.free_allowances,
        as_of=scenario.as_of,
        contract=as_contract(scenario.contract),
        deployment=deployment.id,
        cloud=deployment.cloud,
        notes=((stand_in,) if stand_in else ()) + demand.notes + counted.notes,
        not_modeled=deployment.not_modeled,
        verdicts=verdicts(counted.checks),
        assess=assess,
    )


def _price_effects(
    bill: Bill,
    catalog: Catalog,
    given: Mapping[str, str],
    bill_with: Callable[[Mapping[str, str]], Bill],
) -> Generator[AssumptionEffect]:
    """What disagreement about prices does to a bill; only what moves it, or was answered."""
    questions = {
        question.id: question
        for item in bill.items
        for question in catalog.questions_about(item.usage.meter_id, item.usage.region)
    }
    for question in questions.values():
        effect = _effect(question, catalog.answer(question.id), bill, given, bill_with)
        if question.id in given or any(np.any(usd) for usd in effect.change_usd.values()):
            yield effect


def _effect(
    assumption: Assumption,
    chosen: str,
    bill: Bill,
    given: Mapping[str, str],
    bill_with: Callable[[Mapping[str, str]], Bill],
) -> AssumptionEffect:
    changes = {
        other: bill_with({**given, assumption.id: other}).total - bill.total
        for other in assumption.choices
        if other != chosen
    }
    return AssumptionEffect(assumption, chosen, changes)


def _check(scenario: Scenario) -> None:
    """Refuse names and choices that no deployment knows, with the place where they stand."""
    for name, options in scenario.options.items():
        with _standing_at(scenario, "options", name):
            find_deployment(name).check_options(options)
    for name, answer in scenario.assumptions.items():
        with _standing_at(scenario, "assumptions", name):
            if name not in assumptions():
                raise UnknownNameError("assumption", name, assumptions())
            if answer not in assumptions()[name].choices:
                raise UnknownNameError(f"answer to {name}", answer, assumptions()[name].choices)
    if scenario.contract_document:
        load_catalog(contract=as_contract(scenario.contract_document))
    with _standing_at(scenario, "contract"):
        load_catalog(contract=as_contract(scenario.contract))
    with _standing_at(scenario, "as_of"):
        _check_date(scenario.as_of)


@contextmanager
def _standing_at(scenario: Scenario, *path: str) -> Generator[None]:
    try:
        yield
    except EstimatorError as error:
        location = scenario.where(*path)
        if not location:
            raise
        raise ScenarioError(f"{location}: {error}") from None


def _check_date(as_of: dt.date | None) -> None:
    if as_of and as_of > dt.datetime.now(tz=dt.UTC).date():
        raise ScenarioError(f"as_of: {as_of} lies in the future")
