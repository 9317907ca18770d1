"""Faults in Python code: always an error of this package, never one of pydantic's."""

import numpy as np
import pydantic
import pytest

import estimator as ws
from estimator.scenario.flows import AtConnect, Heartbeat, MessageFlow
from estimator.scenario.profile import Evidence
from estimator.scenario.sessions import (
    DeterministicSession,
    EmpiricalSession,
    ExponentialSession,
    LognormalSession,
    WeibullSession,
)
from estimator.scenario.sizes import (
    EmpiricalSize,
    FixedSize,
    LognormalSize,
    MixturePart,
    MixtureSize,
)
from estimator.scenario.weekly_shape import WeeklyShape

ASKED = {"profile": "market-data", "location": "virginia", "peak_connections": 1}


@pytest.mark.parametrize(
    ("model", "fields", "parts"),
    [
        (ws.Scenario, {**ASKED, "location": "mars"}, ["Scenario, location", "Valid: frankfurt"]),
        (ws.Scenario, {**ASKED, "profile": 5}, ["Scenario, profile"]),
        (ws.Scenario, {**ASKED, "lokation": 5}, ["lokation", "did you mean 'location'"]),
        (ws.Scenario, {**ASKED, "peak_connections": np.nan}, ["peak_connections", "finite"]),
        (ws.Scenario, {**ASKED, "peak_connections": [1, -2]}, ["must not be negative, but is -2"]),
        (ws.Scenario, {**ASKED, "peak_connections": []}, ["peak_connections"]),
        (ws.Scenario, {**ASKED, "peak_connections": "5 apples"}, ["'5 apples' is not a number"]),
        (ws.Scenario, {**ASKED, "peak_connections": {"a": 1}}, ["peak_connections"]),
        (ws.Scenario, {**ASKED, "peak_connections": 1j}, ["peak_connections"]),
        (ws.Scenario, {}, ["profile", "location", "required field is missing"]),
        (
            ws.Scenario,
            {**ASKED, "peak_connections": [1, 2], "mean_connections": [1, 2, 3]},
            ["unequal lengths"],
        ),
        (ws.Profile, {"title": "Nothing else"}, ["session", "required field is missing"]),
        (MessageFlow, {"direction": "up", "rate_per_hour": 1, "payload": 1}, ["direction"]),
        (
            MessageFlow,
            {"direction": "client_to_server", "rate_per_hour": -1, "payload": 1},
            ["MessageFlow, rate_per_hour", "must not be negative"],
        ),
        (Heartbeat, {"interval_seconds": 0}, ["interval_seconds", "at least 1 ms"]),
        (AtConnect, {"to_client": "5 min"}, ["to_client", "'5 min' is not a size"]),
        (Evidence, {"grade": "published", "note": "x"}, ["a published default needs its source"]),
        (WeeklyShape, {"hourly": [1, 2]}, ["hourly needs 168 numbers, but has 2"]),
        (ExponentialSession, {"mean_hours": 0}, ["mean_hours", "greater than"]),
        (LognormalSession, {"mean_hours": 1, "sigma": 0}, ["sigma", "greater than"]),
        (WeibullSession, {"shape": 0, "scale_hours": 1}, ["shape", "greater than"]),
        (DeterministicSession, {"hours": "1 KB"}, ["hours", "'1 KB' is not a time"]),
        (EmpiricalSession, {"lengths_hours": []}, ["lengths_hours"]),
        (EmpiricalSession, {"lengths_hours": [1], "counts": [1, 2]}, ["1 lengths but 2 counts"]),
        (FixedSize, {"bytes": -1}, ["bytes", "greater than or equal to 0"]),
        (FixedSize, {"bytes": float("nan")}, ["bytes", "finite"]),
        (LognormalSize, {"mean_bytes": 5, "sigma": 9}, ["sigma", "less than or equal to 4"]),
        (LognormalSize, {"mean_bytes": 5000, "sigma": 1, "max_bytes": 5000}, ["below max_bytes"]),
        (EmpiricalSize, {"sizes": [1, 2], "counts": [1]}, ["2 sizes but 1 counts"]),
        (MixtureSize, {"parts": []}, ["parts"]),
        (MixturePart, {"share": 0, "size": 1}, ["share", "greater than"]),
    ],
)
def test_a_wrong_object_is_refused_by_name_of_model_and_field(model, fields, parts):
    with pytest.raises(ws.ScenarioError) as caught:
        model(**fields)

    message = str(caught.value)
    assert not isinstance(caught.value, pydantic.ValidationError)
    assert message.startswith(model.__name__)
    assert [part for part in parts if part not in message] == []


def test_replacing_by_something_wrong_is_refused_too():
    scenario = ws.Scenario(**ASKED)

    with pytest.raises(ws.ScenarioError, match="unknown location 'mars'"):
        scenario.replace(location="mars")


def test_an_unknown_weekly_shape_names_its_field():
    with pytest.raises(ws.ScenarioError, match="weekly_shape"):
        ws.Profile(
            title="x", session=ExponentialSession(mean_hours=1), weekly_shape="flut", flows={}
        )


def test_a_scenario_cannot_be_changed_afterwards():
    scenario = ws.Scenario(**{**ASKED, "peak_connections": np.array([1.0, 2.0])})

    with pytest.raises((ws.EstimatorError, pydantic.ValidationError), match="frozen"):
        scenario.location = "tokyo"
    with pytest.raises(ValueError, match="read-only"):
        np.asarray(scenario.peak_connections)[0] = 5


def test_an_array_given_may_change_later_without_changing_the_scenario():
    given = np.array([1.0, 2.0])
    scenario = ws.Scenario(**{**ASKED, "peak_connections": given})
    given[0] = 99

    np.testing.assert_array_equal(scenario.peak_connections, [1, 2])


@pytest.mark.parametrize("name", ["workplace", "", "../secrets"])
def test_an_unknown_profile_name_lists_those_there_are(name):
    with pytest.raises(ws.UnknownNameError, match=f"Valid: {', '.join(ws.profile_names())}"):
        ws.load_profile(name)
