"""What do faults and surges come to? The plain numbers of a simulation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import Stage
from estimator.errors import EstimatorError
from estimator.format import percent
from estimator.scenario.disruptions import (
    BalancerResize,
    Broadcast,
    ConnectionThrottle,
    Fault,
    FlashCrowd,
    NetworkFlap,
    Outage,
    RefusedAttempts,
    RollingDeployment,
    SlowDependency,
    Surge,
    TopOfHour,
    ZoneOutage,
)
from estimator.scenario.sessions import DeterministicSession
from estimator.simulation.model import ArrivalRate, Cut, Stream, Throttle
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_WEEK_S = HOURS_PER_WEEK * SECONDS_PER_HOUR
_SLICES = 10
UNTOLD_ZONE_SHARE: Final = 1 / 3
"""Assumption: of what is in one zone, where nobody has told: vendors publish no figure. Three are
the fewest zones in which the loss of one leaves a majority, and what fleets are placed in here
unless you say otherwise."""


def zone_question(faults: Sequence[Fault], zone_share: float | None, where: str) -> Iterator[str]:
    """What is not known of an outage of a zone, in words.

    Args:
        faults: those declared.
        zone_share: part of the units in the largest zone; None if nobody has told.
        where: a deployment; empty without one.
    """
    if zone_share is None and any(isinstance(f, ZoneOutage) and f.share is None for f in faults):
        yield (
            f"Open question: how much of {where or 'a deployment that is not named'} is in one "
            f"zone? Nobody says, so that of one of three zones is taken "
            f"({percent(UNTOLD_ZONE_SHARE)}); a zone outage with a share takes that."
        )


def with_zone_shares(faults: Sequence[Fault], zone_share: float | None) -> tuple[Fault, ...]:
    """The faults, with the share that each outage of a zone takes.

    Args:
        faults: those declared.
        zone_share: share of everything in the largest zone; one of three zones, if nobody has told.

    >>> [outage] = with_zone_shares([ZoneOutage(at="Tue 14:00")], zone_share=None)
    >>> outage.words
    'zone outage on Tue 14:00: 33.33% of connections lost'
    """
    share = UNTOLD_ZONE_SHARE if zone_share is None else zone_share
    return tuple(
        fault.in_zone_of(share) if isinstance(fault, ZoneOutage) else fault for fault in faults
    )


def cuts_and_throttles(faults: Sequence[Fault]) -> tuple[tuple[Cut, ...], tuple[Throttle, ...]]:
    """What the faults do to connections and to limits; what lies beyond the week is left out.

    Args:
        faults: those declared, at times of UTC; ``Cut.fault`` is the position of each.

    Returns:
        The cuts and the throttles, both by time.

    Raises:
        EstimatorError: an outage of a zone whose share is not known (``with_zone_shares``).

    >>> [cut], [throttle] = cuts_and_throttles([Outage(at=1, share=0.25, lasts=60)])
    >>> cut.at_s, cut.share, cut.span
    (3600.0, 0.25, (0.75, 1.0))
    >>> throttle.from_s, throttle.until_s, throttle.units_share, throttle.span
    (3600.0, 3660.0, 0.75, (0.75, 1.0))
    """
    effects = [
        effect for position, fault in enumerate(faults) for effect in _effects(fault, position)
    ]
    cuts = (each for each in effects if isinstance(each, Cut) and each.at_s < _WEEK_S)
    throttles = (each for each in effects if isinstance(each, Throttle) and each.from_s < _WEEK_S)
    return (
        tuple(sorted(cuts, key=lambda cut: cut.at_s)),
        tuple(sorted(throttles, key=lambda throttle: throttle.from_s)),
    )


def _effects(fault: Fault, position: int) -> Iterator[Cut | Throttle]:
    at_s = fault.at * SECONDS_PER_HOUR
    match fault:
        case Outage() | ZoneOutage():
            yield from _lost_units(fault, at_s, position)
        case RollingDeployment():
            yield from _batches(fault, at_s, position)
        case BalancerResize():
            yield Cut(at_s, fault.share, over_s=fault.over, fault=position)
        case NetworkFlap():
            for time in range(fault.times):
                start_s = at_s + time * (fault.every or 0.0)
                yield Cut(
                    start_s,
                    fault.share,
                    notice_s=fault.notice,
                    away_s=fault.away,
                    fault=position,
                )
        case ConnectionThrottle():
            rate = fault.new_connections_per_second
            yield Throttle(at_s, _end_s(at_s, fault.lasts), new_connections_per_second=rate)
        case SlowDependency():
            queue = np.inf if fault.queue is None else fault.queue
            stage = Stage(
                name="slow dependency", per_second=fault.new_connections_per_second, queue=queue
            )
            yield Throttle(at_s, _end_s(at_s, fault.lasts), stage=stage)
        case RefusedAttempts():
            yield Throttle(at_s, _end_s(at_s, fault.lasts), refused_share=fault.share)


def _lost_units(fault: Outage | ZoneOutage, at_s: float, position: int) -> Iterator[Cut | Throttle]:
    """The last units are lost, and come back after a while."""
    share = fault.share
    if share is None:
        raise EstimatorError(f"how much is lost? Give a share to the {fault.words}")
    span = (1.0 - share, 1.0)
    yield Cut(at_s, share, notice_s=fault.notice, fault=position, span=span)
    if fault.lasts:
        until_s = _end_s(at_s, fault.lasts)
        yield Throttle(at_s, until_s, units_share=1.0 - share, span=span)


def _batches(fault: RollingDeployment, first_s: float, position: int) -> Iterator[Cut | Throttle]:
    """Batch by batch, units in their order are drained and away."""
    share = 1 / fault.batches
    for batch in range(fault.batches):
        at_s = first_s + batch * fault.every
        span = (batch / fault.batches, (batch + 1) / fault.batches)
        yield Cut(at_s, share, over_s=fault.drain, fault=position, span=span)
        if fault.restart:
            until_s = _end_s(at_s, fault.drain + fault.restart)
            yield Throttle(at_s, until_s, units_share=1.0 - share, span=span)


def _end_s(at_s: float, lasts_s: float) -> float:
    """When it is over, at the end of the week at the latest."""
    return min(at_s + lasts_s, _WEEK_S)


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
