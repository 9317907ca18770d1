"""How does a client come back? Its waits after a connection is lost or refused."""

from __future__ import annotations

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.scenario import model
from estimator.units import HOURS_PER_DAY, SECONDS_PER_HOUR

UpToADay = Annotated[model.Seconds, model.Within(HOURS_PER_DAY * SECONDS_PER_HOUR)]
GROWTH: Final = 3.0
"""A decorrelated wait reaches up to so many times the one before."""


class Reconnect(model.Model):
    """How a client comes back.

    After a connection is lost it waits once before its first attempt, and again after each
    attempt that is refused. The waits are those of
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, with k the refusals
    since the connection was lost.

    >>> Reconnect(backoff="equal_jitter", base="500 ms", cap="30 s").cap
    30.0
    """

    backoff: Literal["none", "exponential", "equal_jitter", "full_jitter", "decorrelated"] = (
        "full_jitter"
    )
    """none: at once; exponential: min(cap, base 2^k); equal_jitter: half of that and up to half
    more; full_jitter: anything from nothing to that; decorrelated: min(cap, anything from base to
    three times the wait before)."""
    base: model.Seconds = 1.0
    """The first wait, before it grows."""
    cap: UpToADay = 60.0
    """The longest wait, a day at most."""
    give_up_after: Annotated[int, Field(ge=1, le=1000)] | None = None
    """Refusals after which a client gives up; never if left out."""
    answer: UpToADay = 0.2
    """Until a client knows that it was refused, a day at most."""
    timeout: UpToADay = 20.0
    """A client that is not connected by then goes away and tries again later; what a server does
    for it is done all the same. Above ``answer``, a day at most. Default: that of Socket.IO
    (https://socket.io/docs/v4/client-options/#timeout)."""

    @model_validator(mode="after")
    def _cap_above_base(self) -> Self:
        if self.cap < self.base:
            raise ValueError("cap must be at least base")
        return self

    @model_validator(mode="after")
    def _waits_for_an_answer(self) -> Self:
        if self.timeout <= self.answer:
            raise ValueError(
                f"timeout must be above answer, but is {self.timeout:g} s of {self.answer:g} s: a "
                "client would go away before any answer can reach it"
            )
        return self


def wait_bounds(policy: Reconnect, grown: FloatArray | float) -> tuple[FloatArray | float, ...]:
    """Shortest and longest wait; it is anything between them, evenly.

    Args:
        policy: how clients come back.
        grown: min(cap, base 2^k), which is base before the first attempt. Of decorrelated
            waits it is the wait before, base if there was none, and the longest is that
            without cap.

    >>> wait_bounds(Reconnect(backoff="equal_jitter", base=1, cap=60), 8.0)
    (4.0, 8.0)
    """
    match policy.backoff:
        case "none":
            return 0.0 * grown, 0.0 * grown
        case "exponential":
            return grown, grown
        case "equal_jitter":
            return grown / 2, grown
        case "full_jitter":
            return 0.0 * grown, grown
        case "decorrelated":
            return policy.base + 0.0 * grown, GROWTH * grown
