"""The audience of the months to come, and what is refused."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.growth.audience import factors_by_month, grown

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)


def test_monthly_growth_is_compound_interest():
    # 5 % for a year is 79.5856 % (1.05 ** 12 = 1.795856...)
    factors = factors_by_month(12, monthly_growth_percent=5)

    assert factors[0] == 1
    assert factors[12] == pytest.approx(1.7958563260)
    np.testing.assert_allclose(factors[1:] / factors[:-1], 1.05)


def test_annual_growth_is_reached_after_twelve_months():
    factors = factors_by_month(24, annual_growth_percent=80)

    assert factors[[0, 12, 24]] == pytest.approx([1, 1.8, 3.24])
    # the twelfth root of 1.8 is 1.050202...
    assert factors[1] == pytest.approx(1.05020, abs=1e-5)


def test_factors_are_those_of_the_months_after_this_one():
    assert factors_by_month(factors=[1.5, 0, 3]).tolist() == [1, 1.5, 0, 3]
    assert factors_by_month(3, factors=np.array([1, 2, 3])).tolist() == [1, 1, 2, 3]


def test_an_audience_may_shrink():
    assert factors_by_month(2, monthly_growth_percent=-50).tolist() == [1, 0.5, 0.25]


def test_two_years_unless_told_otherwise():
    assert len(factors_by_month(monthly_growth_percent=1)) == 25


def test_every_audience_given_grows_but_not_the_sessions_of_a_user():
    scenario = CHAT.replace(mean_connections=500, users_per_day=2000, sessions_per_user_per_day=4)

    many = grown(scenario, np.array([1.0, 1.5]))

    assert np.asarray(many.peak_connections).tolist() == [1000, 1500]
    assert np.asarray(many.mean_connections).tolist() == [500, 750]
    assert np.asarray(many.users_per_day).tolist() == [2000, 3000]
    assert many.sessions_per_user_per_day == 4


REFUSED = {
    "no months": ({"months": 0, "monthly_growth_percent": 5}, "from 1 to 120, but is 0"),
    "part of a month": ({"months": 2.5, "monthly_growth_percent": 5}, "whole number .* but is 2.5"),
    "too many months": ({"months": 121, "monthly_growth_percent": 5}, "but is 121"),
    "months in words": ({"months": "12", "monthly_growth_percent": 5}, "but is '12'"),
    "yes": ({"months": True, "monthly_growth_percent": 5}, "but is True"),
    "all are lost": ({"monthly_growth_percent": -100}, "above -100, .* but is -100"),
    "all are lost in a year": (
        {"annual_growth_percent": -120},
        "annual_growth_percent .* but is -120",
    ),
    "no number": ({"monthly_growth_percent": float("nan")}, "but is nan"),
    "without end": ({"monthly_growth_percent": float("inf")}, "but is inf"),
    "percent in words": ({"monthly_growth_percent": "5 %"}, "'5 %' is not a number"),
    "percent by month": ({"monthly_growth_percent": [5, 6]}, "one number; give factors"),
    "both": (
        {"monthly_growth_percent": 5, "annual_growth_percent": 5},
        "both monthly_growth_percent and annual_growth_percent",
    ),
    "rate and factors": (
        {"annual_growth_percent": 5, "factors": [2]},
        "annual_growth_percent and factors",
    ),
    "none": ({}, "none is given"),
    "no factors": ({"factors": []}, "list of 1 to 120 numbers"),
    "too many factors": ({"factors": [1] * 121}, "list of 1 to 120 numbers"),
    "one factor": ({"factors": 1.05}, "list of 1 to 120 numbers"),
    "negative": ({"factors": [1.1, -2]}, "factor of month 2 must be .* at least 0, but is -2"),
    "not a factor": ({"factors": [float("nan")]}, "factor of month 1 .* but is nan"),
    "factors in words": ({"factors": ["more"]}, "is not a number"),
    "other months": ({"months": 3, "factors": [1, 2]}, "2 factors for 3 months"),
}


@pytest.mark.parametrize(("asked", "words"), REFUSED.values(), ids=REFUSED)
def test_what_makes_no_sense_is_refused_in_words(asked, words):
    with pytest.raises(ws.ScenarioError, match=words):
        factors_by_month(**asked)


def test_an_array_does_not_grow():
    with pytest.raises(ws.ScenarioError, match="one scenario, but this one stands for 2"):
        grown(CHAT.replace(peak_connections=[1, 2]), np.array([1.0, 2.0]))


@pytest.mark.parametrize("percent", [1e4, 1e300])
def test_more_people_than_there_are_is_refused(percent):
    with pytest.raises(ws.ScenarioError, match="take fewer months or less growth"):
        grown(CHAT, factors_by_month(120, monthly_growth_percent=percent))
