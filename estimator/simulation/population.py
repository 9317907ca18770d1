"""Who comes when, and would stay until when? One by one, or in groups, with no limit in the way.

The exact engine draws clients by themselves (``Population``), the aggregate engine whole groups of
them, second by second (``Presence``). Clients who come in one interval and leave in another are a
Poisson number, and for disjoint pairs of intervals these numbers are independent (Eick, Massey and
Whitt 1993). So the plane of coming and leaving is covered by squares that grow with the time
between the two: narrow for short stays, wide for long ones. Each square is one draw, whatever the
number of clients in it; wide squares are then halved, again and again, down to seconds. The cost
depends on the length of the run alone, and any law of sessions will do, heavy tails too.

Within a square the chance of a stay is taken as even, half by half. Squares are at most a sixteenth
as wide as the stay is long, so lengths of sessions are off by less than that, unseen: the mean of
each half is that of the law. Who comes in a second is a Poisson number; where the rate jumps, its
mean is off by up to 3%, and that of all who come by up to 0.4%.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.arrays import FloatArray, IntArray
from estimator.scenario.sessions import DeterministicSession, EmpiricalSession, SessionLength
from estimator.simulation.model import Model, Stream
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR

_LAGS: Final = 16
"""A square of stays of length x is at most x / 16 wide."""
_NEGLIGIBLE: Final = 1e-12
_MOST_PAST_S: Final = 26 * 7 * 86_400.0
"""What came before that is spread evenly over the week by now."""
_MOST_ATOMS: Final = 24
_WIDEST_CELLS: Final = 64
"""The widest squares are so many to a run, or wider,"""
_WIDEST_ROWS: Final = 512
"""so that the past is not more than this many of them."""
_NARROWEST_OF_MEAN: Final = 500.0
"""The narrowest squares are a 500th of the mean session wide, and at least a second."""
_NARROWEST_MOST_S: Final = 64.0
_WEEK_S: Final = float(HOURS_PER_WEEK * SECONDS_PER_HOUR)


@dataclass(frozen=True, slots=True)
class Population:
    """Clients, shape (clients,): first those there at the start, then all others as they come."""

    came_s: FloatArray
    leave_s: FloatArray
    at_start: int
    """How many are there at the start."""


def draw_population(model: Model, rng: np.random.Generator) -> Population:
    """Draw all clients of a run.

    Those there at the start are drawn in the stationary state of arrivals that repeat week by
    week: a Poisson process of the clients who came before and are still there (Eick, Massey and
    Whitt 1993, theorem 1).
    """
    until_s = float(model.horizon_s)
    parts = [_draw_clients(stream, model.start_s, until_s, rng) for stream in model.streams]
    if len(parts) == 1:
        return Population(*parts[0])
    all_came, all_leave, at_start = zip(*parts, strict=True)
    there = sum(at_start)

    def joined(times_s: tuple[FloatArray, ...]) -> FloatArray:
        each = list(zip(times_s, at_start, strict=True))
        return np.concatenate([*(s[:at] for s, at in each), *(s[at:] for s, at in each)])

    came, leave = joined(all_came), joined(all_leave)
    order = np.argsort(came[there:], kind="stable")
    came[there:], leave[there:] = came[there:][order], leave[there:][order]
    return Population(came, leave, there)


def _draw_clients(
    stream: Stream, start_s: float, until_s: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, int]:
    came = stream.arrivals.draw(start_s, until_s, rng)
    # in place, since fresh memory costs as much as the numbers in it
    leave = stream.session.draw(came.size, rng)
    leave *= SECONDS_PER_HOUR
    leave += came
    if not stream.arrivals.periodic:
        return came, leave, 0
    before, there_until = _draw_there(stream, start_s, rng)
    return np.concatenate([before, came]), np.concatenate([there_until, leave]), before.size


def _draw_there(
    stream: Stream, start_s: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """When those came who are there at the start, and when they leave.

    Of clients who stay for x seconds, those are there who came in the last x. No more come in
    these than busiest hour x (x / hour + 1), whatever peaks the hour has: a Poisson number with
    that mean is drawn, of lengths as they are and of length-biased ones, and thinned.
    """
    rate, session = stream.arrivals, stream.session
    hours = int(np.ceil(rate.period_s / SECONDS_PER_HOUR))
    hour_s = rate.period_s / hours
    busiest = rate.means_in(start_s - rate.period_s, hour_s, hours).max()
    biased = rng.poisson(busiest / hour_s * session.mean * SECONDS_PER_HOUR)
    lengths = np.concatenate(
        [session.draw_length_biased(biased, rng), session.draw(rng.poisson(busiest), rng)]
    )
    lengths *= SECONDS_PER_HOUR
    by_now = rate.expected(np.asarray(start_s))
    coming = by_now - rate.expected(start_s - lengths)
    kept = rng.random(lengths.size) * busiest * (lengths / hour_s + 1.0) < coming
    lengths, coming = lengths[kept], coming[kept]
    came = rate.when(by_now - coming * rng.random(coming.size))
    # the last digit may not put anyone after the start, or let anyone leave before it
    came = np.clip(came, start_s - lengths, start_s)
    return came, np.maximum(came + lengths, start_s)


@dataclass(frozen=True, slots=True)
class Presence:
    """Clients by the second, whether or not they are connected."""

    at_start: int
    come: FloatArray
    """Clients who come in each second, shape (seconds,)."""
    leave: FloatArray
    """Clients whose session ends in each second, shape (seconds,)."""

    @property
    def after(self) -> FloatArray:
        """Clients there at the end of each second."""
        return self.at_start + np.cumsum(self.come - self.leave)


def draw_presence(
    streams: tuple[Stream, ...], start_s: float, seconds: int, rng: np.random.Generator
) -> Presence:
    """Draw the clients of a run, in the stationary state at its start.

    Args:
        streams: who comes; periodic ones have done so for ever.
        start_s: when the run begins.
        seconds: length of the run.
        rng: source of chance.
    """
    total = Presence(0, np.zeros(seconds), np.zeros(seconds))
    for part in _parts(streams, start_s, seconds, rng):
        total = Presence(
            total.at_start + part.at_start, total.come + part.come, total.leave + part.leave
        )
    return total


def parts_drawn(streams: tuple[Stream, ...]) -> int:
    """How often ``draw_presence`` goes through all seconds."""
    atoms = (_atoms(stream.session) for stream in streams)
    return sum(1 if lengths is None else lengths[0].size for lengths in atoms)


def _parts(
    streams: tuple[Stream, ...], start_s: float, seconds: int, rng: np.random.Generator
) -> Iterator[Presence]:
    """Those of each stream, and of each length of sessions where these are few."""
    for stream in streams:
        atoms = _atoms(stream.session)
        if atoms is None:
            yield _by_squares(stream, start_s, seconds, rng)
            continue
        for length_s, share in zip(*(each.tolist() for each in atoms), strict=True):
            yield _of_one_length(stream, length_s, share, start_s, seconds, rng)


def _atoms(session: SessionLength) -> tuple[FloatArray, FloatArray] | None:
    """The few lengths that sessions have, in seconds, and the share of each; None if many."""
    if isinstance(session, DeterministicSession):
        return np.array([session.hours * SECONDS_PER_HOUR]), np.ones(1)
    if isinstance(session, EmpiricalSession):
        lengths, which = np.unique(session.lengths_hours, return_inverse=True)
        if lengths.size <= _MOST_ATOMS:
            shares = np.bincount(which, session.shares).astype(np.float64)
            return lengths * SECONDS_PER_HOUR, shares
    return None


def _of_one_length(
    stream: Stream,
    length_s: float,
    share: float,
    start_s: float,
    seconds: int,
    rng: np.random.Generator,
) -> Presence:
    """Those who all stay equally long: they leave as they came, later."""
    whole_s, part_s = divmod(length_s, 1.0)
    past = int(whole_s) + 1
    # of those who came before the run, only who leaves in it is told apart by the second
    known = min(past, seconds + 1)

    def drawn(from_s: float, step_s: int, steps: int) -> IntArray:
        return rng.poisson(stream.arrivals.means_in(from_s, float(step_s), steps) * share)

    before = drawn(start_s - past, 1, known)
    staying = drawn(start_s - past + known, past - known, 1)
    come = drawn(start_s, 1, seconds)
    # who came at a moment of one second leaves in one of two
    leaving = np.concatenate([before, come])[: seconds + 1]
    later = rng.binomial(leaving, part_s)
    early = leaving - later
    there = int(before.sum() + staying.sum() - early[0])
    return Presence(there, come.astype(np.float64), (early[1:] + later[:-1]).astype(np.float64))


# -------------------------------------------------------------------------------------------------
# Many lengths


def _by_squares(stream: Stream, start_s: float, seconds: int, rng: np.random.Generator) -> Presence:
    """Draw level by level, the widest squares first, and halve down to seconds."""
    levels = _levels(stream, seconds)
    cells = -(-seconds // levels[0].width_s)
    there = _there_throughout(stream, start_s, cells * levels[0].width_s, levels[0], rng)
    come, leave = _Halves.none(cells), _Halves.none(cells)
    for level in levels:
        there += _draw_squares(stream, start_s, level, come, leave, rng)
        if level is levels[-1]:
            cells = come.counts.size
            come.counts += rng.poisson(_staying(stream, start_s, level.width_s, cells))
            break
        # who comes is known by the second, when they leave only by the law of sessions
        quarters = stream.arrivals.means_in(start_s, level.width_s / 4, 4 * come.counts.size)
        come, leave = come.halved(rng, quarters.reshape(-1, 2)), leave.halved(rng)
    width_s = levels[-1].width_s
    while width_s > 1:
        width_s //= 2
        means = stream.arrivals.means_in(start_s, width_s, 2 * come.counts.size)
        come = _Halves(come.counts, means.reshape(-1, 2)).halved(rng)
        leave = leave.halved(rng)
    there_s = slice(0, seconds)
    return Presence(
        there, come.counts[there_s].astype(np.float64), leave.counts[there_s].astype(np.float64)
    )


@dataclass(slots=True)
class _Halves:
    """Counts of intervals, and what is expected of their halves, which tells how to part them."""

    counts: IntArray
    """Shape (intervals,)."""
    means: FloatArray
    """Shape (intervals, 2)."""

    @classmethod
    def none(cls, cells: int) -> _Halves:
        return cls(np.zeros(cells, dtype=np.int64), np.zeros((cells, 2)))

    def halved(self, rng: np.random.Generator, quarters: FloatArray | None = None) -> _Halves:
        """Counts of intervals half as wide.

        Args:
            rng: source of chance.
            quarters: in which proportion the halves of these new intervals are expected, shape
                (2 x intervals, 2); even if None.
        """
        left = rng.binomial(self.counts, _share_of_first(self.means))
        counts = np.stack([left, self.counts - left], axis=1).ravel()
        first = 0.5 if quarters is None else _share_of_first(quarters)
        expected = self.means.ravel()
        return _Halves(counts, np.stack([expected * first, expected * (1 - first)], axis=1))


def _share_of_first(pairs: FloatArray) -> FloatArray:
    """Share of the first of two in their sum, one half where that is 0."""
    total = pairs[:, 0] + pairs[:, 1]
    share = np.divide(pairs[:, 0], total, out=np.full(total.shape, 0.5), where=total > 0)
    return np.clip(share, 0.0, 1.0)


@dataclass(frozen=True, slots=True)
class _Level:
    """Squares of one width."""

    width_s: int
    rows_before: int
    """Intervals before the run from which squares of this width are seen."""
    lags: range
    every_other: int
    """The lag that only every other interval has; -1 if there is none."""


def _levels(stream: Stream, seconds: int) -> list[_Level]:
    """Widths of squares, falling."""
    mean_s = stream.session.mean * SECONDS_PER_HOUR
    narrowest = int(np.log2(np.clip(mean_s / _NARROWEST_OF_MEAN, 1.0, _NARROWEST_MOST_S)))
    past_s = float(seconds)
    while (
        past_s < _MOST_PAST_S
        and stream.session.survival(np.array([past_s / SECONDS_PER_HOUR])) > _NEGLIGIBLE
    ):
        past_s *= 2
    past_s = min(past_s, _MOST_PAST_S)
    widest_s = max(seconds / _WIDEST_CELLS, past_s / _WIDEST_ROWS, 2**narrowest)
    widest = int(np.ceil(np.log2(widest_s)))
    found: list[_Level] = []
    for power in range(widest, narrowest - 1, -1):
        width_s = 2**power
        first = 0 if power == narrowest else _LAGS
        if power == widest:
            rows = int(np.ceil(past_s / width_s))
            found.append(_Level(width_s, rows, range(first, rows + -(-seconds // width_s)), -1))
        else:
            last = 2 * _LAGS - 1
            found.append(_Level(width_s, 2 * _LAGS, range(first, last + 1), last))
    return found


def _there_throughout(
    stream: Stream, start_s: float, span_s: int, widest: _Level, rng: np.random.Generator
) -> int:
    """Those who came before the run and stay beyond it."""
    if not stream.arrivals.periodic:
        return 0
    width_s, rows = widest.width_s, widest.rows_before
    left_s = span_s + width_s * np.arange(rows, -1, -1, dtype=np.float64)
    shares = -np.diff(_stayed(stream.session, left_s)) / width_s
    came = stream.arrivals.means_in(start_s - rows * width_s, width_s, rows)
    means = came * np.maximum(shares, 0.0)
    # those who came even earlier did so at the mean rate
    mean_s = stream.session.mean * SECONDS_PER_HOUR
    rate = float(stream.arrivals.means_in(0.0, _WEEK_S, 1)[0]) / _WEEK_S
    earlier = rate * (mean_s - float(_stayed(stream.session, left_s[:1])[0]))
    return int(rng.poisson(means.sum() + max(earlier, 0.0)))


def _draw_squares(
    stream: Stream,
    start_s: float,
    level: _Level,
    come: _Halves,
    leave: _Halves,
    rng: np.random.Generator,
) -> int:
    """Draw the squares of one width, diagonal by diagonal, and add them up.

    A square lies ``lag`` intervals after the one in which its clients come. Squares twice as wide
    cover all that lies at least ``_LAGS`` of their own widths off the diagonal.

    Returns:
        Clients who are there at the start.
    """
    width_s, before, cells = level.width_s, level.rows_before, come.counts.size
    halves = stream.arrivals.means_in(
        start_s - before * width_s, width_s / 2, 2 * (before + cells)
    ).reshape(-1, 2)
    shares = _shares(stream.session, width_s / 2, 2 * level.lags.stop)
    there = 0
    for lag in level.lags:
        # of a half interval in which they come (0, 1) to one in which they leave
        shares_of_halves = shares[[[2 * lag, 2 * lag + 1], [abs(2 * lag - 1), 2 * lag]]]
        if lag == 0:
            shares_of_halves[1, 0] = 0.0
        # only every other interval begins a wider one, and needs this diagonal
        step = 2 if lag == level.every_other else 1
        first = max(0, before - lag)
        rows = slice(first + (first - before) % step, before + cells - lag, step)
        coming = halves[rows] * shares_of_halves.sum(axis=1)
        drawn = rng.poisson(coming[:, 0] + coming[:, 1])
        columns = slice(rows.start - before + lag, cells, step)
        leave.counts[columns] += drawn
        leave.means[columns] += halves[rows] @ shares_of_halves
        known = max(0, -(-(before - rows.start) // step))
        there += int(drawn[:known].sum())
        inside = slice(rows.start + known * step - before, max(cells - lag, 0), step)
        come.counts[inside] += drawn[known:]
        come.means[inside] += coming[known:]
    return there


def _shares(session: SessionLength, width_s: float, lags: int) -> FloatArray:
    """Share of those who come in an interval that leaves so many intervals later.

    Returns:
        Shape (lags + 1,). In the same interval it is the share that leaves within it.
    """
    ends = np.arange(-1, lags + 2, dtype=np.float64)
    # integral of the survival function, which is 1 before 0
    stayed = np.where(ends < 0, ends, _stayed(session, np.abs(ends) * width_s) / width_s)
    return np.maximum(-np.diff(stayed, n=2), 0.0)


def _stayed(session: SessionLength, times_s: FloatArray) -> FloatArray:
    """Integral of the survival function from 0, in seconds."""
    hours = np.asarray(times_s) / SECONDS_PER_HOUR
    return session.integrated_survival(1, hours) * SECONDS_PER_HOUR


def _staying(stream: Stream, start_s: float, width_s: float, cells: int) -> FloatArray:
    """Mean number of those who come in each interval and stay beyond the run."""
    left_s = width_s * np.arange(cells, -1, -1, dtype=np.float64)
    shares = -np.diff(_stayed(stream.session, left_s)) / width_s
    return stream.arrivals.means_in(start_s, width_s, cells) * np.maximum(shares, 0.0)
