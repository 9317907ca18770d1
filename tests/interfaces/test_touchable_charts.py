"""Charts that one can touch show the figures of the pictures, and choose what is below them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, cast

import altair as alt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

import estimator as ws
from estimator.dashboard.charts.costs import cost_chart as bars
from estimator.dashboard.charts.dress import Touchable, marks_px, named_rules
from estimator.dashboard.charts.lines import break_even_chart, growth_chart
from estimator.dashboard.charts.storm import storm_chart
from estimator.dashboard.charts.transports import transports_chart
from estimator.render.charts.cost import cost_chart as picture
from estimator.render.charts.rows import cost_rows, transport_rows
from estimator.render.charts.style import Mark
from estimator.shown import Look
from interfaces.shown_page import run, shown_page

LOOKS = {"wide": Look(), "phone": Look(width_inches=4.2), "dark": Look("#E6EAEE", "#12181F")}
CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
RIVALS = ["aws.api_gateway", "aws.alb_ec2", "gcp.cloud_run"]
HUGE = CHAT.replace(peak_connections=3_000_000)


@pytest.fixture(scope="module")
def compared() -> ws.Comparison:
    return ws.compare(CHAT)


def rows_with(chart: Touchable, column: str) -> pd.DataFrame:
    """The data of a chart that have a column; the largest, if several have it."""
    data = (layer["data"]["values"] for layer in layers(chart.spec) if "data" in layer)
    found = [pd.DataFrame(rows) for rows in data]
    return max((each for each in found if column in each), key=len)


def layers(spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """All layers of a chart, and those inside them."""
    for layer in spec.get("layer", ()):
        yield layer
        yield from layers(layer)


def color_scale(spec: dict[str, Any]) -> dict[str, str]:
    """What each color of a chart stands for."""
    colors = (layer.get("encoding", {}).get("color", {}) for layer in layers(spec))
    scale = next(each["scale"] for each in colors if "scale" in each)
    return dict(zip(scale["domain"], scale["range"], strict=True))


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_bars_have_the_lengths_and_colors_of_the_picture(compared, look):
    chart = bars(compared.bills, look)
    [axes] = picture(compared.bills, "", look).axes
    drawn = {
        (round(cast(Rectangle, bar).get_width(), 6), to_hex(bar.get_facecolor()).upper())
        for bar in axes.patches
        if cast(Rectangle, bar).get_width()
    }
    colors = color_scale(chart.spec)
    rows = rows_with(chart, "driver")
    pairs = zip(rows["usd"], rows["driver"], strict=True)
    assert {(round(usd, 6), colors[driver].upper()) for usd, driver in pairs} == drawn
    assert len(rows) == len(cost_rows(compared.bills))


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_dots_stand_where_those_of_the_picture_stand(compared, look):
    rows = rows_with(bars(compared.bills, look, logarithmic=True), "driver")
    [axes] = picture(compared.bills, "", look, logarithmic=True).axes
    dots = [x for each in axes.collections for x, _ in np.asarray(each.get_offsets()) if x]
    assert sorted(rows["at"]) == pytest.approx(sorted(dots))
    assert axes.get_xscale() == "log"


def test_charts_are_what_vega_lite_takes(compared):
    specs = [
        *(bars(compared.bills, look).spec for look in LOOKS.values()),
        bars(compared.bills, Look(), logarithmic=True).spec,
        break_even_chart(
            ws.break_even(CHAT, "peak_connections", 1_000, 50_000, RIVALS), Look()
        ).spec,
        growth_chart(ws.growth(CHAT, 12, monthly_growth_percent=8), Look()).spec,
    ]
    for spec in specs:
        assert alt.Chart.from_dict(spec, validate=True).to_dict()["layer"]


def test_the_amounts_told_add_up_to_each_bill(compared):
    rows = rows_with(bars(compared.bills, Look()), "driver")
    sums = rows.groupby("deployment")["usd"].sum()
    shares = rows.groupby("deployment")["share"].sum()
    for bill in compared.bills:
        assert sums[bill.deployment] == pytest.approx(float(bill.total))
        assert shares[bill.deployment] == pytest.approx(1.0)


def test_each_value_of_a_break_even_is_on_the_picture():
    found = ws.break_even(CHAT, "peak_connections", 1_000, 50_000, RIVALS)
    rows = rows_with(break_even_chart(found, Look()), "least_usd")
    [axes] = found.chart().axes
    colors = {
        to_hex(line.get_color()): line for line in axes.lines if np.size(line.get_xdata()) > 2
    }
    shown = color_scale(break_even_chart(found, Look()).spec)
    assert len(shown) == len(RIVALS)
    for name, line in rows.groupby("name"):
        drawn = colors[shown[str(name)].lower()]
        at = np.searchsorted(np.asarray(drawn.get_xdata(), float), line["at"])
        np.testing.assert_allclose(
            line["usd"].astype(float), np.asarray(drawn.get_ydata(), float)[at]
        )
    assert {found.low, found.high} <= {*rows["at"]}


def test_each_month_of_growth_is_on_the_picture():
    grows = ws.growth(CHAT, 12, monthly_growth_percent=8)
    rows = rows_with(growth_chart(grows, Look()), "least_usd")
    [axes] = grows.chart().axes
    drawn = [np.asarray(line.get_ydata(), float) for line in axes.lines]
    lines = list(rows.groupby("name"))
    assert len(lines) == len(grows.shown())
    for _, line in lines:
        usd = line["usd"].to_numpy(float)
        assert any(each.shape == usd.shape and np.allclose(each, usd) for each in drawn)


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_each_transport_stands_where_it_stands_on_the_picture(look):
    found = ws.transports(CHAT, RIVALS, within_seconds=10)
    chart = transports_chart(transport_rows(found), found.within_seconds, look)
    rows = rows_with(chart, "usd")
    [axes] = found.chart(look).axes
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    drawn = np.concatenate([np.asarray(dot.get_xydata(), dtype=float) for dot in dots])
    np.testing.assert_allclose(rows[["at_s", "usd"]].to_numpy(float), drawn)
    assert set(rows["usd"]) <= {option.usd for option in found.best_of_each}
    assert alt.Chart.from_dict(chart.spec, validate=True).to_dict()["layer"]


STORMS = {
    "aws.alb_fargate": ("connect work", 4),
    "aws.api_gateway": ("a quota", 2),
}


@pytest.mark.parametrize("deployment", STORMS)
@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_each_second_of_a_storm_is_on_the_picture(deployment, look, struck):
    found = struck(deployment)
    chart = storm_chart(found, 0, look)
    colors = color_scale(chart.spec)
    panels = found.storm_chart(0, look).axes
    assert len(panels) == STORMS[deployment][1]
    drawn = {str(each.get_label()): each for axes in panels for each in axes.lines}
    filled = {str(each.get_label()): each for axes in panels for each in axes.collections}
    lines = {"connected": "connected", "attempts": "attempts", "not connected": "not_connected"}
    areas = {"connections made": "connections_made"}
    if len(panels) == 4:
        lines |= {"in the longest queue of a task": "longest_queue"}
        areas |= {
            "in all queues": "in_queues",
            "processors busy": "processors_busy",
            "busy with attempts that fail": "processors_wasted",
        }
    for name, column in lines.items():
        rows = rows_with(chart, column)
        at = np.searchsorted(np.asarray(drawn[name].get_xdata(), float), rows["at"])
        figures = np.asarray(drawn[name].get_ydata(), float)[at]
        np.testing.assert_allclose(rows[column], figures)
        assert colors[name].upper() == to_hex(drawn[name].get_color()).upper()
    for name, column in areas.items():
        # the outline of an area passes every second at its height
        outline = {(round(x, 6), round(y, 6)) for x, y in filled[name].get_paths()[0].vertices}
        rows = rows_with(chart, column)
        moments = zip(rows["at"].round(6), rows[column].round(6), strict=True)
        assert {*moments} <= outline
        assert colors[name].upper() == to_hex(filled[name].get_facecolor()[0]).upper()
        assert len(rows) == len(drawn["connected"].get_xdata()) <= 240


@pytest.fixture(scope="module")
def struck():
    outage = ws.Outage(at="Tue 14:00", share="40%")
    audience = CHAT.replace(peak_connections=2_000)
    return cache(lambda name: ws.simulate(audience, name, faults=outage, replications=1))


def test_nothing_beyond_limits_stretches_the_axis_unless_asked_for():
    page = shown_page("estimate", HUGE)
    compared = ws.compare(HUGE)
    within, everything = len(compared.within_limits), len(compared.bills)
    assert within < everything
    assert deployments(page.get("vega_lite_chart")) == within
    page.toggle(key="only_within").set_value(False)
    assert deployments(run(page).get("vega_lite_chart")) == everything


def deployments(charts: Iterable[Any]) -> int:
    """How many a chart says that it compares."""
    [chart] = charts
    return int(chart.proto.alt.split(" deployments")[0].rpartition(" ")[2])


def test_words_of_marks_stand_beside_each_other_only_where_they_have_room():
    close, far = (0.1, 0.6, 0.61, 0.62, 0.63), 0.95
    marks = [Mark(at, "26,412") for at in (*close, far)]

    _, *words = named_rules(marks, Look(), lambda at: at)

    rows = [each["encoding"]["y"]["value"] for each in words]
    assert len(set(rows[1:5])) == 4
    assert rows[0] == rows[1] == rows[5] == max(rows)
    assert marks_px(marks, Look(), lambda at: at) == 4 * marks_px(marks[:1], Look(), lambda at: at)
