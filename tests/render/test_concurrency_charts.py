"""The charts of a simulation: what is drawn is what was simulated, and can be read."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb

import estimator as ws
from estimator import render
from estimator.demand.admission_limits import AdmissionLimits, ConnectWork
from estimator.errors import ScenarioError
from estimator.format import precise_percent
from estimator.render.charts import concurrency, scaling, storm
from estimator.render.charts.style import Chart
from estimator.shown import Look
from estimator.simulation.run import run

DAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
FAULTS = [
    "outage at Tue 14:00",
    "network flap at Tue 15:00 share 20% away 20 s",
    "connection throttle at Tue 16:00 lasts 10 min new_connections_per_second 1",
]
DARK = Look(ink="#E6EAEE", paper="#12181F")
PHONE = Look(width_inches=4.2)


@pytest.fixture(scope="module")
def stormy():
    """Limited in new connections per second, and struck by faults: 2 weeks."""
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=2_500)
    return ws.simulate(scenario, "aws.api_gateway", faults=FAULTS, replications=2, seed=1)


@pytest.fixture(scope="module")
def with_units():
    """On units that hold a number of connections each: 2 weeks."""
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=2_500)
    return ws.simulate(scenario, "azure.web_pubsub", replications=2, seed=1)


@pytest.fixture(scope="module")
def autoscaled():
    """On units that follow the connections."""
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=5_000,
        options={"azure.web_pubsub": {"scaling": "autoscaled"}},
    )
    return ws.simulate(scenario, "azure.web_pubsub", replications=1, engine="aggregate")


@pytest.fixture(scope="module")
def working(stormy):
    """On three nodes that take 20 ms for each new connection."""
    model = replace(
        stormy.run.model,
        admission=AdmissionLimits(
            units=3, unit_name="node", connect_work=ConnectWork(seconds=0.02)
        ),
        cuts=stormy.run.model.cuts[:1],
        throttles=(),
        faults=stormy.run.model.faults[:1],
    )
    return replace(stormy, run=run(model, replications=1, engine="exact"))


@pytest.fixture(scope="module")
def every_chart(stormy, with_units, working):
    """By name, with what draws it."""
    return {
        "concurrency": lambda look=None: concurrency.concurrency_chart(stormy, look),
        "capacity": lambda look=None: concurrency.concurrency_chart(with_units, look),
        "peaks": lambda look=None: concurrency.peak_chart(stormy, look),
        "outage": lambda look=None: storm.storm_chart(stormy, 0, look),
        "work": lambda look=None: storm.storm_chart(working, 0, look),
        "flap": lambda look=None: storm.storm_chart(stormy, 1, look),
        "scaling": lambda look=None: scaling.scaling_chart(with_units, look),
        "attempts": lambda look=None: storm.attempts_chart(stormy, look),
    }


def line(axes: Any, label: str) -> Any:
    return next(each for each in axes.lines if each.get_label() == label)


def filled(axes: Any, label: str) -> np.ndarray:
    """The heights of an area."""
    [area] = [each for each in axes.collections if each.get_label() == label]
    return area.get_paths()[0].vertices[:, 1]


def title(chart: Chart) -> str:
    return chart.get_suptitle().replace("\n", " ")


def texts(chart: Any) -> list[tuple[str, Any]]:
    """Every text that is shown, with the box it takes."""
    FigureCanvasAgg(chart).draw()
    found = [*chart.texts]
    for axes in chart.axes:
        found += [axes.title, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
        found += [*axes.get_xticklabels(which="both"), *axes.get_yticklabels(which="both")]
        view = {"x": sorted(axes.get_xlim()), "y": sorted(axes.get_ylim())}
        hidden = [
            label
            for axis, ticks in (("x", axes.xaxis), ("y", axes.yaxis))
            for tick in (*ticks.get_major_ticks(), *ticks.get_minor_ticks())
            if not view[axis][0] <= tick.get_loc() <= view[axis][1]
            for label in (tick.label1, tick.label2)
        ]
        found = [each for each in found if each not in hidden]
    for legend in chart.legends:
        found += legend.get_texts()
    renderer = chart.canvas.get_renderer()
    return [
        (each.get_text(), each.get_window_extent(renderer))
        for each in found
        if each.get_visible() and each.get_text().strip()
    ]


@pytest.mark.parametrize("name", render._CHARTS)
def test_every_chart_is_found_by_its_name(name):
    assert callable(render._found("charts", render._CHARTS[name]))


@pytest.mark.parametrize("look", [None, PHONE], ids=["paper", "phone"])
@pytest.mark.parametrize(
    "name", ["concurrency", "capacity", "peaks", "outage", "work", "flap", "scaling", "attempts"]
)
def test_no_text_covers_another_or_leaves_the_picture(every_chart, name, look):
    chart = every_chart[name](look)
    shown = texts(chart)
    width, height = chart.canvas.get_width_height()
    for text, box in shown:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
    for (one, first), (other, second) in combinations(shown, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        down = min(first.y1, second.y1) - max(first.y0, second.y0)
        # boxes reach a little beyond the letters
        assert across <= 1 or down <= 3, (one, other)


@pytest.mark.parametrize("look", [Look(), DARK], ids=["light", "dark"])
def test_lines_and_texts_stand_out_from_the_paper(look):
    def luminance(color):
        linear = [
            c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(color)
        ]
        return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))

    paper = luminance(look.paper)
    for color, least in ((look.ink, 7.0), *((c, 3.0) for c in (look.blue, look.green, look.red))):
        light, dark = sorted([luminance(color), paper], reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= least, color


def test_the_band_is_of_the_replications_and_the_line_the_assumed_peak(stormy):
    chart = concurrency.concurrency_chart(stormy)
    [axes] = chart.axes
    median = line(axes, "open, median week")
    np.testing.assert_allclose(median.get_ydata(), np.median(stormy.run.stack("open_most"), axis=0))
    assert median.get_xdata()[-1] == pytest.approx(7 - 1 / 1440)
    assert line(axes, "assumed peak").get_ydata()[0] == 2_500
    assert [t.get_text() for t in axes.get_xticklabels(minor=True)] == DAYS
    assert "UTC" in axes.get_xlabel()
    assert axes.get_ylim()[0] == 0


def test_faults_are_marked_at_their_moment(stormy):
    axes: Any = concurrency.concurrency_chart(stormy).axes[0]
    marks = {text.get_text(): text.xy[0] for text in axes.texts}
    # 14, 15 and 16 o'clock in Virginia, where UTC is five hours ahead
    assert marks == pytest.approx(
        {"outage": 1 + 19 / 24, "network flap": 1 + 20 / 24, "connection throttle": 1 + 21 / 24}
    )


def test_the_capacity_is_drawn_where_it_is_in_sight_and_told_where_it_is_not(with_units):
    [axes] = concurrency.concurrency_chart(with_units).axes
    admission = with_units.run.model.admission
    assert admission.units is not None
    slots = admission.units * admission.connections_per_unit
    assert set(line(axes, "capacity").get_ydata()) == {slots}

    far = replace(admission, units=1e3)
    run = with_units.run
    aloft = [replace(each, slots=each.slots * 1e3) for each in run.replications]
    run = replace(run, model=replace(run.model, admission=far), replications=tuple(aloft))
    [axes] = concurrency.concurrency_chart(replace(with_units, run=run)).axes
    assert "capacity" not in [each.get_label() for each in axes.lines]
    assert f"{slots * 1e3:,.0f}" in axes.get_title(loc="left")


@pytest.mark.parametrize(
    ("times", "said"),
    [(1.0, "as assumed"), (1.5, "50% above what was assumed"), (0.5, "50% below")],
)
def test_the_title_says_how_far_the_peak_is_from_the_assumed_one(stormy, times, said):
    run = stormy.run
    scale = times * float(stormy.expected.peak_connections) / run.peaks.mean()
    scaled = [replace(each, open_most=each.open_most * scale) for each in run.replications]
    simulation = replace(stormy, run=replace(run, replications=tuple(scaled)))
    assert said in title(concurrency.concurrency_chart(simulation))


def test_every_peak_is_a_dot(stormy):
    of_days, of_weeks = concurrency.peak_chart(stormy).axes
    for day, dots in enumerate(of_days.collections[::2]):
        heights = np.sort(np.asarray(dots.get_offsets())[:, 1])
        np.testing.assert_allclose(heights, np.sort(stormy.run.daily_peaks[:, day]))
    weekly = np.asarray(of_weeks.collections[0].get_offsets())[:, 1]
    np.testing.assert_allclose(np.sort(weekly), np.sort(stormy.run.peaks))
    above = int((stormy.run.peaks > 2_500).sum())
    assert f"2,500 in {above} of 2 simulated weeks" in title(concurrency.peak_chart(stormy))


def test_a_storm_shows_the_week_of_median_recovery_second_by_second(stormy):
    above, below = storm.storm_chart(stormy, 0).axes
    seen = sorted(
        (each.aftermaths[0] for each in stormy.run.replications), key=lambda a: a.recovery_s[2]
    )
    after = seen[0]
    seconds = line(above, "connected").get_xdata()
    near, first = after.close_up, int(after.at_s + seconds[0]) - after.close_up.from_s
    shown = slice(first, first + seconds.size)
    np.testing.assert_allclose(line(above, "connected").get_ydata(), near.open[shown])
    np.testing.assert_allclose(line(above, "not connected").get_ydata(), near.waiting[shown])
    np.testing.assert_allclose(line(below, "attempts").get_ydata(), near.attempts[shown])
    assert line(below, "limit of new connections").get_ydata()[0] == 500
    # a storm of seconds is not lost in minutes in which nothing happens
    assert -60 <= seconds[0] < 0
    assert after.recovery_s[3] < seconds[-1] <= max(2 * after.recovery_s[3], 20)
    struck = seconds[np.argmax(near.attempts[shown])]
    assert struck == 0
    assert near.waiting[shown].max() > 100
    marks: list[float] = [text.xy[0] for text in list[Any](above.texts)]
    assert all(earlier <= later for earlier, later in pairwise(sorted(marks)))
    assert max(marks) == pytest.approx(after.recovery_s[3])


def test_connections_made_are_filled_below_the_attempts(stormy):
    _, below = storm.storm_chart(stormy, 0).axes
    heights = filled(below, "connections made")
    highest = line(below, "attempts").get_ydata().max()
    # 500 per second are let in, and a bucketful at first
    assert 500 <= heights.max() <= min(1_000, highest)


def test_queues_and_processors_are_shown_where_the_work_is_known(working):
    clients, rates, queues, processors = storm.storm_chart(working, 0).axes
    [after] = working.run.replications[0].aftermaths

    assert clients.get_ylabel() == "clients"
    assert rates.get_ylabel() == "per second"
    assert filled(queues, "in all queues").max() == after.close_up.connecting.max() > 100
    assert line(queues, "in the longest queue of a node").get_ydata().max() == (
        after.close_up.queue_most.max()
    )
    assert filled(processors, "processors busy").max() == after.close_up.processor.max() > 0.9
    assert filled(processors, "busy with attempts that fail").max() == after.close_up.wasted.max()
    assert [label.get_text() for label in processors.get_yticklabels()][:2] == ["0%", "50%"]


def test_a_storm_that_never_happened_cannot_be_shown(stormy):
    assert stormy.storms == (0, 1)
    with pytest.raises(ScenarioError, match=r"fault 2 took no connections.*0, 1"):
        storm.storm_chart(stormy, 2)


def test_units_needed_are_connections_over_what_a_unit_shall_hold(autoscaled):
    run = autoscaled.run
    follows = run.model.admission.autoscaling
    assert follows is not None
    of_week, of_day = scaling.scaling_chart(autoscaled).axes
    needed = line(of_week, f"needed at {follows.target_share:.0%} load")
    held = run.model.admission.connections_per_unit
    open_most = run.replications[0].open_most
    np.testing.assert_allclose(needed.get_ydata(), open_most / (held * follows.target_share))
    np.testing.assert_allclose(line(of_week, "running").get_ydata(), run.replications[0].units)
    fullest = int(np.argmax(open_most / run.replications[0].slots)) // 1440
    assert of_day.get_xlabel().startswith(DAYS[fullest])


def test_scaling_needs_units(stormy):
    with pytest.raises(ScenarioError, match=r"aws\.api_gateway has no units"):
        scaling.scaling_chart(stormy)


def test_the_bars_of_attempts_hold_everybody_who_was_let_in(stormy):
    chart: Any = storm.attempts_chart(stormy)
    [axes] = chart.axes
    heights = [bar.get_height() for bar in axes.patches]
    new_connections = stormy.run.stack("new_connections").sum(axis=1).mean()
    assert sum(heights) == pytest.approx(new_connections)
    assert axes.get_yscale() == "log"
    labels = [text.get_text() for text in axes.get_xticklabels()]
    assert labels[:5] == ["1", "2", "3", "4", "5"]
    assert labels[5].startswith("6")
    assert precise_percent(heights[0] / new_connections) in title(chart)


def test_a_chart_shows_itself_in_a_notebook(stormy):
    assert storm.attempts_chart(stormy)._repr_png_().startswith(b"\x89PNG")
