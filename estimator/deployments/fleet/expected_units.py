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

from collections.abc import Callable
from functools import lru_cache, partial, reduce
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
_EVEN_MEAN = 5_000.0
"""Mean from which on the last unit is filled evenly if units are small beside the deviation."""
_STEP = 0.01
"""Between interpolated units, of the root of the mean, in which curves bend alike everywhere."""
_TOLERANCE = 1e-3
"""Largest error of an hour whose last unit is filled evenly instead, as a share of its units."""
_ALWAYS_SOMEBODY = 40.0
"""Mean from which on the share of the time without a connection, exp(-mean), is nothing."""
_SCENARIOS_AT_ONCE = 128


def expected_units(
    mean_connections: FloatArray | float, capacity: FloatArray | float, least: float = 0.0
) -> FloatArray:
    """E[max(ceil(N / capacity), least)], where N connections are open, a Poisson variate.

    It is the sum over j of P(N > j capacity), taken where these are neither 0 nor 1. Where that
    would be many, the mean above 5,000 and its root above 0.7 of a capacity, the last unit is
    filled evenly, which differs by less than 1e-4 of the units.

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
    reach = _reach(mean)
    # units that are always needed, and the last one that ever is
    units = np.maximum(np.ceil((mean - reach) / capacity), least)
    last = np.floor((mean + reach) / capacity)
    even = (mean >= np.maximum(_EVEN_MEAN, capacity**2 / 2)) & (units > least)
    units = np.where(even, _evenly_filled(mean, capacity), units)
    at = np.flatnonzero((units <= last) & ~even)
    mean, capacity, full, last = mean[at], capacity[at] * (1 + _ROUNDING_NOISE), units[at], last[at]
    while at.size:
        units[at] += _share_above(np.floor(full * capacity), mean)
        full += 1
        more = full <= last
        at, mean, capacity = at[more], mean[more], capacity[more]
        full, last = full[more], last[more]
    return units.reshape(shape)


def _reach(mean: FloatArray) -> FloatArray:
    """How far from the mean there are connections."""
    return _REACH_DEVIATIONS * np.sqrt(mean) + _REACH_CONNECTIONS


def _evenly_filled(mean: FloatArray, capacity: FloatArray) -> FloatArray:
    """Units if the last one has each number of connections equally often."""
    return mean / capacity + (1 - 1 / capacity) / 2


def _share_above(count: FloatArray, mean: FloatArray) -> FloatArray:
    """P(N > count) of a Poisson variate, for whole counts.

    From a mean of 100 on it is Edgeworth's expansion, with Sheppard's correction of the variance
    for a variate of whole numbers; its error is less than 1e-5.
    """
    from scipy import special

    variance = np.maximum(mean, 1.0) - 1 / 12
    deviation = np.sqrt(variance)
    z = (count + 0.5 - mean) / deviation
    skewness, excess = mean / (variance * deviation), mean / variance**2
    z2 = z * z
    correction = skewness * (z2 - 1) / 6 + z * (
        excess * (z2 - 3) / 24 + skewness**2 * (z2 * (z2 - 10) + 15) / 72
    )
    share = special.ndtr(-z) + np.exp(-z2 / 2) / np.sqrt(2 * np.pi) * correction
    few = np.flatnonzero(mean < _EXACT_BELOW)
    share[few] = special.pdtrc(count[few], mean[few])
    return share


def mean_units(
    demand: Demand, needed: Weekly, least: float = 0.0, kept_hours: float = 0.0
) -> FloatArray:
    """Units that run on average over the week, shape (*many,), if each hour is stationary.

    A unit holds the connections of the hour divided by the units that these need. Where hours
    differ and more than 100 are connected, units are interpolated between means at which they are
    worked out, with an error of less than 2e-5; where it is less than a thousandth of an hour's
    units, the last one is filled evenly instead.

    Args:
        demand: open connections.
        needed: units that these need in each hour, not yet whole.
        least: units that run however few connections are open.
        kept_hours: how long the last unit still runs when nobody is connected any more.
    """
    found = _over_the_week(demand, needed, partial(_of_hours, least=least))
    return found + mean_time_kept(demand, kept_hours) if least == 0 < kept_hours else found


def mean_idle_units(demand: Demand, needed: Weekly, least: float) -> FloatArray:
    """Units of a minimum without a connection: E[max(least - ceil(N / capacity), 0)].

    Arguments and shape are those of ``mean_units``.
    """
    return np.maximum(mean_units(demand, needed, least) - mean_units(demand, needed), 0)


def mean_empty_units(demand: Demand, units: FloatArray | float) -> FloatArray:
    """Units without a connection, if connections are spread over all: E[max(units - N, 0)].

    Args:
        demand: open connections N.
        units: whole units that run all the time, of shape (*many,) if they differ.

    Returns:
        Mean over the week, shape (*many,).
    """
    from scipy import special

    most = np.max(units) + _reach(np.max(units))
    many = np.broadcast_shapes(np.shape(units), _many(demand.connections))
    empty, some = np.zeros(many), _where_few(demand.connections, many, float(most))
    if some.size:
        mean = _hours_of(demand.connections, many, some)
        run = np.broadcast_to(units, many).reshape(-1, 1)[some]
        # of a Poisson variate, N P(N) = mean P(N - 1); at most -1 is never
        fewer = np.where(run >= 1, special.pdtr(np.maximum(run - 1, 0), mean), 0)
        hours = run * special.pdtr(run, mean) - mean * fewer
        empty.reshape(-1)[some] = np.maximum(hours, 0).mean(axis=-1)
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
        mean, begun = (_hours_of(each, many, some) for each in parts)
        kept = np.exp(-mean) * -np.expm1(-begun * kept_hours)
        found.reshape(-1)[some] = kept.mean(axis=-1)
    return found


def _where_few(connections: Weekly, many: tuple[int, ...], most: float) -> IntArray:
    """Scenarios with an hour in which no more than so many connections are open."""
    lowest = np.zeros(())
    for scale, course in connections.terms:
        lowest = lowest + scale * course.hours.min(axis=-1)
    return np.flatnonzero(np.broadcast_to(lowest, many) <= most)


def _over_the_week(
    demand: Demand, needed: Weekly, of_hours: Callable[[FloatArray, FloatArray], FloatArray]
) -> FloatArray:
    """Mean over the week of what follows from open connections and the capacity of a unit.

    Scenarios are taken some at a time, so that what is worked out in between stays in the cache.
    """
    parts = (demand.connections, demand.connections_peak, needed)
    many = np.broadcast_shapes(*map(_many, parts))
    busiest = _capacity(demand.peak_connections, needed.peak, np.array(_NO_BOUND))
    usual = np.broadcast_to(busiest, many).reshape(-1, 1)
    found = np.empty(usual.size)
    # where all hours are alike, one of them stands for the week
    alike = np.zeros(usual.size, dtype=np.bool_)
    hour = np.empty((2, *usual.shape))
    for start in range(0, usual.size, _SCENARIOS_AT_ONCE):
        some = slice(start, start + _SCENARIOS_AT_ONCE)
        mean, held, units = (_hours_of(part, many, some) for part in parts)
        capacity = _capacity(held, units, usual[some])
        hour[:, some] = mean[:, :1], capacity[:, :1]
        alike[some] = _alike(mean) & _alike(capacity)
        other = ~alike[some]
        if other.all():
            found[some] = of_hours(mean, capacity).mean(axis=-1)
        elif other.any():
            found[some][other] = of_hours(mean[other], capacity[other]).mean(axis=-1)
    if alike.any():
        found[alike] = of_hours(*hour[:, alike])[:, 0]
    return found.reshape(many)


def _alike(hours: FloatArray) -> BoolArray:
    """Whether all hours are alike."""
    if not (hours[:, 0] == hours[:, -1]).any():
        return np.zeros(len(hours), dtype=np.bool_)
    return (hours == hours[:, :1]).all(axis=-1)


def _many(quantity: Weekly) -> tuple[int, ...]:
    """Shape of the scenarios."""
    shapes = ((np.shape(scale), course.hours.shape[:-1]) for scale, course in quantity.terms)
    return np.broadcast_shapes(*chain.from_iterable(shapes))


def _hours_of(quantity: Weekly, many: tuple[int, ...], some: slice | IntArray) -> FloatArray:
    """Hours of some scenarios, shape (some, 168)."""

    def mine(scale: FloatArray, course: Course) -> FloatArray:
        scales = np.broadcast_to(scale, many).reshape(-1, 1)[some]
        hours = course.hours
        if course.many:
            hours = np.broadcast_to(hours, (*many, HOURS_PER_WEEK)).reshape(-1, HOURS_PER_WEEK)
            hours = hours[some]
        return scales * hours

    return reduce(np.add, (mine(scale, course) for scale, course in quantity.terms))


def _capacity(held: FloatArray, units: FloatArray, otherwise: FloatArray) -> FloatArray:
    """Connections of a unit where some are held.

    Digits that are rounding noise would tell scenarios of one capacity apart, and are dropped.
    """
    shape = np.broadcast_shapes(held.shape, units.shape)
    capacity = np.array(np.broadcast_to(otherwise, shape))
    np.divide(held, units, out=capacity, where=(held > 0) & (units > 0))
    return capacity.astype(np.float32).astype(np.float64)


def _of_hours(mean: FloatArray, capacity: FloatArray, least: float) -> FloatArray:
    """Expected units of weeks, shape (some, 168), or of one hour for all, shape (some, 1)."""
    if mean.shape[-1] == 1:
        return expected_units(mean, capacity, least)
    lowest, holds = mean.min(axis=-1), capacity.max(axis=-1)
    exact = mean.max(axis=-1) < _EXACT_BELOW
    # the first harmonic of the error; the capacity is taken to be whole, which moves 1 / (2 mean)
    error = np.exp(-2 * np.pi**2 * lowest / holds**2) / np.pi
    close = (error <= _TOLERANCE * lowest / holds) & (lowest * _TOLERANCE >= 1)
    even = ~exact & close & (lowest - _reach(lowest) >= least * holds)
    ways: tuple[tuple[BoolArray, Callable[[FloatArray, FloatArray], FloatArray]], ...] = (
        (exact, partial(expected_units, least=least)),
        (even, _evenly_filled),
        (~(exact | even), partial(_interpolated, least=least)),
    )
    units = np.empty(mean.shape)
    for mine, way in ways:
        if mine.all():
            return way(mean, capacity)
        if mine.any():
            units[mine] = way(mean[mine], capacity[mine])
    return units


def _interpolated(mean: FloatArray, capacity: FloatArray, least: float) -> FloatArray:
    """Expected units, between those of means whose roots are whole steps."""
    steps = np.sqrt(mean)
    steps /= _STEP
    before = np.floor(steps)
    steps -= before
    if np.ptp(capacity) == 0:
        most = int(before.max()) + 2
        # powers of four, so that few tables serve all scenarios
        count = 1 << 2 * -(-most.bit_length() // 2)
        table = _in_steps(float(capacity.flat[0]), least, count)
        index = before.astype(np.intp)
        units = table.take(index)
        index += 1
        after = table.take(index)
    else:
        units, after = (
            expected_units(np.square(each * _STEP), capacity, least)
            for each in (before, before + 1)
        )
    after -= units
    after *= steps
    units += after
    return units


@lru_cache(maxsize=8)
def _in_steps(capacity: float, least: float, count: int) -> FloatArray:
    """Expected units at means whose roots are whole steps, from 0 on."""
    return expected_units(np.square(np.arange(count) * _STEP), capacity, least)
