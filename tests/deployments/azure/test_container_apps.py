"""What Container Apps counts: active seconds of replicas, and requests.

Rules: https://learn.microsoft.com/azure/container-apps/billing
"""

import numpy as np
import pytest
from scipy import stats

import estimator as ws
from estimator.deployments.fleet.machine import machines

ID = "azure.container_apps"
VCPU = f"{ID}.vcpu_active_seconds"
IDLE = f"{ID}.vcpu_idle_seconds"
MEMORY = f"{ID}.memory_gib_seconds"
REQUESTS = f"{ID}.requests"
ONE = {"machine": "container-apps/1/2", "min_nodes": 1, "survives": "none"}


def test_a_replica_with_open_sockets_is_always_active(make_demand, bill_of, quantities, cents):
    # 1 vCPU and 2 GiB for 730 hours: 2,628,000 x 0.000024 and 5,256,000 x 0.000003
    bill = bill_of(ID, make_demand(100), options=ONE)

    assert quantities(bill)[VCPU] == pytest.approx(2_628_000)
    assert quantities(bill)[MEMORY] == pytest.approx(5_256_000)
    assert cents(bill)[VCPU] + cents(bill)[MEMORY] == pytest.approx(78.84)
    assert quantities(bill).get(IDLE, 0) == pytest.approx(0, abs=1e-9)


def test_grants_are_taken_off_once(make_demand, bill_of, cents):
    # 180,000 vCPU-seconds and 360,000 GiB-seconds are worth 5.40: 73.44 are left
    bill = bill_of(ID, make_demand(100), options=ONE, free_allowances="always")

    assert cents(bill)[VCPU] + cents(bill)[MEMORY] == pytest.approx(73.44)


def test_replicas_follow_the_hours(make_demand, bill_of, quantities):
    # a megabyte each, 2,000 in half of the hours: 2 GiB with 70 % to plan with hold 1,503
    hours = np.tile([2_000.0] * 12 + [100.0] * 12, 7)
    options = {**ONE, "memory_per_connection_bytes": 1e6, "scaling_lag_hours": 0}
    demand = make_demand(hours, hours_per_month=168)
    following, static = (
        quantities(bill_of(ID, demand, options=options | {"scaling": scaling}))[VCPU]
        for scaling in ("autoscaled", "static")
    )

    assert following == pytest.approx((2 + 1) / 2 * 168 * 3600)
    assert static == pytest.approx(2 * 168 * 3600)


def test_minimum_replicas_run_without_connections(make_demand, bill_of, quantities):
    counted = quantities(bill_of(ID, make_demand(0), options={**ONE, "min_nodes": 3}))

    assert counted[VCPU] == 0
    assert counted[IDLE] == pytest.approx(3 * 2_628_000)
    assert counted[MEMORY] == pytest.approx(3 * 5_256_000)


@pytest.mark.parametrize("scaling", ["static", "autoscaled"])
def test_each_replica_of_the_minimum_without_a_connection_is_idle(
    make_demand, bill_of, quantities, scaling
):
    # of three replicas, nobody leaves three idle, one connection two, two connections one
    counts = np.arange(3)
    idle = (3 - counts) @ stats.poisson.pmf(counts, 1.5)
    options = {**ONE, "min_nodes": 2, "spare_nodes": 1, "scaling": scaling}
    counted = quantities(bill_of(ID, make_demand(1.5), options=options))

    assert counted[IDLE] == pytest.approx(idle * 2_628_000)
    assert counted[VCPU] == pytest.approx((3 - idle) * 2_628_000)


@pytest.mark.parametrize("allowances", ["none", "always"])
def test_a_machine_is_chosen_with_what_is_idle_in_mind(allowances):
    # much work for few connections: hundreds of replicas, to which nobody is connected by night. Of
    # smaller ones more are idle, so they cost less than the same processors in larger ones
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=5_000,
        free_allowances=allowances,
    )

    def bill(**options: object) -> ws.Estimate:
        work = {"application_cpu_ms_per_message": 10_000}
        return ws.estimate(scenario.replace(options={ID: work | options}), ID)

    chosen = bill()
    named = [bill(machine=size) for size in machines("azure", "container")]

    assert any(item.usage.meter_id == IDLE for item in chosen.items)
    # of some sizes there may not be as many as are needed
    least = min(float(one.total) for one in named if one.is_within_limits)
    assert float(chosen.total) == pytest.approx(least, rel=1e-12)


def test_without_a_minimum_the_last_replica_stops_after_5_minutes(make_demand, bill_of, quantities):
    # 3 sessions of 20 minutes per hour: nobody for 5 minutes for exp(-1) x exp(-3 / 12) of the time
    demand = make_demand(1, new_connections=3, session_hours=1 / 3)
    options = {**ONE, "min_nodes": 0, "scaling": "autoscaled"}
    counted = quantities(bill_of(ID, demand, options=options))

    assert counted[VCPU] == pytest.approx((1 - np.exp(-1.25)) * 2_628_000)
    assert IDLE not in counted
    nobody = quantities(bill_of(ID, make_demand(0), options=options))
    assert nobody[VCPU] == nobody[MEMORY] == 0


def test_replicas_are_those_that_the_connections_of_a_moment_need(make_demand, bill_of, quantities):
    # a megabyte each: 70 % of 2 GiB hold 1,503; more are open half of the time
    options = {**ONE, "memory_per_connection_bytes": 1e6, "scaling": "autoscaled"}
    demand = make_demand(1_503)
    counted = quantities(bill_of(ID, demand, options=options))

    two = stats.poisson.sf(1_503, 1_503)
    assert counted[VCPU] == pytest.approx((1 + two) * 2_628_000, rel=1e-5)


@pytest.mark.parametrize(("answer", "new_connections"), [("idle", 1), ("age", 15)])
def test_every_connect_is_a_request(make_demand, bill_of, quantities, answer, new_connections):
    # sessions of an hour are 15 connections if each is cut after 240 seconds
    demand = make_demand(100, new_connections=100, session_hours=1, hours_per_month=168)
    bill = bill_of(ID, demand, options=ONE, answers={"request_timeout": answer})

    assert quantities(bill)[REQUESTS] == pytest.approx(new_connections * 100 * 168)


def test_the_cores_that_an_environment_needs_are_named(make_demand, bill_of):
    # the vendor's page of quotas gives no figure any more
    bill = bill_of(ID, make_demand(10), options={**ONE, "min_nodes": 101})

    assert "The environment needs a quota of 101 Consumption cores" in " ".join(bill.notes)
    assert f"{ID}.cores_per_environment" not in {v.limit.limit for v in bill.verdicts}


def test_settings_that_must_be_raised_are_noted(make_demand, bill_of):
    # by default none at least and ten replicas at most, and another one for every ten requests in
    # progress
    autoscaled = ONE | {"scaling": "autoscaled"}
    few, many = (
        " ".join(bill_of(ID, make_demand(100), options=autoscaled | {"min_nodes": nodes}).notes)
        for nodes in (10, 11)
    )
    static = " ".join(bill_of(ID, make_demand(100), options=ONE | {"min_nodes": 11}).notes)

    assert "to about 10 concurrent requests per replica" in few
    assert "above its default of 10" not in few
    assert "above its default of 10" in many
    assert "Set the minimum and the maximum number of replicas to 11" in static
    assert "concurrent requests per replica" not in static


NETWORK = "azure.load_balancer.first_five_rules_hours"
ADDRESSES = "azure.public_ipv4.hours"
PROCESSED = "azure.load_balancer.processed_gb"


@pytest.mark.parametrize(
    ("options", "networks"),
    [
        # a network of the service's own reaches the internet only
        (ONE, 0),
        ({**ONE, "own_network": True}, 1),
        # learn.microsoft.com/azure/reliability/reliability-container-apps: zone redundancy needs
        # an environment within a virtual network
        ({**ONE, "survives": "zone"}, 1),
    ],
)
def test_an_environment_in_your_own_network_has_a_balancer_and_two_addresses(
    make_demand, bill_of, quantities, options, networks
):
    # learn.microsoft.com/azure/container-apps/custom-virtual-networks, managed resources: one
    # standard load balancer, one address for what goes out and one for what comes in
    counted = quantities(bill_of(ID, make_demand(10, to_client=100), options=options))

    assert counted.get(NETWORK, 0) == pytest.approx(730 * networks)
    assert counted.get(ADDRESSES, 0) == pytest.approx(2 * 730 * networks)


def test_redis_takes_an_environment_in_your_own_network(make_demand, bill_of, quantities):
    demand = make_demand(10, to_server=100, to_client=200)
    alone, two = (
        quantities(bill_of(ID, demand, options={**ONE, "min_nodes": nodes})) for nodes in (1, 2)
    )

    assert NETWORK not in alone
    assert two[NETWORK] == pytest.approx(730)


def test_which_data_the_balancer_bills_is_a_question(at_mbps, bill_of, quantities):
    # 8 Mbps are 3.6 GB per hour
    demand = at_mbps(8, hours_per_month=100)
    own = {**ONE, "own_network": True}
    everything, management = (
        quantities(bill_of(ID, demand, options=own, answers={"load_balancer_data": answer}))
        for answer in ("all", "management")
    )

    # no text says which GB, so it is that of 10^9 bytes
    assert everything[PROCESSED] == pytest.approx(3.6 * 100)
    assert PROCESSED not in management
