"""Is the assumed concurrency true? The closed forms at once, simulated weeks at a press."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import streamlit as st

from estimator.analysis.simulate.result import Simulation
from estimator.analysis.simulate.simulate import RECOVER_WITHIN_S
from estimator.dashboard.page_frame import open_page
from estimator.dashboard.session.background import AT_ONCE, Job, SimulationJob
from estimator.dashboard.session.computed import Expectation, expectation_of, office
from estimator.dashboard.session.state import Fault, redraw
from estimator.dashboard.widgets.disruptions_editor import disruptions_editor
from estimator.dashboard.widgets.downloads import Download, as_json, download_row
from estimator.dashboard.widgets.error_message import fault_view
from estimator.dashboard.widgets.simulation import simulation_view
from estimator.deployments.registry import DEPLOYMENTS
from estimator.errors import EstimatorError
from estimator.format import figure_text, span_text
from estimator.pricing.price_files import CLOUDS
from estimator.scenario.scenario import Scenario
from estimator.simulation.run import FEWEST, MOST

_OPEN_DOORS = "none"
_POLL_S = 1.0


@dataclass(slots=True)
class _Desk:
    """What one visitor asked for; a plain object, which can be changed without an interruption."""

    job: Job[Simulation] | None = None
    pressed: bool = False
    """Whether a simulation shall start as soon as it is known which."""

    def press(self) -> None:
        """Ask for a simulation of what is on screen."""
        self.pressed = True

    def start(self, asked: SimulationJob) -> None:
        """Begin; what was begun before is no longer waited for."""
        self.pressed = False
        self.stop()
        self.job = office().start(asked)

    def stop(self) -> None:
        """Wait no longer."""
        if self.job is not None:
            self.job.stop()
            self.job = None


def concurrency_page() -> None:
    """Draw the page."""
    scenario = open_page("concurrency", "Is the concurrency true?")
    asked = _settings(scenario)
    try:
        expectation = expectation_of(asked.token, asked.deployment)
    except EstimatorError as reason:
        fault_view(Fault("This cannot be simulated", str(reason), "Another place may help."))
        return
    _at_once(expectation)
    download_row(
        [
            Download(
                "Expectation (JSON)",
                "expectation.json",
                "application/json",
                lambda: as_json(_expectation_data(scenario, asked, expectation)),
            )
        ]
    )
    disruptions_editor(scenario)
    _simulation(asked)


def _settings(scenario: Scenario) -> SimulationJob:
    where, within, weeks, luck = st.columns([5, 2, 2, 2])
    deployment = where.selectbox(
        "Simulated on",
        [_OPEN_DOORS, *DEPLOYMENTS],
        key="on",
        format_func=_title,
        bind="query-params",
        persist_state="session",
        help="Its limits, units and bill count. Without one, everybody is let in.",
    )
    recover_within_s = within.number_input(
        "Back within (s)",
        min_value=1,
        value=int(RECOVER_WITHIN_S),
        step=30,
        key="recover_within",
        bind="query-params",
        persist_state="session",
        help="After a fault, 99 % of the clients who lost their connection shall be back by then.",
    )
    replications = weeks.number_input(
        "Simulated weeks",
        min_value=1,
        max_value=MOST,
        value=None,
        step=1,
        placeholder="auto",
        key="weeks",
        bind="query-params",
        persist_state="session",
        help=f"Empty: {FEWEST} or more, until the mean peak is known to 1 %.",
    )
    seed = luck.number_input(
        "Seed",
        min_value=0,
        value=0,
        step=1,
        key="seed",
        bind="query-params",
        persist_state="session",
        help="The same seed gives the same weeks.",
    )
    return SimulationJob(
        token=scenario.to_token(),
        deployment=None if deployment in (None, _OPEN_DOORS) else deployment,
        recover_within_s=float(recover_within_s),
        replications=replications,
        seed=seed,
    )


def _title(deployment: str) -> str:
    if deployment == _OPEN_DOORS:
        return "No deployment: no limits"
    found = DEPLOYMENTS[deployment]
    return f"{found.title} on {CLOUDS[found.cloud]}"


def _at_once(expectation: Expectation) -> None:
    """What needs no simulation."""
    peak, by_chance, new_connections, room = st.columns(4)
    peak.metric(
        "Expected peak",
        figure_text(expectation.peak),
        f"mean of the week {figure_text(expectation.mean)}",
        delta_color="off",
        delta_arrow="off",
        border=True,
    )
    more = expectation.by_chance - expectation.peak
    by_chance.metric(
        "Peak by chance",
        figure_text(expectation.by_chance),
        f"99.9 % quantile, +{figure_text(more)}",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help="As long as nobody is refused, open connections are Poisson distributed, whatever "
        "the law of session lengths: this is the 99.9 % quantile.",
    )
    limit = _connects_limit(expectation)
    new_connections.metric(
        "New connections per second",
        figure_text(expectation.new_connections_per_second),
        f"limit {figure_text(limit)}" if math.isfinite(limit) else "no limit",
        delta_color="off",
        delta_arrow="off",
        border=True,
        help="Mean of the busiest hour.",
    )
    room.metric("Room for", *_room(expectation), delta_color="off", delta_arrow="off", border=True)
    if math.isfinite(limit) and limit:
        st.caption(
            f"If all connections are lost at the peak, the limit of {figure_text(limit)} connects a "
            f"second alone keeps the last client away for {span_text(expectation.peak / limit)}."
        )


def _expectation_data(
    scenario: Scenario, asked: SimulationJob, expectation: Expectation
) -> dict[str, Any]:
    """What needs no simulation, with all digits; null stands for what has no bound."""
    limit = _connects_limit(expectation)
    most = expectation.admission.connections_most_now(expectation.admission.units or 1.0)
    return {
        "scenario": scenario.as_data(),
        "deployment": asked.deployment,
        "expected_peak": expectation.peak,
        "expected_mean": expectation.mean,
        "peak_by_chance": expectation.by_chance,
        "new_connections_per_second": expectation.new_connections_per_second,
        "new_connections_per_second_limit": limit if math.isfinite(limit) else None,
        "connections_at_most": most if math.isfinite(most) else None,
    }


def _connects_limit(expectation: Expectation) -> float:
    admission = expectation.admission
    units = 1.0 if not admission.counts_units else admission.units or math.inf
    return admission.new_connections_per_second_now(units)


def _room(expectation: Expectation) -> tuple[str, str]:
    """Connections that find a place, and what makes the places."""
    admission = expectation.admission
    name = admission.unit_name
    if admission.autoscaling is not None:
        held = figure_text(admission.connections_per_unit)
        return "as needed", f"{name}s of {held} follow the connections"
    most = admission.connections_most_now(admission.units or 1.0)
    if math.isinf(most):
        return "all", "nothing bounds them"
    return figure_text(
        most
    ), f"{admission.units:,.0f} {name}s" if admission.units else "whatever runs"


def _simulation(asked: SimulationJob) -> None:
    desk: _Desk = st.session_state.setdefault("desk", _Desk())
    found = office().result(asked)
    if desk.pressed and found is not None:
        desk.pressed = False
    elif desk.pressed:
        desk.start(asked)
    job = desk.job
    if job is not None and not job.over:
        st.fragment(_progress, run_every=_POLL_S)(desk, job, asked)
    else:
        st.button(
            "Simulate" if found is None else "Simulated",
            key="simulate",
            type="primary",
            icon=":material/play_arrow:" if found is None else ":material/check:",
            disabled=found is not None,
            on_click=desk.press,
        )
    if found is not None:
        simulation_view(asked, found)
    elif job is not None and job.error and job.asked == asked:
        fault_view(Fault("This was not simulated", job.error, "Change it and try again."))
    elif job is None or job.over:
        st.caption(
            "Weeks are drawn by chance, client by client, with what goes wrong in them; "
            "the page stays usable meanwhile."
        )


def _progress(desk: _Desk, job: Job[Simulation], asked: SimulationJob) -> None:
    """How far a run is; drawn again every second until it is over."""
    if job.over:
        redraw()
    job.look()
    bar, stop = st.columns([6, 1], vertical_alignment="center")
    share = min(job.done / job.wanted, 1.0) if job.wanted else 0.0
    words = _words(job)
    if job.asked != asked:
        words += " (of what was on screen when you pressed the button)"
    bar.progress(share, words)
    stop.button("Stop", key="stop", icon=":material/stop:", on_click=desk.stop)


def _words(job: Job[Simulation]) -> str:
    if not job.begun:
        return f"Waiting: {AT_ONCE} other runs are under way …"
    if not job.done:
        return "Simulating the first week …"
    if job.done >= job.wanted:
        return f"{job.done:,} weeks simulated, drawing conclusions …"
    return f"{job.done:,} of {job.wanted:,} weeks simulated …"
