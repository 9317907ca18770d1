"""Plain quantities, as an invoice prices them: lines by meter, rounding, regions by their ids."""

from fractions import Fraction

import numpy as np
import pytest

import estimator as ws

MESSAGES = "aws.api_gateway.messages"
WEB_PUBSUB = "azure.web_pubsub.standard_messages"
MINUTES = "aws.api_gateway.connection_minutes"
REQUESTS = "aws.http_api.requests"
WRITES, READS = "aws.dynamodb.write_units", "aws.dynamodb.read_units"


def test_a_line_is_found_by_its_meter():
    # AWS price page: 18 million messages 18.00, 21.6 million connection minutes 5.40
    bill = ws.price({MESSAGES: 18e6, MINUTES: 21.6e6}, region="us-east-1")

    assert (float(bill[MESSAGES].cost_usd), float(bill[MINUTES].cost_usd)) == (18.0, 5.4)


def test_a_meter_in_several_regions_is_found_by_its_region():
    bill = ws.price({MESSAGES: 1e6, (MESSAGES, "sa-east-1"): 2e6}, region="us-east-1")

    assert bill[MESSAGES, "sa-east-1"].usage.quantity == 2e6
    assert bill[MESSAGES, "us-east-1"].usage.quantity == 1e6
    with pytest.raises(ws.EstimatorError, match=r"in 2 regions; .*, 'sa-east-1'\]"):
        _ = bill[MESSAGES]


@pytest.mark.parametrize(
    ("key", "told"),
    [
        (MINUTES, f"unknown meter on the bill '{MINUTES}': Valid: {REQUESTS}"),
        (
            (REQUESTS, "mars-1"),
            f"unknown region of '{REQUESTS}' on the bill 'mars-1': Valid: us-east-1",
        ),
    ],
)
def test_what_is_not_on_the_bill_is_refused_with_what_is(key, told):
    bill = ws.price({REQUESTS: 1e6}, region="us-east-1")

    with pytest.raises(ws.UnknownNameError) as caught:
        _ = bill[key]

    assert str(caught.value) == told


def test_a_bill_of_a_deployment_has_lines_by_meter_as_well(bill_of, make_demand):
    # 1,000 connections for 730 hours of 60 minutes at 0.25 USD per million
    bill = bill_of("aws.api_gateway", make_demand(1_000, session_hours=0.5))

    assert float(bill[MINUTES].cost_usd) == pytest.approx(1_000 * 730 * 60 * 0.25e-6, rel=1e-9)


@pytest.mark.parametrize(
    ("quantities", "usd"),
    [
        # 0.2 million requests at 1.00 per million
        ({REQUESTS: 2e5}, 0.2),
        # in floats, 0.1 and 0.2 come to 0.30000000000000004
        ({REQUESTS: 1e5, MESSAGES: 2e5}, 0.3),
        ({MESSAGES: 0}, 0.0),
        # one message, and as many as nobody sends: 1e9 at 1.00, the rest at 0.80 per million
        ({MESSAGES: 1}, 0.000001),
        ({MESSAGES: 1e15}, 800_000_200.0),
    ],
)
def test_a_total_prints_as_it_is_worked_out_on_paper(quantities, usd):
    assert ws.price(quantities, region="us-east-1").total == usd


@pytest.mark.parametrize("meter", ["aws.ec2.c7g_large", REQUESTS, "aws.lambda.gb_seconds"])
def test_a_line_is_the_float_nearest_to_the_product_in_decimals(meter):
    units = np.random.default_rng(7).integers(1, 10**8, 200).astype(float)
    bill = ws.price({meter: units}, region="us-east-1")

    price = Fraction(repr(float(bill[meter].rate.tariff.usd_per_unit[0])))
    assert bill[meter].cost_usd.tolist() == [float(price * int(each)) for each in units]


def test_lines_are_rounded_half_up_before_they_are_added():
    # infracost, dynamodb: 3 million writes 1.875, shown as 1.88, and 8 million reads 1.00
    quantities = {WRITES: 3e6, READS: 8e6}

    exact = ws.price(quantities, region="us-east-1")
    rounded = ws.price(quantities, region="us-east-1", round_lines=True)

    assert exact.total == 2.875
    assert (float(rounded[WRITES].cost_usd), float(rounded[READS].cost_usd)) == (1.88, 1.0)
    assert (rounded.total, rounded.list_total) == (2.88, 2.88)
    assert "each line rounded to the cent" in rounded.conventions
    assert "rounded" not in exact.conventions


def test_three_lines_of_half_a_cent_are_three_cents():
    # 5,000 units at 1.00 per million
    meters = (REQUESTS, MESSAGES, "aws.iot_core.messages")
    bill = ws.price(dict.fromkeys(meters, 5_000), region="us-east-1", round_lines=True)

    assert bill.total == 0.03


def test_arrays_are_rounded_one_by_one():
    bill = ws.price(
        {MESSAGES: np.array([4_999.0, 5_000, 15_000])}, region="us-east-1", round_lines=True
    )

    assert np.asarray(bill.total).tolist() == [0.0, 0.01, 0.02]


@pytest.mark.parametrize(
    ("meter", "called", "meant"),
    [
        (MESSAGES, "virginia", "AWS's own name is 'us-east-1'"),
        (MESSAGES, "Frankfurt", "AWS's own name is 'eu-central-1'"),
        (MESSAGES, "US East (N. Virginia)", "AWS's own name is 'us-east-1'"),
        (MESSAGES, "us-east-11", "did you mean 'us-east-1'?"),
        (WEB_PUBSUB, "East US", "Azure's own name is 'eastus'"),
        (WEB_PUBSUB, "Virginia", "Azure's own name is 'eastus' or 'eastus2'"),
        ("gcp.cloud_run.requests", "Frankfurt", "Google Cloud's own name is 'europe-west3'"),
        ("oci.waf.requests", "virginia", "OCI's own name is 'us-ashburn-1'"),
    ],
)
def test_a_region_by_another_name_is_refused_with_the_vendors_id(meter, called, meant):
    with pytest.raises(ws.MissingRateError) as caught:
        ws.price({meter: 1}, region=called)

    assert f"in region '{called}': {meant}" in str(caught.value)


def test_a_forgotten_region_is_asked_for():
    with pytest.raises(ws.EstimatorError, match=f"'{MESSAGES}' has no region: give AWS's own name"):
        ws.price({MESSAGES: 1})


def test_a_vendor_that_sells_the_same_everywhere_needs_no_region():
    # Ably, per-minute model: a million messages 2.50
    bill = ws.price({"ably.per_minute.messages": 1e6})

    assert (bill.total, bill.region) == (2.5, "global")


def test_the_same_with_and_without_its_region_is_one_line():
    bill = ws.price({MESSAGES: 1, (MESSAGES, "us-east-1"): 2}, region="us-east-1")

    assert bill[MESSAGES].usage.quantity == 3


def test_a_line_explains_what_counts_as_a_unit():
    told = ws.price({"aws.inter_zone.gb": 10}, region="us-east-1").explain()

    assert "Units of 1,073,741,824 bytes" in told
    assert "1 GB moved is 2 GB here" in told


def test_the_order_of_quantities_moves_no_amount():
    # 10,240 GB are free once per tenancy, and a GB costs 0.0085 or 0.025
    quantities = {
        ("oci.egress.internet", "eu-frankfurt-1"): 20_000,
        ("oci.egress.internet", "ap-tokyo-1"): 20_000,
    }
    one, other = (
        ws.price(
            dict(given),
            free_allowances="always",
            assumptions={"oci.egress.free_10_tb": "once_per_tenancy"},
        )
        for given in (quantities.items(), reversed(quantities.items()))
    )

    assert one.total == other.total
    assert [item.usage.region for item in other.items] == ["ap-tokyo-1", "eu-frankfurt-1"]
    for region in ("eu-frankfurt-1", "ap-tokyo-1"):
        key = ("oci.egress.internet", region)
        assert one[key].cost_usd == other[key].cost_usd
