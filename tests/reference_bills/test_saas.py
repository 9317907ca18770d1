"""Worked examples that managed services publish, as quantities and as workloads."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import estimator as ws


@pytest.fixture(scope="module")
def bill_of(bill_of: Callable[..., ws.Bill]) -> Callable[..., ws.Bill]:
    """Without servers for your own code, which no vendor's example has."""

    def bill(deployment: str, demand: ws.Demand, **given: Any) -> ws.Bill:
        options = {"application": "none", **given.pop("options", {})}
        return bill_of(deployment, demand, options=options, **given)

    return bill


@pytest.fixture(scope="module")
def priced():
    """Total of plain quantities; what a plan includes comes off whatever the allowances."""

    def total(quantities: dict[str | tuple[str, str], float]) -> float:
        return round(float(ws.price({**quantities}, region="global").total), 2)

    return total


class TestCloudflare:
    """https://developers.cloudflare.com/durable-objects/platform/pricing/, examples 1 to 4.

    The vendor leaves out the Worker in front; its requests here stay within what is included.
    """

    ID = "cloudflare.durable_objects"
    MONTH_HOURS = 30 * 24

    def test_example_1_a_single_object_called_by_a_worker(self, priced):
        # 1,000,000 s x 0.128 GB; 0.15 + 0.00 + 5
        quantities = {
            "cloudflare.workers.plan_months": 1,
            "cloudflare.durable_objects.requests": 1_500_000,
            "cloudflare.durable_objects.gb_seconds": 1_000_000 * 0.128,
        }

        assert priced(quantities) == 5.15

    def test_example_2_as_quantities(self, priced):
        quantities = {
            "cloudflare.workers.plan_months": 1,
            "cloudflare.durable_objects.requests": 150_000 + 72_000_000 / 20,
            "cloudflare.durable_objects.gb_seconds": 86_400_000 * 0.128,
        }

        assert priced(quantities) == 142.95

    def test_example_2_rooms_of_50_for_eight_hours_a_day(self, make_demand, bill_of, quantities):
        # 100 objects x 50 sockets, a message per minute from each to the 49 others
        open_hours = np.tile(np.arange(24) < 8, 7)
        bill = bill_of(
            self.ID,
            make_demand(
                5_000.0 * open_hours,
                new_connections=np.where(np.arange(168) % 24 == 0, 5_000.0, 0.0),
                to_server=5_000.0 * 60 * open_hours,
                to_client=5_000.0 * 60 * 49 * open_hours,
                session_hours=8,
                hours_per_month=self.MONTH_HOURS,
            ),
            options={"hibernation": False},
        )

        found = quantities(bill)
        assert found["cloudflare.durable_objects.requests"] == pytest.approx(3_750_000)
        assert found["cloudflare.durable_objects.gb_seconds"] == pytest.approx(11_059_200)
        assert round(float(bill.total), 2) == 142.95

    def test_example_3_one_client_each_that_never_rests(self, make_demand, bill_of):
        # 100 objects of one socket, a message per second: 1.80 + 412.50 + 5
        bill = bill_of(
            self.ID,
            make_demand(
                100,
                new_connections=100 / self.MONTH_HOURS,
                to_server=100 * 3600,
                hours_per_month=self.MONTH_HOURS,
            ),
            options={"hibernation": False},
        )

        assert round(float(bill.total), 2) == 419.30

    def test_example_4_with_hibernation(self, make_demand, bill_of, quantities):
        # 100 objects x 100 sockets, a message per minute from each, 10 ms to handle it and to
        # broadcast it to all 100: 3.15 + 12.50 + 5; the connections of the first day at 2 ms each
        # are 2.56 GB-seconds
        sent = 10_000 * 60
        bill = bill_of(
            self.ID,
            make_demand(
                10_000,
                new_connections=10_000 / self.MONTH_HOURS,
                to_server=sent,
                to_client=sent * 100,
                hours_per_month=self.MONTH_HOURS,
            ),
            options={"connections_per_object": 101},
        )

        found = quantities(bill)
        assert found["cloudflare.durable_objects.requests"] == pytest.approx(21_610_000)
        assert found["cloudflare.durable_objects.gb_seconds"] == pytest.approx(552_960 + 2.56)
        assert round(float(bill.total), 2) == 20.65

    def test_your_own_code_in_an_object_costs_the_time_it_keeps_it_awake(self, make_demand):
        # by hand: 100 messages per second of 50 ms each on top of 2 ms, 30 days:
        # 259,200,000 x 0.050 s x 0.128 GB = 1,658,880 GB-s and 66,355.2 for the messages; less
        # 400,000, started millions: 2 x 12.50. Requests: 12.96 million less 1, 12 x 0.15
        scenario = ws.Scenario(
            profile="workplace-chat",
            location="virginia",
            peak_connections=1,
            hours_per_month=self.MONTH_HOURS,
            options={self.ID: {"application_cpu_ms_per_message": 50, "connections_per_object": 10}},
        )
        demand = make_demand(1_000, to_server=100 * 3600, hours_per_month=self.MONTH_HOURS)
        bill = ws.estimate(scenario, self.ID, demand=demand)

        duration = [
            (item.usage.layer, float(item.usage.quantity))
            for item in bill.items
            if item.usage.meter_id == "cloudflare.durable_objects.gb_seconds"
        ]
        assert duration == [
            ("messaging", pytest.approx(66_355.2)),
            ("application", pytest.approx(1_658_880)),
        ]
        assert round(float(bill.total), 2) == 5 + 25.00 + 1.80

    def test_processor_time_of_the_worker(self, priced):
        # https://developers.cloudflare.com/workers/platform/pricing/, example 1: 15 million
        # requests of 7 ms: 5 + 1.50 + 1.50 (read 2026-11-30)
        quantities = {
            "cloudflare.workers.plan_months": 1,
            "cloudflare.workers.requests": 15_000_000,
            "cloudflare.workers.cpu_ms": 15_000_000 * 7,
        }

        assert priced(quantities) == 8.00


class TestSupabase:
    """https://supabase.com/docs/guides/platform/manage-your-usage/realtime-messages and
    https://supabase.com/docs/guides/platform/manage-your-usage/realtime-peak-connections.

    The server of the examples costs 10 USD, which the plan's compute credit pays.
    """

    ID = "supabase.realtime"

    @pytest.mark.parametrize(
        ("hours", "usd"),
        # https://supabase.com/docs/guides/platform/manage-your-usage/compute: a project all month;
        # one that grows; one all month and two for 20 and 70 hours. The page rounds lines of 744
        # hours to whole dollars (10 is 9.99936), here they are what the hourly prices make
        [
            ({"micro": 744}, 25.00),
            ({"micro": 233, "small": 511}, 25 + 3.13152 + 10.5266 - 10),
            ({"micro": 744 + 20 + 70}, 26.21),
        ],
        ids=str,
    )
    def test_the_servers_of_projects_and_the_credit_of_the_plan(self, priced, hours, usd):
        quantities = {
            "supabase.plan.pro_months": 1,
            **{f"supabase.compute.{size}_hours": each for size, each in hours.items()},
        }

        # 29 of the second example, which adds up 3 and 11
        assert priced(quantities) == pytest.approx(usd, abs=0.005)

    @pytest.mark.parametrize(("messages", "usd"), [(1_800_000, 25.00), (8_500_000, 35.00)])
    def test_messages_of_the_pro_plan(self, priced, messages, usd):
        quantities = {"supabase.plan.pro_months": 1, "supabase.realtime.messages": messages}

        assert priced(quantities) == usd

    def test_8_5_million_messages_as_a_workload(self, make_demand, bill_of):
        # 100 connections; 1.7 million broadcasts to 4 listeners each are 8.5 million
        sent = 1_700_000 / 744
        bill = bill_of(
            self.ID,
            make_demand(100, to_server=sent, to_client=4 * sent, hours_per_month=744),
        )

        assert round(float(bill.total), 2) == 35.00

    @pytest.mark.parametrize(("peak", "usd"), [(350, 0.00), (1_700, 20.00)])
    def test_peak_connections_beyond_those_included(self, make_demand, bill_of, cents, peak, usd):
        bill = bill_of(self.ID, make_demand(100, peak=peak))

        assert cents(bill)["supabase.realtime.peak_connections"] == usd

    @pytest.mark.parametrize(
        ("messages", "usd"), [(999_999, 2.5), (1_000_000, 2.5), (1_000_001, 5.0), (1_500_000, 5.0)]
    )
    def test_started_packages_of_a_million_are_paid_whole(self, priced, messages, usd):
        # the vendor's table, beyond the 5 million of the plan
        assert priced({"supabase.realtime.messages": 5_000_000 + messages}) == usd


def test_pusher_counts_20_million_messages_for_500_subscribers(workload_of_a_day, bill_of):
    # https://docs.bird.com/pusher/channels/channels/limits/how-is-my-message-count-calculated-in-channels
    # 40,000 published to 500 clients: 20,040,000, just beyond the 20 million of the Premium plan
    bill = bill_of("pusher.channels", workload_of_a_day(40_000, 500))
    [item] = bill.items
    [a_day] = [one for one in bill.verdicts if one.limit.limit.endswith("messages_per_day")]

    assert item.rate.meter_id == "pusher.channels.growth_months"
    assert float(a_day.used) == pytest.approx(20_040_000)
    assert float(a_day.allowed) == 40_000_000


def test_pubnub_counts_1_replicated_and_100_edge_transactions(
    workload_of_a_day, bill_of, quantities
):
    # https://support.pubnub.com/hc/en-us/articles/360051974811-How-are-Messages-Counted
    # one message to 100 subscribers; a day a week of 730 hours is 730 / 168 times
    bill = bill_of("pubnub.transactions", workload_of_a_day(1, 100), options={"echo": False})

    found = quantities(bill)
    assert found["pubnub.transactions.replicated"] == pytest.approx(730 / 168)
    assert found["pubnub.transactions.edge"] == pytest.approx(100 * 730 / 168)


@pytest.mark.parametrize(
    ("users", "usd"), [(1_000, 98), (5_000, 370), (10_000, 550), (25_000, 1_130)]
)
def test_pubnub_charges_for_the_people_of_a_month(workload_of_a_day, bill_of, users, usd):
    # https://www.pubnub.com/pricing/, plans of 2026-05-08; a million messages do not count
    options = {"monthly_active_users": users}
    bill = bill_of("pubnub.active_users", workload_of_a_day(10_000, 100), options=options)

    assert bill.total == usd


@pytest.fixture(scope="module")
def workload_of_a_day(make_demand):
    """So many messages, published on one day of the week, to so many clients."""

    def build(published: float, clients: int) -> ws.Demand:
        day = (np.arange(168) // 24 == 2) / 24
        return make_demand(clients, to_server=published * day, to_client=published * clients * day)

    return build
