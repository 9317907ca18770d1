"""Chance that belongs to a client and its attempt: as good as drawn, and always the same."""

import itertools

import numpy as np
import pytest
from scipy import stats

from estimator.simulation.compiling import as_in_machine_code
from estimator.simulation.loop.chance import uniform

N = 20_000
LEAST_P = 1e-3
CLIENTS = np.arange(N)
ATTEMPTS = {
    "the same": np.full(N, 17),
    "one after the other": np.arange(N),
    "any": np.random.default_rng(1).integers(0, 1000, N),
}


def uniforms(key, clients, attempts, purpose=0):
    with as_in_machine_code():
        each = zip(clients.tolist(), attempts.tolist(), strict=True)
        return np.array([uniform(np.uint64(key), *pair, purpose) for pair in each])


@pytest.mark.parametrize("purpose", [0, 1, 2, 3, 10, 11])
@pytest.mark.parametrize("attempts", list(ATTEMPTS.values()), ids=list(ATTEMPTS))
def test_they_are_even(attempts, purpose):
    found = uniforms(123, CLIENTS, attempts, purpose)
    assert stats.kstest(found, "uniform").pvalue > LEAST_P
    # neighbouring clients have nothing in common
    assert abs(stats.pearsonr(found[1:], found[:-1]).statistic) < 4 / np.sqrt(N)


@pytest.mark.parametrize("purpose", [0, 1, 2, 3, 10, 11])
def test_the_attempts_of_one_client_are_even(purpose):
    found = uniforms(123, np.full(N, 5), np.arange(N), purpose)
    assert stats.kstest(found, "uniform").pvalue > LEAST_P
    assert abs(stats.pearsonr(found[1:], found[:-1]).statistic) < 4 / np.sqrt(N)


@pytest.mark.parametrize(("one", "other"), list(itertools.combinations([0, 1, 2, 3, 10], 2)))
def test_purposes_are_independent(one, other):
    pair = [uniforms(123, CLIENTS, ATTEMPTS["the same"], purpose) for purpose in (one, other)]
    assert abs(stats.pearsonr(*pair).statistic) < 4 / np.sqrt(N)
    cells, *_ = np.histogram2d(*pair, bins=10, range=[[0, 1], [0, 1]])
    assert stats.chisquare(cells.ravel()).pvalue > LEAST_P


def test_runs_and_attempts_are_independent():
    first = uniforms(1, CLIENTS, ATTEMPTS["any"])
    for other in (
        uniforms(2, CLIENTS, ATTEMPTS["any"]),
        uniforms(1, CLIENTS, ATTEMPTS["any"] + 1),
    ):
        assert abs(stats.pearsonr(first, other).statistic) < 4 / np.sqrt(N)


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
    # client and attempt 0 of run 0 are one step of it, and the purpose a second, from its output
    mixed = (outputs[0] + 0x9E3779B97F4A7C15) % 2**64
    mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB % 2**64
    mixed ^= mixed >> 31
    assert uniforms(0, np.zeros(1, np.int64), np.zeros(1, np.int64))[0] == (mixed >> 11) / 2**53
