"""What a scenario lets one expect: audiences, flows, heartbeats and cuts."""

import re

import numpy as np
import pytest

import estimator as ws
from estimator.scenario.sizes import FixedSize

FLAT = {
    "title": "Made up",
    "session": {"law": "deterministic", "hours": 2},
    "weekly_shape": "flat",
    "flows": {},
}


def demand_of(profile: dict | str = "workplace-chat", **audience) -> ws.Demand:
    audience = audience or {"mean_connections": 1000}
    return ws.expected_demand(ws.Scenario(profile=profile, location="virginia", **audience))


FLOWS = ("sent", "passed_on", "published")


def per_hour(demand: ws.Demand, direction: str, *kinds: str) -> float:
    wanted = kinds or FLOWS
    streams = (s for s in demand.streams if s.direction == direction and s.kind in wanted)
    return float(sum(s.per_hour.mean for s in streams))


def test_peak_connections_are_the_peak():
    assert demand_of(peak_connections=50_000).peak_connections == pytest.approx(50_000)


def test_mean_connections_are_the_mean():
    assert demand_of(mean_connections=20_000).connections.mean == pytest.approx(20_000)


def test_users_times_sessions_are_the_connects_of_the_busiest_day():
    demand = demand_of(users_per_day=50_000, sessions_per_user_per_day=5)

    # days of Virginia: in standard time, UTC is five hours ahead
    by_local_day = np.roll(demand.new_connections.hourly, -5).reshape(7, 24).sum(axis=1)
    assert by_local_day.max() == pytest.approx(250_000)


def test_the_three_ways_to_give_the_audience_agree():
    first = demand_of(users_per_day=50_000, sessions_per_user_per_day=5)
    second = demand_of(peak_connections=float(first.peak_connections))
    third = demand_of(mean_connections=float(first.connections.mean))

    for other in (second, third):
        np.testing.assert_allclose(other.connections.hourly, first.connections.hourly, rtol=1e-12)
        np.testing.assert_allclose(
            other.new_connections.hourly, first.new_connections.hourly, rtol=1e-12
        )


def test_audiences_that_agree_need_no_note():
    first = demand_of(users_per_day=50_000, sessions_per_user_per_day=5)
    both = demand_of(
        users_per_day=50_000,
        sessions_per_user_per_day=5,
        peak_connections=float(first.peak_connections),
    )

    assert both.notes == ()


def test_audiences_that_disagree_are_noted_with_what_each_means_and_the_one_used():
    demand = demand_of(FLAT, peak_connections=1000, mean_connections=3000)

    [note] = demand.notes
    assert "mean_connections means 3,000 open connections" in note
    assert "peak_connections 1,000;" in note
    assert "peak_connections was used" in note
    assert demand.peak_connections == pytest.approx(1000)


def test_an_empty_audience_given_twice_is_no_disagreement():
    demand = demand_of(FLAT, peak_connections=0, mean_connections=0)

    assert demand.notes == ()


def test_an_impossible_fall_of_connections_is_noted():
    cliff = {"hourly": [2.0] * 84 + [0.0] * 84, "time_zone": "UTC"}
    demand = demand_of(
        {**FLAT, "weekly_shape": cliff, "session": {"law": "exponential", "mean_hours": 12}}
    )

    # the curve falls from 2,000 to nothing on Thursday at 12:00, and sessions are as many as drawn
    [note] = demand.notes
    assert "sessions of 12 hours" in note
    assert re.search(
        r"make \d+% of the mean too (few on Thu 06:00 .11|many on Thu 07:00 .12):00 UTC", note
    )
    assert float(demand.peak_connections) == pytest.approx(2000)
    assert float(demand.new_connections.hourly.sum()) == pytest.approx(1000 * 168 / 12)


def test_people_connected_ten_hours_a_day_are_on_average_ten_of_24_hours_open():
    # Slack, QCon 2017: 6 million daily users, each connected 10 hours a weekday, by Little's law
    # 2.5 million open connections; https://www.infoq.com/presentations/slack-scalability/
    demand = demand_of(
        {**FLAT, "weekly_shape": "flat"}, users_per_day=6e6, sessions_per_user_per_day=5
    )

    assert demand.connections.mean == pytest.approx(2.5e6)


def test_a_client_flow_is_received_and_passed_on_to_each_recipient():
    flow = {"direction": "client_to_server", "rate_per_hour": 3, "payload": 10, "fan_out": 20}
    demand = demand_of({**FLAT, "flows": {"posts": flow}})

    assert per_hour(demand, "to_server") == pytest.approx(3 * 1000)
    assert per_hour(demand, "to_client") == pytest.approx(3 * 20 * 1000)


def test_a_client_flow_without_fan_out_sends_nothing_back():
    flow = {"direction": "client_to_server", "rate_per_hour": 3, "payload": 10}
    demand = demand_of({**FLAT, "flows": {"posts": flow}})

    assert per_hour(demand, "to_client") == 0


def test_a_server_flow_is_counted_for_each_receiver_and_published_once_for_all():
    flow = {"direction": "server_to_client", "rate_per_hour": 60, "payload": 10, "fan_out": 50}
    demand = demand_of({**FLAT, "flows": {"presence": flow}})

    assert per_hour(demand, "to_client") == pytest.approx(60 * 1000)
    [published] = [s for s in demand.streams if s.kind == "published"]
    assert published.per_hour.mean / published.copies == pytest.approx(60 * 1000 / 50)


@pytest.mark.parametrize(("kind", "counted"), [("protocol", False), ("application", True)])
def test_only_application_heartbeats_are_messages(kind, counted):
    demand = demand_of({**FLAT, "heartbeat": {"interval_seconds": "30 s", "kind": kind}})

    beats = [s for s in demand.streams if s.name == "heartbeat"]
    assert {s.direction for s in beats} == {"to_client", "to_server"}
    assert all(s.per_hour.mean == pytest.approx(120 * 1000) for s in beats)
    assert all(s.is_message is counted for s in beats)


def test_greetings_follow_connects():
    demand = demand_of({**FLAT, "at_connect": {"to_client": "10 KB", "from_client": "500 B"}})

    assert per_hour(demand, "to_client", "at_connect") == pytest.approx(1000 / 2)
    assert per_hour(demand, "to_server", "at_connect") == pytest.approx(1000 / 2)


def test_a_large_greeting_comes_in_parts():
    # 1.2 MB are 39 parts of 30,720 bytes and one of 1,920; 500 clients connect per hour
    demand = demand_of({**FLAT, "at_connect": {"to_client": "1.2 MB", "from_client": "500 B"}})
    parts = [s for s in demand.streams if s.kind == "at_connect" and s.direction == "to_client"]

    assert [(s.payload.mean, float(s.per_hour.mean)) for s in parts] == [
        (30_720, pytest.approx(39 * 500)),
        (1_920, pytest.approx(500)),
    ]
    assert per_hour(demand, "to_server", "at_connect") == pytest.approx(500)


def test_a_greeting_is_one_message_where_the_application_says_so():
    greeting = {"to_client": "1.2 MB", "message_bytes": "1.2 MB"}
    [stream] = demand_of({**FLAT, "at_connect": greeting}).streams

    assert (stream.payload.mean, float(stream.per_hour.mean)) == (1.2e6, pytest.approx(500))


@pytest.mark.parametrize(
    ("session_hours", "cut_hours", "connections"), [(2, 2, 1), (2, 1, 2), (2, 0.75, 3), (2, 5, 1)]
)
def test_a_cut_makes_several_connections_of_a_session(session_hours, cut_hours, connections):
    session = {"law": "deterministic", "hours": session_hours}
    demand = demand_of({**FLAT, "session": session, "at_connect": {"to_client": "1 KB"}})
    cut = demand.cut_after(cut_hours)

    assert cut.new_connections.mean == pytest.approx(connections * demand.new_connections.mean)
    greetings = per_hour(demand, "to_client", "at_connect")
    assert per_hour(cut, "to_client", "at_connect") == pytest.approx(connections * greetings)


def test_a_cut_leaves_open_connections_and_messages_as_they_were():
    demand = demand_of()
    cut = demand.cut_after(0.5)

    np.testing.assert_array_equal(cut.connections.hourly, demand.connections.hourly)
    assert per_hour(cut, "to_client") == per_hour(demand, "to_client")


def test_a_month_is_as_long_as_stated(make_demand):
    demand = make_demand(connections=3.0, hours_per_month=744)

    assert demand.per_month(demand.connections) == pytest.approx(3 * 744)


def test_weekly_connection_minutes_of_the_published_curve():
    # 2,057 connections on average (chart of connected devices, mattermost-load-test-ng):
    # 2,057 x 10,080 minutes = 20.7 million per week
    demand = ws.expected_demand(
        ws.Scenario(
            profile="workplace-chat",
            location="virginia",
            mean_connections=2057,
            hours_per_month=168,
        )
    )

    assert round(float(demand.per_month(demand.connections)) * 60 / 1e6, 1) == 20.7


def test_messages_in_steps_are_counted_size_by_size(make_demand):
    demand = make_demand(to_client=10, payload=3 * 2048 + 1)

    [stream] = demand.messages("to_client")
    assert stream.payload == FixedSize(bytes=3 * 2048 + 1)
    assert stream.steps_per_hour(2048).mean == pytest.approx(40)
