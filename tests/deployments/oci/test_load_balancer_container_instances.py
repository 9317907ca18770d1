"""Container instances are billed by the parts of a machine and bring a disk of their own.

Rules: https://www.oracle.com/cloud/cloud-native/container-instances/pricing/
"""

import pytest

import estimator as ws

ID = "oci.load_balancer_container_instances"
OCPU = "oci.compute.e4_ocpu_hours"
MEMORY = "oci.compute.e4_memory_gb_hours"
FIXED = {"machine": "CI.Standard.E4.Flex/1/8", "min_nodes": 2, "survives": "node"}


def test_instances_are_billed_by_processors_and_memory(make_demand, bill_of, quantities):
    counted = quantities(bill_of(ID, make_demand(10), options=FIXED))

    assert counted[OCPU] == pytest.approx(3 * 730)
    assert counted[MEMORY] == pytest.approx(3 * 8 * 730)


def test_an_instance_has_no_disk_to_pay_but_redis_has(make_demand, bill_of, quantities):
    alone = quantities(bill_of(ID, make_demand(10), options=FIXED))
    together = quantities(
        bill_of(
            ID,
            make_demand(10, to_client=1000, to_server=100),
            options=FIXED | {"redis": "self_run"},
        )
    )

    assert "oci.block_volume.storage" not in alone
    # Redis, its replica, and the machine that votes on failover, since container instances do not
    assert together["oci.block_volume.storage"] == pytest.approx(3 * 50)


def test_the_balancer_is_billed_as_in_front_of_machines(at_mbps, bill_of, quantities):
    answers = {"backend_leg": "no"}
    counted = quantities(
        bill_of(ID, at_mbps(300), options=FIXED | {"redis": "none"}, answers=answers)
    )

    assert counted["oci.load_balancer.mbps_hours"] == pytest.approx(300 * 730)
    assert counted["oci.load_balancer.hours"] == pytest.approx(730)


def test_container_instances_are_not_preemptible(make_demand, bill_of):
    # https://docs.oracle.com/en-us/iaas/Content/Compute/Concepts/preemptible.htm: VM shapes only
    with pytest.raises(
        ws.ScenarioError, match=r"names no container instances; oci\.load_balancer_vm"
    ):
        bill_of(ID, make_demand(1), options={"preemptible_share": 0.5})


def test_a_machine_that_is_no_container_is_refused(make_demand, bill_of):
    with pytest.raises(ws.EstimatorError, match=r"unknown machine .*CI\.Standard"):
        bill_of(ID, make_demand(10), options={"machine": "VM.Standard.E5.Flex/1/8"})
