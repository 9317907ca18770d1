"""Answers of vendors become one form, and what is no price list is refused."""

import copy
import json
from decimal import Decimal
from pathlib import Path

import pytest

from estimator.vendor_lists.listed import UnreadableAnswerError
from estimator.vendor_lists.readers.recognize import parsed, read_answer

ANSWERS = Path(__file__).resolve().parents[2] / "examples" / "vendor-answers"


def content(name: str) -> dict:
    return json.loads((ANSWERS / f"{name}.json").read_text(encoding="utf-8"))


def entry(name: str, vendor_id: str, region: str):
    [found] = read_answer(content(name), name)
    return next(e for e in found.entries if vendor_id in e.ids and e.region == region)


def test_a_region_of_aws_is_known_by_its_display_name():
    [found] = read_answer(content("aws-apigateway"), "a")

    assert found.regions == {"us-east-1", "eu-central-1"}
    assert (found.offer, str(found.read_on)) == ("apigateway", "2025-10-20")


def test_an_entry_of_aws_that_stands_twice_is_one():
    [found] = read_answer(content("aws-apigateway"), "a")

    assert len([e for e in found.entries if "UTA8VPBNDBWNCNMC" in e.ids]) == 1
    assert entry("aws-apigateway", "UTA8VPBNDBWNCNMC", "us-east-1").fields["label"] == (
        "WebSocket Connection Minutes"
    )


def test_items_of_azure_that_differ_by_tier_are_one_entry():
    [found] = read_answer(content("azure-functions"), "a")
    by_name = {entry.fields["meterName"]: entry for entry in found.entries}

    # https://prices.azure.com: 400,000 GB-seconds free, then 0.000016 each
    assert by_name["Standard Execution Time"].tiers == (
        (Decimal(0), Decimal(0)),
        (Decimal(400_000), Decimal("0.000016")),
    )


def test_a_sku_of_google_has_whole_dollars_and_billionths_in_each_of_its_regions():
    assert entry("gcp-cloud-run", "4856-B847-F1EB", "us-east1").tiers == (
        (Decimal(0), Decimal("0.000024")),
    )
    assert entry("gcp-cloud-run", "2DA5-55D3-E679", "*").tiers[1] == (
        Decimal(2_000_000),
        Decimal("0.0000004"),
    )


def test_the_older_form_of_oracles_list_is_read_too():
    older = content("oci-products")
    for item in older["items"]:
        item["prices"] = item.pop("currencyCodeLocalizations")

    assert (
        read_answer(older, "a")[0].entries == read_answer(content("oci-products"), "a")[0].entries
    )


@pytest.mark.parametrize(
    ("name", "change", "words"),
    [
        ("aws-apigateway", lambda c: c["manifest"].update(currencyCode="CNY"), "in 'CNY', not"),
        ("azure-signalr", lambda c: c.update(BillingCurrency="EUR"), "in 'EUR', not in USD"),
        # each item has a currency: https://learn.microsoft.com/en-us/rest/api/cost-management/retail-prices/azure-retail-prices
        ("azure-signalr", lambda c: c["Items"][0].update(currencyCode="EUR"), "in 'EUR', not in"),
        ("azure-signalr", lambda c: c.update(Items=[]), "misspelled question"),
        ("azure-signalr", lambda c: c["Items"][0].pop("retailPrice"), "'None' is not an amount"),
        ("azure-signalr", lambda c: c["Items"][0].update(retailPrice=-1), "'-1' is not an amount"),
        ("oci-products", lambda c: c["items"][2].pop("currencyCodeLocalizations"), "no price in"),
        ("oci-products", lambda c: c["items"][2].pop("partNumber"), "not as the vendor writes it"),
        ("gcp-cloud-run", lambda c: c["skus"][0].update(pricingInfo=[{}]), "not as the vendor"),
    ],
)
def test_an_answer_that_is_not_whole_is_refused(name, change, words):
    broken = copy.deepcopy(content(name))
    change(broken)

    with pytest.raises(UnreadableAnswerError, match=words):
        read_answer(broken, name)


@pytest.mark.parametrize(
    "text",
    [b"<html><body>Please log in</body></html>", b'{"Items": [1, 2', b"", b"[1]", b"[" * 9_999],
)
def test_what_is_no_json_document_is_refused(text):
    with pytest.raises(UnreadableAnswerError):
        read_answer(parsed(text, "a"), "a")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b" \n", "it is empty"),
        (b'{"Items": [1, 2', "it begins as JSON, but breaks off or is damaged after 1[45] char"),
        (b"<html>", "not JSON, but begins with '<html>'"),
    ],
)
def test_why_it_is_no_json_is_said(text, words):
    with pytest.raises(UnreadableAnswerError, match=words):
        parsed(text, "a")


def test_the_json_of_somebody_else_is_refused():
    with pytest.raises(UnreadableAnswerError, match="not a price list of a vendor known here"):
        read_answer({"regions": {}, "items": []}, "a")
