"""FOCUS: what the specification says of columns, values and products, for all deployments.

https://github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec/tree/v1.2/specification. Its validator
passes files in which products are wrong, so these tests do not.
"""

import csv
import datetime as dt
import io
import json
import re
from decimal import Context, Decimal

import pytest

import estimator as ws
from estimator.exports.focus import unit_text
from estimator.pricing.price_files import load_price_files

EXACT = Context(prec=200)
MANDATORY = {
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency"),
    *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass"),
    *("ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost"),
    *("EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity", "PricingUnit"),
    *("ProviderName", "PublisherName", "ServiceCategory", "ServiceName"),
}
MAY_BE_NULL = {"BillingAccountName", "ChargeClass", "ChargeDescription"}
PRICED = ("ConsumedQuantity", "ConsumedUnit", "PricingQuantity", "PricingUnit", "SkuId")
COSTS = ("BilledCost", "ContractedCost", "EffectiveCost", "ListCost")
NUMBERS = (*COSTS, "ListUnitPrice", "ContractedUnitPrice", "PricingQuantity", "ConsumedQuantity")
DIGITS = re.compile(r"-?\d+(\.\d+)?")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
# specification/columns/servicesubcategory.md of v1.2
CATEGORIES = {
    *("AI and Machine Learning", "Analytics", "Business Applications", "Compute", "Databases"),
    *("Developer Tools", "Identity", "Integration", "Internet of Things", "Media", "Migration"),
    *("Management and Governance", "Mobile", "Multicloud", "Networking", "Security", "Storage"),
    *("Web", "Other"),
}
# specification/attributes/unit_format.md of v1.2
TIME = "Years|Months|Days|Hours|Minutes|Seconds"
UNIT = re.compile(rf"[A-Za-z][A-Za-z0-9]*( [A-Za-z][A-Za-z0-9]*)*(-({TIME}))?")
MADE_ON = dt.date(2026, 12, 5)
SOME = (
    *("aws.api_gateway", "aws.nlb_ec2", "azure.signalr", "gcp.cloud_run", "oci.load_balancer_vm"),
    *("cloudflare.durable_objects", "pusher.channels"),
)
"""Of each vendor's list one; tiers, packages, plans, free units, functions and machines."""


def rows_of(result, **options):
    written = ws.export(result, "focus", made_on=MADE_ON, **options)
    return list(csv.DictReader(io.StringIO(written.text)))


@pytest.fixture(scope="module")
def compared():
    scenario = ws.Scenario(
        name="Ours",
        profile="workplace-chat",
        location="virginia",
        peak_connections=60_000,
        engineering={"engineer_hours_per_month": 10},
        contract="aws-compute-savings-plan-1-year",
    )
    return ws.compare(scenario, SOME)


@pytest.fixture(scope="module")
def rows(compared):
    return rows_of(compared)


def test_all_mandatory_columns_are_there_and_filled(rows):
    for row in rows:
        null = {name for name in MANDATORY if not row[name]} - MAY_BE_NULL
        assert null <= ({"PricingQuantity", "PricingUnit"} if row["SkuId"] == "" else set())


def test_own_columns_come_last_and_say_that_it_is_an_estimate(rows):
    names = list(rows[0])
    own = [name for name in names if name.startswith("x_")]

    assert names[-len(own) :] == own
    assert {row["x_IsEstimate"] for row in rows} == {"true"}
    assert {row["InvoiceId"] for row in rows} == {""}


def test_list_price_times_quantity_is_the_list_cost_to_the_last_digit(rows):
    for row in rows:
        if row["ChargeCategory"] == "Credit":
            assert row["ListCost"] == row["ContractedCost"] == row["BilledCost"]
            continue
        quantity = Decimal(row["PricingQuantity"])
        for price, cost in (
            ("ListUnitPrice", "ListCost"),
            ("ContractedUnitPrice", "ContractedCost"),
        ):
            assert EXACT.multiply(Decimal(row[price]), quantity) == Decimal(row[cost])


def test_numbers_are_digits_and_moments_are_in_utc(rows):
    for row in rows:
        assert all(DIGITS.fullmatch(row[name]) for name in NUMBERS if row[name])
        assert all(DIGITS.fullmatch(row[name]) for name in COSTS)
        assert all(MOMENT.fullmatch(row[name]) for name in row if "Period" in name)
        assert row["BillingPeriodStart"] == "2026-12-01T00:00:00Z"
        assert row["BillingPeriodEnd"] == "2027-01-01T00:00:00Z"


def test_values_are_those_allowed(rows):
    for row in rows:
        assert row["ChargeCategory"] in ("Usage", "Credit")
        assert row["ChargeFrequency"] in ("Recurring", "Usage-Based")
        assert row["ServiceCategory"] in CATEGORIES
        assert row["PricingCategory"] in ("Standard", "Committed", "")
        assert row["BillingCurrency"] == "USD"
        assert isinstance(json.loads(row["Tags"]), dict)
        assert row["InvoiceIssuerName"] == row["ProviderName"]
        if row["ChargeCategory"] == "Usage":
            null = {name for name in PRICED if not row[name]}
            is_unused = row["CommitmentDiscountStatus"] == "Unused"
            assert null == ({"ConsumedQuantity", "ConsumedUnit"} if is_unused else set())
            assert all(key.startswith("x_") for key in json.loads(row["SkuPriceDetails"]))


def test_a_sku_price_has_one_price_and_one_sku(rows):
    prices = {}
    for row in rows:
        if row["SkuPriceId"] and not row["SkuId"].startswith("own."):
            said = row["SkuId"], row["ListUnitPrice"], row["SkuPriceDetails"]
            assert prices.setdefault(row["SkuPriceId"], said) == said


def test_totals_are_those_of_the_bills(compared, rows):
    for bill in compared.bills:
        own = [row for row in rows if row["x_EstimateId"].endswith(f":{bill.deployment}")]
        assert float(sum(Decimal(row["BilledCost"]) for row in own)) == pytest.approx(
            bill.total, rel=1e-12
        )
        assert len({row["BillingAccountId"] for row in own}) == 1
    assert len({row["BillingAccountId"] for row in rows}) == len(compared.bills)


def test_each_row_says_where_its_price_is_from(rows):
    for row in rows:
        assert row["x_PriceSourceUrl"]
        assert dt.date.fromisoformat(row["x_PriceCheckedOn"])
        assert row["x_Confidence"] in ("confirmed", "single_source", "inferred")
        assert re.fullmatch("[0-9a-f]{16}", row["x_ScenarioHash"])


def test_version_1_4_names_the_parties_as_its_table_does(compared):
    names = set(rows_of(compared, focus_version="1.4")[0])

    assert names >= {"ServiceProviderName", "HostProviderName"}
    assert not names & {"ProviderName", "PublisherName"}


def test_every_service_has_one_category_and_one_subcategory():
    found = {}
    for meter in load_price_files().meters:
        said = meter.focus_category, meter.focus_subcategory
        service = meter.meter.partition(".")[0], meter.service
        assert found.setdefault(service, said) == said


def test_every_unit_has_the_form_of_the_specification():
    for meter in load_price_files().meters:
        assert UNIT.fullmatch(unit_text(meter.unit)), meter.unit
    assert unit_text("per 1,000 =x") == "per x"
    assert unit_text("€") == "Units"


def test_growth_has_a_billing_period_for_each_month(compared):
    grows = ws.growth(
        compared.scenario, 14, monthly_growth_percent=5, deployments=["aws.api_gateway"]
    )
    rows = rows_of(grows)
    periods = sorted({row["BillingPeriodStart"] for row in rows})

    assert (len(periods), periods[0], periods[-1]) == (
        15,
        "2026-12-01T00:00:00Z",
        "2028-02-01T00:00:00Z",
    )
    [totals] = (grows.totals(bill) for bill in grows.bills)
    for month, usd in enumerate(totals):
        own = [Decimal(row["BilledCost"]) for row in rows if row["x_Month"] == str(month)]
        assert float(sum(own)) == pytest.approx(usd, rel=1e-12)


def test_a_commitment_is_named_as_one(rows):
    committed = [row for row in rows if row["CommitmentDiscountId"]]

    assert committed
    assert {row["CommitmentDiscountCategory"] for row in committed} == {"Spend"}
    assert {row["PricingCategory"] for row in committed} == {"Committed"}


def test_a_range_is_of_the_whole_estimate_where_somebody_asked(compared):
    rows = rows_of(compared, ranges={"aws.api_gateway": (10.5, 20)})
    told = {row["x_EstimateId"].split(":")[1]: row["x_EstimateCostP90"] for row in rows}

    assert (told["aws.api_gateway"], told["aws.nlb_ec2"]) == ("20", "")


def test_a_bill_without_a_scenario_can_be_written():
    [row] = rows_of(ws.price({"aws.alb.hours": 730}, "us-east-1"))

    assert (row["BilledCost"], row["RegionId"]) == ("16.425", "us-east-1")
    assert row["x_ScenarioName"] == ""
