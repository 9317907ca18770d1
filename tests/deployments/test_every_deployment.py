"""What every deployment owes its reader: explained lines, open questions with evidence, notes."""

import re

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.base import Deployment
from estimator.deployments.fleet.backplane import RedisOptions
from estimator.deployments.registry import SAAS
from estimator.pricing.price_files import Assumption, price_assumptions
from estimator.states import State

SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
every_deployment = pytest.mark.parametrize(
    "deployment", ws.DEPLOYMENTS.values(), ids=ws.DEPLOYMENTS
)
every_assumption = pytest.mark.parametrize(
    "assumption", ws.assumptions().values(), ids=ws.assumptions()
)


@every_deployment
def test_every_line_tells_its_quantity_price_source_and_date(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)
    told = bill.explain()

    assert len(bill.items) >= 2
    for item in bill.items:
        assert item.explain() in told
        assert item.usage.formula in told
        assert item.rate.source in told
        assert str(item.rate.checked_on) in told
        assert len(item.usage.formula.split()) >= 3


@every_deployment
def test_lines_add_up_to_the_total(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)

    assert bill.lines["cost_usd"].sum() == pytest.approx(bill.total)
    assert sum(bill.by_driver.values()) == pytest.approx(bill.total)


@every_deployment
def test_every_deployment_has_limits_that_were_checked(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)

    assert bill.verdicts
    for verdict in bill.verdicts:
        assert verdict.state in {*State} - {State.NOT_CHECKED}
        assert verdict.limit.source
        assert verdict.explain() in bill.explain()
        assert verdict.state == "within limits" or verdict.fix
    shares = [float(verdict.share) for verdict in bill.verdicts]
    assert shares == sorted(shares, reverse=True)


ASKED_FOR = re.compile(r"(?:quota of|\b(?:to|with|ask \w+ for))(?: more than)? (\d[\d,]*)")


@pytest.mark.parametrize("profile", ["workplace-chat", "market-data", "live-reactions"])
@pytest.mark.parametrize("peak", [7_000, 26_000, 90_000, 400_000])
def test_nobody_is_sent_to_ask_for_less_than_there_is(profile, peak):
    scenario = SCENARIO.replace(profile=profile, peak_connections=peak)
    bills = ws.compare(scenario, [*ws.DEPLOYMENTS, *SAAS]).bills

    raised = [
        (verdict, float(figure.replace(",", "")))
        for bill in bills
        for verdict in bill.verdicts
        if verdict.limit.raised_by == "quota" or verdict.limit.measure in ("units", "instances")
        for figure in ASKED_FOR.findall(verdict.fix)
    ]
    assert len(raised) > 5
    for verdict, figure in raised:
        at_least = float(verdict.allowed)
        assert figure >= at_least if "more than" in verdict.fix else figure > at_least, verdict.fix


@pytest.mark.parametrize("location", ws.locations())
def test_every_deployment_is_priced_at_a_location_or_says_why_not(location):
    comparison = ws.compare(SCENARIO.replace(location=location), list(ws.DEPLOYMENTS))

    answered = [*comparison.bills, *comparison.refusals]
    assert {each.deployment for each in answered} == ws.DEPLOYMENTS.keys()
    assert all(bill.total > 0 for bill in comparison.bills)
    for refusal in comparison.refusals:
        cloud = ws.DEPLOYMENTS[refusal.deployment].cloud
        assert ws.locations()[location].regions[cloud] in refusal.reason
        assert "no source was found" in refusal.reason or "not offered" in refusal.reason


@every_deployment
def test_many_scenarios_at_once_are_the_same_one_by_one(deployment: Deployment):
    audience = [0.0, 700.0, 40_000.0, 900_000.0]
    together = ws.estimate(SCENARIO.replace(peak_connections=audience), deployment.id)
    apart = [ws.estimate(SCENARIO.replace(peak_connections=one), deployment.id) for one in audience]

    np.testing.assert_allclose(together.total, [float(one.total) for one in apart], rtol=1e-9)
    assert together.states.tolist() == [one.state for one in apart]


@every_deployment
def test_a_bill_is_priced_in_the_region_of_the_location(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)

    assert bill.region == ws.locations()["virginia"].regions[deployment.cloud]
    assert {item.rate.region for item in bill.items} <= {bill.region, "*"}


@every_deployment
def test_what_is_left_out_is_said(deployment: Deployment):
    bill = ws.estimate(SCENARIO, deployment.id)

    assert bill.not_modeled
    assert all(text in bill.explain() for text in bill.not_modeled)


@pytest.mark.parametrize(
    "deployment",
    [name for name, one in ws.DEPLOYMENTS.items() if issubclass(one.options, RedisOptions)],
)
def test_nodes_that_speak_to_each_other_have_redis_on_their_bill(deployment: str):
    formulas = ws.estimate(SCENARIO, deployment).lines["formula"]

    assert formulas.str.contains("Redis on").any()


@every_deployment
def test_a_month_twice_as_long_counts_twice_as_much(deployment: Deployment):
    # what is free is the same in a short month, and may make another machine the cheapest
    at_list = SCENARIO.replace(free_allowances="none")
    short, long = (
        ws.estimate(at_list.replace(hours_per_month=hours), deployment.id) for hours in (365, 730)
    )

    # how much of it is for which layer depends on what is paid by the month
    one, two = (bill.lines.groupby("meter")["quantity"].sum().to_dict() for bill in (short, long))
    units = long.lines.groupby("meter")["unit"].first().to_dict()
    assert one.keys() == two.keys()
    for meter, unit in units.items():
        # disks and plans are paid by the month, however long it is
        factor = 1 if "Months" in unit else 2
        assert two[meter] == pytest.approx(factor * one[meter])


@every_deployment
def test_free_allowances_only_ever_lower_a_bill(deployment: Deployment):
    none, always, every = (
        ws.estimate(SCENARIO.replace(free_allowances=allowances), deployment.id).total
        for allowances in ("none", "always", "all")
    )

    assert every <= always <= none


@every_assumption
def test_an_open_question_has_answers_meanings_and_evidence(assumption: Assumption):
    assert assumption.question.endswith("?")
    assert len(assumption.choices) >= 2
    assert all(assumption.choices.values())
    assert assumption.default in assumption.choices
    assert len(assumption.evidence) > 20


@every_deployment
def test_every_open_question_of_a_deployment_is_on_its_bill(deployment: Deployment):
    table = ws.estimate(SCENARIO, deployment.id).assumptions

    asked = {assumption.id: len(assumption.choices) - 1 for assumption in deployment.assumptions}
    about_counting = table[table["assumption"].isin(asked)]
    assert about_counting.groupby("assumption").size().to_dict() == asked
    assert all(name.startswith(f"{deployment.id}.") for name in asked)
    # the others are about prices, and each of those on the bill moves it
    about_prices = table[~table["assumption"].isin(asked)]
    assert set(about_prices["assumption"]) <= set(price_assumptions())
    assert (
        about_prices.groupby("assumption")["change_usd"].agg(lambda usd: usd.abs().max()) > 0
    ).all()


@every_deployment
@pytest.mark.parametrize(
    "base",
    [
        SCENARIO,
        SCENARIO.replace(
            profile="market-data",
            location="tokyo",
            assumptions={
                "azure.web_pubsub.internet_traffic": "yes",
                "aws.api_gateway.connect_is_message": "yes",
            },
        ),
    ],
    ids=["defaults", "other answers"],
)
def test_another_answer_changes_the_bill_by_the_amount_stated(deployment: Deployment, base):
    bill = ws.estimate(base, deployment.id)

    for row in bill.assumptions.to_dict(orient="records"):
        name = str(row["assumption"])
        assert row["chosen"] == base.assumptions.get(name, row["chosen"])
        answers = {**base.assumptions, name: row["alternative"]}
        other = ws.estimate(base.replace(assumptions=answers), deployment.id)
        assert other.total - bill.total == pytest.approx(row["change_usd"], abs=1e-6)


def test_counting_connects_as_messages_costs_two_messages_a_connect():
    # at 1.00 a million below a billion messages
    scenario = SCENARIO.replace(peak_connections=500)
    bill = ws.estimate(scenario, "aws.api_gateway")
    demand = ws.expected_demand(scenario).cut_after(2)
    table = bill.assumptions.set_index("assumption")

    expected = 2 * float(demand.per_month(demand.new_connections)) / 1e6
    assert table.loc["aws.api_gateway.connect_is_message", "change_usd"] == pytest.approx(expected)


@every_deployment
def test_effects_of_arrays_are_those_of_each_scenario(deployment: Deployment):
    audience = [1_000, 50_000]
    together = ws.estimate(SCENARIO.replace(peak_connections=audience), deployment.id).effects
    apart = [
        {
            effect.assumption.id: effect.change_usd
            for effect in ws.estimate(SCENARIO.replace(peak_connections=one), deployment.id).effects
        }
        for one in audience
    ]

    for effect in together:
        for answer, change in effect.change_usd.items():
            # a question about prices that moves nothing is not asked
            each = [found.get(effect.assumption.id, {}).get(answer, 0.0) for found in apart]
            expected = np.array(each)
            np.testing.assert_allclose(
                np.broadcast_to(change, (2,)), expected, rtol=1e-9, atol=1e-6
            )


@every_deployment
@pytest.mark.parametrize("audience", [0, 0.5, 1])
def test_the_smallest_audiences_have_a_bill(deployment: Deployment, audience):
    bill = ws.estimate(SCENARIO.replace(peak_connections=audience), deployment.id)

    assert np.isfinite(bill.total)
    assert bill.total >= 0


@every_deployment
def test_an_option_that_does_not_exist_is_refused_with_those_that_do(deployment: Deployment):
    scenario = SCENARIO.replace(options={deployment.id: {"color": "red"}})

    with pytest.raises(ws.ScenarioError) as caught:
        ws.estimate(scenario, deployment.id)

    assert f"options of {deployment.id}, color: unknown field 'color'" in str(caught.value)
    # as many as a message of 400 characters holds, the first first
    told, _, more = str(caught.value).partition("Valid: ")[2].partition(" and ")
    names, known = told.split(", "), sorted(deployment.options.model_fields)
    assert names == known[: len(names)]
    assert more == (f"{len(known) - len(names)} more" if len(names) < len(known) else "")


@pytest.mark.parametrize(
    ("deployment", "meter"),
    [
        ("azure.web_pubsub", "azure.web_pubsub.standard_unit_days"),
        ("oci.load_balancer_vm", "oci.compute.e5_memory_gb_hours"),
    ],
)
def test_what_must_run_is_sized_for_the_peak_within_the_hour(
    make_demand, bill_of, quantities, deployment, meter
):
    # a megabyte a connection lets memory decide where connections do not
    options: dict[str, object] = (
        {} if deployment.startswith("azure") else {"memory_per_connection_bytes": 1e6}
    )
    if deployment.startswith("oci"):
        options["machine"] = "VM.Standard.E5.Flex/4/32"
    mean_only, with_peak, at_peak = (
        quantities(bill_of(deployment, demand, options=options))[meter]
        for demand in (
            make_demand(20_000),
            make_demand(20_000, peak=60_000),
            make_demand(60_000),
        )
    )

    assert mean_only < with_peak
    assert with_peak == at_peak
