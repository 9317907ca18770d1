"""What do the clients do? The week, the sizes of messages, and what they become on the wire."""

from __future__ import annotations

from typing import Final

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from estimator.demand.demand import Demand
from estimator.demand.traffic import Carried, traffic_breakdown
from estimator.format import bytes_text, figure_text, precise_percent
from estimator.render.charts import style
from estimator.scenario.sizes import PayloadLaw
from estimator.shown import Look
from estimator.units import HOURS_PER_DAY, HOURS_PER_WEEK, week_time_text

LAYERS: Final = {
    "payload": ("payload", "#0072B2"),
    "websocket": ("WebSocket", "#56B4E9"),
    "tls": ("TLS", "#E69F00"),
    "tcp_ip": ("TCP/IP", "#999999"),
}
"""Fields of ``WireLayers`` with their names for people and colors of Okabe and Ito."""
_CURVES: Final = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")
_DASHES: Final = ("-", "--", ":", "-.")
_SHARES: Final = np.linspace(0.0, 1.0, 401)
"""The axis of sizes ends at the last but one on either side: the last may be a megabyte away."""
_BAR_INCHES: Final = 0.34
_ROOM_FOR_NUMBERS: Final = 1.15
_ROOM_ON_A_PHONE: Final = 1.35


def week_chart(demand: Demand, look: Look | None = None) -> style.Chart:
    """Open connections hour by hour, with their peak and mean; for a single scenario.

    Args:
        demand: what the clients do.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    hourly = np.broadcast_to(demand.connections.hourly, (HOURS_PER_WEEK,))
    most = np.broadcast_to(demand.connections_peak.hourly, (HOURS_PER_WEEK,))
    peak, mean, at = float(most.max()), float(hourly.mean()), int(np.argmax(most))
    times = f", {peak / mean:.1f} times the mean" if mean else ""
    chart = style.blank(look, 2.9, f"{figure_text(peak)} connections at the peak{times}")
    axes = chart.subplots()
    edges = np.arange(HOURS_PER_WEEK + 1) / HOURS_PER_DAY
    axes.stairs(hourly, edges, fill=True, color=look.blue, alpha=0.25)
    axes.stairs(hourly, edges, color=look.blue, linewidth=1.2, label="open, mean of the hour")
    axes.axhline(
        mean,
        color=look.ink,
        linewidth=1.2,
        linestyle=(0, (5, 2)),
        label=f"mean, {figure_text(mean)}",
    )
    level = bool(np.isclose(most.min(), peak, rtol=1e-9, atol=0))
    style.week_axis(axes, look)
    axes.set_ylim(0, peak * 1.08 or 1)
    axes.set_ylabel("open connections")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    style.dress(axes, look)
    if not level:
        style.draw_marks(
            axes, look, [style.Mark((at + 0.5) / HOURS_PER_DAY, f"peak, {week_time_text(at)} UTC")]
        )
    style.legend(chart, look)
    return chart


def sizes_chart(demand: Demand, look: Look | None = None) -> style.Chart:
    """Share of messages up to each payload, one curve for each law of sizes.

    Args:
        demand: what the clients do.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    laws = _laws(traffic_breakdown(demand))
    sizes = {name: part.quantiles(_SHARES) for name, part in laws.items()}
    means = {name: float(part.mean) for name, part in laws.items()}
    title = "No messages with a payload"
    if laws:
        least, most = min(means, key=means.__getitem__), max(means, key=means.__getitem__)
        longest = f"{bytes_text(means[most])} ({most})"
        shortest = f"{bytes_text(means[least])} ({least})"
        title = f"Mean payload: {longest}"
        if means[least] < means[most]:
            title = f"Mean payloads from {shortest} to {longest}"
    chart = style.blank(look, 3.2, title)
    axes = chart.subplots()
    for number, (name, payload) in enumerate(sizes.items()):
        axes.step(
            np.concatenate([payload[:1], payload]),
            np.concatenate([[0.0], _SHARES]),
            where="post",
            color=_CURVES[number % len(_CURVES)],
            linestyle=_DASHES[number % len(_DASHES)],
            linewidth=1.8,
            label=name,
        )
    axes.set_xscale("log")
    if sizes:
        # a single size would leave the axis without a width
        least_bytes = min(float(payload[1]) for payload in sizes.values())
        most_bytes = max(float(payload[-2]) for payload in sizes.values())
        axes.set_xlim(least_bytes / 2, most_bytes * 2)
    axes.xaxis.set_major_locator(LogLocator(numticks=6 if look.is_narrow else 9))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: bytes_text(size)))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("payload up to")
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.0f}%"))
    axes.set_ylabel("share of messages")
    style.dress(axes, look)
    style.legend(chart, look)
    return chart


def wire_chart(demand: Demand, look: Look | None = None) -> style.Chart:
    """Of what the bytes on the wire consist: each kind of traffic, stacked by layer.

    Shares of all bytes in both directions; for a single scenario.

    Args:
        demand: what the clients do.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    months = [(part, part.bytes_per_month(demand)) for part in traffic_breakdown(demand)]
    everything = sum(float(layers.total) for _, layers in months)
    rows = [(part, layers) for part, layers in months if float(layers.total) > 0]
    useful = sum(float(layers.payload) for _, layers in months)
    title = "Nothing is on the wire"
    if everything:
        title = f"{precise_percent(useful / everything)} of the bytes on the wire are payload"
    chart = style.blank(look, 1.3 + _BAR_INCHES * len(rows), title)
    axes = chart.subplots()
    positions = np.arange(len(rows), dtype=np.float64)
    reached = np.zeros(len(rows))
    for field, (name, color) in LAYERS.items():
        shares = np.array([float(getattr(layers, field)) / everything for _, layers in rows])
        axes.barh(positions, shares, left=reached, height=0.7, color=color, label=name)
        reached = reached + shares
    for position, share in zip(positions, reached, strict=True):
        axes.annotate(
            f" {_short(share)}", (share, position), va="center", color=look.ink, fontsize="small"
        )
    style.name_rows(axes, [_row_name(part) for part, _ in rows], "small")
    axes.invert_yaxis()
    room = _ROOM_ON_A_PHONE if look.is_narrow else _ROOM_FOR_NUMBERS
    axes.set_xlim(0, max(reached, default=1.0) * room)
    axes.xaxis.set_major_locator(_few_ticks(look))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g}%"))
    axes.set_xlabel("share of all bytes" if look.is_narrow else "share of all bytes on the wire")
    style.dress(axes, look)
    style.say_below_title(axes, look, ["↓ to clients, ↑ from clients"], 0)
    style.legend(chart, look)
    return chart


def _laws(parts: tuple[Carried, ...]) -> dict[str, PayloadLaw]:
    """Laws of the sizes of messages by the name of their flow, each once."""
    seen: dict[str, PayloadLaw] = {}
    for part in parts:
        if part.payload is None or part.kind == "ping" or part.payload.mean <= 0:
            continue
        name = part.name.replace("_", " ")
        if name in seen and seen[name] != part.payload:
            name += " (from clients)" if part.direction == "to_server" else " (to clients)"
        seen[name] = part.payload
    return seen


def _row_name(part: Carried) -> str:
    arrow = "↓" if part.direction == "to_client" else "↑"
    return f"{part.name.replace('_', ' ')} {arrow}"


def _short(share: float) -> str:
    percentage = 100 * share
    if percentage < 0.05:
        return "<0.05%"
    return f"{percentage:.{3 if percentage >= 10 else 2}g}%"


def _few_ticks(look: Look) -> MaxNLocator:
    return MaxNLocator(4 if look.is_narrow else 8)
