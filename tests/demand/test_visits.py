"""Who comes for some hours only: connections that are made, against closed forms."""

import numpy as np
import pytest

from estimator.demand.visits import connections_made
from estimator.scenario.sessions import DeterministicSession, ExponentialSession, LognormalSession


@pytest.mark.parametrize("mean_hours", [0.1, 0.5, 4.0])
def test_exponential_sessions_on_a_plateau_are_replaced_as_they_end(mean_hours: float):
    # k come at once; of k that are open, k / mean leave per hour and others take their places
    made = connections_made((100.0,) * 6, ExponentialSession(mean_hours=mean_hours))

    assert made.sum() == pytest.approx(100 * (1 + 6 / mean_hours), rel=0.01)
    np.testing.assert_allclose(made[1:], 100 / mean_hours, rtol=1e-6)


def test_sessions_of_a_fixed_length_are_replaced_at_once():
    # of 3 h, over 7 h: at the start, after 3 and after 6
    made = connections_made((50.0,) * 7, DeterministicSession(hours=3))

    np.testing.assert_allclose(made, [50, 0, 0, 50, 0, 0, 50], atol=1e-6)


def test_whoever_is_beyond_a_falling_curve_leaves_and_is_missed_when_it_rises():
    made = connections_made((100.0, 20.0, 60.0, 0.0, 60.0), DeterministicSession(hours=24))

    np.testing.assert_allclose(made, [100, 0, 40, 0, 60], atol=1e-6)


def test_cuts_are_made_up_for_by_those_who_are_still_there():
    # of 100, cut each 2 h, 25 are left from the third hour on: they come back once, and no more
    # after the end, though sessions would last much longer
    made = connections_made((100.0, 100.0, 25.0, 25.0), DeterministicSession(hours=24), 2.0)

    np.testing.assert_allclose(made, [100, 0, 25, 0], atol=1e-6)


def test_short_cuts_add_up_to_the_rate_of_cuts():
    # cut every 30 s, 100 connections are made 120 times per hour each
    made = connections_made((100.0,) * 3, DeterministicSession(hours=24), 30 / 3600)

    np.testing.assert_allclose(made, [12_000] * 3, rtol=0.01)


def test_a_long_plateau_needs_as_many_as_the_usual_week():
    # over days, arrivals per hour are connections over mean session length (Little's law)
    law = LognormalSession(mean_hours=0.5, sigma=1)
    made = connections_made((10.0,) * 72, law)

    assert made[48:].mean() == pytest.approx(10 / law.mean, rel=1e-3)
