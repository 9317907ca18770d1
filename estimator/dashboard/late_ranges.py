"""When does a page hear how far its totals may be off? Once that is found: it asks, and waits.

Were the page drawn again and again until they are there, that would take a browser longer.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from estimator.dashboard.session.jobs import TotalRangesJob
from estimator.dashboard.widgets.answer import NOT_FOUND, likely_words
from estimator.dashboard.widgets.progress import job_queue

_LOOK_S: Final = 0.02
_MOST_WAIT_S: Final = 20.0
"""For one answer: what stands between may take a longer silence for a broken line."""


async def late_ranges(request: Request) -> Response:
    """Words on the range of each deployment, once the run of that name has them.

    While it has not, the browser is to ask again (202). There are none where nobody knows the run,
    where it was given up as something else is on the screen, or was forgotten since (404).
    """
    run = job_queue().run_named(request.path_params["run"])
    if run is None or not isinstance(run.job, TotalRangesJob):
        return Response(status_code=HTTPStatus.NOT_FOUND)
    waited_s = 0.0
    while not run.finished:
        if waited_s > _MOST_WAIT_S or await request.is_disconnected():
            return Response(status_code=HTTPStatus.ACCEPTED)
        run.watch()
        await asyncio.sleep(_LOOK_S)
        waited_s += _LOOK_S
    if run.error:
        return JSONResponse(dict.fromkeys(run.job.deployments, NOT_FOUND))
    found = job_queue().result(run.job)
    if found is None:
        return Response(status_code=HTTPStatus.NOT_FOUND)
    return JSONResponse({each: likely_words(found.get(each)) for each in run.job.deployments})


ROUTES: Final = (Route("/_ranges/{run}", late_ranges),)
"""Of the dashboard's server."""
