"""All there is to choose from, by kind: what a scenario, an option or a filter can name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from estimator.deployments.base import Deployment
from estimator.deployments.fleet.machine import Machine
from estimator.deployments.fleet.server import Server
from estimator.deployments.registry import DEPLOYMENTS, SAAS, assumptions
from estimator.files import load_mapping, load_rows
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import contract_names, shipped_contract
from estimator.pricing.price_files import VENDORS
from estimator.scenario.locations import find_location, locations
from estimator.scenario.profile import load_profile, profile_names
from estimator.scenario.weekly_shape import load_shape, shape_names

Titles = Mapping[str, str]
"""A few words on each name."""

_NAMES_OF: Final[Mapping[str, str]] = {
    "server": "names of servers",
    "machine": "cheapest, names of machines",
    "redis_machine": "names of machines",
}
"""Options that take a name of a list there is, and of which."""


def _services() -> Titles:
    """By the second part of their meters' ids, which several clouds may share."""
    titles: dict[str, list[str]] = {}
    for meter in load_catalog().meters.values():
        vendor, service, *_ = meter.meter.split(".")
        maker = VENDORS[vendor]
        named = meter.service.startswith(maker)
        titles.setdefault(service, []).append(
            meter.service if named else f"{maker} {meter.service}"
        )
    return {service: ", ".join(dict.fromkeys(names)) for service, names in titles.items()}


def _machines() -> Titles:
    """Of all clouds, whose names do not meet."""
    return {
        row.machine: f"{VENDORS[cloud]}: {row.title}"
        for cloud in find_location("virginia").regions
        for row in load_rows(f"{cloud}/machines.csv", Machine)
    }


TITLES: Final[Mapping[str, Callable[[], Titles]]] = {
    "clouds": lambda: VENDORS,
    "contracts": lambda: {name: shipped_contract(name).title for name in contract_names()},
    "deployments": lambda: {name: each.title for name, each in DEPLOYMENTS.entries.items()},
    "machines": _machines,
    "locations": lambda: {name: each.title for name, each in locations().items()},
    "profiles": lambda: {name: load_profile(name).title for name in profile_names()},
    "saas": lambda: {name: each.title for name, each in SAAS.entries.items()},
    "servers": lambda: {
        name: each.title for name, each in load_mapping("servers.yaml", Server).items()
    },
    "services": _services,
    "shapes": lambda: {name: load_shape(name).title for name in shape_names()},
}
"""Names of each kind with their titles."""


def option_data(deployment: Deployment) -> list[dict[str, Any]]:
    """The options of a deployment as plain texts and numbers; a default of None is left open."""
    schemas = deployment.options.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "default": option_default(field),
            "allowed": _NAMES_OF.get(name) or _allowed(schemas[name]),
            "description": _one_line(field),
        }
        for name, field in deployment.options.model_fields.items()
    ]


def option_default(field: FieldInfo) -> Any:
    """What holds if an option is left out; None if that depends on the rest."""
    default = field.get_default(call_default_factory=not field.default_factory_takes_validated_data)
    if default is PydanticUndefined:
        return None
    return default.value if isinstance(default, Enum) else default


def _allowed(schema: Mapping[str, Any]) -> str:
    """The values that a field can have, in words.

    >>> _allowed({"type": "integer", "minimum": 1}), _allowed({"enum": ["x86_64", "arm64"]})
    ('whole numbers, at least 1', 'x86_64, arm64')
    """
    # one that may be left out: what it can be otherwise
    said = next((each for each in schema.get("anyOf", ()) if each["type"] != "null"), schema)
    if "enum" in said:
        return ", ".join(map(str, said["enum"]))
    if said["type"] == "boolean":
        return "true, false"
    numbers = "whole numbers" if said["type"] == "integer" else "numbers"
    return ", ".join(filter(None, [numbers, _bounds(said)]))


def _bounds(schema: Mapping[str, Any]) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if least is not None and most is not None:
        return f"{least:,} to {most:,}"
    if least is not None:
        return f"at least {least:,}"
    return f"above {schema['exclusiveMinimum']:,}" if "exclusiveMinimum" in schema else ""


def assumption_data(named: str = "") -> list[dict[str, Any]]:
    """What is left open, as plain texts: the question, its answers and the evidence.

    Args:
        named: only those whose id begins like this.
    """
    return [
        {
            "name": one.id,
            "title": one.question,
            "default": one.default,
            "choices": dict(one.choices),
            "evidence": one.evidence,
        }
        for one in assumptions().values()
        if one.id.startswith(named)
    ]


def _one_line(field: FieldInfo) -> str:
    return " ".join((field.description or "").split())
