"""Which price is in force: by meter, region and day."""

import datetime as dt

import pytest

import estimator as ws

THINGS = "aws.shop.things"
HISTORY = [
    {"usd_per_unit": 3, "effective_from": "2024-01-01"},
    {"usd_per_unit": 1, "effective_from": "2026-01-01"},
    {"usd_per_unit": 2, "effective_from": "2025-01-01"},
]


@pytest.mark.parametrize(
    ("as_of", "usd"),
    [
        ("2024-01-01", 3.0),
        ("2024-12-31", 3.0),
        ("2025-01-01", 2.0),
        ("2025-12-31", 2.0),
        ("2026-01-01", 1.0),
        (None, 1.0),
    ],
)
def test_the_newest_price_that_had_begun_is_in_force(catalog_of, as_of, usd):
    rate = catalog_of(HISTORY, as_of=as_of).rate(THINGS, "here")

    assert rate.tariff.usd_per_unit.tolist() == [usd]


def test_before_the_first_price_there_is_none(catalog_of):
    with pytest.raises(ws.MissingRateError, match="in force on 2023-12-31"):
        catalog_of(HISTORY, as_of="2023-12-31").rate(THINGS, "here")


def test_a_new_version_replaces_all_tiers_of_the_old_one(catalog_of):
    found = catalog_of(
        [
            {"usd_per_unit": 3, "effective_from": "2024-01-01"},
            {"usd_per_unit": 2, "effective_from": "2024-01-01", "tier_from": 100},
            {"usd_per_unit": 1, "effective_from": "2025-01-01"},
        ]
    ).rate(THINGS, "here")

    assert found.tariff.tier_from.tolist() == [0]
    assert found.tariff.usd_per_unit.tolist() == [1.0]


def test_a_new_version_in_one_region_leaves_the_others(catalog_of):
    catalog = catalog_of(
        [
            {"region": "here", "usd_per_unit": 3, "effective_from": "2024-01-01"},
            {"region": "there", "usd_per_unit": 2, "effective_from": "2024-01-01"},
            {"region": "here", "usd_per_unit": 1, "effective_from": "2025-01-01"},
        ]
    )

    assert catalog.rate(THINGS, "here").tariff.usd_per_unit == [1.0]
    assert catalog.rate(THINGS, "there").tariff.usd_per_unit == [2.0]


def test_tiers_may_stand_in_any_order_in_the_file(catalog_of):
    found = catalog_of({50: 1, 0: 2}).rate(THINGS, "here")

    assert found.tariff.tier_from.tolist() == [0, 50]
    assert found.tariff.usd_per_unit.tolist() == [2.0, 1.0]


def test_a_rate_is_as_old_and_as_unsure_as_its_worst_tier(catalog_of):
    found = catalog_of(
        [
            {"checked_on": "2026-09-01", "confidence": "confirmed"},
            {"tier_from": 9, "checked_on": "2026-03-01", "confidence": "single_source"},
        ]
    ).rate(THINGS, "here")

    assert found.checked_on == dt.date(2026, 3, 1)
    assert found.confidence == "single_source"


@pytest.mark.parametrize("edges", [[5], [0, 0], [10, 0, 10]])
def test_tiers_that_do_not_ascend_from_zero_are_refused(catalog_of, edges):
    catalog = catalog_of([{"tier_from": edge} for edge in edges])

    with pytest.raises(ws.PricingDataError, match="tiers must start at 0 and ascend"):
        catalog.rate(THINGS, "here")


def test_a_meter_that_is_free_as_a_whole_has_one_price_of_zero(catalog_of, bill_for):
    bill = bill_for(catalog_of({0: 0}), ("here", 1e9))

    assert bill.total == 0
    assert bill.items[0].tiers_text() == "1,000,000,000 x $0"


@pytest.mark.parametrize("ladder", [{0: 0, 100: 1}, {0: 1, 100: 0}])
def test_a_free_tier_among_others_is_refused_as_it_is_an_allowance(catalog_of, ladder):
    catalog = catalog_of(ladder)

    with pytest.raises(ws.PricingDataError, match="a tier of price 0 is an allowance, not a price"):
        catalog.rate(THINGS, "here")


def test_a_price_for_everywhere_holds_where_there_is_none_of_its_own(catalog_of):
    catalog = catalog_of(
        [{"region": "*", "usd_per_unit": 5}, {"region": "here", "usd_per_unit": 4}]
    )

    assert catalog.rate(THINGS, "here").tariff.usd_per_unit == [4.0]
    assert catalog.rate(THINGS, "there").tariff.usd_per_unit == [5.0]
    assert catalog.rate(THINGS, "there").region == "*"
    assert catalog.regions(THINGS) == ["far", "here", "there"]


def test_a_price_for_everywhere_holds_in_regions_of_its_cloud_only(catalog_of):
    with pytest.raises(ws.MissingRateError, match=r"'eastus'.* price: far, here, there"):
        catalog_of([{"region": "*"}]).rate(THINGS, "eastus")


def test_a_real_price_for_everywhere_holds_in_every_region():
    # Oracle has one price list for all its commercial regions
    prices = {
        float(ws.price({"oci.load_balancer.hours": 1}, region).total)
        for region in ("us-ashburn-1", "eu-frankfurt-1", "ap-tokyo-1")
    }

    assert len(prices) == 1


def test_the_lines_in_force_come_by_meter_region_and_tier(catalog_of):
    catalog = catalog_of(
        [
            {"meter": "aws.shop.works"},
            {"region": "there"},
            {"region": "here", "tier_from": 9},
            {"region": "here"},
            {"region": "here", "effective_from": "2020-01-01"},
        ],
        meters=[{}, {"meter": "aws.shop.works"}],
    )

    assert [(row.meter, row.region, row.tier_from) for row in catalog.rows()] == [
        (THINGS, "here", 0),
        (THINGS, "here", 9),
        (THINGS, "there", 0),
        ("aws.shop.works", "*", 0),
    ]
    assert set(catalog.priced) == {(THINGS, "here"), (THINGS, "there"), ("aws.shop.works", "*")}
