"""A budget, as people write it, and whether it is kept in as many cases as is asked."""

import json
from typing import Any

import pytest

import estimator as ws
from estimator.analysis.uncertainty.budget import BudgetCheck, check_budget, parse_budget
from estimator.errors import ArgumentError, EstimatorError, ScenarioError, UnknownNameError

GATEWAY = "aws.api_gateway"
CHAT = ws.Scenario(
    name="Chat | <b>&", profile="workplace-chat", location="virginia", peak_connections=5000
)


@pytest.mark.parametrize(
    ("text", "usd"),
    [
        ("2000", 2000),
        ("2,000", 2000),
        ("2_000", 2000),
        ("$2000", 2000),
        ("$ 2,000.50", 2000.5),
        ("US$2000", 2000),
        ("2000 USD", 2000),
        ("USD 2000", 2000),
        ("2000usd", 2000),
        ("2000 dollars per month", 2000),
        ("2e3", 2000),
        ("$2,000 / month", 2000),
    ],
)
def test_dollars_are_read_as_people_write_them(text, usd):
    assert parse_budget(text) == usd


@pytest.mark.parametrize(
    "text", ["2000 EUR", "€2000", "2000 €", "£1", "EUR 2000", "A$2000", "CAD 5", "2000 yen"]
)
def test_another_currency_is_refused(text):
    with pytest.raises(ScenarioError, match="prices are in US dollars") as fault:
        parse_budget(text)
    assert f"'{text}'" in str(fault.value)


@pytest.mark.parametrize("text", ["", "much", "2.000,50", "1,5", "$", "1e400", "2,00"])
def test_what_is_no_amount_is_refused(text):
    with pytest.raises(ScenarioError, match="is not an amount"):
        parse_budget(text)


@pytest.mark.parametrize("budget", ["0", "-5", 0, -1.0, float("nan"), float("inf")])
def test_a_budget_of_nothing_is_refused(budget):
    with pytest.raises(EstimatorError, match=r"budget.*(above 0|finite number)"):
        check_budget(CHAT, budget, GATEWAY)


def checked(budget, at: Any = "p90", deployment: str | None = GATEWAY, **more) -> BudgetCheck:
    asked: dict[str, Any] = {"samples": 128, "questions": (), "evidence": False,
             "inputs": {"peak_connections": "4000..6000"}, **more}  # fmt: skip
    return check_budget(CHAT, budget, deployment, at=at, **asked)


def test_the_amount_at_each_level_is_held_against_the_budget():
    found = checked(1.0)
    levels = [checked(1.0, at).amount_usd for at in ("p10", "p50", "p90")]

    assert levels == sorted(levels)
    # connections from 4,000 to 6,000: P10 and P90 are the bills of 4,200 and 5,800
    for usd, peak in zip(levels, (4200, 5000, 5800), strict=True):
        bill = ws.estimate(CHAT.replace(peak_connections=peak), GATEWAY)
        assert usd == pytest.approx(bill.total, rel=2e-3)
    assert checked(1.0, "expected").amount_usd == ws.estimate(CHAT, GATEWAY).total
    # exactly the budget is within it, a cent more is not
    usd = found.amount_usd
    assert checked(usd).passes
    assert not checked(usd - 0.01).passes
    assert checked(usd).share_within == pytest.approx(0.9, abs=0.01)


def test_what_would_not_hold_does_not_pass_however_cheap():
    # API Gateway passes on nothing larger than 128 KiB
    large = CHAT.replace(
        profile={"extends": "workplace-chat", "flows": {"posts": {"payload": 200_000}}}
    )
    for at in ("p10", "p90", "expected"):
        found = check_budget(large, 1e9, GATEWAY, at=at, samples=128, questions=())
        assert (found.is_within_budget, found.is_within_limits, found.passes) == (
            True,
            False,
            False,
        )
        assert found.verdict == "Beyond limits"
    assert "within limits" not in found.headline
    assert any("in 0% of all cases" in remark for remark in found.remarks)
    assert found.bill().reason in found.remarks


def test_the_cheapest_that_holds_is_taken_if_none_is_named():
    found = checked(1e6, deployment=None)

    assert found.deployment == ws.compare(CHAT).within_limits[0].deployment


def test_a_budget_within_the_error_of_sampling_is_too_close_to_tell():
    found = checked(1.0)
    error = found.found.errors(GATEWAY).max()

    assert any(
        "Too close to call" in remark for remark in checked(found.amount_usd + error).remarks
    )
    assert not any(
        "Too close to call" in remark for remark in checked(found.amount_usd * 1.5).remarks
    )
    assert not any(
        "Too close to call" in r for r in checked(found.bill().total + 0.01, "expected").remarks
    )


def test_names_and_levels_that_do_not_exist_are_refused():
    with pytest.raises(ArgumentError, match="at: unknown value 'p95': did you mean 'p90'"):
        checked(1.0, "p95")
    with pytest.raises(UnknownNameError, match=r"did you mean 'aws\.api_gateway'"):
        checked(1.0, deployment="aws.api_gatewy")


def test_a_comment_has_the_verdict_first_and_the_details_folded():
    found = checked(1000.0, evidence=True, questions="all")
    comment = found.to_markdown()
    lines = comment.splitlines()

    assert lines[:2] == [f"**{found.verdict}.**", ""]
    assert lines[2].startswith("API Gateway WebSocket API on AWS stays within $")
    assert "$1,000" in lines[2]
    [head] = [i for i, line in enumerate(lines) if line.startswith("| deployment | P10 | P50")]
    assert lines[head + 1] == "|---|---:|---:|---:|---:|---:|---|"
    row = lines[head + 2]
    for usd in found.found.table[["p10_usd", "p50_usd", "p90_usd"]].iloc[0]:
        assert f"${usd:,.0f}" in row or f"${usd:,.2f}" in row
    assert comment.count("<details>") == comment.count("</details>") == 3
    assert comment.index("What changes it most") < comment.index("<details>")
    # every table has as many cells in each of its rows as in its head
    for i, line in enumerate(lines):
        if line.startswith("|---"):
            assert lines[i - 1].count("|") == line.count("|") == lines[i + 1].count("|")


def test_machines_get_the_verdict_and_the_ranges():
    found = checked(1000.0)
    data = json.loads(json.dumps(found.as_data(), allow_nan=False))

    assert (data["passes"], data["at"], data["budget_usd"]) == (found.passes, "p90", 1000)
    assert data["amount_usd"] == found.amount_usd
    assert data["deployments"][0]["deployment"] == GATEWAY
    assert data["swings"][0]["input"] == "peak_connections"
    assert repr(found) == f"<BudgetCheck aws.api_gateway: {found.verdict}>"
