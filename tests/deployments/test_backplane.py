"""Which Redis passes messages on, how much of it, and what that costs: by hand, by trying all.

A message of 124 bytes takes 200 (the measured table of test_wire) and 4 of a client's mask.
"""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.aws.nodes import ZONE_TRAFFIC
from estimator.deployments.fleet.backplane import Backplane, Redis, backplane
from estimator.deployments.fleet.machine import machines
from estimator.deployments.fleet.redis_nodes import redis_nodes
from estimator.deployments.fleet.sizing import Fleet, NodeSpec, build_fleet
from fleets import LARGE, chat, request

GIB = 2**30
BYTES = 204
ID = "aws.alb_ec2"
# nodes that take in anything, and a machine of two cores of the reference speed for Redis
OWN: dict[str, Any] = LARGE | {
    "messages_per_core_second": 1e9,
    "subscribes": "all",
    "redis": "self_run",
    "redis_machine": "m7i.large",
}


def between(
    demand: ws.Demand, nodes: int = 5, scaling: str = "static", **options: Any
) -> tuple[Backplane, Fleet]:
    """What passes messages between so many nodes that carry the peak."""
    asked = request(demand, options=OWN | {"min_nodes": nodes} | options, scaling=scaling)
    fleet = build_fleet(asked, "aws", NodeSpec(redis=Redis("aws", ZONE_TRAFFIC)))
    return backplane(fleet.redis, demand, "aws"), fleet


@pytest.fixture
def passed_on(make_demand):
    """Messages per second that clients send to ten others each."""

    def demand(per_second: object, connections: object = 10, copies: float = 10) -> ws.Demand:
        sent = np.asarray(per_second, dtype=float) * 3600
        return make_demand(connections, to_server=sent, to_client=sent * copies, payload=124)

    return demand


@pytest.mark.parametrize(
    ("options", "running", "voters"),
    [
        ({"survives": "none"}, 1, 0),
        ({"survives": "node"}, 2, 0),
        ({"survives": "zone", "zones": 3}, 2, 0),
        # of two zones neither could tell that the other has failed: a third machine only votes
        ({"survives": "zone", "zones": 2}, 2, 1),
    ],
)
def test_a_replica_takes_over_if_something_may_fail(passed_on, options, running, voters):
    redis, _ = between(passed_on(100), **options)
    hours = [float(usage.quantity) for usage in redis.usage]

    assert hours == [running * 730, *[730] * voters]
    assert redis.usage[0].meter_id == "aws.ec2.m7i_large"
    assert not voters or "votes" in redis.usage[1].formula


@pytest.mark.parametrize(
    ("per_second", "nodes", "instances"),
    # 650,000 deliveries per second (centrifugal.dev, 29 June 2026), half of which are planned with:
    # 32,500 go to ten nodes
    [(32_500, 10, 1), (32_501, 10, 2), (32_500, 11, 2), (65_001, 10, 3)],
)
def test_a_core_hands_on_650000_messages_a_second(make_demand, per_second, nodes, instances):
    demand = make_demand(10, to_server=per_second * 3600, to_client=1, payload=1)
    # a machine whose network does not decide
    redis, fleet = between(demand, nodes, redis_machine="m7i.4xlarge")

    assert float(fleet.nodes.peak) == nodes
    assert float(redis.machines) == instances


def test_a_slower_core_hands_on_less(make_demand):
    # one core of m7g: 0.97 of the reference speed (families.csv), so 630,500, half of it planned
    found = [
        float(between(make_demand(10, to_server=each * 3600, to_client=1, payload=1), 10,
                      redis_machine="m7g.4xlarge")[0].machines)
        for each in (31_524, 31_526)
    ]  # fmt: skip

    assert found == [1, 2]


def test_the_network_of_the_machine_may_ask_for_more_instances(passed_on):
    # so many of 204 bytes to 5 nodes fill half of 781 Mbps, which is planned with
    enough, _ = between(passed_on(390.5e6 / 8 / 5 / BYTES - 1))
    more, _ = between(passed_on(390.5e6 / 8 / 5 / BYTES + 1))

    assert (float(enough.machines), float(more.machines)) == (1, 2)


@pytest.mark.parametrize(
    ("machine", "managed", "shared"),
    [
        # baselines of 10% of each of two processors, and of 20% (ElastiCache's and EC2's pages)
        ("cache.t4g.micro", True, ["sustain 0.2 of 2 vCPU"]),
        ("t4g.medium", False, ["sustain 0.4 of 2 vCPU"]),
        ("cache.m7g.large", True, []),
        ("m7g.large", False, []),
    ],
)
def test_shared_processors_are_said_on_the_bill(machine, managed, shared):
    options = {"redis": "managed" if managed else "self_run", "redis_machine": machine}
    scenario = ws.Scenario(
        profile="workplace-chat", location="virginia", peak_connections=2e4, options={ID: options}
    )
    bill = ws.estimate(scenario, ID)

    said = [note for note in bill.notes if note.startswith(f"Redis on {machine}: ")]
    assert len(said) == len(shared)
    assert all(words in note for words, note in zip(shared, said, strict=True))


def test_a_replica_takes_a_part_of_the_network(passed_on):
    # five nodes and the replica hear each message
    options: dict[str, Any] = {"survives": "node", "min_nodes": 4}
    enough, fleet = between(passed_on(390.5e6 / 8 / 6 / BYTES - 1), **options)
    more, _ = between(passed_on(390.5e6 / 8 / 6 / BYTES + 1), **options)

    assert float(fleet.nodes.peak) == 5
    assert (float(enough.machines), float(more.machines)) == (2, 4)


@pytest.mark.parametrize(
    ("options", "sides"),
    [
        # of five copies to nodes and one from a node a half, or two thirds, cross, metered in both
        # zones; and with a replica in another zone one to that
        ({"zones": 1}, 0),
        ({"zones": 2}, 2 * (5 + 1) / 2),
        ({"zones": 3}, 2 * (5 + 1) * 2 / 3),
        ({"zones": 3, "survives": "node", "min_nodes": 4}, 2 * ((5 + 1) * 2 / 3 + 1)),
        # ElastiCache: only what nodes send and receive (https://aws.amazon.com/elasticache/pricing/)
        (
            {"zones": 3, "redis": "managed", "redis_machine": "cache.m7g.large"},
            (5 + 1) * 2 / 3,
        ),
    ],
)
def test_copies_for_nodes_in_other_zones_cross(passed_on, options, sides):
    redis, fleet = between(passed_on(100), **options)

    assert float(fleet.nodes.peak) == 5
    gib = 100 * 3600 * 730 * BYTES * sides / GIB
    assert float(redis.zone_units) == pytest.approx(gib, rel=1e-9)


def test_by_channel_only_nodes_with_recipients_hear(passed_on):
    # two recipients are on 5 (1 - (4/5)^2) = 1.8 of five nodes
    redis, _ = between(passed_on(100, copies=2), zones=2, subscribes="channel")

    gib = 100 * 3600 * 730 * BYTES * 2 * (1.8 + 1) / 2 / GIB
    assert float(redis.zone_units) == pytest.approx(gib, rel=1e-9)


def test_nodes_that_follow_the_hours_hear_only_while_they_run(passed_on):
    # all messages fall into an hour of four nodes; one node runs otherwise
    hours, connections = np.zeros(168), np.zeros(168)
    hours[10], connections[10] = 100, 390_000
    redis, fleet = between(
        passed_on(hours, connections), 1, scaling="autoscaled", scaling_lag_hours=0, zones=2
    )

    assert float(fleet.nodes.peak) == 4
    gib = 100 * 3600 * 730 / 168 * BYTES * 2 * (4 + 1) / 2 / GIB
    assert float(redis.zone_units) == pytest.approx(gib, rel=1e-9)


def test_one_node_needs_none(passed_on):
    redis, _ = between(passed_on(100), 1)

    assert redis.usage == ()
    assert float(redis.zone_units) == 0


def test_messages_that_nobody_else_receives_need_none(make_demand):
    redis, fleet = between(make_demand(10, to_server=1e6))

    assert redis.usage == ()
    assert fleet.redis is None


def test_it_can_be_left_out(passed_on):
    redis, fleet = between(passed_on(100), redis="none")

    assert redis.usage == ()
    assert fleet.redis is None


@pytest.mark.parametrize("scaling", ["static", "autoscaled"])
@pytest.mark.parametrize("redis", ["cheapest", "self_run", "managed"])
def test_many_scenarios_are_the_same_one_by_one(scaling, redis):
    audience = [0.0, 1e4, 3e6]
    options: dict[str, Any] = {"headroom": 0.7, "redis": redis, "redis_machine": "cheapest"}

    def bought(audience: object) -> tuple[dict[str, np.ndarray], np.ndarray]:
        found, _ = between(chat(audience), 1, scaling, **options)
        hours: dict[str, np.ndarray] = {}
        for usage in found.usage:
            hours[usage.meter_id] = hours.get(usage.meter_id, 0.0) + np.asarray(usage.quantity)
        return hours, np.asarray(found.zone_units)

    together, crossing = bought(audience)
    for index, one in enumerate(audience):
        alone, alone_crossing = bought(one)
        mine = {meter: float(hours[index]) for meter, hours in together.items() if hours[index]}
        assert mine == pytest.approx({meter: float(hours) for meter, hours in alone.items()})
        assert float(crossing[index]) == pytest.approx(float(alone_crossing), rel=1e-9)


@pytest.mark.parametrize("survives", ["zone", "none"])
@pytest.mark.parametrize("peak", [2e4, 1e6])
@pytest.mark.parametrize("cloud", ["aws", "azure", "gcp", "oci"])
def test_no_other_redis_costs_less(cloud, peak, survives):
    ids = {"aws": ID, "azure": "azure.load_balancer_vm", "gcp": "gcp.passthrough_nlb_gce"}
    deployment = ids.get(cloud, "oci.load_balancer_vm")
    machine = {"aws": "m7g.xlarge", "azure": "Standard_D4as_v5", "gcp": "n2-standard-4"}
    nodes = {"machine": machine.get(cloud, "VM.Standard.E5.Flex/2/16"), "survives": survives}

    def total(**redis: str) -> float:
        scenario = ws.Scenario(
            profile="workplace-chat",
            location="virginia",
            peak_connections=peak,
            options={deployment: nodes | redis},
        )
        return float(ws.estimate(scenario, deployment).total)

    named: dict[str, list[float]] = {"managed": [], "self_run": []}
    for redis, sizes in (("managed", redis_nodes(cloud)), ("self_run", machines(cloud, "vm"))):
        for name, size in sizes.items():
            # a replica that cannot stand in another zone is taken if it is named only
            if survives == "zone" and not getattr(size, "survives_zone", True):
                continue
            try:
                named[redis].append(total(redis=redis, redis_machine=name))
            except ws.MissingRateError:
                continue  # not sold in this region

    managed, self_run = (min(named[redis]) for redis in ("managed", "self_run"))
    assert total(redis="managed") == pytest.approx(managed, rel=1e-9)
    assert total(redis="self_run") == pytest.approx(self_run, rel=1e-9)
    assert total() == pytest.approx(min(managed, self_run), rel=1e-9)


@pytest.mark.parametrize(
    ("deployment", "options"),
    [
        (ID, {"redis_machine": "cache.m7g.huge"}),
        (ID, {"redis": "self_run", "redis_machine": "cache.m7g.large"}),
        (ID, {"redis": "managed", "redis_machine": "t4g.small"}),
        ("azure.container_apps", {"redis_machine": "t4g.small"}),
        ("gcp.cloud_run", {"redis_machine": "t4g.small"}),
        ("oci.load_balancer_vm", {"redis_machine": "t4g.small"}),
    ],
    ids=str,
)
def test_a_size_there_is_not_is_an_error(deployment, options):
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=1e5,
        options={deployment: options},
    )

    with pytest.raises(ws.EstimatorError, match="unknown"):
        ws.estimate(scenario, deployment)
    with pytest.raises(ws.EstimatorError, match="unknown"):
        ws.compare(scenario)


@pytest.mark.parametrize(
    "deployment",
    [name for name, found in ws.DEPLOYMENTS.items() if "redis" in found.options.model_fields],
)
def test_every_deployment_with_nodes_pays_for_redis(deployment):
    def formulas(redis: str) -> str:
        scenario = ws.Scenario(
            profile="workplace-chat",
            location="virginia",
            peak_connections=1e5,
            options={deployment: {"redis": redis}},
        )
        return " ".join(item.usage.formula for item in ws.estimate(scenario, deployment).items)

    assert "Redis on " in formulas("managed")
    assert "Redis on " in formulas("self_run")
    assert "Redis on " not in formulas("none")
