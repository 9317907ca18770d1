"""The view of a recovery plan: the answer, the storm as it is, and what each lever can do."""

from __future__ import annotations

from estimator.analysis.recovery_plan.result import Change, RecoveryPlan
from estimator.format import percent, sentence, signed_dollars, span_text
from estimator.render import document as doc
from estimator.states import Assessment


def recovery_plan_view(plan: RecoveryPlan) -> doc.Document:
    """The plan in a sentence, what happens without it, and each lever."""
    return doc.Document(
        f"{plan.title}: {plan.state}",
        (
            doc.Paragraph(plan.answer, "plain" if plan.state.tone == "good" else plan.state.tone),
            *details(plan),
        ),
    )


def details(plan: RecoveryPlan) -> tuple[doc.Block, ...]:
    """All that stands below the answer."""
    return (
        doc.Paragraph(f"After {plan.fault}.", "quiet"),
        as_it_is_table(plan),
        doc.Paragraph(plan.as_it_is_words),
        levers_table(plan),
        doc.Paragraph(sentence(plan.storms), "quiet"),
        *(doc.Paragraph(sentence(note), "quiet", "Note:") for note in plan.notes),
    )


def as_it_is_table(plan: RecoveryPlan) -> doc.Table:
    """When clients are back if nothing is changed."""
    storm = plan.as_it_is
    wasted = "not known" if storm.wasted_share is None else percent(storm.wasted_share)
    return doc.table(
        (
            *(f"{percent(share)} back#" for share in storm.back_s),
            *("attempts per\nconnection#", "work\nwasted#"),
        ),
        [
            (
                *map(span_text, storm.back_s.values()),
                f"{storm.attempts_per_connection:.1f}",
                wasted,
            )
        ],
        "As it is (the slowest storm)",
    )


def levers_table(plan: RecoveryPlan) -> doc.Table:
    """The smallest change of each lever that is enough, or its best; empty if none was tried."""

    def row(change: Change) -> tuple[doc.Inline, ...]:
        checked = change.checked
        usd = change.usd_per_month
        return (
            (change.words, doc.Text(f"\n{change.effort}", "quiet")),
            change.present,
            span_text(change.storm.back_s[plan.share]),
            "" if checked is None else span_text(checked.back_s[plan.share]),
            "not known" if usd is None else signed_dollars(usd),
            doc.Text(change.state, "plain" if change.state.tone == "good" else change.state.tone),
        )

    who = percent(plan.share)
    return doc.table(
        (
            doc.Column("change", wraps=True),
            doc.Column("as it is", wraps=True),
            *(f"{who} back\nin#", "with other\nseeds#", "USD per\nmonth#"),
            "verdict",
        ),
        [row(each) for each in plan.rows],
        f"Each lever: the smallest change that brings {who} back in {span_text(plan.within_s)}, "
        "or its best",
        [("plain" if each.state is Assessment.MET else "quiet") for each in plan.rows],
    )
