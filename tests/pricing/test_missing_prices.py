"""What has no price is refused with the reason, and never priced at zero."""

import numpy as np
import pytest

import estimator as ws

THINGS = "aws.shop.things"


def test_a_missing_price_names_meter_region_and_the_regions_that_have_one(catalog_of):
    catalog = catalog_of([{"region": "there"}, {"region": "here"}])

    with pytest.raises(ws.MissingRateError) as caught:
        catalog.rate(THINGS, "nowhere")

    assert str(caught.value) == (
        "no price for meter 'aws.shop.things' in region 'nowhere'. "
        "Regions with a price: here, there"
    )


def test_a_meter_without_any_price_says_that_no_region_has_one(catalog_of):
    with pytest.raises(ws.MissingRateError, match=r"Regions with a price: none$"):
        catalog_of([]).rate(THINGS, "here")


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("not_offered", "not offered there, the page of the vendor leaves it out"),
        ("not_seen", "no source was found, the page of the vendor leaves it out"),
    ],
)
def test_a_gap_says_why_there_is_no_price(catalog_of, reason, told):
    note = "the page of the vendor leaves it out."
    catalog = catalog_of([{"region": "here"}], gaps=[{"reason": reason, "note": note}])

    with pytest.raises(ws.MissingRateError) as caught:
        catalog.rate(THINGS, "far")

    assert str(caught.value) == (
        f"no price for meter 'aws.shop.things' in region 'far': {told}. Regions with a price: here"
    )


def test_a_gap_of_one_region_says_nothing_of_another(catalog_of):
    catalog = catalog_of([{"region": "here"}], gaps=[{"region": "far"}])

    with pytest.raises(ws.MissingRateError) as caught:
        catalog.rate(THINGS, "there")

    assert "no page names it" not in str(caught.value)


def test_a_gap_holds_against_a_price_for_everywhere(catalog_of):
    catalog = catalog_of([{"region": "*"}], gaps=[{"region": "far", "reason": "not_offered"}])

    assert catalog.rate(THINGS, "here").tariff.usd_per_unit == [1.0]
    with pytest.raises(ws.MissingRateError, match="not offered there"):
        catalog.rate(THINGS, "far")


@pytest.mark.parametrize("meter", ["aws.shop.thing", "aws.api_gateway.mesages"])
def test_an_unknown_meter_names_one_that_is_close(catalog_of, meter):
    catalog = catalog_of(meters=[{}, {"meter": "aws.api_gateway.messages"}])

    with pytest.raises(ws.UnknownNameError) as caught:
        catalog.rate(meter, "here")

    close = {"aws.shop.thing": THINGS, "aws.api_gateway.mesages": "aws.api_gateway.messages"}
    assert f"unknown meter '{meter}': did you mean '{close[meter]}'?" in str(caught.value)


def test_price_names_a_real_meter_that_is_close():
    with pytest.raises(ws.UnknownNameError, match=r"did you mean 'aws\.api_gateway\.messages'"):
        ws.price({"aws.api_gateway.mesages": 1}, region="us-east-1")


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

    with pytest.raises(ws.EstimatorError, match="unequal lengths"):
        ws.price(uneven, region="us-east-1")


def test_arrays_of_quantities_are_priced_element_by_element():
    many = np.array([0, 1e6, 1.5e9])
    bill = ws.price({"aws.api_gateway.messages": many}, region="us-east-1")

    np.testing.assert_allclose(bill.total, [0, 1, 1400])
