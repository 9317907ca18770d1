"""How are files read, and their errors told? With the file, the line and the field of each.

Scenario files, links and the files of ``pricing_data``, which are found the same way in a checkout
and installed. The length, depth and repetitions of a text are bounded before it is taken.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path, PurePath
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    Literal,
    Self,
    TypeVar,
    get_args,
    get_origin,
)

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)

# pydantic has no public name for the metaclass of its models
from pydantic._internal._model_construction import ModelMetaclass
from pydantic_core import InitErrorDetails, PydanticCustomError
from ruamel.yaml import YAML, RoundTripConstructor
from ruamel.yaml.composer import Composer, ComposerError, MaxDepthExceededError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from estimator.errors import EstimatorError, PricingDataError, UnknownNameError, cut, echo
from estimator.units import KIB

MOST_CHARACTERS = 1024 * KIB
"""Of a text."""
_MOST_YAML_CHARACTERS = 256 * KIB
"""Of a text that is not JSON: some seconds of reading, and four times the longest that ships."""
_MOST_DEPTH = 40
_MOST_VALUES = 100_000
"""In a file that repeats parts of itself by name, had it been written out."""
_MOST_MERGES = 200
"""Each takes longer than the one before."""
_MOST_FIELD_CHARACTERS = 100
_MOST_CHARACTERS_OF_ERRORS = 370
"""How many more errors there are must fit into the message too."""
_FEWEST_CHARACTERS_OF_AN_ERROR = 120
_MOST_DIGITS = 300
"""Of an integer that is exact; longer ones do not fit into floating point either."""
_DIRECTIVE = re.compile(r"(?:[ \t]*(?:#.*)?\r?\n)*%")
_SURROGATE = re.compile("[\ud800-\udfff]")
T = TypeVar("T", bound="Entry")
M = TypeVar("M", bound=BaseModel)
Name = Annotated[str, Field(max_length=200)]
"""A title, or what something is called."""
Prose = Annotated[str, Field(max_length=4_000)]
"""A note of some paragraphs."""
Confidence = Literal["confirmed", "single_source", "inferred"]
"""confirmed: seen at the vendor or in two independent copies; inferred: not seen, but follows."""


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """The content of a YAML or JSON text, and the line on which each of its keys stands."""

    content: Any
    name: str
    json_text: str = ""
    """What the content was read from, if it was JSON: its lines are looked up when asked for."""

    def line_of(self, path: Sequence[int | str]) -> int | None:
        """Line (from 1) of the deepest part of ``path`` that is in the text."""
        node, line = _with_lines(self.json_text) if self.json_text else self.content, None
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


@lru_cache(maxsize=1)
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
        with_lines: whether messages name lines, which mean nothing in a link.

    Raises:
        ValueError: no JSON object, nested without end, or a key is given twice.
        EstimatorError: of the class ``error``; more than a text may hold.

    >>> read_json(json.dumps({"name": "😀"}), "link", PricingDataError).content["name"]
    '😀'
    """
    _check_length(text, name, error)
    try:
        content = json.loads(text, parse_int=whole_number, object_pairs_hook=_without_repetition)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(content, dict):
        raise ValueError("no object at the top")
    return _checked(YamlDocument(content, name, text if with_lines else ""), error)


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        raise ValueError("a key is given twice")
    return content


def items_of(given: Any) -> tuple[Any, ...]:
    """What is in a list, or in anything else that has items, read once.

    Raises:
        ValueError: it has none, or more than any list can be meant to have.

    >>> items_of(range(3))
    (0, 1, 2)
    """
    if isinstance(given, str | bytes | bytearray):
        raise ValueError(f"expected a list, not {echo(given)}")
    try:
        items = tuple(islice(given, _MOST_VALUES + 1))
    except TypeError:
        raise ValueError(f"expected a list, not {echo(given)}") from None
    if len(items) > _MOST_VALUES:
        raise ValueError(f"expected at most {_MOST_VALUES:,} items")
    return items


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
            f"not needed, or write JSON, of which there may be {MOST_CHARACTERS:,}"
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
    if len(text) > MOST_CHARACTERS:
        raise error(
            f"{name}: more than {MOST_CHARACTERS:,} characters: leave out what is not needed, or "
            "build the scenario in Python"
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
    if values > _MOST_VALUES:
        raise error(
            f"{name}: {values:,} values, with parts that are repeated by name; at most "
            f"{_MOST_VALUES:,}"
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
            text = file.read(MOST_CHARACTERS + 1)
    except UnicodeDecodeError:
        raise error(f"{path}: not a text file in UTF-8") from None
    except OSError as found:
        raise error(f"{path}: {found.strerror or found}") from None
    except ValueError as found:  # a name that no file can have
        raise error(f"{echo(str(path))} is not the name of a file: {found}") from None
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


def error_text(error: ValidationError, document: YamlDocument, model: Any) -> str:
    """The errors of a validation in one text, each with where it is and what would be right.

    As many as a message holds; it says how many more there are.

    Args:
        error: what the validation of ``document`` by ``model`` raised.
        document: what was validated.
        model: what the content was to be, a model or a type made of models; names the fields that
            would be right where an unknown one stands.
    """
    lines = _lines(error, document, model)
    if _is_too_much(lines):
        # of a long path the last part says enough
        named = replace(document, name=PurePath(document.name).name)
        lines = _lines(error, named, model)
    shown = lines
    if _is_too_much(lines):
        most = max(_MOST_CHARACTERS_OF_ERRORS // len(lines), _FEWEST_CHARACTERS_OF_AN_ERROR)
        shown = [cut(line, most - 1) for line in lines[: _MOST_CHARACTERS_OF_ERRORS // most]]
    more = [f"and {len(lines) - len(shown):,} more errors"] if len(shown) < len(lines) else []
    return "\n".join([*shown, *more])


def _is_too_much(lines: list[str]) -> bool:
    return sum(len(line) + 1 for line in lines) > _MOST_CHARACTERS_OF_ERRORS


def _lines(error: ValidationError, document: YamlDocument, model: Any) -> list[str]:
    found: dict[str, dict[str, None]] = {}
    for item in error.errors(include_url=False, include_context=True):
        where, what = _described(item, document, model)
        found.setdefault(where, {})[what] = None
    # several of one field: none of the kinds that it can be
    return [f"{where}: {_either([*what])}" for where, what in found.items()]


def _either(messages: list[str]) -> str:
    """Several errors in one: what is given is named once.

    >>> _either(["expected a Client, not 5", "expected a list, not 5"])
    'expected a Client or a list, not 5'
    """
    first, *others = [message.partition(", not ") for message in messages]
    if any(given != first[2] for _, _, given in others):
        return " or ".join(messages)
    heads = [first[0], *(head.removeprefix("expected ") for head, _, _ in others)]
    return f"{' or '.join(heads)}{first[1]}{first[2]}"


def tag_of(model: type[BaseModel]) -> str | None:
    """The field that tells one member of a union from the others: it can hold one text only."""
    for name, field in model.model_fields.items():
        if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
            return name
    return None


def _described(item: Mapping[str, Any], document: YamlDocument, model: Any) -> tuple[str, str]:
    """Where an error is, and what it is."""
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
        message = f"{message[0].lower()}{message[1:]}, not {echo(item['input'])}"
    return document.where(_written(item, document.content)), message


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


def _fields_beside(path: Sequence[int | str], model: Any) -> set[str]:
    """The fields there are where the last part of ``path`` is not one."""
    candidates = [*_models_in(model)]
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


UNREADABLE = (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What objects of other packages raise when they are looked at."""


def unreadable_text(value: object, error: Exception) -> str:
    """What to say of an object that cannot be looked at."""
    return f"{echo(value)} cannot be read ({type(error).__name__}: {cut(str(error))})"


class _SpeakingMetaclass(ModelMetaclass):
    if TYPE_CHECKING:  # as for any class

        def __hash__(cls) -> int: ...  # noqa: N805 - of a metaclass

    else:  # type checkers shall see pydantic's own signature

        def __call__(cls, *args, **kwargs):  # noqa: N805 - of a metaclass
            if args:
                raise cls.refusal(f"{cls.__name__}: give its fields by name, not {echo(args[0])}")
            try:
                # what is read only once may have no end
                read = {
                    name: items_of(value) if isinstance(value, Iterator) else value
                    for name, value in kwargs.items()
                }
                return super().__call__(**read)
            except ValidationError as error:
                text = error_text(error, YamlDocument(kwargs, cls.__name__), cls)
                raise cls.refusal(text) from None
            except EstimatorError:
                raise
            except UNREADABLE as error:
                raise cls.refusal(f"{cls.__name__}: {unreadable_text(kwargs, error)}") from None


class Speaking(BaseModel, metaclass=_SpeakingMetaclass):
    """A model that refuses in our words what it cannot be made of, and truth values as numbers."""

    refusal: ClassVar[type[EstimatorError]] = PricingDataError
    """The class of error that it raises."""

    @model_validator(mode="wrap")
    @classmethod
    def _no_truth_values_as_numbers(
        cls, said: Any, validate: ModelWrapValidatorHandler[Self]
    ) -> Self:
        made = validate(said)
        fields = _fields_of_numbers(cls) if isinstance(said, Mapping) else ()
        truths = {name: _truth_value_in(said.get(name)) for name in fields}
        wrong = [
            InitErrorDetails(type=_no_number(value), loc=(name,), input=value)
            for name, value in truths.items()
            if value is not None
        ]
        if wrong:
            raise ValidationError.from_exception_data(cls.__name__, wrong)
        return made


@cache
def _fields_of_numbers(model: type[BaseModel]) -> tuple[str, ...]:
    """Fields that hold numbers, and no truth values."""
    kinds = {name: {*_kinds_in(field.annotation)} for name, field in model.model_fields.items()}
    return tuple(name for name, each in kinds.items() if each & {int, float} and bool not in each)


def _no_number(value: bool | None) -> PydanticCustomError:
    return PydanticCustomError("value_error", f"expected a number, not {value}")  # pyright: ignore[reportArgumentType]


def _kinds_in(annotation: Any) -> Iterator[Any]:
    yield annotation
    for argument in get_args(annotation):
        yield from _kinds_in(argument)


def _truth_value_in(value: Any) -> bool | None:
    if isinstance(value, bool):
        return value
    inner = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping | list | tuple):
        return None
    return next((each for each in inner if isinstance(each, bool)), None)


class Entry(Speaking):
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
