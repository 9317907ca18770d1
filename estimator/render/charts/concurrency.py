"""Are there as many connections as assumed, and is there capacity for each of them?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

from estimator.analysis.simulate.findings import HOLDS_WITHIN
from estimator.analysis.simulate.result import Simulation
from estimator.arrays import FloatArray
from estimator.format import figure_text, number_of, precise_percent, range_text
from estimator.render.charts import style
from estimator.scenario.disruptions import TopOfHour
from estimator.shown import Look
from estimator.units import HOURS_PER_DAY

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_IN_SIGHT: Final = 3.0
"""From so many times the peak on, a line would flatten the curve."""
_SEEN: Final = 0.005
"""Of the assumed peak: the least that can be seen on a chart."""
_LOW, _MIDDLE, _HIGH = 0.05, 0.5, 0.95
_HEADROOM: Final = 1.06
_DOT_STEP: Final = 0.6
"""Width over which the dots of a day are spread, where the days are 1 apart."""


def concurrency_chart(simulation: Simulation, look: Look | None = None) -> style.Chart:
    """Open connections over the week: the band of nine weeks in ten, against what was assumed.

    Args:
        simulation: of a whole week.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    run = simulation.run
    low, middle, high = run.band("open_most", (_LOW, _MIDDLE, _HIGH))
    waiting = run.stack("waiting").mean(axis=0)
    assumed = float(simulation.expected.peak_connections)
    in_sight = _IN_SIGHT * max(float(high.max()), assumed)
    slots = np.median(run.stack("slots"), axis=0)
    days = run.hours / HOURS_PER_DAY

    chart = style.blank(look, 4.0, _peak_in_words(simulation))
    axes = chart.subplots()
    axes.fill_between(
        days, low, high, color=look.blue, alpha=0.3, linewidth=0, label="open, 90% of weeks"
    )
    axes.plot(days, middle, color=look.blue, linewidth=1.2, label="open, median week")
    if waiting.max() >= _SEEN * assumed:
        seen = np.convolve(waiting >= _SEEN * assumed, np.ones(3), "same") > 0
        axes.plot(
            days,
            np.where(seen, waiting, np.nan),
            color=look.red,
            linewidth=1.4,
            label="waiting, mean",
        )
    axes.axhline(
        assumed, color=look.ink, linewidth=1.2, linestyle=(0, (5, 2)), label="assumed peak"
    )
    if slots.max() <= in_sight:
        axes.step(
            days, slots, where="post", color=look.green, linewidth=1.6, linestyle=(0, (1, 1)),
            label="capacity",
        )  # fmt: skip
    for title, allowed in _limits_of_connections(simulation):
        if allowed <= in_sight:
            axes.axhline(
                allowed, color=look.green, linewidth=1.6, linestyle=(0, (4, 1, 1, 1)), label=title
            )
    style.week_axis(axes, look)
    axes.set_ylim(0, max(axes.get_ylim()[1], assumed * _HEADROOM))
    axes.set_ylabel("connections")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    style.dress(axes, look)
    rows = style.draw_marks(axes, look, disruptions(simulation))
    style.say_below_title(axes, look, _capacity_in_words(simulation, slots, in_sight), rows)
    style.legend(chart, look)
    return chart


def peak_chart(simulation: Simulation, look: Look | None = None) -> style.Chart:
    """Peaks of every simulated day and week, against the assumed peak and the capacity.

    Args:
        simulation: of a whole week.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    run = simulation.run
    assumed = float(simulation.expected.peak_connections)
    daily, weekly = run.daily_peaks, run.peaks
    above = int(np.count_nonzero(weekly > assumed))
    title = (
        f"The peak is above the assumed {figure_text(assumed)} in {above:,} of "
        f"{number_of(weekly.size, 'simulated week')}"
    )
    chart = style.blank(look, 6.0 if look.is_narrow else 3.8, title)
    if look.is_narrow:
        of_days, of_weeks = chart.subplots(2, 1)
    else:
        of_days, of_weeks = chart.subplots(1, 2, width_ratios=[7, 3])

    for day, peaks in enumerate(daily.T):
        _swarm(of_days, look, day, peaks)
    of_days.set_xticks(range(daily.shape[1]), style.DAYS[: daily.shape[1]])
    of_days.set_xlabel("day of the week (UTC)")
    of_days.set_ylabel("most open connections")
    of_days.set_ylim(0, max(float(daily.max()), assumed) * _HEADROOM)
    _swarm(of_weeks, look, 0, weekly)
    of_weeks.set_xlim(-0.6, 0.6)
    of_weeks.set_xticks([0], ["whole week, zoomed in"])
    slots = float(np.median(run.stack("slots"), axis=0).max())
    for axes in (of_days, of_weeks):
        top = axes.get_ylim()[1]
        axes.axhline(
            assumed, color=look.ink, linewidth=1.2, linestyle=(0, (5, 2)), label="assumed peak"
        )
        if slots <= top:
            axes.axhline(
                slots, color=look.green, linewidth=1.6, linestyle=(0, (1, 1)), label="capacity"
            )
        axes.yaxis.set_major_formatter("{x:,.0f}")
        style.dress(axes, look)
    rare = float(np.quantile(weekly, _HIGH))
    sentences = [
        "One dot for each simulated week. In one of twenty weeks the peak is above "
        f"{figure_text(rare)}."
    ]
    if np.isfinite(slots):
        sentences.append(f"Capacity: {figure_text(slots)}.")
    style.say_below_title(of_days, look, sentences, 0)
    style.legend(chart, look)
    return chart


def disruptions(simulation: Simulation) -> list[style.Mark]:
    """Faults and surges at their days of the week in UTC, under short names."""
    scenario = simulation.scenario
    faults = [(fault.at, fault.fault) for fault in scenario.faults]
    surges = [(c.at, c.surge) for c in scenario.surges if not isinstance(c, TopOfHour)]
    to_utc = scenario.clock.to_utc
    return [
        style.Mark(to_utc(at) / HOURS_PER_DAY, name.replace("_", " "))
        for at, name in (*faults, *surges)
    ]


def _peak_in_words(simulation: Simulation) -> str:
    found = float(simulation.run.peaks.mean())
    assumed = float(simulation.expected.peak_connections)
    off = found / assumed - 1 if assumed else np.inf
    if abs(off) <= HOLDS_WITHIN:
        return f"The peak is as assumed: {figure_text(found)} open connections"
    if not np.isfinite(off):
        return f"The peak is {figure_text(found)} open connections; none was assumed"
    side = "above" if off > 0 else "below"
    peak = f"{figure_text(found)} open connections"
    return f"The peak is {peak}, {precise_percent(abs(off))} {side} what was assumed"


def _capacity_in_words(simulation: Simulation, slots: FloatArray, in_sight: float) -> Iterator[str]:
    run = simulation.run
    assumed = float(simulation.expected.peak_connections)
    weeks = len(run.replications)
    yield f"{number_of(weeks, 'simulated week')}; assumed peak {figure_text(assumed)}."
    refused = float(run.stack("refused_full").sum(axis=1).mean())
    if refused >= 1:
        yield f"{figure_text(refused)} attempts per week are refused for lack of capacity."
    most = float(slots.max())
    if np.isinf(most):
        if not any(_limits_of_connections(simulation)):
            yield "Capacity: unlimited."
    elif most > in_sight:
        yield f"Capacity is far above: {range_text(slots, figure_text)}."
    for title, allowed in _limits_of_connections(simulation):
        if allowed > in_sight:
            yield f"{title}: {figure_text(allowed)}, far above."


def _limits_of_connections(simulation: Simulation) -> Iterator[tuple[str, float]]:
    """Limits on open connections that do not limit admission, and so are not in the capacity."""
    admission = set(simulation.run.model.admission.limits.values())
    for verdict in simulation.limits:
        if verdict.limit.measure == "open_connections" and verdict.limit.limit not in admission:
            yield verdict.limit.title, verdict.allowed


def _swarm(axes: Axes, look: Look, at: float, values: FloatArray) -> None:
    """Every value as a dot, placed by its rank, with the median as a bar."""
    order = np.argsort(np.argsort(values))
    # neighbors in rank stand apart: 0, 1/2, 1/4, 3/4, ... of the width
    spread = np.array([_van_der_corput(int(rank) + 1) for rank in order]) - 0.5
    axes.scatter(
        at + _DOT_STEP * spread, values, s=14 if values.size < 60 else 6, color=look.blue,
        alpha=0.7, linewidths=0, label="a simulated week",
    )  # fmt: skip
    axes.hlines(
        np.median(values),
        at - _DOT_STEP / 2,
        at + _DOT_STEP / 2,
        color=look.red,
        linewidth=3,
        alpha=0.7,
        zorder=1.9,
        label="median",
    )  # fmt: skip


def _van_der_corput(number: int) -> float:
    """The sequence of that name in base 2: evenly spread, and neighbors far from each other."""
    return int(f"{number:b}"[::-1], 2) / 2 ** number.bit_length()
