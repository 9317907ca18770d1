"""Waits drawn one by one, and their laws in steps of time, against what mathematics says."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from scipy import stats

from estimator.scenario.reconnect import Reconnect
from estimator.simulation.retries import levels, wait_masses, waits_s

BASE, CAP = 1.5, 20.0
EVERY = ("none", "exponential", "equal_jitter", "full_jitter", "decorrelated")
DRAWS = 200_000


def reconnect(backoff: str, base: float = BASE, cap: float = CAP) -> Reconnect:
    return Reconnect(backoff=backoff, base=base, cap=cap)


def drawn(policy: Reconnect, refusals: int, draws: int = DRAWS) -> np.ndarray:
    """Waits of many clients that were all refused so often, each after its own waits before."""
    rng = np.random.default_rng(refusals)
    waits = np.zeros(draws)
    for k in range(refusals + 1):
        waits = waits_s(policy, np.full(draws, k), rng.random(draws), waits)
    return waits


def mean_steps(masses: np.ndarray) -> float:
    return float(masses @ np.arange(masses.size))


@pytest.mark.parametrize(
    ("backoff", "least", "most"),
    [
        ("none", [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]),
        ("exponential", [1.5, 3, 6, 12, 20], [1.5, 3, 6, 12, 20]),
        ("equal_jitter", [0.75, 1.5, 3, 6, 10], [1.5, 3, 6, 12, 20]),
        ("full_jitter", [0, 0, 0, 0, 0], [1.5, 3, 6, 12, 20]),
    ],
)
def test_waits_lie_between_their_bounds_and_reach_both(backoff, least, most):
    k = np.arange(5)
    nearly_one = np.nextafter(1.0, 0.0)

    for uniforms, bound in ((0.0, least), (nearly_one, most)):
        waits = waits_s(reconnect(backoff), k, np.full(5, uniforms), np.zeros(5))
        np.testing.assert_allclose(waits, bound, rtol=1e-15)


def test_decorrelated_waits_lie_between_base_and_three_times_the_one_before():
    before = np.array([BASE, 3.0, 6.0, CAP])
    k = np.arange(1, 5)

    np.testing.assert_allclose(
        waits_s(reconnect("decorrelated"), k, np.zeros(4), before), [BASE] * 4
    )
    np.testing.assert_allclose(
        waits_s(reconnect("decorrelated"), k, np.full(4, 1 - 1e-12), before), [4.5, 9, 18, CAP]
    )


def test_the_first_decorrelated_wait_starts_from_base_whatever_stands_before():
    waits = waits_s(
        reconnect("decorrelated"), np.zeros(2, dtype=int), np.full(2, 0.5), np.array([0.0, 17.0])
    )

    np.testing.assert_allclose(waits, 2 * BASE)


@pytest.mark.parametrize("backoff", EVERY)
def test_a_thousand_refusals_wait_no_longer_than_the_cap(backoff):
    k = np.array([60, 1000, 2**31, 2**62])
    waits = waits_s(reconnect(backoff), k, np.full(4, 0.999), np.full(4, CAP))

    assert np.all(waits <= CAP)
    assert backoff == "none" or np.all(waits > 0.9 * CAP)


@pytest.mark.parametrize(
    ("backoff", "means"),
    [
        ("exponential", [1.5, 3, 6, 12, 20]),
        ("equal_jitter", [1.125, 2.25, 4.5, 9, 15]),
        ("full_jitter", [0.75, 1.5, 3, 6, 10]),
    ],
)
def test_mean_waits_double_until_the_cap(backoff, means):
    for k, mean in enumerate(means):
        masses = wait_masses(reconnect(backoff), k, 0.7)

        assert mean_steps(masses) * 0.7 == pytest.approx(mean, rel=1e-12)
        assert drawn(reconnect(backoff), k).mean() == pytest.approx(mean, rel=0.005)


def test_mean_decorrelated_waits_grow_by_one_and_a_half():
    # while no wait reaches the cap: E w' = (base + 3 E w) / 2
    policy, mean = reconnect("decorrelated", base=1.0, cap=243.0), 1.0
    for k in range(5):
        mean = (1.0 + 3 * mean) / 2
        masses = wait_masses(policy, k, 0.5)

        assert mean_steps(masses) * 0.5 == pytest.approx(mean, rel=1e-3)


@pytest.mark.parametrize("k", [0, 1, 2, 6, 40])
def test_the_law_of_a_decorrelated_wait_is_that_of_draws(k):
    policy, step_s = reconnect("decorrelated"), 0.5
    waits = drawn(policy, k)
    begun = np.random.default_rng(99).random(waits.size)
    seen = np.bincount(np.floor(begun + waits / step_s).astype(int), minlength=42)

    masses = wait_masses(policy, k, step_s)

    # five standard deviations of each count
    error = 5 * np.sqrt(masses * (1 - masses) / waits.size) + 2e-4
    assert np.all(np.abs(seen[: masses.size] / waits.size - masses) < error)


@pytest.mark.parametrize("backoff", EVERY)
@pytest.mark.parametrize("step_s", [0.1, 1.0, 7.0, 60.0])
def test_masses_are_a_histogram_of_draws(backoff, step_s):
    policy = reconnect(backoff)
    for k in (0, 1, 5):
        waits = drawn(policy, k)
        begun = np.random.default_rng(7).random(waits.size)
        masses = wait_masses(policy, k, step_s)
        seen = np.bincount(np.floor(begun + waits / step_s).astype(int), minlength=masses.size)

        often = masses > 1e-3
        expected = masses[often] * waits.size
        assert seen.size == masses.size
        chi_squared = float(((seen[often] - expected) ** 2 / expected).sum())
        assert stats.chi2.sf(chi_squared, often.sum()) > 1e-4


@given(
    backoff=st.sampled_from(EVERY),
    base=st.floats(0.01, 10),
    growth=st.floats(1, 200),
    k=st.integers(0, 80),
    step_s=st.floats(0.05, 100),
)
def test_masses_sum_to_one_and_none_is_negative(backoff, base, growth, k, step_s):
    masses = wait_masses(reconnect(backoff, base, base * growth), k, step_s)

    assert masses.sum() == pytest.approx(1, abs=1e-12)
    assert masses.min() >= 0
    assert mean_steps(masses) * step_s <= base * growth * (1 + 1e-9)


def test_without_backoff_a_client_tries_again_within_the_same_step():
    np.testing.assert_array_equal(wait_masses(reconnect("none"), 3, 1.0), [1.0])


def test_a_wait_of_two_and_a_half_steps_ends_two_or_three_steps_later():
    masses = wait_masses(reconnect("exponential", base=5.0), 0, 2.0)

    np.testing.assert_allclose(masses, [0, 0, 0.5, 0.5], atol=1e-12)


def test_a_wait_of_whole_steps_ends_exactly_so_many_later():
    masses = wait_masses(reconnect("exponential", base=3.0), 0, 1.0)

    np.testing.assert_allclose(masses, [0, 0, 0, 1], atol=1e-12)


def test_an_even_wait_of_whole_steps_has_half_a_share_at_both_ends():
    masses = wait_masses(reconnect("full_jitter", base=4.0), 0, 1.0)

    np.testing.assert_allclose(masses, np.array([1, 2, 2, 2, 1]) / 8)


def test_masses_cannot_be_changed_by_whoever_asked_first():
    with pytest.raises(ValueError, match="read-only"):
        wait_masses(reconnect("full_jitter"), 0, 1.0)[0] = 5


@pytest.mark.parametrize(
    ("base", "cap", "doublings"), [(1, 1, 0), (1, 60, 6), (1, 64, 6), (1, 64.1, 7), (0.005, 2, 9)]
)
def test_levels_end_where_base_has_doubled_to_the_cap(base, cap, doublings):
    for backoff in ("exponential", "equal_jitter", "full_jitter"):
        assert levels(reconnect(backoff, base, cap)) == doublings
    assert levels(reconnect("none", base, cap)) == 0


@pytest.mark.parametrize("backoff", EVERY)
def test_the_law_no_longer_changes_from_the_last_level_on(backoff):
    policy = reconnect(backoff)
    last = levels(policy)

    settled = wait_masses(policy, last, 0.5)

    np.testing.assert_array_equal(wait_masses(policy, last + 1, 0.5), settled)
    np.testing.assert_array_equal(wait_masses(policy, last + 500, 0.5), settled)


def test_decorrelated_waits_have_settled_at_the_last_level():
    policy = reconnect("decorrelated")
    settled = drawn(policy, levels(policy))
    much_later = drawn(policy, 3 * levels(policy))

    # the largest distance of two samples of one law: 0.0062 at a level of 0.1 %
    assert stats.ks_2samp(settled, much_later).statistic < 0.0062


def test_equal_base_and_cap_always_wait_the_same():
    policy = reconnect("decorrelated", 4.0, 4.0)

    assert levels(policy) == 0
    np.testing.assert_allclose(wait_masses(policy, 3, 1.0), [0, 0, 0, 0, 1])
