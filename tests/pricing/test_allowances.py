"""Free allowances: which are granted, what they cover, and on which side of the tiers they lie."""

import numpy as np
import pytest

import estimator as ws

LADDER = {0: 2.0, 100: 1.0}


@pytest.mark.parametrize(
    ("used", "free", "tiers", "usd"),
    [
        # 130 - 20 = 110: a hundred at 2 and ten at 1
        (130, 20, "beyond", 210),
        # the second tier starts at the 101st unit: 80 at 2 and thirty at 1
        (130, 20, "including", 190),
        # an allowance wider than the first tier reaches into the second
        (130, 110, "including", 20),
        (130, 110, "beyond", 40),
        (20, 20, "beyond", 0),
        (20, 20, "including", 0),
        (21, 20, "including", 2),
        (0, 20, "beyond", 0),
    ],
)
def test_tiers_count_use_beyond_the_free_units_or_including_them(
    catalog_of, bill_for, used, free, tiers, usd
):
    catalog = catalog_of(LADDER, allowances=[{"quantity": free, "tiers": tiers}])

    bill = bill_for(catalog, ("here", used))

    assert bill.total == usd
    assert bill.items[0].free_units == min(used, free)


@pytest.mark.parametrize(("used", "usd"), [(0, 0), (10, 0), (15, 0), (16, 2), (115, 185)])
def test_an_allowance_of_money_covers_no_more_than_the_line(catalog_of, bill_for, used, usd):
    bill = bill_for(catalog_of(LADDER, allowances=[{"usd": 30}]), ("here", used))

    # 115 units are a hundred at 2 and fifteen at 1, of which 30 USD are given
    assert bill.total == usd
    assert bill.items[0].free_units == 0
    assert bill.items[0].credit_usd == min(30, 2 * used)


def test_units_and_money_may_be_given_of_one_meter(catalog_of, bill_for):
    gifts = [{"quantity": 10}, {"allowance": "aws.shop.credit", "usd": 3}]

    bill = bill_for(catalog_of({0: 1}, allowances=gifts), ("here", 20))

    assert bill.total == 20 - 10 - 3


def test_which_allowances_are_granted_is_chosen_but_for_what_a_fee_includes(catalog_of, bill_for):
    gifts = [
        {"allowance": "aws.shop.plan", "quantity": 1, "kind": "included"},
        {"allowance": "aws.shop.gift", "quantity": 10, "kind": "always"},
        {"allowance": "aws.shop.welcome", "quantity": 5, "kind": "new_accounts"},
    ]
    catalog = catalog_of({0: 1}, allowances=gifts)

    assert [
        bill_for(catalog, ("here", 20), free_allowances=granted).total
        for granted in ("none", "always", "all")
    ] == [20 - 1, 20 - 1 - 10, 20 - 1 - 10 - 5]


def test_an_allowance_of_some_regions_is_not_granted_in_others(catalog_of, bill_for):
    catalog = catalog_of({0: 1}, allowances=[{"quantity": 10, "regions": "here"}])

    assert bill_for(catalog, ("here", 20)).total == 10
    assert bill_for(catalog, ("there", 20)).total == 20


def test_allowances_that_count_tiers_in_unequal_ways_are_refused(catalog_of):
    gifts = [{"quantity": 1, "tiers": side} for side in ("beyond", "including")]

    with pytest.raises(ws.PricingDataError, match=r"aws\.shop\.things: .* tiers in different ways"):
        catalog_of(allowances=gifts)


def test_a_line_tells_its_free_units_and_credit(catalog_of, bill_for):
    units = bill_for(catalog_of(LADDER, allowances=[{"quantity": 20}]), ("here", 130))
    money = bill_for(catalog_of(LADDER, allowances=[{"usd": 30}]), ("here", 130))

    assert units.items[0].tiers_text() == "20 free + 100 x $2 + 10 x $1"
    assert money.items[0].tiers_text() == "100 x $2 + 30 x $1 - $30.00 free credit"


def test_aws_grants_100_gb_before_its_tiers_start():
    # the rate descriptions of AWS count the first 10 TB beyond the free amount: 10,240 x 0.09
    bill = ws.price({"aws.egress.internet": 10_340}, "us-east-1", free_allowances="always")

    assert bill.total == pytest.approx(921.60)


def test_azure_counts_its_100_free_gb_in_the_first_tier():
    # https://azure.microsoft.com/pricing/details/bandwidth/: the second tier starts at 10,335 GB
    bill = ws.price({"azure.egress.internet": 10_336}, "eastus", free_allowances="always")

    assert bill.total == pytest.approx((10_335 - 100) * 0.087 + 1 * 0.083)


def test_google_takes_money_off_where_prices_are_higher():
    # 180,000 vCPU-seconds at the price of us-central1, 0.000024, are 4.32 USD everywhere
    bill = ws.price(
        {"gcp.cloud_run.cpu_request_based": 1_800_000}, "europe-west3", free_allowances="always"
    )

    assert bill.total == pytest.approx(60.48 - 4.32)


def test_google_gives_no_more_money_than_the_line_costs():
    bill = ws.price(
        {"gcp.cloud_run.cpu_request_based": np.array([0, 1_000, 128_571, 128_572, 1e6])},
        "europe-west3",
        free_allowances="always",
    )

    # 4.32 USD buy 128,571.4 vCPU-seconds at 0.0000336
    np.testing.assert_allclose(
        bill.total, [0, 0, 0, 128_572 * 0.0000336 - 4.32, 33.6 - 4.32], atol=1e-12
    )


def test_always_leaves_out_what_only_new_accounts_of_aws_have():
    asked = {"aws.api_gateway.messages": 2e6}
    totals = {
        allowances: ws.price(asked, "us-east-1", free_allowances=allowances).total
        for allowances in ("none", "always", "all")
    }

    # https://aws.amazon.com/api-gateway/pricing/: one million messages for new accounts
    assert totals == {"none": 2.0, "always": 2.0, "all": 1.0}


def test_google_gives_its_free_gib_to_sources_in_north_america_only():
    # 1 GiB for sources in North America: https://cloud.google.com/vpc/network-pricing
    home = ws.price({"gcp.egress.premium_to_europe": 10}, "us-east4", free_allowances="always")
    away = ws.price({"gcp.egress.premium_to_europe": 10}, "europe-west3", free_allowances="always")

    assert float(home.items[0].free_units) == 1
    assert float(away.items[0].free_units) == 0


def test_oracle_pools_its_free_hours_over_all_balancers():
    # one balancer all month is free, of two the second is paid from hour 745 of both on
    one, two = (
        ws.price({"oci.load_balancer.hours": hours}, "us-ashburn-1", free_allowances="always").total
        for hours in (730, 1460)
    )

    assert one == 0
    assert two == pytest.approx(8.0908)


@pytest.mark.parametrize("wrong", ["alway", "", "ALL"])
def test_an_unknown_kind_of_allowances_is_refused(wrong):
    with pytest.raises(ws.EstimatorError, match=r"none.*always.*all|all.*always.*none"):
        ws.price({"aws.api_gateway.messages": 2e6}, "us-east-1", free_allowances=wrong)
