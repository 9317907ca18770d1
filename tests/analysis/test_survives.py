"""A fleet sized to survive a failure does so when it is simulated, and others do not."""

import pytest

import estimator as ws
from estimator.deployments.fleet.machine import find_machine
from estimator.deployments.registry import find_deployment

MACHINES = {
    "aws.alb_ec2": "c7g.medium",
    "azure.load_balancer_vm": "Standard_D2as_v5",
    "gcp.passthrough_nlb_gce": "n2-standard-2",
    "oci.load_balancer_vm": "VM.Standard.E5.Flex/1/8",
}
PEAK, EACH = 3_000, 100
"""A node is planned to hold so many connections, so that 30 nodes carry the peak."""
FLAT = {
    "title": "Flat",
    "session": {"law": "exponential", "mean_hours": 8},
    "weekly_shape": "flat",
    "flows": {},
}


def simulated(deployment: str, survives: str, share: float, **options: object) -> ws.Simulation:
    """A week in which so much of a fleet fails for an hour."""
    machine = find_machine(find_deployment(deployment).cloud, "vm", MACHINES[deployment])
    of_nodes = {
        "machine": machine.machine,
        "memory_per_connection_bytes": 0.7 * machine.memory_bytes / EACH,
        "survives": survives,
        **options,
    }
    scenario = ws.Scenario(
        profile=FLAT,
        location="virginia",
        peak_connections=PEAK,
        options={deployment: of_nodes},
        faults=[{"fault": "outage", "at": "Wed 10:00", "share": share, "lasts": "1 h"}],
    )
    return ws.simulate(scenario, deployment, replications=1, seed=5)


def state_of(found: ws.Simulation, title: str) -> str:
    """How what was found stands to what was assumed."""
    [one] = [each for each in found.findings if each.title == title]
    return str(one.state)


def refused(found: ws.Simulation) -> float:
    """Attempts that found no room."""
    return float(found.run.stack("refused_full").sum())


@pytest.mark.parametrize("deployment", MACHINES)
def test_two_zones_of_three_hold_everybody(deployment):
    # 45 nodes, of which 30 are left; these hold 1 / 0.7 of what they are planned with
    found = simulated(deployment, "zone", 1 / 3)

    assert found.run.model.admission.units == 45
    assert refused(found) == 0
    assert state_of(found, "Clients turned away") == "met"
    assert state_of(found, "Recovery") == "met"


@pytest.mark.parametrize("deployment", MACHINES)
def test_without_nodes_kept_for_a_failure_two_zones_are_too_small(deployment):
    # 20 nodes are left, full with 20 x 100 / 0.7 = 2,857 of 3,000
    found = simulated(deployment, "none", 1 / 3)

    assert found.run.model.admission.units == 30
    assert refused(found) > 0
    assert state_of(found, "Capacity used") == "missed"


def test_two_zones_carry_the_peak_one_by_one():
    found = simulated("aws.alb_ec2", "zone", 1 / 2, zones=2)

    assert found.run.model.admission.units == 60
    assert refused(found) == 0


def test_one_node_may_fail_and_the_others_hold_everybody():
    # any 30 of 31 nodes hold 1 / 0.7 of what they are planned with
    found = simulated("aws.alb_ec2", "node", 1 / 31)

    assert found.run.model.admission.units == 31
    assert refused(found) == 0
