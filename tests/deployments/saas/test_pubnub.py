"""What PubNub counts by transactions: publishing is replicated, delivery happens at the edge."""

from typing import ClassVar

import numpy as np
import pytest

import estimator as ws

ID = "pubnub.transactions"
REPLICATED = f"{ID}.replicated"
EDGE = f"{ID}.edge"


def test_publications_are_replicated_and_deliveries_are_at_the_edge(workload, flow, quantities):
    # 100 x 1 published; 9 others and the sender receive it
    found = quantities(ws.estimate(workload({"posts": flow(1, fan_out=9)}), ID))

    assert found == {
        REPLICATED: pytest.approx(100 * 730),
        EDGE: pytest.approx(100 * 10 * 730),
    }


def test_a_filter_can_keep_own_messages_out(workload, flow, quantities):
    scenario = workload({"posts": flow(1, fan_out=9)}, options={ID: {"echo": False}})

    assert quantities(ws.estimate(scenario, ID))[EDGE] == pytest.approx(100 * 9 * 730)


@pytest.mark.parametrize(("payload", "counted"), [(1, 1), (2048, 1), (2049, 2), (8192, 4)])
def test_both_count_once_for_every_started_2048_bytes(workload, flow, quantities, payload, counted):
    found = quantities(ws.estimate(workload({"posts": flow(1, payload, 9)}), ID))

    assert found[REPLICATED] == pytest.approx(counted * 100 * 730)
    assert found[EDGE] == pytest.approx(counted * 100 * 10 * 730)


class TestEmptyCalls:
    YES: ClassVar = {"empty_calls": "yes"}

    def test_a_silent_connection_calls_every_280_seconds(self, make_demand, bill_of, quantities):
        # 100 connections x 3600 / 280 calls an hour
        demand = make_demand(100)

        assert quantities(bill_of(ID, demand))[EDGE] == 0
        assert quantities(bill_of(ID, demand, answers=self.YES))[EDGE] == pytest.approx(
            100 * 3600 / 280 * 730, rel=1e-6
        )

    def test_the_first_call_of_a_connection_brings_nothing(self, make_demand, bill_of, quantities):
        demand = make_demand(0, new_connections=30)

        assert quantities(bill_of(ID, demand, answers=self.YES))[EDGE] == pytest.approx(30 * 730)

    def test_messages_leave_fewer_calls_empty(self, make_demand, bill_of, quantities):
        # one message in 280 s on average: between two of them 1 / (e - 1) calls end empty
        rate = 3600 / 280
        demand = make_demand(100, to_client=100 * rate)
        more = quantities(bill_of(ID, demand, answers=self.YES))[EDGE]

        empty = more - quantities(bill_of(ID, demand))[EDGE]
        assert empty == pytest.approx(100 * rate / (np.e - 1) * 730)

    def test_chance_says_the_same(self):
        # gaps between random messages, and the whole timeouts that fit into each
        gaps = np.random.default_rng(7).exponential(1.0, 400_000)

        assert np.floor(gaps).mean() == pytest.approx(1 / (np.e - 1), rel=0.01)

    def test_busy_connections_have_none(self, make_demand, bill_of, quantities):
        demand = make_demand(100, to_client=100 * 3600)
        counted = quantities(bill_of(ID, demand, answers=self.YES))[EDGE]

        assert counted == pytest.approx(100 * 3600 * 730)

    def test_an_hour_without_connections_has_none(self, make_demand, bill_of, quantities):
        half = np.zeros(168)
        half[:84] = 100
        demand = make_demand(half)

        assert quantities(bill_of(ID, demand, answers=self.YES))[EDGE] == pytest.approx(
            50 * 3600 / 280 * 730, rel=1e-6
        )


@pytest.mark.parametrize(
    ("demand", "limit", "share"),
    [
        # https://www.pubnub.com/docs/architecture/limits: 32 KiB; 10 to 15 messages per second are
        # advised for a channel; its example of a subscriber receives 400
        ({"to_server": 1, "payload": 65_536}, "message_max_bytes", 2),
        # ten channels of ten connections
        ({"to_server": 300 * 3600}, "publishes_per_second_per_channel", 300 / 10 / 15),
        # and its own messages with those of others
        (
            {"to_server": 100 * 200 * 3600, "to_client": 100 * 400 * 3600},
            "messages_out_per_second_per_connection",
            600 / 400,
        ),
    ],
    ids=str,
)
def test_limits_of_channels_and_subscribers(make_demand, bill_of, share_of, demand, limit, share):
    options = {"connections_per_channel": 10}
    bill = bill_of(ID, make_demand(100, **demand), options=options)

    assert share_of(bill, f"{ID}.{limit}") == pytest.approx(share)


@pytest.mark.parametrize(("payload", "noted"), [(32 * 1024, False), (32 * 1024 + 1, True)])
def test_messages_above_32_kib_are_noted(workload, flow, payload, noted):
    bill = ws.estimate(workload({"files": flow(1, payload)}), ID)

    assert ("Messages are limited to 32 KiB" in " ".join(bill.notes)) is noted
