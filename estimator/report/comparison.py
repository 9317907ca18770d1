"""The comparison of deployments: one object behind screen, table, chart and file."""

from __future__ import annotations

import html
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.estimate import Refusal, estimate_all
from estimator.errors import ScenarioError
from estimator.pricing.bill import Bill, conventions
from estimator.pricing.price_files import DRIVERS
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from estimator.report.charts import Look


@dataclass(frozen=True)
class Comparison:
    """What a scenario would cost on each deployment, cheapest first."""

    scenario: Scenario
    bills: tuple[Bill, ...]
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, and why."""

    def bill(self, deployment: str) -> Bill:
        """The bill of one of the deployments compared.

        Raises:
            ScenarioError: it was not compared, or could not be priced; the message says why.
        """
        for bill in self.bills:
            if bill.deployment == deployment:
                return bill
        for refusal in self.refusals:
            if refusal.deployment == deployment:
                raise ScenarioError(f"{deployment} could not be priced: {refusal.reason}")
        raise ScenarioError(f"{deployment} was not compared")

    @cached_property
    def table(self) -> pd.DataFrame:
        """USD a month: one row per deployment (and scenario), the total and one column a driver."""
        import pandas as pd

        frames = [_rows(bill) for bill in self.bills]
        columns = ["deployment", "title", "region", "total_usd", *DRIVERS]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    @property
    def title(self) -> str:
        """What is compared, for the head of a table or chart."""
        return f"{self.scenario.name or self.scenario.profile.title}, {self.place}"

    @property
    def place(self) -> str:
        """Where the users are served from, for people."""
        return self.scenario.found_place.title

    @property
    def conventions(self) -> str:
        """Under which conventions the amounts hold; empty if nothing could be priced."""
        return conventions(self.bills) if self.bills else ""

    def chart(self, look: Look | None = None) -> Figure:
        """Stacked cost drivers of every deployment.

        Args:
            look: colours and width; dark on white, if left out.

        Raises:
            ScenarioError: the scenario stands for many; a bar can show only one.
        """
        if self.scenario.many:
            raise ScenarioError("a chart of cost drivers shows one scenario, not an array of them")
        # matplotlib takes longer to import than a bill takes to make
        from estimator.report.charts import cost_drivers

        return cost_drivers(self.bills, f"Monthly cost: {self.title}", look)

    def as_data(self) -> dict[str, Any]:
        """The comparison as plain lists, texts and numbers, for machines."""
        return {
            "scenario": self.scenario.as_data(),
            "currency": "USD",
            "period": "month",
            "deployments": [bill_data(bill) for bill in self.bills],
            "refused": [
                {"deployment": refusal.deployment, "reason": refusal.reason}
                for refusal in self.refusals
            ],
        }

    def _repr_html_(self) -> str:
        return f"<b>{html.escape(self.title)}</b>" + self.table.round(2).to_html(index=False)


def compare(scenario: Scenario, deployments: Iterable[str] | None = None) -> Comparison:
    """What a scenario would cost on every deployment, cheapest first.

    Args:
        scenario: who connects, from where, how often.
        deployments: ids of the deployments; all on the clouds, if left out. ``[*DEPLOYMENTS,
            *PROVIDERS]`` adds the managed services that people would buy instead.

    Raises:
        UnknownNameError: no such deployment or assumption.
        ScenarioError: an option that a deployment does not have.

    >>> scenario = Scenario(profile="workplace-chat", place="frankfurt", peak_connections=50_000)
    >>> len(compare(scenario).table)
    4
    """
    wanted = [deployments] if isinstance(deployments, str) else deployments
    bills, refusals = estimate_all(scenario, wanted)
    bills.sort(key=lambda bill: float(np.sum(bill.total)))
    return Comparison(scenario, tuple(bills), tuple(refusals))


def bill_data(bill: Bill) -> dict[str, Any]:
    """A bill as plain lists, texts and numbers, for machines."""
    lines = bill.lines.copy()
    lines["checked"] = lines["checked"].astype(str)
    return {
        "deployment": bill.deployment,
        "title": bill.title,
        "region": bill.region,
        "total_usd": _plain(bill.total),
        "by_driver_usd": {driver: _plain(cost) for driver, cost in bill.by_driver.items()},
        "lines": lines.to_dict(orient="records"),
        "assumptions": bill.assumptions.map(_plain).to_dict(orient="records"),
        "conventions": bill.conventions,
        "notes": list(bill.notes),
        "not_modelled": list(bill.not_modelled),
    }


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _rows(bill: Bill) -> pd.DataFrame:
    import pandas as pd

    many = np.shape(bill.total)
    columns: dict[str, object] = {"scenario": np.arange(np.size(bill.total))} if many else {}
    columns |= {
        "deployment": bill.deployment,
        "title": bill.title,
        "region": bill.region,
        "total_usd": np.ravel(bill.total),
    }
    for driver in DRIVERS:
        columns[driver] = np.ravel(np.broadcast_to(bill.by_driver.get(driver, 0.0), many))
    return pd.DataFrame(columns)
