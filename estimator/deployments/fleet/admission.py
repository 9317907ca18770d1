"""What the nodes of a fleet let in, and how their number follows the connections."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits, Autoscaling
from estimator.deployments.base import Request
from estimator.deployments.fleet.server import handshake_rate
from estimator.deployments.fleet.sizing import Fleet, NodeSpec
from estimator.deployments.limits import limit_value
from estimator.units import SECONDS_PER_MINUTE

MEAN_IS_OLD_BY = 0.5
"""Of a window: a mean over it tells what was in its middle."""
_OPEN_FILES = "system.linux.open_files_hard_max"


@dataclass(frozen=True, slots=True)
class ScalingClock:
    """Limits that tell when an autoscaler looks, at what, and how long it waits."""

    every: str
    """Id of the time between two looks."""
    lag: str
    """Id of the time until a change is seen, or over which a mean is taken."""
    cool_down: str
    """Id of the time until units stop."""
    lag_share: float = 1.0
    """Part of that time by which what is seen is old."""

    def times(self, autoscaling: Autoscaling) -> Autoscaling:
        """An autoscaler, with the times of this clock."""
        return replace(
            autoscaling,
            every_seconds=limit_value(self.every),
            lag_seconds=limit_value(self.lag) * self.lag_share,
            cool_down_seconds=limit_value(self.cool_down),
        )


AWS = ScalingClock(
    every="aws.autoscaling.metric_period",
    lag="aws.autoscaling.scale_out_window",
    cool_down="aws.autoscaling.scale_in_window",
)
AZURE = ScalingClock(
    every="azure.autoscale.evaluation_period",
    lag="azure.autoscale.duration",
    cool_down="azure.autoscale.cool_down",
    lag_share=MEAN_IS_OLD_BY,
)
CONTAINER_APPS = ScalingClock(
    every="azure.container_apps.http_rule_period",
    lag="azure.container_apps.http_rule_period",
    cool_down="azure.container_apps.scale_in_window",
    lag_share=MEAN_IS_OLD_BY,
)
CLOUD_RUN = ScalingClock(
    every="gcp.cloud_run.autoscaler_period",
    lag="gcp.cloud_run.autoscaler_window",
    cool_down="gcp.cloud_run.idle_kept",
    lag_share=MEAN_IS_OLD_BY,
)
GCP = ScalingClock(
    every="gcp.autoscaling.metric_period",
    lag="gcp.autoscaling.metric_delay",
    cool_down="gcp.autoscaling.stabilization_period",
)
OCI = ScalingClock(
    every="oci.autoscaling.metric_period",
    lag="oci.autoscaling.scale_out_window",
    cool_down="oci.autoscaling.cool_down",
)


@dataclass(frozen=True, slots=True)
class Room:
    """How much a deployment may have of something."""

    most: FloatArray | float
    """Shape (*many,)."""
    limit_id: str
    """What bounds it."""


def fleet_admission(
    request: Request,
    fleet: Fleet,
    clock: ScalingClock,
    spec: NodeSpec,
    *,
    front: AdmissionLimits,
    nodes_room: Room | None = None,
    node_limit_id: str | None = None,
) -> AdmissionLimits:
    """What a fleet lets in, for one scenario; not limited for many at once.

    A node holds what it can before something of it is used up, not only what it is planned for.

    Args:
        request: demand and ``FleetOptions``.
        fleet: its nodes.
        clock: that of the cloud's autoscaler.
        spec: what the nodes are.
        front: what the balancer in front lets in.
        nodes_room: most nodes there may be.
        node_limit_id: a limit of connections of a node, besides that of open files.
    """
    if request.many:
        return AdmissionLimits()
    options, [machine] = request.options, fleet.machines
    each = float(fleet.connections_each)
    admission = replace(
        front,
        new_connections_per_second_per_unit=machine.vcpus * handshake_rate(options)
        if spec.ends_tls
        else np.inf,
        connections_per_unit=each,
        unit_name=spec.unit,
        limits={**front.limits, **_named(each, node_limit_id)},
        options={"machine": machine.machine},
    )
    if request.answers["scaling"] == "static":
        return replace(admission, units=float(fleet.nodes.peak))
    most_units, limits = np.inf, admission.limits
    if nodes_room is not None:
        most_units, limits = nodes_room.most, {**limits, "most_units": nodes_room.limit_id}
    autoscaling = clock.times(
        Autoscaling(
            target_share=options.headroom,
            least_units=options.min_nodes,
            spare_units=options.spare_nodes,
            most_units=float(most_units),
            start_seconds=options.node_start_minutes * SECONDS_PER_MINUTE,
        )
    )
    return replace(admission, autoscaling=autoscaling, limits=limits)


def _named(each: float, node_limit_id: str | None) -> dict[str, str]:
    """The limit that the connections of a node are, if they are one."""
    for limit_id in filter(None, (node_limit_id, _OPEN_FILES)):
        if each == limit_value(limit_id):
            return {"connections_per_unit": limit_id}
    return {}
