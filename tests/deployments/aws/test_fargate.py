"""What Fargate tasks behind an Application Load Balancer are billed.

Rules: https://aws.amazon.com/fargate/pricing/
"""

import numpy as np
import pytest

import estimator as ws

ID = "aws.alb_fargate"


@pytest.mark.parametrize(
    ("machine", "vcpu_meter", "vcpus", "memory_meter", "gb"),
    [
        ("fargate-arm/1/2", "aws.fargate.vcpu_hours_arm", 1, "aws.fargate.gb_hours_arm", 2),
        ("fargate-x86/0.5/4", "aws.fargate.vcpu_hours", 0.5, "aws.fargate.gb_hours", 4),
    ],
)
def test_a_task_is_billed_by_its_vcpus_and_memory(
    make_demand, bill_of, quantities, machine, vcpu_meter, vcpus, memory_meter, gb
):
    lines = quantities(bill_of(ID, make_demand(10), options={"machine": machine}))

    # one in each of three zones
    assert lines[vcpu_meter] == pytest.approx(3 * vcpus * 730)
    assert lines[memory_meter] == pytest.approx(3 * gb * 730)


def test_sizes_chosen_for_several_scenarios_are_one_line_a_meter(steady):
    bill = ws.estimate(steady(connections=np.geomspace(10, 1e6, 30)), ID)

    # but for the part that the application's own work takes
    lines = [(item.rate.meter_id, item.usage.part) for item in bill.items]
    assert len(set(lines)) == len(lines)


def test_redis_runs_on_ec2_or_is_managed(make_demand, bill_of, quantities):
    demand = make_demand(10, to_server=1, to_client=2)
    options = {"redis": "self_run", "redis_machine": "m7g.large"}
    lines = quantities(bill_of(ID, demand, options=options))
    managed = quantities(bill_of(ID, demand, options={"redis": "managed"}))

    assert [meter for meter in managed if meter.startswith("aws.elasticache.")]
    assert not [meter for meter in managed if meter.startswith("aws.ec2.")]
    assert lines["aws.ec2.m7g_large"] == pytest.approx(2 * 730)


def test_the_balancer_is_billed_as_in_front_of_instances(make_demand, bill_of, quantities):
    demand = make_demand(6_000, new_connections=10 * 3600, to_client=100 * 3600)
    tasks, instances = (quantities(bill_of(one, demand)) for one in (ID, "aws.alb_ec2"))

    for meter in ("aws.alb.hours", "aws.alb.lcu_hours", "aws.public_ipv4.hours"):
        assert tasks[meter] == instances[meter]


def test_vcpus_beyond_what_new_accounts_have_are_noted(make_demand, bill_of):
    few, many = (
        " ".join(bill_of(ID, make_demand(10), options={"machine": machine}).notes)
        for machine in ("fargate-arm/2/4", "fargate-arm/4/8")
    )

    # three tasks of 2 and of 4 vCPU
    assert "vCPU" not in few
    assert "a quota of 12 vCPU of Fargate; new accounts start with 6" in many
