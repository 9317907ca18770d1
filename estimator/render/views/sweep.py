"""The views of a sweep and of a break-even point: which deployment is the cheapest where."""

from __future__ import annotations

from typing import Final

import numpy as np

from estimator.analysis.breakeven.breakeven import BreakEven
from estimator.analysis.fields import field_words
from estimator.analysis.sweep import Sweep
from estimator.deployments.registry import find_deployment
from estimator.format import dollars, percent, value_text
from estimator.render.document import (
    Bullets,
    Column,
    Document,
    Paragraph,
    Text,
    only,
    table,
)
from estimator.render.views.common import refused

_MOST_ROWS: Final = 60
"""A longer table is for a file."""
_NONE: Final = "none within limits"
_MONTHLY: Final = Column("per month", is_number=True, tone="strong")


def sweep_view(swept: Sweep) -> Document:
    """The cheapest deployment within limits: at every point in a terminal, else by its share."""
    shown = swept.cheapest.head(_MOST_ROWS)
    points = table(
        (
            *(Column(field_words(name), is_number=True, wraps=True) for name in swept.axes),
            "cheapest within limits",
            _MONTHLY,
            "lead#",
        ),
        (
            (
                *map(value_text, point),
                name or _NONE,
                dollars(usd) if name else "",
                (dollars(lead) if np.isfinite(lead) else "alone") if name else "",
            )
            for *point, name, usd, lead in shown.itertuples(index=False)
        ),
    )
    left = len(swept.cheapest) - len(shown)
    shares = table(
        ("deployment", "cheapest at#"),
        (
            (Text(name, is_code=True) if name else _NONE, f"{percent(share)} of the points")
            for name, share in swept.shares_cheapest
        ),
    )
    return Document(
        f"{swept.title}: US dollars per month",
        (
            only(
                ["terminal"],
                points,
                Paragraph(f"{left:,} more rows: --csv prints them all", "quiet") if left else None,
            ),
            only(["notebook", "markdown"], Bullets(tuple(_axes(swept))), shares),
            only(
                ["notebook"],
                Paragraph(
                    ".totals and .table have every bill, .cheapest the lowest at each point; "
                    ".chart() draws them.",
                    "quiet",
                ),
            ),
            refused(swept.refusals),
        ),
    )


def break_even_view(found: BreakEven) -> Document:
    """The ranges with the cheapest deployment of each, and why it changes."""
    ranges = table(
        ("from#", "to#", "cheapest within limits"),
        (
            (value_text(low), value_text(high), _named(name))
            for low, high, name in found.ranges[:_MOST_ROWS]
        ),
    )
    left = len(found.ranges) - _MOST_ROWS
    more = Paragraph(f"{left:,} more rows: --json prints them all", "quiet") if left > 0 else None
    return Document(
        f"{found.title}: the cheapest by {field_words(found.field)}",
        (
            ranges,
            *([more] if more else []),
            Bullets(tuple(found.sentences)),
            refused(found.refusals),
        ),
    )


def _axes(swept: Sweep) -> list[str]:
    return [
        f"{field_words(name)}: {len(values):,} values from {value_text(values.min())} to "
        f"{value_text(values.max())}"
        for name, values in swept.axes.items()
    ]


def _named(deployment: str | None) -> tuple[str | Text, ...]:
    if deployment is None:
        return (_NONE,)
    return (Text(deployment, is_code=True), f" ({find_deployment(deployment).title})")
