"""What is free only once in an account: how much is left of it, what it is worth, who is told."""

import json

import numpy as np
import pytest

import estimator as ws
from estimator.pricing.lines import Usage, cost_knees, price_usage
from estimator.pricing.price_files import Allowance

LADDER = {0: 2.0, 100: 1.0}
GIFT = "aws.shop.gift"
OCPU_HOURS, GB_HOURS = "oci.compute.a1_ocpu_hours", "oci.compute.a1_memory_gb_hours"
A1 = {OCPU_HOURS: 4 * 730, GB_HOURS: 24 * 730}
"""A machine of 4 OCPU and 24 GB for a month."""
ON_OCI = ws.Scenario(profile="workplace-chat", location="frankfurt", peak_connections=1_000)
VMS = "oci.load_balancer_vm"


def left_of(catalog, **left):
    return catalog.with_allowances_left({f"aws.shop.{name}": each for name, each in left.items()})


@pytest.mark.parametrize("tiers", ["beyond", "including"])
@pytest.mark.parametrize("left", [0, 5, 20])
@pytest.mark.parametrize("used", [0, 3, 60, 95, 130])
def test_a_bill_with_a_part_left_is_what_one_adds_to_that_of_the_others(
    catalog_of, bill_for, tiers, left, used
):
    # what others use of the 20 costs them nothing, so that the bill of all is this one
    catalog = catalog_of(LADDER, allowances=[{"quantity": 20, "tiers": tiers}])

    alone = bill_for(left_of(catalog, gift=left), ("here", used))
    together = bill_for(catalog, ("here", used + 20 - left))

    assert alone.total == together.total
    assert alone.items[0].free_units == min(used, left)


def test_more_than_the_vendor_gives_is_not_left(catalog_of, bill_for):
    catalog = catalog_of(LADDER, allowances=[{"quantity": 20}])

    assert bill_for(left_of(catalog, gift=1_000), ("here", 50)).total == 2 * 30


def test_of_money_there_may_be_a_part_left(catalog_of, bill_for):
    catalog = catalog_of({0: 1}, allowances=[{"usd": 30}])

    assert bill_for(left_of(catalog, gift=12), ("here", 50)).total == 50 - 12


@pytest.mark.parametrize("tiers", ["beyond", "including"])
@pytest.mark.parametrize("left", [0, 7, 20])
def test_a_machine_is_chosen_by_what_is_left(catalog_of, tiers, left):
    catalog = left_of(catalog_of(LADDER, allowances=[{"quantity": 20, "tiers": tiers}]), gift=left)
    units = np.linspace(0, 300, 61)
    knees = cost_knees("aws.shop.things", "here", catalog, "always")
    by_knees = sum(np.maximum(units - knee, 0) * more for knee, more in knees or ())
    [line] = price_usage([Usage("aws.shop.things", units, "")], "here", catalog, "always")

    np.testing.assert_allclose(by_knees, line.cost_usd, atol=1e-9)


METERS = ({}, {"meter": "aws.shop.units", "title": "Units", "unit": "Units"})
RATES = ({}, {"meter": "aws.shop.units", "usd_per_unit": 100})
TIED = {
    "quantity": 10,
    "kind": "included",
    "per_unit_of": "aws.shop.units",
    "pool_over": "region",
}


class TestWhatComesWithAnotherMeter:
    @pytest.fixture
    def catalog(self, catalog_of):
        return catalog_of(RATES, meters=METERS, allowances=[TIED])

    @pytest.mark.parametrize("granted", ["none", "always", "all"])
    def test_each_unit_brings_its_own(self, catalog, bill_for, granted):
        lines = ("here", 50), ("aws.shop.units", "here", 2.5)

        bill = bill_for(catalog, *lines, free_allowances=granted)

        assert bill.total == 250 + 50 - 25
        assert bill["aws.shop.things"].tiers_text() == "25 free + 25 x $1"

    def test_units_bring_nothing_to_other_regions(self, catalog, bill_for):
        lines = ("here", 50), ("there", 50), ("aws.shop.units", "there", 2)

        bill = bill_for(catalog, *lines)

        assert bill["aws.shop.things", "here"].free_units == 0
        assert bill["aws.shop.things", "there"].free_units == 20

    def test_without_units_nothing_is_included(self, catalog, bill_for):
        assert bill_for(catalog, ("here", 50)).total == 50

    def test_what_a_deployment_worked_out_is_not_given_again(self, catalog):
        usage = [
            Usage("aws.shop.units", np.array(3.0), ""),
            Usage("aws.shop.things", np.array(50.0), "", included=np.array(12.0)),
        ]
        _, line = price_usage(usage, "here", catalog, "none")

        assert (line.free_units, line.cost_usd, line.credit_usd) == (12, 38, 0)

    def test_many_units_at_once(self, catalog, bill_for):
        bill = bill_for(catalog, ("here", 50), ("aws.shop.units", "here", np.array([0, 1, 9])))

        np.testing.assert_array_equal(bill["aws.shop.things"].cost_usd, [50, 40, 0])

    def test_an_amount_of_money_cannot_come_with_units(self):
        row = {"allowance": "a", "shares": "b", "meters": "c", "per_unit_of": "d", "usd": 1}

        with pytest.raises(ValueError, match="included quantity"):
            Allowance.model_validate(
                row
                | {"kind": "included", "pool_over": "region", "source": "-"}
                | {"checked_on": "2026-11-30"}
            )


def test_units_of_web_pubsub_include_a_million_messages_each():
    # https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model: 6.25 unit-days and
    # 15 million messages are 8.75 million additional ones, 6.25 x 1.61 + 8.75 x 1.00
    asked = {
        "azure.web_pubsub.standard_unit_days": 6.25,
        "azure.web_pubsub.standard_messages": 15e6,
    }
    bill = ws.price(asked, "eastus")

    assert bill.total == pytest.approx(18.8125, abs=1e-9)
    assert bill.shared_allowances == ()


def test_messages_of_ably_bring_5_kib_of_bandwidth_each():
    # https://ably.com/docs/platform/pricing/resource-based: 0.25 USD per GiB beyond 5 KiB a message
    asked = {"ably.per_minute.messages": 1e6, "ably.per_minute.bandwidth_gib": 5}
    bill = ws.price(asked)

    beyond = 5 - 1e6 * 5 / 1024**2
    assert bill["ably.per_minute.bandwidth_gib"].cost_usd == pytest.approx(beyond * 0.25)


def test_four_free_cores_of_oci_are_worth_what_they_cost_at_list_price():
    # 2,920 OCPU-hours at 0.01 and 17,520 GB-hours at 0.0015 are 55.48; the documentation gives
    # 1,500 and 9,000 of them, which are 15.00 and 13.50
    bill = ws.price(A1, "eu-frankfurt-1", free_allowances="always")

    assert bill.total == pytest.approx(55.48 - 28.50)
    assert bill.free_worth_usd == pytest.approx(28.50)
    worth = {each.allowance.allowance: each.worth_usd for each in bill.shared_allowances}
    assert worth == {OCPU_HOURS: pytest.approx(15.00), GB_HOURS: pytest.approx(13.50)}


def test_the_worth_is_what_the_bill_rises_by_if_nothing_is_left():
    bill = ws.price(A1, "eu-frankfurt-1", free_allowances="always")
    used_up = ws.price(
        A1,
        "eu-frankfurt-1",
        free_allowances="always",
        allowances_left={OCPU_HOURS: 0, GB_HOURS: 0},
    )

    assert used_up.total == pytest.approx(bill.total + bill.free_worth_usd)
    assert used_up.free_worth_usd == 0
    assert used_up.shared_allowances == ()


def test_what_is_worth_nothing_is_not_told():
    asked = {"aws.egress.internet": 50, "aws.alb.hours": 730}
    ignored = ws.price(asked, "us-east-1")
    always = ws.price(asked, "us-east-1", free_allowances="always")

    assert (ignored.shared_allowances, ignored.free_worth_usd) == ((), 0)
    # the hours of a balancer are free for new accounts only
    [egress] = always.shared_allowances
    assert egress.allowance.allowance == "aws.egress.internet"
    assert egress.worth_usd == pytest.approx(50 * 0.09)


def test_rounded_lines_are_rounded_without_it_too():
    bill = ws.price(
        {"aws.egress.internet": 0.3}, "us-east-1", free_allowances="always", round_lines=True
    )

    assert bill.free_worth_usd == 0.03


def test_each_of_many_bills_has_its_own_worth():
    bill = ws.price(
        {"aws.egress.internet": np.array([0, 50, 200])}, "us-east-1", free_allowances="always"
    )

    np.testing.assert_allclose(bill.free_worth_usd, [0, 4.5, 9.0])
    assert "uses it: $0.00–\\$9.00" in bill.to_markdown()


def test_a_fee_and_what_comes_with_it_are_not_shared():
    bill = ws.price({"cloudflare.workers.requests": 1e6}, free_allowances="always")

    assert bill.shared_allowances == ()


def test_every_form_of_a_bill_says_so():
    bill = ws.price(A1, "eu-frankfurt-1", free_allowances="always")
    data = json.loads(bill.to_json())

    for text in (bill.explain(), bill.to_markdown()):
        assert "Free only if nothing else in the account uses it: $28.50" in text
        assert "A1 OCPU-hours of the tenancy (1,500 OCPU-Hours per month)" in text
    assert data["free_worth_usd"] == pytest.approx(28.5)
    assert {each["allowance"]: each["worth_usd"] for each in data["shared_allowances"]} == {
        OCPU_HOURS: pytest.approx(15.00),
        GB_HOURS: pytest.approx(13.50),
    }


class TestScenario:
    def test_says_how_much_is_left(self):
        used_up = ON_OCI.replace(allowances_left={OCPU_HOURS: 0, GB_HOURS: 0})
        free = ON_OCI.replace(assumptions={"oci.compute.a1_free": "none"})

        assert ws.estimate(used_up, VMS).total == ws.estimate(free, VMS).total

    def test_says_it_in_a_file(self, tmp_path):
        file = tmp_path / "scenario.yaml"
        file.write_text(
            "profile: workplace-chat\nlocation: frankfurt\npeak_connections: 1000\n"
            f"allowances_left:\n  {OCPU_HOURS}: 500\n",
            encoding="utf-8",
        )
        scenario = ws.Scenario.load(file)
        bill = ws.estimate(scenario, VMS)

        assert sum(i.free_units for i in bill.items if i.usage.meter_id == OCPU_HOURS) == 500
        assert "as far as they are left (A1 OCPU-hours of the tenancy: 500)" in bill.conventions
        assert "left of A1 OCPU-hours of the tenancy:" in scenario._repr_html_()
        assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario

    def test_names_close_ones(self):
        wrong = ON_OCI.replace(allowances_left={"oci.compute.a1_ocpu_hour": 0})

        with pytest.raises(ws.UnknownNameError, match=OCPU_HOURS):
            ws.estimate(wrong, VMS)
        with pytest.raises(ws.UnknownNameError, match=OCPU_HOURS):
            ws.price(A1, "eu-frankfurt-1", allowances_left={"oci.compute.a1_ocpu_hour": 0})

    def test_knows_none_that_comes_with_units(self):
        left = {"azure.web_pubsub.standard_messages": 0.0}

        with pytest.raises(ws.UnknownNameError):
            ws.price({"azure.web_pubsub.standard_messages": 1}, "eastus", allowances_left=left)

    @pytest.mark.parametrize("wrong", [-1, float("nan"), float("inf")])
    def test_leaves_no_less_than_nothing(self, wrong):
        with pytest.raises(ws.EstimatorError):
            ws.price(A1, "eu-frankfurt-1", allowances_left={OCPU_HOURS: wrong})
        with pytest.raises(ws.EstimatorError):
            ON_OCI.replace(allowances_left={OCPU_HOURS: wrong})

    def test_keeps_it_under_other_answers(self):
        left = ON_OCI.replace(allowances_left={OCPU_HOURS: 0, GB_HOURS: 0})
        bill = ws.estimate(left, VMS)

        # nothing is left of it, however much there is
        assert "oci.compute.a1_free" not in {e.assumption.id for e in bill.effects}

    def test_is_told_what_the_whole_account_shares(self):
        bill = ws.estimate(ON_OCI, VMS)
        none = ws.estimate(ON_OCI.replace(engineering=None, free_allowances="none"), VMS)

        assert bill.free_worth_usd > 0
        assert none.free_worth_usd == 0
        assert "oci.load_balancer.hours" in {e.allowance.allowance for e in bill.shared_allowances}
