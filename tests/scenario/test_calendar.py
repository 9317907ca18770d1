"""What happens only sometimes, as people write it."""

from typing import Any

import pytest

import estimator as ws

LAUNCH: dict[str, Any] = {
    "name": "Launch",
    "on": "2026-11-27 14:00",
    "lasts_hours": 3,
    "connections": 200_000,
}
WEEKLY: dict[str, Any] = {**LAUNCH, "on": "Tue 14:00"}


def scenario(*calendar: dict[str, Any], **more: Any) -> ws.Scenario:
    said = {"profile": "market-data", "location": "virginia", "peak_connections": 10, **more}
    return ws.Scenario(**said, calendar=[*calendar])


def test_a_file_says_what_the_fields_say_and_keeps_it():
    text = """
profile: market-data
location: virginia
peak_connections: 10
calendar:
- name: Launch
  on: 2026-11-27 14:00
  lasts_hours: 3 h
  connections: 200,000
- name: Match
  on: saturday 20:00
  lasts_hours: 2
  connections: 5e3
  curve: [1, 0.5]
  messages_factor: 3
  times_per_month: 2.5
"""
    match = {**WEEKLY, "name": "Match", "on": 5 * 24 + 20, "lasts_hours": 2, "connections": 5_000}
    match |= {"curve": [1, 0.5], "messages_factor": 3, "times_per_month": 2.5}
    read = ws.Scenario.from_yaml(text)

    assert read == scenario(LAUNCH, match)
    assert ws.Scenario.from_yaml(read.to_yaml()) == read
    assert ws.Scenario.from_token(read.to_token()) == read
    assert [entry.words for entry in read.calendar] == [
        "Launch on Fri 2026-11-27 14:00 for 3 hours: 200,000 more connections",
        "Match on Sat 20:00 for 2 hours, 2.5 times per month: 5,000 more connections, with 3 times "
        "the messages",
    ]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"on": "2026-02-30 14:00"}, "calendar.0.on: '2026-02-30 14:00' is not a date and time"),
        ({"on": "2026-11-27 24:30"}, "is not a date and time that exists"),
        ({"on": "1926-11-27 14:00"}, "not in the years 2000 to 2100"),
        ({"on": "2026-11-27T14:00Z"}, "has an offset: leave it out"),
        ({"on": "Tue 24:00"}, "hours go to 23"),
        ({"on": "noon"}, "write a day and an hour"),
        ({"on": 168}, "nor a day and an hour of the week such as 'Tue 14:00'"),
        ({"on": True}, "neither a date and time"),
        ({"lasts_hours": 0}, "lasts_hours: input should be greater than or equal to 1"),
        ({"lasts_hours": 169}, "less than or equal to 168"),
        ({"lasts_hours": "90 min"}, "must be whole hours, but is '90 min'"),
        ({"connections": -1}, "connections: input should be greater than or equal to 0"),
        ({"connections": 1e13}, "less than or equal to 1000000000000"),
        ({"curve": [1, 1]}, "curve needs a level for each of the 3 hours"),
        ({"curve": [0, 0, 0]}, "at least one level of curve must be above zero"),
        ({"messages_factor": 0.5}, "greater than or equal to 1"),
        ({"times_per_month": 0}, "times_per_month: input should be greater than or equal to 0.001"),
        ({"times_per_month": 2}, "2026-11-27 14:00 comes once"),
        ({"name": ""}, "at least 1 character"),
        ({"when": "Tue 14:00"}, "unknown field 'when'"),
    ],
)
def test_what_cannot_be_is_refused_in_words(wrong: dict[str, Any], words: str):
    with pytest.raises(ws.ScenarioError) as caught:
        scenario({**LAUNCH, **wrong})

    assert words in str(caught.value)
    assert len(str(caught.value)) <= 400


def test_a_month_has_room_for_its_weeks_only():
    with pytest.raises(ws.ScenarioError, match=r"takes 5 weeks, but a month of 730 hours has 4\.3"):
        scenario(*[WEEKLY] * 5)
    with pytest.raises(ws.ScenarioError, match=r"a month of 100 hours has 0\.5952"):
        scenario(LAUNCH, hours_per_month=[730, 100])
    with pytest.raises(ws.ScenarioError, match="dates in 2026-11 and 2026-12"):
        scenario(LAUNCH, {**LAUNCH, "on": "2026-12-01 14:00"})

    # at the same time, and every week of the month
    assert len(scenario(LAUNCH, LAUNCH).calendar_weeks) == 1
    assert len(scenario(WEEKLY, WEEKLY).calendar_weeks) == 2
    assert scenario({**WEEKLY, "times_per_month": 730 / 168}).calendar_weeks
