"""What does people's time cost? Widgets for its hours and its price."""

from __future__ import annotations

from typing import Final

from estimator.dashboard.session.state import Change, changed
from estimator.dashboard.widgets.sidebar import number_input
from estimator.scenario.scenario import Engineering, Scenario

_NOTHING: Final = Engineering()


def with_engineering(scenario: Scenario) -> Scenario:
    """The scenario, which states engineer-hours in any case, so that they can be moved."""
    return scenario if scenario.engineering is not None else scenario.replace(engineering=_NOTHING)


def hour_price_input(scenario: Scenario) -> None:
    """The price of an engineer-hour; part of the scenario, like everything that is billed."""
    number_input(
        "One engineer-hour costs (USD)",
        "usd_per_engineer_hour",
        (scenario.engineering or _NOTHING).usd_per_engineer_hour,
        _stating("usd_per_engineer_hour"),
        step=10.0,
        explained="Your own figure; no price list has it. It becomes part of the scenario.",
    )


def hours_input(scenario: Scenario) -> None:
    """Engineering time per month for what deployments leave to people; part of the scenario."""
    number_input(
        "Engineering time (hours per month)",
        "engineer_hours",
        (scenario.engineering or _NOTHING).engineer_hours_per_month,
        _stating("engineer_hours_per_month"),
        step=5.0,
        explained="To patch, size and watch what you run and to be on call, beyond what a managed "
        "service would take. It becomes part of the scenario and a line of the bill of every "
        "deployment that leaves such work to you.",
    )


def _stating(figure: str) -> Change:
    def state(old: Scenario, value: float) -> Scenario:
        figures = {**(old.engineering or _NOTHING).model_dump(), figure: value}
        new = Engineering(**figures)
        return changed(old, engineering=None if new == _NOTHING else new)

    return state
