"""A price that nobody saw is on the bill with its range, and decides no choice."""

import pytest

import estimator as ws
from estimator.deployments.fleet.machine import machines, priced
from estimator.pricing.catalog import load_catalog


def scenario(location: str, **options: str) -> ws.Scenario:
    return ws.Scenario(
        profile="workplace-chat",
        location=location,
        peak_connections=50_000,
        options={"aws.alb_ec2": options} if options else {},
    )


def test_machines_without_a_seen_price_are_no_candidates_where_others_have_one():
    # c8g, m8g and r8g are in no price file of Seoul that was read
    catalog, names = load_catalog(), tuple(machines("aws", "vm"))
    candidates = priced(catalog, "ap-northeast-2", "aws", "vm", names)

    assert "c7g.large" in candidates
    assert not [name for name in candidates if name.startswith(("c8g", "m8g", "r8g"))]
    assert all(
        catalog.rate(meter, "ap-northeast-2").range_usd is None
        for name in candidates
        for meter in machines("aws", "vm")[name].parts
    )


def test_a_machine_that_is_named_may_have_an_inferred_price():
    bill = ws.estimate(scenario("seoul", machine="c8g.large"), "aws.alb_ec2")
    line, *_ = [item for item in bill.items if item.rate.meter_id == "aws.ec2.c8g_large"]
    [note] = [note for note in bill.notes if "was seen" in note]

    assert line.rate.confidence == "inferred"
    # c8g.large costs 10% more than c7g.large wherever both were seen; c7g.large 0.0816 in Seoul
    assert line.rate.tariff.usd_per_unit[0] == pytest.approx(1.1 * 0.0816, rel=0.05)
    assert "no price in ap-northeast-2 was seen" in note
    assert "of this bill $" in note


def test_a_machine_that_is_not_offered_is_refused_though_its_sisters_have_prices():
    with pytest.raises(ws.MissingRateError, match="not offered there"):
        ws.estimate(scenario("saopaulo", machine="r8g.large"), "aws.alb_ec2")


def test_every_azure_deployment_is_billed_in_frankfurt():
    compared = ws.compare(scenario("frankfurt"))
    gateway = compared.bill("azure.application_gateway_vm")
    [fee] = [item for item in gateway.items if item.rate.meter_id.endswith("standard_v2_hours")]

    assert compared.refusals == ()
    # other regions' fixed prices lie between 0.20 and 0.40
    assert fee.rate.range_usd is not None
    least, most = fee.rate.range_usd
    assert least <= fee.rate.tariff.usd_per_unit[0] <= most
    assert 0.20 <= fee.rate.tariff.usd_per_unit[0] <= 0.40
