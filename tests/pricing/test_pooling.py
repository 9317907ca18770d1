"""What a vendor adds up is added up: tiers, allowances and packages over regions and meters."""

import numpy as np
import pytest

import estimator as ws

THINGS, WORKS = "aws.shop.things", "aws.shop.works"
LADDER = {0: 2.0, 100: 1.0}
TWO_METERS = [{"meter": THINGS, "usd_per_unit": 2}, {"meter": WORKS, "usd_per_unit": 1}]


def costs(bill: ws.Bill) -> list[float]:
    return [float(item.cost_usd) for item in bill.items]


def free(bill: ws.Bill) -> list[float]:
    return [float(item.free_units) for item in bill.items]


@pytest.mark.parametrize(
    ("pool", "usd"),
    [
        # 60 units in each of three regions, two of them in one zone
        ("region", 3 * 60 * 2),
        ("zone", (100 * 2 + 20 * 1) + 60 * 2),
        ("account", 100 * 2 + 80 * 1),
    ],
)
def test_use_goes_up_one_ladder_in_what_the_vendor_adds_up(catalog_of, bill_for, pool, usd):
    catalog = catalog_of(LADDER, meters=[{"tiers_pool_over": pool}])

    assert bill_for(catalog, ("here", 60), ("there", 60), ("far", 60)).total == usd


def test_a_line_starts_in_the_tier_where_the_one_before_ended(catalog_of, bill_for):
    catalog = catalog_of(LADDER, meters=[{"tiers_pool_over": "zone"}])

    first, second = bill_for(catalog, ("here", 60), ("there", 80)).items

    assert first.units_by_tier.tolist() == [60, 0]
    assert second.units_by_tier.tolist() == [40, 40]


def test_each_region_of_a_pool_pays_its_own_prices(catalog_of, bill_for):
    catalog = catalog_of(
        [
            {"region": "here", "usd_per_unit": 2},
            {"region": "here", "usd_per_unit": 1, "tier_from": 100},
            {"region": "there", "usd_per_unit": 4},
            {"region": "there", "usd_per_unit": 3, "tier_from": 100},
        ]
    )

    assert costs(bill_for(catalog, ("here", 60), ("there", 80))) == [60 * 2, 40 * 4 + 40 * 3]


def test_two_lines_of_one_region_are_one_use(catalog_of, bill_for):
    catalog = catalog_of(
        LADDER, meters=[{"tiers_pool_over": "region"}], allowances=[{"quantity": 10}]
    )

    assert costs(bill_for(catalog, ("here", 60), ("here", 80))) == [50 * 2, 50 * 2 + 30 * 1]


def test_other_meters_have_a_ladder_of_their_own(catalog_of, bill_for):
    ladders = [
        {"meter": meter, "tier_from": edge, "usd_per_unit": usd}
        for meter in (THINGS, WORKS)
        for edge, usd in LADDER.items()
    ]
    catalog = catalog_of(ladders, meters=[{"meter": THINGS}, {"meter": WORKS}])

    assert costs(bill_for(catalog, (THINGS, "here", 80), (WORKS, "here", 80))) == [160, 160]


def test_a_region_without_a_zone_cannot_be_added_up_by_zone(catalog_of, bill_for):
    catalog = catalog_of(regions={"lost": None}, meters=[{"tiers_pool_over": "zone"}])

    with pytest.raises(ws.PricingDataError, match=rf"{THINGS}: region 'lost' has no zone"):
        bill_for(catalog, ("lost", 1))


@pytest.mark.parametrize(
    ("pool", "free_units"),
    [("account", [30, 20, 0]), ("zone", [30, 20, 40]), ("region", [30, 40, 40])],
)
def test_an_allowance_is_spent_once_by_what_shares_it(catalog_of, bill_for, pool, free_units):
    catalog = catalog_of({0: 1}, allowances=[{"quantity": 50, "pool_over": pool}])

    bill = bill_for(catalog, ("here", 30), ("there", 40), ("far", 40))

    assert free(bill) == free_units
    assert bill.total == 110 - sum(free_units)


def test_meters_that_share_an_allowance_spend_it_once(catalog_of, bill_for):
    # as the free GB-seconds of AWS Lambda, on x86 and on Arm
    catalog = catalog_of(
        TWO_METERS,
        meters=[{"meter": THINGS}, {"meter": WORKS}],
        allowances=[{"meters": f"{THINGS} {WORKS}", "quantity": 100}],
    )

    bill = bill_for(catalog, (THINGS, "here", 60), (WORKS, "far", 80), (THINGS, "there", 10))

    assert free(bill) == [60, 40, 0]
    assert costs(bill) == [0, 40 * 1, 10 * 2]


def test_money_is_given_once_over_regions_and_meters(catalog_of, bill_for):
    # as the free tier of Cloud Run, which Google gives as an amount
    catalog = catalog_of(
        TWO_METERS,
        meters=[{"meter": THINGS}, {"meter": WORKS}],
        allowances=[{"meters": f"{THINGS} {WORKS}", "usd": 30}],
    )

    bill = bill_for(catalog, (THINGS, "here", 10), (WORKS, "there", 20), (THINGS, "far", 10))

    assert costs(bill) == [0, 10, 20]
    assert [float(item.credit_usd) for item in bill.items] == [20, 10, 0]


@pytest.mark.parametrize(
    ("side", "usd"),
    [("beyond", [10 * 2, 90 * 2]), ("including", [10 * 2, 40 * 2 + 50 * 1])],
)
def test_free_units_of_a_pool_come_before_its_tiers(catalog_of, bill_for, side, usd):
    # of 60 and 90 units the first 50 are free: tiers count the other hundred, or all of them
    catalog = catalog_of(LADDER, allowances=[{"quantity": 50, "tiers": side}])

    assert costs(bill_for(catalog, ("here", 60), ("there", 90))) == usd


@pytest.mark.parametrize(
    ("quantities", "paid"),
    [
        ([0], [0]),
        ([1], [100]),
        ([100], [100]),
        ([101], [200]),
        ([30, 50], [100, 0]),
        ([30, 50, 30], [100, 0, 100]),
        ([0, 130, 70, 1], [0, 200, 0, 100]),
    ],
)
def test_packages_are_started_by_the_sum_and_not_by_each_line(
    catalog_of, bill_for, quantities, paid
):
    catalog = catalog_of({0: 1}, meters=[{"package": 100}])
    regions = ["here", "there", "far", "here"]

    assert costs(bill_for(catalog, *zip(regions, quantities, strict=False))) == paid


def test_packages_are_started_by_each_pool(catalog_of, bill_for):
    catalog = catalog_of({0: 1}, meters=[{"package": 100, "tiers_pool_over": "zone"}])

    assert costs(bill_for(catalog, ("here", 30), ("there", 50), ("far", 30))) == [100, 0, 100]


def test_free_units_start_no_package(catalog_of, bill_for):
    catalog = catalog_of({0: 1}, meters=[{"package": 100}], allowances=[{"quantity": 30}])

    assert costs(bill_for(catalog, ("here", 30), ("there", 100))) == [0, 100]


def test_the_noise_of_adding_fractions_starts_no_package(catalog_of, bill_for):
    # ten times 0.3 million is three million, but in binary fractions a little more
    catalog = catalog_of({0: 1e-6}, meters=[{"package": 1e6}])

    bill = bill_for(catalog, *[("here", 0.1 * 3 * 1e6)] * 10)

    assert bill.total == pytest.approx(3)


def test_arrays_and_single_numbers_go_up_one_ladder_element_by_element(catalog_of, bill_for):
    catalog = catalog_of(LADDER, allowances=[{"quantity": 50}])
    many = np.array([0.0, 60.0, 150.0])

    # 80, 140 and 230 units, 50 of them free: 30, 90 and 180 to pay
    expected = [30 * 2, 90 * 2, 100 * 2 + 80 * 1]
    for lines in ([("here", many), ("there", 80)], [("there", 80), ("here", many)]):
        bill = bill_for(catalog, *lines)
        assert np.asarray(bill.total).tolist() == expected
        assert bill.lines.groupby("scenario")["cost_usd"].sum().tolist() == expected
        assert bill.lines.groupby("scenario")["free"].sum().tolist() == [50, 50, 50]


def test_arrays_start_packages_and_spend_money_element_by_element(catalog_of, bill_for):
    catalog = catalog_of({0: 1}, meters=[{"package": 100}], allowances=[{"usd": 150}])

    bill = bill_for(catalog, ("here", np.array([0, 90, 100])), ("there", 20))

    # 20, 110 and 120 units are one, two and two packages, of which 150 USD are given
    assert np.asarray(bill.total).tolist() == [0, 50, 50]


def test_price_adds_up_what_is_given_with_and_without_its_region():
    messages = "aws.api_gateway.messages"
    bill = ws.price({messages: 6e8, (messages, "us-east-1"): 6e8}, region="us-east-1")

    # https://aws.amazon.com/api-gateway/pricing/: $1.00 a million up to a billion, then $0.80
    assert bill.total == pytest.approx(1000 + 200 * 0.80)
    assert bill.region == "us-east-1"


def test_aws_gives_a_million_free_lambda_requests_once_over_all_regions():
    # https://aws.amazon.com/lambda/pricing/: 1 M free requests per month, then $0.20 a million
    bill = ws.price(
        {("aws.lambda.requests", region): 6e5 for region in ("us-east-1", "eu-west-1")},
        free_allowances="always",
    )

    assert bill.total == pytest.approx(0.2 * 0.20)
    assert bill.region == "us-east-1, eu-west-1"


def test_google_gives_its_free_cpu_time_once_over_all_regions():
    # https://cloud.google.com/run/pricing: 180,000 vCPU-seconds free, $0.000024 in both regions
    cpu = "gcp.cloud_run.cpu_request_based"
    bill = ws.price({(cpu, "us-central1"): 1e5, (cpu, "us-east4"): 2e5}, free_allowances="always")

    assert bill.total == pytest.approx(120_000 * 0.000024)
