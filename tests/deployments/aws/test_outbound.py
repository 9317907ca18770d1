"""How nodes reach what is outside: an address each, NAT gateways, or not at all.

Rules: https://aws.amazon.com/vpc/pricing/ and
https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-networking.html
"""

import numpy as np
import pytest

IDS = ["aws.alb_ec2", "aws.nlb_ec2", "aws.alb_fargate"]
ADDRESSES, NAT, NAT_GB = "aws.public_ipv4.hours", "aws.nat_gateway.hours", "aws.nat_gateway.gb"
BALANCER = 3
"""Addresses of a balancer in three zones."""


@pytest.mark.parametrize("deployment", IDS)
def test_each_node_has_an_address_unless_told_otherwise(
    make_demand, bill_of, quantities, deployment
):
    found = {
        outbound: quantities(bill_of(deployment, make_demand(10), options=options))
        for outbound, options in (
            ("default", {"min_nodes": 6, "survives": "none"}),
            ("none", {"min_nodes": 6, "survives": "none", "outbound": "none"}),
        )
    }

    assert found["default"][ADDRESSES] == pytest.approx((6 + BALANCER) * 730)
    assert found["none"][ADDRESSES] == pytest.approx(BALANCER * 730)
    assert not found["default"].keys() & {NAT, NAT_GB}


@pytest.mark.parametrize("deployment", IDS)
def test_a_nat_gateway_in_each_zone_passes_on_what_nodes_ask_for(
    make_demand, bill_of, quantities, deployment
):
    options = {
        "min_nodes": 6,
        "survives": "none",
        "zones": 2,
        "outbound": "nat_gateway",
        "nat_gb_per_node": 5,
        "log_bytes_per_message": 2**20,
    }
    found = quantities(bill_of(deployment, make_demand(10, to_client=10), options=options))

    assert found[NAT] == pytest.approx(2 * 730)
    # 5 GB of each of six nodes, and the logs
    assert found[NAT_GB] == pytest.approx(6 * 5 + 10 * 730 / 1024)
    # two of the balancer and two of the gateways, none of nodes
    assert found[ADDRESSES] == pytest.approx((2 + 2) * 730)


def test_an_address_goes_with_a_node_that_stops(make_demand, bill_of, quantities):
    # six nodes from an hour before to an hour after a day of 24 hours, and three in the other 142
    options = {"zones": 3, "survives": "none", "connections_per_node": 100, "min_nodes": 3}
    hours = np.full(168, 1.0)
    hours[50:74] = 600
    demand = make_demand(hours)
    bill = bill_of("aws.alb_ec2", demand, options={**options, "scaling": "autoscaled"})
    nodes = (6 * 26 + 3 * 142) / 168

    assert quantities(bill)[ADDRESSES] == pytest.approx((nodes + BALANCER) * 730)


@pytest.mark.parametrize(
    ("redis", "machines"),
    [
        # Redis and its replica, and a third machine that votes, since none does on a task
        ("self_run", 3),
        # ElastiCache has none
        ("managed", 0),
    ],
)
def test_machines_that_run_redis_have_one_too(make_demand, bill_of, quantities, redis, machines):
    demand = make_demand(2_000, to_client=1_000, to_server=100)
    options = {"redis": redis, "min_nodes": 3, "survives": "zone"}
    with_redis = quantities(bill_of("aws.alb_fargate", demand, options=options))
    without = quantities(bill_of("aws.alb_fargate", demand, options=options | {"redis": "none"}))

    assert with_redis[ADDRESSES] - without[ADDRESSES] == pytest.approx(machines * 730)


def test_an_address_for_each_makes_fewer_and_larger_nodes_cheaper(make_demand, bill_of):
    # 15 cores of nothing but idle connections; each address costs 3.65 USD a month
    options = {"survives": "none", "idle_cpu_seconds_per_connection_second": 1.5e-4, "headroom": 1}
    with_addresses, without = (
        bill_of("aws.alb_ec2", make_demand(1e5), options=options | {"outbound": outbound}).sizing
        for outbound in ("public_addresses", "none")
    )

    assert float(with_addresses.peak_units) < float(without.peak_units)
