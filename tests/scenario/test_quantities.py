"""Quantities with units, as people write them."""

import pytest

import estimator as ws
from estimator.units import parse_quantity


@pytest.mark.parametrize(
    ("text", "dimension", "unit", "value"),
    [
        ("90 min", "time", "h", 1.5),
        ("1.5h", "time", "h", 1.5),
        ("30 d", "time", "h", 720),
        ("250 ms", "time", "s", 0.25),
        ("25", "time", "s", 25),
        ("2 KiB", "size", "B", 2048),
        ("2 KB", "size", "B", 2000),
        ("1.2 MB", "size", "B", 1_200_000),
        ("1 MiB", "size", "B", 1_048_576),
        ("2 / min", "rate", "/h", 120),
        ("2/min", "rate", "/h", 120),
        ("2 per min", "rate", "/h", 120),
        ("1 / s", "rate", "/h", 3600),
        ("12 / d", "rate", "/h", 0.5),
        ("1e3 / h", "rate", "/h", 1000),
        ("1_000 / h", "rate", "/h", 1000),
        ("1,000 / h", "rate", "/h", 1000),
    ],
)
def test_a_text_is_converted_to_the_unit_wanted(text, dimension, unit, value):
    assert parse_quantity(text, dimension, unit) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "dimension"),
    [
        ("300 kg", "size"),
        ("300 kb", "size"),
        ("2 KB", "time"),
        ("2 min", "rate"),
        ("2 / min", "time"),
        ("many", "size"),
        ("", "size"),
        ("KB", "size"),
        ("1..5 h", "time"),
        ("1 h 30 min", "time"),
    ],
)
def test_what_is_no_such_quantity_is_refused_with_the_units_there_are(text, dimension):
    unit = {"size": "B", "time": "h", "rate": "/h"}[dimension]
    with pytest.raises(ValueError, match=f"is not a {dimension}; write a number of {unit}, or"):
        parse_quantity(text, dimension, unit)


@pytest.mark.parametrize("text", ["1,5 h", "0,5 h", "1,50 h"])
def test_a_decimal_comma_is_not_read_as_a_number_ten_times_as_large(text):
    with pytest.raises(ValueError, match=r"1,5|0,5"):
        parse_quantity(text, "time", "h")


@pytest.mark.parametrize("minutes", [1, 7, 10, 20, 45, 100])
def test_whole_minutes_keep_their_value_to_the_last_digit(minutes):
    assert parse_quantity(f"{minutes} min", "time", "h") == pytest.approx(
        minutes / 60, rel=1e-14, abs=0
    )


def test_quantities_may_be_written_with_units_in_every_field():
    profile = ws.Profile.model_validate(
        {
            "title": "Units",
            "session": {"law": "exponential", "mean_hours": "90 min"},
            "weekly_shape": "flat",
            "heartbeat": {"interval_seconds": "0.5 min", "payload_bytes": "1 KiB"},
            "at_connect": {"to_client": "10 KB"},
            "flows": {
                "posts": {
                    "direction": "client_to_server",
                    "rate_per_hour": "2 / min",
                    "payload": {"law": "lognormal", "mean_bytes": "2 KiB", "sigma": 1},
                }
            },
        }
    )

    assert profile.session.mean == 1.5
    assert profile.heartbeat is not None
    assert profile.heartbeat.interval_seconds == 30
    assert profile.heartbeat.payload_bytes == 1024
    assert profile.at_connect.to_client.mean == 10_000
    assert profile.flows["posts"].rate_per_hour == 120
    assert profile.flows["posts"].payload.model_dump()["mean_bytes"] == 2048
