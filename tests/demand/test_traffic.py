"""Layers add up to the wire, and what is listed adds up to the traffic."""

import numpy as np
import pytest

import estimator as ws
from estimator.demand.traffic import DIRECTIONS, busiest_hour, traffic_breakdown
from estimator.demand.wire import connect_layers, message_bytes, message_layers
from estimator.scenario.sizes import FixedSize, LognormalSize, MixturePart, MixtureSize

# around every edge: of a frame's header, a segment, a TLS record, and far beyond
SIZES = np.unique([*range(300), *range(1_400, 1_460), *range(16_300, 16_420), 65_535, 65_536, 1e6])


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("tls", [False, True])
def test_layers_add_up_to_the_bytes_on_the_wire_exactly(masked, tls):
    layers = message_layers(SIZES, masked=masked, tls=tls)
    framed = message_bytes(SIZES, "websocket", masked=masked)
    np.testing.assert_array_equal(layers.payload, SIZES)
    np.testing.assert_array_equal(layers.payload + layers.websocket, framed)
    # counted record by record and segment by segment, in whole numbers
    for at, size in enumerate(framed.astype(int)):
        overhead, segments, records = 0, 0, 0
        left = int(size)
        while left > 0:
            record = min(left, 16_384)
            sent = record + (22 if tls else 0)
            left -= record
            records += 1
            if tls:
                segments += -(-sent // 1_448)
        if not tls:
            segments = -(-int(size) // 1_448)
        overhead = 52 * segments
        assert np.ravel(layers.tcp_ip)[at] == overhead
        assert np.ravel(layers.tls)[at] == (22 * records if tls else 0)
    total = message_bytes(SIZES, "ip", masked=masked, tls=tls)
    np.testing.assert_array_equal(layers.total, total)


def test_the_layers_of_a_connect_add_up_to_it():
    for way in DIRECTIONS:
        layers = connect_layers(way)
        assert layers.payload == 0
        assert layers.total == connect_layers(way).total


@pytest.mark.parametrize("profile", ["workplace-chat", "market-data", "board-collaboration"])
def test_everything_listed_is_all_the_traffic(profile):
    demand = ws.expected_demand(
        ws.Scenario(profile=profile, location="virginia", peak_connections=[1_000, 5_000])
    )
    for way in DIRECTIONS:
        listed = [
            p.bytes_per_month(demand) for p in traffic_breakdown(demand) if p.direction == way
        ]
        total = sum(np.asarray(layers.total) for layers in listed)
        np.testing.assert_allclose(total, demand.per_month(demand.traffic(way, "ip")), rtol=1e-12)
        payload = sum(np.asarray(layers.payload) for layers in listed)
        np.testing.assert_allclose(
            payload, demand.per_month(demand.traffic(way, "payload")), rtol=1e-12
        )


def test_quantiles_of_a_lognormal_law_are_those_of_the_normal_one():
    # median of a lognormal with mean m and sigma s is m exp(-s^2/2); 97.72 % lie below two sigma
    law = LognormalSize(mean_bytes=5_000, sigma=0.5)
    median = 5_000 * np.exp(-0.125)
    found = law.quantiles(np.array([0.5, 0.977249868]))
    assert found == pytest.approx([median, median * np.exp(1.0)], abs=1)


def test_quantiles_of_a_mixture_are_found_whatever_the_order_of_its_parts():
    large, small = FixedSize(bytes=900), FixedSize(bytes=10)
    law = MixtureSize(
        parts=(MixturePart(share=0.3, size=large), MixturePart(share=0.7, size=small))
    )
    found = law.quantiles(np.array([0.0, 0.69, 0.7, 0.71, 1.0]))
    np.testing.assert_array_equal(found, [10, 10, 10, 900, 900])


def test_the_busiest_hour_is_that_of_messages():
    levels = [1.0] * 168
    levels[100] = 3.0
    flows = {"posts": {"direction": "client_to_server", "rate_per_hour": 5, "payload": 10}}
    profile = {
        "title": "One hour",
        "session": {"law": "exponential", "mean_hours": 0.1},
        "weekly_shape": {"hourly": levels, "time_zone": "UTC"},
        "flows": flows,
    }
    scenario = ws.Scenario(profile=profile, location="virginia", peak_connections=10)
    assert busiest_hour(ws.expected_demand(scenario)) == 100
    silent = ws.Scenario(profile={**profile, "flows": {}}, location="virginia", peak_connections=10)
    assert busiest_hour(ws.expected_demand(silent)) == 100
