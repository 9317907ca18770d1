"""The dashboard's billing choices, and what one could buy instead of a cloud."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from interfaces.shown_page import PATIENCE_SECONDS, linked, run, tables, words

APP = Path(__file__).parents[2] / "app.py"
BASE = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
OWN_RATES = {"title": "Ours", "rates": [{"meters": ["aws.*"], "percent_off": 20}]}

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


def opened(scenario: ws.Scenario) -> AppTest:
    page = AppTest.from_file(APP, default_timeout=PATIENCE_SECONDS)
    page.query_params["scenario"] = scenario.to_token()
    page.session_state["billing"] = True  # unfolded
    return run(page)


def test_a_published_discount_can_be_chosen_and_left():
    page = opened(BASE)
    page.selectbox(key="contract").set_value("oci-preemptible")
    run(page)

    assert linked(page) == BASE.replace(contract="oci-preemptible")
    assert "rates of the contract 'OCI preemptible capacity'" in words(page)
    page.selectbox(key="contract").set_value("list")
    assert linked(run(page)) == BASE


def test_the_list_price_stands_beside_what_is_paid():
    bill = ws.estimate(BASE.replace(contract=OWN_RATES), "aws.api_gateway")
    page = opened(BASE.replace(contract=OWN_RATES))
    page.selectbox(key="deployment").set_value("aws.api_gateway")
    run(page)

    [lines] = [rows for rows in tables(page) if "At list price" in rows[0]]
    total = lines[-1]
    assert total["At list price"] == f"**${bill.list_total:,.2f}**"
    assert total["Cost"] == f"**${bill.total:,.2f}**"
    assert bill.total == pytest.approx(0.8 * bill.list_total)


def test_rates_of_a_file_are_named_and_kept():
    page = opened(BASE.replace(contract=OWN_RATES))
    page.number_input(key="hours_per_month").set_value(720)

    assert linked(run(page)).contract == OWN_RATES
    assert "rates of the contract 'Ours'" in words(page)


def test_the_prices_of_a_day_can_be_asked_for():
    page = opened(BASE)
    page.date_input(key="as_of").set_value(dt.date(2026, 9, 30))
    run(page)

    assert linked(page) == BASE.replace(as_of=dt.date(2026, 9, 30))
    assert "prices in force on 2026-09-30" in words(page)


def test_a_week_can_be_named_and_left_out_again():
    page = opened(BASE)
    assert page.date_input(key="week_of").value is None
    page.date_input(key="week_of").set_value(dt.date(2026, 7, 15))
    run(page)

    assert linked(page) == BASE.replace(week_of=dt.date(2026, 7, 15))
    page = opened(linked(page))
    assert page.date_input(key="week_of").value == dt.date(2026, 7, 15)
    page.date_input(key="week_of").set_value(None)
    assert linked(run(page)).model_fields_set == BASE.model_fields_set


def test_what_one_could_buy_instead_is_priced_from_the_same_demand():
    page = opened(BASE)
    page.toggle(key="saas").set_value(True)
    run(page)

    [rows] = [rows for rows in tables(page) if "Of which" in rows[0]]
    bills = ws.compare(BASE, ws.SAAS).bills
    shown = [row["Deployment"] for row in rows]
    assert shown == [
        bill.title if bill.state.is_within_limits else f"~~{bill.title}~~" for bill in bills
    ]
    for cell, bill in zip([row["Per month"] for row in rows], bills, strict=True):
        total = f"{bill.total:,.0f}" if bill.total >= 1000 else f"{bill.total:,.2f}"
        mark = "**" if bill.state.is_within_limits else "~~"
        assert cell == f"{mark}${total}{mark}"
