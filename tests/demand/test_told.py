"""What others are told of new connections: how often, how large, and who counts it."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.workload.transport import variants
from estimator.demand.month import expected_month
from estimator.demand.streams import MessageStream
from estimator.deployments.base import from_server, shared_once
from estimator.deployments.fleet.server import _ms_of, server_load
from estimator.deployments.fleet.server_options import ServerOptions
from estimator.deployments.limits import burst_messages, longest_silence_seconds
from estimator.deployments.saas.counting import audience
from estimator.scenario.application import ApplicationWork
from estimator.scenario.flows import AtConnect
from estimator.simulation.load import busiest_second

TELLS = {"tells": 20, "tells_payload": "100 B"}
FLAT = {
    "title": "Made up",
    "session": {"law": "deterministic", "hours": 2},
    "weekly_shape": "flat",
    "flows": {},
    "application": "none",
}
NEW_PER_HOUR = 500
"""1,000 connections of two hours each."""


def demand_of(at_connect: object, **audience: object) -> ws.Demand:
    audience = audience or {"peak_connections": 1_000}
    profile = {**FLAT, "at_connect": at_connect}
    return ws.expected_demand(ws.Scenario(profile=profile, location="virginia", **audience))


def told_in(demand: ws.Demand) -> MessageStream:
    [stream] = [stream for stream in demand.streams if stream.tells_others]
    return stream


class TestMessages:
    def test_each_new_connection_is_told_to_so_many(self):
        told = told_in(demand_of(TELLS))

        assert (told.kind, told.direction) == ("at_connect", "to_client")
        np.testing.assert_allclose(told.per_hour.hourly, NEW_PER_HOUR * 20)
        assert told.payload.mean == 100

    def test_nobody_is_told_by_default(self):
        assert demand_of({"to_client": "1 KB"}).streams[0].tells_others is False
        assert len(demand_of({"tells": 0, "tells_payload": "100 B"}).streams) == 0

    def test_many_scenarios_tell_as_many_as_each_says(self):
        told = told_in(demand_of({"tells": [0, 20, 7], "tells_payload": "100 B"}))

        np.testing.assert_allclose(told.per_hour.mean, [0, NEW_PER_HOUR * 20, NEW_PER_HOUR * 7])

    def test_sizes_make_many_scenarios_too(self):
        payload = {"law": "fixed", "bytes": [100, 300]}
        scenario = ws.Scenario(
            profile={**FLAT, "at_connect": {"tells": 3, "tells_payload": payload}},
            location="virginia",
            peak_connections=1_000,
        )

        assert scenario.many == (2,)

    def test_after_a_cut_each_connection_is_told_again(self):
        cut = demand_of(TELLS).cut_after(0.5)

        # sessions of two hours are four connections of half an hour
        np.testing.assert_allclose(told_in(cut).per_hour.mean, 4 * NEW_PER_HOUR * 20)

    def test_those_who_come_for_the_calendar_are_told_of_too(self):
        event = ws.CalendarEntry(name="Match", on="Tue 14:00", lasts_hours=2, connections=100)
        scenario = ws.Scenario(
            profile={**FLAT, "at_connect": TELLS},
            location="virginia",
            peak_connections=1_000,
            calendar=[event],
        )
        month = expected_month(scenario)

        np.testing.assert_allclose(
            told_in(month).per_hour.hourly, 20 * month.new_connections.hourly
        )
        assert month.new_connections.hourly[1].max() > NEW_PER_HOUR

    @pytest.mark.parametrize("tells", [1, [0, 1]])
    def test_a_message_needs_a_size(self, tells):
        with pytest.raises(ws.ScenarioError, match=r"tells needs tells_payload: .* such as 100 B"):
            AtConnect(tells=tells)


class TestAtOneMoment:
    def test_those_told_of_one_connection_are_a_burst(self):
        assert burst_messages(demand_of(TELLS), told_in(demand_of(TELLS))) == 20

    def test_no_more_are_told_than_are_connected(self):
        few = demand_of(TELLS, peak_connections=7)

        assert burst_messages(few, told_in(few)) == pytest.approx(7)

    def test_in_the_busiest_second_each_new_connection_is_told_to_twenty(self):
        # of a second it is known how many connect, so that nothing is drawn
        found = busiest_second(demand_of(TELLS), np.random.default_rng(3))

        assert found == pytest.approx(20 * NEW_PER_HOUR / 3600)

    def test_they_bound_no_silence(self):
        assert longest_silence_seconds(demand_of(TELLS), "to_client") == np.inf


class TestWhatCountsIt:
    def test_traffic_on_the_wire(self):
        with_it, without = demand_of(TELLS), demand_of({})
        more = [
            with_it.traffic("to_client", layer).mean - without.traffic("to_client", layer).mean
            for layer in ("payload", "websocket")
        ]

        # a WebSocket header of two bytes up to 125 bytes (RFC 6455, 5.2), unmasked to clients
        np.testing.assert_allclose(more, np.array([100, 102]) * NEW_PER_HOUR * 20)

    def test_api_gateway_bills_each_of_them_as_a_message(self):
        def messages(at_connect: object) -> float:
            bill = ws.estimate(
                ws.Scenario(
                    profile={**FLAT, "at_connect": at_connect},
                    location="virginia",
                    peak_connections=1_000,
                    hours_per_month=730,
                    free_allowances="none",
                ),
                "aws.api_gateway",
            )
            items = bill.items
            return sum(
                float(item.usage.quantity)
                for item in items
                if item.usage.meter_id == "aws.api_gateway.messages"
            )

        assert messages(TELLS) - messages({}) == pytest.approx(730 * NEW_PER_HOUR * 20)

    def test_a_service_that_fans_out_is_told_once(self):
        published = {s.name: float(s.per_hour.mean) for s in from_server(demand_of(TELLS))}

        assert published["new connections told to others"] == pytest.approx(NEW_PER_HOUR)

    def test_a_greeting_is_published_to_each(self):
        greeted = from_server(demand_of({"to_client": "1 KB"}))

        assert [float(s.per_hour.mean) for s in greeted] == [pytest.approx(NEW_PER_HOUR)]

    def test_other_nodes_hear_it_once(self):
        [shared] = shared_once(demand_of({**TELLS, "to_client": "1 KB", "from_client": "1 KB"}))

        assert float(shared.per_hour.mean) == pytest.approx(NEW_PER_HOUR)
        assert shared.copies == 20

    def test_a_channel_holds_them_and_the_new_one(self):
        assert audience(demand_of(TELLS)) == 21
        assert audience(demand_of({"to_client": "1 KB"})) == 1

    def test_a_node_sends_them(self):
        def cores(demand: ws.Demand) -> float:
            return float(server_load(demand, ServerOptions()).cores.mean)

        flow = {
            "direction": "server_to_client",
            "rate_per_hour": NEW_PER_HOUR * 20 / 1_000,
            "payload": "100 B",
        }
        as_flow = ws.expected_demand(
            ws.Scenario(
                profile={**FLAT, "flows": {"news": flow}},
                location="virginia",
                peak_connections=1_000,
            )
        )

        assert cores(demand_of(TELLS)) == pytest.approx(cores(as_flow))
        assert cores(demand_of(TELLS)) > cores(demand_of({}))

    def test_the_application_works_on_deliveries_and_not_on_greetings(self):
        work = ApplicationWork(cpu_ms_per_delivery=3.0, cpu_ms_per_new_connection=50.0)
        greeted, *_ = demand_of({"to_client": "1 KB"}).streams

        assert (_ms_of(told_in(demand_of(TELLS)), work), _ms_of(greeted, work)) == (3, 0)

    def test_compression_shrinks_them(self):
        scenario = ws.Scenario(
            profile={**FLAT, "at_connect": TELLS}, location="virginia", peak_connections=1_000
        )

        [smaller] = [each for each in variants(scenario, 0.25) if each.compresses]

        assert told_in(ws.expected_demand(smaller.scenario)).payload.mean == 25


def test_a_storm_tells_of_each_connection_that_comes_back():
    scenario = ws.Scenario(
        profile={**FLAT, "at_connect": TELLS},
        location="virginia",
        peak_connections=1_000,
        faults=[ws.Outage(at="Tue 14:00", share=1)],
    )

    found = ws.simulate(scenario, replications=2)

    told = told_in(found.demand).per_hour.hourly
    new = found.run.stack("new_connections").mean(axis=0).reshape(168, 60).sum(axis=1)
    np.testing.assert_allclose(told, 20 * new)
    # 14:00 in Virginia is 19:00 UTC: all 1,000 or so come back on top of the 500 who come anyway
    assert told[24 + 19] == pytest.approx(20 * 1_500, rel=0.15)
