"""The audience of the months to come, and what is refused."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.growth import factors_by_month, grown

CHAT = ws.Scenario(profile="workplace-chat", place="virginia", peak_connections=1000)


def test_percent_a_month_is_compound_interest():
    # 5 % for a year is 79.5856 % (1.05 ** 12 = 1.795856...)
    factors = factors_by_month(12, percent_a_month=5)

    assert factors[0] == 1
    assert factors[12] == pytest.approx(1.7958563260)
    np.testing.assert_allclose(factors[1:] / factors[:-1], 1.05)


def test_percent_a_year_is_reached_after_twelve_months():
    factors = factors_by_month(24, percent_a_year=80)

    assert factors[[0, 12, 24]] == pytest.approx([1, 1.8, 3.24])
    # the twelfth root of 1.8 is 1.050202...
    assert factors[1] == pytest.approx(1.05020, abs=1e-5)


def test_factors_are_those_of_the_months_after_this_one():
    assert factors_by_month(factors=[1.5, 0, 3]).tolist() == [1, 1.5, 0, 3]
    assert factors_by_month(3, factors=np.array([1, 2, 3])).tolist() == [1, 1, 2, 3]


def test_an_audience_may_shrink():
    assert factors_by_month(2, percent_a_month=-50).tolist() == [1, 0.5, 0.25]


def test_two_years_unless_told_otherwise():
    assert len(factors_by_month(percent_a_month=1)) == 25


def test_every_audience_given_grows_but_not_the_sessions_of_a_user():
    scenario = CHAT.replace(mean_connections=500, users_per_day=2000, sessions_per_user_per_day=4)

    many = grown(scenario, np.array([1.0, 1.5]))

    assert np.asarray(many.peak_connections).tolist() == [1000, 1500]
    assert np.asarray(many.mean_connections).tolist() == [500, 750]
    assert np.asarray(many.users_per_day).tolist() == [2000, 3000]
    assert many.sessions_per_user_per_day == 4


REFUSED = {
    "no months": ({"months": 0, "percent_a_month": 5}, "from 1 to 120, but is 0"),
    "part of a month": ({"months": 2.5, "percent_a_month": 5}, "whole number .* but is 2.5"),
    "too many months": ({"months": 121, "percent_a_month": 5}, "but is 121"),
    "months in words": ({"months": "12", "percent_a_month": 5}, "but is '12'"),
    "yes": ({"months": True, "percent_a_month": 5}, "but is True"),
    "all are lost": ({"percent_a_month": -100}, "above -100, .* but is -100"),
    "all are lost in a year": ({"percent_a_year": -120}, "percent_a_year .* but is -120"),
    "no number": ({"percent_a_month": float("nan")}, "but is nan"),
    "without end": ({"percent_a_month": float("inf")}, "but is inf"),
    "percent in words": ({"percent_a_month": "5 %"}, "'5 %' is no number"),
    "percent by month": ({"percent_a_month": [5, 6]}, "one number; give factors"),
    "both": (
        {"percent_a_month": 5, "percent_a_year": 5},
        "both .*_month and percent_a_year",
    ),
    "rate and factors": ({"percent_a_year": 5, "factors": [2]}, "percent_a_year and factors"),
    "none": ({}, "none is given"),
    "no factors": ({"factors": []}, "list of 1 to 120 numbers"),
    "too many factors": ({"factors": [1] * 121}, "list of 1 to 120 numbers"),
    "one factor": ({"factors": 1.05}, "list of 1 to 120 numbers"),
    "negative": ({"factors": [1.1, -2]}, "factor of month 2 must be .* at least 0, but is -2"),
    "not a factor": ({"factors": [float("nan")]}, "factor of month 1 .* but is nan"),
    "factors in words": ({"factors": ["more"]}, "is no number"),
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
        grown(CHAT, factors_by_month(120, percent_a_month=percent))
