"""What decides whether a client gets in? The admission limits of a deployment, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from estimator.errors import EstimatorError


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectWork:
    """What a unit does for each new connection: its servers work on them, in order.

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
    timeout_seconds: float = np.inf
    """A client that was not let in by then goes away; the work for it is done all the same."""
    refusal_share: float = 0.0
    """Part of that work which a unit does for a client that it refuses."""

    def __post_init__(self) -> None:
        """Refuse work that nobody could do, and what is not a number."""
        good = {
            "seconds": 0 < self.seconds < np.inf,
            "servers": self.servers >= 1,
            "backlog": self.backlog >= 0,
            "timeout_seconds": self.timeout_seconds > 0,
            "refusal_share": 0 <= self.refusal_share < np.inf,
        }
        for name, is_good in good.items():
            if not is_good:
                raise EstimatorError(f"{name} of the work for a new connection is out of range")


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
    limits: Mapping[str, str] = field(default_factory=dict[str, str])
    """Id of the limit behind a field, here or of ``autoscaling``, by the name of the field, where
    there is one. The field is the limit, or a whole multiple of it: of several load balancers, or
    of the units of a gateway; a rate of new connections is that divided by what it counts for each
    of them."""
    options: Mapping[str, object] = field(default_factory=dict[str, object])
    """Options of the deployment that these numbers rest on, such as the machine that was chosen."""

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

    def connects_served_per_second(self, units: float) -> float:
        """New connections per second that the servers of so many units can make.

        >>> AdmissionLimits(connect_work=ConnectWork(seconds=0.01)).connects_served_per_second(3)
        300.0
        """
        work = self.connect_work
        return np.inf if work is None else units * work.servers / work.seconds
