"""Which numbers, none of them negative, come closest? Least squares by exchanging bounds.

Numbers are either free or held at zero. Solving for the free ones tells which of them want to be
negative, and which of those held would be better off above zero; both sorts change sides until
nobody wants to (block principal pivoting, Júdice and Pires 1994,
https://doi.org/10.1016/0305-0548(94)90106-6). That takes a few exchanges where it ends at all.
"""

from __future__ import annotations

import numpy as np

from estimator.scenario.model import FloatArray

_ROUNDING_NOISE = 1e-12
_MOST_EXCHANGES = 20


def closest_nonnegative(matrix: FloatArray, wanted: FloatArray) -> FloatArray:
    """The x >= 0 for which ``matrix @ x`` is closest to ``wanted``.

    Args:
        matrix: shape (rows, columns), with columns that do not depend on each other.
        wanted: shape (rows,).

    >>> closest_nonnegative(np.eye(2), np.array([3.0, -1.0]))
    array([3., 0.])
    """
    gram, right = matrix.T @ matrix, matrix.T @ wanted
    noise = _ROUNDING_NOISE * float(np.max(np.abs(right), initial=0.0))
    free = np.ones(right.size, dtype=np.bool_)
    for _ in range(_MOST_EXCHANGES):
        x = np.zeros(right.size)
        x[free] = np.linalg.solve(gram[np.ix_(free, free)], right[free])
        astray = np.where(free, x < 0, right - gram @ x > noise)
        if not astray.any():
            return x
        free = free ^ astray
    # imported here, since it takes longer than all else that a bill needs
    from scipy.optimize import nnls

    found, _ = nnls(matrix, wanted)
    return found
