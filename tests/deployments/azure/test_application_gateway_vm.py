"""What Application Gateway counts: hours, and the largest need of capacity units of each hour.

Rules: https://learn.microsoft.com/azure/application-gateway/understanding-pricing
"""

import numpy as np
import pytest

import estimator as ws

ID = "azure.application_gateway_vm"
GATEWAY = "azure.application_gateway"
HOURS = f"{GATEWAY}.standard_v2_hours"
CAPACITY_UNITS = f"{GATEWAY}.standard_v2_capacity_unit_hours"
REQUEST_TIMEOUT = f"{GATEWAY}.request_timeout_default"
INTER_ZONE = "azure.inter_zone.gb"
HALF = np.tile([1.0] * 12 + [0.0] * 12, 7)


def test_idle_connections_need_a_unit_for_2500_of_them(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(100_000))

    assert quantities(bill)[CAPACITY_UNITS] == pytest.approx(40 * 730)
    assert "decided by connections" in bill.explain()


def test_traffic_needs_a_unit_for_2_22_mbps(at_mbps, bill_of, quantities):
    bill = bill_of(ID, at_mbps(22.2))

    assert quantities(bill)[CAPACITY_UNITS] == pytest.approx(10 * 730)
    assert "decided by throughput" in bill.explain()


@pytest.mark.parametrize(("sku", "a_unit"), [("standard_v2", 50), ("waf_v2", 10)])
def test_new_connections_need_a_compute_unit(make_demand, bill_of, quantities, sku, a_unit):
    # 50 new TLS connections per second and unit, and 10 requests with the firewall; the bytes of 20
    # handshakes per second need less
    demand = make_demand(0, new_connections=20 * 3600)
    counted = quantities(bill_of(ID, demand, options={"sku": sku}))

    assert counted[f"{GATEWAY}.{sku}_capacity_unit_hours"] == pytest.approx(20 / a_unit * 730)


def test_the_largest_need_counts_hour_by_hour(at_mbps, bill_of, quantities):
    # half of the hours 100 units of connections and the others 100 units of traffic: 100 always,
    # and not the larger of two means of 50
    demand = at_mbps(222 * (1 - HALF), connections=250_000 * HALF, hours_per_month=168)

    assert quantities(bill_of(ID, demand))[CAPACITY_UNITS] == pytest.approx(100 * 168)


def test_each_minimum_instance_is_billed_as_ten_units(make_demand, bill_of, quantities):
    # 20 units reserved, 40 used in half of the hours
    demand = make_demand(100_000 * HALF, hours_per_month=168)
    bill = bill_of(ID, demand, options={"min_instances": 2})

    assert quantities(bill)[CAPACITY_UNITS] == pytest.approx((20 + 40) / 2 * 168)


def test_the_public_address_is_inside_the_price_of_the_gateway(make_demand, bill_of, quantities):
    # a NAT gateway would have an address of its own
    counted = quantities(bill_of(ID, make_demand(1), options={"outbound": "none"}))

    assert counted[HOURS] == pytest.approx(730)
    assert "azure.public_ipv4.hours" not in counted


def test_traffic_into_the_gateway_counts_unless_answered_otherwise(make_demand, bill_of):
    demand = make_demand(10, to_server=1e6, payload=10_000)
    both, out = (
        bill_of(ID, demand, answers={"throughput": answer}).by_driver["load balancing"]
        for answer in ("both", "to_client")
    )

    assert both > out


@pytest.mark.parametrize(("connections", "instances"), [(13_500, 1), (135_000, 10)])
def test_an_instance_holds_13500_sockets(make_demand, bill_of, state_of, connections, instances):
    # https://learn.microsoft.com/azure/application-gateway/application-gateway-websocket
    bill = bill_of(ID, make_demand(connections))

    assert state_of(bill, f"{GATEWAY}.v2_max_instances") == (
        "within limits",
        pytest.approx(instances),
    )


def test_a_gateway_ends_at_125_instances(make_demand, bill_of, quantities):
    one, two = (
        quantities(bill_of(ID, make_demand(connections)))[HOURS]
        for connections in (125 * 13_500, 125 * 13_500 + 1)
    )

    assert (one, two) == (pytest.approx(730), pytest.approx(2 * 730))


def test_traffic_between_zones_is_counted_where_it_leaves_and_arrives(
    at_mbps, bill_of, quantities, cents
):
    # 8 Mbps are 3.6 GB per hour, of which half crosses between two zones, counted twice; no text
    # says how many bytes a GB has, and 10^9 cost more
    demand = at_mbps(8, hours_per_month=100)
    gb = 3.6 * 100
    answers = {"azure.inter_zone.charge": "list_price"}
    bill = bill_of(ID, demand, options={"zones": 2, "redis": "none"}, assumptions=answers)
    one_zone = bill_of(ID, demand, options={"zones": 1, "survives": "none", "redis": "none"})

    assert quantities(bill)[INTER_ZONE] == pytest.approx(gb)
    assert cents(bill)[INTER_ZONE] == round(gb * 0.01, 2)
    assert quantities(one_zone)[INTER_ZONE] == 0


def test_traffic_between_zones_is_free_unless_answered_otherwise(at_mbps, bill_of, cents):
    assert cents(bill_of(ID, at_mbps(8)))[INTER_ZONE] == 0


def test_a_silent_connection_outlives_no_idle_timeout(make_demand, bill_of, state_of):
    # 4 minutes on the public address; these clients send no heartbeat
    state, used = state_of(bill_of(ID, make_demand(10)), f"{GATEWAY}.idle_timeout")

    assert state == "over a hard limit"
    assert used == np.inf


def test_redis_runs_twice_once_more_than_one_node_must_hear(make_demand, bill_of, quantities):
    demand = make_demand(10, to_server=10, to_client=100)
    options = {"machine": "Standard_D4as_v5", "redis_machine": "Standard_D2as_v5"}
    with_redis, without = (
        quantities(bill_of(ID, demand, options=options | {"redis": redis}))
        for redis in ("self_run", "none")
    )

    assert with_redis["azure.vm.d2as_v5"] == pytest.approx(2 * 730)
    assert "azure.vm.d2as_v5" not in without


def test_nodes_and_redis_of_one_size_stand_on_one_line(make_demand, bill_of, quantities):
    # three nodes and two machines of Redis
    demand = make_demand(10, to_server=10, to_client=100)
    machine = "Standard_D2as_v5"
    options = {
        "machine": machine,
        "redis": "self_run",
        "redis_machine": machine,
        # whose part would have a line of its own
        "application": "none",
    }
    bill = bill_of(ID, demand, options=options)

    assert quantities(bill)["azure.vm.d2as_v5"] == pytest.approx(5 * 730)
    assert bill.lines["meter"].is_unique


def test_the_request_timeout_ends_what_is_silent_for_20_seconds(make_demand, bill_of):
    # https://learn.microsoft.com/azure/application-gateway/application-gateway-websocket: the
    # request timeout applies to the WebSocket session; 20 seconds unless it is set
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1_000)
    as_is, raised = (
        {v.limit.limit: v for v in ws.estimate(scenario.replace(options=options), ID).verdicts}
        for options in ({}, {ID: {"request_timeout_seconds": 120}})
    )
    verdict = as_is[REQUEST_TIMEOUT]

    # the shipped heartbeat of 25 seconds
    assert (float(verdict.used), float(verdict.allowed)) == (pytest.approx(25), 20)
    assert verdict.limit.raised_by == "setting"
    assert float(raised[REQUEST_TIMEOUT].share) == pytest.approx(25 / 120)


def test_the_request_timeout_is_a_day_at_most(make_demand, bill_of):
    with pytest.raises(ws.ScenarioError, match="request_timeout_seconds is at most 86400"):
        bill_of(ID, make_demand(1), options={"request_timeout_seconds": 86_401})


def test_the_request_timeout_may_be_an_age(make_demand, bill_of, quantities):
    # sessions of an hour connect 3,600 / 20 times; nothing but handshakes is sent
    demand = make_demand(100, new_connections=100, session_hours=1)
    idle, age = (
        bill_of(ID, demand, answers={"request_timeout": answer}) for answer in ("idle", "age")
    )

    out = "azure.egress.internet"
    assert quantities(age)[out] == pytest.approx(180 * quantities(idle)[out])
    assert "cut after 20 seconds" in " ".join(age.notes)
    [verdict] = [v for v in age.verdicts if v.limit.limit == REQUEST_TIMEOUT]
    assert (float(verdict.used), float(verdict.allowed)) == (3_600, 20)


@pytest.mark.parametrize(("server", "nodes"), [("centrifugo-go", 2), ("haproxy", 3)])
def test_a_virtual_machine_holds_500000_connections(make_demand, bill_of, server, nodes):
    # https://learn.microsoft.com/azure/virtual-network/virtual-machine-network-throughput; a proxy
    # has a second one to the server behind it
    options = {
        "server": server,
        "machine": "Standard_D8as_v5",
        "memory_per_connection_bytes": 1,
        "idle_cpu_seconds_per_connection_second": 0,
        "headroom": 1,
        "min_nodes": 1,
        "survives": "none",
    }
    bill = bill_of(ID, make_demand(600_000), options=options)

    assert float(bill.sizing.peak_units) == nodes
