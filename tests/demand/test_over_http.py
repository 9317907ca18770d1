"""What requests and polls make of a demand: closed forms against a simulation of single clients."""

import numpy as np
import pytest

import estimator as ws
from demand.polled_clients import CLIENTS, long_polls_simulated
from estimator.demand.over_http import HttpTerms, as_mqtt, over_http, polls_per_second
from estimator.demand.traffic import DIRECTIONS, traffic_breakdown
from estimator.demand.wire import ACK_BYTES
from estimator.scenario.transport import (
    LongPolling,
    MqttOverWebSocket,
    Polling,
    ServerSentEvents,
    WebSocket,
)

OPEN = HttpTerms()
TRANSPORTS = (
    ServerSentEvents(),
    ServerSentEvents(http="1.1"),
    LongPolling(),
    LongPolling(http="1.1"),
    Polling(every_seconds=5),
    Polling(every_seconds=5, http="1.1", conditional=False),
    Polling(every_seconds=100),
)
each_transport = pytest.mark.parametrize("transport", TRANSPORTS, ids=lambda t: t.words + t.http)


def stream(demand, name):
    [found] = [s for s in demand.streams if s.name == name]
    return found


def per_second(quantity):
    """Of one client, on average."""
    return float(quantity.mean) / CLIENTS / 3600


def standard_error(values):
    return values.std() / np.sqrt(len(values))


@pytest.mark.parametrize(
    ("rate", "timeout", "turnaround"),
    [(0.02, 25, 0.1), (0.5, 25, 0.1), (5, 25, 0.1), (50, 25, 0.1), (0.3, 4, 3), (1, 0.5, 1)],
)
def test_long_polls_are_those_of_a_simulated_client(make_demand, rate, timeout, turnaround):
    cycles, counts, _ = long_polls_simulated(rate, timeout, turnaround)
    demand = make_demand(CLIENTS, to_client=CLIENTS * 3600 * rate)
    transport = LongPolling(timeout_seconds=timeout, turnaround_seconds=turnaround)
    polled = over_http(demand, transport, OPEN)

    polls = per_second(polled.all_requests)
    assert 1 / polls == pytest.approx(cycles.mean(), abs=5 * standard_error(cycles) + 1e-9)
    empty = per_second(stream(polled, "answers to polls without messages").per_hour) / polls
    assert empty == pytest.approx(
        (counts == 0).mean(), abs=5 * standard_error(counts == 0) + 5 / len(counts)
    )
    some = per_second(stream(polled, "answers to polls with messages").per_hour)
    filled = counts[counts > 0]
    assert rate / some == pytest.approx(
        filled.mean(), abs=5 * standard_error(filled) + 5 / len(filled)
    )
    # a poll waits but for the turnaround
    waiting = per_second(polled.in_flight) * 3600
    error = 5 * standard_error(cycles) / cycles.mean()
    assert waiting == pytest.approx(1 - turnaround / cycles.mean(), abs=error + 1e-9)


def test_polls_that_find_nothing_are_those_of_simulated_clients(make_demand):
    every, rate, polls = 5.0, 0.3, 40_000
    rng = np.random.default_rng(2)
    times = np.cumsum(rng.exponential(1 / rate, int(rate * every * polls * 1.1)))
    counts = np.bincount((times // every).astype(int), minlength=polls)[:polls]
    demand = make_demand(CLIENTS, to_client=CLIENTS * 3600 * rate)
    polled = over_http(demand, Polling(every_seconds=every), OPEN)

    asked = per_second(polled.all_requests)
    assert asked == 1 / every
    empty = per_second(stream(polled, "answers to polls without messages").per_hour) / asked
    assert empty == pytest.approx((counts == 0).mean(), abs=5 * standard_error(counts == 0))
    some = per_second(stream(polled, "answers to polls with messages").per_hour)
    filled = counts[counts > 0]
    assert rate / some == pytest.approx(filled.mean(), abs=5 * standard_error(filled))


def test_a_long_poll_takes_timeout_and_turnaround_without_messages():
    assert polls_per_second(np.zeros(1), np.array([24.0]), 1.0) == pytest.approx(1 / 25)


def test_a_long_poll_takes_the_turnaround_alone_with_very_many():
    assert polls_per_second(np.array([1e9]), np.array([24.0]), 0.25) == pytest.approx(4)


def test_nothing_is_asked_without_clients(make_demand):
    hours = np.where(np.arange(168) < 100, CLIENTS, 0.0)
    demand = make_demand(hours, to_client=hours * 60)

    for transport in TRANSPORTS:
        polled = over_http(demand, transport, HttpTerms(900.0, 60.0))
        assert np.all(np.isfinite(polled.all_requests.hourly))
        if not isinstance(transport, ServerSentEvents):
            assert np.all(polled.all_requests.hourly[100:] == 0)


@each_transport
@pytest.mark.parametrize("terms", [OPEN, HttpTerms(900.0, 60.0)])
def test_every_message_is_delivered_once(transport, terms):
    demand = ws.expected_demand(
        ws.Scenario(profile="workplace-chat", location="virginia", mean_connections=CLIENTS)
    )
    polled = over_http(demand, transport, terms)

    def counted(demand, direction):
        messages = [s for s in demand.messages(direction) if s.kind != "heartbeat"]
        return {s.name: (float(s.per_hour.mean), s.payload) for s in messages}

    for direction in DIRECTIONS:
        assert counted(polled, direction) == counted(demand, direction)
    # every message of a client is a request, and what else is asked are polls or streams
    asked = [s for s in polled.streams if s.form == "request"]
    assert sum(s.per_hour.mean for s in asked) == pytest.approx(polled.all_requests.mean)
    answers = [s for s in polled.streams if s.form == "answer"]
    assert sum(s.per_hour.mean for s in answers) == pytest.approx(polled.all_requests.mean)


@each_transport
def test_what_is_listed_adds_up_to_the_traffic(transport):
    demand = ws.expected_demand(
        ws.Scenario(profile="workplace-chat", location="virginia", mean_connections=CLIENTS)
    )
    polled = over_http(demand, transport, HttpTerms(900.0, 60.0))

    for direction in DIRECTIONS:
        listed = sum(
            part.bytes_per_month(polled).total
            for part in traffic_breakdown(polled)
            if part.direction == direction
        )
        assert listed == pytest.approx(polled.per_month(polled.traffic(direction, "ip")))


def test_polls_within_keep_alive_share_a_connection(make_demand):
    demand = make_demand(CLIENTS, new_connections=10)
    polled = over_http(demand, Polling(every_seconds=60), HttpTerms(keep_alive_seconds=60))

    assert polled.connections.mean == CLIENTS
    assert polled.new_connections.mean == 10


def test_polls_beyond_keep_alive_open_a_connection_each(make_demand):
    demand = make_demand(CLIENTS, new_connections=10)
    polled = over_http(demand, Polling(every_seconds=120), HttpTerms(keep_alive_seconds=60))

    assert polled.connections.mean == pytest.approx(CLIENTS / 2)
    assert polled.new_connections.mean == pytest.approx(CLIENTS * 3600 / 120)


def open_and_made(times, kept):
    """Share of the time with a connection that closes after so many quiet seconds; how often one
    is made per second."""
    gaps = np.diff(times)
    return np.minimum(gaps, kept).sum() / gaps.sum(), (gaps > kept).sum() / gaps.sum()


def test_messages_between_polls_keep_a_connection_open(make_demand):
    every, kept, rate = 120.0, 60.0, 0.01
    rng = np.random.default_rng(3)
    polls = np.arange(100_000) * every
    posts = rng.uniform(0, polls[-1], rng.poisson(rate * polls[-1]))
    share, made = open_and_made(np.sort(np.append(polls, posts)), kept)
    demand = make_demand(CLIENTS, to_server=CLIENTS * 3600 * rate)
    polled = over_http(demand, Polling(every_seconds=every), HttpTerms(keep_alive_seconds=kept))

    assert polled.connections.mean / CLIENTS == pytest.approx(share, rel=0.01)
    assert per_second(polled.new_connections) == pytest.approx(made, rel=0.01)


@pytest.mark.parametrize("transport", [ServerSentEvents(http="1.1"), LongPolling(http="1.1")])
def test_over_http_1_messages_of_clients_take_a_second_connection(make_demand, transport):
    kept, rate = 60.0, 0.01
    rng = np.random.default_rng(4)
    share, made = open_and_made(np.cumsum(rng.exponential(1 / rate, 200_000)), kept)
    demand = make_demand(CLIENTS, to_server=CLIENTS * 3600 * rate, new_connections=10)
    polled = over_http(demand, transport, HttpTerms(keep_alive_seconds=kept))

    assert polled.connections.mean / CLIENTS - 1 == pytest.approx(share, rel=0.01)
    assert (polled.new_connections.mean - 10) / CLIENTS / 3600 == pytest.approx(made, rel=0.01)


def test_who_sends_nothing_needs_no_second_connection_however_long_it_would_be_kept(make_demand):
    polled = over_http(make_demand(CLIENTS), LongPolling(http="1.1"), OPEN)

    assert polled.connections.mean == CLIENTS


def test_http_2_needs_one_connection(make_demand):
    demand = make_demand(CLIENTS, to_server=CLIENTS * 3600, new_connections=10)

    for transport in (ServerSentEvents(), LongPolling()):
        polled = over_http(demand, transport, HttpTerms(keep_alive_seconds=60))
        assert (polled.connections.mean, polled.new_connections.mean) == (CLIENTS, 10)


def test_streams_are_opened_again_at_the_age_at_which_a_service_ends_them(make_demand):
    # sessions of one hour, and streams of a quarter of one
    demand = make_demand(CLIENTS, new_connections=CLIENTS, session_hours=1.0)
    streamed = over_http(demand, ServerSentEvents(), HttpTerms(stream_seconds=900.0))

    assert streamed.all_requests.mean == pytest.approx(4 * CLIENTS)
    assert streamed.new_connections.mean == CLIENTS


def test_hours_are_worked_out_one_by_one(make_demand):
    rates = np.linspace(0.0, 2.0, 168)
    clients = np.linspace(10.0, 500.0, 168)
    demand = make_demand(clients, to_client=clients * 3600 * rates)
    transport = LongPolling(timeout_seconds=20, turnaround_seconds=0.5)
    polled = over_http(demand, transport, OPEN)

    for hour in (0, 50, 167):
        # the mean cycle, by integration over when the first message comes
        rate, grid = rates[hour], np.linspace(0, 20, 200_001)
        waited = np.exp(-rate * 0.5) * np.trapezoid(np.exp(-rate * grid), grid)
        assert polled.all_requests.hourly[hour] == pytest.approx(
            clients[hour] * 3600 / (0.5 + waited), rel=1e-6
        )


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("long_polling", "timeout_seconds"),
        ("polling", "every_seconds"),
        ("server_sent_events", "comment_seconds"),
    ],
)
def test_many_scenarios_are_as_each_alone(kind, field):
    # more than are worked out at once
    seconds, number = np.linspace(5.0, 200.0, 130), 130
    common = {"profile": "workplace-chat", "location": "virginia"}
    terms = HttpTerms(900.0, 60.0)

    def polled(seconds, connections):
        scenario = ws.Scenario(
            **common, mean_connections=connections, transport={"kind": kind, field: seconds}
        )
        assert not isinstance(scenario.transport, WebSocket | MqttOverWebSocket)
        return over_http(ws.expected_demand(scenario), scenario.transport, terms)

    connections = np.linspace(100.0, 900.0, number)
    many = polled(seconds, connections)
    for index in (0, 47, 129):
        one = polled(float(seconds[index]), float(connections[index]))
        for quantity in ("all_requests", "connections", "new_connections", "in_flight"):
            found = getattr(many, quantity).hourly[index]
            np.testing.assert_allclose(found, getattr(one, quantity).hourly, rtol=1e-9)
        for direction in DIRECTIONS:
            of_all = many.traffic(direction, "ip").mean[index]
            assert of_all == pytest.approx(float(one.traffic(direction, "ip").mean))


def test_kinds_of_clients_are_polled_each_by_its_own_messages(make_demand):
    busy = make_demand(CLIENTS, to_client=CLIENTS * 3600 * 2)
    quiet = make_demand(CLIENTS)
    transport = LongPolling(timeout_seconds=20, turnaround_seconds=0.5)
    both = over_http(ws.Demand.of_kinds({"busy": busy, "quiet": quiet}), transport, OPEN)

    each = [over_http(kind, transport, OPEN).all_requests.mean for kind in (busy, quiet)]
    assert both.all_requests.mean == pytest.approx(sum(each))
    assert each[1] == pytest.approx(CLIENTS * 3600 / 20.5)


def test_long_polls_come_back_at_one_moment_after_a_broadcast():
    scenario = ws.Scenario(profile="market-data", location="virginia", mean_connections=CLIENTS)
    demand = ws.expected_demand(scenario)
    most = max(np.max(s.at_once) for s in demand.messages("to_client"))
    polls = stream(over_http(demand, LongPolling(), OPEN), "polls")

    assert np.max(polls.at_once) == most
    assert np.max(stream(over_http(demand, Polling(every_seconds=5), OPEN), "polls").at_once) == 1


@pytest.mark.parametrize(
    ("payload", "topic", "packet"),
    [
        (64, 4, 1 + 1 + 2 + 4 + 64),
        # the remaining length takes one byte up to 127, two up to 16,383, three up to 2,097,151
        (93, 32, 1 + 1 + 2 + 32 + 93),
        (94, 32, 1 + 2 + 2 + 32 + 94),
        (16_349, 32, 1 + 2 + 2 + 32 + 16_349),
        (16_350, 32, 1 + 3 + 2 + 32 + 16_350),
    ],
)
def test_an_mqtt_packet_is_that_of_its_standard(make_demand, payload, topic, packet):
    # PUBLISH at QoS 0, MQTT 3.1.1, sections 2.2.3 and 3.3: a byte of type, the remaining length,
    # two bytes of the topic's length, the topic, the payload
    demand = as_mqtt(
        make_demand(to_client=1, payload=payload), MqttOverWebSocket(topic_bytes=topic)
    )
    frame = 2 if packet <= 125 else 4

    assert demand.traffic("to_client", "websocket").mean == packet + frame


def test_nobody_acknowledges_a_request_but_its_answer(make_demand):
    polled = over_http(make_demand(CLIENTS), Polling(every_seconds=5), OPEN)
    answers = sum(s.per_hour.mean for s in polled.streams if s.form == "answer")
    with_, without = (
        polled.traffic("to_server", "ip", acknowledgements=each).mean for each in (True, False)
    )

    assert with_ - without == pytest.approx(answers * ACK_BYTES)
