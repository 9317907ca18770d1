"""What Cloudflare counts: connects, messages in by twenty, and how long objects are in memory."""

from typing import ClassVar

import numpy as np
import pytest

import estimator as ws

ID = "cloudflare.durable_objects"
REQUESTS = f"{ID}.requests"
DURATION = f"{ID}.gb_seconds"
WORKER = "cloudflare.workers.requests"
EGRESS = "cloudflare.egress.internet"
CPU = "cloudflare.workers.cpu_ms"
PLAN = "cloudflare.workers.plan_months"


def test_a_connect_is_a_request_of_the_object_and_of_the_worker(make_demand, bill_of, quantities):
    found = quantities(bill_of(ID, make_demand(10, new_connections=30)))

    assert found[REQUESTS] == found[WORKER] == pytest.approx(30 * 730)


def test_twenty_messages_in_are_a_request_and_messages_out_are_free(
    make_demand, bill_of, quantities
):
    found = quantities(bill_of(ID, make_demand(10, to_server=20, to_client=1000)))

    assert found[REQUESTS] == pytest.approx(730)
    assert found[WORKER] == 0


def test_size_does_not_matter(make_demand, bill_of, quantities):
    found = quantities(bill_of(ID, make_demand(10, to_server=20, payload=900_000)))

    assert found[REQUESTS] == pytest.approx(730)


def test_pings_are_free_but_heartbeats_of_the_application_count(workload, quantities):
    # 100 connections, every 360 s: 1,000 an hour; 100 new connections per hour
    beats = {"interval_seconds": 360, "payload_bytes": 2}
    pings, messages = (
        quantities(ws.estimate(workload(heartbeat=beats | {"kind": kind}), ID))[REQUESTS]
        for kind in ("protocol", "application")
    )

    assert pings == pytest.approx(100 * 730)
    assert messages == pytest.approx((100 + 1000 / 20) * 730)


def test_each_message_the_server_publishes_is_a_call_through_a_worker(workload, flow, quantities):
    # 100 x 6 received an hour, 50 share each: 12 calls; 100 connects
    found = quantities(ws.estimate(workload({"ticks": flow(6, fan_out=50, server=True)}), ID))

    assert found[REQUESTS] == found[WORKER] == pytest.approx((100 + 12) * 730)


def test_objects_are_billed_128_mb_while_connections_are_open(make_demand, bill_of, quantities):
    # 1,000 connections for 12 hours of each day, 50 to an object: 20 objects, half of the time
    day = np.tile(np.repeat([1000.0, 0.0], 12), 7)
    options = {"connections_per_object": 50, "hibernation": False}
    bill = bill_of(ID, make_demand(day), options=options)

    assert quantities(bill)[DURATION] == pytest.approx(20 * 730 / 2 * 3600 * 0.128)


def test_an_object_holds_those_that_share_a_message_unless_told_otherwise(
    workload, flow, quantities
):
    # 100 connections in rooms of a sender and 19 others: 5 objects
    # which are awake as long as connections are open
    awake = {"hibernation": False}
    scenario = workload({"posts": flow(1, fan_out=19)}, options={ID: awake})
    one_each = scenario.replace(options={ID: awake | {"connections_per_object": 1}})

    for asked, objects in ((scenario, 5), (one_each, 100)):
        assert quantities(ws.estimate(asked, ID))[DURATION] == pytest.approx(
            objects * 730 * 3600 * 0.128
        )


class TestHibernation:
    def test_it_is_how_objects_run_as_the_vendor_recommends(self, make_demand, bill_of, quantities):
        # https://developers.cloudflare.com/durable-objects/best-practices/websockets/
        assert quantities(bill_of(ID, make_demand(1_000)))[DURATION] == 0

    def test_objects_are_awake_for_what_comes_in_and_for_each_who_receives(
        self, workload, flow, quantities
    ):
        # 100 connects, 300 in, 600 / 50 published an hour, 10 ms each; 600 out, 0.5 ms each
        flows = {"posts": flow(3), "ticks": flow(6, fan_out=50, server=True)}
        options = {ID: {"ms_per_message": 10, "ms_per_push": 0.5}}
        bill = ws.estimate(workload(flows, options=options), ID)

        seconds = 412 * 0.010 + 600 * 0.0005
        assert quantities(bill)[DURATION] == pytest.approx(seconds * 730 * 0.128)

    def test_a_message_to_1000_takes_longer_than_one_to_nobody(self, workload, flow, quantities):
        # 2 ms, and 0.08 ms for each: example 4 of the vendor takes 10 ms for 100 connections
        lone, heard = (
            quantities(
                ws.estimate(workload({"posts": flow(1, fan_out=k)}, mean_connections=5_000), ID)
            )[DURATION]
            for k in (0, 1_000)
        )

        connects = 5_000 * 730 * 0.002 * 0.128
        assert lone - connects == pytest.approx(5_000 * 730 * 0.002 * 0.128)
        assert heard - connects == pytest.approx(5_000 * 730 * 0.082 * 0.128)

    def test_the_times_can_be_given(self, make_demand, bill_of, quantities):
        options = {"ms_per_message": 3, "ms_per_push": 0}
        bill = bill_of(ID, make_demand(100, to_server=1000, to_client=9000), options=options)

        assert quantities(bill)[DURATION] == pytest.approx(1000 * 730 * 0.003 * 0.128)

    def test_no_object_is_awake_longer_than_all_the_time(self, make_demand, bill_of, quantities):
        # a million messages of a second each an hour, on 10 objects
        options = {"hibernation": True, "ms_per_message": 1000, "connections_per_object": 10}
        demand = make_demand(100, to_server=1e6)
        awake = quantities(bill_of(ID, demand, options=options))[DURATION]

        assert awake == pytest.approx(10 * 730 * 3600 * 0.128)

    def test_it_never_costs_more(self, make_demand, bill_of):
        demand = make_demand(5_000, to_server=40_000, to_client=400_000, new_connections=100)
        usual, sleeping = (
            bill_of(ID, demand, options={"hibernation": choice}).total for choice in (False, True)
        )

        assert sleeping < usual

    def test_a_note_tells_where_it_is_off(self, make_demand, bill_of):
        awake, sleeping = (
            " ".join(bill_of(ID, make_demand(10), options={"hibernation": choice}).notes)
            for choice in (False, True)
        )

        assert "hibernation: false" in awake
        assert "hibernation" not in sleeping


class TestOwnCode:
    """It runs in the object, but for sign-ins, which the Worker in front handles."""

    OPTIONS: ClassVar = {
        "application_cpu_ms_per_message": 50,
        "application_cpu_ms_per_new_connection": 15,
    }

    def test_its_time_is_billed_on_lines_of_its_own(self, make_demand, bill_of):
        # 1,000 messages and 30 connects an hour
        demand = make_demand(100, to_server=1000, new_connections=30)
        bill = bill_of(ID, demand, options=self.OPTIONS)
        own = {
            item.usage.meter_id: float(item.usage.quantity)
            for item in bill.items
            if item.usage.layer == "application"
        }

        assert own == {
            DURATION: pytest.approx(1000 * 730 * 0.050 * 0.128),
            CPU: pytest.approx(30 * 730 * 15),
        }

    def test_it_costs_nothing_more_where_objects_are_awake_anyway(self, make_demand, bill_of):
        demand = make_demand(100, to_server=1000)
        with_code, without = (
            bill_of(ID, demand, options={"hibernation": False, **options}).total
            for options in (self.OPTIONS, {})
        )

        assert with_code == without

    def test_none_has_no_lines(self, make_demand, bill_of):
        bill = bill_of(ID, make_demand(100, to_server=1000), options={"application": "none"})

        assert bill.by_layer["application"] == 0

    def test_a_note_tells_what_is_not_billed_and_what_is_not_counted(self, make_demand, bill_of):
        demand = make_demand(100, to_server=1000)
        with_code, without = (
            " ".join(bill_of(ID, demand, options=options).notes) for options in (self.OPTIONS, {})
        )

        assert "waits for a database" in with_code
        assert "waits for a database" not in without


def test_a_request_of_the_worker_takes_2_2_ms_of_a_processor(make_demand, bill_of, quantities):
    # the average of all Workers: https://developers.cloudflare.com/workers/platform/limits/
    found = quantities(bill_of(ID, make_demand(10, new_connections=30)))

    assert found[CPU] == pytest.approx(30 * 730 * 2.2)


def test_a_message_for_more_than_an_object_has_is_passed_on_a_request_each(
    workload, flow, quantities
):
    # 1,000 connections in objects of 100, all of which hear everything: a message of a client
    # reaches 9 further objects, one of the server 10
    scenario = workload(
        {"posts": flow(1, fan_out=999), "news": flow(2, fan_out=1_000, server=True)},
        mean_connections=1_000,
        options={ID: {"connections_per_object": 100}},
    )
    found = quantities(ws.estimate(scenario, ID))

    assert found[REQUESTS] == pytest.approx((1_000 + 1_000 / 20 + 1_000 * 9 + 2 * 10) * 730)
    assert found[WORKER] == pytest.approx((1_000 + 2) * 730)


def test_an_object_works_one_second_in_each_second(make_demand, bill_of, share_of):
    # 2 objects; 40 messages per second to 100 clients each: 40 x (2 + 100 x 0.08) ms; an object is
    # single-threaded: https://developers.cloudflare.com/durable-objects/best-practices/rules-of-durable-objects/
    demand = make_demand(202, to_server=40 * 3600, to_client=40 * 100 * 3600)
    bill = bill_of(ID, demand, options={"connections_per_object": 101})

    assert share_of(bill, f"{ID}.busy_seconds_per_second") == pytest.approx(0.4 / 2)


def test_data_out_stands_on_the_bill_at_no_cost(make_demand, bill_of):
    bill = bill_of(ID, make_demand(10, to_client=1000, payload=1e6))
    [line] = [item for item in bill.items if item.rate.meter_id == EGRESS]

    assert float(line.usage.quantity) == pytest.approx(730)
    assert float(line.cost_usd) == 0
    assert line.rate.source.startswith("https://")


@pytest.mark.parametrize("allowances", ["none", "always"])
def test_what_the_plan_includes_is_taken_off_as_its_fee_is_on_the_bill(
    make_demand, bill_of, allowances
):
    # one object all month: 336,384 of 400,000 GB-seconds; 14,600 messages
    bill = bill_of(ID, make_demand(1, to_server=20), free_allowances=allowances)

    assert bill.total == 5


@pytest.mark.parametrize("hours", [672, 744])
def test_the_plan_costs_the_same_in_every_month(make_demand, bill_of, quantities, hours):
    assert quantities(bill_of(ID, make_demand(10, hours_per_month=hours)))[PLAN] == 1


@pytest.mark.parametrize("rate", [500, 1001])
def test_an_object_takes_1000_messages_per_second(make_demand, bill_of, share_of, rate):
    # 200 connections on two objects
    bill = bill_of(
        ID,
        make_demand(200, to_server=2 * rate * 3600),
        options={"connections_per_object": 100},
    )

    assert share_of(bill, f"{ID}.requests_per_second") == pytest.approx(rate / 1_000)


@pytest.mark.parametrize(("together", "connections"), [(50_000, 40_000), (50_000, 60_000)])
def test_an_object_holds_32768_connections(make_demand, bill_of, share_of, together, connections):
    # https://developers.cloudflare.com/durable-objects/api/state/
    options = {"connections_per_object": together}
    bill = bill_of(ID, make_demand(connections), options=options)

    most = min(together, connections)
    assert share_of(bill, f"{ID}.connections_per_object") == pytest.approx(most / 32_768)


def test_a_message_takes_30_seconds_of_processor_time_at_most(make_demand, bill_of, share_of):
    bill = bill_of(ID, make_demand(10), options={"ms_per_message": 60_000, "ms_per_push": 0})

    assert share_of(bill, f"{ID}.cpu_seconds_per_request") == pytest.approx(2)
    # and five minutes where that is raised
    assert share_of(bill, f"{ID}.cpu_seconds_per_request_max") == pytest.approx(60 / 300)


def test_messages_in_above_32_mib_are_noted_and_messages_out_are_not(workload, flow):
    large = 32 * 1024**2 + 1
    to_server, to_client = (
        " ".join(ws.estimate(workload({"files": flow(0.1, large, server=server)}), ID).notes)
        for server in (False, True)
    )

    assert "Messages are limited to 32 MiB" in to_server
    assert "Messages are limited to" not in to_client


class TestOverHttp:
    """Requests that are not WebSockets."""

    @staticmethod
    def bill(transport) -> ws.Estimate:
        session = {"law": "exponential", "mean_hours": 1}
        scenario = ws.Scenario(
            profile="market-data",
            location="virginia",
            peak_connections=100,
            transport=transport,
            options={ID: {"connections_per_object": 50, "application": "none"}},
            free_allowances="none",
        )
        return ws.estimate(scenario, ID, demand=ws.Demand.of(100, session=session, flows={}))

    def test_each_poll_is_a_request_of_the_worker_and_of_the_object(self, quantities):
        # 100 clients every 5 s are 20 per second; each takes the object 2 ms, at 0.128 GB
        found = quantities(self.bill({"kind": "polling", "every_seconds": 5}))

        assert found[REQUESTS] == found[WORKER] == pytest.approx(20 * 2_628_000)
        assert found[CPU] == pytest.approx(20 * 2_628_000 * 2.2)
        assert found[DURATION] == pytest.approx(20 * 2_628_000 * 0.002 * 0.128)

    def test_an_open_stream_keeps_its_object_in_memory(self, quantities):
        # two objects of 50 all month
        bill = self.bill("server_sent_events")

        assert quantities(bill)[DURATION] == pytest.approx(2 * 2_628_000 * 0.128)
        assert any("only WebSockets let them hibernate" in note for note in bill.notes)

    def test_a_long_poll_does_so_between_its_turnarounds(self, quantities):
        transport = {"kind": "long_polling", "timeout_seconds": 4.9, "turnaround_seconds": 0.1}

        found = quantities(self.bill(transport))[DURATION]
        assert found == pytest.approx(2 * 2_628_000 * 0.128 * 4.9 / 5)
