"""How old the prices of a bill are counts by its dollars: what costs a cent may be old."""

import pytest

import estimator as ws
from estimator.pricing.catalog import load_catalog
from estimator.pricing.price_age import oldest_that_matters, oldest_words, share_since
from estimator.render.views.bill import calculation_view

REGION = "us-east-1"
MESSAGES, HOURS = "aws.api_gateway.messages", "aws.alb.hours"


def checked_on(meter: str):
    return load_catalog().rate(meter, REGION).checked_on


@pytest.fixture
def meters() -> tuple[str, str]:
    """The one whose price was checked longer ago, and the other."""
    older, newer = sorted((MESSAGES, HOURS), key=checked_on)
    assert checked_on(older) < checked_on(newer)
    return older, newer


def bill(**usd_by_meter: float) -> ws.Bill:
    """A bill with about so many dollars for each meter."""
    quantities = {
        meter: usd / float(load_catalog().rate(meter, REGION).tariff.usd_per_unit[0])
        for meter, usd in usd_by_meter.items()
    }
    return ws.price(quantities, region=REGION, free_allowances="none")


def test_the_oldest_price_is_named_with_what_rests_on_it(meters):
    older, newer = meters
    found = bill(**{older: 20, newer: 80})

    oldest = oldest_that_matters(found.items)
    assert oldest is not None
    assert oldest.rate.meter_id == older
    assert oldest_words(found.items).endswith(
        f"20% of these dollars, checked on {checked_on(older)}"
    )
    assert oldest_words(found.items).removeprefix("o") in found.explain()


def test_the_bill_on_a_page_says_which_price_is_the_oldest(meters):
    older, newer = meters
    found = bill(**{older: 20, newer: 80})

    page = [str(block) for block in calculation_view(found).blocks]
    assert [block for block in page if oldest_words(found.items)[1:] in block]


def test_an_old_price_that_costs_next_to_nothing_does_not_matter(meters):
    older, newer = meters
    oldest = oldest_that_matters(bill(**{older: 1, newer: 99}).items)

    assert oldest is not None
    assert oldest.rate.meter_id == newer


def test_the_share_of_dollars_is_that_of_lines_checked_since(meters):
    older, newer = meters
    items = bill(**{older: 20, newer: 80}).items

    assert share_since(items, checked_on(newer)) == pytest.approx(0.8)
    assert share_since(items, checked_on(older)) == 1


def test_a_bill_of_nothing_has_no_oldest_price():
    assert oldest_words(ws.price({}).items) == ""
