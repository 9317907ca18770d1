"""What is written down and read again says the same: as YAML, as a link, and back."""

import datetime as dt
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st

import estimator as ws
from estimator.scenario.flows import AtConnect, Heartbeat, MessageFlow
from estimator.scenario.sessions import ExponentialSession, LognormalSession
from estimator.scenario.sizes import FixedSize, LognormalSize, MixturePart, MixtureSize
from estimator.scenario.weekly_shape import WeeklyShape

EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "examples").glob("*.yaml"))

IN_PYTHON = ws.Profile(
    title="Built in Python",
    session=LognormalSession(mean_hours=2, sigma=1),
    weekly_shape=WeeklyShape(hourly=tuple(range(1, 169))),
    heartbeat=Heartbeat(interval_seconds=20, kind="application"),
    at_connect=AtConnect(to_client=FixedSize(bytes=5000)),
    flows={
        "posts": MessageFlow(
            direction="client_to_server",
            rate_per_hour=3,
            payload=MixtureSize(
                parts=(
                    MixturePart(share=0.9, size=FixedSize(bytes=100)),
                    MixturePart(share=0.1, size=LognormalSize(mean_bytes=900, sigma=1)),
                )
            ),
            fan_out=7,
        )
    },
)
UPLOADED = {
    "title": "Uploaded",
    "session": {"law": "weibull", "shape": 0.5, "scale_hours": "20 min"},
    "weekly_shape": {"hours_of_day": [1] * 24, "days_of_week": [1, 1, 1, 1, 1, 0.3, 0.3]},
    "flows": {
        "moves": {
            "direction": "client_to_server",
            "rate_per_hour": "2 / s",
            "payload": {"law": "empirical", "sizes": [20, "1 KiB"], "counts": [3, 1]},
            "fan_out": 12,
        }
    },
}
SCENARIOS = {
    "smallest": ws.Scenario(profile="market-data", location="tokyo", peak_connections=1000),
    "everything": ws.Scenario(
        name="Ärger: 50 % more, #1 'quoted' \"twice\"",
        profile="workplace-chat",
        location="frankfurt",
        peak_connections=1000,
        mean_connections=600,
        users_per_day=5000,
        sessions_per_user_per_day=2.5,
        users_in={"europe": 0.75, "americas": 0.25},
        hours_per_month=744,
        free_allowances="all",
        as_of=dt.date(2026, 10, 1),
        options={
            "azure.web_pubsub": {"headroom": 0.7, "event_handler": False, "scaling": "static"},
            "oci.load_balancer_vm": {"memory_per_connection_bytes": None, "min_nodes": 3},
        },
        assumptions={
            "azure.web_pubsub.kilobyte": "1000",
            "aws.api_gateway.connect_is_message": "yes",
        },
    ),
    "changes to a shipped profile": ws.Scenario(
        profile={"extends": "workplace-chat", "flows": {"posts": {"fan_out": 3}}},
        location="virginia",
        peak_connections=10,
    ),
    "uploaded profile": ws.Scenario(profile=UPLOADED, location="virginia", peak_connections=10),
    "profile built in Python": ws.Scenario(
        profile=IN_PYTHON, location="virginia", peak_connections=10
    ),
    "arrays": ws.Scenario(
        profile={
            "extends": "workplace-chat",
            "flows": {"posts": {"rate_per_hour": [1, 2, 3], "fan_out": np.array([4, 5, 6])}},
        },
        location="virginia",
        peak_connections=np.geomspace(10, 1e6, 3),
    ),
}
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


@every_scenario
def test_yaml_says_the_same(scenario: ws.Scenario):
    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario


@every_scenario
def test_a_link_says_the_same(scenario: ws.Scenario):
    assert ws.Scenario.from_token(scenario.to_token()) == scenario


@every_scenario
def test_a_link_needs_no_escaping_in_an_address(scenario: ws.Scenario):
    assert scenario.to_token().replace("-", "").replace("_", "").isalnum()


@every_scenario
def test_a_file_says_the_same(scenario: ws.Scenario, tmp_path: Path):
    file = tmp_path / "scenario.yaml"
    file.write_text(scenario.to_yaml(), encoding="utf-8")

    assert ws.Scenario.load(file) == scenario


@every_scenario
def test_a_link_still_says_the_same_after_the_scenario_was_used(scenario: ws.Scenario):
    ws.expected_demand(scenario)

    assert ws.Scenario.from_token(scenario.to_token()) == scenario


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_survive(path: Path):
    scenario = ws.Scenario.load(path)

    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert ws.Scenario.from_token(scenario.to_token()) == scenario


def test_a_shipped_profile_stays_a_name():
    assert SCENARIOS["smallest"].as_data()["profile"] == "market-data"


def test_a_link_of_a_long_array_leads_back():
    scenario = ws.Scenario(
        profile="market-data", location="tokyo", peak_connections=np.geomspace(1e3, 1e7, 20_000)
    )

    assert ws.Scenario.from_token(scenario.to_token()) == scenario


def test_scenarios_that_differ_are_not_equal():
    one = SCENARIOS["smallest"]

    assert one != one.replace(peak_connections=1001)
    assert one != one.replace(location="virginia")
    assert one != "a text"


def test_replace_changes_only_what_is_named():
    base = SCENARIOS["everything"]
    changed = base.replace(location="london", peak_connections=5)

    assert (changed.location, changed.peak_connections) == ("london", 5)
    assert changed.replace(location="frankfurt", peak_connections=1000) == base


def test_replace_can_take_an_audience_away():
    changed = SCENARIOS["everything"].replace(peak_connections=None)

    assert changed.peak_connections is None
    assert ws.Scenario.from_token(changed.to_token()) == changed


def test_equal_laws_have_equal_hashes():
    assert hash(ExponentialSession(mean_hours=2)) == hash(ExponentialSession(mean_hours="120 min"))


@given(
    name=st.text(max_size=30).filter(lambda text: text.isprintable()),
    peak=st.floats(0, 1e12),
    hours=st.floats(0.001, 10_000),
)
def test_any_name_and_number_survives(name, peak, hours):
    scenario = ws.Scenario(
        name=name,
        profile="market-data",
        location="tokyo",
        peak_connections=peak,
        hours_per_month=hours,
    )

    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert ws.Scenario.from_token(scenario.to_token()) == scenario


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "Ours", "flows": {"posts": {"rate_per_hour": 5}}},
        {"session": {"law": "exponential", "mean_hours": 2}},
        {"flows": {"posts": {"payload": 300, "batch": "500 ms"}, "dms": {"payload": "1 KB"}}},
        {"heartbeat": None, "weekly_shape": "flat", "at_connect": {"message_bytes": "2 MB"}},
        {"evidence": {"flows.typing": {"grade": "assumption", "note": "Another note."}}},
    ],
)
def test_a_link_holds_what_differs_from_a_shipped_profile(changes):
    if "dms" in changes.get("flows", {}):
        changes["flows"]["dms"] |= {"direction": "client_to_server", "rate_per_hour": 1}
    own = {"extends": "workplace-chat", **changes}
    scenario = ws.Scenario(
        profile=own,
        location="tokyo",
        peak_connections=5,
        other_clients={"more": {"profile": own, "peak_connections": 7}},
    )
    read = ws.Scenario.from_token(scenario.to_token())

    assert read == scenario
    assert read.profile.evidence == scenario.profile.evidence
    assert len(scenario.to_token()) < 700
