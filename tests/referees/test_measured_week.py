"""A simulated week of the shipped workplace sessions, against the worldwide curve as measured.

Mattermost Cloud, connected devices, 24 June to 1 July 2024 (chart
docs/assets/number_of_connected_devices.png in
https://github.com/mattermost/mattermost-load-test-ng): on average 2,057 connections, in the largest
hour 4,062, at one moment 4,136, read off with an error of about 15.
"""

import numpy as np
import pytest

from estimator.demand.arrivals import arrivals_behind
from estimator.scenario.profile import load_profile
from estimator.scenario.weekly_shape import load_shape
from estimator.simulation.model import Model, Stream, weekly_arrivals

MEAN = 2057
DAILY_MEANS = (2320, 2677, 2645, 2639, 2337, 1025, 824)
READING = 15 / MEAN
WEEKS = {"exact": 20, "aggregate": 3}


@pytest.fixture(scope="module", params=WEEKS)
def weeks(request, replicate):
    """Open connections by the second, shape (weeks, seconds)."""
    profile = load_profile("workplace-chat")
    levels = tuple(load_shape("workplace-worldwide").levels.tolist())
    arrivals = weekly_arrivals(arrivals_behind(levels, profile.session).per_hour * MEAN)
    model = Model((Stream(arrivals, profile.session),), profile.reconnect)
    count = WEEKS[request.param]
    return np.array(replicate(model, request.param, count, 51, lambda flows: flows.open_after))


def test_the_peak_of_the_week_over_its_mean(weeks):
    mean = weeks.mean(axis=1)
    hourly = weeks.reshape(len(weeks), 168, 3600).mean(axis=2)

    # two digits, a reading error of the peak and of the mean, and the chance of a peak of 4,100
    reach = 0.005 + 3 * READING + 3.3 * np.sqrt(4100 / len(weeks)) / MEAN
    assert (hourly.max(axis=1) / mean).mean() == pytest.approx(1.97, abs=reach)
    assert (weeks.max(axis=1) / mean).mean() == pytest.approx(2.01, abs=reach)


def test_connection_minutes_of_the_week(weeks, mean_is):
    minutes = weeks.sum(axis=1) / 60

    assert minutes.mean() == pytest.approx(20.7e6, rel=0.01)
    mean_is(minutes, MEAN * 7 * 24 * 60)


def test_the_mean_of_each_day(weeks):
    found = weeks.reshape(len(weeks), 7, -1).mean(axis=(0, 2))

    # in a day connections follow each other for some hours: 24 hours are worth about four looks
    chance = 3.3 * np.sqrt(np.array(DAILY_MEANS) / 4 / len(weeks))
    np.testing.assert_array_less(np.abs(found - DAILY_MEANS), 15 + chance)
