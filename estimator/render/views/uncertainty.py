"""The views of uncertain bills: ranges, what makes them so, and whether a budget is kept."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from typing import Any, Final

import pandas as pd

from estimator.analysis.fields import field_words
from estimator.analysis.uncertainty.budget import BudgetCheck
from estimator.analysis.uncertainty.fan import Fan
from estimator.analysis.uncertainty.result import Uncertainty
from estimator.analysis.uncertainty.sensitivity import Swing
from estimator.format import dollars, percent, sentence, value_text
from estimator.render import document as doc
from estimator.render.views.common import refused, under
from estimator.states import State
from estimator.units import HALF_A_CENT_USD

_SWINGS_SHOWN: Final = 8
_LEVELS: Final = ("p10_usd", "p50_usd", "p90_usd")
_LEVEL_COLUMNS: Final = ("P10#", "P50#", doc.Column("P90", is_number=True, tone="strong"))
_LARGE_USD: Final = 1_000
"""From a P90 of so much on, no cents are shown beside other deployments."""
_WITHIN: Final = "within\nlimits#"
_ADVICE: Final = (
    ".lines() has every line, .sensitivity() what to measure next, .tornado_chart() what changes "
    "the bill most."
)


def uncertainty_view(found: Uncertainty, shares: pd.DataFrame | None = None) -> doc.Document:
    """The range of every deployment, and what changes the bill of the first one most.

    Args:
        found: the ranges.
        shares: of the variance of the first deployment, if they were computed.
    """
    moving: list[Swing] = []
    if found.bills:
        moving = [each for each in found.swings() if each.swing_usd > 0][:_SWINGS_SHOWN]
    lines = _lines(found, found.deployments[0]) if len(found.bills) == 1 else None
    title = f"What changes {found.deployments[0]} most, each alone" if moving else ""
    return doc.Document(
        f"{found.title}: US dollars per month",
        (
            _ranges(found),
            doc.only(["terminal"], lines, *shares_blocks(shares), swings_table(title, moving)),
            *_method(found),
            under(found.conventions),
            doc.only(["notebook"], doc.Paragraph(_ADVICE, "quiet")),
            refused(found.refusals),
        ),
    )


def fan_view(fan: Fan) -> doc.Document:
    """P10, P50 and P90 of every deployment at each value."""
    words = field_words(fan.field)
    heads = (
        "deployment", doc.Column(words, is_number=True, wraps=True), *_LEVEL_COLUMNS, _WITHIN,
    )  # fmt: skip
    rows = (
        (doc.Text(name, is_code=True), value_text(value), *map(dollars, usd), percent(share))
        for name, value, *usd, share in fan.table.itertuples(index=False)
    )
    title = f"{fan.title}: US dollars per month by {words}"
    return doc.Document(title, (doc.table(heads, rows), refused(fan.refusals)))


def budget_view(check: BudgetCheck) -> doc.Document:
    """The verdict first, then the range, what changes it most, and the details."""
    found = check.found
    lines = _lines(found, check.deployment)
    return doc.Document(
        f"{check.verdict}.",
        (
            doc.Paragraph(check.headline),
            doc.Bullets(check.remarks),
            doc.only(["terminal"], _ranges(found), lines),
            doc.only(["notebook", "markdown"], _checked(check)),
            swings_table("What changes it most, each alone", check.swings),
            doc.only(
                ["notebook", "markdown"],
                doc.Folded(
                    "Line by line",
                    (
                        doc.Table(lines.columns, lines.rows),
                        doc.Paragraph(
                            "Lines are not all low or high at once, so P10 and P90 do not add up "
                            "to those of the total."
                        ),
                    ),
                ),
            ),
            *_method(found),
            under(found.conventions),
        ),
        tone="good" if check.passes else "bad",
    )


def _ranges(found: Uncertainty) -> doc.Table:
    """A row for each deployment; for a single one with its estimate and the error of sampling."""
    several = len(found.bills) != 1
    names: list[doc.Text] = []
    rows: list[tuple[str, ...]] = []
    for row in found.table.to_dict(orient="records"):
        names.append(doc.Text(doc.marked(row["deployment"], State(row["state"])), is_code=True))
        more = ("expected_usd", *(["error_usd"] if not several else []))
        # a column has room for a name, or for cents
        whole = several and row["p90_usd"] >= _LARGE_USD
        amounts = (
            f"${row[name]:,.0f}" if whole else dollars(row[name]) for name in (*_LEVELS, *more)
        )
        shares = ("within_limits_share", *(["cheapest_share"] if several else []))
        rows.append((*amounts, *(percent(row[name]) for name in shares)))
    if several:
        estimate = doc.Column("estimate", is_number=True, media=frozenset({"markdown"}))
        heads = ("deployment", *_LEVEL_COLUMNS, estimate, _WITHIN, "lowest#")
        return doc.table(heads, ((name, *row) for name, row in zip(names, rows, strict=True)))
    return doc.table((*_LEVEL_COLUMNS, "estimate#", "± error#", _WITHIN), rows, str(names[0]))


def _checked(check: BudgetCheck) -> doc.Table:
    [row] = check.found.table.to_dict(orient="records")
    within = f"{percent(check.within_limits_share)} of all cases"
    cells = (
        doc.Text(doc.marked(check.deployment, check.bill().state), is_code=True),
        *(dollars(row[name]) for name in (*_LEVELS, "expected_usd")),
        doc.Text(dollars(check.budget_usd), "strong"),
        within,
    )
    heads = ("deployment", *_LEVEL_COLUMNS, "estimate#", "budget#", "within limits")
    return doc.table(heads, [cells])


def _lines(found: Uncertainty, deployment: str) -> doc.Table:
    rows: list[tuple[str, ...]] = []
    for row in found.lines(deployment).to_dict(orient="records"):
        amounts = [row[name] for name in (*_LEVELS, "expected_usd")]
        if max(amounts) >= HALF_A_CENT_USD:
            rows.append((row["title"], *map(dollars, amounts)))
    return doc.table(
        (doc.Column("line", wraps=True), "P10#", "P50#", "P90#", "estimate#"),
        rows,
        "Line by line (not all are low or high at once)",
    )


def swings_table(title: str, swings: Iterable[Swing]) -> doc.Table:
    """What each input alone does to a bill."""
    return doc.table(
        (doc.Column("input", wraps=True), "cheaper at#", "more expensive at#", "from#", "to#"),
        (
            (each.uncertain.words, each.low, each.high, dollars(each.low_usd),
             dollars(each.high_usd))
            for each in swings
        ),
        title,
    )  # fmt: skip


def shares_blocks(shares: pd.DataFrame | None) -> list[doc.Table | doc.Paragraph]:
    """What to measure next."""
    if shares is None:
        return []
    known = shares.dropna(subset=["total"])
    rows = (
        (row["words"], *(_interval(row, kind) for kind in ("first", "total")))
        for row in known.to_dict(orient="records")
    )
    found: list[doc.Table | doc.Paragraph] = [
        doc.table(
            (doc.Column("input", wraps=True), "alone#", "with others#"),
            rows,
            "What to measure next: share of the variance, with its 95% interval",
        )
    ]
    if left := len(shares) - len(known):
        found.append(doc.Paragraph(f"{left} more hardly change the bill.", "quiet"))
    return found


def _interval(row: Mapping[Hashable, Any], kind: str) -> str:
    low, high = (f"{row[f'{kind}_{end}']:.0%}" for end in ("low", "high"))
    return f"{row[kind]:.0%} ({low} to {high})"


def _inputs(found: Uncertainty) -> doc.Folded:
    return doc.folded(
        "Uncertain inputs",
        ((doc.Text(each.name, is_code=True), f": {each.range_words}") for each in found.uncertain),
    )


def _method(found: Uncertainty) -> tuple[doc.Only, doc.Only]:
    """How the draws were made: in the open in a terminal, else folded."""
    notes = tuple(map(sentence, found.notes))
    return (
        doc.only(["terminal"], *(doc.Paragraph(note, "quiet", "Note:") for note in notes)),
        doc.only(
            ["notebook", "markdown"], _inputs(found), doc.Folded("Method", (doc.Bullets(notes),))
        ),
    )
