"""What is uncertain about a bill? Numbers that may be off, and what vendors leave open."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from estimator.analysis.estimate.result import Estimate
from estimator.analysis.fields import (
    current_value,
    field_words,
    find_field,
    matters_to,
    option_of,
    scales_a_law,
    takes_arrays,
    with_values,
)
from estimator.analysis.uncertainty.input_ranges import (
    InputRange,
    input_ranges_by_evidence,
    parse_input_range,
)
from estimator.analysis.uncertainty.server_ranges import server_input_ranges
from estimator.arrays import FloatArray
from estimator.deployments.registry import (
    ALL_DEPLOYMENTS,
    assumptions,
    find_deployment,
    unknown_assumption,
)
from estimator.errors import EstimatorError, ScenarioError
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import as_contract
from estimator.pricing.price_files import Assumption
from estimator.scenario.scenario import Scenario

Questions = Literal["all"] | Sequence[str]
"""Ids of billing assumptions, or all that change a bill."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number that may be off."""

    name: str
    """Full name of the field."""
    input_range: InputRange
    """How far."""
    whole: bool
    """Whether the field takes whole numbers only; draws are rounded to them."""
    in_one_pass: bool
    """Whether many values of it are priced in one pass."""
    draws_share: bool
    """Whether some draws share each value, since much is worked out for it."""

    @property
    def kind(self) -> Literal["number", "question"]:
        """What is uncertain."""
        return "number"

    @property
    def words(self) -> str:
        """The field with its unit, for people."""
        return field_words(self.name)

    @property
    def range_words(self) -> str:
        """How far it may be off."""
        return str(self.input_range)

    def values(self, shares: FloatArray) -> FloatArray:
        """The values that shares of all cases stay below, of the same shape."""
        values = self.input_range.quantile(shares)
        return np.rint(values) if self.whole else values

    def matters_to(self, deployment: str) -> bool:
        """Whether the bill of a deployment can depend on it."""
        return matters_to(self.name, deployment)


@dataclass(frozen=True, slots=True)
class Question:
    """A billing assumption, each answer of which is taken to be equally likely (a convention)."""

    assumption: Assumption
    """Question, answers and evidence."""
    moves: frozenset[str]
    """Ids of the deployments whose bill another answer changes."""

    in_one_pass: Literal[False] = False
    """An answer changes how meters count: one pass each."""
    draws_share: Literal[True] = True
    """So some draws share it."""

    @property
    def name(self) -> str:
        """Id of the assumption."""
        return self.assumption.id

    @property
    def kind(self) -> Literal["number", "question"]:
        """What is uncertain."""
        return "question"

    @property
    def words(self) -> str:
        """The question itself."""
        return self.assumption.question

    @property
    def range_words(self) -> str:
        """Its answers."""
        return ", ".join(self.answers)

    @property
    def answers(self) -> tuple[str, ...]:
        """Names of the answers; a value is the index of one."""
        return tuple(self.assumption.choices)

    def values(self, shares: FloatArray) -> FloatArray:
        """Index of the answer: equal shares for each of them."""
        return np.minimum(np.floor(shares * len(self.answers)), len(self.answers) - 1)

    def matters_to(self, deployment: str) -> bool:
        """Whether another answer changes the bill of a deployment."""
        return deployment in self.moves


Uncertain = Quantity | Question
"""An input of the bill that is not known for sure."""


def uncertain_quantities(
    scenario: Scenario,
    inputs: Mapping[str, InputRange | str],
    *,
    evidence: bool,
    deployments: Iterable[str] = (),
) -> list[Quantity]:
    """The numbers that may be off, each checked against what its field can hold.

    Args:
        scenario: whose numbers.
        inputs: how far they may be off, by name of the field.
        evidence: whether the defaults of the profile may be off too, as their evidence says, and
            the derived figures of servers.
        deployments: where these run.

    Raises:
        UnknownNameError: there is no such field.
        ScenarioError: text that is not a distribution, one that reaches beyond what its field can
            have, or two of one field.
    """
    said: dict[str, InputRange] = {}
    for name, given in inputs.items():
        field = find_field(scenario, name)
        if field in said:
            raise ScenarioError(f"'{field}' is given twice")
        said[field] = _range_of(scenario, field, given)
    ranges = dict(said)
    if evidence:
        by_evidence = input_ranges_by_evidence(scenario)
        ranges = by_evidence | server_input_ranges(scenario, deployments) | said
    return [_quantity(scenario, field, each) for field, each in ranges.items()]


def open_questions(
    scenario: Scenario, bills: Iterable[Estimate], asked: Questions = "all"
) -> list[Question]:
    """What vendors leave open and the scenario does not answer, if it changes one of the bills.

    Args:
        scenario: what it answers is settled.
        bills: of the scenario as it is, and as it may be.
        asked: ids, or all of them.

    Raises:
        UnknownNameError: there is no such assumption.
        ScenarioError: a question that was asked for is settled, or changes none of the bills.
    """
    if asked != "all":
        for name in asked:
            if name not in assumptions():
                raise unknown_assumption(name)
            if name in scenario.assumptions:
                raise ScenarioError(
                    f"the scenario answers '{name}' ({scenario.assumptions[name]}), so it is not "
                    "open: remove the answer, or do not ask for it"
                )
    moved: dict[str, set[str]] = {}
    for bill in bills if asked else ():
        deployment = bill.deployment or ""
        known = {name for name, ids in moved.items() if deployment in ids}
        # each takes a bill for each answer
        for effect in bill.assess(bill, known) if known else bill.effects:
            if any(np.any(usd) for usd in effect.change_usd.values()):
                moved.setdefault(effect.assumption.id, set()).add(deployment)
    if asked == "all":
        wanted = [name for name in moved if name not in scenario.assumptions]
    else:
        wanted = list(dict.fromkeys(asked))
        if still := [name for name in wanted if name not in moved]:
            raise ScenarioError(f"'{still[0]}' changes none of the bills asked for")
    return [Question(assumptions()[name], frozenset(moved[name])) for name in wanted]


def _range_of(scenario: Scenario, field: str, said: InputRange | str) -> InputRange:
    if isinstance(said, InputRange):
        return said
    try:
        around = current_value(scenario, field)
    except ScenarioError:
        around = None
    try:
        return parse_input_range(said, around)
    except ScenarioError as error:
        raise ScenarioError(f"{field}: {error}") from None


def _quantity(scenario: Scenario, field: str, input_range: InputRange) -> Quantity:
    whole = _takes_whole_numbers(field)
    of_law = scales_a_law(scenario, field)
    if not whole and takes_arrays(scenario, field, input_range.low, input_range.high):
        return Quantity(field, input_range, whole, in_one_pass=True, draws_share=of_law)
    for end in (input_range.low, input_range.high):
        value = round(end) if whole else end
        try:
            _check(with_values(scenario, {field: value}))
        except EstimatorError as error:
            raise ScenarioError(
                f"{field}: the distribution {input_range} reaches {value:.6g}, which the field "
                f"cannot have: {error}"
            ) from None
    one_pass = not whole and takes_arrays(scenario, field, input_range.median)
    return Quantity(field, input_range, whole, one_pass, draws_share=of_law or not one_pass)


def _check(scenario: Scenario) -> None:
    """Refuse options and rates that cannot be; all else was checked by the scenario."""
    for deployment, options in scenario.options.items():
        find_deployment(deployment).check_options(options)
    load_catalog(contract=as_contract(scenario.contract))


def _takes_whole_numbers(field: str) -> bool:
    found = option_of(field)
    if found is None:
        return False
    deployment, option = found
    owners = ALL_DEPLOYMENTS.values() if deployment == "*" else (ALL_DEPLOYMENTS[deployment],)
    annotations = (
        owner.options.model_fields[option].annotation
        for owner in owners
        if option in owner.options.model_fields
    )
    return any(_is_whole(annotation) for annotation in annotations)


def _is_whole(annotation: Any) -> bool:
    inner = get_args(annotation)
    return annotation is int or (float not in inner and any(map(_is_whole, inner)))
