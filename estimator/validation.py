"""How does a model refuse? In the words of ``errors``, with the file, the line and the field."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from itertools import islice
from pathlib import PurePath
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

from pydantic import BaseModel, Field, ModelWrapValidatorHandler, ValidationError, model_validator

# pydantic has no public name for the metaclass of its models
from pydantic._internal._model_construction import ModelMetaclass
from pydantic_core import InitErrorDetails, PydanticCustomError

from estimator.documents import MOST_VALUES, YamlDocument
from estimator.errors import (
    MOST_MESSAGE_CHARACTERS,
    EstimatorError,
    PricingDataError,
    UnknownNameError,
    cut,
    echo,
    is_own_mistake,
)

_MOST_CHARACTERS_OF_ERRORS = MOST_MESSAGE_CHARACTERS - len("\nand 100,000 more errors")
"""How many more errors there are must fit into the message too."""
_FEWEST_CHARACTERS_OF_AN_ERROR = 120
M = TypeVar("M", bound=BaseModel)
Name = Annotated[str, Field(max_length=200)]
"""A title, or what something is called."""
Prose = Annotated[str, Field(max_length=4_000)]
"""A note of some paragraphs."""


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
    items = error.errors(include_url=False, include_context=True)
    # what is missing may be there, misspelled: then that is to be read first
    for item in sorted(items, key=lambda each: each["type"] == "missing"):
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
    elif item["type"].startswith("date_"):
        message = f"expected a date that exists, such as 2026-11-09, not {echo(item['input'])}"
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
        items = tuple(islice(given, MOST_VALUES + 1))
    except TypeError:
        raise ValueError(f"expected a list, not {echo(given)}") from None
    if len(items) > MOST_VALUES:
        raise ValueError(f"expected at most {MOST_VALUES:,} items")
    return items


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
                if is_own_mistake(error):
                    raise
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
        wrong = [
            InitErrorDetails(type=_no_number(value), loc=(name,), input=value)
            for name in fields
            if (value := _truth_value_in(said.get(name))) is not None
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
    # whether something is a mapping takes longer to find out than all else
    if value is None or isinstance(value, float | int | str):
        return None
    inner = value.values() if isinstance(value, Mapping) else value
    if not isinstance(value, Mapping | list | tuple):
        return None
    return next((each for each in inner if isinstance(each, bool)), None)
