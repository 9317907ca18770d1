"""Network load balancers are free and hold connections by number; TLS ends on the nodes.

Rules: https://docs.oracle.com/iaas/Content/NetworkLoadBalancer/overview.htm
"""

import pytest

ID = "oci.network_load_balancer_vm"
HOURS = "oci.network_load_balancer.hours"
OCPU = "oci.compute.e5_ocpu_hours"
SMALL = {"machine": "VM.Standard.E5.Flex/1/8", "survives": "none"}


@pytest.mark.parametrize(
    ("connections", "balancers"), [(0, 1), (330_000, 1), (330_001, 2), (1e6, 4)]
)
def test_a_balancer_holds_330_000_connections(
    make_demand, bill_of, quantities, connections, balancers
):
    counted = quantities(bill_of(ID, make_demand(connections)))

    assert counted[HOURS] == pytest.approx(balancers * 730)


def test_the_balancer_costs_nothing(make_demand, bill_of, cents):
    # no part of the price list; Oracle calls it free
    assert cents(bill_of(ID, make_demand(10)))[HOURS] == 0


def test_nodes_make_the_handshakes(make_demand, bill_of, quantities):
    # 2,700 new connections per second at 100 handshakes per core: 27 cores, 70 % of nodes of two
    # vCPU of 0.87 cores each (families.csv): 22.2; all else of them takes nothing
    options = SMALL | {
        "handshakes_per_core_second": 100,
        "new_connections_per_core_second": 1e12,
        "application": "none",
    }
    demand = make_demand(0, new_connections=2_700 * 3600)

    assert quantities(bill_of(ID, demand, options=options))[OCPU] == pytest.approx(23 * 730)


def test_silence_of_six_minutes_is_cut(make_demand, bill_of):
    bill = bill_of(ID, make_demand(10))
    [verdict] = [one for one in bill.verdicts if one.limit.limit.endswith("tcp_idle_timeout")]

    assert verdict.state == "setting to change"
    assert float(verdict.allowed) == 360


def test_figures_borrowed_from_other_servers_are_named(make_demand, bill_of):
    [note] = [one for one in bill_of(ID, make_demand(10)).notes if "stand in" in one]

    assert "Centrifugo 6" in note
    assert "memory for TLS of ASP.NET Core" in note
    own = {
        "memory_per_connection_bytes": 40_000,
        "messages_per_core_second": 10_000,
        "bytes_per_core_second": 1e9,
        "handshakes_per_core_second": 1_000,
    }
    notes = bill_of(ID, make_demand(10), options=own).notes
    assert not any("stand in" in one for one in notes)
