"""How many nodes: by hand on made-up demands.

Figures of the machines stand in machines.csv and families.csv: m7i.large of AWS has 2 vCPU of the
reference speed, 8 GiB and 781 Mbps.
"""

import numpy as np
import pytest

from estimator.deployments.fleet.choice import whole
from estimator.deployments.fleet.family import find_family
from estimator.deployments.fleet.machine import find_machine
from fleets import KINDS, LARGE, PLAIN, courses, fleet_of, text_of


class TestConstraints:
    # what half of an m7i.large holds: 4 GiB of memory are 429,496.7 connections of 10 KB, one core
    # is 100,000 idle connections or 1,000 messages per second, and 390.5 Mbps

    def test_memory_binds(self, make_demand):
        options = LARGE | {"idle_cpu_seconds_per_connection_second": 0}
        fits = fleet_of(make_demand(429_496), options=options)
        beyond = fleet_of(make_demand(429_497), options=options)

        assert float(fits.nodes.peak) == 1
        assert float(beyond.nodes.peak) == 2
        assert beyond.sizing.binding_of_largest == "memory"
        assert "sized by memory" in text_of(beyond)

    def test_processors_bind(self, make_demand):
        fits, beyond = (
            fleet_of(make_demand(50_000, to_client=rate * 3600, payload=0), options=LARGE)
            for rate in (500, 501)
        )

        assert float(fits.nodes.peak) == 1
        assert float(beyond.nodes.peak) == 2
        assert beyond.sizing.binding_of_largest == "processor"
        assert "sized by processor" in text_of(beyond)

    def test_the_network_binds(self, make_demand):
        # 124 bytes leave as 200 and are acknowledged with 52 (the measured table of test_wire)
        per_mbps = 1e6 / 8 * 3600 / 252
        options = LARGE | {"messages_per_core_second": 1e9}
        fits, beyond = (
            fleet_of(make_demand(0, to_client=mbps * per_mbps, payload=124), options=options)
            for mbps in (390, 391)
        )

        assert float(fits.nodes.peak) == 1
        assert float(beyond.nodes.peak) == 2
        assert beyond.sizing.binding_of_largest == "network"
        assert "sized by network" in text_of(beyond)

    @pytest.mark.parametrize("caps", [{"mbps_most": 100}, {"mbps_most": 5_000}])
    def test_a_cap_of_the_cloud_holds_besides_that_of_the_machine(self, make_demand, caps):
        per_mbps = 1e6 / 8 * 3600 / 252
        demand = make_demand(0, to_client=900 * per_mbps, payload=124)
        options = LARGE | {"messages_per_core_second": 1e9}

        nodes = float(fleet_of(demand, caps=caps, options=options).nodes.peak)
        assert nodes == np.ceil(900 / (min(781, caps["mbps_most"]) * 0.5))

    def test_a_plan_is_bound_by_the_bandwidth_of_its_neighbor(self, make_demand):
        per_mbps = 1e6 / 8 * 3600 / 252
        demand = make_demand(0, to_client=4_900 * per_mbps, payload=124)
        options = LARGE | {"messages_per_core_second": 1e9, "machine": "P1v3-linux"}

        # 2 vCPU of 500 Mbps each, as of Standard_D2_v4
        fleet = fleet_of(demand, "azure", "app_service", options=options)
        assert float(fleet.nodes.peak) == np.ceil(4_900 / (1_000 * 0.5))

    @pytest.mark.parametrize(
        ("options", "caps"),
        [
            ({"open_files": 20_000}, {}),
            ({}, {"connections_most": 20_000}),
            ({"open_files": 20_000}, {"connections_most": 30_000}),
            ({"open_files": 30_000}, {"connections_most": 20_000}),
        ],
    )
    def test_the_connections_of_a_node_bind(self, make_demand, options, caps):
        # half of 20,000, since balancing is uneven here as for all else
        fits = fleet_of(make_demand(40_000), caps=caps, options=LARGE | options)
        beyond = fleet_of(make_demand(40_001), caps=caps, options=LARGE | options)

        assert float(fits.nodes.peak) == 4
        assert float(beyond.nodes.peak) == 5
        assert beyond.sizing.binding_of_largest == "connections"
        assert "sized by connections" in text_of(beyond)

    def test_connections_per_node_are_taken_as_they_are(self, make_demand):
        # a thousand at the peak, 44 each: 23 nodes, of any machine and without headroom
        fleet = fleet_of(make_demand(1_000), options=LARGE | {"connections_per_node": 44})

        assert float(fleet.nodes.peak) == np.ceil(1_000 / 44) == 23
        assert "sized by the connections per node that were asked for" in text_of(fleet)

    def test_new_connections_bind(self, make_demand):
        # each takes 1 / 100 of a second to accept and 10 ms to sign in: half of two cores makes 50
        options = LARGE | {
            "new_connections_per_core_second": 100,
            "application": None,
            "application_cpu_ms_per_new_connection": 10,
            "idle_cpu_seconds_per_connection_second": 0,
        }
        fits, beyond = (
            fleet_of(make_demand(10, new_connections=rate * 3600), options=options)
            for rate in (50, 51)
        )

        assert (float(fits.nodes.peak), float(beyond.nodes.peak)) == (1, 2)

    def test_slower_cores_do_less(self, make_demand):
        # 0.61 of the reference speed each (families.csv): half of two takes 61,000 idle connections
        options = PLAIN | {"machine": "n2-standard-2"}
        fits, beyond = (
            fleet_of(make_demand(each), "gcp", options=options) for each in (60_999, 61_001)
        )

        assert (float(fits.nodes.peak), float(beyond.nodes.peak)) == (1, 2)

    def test_what_bursts_does_what_it_sustains(self, make_demand):
        # t3.medium sustains 20 % of each of two vCPU:
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html
        machine = find_machine("aws", "vm", "t3.medium")
        cores = 0.4 * find_family(machine.family).core_speed
        options = PLAIN | {"machine": "t3.medium"}
        fits, beyond = (
            fleet_of(make_demand(cores * 0.5 * 100_000 + more), options=options) for more in (-1, 1)
        )

        assert (float(fits.nodes.peak), float(beyond.nodes.peak)) == (1, 2)

    def test_the_work_of_the_application_adds_up(self, make_demand):
        # 1,000 messages a second from clients and 10,000 to them at 1,000 per core: 11 cores; the
        # application takes 5 ms and 1 ms for them: 15 more; half of two cores each
        options = LARGE | {
            "application": None,
            "application_cpu_ms_per_message": 5,
            "application_cpu_ms_per_delivery": 1,
            "idle_cpu_seconds_per_connection_second": 0,
        }
        demand = make_demand(10, to_server=1_000 * 3600, to_client=10_000 * 3600, payload=0)
        fleet = fleet_of(demand, options=options)

        assert float(fleet.nodes.peak) == 26
        assert float(fleet.application_share) == pytest.approx(15 / 26)
        idle_free = LARGE | {"idle_cpu_seconds_per_connection_second": 0}
        without = fleet_of(demand, options=idle_free)
        assert float(without.nodes.peak) == 11
        parts = [(usage.part, float(usage.quantity)) for usage in fleet.usage(demand)]
        assert parts == [
            ("", pytest.approx(11 * 730)),
            ("the application's own work", pytest.approx(15 * 730)),
        ]

    def test_the_busiest_hour_of_any_constraint_decides(self, make_demand):
        # 300,000 connections by night need 3 cores, 5,000 messages per second by day 5
        connections, messages = np.zeros(168), np.zeros(168)
        connections[3], messages[12] = 300_000, 5_000 * 3600
        fleet = fleet_of(make_demand(connections, to_client=messages, payload=0), options=LARGE)

        assert float(fleet.nodes.peak) == 5


class TestFewest:
    def test_the_fewest_and_the_spare_ones_run_however_little_is_asked(self, make_demand):
        fleet = fleet_of(make_demand(1), options=LARGE | {"min_nodes": 3, "spare_nodes": 2})

        assert float(fleet.nodes.peak) == 5
        assert (
            text_of(fleet) == "5 nodes all week, of which none may fail, 2 of them spare "
            "(sized by the minimum that was asked for)"
        )

    def test_what_is_left_when_the_spare_nodes_fail_still_carries_the_demand(self, make_demand):
        # 700,000 connections need 7 cores: 7 nodes, and two that may fail
        fleet = fleet_of(make_demand(700_000), options=LARGE | {"spare_nodes": 2})

        assert float(fleet.nodes.peak) == 9
        assert text_of(fleet) == (
            "9 nodes all week, of which none may fail, 2 of them spare (sized by processor)"
        )

    def test_nobody_still_needs_the_fewest(self, make_demand):
        assert float(fleet_of(make_demand(0), options=LARGE).nodes.peak) == 1

    def test_rounding_noise_needs_no_node(self):
        nodes = np.array([0.0, 1.0, 3 * (1 + 1e-15), 1e8 * (1 + 1e-15), 3 + 1e-6])

        assert whole(nodes).tolist() == [0, 1, 3, 1e8, 4]


class TestHours:
    def test_a_static_fleet_keeps_the_nodes_of_its_busiest_hour(self, make_demand):
        hours = np.zeros(168)
        hours[99] = 400_000
        fleet = fleet_of(make_demand(hours), options=LARGE)

        assert fleet.nodes.hourly.tolist() == [4.0] * 168

    @pytest.mark.parametrize("lag", [0, 1, 3])
    def test_nodes_start_before_they_are_needed_and_stay_after(self, make_demand, lag):
        hours = np.zeros(168)
        hours[99] = 400_000
        options = LARGE | {"scaling_lag_hours": lag}
        nodes = fleet_of(make_demand(hours), scaling="autoscaled", options=options).nodes.hourly

        expected = np.ones(168)
        expected[99 - lag : 99 + lag + 1] = 4
        assert nodes.tolist() == expected.tolist()

    def test_the_first_hour_of_monday_follows_the_last_of_sunday(self, make_demand):
        hours = np.zeros(168)
        hours[0] = 400_000
        fleet = fleet_of(make_demand(hours), scaling="autoscaled", options=LARGE)

        assert np.flatnonzero(fleet.nodes.hourly == 4).tolist() == [0, 1, 167]

    def test_spare_nodes_run_in_every_hour(self, make_demand):
        hours = np.zeros(168)
        hours[50] = 400_000
        options = LARGE | {"spare_nodes": 2, "scaling_lag_hours": 0}
        fleet = fleet_of(make_demand(hours), scaling="autoscaled", options=options)

        assert sorted(set(fleet.nodes.hourly)) == [3, 6]
        assert text_of(fleet) == (
            "3–6 nodes by the hour, of which none may fail, 2 of them spare (sized by processor)"
        )

    @pytest.mark.parametrize(("cloud", "kind"), KINDS)
    @pytest.mark.parametrize("peak", [1e3, 1e5, 3e6])
    @pytest.mark.parametrize("lag", [0, 2])
    def test_following_the_hours_never_takes_more_node_hours(
        self, make_demand, cloud, kind, peak, lag
    ):
        demand = make_demand(courses(0.1, 1, 0.3) * peak, to_client=courses(0, 1) * peak * 60)
        static = fleet_of(demand, cloud, kind, options=PLAIN)
        options = PLAIN | {"machine": static.machines[0].machine, "scaling_lag_hours": lag}
        autoscaled = fleet_of(demand, cloud, kind, scaling="autoscaled", options=options)

        assert np.all(autoscaled.nodes.hourly <= static.nodes.hourly)
        assert float(autoscaled.nodes.peak) == float(static.nodes.peak)


class TestUsage:
    def test_machines_are_billed_by_their_parts(self, make_demand):
        # 4 x 0.03 + 32 x 0.002 USD per hour: 4 OCPU and 32 GB
        options = PLAIN | {"machine": "VM.Standard.E5.Flex/4/32", "min_nodes": 3}
        demand = make_demand(10)
        usage = {u.meter_id: u for u in fleet_of(demand, "oci", options=options).usage(demand)}

        assert float(usage["oci.compute.e5_ocpu_hours"].quantity) == 3 * 4 * 730
        assert float(usage["oci.compute.e5_memory_gb_hours"].quantity) == 3 * 32 * 730
        assert "4 units per hour each" in usage["oci.compute.e5_ocpu_hours"].formula

    def test_more_connections_on_a_node_than_were_ever_shown_are_noted(self, make_demand):
        # Centrifugo published 200,000 on one host; on 64 GiB its figures let a node hold more
        options = {"machine": "r7g.2xlarge", "survives": "none", "application": "none"}
        below = fleet_of(make_demand(200_000), options=options)
        above = fleet_of(make_demand(200_001), options=options)

        assert not [note for note in below.notes if "on one host" in note]
        assert [note for note in above.notes if "200,000 on one host" in note]

    def test_more_connections_on_a_node_than_are_advised_are_noted(self, make_demand):
        # https://centrifugal.dev/docs/faq: 50,000 to 100,000 clients for each node
        options = {"machine": "r7g.2xlarge", "survives": "none", "application": "none"}
        below, above, asked = (
            fleet_of(make_demand(connections), options=options | more).notes
            for connections, more in (
                (100_000, {}),
                (100_001, {}),
                (100_001, {"connections_per_node": 100_000}),
            )
        )

        assert not [note for note in below if "advised" in note]
        assert [note for note in above if "100,000 that are advised for Centrifugo 6" in note]
        assert not [note for note in asked if "advised" in note]
