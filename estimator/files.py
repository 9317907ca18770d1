"""How are files read, and their errors told? With the file, the line and the field of each.

Scenario files, links and the files of ``pricing_data``, which are found the same way in a checkout
and installed.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from ruamel.yaml import YAML, RoundTripConstructor
from ruamel.yaml.composer import MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from estimator.errors import EstimatorError, PricingDataError, UnknownNameError

_MOST_DEPTH = 40
_MOST_VALUES = 100_000
"""In a file that repeats parts of itself by name, had it been written out."""
_MOST_DIGITS = 300
"""Of an integer that is exact; longer ones do not fit into floating point either."""
T = TypeVar("T", bound="Entry")
M = TypeVar("M", bound=BaseModel)
Confidence = Literal["confirmed", "single_source", "inferred"]
"""confirmed: seen at the vendor or in two independent copies; inferred: not seen, but follows."""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The content of a YAML text, and the line on which each of its keys stands."""

    content: Any
    name: str

    def line_of(self, path: Sequence[int | str]) -> int | None:
        """Line (from 1) of the deepest part of ``path`` that is in the text."""
        node, line = self.content, None
        for key in path:
            marks = getattr(node, "lc", None)
            if marks is None or not marks.data or key not in marks.data:
                break
            line = marks.data[key][0] + 1
            node = node[key]
        return line

    def where(self, path: Sequence[int | str]) -> str:
        """Where an error is, as an editor shows it: ``file, line 12, flows.posts``."""
        line = self.line_of(path)
        parts = [self.name, f"line {line}" if line else "", ".".join(map(str, path))]
        return ", ".join(part for part in parts if part)


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


def _parser() -> YAML:
    parser = YAML(typ="rt")
    parser.Constructor = _Plain
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


def read_yaml(text: str, name: str, error: type[EstimatorError]) -> YamlDocument:
    """Parse YAML text that must hold a mapping.

    Args:
        text: the whole file.
        name: how messages call it.
        error: the class of error to raise.

    Raises:
        EstimatorError: empty, not YAML, a key given twice, or no mapping at the top.
    """
    try:
        content = _parser().load(text)
        values, depth = _written_out(content, {}) if "*" in text else (0, 0)
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
    if depth > _MOST_DEPTH:
        raise error(f"{name}: nested too deeply")
    if values > _MOST_VALUES:
        raise error(f"{name}: parts are repeated by name until there are {values:,} values")
    if content is None:
        raise error(f"{name}: the file is empty")
    if not isinstance(content, Mapping):
        found = "a list" if isinstance(content, list) else "a single value"
        raise error(f"{name}: expected 'key: value' lines, found {found}")
    return YamlDocument(content, name)


def read_file(path: str | Path, error: type[EstimatorError]) -> YamlDocument:
    """Parse a YAML file that must hold a mapping.

    Raises:
        EstimatorError: of the class ``error``; the file cannot be read, or as for ``read_yaml``.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise error(f"{path}: not a text file in UTF-8") from None
    except OSError as found:
        raise error(f"{path}: {found.strerror or found}") from None
    return read_yaml(text, str(path), error)


def validated(
    document: YamlDocument, model: type[M], error: type[EstimatorError], context: object = None
) -> M:
    """The content of a document as a model.

    Raises:
        EstimatorError: of the class ``error``; every error, each with where it is.
    """
    try:
        return model.model_validate(document.content, context=context)
    except ValidationError as found:
        raise error(error_text(found, document, model)) from None


def names_in(folder: Traversable) -> list[str]:
    """The names of the YAML files in a folder, in alphabetical order."""
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


def error_text(error: ValidationError, document: YamlDocument, model: type[BaseModel]) -> str:
    """Every error of a validation in one text, each with where it is and what would be right.

    Args:
        error: what the validation of ``document`` by ``model`` raised.
        document: what was validated.
        model: names the fields that would be right where an unknown one stands.
    """
    return "\n".join(dict.fromkeys(_described(item, document, model) for item in error.errors()))


def tag_of(model: type[BaseModel]) -> str | None:
    """The field that tells one member of a union from the others: it can hold one text only."""
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            return name
    return None


def _described(item: Mapping[str, Any], document: YamlDocument, model: type[BaseModel]) -> str:
    message = item["msg"].removeprefix("Value error, ")
    if item["type"] == "extra_forbidden":
        name = str(item["loc"][-1])
        message = str(UnknownNameError("field", name, _fields_beside(item["loc"], model)))
    elif item["type"] == "union_tag_invalid":
        told = {key: str(value).replace("'", "") for key, value in item["ctx"].items()}
        valid = told["expected_tags"].split(", ")
        message = str(UnknownNameError(told["discriminator"], told["tag"], valid))
    elif item["type"] == "union_tag_not_found":
        message = f"required field {item['ctx']['discriminator']} is missing"
    elif item["type"] == "missing":
        message = "required field is missing"
    elif not isinstance(item["input"], Mapping | list) and item["type"] != "value_error":
        message = f"{message[0].lower()}{message[1:]}, not {item['input']!r}"
    return f"{document.where(_written(item, document.content))}: {message}"


def _written(item: Mapping[str, Any], content: Any) -> list[int | str]:
    """The path of an error without the names that pydantic puts in between (tags of unions)."""
    path: list[int | str] = []
    node = content
    for key in item["loc"]:
        if _holds(node, key):
            node = node[key]
        elif item["type"] != "missing" or key != item["loc"][-1]:
            continue
        path.append(key)
    return path


def _holds(node: Any, key: int | str) -> bool:
    if isinstance(key, int):
        return isinstance(node, list) and key < len(node)
    return isinstance(node, Mapping) and key in node


def _fields_beside(path: Sequence[int | str], model: type[BaseModel]) -> set[str]:
    """The fields there are where the last part of ``path`` is not one."""
    candidates = [model]
    for key in path[:-1]:
        found = [inner for each in candidates for inner in _models_under(each, key)]
        candidates = found or candidates
    return {name for each in candidates for name in each.model_fields}


def _models_under(model: type[BaseModel], key: int | str) -> list[type[BaseModel]]:
    field = model.model_fields.get(str(key))
    if field is not None:
        return list(_models_in(field.annotation))
    # the tag of a union names one member; anything else is the key of an entry
    tag = tag_of(model)
    return [model] if tag and model.model_fields[tag].default == key else []


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


class Entry(BaseModel):
    """Base of an entry of a data file: unknown fields are refused, nothing changes later."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False
    )


class Sourced(Entry):
    """Base of a row that says where it was read, when, and how sure that is."""

    source: str
    checked_on: dt.date
    confidence: Confidence
    note: str | None = None


class Figure(Entry):
    """A measured figure."""

    value: Annotated[float, Field(gt=0)]
    source: str
    confidence: Confidence
    note: str | None = None


def has_data(relative_path: str) -> bool:
    """Whether ``pricing_data`` has such a file."""
    return files("pricing_data").joinpath(*relative_path.split("/")).is_file()


def data_text(relative_path: str) -> str:
    """Text of a file of ``pricing_data``, by its path inside that folder."""
    resource = files("pricing_data").joinpath(*relative_path.split("/"))
    if not resource.is_file():
        raise PricingDataError(f"pricing_data/{relative_path}: no such file")
    return resource.read_text(encoding="utf-8")


@cache
def load_mapping(relative_path: str, model: type[T]) -> dict[str, T]:
    """Validated entries of a YAML file of ``pricing_data``, by their id."""
    name = f"pricing_data/{relative_path}"
    document = read_yaml(data_text(relative_path), name, PricingDataError)
    try:
        return TypeAdapter(dict[str, model]).validate_python(document.content)  # pyright: ignore[reportInvalidTypeForm]
    except ValidationError as error:
        raise PricingDataError(error_text(error, document, model)) from None


@cache
def load_rows(relative_path: str, model: type[T]) -> tuple[T, ...]:
    """Validated rows of a CSV file of ``pricing_data``; empty cells count as absent."""
    name = f"pricing_data/{relative_path}"
    header, *lines = csv.reader(io.StringIO(data_text(relative_path)))
    rows: list[dict[str, str]] = []
    for number, line in enumerate(lines, start=2):
        if len(line) != len(header):
            raise PricingDataError(
                f"{name}, line {number}: {len(line)} cells, but the header has {len(header)}"
            )
        rows.append({key: cell for key, cell in zip(header, line, strict=True) if cell})
    try:
        return tuple(TypeAdapter(list[model]).validate_python(rows))  # pyright: ignore[reportInvalidTypeForm]
    except ValidationError as error:
        first = error.errors()[0]
        row, *column = first["loc"]
        # the first row of figures stands on line 2, below the header
        raise PricingDataError(
            f"{name}, line {int(row) + 2}, {'.'.join(map(str, column))}: {first['msg']}"
        ) from None
