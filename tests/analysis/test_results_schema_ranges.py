"""The JSON of sweeps, ranges, budget checks and simulations is as its schema says."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import estimator as ws
from estimator.result import Result

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/results.schema.json").read_text("utf-8"))
CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=500)
SAO_PAULO = CHAT.replace(location="saopaulo")
PAIR = ["aws.api_gateway", "aws.alb_ec2"]


def ranges(scenario: ws.Scenario = CHAT) -> ws.Uncertainty:
    return ws.uncertainty(
        scenario, {"peak_connections": "400..600"}, PAIR, evidence=False, samples=128,
        questions=["aws.api_gateway.connect_is_message"],
    )  # fmt: skip


RESULTS: dict[str, Callable[[], Result]] = {
    "sweep": lambda: ws.sweep(
        SAO_PAULO,
        {"peak_connections": [10, 1000], "posts.rate_per_hour": [1, 2, 3]},
        [*PAIR, "azure.app_service"],
    ),
    "sweep together": lambda: ws.sweep(
        CHAT, {"peak_connections": [10, 1000], "posts.rate_per_hour": [1, 2]}, PAIR, together=True
    ),
    "break-even": lambda: ws.break_even(CHAT, "peak_connections", 100, 1e6, PAIR),
    "uncertainty": ranges,
    "fan": lambda: ranges().fan("peak_connections", [400, 600], samples=128),
    "budget check": lambda: ws.check_budget(
        CHAT, 300, PAIR[0], inputs={"peak_connections": "400..600"}, evidence=False, samples=128
    ),
    "simulation": lambda: ws.simulate(
        CHAT, PAIR[1], faults="outage at Tue 14:00 share 30%", replications=2
    ),
    "simulation without limits": lambda: ws.simulate(CHAT, replications=1),
}


@pytest.mark.parametrize("name", RESULTS)
def test_the_json_of_a_result_is_as_its_schema_says(name):
    result = RESULTS[name]()
    data: dict[str, Any] = json.loads(result.to_json(), parse_constant=pytest.fail)

    assert data["schema"] == f"{result.schema}/1"
    jsonschema.Draft202012Validator(
        {"$ref": f"#/$defs/{result.schema}", "$defs": SCHEMA["$defs"]}
    ).validate(data)


def test_the_schema_is_a_schema():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
