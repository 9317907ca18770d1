"""What App Service counts: instances of a plan, as many as its limits of connections ask for.

Limits: the App Service section of
https://learn.microsoft.com/azure/azure-resource-manager/management/azure-subscription-service-limits
"""

import numpy as np
import pytest

import estimator as ws
from estimator.errors import ScenarioError

ID = "azure.app_service"
BARE = {
    "idle_cpu_seconds_per_connection_second": 0,
    "headroom": 1,
    "min_nodes": 1,
    "survives": "none",
}


@pytest.mark.parametrize(
    ("machine", "meter", "connections", "instances"),
    [
        # 350 WebSockets an instance on Basic; on Windows 7,500 requests in progress on one core,
        # 15,000 on two, 75,000 on large instances; on Linux, which has no IIS, about 50,000
        ("B1-linux", "linux_b1", 351, 2),
        ("P0v3-linux", "linux_p0v3", 7_501, 1),
        ("P0v3-linux", "linux_p0v3", 50_001, 2),
        ("P0v3-windows", "windows_p0v3", 7_500, 1),
        ("P0v3-windows", "windows_p0v3", 7_501, 2),
        ("P1v3-windows", "windows_p1v3", 30_001, 3),
        ("P2v3-windows", "windows_p2v3", 150_001, 3),
    ],
)
def test_an_instance_holds_what_its_plan_allows(
    make_demand, bill_of, quantities, machine, meter, connections, instances
):
    bill = bill_of(ID, make_demand(connections), options={**BARE, "machine": machine})

    assert quantities(bill)[f"{ID}.{meter}"] == pytest.approx(instances * 730)


@pytest.mark.parametrize(
    ("machine", "limit", "most"),
    [
        ("B1-linux", "basic_max_instances", 3),
        ("S1-linux", "standard_max_instances", 10),
        ("P1v3-linux", "premium_v2_v3_max_instances", 30),
    ],
)
def test_a_plan_has_so_many_instances(make_demand, bill_of, state_of, machine, limit, most):
    options = {**BARE, "machine": machine, "min_nodes": most + 1}
    bill = bill_of(ID, make_demand(1), options=options)

    assert not bill.is_within_limits
    assert state_of(bill, f"{ID}.{limit}") == ("over a hard limit", most + 1)


def test_a_plan_that_would_need_too_many_instances_is_not_the_cheapest(
    make_demand, bill_of, quantities
):
    # 1,100 connections are four B1 at 0.017 an hour, less than any larger plan, but three is most
    bill = bill_of(ID, make_demand(1_100), options=BARE)

    assert f"{ID}.linux_b1" not in quantities(bill)
    assert all("max_instances" not in v.limit.limit or v.share <= 1 for v in bill.verdicts)


def test_windows_plans_can_be_asked_for(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(10), options={"operating_system": "windows"})

    assert [meter for meter in quantities(bill) if meter.startswith(f"{ID}.windows")]
    assert not [meter for meter in quantities(bill) if meter.startswith(f"{ID}.linux")]


def test_basic_plans_do_not_scale_by_themselves(make_demand, bill_of, quantities):
    demand = make_demand(10)
    by_hand, alone = (
        quantities(bill_of(ID, demand, options=BARE | {"scaling": scaling}))
        for scaling in ("static", "autoscaled")
    )

    assert f"{ID}.linux_b1" in by_hand
    assert not [meter for meter in alone if "linux_b" in meter]


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (
            {"machine": "B1-linux", "survives": "node", "scaling": "autoscaled"},
            "B1-linux is scaled by hand",
        ),
        ({"machine": "S1-linux"}, "S1-linux is not spread over zones"),
        ({"machine": "B3-windows"}, "B3-windows is not spread over zones"),
    ],
)
def test_a_plan_that_cannot_do_what_is_asked_is_an_error(make_demand, bill_of, options, reason):
    with pytest.raises(ScenarioError, match=reason):
        bill_of(ID, make_demand(10), options=options)


def test_a_basic_plan_is_scheduled_by_a_script_of_ones_own(make_demand, bill_of):
    # Basic plans scale out by hand, to three instances:
    # https://learn.microsoft.com/azure/app-service/manage-scale-up
    options = {"machine": "B1-linux", "survives": "node", "scaling": "scheduled"}
    bill = bill_of(ID, make_demand(10), options=options)

    assert "changed by a script of your own on a timer" in " ".join(bill.notes)
    assert bill.sizing is not None
    assert bill.sizing.machines == ("B1-linux",)


def test_a_plan_that_is_scaled_by_hand_is_priced_with_all_that_is_open():
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=100,
        options={ID: {"machine": "B1-linux", "survives": "node"}},
    )
    bill = ws.estimate(scenario, ID)

    assert "scaled by hand" not in bill.explain()
    found = ws.uncertainty(scenario, deployments=ID, samples=128)
    assert list(found.deployments) == [ID]


def test_only_premium_plans_survive_a_zone(make_demand, bill_of, quantities):
    # https://learn.microsoft.com/azure/reliability/reliability-app-service, requirements
    of_what = {
        survives: bill_of(ID, make_demand(10), options=BARE | {"survives": survives})
        for survives in ("zone", "node")
    }
    plans = {
        survives: [meter for meter in quantities(bill) if meter.startswith(f"{ID}.linux_")]
        for survives, bill in of_what.items()
    }

    assert plans["node"] == [f"{ID}.linux_b1"]
    assert [plan for plan in plans["zone"] if plan.startswith(f"{ID}.linux_p")] == plans["zone"]


def test_on_windows_open_sockets_are_no_requests_if_the_question_is_answered_so(
    make_demand, bill_of, quantities
):
    options = {**BARE, "machine": "P0v3-windows", "memory_per_connection_bytes": 1}
    answers = {"windows_requests": "not_counted"}
    bill = bill_of(ID, make_demand(70_000), options=options, answers=answers)

    assert quantities(bill)[f"{ID}.windows_p0v3"] == pytest.approx(730)


@pytest.mark.parametrize(("system", "seconds"), [("linux", 240), ("windows", 230)])
def test_the_front_end_ends_silent_connections(make_demand, bill_of, system, seconds):
    bill = bill_of(ID, make_demand(1), options={"operating_system": system})
    found = {v.limit.limit: v for v in bill.verdicts}
    verdict = found[f"{ID}.{system}_idle_timeout"]

    assert (float(verdict.used), float(verdict.allowed)) == (np.inf, seconds)


def test_arrays_may_choose_unlike_plans():
    audience = [10.0, 3_000.0, 200_000.0, 9e6]

    def total(peak: object) -> object:
        scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=peak)
        return ws.estimate(scenario, ID).total

    apart = np.array([total(one) for one in audience], dtype=float)
    np.testing.assert_allclose(np.asarray(total(audience)), apart)
