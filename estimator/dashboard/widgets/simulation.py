"""What did the simulated weeks show? The verdict first, then charts, limits and the bill."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from estimator.analysis.simulate.answer import Outcome
from estimator.analysis.simulate.result import Simulation
from estimator.dashboard.charts.storm import storm_chart
from estimator.dashboard.session.jobs import SimulationJob
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import badge, literal, show, show_heading, told_apart
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.touch import show_touchable
from estimator.format import capitalized, sentence
from estimator.render.document import Bullets, folded, shown, state_text
from estimator.render.views.simulation import (
    bill_table,
    conclusion,
    findings_table,
    limits_table,
    recoveries_table,
    storms_table,
)
from estimator.scenario.local_time import moment_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look


def simulation_view(job: SimulationJob, simulation: Simulation) -> None:
    """A finished simulation from all sides."""
    worst, *others = simulation.outcomes
    show_heading((f"{worst.verdict} ", state_text(worst.state)))
    st.markdown(literal(" ".join(filter(None, (worst.why, simulation.cost)))))
    if others:
        _others(others)
    if worst.fault is not None:
        _storm(job, simulation, worst)
    show(tuple(conclusion(simulation)))
    show_chart(job, "week", simulation.chart)
    show_heading("Every assumption")
    notes = map(sentence, (simulation.weeks, *simulation.notes))
    words = (f"{each.title}: {each.words}." for each in simulation.findings)
    show([findings_table(simulation), Bullets(tuple(words)), folded("Notes", notes)])
    show_heading("A closer look")
    chosen = _closer_look(job, simulation)
    show(
        shown(
            limits_table(simulation.limits),
            recoveries_table(simulation),
            storms_table(simulation),
            bill_table(simulation),
        )
    )
    _downloads(simulation, chosen)


def _others(outcomes: Sequence[Outcome]) -> None:
    """Faults that ended less badly."""
    title = "The other fault" if len(outcomes) == 1 else f"The other {len(outcomes)} faults"
    with st.expander(title):
        st.markdown(
            "\n".join(
                f"- {literal(f'{each.verdict} {each.why}')} {badge(each.state)}"
                for each in outcomes
            )
        )


def _storm(job: SimulationJob, simulation: Simulation, outcome: Outcome) -> None:
    number = outcome.fault
    assert number is not None
    show_touchable(
        job,
        f"storm_{number}",
        partial(storm_chart, simulation, number),
        f"{outcome.verdict} {outcome.why} The table below has each figure.",
    )
    st.caption("Point at a moment for all its figures. Of several weeks, the one that is typical.")


def _closer_look(job: SimulationJob, simulation: Simulation) -> str:
    """One chart of several; returns which."""
    names = {"peaks": "Peaks"}
    # the worst is above
    storms = {f"storm {each.fault}": each for each in simulation.outcomes[1:]}
    titles = told_apart(_short_name(simulation, each.fault) for each in storms.values())
    names |= dict(zip(storms, titles, strict=True))
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
    if shown in storms:
        _storm(job, simulation, storms[shown])
    else:
        show_chart(job, shown, _chart(simulation, shown))
    return shown


def _short_name(simulation: Simulation, number: int | None) -> str:
    assert number is not None
    fault = simulation.scenario.faults[number]
    return f"{capitalized(fault.fault.replace('_', ' '))}, {moment_text(fault.at)}"


def _chart(simulation: Simulation, name: str) -> Callable[[Look], Figure]:
    kind, _, number = name.partition(" ")
    if kind == "storm":
        return partial(simulation.storm_chart, int(number))
    return {
        "peaks": simulation.peak_chart,
        "scaling": simulation.scaling_chart,
        "attempts": simulation.attempts_chart,
    }[kind]


def _downloads(simulation: Simulation, chosen: str) -> None:
    worst = simulation.outcomes[0].fault
    storm = (
        () if worst is None else ("Storm", "simulation-storm", _chart(simulation, f"storm {worst}"))
    )
    download_row(
        [
            table_file("Verdicts", "simulation-verdicts.csv", lambda: simulation.verdicts),
            table_file(
                "Every minute",
                "simulation-minutes.csv",
                lambda: simulation.connections.reset_index(),
            ),
            data_file("Everything", "simulation.json", simulation.as_data),
            *(chart_files(*storm) if storm else ()),
            *chart_files("Chart of the week", "simulation-week", simulation.chart),
            *chart_files(
                "Closer look", f"simulation-{chosen.replace(' ', '-')}", _chart(simulation, chosen)
            ),
        ]
    )
