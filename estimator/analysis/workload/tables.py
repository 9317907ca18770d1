"""The workload as tables: the week, the messages, their sizes, and bytes by layer.

All are of a single scenario.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from estimator.analysis.workload.transport import Outcome
from estimator.demand.demand import Demand
from estimator.demand.traffic import Carried, busiest_hour, traffic_breakdown
from estimator.units import HOURS_PER_WEEK, week_time_text

if TYPE_CHECKING:
    import pandas as pd

QUANTILES: Final = {"p05_bytes": 0.05, "p50_bytes": 0.5, "p95_bytes": 0.95, "p99_bytes": 0.99,
                    "max_bytes": 1.0}  # fmt: skip
"""Columns of ``sizes_table`` and the shares of messages they stand for."""


def week_table(demand: Demand) -> pd.DataFrame:
    """Open connections and what they do in each of the 168 hours of the week."""
    import pandas as pd

    def hours(quantity: Any) -> Any:
        return np.broadcast_to(quantity.hourly, (HOURS_PER_WEEK,))

    most = demand.peak_within_hour or demand.connections_peak
    columns: dict[str, Any] = {
        "hour_utc": [week_time_text(hour) for hour in range(HOURS_PER_WEEK)],
        "open_connections_mean": hours(demand.connections),
        "open_connections_most": hours(most),
        "new_connections": hours(demand.new_connections),
    }
    for direction in ("to_client", "to_server"):
        sent = [hours(s.per_hour) for s in demand.messages(direction)]
        columns[f"messages_{direction}"] = np.sum(sent, axis=0) if sent else 0.0
    return pd.DataFrame(columns)


def messages_table(demand: Demand) -> pd.DataFrame:
    """Each stream of messages and pings: how many, to how many, how large."""
    import pandas as pd

    hour = busiest_hour(demand)
    copies = {
        (s.name, s.direction): float(np.max(s.copies)) for s in demand.streams if np.any(s.copies)
    }
    return pd.DataFrame(
        [
            {
                "messages": part.name,
                "direction": part.direction,
                "kind": part.kind,
                "busiest_hour_utc": week_time_text(hour),
                "in_busiest_hour": _at(part, hour),
                "per_month": float(demand.per_month(part.times_per_hour)),
                "fan_out": copies.get((part.name, part.direction), 0.0),
                "mean_payload_bytes": float(part.each.payload),
                "mean_wire_bytes": float(part.each.total),
            }
            for part in traffic_breakdown(demand)
            if part.payload is not None
        ],
        columns=["messages", "direction", "kind", "busiest_hour_utc", "in_busiest_hour",
                 "per_month", "fan_out", "mean_payload_bytes", "mean_wire_bytes"],
    )  # fmt: skip


def sizes_table(demand: Demand) -> pd.DataFrame:
    """Quantiles of the payload of each stream that carries one, in bytes."""
    import pandas as pd

    shares = np.array(list(QUANTILES.values()))
    rows = [
        {
            "messages": part.name,
            "direction": part.direction,
            "mean_bytes": float(part.payload.mean),
            **dict(zip(QUANTILES, part.payload.quantiles(shares).tolist(), strict=True)),
        }
        for part in traffic_breakdown(demand)
        if part.payload is not None and part.payload.mean > 0
    ]
    return pd.DataFrame(rows, columns=["messages", "direction", "mean_bytes", *QUANTILES])


def wire_table(demand: Demand) -> pd.DataFrame:
    """Bytes per month of everything on the wire, by layer; the rows add up to the traffic."""
    import pandas as pd

    rows: list[dict[str, Any]] = []
    for part in traffic_breakdown(demand):
        layers = part.bytes_per_month(demand)
        rows.append(
            {
                "what": part.name,
                "direction": part.direction,
                "kind": part.kind,
                "payload_bytes": float(layers.payload),
                "websocket_bytes": float(layers.websocket),
                "tls_bytes": float(layers.tls),
                "tcp_ip_bytes": float(layers.tcp_ip),
                "total_bytes": float(layers.total),
            }
        )
    return pd.DataFrame(rows)


def outcomes_table(outcomes: Sequence[Outcome], deployments: Sequence[str]) -> pd.DataFrame:
    """Bytes per month of each variant, and what it would cost; empty where it is not modeled."""
    import pandas as pd

    return pd.DataFrame([dict(_outcome(one, deployments)) for one in outcomes])


def _outcome(one: Outcome, deployments: Sequence[str]) -> Iterator[tuple[str, Any]]:
    yield "variant", one.variant.title
    yield "to_client_bytes", one.to_client_bytes
    yield "to_server_bytes", one.to_server_bytes
    for deployment, bill in zip(deployments, one.bills, strict=True):
        yield f"{deployment} usd", None if bill is None else float(bill.total)
        yield f"{deployment} state", None if bill is None else bill.state


def _at(part: Carried, hour: int) -> float:
    return float(np.broadcast_to(part.times_per_hour.hourly, (HOURS_PER_WEEK,))[hour])
