"""What PubNub counts: people in a month; or transactions, replicated and at the edge."""

from typing import ClassVar

import numpy as np
import pytest

import estimator as ws
from estimator.states import State

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


class TestActiveUsers:
    """https://www.pubnub.com/pricing/: by people who connect in a month, messages included."""

    ID = "pubnub.active_users"

    @pytest.mark.parametrize(
        ("people", "plan", "usd"),
        [
            (200, "free", 0),
            (201, "starter", 98),
            (1_001, "pro_5k", 370),
            (5_001, "pro_10k", 550),
            (25_000, "pro_25k", 1_130),
        ],
    )
    def test_the_smallest_plan_for_the_connections_of_the_peak(
        self, make_demand, bill_of, people, plan, usd
    ):
        bill = bill_of(self.ID, make_demand(people / 2, peak=people))

        [item] = bill.items
        assert item.rate.meter_id == f"pubnub.mau.{plan}_months"
        assert bill.total == usd

    def test_messages_cost_nothing_but_the_free_plan_ends_at_a_million(self, make_demand, bill_of):
        # 10 people; a message of one to nine others is 1 + 9 transactions, and the echo
        few, many = (
            bill_of(self.ID, make_demand(10, to_server=sent, to_client=9 * sent)).total
            for sent in (100, 130)
        )

        assert (few, many) == (0, 98)

    def test_users_per_day_are_the_people_where_a_scenario_gives_them(self, workload, quantities):
        scenario = workload(mean_connections=None, users_per_day=6_000, sessions_per_user_per_day=2)
        bill = ws.estimate(scenario, self.ID)

        # an hour each, twice a day: far fewer are connected at once
        assert quantities(bill) == {"pubnub.mau.pro_10k_months": 1}
        assert "6,000 active users per month: the users per day" in bill.notes[0]

    def test_the_people_of_a_month_can_be_given(self, workload, quantities):
        options = {self.ID: {"monthly_active_users": 20_000}}
        bill = ws.estimate(workload(options=options), self.ID)

        assert quantities(bill) == {"pubnub.mau.pro_25k_months": 1}

    def test_beyond_the_largest_plan_each_user_costs_what_it_does_before(
        self, make_demand, bill_of, share_of
    ):
        # 550 USD for 10,000 and 1,130 for 25,000: 580 / 15,000 = 0.038667 each
        bill = bill_of(self.ID, make_demand(50_000))

        assert bill.total == pytest.approx(1_130 + 25_000 * 580 / 15_000, abs=0.1)
        assert share_of(bill, f"{self.ID}.monthly_active_users") == 2
        assert bill.state is State.QUOTA

    def test_transactions_of_a_user_are_held_against_what_is_taken_for_ordinary(
        self, make_demand, bill_of, share_of
    ):
        # 100 people; 400 a month sent by each to 99 others, and back: 400 x (1 + 99 + 1)
        sent = 100 * 400 / 730
        demand = make_demand(100, to_server=sent, to_client=99 * sent)

        assert share_of(
            bill_of(self.ID, demand), f"{self.ID}.transactions_per_user"
        ) == pytest.approx(400 * 101 / 20_000)

    def test_those_beyond_may_be_billed_as_transactions(self, make_demand, bill_of, quantities):
        sent = 100 * 400 / 730
        demand = make_demand(100, to_server=sent, to_client=99 * sent)
        bill = bill_of(self.ID, demand, answers={"transactions_beyond": "yes"})

        # 40,400 of each, 20,000 are ordinary: 20,400 / 40,400 of 40,000 and of 4,000,000
        beyond = 20_400 / 40_400
        found = quantities(bill)
        assert found[REPLICATED] == pytest.approx(40_000 * beyond)
        assert found[EDGE] == pytest.approx(4_000_000 * beyond)


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

    assert share_of(bill, f"pubnub.network.{limit}") == pytest.approx(share)


@pytest.mark.parametrize(("payload", "noted"), [(32 * 1024, False), (32 * 1024 + 1, True)])
def test_messages_above_32_kib_are_noted(workload, flow, payload, noted):
    bill = ws.estimate(workload({"files": flow(1, payload)}), ID)

    assert ("Messages are limited to 32 KiB" in " ".join(bill.notes)) is noted
