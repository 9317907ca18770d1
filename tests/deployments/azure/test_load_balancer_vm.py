"""What Standard Load Balancer counts: rules by the hour, data, and its address.

Rules: https://azure.microsoft.com/pricing/details/load-balancer/
"""

import pytest

import estimator as ws

ID = "azure.load_balancer_vm"
BALANCER = "azure.load_balancer"


@pytest.mark.parametrize(("rules", "further"), [(1, None), (5, None), (7, 14.60)])
def test_five_rules_cost_as_much_as_one(make_demand, bill_of, cents, rules, further):
    # 0.025 an hour for the first five together and 0.01 for each further one
    invoice = cents(bill_of(ID, make_demand(1), options={"rules": rules}))

    assert invoice[f"{BALANCER}.first_five_rules_hours"] == 18.25
    assert invoice.get(f"{BALANCER}.extra_rule_hours") == further


def test_data_in_and_out_is_processed_once(at_mbps, bill_of, quantities, cents):
    # 8 Mbps are 3.6 GB per hour; 0.005 a GB, of which no text says how many bytes it has: 10^9 cost
    # more
    bill = bill_of(ID, at_mbps(8, hours_per_month=100))
    gb = 3.6 * 100

    assert quantities(bill)[f"{BALANCER}.processed_gb"] == pytest.approx(gb)
    assert cents(bill)[f"{BALANCER}.processed_gb"] == round(gb * 0.005, 2)


def test_the_address_is_billed_by_the_hour(make_demand, bill_of, cents):
    bill = bill_of(ID, make_demand(1), options={"outbound": "none"})

    assert cents(bill)["azure.public_ipv4.hours"] == 3.65


def test_nodes_make_the_handshakes_of_tls(make_demand, bill_of, quantities):
    # 1,000 new connections per second at 100 per core take 10 cores; 70% of 4 are 2.8: 4 nodes; all
    # else of them takes nothing
    options = {
        "machine": "Standard_D4as_v5",
        "handshakes_per_core_second": 100,
        "new_connections_per_core_second": 1e12,
        "application": "none",
        "idle_cpu_seconds_per_connection_second": 0,
        "min_nodes": 1,
        "survives": "none",
    }
    bill = bill_of(ID, make_demand(10, new_connections=1_000 * 3600), options=options)

    assert quantities(bill)["azure.vm.d4as_v5"] == pytest.approx(5 * 730)


@pytest.mark.parametrize(
    ("minutes", "state"), [(4, "setting to change"), (6, "near a limit"), (30, "within limits")]
)
def test_the_idle_timeout_is_a_setting(minutes, state):
    # a ping every five minutes: 4 minutes are too short, of 6 it uses more than 80 %
    profile = {
        "title": "Only a heartbeat",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "flows": {},
        "heartbeat": {"interval_seconds": 300, "kind": "protocol"},
    }
    scenario = ws.Scenario(
        profile=profile,
        location="virginia",
        peak_connections=100,
        options={ID: {"idle_timeout_minutes": minutes}},
    )
    [found] = [
        verdict
        for verdict in ws.estimate(scenario, ID).verdicts
        if verdict.limit.limit == f"{BALANCER}.idle_timeout"
    ]

    assert found.state == state


def test_a_silence_that_no_setting_outlives_is_over_a_hard_limit(make_demand, bill_of):
    # https://learn.microsoft.com/azure/load-balancer/load-balancer-tcp-idle-timeout: 4 to 100
    # minutes; these clients send nothing at all
    bill = bill_of(ID, make_demand(10), options={"idle_timeout_minutes": 100})
    found = {v.limit.limit: v for v in bill.verdicts}
    setting, ceiling = (
        found[f"{BALANCER}.{name}"] for name in ("idle_timeout", "idle_timeout_max")
    )

    assert float(setting.allowed) == float(ceiling.allowed) == 6_000
    assert setting.limit.raised_by == "setting"
    assert ceiling.limit.raised_by is None
    assert float(ceiling.share) > 1
    assert not bill.is_within_limits


@pytest.mark.parametrize("minutes", [3, 101])
def test_an_idle_timeout_that_cannot_be_set_is_refused(make_demand, bill_of, minutes):
    with pytest.raises(ws.ScenarioError, match="idle_timeout_minutes is 4 to 100"):
        bill_of(ID, make_demand(1), options={"idle_timeout_minutes": minutes})


def test_a_pool_ends_at_5000_servers(make_demand, bill_of, state_of):
    bill = bill_of(ID, make_demand(1), options={"min_nodes": 5_000, "survives": "node"})

    assert state_of(bill, f"{BALANCER}.backend_pool_size") == ("over a hard limit", 5_001)
