"""A demand that knows how many units ran, or that its connects already include those after cuts."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.demand.expected import expected_demand
from estimator.demand.weekly import from_hours

ALB = "aws.alb_ec2"
NODES = "aws.ec2.m7g_large"
NODE: dict[str, Any] = {"machine": "m7g.large", "redis_machine": "c7g.large"}
SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", mean_connections=1_000)


def ran(demand: ws.Demand, units: Any) -> ws.Demand:
    """The demand with units that ran, hour by hour or with one number for all hours."""
    return replace(demand, units=from_hours(np.broadcast_to(np.asarray(units, float), 168).copy()))


class TestUnits:
    def test_nodes_are_billed_as_they_ran_parts_of_hours_included(
        self, make_demand, bill_of, quantities
    ):
        # three nodes all week, a fourth for 20 minutes of one hour
        hours = np.full(168, 3.0)
        hours[50] += 1 / 3
        bill = bill_of(ALB, ran(make_demand(100, hours_per_month=168), hours), options=NODE)

        assert quantities(bill)[NODES] == pytest.approx(3 * 168 + 1 / 3, rel=1e-12)
        assert "as they ran" in bill.explain()

    def test_twice_the_nodes_cost_twice_as_much(self, make_demand, bill_of):
        def cost(units: float) -> float:
            bill = bill_of(ALB, ran(make_demand(100), units), options=NODE)
            return sum(float(i.cost_usd) for i in bill.items if i.rate.meter_id == NODES)

        assert cost(8) == pytest.approx(2 * cost(4), rel=1e-12)

    def test_units_that_ran_do_not_choose_the_machine(self, make_demand, bill_of):
        # few large nodes would cost least of those that ran, were any number enough
        demand = make_demand(300_000)
        for deployment in (ALB, "azure.app_service"):
            machines = [
                {
                    item.rate.meter_id
                    for item in bill_of(deployment, each).items
                    if "ec2" in item.rate.meter_id or "app_service" in item.rate.meter_id
                }
                for each in (demand, ran(demand, 1_000))
            ]
            assert machines[0] == machines[1] != set()

    @pytest.mark.parametrize(
        ("deployment", "disk", "each"),
        [
            ("aws.alb_ec2", "aws.ebs.gp3_gb_months", 8),
            ("azure.load_balancer_vm", "azure.disks.standard_ssd_e4_months", 1),
            ("gcp.passthrough_nlb_gce", "gcp.compute.balanced_disk_gib_months", 10),
            ("oci.load_balancer_vm", "oci.block_volume.storage", 50),
            ("oci.network_load_balancer_vm", "oci.block_volume.storage", 50),
        ],
    )
    def test_a_disk_is_there_as_long_as_its_machine(
        self, make_demand, bill_of, quantities, deployment, disk, each
    ):
        # instances that a group stops are deleted, and their boot disks with them; from 2 to 3.25
        # machines are 2.625 on average
        bill = bill_of(deployment, ran(make_demand(100), np.linspace(2, 3.25, 168)))

        assert quantities(bill)[disk] == pytest.approx(2.625 * each, rel=1e-12)

    def test_cloud_run_is_billed_for_instances_as_they_ran(self, make_demand, bill_of, quantities):
        demand = ran(make_demand(100, hours_per_month=168), 2.5)
        bill = bill_of("gcp.cloud_run", demand, options={"vcpu": 2})

        seconds = quantities(bill)["gcp.cloud_run.cpu_instance_based"]
        assert seconds == pytest.approx(2.5 * 168 * 3600 * 2, rel=1e-12)

    def test_minimum_instances_without_connections_are_idle_among_those_that_ran(
        self, make_demand, bill_of, quantities
    ):
        # one instance holds the connections; of the five that ran, two more of the minimum are idle
        options = {"billing": "request", "min_instances": 3}
        demand = ran(make_demand(100, hours_per_month=168), 5)
        answers = {"open_websockets": "request"}
        found = quantities(bill_of("gcp.cloud_run", demand, options=options, answers=answers))

        assert found["gcp.cloud_run.cpu_request_based"] == pytest.approx(3 * 168 * 3600)
        assert found["gcp.cloud_run.min_instance_cpu_idle"] == pytest.approx(2 * 168 * 3600)

    def test_units_count_by_the_time_they_ran_within_a_day(self, make_demand, bill_of, quantities):
        # https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model : 5 units for 18
        # hours and 10 for 6 are (5 x 18 + 10 x 6) / 24 = 6.25 unit-days
        day = np.tile([5.0] * 10 + [10.0] * 6 + [5.0] * 8, 7)
        options = {"scaling": "autoscaled"}
        for service in ("azure.web_pubsub", "azure.signalr"):
            demand = ran(make_demand(100, hours_per_month=24), day)
            found = quantities(bill_of(service, demand, options=options))

            assert found[f"{service}.premium_unit_days"] == pytest.approx(6.25, rel=1e-12)

    def test_messages_that_come_with_units_follow_those_that_ran(
        self, make_demand, bill_of, charged
    ):
        # the same article: 6.25 unit-days include 6.25 of 15 million messages
        day = np.tile([5.0] * 10 + [10.0] * 6 + [5.0] * 8, 7)
        sent = make_demand(100, to_client=15e6 / 24, payload=2048, hours_per_month=24)
        demand = ran(sent, day)
        found = charged(bill_of("azure.web_pubsub", demand, options={"scaling": "autoscaled"}))

        assert found["azure.web_pubsub.premium_messages"] == pytest.approx(8.75e6, rel=1e-12)


class TestCutsAlreadyCounted:
    def test_a_demand_cut_at_that_age_stays_as_it_is(self):
        cut = expected_demand(SCENARIO).cut_after(2)

        assert cut.cut_hours == 2
        assert cut.cut_after(2) is cut
        assert cut.cut_after(7_200 / 3_600) is cut

    @pytest.mark.parametrize(("first", "then"), [(2, 1), (1, 24), (0.25, 2)])
    def test_cuts_at_another_age_change_the_week_as_if_there_had_been_no_others(self, first, then):
        demand = expected_demand(SCENARIO)
        twice, once = demand.cut_after(first).cut_after(then), demand.cut_after(then)

        assert twice.cut_hours == then
        assert float(twice.new_connections.mean) == pytest.approx(
            float(once.new_connections.mean), rel=1e-9
        )
        for one, other in zip(twice.streams, once.streams, strict=True):
            assert float(one.per_hour.mean) == pytest.approx(float(other.per_hour.mean), rel=1e-9)

    def test_sessions_are_connects_without_those_after_cuts(self):
        demand = expected_demand(SCENARIO)

        assert demand.sessions is demand.new_connections
        for hours in (0.1, 2, 24):
            sessions = demand.cut_after(hours).sessions
            assert float(sessions.mean) == pytest.approx(
                float(demand.new_connections.mean), rel=1e-9
            )

    @pytest.mark.parametrize(
        "deployment", ["aws.api_gateway", "aws.appsync_events", "aws.iot_core"]
    )
    def test_a_started_minute_is_lost_once_a_session_and_not_at_each_cut(
        self, make_demand, bill_of, quantities, deployment
    ):
        # sessions of two days and 100.5 minutes lose half a minute each; cuts come at whole minutes
        hours = 100.5 / 60 + 48
        demand = make_demand(1_000, new_connections=100, session_hours=hours)
        age = 2 if deployment == "aws.api_gateway" else 24
        for each in (demand, demand.cut_after(age)):
            minutes = quantities(bill_of(deployment, each))[f"{deployment}.connection_minutes"]

            assert minutes == pytest.approx((1_000 * 60 + 100 * 0.5) * 730, rel=1e-9)
