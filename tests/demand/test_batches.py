"""Batches, echo and active share of flows: against published examples and plain arithmetic."""

import math
from typing import Any

import numpy as np
import pytest
from scipy import stats

import estimator as ws
from estimator.scenario.sizes import (
    BatchedSize,
    EmpiricalSize,
    FixedSize,
    LognormalSize,
    WindowCount,
)

HOUR = 3600.0


def streams(flow, connections: Any = 1.0):
    """The streams of a flow with so many open connections in all hours, by their kinds."""
    demand = ws.Demand.of(
        connections, session={"law": "exponential", "mean_hours": 1}, flows={"x": flow}
    )
    return {stream.kind: stream for stream in demand.streams}


def ticks(rate, window=None, keep="latest", **more):
    batch = {} if window is None else {"batch": {"window": window, "keep": keep}}
    said = {"direction": "server_to_client", "rate_per_hour": rate, "payload": 100}
    return {**said, **batch, **more}


class TestDeliveries:
    def test_the_livestream_of_ably(self):
        """https://ably.com/docs/platform/pricing/examples/livestream: 5,000 people send 7 messages
        each in an hour, to all of them; batches of 500 ms make 36,000,000 deliveries of 175 million
        if none of the 7,200 windows is empty.
        """
        chat = {
            "direction": "client_to_server",
            "rate_per_hour": 7,
            "payload": 100,
            "fan_out": 4_999,
            "echo": True,
        }
        each = streams(chat, 5_000)
        batched = streams({**chat, "batch": {"window": "500 ms"}}, 5_000)

        assert each["sent"].per_hour.peak == pytest.approx(35_000)
        assert each["passed_on"].per_hour.peak == pytest.approx(175_000_000)
        # 4.861 messages in a window on average, so exp(-4.861) = 0.77% of them are empty
        empty = math.exp(-35_000 / 7_200)
        assert batched["passed_on"].per_hour.peak == pytest.approx(36e6 * (1 - empty), rel=1e-9)
        assert batched["passed_on"].per_hour.peak == pytest.approx(36e6, rel=0.01)

    def test_the_odds_of_ably(self):
        """https://ably.com/docs/platform/pricing/examples/data-broadcast: conflation of 500 ms
        reduces 10 updates per second to 2.
        """
        odds = ticks("10 / s", "500 ms", timing="synchronized")

        assert streams(odds)["published"].per_hour.peak == pytest.approx(2 * HOUR)

    def test_random_messages_by_hand(self):
        # 2 per second, windows of 0.5 s: one in each on average, so 1 - 1/e of 2 windows per second
        found = streams(ticks("2 / s", "500 ms"))["published"].per_hour.peak

        assert found == pytest.approx(2 * HOUR * 0.6321205588, rel=1e-9)

    @pytest.mark.parametrize("timing", ["spread", "synchronized"])
    @pytest.mark.parametrize("rate", [0.0, 0.01, 1.0, 60.0, 3600.0, 1e5])
    @pytest.mark.parametrize("window", [0.001, 0.5, 60.0, 86_400.0])
    def test_never_more_than_one_per_window_nor_than_messages(self, timing, rate, window):
        flow = ticks(rate, window, timing=timing)
        found = float(streams(flow)["published"].per_hour.peak)

        most = min(rate, HOUR / window)
        assert found <= most * (1 + 1e-12)
        # at random half of them at least are one delivery: 1 - 1/e of both where they are as many
        assert found >= most * (1 if timing == "synchronized" else 0.63) * (1 - 1e-12)

    def test_a_short_window_changes_nothing(self):
        found = streams(ticks(60, "1 ms", "all"))["published"]

        assert found.per_hour.peak == pytest.approx(60, rel=1e-4)
        assert found.payload.mean == pytest.approx(100, rel=1e-4)

    def test_senders_that_are_active_now_and_then(self):
        """Five cursors, 30 positions per second in a tenth of the time, windows of 50 ms: that a
        client gets nothing in one is (1 - 0.1 (1 - exp(-1.5)))^4.
        """
        cursors = {
            "direction": "client_to_server",
            "rate_per_hour": "30 / s",
            "payload": 50,
            "fan_out": 4,
            "active_share": 0.1,
        }
        found = streams({**cursors, "batch": {"window": "50 ms"}}, 5)
        nothing = (1 - 0.1 * (1 - math.exp(-1.5))) ** 4

        assert found["sent"].per_hour.peak == pytest.approx(5 * 3 * HOUR)
        assert streams(cursors, 5)["passed_on"].per_hour.peak == pytest.approx(5 * 12 * HOUR)
        assert found["passed_on"].per_hour.peak == pytest.approx(5 * 20 * HOUR * (1 - nothing))

    def test_windows_that_were_drawn(self):
        rng = np.random.default_rng(7)
        active = rng.binomial(3, 0.4, 200_000)
        counts = rng.poisson(0.8 * active)
        count = WindowCount(messages_each=0.8, senders=3, active_share=0.4)

        assert np.mean(counts > 0) == pytest.approx(count.some, abs=0.005)
        assert counts[counts > 0].mean() == pytest.approx(count.mean, rel=0.01)
        assert counts[counts > 0].std() == pytest.approx(count.deviation, rel=0.02)

    def test_each_of_many_scenarios_has_its_own(self):
        windows, shares = np.array([0.1, 1.0, 10.0]), np.array([1.0, 0.5, 0.01])
        flow = {**ticks([60, 600, 6000], windows), "active_share": shares}
        found = streams(flow, np.full((3, 168), 1.0))["published"].per_hour.peak

        alone = [
            streams({**ticks(rate, float(window)), "active_share": float(share)})
            for rate, window, share in zip([60, 600, 6000], windows, shares, strict=True)
        ]
        expected = [float(each["published"].per_hour.peak) for each in alone]
        np.testing.assert_allclose(found, expected, rtol=1e-12)


class TestSizes:
    @pytest.mark.parametrize("window", ["10 ms", "500 ms", "1 min"])
    @pytest.mark.parametrize("payload", [100, {"law": "lognormal", "mean_bytes": 300, "sigma": 1}])
    def test_all_bytes_are_delivered(self, window, payload):
        """As many as without a batch, in fewer and larger deliveries."""
        flow = {**ticks("7 / s", window, "all"), "payload": payload}
        found, without = streams(flow)["published"], streams({**flow, "batch": None})["published"]

        sent = without.bytes_per_hour("payload").peak
        assert found.bytes_per_hour("payload").peak == pytest.approx(sent, rel=2e-6)
        assert found.bytes_per_hour("ip").peak < without.bytes_per_hour("ip").peak

    def test_the_latest_keeps_its_size(self):
        assert streams(ticks("10 / s", 1))["published"].payload == FixedSize(bytes=100)

    def test_batches_of_one_size_are_zero_truncated_poisson(self):
        law = BatchedSize(message=FixedSize(bytes=100), count=WindowCount(messages_each=4.0))
        sizes, shares = law.parted(np.arange(50.0, 5_000.0, 100.0))
        poisson = stats.poisson.pmf(sizes / 100, 4.0) / (1 - math.exp(-4.0))

        np.testing.assert_allclose(shares, poisson, atol=1e-12)
        # a meter that counts in steps of 250 bytes: 2 messages are one step, 3 are two
        counts = np.arange(1, 60)
        steps = np.ceil(counts * 100 / 250) @ stats.poisson.pmf(counts, 4.0)
        assert law.steps(250) == pytest.approx(steps / (1 - math.exp(-4.0)), rel=1e-9)

    def test_sums_of_two_sizes_by_hand(self):
        # always two messages of 10 or 30 bytes: 20, 40, 60 with 1/4, 1/2, 1/4
        two = WindowCount(messages_each=2.0, regular=True)
        sizes, shares = BatchedSize(message=EmpiricalSize(sizes=(10, 30)), count=two).atoms

        np.testing.assert_allclose(sizes, [20, 40, 60])
        np.testing.assert_allclose(shares, [0.25, 0.5, 0.25], rtol=1e-9)

    def test_sums_of_lognormal_sizes_as_drawn(self):
        rng = np.random.default_rng(11)
        counts = rng.poisson(0.5 * rng.binomial(9, 0.3, 300_000))
        counts = counts[counts > 0]
        drawn = np.maximum(np.rint(rng.lognormal(math.log(300) - 0.5, 1, counts.sum())), 1)
        batches = np.add.reduceat(drawn, np.append(0, np.cumsum(counts)[:-1]))
        law = BatchedSize(
            message=LognormalSize(mean_bytes=300, sigma=1),
            count=WindowCount(messages_each=0.5, senders=9, active_share=0.3),
        )

        for step in (512, 2048, 5120):
            steps = np.ceil(batches / step)
            noise = 5 * steps.std() / math.sqrt(steps.size)
            assert law.steps(step) == pytest.approx(steps.mean(), abs=noise)
        for share in (0.1, 0.5, 0.9, 0.99):
            [quantile] = law.quantiles(np.array([share]))
            assert quantile == pytest.approx(np.quantile(batches, share), rel=0.03)

    def test_many_large_messages_in_one_batch(self):
        law = BatchedSize(
            message=LognormalSize(mean_bytes=5_000, sigma=2), count=WindowCount(messages_each=5e4)
        )

        assert law.mean == pytest.approx(5e4 * law.message.mean, rel=1e-6)
        assert law.largest > law.mean

    def test_all_bytes_of_a_day_in_one_batch(self):
        flow = ticks("300 / s", "24 h", "all")  # 25,920,000 messages of 100 bytes
        found = streams(flow)["published"].payload

        assert found.mean == pytest.approx(2_592_000_000, rel=1e-9)
        with pytest.raises(ws.EstimatorError, match="messages on average"):
            streams(ticks("100000 / s", "24 h", "all"))


class TestEchoAndActiveShare:
    def test_an_echo_is_one_more_delivery(self):
        flow = {"direction": "client_to_server", "rate_per_hour": 3, "payload": 9, "fan_out": 5}

        assert streams(flow, 10)["passed_on"].per_hour.peak == pytest.approx(150)
        echoed = streams({**flow, "echo": True}, 10)
        assert echoed["passed_on"].per_hour.peak == pytest.approx(180)
        alone = streams({**flow, "echo": True, "fan_out": 0})
        assert alone["passed_on"].per_hour.peak == pytest.approx(3)
        assert alone["sent"].copies == 0

    def test_messages_are_sent_while_a_flow_runs(self):
        flow = {"direction": "client_to_server", "rate_per_hour": 40, "payload": 9, "fan_out": 2}
        found = streams({**flow, "active_share": "25%"}, 3)

        assert found["sent"].per_hour.peak == pytest.approx(30)
        assert found["passed_on"].per_hour.peak == pytest.approx(60)

    @pytest.mark.parametrize("field", ["batch.window", "active_share"])
    def test_both_can_be_varied_by_name(self, field):
        scenario = ws.Scenario(
            profile={
                "title": "Feed",
                "session": {"law": "exponential", "mean_hours": 1},
                "weekly_shape": "flat",
                "flows": {"ticks": ticks("10 / s", 0.5)},
            },
            location="virginia",
            peak_connections=100,
        )
        values = [0.1, 0.2, 0.4]
        table = ws.sweep(scenario, {f"ticks.{field}": values}, ["aws.api_gateway"])

        costs = np.ravel(table.total("aws.api_gateway"))
        assert np.all(np.diff(costs) < 0 if field == "batch.window" else np.diff(costs) > 0)
