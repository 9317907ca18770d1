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
        "oci.load_balancer_vm",
        make_demand(to_client=messages_per_hour, payload=124),
        answers={"backend_leg": "no"},
        free_allowances="always",
    )

    cost = {item.rate.meter_id: float(item.cost_usd) for item in bill.items}
    assert cost[LB_HOURS] == 0
    assert cost[MBPS_HOURS] == pytest.approx(6.556, abs=1e-9)


def test_fifty_mbps_with_clients_are_a_hundred_with_backends(make_demand, bill_of):
    # bandwidth is ingress plus egress of the balancer: what comes in goes out again. The same 6.556
    messages_per_hour = 50e6 / 8 * 3600 / (200 + 52)
    bill = bill_of(
        "oci.load_balancer_vm",
        make_demand(to_client=messages_per_hour, payload=124),
        free_allowances="always",
    )

    cost = {item.rate.meter_id: float(item.cost_usd) for item in bill.items}
    assert cost[MBPS_HOURS] == pytest.approx(6.556, abs=1e-9)


@pytest.mark.parametrize(
    ("share", "usd"),
    # Oracle: "Always 50% off your on-demand instance rates". Two nodes of 4 x 0.03 + 32 x 0.002 =
    # 0.184 an hour, 268.64 a month; a quarter of their hours at half price saves an eighth
    [(0, 268.64), (0.25, 235.06), (1, 134.32)],
)
def test_preemptible_nodes_of_4_ocpus_and_32_gb(make_demand, bill_of, share, usd):
    bill = bill_of(
        "oci.network_load_balancer_vm",
        make_demand(10),
        options={
            "machine": "VM.Standard.E5.Flex/4/32",
            "min_nodes": 2,
            "survives": "none",
            "redis": "none",
            "preemptible_share": share,
        },
    )

    nodes = [item.cost_usd for item in bill.items if ".e5_" in item.rate.meter_id]
    assert round(float(sum(nodes)), 2) == usd


def test_one_small_load_balancer_is_free(make_demand, bill_of, cents):
    bill = bill_of("oci.load_balancer_vm", make_demand(10), free_allowances="always")

    assert cents(bill)[LB_HOURS] == 0.00
    assert cents(bill)[MBPS_HOURS] == 0.00


def test_a_node_of_4_ocpus_and_32_gb(make_demand, bill_of, cents):
    # 4 x 0.03 x 730 + 32 x 0.002 x 730 = 134.32
    bill = bill_of(
        "oci.load_balancer_vm",
        make_demand(10),
        options={
            "machine": "VM.Standard.E5.Flex/4/32",
            "min_nodes": 1,
            "survives": "none",
            "redis": "none",
        },
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


@pytest.mark.parametrize(
    ("quantities", "usd"),
    [
        # Oracle: https://www.oracle.com/cloud/cloud-native/kubernetes-engine/pricing/, 0.10 an hour
        # and at most 74.40 in a month of 744 hours
        ({"oci.oke.enhanced_cluster_hours": 744}, 74.40),
        # Oracle: 10 GB x 0.025, the least charge of an hour of streaming with 50 partitions
        ({"oci.streaming.gb": 10}, 0.25),
        # Oracle: balanced volumes have 10 performance units a GB, 0.017 a GB-month
        ({"oci.block_volume.performance": 1_000 * 10}, 17.00),
        # part B92072, 3.00 a million calls, none free
        ({"oci.api_gateway.calls": 10e6}, 30.00),
        # parts B94176 and B94177: Standard3 with 2 OCPUs and 16 GB for 730 hours
        (
            {
                "oci.compute.x9_ocpu_hours": 2 * 730,
                "oci.compute.x9_memory_gb_hours": 16 * 730,
            },
            75.92,
        ),
        # bandwidth of one balancer beyond the 7,440 free Mbps-hours; 500, 1,000 and 8,000 Mbps
        ({LB_HOURS: 730, MBPS_HOURS: 500 * 730}, 35.76),
        ({LB_HOURS: 730, MBPS_HOURS: 1_000 * 730}, 72.26),
        ({LB_HOURS: 730, MBPS_HOURS: 8_000 * 730}, 583.26),
        ({LB_HOURS: 744, MBPS_HOURS: 100 * 744}, 6.70),
    ],
)
def test_quantities_at_the_prices_of_the_list(quantities, usd):
    bill = ws.price(quantities, region="us-ashburn-1", free_allowances="always")

    assert round(float(bill.total), 2) == usd


@pytest.mark.parametrize(
    ("answer", "usd"),
    # 2,920 OCPU-hours and 17,520 GB-hours: within 3,000 and 18,000; 1,420 x 0.01 + 8,520 x 0.0015;
    # 2,920 x 0.01 + 17,520 x 0.0015
    [("price_list", 0.00), ("documentation", 26.98), ("none", 55.48)],
)
def test_four_arm_processors_and_24_gb_by_what_is_free(answer, usd):
    bill = ws.price(
        {
            "oci.compute.a1_ocpu_hours": 4 * 730,
            "oci.compute.a1_memory_gb_hours": 24 * 730,
        },
        region="eu-frankfurt-1",
        free_allowances="always",
        assumptions={"oci.compute.a1_free": answer},
    )

    assert round(float(bill.total), 2) == usd


@pytest.mark.parametrize(
    ("answer", "usd"),
    # 20,000 GB from Frankfurt and 20,000 from Tokyo: each group has 10,240 GB of its own, or the
    # first line has them all
    [
        ("per_region_group", 9_760 * 0.0085 + 9_760 * 0.025),
        ("once_per_tenancy", 9_760 * 0.0085 + 20_000 * 0.025),
    ],
)
def test_data_out_of_two_region_groups(answer, usd):
    bill = ws.price(
        {
            ("oci.egress.internet", "eu-frankfurt-1"): 20_000,
            ("oci.egress.internet", "ap-tokyo-1"): 20_000,
        },
        free_allowances="always",
        assumptions={"oci.egress.free_10_tb": answer},
    )

    assert bill.total == pytest.approx(usd, abs=1e-9)
