"""Charts of the workload and of limits: what is drawn is what was worked out, and can be read."""

from __future__ import annotations

from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb

import estimator as ws
from estimator.analysis.limit_utilization import utilization, worst_first
from estimator.render.charts import limits, workload
from estimator.render.charts.style import Chart
from estimator.render.utilization_scale import level_colors
from estimator.shown import Look

PHONE = Look(width_inches=4.2)
DARK = Look(ink="#E6EAEE", paper="#12181F")
PROFILES = ["workplace-chat", "market-data", "board-collaboration"]


def demand_of(profile: Any, peak: float = 10_000) -> ws.Demand:
    return ws.expected_demand(
        ws.Scenario(profile=profile, location="virginia", peak_connections=peak)
    )


@pytest.fixture(scope="module")
def bills():
    scenario = ws.Scenario(
        profile={
            "extends": "workplace-chat",
            "at_connect": {"to_client": "300 KB", "message_bytes": "300 KB"},
        },
        location="virginia",
        peak_connections=600_000,
    )
    return ws.compare(scenario).bills


def drawn(name: str, profile: Any, bills: Any, look: Look | None) -> Chart:
    if name == "limits":
        return limits.limits_chart(bills, look)
    of = {"week": workload.week_chart, "sizes": workload.sizes_chart, "wire": workload.wire_chart}
    return of[name](demand_of(profile), look)


def texts(chart: Any) -> list[tuple[str, Any]]:
    FigureCanvasAgg(chart).draw()
    found = [*chart.texts]
    for axes in chart.axes:
        found += [axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        for axis, view in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
            low, high = sorted(view)
            for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
                if low <= tick.get_loc() <= high:
                    found.append(tick.label1)
    for legend in chart.legends:
        found += legend.get_texts()
    renderer = chart.canvas.get_renderer()
    return [
        (each.get_text(), each.get_window_extent(renderer))
        for each in found
        if each.get_visible() and each.get_text().strip()
    ]


@pytest.mark.parametrize("look", [None, PHONE], ids=["paper", "phone"])
@pytest.mark.parametrize(
    ("name", "profile"),
    [*((name, profile) for name in ("week", "sizes", "wire") for profile in PROFILES),
     ("limits", "workplace-chat")],
)  # fmt: skip
def test_no_text_covers_another_or_leaves_the_picture(name, profile, look, bills):
    chart = drawn(name, profile, bills, look)
    shown = texts(chart)
    width, height = chart.canvas.get_width_height()
    for text, box in shown:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
    for (one, first), (other, second) in combinations(shown, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        down = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert across <= 1 or down <= 3, (one, other)


def test_the_week_shows_every_hour_its_mean_and_its_peak():
    levels = [1.0] * 168
    levels[43] = 5.0
    profile = {
        "title": "One hour",
        "session": {"law": "exponential", "mean_hours": 0.01},
        "weekly_shape": {"hourly": levels, "time_zone": "UTC"},
        "flows": {},
    }
    demand = ws.expected_demand(
        ws.Scenario(profile=profile, location="virginia", mean_connections=172)
    )
    chart = workload.week_chart(demand)
    axes: Any = chart.axes[0]
    steps = axes.patches[-1].get_data().values
    # 167 hours of 1 and one of 5 have the mean 172 / 168
    np.testing.assert_allclose(steps, [168.0] * 43 + [840.0] + [168.0] * 124)
    [mean] = [line for line in axes.lines if line.get_label().startswith("mean")]
    assert mean.get_ydata()[0] == pytest.approx(172)
    [mark] = axes.texts
    assert mark.get_text() == "peak, Tue 19:00 UTC"
    assert mark.xy[0] == pytest.approx((43 + 0.5) / 24)


def test_a_week_without_a_peak_marks_none():
    axes: Any = workload.week_chart(demand_of("market-data")).axes[0]
    assert list(axes.texts) == []


def test_curves_of_sizes_are_the_laws():
    flows = {
        "posts": {
            "direction": "client_to_server",
            "rate_per_hour": 1,
            "fan_out": 3,
            "payload": {"law": "empirical", "sizes": [10, 200, 3000], "counts": [50, 45, 5]},
        },
        "ticks": {"direction": "server_to_client", "rate_per_hour": 1, "payload": 64},
    }
    profile = {
        "title": "Two flows",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "heartbeat": {"interval_seconds": 10},
        "flows": flows,
    }
    axes: Any = workload.sizes_chart(demand_of(profile)).axes[0]
    curves = {line.get_label(): line for line in axes.lines}
    # a post has one law on its way in and out; a ping without payload has none
    assert set(curves) == {"posts", "ticks"}
    sizes, shares = curves["posts"].get_data()
    for size, share in ((10, 0.5), (200, 0.95), (3000, 1.0)):
        assert shares[sizes <= size].max() == pytest.approx(share, abs=0.0026)
    assert set(curves["ticks"].get_xdata()) == {64.0}
    assert len({line.get_linestyle() for line in axes.lines}) == 2


def test_bars_of_the_wire_are_shares_by_layer_and_add_up_to_all():
    profile = {
        "title": "Ticks",
        "session": {"law": "exponential", "mean_hours": 1e3},
        "weekly_shape": "flat",
        "flows": {
            "ticks": {"direction": "server_to_client", "rate_per_hour": 3600, "payload": 124}
        },
    }
    chart = workload.wire_chart(demand_of(profile))
    axes: Any = chart.axes[0]
    assert sum(bar.get_width() for bar in axes.patches) == pytest.approx(1.0)
    rows = {label.get_text(): at for at, label in enumerate(axes.get_yticklabels())}
    layers = {
        container.get_label(): [bar.get_width() for bar in container]
        for container in axes.containers
    }
    # 124 + 2 + 22 + 52 bytes out and 52 back; handshakes are one in 3.6 million messages
    for name, part in (("payload", 124), ("WebSocket", 2), ("TLS", 22), ("TCP/IP", 52)):
        assert layers[name][rows["ticks ↓"]] == pytest.approx(part / 252, rel=1e-4)
    assert layers["TCP/IP"][rows["acknowledgements ↑"]] == pytest.approx(52 / 252, rel=1e-4)
    assert chart.get_suptitle().startswith("49% of the bytes")


@pytest.mark.parametrize("look", [Look(), DARK], ids=["light", "dark"])
def test_a_row_of_the_strip_has_the_color_of_the_closest_limit_in_each_hour(bills, look):
    chart = limits.limits_chart(bills, look)
    axes: Any = chart.axes[0]
    strip, steady = axes.collections[:2]
    FigureCanvasAgg(chart).draw()
    faces = [to_hex(each) for each in strip.to_rgba(strip.get_array()).reshape(-1, 4)]
    colors = [color.lower() for _, color in level_colors(dark=look.is_dark)]
    edges = [0.0, 0.2, 0.4, 0.6, 0.8]
    for row, bill in enumerate(worst_first(bills)):
        for hour in (0, 43, 160):
            share = utilization(bill).by_hour[hour]
            if np.isnan(share):
                assert strip.get_array().mask.reshape(-1, 168)[row, hour]
                continue
            level = 5 if share > 1 else max(i for i, edge in enumerate(edges) if share >= edge)
            assert faces[row * 168 + hour] == colors[level], (bill.deployment, hour)
    assert steady.get_array().size == len(bills)


@pytest.mark.parametrize("dark", [False, True])
def test_levels_differ_in_lightness_so_that_no_hue_is_needed(dark):
    def lightness(color: str) -> float:
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)
        ]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    found = [lightness(color) for _, color in level_colors(dark=dark)]
    for one, other in pairwise(found):
        light, dim = sorted([one, other], reverse=True)
        assert (light + 0.05) / (dim + 0.05) >= 1.25


def test_the_title_counts_what_is_beyond_and_close(bills):
    peaks = [max(float(v.share) for v in bill.verdicts) for bill in bills if bill.verdicts]
    beyond = sum(peak > 1 for peak in peaks)
    close = sum(0.8 <= peak <= 1 for peak in peaks)
    title = limits.limits_chart(bills).get_suptitle().replace("\n", " ")
    assert f"{beyond} would go beyond a limit and {close} would come close" in title
    assert beyond > 0


def test_nothing_checked_is_a_chart_that_says_so():
    assert limits.limits_chart([]).get_suptitle() == "No deployment was checked"
