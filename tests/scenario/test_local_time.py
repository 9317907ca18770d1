"""Local time against offsets from UTC that were worked out by hand.

Dates of the changes: European Union, last Sunday of March and of October at 01:00 UTC (directive
2000/84/EC); United States, second Sunday of March and first Sunday of November at 02:00 local time
(Energy Policy Act of 2005). Japan, India and Nepal have no summer time.
"""

import datetime as dt

import numpy as np
import pytest
from hypothesis import given, strategies as st

import estimator as ws
from estimator.scenario.local_time import STANDARD_WEEK, Clock, UtcHours, time_zones
from estimator.scenario.locations import locations
from estimator.scenario.weekly_shape import load_shape

SPRING_IN_EUROPE = dt.date(2026, 3, 23)
AUTUMN_IN_EUROPE = dt.date(2026, 10, 19)
SPRING_IN_AMERICA = dt.date(2026, 3, 2)
AUTUMN_IN_AMERICA = dt.date(2026, 10, 26)
JULY = dt.date(2026, 7, 6)


def hours_at(zone, week=STANDARD_WEEK):
    return Clock(zone, week).hours_of_week


def at(day, hour, minute=0):
    """Hours from Monday 00:00, of a day from 0 to 6."""
    return 24 * day + hour + (minute / 60 if minute else 0)


def weekly_levels(scenario):
    return scenario.weekly_levels(scenario)


def peak_hours(scenario):
    """UTC hours of the week with most connections."""
    levels = weekly_levels(scenario)
    return np.flatnonzero(np.isclose(levels, levels.max())).tolist()


def chat(location, **fields):
    return ws.Scenario(profile="workplace-chat", location=location, peak_connections=1000, **fields)


def test_every_time_zone_has_a_week():
    assert len(time_zones()) > 500
    for zone in time_zones():
        assert load_shape("flat").levels_on(Clock(zone)).tolist() == [1.0] * 168


def test_the_regions_of_a_location_have_its_time():
    # standard time at the location, from the offsets that the vendors' cities are known by
    offsets = {name: Clock(each.time_zone).local(84) - 84 for name, each in locations().items()}

    assert offsets == {
        "virginia": -5, "oregon": -8, "ireland": 0, "london": 0, "frankfurt": 1, "singapore": 8,
        "sydney": 11, "tokyo": 9, "mumbai": 5.5, "saopaulo": -3,
    }  # fmt: skip


def test_an_office_in_tokyo_is_busiest_in_its_own_daytime():
    # most on Tuesday at 11:00 and 14:00 in Tokyo, nine hours ahead of UTC
    assert peak_hours(chat("tokyo")) == [at(1, 2), at(1, 5)]
    assert chat("tokyo").clock.text(at(1, 2)) == "Tue 11:00 (02:00 UTC)"


def test_summer_time_moves_an_office_in_frankfurt_by_an_hour():
    november, july = chat("frankfurt"), chat("frankfurt", week_of=JULY)

    assert peak_hours(november) == [at(1, 10), at(1, 13)]
    assert peak_hours(july) == [at(1, 9), at(1, 12)]


def test_the_same_week_by_any_of_its_days():
    days = [JULY + dt.timedelta(days=day) for day in range(7)]

    for day in days:
        np.testing.assert_array_equal(
            hours_at("Europe/Berlin", day), hours_at("Europe/Berlin", JULY)
        )


@pytest.mark.parametrize(
    ("zone", "week", "change", "before", "after"),
    [
        ("Europe/Berlin", SPRING_IN_EUROPE, at(6, 1), 1, 2),
        ("Europe/Berlin", AUTUMN_IN_EUROPE, at(6, 1), 2, 1),
        # 02:00 in New York is 07:00 UTC in winter and 06:00 UTC in summer
        ("America/New_York", SPRING_IN_AMERICA, at(6, 7), -5, -4),
        ("America/New_York", AUTUMN_IN_AMERICA, at(6, 6), -4, -5),
    ],
)
def test_a_week_in_which_the_clock_is_changed(zone, week, change, before, after):
    hours = np.arange(168)
    expected = (hours + np.where(hours < change, before, after)) % 168

    np.testing.assert_array_equal(hours_at(zone, week), expected)


@pytest.mark.parametrize(("zone", "offset"), [("Asia/Kolkata", 5), ("Asia/Kathmandu", 5)])
def test_an_hour_counts_as_the_local_hour_in_which_it_begins(zone, offset):
    # 00:00 UTC is 05:30 in Mumbai and 05:45 in Kathmandu: the hour from 05:00
    np.testing.assert_array_equal(hours_at(zone), (np.arange(168) + offset) % 168)


def test_half_an_hour_moves_no_level_off_the_curve_that_was_drawn():
    drawn = np.sort(load_shape("workplace").levels)

    np.testing.assert_allclose(np.sort(weekly_levels(chat("mumbai"))), drawn, rtol=1e-12)


def test_an_exchange_keeps_its_hours_wherever_it_is_watched():
    # 09:30 to 16:00 in New York is 14:30 to 21:00 UTC, 23:30 to 06:00 in Tokyo
    in_tokyo = ws.Scenario(
        profile={"extends": "market-data", "weekly_shape": "exchange-hours"},
        location="tokyo",
        peak_connections=100,
    )
    opened = [at(day, hour) for day in range(5) for hour in range(15, 21)]

    level = weekly_levels(in_tokyo) / weekly_levels(in_tokyo).max()
    assert np.flatnonzero(level >= 0.9).tolist() == opened
    # of the hour of the opening half is early trading
    assert 0.5 < level[14] < 0.9
    assert in_tokyo.clock.text(at(0, 15)) == "Tue 00:00 (Mon 15:00 UTC)"
    in_july = weekly_levels(in_tokyo.replace(week_of=JULY))
    np.testing.assert_allclose(in_july, np.roll(weekly_levels(in_tokyo), -1))


def test_a_worldwide_curve_is_the_same_everywhere():
    profile = {"extends": "workplace-chat", "weekly_shape": "workplace-worldwide"}
    tokyo, virginia = (
        ws.Scenario(profile=profile, location=location, peak_connections=1)
        for location in ("tokyo", "virginia")
    )

    np.testing.assert_array_equal(weekly_levels(tokyo), weekly_levels(virginia))


def test_people_of_one_office_zone_are_nearly_all_connected_at_once():
    # 50,000 people, ten hours each: 45,000 to 50,000 at the peak
    hours = np.array(load_shape("workplace").hourly).reshape(7, 24) / 1000

    assert hours[1].sum() == pytest.approx(10, rel=1e-3)
    demand = ws.expected_demand(
        ws.Scenario(
            profile="workplace-chat", location="tokyo",
            users_per_day=50_000, sessions_per_user_per_day=5,
        )
    )  # fmt: skip
    assert 45_000 < demand.connections.peak < 50_000


def test_users_per_day_are_those_of_a_day_of_theirs():
    # all of a day connects within one local hour; a day of UTC would hold the ends of two
    day = [0.0] * 23 + [1.0]
    profile = {
        "title": "Late",
        "session": {"law": "exponential", "mean_hours": 0.5},
        "weekly_shape": {"hours_of_day": day, "days_of_week": [1] * 7},
        "flows": {},
    }
    sums = []
    for location in ("tokyo", "saopaulo", "london"):
        demand = ws.expected_demand(
            ws.Scenario(
                profile=profile, location=location, users_per_day=100, sessions_per_user_per_day=2
            )
        )
        sums.append(float(demand.new_connections.mean) * 24)

    assert sums == pytest.approx([sums[0]] * 3, rel=1e-6)


@pytest.mark.parametrize(
    ("zone", "week", "shown", "utc"),
    [
        ("Asia/Tokyo", STANDARD_WEEK, at(1, 14), at(1, 5)),
        # Monday 08:00 in Tokyo is still Sunday in London: the one at the end of the week
        ("Asia/Tokyo", STANDARD_WEEK, at(0, 8), at(6, 23)),
        ("America/New_York", STANDARD_WEEK, at(6, 22), at(0, 3)),
        # the Sunday evening before the week, when New York was still on winter time
        ("America/New_York", SPRING_IN_AMERICA, at(6, 22), at(0, 3)),
        ("Asia/Kolkata", STANDARD_WEEK, at(1, 14), at(1, 8, 30)),
        # skipped: 02:30 as if clocks had not been set forward yet, which is shown as 03:30
        ("Europe/Berlin", SPRING_IN_EUROPE, at(6, 2, 30), at(6, 1, 30)),
        ("Europe/Berlin", SPRING_IN_EUROPE, at(6, 3, 30), at(6, 1, 30)),
        # twice: the first
        ("Europe/Berlin", AUTUMN_IN_EUROPE, at(6, 2, 30), at(6, 0, 30)),
        # pushed out of the week at both ends: its last hour stands in
        ("Europe/London", AUTUMN_IN_EUROPE, at(0, 0, 30), at(6, 23, 30)),
    ],
)
def test_a_local_time_in_utc(zone, week, shown, utc):
    assert Clock(zone, week).to_utc(shown) == pytest.approx(utc)


@given(
    st.sampled_from(sorted(time_zones())),
    st.floats(0, 167.99),
    st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)),
)
def test_a_time_that_exists_is_shown_again(zone, utc, day):
    clock = Clock(zone, day)
    shown = clock.local(utc)

    back = clock.to_utc(shown)
    assert 0 <= back < 168
    # a time that occurs twice is the first of both, which is shown alike
    assert clock.local(back) == pytest.approx(shown, abs=1e-6)


def test_a_fault_happens_at_its_local_time():
    storm = ws.Outage(at="Tue 14:00", share=0.5, lasts="5 min")
    found = ws.simulate(chat("tokyo").replace(peak_connections=50), faults=[storm], replications=2)

    [cut] = found.run.model.cuts
    assert cut.at_s == at(1, 5) * 3600
    assert found.run.model.faults == (
        "outage on Tue 14:00 (05:00 UTC): 50% of connections lost, their units back after 5 min",
    )


def test_a_fault_at_a_time_of_utc():
    storm = ws.Outage(at="tue 14:00 utc")

    assert storm.words == "outage on Tue 14:00 UTC: 100% of connections lost"
    assert storm.in_utc(Clock("Asia/Tokyo")).at == at(1, 14)
    assert storm != ws.Outage(at="Tue 14:00")
    scenario = chat("tokyo", faults=[storm, ws.Outage(at=UtcHours(1 / 3)), ws.Outage(at=1 / 3)])
    again = ws.Scenario.from_yaml(scenario.to_yaml())
    assert again == scenario
    assert [isinstance(each.at, UtcHours) for each in again.faults] == [True, True, False]


def test_meetings_in_mumbai_begin_at_its_full_hours():
    usual = chat("mumbai").replace(peak_connections=100)
    top = ws.TopOfHour(share=0.5, within="1 min")
    arrivals = ws.simulate(usual, surges=[top], replications=2).run.model.streams[0].arrivals
    minutes = arrivals.means_in(0.0, 60.0, 168 * 60).reshape(168, 60)

    np.testing.assert_array_equal(minutes[30:35].argmax(axis=1), 30)
    before = ws.simulate(usual, replications=2).run.model.streams[0].arrivals
    assert minutes.sum() == pytest.approx(before.means_in(0.0, 3600.0, 168).sum())


def test_those_who_gather_before_the_week_are_refused():
    show = {"surge": "broadcast", "clients": 5, "gather": "10 min", "lasts": "1 h"}

    with pytest.raises(
        ws.ScenarioError, match=r"Mon 09:05 \(00:05 UTC\).* before Monday 00:00 UTC"
    ):
        chat("tokyo", surges=[{**show, "at": "Mon 09:05"}])
    assert chat("virginia", surges=[{**show, "at": "Mon 00:05"}])


def test_a_limit_says_when_in_local_time():
    bill = ws.estimate(chat("tokyo"), "aws.api_gateway")
    when = {each.when for each in bill.verdicts}

    assert "Tue 11:00 (02:00 UTC)" in when


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"week_of": "2026-02-30"}, "week_of: expected a date that exists, such as 2026-11-09"),
        ({"week_of": "next week"}, "week_of: .*date"),
        ({"week_of": "1999-12-31"}, "week_of: .*2000-01-01"),
        ({"week_of": "2100-01-01"}, "week_of: .*2099-12-31"),
        ({"faults": [{"fault": "outage", "at": "Tue 25:00"}]}, "hours go to 23"),
        ({"faults": [{"fault": "outage", "at": "Tue 14:00 CET"}]}, "such as 'Tue 14:00'"),
        ({"faults": [{"fault": "outage", "at": "UTC"}]}, "not a time of the week"),
    ],
)
def test_weeks_and_times_that_are_none_are_refused(fields, error):
    with pytest.raises(ws.ScenarioError, match=error):
        chat("tokyo", **fields)


@pytest.mark.parametrize(
    ("zone", "error"),
    [
        ("Europe/Frankfurt", "weekly_shape.time_zone: unknown time zone 'Europe/Frankfurt'"),
        ("asia/tokyo", "did you mean 'Asia/Tokyo'"),
        ("../../etc/passwd", "unknown time zone"),
        ("", "unknown time zone"),
        (9, "time_zone: .*9"),
    ],
)
def test_time_zones_that_are_none_are_refused(zone, error):
    shape = {"hourly": [1] * 168, "time_zone": zone}

    with pytest.raises(ws.ScenarioError, match=error):
        ws.Scenario(
            profile={"extends": "workplace-chat", "weekly_shape": shape},
            location="tokyo",
            peak_connections=1,
        )


def test_a_week_that_skips_the_only_hour_of_a_shape_is_refused():
    hours = [0] * 168
    hours[at(6, 2)] = 1
    profile = {"extends": "market-data", "weekly_shape": {"hourly": hours}}

    with pytest.raises(ws.ScenarioError, match=r"week of 2026-03-23.*: choose another"):
        ws.Scenario(
            profile=profile, location="frankfurt", peak_connections=1, week_of=SPRING_IN_EUROPE
        )


def test_a_named_week_differs_from_one_left_out_where_a_calendar_has_dates():
    # in July, Frankfurt is two hours ahead of UTC; in the week named, one
    match = {"name": "Match", "on": "2026-07-15 20:00", "lasts_hours": 3, "connections": 10}
    left_out = chat("frankfurt", calendar=[match])
    named = chat("frankfurt", calendar=[match], week_of=STANDARD_WEEK)

    assert left_out != named
    assert left_out == chat("frankfurt", calendar=[match])
    assert chat("frankfurt") == chat("frankfurt", week_of=STANDARD_WEEK)
    assert peak_hours(left_out)[0] + 1 == peak_hours(named)[0]
