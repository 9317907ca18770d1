"""What does the page of an invoice wait for? The bill that was uploaded, beside the estimate.

It is read and compared in a process of its own, and comes back as what the page shows.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from estimator.dashboard.session.jobs import InOneProcess
from estimator.documents import yaml_text
from estimator.invoices.read import read_invoice_file
from estimator.invoices.reconcile import reconcile
from estimator.render.document import Block
from estimator.render.views.reconciliation import details
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

    from estimator.render.charts.steps import Bar


@dataclass(frozen=True)
class ReconciliationShown:
    """An invoice beside the estimate, as a page shows it."""

    verdict: str
    blocks: tuple[Block, ...]
    """Below the verdict."""
    title: str
    """Of the chart."""
    bars: tuple[Bar, ...]
    """From the estimate to the invoice."""
    table: pd.DataFrame
    data: Mapping[str, Any]
    """As JSON says it."""
    contract: str
    """As a file; empty where all was billed at list prices."""
    scenario: str
    """The scenario with what the invoice says, as a file."""


@dataclass(frozen=True, slots=True)
class ReconciliationJob(InOneProcess[ReconciliationShown]):
    """How much of an invoice does the estimate explain, and why does the rest differ?"""

    token: str
    upload: str
    """Which upload it is."""
    name: str
    """Of the file."""
    content: bytes = field(compare=False, repr=False)
    deployment: str | None
    usd_per_currency: float | None
    month: str | None

    def found(self) -> ReconciliationShown:
        """Read the file and compare."""
        from estimator.render.charts.reconciliation import bars

        invoice = read_invoice_file(
            io.BytesIO(self.content), self.name, self.usd_per_currency, self.month
        )
        found = reconcile(Scenario.from_token(self.token), invoice, self.deployment)
        return ReconciliationShown(
            found.verdict,
            tuple(details(found)),
            found.title,
            tuple(bars(found)),
            found.table,
            found.as_data(),
            yaml_text(found.contract.as_data()) if found.contract else "",
            found.scenario_as_billed.to_yaml(),
        )
