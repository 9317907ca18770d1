"""How likely are the billed quantities, if a demand and an answer to an open question are right?

A line whose demand and answer are right is off by a stated relative error, log-normally; with a
stated chance it counts something that the estimate knows nothing of (other use of the account), and
then any quantity within a wide range is as likely. So no single line decides alone.

How much more likely one explanation makes the invoice than another is their Bayes factor, an
explanation with numbers to fit being averaged over what these may be (which costs it what a number
that fits anything is worth). Words for them: R. E. Kass and A. E. Raftery, Bayes Factors, Journal
of the American Statistical Association 90 (1995), page 777.
"""

from __future__ import annotations

from typing import Final, Literal, get_args

import numpy as np
from scipy.special import logsumexp

from estimator.arrays import FloatArray

CHANCE_OF_OTHER_USE: Final = 0.1
"""That a line counts something else as well. Assumption."""
OTHER_USE_WITHIN: Final = 1_000.0
"""Times more or less, of such a line. Assumption."""
LOG_OTHER_USE: Final = float(np.log(CHANCE_OF_OTHER_USE) - np.log(2 * np.log(OTHER_USE_WITHIN)))
"""How likely any quantity is, of a line that counts something else, as a logarithm."""
_USUAL_FACTOR: Final = 2.0
"""Of one standard deviation: how far demands are from estimates before anybody measured."""
Strength = Literal["not at all", "hardly", "positively", "strongly", "very strongly"]
STRENGTHS: Final[tuple[Strength, ...]] = get_args(Strength)
_ODDS: Final = (1.0, 3.0, 20.0, 150.0)
"""From which on evidence is worth a bare mention, positive, strong, very strong."""


def strength(odds: float) -> Strength:
    """How strongly an invoice speaks, given how much more likely one explanation makes it.

    >>> strength(1.0), strength(2.5), strength(30), strength(1e6)
    ('not at all', 'hardly', 'strongly', 'very strongly')
    """
    return STRENGTHS[int(np.searchsorted(_ODDS, odds, side="left"))]


def log_likelihoods(
    billed: FloatArray, estimated: FloatArray, relative_error: float
) -> tuple[FloatArray, FloatArray]:
    """How likely each line is, as natural logarithms.

    Args:
        billed: quantities above 0, shape (lines,).
        estimated: what an explanation makes them, shape (*many, lines).
        relative_error: of one standard deviation.

    Returns:
        The logarithms, shape (*many, lines), and whether a line rather counts something else.

    >>> fit, other = log_likelihoods(np.array([100.0]), np.array([[100.0], [200.0]]), 0.05)
    >>> fit[0] > fit[1], other.ravel()
    (array([ True]), array([False,  True]))
    """
    with np.errstate(divide="ignore"):
        off = np.log(billed) - np.log(estimated)
    normal = -0.5 * (off / relative_error) ** 2 - np.log(relative_error * np.sqrt(2 * np.pi))
    usual = np.log1p(-CHANCE_OF_OTHER_USE) + normal
    return np.logaddexp(usual, LOG_OTHER_USE), usual < LOG_OTHER_USE


def log_prior(factors: FloatArray) -> FloatArray:
    """Weights of demands before the invoice is looked at, as logarithms that add up to 1."""
    weights = -0.5 * (np.log(factors) / np.log(_USUAL_FACTOR)) ** 2
    return weights - logsumexp(weights)
