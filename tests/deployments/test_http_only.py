"""What deployments without WebSockets owe their reader, over each transport that they carry."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.estimate.estimate import usual_deployments
from estimator.deployments.registry import HTTP_ONLY
from estimator.scenario.transport import KINDS
from transports import carried_scenarios

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5_000)
CARRIED = [
    pytest.param(name, scenario, id=f"{name}: {scenario.transport.kind}")
    for name in HTTP_ONLY
    for scenario in carried_scenarios(SCENARIO, name)
]
every_carried = pytest.mark.parametrize(("name", "scenario"), CARRIED)


@pytest.mark.parametrize("name", HTTP_ONLY)
def test_one_that_carries_no_websockets_says_what_it_carries(name):
    comparison = ws.compare(SCENARIO, [name, "aws.api_gateway"])

    [refusal] = comparison.refusals
    carried = [kind for kind in KINDS if HTTP_ONLY[name].carriage(kind).is_carried]
    assert carried
    assert refusal.deployment == name
    assert "does not carry WebSocket" in refusal.reason
    assert refusal.reason.endswith(f"It carries {', '.join(carried)}.")
    assert name not in usual_deployments(SCENARIO)
    assert name in usual_deployments(SCENARIO.replace(transport="long_polling"))


@every_carried
def test_every_line_is_explained_and_lines_add_up(name, scenario):
    bill = ws.estimate(scenario, name)
    told = bill.explain()

    assert bill.lines["cost_usd"].sum() == pytest.approx(bill.total)
    assert all(item.explain() in told for item in bill.items)
    assert all(text in told for text in bill.not_modeled)
    assert bill.verdicts
    assert all(each.state == "within limits" or each.fix for each in bill.verdicts)
    limits = [each.limit.limit for each in bill.verdicts]
    assert len(limits) == len(set(limits))


@every_carried
def test_limits_that_are_listed_for_a_transport_are_checked(name, scenario):
    row = HTTP_ONLY[name].carriage(scenario.transport.kind)
    checked = {each.limit.limit for each in ws.estimate(scenario, name).verdicts}

    assert row.idle_limit is None or row.idle_limit in checked


@every_carried
def test_many_scenarios_at_once_are_the_same_one_by_one(name, scenario):
    audience = [0.0, 700.0, 40_000.0]
    together = ws.estimate(scenario.replace(peak_connections=audience), name)
    apart = [ws.estimate(scenario.replace(peak_connections=one), name) for one in audience]

    np.testing.assert_allclose(together.total, [float(one.total) for one in apart], rtol=1e-9)
    assert together.states.tolist() == [one.state for one in apart]


@every_carried
def test_another_answer_changes_the_bill_by_the_amount_stated(name, scenario):
    bill = ws.estimate(scenario, name)

    for row in bill.assumptions.to_dict(orient="records"):
        answers = {str(row["assumption"]): row["alternative"]}
        other = ws.estimate(scenario.replace(assumptions=answers), name)
        assert other.total - bill.total == pytest.approx(row["change_usd"], abs=1e-6)


@every_carried
def test_free_allowances_only_ever_lower_a_bill(name, scenario):
    none, always, every = (
        ws.estimate(scenario.replace(free_allowances=allowances), name).total
        for allowances in ("none", "always", "all")
    )

    assert every <= always <= none
