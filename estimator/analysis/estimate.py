"""From a scenario to its bills: one deployment, all of them, or plain quantities."""

from __future__ import annotations

from collections.abc import (
    Callable,
    Collection,
    Container,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
import numpy.typing as npt

from estimator.analysis.alternatives import Alternative, starting_values, unequal
from estimator.analysis.assumed_defaults import (
    AssumedDefault,
    Judged,
    assumed_defaults,
    assumed_work,
    assumes_work,
)
from estimator.analysis.engineering import (
    components_of,
    engineering_lines,
    self_run_redis_usd,
)
from estimator.analysis.price import effect_of, price_effects
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, over_month
from estimator.demand.month import expected_month
from estimator.deployments.base import (
    WORLDWIDE,
    Deployment,
    Difference,
    Metered,
    Options,
    Request,
    Sizing,
)
from estimator.deployments.duties import Component, Duty, duties, duties_of
from estimator.deployments.limits import Verdict, state_numbers, verdicts, words_of
from estimator.deployments.registry import (
    ALL_DEPLOYMENTS,
    DEPLOYMENTS,
    HTTP_ONLY,
    Group,
    assumptions,
    find_deployment,
    unknown_assumption,
)
from estimator.errors import (
    EstimatorError,
    MissingRateError,
    NotCarriedError,
    ScenarioError,
    UnknownNameError,
)
from estimator.format import signed_dollars
from estimator.pricing.bill import AssumptionEffect, Bill
from estimator.pricing.catalog import Catalog, check_allowances, check_date, load_catalog
from estimator.pricing.commitments import contract_notes, with_commitments
from estimator.pricing.contract import as_contract
from estimator.pricing.lines import LineItem, Usage, in_region, price_usage
from estimator.pricing.price_files import load_price_files
from estimator.pricing.range_notes import range_notes
from estimator.result import Refusal, plain
from estimator.scenario.calendar import CalendarEntry
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import KINDS, MqttOverWebSocket, WebSocket
from estimator.states import STATES, State, within_limits
from estimator.units import HOURS_PER_DAY, HOURS_PER_WEEK

NOTHING_CHECKED = "No limit of this deployment was checked"


def _nothing_assumed(_: Estimate) -> tuple[AssumedDefault, ...]:
    """No assumed default does anything."""
    return ()


@dataclass(frozen=True, slots=True)
class CalendarCost:
    """What an entry of the calendar does to a bill."""

    entry: CalendarEntry
    adds_usd: float | FloatArray
    """By how much less the month would cost without it, shape (*many,)."""

    def explain(self) -> str:
        """The entry and what it adds; for a bill of a single scenario."""
        return f"{self.entry.words}: {signed_dollars(float(self.adds_usd))} per month"

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        entry = self.entry
        return {"name": entry.name, "words": entry.words, "adds_usd": plain(self.adds_usd)}


def _no_alternatives(_: Estimate) -> tuple[Alternative, ...]:
    """No other options."""
    return ()


def _nothing_on_it(_: Bill) -> tuple[CalendarCost, ...]:
    """No calendar does anything."""
    return ()


@checks_arguments
@dataclass(frozen=True, repr=False)
class Estimate(Bill):
    """The bill of a deployment, and whether it is within its limits.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> bill = estimate(scenario, "aws.api_gateway")
    >>> bill.is_within_limits, bill.state
    (True, <State.WITHIN_LIMITS: 'within limits'>)
    """

    group: Group | None = None
    """Who runs what holds the connections."""
    components: frozenset[Component] = frozenset()
    """What of the deployment brings work along for the people who run it."""
    verdicts: tuple[Verdict, ...] = ()
    """How the demand compares with each limit, the closest first."""
    sizing: Sizing | None = None
    """What must run, and which resource decides; None if the service has no units."""
    messages_per_day: Mapping[str, FloatArray] = field(default_factory=dict[str, FloatArray])
    """Messages by their direction on the mean day, shape (*many,); control frames are none."""
    assume: Callable[[Estimate], tuple[AssumedDefault, ...]] = field(
        default=_nothing_assumed, repr=False
    )
    """Works out what assumed defaults of the profile do to the bill it is given."""

    @cached_property
    def assumed_defaults(self) -> tuple[AssumedDefault, ...]:
        """Defaults of the profile that nobody published and that move the bill far.

        They move the total by more than a fifth, or decide whether a limit is exceeded.
        None, if the bill stands for many scenarios, or for a demand that was not expected from a
        profile.
        """
        return () if np.ndim(self.total) else self.assume(self)

    assess_calendar: Callable[[Bill], tuple[CalendarCost, ...]] = field(
        default=_nothing_on_it, repr=False
    )
    """Works out what each entry of the calendar does to the bill it is given."""

    @cached_property
    def calendar(self) -> tuple[CalendarCost, ...]:
        """What each entry of the calendar adds to this bill."""
        return self.assess_calendar(self)

    assess_starting_values: Callable[[Estimate], tuple[Alternative, ...]] = field(
        default=_no_alternatives, repr=False
    )
    """Works out what the vendor's starting values would make of the bill it is given."""
    assess_differences: Callable[[Estimate], tuple[Alternative, ...]] = field(
        default=_no_alternatives, repr=False
    )
    """Works out what would make the deployment of the bill it is given equal with rivals."""

    @cached_property
    def starting_values(self) -> tuple[Alternative, ...]:
        """Options that the vendor starts with other values of, and what those would change.

        None, if the bill stands for many scenarios.
        """
        return () if np.ndim(self.total) else self.assess_starting_values(self)

    @cached_property
    def differences(self) -> tuple[Alternative, ...]:
        """What cannot be made equal with rivals, and what the options that come closest would cost.

        None, if the bill stands for many scenarios.
        """
        return () if np.ndim(self.total) else self.assess_differences(self)

    @property
    def duties(self) -> dict[str, Duty]:
        """Work that falls to the people who run the deployment, by its id."""
        return duties_of(self.components)

    @property
    def is_within_limits(self) -> bool | npt.NDArray[np.bool_]:
        """Whether it may be called the cheapest: one answer, or one for each scenario.

        It was checked, exceeds no hard limit, and needs at most ten times a default quota; settings
        to change do not count.
        """
        within = within_limits(self.state_numbers)
        return within if np.ndim(self.total) else bool(within)

    @property
    def state(self) -> State:
        """The worst of ``states``."""
        return STATES[int(np.max(self.state_numbers))]

    @property
    def state_words(self) -> str:
        """That state, with how many times a default quota it takes."""
        return words_of(self.state, self.quota_factor)

    @property
    def quota_factor(self) -> float:
        """How many times its default quota the demand takes of the scarcest; of many, the most."""
        quotas = (each.share for each in self.verdicts if each.limit.raised_by == "quota")
        return float(max(map(np.max, quotas), default=0.0))

    @property
    def states(self) -> npt.NDArray[np.str_]:
        """State of each scenario in words, shape (*many,): the worst of all its limits."""
        return np.array(STATES)[self.state_numbers]

    @cached_property
    def state_numbers(self) -> npt.NDArray[np.int8]:
        """State of each scenario as an index into ``STATES``, shape (*many,)."""
        return state_numbers(self.verdicts, np.shape(self.total))

    @property
    def reason(self) -> str:
        """The verdict that decides the state, in words."""
        state = self.state
        deciding = next((each for each in self.verdicts if each.state is state), None)
        return deciding.explain() if deciding else f"{NOTHING_CHECKED}."

    def explain(self) -> str:
        """The bill in plain words, and each limit it was checked against."""
        if np.ndim(self.total):
            return super().explain()
        assumed = (f"Assumed: {default.explain()}" for default in self.assumed_defaults)
        calendar = (f"On the calendar: {each.explain()}." for each in self.calendar)
        differs = (f"Unequal: {each}." for each in self.differences)
        starts = (f"Starting value: {each}." for each in self.starting_values)
        falls = (f"Work: {duty.title} ({duty.source})." for duty in self.duties.values())
        limits = (verdict.explain() for verdict in self.verdicts)
        parts = [super().explain(), *differs, *starts, *assumed, *calendar, *falls, *limits]
        return "\n".join(parts)

    def __repr__(self) -> str:
        return f"{super().__repr__()[:-1]}, {self.state_words}>"

    def _data(self) -> dict[str, Any]:
        return super()._data() | {
            "assumed_defaults": [
                {
                    "path": each.path,
                    "title": each.words,
                    "totals_usd": dict(each.totals_usd),
                    "states": dict(each.states),
                }
                for each in self.assumed_defaults
            ],
            "group": self.group,
            "duties": [
                {"id": name, "title": duty.title, "source": duty.source}
                for name, duty in self.duties.items()
            ],
            "starting_values": [each.as_data() for each in self.starting_values],
            "differences": [each.as_data() for each in self.differences],
            "state": self.state,
            "quota_factor": plain(self.quota_factor),
            "limits": [verdict_data(verdict) for verdict in self.verdicts],
            "sizing": self.sizing and _sizing_data(self.sizing, np.shape(self.total)),
            "messages_per_day": {way: plain(count) for way, count in self.messages_per_day.items()},
            "calendar": [each.as_data() for each in self.calendar],
        }


def _sizing_data(sizing: Sizing, many: tuple[int, ...]) -> dict[str, Any]:
    """A sizing as plain texts and numbers; of many scenarios, one for each of them."""

    def each(value: npt.ArrayLike) -> Any:
        return plain(np.broadcast_to(value, many))

    return {
        "unit": sizing.unit,
        "machines": list(sizing.machines),
        "peak_units": each(sizing.peak_units),
        "binding": each(sizing.binding),
        "resource_shares": {name: each(share) for name, share in sizing.shares.items()},
        "units_per_hour": plain(np.broadcast_to(sizing.units.hourly, (*many, HOURS_PER_WEEK))),
    }


def verdict_data(verdict: Any) -> dict[str, Any]:
    """A verdict, of an hour or of a minute, as plain texts and numbers."""
    limit = verdict.limit
    return {
        "limit": limit.limit,
        "title": limit.title,
        "state": verdict.state,
        "used": plain(verdict.used),
        "allowed": plain(verdict.allowed),
        "used_share": plain(verdict.share),
        "unit": limit.unit,
        "when": verdict.when,
        "burst_seconds": verdict.burst and plain(verdict.burst.seconds),
        "fix": verdict.fix,
        "source": limit.source,
        "checked": str(limit.checked_on),
        "raised_by": limit.raised_by,
    }


@dataclass(frozen=True, slots=True)
class Resolved:
    """A scenario with everything that it names found and checked, once for all deployments."""

    scenario: Scenario
    catalog: Catalog
    """The prices in force on the day asked for, under the answers and the contract given."""
    options: Mapping[str, Options]
    """Options of the deployments that the scenario gives some for, by id."""
    answers: Mapping[str, str]
    """Answers given to open questions, by id; the default holds where none is given."""
    demand: Demand
    """Of all weeks of the month, the calendar's too; of the usual week alone where it was given."""
    is_expected: bool = True
    """Whether the demand follows from the scenario's profile."""
    _regions: dict[str, tuple[str, str | None]] = field(
        default_factory=dict[str, tuple[str, str | None]], init=False, repr=False, compare=False
    )
    """Where deployments run, by id, once that was asked."""

    def region(self, deployment: Deployment) -> tuple[str, str | None]:
        """Where a deployment runs: the nearest region that has all its prices.

        If none has, the last one that may serve the location: its error says what is missing.

        Returns:
            The region, and in words what it stands in for; None if it is of the location itself.
        """
        if deployment.id not in self._regions:
            choices = list(self.scenario.found_location.choices(deployment.cloud))
            choices = choices or [(WORLDWIDE, None)]
            priced = (each for each in choices[:-1] if self._is_priced(deployment, each[0]))
            self._regions[deployment.id] = next(priced, choices[-1])
        return self._regions[deployment.id]

    def _is_priced(self, deployment: Deployment, region: str) -> bool:
        """Whether a region has a price for all that a deployment uses."""
        try:
            usage = deployment.meter(self._request_at(deployment, region)).usage
            price_usage(usage, region, self.catalog, self.scenario.free_allowances)
        except (MissingRateError, ScenarioError, UnknownNameError):
            return False
        return True

    def request(self, deployment: Deployment) -> Request:
        """What a deployment is asked to host."""
        return self._request_at(deployment, self.region(deployment)[0])

    def _request_at(self, deployment: Deployment, region: str) -> Request:
        answers = {
            each.name: self.answers.get(each.id, each.default) for each in deployment.assumptions
        }
        asked = Request(
            demand=self.demand,
            destinations=self.scenario.destinations,
            options=self.options.get(deployment.id) or deployment.default_options,
            answers=answers,
            catalog=self.catalog,
            region=region,
            free_allowances=self.scenario.free_allowances,
            self_run_redis_usd=self_run_redis_usd(self.scenario, deployment),
            regions={
                cloud: tuple(self.scenario.found_location.choices(cloud))
                for cloud in self.scenario.found_location.regions
            },
            audiences=self.scenario.kinds,
            transport=self.scenario.transport,
        )
        return replace(asked, demand=deployment.carried(asked))

    def metered(self, deployment: Deployment) -> Metered:
        """What the meters of a deployment count, the limits it meets, and whom it admits.

        Raises:
            NotCarriedError: it cannot carry the transport of the scenario.
            MissingRateError: a meter that decides a choice has no price in the region.
            ScenarioError: options that do not go together; the message says where they stand.
        """
        self.check_carried(deployment)
        try:
            return deployment.meter(self.request(deployment))
        except (ScenarioError, UnknownNameError) as error:
            where = self.scenario.where("options", deployment.id) or f"options of {deployment.id}"
            raise ScenarioError(f"{where}: {error}") from None

    def check_carried(self, deployment: Deployment) -> None:
        """Refuse a deployment that cannot carry the transport of the scenario.

        Raises:
            NotCarriedError: it cannot; the message says why, and what it can carry.
        """
        transport = self.scenario.transport
        row = deployment.carriage(transport.kind)
        if not row.is_carried:
            others = ", ".join(kind for kind in KINDS if deployment.carriage(kind).is_carried)
            raise NotCarriedError(
                f"{deployment.id} does not carry {transport.words}: {row.why} It carries {others}."
            )

    def bill(self, deployment: Deployment) -> Estimate:
        """What a deployment would cost in a month.

        Raises:
            NotCarriedError: it cannot carry the transport of the scenario.
            MissingRateError: a meter without a price in the region of the location.
        """
        return priced(self, deployment, self.metered(deployment))

    def with_answers(self, answers: Mapping[str, str]) -> Resolved:
        """The same under other answers to open questions, which must be valid."""
        catalog = load_catalog(
            self.scenario.as_of, answers, self.catalog.contract, self.scenario.allowances_left
        )
        return replace(self, answers=answers, catalog=catalog)

    def with_options(self, deployment: Deployment, options: Mapping[str, object]) -> Resolved:
        """The same with some options of a deployment changed.

        Raises:
            ScenarioError: an option that does not exist or cannot have that value.
        """
        given = {**self.scenario.options.get(deployment.id, {}), **options}
        checked = deployment.check_options(given)
        return replace(self, options={**self.options, deployment.id: checked})


def resolve(scenario: Scenario, demand: Demand | None = None) -> Resolved:
    """Find and check everything that a scenario names, whatever deployment it is meant for.

    Args:
        scenario: who connects, from where, how often.
        demand: a demand that was measured or simulated; the expected one if left out.

    Raises:
        UnknownNameError: no such deployment, option, assumption, answer, contract or meter; the
            message says where it stands.
        ScenarioError: an option that a deployment does not have, or a day to come.
        PricingDataError: a price file is damaged.
    """
    load_price_files()  # a damaged one is no fault of the field that first needs it
    options: dict[str, Options] = {}
    for name, given in scenario.options.items():
        with _named_at(scenario, "options", name):
            options[name] = find_deployment(name).check_options(given)
    for name, answer in scenario.assumptions.items():
        with _named_at(scenario, "assumptions", name):
            if name not in assumptions():
                raise unknown_assumption(name, answer)
            if answer not in assumptions()[name].choices:
                raise UnknownNameError(f"answer to {name}", answer, assumptions()[name].choices)
    if scenario.engineering is not None:
        for name in scenario.engineering.duties:
            with _named_at(scenario, "engineering", "duties", name):
                if name not in duties():
                    raise UnknownNameError("duty", name, duties())
    with _named_at(scenario, "as_of"):
        check_date(scenario.as_of)
    with _named_at(scenario, "allowances_left"):
        check_allowances(scenario.allowances_left)
    document = scenario.contract_document
    # a contract file tells its errors with lines of its own
    with nullcontext() if document else _named_at(scenario, "contract"):
        catalog = load_catalog(
            scenario.as_of,
            scenario.assumptions,
            as_contract(document or scenario.contract),
            scenario.allowances_left,
        )
    return Resolved(
        scenario,
        catalog,
        options,
        scenario.assumptions,
        demand or expected_month(scenario),
        is_expected=demand is None,
    )


@checks_arguments
def estimate(scenario: Scenario, deployment: str, *, demand: Demand | None = None) -> Estimate:
    """What one deployment would cost in a month.

    Args:
        scenario: who connects, from where, how often; of arrays, if there are many.
        deployment: id of a deployment, such as ``aws.api_gateway`` or ``pusher.channels``.
        demand: a demand that was measured or simulated; the expected one if left out.

    Returns:
        The bill in USD. Its amounts are numbers, or arrays of shape ``scenario.many``.

    Raises:
        UnknownNameError: no such deployment, assumption, answer, contract, server or shape.
        ScenarioError: an option the deployment does not have.
        MissingRateError: a meter without a price in the region of the location.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> bill = estimate(scenario, "aws.api_gateway")
    >>> list(bill.by_driver)
    ['connection time', 'messages', 'compute', 'data out', 'supporting services']
    """
    found = find_deployment(deployment)
    return resolve(scenario, demand).bill(found)


def estimate_all(
    scenario: Scenario, deployments: Iterable[str] | None = None
) -> tuple[list[Estimate], list[Refusal]]:
    """The bills of several deployments, and those that have no price where they are asked for.

    All deployments on the clouds, if left out, and where messages travel over HTTP those too that
    carry no WebSockets; SaaS must be asked for. What is wrong with the scenario itself is an error,
    so that no deployment is absent because of a word misspelled.

    Raises:
        UnknownNameError: no such deployment or assumption.
        ScenarioError: an option that a deployment does not have, or that cannot be.
    """
    wanted = [
        find_deployment(name)
        for name in (usual_deployments(scenario) if deployments is None else deployments)
    ]
    resolved = resolve(scenario)
    bills: list[Estimate] = []
    refusals: list[Refusal] = []
    for found in wanted:
        try:
            bills.append(resolved.bill(found))
        except (MissingRateError, NotCarriedError) as error:
            refusals.append(Refusal(found.id, found.title, str(error)))
    return bills, refusals


def usual_deployments(scenario: Scenario) -> tuple[str, ...]:
    """Ids of the deployments that are compared unless others are asked for."""
    if isinstance(scenario.transport, WebSocket | MqttOverWebSocket):
        return tuple(DEPLOYMENTS)
    return (*DEPLOYMENTS, *HTTP_ONLY)


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
        costs.append(CalendarCost(entry, bill.total - without.bill(deployment).total))
    return tuple(costs)


def _assessed(
    resolved: Resolved, deployment: Deployment, bill: Bill, known: Container[str]
) -> tuple[AssumptionEffect, ...]:
    """What open questions do to a bill, but for those of which it is known.

    There are none that the options leave one answer to.
    """

    def bill_with(answers: Mapping[str, str]) -> Estimate:
        return resolved.with_answers(answers).bill(deployment)

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
        return resolved.with_options(deployment, options).bill(deployment)

    return tuple(starting_values(deployment, given, bill, bill_under))


def _differences(
    resolved: Resolved, deployment: Deployment, differs: tuple[Difference, ...], bill: Estimate
) -> tuple[Alternative, ...]:
    def bill_under(options: Mapping[str, object]) -> Estimate:
        return resolved.with_options(deployment, options).bill(deployment)

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
            replace(resolved, scenario=changed, demand=demand).bill(deployment)
        ),
    )
    if not assumes_work(resolved.scenario, resolved.request(deployment).options):
        return found
    work = assumed_work(
        _judged(bill),
        lambda factor: _judged(
            resolved.with_options(deployment, {"application_factor": factor}).bill(deployment)
        ),
    )
    return tuple(sorted((*found, *work), key=lambda each: each.weight, reverse=True))


def _judged(bill: Estimate) -> Judged:
    return Judged(bill.total, bill.states)


@contextmanager
def _named_at(scenario: Scenario, *path: str) -> Generator[None]:
    try:
        yield
    except EstimatorError as error:
        location = scenario.where(*path)
        if not location:
            raise
        raise ScenarioError(f"{location}: {error}") from None
