"""Least squares without negative numbers and with a given sum, against scipy and theory."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import nnls

from estimator.demand import arrivals
from estimator.demand.arrivals import closest_nonnegative


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A problem of up to 60 numbers."""
    rng = np.random.default_rng(seed)
    columns = int(rng.integers(1, 60))
    return rng.normal(size=(2 * columns, columns)), rng.normal(size=2 * columns)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_found_is_what_scipy_finds(seed):
    matrix, wanted = drawn(seed)
    theirs = nnls(matrix, wanted)[0]
    # of the sum that the best numbers have anyway
    found = closest_nonnegative(matrix, wanted, theirs.sum())
    np.testing.assert_allclose(found, theirs, atol=1e-9)
    assert (found >= 0).all()


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("total", [0.1, 3.0])
def test_with_any_sum_nothing_can_be_moved_for_the_better(seed, total):
    # Karush, Kuhn and Tucker: all numbers above zero gain alike by one more, and none at zero more
    matrix, wanted = drawn(seed)
    found = closest_nonnegative(matrix, wanted, total)
    gain = matrix.T @ (wanted - matrix @ found)
    used = found > 0
    assert found.sum() == pytest.approx(total, rel=1e-9)
    np.testing.assert_allclose(gain[used], gain[used].mean(), atol=1e-9)
    assert np.all(gain[~used] <= gain[used].mean() + 1e-9)


def test_nothing_is_held_back_that_need_not_be():
    matrix = np.array([[2.0, 1.0], [1.0, 3.0]])
    found = closest_nonnegative(matrix, matrix @ [4.0, 5.0], 9.0)
    np.testing.assert_allclose(found, [4.0, 5.0])


def test_what_does_not_settle_is_left_to_scipy(monkeypatch):
    matrix, wanted = drawn(3)
    settled = closest_nonnegative(matrix, wanted, 2.0)
    monkeypatch.setattr(arrivals, "_MOST_EXCHANGES", 0)
    found = closest_nonnegative(matrix, wanted, 2.0)
    assert found.sum() == pytest.approx(2.0, rel=1e-12)
    np.testing.assert_allclose(found, settled, atol=1e-6)
