"""The view of growth: the answer, what each deployment costs now and later, the milestones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from estimator.analysis.estimate.result import Estimate
from estimator.analysis.growth.growth import Growth
from estimator.analysis.growth.milestones import LimitExceeded, Milestone, TierReached
from estimator.format import dollars, number_of
from estimator.render import document as doc
from estimator.render.views.common import name_cells, name_columns, refused, under
from estimator.states import Tone

_FEW: Final = 4
"""Of so many deployments every milestone is shown."""


def growth_view(growth: Growth) -> doc.Document:
    """What each deployment costs now and at the end, what the period costs, what happens when."""
    shown = tuple(main_milestones(growth))
    left_out = len(growth.milestones) - len(shown)
    are = "is" if left_out == 1 else "are"
    return doc.Document(
        growth.title,
        (
            doc.Paragraph(f"{growth.audience}. {growth.answer}"),
            _costs(growth),
            doc.only(["terminal"], _folded(shown)),
            doc.only(["notebook", "markdown"], _folded(growth.milestones)),
            doc.only(
                ["terminal"],
                doc.Paragraph(
                    f"{number_of(left_out, 'price tier')} {are} not shown: only more expensive "
                    "deployments reach them (--deployment and --json show them)."
                    if left_out
                    else "",
                    "quiet",
                ),
            ),
            under(growth.conventions),
            refused(growth.refusals),
        ),
    )


def main_milestones(growth: Growth) -> Iterator[Milestone]:
    """All but the price tiers of deployments that are the cheapest in no month."""
    cheapest = {*growth.cheapest} - {None}
    for milestone in growth.milestones:
        of_others = isinstance(milestone, TierReached) and not cheapest & {*milestone.deployments}
        if not of_others or len(growth.bills) <= _FEW:
            yield milestone


def _costs(growth: Growth) -> doc.Table:
    """A row for each deployment."""
    columns = (
        *name_columns(wraps=True),
        "now#",
        f"month {growth.months}#",
        doc.Column(f"all {growth.months} months", is_number=True, tone="strong"),
    )

    def row(bill: Estimate) -> tuple[doc.Inline, ...]:
        totals, through = growth.totals(bill), growth.within_limits_through(bill)
        until = f"within limits through month {through}" if 0 <= through < growth.months else None
        return (
            *name_cells(bill.deployment, bill, until),
            *(dollars(float(usd)) for usd in (totals[0], totals[-1], totals[1:].sum())),
        )

    tones: list[Tone] = [
        "plain" if bill.state.is_within_limits else "quiet" for bill in growth.bills
    ]
    return doc.table(columns, map(row, growth.bills), tones=tones)


def _folded(milestones: tuple[Milestone, ...]) -> doc.Folded:
    return doc.Folded(f"Milestones ({len(milestones)})", tuple(map(_milestone, milestones)))


def _milestone(milestone: Milestone) -> doc.Paragraph:
    """A sign that tells its kind, and its words."""
    if isinstance(milestone, LimitExceeded):
        return doc.Paragraph(milestone.words, milestone.state.tone, milestone.state.mark)
    if isinstance(milestone, TierReached):
        return doc.Paragraph(milestone.words, "quiet", "$")
    return doc.Paragraph(milestone.words, "plain", ">")
