"""What do nodes say to each other, so that a message reaches recipients on other nodes?

A message goes to the nodes where its recipients are. Of n nodes, k recipients that are placed at
random are on n (1 - (1 - 1/n)^k), if a server subscribes by channel; a server that subscribes to
everything gets each message on all n. Several processes on a node subscribe each for itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.weekly import ALWAYS, Weekly, from_hours, total, worked
from estimator.deployments.base import shared_once
from estimator.units import HOURS_PER_WEEK

_EVERYBODY = np.inf
"""Recipients of a message that goes to all nodes."""


def nodes_reached(nodes: FloatArray, recipients: FloatArray | float) -> FloatArray:
    """Nodes on which recipients are, if these are placed at random.

    Args:
        nodes: how many there are, shape (..., *many).
        recipients: of one message; without end if it goes to all nodes.

    >>> nodes_reached(np.array([1.0, 2.0, 100.0]), 2.0).tolist()
    [1.0, 1.5, 1.99]
    >>> nodes_reached(np.array([3.0]), np.inf).tolist()
    [3.0]
    >>> nodes_reached(np.array([1.0, 5.0]), 0.0).tolist()
    [0.0, 0.0]
    """
    [reached] = nodes_reached_by_each(nodes, [recipients])
    return reached


def nodes_reached_by_each(
    nodes: FloatArray, recipients: Sequence[FloatArray | float]
) -> list[FloatArray]:
    """The same for several messages, each with its recipients."""
    if all(map(are_everybody, recipients)):
        return [nodes] * len(recipients)
    many = np.maximum(nodes, 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        # of one node nothing is left without a recipient, and of none all: 0 x log(0)
        log_elsewhere = np.log1p(np.divide(-1.0, many))

        def reached(by: FloatArray | float) -> FloatArray:
            if are_everybody(by):
                return nodes
            nowhere = np.asarray(by * log_elsewhere)
            np.fmin(nowhere, 0.0, out=nowhere)
            np.expm1(nowhere, out=nowhere)
            np.multiply(nowhere, -many, out=nowhere)
            return np.minimum(nowhere, nodes, out=nowhere)

        return [*map(reached, recipients)]


def are_everybody(recipients: FloatArray | float) -> bool:
    """Whether messages go to all nodes, of all scenarios."""
    return np.ndim(recipients) == 0 and recipients == _EVERYBODY


@dataclass(frozen=True, slots=True)
class Flow:
    """Messages that as many recipients get, each counted once."""

    messages: Weekly
    """Per hour."""
    bytes: Weekly
    """Per hour, down to the IP header."""
    recipients: FloatArray | float
    """Of one message, shape (*many,); without end if it goes to all nodes."""


@dataclass(frozen=True, slots=True)
class Copies:
    """What goes from Redis to nodes, each copy counted."""

    messages: Weekly
    """Per hour."""
    bytes: Weekly
    """Per hour, down to the IP header."""


@dataclass(frozen=True, eq=False)
class Exchange:
    """What nodes publish so that others hear it."""

    flows: tuple[Flow, ...]
    processes: int = 1
    """On each node, each of which subscribes for itself."""

    def __bool__(self) -> bool:
        """Whether there is anything to hear."""
        return bool(self.flows)

    @property
    def _recipients(self) -> list[FloatArray | float]:
        return [flow.recipients for flow in self.flows]

    @cached_property
    def bytes_in(self) -> Weekly:
        """What nodes publish, per hour."""
        return total(flow.bytes for flow in self.flows)

    def copies(self, nodes: FloatArray) -> Copies:
        """What so many nodes hear together, shape (..., *many)."""
        reached = nodes_reached_by_each(nodes * self.processes, self._recipients)
        pairs = [*zip(self.flows, reached, strict=True)]
        return Copies(
            total(flow.messages.times(count) for flow, count in pairs),
            total(flow.bytes.times(count) for flow, count in pairs),
        )

    def copies_by_hour(self, nodes: Weekly) -> Copies:
        """What the nodes of each hour hear together, of one scenario."""
        messages, heard_bytes = np.zeros(HOURS_PER_WEEK), np.zeros(HOURS_PER_WEEK)
        by_flow = nodes_reached_by_each(nodes.hourly * self.processes, self._recipients)
        for flow, reached in zip(self.flows, by_flow, strict=True):
            messages = messages + flow.messages.hourly * reached
            heard_bytes = heard_bytes + flow.bytes.hourly * reached
        return Copies(from_hours(messages), from_hours(heard_bytes))

    def heard(self, nodes: Weekly) -> Weekly:
        """Bytes per hour that the nodes of each hour hear."""
        recipients = (Weekly.of(np.asarray(each), ALWAYS) for each in self._recipients)
        said = (flow.bytes for flow in self.flows)
        return worked(self._bytes_heard, nodes, *recipients, *said)

    def _bytes_heard(self, nodes: FloatArray, *parts: FloatArray) -> FloatArray:
        """Bytes per hour that so many nodes hear, from recipients and bytes of each flow."""
        number = len(self.flows)
        heard = np.zeros(())
        by_flow = nodes_reached_by_each(nodes * self.processes, parts[:number])
        for reached, said in zip(by_flow, parts[number:], strict=True):
            heard = heard + reached * said
        return heard

    def changed(
        self,
        quantity: Callable[[Weekly], Weekly],
        figures: Callable[[FloatArray | float], FloatArray | float],
    ) -> Exchange:
        """With each quantity and figure changed, those of some scenarios for instance."""
        flows = (
            Flow(quantity(flow.messages), quantity(flow.bytes), figures(flow.recipients))
            for flow in self.flows
        )
        return Exchange(tuple(flows), self.processes)


def exchange_of(demand: Demand, *, by_channel: bool, processes: int = 1) -> Exchange:
    """What the nodes of a demand must say to each other.

    Args:
        demand: messages that others receive.
        by_channel: whether a node hears only what somebody on it receives; all of it otherwise.
        processes: on each node, each of which subscribes for itself.
    """
    alike: dict[float, list[Flow]] = {}
    flows: list[Flow] = []
    for stream in shared_once(demand):
        recipients = np.asarray(stream.copies if by_channel else _EVERYBODY)
        # nodes pass on messages, whatever these came in
        flow = Flow(stream.per_hour, stream.as_frame.bytes_per_hour("ip"), recipients)
        if recipients.ndim == 0:
            alike.setdefault(float(recipients), []).append(flow)
        else:
            flows.append(flow)
    flows += (_together(recipients, same) for recipients, same in alike.items())
    return Exchange(tuple(flows), processes)


def _together(recipients: float, flows: Iterable[Flow]) -> Flow:
    found = [*flows]
    return Flow(
        total(flow.messages for flow in found), total(flow.bytes for flow in found), recipients
    )
