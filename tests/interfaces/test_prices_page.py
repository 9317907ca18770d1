"""The dashboard's page of prices: what it shows, and how it is narrowed."""

from __future__ import annotations

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from estimator.analysis.price_list import prices
from interfaces.shown_page import PATIENCE_SECONDS, run


def the_page() -> None:
    from estimator.dashboard.pages.prices import prices_page

    prices_page()


@pytest.fixture
def page() -> AppTest:
    return run(AppTest.from_function(the_page, default_timeout=PATIENCE_SECONDS))


def shown(page: AppTest) -> pd.DataFrame:
    [table] = page.dataframe
    return table.value


def test_every_price_in_force_is_there(page):
    assert len(shown(page)) == len(prices())


def test_each_price_has_its_source_date_age_and_confidence(page):
    table = shown(page)

    assert table["Source"].str.startswith("https://").all()
    assert table["Checked"].notna().all()
    assert (table["Age"] >= 0).all()
    # of undated sources no day is made up
    assert table["Source of"].isna().sum() == prices()["source_of"].isna().sum() > 0
    assert set(table["Confidence"]) == {"Confirmed", "One source", "Inferred"}


def test_prices_of_tiny_units_are_shown_by_the_million(page):
    table = shown(page)
    messages = table[(table["Meter"] == "aws.api_gateway.messages") & (table["From"] == 0)]
    virginia = messages[messages["Region"] == "us-east-1"].iloc[0]

    # https://aws.amazon.com/api-gateway/pricing/: 1.00 a million
    assert virginia["Price"] == pytest.approx(1.00)
    assert virginia["Per"] == "million Messages"
    # and what one is: 32 KB steps, both directions, 1 million free for new accounts
    assert virginia["Counted"].startswith("Started steps of 32,768 bytes")
    assert "both directions count" in virginia["Counted"]
    assert virginia["Free"].startswith("1,000,000 Messages per month")


@pytest.mark.parametrize(
    ("widget", "value", "column", "expected"),
    [
        ("price_vendor", "OCI", "Vendor", {"OCI"}),
        ("price_service", "Cloud Run", "Service", {"Cloud Run"}),
    ],
)
def test_choices_leave_what_was_chosen(page, widget, value, column, expected):
    page.selectbox(key=widget).set_value(value)
    run(page)

    assert set(shown(page)[column]) == expected


def test_a_location_leaves_its_regions_and_prices_that_hold_everywhere(page):
    page.selectbox(key="price_location").set_value("frankfurt")
    run(page)

    regions = set(shown(page)["Region"])
    assert regions <= {
        "eu-central-1", "germanywestcentral", "europe-west3", "eu-frankfurt-1", "every region"
    }  # fmt: skip
    assert len(regions) == 5


def test_every_word_of_a_search_is_found_anywhere_in_a_row(page):
    page.text_input(key="price_search").set_value("fargate ARM us-east-1")
    run(page)

    assert set(shown(page)["Meter"]) == {
        "aws.fargate.vcpu_hours_arm",
        "aws.fargate.gb_hours_arm",
    }


def test_a_search_is_no_pattern(page):
    page.text_input(key="price_search").set_value(".* (")
    run(page)

    assert [info.value for info in page.info] == [
        "No price matches. Try another word or fewer filters."
    ]


def test_old_prices_can_be_looked_for(page):
    page.number_input(key="price_age").set_value(90)
    run(page)

    table = shown(page)
    assert len(table) == len(prices(stale_days=90))
    assert (table["Age"] > 90).all()


def test_unsure_prices_can_be_looked_for(page):
    page.button_group(key="price_confidence").set_value(["inferred"])
    run(page)

    assert set(shown(page)["Confidence"]) == {"Inferred"}
