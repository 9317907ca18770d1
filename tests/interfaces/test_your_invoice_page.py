"""The page of an invoice, without a browser: what it waits for, and what it shows of a bill."""

from pathlib import Path

import pytest

import estimator as ws
from estimator.dashboard.session.invoice_jobs import ReconciliationJob
from estimator.errors import EstimatorError
from interfaces.shown_page import shown_page, words

EXAMPLES = Path(__file__).parents[2] / "examples"
SHOP = ws.Scenario.load(EXAMPLES / "shop-notices.yaml")


def job(content: bytes, rate: float | None = None) -> ReconciliationJob:
    return ReconciliationJob(SHOP.to_token(), "1", "bill.csv", content, None, rate, None)


def test_without_a_bill_the_page_says_where_vendors_have_it():
    page = shown_page("your_invoice", SHOP)

    assert "Data Exports" in words(page)


def test_an_upload_is_compared_as_anywhere_else():
    found = job((EXAMPLES / "shop-notices-invoice.csv").read_bytes()).found()
    same = ws.reconcile(SHOP, ws.read_invoice(EXAMPLES / "shop-notices-invoice.csv"))

    assert found.verdict == same.verdict
    assert found.data["lines"] == same.as_data()["lines"]
    assert "percent_off: 12" in found.contract
    assert ws.Scenario.from_yaml(found.scenario) == same.scenario_as_billed


def test_what_is_no_bill_is_refused_in_a_sentence():
    with pytest.raises(EstimatorError, match=r"bill\.csv"):
        job(b"name,phone\nx,1\n").found()
