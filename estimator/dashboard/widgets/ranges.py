"""From what to what do the first totals go? Found in the background once a page is at rest."""

from __future__ import annotations

from typing import Final

import streamlit as st

from estimator.analysis.compare import Comparison
from estimator.dashboard.session.jobs import JobRun, Ranges, TotalRangesJob
from estimator.dashboard.session.state import redraw
from estimator.dashboard.widgets.progress import job_owner, job_queue, run_of

_PURPOSE: Final = "ranges of the best"
_LOOK_S: Final = 0.25
"""A browser that is asked more often is kept from drawing what there is."""


def ranges_job(comparison: Comparison) -> TotalRangesJob:
    """The question for the best of each group."""
    return TotalRangesJob(comparison.scenario.to_token(), comparison.headline.deployments)


def ranges_of(job: TotalRangesJob) -> Ranges | None:
    """The ranges, as far as there are any; None as long as they are still to be found."""
    found = job_queue().result(job)
    run = job_owner().runs.get(_PURPOSE)
    has_failed = run is not None and run.job == job and run.error
    return {} if found is None and (has_failed or not job.deployments) else found


def find_ranges(job: TotalRangesJob) -> None:
    """Find them in the background, and then draw the page again.

    They are begun with the page: until its clock calls for the first time, a browser has drawn all
    of it. Where no browser has told its address, nobody looks.
    """

    def look() -> None:
        found = run_of(_PURPOSE, job)
        if not isinstance(found, JobRun) or found.finished:
            redraw()
        else:
            found.watch()

    if st.context.url is not None:
        st.fragment(look, run_every=_LOOK_S)()
