"""Old prices are called old, on a day long after they were checked."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.pages import frame
from estimator.dashboard.pages.frame import STALE_AFTER_DAYS
from interfaces.shown_page import shown_page

PRICES = Path(__file__).parents[2] / "pricing_data"

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


@pytest.fixture(scope="module")
def last_checked() -> dt.date:
    """As it stands in the files."""
    days: list[str] = []
    for file in PRICES.glob("*/rates.csv"):
        with file.open(encoding="utf-8", newline="") as rows:
            days += [row["checked_on"] for row in csv.DictReader(rows)]
    return dt.date.fromisoformat(max(days))


def opened(page: str, **changes: object) -> AppTest:
    scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=100)
    return shown_page(page, scenario.replace(**changes))


def notices(page: AppTest) -> list[str]:
    return [one.value for one in page.warning if "prices are old" in one.value]


@pytest.mark.parametrize(
    ("page", "said"),
    [("estimate", "100% of these dollars stand on"), ("prices", "All of them stand on")],
)
def test_old_prices_are_called_old(page, said, last_checked, monkeypatch):
    today = last_checked + dt.timedelta(days=STALE_AFTER_DAYS + 1)
    monkeypatch.setattr(frame, "today", lambda: today)
    [notice] = notices(opened(page))
    assert f"{said} prices that were checked more than {STALE_AFTER_DAYS} days ago" in notice
    assert f"was on {last_checked}" in notice
    assert "newer version" in notice


def test_one_fresh_price_does_not_silence_the_warning(last_checked, monkeypatch):
    # on that day the newest price of the list is fresh, those that cost most are not
    today = last_checked + dt.timedelta(days=STALE_AFTER_DAYS)
    monkeypatch.setattr(frame, "today", lambda: today)
    assert notices(opened("prices")) == []
    [notice] = notices(opened("estimate"))
    assert "of these dollars stand on" in notice


@pytest.mark.parametrize("page", ["estimate", "prices"])
def test_until_then_nothing_is_said(page, last_checked, monkeypatch):
    monkeypatch.setattr(frame, "today", lambda: last_checked)
    assert notices(opened(page)) == []


def test_who_asks_for_the_prices_of_a_day_gets_them_without_a_word(last_checked, monkeypatch):
    monkeypatch.setattr(frame, "today", lambda: last_checked + dt.timedelta(days=999))
    assert notices(opened("estimate", as_of=last_checked)) == []
