"""What may stand in a scenario file? Its JSON schema, with every name that an editor can offer."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

from estimator.cli.common import output, print_json

if TYPE_CHECKING:
    from estimator.deployments.base import Deployment
    from estimator.pricing.price_files import Assumption

Schema = dict[str, Any]


def schema(
    _: Annotated[bool, output("--json", help="The schema is always JSON.")] = False,
) -> None:
    """Print the JSON schema of scenario files, with which editors complete them.

    Examples:
        # save it as scenario.schema.json: > scenario.schema.json
        $ estimator schema
    """
    print_json(editor_schema())


def editor_schema() -> Schema:
    """JSON schema of a scenario file: fields, units, and the names of all there is to choose.

    >>> "virginia" in editor_schema()["properties"]["location"]["enum"]
    True
    """
    from estimator.deployments.registry import ALL_DEPLOYMENTS, assumptions
    from estimator.scenario.application import applications
    from estimator.scenario.locations import locations
    from estimator.scenario.profile import profile_names
    from estimator.scenario.scenario import Scenario
    from estimator.scenario.weekly_shape import shape_names

    schema = Scenario.model_json_schema()
    schema["title"] = "WebSocket deployment to be estimated"
    fields, definitions = schema["properties"], schema["$defs"]
    fields["location"]["enum"] = sorted(locations(regions=True))
    fields["options"] |= _exactly({name: _options(each) for name, each in ALL_DEPLOYMENTS.items()})
    fields["assumptions"] |= _exactly(
        {assumption.id: _answers(assumption) for assumption in assumptions().values()}
    )
    _name_choices(definitions["Profile"]["properties"]["weekly_shape"], shape_names())
    definitions["Profile"]["properties"]["application"]["enum"] = sorted(applications())
    others = definitions["OtherClients"]
    # of a kind that the profile of the scenario brings, a scenario may say the number alone
    others["required"].remove("profile")
    for profile in (fields["profile"], others["properties"]["profile"]):
        _profile_choices(profile, profile_names())
        profile["anyOf"].append({"$ref": "#/$defs/ProfileChanges"})
    definitions["ProfileChanges"] = _changes(definitions["Profile"], profile_names())
    for each in (schema, *definitions.values()):
        # an editor shows these to people who write YAML: no Python examples, no exceptions
        if words := each.get("description"):
            each["description"] = re.split(r"\n\n(?:>>>|Raises:)", words)[0]
    return schema


def _exactly(properties: dict[str, Schema]) -> Schema:
    return {"properties": properties, "additionalProperties": False}


def _name_choices(field: Schema, names: Iterable[str]) -> None:
    for choice in field["anyOf"]:
        if choice.get("type") == "string":
            choice["enum"] = sorted(names)


def _profile_choices(field: Schema, names: Iterable[str]) -> None:
    """Names of shipped profiles, or of files beside the scenario file."""
    for choice in field["anyOf"]:
        if choice.get("type") == "string":
            choice["anyOf"] = [{"enum": sorted(names)}, {"pattern": r"\.ya?ml$"}]


def _options(deployment: Deployment) -> Schema:
    options = deployment.options.model_json_schema()
    options.pop("$defs", None)
    return options | {"title": deployment.title}


def _answers(assumption: Assumption) -> Schema:
    meanings = "; ".join(f"{name}: {meaning}" for name, meaning in assumption.choices.items())
    answers: list[object] = list(assumption.choices)
    # an answer such as 1024 is a number in YAML unless it is quoted
    answers += [int(answer) for answer in assumption.choices if answer.isdigit()]
    return {"description": f"{assumption.question} {meanings}", "enum": answers}


def _changes(profile: Schema, shipped: Iterable[str]) -> Schema:
    """What differs from another profile: its own fields, none of them needed, flows in part."""
    named = {
        "description": "The profile to start from: a shipped one, a YAML file beside the scenario "
        "file, or one written out.",
        "anyOf": [
            {"enum": sorted(shipped)},
            {"type": "string", "pattern": r"\.ya?ml$"},
            {"type": "object"},
        ],
    }
    loose = {
        name: {"description": field.get("description", ""), "type": "object"}
        if name in ("flows", "session", "heartbeat", "at_connect", "other_clients", "evidence")
        else field
        for name, field in profile["properties"].items()
    }
    return {
        "title": "Changes to another profile",
        "description": "Another profile, and what is different.",
        "type": "object",
        "properties": {"extends": named, **loose},
        "required": ["extends"],
        "additionalProperties": False,
    }
