"""Machines one can rent: what they hold and what an hour of them is billed as."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from estimator.errors import UnknownNameError
from estimator.files import Confidence, Entry, load_rows
from estimator.pricing.catalog import Catalog
from estimator.units import GIB

Kind = Literal["vm", "container", "app_service"]


def _parts(cell: object) -> object:
    """``meter=quantity`` pairs of one cell."""
    if not isinstance(cell, str):
        return cell
    pairs = (part.split("=", 1) for part in cell.split())
    return {pair[0]: pair[-1] for pair in pairs}


class Machine(Entry):
    """A size of virtual machine, container or plan."""

    machine: str
    """The vendor's own name."""
    kind: Kind
    title: str
    architecture: str
    vcpus: Annotated[float, Field(gt=0)]
    memory_gib: Annotated[float, Field(gt=0)]
    network_mbps: Annotated[float, Field(gt=0)] | None = None
    """Bandwidth the vendor publishes for the size; None if it publishes none."""
    burstable: bool
    """Whether it sustains less than its processors show."""
    parts: Annotated[Mapping[str, float], BeforeValidator(_parts)]
    """Units of meters that one hour is billed as."""
    source: str
    checked_on: dt.date
    confidence: Confidence
    note: str | None = None

    @property
    def memory_bytes(self) -> float:
        """Memory of the whole machine."""
        return self.memory_gib * GIB

    def usd_per_hour(self, catalog: Catalog, region: str) -> float:
        """What an hour costs at the first tier of each price, before allowances.

        Enough to compare machines; what a month of them costs is for the bill to say.

        Raises:
            MissingRateError: a part without a price in the region.
        """
        return sum(
            quantity * float(catalog.rate(meter, region).tariff.usd_per_unit[0])
            for meter, quantity in self.parts.items()
        )


@cache
def machines(cloud: str, kind: Kind) -> Mapping[str, Machine]:
    """The machines of a cloud, by name.

    >>> machines("aws", "vm")["c7g.large"].vcpus
    2.0
    """
    rows = load_rows(f"{cloud}/machines.csv", Machine)
    return {row.machine: row for row in rows if row.kind == kind}


def find_machine(cloud: str, kind: Kind, name: str) -> Machine:
    """A machine of a cloud by its name.

    Raises:
        UnknownNameError: there is no such machine.
    """
    known = machines(cloud, kind)
    if name not in known:
        raise UnknownNameError("machine", name, known)
    return known[name]
