"""What is simulated, in plain numbers? Who comes, what lets them in, what goes wrong.

Time is in seconds from Monday 00:00 UTC, the start of the simulated week. Before it, arrivals are
taken to have been those of a week like it, so that a run starts in the stationary state.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits, Stage
from estimator.errors import EstimatorError
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import SessionLength
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class ArrivalRate:
    """Arrivals per second as a line between knots; a knot given twice is a jump.

    Periodic rates repeat for ever, before the first knot and after the last; others are zero there.

    Raises:
        EstimatorError: the knots fall, or a rate is negative or not a finite number.

    >>> rush = ArrivalRate(np.array([0.0, 60.0]), np.array([0.0, 20.0]), periodic=False)
    >>> rush.expected(np.array([30.0, 60.0, 90.0]))
    array([150., 600., 600.])
    """

    knots_s: FloatArray
    """Seconds, not falling, shape (knots,)."""
    per_second: FloatArray
    """Arrivals per second at each knot, shape (knots,)."""
    periodic: bool
    """Whether it repeats with the period last knot - first knot."""

    def __post_init__(self) -> None:
        """Refuse knots and rates that are out of range."""
        knots, rates = self.knots_s, self.per_second
        if knots.ndim != 1 or knots.size < 2 or rates.shape != knots.shape:
            raise EstimatorError(
                "an arrival rate needs two or more knots and one rate at each, "
                f"not knots of shape {knots.shape} and rates of shape {rates.shape}"
            )
        if not np.all(np.isfinite(knots)) or np.any(np.diff(knots) < 0) or knots[0] == knots[-1]:
            raise EstimatorError(
                f"knots of an arrival rate must be finite and rise, but are {knots} s"
            )
        wrong = np.flatnonzero(~(np.isfinite(rates) & (rates >= 0)))
        if wrong.size:
            raise EstimatorError(
                "an arrival rate must be finite and not negative, "
                f"but is {rates[wrong[0]]:g} per second at {knots[wrong[0]]:g} s"
            )

    @property
    def most(self) -> float:
        """Largest rate."""
        return float(self.per_second.max())

    @property
    def period_s(self) -> float:
        """Time from the first knot to the last, after which periodic rates repeat."""
        return float(self.knots_s[-1] - self.knots_s[0])

    def expected(self, times_s: FloatArray) -> FloatArray:
        """Mean number of arrivals from time 0 to each time; negative before it."""
        return self._since_first_knot(np.asarray(times_s)) - self._since_first_knot(np.zeros(()))

    def when(self, expected: FloatArray) -> FloatArray:
        """Times by which so many arrivals are expected from time 0 on, of periodic rates.

        >>> ArrivalRate(np.array([0.0, 60.0]), np.full(2, 3.0), periodic=True).when(np.array([6.0]))
        array([2.])
        """
        at_knots = self._at_knots
        periods, rest = np.divmod(expected + self._since_first_knot(np.zeros(())), at_knots[-1])
        piece = np.searchsorted(at_knots, rest, side="right") - 1
        piece = np.minimum(piece, self.knots_s.size - 2)
        rest, rate = rest - at_knots[piece], self.per_second[piece]
        # the root of the quadratic equation without its difference of close numbers
        twice = rate + np.sqrt(np.maximum(rate**2 + 2 * self._slopes[piece] * rest, 0.0))
        into = np.divide(2 * rest, twice, out=np.zeros(rest.shape), where=twice > 0)
        into = np.minimum(into, np.diff(self.knots_s)[piece])
        return periods * self.period_s + self.knots_s[piece] + into

    def means_in(self, start_s: float, step_s: float, steps: int) -> FloatArray:
        """Mean number of arrivals in each of ``steps`` steps from ``start_s``, shape (steps,)."""
        sums = self.expected(start_s + step_s * np.arange(steps + 1, dtype=np.float64))
        # two sums of which one is the other, to the last digit, may differ by less than nothing
        return np.maximum(np.diff(sums), 0.0)

    def at(self, times_s: FloatArray) -> FloatArray:
        """Arrivals per second at each time; at a jump the value after it."""
        _, piece, into = self._locate(times_s)
        rates = np.maximum(self.per_second[piece] + self._slopes[piece] * into, 0.0)
        if self.periodic:
            return rates
        inside = (times_s >= self.knots_s[0]) & (times_s < self.knots_s[-1])
        return np.where(inside, rates, 0.0)

    def draw(self, from_s: float, until_s: float, rng: np.random.Generator) -> FloatArray:
        """Times of the arrivals of a Poisson process with that rate, rising.

        Args:
            from_s: first moment.
            until_s: end, not included.
            rng: source of chance.

        Returns:
            Seconds, shape (arrivals,).

        The number in each piece is a Poisson variate. Given it, the arrivals split the mean number
        like the sums of that many exponentials and one more, which saves sorting them; the time
        is where the rate, a line, has summed up to that share.
        """
        starts, ends, first, last = self._pieces(from_s, until_s)
        both = first + last
        counts = rng.poisson(both / 2 * (ends - starts))
        times = np.empty(counts.sum())
        filled = np.concatenate([[0], np.cumsum(counts)])
        for piece in np.flatnonzero(counts):
            sums = rng.standard_exponential(counts[piece] + 1)
            np.cumsum(sums, out=sums)
            share = np.divide(sums[:-1], sums[-1], out=times[filled[piece] : filled[piece + 1]])
            at_start = first[piece] / both[piece]
            at_end = last[piece] / both[piece]
            # in place, from share of the arrivals to share of the piece to time; the root of the
            # quadratic equation is taken without its difference of close numbers
            share /= at_start + np.sqrt(at_start**2 * (1 - share) + at_end**2 * share)
            share *= ends[piece] - starts[piece]
            share += starts[piece]
        # the last digit may not undo the order or reach the end
        np.minimum(times, np.nextafter(until_s, from_s), out=times)
        return np.maximum.accumulate(times, out=times)

    @property
    def _at_knots(self) -> FloatArray:
        """Mean number of arrivals from the first knot to each."""
        of_pieces = (self.per_second[1:] + self.per_second[:-1]) / 2 * np.diff(self.knots_s)
        return np.concatenate([[0.0], np.cumsum(of_pieces)])

    def _since_first_knot(self, times_s: FloatArray) -> FloatArray:
        """Mean number of arrivals from the first knot to each time."""
        at_knots = self._at_knots
        periods, piece, into = self._locate(times_s)
        within = (self._slopes[piece] / 2 * into + self.per_second[piece]) * into
        return periods * at_knots[-1] + at_knots[piece] + within

    @property
    def _slopes(self) -> FloatArray:
        """Change of the rate per second in each piece; 0 in a jump."""
        rise, run = np.diff(self.per_second), np.diff(self.knots_s)
        return np.divide(rise, run, out=np.zeros(rise.shape), where=run > 0)

    def _locate(self, times_s: FloatArray) -> tuple[FloatArray, npt.NDArray[np.intp], FloatArray]:
        """Whole periods before each time, the piece it falls into and the seconds into that."""
        start, end = self.knots_s[0], self.knots_s[-1]
        if self.periodic:
            periods, since = np.divmod(times_s - start, end - start)
        else:
            periods, since = np.zeros(()), np.clip(times_s, start, end) - start
        piece = np.searchsorted(self.knots_s, since + start, side="right") - 1
        piece = np.minimum(piece, self.knots_s.size - 2)
        return periods, piece, since + start - self.knots_s[piece]

    def _pieces(
        self, from_s: float, until_s: float
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Starts and ends of the pieces between two moments, and the rates there."""
        period = self.period_s
        repeats = np.zeros(1)
        if self.periodic:
            bounds = (np.array([from_s, until_s]) - self.knots_s[0]) / period
            repeats = np.arange(np.floor(bounds[0]), np.ceil(bounds[1]))
        shifts = repeats[:, None] * period
        knots = (self.knots_s[:-1] + shifts).ravel()
        starts = np.clip(knots, from_s, until_s)
        ends = np.clip((self.knots_s[1:] + shifts).ravel(), from_s, until_s)
        rates, slopes = np.tile([self.per_second[:-1], self._slopes], repeats.size)
        some = ends > starts
        first, last = (np.maximum(rates + slopes * (at - knots), 0.0) for at in (starts, ends))
        return starts[some], ends[some], first[some], last[some]


def weekly_arrivals(per_hour: FloatArray) -> ArrivalRate:
    """The rate behind the expected demand of a week: a line between the middles of its hours.

    Args:
        per_hour: arrivals per hour in each hour of the week, shape (168,), as in
            ``estimator.demand.arrivals.Arrivals``.

    Raises:
        EstimatorError: if there are not 168 of them.

    >>> weekly_arrivals(np.full(168, 7200.0)).at(np.array([0.0, 1e6]))
    array([2., 2.])
    """
    if per_hour.shape != (HOURS_PER_WEEK,):
        raise EstimatorError(
            f"a week has {HOURS_PER_WEEK} hours, but arrivals were given in shape {per_hour.shape}"
        )
    midnight = (per_hour[0] + per_hour[-1]) / 2
    knots_h = np.concatenate([[0.0], np.arange(HOURS_PER_WEEK) + 0.5, [HOURS_PER_WEEK]])
    rates = np.concatenate([[midnight], per_hour, [midnight]]) / SECONDS_PER_HOUR
    return ArrivalRate(knots_h * SECONDS_PER_HOUR, rates, periodic=True)


@dataclass(frozen=True, slots=True)
class Stream:
    """Clients that come for the same reason and stay by the same law."""

    arrivals: ArrivalRate
    session: SessionLength


Span = tuple[float, float]
"""Units from one share of all to another, in their order."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A share of the connections that are open at a moment is lost.

    Each is lost at a time drawn evenly from ``over_s`` seconds.
    """

    at_s: float
    share: float
    over_s: float = 0.0
    notice_s: float = 0.0
    """A client notices at a time drawn evenly from so many seconds; then it tries again."""
    away_s: float = 0.0
    """A client cannot try again before so many seconds have passed."""
    fault: int = 0
    """Which of the declared faults this belongs to."""
    span: Span | None = None
    """The units whose connections they are, where each has its own; if None, any."""


@dataclass(frozen=True, slots=True)
class Throttle:
    """A limit that lets in less for a while."""

    from_s: float
    until_s: float
    units_share: float = 1.0
    """Share of the units that is left."""
    new_connections_per_second: float = np.inf
    """New connections per second, besides what the admission limits allow."""
    refused_share: float = 0.0
    """Part of all attempts that is refused whatever the limits."""
    span: Span | None = None
    """The units that are lost, where each has its own connections; if None, the last ones."""
    stage: Stage | None = None
    """What new connections pass too."""


@dataclass(frozen=True, slots=True)
class Model:
    """Everything a run needs to know besides its seed."""

    streams: tuple[Stream, ...]
    reconnect: Reconnect
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    cuts: tuple[Cut, ...] = ()
    """By time."""
    throttles: tuple[Throttle, ...] = ()
    horizon_s: int = HOURS_PER_WEEK * SECONDS_PER_HOUR
    warm_up_s: int = 0
    """Simulated before the week and thrown away, where limits bind from the start on."""
    faults: tuple[str, ...] = ()
    """The declared faults in words, in the order of ``Cut.fault``."""

    @property
    def start_s(self) -> float:
        """When the run begins; negative with a warm-up."""
        return -float(self.warm_up_s)
