"""Many scenarios in one pass equal the same scenarios one by one."""

import numpy as np
import pytest

import estimator as ws

AUDIENCE = np.array([0.0, 3.0, 250.0, 7_000.0, 60_000.0, 410_000.0, 3_000_000.0])
POSTS = np.array([0.0, 0.5, 2.0, 10.0, 4.0, 1.0, 0.1])
FAN_OUT = np.array([0.0, 1.0, 5.0, 20.0, 50.0, 8.0, 2.0])
CHOICES = {
    "as shipped": {},
    "in Tokyo": {"place": "tokyo"},
    "Lambda backend": {"options": {"aws.api_gateway": {"backend": "lambda_dynamodb"}}},
    "autoscaled": {"options": {"azure.web_pubsub": {"scaling": "autoscale"}}},
    "by request": {"options": {"gcp.cloud_run": {"billing": "request"}}},
    "small nodes": {"options": {"oci.load_balancer_fleet": {"machine": "VM.Standard.E5.Flex/1/4"}}},
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
            "oci.load_balancer_fleet.backend_leg": "yes",
        }
    },
}


def scenario(peak, posts, fan_out, **choices) -> ws.Scenario:
    flows = {"posts": {"rate_per_hour": posts, "fan_out": fan_out}}
    return ws.Scenario(
        **{
            "profile": {"extends": "workplace-chat", "flows": flows},
            "place": "virginia",
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


@pytest.mark.parametrize("choices", CHOICES.values(), ids=CHOICES)
@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
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
        asked = ws.Scenario(profile="board-collaboration", place="virginia", **given)
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


@pytest.mark.parametrize("profile", ws.profile_names())
@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_a_larger_audience_never_costs_less(deployment, profile):
    audience = np.geomspace(1, 1e7, 400)
    options = ws.DEPLOYMENTS[deployment].options.model_fields
    # the cheapest nodes are chosen without a look at Redis, which comes in steps beside them
    choices = {deployment: {"backplane": False}} if "backplane" in options else {}
    asked = ws.Scenario(
        profile=profile, place="virginia", peak_connections=audience, options=choices
    )
    bill = ws.estimate(asked, deployment)

    steps = np.diff(bill.total)
    assert steps.min() >= -1e-9 * np.max(bill.total)


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_more_messages_never_cost_less(deployment):
    bill = ws.estimate(scenario(5_000, np.geomspace(0.01, 1e4, 200), 10), deployment)

    assert np.diff(bill.total).min() >= -1e-9 * np.max(bill.total)


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
        ws.Scenario(profile=silent, place="virginia", peak_connections=[10, 20, 30]), deployment
    )

    assert len(bill.lines) == 3 * len(bill.items)
    sums = bill.lines.groupby("scenario")["cost_usd"].sum()
    np.testing.assert_allclose(sums, bill.total)
