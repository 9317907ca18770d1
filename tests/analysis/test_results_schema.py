"""The JSON of every result is what ``docs/results.schema.json`` says, no field more or less."""

import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import estimator as ws
from estimator.analysis.drift import drift
from estimator.result import SCHEMA_VERSION, Result
from estimator.vendor_lists.listed import VendorList
from estimator.vendor_lists.readers.recognize import read_answer
from estimator.vendor_lists.refresh import refresh_from_files, report_of
from estimator.vendor_lists.selectors import load_selectors

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "docs/results.schema.json").read_text(encoding="utf-8"))
CHAT = ws.Scenario(profile="workplace-chat", location="frankfurt", peak_connections=50_000)
# sends no heartbeat, so some uses have no end
MARKET = ws.Scenario(profile="market-data", location="virginia", peak_connections=20_000)
MANY = CHAT.replace(peak_connections=[100, 3_000_000])
UNPRICED = CHAT.replace(as_of="2019-01-01")
SMALL_CHAT = CHAT.replace(location="virginia", peak_connections=500)
SHOP = ws.Scenario.load(ROOT / "examples/shop-notices.yaml")
PAIR = ["aws.api_gateway", "aws.alb_ec2"]


def ranges() -> ws.Uncertainty:
    return ws.uncertainty(
        SMALL_CHAT, {"peak_connections": "400..600"}, PAIR, evidence=False, samples=128,
        questions=["aws.api_gateway.connect_is_message"],
    )  # fmt: skip


def cheaper_oracle() -> VendorList:
    answer = json.loads((ROOT / "examples/vendor-answers/oci-products.json").read_text("utf-8"))
    for item in answer["items"]:
        item["currencyCodeLocalizations"][0]["prices"][-1]["value"] *= 0.9
    [found] = read_answer(answer, "products")
    return found


LAUNCH = {"name": "Launch", "on": "Tue 14:00", "lasts_hours": 3, "connections": 200_000}


RESULTS: dict[str, Callable[[], Result]] = {
    "drift": lambda: drift({"chat": CHAT}, since=dt.date(2026, 8, 1), deployments=PAIR),
    "estimate": lambda: ws.estimate(MARKET, "oci.load_balancer_vm"),
    "estimate with a calendar": lambda: ws.estimate(
        MARKET.replace(calendar=[LAUNCH]), "oci.load_balancer_vm"
    ),
    "estimate of many with a calendar": lambda: ws.estimate(
        MANY.replace(calendar=[LAUNCH]), "aws.iot_core"
    ),
    "estimate of many": lambda: ws.estimate(MANY, "aws.iot_core"),
    "estimate of many fleets": lambda: ws.estimate(MANY, "aws.nlb_ec2"),
    "bill": lambda: ws.price({"aws.api_gateway.messages": 18e6}, region="us-east-1"),
    "bill of nothing": lambda: ws.price({}),
    "comparison": lambda: ws.compare(CHAT),
    "comparison of many": lambda: ws.compare(MANY),
    "comparison of nothing": lambda: ws.compare(UNPRICED, ["gcp.cloud_run"]),
    "difference": lambda: ws.diff(MARKET, CHAT),
    "difference of nothing": lambda: ws.diff(UNPRICED, UNPRICED, ["gcp.cloud_run"]),
    "move": lambda: ws.move(CHAT, "aws.api_gateway", "aws.nlb_ec2", migration_hours=80),
    "move that is free": lambda: ws.move(
        CHAT.replace(engineering={"usd_per_engineer_hour": 0}), "pusher.channels", "gcp.cloud_run"
    ),
    "gallery": lambda: ws.gallery("market-data", samples=128),
    "gallery of too many": lambda: ws.gallery("workplace-chat", peak_connections=1e10, samples=128),
    "growth": lambda: ws.growth(MARKET, 24, monthly_growth_percent=40),
    "growth of nothing": lambda: ws.growth(
        UNPRICED, 2, factors=[1, 2], deployments=["gcp.cloud_run"]
    ),
    "sweep": lambda: ws.sweep(
        SMALL_CHAT.replace(location="saopaulo"),
        {"peak_connections": [10, 1000], "posts.rate_per_hour": [1, 2, 3]},
        [*PAIR, "azure.app_service"],
    ),
    "sweep together": lambda: ws.sweep(
        SMALL_CHAT,
        {"peak_connections": [10, 1000], "posts.rate_per_hour": [1, 2]},
        PAIR,
        together=True,
    ),
    "break-even": lambda: ws.break_even(SMALL_CHAT, "peak_connections", 100, 1e6, PAIR),
    "uncertainty": ranges,
    "fan": lambda: ranges().fan("peak_connections", [400, 600], samples=128),
    "budget check": lambda: ws.check_budget(
        SMALL_CHAT,
        300,
        PAIR[0],
        inputs={"peak_connections": "400..600"},
        evidence=False,
        samples=128,
    ),
    "simulation": lambda: ws.simulate(
        SMALL_CHAT, PAIR[1], faults="outage at Tue 14:00 share 30%", replications=2
    ),
    "recovery plan": lambda: ws.recovery_plan(CHAT, "aws.alb_ec2", within_s=20, replications=1),
    "recovery plan without levers": lambda: ws.recovery_plan(
        SMALL_CHAT, PAIR[0], within_s=3600, replications=1
    ),
    "reconciliation": lambda: ws.reconcile(
        SHOP, ws.read_invoice(ROOT / "examples/shop-notices-invoice.csv")
    ),
    "refresh": lambda: refresh_from_files(ROOT / "examples/vendor-answers"),
    "refresh with a change": lambda: report_of([cheaper_oracle()], load_selectors()),
    "transports": lambda: ws.transports(SMALL_CHAT, PAIR[0], within_seconds=60).with_break_even(),
    "transports in no time": lambda: ws.transports(MARKET, PAIR[0], within_seconds=1e-3),
    "transports at any time": lambda: ws.transports(CHAT, ["aws.http_api_lambda", PAIR[0]]),
    "simulation without limits": lambda: ws.simulate(SMALL_CHAT, replications=1),
}

OF_SOME = {"scenario", "tiers", "shares", "answers", "distribution", "p10", "p50", "p90"}


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


@pytest.mark.parametrize("name", RESULTS)
def test_the_json_of_a_result_is_as_its_schema_says(name):
    result = RESULTS[name]()
    data = json.loads(result.to_json(), parse_constant=pytest.fail)

    assert data["schema"] == f"{result.schema}/{SCHEMA_VERSION}" == f"{result.schema}/1"
    validator = jsonschema.Draft202012Validator({**SCHEMA, "$ref": f"#/$defs/{result.schema}"})
    assert [f"{error.json_path}: {error.message}" for error in validator.iter_errors(data)] == []


def test_no_object_may_have_other_fields_or_lack_one():
    """Every field that is described is there, but for those of some bills or inputs only."""
    # what extends these says itself that there are no other fields
    bases = [SCHEMA["$defs"][name] for name in ("ranges", "result")]
    found = [each for each in objects(SCHEMA) if each not in bases]

    assert len(found) > 10
    for each in found:
        closed = [each.get("additionalProperties"), each.get("unevaluatedProperties")]
        assert False in closed
        assert {*each["properties"]} - {*each["required"]} <= OF_SOME
