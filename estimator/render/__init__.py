"""How is a result shown? One view of each class, and what shows it: terminal, notebook, Markdown.

Results hold data and know nothing of this package: they ask for it by name when somebody wants to
see them (``estimator.shown``). The tables below say where a view or a chart is found, so that only
what is asked for is imported.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from rich.console import RenderableType

    from estimator.render.document import Document

_VIEWS: Final = {
    "Bill": "bill:bill_view",
    "BreakEven": "sweep:break_even_view",
    "BudgetCheck": "uncertainty:budget_view",
    "Comparison": "bill:comparison_view",
    "Contract": "inputs:contract_view",
    "Demand": "inputs:demand_view",
    "Deployments": "inputs:deployments_view",
    "Difference": "diff:diff_view",
    "Drift": "drift:drift_view",
    "Fan": "uncertainty:fan_view",
    "Gallery": "gallery:gallery_view",
    "Growth": "growth:growth_view",
    "Move": "move:move_view",
    "Profile": "inputs:profile_view",
    "Reconciliation": "reconciliation:reconciliation_view",
    "RecoveryPlan": "recovery_plan:recovery_plan_view",
    "RefreshReport": "refresh:refresh_view",
    "Scenario": "inputs:scenario_view",
    "Simulation": "simulation:simulation_view",
    "Sweep": "sweep:sweep_view",
    "Transports": "transports:transports_view",
    "Uncertainty": "uncertainty:uncertainty_view",
}
"""Module and function that make a document of an object, by the name of its class."""
_CHARTS: Final = {
    "attempts": "storm:attempts_chart",
    "break_even": "sweep:break_even_chart",
    "budget_check": "uncertainty:budget_chart",
    "comparison": "cost:comparison_chart",
    "diff": "diff:difference_chart",
    "estimate": "cost:bill_chart",
    "fan": "uncertainty:fan_chart",
    "gallery": "gallery:gallery_chart",
    "growth": "growth:growth_chart",
    "limits": "limits:limits_chart",
    "move": "move:move_chart",
    "peaks": "concurrency:peak_chart",
    "reconciliation": "reconciliation:reconciliation_chart",
    "recovery_plan": "recovery_plan:recovery_plan_chart",
    "scaling": "scaling:scaling_chart",
    "share_card": "share_card:share_card_chart",
    "simulation": "concurrency:concurrency_chart",
    "sizes": "workload:sizes_chart",
    "storm": "storm:storm_chart",
    "sweep": "sweep:sweep_chart",
    "transports": "transports:transports_chart",
    "tornado": "uncertainty:tornado_chart",
    "uncertainty": "uncertainty:range_chart",
    "week": "workload:week_chart",
    "wire": "workload:wire_chart",
}
"""Module and function that draw a chart, by its name."""
_PLAIN_COLUMNS: Final = 100


def document_of(shown: object) -> Document:
    """The document of an object, by its class or the closest class that it extends.

    Raises:
        TypeError: there is no view of it.
    """
    for each in type(shown).__mro__:
        if each.__name__ in _VIEWS:
            return _found("views", _VIEWS[each.__name__])(shown)
    raise TypeError(f"there is no view of {type(shown).__name__}")


def to_html(shown: object) -> str:
    """An object as HTML for a notebook."""
    from estimator.render import html

    return html.render(document_of(shown))


def to_markdown(shown: object) -> str:
    """An object as Markdown for a comment on a change."""
    from estimator.render import markdown

    return markdown.render(document_of(shown))


def to_terminal(shown: object, *, in_short: bool = False) -> RenderableType:
    """An object for ``rich`` to print; in short, with folds closed and without small print."""
    from estimator.render.terminal.document import render

    return render(document_of(shown), in_short=in_short)


def to_text(shown: object) -> str:
    """An object as plain text, as ``print`` shows it: in short, one line below the other."""
    from rich.console import Console

    console = Console(width=_PLAIN_COLUMNS, no_color=True, highlight=False)
    with console.capture() as captured:
        console.print(to_terminal(shown, in_short=True))
    return "\n".join(line.rstrip() for line in captured.get().splitlines() if line.strip())


def draw(chart: str, *arguments: Any) -> Figure:
    """A chart by its name; matplotlib takes longer to import than most results take to find."""
    return _found("charts", _CHARTS[chart])(*arguments)


def _found(folder: str, where: str) -> Any:
    module, _, function = where.partition(":")
    return getattr(import_module(f"estimator.render.{folder}.{module}"), function)
