"""Mistakes that are in many copies of these prices, and must not come back."""

import re

import pytest


def test_dynamodb_has_the_price_since_november_2024(tables):
    # https://aws.amazon.com/blogs/database/new-amazon-dynamodb-lowers-pricing-for-on-demand-throughput-and-global-tables/
    # many copies still have 1.25 and 0.25 a million
    assert tables.price("aws.dynamodb.write_units", "us-east-1") == pytest.approx(0.625e-6)
    assert tables.price("aws.dynamodb.read_units", "us-east-1") == pytest.approx(0.125e-6)


def test_oracle_prices_are_those_above_the_zero_tiers(tables):
    # the price list gives every part a first tier at 0, which is an allowance and no price
    assert tables.price("oci.load_balancer.hours", "*") == 0.0113
    assert tables.price("oci.load_balancer.mbps_hours", "*") == 0.0001
    assert tables.price("oci.egress.internet", "us-ashburn-1") == 0.0085
    assert tables.price("oci.compute.a1_ocpu_hours", "*") == 0.01
    assert tables.price("oci.functions.invocations", "*") > 0


def test_oracles_balancer_and_its_bandwidth_are_not_swapped(tables):
    # B93030 is the balancer, B93031 its bandwidth: code exists that has it the other way round
    hours, bandwidth = (
        next(row for row in tables.rows("oci") if row["meter"] == f"oci.load_balancer.{name}")
        for name in ("hours", "mbps_hours")
    )

    assert "B93030" in hours["note"] + hours["source"]
    assert "B93031" in bandwidth["note"] + bandwidth["source"]


@pytest.mark.parametrize(
    ("shape", "cores"),
    # https://docs.oracle.com/en-us/iaas/Content/Compute/References/computeshapes.htm:
    # of an OCPU, A1 has one Arm core, A2 and A4 two, and x86 two threads
    [("a1", "1"), ("a2", "2"), ("a4", "2"), ("e5", "2")],
)
def test_an_ocpu_is_as_many_cores_as_the_shape_says(shape, cores, tables):
    meters = {row["meter"]: row for row in tables.rows("oci", "meters")}
    words = {"1": r"\b(1|one)\b", "2": r"\b(2|two)\b"}[cores]

    assert re.search(words, meters[f"oci.compute.{shape}_ocpu_hours"]["note"], re.IGNORECASE)


@pytest.mark.parametrize(
    ("first", "extra"),
    [
        # https://cloud.google.com/load-balancing/pricing and Azure's retail prices: rules 1 to 5
        # cost 0.025 an hour together, each further one 0.01
        ("gcp.load_balancing.first_five_rules_hours", "gcp.load_balancing.extra_rule_hours"),
        ("azure.load_balancer.first_five_rules_hours", "azure.load_balancer.extra_rule_hours"),
    ],
)
def test_five_rules_share_one_fee(first, extra, tables):
    assert tables.price(first, "*") == 0.025
    assert tables.price(extra, "*") == 0.01
    cloud = first.split(".")[0]
    [meter] = [row for row in tables.rows(cloud, "meters") if row["meter"] == first]
    assert re.search(r"together|share", meter["title"] + meter["note"])


def test_azure_machines_are_neither_windows_nor_cloud_services(tables):
    # D2as_v5 in East US: 0.086 as a virtual machine, 0.178 as "Cloud Services", 0.178 with Windows
    assert tables.price("azure.vm.d2as_v5", "eastus") == 0.086
    assert tables.price("azure.vm.d4as_v5", "eastus") == 0.172
    # within a family the price follows the processors, and a twin in it would stand out
    for small, large in [("d2as_v5", "d4as_v5"), ("d2ps_v6", "d4ps_v6"), ("f2s_v2", "f4s_v2")]:
        for row in tables.rows("azure"):
            if row["meter"] == f"azure.vm.{small}":
                double = tables.price(f"azure.vm.{large}", row["region"])
                assert double / float(row["usd_per_unit"]) == pytest.approx(2, rel=0.02)


def test_the_hour_and_the_gigabyte_of_a_nat_gateway_are_two_meters(tables):
    # both numbers are the same at AWS and Azure, so that one is easily left out
    for cloud, region in [("aws", "us-east-1"), ("azure", "*")]:
        assert tables.price(f"{cloud}.nat_gateway.hours", region) == 0.045
        assert tables.price(f"{cloud}.nat_gateway.gb", region) == 0.045


def test_azure_bandwidth_tiers_are_shifted_by_95_gb(tables):
    # 10, 50 and 150 TB of 1,024 GB plus 95, since the free grant grew from 5 to 100 GB
    edges = {
        float(row["tier_from"])
        for row in tables.rows("azure")
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
def test_free_traffic_lies_on_the_side_of_the_tiers_its_vendor_says(cloud, meter, side, tables):
    questions = tables.yaml(f"{cloud}/assumptions.yaml")
    defaults = {name: next(iter(asked["choices"])) for name, asked in questions.items()}
    sides = {
        row["tiers"]
        for row in tables.rows(cloud, "allowances")
        if meter in row["meters"].split() and row["answer"] == defaults.get(row["assumption"], "")
    }

    assert sides == {side}


def test_lambda_on_arm_is_cheaper_than_on_x86(tables):
    # https://aws.amazon.com/lambda/pricing/: 0.0000166667 on x86, 0.0000133334 on Arm
    assert tables.price("aws.lambda.gb_seconds", "us-east-1") == pytest.approx(0.0000166667)
    assert tables.price("aws.lambda.gb_seconds_arm", "us-east-1") == pytest.approx(0.0000133334)


def test_cloud_runs_instance_rates_are_not_the_old_ones(tables):
    # older calculators have 0.0000252 and 0.0000028 for the second tier; a bill of London and
    # the catalogue fit 0.0000216 and 0.0000024 only
    assert tables.price("gcp.cloud_run.cpu_instance_based", "europe-west2") == 0.0000216
    assert tables.price("gcp.cloud_run.memory_instance_based", "europe-west3") == 0.0000024


def test_cloud_runs_free_seconds_are_worth_the_same_in_both_modes(tables):
    # 180,000 x 0.000024 = 240,000 x 0.000018 = 4.32; 360,000 x 0.0000025 = 450,000 x 0.000002
    worth = {
        kind: {
            float(row["usd"])
            for row in tables.rows("gcp", "allowances")
            if row["meters"].startswith(f"gcp.cloud_run.{kind}")
        }
        for kind in ("cpu", "memory")
    }

    by_request = tables.price("gcp.cloud_run.cpu_request_based", "us-central1")
    by_instance = tables.price("gcp.cloud_run.cpu_instance_based", "us-central1")
    assert worth["cpu"] == {round(180_000 * by_request, 9)} == {round(240_000 * by_instance, 9)}
    by_request = tables.price("gcp.cloud_run.memory_request_based", "us-central1")
    by_instance = tables.price("gcp.cloud_run.memory_instance_based", "us-central1")
    assert worth["memory"] == {round(360_000 * by_request, 9)} == {round(450_000 * by_instance, 9)}


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
def test_api_gateway_prices_are_the_vendors(region, first, above, minutes, tables):
    messages = "aws.api_gateway.messages"
    assert tables.price(messages, region) == pytest.approx(first / 1e6)
    assert tables.price(messages, region, 1e9) == pytest.approx(above / 1e6)
    found = tables.price("aws.api_gateway.connection_minutes", region)
    assert found == pytest.approx(minutes / 1e6)


def test_graviton_in_mumbai_is_cheaper_than_in_virginia(tables):
    # so that no multiplier of a region holds for all machines
    assert tables.price("aws.ec2.m7g_large", "ap-south-1") < tables.price(
        "aws.ec2.m7g_large", "us-east-1"
    )
    assert tables.price("aws.ec2.m6i_large", "ap-south-1") > tables.price(
        "aws.ec2.m6i_large", "us-east-1"
    )


def test_sustained_use_means_are_those_of_the_vendor(tables):
    # https://cloud.google.com/compute/docs/sustained-use-discounts: a month of the 30 % class is
    # paid to 70 %, of the 20 % class to 80 %
    classes: dict[str, list[float]] = {}
    for row in tables.rows("gcp", "sustained_use"):
        classes.setdefault(row["machine_class"], []).append(float(row["multiplier"]))
    means = sorted(sum(quarters) / len(quarters) for quarters in classes.values())

    assert all(len(quarters) == 4 for quarters in classes.values())
    assert means[-1] == pytest.approx(0.80, abs=0.0005)
