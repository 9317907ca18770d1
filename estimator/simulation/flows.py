"""What happened in one replication? Second by second, as both engines fill it; then by minute."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import LEAST_SHARE
from estimator.errors import EstimatorError
from estimator.simulation.model import Model
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR, SECONDS_PER_MINUTE

CountArray = FloatArray
"""Counts of events; the aggregate engine follows its groups by their mean, so in parts too."""
_NOBODY: Final = 0.5
"""Of groups that are followed by their mean, less than this is nobody."""
REFUSED: Final = (
    "refused_by_rate",
    "refused_full",
    "refused_busy",
    "refused_by_stage",
    "refused_by_fault",
    "timed_out",
)
"""How an attempt ends that does not make a connection."""
COUNTED: Final = (
    *("arrivals", "attempts", "new_connections"),
    *REFUSED,
    *("ended", "cut", "aged", "gave_up", "left_waiting"),
)
WORK: Final = ("work_s", "wasted_s")
LEVELS: Final = 200
"""Attempts that are told apart when they are counted by client."""

RECOVERY_SHARES: Final = (0.5, 0.95, 0.99, 1.0)
_CLOSE_UP_BEFORE_S: Final = 60
_CLOSE_UP_LEAST_S: Final = 300
_CLOSE_UP_MOST_S: Final = 4 * SECONDS_PER_HOUR


class SimulationError(EstimatorError):
    """A run that contradicts itself: a defect of this package, never of a scenario."""


@dataclass(slots=True)
class Flows:
    """Counts of each second, shape (seconds,); by fault, shape (faults, seconds)."""

    open_at_start: float
    waiting_at_start: float
    arrivals: CountArray
    """Clients that come."""
    attempts: CountArray
    """Attempts to connect, the first of each client and all others."""
    new_connections: CountArray
    """Attempts let in."""
    refused_by_rate: CountArray
    """Attempts refused by the limit of new connections per second."""
    refused_full: CountArray
    """Attempts refused because no connection slot was free."""
    refused_busy: CountArray
    """Attempts refused because the backlog of a unit was full."""
    refused_by_stage: CountArray
    """Attempts refused because the queue of what comes after the units was full."""
    refused_by_fault: CountArray
    """Attempts refused because a fault refuses a share of all, or torn as it took their unit."""
    timed_out: CountArray
    """Attempts whose client went away before a unit had done the work for it."""
    ended: CountArray
    """Connections closed since the session was over."""
    cut: CountArray
    """Connections lost through faults, and through units that stopped."""
    aged: CountArray
    """Connections cut at their age."""
    gave_up: CountArray
    """Clients that gave up."""
    left_waiting: CountArray
    """Clients whose session was over before they were let in."""
    lost_by_fault: CountArray
    """Connections each fault took."""
    back_by_fault: CountArray
    """Clients that came back from it, gave up, or whose session was over."""
    work_s: FloatArray
    """Seconds of work for attempts that units took on,"""
    wasted_s: FloatArray
    """and what of it was for those who were refused or went away."""
    queue_most: FloatArray
    """Clients that the unit with most of them has not done with, at the end of each second."""
    units: FloatArray
    """Units that run."""
    slots: FloatArray
    """Connection slots; infinite without such a limit."""
    attempts_needed: CountArray
    """Clients let in after so many attempts, index 0 for one attempt; the last index holds all
    that needed more; without a warm-up; shape (levels,)."""
    connection_seconds: float
    """Sum of the lengths of all connections within the run, counted connection by connection."""
    connecting_at_start: float = 0.0
    """Attempts that units have not done with."""
    connecting_seconds: float = 0.0
    """Sum of the times from attempt to connection of all who were let in."""
    effort_s: float = field(default=0.0, compare=False)
    """Seconds that the run took on a usual core, as estimated: not what happened in it."""

    @classmethod
    def empty(cls, seconds: int, faults: int, levels: int) -> Flows:
        """Nothing has happened yet."""
        counts = {name: np.zeros(seconds) for name in (*COUNTED, *WORK)}
        return cls(
            open_at_start=0.0,
            waiting_at_start=0.0,
            lost_by_fault=np.zeros((faults, seconds)),
            back_by_fault=np.zeros((faults, seconds)),
            queue_most=np.zeros(seconds),
            units=np.zeros(seconds),
            slots=np.full(seconds, np.inf),
            attempts_needed=np.zeros(levels),
            connection_seconds=0.0,
            connecting_at_start=0.0,
            connecting_seconds=0.0,
            effort_s=0.0,
            **counts,
        )

    @property
    def open_after(self) -> FloatArray:
        """Open connections at the end of each second."""
        change = self.new_connections - self.ended - self.cut - self.aged
        return self.open_at_start + np.cumsum(change)

    @property
    def waiting_after(self) -> FloatArray:
        """Clients that want to be connected and are not, at the end of each second."""
        more = self.arrivals + self.cut + self.aged
        change = more - self.new_connections - self.gave_up - self.left_waiting
        return self.waiting_at_start + np.cumsum(change)

    @property
    def connecting_after(self) -> FloatArray:
        """Attempts that are neither let in nor refused yet, at the end of each second."""
        undecided = self.attempts - self.new_connections - self.refused
        return self.connecting_at_start + np.cumsum(undecided)

    @property
    def refused(self) -> FloatArray:
        """Attempts that end without a connection, in each second."""
        return np.sum([getattr(self, name) for name in REFUSED], axis=0)

    def check(self) -> None:
        """Refuse a run that counted wrong, lost or invented clients, or breaks Little's law.

        Little's law for a stretch of time is an identity: the area below the number of open
        connections is the sum of the lengths of the connections within it. The left side comes
        from the counts of the seconds, the right side from the connections themselves; they may
        differ by what happens within a second.

        Raises:
            SimulationError: the run contradicts itself.
        """
        open_after, waiting = self.open_after, self.waiting_after
        noise = 1e-6 * (1 + float(np.max(open_after, initial=0.0)))
        connecting = self.connecting_after
        amounts = {name: getattr(self, name) for name in (*COUNTED, *WORK, "units")}
        amounts |= {"open_after": open_after, "waiting_after": waiting}
        # whether work was wasted is known later than that it was done
        amounts |= {"useful work": np.cumsum(self.work_s - self.wasted_s)}
        amounts |= {"connection_seconds": np.array(self.connection_seconds)}
        for name, amount in amounts.items():
            # what is not a number would pass every comparison
            if not np.isfinite(amount.sum()):
                raise SimulationError(f"a number of clients is not finite: {name}")
            if np.min(amount, initial=0.0) < -noise - _NOBODY:
                raise SimulationError(f"a number of clients became negative: {name}")
        waits = self.connecting_seconds > 0 or self.work_s.any() or self.timed_out.any()
        undecided = -connecting if waits else np.abs(connecting)
        if np.max(undecided, initial=0.0) > noise:
            raise SimulationError("attempts are neither let in nor refused")
        area = _area(self.open_at_start, open_after)
        events = float((self.new_connections + self.ended + self.cut + self.aged).sum())
        if abs(area - self.connection_seconds) > 0.5 * events + noise * open_after.size:
            raise SimulationError(
                f"Little's law is broken: connections add up to {self.connection_seconds:,.0f} "
                f"seconds, but the number of open ones to {area:,.0f}"
            )

    def after(self, seconds: int) -> Flows:
        """Without the first seconds, a warm-up."""
        if not seconds:
            return self
        changed = {
            name: value[..., seconds:]
            for name in self.__slots__
            if name != "attempts_needed" and isinstance(value := getattr(self, name), np.ndarray)
        }
        warming_up = self.open_after[:seconds]
        return replace(
            self,
            open_at_start=float(warming_up[-1]),
            waiting_at_start=float(self.waiting_after[seconds - 1]),
            connecting_at_start=float(self.connecting_after[seconds - 1]),
            connection_seconds=self.connection_seconds - _area(self.open_at_start, warming_up),
            **changed,
        )


def _area(before: float, after: FloatArray) -> float:
    """Area below a number that is known before and after each second."""
    return float(np.trapezoid(np.concatenate([[before], after])))


@dataclass(frozen=True, slots=True)
class CloseUp:
    """The seconds around one fault, shape (seconds,) each."""

    from_s: int
    """Second of the week in which it begins."""
    open: FloatArray
    waiting: FloatArray
    attempts: FloatArray
    new_connections: FloatArray
    refused: FloatArray
    """Attempts that end without a connection, also since their client went away."""
    connecting: FloatArray
    """Attempts for which units or what comes after them have not done the work."""
    queue_most: FloatArray
    """Of them, those at the unit with most."""
    processor: FloatArray
    """Part of the servers of all units that is busy, with messages and new connections."""
    wasted: FloatArray
    """Part of the servers that is busy with attempts which end without a connection."""


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What one fault did in one replication."""

    fault: str
    """In words."""
    at_s: float
    """Second of the week in which it took the first connection."""
    lost: float
    """Connections it took."""
    recovery_s: tuple[float, ...]
    """Started seconds after the last connection was taken until 50, 95, 99, and 100% of the
    clients were back, had given up, or would have left; infinite if that was not before the end."""
    close_up: CloseUp


@dataclass(frozen=True, slots=True)
class Replication:
    """One replication; arrays of shape (minutes,)."""

    open_mean: FloatArray
    """Open connections averaged over each minute."""
    open_most: FloatArray
    """Most open connections at the end of a second."""
    waiting: FloatArray
    """Clients that want to be connected and are not, averaged over each minute."""
    arrivals: FloatArray
    attempts: FloatArray
    new_connections: FloatArray
    refused_by_rate: FloatArray
    refused_full: FloatArray
    refused_busy: FloatArray
    refused_by_stage: FloatArray
    refused_by_fault: FloatArray
    timed_out: FloatArray
    """Attempts whose client went away before it was served."""
    work_s: FloatArray
    """Seconds of work for attempts,"""
    wasted_s: FloatArray
    """and what of it was for those that made no connection."""
    connecting: FloatArray
    """Most attempts that were not done with at the end of a second."""
    processor: FloatArray
    """Busiest second, as a part of the servers of all units; 0 if they are not known."""
    retries: FloatArray
    """Attempts after a refusal, a loss or a cut: all but the first of each client."""
    cut: FloatArray
    """Connections lost through faults and units that stopped."""
    aged: FloatArray
    """Connections cut at their age."""
    gave_up: FloatArray
    left_waiting: FloatArray
    """Clients whose session was over before they were let in."""
    units: FloatArray
    slots: FloatArray
    """Connection slots, the least in each minute."""
    slots_used: FloatArray
    """Most of them that were taken at the end of a second, as a share; 0 where slots are unlimited,
    or none."""
    attempts_per_second: FloatArray
    """Most attempts in a second."""
    new_connections_per_second: FloatArray
    """Most attempts let in within a second."""
    attempts_needed: FloatArray
    """Clients let in after 1, 2, ... attempts, shape (levels,)."""
    aftermaths: tuple[Aftermath, ...]
    """Of the faults that took a connection."""
    effort_s: float
    """Seconds that it took on a usual core, as estimated."""

    @property
    def nbytes(self) -> int:
        """Bytes that it holds."""
        kept = [self, *(each.close_up for each in self.aftermaths)]
        values = (getattr(each, name) for each in kept for name in each.__slots__)
        return sum(value.nbytes for value in values if isinstance(value, np.ndarray))


def by_minute(flows: Flows, model: Model) -> Replication:
    """Sum a replication up by the minute; a part of a minute at its end is left out."""
    open_after, waiting_after = flows.open_after, flows.waiting_after
    used = np.divide(open_after, flows.slots, out=np.zeros_like(open_after), where=flows.slots > 0)
    processor = processor_share(flows, model, open_after)

    def of_minutes(values: FloatArray) -> FloatArray:
        # less than nobody, as far as the check lets it pass, is nobody
        values = np.maximum(values, 0.0)
        minutes = values.size // SECONDS_PER_MINUTE
        return values[: minutes * SECONDS_PER_MINUTE].reshape(minutes, SECONDS_PER_MINUTE)

    def sums(values: FloatArray) -> FloatArray:
        return of_minutes(values).sum(axis=1)

    counted = [name for name in COUNTED if name != "ended"]
    return Replication(
        open_mean=of_minutes(open_after).mean(axis=1),
        open_most=of_minutes(open_after).max(axis=1),
        waiting=of_minutes(waiting_after).mean(axis=1),
        retries=sums(flows.attempts - flows.arrivals),
        connecting=of_minutes(flows.connecting_after).max(axis=1),
        processor=of_minutes(processor).max(axis=1),
        **{name: sums(getattr(flows, name)) for name in (*counted, *WORK)},
        units=of_minutes(flows.units).mean(axis=1),
        slots=of_minutes(flows.slots).min(axis=1),
        slots_used=of_minutes(used).max(axis=1),
        attempts_per_second=of_minutes(flows.attempts).max(axis=1),
        new_connections_per_second=of_minutes(flows.new_connections).max(axis=1),
        attempts_needed=flows.attempts_needed,
        aftermaths=tuple(
            _aftermath(flows, (open_after, waiting_after, processor), number, words)
            for number, words in enumerate(model.faults)
            if flows.lost_by_fault[number].any()
        ),
        effort_s=flows.effort_s,
    )


def processor_share(flows: Flows, model: Model, open_after: FloatArray) -> FloatArray:
    """Part of the servers of all units that is busy in each second; 0 if they are not known.

    Work is done when its turn comes, and not when it is taken on: what one second has no time for
    is left to the next.
    """
    work = model.admission.connect_work
    if work is None:
        return np.zeros_like(flows.units)
    servers = flows.units * work.servers
    busy = np.zeros_like(servers)
    if work.busy_servers is not None:
        hours = np.arange(servers.size) // SECONDS_PER_HOUR % HOURS_PER_WEEK
        busy = np.minimum(work.busy_servers[hours] * open_after, servers)
    more = np.cumsum(flows.work_s - np.maximum(servers - busy, LEAST_SHARE * servers))
    left = more - np.minimum(np.minimum.accumulate(more), 0.0)
    done = flows.work_s - np.diff(left, prepend=0.0)
    used = np.minimum(busy + done, servers)
    return np.divide(used, servers, out=np.zeros_like(servers), where=servers > 0)


def _aftermath(
    flows: Flows, levels: tuple[FloatArray, FloatArray, FloatArray], number: int, words: str
) -> Aftermath:
    """What a fault did.

    Args:
        flows: of one replication.
        levels: open connections, waiting clients and busy servers after each second.
        number: of the fault.
        words: that say what it is.
    """
    open_after, waiting_after, processor = levels
    lost, back = flows.lost_by_fault[number], flows.back_by_fault[number]
    seconds = np.flatnonzero(lost)
    first, last = int(seconds[0]), int(seconds[-1])
    total = float(lost.sum())
    away = np.cumsum(lost - back)[last:]
    recovery_s = tuple(
        _first_at_most(away, max((1 - share) * total, _NOBODY)) for share in RECOVERY_SHARES
    )
    wanted_s = np.nan_to_num(recovery_s[-1] * 1.25, posinf=_CLOSE_UP_MOST_S)
    until = last + int(np.clip(wanted_s, _CLOSE_UP_LEAST_S, _CLOSE_UP_MOST_S))
    near = slice(max(first - _CLOSE_UP_BEFORE_S, 0), until)
    wasted = np.divide(
        np.minimum(flows.wasted_s, flows.work_s) * processor,
        flows.work_s,
        out=np.zeros_like(processor),
        where=flows.work_s > 0,
    )
    series = (
        *(open_after, waiting_after, flows.attempts, flows.new_connections, flows.refused),
        *(flows.connecting_after, flows.queue_most, processor, wasted),
    )
    close_up = CloseUp(near.start, *(each[near] for each in series))
    return Aftermath(words, float(first), total, recovery_s, close_up)


def _first_at_most(values: FloatArray, level: float) -> float:
    """Seconds until values are at most a level, and infinity if they never are.

    Values are those at the end of each second, so that the first one is one second old.
    """
    below = values <= level
    return float(np.argmax(below)) + 1.0 if below.any() else np.inf
