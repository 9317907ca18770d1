"""Rooms that are larger than the audience: no more receive a message than are connected."""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.demand.month import expected_month

OFFICE = [0.0] * 9 + [1.0] * 8 + [0.0] * 7


def scenario(audience: Any, hours_of_day: list[float] | None = None, **flow: Any) -> ws.Scenario:
    said = {"direction": "client_to_server", "rate_per_hour": 10, "payload": 100} | flow
    flat = {"hours_of_day": [1.0] * 24, "days_of_week": [1.0] * 7}
    return ws.Scenario(
        profile={
            "title": "Rooms",
            "session": {"law": "exponential", "mean_hours": 1},
            "weekly_shape": flat | ({"hours_of_day": hours_of_day} if hours_of_day else {}),
            "flows": {"talk": said},
        },
        location="virginia",
        peak_connections=audience,
    )


def stream(demand: ws.Demand, kind: str):
    [found] = [each for each in demand.streams if each.kind == kind]
    return found


def test_a_message_reaches_all_who_are_there_and_no_more():
    # 12 people send 10 messages per hour, each of which can only reach these 12
    found = stream(ws.expected_demand(scenario(12, fan_out=500)), "passed_on")

    np.testing.assert_allclose(found.per_hour.hourly, 12 * 10 * 12)


def test_each_hour_has_its_own_number_of_people():
    levels = [1.0, 0.1] * 12
    found = stream(ws.expected_demand(scenario(100, levels, fan_out=20)), "passed_on")

    # in a full hour 20 of 100 receive each message; in others all 10 who are there
    by_hour = np.unique(found.per_hour.hourly)
    np.testing.assert_allclose(by_hour, [10 * 10 * 10, 100 * 10 * 20])


def test_an_echo_comes_on_top():
    found = stream(ws.expected_demand(scenario(12, fan_out=500, echo=True)), "passed_on")

    np.testing.assert_allclose(found.per_hour.hourly, 12 * 10 * (12 + 1))


def test_what_the_server_publishes_is_published_to_fewer():
    said: dict[str, Any] = {
        "direction": "server_to_client",
        "rate_per_hour": 60,
        "fan_out": 1000,
    }
    # each of 100 receives 60 messages per hour, which are the same 60 for all of them
    everybody = stream(ws.expected_demand(scenario(100, **said)), "published")
    half = ws.expected_demand(scenario(2_000, [1.0, 0.05] * 12, **said))

    np.testing.assert_allclose(everybody.per_hour.hourly, 6_000)
    np.testing.assert_allclose(everybody.once.per_hour.hourly, 60)
    # two rooms of 1,000 in full hours, and one of 100 in the others
    published = stream(half, "published").once.per_hour.hourly
    np.testing.assert_allclose(np.unique(published), [60, 120])


def test_those_who_are_told_of_a_new_connection_are_connected():
    office = scenario(40, fan_out=0)
    told = office.profile.model_copy(
        update={"at_connect": {"tells": 500, "tells_payload": "100 B"}}
    )
    demand = ws.expected_demand(office.replace(profile=dict(told)))
    [found] = [each for each in demand.streams if each.tells_others]

    np.testing.assert_allclose(found.per_hour.hourly, 40 * demand.new_connections.hourly)


def test_nobody_at_night_hears_nothing():
    found = stream(ws.expected_demand(scenario(100, OFFICE, fan_out=1)), "passed_on")

    by_hour = found.per_hour.hourly
    assert set(np.unique(np.round(by_hour, 6))) == {0.0, 1000.0}


@pytest.mark.parametrize(
    "flow",
    [
        {"fan_out": 30},
        {"fan_out": 30, "batch": "500 ms"},
        {"fan_out": 30, "batch": {"window": "1 s", "keep": "latest"}, "rate_per_hour": "2 / s"},
        {"fan_out": 30, "timing": "synchronized", "echo": True},
        {"fan_out": 30, "direction": "server_to_client"},
    ],
)
def test_many_scenarios_are_as_each_of_them_alone(flow):
    audiences = np.array([0.5, 10.0, 29.0, 300.0, 5_000.0])
    levels = [1.0, 0.5, 0.02] * 8
    together = ws.estimate(scenario(audiences, levels, **flow), "ably.per_minute").total
    alone = [
        float(ws.estimate(scenario(one, levels, **flow), "ably.per_minute").total)
        for one in audiences
    ]

    np.testing.assert_allclose(together, alone, rtol=1e-9)


def test_a_launch_fills_the_room():
    launch = {"name": "Launch", "on": "Tue 14:00 UTC", "lasts_hours": 1, "connections": 400}
    month = expected_month(scenario(100, fan_out=300).replace(calendar=[launch]))
    usual, week = stream(month, "passed_on").per_hour.hourly

    np.testing.assert_allclose(usual, 100 * 10 * 100)
    np.testing.assert_allclose(week[24 + 14], 500 * 10 * 300)
    np.testing.assert_allclose(np.delete(week, 24 + 14), 100 * 10 * 100)


def test_a_room_that_can_never_be_full_is_told_of():
    crowded, large = (ws.expected_demand(scenario(n, fan_out=500)) for n in (12, 5_000))

    assert crowded.notes == (
        "talk: the fan-out is 500, but at most 12 are connected; no more receive a message.",
    )
    assert large.notes == ()
    assert any("at most 12 are connected" in note for note in _notes(scenario(12, fan_out=500)))


def _notes(small: ws.Scenario) -> tuple[str, ...]:
    return ws.estimate(small, "aws.api_gateway").notes
