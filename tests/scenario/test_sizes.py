"""Laws of message sizes, against scipy's lognormal distribution and plain arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from estimator.scenario.sizes import (
    EmpiricalSize,
    FixedSize,
    LognormalSize,
    MixturePart,
    MixtureSize,
    SizeDistribution,
)

NINE_SMALL_ONE_LARGE = MixtureSize(
    parts=(
        MixturePart(share=0.9, size=FixedSize(bytes=4 * 1024)),
        MixturePart(share=0.1, size=FixedSize(bytes=100 * 1024)),
    )
)
LAWS = {
    "fixed": FixedSize(bytes=124),
    "lognormal": LognormalSize(mean_bytes=300, sigma=1),
    "narrow lognormal": LognormalSize(mean_bytes=5000, sigma=0.2),
    "cut lognormal": LognormalSize(mean_bytes=800, sigma=2, max_bytes=4096),
    "empirical": EmpiricalSize(sizes=(10, 200, 3000), counts=(5, 3, 2)),
    "mixture": NINE_SMALL_ONE_LARGE,
}
every_law = pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)


def test_steps_are_counted_message_by_message():
    # 90 % of 4 KB take one step of 32 KB, 10 % of 100 KB take four: 1.3 on average
    assert NINE_SMALL_ONE_LARGE.steps(32 * 1024) == pytest.approx(1.3, rel=1e-12)


def test_steps_of_the_mean_would_be_wrong():
    assert math.ceil(NINE_SMALL_ONE_LARGE.mean / (32 * 1024)) == 1


@every_law
def test_shares_add_to_one(law: SizeDistribution):
    sizes, shares = law.atoms

    assert shares.sum() == pytest.approx(1, rel=1e-12)
    assert np.all(shares >= 0)
    assert len(sizes) == len(shares)


@every_law
@pytest.mark.parametrize("step", [1024, 2048, 32_768])
def test_every_message_takes_at_least_one_step(law: SizeDistribution, step):
    assert max(1, law.mean / step) <= law.steps(step) <= law.mean / step + 1


@pytest.mark.parametrize(
    ("size", "steps"), [(0, 1), (1, 1), (2048, 1), (2049, 2), (4096, 2), (4097, 3)]
)
def test_a_started_step_counts_in_full(size, steps):
    assert FixedSize(bytes=size).steps(2048) == steps


@pytest.mark.parametrize(("mean", "sigma"), [(300, 1), (500, 0.7), (800, 1), (3000, 1.2)])
def test_lognormal_mean(mean, sigma):
    # rounding to whole bytes moves it by less than half a byte
    assert LognormalSize(mean_bytes=mean, sigma=sigma).mean == pytest.approx(mean, abs=0.5)


@pytest.mark.parametrize("step", [512, 2048, 32_768])
@pytest.mark.parametrize(("mean", "sigma"), [(300, 1), (3000, 1.2), (20_000, 0.5)])
def test_lognormal_steps_are_the_sum_of_survival_probabilities(mean, sigma, step):
    # E[ceil(X / step)] = sum over k of P(X > k step), for X rounded to whole bytes
    law = LognormalSize(mean_bytes=mean, sigma=sigma)
    oracle = stats.lognorm(sigma, scale=mean * math.exp(-(sigma**2) / 2))
    edges = np.arange(1, int(law.max_bytes) // step + 1) * step
    expected = 1 + np.sum(oracle.sf(edges[edges < law.max_bytes] + 0.5))

    assert law.steps(step) == pytest.approx(expected, rel=1e-9)


def test_what_lies_beyond_the_cut_has_the_size_of_the_cut():
    law = LAWS["cut lognormal"]
    sizes, shares = law.atoms
    oracle = stats.lognorm(2, scale=800 * math.exp(-2))

    assert sizes[-1] == 4096
    assert shares[-1] == pytest.approx(oracle.sf(4095.5), rel=1e-9)


def test_observed_sizes_are_weighted_by_their_counts():
    assert LAWS["empirical"].mean == pytest.approx((5 * 10 + 3 * 200 + 2 * 3000) / 10)


def test_weights_of_a_mixture_need_not_add_to_one():
    parts = (
        MixturePart(share=9, size=FixedSize(bytes=4096)),
        MixturePart(share=1, size=FixedSize(bytes=102_400)),
    )

    assert MixtureSize(parts=parts).mean == pytest.approx(NINE_SMALL_ONE_LARGE.mean)


def test_mixtures_may_hold_mixtures():
    nested = MixtureSize(
        parts=(
            MixturePart(share=1, size=NINE_SMALL_ONE_LARGE),
            MixturePart(share=1, size=FixedSize(bytes=10)),
        )
    )

    assert nested.steps(32 * 1024) == pytest.approx((1.3 + 1) / 2)


@given(st.lists(st.integers(0, 200_000), min_size=1, max_size=20), st.integers(1, 50_000))
def test_steps_of_observed_sizes_are_the_mean_of_their_ceilings(sizes, step):
    found = EmpiricalSize(sizes=tuple(map(float, sizes))).steps(step)

    assert found == pytest.approx(np.mean([max(1, -(-size // step)) for size in sizes]))


def test_a_law_stays_equal_to_itself_after_use():
    used, fresh = LognormalSize(mean_bytes=300, sigma=1), LognormalSize(mean_bytes=300, sigma=1)
    assert used.mean > 0

    assert used == fresh
    assert hash(used) == hash(fresh)


def test_a_changed_copy_forgets_what_followed_from_the_old_fields():
    before = FixedSize(bytes=100)
    assert (before.mean, before.steps(64), hash(before)) == (100, 2, hash(FixedSize(bytes=100)))

    after = before.model_copy(update={"bytes": 300.0})
    assert (after.mean, after.largest, after.steps(64)) == (300, 300, 5)
    assert after == FixedSize(bytes=300) != before
