"""What happens when many connections are lost at once: who waits, who retries, who gets in?"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.ticker import PercentFormatter

from estimator.analysis.simulate.recovery import AT_99, Recovery, last_cut_s, recoveries
from estimator.analysis.simulate.result import Simulation
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.format import figure_text, precise_percent, sentence, span_text
from estimator.render.charts import style
from estimator.render.charts.rows import storm_rows
from estimator.shown import Look
from estimator.simulation.flows import RECOVERY_SHARES, Aftermath, CloseUp
from estimator.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_SPANS: Final = {"seconds": 1, "minutes": SECONDS_PER_MINUTE, "hours": SECONDS_PER_HOUR}
_LONG_SPANS: Final = 10
"""A chart counts in the largest unit of which it shows at least so many."""
_STEEP: Final = 30.0
"""From this ratio of most attempts to those usual, or let in, on, the axis is logarithmic."""
_LAST_ONE_BY_ONE: Final = 5
_GROUPS: Final = (6, 11, 21, 51, 101)
"""First numbers of the groups of attempts beyond."""
_NOBODY: Final = 0.5
_BEFORE, _AFTERWARDS, _LEAST_SHOWN_S = 0.15, 1.3, 20.0
"""What is shown before a storm and until its end, as parts of its length, and at least."""
_HEIGHTS: Final = {False: [3, 2], True: [3, 2, 2, 2]}
"""Of the panels, without and with those of work for new connections."""
_TOO_NEAR: Final = 0.02
LEAST_PER_SECOND: Final = 0.8
"""Where a logarithmic axis of attempts begins."""


def storm_chart(simulation: Simulation, number: int = 0, look: Look | None = None) -> style.Chart:
    """The seconds around one fault: clients, attempts and connections made, queues, processors.

    What is drawn is the week whose recovery is the median one. Queues and processors are drawn
    where the work for new connections is known.

    Args:
        simulation: with a fault.
        number: position among the declared faults, from 0.
        look: colors and width; dark on white, if left out.

    Raises:
        ScenarioError: there is no such fault, or it took no connection.
    """
    look = look or Look()
    run = simulation.run
    typical, near = typical_storm(simulation, number)
    fault = run.model.faults[number]
    rows = storm_rows(near, typical.at_s)
    unit, per_unit = span_unit(float(rows["at_s"].iloc[-1]))
    at = rows["at_s"].to_numpy() / per_unit

    [told] = [each for each in recoveries(run) if each.fault == fault]
    works = run.model.admission.connect_work is not None
    chart = style.blank(look, 8.2 if works else 5.4, _recovery_in_words(typical, told))
    panels = chart.subplots(4 if works else 2, 1, sharex=True, height_ratios=_HEIGHTS[works])
    above, below = panels[0], panels[-1]
    above.step(
        at, rows["connected"], where="post", color=look.blue, linewidth=1.8, label="connected"
    )
    waiting = rows["not_connected"]
    above.fill_between(at, waiting, step="post", color=look.red, alpha=0.25, linewidth=0)
    above.step(at, waiting, where="post", color=look.red, linewidth=1.4, label="not connected")
    above.set_xlim(at[0], at[-1])
    above.set_ylim(bottom=0)
    above.set_ylabel("clients")
    above.yaxis.set_major_formatter("{x:,.0f}")

    _rates(panels[1], look, at, near, run.model.admission.new_connections_per_second)
    if works:
        _queues(panels[2], look, at, near, run.model.admission.unit_name)
        _processors(panels[3], look, at, near)
    start = simulation.scenario.clock.text(typical.at_s / SECONDS_PER_HOUR)
    below.set_xlabel(f"{unit} after {start}")
    for axes in panels:
        style.dress(axes, look)
    since_s = last_cut_s(run.model, fault) - typical.at_s
    marks = recovery_marks(typical, since_s, per_unit, float(at[-1] - at[0]))
    rows_of_marks = style.draw_marks(above, look, marks)
    for axes in panels[1:]:
        for mark in marks:
            axes.axvline(mark.at, color=look.gray, linewidth=0.9, linestyle=(0, (2, 2)), zorder=0.9)
    style.say_below_title(above, look, _storm_in_words(simulation, number, typical), rows_of_marks)
    style.legend(chart, look)
    return chart


def typical_storm(simulation: Simulation, number: int) -> tuple[Aftermath, CloseUp]:
    """What a fault did in the week with the median recovery, and the seconds worth seeing.

    Args:
        simulation: with a fault.
        number: position among the declared faults, from 0.

    Raises:
        ScenarioError: there is no such fault, or it took no connection.
    """
    run = simulation.run
    if number not in simulation.storms:
        there = ", ".join(map(str, simulation.storms)) or "none"
        raise ScenarioError(f"fault {number} took no connections; those that did: {there}")
    fault = run.model.faults[number]
    each_week = [a for each in run.replications for a in each.aftermaths if a.fault == fault]
    typical = sorted(each_week, key=lambda after: after.recovery_s[AT_99])[
        (len(each_week) - 1) // 2
    ]
    near = typical.close_up
    until_back_s = last_cut_s(run.model, fault) - typical.at_s + typical.recovery_s[-1]
    return typical, _part(near, _worth_seeing(near, typical.at_s, until_back_s))


def attempts_chart(simulation: Simulation, look: Look | None = None) -> style.Chart:
    """New connections per week by the number of attempts they needed.

    Args:
        simulation: any.
        look: colors and width; dark on white, if left out.
    """
    look = look or Look()
    let_in = np.mean([each.attempts_needed for each in simulation.run.replications], axis=0)
    names, counts = _grouped(let_in)
    total = float(let_in.sum())
    first = float(let_in[0]) / total if total else 1.0
    never = simulation.run.stack("gave_up") + simulation.run.stack("left_waiting")
    lost = float(never.sum(axis=1).mean())

    title = (
        "Every client connects at the first attempt"
        if total - float(let_in[0]) < _NOBODY
        else f"{precise_percent(first)} of the new connections succeed at the first attempt"
    )
    chart = style.blank(look, 3.2, title)
    axes = chart.subplots()
    bars = axes.bar(names, counts, color=look.blue, width=0.75)
    if look.is_narrow:
        axes.tick_params(axis="x", rotation=60)
    else:
        numbers = [figure_text(count) if count >= _NOBODY else "" for count in counts]
        axes.bar_label(bars, numbers, color=look.ink, fontsize="x-small", padding=2)
    # a single bar is no wider than one of several
    axes.set_xlim(-0.6, max(len(names), _LAST_ONE_BY_ONE) - 0.4)
    axes.set_yscale("log")
    axes.minorticks_off()
    axes.set_ylim(_NOBODY, max(float(np.max(counts)), 1.0) * 4)
    axes.set_ylabel("new connections per week")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("attempts until a client is connected")
    style.dress(axes, look)
    sentences = [f"{figure_text(total)} new connections per week."]
    if lost >= _NOBODY:
        sentences.append(f"{figure_text(lost)} clients per week never connect.")
    style.say_below_title(axes, look, sentences, 0)
    return chart


def _worth_seeing(near: CloseUp, at_s: float, until_back_s: float) -> slice:
    """The seconds of a close-up in which something happens, with some before and after."""
    shown_s = max(_AFTERWARDS * min(until_back_s, near.open.size), _LEAST_SHOWN_S)
    struck = int(at_s) - near.from_s
    first = max(struck - int(shown_s * _BEFORE), 0)
    return slice(first, min(struck + int(shown_s) + 1, near.open.size))


def _part(near: CloseUp, seen: slice) -> CloseUp:
    series = {name: getattr(near, name)[seen] for name in near.__slots__ if name != "from_s"}
    return CloseUp(near.from_s + seen.start, **series)


def _rates(axes: Axes, look: Look, at: FloatArray, near: CloseUp, limit: float) -> None:
    """Attempts and connections made per second, and the limit of these where there is one."""
    axes.step(at, near.attempts, where="post", color=look.ink, linewidth=1.0, label="attempts")
    axes.fill_between(
        at, near.new_connections, step="post", color=look.blue, alpha=0.55, linewidth=0,
        label="connections made",
    )  # fmt: skip
    if np.isfinite(limit):
        axes.axhline(
            limit, color=look.green, linewidth=1.6, linestyle=(0, (1, 1)),
            label="limit of new connections",
        )  # fmt: skip
    if is_steep(near):
        axes.set_yscale("log")
        axes.set_ylim(LEAST_PER_SECOND, float(near.attempts.max()) * 2)
        axes.minorticks_off()
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel("per second")
    axes.yaxis.set_major_formatter("{x:,.0f}")


def is_steep(near: CloseUp) -> bool:
    """Whether the attempts usual could not be seen beside the most, on a linear axis."""
    made = near.new_connections[near.new_connections > 0]
    usual = min(float(np.median(near.attempts)), float(np.median(made)) if made.size else 0.0)
    return float(near.attempts.max(initial=0.0)) > _STEEP * max(usual, 1.0)


def _queues(axes: Axes, look: Look, at: FloatArray, near: CloseUp, unit: str) -> None:
    """Clients whom units have not let in yet, and those at the fullest unit."""
    axes.fill_between(
        at, near.connecting, step="post", color=look.gray, alpha=0.35, linewidth=0,
        label="in all queues",
    )  # fmt: skip
    axes.step(
        at, near.queue_most, where="post", color=look.red, linewidth=1.2, linestyle=(0, (4, 1.5)),
        label=f"in the longest queue of a {unit}",
    )  # fmt: skip
    axes.set_ylim(0, max(float(near.connecting.max()), 1.0) * 1.08)
    axes.set_ylabel("in queue")
    axes.yaxis.set_major_formatter("{x:,.0f}")


def _processors(axes: Axes, look: Look, at: FloatArray, near: CloseUp) -> None:
    """The busy part of the processors, and what of it makes no connection."""
    axes.fill_between(
        at, near.processor, step="post", color=look.green, alpha=0.45, linewidth=0,
        label="processors busy",
    )  # fmt: skip
    axes.fill_between(
        at, near.wasted, step="post", color=look.red, alpha=0.8, linewidth=0,
        label="busy with attempts that fail",
    )  # fmt: skip
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("processors")
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))


def recovery_marks(
    after: Aftermath, since_s: float, per_unit: int, sight: float
) -> list[style.Mark]:
    """When 50, 95, 99 and 100% were back; marks too near to each other are joined."""
    marks: list[style.Mark] = []
    for share, seconds in zip(RECOVERY_SHARES, after.recovery_s, strict=True):
        at = (since_s + seconds) / per_unit
        name = "all" if share == 1 else precise_percent(share)
        if not np.isfinite(at):
            continue
        if marks and at - marks[-1].at < _TOO_NEAR * sight:
            first = marks[-1].label.partition(" in ")[0].partition("–")[0]
            marks[-1] = style.Mark(at, f"{first}–{name} in {span_text(seconds)}")
        else:
            marks.append(style.Mark(at, f"{name} in {span_text(seconds)}"))
    return marks


def _recovery_in_words(after: Aftermath, told: Recovery) -> str:
    seconds = after.recovery_s[AT_99]
    lost = f"{figure_text(after.lost)} lost connections"
    if np.isinf(seconds) and told.endless:
        return f"99% of {lost} do not come back by themselves"
    if np.isinf(seconds):
        return f"99% of {lost} are not back before the week ends"
    if seconds <= 1:
        return f"99% of {lost} are back within a second"
    return f"99% of {lost} are back after {span_text(seconds)}"


def _storm_in_words(simulation: Simulation, number: int, after: Aftermath) -> Iterator[str]:
    words = simulation.run.model.faults[number]
    yield sentence(words)
    near = after.close_up
    most, refused = float(near.attempts.max()), float(near.refused.sum())
    yield f"Up to {figure_text(most)} attempts per second;"
    yield (
        f"{figure_text(refused)} make no connection in the time shown."
        if refused >= _NOBODY
        else "each makes a connection."
    )
    if len(simulation.run.replications) > 1:
        yield "The week with the median recovery."


def span_unit(longest_s: float) -> tuple[str, int]:
    """The unit in which a chart counts so many seconds, and how many of them it has."""
    return [(n, s) for n, s in _SPANS.items() if s == 1 or longest_s >= _LONG_SPANS * s][-1]


def _grouped(let_in: FloatArray) -> tuple[list[str], list[float]]:
    """Attempts one by one up to five, then in groups, as far as anybody needed them."""
    most = int(np.flatnonzero(let_in >= _NOBODY)[-1]) + 1 if (let_in >= _NOBODY).any() else 1
    singles = min(most, _LAST_ONE_BY_ONE)
    names = [str(n) for n in range(1, singles + 1)]
    counts = [float(each) for each in let_in[:singles]]
    edges = [*(low for low in _GROUPS if low <= most), most + 1]
    for low, after in pairwise(edges):
        many = f"{low}+" if low == _GROUPS[-1] else f"{low}–{after - 1}"
        names.append(many if after - 1 > low else str(low))
        counts.append(float(let_in[low - 1 : after - 1].sum()))
    return names, counts
