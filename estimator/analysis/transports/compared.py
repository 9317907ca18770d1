"""What was compared, and what is worth its price?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from estimator.analysis.estimate.result import Estimate
from estimator.demand.added_delay import AddedDelay
from estimator.result import Refusal
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import Transport, TransportKind, WebSocket


@dataclass(frozen=True, slots=True)
class Option:
    """A transport on a deployment."""

    transport: Transport
    """How messages travel."""
    bill: Estimate
    """What that costs, in USD per month, and how it stands to its limits."""
    delay: AddedDelay
    """How much later messages come than over a connection that is never cut."""
    requests_per_month: float
    """HTTP requests; a WebSocket is one for each new connection."""
    bytes_to_clients_per_month: float
    """Everything the network carries to clients, down to the IP header."""
    empty_share: float
    """Of its polls, those that bring nothing; 0 if it does not poll."""

    @property
    def usd(self) -> float:
        """USD per month."""
        return float(self.bill.total)

    @property
    def name(self) -> str:
        """The transport and the deployment, for people."""
        return f"{self.transport.words} with {self.bill.name}"

    def is_fresh(self, within_seconds: float | None) -> bool:
        """Whether 95% of the messages come in time; always, if nobody says in what time."""
        return within_seconds is None or float(self.delay.p95_seconds) <= within_seconds

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        return {
            "transport": self.transport.model_dump(mode="json"),
            "words": self.transport.words,
            "deployment": self.bill.deployment,
            "title": self.bill.name,
            "total_usd": self.usd,
            "state": self.bill.state,
            "mean_added_delay_seconds": float(self.delay.mean_seconds),
            "p95_added_delay_seconds": float(self.delay.p95_seconds),
            "replayed_per_month": float(self.delay.replayed_per_month),
            "missed_per_month": float(self.delay.missed_per_month),
            "requests_per_month": self.requests_per_month,
            "bytes_to_clients_per_month": self.bytes_to_clients_per_month,
            "empty_share": self.empty_share,
        }


@dataclass(frozen=True, slots=True)
class NotCarried:
    """A deployment that cannot carry a transport, or has no price for it, and why."""

    transport: Transport
    refusal: Refusal
    why: str
    """The reason alone."""


@dataclass(frozen=True, slots=True)
class Cannot:
    """What a deployment cannot carry for one reason."""

    deployment: str
    """Id."""
    kinds: tuple[TransportKind, ...]
    why: str


@dataclass(frozen=True, repr=False)
class Compared:
    """Each transport on each deployment."""

    scenario: Scenario
    """What was compared; its own transport says how requests are made."""
    within_seconds: float | None
    """By when 95% of the messages must have come; None if nobody says."""
    options: tuple[Option, ...]
    """Each transport on each deployment that carries it, those within limits first, then the
    cheapest first."""
    not_carried: tuple[NotCarried, ...]
    """What cannot be, and why."""
    deployments: tuple[str, ...]
    """Ids of the deployments that were compared."""
    up_per_minute: float
    """Messages that a client sends per minute, on average."""
    down_per_minute: float
    """Messages that a client receives per minute, on average."""

    @cached_property
    def allowed(self) -> tuple[Option, ...]:
        """Those within limits whose messages come in time, the cheapest first."""
        return tuple(
            option
            for option in self.options
            if option.bill.state.is_within_limits and option.is_fresh(self.within_seconds)
        )

    @cached_property
    def best_of_each(self) -> tuple[Option, ...]:
        """The cheapest deployment within limits for each transport, the cheapest first.

        Those whose messages come late are among them.
        """
        found: dict[Transport, Option] = {}
        for option in self.options:
            if option.bill.state.is_within_limits:
                found.setdefault(option.transport, option)
        return tuple(found.values())

    @cached_property
    def cannot(self) -> tuple[Cannot, ...]:
        """What cannot be, each reason once, in the order of the deployments."""
        kinds: dict[tuple[str, str], dict[TransportKind, None]] = {}
        for each in self.not_carried:
            of_reason = kinds.setdefault((each.refusal.deployment, each.why), {})
            of_reason[each.transport.kind] = None
        found = (Cannot(name, tuple(its), why) for (name, why), its in kinds.items())
        return tuple(sorted(found, key=lambda each: self.deployments.index(each.deployment)))

    @property
    def best(self) -> Option | None:
        """The cheapest of those that are allowed; None if there is none."""
        return self.allowed[0] if self.allowed else None

    @property
    def websocket(self) -> Option | None:
        """The cheapest WebSocket within limits; None if there is none."""
        return next((o for o in self.best_of_each if isinstance(o.transport, WebSocket)), None)

    @cached_property
    def frontier(self) -> tuple[Option, ...]:
        """Of the best of each transport, those than which nothing is both cheaper and fresher.

        The cheapest comes first, the freshest last.
        """
        found: list[Option] = []
        for option in self.best_of_each:
            p95 = float(option.delay.p95_seconds)
            if not found or p95 < float(found[-1].delay.p95_seconds):
                found.append(option)
        return tuple(found)
