"""How much time and memory may a simulated week take? Estimated, so that too much is refused.

Time is counted in what the engines do (steps, rounds, numbers looked at), each at its usual price,
and not measured: a run takes the same decisions on every machine. Memory follows from the model.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from estimator.errors import EstimatorError

MOST_S: Final = 8.0
"""For one replication."""
MOST_BYTES: Final = 500_000_000
"""For one replication; Python, its libraries and the result take another 200 MB."""
_SMALLER: Final = (
    "take fewer, shorter or smaller disruptions, a larger base, cap or answer of reconnect, a "
    "smaller give_up_after, or a smaller audience"
)


class EffortError(EstimatorError):
    """A simulation that would take too long or too much memory."""


@dataclass(slots=True)
class Effort:
    """Seconds that a replication takes on one usual core, as estimated so far.

    >>> Effort().spend(1000)
    Traceback (most recent call last):
    estimator.simulation.effort.EffortError: a simulated week would take more than 8 s of ...
    """

    seconds: float = 0.0

    def spend(self, seconds: float) -> None:
        """Count something before it is done.

        Raises:
            EffortError: the replication would take too long.
        """
        self.seconds += seconds
        if self.seconds > MOST_S:
            raise EffortError(
                f"a simulated week would take more than {MOST_S:g} s of a processor, so much "
                f"happens in it: {_SMALLER}"
            )


def check_memory(estimate_bytes: float) -> None:
    """Refuse what does not fit.

    Raises:
        EffortError: it would take too much memory.

    >>> check_memory(1e6)
    """
    if estimate_bytes > MOST_BYTES:
        raise EffortError(
            f"a simulated week would take {estimate_bytes / 1e9:,.1f} GB of memory, and at most "
            f"{MOST_BYTES / 1e9:g} GB are allowed: {_SMALLER}"
        )
