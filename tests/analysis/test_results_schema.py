"""The JSON of every result is what ``docs/results.schema.json`` says, no field more or less."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import estimator as ws
from estimator.result import SCHEMA_VERSION

SCHEMA = json.loads(
    (Path(__file__).resolve().parents[2] / "docs/results.schema.json").read_text(encoding="utf-8")
)
CHAT = ws.Scenario(profile="workplace-chat", location="frankfurt", peak_connections=50_000)
# sends no heartbeat, so some uses have no end
MARKET = ws.Scenario(profile="market-data", location="virginia", peak_connections=20_000)
MANY = CHAT.replace(peak_connections=[100, 3_000_000])
UNPRICED = CHAT.replace(as_of="2019-01-01")
RESULTS: dict[str, Any] = {
    "estimate": ws.estimate(MARKET, "oci.load_balancer_vm"),
    "estimate of many": ws.estimate(MANY, "aws.iot_core"),
    "bill": ws.price({"aws.api_gateway.messages": 18e6}, region="us-east-1"),
    "bill of nothing": ws.price({}),
    "comparison": ws.compare(CHAT),
    "comparison of many": ws.compare(MANY),
    "comparison of nothing": ws.compare(UNPRICED, ["gcp.cloud_run"]),
    "difference": ws.diff(MARKET, CHAT),
    "difference of nothing": ws.diff(UNPRICED, UNPRICED, ["gcp.cloud_run"]),
    "growth": ws.growth(MARKET, 24, monthly_growth_percent=40),
    "growth of nothing": ws.growth(UNPRICED, 2, factors=[1, 2], deployments=["gcp.cloud_run"]),
}


def objects(schema: Any) -> Any:
    """Every schema of an object with named fields, however deep."""
    if isinstance(schema, dict):
        if "properties" in schema:
            yield schema
        for each in schema.values():
            yield from objects(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from objects(each)


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("result", RESULTS.values(), ids=RESULTS)
def test_the_json_of_a_result_is_as_its_schema_says(result):
    data = json.loads(result.to_json())

    assert data["schema"] == f"{result.schema}/{SCHEMA_VERSION}"
    validator = jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{result.schema}"})
    assert [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(data)] == []


def test_no_object_may_have_other_fields_or_lack_one():
    """Every field that is described is there, but for those of some bills or milestones only."""
    found = list(objects(SCHEMA))

    assert len(found) > 10
    for each in found:
        assert each["additionalProperties"] is False or each["unevaluatedProperties"] is False
        assert {*each["properties"]} - {*each["required"]} <= {"scenario", "tiers"}
