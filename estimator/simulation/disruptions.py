"""What do faults and surges come to? The plain numbers of a simulation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from estimator.arrays import FloatArray
from estimator.scenario.disruptions import (
    BalancerResize,
    Broadcast,
    ConnectionThrottle,
    Fault,
    FlashCrowd,
    NetworkFlap,
    Outage,
    RollingDeployment,
    Surge,
    TopOfHour,
)
from estimator.scenario.sessions import DeterministicSession
from estimator.simulation.model import ArrivalRate, Cut, Stream, Throttle
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_WEEK_S = HOURS_PER_WEEK * SECONDS_PER_HOUR
_SLICES = 10


def cuts_and_throttles(faults: Sequence[Fault]) -> tuple[tuple[Cut, ...], tuple[Throttle, ...]]:
    """What the faults do to connections and to limits; what lies beyond the week is left out.

    Args:
        faults: those declared, at times of UTC; ``Cut.fault`` is the position of each.

    Returns:
        The cuts and the throttles, both by time.

    >>> from estimator.scenario.disruptions import Outage
    >>> cuts, throttles = cuts_and_throttles([Outage(at=1, share=0.25, lasts=60)])
    >>> cuts
    (Cut(at_s=3600.0, share=0.25, over_s=0.0, notice_s=0.0, away_s=0.0, fault=0),)
    >>> throttles
    (Throttle(from_s=3600.0, until_s=3660.0, units_share=0.75, new_connections_per_second=inf),)
    """
    effects = [
        effect for position, fault in enumerate(faults) for effect in _effects(fault, position)
    ]
    cuts = (each for each in effects if isinstance(each, Cut) and each.at_s < _WEEK_S)
    throttles = (each for each in effects if isinstance(each, Throttle))
    return (
        tuple(sorted(cuts, key=lambda cut: cut.at_s)),
        tuple(sorted(throttles, key=lambda throttle: throttle.from_s)),
    )


def _effects(fault: Fault, position: int) -> Iterator[Cut | Throttle]:
    at_s = fault.at * SECONDS_PER_HOUR
    match fault:
        case Outage():
            yield Cut(at_s, fault.share, notice_s=fault.notice, fault=position)
            if fault.lasts:
                until_s = min(at_s + fault.lasts, _WEEK_S)
                yield Throttle(at_s, until_s, units_share=1.0 - fault.share)
        case RollingDeployment():
            for batch in range(fault.batches):
                start_s = at_s + batch * fault.every
                yield Cut(start_s, 1 / fault.batches, over_s=fault.drain, fault=position)
        case BalancerResize():
            yield Cut(at_s, fault.share, over_s=fault.over, fault=position)
        case NetworkFlap():
            for time in range(fault.times):
                start_s = at_s + time * (fault.every or 0.0)
                yield Cut(start_s, fault.share, away_s=fault.away, fault=position)
        case ConnectionThrottle():
            until_s, rate = min(at_s + fault.lasts, _WEEK_S), fault.new_connections_per_second
            yield Throttle(at_s, until_s, new_connections_per_second=rate)


def surge_streams(
    surges: Sequence[Surge], streams: tuple[Stream, ...], minutes_past_hour: float = 0.0
) -> tuple[Stream, ...]:
    """The streams of a usual week, reshaped and joined by the surges.

    Args:
        surges: those declared, at times of UTC.
        streams: who comes anyway, with periods of whole hours; a flash crowd stays as long as the
            first of them.
        minutes_past_hour: when an hour begins where the clients are, after a full hour of UTC.

    A flash crowd is one more stream. A broadcast is ten: a session length cannot say that clients
    who came at different times leave together, so those of each tenth of ``gather`` stay until the
    end on average, and all leave within a tenth of ``gather`` before or after it. A top of the hour
    reshapes every periodic stream.
    """
    usual: tuple[Stream, ...] = streams
    added: list[Stream] = []
    for surge in surges:
        match surge:
            case TopOfHour():
                usual = tuple(
                    Stream(_with_peaks(stream.arrivals, surge, minutes_past_hour), stream.session)
                    if stream.arrivals.periodic
                    else stream
                    for stream in usual
                )
            case FlashCrowd():
                begins_s, most = surge.at * SECONDS_PER_HOUR, 2 * surge.clients / surge.over
                knots_s, rates = np.array([begins_s, begins_s + surge.over]), np.array([most, 0.0])
                rush = ArrivalRate(knots_s, rates, periodic=False)
                added.append(Stream(rush, streams[0].session))
            case Broadcast():
                added += _broadcast(surge)
    return (*usual, *added)


def _broadcast(surge: Broadcast) -> Iterator[Stream]:
    at_s = surge.at * SECONDS_PER_HOUR
    edges = np.linspace(0.0, 1.0, _SLICES + 1)
    for start, end in pairwise(edges):
        # the center of gravity of a slice of a rising line
        mean_arrival = 2 / 3 * (end**3 - start**3) / (end**2 - start**2)
        stay_s = surge.lasts + surge.gather * (1 - mean_arrival)
        slice_edges = np.array([start, end])
        knots_s = at_s - surge.gather * (1 - slice_edges)
        rates = 2 * surge.clients / surge.gather * slice_edges
        session = DeterministicSession(hours=stay_s / SECONDS_PER_HOUR)
        yield Stream(ArrivalRate(knots_s, rates, periodic=False), session)


def _with_peaks(rate: ArrivalRate, surge: TopOfHour, minutes_past_hour: float) -> ArrivalRate:
    """The same arrivals in each hour (or half hour), a share of them right after it has begun."""
    begins_s = minutes_past_hour * SECONDS_PER_MINUTE
    peaked = _with_peaks_from_0(replace(rate, knots_s=rate.knots_s - begins_s), surge)
    return replace(peaked, knots_s=peaked.knots_s + begins_s)


def _with_peaks_from_0(rate: ArrivalRate, surge: TopOfHour) -> ArrivalRate:
    """The same, of hours that begin at time 0."""
    first, period_s = rate.knots_s[0], rate.period_s
    begins = np.arange(0.0, period_s, surge.every_seconds)
    changes = [np.mod(rate.knots_s, period_s), begins, begins + surge.within, [period_s]]
    knots = np.unique(np.concatenate(changes))
    starts, lengths = knots[:-1], np.diff(knots)

    def at(part: float) -> FloatArray:
        times = first + np.mod(starts + part * lengths - first, period_s)
        return np.interp(times, rate.knots_s, rate.per_second)

    # two points inside of a piece give its line, whichever side a jump at its end belongs to
    early, late = at(0.25), at(0.75)
    per_second = np.stack([1.5 * early - 0.5 * late, 1.5 * late - 0.5 * early])
    hour = np.searchsorted(begins, starts, "right") - 1
    arrivals = np.bincount(hour, (early + late) / 2 * lengths, begins.size)
    peak = surge.share * arrivals[hour] / surge.within
    peaks = np.where(starts < begins[hour] + surge.within, peak, 0)
    peaked = np.maximum((1 - surge.share) * per_second + peaks, 0.0)
    knots_s = np.stack([starts, knots[1:]])
    return ArrivalRate(knots_s.T.ravel(), peaked.T.ravel(), periodic=True)
