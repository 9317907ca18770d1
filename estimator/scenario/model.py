"""What all models that people write have in common: strict, frozen, and numbers with units."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationError,
    WithJsonSchema,
)

# pydantic has no public name for the metaclass of its models
from pydantic._internal._model_construction import ModelMetaclass

from estimator.documents import YamlDocument, faults
from estimator.errors import ScenarioError
from estimator.units import SECONDS_PER_HOUR, Dimension, parse_number, parse_quantity

FloatArray = npt.NDArray[np.float64]

_LARGEST = 1e12
"""Beyond any number of people, messages or bytes; keeps products far from infinity."""
_LONGEST_HOURS = 87_600
"""Ten years."""


class _SpeakingMetaclass(ModelMetaclass):
    if not TYPE_CHECKING:  # type checkers shall see pydantic's own signature

        def __call__(cls, *args, **kwargs):  # noqa: N805 - of a metaclass
            try:
                return super().__call__(*args, **kwargs)
            except ValidationError as fault:
                raise ScenarioError(
                    faults(fault, YamlDocument(kwargs, cls.__name__), cls)
                ) from None


class Model(BaseModel, metaclass=_SpeakingMetaclass):
    """Base of everything a person writes: unknown fields are refused, instances never change."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        arbitrary_types_allowed=True,
        allow_inf_nan=False,
    )

    def model_post_init(self, context: Any) -> None:  # noqa: ARG002 - pydantic's signature
        """Count the law of a distribution as said: without it the rest could not be read back."""
        if "law" in type(self).model_fields:
            self.__pydantic_fields_set__.add("law")

    def __eq__(self, other: object) -> bool:
        """Equal when all fields are, arrays included."""
        return type(other) is type(self) and self._key() == other._key()

    def __hash__(self) -> int:
        """Agrees with equality, so that instances can be keys of caches."""
        return hash(self._key())

    def _key(self) -> str:
        return self.model_dump_json()


def quantity(dimension: Dimension, unit: str) -> BeforeValidator:
    """Accept a number of ``unit``, or a text such as ``'90 min'`` that is converted to it."""

    def convert(value: object) -> object:
        return parse_quantity(value, dimension, unit) if isinstance(value, str) else value

    return BeforeValidator(convert)


def _schema(description: str, number: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema(
        {"description": description, "anyOf": [{"type": "number", **number}, {"type": "string"}]}
    )


Hours = Annotated[
    float,
    quantity("time", "h"),
    Field(gt=0, le=_LONGEST_HOURS),
    _schema("hours, or a text such as '90 min'", {"exclusiveMinimum": 0}),
]
Seconds = Annotated[
    float,
    quantity("time", "s"),
    Field(ge=0.001, le=_LONGEST_HOURS * SECONDS_PER_HOUR),
    _schema("seconds, or a text such as '2 min'", {"exclusiveMinimum": 0}),
]
Bytes = Annotated[
    float,
    quantity("size", "B"),
    Field(ge=0, le=_LARGEST),
    _schema("bytes, or a text such as '2 KB' or '2 KiB'", {"minimum": 0}),
]


def _numbers(convert: Callable[[str], float | Fraction]) -> PlainValidator:
    def validate(value: object) -> float | FloatArray:
        if isinstance(value, bool) or value is None:
            raise ValueError(f"expected a number, not {value!r}")
        try:
            converted = convert(value) if isinstance(value, str) else value
            array = np.array(converted, dtype=np.float64)
        except (TypeError, ValueError) as fault:
            message = str(fault) if isinstance(value, str) else f"{value!r} is not a number"
            raise ValueError(message) from None
        if array.size == 0:
            raise ValueError("an empty list stands for no scenario at all")
        if not np.all(np.isfinite(array)):
            raise ValueError("must be a finite number")
        if np.any(array > _LARGEST):
            raise ValueError(f"must be at most {_LARGEST:g}, but is {float(array.max()):g}")
        if np.any(array < 0):
            raise ValueError(f"must not be negative, but is {float(array.min()):g}")
        array.flags.writeable = False
        return float(array) if array.ndim == 0 else array

    return PlainValidator(validate)


def _numbers_schema(description: str) -> WithJsonSchema:
    number = {"type": "number", "minimum": 0}
    return WithJsonSchema(
        {
            "description": description,
            "anyOf": [number, {"type": "string"}, {"type": "array", "items": number}],
        }
    )


def _as_list(value: float | FloatArray) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value


_serializer = PlainSerializer(_as_list)


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
    _numbers_schema("times an hour, or a text such as '2 / min'; a list describes many scenarios"),
]
"""A number of times an hour, or an array with one such number per scenario."""
