"""Least squares without negative numbers, against scipy's other method."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from estimator.demand import arrivals
from estimator.demand.arrivals import closest_nonnegative


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_is_what_scipy_finds(seed):
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(1, 60))
    matrix = rng.normal(size=(2 * columns, columns))
    wanted = rng.normal(size=2 * columns)
    found = closest_nonnegative(matrix, wanted)
    np.testing.assert_allclose(found, nnls(matrix, wanted)[0], atol=1e-9)
    assert (found >= 0).all()


def test_nothing_is_held_back_that_need_not_be():
    matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    np.testing.assert_allclose(closest_nonnegative(matrix, matrix @ [4.0, 5.0]), [4.0, 5.0])


def test_what_does_not_settle_is_left_to_scipy(monkeypatch):
    monkeypatch.setattr(arrivals, "_MOST_EXCHANGES", 1)
    found = closest_nonnegative(np.eye(2), np.array([3.0, -1.0]))
    np.testing.assert_allclose(found, [3.0, 0.0])
