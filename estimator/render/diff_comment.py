"""A difference as a comment on a change: what it costs now first, all else in the order of use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from estimator.analysis.diff.bill_changes import BillChange, LineChange
from estimator.analysis.diff.diff import Difference, percent, reason, refusals, signed
from estimator.analysis.diff.field_changes import FieldChange
from estimator.format import number_of, quantity_text
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
from estimator.render.terminal.tables import money

_ROWS_AT_ONCE: Final = 6
"""What does not fold away; more would hide the conversation around the comment."""
_FIELDS_AT_ONCE: Final = 10
_BILLS_IN_DETAIL: Final = 3


def difference_comment(found: Difference) -> str:
    """The difference in Markdown as GitHub and GitLab show it."""
    first, others = _parted(found.bills)
    fields = [_field(each) for each in found.fields]
    none = "No field of the scenario says something else."
    return document(
        joined(strong(found.headline), found.counts and f" {found.counts}"),
        bullets(_alarms(found)),
        _table(first),
        folded(f"{number_of(len(others), 'more deployment')}", _table(others)),
        strong("What was changed" if fields else ""),
        bullets(fields[:_FIELDS_AT_ONCE]) if fields else escaped(none),
        folded(
            number_of(len(fields) - _FIELDS_AT_ONCE, "more field"),
            bullets(fields[_FIELDS_AT_ONCE:]),
        ),
        *(_detail(each) for each in _in_detail(found)),
        folded("What could not be priced", bullets(refusals(found))),
        escaped(f"{found.conventions}." if found.conventions else ""),
    )


def _parted(bills: Sequence[BillChange]) -> tuple[list[BillChange], list[BillChange]]:
    """What is shown at once, the cheapest and whatever breaks, and what folds away."""
    first = [each for index, each in enumerate(bills) if index < _ROWS_AT_ONCE or each.newly_broken]
    others = [each for each in bills if each not in first]
    # a fold with one row in it saves nothing
    return ([*bills], []) if len(others) == 1 else (first, others)


def _alarms(found: Difference) -> Iterable[Markdown]:
    for each in found.newly_broken:
        yield joined(code(each.deployment), " cannot hold this any more. ", reason(each))
    for each in found.bills:
        if each.states == ("pass", "at risk"):
            yield joined(code(each.deployment), " needs attention now. ", reason(each))


def _table(bills: Sequence[BillChange]) -> Markdown:
    rows = (
        (
            code(each.deployment),
            *(_amount(usd) for usd in each.usd),
            strong(signed(each.change_usd)) if each.is_moved else signed(each.change_usd),
            percent(each.change_percent),
            _holds(each),
        )
        for each in bills
    )
    heads = ("deployment", "before", "now", "change", "%", "holds")
    return table(heads, rows, numbers={"before", "now", "change", "%"})


def _holds(change: BillChange) -> str:
    before, after = (_STATES.get(state or "", "") for state in change.states)
    return after if before == after or not before or not after else f"{before} → {after}"


_STATES: Final = {"pass": "yes", "at risk": "at risk", "broken": "no"}


def _field(change: FieldChange) -> Markdown:
    before, after = change.texts
    return joined(code(change.path), ": ", code(before), " → ", code(after))


def _in_detail(found: Difference) -> list[BillChange]:
    """The cheapest now and before, and the cheapest of those whose bill moves."""
    moved = [each for each in found.bills if each.is_moved]
    chosen = (found.cheapest_after, found.cheapest_before, *moved, *found.bills)
    return [*{each.deployment: each for each in chosen if each}.values()][:_BILLS_IN_DETAIL]


def _detail(change: BillChange) -> Markdown:
    changed = [line for line in change.lines if line.is_changed]
    heads = ("line", "quantity before", "now", "price before", "price now", "USD before",
             "USD now", "change")  # fmt: skip
    body = table(heads, (_line(line) for line in changed), numbers={*heads[1:]})
    drivers = table(
        ("driver", "before", "now", "change"),
        (
            (driver, money(before), money(after), signed(after - before))
            for driver, (before, after) in change.drivers.items()
            if before or after
        ),
        numbers={"before", "now", "change"},
    )
    inside = Markdown("\n\n".join(part for part in (drivers, body) if part))
    return folded(f"{change.deployment}: by driver, and the lines that changed", inside)


def _line(line: LineChange) -> Sequence[object]:
    return (
        f"{line.meter.service}: {line.meter.title}",
        *(f"{quantity_text(quantity)} {line.meter.unit}" for quantity in line.quantities),
        *line.prices,
        *(money(usd) for usd in line.usd),
        signed(line.change_usd),
    )


def _amount(usd: float | None) -> str:
    return "no price" if usd is None else money(usd)
