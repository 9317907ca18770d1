"""A load test and a usage file: what they say is what the scenario says."""

import json
import re
import shutil
import subprocess

import pytest
from ruamel.yaml import YAML

import estimator as ws
from estimator.exports.infracost import _usage_keys
from estimator.pricing.price_files import load_price_files

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
NODE = shutil.which("node") or ""


def usage(scenario, deployment):
    written = ws.export(ws.estimate(scenario, deployment), "infracost").text
    return written, YAML(typ="safe").load(written)


def test_messages_are_counted_in_steps_so_that_dollars_agree():
    bill = ws.estimate(SCENARIO, "aws.api_gateway")
    _, told = usage(SCENARIO, "aws.api_gateway")
    gateway = told["resource_type_default_usage"]["aws_apigatewayv2_api"]

    # infracost/internal/resources/aws/apigatewayv2_api.go: messages x ceil(size / 32)
    assert gateway["message_size_kb"] == 32
    messages = bill["aws.api_gateway.messages"].usage.quantity
    assert gateway["monthly_messages"] == pytest.approx(float(messages), abs=0.5)
    assert isinstance(gateway["monthly_messages"], int)


def test_data_between_zones_is_halved_since_infracost_doubles_it():
    bill = ws.estimate(SCENARIO, "aws.nlb_ec2")
    _, told = usage(SCENARIO, "aws.nlb_ec2")
    transfer = told["resource_usage"]["aws_data_transfer.us_east_1"]

    assert transfer["region"] == "us-east-1"
    billed = float(bill["aws.inter_zone.gb"].usage.quantity)
    assert 2 * transfer["monthly_intra_region_gb"] == pytest.approx(billed, abs=1e-5)


def test_what_has_no_key_is_named_with_its_cost():
    text, _ = usage(SCENARIO, "aws.api_gateway")

    assert re.search(r"# Not in this file.*Lambda duration.*\$[\d,.]+", text)


def test_a_deployment_that_infracost_does_not_know_is_refused():
    with pytest.raises(ws.ScenarioError, match="no key for any meter of Web PubSub"):
        usage(SCENARIO, "azure.web_pubsub")


def test_every_key_is_of_a_meter_there_is():
    assert set(_usage_keys()) <= {meter.meter for meter in load_price_files().meters}


def plan(scenario):
    script = ws.export(scenario, "k6").text
    [told] = re.findall(r"const KINDS = (\[.*?),\n\];", script, re.DOTALL)
    return script, json.loads(f"{told}]")


def test_the_load_test_plays_the_audience_of_the_scenario():
    _, [kind] = plan(SCENARIO)

    assert kind["peakConnections"] == pytest.approx(20_000)
    seconds = kind["sessionSeconds"]
    assert sum(seconds) / len(seconds) == pytest.approx(
        3600 * SCENARIO.profile.session.mean, rel=1e-3
    )
    assert {flow["name"] for flow in kind["flows"]} == {
        name
        for name, flow in SCENARIO.profile.flows.items()
        if flow.direction == "client_to_server"
    }


def test_each_kind_of_clients_is_played():
    scenario = SCENARIO.replace(
        other_clients={"viewers": {"profile": "board-collaboration", "peak_connections": 5}}
    )
    _, kinds = plan(scenario)

    assert [kind["name"] for kind in kinds] == ["main", "viewers"]


STUBS = """
const Counter = class { constructor(name) { counts[name] = 0; this.name = name; }
  add(number) { counts[this.name] += number; } };
const counts = {}; const queue = []; let now = 0; const __ENV = { KIND: '0' };
const exec = { vu: { iterationInScenario: 1 } };
const setTimeout = (run, wait) => queue.push({ at: now + wait, run });
const setInterval = () => 0; const clearInterval = () => 0;
Date.now = () => now;
class WebSocket { constructor() { this.readyState = 1; this.on = {}; all.push(this); }
  addEventListener(name, run) { this.on[name] = run; if (name === 'open') setTimeout(run, 0); }
  send() {} ping() {} close() { this.readyState = 3; this.on.close(); } }
const all = [];
"""
PLAY = """
for (let each = 0; each < 2000; each += 1) {
  client();
  while (queue.length) {
    queue.sort((one, other) => other.at - one.at);
    const { at, run } = queue.pop();
    now = at;
    run();
  }
}
console.log(JSON.stringify(counts));
"""
"""One client after the other, each with a clock that jumps to what comes next."""


@pytest.mark.skipif(not NODE, reason="Node.js, which plays the script, is not installed")
def test_clients_of_the_load_test_send_as_often_as_the_profile_says():
    flow = {"direction": "client_to_server", "rate_per_hour": 60, "payload": "200 B"}
    scenario = ws.Scenario(
        location="virginia",
        peak_connections=10,
        profile={
            "title": "Plain",
            "session": {"law": "exponential", "mean_hours": 0.05},
            "weekly_shape": "flat",
            "flows": {"posts": flow},
        },
    )
    script = ws.export(scenario, "k6").text
    body = re.sub(r"^import .*$", "", script, flags=re.MULTILINE).replace("export ", "")
    played = subprocess.run(
        [NODE, "--input-type=commonjs", "-e", STUBS + body + PLAY],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    counts = json.loads(played.stdout)

    assert counts["connections_opened"] == 2000
    # 2,000 exponential sessions of 0.05 hours, 60 messages per hour: a session sends a geometric
    # number of mean 3 and variance 12, so that 4 deviations of their sum are 620
    assert counts["messages_sent"] == pytest.approx(6_000, abs=620)


def test_a_load_test_needs_a_scenario_and_web_sockets():
    with pytest.raises(ws.ScenarioError, match="a bill on its own holds none"):
        ws.export(ws.price({"aws.alb.hours": 1}, "us-east-1"), "k6")
    with pytest.raises(ws.ScenarioError, match="opens WebSockets, but the scenario has"):
        ws.export(SCENARIO.replace(transport={"kind": "long_polling"}), "k6")
