"""The view of a comparison: what each deployment costs, what drives it, whether it holds."""

from __future__ import annotations

from collections.abc import Iterator

from estimator.analysis.compare import Comparison, main_drivers
from estimator.format import dollars, range_text
from estimator.render.document import (
    Column,
    Document,
    Folded,
    Paragraph,
    Table,
    Text,
    only,
    state_text,
    table,
)
from estimator.render.views.common import refused, under
from estimator.states import State


def comparison_view(compared: Comparison) -> Document:
    """Monthly cost of every deployment, cheapest first."""
    problems = tuple(_problems(compared))
    return Document(
        f"{compared.title}: US dollars per month",
        (
            costs(compared),
            only(["terminal"], *problems),
            only(["notebook", "markdown"], Folded("At risk or broken", problems)),
            under(compared.conventions),
            refused(compared.refusals),
        ),
    )


def costs(compared: Comparison) -> Table:
    """A row for each deployment that could be priced."""
    return table(
        (
            "deployment",
            "state",
            Column("per month", is_number=True, tone="strong"),
            Column("of which", wraps=True),
        ),
        (
            (
                Text(bill.deployment or "", is_code=True),
                state_text(bill.state),
                range_text(bill.total, dollars),
                main_drivers(bill),
            )
            for bill in compared.bills
        ),
        tones=("struck" if bill.state is State.BROKEN else "plain" for bill in compared.bills),
    )


def _problems(compared: Comparison) -> Iterator[Paragraph]:
    """What is broken, then what is at risk, each with its reason."""
    for state, words in (
        (State.BROKEN, "cannot hold this load"),
        (State.AT_RISK, "needs attention"),
    ):
        for bill in compared.bills:
            if bill.state is state:
                said = f"{bill.deployment} {words}. {bill.reason}"
                yield Paragraph(said, state.tone, state.mark)
