"""Fleets reckoned by hand, from the needs of their demand to the lines of the bill.

Prices: AWS's price files of EC2 (c7i.large, 0.08925), EBS (gp3, 0.08), ElastiCache (Valkey on
cache.m7g.large, 0.1264) and data transfer (0.01 each way between zones); Azure's of Container Apps
(0.000024 a vCPU-second, 0.000003 a GiB-second). A vCPU of c7i is a core by definition
(pricing_data/README.md). What machines an operator of chat servers runs:
https://docs.mattermost.com/administration-guide/scale/scale-to-50000-users.html and
scale-to-80000-users.html
"""

from collections import defaultdict

import pytest

import estimator as ws

HOURS = 730
# plain figures to reckon with, none of them from servers.yaml or application.yaml
SERVER = {
    "memory_per_connection_bytes": 50_000,
    "idle_cpu_seconds_per_connection_second": 2e-5,
    "messages_per_core_second": 5_000,
    "bytes_per_core_second": 1e8,
    "new_connections_per_core_second": 100,
    "application_cpu_ms_per_message": 1,
    "application_cpu_ms_per_new_connection": 20,
    "headroom": 0.5,
    "subscribes": "channel",
}


def test_a_fleet_with_redis_between_its_nodes(make_demand, bill_of, quantities):
    # 20,000 connections, 10 new ones a second; 1,000 messages of 100 bytes a second, to 10 each
    demand = make_demand(
        20_000, to_server=3_600_000, to_client=36_000_000, payload=100, new_connections=36_000
    )
    bill = bill_of(
        "aws.alb_ec2",
        demand,
        options=SERVER
        | {"machine": "c7i.large", "redis": "managed", "redis_machine": "cache.m7g.large"},
    )
    # cores: idle 20,000 x 20 us, messages 11,000 / 5,000, bytes 1.1e6 / 1e8, new ones 10 / 100,
    # the application 1,000 x 1 ms and 10 x 20 ms
    server, application = 0.4 + 2.2 + 0.011 + 0.1, 1.0 + 0.2
    # a message of 100 bytes comes in as 180: frame 2, mask 4, TLS 22, TCP and IP 52
    copy_cores = 1 / 5_000 + 180 / 1e8

    def needed(cores: float, nodes: int) -> float:
        """Nodes of two cores, half of which is planned with, if so many hear messages to ten."""
        heard = 1_000 * nodes * (1 - (1 - 1 / nodes) ** 10) * copy_cores
        return (cores + heard) / 0.5 / 2

    # five carry the peak, and four would not
    assert needed(server + application, 4) > 4
    assert needed(server + application, 5) <= 5
    # two of three zones carry it, so that three nodes stand in each
    nodes = 9
    # without the application four would carry it, three would not, and two stood in each zone
    assert needed(server, 3) > 3
    assert needed(server, 4) <= 4
    fewer = 6

    def crossing(nodes: int) -> float:
        """GB per month: what all nodes hear goes out of Redis, what they publish comes in.

        Two of three nodes stand in another zone, and only their side is metered.
        """
        heard = 1_000 * nodes * (1 - (1 - 1 / nodes) ** 10)
        return (heard + 1_000) * 180 * 3_600 * HOURS * 2 / 3 / 2**30

    # a node with its disk and its address
    of_a_node = HOURS * (0.08925 + 0.005) + 8 * 0.08
    more = (nodes - fewer) * of_a_node + (crossing(nodes) - crossing(fewer)) * 0.01
    of_server = 1 - more / (nodes * of_a_node)

    assert bill.sizing is not None
    assert float(bill.sizing.peak_units) == nodes
    used = quantities(bill)
    assert used["aws.ebs.gp3_gb_months"] == pytest.approx(nodes * 8)
    assert used["aws.inter_zone.gb"] == pytest.approx(crossing(nodes))
    cost = [float(item.cost_usd) for item in bill.items if "c7i" in item.rate.meter_id]
    all_nodes = nodes * HOURS * 0.08925
    assert cost == pytest.approx([all_nodes * of_server, all_nodes * (1 - of_server)])
    by_meter = defaultdict[str, float](float)
    for item in bill.items:
        by_meter[item.rate.meter_id] += float(item.cost_usd)
    assert by_meter["aws.elasticache.valkey_m7g_large"] == pytest.approx(2 * HOURS * 0.1264)
    assert by_meter["aws.ebs.gp3_gb_months"] == pytest.approx(nodes * 8 * 0.08)
    assert by_meter["aws.inter_zone.gb"] == pytest.approx(crossing(nodes) * 0.01)


def test_replicas_of_container_apps(make_demand, bill_of, cents):
    # 40,000 x 200,000 bytes, of which half is planned with, in replicas of 2 GiB: 7.5, so 8 carry
    # the peak, and with a third zone 12 run
    bill = bill_of(
        "azure.container_apps",
        make_demand(40_000),
        options={
            "machine": "container-apps/1/2",
            "memory_per_connection_bytes": 200_000,
            "idle_cpu_seconds_per_connection_second": 0,
            "application": "none",
            "headroom": 0.5,
        },
    )

    assert bill.sizing is not None
    assert float(bill.sizing.peak_units) == 12
    # 12 x 730 x 3,600 vCPU-seconds, and twice as many GiB-seconds
    assert cents(bill)["azure.container_apps.vcpu_active_seconds"] == 756.86
    assert cents(bill)["azure.container_apps.memory_gib_seconds"] == 189.22


@pytest.mark.parametrize(
    ("users", "machine", "nodes", "vcpus"),
    [(50_000, "c7i.2xlarge", 5, 8), (80_000, "c7i.4xlarge", 4, 16)],
)
def test_chat_takes_about_the_machines_that_its_vendor_runs_it_on(users, machine, nodes, vcpus):
    # in the busiest hour more people connect than the vendor's load has, and Centrifugo itself
    # takes a part, so a little more is needed
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=users,
        options={"aws.alb_ec2": {"machine": machine, "survives": "none"}},
    )
    sizing = ws.estimate(scenario, "aws.alb_ec2").sizing

    assert sizing is not None
    needed = float(sizing.shares["processor"] * sizing.peak_units) * vcpus
    assert nodes * vcpus <= needed <= nodes * vcpus * 1.05
