"""Which data ships? The files of ``pricing_data``, found the same in a checkout and installed."""

from __future__ import annotations

import csv
import datetime as dt
import io
import os
import re
from collections.abc import Generator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError, model_validator

from estimator.documents import read_yaml
from estimator.errors import PricingDataError
from estimator.validation import Speaking, error_text

T = TypeVar("T", bound="Entry")
Confidence = Literal["confirmed", "single_source", "inferred"]
"""confirmed: seen at the vendor or in two independent copies; inferred: not seen, but follows."""
_ENTRY = re.compile(r"^([\w.-]+):", re.MULTILINE)


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


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file such that whoever reads it, at any moment, finds the old or the new content.

    Written beside it, forced to the disk, then renamed: a program or a machine that stops in
    between leaves the old file.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


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
    return _checked(data_text(relative_path), relative_path, model)


@cache
def entry_names(relative_path: str) -> tuple[str, ...]:
    """The ids of the entries of a YAML file of ``pricing_data``, whatever they say."""
    return tuple(_entries(relative_path))


@cache
def load_entry(relative_path: str, name: str, model: type[T]) -> T:
    """One of the entries that ``load_mapping`` gives, read without the others.

    To read the longest of these files takes a third of a second, and most runs need few of its
    entries.

    Raises:
        KeyError: there is no such entry.
    """
    found = _entries(relative_path)[name]
    text = data_text(relative_path)
    # errors name lines of the file
    above = "\n" * text.count("\n", 0, found.start)
    return _checked(above + text[found], relative_path, model)[name]


@cache
def _entries(relative_path: str) -> dict[str, slice]:
    """Where each entry stands: from a line that begins with its id to the next such line."""
    text = data_text(relative_path)
    found = list(_ENTRY.finditer(text))
    ends = [each.start() for each in found[1:]] + [len(text)]
    return {each[1]: slice(each.start(), end) for each, end in zip(found, ends, strict=True)}


def _checked(text: str, relative_path: str, model: type[T]) -> dict[str, T]:
    document = read_yaml(text, f"pricing_data/{relative_path}", PricingDataError)
    try:
        return TypeAdapter(dict[str, model]).validate_python(document.content)  # pyright: ignore[reportInvalidTypeForm]
    except ValidationError as error:
        raise PricingDataError(error_text(error, document, model)) from None


@cache
def load_rows(relative_path: str, model: type[T]) -> tuple[T, ...]:
    """Validated rows of a CSV file of ``pricing_data``; empty cells count as absent."""
    return rows_of(data_text(relative_path), f"pricing_data/{relative_path}", model)


REFRESHED = ("aws", "azure", "gcp", "oci")
"""Folders whose prices vendors list where a program can read them."""
_USERS_OWN = Path()
_other_folder: ContextVar[Path | None] = ContextVar("other_folder")
"""The folder of refreshed prices that applies for a while, whatever the user's own is."""
Version = tuple[tuple[Path, int], ...]
"""Which files there are, and when each was written."""


@contextmanager
def prices_of(folder: Path | None) -> Generator[None]:
    """Within it, the refreshed prices of a folder apply; those that ship alone, if None."""
    before = _other_folder.set(folder)
    try:
        yield
    finally:
        _other_folder.reset(before)


def refreshed_version(name: str) -> Version:
    """The files of this name that a refresh has written; what is read from them is kept by it."""
    folder = refreshed_folder()
    if folder is None:
        return ()
    found: list[tuple[Path, int]] = []
    for path in (folder / cloud / name for cloud in REFRESHED):
        with suppress(OSError):
            found.append((path, path.stat().st_mtime_ns))
    return tuple(found)


def refreshed_folder() -> Path | None:
    """Where prices are that ``estimator refresh`` wrote, to be laid over those that ship.

    ESTIMATOR_PRICES in the environment names it; otherwise it is a folder of the user. None if what
    finds that one (the ``refresh`` extra) is not installed: nothing was written there then.
    """
    if (other := _other_folder.get(_USERS_OWN)) is not _USERS_OWN:
        return other
    if named := os.environ.get("ESTIMATOR_PRICES"):
        return Path(named)
    try:
        from platformdirs import user_data_path
    except ImportError:
        return None
    return user_data_path("websocket-estimator") / "prices"


def load_refreshed_rows(path: Path, model: type[T]) -> tuple[T, ...]:
    """Validated rows of a file that ``estimator refresh`` wrote.

    Raises:
        PricingDataError: it breaks the rules of the shipped file, or cannot be read.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PricingDataError(f"{path}: cannot be read ({error})") from None
    return rows_of(text, str(path), model)


def rows_of(text: str, name: str, model: type[T]) -> tuple[T, ...]:
    """Validated rows of a table; empty cells count as absent.

    Raises:
        PricingDataError: a row breaks the rules; the message gives file, line and column.
    """
    header, *lines = csv.reader(io.StringIO(text)) if text.strip() else [[]]
    if not header:
        raise PricingDataError(f"{name}: it is empty, without even a header")
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
