"""How much does one connection carry? Its mean, and its busiest second."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import reduce

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, total
from estimator.units import SECONDS_PER_HOUR


def per_connection(demand: Demand, quantity_of: Callable[[Demand], Weekly]) -> FloatArray:
    """Mean of an hourly quantity for one open connection, per hour; 0 if none is open.

    Of several kinds of clients the one with most of it counts, and where messages multiply in some
    hours, the hour with most of it.

    Args:
        demand: of all clients.
        quantity_of: what is counted of the demand of one kind of clients.
    """

    def of_kind(kind: Demand) -> FloatArray:
        connections, amount = kind.connections, quantity_of(kind)
        if not kind.rates_vary:
            return _each(amount.mean, connections.mean)
        return _each(amount.hourly, connections.hourly).max(axis=-1)

    return reduce(np.maximum, map(of_kind, demand.kinds))


def _each(amount: FloatArray, connections: FloatArray) -> FloatArray:
    amounts, several = np.broadcast_arrays(amount, connections)
    return np.divide(amounts, several, out=np.zeros(several.shape), where=several > 0)


def busiest_second_of_connection(demand: Demand, streams: Iterable[MessageStream]) -> FloatArray:
    """Messages per second of one connection while its flows run, shape (*many,).

    What others send comes to it on average, since not all of them are active together; if it is
    synchronized, all of it comes at one moment. Of several kinds of clients the busiest counts.
    """
    of_kinds = {name: list[MessageStream]() for name in demand.by_kind or ("",)}
    for stream in streams:
        of_kinds[stream.clients].append(stream)
    each = zip(demand.kinds, of_kinds.values(), strict=True)
    return reduce(np.maximum, (_busiest_second_of(kind, its) for kind, its in each))


def _busiest_second_of(demand: Demand, streams: Sequence[MessageStream]) -> FloatArray:
    running = total(
        s.per_hour if s.kind == "passed_on" else s.per_hour.times(1 / np.asarray(s.active_share))
        for s in streams
    )
    mean = per_connection(demand, lambda _: running) / SECONDS_PER_HOUR
    at_once = (s.at_once for s in streams if s.kind == "passed_on" and s.synchronized)
    return reduce(np.maximum, at_once, mean)
