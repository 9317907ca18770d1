"""The view of drift: which scenarios move, what is the cheapest now, and which lines did it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from estimator.analysis.diff.bill_changes import BillChange
from estimator.analysis.drift import Drift, ScenarioDrift, changed_lines
from estimator.format import dollars, signed_dollars, signed_percent
from estimator.render import document as doc

_LINES_AT_MOST: Final = 5


def drift_view(found: Drift) -> doc.Document:
    """One sentence, one line for each scenario, and below it the bills that moved."""
    return doc.Document(
        found.title,
        doc.shown(
            doc.Paragraph(found.answer, "strong"),
            doc.Bullets(tuple(map(_headline, found.scenarios))),
            *(
                doc.Folded(f"What moves in {each.name}", (_bills(each), *_lines(each)))
                for each in found.changed
            ),
        ),
    )


def _headline(each: ScenarioDrift) -> doc.Inline:
    return doc.Text(each.name, is_code=True), f": {each.headline}"


def _bills(each: ScenarioDrift) -> doc.Table:
    return doc.table(
        ("deployment", "before#", "now#", "change#", "%#"),
        (
            (
                doc.Text(bill.deployment, is_code=True),
                dollars(bill.usd[0]),
                dollars(bill.usd[1]),
                signed_dollars(bill.change_usd),
                signed_percent(bill.change_percent),
            )
            for bill in each.bills
            if bill.is_moved
        ),
    )


def _lines(each: ScenarioDrift) -> Iterator[doc.Block]:
    """The meters behind the bills, each once."""
    for bill in each.moved:
        yield doc.Bullets(tuple(_line(bill, at) for at in range(_shown(bill))))


def _shown(bill: BillChange) -> int:
    return min(len(changed_lines(bill)), _LINES_AT_MOST)


def _line(bill: BillChange, at: int) -> doc.Inline:
    line = changed_lines(bill)[at]
    before, after = line.prices
    return (
        doc.Text(bill.deployment, is_code=True),
        f": {line.meter.title}, {signed_dollars(line.change_usd)} ({before} → {after})",
    )
