"""Nodes on preemptible capacity cost half, and nothing else does.

https://docs.oracle.com/en-us/iaas/Content/Compute/Concepts/preemptible.htm and
https://blogs.oracle.com/cloud-infrastructure/announcing-ga-of-oracle-preemptible-instances-vm-shapes
"""

import csv
from decimal import Decimal
from importlib.resources import files

import pytest

import estimator as ws

DEPLOYMENTS = ["oci.load_balancer_vm", "oci.network_load_balancer_vm"]
OPTIONS = {"machine": "VM.Standard.E5.Flex/1/8", "min_nodes": 4, "survives": "none"}


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_so_many_of_the_nodes_hours_are_preemptible(make_demand, bill_of, quantities, deployment):
    options = OPTIONS | {"redis": "none", "preemptible_share": 0.75}
    bill = bill_of(deployment, make_demand(10), options=options)
    counted = quantities(bill)

    assert counted["oci.compute.e5_ocpu_hours"] == pytest.approx(1 * 730)
    assert counted["oci.preemptible.e5_ocpu_hours"] == pytest.approx(3 * 730)
    assert counted["oci.preemptible.e5_memory_gb_hours"] == pytest.approx(3 * 8 * 730)
    # boot volumes keep their price
    assert counted["oci.block_volume.storage"] == pytest.approx(4 * 50)
    assert "take back 75% of the nodes" in " ".join(bill.notes)


def test_redis_stays_on_demand(make_demand, bill_of, quantities):
    options = OPTIONS | {
        "preemptible_share": 1,
        "redis": "self_run",
        "redis_machine": "VM.Standard.E4.Flex/1/8",
    }
    demand = make_demand(10, to_client=1_000, to_server=100)
    counted = quantities(bill_of(DEPLOYMENTS[0], demand, options=options))

    assert counted["oci.compute.e4_ocpu_hours"] > 0
    assert "oci.preemptible.e4_ocpu_hours" not in counted
    assert "oci.compute.e5_ocpu_hours" not in counted


def test_the_applications_own_work_is_preemptible_too(make_demand, bill_of):
    options = {"preemptible_share": 0.5, "redis": "none"}
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=50_000,
        options={DEPLOYMENTS[0]: options},
    )
    bill = ws.estimate(scenario, DEPLOYMENTS[0])
    halves = {
        name: [item for item in bill.items if item.rate.meter_id.startswith(f"oci.{name}.")]
        for name in ("compute", "preemptible")
    }

    assert [item.usage.layer for item in halves["compute"]] == [
        item.usage.layer for item in halves["preemptible"]
    ]
    assert {item.usage.layer for item in halves["preemptible"]} == {"messaging", "application"}
    for one, other in zip(halves["compute"], halves["preemptible"], strict=True):
        assert float(one.usage.quantity) == pytest.approx(float(other.usage.quantity))


@pytest.mark.parametrize("share", [-0.1, 1.1])
def test_a_share_is_from_none_to_all(make_demand, bill_of, share):
    with pytest.raises(ws.ScenarioError, match="preemptible_share"):
        bill_of(DEPLOYMENTS[0], make_demand(1), options={"preemptible_share": share})


def test_all_that_a_machine_is_billed_as_has_a_price_of_half():
    with (files("pricing_data") / "oci" / "rates.csv").open(encoding="utf-8") as file:
        rows = [*csv.DictReader(file)]
    prices = {(row["meter"], row["tier_from"], row["effective_from"]): row for row in rows}
    on_demand = {key for key in prices if key[0].startswith("oci.compute.")}

    assert len(on_demand) == 16
    for meter, tier, since in on_demand:
        half = prices[meter.replace("oci.compute.", "oci.preemptible."), tier, since]
        price = Decimal(prices[meter, tier, since]["usd_per_unit"])
        assert Decimal(half["usd_per_unit"]) * 2 == price, meter
