"""Each line of a bill tells how it came to be."""

import numpy as np
import pytest

import estimator as ws
from estimator.format import quantity_text

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_every_line_names_its_source_date_and_confidence(deployment):
    bill = ws.estimate(SCENARIO, deployment)

    for item in bill.items:
        told = item.explain()
        assert item.rate.source in told
        assert f"checked {item.rate.checked_on}" in told
        assert {"confirmed": "confirmed", "single_source": "one source", "inferred": "inferred"}[
            item.rate.confidence
        ] in told


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_the_table_of_lines_holds_the_same_sources(deployment):
    bill = ws.estimate(SCENARIO, deployment)

    assert bill.lines["source"].str.len().min() >= 8
    assert bill.lines["checked"].notna().all()
    assert bill.lines["formula"].str.len().min() > 10
    np.testing.assert_allclose(bill.lines["cost_usd"].sum(), bill.total)


def test_tiers_are_told_with_their_prices():
    [line] = ws.price({"aws.api_gateway.messages": 1.5e9}, region="us-east-1").items

    assert line.tiers_text() == "1,000,000,000 x $0.000001 + 500,000,000 x $0.0000008"
    assert "$1,400.00" in line.explain()


def test_free_units_are_told():
    bill = ws.price({"aws.egress.internet": 150}, "us-east-1", free_allowances="always")

    assert bill.items[0].tiers_text() == "100 free + 50 x $0.09"


def test_free_money_is_told():
    bill = ws.price(
        {"gcp.cloud_run.cpu_request_based": 1_800_000}, "europe-west3", free_allowances="always"
    )

    assert bill.items[0].tiers_text() == "1,800,000 x $0.0000336 - $4.32 free credit"


def test_an_unused_line_says_so():
    [line] = ws.price({"aws.egress.internet": 0}, region="us-east-1").items

    assert line.tiers_text() == "nothing used"


def test_a_bill_of_many_asks_to_be_explained_one_by_one():
    bill = ws.estimate(SCENARIO.replace(peak_connections=[1, 2]), "aws.api_gateway")

    assert "2 bills; explain one scenario at a time" in bill.explain()


@pytest.mark.parametrize(
    ("quantity", "shown"),
    [
        (0, "0"),
        (0.75, "0.75"),
        (6.25, "6.25"),
        (99_999, "99,999"),
        (1_234_567.891, "1,234,568"),
        (157_000, "157,000"),
    ],
)
def test_amounts_have_as_many_decimals_as_matter(quantity, shown):
    assert quantity_text(quantity) == shown
