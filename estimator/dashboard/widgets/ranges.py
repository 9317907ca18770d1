"""From what to what do the first totals go? Found in the background while the page is drawn."""

from __future__ import annotations

from typing import Final

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.dashboard.session.jobs import JobRun, Ranges, TotalRangesJob
from estimator.dashboard.widgets.progress import job_queue, run_of

_PURPOSE: Final = "ranges of the best"


def ranges_job(comparison: Comparison) -> TotalRangesJob:
    """The question for the best of each group."""
    return TotalRangesJob(comparison.scenario.to_token(), comparison.headline.deployments)


def ranges_or_run(job: TotalRangesJob) -> tuple[Ranges | None, str]:
    """The ranges, or the run that finds them in the background.

    Returns:
        Ranges, as far as there are any, None as long as they are not found; and under which name a
        browser asks for them (``late_ranges``). That is empty once they are there, and where no
        browser has told its address, so that nobody would ask: then nothing is begun.
    """
    if not job.deployments:
        return {}, ""
    if st.context.url is None:
        return job_queue().result(job), ""
    found = run_of(_PURPOSE, job)
    return (None, found.name) if isinstance(found, JobRun) else (found, "")
