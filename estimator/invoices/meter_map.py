"""Which meter of ours does a line of a vendor's bill stand for?

``invoice_lines.csv`` of each cloud holds it as data: what a line says of itself, and how many of
our units one of the vendor's is. A line is found by its id (SKU, part number) or else by its name;
what no row knows is scope, and its cost stays visible.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from estimator.errors import PricingDataError
from estimator.files import Entry, load_rows
from estimator.pricing.price_files import CLOUDS, Words, load_price_files

_BETWEEN = "|"
_ANY_UNIT = "*"
_PARTS_OF_A_NAME = " - "
"""What joins product, meter and region in one description (Azure)."""
_LONGEST_NAME = 300
"""Characters; a longer text is no name of a meter, and is not compared with patterns."""
_MOST_KINDS_OF_LINES = 50_000
"""Kinds of lines whose match is kept; a real bill has some hundreds."""


def _phrases(cell: object) -> object:
    return tuple(part.strip() for part in cell.split(_BETWEEN)) if isinstance(cell, str) else cell


def _factors(cell: object) -> object:
    if not isinstance(cell, str):
        return cell
    parts = (part.strip().rpartition("=") for part in cell.split(_BETWEEN))
    return {unit: float(Fraction(factor)) for unit, _, factor in parts}


class InvoiceLine(Entry):
    """What identifies lines of a bill, and what they stand for."""

    meter: str | None = None
    """Our meter; None if it is neither that nor scope."""
    apart: Literal["support"] | None = None
    """What it is instead of usage."""
    ignored: str | None = None
    """Why a line that costs nothing is nothing to compare."""
    ids: Words = ()
    """The vendor's ids: SKUs, part numbers. An id alone decides."""
    names: Annotated[tuple[str, ...], BeforeValidator(_phrases)] = ()
    """Usage types without the prefix of their region, meter names, descriptions; ``*`` stands for
    any characters. One of them must be the name, or a part of it between dashes."""
    where: Annotated[tuple[str, ...], BeforeValidator(_phrases)] = ()
    """What the line must say besides; spaces and capitals do not count."""
    without: Annotated[tuple[str, ...], BeforeValidator(_phrases)] = ()
    """What it must not say."""
    units: Annotated[Mapping[str, float], BeforeValidator(_factors)] = Field(
        default_factory=lambda: {_ANY_UNIT: 1.0}
    )
    """How many units of ours one of the vendor's is, by its spelling; ``*`` if the id or the name
    leaves no choice of units."""
    evidence: str
    """Where such a line, or its name, was seen."""

    @model_validator(mode="after")
    def _one_meaning_and_a_way_to_find_it(self) -> Self:
        if sum(each is not None for each in (self.meter, self.apart, self.ignored)) != 1:
            raise ValueError("a row names either a meter, or what is apart, or why it is ignored")
        if not (self.ids or self.names):
            raise ValueError("a row needs ids or names")
        return self


@dataclass(frozen=True)
class Match:
    """What a line stands for."""

    row: InvoiceLine
    units: float
    """Units of ours for one of the vendor's."""


@dataclass(frozen=True)
class _Rows:
    """The rows of one cloud, by what finds them."""

    by_id: Mapping[str, Sequence[InvoiceLine]]
    by_name: Mapping[str, Sequence[InvoiceLine]]
    by_pattern: Sequence[tuple[re.Pattern[str], InvoiceLine]]


@cache
def load_invoice_lines(cloud: str) -> tuple[InvoiceLine, ...]:
    """The rows of a cloud's map.

    Raises:
        PricingDataError: the file breaks its rules, or names a meter that there is not.
    """
    rows = load_rows(f"{cloud}/invoice_lines.csv", InvoiceLine)
    unknown = {row.meter for row in rows if row.meter} - {*_unit_of_meters()}
    if unknown:
        raise PricingDataError(
            f"{cloud}/invoice_lines.csv names meters that are not in meters.csv: "
            f"{', '.join(sorted(unknown))}"
        )
    return rows


class MeterMap:
    """Finds what lines stand for, and remembers it as long as one file is read."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, ...], Match | None] = {}

    def find(self, cloud: str, line_id: str, name: str, says: str, unit: str) -> Match | None:
        """What a line stands for; None if no row knows it, or not in this unit.

        Args:
            cloud: aws, azure, gcp or oci.
            line_id: SKU, part number, or the id of one of our meters; empty if there is none.
            name: usage type, meter name or description.
            says: what else the line says of itself.
            unit: the vendor's unit.

        >>> found = MeterMap().find("aws", "", "ApiGatewayMessage", "", "Messages")
        >>> found.row.meter, found.units
        ('aws.api_gateway.messages', 1.0)
        """
        line = (cloud, line_id, name, says, unit)
        if line not in self._found:
            if len(self._found) >= _MOST_KINDS_OF_LINES:
                self._found.clear()
            self._found[line] = _match(*line)
        return self._found[line]


def _match(cloud: str, line_id: str, name: str, says: str, unit: str) -> Match | None:
    if line_id in _unit_of_meters():
        ours = InvoiceLine(meter=line_id, ids=(line_id,), evidence="a file of this program")
        return Match(ours, 1.0)
    everything = _plain(f"{name} {says}")
    for row in _candidates(_rows_of(cloud), line_id, name):
        if line_id not in row.ids and not _says(row, everything):
            continue
        factor = _factor(row, unit)
        if factor is not None:
            return Match(row, factor)
    return None


def _candidates(rows: _Rows, line_id: str, name: str) -> Iterator[InvoiceLine]:
    yield from rows.by_id.get(line_id, ())
    spellings = dict.fromkeys([name, *name.split(_PARTS_OF_A_NAME)])
    for spelling in (each.strip().casefold() for each in spellings):
        yield from rows.by_name.get(spelling, ())
        for pattern, row in rows.by_pattern if len(spelling) <= _LONGEST_NAME else ():
            if pattern.fullmatch(spelling):
                yield row


def _says(row: InvoiceLine, everything: str) -> bool:
    return all(_plain(each) in everything for each in row.where) and not any(
        _plain(each) in everything for each in row.without
    )


def _factor(row: InvoiceLine, unit: str) -> float | None:
    """Our units for one of the vendor's; None if its spelling is not known.

    A file that names our own unit has it; a line without a unit is taken if there is no choice.
    """
    spelled = {_plain(each): factor for each, factor in row.units.items()}
    if _plain(unit) in spelled:
        return spelled[_plain(unit)]
    if row.meter and _plain(unit) == _plain(_unit_of_meters()[row.meter]):
        return 1.0
    if _ANY_UNIT in spelled:
        return spelled[_ANY_UNIT]
    factors = {*spelled.values()}
    return factors.pop() if not unit and len(factors) == 1 else None


def _plain(text: str) -> str:
    """A text without spaces and capitals: Web PubSub is webpubsub."""
    return "".join(text.split()).casefold()


@cache
def _unit_of_meters() -> Mapping[str, str]:
    return {row.meter: row.unit for row in load_price_files().meters}


@cache
def _rows_of(cloud: str) -> _Rows:
    by_id: dict[str, list[InvoiceLine]] = defaultdict(list)
    by_name: dict[str, list[InvoiceLine]] = defaultdict(list)
    by_pattern: list[tuple[re.Pattern[str], InvoiceLine]] = []
    for row in load_invoice_lines(cloud) if cloud in CLOUDS else ():
        for each in row.ids:
            by_id[each].append(row)
        for each in (name.casefold() for name in row.names):
            if "*" in each:
                by_pattern.append((_pattern(each), row))
            else:
                by_name[each].append(row)
    return _Rows(by_id, by_name, by_pattern)


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(part) for part in name.split("*")), re.DOTALL)
