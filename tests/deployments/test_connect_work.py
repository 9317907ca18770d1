"""What a node does for new connections, by hand arithmetic from figures of servers and machines.

An m7i.large has 2 vCPU of the reference speed and 781 Mbps (machines.csv).
"""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from admissions import FLEETS, PLAIN, SCENARIO, admission_of, asked
from estimator.demand.admission_limits import AdmissionLimits, Balancing, ConnectWork
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import from_hours
from estimator.scenario.sizes import FixedSize

ALB, NLB = "aws.alb_ec2", "aws.nlb_ec2"
MBPS = 781e6
# 1.25 ms to accept each; bytes cost next to nothing
ACCEPTS_800: dict[str, Any] = PLAIN | {
    "new_connections_per_core_second": 800,
    "bytes_per_core_second": 1e12,
}


def work_of(
    demand: ws.Demand, deployment: str = ALB, scaling: str = "static", **options: Any
) -> ConnectWork:
    work = limits(demand, deployment, scaling, **options).connect_work
    assert work is not None
    return work


def limits(
    demand: ws.Demand, deployment: str = ALB, scaling: str = "static", **options: Any
) -> AdmissionLimits:
    scenario = asked(deployment, ACCEPTS_800 | options, scaling)
    return admission_of(deployment, scenario, demand)


def greeted(connections: float, to_client: str, from_client: str = "0 B") -> ws.Demand:
    return ws.Demand.of(
        connections,
        session={"law": "exponential", "mean_hours": 1},
        flows={},
        at_connect={"to_client": to_client, "from_client": from_client},
    )


class TestServers:
    @pytest.mark.parametrize(
        ("deployment", "machine", "servers", "seconds"),
        [
            # two vCPU of the reference speed
            (ALB, "m7i.large", 2, 1 / 800),
            # 20 % of each of two vCPU that are 0.56 as fast (families.csv)
            (ALB, "t3.medium", 2, 1 / 800 / 0.2 / 0.56),
            # a quarter of a vCPU, 0.66 as fast
            ("aws.alb_fargate", "fargate-arm/0.25/0.5", 1, 1 / 800 / 0.25 / 0.66),
        ],
    )
    def test_whole_servers_are_as_fast_as_the_cores_together(
        self, make_demand, deployment, machine, servers, seconds
    ):
        work = work_of(make_demand(1_000), deployment, machine=machine)

        assert work.servers == servers
        assert work.seconds == pytest.approx(seconds, rel=1e-3)

    def test_a_faster_core_takes_less_time(self, make_demand):
        work = work_of(make_demand(1_000), core_speed_factor=2)

        assert work.seconds == pytest.approx(1 / 1_600)

    def test_work_does_not_vary(self, make_demand):
        assert not work_of(make_demand(1_000)).varies

    @pytest.mark.parametrize("deployment", FLEETS)
    def test_every_fleet_knows_how_fast_it_lets_clients_in(self, deployment):
        admission = admission_of(deployment, SCENARIO)

        assert admission.known
        assert 0 < admission.connects_served_per_second(1) < np.inf


class TestBusyServers:
    def test_messages_and_idle_sockets_leave_the_rest(self, make_demand):
        # 10,000 x 10 us and 2,000 messages a second at 1,000 a second and core: 2.1 of the cores.
        # At half of each, 2.1 of them need three nodes of two
        demand = make_demand(10_000, to_client=2_000 * 3600)
        admission = limits(demand)
        work = admission.connect_work

        assert work is not None
        assert work.busy_servers == pytest.approx(np.full(168, 2.1 / 10_000), rel=1e-6)
        assert admission.units == 3
        served = admission.connects_served_per_second(3, connections=10_000)
        assert served == pytest.approx((6 - 2.1) * 800, rel=1e-6)
        # while half of them are away, they send nothing
        served = admission.connects_served_per_second(3, connections=5_000)
        assert served == pytest.approx((6 - 1.05) * 800, rel=1e-6)

    def test_new_connections_are_no_part_of_it(self, make_demand):
        quiet, busy = (work_of(make_demand(10_000, new_connections=n)) for n in (0, 3_600_000))

        assert quiet.busy_servers is not None
        assert busy.busy_servers == pytest.approx(quiet.busy_servers)

    def test_it_goes_by_the_hour(self, make_demand):
        hourly = np.tile(np.repeat([1_000, 3_000], 12), 7) * 3600.0
        work = work_of(make_demand(1_000, to_client=hourly))

        # and 10 us for each of the 1,000
        busy = hourly / 3600 / 1_000 + 0.01
        assert work.busy_servers == pytest.approx(busy / 1_000, rel=1e-6)

    def test_a_slow_server_is_busier(self, make_demand):
        # a quarter of a vCPU, 0.66 as fast: 0.1 cores are 0.61 of these servers
        demand = make_demand(100, to_client=100 * 3600)
        work = work_of(demand, "aws.alb_fargate", machine="fargate-arm/0.25/0.5")

        # and 10 us for each of the 100
        busy = 0.101 / 0.25 / 0.66
        assert work.busy_servers == pytest.approx(np.full(168, busy / 100), rel=1e-3)

    def test_what_others_send_is_work_on_each_node(self, make_demand):
        # 100 messages a second in, each delivered once, and heard on all of four nodes
        demand = make_demand(1, to_server=100 * 3600, to_client=100 * 3600)
        admission = limits(demand, min_nodes=4, subscribes="all")
        work = admission.connect_work

        assert admission.units == 4
        assert work is not None
        assert work.busy_servers == pytest.approx(np.full(168, 0.2 + 4 * 0.1 + 1e-5), rel=1e-6)

    def test_fewer_nodes_hear_less(self, make_demand):
        # 10 us for each connection: 1 core at night and 6 by day of one used of each node; every
        # message is heard on all nodes that run, an hour before and after the day too
        hourly = np.tile(np.repeat([100_000.0, 600_000.0], 12), 7)
        demand = make_demand(hourly, to_server=36_000, to_client=36_000)
        options: dict[str, Any] = {"subscribes": "all", "open_files": 1e7}
        admission = limits(demand, scaling="autoscaled", **options)
        bill = ws.estimate(
            SCENARIO.replace(options={ALB: ACCEPTS_800 | options | {"scaling": "autoscaled"}}),
            ALB,
            demand=demand,
        )
        work = admission.connect_work

        assert work is not None
        assert bill.sizing is not None
        nodes = bill.sizing.units.hourly
        assert set(nodes) == {2, 7}
        busy = hourly * 1e-5 + 10 * (2 + nodes) / 1_000
        assert work.busy_servers == pytest.approx(busy / hourly, rel=1e-6)

    def test_the_applications_work_on_messages_counts(self, make_demand):
        demand = make_demand(1_000, to_server=100 * 3600)
        work = work_of(demand, application_cpu_ms_per_message=4, application=None)

        # 1 ms to receive each and 4 ms of the application; and 10 us for each of the 1,000
        assert work.busy_servers == pytest.approx(np.full(168, 0.51 / 1_000), rel=1e-6)


class TestGreetings:
    def test_their_messages_and_bytes_are_work(self):
        # two messages at 1,000 a second, 10,500 bytes at 1 MB a second
        demand = greeted(1_000, "10 KB", "500 B")
        work = work_of(demand, bytes_per_core_second=1e6)

        assert work.seconds == pytest.approx(0.00125 + 0.002 + 0.0105)

    def test_their_bytes_pass_through_the_network_of_a_node(self):
        # opening: 2,251 of TLS, 129 and 22 of the upgrade, 7 segments of 52; a greeting of 124
        # bytes leaves as 200 (measured, see wire.py)
        demand = greeted(1_000, "124 B")

        assert work_of(demand).transfer_seconds == pytest.approx(
            (2_251 + 129 + 22 + 7 * 52 + 200) * 8 / MBPS
        )

    def test_the_larger_direction_counts(self):
        # in: 328 of TLS, 503 and 22 of the upgrade, 7 segments, and 1,000 bytes with 8 of the frame
        # and its mask, 22 and 52
        demand = greeted(1_000, "0 B", "1000 B")
        sent_in = 328 + 503 + 22 + 7 * 52 + 1_000 + 8 + 22 + 52
        sent_out = 2_251 + 129 + 22 + 7 * 52 + 52  # with an acknowledgement

        assert work_of(demand).transfer_seconds == pytest.approx(max(sent_in, sent_out) * 8 / MBPS)

    def test_traffic_that_is_planned_leaves_the_rest_of_the_network(self, make_demand):
        # 1,000 messages of 100 bytes a second: 100 + 2 + 22 + 52 out, 52 to acknowledge each
        busy = work_of(make_demand(10_000, to_client=1_000 * 3600)).busy_networks

        assert busy == pytest.approx(np.full(168, 1_000 * (176 + 52) * 8 / MBPS / 10_000))

    def test_a_cap_of_the_cloud_on_a_node_counts(self, make_demand):
        # 5 Gbps towards the internet: aws.ec2.internet_bandwidth_mbps; the machine has 6,250
        demand = greeted(1_000, "124 B")
        work = work_of(demand, machine="m7i.4xlarge")

        assert work.transfer_seconds == pytest.approx((2_766 + 200) * 8 / 5e9)

    def test_greetings_of_several_kinds_count_by_the_larger(self):
        small, large = greeted(1_000, "1 KB"), greeted(10, "1 MB")
        both = ws.Demand.of_kinds({"people": small, "screens": large})

        assert work_of(both).transfer_seconds == pytest.approx(work_of(large).transfer_seconds)
        assert work_of(both).seconds == pytest.approx(work_of(large).seconds)

    def test_nothing_is_greeted_where_nobody_connects(self):
        scenario = SCENARIO.replace(peak_connections=0, options={ALB: ACCEPTS_800})
        work = admission_of(ALB, scenario).connect_work

        assert work is not None
        assert work.seconds == pytest.approx(1 / 800)
        assert work.transfer_seconds == 0


class TestRefusals:
    def test_where_tls_ends_the_handshake_was_made_for_nothing(self, make_demand):
        # 2 ms of 2 + 1.25 + 6.75
        work = work_of(
            make_demand(1_000),
            NLB,
            handshakes_per_core_second=500,
            application=None,
            application_cpu_ms_per_new_connection=6.75,
        )

        assert work.seconds == pytest.approx(0.010)
        assert work.refusal_share == pytest.approx(0.2)

    def test_elsewhere_the_connection_was_accepted_for_nothing(self, make_demand):
        # 1.25 ms of 1.25 + 3.75
        work = work_of(
            make_demand(1_000), application=None, application_cpu_ms_per_new_connection=3.75
        )

        assert work.refusal_share == pytest.approx(0.25)


class TestBacklog:
    @pytest.mark.parametrize(
        ("server", "waits"),
        # https://www.kernel.org/doc/html/latest/networking/ip-sysctl.html (somaxconn), which Go
        # reads; https://nodejs.org/api/net.html#serverlisten: 511, not 512; nginx: 511 on Linux;
        # https://docs.python.org/3/library/asyncio-eventloop.html: backlog=100; ranch_tcp: 1024
        [
            ("centrifugo-go", 4_096),
            ("node-ws", 511),
            ("socketio-node", 511),
            ("nginx", 511),
            ("python-websockets", 100),
            ("elixir-phoenix", 1_024),
            ("haproxy", 4_096),
        ],
    )
    def test_it_is_the_servers_own_or_that_of_linux(self, make_demand, server, waits):
        assert work_of(make_demand(1_000), server=server).backlog == waits

    def test_it_may_be_set(self, make_demand):
        assert work_of(make_demand(1_000), accept_backlog=65_535).backlog == 65_535


class TestSignIn:
    def test_what_stands_behind_it_lets_through_what_it_takes(self, make_demand):
        admission = limits(make_demand(1_000), sign_in_per_second=300, sign_in_queue=50)
        [stage] = admission.stages

        assert (stage.name, stage.per_second, stage.queue) == ("sign-in", 300, 50)
        assert admission.connects_served_per_second(1) == 300

    def test_without_a_figure_it_limits_nobody(self, make_demand):
        assert limits(make_demand(1_000)).stages == ()

    def test_it_stands_behind_cloud_run_too(self, make_demand):
        scenario = SCENARIO.replace(options={"gcp.cloud_run": {"sign_in_per_second": 40}})
        [stage] = admission_of("gcp.cloud_run", scenario, make_demand(1_000)).stages

        assert (stage.per_second, stage.queue) == (40, np.inf)


class TestBalancing:
    @pytest.mark.parametrize(
        ("deployment", "balancing"),
        [
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html
            ("aws.alb_ec2", "round_robin"),
            ("aws.alb_fargate", "round_robin"),
            # a hash of addresses, ports and the TCP sequence number
            ("aws.nlb_ec2", "random"),
            # https://learn.microsoft.com/training/modules/configure-azure-application-gateway/2-implement
            ("azure.application_gateway_vm", "round_robin"),
            # https://learn.microsoft.com/azure/load-balancer/distribution-mode-concepts
            ("azure.load_balancer_vm", "random"),
            # the vendor does not say
            ("azure.container_apps", "pooled"),
            ("azure.app_service", "pooled"),
            ("gcp.cloud_run", "pooled"),
            # https://cloud.google.com/ruby/docs/reference/google-cloud-compute-v1/latest
            ("gcp.application_lb_gce", "round_robin"),
            ("gcp.passthrough_nlb_gce", "random"),
            # https://docs.oracle.com/en-us/iaas/compute-cloud-at-customer/topics/lbaas
            ("oci.load_balancer_vm", "round_robin"),
            ("oci.load_balancer_container_instances", "round_robin"),
            ("oci.network_load_balancer_vm", "random"),
        ],
    )
    def test_it_is_the_vendors_default(self, deployment: str, balancing: Balancing):
        assert admission_of(deployment).balancing == balancing

    def test_it_may_be_set(self, make_demand):
        admission = limits(make_demand(1_000), balancing="least_connections", slow_start_seconds=30)

        assert (admission.balancing, admission.slow_start_seconds) == ("least_connections", 30)
        assert limits(make_demand(1_000)).slow_start_seconds == 0


class TestZones:
    @pytest.mark.parametrize(
        ("nodes", "zones", "share"), [(6, 3, 2 / 6), (7, 3, 3 / 7), (5, 2, 3 / 5), (1, 3, 1)]
    )
    def test_the_largest_has_one_more_than_others(self, make_demand, nodes, zones, share):
        admission = limits(make_demand(0), min_nodes=nodes, zones=zones)

        assert admission.units == nodes
        assert admission.zone_share == pytest.approx(share)

    @pytest.mark.parametrize("deployment", ["gcp.cloud_run", "aws.api_gateway", "ably.per_minute"])
    def test_nobody_has_told_of_managed_services(self, deployment):
        assert admission_of(deployment).zone_share is None


class TestBalancersAsStages:
    # bytes that pass between the balancer and its backends are not counted a second time
    WITH_CLIENTS = SCENARIO.replace(assumptions={"oci.load_balancer_vm.backend_leg": "no"})

    def test_market_data_takes_50_seconds_through_the_balancer_of_oci(self):
        # 1.2 MB of greeting in 39 parts of 30,720 bytes and one of 1,920: 4 of header, 22 for each
        # TLS record (two, one), 52 for each segment (22, two)
        part, last = 30_720 + 4 + 2 * 22 + 22 * 52, 1_920 + 4 + 22 + 2 * 52
        # 300 bytes of hello with 8 of the frame and its mask
        hello = 300 + 8 + 22 + 52
        out = (2_251 + 129 + 22 + 7 * 52) + 39 * part + last + 52
        back = (328 + 503 + 22 + 7 * 52) + hello + 40 * 52
        # planned: 342, 130 and five times 124 bytes a second for each of 100,000, and seven
        # acknowledgements
        planned = 100_000 * ((342 + 130 + 5 * 124) + 7 * 52 + 52 + 22 * 7 + (4 + 4 + 5 * 2))
        planned += 100_000 * (2 - 1) * 6 * 52
        scenario = self.WITH_CLIENTS.replace(profile="market-data", peak_connections=100_000)
        admission = admission_of("oci.load_balancer_vm", scenario)
        [stage] = admission.stages

        assert stage.per_second == pytest.approx((8e9 - planned * 8) / ((out + back) * 8))
        assert 33_348 / stage.per_second >= 50
        assert admission.connects_served_per_second(40) <= stage.per_second

    def test_traffic_with_backends_takes_as_much_again(self):
        question = "oci.load_balancer_vm.backend_leg"
        market = SCENARIO.replace(profile="market-data", peak_connections=100_000)
        [one], [two] = (
            admission_of(
                "oci.load_balancer_vm", market.replace(assumptions={question: legs})
            ).stages
            for legs in ("no", "yes")
        )

        # 8 Gbps less 1.5936 once or twice, for 10.02492 Mbit once or twice
        assert one.per_second == pytest.approx((8_000 - 1_593.6) / 10.02492)
        assert two.per_second == pytest.approx((8_000 - 2 * 1_593.6) / (2 * 10.02492))

    def test_a_balancer_of_kubernetes_has_100_mbps(self):
        # https://github.com/oracle-terraform-modules/terraform-oci-oke/issues/795: 1,000 clients of
        # market data have 15.936 of these planned
        options = {"oci.load_balancer_vm": {"provisioned_by": "oke"}}
        market = self.WITH_CLIENTS.replace(
            profile="market-data", peak_connections=1_000, options=options
        )
        [stage] = admission_of("oci.load_balancer_vm", market).stages

        assert stage.per_second == pytest.approx((100 - 15.936) / 10.02492)

    def test_a_balancer_that_is_full_lets_a_hundredth_through(self):
        options = {"oci.load_balancer_vm": {"provisioned_by": "oke"}}
        market = self.WITH_CLIENTS.replace(
            profile="market-data", peak_connections=10_000, options=options
        )
        [stage] = admission_of("oci.load_balancer_vm", market).stages

        assert stage.per_second == pytest.approx(1 / 10.02492)


class TestReviewedFleets:
    # the assumed work of workplace chat is 11.2 ms of a core for each sign-in; Centrifugo accepts
    # 630 a second, and 15,600 messages, of which the greeting of 10 KB and the hello are two
    CORE_SECONDS = 1 / 630 + 0.0112 + 2 / 15_600 + 10_500 / 7e9
    CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)

    def test_team_chat_behind_an_alb_takes_its_time(self):
        options = {ALB: {"headroom": 0.5, "redis": "none", "machine": "c7i.2xlarge"}}
        admission = admission_of(ALB, self.CHAT.replace(options=options))
        work = admission.connect_work

        assert work is not None
        assert admission.units is not None
        assert (work.servers, work.seconds) == (8, pytest.approx(self.CORE_SECONDS))
        # the nodes that are left after half of them failed, if messages took nothing: the 24,959 of
        # the review came back in a second
        left = admission.units / 2
        served = admission.connects_served_per_second(left)
        assert served == pytest.approx(left * 8 / self.CORE_SECONDS)
        assert 24_959 / served > 2

    def test_two_tasks_of_a_quarter_vcpu_take_ten_minutes_and_not_a_second(self):
        fargate = {"headroom": 0.5, "redis": "none", "machine": "fargate-arm/0.25/0.5"}
        options = {"aws.alb_fargate": fargate}
        admission = admission_of("aws.alb_fargate", self.CHAT.replace(options=options))
        work = admission.connect_work

        assert work is not None
        # 0.66 of the reference speed: families.csv
        assert work.seconds == pytest.approx(self.CORE_SECONDS / 0.25 / 0.66, rel=1e-3)
        assert 15_401 / (2 * work.servers / work.seconds) > 600

    def test_a_stream_that_is_no_greeting_is_not_sent_again(self, make_demand):
        greeting = MessageStream(
            "at connect",
            "to_client",
            "at_connect",
            from_hours(np.full(168, 3.6e6)),
            FixedSize(bytes=124),
        )
        demand = make_demand(1_000, to_client=3.6e6, new_connections=3.6e6)
        with_greeting = ws.Demand(
            **{
                name: getattr(demand, name)
                for name in ("connections", "connections_peak", "new_connections", "session")
            },
            streams=(*demand.streams, greeting),
            hours_per_month=730,
        )
        before, after = work_of(demand), work_of(with_greeting)

        assert after.busy_servers == pytest.approx(before.busy_servers)
        assert after.seconds == pytest.approx(before.seconds + 1 / 1_000, rel=1e-6)


class TestSchedule:
    HOURLY = np.tile(np.repeat([10_000.0, 60_000.0], 12), 7)

    @pytest.mark.parametrize("deployment", FLEETS)
    def test_it_is_billed_as_the_hours_need(self, make_demand, bill_of, deployment):
        demand = make_demand(self.HOURLY, to_client=self.HOURLY * 3600)
        scheduled, static = (
            bill_of(deployment, demand, options={"scaling": scaling})
            for scaling in ("scheduled", "static")
        )

        assert scheduled.total < static.total

    def test_nodes_follow_what_is_written_in_advance(self, make_demand, bill_of):
        # 50,000 a core of two at 10 us and half of them used: 1 and 6 of 10,000 need 1 and 2 nodes,
        # an hour earlier and later too
        options = PLAIN | {"idle_cpu_seconds_per_connection_second": 2e-5}
        demand = make_demand(self.HOURLY)
        admission = admission_of(ALB, asked(ALB, options, "scheduled"), demand)
        scaling = admission.autoscaling

        assert admission.units is None
        assert scaling is not None
        night, day = [1.0] * 10, [2.0] * 14
        expected = [2.0, *night, *day[:-1]] * 7
        assert list(scaling.schedule) == expected
        bill = bill_of(ALB, demand, options=options | {"scaling": "scheduled"})
        assert bill.sizing is not None
        assert bill.sizing.units.hourly.tolist() == expected
        assert any("on a schedule" in item.usage.formula for item in bill.items)

    def test_it_costs_what_autoscaling_does(self, make_demand, bill_of):
        demand = make_demand(self.HOURLY)
        totals = {
            scaling: bill_of(ALB, demand, options=PLAIN | {"scaling": scaling}).total
            for scaling in ("autoscaled", "scheduled")
        }

        assert totals["scheduled"] == totals["autoscaled"]

    @pytest.mark.parametrize("scaling", ["static", "autoscaled"])
    def test_others_have_none(self, make_demand, scaling):
        found = admission_of(ALB, asked(ALB, PLAIN, scaling), make_demand(1_000)).autoscaling

        assert found is None or found.schedule == ()

    def test_replicas_on_a_schedule_are_billed_by_the_hour(self, make_demand, bill_of):
        demand = make_demand(self.HOURLY)
        bill = bill_of("azure.container_apps", demand, options={"scaling": "scheduled"})
        admission = admission_of(
            "azure.container_apps", asked("azure.container_apps", {}, "scheduled"), demand
        )

        assert admission.autoscaling is not None
        assert bill.sizing is not None
        assert list(admission.autoscaling.schedule) == bill.sizing.units.hourly.tolist()
