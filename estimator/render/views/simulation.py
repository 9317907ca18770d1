"""The view of a simulation: each assumption, limits, recoveries, both bills, and what is missed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from estimator.analysis.simulate.findings import Finding
from estimator.analysis.simulate.recovery import recoveries
from estimator.analysis.simulate.result import MinuteVerdict, Simulation
from estimator.format import count_text, dollars, percent, sentence, signed_dollars, span_text
from estimator.render import document as doc
from estimator.states import Assessment, State
from estimator.units import HALF_A_CENT_USD

_FEWEST_LIMITS: Final = 3


def simulation_view(simulation: Simulation, *, in_full: bool = False) -> doc.Document:
    """What was found of each assumption and limit, and which of them do not hold.

    Args:
        simulation: the simulated weeks.
        in_full: whether a terminal shows everything, or what fits on a page.
    """
    concluded = tuple(conclusion(simulation))
    scenario = simulation.scenario
    surges = (each.words_on(scenario.clock) for each in scenario.surges)
    # as they were simulated: the outage of a zone with the share that it takes
    disruptions = [*surges, *simulation.run.model.faults]
    bill = bill_table(simulation)
    details = (
        doc.Bullets(tuple(f"{each.title}: {each.words}." for each in simulation.findings), "quiet"),
        limits_table(_worth_showing(simulation.limits)),
        recoveries_table(simulation),
        storms_table(simulation),
        bill,
        *(doc.Paragraph(sentence(note), "quiet", "Note:") for note in simulation.notes),
    )
    return doc.Document(
        f"{simulation.title}: {simulation.state}",
        (
            doc.Paragraph(simulation.answer, "strong"),
            doc.Paragraph(sentence(simulation.weeks), "quiet"),
            *(doc.Paragraph(each, "quiet", "With") for each in disruptions),
            doc.only(["notebook", "markdown"], *concluded),
            findings_table(simulation),
            doc.only(["terminal"], *(details if in_full else ()), *concluded),
            doc.only(
                ["notebook", "markdown"],
                doc.Folded("What that means", (doc.Bullets(tuple(_meanings(simulation))),)),
                doc.folded("Limits", (each.explain() for each in simulation.limits)),
                doc.Folded("Recovery", (recoveries_table(simulation), storms_table(simulation))),
                *([doc.Folded("Bill line by line", (bill,))] if bill else []),
                doc.folded("Notes", map(sentence, simulation.notes)),
            ),
        ),
    )


def findings_table(simulation: Simulation) -> doc.Table:
    """What was assumed and found."""
    return doc.table(
        (doc.Column("assumption", wraps=True), "assumed#", "found#", "verdict"),
        (
            (
                _with_unit(each),
                count_text(each.assumed),
                _found(each),
                _state(each.state),
            )
            for each in simulation.findings
        ),
        "Assumed and found (mean of the weeks, with its 95% interval)",
    )


def _with_unit(finding: Finding) -> tuple[str | doc.Text, ...]:
    is_named = finding.unit in finding.title.lower()
    return (finding.title, *([] if is_named else [doc.Text(f" ({finding.unit})", "quiet")]))


def _found(finding: Finding) -> str:
    """The mean and half its interval, unless one week cannot tell."""
    half, found = finding.high - finding.found, count_text(finding.found)
    if not np.isfinite(half):
        return found
    # both in millions where the mean is
    return (
        f"{found} ± {half / 1e6:.2g}M" if found.endswith("M") else f"{found} ± {count_text(half)}"
    )


def _state(state: State | Assessment, words: str = "") -> doc.Text:
    return doc.Text(words or state, "plain" if state.tone == "good" else state.tone)


def _meanings(simulation: Simulation) -> Iterator[str]:
    for each in simulation.findings:
        if each.state is not Assessment.MET:
            yield f"{each.title}: {each.words}."


def _worth_showing(limits: tuple[MinuteVerdict, ...]) -> list[MinuteVerdict]:
    """All that are near a limit or over it, and if these are few, the closest others."""
    worst = [each for each in limits if each.state is not State.WITHIN_LIMITS]
    closest = [each for each in limits if each.state is State.WITHIN_LIMITS]
    return worst + closest[: max(_FEWEST_LIMITS - len(worst), 0)]


def limits_table(limits: Sequence[MinuteVerdict]) -> doc.Table:
    """How close the busiest minute comes to each limit."""
    return doc.table(
        (
            doc.Column("limit", wraps=True),
            *("at most#", "allowed#", "when#", "minutes\nbeyond#", "attempts\nrefused#"),
            "verdict",
        ),
        (
            (
                (each.limit.title, doc.Text(f"\n{each.limit.unit}", "quiet")),
                count_text(each.used),
                count_text(each.allowed),
                each.when.replace(" (", "\n("),
                count_text(each.minutes_beyond),
                count_text(each.turned_away),
                _state(each.state, each.state_words),
            )
            for each in limits
        ),
        "Limits, in the busiest minute",
    )  # fmt: skip


def recoveries_table(simulation: Simulation) -> doc.Table:
    """How soon clients were back after each fault."""
    recovered = recoveries(simulation.run)
    shares = recovered[0].back_s if recovered else ()
    return doc.table(
        (
            doc.Column("after", wraps=True), "clients\nlost#",
            *(f"{share:.0%}\nback#" for share in shares),
        ),
        (
            (each.fault, count_text(each.lost), *map(span_text, each.back_s.values()))
            for each in recovered
        ),
        "Recovery after faults",
    )  # fmt: skip


def storms_table(simulation: Simulation) -> doc.Table:
    """What it took until 99% of the clients were back after each fault."""
    return doc.table(
        (
            doc.Column("after", wraps=True), "attempts#", "refused#", "goodput#", "work\nwasted#",
            "most in\nqueue#", "at one\nunit#", "busiest\nprocessor#",
        ),
        (
            (
                each.fault.partition(" (")[0],
                count_text(each.attempts),
                count_text(each.refused),
                percent(each.goodput),
                percent(each.wasted_work),
                count_text(each.connecting_most),
                count_text(each.queue_most),
                percent(each.processor_most),
            )
            for each in recoveries(simulation.run)
        ),
        "Until 99% are back (goodput: connections made per attempt)",
    )  # fmt: skip


def bill_table(simulation: Simulation) -> doc.Table | None:
    """The lines as estimated and of the simulated weeks; None without a deployment."""
    expected, simulated = simulation.expected_bill, simulation.simulated_bill
    if expected is None or simulated is None:
        return None
    items = (*expected.items, *simulated.items)
    titles = {item.usage.meter_id: item.rate.meter.title for item in items}
    rows = [
        (titles[str(meter)], *map(dollars, costs), signed_dollars(change))
        for meter, *costs, change in simulation.bill_difference.itertuples()
        if max(costs) >= HALF_A_CENT_USD
    ]
    totals = float(expected.total), float(simulated.total)
    total = ("total", *map(dollars, totals), signed_dollars(totals[1] - totals[0]))
    return doc.table(
        (doc.Column("line", wraps=True), "expected#", "simulated#", "difference#"),
        (*rows, total),
        "US dollars per month: as estimated, and of the simulated weeks",
        (*("plain" for _ in rows), "strong"),
    )


def conclusion(simulation: Simulation) -> Iterator[doc.Paragraph]:
    """What is not simply met, the worst first."""
    named: list[tuple[State | Assessment, str]] = []
    named += [(each.state, each.title) for each in simulation.findings]
    named += [(each.state, f"limit '{each.limit.title}'") for each in simulation.limits]
    if simulation.deployment and not simulation.limits:
        named.append((State.NOT_CHECKED, f"limits of {simulation.deployment}"))
    for state in (*reversed(Assessment), *reversed(State)):
        those = [name for each, name in named if each is state]
        if those and state.tone != "good":
            yield doc.Paragraph(f"{state.capitalize()}: {', '.join(those)}.", state.tone)
    if simulation.state is Assessment.MET:
        yield doc.Paragraph("All assumptions hold.")
