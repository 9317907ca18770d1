"""Ably's five worked examples, as quantities and as workloads with the inputs that it states.

https://ably.com/docs/platform/pricing/examples/livestream, .../realtime-dashboard,
.../data-broadcast, .../ai-chatbot and .../support-chat, in the vendor's repository ably/docs at
commit c20d2c4f of 2026-08-03, read 2026-12-01. All leave out the package fee, and servers for one's
own code. What they do not state, such as sizes and hours of the day, has no part in their totals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.estimate.result import Estimate

EXAMPLE_FILES = Path(__file__).resolve().parents[2] / "examples"
ID = "ably.per_minute"
METERS = ("messages", "connection_minutes", "channel_minutes")


@dataclass(frozen=True)
class Example:
    """What a page states, and what it adds up."""

    page: str
    inputs: dict[str, Any]
    """A scenario: changes to one of our profiles, an audience, and options of Ably."""
    messages: float
    connection_minutes: float
    channel_minutes: float
    usd: float

    def bill(self, **options: Any) -> Estimate:
        """Of what carries the messages, with some options of Ably changed."""
        said = {**self.inputs["options"], **options}
        scenario = ws.Scenario.model_validate(
            {
                "location": "virginia",
                "layers": ["messaging"],
                **self.inputs,
                "options": {ID: said},
            }
        )
        return ws.estimate(scenario, ID)

    @property
    def stated(self) -> dict[str, float]:
        """The totals of the page by the meters they belong to."""
        totals = (self.messages, self.connection_minutes, self.channel_minutes)
        return {f"{ID}.{meter}": total for meter, total in zip(METERS, totals, strict=True)}


SILENT = {"rate_per_hour": 0}
"""Messages of our profile that the page does not tell of."""
NOTHING_AT_CONNECT = {"to_client": 0, "from_client": 0}


def clients(session: str, flows: dict[str, dict[str, Any]], **more: Any) -> dict[str, Any]:
    """Clients who stay for so long, at all hours alike, and send what the page says.

    Args:
        session: length of each.
        flows: what the page says of the messages.
        more: the profile that is changed (``extends``), or the title of a new one.
    """
    return {
        "session": {"law": "deterministic", "hours": session},
        "weekly_shape": "flat",
        "at_connect": NOTHING_AT_CONNECT,
        # no page tells of sizes; all count a message once, which is up to 5 KiB
        "flows": {name: {"payload": "100 B", **flow} for name, flow in flows.items()},
        **more,
    }


def open_at_once(per_month: float, minutes: float, hours_per_month: float) -> float:
    """Connections that are open on average, of so many in a month that last so long each."""
    return per_month * minutes / 60 / hours_per_month


def livestream(batch: str | None) -> dict[str, Any]:
    """An hour with 5,000 people, each of whom sends 5 messages and 2 reactions, which all get.

    The page counts both together, also in the batches of the room.
    """
    said = {"rate_per_hour": 5 + 2, "fan_out": 4_999, "echo": True, "batch": batch}
    return {
        "profile": clients("1 h", {"chat_and_reactions": said}, extends="live-reactions"),
        "peak_connections": 5_000,
        "hours_per_month": 1,
        "options": {},
    }


LIVESTREAM = Example("livestream", livestream(None), 175_035_000, 300_000, 60, 440 + 1 + 1)
BATCHED_LIVESTREAM = Example("livestream", livestream("500 ms"), 36_035_000, 300_000, 60, 94.50)

DASHBOARD = Example(
    "realtime-dashboard",
    {
        # 100 monitors, a reading every 10 seconds, which 5 coordinators see: 8 hours on 22 days
        "profile": clients(
            "8 h",
            {"readings": {"rate_per_hour": "6 / min", "fan_out": 5}},
            other_clients={
                "people": {
                    "per_main_connection": 5 / 100,
                    "profile": clients("8 h", {"commands": SILENT}),
                }
            },
            extends="iot-telemetry",
        ),
        "peak_connections": 100,
        "hours_per_month": 8 * 22,
        # a channel for each of the 100 patients, for 105 connections
        "options": {"echo": False, "connections_per_channel": 105 / 100},
    },
    messages=38_016_000,
    connection_minutes=1_108_800,
    channel_minutes=1_056_000,
    usd=101.50,
)


def odds(batch: dict[str, str] | None) -> dict[str, Any]:
    """50 matches of 2 hours with 200 viewers each, and 10 updates per second."""
    said = {
        "rate_per_hour": "10 / s",
        "fan_out": 200,
        # at regular intervals, so that no window comes empty
        "timing": "synchronized",
        "batch": batch,
    }
    return {
        "profile": clients("2 h", {"odds": said, "scores": SILENT}, extends="live-odds"),
        "peak_connections": 200,
        "hours_per_month": 50 * 2,
        # the page counts 200 channels per match, though an update is published once to 200 viewers
        "options": {"connections_per_channel": 1},
    }


ODDS = Example(
    "data-broadcast",
    odds({"window": "500 ms", "keep": "latest"}),
    messages=147_600_000,
    connection_minutes=1_200_000,
    channel_minutes=1_200_000,
    usd=374.00,
)


def chatbot(batch: str | None) -> dict[str, Any]:
    """35,000 chats of 3 minutes between a person and an agent.

    4 prompts each, and as many answers of 300 tokens, at 75 per second for 4 seconds.
    """
    answers = {
        "rate_per_hour": "75 / s",
        "active_share": 4 * (300 / 75) / (3 * 60),
        # at regular intervals, as the page counts: 100 messages of 300 tokens
        "timing": "synchronized",
        "batch": batch,
    }
    prompts = {"rate_per_hour": 4 * 60 / 3, "to": "agents", "fan_out": 1}
    return {
        "profile": clients(
            "3 min",
            {"prompts": prompts, "answers": answers},
            other_clients={
                "agents": {
                    "per_main_connection": 1,
                    "profile": clients("3 min", {}, title="Agents"),
                }
            },
            extends="ai-token-streaming",
        ),
        "mean_connections": open_at_once(35_000, 3, 730),
        "hours_per_month": 730,
        "options": {"echo": False, "append_rollup": True, "persisted_share": 1},
    }


CHATBOT = Example(
    "ai-chatbot",
    # 25 messages per second, the vendor's default
    chatbot("40 ms"),
    messages=42_420_000,
    connection_minutes=210_000,
    channel_minutes=105_000,
    usd=109.50,
)

# in 20 minutes; the page does not tell who sends how many of the 20
TEN_MESSAGES = {"rate_per_hour": 30, "fan_out": 1}
SUPPORT = Example(
    "support-chat",
    {
        "profile": clients(
            "20 min",
            {"customer_messages": TEN_MESSAGES, "customer_typing": SILENT},
            other_clients={
                "agents": {
                    # the page counts a connection of an agent for each conversation
                    "per_main_connection": 1,
                    "profile": clients(
                        "20 min", {"agent_messages": TEN_MESSAGES, "agent_typing": SILENT}
                    ),
                }
            },
            extends="customer-support",
        ),
        "mean_connections": open_at_once(50_000 * 5, 20, 730),
        "hours_per_month": 730,
        "options": {},
    },
    messages=15_000_000,
    connection_minutes=10_000_000,
    channel_minutes=5_000_000,
    usd=52.50,
)

EXAMPLES = [LIVESTREAM, BATCHED_LIVESTREAM, DASHBOARD, ODDS, CHATBOT, SUPPORT]
COUNTED_ALIKE = [LIVESTREAM, DASHBOARD, ODDS, CHATBOT, SUPPORT]


def named(example: Example) -> str:
    return f"{example.page}, {example.usd:.2f}"


@pytest.fixture(scope="module")
def without_fee(cents: Callable[[ws.Bill], dict[str, float]]) -> Callable[[ws.Bill], float]:
    """What a bill comes to without the fee of the package and servers for one's own code."""

    def usd(bill: ws.Bill) -> float:
        costs = cents(bill)
        return sum(costs[f"{ID}.{meter}"] for meter in METERS)

    return usd


@pytest.mark.parametrize("example", EXAMPLES, ids=named)
def test_the_totals_of_the_page_cost_what_it_says(example: Example):
    bill = ws.price({**example.stated}, region="global")

    assert round(float(bill.total), 2) == example.usd


@pytest.mark.parametrize("example", COUNTED_ALIKE, ids=named)
def test_what_the_page_states_makes_its_totals(
    example: Example,
    quantities: Callable[[ws.Bill], dict[str, float]],
    without_fee: Callable[[ws.Bill], float],
):
    bill = example.bill()
    counted = quantities(bill)

    assert {meter: counted[meter] for meter in example.stated} == pytest.approx(
        example.stated, rel=1e-12
    )
    assert without_fee(bill) == example.usd


def test_batches_of_the_livestream_leave_out_windows_in_which_nothing_is_said(
    quantities, without_fee
):
    # the page counts all 7,200 windows for each of 5,000; of messages at random, 35,000 of them,
    # a share of exp(-35,000 / 7,200) = 0.77% comes empty
    bill = BATCHED_LIVESTREAM.bill()
    counted = quantities(bill)
    empty = 7_200 * 5_000 * np.exp(-35_000 / 7_200)

    assert counted[f"{ID}.messages"] + empty == pytest.approx(36_035_000, rel=1e-9)
    assert counted[f"{ID}.connection_minutes"] == pytest.approx(300_000)
    assert counted[f"{ID}.channel_minutes"] == pytest.approx(60)
    # 36 started millions; with those that are empty there are 37
    assert without_fee(bill) == 94.50 - 2.50


def test_the_livestream_asks_for_more_per_hour_than_the_packages_hold():
    # https://ably.com/docs/platform/pricing/limits: 20,833,000 on the Pro package; the page of the
    # example does not say which package it takes
    bill = BATCHED_LIVESTREAM.bill()
    [hour] = [one for one in bill.verdicts if one.limit.limit == f"{ID}.messages_per_hour"]

    assert float(hour.allowed) == 20_833_000
    assert float(hour.used) == pytest.approx(36_035_000, rel=0.01)


def test_batches_of_the_livestream_save_79_percent(quantities):
    # so the text; the page's description says 95
    batched, each = (quantities(of.bill()) for of in (BATCHED_LIVESTREAM, LIVESTREAM))

    saved = 1 - batched[f"{ID}.messages"] / each[f"{ID}.messages"]
    assert saved == pytest.approx(0.79, abs=0.01)


def test_the_scenario_of_the_monitors_is_the_dashboard(quantities, without_fee):
    bill = ws.estimate(ws.Scenario.load(EXAMPLE_FILES / "patient-monitors.yaml"), ID)
    counted = quantities(bill)

    assert {meter: counted[meter] for meter in DASHBOARD.stated} == pytest.approx(DASHBOARD.stated)
    assert without_fee(bill) == DASHBOARD.usd


def test_odds_in_one_channel_per_match_cost_a_dollar_less(quantities, without_fee):
    # without the slip of the page: 50 matches x 120 minutes
    bill = ODDS.bill(connections_per_channel=None)

    assert quantities(bill)[f"{ID}.channel_minutes"] == pytest.approx(6_000)
    assert without_fee(bill) == 373.00


def test_odds_without_conflation_cost_1800(cents):
    # the page's description: about 1,800; 3.6 million sent and 720 million delivered
    bill = replace(ODDS, inputs=odds(None)).bill()

    assert cents(bill)[f"{ID}.messages"] == 724 * 2.50


def test_tokens_that_are_not_rolled_up_are_three_messages_where_there_was_one(quantities):
    # 300 messages per answer and not 100; as a prompt, each is sent, delivered and stored
    bill = replace(CHATBOT, inputs=chatbot(None)).bill()

    prompts = 35_000 * 4
    assert quantities(bill)[f"{ID}.messages"] == pytest.approx(prompts * 3 * (1 + 300))
