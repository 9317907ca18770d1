"""Which data ships? The files of ``pricing_data``, found the same in a checkout and installed."""

from __future__ import annotations

import csv
import datetime as dt
import io
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Annotated, Literal, Self, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from estimator.documents import read_yaml
from estimator.errors import PricingDataError
from estimator.validation import Speaking, error_text

T = TypeVar("T", bound="Entry")
Confidence = Literal["confirmed", "single_source", "inferred"]
"""confirmed: seen at the vendor or in two independent copies; inferred: not seen, but follows."""


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


class Setting(Figure):
    """A figure that somebody set."""

    checked_on: dt.date


class Measured(Figure):
    """A figure that somebody measured, or one that is derived from what somebody measured."""

    range: tuple[float, float] | None = None
    """The least and the most that it may be. What is inferred says so, and the note says how it was
    derived and why it may be off so far."""
    checked_on: dt.date

    @property
    def is_derived(self) -> bool:
        """Whether nobody published it as it stands."""
        return self.confidence == "inferred"

    @model_validator(mode="after")
    def _derived_within_its_range(self) -> Self:
        if self.range is None:
            if self.is_derived:
                raise ValueError("an inferred figure needs its range, [least, most]")
            return self
        least, most = self.range
        if not (0 < least <= self.value <= most and least < most):
            raise ValueError("range must be the least and the most that the value may be, above 0")
        return self


def names_in(folder: Traversable) -> list[str]:
    """The names of the YAML files in a folder, in alphabetical order."""
    names = (entry.name for entry in folder.iterdir())
    return sorted(name.removesuffix(".yaml") for name in names if name.endswith(".yaml"))


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
