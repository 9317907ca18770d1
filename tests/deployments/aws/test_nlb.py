"""What EC2 behind a Network Load Balancer is billed, where TLS ends in it and where on the nodes.

Rules: https://aws.amazon.com/elasticloadbalancing/pricing/
"""

import numpy as np
import pytest

import estimator as ws
from estimator.demand.wire import connect_layers

ID = "aws.nlb_ec2"
NLCU = "aws.nlb.nlcu_hours"
HOURS = "aws.nlb.hours"
MACHINE = "aws.ec2.m7i_large"
# two cores of the reference speed (families.csv)
ONE_NODE = {"machine": "m7i.large", "zones": 1, "survives": "none", "headroom": 1}


@pytest.mark.parametrize(
    ("tls", "stated", "units"),
    [
        # a TCP listener: 100,000 active connections
        ("node", {"connections": 200_000}, 2),
        # a TLS listener: 3,000
        ("balancer", {"connections": 6_000}, 2),
        # 1 GB per hour: 124 bytes leave as 200 and are acknowledged with 52
        ("node", {"connections": 10, "to_client": 1e7, "payload": 124}, 2.52),
        ("balancer", {"connections": 10, "to_client": 1e7, "payload": 124}, 2.52),
    ],
)
def test_the_largest_dimension_is_billed(make_demand, bill_of, quantities, tls, stated, units):
    bill = bill_of(ID, make_demand(**stated), options={"tls": tls})

    assert quantities(bill)[NLCU] == pytest.approx(units * 730)


def test_a_unit_of_a_tls_listener_makes_50_handshakes_a_second(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(10, new_connections=4_000 * 3600), options={"tls": "balancer"})

    assert quantities(bill)[NLCU] == pytest.approx(4_000 / 50 * 730)


def test_handshakes_passed_through_count_by_their_bytes(make_demand, bill_of, quantities):
    # 800 a second are one unit of new connections, and their bytes are more
    demand = make_demand(10, new_connections=800 * 3600)
    one = connect_layers("to_client").total + connect_layers("to_server").total
    carried = 800 * 3600 * one

    assert carried > 1e9
    assert quantities(bill_of(ID, demand))[NLCU] == pytest.approx(carried / 1e9 * 730)


@pytest.mark.parametrize(("answer", "gb"), [("1000", 10**9), ("1024", 2**30)])
def test_a_gigabyte_of_a_unit_is_the_one_answered(make_demand, bill_of, quantities, answer, gb):
    demand = make_demand(10, to_client=1e8, payload=124)
    bill = bill_of(ID, demand, answers={"capacity_gigabyte": answer})

    assert quantities(bill)[NLCU] == pytest.approx(252e8 / gb * 730)


@pytest.mark.parametrize(("tls", "nodes"), [("node", 5), ("balancer", 1)])
def test_nodes_make_the_handshakes_where_tls_ends_on_them(
    make_demand, bill_of, quantities, tls, nodes
):
    # 990 a second at 100 a core are 9.9 cores, or five nodes of two; all else of them takes nothing
    options = ONE_NODE | {
        "tls": tls,
        "handshakes_per_core_second": 100,
        "new_connections_per_core_second": 1e12,
        "application": "none",
    }
    bill = bill_of(ID, make_demand(10, new_connections=990 * 3600), options=options)

    assert quantities(bill)[MACHINE] == pytest.approx(nodes * 730)


@pytest.mark.parametrize(("preserved", "nodes"), [(True, 1), (False, 3)])
def test_a_node_takes_55000_connections_without_the_addresses_of_clients(
    make_demand, bill_of, quantities, preserved, nodes
):
    options = ONE_NODE | {
        "client_ip_preservation": preserved,
        "memory_per_connection_bytes": 1,
        "idle_cpu_seconds_per_connection_second": 0,
    }
    bill = bill_of(ID, make_demand(110_001), options=options)

    assert quantities(bill)[MACHINE] == pytest.approx(nodes * 730)


@pytest.mark.parametrize(("nodes", "balancers"), [(1_000, 1), (1_001, 2)])
def test_a_balancer_has_500_targets_in_each_zone(
    make_demand, bill_of, quantities, nodes, balancers
):
    options = {"min_nodes": nodes, "survives": "none", "zones": 2, "outbound": "none"}
    lines = quantities(bill_of(ID, make_demand(10), options=options))

    assert lines[HOURS] == pytest.approx(balancers * 730)
    assert lines["aws.public_ipv4.hours"] == pytest.approx(2 * balancers * 730)


@pytest.mark.parametrize(
    ("options", "balancers"),
    [
        # 1,000 in a target group, though three zones have 500 targets each; as many in each zone
        ({"min_nodes": 999, "zones": 3}, 1),
        ({"min_nodes": 1_001, "zones": 3}, 2),
        # 500 in all where the balancer crosses zones, whatever the number of zones
        ({"min_nodes": 500, "zones": 3, "cross_zone": True}, 1),
        ({"min_nodes": 501, "zones": 3, "cross_zone": True}, 2),
    ],
    ids=str,
)
def test_target_groups_and_cross_zone_balancing_end_earlier(
    make_demand, bill_of, quantities, options, balancers
):
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-limits.html
    bill = bill_of(ID, make_demand(10), options={"survives": "none", **options})

    assert quantities(bill)[HOURS] == pytest.approx(balancers * 730)


def test_a_region_has_50_balancers(make_demand, bill_of, verdict):
    options = {"min_nodes": 60_000, "survives": "none", "zones": 2}
    bill = bill_of(ID, make_demand(10), options=options)

    assert float(verdict(bill, "aws.nlb.per_region").share) == pytest.approx(60 / 50)


@pytest.mark.parametrize(
    ("cross_zone", "answer", "charged"),
    [(False, "yes", False), (True, "yes", True), (True, "no", False)],
)
def test_traffic_crosses_zones_if_the_balancer_may_and_is_charged_if_so_answered(
    make_demand, bill_of, quantities, cross_zone, answer, charged
):
    demand = make_demand(10, to_client=1e6, payload=124)
    options = {"cross_zone": cross_zone, "redis": "none", "zones": 2}
    bill = bill_of(ID, demand, options=options, answers={"cross_zone_traffic": answer})

    # half of 252 bytes a message, out of one zone and into the other
    expected = 2 * 0.5 * 252e6 * 730 / 2**30 if charged else 0.0
    assert quantities(bill).get("aws.inter_zone.gb", 0.0) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("tls", "limit", "timeout", "state"),
    [
        ("node", "aws.nlb.tcp_idle_timeout", None, "setting to change"),
        ("node", "aws.nlb.tcp_idle_timeout", 600, "within limits"),
        ("balancer", "aws.nlb.tls_idle_timeout", None, "over a hard limit"),
        # that of TLS listeners cannot be set
        ("balancer", "aws.nlb.tls_idle_timeout", 600, "over a hard limit"),
    ],
)
def test_a_heartbeat_every_400_seconds(steady, verdict, tls, limit, timeout, state):
    options = {"tls": tls} | ({} if timeout is None else {"tcp_idle_timeout_seconds": timeout})
    scenario = steady(heartbeat={"interval_seconds": 400}).replace(options={ID: options})

    assert verdict(ws.estimate(scenario, ID), limit).state == state


def test_a_timeout_that_cannot_be_set_is_refused(steady):
    with pytest.raises(ws.ScenarioError, match="takes 6,000 at most"):
        ws.estimate(steady().replace(options={ID: {"tcp_idle_timeout_seconds": 6_001}}), ID)


def test_many_scenarios_with_several_machines_have_one_line_a_meter(steady):
    bill = ws.estimate(steady(connections=np.geomspace(10, 3e6, 30)), ID)

    # what the application's own work takes stands on lines of its own
    lines = [(item.rate.meter_id, item.usage.part) for item in bill.items]
    assert len(set(lines)) == len(lines)
