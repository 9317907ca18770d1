"""The views of a sweep and of a break-even point: which deployment is the cheapest where."""

from __future__ import annotations

from typing import Final

import numpy as np

from estimator.analysis.breakeven.breakeven import BreakEven
from estimator.analysis.fields import field_words
from estimator.analysis.sweep import Sweep
from estimator.deployments.registry import find_deployment
from estimator.format import dollars, percent, range_text, value_text
from estimator.render.document import (
    MEDIA,
    Bullets,
    Column,
    Document,
    Medium,
    Paragraph,
    Text,
    only,
    table,
)
from estimator.render.views.common import refused

_MOST_ROWS: Final = 60
"""A longer table is for a file."""
_NONE: Final = "none within limits"
_PAGE: Final = frozenset[Medium]({"markdown"})
_WON: Final = ("per month there", "median lead")
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
        ("deployment", "cheapest at#", *(Column(head, True, media=_PAGE) for head in _WON)),
        (
            (
                Text(name, is_code=True) if name else _NONE,
                f"{percent(share)} of the points",
                *_won(swept, name),
            )
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
        (
            "from#",
            "to#",
            Column("cheapest within limits", media=MEDIA - _PAGE),
            Column("cheapest within limits", media=_PAGE),
        ),
        (
            (
                *map(value_text, (low, high)),
                _named(name),
                Text(name, is_code=True) if name else _NONE,
            )
            for low, high, name in found.ranges[:_MOST_ROWS]
        ),
    )
    left = len(found.ranges) - _MOST_ROWS
    more = f"{left:,} more rows: --json prints them all" if left > 0 else ""
    return Document(
        f"{found.title}: the cheapest by {field_words(found.field)}",
        (
            ranges,
            only(["terminal"], Paragraph(more, "quiet")),
            Bullets(tuple(found.sentences)),
            refused(found.refusals),
        ),
    )


def _won(swept: Sweep, deployment: str | None) -> tuple[str, str]:
    """What the cheapest costs where it is that, and how far it mostly is ahead of the next."""
    if deployment is None:
        return "", ""
    won = swept.cheapest[swept.cheapest["deployment"] == deployment]
    lead = float(won["lead_usd"].median())
    return (
        range_text(won["total_usd"].to_numpy(), dollars),
        dollars(lead) if np.isfinite(lead) else "alone",
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
