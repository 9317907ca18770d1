"""What did the simulated weeks show? Verdicts, charts, limits minute by minute, and the bill."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from estimator.analysis.simulate.findings import Finding
from estimator.analysis.simulate.result import MinuteVerdict, Simulation
from estimator.dashboard.session.background import SimulationJob
from estimator.dashboard.widgets.charts import Picture, Screen, draw, show, theme
from estimator.dashboard.widgets.downloads import Download, as_json, chart_files, csv, download_row
from estimator.dashboard.widgets.limits import STATES, source_of
from estimator.dashboard.widgets.text import dollars, literal
from estimator.format import count_text
from estimator.units import HALF_A_CENT_USD, week_time_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from estimator.shown import Look

_ANSWERS = {
    "pass": "What this scenario assumes holds.",
    "at risk": "What this scenario assumes holds, but not with room to spare.",
    "broken": "What this scenario assumes does not hold.",
}
_CHARTS_KEPT = 64


def simulation_view(asked: SimulationJob, simulation: Simulation) -> None:
    """A finished simulation from all sides."""
    st.subheader(f"{_ANSWERS[simulation.state]} {STATES[simulation.state]}", anchor=False)
    st.markdown(_why(simulation))
    _chart(asked, simulation, "week")
    st.subheader("Every assumption", anchor=False)
    st.table(_findings(simulation), border="horizontal", hide_index=True)
    st.caption(literal(f"{'; '.join(_capital(note) for note in simulation.run.notes)}."))
    st.subheader("A closer look", anchor=False)
    chosen = _closer_look(asked, simulation)
    if simulation.limits:
        st.subheader("Limits, minute by minute", anchor=False)
        st.table(_limits(simulation), border="horizontal", hide_index=True)
    if simulation.expected_bill is not None and simulation.simulated_bill is not None:
        st.subheader("What the difference costs", anchor=False)
        st.table(_bill(simulation), border="horizontal", hide_index=True)
    _downloads(asked, simulation, chosen)


def _why(simulation: Simulation) -> str:
    """What does not pass, the worst first, in one line."""
    titles = {
        state: [
            *(each.title for each in simulation.findings if each.state == state),
            *(each.limit.title for each in simulation.limits if each.state == state),
        ]
        for state in ("broken", "at risk")
    }
    named = [
        f"{STATES[state]} {literal(', '.join(dict.fromkeys(those)))}"
        for state, those in titles.items()
        if those
    ]
    return "  \n".join(named) or "Every assumption was confirmed, and no limit comes near."


def _findings(simulation: Simulation) -> pd.DataFrame:
    return pd.DataFrame([_finding(each) for each in simulation.findings])


def _finding(finding: Finding) -> dict[str, str]:
    return {
        "": STATES[finding.state],
        "What was assumed": f"**{literal(finding.title)}:** "
        + literal(f"{count_text(finding.assumed)} {finding.unit}"),
        "What was found": f"**{literal(count_text(finding.found))}**{literal(_interval(finding))} "
        + literal(f"{_capital(finding.words)}."),
    }


def _interval(finding: Finding) -> str:
    """The interval of the mean, unless one week cannot tell or all weeks are alike."""
    if not math.isfinite(finding.low) or not math.isfinite(finding.high):
        return "."
    low, high = count_text(max(finding.low, 0.0)), count_text(finding.high)
    return f", {low} to {high}." if low != high else "."


def _limits(simulation: Simulation) -> pd.DataFrame:
    return pd.DataFrame([_limit(each) for each in simulation.limits])


def _limit(verdict: MinuteVerdict) -> dict[str, str]:
    limit = verdict.limit
    raised = "can be raised" if limit.adjustable else "cannot be raised"
    return {
        "": STATES[verdict.state],
        "Limit": literal(limit.title),
        "Busiest minute": literal(f"{count_text(verdict.used)} {limit.unit}"),
        "Allowed": literal(f"{count_text(verdict.allowed)}, {raised}"),
        "When": literal(verdict.when or "any time"),
        "Minutes a week beyond": f"{verdict.minutes_beyond:,}",
        "Turned away a week": literal(count_text(verdict.turned_away)),
        "Source": source_of(limit),
    }


def _bill(simulation: Simulation) -> pd.DataFrame:
    titles = {
        item.usage.meter_id: item.rate.meter.title
        for bill in (simulation.expected_bill, simulation.simulated_bill)
        if bill is not None
        for item in bill.items
    }
    difference = simulation.bill_difference
    rows = [
        {
            "Line": literal(titles[str(meter)]),
            "Expected": dollars(row["expected_usd"]),
            "Simulated": dollars(row["simulated_usd"]),
            "Difference": _signed(row["difference_usd"]),
        }
        for meter, row in difference.iterrows()
    ]
    total = difference.sum()
    rows.append(
        {
            "Line": "**Total per month**",
            "Expected": f"**{dollars(total['expected_usd'])}**",
            "Simulated": f"**{dollars(total['simulated_usd'])}**",
            "Difference": f"**{_signed(total['difference_usd'])}**",
        }
    )
    return pd.DataFrame(rows)


def _signed(usd: float) -> str:
    if abs(usd) < HALF_A_CENT_USD:
        return "none"
    return f"{'+' if usd > 0 else ''}{dollars(usd)}"


def _closer_look(asked: SimulationJob, simulation: Simulation) -> str:
    """One chart of several; returns which."""
    names = {"peaks": "Peaks"}
    names |= {f"storm {number}": _short_name(simulation, number) for number in simulation.storms}
    admission = simulation.run.model.admission
    if admission.counts_units and math.isfinite(admission.connections_per_unit):
        names["scaling"] = f"{_capital(admission.unit_name)}s"
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
    _chart(asked, simulation, shown)
    return shown


def _short_name(simulation: Simulation, number: int) -> str:
    fault = simulation.scenario.faults[number]
    return f"{_capital(fault.fault.replace('_', ' '))}, {week_time_text(fault.at)}"


@dataclass(frozen=True, slots=True)
class _Shown:
    """A chart of a simulation; the same question gives the same chart."""

    asked: SimulationJob
    name: str
    theme: str
    simulation: Simulation

    @property
    def key(self) -> str:
        """What tells one from another."""
        return f"{self.asked} {self.name} {self.theme}"

    def chart(self, look: Look) -> Figure:
        """The chart itself."""
        # matplotlib takes long to import, and the texts need not wait for it
        from estimator.render import charts

        name, _, number = self.name.partition(" ")
        match name:
            case "week":
                return charts.concurrency_chart(self.simulation, look)
            case "storm":
                return charts.storm_chart(self.simulation, int(number), look)
            case "scaling":
                return charts.scaling_chart(self.simulation, look)
            case "attempts":
                return charts.attempts_chart(self.simulation, look)
            case _:
                return charts.peak_chart(self.simulation, look)


def _chart(asked: SimulationJob, simulation: Simulation, name: str) -> None:
    shown = _Shown(asked, name, theme(), simulation)
    show(partial(_picture, shown), name.partition(" ")[0])


@st.cache_data(
    max_entries=_CHARTS_KEPT, show_spinner=False, hash_funcs={_Shown: lambda shown: shown.key}
)
def _picture(shown: _Shown, screen: Screen) -> Picture:
    return draw(shown.chart, shown.theme, screen)


def _downloads(asked: SimulationJob, simulation: Simulation, chosen: str) -> None:
    week, closer = (_Shown(asked, name, theme(), simulation) for name in ("week", chosen))
    download_row(
        [
            Download(
                "Verdicts (CSV)",
                "simulation-verdicts.csv",
                "text/csv",
                lambda: csv(simulation.verdicts),
            ),
            Download(
                "Every minute (CSV)",
                "simulation-minutes.csv",
                "text/csv",
                lambda: csv(simulation.connections.reset_index()),
            ),
            Download(
                "Everything (JSON)",
                "simulation.json",
                "application/json",
                lambda: as_json(simulation.as_data()),
            ),
            *chart_files("Chart of the week", "simulation-week", week.chart),
            *chart_files("Closer look", f"simulation-{chosen.replace(' ', '-')}", closer.chart),
        ]
    )


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
