"""Bills that follow from Oracle's published price list, to the cent.

Source: https://apexapps.oracle.com/pls/apex/cetools/api/v1/products/?currencyCode=USD, parts
B93030 (0 up to 744 LB-hours, then 0.0113), B93031 (0 up to 7,440 Mbps-hours, then 0.0001), B97384
and B97385 (E5, 0.03 an OCPU-hour and 0.002 a GB-hour), B88327, B93455 and B93456 (0 up to 10,240
GB, then 0.0085, 0.025 and 0.05 by origin).
"""

import pytest

import estimator as ws

LB_HOURS = "oci.load_balancer.hours"
MBPS_HOURS = "oci.load_balancer.mbps_hours"


def test_two_load_balancers_at_10_mbps():
    # (1,460 - 744) x 0.0113 = 8.0908; (14,600 - 7,440) x 0.0001 = 0.7160
    bill = ws.price(
        {LB_HOURS: 2 * 730, MBPS_HOURS: 2 * 10 * 730},
        region="us-ashburn-1",
        free_allowances="always",
    )

    [hours, bandwidth] = bill.items
    assert float(hours.cost_usd) == pytest.approx(8.0908, abs=1e-9)
    assert float(bandwidth.cost_usd) == pytest.approx(0.7160, abs=1e-9)
    assert bill.total == pytest.approx(8.8068, abs=1e-9)


def test_one_load_balancer_with_100_mbps_all_month_as_a_workload(make_demand, bill_of):
    # (73,000 - 7,440) x 0.0001 = 6.556, and its 730 hours are free.
    # 124 bytes leave as 200 and are acknowledged with 52 (the measured table of test_wire).
    messages_per_hour = 100e6 / 8 * 3600 / (200 + 52)
    bill = bill_of(
        "oci.load_balancer_fleet",
        make_demand(to_client=messages_per_hour, payload=124),
        free_allowances="always",
    )

    cost = {item.rate.meter_id: float(item.cost_usd) for item in bill.items}
    assert cost[LB_HOURS] == 0
    assert cost[MBPS_HOURS] == pytest.approx(6.556, abs=1e-9)


def test_one_small_load_balancer_is_free(make_demand, bill_of, cents):
    bill = bill_of("oci.load_balancer_fleet", make_demand(10), free_allowances="always")

    assert cents(bill)[LB_HOURS] == 0.00
    assert cents(bill)[MBPS_HOURS] == 0.00


def test_a_node_of_4_ocpus_and_32_gb(make_demand, bill_of, cents):
    # 4 x 0.03 x 730 + 32 x 0.002 x 730 = 134.32
    bill = bill_of(
        "oci.load_balancer_fleet",
        make_demand(10),
        options={"ocpus": 4, "memory_gb": 32, "min_nodes": 1, "spare_nodes": 0},
    )

    lines = cents(bill)
    node = lines["oci.compute.e5_ocpu_hours"] + lines["oci.compute.e5_memory_gb_hours"]
    assert round(node, 2) == 134.32


@pytest.mark.parametrize(
    ("region", "usd"),
    [("us-ashburn-1", 348.16), ("ap-tokyo-1", 1_024.00), ("me-dubai-1", 2_048.00)],
)
def test_50_tib_of_data_out_by_origin(region, usd):
    # 51,200 - 10,240 = 40,960 GB to pay
    bill = ws.price({"oci.egress.internet": 51_200}, region=region, free_allowances="always")

    assert round(float(bill.total), 2) == usd


@pytest.mark.parametrize("region", ["us-ashburn-1", "ap-tokyo-1", "me-dubai-1"])
def test_the_first_10_tib_of_data_out_are_free_everywhere(region):
    bill = ws.price({"oci.egress.internet": 10_240}, region=region, free_allowances="always")

    assert bill.total == 0
