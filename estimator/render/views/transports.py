"""The view of transports: the advice first, then dollars beside delay, and what cannot be."""

from __future__ import annotations

from collections.abc import Iterator

from estimator.analysis.transports.advice import below_headline, transport_words
from estimator.analysis.transports.choices import freshness_words, table_order
from estimator.analysis.transports.compared import Option
from estimator.analysis.transports.result import Transports
from estimator.format import count_text, delay_text, dollars
from estimator.pricing.price_files import CLOUDS
from estimator.render import document as doc
from estimator.render.views.common import name_cells, name_columns, under
from estimator.scenario.transport import KIND_WORDS


def transports_view(found: Transports) -> doc.Document:
    """Which transport to choose, and why."""
    traffic, choice, *_ = found.sentences
    return doc.Document(
        found.title, (doc.Paragraph(traffic), doc.Paragraph(choice, "strong"), *_reasons(found))
    )


def details(found: Transports) -> Iterator[doc.Block]:
    """What stands below the headline, without saying that again."""
    traffic, *_ = found.sentences
    yield doc.Paragraph(below_headline(found))
    yield doc.Paragraph(traffic)
    yield from _reasons(found)


def _reasons(found: Transports) -> Iterator[doc.Block]:
    """Why it is the choice, and what else there is."""
    _, _, *reasons = found.sentences
    yield doc.Bullets(tuple(reasons))
    yield from rate_list(found)
    yield best_table(found)
    yield cloud_table(found)
    yield cannot_table(found)
    yield under(found.conventions)


def rate_list(found: Transports) -> Iterator[doc.Block]:
    """Where the cheapest changes with the message rate, if that was asked for."""
    if found.by_rate is not None:
        yield doc.Paragraph("By messages of a client per minute, both ways", "strong")
        yield doc.Bullets(found.by_rate.sentences)


def best_table(found: Transports) -> doc.Table:
    """The cheapest deployment of each transport, with the delay that it adds."""
    return doc.table(
        (
            doc.Column("transport", wraps=True),
            *name_columns(wraps=True),
            "per month#",
            "mean delay#",
            "95% within#",
            "requests#",
        ),
        (_row(option, found.within_seconds) for option in _in_order(found.best_of_each)),
    )


def _in_order(options: tuple[Option, ...]) -> list[Option]:
    return sorted(options, key=lambda option: table_order(option.transport))


def _row(option: Option, within_seconds: float | None) -> tuple[doc.Inline, ...]:
    p95 = delay_text(float(option.delay.p95_seconds))
    late = not option.is_fresh(within_seconds)
    return (
        transport_words(option.transport),
        *name_cells(option.bill.deployment, option.bill),
        dollars(option.usd),
        delay_text(float(option.delay.mean_seconds)),
        doc.Text(f"{p95}, late", "bad") if late else p95,
        count_text(option.requests_per_month),
    )


def cloud_table(found: Transports) -> doc.Folded:
    """The cheapest of each cloud over each transport."""
    clouds = [cloud for cloud in CLOUDS if any(o.bill.cloud == cloud for o in found.options)]
    least: dict[tuple[str, str], float] = {}
    for option in found.options:
        if option.bill.state.is_within_limits:
            least.setdefault((option.transport.words, option.bill.cloud or ""), option.usd)
    words = [option.transport.words for option in _in_order(found.best_of_each)]
    table = doc.table(
        ("per month", *(f"{CLOUDS[cloud]}#" for cloud in clouds)),
        (
            (each, *(dollars(least[each, c]) if (each, c) in least else "–" for c in clouds))
            for each in words
        ),
    )
    wanted = found.within_seconds
    late = "" if wanted is None else f", whether it brings {freshness_words(wanted)} or not"
    return doc.Folded(f"The cheapest of each cloud within limits{late}", (table,))


def cannot_table(found: Transports) -> doc.Folded:
    """Which deployments do not carry what, and why."""
    table = doc.table(
        ("deployment", doc.Column("does not carry", wraps=True), doc.Column("why", wraps=True)),
        (
            (
                doc.Text(each.deployment, is_code=True),
                ", ".join(KIND_WORDS[kind] for kind in each.kinds),
                each.why,
            )
            for each in found.cannot
        ),
    )
    return doc.Folded(f"Cannot be ({len(found.cannot)})", (table,) if found.cannot else ())
