"""Slower processors take more nodes, and a bill says what is known of those that were chosen.

m7g.large of AWS has two vCPU of 0.97 of the reference speed (machines.csv, families.csv).
"""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.choices import TITLES

FLEET, RUN = "aws.alb_ec2", "gcp.cloud_run"
NODE = "aws.ec2.m7g_large"
# 1,000 messages per second and core of the reference speed, half of which are planned with
PLAIN: dict[str, Any] = {
    "machine": "m7g.large",
    "application": "none",
    "memory_per_connection_bytes": 1,
    "idle_cpu_seconds_per_connection_second": 0,
    "messages_per_core_second": 1_000,
    "new_connections_per_core_second": 100,
    "bytes_per_core_second": 1e12,
    "headroom": 0.5,
    "survives": "none",
    "redis": "none",
}


@pytest.mark.parametrize(
    ("factor", "nodes"),
    [
        # a node of 1.94 cores takes 970 messages per second: 4,850 are those of five
        (1.0, 5),
        (0.5, 10),
        (2.0, 3),
        (0.99, 6),
    ],
)
def test_processors_of_half_the_speed_take_twice_the_nodes(
    make_demand, bill_of, quantities, factor, nodes
):
    options = PLAIN | {"core_speed_factor": factor}
    demand = make_demand(100, to_client=4_850 * 3600, payload=0)

    assert quantities(bill_of(FLEET, demand, options=options))[NODE] == pytest.approx(nodes * 730)


def test_new_connections_are_work_of_processors_too(make_demand, bill_of):
    # 970 new connections per second are ten nodes of 97 if half of 1.94 cores take 100 each
    demand = make_demand(100, new_connections=970 * 3600)
    [once, slower] = (
        bill_of(FLEET, demand, options=PLAIN | {"core_speed_factor": factor}).sizing
        for factor in (1.0, 0.5)
    )

    assert (float(once.peak_units), float(slower.peak_units)) == (10, 20)


def test_memory_does_not_care_how_fast_processors_are(make_demand, bill_of):
    options = PLAIN | {"memory_per_connection_bytes": 1e6}
    demand = make_demand(10_000)
    found = {
        float(bill_of(FLEET, demand, options=options | {"core_speed_factor": factor}).total)
        for factor in (0.5, 1.0, 2.0)
    }

    assert len(found) == 1


@pytest.mark.parametrize("deployment", [FLEET, RUN, "oci.load_balancer_container_instances"])
def test_many_speeds_are_billed_like_each(deployment):
    def total(factor: Any) -> Any:
        scenario = ws.Scenario(
            profile="workplace-chat",
            location="virginia",
            peak_connections=40_000,
            options={deployment: {"core_speed_factor": factor}},
        )
        return ws.estimate(scenario, deployment).total

    factors = [0.5, 1.0, 1.3]
    assert total(np.array(factors)) == pytest.approx([float(total(each)) for each in factors])


def test_instances_of_cloud_run_take_as_many_messages_as_their_processors_are_fast(
    make_demand, bill_of
):
    # 0.61 of the reference speed, 60 % of which are planned with: 366 messages per second
    options = {key: PLAIN[key] for key in PLAIN if key not in ("machine", "headroom")}
    demand = make_demand(100, to_client=3_660 * 3600, payload=0)
    [once, slower] = (
        bill_of(RUN, demand, options=options | {"core_speed_factor": factor}).sizing
        for factor in (1.0, 0.5)
    )

    assert (float(once.peak_units), float(slower.peak_units)) == (10, 20)


@pytest.mark.parametrize(
    ("deployment", "machine", "said"),
    [
        (FLEET, "t4g.medium", ["shared and sustain 0.4 of 2 vCPU"]),
        (FLEET, "m7g.large", []),
        (
            "oci.load_balancer_vm",
            "VM.Standard.E5.Flex/1/8",
            ["inferred, 0.87 of the reference speed (0.7 to 1.05)"],
        ),
        (
            "aws.alb_fargate",
            "fargate-arm/1/2",
            ["inferred, 0.66 of the reference speed (0.43 to 1.07)", "312.5 Mbps is inferred"],
        ),
    ],
)
def test_a_bill_says_once_what_is_shared_and_inferred(
    make_demand, bill_of, deployment, machine, said
):
    bill = bill_of(deployment, make_demand(100), options={"machine": machine})
    told = [note for note in bill.notes if note.startswith(f"{machine}: ")]

    assert len(told) == bool(said)
    assert all(part in told[0] for part in said)


def test_a_bill_of_cloud_run_says_that_its_speed_is_inferred(make_demand, bill_of):
    [told] = [
        note for note in bill_of(RUN, make_demand(1)).notes if "speed of its processors" in note
    ]

    assert told.startswith("An instance: ")
    assert "0.61 of the reference speed (0.35 to 0.92)" in told


def test_a_list_of_machines_marks_those_that_are_shared():
    titles = TITLES["machines"]()

    # t4g.medium: 20 % of each of two processors (EC2 user guide)
    assert titles["t4g.medium"].endswith("(shared, sustains 0.4 vCPU)")
    assert "shared" not in titles["m7g.large"]
