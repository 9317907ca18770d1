"""Published once, delivered to each: what is which in a demand."""

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.base import from_clients
from estimator.deployments.saas.counting import (
    audience,
    group_size,
    groups,
    in_steps,
    publications,
    size_notes,
)

HOURS = 730


@pytest.fixture(scope="module")
def counts(workload):
    """Messages of a month: published, delivered, sent by clients."""

    def counts(*args, **kwargs) -> tuple[float, float, float]:
        demand = ws.expected_demand(workload(*args, **kwargs))
        published, delivered, sent = (
            float(in_steps(demand, streams, None))
            for streams in (
                publications(demand),
                demand.messages("to_client"),
                from_clients(demand),
            )
        )
        return published, delivered, sent

    return counts


def test_a_clients_message_is_published_once_and_delivered_to_each(counts, flow):
    # 100 clients x 3 an hour, each to 20 others
    published, delivered, sent = counts({"posts": flow(3, fan_out=20)})

    assert published == sent == pytest.approx(300 * HOURS)
    assert delivered == pytest.approx(300 * 20 * HOURS)


def test_a_message_to_the_server_alone_is_published_and_not_delivered(counts, flow):
    published, delivered, _ = counts({"reports": flow(3)})

    assert published == pytest.approx(300 * HOURS)
    assert delivered == 0


def test_a_servers_message_is_published_once_for_all_who_receive_it(counts, flow):
    # each of 100 clients receives 6 an hour; 50 of them share each message: 600 / 50 published
    published, delivered, sent = counts({"ticks": flow(6, fan_out=50, server=True)})

    assert published == pytest.approx(12 * HOURS)
    assert delivered == pytest.approx(600 * HOURS)
    assert sent == 0


def test_a_servers_message_that_nobody_shares_is_published_for_each(counts, flow):
    published, delivered, _ = counts({"alerts": flow(6, server=True)})

    assert published == delivered == pytest.approx(600 * HOURS)


def test_signing_in_and_subscribing_are_no_messages(counts):
    published, delivered, sent = counts(at_connect={"from_client": "1 KB"})

    assert published == delivered == sent == 0


def test_a_greeting_is_published_to_one_client(counts):
    # 100 connections of one hour each: 100 new connections per hour
    published, delivered, _ = counts(at_connect={"to_client": "1 KB"})

    assert published == delivered == pytest.approx(100 * HOURS)


def test_pings_are_no_messages_but_heartbeats_of_the_application_are(counts):
    # every 360 s: 10 an hour each way; the server's answer is published and delivered
    beats = {"interval_seconds": 360, "kind": "application", "payload_bytes": 2}

    assert counts(heartbeat=beats | {"kind": "protocol"}) == (0, 0, 0)
    published, delivered, sent = counts(heartbeat=beats)
    assert sent == pytest.approx(1000 * HOURS)
    assert published == pytest.approx(2000 * HOURS)
    assert delivered == pytest.approx(1000 * HOURS)


@pytest.mark.parametrize(("payload", "steps"), [(1, 1), (5120, 1), (5121, 2), (51200, 10)])
def test_steps_are_started_steps_of_each_message(workload, flow, payload, steps):
    demand = ws.expected_demand(workload({"posts": flow(1, payload)}))

    assert float(in_steps(demand, publications(demand), 5120)) == pytest.approx(100 * HOURS * steps)


@pytest.mark.parametrize(
    ("flows", "expected"),
    [
        ({}, 1),
        ({"reports": (1, 10, 0, False)}, 1),
        ({"posts": (1, 10, 20, False)}, 21),
        ({"ticks": (1, 10, 80, True)}, 80),
        ({"posts": (1, 10, 20, False), "ticks": (1, 10, 50, True)}, 50),
    ],
    ids=["nothing", "to the server", "to 20 others", "to 80", "several"],
)
def test_a_channel_holds_the_most_that_share_a_message_and_its_sender(
    workload, flow, flows, expected
):
    written = {
        name: flow(rate, payload, fan, server=server)
        for name, (rate, payload, fan, server) in flows.items()
    }
    demand = ws.expected_demand(workload(written))

    assert float(audience(demand)) == expected
    assert float(group_size(None, demand)[0]) == expected


def test_what_is_given_goes_before_what_is_derived(workload, flow):
    demand = ws.expected_demand(workload({"posts": flow(1, fan_out=20)}))

    size, words = group_size(7, demand)
    assert float(size) == 7
    assert "as given" in words


def test_every_scenario_has_channels_of_its_own_size(workload, flow):
    demand = ws.expected_demand(
        workload({"posts": flow(1, fan_out=[0, 9, 99])}, mean_connections=1000)
    )

    # 1,000 connections in channels of 1, 10 and 100
    np.testing.assert_allclose(
        groups(demand.connections, audience(demand)).peak, [1000, 100, 10], rtol=1e-12
    )


def test_a_few_connections_still_need_a_channel(make_demand):
    sizes = np.asarray(50.0)

    # of half a connection on average somebody is connected for 1 - exp(-1/2) of the time: 39.3%
    for connections, expected in ((0, 0), (0.5, 0.393_469), (1, 0.632_121), (49, 1), (200, 4)):
        found = float(groups(make_demand(connections).connections, sizes).peak)
        assert found == pytest.approx(expected, abs=1e-6)


def test_messages_that_are_too_large_are_named_with_their_share(workload, flow):
    demand = ws.expected_demand(workload({"files": flow(1, 2000), "posts": flow(1, 500)}))

    [note] = size_notes(publications(demand), 1000, "1 KB")
    assert "Messages are limited to 1 KB: 100.00% of 'files'" in note
