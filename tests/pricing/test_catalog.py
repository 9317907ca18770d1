"""Which price is in force: by meter, region and day."""

import datetime as dt

import numpy as np
import pytest

import estimator as ws
from estimator.pricing import catalog as catalog_module
from estimator.pricing.catalog import Catalog, Meter, RateRow, load_catalog

METER = Meter.model_validate(
    {
        "title": "Things",
        "service": "Shop",
        "driver": "messages",
        "unit": "Things",
        "tiers_pool_over": "account",
        "focus": {"service_category": "Other", "service_subcategory": "Other"},
        "source": "https://example.org/prices",
    }
)


def row(
    usd: float, since: str, *, tier_from: float = 0, region: str = "here", **changes
) -> RateRow:
    return RateRow.model_validate(
        {
            "meter": "aws.shop.things",
            "region": region,
            "tier_from": tier_from,
            "usd_per_unit": usd,
            "effective_from": since,
            "checked_on": "2026-10-01",
            "source": "https://example.org/prices",
            "confidence": "confirmed",
            **changes,
        }
    )


@pytest.fixture
def catalog_of(monkeypatch):
    """The catalogue that these lines of a price file make, on a day."""

    def build(*rows: RateRow, as_of: str | None = None) -> Catalog:
        def meters(path: str, model: type) -> dict[str, Meter]:
            return {"aws.shop.things": METER} if path.startswith("aws/") else {}

        def lines(path: str, model: type) -> tuple[RateRow, ...]:
            return rows if path.startswith("aws/") else ()

        monkeypatch.setattr(catalog_module, "load_mapping", meters)
        monkeypatch.setattr(catalog_module, "load_rows", lines)
        return load_catalog.__wrapped__(dt.date.fromisoformat(as_of) if as_of else None)

    return build


HISTORY = (row(3.0, "2024-01-01"), row(1.0, "2026-01-01"), row(2.0, "2025-01-01"))


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
    rate = catalog_of(*HISTORY, as_of=as_of).rate("aws.shop.things", "here")

    assert rate.tariff.usd_per_unit.tolist() == [usd]


def test_before_the_first_price_there_is_none(catalog_of):
    with pytest.raises(ws.MissingRateError, match="in force on 2023-12-31"):
        catalog_of(*HISTORY, as_of="2023-12-31").rate("aws.shop.things", "here")


def test_a_new_version_replaces_all_tiers_of_the_old_one(catalog_of):
    found = catalog_of(
        row(3.0, "2024-01-01"),
        row(2.0, "2024-01-01", tier_from=100),
        row(1.0, "2025-01-01"),
    ).rate("aws.shop.things", "here")

    assert found.tariff.tier_from.tolist() == [0]
    assert found.tariff.usd_per_unit.tolist() == [1.0]


def test_tiers_may_stand_in_any_order_in_the_file(catalog_of):
    found = catalog_of(
        row(1.0, "2025-01-01", tier_from=50), row(2.0, "2025-01-01"), as_of="2026-01-01"
    ).rate("aws.shop.things", "here")

    assert found.tariff.tier_from.tolist() == [0, 50]
    assert found.tariff.usd_per_unit.tolist() == [2.0, 1.0]


def test_a_rate_is_as_old_and_as_unsure_as_its_worst_tier(catalog_of):
    found = catalog_of(
        row(2.0, "2025-01-01", checked_on="2026-09-01", confidence="confirmed"),
        row(1.0, "2025-01-01", tier_from=9, checked_on="2026-03-01", confidence="single_source"),
    ).rate("aws.shop.things", "here")

    assert found.checked_on == dt.date(2026, 3, 1)
    assert found.confidence == "single_source"


@pytest.mark.parametrize("edges", [[5], [0, 0], [10, 0, 10]])
def test_tiers_that_do_not_ascend_from_zero_are_refused(catalog_of, edges):
    with pytest.raises(ws.PricingDataError, match="tiers must start at 0 and ascend"):
        catalog_of(*(row(1.0, "2025-01-01", tier_from=edge) for edge in edges))


def test_a_price_for_everywhere_holds_where_there_is_none_of_its_own(catalog_of):
    catalog = catalog_of(row(5.0, "2025-01-01", region="*"), row(4.0, "2025-01-01", region="here"))
    elsewhere = load_catalog().rate("oci.load_balancer.hours", "eu-frankfurt-1")

    assert elsewhere.region == "*"
    assert catalog.rate("aws.shop.things", "here").tariff.usd_per_unit == [4.0]
    with pytest.raises(ws.MissingRateError):
        catalog.rate("aws.shop.things", "a region of no cloud")


def test_a_missing_price_names_meter_region_and_the_regions_that_have_one(catalog_of):
    catalog = catalog_of(
        row(1.0, "2025-01-01", region="here"), row(1.0, "2025-01-01", region="there")
    )

    with pytest.raises(ws.MissingRateError) as caught:
        catalog.rate("aws.shop.things", "nowhere")

    assert str(caught.value) == (
        "no price for meter 'aws.shop.things' in region 'nowhere'. "
        "Regions with a price: here, there"
    )


def test_an_unknown_meter_names_one_that_is_close():
    with pytest.raises(ws.UnknownNameError, match=r"did you mean 'aws\.api_gateway\.messages'"):
        ws.price({"aws.api_gateway.mesages": 1}, region="us-east-1")


def test_the_day_reaches_the_price_of_quantities():
    # AWS halved on-demand DynamoDB on 1 November 2024; the older price is not carried
    asked = {"aws.dynamodb.write_units": 1e6}

    assert ws.price(asked, "us-east-1", as_of=dt.date(2024, 11, 1)).total == pytest.approx(0.625)
    with pytest.raises(ws.MissingRateError, match="in force on 2024-10-31"):
        ws.price(asked, "us-east-1", as_of=dt.date(2024, 10, 31))


def test_a_region_without_a_price_is_never_priced_at_zero():
    with pytest.raises(ws.MissingRateError, match=r"'azure\.egress\.internet' in region 'mars-1'"):
        ws.price({"azure.egress.internet": 0}, region="mars-1")


@pytest.mark.parametrize("quantity", [-1, float("nan"), float("inf"), [1, -1], "many", None])
def test_a_quantity_that_is_none_is_refused(quantity):
    with pytest.raises(ws.EstimatorError, match=r"aws\.api_gateway\.messages"):
        ws.price({"aws.api_gateway.messages": quantity}, region="us-east-1")


def test_quantities_of_unequal_lengths_are_refused():
    uneven = {
        "aws.api_gateway.messages": np.array([1.0, 2.0]),
        "aws.api_gateway.connection_minutes": np.array([1.0, 2.0, 3.0]),
    }

    with pytest.raises(ws.EstimatorError, match=r"length|shape"):
        assert ws.price(uneven, region="us-east-1").total is not None


def test_arrays_of_quantities_are_priced_element_by_element():
    many = np.array([0, 1e6, 1.5e9])
    bill = ws.price({"aws.api_gateway.messages": many}, region="us-east-1")

    np.testing.assert_allclose(bill.total, [0, 1, 1400])
