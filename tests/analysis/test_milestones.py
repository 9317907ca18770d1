"""In which month something happens, for bills whose amounts are worked out by hand."""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.growth.milestones import (
    CheapestChanged,
    LimitExceeded,
    TierReached,
    cheapest_within_limits,
    milestones,
    within_limits_by_month,
)
from estimator.deployments.limits import Check, verdicts
from estimator.pricing.lines import FreeAllowances

HARD = "azure.web_pubsub.premium_max_units"
SOFT = "aws.iot_core.open_connections"
MONTHS = 6
GROWN = 1.1 ** np.arange(MONTHS + 1)


def bill(
    name: str,
    messages: Any,
    limit: Any = HARD,
    used: Any = 0.0,
    allowed: Any = 1.0,
    free: FreeAllowances = "none",
) -> ws.Estimate:
    """A bill of API Gateway's messages in Virginia: $1.00 a million, $0.80 beyond a billion."""
    priced = ws.price(
        {"aws.api_gateway.messages": messages}, region="us-east-1", free_allowances=free
    )
    # what was not checked is not within limits
    asked = (Check(limit, np.asarray(used), allowed, "ask for more"),)
    return ws.Estimate(
        title=name.title(),
        region="us-east-1",
        items=priced.items,
        hours_per_month=730,
        free_allowances="none",
        deployment=name,
        cloud="aws",
        verdicts=verdicts(asked),
    )


def of_kind(bills: list[ws.Estimate], kind: Any, months: int = MONTHS) -> list[Any]:
    return [event for event in milestones(bills, months) if isinstance(event, kind)]


class TestTiers:
    def test_a_tier_is_reached_in_the_month_that_pays_its_first_unit(self):
        # 700 million x 1.1^4 = 1,025 million; a month before 932 million
        [event] = of_kind([bill("a", 700e6 * GROWN)], TierReached)

        assert (event.month, event.tier_from) == (4, 1e9)
        assert (event.usd_before, event.usd_after) == (1e-6, 8e-7)
        assert "beyond 1,000,000,000 Messages costs $0.0000008 instead of $0.000001" in event.words
        assert event.words.startswith("From month 4 on,")

    def test_exactly_a_billion_reaches_nothing(self):
        assert of_kind([bill("a", np.linspace(1e8, 1e9, MONTHS + 1))], TierReached) == []

    def test_what_is_in_use_already_is_no_event(self):
        assert of_kind([bill("a", 2e9 * GROWN)], TierReached) == []

    def test_a_tier_reached_again_after_a_lull_is_told_once(self):
        found = of_kind([bill("a", np.array([9e8, 2e9, 9e8, 2e9]))], TierReached, 3)

        assert [event.month for event in found] == [1]

    def test_the_end_of_what_is_free_is_told(self):
        # a million messages per month are free for new accounts
        messages = np.array([6e5, 9e5, 1.2e6])

        [event] = of_kind([bill("a", messages, free="all")], TierReached, 2)

        assert (event.month, event.usd_before, event.usd_after) == (2, 0, 1e-6)
        assert "the free tier of API Gateway: WebSocket messages is used up" in event.words

    def test_several_tiers_in_one_month_are_one_event(self):
        # IoT Core in Virginia: $1.00 a million, $0.80 beyond one billion, $0.70 beyond five
        priced = ws.price({"aws.iot_core.messages": np.array([1e8, 6e9])}, region="us-east-1")
        jump = ws.Estimate(
            title="J", region="us-east-1", items=priced.items, hours_per_month=730,
            free_allowances="none", deployment="j", cloud="aws",
        )  # fmt: skip

        [event] = of_kind([jump], TierReached, 1)

        assert (event.tier_from, event.usd_before, event.usd_after) == (5e9, 1e-6, 7e-7)

    def test_deployments_that_reach_it_together_are_told_together(self):
        messages = 700e6 * GROWN

        [event] = of_kind([bill("a", messages), bill("b", messages)], TierReached)

        assert event.deployments == ("a", "b")
        assert "(A; B on AWS)" in event.words

    def test_a_quantity_that_does_not_grow_reaches_nothing(self):
        assert of_kind([bill("a", 2e9)], TierReached) == []


class TestLimits:
    def test_a_hard_edge_is_told_in_the_first_month_beyond_it(self):
        # 100 x 1.1^5 = 161.05, a month before 146.41
        [event] = of_kind([bill("a", GROWN, HARD, 100 * GROWN, 150)], LimitExceeded)

        assert (event.month, event.until, event.worst_month) == (5, None, 6)
        assert event.used == pytest.approx(161.051)
        assert event.state == "over a hard limit"
        assert event.words == (
            "From month 5 on, A on AWS is over a hard limit: Maximum units of a Premium resource, "
            "161 of 150 Units. Fix for month 6: ask for more."
        )

    def test_a_quota_is_to_be_raised(self):
        [event] = of_kind([bill("a", GROWN, SOFT, 100 * GROWN, 150)], LimitExceeded)

        assert event.state == "quota increase"
        # 161.05 / 150 = 1.07
        assert event.words.startswith("From month 5 on, a quota increase ×1.1 is needed: ")

    def test_a_quota_that_must_be_raised_too_far_is_told_again(self):
        used = 100.0 * np.array([1, 2, 9, 10.5, 12, 3, 1])
        bills = [bill("a", np.ones(7), SOFT, used, 100)]

        first, second = of_kind(bills, LimitExceeded)

        assert (first.month, first.until, first.state) == (1, 6, "quota increase")
        assert (second.month, second.until) == (3, 5)
        assert second.state == "quota increase beyond reach"
        assert second.words.startswith("In months 3–4, a quota increase ×11 would be needed: ")
        assert within_limits_by_month(bills[0], MONTHS).tolist() == [
            *(True, True, True, False, False, True, True)
        ]

    def test_a_quota_that_is_out_of_reach_at_once_is_told_once(self):
        [event] = of_kind([bill("a", np.ones(7), SOFT, 1_100, 100)], LimitExceeded)

        assert (event.month, event.state) == (0, "quota increase beyond reach")

    def test_all_that_is_allowed_is_within_the_limit(self):
        assert of_kind([bill("a", GROWN, HARD, 150, 150)], LimitExceeded) == []

    def test_what_is_exceeded_now_is_told_so(self):
        [event] = of_kind([bill("a", GROWN, HARD, 200, 150)], LimitExceeded)

        assert event.month == 0
        assert event.words.startswith("Now, A on AWS is over a hard limit")

    @pytest.mark.parametrize(
        ("used", "until", "words"),
        [
            ([1, 9, 9, 1], 3, "In months 1–2,"),
            ([1, 9, 1, 9], 2, "Only in month 1,"),
            ([9, 1, 1, 1], 1, "Only now,"),
            ([9, 9, 1, 1], 2, "Until month 1,"),
        ],
    )
    def test_a_limit_may_be_kept_again(self, used, until, words):
        [event] = of_kind([bill("a", np.ones(4), HARD, used, 5)], LimitExceeded, 3)

        assert event.until == until
        assert event.words.startswith(words)


class TestCheapest:
    def test_another_is_cheapest_from_the_month_in_which_it_costs_less(self):
        # $100 x 1.1^5 = $161.05 against a flat $150; a month before $146.41
        grows, flat = bill("grows", 100e6 * GROWN), bill("flat", 150e6)

        [event] = of_kind([grows, flat], CheapestChanged)

        assert (event.month, event.before, event.deployment) == (5, "grows", "flat")
        assert event.saving_usd == pytest.approx(11.051)
        assert event.words == (
            "From month 5 on, Flat on AWS is the cheapest within limits, "
            "$11.05 per month less than "
            "Grows on AWS."
        )

    def test_one_that_breaks_leaves_the_lead_to_a_more_expensive_one(self):
        breaks = bill("breaks", 100e6, HARD, 100 * GROWN, 150)

        [event] = of_kind([breaks, bill("b", 120e6)], CheapestChanged)

        assert (event.month, event.deployment, event.before_is_within_limits) == (5, "b", False)
        assert event.saving_usd == pytest.approx(-20)
        assert "$20.00 per month more than Breaks on AWS, which is beyond its limits" in event.words

    def test_a_quota_does_not_keep_it_from_being_the_cheapest(self):
        assert of_kind([bill("a", 1e6, SOFT, 9, 1), bill("b", 2e6)], CheapestChanged) == []

    def test_none_may_hold_any_more(self):
        only = bill("only", 1e6, HARD, 100 * GROWN, 150)

        [event] = of_kind([only], CheapestChanged)

        assert (event.month, event.deployment) == (5, None)
        assert "no deployment is within its limits; Only on AWS was the last" in event.words

    def test_one_may_come_to_hold(self):
        shrinks = bill("shrinks", 1e6, HARD, [3, 2, 1], 1)

        [event] = of_kind([shrinks], CheapestChanged, 2)

        assert (event.month, event.before, event.deployment) == (2, None, "shrinks")
        assert "before, there was none" in event.words

    def test_less_than_a_cent_changes_nothing(self):
        a, b = bill("a", np.array([1e6, 1.002e6, 1.02e6])), bill("b", 1.001e6)

        leaders = [each and each.deployment for each in cheapest_within_limits([a, b], 2)]

        assert leaders == ["a", "a", "b"]


def test_events_come_in_the_order_of_the_months():
    bills = [bill("a", 700e6 * GROWN, HARD, 100 * GROWN, 120), bill("b", 750e6)]

    months = [event.month for event in milestones(bills, MONTHS)]

    assert months == sorted(months)
    assert len(months) >= 3


def test_nothing_priced_means_nothing_happens():
    assert milestones([], 3) == ()
    assert cheapest_within_limits([], 1) == [None, None]
