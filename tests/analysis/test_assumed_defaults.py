"""Assumed defaults stand beside the total that they move, with what they move."""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.assumed_defaults import (
    AssumedDefault,
    Judged,
    assumed_work,
    assumes_work,
)
from estimator.deployments.fleet.server_options import ServerOptions
from estimator.scenario.model import LARGEST

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
GATEWAY = "aws.api_gateway"


def total_with(scenario: ws.Scenario, **changes: Any) -> float:
    """What a bill would be with some of the profile changed, each bill made anew."""
    changed = scenario.replace(profile={"extends": "workplace-chat", **changes})
    return float(ws.estimate(changed, GATEWAY).total)


def assumed(bill: ws.Estimate) -> dict[str, AssumedDefault]:
    return {each.path: each for each in bill.assumed_defaults}


def test_what_moves_the_total_by_a_fifth_is_what_other_bills_say():
    bill = ws.estimate(CHAT, GATEWAY)
    tried = {
        "flows.typing": {"flows": {"typing": {"rate_per_hour": 3.5}}},
        "flows.presence": {"flows": {"presence": {"rate_per_hour": 30}}},
        "flows.posts.fan_out": {"flows": {"posts": {"fan_out": 10}}},
        "at_connect": {"at_connect": {"to_client": "5 KB"}},
        "session": {"session": {"mean_hours": 1}},
        "heartbeat.kind": {"heartbeat": {"kind": "application"}},
    }
    halved = {path: total_with(CHAT, **changes) for path, changes in tried.items()}
    found = assumed(bill)

    for path, usd in halved.items():
        if abs(usd - bill.total) > 0.2 * bill.total:
            other = "sending messages" if path == "heartbeat.kind" else "half as much"
            assert found[path].totals_usd[other] == pytest.approx(usd)
    assert {"flows.typing", "heartbeat.kind"} <= set(found)
    assert "at_connect" not in found


def test_assumed_messages_are_halved_together_too():
    flows = {
        "posts": {"fan_out": 10},
        "reactions": {"fan_out": 10},
        "typing": {"rate_per_hour": 3.5},
        "presence": {"rate_per_hour": 30},
    }
    together = assumed(ws.estimate(CHAT, GATEWAY))["flows"]

    assert together.totals_usd["half as much"] == pytest.approx(total_with(CHAT, flows=flows))
    assert together.words == "messages of posts, reactions, typing, presence together"


def test_an_assumed_shape_of_the_week_is_compared_with_others():
    boards = CHAT.replace(profile="board-collaboration", peak_connections=1000)
    found = assumed(ws.estimate(boards, GATEWAY))["weekly_shape"]

    def total(shape: str) -> float:
        other = {"extends": "board-collaboration", "weekly_shape": shape}
        return float(ws.estimate(boards.replace(profile=other), GATEWAY).total)

    assert found.totals_usd == {
        f"the shape {shape}": pytest.approx(total(shape))
        for shape in ("flat", "workplace-worldwide")
    }


def test_what_the_scenario_says_is_not_assumed():
    own = {"typing": {"rate_per_hour": 7, "fan_out": 20, "payload": "120 B"}}
    said = CHAT.replace(profile={"extends": "workplace-chat", "flows": own})
    found = assumed(ws.estimate(said, GATEWAY))

    assert "flows.typing" not in found
    assert "typing" not in found["flows"].words


def test_bills_of_many_scenarios_and_of_other_demands_name_none():
    many = ws.estimate(CHAT.replace(peak_connections=[10, 50_000]), GATEWAY)
    given = ws.estimate(CHAT, GATEWAY, demand=ws.expected_demand(CHAT))

    assert many.assumed_defaults == given.assumed_defaults == ()


def test_they_stand_beside_the_total_everywhere():
    compared = ws.compare(CHAT, [GATEWAY, "azure.web_pubsub"])
    bill = compared.bill(GATEWAY)
    [first, *_] = bill.assumed_defaults

    for shown in (str(bill), bill.explain(), bill.to_markdown(), str(compared)):
        assert first.explain() in " ".join(shown.replace("│", " ").split())
    [data] = [each for each in bill.as_data()["assumed_defaults"] if each["path"] == first.path]
    assert data["totals_usd"] == first.totals_usd


def test_a_share_of_nothing_has_no_end():
    paid = AssumedDefault("flows.x", "x", 0.0, {"twice as much": 1.0}, {})
    free = AssumedDefault("flows.x", "x", 0.0, {"twice as much": 0.0}, {})

    assert (paid.largest_share, paid.is_worth_saying) == (float("inf"), True)
    assert (free.largest_share, free.is_worth_saying) == (0, False)


def test_what_decides_about_a_limit_is_said_however_little_it_costs():
    # 20 KB and, doubled, 40 KB: API Gateway takes frames of 32 KB
    flow = {"direction": "client_to_server", "rate_per_hour": 1, "payload": "20 KB"}
    profile = {
        "title": "Files",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "flows": {"files": flow},
        "heartbeat": {"interval_seconds": 25},
        "evidence": {"flows.files.payload": {"grade": "assumption", "note": "Made up."}},
    }
    scenario = ws.Scenario(profile=profile, location="virginia", peak_connections=10)
    [found] = ws.estimate(scenario, GATEWAY).assumed_defaults

    assert found.states == {"twice as much": "over a hard limit"}
    assert found.explain().endswith(" (over a hard limit).")
    assert "half as much takes" in found.explain()


def test_what_is_on_the_calendar_counts_in_them():
    match = {"name": "Match", "on": "2026-11-28 20:00", "lasts_hours": 3, "connections": 200_000}
    with_match = CHAT.replace(calendar=[match])
    typing = assumed(ws.estimate(with_match, GATEWAY))["flows.typing"]
    halved = total_with(with_match, flows={"typing": {"rate_per_hour": 3.5}})

    assert typing.totals_usd["half as much"] == pytest.approx(halved)
    assert typing.totals_usd["half as much"] < typing.total_usd < typing.totals_usd["twice as much"]


def test_a_batch_hides_no_assumption():
    posts = {"batch": "1 s"}
    fewer = {"posts": posts, "typing": {"rate_per_hour": 3.5}}
    of_all = {"posts": {**posts, "fan_out": 10}, "reactions": {"fan_out": 10}}
    of_all |= {"typing": {"rate_per_hour": 3.5}, "presence": {"rate_per_hour": 30}}
    batched = CHAT.replace(profile={"extends": "workplace-chat", "flows": {"posts": posts}})
    found = assumed(ws.estimate(batched, GATEWAY))

    for path, flows in (("flows.typing", fewer), ("flows", of_all)):
        halved = found[path].totals_usd["half as much"]
        assert halved == pytest.approx(total_with(CHAT, flows=flows))


def test_other_clients_have_assumed_defaults_too():
    own = {"direction": "client_to_server", "rate_per_hour": 1, "payload": 10}
    profile = {
        "title": "Sensors",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "flows": {"readings": {**own, "to": "people", "fan_out": 2}},
    }

    def of_people(**changes: Any) -> ws.Estimate:
        people = {"profile": {"extends": "workplace-chat", **changes}, "peak_connections": 50_000}
        scenario = ws.Scenario(
            profile=profile,
            location="virginia",
            peak_connections=10,
            other_clients={"people": people},
        )
        return ws.estimate(scenario, GATEWAY)

    found = assumed(of_people())
    start = "other_clients.people.profile."
    tried = {
        f"{start}flows.typing": {"flows": {"typing": {"rate_per_hour": 3.5}}},
        f"{start}heartbeat.kind": {"heartbeat": {"kind": "application"}},
    }
    for path, changes in tried.items():
        other = "sending messages" if path.endswith("kind") else "half as much"
        assert found[path].totals_usd[other] == pytest.approx(float(of_people(**changes).total))
    assert found["flows"].words.startswith("messages of posts of people, ")


def test_a_double_that_a_field_cannot_have_hides_no_other():
    flow = {"direction": "server_to_client", "rate_per_hour": 0.001, "payload": 10}
    alarms = {**flow, "fan_out": LARGEST}
    evidence = {"flows.alarms.fan_out": {"grade": "assumption", "note": "Made up."}}
    profile = {"extends": "workplace-chat", "flows": {"alarms": alarms}, "evidence": evidence}

    assert "flows.typing" in assumed(ws.estimate(CHAT.replace(profile=profile), GATEWAY))


class TestWorkOfTheApplication:
    BOARDS = CHAT.replace(profile="board-collaboration")

    def test_it_is_assumed_unless_somebody_published_or_gave_it(self):
        def assumed(scenario: ws.Scenario, **options: Any) -> bool:
            return assumes_work(scenario, ServerOptions.model_validate(options))

        # of a chat server it was published; boards are taken to be like one
        assert not assumed(CHAT)
        assert assumed(self.BOARDS)
        for given in (
            {"application": "none"},
            {"application_factor": 1},
            {"application_cpu_ms_per_message": 3},
        ):
            assert not assumed(self.BOARDS, **given)
        # a function behind the gateway does it too
        assert assumes_work(self.BOARDS, ws.DEPLOYMENTS[GATEWAY].default_options)

    def test_half_and_twice_stand_beside_the_total_if_they_move_it_far(self):
        def bill_with(share: float) -> list[AssumedDefault]:
            """Of 100 dollars, so many percent are the application's."""
            bills = {factor: 100 + share * (factor - 1) for factor in (0.5, 1, 2)}
            judged = {
                factor: Judged(usd, np.array("within limits")) for factor, usd in bills.items()
            }
            return [*assumed_work(judged[1], lambda factor: judged[factor])]

        [found] = bill_with(50)
        assert found.totals_usd == {"half as much": 75, "twice as much": 150}
        assert bill_with(20) == []
