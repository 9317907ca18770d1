"""What a deployment lets in must agree with its own bill, its limits, and hand arithmetic."""

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest

import estimator as ws
from admissions import FLEETS, PLAIN, SCENARIO, admission_of, asked
from estimator.demand.admission_limits import AdmissionLimits, Autoscaling, Stage
from estimator.demand.weekly import from_hours
from estimator.deployments.base import Deployment
from estimator.deployments.limits import find_limit, limit_value
from estimator.deployments.registry import find_deployment
from estimator.units import SECONDS_PER_HOUR

UNIT_SERVICES = ["azure.web_pubsub", "azure.signalr"]
CLOUD_RUNS = ["gcp.cloud_run", "gcp.application_lb_cloud_run"]
AUTOSCALED = {id_: {"scaling": "autoscaled"} for id_ in (*FLEETS, *UNIT_SERVICES)}
SCENARIOS = {
    "as it comes": SCENARIO,
    "messages, following the hours": SCENARIO.replace(profile="market-data", options=AUTOSCALED),
}
BY_AGE = SCENARIO.replace(assumptions={"azure.container_apps.request_timeout": "age"})
every_deployment = pytest.mark.parametrize(
    "deployment",
    [*ws.DEPLOYMENTS.values(), *ws.SAAS.values()],
    ids=[*ws.DEPLOYMENTS, *ws.SAAS],
)
every_scenario = pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)


def pinned(
    scenario: ws.Scenario, deployment: Deployment, admission: AdmissionLimits
) -> ws.Scenario:
    """The scenario with the choices that the admission limits rest on."""
    given = {**scenario.options.get(deployment.id, {}), **admission.options}
    return scenario.replace(options={**scenario.options, deployment.id: given})


def numbers(admission: AdmissionLimits | Autoscaling) -> Iterator[float]:
    for field in fields(admission):
        value = getattr(admission, field.name)
        if field.name in ("spare_units", "slow_start_seconds", "pending_seconds"):
            continue  # which may be nothing
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield value
        elif isinstance(value, Autoscaling):
            yield from numbers(value)
        elif isinstance(value, tuple):
            yield from (each.per_second if isinstance(each, Stage) else each for each in value)


def units_for(admission: AdmissionLimits, connections: float) -> float:
    """Units that run for so many connections once nothing changes any more."""
    follow = admission.autoscaling
    if follow is None:
        return 1.0 if admission.units is None else admission.units
    needed = connections / (admission.connections_per_unit * follow.target_share)
    # a billionth of all is rounding noise
    needed = max(np.ceil(needed * (1 - 1e-9)), follow.least_units)
    needed = np.ceil(needed / follow.group_size) * follow.group_size
    if follow.counts:
        needed = min(count for count in follow.counts if count >= needed)
    return float(min(needed + follow.spare_units, follow.most_units))


def served_when_idle(admission: AdmissionLimits) -> float:
    """New connections per second of a node without messages and idle connections."""
    work = admission.connect_work
    assert work is not None
    return work.servers / work.seconds


def clock(follow: Autoscaling) -> tuple[float, float, float]:
    return follow.every_seconds, follow.lag_seconds, follow.cool_down_seconds


class TestEveryDeployment:
    @every_scenario
    @every_deployment
    def test_admitted_units_hold_the_expected_peak(self, deployment, scenario):
        peak = float(ws.expected_demand(scenario).peak_connections)
        admission = admission_of(deployment, scenario)

        assert admission.connections_most_now(units_for(admission, peak)) >= peak

    @every_scenario
    @every_deployment
    def test_numbers_are_positive(self, deployment, scenario):
        for audience in (0, 9_000):
            admission = admission_of(deployment, scenario.replace(peak_connections=audience))

            assert all(number > 0 for number in numbers(admission))
            assert admission.autoscaling is None or admission.autoscaling.target_share <= 1
            assert admission.autoscaling is None or admission.units is None

    @every_scenario
    @every_deployment
    def test_a_named_limit_is_the_field_or_the_field_a_multiple_of_it(self, deployment, scenario):
        admission = admission_of(deployment, scenario)

        for field, limit_id in admission.limits.items():
            holder = admission.autoscaling if field == "most_units" else admission
            allowed = getattr(holder, field)
            if field == "new_connections_per_second":
                allowed *= admission.counted_per_connection
            # of a limit by plan, the plan's
            times = np.atleast_1d(allowed / np.array(find_limit(limit_id).value))
            whole = (times >= 1) & np.isclose(times, np.round(times), rtol=1e-12)
            assert np.any(whole)

    @every_deployment
    def test_the_age_is_that_of_the_cuts_in_the_bill(self, deployment):
        # a demand that already has the cuts at that age is billed as one to which they come
        age_seconds = admission_of(deployment, BY_AGE).age_most_seconds
        demand = ws.expected_demand(BY_AGE)
        bill = ws.estimate(BY_AGE, deployment.id, demand=demand)
        if np.isinf(age_seconds):
            assert not any("cut after" in note for note in bill.notes)
            return
        cut = demand.cut_after(age_seconds / SECONDS_PER_HOUR)
        again = ws.estimate(BY_AGE, deployment.id, demand=cut)

        assert float(cut.new_connections.mean) > float(demand.new_connections.mean)
        for before, after in zip(bill.items, again.items, strict=True):
            assert float(after.usage.quantity) == pytest.approx(float(before.usage.quantity))

    @every_scenario
    @every_deployment
    def test_the_choices_it_rests_on_change_nothing_when_they_are_given(self, deployment, scenario):
        admission = admission_of(deployment, scenario)
        bill = ws.estimate(scenario, deployment.id)
        again = ws.estimate(pinned(scenario, deployment, admission), deployment.id)

        assert again.total == bill.total

    @pytest.mark.parametrize("deployment", [*FLEETS, *UNIT_SERVICES])
    def test_units_that_run_all_week_are_those_of_the_bill(self, deployment):
        scenario = SCENARIO
        units = admission_of(deployment, scenario).units
        assert units is not None
        ran = replace(ws.expected_demand(scenario), units=from_hours(np.full(168, units)))

        assert ws.estimate(scenario, deployment, demand=ran).total == pytest.approx(
            ws.estimate(scenario, deployment).total, rel=1e-12
        )

    @pytest.mark.parametrize("deployment", [*FLEETS, *UNIT_SERVICES, *CLOUD_RUNS])
    def test_units_that_follow_are_those_of_the_bill_hour_by_hour(self, deployment, make_demand):
        # without the hours around the busy ones, which an autoscaler does not know beforehand
        by_hour = {"memory_per_connection_bytes": 1e6, "scaling_lag_hours": 0}
        options = AUTOSCALED | {id_: AUTOSCALED[id_] | by_hour for id_ in FLEETS}
        scenario = SCENARIO.replace(options=options)
        hourly = 40_000 + 35_000 * np.sin(np.arange(168) * 2 * np.pi / 24)
        demand = make_demand(hourly, to_client=hourly)
        admission = admission_of(deployment, scenario, demand)
        assert admission.autoscaling is not None
        # the bill of what is too much for the service has it all the same
        follow = replace(admission, autoscaling=replace(admission.autoscaling, most_units=np.inf))
        ran = from_hours(np.array([units_for(follow, connections) for connections in hourly]))
        given = pinned(scenario, find_deployment(deployment), admission)
        planned, simulated = (
            ws.estimate(given, deployment, demand=each)
            for each in (demand, replace(demand, units=ran))
        )

        assert float(ran.peak) > float(ran.hourly.min())
        assert planned.sizing is not None
        np.testing.assert_allclose(planned.sizing.units.hourly, ran.hourly, rtol=1e-12)
        # what scales by the second is billed for what chance keeps running, not for whole hours
        if deployment not in (*CLOUD_RUNS, "azure.container_apps"):
            assert simulated.total == pytest.approx(planned.total, rel=1e-12)

    @every_deployment
    def test_many_scenarios_at_once_have_no_admission_limits(self, deployment):
        assert (
            admission_of(deployment, SCENARIO.replace(peak_connections=[10, 9_000]))
            == AdmissionLimits()
        )


class TestManagedServices:
    def test_api_gateway_lets_in_500_a_second_and_cuts_after_two_hours(self):
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
        admission = admission_of("aws.api_gateway")

        assert admission.new_connections_per_second == 500
        assert admission.age_most_seconds == 7_200
        assert admission.connections_most == np.inf
        assert (
            admission.limits["new_connections_per_second"]
            == "aws.api_gateway.new_connections_per_second"
        )

    def test_appsync_lets_in_2000_a_second_and_cuts_after_a_day(self):
        # https://docs.aws.amazon.com/general/latest/gr/appsync.html
        admission = admission_of("aws.appsync_events")

        assert (admission.new_connections_per_second, admission.age_most_seconds) == (2_000, 86_400)

    def test_iot_core_holds_half_a_million(self):
        # https://docs.aws.amazon.com/general/latest/gr/iot-core.html
        admission = admission_of("aws.iot_core")

        # of 3,000 connections per second only 500 may subscribe to their topic
        assert admission.new_connections_per_second == 500
        assert admission.connections_most == 500_000
        assert admission.age_most_seconds == 86_400

    @pytest.mark.parametrize(("topics", "rate"), [(0, 3_000), (1, 500), (28, 500 / 28)])
    def test_iot_core_lets_clients_in_as_fast_as_they_subscribe(self, topics, rate):
        scenario = SCENARIO.replace(options={"aws.iot_core": {"topics_per_client": topics}})

        assert admission_of("aws.iot_core", scenario).new_connections_per_second == rate

    def test_supabase_lets_clients_in_as_fast_as_they_join(self):
        scenario = SCENARIO.replace(options={"supabase.realtime": {"channels_per_connection": 5}})

        assert admission_of("supabase.realtime", scenario).new_connections_per_second == 500

    @pytest.mark.parametrize(
        ("deployment", "rate", "most"),
        # Ably Standard: https://ably.com/docs/platform/pricing/resource-based/limits ; Pusher
        # Premium: https://pusher.com/channels/pricing ; Supabase:
        # https://supabase.com/docs/guides/realtime/limits
        [
            ("ably.per_minute", 250, 10_000),
            ("pusher.channels", np.inf, 10_000),
            ("supabase.realtime", 2_500, 10_000),
            ("pubnub.transactions", np.inf, np.inf),
        ],
    )
    def test_saas_vendors_let_in_what_the_plan_that_is_paid_for_does(
        self, make_demand, deployment, rate, most
    ):
        admission = admission_of(deployment, demand=make_demand(9_000))

        assert (admission.new_connections_per_second, admission.connections_most) == (rate, most)

    def test_a_workload_beyond_the_largest_plan_meets_its_limits(self, make_demand):
        admission = admission_of("pusher.channels", demand=make_demand(100_000))

        assert admission.connections_most == 30_000

    def test_each_durable_object_takes_a_thousand_requests_a_second(self, make_demand):
        scenario = asked("cloudflare.durable_objects", {"connections_per_object": 100})
        admission = admission_of("cloudflare.durable_objects", scenario, make_demand(950))

        assert admission.new_connections_per_second == 10 * 1_000


UNIT_COUNTS = (*range(1, 10), *range(10, 101, 10))


class TestUnitServices:
    def test_units_hold_a_thousand_each(self, make_demand):
        # 9,000 at 80 % of each take 11.25 units, and 20 is the next count that exists
        admission = admission_of("azure.web_pubsub", demand=make_demand(9_000))

        assert admission.connections_per_unit == 1_000
        assert admission.units == 20
        assert admission.options == {"tier": "standard"}

    @pytest.mark.parametrize("service", ["azure.web_pubsub", "azure.signalr"])
    def test_autoscale_knows_the_counts_that_exist(self, make_demand, service):
        # https://learn.microsoft.com/azure/azure-web-pubsub/howto-scale-manual-scale
        scenario = asked(service, {"scaling": "autoscaled", "headroom": 0.7})
        admission = admission_of(service, scenario, make_demand(9_000))
        follow = admission.autoscaling

        assert follow is not None
        assert follow.counts == UNIT_COUNTS
        assert (follow.least_units, follow.most_units) == (1, 100)
        # the connections of SignalR's servers take a part
        assert follow.target_share == pytest.approx(0.7, rel=2e-3)
        assert follow.cool_down_seconds == 30 * 60
        assert admission.options == {"tier": "premium_p1"}

    def test_beyond_100_units_premium_p2_never_falls_below_them(self, make_demand):
        # 90,000 at 80 % take 112.5 units
        scenario = asked("azure.web_pubsub", {"scaling": "autoscaled"})
        admission = admission_of("azure.web_pubsub", scenario, make_demand(90_000))
        follow = admission.autoscaling

        assert follow is not None
        assert follow.counts == tuple(range(100, 1_001, 100))
        assert (follow.least_units, follow.most_units) == (100, 1_000)
        assert admission.options == {"tier": "premium_p2"}

    def test_several_resources_have_the_counts_of_all(self, make_demand):
        # 900,000 at 80 % take 1,125 units: a full resource and 200 of another
        scenario = asked("azure.web_pubsub", {"scaling": "autoscaled"})
        follow = admission_of("azure.web_pubsub", scenario, make_demand(900_000)).autoscaling

        assert follow is not None
        assert follow.counts == tuple(range(100, 2_001, 100))

    def test_where_messages_need_the_units_fewer_connections_are_planned_for_each(
        self, make_demand
    ):
        # the handler takes 500 a second and unit (the vendor's performance guide), 350 planned;
        # 7,000 need 20 units for 1,000 connections: 50 each
        demand = make_demand(1_000, to_server=7_000 * 3600)
        scenario = asked("azure.web_pubsub", {"scaling": "autoscaled"})
        admission = admission_of("azure.web_pubsub", scenario, demand)
        follow = admission.autoscaling

        assert follow is not None
        assert admission.connections_per_unit == 1_000
        assert follow.target_share == pytest.approx(0.05)
        assert units_for(admission, 1_000) == 20

    @pytest.mark.parametrize(
        ("connections", "rate"),
        # https://github.com/Azure/azure-signalr, a maintainer's figures by unit count
        [(700, 400), (13_000, 600), (39_000, 2_000), (79_000, 8_000)],
    )
    def test_more_units_of_signalr_take_more_connects(self, make_demand, connections, rate):
        admission = admission_of("azure.signalr", demand=make_demand(connections))

        assert admission.new_connections_per_second == rate

    def test_servers_take_connections_of_signalrs_units(self, make_demand):
        # three servers with two hubs of five connections: 30 of 10 units
        options = {"app_servers": 3, "hubs": 2}
        admission = admission_of(
            "azure.signalr", asked("azure.signalr", options), make_demand(7_900)
        )

        assert admission.units == 10
        assert admission.connections_most_now(10) == 10 * 1_000 - 30

    def test_the_free_tier_lets_in_20(self, make_demand):
        scenario = asked("azure.signalr", {"tier": "free", "mode": "serverless"})
        admission = admission_of("azure.signalr", scenario, make_demand(15))

        assert admission.connections_most_now(1) == 20
        assert admission.new_connections_per_second == 20


class TestFleets:
    # an m7i.large has 2 vCPU of the reference speed, 8 GiB and 781 Mbps (machines.csv)

    def admission(
        self, demand: ws.Demand, deployment: str = "aws.alb_ec2", **options: Any
    ) -> AdmissionLimits:
        scaling = options.pop("scaling", "static")
        return admission_of(deployment, asked(deployment, PLAIN | options, scaling), demand)

    def test_memory_bounds_a_node(self, make_demand):
        # 8 GiB / 10 KB, however many of them are planned with
        full = 8 * 2**30 / 10_000
        for headroom in (0.5, 0.9):
            admission = self.admission(
                make_demand(1e6), idle_cpu_seconds_per_connection_second=0, headroom=headroom
            )

            assert admission.connections_per_unit == pytest.approx(full, rel=1e-12)
            assert admission.units == np.ceil(1e6 / (full * headroom))
            assert admission.options == {"machine": "m7i.large"}
            assert admission.unit_name == "node"

    def test_handshakes_bound_a_node(self, make_demand):
        # 2 vCPU x 500 a second; 3,000 a second with 30,000 connections fill three such nodes, so
        # a node holds a third of them
        demand = make_demand(30_000, new_connections=3_000 * 3600)
        admission = self.admission(
            demand,
            "aws.nlb_ec2",
            handshakes_per_core_second=500,
            idle_cpu_seconds_per_connection_second=0,
            new_connections_per_core_second=1e12,
            application="none",
        )

        assert served_when_idle(admission) == pytest.approx(2 * 500)
        assert admission.connections_per_unit == pytest.approx(10_000)
        assert admission.units == 6

    def test_the_balancer_takes_the_handshakes_off_the_nodes(self, make_demand):
        # what is left is to accept each, 800 a second and core of two
        admission = self.admission(
            make_demand(30_000, new_connections=3_000 * 3600),
            "aws.nlb_ec2",
            tls="balancer",
            handshakes_per_core_second=500,
            new_connections_per_core_second=800,
        )

        assert served_when_idle(admission) == pytest.approx(2 * 800)

    def test_the_sign_in_bounds_a_node_too(self, make_demand):
        # 1 / 800 of a second to accept and 5 ms to sign in: 160 a second and core
        admission = self.admission(
            make_demand(3_000, new_connections=300 * 3600),
            new_connections_per_core_second=800,
            application="none",
            application_cpu_ms_per_new_connection=5,
        )

        assert served_when_idle(admission) == pytest.approx(2 * 160)

    def test_a_fleet_that_follows_the_hours_keeps_as_many_nodes_in_each_zone(self, make_demand):
        follow = self.admission(
            make_demand(1e6), scaling="autoscaled", survives="zone", zones=3, min_nodes=3
        ).autoscaling

        assert follow is not None
        # nodes for three that carry the peak: two in each of three zones, of which two may be left
        assert (follow.least_units, follow.group_size, follow.spare_units) == (6, 3, 0)
        assert follow.target_share == pytest.approx(0.5 * 2 / 3)

    def test_open_files_bound_a_node(self, make_demand):
        admission = self.admission(make_demand(100_000), open_files=20_000)

        assert admission.connections_per_unit == 20_000
        assert admission.units == 10

    def test_a_port_for_each_client_bounds_a_target_without_their_addresses(self, make_demand):
        # 55,000 connections per minute and target:
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/network/load-balancer-target-groups.html
        limit_id = "aws.nlb.connections_per_target_without_client_ip"
        admission = self.admission(
            make_demand(100_000), "aws.nlb_ec2", client_ip_preservation=False
        )

        assert admission.connections_per_unit == limit_value(limit_id) == 55_000
        assert admission.limits["connections_per_unit"] == limit_id

    def test_the_fewest_nodes_hold_more_than_is_planned(self, make_demand):
        admission = self.admission(make_demand(100), min_nodes=2, spare_nodes=1)

        assert admission.units == 3
        assert admission.connections_most_now(3) > 3 * 100_000

    def test_a_fleet_that_follows_the_hours_is_filled_to_its_headroom(self, make_demand):
        admission = self.admission(
            make_demand(1e6),
            idle_cpu_seconds_per_connection_second=0,
            scaling="autoscaled",
            min_nodes=2,
            spare_nodes=1,
            node_start_minutes=4,
        )
        follow = admission.autoscaling

        assert admission.units is None
        assert follow is not None
        assert (follow.target_share, follow.least_units, follow.spare_units) == (0.5, 2, 1)
        assert follow.start_seconds == 240
        # 3 values of a minute to grow, 15 to shrink; 1,000 targets a balancer
        assert (follow.every_seconds, follow.lag_seconds, follow.cool_down_seconds) == (
            60,
            180,
            900,
        )
        assert follow.most_units == 1_000

    @pytest.mark.parametrize(
        ("deployment", "every", "lag", "cool_down"),
        [
            # mean over 10 minutes, so 5 old:
            # https://learn.microsoft.com/azure/virtual-machine-scale-sets/virtual-machine-scale-sets-autoscale-portal
            ("azure.load_balancer_vm", 60, 300, 300),
            # https://learn.microsoft.com/azure/container-apps/scale-app
            ("azure.container_apps", 15, 7.5, 300),
            # https://docs.cloud.google.com/compute/docs/autoscaler/understanding-autoscaler-decisions
            ("gcp.passthrough_nlb_gce", 60, 240, 600),
            # https://docs.oracle.com/en-us/iaas/Content/Compute/Tasks/autoscalinginstancepools.htm
            ("oci.load_balancer_vm", 60, 180, 300),
        ],
    )
    def test_each_cloud_scales_by_its_own_clock(self, deployment, every, lag, cool_down):
        follow = admission_of(deployment, asked(deployment, {}, "autoscaled")).autoscaling

        assert follow is not None
        assert clock(follow) == (every, lag, cool_down)

    def test_an_instance_of_app_service_holds_what_its_plan_allows(self, make_demand):
        # https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
        scenario = asked("azure.app_service", {"machine": "B1-linux", "survives": "node"})
        admission = admission_of("azure.app_service", scenario, make_demand(500))

        assert admission.connections_per_unit == 350
        assert admission.unit_name == "instance"
        assert admission.limits["connections_per_unit"] == "azure.app_service.basic_websockets"

    def test_the_answer_decides_whether_container_apps_cuts_after_four_minutes(self):
        by_age = SCENARIO.replace(assumptions={"azure.container_apps.request_timeout": "age"})

        assert admission_of("azure.container_apps").age_most_seconds == np.inf
        assert admission_of("azure.container_apps", by_age).age_most_seconds == 240

    def test_the_gateway_takes_500_handshakes_a_second_and_instance(self, make_demand):
        # 10 units of 50 a second; 27,001 sockets need three instances of 13,500; 125 at most
        admission = admission_of("azure.application_gateway_vm", demand=make_demand(27_001))
        [stage] = admission.stages

        assert (stage.name, stage.per_second) == ("the gateway's TLS handshakes", 3 * 10 * 50)
        assert admission.new_connections_per_second == np.inf
        assert admission.connections_most == 125 * 13_500

    def test_the_firewall_takes_fewer(self, make_demand):
        scenario = asked("azure.application_gateway_vm", {"sku": "waf_v2"})

        admission = admission_of("azure.application_gateway_vm", scenario, make_demand(100))
        rates = {stage.name: stage.per_second for stage in admission.stages}

        assert rates == {
            "the gateway's TLS handshakes": 1 * 10 * 50,
            "the gateway's firewall": 1 * 10 * 10,
        }

    def test_each_network_load_balancer_of_oci_holds_330000(self, make_demand):
        admission = admission_of("oci.network_load_balancer_vm", demand=make_demand(400_000))

        assert admission.connections_most == 2 * 330_000

    def test_googles_global_balancer_cuts_after_a_day(self):
        assert admission_of("gcp.application_lb_gce").age_most_seconds == 86_400
        assert admission_of("gcp.passthrough_nlb_gce").age_most_seconds == np.inf


class TestCloudRun:
    ID = "gcp.cloud_run"

    def admission(
        self, demand: ws.Demand, answer: str = "target", **options: Any
    ) -> AdmissionLimits:
        scenario = SCENARIO.replace(
            options={self.ID: options}, assumptions={f"{self.ID}.sockets_per_instance": answer}
        )
        return admission_of(self.ID, scenario, demand)

    def test_instances_are_filled_to_60_percent_of_a_thousand(self, make_demand):
        # https://docs.cloud.google.com/run/docs/about-instance-autoscaling
        admission = self.admission(
            make_demand(9_000), new_connections_per_core_second=1e12, application="none"
        )
        follow = admission.autoscaling

        assert follow is not None
        assert admission.connections_per_unit == 1_000
        assert follow.target_share == pytest.approx(0.6)
        assert units_for(admission, 9_000) == 15
        assert (follow.least_units, follow.most_units) == (1, 100)
        assert clock(follow) == (5, 30, 900)
        assert admission.new_connections_per_second_per_unit == 800
        assert admission.age_most_seconds == 3_600

    @pytest.mark.parametrize(("start", "waits"), [(1, 10), (2, 10), (5, 17.5), (40, 140)])
    def test_a_request_waits_for_three_and_a_half_starts_or_ten_seconds(
        self, make_demand, start, waits
    ):
        # https://docs.cloud.google.com/run/docs/about-instance-autoscaling
        admission = self.admission(make_demand(9_000), container_start_seconds=start)

        assert admission.pending_seconds == waits

    def test_the_target_can_be_set(self, make_demand):
        follow = self.admission(make_demand(9_000), concurrency_target=0.95).autoscaling

        assert follow is not None
        assert follow.target_share == pytest.approx(0.95)

    def test_manual_scaling_keeps_its_instances(self, make_demand):
        admission = self.admission(make_demand(9_000), scaling="static", manual_instances=12)

        assert (admission.units, admission.autoscaling) == (12, None)

    def test_an_instance_works_on_new_connections_with_its_processors(self, make_demand):
        # 200 ms to sign in on each of four vCPU that are 0.61 as fast; 600 Mbps
        admission = self.admission(
            make_demand(9_000),
            vcpu=4,
            memory_gib=4,
            new_connections_per_core_second=1e12,
            application_cpu_ms_per_new_connection=200,
        )
        work = admission.connect_work

        assert work is not None
        assert work.servers == 4
        assert work.seconds == pytest.approx(0.2 / 0.61, rel=1e-6)
        assert work.busy_servers is not None

    def test_they_may_be_filled_completely(self, make_demand):
        follow = self.admission(make_demand(9_000), "full").autoscaling

        assert follow is not None
        assert follow.target_share == 1

    def test_settings_of_the_service_are_its_admission_limits(self, make_demand):
        admission = self.admission(
            make_demand(9_000),
            concurrency=250,
            timeout_minutes=15,
            min_instances=3,
            max_instances=40,
            container_start_seconds=2,
        )
        follow = admission.autoscaling

        assert follow is not None
        assert (admission.connections_per_unit, admission.age_most_seconds) == (250, 900)
        assert (follow.least_units, follow.most_units, follow.start_seconds) == (3, 40, 2)

    def test_memory_may_hold_fewer_than_the_concurrency(self, make_demand):
        # 0.5 GiB hold 500 of 2^20 bytes; 70 % of them are planned with
        admission = self.admission(make_demand(9_000), memory_per_connection_bytes=2**20)
        follow = admission.autoscaling

        assert follow is not None
        assert admission.connections_per_unit == pytest.approx(512)
        assert follow.target_share == pytest.approx(0.7)
