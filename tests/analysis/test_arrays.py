"""Many scenarios in one pass equal the same scenarios one by one."""

import weakref
from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.fleet.fleet_options import FleetOptions

AUDIENCE = np.array([0.0, 3.0, 250.0, 7_000.0, 60_000.0, 410_000.0, 3_000_000.0])
POSTS = np.array([0.0, 0.5, 2.0, 10.0, 4.0, 1.0, 0.1])
FAN_OUT = np.array([0.0, 1.0, 5.0, 20.0, 50.0, 8.0, 2.0])
CHOICES = {
    "as shipped": {},
    "in Tokyo": {"location": "tokyo"},
    "Lambda backend": {"options": {"aws.api_gateway": {"backend": "lambda_dynamodb"}}},
    "autoscaled": {"options": {"azure.web_pubsub": {"scaling": "autoscaled"}}},
    "by request": {
        "options": {"gcp.cloud_run": {"billing": "request"}},
        "assumptions": {"gcp.cloud_run.open_websockets": "request"},
    },
    "small nodes": {"options": {"oci.load_balancer_vm": {"machine": "VM.Standard.E5.Flex/1/4"}}},
    "no allowances": {"free_allowances": "none"},
    "all allowances": {"free_allowances": "all"},
    "users elsewhere": {"users_in": {"americas": 0.3, "europe": 0.7}},
    "other answers": {
        "assumptions": {
            "aws.api_gateway.connect_is_message": "yes",
            "aws.api_gateway.minute_rounding": "exact",
            "aws.api_gateway.billed_bytes": "ip",
            "azure.web_pubsub.small_messages": "by_bytes",
            "azure.web_pubsub.internet_traffic": "yes",
            "gcp.cloud_run.sockets_per_instance": "full",
            "oci.load_balancer_vm.backend_leg": "yes",
        }
    },
}


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


def by_meter(bill: ws.Bill, attribute: str) -> dict[str, np.ndarray]:
    values = {
        "cost": lambda item: item.cost_usd,
        "quantity": lambda item: item.usage.quantity,
        "free": lambda item: item.free_units,
    }
    found: dict[str, np.ndarray] = {}
    for item in bill.items:  # machines of several kinds may share a meter
        meter = item.rate.meter_id
        found[meter] = np.asarray(found.get(meter, 0) + values[attribute](item))
    return found


def concern(choices: dict[str, Any], deployment: str) -> bool:
    """Whether they change anything there; what names other deployments only is the same bill."""
    named = (*choices.get("options", ()), *choices.get("assumptions", ()))
    return not named or any(
        name == deployment or name.startswith(f"{deployment}.") for name in named
    )


@pytest.mark.parametrize(
    ("deployment", "choices"),
    [
        pytest.param(deployment, choices, id=f"{deployment}-{name}")
        for deployment in ws.DEPLOYMENTS
        for name, choices in CHOICES.items()
        if concern(choices, deployment)
    ],
)
def test_a_bill_of_arrays_is_the_bills_of_its_elements(deployment, choices):
    together = ws.estimate(scenario(AUDIENCE, POSTS, FAN_OUT, **choices), deployment)
    apart = [
        ws.estimate(scenario(*one, **choices), deployment)
        for one in zip(AUDIENCE, POSTS, FAN_OUT, strict=True)
    ]

    totals = np.array([bill.total for bill in apart])
    np.testing.assert_allclose(together.total, totals, rtol=1e-12)
    for attribute in ("cost", "quantity"):
        found = by_meter(together, attribute)
        one_by_one = [by_meter(bill, attribute) for bill in apart]
        assert set(found) == set().union(*one_by_one)
        for meter, values in found.items():
            expected = [float(each.get(meter, 0)) for each in one_by_one]
            np.testing.assert_allclose(
                np.broadcast_to(values, AUDIENCE.shape), expected, rtol=1e-12, err_msg=meter
            )


@pytest.mark.parametrize(
    "audience",
    [
        {"mean_connections": AUDIENCE},
        {"users_per_day": AUDIENCE, "sessions_per_user_per_day": 1 + POSTS},
    ],
    ids=["mean", "users and sessions"],
)
def test_every_way_to_give_the_audience_takes_arrays(audience):
    def bill(**given) -> ws.Bill:
        asked = ws.Scenario(profile="board-collaboration", location="virginia", **given)
        return ws.estimate(asked, "aws.api_gateway")

    elements = [
        {name: values[index] for name, values in audience.items()} for index in range(AUDIENCE.size)
    ]
    totals = np.array([bill(**given).total for given in elements])
    np.testing.assert_allclose(bill(**audience).total, totals, rtol=1e-12)


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_arrays_of_two_axes_make_a_grid(deployment):
    audience, posts = np.array([[10.0], [1_000.0], [100_000.0]]), np.array([[1.0, 5.0]])
    grid = ws.estimate(scenario(audience, posts, 3), deployment)

    assert np.shape(grid.total) == (3, 2)
    for row in range(3):
        for column in range(2):
            one = ws.estimate(scenario(audience[row, 0], posts[0, column], 3), deployment)
            assert np.asarray(grid.total)[row, column] == pytest.approx(one.total, rel=1e-12)


def steps_of_what_can_be(bill: ws.Estimate, shape: tuple[int, ...]) -> np.ndarray:
    """What each scenario costs more than the one before it.

    Without those over a hard limit: of machines of which none may be so many the cheapest is taken,
    which may cost less than those that were still allowed.
    """
    hard = [one.share for one in bill.verdicts if one.limit.raised_by is None]
    over = np.any([np.broadcast_to(share, shape) > 1 for share in hard] or [False], axis=0)
    return np.where(np.broadcast_to(over, shape)[1:], 0.0, np.diff(bill.total))


def largest_falls(asked: ws.Scenario) -> dict[str | None, float]:
    """By how much a scenario costs less than the one before it, where it does."""
    bills = ws.compare(asked).bills  # all at once, so that the demand is worked out once
    assert len(bills) == len(ws.DEPLOYMENTS)
    falls = {bill.deployment: steps_of_what_can_be(bill, asked.many).min() for bill in bills}
    return {
        bill.deployment: falls[bill.deployment]
        for bill in bills
        if falls[bill.deployment] < -1e-9 * np.max(bill.total)
    }


@pytest.mark.parametrize("profile", ws.profile_names())
def test_a_larger_audience_never_costs_less(profile):
    audience = np.geomspace(1, 1e7, 400)
    asked = ws.Scenario(profile=profile, location="virginia", peak_connections=audience)

    assert largest_falls(asked) == {}


def test_more_messages_never_cost_less():
    assert largest_falls(scenario(5_000, np.geomspace(0.01, 1e4, 200), 10)) == {}


OF_SERVERS = {
    "memory_per_connection_bytes": [1e3, 2e4, 1e5, 3e4, 5e5],
    "idle_cpu_seconds_per_connection_second": [0.0, 1e-6, 1e-5, 1e-4, 2e-5],
    "messages_per_core_second": [1e3, 5e4, 2e5, 1e4, 500.0],
    "handshakes_per_core_second": [100.0, 500.0, 2e3, 50.0, 900.0],
    "headroom": [0.1, 0.3, 0.7, 0.9, 1.0],
}
OF_FUNCTIONS = {
    "core_speed_factor": [0.5, 1.0, 2.0, 1.5, 0.8],
    "lambda_ms": [1.0, 20.0, 50.0, 100.0, 7.0],
    "lambda_ms_per_push": [0.0, 1.0, 5.0, 10.0, 2.0],
    "lambda_memory_mb": [128.0, 256.0, 512.0, 1024.0, 2048.0],
}
FLEETS = [name for name, each in ws.DEPLOYMENTS.items() if issubclass(each.options, FleetOptions)]


def assert_equal_one_by_one(deployment, fields, make) -> None:
    """A bill of arrays equals those of its elements; ``make`` turns fields into a scenario's."""
    audience = np.array([3.0, 250.0, 7e3, 6e4, 1.2e6])

    def bill(connections, given) -> ws.Estimate:
        asked = {"profile": "workplace-chat", "location": "virginia", **make(given)}
        return ws.estimate(ws.Scenario(peak_connections=connections, **asked), deployment)

    together = bill(audience, {name: np.array(values) for name, values in fields.items()})
    apart = [
        bill(audience[at], {name: values[at] for name, values in fields.items()}) for at in range(5)
    ]
    np.testing.assert_allclose(together.total, [float(one.total) for one in apart], rtol=1e-12)
    assert together.states.tolist() == [one.state for one in apart]
    assert str(together)
    assert together.conventions


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_the_month_and_the_heartbeat_may_be_arrays(deployment):
    fields = {"hours": [100.0, 720.0, 730.0, 744.0, 10.0], "beat": [5.0, 25.0, 60.0, 300.0, 1e3]}
    assert_equal_one_by_one(
        deployment,
        fields,
        lambda given: {
            "hours_per_month": given["hours"],
            "profile": {
                "extends": "workplace-chat",
                "heartbeat": {"interval_seconds": given["beat"]},
            },
        },
    )


@pytest.mark.parametrize("deployment", [*ws.DEPLOYMENTS, *ws.SAAS])
def test_fixed_sizes_may_be_arrays(deployment):
    fields = {
        "post": [0.0, 100.0, 2_049.0, 40_000.0, 200_000.0],
        "welcome": [0.0, 5_000.0, 1e6, 300.0, 40_000.0],
        "beat": [0.0, 10.0, 125.0, 100.0, 126.0],
    }
    heartbeat = {"interval_seconds": 30, "kind": "application"}
    assert_equal_one_by_one(
        deployment,
        fields,
        lambda given: {
            "profile": {
                "extends": "workplace-chat",
                "flows": {"posts": {"payload": {"law": "fixed", "bytes": given["post"]}}},
                "at_connect": {"to_client": given["welcome"]},
                "heartbeat": {**heartbeat, "payload_bytes": given["beat"]},
            }
        },
    )


SESSIONS = {
    "exponential": ({}, "mean_hours"),
    "lognormal": ({"sigma": 1.2}, "mean_hours"),
    "weibull": ({"shape": 0.7}, "scale_hours"),
    "deterministic": ({}, "hours"),
}
LENGTHS = [0.02, 0.5, 3.0, 0.5, 40.0]
"""Below the age at which services cut connections, beyond it, and one of them twice."""


@pytest.mark.parametrize("law", SESSIONS)
@pytest.mark.parametrize("deployment", [*ws.DEPLOYMENTS, *ws.SAAS])
def test_lengths_of_sessions_may_be_arrays(deployment, law):
    said, scale = SESSIONS[law]

    def make(given):
        session = {"law": law, **said, scale: given["length"]}
        return {"profile": {"extends": "workplace-chat", "session": session}}

    assert_equal_one_by_one(deployment, {"length": LENGTHS}, make)


@pytest.mark.parametrize("deployment", [*ws.DEPLOYMENTS, *ws.SAAS])
def test_means_of_payloads_may_be_arrays(deployment):
    fields = {
        "post": [20.0, 300.0, 3_000.0, 300.0, 60_000.0],
        "welcome": [100.0, 9_000.0, 200_000.0, 30_000.0, 9_000.0],
        "told": [10.0, 100.0, 1_000.0, 10_000.0, 10.0],
    }

    def make(given):
        post, welcome, told = (
            {"law": "lognormal", "sigma": 0.8, "mean_bytes": given[name]} for name in fields
        )
        return {
            "profile": {
                "extends": "workplace-chat",
                "flows": {"posts": {"payload": {**post, "max_bytes": "100 KB"}}},
                "at_connect": {"to_client": welcome, "tells": 3, "tells_payload": told},
            }
        }

    assert_equal_one_by_one(deployment, fields, make)


@pytest.mark.parametrize("deployment", ["aws.api_gateway", "aws.alb_ec2", "azure.web_pubsub"])
@pytest.mark.parametrize(
    "more",
    [
        {"calendar": [{"name": "Launch", "on": "Tue 14:00", "lasts_hours": 5, "connections": 900}]},
        {"users_per_day": 50_000, "sessions_per_user_per_day": 2, "peak_connections": None},
        {"other_clients": {"tickers": {"profile": "market-data", "per_main_connection": 0.1}}},
    ],
    ids=["with a calendar", "by users", "with other clients"],
)
def test_lengths_of_sessions_may_be_arrays_whatever_else_there_is(deployment, more):
    lengths = np.array([0.5, 3.0, 40.0])

    def bill(mean_hours) -> ws.Estimate:
        session = {"mean_hours": mean_hours}
        profile = {"extends": "workplace-chat", "session": session}
        asked = {"profile": profile, "location": "virginia", "peak_connections": 7_000}
        return ws.estimate(ws.Scenario(**{**asked, **more}), deployment)

    together, apart = bill(lengths), [bill(each) for each in lengths]
    np.testing.assert_allclose(together.total, [float(one.total) for one in apart], rtol=1e-12)
    assert together.states.tolist() == [one.state for one in apart]
    assert together.to_markdown()


def test_sessions_and_audiences_of_two_axes_make_a_grid():
    lengths, audience = np.array([[0.3], [4.0]]), np.array([[10.0, 1e3, 1e5]])

    def bill(mean_hours, connections) -> ws.Estimate:
        profile = {"extends": "workplace-chat", "session": {"mean_hours": mean_hours}}
        asked = ws.Scenario(profile=profile, location="virginia", peak_connections=connections)
        return ws.estimate(asked, "aws.api_gateway")

    grid = bill(lengths, audience)
    assert np.shape(grid.total) == (2, 3)
    for (row, column), total in np.ndenumerate(grid.total):
        one = bill(lengths[row, 0], audience[0, column])
        assert total == pytest.approx(one.total, rel=1e-12)


def test_who_asks_more_seldom_than_the_shortest_session_lasts_is_refused():
    def asked(every_seconds, mean_hours) -> ws.Scenario:
        return ws.Scenario(
            profile={"extends": "workplace-chat", "session": {"mean_hours": mean_hours}},
            location="virginia",
            peak_connections=100,
            transport={"kind": "polling", "every_seconds": every_seconds},
        )

    assert asked([60, 600], [0.02, 0.2]).many == (2,)
    with pytest.raises(ws.ScenarioError, match=r"every_seconds is 60–600 s, .* \(72–720 s\)"):
        asked([600, 60], [0.02, 0.2])


def test_a_part_of_a_mixture_is_a_single_one():
    parts = [{"share": 1, "size": [100, 200]}, {"share": 1, "size": 300}]

    with pytest.raises(ws.ScenarioError, match="part of a mixture takes one number"):
        scenario(1, 1, 1).replace(
            profile={
                "extends": "workplace-chat",
                "flows": {"posts": {"payload": {"law": "mixture", "parts": parts}}},
            }
        )


@pytest.mark.parametrize("scaling", ["static", "autoscaled"])
@pytest.mark.parametrize("deployment", FLEETS)
def test_figures_of_servers_may_be_arrays(deployment, scaling):
    assert_equal_one_by_one(
        deployment,
        OF_SERVERS,
        lambda given: {"options": {deployment: {**given, "scaling": scaling}}},
    )


@pytest.mark.parametrize("deployment", ["gcp.cloud_run", "gcp.application_lb_cloud_run"])
def test_figures_of_servers_in_instances_may_be_arrays(deployment):
    assert_equal_one_by_one(deployment, OF_SERVERS, lambda given: {"options": {deployment: given}})


def test_figures_of_functions_may_be_arrays():
    assert_equal_one_by_one(
        "aws.api_gateway",
        OF_FUNCTIONS,
        lambda given: {"options": {"aws.api_gateway": {"backend": "lambda_dynamodb", **given}}},
    )


def test_an_option_alone_stands_for_many():
    asked = ws.Scenario(
        profile="market-data",
        location="virginia",
        peak_connections=1e6,
        options={"aws.alb_ec2": {"headroom": [0.3, 0.9]}},
    )

    assert asked.many == (2,)
    for deployment in ("aws.alb_ec2", "aws.api_gateway"):
        assert np.broadcast_shapes(np.shape(ws.estimate(asked, deployment).total)) == (2,)


def test_scenarios_of_such_arrays_are_read_as_they_were_written():
    asked = ws.Scenario(
        profile={
            "extends": "workplace-chat",
            "heartbeat": {"interval_seconds": np.array([20, 30])},
            "flows": {"posts": {"payload": [100, 200]}},
            "session": {"mean_hours": [1, 2]},
            "at_connect": {"to_client": {"law": "lognormal", "mean_bytes": [8, 9], "sigma": 1}},
        },
        location="virginia",
        peak_connections=100,
        hours_per_month=np.array([720, 744]),
        options={"aws.alb_ec2": {"headroom": np.array([0.5, 0.7])}},
    )

    for again in (ws.Scenario.from_yaml(asked.to_yaml()), ws.Scenario.from_token(asked.to_token())):
        assert again == asked
        assert hash(again) == hash(asked)
    assert "month: 720–744 hours" in str(asked)
    assert "headroom: 0.5–0.7" in str(asked)
    assert "sessions of 1–2 h" in repr(asked.profile)


@pytest.mark.parametrize(
    ("hours", "fault"),
    [
        ([720, -1], "greater than 0, not -1"),
        ([], "an empty list"),
        (["many"], "expected a number or a list of numbers"),
        ([720, np.nan], "finite"),
        ([720, 1e6], "less than or equal to 87600"),
        (np.array([720, 730, 744]), "unequal lengths"),
    ],
)
def test_every_element_must_be_allowed(hours, fault):
    with pytest.raises(ws.ScenarioError, match=fault):
        ws.Scenario(
            profile="market-data",
            location="virginia",
            peak_connections=[1, 2],
            hours_per_month=hours,
        )


def test_every_element_of_an_option_must_be_allowed():
    asked = ws.Scenario(
        profile="market-data",
        location="virginia",
        peak_connections=10,
        options={"aws.alb_ec2": {"headroom": [0.5, 2.0]}},
    )
    with pytest.raises(ws.ScenarioError, match=r"headroom: .* 1, not 2"):
        ws.estimate(asked, "aws.alb_ec2")


def test_an_array_of_one_is_an_array():
    bill = ws.estimate(scenario([500], 1, 1), "aws.api_gateway")

    assert np.shape(bill.total) == (1,)


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_the_table_of_lines_has_a_row_for_each_line_and_scenario(deployment):
    silent = {
        "title": "Silent",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "flows": {},
    }
    bill = ws.estimate(
        ws.Scenario(profile=silent, location="virginia", peak_connections=[10, 20, 30]), deployment
    )

    assert len(bill.lines) == 3 * len(bill.items)
    sums = bill.lines.groupby("scenario")["cost_usd"].sum()
    np.testing.assert_allclose(sums, bill.total)


@pytest.mark.parametrize("deployment", ["gcp.cloud_run", "azure.container_apps"])
def test_a_bill_that_is_done_with_keeps_no_memory(deployment):
    bill = ws.estimate(scenario(AUDIENCE, POSTS, FAN_OUT), deployment)
    assert bill.effects is not None
    seen = weakref.ref(bill)
    del bill

    assert seen() is None  # at once, without a search for cycles
