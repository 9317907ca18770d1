"""What can be chosen about a deployment, and from what: options, server software, machines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.choices import option_data
from estimator.deployments.fleet.machine import Machine
from estimator.deployments.fleet.server import Measured, Server
from estimator.deployments.registry import find_deployment
from estimator.errors import MissingRateError, UnknownNameError
from estimator.files import load_mapping, load_rows
from estimator.pricing.catalog import Catalog, load_catalog
from estimator.scenario.locations import find_location

if TYPE_CHECKING:
    import pandas as pd


def options(deployment: str) -> pd.DataFrame:
    """What can be chosen about a deployment, one row per option.

    Args:
        deployment: id of the deployment, such as ``aws.alb_fargate``, or of a provider's service.

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


def servers() -> pd.DataFrame:
    """Server software that was measured, one row each; the option ``server`` takes the name.

    Returns:
        Columns: server, title, language, role (server or proxy), then the figures, by names that
        hold their unit (NaN where nobody published one), and source (of all of them).

    >>> servers().set_index("server")["memory_per_connection_bytes"].to_dict()["centrifugo-go"]
    27000.0
    """
    import pandas as pd

    known = load_mapping("servers.yaml", Server)
    return pd.DataFrame([dict(_server_row(name, server)) for name, server in known.items()])


def machines(cloud: str, location: str = "virginia") -> pd.DataFrame:
    """Machines that a fleet can run on, one row each; the option ``machine`` takes the name.

    Args:
        cloud: id of a cloud: aws, azure, gcp or oci.
        location: whose prices stand beside them.

    Returns:
        Columns: machine, kind (vm, container or app_service), title, architecture, vcpus,
        memory_gib, network_mbps (NaN where the vendor publishes none), burstable, usd_per_hour
        (list price; NaN where there is none at that place), source, checked_on.

    Raises:
        UnknownNameError: no such cloud or place.

    >>> machines("aws").set_index("machine").loc["c7g.large", ["vcpus", "memory_gib"]].tolist()
    [2.0, 4.0]
    """
    import pandas as pd

    regions = find_location(location).regions
    if cloud not in regions:
        raise UnknownNameError("cloud", cloud, regions)
    catalog = load_catalog()
    known = load_rows(f"{cloud}/machines.csv", Machine)
    return pd.DataFrame([_machine_row(machine, catalog, regions[cloud]) for machine in known])


def _server_row(name: str, server: Server) -> Iterator[tuple[str, Any]]:
    yield "server", name
    sources: list[str] = []
    for field in Server.model_fields:
        figure = getattr(server, field)
        if isinstance(figure, Measured):
            sources.append(figure.source)
            yield field, figure.value
        else:
            yield field, np.nan if figure is None else figure
    yield "source", "; ".join(dict.fromkeys(sources))


def _machine_row(machine: Machine, catalog: Catalog, region: str) -> dict[str, Any]:
    try:
        usd_per_hour = machine.usd_per_hour(catalog, region)
    except MissingRateError:
        usd_per_hour = np.nan
    return {
        "machine": machine.machine,
        "kind": machine.kind,
        "title": machine.title,
        "architecture": machine.architecture,
        "vcpus": machine.vcpus,
        "memory_gib": machine.memory_gib,
        "network_mbps": np.nan if machine.network_mbps is None else machine.network_mbps,
        "burstable": machine.burstable,
        "usd_per_hour": usd_per_hour,
        "source": machine.source,
        "checked_on": machine.checked_on,
    }
