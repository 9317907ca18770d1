"""A difference for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from estimator.analysis.diff.bill_changes import BillChange
from estimator.analysis.diff.diff import Difference, percent, reason, refusals, signed
from estimator.format import quantity_text, unit_price
from estimator.render.terminal.tables import hung, money

_MARKS: Final = {"pass": "", "at risk": " ?", "broken": " !"}
_MILLION: Final = 1_000_000
_BILLS_IN_DETAIL: Final = 2


def difference_table(found: Difference) -> RenderableType:
    """What it costs now, what was changed, and every bill before and after."""
    parts: list[RenderableType] = [
        Text(found.title, style="bold"),
        Text(f"{found.headline} {found.counts}".rstrip()),
        Text("\nWhat was changed", style="bold"),
    ]
    parts += [hung(" ", each.words) for each in found.fields]
    if not found.fields:
        parts.append(hung(" ", "no field of the scenario says something else"))
    parts.append(_bills(found))
    parts += _alarms(found)
    if len(found.bills) <= _BILLS_IN_DETAIL:
        parts += [_lines(each) for each in found.bills if any(x.is_changed for x in each.lines)]
    if found.conventions:
        parts.append(Text(f"{found.conventions}.", style="dim"))
    parts += [Text(f"Could not be priced: {each}", style="red") for each in refusals(found)]
    return Group(*parts)


def _bills(found: Difference) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("deployment", no_wrap=True)
    for head in ("before", "now", "change", "%"):
        table.add_column(head, justify="right", no_wrap=True)
    for each in found.bills:
        state = each.states[1]
        table.add_row(
            Text(f"{each.deployment}{_MARKS[state] if state else ''}"),
            *(_short(usd) for usd in each.usd),
            _short_change(each.change_usd),
            percent(each.change_percent).removesuffix(" %"),
            style="strike dim" if state == "broken" else "",
        )
    return table


def _alarms(found: Difference) -> Iterator[RenderableType]:
    for each in found.newly_broken:
        yield hung("!", f"{each.deployment} cannot hold this any more. {reason(each)}", "red")
    for each in found.bills:
        if each.states == ("pass", "at risk"):
            yield hung("?", f"{each.deployment} needs attention now. {reason(each)}", "yellow")


def _lines(change: BillChange) -> Table:
    table = Table(
        title=f"{change.name}: what changed",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("line")
    table.add_column("quantity\nbefore, now", justify="right")
    table.add_column("USD a unit\nbefore, now", justify="right", no_wrap=True)
    table.add_column("change", justify="right", style="bold", no_wrap=True)
    for line in change.lines:
        if line.is_changed:
            unit = line.meter.unit
            table.add_row(
                Text(f"{line.meter.service}: {line.meter.title}"),
                "\n".join(f"{quantity_text(quantity)} {unit}" for quantity in line.quantities),
                "\n".join(map(_price, line.usd_per_unit)),
                _short_change(line.change_usd),
            )
    return table


def _price(usd: float | None) -> str:
    """What a unit costs on average, with as many digits as tell it from another."""
    return "" if usd is None else unit_price(float(f"{usd:.4g}")) if usd else "free"


def _short(usd: float | None) -> str:
    if usd is None:
        return "no price"
    return f"${usd / _MILLION:,.3f} M" if usd >= _MILLION else money(usd)


def _short_change(usd: float | None) -> str:
    if usd is None or abs(usd) < _MILLION:
        return signed(usd)
    return f"{'+' if usd > 0 else '−'}{_short(abs(usd))}"
