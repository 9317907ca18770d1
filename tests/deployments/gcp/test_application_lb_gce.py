"""What nodes behind external application load balancers are billed and bounded by.

Rules: https://cloud.google.com/load-balancing/pricing and
https://docs.cloud.google.com/load-balancing/docs/https/request-distribution
"""

from dataclasses import replace

import pytest

import estimator as ws
from estimator.demand.streams import MessageStream
from estimator.scenario.sizes import FixedSize

ID = "gcp.application_lb_gce"
IN = "gcp.load_balancing.inbound_gib"
OUT = "gcp.load_balancing.outbound_gib"
VCPU = "gcp.compute.n2_vcpu_hours"
IDLE = "gcp.load_balancer.websocket_idle_timeout"
TRACKED_IDLE = "gcp.compute.tracked_connections_idle_timeout"
SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)


@pytest.mark.parametrize(
    ("hours", "new_connections"), [(12, 1), (24, 1), (36, 2), (48, 2), (240, 10)]
)
def test_connections_are_cut_and_made_again_after_24_hours(
    make_demand, bill_of, quantities, hours, new_connections
):
    # nothing but handshakes, so the data processed tells their number
    short, long = (
        quantities(bill_of(ID, make_demand(10, new_connections=100, session_hours=each)))
        for each in (1, hours)
    )

    assert long[IN] == pytest.approx(new_connections * short[IN])
    assert long[OUT] == pytest.approx(new_connections * short[OUT])
    assert long["gcp.egress.premium_to_americas"] == pytest.approx(
        new_connections * short["gcp.egress.premium_to_americas"]
    )


def test_nodes_greet_again_after_each_cut(make_demand, bill_of, quantities):
    # 100 sessions per hour of 48 hours are greeted twice: 200 greetings an hour at one a core and
    # hour, 70 % of nodes with 16 vCPU of 0.61 cores each (families.csv): 29.3
    options = {
        "machine": "n2-standard-16",
        "messages_per_core_second": 1 / 3600,
        "idle_cpu_seconds_per_connection_second": 0,
        "survives": "none",
        "application": "none",
    }
    demand = make_demand(4_800, new_connections=100, session_hours=48)
    greeting = MessageStream(
        "greeting", "to_client", "at_connect", demand.new_connections, FixedSize(bytes=100)
    )
    bill = bill_of(ID, replace(demand, streams=(greeting,)), options=options)

    assert quantities(bill)[VCPU] == pytest.approx(30 * 16 * 730)


def test_traffic_is_processed_both_ways_and_leaves_in_the_premium_tier(
    make_demand, bill_of, quantities
):
    # 124 bytes leave as 200 and are acknowledged with 52; masked they arrive as 204
    demand = make_demand(10, to_client=3e6, to_server=1e6, payload=124)
    bill = bill_of(ID, demand, users_in={"europe": 1, "asia": 1})
    counted = quantities(bill)

    out = (3e6 * 200 + 1e6 * 52) * 730 / 2**30
    assert counted[OUT] == pytest.approx(out)
    assert counted[IN] == pytest.approx((1e6 * 204 + 3e6 * 52) * 730 / 2**30)
    assert counted["gcp.egress.premium_to_europe"] == pytest.approx(out / 2)
    assert counted["gcp.egress.premium_to_asia"] == pytest.approx(out / 2)


def test_nodes_are_not_bounded_by_the_egress_of_a_machine_to_the_internet(
    make_demand, bill_of, quantities
):
    # 20,000 of the 70 % of 32,000 Mbps that an n2-standard-16 has; TLS ends before the node
    options = {
        "machine": "n2-standard-16",
        "messages_per_core_second": 1e12,
        "min_nodes": 1,
        "survives": "none",
    }
    demand = make_demand(10, to_client=20_000 * 1e6 / 8 / 252 * 3600, payload=124)

    assert quantities(bill_of(ID, demand, options=options))[VCPU] == pytest.approx(16 * 730)


def test_heartbeats_of_25_seconds_just_outlive_the_default_backend_timeout(verdict_on):
    verdict = verdict_on(ws.estimate(SCENARIO, ID), IDLE)

    assert float(verdict.used) == pytest.approx(25)
    assert float(verdict.allowed) == 30
    assert verdict.state == "near a limit"
    assert "raise the timeout of the backend service" in verdict.explain()


def test_without_heartbeats_idle_connections_are_closed(make_demand, bill_of, verdict_on):
    bill = bill_of(ID, make_demand(10, to_client=1))

    assert float(verdict_on(bill, IDLE).share) > 1
    # that timeout can be raised; the ten minutes of the nodes' firewall cannot
    assert verdict_on(bill, IDLE).limit.raised_by == "setting"
    assert float(verdict_on(bill, TRACKED_IDLE).share) > 1
    assert not bill.is_within_limits


def test_the_classic_load_balancer_closes_active_connections_too(make_demand, bill_of, quantities):
    # https://docs.cloud.google.com/load-balancing/docs/https/request-distribution: every WebSocket
    # lives as long as the timeout of the backend service, 30 seconds by default. A session of an
    # hour is 120 connections
    demand = make_demand(100, new_connections=100, session_hours=1)
    long, short = (
        bill_of(ID, demand, options={"balancer": balancer}) for balancer in ("global", "classic")
    )

    assert quantities(short)[IN] == pytest.approx(120 * quantities(long)[IN])
    assert "cut after 30 seconds" in " ".join(short.notes)


def test_ten_thousand_people_behind_gke_ingress_connect_333_times_a_second(verdict_on):
    # 10,000 connections that live 30 seconds each are made anew 10,000 / 30 times per second, and a
    # little oftener: the last one of a session is shorter
    scenario = SCENARIO.replace(peak_connections=10_000, options={ID: {"balancer": "classic"}})
    bill = ws.estimate(scenario, ID)
    demand = ws.expected_demand(scenario).cut_after(30 / 3600)

    assert float(demand.new_connections.peak) / 3600 == pytest.approx(10_000 / 30, rel=0.05)
    verdict = verdict_on(bill, "gcp.load_balancer.classic_websocket_max_age")
    # a session of workplace chat is longer than 30 seconds, whatever its heartbeat
    assert float(verdict.share) > 1
    assert verdict.limit.raised_by == "setting"
    longer = scenario.replace(
        options={ID: {"balancer": "classic", "backend_timeout_seconds": 86_400}}
    )
    assert ws.estimate(longer, ID).total < bill.total
    age = verdict_on(ws.estimate(longer, ID), "gcp.load_balancer.classic_websocket_max_age")
    assert float(age.share) < 0.8


@pytest.mark.parametrize(("machine", "nodes"), [("e2-standard-2", 3), ("n2-standard-16", 1)])
def test_the_firewall_tracks_130000_connections_per_vcpu(
    make_demand, bill_of, quantities, machine, nodes
):
    # https://cloud.google.com/vpc/docs/firewalls: 130,000 per vCPU, 1,040,000 at most. 600,000
    # tiny connections on nodes of 2 vCPUs are 2.3 of them, on nodes of 16 one
    options = {
        "machine": machine,
        "memory_per_connection_bytes": 1,
        "idle_cpu_seconds_per_connection_second": 0,
        "headroom": 1,
        "min_nodes": 1,
        "survives": "none",
    }
    bill = bill_of(ID, make_demand(600_000), options=options)

    assert float(bill.sizing.peak_units) == nodes


def test_a_longer_backend_timeout_fixes_it(verdict_on):
    options = {ID: {"backend_timeout_seconds": 3_600}}
    verdict = verdict_on(ws.estimate(SCENARIO.replace(options=options), ID), IDLE)

    assert float(verdict.allowed) == 3_600
    assert verdict.state == "within limits"


def test_redis_pays_for_traffic_between_zones_once(make_demand, bill_of, quantities, cents):
    demand = make_demand(1e4, to_server=1e7, to_client=2e7)
    spread, together = (
        bill_of(
            ID,
            demand,
            options={"zones": zones, "survives": "node", "machine": "e2-standard-8"},
        )
        for zones in (2, 1)
    )

    gib = quantities(spread)["gcp.inter_zone.gib"]
    assert gib > 0
    assert cents(spread)["gcp.inter_zone.gib"] == round(gib * 0.01, 2)
    assert quantities(together)["gcp.inter_zone.gib"] == 0


REGIONAL = {"balancer": "regional"}
STANDARD = REGIONAL | {"network_tier": "standard"}


def test_a_regional_balancer_pays_for_its_rules_at_the_price_of_the_region(
    make_demand, bill_of, cents
):
    # 0.038 an hour in Tokyo, where a global rule costs 0.025; data processed costs the same
    demand = make_demand(10, to_client=3e8)
    world, region = (
        cents(bill_of(ID, demand, location="tokyo", options=options)) for options in ({}, REGIONAL)
    )

    assert world["gcp.load_balancing.first_five_rules_hours"] == 18.25
    assert region["gcp.load_balancing.regional_first_five_rules_hours"] == 27.74
    assert world[OUT] == region[OUT] > 0


@pytest.mark.parametrize("balancer", ["regional", "classic"])
def test_the_standard_tier_has_one_price_for_all_destinations(
    make_demand, bill_of, quantities, balancer
):
    demand = make_demand(10, to_client=1e9)
    users = {"europe": 1, "americas": 1}
    options = {"balancer": balancer, "backend_timeout_seconds": 86_400}
    standard, premium = (
        quantities(bill_of(ID, demand, users_in=users, options=options | {"network_tier": tier}))
        for tier in ("standard", "premium")
    )

    assert not [meter for meter in standard if meter.startswith("gcp.egress.premium")]
    assert standard["gcp.egress.standard"] == pytest.approx(
        premium["gcp.egress.premium_to_europe"] + premium["gcp.egress.premium_to_americas"]
    )
    # the address of the standard tier is one of the region
    assert "gcp.load_balancing.regional_first_five_rules_hours" in standard


def test_a_global_balancer_has_no_address_of_the_standard_tier(make_demand, bill_of):
    # https://docs.cloud.google.com/network-tiers/docs/set-network-tier
    with pytest.raises(ws.ScenarioError, match="needs balancer regional or classic"):
        bill_of(ID, make_demand(10), options={"network_tier": "standard"})


def test_a_regional_balancer_closes_idle_connections_and_not_active_ones(
    make_demand, bill_of, verdict_on
):
    # the backend service's timeout is for idle WebSockets, as that of a global one
    options = REGIONAL | {"backend_timeout_seconds": 40}
    demand = make_demand(100, new_connections=100, session_hours=2)
    bill = bill_of(ID, demand, options=options)

    assert float(verdict_on(bill, IDLE).allowed) == 40
    assert "cut after 24 hours" in " ".join(bill.notes)
