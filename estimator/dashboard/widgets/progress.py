"""What is shown while a job runs in the background? How far it is."""

from __future__ import annotations

from typing import Any, TypeVar

import streamlit as st

from estimator.dashboard.session.jobs import MOST_RUNS, Job, JobOwner, JobQueue, JobRun
from estimator.dashboard.session.state import ErrorMessage, redraw
from estimator.dashboard.widgets.document import show_error

Result = TypeVar("Result")

_POLL_S = 0.5


@st.cache_resource(show_spinner=False)
def job_queue() -> JobQueue:
    """The one queue of all sessions."""
    return JobQueue()


def job_owner() -> JobOwner:
    """What the visitor of this session waits for."""
    return st.session_state.setdefault("jobs", JobOwner())


def result_of(purpose: str, job: Job[Result], doing: str) -> Result | None:
    """The result of a job; until then its progress is drawn, or why it cannot be done.

    A job starts when it is first asked for. What was asked for before for the same purpose is no
    longer waited for.

    Args:
        purpose: one result is shown for each.
        job: the job.
        doing: what is being done, for people: "Pricing samples".
    """
    found = run_of(purpose, job)
    if not isinstance(found, JobRun):
        return found
    if found.error:
        why = found.error
        show_error(ErrorMessage("This cannot be calculated", why, "Change it and try again."))
    else:
        st.fragment(show_progress, run_every=_POLL_S)(found, doing)
    return None


def result_on_request(
    purpose: str, job: Job[Result], doing: str, *, button: str, key: str, icon: str, promise: str
) -> Result | None:
    """The same for a job that takes long enough to be asked for: until then, a button.

    Args:
        purpose: as for ``result_of``, like ``job`` and ``doing``.
        job: as above.
        doing: as above.
        button: what stands on it.
        key: of the button.
        icon: on the button.
        promise: below the button; what the job finds out, inside Markdown.
    """
    owner = job_owner()
    run = owner.runs.get(purpose)
    if run is not None and run.job != job:
        owner.stop(purpose)
        run = None
    found = job_queue().result(job)
    if found is not None:
        return found
    if run is not None or purpose in owner.requested:
        return result_of(purpose, job, doing)
    st.button(button, key=key, icon=icon, on_click=owner.requested.add, args=(purpose,))
    st.caption(promise)
    return None


def run_of(purpose: str, job: Job[Result]) -> Result | JobRun[Result]:
    """The result of a job, or the run that will have it, or has failed; arguments as above."""
    owner = job_owner()
    run: JobRun[Result] | None = owner.runs.get(purpose)
    if run is not None and run.job != job:
        run.stop()
        run = None
    # noted before its result is looked for, which may come in between
    is_over = run is not None and run.finished and not run.error
    found = job_queue().result(job)
    if found is not None:
        return found
    # it was given up as nobody looked for long, or its result has given way to others
    if run is None or is_over:
        run = owner.start(purpose, job, job_queue())
    return run


def show_progress(run: JobRun[Any], doing: str, unit: str = "", remark: str = "") -> None:
    """How far a run is; to be drawn again by the clock until it is over.

    Args:
        run: the run.
        doing: what is being done, for people.
        unit: what is counted.
        remark: follows in brackets.
    """
    if run.finished:
        redraw()
    run.watch()
    share = min(run.done / run.total, 1.0) if run.total else 0.0
    st.progress(share, f"{_words(run, doing, unit)} …{f' ({remark})' if remark else ''}")


def _words(run: JobRun[Any], doing: str, unit: str) -> str:
    if not run.started:
        return f"Waiting: {MOST_RUNS} other runs are in progress"
    if not run.done:
        return doing
    if run.total > run.done:
        return f"{doing}: {run.done:,} of {run.total:,} {unit}".rstrip()
    return f"{doing}: {' '.join(filter(None, [f'{run.done:,}', unit, 'so far']))}"
