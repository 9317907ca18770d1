"""Oracle Cloud Infrastructure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Annotated, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.datafiles import Confidence, Entry, load_rows
from estimator.demand.demand import Demand, Weekly
from estimator.deployments.deployment import (
    Deployment,
    Metered,
    Request,
    spread,
    traffic_assumption,
)
from estimator.deployments.fleet import (
    APPLICATION_WORK,
    ServerOptions,
    server_load,
    size,
    traffic_mbps,
    whole,
)
from estimator.deployments.limits import limit_value
from estimator.errors import UnknownNameError
from estimator.pricing.assumption import Assumption
from estimator.pricing.line import Usage
from estimator.units import GB

_ID = "oci.load_balancer_fleet"
_LB = "oci.load_balancer"


class FlexibleShape(Entry):
    """A virtual machine whose processors and memory are chosen freely."""

    shape: str
    ocpu_meter: str
    memory_meter: str
    vcpus_per_ocpu: float
    network_mbps_per_ocpu: float
    network_mbps_max: float
    ocpus_min: float
    ocpus_max: float
    memory_gb_min: float
    memory_gb_max: float
    memory_gb_per_ocpu_max: float
    source: str
    checked_on: dt.date
    confidence: Confidence
    note: str | None = None


class LoadBalancerFleetOptions(ServerOptions):
    """Choices for virtual machines behind the flexible load balancer."""

    shape: str = "VM.Standard.E5.Flex"
    """The kind of virtual machine."""
    ocpus: Annotated[float, Field(ge=1)] = 2
    """OCPUs of each node; one is two vCPUs on x86. Assumption: small nodes, one may fail."""
    memory_gb: Annotated[float, Field(ge=1)] = 8
    """Memory of each node. Assumption: four gigabytes for each OCPU."""
    min_nodes: Annotated[int, Field(ge=1)] = 2
    """Fewest nodes, before the spare ones. Assumption: two, in two fault domains."""
    spare_nodes: Annotated[int, Field(ge=0)] = 1
    """Nodes that may fail in the busiest hour without harm."""
    boot_volume_gb: Annotated[float, Field(ge=50)] = 50
    """Boot disk of each node."""
    boot_volume_vpu_per_gb: Annotated[float, Field(ge=10, le=120)] = 10
    """Performance units for each GB of boot disk; 10 is called balanced and is the default."""
    min_mbps: Annotated[float, Field(ge=10, le=8000)] = 10
    """Bandwidth that is always reserved on each load balancer."""

    @model_validator(mode="after")
    def _within_the_shape(self) -> Self:
        shape = _shape(self.shape)
        most_gb = min(shape.memory_gb_max, self.ocpus * shape.memory_gb_per_ocpu_max)
        if not shape.ocpus_min <= self.ocpus <= shape.ocpus_max:
            raise ValueError(
                f"ocpus of {self.shape} is between {shape.ocpus_min:g} and {shape.ocpus_max:g}"
            )
        if not shape.memory_gb_min <= self.memory_gb <= most_gb:
            raise ValueError(
                f"memory_gb of {self.shape} with {self.ocpus:g} OCPUs is between "
                f"{shape.memory_gb_min:g} and {most_gb:g}"
            )
        return self


class LoadBalancerFleet(Deployment):
    """Virtual machines behind the flexible load balancer.

    Prices: https://www.oracle.com/cloud/price-list/ ; behaviour of the balancer:
    https://docs.oracle.com/en-us/iaas/Content/Balance/Concepts/balanceoverview.htm
    """

    id = _ID
    title = "Load balancer and VMs"
    cloud = "oci"
    options = LoadBalancerFleetOptions
    assumptions = (
        Assumption(
            id=f"{_ID}.backend_leg",
            question="Does the balancer's bandwidth count the traffic to its backends as well?",
            choices={
                "no": "only traffic with clients, in and out",
                "yes": "traffic with clients and with backends",
            },
            evidence="The interface says bandwidth is ingress plus egress of the balancer; "
            "whether the backend side is part of that is not stated.",
        ),
        traffic_assumption(
            _ID, "ip", "No statement was found on which bytes count as outbound transfer."
        ),
    )
    not_modelled = (
        APPLICATION_WORK,
        "a database, and what nodes use to pass messages to each other",
        "logs and monitoring",
        "a web application firewall",
        "the work of running the fleet",
    )

    def meter(self, request: Request) -> Metered:
        """Balancer hours and bandwidth, nodes for the busiest hour, disks and outbound traffic."""
        demand, options = request.demand, request.options
        shape = _shape(options.shape)
        load = server_load(demand, options)
        traffic = traffic_mbps(demand)
        network = min(options.ocpus * shape.network_mbps_per_ocpu, shape.network_mbps_max)
        sized = size(
            {
                # whether Oracle's GB of memory is 2^30 bytes is not stated; 10^9 needs more nodes
                "memory": (load.memory_bytes, options.memory_gb * GB * options.headroom),
                "processor": (load.cores, options.ocpus * shape.vcpus_per_ocpu * options.headroom),
                "network": (traffic, network * options.headroom),
            }
        )
        needed = np.maximum(whole(sized.nodes.peak), options.min_nodes)
        nodes = needed + options.spare_nodes
        node_hours = nodes * demand.hours_per_month
        legs = 2 if request.answers[f"{_ID}.backend_leg"] == "yes" else 1
        balancer_mbps = traffic.times(legs)
        binding = sized.binding if np.any(needed > options.min_nodes) else "the minimum"
        node_text = (
            f"{spread(nodes, 'nodes')} all month: {spread(needed)} for the busiest hour "
            f"({binding} binds) and {options.spare_nodes} spare"
        )
        usage = (
            *_balancer_usage(balancer_mbps, request),
            Usage(
                shape.ocpu_meter,
                node_hours * options.ocpus,
                f"{node_text}, {options.ocpus:g} OCPUs each",
            ),
            Usage(
                shape.memory_meter,
                node_hours * options.memory_gb,
                f"{node_text}, {options.memory_gb:g} GB each",
            ),
            Usage(
                "oci.block_volume.storage",
                nodes * options.boot_volume_gb,
                f"a boot disk of {options.boot_volume_gb:g} GB on {spread(nodes, 'nodes')}",
            ),
            Usage(
                "oci.block_volume.performance",
                nodes * options.boot_volume_gb * options.boot_volume_vpu_per_gb,
                f"{options.boot_volume_vpu_per_gb:g} performance units for each GB of boot disk",
            ),
            self.data_out(request, demand, "oci.egress.internet"),
        )
        return Metered(usage, tuple(_notes(demand, balancer_mbps)))


def _balancer_usage(used_mbps: Weekly, request: Request) -> tuple[Usage, Usage]:
    demand, min_mbps = request.demand, request.options.min_mbps
    most = limit_value(f"{_LB}.bandwidth_max_mbps")
    balancers = np.maximum(whole(used_mbps.peak / most), 1.0)
    billed = np.maximum(used_mbps.hourly, (balancers * min_mbps)[..., None])
    return (
        Usage(
            f"{_LB}.hours",
            balancers * demand.hours_per_month,
            f"balancers ({spread(balancers)}) x hours of the month",
        ),
        Usage(
            f"{_LB}.mbps_hours",
            billed.mean(axis=-1) * demand.hours_per_month,
            f"in each hour the larger of {min_mbps:g} Mbps a balancer and the traffic in "
            f"and out, up to {spread(used_mbps.peak, 'Mbps')}",
        ),
    )


def _notes(demand: Demand, used_mbps: Weekly) -> Iterator[str]:
    quota = limit_value(f"{_LB}.bandwidth_per_region_mbps")
    if np.any(used_mbps.peak > quota):
        yield (
            f"The balancers carry {spread(used_mbps.peak, 'Mbps')} in the busiest hour; the "
            f"default quota of a region is {quota:,.0f} Mbps."
        )
    if not any(s.kind in ("ping", "heartbeat") for s in demand.streams):
        idle, most = limit_value(f"{_LB}.http_idle_timeout"), limit_value(f"{_LB}.idle_timeout_max")
        yield (
            f"Clients send no heartbeat: the balancer cuts connections that are silent in one "
            f"direction for {idle:g} seconds, unless its timeout is raised (at most {most:,.0f})."
        )


def _shape(name: str) -> FlexibleShape:
    shapes = {shape.shape: shape for shape in load_rows("oci/machines.csv", FlexibleShape)}
    if name not in shapes:
        raise UnknownNameError("shape", name, shapes)
    return shapes[name]
