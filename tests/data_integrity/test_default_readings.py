"""Where sources disagree on a price: the vendor's own text is the default, else the most costly."""

import re

import pytest

import estimator as ws
from estimator.pricing.price_files import load_price_files, price_assumptions

ASKED = {
    "aws.egress.free_100_gb": {("aws.egress.internet", "us-east-1"): 20_000},
    "azure.application_gateway.fixed_price": {
        ("azure.application_gateway.standard_v2_hours", "eastus"): 730
    },
    "azure.inter_zone.charge": {("azure.inter_zone.gb", "eastus"): 100},
    "gcp.cloud_run.free_tier_of_both_modes": {
        ("gcp.cloud_run.cpu_request_based", "us-central1"): 1e6,
        ("gcp.cloud_run.cpu_instance_based", "us-central1"): 1e6,
    },
    "gcp.cloud_run.mumbai_tier": {("gcp.cloud_run.cpu_request_based", "asia-south1"): 1e6},
    "gcp.cloud_run.johannesburg_tier": {("gcp.cloud_run.cpu_request_based", "africa-south1"): 1e6},
    "gcp.egress.premium_free_gib": {
        ("gcp.egress.premium_to_europe", "us-central1"): 10,
        ("gcp.egress.premium_to_asia", "us-central1"): 10,
    },
    "gcp.egress.standard_free_200_gib": {
        ("gcp.egress.standard", "us-central1"): 500,
        ("gcp.egress.standard", "asia-east1"): 500,
    },
    "gcp.egress.oceania_prices": {("gcp.egress.premium_to_americas", "australia-southeast1"): 100},
    "gcp.external_ipv4.free_hours": {("gcp.external_ipv4.hours", "us-central1"): 730},
    "gcp.inter_region.europe_north_america": {
        ("gcp.inter_region.europe_north_america_gib", "europe-west3"): 100
    },
    "gcp.inter_region.within_asia": {("gcp.inter_region.within_asia_gib", "asia-northeast1"): 100},
    "oci.compute.a1_free": {("oci.compute.a1_ocpu_hours", "eu-frankfurt-1"): 5_000},
    "oci.egress.free_10_tb": {
        ("oci.egress.internet", "eu-frankfurt-1"): 20_000,
        ("oci.egress.internet", "ap-tokyo-1"): 20_000,
    },
}
"""Quantities whose price depends on the answer."""
BYTES = {"aws.egress.gigabyte", "azure.egress.gigabyte"}
"""Of these the answer is how many bytes a unit has: the fewer, the more it costs."""
DECIDED_BY_THE_VENDOR = {
    "aws.egress.gigabyte",
    "azure.application_gateway.fixed_price",
    "azure.inter_zone.charge",
    "gcp.cloud_run.johannesburg_tier",
    "gcp.cloud_run.mumbai_tier",
    "gcp.inter_region.europe_north_america",
}
"""Whose default is the cheaper answer, because the vendor says so; the evidence tells where."""
NO_TEXT = {("oci.compute.a1_free", "none")}
"""Answers that no source gives: one may choose them to be careful."""


def test_every_question_about_prices_is_asked_here():
    assert set(ASKED) | BYTES == set(price_assumptions())


@pytest.mark.parametrize("name", sorted(ASKED.keys() - DECIDED_BY_THE_VENDOR))
def test_the_more_expensive_reading_is_the_default(name):
    question = price_assumptions()[name]
    totals = {
        answer: ws.price(ASKED[name], free_allowances="always", assumptions={name: answer}).total
        for answer in question.choices
        if (name, answer) not in NO_TEXT
    }

    assert len(set(totals.values())) > 1
    assert totals[question.default] == max(totals.values())


def test_a_gigabyte_that_no_text_defines_is_the_smaller_one():
    assert price_assumptions()["azure.egress.gigabyte"].default == "1000"


@pytest.mark.parametrize("name", sorted(DECIDED_BY_THE_VENDOR))
def test_a_cheaper_default_names_the_text_of_the_vendor(name):
    evidence = price_assumptions()[name].evidence

    assert re.search(r"vendor's (own|newest)", evidence), evidence
    assert "default" in evidence


WAYS_TO_COUNT = re.compile(
    r"both (directions|zones)|in each direction|largest of|N (messages|operations)"
    r"|each delivery|every delivery|for each (client|subscriber)|20 to 1|in plus out"
    r"|Outbound messages only|leaving the service|Only what exceeds|each GB read"
    r"|requests from outside|PUBLISH in and out|sending (side|region)",
    re.IGNORECASE,
)


def test_a_meter_that_counts_one_thing_twice_or_in_part_says_what_to_enter():
    free = {row.meter for row in load_price_files().rates if row.usd_per_unit == 0}
    silent = [
        meter.meter
        for meter in load_price_files().meters
        if meter.meter not in free and WAYS_TO_COUNT.search(meter.note or "") and not meter.enter
    ]

    assert not silent


def test_plain_quantities_are_told_to_count_both_zones():
    # AWS bills data between zones out of one and into the other, 0.01 USD each
    bill = ws.price({"aws.inter_zone.gb": 23_000}, "us-east-1")

    for text in (bill.explain(), bill.to_markdown()):
        assert "out of one zone and into the other: enter both" in text
