"""Every virtual machine has a boot disk, of nodes and of Redis; containers and plans bring theirs.

Sizes: 8 GB of Amazon Linux, one E4 on Azure, 10 GiB on Google Cloud, 50 GB on OCI (limits.csv).
"""

import numpy as np
import pytest

import estimator as ws

EBS, E4 = "aws.ebs.gp3_gb_months", "azure.disks.standard_ssd_e4_months"
BALANCED, VOLUME = "gcp.compute.balanced_disk_gib_months", "oci.block_volume.storage"
PERFORMANCE = "oci.block_volume.performance"
DISKS = {EBS, E4, BALANCED, VOLUME, PERFORMANCE}
VMS = [
    ("aws.alb_ec2", EBS, 8),
    ("aws.nlb_ec2", EBS, 8),
    ("azure.application_gateway_vm", E4, 1),
    ("azure.load_balancer_vm", E4, 1),
    ("gcp.application_lb_gce", BALANCED, 10),
    ("gcp.passthrough_nlb_gce", BALANCED, 10),
    ("oci.load_balancer_vm", VOLUME, 50),
    ("oci.network_load_balancer_vm", VOLUME, 50),
]
NO_VMS = [
    "aws.alb_fargate",
    "azure.app_service",
    "azure.container_apps",
    "gcp.cloud_run",
    "oci.load_balancer_container_instances",
]


def counted(bill: ws.Bill, meter: str) -> float:
    """What all lines of a meter count."""
    return sum(float(one.usage.quantity) for one in bill.items if one.rate.meter_id == meter)


@pytest.mark.parametrize(("deployment", "disk", "each"), VMS)
def test_every_node_has_a_boot_disk(make_demand, bill_of, quantities, deployment, disk, each):
    options = {"survives": "none", "min_nodes": 3, "spare_nodes": 1}
    found = quantities(bill_of(deployment, make_demand(1), options=options))

    assert found[disk] == pytest.approx(4 * each)


@pytest.mark.parametrize(("deployment", "disk", "each"), VMS)
def test_a_disk_goes_with_a_node_that_stops(
    make_demand, bill_of, quantities, deployment, disk, each
):
    # six nodes from an hour before to an hour after a day of 24 hours, and three in the other 142
    options = {
        "zones": 3,
        "survives": "none",
        "connections_per_node": 100,
        "min_nodes": 3,
        "scaling": "autoscaled",
    }
    hours = np.full(168, 1.0)
    hours[50:74] = 600
    bill = bill_of(deployment, make_demand(hours), options=options)

    assert quantities(bill)[disk] == pytest.approx(each * (6 * 26 + 3 * 142) / 168)


@pytest.mark.parametrize("deployment", NO_VMS)
def test_containers_and_plans_bring_their_own(make_demand, bill_of, quantities, deployment):
    assert not DISKS & quantities(bill_of(deployment, make_demand(1_000))).keys()


@pytest.mark.parametrize(
    ("deployment", "disk", "each", "machines"),
    [
        *((*one, 2) for one in VMS),
        # no Sentinel runs on a task or an instance, so a third machine votes on failover
        ("aws.alb_fargate", EBS, 8, 3),
        ("gcp.cloud_run", BALANCED, 10, 3),
    ],
)
def test_machines_that_run_redis_have_one_each(
    make_demand, bill_of, deployment, disk, each, machines
):
    # a message that both nodes must hear: Redis and its replica, on two machines
    demand = make_demand(2_000, to_client=1_000, to_server=100)
    found = {
        redis: counted(bill_of(deployment, demand, options={"redis": redis}), disk)
        for redis in ("self_run", "none")
    }

    assert found["self_run"] - found["none"] == pytest.approx(machines * each)


def test_the_machine_that_votes_has_one_too(make_demand, bill_of, quantities):
    # with two zones a third machine tells which of both runs Redis; a node in each zone
    options = {"zones": 2, "redis": "self_run"}
    demand = make_demand(10, to_client=1_000, to_server=100)
    found = quantities(bill_of("aws.alb_ec2", demand, options=options))

    assert found[EBS] == pytest.approx((2 + 2 + 1) * 8)


@pytest.mark.parametrize(
    ("deployment", "option", "disk"),
    [
        ("aws.alb_ec2", "boot_disk_gb", EBS),
        ("gcp.application_lb_gce", "boot_disk_gib", BALANCED),
        ("oci.load_balancer_vm", "boot_disk_gb", VOLUME),
    ],
)
def test_the_size_can_be_chosen(make_demand, bill_of, quantities, deployment, option, disk):
    options = {"survives": "none", option: 100}

    assert quantities(bill_of(deployment, make_demand(1), options=options))[disk] == 100


def test_a_disk_costs_what_the_vendor_asks(make_demand, bill_of, cents):
    # 0.08 USD per GB and month (EBS), 2.40 per E4 and month, 0.11 per GiB and month in us-east4
    node = {"survives": "none", "min_nodes": 10}
    usd = {
        disk: cents(bill_of(deployment, make_demand(1), options=node))[disk]
        for deployment, disk, _ in VMS[::2]
    }

    assert usd[EBS] == 10 * 8 * 0.08
    assert usd[E4] == 10 * 2.4
    assert usd[BALANCED] == 10 * 10 * 0.11


@pytest.mark.parametrize("hours", [672, 744])
def test_a_disk_of_a_whole_month_is_one_disk_month(make_demand, bill_of, quantities, hours):
    demand = make_demand(1, hours_per_month=hours)
    bill = bill_of("azure.load_balancer_vm", demand, options={"survives": "none"})

    assert quantities(bill)[E4] == pytest.approx(1)


@pytest.mark.parametrize("deployment", [deployment for deployment, _, _ in VMS])
def test_months_of_many_lengths_are_billed_like_each(deployment):
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=30_000)
    lengths = np.array([672.0, 730.0, 744.0])
    together = ws.estimate(scenario.replace(hours_per_month=lengths), deployment).total
    each = [
        ws.estimate(scenario.replace(hours_per_month=length), deployment).total
        for length in lengths.tolist()
    ]

    assert together == pytest.approx(np.array(each, dtype=float), rel=1e-12)


def test_where_disks_cost_more_fewer_nodes_are_the_cheapest(make_demand, bill_of):
    # 15 cores: with disks of 2,000 USD a month, nothing is worth another node
    # without public addresses, which cost each node something too
    options = {
        "survives": "none",
        "idle_cpu_seconds_per_connection_second": 1.5e-4,
        "headroom": 1,
        "outbound": "none",
    }
    small, large = (
        bill_of("aws.alb_ec2", make_demand(1e5), options=options | {"boot_disk_gb": gb}).sizing
        for gb in (8, 25_000)
    )

    assert float(small.peak_units) > float(large.peak_units) == 1
