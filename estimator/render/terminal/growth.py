"""Growth as a table for a terminal of 80 columns or more, and what happens in which month."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from estimator.analysis.growth.growth import Growth
from estimator.analysis.growth.milestones import LimitExceeded, Milestone, TierReached
from estimator.render.terminal.tables import hung, money

_MARKS: Final = {"pass": "", "at risk": " ?", "broken": " !"}
_FEW: Final = 4
"""Of so many deployments everything is told."""


def growth_table(growth: Growth) -> RenderableType:
    """What each deployment costs now and at the end, what the period costs, what happens when."""
    parts: list[RenderableType] = [
        Text(growth.title, style="bold"),
        Text(f"{growth.audience}. {growth.answer}"),
        _costs(growth),
    ]
    shown = [*told(growth)]
    if shown:
        parts.append(Text("What happens", style="bold"))
        parts += [hung(*_sign(event, event.words)) for event in shown]
    left_out = len(growth.events) - len(shown)
    if left_out:
        parts.append(
            Text(
                f"Not told: {left_out} price tiers that more expensive deployments reach "
                "(--deployment and --json tell them).",
                style="dim",
            )
        )
    if growth.bills:
        parts.append(Text(f"\n{growth.conventions}.", style="dim"))
    parts += [
        Text(f"{refusal.deployment} cannot be priced: {refusal.reason}", style="red")
        for refusal in growth.refusals
    ]
    return Group(*parts)


def _costs(growth: Growth) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("deployment", no_wrap=True)
    table.add_column("now", justify="right", no_wrap=True)
    table.add_column(f"month {growth.months}", justify="right", no_wrap=True)
    table.add_column(f"all {growth.months} months", justify="right", style="bold", no_wrap=True)
    for bill, row in zip(growth.bills, growth.summary.itertuples(), strict=True):
        amounts = (row.first_usd, row.last_usd, row.period_usd)
        table.add_row(
            escape(f"{bill.deployment}{_MARKS[bill.state]}"),
            *(money(float(str(usd))) for usd in amounts),
            style="dim" if bill.state == "broken" else "",
        )
    return table


def told(growth: Growth) -> Iterator[Milestone]:
    """Everything but the price tiers of deployments that are the cheapest in no month."""
    cheapest = {*growth.cheapest} - {None}
    for event in growth.events:
        of_others = isinstance(event, TierReached) and not cheapest & {*event.deployments}
        if not of_others or len(growth.bills) <= _FEW:
            yield event


def _sign(event: Milestone, words: str) -> tuple[str, str, str]:
    """A sign as in a comparison, the words and their style."""
    if isinstance(event, LimitExceeded):
        return ("!", words, "red") if event.cannot_hold else ("?", words, "yellow")
    return ("$", words, "dim") if isinstance(event, TierReached) else (">", words, "")
