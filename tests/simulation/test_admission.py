"""The token bucket, against a loop that looks at one attempt after the other."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from estimator.simulation.loop.admission import change_admission, refill, takes_token
from estimator.simulation.loop.world import NOW

RATES = st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.5, 10.0, 97.3])
MOMENTS = st.lists(st.floats(0, 20).map(lambda s: round(s, 1)), max_size=60).map(sorted)
"""Many at the same moment, and at those at which tokens fall."""


class Bucket:
    def __init__(self, rate, burst):
        now = np.zeros(1, NOW)
        now["rate"] = now["burst"] = now["tokens"] = np.inf
        self.now = now.view(np.recarray)[0]
        self.change(0.0, rate, burst)

    def admit(self, times_s):
        return [bool(takes_token(self.now, float(time))) for time in times_s]

    def change(self, when, rate, burst):
        change_admission(self.now, when, rate, float(burst), np.inf)

    @property
    def missing(self):
        return self.now.burst - self.now.tokens


def one_by_one(times_s, rate, burst):
    tokens, fallen, let_in = burst, 0, []
    for time in times_s:
        now = math.floor(time * rate)
        tokens, fallen = min(tokens + now - fallen, burst), now
        let_in.append(tokens >= 1)
        tokens -= tokens >= 1
    return let_in


@given(times_s=MOMENTS, rate=RATES, burst=st.integers(0, 12))
def test_a_bucket_decides_as_one_attempt_after_the_other_would(times_s, rate, burst):
    assert Bucket(rate, burst).admit(times_s) == one_by_one(times_s, rate, burst)


@given(times_s=MOMENTS, rate=RATES, burst=st.integers(0, 12), looks=st.sets(st.integers(1, 59)))
def test_how_often_a_bucket_is_looked_at_does_not_matter(times_s, rate, burst, looks):
    bucket, let_in = Bucket(rate, burst), []
    for number, time in enumerate(times_s):
        let_in += bucket.admit([time])
        if number in looks:
            # neither the same rate again nor a look without taking changes anything
            bucket.change(time, rate, burst)
            refill(bucket.now, time)
    assert let_in == one_by_one(times_s, rate, burst)


def test_a_large_bucket_under_heavy_load_lets_in_what_falls():
    rng = np.random.default_rng(1)
    times_s = np.sort(rng.uniform(0, 1000, 100_000))
    bucket = Bucket(70.3, 500)
    let_in = bucket.admit(times_s)
    assert sum(let_in) == 500 + math.floor(70.3 * times_s[-1]) - (500 - bucket.missing)


def test_without_a_rate_all_pass():
    assert all(Bucket(np.inf, 3).admit(np.zeros(10)))


def test_half_a_token_a_second_is_one_every_other_second():
    times_s = np.arange(0.0, 20.0, 0.25)
    let_in = Bucket(0.5, 1).admit(times_s)
    assert times_s[let_in].tolist() == [0.0, *range(2, 20, 2)]


def test_part_of_a_token_is_kept_when_the_rate_changes():
    bucket = Bucket(1.0, 1)
    bucket.admit([0.0])
    # 0.75 of a token has come; at 0.1 a second the rest takes 2.5 s
    bucket.change(0.75, 0.1, 1)
    assert bucket.admit([3.24, 3.26]) == [False, True]


def test_tokens_beyond_a_smaller_burst_are_lost_and_a_larger_one_is_empty():
    bucket = Bucket(10.0, 10)
    bucket.change(5.0, 2.0, 2)
    assert bucket.missing == 0
    bucket.change(6.0, 10.0, 10)
    assert bucket.missing == 8


@pytest.mark.parametrize("closed", [1.0, 60.0])
def test_closed_limits_leave_an_empty_bucket(closed):
    bucket = Bucket(10.0, 10)
    bucket.change(0.0, 0.0, 0)
    assert not any(bucket.admit([closed / 3, closed / 2]))
    bucket.change(closed, 10.0, 10)
    let_in = bucket.admit(np.linspace(closed, closed + 0.99, 100))
    assert sum(let_in) == 9
