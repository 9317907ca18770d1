"""Do games, live reactions and live odds send what their sources say?

Expected values are the vendors', or follow from what they publish by the arithmetic shown.
"""

import math

import numpy as np
import pytest

import estimator as ws
from estimator.demand.expected import expected_demand

ROOM = 16
BYTES_PER_PLAYER = 14
"""https://docs.colyseus.io/state/optimization: x and y declared as numbers, in each patch."""


def per_connection_second(scenario: ws.Scenario, kind: str) -> float:
    """Messages of a kind for each open connection."""
    demand = expected_demand(scenario)
    messages = sum(
        float(demand.per_month(each.per_hour)) for each in demand.streams if each.kind == kind
    )
    return messages / float(demand.per_month(demand.connections)) / 3600


def msgpack_bytes(keys: tuple[str, ...]) -> int:
    """Of a map from short keys to booleans: a byte for the map, for each key, and for each value.

    https://github.com/msgpack/msgpack/blob/master/spec.md (fixmap, fixstr, bool).
    """
    return 1 + sum(1 + len(key) + 1 for key in keys)


class TestMultiplayerGame:
    PROFILE = ws.load_profile("multiplayer-game")

    def test_a_patch_holds_the_positions_of_all_players_of_a_room(self):
        patches = self.PROFILE.flows["state_patches"]

        assert patches.fan_out == ROOM
        assert patches.payload.mean == 1 + ROOM * BYTES_PER_PLAYER
        # DEFAULT_PATCH_RATE in https://github.com/colyseus/colyseus, packages/core/src/Room.ts
        assert patches.rate_per_hour == 3600 * 1000 / 50

    def test_an_input_is_four_keys_after_two_bytes_of_type(self):
        payload = self.PROFILE.flows["inputs"].payload

        assert payload.mean == 2 + msgpack_bytes(("left", "right", "up", "down"))

    def test_half_of_the_sessions_end_before_ten_minutes(self):
        # shape 0.5 and scale 20 minutes: mean 20 x Gamma(3), median 20 x ln(2)^2
        session = self.PROFILE.session

        assert session.mean * 60 == pytest.approx(40, rel=2e-4)
        median = np.array(20 / 60 * math.log(2) ** 2)
        assert session.survival(median) == pytest.approx(0.5, abs=1e-4)

    def test_a_client_waits_as_long_as_its_library(self):
        # packages/sdk/src/Room.ts: min(5000, 100 x 2^attempt) ms for attempts from 1 to 15
        policy = self.PROFILE.reconnect

        waits = [min(policy.cap, policy.base * 2**refusals) for refusals in range(15)]
        assert waits == pytest.approx([min(5.0, 0.1 * 2**attempt) for attempt in range(1, 16)])
        assert policy.give_up_after == 15


class TestLiveReactions:
    """https://ably.com/docs/platform/pricing/examples/livestream."""

    SCENARIO = ws.Scenario(
        profile={"extends": "live-reactions", "weekly_shape": "flat"},
        location="virginia",
        peak_connections=5_000,
    )

    def test_a_room_gets_the_batches_of_the_vendor(self):
        # 7,200 windows per hour, which the vendor counts all; 35,000 messages leave few empty
        found = per_connection_second(self.SCENARIO, "passed_on") * 3600

        assert found == pytest.approx(7_200 * (1 - math.exp(-35_000 / 7_200)), rel=1e-6)
        assert found == pytest.approx(7_200, rel=0.01)

    def test_without_batches_a_room_gets_every_message(self):
        flow = {"chat_and_reactions": {"batch": None}}
        one_by_one = {"extends": "live-reactions", "weekly_shape": "flat", "flows": flow}
        found = per_connection_second(self.SCENARIO.replace(profile=one_by_one), "passed_on")

        assert found * 3600 * 5_000 == pytest.approx(175_000_000)


def test_conflation_leaves_a_viewer_two_of_ten_odds_per_second():
    # https://ably.com/docs/platform/pricing/examples/data-broadcast: at regular intervals as the
    # vendor counts, and at random a little less
    scenario = ws.Scenario(profile="live-odds", location="virginia", peak_connections=10_000)
    regular = {"extends": "live-odds", "flows": {"odds": {"timing": "synchronized"}}}
    scores = 15 / 3600

    at_random = per_connection_second(scenario, "published") - scores
    assert at_random == pytest.approx(2 * (1 - math.exp(-5)), rel=1e-6)
    counted = per_connection_second(scenario.replace(profile=regular), "published") - scores
    assert counted == pytest.approx(2, rel=1e-6)
