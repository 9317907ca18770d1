"""The commands that tell what there is: names, faults and crowds, the schema of scenario files."""

from __future__ import annotations

import sys
from enum import StrEnum
from typing import Annotated

import typer

from estimator.cli.shared import print_json
from estimator.deployments.registry import DEPLOYMENTS, PROVIDERS
from estimator.pricing.contract import contract_names, shipped_contract
from estimator.report.editor_schema import editor_schema
from estimator.report.happenings import CROWDS, FAULTS, happenings_text
from estimator.scenario.places import places
from estimator.scenario.profile import load_profile, profile_names


class Thing(StrEnum):
    """What can be listed."""

    contracts = "contracts"
    crowds = "crowds"
    deployments = "deployments"
    faults = "faults"
    places = "places"
    profiles = "profiles"
    providers = "providers"


def list_things(thing: Annotated[Thing, typer.Argument(help="What to list.")]) -> None:
    """Names there are, and how to write faults and crowds.

    Example: estimator list faults
    """
    if thing is Thing.faults:
        text = happenings_text(FAULTS)
    elif thing is Thing.crowds:
        text = happenings_text(CROWDS)
    else:
        text = _names(thing)
    sys.stdout.write(text)


def _names(thing: Thing) -> str:
    titles = {
        Thing.contracts: {name: shipped_contract(name).title for name in contract_names()},
        Thing.deployments: {name: each.title for name, each in DEPLOYMENTS.items()},
        Thing.places: {name: each.title for name, each in places().items()},
        Thing.profiles: {name: load_profile(name).title for name in profile_names()},
        Thing.providers: {name: each.title for name, each in PROVIDERS.items()},
    }[thing]
    width = max(map(len, titles))
    return "".join(f"{name:{width}}  {title}\n" for name, title in titles.items())


def schema() -> None:
    """The JSON schema of scenario files, for editors."""
    print_json(editor_schema())
