"""A message to many is many deliveries at one moment: what limits per second see of it."""

import json
from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.demand.expected import expected_demand
from estimator.deployments.limits import busiest_second, longest_silence_seconds

API_GATEWAY = "aws.api_gateway"
REQUESTS = f"{API_GATEWAY}.account_requests_per_second"
BUCKET = 5_000
"""Of API Gateway, beside 10,000 requests per second."""


def scenario(peak: Any = 100_000, *, heartbeat: Any = None, options: Any = None, **flows: Any):
    """As many connections in all hours, none of which is ever made anew in the hour of a test."""
    profile = {
        "title": "Bursts",
        "session": {"law": "deterministic", "hours": 10_000},
        "weekly_shape": "flat",
        "flows": flows,
        "heartbeat": heartbeat,
        # rules that call a function for it would count beside what is sent
        "application": "none",
    }
    return ws.Scenario(
        profile=profile, location="virginia", peak_connections=peak, options=options or {}
    )


def flow(rate: Any, *, server: bool = False, **more: Any) -> dict[str, Any]:
    direction = "server_to_client" if server else "client_to_server"
    return {"direction": direction, "rate_per_hour": rate, "payload": 200, **more}


def verdict(found: ws.Scenario, limit: str):
    [service, _] = limit.rsplit(".", 1)
    bill = ws.estimate(found, service)
    return next(each for each in bill.verdicts if each.limit.limit == limit)


def seconds_behind_a_token_bucket(burst: int, rate: int, bucket: int) -> float:
    """Until the last of a burst got its token, if a token comes every 1 / rate seconds."""
    tokens, waiting, now = bucket, burst, 0.0
    while waiting > 0:
        served = min(tokens, waiting)
        tokens, waiting = tokens - served, waiting - served
        if waiting:
            now += 1 / rate
            tokens += 1
    return now


class TestTokenBucket:
    @pytest.fixture
    def announcement(self):
        # one announcement per minute to each of 100,000 clients
        return scenario(
            news=flow(60, server=True, fan_out=100_000), heartbeat={"interval_seconds": 60}
        )

    def test_an_announcement_to_all_needs_ten_seconds(self, announcement):
        found = verdict(announcement, REQUESTS)

        assert seconds_behind_a_token_bucket(100_000, 10_000, BUCKET) == pytest.approx(9.5)
        assert (
            "each of 'news' is 100,000 at one moment and needs 10 s at 10,000 per second, 9.5 s "
            "after a full bucket of 5,000"
        ) in found.explain()
        assert "quota increase ×9.6" in found.explain()  # (95,000 + 222) of 10,000
        # of the burst, what finds no token, and one message of each client in 450 s that keeps it
        # connected; on average 1,889 per second, which would pass
        assert float(found.used) == pytest.approx(100_000 - BUCKET + 100_000 / 450)
        assert found.burst is not None
        assert found.burst.seconds == pytest.approx(10)

    def test_a_quota_is_raised_and_leaves_it_within_limits(self, announcement):
        bill = ws.estimate(announcement, API_GATEWAY)

        assert (bill.state, bill.state_words) == ("quota increase", "quota increase ×9.6")
        told = json.loads(bill.to_json())
        # 100,000 at one moment less the bucket, and what comes besides, of 10,000 per second
        assert told["quota_factor"] == pytest.approx((100_000 - BUCKET + 100_000 / 450) / 10_000)
        [limit] = [each for each in told["limits"] if each["limit"] == REQUESTS]
        assert limit["burst_seconds"] == pytest.approx(10)

    def test_the_simulation_says_it_too(self, announcement):
        small = announcement.replace(peak_connections=20_000)
        found = ws.simulate(small, API_GATEWAY, replications=2, seed=1)
        [limit] = [each for each in found.limits if each.limit.limit == REQUESTS]

        assert "each of 'news' is 20," in limit.explain()
        assert limit.burst is not None
        assert limit.burst.seconds == pytest.approx(2, rel=0.01)

    @pytest.mark.parametrize(
        ("recipients", "used", "state"),
        [
            (4_000, 0, "within limits"),  # the bucket holds tokens for all
            (12_000, 7_000, "within limits"),
            (14_000, 9_000, "near a limit"),
            (16_000, 11_000, "quota increase"),
        ],
    )
    def test_a_full_bucket_is_taken_off(self, recipients, used, state):
        # one message per hour for each, so that the mean is next to nothing
        found = verdict(scenario(news=flow(1, server=True, fan_out=recipients)), REQUESTS)

        assert float(found.used) == pytest.approx(max(used, 100_000 / 3600))
        assert found.state == state
        assert (found.burst is not None) == (state == "quota increase")

    def test_what_else_is_sent_counts_with_the_burst(self):
        noise = flow(36, server=True)  # 1,000 per second from all
        found = verdict(scenario(noise=noise, news=flow(1, server=True, fan_out=12_000)), REQUESTS)

        assert float(found.used) == pytest.approx(1_000 + 12_000 - BUCKET, rel=1e-3)


class TestTiming:
    @pytest.mark.parametrize(
        ("timing", "used", "late"), [("spread", 500, ""), ("synchronized", 30_000, "needs 3 s at")]
    )
    def test_devices_that_report_on_the_minute(self, timing, used, late):
        found = verdict(
            scenario(30_000, reports=flow(60, timing=timing)),
            "aws.appsync_events.inbound_events_per_second",
        )

        assert float(found.used) == pytest.approx(used)
        assert late in found.explain()

    def test_those_that_are_active_take_part(self):
        reports = flow(60, timing="synchronized", active_share=0.25)
        found = verdict(
            scenario(30_000, reports=reports), "aws.appsync_events.inbound_events_per_second"
        )

        assert float(found.used) == pytest.approx(7_500)

    @pytest.mark.parametrize("per_second", [1, 5])
    def test_ticks_every_second_are_their_mean(self, per_second):
        ticks = flow(f"{per_second} / s", server=True, timing="synchronized")
        found = verdict(scenario(4_000, ticks=ticks), REQUESTS)

        assert float(found.used) == pytest.approx(4_000 * per_second, rel=1e-6)

    def test_what_is_passed_on_at_one_moment(self):
        # each of 1,000 sends to 30 others at the same moment: 30,000 deliveries, 20,000 per second
        moves = flow(60, timing="synchronized", fan_out=30)
        found = verdict(scenario(1_000, moves=moves), "aws.iot_core.publishes_out_per_second")

        assert float(found.used) == pytest.approx(30_000)
        assert "needs 1.5 s at 20,000 per second" in found.explain()

    @pytest.mark.parametrize(
        ("clients", "state"), [(20_000, "near a limit"), (20_001, "quota increase")]
    )
    def test_a_burst_may_fill_a_limit(self, clients, state):
        found = verdict(
            scenario(clients, x=flow(7, server=True, timing="synchronized")),
            "aws.iot_core.publishes_out_per_second",
        )

        assert found.state == state
        assert (found.burst is None) == (state == "near a limit")

    def test_a_connection_that_gets_more_at_one_moment_than_it_may(self):
        # AWS lets 100 per second pass on one connection
        limit = "aws.iot_core.publishes_per_second_per_connection"
        together = flow(6, timing="synchronized", fan_out=150)
        one_by_one = flow(6, fan_out=150)

        assert float(verdict(scenario(200, x=together), limit).used) == pytest.approx(150)
        assert verdict(scenario(200, x=one_by_one), limit).state == "within limits"

    def test_a_batch_of_all_is_one_delivery_to_each(self):
        moves = flow(60, timing="synchronized", fan_out=30, batch="1 s")
        found = verdict(scenario(1_000, moves=moves), "aws.iot_core.publishes_out_per_second")

        assert float(found.used) == pytest.approx(1_000)

    def test_a_connection_is_checked_while_its_flow_runs(self):
        # 150 per second in a tenth of a session are 15 on average
        found = verdict(
            scenario(10, x=flow("150 / s", active_share=0.1)),
            "aws.iot_core.publishes_per_second_per_connection",
        )

        assert float(found.used) == pytest.approx(150)
        assert found.state == "over a hard limit"


class TestOthersWhoSeeBursts:
    def test_supabase_tells_how_long_it_takes(self):
        news = scenario(5_000, news=flow(1, server=True, fan_out=5_000))
        found = verdict(news, "supabase.realtime.messages_per_second")

        # 5,000 deliveries and the publication itself
        assert float(found.share) == pytest.approx(5_000 / 2_500, rel=1e-3)
        assert (
            str(found.burst)
            == "each of 'news' is 5,000 at one moment and needs 2 s at 2,500 per second"
        )

    def test_an_object_of_cloudflare_gets_what_its_clients_send_at_one_moment(self):
        def share(timing: str) -> float:
            reports = flow(60, timing=timing)
            options = {"cloudflare.durable_objects": {"connections_per_object": 2_000}}
            found = scenario(4_000, reports=reports, options=options)
            return float(verdict(found, "cloudflare.durable_objects.requests_per_second").share)

        # two objects of 1,000 per second: 4,000 messages a minute, or at one moment
        assert share("spread") == pytest.approx(4_000 / 60 / 2_000, rel=1e-5)
        assert share("synchronized") == pytest.approx(4_000 / 2_000)

    def test_lambda_is_called_for_what_clients_send_at_one_moment(self):
        limit = "aws.lambda.requests_per_second_per_execution"
        options = {API_GATEWAY: {"backend": "lambda_dynamodb"}}
        found = scenario(15_000, x=flow(60, timing="synchronized"), options=options)
        [judged] = [
            each for each in ws.estimate(found, API_GATEWAY).verdicts if each.limit.limit == limit
        ]

        assert float(judged.used) == pytest.approx(15_000, rel=1e-3)


class TestNobodyRefuses:
    def test_units_of_azure_send_later(self):
        # 1,000 connections on one unit that sends 3,000 per second
        moves = flow(1, timing="synchronized", fan_out=12)
        found = verdict(
            scenario(1_000, moves=moves), "azure.web_pubsub.outbound_messages_per_second_per_unit"
        )

        assert float(found.used) == pytest.approx(12_000 / 3600)
        assert found.state == "within limits"
        assert "each of 'moves' is 12,000 at one moment and needs" in found.explain()

    @pytest.mark.parametrize("deployment", ["aws.alb_ec2", "gcp.cloud_run"])
    def test_processors_of_a_fleet_take_their_time(self, deployment):
        # 90 at once are less than a core of 0.6 or more passes on, at 200 per core and second
        options = {deployment: {"messages_per_core_second": 200, "application": "none"}}
        few = scenario(90, news=flow(1, server=True, fan_out=90), options=options)
        many = scenario(50_000, news=flow(1, server=True, fan_out=50_000), options=options)

        assert "at one moment" not in " ".join(ws.estimate(few, deployment).notes)
        notes = " ".join(ws.estimate(many, deployment).notes)
        assert "Each of 'news' is 50,000 at one moment and needs" in notes
        assert "which is what all nodes together pass on" in notes


class TestManyScenarios:
    def test_each_sees_its_own_burst(self):
        peaks, recipients = [1_000.0, 20_000.0, 80_000.0], [40.0, 9_000.0, 1e9]
        together = scenario(peaks, news=flow(2, server=True, fan_out=recipients))
        alone = [
            scenario(peak, news=flow(2, server=True, fan_out=fan_out))
            for peak, fan_out in zip(peaks, recipients, strict=True)
        ]

        found = verdict(together, REQUESTS)
        expected = [float(verdict(each, REQUESTS).used) for each in alone]
        np.testing.assert_allclose(found.used, expected, rtol=1e-12)
        assert found.burst is not None
        assert found.burst.messages == pytest.approx(80_000)

    def test_no_more_come_at_once_than_are_connected(self):
        found = expected_demand(scenario(300, news=flow(2, server=True, fan_out=1e6)))

        assert busiest_second(found, found.streams).bursts[0].messages == pytest.approx(300)


class TestSilence:
    def test_a_synchronized_flow_is_never_silent_for_longer_than_its_interval(self):
        for more in ({}, {"batch": {"window": "1 s", "keep": "latest"}}):
            found = expected_demand(
                scenario(10, ticks=flow(60, server=True, timing="synchronized", **more))
            )

            assert float(longest_silence_seconds(found, "to_client")) == pytest.approx(60)

    def test_a_flow_that_runs_now_and_then_keeps_nothing_open(self):
        found = expected_demand(scenario(10, x=flow("10 / s", server=True, active_share=0.5)))

        assert np.isinf(longest_silence_seconds(found, "to_client"))
