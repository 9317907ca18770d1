"""The comparison of deployments: one object behind screen, table, chart and file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.estimate import Estimate, estimate_all
from estimator.analysis.result import Refusal, Result, plain
from estimator.deployments.limits import Verdict
from estimator.errors import ScenarioError
from estimator.pricing.bill import conventions
from estimator.pricing.price_files import DRIVERS
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from estimator.shown import Look


@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """What a scenario would cost on each deployment: those that hold first, cheapest first.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> compared = compare(scenario, ["aws.api_gateway", "gcp.cloud_run"])
    >>> len(compared.holding), list(compared.table.columns[:3])
    (2, ['deployment', 'title', 'region'])
    """

    schema = "comparison"

    scenario: Scenario
    """What was compared."""
    bills: tuple[Estimate, ...]
    """In USD per month, those that hold first, cheapest first."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, and why."""

    @property
    def holding(self) -> tuple[Estimate, ...]:
        """The bills of deployments that hold (for arrays: hold all scenarios), cheapest first."""
        return tuple(bill for bill in self.bills if bill.state != "broken")

    def bill(self, deployment: str) -> Estimate:
        """The bill of one of the deployments compared.

        Raises:
            ScenarioError: it was not compared, or could not be priced; the message says why.
        """
        return self._bill_of(deployment, self.bills)

    @cached_property
    def table(self) -> pd.DataFrame:
        """USD per month: one row per deployment (and scenario), the total and one column a driver.

        The column state tells whether the deployment would hold: pass, at risk or broken.
        """
        import pandas as pd

        frames = [_rows(bill) for bill in self.bills]
        columns = ["deployment", "title", "region", "state", "total_usd", *DRIVERS]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    @property
    def title(self) -> str:
        """What is compared, for the head of a table or chart."""
        return title_of(self.scenario)

    @property
    def location(self) -> str:
        """Where the users are served from, for people."""
        return self.scenario.found_location.title

    @property
    def conventions(self) -> str:
        """Under which conventions the amounts hold; empty if nothing could be priced."""
        return conventions(self.bills) if self.bills else ""

    def chart(self, look: Look | None = None) -> Figure:
        """Stacked cost drivers of every deployment.

        Args:
            look: colors and width; dark on white, if left out.

        Raises:
            ScenarioError: the scenario stands for many; a bar can show only one.
        """
        if self.scenario.many:
            raise ScenarioError("a chart of cost drivers shows one scenario, not an array of them")
        return self._drawn("cost_drivers", look)

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "deployments": [bill_data(bill) for bill in self.bills],
        }

    def __repr__(self) -> str:
        cheapest = next((f", {b.deployment} from {b.total_text}" for b in self.holding), "")
        priced, holding = len(self.bills), len(self.holding)
        return f"<Comparison {self.title!r}: {priced} priced, {holding} hold{cheapest} a month>"


def compare(scenario: Scenario, deployments: Iterable[str] | None = None) -> Comparison:
    """What a scenario would cost on every deployment, and which of them would hold it.

    Args:
        scenario: who connects, from where, how often.
        deployments: ids of the deployments; all on the clouds, if left out. ``[*DEPLOYMENTS,
            *SAAS]`` adds the managed services that people would buy instead.

    Returns:
        Bills in USD per month, as a table, as a chart, and one by one.

    Raises:
        UnknownNameError: no such deployment or assumption.
        ScenarioError: an option that a deployment does not have.

    >>> scenario = Scenario(profile="workplace-chat", location="frankfurt", peak_connections=50_000)
    >>> "aws.api_gateway" in set(compare(scenario).table["deployment"])
    True
    """
    wanted = [deployments] if isinstance(deployments, str) else deployments
    bills, refusals = estimate_all(scenario, wanted)
    bills.sort(key=lambda bill: (bill.state == "broken", float(np.sum(bill.total))))
    return Comparison(scenario, tuple(bills), tuple(refusals))


def title_of(scenario: Scenario) -> str:
    """What a scenario is about, for the head of a table or chart."""
    return f"{scenario.name or scenario.profile.title}, {scenario.found_location.title}"


_WORTH_NAMING = 0.05


def main_drivers(bill: Estimate) -> str:
    """What makes up most of a bill, or of many together, in words."""
    total = float(np.sum(bill.total))
    shares = {driver: float(np.sum(usd)) / total for driver, usd in bill.by_driver.items()
              if total}  # fmt: skip
    largest = sorted(shares, key=lambda driver: -shares[driver])
    return ", ".join(
        f"{driver} {shares[driver]:.0%}" for driver in largest if shares[driver] >= _WORTH_NAMING
    )


def bill_data(bill: Estimate) -> dict[str, Any]:
    """A bill as plain lists, texts and numbers, for machines."""
    lines = bill.lines.copy()
    lines["checked"] = lines["checked"].astype(str)
    return {
        "deployment": bill.deployment,
        "title": bill.title,
        "region": bill.region,
        "total_usd": plain(bill.total),
        "by_driver_usd": {driver: plain(cost) for driver, cost in bill.by_driver.items()},
        "lines": lines.to_dict(orient="records"),
        "assumptions": bill.assumptions.map(plain).to_dict(orient="records"),
        "state": bill.state,
        "limits": [_verdict_data(verdict) for verdict in bill.verdicts],
        "conventions": bill.conventions,
        "notes": list(bill.notes),
        "not_modeled": list(bill.not_modeled),
    }


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    return {
        "limit": verdict.limit.limit,
        "title": verdict.limit.title,
        "state": verdict.state,
        "used": plain(verdict.used),
        "allowed": plain(verdict.allowed),
        "unit": verdict.limit.unit,
        "when": verdict.when,
        "fix": verdict.fix,
        "source": verdict.limit.source,
        "checked": str(verdict.limit.checked_on),
        "adjustable": verdict.limit.adjustable,
    }


def _rows(bill: Estimate) -> pd.DataFrame:
    import pandas as pd

    many = np.shape(bill.total)
    columns: dict[str, object] = {"scenario": np.arange(np.size(bill.total))} if many else {}
    columns |= {
        "deployment": bill.deployment,
        "title": bill.title,
        "region": bill.region,
        "state": np.ravel(bill.states),
        "total_usd": np.ravel(bill.total),
    }
    for driver in DRIVERS:
        columns[driver] = np.ravel(np.broadcast_to(bill.by_driver.get(driver, 0.0), many))
    return pd.DataFrame(columns)
