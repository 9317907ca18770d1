"""Each number is found by its name, read, and changed without touching anything else."""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.fields import (
    current_value,
    field_names,
    find_field,
    scales_a_law,
    takes_arrays,
    with_values,
)

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("peak_connections", "peak_connections"),
        ("posts.rate_per_hour", "profile.flows.posts.rate_per_hour"),
        ("session.mean_hours", "profile.session.mean_hours"),
        ("lambda_ms_per_push", "options.aws.api_gateway.lambda_ms_per_push"),
        ("gcp.cloud_run.min_instances", "options.gcp.cloud_run.min_instances"),
        ("options.*.headroom", "options.*.headroom"),
        ("prices.aws.api_gateway.messages", "prices.aws.api_gateway.messages"),
        ("percent_off.aws.api_gateway.*", "percent_off.aws.api_gateway.*"),
    ],
)
def test_as_much_of_a_name_as_tells_it_from_others_suffices(name, field):
    assert find_field(CHAT, name) == field


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("post.rate_per_hour", "did you mean 'posts.rate_per_hour'"),
        ("rate_per_hour", "several fields are called"),
        ("headroom", r"Use 'options\.\*\.headroom'"),
        ("prices.aws.api_gateway.mesages", "did you mean 'aws.api_gateway.messages'"),
        ("percent_off.awz.*", "unknown meter"),
        ("profile", "unknown field"),
        ("", "unknown field"),
    ],
)
def test_a_name_that_tells_nothing_is_refused_with_a_hint(name, told):
    with pytest.raises(ws.EstimatorError, match=told):
        find_field(CHAT, name)


@pytest.mark.parametrize("profile", ws.profile_names())
def test_every_number_of_a_scenario_can_be_set_to_what_it_is(profile):
    scenario = ws.Scenario(profile=profile, location="virginia", peak_connections=1000)
    own = [name for name in field_names(scenario) if not name.startswith("options.")]
    own.remove("hours_per_day")  # another weekly shape, whatever its hours
    for name in own:
        changed = with_values(scenario, {name: current_value(scenario, name)})
        before, after = (ws.estimate(each, "aws.api_gateway").total for each in (scenario, changed))
        assert after == before, name


def test_every_option_with_a_value_can_be_set_to_what_it_is():
    for name in field_names(CHAT):
        if name.startswith("options."):
            try:
                value = current_value(CHAT, name)
            except ws.ScenarioError:
                continue  # nothing unless it is given
            kept = round(value) if value == int(value) else value
            assert current_value(with_values(CHAT, {name: kept}), name) == value


def test_a_change_leaves_everything_else_as_it_was():
    changed = with_values(CHAT, {"profile.flows.posts.rate_per_hour": 7.0})

    before, after = (each.profile.model_dump(mode="json") for each in (CHAT, changed))
    assert after["flows"]["posts"].pop("rate_per_hour") == 7
    assert before["flows"]["posts"].pop("rate_per_hour") != 7
    assert after == before
    assert changed.replace(profile=CHAT.profile) == CHAT


def test_an_audience_given_in_another_way_gives_way():
    users = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        users_per_day=9000,
        sessions_per_user_per_day=4,
    )
    peak = current_value(users, "peak_connections")
    moved = with_values(users, {"peak_connections": 2 * peak})

    assert float(ws.expected_demand(moved).peak_connections) == pytest.approx(2 * peak)
    assert ws.expected_demand(moved).notes == ws.expected_demand(users).notes
    fewer = with_values(users, {"users_per_day": 4500.0})
    assert float(ws.expected_demand(fewer).peak_connections) == pytest.approx(peak / 2)


def test_an_option_of_all_deployments_is_set_where_it_exists():
    changed = with_values(CHAT, {"options.*.spare_nodes": 3})

    assert changed.options["aws.alb_ec2"] == {"spare_nodes": 3}
    assert "aws.api_gateway" not in changed.options


def test_a_price_is_that_of_every_tier():
    # 1.00 and 0.80 USD per million by the price list
    priced = with_values(CHAT, {"prices.aws.api_gateway.messages": 2e-6})
    bill = ws.estimate(priced, "aws.api_gateway")
    [line] = [i for i in bill.items if i.usage.meter_id == "aws.api_gateway.messages"]

    assert line.cost_usd == pytest.approx(2e-6 * line.usage.quantity)


def test_a_discount_comes_on_top_of_a_contract():
    ours = {"title": "Ours", "rates": [{"meters": ["aws.egress.*"], "percent_off": 50}]}
    scenario = CHAT.replace(contract=ours)
    both = with_values(scenario, {"percent_off.aws.api_gateway.*": 20.0})
    before, after = (ws.estimate(each, "aws.api_gateway") for each in (CHAT, both))

    assert after.by_driver["data out"] == pytest.approx(before.by_driver["data out"] / 2)
    assert after.by_driver["messages"] == pytest.approx(before.by_driver["messages"] * 0.8)


def test_hours_per_day_are_the_hours_with_clients():
    eight = with_values(CHAT, {"hours_per_day": 8.0})
    half = with_values(CHAT, {"hours_per_day": 8.5})

    assert current_value(eight, "hours_per_day") == pytest.approx(8)
    assert current_value(half, "hours_per_day") == pytest.approx(8.5)
    assert ws.expected_demand(eight).peak_connections == pytest.approx(1000)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("peak_connections", -1.0),
        ("hours_per_day", 25.0),
        ("hours_per_day", 0.0),
        ("profile.session.mean_hours", 0.0),
        ("percent_off.aws.*", 120.0),
        ("prices.aws.api_gateway.messages", -1.0),
        ("hours_per_month", 0.0),
    ],
)
def test_a_value_a_field_cannot_have_is_refused(field, value):
    with pytest.raises(ws.EstimatorError):
        ws.estimate(with_values(CHAT, {field: value}), "aws.api_gateway")


def test_audience_and_rates_take_arrays():
    assert takes_arrays(CHAT, "peak_connections", 1.0)
    assert takes_arrays(CHAT, "profile.flows.posts.rate_per_hour", 1.0)
    assert takes_arrays(CHAT, "profile.session.mean_hours", 1.0)
    assert takes_arrays(CHAT, "profile.flows.posts.payload.mean_bytes", 300.0)
    assert not takes_arrays(CHAT, "profile.session.sigma", 1.0)
    assert not takes_arrays(CHAT, "prices.aws.api_gateway.messages", 1e-6)


@pytest.mark.parametrize("profile", ws.profile_names())
def test_lengths_of_sessions_and_means_of_payloads_scale_a_law_and_nothing_else_does(profile):
    scenario = ws.Scenario(profile=profile, location="virginia", peak_connections=100)
    found = {field for field in field_names(scenario) if scales_a_law(scenario, field)}

    ends = (
        ".session.mean_hours",
        ".session.scale_hours",
        ".payload.mean_bytes",
        ".size.mean_bytes",
    )
    assert found == {field for field in field_names(scenario) if field.endswith(ends)}
    for other in ("prices.aws.api_gateway.messages", "percent_off.aws.*", "hours_per_day"):
        assert not scales_a_law(scenario, other)


def test_fields_of_one_part_change_together():
    # one after the other, the mean would be above the cap that was
    posts = "profile.flows.posts.payload."
    found = with_values(CHAT, {f"{posts}mean_bytes": 20_000, f"{posts}max_bytes": 50_000})

    payload: Any = found.profile.flows["posts"].payload
    assert (payload.mean_bytes, payload.max_bytes, payload.sigma) == (20_000, 50_000, 1)
    with pytest.raises(ws.ScenarioError, match="mean_bytes must be below max_bytes"):
        with_values(CHAT, {f"{posts}mean_bytes": 20_000})


def test_a_field_that_takes_one_value_says_so():
    with pytest.raises(ws.ScenarioError, match="one value at a time"):
        with_values(CHAT, {"hours_per_day": np.array([1.0, 2.0])})


def test_a_name_of_a_flow_can_have_dots():
    flow = {"direction": "client_to_server", "rate_per_hour": 9, "payload": 10, "fan_out": 3}
    profile = {"extends": "market-data", "flows": {"v1.ticks": flow}}
    scenario = ws.Scenario(profile=profile, location="virginia", peak_connections=100)
    field = find_field(scenario, "v1.ticks.rate_per_hour")
    changed = with_values(scenario, {field: 10})

    assert current_value(scenario, field) == 9
    assert changed.profile.flows["v1.ticks"].rate_per_hour == 10
