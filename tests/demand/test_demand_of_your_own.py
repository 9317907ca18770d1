"""A demand built from public names is priced like the expected one that it repeats."""

import numpy as np
import pytest

import estimator as ws

SCENARIO = ws.Scenario(profile="workplace-chat", location="frankfurt", peak_connections=20_000)
PROFILE = SCENARIO.profile
DEPLOYMENTS = ["aws.api_gateway", "aws.alb_ec2", "azure.web_pubsub", "gcp.cloud_run"]


def repeated(connections, **changes) -> ws.Demand:
    written = PROFILE.model_dump(mode="json")
    named = ("session", "flows", "heartbeat", "at_connect", "application")
    said = {name: written[name] for name in named}
    return ws.Demand.of(connections, **(said | changes))


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_the_hours_and_flows_of_the_expected_demand_give_its_bill(deployment):
    expected = ws.estimate(SCENARIO, deployment)
    hours = ws.expected_demand(SCENARIO).connections.hourly

    ours = ws.estimate(SCENARIO, deployment, demand=repeated(hours))

    assert ours.total == pytest.approx(expected.total, rel=1e-9)
    assert [i.usage.meter_id for i in ours.items] == [i.usage.meter_id for i in expected.items]
    for one, other in zip(ours.items, expected.items, strict=True):
        assert float(one.usage.quantity) == pytest.approx(float(other.usage.quantity), rel=1e-9)


def test_objects_of_a_profile_do_as_well():
    hours = ws.expected_demand(SCENARIO).connections.hourly
    objects = ws.Demand.of(
        hours,
        session=PROFILE.session,
        flows=PROFILE.flows,
        heartbeat=PROFILE.heartbeat,
        at_connect=PROFILE.at_connect,
        application=PROFILE.application,
    )

    ours, theirs = (
        ws.estimate(SCENARIO, DEPLOYMENTS[0], demand=d) for d in (objects, repeated(hours))
    )
    assert ours.total == theirs.total


def test_one_number_holds_for_all_hours():
    demand = repeated(1_000, session={"law": "exponential", "mean_hours": 0.5})

    np.testing.assert_allclose(demand.connections.hourly, 1_000)
    np.testing.assert_allclose(demand.new_connections.hourly, 2_000, rtol=1e-9)
    assert float(demand.peak_connections) == pytest.approx(1_000, rel=1e-9)


def test_rows_are_many_scenarios():
    hours = ws.expected_demand(SCENARIO).connections.hourly
    both = ws.estimate(SCENARIO, "aws.alb_ec2", demand=repeated(np.stack([hours, 2 * hours])))
    each = [ws.estimate(SCENARIO, "aws.alb_ec2", demand=repeated(k * hours)) for k in (1, 2)]

    np.testing.assert_allclose(both.total, [float(one.total) for one in each], rtol=1e-9)


def test_rows_and_sessions_go_together():
    hours = ws.expected_demand(SCENARIO).connections.hourly
    rows, lengths = np.stack([hours, hours[::-1], hours]), [0.2, 3.0, 3.0]

    def demand(connections, mean_hours) -> ws.Demand:
        return repeated(connections, session={"law": "exponential", "mean_hours": mean_hours})

    for many, curves in ((demand(rows, lengths), rows), (demand(hours, lengths), [hours] * 3)):
        for at, (curve, length) in enumerate(zip(curves, lengths, strict=True)):
            one = demand(curve, length)
            for mine, its in (
                (many.new_connections, one.new_connections),
                (many.cut_after(2).new_connections, one.cut_after(2).new_connections),
                (many.cut_after(2).sessions, one.cut_after(2).sessions),
                (many.peak_within_hour, one.peak_within_hour),
            ):
                assert mine is not None
                assert its is not None
                np.testing.assert_allclose(mine.hourly[at], its.hourly, rtol=1e-12)


@pytest.mark.parametrize(
    "changes",
    [
        {"session": {"law": "exponential", "mean_hours": [1, 2]}},
        {"heartbeat": {"interval_seconds": [10, 20]}},
        {"hours_per_month": [720, 744]},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_unequal_lengths_are_refused(changes):
    with pytest.raises(ws.EstimatorError, match="have unequal lengths"):
        repeated(np.ones((3, 168)), **changes)


def test_the_note_on_a_fall_names_the_session_it_contradicts():
    def notes(mean_hours) -> tuple[str, ...]:
        cliff = [200] * 84 + [1_000] * 84
        return repeated(cliff, session={"law": "exponential", "mean_hours": mean_hours}).notes

    assert notes([0.1, 30, 0.2]) == notes(30)
    assert notes([0.2, 0.1]) == notes(0.2) != notes(30)


def test_the_largest_hour_is_the_peak_and_a_fall_that_sessions_cannot_follow_is_noted():
    office = np.tile([500] * 6 + [2500, 6000] + [10_000] * 8 + [6000, 2500] + [500] * 6, 7)
    both = repeated(np.stack([np.full(168, 500), office]))

    np.testing.assert_allclose(both.peak_connections, [500, 10_000], rtol=1e-12)
    # 10.3 hours at 10,000 over sessions of 2 hours; and 24 at 500
    np.testing.assert_allclose(both.new_connections.daily[:, 0], [6000, 51_500], rtol=1e-9)
    [note] = both.notes
    assert "too many on Mon 18:00 UTC" in note
    assert repeated(500).notes == ()


@pytest.mark.parametrize(
    ("connections", "changes", "error"),
    [
        ([1, 2, 3], {}, r"168 for the hours of a week, but are of shape \(3,\)"),
        ([], {}, r"of shape \(0,\)"),
        ([-1] + [1] * 167, {}, "not negative.*from -1 to 1"),
        (np.inf, {}, "finite"),
        (0, {}, "above 0 in at least one hour"),
        (1, {"session": {"law": "exponential"}}, "session.*mean_hours.*missing"),
        (1, {"flows": {"posts": {"direction": "up"}}}, "flows.posts.direction"),
    ],
)
def test_what_is_not_a_demand_is_refused_with_what_would_be_right(connections, changes, error):
    with pytest.raises(ws.EstimatorError, match=error):
        repeated(connections, **changes)
