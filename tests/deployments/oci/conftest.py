"""What tests of balancers on OCI build on."""

import numpy as np
import pytest

import estimator as ws

# 124 bytes leave as 200 and are acknowledged with 52, so one message per hour is so many Mbps
MBPS_PER_MESSAGE = (200 + 52) * 8 / 1e6 / 3600


@pytest.fixture(scope="session")
def at_mbps(make_demand):
    """A demand with so much traffic with clients, in and out together."""

    def demand(mbps: object, connections: float = 10, **stated: float) -> ws.Demand:
        messages = np.asarray(mbps, dtype=float) / MBPS_PER_MESSAGE
        return make_demand(connections, to_client=messages, payload=124, **stated)

    return demand
