"""Free allowances: which are granted, what they cover, and on which side of the tiers they lie."""

import numpy as np
import pytest

import estimator as ws
from estimator.pricing.tariff import Tariff, billed_units

LADDER = Tariff(np.array([0.0, 100.0]), np.array([2.0, 1.0]))


def usd(quantity: float, free: float, tiers) -> float:
    return float(LADDER.cost(billed_units(LADDER, np.array(quantity), free, tiers)))


def test_tiers_beyond_the_allowance_start_after_it():
    # 130 - 20 = 110: a hundred at 2 and ten at 1
    assert usd(130, 20, "beyond") == 210


def test_tiers_including_the_allowance_count_it():
    # the second tier starts at the 101st unit: 80 at 2 and thirty at 1
    assert usd(130, 20, "including") == 190


def test_an_allowance_wider_than_the_first_tier_reaches_into_the_second():
    assert usd(130, 110, "including") == 20
    assert usd(130, 110, "beyond") == 40


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


def test_an_allowance_of_money_covers_no_more_than_the_line():
    bill = ws.price(
        {"gcp.cloud_run.cpu_request_based": np.array([0, 1_000, 128_571, 128_572, 1e6])},
        "europe-west3",
        free_allowances="always",
    )

    # 4.32 USD buy 128,571.4 vCPU-seconds at 0.0000336
    np.testing.assert_allclose(
        bill.total, [0, 0, 0, 128_572 * 0.0000336 - 4.32, 33.6 - 4.32], atol=1e-12
    )


def test_always_leaves_out_what_only_new_accounts_have():
    asked = {"aws.api_gateway.messages": 2e6}
    totals = {
        allowances: ws.price(asked, "us-east-1", free_allowances=allowances).total
        for allowances in ("none", "always", "all")
    }

    # https://aws.amazon.com/api-gateway/pricing/: one million messages for new accounts
    assert totals == {"none": 2.0, "always": 2.0, "all": 1.0}


def test_an_allowance_of_some_regions_is_not_granted_in_others():
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
