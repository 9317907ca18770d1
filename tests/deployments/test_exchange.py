"""What nodes hear of each other: by counting every way in which recipients can be placed."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from estimator.demand.streams import MessageStream
from estimator.demand.weekly import from_hours
from estimator.deployments.aws.nodes import ZONE_TRAFFIC
from estimator.deployments.fleet.backplane import Redis
from estimator.deployments.fleet.exchange import exchange_of, nodes_reached
from estimator.deployments.fleet.sizing import NodeSpec, build_fleet
from estimator.scenario.sizes import FixedSize
from fleets import LARGE, fleet_of, request


@pytest.mark.parametrize("recipients", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("nodes", [1, 2, 3, 4, 6])
def test_every_placement_of_recipients_is_as_likely(nodes, recipients):
    every = [len(set(placed)) for placed in product(range(nodes), repeat=recipients)]

    reached = float(nodes_reached(np.array(float(nodes)), float(recipients)))
    assert reached == pytest.approx(sum(every) / len(every), rel=1e-12)


def test_many_placed_by_chance_reach_as_many():
    rng = np.random.default_rng(7)
    drawn = [np.unique(rng.integers(0, 40, size=60)).size for _ in range(4_000)]
    error = np.std(drawn) / np.sqrt(len(drawn))

    assert abs(float(nodes_reached(np.array(40.0), 60.0)) - np.mean(drawn)) < 4 * error


def test_one_recipient_is_on_one_of_very_many():
    assert float(nodes_reached(np.array(1e9), 1.0)) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize(
    ("by_channel", "processes", "each"),
    [
        (True, 1, 4 * (1 - (3 / 4) ** 2)),
        # three processes on each node subscribe as 12 nodes would
        (True, 3, 12 * (1 - (11 / 12) ** 2)),
        (False, 1, 4),
        (False, 3, 12),
    ],
)
def test_four_nodes_hear_messages_to_two(make_demand, by_channel, processes, each):
    demand = make_demand(10, to_server=100, to_client=200, payload=124)
    exchange = exchange_of(demand, by_channel=by_channel, processes=processes)
    copies = exchange.copies(np.array(4.0))

    assert float(copies.messages.peak) == pytest.approx(100 * each, rel=1e-12)
    # 124 bytes take 200 and 4 of a client's mask (the measured table of test_wire)
    assert float(copies.bytes.peak) == pytest.approx(100 * 204 * each, rel=1e-12)
    assert float(exchange.bytes_in.peak) == pytest.approx(100 * 204)


def test_what_is_published_passes_once_however_many_hear_it(make_demand):
    stream = MessageStream(
        "news",
        "to_client",
        "published",
        from_hours(np.full(168, 7_200.0)),
        FixedSize(bytes=124),
        copies=np.array(100.0),
    )
    exchange = exchange_of(replace(make_demand(10), streams=(stream,)), by_channel=False)

    # 7,200 an hour are 72 messages to a hundred each
    assert float(exchange.copies(np.array(5.0)).messages.peak) == pytest.approx(72 * 5)


def test_nobody_else_hears_what_has_no_recipient(make_demand):
    exchange = exchange_of(make_demand(10, to_server=100), by_channel=False)

    assert not exchange.flows


def hearing(demand, **options):
    """A fleet whose nodes hear each other."""
    spec = NodeSpec(redis=Redis("aws", ZONE_TRAFFIC))
    return build_fleet(request(demand, options=LARGE | options), "aws", spec)


# half of an m7i.large takes a core of 1,000 messages per second; nobody is idle
IDLE = {"idle_cpu_seconds_per_connection_second": 0}


class TestNodesThatHear:
    def test_a_message_with_one_recipient_is_charged_to_one_node(self, make_demand):
        # 9,990 a second, each in, out and once from Redis: 29.97 cores, however many nodes there
        # are; all else of them takes next to nothing
        demand = make_demand(10, to_server=9_990 * 3600, to_client=9_990 * 3600, payload=0)

        assert float(hearing(demand, **IDLE).nodes.peak) == 30
        assert float(hearing(demand, **IDLE, redis="none").nodes.peak) == 20

    @pytest.mark.parametrize(("per_second", "nodes"), [(495, 2), (795, 8), (899, 18)])
    def test_what_all_hear_leaves_each_less_for_its_own(self, make_demand, per_second, nodes):
        # s a second come in and go to 1 each, s more to every node: 2 s + n s <= 1,000 n, so
        # n >= 2 s / (1,000 - s): 1.96, 7.8 and 17.8
        sent = per_second * 3600
        demand = make_demand(10, to_server=sent, to_client=sent, payload=0)

        assert float(hearing(demand, subscribes="all", **IDLE).nodes.peak) == nodes
        alone = float(fleet_of(demand, options=LARGE | IDLE).nodes.peak)
        assert alone == np.ceil(2 * per_second / 1_000)

    def test_where_each_hears_more_than_it_can_no_number_is_enough(self, make_demand):
        demand = make_demand(10, to_server=1_100 * 3600, to_client=1_100 * 3600, payload=0)
        fleet = hearing(demand, subscribes="all", **IDLE)

        assert fleet.heard_share is not None
        assert float(fleet.heard_share) == pytest.approx(1.1, rel=1e-5)

    @pytest.mark.parametrize(("processes", "nodes"), [(1, 2), (2, 4)])
    def test_processes_hear_each_for_itself(self, make_demand, processes, nodes):
        # 399 a second in and out, and to each process of n nodes: 798 + 399 n and 798 + 798 n of
        # 1,000 n, so 1.3 and 3.95
        demand = make_demand(10, to_server=399 * 3600, to_client=399 * 3600, payload=0)
        fleet = hearing(demand, subscribes="all", processes_per_node=processes, **IDLE)

        assert float(fleet.nodes.peak) == nodes
