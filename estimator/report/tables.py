"""Comparisons and bills as tables for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from estimator.analysis.estimate import Estimate
from estimator.pricing.line import amount
from estimator.report.comparison import Comparison

SURENESS = {"confirmed": "", "single_source": " *", "inferred": " **"}
_WORTH_NAMING = 0.05
_FOOTNOTE = "* price seen in one source only   ** price at least partly inferred"


def money(usd: float) -> str:
    """An amount for a person: cents only where they matter.

    >>> money(1234.5), money(12.345)
    ('$1,234', '$12.35')
    """
    return f"${usd:,.0f}" if usd >= 1000 else f"${usd:,.2f}"


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
        Text(f"! {bill.deployment} cannot hold this. {bill.reason}", style="red")
        for bill in comparison.bills
        if bill.state == "broken"
    ]
    parts += [
        Text(f"? {bill.deployment} needs attention. {bill.reason}", style="yellow")
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


def main_drivers(bill: Estimate) -> str:
    """What makes up most of a bill, in words."""
    shares = {driver: float(usd) / float(bill.total) for driver, usd in bill.by_driver.items()
              if bill.total}  # fmt: skip
    largest = sorted(shares, key=lambda driver: -shares[driver])
    return ", ".join(
        f"{driver} {shares[driver]:.0%}" for driver in largest if shares[driver] >= _WORTH_NAMING
    )


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
            f"{amount(item.usage.quantity)} {meter.unit}",
            item.tiers_text(),
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
        yield Text(f"Limit: {verdict.explain()}", style=styles[verdict.state])
    for note in bill.notes:
        yield Text(f"Note: {note}")
    if bill.not_modelled:
        yield Text(f"Not modelled: {'; '.join(bill.not_modelled)}.", style="dim")
    if bill.effects:
        yield Text("\nWhat the vendor leaves open, and what another answer would change:")
    for effect in bill.effects:
        yield Text(f"  {effect.assumption.question} [{effect.assumption.id}: {effect.chosen}]")
        for answer, change in effect.change_usd.items():
            meaning = effect.assumption.choices[answer]
            yield Text(f"    {answer}: {float(change):+,.2f} USD ({meaning})", style="dim")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
