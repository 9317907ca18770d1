"""The view of a difference: the answer first, then what was changed and what that does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from estimator.analysis.diff.bill_changes import BillChange
from estimator.analysis.diff.both_bills import LineChange
from estimator.analysis.diff.diff import Difference
from estimator.analysis.diff.field_changes import FieldChange
from estimator.format import dollars, number_of, quantity_text, signed_dollars, signed_percent
from estimator.render import document as doc
from estimator.render.views.common import bill_state, name_cells, name_columns, refused, under
from estimator.states import State, Tone

_ROWS_AT_ONCE: Final = 6
"""What does not fold away in a comment; more would hide the conversation around it."""
_FIELDS_AT_ONCE: Final = 10
_BILLS_IN_DETAIL: Final = 3
_TERMINAL_BILLS_IN_DETAIL: Final = 2
"""A terminal cannot fold, so it shows details only of so few bills."""


def diff_view(found: Difference) -> doc.Document:
    """What it costs now, every bill before and after, and why."""
    fields = tuple(map(_field, found.fields))
    details = tuple(map(_detail, _in_detail(found)))
    few = len(found.bills) <= _TERMINAL_BILLS_IN_DETAIL
    return doc.Document(
        "",
        (
            doc.only(["terminal", "notebook"], doc.Paragraph(found.title, "strong")),
            doc.Paragraph((doc.Text(found.headline, "strong"), f" {found.counts}".rstrip())),
            *_alarms(found),
            doc.only(["markdown"], *_bills_at_once(found.bills)),
            doc.only(
                ["terminal", "notebook"],
                _bills(found.bills),
                doc.folded("What was changed", fields),
            ),
            doc.only(["markdown"], *_fields_at_once(fields)),
            doc.Paragraph("" if fields else "The scenarios do not differ in any field."),
            doc.only(["notebook", "markdown"], *details),
            doc.only(["terminal"], *(details if few else ())),
            under(found.conventions),
            refused(found.refusals),
        ),
    )


def _alarms(found: Difference) -> Iterator[doc.Bullets]:
    for bills, words, state in (
        (found.newly_beyond_limits, " can no longer carry the load. ", State.OVER_LIMIT),
        (found.newly_tight, " needs attention now. ", State.NEAR_LIMIT),
    ):
        alarms = ((doc.Text(each.deployment, is_code=True), words, each.reason) for each in bills)
        yield doc.Bullets(tuple(alarms), state.tone)


def _bills_at_once(bills: Sequence[BillChange]) -> Iterator[doc.Block]:
    """What is open in a comment, the cheapest and what is newly beyond limits, and what folds."""
    first = [
        each
        for index, each in enumerate(bills)
        if index < _ROWS_AT_ONCE or each.newly_beyond_limits
    ]
    others = [each for each in bills if each not in first]
    if len(others) == 1:  # a fold with one row in it saves nothing
        first, others = [*bills], []
    yield _bills(first)
    if others:
        more = number_of(len(others), "more deployment")
        yield doc.Folded(more, (_bills(others),))


def _bills(bills: Iterable[BillChange]) -> doc.Table:
    """A row for each deployment."""
    heads = (*name_columns(wraps=True), "before#", "now#", "change#", "%#")

    def row(each: BillChange) -> tuple[doc.Inline, ...]:
        change = signed_dollars(each.change_usd)
        return (
            *name_cells(each.deployment, each.after, _states(each)),
            *map(dollars, each.usd),
            doc.Text(change, "strong") if each.is_moved else change,
            signed_percent(each.change_percent).removesuffix("%"),
        )

    shown = tuple(bills)
    tones: list[Tone] = [
        "struck" if each.after and not each.after.state.is_within_limits else "plain"
        for each in shown
    ]
    return doc.table(heads, map(row, shown), tones=tones)


def _states(change: BillChange) -> doc.Inline | None:
    """Both states, if they differ."""
    before, after = change.before, change.after
    if before is None or after is None or before.state is after.state:
        return None
    return bill_state(before), " → ", bill_state(after)


def _field(change: FieldChange) -> doc.Inline:
    path, before, after = (doc.Text(each, is_code=True) for each in (change.path, *change.texts))
    return path, ": ", before, " → ", after


def _fields_at_once(fields: Sequence[doc.Inline]) -> Iterator[doc.Block]:
    if fields:
        yield doc.Paragraph("What was changed", "strong")
    yield doc.Bullets(tuple(fields[:_FIELDS_AT_ONCE]))
    others = tuple(fields[_FIELDS_AT_ONCE:])
    if others:
        yield doc.Folded(number_of(len(others), "more field"), (doc.Bullets(others),))


def _in_detail(found: Difference) -> list[BillChange]:
    """The cheapest now and before, and the cheapest of those whose bill changes."""
    moved = [each for each in found.bills if each.is_moved]
    chosen = (found.cheapest_after, found.cheapest_before, *moved, *found.bills)
    return [*{each.deployment: each for each in chosen if each}.values()][:_BILLS_IN_DETAIL]


def _detail(change: BillChange) -> doc.Folded:
    drivers = doc.table(
        ("driver", "before#", "now#", "change#"),
        (
            (driver, dollars(before), dollars(after), signed_dollars(after - before))
            for driver, (before, after) in change.drivers.items()
            if before or after
        ),
    )
    numbers = (
        doc.Column(head, is_number=True, wraps=True) for head in ("quantity", "unit price", "cost")
    )
    lines = doc.table(
        (doc.Column("line", wraps=True), *numbers, "change#"),
        (_line(line) for line in change.lines if line.is_changed),
    )
    return doc.Folded(
        f"{change.deployment}: by driver, and the lines that changed", (drivers, lines)
    )


def _line(line: LineChange) -> Sequence[doc.Inline]:
    return (
        f"{line.meter.service}: {line.meter.title}",
        f"{_both(*map(quantity_text, line.quantities))} {line.meter.unit}",
        _both(*line.prices),
        _both(*map(dollars, line.usd)),
        signed_dollars(line.change_usd),
    )


def _both(before: str, after: str) -> str:
    """Two values in one cell; one if they are the same."""
    return before if before == after else f"{before or 'none'} → {after or 'none'}"
