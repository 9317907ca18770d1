"""How many units run on average, if connections come and go by chance?

Clients arrive independently of each other and nobody is refused, so the open connections N of a
moment are a Poisson variate, whatever the law of their sessions (M/G/infinity). What runs only as
long as connections need it then runs in E[ceil(N / capacity)] units, not in ceil(E[N] / capacity):
a mean of 0.001 connections takes one unit for a thousandth of the time.

So are billed the instances of Cloud Run and the replicas of Container Apps; and, with connections
in groups instead of units, the objects of Cloudflare and the channels of Ably (``saas.counting``).
Elsewhere chance does not matter: virtual machines, tasks, plans, units and balancers are billed
whether anybody is connected or not, and minutes of connections, messages and executions add up.
"""

from __future__ import annotations

from functools import reduce
from itertools import chain

import numpy as np

from estimator.arrays import BoolArray, FloatArray, IntArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import Course, Weekly
from estimator.units import HOURS_PER_WEEK

_ROUNDING_NOISE = 1e-7
"""Of a capacity; must not put the end of a unit below a whole number of connections."""
_NO_BOUND = 1e15
"""Connections of a unit where nothing is needed."""
_EXACT_BELOW = 100.0
"""Mean from which on an expansion takes the place of Poisson probabilities."""
_REACH_DEVIATIONS, _REACH_CONNECTIONS = 4.5, 12.0
"""How far from the mean connections are looked for: they are farther for 7e-6 of the time."""
_WHOLE_MEAN = 5_000.0
"""Mean from which on it does not matter which units hold one connection more than others: that
moves the units by less than 1 / (2 mean) of them."""
_WAVES_FROM = 0.05
"""Mean, in squares of the capacity, from which on two waves say how full the last unit is."""
_EVEN_FROM = 0.5
"""The same, from which on it is filled evenly."""
_TOLERANCE = 1e-3
"""Largest error of an hour whose last unit is filled evenly instead, as a share of its units."""
_ALWAYS_SOMEBODY = 40.0
"""Mean from which on the share of the time without a connection, exp(-mean), is nothing."""
_AT_ONCE = 1 << 13
"""Hours that are worked out at once, so that what is in between stays in the cache."""


def expected_units(
    mean_connections: FloatArray | float, capacity: FloatArray | float, least: float = 0.0
) -> FloatArray:
    """E[max(ceil(N / capacity), least)], where N connections are open, a Poisson variate.

    It is the sum over j of P(N > j capacity), taken where these are neither 0 nor 1. Where that
    would be many, the root of the mean above 0.22 of a capacity, two waves of its Fourier series
    in the mean take its place, and above 0.7 none. These differ by less than 2e-5 of a unit;
    where units hold one connection more or less by turns, by less than 1e-4 of the units.

    Args:
        mean_connections: mean of N, at least 0.
        capacity: connections of one unit, above 0; broadcast with the mean.
        least: units that run however few connections are open.

    >>> expected_units(np.array([0.001, 1.0]), 600.0).round(6)  # 1 - exp(-mean)
    array([0.001   , 0.632121])
    >>> round(float(expected_units(7.0, 1.0)), 9)
    7.0
    """
    shape = np.broadcast_shapes(np.shape(mean_connections), np.shape(capacity))
    mean = np.broadcast_to(np.asarray(mean_connections, dtype=np.float64), shape).ravel()
    capacity = np.broadcast_to(np.asarray(capacity, dtype=np.float64), shape).ravel()
    units = np.empty(mean.size)
    for start in range(0, mean.size, _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        units[some] = _of_some(mean[some], capacity[some], least)
    return units.reshape(shape)


def _of_some(mean: FloatArray, capacity: FloatArray, least: float) -> FloatArray:
    """Expected units of some hours, in a row."""
    reach = _reach(mean)
    # units that are always needed, and the last one that ever is
    units = np.maximum(np.ceil((mean - reach) / capacity), least)
    many = (mean >= np.maximum(_WHOLE_MEAN, _WAVES_FROM * capacity**2)) & (units > least)
    last = np.where(many, -1.0, np.floor((mean + reach) / capacity))
    at = np.flatnonzero(many)
    if at.size:
        units[at] = _in_waves(mean[at], capacity[at])
    at = np.flatnonzero(units <= last)
    mean, capacity, full, last = mean[at], capacity[at] * (1 + _ROUNDING_NOISE), units[at], last[at]
    while at.size:
        units[at] += _share_above(np.floor(full * capacity), mean)
        full += 1
        more = np.flatnonzero(full <= last)
        at, mean, capacity = at[more], mean[more], capacity[more]
        full, last = full[more], last[more]
    return units


def _reach(mean: FloatArray) -> FloatArray:
    """How far from the mean there are connections."""
    return _REACH_DEVIATIONS * np.sqrt(mean) + _REACH_CONNECTIONS


def _evenly_filled(mean: FloatArray, capacity: FloatArray) -> FloatArray:
    """Units if the last one has each number of connections equally often."""
    return mean / capacity + (1 - _is_whole(capacity) / capacity) / 2


def _is_whole(capacity: FloatArray) -> BoolArray:
    """Whether full units hold a whole number of connections each, and not one more or less."""
    return np.rint(capacity) == capacity


def _in_waves(mean: FloatArray, capacity: FloatArray) -> FloatArray:
    """Units if the last one has some numbers of connections more often, by how near the mean is.

    The share of the last unit that is left is a sum of waves in the number of connections, with
    one, two and more periods in a capacity. Of a Poisson variate, exp(i t N) is exp(mean (exp(i t)
    - 1)) on average; so waves are the lower, the shorter they are.
    """
    units = _evenly_filled(mean, capacity)
    at = np.flatnonzero(mean < _EVEN_FROM * capacity**2)
    if at.size:
        mean, capacity = mean[at], capacity[at]
        whole = _is_whole(capacity)
        for waves in (1, 2):
            turn = 2 * np.pi * waves / capacity
            height = np.exp(-2 * mean * np.sin(turn / 2) ** 2) / (np.pi * waves)
            units[at] += height * np.sin(mean * np.sin(turn) - whole * turn / 2)
    return units


def _share_above(count: FloatArray, mean: FloatArray) -> FloatArray:
    """P(N > count) of a Poisson variate, for whole counts.

    From a mean of 100 on it is Cornish and Fisher's expansion, with Sheppard's correction of the
    variance for a variate of whole numbers; its error is less than 1e-5.
    """
    from scipy import special

    spread = 1 / np.sqrt(np.maximum(mean, 1.0) - 1 / 12)
    z = (count + 0.5 - mean) * spread
    spread /= 6
    share = special.ndtr((z * z - 1) * spread * (1 - 2.5 * spread * z) - z)
    few = np.flatnonzero(mean < _EXACT_BELOW)
    if few.size:
        some = count[few] > 0
        share[few] = -np.expm1(-mean[few])
        few = few[some]
        share[few] = special.pdtrc(count[few], mean[few])
    return share


def mean_units(
    demand: Demand, needed: Weekly, least: float = 0.0, kept_hours: float = 0.0
) -> FloatArray:
    """Units that run on average over the week, shape (*many,), if each hour is stationary.

    A unit holds the same number of connections in all hours, since that is one setting of an
    autoscaler: those of the busiest hour divided by the units that it needs. Where it is less than
    a thousandth of an hour's units, the last one is filled evenly.

    Args:
        demand: open connections.
        needed: units that these need in each hour, not yet whole.
        least: units that run however few connections are open.
        kept_hours: how long the last unit still runs when nobody is connected any more.
    """
    connections = demand.connections
    capacity = _capacity(demand.peak_connections, needed.peak)
    many = np.broadcast_shapes(capacity.shape, _many(connections))
    capacity = np.broadcast_to(capacity, many).ravel()
    lowest = np.broadcast_to(_lowest(connections), many).ravel()
    # the first wave of the error; and which units hold one connection more moves 1 / (2 mean)
    error = np.exp(-2 * np.pi**2 * lowest / capacity**2) / np.pi
    close = (error <= _TOLERANCE * lowest / capacity) & (lowest * _TOLERANCE >= 1)
    even = close & (lowest - _reach(lowest) >= least * capacity)
    found = _evenly_filled(np.broadcast_to(connections.mean, many).ravel(), capacity)
    some = np.flatnonzero(~even)
    if some.size:
        [mean], number = _hours_of((connections,), many, some)
        found[some] = _mean(expected_units(mean, capacity[some, None], least), number)
    found = found.reshape(many)
    return found + mean_time_kept(demand, kept_hours) if least == 0 < kept_hours else found


def mean_idle_units(demand: Demand, needed: Weekly, least: float) -> FloatArray:
    """Units of a minimum without a connection: E[max(least - ceil(N / capacity), 0)].

    Arguments and shape are those of ``mean_units``.
    """
    return np.maximum(mean_units(demand, needed, least) - mean_units(demand, needed), 0)


def mean_empty_units(connections: Weekly, units: FloatArray | float) -> FloatArray:
    """Units without a connection, if connections are spread over all: E[max(units - N, 0)].

    Args:
        connections: open ones, N.
        units: whole units that run all the time, of shape (..., *many) if they differ.

    Returns:
        Mean over the week, shape (..., *many).
    """
    from scipy import special

    many = np.broadcast_shapes(np.shape(units), _many(connections))
    empty = np.zeros(many)
    some = _where_few(connections, many, np.asarray(units + _reach(np.asarray(units))))
    if some.size:
        [mean], number = _hours_of((connections,), many, some)
        run = np.broadcast_to(units, many).reshape(-1, 1)[some]
        # of a Poisson variate, N P(N) = mean P(N - 1); at most -1 is never
        fewer = np.where(run >= 1, special.pdtr(np.maximum(run - 1, 0), mean), 0)
        hours = run * special.pdtr(run, mean) - mean * fewer
        empty.reshape(-1)[some] = _mean(np.maximum(hours, 0), number)
    return empty


def mean_time_kept(demand: Demand, kept_hours: float) -> FloatArray:
    """Share of the time in which nobody is connected, but somebody was in so many hours before.

    It is that in which nobody is there, less that in which nobody would be there if all stayed so
    much longer: exp(-mean) - exp(-(mean + sessions per hour x hours)).

    Args:
        demand: open connections, and sessions begun.
        kept_hours: how long the last unit still runs.

    Returns:
        Mean over the week, shape (*many,).
    """
    parts = (demand.connections, demand.sessions)
    many = np.broadcast_shapes(*map(_many, parts))
    found, some = np.zeros(many), _where_few(demand.connections, many, _ALWAYS_SOMEBODY)
    if some.size:
        (mean, begun), number = _hours_of(parts, many, some)
        kept = np.exp(-mean) * -np.expm1(-begun * kept_hours)
        found.reshape(-1)[some] = _mean(kept, number)
    return found


def _lowest(quantity: Weekly) -> FloatArray:
    """What no hour is below; the lowest hour itself if there is one course."""
    lowest = (scale * course.trough for scale, course in quantity.terms)
    return np.asarray(sum(lowest, start=np.zeros(())))


def _where_few(connections: Weekly, many: tuple[int, ...], most: FloatArray | float) -> IntArray:
    """Scenarios with an hour in which no more than so many connections are open."""
    return np.flatnonzero(np.broadcast_to(_lowest(connections), many) <= most)


def _many(quantity: Weekly) -> tuple[int, ...]:
    """Shape of the scenarios."""
    shapes = ((np.shape(scale), course.hours.shape[:-1]) for scale, course in quantity.terms)
    return np.broadcast_shapes(*chain.from_iterable(shapes))


def _hours_of(
    quantities: tuple[Weekly, ...], many: tuple[int, ...], some: IntArray
) -> tuple[list[FloatArray], IntArray]:
    """Hours of some scenarios, shape (some, hours), and for how many of a week each stands.

    Where scenarios share the courses, an hour stands for all those that are like it.
    """
    courses = [course for quantity in quantities for _, course in quantity.terms]
    chosen, number = slice(None), np.ones(HOURS_PER_WEEK, dtype=np.intp)
    if some.size > 1 and not any(course.many for course in courses):
        table = np.stack([course.hours for course in courses])
        _, chosen, number = np.unique(table, axis=1, return_index=True, return_counts=True)

    def mine(scale: FloatArray, course: Course) -> FloatArray:
        scales = np.broadcast_to(scale, many).reshape(-1, 1)[some]
        hours = course.hours
        if course.many:
            hours = np.broadcast_to(hours, (*many, HOURS_PER_WEEK)).reshape(-1, HOURS_PER_WEEK)
            hours = hours[some]
        return scales * hours[..., chosen]

    found = [
        reduce(np.add, (mine(scale, course) for scale, course in quantity.terms))
        for quantity in quantities
    ]
    return found, number


def _mean(hours: FloatArray, number: IntArray) -> FloatArray:
    """Mean over the week of hours that stand for so many each."""
    return hours @ number.astype(np.float64) / HOURS_PER_WEEK


def _capacity(held: FloatArray, units: FloatArray) -> FloatArray:
    """Connections of a unit, where some are held and need one.

    Digits that are rounding noise would tell scenarios of one capacity apart, and are dropped.
    """
    shape = np.broadcast_shapes(np.shape(held), np.shape(units))
    capacity = np.full(shape, _NO_BOUND)
    np.divide(held, units, out=capacity, where=(held > 0) & (units > 0))
    return capacity.astype(np.float32).astype(np.float64)
