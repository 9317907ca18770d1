"""Moving: the difference of two bills, the reasons, the hours that decide, and limits first."""

from dataclasses import replace

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.duties import duties_of

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5_000)
MANAGED, OWN = "aws.api_gateway", "aws.nlb_ec2"


def of_hours(hours: float, usd: float = 100.0) -> ws.Scenario:
    return CHAT.replace(
        engineering={"engineer_hours_per_month": hours, "usd_per_engineer_hour": usd}
    )


@pytest.mark.parametrize(
    ("today", "candidate"),
    [(MANAGED, OWN), (OWN, "azure.web_pubsub"), ("pusher.channels", "gcp.cloud_run")],
)
@pytest.mark.parametrize("scenario", [CHAT, of_hours(16), CHAT.replace(layers=["messaging"])])
def test_parts_and_lines_add_up_to_the_difference_of_the_totals(scenario, today, candidate):
    found = ws.move(scenario, today, candidate)
    bills = ws.estimate(scenario, today), ws.estimate(scenario, candidate)

    assert (found.today.total, found.candidate.total) == tuple(bill.total for bill in bills)
    difference = bills[1].total - bills[0].total
    assert found.change_usd == pytest.approx(difference) == pytest.approx(-found.saving_usd)
    for frame in (found.table, found.lines):
        assert frame["change_usd"].sum() == pytest.approx(difference)
        assert frame["today_usd"].sum() == pytest.approx(bills[0].total)
        assert frame["candidate_usd"].sum() == pytest.approx(bills[1].total)
    by_layer = found.table.groupby("layer")["candidate_usd"].sum()
    for layer, usd in bills[1].by_layer.items():
        assert by_layer.get(layer, 0.0) == pytest.approx(usd)


def test_hours_that_are_stated_turn_a_saving_into_a_loss():
    """By hand: 16 hours of 100 USD fall on servers of one's own, and none on a managed service."""
    before, after = ws.move(CHAT, MANAGED, OWN), ws.move(of_hours(16), MANAGED, OWN)

    assert before.saving_usd > 0
    assert after.change_usd == pytest.approx(1600 - before.saving_usd)
    assert after.saving_before_hours_usd == pytest.approx(before.saving_usd)
    [part] = [part for part in after.parts if part.layer == "engineering"]
    assert (part.today_usd, part.candidate_usd, part.change_usd) == (0, 1600, 1600)
    assert "loses" in after.headline
    assert "because you pay $1,600 more for engineering time, which outweighs" in after.headline
    assert after.consequences[0] == (
        "Engineering time as you state it: $0.00 per month today, $1,600 on the candidate."
    )


@pytest.mark.parametrize("hours", [0, 16])
def test_the_hours_that_decide_are_those_at_which_both_cost_the_same(hours):
    decisive = ws.move(of_hours(hours, 80), MANAGED, OWN).break_even_hours
    assert decisive is not None
    at_par = ws.move(of_hours(decisive, 80), MANAGED, OWN)

    assert at_par.change_usd == pytest.approx(0, abs=1e-6)
    assert "saves nothing: both cost" in at_par.headline
    back = ws.move(of_hours(hours, 80), OWN, MANAGED)
    assert back.break_even_hours == pytest.approx(-decisive)


def test_without_stated_hours_the_work_that_comes_says_what_would_eat_the_saving():
    found = ws.move(CHAT, MANAGED, OWN)
    hours = found.saving_usd / 100

    [told] = found.consequences
    assert told.startswith("The candidate brings 8 kinds of work that today’s deployment does not;")
    assert f"{float(f'{hours:.2g}'):g} hours of engineering per month beyond today’s" in told
    [back] = ws.move(CHAT, OWN, MANAGED).consequences
    assert "The candidate takes 8 kinds of work off you; moving pays if it frees" in back


def test_duties_come_go_and_stay():
    found = ws.move(CHAT, MANAGED, "aws.alb_ec2")
    today, candidate = (duties_of(bill.components) for bill in (found.today, found.candidate))

    assert found.duties_gone.keys() == today.keys() - candidate.keys() != set()
    assert found.duties_new.keys() == candidate.keys() - today.keys() != set()
    assert found.duties_kept.keys() == today.keys() & candidate.keys()


def test_the_effort_of_moving_is_paid_back_by_what_it_saves():
    """By hand: 50 hours of 80 USD are 4,000 USD, which so many months of the saving make up for."""
    found = ws.move(of_hours(0, 80), MANAGED, OWN, migration_hours=50)

    assert found.migration_usd == 4_000
    assert found.payback_months == pytest.approx(4_000 / found.saving_usd)
    months = float(f"{4_000 / found.saving_usd:.2g}")
    assert found.consequences[-1] == (
        f"Moving takes 50 hours once, $4,000 at $80 per hour: paid back after {months:g} months."
    )
    soon = ws.move(of_hours(0, 80), MANAGED, OWN, migration_hours=1)
    assert soon.consequences[-1].endswith(
        "takes 1 hour once, $80.00 at $80 per hour: paid back within a month."
    )
    late = ws.move(of_hours(0, 80), MANAGED, OWN, migration_hours=500)
    assert late.consequences[-1].endswith("years.")
    never = ws.move(CHAT, OWN, MANAGED, migration_hours=50)
    assert never.payback_months is None
    assert never.consequences[-1].endswith("it is never paid back, for moving saves nothing.")
    assert ws.move(CHAT, OWN, MANAGED).payback_months is None
    assert ws.move(CHAT, MANAGED, OWN).payback_months == 0


def test_a_candidate_over_a_hard_limit_is_said_first():
    large = CHAT.replace(profile="market-data", peak_connections=3_000_000)
    found = ws.move(large, OWN, "azure.web_pubsub")

    assert found.candidate.state == "over a hard limit"
    assert found.headline.startswith(
        "Web PubSub on Azure cannot carry this load (over a hard limit). By the bill alone, moving "
    )
    assert found.to_markdown().startswith("Web PubSub on Azure cannot carry this load")
    assert ws.move(large, "azure.web_pubsub", OWN).caution == ""


def test_what_was_not_checked_is_no_promise():
    found = ws.move(CHAT, MANAGED, OWN)
    unchecked = replace(found, candidate=replace(found.candidate, verdicts=()))

    assert unchecked.headline.startswith(
        "Nothing says that Network Load Balancer and EC2 on AWS can carry this load: no limit was "
        "checked. By the bill alone, moving "
    )


def test_reasons_are_the_drivers_that_move_most_and_those_against():
    found = ws.move(CHAT, MANAGED, OWN)
    sums = found.table.groupby("driver")["change_usd"].sum()
    changes = {str(driver): float(usd) for driver, usd in sums.items()}
    most = min(changes, key=lambda driver: changes[driver])

    assert f"because you pay ${-changes[most]:,.2f} less for {most}" in found.headline
    worst = max(changes, key=lambda driver: changes[driver])
    assert f"which outweighs ${changes[worst]:,.2f} more for {worst}" in found.headline


def test_main_lines_make_most_of_the_difference():
    found = ws.move(CHAT, MANAGED, OWN)
    moved = [abs(line.change_usd) for line in found.both_bills.lines]
    told = [abs(line.change_usd) for line in found.main_lines]

    assert told == moved[: len(told)]
    assert sum(told) >= 0.9 * sum(moved)
    assert sum(told[:-1]) < 0.9 * sum(moved)


def test_lines_of_the_same_duty_stand_beside_each_other():
    hours = {"duties": {"be_on_call": 3, "run_redis": 2, "raise_quotas": 1}}
    found = ws.move(CHAT.replace(engineering=hours), "aws.alb_ec2", "gcp.cloud_run")
    lines = {
        line.item.usage.part: line.usd
        for line in found.both_bills.lines
        if line.meter.driver == "engineering"
    }

    assert lines["Be on call for what holds the connections"] == (300, 300)


def test_free_hours_decide_nothing():
    found = ws.move(of_hours(10, 0), MANAGED, OWN, migration_hours=10)

    assert found.break_even_hours is None
    assert found.payback_months == 0


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (lambda: ws.move(CHAT, OWN, OWN), "moving from aws.nlb_ec2 to itself changes nothing"),
        (
            lambda: ws.move(CHAT.replace(peak_connections=[1, 2]), MANAGED, OWN),
            "the scenario stands for 2",
        ),
        (lambda: ws.move(CHAT, MANAGED, OWN, migration_hours=-1), "from 0 to 1,000,000, but is -1"),
        (lambda: ws.move(CHAT, MANAGED, OWN, migration_hours=np.nan), "migration_hours"),
        (lambda: ws.move(CHAT, MANAGED, "aws.nlb_ec3"), "did you mean 'aws.nlb_ec2'"),
        (lambda: ws.move(CHAT, MANAGED, OWN).bill("gcp.cloud_run"), "was not asked for"),
        (
            lambda: ws.move(CHAT.replace(as_of="2019-01-01"), MANAGED, OWN),
            "no price|has no|not found|in force",
        ),
    ],
)
def test_what_cannot_be_is_refused(asked, told):
    with pytest.raises(ws.EstimatorError, match=told):
        asked()
