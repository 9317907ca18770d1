"""How is a text read? As YAML or JSON, with the line on which each of its keys stands.

The length, depth and repetitions of a text are bounded before it is taken.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML, RoundTripConstructor, RoundTripRepresenter
from ruamel.yaml.composer import Composer, ComposerError, MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from estimator.errors import EstimatorError, cut, echo
from estimator.units import KIB

MOST_TEXT_CHARACTERS = 1024 * KIB
MOST_VALUES = 100_000
"""In a list, and in a file that repeats parts of itself by name, had it been written out."""
_MOST_YAML_CHARACTERS = 256 * KIB
"""Of a text that is not JSON: some seconds of reading, and four times the longest that ships."""
_MOST_DEPTH = 40
_MOST_MERGES = 200
"""Each takes longer than the one before."""
_MOST_FIELD_CHARACTERS = 100
_MOST_DIGITS = 300
"""Of an integer that is exact; longer ones do not fit into floating point either."""
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*%")
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The content of a YAML or JSON text, and the line on which each of its keys stands."""

    content: Any
    name: str
    lined: Callable[[], Any] | None = None
    """Gives the content with its lines, if it was read without: they are looked up when asked for,
    and kept no longer than the document."""

    def line_of(self, path: Sequence[int | str]) -> int | None:
        """Line (from 1) of the deepest part of ``path`` that is in the text."""
        node, line = self.lined() if self.lined else self.content, None
        for key in path:
            found = _line_in(node, key)
            if found is None:
                break
            line = found
            node = node[key]
        return line

    def where(self, path: Sequence[int | str]) -> str:
        """Where an error is, as an editor shows it: ``file, line 12, flows.posts``."""
        line = self.line_of(path)
        field = cut(".".join(map(str, path)), _MOST_FIELD_CHARACTERS)
        parts = [cut(self.name, _MOST_FIELD_CHARACTERS), f"line {line}" if line else "", field]
        return ", ".join(part for part in parts if part)


def _line_in(node: Any, key: int | str) -> int | None:
    """Line (from 1) of a key of a mapping or list, or of what is merged into it by ``<<``."""
    marks = getattr(node, "lc", None)
    if marks is not None and marks.data and key in marks.data:
        return marks.data[key][0] + 1
    merged = getattr(node, "merge", ())
    # ruamel.yaml before 0.19 keeps each with its position
    mappings = (each[1] if isinstance(each, tuple) else each for each in merged)
    lines = (_line_in(each, key) for each in mappings)
    return next((line for line in lines if line is not None), None)


class _Plain(RoundTripConstructor):
    """Leaves dates as they are written: the model that wants one can say where a wrong one is."""

    def construct_yaml_int(self, node: Any) -> Any:
        """An integer, unless nothing could be computed with it."""
        if _is_long(node.value):
            return whole_number(node.value)
        return super().construct_yaml_int(node)


_Plain.add_constructor(
    "tag:yaml.org,2002:timestamp", lambda constructor, node: constructor.construct_scalar(node)
)
_Plain.add_constructor("tag:yaml.org,2002:int", _Plain.construct_yaml_int)


def whole_number(text: str) -> int | float:
    """An integer as it is written; infinite, if it has more digits than floating point takes.

    >>> whole_number("12"), whole_number("9" * 400)
    (12, inf)
    """
    if _is_long(text):
        return -math.inf if text.startswith("-") else math.inf
    return int(text)


def _is_long(text: str) -> bool:
    return len(text) > _MOST_DIGITS


class _Untagged(Composer):
    """Refuses tags, since what a value is shows in how it is written, and merges without end."""

    merges = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A part of a file, unless it is tagged."""
        event = self.parser.peek_event()
        if tag := getattr(event, "tag", None):
            key = getattr(index, "value", "")  # of the mapping that holds it; lists have numbers
            message = f"{f'{key}: ' if key else ''}tag {tag} is not allowed: leave it out"
            raise ComposerError(None, None, message, event.start_mark)
        self.merges += getattr(event, "value", None) == "<<"
        if self.merges > _MOST_MERGES:
            message = f"more than {_MOST_MERGES} merges (<<): write the values out"
            raise ComposerError(None, None, message, event.start_mark)
        return super().compose_node(parent, index)


def _parser() -> YAML:
    parser = YAML(typ="rt")
    parser.Constructor = _Plain
    parser.Composer = _Untagged
    parser.max_depth = _MOST_DEPTH
    return parser


def _written_out(node: Any, known: dict[int, tuple[int, int]]) -> tuple[int, int]:
    """Values in a part of a file and how deep they are nested, repetitions written out.

    Raises:
        RecursionError: a part holds itself.
    """
    if not isinstance(node, Mapping | list):
        return 1, 0
    if id(node) not in known:
        inner = node.values() if isinstance(node, Mapping) else node
        found = [_written_out(each, known) for each in inner]
        known[id(node)] = 1 + sum(n for n, _ in found), 1 + max((d for _, d in found), default=0)
    return known[id(node)]


def _with_lines(json_text: str) -> Any:
    """The content of a JSON text with the line of each key; None if YAML cannot read it."""
    try:
        return _parser().load(json_text)
    except (YAMLError, RecursionError):
        return None


def read_json(
    text: str, name: str, error: type[EstimatorError], *, with_lines: bool = True
) -> YamlDocument:
    """Parse JSON text that must hold an object.

    Args:
        text: the whole text.
        name: how messages call it.
        error: the class of error to raise.
        with_lines: whether messages name lines, which mean nothing in a link; those of a text that
            is too long to be YAML are not looked up.

    Raises:
        ValueError: no JSON object, nested without end, or a key is given twice.
        EstimatorError: of the class ``error``; more than a text may hold.

    >>> read_json(json.dumps({"name": "😀"}), "link", EstimatorError).content["name"]
    '😀'
    """
    _check_length(text, name, error)
    try:
        content = json.loads(text, parse_int=whole_number, object_pairs_hook=_without_repetition)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(content, dict):
        raise ValueError("no object at the top")
    is_short = len(text) <= _MOST_YAML_CHARACTERS
    lined = cache(partial(_with_lines, text)) if with_lines and is_short else None
    return _checked(YamlDocument(content, name, lined), error)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key is given twice")
    return content


def read_yaml(text: str, name: str, error: type[EstimatorError]) -> YamlDocument:
    """Parse YAML or JSON text that must hold a mapping.

    Args:
        text: the whole file.
        name: how messages call it.
        error: the class of error to raise.

    Raises:
        EstimatorError: of the class ``error``; empty, neither YAML nor JSON, tagged, a key given
            twice, no mapping at the top, or more than a text may hold.
    """
    text = text.removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        try:
            return read_json(text, name, error)
        except ValueError:
            pass  # YAML too can begin with a brace, and tells where an error is
    if len(text) > _MOST_YAML_CHARACTERS:
        raise error(
            f"{name}: more than {_MOST_YAML_CHARACTERS:,} characters of YAML: leave out what is "
            f"not needed, or write JSON, of which there may be {MOST_TEXT_CHARACTERS:,}"
        )
    if directive := _DIRECTIVE.match(text):
        line = directive[0].count("\n") + 1
        raise error(f"{name}, line {line}: not valid YAML: leave out directives (lines with %)")
    try:
        content = _parser().load(text)
    except MaxDepthExceededError:
        raise error(f"{name}: not valid YAML: nested too deeply") from None
    except MarkedYAMLError as found:
        mark = found.problem_mark or found.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        problem = " ".join(str(found.problem or found.context or "cannot be parsed").split())
        raise error(f"{name}{line}: not valid YAML: {problem}") from None
    except YAMLError as found:
        raise error(f"{name}: not valid YAML: {' '.join(str(found).split())}") from None
    except RecursionError:
        raise error(f"{name}: not valid YAML: nested too deeply") from None
    return _checked(YamlDocument(content, name), error)


def _check_length(text: str, name: str, error: type[EstimatorError]) -> None:
    if len(text) > MOST_TEXT_CHARACTERS:
        raise error(
            f"{name}: more than {MOST_TEXT_CHARACTERS:,} characters: leave out what is not needed, "
            "or build the scenario in Python"
        )


def _checked(document: YamlDocument, error: type[EstimatorError]) -> YamlDocument:
    """The document, unless it holds no mapping, half a character, or too much."""
    content, name = document.content, document.name
    try:
        values, depth = _written_out(content, {})
    except RecursionError:
        raise error(f"{name}: nested too deeply") from None
    if depth > _MOST_DEPTH:
        raise error(f"{name}: nested too deeply: at most {_MOST_DEPTH} deep")
    if values > MOST_VALUES:
        raise error(
            f"{name}: {values:,} values, with parts that are repeated by name; at most "
            f"{MOST_VALUES:,}"
        )
    if content is None:
        raise error(f"{name}: the file is empty")
    if not isinstance(content, Mapping):
        found = "a list" if isinstance(content, list) else "a single value"
        raise error(f"{name}: expected 'key: value' lines, found {found}")
    if (path := _half_a_character(content, set())) is not None:
        raise error(f"{document.where(path)}: half of a surrogate pair, which is not a character")
    return document


def _half_a_character(node: Any, known: set[int]) -> list[int | str] | None:
    """Where a text holds a surrogate, which no file can be written with."""
    if isinstance(node, str):
        return [] if _SURROGATE.search(node) else None
    if not isinstance(node, Mapping | list) or id(node) in known:
        return None
    known.add(id(node))
    for key, value in node.items() if isinstance(node, Mapping) else enumerate(node):
        if isinstance(key, str) and _SURROGATE.search(key):
            return []
        if (path := _half_a_character(value, known)) is not None:
            return [key, *path]
    return None


def read_file(path: str | Path, error: type[EstimatorError]) -> YamlDocument:
    """Parse a YAML or JSON file that must hold a mapping.

    Raises:
        EstimatorError: of the class ``error``; the file cannot be read, or as for ``read_yaml``.
    """
    try:
        with Path(path).open(encoding="utf-8") as file:
            text = file.read(MOST_TEXT_CHARACTERS + 1)
    except UnicodeDecodeError:
        raise error(f"{path}: not a text file in UTF-8") from None
    except OSError as found:
        raise error(f"{path}: {found.strerror or found}") from None
    except ValueError as found:  # a name that no file can have
        raise error(f"{echo(str(path))} is not the name of a file: {found}") from None
    return read_yaml(text, str(path), error)


class _Quoting(RoundTripRepresenter):
    """Quotes texts with characters that YAML would take for the end of a line, or refuse."""

    def represent_str(self, data: str) -> Any:
        """A text in quotes, if one of its characters needs an escape."""
        plain = data.isprintable() or data.replace("\n", "").isprintable()
        tag, style = "tag:yaml.org,2002:str", None if plain else '"'
        return self.represent_scalar(tag, data, style=style)


_Quoting.add_representer(str, _Quoting.represent_str)


def yaml_text(content: Mapping[str, Any]) -> str:
    """Plain lists, texts and numbers as YAML, which reads as the same again.

    >>> print(yaml_text({"title": "Ours", "rates": [1, 2.5]}), end="")
    title: Ours
    rates:
    - 1
    - 2.5
    """
    stream = io.StringIO()
    writer = YAML()
    writer.Representer = _Quoting
    writer.dump(content, stream)
    return stream.getvalue()
