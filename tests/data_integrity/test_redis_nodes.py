"""Sizes of managed Redis: what they are billed as, what they sustain, and where that was read."""

import datetime as dt
from itertools import pairwise

import pytest

import estimator as ws
from estimator.deployments.fleet.redis_nodes import RedisNode, find_redis_node, redis_nodes
from estimator.errors import MissingRateError
from estimator.pricing.catalog import load_catalog
from estimator.pricing.price_files import CLOUDS, EVERYWHERE

TODAY = dt.datetime.now(dt.UTC).date()
FAMILIES = {
    "aws": ("cache.t4g.", "cache.m7g.", "cache.c7gn."),
    "azure": ("B", "X"),
    "gcp": ("redis-", "valkey-"),
    "oci": ("",),
}
NODES_OF_A_PAIR = {"aws": (2,), "azure": (2,), "gcp": (1, 2), "oci": (3,)}
"""Times that each part of a single primary is billed; the Standard tier has prices of its own."""
every_cloud = pytest.mark.parametrize("cloud", CLOUDS)


def all_of(cloud: str) -> list[RedisNode]:
    return list(redis_nodes(cloud).values())


def costs(cloud: str, node: RedisNode) -> dict[str, tuple[float, float]]:
    """USD per hour with a replica and without, at each location where it has a price."""
    found = {}
    for location, at in ws.locations().items():
        region = at.regions[cloud]
        try:
            found[location] = (
                node.usd_per_hour(load_catalog(), region),
                node.usd_per_hour(load_catalog(), region, replicated=False),
            )
        except MissingRateError:
            continue
    return found


@every_cloud
def test_every_size_stands_once(cloud, tables):
    names = [row["node"] for row in tables.rows(cloud, "redis")]

    assert names
    assert len(names) == len(set(names)) == len(all_of(cloud))


@every_cloud
def test_every_part_is_a_meter_of_the_cloud_counted_by_the_hour(cloud):
    meters = load_catalog().meters
    wrong = [
        (node.node, part)
        for node in all_of(cloud)
        for parts in (node.parts_replicated, node.parts_single)
        for part, quantity in parts.items()
        if part not in meters
        or not part.startswith(f"{cloud}.")
        or quantity <= 0
        or not meters[part].unit.endswith("Hours")
    ]

    assert wrong == []


@every_cloud
def test_every_size_is_priced_at_every_location_or_a_gap_says_why_not(cloud):
    catalog = load_catalog()
    priced = set(catalog.priced)
    silent = [
        (node.node, location, part)
        for node in all_of(cloud)
        for location, found in ws.locations().items()
        for part in (*node.parts_replicated, *node.parts_single)
        if not {(part, found.regions[cloud]), (part, EVERYWHERE)} & priced
        and (part, found.regions[cloud]) not in catalog.gaps
    ]

    assert silent == []


@every_cloud
def test_a_replica_that_takes_over_elsewhere_can_be_rented_at_every_location(cloud):
    priced = [set(costs(cloud, node)) for node in all_of(cloud) if node.survives_zone]

    assert set().union(*priced) == set(ws.locations())


@every_cloud
def test_a_replica_is_never_free(cloud):
    for node in all_of(cloud):
        for location, (replicated, single) in costs(cloud, node).items():
            assert 0 < single < replicated, (node.node, location)


@every_cloud
def test_a_pair_is_billed_for_each_of_its_nodes(cloud):
    for node in all_of(cloud):
        times = sum(node.parts_replicated.values()) / sum(node.parts_single.values())
        assert times in NODES_OF_A_PAIR[cloud], node.node
        if times == 1:
            assert set(node.parts_replicated).isdisjoint(node.parts_single), node.node


@every_cloud
def test_much_more_of_the_same_costs_more(cloud):
    # a class of more memory has a lower price of a GiB, which one GiB more need not make up
    grouped = 0
    for family in FAMILIES[cloud]:
        nodes = [node for node in all_of(cloud) if node.node.startswith(family)]
        grouped += len(nodes)
        for location in ws.locations():
            priced = [
                (node.memory_gib, costs(cloud, node)[location])
                for node in sorted(nodes, key=lambda node: node.memory_gib)
                if location in costs(cloud, node)
            ]
            for (memory, less), (more_memory, more) in pairwise(priced):
                if more_memory >= 1.5 * memory:
                    assert more > less, (family, location)

    assert grouped == len(all_of(cloud))


@every_cloud
def test_a_larger_size_of_a_family_sustains_no_less(cloud):
    for family in FAMILIES[cloud]:
        nodes = [node for node in all_of(cloud) if node.node.startswith(family)]
        for less, more in pairwise(sorted(nodes, key=lambda node: node.memory_gib)):
            assert more.network_mbps >= less.network_mbps, more.node
            assert more.max_connections >= less.max_connections, more.node
            assert more.redis_cores >= less.redis_cores, more.node


@every_cloud
def test_every_size_says_where_and_when_it_was_read(cloud):
    for node in all_of(cloud):
        assert node.source.startswith("https://"), node.node
        assert dt.date(2020, 1, 1) <= node.checked_on <= TODAY, node.node
        assert node.note, node.node
        if node.confidence == "inferred":
            assert "ange" in node.note, node.node


@pytest.mark.parametrize(
    ("cloud", "name", "region", "hours", "usd"),
    [
        # AWS's Price List API, read by others 2026-10-02: Redis OSS is 0.158, Valkey 20% less
        ("aws", "cache.m7g.large", "us-east-1", 1, 2 * 0.8 * 0.158),
        # a pair for 30 days, as others read it
        ("aws", "cache.t4g.small", "us-east-1", 720, 36.86),
        # Azure Managed Redis with high availability, as others read it 2026-09 and 2026-10
        ("azure", "B1", "eastus", 720, 46.08),
        ("azure", "B10", "southeastasia", 730, 570.86),
        ("azure", "B0", "westus2", 730, 23.36),
        # Output of infracost, 2024-07-01: a month of 1 GiB and of 5 GiB of the Standard tier
        ("gcp", "redis-1gib", "us-central1", 730, 46.72),
        ("gcp", "redis-5gib", "us-central1", 730, 197.10),
        # Oracle's price list: 0.0194 for a GB-hour of each node
        ("oci", "2gb", "us-ashburn-1", 720, 3 * 2 * 720 * 0.0194),
    ],
)
def test_hours_with_a_replica_cost_what_others_read(cloud, name, region, hours, usd):
    node = find_redis_node(cloud, name)

    assert hours * node.usd_per_hour(load_catalog(), region) == pytest.approx(usd, abs=0.005)


def test_a_primary_alone_costs_what_others_read():
    # https://docs.oracle.com's price list, and the Basic tier in the output of infracost
    oci, gcp = find_redis_node("oci", "16gb"), find_redis_node("gcp", "redis-1gib")
    catalog = load_catalog()

    assert oci.usd_per_hour(catalog, "us-ashburn-1", replicated=False) == pytest.approx(16 * 0.0136)
    assert 730 * gcp.usd_per_hour(catalog, "us-central1", replicated=False) == pytest.approx(35.77)


@pytest.mark.parametrize(
    ("cloud", "name", "cores"),
    [
        ("aws", "cache.t4g.micro", 2 * 0.10),  # baseline of each of two processors
        ("aws", "cache.t4g.medium", 2 * 0.20),
        ("aws", "cache.m7g.8xlarge", 1),  # commands run on one of its 32
        ("azure", "B20", 6),  # six shards on eight processors
        ("gcp", "valkey-shared-core-nano", 0.5),
        ("oci", "64gb", 1),
    ],
)
def test_commands_run_on_a_core_for_each_shard_at_most(cloud, name, cores):
    assert find_redis_node(cloud, name).redis_cores == pytest.approx(cores)


def test_deliveries_are_bounded_by_cores_and_by_what_the_vendor_measured():
    small, large = find_redis_node("azure", "B3"), find_redis_node("azure", "B100")

    assert small.deliveries_per_second(100_000) == 2 * 100_000
    # 2,000,000 requests per second were measured, fewer than 24 shards at 650,000 would make
    assert large.deliveries_per_second(650_000) == 2_000_000
    assert find_redis_node("oci", "2gb").deliveries_per_second(650_000) == 650_000


def test_a_size_there_is_not_is_refused():
    with pytest.raises(ws.EstimatorError, match=r"unknown Redis node 'cache\.m7g\.huge'"):
        find_redis_node("aws", "cache.m7g.huge")
