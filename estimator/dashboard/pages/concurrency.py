"""Does it hold, and what if something fails? Closed forms at once, simulated weeks at a press."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st

from estimator.analysis.estimate.resolve import resolve
from estimator.analysis.simulate.findings import busiest_hour
from estimator.analysis.simulate.result import Simulation
from estimator.analysis.simulate.simulate import RECOVER_WITHIN_S
from estimator.dashboard.pages.frame import page_title, sidebar
from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.jobs import JobOwner, JobRun, SimulationJob
from estimator.dashboard.session.state import (
    IN_ADDRESS,
    ErrorMessage,
    comparison_of,
    current,
    last_error,
)
from estimator.dashboard.widgets.disruption_presets import Moment
from estimator.dashboard.widgets.disruptions_editor import disruptions_editor
from estimator.dashboard.widgets.document import (
    full_title,
    show,
    show_answer,
    show_error,
    show_figures,
    show_heading,
)
from estimator.dashboard.widgets.downloads import data_file, download_row
from estimator.dashboard.widgets.progress import job_owner, job_queue, show_progress
from estimator.dashboard.widgets.recovery_plan import recovery_plan_section
from estimator.dashboard.widgets.simulation import simulation_view
from estimator.dashboard.widgets.texts import paragraph_html
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.deployments.registry import DEPLOYMENTS, find_deployment
from estimator.errors import EstimatorError
from estimator.format import figure_text, span_text
from estimator.render.document import Paragraph
from estimator.result import plain
from estimator.scenario.local_time import Clock
from estimator.scenario.scenario import Scenario
from estimator.simulation.run import FEWEST, MOST
from estimator.simulation.theory import poisson_quantile
from estimator.units import SECONDS_PER_HOUR, week_time_text

_NO_DEPLOYMENT: Final = "none"
_CHEAPEST: Final = "cheapest"
"""A word that stays the same while it stands for another deployment: so does the widget."""
_CHOICES: Final = {
    _CHEAPEST: "The cheapest within limits",
    _NO_DEPLOYMENT: "No deployment: no limits",
}
_USUAL_HOUR: Final = 38
"""Tue 14:00, at which examples strike."""
_ABOUT_FULL: Final = 0.99
"""Of the fullest hour; as full as that, the usual hour will do."""
_PURPOSE: Final = "simulation"
_POLL_S: Final = 1.0
_OUTCOME: Final = "outcome"
_WHAT_IS_SIMULATED: Final = (
    "Weeks are simulated at random, client by client, including the faults and surges above; the "
    "page stays usable meanwhile."
)
_QUANTILE: Final = 0.999
_RANDOM_PEAK: Final = (
    "As long as nobody is rejected, the number of open connections is Poisson "
    "distributed, whatever the distribution of session lengths; this is its 99.9% quantile."
)
_FIGURES: Final = (
    *("expected_peak", "expected_mean", "random_peak", "new_connections_per_second"),
    *("new_connections_per_second_limit", "most_connections"),
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What calculators take for granted of the connections, and what the deployment admits."""

    expected_peak: float
    """Open connections in the busiest hour."""
    expected_mean: float
    random_peak: float
    """What the open connections of that hour stay below at 999 of 1,000 moments."""
    new_connections_per_second: float
    """In the busiest hour, including those that follow a cut at the maximum age."""
    admission: AdmissionLimits
    busiest_hour: tuple[int, float]
    """Of the week, and its connections."""
    struck_at: str
    """When presets strike: at an hour that is about as full, in local time."""

    @property
    def new_connections_per_second_limit(self) -> float:
        """Most that the deployment admits, or that its units have time for."""
        units = 1.0 if not self.admission.counts_units else self.admission.units or math.inf
        return min(
            self.admission.new_connections_per_second_now(units),
            self.admission.connects_served_per_second(units, *self.busiest_hour),
        )

    @property
    def most_connections(self) -> float:
        """Connections that the deployment holds as it starts."""
        return self.admission.connections_most_now(self.admission.units or 1.0)


@kept
def _expectation_of(token: str, deployment: str | None) -> Expectation:
    """The closed forms, which need no simulation.

    Raises:
        EstimatorError: the deployment has no price there, or an option that does not exist.
    """
    scenario = Scenario.from_token(token)
    expected = expected_demand(scenario)
    admission = (
        AdmissionLimits()
        if deployment is None
        else resolve(scenario, expected).metered(find_deployment(deployment)).admission
    )
    peak = float(expected.peak_connections)
    if np.isfinite(admission.age_most_seconds):
        expected = expected.cut_after(admission.age_most_seconds / SECONDS_PER_HOUR)
    return Expectation(
        expected_peak=peak,
        expected_mean=float(expected.connections.mean),
        random_peak=float(poisson_quantile(peak, _QUANTILE)) if peak else 0.0,
        new_connections_per_second=float(expected.new_connections.peak) / SECONDS_PER_HOUR,
        admission=admission,
        busiest_hour=busiest_hour(expected),
        struck_at=_full_hour(expected, scenario.clock),
    )


def _full_hour(expected: Demand, clock: Clock) -> str:
    fullest, most = busiest_hour(expected)
    usual = int(clock.to_utc(_USUAL_HOUR))
    is_full = expected.connections.hourly[usual] >= _ABOUT_FULL * most
    return week_time_text(_USUAL_HOUR if is_full else clock.local(fullest))


def concurrency_page() -> None:
    """Draw the page."""
    scenario = current("concurrency")
    show_error(last_error())
    page_title(
        "Does it hold, and what if something fails?",
        scenario.name or scenario.profile.title,
        scenario,
    )
    _story(scenario)
    sidebar(scenario)


def _story(scenario: Scenario) -> None:
    """What is assumed, what could happen, what came of it, and what would help."""
    job = _settings(scenario)
    try:
        expectation = _expectation_of(job.token, job.deployment)
    except EstimatorError as reason:
        show_error(ErrorMessage("This cannot be simulated", str(reason), "Try another location."))
        return
    answer = f"{_named(job.deployment)}: {_in_a_sentence(expectation)}"
    show_answer([paragraph_html(answer)])
    # what was pressed shows its progress at once, before the many fields above it
    could_happen = st.container()
    _simulation(job)
    recovery_plan_section(job)
    with could_happen:
        disruptions_editor(
            scenario,
            Moment(
                expectation.struck_at,
                expectation.expected_peak,
                expectation.new_connections_per_second,
                expectation.admission.zone_share,
            ),
        )
    _closed_forms(expectation)
    download_row(
        [
            data_file(
                "Expectation",
                "expectation.json",
                lambda: _expectation_data(scenario, job, expectation),
            )
        ]
    )


def _settings(scenario: Scenario) -> SimulationJob:
    token = scenario.to_token()
    where, within, weeks, seeds = st.columns([5, 2, 2, 2])
    chosen = where.selectbox(
        "Simulated on",
        [*_CHOICES, *DEPLOYMENTS],
        key="on",
        format_func=_title,
        **IN_ADDRESS,
        help="Its limits, units and bill apply. Without a deployment, everybody is admitted.",
    )
    recover_within_s = within.number_input(
        "Recover within (s)",
        min_value=1,
        value=int(RECOVER_WITHIN_S),
        step=30,
        key="recover_within",
        **IN_ADDRESS,
        help="After a fault, 99% of the clients that lost their connection must be back by then.",
    )
    replications = weeks.number_input(
        "Simulated weeks",
        min_value=1,
        max_value=MOST,
        value=None,
        step=1,
        placeholder="auto",
        key="weeks",
        **IN_ADDRESS,
        help=f"Empty: {FEWEST} or more, until the mean peak is known to within 1%.",
    )
    seed = seeds.number_input(
        "Seed",
        min_value=0,
        value=0,
        step=1,
        key="seed",
        **IN_ADDRESS,
        help="The same seed gives the same weeks.",
    )
    return SimulationJob(
        token=token,
        deployment=_deployment(chosen, token),
        recover_within_s=float(recover_within_s),
        replications=replications,
        seed=int(seed),
    )


def _deployment(chosen: str | None, token: str) -> str | None:
    """The id of what was chosen; None if that has no limits."""
    if chosen == _CHEAPEST:
        within = comparison_of(token).within_limits
        return within[0].deployment if within else None
    return None if chosen == _NO_DEPLOYMENT else chosen


def _title(choice: str) -> str:
    return _CHOICES.get(choice) or full_title(choice)


def _closed_forms(expectation: Expectation) -> None:
    """What needs no simulation."""
    show_heading("What is known without simulating")
    limit = expectation.new_connections_per_second_limit
    more = expectation.random_peak - expectation.expected_peak
    allowed = f"limit {figure_text(limit)}" if math.isfinite(limit) else "no limit is known"
    rate = figure_text(expectation.new_connections_per_second)
    peak, mean, random_peak = map(
        figure_text,
        (expectation.expected_peak, expectation.expected_mean, expectation.random_peak),
    )
    metrics = (
        ("Expected peak", peak, f"mean of the week {mean}"),
        ("Random peak", random_peak, f"99.9% quantile, +{figure_text(more)}"),
        ("New connections/s", rate, f"mean of the busiest hour; {allowed}"),
        ("Capacity", *_capacity(expectation)),
    )
    show_figures(metrics)
    show([Paragraph(_RANDOM_PEAK, "quiet", "Random peak")])


def _named(deployment: str | None) -> str:
    return "Without limits" if deployment is None else full_title(deployment)


def _in_a_sentence(expectation: Expectation) -> str:
    """What is assumed, and what follows from it alone."""
    limit = expectation.new_connections_per_second_limit
    peak, random_peak = map(figure_text, (expectation.expected_peak, expectation.random_peak))
    assumed = f"{peak} connections are assumed at the peak; by chance it can be {random_peak}."
    if not (math.isfinite(limit) and limit):
        return assumed
    away = span_text(expectation.expected_peak / limit)
    return (
        f"{assumed} If all of them are lost then, the limit of {figure_text(limit)} new "
        f"connections per second alone keeps the last client away for {away}."
    )


def _capacity(expectation: Expectation) -> tuple[str, str]:
    """Connections that can be open at once, and what provides them."""
    admission = expectation.admission
    name = admission.unit_name
    if admission.autoscaling is not None:
        each = figure_text(admission.connections_per_unit)
        return "as needed", f"{name}s of {each} scale with the connections"
    most = expectation.most_connections
    if math.isinf(most):
        return "unlimited", "no limit applies"
    return figure_text(most), f"{admission.units:,.0f} {name}s" if admission.units else "in total"


def _expectation_data(
    scenario: Scenario, job: SimulationJob, expectation: Expectation
) -> dict[str, Any]:
    """What needs no simulation, with all digits; null stands for what has no bound."""
    figures = {name: plain(float(getattr(expectation, name))) for name in _FIGURES}
    return {"scenario": scenario.as_data(), "deployment": job.deployment, **figures}


def _simulation(job: SimulationJob) -> None:
    owner = job_owner()
    if _PURPOSE in owner.requested:
        if job_queue().result(job) is None:
            owner.start(_PURPOSE, job, job_queue())
        owner.requested.discard(_PURPOSE)
    run = owner.runs.get(_PURPOSE)
    running = run if run is not None and not run.finished else None
    # looked for afterwards: a run that was over then has left its result
    found = job_queue().result(job)
    # in a box that is always there: what follows keeps its place, and so its room, without it
    with st.container():
        if running is None:
            st.button(
                "Simulate" if found is None else "Simulated",
                key="simulate",
                type="primary" if found is None else "secondary",
                icon=":material/play_arrow:" if found is None else ":material/check:",
                disabled=found is not None,
                on_click=owner.requested.add,
                args=(_PURPOSE,),
            )
    if found is None and running is None:
        if run is not None and run.error and run.job == job:
            show_error(
                ErrorMessage("This was not simulated", run.error, "Change it and try again.")
            )
        else:
            st.caption(_WHAT_IS_SIMULATED)
        return
    # as high while it is awaited as it will be at least: what is below stays where it is
    st.html(f"<style>.st-key-{_OUTCOME} {{ min-height: 110vh; }}</style>")
    with st.container(key=_OUTCOME):
        if running is not None:
            st.fragment(_progress, run_every=_POLL_S)(owner, running, job)
        if found is not None:
            simulation_view(job, found)


def _progress(owner: JobOwner, run: JobRun[Simulation], job: SimulationJob) -> None:
    """How far a run is; drawn again every second until it is over."""
    bar, stop = st.columns([6, 1], vertical_alignment="center")
    with bar:
        doing = "Simulating" if run.done or not run.started else "Simulating the first week"
        if run.done and run.done >= run.total:
            doing = "Evaluating"
        remark = "" if run.job == job else "of what was on screen when you pressed the button"
        show_progress(run, doing, "weeks", remark)
    stop.button("Stop", key="stop", icon=":material/stop:", on_click=owner.stop, args=(_PURPOSE,))
