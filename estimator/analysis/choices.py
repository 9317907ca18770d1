"""What can be chosen? Names that a scenario, an option or a filter takes, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import Enum
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from estimator.arguments import checks_arguments
from estimator.deployments.base import Deployment
from estimator.deployments.duties import duties
from estimator.deployments.fleet.derived_figures import application_words, derived_figures
from estimator.deployments.fleet.machine import Machine
from estimator.deployments.fleet.server_figures import (
    Server,
    Subscription,
    servers as known_servers,
)
from estimator.deployments.fleet.server_options import ServerOptions
from estimator.deployments.limits import load_limits
from estimator.deployments.registry import DEPLOYMENTS, SAAS, assumptions, find_deployment
from estimator.deployments.vendor_defaults import all_vendor_defaults
from estimator.errors import MissingRateError, UnknownNameError
from estimator.files import Figure, load_rows
from estimator.pricing.catalog import Catalog, load_catalog, shared_by_account
from estimator.pricing.contract import contract_names, shipped_contract
from estimator.pricing.price_files import VENDORS
from estimator.scenario.application import applications
from estimator.scenario.locations import find_location, locations
from estimator.scenario.profile import load_profile, profile_names
from estimator.scenario.weekly_shape import load_shape, shape_names

if TYPE_CHECKING:
    import pandas as pd

Titles = Mapping[str, str]
"""A few words on each name."""

_NAMES_OF: Final[Mapping[str, str]] = {
    "server": "names of servers",
    "application": "names of applications",
    "machine": "cheapest, names of machines",
    "application_machine": "cheapest, names of machines",
    "redis_machine": "cheapest, names of machines and of sizes of managed Redis",
}
"""Options that take a name from a list, and from which."""


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
    """Of all clouds; no two of them share a name."""
    return {
        row.machine: f"{VENDORS[cloud]}: {row.title}{_shared(row)}"
        for cloud in find_location("virginia").regions
        for row in load_rows(f"{cloud}/machines.csv", Machine)
    }


def _shared(machine: Machine) -> str:
    """Of processors that are shared, what they sustain."""
    sustained = machine.sustained_vcpus
    return "" if sustained is None else f" (shared, sustains {sustained:g} vCPU)"


def _duties() -> Titles:
    """What brings them along stands behind."""
    return {
        name: f"{duty.title} ({', '.join(duty.of).replace('_', ' ')})"
        for name, duty in duties().items()
    }


def _allowances() -> Titles:
    """What each gives, how much of it, and to whom, under the default answers."""
    catalog = load_catalog()
    found = {
        gift.allowance: (gift, meter)
        for meter in catalog.meters.values()
        for gift in catalog.allowances(meter.meter)
    }
    return {
        name: f"{gift.shares}: {gift.in_words(meter.unit)}"
        for name, (gift, meter) in found.items()
        if name in shared_by_account()
    }


TITLES: Final[Mapping[str, Callable[[], Titles]]] = {
    "allowances": _allowances,
    "applications": lambda: {name: each.title for name, each in applications().items()},
    "clouds": lambda: VENDORS,
    "contracts": lambda: {name: shipped_contract(name).title for name in contract_names()},
    "deployments": lambda: {name: each.title for name, each in DEPLOYMENTS.entries.items()},
    "duties": _duties,
    "machines": _machines,
    "locations": lambda: {name: each.title for name, each in locations(regions=True).items()},
    "profiles": lambda: {name: load_profile(name).title for name in profile_names()},
    "saas": lambda: {name: each.title for name, each in SAAS.entries.items()},
    "servers": lambda: {name: each.title for name, each in known_servers().items()},
    "services": _services,
    "shapes": lambda: {name: load_shape(name).title for name in shape_names()},
}
"""Names of each kind with their titles."""


def option_data(deployment: Deployment) -> list[dict[str, Any]]:
    """The options of a deployment as plain texts and numbers; None: the default depends."""
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
    """The value of an option that is left out; None if it depends on the rest."""
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


def server_data() -> list[dict[str, Any]]:
    """Servers as plain texts and numbers: titles, and figures that were derived, with ranges."""
    return [
        {
            "name": name,
            "title": server.title,
            "derived": [
                {
                    "name": each.name,
                    "value": each.figure.value,
                    "range": each.figure.range,
                    "text": str(each),
                }
                for each in derived_figures(ServerOptions(server=name))
            ],
        }
        for name, server in known_servers().items()
    ]


def application_data() -> list[dict[str, Any]]:
    """Kinds of applications as plain texts and numbers: what each takes, with ranges."""
    return [
        {
            "name": name,
            "title": application.title,
            "figures": [
                {
                    "name": field,
                    "value": figure.value,
                    "range": figure.range,
                    "note": figure.note,
                    "text": words[field],
                }
                for field, figure in application.figures.items()
            ],
        }
        for name, application in applications().items()
        for words in [application_words(application)]
    ]


def assumption_data(named: str = "") -> list[dict[str, Any]]:
    """What vendors leave open, as plain texts: question, answers and evidence.

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


def default_data() -> list[dict[str, Any]]:
    """What vendors start with, and what bills take, as plain texts."""
    return [
        {
            "name": row.deployment,
            "title": row.subject,
            **row.model_dump(mode="json", exclude={"deployment", "subject"}),
        }
        for row in all_vendor_defaults()
    ]


def _one_line(field: FieldInfo) -> str:
    return " ".join((field.description or "").replace("``", "").split())


@checks_arguments
def options(deployment: str) -> pd.DataFrame:
    """What can be chosen for a deployment, one row per option.

    Args:
        deployment: id of a deployment on a cloud, such as ``aws.alb_fargate``, or of a SaaS.

    Returns:
        Columns: option (its name in ``Scenario(options={deployment: {option: value}})``), default
        (None: it depends on the rest), allowed (in words), meaning.

    Raises:
        UnknownNameError: no such deployment.

    >>> table = options("aws.alb_fargate").set_index("option")
    >>> table.loc["headroom", ["default", "allowed"]].tolist()
    [0.7, 'numbers, 0.01 to 1']
    """
    import pandas as pd

    heads = {"name": "option", "default": "default", "allowed": "allowed", "description": "meaning"}
    rows = option_data(find_deployment(deployment))
    # numbers, texts and truth values stand in one column, each as what it is
    return pd.DataFrame(rows, columns=pd.Index(heads), dtype=object).rename(columns=heads)


@checks_arguments
def servers() -> pd.DataFrame:
    """Server software, one row each; the option ``server`` takes its name.

    Returns:
        Columns: server, title, language, role (server or proxy), the figures with their units in
        the names (NaN where there is none), subscribes (channel or all), ranges (of the figures
        that were derived, not published, the least and the most by their names), and source (of
        all figures).

    >>> servers().set_index("server")["memory_per_connection_bytes"].to_dict()["centrifugo-go"]
    27000.0
    >>> servers().set_index("server").loc["centrifugo-go", "ranges"]["messages_per_core_second"]
    (11700.0, 31200.0)
    """
    import pandas as pd

    rows = (dict(_server_row(name, server)) for name, server in known_servers().items())
    return pd.DataFrame(list(rows))


@checks_arguments
def machines(cloud: str, location: str = "virginia") -> pd.DataFrame:
    """Machines that a fleet can run on, one row each; the option ``machine`` takes its name.

    Args:
        cloud: id of a cloud: aws, azure, gcp or oci.
        location: where they are priced.

    Returns:
        Columns: machine, kind (vm, container or app_service), title, architecture, family (of its
        processors), vcpus (that it shows), cores (what it sustains, in vCPU of the family whose
        speed is 1), memory_gib, network_mbps, network_confidence, burstable, usd_per_hour (list
        price; NaN where the location has none), source, checked_on.

    Raises:
        UnknownNameError: no such cloud or location.

    >>> machines("aws").set_index("machine").loc["c7g.large", ["vcpus", "memory_gib"]].tolist()
    [2.0, 4.0]
    """
    import pandas as pd

    found = find_location(location)
    if cloud not in found.regions:
        raise UnknownNameError("cloud", cloud, found.regions)
    # the last one: of a region of which little is known, machines are not
    *_, (region, _) = found.choices(cloud)
    catalog = load_catalog()
    known = load_rows(f"{cloud}/machines.csv", Machine)
    return pd.DataFrame([_machine_row(machine, catalog, region) for machine in known])


@checks_arguments
def limits(vendor: str) -> pd.DataFrame:
    """Limits of a vendor's services, one row each.

    Args:
        vendor: id of a cloud or of a SaaS vendor, such as aws or pusher; system for what holds of
            every server.

    Returns:
        Columns: limit, title, value (a tuple where only some values are allowed), unit, scope,
        raised_by (a setting, a quota that the vendor raises on request, or nothing but advice; None
        if nothing raises it), source, checked.

    Raises:
        UnknownNameError: no such vendor.

    >>> idle = limits("aws").set_index("limit").loc["aws.api_gateway.idle_timeout"]
    >>> float(idle["value"]), idle["unit"]
    (600.0, 'Seconds')
    """
    import pandas as pd

    heads = ["limit", "title", "value", "unit", "scope", "raised_by", "source", "checked"]
    rows = [
        [*(getattr(each, head) for head in heads[:-1]), each.checked_on]
        for each in load_limits(vendor).values()
        if each.limit.startswith(f"{vendor}.")
    ]
    return pd.DataFrame(rows, columns=heads)


def _server_row(name: str, server: Server) -> Iterator[tuple[str, Any]]:
    yield "server", name
    sources: list[str] = []
    for field in Server.model_fields:
        figure = getattr(server, field)
        if isinstance(figure, Figure | Subscription):
            sources.append(figure.source)
            yield field, figure.value
        else:
            yield field, np.nan if figure is None else figure
    figures = server.figures.items()
    yield "ranges", {field: figure.range for field, figure in figures if figure.is_derived}
    yield "source", "; ".join(dict.fromkeys(sources))


def _machine_row(machine: Machine, catalog: Catalog, region: str) -> dict[str, Any]:
    try:
        usd_per_hour = machine.usd_per_hour(catalog.seen, region)
    except MissingRateError:
        usd_per_hour = np.nan
    return {
        "machine": machine.machine,
        "kind": machine.kind,
        "title": machine.title,
        "architecture": machine.architecture,
        "family": machine.family,
        "vcpus": machine.vcpus,
        "cores": machine.cores,
        "memory_gib": machine.memory_gib,
        "network_mbps": machine.network_mbps,
        "network_confidence": machine.network_confidence or machine.confidence,
        "burstable": machine.burstable,
        "usd_per_hour": usd_per_hour,
        "source": machine.source,
        "checked_on": machine.checked_on,
    }
