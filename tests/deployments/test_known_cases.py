"""Fleets of which somebody knows the answer by hand: what once came out wrong, and is right."""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.fleet.machine import find_machine
from estimator.deployments.fleet.sizing import APPLICATION
from estimator.deployments.registry import find_deployment

HEARD = "system.backplane.heard_share"


def posting(per_second: float, **options: Any) -> ws.Estimate:
    """Ten thousand clients whose posts of 200 bytes go to nine others each."""
    flow = {
        "direction": "client_to_server",
        "rate_per_hour": per_second * 3600,
        "payload": "200 B",
        "fan_out": 9,
    }
    profile = {
        "title": "Posts",
        "session": {"law": "exponential", "mean_hours": 2},
        "weekly_shape": "flat",
        "flows": {"posts": flow},
    }
    chosen = {"server": "socketio-node", "machine": "m7i.large", "application": "none"}
    return ws.estimate(
        ws.Scenario(
            profile=profile,
            location="virginia",
            peak_connections=10_000,
            options={"aws.alb_ec2": chosen | options},
        ),
        "aws.alb_ec2",
    )


class TestServersThatSubscribeToEverything:
    # Socket.IO: 20,000 messages per core (servers.yaml) and every node hears all that is posted;
    # 70 % of two cores of the reference speed are planned with

    def test_at_3_posts_a_second_each_no_number_of_two_core_nodes_is_enough(self):
        # 30,000 a second to hear are 1.5 cores of 1.4
        bill = posting(3)
        [heard] = [one for one in bill.verdicts if one.limit.limit == HEARD]

        # and a little more for their bytes
        assert float(heard.used) == pytest.approx(1.5 / 1.4, rel=0.01)
        assert heard.state == "over a hard limit"
        assert not bill.is_within_limits

    def test_larger_nodes_are(self):
        # four cores, of which 2.8 are planned with: 30,000 in, 270,000 out: 15 cores, and 1.5 to
        # hear; 15.3 with what is idle: 12 nodes carry the peak, and 18 run
        bill = posting(3, machine="m7i.xlarge")

        assert bill.is_within_limits
        assert bill.sizing is not None
        assert np.ceil((15 + 0.04) / (2.8 - 1.5)) == 12
        assert float(bill.sizing.peak_units) == 18

    def test_at_1_post_a_second_each_six_carry_the_peak(self):
        # 10,000 in, 90,000 out: 5 cores, 0.5 to hear in each: 5.04 / (1.4 - 0.5) = 5.6
        bill = posting(1)

        assert bill.sizing is not None
        assert np.ceil((5 + 0.04) / (1.4 - 0.5)) == 6
        assert float(bill.sizing.peak_units) == 9

    def test_by_channel_fewer_do(self):
        # of n nodes a post is heard on n (1 - (1 - 1/n)^9); at n = 6 that is 4.8
        by_channel = posting(1, subscribes="channel")

        assert by_channel.sizing is not None
        carrying = 5
        heard = carrying * (1 - (1 - 1 / carrying) ** 9) * 10_000 / 20_000
        assert 5.04 + heard > 1.4 * carrying  # five are too few
        assert float(by_channel.sizing.peak_units) == 9


@pytest.mark.parametrize(
    ("deployment", "machine"),
    [
        ("aws.alb_fargate", "fargate-arm/0.25/0.5"),
        ("azure.container_apps", "container-apps/0.25/0.5"),
        ("azure.app_service", "P0v4-linux"),
    ],
)
def test_large_messages_need_the_bandwidth_of_many_containers(
    make_demand, bill_of, deployment, machine
):
    # 5,000 messages of a megabyte per second are 40 Gbps before all headers
    found = find_deployment(deployment)
    kind = "app_service" if deployment.endswith("app_service") else "container"
    mbps = find_machine(found.cloud, kind, machine).network_mbps
    options = {"machine": machine, "redis": "none", "application": "none"}
    nodes = [
        float(
            bill_of(
                deployment,
                make_demand(1_000, to_client=5_000 * 3600, payload=payload),
                options=options,
            ).sizing.peak_units
        )
        for payload in (1_000, 1_000_000)
    ]

    carrying = 40_000 / (0.7 * mbps)
    assert nodes[1] >= carrying * 3 / 2
    assert nodes[1] > 10 * nodes[0]


@pytest.mark.parametrize(
    "deployment", ["aws.alb_ec2", "gcp.cloud_run", "azure.container_apps", "azure.app_service"]
)
class TestTheApplicationsOwnWork:
    def bill(self, deployment: str, **options: Any) -> ws.Estimate:
        scenario = ws.Scenario(
            profile="workplace-chat",
            location="virginia",
            peak_connections=31_250,
            options={deployment: options},
        )
        return ws.estimate(scenario, deployment)

    def test_it_is_a_line_of_its_own(self, deployment):
        bill = self.bill(deployment, application_cpu_ms_per_message=400)
        lines = [one for one in bill.items if one.usage.part == APPLICATION]

        assert sum(float(one.cost_usd) for one in lines) > 0

    def test_without_it_the_line_is_gone_and_less_is_paid(self, deployment):
        bill = self.bill(deployment, application_cpu_ms_per_message=400)
        without = self.bill(deployment, application="none")

        assert not [one for one in without.items if one.usage.part == APPLICATION]
        assert without.total < bill.total


def test_31250_chat_connections_are_25_cores_of_the_application():
    # a vCPU for 1,250 users, of which 70 % is planned with:
    # https://docs.mattermost.com/administration-guide/scale/scaling-for-enterprise.html
    def cores(**options: Any) -> float:
        sizing = ws.estimate(
            ws.Scenario(
                profile="workplace-chat",
                location="virginia",
                peak_connections=31_250,
                options={
                    "aws.alb_ec2": {
                        "machine": "m7i.large",
                        "survives": "none",
                        "redis": "none",
                        **options,
                    }
                },
            ),
            "aws.alb_ec2",
        ).sizing
        assert sizing is not None
        return float(sizing.shares["processor"] * sizing.peak_units) * 2

    assert cores() - cores(application="none") == pytest.approx(25, rel=0.03)
