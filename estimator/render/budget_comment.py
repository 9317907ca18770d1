"""A check against a budget as a comment on a change: the verdict first, details folded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from estimator.analysis.uncertainty.uncertainty import input_words
from estimator.format import dollars as money
from estimator.render.markdown import (
    Markdown,
    bullets,
    code,
    document,
    escaped,
    folded,
    joined,
    strong,
    table,
)

if TYPE_CHECKING:
    from estimator.analysis.uncertainty.budget import BudgetCheck

_AMOUNTS: Final = ("p10_usd", "p50_usd", "p90_usd", "expected_usd")
_CENT: Final = 0.005
"""Lines that never cost that are not shown."""
_HOLDS: Final = {"pass": "yes", "at risk": "at risk", "broken": "no"}


def budget_comment(check: BudgetCheck) -> str:
    """The check in Markdown as GitHub and GitLab show it."""
    found = check.found
    [row] = found.table.to_dict(orient="records")
    heads = ("deployment", "P10", "P50", "P90", "estimate", "budget", "holds")
    cells = (
        code(check.deployment),
        *(money(row[name]) for name in _AMOUNTS),
        strong(money(check.budget_usd)),
        f"{_HOLDS[check.bill.state]}, in {check.holds_share:.0%} of all cases",
    )
    inputs = (
        joined(code(each.name), ": ", spread)
        for each, spread in zip(found.uncertain, found.inputs.values(), strict=True)
    )
    return document(
        joined(strong(f"{check.verdict}."), " ", check.headline),
        bullets(check.remarks),
        table(heads, [cells], numbers={*heads[1:6]}),
        strong("What moves it most, each alone" if check.swings else ""),
        _swings(check),
        folded("Line by line", _lines(check)),
        folded(f"What may be off ({len(found.uncertain)})", bullets(inputs)),
        folded("How it was worked out", bullets((*found.notes, found.conventions))),
    )


def _swings(check: BudgetCheck) -> Markdown:
    heads = ("input", "cheaper at", "more expensive at", "from", "to")
    rows = (
        (input_words(each.uncertain), each.low, each.high, money(each.low_usd),
         money(each.high_usd))
        for each in check.swings
    )  # fmt: skip
    return table(heads, rows, numbers={*heads[1:]})


def _lines(check: BudgetCheck) -> Markdown:
    heads = ("line", "P10", "P50", "P90", "estimate")
    rows = [
        (line["title"], *(money(line[name]) for name in _AMOUNTS))
        for line in check.found.lines(check.deployment).to_dict(orient="records")
        if max(line[name] for name in _AMOUNTS) >= _CENT
    ]
    quiet = escaped(
        "Not all lines are low or high at once: they do not add up to those of the total."
    )
    return Markdown("\n\n".join((table(heads, rows, numbers={*heads[1:]}), quiet)))
