"""Ranges of bills as tables for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from estimator.analysis.uncertainty.budget import BudgetCheck
from estimator.analysis.uncertainty.sensitivity import Swing
from estimator.analysis.uncertainty.uncertainty import Uncertainty, input_words
from estimator.render.terminal.tables import hung, money

_SWINGS_SHOWN: Final = 8
_CENT: Final = 0.005
"""Lines that never cost that are not shown."""
_MARKS: Final = {"pass": "", "at risk": " ?", "broken": " !"}


def uncertainty_table(found: Uncertainty, shares: pd.DataFrame | None = None) -> RenderableType:
    """The range of every deployment, and what makes the first of them so.

    Args:
        found: the ranges.
        shares: of the variance of the first deployment, if they were worked out.
    """
    parts: list[RenderableType] = [_ranges(found)]
    if len(found.bills) == 1:
        parts.append(_lines(found, found.deployments[0]))
    if shares is not None:
        parts += _shares(shares)
    if found.bills:
        swings = [each for each in found.swings() if each.swing_usd > 0][:_SWINGS_SHOWN]
        parts.append(swings_table(f"What moves {found.deployments[0]} most, each alone", swings))
        parts.append(Text(f"{found.conventions}.", style="dim"))
    parts += [hung("Note:", f"{note}.", "dim") for note in found.notes]
    parts += [
        Text(f"{refusal.deployment} cannot be priced: {refusal.reason}", style="red")
        for refusal in found.refusals
    ]
    return Group(*parts)


def budget_table(check: BudgetCheck) -> RenderableType:
    """The verdict, the range, and what moves it most."""
    found = check.found
    style = "bold green" if check.passes else "bold red"
    return Group(
        Text(f"{check.verdict}.", style=style),
        Text(check.headline),
        *(hung("-", remark) for remark in check.remarks),
        _ranges(found),
        _lines(found, check.deployment),
        swings_table("What moves it most, each alone", check.swings),
        Text(f"{found.conventions}.", style="dim"),
        *(hung("Note:", f"{note}.", "dim") for note in found.notes),
    )


def swings_table(title: str, swings: Iterable[Swing]) -> Table:
    """What each input alone does to a bill."""
    table = _table(title)
    table.add_column("input")
    for head in ("cheaper at", "more expensive at", "from", "to"):
        table.add_column(head, justify="right", no_wrap=True)
    for each in swings:
        words = input_words(each.uncertain)
        table.add_row(Text(words), each.low, each.high, money(each.low_usd), money(each.high_usd))
    return table


def _ranges(found: Uncertainty) -> Table:
    """A row for each deployment; of a single one more columns, but its name above them."""
    several = len(found.bills) != 1
    name = "" if several else f"{found.deployments[0]}, "
    table = _table(f"{name}{found.title}: US dollars per month")
    if several:
        table.add_column("deployment", no_wrap=True)
    for head in ("P10", "P50", "P90"):
        table.add_column(head, justify="right", no_wrap=True, style="bold" * (head == "P90"))
    more = ("holds", "cheapest") if several else ("estimate", "± error", "holds")
    for head in more:
        table.add_column(head, justify="right", no_wrap=True)
    for row in found.table.to_dict(orient="records"):
        levels = (money(row[name]) for name in ("p10_usd", "p50_usd", "p90_usd"))
        holds = _share(row["holds_share"])
        if several:
            mark = _MARKS[row["state"]]
            table.add_row(
                f"{row['deployment']}{mark}", *levels, holds, _share(row["cheapest_share"])
            )
        else:
            table.add_row(*levels, money(row["expected_usd"]), money(row["error_usd"]), holds)
    return table


def _lines(found: Uncertainty, deployment: str) -> Table:
    table = _table("Line by line (not all are low or high at once)")
    table.add_column("line")
    for head in ("P10", "P50", "P90", "estimate"):
        table.add_column(head, justify="right", no_wrap=True)
    for row in found.lines(deployment).to_dict(orient="records"):
        amounts = [row[name] for name in ("p10_usd", "p50_usd", "p90_usd", "expected_usd")]
        if max(amounts) >= _CENT:
            table.add_row(Text(row["title"]), *map(money, amounts))
    return table


def _shares(shares: pd.DataFrame) -> Iterator[RenderableType]:
    table = _table("What to measure next: share of the variance, with its 95 % interval")
    table.add_column("input")
    table.add_column("alone", justify="right", no_wrap=True)
    table.add_column("with others", justify="right", no_wrap=True)
    known = shares.dropna(subset=["total"])
    for row in known.to_dict(orient="records"):
        alone, together = (
            _interval(row[name], row[f"{name}_low"], row[f"{name}_high"])
            for name in ("first", "total")
        )
        table.add_row(Text(row["words"]), alone, together)
    yield table
    if len(known) < len(shares):
        left_out = len(shares) - len(known)
        yield Text(f"{left_out} more hardly move the bill.\n", style="dim")


def _table(title: str) -> Table:
    return Table(
        title=escape(title),
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )


def _interval(share: float, low: float, high: float) -> str:
    return f"{share:.0%} ({low:.0%} to {high:.0%})"


def _share(share: float) -> str:
    """Whole percent, unless that would say none or all.

    >>> _share(0.5), _share(0.9999), _share(0.0001), _share(1.0)
    ('50%', '>99%', '<1%', '100%')
    """
    if 0 < share < 0.005:
        return "<1%"
    return ">99%" if 0.995 <= share < 1 else f"{share:.0%}"
