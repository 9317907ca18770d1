"""What nodes behind the passthrough network load balancer are billed and bounded by.

Rules: https://cloud.google.com/load-balancing/pricing and
https://docs.cloud.google.com/load-balancing/docs/network/ext-netlb-traffic-distribution
"""

import pytest

import estimator as ws

ID = "gcp.passthrough_nlb_gce"
IN = "gcp.load_balancing.inbound_gib"
OUT = "gcp.load_balancing.outbound_gib"
CAP = "gcp.compute.internet_bandwidth_mbps"
# 124 bytes leave as 200 and are acknowledged with 52, so one message per hour is so many Mbps
MBPS_PER_MESSAGE = (200 + 52) * 8 / 1e6 / 3600


def test_data_from_and_to_clients_is_processed(make_demand, bill_of, quantities):
    # Google's release note of 2022-03-14: outbound data is charged on all Cloud Load Balancing
    # products. Masked, 124 bytes arrive as 204
    demand = make_demand(10, to_client=3e6, to_server=1e6, payload=124)
    counted = quantities(bill_of(ID, demand))

    assert counted[IN] == pytest.approx((1e6 * 204 + 3e6 * 52) * 730 / 2**30)
    assert counted[OUT] == pytest.approx((3e6 * 200 + 1e6 * 52) * 730 / 2**30)


def test_only_data_from_clients_is_processed_if_the_open_question_is_answered_so(
    make_demand, bill_of, quantities
):
    demand = make_demand(10, to_client=3e6, to_server=1e6, payload=124)
    counted = quantities(bill_of(ID, demand, answers={"outbound_processed": "no"}))

    assert counted[IN] == pytest.approx((1e6 * 204 + 3e6 * 52) * 730 / 2**30)
    assert OUT not in counted


def test_rules_are_paid_for_at_the_price_of_the_region(make_demand, bill_of, cents):
    # 0.038 and 0.011 an hour in Tokyo, from a price list of 2019
    bill = bill_of(ID, make_demand(10), location="tokyo", options={"forwarding_rules": 7})

    assert cents(bill)["gcp.load_balancing.regional_first_five_rules_hours"] == 27.74
    assert cents(bill)["gcp.load_balancing.regional_extra_rule_hours"] == 16.06


def test_the_standard_tier_has_one_price_for_all_destinations(make_demand, bill_of, quantities):
    demand = make_demand(10, to_client=1e9)
    users = {"europe": 1, "americas": 1}
    standard = bill_of(ID, demand, users_in=users, options={"network_tier": "standard"})
    premium = quantities(bill_of(ID, demand, users_in=users))

    counted = quantities(standard)
    assert not [meter for meter in counted if meter.startswith("gcp.egress.premium")]
    assert counted["gcp.egress.standard"] == pytest.approx(
        premium["gcp.egress.premium_to_europe"] + premium["gcp.egress.premium_to_americas"]
    )


@pytest.mark.parametrize(("mbps", "nodes"), [(4_899, 1), (4_901, 2), (14_701, 4)])
def test_a_node_sends_at_most_7_gbps_to_the_internet(make_demand, bill_of, quantities, mbps, nodes):
    # of an n2-standard-16, which has 32 Gbps; 70 % of 7,000 Mbps are planned with: 4,900
    options = {
        "machine": "n2-standard-16",
        "messages_per_core_second": 1e12,
        "min_nodes": 1,
        "survives": "none",
    }
    demand = make_demand(10, to_client=mbps / MBPS_PER_MESSAGE, payload=124)

    counted = quantities(bill_of(ID, demand, options=options))
    assert counted["gcp.compute.n2_vcpu_hours"] == pytest.approx(nodes * 16 * 730)


def test_what_each_node_sends_is_checked(make_demand, bill_of, verdict_on):
    demand = make_demand(10, to_client=6_000 / MBPS_PER_MESSAGE, payload=124)
    options = {
        "machine": "n2-standard-16",
        "messages_per_core_second": 1e12,
        "min_nodes": 2,
        "survives": "none",
    }
    verdict = verdict_on(bill_of(ID, demand, options=options), CAP)

    assert float(verdict.used) == pytest.approx(3_000)
    assert verdict.state == "within limits"


def test_nodes_make_the_handshakes(make_demand, bill_of, quantities):
    # 14 a second at one a core and second, 70 % of nodes with two vCPU of 0.61 cores each
    # (families.csv): 16.4; all else of a new connection takes nothing
    options = {
        "machine": "n2-standard-2",
        "handshakes_per_core_second": 1,
        "new_connections_per_core_second": 1e12,
        "application": "none",
        "idle_cpu_seconds_per_connection_second": 0,
        "survives": "none",
    }
    demand = make_demand(10, new_connections=14 * 3600)
    here, behind_proxy = (
        quantities(bill_of(each, demand, options=options))["gcp.compute.n2_vcpu_hours"]
        for each in (ID, "gcp.application_lb_gce")
    )

    assert here == pytest.approx(17 * 2 * 730)
    assert behind_proxy == pytest.approx(1 * 2 * 730)


def test_connections_are_not_cut_by_age(make_demand, bill_of, quantities):
    short, long = (
        quantities(bill_of(ID, make_demand(10, new_connections=100, session_hours=hours)))[IN]
        for hours in (1, 240)
    )

    assert short == long


def test_a_heartbeat_must_come_within_60_seconds(make_demand, bill_of, verdict_on):
    limit = "gcp.load_balancer.passthrough_idle_timeout"
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1_000)
    beating = verdict_on(ws.estimate(scenario, ID), limit)
    silent = verdict_on(bill_of(ID, make_demand(10)), limit)

    assert float(beating.used) == pytest.approx(25)
    assert beating.state == "within limits"
    assert silent.state == "over a hard limit"


def test_the_rules_in_london_cost_what_the_catalog_says(make_demand, bill_of):
    # Google Cloud Billing Catalog of 2026-09-21, "Forwarding Rule Minimum for London": 0.03 an hour
    lines = bill_of(ID, make_demand(10), location="london").items
    [rules] = [line for line in lines if "five_rules" in line.rate.meter_id]

    assert rules.rate.tariff.usd_per_unit == [0.03]
    assert float(rules.cost_usd) == pytest.approx(0.03 * 730)
