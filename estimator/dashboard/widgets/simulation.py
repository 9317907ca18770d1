"""What did the simulated weeks show? Verdicts, charts, limits minute by minute, and the bill."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from estimator.analysis.simulate.recovery import recoveries
from estimator.analysis.simulate.result import Simulation
from estimator.dashboard.session.jobs import SimulationJob
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import badge, literal, show
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.format import capitalized, sentence
from estimator.render.document import Bullets, folded, shown
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
    st.header(f"{literal(simulation.answer)} {badge(simulation.state)}", anchor=False)
    if simulation.storms:
        worst = _worst_storm(simulation)
        show_chart(job, f"storm {worst}", partial(simulation.storm_chart, worst))
    show(tuple(conclusion(simulation)))
    show_chart(job, "week", simulation.chart)
    st.header("Every assumption", anchor=False)
    notes = map(sentence, (simulation.weeks, *simulation.notes))
    words = (f"{each.title}: {each.words}." for each in simulation.findings)
    show([findings_table(simulation), Bullets(tuple(words)), folded("Notes", notes)])
    st.header("A closer look", anchor=False)
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


def _worst_storm(simulation: Simulation) -> int:
    """Position of the fault from which clients come back last."""
    faults = list(simulation.run.model.faults)
    worst = max(recoveries(simulation.run), key=lambda each: (each.until_99_s, each.lost))
    return faults.index(worst.fault)


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
    download_row(
        [
            table_file("Verdicts", "simulation-verdicts.csv", lambda: simulation.verdicts),
            table_file(
                "Every minute",
                "simulation-minutes.csv",
                lambda: simulation.connections.reset_index(),
            ),
            data_file("Everything", "simulation.json", simulation.as_data),
            *chart_files("Chart of the week", "simulation-week", simulation.chart),
            *chart_files(
                "Closer look", f"simulation-{chosen.replace(' ', '-')}", _chart(simulation, chosen)
            ),
        ]
    )
