"""Which app costs what? The shipped profiles beside each other."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

import estimator as ws
from estimator.cli import common, completion

_asked = partial(typer.Option, rich_help_panel="What is shown")


def gallery(
    profile: Annotated[
        list[str] | None,
        _asked(
            help="Only this profile, such as workplace-chat. Can be repeated.",
            metavar="NAME",
            autocompletion=completion.profiles,
        ),
    ] = None,
    peak_connections: Annotated[
        float,
        _asked(help="Open connections of the main clients of each app at its peak.", metavar="N"),
    ] = 10_000,
    location: Annotated[
        str,
        _asked(
            help="Where the users are: a name from 'estimator list locations'.",
            metavar="LOCATION",
            autocompletion=completion.locations,
        ),
    ] = "virginia",
    growth: Annotated[
        float,
        _asked(help="Times the audience up to which limits may break.", metavar="TIMES"),
    ] = 10,
    samples: Annotated[
        int, common.sampling(help="Samples, a power of two; more are more precise.", metavar="N")
    ] = 256,
    as_markdown: Annotated[
        bool, common.output("--markdown", help="Print a page, with the profiles below.")
    ] = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Show what the shipped profiles cost side by side, and what to do about it.

    Of each app: the best managed service, serverless containers and own servers
    within limits, with P10 and P90; what drives the cost; which limit breaks first
    when the audience grows; and a sentence of advice.

    Examples:
        # two apps, each with 10,000 connections at the peak
        $ estimator gallery --profile workplace-chat --profile market-data
        # one app with a million connections, up to twice as many
        $ estimator gallery --profile workplace-chat --peak-connections 1e6 --growth 2
        # as a page
        $ estimator gallery --profile workplace-chat --markdown
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    with common.progress_bar("profiles", wanted=not (as_json or as_markdown)) as progress:
        found = ws.gallery(
            profile,
            peak_connections=peak_connections,
            location=location,
            growth=growth,
            samples=samples,
            progress=progress,
        )
    if as_markdown:
        from estimator.render.views.gallery import workloads_page
        from estimator.render.views.published_totals import published_totals_view

        page = workloads_page(found, published_totals_view())
        common.print_document(page, as_markdown=True)
    else:
        common.print_result(found, as_json=as_json)
