"""Weekly quantities: sums of scaled courses must equal what plain hours give."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from estimator.demand.weekly import Weekly, from_hours, largest, total

HOURS = np.arange(168, dtype=np.float64)
WAVE = 2 + np.sin(2 * np.pi * HOURS / 24)
RAMP = HOURS / 168
amounts = st.floats(0, 1e9)
shapes = st.sampled_from([(), (3,), (2, 3)])


@given(amounts, amounts, shapes)
def test_a_sum_of_two_courses_is_the_sum_of_their_hours(first, second, many):
    a, b = np.full(many, first), np.full(many, second)
    both = total([Weekly.of(a, WAVE), Weekly.of(b, RAMP)])

    expected = a[..., None] * WAVE + b[..., None] * RAMP
    np.testing.assert_allclose(both.hourly, expected, rtol=1e-12)
    np.testing.assert_allclose(both.peak, expected.max(axis=-1), rtol=1e-12)
    np.testing.assert_allclose(both.mean, expected.mean(axis=-1), rtol=1e-12)


@given(amounts, amounts)
def test_days_are_sums_of_their_hours(first, second):
    both = total([Weekly.of(np.array(first), WAVE), Weekly.of(np.array(second), RAMP)])

    np.testing.assert_allclose(both.daily, both.hourly.reshape(7, 24).sum(axis=1), rtol=1e-12)


@given(amounts, amounts)
def test_the_largest_is_taken_hour_by_hour(first, second):
    winner = largest([Weekly.of(np.array(first), WAVE), Weekly.of(np.array(second), RAMP)])

    np.testing.assert_array_equal(winner.hourly, np.maximum(first * WAVE, second * RAMP))


def test_a_single_quantity_can_stand_beside_many():
    many = Weekly.of(np.array([1.0, 2.0, 3.0]), WAVE)
    single = Weekly.of(np.array(5.0), RAMP)

    hourly = total([many, single]).hourly

    assert hourly.shape == (3, 168)
    np.testing.assert_allclose(hourly[1], 2 * WAVE + 5 * RAMP)


def test_one_of_many_is_that_one():
    many = total([Weekly.of(np.array([1.0, 2.0]), WAVE), from_hours(np.outer([3.0, 4.0], RAMP))])

    np.testing.assert_allclose(many.hourly[1], 2 * WAVE + 4 * RAMP)


def test_nothing_adds_up_to_zero():
    assert total([]).mean == 0
    np.testing.assert_array_equal(total([]).hourly, np.zeros(168))


@pytest.mark.parametrize("factor", [0, 2.5, np.array([1.0, 2.0])])
def test_multiplied_quantities_are_multiplied_in_every_hour(factor):
    quantity = Weekly.of(np.array([3.0, 4.0]), WAVE).times(factor)

    expected = (np.array([3.0, 4.0]) * factor)[:, None] * WAVE
    np.testing.assert_allclose(quantity.hourly, expected)


@pytest.mark.parametrize("scenarios", [1, 1_000])
def test_the_peak_of_a_sum_is_found_wherever_in_the_week_it_is(scenarios):
    rng = np.random.default_rng(7)
    courses = [*rng.random((3, 168)), WAVE]
    scales = rng.exponential(size=(len(courses), scenarios)) * (rng.random(scenarios) < 0.8)
    both = total(Weekly.of(scale, course) for scale, course in zip(scales, courses, strict=True))

    np.testing.assert_array_equal(both.peak, both.hourly.max(axis=-1))


def test_hours_given_as_they_are_stay_as_they_are():
    given_hours = np.outer([3.0, 4.0], RAMP)
    hours = given_hours.copy()
    largest([from_hours(given_hours), Weekly.of(np.array([1.0, 9.0]), WAVE)])
    total([from_hours(given_hours), Weekly.of(np.array([1.0, 9.0]), WAVE)]).hourly.max()

    np.testing.assert_array_equal(given_hours, hours)


@pytest.mark.parametrize("count", [1, 3, 1_000])
@pytest.mark.parametrize("hours", [0, 1, 5])
def test_what_is_needed_soon_or_was_a_while_ago_counts_hour_by_hour(count, hours):
    # two days alike, so that hours are alike but not those around them
    day = np.where(np.arange(168) % 48 < 9, 3.0, 1.0)
    scales = np.linspace(0.2, 7.0, count)
    parts = [Weekly.of(scales, day), Weekly.of(scales[::-1], RAMP)]
    hourly = np.maximum(parts[0].hourly, parts[1].hourly)
    around = np.max([np.roll(hourly, lag, axis=-1) for lag in range(-hours, hours + 1)], axis=0)
    found = largest(parts, np.ceil, around=hours)

    np.testing.assert_array_equal(found.hourly, np.ceil(around))
    np.testing.assert_allclose(found.mean, np.ceil(around).mean(axis=-1), rtol=1e-12)
    np.testing.assert_array_equal(found.peak, np.ceil(around).max(axis=-1))
    np.testing.assert_array_equal(found.trough, np.ceil(around).min(axis=-1))
