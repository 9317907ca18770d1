"""What API Gateway on OCI bills in front of virtual machines, and how long it waits for them."""

import pytest

import estimator as ws

ID, FLEET = "oci.api_gateway_vm", "oci.load_balancer_vm"
CALLS = "oci.api_gateway.calls"
DEMAND = ws.Demand.of(100, session={"law": "exponential", "mean_hours": 1}, flows={})


def bill(transport, deployment=ID, **options) -> ws.Estimate:
    scenario = ws.Scenario(
        profile="market-data",
        location="virginia",
        peak_connections=100,
        transport=transport,
        options={deployment: options},
        free_allowances="none",
    )
    return ws.estimate(scenario, deployment, demand=DEMAND)


def test_each_poll_is_a_call():
    # 100 clients every 5 s: 52.56 M polls a month at 3.00 per million
    [item] = [
        item
        for item in bill({"kind": "polling", "every_seconds": 5}).items
        if item.usage.meter_id == CALLS
    ]

    assert float(item.usage.quantity) == pytest.approx(52_560_000)
    assert round(float(item.cost_usd), 2) == 157.68


def test_the_rest_is_the_bill_of_the_fleet_behind_the_balancer():
    polling = {"kind": "polling", "every_seconds": 5}
    rest = float(bill(polling).total) - 157.68

    assert rest == pytest.approx(float(bill(polling, FLEET).total), abs=0.01)


@pytest.mark.parametrize(
    ("seconds", "options", "limit_id", "state"),
    [
        (25, {}, "oci.api_gateway.read_timeout_default", "setting to change"),
        (25, {"read_timeout_seconds": 60}, "oci.api_gateway.read_timeout_default", "within limits"),
        (301, {}, "oci.api_gateway.read_timeout_max", "over a hard limit"),
        (61, {}, "oci.load_balancer.http_idle_timeout", "setting to change"),
    ],
)
def test_a_long_poll_must_be_answered_before_gateway_and_balancer_give_up(
    seconds, options, limit_id, state
):
    found = bill({"kind": "long_polling", "timeout_seconds": seconds}, **options)

    assert {each.state for each in found.verdicts if each.limit.limit == limit_id} == {state}
