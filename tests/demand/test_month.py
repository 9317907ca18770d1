"""The demand of a month with something on its calendar."""

import numpy as np
import pytest

import estimator as ws
from estimator.demand.month import expected_month

BASE = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1_000)
LAUNCH = {"name": "Launch", "on": "Tue 14:00 UTC", "lasts_hours": 3, "connections": 5_000}
AT = slice(24 + 14, 24 + 17)


def more_in(month: ws.Demand, usual: ws.Demand, name: str) -> float:
    """Messages of clients per month on top of those of usual weeks."""

    def sent(demand: ws.Demand) -> float:
        [stream] = [s for s in demand.streams if s.name == name and s.direction == "to_server"]
        return float(demand.per_month(stream.per_hour))

    return sent(month) - sent(usual)


def test_connections_are_on_top_of_the_usual_week_in_their_hours_only():
    usual, month = ws.expected_demand(BASE), expected_month(BASE.replace(calendar=[LAUNCH]))

    first, second = month.connections.hourly
    np.testing.assert_array_equal(first, usual.connections.hourly)
    more = np.zeros(168)
    more[AT] = 5_000
    np.testing.assert_allclose(second - first, more, atol=1e-9)
    assert np.ravel(month.peak_connections)[1] > 5_000


def test_a_curve_counts_by_its_proportions_and_sunday_meets_monday():
    entry = {**LAUNCH, "on": "Sun 23:00 UTC", "curve": [4, 2, 1]}
    first, second = expected_month(BASE.replace(calendar=[entry])).connections.hourly

    np.testing.assert_allclose((second - first)[[167, 0, 1]], [5_000, 2_500, 1_250])


@pytest.mark.parametrize("times", [0.25, 1, 4])
def test_a_month_counts_an_entry_as_often_as_it_happens(times: float):
    entry = {**LAUNCH, "times_per_month": times}
    usual, month = ws.expected_demand(BASE), expected_month(BASE.replace(calendar=[entry]))

    more = month.per_month(month.connections) - usual.per_month(usual.connections)
    assert float(more) == pytest.approx(5_000 * 3 * times)
    posts = BASE.profile.flows["posts"].rate_per_hour
    assert more_in(month, usual, "posts") == pytest.approx(5_000 * 3 * times * posts)


def test_the_factor_multiplies_messages_of_everybody_in_its_hours_and_no_heartbeats():
    entry = {**LAUNCH, "messages_factor": 3}
    usual, month = ws.expected_demand(BASE), expected_month(BASE.replace(calendar=[entry]))

    posts = BASE.profile.flows["posts"].rate_per_hour
    open_then = usual.connections.hourly[AT].sum()
    expected = posts * (5_000 * 3 * 3 + open_then * 2)
    assert more_in(month, usual, "posts") == pytest.approx(expected)
    assert BASE.profile.heartbeat is not None
    beats = 3600 / BASE.profile.heartbeat.interval_seconds
    assert more_in(month, usual, "heartbeat") == pytest.approx(5_000 * 3 * beats)


def test_dates_of_one_week_share_it():
    entries = [
        {**LAUNCH, "name": "a", "on": "2026-11-24 14:00"},
        {**LAUNCH, "name": "b", "on": "2026-11-27 14:00"},
        {**LAUNCH, "name": "c", "on": "2026-11-30 14:00"},
    ]
    month = expected_month(BASE.replace(calendar=entries))

    assert month.week_hours is not None
    np.testing.assert_allclose(month.week_hours, [730 - 336, 168, 168])
    usual, shared, _ = month.connections.hourly
    assert (shared - usual).sum() == pytest.approx(2 * 3 * 5_000)


def test_nothing_on_the_calendar_is_the_usual_demand():
    month = expected_month(BASE)

    assert month.week_hours is None
    assert month.peak_connections == pytest.approx(1_000)


def test_a_calendar_for_many_scenarios_is_that_of_each():
    many = BASE.replace(
        calendar=[{**LAUNCH, "messages_factor": 2}],
        peak_connections=[10, 1_000],
        hours_per_month=[700, 744],
    )
    together = expected_month(many)

    for number, (peak, hours) in enumerate([(10, 700), (1_000, 744)]):
        one = expected_month(many.replace(peak_connections=peak, hours_per_month=hours))
        for mine, its in zip(together.streams, one.streams, strict=True):
            found = together.per_month(mine.per_hour)[number]
            assert float(found) == pytest.approx(float(one.per_month(its.per_hour)))


FEED = {
    "direction": "server_to_client",
    "rate_per_hour": "2 / s",
    "payload": 100,
    "fan_out": 10,
    "batch": {"window": "500 ms"},
}
ALL_WEEK = {"name": "Match", "on": "Mon 00:00 UTC", "lasts_hours": 168, "connections": 0}


def feed(entry: dict[str, object], **more: object) -> ws.Scenario:
    session = {"law": "exponential", "mean_hours": 1}
    profile = {"title": "Feed", "session": session, "weekly_shape": "flat", "flows": {"x": FEED}}
    return ws.Scenario(
        profile=profile,
        location="virginia",
        peak_connections=1_000,
        hours_per_month=168,
        calendar=[{**ALL_WEEK, **entry}],
        **more,
    )


@pytest.mark.parametrize("keep", ["all", "latest"])
def test_the_factor_multiplies_messages_of_which_batches_carry_more(keep: str):
    scenario = feed({"messages_factor": 3, "lasts_hours": 24})
    flow = scenario.profile.flows["x"].model_copy(update={"batch": {"window": 0.5, "keep": keep}})
    scenario = scenario.replace(profile={**dict(scenario.profile), "flows": {"x": dict(flow)}})
    month = expected_month(scenario)

    # 7,200 windows in an hour, of which exp(-1) are empty, and exp(-3) where messages are three
    # times as many
    deliveries = 1_000 * 7_200 * (144 * (1 - np.exp(-1)) + 24 * (1 - np.exp(-3)))
    found = sum(float(month.per_month(s.per_hour)) for s in month.streams)
    assert found == pytest.approx(deliveries, rel=1e-9)
    carried = sum(
        float(month.per_month(s.per_hour)) * float(np.mean(s.payload.mean)) for s in month.streams
    )
    # of all that is kept: 2 messages of 100 bytes per second and connection, and 6 on that day
    every = 1_000 * 7_200 * 100 * (144 + 3 * 24)
    assert carried == pytest.approx(every if keep == "all" else 100 * deliveries, rel=1e-9)


@pytest.mark.parametrize("entry", [{"connections": 1_000}, {"messages_factor": 2}])
def test_what_a_service_puts_together_is_published_to_it_before(entry: dict[str, object]):
    bill = ws.estimate(feed(entry), "ably.per_minute")

    # 1,000 connections x 7,200 per hour x 168 hours / 10 that share a message, twice
    [line] = [item for item in bill.items if item.usage.meter_id == "ably.per_minute.messages"]
    assert "242M published" in line.usage.formula


def test_a_date_in_summer_lies_on_a_week_of_summer_time():
    entry = {**LAUNCH, "on": "2026-07-14 09:00"}
    base = BASE.replace(location="frankfurt")
    summer = ws.expected_demand(base.replace(week_of="2026-07-14"))
    usual, launch = expected_month(base.replace(calendar=[entry])).connections.hourly

    np.testing.assert_array_equal(usual, summer.connections.hourly)
    # 09:00 in Frankfurt is 07:00 UTC
    np.testing.assert_array_equal(np.flatnonzero(launch > usual), 24 + np.array([7, 8, 9]))
