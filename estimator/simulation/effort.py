"""How much time and memory may a simulated week take? Estimated, so that too much is refused.

Time is counted in what the engines do (steps, rounds, numbers looked at), each at its usual price,
and not measured: a run takes the same decisions on every machine. Memory follows from the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from estimator.errors import EstimatorError

_SMALLER: Final = (
    "take fewer, shorter or smaller disruptions, a larger base, cap or answer of reconnect, a "
    "smaller give_up_after, or a smaller audience"
)


class EffortError(EstimatorError):
    """A simulation that would take too long or too much memory."""


class MemoryNeedError(EffortError):
    """A simulation that would take too much memory."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """What one replication may take."""

    seconds: float
    """Of a usual core."""
    bytes: float
    """At once; Python, its libraries and the result take another 200 MB."""
    hint: str = ""
    """How to be allowed more."""

    def check_memory(self, estimate_bytes: float) -> None:
        """Refuse what does not fit.

        Raises:
            MemoryNeedError: it would take too much memory.

        >>> USUAL.check_memory(1e6)
        """
        if estimate_bytes > self.bytes:
            raise MemoryNeedError(
                f"a simulated week would take {estimate_bytes / 1e9:,.1f} GB of memory, and at "
                f"most {self.bytes / 1e9:g} GB are allowed: {_SMALLER}{self.hint}"
            )


ASKED_FOR: Final = Bounds(seconds=600.0, bytes=8_000_000_000)
"""Where somebody names the engine, and so knows what it takes."""
USUAL: Final = Bounds(
    seconds=8.0,
    bytes=500_000_000,
    hint=f"; a week whose engine is named may take {ASKED_FOR.bytes / 1e9:g} GB and "
    f"{ASKED_FOR.seconds:g} s",
)


@dataclass(slots=True)
class Effort:
    """Seconds that a replication takes on one usual core, as estimated so far.

    >>> Effort(USUAL).spend(1000)
    Traceback (most recent call last):
    estimator.simulation.effort.EffortError: a simulated week would take more than 8 s of ...
    """

    bounds: Bounds
    seconds: float = 0.0

    def spend(self, seconds: float) -> None:
        """Count something before it is done.

        Raises:
            EffortError: the replication would take too long.
        """
        self.seconds += seconds
        if self.seconds > self.bounds.seconds:
            raise EffortError(
                f"a simulated week would take more than {self.bounds.seconds:g} s of a processor, "
                f"so much happens in it: {_SMALLER}{self.bounds.hint}"
            )
