"""The views of a sweep and of a break-even point: which deployment is the cheapest where."""

from __future__ import annotations

from typing import Final

import numpy as np

from estimator.analysis.breakeven.breakeven import BreakEven
from estimator.analysis.fields import field_words
from estimator.analysis.sweep import Sweep
from estimator.deployments.registry import find_deployment
from estimator.format import dollars, percent, range_text, value_text
from estimator.render import document as doc
from estimator.render.views.common import refused

_MOST_ROWS: Final = 60
"""A longer table is for a file."""
_NONE: Final = "none within limits"
_PAGE: Final = frozenset[doc.Medium]({"markdown"})
_WON: Final = ("per month there", "median lead")
_MONTHLY: Final = doc.Column("per month", is_number=True, tone="strong")


def sweep_view(swept: Sweep) -> doc.Document:
    """The cheapest deployment within limits: at every point in a terminal, else by its share."""
    shown = swept.cheapest.head(_MOST_ROWS)
    points = doc.table(
        (
            *(doc.Column(field_words(name), is_number=True, wraps=True) for name in swept.axes),
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
    shares = doc.table(
        ("deployment", "cheapest at#", *(doc.Column(head, True, media=_PAGE) for head in _WON)),
        (
            (
                doc.Text(name, is_code=True) if name else _NONE,
                f"{percent(share)} of the points",
                *_won(swept, name),
            )
            for name, share in swept.shares_cheapest
        ),
    )
    return doc.Document(
        f"{swept.title}: US dollars per month",
        (
            doc.only(
                ["terminal"],
                points,
                doc.Paragraph(f"{left:,} more rows: --csv prints them all", "quiet")
                if left
                else None,
            ),
            doc.only(["notebook", "markdown"], doc.Bullets(tuple(_axes(swept))), shares),
            doc.only(
                ["notebook"],
                doc.Paragraph(
                    ".totals and .table have every bill, .cheapest the lowest at each point; "
                    ".chart() draws them.",
                    "quiet",
                ),
            ),
            refused(swept.refusals),
        ),
    )


def break_even_view(found: BreakEven) -> doc.Document:
    """The ranges with the cheapest deployment of each, and why it changes."""
    ranges = doc.table(
        (
            "from#",
            "to#",
            doc.Column("cheapest within limits", media=doc.MEDIA - _PAGE),
            doc.Column("cheapest within limits", media=_PAGE),
        ),
        (
            (
                *map(value_text, (low, high)),
                _named(name),
                doc.Text(name, is_code=True) if name else _NONE,
            )
            for low, high, name in found.ranges[:_MOST_ROWS]
        ),
    )
    left = len(found.ranges) - _MOST_ROWS
    more = f"{left:,} more rows: --json prints them all" if left > 0 else ""
    return doc.Document(
        f"{found.title}: the cheapest by {field_words(found.field)}",
        (
            ranges,
            doc.only(["terminal"], doc.Paragraph(more, "quiet")),
            doc.only(
                ["notebook", "markdown"],
                doc.Paragraph(f"{left:,} more ranges are not shown" if left > 0 else "", "quiet"),
            ),
            doc.Bullets(tuple(found.sentences)),
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


def _named(deployment: str | None) -> tuple[str | doc.Text, ...]:
    if deployment is None:
        return (_NONE,)
    return (doc.Text(deployment, is_code=True), f" ({find_deployment(deployment).title})")
