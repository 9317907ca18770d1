"""What do simulated connections send? The same ``Demand`` that an expectation is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand, with_flows_between
from estimator.demand.streams import MessageStream, streams_of
from estimator.demand.weekly import Weekly, from_hours
from estimator.scenario.disruptions import Broadcast, Surge
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario
from estimator.simulation.flows import Replication
from estimator.simulation.run import Run
from estimator.simulation.theory import poisson_quantile
from estimator.units import HOURS_PER_WEEK, MINUTES_PER_HOUR, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_MINUTES_PER_WEEK: Final = HOURS_PER_WEEK * MINUTES_PER_HOUR
_BUSIEST_MINUTES: Final = 10
_SOMEBODY: Final = 0.5
"""Clients; of groups that are followed by their mean, less is nobody."""
_ROUNDING_NOISE: Final = 1e-9
"""Of the moments in a second; must not make one more."""
_NEXT_TO_NOTHING: Final = 1e-12
BUSY_SHARE: Final = 0.95
"""Of the replications: what a busy one has, but not the busiest."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which connections are of which kind of clients, where there are several.

    A simulated week knows all connections together. In each hour, as many of them are taken to be
    of a kind as expected.
    """

    profiles: Mapping[str, Profile]
    """What connections of each kind send, by its name."""
    expected: Mapping[str, Demand]
    """The expected demand of each kind."""

    @classmethod
    def of(cls, scenario: Scenario, expected: Demand) -> Kinds | None:
        """Those of a scenario; None if all its clients are of one kind."""
        return cls(scenario.profiles, expected.by_kind) if expected.by_kind else None

    def shares(self, quantity: Callable[[Demand], Weekly]) -> Iterator[FloatArray]:
        """The share of each kind in a quantity in each hour, shape (168,)."""
        each = np.array([quantity(one).hourly for one in self.expected.values()])
        whole = each.sum(axis=0)
        alike = np.full(each.shape, 1 / len(each))
        yield from np.divide(each, whole, out=alike, where=whole > 0)


def hourly_demand(
    run: Run,
    profile: Profile,
    hours_per_month: float | FloatArray,
    surges: Sequence[Surge] = (),
    kinds: Kinds | None = None,
) -> Demand:
    """The simulated week, averaged over the replications, hour by hour.

    Args:
        run: of a whole week.
        profile: what connections send.
        hours_per_month: length of the billing month.
        surges: broadcasts among them, in which more is sent.
        kinds: of which kind connections are, if there are several.
    """
    hourly = (HOURS_PER_WEEK, MINUTES_PER_HOUR)
    run = _stopped_when_empty(run)

    def by_hour(name: str) -> FloatArray:
        if name == "open_most":
            return run.stack(name).reshape(-1, *hourly).max(axis=2).mean(axis=0)
        minutes = run.stack(name).mean(axis=0).reshape(hourly)
        return minutes.sum(axis=1) if name == "new_connections" else minutes.mean(axis=1)

    more = message_factor(surges).reshape(hourly).mean(axis=1)
    return _demand(run, kinds or profile, hours_per_month, by_hour, more)


def minute_demand(
    run: Run,
    profile: Profile,
    hours_per_month: float | FloatArray,
    surges: Sequence[Surge] = (),
    kinds: Kinds | None = None,
    *,
    share: float = BUSY_SHARE,
    connects_of: Literal["second", "minute"] = "second",
) -> Demand:
    """The busy side of every minute: as 60 scenarios, one for each minute of the hours.

    So whatever is defined hour by hour, limits above all, is had for each minute of the week.

    Args:
        run: of a whole week.
        profile: what connections send.
        hours_per_month: length of the billing month.
        surges: broadcasts among them, in which more is sent.
        kinds: of which kind connections are, if there are several.
        share: quantile over the replications that is taken of each minute.
        connects_of: whether new connections, and what is sent at each of them, are those of the
            busiest second, as if all seconds of the minute were like it, or those of the minute.
            Nothing else comes in storms.

    Returns:
        A demand of shape (60,): scenario m has minute m of every hour.
    """

    def by_minute(name: str) -> FloatArray:
        per_hour = 1
        if name == "new_connections":
            per_hour = SECONDS_PER_HOUR if connects_of == "second" else MINUTES_PER_HOUR
            name = "new_connections_per_second" if connects_of == "second" else name
        return _minutes_by_hour(np.quantile(run.stack(name), share, axis=0)) * per_hour

    more = _minutes_by_hour(message_factor(surges))
    return _demand(run, kinds or profile, hours_per_month, by_minute, more)


def usual_minutes(expected: Demand, rng: np.random.Generator) -> Demand:
    """An expected demand as ``minute_demand`` would find it, if nothing but chance disturbed it.

    Args:
        expected: hour by hour.
        rng: source of chance, by which each minute has a busiest second.
    """
    per_second = of_minutes(expected.new_connections) / SECONDS_PER_HOUR
    mean = np.maximum(per_second, _NEXT_TO_NOTHING)
    # the largest of 60 independent numbers is at most k if each of them is
    share = np.maximum(rng.random(mean.size), _NEXT_TO_NOTHING) ** (1 / SECONDS_PER_MINUTE)
    busiest = poisson_quantile(mean, np.minimum(share, 1 - _NEXT_TO_NOTHING))
    times = _minutes_by_hour(np.where(per_second > 0, busiest / mean, 1.0))

    def so_busy(amount: Weekly) -> Weekly:
        return from_hours(amount.hourly * times)

    return replace(
        expected,
        new_connections=so_busy(expected.new_connections),
        streams=tuple(
            replace(stream, per_hour=so_busy(stream.per_hour))
            if stream.kind == "at_connect"
            else stream
            for stream in expected.streams
        ),
    )


def _minutes_by_hour(minutes: FloatArray) -> FloatArray:
    """Figures in the order of time as the hours of 60 scenarios, shape (60, 168)."""
    return minutes.reshape(HOURS_PER_WEEK, MINUTES_PER_HOUR).T


def of_minutes(weekly: Weekly) -> FloatArray:
    """A quantity of ``minute_demand`` in the order of time, shape (10,080,)."""
    hourly = np.broadcast_to(weekly.hourly, (MINUTES_PER_HOUR, HOURS_PER_WEEK))
    return hourly.T.ravel()


def _demand(
    run: Run,
    who: Profile | Kinds,
    hours_per_month: float | FloatArray,
    hours_of: Callable[[str], FloatArray],
    more: FloatArray,
) -> Demand:
    """The demand whose figures ``hours_of`` finds by their names in ``Replication``."""
    admission = run.model.admission
    ageing = np.isfinite(admission.age_most_seconds)
    is_open, is_open_most, is_new = map(hours_of, ("open_mean", "open_most", "new_connections"))

    def part(
        profile: Profile, open_share: FloatArray | float, new_share: FloatArray | float
    ) -> Demand:
        connections, new = from_hours(is_open * open_share), from_hours(is_new * new_share)
        return Demand(
            connections=connections,
            connections_peak=from_hours(is_open_most * open_share),
            new_connections=new,
            session=profile.session,
            streams=tuple(
                replace(stream, per_hour=from_hours(stream.per_hour.hourly * more))
                if stream.kind == "published"
                else stream
                for stream in streams_of(profile, connections, new)
            ),
            hours_per_month=hours_per_month,
            cut_hours=admission.age_most_seconds / SECONDS_PER_HOUR if ageing else None,
            application=profile.application,
        )

    if isinstance(who, Profile):
        demand = part(who, 1.0, 1.0)
    else:
        shares = (
            who.shares(lambda kind: kind.connections),
            who.shares(lambda kind: kind.new_connections),
        )
        each = zip(who.profiles.items(), *shares, strict=True)
        parts = {name: part(profile, *both) for (name, profile), *both in each}
        demand = with_flows_between(parts, who.profiles)
    return replace(
        demand,
        notes=(
            f"Simulated: mean of {len(run.replications)} weeks, seed {run.seed}, "
            f"{run.engine} engine.",
        ),
        units=from_hours(hours_of("units")) if admission.counts_units else None,
    )


def _stopped_when_empty(run: Run) -> Run:
    """The run without the unit that let clients in where it would have stopped."""
    scaling = run.model.admission.autoscaling
    if scaling is None or not scaling.stops_when_empty:
        return run
    minutes = scaling.cool_down_seconds / SECONDS_PER_MINUTE

    def units(one: Replication) -> FloatArray:
        now = np.arange(one.open_most.size)
        last = np.maximum.accumulate(np.where(one.open_most >= _SOMEBODY, now, -np.inf))
        return np.where(now - last > minutes, 0.0, one.units)

    return replace(
        run, replications=tuple(replace(one, units=units(one)) for one in run.replications)
    )


def message_factor(surges: Sequence[Surge]) -> FloatArray:
    """How many times more servers send in each minute of the week, shape (10,080,)."""
    minutes = np.arange(_MINUTES_PER_WEEK)
    factor = np.ones(_MINUTES_PER_WEEK)
    for surge in surges:
        if isinstance(surge, Broadcast):
            begins = surge.at * MINUTES_PER_HOUR
            ends = begins + surge.lasts / SECONDS_PER_MINUTE
            during = (minutes + 1 > begins) & (minutes < ends)
            factor = np.where(during, np.maximum(factor, surge.messages_factor), factor)
    return factor


def busiest_seconds(
    run: Run, profile: Profile, surges: Sequence[Surge] = (), kinds: Kinds | None = None
) -> FloatArray:
    """Most messages in a second, in and out together, of each replication.

    Every second of the ten minutes with most messages is drawn, except for what is sent at new
    connections, which are known; a message that is passed on to many is many messages at once.

    Returns:
        Shape (replications,).
    """
    seeds = np.random.SeedSequence(run.seed).spawn(2)[1].spawn(len(run.replications))
    return np.array(
        [
            busiest_second(
                minute_demand(one, profile, 1.0, surges, kinds), np.random.default_rng(seed)
            )
            for one, seed in zip(each_alone(run), seeds, strict=True)
        ]
    )


def each_alone(run: Run) -> Iterator[Run]:
    """Runs of one replication each."""
    return (replace(run, replications=(one,)) for one in run.replications)


def busiest_second(minutes: Demand, rng: np.random.Generator) -> float:
    """Most messages in a second of the ten busiest minutes.

    Messages come at random (Poisson), those of synchronized flows at regular moments, those at new
    connections as these do.

    Args:
        minutes: a demand by the minute, of which the new connections of a second are known.
        rng: source of chance.
    """
    streams = [stream for stream in minutes.streams if stream.is_message]
    at_once = [_at_once(minutes, stream) for stream in streams]
    per_second = [of_minutes(stream.per_hour) / SECONDS_PER_HOUR for stream in streams]
    if not streams:
        return 0.0
    busiest = np.argsort(np.sum(per_second, axis=0))[-_BUSIEST_MINUTES:]
    seconds = np.zeros((_BUSIEST_MINUTES, SECONDS_PER_MINUTE))
    for stream, rate, size in zip(streams, per_second, at_once, strict=True):
        moments = (rate / size)[busiest, None]
        if stream.kind == "at_connect":
            found = moments
        elif stream.synchronized:
            found = np.ceil(moments * (1 - _ROUNDING_NOISE))
        else:
            found = rng.poisson(moments, seconds.shape)
        seconds += found * size[busiest, None]
    return float(seconds.max())


def _at_once(minutes: Demand, stream: MessageStream) -> FloatArray:
    """Messages of a stream at one moment in each minute, one at least, shape (10,080,)."""
    there = np.maximum(of_minutes(minutes.clients_of(stream).connections), 1.0)
    each = np.broadcast_to(stream.at_once, (HOURS_PER_WEEK, MINUTES_PER_HOUR)).ravel()
    # no message goes to more than are there; of a synchronized flow all get theirs
    return np.maximum(there * each, 1.0) if stream.synchronized else np.clip(each, 1.0, there)
