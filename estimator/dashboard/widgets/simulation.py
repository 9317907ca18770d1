"""What did the simulated weeks show? Verdicts, charts, limits minute by minute, and the bill."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import streamlit as st

from estimator.analysis.simulate.findings import Finding
from estimator.analysis.simulate.result import MinuteVerdict, Simulation
from estimator.dashboard.session.jobs import SimulationJob
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import badge, literal, show_table, with_total
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.limits import allowed_text, source_of
from estimator.format import capitalized, dollars, figure_text, sentence, signed_dollars
from estimator.render.document import Inline, Table, Text, state_text, table
from estimator.states import State
from estimator.units import week_time_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look

_ANSWERS: Final = {
    State.PASS: "The assumptions of this scenario hold.",
    State.AT_RISK: "The assumptions of this scenario hold, but with little margin.",
    State.BROKEN: "The assumptions of this scenario do not hold.",
}


def simulation_view(job: SimulationJob, simulation: Simulation) -> None:
    """A finished simulation from all sides."""
    st.subheader(f"{_ANSWERS[simulation.state]} {badge(simulation.state)}", anchor=False)
    st.markdown(_reasons(simulation))
    show_chart(job, "week", _chart(simulation, "week"))
    st.subheader("Every assumption", anchor=False)
    show_table(
        table(("state", "assumed", "found"), (_finding(each) for each in simulation.findings))
    )
    st.caption(literal(sentence("; ".join(map(capitalized, simulation.run.notes)))))
    st.subheader("A closer look", anchor=False)
    chosen = _closer_look(job, simulation)
    if simulation.limits:
        st.subheader("Limits, minute by minute", anchor=False)
        show_table(_limits(simulation))
    if simulation.expected_bill is not None and simulation.simulated_bill is not None:
        st.subheader("What the difference costs", anchor=False)
        show_table(_bill(simulation))
    _downloads(simulation, chosen)


def _reasons(simulation: Simulation) -> str:
    """What does not pass, the worst first, in one line."""
    titles = {
        state: [
            *(each.title for each in simulation.findings if each.state is state),
            *(each.limit.title for each in simulation.limits if each.state is state),
        ]
        for state in (State.BROKEN, State.AT_RISK)
    }
    named = [
        f"{badge(state)} {literal(', '.join(dict.fromkeys(those)))}"
        for state, those in titles.items()
        if those
    ]
    return "  \n".join(named) or "Every assumption was confirmed, and no limit is close."


def _finding(finding: Finding) -> tuple[Inline, ...]:
    return (
        state_text(finding.state),
        (Text(f"{finding.title}:", "strong"), f" {figure_text(finding.assumed)} {finding.unit}"),
        (
            Text(figure_text(finding.found), "strong"),
            f"{_interval(finding)}. {sentence(finding.words)}",
        ),
    )


def _interval(finding: Finding) -> str:
    """The interval of the mean, unless one week cannot tell or all weeks are alike."""
    if not math.isfinite(finding.low) or not math.isfinite(finding.high):
        return ""
    low, high = figure_text(max(finding.low, 0.0)), figure_text(finding.high)
    return f", {low}–{high}" if low != high else ""


def _limits(simulation: Simulation) -> Table:
    def row(verdict: MinuteVerdict) -> tuple[Inline, ...]:
        limit = verdict.limit
        return (
            state_text(verdict.state),
            limit.title,
            f"{figure_text(verdict.used)} {limit.unit}",
            allowed_text(verdict.allowed, limit),
            verdict.when or "any time",
            f"{verdict.minutes_beyond:,}",
            figure_text(verdict.turned_away),
            source_of(limit),
        )

    return table(
        (
            *("state", "limit", "busiest minute", "allowed", "when"),
            *("minutes per week over it#", "rejected per week#", "source"),
        ),
        map(row, simulation.limits),
    )


def _bill(simulation: Simulation) -> Table:
    titles = {
        item.usage.meter_id: item.rate.meter.title
        for bill in (simulation.expected_bill, simulation.simulated_bill)
        if bill is not None
        for item in bill.items
    }
    difference = simulation.bill_difference
    lines = [(titles[str(meter)], row) for meter, row in difference.iterrows()]
    *rows, total = [
        (
            title,
            dollars(row["expected_usd"]),
            dollars(row["simulated_usd"]),
            signed_dollars(row["difference_usd"]),
        )
        for title, row in (*lines, ("Total per month", difference.sum()))
    ]
    return with_total(("line", "expected#", "simulated#", "difference#"), rows, total)


def _closer_look(job: SimulationJob, simulation: Simulation) -> str:
    """One chart of several; returns which."""
    names = {"peaks": "Peaks"}
    names |= {f"storm {number}": _short_name(simulation, number) for number in simulation.storms}
    admission = simulation.run.model.admission
    if admission.counts_units and math.isfinite(admission.connections_per_unit):
        names["scaling"] = f"{capitalized(admission.unit_name)}s"
    names["attempts"] = "Attempts"
    chosen = st.segmented_control(
        "Chart",
        list(names),
        key="concurrency_chart",
        default="peaks",
        required=True,
        format_func=lambda name: literal(str(names.get(name, name))),
        label_visibility="collapsed",
    )
    shown = chosen if chosen in names else "peaks"
    show_chart(job, shown, _chart(simulation, shown))
    return shown


def _short_name(simulation: Simulation, number: int) -> str:
    fault = simulation.scenario.faults[number]
    return f"{capitalized(fault.fault.replace('_', ' '))}, {week_time_text(fault.at)}"


def _chart(simulation: Simulation, name: str) -> Callable[[Look], Figure]:
    kind, _, number = name.partition(" ")

    def draw(look: Look) -> Figure:
        # matplotlib takes long to import, and the texts need not wait for it
        from estimator.render import charts

        if kind == "storm":
            return charts.storm_chart(simulation, int(number), look)
        of = {
            "week": charts.concurrency_chart,
            "peaks": charts.peak_chart,
            "scaling": charts.scaling_chart,
            "attempts": charts.attempts_chart,
        }
        return of[kind](simulation, look)

    return draw


def _downloads(simulation: Simulation, chosen: str) -> None:
    download_row(
        [
            table_file("Verdicts", "simulation-verdicts.csv", lambda: simulation.verdicts),
            table_file(
                "Every minute",
                "simulation-minutes.csv",
                lambda: simulation.connections.reset_index(),
            ),
            data_file("Everything", "simulation.json", simulation.as_data),
            *chart_files("Chart of the week", "simulation-week", _chart(simulation, "week")),
            *chart_files(
                "Closer look", f"simulation-{chosen.replace(' ', '-')}", _chart(simulation, chosen)
            ),
        ]
    )
