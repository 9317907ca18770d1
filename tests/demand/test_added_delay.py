"""Delays in closed form: against simulated clients, and against integrals of what they state."""

import numpy as np
import pytest

import estimator as ws
from demand.polled_clients import CLIENTS, long_polls_simulated
from estimator.demand.added_delay import Pause, added_delay
from estimator.demand.over_http import HttpTerms
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.transport import (
    LongPolling,
    MqttOverWebSocket,
    Polling,
    ServerSentEvents,
    WebSocket,
)
from estimator.simulation.retries import waits_s

OPEN = HttpTerms()


def demand_at(make_demand, rate, **stated):
    return make_demand(CLIENTS, to_client=CLIENTS * 3600 * rate, **stated)


@pytest.mark.parametrize("rate", [0.001, 1.0, 1_000.0])
def test_a_poll_adds_half_its_interval_and_at_most_all_of_it(make_demand, rate):
    added = added_delay(demand_at(make_demand, rate), Polling(every_seconds=10), OPEN)

    assert added.mean_seconds == pytest.approx(5)
    assert added.p95_seconds == pytest.approx(9.5)
    assert added.longest_seconds == 10
    np.testing.assert_allclose(added.share_within(np.array([0, 2, 10, 20])), [0, 0.2, 1, 1])


@pytest.mark.parametrize(
    ("rate", "timeout", "turnaround"), [(0.5, 25, 0.1), (5, 25, 0.1), (0.3, 4, 3), (1, 0.5, 1)]
)
def test_long_polls_delay_as_those_of_a_simulated_client(make_demand, rate, timeout, turnaround):
    cycles, _, delays = long_polls_simulated(rate, timeout, turnaround, seed=5)
    transport = LongPolling(timeout_seconds=timeout, turnaround_seconds=turnaround)
    added = added_delay(demand_at(make_demand, rate), transport, OPEN)

    # messages of one cycle are not independent of each other
    error = 5 * delays.std() / np.sqrt(min(len(cycles), len(delays)))
    assert added.mean_seconds == pytest.approx(delays.mean(), abs=error)
    for seconds in (0.0, turnaround / 3, added.p95_seconds, turnaround):
        within = (delays <= seconds + 1e-9).mean()
        error = 5 * np.sqrt(within * (1 - within) / min(len(cycles), len(delays))) + 1e-9
        assert added.share_within(seconds) == pytest.approx(within, abs=error)


def test_a_quiet_long_poll_delays_next_to_nothing(make_demand):
    # 25.1 s per cycle, of which 0.1 s is the turnaround
    added = added_delay(demand_at(make_demand, 1e-9), LongPolling(), OPEN)

    assert added.mean_seconds == pytest.approx(0.1**2 / 2 / 25.1)
    assert added.p95_seconds == 0


def test_a_busy_long_poll_is_a_poll_at_each_turnaround(make_demand):
    transport = LongPolling(turnaround_seconds=0.4)
    added = added_delay(demand_at(make_demand, 1e6), transport, OPEN)

    assert added.mean_seconds == pytest.approx(0.2, rel=1e-4)
    assert added.p95_seconds == pytest.approx(0.38, rel=1e-4)
    assert added.replayed_per_month == pytest.approx(added.messages_per_month, rel=1e-4)


def test_a_stream_delays_only_while_it_is_asked_for_again(make_demand):
    # sessions so long that all but the first stream begin after another one
    demand = demand_at(make_demand, 1.0, new_connections=1, session_hours=CLIENTS)
    added = added_delay(demand, ServerSentEvents(reconnect_seconds=100), HttpTerms(900.0))

    share = 100 / 1_000
    assert added.mean_seconds == pytest.approx(share * 50, rel=1e-3)
    assert 1 - added.share_within(0) == pytest.approx(share, rel=1e-3)
    # half of a pause is beyond the 95% of all messages
    assert added.p95_seconds == pytest.approx(50, rel=2e-3)
    assert added.replayed_per_month == pytest.approx(CLIENTS * 3600 * 730 * share, rel=1e-3)
    assert added.missed_per_month == 0


@pytest.mark.parametrize("transport", [ServerSentEvents(), WebSocket(), MqttOverWebSocket()])
def test_what_nothing_ends_delays_nothing(make_demand, transport):
    added = added_delay(demand_at(make_demand, 1.0, new_connections=CLIENTS), transport, OPEN)

    figures = (added.mean_seconds, added.p95_seconds, added.longest_seconds)
    assert figures == (0, 0, 0)
    assert added.share_within(0) == 1
    assert added.replayed_per_month == added.missed_per_month == 0


def test_sessions_that_end_before_the_service_would_end_them_have_no_pause(make_demand):
    demand = demand_at(make_demand, 1.0, new_connections=CLIENTS, session_hours=1.0)

    assert added_delay(demand, WebSocket(), HttpTerms(7_200.0)).missed_per_month == 0


@pytest.mark.parametrize("backoff", ["exponential", "equal_jitter", "full_jitter", "decorrelated"])
@pytest.mark.parametrize("transport", [WebSocket(), MqttOverWebSocket()])
def test_a_socket_misses_what_comes_until_it_is_made_again(make_demand, backoff, transport):
    reconnect = Reconnect(backoff=backoff, base=20, cap=45, answer=1, timeout=20)
    demand = demand_at(make_demand, 1.0, new_connections=1, session_hours=CLIENTS)
    added = added_delay(demand, transport, HttpTerms(600.0), reconnect)

    # the first waits as simulations draw them, one evenly spaced draw each
    draws = (np.arange(100_000) + 0.5) / 100_000
    refusals = np.zeros(draws.size, np.int64)
    waits = 1 + waits_s(reconnect, refusals, draws, np.zeros(draws.size))
    cycle = 600 + waits.mean()
    assert added.missed_per_month == pytest.approx(
        CLIENTS * 3600 * 730 * waits.mean() / cycle, rel=1e-3
    )
    assert added.mean_seconds == pytest.approx((waits**2).mean() / 2 / cycle, rel=1e-3)
    for seconds in (0.0, 5.0, 15.0, 30.0):
        beyond = np.maximum(waits - seconds, 0).mean() / cycle
        assert 1 - added.share_within(seconds) == pytest.approx(beyond, rel=2e-3, abs=1e-9)
    for share in (0.5, 0.97, 0.99, 0.999):
        at = added.quantile_seconds(share)
        assert at == 0 or added.share_within(at) == pytest.approx(share)
        assert added.share_within(at) >= share - 1e-9


def test_a_simulated_demand_is_cut_at_the_age_of_its_simulation(make_demand):
    demand = demand_at(make_demand, 1.0, new_connections=CLIENTS, session_hours=4.0)
    by_terms = added_delay(demand, WebSocket(), HttpTerms(3_600.0))
    by_demand = added_delay(demand.cut_after(1.0), WebSocket(), OPEN)

    assert by_terms.missed_per_month > 0
    assert by_demand.missed_per_month == pytest.approx(by_terms.missed_per_month)


def test_pauses_with_bounds_that_meet_are_fixed():
    at = np.array(2.0)
    fixed, nearly = Pause(at, at), Pause(at, at + 1e-6)

    for seconds in (0.0, 1.0, 1.9, 3.0):
        assert fixed.beyond(seconds) == pytest.approx(nearly.beyond(seconds), abs=1e-5)
    assert fixed.half_square == pytest.approx(nearly.half_square, abs=1e-5)


def test_hours_with_more_messages_weigh_more(make_demand):
    # half of the week with ten times the messages
    rates = np.where(np.arange(168) < 84, 10.0, 1.0)
    demand = make_demand(CLIENTS, to_client=CLIENTS * 3600 * rates)
    transport = LongPolling(turnaround_seconds=0.5)

    busy, quiet = (
        added_delay(demand_at(make_demand, rate), transport, OPEN).mean_seconds
        for rate in (10.0, 1.0)
    )
    assert added_delay(demand, transport, OPEN).mean_seconds == pytest.approx(
        (10 * busy + quiet) / 11
    )


def test_kinds_of_clients_weigh_by_their_messages(make_demand):
    each = {"busy": demand_at(make_demand, 3.0), "quiet": demand_at(make_demand, 1.0)}
    transport = LongPolling(turnaround_seconds=0.5)
    busy, quiet = (added_delay(one, transport, OPEN) for one in each.values())
    both = added_delay(ws.Demand.of_kinds(each), transport, OPEN)

    assert both.mean_seconds == pytest.approx((3 * busy.mean_seconds + quiet.mean_seconds) / 4)
    assert both.replayed_per_month == pytest.approx(
        busy.replayed_per_month + quiet.replayed_per_month
    )


def test_without_messages_it_is_what_one_would_wait(make_demand):
    added = added_delay(make_demand(CLIENTS), Polling(every_seconds=10), OPEN)

    assert added.mean_seconds == pytest.approx(5)
    assert added.replayed_per_month == 0


def test_many_scenarios_are_as_each_alone():
    seconds, connections = np.linspace(5.0, 200.0, 130), np.linspace(100.0, 900.0, 130)
    terms = HttpTerms(900.0, 60.0)

    for kind, field in (("long_polling", "timeout_seconds"), ("polling", "every_seconds")):

        def added(seconds, connections, kind=kind, field=field):
            scenario = ws.Scenario(
                profile="workplace-chat",
                location="virginia",
                mean_connections=connections,
                transport={"kind": kind, field: seconds},
            )
            return added_delay(ws.expected_demand(scenario), scenario.transport, terms)

        many = added(seconds, connections)
        for index in (0, 129):
            one = added(float(seconds[index]), float(connections[index]))
            for figure in ("mean_seconds", "p95_seconds", "replayed_per_month"):
                assert getattr(many, figure)[index] == pytest.approx(float(getattr(one, figure)))
            assert many.share_within(2)[index] == pytest.approx(float(one.share_within(2)))


@pytest.mark.parametrize("transport", [ServerSentEvents(), LongPolling()])
def test_a_function_that_looks_for_messages_delays_them_like_polls(make_demand, transport):
    terms = HttpTerms(looks_every_seconds=2.0)
    added = added_delay(demand_at(make_demand, 0.5), transport, terms)

    assert added.mean_seconds == pytest.approx(1)
    assert added.p95_seconds == pytest.approx(0.95 * 2)


def test_websockets_are_told_of_messages(make_demand):
    terms = HttpTerms(looks_every_seconds=2.0)
    assert added_delay(demand_at(make_demand, 0.5), WebSocket(), terms).p95_seconds == 0
