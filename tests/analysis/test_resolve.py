"""What a scenario names is found and checked once, however much follows from it."""

from collections import Counter
from collections.abc import Callable

import pytest

import estimator as ws
from estimator.analysis.estimate import resolve as resolve_module
from estimator.analysis.simulate import simulate as simulate_module
from estimator.demand import month as month_module
from estimator.deployments.registry import find_deployment

SCENARIO = ws.Scenario(
    profile="market-data",
    location="virginia",
    peak_connections=200,
    contract="aws-reserved-1-year",
    options={"aws.alb_ec2": {"min_nodes": 3, "scaling": "autoscaled"}},
)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often scenarios are resolved, demands built and deployments metered."""
    counted: Counter[str] = Counter()

    def counting(name: str, function: Callable[..., object]) -> Callable[..., object]:
        def counted_call(*given: object, **named: object) -> object:
            counted[name] += 1
            return function(*given, **named)

        return counted_call

    for module, name in (
        (resolve_module, "as_contract"),
        (month_module, "expected_demand"),
        (simulate_module, "expected_demand"),
        (resolve_module, "load_catalog"),
        (simulate_module, "hourly_demand"),
    ):
        monkeypatch.setattr(module, name, counting(name, getattr(module, name)))
    deployed = type(find_deployment("aws.alb_ec2"))
    for name in ("meter", "limit_checks", "check_options"):
        monkeypatch.setattr(deployed, name, counting(name, getattr(deployed, name)))
    return counted


@pytest.mark.parametrize("deployment", ["aws.alb_ec2", "azure.container_apps"])
def test_an_option_given_as_an_assumption_is_told_where_it_belongs(deployment: str):
    scenario = SCENARIO.replace(options={}, assumptions={f"{deployment}.scaling": "autoscaled"})
    right = rf"options: \{{{deployment}: \{{scaling: autoscaled\}}\}}"

    with pytest.raises(ws.ScenarioError, match=right) as raised:
        ws.estimate(scenario, deployment)

    assert "scaling is an option, not an open question" in str(raised.value)
    # what it says is right
    options = {deployment: {"scaling": "autoscaled"}}
    ws.estimate(SCENARIO.replace(options=options), deployment)


def test_an_estimate_resolves_once(calls: Counter[str]):
    ws.estimate(SCENARIO, "aws.alb_ec2")

    assert calls == {
        "as_contract": 1,
        "expected_demand": 1,
        "load_catalog": 1,
        "check_options": 1,
        "meter": 1,
    }


def test_a_simulation_meters_twice_and_resolves_once(calls: Counter[str]):
    ws.simulate(SCENARIO, "aws.alb_ec2", replications=1)

    assert calls["as_contract"] == 1
    assert calls["expected_demand"] + calls["hourly_demand"] == 2
    assert calls["meter"] == 2
    # by the minute, and in the busiest second of each
    assert calls["limit_checks"] == 2


def test_other_answers_check_nothing_again(calls: Counter[str]):
    bill = ws.estimate(SCENARIO, "aws.alb_ec2")
    calls.clear()

    effects = bill.effects

    others = sum(len(effect.change_usd) for effect in effects)
    assert 0 < others <= calls["meter"]
    assert calls["as_contract"] == calls["check_options"] == calls["expected_demand"] == 0
