"""In which fields do two scenarios differ?"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Final

from estimator.deployments.registry import assumptions, find_deployment
from estimator.format import quantity_text
from estimator.scenario.scenario import Scenario

_NOT_GIVEN: Final = "not given"
_LONGEST: Final = 60
"""Letters of a value that can be read on one line beside another."""
_NO_MATTER: Final = {"evidence"}
"""What a profile says without any effect on the result."""
_DISRUPTIONS: Final = ("faults", "surges")


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field whose value differs from before."""

    path: str
    """Where it stands, such as ``profile.flows.posts.rate_per_hour``."""
    before: Any
    """As plain lists, texts and numbers; None if it was not given."""
    after: Any

    @property
    def texts(self) -> tuple[str, str]:
        """Both values for people; what is too long to be read is cut or counted."""
        before, after = _text(self.before), _text(self.after)
        if before == after:  # as far as they are shown
            before, after = _in_full(self.before), _in_full(self.after)
        if max(len(before), len(after)) > _LONGEST:
            before, after = _counted(self.before), _counted(self.after)
        return before, after if before != after else f"{after}, others"

    @property
    def words(self) -> str:
        """The change on one line."""
        before, after = self.texts
        return f"{self.path}: {before} → {after}"


def field_changes(old: Scenario, new: Scenario) -> tuple[FieldChange, ...]:
    """Every field whose value differs; what is left out counts as its default.

    Args:
        old: before.
        new: after.

    Raises:
        EstimatorError: an option or answer that does not exist.

    >>> old = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> [each.words for each in field_changes(old, old.replace(location="tokyo"))]
    ['location: virginia → tokyo']
    """
    before, after = (_said(one) for one in (old, new))
    if not (isinstance(before["profile"], str) and isinstance(after["profile"], str)):
        # at least one is not a shipped profile: its differing fields are listed, not its name
        before["profile"] = old.profile.model_dump(mode="json")
        after["profile"] = new.profile.model_dump(mode="json")
    for name in {*old.options, *new.options}:
        for scenario, said in ((old, before), (new, after)):
            chosen = find_deployment(name).check_options(scenario.options.get(name, {}))
            said["options"][name] = chosen.model_dump(mode="json")
    for name in {*old.assumptions, *new.assumptions}:
        for said in (before, after):
            said["assumptions"].setdefault(name, assumptions()[name].default)
    return tuple(_differing(before, after, ""))


def _said(scenario: Scenario) -> dict[str, Any]:
    said = scenario.model_dump(mode="json")
    for field in _DISRUPTIONS:
        said[field] = [each.words for each in getattr(scenario, field)]
    return said


def _differing(before: Any, after: Any, path: str) -> Iterator[FieldChange]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            if key not in _NO_MATTER:
                beneath = f"{path}.{key}" if path else str(key)
                yield from _differing(before.get(key), after.get(key), beneath)
    elif _holds_entries(before) and _holds_entries(after):
        for index, (one, other) in enumerate(zip_longest(before, after)):
            yield from _differing(one, other, f"{path}[{index}]")
    elif before != after:
        yield FieldChange(path, before, after)


def _holds_entries(value: Any) -> bool:
    """Whether it is a list of things that have fields of their own."""
    return isinstance(value, list) and any(isinstance(each, Mapping) for each in value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return quantity_text(value)
    return _in_full(value)


def _in_full(value: Any) -> str:
    if value is None or value in ([], {}):
        return _NOT_GIVEN
    if isinstance(value, str):
        return value
    if isinstance(value, Sequence) and all(isinstance(each, str) for each in value):
        return "; ".join(value)
    return json.dumps(value, ensure_ascii=False)


def _counted(value: Any) -> str:
    text = _in_full(value)
    if len(text) <= _LONGEST:
        return text
    if isinstance(value, Mapping):
        return f"{len(value)} fields"
    if isinstance(value, Sequence) and not all(isinstance(each, str) for each in value):
        return f"{len(value)} values"
    return f"{text[:_LONGEST]}…"
