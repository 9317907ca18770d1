"""Does a deployment keep what its busiest hour needs, or follow its clients hour by hour?"""

from __future__ import annotations

from typing import Literal

from estimator.deployments.base import Options

Scaling = Literal["static", "autoscaled", "scheduled"]
WHEN = {
    "static": "all week",
    "autoscaled": "by the hour",
    "scheduled": "on a schedule by the hour",
}
"""When as many run as a bill says, in words."""


class ScalingOptions(Options):
    """How many of what a deployment runs on are there in each hour."""

    scaling: Scaling = "static"
    """static: as many all week as the busiest hour needs; autoscaled: they start and stop as
    connections come and go, hour by hour; scheduled: the same, on a schedule written in advance
    from the expected week, which starts them in time but does not see clients whom it does not
    expect. What stops cuts its connections, and their clients connect again; sizes by the hour
    hide shorter peaks. Default: static, for all that hold connections on nodes or units alike."""

    @property
    def by_hour(self) -> bool:
        """Whether their number changes from hour to hour."""
        return self.scaling != "static"
