"""What a load balancer in front of Cloud Run adds, and what it leaves as it is.

Rules: https://cloud.google.com/load-balancing/pricing and
https://docs.cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
"""

import pytest

ID = "gcp.application_lb_cloud_run"
ALONE = "gcp.cloud_run"
IN = "gcp.load_balancing.inbound_gib"
OUT = "gcp.load_balancing.outbound_gib"
GIB = 2**30


@pytest.fixture
def demand(make_demand):
    """Some of everything."""
    return make_demand(6_000, to_client=1e6, to_server=1e5, new_connections=100, session_hours=3)


def test_cloud_run_and_its_traffic_cost_the_same_behind_a_load_balancer(demand, bill_of, cents):
    alone, behind = (cents(bill_of(each, demand)) for each in (ALONE, ID))

    assert {meter: behind[meter] for meter in alone} == alone
    assert set(behind) - set(alone) == {"gcp.load_balancing.first_five_rules_hours", IN, OUT}


def test_what_is_sent_to_clients_is_processed_and_leaves_for_the_internet(
    demand, bill_of, quantities
):
    counted = quantities(bill_of(ID, demand))

    assert counted[OUT] == pytest.approx(counted["gcp.egress.premium_to_americas"])


def test_both_directions_are_processed(make_demand, bill_of, quantities):
    # 124 bytes leave as 200 and are acknowledged with 52; masked they arrive as 204
    demand = make_demand(10, to_client=3e6, to_server=1e6, payload=124)
    counted = quantities(bill_of(ID, demand))

    assert counted[OUT] * GIB == pytest.approx((3e6 * 200 + 1e6 * 52) * 730)
    assert counted[IN] * GIB == pytest.approx((1e6 * 204 + 3e6 * 52) * 730)


def test_only_messages_are_processed_if_the_open_question_is_answered_so(
    make_demand, bill_of, quantities
):
    # headers of 2 bytes, of 6 where the client masks
    demand = make_demand(10, to_client=3e6, to_server=1e6, payload=124, new_connections=100)
    counted = quantities(bill_of(ID, demand, answers={"processed_bytes": "websocket"}))

    assert counted[OUT] * GIB == pytest.approx(3e6 * 126 * 730)
    assert counted[IN] * GIB == pytest.approx(1e6 * 130 * 730)


@pytest.mark.parametrize(("hours", "requests"), [(1, 1), (24, 24), (48, 48)])
def test_cloud_runs_60_minutes_rule_and_not_the_24_hours_of_the_load_balancer(
    make_demand, bill_of, quantities, hours, requests
):
    demand = make_demand(10, new_connections=7, session_hours=hours)
    answers = {"open_websockets": "request"}
    bill = bill_of(ID, demand, options={"billing": "request"}, answers=answers)

    assert quantities(bill)["gcp.cloud_run.requests"] == pytest.approx(7 * requests * 730)


def test_an_instance_has_the_same_limits_behind_a_load_balancer(demand, bill_of):
    alone, behind = (bill_of(each, demand).verdicts for each in (ALONE, ID))

    assert [(v.limit.limit, float(v.used)) for v in behind] == [
        (v.limit.limit, float(v.used)) for v in alone
    ]


def test_a_regional_balancer_sends_in_the_standard_tier(demand, bill_of, quantities):
    options = {"balancer": "regional", "network_tier": "standard"}
    counted = quantities(bill_of(ID, demand, options=options))

    assert "gcp.load_balancing.regional_first_five_rules_hours" in counted
    assert counted["gcp.egress.standard"] == pytest.approx(counted[OUT])
    assert not [meter for meter in counted if meter.startswith("gcp.egress.premium")]


def test_a_regional_balancer_passes_5000_new_connections_a_second_on(
    make_demand, bill_of, verdict_on
):
    # https://docs.cloud.google.com/load-balancing/docs/negs/serverless-neg-concepts
    demand = make_demand(6_000, new_connections=4_500 * 3600)
    limit = "gcp.load_balancer.serverless_regional_requests_per_second"
    bill = bill_of(ID, demand, options={"balancer": "regional"})

    assert float(verdict_on(bill, limit).share) == pytest.approx(0.9)
    assert limit not in {one.limit.limit for one in bill_of(ID, demand).verdicts}
