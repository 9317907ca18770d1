"""The machine that makes the cheapest bill, found once more by trying every machine."""

import datetime as dt
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import estimator as ws
from estimator.deployments.fleet.machine import machines
from estimator.deployments.fleet.sizing import NodeSpec, build_fleet
from estimator.errors import MissingRateError
from estimator.pricing.catalog import load_catalog
from fleets import KINDS, PLAIN, REGIONS, chat, courses, fleet_of, request, text_of

GIB = 2**30


def tried(demand: ws.Demand, machine: Any, options: dict[str, Any], scaling: str) -> np.ndarray:
    """Nodes of a machine in each hour, reckoned once more from the hours of the demand."""
    held = demand.connections_peak.hourly
    messages = sum(s.per_hour.hourly for s in demand.streams if s.is_message) / 3600
    payload = sum(s.per_hour.hourly * s.payload.mean for s in demand.streams) / 3600
    traffic = sum(
        demand.traffic(way, "ip").hourly for way in ("to_client", "to_server")
    ) * (8 / 1e6 / 3600)  # fmt: skip
    idle = demand.connections.hourly * options["idle_cpu_seconds_per_connection_second"]
    room = options["headroom"]
    needed = [
        held * options["memory_per_connection_bytes"] / (machine.memory_gib * GIB * room),
        (idle + messages / options["messages_per_core_second"] + payload / 1e12)
        / (machine.cores * room),
        traffic / (machine.network_mbps * room),
        held / (1_048_576 * room),
    ]
    nodes = np.ceil(np.max(needed, axis=0) - 1e-9)
    if scaling == "static":
        nodes = np.full(168, nodes.max())
    else:
        nodes = np.array([max(nodes[(h + d) % 168] for d in (-1, 0, 1)) for h in range(168)])
    return np.maximum(nodes, options.get("min_nodes", 1)) + options.get("spare_nodes", 0)


def priced(cloud: str, kind: Any, region: str = "") -> dict[str, float]:
    """USD per hour of every machine that has a price which somebody saw."""
    found: dict[str, float] = {}
    for name, machine in machines(cloud, kind).items():
        try:
            found[name] = machine.usd_per_hour(load_catalog().seen, region or REGIONS[cloud])
        except MissingRateError:
            continue
    return found


DEMANDS: dict[str, dict[str, Any]] = {
    "few": {"connections": 50},
    "idle connections": {"connections": courses(0.1, 1) * 2e6},
    "many connections": {"connections": 9e6},
    "messages": {"connections": 1e4, "to_client": courses(0.2, 1, 0.2) * 2e5 * 3600},
    "large messages": {"connections": 1e3, "to_client": 2e4 * 3600, "payload": 2e4},
    "everything": {"connections": courses(1, 3, 1) * 1e5, "to_server": 5e4 * 3600},
}


class TestCheapest:
    @pytest.mark.parametrize("scaling", ["static", "autoscaled"])
    @pytest.mark.parametrize("demand", DEMANDS)
    @pytest.mark.parametrize(("cloud", "kind"), KINDS)
    def test_no_other_machine_that_carries_the_demand_costs_less(
        self, make_demand, cloud, kind, demand, scaling
    ):
        options = PLAIN | {"min_nodes": 2, "spare_nodes": 1, "headroom": 0.7}
        asked = make_demand(**DEMANDS[demand])
        fleet = fleet_of(asked, cloud, kind, scaling=scaling, options=options)
        prices = priced(cloud, kind)
        costs = {
            name: usd * tried(asked, machines(cloud, kind)[name], options, scaling).mean()
            for name, usd in prices.items()
        }

        [machine] = fleet.machines
        expected = tried(asked, machine, options, scaling)
        np.testing.assert_allclose(fleet.nodes.hourly, expected, rtol=1e-12)
        assert costs[machine.machine] == pytest.approx(min(costs.values()), rel=1e-9)

    @pytest.mark.parametrize(
        ("cloud", "machine"),
        [("aws", "t4g.medium"), ("azure", "Standard_B2s"), ("gcp", "e2-micro")],
    )
    def test_what_bursts_may_be_named(self, make_demand, cloud, machine):
        fleet = fleet_of(make_demand(10), cloud, options=PLAIN | {"machine": machine})

        assert [one.machine for one in fleet.machines] == [machine]
        assert fleet.machines[0].burstable

    @pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
    @pytest.mark.parametrize("cloud", REGIONS)
    def test_processors_may_be_asked_for(self, make_demand, cloud, architecture):
        fleet = fleet_of(make_demand(1e5), cloud, options=PLAIN | {"architecture": architecture})

        assert {machine.architecture for machine in fleet.machines} == {architecture}

    def test_processors_that_are_not_sold_are_said_to_be_so(self, make_demand):
        options = PLAIN | {"architecture": "arm64"}

        with pytest.raises(ws.ScenarioError, match=r"container of architecture arm64.* of azure"):
            fleet_of(make_demand(10), "azure", "container", options=options)

    @pytest.mark.parametrize(
        ("cloud", "region", "missing"),
        # gaps.csv: r8g is not listed there, no copy gives the price of c4a, D2ps v5 is not sold
        [
            ("aws", "sa-east-1", "r8g.large"),
            ("gcp", "southamerica-east1", "c4a-highmem-8"),
            ("azure", "brazilsouth", "Standard_D2ps_v5"),
        ],
    )
    def test_a_machine_without_a_price_in_the_region_is_passed_over(
        self, make_demand, cloud, region, missing
    ):
        options = PLAIN | {"idle_cpu_seconds_per_connection_second": 1e-7, "headroom": 0.7}
        demand = make_demand(2e6)
        fleet = fleet_of(demand, cloud, region=region, options=options)
        prices = priced(cloud, "vm", region)
        costs = {
            name: usd * tried(demand, machines(cloud, "vm")[name], options, "static").mean()
            for name, usd in prices.items()
        }

        assert missing in priced(cloud, "vm")
        assert missing not in prices
        assert costs[fleet.machines[0].machine] == pytest.approx(min(costs.values()), rel=1e-9)

    def test_a_machine_that_is_not_sold_in_the_region_is_refused_if_named(self, make_demand):
        options = PLAIN | {"machine": "r8g.large"}

        with pytest.raises(MissingRateError, match=r"r8g_large.*not offered there"):
            fleet_of(make_demand(10), region="sa-east-1", options=options)

    def test_a_machine_there_is_not_is_refused(self, make_demand):
        with pytest.raises(ws.EstimatorError, match=r"unknown machine 'm7g.huge'"):
            fleet_of(make_demand(10), options=PLAIN | {"machine": "m7g.huge"})

    def test_a_region_without_any_price_is_refused(self, make_demand):
        asked = request(make_demand(10), "azure", "germanywestcentral", PLAIN)
        asked = replace(asked, catalog=load_catalog(dt.date(2020, 1, 1)))

        with pytest.raises(ws.MissingRateError, match=r"app_service.* 'germanywestcentral'"):
            build_fleet(asked, "azure", NodeSpec(kind="app_service"))


def test_what_stands_beside_each_node_counts_when_machines_are_compared(make_demand):
    # with a petabyte beside each node the fewest nodes win
    asked = request(make_demand(2e6), "oci", options=PLAIN)
    disk = {"oci.block_volume.storage": 1e6}
    alone = build_fleet(asked, "oci")
    beside = build_fleet(asked, "oci", NodeSpec(beside=disk))
    fewest = min(
        tried(asked.demand, machine, PLAIN, "static").max()
        for machine in machines("oci", "vm").values()
    )

    assert float(beside.nodes.peak) == fewest
    assert float(alone.nodes.peak) > fewest
    assert [usage.meter_id for usage in beside.usage(asked.demand)] == list(
        beside.machines[0].parts
    )


audiences = st.lists(st.floats(min_value=0, max_value=2e7, allow_nan=False), min_size=1, max_size=6)


class TestManyScenarios:
    @given(audience=audiences, scaling=st.sampled_from(["static", "autoscaled"]))
    def test_many_at_once_are_the_same_one_by_one(self, audience, scaling):
        together = fleet_of(chat(audience), "gcp", scaling=scaling)
        bought = [usage.quantity for usage in together.usage(chat(audience))]
        costs = np.zeros(len(audience))
        for machine, nodes in zip(together.machines, together.nodes_by_machine, strict=True):
            rate = machine.usd_per_hour(load_catalog(), REGIONS["gcp"])
            costs += np.broadcast_to(nodes.mean, costs.shape) * rate

        assert all(np.shape(each) == (len(audience),) for each in bought)
        for index, one in enumerate(audience):
            alone = fleet_of(chat(one), "gcp", scaling=scaling)
            rate = alone.machines[0].usd_per_hour(load_catalog(), REGIONS["gcp"])
            assert costs[index] == pytest.approx(float(alone.nodes.mean) * rate, rel=1e-9)
            np.testing.assert_allclose(
                np.broadcast_to(together.nodes.hourly, (len(audience), 168))[index],
                alone.nodes.hourly,
                rtol=1e-9,
            )

    def test_each_scenario_has_the_machine_that_is_cheapest_for_it(self):
        audience = [10.0, 1e5, 1e7]
        together = fleet_of(chat(audience))
        chosen = [
            machine.machine
            for index in range(3)
            for machine, nodes in zip(together.machines, together.nodes_by_machine, strict=True)
            if np.broadcast_to(nodes.peak, (3,))[index] > 0
        ]

        assert chosen == [fleet_of(chat(one)).machines[0].machine for one in audience]
        assert len(set(chosen)) > 1

    def test_each_machine_tells_only_of_the_scenarios_that_chose_it(self):
        audience = [10.0, 1e7]
        together = fleet_of(chat(audience))
        alone = [fleet_of(chat(one)) for one in audience]

        told = dict(zip((one.machine for one in together.machines), together.texts, strict=True))
        assert told == {one.machines[0].machine: text_of(one) for one in alone}
        assert together.sizing.binding_of_largest == alone[1].sizing.binding_of_largest
        for machine in together.machines:
            assert f"{machine.title}: {told[machine.machine]}" in text_of(together)

    def test_a_range_of_nodes_tells_every_constraint_that_binds(self, make_demand):
        few, many = (
            fleet_of(chat(one), options=PLAIN | {"machine": "m7i.large"}) for one in (1, 1e6)
        )
        both = fleet_of(chat([1, 1e6]), options=PLAIN | {"machine": "m7i.large"})

        assert text_of(few).startswith("1 node all week")
        assert text_of(both) == (
            f"1–{float(many.nodes.peak):.3g} nodes all week, of which none may fail "
            f"(sized by {many.sizing.binding_of_largest} or the fewest that there may be)"
        )
