"""A price that nobody saw follows from its sisters, with a range that holds the true one."""

from collections import defaultdict
from statistics import median

import pytest

import estimator as ws
from estimator.pricing.catalog import load_catalog
from estimator.pricing.inferred_rates import infer_price

KINDS = ["small", "medium", "large", "huge"]
REGIONS = dict.fromkeys(["here", "there", "far"])


def prices(**regions: list[float]) -> list[dict]:
    """Rates of machines of four sizes, by region."""
    return [
        {"meter": f"aws.shop.{kind}", "region": region, "usd_per_unit": usd}
        for region, listed in regions.items()
        for kind, usd in zip(KINDS, listed, strict=False)
    ]


METERS = [{"meter": f"aws.shop.{kind}", "title": kind} for kind in KINDS]


def test_a_price_is_that_elsewhere_times_what_its_sisters_cost_here(catalog_of):
    # sisters cost 10%, 20% and 40% more here; the middle one decides, the others are the range
    catalog = catalog_of(
        prices(there=[1, 2, 4, 8], here=[1.1, 2.4, 5.6]), meters=METERS, regions=REGIONS
    )
    rate = catalog.rate("aws.shop.huge", "here")

    assert rate.tariff.usd_per_unit == pytest.approx([8 * 1.2])
    assert rate.range_usd == pytest.approx((8 * 1.1, 8 * 1.4))
    assert rate.confidence == "inferred"
    assert "there ($8)" in (rate.note or "")
    assert "$9.6 ($8.8 to $11.2)" in (rate.note or "")


def test_regions_where_the_sisters_agree_count_before_others(catalog_of):
    # "far" prices each size on its own; here is 10% above there for all
    regions = dict.fromkeys(["here", "there", "far", "a", "b"])
    catalog = catalog_of(
        prices(
            there=[1, 2, 4, 8],
            a=[1, 2, 4, 8],
            b=[1, 2, 4, 8],
            far=[5, 1, 9, 100],
            here=[1.1, 2.2, 4.4],
        ),
        meters=METERS,
        regions=regions,
    )

    assert catalog.rate("aws.shop.huge", "here").tariff.usd_per_unit == pytest.approx([8.8])


def refused(catalog, meter="aws.shop.huge", region="here") -> str:
    with pytest.raises(ws.MissingRateError) as caught:
        catalog.rate(meter, region)
    return str(caught.value)


def test_what_is_not_offered_is_never_inferred(catalog_of):
    catalog = catalog_of(
        prices(there=[1, 2, 4, 8], here=[1.1, 2.4, 5.6]),
        meters=METERS,
        regions=REGIONS,
        gaps=[{"meter": "aws.shop.huge", "region": "here", "reason": "not_offered"}],
    )

    assert "not offered there" in refused(catalog)


def test_two_sisters_are_too_few(catalog_of):
    catalog = catalog_of(prices(there=[1, 2, 4, 8], here=[1.1, 2.4]), meters=METERS)

    refused(catalog, region="here")


def test_a_meter_with_tiers_anywhere_is_not_inferred(catalog_of):
    catalog = catalog_of(
        [
            *prices(there=[1, 2, 4, 8], here=[1.1, 2.4, 5.6], far=[1, 2, 4, 8]),
            {"meter": "aws.shop.huge", "region": "far", "tier_from": 100, "usd_per_unit": 7},
        ],
        meters=METERS,
        regions=REGIONS,
    )

    refused(catalog)


def test_a_region_that_the_vendor_does_not_have_is_refused(catalog_of):
    catalog = catalog_of(
        prices(there=[1, 2, 4, 8], mars=[1.1, 2.4, 5.6]), meters=METERS, regions=REGIONS
    )

    refused(catalog, region="mars")


def test_a_price_that_came_later_is_not_inferred_for_the_days_before(catalog_of):
    rows = prices(there=[1, 2, 4, 8], here=[1.1, 2.4, 5.6])
    later = {"meter": "aws.shop.huge", "region": "here", "effective_from": "2026-01-01"}
    catalog = catalog_of([*rows, later], meters=METERS, regions=REGIONS, as_of="2025-06-01")

    assert "the earliest known price is from 2026-01-01" in refused(catalog)


def test_prices_that_were_seen_can_be_asked_for_alone(catalog_of):
    catalog = catalog_of(
        prices(there=[1, 2, 4, 8], here=[1.1, 2.4, 5.6]), meters=METERS, regions=REGIONS
    )

    assert catalog.rate("aws.shop.huge", "here").confidence == "inferred"
    refused(catalog.seen)
    assert catalog.seen.seen is catalog.seen


def test_a_contract_changes_an_inferred_price_too(catalog_of):
    catalog = catalog_of(
        prices(there=[1, 2, 4, 8], here=[1.1, 2.4, 5.6]),
        meters=METERS,
        regions=REGIONS,
        contract=[{"meters": ["aws.shop.*"], "percent_off": 50}],
    )
    rate = catalog.rate("aws.shop.huge", "here")

    assert rate.list_tariff.usd_per_unit == pytest.approx([9.6])
    assert rate.tariff.usd_per_unit == pytest.approx([4.8])


# Prices of the list are taken away and inferred from the rest. Measured on the list of 2026-11-30:
# of 3,321 taken away one by one 99.0% lie in the range, and the median error is 0.0% (nine of ten
# within 3.9%); of 3,141 without all of their kind in the region 98.5% and 1.0% (10%); of 2,054
# without their whole service there 97.5% and 2.4% (14%). The bounds are a little wider.
LISTED = load_catalog()


def left_out(drop) -> list[tuple[float, bool]]:
    """Error of each price that is inferred without what ``drop`` names, and if it is in range."""
    known = LISTED._flat_prices
    found = []
    dropped = defaultdict(list)
    for meter, regions in known.items():
        for region in regions:
            dropped[drop(meter), region].append(meter)
    for (_, region), meters in dropped.items():
        rest = dict(known) | {
            name: {at: row for at, row in known[name].items() if at != region} for name in meters
        }
        for meter in meters:
            guess = infer_price(meter, region, rest, LISTED.meters)
            if guess is not None:
                true = known[meter][region].usd_per_unit
                least, most = guess.range_usd
                # vendors round prices to some digits
                inside = least * 0.995 <= true <= most * 1.005
                found.append((abs(guess.usd_per_unit / true - 1), inside))
    return found


def service(meter: str) -> str:
    return meter.rpartition(".")[0]


def kind(meter: str) -> str:
    return meter.split("_")[0] if meter.count("_") else meter


@pytest.mark.parametrize(
    ("drop", "number", "share_inside", "median_error"),
    [
        (lambda meter: meter, 3000, 0.98, 0.005),
        (kind, 3000, 0.97, 0.02),
        (service, 2000, 0.95, 0.04),
    ],
    ids=["one price", "all of its kind in the region", "its whole service in the region"],
)
def test_prices_that_were_seen_lie_in_the_range_they_would_have_been_given(
    drop, number, share_inside, median_error
):
    found = left_out(drop)
    errors = [error for error, _ in found]

    assert len(found) >= number
    assert sum(inside for _, inside in found) / len(found) >= share_inside
    assert median(errors) <= median_error
