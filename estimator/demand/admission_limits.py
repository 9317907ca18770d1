"""What decides whether a client gets in? The admission limits of a deployment, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import numpy as np

from estimator.arrays import FloatArray
from estimator.errors import EstimatorError
from estimator.units import HOURS_PER_WEEK

Balancing = Literal["pooled", "round_robin", "least_connections", "random", "sticky"]
"""Which unit a new connection goes to. pooled: any that has a free slot, as if there were one;
round_robin: the next one; least_connections: the one with the fewest open; random: any, such as by
a hash of addresses and ports; sticky: always the same one for a client."""
LEAST_SHARE: Final = 0.01
"""Of a unit: messages alone never keep new connections out for ever."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoscaling:
    """How the number of units follows the open connections.

    The units wanted are open connections / (target_share x connections of a unit), rounded up to
    a count that exists.
    """

    target_share: float
    """Share of a unit's connections that it aims at."""
    least_units: float = 1
    most_units: float = np.inf
    counts: tuple[float, ...] = ()
    """Counts of units that exist, rising; every whole number if empty."""
    group_size: float = 1
    """Units that start and stop together, one in each zone for instance, spare ones not counted."""
    spare_units: float = 0
    """Units kept beyond those wanted."""
    every_seconds: float = 60.0
    """Time between two decisions."""
    lag_seconds: float = 60.0
    """Age of the count of connections that a decision sees."""
    start_seconds: float = 120.0
    """From a decision until its units take connections."""
    keeps_connections: bool = False
    """Whether a unit that shall stop runs on until its last connection has ended."""
    cool_down_seconds: float = 300.0
    """Units stop when fewer were wanted for so long."""
    stops_when_empty: bool = False
    """Whether the last unit stops too when nobody was connected for so long. The first client then
    starts one; the time for which it waits is not simulated, so one always lets clients in."""
    schedule: tuple[float, ...] = ()
    """Units in each of the 168 hours of the week, Monday 00:00 UTC first, spare ones included, if
    they follow a schedule that was written in advance, whatever the connections; empty if not."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConnectWork:
    """What a unit does for each new connection: its servers work on them in order.

    What the servers do for messages leaves less of them. Where the bytes that a new connection
    brings take longer to send than that work, they wait for the network of the unit.

    Raises:
        EstimatorError: an amount is out of range.
    """

    seconds: float
    """Work of one server for a new connection."""
    varies: bool = False
    """Whether that is now more, now less (exponential, with that mean)."""
    servers: int = 1
    """Of a unit, such as its cores."""
    backlog: float = np.inf
    """New connections that wait at a unit, besides those that are worked on; it refuses more."""
    refusal_share: float = 0.0
    """Part of that work which a unit does for a client that finds no slot."""
    overflow_share: float = 0.0
    """The same for one that finds the backlog full; nothing where the operating system turns it
    away before the server knows of it."""
    transfer_seconds: float = 0.0
    """For which the bytes of a new connection take all of the network of a unit."""
    busy_servers: FloatArray | None = None
    """Servers that the messages of one open connection keep busy in each hour, shape (168,)."""
    busy_networks: FloatArray | None = None
    """Networks of units that they fill, shape (168,)."""

    def __post_init__(self) -> None:
        """Refuse work that nobody could do, and what is not a number."""
        good = {
            "seconds": 0 < self.seconds < np.inf,
            "servers": self.servers >= 1,
            "backlog": self.backlog >= 0,
            "refusal_share": 0 <= self.refusal_share < np.inf,
            "overflow_share": 0 <= self.overflow_share < np.inf,
            "transfer_seconds": 0 <= self.transfer_seconds < np.inf,
            "busy_servers": _is_busy(self.busy_servers),
            "busy_networks": _is_busy(self.busy_networks),
        }
        for name, is_good in good.items():
            if not is_good:
                raise EstimatorError(f"{name} of the work for a new connection is out of range")

    @property
    def busy_by_hour(self) -> bool:
        """Whether messages leave less of a unit in some hours."""
        return self.busy_servers is not None or self.busy_networks is not None

    def server_share(self, units: float, hour: int, connections: float) -> float:
        """Part of the servers of so many units that messages leave for new connections.

        >>> busy = np.full(168, 0.001)
        >>> work = ConnectWork(seconds=0.01, servers=2, busy_servers=busy)
        >>> work.server_share(6, hour=0, connections=3000)
        0.75
        """
        return _left(self.busy_servers, units * self.servers, hour, connections)

    def network_share(self, units: float, hour: int, connections: float) -> float:
        """The same of their networks."""
        return _left(self.busy_networks, units, hour, connections)


def _is_busy(busy: FloatArray | None) -> bool:
    return busy is None or bool(
        busy.shape == (HOURS_PER_WEEK,) and np.all(np.isfinite(busy) & (busy >= 0))
    )


def _left(busy: FloatArray | None, of: float, hour: int, connections: float) -> float:
    """What is left; an operating system gives some to everybody, even where one could take all."""
    if busy is None or of <= 0:
        return 1.0
    return max(1.0 - float(busy[hour]) * connections / of, LEAST_SHARE)


@dataclass(frozen=True, slots=True)
class Stage:
    """What all new connections pass one after the other, whichever unit they come from.

    It may be a database at sign-in, the network of a balancer, its TLS handshakes.

    Raises:
        EstimatorError: a rate or a queue is out of range.
    """

    name: str
    per_second: float
    """New connections that pass."""
    queue: float = np.inf
    """Those that wait; more are refused, after the work of the unit was done."""

    def __post_init__(self) -> None:
        """Refuse a stage that nobody passes."""
        if not (self.per_second > 0 and self.queue >= 0):
            raise EstimatorError(f"{self.name}: a rate is above 0, a queue not below 0")


@dataclass(frozen=True, slots=True, kw_only=True)
class AdmissionLimits:
    """What a deployment lets in. A field that is left out limits nobody.

    >>> AdmissionLimits(connections_per_unit=1000, units=5).connections_most_now(units=5)
    5000.0
    """

    new_connections_per_second: float = np.inf
    """New connections per second, for everything together."""
    new_connections_burst: float | None = None
    """Tokens of the bucket behind that rate; one second's worth if None."""
    counted_per_connection: float = 1.0
    """What the limit behind that rate counts for each new connection, such as the topics that a
    client subscribes to."""
    new_connections_per_second_per_unit: float = np.inf
    """New connections per second that one unit can take, such as TLS handshakes of its cores."""
    connections_most: float = np.inf
    """Open connections of everything together."""
    connections_per_unit: float = np.inf
    """Open connections that a unit holds before it refuses or breaks."""
    unit_name: str = "unit"
    """What a unit is called: unit, node, instance."""
    units: float | None = None
    """Units that run all week; None without units, or if they follow the connections."""
    autoscaling: Autoscaling | None = None
    """How units follow the connections, if they do."""
    age_most_seconds: float = np.inf
    """Age at which a connection is cut."""
    connect_work: ConnectWork | None = None
    """What a unit does for each new connection; if None, they are let in at once."""
    stages: tuple[Stage, ...] = ()
    """What new connections pass after their unit, in this order."""
    balancing: Balancing = "pooled"
    """Which unit a new connection goes to."""
    slow_start_seconds: float = 0.0
    """Time in which a unit that has come gets more and more of the new connections."""
    pending_seconds: float = 0.0
    """How long a client waits for a slot before it is refused, if none is free."""
    zone_share: float | None = None
    """Part of the units that stand in the largest zone; None if nobody has told."""
    limits: Mapping[str, str] = field(default_factory=dict[str, str])
    """Id of the limit behind a field, here or of ``autoscaling``, by the name of the field, where
    there is one. The field is the limit, or a whole multiple of it: of several load balancers, or
    of the units of a gateway; a rate of new connections is that divided by what it counts for each
    of them."""
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    """Options of the deployment that these numbers rest on, such as the machine that was chosen."""

    @property
    def known(self) -> bool:
        """Whether anything is known of how fast clients are let in."""
        rates = self.new_connections_per_second, self.new_connections_per_second_per_unit
        has_rate = bool(np.isfinite(rates).any())
        return has_rate or self.connect_work is not None or bool(self.stages)

    @property
    def counts_units(self) -> bool:
        """Whether there are units whose number matters."""
        return self.units is not None or self.autoscaling is not None

    def connections_most_now(self, units: float) -> float:
        """Open connections that so many units let in."""
        return float(min(self.connections_most, units * self.connections_per_unit))

    def new_connections_per_second_now(self, units: float) -> float:
        """New connections per second that so many units let in."""
        return float(
            min(self.new_connections_per_second, units * self.new_connections_per_second_per_unit)
        )

    def connects_served_per_second(
        self, units: float, hour: int = 0, connections: float = 0.0
    ) -> float:
        """New connections per second for which so many units and all stages have time.

        Args:
            units: that run.
            hour: of the week, Monday 00:00 UTC first.
            connections: that are open and send messages.

        >>> AdmissionLimits(connect_work=ConnectWork(seconds=0.01)).connects_served_per_second(3)
        300.0
        """
        passed = min((stage.per_second for stage in self.stages), default=np.inf)
        work = self.connect_work
        if work is None:
            return passed
        served = units * work.servers / work.seconds * work.server_share(units, hour, connections)
        if work.transfer_seconds:
            sent = units / work.transfer_seconds * work.network_share(units, hour, connections)
            served = min(served, sent)
        return min(served, passed)
