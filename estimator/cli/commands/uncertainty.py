"""What is not known for sure? How far may a bill be off, and is a budget kept?"""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from functools import partial
from typing import Annotated

import typer

import estimator as ws
from estimator.cli import common
from estimator.errors import ScenarioError

_unsure = partial(typer.Option, rich_help_panel="What is uncertain")

Inputs = Annotated[
    list[str] | None,
    _unsure(
        "--input",
        help="A field and its range: posts.rate_per_hour=1..4 (evenly likely), =1..2..4 "
        "(least, most likely, most), '=2 x/ 2' (P10 is half of 2, P90 twice 2), '=x/ 2' or "
        "'=± 25%' (around the value in the file). Can be repeated.",
        metavar="FIELD=RANGE",
    ),
]
NoEvidence = Annotated[
    bool, _unsure("--no-evidence", help="Take the profile's defaults as certain.")
]
NoQuestions = Annotated[
    bool,
    _unsure("--no-questions", help="Take the default answer where vendors leave a rule open."),
]
Samples = Annotated[
    int, common.sampling(help="Samples, a power of two; more are more precise.", metavar="N")
]


class Levels(StrEnum):
    """Which amount is held against a budget."""

    p10 = "p10"
    p50 = "p50"
    p90 = "p90"
    expected = "expected"


def uncertainty(
    file: common.ScenarioFile,
    inputs: Inputs = None,
    no_evidence: NoEvidence = False,
    no_questions: NoQuestions = False,
    deployment: common.OnlyDeployments = None,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    samples: Samples = 1024,
    seed: common.Seed = 0,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Show how far each bill may be off (P10, P50, P90), and why.

    For a single deployment also line by line, with each input's share of the
    variance: what to measure next.

    Examples:
        # two deployments, with the profile's defaults as uncertain as their evidence
        $ estimator uncertainty examples/team-chat.yaml \
          --deployment aws.nlb_ec2 --deployment oci.load_balancer_vm
        # one deployment, line by line, with two guesses of your own
        $ estimator uncertainty examples/team-chat.yaml --deployment aws.nlb_ec2 \
          --input users_per_day=40000..50000..80000 \
          --input 'posts.rate_per_hour=2.3 x/ 1.5' --no-evidence --no-questions
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    scenario = common.read_scenario(file, location, contract, layer)
    is_watched = not (as_json or as_markdown)
    with common.progress_bar("bills", wanted=is_watched) as progress:
        found = ws.uncertainty(
            scenario,
            _ranges(inputs),
            deployment,
            evidence=not no_evidence,
            questions=() if no_questions else "all",
            samples=samples,
            seed=seed,
            progress=progress,
        )
    shares = None
    if len(found.bills) == 1:
        with common.progress_bar("bills", wanted=is_watched) as progress:
            shares = found.sensitivity(progress=progress)
    if as_json:
        known = {} if shares is None else {"shares": shares.dropna().to_dict(orient="records")}
        common.print_json(found.as_data() | known)
    else:
        from estimator.render.views.uncertainty import uncertainty_view

        common.print_document(uncertainty_view(found, shares), as_markdown=as_markdown)
    common.check_priced(found.bills)


def check_budget(
    file: common.ScenarioFile,
    budget: Annotated[
        str,
        typer.Option(
            help="The most to spend per month, in US dollars, such as 2000 or '2,000 USD'.",
            metavar="USD",
        ),
    ],
    at: Annotated[
        Levels,
        typer.Option(
            help="p90: nine of ten cases stay within the budget; expected: the single estimate."
        ),
    ] = Levels.p90,
    deployment: Annotated[
        str | None,
        common.deployment_id("Such as aws.api_gateway; by default, the cheapest within limits."),
    ] = None,
    inputs: Inputs = None,
    no_evidence: NoEvidence = False,
    no_questions: NoQuestions = False,
    location: common.AtLocation = None,
    contract: common.UnderContract = None,
    layer: common.OfLayers = None,
    samples: Samples = 1024,
    seed: common.Seed = 0,
    as_markdown: common.AsMarkdown = False,
    as_json: common.AsJson = False,
) -> None:
    r"""Check a budget, and whether the deployment stays within its limits.

    The exit status is 0 if both hold, and 1 if not: over budget, beyond limits in
    too many cases, or on a deployment of which no limit was checked.

    Examples:
        # does the cheapest within limits cost at most $2,000 in nine of ten cases?
        $ estimator check-budget examples/team-chat.yaml --budget 2000
        # another deployment, over budget (exit status 1), as a comment
        $ estimator check-budget examples/team-chat.yaml --budget '$1,000' \
          --deployment aws.api_gateway --markdown
        # is the single estimate within the budget? as JSON
        $ estimator check-budget examples/team-chat.yaml --budget '1,000 USD' \
          --at expected --json
    """
    common.check_one_form(markdown=as_markdown, json=as_json)
    scenario = common.read_scenario(file, location, contract, layer)
    with common.progress_bar("bills", wanted=not (as_json or as_markdown)) as progress:
        found = ws.check_budget(
            scenario,
            budget,
            deployment,
            at=at.value,
            inputs=_ranges(inputs),
            evidence=not no_evidence,
            questions=() if no_questions else "all",
            samples=samples,
            seed=seed,
            progress=progress,
        )
    common.print_result(found, as_json=as_json, as_markdown=as_markdown)
    if not found.passes:
        raise typer.Exit(common.FAILED)


def _ranges(inputs: Iterable[str] | None) -> dict[str, str]:
    """Ranges by the names of their fields."""
    found: dict[str, str] = {}
    for said in inputs or ():
        name, equals, distribution = said.partition("=")
        name = name.strip()
        if not (equals and name and distribution.strip()):
            raise ScenarioError(
                f"--input '{said}': write a field and its range, such as posts.rate_per_hour=1..4"
            )
        if name in found:
            raise ScenarioError(f"--input: '{name}' is given twice")
        found[name] = distribution
    return found
