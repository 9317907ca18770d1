"""What Oracle counts: balancer hours, the larger of minimum and used bandwidth, nodes and disks.

Rules: https://docs.oracle.com/en-us/iaas/Content/Balance/Concepts/balanceoverview.htm and
https://www.oracle.com/cloud/price-list/
"""

import numpy as np
import pytest

import estimator as ws

ID = "oci.load_balancer_fleet"
LB_HOURS = "oci.load_balancer.hours"
MBPS_HOURS = "oci.load_balancer.mbps_hours"
OCPU = "oci.compute.e5_ocpu_hours"
MEMORY = "oci.compute.e5_memory_gb_hours"
# 124 bytes leave as 200 and are acknowledged with 52, so one message an hour is so many Mbps
MBPS_PER_MESSAGE = (200 + 52) * 8 / 1e6 / 3600


@pytest.fixture
def at_mbps(make_demand):
    """A demand with so much traffic with clients, in and out together."""

    def demand(mbps: object, connections: float = 10, **stated: float) -> ws.Demand:
        messages = np.asarray(mbps, dtype=float) / MBPS_PER_MESSAGE
        return make_demand(connections, to_client=messages, payload=124, **stated)

    return demand


def test_an_idle_balancer_is_billed_its_minimum(at_mbps, bill_of, quantities):
    bill = bill_of(ID, at_mbps(0), options={"min_mbps": 25})

    assert quantities(bill)[MBPS_HOURS] == pytest.approx(25 * 730)


def test_a_busy_balancer_is_billed_what_it_carries(at_mbps, bill_of, quantities):
    assert quantities(bill_of(ID, at_mbps(300)))[MBPS_HOURS] == pytest.approx(300 * 730)


def test_the_larger_of_minimum_and_used_counts_hour_by_hour(at_mbps, bill_of, quantities):
    # half of the hours at 30 Mbps and half idle: (30 + 10) / 2, and not the mean of 15
    hours = np.tile([0.0] * 12 + [30.0] * 12, 7)
    bill = bill_of(ID, at_mbps(hours, hours_per_month=168))

    assert quantities(bill)[MBPS_HOURS] == pytest.approx(20 * 168)


@pytest.mark.parametrize(("mbps", "balancers"), [(1, 1), (8_000, 1), (8_001, 2), (20_000, 3)])
def test_a_balancer_carries_8000_mbps(at_mbps, bill_of, quantities, mbps, balancers):
    bill = bill_of(ID, at_mbps(mbps))

    assert quantities(bill)[LB_HOURS] == pytest.approx(balancers * 730)


def test_traffic_to_the_backends_counts_if_the_open_question_is_answered_so(
    at_mbps, bill_of, quantities
):
    bill = bill_of(ID, at_mbps(300), answers={"backend_leg": "yes"})

    assert quantities(bill)[MBPS_HOURS] == pytest.approx(600 * 730)


def test_nodes_hold_as_many_connections_as_memory_allows(make_demand, bill_of, quantities):
    # Centrifugo, 200,000 idle connections: 27.0 KB each and 4 KB in the kernel (centrifugal.dev
    # blog, 17 August 2026). A million take 31 GB; nodes of 8 GB of which 70 % are planned with: 5.5
    bill = bill_of(ID, make_demand(1e6), options={"ocpus": 8, "memory_gb": 8, "spare_nodes": 0})

    assert quantities(bill)[OCPU] == pytest.approx(6 * 8 * 730)
    assert quantities(bill)[MEMORY] == pytest.approx(6 * 8 * 730)


def test_spare_nodes_come_on_top(make_demand, bill_of, quantities):
    options = {"min_nodes": 2, "spare_nodes": 3, "ocpus": 1}
    bill = bill_of(ID, make_demand(1), options=options)

    assert quantities(bill)[OCPU] == pytest.approx((2 + 3) * 730)


def test_nodes_run_all_month_for_the_busiest_hour(make_demand, bill_of, quantities):
    hours = np.zeros(168)
    hours[99] = 1e6
    options = {"ocpus": 8, "spare_nodes": 0}
    bill = bill_of(ID, make_demand(hours), options=options)

    assert quantities(bill)[OCPU] == pytest.approx(6 * 8 * 730)


def test_every_node_has_a_boot_disk_with_its_performance(make_demand, bill_of, quantities):
    options = {"boot_volume_gb": 60, "boot_volume_vpu_per_gb": 20, "min_nodes": 2, "spare_nodes": 1}
    counted = quantities(bill_of(ID, make_demand(1), options=options))

    assert counted["oci.block_volume.storage"] == pytest.approx(3 * 60)
    assert counted["oci.block_volume.performance"] == pytest.approx(3 * 60 * 20)


def test_a_balanced_disk_adds_0_017_usd_a_gb(make_demand, bill_of, cents):
    # Oracle: 10 performance units for each GB, 0.017 USD a GB-month on top of storage
    options = {"boot_volume_gb": 100, "min_nodes": 1, "spare_nodes": 0}
    bill = bill_of(ID, make_demand(1), options=options)

    assert cents(bill)["oci.block_volume.performance"] == 1.70


@pytest.mark.parametrize(
    ("options", "demand", "binding"),
    [
        ({"memory_per_connection_bytes": 1e6}, {"connections": 1e5}, "memory binds"),
        ({"messages_per_core_second": 1}, {"connections": 10, "to_client": 1e6}, "processor binds"),
        (
            {"ocpus": 1, "messages_per_core_second": 1e9},
            {"connections": 10, "to_client": 1e6, "payload": 1e6},
            "network binds",
        ),
        ({}, {"connections": 10}, "the minimum binds"),
    ],
)
def test_the_constraint_that_binds_is_named(make_demand, bill_of, options, demand, binding):
    assert binding in bill_of(ID, make_demand(**demand), options=options).explain()


def test_nodes_hold_as_many_messages_as_processors_allow(make_demand, bill_of, quantities):
    # 28,000 messages a second at 1,000 a core, 70 % of nodes of two OCPUs, which are four cores: 10
    options = {
        "ocpus": 2,
        "messages_per_core_second": 1_000,
        "idle_cpu_seconds_per_connection_second": 0,
        "spare_nodes": 0,
    }
    demand = make_demand(10, to_client=20_000 * 3600, to_server=8_000 * 3600)

    assert quantities(bill_of(ID, demand, options=options))[OCPU] == pytest.approx(10 * 2 * 730)


def test_more_than_5000_mbps_are_noted(at_mbps, bill_of):
    below, above = (" ".join(bill_of(ID, at_mbps(mbps)).notes) for mbps in (4_999, 5_001))

    assert "quota of a region is 5,000 Mbps" not in below
    assert "quota of a region is 5,000 Mbps" in above


@pytest.mark.parametrize(
    "options",
    [
        # https://docs.oracle.com/en-us/iaas/Content/Compute/References/computeshapes.htm:
        # VM.Standard.E5.Flex has 1 to 126 OCPUs and 1 to 1,049 GB of memory
        {"ocpus": 127},
        {"memory_gb": 1_050, "ocpus": 100},
        # and at most 64 GB for each OCPU
        {"memory_gb": 65, "ocpus": 1},
        {"ocpus": 0.5},
        {"boot_volume_gb": 40},
        {"min_mbps": 9},
        {"min_mbps": 8_001},
    ],
)
def test_what_oracle_does_not_offer_is_refused(make_demand, bill_of, options):
    with pytest.raises(ws.ScenarioError, match=next(iter(options))):
        bill_of(ID, make_demand(1), options=options)


def test_an_unknown_shape_lists_those_there_are(make_demand, bill_of):
    with pytest.raises(ws.EstimatorError, match=r"unknown shape .*VM\.Standard\.E5\.Flex"):
        bill_of(ID, make_demand(1), options={"shape": "VM.Standard.E9.Flex"})


def test_an_unknown_server_lists_those_there_are(make_demand, bill_of):
    with pytest.raises(ws.EstimatorError, match=r"unknown server .*centrifugo-go"):
        bill_of(ID, make_demand(1), options={"server": "apache"})


def test_a_server_without_a_published_figure_asks_for_ones_own(make_demand, bill_of):
    options = {"server": "python-websockets"}
    with pytest.raises(ws.ScenarioError, match="give your own as the option"):
        bill_of(ID, make_demand(1), options=options)

    own = {"idle_cpu_seconds_per_connection_second": 0.0, "messages_per_core_second": 5000}
    assert bill_of(ID, make_demand(1), options=options | own).total > 0
