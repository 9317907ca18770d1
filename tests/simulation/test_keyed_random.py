"""Chance that belongs to a client and a moment: as good as drawn, and always the same."""

import itertools

import numpy as np
import pytest
from scipy import stats

from estimator.simulation.exact_engine import keyed_uniforms

N = 20_000
LEAST_P = 1e-3
CLIENTS = np.arange(N)
MOMENTS = {
    "the same": np.full(N, 3600.0),
    "a second apart": np.arange(N, dtype=float),
    "any": np.random.default_rng(1).uniform(0, 604_800, N),
}


@pytest.mark.parametrize("purpose", [0, 1, 2, 3, 10, 11])
@pytest.mark.parametrize("moments", list(MOMENTS.values()), ids=list(MOMENTS))
def test_uniforms_is_even(moments, purpose):
    uniforms = keyed_uniforms(123, CLIENTS, moments, purpose)
    assert stats.kstest(uniforms, "uniform").pvalue > LEAST_P
    # neighbouring clients have nothing in common
    assert abs(stats.pearsonr(uniforms[1:], uniforms[:-1]).statistic) < 4 / np.sqrt(N)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations([0, 1, 2, 3, 10], 2)))
def test_purposes_are_independent(one, other):
    pair = [keyed_uniforms(123, CLIENTS, MOMENTS["the same"], purpose) for purpose in (one, other)]
    assert abs(stats.pearsonr(*pair).statistic) < 4 / np.sqrt(N)
    cells, *_ = np.histogram2d(*pair, bins=10, range=[[0, 1], [0, 1]])
    assert stats.chisquare(cells.ravel()).pvalue > LEAST_P


def test_runs_and_moments_are_independent():
    first = keyed_uniforms(1, CLIENTS, MOMENTS["any"])
    for other in (
        keyed_uniforms(2, CLIENTS, MOMENTS["any"]),
        keyed_uniforms(1, CLIENTS, MOMENTS["any"] + 1e-6),
    ):
        assert abs(stats.pearsonr(first, other).statistic) < 4 / np.sqrt(N)


def test_uniforms_does_not_depend_on_who_else_is_asked():
    together = keyed_uniforms(9, CLIENTS, MOMENTS["any"], 1)
    some = np.array([17, 5, 19_999])
    np.testing.assert_array_equal(keyed_uniforms(9, some, MOMENTS["any"][some], 1), together[some])


def test_the_two_zeros_are_one_moment():
    one, other = (keyed_uniforms(9, CLIENTS, np.full(N, zero)) for zero in (0.0, -0.0))
    np.testing.assert_array_equal(one, other)


def test_the_finaliser_is_that_of_splitmix64():
    # first outputs of the generator of Steele, Lea and Flood started at 0, by S. Vigna's program
    # https://prng.di.unimi.it/splitmix64.c: 0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4
    state = 0
    outputs = []
    for _ in range(2):
        state = (state + 0x9E3779B97F4A7C15) % 2**64
        mixed = (state ^ (state >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
        outputs.append(mixed ^ (mixed >> 31))
    assert outputs == [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4]
    # client and time 0 of run 0 are one step of it, and the purpose a second, from its output
    mixed = (outputs[0] + 0x9E3779B97F4A7C15) % 2**64
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
    mixed ^= mixed >> 31
    assert keyed_uniforms(0, np.zeros(1, np.int64), np.zeros(1), 0)[0] == (mixed >> 11) / 2**53
