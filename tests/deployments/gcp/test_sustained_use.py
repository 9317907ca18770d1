"""Sustained-use discounts as Google publishes them, and what a bill says about them.

https://cloud.google.com/compute/docs/sustained-use-discounts
"""

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.fleet.machine import machines
from estimator.pricing.hourly_use import HourlyUse
from estimator.pricing.sustained_use import machine_class, paid_share, use_multiplier

N2_CPU, N2_GB = "gcp.compute.n2_vcpu_hours", "gcp.compute.n2_memory_gb_hours"
HOURS = 730
FULL = (1 + 0.8678 + 0.733 + 0.6) / 4
"""What a whole month costs: each further quarter costs 100, 86.78, 73.3 and 60% of the price."""


@pytest.mark.parametrize(
    ("name", "share", "paid"),
    [
        # each further quarter of the month costs 100, 80, 60 and 40 % of the list price
        ("thirty_percent", 0.25, 1.0),
        ("thirty_percent", 0.5, 0.9),
        ("thirty_percent", 0.75, 0.8),
        ("thirty_percent", 1.0, 0.7),
        # 100, 86.78, 73.3 and 60 %
        ("twenty_percent", 0.5, (1 + 0.8678) / 2),
        ("twenty_percent", 1.0, 0.8002),
        ("twenty_percent", 0.375, (0.25 + 0.125 * 0.8678) / 0.375),
    ],
)
def test_the_more_of_the_month_the_less_an_hour_costs(name, share, paid):
    assert float(paid_share(name, share)) / share == pytest.approx(paid)


def test_many_shares_at_once_are_the_same_one_by_one():
    shares = np.array([[0.0, 0.1], [0.6, 1.0]])

    assert paid_share("twenty_percent", shares).tolist() == [
        [float(paid_share("twenty_percent", one)) for one in row] for row in shares.tolist()
    ]


@pytest.mark.parametrize(
    ("family", "found"),
    [("n2", "twenty_percent"), ("n2d", "twenty_percent"), ("e2", None), ("c4a", None)],
)
def test_only_some_families_are_discounted(family, found):
    assert machine_class(f"gcp.compute.{family}_vcpu_hours") == found


def use(*units: float) -> HourlyUse:
    """So many units for equally long parts of the month."""
    return HourlyUse(np.array(units), np.full(len(units), 1 / len(units)))


@pytest.mark.parametrize(
    ("units", "paid"),
    [
        ((8.0, 8.0), FULL),
        # one after the other is one that runs all month ("inferred instances")
        ((4.0, 0.0, 4.0, 4.0), (1 + 0.8678 + 0.733) / 3),
        # 2 all month, 6 more for half of it
        ((2.0, 8.0), (2 * FULL + 3 * (1 + 0.8678) / 2) / 5),
        ((0.0, 0.0), 1.0),
    ],
)
def test_use_is_cut_into_levels_that_run_for_some_time(units, paid):
    assert float(use_multiplier("twenty_percent", use(*units))) == pytest.approx(float(paid))


def test_a_month_of_n2_standard_8_costs_what_an_invoice_says():
    # 8 vCPU and 32 GB in us-central1: 283.58 at list prices, 226.87 at a flat 0.8 on the invoice
    # that was read; the quarters that Google publishes make 0.8002
    bill = ws.price({N2_CPU: 8 * HOURS, N2_GB: 32 * HOURS}, "us-central1")

    at_list = 8 * HOURS * 0.031611 + 32 * HOURS * 0.004237
    assert at_list == pytest.approx(283.58, abs=0.01)
    assert bill.total == pytest.approx(FULL * at_list, rel=1e-4)
    assert bill.total == pytest.approx(226.87, rel=5e-4)
    assert "- $36.88 sustained use discount" in bill[N2_CPU].tiers_text()
    assert "taken to run all month" in " ".join(bill.notes)


@pytest.mark.parametrize(
    ("vcpu_hours", "paid"),
    [
        (1.0, 1.0),
        (HOURS / 4, HOURS / 4),
        (HOURS / 2, HOURS / 2 * (1 + 0.8678) / 2),
        (2.5 * HOURS, 2 * FULL * HOURS + HOURS / 2 * (1 + 0.8678) / 2),
    ],
)
def test_of_plain_quantities_as_few_as_there_can_be_ran(vcpu_hours, paid):
    bill = ws.price({N2_CPU: vcpu_hours}, "us-central1")

    assert bill.total == pytest.approx(paid * 0.031611, rel=1e-9)


@pytest.mark.parametrize("family", ["e2", "c4a", "n4", "t2d"])
def test_families_without_it_cost_their_list_price(family):
    bill = ws.price({f"gcp.compute.{family}_vcpu_hours": HOURS}, "us-central1")

    assert not any(item.discounts for item in bill.items)
    assert bill.notes == ()


def test_what_has_another_discount_has_none_of_it():
    # "and are not receiving any other discounts"
    ours = {"title": "Ours", "rates": [{"meters": [N2_CPU], "percent_off": 5}]}
    bill = ws.price({N2_CPU: HOURS}, "us-central1", contract=ours)

    assert bill.total == pytest.approx(0.95 * HOURS * 0.031611)
    assert bill.list_total == pytest.approx(FULL * HOURS * 0.031611)


@pytest.mark.parametrize("deployment", ["gcp.application_lb_gce", "gcp.passthrough_nlb_gce"])
def test_machines_that_run_all_week_have_it_in_full(make_demand, bill_of, deployment):
    bill = bill_of(deployment, make_demand(20_000), options={"machine": "n2-standard-2"})

    found = [item for item in bill.items if item.rate.meter_id in (N2_CPU, N2_GB)]
    for item in found:
        at_list = float(item.usage.quantity * item.rate.tariff.usd_per_unit[0])
        assert float(item.cost_usd) == pytest.approx(FULL * at_list)
    assert len(found) == 2


def test_machines_that_follow_demand_have_less_of_it():
    def shares(scaling: str) -> list[float]:
        bill = ws.estimate(
            ws.Scenario(
                profile="workplace-chat",
                location="frankfurt",
                peak_connections=200_000,
                options={
                    "gcp.application_lb_gce": {"machine": "n2-standard-2", "scaling": scaling}
                },
            ),
            "gcp.application_lb_gce",
        )
        return [
            float(item.cost_usd / (item.usage.quantity * item.rate.tariff.usd_per_unit[0]))
            for item in bill.items
            if item.rate.meter_id in (N2_CPU, N2_GB)
        ]

    assert shares("static") == pytest.approx([FULL] * len(shares("static")))
    assert all(FULL < share < 1 for share in shares("autoscaled"))


def test_redis_on_discounted_machines_has_it(make_demand, bill_of):
    options = {"redis_machine": "n2-standard-2"}
    busy = make_demand(5_000, to_server=100, to_client=1_000)

    bill = bill_of("gcp.cloud_run", busy, options=options)

    at_list = float(bill[N2_CPU].usage.quantity) * float(bill[N2_CPU].rate.tariff.usd_per_unit[0])
    assert float(bill[N2_CPU].cost_usd) == pytest.approx(FULL * at_list)


@pytest.mark.parametrize("contract", [None, "gcp-flexible-cud-1-year", "gcp-committed-use-3-years"])
@pytest.mark.parametrize(
    # what follows demand is compared by the hours of its connections, not by those of its machines
    ("scaling", "within"),
    [("static", 1e-6), ("autoscaled", 0.01)],
)
def test_the_cheapest_machine_makes_the_cheapest_bill(scaling, within, contract):
    name = "gcp.application_lb_gce"

    def total(machine: str) -> float:
        try:
            return float(
                ws.estimate(
                    ws.Scenario(
                        profile="workplace-chat",
                        location="mumbai",
                        peak_connections=1_000_000,
                        contract=contract,
                        options={name: {"machine": machine, "scaling": scaling}},
                    ),
                    name,
                ).total
            )
        except ws.MissingRateError:
            return np.inf

    assert total("cheapest") <= min(map(total, machines("gcp", "vm"))) * (1 + within)
