"""What do all models that people write share? They are strict and frozen; numbers take units.

Those that ship with the package, profiles and weekly shapes, are read by their names.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, lru_cache
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Literal, Self, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainSerializer,
    PlainValidator,
    ValidatorFunctionWrapHandler,
    WithJsonSchema,
    WrapValidator,
)
from pydantic_core import CoreSchema, PydanticKnownError, core_schema

from estimator.arrays import FloatArray, numbers
from estimator.documents import YamlDocument, read_yaml
from estimator.errors import ScenarioError, UnknownNameError, echo
from estimator.files import names_in
from estimator.scenario.local_time import UtcHours, moment_text
from estimator.units import (
    HOURS_PER_WEEK,
    SECONDS_PER_HOUR,
    Dimension,
    parse_number,
    parse_quantity,
    parse_share,
    parse_week_time,
    week_time_text,
)
from estimator.validation import Speaking, tag_of, validated

LARGEST = 1e12
"""Beyond any number of people, messages or bytes; keeps products far from infinity."""
SMALLEST = 1e-9
"""Below any of these, if not 0; keeps quotients far from infinity."""
LONGEST_HOURS = 87_600
"""Ten years."""
_SHORTEST_SECONDS = 0.001
MOST_OBSERVED = 1_000
"""Of a law that lists what was seen: more quantiles than a bill can tell apart."""
Shelf = Literal["profiles", "shapes"]
_TITLES: dict[Shelf, str] = {"profiles": "profile", "shapes": "weekly shape"}


class Model(Speaking):
    """Base of everything a person writes: unknown fields are refused, instances never change."""

    refusal = ScenarioError
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
        allow_inf_nan=False,
    )

    def model_post_init(self, context: Any) -> None:  # noqa: ARG002 - pydantic's signature
        """Count the tag of a union as said: without it the rest could not be read back."""
        if tag := tag_of(type(self)):
            self.__pydantic_fields_set__.add(tag)

    def __eq__(self, other: object) -> bool:
        """Equal when all fields are, arrays included."""
        return type(other) is type(self) and self._key == other._key

    def __hash__(self) -> int:
        """Agrees with equality, so that instances can be keys of caches."""
        return hash(self._key)

    @cached_property
    def _key(self) -> str:
        return self.model_dump_json()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields changed; what follows from fields is worked out anew."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            object.__delattr__(copied, name)
        return copied


class Law(Model):
    """A law of something random, of which many scenarios may each have one with another scale."""

    scale: ClassVar[str | None] = None
    """The field that may hold one figure per scenario; None if no field may."""

    @property
    def many(self) -> tuple[int, ...]:
        """Shape of the many scenarios that have a law each; () if it is that of a single one."""
        return () if self.scale is None else np.shape(getattr(self, self.scale))

    @property
    def singles(self) -> tuple[Self, ...]:
        """The laws of single scenarios, each that occurs once."""
        return self._singles[0] if self.many else (self,)

    @property
    def which(self) -> npt.NDArray[np.intp]:
        """Which of ``singles`` each scenario has, shape (*many,)."""
        return self._singles[1] if self.many else np.zeros((), np.intp)

    @cached_property
    def _singles(self) -> tuple[tuple[Self, ...], npt.NDArray[np.intp]]:
        scale = str(self.scale)
        found, which = np.unique(getattr(self, scale), return_inverse=True)
        laws = (self.model_copy(update={scale: one}) for one in found.tolist())
        return tuple(laws), which.reshape(self.many)

    def of_each(self, figure: Callable[..., Any], *said: Hashable) -> Any:
        """A figure of the law of each scenario, which is worked out once for each scale.

        Args:
            figure: what to work out of the law of a single scenario: a number or an array.
            said: what else it takes.

        Returns:
            What ``figure`` returns of a single law; of those of many, of shape (*many, ...).
        """
        if self.scale is None or not self.many:
            return figure(self, *said)
        return np.array([_kept(figure, one, *said) for one in self.singles])[self.which]


# Bills of the same scales follow each other. These laws are small, as they list nothing.
@lru_cache(maxsize=4096)
def _kept(figure: Callable[..., Any], law: Law, *said: Hashable) -> Any:
    return figure(law, *said)


def quantity(dimension: Dimension, unit: str) -> BeforeValidator:
    """Accept a number of ``unit``, or a text such as ``'90 min'`` that is converted to it."""

    def convert(value: object) -> object:
        return parse_quantity(value, dimension, unit) if isinstance(value, str) else value

    return BeforeValidator(convert)


def _schema(description: str, **bounds: float) -> WithJsonSchema:
    return WithJsonSchema(
        {"description": description, "anyOf": [{"type": "number", **bounds}, {"type": "string"}]}
    )


@dataclass(frozen=True)
class Within:
    """Narrows a number that may be written as a text, for the schema too."""

    most: float
    least: float = 0.0

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate like the wider type, and refuse what is above or below."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema of the wider type with narrower bounds of its number."""
        found = handler(schema)
        number, *others = found["anyOf"]
        least = max(number["minimum"], self.least)
        return {**found, "anyOf": [{**number, "minimum": least, "maximum": self.most}, *others]}

    def _checked(self, value: float) -> float:
        if value > self.most:
            raise PydanticKnownError("less_than_equal", {"le": self.most})
        if value < self.least:
            raise PydanticKnownError("greater_than_equal", {"ge": self.least})
        return value


def _not_below(least: float, written: str, *, or_zero: bool = False) -> AfterValidator:
    """Refuse what is too little to mean anything."""

    def check(value: float) -> float:
        if value < least and not (or_zero and value == 0):
            raise ValueError(f"must be at least {written}, but is {value:g}")
        return value

    return AfterValidator(check)


_TINY = _not_below(SMALLEST, f"{SMALLEST:g}")
_LONGEST_SECONDS = LONGEST_HOURS * SECONDS_PER_HOUR
_SHORTEST_HOURS = _SHORTEST_SECONDS / SECONDS_PER_HOUR
Hours = Annotated[
    float,
    quantity("time", "h"),
    Field(gt=0, le=LONGEST_HOURS),
    _not_below(_SHORTEST_HOURS, "1 ms"),
    _schema("hours, or a text such as '90 min'", minimum=_SHORTEST_HOURS, maximum=LONGEST_HOURS),
]
Seconds = Annotated[
    float,
    quantity("time", "s"),
    Field(le=_LONGEST_SECONDS),
    _not_below(_SHORTEST_SECONDS, "1 ms"),
    _schema(
        "seconds, or a text such as '2 min'", minimum=_SHORTEST_SECONDS, maximum=_LONGEST_SECONDS
    ),
]
Duration = Annotated[
    float,
    quantity("time", "s"),
    Field(ge=0, le=_LONGEST_SECONDS),
    _schema("seconds, or a text such as '2 min'; may be 0", minimum=0, maximum=_LONGEST_SECONDS),
]
RatePerSecond = Annotated[
    float,
    quantity("rate", "/s"),
    Field(gt=0, le=LARGEST),
    _TINY,
    _schema("times per second, or a text such as '50 / s'", minimum=SMALLEST, maximum=LARGEST),
]
Bytes = Annotated[
    float,
    quantity("size", "B"),
    Field(ge=0, le=LARGEST),
    _not_below(SMALLEST, f"{SMALLEST:g}", or_zero=True),
    _schema("bytes, or a text such as '2 KB' or '2 KiB'", minimum=0, maximum=LARGEST),
]
PositiveBytes = Annotated[
    float,
    quantity("size", "B"),
    Field(gt=0, le=LARGEST),
    _TINY,
    _schema("bytes, or a text such as '2 KB' or '2 KiB'", minimum=SMALLEST, maximum=LARGEST),
]
Sigma = Annotated[float, Field(ge=0.001, le=4)]
"""Standard deviation of a logarithm."""
Level = Annotated[float, Field(ge=0, le=LARGEST)]
"""Of something of which only the proportions count."""
Weight = Annotated[float, Field(gt=0, le=LARGEST)]
"""A share before it is known what all of them add to."""


def shares_of(weights: Sequence[float]) -> FloatArray:
    """Weights as shares that add to 1, whatever their order and however small they are.

    >>> shares_of([5e-324, 5e-324])
    array([0.5, 0.5])
    """
    scaled = np.array(weights) / max(weights)
    return scaled / math.fsum(scaled)


def _number(value: object) -> object:
    return float(parse_number(value)) if isinstance(value, str) else value


Clients = Annotated[
    float,
    BeforeValidator(_number),
    Field(gt=0, le=LARGEST),
    _TINY,
    _schema("a number, or a text such as '20,000'", minimum=SMALLEST, maximum=LARGEST),
]
ClientsOrNone = Annotated[
    float,
    BeforeValidator(_number),
    Field(ge=0, le=LARGEST),
    _not_below(SMALLEST, f"{SMALLEST:g}", or_zero=True),
    _schema("a number, or a text such as '20,000'; may be 0", minimum=0, maximum=LARGEST),
]


def _share(value: object) -> object:
    share = parse_share(value) if isinstance(value, str) else value
    if isinstance(share, bool) or (isinstance(share, int | float) and not 0 < share <= 1):
        raise ValueError(
            f"{echo(value)} is not a share: "
            "write one above 0 and up to 1, such as 0.3, '30%' or '1/3'"
        )
    return share


Share = Annotated[
    float,
    BeforeValidator(_share),
    _schema(
        "a share above 0 and up to 1, or a text such as '30%' or '1/3'",
        exclusiveMinimum=0,
        maximum=1,
    ),
]


def _week_time(value: object, validate: Callable[[Any], float]) -> float:
    clock_of_utc = isinstance(value, UtcHours)
    if isinstance(value, str):
        said = value.rstrip()
        clock_of_utc = said.upper().endswith("UTC")
        hours = parse_week_time(said[: -len("UTC")] if clock_of_utc else said)
    else:
        hours = value
    if isinstance(hours, bool) or (
        isinstance(hours, int | float) and not 0 <= hours < HOURS_PER_WEEK
    ):
        raise ValueError(
            f"{echo(value)} is not in the week that is simulated: write a day and an hour, such as "
            f"'Tue 14:00', or hours from Monday 00:00, from 0 to below {HOURS_PER_WEEK}"
        )
    return UtcHours(validate(hours)) if clock_of_utc else validate(hours)


def _week_time_said(hours: float) -> str | float:
    # what seconds cannot say stays a number, so that reading it again gives the same moment
    if parse_week_time(week_time_text(hours)) == hours:
        return moment_text(hours)
    return f"{float(hours)!r} UTC" if isinstance(hours, UtcHours) else hours


WeekTime = Annotated[
    float,
    WrapValidator(_week_time),
    PlainSerializer(_week_time_said),
    _schema(
        "a day and an hour such as 'Tue 14:00', or hours from Monday 00:00, in the local time of "
        "the location; in UTC as 'Tue 14:00 UTC'",
        minimum=0,
        exclusiveMaximum=HOURS_PER_WEEK,
    ),
]
"""Hours from Monday 00:00 of the local time of the location, or ``UtcHours``, within the week."""

_YEARS = range(2000, 2101)


def _moment(value: object) -> dt.datetime | float:
    if isinstance(value, str) and value.strip()[4:5] == "-":
        try:
            value = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError(
                f"{echo(value)} is not a date and time that exists: "
                "write one such as '2026-11-27 14:00'"
            ) from None
    if isinstance(value, dt.datetime):
        said = f"'{value.isoformat(' ', 'minutes')}'"
        if value.tzinfo is not None:
            raise ValueError(f"{said} has an offset: leave it out")
        if value.year not in _YEARS:
            raise ValueError(f"{said} is not in the years {_YEARS[0]} to {_YEARS[-1]}")
        return value.replace(microsecond=0)
    if isinstance(value, str):
        return _week_time(value, float)
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 <= value < HOURS_PER_WEEK
    ):
        raise ValueError(
            f"{echo(value)} is neither a date and time such as '2026-11-27 14:00' nor a day and "
            "an hour of the week such as 'Tue 14:00'"
        )
    return _week_time(value, float)


def _moment_said(moment: dt.datetime | float) -> str | float:
    return moment_text(moment) if isinstance(moment, dt.datetime) else _week_time_said(moment)


Moment = Annotated[
    dt.datetime | float,
    PlainValidator(_moment),
    PlainSerializer(_moment_said),
    _schema(
        "a date and time such as '2026-11-27 14:00', a day and an hour such as 'Tue 14:00', or "
        "hours from Monday 00:00, in the local time of the location; 'Tue 14:00 UTC' in UTC",
        minimum=0,
        exclusiveMaximum=HOURS_PER_WEEK,
    ),
]
"""A date and time, or hours from Monday 00:00, in local time; or ``UtcHours``."""


def _whole_hours(value: object) -> object:
    hours = parse_quantity(value, "time", "h") if isinstance(value, str) else value
    if isinstance(hours, bool) or (isinstance(hours, float) and not hours.is_integer()):
        raise ValueError(f"must be whole hours, but is {echo(value)}: demand is known by the hour")
    return hours


WholeHours = Annotated[
    int,
    BeforeValidator(_whole_hours),
    Field(ge=1, le=HOURS_PER_WEEK),
    _schema("whole hours, or a text such as '3 h'", minimum=1, maximum=HOURS_PER_WEEK),
]
"""Whole hours, at most those of a week."""


def _numbers(convert: Callable[[str], float | Fraction]) -> PlainValidator:
    def validate(value: object) -> float | FloatArray:
        array = numbers(float(convert(value)) if isinstance(value, str) else value)
        if array.size == 0:
            raise ValueError("an empty list stands for no scenario at all")
        if not np.all(np.isfinite(array)):
            raise ValueError("must be a finite number")
        if np.any(array > LARGEST):
            raise ValueError(f"must be at most {LARGEST:g}, but is {float(array.max()):g}")
        if np.any(array < 0):
            raise ValueError(f"must not be negative, but is {float(array.min()):g}")
        array.flags.writeable = False
        return float(array) if array.ndim == 0 else array

    return PlainValidator(validate)


def _numbers_schema(description: str) -> WithJsonSchema:
    number = {"type": "number", "minimum": 0, "maximum": LARGEST}
    return WithJsonSchema(
        {
            "description": description,
            "anyOf": [number, {"type": "string"}, {"type": "array", "items": number}],
        }
    )


def _as_list(value: float | FloatArray) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value


_serializer = PlainSerializer(_as_list)


@dataclass(frozen=True)
class OrMany:
    """Accept an array of what ``one`` is, with one figure per scenario, as well as a single one.

    The least and the most of an array must be allowed, so that errors read as those of a number.
    """

    one: Any
    """Type of a single figure, with its bounds and the texts it may be written as."""

    def __get_pydantic_core_schema__(
        self, source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Validate like ``one``, array or not."""
        return core_schema.no_info_wrap_validator_function(
            _one_or_many,
            handler.generate_schema(self.one),
            serialization=core_schema.plain_serializer_function_ser_schema(_as_list),
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """The schema of ``one``, or a list of its numbers."""
        found = handler(schema)
        if "anyOf" in found:  # options of deployments stay numbers, which forms can show
            number = found["anyOf"][0]
            found["anyOf"] = [*found["anyOf"], {"type": "array", "items": number}]
            found["description"] += "; a list describes many scenarios at once"
        return found


def _one_or_many(value: object, one: ValidatorFunctionWrapHandler) -> float | FloatArray:
    if isinstance(value, bool | np.bool_):
        raise ValueError(f"expected a number, not {echo(value)}")
    if not isinstance(value, list | tuple | np.ndarray) or np.ndim(value) == 0:
        return one(value)
    array = numbers(value)
    if array.size == 0:
        raise ValueError("an empty list stands for no scenario at all")
    above_zero = array[array > 0]
    for edge in (array.min(), array.max(), *([above_zero.min()] if above_zero.size else [])):
        one(float(edge))
    array.flags.writeable = False
    return array


ManyHours = Annotated[float | FloatArray, OrMany(Hours)]
"""Hours, or an array with one figure per scenario."""

ManySeconds = Annotated[float | FloatArray, OrMany(Seconds)]
"""Seconds, or an array with one figure per scenario."""

ManyBytes = Annotated[float | FloatArray, OrMany(Bytes)]
"""Bytes, or an array with one figure per scenario."""

ManyPositiveBytes = Annotated[float | FloatArray, OrMany(PositiveBytes)]
"""Bytes above 0, or an array with one figure per scenario."""

ManyShare = Annotated[float | FloatArray, OrMany(Annotated[Share, _TINY])]
"""A share above 0 and up to 1, or an array with one per scenario."""

ManyPositive = Annotated[float | FloatArray, OrMany(Annotated[float, Field(gt=0)])]
"""A number above 0, or an array with one per scenario."""

ManyFromZero = Annotated[float | FloatArray, OrMany(Annotated[float, Field(ge=0)])]
"""A number from 0 on, or an array with one per scenario."""

Count = Annotated[
    float | FloatArray,
    _numbers(parse_number),
    _serializer,
    _numbers_schema("a number; a list describes many scenarios at once"),
]
"""A number, or an array with one number per scenario."""

RatePerHour = Annotated[
    float | FloatArray,
    _numbers(lambda text: parse_quantity(text, "rate", "/h")),
    _serializer,
    _numbers_schema("times per hour, or a text such as '2 / min'; a list describes many scenarios"),
]
"""A number of times per hour, or an array with one such number per scenario."""


M = TypeVar("M", bound=Model)


def names_of(shelf: Shelf) -> list[str]:
    """The names of all that ship."""
    return names_in(files("estimator.scenario").joinpath(shelf))


@cache
def read_shipped(shelf: Shelf, name: str) -> YamlDocument:
    """The content of one of them, read once: whoever changes something does so in a copy.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in names_of(shelf):
        raise UnknownNameError(_TITLES[shelf], name, names_of(shelf))
    file = files("estimator.scenario").joinpath(shelf, f"{name}.yaml")
    return read_yaml(file.read_text(encoding="utf-8"), f"{shelf}/{name}.yaml", ScenarioError)


def load_shipped(shelf: Shelf, name: str, model: type[M]) -> M:
    """One of them, checked.

    Raises:
        UnknownNameError: there is none of that name.
    """
    return validated(read_shipped(shelf, name), model, ScenarioError)
