"""What a bill says of what was assumed, of what may fail, and of what runs Redis."""

from __future__ import annotations

import re

import pytest

import estimator as ws
from estimator.deployments.registry import ALL_DEPLOYMENTS, SAAS
from estimator.pricing.price_files import load_price_files, price_assumptions

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
OWN_CODE = ["aws.nlb_ec2", "gcp.cloud_run", "azure.container_apps"]
WORK = "The application's own work"


def bill_of(deployment: str, **options: object) -> ws.Estimate:
    return ws.estimate(CHAT.replace(options={deployment: options}), deployment)


def said_of(what: str, bill: ws.Estimate) -> list[str]:
    return [note for note in bill.notes if note.startswith(what)]


@pytest.mark.parametrize("deployment", [*ws.DEPLOYMENTS, *SAAS])
def test_meters_and_allowances_have_their_titles(deployment):
    bill = ws.estimate(CHAT.replace(free_allowances="all"), deployment)
    listed = load_price_files()
    ids = {each.meter for each in listed.meters} | {each.allowance for each in listed.allowances}
    others = ALL_DEPLOYMENTS.keys() | price_assumptions().keys()

    for text in (bill.to_markdown().replace("\\", ""), bill.explain()):
        words = re.findall(r"[a-z0-9_]+(?:\.[a-z0-9_]+)+", text)
        assert (ids - others).isdisjoint(words)


@pytest.mark.parametrize("deployment", OWN_CODE)
def test_the_assumed_work_comes_with_its_range_its_source_and_a_way_out(deployment):
    [said] = said_of(f"{WORK} is assumed", bill_of(deployment))

    # application.yaml: the kind of application that the profile names
    assert "collaboration: " in said
    assert "209 ms (99–293) per message of a client" in said
    assert "https://docs.mattermost.com/" in said
    assert "application_cpu_ms_per_message" in said
    assert "application: none" in said


@pytest.mark.parametrize("deployment", OWN_CODE)
def test_work_that_was_taken_away_is_said_to_be_missing(deployment):
    bill = bill_of(deployment, application="none")

    assert said_of(WORK, bill) == [f"{WORK} is left out (application: none)."]


@pytest.mark.parametrize("deployment", OWN_CODE)
def test_nothing_is_assumed_of_work_that_was_given(deployment):
    bill = bill_of(deployment, application_cpu_ms_per_message=150)

    assert said_of(f"{WORK} is assumed", bill) == []


def test_all_kinds_of_clients_say_what_is_assumed_of_them():
    mixed = CHAT.replace(
        other_clients={"feed": {"profile": "market-data", "peak_connections": 100}}
    )
    said = said_of(f"{WORK} is assumed", ws.estimate(mixed, "aws.nlb_ec2"))

    assert ["(collaboration" in each for each in said] == [True, False]
    assert ["(feed" in each for each in said] == [False, True]


def test_work_has_a_line_where_machines_are_larger_because_of_it():
    # three machines run for three zones with and without it
    larger, smaller = bill_of("aws.nlb_ec2"), bill_of("aws.nlb_ec2", application="none")
    of_nodes = [
        sum(float(line.cost_usd) for line in bill.items if line.usage.role == "nodes")
        for bill in (larger, smaller)
    ]
    work = larger.by_layer["application"]

    assert [bill.sizing and float(bill.sizing.peak_units) for bill in (larger, smaller)] == [3, 3]
    assert work == pytest.approx(larger.total - smaller.total)
    assert 0 < work <= of_nodes[0]
    assert work > 0.8 * (of_nodes[0] - of_nodes[1])


def test_work_costs_nothing_more_on_machines_that_were_asked_for():
    bill = bill_of("aws.nlb_ec2", machine="c7i.4xlarge")
    assert bill.total == bill_of("aws.nlb_ec2", machine="c7i.4xlarge", application="none").total

    assert bill.by_layer["application"] == 0
    assert said_of(f"{WORK} has no line of its own", bill)


def test_work_that_decides_nothing_says_why_it_has_no_line():
    bill = bill_of("aws.nlb_ec2", connections_per_node=100)
    assert all(line.usage.part == "" for line in bill.items)

    [_, said] = said_of(WORK, bill)

    assert said.startswith(f"{WORK} has no line of its own: something else than processors")


@pytest.mark.parametrize(
    ("options", "kept"),
    [
        ({}, "in 3 zones, of which one may fail"),
        ({"zones": 2}, "in 2 zones, of which one may fail"),
        ({"survives": "node"}, "of which one may fail"),
        ({"survives": "none", "spare_nodes": 2}, "of which none may fail, 2 of them spare"),
    ],
)
def test_what_may_fail_stands_beside_the_nodes(options, kept):
    shown = bill_of("aws.nlb_ec2", **options).to_markdown()

    assert f" in the busiest hour, {kept}, decided by " in shown


@pytest.mark.parametrize("deployment", ["aws.nlb_ec2", "gcp.cloud_run"])
def test_redis_on_machines_is_told_from_nodes(deployment):
    told = "(1, each with a replica), passes messages on between nodes."
    own, managed = (
        said_of("Redis on ", bill_of(deployment, redis=redis)) for redis in ("self_run", "managed")
    )

    assert len([note for note in own if note.endswith(told)]) == 1
    # a managed one has meters of its own name
    assert not [note for note in managed if note.endswith(told)]


@pytest.mark.parametrize("deployment", ["aws.nlb_ec2", "gcp.cloud_run"])
def test_nodes_that_say_nothing_to_each_other_are_not_passed_over(deployment):
    [said] = said_of("Without Redis", bill_of(deployment, redis="none"))
    assert "only if something else passes them on" in said

    # of devices that each talk to the application alone, nobody is missed
    alone = CHAT.replace(
        profile={
            "title": "Devices",
            "session": {"law": "exponential", "mean_hours": 1},
            "weekly_shape": "flat",
            "flows": {
                "readings": {"direction": "client_to_server", "rate_per_hour": 60, "payload": 100}
            },
        },
        options={deployment: {"redis": "none"}},
    )
    assert said_of("Without Redis", ws.estimate(alone, deployment)) == []


def test_a_machine_must_be_of_the_architecture_that_is_asked_for():
    with pytest.raises(ws.ScenarioError, match=r"c7i\.large is x86_64, which .* arm64 excludes"):
        bill_of("aws.nlb_ec2", machine="c7i.large", architecture="arm64")


@pytest.mark.parametrize("deployment", ["azure.application_gateway_vm", "gcp.application_lb_gce"])
def test_a_fix_names_each_way_once(deployment):
    [fix] = {v.fix for v in bill_of(deployment).verdicts if "backend s" in v.fix}

    # a heartbeat, or the timeout by the name of its option, with the most that it can be
    assert fix.count(" or raise the ") == 1
    assert "timeout_seconds), to at most " in fix
