"""The view of an invoice beside the estimate: the sentence first, then causes, lines, answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from estimator.format import (
    dollars_and_cents,
    figure_text,
    number_of,
    quantity_text,
    signed_dollars,
)
from estimator.invoices.differences import LineDifference
from estimator.invoices.month import Key
from estimator.invoices.open_questions import QuestionOnInvoice
from estimator.invoices.reconcile import Reconciliation
from estimator.render import document as doc
from estimator.render.views.common import under

_LINES_AT_MOST: Final = 12
_CERTAIN: Final = 1000.0
"""Odds beyond which nobody needs the figure."""


def reconciliation_view(found: Reconciliation) -> doc.Document:
    """What of the invoice is explained, why the rest differs, and what follows from it."""
    return doc.Document(
        "",
        (
            doc.only(["terminal", "notebook"], doc.Paragraph(found.title, "strong")),
            doc.Paragraph(found.verdict, "strong"),
            *details(found),
        ),
    )


def details(found: Reconciliation) -> Iterator[doc.Block]:
    """What stands below the sentence."""
    yield doc.Paragraph(found.difference_words, "strong")
    yield _causes(found)
    yield doc.Paragraph(found.chosen_because)
    yield from lines(found)
    yield from questions(found.questions, found.lines)
    yield _contract(found)
    if apart := found.apart:
        named = ", ".join(f"{name} {signed_dollars(usd)}" for name, usd in apart.items())
        rows = number_of(int(found.invoice.apart["rows"].sum()), "row")
        yield doc.Paragraph(f"Not compared ({rows} of the file): {named}.", "quiet")
    yield doc.folded("To know", found.notes)
    yield under(found.conventions)


def _causes(found: Reconciliation) -> doc.Table:
    rows: list[tuple[doc.Inline, ...]] = [
        (each.text, signed_dollars(each.usd)) for each in found.causes
    ]
    if rows:
        rows.append((doc.Text("Difference", "strong"), signed_dollars(found.difference_usd)))
    return doc.table((doc.Column("why the invoice differs", wraps=True), "USD#"), rows)


def lines(found: Reconciliation) -> Iterator[doc.Block]:
    """The lines that differ most, and all others folded."""
    first, others = found.lines[:_LINES_AT_MOST], found.lines[_LINES_AT_MOST:]
    total = (
        doc.Text("Total", "strong"),
        dollars_and_cents(found.estimated_usd),
        dollars_and_cents(found.billed_usd),
        *map(signed_dollars, (found.quantity_usd, found.price_usd, found.scope_usd)),
    )
    yield _line_table((*map(_line, first), total))
    yield doc.Folded(f"Further lines ({len(others)})", (_line_table(map(_line, others)),))
    yield doc.Folded("Quantities", (_quantities(found.lines),))


def _line_table(rows: Iterable[tuple[doc.Inline, ...]]) -> doc.Table:
    amounts = ("estimated#", "billed#", "quantity#", "price#", "scope#")
    return doc.table((doc.Column("line", wraps=True), *amounts), rows)


def _line(line: LineDifference) -> tuple[doc.Inline, ...]:
    why = f" ({line.scope})" if line.scope else ""
    parts = (line.quantity_usd, line.price_usd, line.scope_usd)
    return (
        f"{line.title}{why}",
        dollars_and_cents(line.estimated.usd),
        dollars_and_cents(line.billed_usd),
        *map(signed_dollars, parts),
    )


def _quantities(found: Iterable[LineDifference]) -> doc.Table:
    return doc.table(
        (doc.Column("line", wraps=True), "unit", "estimated#", "billed#"),
        (
            (
                line.title,
                line.unit,
                quantity_text(line.estimated.quantity),
                quantity_text(line.counted.quantity),
            )
            for line in found
        ),
    )


def questions(
    found: Iterable[QuestionOnInvoice], lines: Iterable[LineDifference]
) -> Iterator[doc.Block]:
    """What the invoice says of each open question, with the figures behind it."""
    asked = tuple(found)
    titles = {line.key: line.title for line in lines}
    yield doc.table(
        (
            doc.Column("open question", wraps=True),
            "taken",
            "likeliest",
            doc.Column("how strongly the invoice speaks", wraps=True),
        ),
        (
            (
                each.assumption.question,
                doc.Text(each.given, is_code=True),
                doc.Text(
                    each.best.answer, "warning" if each.is_contradicted else "plain", "", True
                ),
                _strength(each),
            )
            for each in asked
        ),
    )
    yield doc.Folded(
        f"What each answer would make of these lines ({len(asked)})",
        tuple(_answers(each, titles) for each in asked),
    )


def _strength(each: QuestionOnInvoice) -> str:
    odds = "over 1,000" if each.odds > _CERTAIN else figure_text(each.odds)
    against = f", and {each.strength_against_given} against what was taken"
    told = against if each.is_contradicted and not each.is_settled else ""
    return f"{each.strength} ({odds} : 1 over the next answer){told}"


def _answers(each: QuestionOnInvoice, titles: Mapping[Key, str]) -> doc.Table:
    return doc.table(
        (
            doc.Column("line", wraps=True),
            *(f"{answer.answer}#" for answer in each.answers),
            "on the invoice#",
        ),
        (
            (
                titles[key],
                *(quantity_text(answer.estimated[key]) for answer in each.answers),
                quantity_text(billed),
            )
            for key, billed in each.billed.items()
        ),
        title=each.assumption.question,
    )


def _contract(found: Reconciliation) -> doc.Block:
    if found.contract is None:
        return doc.Paragraph("All lines that both have were billed at list prices.")
    titles = {line.key.meter: line.title for line in found.lines}
    rates = (
        f"{rate.in_words()}: {', '.join(titles[meter] for meter in rate.meters)} in "
        f"{', '.join(rate.regions or ())}"
        for rate in found.contract.rates
    )
    return doc.folded("Contract, as paid", rates)
