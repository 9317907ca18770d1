"""How many nodes run so that what may fail leaves enough of them: by hand."""

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.fleet.placement import PlacementOptions, placement
from fleets import LARGE, fleet_of, text_of


def nodes(carrying: float, *, in_zone: bool = False, **options: object) -> float:
    """Nodes that run for so many that carry the peak."""
    said = PlacementOptions.model_validate(options)
    chosen = placement(said, said.spare_nodes, in_zone=in_zone)
    return float(chosen.placed(np.array(carrying)))


@pytest.mark.parametrize(
    ("zones", "carrying", "run"),
    [
        # of two zones either carries all
        (2, 1, 2),
        (2, 7, 14),
        # of three zones any two carry all: 7 are four in each of two
        (3, 1, 3),
        (3, 2, 3),
        (3, 7, 12),
        # of six zones any five: 7 are two in each of five
        (6, 7, 12),
        (6, 10, 12),
        (6, 11, 18),
    ],
)
def test_what_is_left_when_a_zone_fails_carries_the_peak(zones, carrying, run):
    assert nodes(carrying, zones=zones) == run
    assert run * (zones - 1) / zones >= carrying


def test_one_node_more_survives_the_failure_of_one():
    assert nodes(7, survives="node") == 8
    assert nodes(7, survives="none") == 7


def test_spare_nodes_come_on_top_of_all():
    assert nodes(7, spare_nodes=2) == 14
    assert nodes(7, survives="node", spare_nodes=2) == 10
    assert nodes(7, survives="none", spare_nodes=2) == 9


def test_nothing_runs_where_nothing_is_to_be_carried():
    assert nodes(0, spare_nodes=2) == nodes(0, survives="node") == 0


@pytest.mark.parametrize(
    ("survives", "carrying", "run"),
    [
        # each zone has a third of all clients: three nodes in each of three zones for seven
        ("none", 7, 9),
        # and each zone has to survive the failure of one of its own
        ("node", 7, 12),
        # the clients of the zone that fails go to the other two
        ("zone", 7, 12),
    ],
)
def test_a_balancer_that_stays_in_the_zone_needs_whole_nodes_in_each(survives, carrying, run):
    assert nodes(carrying, in_zone=True, survives=survives) == run


def test_a_network_load_balancer_that_crosses_zones_needs_none_of_these(make_demand, bill_of):
    # 700,000 connections of 10 us take 7 cores, and half of two is planned with: seven nodes
    options = LARGE | {"survives": "none", "tls": "balancer"}
    stays, crosses = (
        bill_of("aws.nlb_ec2", make_demand(700_000), options=options | {"cross_zone": crosses})
        for crosses in (False, True)
    )

    assert (float(stays.sizing.peak_units), float(crosses.sizing.peak_units)) == (9, 7)


def test_the_fewest_nodes_carry_and_those_kept_for_a_failure_are_beside_them(make_demand):
    found = [
        float(fleet_of(make_demand(1), options=LARGE | {"min_nodes": 4, **options}).nodes.peak)
        for options in ({"survives": "zone"}, {"survives": "node"}, {"spare_nodes": 2})
    ]

    assert found == [6, 5, 6]


def test_a_zone_alone_survives_no_failure_of_it():
    with pytest.raises(ws.EstimatorError, match="nothing is left of one zone"):
        PlacementOptions(zones=1)
    assert nodes(7, survives="node", zones=1) == 8


@pytest.mark.parametrize(
    ("options", "run", "words"),
    [
        ({"survives": "zone"}, 12, "12 nodes all week, in 3 zones, of which one may fail (sized"),
        ({"survives": "node"}, 8, "8 nodes all week, of which one may fail (sized"),
        ({"survives": "none"}, 7, "7 nodes all week, of which none may fail (sized"),
    ],
)
def test_the_text_says_what_may_fail(make_demand, options, run, words):
    fleet = fleet_of(make_demand(700_000), options=LARGE | options)

    assert float(fleet.nodes.peak) == run
    assert text_of(fleet).startswith(words)


def test_what_may_fail_costs_what_it_takes():
    # nodes that survive a zone cost half as much again as those that survive nothing, in whole
    # groups of three for each two
    def nodes_of(survives: str) -> float:
        options = {"aws.alb_ec2": {"survives": survives, "machine": "c7g.large"}}
        scenario = ws.Scenario(
            profile="workplace-chat", location="virginia", peak_connections=1e5, options=options
        )
        sizing = ws.estimate(scenario, "aws.alb_ec2").sizing
        assert sizing is not None
        return float(sizing.peak_units)

    none, node, zone = map(nodes_of, ("none", "node", "zone"))
    assert node == none + 1
    # more nodes hear a little more of each other
    assert np.ceil(none / 2) * 3 <= zone <= np.ceil(none / 2) * 3 * 1.1
