"""What does a scenario name? Prices, options, answers and regions, found and checked once."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace

from estimator.analysis.engineering import self_run_redis_usd
from estimator.demand.demand import Demand
from estimator.demand.month import expected_month
from estimator.deployments.base import WORLDWIDE, Deployment, Metered, Options, Request
from estimator.deployments.duties import duties
from estimator.deployments.registry import assumptions, find_deployment, unknown_assumption
from estimator.errors import (
    EstimatorError,
    MissingRateError,
    NotCarriedError,
    ScenarioError,
    UnknownNameError,
)
from estimator.pricing.catalog import Catalog, check_allowances, check_date, load_catalog
from estimator.pricing.contract import as_contract
from estimator.pricing.lines import price_usage
from estimator.pricing.price_files import load_price_files
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import KINDS


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


@contextmanager
def _named_at(scenario: Scenario, *path: str) -> Generator[None]:
    try:
        yield
    except EstimatorError as error:
        location = scenario.where(*path)
        if not location:
            raise
        raise ScenarioError(f"{location}: {error}") from None
