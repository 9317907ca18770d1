"""What does people's time cost? Lines of a bill for the hours that a scenario states."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterator
from functools import cache

import numpy as np

from estimator.arrays import FloatArray
from estimator.deployments.base import Deployment, Metered
from estimator.deployments.duties import Component, duties_of, runs_servers
from estimator.deployments.fleet.application_servers import APPLICATION_SERVERS
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.pricing.catalog import Rate
from estimator.pricing.lines import LineItem, Usage
from estimator.pricing.price_files import EVERYWHERE, CostLayer, Meter
from estimator.pricing.tiers import Tariff
from estimator.scenario.scenario import Engineering, Scenario

_YOURS = "your own figure"
_FUNCTIONS = ("aws.lambda.", "azure.functions.")
"""How the ids of meters of functions begin."""


@cache
def _meter() -> Meter:
    return Meter(
        meter="own.engineer_hours",
        title="Engineers' hours",
        service="Engineering",
        driver="engineering",
        unit="Hours",
        tiers_pool_over="account",
        focus_category="Other",
        focus_subcategory="Other (Other)",
        source=_YOURS,
    )


def components_of(metered: Metered) -> frozenset[Component]:
    """What of a deployment brings work along for the people who run it.

    What holds no connections on servers of one's own is a vendor's service.
    """
    found = set(metered.runs) or {"vendor"}
    if any(usage.part == APPLICATION_SERVERS for usage in metered.usage):
        found.add("application_servers")
    if any(usage.meter_id.startswith(_FUNCTIONS) for usage in metered.usage):
        found.add("functions")
    if "vendor" in found and metered.sizing is not None:
        found.add("units")
    return frozenset(found)


def usd_per_hour(engineering: Engineering | None) -> float:
    """What an hour of people's time costs, as a single scenario states it, or assumed."""
    return float((engineering or Engineering()).usd_per_engineer_hour)


def has_hours(engineering: Engineering | None, layers: Collection[CostLayer]) -> bool:
    """Whether bills hold hours that a scenario states."""
    if engineering is None or "engineering" not in layers:
        return False
    return any(map(np.any, engineering.hours))


def self_run_redis_usd(scenario: Scenario, deployment: Deployment) -> float:
    """USD per month that people take for Redis on machines beside a deployment's own work.

    Of hours that differ between scenarios, their mean: one size of Redis is chosen for all.
    """
    engineering = scenario.engineering
    if engineering is None or "engineering" not in scenario.layers:
        return 0.0
    group = ALL_DEPLOYMENTS.entries[deployment.id].group
    runs: Component = "virtual_machines" if group == "own servers" else "containers"
    more = duties_of(["redis_machines"]).keys() - duties_of([runs]).keys()
    hours = sum(np.mean(engineering.duties.get(name, 0.0)) for name in more)
    return float(hours * np.mean(engineering.usd_per_engineer_hour))


def engineering_lines(scenario: Scenario, components: Collection[Component]) -> Iterator[LineItem]:
    """Engineers' time, as far as the scenario states hours for what a deployment consists of."""
    engineering = scenario.engineering
    if engineering is None:
        return
    if runs_servers(components):
        part = "for servers of your own"
        yield from _line(scenario, engineering.engineer_hours_per_month, part)
    for name, duty in duties_of(components).items():
        if name in engineering.duties:
            yield from _line(scenario, engineering.duties[name], duty.title)


def _line(scenario: Scenario, stated: float | FloatArray, part: str) -> Iterator[LineItem]:
    """A line for some hours; none where nobody spends any."""
    assert scenario.engineering is not None
    if not np.any(stated):
        return
    hours = np.broadcast_to(stated, scenario.many)
    usd_per_hour = np.asarray(scenario.engineering.usd_per_engineer_hour)
    tariff = Tariff(np.zeros(1), np.atleast_1d(usd_per_hour.mean()))
    meter, usd = _meter(), np.asarray(hours * usd_per_hour)
    yield LineItem(
        usage=Usage(meter.meter, hours, "hours as you state them", part=part, layer="engineering"),
        rate=Rate(
            meter_id=meter.meter,
            meter=meter,
            region=EVERYWHERE,
            tariff=tariff,
            list_tariff=tariff,
            contract=None,
            effective_from=dt.date.min,
            checked_on=dt.datetime.now(tz=dt.UTC).date(),
            source=_YOURS,
            confidence="confirmed",
            note=None,
        ),
        free_units=np.zeros(scenario.many),
        units_by_tier=hours[None],
        credit_usd=np.zeros(scenario.many),
        cost_usd=usd,
        list_usd=usd,
    )
