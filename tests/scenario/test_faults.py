"""Faults as people write them: moments of the week, shares, one line of text, and bad ones."""

from contextlib import suppress
from typing import get_args

import pytest
from hypothesis import given, strategies as st
from pydantic import TypeAdapter

import estimator as ws
from estimator.scenario.disruptions import (
    FAULTS,
    BalancerResize,
    ConnectionThrottle,
    Fault,
    NetworkFlap,
    Outage,
    RefusedAttempts,
    RollingDeployment,
    SlowDependency,
    ZoneOutage,
    parse_fault,
)
from estimator.scenario.local_time import Clock
from estimator.scenario.model import Share, WeekTime
from estimator.units import duration_text, parse_quantity, parse_week_time, week_time_text

HEAD = "profile: market-data\nlocation: virginia\npeak_connections: 10\n"
EVERY = [
    Outage(at="Tue 14:00", share="30%", lasts="5 min", notice="25 s"),
    RollingDeployment(at="Wed 10:00", batches=6, every="2 min", drain="30 s"),
    BalancerResize(at="Thu 00:30", share="1/3", over="5 min"),
    NetworkFlap(at=100.123456789, share=0.1, away="20 s", times=3, every="1 min"),
    ConnectionThrottle(at="Mon 09:00:01", lasts="10 min", new_connections_per_second="50 / s"),
    ZoneOutage(at="Tue 14:00", lasts="10 min", notice="25 s"),
    SlowDependency(at="Mon 09:00", lasts="10 min", new_connections_per_second=50, queue=500),
    RefusedAttempts(at="Tue 14:00", lasts="5 min", share="50%"),
]


@pytest.mark.parametrize(
    ("said", "hours"),
    [
        ("Mon 00:00", 0),
        ("Tue 14:00", 38),
        ("tuesday 14:00", 38),
        ("TUES 14", 38),
        ("Tue 14:00:30", 38 + 30 / 3600),
        (" Sun  23:59:59 ", 168 - 1 / 3600),
        ("38", 38),
        ("38.5", 38.5),
        (38, 38),
        (0, 0),
    ],
)
def test_a_moment_is_a_day_with_an_hour_or_hours_from_monday(said, hours):
    assert Outage(at=said).at == hours


@pytest.mark.parametrize(
    ("said", "part"),
    [
        (
            "Tus 14:00",
            "'Tus 14:00' is not a time of the week: write a day and an hour, such as 'Tue",
        ),
        ("T 14:00", "not a time of the week"),
        ("Tue", "not a time of the week"),
        ("14:00", "not a time of the week"),
        ("Tue 14:00 CET", "not a time of the week"),
        ("Tue 25:00", "hours go to 23, minutes to 59"),
        ("Tue 14:60", "hours go to 23, minutes to 59"),
        ("", "not a time of the week"),
        ("168", "'168' is not in the week that is simulated"),
        (168, "168 is not in the week that is simulated"),
        (1e9, "not in the week that is simulated"),
        (-1, "-1 is not in the week that is simulated"),
        (float("nan"), "not in the week that is simulated"),
        (True, "not in the week that is simulated"),
        (None, "valid number"),
        ("1e400", "not a time of the week"),
    ],
)
def test_a_moment_that_is_none_is_refused_with_what_would_be_right(said, part):
    with pytest.raises(ws.ScenarioError, match=r"^Outage, at: ") as caught:
        Outage(at=said)

    assert part in str(caught.value)


@given(second=st.integers(0, 168 * 3600 - 1))
def test_every_second_of_the_week_is_written_as_text_and_read_again(second):
    hours = parse_week_time(week_time_text(second / 3600))

    assert round(hours * 3600) == second
    assert TypeAdapter(WeekTime).dump_python(hours) == week_time_text(hours)


@given(hours=st.floats(0, 168, exclude_max=True))
def test_every_moment_says_the_same_after_it_was_written(hours):
    assert Outage.model_validate_json(Outage(at=hours).model_dump_json()).at == hours


def test_a_moment_is_written_as_people_would():
    assert Outage(at=38).model_dump(mode="json")["at"] == "Tue 14:00"
    assert Outage(at="Sun 03:04:05").model_dump(mode="json")["at"] == "Sun 03:04:05"


@given(seconds=st.integers(1, 10_000_000))
def test_a_span_of_time_is_read_again_as_it_was_written(seconds):
    assert parse_quantity(duration_text(seconds), "time", "s") == pytest.approx(seconds, rel=1e-5)


@pytest.mark.parametrize(
    ("said", "share"),
    [(0.3, 0.3), ("0.3", 0.3), ("30%", 0.3), ("30 %", 0.3), (1, 1), ("100 %", 1), ("1/3", 1 / 3)],
)
def test_a_share_is_a_number_a_percentage_or_a_fraction(said, share):
    assert TypeAdapter(Share).validate_python(said) == share


@pytest.mark.parametrize(
    "said", [0, 1.01, -0.1, 30, "30", "130 %", "0%", "30 %%", "1/0", "a third", "", True, "nan"]
)
def test_a_share_that_is_none_is_refused_with_what_would_be_right(said):
    with pytest.raises(ws.ScenarioError, match=r"Outage, share: .* is not a share: write .*'1/3'"):
        Outage(at=1, share=said)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("outage at Tue 14:00 share 30%", Outage(at=38, share=0.3)),
        ("outage at Tue 14:00 share 30% lasts 5 min notice 25 s", EVERY[0]),
        ("  Outage  notice 25 s share 30 %  lasts 300 at  tuesday 14:00 ", EVERY[0]),
        ("rolling_deployment at Wed 10:00 batches 6 every 2 min drain 30 s", EVERY[1]),
        ("rolling-deployment at Wed 10:00 batches 6 every 2 min drain 30 s", EVERY[1]),
        ("rolling deployment at Wed 10:00 batches 6 every 2 min drain 30 s", EVERY[1]),
        ("balancer_resize at Thu 00:30 share 1/3 over 5 min", EVERY[2]),
        (
            "network_flap at 100.123456789 share 0.1 away 20 s times 3 every 1 min",
            EVERY[3],
        ),
        (
            "connection throttle at Mon 09:00:01 lasts 10 min new connections per second 50",
            EVERY[4],
        ),
        (
            "connection_throttle at Mon 09:00:01 lasts 10 min "
            "new_connections_per_second 3,000 / min",
            EVERY[4],
        ),
        ("zone outage at Tue 14:00 lasts 10 min notice 25 s", EVERY[5]),
        ("zone_outage at Tue 14:00 share 1/2", ZoneOutage(at=38, share=0.5)),
        (
            "slow dependency at Mon 09:00 lasts 10 min new_connections_per_second 50 queue 500",
            EVERY[6],
        ),
        ("refused-attempts at Tue 14:00 share 1/2 lasts 300", EVERY[7]),
        (
            "rolling deployment at Wed 10:00 batches 2 every 2 min restart 1 min",
            RollingDeployment(at="Wed 10:00", batches=2, every=120, restart=60),
        ),
        (
            "network flap at Wed 10:00 away 20 s notice 25 s",
            NetworkFlap(at="Wed 10:00", away=20, notice=25),
        ),
    ],
)
def test_a_line_of_text_says_what_the_fields_say(text, fault):
    assert parse_fault(text) == fault


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", ["which fault?"]),
        ("outge at Tue 14:00", ["unknown fault 'outge'", "did you mean 'outage'"]),
        (
            "at Tue 14:00",
            [
                "unknown fault ''",
                "Valid: balancer_resize, connection_throttle, network_flap, outage, "
                "refused_attempts, rolling_deployment, slow_dependency, zone_outage",
            ],
        ),
        ("outage", ["at: required field is missing"]),
        ("outage Tue 14:00", ["unknown field of outage 'Tue'", "Valid: at, lasts, notice, share"]),
        ("outage at Tus 14:00", ["at: 'Tus 14:00' is not a time of the week"]),
        (
            "outage at Tue 14:00 shaer 30%",
            ["unknown field of outage 'shaer'", "did you mean 'share'", "at, lasts, notice, share"],
        ),
        ("outage at Tue 14:00 lasts 5 min long", ["unknown field of outage 'long'"]),
        ("outage at Tue 14:00 lasts 5 kg", ["lasts: '5 kg' is not a time"]),
        ("outage at Tue 14:00 share", ["share: '' is not a share"]),
        ("outage at Tue 14:00 share 1 share 1", ["share is given twice"]),
        ("outage at 168", ["at: '168' is not in the week that is simulated"]),
        ("outage at Mon 1:00 notice -3", ["notice: ", "greater than or equal to 0"]),
        (
            "connection_throttle at Mon 1:00 lasts 1 new_connections_per_second 0",
            ["new_connections_per_second: "],
        ),
        ("rolling_deployment at Mon 1:00 batches 0 every 1", ["batches: ", "equal to 1"]),
        ("rolling_deployment at Mon 1:00 batches 1.5 every 1", ["batches: ", "integer"]),
        ("network_flap at Mon 1:00 away 1 times 3", ["times above 1 and every", "go together"]),
        ("zone outage at Tue 14:00 share 0", ["share: '0' is not a share"]),
        ("zone outage at Tue 14:00 zones 3", ["unknown field of zone_outage 'zones'"]),
        ("zone outage at 168", ["at: '168' is not in the week that is simulated"]),
        ("refused attempts at Tue 14:00 lasts 5 min", ["share: required field is missing"]),
        ("refused attempts at Tue 14:00 lasts 0 share 1", ["lasts: ", "at least 1 ms"]),
        ("refused attempts at Tue 14:00 lasts 169 h share 1", ["lasts: ", "604800"]),
        (
            "slow dependency at Mon 9:00 lasts 1 new_connections_per_second 0",
            ["new_connections_per_second: ", "greater than 0"],
        ),
        (
            "slow dependency at Mon 9:00 lasts 1 new_connections_per_second 1 queue -1",
            ["queue: ", "greater than or equal to 0"],
        ),
        ("rolling_deployment at Mon 1:00 batches 2 every 1 restart -1", ["restart: "]),
    ],
)
def test_a_bad_line_is_refused_with_what_would_be_right(text, parts):
    with pytest.raises((ws.ScenarioError, ws.UnknownNameError)) as caught:
        parse_fault(text)

    assert [part for part in parts if part not in str(caught.value)] == []


@given(text=st.text(max_size=60) | st.from_regex(r"outage( at)? [ -~]{0,30}", fullmatch=True))
def test_whatever_is_written_is_a_fault_or_refused(text):
    with suppress(ws.EstimatorError):
        assert parse_fault(text).words


def test_faults_of_a_scenario_survive_files_links_and_changes():
    scenario = ws.Scenario(
        profile="market-data", location="virginia", peak_connections=10, faults=EVERY
    )

    assert scenario.faults == tuple(EVERY)
    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert ws.Scenario.from_token(scenario.to_token()) == scenario
    assert scenario.replace(location="tokyo").faults == tuple(EVERY)
    assert scenario.replace(faults=EVERY[:1]) != scenario


def test_faults_are_written_in_a_scenario_file_as_people_would():
    scenario = ws.Scenario.from_yaml(
        HEAD + "faults:\n- {fault: outage, at: Tue 14:00, share: 30%, lasts: 5 min}\n"
    )

    assert scenario.faults == (Outage(at=38, share=0.3, lasts=300),)
    assert "- fault: outage\n  at: Tue 14:00\n  share: 0.3\n" in scenario.to_yaml()


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("- {fault: outge, at: 1}\n", ["line 5, faults.0", "fault 'outge'", "mean 'outage'"]),
        ("- {at: 1}\n", ["line 5, faults.0", "required field 'fault' is missing"]),
        ("- fault: outage\n", ["line 5, faults.0.at", "required field is missing"]),
        (
            "- fault: outage\n  at: 1\n  shaer: 1\n",
            ["line 7, faults.0.shaer", "mean 'share'? Valid: at, fault, lasts, notice, share"],
        ),
        ("- fault: outage\n  at: Tus 14:00\n", ["line 6, faults.0.at", "not a time of the week"]),
        ("- fault: outage\n  at: 168\n", ["line 6, faults.0.at", "not in the week"]),
        ("- outage\n", ["line 5, faults.0"]),
    ],
)
def test_a_bad_fault_of_a_file_is_reported_with_its_line(text, parts):
    with pytest.raises(ws.ScenarioError) as caught:
        ws.Scenario.from_yaml(HEAD + "faults:\n" + text)

    assert [part for part in parts if part not in str(caught.value)] == []
    assert len(str(caught.value).splitlines()) == 1


def test_the_bill_that_is_expected_does_not_know_faults():
    scenario = ws.Scenario.from_yaml(HEAD)

    plain = ws.estimate(scenario, "aws.api_gateway")
    faulty = ws.estimate(scenario.replace(faults=EVERY), "aws.api_gateway")

    assert faulty.total == plain.total


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Outage(at=38), "outage on Tue 14:00: 100% of connections lost"),
        (
            EVERY[0],
            "outage on Tue 14:00: 30% of connections lost, noticed within 25 s, "
            "their units back after 5 min",
        ),
        (
            RollingDeployment(at=0, batches=2, every=90),
            "rolling deployment on Mon 00:00: 2 batches, one every 90 s, each closed at once",
        ),
        (
            BalancerResize(at=0, share="1/3"),
            "balancer resize on Mon 00:00: 33.33% of connections closed at once",
        ),
        (
            NetworkFlap(at=0, away="1 h"),
            "network flap on Mon 00:00: 100% of connections lost for 1 h",
        ),
        (EVERY[4], "connection throttle on Mon 09:00:01: 50 new connections per second for 10 min"),
        (
            EVERY[5],
            "zone outage on Tue 14:00: the connections of a zone lost, noticed within 25 s, "
            "their units back after 10 min",
        ),
        (
            ZoneOutage(at=38, share=0.5),
            "zone outage on Tue 14:00: 50% of connections lost",
        ),
        (
            EVERY[6],
            "slow dependency on Mon 09:00: 50 new connections per second for 10 min, "
            "500 wait at most",
        ),
        (
            SlowDependency(at=0, lasts=60, new_connections_per_second=0.5),
            "slow dependency on Mon 00:00: 0.5 new connections per second for 1 min, "
            "all others wait",
        ),
        (EVERY[7], "refused attempts on Tue 14:00: 50% of all attempts for 5 min"),
        (
            RollingDeployment(at=0, batches=2, every=90, drain=30, restart=60),
            "rolling deployment on Mon 00:00: 2 batches, one every 90 s, each closed within 30 s "
            "and away for 1 min",
        ),
        (
            NetworkFlap(at=0, share=0.1, away=20, times=2, every=60, notice=25),
            "network flap on Mon 00:00: 10% of connections lost for 20 s, 2 times, every 1 min, "
            "noticed within 25 s",
        ),
    ],
)
def test_a_fault_is_told_in_a_plain_sentence(fault, words):
    assert fault.words == words


def test_every_kind_of_fault_has_an_example_that_is_one_of_it():
    [union, _] = get_args(Fault)

    assert set(FAULTS) == set(get_args(union))
    assert [type(parse_fault(example)) for example in FAULTS.values()] == list(FAULTS)


def test_words_have_local_time_and_utc():
    tokyo = Clock("Asia/Tokyo")

    assert [each.words_on(tokyo).split(":")[0] for each in EVERY[5:]] == [
        "zone outage on Tue 14",
        "slow dependency on Mon 09",
        "refused attempts on Tue 14",
    ]
    assert "(05:00 UTC)" in EVERY[5].words_on(tokyo)
    assert "(00:00 UTC)" in EVERY[6].words_on(tokyo)


def test_a_zone_outage_takes_what_the_zone_has_unless_it_says_otherwise():
    said, left_out = ZoneOutage(at=0, share=0.25), ZoneOutage(at=0)

    assert said.in_zone_of(0.5) == said
    assert left_out.in_zone_of(0.5) == ZoneOutage(at=0, share=0.5)
    assert left_out.in_zone_of(1.0).words == "zone outage on Mon 00:00: 100% of connections lost"
