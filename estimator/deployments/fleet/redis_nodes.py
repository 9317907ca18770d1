"""Which sizes of managed Redis can one rent, and how much of its work does one of them sustain?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Annotated

from pydantic import BeforeValidator, Field

from estimator.deployments.fleet.machine import meter_quantities, usd_of
from estimator.deployments.fleet.machine_words import about_sharing, sentence
from estimator.errors import UnknownNameError
from estimator.files import Sourced, load_rows
from estimator.pricing.catalog import Catalog
from estimator.units import GIB

Parts = Annotated[Mapping[str, float], BeforeValidator(meter_quantities)]


class RedisNode(Sourced):
    """A size of a vendor's managed Redis or Valkey."""

    node: str
    """The vendor's own name."""
    title: str
    memory_gib: Annotated[float, Field(gt=0)]
    """Memory of one copy of the data, as the vendor states it."""
    vcpus: Annotated[float, Field(gt=0)] | None = None
    """Processors of the primary; None where the vendor publishes none."""
    shards: Annotated[int, Field(ge=1)] = 1
    """Processes that share the work; each runs its commands on one core."""
    sustained_share: Annotated[float, Field(gt=0, le=1)] = 1
    """Share of each processor that it sustains."""
    requests_per_second: Annotated[float, Field(gt=0)] | None = None
    """Requests that the whole size sustains as the vendor measured it; None where it did not."""
    network_mbps: Annotated[float, Field(gt=0)]
    """Bandwidth of the primary that it sustains, in Mbit/s."""
    max_connections: Annotated[float, Field(gt=0)]
    """Connections of servers, not of their clients."""
    parts_replicated: Parts
    """Units of meters that one hour of a primary and a replica, which takes over by itself, is
    billed as."""
    parts_single: Parts
    """The same of a primary without a replica."""
    survives_zone: bool
    """Whether the replica can stand in another zone and takes over there."""

    @property
    def memory_bytes(self) -> float:
        """Memory of one copy of the data."""
        return self.memory_gib * GIB

    @property
    def redis_cores(self) -> float:
        """Cores that it sustains for commands and deliveries: one for each shard, at most.

        Where the vendor publishes no processors, each shard is taken to have a core of its own.

        >>> find_redis_node("aws", "cache.m7g.4xlarge").redis_cores
        1.0
        >>> find_redis_node("aws", "cache.t4g.micro").redis_cores  # 10% of each of two processors
        0.2
        """
        cores = self.shards if self.vcpus is None else self.vcpus
        return min(float(self.shards), cores * self.sustained_share)

    @property
    def about(self) -> str:
        """That its processors are shared, in one sentence; empty if they are not.

        >>> find_redis_node("gcp", "valkey-shared-core-nano").about.partition(": ")[2]
        'its processors are shared and sustain 0.5 vCPU, by which it is sized.'
        >>> find_redis_node("aws", "cache.m7g.large").about
        ''
        """
        shared = self.sustained_share < 1 or (self.vcpus or 1) < 1
        if self.vcpus is None or not shared:
            return ""
        return sentence(self.node, about_sharing(self.vcpus, self.vcpus * self.sustained_share))

    def deliveries_per_second(self, per_core: float) -> float:
        """Messages that it delivers to servers per second, of which a core delivers so many.

        A delivery counts as one of the requests that the vendor measured, where it did.

        >>> find_redis_node("aws", "cache.t4g.micro").deliveries_per_second(per_core=650_000)
        130000.0
        """
        most = self.requests_per_second
        cores = self.redis_cores * per_core
        return cores if most is None else min(cores, most)

    def usd_per_hour(self, catalog: Catalog, region: str, replicated: bool = True) -> float:
        """What an hour costs at the first tier of each price, before allowances.

        Raises:
            MissingRateError: a part without a price in the region.
        """
        parts = self.parts_replicated if replicated else self.parts_single
        return usd_of(catalog, region, parts)


@cache
def redis_nodes(cloud: str) -> Mapping[str, RedisNode]:
    """The sizes of managed Redis of a cloud, by name.

    >>> redis_nodes("aws")["cache.m7g.large"].memory_gib
    6.38
    """
    return {row.node: row for row in load_rows(f"{cloud}/redis.csv", RedisNode)}


def find_redis_node(cloud: str, name: str) -> RedisNode:
    """A size of managed Redis of a cloud by its name.

    Raises:
        UnknownNameError: there is no such size.
    """
    known = redis_nodes(cloud)
    if name not in known:
        raise UnknownNameError("Redis node", name, known)
    return known[name]
