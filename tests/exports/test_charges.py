"""Charges: a line of a bill in parts, whose products are exact and whose sum is its cost."""

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

import estimator as ws
from estimator.exports.charges import charges_of

WEST = "us-east-1"


def parts(bill):
    return [(each.kind, each.quantity, each.billed_usd) for each in charges_of(bill)]


def test_each_price_tier_is_a_charge():
    # https://aws.amazon.com/api-gateway/pricing/: 1.00 USD per million up to a billion, then 0.80
    bill = ws.price({"aws.api_gateway.messages": 1_500e6}, WEST)

    assert parts(bill) == [("used", 10**9, 1000), ("used", 5 * 10**8, 400)]


def test_free_units_are_a_charge_at_no_price():
    # https://aws.amazon.com/lambda/pricing/: 1 million requests are free, then 0.20 USD per million
    bill = ws.price({"aws.lambda.requests": 3e6}, WEST, free_allowances="always")
    free, used = charges_of(bill)

    assert (free.kind, free.quantity, free.list_usd, free.billed_usd) == ("free", 10**6, 0, 0)
    assert (used.quantity, used.list_usd) == (2 * 10**6, Decimal("0.4"))


def test_an_allowance_in_money_is_a_credit():
    bill = ws.price({"aws.alb.hours": 730}, WEST)
    [line] = bill.items
    less = replace(line, credit_usd=np.array(5.0), cost_usd=line.cost_usd - 5)
    used, credit = charges_of(replace(bill, items=(less,)))

    assert (used.billed_usd, used.list_usd) == (Decimal("16.425"), Decimal("16.425"))
    assert (credit.kind, credit.quantity, credit.billed_usd) == ("credit", 0, -5)


def test_a_discount_is_off_what_is_billed_and_not_off_the_list():
    half = {"title": "Ours", "rates": [{"meters": ["aws.alb.hours"], "percent_off": 50}]}
    [charge] = charges_of(ws.price({"aws.alb.hours": 730}, WEST, contract=half))

    assert charge.list_usd == 2 * charge.contracted_usd == 2 * charge.billed_usd
    assert charge.list_usd == 730 * Decimal("0.0225")


def test_lines_that_are_rounded_add_up_to_the_cent():
    bill = ws.price({"aws.alb.hours": 3}, WEST, round_lines=True)
    [charge] = charges_of(bill)

    assert (charge.list_usd, charge.billed_usd) == (Decimal("0.0675"), Decimal("0.07"))
    assert charge.discount_usd == Decimal("-0.0025")


def test_started_packages_are_paid_whole_and_used_in_part():
    # developers.cloudflare.com/durable-objects/platform/pricing/: 400,000 come with the plan
    free, used = charges_of(ws.price({"cloudflare.durable_objects.gb_seconds": 2.5e6}))

    assert free.consumed == 400_000
    assert (used.quantity, used.consumed) == (3_000_000, 2_100_000)


def test_a_meter_that_is_not_used_keeps_its_line():
    assert parts(ws.price({"aws.alb.hours": 0}, WEST)) == [("used", 0, 0)]


def test_a_bill_of_many_scenarios_is_refused():
    with pytest.raises(ws.ScenarioError, match="a file holds one bill, but this one is of 2"):
        charges_of(ws.price({"aws.alb.hours": np.array([1.0, 2.0])}, WEST))
