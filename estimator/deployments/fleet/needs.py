"""What must all nodes together offer, and what more do those need that hear each other?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from estimator.arrays import FloatArray
from estimator.demand.weekly import Weekly, total
from estimator.deployments.fleet.exchange import Exchange, are_everybody, nodes_reached_by_each
from estimator.deployments.fleet.machine import CONSTRAINTS

PROCESSOR, NETWORK = CONSTRAINTS.index("processor"), CONSTRAINTS.index("network")
"""What hearing others takes."""
_NOTHING = Weekly(())


@dataclass(frozen=True, slots=True)
class Heard:
    """What a node takes to hear messages that have as many recipients, the headroom included."""

    recipients: FloatArray | float
    """Of one message, shape (*many,); without end if it goes to all nodes."""
    cores: Weekly
    mbps: Weekly


def what_is_heard(
    exchange: Exchange,
    cores_per_copy: FloatArray | float,
    cores_per_byte: FloatArray | float,
    mbps_per_byte: FloatArray | float,
) -> tuple[Heard, ...]:
    """What a node takes to hear all of an exchange, from what it takes per message and byte."""
    return tuple(
        Heard(
            flow.recipients,
            total((flow.messages.times(cores_per_copy), flow.bytes.times(cores_per_byte))),
            flow.bytes.times(mbps_per_byte),
        )
        for flow in exchange.flows
    )


@dataclass(frozen=True, slots=True)
class Needs:
    """What all nodes together must offer, the planned headroom included."""

    by_constraint: tuple[Weekly, ...]
    """In the order of ``CONSTRAINTS``."""
    publishing_mbps: Weekly = _NOTHING
    """Network with clients, and for what nodes publish."""
    heard: tuple[Heard, ...] = ()
    """What a node takes to hear others."""
    processes: int = 1
    """On each node, each of which hears for itself."""

    @property
    def grow_without_end(self) -> bool:
        """Whether the more nodes there are, the more all of them need, however many there are."""
        return any(map(are_everybody, (each.recipients for each in self.heard)))

    def with_copies(self, nodes: FloatArray) -> tuple[Weekly, Weekly]:
        """Cores and megabits per second, with what so many nodes hear and publish."""
        recipients = [each.recipients for each in self.heard]
        hear = nodes_reached_by_each(nodes * self.processes, recipients)
        pairs = [*zip(self.heard, hear, strict=True)]
        cores = (each.cores.times(number) for each, number in pairs)
        traffic = (each.mbps.times(number) for each, number in pairs)
        return (
            total((self.by_constraint[PROCESSOR], *cores)),
            total((self.publishing_mbps, *traffic)),
        )

    def with_cores(self, cores: Weekly) -> Needs:
        """With other work of the processors."""
        needs = [*self.by_constraint]
        needs[PROCESSOR] = cores
        return replace(self, by_constraint=tuple(needs))

    def changed(
        self,
        quantity: Callable[[Weekly], Weekly],
        figures: Callable[[FloatArray | float], FloatArray | float],
    ) -> Needs:
        """With each quantity and figure changed, those of some scenarios for instance."""
        heard = (
            Heard(figures(each.recipients), quantity(each.cores), quantity(each.mbps))
            for each in self.heard
        )
        return Needs(
            tuple(map(quantity, self.by_constraint)),
            quantity(self.publishing_mbps),
            tuple(heard),
            self.processes,
        )
