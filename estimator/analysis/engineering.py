"""The line of a bill that no vendor writes: people's time for a fleet of one's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import numpy as np

from estimator.deployments.base import Deployment
from estimator.deployments.fleet.sizing import FleetOptions
from estimator.pricing.catalog import Rate
from estimator.pricing.lines import LineItem, Usage
from estimator.pricing.price_files import EVERYWHERE, Meter
from estimator.pricing.tiers import Tariff
from estimator.scenario.scenario import Scenario

_YOURS = "your own figure"
_METER = Meter(
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


def is_fleet(deployment: Deployment) -> bool:
    """Whether its nodes are one's own to look after.

    >>> from estimator.deployments.registry import DEPLOYMENTS
    >>> is_fleet(DEPLOYMENTS["aws.alb_ec2"]), is_fleet(DEPLOYMENTS["gcp.cloud_run"])
    (True, False)
    """
    return issubclass(deployment.options, FleetOptions)


def engineering_lines(scenario: Scenario, deployment: Deployment) -> Iterator[LineItem]:
    """Engineers' time, if the scenario states it and the deployment is a fleet."""
    if scenario.engineering is None or not is_fleet(deployment):
        return
    hours = np.broadcast_to(scenario.engineering.engineer_hours_per_month, scenario.many)
    usd_per_hour = np.asarray(scenario.engineering.usd_per_engineer_hour)
    tariff = Tariff(np.zeros(1), np.atleast_1d(usd_per_hour.mean()))
    usd = np.asarray(hours * usd_per_hour)
    yield LineItem(
        usage=Usage(_METER.meter, hours, "hours as you state them"),
        rate=Rate(
            meter_id=_METER.meter,
            meter=_METER,
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
