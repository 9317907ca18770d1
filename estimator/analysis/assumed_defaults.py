"""Which defaults of a profile are assumed, and what would others make of a total?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from estimator.analysis.fields import (
    current_value,
    field_words,
    numbers_of_others,
    profile_fields,
    profile_of,
    with_values,
)
from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.month import expected_month
from estimator.deployments.base import Options
from estimator.deployments.fleet.derived_figures import application_multiples
from estimator.deployments.fleet.server_options import ApplicationOptions
from estimator.errors import EstimatorError
from estimator.format import dollars
from estimator.scenario.clients import MAIN
from estimator.scenario.profile import Evidence, Profile
from estimator.scenario.scenario import Scenario
from estimator.scenario.weekly_shape import load_shape
from estimator.states import State

FACTOR: Final = 2.0
"""Nothing was published of what is assumed: it may be half and twice our judgment. A convention."""
WORTH_SAYING: Final = 0.2
"""Share of a total from which on an assumption that moves it stands beside it."""
_HALF: Final = "half as much"
_TWICE: Final = "twice as much"
_SCALES: Final = (
    "mean_hours", "hours", "scale_hours", "rate_per_hour", "fan_out", "bytes", "mean_bytes",
    "interval_seconds", "payload_bytes", "per_main_connection",
)  # fmt: skip
"""Ends of the names of fields that a factor can scale; the shape of a law cannot be scaled."""
_SHAPES: Final = ("flat", "workplace-worldwide")
"""Weekly shapes that are tried where one is assumed: the most level, and one that was measured."""


@dataclass(frozen=True, slots=True)
class AssumedDefault:
    """A default of a profile that nobody published, and what a bill would be with another."""

    path: str
    """What is assumed, as in the profile's evidence, after ``other_clients.viewers.profile.`` if it
    is that of other clients; ``flows`` for several flows together."""
    words: str
    """What is assumed, for people."""
    total_usd: float
    """USD per month as it is."""
    totals_usd: Mapping[str, float]
    """USD per month with something else, by what that is: half as much, twice as much."""
    states: Mapping[str, State]
    """States with something else, where it changes whether the demand is within limits."""

    @property
    def largest_share(self) -> float:
        """The most by which the total changes, as a share of it."""
        most = max(abs(usd - self.total_usd) for usd in self.totals_usd.values())
        if most == 0:
            return 0.0
        return most / self.total_usd if self.total_usd else np.inf

    @property
    def weight(self) -> tuple[bool, float]:
        """What decides about limits weighs more than what moves the total, however far."""
        return bool(self.states), self.largest_share

    @property
    def is_worth_saying(self) -> bool:
        """Whether it decides about limits, or moves the total by more than a fifth."""
        return bool(self.states) or self.largest_share > WORTH_SAYING

    def explain(self) -> str:
        """What is assumed, and what another value makes of the total.

        >>> AssumedDefault("flows.typing", "typing", 2866, {"half as much": 1808}, {}).explain()
        'typing: half as much takes $2,866 to $1,808.'
        """
        first, *others = (
            f"to {dollars(usd)}" + (f" ({self.states[said]})" if said in self.states else "")
            for said, usd in self.totals_usd.items()
        )
        said, *others_said = self.totals_usd
        more = "".join(f", {said} {to}" for said, to in zip(others_said, others, strict=True))
        return f"{self.words}: {said} takes {dollars(self.total_usd)} {first}{more}."


class Judged(NamedTuple):
    """What counts of a bill."""

    total_usd: float | FloatArray
    """USD per month, shape (*many,)."""
    states: npt.NDArray[np.str_]
    """How it compares with limits, shape (*many,)."""


class Backed(NamedTuple):
    """What stands behind a number of a profile."""

    path: str
    """What the evidence is about, as ``AssumedDefault.path``."""
    evidence: Evidence


class _Turn(NamedTuple):
    """What is halved and doubled together."""

    fields: Sequence[str]
    path: str
    words: str


class _Label(NamedTuple):
    path: str
    words: str
    instead: str


class _Variant(NamedTuple):
    labels: Sequence[_Label]
    """One for each scenario that it stands for."""
    scenario: Scenario
    demand: Demand


def backed_fields(scenario: Scenario) -> dict[str, Backed]:
    """Numbers of all profiles above 0 that a factor can scale, with what backs them."""
    found: dict[str, Backed] = {}
    for kind, profile in scenario.profiles.items():
        start = profile_of(scenario, kind)
        numbers = profile_fields(scenario, kind)
        numbers += numbers_of_others(scenario) if kind == MAIN else []
        for field in numbers:
            path = field.removeprefix(start)
            if path.rpartition(".")[2] not in _SCALES:
                continue
            backed = [said for said in profile.evidence if f"{path}.".startswith(f"{said}.")]
            if backed and current_value(scenario, field) > 0:
                # what was said of a part counts more than what was said of the whole
                said = max(backed, key=len)
                found[field] = Backed(_path(scenario, kind, said), profile.evidence[said])
    return found


def assumed_defaults(
    scenario: Scenario, bill: Judged, bill_of: Callable[[Scenario, Demand], Judged]
) -> tuple[AssumedDefault, ...]:
    """The assumed defaults that move a total by more than a fifth, or across a limit.

    A number is halved and doubled, alone and with those of other flows; another kind of heartbeat
    and another weekly shape take the place of assumed ones. Of an assumption about several numbers,
    the one that moves most stands for all.

    Args:
        scenario: a single one.
        bill: as it is.
        bill_of: the bill of another scenario, which may stand for many, and of its demand.

    Returns:
        The largest first.
    """
    total_usd = float(bill.total_usd)
    is_within = State(str(bill.states)).is_within_limits
    totals_of: dict[tuple[str, str], dict[str, float]] = {}
    states_of: dict[tuple[str, str], dict[str, State]] = {}
    for labels, changed, demand in _variants(scenario):
        with suppress(EstimatorError):
            other = bill_of(changed, demand)
            totals = np.broadcast_to(other.total_usd, len(labels)).tolist()
            states = np.broadcast_to(other.states, len(labels)).tolist()
            for label, usd, state in zip(labels, totals, map(State, states), strict=True):
                what = label.path, label.words
                totals_of.setdefault(what, {})[label.instead] = usd
                if state.is_within_limits != is_within:
                    states_of.setdefault(what, {})[label.instead] = state
    largest: dict[str, AssumedDefault] = {}
    for what, totals_usd in totals_of.items():
        default = AssumedDefault(*what, total_usd, totals_usd, states_of.get(what, {}))
        before = largest.get(default.path)
        if before is None or default.weight > before.weight:
            largest[default.path] = default
    moving = (each for each in largest.values() if each.is_worth_saying)
    return tuple(sorted(moving, key=lambda each: each.weight, reverse=True))


def assumes_work(scenario: Scenario, options: Options) -> bool:
    """Whether a deployment runs work of an application that nobody published and no option gives.

    Args:
        scenario: whose profiles name their applications.
        options: of the deployment.
    """
    if (
        not isinstance(options, ApplicationOptions)
        or "application_factor" in options.model_fields_set
    ):
        return False
    assumed = [
        profile.application
        for profile in scenario.profiles.values()
        if "application" not in profile.evidence
        or profile.evidence["application"].grade == "assumption"
    ]
    return application_multiples(options, assumed) is not None


def assumed_work(bill: Judged, bill_of: Callable[[float], Judged]) -> Iterator[AssumedDefault]:
    """What half and twice the assumed work of the application make of a total, if that is far.

    Args:
        bill: as it is.
        bill_of: the bill with so many times the work.

    >>> linear = lambda factor: Judged(4000.0 + 6000.0 * factor, np.array("within limits"))
    >>> [each.explain() for each in assumed_work(linear(1.0), linear)]
    ["the application's own work: half as much takes $10,000 to $7,000, twice as much to $16,000."]
    """
    tried = {_HALF: bill_of(1 / FACTOR), _TWICE: bill_of(FACTOR)}
    is_within = State(str(bill.states)).is_within_limits
    states = {said: State(str(other.states)) for said, other in tried.items()}
    default = AssumedDefault(
        "application",
        "the application's own work",
        float(bill.total_usd),
        {said: float(other.total_usd) for said, other in tried.items()},
        {said: state for said, state in states.items() if state.is_within_limits != is_within},
    )
    if default.is_worth_saying:
        yield default


@lru_cache(maxsize=8)
def _variants(scenario: Scenario) -> tuple[_Variant, ...]:
    """Scenarios with other values of what is assumed, the same for all deployments."""
    turns = _turns(scenario)
    at_once = [turn for turn in turns if all(_takes_arrays(scenario, f) for f in turn.fields)]
    alone = [turn for turn in turns if turn not in at_once]
    found: list[_Variant] = []
    try:
        found += [_in_one_pass(scenario, at_once)] if at_once else []
    except EstimatorError:  # a half or a double that a field cannot have
        alone = turns
    for turn in alone:
        for factor, instead in ((1 / FACTOR, _HALF), (FACTOR, _TWICE)):
            with suppress(EstimatorError):
                values = {each: current_value(scenario, each) * factor for each in turn.fields}
                label = _Label(turn.path, turn.words, instead)
                found.append(_variant((label,), with_values(scenario, values)))
    found.extend(_choices(scenario))
    return tuple(found)


def _variant(labels: Sequence[_Label], changed: Scenario) -> _Variant:
    return _Variant(labels, changed, expected_month(changed))


def _path(scenario: Scenario, kind: str, said: str) -> str:
    return said if kind == MAIN else f"{profile_of(scenario, kind)}{said}"


def _turns(scenario: Scenario) -> list[_Turn]:
    """Each assumed number, then one of each flow together."""
    assumed = {
        field: backed.path
        for field, backed in backed_fields(scenario).items()
        if backed.evidence.grade == "assumption"
    }
    turns = [_Turn((field,), path, _words(field)) for field, path in assumed.items()]
    messages = _leading(scenario, assumed)
    if len(messages) > 1:
        words = f"messages of {', '.join(messages.values())} together"
        turns.append(_Turn((*messages,), "flows", words))
    return turns


def _words(field: str) -> str:
    # half of it is half in any unit
    return field_words(field).removesuffix(", hours")


def _takes_arrays(scenario: Scenario, field: str) -> bool:
    if ".parts." in field:  # of a mixture
        return False
    # the sizes of batches are those of a single scenario
    return not any(
        field.startswith(f"{profile_of(scenario, kind)}flows.{name}.")
        for kind, profile in scenario.profiles.items()
        for name, flow in profile.flows.items()
        if flow.batch is not None and flow.batch.keep == "all"
    )


def _in_one_pass(scenario: Scenario, turns: Sequence[_Turn]) -> _Variant:
    """What is halved and doubled in each turn, in one scenario that stands for all."""
    fields = [*dict.fromkeys(field for turn in turns for field in turn.fields)]
    factors = np.ones((len(fields), 2 * len(turns)))
    for number, turn in enumerate(turns):
        rows = [fields.index(field) for field in turn.fields]
        factors[rows, 2 * number : 2 * number + 2] = 1 / FACTOR, FACTOR
    values = {
        field: current_value(scenario, field) * row
        for field, row in zip(fields, factors, strict=True)
    }
    labels = [_Label(turn.path, turn.words, said) for turn in turns for said in (_HALF, _TWICE)]
    return _variant(labels, with_values(scenario, values))


def _leading(scenario: Scenario, assumed: Collection[str]) -> dict[str, str]:
    """Of each flow the assumed number that makes its messages more or fewer, its rate first.

    Returns:
        What the flow is called, for people, by that field.
    """
    found: dict[str, str] = {}
    for kind, profile in scenario.profiles.items():
        for name, flow in profile.flows.items():
            endings = ["rate_per_hour"]
            # what the server publishes is counted by those who receive it
            endings += ["fan_out"] if flow.direction == "client_to_server" else []
            fields = (f"{profile_of(scenario, kind)}flows.{name}.{ending}" for ending in endings)
            if leading := next((field for field in fields if field in assumed), None):
                found[leading] = name if kind == MAIN else f"{name} of {kind}"
    return found


def _choices(scenario: Scenario) -> Iterator[_Variant]:
    """The other kind of heartbeat, and other weekly shapes, where these are assumed."""
    for kind, profile in scenario.profiles.items():
        of_kind = "" if kind == MAIN else f"{kind}: "
        for said, words, instead, changes in _other_choices(profile):
            label = _Label(_path(scenario, kind, said), f"{of_kind}{words}", instead)
            changed = scenario.with_profiles({kind: profile.model_copy(update=changes)})
            yield _variant((label,), changed)


def _other_choices(profile: Profile) -> Iterator[tuple[str, str, str, dict[str, object]]]:
    """What is assumed, as in the evidence and for people, what else it can be, and the change."""
    assumed = {path for path, said in profile.evidence.items() if said.grade == "assumption"}
    if "heartbeat.kind" in assumed and profile.heartbeat is not None:
        other = "application" if profile.heartbeat.kind == "protocol" else "protocol"
        beat = profile.heartbeat.model_copy(update={"kind": other})
        instead = "sending messages" if other == "application" else "pings"
        yield "heartbeat.kind", "kind of heartbeat", instead, {"heartbeat": beat}
    if "weekly_shape" in assumed:
        for name in _SHAPES:
            shape = load_shape(name)
            if shape is not profile.weekly_shape:
                said = "weekly_shape"
                yield said, "weekly shape", f"the shape {name}", {"weekly_shape": shape}
