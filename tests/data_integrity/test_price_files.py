"""Every price is sourced, dated, positive and complete; the files are read past our own code."""

import csv
import datetime as dt
import io
from collections import defaultdict

import pytest
from ruamel.yaml import YAML

from estimator.datafiles import data_text

CLOUDS = ["aws", "azure", "gcp", "oci"]
TODAY = dt.datetime.now(dt.UTC).date()


def rows(cloud: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(data_text(f"{cloud}/rates.csv"))))


def yaml(path: str) -> dict:
    return YAML(typ="safe", pure=True).load(data_text(path))


def places_of_fault(found: list[dict[str, str]]) -> list[str]:
    return [f"{row['meter']} {row['region']} {row['tier_from']}" for row in found]


every_cloud = pytest.mark.parametrize("cloud", CLOUDS)


@every_cloud
def test_every_row_says_where_it_was_read(cloud):
    named = [row for row in rows(cloud) if len(row["source"]) < 8]

    assert places_of_fault(named) == []


@every_cloud
def test_no_price_is_zero_or_below(cloud):
    assert places_of_fault([row for row in rows(cloud) if float(row["usd_per_unit"]) <= 0]) == []


@every_cloud
def test_no_price_was_checked_in_the_future(cloud):
    late = [row for row in rows(cloud) if dt.date.fromisoformat(row["checked_on"]) > TODAY]

    assert places_of_fault(late) == []


@every_cloud
def test_no_price_was_checked_before_it_came_into_force(cloud):
    early = [row for row in rows(cloud) if row["effective_from"] > row["checked_on"]]

    assert places_of_fault(early) == []


@every_cloud
def test_no_price_is_older_than_the_services(cloud):
    assert all(row["effective_from"] >= "2018-01-01" for row in rows(cloud))


@every_cloud
def test_tiers_start_at_zero_and_ascend(cloud):
    edges = defaultdict(list)
    for row in rows(cloud):
        key = row["meter"], row["region"], row["effective_from"]
        edges[key].append(float(row["tier_from"]))

    for key, found in edges.items():
        assert min(found) == 0, key
        assert len(set(found)) == len(found), key


@every_cloud
def test_bigger_tiers_are_never_dearer(cloud):
    ladders = defaultdict(list)
    for row in rows(cloud):
        key = row["meter"], row["region"], row["effective_from"]
        ladders[key].append((float(row["tier_from"]), float(row["usd_per_unit"])))

    for key, ladder in ladders.items():
        prices = [usd for _, usd in sorted(ladder)]
        assert prices == sorted(prices, reverse=True), key


@every_cloud
def test_no_row_is_given_twice(cloud):
    keys = [
        (row["meter"], row["region"], row["tier_from"], row["effective_from"])
        for row in rows(cloud)
    ]

    assert len(set(keys)) == len(keys)


@every_cloud
def test_meters_and_prices_are_of_the_same_things(cloud):
    assert {row["meter"] for row in rows(cloud)} == set(yaml(f"{cloud}/meters.yaml"))


@every_cloud
def test_confidence_is_one_of_three_grades(cloud):
    grades = {row["confidence"] for row in rows(cloud)}

    assert grades <= {"confirmed", "single_source", "inferred"}


@every_cloud
def test_what_is_not_confirmed_says_why(cloud):
    silent = [row for row in rows(cloud) if row["confidence"] != "confirmed" and not row["note"]]

    assert places_of_fault(silent) == []


@every_cloud
def test_every_meter_has_an_official_source_with_an_address(cloud):
    for name, meter in yaml(f"{cloud}/meters.yaml").items():
        assert meter["source"].startswith("https://"), name


@every_cloud
def test_every_allowance_has_a_source_and_a_date(cloud):
    for name, meter in yaml(f"{cloud}/meters.yaml").items():
        for allowance in meter.get("allowance", []):
            assert allowance["source"], name
            assert allowance["checked_on"] <= TODAY, name


@every_cloud
def test_every_limit_has_a_source_and_a_date(cloud):
    for name, limit in yaml(f"{cloud}/limits.yaml").items():
        assert name.startswith(f"{cloud}.")
        assert len(limit["source"]) >= 8, name
        assert limit["checked_on"] <= TODAY, name


@pytest.mark.parametrize("path", ["servers.yaml", "handshake.yaml"])
def test_every_measured_figure_has_a_source_and_a_grade(path):
    def figures(node: dict):
        if "value" in node:
            yield node
        else:
            for inner in node.values():
                if isinstance(inner, dict):
                    yield from figures(inner)

    found = list(figures(yaml(path)))
    assert found
    for figure in found:
        assert figure["value"] > 0
        assert len(figure["source"]) >= 8
        assert figure["confidence"] in {"confirmed", "single_source", "inferred"}


def price(cloud: str, meter: str, region: str, tier_from: float = 0) -> float:
    """The price in the file, of the newest version."""
    found = [
        (row["effective_from"], float(row["usd_per_unit"]))
        for row in rows(cloud)
        if (row["meter"], row["region"]) == (meter, region) and float(row["tier_from"]) == tier_from
    ]
    return max(found)[1]


class TestKnownTraps:
    def test_dynamodb_has_the_price_since_november_2024(self):
        # https://aws.amazon.com/blogs/database/new-amazon-dynamodb-lowers-pricing-for-on-demand-throughput-and-global-tables/
        # many copies still have 1.25 and 0.25 a million
        assert price("aws", "aws.dynamodb.write_units", "us-east-1") == pytest.approx(0.625e-6)
        assert price("aws", "aws.dynamodb.read_units", "us-east-1") == pytest.approx(0.125e-6)

    def test_oracle_prices_are_those_above_the_zero_tiers(self):
        # the price list gives every part a first tier at 0, which is an allowance and no price
        assert price("oci", "oci.load_balancer.hours", "*") == 0.0113
        assert price("oci", "oci.load_balancer.mbps_hours", "*") == 0.0001
        assert price("oci", "oci.egress.internet", "us-ashburn-1") == 0.0085

    def test_azure_bandwidth_tiers_are_shifted_by_95_gb(self):
        # 10, 50 and 150 TB of 1,024 GB plus 95, since the free grant grew from 5 to 100 GB
        edges = {
            float(row["tier_from"])
            for row in rows("azure")
            if (row["meter"], row["region"]) == ("azure.egress.internet", "eastus")
        }
        assert {10_240 + 95, 51_200 + 95, 153_600 + 95} <= edges

    @pytest.mark.parametrize(
        ("cloud", "meter", "side"),
        [
            ("aws", "aws.egress.internet", "beyond"),
            ("azure", "azure.egress.internet", "including"),
            ("oci", "oci.egress.internet", "including"),
        ],
    )
    def test_free_traffic_lies_on_the_side_of_the_tiers_its_vendor_says(self, cloud, meter, side):
        [allowance] = yaml(f"{cloud}/meters.yaml")[meter]["allowance"]

        assert allowance["tiers"] == side

    def test_lambda_is_x86_and_not_arm(self):
        # https://aws.amazon.com/lambda/pricing/: 0.0000166667 on x86, 0.0000133334 on Arm
        assert price("aws", "aws.lambda.gb_seconds", "us-east-1") == pytest.approx(0.0000166667)

    @pytest.mark.parametrize(
        ("region", "first", "above", "minutes"),
        [
            # https://aws.amazon.com/api-gateway/pricing/, USD a million
            ("us-east-1", 1.00, 0.80, 0.25),
            ("eu-central-1", 1.14, 0.94, 0.285),
            ("ap-northeast-1", 1.26, 1.06, 0.315),
            ("ap-southeast-2", 1.30, 1.10, 0.325),
        ],
    )
    def test_api_gateway_prices_are_the_vendors(self, region, first, above, minutes):
        messages = "aws.api_gateway.messages"
        assert price("aws", messages, region) == pytest.approx(first / 1e6)
        assert price("aws", messages, region, 1e9) == pytest.approx(above / 1e6)
        found = price("aws", "aws.api_gateway.connection_minutes", region)
        assert found == pytest.approx(minutes / 1e6)
