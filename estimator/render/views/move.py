"""The view of a move: the answer first, then both bills, what differs, and the work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby

from estimator.analysis.move import Move
from estimator.deployments.duties import Duty
from estimator.format import capitalized, dollars, signed_dollars
from estimator.render import document as doc
from estimator.render.views.common import bill_state, under
from estimator.states import State

_USD = ("today#", "candidate#", "difference#")


def move_view(found: Move) -> doc.Document:
    """What moving saves or loses, and why."""
    return doc.Document(
        "",
        (
            doc.only(["terminal", "notebook"], doc.Paragraph(found.title, "strong")),
            doc.Paragraph(found.caution, "bad"),
            doc.Paragraph(found.verdict, "strong"),
            doc.Paragraph(" ".join(found.consequences)),
            *states(found),
            *differences(found),
        ),
    )


def states(found: Move) -> Iterator[doc.Block]:
    """How both stand to their limits, and why, if one is not simply within them."""
    sides = {"today": found.today, "candidate": found.candidate}
    yield doc.table(
        (doc.Column("deployment", wraps=True), doc.Column("state", wraps=True), "per month#"),
        (
            (f"{capitalized(side)}: {bill.name}", bill_state(bill), dollars(bill.total))
            for side, bill in sides.items()
        ),
    )
    yield doc.Bullets(
        tuple(
            f"{bill.title}: {bill.reason}"
            for bill in sides.values()
            if bill.state is not State.WITHIN_LIMITS
        )
    )


def differences(found: Move) -> Iterator[doc.Block]:
    """Both bills by layer and driver, their lines, and the work that comes, goes and stays."""
    yield doc.table((doc.Column("layer and driver", wraps=True), *_USD), _parts(found))
    lines = doc.table((doc.Column("line", wraps=True), *_USD), _lines(found))
    yield doc.Folded("Lines that make most of the difference", (lines,))
    yield from _work("Work that comes with the candidate", found.duties_new)
    yield from _work("Work that goes", found.duties_gone)
    yield doc.folded("Work that stays", (duty.title for duty in found.duties_kept.values()))
    yield under(found.conventions)


def _parts(found: Move) -> Iterator[tuple[doc.Inline, ...]]:
    """Layers, below each what drives it, and the total: all add up."""
    for layer, of_layer in groupby(found.parts, key=lambda part: part.layer):
        parts = tuple(of_layer)
        today = sum(part.today_usd for part in parts)
        candidate = sum(part.candidate_usd for part in parts)
        yield _strong(capitalized(layer), *_amounts(today, candidate))
        if layer != "engineering":  # a driver of its own, which would say the same twice
            for part in parts:
                yield f"· {part.driver}", *_amounts(part.today_usd, part.candidate_usd)
    totals = float(found.today.total), float(found.candidate.total)
    yield _strong("Total per month", *_amounts(*totals))


def _lines(found: Move) -> Iterator[tuple[doc.Inline, ...]]:
    for line in found.main_lines:
        yield f"{line.meter.service}: {line.item.title}", *_amounts(*line.usd)
    others = [line.usd for line in found.both_bills.lines[len(found.main_lines) :]]
    if any(before or after for before, after in others):
        today, candidate = map(sum, zip(*others, strict=True))
        yield "all other lines", *_amounts(today, candidate)


def _work(title: str, duties: Mapping[str, Duty]) -> Iterator[doc.Block]:
    if duties:
        yield doc.Paragraph(title, "strong")
        yield doc.Bullets(tuple(duty.title for duty in duties.values()))


def _amounts(today: float, candidate: float) -> tuple[str, str, str]:
    return dollars(today), dollars(candidate), signed_dollars(candidate - today)


def _strong(*cells: str) -> tuple[doc.Text, ...]:
    return tuple(doc.Text(cell, "strong") for cell in cells)
