"""How fast is a core? Families of machines with the same processor, and what one vCPU does."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from pydantic import Field

from estimator.errors import UnknownNameError
from estimator.files import Sourced, load_rows

Positive = Annotated[float, Field(gt=0)]


class Family(Sourced):
    """Machines with the same processor."""

    family: str
    """``<cloud>.<name>``."""
    title: str
    core_speed: Positive
    """What one vCPU does while all are busy, in cores.

    One core is a vCPU of the family whose speed is 1. The speed is the geometric mean of two
    ratios: of ``integer_score``, for what an application computes, and of ``web_requests``, for
    sockets and the kernel behind them.
    """
    core_speed_low: Positive
    """The lowest that a size of the family measured in one of the two, or that can be meant."""
    core_speed_high: Positive
    """The highest, likewise."""
    integer_score: Positive | None = None
    """PassMark's integer test, per vCPU, in its own unit; None if inferred."""
    web_requests: Positive | None = None
    """Responses of 1 KB per second and vCPU, client and server on one machine; None if inferred."""


@cache
def families(cloud: str) -> Mapping[str, Family]:
    """The families of a cloud, by their id.

    >>> families("aws")["aws.sapphire_rapids"].core_speed
    1.0
    """
    return {row.family: row for row in load_rows(f"{cloud}/families.csv", Family)}


def find_family(family: str) -> Family:
    """A family by its id, ``<cloud>.<name>``.

    Raises:
        UnknownNameError: there is no such family.

    >>> find_family("gcp.cloud_run").confidence
    'inferred'
    """
    known = families(family.split(".", maxsplit=1)[0])
    if family not in known:
        raise UnknownNameError("family", family, known)
    return known[family]
