"""A sweep is the bills one would have made one by one, to the last cent, and says where it ends."""

import json

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.fields import with_values

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
MARKET = ws.Scenario(profile="market-data", location="virginia", peak_connections=1000)
CENT = 0.01


def random_points(scenario, count, seed):
    """Points all over: audiences of six decades, rates, sessions, options, prices."""
    rng = np.random.default_rng(seed)
    flow = next(iter(scenario.profile.flows))
    deployment = rng.choice(list(ws.DEPLOYMENTS))
    axes = {
        "peak_connections": 10 ** rng.uniform(0, 6.5, count),
        f"profile.flows.{flow}.rate_per_hour": 10 ** rng.uniform(-1, 3, count),
        f"profile.flows.{flow}.fan_out": np.round(10 ** rng.uniform(0, 2, count)),
        "profile.session.mean_hours": rng.choice([0.2, 1.0, 5.0], count),
        "hours_per_month": rng.choice([720.0, 730.0, 744.0], count),
        "options.*.spare_nodes": rng.choice([0.0, 1.0, 2.0], count),
        "percent_off.aws.*": rng.choice([0.0, 25.0], count),
    }
    return axes, deployment


@pytest.mark.parametrize("scenario", [CHAT, MARKET], ids=["chat", "market"])
@pytest.mark.parametrize("seed", range(5))
def test_a_thousand_random_points_are_their_single_bills_to_the_cent(scenario, seed):
    axes, deployment = random_points(scenario, 100, seed)
    swept = ws.sweep(scenario, axes, deployment, together=True)

    for index, total in enumerate(swept.total(deployment)):
        point = {name: float(values[index]) for name, values in swept.axes.items()}
        bill = ws.estimate(with_values(scenario, point), deployment)
        assert total == pytest.approx(bill.total, abs=CENT / 2, rel=0), point
        assert swept.states(deployment)[index] == bill.state, point


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_a_grid_is_each_with_each(deployment):
    peaks, rates = [300.0, 40_000.0, 900_000.0], [0.5, 20.0]
    swept = ws.sweep(CHAT, {"peak_connections": peaks, "posts.rate_per_hour": rates}, deployment)

    assert swept.shape == (3, 2)
    for row, peak in enumerate(peaks):
        for column, rate in enumerate(rates):
            profile = {
                "extends": "workplace-chat",
                "flows": {"posts": {"rate_per_hour": rate}},
            }
            one = CHAT.replace(peak_connections=peak, profile=profile)
            bill = ws.estimate(one, deployment)
            assert swept.total(deployment)[row, column] == pytest.approx(bill.total, abs=CENT / 2)


def test_the_tidy_table_holds_every_driver_of_every_bill():
    swept = ws.sweep(CHAT, {"peak_connections": [100, 5000]}, ["aws.api_gateway", "aws.alb_ec2"])
    keys = ["deployment", "peak_connections"]
    sums = swept.table.groupby(keys, observed=True)["usd"].sum().to_dict()

    assert sums == pytest.approx(swept.totals.set_index(keys)["total_usd"].to_dict())
    assert set(swept.table.columns) == {"peak_connections", "deployment", "state", "driver", "usd"}


def test_the_cube_has_the_axes_it_names():
    axes = {"peak_connections": [10, 100, 1000], "posts.rate_per_hour": [1, 2]}
    swept = ws.sweep(CHAT, axes, ["aws.api_gateway", "gcp.cloud_run"])

    assert swept.dims[:3] == ("deployment", "driver", "peak_connections")
    assert swept.cube.shape == (2, 8, 3, 2)
    np.testing.assert_allclose(swept.cube.sum(axis=1)[1], swept.total("gcp.cloud_run"))


def test_the_cheapest_is_the_least_of_those_that_hold():
    swept = ws.sweep(MARKET, {"peak_connections": [10, 1000, 100_000]})
    for row, peak in zip(swept.cheapest.itertuples(), (10, 1000, 100_000), strict=True):
        compared = ws.compare(MARKET.replace(peak_connections=peak)).within_limits
        first, second = sorted(compared, key=lambda bill: bill.total)[:2]
        assert row.deployment == first.deployment
        assert row.total_usd == pytest.approx(first.total)
        assert row.lead_usd == pytest.approx(second.total - first.total, abs=1e-6)


def test_where_none_holds_there_is_no_winner():
    # a message of 128 KB at most: the order book is larger, where it comes in one
    in_one = {"extends": "market-data", "at_connect": {"message_bytes": "1.2 MB"}}
    swept = ws.sweep(
        MARKET.replace(profile=in_one), {"peak_connections": [1000, 2000]}, "aws.api_gateway"
    )

    assert set(swept.states("aws.api_gateway")) == {"over a hard limit"}
    assert list(swept.cheapest["deployment"]) == ["", ""]
    assert swept.cheapest["total_usd"].isna().all()


def test_what_cannot_be_priced_is_told_and_is_no_number():
    tokyo = CHAT.replace(location="saopaulo")
    swept = ws.sweep(tokyo, {"peak_connections": [100, 200]})
    refused = {refusal.deployment for refusal in ws.compare(tokyo).refusals}

    assert {refusal.deployment for refusal in swept.refusals} == refused
    for name in refused:
        assert np.isnan(swept.total(name)).all()
        assert set(swept.states(name)) == {"not priced"}


def test_parts_are_the_whole():
    axes = {"peak_connections": np.geomspace(10, 1e6, 130), "posts.rate_per_hour": np.arange(1, 64)}
    swept = ws.sweep(CHAT, axes, ["aws.api_gateway"])
    parts = list(ws.sweep_parts(CHAT, axes, ["aws.api_gateway"]))

    assert len(parts) > 1
    np.testing.assert_array_equal(
        np.concatenate([part["total_usd"] for part in parts]),
        swept.total("aws.api_gateway").ravel(),
    )


def test_progress_ends_with_all_points():
    told = []
    ws.sweep(
        CHAT,
        {"peak_connections": np.arange(1, 10_001)},
        "aws.api_gateway",
        progress=lambda done, of: told.append((done, of)),
    )

    assert told[-1] == (10_000, 10_000)
    assert len(told) > 1


def test_data_for_machines_is_json_and_the_same():
    swept = ws.sweep(CHAT.replace(location="saopaulo"), {"peak_connections": [100, 200]})
    data = json.loads(json.dumps(swept.as_data(), allow_nan=False))

    for name in swept.deployments:
        given = data["deployments"][name]["total_usd"]
        expected = [None if np.isnan(usd) else usd for usd in swept.total(name)]
        assert given == expected


@pytest.mark.parametrize(
    ("axes", "options", "told"),
    [
        ({}, {}, "no axis"),
        ({"peak_connections": []}, {}, "at least one number"),
        ({"peak_connections": ["a"]}, {}, "peak_connections: expected a number"),
        ({"peak_connections": [np.nan]}, {}, "finite"),
        ({"peak_connections": [[1, 2]]}, {}, "list"),
        ({"peak_connections": [-5, 2]}, {}, "negative"),
        ({"posts.rate_per_hour": [1], "flows.posts.rate_per_hour": [2]}, {}, "given twice"),
        (
            {"peak_connections": [1, 2, 3], "posts.rate_per_hour": [1, 2]},
            {"together": True},
            r"peak_connections has 3.*rate_per_hour has 2",
        ),
        ({"peak_connection": [1]}, {}, "did you mean 'peak_connections'"),
    ],
)
def test_bad_axes_are_refused_with_what_would_be_right(axes, options, told):
    with pytest.raises(ws.EstimatorError, match=told):
        ws.sweep(CHAT, axes, **options)


def test_a_million_by_a_million_is_refused_with_its_memory_and_a_way_out():
    million = np.arange(1, 1_000_001)
    with pytest.raises(ws.ScenarioError, match=r"PB.*sweep_parts"):
        ws.sweep(CHAT, {"peak_connections": million, "posts.rate_per_hour": million})


def test_a_sweep_of_that_size_can_be_begun_in_parts():
    million = np.arange(1, 1_000_001)
    axes = {"peak_connections": million, "posts.rate_per_hour": million}
    first = next(ws.sweep_parts(CHAT, axes, "aws.api_gateway"))

    assert len(first) == 4096


def test_many_scenarios_cannot_be_swept_again():
    with pytest.raises(ws.ScenarioError, match="stands for many"):
        ws.sweep(CHAT.replace(peak_connections=[1, 2]), {"posts.rate_per_hour": [1]})


def test_unknown_clients_and_deployments_are_refused():
    with pytest.raises(ws.UnknownNameError, match="did you mean"):
        ws.sweep(CHAT, {"peak_connections": [1]}, "aws.api-gatewy")
    with pytest.raises(ws.EstimatorError, match="client: expected a Client or an Executor"):
        ws.sweep(CHAT, {"peak_connections": [1]}, "aws.api_gateway", client="localhost:8786")  # pyright: ignore[reportArgumentType]
