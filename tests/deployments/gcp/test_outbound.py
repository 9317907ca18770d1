"""What nodes pay for reaching the internet themselves.

Rules: https://cloud.google.com/nat/pricing (0.0014 an hour for each VM, up to 32; 0.005 for each
address; 0.045 for each GiB) and https://cloud.google.com/vpc/network-pricing (0.005 an hour for an
external address in use)
"""

import numpy as np
import pytest

import estimator as ws

DEPLOYMENTS = ["gcp.application_lb_gce", "gcp.passthrough_nlb_gce"]
ADDRESS = "gcp.external_ipv4.hours"
VMS, ADDRESSES, FETCHED = (f"gcp.nat.{name}" for name in ("vm_hours", "ip_hours", "gib"))
MANY = {"machine": "e2-standard-2", "survives": "none", "redis": "none"}


def of_nodes(number: int, **options: object) -> dict[str, object]:
    """Options of a fleet of so many nodes."""
    return MANY | {"min_nodes": number} | options


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_google_gives_each_node_an_external_address(
    make_demand, bill_of, quantities, cents, deployment
):
    # https://cloud.google.com/compute/docs/ip-addresses: a VM is assigned an ephemeral external
    # address by default; 5 x 730 x 0.005
    bill = bill_of(deployment, make_demand(10), options=of_nodes(5))

    assert quantities(bill)[ADDRESS] == pytest.approx(5 * 730)
    assert cents(bill)[ADDRESS] == 18.25
    assert VMS not in quantities(bill)


@pytest.mark.parametrize("deployment", DEPLOYMENTS)
def test_nothing_is_paid_where_nodes_fetch_nothing(make_demand, bill_of, quantities, deployment):
    options = of_nodes(5, outbound="none")
    counted = quantities(bill_of(deployment, make_demand(1e6, to_client=1e6), options=options))

    assert not [meter for meter in counted if "external_ipv4" in meter or "nat" in meter]


@pytest.mark.parametrize(("nodes", "billed"), [(1, 1), (32, 32), (33, 32), (200, 32)])
def test_cloud_nat_bills_32_nodes_at_most(make_demand, bill_of, quantities, cents, nodes, billed):
    options = of_nodes(nodes, outbound="nat", fetched_gib_per_node=2)
    bill = bill_of(DEPLOYMENTS[0], make_demand(10), options=options)

    assert quantities(bill)[VMS] == pytest.approx(billed * 730)
    assert cents(bill)[VMS] == pytest.approx(billed * 730 * 0.0014, abs=0.005)
    assert quantities(bill)[FETCHED] == pytest.approx(2 * nodes)
    assert ADDRESS not in quantities(bill)


@pytest.mark.parametrize(("nodes", "addresses"), [(1_008, 1), (1_009, 2)])
def test_an_address_of_the_gateway_has_ports_for_1008_nodes(
    make_demand, bill_of, quantities, nodes, addresses
):
    # 64,512 ports of an address, 64 for each VM
    options = of_nodes(nodes, outbound="nat")
    counted = quantities(bill_of(DEPLOYMENTS[0], make_demand(10), options=options))

    assert counted[ADDRESSES] == pytest.approx(addresses * 730)


def test_nodes_that_follow_demand_have_addresses_while_they_run(make_demand, bill_of, quantities):
    # as many hours as their machines: an e2-standard-2 is two vCPU
    hours = np.zeros(168)
    hours[99] = 1e6
    counted = quantities(
        bill_of(
            DEPLOYMENTS[0],
            make_demand(hours, hours_per_month=168),
            options=of_nodes(1, scaling="autoscaled"),
        )
    )

    assert counted[ADDRESS] == pytest.approx(counted["gcp.compute.e2_vcpu_hours"] / 2)
    assert 168 < counted[ADDRESS] < 2 * 168


def test_addresses_count_when_machines_are_compared():
    # the machine that is chosen makes the lowest bill, with the address and disk of each node
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=50_000,
        free_allowances="none",
    )

    def total(**options: object) -> float:
        given = {DEPLOYMENTS[0]: {"redis": "none"} | options}
        return float(ws.estimate(scenario.replace(options=given), DEPLOYMENTS[0]).total)

    others = [total(machine=f"c4a-highcpu-{vcpus}") for vcpus in (1, 2, 4, 8, 16)]
    assert total() <= min(others) * (1 + 1e-9)
    # small nodes are not worth their addresses, though they are cheaper by themselves
    alone = [total(machine=f"c4a-highcpu-{vcpus}", outbound="none") for vcpus in (1, 2)]
    assert alone[0] < alone[1]
    assert others[0] > others[1]
