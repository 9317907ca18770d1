"""What Cloud Run counts: instances with open connections, their time, requests and traffic.

Rules: https://docs.cloud.google.com/run/docs/triggering/websockets and
https://cloud.google.com/run/pricing
"""

import numpy as np
import pytest

import estimator as ws

ID = "gcp.cloud_run"
CPU = "gcp.cloud_run.cpu_instance_based"
MEMORY = "gcp.cloud_run.memory_instance_based"
REQUESTS = "gcp.cloud_run.requests"
HOUR = 3600.0


def instances(bill: ws.Bill, vcpu: int = 1) -> float:
    """Instances on average, from the processor time of the bill."""
    [line] = [item for item in bill.items if "cpu" in item.rate.meter_id]
    return float(line.usage.quantity) / vcpu / bill.hours_per_month / HOUR


def test_the_autoscaler_fills_instances_to_60_percent(make_demand, bill_of):
    assert instances(bill_of(ID, make_demand(6_000))) == pytest.approx(10)
    assert instances(bill_of(ID, make_demand(6_001))) == pytest.approx(11)


def test_pinned_instances_are_filled_to_their_concurrency(make_demand, bill_of):
    bill = bill_of(ID, make_demand(6_000), answers={"sockets_per_instance": "full"})

    assert instances(bill) == pytest.approx(6)


def test_a_lower_concurrency_needs_more_instances(make_demand, bill_of):
    bill = bill_of(ID, make_demand(6_000), options={"concurrency": 250})

    assert instances(bill) == pytest.approx(40)


def test_every_hour_pays_its_own_instances(make_demand, bill_of):
    hours = np.tile([0.0] * 12 + [600.0] * 6 + [1800.0] * 6, 7)

    assert instances(bill_of(ID, make_demand(hours))) == pytest.approx(
        (0 * 12 + 1 * 6 + 3 * 6) / 24
    )


def test_an_hour_without_connections_pays_the_minimum(make_demand, bill_of):
    bill = bill_of(ID, make_demand(0), options={"min_instances": 2})

    assert instances(bill) == pytest.approx(2)


def test_processors_and_memory_are_paid_for_as_chosen(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(600), options={"vcpu": 4, "memory_gib": 8})

    assert quantities(bill)[CPU] == pytest.approx(4 * 730 * HOUR)
    assert quantities(bill)[MEMORY] == pytest.approx(8 * 730 * HOUR)


def test_an_always_active_instance_month_costs_what_google_lists(make_demand, bill_of, cents):
    # https://cloud.google.com/run/pricing, tier 1, instance-based: 0.000018 a vCPU-second and
    # 0.000002 a GiB-second; a month of 730 hours has 2,628,000 seconds
    bill = bill_of(ID, make_demand(1), options={"memory_gib": 1})

    assert cents(bill)[CPU] == 47.30
    assert cents(bill)[MEMORY] == 5.26


def test_requests_are_counted_only_when_billing_by_request(make_demand, bill_of, quantities):
    demand = make_demand(10, connects=10)

    assert REQUESTS not in quantities(bill_of(ID, demand))
    by_request = quantities(bill_of(ID, demand, options={"billing": "request"}))
    assert by_request[REQUESTS] == pytest.approx(10 * 730)
    assert "gcp.cloud_run.cpu_request_based" in by_request


@pytest.mark.parametrize(("hours", "requests"), [(0.5, 1), (1, 1), (1.5, 2), (2.5, 3), (10, 10)])
def test_connections_are_cut_and_requested_again_after_60_minutes(
    make_demand, bill_of, quantities, hours, requests
):
    demand = make_demand(10, connects=7, session_hours=hours)
    bill = bill_of(ID, demand, options={"billing": "request"})

    assert quantities(bill)[REQUESTS] == pytest.approx(7 * requests * 730)


def test_a_shorter_timeout_cuts_more_often(make_demand, bill_of, quantities):
    demand = make_demand(10, connects=7, session_hours=1)
    bill = bill_of(ID, demand, options={"billing": "request", "timeout_minutes": 5})

    assert quantities(bill)[REQUESTS] == pytest.approx(7 * 12 * 730)


def test_messages_are_no_requests(make_demand, bill_of, quantities):
    demand = make_demand(10, connects=1, to_client=1e6, to_server=1e6)
    bill = bill_of(ID, demand, options={"billing": "request"})

    assert quantities(bill)[REQUESTS] == pytest.approx(730)


def test_traffic_is_priced_by_where_the_users_are(make_demand, bill_of, quantities):
    demand = make_demand(10, to_client=1e6)
    bill = bill_of(ID, demand, users_in={"europe": 3, "americas": 1})

    counted = quantities(bill)
    europe, americas = (counted[f"gcp.egress.premium_to_{area}"] for area in ("europe", "americas"))
    assert europe == pytest.approx(3 * americas)
    out = float(demand.per_month(demand.traffic("to_client", "ip"))) / 2**30
    assert europe + americas == pytest.approx(out)


@pytest.mark.parametrize(
    ("options", "binding"),
    [
        ({}, "open connections binds"),
        ({"memory_per_connection_bytes": 1e7}, "memory binds"),
        ({"idle_cpu_seconds_per_connection_second": 0.1}, "processor binds"),
    ],
)
def test_the_constraint_that_binds_is_named(make_demand, bill_of, options, binding):
    assert binding in bill_of(ID, make_demand(5_000), options=options).explain()


def test_instances_are_sized_by_the_memory_of_a_connection(make_demand, bill_of):
    # 1,000 connections of 10 MB in instances of 4 GiB of which 70 % are planned with: 3.33
    options = {"memory_per_connection_bytes": 1e7, "memory_gib": 4, "headroom": 0.7}

    assert instances(bill_of(ID, make_demand(1_000), options=options)) == 4


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"concurrency": 1001}, "concurrency is at most 1000"),
        ({"timeout_minutes": 61}, "timeout_minutes is at most 60"),
        ({"memory_gib": 4.5}, "memory_gib is at most 4 with 1 vcpu"),
        ({"vcpu": 2, "memory_gib": 9}, "memory_gib is at most 8 with 2 vcpu"),
        ({"vcpu": 4, "memory_gib": 1}, "memory_gib is at least 2 with 4 vcpu"),
        ({"vcpu": 8, "memory_gib": 2}, "memory_gib is at least 4 with 8 vcpu"),
        ({"vcpu": 3}, "vcpu"),
        ({"memory_gib": 0.25}, "memory_gib"),
    ],
)
def test_what_cloud_run_does_not_offer_is_refused(make_demand, bill_of, options, fault):
    with pytest.raises(ws.ScenarioError, match=fault):
        bill_of(ID, make_demand(1), options=options)


@pytest.mark.parametrize(
    ("connections", "note"),
    [
        (60_000, ""),
        (60_001, "must be set above its default of 100"),
        (600_001, "Needs 1,001 vCPU"),
    ],
)
def test_quotas_of_instances_are_noted(make_demand, bill_of, connections, note):
    assert note in " ".join(bill_of(ID, make_demand(connections)).notes)


def test_few_instances_need_no_note(make_demand, bill_of):
    assert bill_of(ID, make_demand(60_000)).notes == ()
