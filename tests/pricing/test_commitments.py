"""Commitments per hour: paid whether used or not, and sized by the hours of the month.

Expected amounts follow by hand from what vendors state of such plans: use up to the amount of each
hour at the lower price, beyond it at list price, and nothing carried over to another hour
(https://aws.amazon.com/savingsplans/faq/ ,
Microsoft's "What is Azure savings plans for compute?",
https://cloud.google.com/compute/docs/instances/committed-use-discounts-overview).
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pytest

import estimator as ws
from estimator.pricing.catalog import load_catalog
from estimator.pricing.commitments import UNUSED, with_commitments
from estimator.pricing.contract import Contract, contract_names, shipped_contract
from estimator.pricing.hourly_use import HourlyUse
from estimator.pricing.lines import Usage, price_usage

THINGS, WORKS = "aws.shop.things", "aws.shop.works"
HOURS = 730
M6A = "aws.ec2.m6a_xlarge"
M6A_USD = 0.1728
"""On demand in us-east-1."""
N2_CPU, N2_GB = "gcp.compute.n2_vcpu_hours", "gcp.compute.n2_memory_gb_hours"


def contract_of(*commitments: Mapping[str, Any], **more: Any) -> Contract:
    return Contract.model_validate(
        {"title": "Ours", "commitments": [{"meters": ["*"], **one} for one in commitments], **more}
    )


def over_day(*levels: float) -> HourlyUse:
    """Use that has each of these levels for as long."""
    return HourlyUse(np.array(levels), np.full(len(levels), 1 / len(levels)))


@pytest.fixture
def billed(catalog_of):
    """The lines and notes of use at 1 USD a unit, under commitments."""

    def price(contract: Contract, *uses: HourlyUse, meters: tuple[str, ...] = (THINGS,)):
        rows = [{"meter": meter} for meter in meters]
        usage = [
            Usage(meter, use.mean * HOURS, "made up", "here", by_hour=lambda use=use: use)
            for meter, use in zip(meters, uses, strict=True)
        ]
        items = price_usage(usage, "here", catalog_of(rows, meters=rows), "none", HOURS)
        return with_commitments(items, contract, HOURS)

    return price


def per_hour(items) -> float:
    """USD of all lines for an hour of the month."""
    return float(sum(item.cost_usd for item in items)) / HOURS


def test_a_commitment_is_paid_whether_used_or_not():
    # 1 USD of use per hour at 17% off costs 0.83 in each hour, also where 0.50 USD are used
    contract = contract_of({"meters": [M6A], "percent_off": 17, "covers_usd_per_hour": 1})

    bill = ws.price({M6A: 0.5 / M6A_USD * HOURS}, "us-east-1", contract=contract)

    assert bill.total == pytest.approx(0.83 * HOURS)
    assert bill.list_total == pytest.approx(0.50 * HOURS)
    assert float(bill[M6A].cost_usd) == pytest.approx(0.415 * HOURS)
    assert float(bill[UNUSED].cost_usd) == pytest.approx(0.415 * HOURS)
    assert "50% of it is not used" in " ".join(bill.notes)
    assert "paid for each hour, used or not" in bill.conventions


@pytest.mark.parametrize(
    ("used", "paid"),
    [(0.0, 0.83), (0.5, 0.83), (1.0, 0.83), (1.5, 0.83 + 0.5)],
)
def test_what_exceeds_the_amount_is_at_list_price(billed, used, paid):
    contract = contract_of({"percent_off": 17, "covers_usd_per_hour": 1})

    items, _ = billed(contract, over_day(used))

    assert per_hour(items) == pytest.approx(paid)


def test_no_hour_lends_another_one_what_it_does_not_use(billed):
    # 1 USD per hour on average, in every other hour 2: 0.83 and 0 over, 0.83 and 1 over
    contract = contract_of({"percent_off": 17, "covers_usd_per_hour": 1})

    items, notes = billed(contract, over_day(0.0, 2.0))

    assert per_hour(items) == pytest.approx((0.83 + 0.83 + 1) / 2)
    assert "50% of it is not used" in notes[0]


@pytest.mark.parametrize(
    ("percent_off", "amount", "paid"),
    [
        # in use: 2 units always, 10 in half of the hours; on demand 6 per hour on average.
        # The upper 8 are worth it if half of the hours cost more than all of them committed.
        (28, 2, 2 * 0.72 + 8 / 2),
        (46, 2, 2 * 0.54 + 8 / 2),
        (55, 10, 10 * 0.45),
        (0, 0, 6),
    ],
)
@pytest.mark.parametrize("kind", ["covers_usd_per_hour", "units_per_hour"])
def test_the_best_amount_is_a_quantile_of_the_hourly_use(billed, kind, percent_off, amount, paid):
    contract = contract_of({"percent_off": percent_off, kind: "best"})

    items, notes = billed(contract, over_day(2.0, 10.0))

    assert per_hour(items) == pytest.approx(paid)
    assert (f"{amount} Things per hour" in " ".join(notes)) == bool(
        amount and kind == "units_per_hour"
    )


def test_no_other_amount_makes_a_lower_bill(billed):
    curve = over_day(*(5 + 4 * np.sin(np.arange(24) / 24 * 2 * np.pi)))

    def paid(amount: float | str) -> float:
        return per_hour(
            billed(contract_of({"percent_off": 28, "covers_usd_per_hour": amount}), curve)[0]
        )

    best = paid("best")
    others = [paid(amount) for amount in np.linspace(0.01, 12, 60)]

    assert best <= min(others) + 1e-9
    assert best < float(curve.mean)


def test_a_best_amount_of_units_is_whole_machines(billed):
    # always 2.5 in use at 1 USD, at 45% off 0.55: the third costs 0.55 and saves 0.50
    items, notes = billed(contract_of({"percent_off": 45, "units_per_hour": "best"}), over_day(2.5))
    assert per_hour(items) == pytest.approx(2 * 0.55 + 0.5)
    assert "2 Things per hour" in notes[0]
    # at 55% off it costs 0.45
    items, _ = billed(contract_of({"percent_off": 55, "units_per_hour": "best"}), over_day(2.5))
    assert per_hour(items) == pytest.approx(3 * 0.45)


def test_use_of_several_meters_shares_an_amount_of_money(billed):
    # one by day, the other by night: together 3 USD in every hour
    contract = contract_of({"percent_off": 20, "covers_usd_per_hour": "best"})
    day, night = over_day(3.0, 0.0), over_day(0.0, 3.0)

    items, notes = billed(contract, day, night, meters=(THINGS, WORKS))

    assert per_hour(items) == pytest.approx(3 * 0.8)
    assert "0% of it is not used" in notes[0]


def test_units_are_committed_of_each_meter(billed):
    contract = contract_of({"usd_per_unit": 0.5, "units_per_hour": 2})

    items, _ = billed(contract, over_day(3.0), over_day(1.0), meters=(THINGS, WORKS))

    # 2 and 1 beyond them, 2 of which 1 is used
    assert per_hour(items) == pytest.approx(2 * 0.5 + 1 + 2 * 0.5)


def test_a_later_commitment_covers_what_one_before_it_leaves(billed):
    contract = contract_of(
        {"percent_off": 50, "covers_usd_per_hour": 1}, {"percent_off": 20, "covers_usd_per_hour": 1}
    )

    assert per_hour(billed(contract, over_day(3.0))[0]) == pytest.approx(0.5 + 0.8 + 1)


def test_a_commitment_to_something_else_is_not_on_the_bill():
    contract = contract_of({"meters": [M6A], "percent_off": 17, "covers_usd_per_hour": 1})

    bill = ws.price({"aws.ec2.m7g_large": HOURS}, "us-east-1", contract=contract)

    assert bill.total == bill.list_total
    assert any("matches no line of this bill" in note for note in bill.notes)
    assert bill.conventions.endswith("rates of the contract 'Ours', which matches no line")


def test_a_commitment_holds_for_each_of_many_scenarios():
    contract = contract_of({"meters": [M6A], "percent_off": 17, "covers_usd_per_hour": 1})
    used = np.array([0.0, 0.5, 2.0])

    bill = ws.price({M6A: used / M6A_USD * HOURS}, "us-east-1", contract=contract)

    np.testing.assert_allclose(bill.total, np.array([0.83, 0.83, 1.83]) * HOURS)
    np.testing.assert_allclose(bill.list_total, used * HOURS)


def percent_off(terms: str) -> float:
    off = shipped_contract(terms).commitments[0].percent_off
    assert off is not None
    return off


class TestOfMachinesThatRun:
    """Bills of deployments, whose hours are known."""

    SAID: ClassVar = {
        "profile": "workplace-chat",
        "location": "virginia",
        "peak_connections": 50_000,
    }

    def bill(self, contract: Any, scaling: str = "static", machine: str = "e2-standard-2"):
        return ws.estimate(
            ws.Scenario(
                **self.SAID,
                contract=contract,
                options={"gcp.application_lb_gce": {"machine": machine, "scaling": scaling}},
            ),
            "gcp.application_lb_gce",
        )

    def compute(self, bill: ws.Estimate) -> tuple[float, float]:
        """What processors and memory cost, and would at list prices."""
        items = [item for item in bill.items if item.rate.meter_id.startswith("gcp.compute.e2")]
        items += [item for item in bill.items if item.rate.meter_id == UNUSED]
        return (
            float(sum(item.cost_usd for item in items)),
            float(sum(item.list_usd for item in items)),
        )

    @pytest.mark.parametrize("terms", ["gcp-flexible-cud-1-year", "gcp-flexible-cud-3-years"])
    def test_what_runs_all_week_is_covered_all_week(self, terms):
        off = percent_off(terms)
        paid, at_list = self.compute(self.bill(terms))

        assert paid == pytest.approx(at_list * (1 - off / 100))

    @pytest.mark.parametrize("terms", ["gcp-flexible-cud-1-year", "gcp-flexible-cud-3-years"])
    def test_what_follows_demand_saves_less(self, terms):
        off = percent_off(terms)
        paid, at_list = self.compute(self.bill(terms, "autoscaled"))

        assert at_list * (1 - off / 100) < paid < at_list
        assert paid > at_list * (1 - 0.7 * off / 100)

    def test_instances_that_follow_demand_are_covered_by_the_hour(self):
        # https://docs.cloud.google.com/run/cud : 28% for a year of instance-based billing
        said = {**self.SAID, "free_allowances": "none"}
        bill = ws.estimate(ws.Scenario(**said, contract="gcp-flexible-cud-1-year"), "gcp.cloud_run")

        run = [item for item in bill.items if item.rate.meter_id.startswith("gcp.cloud_run.")]
        paid, at_list = (
            sum(float(usd) for usd in each)
            for each in zip(*((item.cost_usd, item.list_usd) for item in run), strict=True)
        )
        assert 0.72 * at_list < paid < at_list

    @pytest.mark.parametrize("scaling", ["static", "autoscaled"])
    def test_many_scenarios_at_once_are_the_same_one_by_one(self, scaling):
        def total(peak: Any):
            said = {**self.SAID, "peak_connections": peak}
            options = {"aws.alb_ec2": {"scaling": scaling}}
            scenario = ws.Scenario(**said, contract="aws-reserved-1-year", options=options)
            return ws.estimate(scenario, "aws.alb_ec2").total

        peaks = np.array([1_000.0, 30_000.0, 100_000.0])
        np.testing.assert_allclose(total(peaks), np.array([total(float(peak)) for peak in peaks]))

    def test_a_week_of_the_calendar_is_part_of_the_hours(self):
        event = {"name": "Final", "on": "2026-11-28 20:00", "lasts_hours": 3}
        scenario = ws.Scenario(
            **self.SAID,
            calendar=[{**event, "connections": 200_000, "curve": [1, 1, 0.5]}],
            contract="gcp-flexible-cud-1-year",
            options={"gcp.application_lb_gce": {"machine": "e2-standard-2"}},
        )

        paid, at_list = self.compute(ws.estimate(scenario, "gcp.application_lb_gce"))

        # more machines run in one of the weeks, which is less than 72% of the month
        assert 0.72 * at_list < paid < at_list

    def test_a_cheapest_machine_is_chosen_by_what_it_costs_under_the_contract(self):
        # one family at half price for every hour: its machines win, if they run all week
        contract = contract_of(
            {"meters": ["gcp.compute.n2d_*"], "percent_off": 80, "covers_usd_per_hour": "best"}
        )

        bill = self.bill(contract, machine="cheapest")

        assert bill.sizing is not None
        assert "n2d" in " ".join(bill.sizing.machines)
        assert bill.total < self.bill(None, machine="cheapest").total


def test_google_s_commitments_exclude_the_sustained_use_discount():
    # 8 vCPU and 32 GB of N2 in us-central1, 37% off for a year; whatever runs beyond has the
    # discount: https://cloud.google.com/compute/docs/sustained-use-discounts
    full = {N2_CPU: 8 * HOURS, N2_GB: 32 * HOURS}
    at_list = 8 * HOURS * 0.031611 + 32 * HOURS * 0.004237
    whole = ws.price(full, "us-central1", contract="gcp-committed-use-1-year")
    assert whole.total == pytest.approx(0.63 * at_list)

    half = contract_of({"meters": ["gcp.compute.n2_*"], "percent_off": 37, "units_per_hour": 4})
    bill = ws.price({N2_CPU: 8 * HOURS}, "us-central1", contract=half)
    assert bill.total == pytest.approx(4 * HOURS * 0.031611 * (0.63 + 0.8002))


def test_a_discount_weaker_than_sustained_use_is_not_committed_to():
    contract = contract_of(
        {"meters": ["gcp.compute.n2_*"], "percent_off": 15, "covers_usd_per_hour": "best"}
    )
    plain = ws.price({N2_CPU: 8 * HOURS}, "us-central1")
    bill = ws.price({N2_CPU: 8 * HOURS}, "us-central1", contract=contract)

    assert bill.total == plain.total
    assert "none makes this bill lower" in " ".join(bill.notes)


@pytest.mark.parametrize("name", contract_names())
def test_each_commitment_of_a_shipped_contract_changes_a_bill(name):
    contract, catalog = shipped_contract(name), load_catalog()
    for commitment in contract.commitments:
        found = next(
            (meter, region)
            for meter in catalog.meters
            if commitment.names(meter)
            for region in catalog.regions(meter)
            if commitment.covers(meter, region)
        )
        usual, ours = (ws.price({found: 7_300}, contract=terms) for terms in (None, contract))
        assert ours.total < usual.total
        assert ours.list_total == pytest.approx(usual.total)
        assert commitment.source
        assert commitment.checked_on
        assert commitment.confidence


@pytest.mark.parametrize(
    ("commitment", "error"),
    [
        ({"percent_off": 17}, "give covers_usd_per_hour or units_per_hour"),
        (
            {"percent_off": 17, "covers_usd_per_hour": 1, "units_per_hour": 1},
            "give covers_usd_per_hour or units_per_hour",
        ),
        ({"covers_usd_per_hour": 1}, "give usd_per_unit or percent_off"),
        ({"covers_usd_per_hour": 1, "usd_per_unit": 1}, "usd_per_unit goes with units_per_hour"),
        ({"covers_usd_per_hour": 0, "percent_off": 17}, "covers_usd_per_hour"),
        ({"units_per_hour": "most", "percent_off": 17}, "units_per_hour"),
        ({"units_per_hour": 1, "percent_off": 17, "meters": ["aws.nosuch"]}, "aws.nosuch"),
    ],
)
def test_a_commitment_that_cannot_be_is_refused(commitment, error):
    contract = {"title": "Ours", "commitments": [{"meters": [M6A], **commitment}]}

    with pytest.raises(ws.EstimatorError, match=re.escape(error)):
        ws.price({M6A: 1}, "us-east-1", contract=contract)
