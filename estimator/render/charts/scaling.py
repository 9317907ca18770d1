"""Do the units follow the connections, or are connections refused because units are full?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.ticker import MaxNLocator

from estimator.analysis.simulate.result import Simulation
from estimator.arrays import FloatArray
from estimator.deployments.limits import NEAR_SHARE
from estimator.errors import ScenarioError
from estimator.format import figure_text, precise_percent, range_text
from estimator.render.charts import style
from estimator.render.charts.concurrency import disruptions
from estimator.shown import Look
from estimator.units import HOURS_PER_DAY, MINUTES_PER_HOUR, duration_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_MINUTES_PER_DAY: Final = HOURS_PER_DAY * MINUTES_PER_HOUR
_TICK_HOURS: Final = 3


def scaling_chart(simulation: Simulation, look: Look | None = None) -> style.Chart:
    """Units that run against units that are needed, over the week and on its fullest day.

    Needed are open connections / (connections of a unit x the share that is aimed at), in the
    median of the weeks.

    Args:
        simulation: of a whole week, on a deployment whose units hold a number of connections.
        look: colors and width; dark on white, if left out.

    Raises:
        ScenarioError: the deployment has no such units.
    """
    look = look or Look()
    run = simulation.run
    admission = run.model.admission
    if not admission.counts_units or not np.isfinite(admission.connections_per_unit):
        raise ScenarioError(
            f"{simulation.deployment or 'a scenario with open admission'} has no units that "
            "connections fill, so there is no scaling to show"
        )
    target = admission.autoscaling.target_share if admission.autoscaling else NEAR_SHARE
    full = np.median(run.stack("open_most"), axis=0) / admission.connections_per_unit
    running = np.median(run.stack("units"), axis=0)
    slots = np.median(run.stack("slots"), axis=0)
    load = full * admission.connections_per_unit / np.maximum(slots, 1.0)
    day = int(np.argmax(load)) // _MINUTES_PER_DAY
    hours = run.hours

    chart = style.blank(look, 5.4, _title(simulation))
    of_week, of_day = chart.subplots(2, 1)
    for axes, at in ((of_week, hours / HOURS_PER_DAY), (of_day, hours - day * HOURS_PER_DAY)):
        _draw(axes, look, at, running, full, target)
        axes.set_ylabel(f"{admission.unit_name}s")
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
        style.dress(axes, look)
    style.week_axis(of_week, look)
    of_day.set_xlim(0, HOURS_PER_DAY)
    hours_of_day = range(0, HOURS_PER_DAY + 1, 2 * _TICK_HOURS if look.is_narrow else _TICK_HOURS)
    of_day.set_xticks(hours_of_day, [f"{hour:02}:00" for hour in hours_of_day])
    of_day.set_xlabel(f"{style.DAYS[day]}, the fullest day (UTC)")
    marks = disruptions(simulation)
    rows = style.draw_marks(of_week, look, marks)
    style.draw_marks(
        of_day, look, [style.Mark((m.at - day) * HOURS_PER_DAY, m.label) for m in marks]
    )
    style.say_below_title(of_week, look, _words(simulation, running), rows)
    style.legend(chart, look)
    return chart


def _draw(
    axes: Axes, look: Look, at: FloatArray, running: FloatArray, full: FloatArray, target: float
) -> None:
    axes.step(
        at, running, where="post", color=look.green, linewidth=1.8, label="running",
    )  # fmt: skip
    axes.plot(
        at, full / target, color=look.blue, linewidth=1.2,
        label=f"needed at {precise_percent(target)} load",
    )  # fmt: skip
    axes.plot(
        at, full, color=look.red, linewidth=1.2, linestyle=(0, (4, 1.5)), label="needed when full"
    )
    axes.set_ylim(0, max(float(running.max()), float(full.max())) * 1.08)


def _title(simulation: Simulation) -> str:
    run = simulation.run
    name = run.model.admission.unit_name
    refused = run.stack("refused_full")
    if refused.any():
        busiest = int(np.argmax(refused.mean(axis=0)))
        when = simulation.scenario.clock.text(busiest / MINUTES_PER_HOUR)
        return (
            f"The {name}s are full: {figure_text(float(refused.sum(axis=1).mean()))} attempts per "
            f"week are refused, most on {when}"
        )
    slots = np.maximum(run.stack("slots"), 1.0)
    fullest = float((run.stack("open_most") / slots).max(axis=1).mean())
    return f"There are enough {name}s: {precise_percent(fullest)} full in the fullest minute"


def _words(simulation: Simulation, running: FloatArray) -> Iterator[str]:
    run = simulation.run
    admission = run.model.admission
    name = admission.unit_name
    held = figure_text(admission.connections_per_unit)
    plural = "" if running.max() == 1 else "s"
    yield f"{range_text(running, figure_text)} {name}{plural} running"
    yield f"of {held} connections each,"
    yield f"{figure_text(float(run.unit_hours.mean()))} {name}-hours per week."
    if admission.autoscaling:
        start = duration_text(admission.autoscaling.start_seconds)
        every = duration_text(admission.autoscaling.every_seconds)
        yield f"The autoscaler runs every {every}; starting takes {start}."
