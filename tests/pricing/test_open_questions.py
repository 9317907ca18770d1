"""What sources disagree on about prices: answers choose rows, and bills show what they move."""

import numpy as np
import pytest

import estimator as ws
from estimator.pricing.price_files import price_assumptions

THINGS = "aws.shop.things"
WHICH = "aws.shop.which"
SMALL_OR_LARGE = {WHICH: ["small", "large"]}


def under(answer: str, **row: object) -> dict[str, object]:
    return {"assumption": WHICH, "answer": answer, **row}


@pytest.mark.parametrize(
    ("answers", "usd"), [(None, 10), ({WHICH: "small"}, 10), ({WHICH: "large"}, 30)]
)
def test_the_default_answer_is_taken_and_another_flips_the_price(
    catalog_of, bill_for, answers, usd
):
    rates = [under("large", usd_per_unit=3), under("small", usd_per_unit=1)]

    catalog = catalog_of(rates, questions=SMALL_OR_LARGE, answers=answers)

    assert bill_for(catalog, ("here", 10)).total == usd


def test_rows_that_name_no_question_always_hold(catalog_of, bill_for):
    rates = [{"region": "*", "usd_per_unit": 1}, under("large", region="here", usd_per_unit=3)]

    totals = [
        bill_for(
            catalog_of(rates, questions=SMALL_OR_LARGE, answers={WHICH: answer}), ("here", 10)
        ).total
        for answer in ("small", "large")
    ]

    assert totals == [10, 30]


def test_each_answer_has_a_history_of_its_own(catalog_of, bill_for):
    rates = [
        under("small", usd_per_unit=3, effective_from="2024-01-01"),
        under("small", usd_per_unit=1, effective_from="2025-01-01"),
        under("large", usd_per_unit=5, effective_from="2024-01-01"),
    ]

    found = {
        (answer, as_of): bill_for(
            catalog_of(rates, questions=SMALL_OR_LARGE, answers={WHICH: answer}, as_of=as_of),
            ("here", 1),
        ).total
        for answer in ("small", "large")
        for as_of in ("2024-06-01", None)
    }

    assert list(found.values()) == [3, 1, 5, 5]


@pytest.mark.parametrize(("answer", "usd"), [("small", 100 - 10), ("large", 100 - 40)])
def test_an_answer_flips_an_allowance(catalog_of, bill_for, answer, usd):
    gifts = [under("small", quantity=10), under("large", quantity=40)]

    catalog = catalog_of(
        {0: 1}, allowances=gifts, questions=SMALL_OR_LARGE, answers={WHICH: answer}
    )

    assert bill_for(catalog, ("here", 100)).total == usd


@pytest.mark.parametrize(("answer", "usd"), [("small", 150), ("large", 200)])
def test_an_answer_flips_the_definition_of_a_meter(catalog_of, bill_for, answer, usd):
    meters = [under("small", package=50), under("large", package=100)]

    catalog = catalog_of({0: 1}, meters=meters, questions=SMALL_OR_LARGE, answers={WHICH: answer})

    assert bill_for(catalog, ("here", 101)).total == usd


def test_an_answer_there_is_not_lists_those_there_are(catalog_of):
    with pytest.raises(ws.UnknownNameError) as caught:
        catalog_of(questions=SMALL_OR_LARGE, answers={WHICH: "lage"})

    assert str(caught.value) == (
        "unknown answer to aws.shop.which 'lage': did you mean 'large'? Valid: large, small"
    )


def test_a_price_is_asked_about_by_the_rows_that_make_it(catalog_of):
    questions = {name: ["yes", "no"] for name in ("rate", "meter", "gift", "other")}
    yes = {"answer": "yes"}
    catalog = catalog_of(
        [
            {"region": "here"},
            {"region": "here", "usd_per_unit": 2, "assumption": "rate", **yes},
            {"meter": "aws.shop.works", "assumption": "other", **yes},
        ],
        meters=[{}, {"assumption": "meter", **yes}, {"meter": "aws.shop.works"}],
        allowances=[{"quantity": 5, "assumption": "gift", **yes}],
        questions=questions,
    )

    asked = {
        (meter, region): [question.id for question in catalog.questions_about(meter, region)]
        for meter in (THINGS, "aws.shop.works")
        for region in ("here", "there")
    }

    assert asked == {
        (THINGS, "here"): ["rate", "meter", "gift"],
        (THINGS, "there"): ["meter", "gift"],
        ("aws.shop.works", "here"): ["other"],
        ("aws.shop.works", "there"): ["other"],
    }


def test_whether_100_free_gb_come_before_the_tiers_of_aws_moves_half_a_dollar():
    # 10,340 GB of which 100 are free, at $0.09 up to 10,240 GB and $0.085 from there:
    # before the tiers 10,240 x 0.09; inside the first one 10,140 x 0.09 + 100 x 0.085
    asked = {"aws.egress.internet": 10_340}
    bill = ws.price(asked, "us-east-1", free_allowances="always")

    [effect] = [e for e in bill.effects if e.assumption.id == "aws.egress.free_100_gb"]

    assert effect.chosen == "before_first_tier"
    assert effect.change_usd["inside_first_tier"] == pytest.approx(100 * (0.085 - 0.09))


CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)


def bills_of(scenario: ws.Scenario) -> list[ws.Estimate]:
    """What every deployment costs."""
    bills = ws.compare(scenario).bills
    assert len(bills) == len(ws.DEPLOYMENTS)
    return sorted(bills, key=lambda bill: str(bill.deployment))


@pytest.fixture(scope="module")
def bills() -> list[ws.Estimate]:
    """Under the default answers."""
    return bills_of(CHAT)


@pytest.mark.parametrize("name", price_assumptions())
def test_effects_of_real_questions_are_differences_of_two_bills(name, bills):
    default, *others = price_assumptions()[name].choices

    for other in others:
        answered = bills_of(CHAT.replace(assumptions={name: other}))
        for bill, flipped in zip(bills, answered, strict=True):
            if name.startswith(bill.cloud):
                shown, back = (
                    {each.assumption.id: each.change_usd for each in asked.effects}.get(name, {})
                    for asked in (bill, flipped)
                )
                assert shown.get(other, 0.0) == flipped.total - bill.total
                assert not back or back[default] == bill.total - flipped.total
            else:
                assert flipped.total == bill.total


def test_a_question_on_the_gigabyte_of_aws_moves_traffic_by_its_ratio():
    # all traffic in the first tier: 2^30 / 10^9 times as many GB at the same price
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=1_000,
        free_allowances="none",
    )
    bill = ws.estimate(scenario, "aws.api_gateway")
    [traffic] = [i for i in bill.items if i.rate.meter_id == "aws.egress.internet"]

    [effect] = [e for e in bill.effects if e.assumption.id == "aws.egress.gigabyte"]

    assert traffic.units_by_tier[1] == 0
    assert effect.change_usd == {
        "1000": pytest.approx(float(traffic.cost_usd) * (2**30 / 10**9 - 1))
    }


def test_effects_of_arrays_are_arrays():
    many = np.array([0.0, 50.0, 10_340.0])
    bill = ws.price({"aws.egress.internet": many}, "us-east-1", free_allowances="always")

    [effect] = [e for e in bill.effects if e.assumption.id == "aws.egress.free_100_gb"]

    np.testing.assert_allclose(effect.change_usd["inside_first_tier"], [0, 0, -0.5], atol=1e-12)
