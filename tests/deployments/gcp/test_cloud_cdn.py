"""What Cloud CDN bills for polls that its caches answer, and what is left for the origin."""

import pytest

import estimator as ws
from estimator.errors import MissingRateError, NotCarriedError, ScenarioError

ID, FLEET = "gcp.cloud_cdn_application_lb_gce", "gcp.application_lb_gce"
LOOKUPS = "gcp.cloud_cdn.cache_lookups"
EGRESS = "gcp.cloud_cdn.egress_to_north_america"
TICKS = {"direction": "server_to_client", "rate_per_hour": 60, "payload": 200}
POLLING = {"kind": "polling", "every_seconds": 5}


def bill(
    deployment=ID, fan_out=100_000, transport=POLLING, location="virginia", **options
) -> ws.Estimate:
    session = {"law": "exponential", "mean_hours": 1}
    demand = ws.Demand.of(
        100_000, session=session, flows={"ticks": TICKS | {"fan_out": fan_out}}, application="none"
    )
    scenario = ws.Scenario(
        profile="market-data",
        location=location,
        peak_connections=100_000,
        transport=transport,
        options={deployment: options},
        free_allowances="none",
    )
    return ws.estimate(scenario, deployment, demand=demand)


def cost(found: ws.Estimate, meter: str) -> float:
    return sum(float(each.cost_usd) for each in found.items if each.usage.meter_id == meter)


def test_each_poll_is_looked_up():
    # 100,000 clients every 5 s: 52.56 G look-ups at 0.0075 per 10,000
    assert round(cost(bill(), LOOKUPS), 2) == 39_420.00


def test_all_bytes_to_clients_leave_the_caches(quantities):
    cached, direct = quantities(bill()), quantities(bill(FLEET))
    shares = ("north_america", "europe", "asia", "latin_america", "oceania")

    out = sum(cached.get(f"gcp.cloud_cdn.egress_to_{area}", 0) for area in shares)
    assert out == pytest.approx(
        sum(each for meter, each in direct.items() if meter.startswith("gcp.egress.premium_to_"))
    )
    assert not any(meter.startswith("gcp.egress") for meter in cached)


def test_the_origin_is_sized_by_the_requests_that_caches_pass_on():
    # 20,000 polls per second, of which 10 caches of one second pass on 20,000 / 2,001 = 10
    cached, direct = (bill(each, survives="none").sizing for each in (ID, FLEET))

    assert cached is not None
    assert direct is not None
    assert float(cached.peak_units) == 1
    assert float(direct.peak_units) > 2
    assert any("of 20,000 polls per second in the busiest hour, 10" in n for n in bill().notes)


def test_what_differs_from_client_to_client_is_refused():
    with pytest.raises(NotCarriedError, match="'ticks' is not"):
        bill(fan_out=50_000)


@pytest.mark.parametrize("transport", ["websocket", "long_polling", "server_sent_events"])
def test_caches_answer_polls_only(transport):
    with pytest.raises(NotCarriedError, match="It carries polling"):
        bill(transport=transport)


def test_a_regional_balancer_has_no_caches():
    with pytest.raises(ScenarioError, match="has no caches"):
        bill(balancer="regional")


def test_a_part_of_the_world_without_a_price_is_refused():
    with pytest.raises(MissingRateError, match="to middle east africa"):
        bill(location="me-central1")
