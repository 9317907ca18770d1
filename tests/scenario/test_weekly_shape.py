"""The shipped weekly curve against what was published of it.

Source: chart of connected devices of a Mattermost Cloud workspace, 24 June to 1 July 2024,
docs/assets/number_of_connected_devices.png in https://github.com/mattermost/mattermost-load-test-ng,
read off with an error of about 15 connections.
"""

import numpy as np
import pytest

import estimator as ws
from estimator.scenario.weekly_shape import WeeklyShape, load_shape, shape_names

READING_ERROR = 15
DAY_MEANS = [2320, 2677, 2645, 2639, 2337, 1025, 824]
TUESDAY_TO_THURSDAY = [
    1.116, 0.960, 0.703, 0.540, 0.509, 0.616, 0.825, 0.995, 1.016, 0.911, 0.897, 1.003,
    0.958, 0.872, 0.821, 0.864, 1.045, 1.335, 1.500, 1.500, 1.410, 1.175, 1.229, 1.201,
]  # fmt: skip


@pytest.fixture
def connections() -> np.ndarray:
    """Connections of the published week, one row per day."""
    return np.array(load_shape("workplace-worldwide").hourly).reshape(7, 24)


def test_day_means_are_the_published_ones(connections):
    np.testing.assert_allclose(connections.mean(axis=1), DAY_MEANS, atol=0.5)


@pytest.mark.parametrize(
    ("day", "largest", "smallest"), [(1, 3997, 1407), (2, 4062, 1300), (3, 3914, 1346)]
)
def test_extremes_of_midweek_days_are_near_the_published_ones(connections, day, largest, smallest):
    # one course stands for the three days, whose own extremes differ by up to 100 connections
    assert connections[day].max() == pytest.approx(largest, rel=0.03)
    assert connections[day].min() == pytest.approx(smallest, abs=100)


def test_sunday_swings_as_published(connections):
    assert connections[6].max() == pytest.approx(966, abs=READING_ERROR)
    assert connections[6].min() == pytest.approx(688, abs=READING_ERROR)


def test_the_week_peaks_at_about_twice_its_mean(connections):
    # published: 1.97 for hours, 2.01 for the highest moment
    ratio = connections.max() / connections.mean()

    assert 1.97 * 0.97 <= ratio <= 2.01 * 1.03


def test_the_highest_moment_of_a_modeled_week_is_about_twice_its_mean():
    demand = ws.expected_demand(
        ws.Scenario(
            profile={"extends": "workplace-chat", "weekly_shape": "workplace-worldwide"},
            location="virginia",
            mean_connections=1000,
        )
    )

    assert 1.97 * 0.97 <= float(demand.peak_connections) / 1000 <= 2.01 * 1.03


def test_midweek_peaks_at_one_and_a_half_times_its_mean(connections):
    midweek = connections[1:4].mean(axis=0)

    assert midweek.max() / midweek.mean() == pytest.approx(1.50, rel=0.03)


def test_midweek_hours_are_the_published_factors_of_the_mean(connections):
    midweek = connections[1:4].mean(axis=0)

    np.testing.assert_allclose(midweek / midweek.mean(), TUESDAY_TO_THURSDAY, rtol=0.01)


def test_the_weekend_is_a_third_of_midweek(connections):
    # published: weekend level about 0.33 of the Tuesday to Thursday mean
    weekend = connections[5:, 6:].mean()

    assert weekend / connections[1:4].mean() == pytest.approx(0.33, rel=0.1)


@pytest.mark.parametrize("name", shape_names())
def test_levels_have_mean_one(name):
    assert load_shape(name).levels.mean() == pytest.approx(1, rel=1e-12)
    assert load_shape(name).levels.shape == (168,)


def test_hours_and_days_multiply():
    by_day = WeeklyShape(
        hours_of_day=(0.0,) * 8 + (1.0,) * 8 + (0.0,) * 8, days_of_week=(1, 1, 1, 1, 1, 0, 0)
    )
    levels = by_day.levels.reshape(7, 24)

    np.testing.assert_array_equal(levels[5:], 0)
    np.testing.assert_allclose(levels[:5, 8:16], 168 / 40)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({}, "give either hourly, or hours_of_day together with days_of_week"),
        ({"hours_of_day": [1.0] * 24}, "give either hourly"),
        ({"hourly": [1.0] * 168, "days_of_week": [1.0] * 7}, "give either hourly"),
        ({"hourly": [1.0] * 167}, "hourly needs 168 numbers, but has 167"),
        ({"hours_of_day": [1.0] * 23, "days_of_week": [1.0] * 7}, "hours_of_day needs 24 numbers"),
        ({"hours_of_day": [1.0] * 24, "days_of_week": [1.0] * 8}, "days_of_week needs 7 numbers"),
        ({"hourly": [0.0] * 168}, "at least one hour of the week must be above zero"),
        ({"hourly": [1.0] * 167 + [-1.0]}, "greater than or equal to 0"),
    ],
)
def test_a_shape_that_is_none_is_refused(fields, error):
    with pytest.raises(ws.ScenarioError, match=error):
        WeeklyShape(**fields)
