"""Closed forms of queueing theory: what a simulation must agree with, and answers at once.

Offered load is in erlang: arrivals times mean time in service, both in the same unit of time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from estimator.arrays import FloatArray
from estimator.errors import EstimatorError
from estimator.scenario.sessions import DeterministicSession, EmpiricalSession, SessionLength

_DIGITS = 1e-15
_LN_SQRT_2PI = math.log(2 * math.pi) / 2

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)
_FIRST_PANEL = 1e-13
_PANEL_GROWTH = 1.2
_PANELS_PER_PERIOD = 8
_MOST_PERIODS = 1024


def poisson_quantile(mean: float | FloatArray, share: float | FloatArray) -> FloatArray:
    """Smallest number that a Poisson variate stays at or below with the given probability.

    Open connections are such a variate, for any law of session lengths, as long as nobody is
    refused (M/G/infinity).

    Args:
        mean: mean of the variate, above 0.
        share: the probability, between 0 and 1, both excluded; broadcast with ``mean``.

    Raises:
        EstimatorError: if a mean or a share is out of range.

    >>> float(poisson_quantile(1000.0, 0.999))
    1099.0
    """
    _check_range(mean, "mean", above=0.0)
    _check_range(share, "share", above=0.0, below=1.0)
    mean, share = np.broadcast_arrays(np.float64(mean), np.float64(share))
    # Chernoff: beyond these bounds lies less than floats can tell from 0 and from 1
    low = np.maximum(np.floor(mean - 39 * np.sqrt(mean)), 0) - 1
    high = np.ceil(mean + 9 * np.sqrt(mean)) + 30
    while np.any(high - low > 1):
        middle = np.floor((low + high) / 2)
        enough = special.pdtr(middle, mean) >= share
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high[()]


def erlang_b(erlangs: float | FloatArray, servers: float | FloatArray) -> FloatArray:
    """Share of arrivals that find all servers taken and leave (Erlang's loss formula).

    It holds for any law of service times (M/G/n/n).

    Args:
        erlangs: offered load, at least 0.
        servers: number of servers, at least 0; broadcast with ``erlangs``. Between whole numbers
            the formula is continued analytically.

    Raises:
        EstimatorError: if a load or a number of servers is negative or not finite.

    >>> float(erlang_b(erlangs=2.0, servers=2.0))  # (2^2 / 2!) / (1 + 2 + 2^2 / 2!)
    0.4
    """
    return np.exp(log_erlang_b(erlangs, servers))


def log_erlang_b(erlangs: float | FloatArray, servers: float | FloatArray) -> FloatArray:
    """Natural logarithm of ``erlang_b``, for probabilities below the smallest float.

    Up to servers + 1 erlang, B is the probability of a Poisson variate to be n over that to be at
    most n. Above, where both vanish, 1 / B = A integral_0^inf exp(-A t) (1 + t)^n dt is expanded
    into Legendre's continued fraction of the incomplete gamma function
    (https://dlmf.nist.gov/8.9.2), all of whose terms are positive there. Rounding leaves an error
    of about 1e-16 n ln n.

    >>> float(log_erlang_b(erlangs=200.0, servers=10_000.0))
    -29325.754171
    """
    _check_range(erlangs, "offered load", least=0.0)
    _check_range(servers, "number of servers", least=0.0)
    load, n = np.broadcast_arrays(np.float64(erlangs), np.float64(servers))
    result = np.empty(load.shape)
    heavy = load > n + 1
    result[~heavy] = _log_poisson_ratio(load[~heavy], n[~heavy])
    result[heavy] = _log_by_continued_fraction(load[heavy], n[heavy])
    return result[()]


def _log_poisson_ratio(load: FloatArray, n: FloatArray) -> FloatArray:
    log_density = special.xlogy(n, load) - load - special.gammaln(n + 1)
    return log_density - np.log(special.gammaincc(n + 1, load))


def _log_by_continued_fraction(load: FloatArray, n: FloatArray) -> FloatArray:
    # modified Lentz on load B = b_0 + a_1 / (b_1 + a_2 / (b_2 + ...)), which ends at a_(n+1) = 0
    value = load - n
    upper, lower = value, np.zeros(value.shape)
    step = 0
    while True:
        step += 1
        a, b = step * (n + 1 - step), load - n + 2 * step
        lower = 1 / (b + a * lower)
        upper = b + a / upper
        value = value * upper * lower
        if np.all(np.abs(upper * lower - 1) < _DIGITS):
            return np.log(value / load)


def erlang_b_load(blocking: float, servers: float) -> float:
    """Offered load in erlang at which so many servers refuse the given share of arrivals.

    Args:
        blocking: share refused, between 0 and 1, both excluded.
        servers: number of servers, above 0.

    Raises:
        EstimatorError: if one is out of range.

    >>> round(erlang_b_load(blocking=0.01, servers=10), 4)
    4.4612
    """
    # imported here, since it takes longer than all else and not every command comes by
    from scipy.optimize import brentq

    _check_range(blocking, "blocking", above=0.0, below=1.0)
    _check_range(servers, "number of servers", above=0.0)
    log_blocking = math.log(blocking)
    # B is at most A^n / n! and at least 1 - n / A; solved for the logarithm, to 12 digits
    lowest = (log_blocking + math.lgamma(servers + 1)) / servers
    highest = math.log(servers) - math.log1p(-blocking)

    def excess(log_load: float) -> float:
        return float(log_erlang_b(math.exp(log_load), servers)) - log_blocking

    return math.exp(brentq(excess, lowest - 1e-9, highest + 1e-9, xtol=1e-13))


def erlang_c(erlangs: float | FloatArray, servers: float | FloatArray) -> FloatArray:
    """Share of arrivals that wait if they queue until a server is free (M/M/n).

    Args:
        erlangs: offered load, at least 0; 1 is returned where it is no less than ``servers``,
            as the queue then grows for ever.
        servers: number of servers, at least 0; broadcast with ``erlangs``.

    Raises:
        EstimatorError: if a load or a number of servers is negative or not finite.

    >>> float(erlang_c(erlangs=1.0, servers=2.0))
    0.333333
    """
    return np.exp(log_erlang_c(erlangs, servers))


def log_erlang_c(erlangs: float | FloatArray, servers: float | FloatArray) -> FloatArray:
    """Natural logarithm of ``erlang_c``: C = n B / (n - A (1 - B)).

    >>> float(log_erlang_c(erlangs=100.0, servers=10_000.0))
    -36157.215927
    """
    log_b = log_erlang_b(erlangs, servers)
    load, n = np.broadcast_arrays(np.float64(erlangs), np.float64(servers))
    waits = np.where(load < n, n - load + load * np.exp(log_b), 1.0)
    return np.where(load < n, np.log(np.where(load < n, n, 1.0)) + log_b - np.log(waits), 0.0)[()]


def square_root_staffing_wait(beta: float | FloatArray) -> FloatArray:
    """Share of arrivals that wait for one of A + beta sqrt(A) servers, as A grows.

    S. Halfin and W. Whitt, "Heavy-traffic limits for queues with many exponential servers",
    Operations Research 29 (1981), https://doi.org/10.1287/opre.29.3.567: with the normal
    distribution function Phi and density phi, 1 / (1 + beta Phi(beta) / phi(beta)).

    Args:
        beta: servers beyond the load, in square roots of the load; at least 0.

    Raises:
        EstimatorError: if ``beta`` is negative or not finite.

    >>> float(square_root_staffing_wait(1.0))
    0.2234
    """
    _check_range(beta, "beta", least=0.0)
    return np.exp(_log_staffing_wait(beta))


def square_root_staffing_beta(wait_share: float) -> float:
    """Servers beyond the load, in square roots of the load, so that so many arrivals wait.

    The inverse of ``square_root_staffing_wait``.

    Raises:
        EstimatorError: if ``wait_share`` is not between 0 and 1.

    >>> round(square_root_staffing_beta(0.01), 4)
    2.3749
    """
    from scipy.optimize import brentq

    _check_range(wait_share, "share that waits", above=0.0, below=1.0)
    log_share = math.log(wait_share)

    def excess(beta: float) -> float:
        return float(_log_staffing_wait(beta)) - log_share

    # from beta = 1 on, the share is below exp(-beta^2 / 2)
    return float(brentq(excess, 0.0, 1 + math.sqrt(-2 * log_share), xtol=1e-13))


def _log_staffing_wait(beta: float | FloatArray) -> FloatArray:
    with np.errstate(divide="ignore"):
        log_odds = np.log(beta) + special.log_ndtr(beta) + beta**2 / 2 + _LN_SQRT_2PI
    return special.log_expit(-log_odds)


@dataclass(frozen=True, slots=True)
class ModulatedOccupancy:
    """How open connections follow arrivals that swing with a period."""

    relative_amplitude: float
    """Relative swing of the connections over relative swing of the arrivals, from 0 to 1."""
    lag_hours: float
    """From the peak of the arrivals to the peak of the connections, up to half a period."""


def modulated_occupancy(law: SessionLength, period_hours: float) -> ModulatedOccupancy:
    """Open connections if arrivals follow a sine (M_t/G/infinity).

    S. G. Eick, W. A. Massey, W. Whitt, "M_t/G/infinity queues with sinusoidal arrival rates",
    Management Science 39 (1993), https://doi.org/10.1287/mnsc.39.2.241: to arrivals at the rate
    L (1 + b sin(g t)) belong on average L E[S] (1 + b R sin(g (t - lag))) connections, where
    R exp(i g lag) = E exp(i g S_e) = (1 / E[S]) integral_0^inf P(S > x) exp(i g x) dx.

    Args:
        law: how long sessions last.
        period_hours: 2 pi / g, above 0.

    Raises:
        EstimatorError: if the period is not above 0.

    >>> from estimator.scenario.sessions import ExponentialSession
    >>> modulated_occupancy(ExponentialSession(mean_hours=4.0), period_hours=24.0)
    ModulatedOccupancy(relative_amplitude=0.69062, lag_hours=3.0880)
    """
    _check_range(period_hours, "period", above=0.0)
    angular = 2 * math.pi / period_hours
    if isinstance(law, DeterministicSession):
        integral = _of_lengths(np.array([law.hours]), np.ones(1), angular)
    elif isinstance(law, EmpiricalSession):
        integral = _of_lengths(np.array(law.lengths_hours), law.shares, angular)
    else:
        integral = _of_smooth(law, period_hours)
    response = integral / float(law.mean)
    return ModulatedOccupancy(abs(response), math.atan2(response.imag, response.real) / angular)


def _of_lengths(lengths_hours: FloatArray, shares: FloatArray, angular: float) -> complex:
    """Integral of P(S > x) exp(i g x) of sessions of certain lengths."""
    half = angular * lengths_hours / 2
    return complex(shares @ (lengths_hours * np.sinc(half / np.pi) * np.exp(1j * half)))


def _of_smooth(law: SessionLength, period_hours: float) -> complex:
    """Integral of P(S > x) exp(i g x) of a law with a density, by Gauss and Legendre.

    The panels grow from far below the mean, where a heavy-tailed law may fall steeply, to a part
    of the period. What is left beyond the last whole period is integrated by parts twice.
    """
    angular = 2 * math.pi / period_hours
    widest = period_hours / _PANELS_PER_PERIOD
    first = min(_FIRST_PANEL * law.mean, widest)
    growing = math.ceil(math.log(widest / first / (_PANEL_GROWTH - 1)) / math.log(_PANEL_GROWTH))
    geometric = first * _PANEL_GROWTH ** np.arange(max(growing, 0))
    from_hours = float(geometric[-1]) if geometric.size else 0.0
    last = _MOST_PERIODS * period_hours
    even = np.linspace(from_hours, last, math.ceil((last - from_hours) / widest) + 1)[1:]
    edges = np.concatenate([[0.0], geometric, even])
    alive = law.survival(edges[:-1]) > _DIGITS
    half = np.diff(edges)[alive, None] / 2
    hours = edges[:-1][alive, None] + half * (1 + _NODES)
    waves = np.exp(1j * angular * hours)
    before, left, after = law.survival(last + period_hours * np.array([-1.0, 0.0, 1.0]))
    tail = 1j * left / angular + (before - after) / (2 * period_hours * angular**2)
    return complex(np.sum(_WEIGHTS * half * law.survival(hours) * waves) + tail)


def _check_range(
    value: float | FloatArray,
    name: str,
    *,
    least: float = -math.inf,
    above: float = -math.inf,
    below: float = math.inf,
) -> None:
    """Refuse a value that is out of range or not a number."""
    values = np.atleast_1d(value)
    wrong = values[~((values >= least) & (values > above) & (values < below))]
    if wrong.size:
        bounds = {"at least": least, "above": above, "below": below}
        right = " and ".join(f"{word} {b:g}" for word, b in bounds.items() if math.isfinite(b))
        raise EstimatorError(f"{name} must be finite and {right}, but is {wrong[0]:g}")
