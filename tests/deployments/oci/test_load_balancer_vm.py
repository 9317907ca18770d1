"""What Oracle counts: balancer hours, the larger of minimum and used bandwidth, nodes and disks.

Rules: https://docs.oracle.com/en-us/iaas/Content/Balance/Concepts/balanceoverview.htm and
https://www.oracle.com/cloud/price-list/
"""

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.limits import Verdict

ID = "oci.load_balancer_vm"
LB_HOURS = "oci.load_balancer.hours"
MBPS_HOURS = "oci.load_balancer.mbps_hours"
OCPU = "oci.compute.e5_ocpu_hours"
MEMORY = "oci.compute.e5_memory_gb_hours"
DISK = "oci.block_volume.storage"
SMALL = {"machine": "VM.Standard.E5.Flex/1/8"}
WITH_CLIENTS = {"backend_leg": "no"}
"""Only traffic with clients counts as the balancer's bandwidth."""
FREE_SIGN_IN = {"new_connections_per_core_second": 1e12, "application": "none"}


def verdict_on(bill, limit: str) -> Verdict:
    [found] = [one for one in bill.verdicts if one.limit.limit == limit]
    return found


def test_an_idle_balancer_is_billed_its_minimum(at_mbps, bill_of, quantities):
    bill = bill_of(ID, at_mbps(0), options={"min_mbps": 25})

    assert quantities(bill)[MBPS_HOURS] == pytest.approx(25 * 730)


def test_a_busy_balancer_is_billed_what_it_carries(at_mbps, bill_of, quantities):
    # 300 Mbps with clients are as much again with backends: ingress plus egress of the balancer
    assert quantities(bill_of(ID, at_mbps(300)))[MBPS_HOURS] == pytest.approx(600 * 730)


def test_the_larger_of_minimum_and_used_counts_hour_by_hour(at_mbps, bill_of, quantities):
    # half of the hours at 30 Mbps and half idle: (30 + 10) / 2, and not the mean of 15
    hours = np.tile([0.0] * 12 + [30.0] * 12, 7)
    bill = bill_of(ID, at_mbps(hours, hours_per_month=168), answers=WITH_CLIENTS)

    assert quantities(bill)[MBPS_HOURS] == pytest.approx(20 * 168)


@pytest.mark.parametrize(("mbps", "balancers"), [(1, 1), (8_000, 1), (8_001, 2), (20_000, 3)])
def test_a_balancer_carries_8000_mbps(at_mbps, bill_of, quantities, mbps, balancers):
    bill = bill_of(ID, at_mbps(mbps), answers=WITH_CLIENTS)

    assert quantities(bill)[LB_HOURS] == pytest.approx(balancers * 730)


def test_only_traffic_with_clients_counts_if_the_open_question_is_answered_so(
    at_mbps, bill_of, quantities
):
    bill = bill_of(ID, at_mbps(300), answers=WITH_CLIENTS)

    assert quantities(bill)[MBPS_HOURS] == pytest.approx(300 * 730)


def test_nodes_hold_as_many_connections_as_memory_allows(make_demand, bill_of, quantities):
    # Centrifugo, 200,000 idle connections: 27.0 KB each and 4 KB in the kernel (centrifugal.dev
    # blog, 17 August 2026). A million take 31 GB; nodes of 8 GiB of which 70 % are planned with
    # hold 6.01 GB, so 5.2 of them are needed. Processors: 4.7 cores of 1.4 a node, so 3.4.
    bill = bill_of(ID, make_demand(1e6), options=SMALL | {"survives": "none"})

    assert quantities(bill)[OCPU] == pytest.approx(6 * 730)
    assert quantities(bill)[MEMORY] == pytest.approx(6 * 8 * 730)


def test_spare_nodes_come_on_top(make_demand, bill_of, quantities):
    options = SMALL | {"min_nodes": 2, "spare_nodes": 3, "survives": "none"}
    bill = bill_of(ID, make_demand(1), options=options)

    assert quantities(bill)[OCPU] == pytest.approx((2 + 3) * 730)


def test_nodes_run_all_month_for_the_busiest_hour_unless_they_follow_the_hours(
    make_demand, bill_of, quantities
):
    hours = np.zeros(168)
    hours[99] = 1e6
    options = SMALL | {"survives": "none", "scaling_lag_hours": 2}
    demand = make_demand(hours, hours_per_month=168)
    static = bill_of(ID, demand, options=options)
    autoscaled = bill_of(ID, demand, options=options | {"scaling": "autoscaled"})

    assert quantities(static)[OCPU] == pytest.approx(6 * 168)
    # six nodes from two hours before to two hours after, and one otherwise
    assert quantities(autoscaled)[OCPU] == pytest.approx(6 * 5 + 1 * 163)


def test_every_node_has_a_boot_disk_with_its_performance(make_demand, bill_of, quantities):
    options = {
        "boot_disk_gb": 60,
        "boot_disk_vpu_per_gb": 20,
        "min_nodes": 2,
        "survives": "node",
    }
    counted = quantities(bill_of(ID, make_demand(1), options=options))

    assert counted[DISK] == pytest.approx(3 * 60)
    assert counted["oci.block_volume.performance"] == pytest.approx(3 * 60 * 20)


def test_a_balanced_disk_adds_0_017_usd_a_gb(make_demand, bill_of, cents):
    # Oracle: 10 performance units for each GB, 0.017 USD a GB-month on top of storage
    options = {"boot_disk_gb": 100, "min_nodes": 1, "survives": "none"}
    bill = bill_of(ID, make_demand(1), options=options)

    assert cents(bill)["oci.block_volume.performance"] == 1.70


def test_redis_runs_twice_with_disks_of_its_own_if_messages_are_passed_on(
    make_demand, bill_of, quantities
):
    # the fleet on E4, so that E5 counts Redis only: 1 OCPU, twice
    options = {
        "machine": "VM.Standard.E4.Flex/1/8",
        "min_nodes": 2,
        "survives": "node",
        "redis": "self_run",
        "redis_machine": "VM.Standard.E5.Flex/1/8",
    }
    demand = make_demand(10, to_client=1000, to_server=100)
    counted = quantities(bill_of(ID, demand, options=options))

    assert counted[OCPU] == pytest.approx(2 * 730)
    assert counted[DISK] == pytest.approx((3 + 2) * 50)
    assert counted["oci.inter_ad.gb"] > 0
    alone = quantities(bill_of(ID, demand, options=options | {"redis": "none"}))
    assert OCPU not in alone
    assert alone[DISK] == pytest.approx(3 * 50)
    assert "oci.inter_ad.gb" not in alone


@pytest.mark.parametrize(
    ("options", "demand", "binding"),
    [
        ({"memory_per_connection_bytes": 1e6}, {"connections": 1e5}, "sized by memory"),
        (
            {"messages_per_core_second": 1},
            {"connections": 10, "to_client": 1e6},
            "sized by processor",
        ),
        (
            {"messages_per_core_second": 1e9, "bytes_per_core_second": 1e12, "application": "none"},
            {"connections": 10, "to_client": 5e6, "payload": 1e6},
            "sized by network",
        ),
        ({"open_files": 1024}, {"connections": 1e5}, "sized by connections"),
        ({}, {"connections": 10}, "sized by the fewest that there may be"),
    ],
)
def test_the_constraint_that_binds_is_named(make_demand, bill_of, options, demand, binding):
    assert f"({binding})" in bill_of(ID, make_demand(**demand), options=options).explain()


def test_nodes_hold_as_many_messages_as_processors_allow(make_demand, bill_of, quantities):
    # 28,000 messages per second at 1,000 per core, 70% of nodes of two OCPUs (four vCPU of 0.87
    # cores each, families.csv): 11.5
    options = {
        "machine": "VM.Standard.E5.Flex/2/16",
        "messages_per_core_second": 1_000,
        "idle_cpu_seconds_per_connection_second": 0,
        "survives": "none",
        "redis": "none",
        "application": "none",
    }
    demand = make_demand(10, to_client=20_000 * 3600, to_server=8_000 * 3600, payload=0)

    assert quantities(bill_of(ID, demand, options=options))[OCPU] == pytest.approx(12 * 2 * 730)


@pytest.mark.parametrize(
    ("mbps", "state", "quota"),
    [
        (3_999, "within limits", ""),
        (4_001, "near a limit", "5,100"),
        # 80% of 6,250, and of 6,251.25
        (5_000, "near a limit", "6,300"),
        (5_001, "quota increase", "6,300"),
    ],
)
def test_a_region_carries_5000_mbps_unless_its_quota_is_raised(
    at_mbps, bill_of, mbps, state, quota
):
    bill = bill_of(ID, at_mbps(mbps), answers=WITH_CLIENTS)
    verdict = verdict_on(bill, "oci.load_balancer.bandwidth_per_region_mbps")

    assert verdict.state == state
    assert state == "within limits" or f"quota of {quota} Mbps in the region" in verdict.explain()


def test_a_balancer_has_at_most_512_nodes_behind_it(make_demand, bill_of):
    # a megabyte a connection and 70 % of 8 GiB: 6,012 connections a node, so 513 for 3.08 million
    options = SMALL | {"memory_per_connection_bytes": 1e6, "survives": "none"}
    at_edge, beyond = (
        verdict_on(bill_of(ID, make_demand(one), options=options), "oci.load_balancer.backends")
        for one in (512 * 6012, 513 * 6012)
    )

    assert (float(at_edge.used), at_edge.state) == (512, "near a limit")
    assert (float(beyond.used), beyond.state) == (513, "over a hard limit")


def test_without_a_heartbeat_the_balancer_cuts_silent_connections(make_demand, bill_of):
    verdict = verdict_on(bill_of(ID, make_demand(10)), "oci.load_balancer.http_idle_timeout")

    assert verdict.state == "setting to change"
    assert "heartbeats in both directions more often than every 60 seconds" in verdict.explain()


@pytest.mark.parametrize(
    "options",
    [
        {"boot_disk_gb": 40},
        {"min_mbps": 9},
        {"min_mbps": 8_001},
        {"boot_disk_vpu_per_gb": 121},
        {"zones": 0},
    ],
)
def test_what_oracle_does_not_offer_is_refused(make_demand, bill_of, options):
    with pytest.raises(ws.ScenarioError, match=next(iter(options))):
        bill_of(ID, make_demand(1), options=options)


def test_an_unknown_machine_names_one_that_comes_close(make_demand, bill_of):
    with pytest.raises(ws.EstimatorError, match=r"unknown machine .*VM\.Standard\.E5\.Flex/4/32"):
        bill_of(ID, make_demand(1), options={"machine": "VM.Standard.E5.Flex/4/33"})


def test_an_unknown_server_lists_those_there_are(make_demand, bill_of):
    with pytest.raises(ws.EstimatorError, match=r"unknown server .*centrifugo-go"):
        bill_of(ID, make_demand(1), options={"server": "apache"})


def test_a_server_without_a_published_figure_has_a_derived_one_and_says_so(make_demand, bill_of):
    bill = bill_of(ID, make_demand(1), options={"server": "dotnet-kestrel"})

    assert bill.total > 0
    [note] = [note for note in bill.notes if "Derived figures" in note]
    assert "ASP.NET Core" in note
    assert "messages per core and second 118,000 (40,000–234,000)" in note


def test_what_is_left_of_tls_ends_on_the_balancer(make_demand, bill_of, quantities):
    # handshakes cost the nodes nothing: a million per hour leave the fewest nodes
    options = SMALL | {"survives": "none", "handshakes_per_core_second": 1} | FREE_SIGN_IN
    bill = bill_of(ID, make_demand(10, new_connections=1e6), options=options)

    assert quantities(bill)[OCPU] == pytest.approx(1 * 730)


def test_disks_count_when_machines_are_compared(make_demand, bill_of, quantities):
    # half a node more of small machines costs less than a large one, but not with disks of 10 TB:
    # then fewer, larger nodes cost less than more, smaller ones
    demand = make_demand(3e6)
    options = {"min_nodes": 1, "survives": "none"}
    small, large = (
        quantities(bill_of(ID, demand, options=options | {"boot_disk_gb": gb}))[DISK] / gb
        for gb in (50, 10_000)
    )

    assert large < small


def test_kubernetes_sets_100_mbps_unless_told_otherwise(at_mbps, bill_of):
    # https://github.com/oracle-terraform-modules/terraform-oci-oke/issues/795
    limit = "oci.load_balancer.oke_default_bandwidth_mbps"
    by_oke = bill_of(ID, at_mbps(507), options={"provisioned_by": "oke"}, answers=WITH_CLIENTS)
    verdict = verdict_on(by_oke, limit)

    assert (float(verdict.used), float(verdict.allowed)) == (pytest.approx(507), 100)
    assert verdict.limit.raised_by == "setting"
    assert limit not in {one.limit.limit for one in bill_of(ID, at_mbps(507)).verdicts}


@pytest.mark.parametrize(("account", "most"), [("pay_as_you_go", 3), ("universal_credits", 50)])
def test_a_tenancy_starts_with_so_many_balancers(at_mbps, bill_of, account, most):
    # 30,000 Mbps are four balancers of 8,000
    bill = bill_of(ID, at_mbps(30_000), options={"account": account}, answers=WITH_CLIENTS)
    verdict = verdict_on(bill, f"oci.load_balancer.per_region_{account}")

    assert (float(verdict.used), float(verdict.allowed)) == (4, most)


def test_an_idle_timeout_ends_at_two_hours(make_demand, bill_of):
    # https://docs.oracle.com/en-us/iaas/Content/Balance/Reference/connectionreuse.htm; these
    # clients send nothing at all
    bill = bill_of(ID, make_demand(10), options={"idle_timeout_seconds": 7_200})
    setting, ceiling = (
        verdict_on(bill, f"oci.load_balancer.{name}")
        for name in ("http_idle_timeout", "idle_timeout_max")
    )

    assert float(setting.allowed) == float(ceiling.allowed) == 7_200
    assert (setting.limit.raised_by, ceiling.limit.raised_by) == ("setting", None)
    assert not bill.is_within_limits
    with pytest.raises(ws.ScenarioError, match="idle_timeout_seconds is at most 7200"):
        bill_of(ID, make_demand(1), options={"idle_timeout_seconds": 7_201})


@pytest.mark.parametrize("mbps", [9, 8_001])
def test_a_bandwidth_that_cannot_be_set_is_refused(make_demand, bill_of, mbps):
    with pytest.raises(ws.ScenarioError, match="min_mbps is 10 to 8000"):
        bill_of(ID, make_demand(1), options={"min_mbps": mbps})


@pytest.mark.parametrize(
    ("location", "survives", "said"),
    [
        # Ashburn has three availability domains, Mumbai has one:
        # https://docs.oracle.com/en-us/iaas/Content/General/Concepts/regions.htm
        ("virginia", "zone", False),
        ("mumbai", "zone", True),
        ("mumbai", "node", False),
    ],
)
def test_a_region_with_one_availability_domain_survives_the_loss_of_none(
    make_demand, bill_of, location, survives, said
):
    bill = bill_of(ID, make_demand(10), options={"survives": survives}, location=location)

    assert any("one availability domain" in note for note in bill.notes) == said
