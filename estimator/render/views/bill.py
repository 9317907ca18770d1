"""The views of bills: one of them line by line, or those of many deployments side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from estimator.analysis.compare import Comparison, main_drivers
from estimator.analysis.estimate import Estimate
from estimator.format import dollars, dollars_and_cents, quantity_text, range_text, signed_dollars
from estimator.pricing.bill import AssumptionEffect, Bill
from estimator.pricing.lines import SURENESS, LineItem
from estimator.render.document import (
    Block,
    Bullets,
    Column,
    Document,
    Folded,
    Inline,
    Paragraph,
    Table,
    Text,
    folded,
    only,
    state_text,
    table,
)
from estimator.render.views.common import named, refused, under
from estimator.states import State, Tone

_DOUBTS: Final = {"confirmed": "", "single_source": " *", "inferred": " **"}
_FOOTNOTE: Final = "* price seen in one source only   ** price at least partly inferred"


def comparison_view(compared: Comparison) -> Document:
    """Monthly cost of every deployment, cheapest first."""
    problems = tuple(_problems(compared))
    return Document(
        f"{compared.title}: US dollars per month",
        (
            only(["terminal"], _costs(compared, has_states=False)),
            only(["notebook", "markdown"], _costs(compared, has_states=True)),
            Folded(f"At risk or broken ({len(problems)})", problems),
            under(compared.conventions),
            refused(compared.refusals),
        ),
    )


def _costs(compared: Comparison, *, has_states: bool) -> Table:
    """A row for each deployment; where there is no room for states, their marks."""
    columns = (
        "deployment",
        *(["state"] if has_states else []),
        Column("per month", is_number=True, tone="strong"),
        Column("of which", wraps=True),
    )
    rows = (
        (
            named(bill.deployment, bill.state, has_states=has_states),
            *([state_text(bill.state)] if has_states else []),
            range_text(bill.total, dollars),
            main_drivers(bill),
        )
        for bill in compared.bills
    )
    tones: list[Tone] = [
        "plain" if each.state.is_within_limits else "struck" for each in compared.bills
    ]
    return table(columns, rows, tones=tones)


def _problems(compared: Comparison) -> Iterator[Paragraph]:
    """What is broken, then what is at risk, each with its reason."""
    for state, words in (
        (State.BROKEN, "cannot carry this load"),
        (State.AT_RISK, "needs attention"),
    ):
        for bill in compared.bills:
            if bill.state is state:
                said = f"{bill.deployment} {words}. {bill.reason}"
                yield Paragraph(said, state.tone, state.mark)


def bill_view(bill: Bill) -> Document:
    """What was counted and what it costs, what to know before trusting it, what could move it."""
    many = bool(np.ndim(bill.total))
    verdicts = bill.verdicts if isinstance(bill, Estimate) else ()
    return Document(
        f"{bill.title}, {bill.region}: {bill.total_text} per month",
        (
            *((Paragraph(state_text(bill.state)),) if isinstance(bill, Estimate) else ()),
            *((_bounds(bill),) if many else _lines(bill)),
            under(bill.conventions),
            folded("Limits", (Text(v.explain(), _quiet_if_pass(v.state)) for v in verdicts)),
            folded("Notes", bill.notes),
            folded("Not modeled", bill.not_modeled),
            Folded(
                "What the vendor leaves open, and what another answer would change",
                () if many else tuple(b for e in bill.effects for b in _open_question(e)),
            ),
            only(
                ["notebook"],
                Paragraph(
                    ".explain() tells how each line came to be, .assumptions lists what is open "
                    "and what each answer changes.",
                    "quiet",
                ),
            ),
        ),
    )


def _quiet_if_pass(state: State) -> Tone:
    return "quiet" if state is State.PASS else state.tone


def _open_question(effect: AssumptionEffect) -> Iterator[Block]:
    asked = effect.assumption
    yield Paragraph((f"{asked.question} ", Text(f"[{asked.id}: {effect.chosen}]", "quiet")))
    yield Bullets(
        tuple(
            f"{answer}: {signed_dollars(float(change))} ({asked.choices[answer]})"
            for answer, change in effect.change_usd.items()
        ),
        "quiet",
    )


def _lines(bill: Bill) -> Iterator[Block]:
    """Where there is room, with the page on which each price was seen."""
    yield only(["terminal"], _line_table(bill, has_sources=False))
    yield only(["notebook", "markdown"], _line_table(bill, has_sources=True))
    if any(_DOUBTS[item.rate.confidence] for item in bill.items):
        yield only(["terminal"], Paragraph(_FOOTNOTE, "quiet"))


def _line_table(bill: Bill, *, has_sources: bool) -> Table:
    at_list = [Column("at list price", is_number=True, wraps=True)] if bill.contract else []
    columns = (
        Column("line", wraps=True),
        Column("quantity", is_number=True, wraps=True),
        Column("tiers and prices", wraps=True),
        *at_list,
        Column("cost", is_number=True, tone="strong"),
        *(["price seen at"] if has_sources else []),
    )

    def row(item: LineItem) -> Iterator[Inline]:
        meter = item.rate.meter
        if has_sources:
            yield f"{meter.service}: {meter.title}"
        else:
            yield meter.title + _DOUBTS[item.rate.confidence]
        yield f"{quantity_text(item.usage.quantity)} {meter.unit}"
        # in a narrow column, one tier a line
        yield item.tiers_text() if has_sources else item.tiers_text().replace(" + ", " +\n")
        if bill.contract:
            yield dollars_and_cents(item.list_usd)
        yield dollars_and_cents(item.cost_usd)
        if has_sources:
            yield _seen_at(item)

    total: list[Inline] = ["total", "", ""]
    if bill.contract:
        total.append(dollars_and_cents(bill.list_total))
    total += [dollars_and_cents(bill.total), *([""] if has_sources else [])]
    rows = [tuple(row(item)) for item in bill.items]
    return table(columns, (*rows, total), tones=(*("plain" for _ in rows), "strong"))


def _seen_at(item: LineItem) -> Text:
    """Where and when the price was seen, and how sure it is if it is not confirmed."""
    rate = item.rate
    host = urlsplit(rate.source).hostname or rate.source
    doubt = "" if rate.confidence == "confirmed" else f", {SURENESS[rate.confidence]}"
    return Text(f"{host}, {rate.checked_on}{doubt}", link=rate.source)


def _bounds(bill: Bill) -> Table:
    """The least and the most of many scenarios."""
    parts = (*bill.by_driver.items(), ("total", bill.total))
    return table(
        (f"{np.size(bill.total):,} scenarios", "least#", "most#"),
        (
            (name, dollars_and_cents(np.min(usd)), dollars_and_cents(np.max(usd)))
            for name, usd in parts
        ),
        tones=(*("plain" for _ in bill.by_driver), "strong"),
    )
