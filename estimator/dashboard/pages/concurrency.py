"""Does the assumed concurrency hold? The closed forms at once, simulated weeks at a press."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import streamlit as st

from estimator.analysis.estimate import resolve
from estimator.analysis.simulate.findings import busiest_hour
from estimator.analysis.simulate.result import Simulation
from estimator.analysis.simulate.simulate import RECOVER_WITHIN_S
from estimator.dashboard.pages.frame import open_page
from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.jobs import JobOwner, JobRun, SimulationJob
from estimator.dashboard.session.state import IN_ADDRESS, ErrorMessage
from estimator.dashboard.widgets.disruptions_editor import disruptions_editor
from estimator.dashboard.widgets.document import full_title, show_error, show_figures
from estimator.dashboard.widgets.downloads import data_file, download_row
from estimator.dashboard.widgets.progress import job_owner, job_queue, show_progress
from estimator.dashboard.widgets.recovery_plan import recovery_plan_section
from estimator.dashboard.widgets.simulation import simulation_view
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.expected import expected_demand
from estimator.deployments.registry import DEPLOYMENTS, find_deployment
from estimator.errors import EstimatorError
from estimator.format import figure_text, span_text
from estimator.result import plain
from estimator.scenario.scenario import Scenario
from estimator.simulation.run import FEWEST, MOST
from estimator.simulation.theory import poisson_quantile
from estimator.units import SECONDS_PER_HOUR

_NO_DEPLOYMENT: Final = "none"
_PURPOSE: Final = "simulation"
_POLL_S: Final = 1.0
_QUANTILE: Final = 0.999
_RANDOM_PEAK: Final = (
    "As long as nobody is rejected, the number of open connections is Poisson distributed, "
    "whatever the distribution of session lengths: this is its 99.9% quantile."
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
    )


def concurrency_page() -> None:
    """Draw the page."""
    scenario = open_page("concurrency", "Does the assumed concurrency hold?")
    job = _settings(scenario)
    try:
        expectation = _expectation_of(job.token, job.deployment)
    except EstimatorError as reason:
        show_error(ErrorMessage("This cannot be simulated", str(reason), "Try another location."))
        return
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
    disruptions_editor(scenario)
    _simulation(job)
    recovery_plan_section(job)


def _settings(scenario: Scenario) -> SimulationJob:
    where, within, weeks, seeds = st.columns([5, 2, 2, 2])
    deployment = where.selectbox(
        "Simulated on",
        [_NO_DEPLOYMENT, *DEPLOYMENTS],
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
        token=scenario.to_token(),
        deployment=None if deployment in (None, _NO_DEPLOYMENT) else deployment,
        recover_within_s=float(recover_within_s),
        replications=replications,
        seed=int(seed),
    )


def _title(deployment: str) -> str:
    if deployment == _NO_DEPLOYMENT:
        return "No deployment: no limits"
    return full_title(deployment)


def _closed_forms(expectation: Expectation) -> None:
    """What needs no simulation."""
    limit = expectation.new_connections_per_second_limit
    more = expectation.random_peak - expectation.expected_peak
    allowed = f"limit {figure_text(limit)}" if math.isfinite(limit) else "no limit is known"
    rate = figure_text(expectation.new_connections_per_second)
    peak, mean, random_peak = map(
        figure_text,
        (expectation.expected_peak, expectation.expected_mean, expectation.random_peak),
    )
    metrics = (
        ("Expected peak", peak, f"mean of the week {mean}", None),
        ("Random peak", random_peak, f"99.9% quantile, +{figure_text(more)}", _RANDOM_PEAK),
        ("New connections/s", rate, allowed, "Mean of the busiest hour."),
        ("Capacity", *_capacity(expectation), None),
    )
    show_figures(metrics)
    if math.isfinite(limit) and limit:
        st.caption(
            f"If all connections are lost at the peak, the limit of {figure_text(limit)} new "
            "connections per second alone keeps the last client away for "
            f"{span_text(expectation.expected_peak / limit)}."
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
    found = job_queue().result(job)
    if _PURPOSE in owner.requested:
        if found is None:
            owner.start(_PURPOSE, job, job_queue())
        owner.requested.discard(_PURPOSE)
    run = owner.runs.get(_PURPOSE)
    if run is not None and not run.finished:
        st.fragment(_progress, run_every=_POLL_S)(owner, run, job)
    else:
        st.button(
            "Simulate" if found is None else "Simulated",
            key="simulate",
            type="primary",
            icon=":material/play_arrow:" if found is None else ":material/check:",
            disabled=found is not None,
            on_click=owner.requested.add,
            args=(_PURPOSE,),
        )
    if found is not None:
        simulation_view(job, found)
    elif run is not None and run.error and run.job == job:
        show_error(ErrorMessage("This was not simulated", run.error, "Change it and try again."))
    elif run is None or run.finished:
        st.caption(
            "Weeks are simulated at random, client by client, including the faults and surges "
            "above; the page stays usable meanwhile."
        )


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
