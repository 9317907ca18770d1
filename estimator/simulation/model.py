"""What is simulated, in plain numbers: who comes, what lets them in, what goes wrong.

Time is in seconds from Monday 00:00 UTC, the start of the simulated week. Before it, arrivals are
taken to have been those of a week like it, so that a run starts in the stationary state.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import SessionLength
from estimator.simulation.arrivals import ArrivalRate
from estimator.units import HOURS_PER_WEEK, SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Stream:
    """Clients that come for the same reason and stay by the same law."""

    arrivals: ArrivalRate
    session: SessionLength


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


@dataclass(frozen=True, slots=True)
class Throttle:
    """AdmissionLimits that let in less for a while."""

    from_s: float
    until_s: float
    units_share: float = 1.0
    """Share of the units that is left."""
    new_connections_per_second: float = np.inf
    """New connections per second, besides what the doors allow anyway."""


@dataclass(frozen=True, slots=True)
class Model:
    """Everything a run needs to know besides its seed."""

    streams: tuple[Stream, ...]
    reconnect: Reconnect
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    cuts: tuple[Cut, ...] = ()
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
