"""Nobody is called the cheapest that was not checked, whatever is asked."""

import numpy as np
import pytest

import estimator as ws

BOTH = ["aws.nlb_ec2", "aws.api_gateway"]
CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1_000)


@pytest.fixture
def nothing_checked(monkeypatch):
    """No deployment checks any limit."""
    monkeypatch.setattr("estimator.analysis.estimate.bill.verdicts", lambda *_: ())


@pytest.mark.usefixtures("nothing_checked")
class TestNothingChecked:
    def test_a_bill_says_so(self):
        bill = ws.estimate(CHAT, BOTH[0])

        assert (bill.state, bill.is_within_limits) == ("not checked", False)
        assert bill.reason == "No limit of this deployment was checked."
        assert bill.to_markdown().count("○ not checked") == 1
        assert bill.as_data()["state"] == "not checked"

    def test_of_many_scenarios_each_is_not_checked(self):
        many = ws.estimate(CHAT.replace(peak_connections=[10, 20]), BOTH[0])

        assert many.states.tolist() == ["not checked"] * 2
        assert np.array(many.is_within_limits).tolist() == [False, False]

    def test_a_comparison_has_no_cheapest(self):
        compared = ws.compare(CHAT, BOTH)

        assert compared.within_limits == ()
        assert "aws.nlb_ec2 - " in str(compared)
        assert "may carry this load or not" in compared.to_markdown()

    def test_a_sweep_has_no_cheapest(self):
        swept = ws.sweep(CHAT, {"peak_connections": [10, 20]}, BOTH)

        assert set(swept.cheapest["deployment"]) == {""}
        assert set(swept.states(BOTH[0])) == {"not checked"}
        assert np.isfinite(swept.total(BOTH[0])).all()

    def test_nothing_breaks_even(self):
        found = ws.break_even(CHAT, "peak_connections", 10, 1e6, BOTH)

        assert found.ranges == [(10, 1e6, None)]

    def test_growth_has_no_cheapest(self):
        grows = ws.growth(CHAT, 2, monthly_growth_percent=5, deployments=BOTH)

        assert grows.cheapest == (None, None, None)
        assert grows.within_limits_through(grows.bills[0]) == -1

    def test_a_difference_has_no_cheapest(self):
        found = ws.diff(CHAT, CHAT.replace(peak_connections=2_000), BOTH)

        assert (found.cheapest_before, found.cheapest_after) == (None, None)
        assert found.newly_beyond_limits == ()

    def test_none_of_the_draws_has_a_cheapest(self):
        found = ws.uncertainty(CHAT, deployments=BOTH, samples=128)

        assert found.table["cheapest_share"].tolist() == [0, 0]
        assert found.table["within_limits_share"].tolist() == [0, 0]

    def test_no_budget_check_passes(self):
        checked = ws.check_budget(CHAT, 1e6, BOTH[0], samples=128)

        assert (checked.is_within_budget, checked.passes) == (True, False)
        assert checked.verdict == "Limits not checked"
        assert checked.remarks[-1] == "No limit of this deployment was checked."


def test_beyond_ten_times_a_quota_nothing_is_the_cheapest():
    # IoT Core opens 500,000 connections of an account by default: ten times are 5 million
    few, many = (
        ws.estimate(CHAT.replace(peak_connections=count), "aws.iot_core")
        for count in (4_900_000, 5_100_000)
    )

    def open_connections(bill: ws.Estimate) -> str:
        limit = "aws.iot_core.open_connections"
        return next(each.state_words for each in bill.verdicts if each.limit.limit == limit)

    assert open_connections(few) == "quota increase ×9.8"
    assert open_connections(many) == "quota increase ×11"
    assert not many.is_within_limits
