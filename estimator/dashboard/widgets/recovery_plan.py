"""What would bring clients back in time? Searched for at a press, while the page stays usable."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Final

import streamlit as st

from estimator.analysis.points import Progress
from estimator.analysis.recovery_plan.recovery_plan import recovery_plan
from estimator.analysis.recovery_plan.result import RecoveryPlan
from estimator.dashboard.session.jobs import Job, SimulationJob
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import badge, literal, show, show_heading
from estimator.dashboard.widgets.downloads import chart_files, data_file, download_row, table_file
from estimator.dashboard.widgets.progress import result_on_request
from estimator.format import span_text
from estimator.render.views.recovery_plan import details
from estimator.scenario.scenario import Scenario

_PURPOSE: Final = "recovery plan"


@dataclass(frozen=True, slots=True)
class RecoveryPlanJob(Job[RecoveryPlan]):
    """All that a recovery plan depends on."""

    token: str
    """Of the scenario, faults and surges included."""
    deployment: str
    within_s: float
    seed: int

    def run(self, workers: Executor, report: Progress) -> RecoveryPlan:
        """Search for it."""
        return recovery_plan(
            Scenario.from_token(self.token),
            self.deployment,
            within_s=self.within_s,
            seed=self.seed,
            client=workers,
            progress=report,
        )


def recovery_plan_section(simulation: SimulationJob) -> None:
    """A button, and below it the plan for the scenario and deployment of a simulation."""
    if simulation.deployment is None:
        return  # where everybody is let in at once, there is nothing to plan
    show_heading("Recovery plan")
    job = RecoveryPlanJob(
        simulation.token, simulation.deployment, simulation.recover_within_s, simulation.seed
    )
    plan = result_on_request(
        _PURPOSE,
        job,
        "Simulating settings",
        button="Plan the recovery",
        key="plan_recovery",
        icon=":material/healing:",
        promise=(
            f"What brings 99% of the clients back in {span_text(job.within_s)} after the first "
            "fault above, or after a zone has failed: another backoff, another limit of "
            "new connections, more nodes? Settings are simulated until one is enough."
        ),
    )
    if plan is not None:
        _show(job, plan)


def _show(job: RecoveryPlanJob, plan: RecoveryPlan) -> None:
    """A finished plan."""
    st.markdown(f"{literal(plan.answer)} {badge(plan.state)}")
    show(details(plan))
    files = [
        table_file("Levers", "recovery-plan.csv", lambda: plan.levers),
        data_file("Everything", "recovery-plan.json", plan.as_data),
    ]
    if plan.charted:
        show_chart(job, "recovery", plan.chart)
        files += chart_files("Chart", "recovery-plan", plan.chart)
    download_row(files)
