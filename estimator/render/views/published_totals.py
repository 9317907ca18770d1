"""The view of what known operators published, beside what the profiles make of it."""

from __future__ import annotations

from typing import Final

from estimator.analysis.published_totals import (
    QUANTITIES,
    ComparedTotal,
    compared_totals,
    profiles_without_totals,
)
from estimator.format import value_text
from estimator.render import document as doc

_WIDE: Final = doc.MEDIA - {"terminal"}
"""Where a table has room for every column."""


def published_totals_view() -> doc.Document:
    """Every published total with what its profile makes of the same audience; misses say why."""
    return doc.Document("What known operators published, and what the profiles make of it", _all())


def _all() -> tuple[doc.Block, ...]:
    compared = compared_totals()
    without = profiles_without_totals()
    return doc.shown(
        doc.Paragraph(
            "The profile gets the audience of the operator. A ratio is what it makes of that over "
            "what was published. It may be off by the spread either way: the factor that the "
            "published figures themselves leave open. Same source: a default was derived from "
            "that very total, so the row shows no more than that the profile says what its "
            "source says."
        ),
        doc.table(
            (
                "profile",
                doc.Column("published", wraps=True),
                doc.Column("total", is_number=True, media=_WIDE),
                doc.Column("profile's", is_number=True, media=_WIDE),
                "ratio#",
                "spread#",
                "verdict",
            ),
            map(_row, compared),
        ),
        _misses(compared),
        doc.only(["terminal"], doc.Bullets(tuple(map(_said, compared)))),
        doc.folded("Where the figures are from", map(_origin, compared)),
        doc.Paragraph(
            "No known operator was found to have published a total together with its audience: "
            f"{', '.join(without)}."
        )
        if without
        else None,
    )


def _row(each: ComparedTotal) -> tuple[doc.Inline, ...]:
    total = each.total
    return (
        doc.Text(total.profile, is_code=True),
        (doc.Text(total.operator, link=total.source), f": {_quantity(each)}"),
        value_text(total.published),
        value_text(each.computed),
        f"{each.ratio:.2f}",
        f"×{total.spread:g}",
        _verdict(each),
    )


def _quantity(each: ComparedTotal) -> str:
    """What was published, in words."""
    hour = {"peak": ", fullest hour", "mean": ", on average", None: ""}[each.total.hour]
    flows = f" ({', '.join(each.total.flows)})" if each.total.flows else ""
    return f"{QUANTITIES[each.total.quantity]}{flows}{hour}"


def _verdict(each: ComparedTotal) -> doc.Text:
    """Whether it is within the spread, and whether that shows anything."""
    if not each.is_met:
        return doc.Text("misses", "warning")
    return doc.Text("same source" if each.total.same_source else "within", "good")


def _misses(compared: tuple[ComparedTotal, ...]) -> doc.Table:
    rows = ((each.total.operator, each.total.miss) for each in compared if each.total.miss)
    return doc.table(("operator", doc.Column("why", wraps=True)), rows, "Misses")


def _said(each: ComparedTotal) -> doc.Inline:
    return doc.Text(each.name, is_code=True), f": {each.total.said}"


def _origin(each: ComparedTotal) -> doc.Inline:
    total = each.total
    same = f" {total.same_source}" if total.same_source else ""
    note = f" {total.note}" if total.note else ""
    said = f": {total.said}{note} Spread: {total.spread_because}{same} Read {total.checked_on}."
    return doc.Text(total.operator, "strong"), said
