"""Laws of message sizes, against scipy's lognormal distribution and plain arithmetic."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import integrate, stats

from estimator.demand.wire import Framing, mean_message_bytes, message_bytes
from estimator.errors import ScenarioError
from estimator.scenario.sizes import (
    EmpiricalSize,
    FixedSize,
    LastPart,
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


@pytest.mark.parametrize(("mean", "sigma", "cap"), [(300, 1, 16_384), (800, 2, 4096)])
def test_the_mean_under_a_cap_is_that_of_the_smaller_of_size_and_cap(mean, sigma, cap):
    # E[min(X, c)] is the integral of P(X > x) from 0 to c
    oracle = stats.lognorm(sigma, scale=mean * math.exp(-(sigma**2) / 2))
    expected, _ = integrate.quad(lambda size: float(oracle.sf(size)), 0, cap, limit=200)

    found = LognormalSize(mean_bytes=mean, sigma=sigma, max_bytes=cap).mean

    # rounding to whole bytes moves it by less than half a byte
    assert found == pytest.approx(expected, abs=0.5)


def test_the_largest_message_is_the_cap_and_without_one_the_millionth():
    oracle = stats.lognorm(1, scale=300 * math.exp(-0.5))
    uncapped = LognormalSize(mean_bytes=300, sigma=1)
    capped = LognormalSize(mean_bytes=300, sigma=1, max_bytes=16_384)
    never_reached = LognormalSize(mean_bytes=300, sigma=0.01, max_bytes=16_384)

    assert uncapped.largest == pytest.approx(oracle.isf(1e-6), abs=1)
    assert capped.largest == 16_384
    # a cap that nothing comes near is no size that occurs
    assert never_reached.largest < 330
    assert MixtureSize(parts=(MixturePart(share=1, size=uncapped),)).largest == uncapped.largest
    assert EmpiricalSize(sizes=(10, 3000), counts=(1e9, 1)).largest == 3000


@pytest.mark.parametrize("law", ["fixed", "lognormal", "cut lognormal", "empirical", "mixture"])
def test_parts_add_up_to_the_whole(law):
    whole = LAWS[law]
    last = LastPart(whole=whole, part_bytes=1000)

    assert last.mean + 1000 * (whole.steps(1000) - 1) == pytest.approx(whole.mean, rel=1e-6)
    assert last.largest == min(whole.largest, 1000)


@pytest.mark.parametrize("cap", [1024 * 1024, 16_384])
@pytest.mark.parametrize("last_part", [False, True])
def test_means_of_many_scenarios_are_those_of_each(cap, last_part):
    def law_of(mean):
        whole = LognormalSize(mean_bytes=mean, sigma=1.3, max_bytes=cap)
        return LastPart(whole=whole, part_bytes=5_000) if last_part else whole

    means = np.array([[3.0, 400.0], [9_000.0, 3.0]])
    many = law_of(means)
    framing = Framing(masked=True)

    assert many.many == (2, 2)
    for at, mean in np.ndenumerate(means):
        one = law_of(mean)
        for figure in (
            lambda law: law.mean,
            lambda law: law.largest,
            lambda law: law.steps(1024),
            lambda law: law.steps(2048, 100),
            lambda law: law.share_above(1_000),
            lambda law: mean_message_bytes(law, "ip", framing),
            lambda law: law.expect(np.sqrt),
            lambda law: law.expect(np.sqrt, [10, 500]),
        ):
            assert np.asarray(figure(many))[at] == pytest.approx(figure(one), rel=1e-12)


def test_no_mean_of_many_is_beyond_the_cap():
    with pytest.raises(ScenarioError, match="mean_bytes must be below max_bytes"):
        LognormalSize(mean_bytes=[100, 5_000], sigma=1, max_bytes=4_096)


def test_last_parts_are_counted_like_those_of_all_sizes():
    whole = LognormalSize(mean_bytes=30_000, sigma=1.5, max_bytes=200_000)
    sizes, shares = every_byte(whole)
    rests = sizes - (np.ceil(sizes / 5000) - 1) * 5000
    last = LastPart(whole=whole, part_bytes=5000)

    assert last.steps(1000) == pytest.approx(shares @ np.ceil(rests / 1000), rel=1e-6)
    on_the_wire = mean_message_bytes(last, "ip", Framing(masked=False))
    assert on_the_wire == pytest.approx(shares @ message_bytes(rests, "ip"), rel=1e-6)


def test_many_greetings_have_a_last_part_each():
    last = LastPart(whole=FixedSize(bytes=np.array([0, 500, 1000, 2500])), part_bytes=1000)

    assert np.asarray(last.mean).tolist() == [0, 500, 1000, 500]


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


def every_byte(law: LognormalSize) -> tuple[np.ndarray, np.ndarray]:
    """All sizes of a lognormal law and the share of each, from scipy's distribution."""
    oracle = stats.lognorm(law.sigma, scale=law.mean_bytes * math.exp(-(law.sigma**2) / 2))
    sizes = np.arange(1, int(law.max_bytes) + 1)
    below = oracle.cdf(sizes + 0.5)
    below[-1] = 1
    return sizes, np.diff(below, prepend=0)


WIDE = {
    "small": LognormalSize(mean_bytes=300, sigma=1, max_bytes=100_000),
    "wider than the cut": LognormalSize(mean_bytes=30_000, sigma=4, max_bytes=100_000.5),
    "large": LognormalSize(mean_bytes=50_000, sigma=0.3, max_bytes=200_000),
    "large and narrow": LognormalSize(mean_bytes=50_000, sigma=0.001, max_bytes=100_000),
    "below a byte": LognormalSize(mean_bytes=0.01, sigma=4, max_bytes=100_000),
}
every_wide_law = pytest.mark.parametrize("law", WIDE.values(), ids=WIDE)


@every_wide_law
def test_a_law_without_its_sizes_counts_like_all_of_them(law: LognormalSize):
    sizes, shares = every_byte(law)

    assert law.mean == pytest.approx(shares @ sizes, rel=1e-6)
    for step in (512, 1000, 5120, 32_768):
        for beside in (0, 30, 61.5, 6000):
            steps = np.maximum(np.ceil((sizes + beside) / step), 1)
            assert law.steps(step, beside) == pytest.approx(shares @ steps, rel=1e-6)
    for masked in (False, True):
        on_the_wire = message_bytes(sizes, "ip", masked=masked)
        found = mean_message_bytes(law, "ip", Framing(masked=masked))
        assert found == pytest.approx(shares @ on_the_wire, rel=1e-6)


@every_wide_law
def test_shares_above_and_quantiles_are_those_of_all_sizes(law: LognormalSize):
    sizes, shares = every_byte(law)
    reached = np.cumsum(shares)

    for limit in (1, 4095, 4096.5, 65_535):
        above = shares[sizes > limit].sum()
        assert law.share_above(limit) == pytest.approx(above, abs=1e-11)
    wanted = np.array([0.01, 0.5, 0.9, 0.999])
    assert law.quantiles(wanted) == pytest.approx(sizes[np.searchsorted(reached, wanted)])


def test_what_stands_for_a_law_is_some_thousand_sizes():
    widest = LognormalSize(mean_bytes=500_000, sigma=4)
    many = [
        MixturePart(share=1, size=LognormalSize(mean_bytes=1000 + 37 * kind, sigma=4))
        for kind in range(20)
    ]

    for law in (widest, MixtureSize(parts=tuple(many))):
        sizes, shares = law.atoms
        assert len(sizes) <= 8192
        assert shares @ sizes == pytest.approx(law.mean, rel=1e-6)


def test_equal_sizes_of_the_parts_of_a_mixture_are_one():
    part = MixturePart(share=1, size=EmpiricalSize(sizes=(10, 20)))

    sizes, shares = MixtureSize(parts=(part, part, part)).atoms

    assert sizes.tolist() == [10, 20]
    assert shares.tolist() == pytest.approx([0.5, 0.5])


@pytest.mark.parametrize("weight", [5e-324, 1e-300, 1e12])
def test_only_the_proportions_of_weights_count(weight: float):
    seen = EmpiricalSize(sizes=(100, 300), counts=(weight, weight))
    mixed = MixtureSize(
        parts=tuple(MixturePart(share=weight, size=FixedSize(bytes=size)) for size in (100, 300))
    )

    assert (seen.mean, mixed.mean) == (200, 200)


def in_mixtures(depth: int) -> SizeDistribution:
    size: SizeDistribution = FixedSize(bytes=10)
    for _ in range(depth):
        size = MixtureSize(parts=(MixturePart(share=1, size=size),))
    return size


def test_a_mixture_has_so_many_parts_and_no_more():
    part = MixturePart(share=1, size=FixedSize(bytes=10))
    half = MixtureSize(parts=(part,) * 49)

    MixtureSize(parts=(part,) * 100)
    MixtureSize(parts=(MixturePart(share=1, size=half),) * 2)
    seen = MixturePart(share=1, size=EmpiricalSize(sizes=(1,) * 501))
    for parts in ((part,) * 101, (MixturePart(share=1, size=half),) * 3, (seen, seen)):
        with pytest.raises(ScenarioError, match="at most 100"):
            MixtureSize(parts=parts)


def test_mixtures_are_so_many_deep_and_no_deeper():
    assert in_mixtures(4).mean == 10
    with pytest.raises(ScenarioError, match="4 mixtures deep"):
        in_mixtures(5)
