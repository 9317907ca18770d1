"""Faults and surges as people write them on one line: a name, then fields with their values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TypeVar

from pydantic import ValidationError

from estimator.documents import YamlDocument, error_text
from estimator.errors import ScenarioError, UnknownNameError
from estimator.scenario.model import Model

M = TypeVar("M", bound=Model)


def parse_sentence(text: str, tag: str, kinds: Sequence[type[M]]) -> M:
    """Read one line such as ``outage at Tue 14:00 share 30% lasts 5 min``.

    Args:
        text: the name of one of ``kinds``, then each field followed by its value. Words of a name
            may be joined by spaces, hyphens or underscores.
        tag: the field whose only value is the name; messages call it so too.
        kinds: the models there are to choose from.

    Raises:
        UnknownNameError: no such name, or no such field.
        ScenarioError: nothing is written, or a field is missing, given twice, or has a value that
            it cannot have.
    """
    name, values = sentence_parts(text, tag, kinds)
    kind = _named(kinds, tag)[name]
    fields = [field for field in kind.model_fields if field != tag]
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        for field in _faulty(error) & values.keys():
            _refuse_unknown_field(kind, f"field of {name}", field, values, fields)
        raise ScenarioError(error_text(error, YamlDocument(values, f"'{text}'"), kind)) from None


def sentence_parts(text: str, tag: str, kinds: Sequence[type[Model]]) -> tuple[str, dict[str, str]]:
    """The name and the fields of such a line, with their values as they are written.

    Raises:
        UnknownNameError: no such name, or no such field.
        ScenarioError: nothing is written, or a field is given twice.
    """
    named = _named(kinds, tag)
    name, rest = _name_and_rest(text, tag, named)
    fields = [field for field in named[name].model_fields if field != tag]
    return name, _values(text, rest, f"field of {name}", fields)


def _named(kinds: Sequence[type[M]], tag: str) -> dict[str, type[M]]:
    return {str(kind.model_fields[tag].default): kind for kind in kinds}


def _name_and_rest(text: str, tag: str, named: dict[str, type[M]]) -> tuple[str, str]:
    match = re.match(rf"\s*{_any_of(named)}", text, re.IGNORECASE)
    if match is not None:
        return _joined(match[1]), text[match.end() :]
    if not text.strip():
        raise ScenarioError(f"which {tag}? Write the name of one, such as '{next(iter(named))}'")
    fields = {field for kind in named.values() for field in kind.model_fields} - {tag}
    asked = re.split(_any_of(fields), text, maxsplit=1, flags=re.IGNORECASE)[0]
    raise UnknownNameError(tag, _joined(asked), named)


def _values(text: str, rest: str, kind: str, fields: list[str]) -> dict[str, str]:
    before, *parts = re.split(_any_of(fields), rest, flags=re.IGNORECASE)
    if before.strip():
        raise UnknownNameError(kind, before.split()[0], fields)
    names = [_joined(part) for part in parts[::2]]
    for name in names:
        if names.count(name) > 1:
            raise ScenarioError(f"'{text}': {name} is given twice")
    return dict(zip(names, (value.strip() for value in parts[1::2]), strict=True))


def _refuse_unknown_field(
    kind: type[M], title: str, field: str, values: dict[str, str], fields: list[str]
) -> None:
    """If a value would be right without its last words, these were meant as a field."""
    words = values[field].split()
    for kept in range(len(words) - 1, 0, -1):
        if kept == len(words) - 1 and words[kept - 1][-1].isdigit():
            continue  # one word after a number was meant as its unit
        try:
            kind.model_validate(values | {field: " ".join(words[:kept])})
        except ValidationError as error:
            if field in _faulty(error):
                continue
        raise UnknownNameError(title, words[kept], fields)


def _faulty(error: ValidationError) -> set[str]:
    """The fields whose values were refused."""
    return {str(key) for item in error.errors() for key in item["loc"][:1]}


def _any_of(names: Iterable[str]) -> str:
    """One group that matches any of the names as whole words, the longest first."""
    longest_first = sorted(names, key=len, reverse=True)
    spelled = "|".join(name.replace("_", r"[-_\s]+") for name in longest_first)
    return rf"(?<!\S)({spelled})(?!\S)"


def _joined(words: str) -> str:
    return "_".join(re.split(r"[-_\s]+", words.strip().lower()))
