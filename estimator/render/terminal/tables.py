"""Comparisons and bills as tables for a terminal of 80 columns or more."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from estimator.analysis.compare import Comparison, main_drivers
from estimator.analysis.estimate import Estimate
from estimator.format import quantity_text

SURENESS = {"confirmed": "", "single_source": " *", "inferred": " **"}
_FOOTNOTE = "* price seen in one source only   ** price at least partly inferred"


def money(usd: float) -> str:
    """An amount for a person: cents only where they matter.

    >>> money(1234.5), money(12.345)
    ('$1,234', '$12.35')
    """
    return f"${usd:,.0f}" if usd >= 1000 else f"${usd:,.2f}"


def wrapped(text: str, width: int = 80) -> str:
    """A text with its longer lines folded, but for what cannot be parted, such as an address."""
    return "\n".join(line for long in text.splitlines() for line in _folded(long, width))


def _folded(line: str, width: int) -> list[str]:
    if len(line) <= width:
        return [line]
    indent = " " * (len(line) - len(line.lstrip()))
    further = indent + "  "
    return textwrap.wrap(
        line, width, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )


def comparison_table(comparison: Comparison) -> RenderableType:
    """Monthly cost of every deployment, what drives it, and whether it holds."""
    table = Table(
        title=escape(comparison.title),
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("deployment", no_wrap=True)
    table.add_column("a month", justify="right", style="bold", no_wrap=True)
    table.add_column("of which")
    for bill in comparison.bills:
        mark = {"pass": "", "at risk": " ?", "broken": " !"}[bill.state]
        style = "strike dim" if bill.state == "broken" else ""
        total = float(bill.total)
        table.add_row(f"{bill.deployment}{mark}", money(total), main_drivers(bill), style=style)
    parts: list[RenderableType] = [table]
    parts += [
        hung("!", f"{bill.deployment} cannot hold this. {bill.reason}", "red")
        for bill in comparison.bills
        if bill.state == "broken"
    ]
    parts += [
        hung("?", f"{bill.deployment} needs attention. {bill.reason}", "yellow")
        for bill in comparison.bills
        if bill.state == "at risk"
    ]
    if comparison.bills:
        parts.append(Text(_capital(comparison.conventions) + ".", style="dim"))
    parts += [
        Text(f"{refusal.deployment} cannot be priced: {refusal.reason}", style="red")
        for refusal in comparison.refusals
    ]
    return Group(*parts)


def bill_table(bill: Estimate) -> RenderableType:
    """The lines of a bill, what moves it, and what to know before trusting it."""
    table = Table(
        title=f"{bill.title}, {bill.region}: {money(float(bill.total))} a month",
        title_justify="left",
        title_style="bold",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("line")
    table.add_column("quantity", justify="right")
    table.add_column("tiers and prices")
    if bill.contract:
        table.add_column("at list\nprice", justify="right")
    table.add_column("cost", justify="right", style="bold")
    for item in bill.items:
        meter = item.rate.meter
        at_list = [money(float(item.list_usd))] if bill.contract else []
        table.add_row(
            meter.title + SURENESS[item.rate.confidence],
            f"{quantity_text(item.usage.quantity)} {meter.unit}",
            item.tiers_text().replace(" + ", " +\n"),
            *at_list,
            money(float(item.cost_usd)),
        )
    return Group(table, *_small_print(bill))


def _small_print(bill: Estimate) -> Iterator[RenderableType]:
    if any(SURENESS[item.rate.confidence] for item in bill.items):
        yield Text(_FOOTNOTE, style="dim")
    yield Text(_capital(bill.conventions) + ".", style="dim")
    styles = {"broken": "bold red", "at risk": "yellow", "pass": "dim"}
    for verdict in bill.verdicts:
        yield hung("Limit:", verdict.explain(), styles[verdict.state])
    for note in bill.notes:
        yield hung("Note:", note)
    if bill.not_modeled:
        yield Text("Not modeled:", style="dim")
        yield from (hung("  -", each, "dim") for each in bill.not_modeled)
    if bill.effects:
        yield Text("\nWhat the vendor leaves open, and what another answer would change:")
    for effect in bill.effects:
        yield hung(" ", effect.assumption.question)
        yield hung(" ", f"[{effect.assumption.id}: {effect.chosen}]")
        for answer, change in effect.change_usd.items():
            meaning = effect.assumption.choices[answer]
            yield hung("   ", f"{answer}: {float(change):+,.2f} USD ({meaning})", "dim")


def hung(label: str, text: str, style: str = "") -> RenderableType:
    """A paragraph whose lines begin behind its label."""
    row = Table.grid(padding=(0, 1, 0, 0))
    row.add_column(no_wrap=True)
    row.add_column()
    row.add_row(Text(label, style=style), Text(text, style=style))
    return row


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
