"""Surges as people write them: in Python, in a file, on one line."""

import pytest

import estimator as ws
from estimator.scenario.disruptions import Broadcast, FlashCrowd, TopOfHour, parse_surge

HEAD = "profile: market-data\nlocation: virginia\npeak_connections: 10\n"
EVERY = [
    FlashCrowd(at="Sat 20:15", clients=20_000, over="5 min"),
    TopOfHour(share="20 %", within="90 s", half_hours=True),
    Broadcast(at="Sun 20:00", clients=5e4, gather="15 min", lasts="90 min", messages_factor=3),
]


@pytest.mark.parametrize(
    ("text", "surge"),
    [
        ("flash_crowd at Sat 20:15 clients 20,000 over 5 min", EVERY[0]),
        ("flash crowd over 5 min clients 2e4 at saturday 20:15", EVERY[0]),
        ("top-of-hour share 20% within 90 s half_hours yes", EVERY[1]),
        ("top of hour share 20% within 90 s half hours true", EVERY[1]),
        (
            "broadcast at Sun 20:00 clients 50_000 gather 15 min lasts 90 min messages_factor 3",
            EVERY[2],
        ),
    ],
)
def test_a_line_of_text_says_what_the_fields_say(text, surge):
    assert parse_surge(text) == surge


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (" ", ["which surge?"]),
        ("flash_crwd at Mon 1:00", ["unknown surge 'flash_crwd'", "did you mean 'flash_crowd'"]),
        ("outage at Mon 1:00", ["unknown surge 'outage'", "broadcast, flash_crowd, top_of_hour"]),
        ("flash_crowd at Mon 1:00 clients many over 1 h", ["clients: 'many' is not a number"]),
        ("flash_crowd at Mon 1:00 clients 0 over 1 h", ["clients: ", "greater than 0"]),
        ("flash_crowd at Mon 1:00 clients 5", ["over: required field is missing"]),
        (
            "flash_crowd at Mon 1:00 clients 5 ovr 1 h",
            ["unknown field of flash_crowd 'ovr'", "did you mean 'over'"],
        ),
        ("top_of_hour share 20% within 1 h", ["within must be below 1 h"]),
        ("top_of_hour share 20% within 30 min half_hours yes", ["within must be below 30 min"]),
        ("top_of_hour share 20% half_hours perhaps", ["half_hours: ", "boolean"]),
        (
            "broadcast at Tue 1:00 clients 5 gather 1 min lasts 1 h messages_factor 0.5",
            ["messages_factor: ", "greater than or equal to 1"],
        ),
    ],
)
def test_a_bad_line_is_refused_with_what_would_be_right(text, parts):
    with pytest.raises((ws.ScenarioError, ws.UnknownNameError)) as caught:
        parse_surge(text)

    assert [part for part in parts if part not in str(caught.value)] == []


def test_surges_of_a_scenario_survive_files_links_and_changes():
    scenario = ws.Scenario(
        profile="market-data", location="virginia", peak_connections=10, surges=EVERY
    )

    assert scenario.surges == tuple(EVERY)
    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert ws.Scenario.from_token(scenario.to_token()) == scenario
    assert scenario.replace(location="tokyo").surges == tuple(EVERY)


def test_surges_are_written_in_a_scenario_file_as_people_would():
    scenario = ws.Scenario.from_yaml(
        HEAD + "surges:\n"
        "- {surge: flash_crowd, at: Sat 20:15, clients: '20,000', over: 5 min}\n"
        "- {surge: top_of_hour, share: 20 %, within: 90 s, half_hours: true}\n"
    )

    assert scenario.surges == tuple(EVERY[:2])


def test_a_bad_surge_of_a_file_is_reported_with_its_line():
    with pytest.raises(ws.ScenarioError, match=r"line 5, surges.0: within must be below 1 h$"):
        ws.Scenario.from_yaml(HEAD + "surges:\n- {surge: top_of_hour, share: 0.2, within: 2 h}\n")


def test_the_bill_that_is_expected_does_not_know_surges():
    scenario = ws.Scenario.from_yaml(HEAD)

    plain = ws.estimate(scenario, "aws.api_gateway")
    surged = ws.estimate(scenario.replace(surges=EVERY), "aws.api_gateway")

    assert surged.total == plain.total


@pytest.mark.parametrize(
    ("surge", "words"),
    [
        (EVERY[0], "flash crowd on Sat 20:15: 20,000 more clients within 5 min"),
        (EVERY[1], "top of hour: 20% of arrivals come within 90 s of each full and half hour"),
        (
            EVERY[2],
            "broadcast on Sun 20:00: 50,000 clients gather within 15 min before and stay for "
            "90 min, with 3 times the messages",
        ),
    ],
)
def test_a_surge_is_told_in_a_plain_sentence(surge, words):
    assert surge.words == words
