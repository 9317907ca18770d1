"""A bill or a verdict of an amount that cannot be is refused, with the name of the line."""

import dataclasses

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.limits import Check, verdicts
from estimator.pricing.bill import Bill
from estimator.pricing.lines import LineItem

BILL = ws.price({"aws.api_gateway.messages": 18e6}, region="us-east-1")


def bill_of(item: LineItem) -> Bill:
    return Bill("made up", "us-east-1", (item,), 730.0, "none")


@pytest.mark.parametrize("amount", [np.nan, np.inf, -1.0])
@pytest.mark.parametrize("field", ["cost_usd", "list_usd"])
def test_a_bill_refuses_a_line_that_cannot_be(field: str, amount: float):
    [item] = BILL.items
    broken = dataclasses.replace(item, **{field: np.array([1.0, amount, 2.0])})

    with pytest.raises(ws.EstimatorError, match=r"aws\.api_gateway\.messages in us-east-1, in USD"):
        bill_of(broken)


def test_a_bill_refuses_a_quantity_that_cannot_be():
    [item] = BILL.items
    usage = dataclasses.replace(item.usage, quantity=np.array(np.nan))

    with pytest.raises(ws.EstimatorError, match=r"aws\.api_gateway\.messages .* in Messages"):
        bill_of(dataclasses.replace(item, usage=usage))


@pytest.mark.parametrize("used", [np.nan, -1.0])
def test_a_verdict_refuses_a_use_that_cannot_be(used: float):
    with pytest.raises(ws.EstimatorError, match=r"aws\.api_gateway\.connection_max_age"):
        verdicts((Check("aws.api_gateway.connection_max_age", np.array([1.0, used]), 7200.0),))
