"""How virtual machines on Azure reach the internet, and which way their traffic takes.

Rules: https://learn.microsoft.com/azure/virtual-network/ip-services/default-outbound-access and
https://learn.microsoft.com/azure/virtual-network/ip-services/routing-preference-overview
"""

import pytest

BOTH = pytest.mark.parametrize(
    "deployment", ["azure.load_balancer_vm", "azure.application_gateway_vm"]
)
ADDRESS = "azure.public_ipv4.hours"
BALANCERS = {"azure.load_balancer_vm": 1, "azure.application_gateway_vm": 0}
"""Addresses that the balancer is billed for; that of a gateway is inside its price."""


@BOTH
def test_a_new_network_has_a_nat_gateway_with_an_address(
    make_demand, bill_of, quantities, deployment
):
    # default outbound access is no longer there; the recommended way is a NAT gateway
    counted = quantities(bill_of(deployment, make_demand(1)))

    assert counted["azure.nat_gateway.hours"] == pytest.approx(730)
    assert counted["azure.nat_gateway.gb"] == 0
    assert counted[ADDRESS] == pytest.approx(730 * (1 + BALANCERS[deployment]))


@BOTH
def test_each_node_may_have_an_address_instead(make_demand, bill_of, quantities, deployment):
    options = {"outbound": "public_addresses", "min_nodes": 4, "survives": "none"}
    counted = quantities(bill_of(deployment, make_demand(1), options=options))

    assert "azure.nat_gateway.hours" not in counted
    assert counted[ADDRESS] == pytest.approx(730 * (4 + BALANCERS[deployment]))


@BOTH
@pytest.mark.parametrize(
    ("outbound", "through_nat", "out"),
    [("nat_gateway", 40, 40), ("public_addresses", None, 40), ("none", None, 0)],
)
def test_what_nodes_send_themselves_is_data_out(
    make_demand, bill_of, quantities, deployment, outbound, through_nat, out
):
    options = {"outbound": outbound, "outbound_gb_per_month": 40}
    counted = quantities(bill_of(deployment, make_demand(1), options=options))
    own = quantities(bill_of(deployment, make_demand(1)))["azure.egress.internet"]

    assert counted.get("azure.nat_gateway.gb") == through_nat
    assert counted["azure.egress.internet"] == pytest.approx(own + out)


@BOTH
def test_routing_over_the_internet_has_a_price_of_its_own(
    make_demand, bill_of, quantities, deployment
):
    demand = make_demand(10, to_client=1e6)
    own, internet = (
        quantities(bill_of(deployment, demand, options={"routing": routing}))
        for routing in ("microsoft_network", "internet")
    )
    default, cheaper = "azure.egress.internet", "azure.egress.routing_preference_internet"

    assert own[default] == pytest.approx(internet[cheaper])
    assert default not in internet
    assert cheaper not in own


def test_an_outbound_rule_of_the_balancer_costs_what_it_processes(make_demand, bill_of, quantities):
    # learn.microsoft.com/azure/load-balancer/outbound-rules: the pool's way out over the address of
    # the balancer, as one of the five rules that share a price
    def counted(**options: object) -> dict[str, float]:
        return quantities(bill_of("azure.load_balancer_vm", make_demand(1), options=options))

    processed = "azure.load_balancer.processed_gb"
    rule = counted(outbound="outbound_rule", outbound_gb_per_month=40)

    assert "azure.nat_gateway.hours" not in rule
    assert rule[ADDRESS] == pytest.approx(730)
    assert rule[processed] == pytest.approx(counted()[processed] + 40)
    out = "azure.egress.internet"
    assert rule[out] == pytest.approx(counted()[out] + 40)
