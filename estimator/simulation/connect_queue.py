"""When are groups of clients connected? What the exact engine plays one by one, in their mean.

All units are one server that works as fast as all of them, and clients pass it and what comes after
it in the order in which they came. Those who come in a step are taken in equal parts. That clients
come at random within a second, and that units are filled unevenly is left out.
"""

from __future__ import annotations

import heapq
import math
from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.arrays import BoolArray, FloatArray
from estimator.simulation.admission import hour_of_week, stages_at
from estimator.simulation.model import Model

_LET_IN, _BUSY, _BY_STAGE, _GONE = range(4)
"""What becomes of an attempt, in the order of ``Decided``."""
_PARTS: Final = 8
"""Of those who come in a step."""
_MOST_SECONDS: Final = 60
"""In which those of a part are let in."""
_SHORT_S: Final = 1.0
"""Who waits no longer is connected in the second in which they came."""
_NOBODY: Final = 1e-9
_FEW_LEFT: Final = 1e-100
"""Before the part of those kept that is still there becomes too small a number."""


@dataclass(frozen=True, slots=True)
class Decided:
    """Clients whose attempts have ended, shape (groups, levels) each."""

    let_in: FloatArray
    busy: FloatArray
    """Refused, since the backlog of units is full."""
    by_stage: FloatArray
    """Refused, since the queue of what comes after them is."""
    gone: FloatArray
    """Who have lost patience."""

    @classmethod
    def of(cls, clients: FloatArray) -> Decided:
        """Those let in, refused by units, by stages, and gone, shape (4, groups, levels)."""
        return cls(*(clients[kind] for kind in (_LET_IN, _BUSY, _BY_STAGE, _GONE)))

    @property
    def refused(self) -> FloatArray:
        """All who are not connected."""
        return self.busy + self.by_stage + self.gone


@dataclass(slots=True)
class _Stage:
    """What all clients pass one after the other."""

    work_s: float
    queue: float
    free_s: float = -np.inf


_Outcome = tuple[int, float, float, float]
"""What becomes of an attempt, of how many clients, and from when until when, evenly."""


def _in_seconds(from_s: float, until_s: float) -> Iterator[tuple[int, float]]:
    """Seconds of a stretch of time, and which part of it is in each; of a long one, only some.

    >>> [*_in_seconds(1.5, 3.5)]
    [(1, 0.25), (2, 0.5), (3, 0.25)]
    """
    first, last = math.floor(from_s), math.floor(until_s)
    if first == last:
        yield first, 1.0
        return
    step = math.ceil((last - first) / _MOST_SECONDS)
    for second in range(first, last + 1, step):
        inside = min(until_s, float(second + step)) - max(from_s, float(second))
        yield second, inside / (until_s - from_s)


class ConnectQueue:
    """Clients for whom units, or what comes after them, have work to do."""

    def __init__(self, model: Model, shape: tuple[int, ...]) -> None:
        """Nobody waits.

        Args:
            model: what there is to do for new connections, and how long clients wait.
            shape: of groups of clients, (groups, levels).
        """
        self._model, self._work = model, model.admission.connect_work
        self._patience_s = model.reconnect.timeout
        self.total = np.zeros(shape)
        """Clients of whom it is not decided, shape (groups, levels)."""
        self.clients = self.connecting_s = self.worked_s = self.wasted_s = 0.0
        self._stages = [_Stage(0.0, stage.queue) for stage in stages_at(model, model.start_s)]
        self._units = _Stage(0.0, np.inf)
        self._networks = _Stage(0.0, np.inf)
        self._alone_s = self._room = 0.0
        self._later: dict[int, FloatArray] = {}
        self._seconds: list[int] = []
        self._left = np.ones(shape)
        """Of those kept, the part whose session goes on: they are thinned together."""
        self._now_s, self._running = model.start_s, 0.0

    def change(self, now_s: float, units: float) -> None:
        """So many units run from now on; the work that is left is theirs."""
        before, self._now_s, self._running = self._running, now_s, units
        for stage, as_it_is in zip(self._stages, stages_at(self._model, now_s), strict=True):
            stage.work_s, stage.queue = 1.0 / as_it_is.per_second, as_it_is.queue
        left_s = self._units.free_s - now_s
        if before > 0 and units > 0 and left_s > 0:
            self._units.free_s = now_s + left_s * before / units

    def sending(self, connections: float) -> None:
        """The messages of so many connections leave the units time for new ones."""
        work, units = self._work, self._running
        if work is None or units <= 0:
            return
        hour = hour_of_week(self._now_s)
        self._alone_s = work.seconds / work.server_share(units, hour, connections)
        self._units.work_s = self._alone_s / units / work.servers
        share = work.network_share(units, hour, connections)
        self._networks.work_s = work.transfer_seconds / share / units
        self._room = units * (work.servers + work.backlog)

    @property
    def is_empty(self) -> bool:
        """Whether nobody waits."""
        return self.clients <= _NOBODY

    def longest_wait_s(self, start_s: float, tries: FloatArray) -> FloatArray:
        """How long who comes at the end of each second would wait, were all let in, (seconds,)."""
        waits = np.zeros(tries.size)
        for stage in self._all:
            if stage.work_s > 0:
                begun_s = max(stage.free_s - start_s, 0.0)
                more = begun_s + np.cumsum(tries * stage.work_s - 1.0)
                waits += more - np.minimum(np.minimum.accumulate(more), 0.0)
        return waits

    def is_short(self, waits_s: FloatArray) -> BoolArray:
        """Whether waits are short enough for all to be let in in the second in which they come."""
        longest_s = min(_SHORT_S, self._patience_s)
        if self._units.work_s > 0:
            longest_s = min(longest_s, self._room * self._units.work_s)
        for stage in self._stages:
            if stage.work_s > 0:
                longest_s = min(longest_s, max(stage.queue, 1.0) * stage.work_s)
        return waits_s <= longest_s

    def passed(self, start_s: float, tries: FloatArray) -> FloatArray:
        """Let all in who come in some seconds; returns the work for them in each."""
        end_s = start_s + tries.size
        for stage in self._all:
            if stage.work_s > 0:
                begun_s = max(stage.free_s - start_s, 0.0)
                more = begun_s + np.cumsum(tries * stage.work_s - 1.0)
                stage.free_s = end_s + float(more[-1] - min(more.min(), 0.0))
        return tries * self._work.seconds if self._work else np.zeros(tries.size)

    @property
    def _all(self) -> tuple[_Stage, ...]:
        return (self._units, self._networks, *self._stages)

    def come(
        self,
        start_s: float,
        seconds: int,
        clients: FloatArray,
        connections: float,
        waited_s: float = 0.0,
    ) -> Decided:
        """Clients come to the units, evenly over a step.

        Args:
            start_s: when the step begins.
            seconds: of it.
            clients: shape (groups, levels).
            connections: that are open.
            waited_s: for which they have waited for a slot before.

        Returns:
            Those of whom it is decided in this step; the others are ``due`` later.
        """
        decided = np.zeros((4, *clients.shape))
        several = float(clients.sum())
        if several <= 0 or not (self._work or self._stages):
            decided[_LET_IN] = clients
            return Decided.of(decided)
        each, end_s = several / _PARTS, start_s + seconds
        shares: dict[tuple[int, int | None], float] = defaultdict(float)
        for part in range(_PARTS):
            at_s = start_s + (part + 0.5) / _PARTS * seconds
            # when it is their turn, those before them send messages too
            self.sending(connections + self.clients + (part + 0.5) * each)
            for kind, some, from_s, until_s in self._served(at_s, each, at_s - waited_s):
                for second, of_them in _in_seconds(from_s, until_s):
                    later = second if second >= end_s else None
                    shares[kind, later] += of_them * some / several
        for (kind, second), share in shares.items():
            if second is None:
                decided[kind] = clients * share
            else:
                self._keep(kind, second, clients * share)
        self.clients = float(self.total.sum())
        return Decided.of(decided)

    def _served(self, at_s: float, each: float, asked_s: float) -> Iterator[_Outcome]:
        """What becomes of clients who come at a moment, in turn.

        They flow through what they pass, so that the first of them is there before the last has
        left what comes before.

        Args:
            at_s: when they come to the units.
            each: how many.
            asked_s: when they asked for the connection.
        """
        units, work = self._units, self._work
        first_s = last_s = at_s
        taken = each
        if work is not None and units.work_s > 0:
            inside = max(units.free_s - at_s, 0.0) / units.work_s
            taken = min(each, max(self._room - inside, 0.0))
            turned_away = (each - taken) * work.overflow_share
            first_s = max(units.free_s, at_s)
            last_s = first_s + taken * units.work_s
            units.free_s = last_s + turned_away * units.work_s
            self.worked_s += (taken + turned_away) * work.seconds
            self.wasted_s += turned_away * work.seconds
        if taken < each:
            yield _BUSY, each - taken, at_s, at_s
        for stage in (self._networks, *self._stages):
            if stage.work_s <= 0 or taken <= 0:
                continue
            waiting = max(stage.free_s - first_s, 0.0) / stage.work_s
            # one that is worked on, and those who are done with while the last of them come
            done = 1.0 + (last_s - first_s) / stage.work_s
            fit = min(max(stage.queue - waiting + done, 0.0), taken)
            if fit < taken:
                yield from self._decided(_BY_STAGE, taken - fit, first_s, last_s, asked_s)
                taken = fit
            first_s = max(stage.free_s, first_s)
            last_s = max(last_s, first_s + taken * stage.work_s)
            stage.free_s = last_s
        yield from self._decided(_LET_IN, taken, first_s, last_s, asked_s)

    def _decided(
        self, kind: int, several: float, first_s: float, last_s: float, asked_s: float
    ) -> Iterator[_Outcome]:
        """Those of whom it is decided while they are patient, and those who are gone by then."""
        gone_s = asked_s + self._patience_s
        done_s, long_s = first_s + self._alone_s, last_s - first_s
        in_time = float(done_s < gone_s)
        if long_s > 0:
            in_time = min(max((gone_s - done_s) / long_s, 0.0), 1.0)
        soon, until_s = several * in_time, done_s + in_time * long_s
        if soon > 0:
            yield kind, soon, done_s, until_s
        if soon < several:
            yield _GONE, several - soon, gone_s, gone_s
        if kind == _LET_IN:
            self.connecting_s += soon * ((done_s + until_s) / 2 - asked_s)
        wasted = several - soon if kind == _LET_IN else several
        self.wasted_s += wasted * self._work.seconds if self._work else 0.0

    def _keep(self, kind: int, second: int, clients: FloatArray) -> None:
        if second not in self._later:
            self._later[second] = np.zeros((4, *clients.shape))
            heapq.heappush(self._seconds, second)
        self._later[second][kind] += clients / self._left
        self.total += clients

    def due(self, until_s: float) -> Decided:
        """Those of whom it is decided before a moment, of all who came in steps before."""
        decided = np.zeros((4, *self.total.shape))
        while self._seconds and self._seconds[0] < until_s:
            decided += self._later.pop(heapq.heappop(self._seconds)) * self._left
        self._gone(decided.sum(axis=0))
        return Decided.of(decided)

    def thin(self, shares: FloatArray) -> FloatArray:
        """Sessions end of a share of each group and level; returns how many of each group."""
        left = self.total * shares
        if not self._seconds:
            return left.sum(axis=1)
        # the work for them is done all the same
        self.wasted_s += float(left.sum()) * self._work.seconds if self._work else 0.0
        self._left = self._left * (1.0 - shares)
        if self._left.min() < _FEW_LEFT:
            for later in self._later.values():
                later *= self._left
            self._left = np.ones_like(self._left)
        self._gone(left)
        return left.sum(axis=1)

    def _gone(self, clients: FloatArray) -> None:
        """So many are not among them any more."""
        self.total = np.maximum(self.total - clients, 0.0) if self._seconds else self.total * 0.0
        self.clients = float(self.total.sum())


class Pending:
    """Clients who wait for a connection slot, those who came first first."""

    def __init__(self, model: Model, shape: tuple[int, ...]) -> None:
        """Nobody waits.

        Args:
            model: how long clients wait.
            shape: of groups of clients, (groups, levels).
        """
        self._longest_s = min(model.admission.pending_seconds, model.reconnect.timeout)
        self._groups: deque[tuple[float, FloatArray]] = deque()
        self.total = np.zeros(shape)
        """Shape (groups, levels)."""
        self.clients = 0.0

    @property
    def may_wait(self) -> bool:
        """Whether there is such a wait at all."""
        return self._longest_s > 0

    def add(self, now_s: float, clients: FloatArray) -> None:
        """More of them."""
        self._groups.append((now_s + self._longest_s, clients))
        self._change(clients)

    def expired(self, until_s: float) -> FloatArray:
        """Take out those who have waited for as long as they may by then."""
        found = np.zeros_like(self.total)
        while self._groups and self._groups[0][0] < until_s:
            found += self._groups.popleft()[1]
        self._change(-found)
        return found

    def take(self, most: float, now_s: float) -> list[tuple[float, FloatArray]]:
        """Take out so many at most, those who came first; with how long they have waited."""
        found, left = list[tuple[float, FloatArray]](), most
        while self._groups and left > 0:
            until_s, clients = self._groups.popleft()
            several = float(clients.sum())
            share = min(left / several, 1.0) if several > 0 else 1.0
            found.append((max(now_s - until_s + self._longest_s, 0.0), clients * share))
            left -= several
            if share < 1:
                self._groups.appendleft((until_s, clients * (1.0 - share)))
        for _, clients in found:
            self._change(-clients)
        return found

    def thin(self, shares: FloatArray) -> FloatArray:
        """Sessions end of a share of each group and level; returns how many of each group."""
        left = self.total * shares
        if self._groups:
            self._groups = deque((until_s, one * (1.0 - shares)) for until_s, one in self._groups)
            self._change(-left)
        return left.sum(axis=1)

    def _change(self, clients: FloatArray) -> None:
        self.total = np.maximum(self.total + clients, 0.0) if self._groups else self.total * 0.0
        self.clients = float(self.total.sum())
