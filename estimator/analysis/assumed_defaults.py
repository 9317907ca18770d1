"""Which defaults of a profile are assumed, and what would others make of a total?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from estimator.analysis.fields import current_value, field_words, profile_fields, with_values
from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.errors import EstimatorError
from estimator.format import dollars
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
    "interval_seconds", "payload_bytes",
)  # fmt: skip
"""Ends of the names of fields that a factor can scale; the shape of a law cannot be scaled."""
_ONE_AT_A_TIME: Final = ("mean_hours", "hours", "scale_hours", "mean_bytes")
"""Ends of those that take no array."""
_FLOWS: Final = "profile.flows."
_SHAPES: Final = ("flat", "workplace-worldwide")
"""Weekly shapes that are tried where one is assumed: the most level, and one that was measured."""


@dataclass(frozen=True, slots=True)
class AssumedDefault:
    """A default of a profile that nobody published, and what a bill would be with another."""

    path: str
    """What is assumed, as in the profile's evidence; ``flows`` for several of them together."""
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


class _Label(NamedTuple):
    path: str
    words: str
    instead: str


class _Variant(NamedTuple):
    labels: Sequence[_Label]
    """One for each scenario of the demand."""
    demand: Demand


def backed_fields(scenario: Scenario) -> dict[str, str]:
    """Numbers of the profile above 0 that a factor can scale, with the path of their evidence."""
    evidence = scenario.profile.evidence
    found: dict[str, str] = {}
    for field in profile_fields(scenario):
        path = field.removeprefix("profile.")
        if path.rpartition(".")[2] not in _SCALES:
            continue
        backed = [said for said in evidence if f"{path}.".startswith(f"{said}.")]
        if backed and current_value(scenario, field) > 0:
            # what was said of a part counts more than what was said of the whole
            found[field] = max(backed, key=len)
    return found


def assumed_defaults(
    scenario: Scenario, bill: Judged, bill_of: Callable[[Demand], Judged]
) -> tuple[AssumedDefault, ...]:
    """The assumed defaults that move a total by more than a fifth, or across a limit.

    A number is halved and doubled, alone and with those of other flows; another kind of heartbeat
    and another weekly shape take the place of assumed ones. Of an assumption about several numbers,
    the one that moves most stands for all.

    Args:
        scenario: of one profile, audience and location.
        bill: as it is.
        bill_of: the bill of another demand, which may stand for many.

    Returns:
        The largest first.
    """
    total_usd = float(bill.total_usd)
    is_within = State(str(bill.states)).is_within_limits
    totals_of: dict[tuple[str, str], dict[str, float]] = {}
    states_of: dict[tuple[str, str], dict[str, State]] = {}
    for labels, demand in _variants(scenario):
        with suppress(EstimatorError):
            other = bill_of(demand)
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


@lru_cache(maxsize=8)
def _variants(scenario: Scenario) -> tuple[_Variant, ...]:
    """Demands with other values of what is assumed, the same for all deployments."""
    evidence = scenario.profile.evidence
    assumed = {
        field: path
        for field, path in backed_fields(scenario).items()
        if evidence[path].grade == "assumption"
    }
    alone = [field for field in assumed if not _takes_arrays(field)]
    found: list[_Variant] = []
    if in_one_pass := {f: path for f, path in assumed.items() if f not in alone}:
        with suppress(EstimatorError):
            found.append(_in_one_pass(scenario, in_one_pass))
    for field in alone:
        for factor, instead in ((1 / FACTOR, _HALF), (FACTOR, _TWICE)):
            label = _Label(assumed[field], field_words(field), instead)
            with suppress(EstimatorError):
                value = current_value(scenario, field) * factor
                changed = with_values(scenario, {field: value})
                found.append(_Variant((label,), expected_demand(changed)))
    found.extend(_choices(scenario))
    return tuple(found)


def _takes_arrays(field: str) -> bool:
    return field.rpartition(".")[2] not in _ONE_AT_A_TIME and ".parts." not in field


def _in_one_pass(scenario: Scenario, assumed: Mapping[str, str]) -> _Variant:
    """Each number halved and doubled in turn, then one of each flow at once, in one demand."""
    fields = [*assumed]
    turns: list[tuple[Sequence[str], str, str]] = [
        ((field,), assumed[field], field_words(field)) for field in fields
    ]
    messages = _leading(scenario, fields)
    if len(messages) > 1:
        names = ", ".join(map(_flow, messages))
        turns.append((messages, "flows", f"messages of {names} together"))
    labels: list[_Label] = []
    factors = np.ones((len(fields), 2 * len(turns)))
    for turn, (moved, path, words) in enumerate(turns):
        labels += [_Label(path, words, instead) for instead in (_HALF, _TWICE)]
        rows = [fields.index(field) for field in moved]
        factors[rows, 2 * turn : 2 * turn + 2] = 1 / FACTOR, FACTOR
    values = {
        field: current_value(scenario, field) * row
        for field, row in zip(fields, factors, strict=True)
    }
    return _Variant(labels, expected_demand(with_values(scenario, values)))


def _leading(scenario: Scenario, assumed: Sequence[str]) -> tuple[str, ...]:
    """Of each flow the assumed number that makes its messages more or fewer, its rate first."""
    found: dict[str, str] = {}
    for name, flow in scenario.profile.flows.items():
        endings = ["rate_per_hour"]
        # what the server publishes is counted by those who receive it
        endings += ["fan_out"] if flow.direction == "client_to_server" else []
        for field in (f"{_FLOWS}{name}.{ending}" for ending in endings):
            if field in assumed:
                found.setdefault(name, field)
    return tuple(found.values())


def _flow(field: str) -> str:
    return field.removeprefix(_FLOWS).partition(".")[0]


def _choices(scenario: Scenario) -> Iterator[_Variant]:
    """The other kind of heartbeat, and other weekly shapes, where these are assumed."""
    profile = scenario.profile

    def with_profile(path: str, words: str, instead: str, **changes: object) -> _Variant:
        changed = scenario.replace(profile=profile.model_copy(update=changes))
        return _Variant((_Label(path, words, instead),), expected_demand(changed))

    assumed = {path for path, said in profile.evidence.items() if said.grade == "assumption"}
    if "heartbeat.kind" in assumed and profile.heartbeat is not None:
        other = "application" if profile.heartbeat.kind == "protocol" else "protocol"
        beat = profile.heartbeat.model_copy(update={"kind": other})
        instead = "sending messages" if other == "application" else "pings"
        yield with_profile("heartbeat.kind", "kind of heartbeat", instead, heartbeat=beat)
    if "weekly_shape" in assumed:
        for name in _SHAPES:
            shape = load_shape(name)
            if shape is not profile.weekly_shape:
                yield with_profile(
                    "weekly_shape", "weekly shape", f"the shape {name}", weekly_shape=shape
                )
