"""Which polls reach the origin behind caches, and which demands caches can answer."""

import numpy as np
import pytest

import estimator as ws
from estimator.demand.over_http import HttpTerms, over_http
from estimator.deployments.edge_cache import (
    EdgeCacheOptions,
    at_origin,
    polls_at_origin,
    refuse_differing,
)
from estimator.errors import NotCarriedError
from estimator.scenario.transport import Polling

TICKS = {"direction": "server_to_client", "rate_per_hour": 60, "payload": 200, "fan_out": 1_000}
POSTS = {"direction": "client_to_server", "rate_per_hour": 6, "payload": 100}
SESSION = {"law": "exponential", "mean_hours": 0.5}


def demand(**flows) -> ws.Demand:
    return ws.Demand.of(1_000, session=SESSION, flows=flows)


def polled(every_seconds=5, **flows) -> ws.Demand:
    return over_http(demand(**flows), Polling(every_seconds=every_seconds), HttpTerms())


def per_second(quantity) -> float:
    return float(quantity.mean) / 3_600


def test_a_cache_asks_the_origin_as_often_as_simulated_polls_find_nothing_fresh():
    # 40 polls per second at random to one of 4 caches, each of which keeps an answer for 0.5 s
    random = np.random.default_rng(1)
    misses = 0
    for _ in range(4):
        fresh_until = 0.0
        for moment in np.cumsum(random.exponential(1 / 10, size=20_000)):
            if moment >= fresh_until:
                misses += 1
                fresh_until = moment + 0.5
    asked = ws.Demand.of(40, session=SESSION, flows={"ticks": TICKS}).connections.times(3_600)

    found = per_second(polls_at_origin(asked, EdgeCacheOptions(cache_seconds=0.5, edge_caches=4)))

    assert found == pytest.approx(40 / (1 + 10 * 0.5))
    assert found / 40 == pytest.approx(misses / 80_000, rel=0.02)


def test_the_origin_answers_at_most_one_request_a_second_from_each_cache():
    # 1,000 clients every 5 s are 200 polls per second: 200 / (1 + 200 / 10)
    behind = at_origin(polled(ticks=TICKS), EdgeCacheOptions(cache_seconds=1, edge_caches=10))

    assert per_second(behind.requests) == pytest.approx(200 / 21)
    assert per_second(behind.in_flight) == pytest.approx(200 / 21 * 0.02 / 3_600)
    assert float(behind.new_connections.mean) == 0


def test_messages_of_clients_all_reach_the_origin():
    # and 1,000 x 6 posts an hour
    behind = at_origin(polled(ticks=TICKS, posts=POSTS), EdgeCacheOptions())

    assert per_second(behind.requests) == pytest.approx(200 / 21 + 6_000 / 3_600)


def test_what_a_new_client_is_greeted_with_comes_from_the_origin():
    greeted = ws.Demand.of(
        1_000, session=SESSION, flows={"ticks": TICKS}, at_connect={"to_client": 5_000}
    )
    behind = at_origin(
        over_http(greeted, Polling(every_seconds=5), HttpTerms()), EdgeCacheOptions()
    )

    # sessions of half an hour: 2,000 begin in an hour
    assert per_second(behind.requests) == pytest.approx(200 / 21 + 2_000 / 3_600)


def test_each_message_is_still_published_once():
    before = polled(ticks=TICKS)
    after = at_origin(before, EdgeCacheOptions(cache_seconds=60, edge_caches=1))
    [one], [other] = (each.messages("to_client") for each in (before, after))

    # 1,000 x 60 are received an hour, by 1,000 each
    assert float(one.once_per_hour.mean) == pytest.approx(60)
    assert float(other.once_per_hour.mean) == pytest.approx(60)


@pytest.mark.parametrize(
    "flow",
    [
        TICKS | {"fan_out": 999},
        TICKS | {"fan_out": 0},
        POSTS | {"fan_out": 1_000},
    ],
)
def test_flows_that_differ_between_clients_are_refused_by_name(flow):
    with pytest.raises(NotCarriedError, match="'prices' is not"):
        refuse_differing("aws.some_cdn", demand(ticks=TICKS, prices=flow))


def test_a_flow_to_all_of_each_kind_of_clients_is_carried():
    refuse_differing("aws.some_cdn", demand(ticks=TICKS, posts=POSTS))
