"""An option that cannot be is an error wherever it is used, and never a deployment left out."""

from collections.abc import Callable
from typing import Any

import pytest

import estimator as ws
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.errors import MissingRateError

BOTH = ["aws.nlb_ec2", "aws.api_gateway"]
CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1_000)
ALL_VERBS: dict[str, Callable[[ws.Scenario], Any]] = {
    "estimate": lambda asked: ws.estimate(asked, "aws.nlb_ec2"),
    "compare": lambda asked: ws.compare(asked, BOTH),
    "compare all": ws.compare,
    "sweep": lambda asked: ws.sweep(asked, {"peak_connections": [10, 20]}, BOTH),
    "break-even": lambda asked: ws.break_even(asked, "peak_connections", 10, 20, BOTH),
    "growth": lambda asked: ws.growth(asked, 2, monthly_growth_percent=5, deployments=BOTH),
    "diff": lambda asked: ws.diff(CHAT, asked, BOTH),
    "move": lambda asked: ws.move(asked, *BOTH),
    "uncertainty": lambda asked: ws.uncertainty(asked, deployments=BOTH, samples=128),
    "check budget": lambda asked: ws.check_budget(asked, 5_000, samples=128),
    "simulate": lambda asked: ws.simulate(asked, "aws.nlb_ec2", replications=1),
    "recovery plan": lambda asked: ws.recovery_plan(asked, "aws.nlb_ec2", replications=1),
}


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("machine", "nonsense", "machine: unknown machine 'nonsense'"),
        ("server", "nonsense", "server: unknown server 'nonsense'"),
        ("redis_machine", "c7g.larg", "unknown size of Redis 'c7g.larg': did you mean 'c7g.large'"),
        ("min_nodes", 0, "min_nodes: input should be greater than or equal to 1"),
        ("speed", 3, "speed: "),
    ],
)
@pytest.mark.parametrize("verb", ALL_VERBS)
def test_every_verb_refuses_it_and_names_deployment_and_option(verb, option, value, told):
    asked = CHAT.replace(options={"aws.nlb_ec2": {option: value}})

    with pytest.raises(ws.ScenarioError) as caught:
        ALL_VERBS[verb](asked)

    # and blames nothing else
    assert str(caught.value).startswith(f"options of aws.nlb_ec2, {option}")
    assert told in str(caught.value)


def test_it_is_an_error_of_a_deployment_that_nobody_asked_for_too():
    asked = CHAT.replace(options={"gcp.cloud_run": {"server": "nonsense"}})

    with pytest.raises(ws.ScenarioError, match=r"gcp\.cloud_run, server: unknown server"):
        ws.estimate(asked, "aws.nlb_ec2")


def test_a_file_says_where_it_stands():
    asked = ws.Scenario.from_yaml(
        "profile: workplace-chat\nlocation: virginia\npeak_connections: 1000\n"
        "options:\n  aws.nlb_ec2:\n    machine: nonsense\n",
        "chat.yaml",
    )

    with pytest.raises(ws.ScenarioError, match=r"chat\.yaml, line 5, options\.aws\.nlb_ec2: .*"):
        ws.compare(asked)


def test_what_only_sizing_finds_names_the_deployment(monkeypatch):
    def refuse(_: object) -> None:
        raise ws.ScenarioError("these two do not go together")

    monkeypatch.setattr(ALL_DEPLOYMENTS["aws.nlb_ec2"], "meter", refuse, raising=False)
    for verb in ("estimate", "compare", "sweep", "growth", "uncertainty", "simulate"):
        with pytest.raises(ws.ScenarioError, match=r"options of aws\.nlb_ec2: these two do not"):
            ALL_VERBS[verb](CHAT)


def test_a_price_that_is_missing_is_no_error_of_the_user(monkeypatch):
    def unpriced(_: object) -> None:
        raise MissingRateError("aws.nlb.hours", "us-east-1", ["eu-west-1"])

    monkeypatch.setattr(ALL_DEPLOYMENTS["aws.nlb_ec2"], "meter", unpriced, raising=False)
    compared = ws.compare(CHAT, BOTH)

    assert [bill.deployment for bill in compared.bills] == ["aws.api_gateway"]
    [refusal] = compared.refusals
    assert refusal.deployment == "aws.nlb_ec2"
    assert "no price for meter 'aws.nlb.hours'" in refusal.reason


@pytest.mark.parametrize("deployment", ALL_DEPLOYMENTS)
def test_defaults_are_names_that_there_are(deployment):
    found = ALL_DEPLOYMENTS[deployment]

    assert found.check_options({}) == found.default_options
    for option, names in found.names.items():
        for name in names:
            assert getattr(found.check_options({option: name}), option) == name
