"""Token bucket and slots, against loops that look at one attempt after the other."""

import math

import numpy as np
import pytest
from hypothesis import given, strategies as st

from estimator.simulation.admission import TokenBucket, take_slots

RATES = st.sampled_from([0.0, 0.1, 0.5, 1.0, 2.5, 10.0, 97.3])
MOMENTS = st.lists(st.floats(0, 20).map(lambda s: round(s, 1)), max_size=60).map(sorted)
"""Many at the same moment, and at those at which tokens fall."""


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
    let_in, _ = TokenBucket(rate, burst).admit(np.array(times_s))
    assert let_in.tolist() == one_by_one(times_s, rate, burst)


@given(times_s=MOMENTS, rate=RATES, burst=st.integers(0, 12), looks=st.sets(st.integers(1, 59)))
def test_how_often_a_bucket_is_looked_at_does_not_matter(times_s, rate, burst, looks):
    bucket, let_in = TokenBucket(rate, burst), []
    for some in np.split(np.array(times_s), sorted(look for look in looks if look < len(times_s))):
        now, missing = bucket.admit(some)
        let_in += now.tolist()
        if some.size:
            bucket.take(some[-1], missing)
            # neither the same rate again nor a look without taking changes anything
            bucket.change(some[-1], rate, burst)
            bucket.admit(some[-1:])
    assert let_in == one_by_one(times_s, rate, burst)


def test_a_large_bucket_under_heavy_load_lets_in_what_falls():
    rng = np.random.default_rng(1)
    times_s = np.sort(rng.uniform(0, 1000, 200_000))
    let_in, missing = TokenBucket(70.3, 500).admit(times_s)
    assert let_in.tolist() == one_by_one(times_s.tolist(), 70.3, 500)
    assert let_in.sum() == 500 + math.floor(70.3 * times_s[-1]) - (500 - missing)


def test_without_a_rate_all_pass():
    bucket = TokenBucket(np.inf, 3)
    let_in, missing = bucket.admit(np.zeros(10))
    assert let_in.all()
    bucket.take(0.0, missing)
    assert bucket.missing == 0


def test_half_a_token_a_second_is_one_every_other_second():
    times_s = np.arange(0.0, 20.0, 0.25)
    let_in, _ = TokenBucket(0.5, 1).admit(times_s)
    assert times_s[let_in].tolist() == [0.0, *range(2, 20, 2)]


def test_part_of_a_token_is_kept_when_the_rate_changes():
    bucket = TokenBucket(1.0, 1)
    _, missing = bucket.admit(np.zeros(1))
    bucket.take(0.0, missing)
    # 0.75 of a token has come; at 0.1 a second the rest takes 2.5 s
    bucket.change(0.75, 0.1, 1)
    assert bucket.admit(np.array([3.24, 3.26]))[0].tolist() == [False, True]


def test_tokens_beyond_a_smaller_burst_are_lost_and_a_larger_one_is_empty():
    bucket = TokenBucket(10.0, 10)
    bucket.change(5.0, 2.0, 2)
    assert bucket.missing == 0
    bucket.change(6.0, 10.0, 10)
    assert bucket.missing == 8


def test_closed_limits_leave_an_empty_bucket():
    bucket = TokenBucket(10.0, 10)
    bucket.change(0.0, 0.0, 0)
    assert not bucket.admit(np.array([1.0, 2.0]))[0].any()
    bucket.change(60.0, 10.0, 10)
    let_in, _ = bucket.admit(np.linspace(60.0, 60.99, 100))
    assert let_in.sum() == 9


# -------------------------------------------------------------------------------------------------
# Places


def slots_one_by_one(attempts_s, closings_s, free):
    closings, let_in = list(closings_s), []
    for time in attempts_s:
        while closings and closings[0] <= time:
            closings.pop(0)
            free += 1
        let_in.append(free > 0)
        free -= free > 0
    return let_in


@given(attempts_s=MOMENTS, closings_s=MOMENTS, free=st.integers(-8, 20))
def test_slots_are_taken_as_one_attempt_after_the_other_would(attempts_s, closings_s, free):
    closed = np.searchsorted(closings_s, attempts_s, side="right")
    found = take_slots(closed, free)
    assert found.tolist() == slots_one_by_one(attempts_s, closings_s, free)


@pytest.mark.parametrize("free", [0, -3])
def test_with_no_slot_and_no_closing_nobody_gets_in(free):
    assert not take_slots(np.zeros(5, dtype=np.int64), free).any()
