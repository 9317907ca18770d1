"""What tests of Azure build on."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.estimate.resolve import resolve
from estimator.deployments.base import Metered
from estimator.deployments.registry import find_deployment

# 124 bytes leave as 200 and are acknowledged with 52, so one message per hour is so many Mbps
MBPS_PER_MESSAGE = (200 + 52) * 8 / 1e6 / 3600


@pytest.fixture
def at_mbps(make_demand):
    """A demand with so much traffic with clients, in and out together."""

    def demand(mbps: object, connections: object = 0, **stated: object):
        messages = np.asarray(mbps, dtype=float) / MBPS_PER_MESSAGE
        return make_demand(connections, to_client=messages, payload=124, **stated)

    return demand


@pytest.fixture
def state_of():
    """State and used figure of a limit of a bill."""

    def found(bill, limit: str) -> tuple[str, float]:
        [verdict] = [one for one in bill.verdicts if one.limit.limit == limit]
        return verdict.state, float(np.max(verdict.used))

    return found


@pytest.fixture
def metered():
    """What a deployment counts for a chat of 1,000 people, with options."""

    def found(deployment: str, options: dict[str, object]) -> Metered:
        scenario = ws.Scenario(
            profile="workplace-chat",
            location="virginia",
            peak_connections=1_000,
            options={deployment: options},
        )
        service = find_deployment(deployment)
        return service.meter(resolve(scenario).request(service))

    return found
