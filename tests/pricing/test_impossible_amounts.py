"""A bill or a verdict of an amount that cannot be is refused, with the name of the line."""

import dataclasses

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.limits import Check, verdicts
from estimator.pricing.bill import Bill
from estimator.pricing.lines import LineItem

QUANTITY = {"aws.api_gateway.messages": 18e6}
BILL = ws.price(QUANTITY, region="us-east-1")


def bill_of(item: LineItem) -> Bill:
    return Bill("made up", "us-east-1", (item,), 730.0, "none")


@pytest.mark.parametrize("amount", [np.nan, np.inf, -1.0])
def test_a_bill_refuses_a_line_that_cannot_be(amount: float):
    [item] = BILL.items

    for costs in (np.array(amount), np.array([1.0, amount, 2.0])):
        broken = dataclasses.replace(item, cost_usd=costs)
        with pytest.raises(ws.EstimatorError, match=r"aws\.api_gateway\.messages in us-east-1: "):
            bill_of(broken)


def test_a_bill_under_a_contract_refuses_list_prices_that_cannot_be():
    agreed = ws.Contract(title="x", rates=[{"meters": ["aws.*"], "percent_off": 10}])
    [item] = ws.price(QUANTITY, "us-east-1", contract=agreed).items

    with pytest.raises(ws.EstimatorError, match="a cost of nan USD"):
        bill_of(dataclasses.replace(item, list_usd=np.array(np.nan)))


@pytest.mark.parametrize("used", [np.nan, -1.0])
def test_a_verdict_refuses_a_use_that_cannot_be(used: float):
    with pytest.raises(ws.EstimatorError, match=r"aws\.api_gateway\.connection_max_age"):
        verdicts((Check("aws.api_gateway.connection_max_age", np.array([1.0, used]), 7200.0),))
