"""A simulation as tables for a terminal of 80 columns or more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from rich.box import SIMPLE_HEAD
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from estimator.analysis.simulate.findings import Finding
from estimator.analysis.simulate.recovery import Recovery, recoveries
from estimator.analysis.simulate.simulate import MinuteVerdict, Simulation
from estimator.format import figure_text
from estimator.pricing.bill import Bill
from estimator.render.terminal.tables import hung, money
from estimator.states import State
from estimator.units import SECONDS_PER_HOUR, SECONDS_PER_MINUTE

_STYLES: Final = {State.BROKEN: "bold red", State.AT_RISK: "yellow", State.PASS: ""}
_CLOSEST: Final = 3
_MILLIONS_FROM: Final = 1e7
_LARGER_UNIT_FROM: Final = 2
"""Of a larger unit, there are at least so many."""
_CENT: Final = 0.005
_INDENT: Final = 3


def simulation_table(simulation: Simulation) -> RenderableType:
    """Verdicts, limits, recoveries and the cost impact, and in the end what is broken."""
    parts: list[RenderableType] = [Text(_title(simulation), style="bold"), *_happens(simulation)]
    parts.append(_findings_table(simulation.findings))
    if simulation.limits:
        parts.append(_limits_table(_worth_showing(simulation.limits)))
    if recovered := recoveries(simulation.run):
        parts.append(_recoveries_table(recovered))
    if simulation.expected_bill is not None and simulation.simulated_bill is not None:
        parts.append(_bill_table(simulation, simulation.expected_bill, simulation.simulated_bill))
    parts += [hung("Note:", f"{note}.", "dim") for note in simulation.run.notes]
    parts += _conclusion(simulation)
    return Group(*parts)


def short(value: float) -> str:
    """A figure for a narrow column: millions where there are ten of them.

    >>> short(699_512_800.0), short(31_446.2), short(0.5)
    ('699.5 M', '31,446', '0.5')
    """
    return f"{value / 1e6:,.1f} M" if _MILLIONS_FROM <= abs(value) < np.inf else figure_text(value)


def span(seconds: float) -> str:
    """A span of time for people, in a unit of which there are at least two.

    >>> span(18), span(1247), span(86_400), span(float("inf"))
    ('18 s', '20.8 min', '24 h', 'no end')
    """
    if np.isinf(seconds):
        return "no end"
    if seconds < _LARGER_UNIT_FROM * SECONDS_PER_MINUTE:
        return f"{seconds:.3g} s"
    if seconds < _LARGER_UNIT_FROM * SECONDS_PER_HOUR:
        return f"{seconds / SECONDS_PER_MINUTE:.3g} min"
    return f"{seconds / SECONDS_PER_HOUR:.3g} h"


def _title(simulation: Simulation) -> str:
    scenario, bill = simulation.scenario, simulation.simulated_bill
    name = scenario.name or scenario.profile.title
    where = f"{bill.title}, {bill.region}" if bill else "no limits"
    return f"{name}: {where}"


def _happens(simulation: Simulation) -> Iterator[RenderableType]:
    for each in (*simulation.scenario.surges, *simulation.scenario.faults):
        yield hung("With", each.words, "dim")


def _new_table(title: str, columns: tuple[str, ...]) -> Table:
    """A table whose first column is text and whose others are figures."""
    table = Table(
        title=escape(title),
        title_justify="left",
        title_style="",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column(columns[0])
    for column in columns[1:]:
        table.add_column(column, justify="right", no_wrap=True)
    return table


def _with_unit(title: str, unit: str) -> Text:
    return Text.assemble(title, "\n", (unit, "dim"))


def _state(state: State) -> Text:
    return Text(state, style=_STYLES[state])


def _findings_table(findings: tuple[Finding, ...]) -> RenderableType:
    """What each means stands below its figures, where there is room for a sentence."""
    parts: list[RenderableType] = [
        Text("\nWhat is assumed, and what was found (mean of the weeks, with its 95 % interval)\n"),
        _finding_row("", "assumed", "found", Text("verdict")),
    ]
    for each in findings:
        named = each.unit in each.title.lower()
        title = Text.assemble(each.title, ("" if named else f" ({each.unit})", "dim"))
        found = f"{short(each.found)}{_margin(each)}"
        parts += [
            _finding_row(title, short(each.assumed), found, _state(each.state)),
            Padding(Text(each.words, style="dim"), (0, 0, 0, _INDENT)),
        ]
    return Group(*parts, Text())


def _finding_row(title: Text | str, assumed: str, found: str, verdict: Text) -> RenderableType:
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(width=40)
    row.add_column(width=9, justify="right")
    row.add_column(width=16, justify="right")
    row.add_column(width=7)
    row.add_row(title, assumed, found, verdict)
    return Padding(row, (0, 0, 0, 1))


def _margin(finding: Finding) -> str:
    """Half the interval, in millions if the figure is; empty if one replication cannot tell."""
    half = finding.high - finding.found
    if not np.isfinite(half):
        return ""
    return (
        f" ± {half / 1e6:,.1f} M"
        if short(finding.found).endswith("M")
        else f" ± {figure_text(half)}"
    )


def _worth_showing(limits: tuple[MinuteVerdict, ...]) -> list[MinuteVerdict]:
    """All that do not pass, and if these are few, the closest others."""
    worst = [each for each in limits if each.state != State.PASS]
    closest = [each for each in limits if each.state == State.PASS]
    return worst + closest[: max(_CLOSEST - len(worst), 0)]


def _limits_table(limits: list[MinuteVerdict]) -> Table:
    columns = ("limit", "at most", "allowed", "when, UTC", "minutes\nbeyond", "attempts\nrefused")
    table = _new_table("Limits, in the busiest minute", columns)
    table.add_column("verdict", no_wrap=True)
    for each in limits:
        table.add_row(
            _with_unit(each.limit.title, each.limit.unit),
            short(each.used),
            short(each.allowed),
            each.when.removesuffix(" UTC"),
            figure_text(each.minutes_beyond),
            short(each.turned_away),
            _state(each.state),
        )
    return table


def _recoveries_table(recovered: tuple[Recovery, ...]) -> Table:
    shares = tuple(f"{share:.0%}\nback" for share in recovered[0].back_s)
    columns = ("after", "clients\nlost", *shares, "attempts\na connect")
    table = _new_table("Until clients are back", columns)
    for each in recovered:
        table.add_row(
            Text(each.fault),
            short(each.lost),
            *map(span, each.back_s.values()),
            f"{each.attempts_per_connect:.1f}",
        )
    return table


def _bill_table(simulation: Simulation, expected: Bill, simulated: Bill) -> Table:
    columns = ("line", "expected", "simulated", "difference")
    table = _new_table("USD per month, with what the simulated weeks need", columns)
    titles = {
        item.usage.meter_id: item.rate.meter.title for bill in (expected, simulated)
        for item in bill.items
    }  # fmt: skip
    for meter, *costs, change in simulation.bill_difference.itertuples():
        if max(costs) >= _CENT:
            table.add_row(Text(titles[str(meter)]), *map(money, costs), f"{change:+,.2f}")
    totals = float(expected.total), float(simulated.total)
    table.add_section()
    table.add_row("total", *map(money, totals), f"{totals[1] - totals[0]:+,.2f}", style="bold")
    return table


def _conclusion(simulation: Simulation) -> Iterator[RenderableType]:
    names: dict[State, list[str]] = {State.BROKEN: [], State.AT_RISK: [], State.PASS: []}
    for each in simulation.findings:
        names[each.state].append(each.title)
    for each in simulation.limits:
        names[each.state].append(f"limit '{each.limit.title}'")
    for state in (State.BROKEN, State.AT_RISK):
        if names[state]:
            yield Text(f"{state.capitalize()}: {', '.join(names[state])}.", style=_STYLES[state])
    if simulation.state == State.PASS:
        yield Text("Everything that was assumed holds.")
