"""What EC2 behind an Application Load Balancer is billed: largest dimension of each hour, nodes.

Rules: https://aws.amazon.com/elasticloadbalancing/pricing/
"""

import numpy as np
import pytest

import estimator as ws

ID = "aws.alb_ec2"
LCU = "aws.alb.lcu_hours"
HOURS = "aws.alb.hours"
ADDRESSES = "aws.public_ipv4.hours"
INTER_ZONE = "aws.inter_zone.gb"


@pytest.mark.parametrize(
    ("stated", "units"),
    [
        # 25 new connections per second, 3,000 active ones
        ({"connections": 10, "new_connections": 100 * 3600}, 4),
        ({"connections": 6_000}, 2),
        # 996 bytes and a header of 4 are 3.6 GB per hour at 1,000 a second
        ({"connections": 10, "to_client": 1_000 * 3600, "payload": 996}, 3.6),
        # 992 bytes, a header of 4 and a mask of 4
        ({"connections": 10, "to_server": 1_000 * 3600, "payload": 992}, 3.6),
    ],
)
def test_the_largest_dimension_is_billed(make_demand, bill_of, quantities, stated, units):
    assert quantities(bill_of(ID, make_demand(**stated)))[LCU] == pytest.approx(units * 730)


@pytest.mark.parametrize(("rules", "units"), [(1, 1.6), (10, 1.6), (50, 1.6), (60, 2.0)])
def test_rules_beyond_ten_are_evaluated_at_each_upgrade(
    make_demand, bill_of, quantities, rules, units
):
    # 40 upgrades per second: 1.6 units of new connections, (rules - 10) x 40 / 1,000 of evaluations
    demand = make_demand(10, new_connections=40 * 3600)
    bill = bill_of(ID, demand, options={"rules": rules})

    assert quantities(bill)[LCU] == pytest.approx(units * 730)


def test_the_largest_dimension_is_found_hour_by_hour(make_demand, bill_of, quantities):
    # half of the hours 2 units of active connections, the other half 3 of new ones: 2.5, while
    # the averages of the week would make max(1, 1.5)
    by_day, by_night = np.tile([1.0] * 12 + [0.0] * 12, 7), np.tile([0.0] * 12 + [1.0] * 12, 7)
    demand = make_demand(6_000 * by_day, new_connections=75 * 3600 * by_night, hours_per_month=168)

    assert quantities(bill_of(ID, demand))[LCU] == pytest.approx(2.5 * 168)


@pytest.mark.parametrize(
    ("answers", "units"),
    [
        ({}, 2.0),
        ({"active_connections": "both_sides"}, 4.0),
        ({"capacity_gigabyte": "1024"}, 2.0),
    ],
)
def test_open_questions_about_units_of_idle_connections(
    make_demand, bill_of, quantities, answers, units
):
    bill = bill_of(ID, make_demand(6_000), answers=answers)

    assert quantities(bill)[LCU] == pytest.approx(units * 730)


@pytest.mark.parametrize(("answer", "gb"), [("1000", 10**9), ("1024", 2**30)])
def test_a_gigabyte_of_a_unit_is_the_one_answered(make_demand, bill_of, quantities, answer, gb):
    demand = make_demand(10, to_client=1e8, payload=996)
    bill = bill_of(ID, demand, answers={"capacity_gigabyte": answer})

    assert quantities(bill)[LCU] == pytest.approx(1e8 * 1000 / gb * 730)


@pytest.mark.parametrize(("nodes", "balancers"), [(2, 1), (1_000, 1), (1_001, 2)])
def test_a_balancer_has_1000_targets(make_demand, bill_of, quantities, nodes, balancers):
    options = {"min_nodes": nodes, "survives": "none", "zones": 3, "outbound": "none"}
    lines = quantities(bill_of(ID, make_demand(10), options=options))

    assert lines[HOURS] == pytest.approx(balancers * 730)
    # an address for each balancer in each zone
    assert lines[ADDRESSES] == pytest.approx(3 * balancers * 730)


def test_nodes_and_redis_of_one_size_are_one_line(make_demand, bill_of, quantities):
    demand = make_demand(10, to_server=1, to_client=2)
    options = {"machine": "m7g.large", "redis": "self_run", "redis_machine": "m7g.large"}
    bill = bill_of(ID, demand, options=options)

    # a node in each of three zones, Redis and its replica
    assert quantities(bill)["aws.ec2.m7g_large"] == pytest.approx((3 + 2) * 730)
    assert bill.lines["meter"].is_unique


def test_traffic_with_nodes_in_other_zones_is_metered_in_both_if_it_is_charged(
    make_demand, bill_of, quantities
):
    # 124 bytes leave as 200 and are acknowledged with 52; two thirds go to one of two other zones
    demand = make_demand(10, to_client=1e6, payload=124)
    options = {"redis": "none", "zones": 3}
    free, charged = (
        quantities(bill_of(ID, demand, options=options, answers={"cross_zone_traffic": answer}))
        for answer in ("no", "yes")
    )

    assert INTER_ZONE not in free
    assert charged[INTER_ZONE] == pytest.approx(2 * 252e6 * 2 / 3 * 730 / 2**30)


@pytest.mark.parametrize(("zones", "crosses"), [(1, False), (2, True)])
def test_messages_between_nodes_cross_zones_if_there_are_several(
    make_demand, bill_of, quantities, zones, crosses
):
    demand = make_demand(10, to_server=1e6, to_client=2e6)
    lines = quantities(bill_of(ID, demand, options={"zones": zones, "survives": "node"}))

    assert (lines.get(INTER_ZONE, 0.0) > 0) == crosses


@pytest.mark.parametrize(("mbps", "nodes"), [(4_999, 1), (5_001, 2), (10_001, 3)])
def test_an_instance_has_5000_mbps_with_the_internet(make_demand, bill_of, quantities, mbps, nodes):
    # 1,396 bytes leave as 1,396 + 4 + 22 + 52 and are acknowledged with 52; the size has 7,500
    messages = mbps * 1e6 / 8 * 3600 / (1474 + 52)
    demand = make_demand(10, to_client=messages, payload=1396)
    options = {
        "machine": "c7g.4xlarge",
        "messages_per_core_second": 1e9,
        "min_nodes": 1,
        "survives": "none",
        "headroom": 1,
        "redis": "none",
    }
    bill = bill_of(ID, demand, options=options)

    assert quantities(bill)["aws.ec2.c7g_4xlarge"] == pytest.approx(nodes * 730)


def test_a_balancer_has_100_rules(steady, verdict):
    found = ws.estimate(steady().replace(options={ID: {"rules": 150}}), ID)

    assert float(verdict(found, "aws.alb.rules").share) == pytest.approx(1.5)


def test_silent_clients_outlive_no_timeout_that_can_be_set(steady, verdict):
    """4,000 seconds are the most: a raised timeout does not keep them."""
    bill = ws.estimate(steady().replace(options={ID: {"idle_timeout_seconds": 4_000}}), ID)

    assert not bill.is_within_limits
    assert verdict(bill, "aws.alb.idle_timeout_max").limit.raised_by is None


@pytest.mark.parametrize(
    ("heartbeat", "timeout", "state"),
    [
        (25, None, "within limits"),
        (61, None, "setting to change"),
        (61, 120, "within limits"),
        (130, 120, "setting to change"),
    ],
)
def test_heartbeats_must_come_before_the_idle_timeout(steady, verdict, heartbeat, timeout, state):
    options = {} if timeout is None else {"idle_timeout_seconds": timeout}
    scenario = steady(heartbeat={"interval_seconds": heartbeat}).replace(options={ID: options})
    found = verdict(ws.estimate(scenario, ID), "aws.alb.idle_timeout")

    assert found.state == state
    assert (
        state == "within limits" or "raise the timeout (at most 4,000 seconds)" in found.explain()
    )


def test_a_timeout_that_cannot_be_set_is_refused(steady):
    with pytest.raises(ws.ScenarioError, match="takes 4,000 at most"):
        ws.estimate(steady().replace(options={ID: {"idle_timeout_seconds": 4_001}}), ID)


def test_a_region_has_50_balancers(make_demand, bill_of, verdict):
    options = {"min_nodes": 50_001, "survives": "none"}
    found = verdict(bill_of(ID, make_demand(10), options=options), "aws.alb.per_region")

    assert (float(found.used), found.state) == (51, "quota increase")


SMALL = {"redis": "self_run", "redis_machine": "m7g.large"}


def test_processors_beyond_what_new_accounts_have_are_noted(make_demand, bill_of):
    alone, with_redis = (
        " ".join(bill_of(ID, demand, options=SMALL | {"machine": "c7g.medium"}).notes)
        for demand in (make_demand(10), make_demand(10, to_server=1, to_client=2))
    )

    # a node of 1 vCPU in each of three zones, and two of Redis with 2
    assert "vCPU" not in alone
    assert "a quota of 7 vCPU of EC2; new accounts start with 5" in with_redis
