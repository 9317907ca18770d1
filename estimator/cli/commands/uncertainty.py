"""The commands about uncertainty: how far may a bill be off, and is a budget kept?"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from enum import StrEnum
from typing import Annotated

import typer

from estimator.cli import completion
from estimator.cli.common import (
    CHANGES,
    INPUT_ERROR,
    AsJson,
    AsMarkdown,
    AtLocation,
    OnlyDeployments,
    ScenarioFile,
    UnderContract,
    check_one_form,
    print_json,
    print_table,
    print_text,
    read_scenario,
)
from estimator.cli.progress import progress_bar
from estimator.cli.teaching import taught
from estimator.errors import ScenarioError
from estimator.render import to_terminal

OVER_BUDGET = 1
_UNCERTAIN = "What is uncertain"
_HOW = "How draws are made"

UNCERTAINTY_EXAMPLES = taught(
    (
        "two deployments: how far defaults may be off follows from their evidence",
        "uncertainty examples/team-chat.yaml \\\n"
        "  --deployment aws.nlb_ec2 --deployment oci.load_balancer_vm",
    ),
    (
        "one, line by line; users per day and their posts are guesses of your own",
        "uncertainty examples/team-chat.yaml --deployment aws.nlb_ec2 \\\n"
        "  --input users_per_day=40000..50000..80000 \\\n"
        "  --input 'posts.rate_per_hour=2.3 x/ 1.5' --no-evidence --no-questions",
    ),
)
CHECK_EXAMPLES = taught(
    (
        "do nine of ten cases stay within 300 dollars on the cheapest within limits?",
        "check examples/team-chat.yaml --budget 300",
    ),
    (
        "do they on another one? over budget (exit status 1), as a pull request comment",
        "check examples/team-chat.yaml --budget '$1,000' \\\n"
        "  --deployment aws.api_gateway --markdown",
    ),
    (
        "is the single estimate within the budget, for machines",
        "check examples/team-chat.yaml --budget '300 USD' --at expected --json",
    ),
)

Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="A field and how far it may be off: posts.rate_per_hour=1..4 (uniform), =1..2..4 "
        "(least, most likely, most), '=2 x/ 2' (P10 is half, P90 twice of 2), '=x/ 2' or "
        "'=± 25%' (around the value in the file). May be repeated.",
        metavar="FIELD=RANGE",
        rich_help_panel=_UNCERTAIN,
    ),
]
NoEvidence = Annotated[
    bool,
    typer.Option(
        "--no-evidence",
        help="Take the profile's defaults as known, whatever their evidence.",
        rich_help_panel=_UNCERTAIN,
    ),
]
NoQuestions = Annotated[
    bool,
    typer.Option(
        "--no-questions",
        help="Take the default answers to what vendors leave open.",
        rich_help_panel=_UNCERTAIN,
    ),
]
Samples = Annotated[
    int,
    typer.Option(
        help="Draws, a power of two; more give more exact results.",
        metavar="N",
        rich_help_panel=_HOW,
    ),
]
Seed = Annotated[
    int,
    typer.Option(
        help="Any whole number from 0; the same seed gives the same draws.",
        min=0,
        rich_help_panel=_HOW,
    ),
]


class Levels(StrEnum):
    """Which amount is compared with a budget."""

    p10 = "p10"
    p50 = "p50"
    p90 = "p90"
    expected = "expected"


def uncertainty(
    file: ScenarioFile,
    inputs: Inputs = None,
    no_evidence: NoEvidence = False,
    no_questions: NoQuestions = False,
    deployment: OnlyDeployments = None,
    location: AtLocation = None,
    contract: UnderContract = None,
    samples: Samples = 1024,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """How far each bill may be off (P10, P50, P90), and what makes it so.

    For a single deployment also line by line, with each input's share of
    the variance: what to measure next.
    """
    from estimator.analysis.uncertainty.uncertainty import uncertainty as uncertainty_of
    from estimator.render.terminal.document import render
    from estimator.render.views.uncertainty import uncertainty_view

    scenario = read_scenario(file, location, contract)
    with progress_bar("bills", wanted=not as_json) as progress:
        found = uncertainty_of(
            scenario,
            _input_ranges(inputs),
            deployment,
            evidence=not no_evidence,
            questions=() if no_questions else "all",
            samples=samples,
            seed=seed,
            progress=progress,
        )
    shares = None
    if len(found.bills) == 1:
        with progress_bar("bills", wanted=not as_json) as progress:
            shares = found.sensitivity(progress=progress)
    if as_json:
        known = shares.dropna() if shares is not None else None
        data = found.as_data()
        print_json(data if known is None else {**data, "shares": known.to_dict(orient="records")})
    else:
        print_table(render(uncertainty_view(found, shares)))
    if not found.bills:
        sys.stderr.write("error: none of the deployments could be priced\n")
        raise typer.Exit(INPUT_ERROR)


def check(
    file: ScenarioFile,
    budget: Annotated[
        str,
        typer.Option(
            help="What may be spent a month, in US dollars, such as 2000 or '2,000 USD'.",
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
        typer.Option(
            "--deployment",
            help="Such as aws.api_gateway; the cheapest within limits if left out.",
            metavar="ID",
            autocompletion=completion.deployments,
            rich_help_panel=CHANGES,
        ),
    ] = None,
    inputs: Inputs = None,
    no_evidence: NoEvidence = False,
    no_questions: NoQuestions = False,
    location: AtLocation = None,
    contract: UnderContract = None,
    samples: Samples = 1024,
    seed: Seed = 0,
    as_markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """Is a budget kept, and is the deployment within limits?

    The exit status is 0 if both are so, and 1 if not: over budget, or not
    within limits in as many cases.
    """
    check_one_form(as_markdown=as_markdown, as_json=as_json)
    from estimator.analysis.uncertainty.budget import check_budget

    scenario = read_scenario(file, location, contract)
    with progress_bar("bills", wanted=not (as_json or as_markdown)) as progress:
        found = check_budget(
            scenario,
            budget,
            deployment,
            at=at.value,
            inputs=_input_ranges(inputs),
            evidence=not no_evidence,
            questions=() if no_questions else "all",
            samples=samples,
            seed=seed,
            progress=progress,
        )
    if as_json:
        print_json(found.as_data())
    elif as_markdown:
        print_text(found.to_markdown())
    else:
        print_table(to_terminal(found))
    if not found.passes:
        raise typer.Exit(OVER_BUDGET)


def _input_ranges(inputs: Iterable[str] | None) -> dict[str, str]:
    """Distributions by the names of their fields."""
    found: dict[str, str] = {}
    for said in inputs or ():
        name, equals, distribution = said.partition("=")
        name = name.strip()
        if not (equals and name and distribution.strip()):
            raise ScenarioError(
                f"--input '{said}': write a field and how far it may be off, such as "
                "posts.rate_per_hour=1..4"
            )
        if name in found:
            raise ScenarioError(f"--input: '{name}' is given twice")
        found[name] = distribution
    return found
