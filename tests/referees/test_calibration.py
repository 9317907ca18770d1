"""Does a range of P10 to P90 hold the truth in eight of ten cases? 2,000 truths say so.

A truth is drawn: how many connect, how much they send, to how many it goes. An analyst, who knows
how such numbers scatter from one product to the next, measures each with an error of a known law,
states what that leaves open (Bayes' theorem for normal logarithms), and has the range of the bill
worked out. Then the truth is billed. Where what is stated is right, so must the range be, whatever
the bill makes of it: sums, products, tiers, allowances.
"""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.fields import takes_arrays
from estimator.analysis.uncertainty.input_ranges import Lognormal
from estimator.analysis.uncertainty.inputs import uncertain_quantities
from estimator.analysis.uncertainty.sampling import LEVELS, price_draws, scrambled_draws
from estimator.analysis.uncertainty.uncertainty import uncertainty

GATEWAY = "aws.api_gateway"
TRUTHS = 2000
DRAWS = 1024
Z90 = 1.2815515655446004
FIELDS = (
    "peak_connections",
    "profile.flows.posts.rate_per_hour",
    "profile.flows.posts.fan_out",
    "profile.flows.presence.rate_per_hour",
)
PRODUCTS = np.log([10_000, 2.3, 20, 60]), np.array([1.5, 0.7, 0.6, 1.0])
"""Mean and standard deviation of the logarithm from one product to the next."""
ERRORS = np.array([0.15, 0.4, 0.3, 0.8])
"""Standard deviation of the logarithm of each measurement."""
SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=10_000)


@pytest.fixture(scope="module")
def truths():
    """Truths, and the medians that analysts state, both of shape (truths, fields)."""
    rng = np.random.default_rng(20_260_101)
    mean, between = PRODUCTS
    true = mean + between * rng.normal(size=(TRUTHS, 4))
    measured = true + ERRORS * rng.normal(size=true.shape)
    trust = between**2 / (between**2 + ERRORS**2)
    return np.exp(true), np.exp(mean + trust * (measured - mean))


LEFT_OPEN = PRODUCTS[1] * ERRORS / np.hypot(PRODUCTS[1], ERRORS)
"""Standard deviation of the logarithm once it was measured."""


def stated(medians):
    factors = np.exp(Z90 * LEFT_OPEN)
    return {
        field: Lognormal(float(median), float(factor))
        for field, median, factor in zip(FIELDS, medians, factors, strict=True)
    }


def bills(points):
    inputs = uncertain_quantities(SCENARIO, stated(np.ones(4)), evidence=False)
    return price_draws(SCENARIO, inputs, points, [GATEWAY]).total_usd[0]


@pytest.fixture(scope="module")
def ranges(truths):
    """P10 and P90 of each analyst, shape (2, truths): a lognormal law scales with its median."""
    _, medians = truths
    around_one = uncertain_quantities(SCENARIO, stated(np.ones(4)), evidence=False)
    points = (medians[:, None] * scrambled_draws(around_one, DRAWS, seed=0)).reshape(-1, 4)
    return np.quantile(
        bills(points).reshape(TRUTHS, DRAWS), [LEVELS[0], LEVELS[-1]], axis=1, method="hazen"
    )


def test_ranges_of_eight_in_ten_hold_eight_in_ten_truths(truths, ranges):
    true, _ = truths
    low, high = ranges
    billed = bills(true)

    held = (low <= billed) & (billed <= high)
    assert 0.78 <= held.mean() <= 0.82
    # and as many lie below as above
    assert np.mean(billed < low) == pytest.approx(0.1, abs=0.02)
    assert np.mean(billed > high) == pytest.approx(0.1, abs=0.02)


def test_ranges_that_are_stated_too_narrow_are_found_out(truths, ranges):
    true, _ = truths
    middle = np.sqrt(ranges.prod(axis=0))
    low, high = middle * np.sqrt(ranges / middle)  # half as wide, in logarithms
    billed = bills(true)

    # half of 1.28 standard deviations either way hold 48 of a hundred
    assert np.mean((low <= billed) & (billed <= high)) == pytest.approx(0.48, abs=0.04)


def test_the_public_face_gives_the_ranges_that_were_judged(truths, ranges):
    _, medians = truths
    assert all(takes_arrays(SCENARIO, field, 1.0) for field in FIELDS)
    for truth in (0, 1):
        found = uncertainty(
            SCENARIO, stated(medians[truth]), GATEWAY, evidence=False, questions=(), samples=DRAWS
        )
        row = found.table.iloc[0]
        assert (row["p10_usd"], row["p90_usd"]) == pytest.approx(tuple(ranges[:, truth]))
