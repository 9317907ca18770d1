"""What every SaaS bill owes its reader, and that arrays are priced as their elements are."""

import numpy as np
import pytest

import estimator as ws
from estimator.arrays import FloatArray
from estimator.deployments.base import Deployment
from estimator.pricing.price_files import SAAS
from estimator.states import State

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=30_000)
AUDIENCE = np.array([0.0, 0.4, 3.0, 250.0, 7_000.0, 60_000.0, 410_000.0, 3_000_000.0])
POSTS = np.array([0.0, 1.0, 0.5, 2.0, 10.0, 4.0, 1.0, 0.1])
FAN_OUT = np.array([0.0, 2.0, 1.0, 5.0, 20.0, 50.0, 8.0, 2.0])
CHOICES = {
    "as shipped": {},
    "other options": {
        "options": {
            "ably.per_minute": {"echo": False, "connections_per_channel": 7},
            "pubnub.active_users": {"echo": False, "application_cloud": "gcp"},
            "pubnub.transactions": {"echo": False, "application": "none"},
            "supabase.realtime": {"application_cloud": "none"},
            "cloudflare.durable_objects": {"hibernation": False},
        }
    },
    "other answers": {
        "assumptions": {
            "pubnub.active_users.transactions_beyond": "yes",
            "pubnub.transactions.empty_calls": "yes",
            "supabase.realtime.billed_bytes": "ip",
        }
    },
    "no allowances": {"free_allowances": "none"},
}
every_saas = pytest.mark.parametrize("deployment", ws.SAAS.values(), ids=ws.SAAS)


def scenario(peak, posts, fan_out, **choices) -> ws.Scenario:
    flows = {"posts": {"rate_per_hour": posts, "fan_out": fan_out}}
    return ws.Scenario(
        **{
            "profile": {"extends": "workplace-chat", "flows": flows},
            "location": "virginia",
            "peak_connections": peak,
            **choices,
        }
    )


def test_all_saas_vendors_with_prices_have_a_service():
    assert {deployment.cloud for deployment in ws.SAAS.values()} == set(SAAS)
    assert not set(ws.SAAS) & set(ws.DEPLOYMENTS)


@every_saas
def test_its_id_begins_with_the_name_of_the_vendor(deployment: Deployment):
    assert deployment.id.split(".")[0] == deployment.cloud


@every_saas
@pytest.mark.parametrize("location", sorted(ws.locations()))
def test_it_costs_the_same_at_every_location(deployment: Deployment, location):
    # your own code beside it runs on a cloud, at the prices of its region
    bill = ws.estimate(SCENARIO.replace(location=location), deployment.id)
    here = ws.estimate(SCENARIO, deployment.id)

    assert bill.region == "global"
    assert bill.by_layer["messaging"] == here.by_layer["messaging"] > 0


@every_saas
def test_every_line_tells_its_quantity_price_source_and_date(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)
    told = bill.explain()

    for item in bill.items:
        assert item.explain() in told
        assert item.rate.source.startswith("https://")
        assert str(item.rate.checked_on) in told
        assert len(item.usage.formula.split()) >= 3
    assert all(text in told for text in (*bill.notes, *bill.not_modeled))
    assert bill.not_modeled


@every_saas
def test_lines_add_up_and_every_meter_stands_on_one(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)
    lines = bill.lines

    # but for what your own code takes of it
    stated = [(item.usage.meter_id, item.usage.layer) for item in bill.items]
    assert len(set(stated)) == len(stated)
    assert lines["cost_usd"].sum() == pytest.approx(ws.estimate(SCENARIO, deployment.id).total)


@every_saas
def test_what_it_leaves_open_is_on_the_bill_with_its_price(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)

    asked = {assumption.id for assumption in deployment.assumptions}
    assert {effect.assumption.id for effect in bill.effects} == asked
    for effect in bill.effects:
        name = effect.assumption.id
        assert name in ws.assumptions()
        for answer, change in effect.change_usd.items():
            other = ws.estimate(SCENARIO.replace(assumptions={name: answer}), deployment.id)
            assert other.total - bill.total == pytest.approx(change, abs=1e-6)
            assert change > 0


@every_saas
@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
def test_a_bill_of_arrays_is_the_bills_of_its_elements(deployment: Deployment, choices):
    together = ws.estimate(scenario(AUDIENCE, POSTS, FAN_OUT, **choices), deployment.id)
    apart = [
        ws.estimate(scenario(*one, **choices), deployment.id)
        for one in zip(AUDIENCE, POSTS, FAN_OUT, strict=True)
    ]

    totals = np.array([bill.total for bill in apart])
    np.testing.assert_allclose(together.total, totals, rtol=1e-12)
    one_by_one = [{line: float(each) for line, each in _quantities(bill).items()} for bill in apart]
    found = _quantities(together)
    assert set(found) == set().union(*one_by_one)
    for meter, values in found.items():
        expected = [each.get(meter, 0) for each in one_by_one]
        np.testing.assert_allclose(
            np.broadcast_to(values, AUDIENCE.shape), expected, rtol=1e-12, err_msg=str(meter)
        )


def _quantities(bill: ws.Bill) -> dict[tuple[str, str], FloatArray]:
    """By meter and layer: servers of several sizes share the meters of their family."""
    found: dict[tuple[str, str], FloatArray] = {}
    for item in bill.items:
        line = item.rate.meter_id, item.usage.layer
        found[line] = found.get(line, 0.0) + item.usage.quantity
    return found


@every_saas
def test_arrays_of_two_axes_make_a_grid(deployment: Deployment):
    audience, posts = np.array([[10.0], [1_000.0], [100_000.0]]), np.array([[1.0, 5.0]])
    grid = ws.estimate(scenario(audience, posts, 3), deployment.id)

    assert np.shape(grid.total) == (3, 2)
    one = ws.estimate(scenario(1_000.0, 5.0, 3), deployment.id)
    assert np.asarray(grid.total)[1, 1] == pytest.approx(one.total, rel=1e-12)


@every_saas
@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("profile", ws.profile_names())
def test_a_larger_audience_never_costs_less(deployment: Deployment, profile, choices):
    audience = np.geomspace(0.1, 1e7, 400)
    bill = ws.estimate(
        ws.Scenario(profile=profile, location="virginia", peak_connections=audience, **choices),
        deployment.id,
    )

    assert np.diff(bill.total).min() >= -1e-9 * np.max(bill.total)


@every_saas
def test_more_messages_never_cost_less(deployment: Deployment):
    bill = ws.estimate(scenario(5_000, np.geomspace(0.01, 1e4, 200), 10), deployment.id)

    assert np.diff(bill.total).min() >= -1e-9 * np.max(bill.total)


@every_saas
def test_an_option_that_does_not_exist_is_refused(deployment: Deployment):
    asked = SCENARIO.replace(options={deployment.id: {"color": "red"}})

    with pytest.raises(ws.ScenarioError) as caught:
        ws.estimate(asked, deployment.id)

    assert f"options of {deployment.id}, color: unknown field 'color'" in str(caught.value)


def test_clouds_alone_are_compared_unless_saas_is_asked_for():
    alone = ws.compare(SCENARIO)
    both = ws.compare(SCENARIO, [*ws.DEPLOYMENTS, *ws.SAAS])

    assert {bill.deployment for bill in alone.bills} == set(ws.DEPLOYMENTS)
    assert {bill.deployment for bill in both.bills} == {*ws.DEPLOYMENTS, *ws.SAAS}
    # Pusher takes messages of 10 KB at most, and the profile's largest have 16: what is beyond a
    # limit comes last, whatever it costs
    order = [(not bill.state.is_within_limits, bill.total) for bill in both.bills]
    assert order == sorted(order)
    assert both.bills[-1].deployment == "pusher.channels"


def test_a_misspelled_service_is_refused_with_the_right_one():
    with pytest.raises(ws.UnknownNameError, match=r"did you mean 'ably\.per_minute'"):
        ws.estimate(SCENARIO, "ably.per_minutes")


@every_saas
def test_every_bill_is_held_against_limits(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)

    assert len(bill.verdicts) >= 3
    # PubNub's network is the same whatever is priced
    own = (f"{deployment.id}.", f"{deployment.cloud}.network.")
    assert all(each.limit.limit.startswith(own) for each in bill.verdicts)


def test_messages_in_a_plan_are_not_taken_for_unlimited():
    """18 million for each user per month; PubNub publishes no fair use, a neighbor's was 20,000."""
    scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=100_000)

    assert ws.estimate(scenario, "pubnub.active_users").state is State.BEYOND_QUOTA


def test_market_data_of_100_000_connections_is_no_work_for_pusher():
    """Its largest plan holds 30,000 connections and 90 million messages per day."""
    scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=100_000)
    services = ["pusher.channels", "aws.nlb_ec2"]
    compared = ws.compare(scenario, services)
    shares = {
        each.limit.limit: float(each.share)
        for bill in compared.bills
        for each in bill.verdicts
        if bill.deployment == "pusher.channels"
    }

    [pusher] = [bill for bill in compared.bills if bill.deployment == "pusher.channels"]
    assert pusher.state is State.OVER_LIMIT
    assert shares["pusher.channels.peak_connections"] == pytest.approx(100_000 / 30_000)
    assert shares["pusher.channels.messages_per_day"] > 100
    assert compared.bills[0].deployment == "aws.nlb_ec2"
    swept = ws.sweep(scenario, {"peak_connections": [25_000, 100_000]}, services)
    assert [*swept.cheapest["deployment"]] == ["aws.nlb_ec2", "aws.nlb_ec2"]
    found = ws.break_even(scenario, "peak_connections", 20_000, 1e6, services)
    assert {name for *_, name in found.ranges} == {"aws.nlb_ec2"}
