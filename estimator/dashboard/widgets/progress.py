"""What is shown while something is worked out in the background? How far it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import streamlit as st

from estimator.dashboard.session.background import AT_ONCE, Job, Work
from estimator.dashboard.session.computed import office
from estimator.dashboard.session.state import Fault, redraw
from estimator.dashboard.widgets.error_message import fault_view

Result = TypeVar("Result")

_POLL_S = 0.5


@dataclass(slots=True)
class _Desk:
    """What one visitor waits for; a plain object, which can be changed without an interruption."""

    jobs: dict[str, Job[Any]] = field(default_factory=dict)
    """By what each is for."""


def result_of(purpose: str, asked: Work[Result], doing: str) -> Result | None:
    """What work came to; until then its progress is drawn, or why it cannot be done.

    Work begins when it is first asked for. What was asked for before for the same purpose is no
    longer waited for.

    Args:
        purpose: one result is shown for each.
        asked: the work.
        doing: what is being done, for people: "Pricing the draws".
    """
    desk: _Desk = st.session_state.setdefault("waiting", _Desk())
    job: Job[Result] | None = desk.jobs.get(purpose)
    if job is not None and job.asked != asked:
        job.stop()
        job = None
    found = job.result if job is not None else None
    if found is None:
        found = office().result(asked)
    if found is not None:
        return found
    # a run at which nobody looked for long was given up
    if job is None or job.stopped:
        job = desk.jobs[purpose] = office().start(asked)
    if job.error:
        fault_view(Fault("This cannot be worked out", job.error, "Change it and try again."))
    else:
        st.fragment(_progress, run_every=_POLL_S)(job, doing)
    return None


def _progress(job: Job[Any], doing: str) -> None:
    """How far a run is; drawn again by the clock until it is over."""
    if job.over:
        redraw()
    job.look()
    share = min(job.done / job.wanted, 1.0) if job.wanted else 0.0
    st.progress(share, _words(job, doing))


def _words(job: Job[Any], doing: str) -> str:
    if not job.begun:
        return f"Waiting: {AT_ONCE} other runs are under way …"
    if job.done and job.wanted > job.done:
        return f"{doing}: {job.done:,} of {job.wanted:,} …"
    return f"{doing}: {job.done:,} so far …" if job.done else f"{doing} …"
