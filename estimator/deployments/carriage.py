"""Which service carries which transport, and what limits requests and streams there?"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Literal

from pydantic import BeforeValidator

from estimator.errors import PricingDataError
from estimator.files import Sourced, load_rows
from estimator.pricing.price_files import FOLDERS
from estimator.scenario.transport import TransportKind


def _names(cell: object) -> object:
    return tuple(cell.split()) if isinstance(cell, str) else cell or ()


_Names = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Carriage(Sourced):
    """A transport on a service: a row of transports.csv."""

    service: str
    """What takes the requests of clients, such as ``aws.alb``; how ids of its limits begin."""
    transport: TransportKind
    carried: Literal["yes", "no"]
    why: str = ""
    """Why not; or what to set, if something must be."""
    meters: _Names = ()
    """What counts its requests."""
    longest_limit: str | None = None
    """The limit that ends an answer, however busy."""
    idle_limit: str | None = None
    """The limit that ends a quiet one."""
    other_limits: _Names = ()
    """Further limits: rates and sizes."""

    @property
    def is_carried(self) -> bool:
        """Whether the service carries the transport."""
        return self.carried == "yes"


@cache
def carriages() -> dict[tuple[str, TransportKind], Carriage]:
    """All rows, by service and transport."""
    rows = (row for folder in FOLDERS for row in load_rows(f"{folder}/transports.csv", Carriage))
    return {(row.service, row.transport): row for row in rows}


def carriage(service: str, transport: TransportKind) -> Carriage:
    """Whether a service carries a transport.

    Raises:
        PricingDataError: transports.csv does not say.
    """
    found = carriages().get((service, transport))
    if found is None:
        raise PricingDataError(f"transports.csv: no row for {transport} on {service}")
    return found
