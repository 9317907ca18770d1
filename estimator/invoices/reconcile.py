"""How much of an invoice does an estimate explain, and why does the rest differ?"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from estimator.analysis.compare import title_of
from estimator.analysis.estimate.result import Estimate
from estimator.arguments import checks_arguments
from estimator.errors import ScenarioError
from estimator.format import dollars, number_of, precise_percent, signed_dollars
from estimator.invoices.contracts import contract_of
from estimator.invoices.diagnosis import Cause, causes
from estimator.invoices.differences import LineDifference, differences
from estimator.invoices.invoice import Invoice
from estimator.invoices.month import EstimatedMonth, month_of
from estimator.invoices.open_questions import Answered, QuestionOnInvoice, questions_on_invoice
from estimator.invoices.which_deployment import which_deployment
from estimator.pricing.contract import Contract
from estimator.result import Refusal, Result
from estimator.scenario.scenario import Scenario
from estimator.units import HALF_A_CENT_USD

if TYPE_CHECKING:
    import pandas as pd

RELATIVE_ERROR = 0.05
"""How far a billed quantity is from the estimate's though demand and answers are right, as one
standard deviation. Assumption."""
_LEAST_ERROR, _MOST_ERROR = 0.01, 1.0


@checks_arguments
@dataclass(frozen=True, repr=False)
class Reconciliation(Result):
    r"""An invoice beside the estimate: what of it is explained, and why the rest differs.

    Amounts are USD for the days of the invoice. Credits, refunds, taxes and support stand apart.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from estimator.invoices.read import read_invoice
    >>> bill = Path(tempfile.mkdtemp()) / "bill.csv"
    >>> _ = bill.write_text(
    ...     "lineItem/intervalUsageStart,product/service,product/region,usage/billedQuantity,"
    ...     "cost/productSku,product/Description,cost/myCost,cost/currencyCode\n"
    ...     "2026-10-01T00:00Z,COMPUTE,eu-frankfurt-1,96,B97384,Standard - E5,2.88,USD\n"
    ... )
    >>> scenario = Scenario(profile="market-data", location="frankfurt", peak_connections=1000)
    >>> found = reconcile(scenario, read_invoice(bill), "oci.load_balancer_vm")
    >>> found.billed_usd, found.month.month.hours
    (2.88, 24.0)
    """

    schema = "reconciliation"

    scenario: Scenario
    """As it was given."""
    invoice: Invoice
    """What was billed."""
    month: EstimatedMonth
    """What the scenario says for the days of the invoice."""
    chosen_because: str
    """Why the invoice is taken to be of this deployment, as a sentence."""
    lines: tuple[LineDifference, ...]
    """Every line of both, what differs most first."""
    answered: Answered
    """What the invoice says of demand and open questions."""
    relative_error: float
    """Of a billed quantity whose demand and answers are right, as one standard deviation."""
    refusals: tuple[Refusal, ...] = ()
    """None: what cannot be priced raises an error."""

    @property
    def estimate(self) -> Estimate:
        """The bill of the estimate for the days of the invoice."""
        return self.month.bill

    @property
    def deployment(self) -> str:
        """Id of the deployment that the invoice is taken to be of."""
        return self.month.deployment.id

    def bill(self, deployment: str) -> Estimate:
        """The estimate for the days of the invoice.

        Raises:
            ScenarioError: the invoice was taken to be of another deployment.
        """
        return self._bill_of(deployment, [self.estimate])

    @property
    def title(self) -> str:
        """What stands beside what."""
        days = f"{self.invoice.first_day} to {self.invoice.end_day - dt.timedelta(days=1)}"
        return f"The invoice of {days} beside {self.estimate.name}: {title_of(self.scenario)}"

    @cached_property
    def billed_usd(self) -> float:
        """Use on the invoice."""
        return sum(line.billed_usd for line in self.lines)

    @cached_property
    def estimated_usd(self) -> float:
        """The estimate."""
        return sum(line.estimated.usd for line in self.lines)

    @property
    def difference_usd(self) -> float:
        """How much more is on the invoice: quantity, price and scope together."""
        return self.billed_usd - self.estimated_usd

    @cached_property
    def quantity_usd(self) -> float:
        """Of the difference, because more was used or counted."""
        return sum(line.quantity_usd for line in self.lines)

    @cached_property
    def price_usd(self) -> float:
        """Of the difference, because a unit cost something else."""
        return sum(line.price_usd for line in self.lines)

    @cached_property
    def scope_usd(self) -> float:
        """Of the difference, because only one of both has the line."""
        return sum(line.scope_usd for line in self.lines)

    @property
    def explained_share(self) -> float:
        """Share of the invoice's dollars that stand on the same lines of the estimate."""
        explained = sum(line.explained_usd for line in self.lines)
        return explained / self.billed_usd if self.billed_usd > 0 else 0.0

    @property
    def modeled_share(self) -> float:
        """Share of the invoice's dollars on lines that the estimate has, whatever it says there."""
        of_both = sum(line.billed_usd for line in self.lines if not line.scope)
        return of_both / self.billed_usd if self.billed_usd > 0 else 0.0

    @cached_property
    def causes(self) -> tuple[Cause, ...]:
        """Why both differ, the largest first; the causes add up to the difference."""
        return causes(self.month, self.lines, self.answered)

    @property
    def questions(self) -> tuple[QuestionOnInvoice, ...]:
        """Open questions that move lines of the invoice, the clearest first."""
        return self.answered.questions

    @cached_property
    def contract(self) -> Contract | None:
        """The contract under which the invoice's quantities cost what was billed; None at list."""
        return contract_of(self.month, self.invoice, self.lines)

    @cached_property
    def scenario_as_billed(self) -> Scenario:
        """The scenario with what the invoice says: clear answers, machines, and what was paid."""
        answers = {**self.scenario.assumptions, **self.answered.changed}
        changes: dict[str, Any] = {"assumptions": answers} if answers else {}
        if self.contract is not None:
            changes["contract"] = self.contract
        if self.month.machines:
            own = self.scenario.options.get(self.deployment, {})
            changes["options"] = {
                **self.scenario.options,
                self.deployment: {**own, **self.month.machines},
            }
        return self.scenario.replace(**changes)

    @property
    def verdict(self) -> str:
        """What share of the invoice is explained, in a sentence; and how much could not be read."""
        explained = (
            f"The estimate explains {precise_percent(self.explained_share)} of the invoice: "
            f"{dollars(self.billed_usd)} billed, {dollars(self.estimated_usd)} estimated."
        )
        unread = self.invoice.rows_unreadable
        if not unread:
            return explained
        rows = number_of(self.invoice.rows_read + unread, "row")
        return f"{explained} {unread:,} of {rows} could not be read: the invoice is not whole."

    @property
    def difference_words(self) -> str:
        """By how much the invoice differs, and what of it is quantity, price and scope."""
        parts = (
            (self.quantity_usd, "quantity"),
            (self.price_usd, "price"),
            (self.scope_usd, "scope"),
        )
        moved = [each for each in parts if abs(each[0]) >= HALF_A_CENT_USD]
        moved.sort(key=lambda each: -abs(each[0]))
        if not moved:
            return "The invoice does not differ."
        split = ", ".join(f"{signed_dollars(usd)} for {name}" for usd, name in moved)
        return f"The invoice differs by {signed_dollars(self.difference_usd)}: {split}."

    @property
    def headline(self) -> str:
        """What share is explained, and why the rest differs."""
        return f"{self.verdict} {self.difference_words}"

    @property
    def apart(self) -> dict[str, float]:
        """USD that are not compared, by the category of the charge: credits, taxes, support."""
        by_category = self.invoice.apart.groupby("category")["usd"].sum()
        return {str(category): float(usd) for category, usd in by_category.items()}

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """What to know before trusting the comparison."""
        invoice = self.invoice
        notes = [*self.month.month.notes]
        own = {key.meter for key in self.month.lines}
        others = (line.key for line in self.lines if line.scope == "not in the estimate")
        elsewhere = sorted({key.region for key in others if key.region and key.meter in own})
        if elsewhere:
            notes.append(
                f"The invoice has meters of the deployment in {', '.join(elsewhere)}, where the "
                f"estimate has none: it is of {self.estimate.region}."
            )
        if invoice.currency != "USD":
            notes.append(
                f"The invoice is in {invoice.currency}, taken at {invoice.usd_per_currency:g} USD."
            )
        notes.extend(
            f"{number_of(unread.rows, 'row')} of the file {'was' if unread.rows == 1 else 'were'} "
            f"not read ({unread.reason}; the first is line {unread.first_line})."
            for unread in invoice.rows_not_read
        )
        notes.append(
            "Quantities whose demand and answers are right are taken to be off by "
            f"{precise_percent(self.relative_error)} (one standard deviation); how strongly the "
            "invoice speaks is a Bayes factor, in the words of Kass and Raftery (1995): positively "
            "from 3, strongly from 20, very strongly from 150."
        )
        return tuple(notes)

    @property
    def conventions(self) -> str:
        """The conventions behind the amounts of the estimate."""
        return self.estimate.conventions

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each line of either.

        Columns: meter, region, title, unit, scope (why a line has no counterpart),
        quantity_estimated, quantity_billed, estimated_usd, billed_usd, change_usd, and its parts:
        quantity_usd, price_usd (of it list_price_usd, tier_usd, contract_usd), scope_usd;
        vendor_names.
        """
        import pandas as pd

        return pd.DataFrame([line.as_data() for line in self.lines], columns=[*_COLUMNS])

    def _data(self) -> dict[str, Any]:
        invoice = self.invoice
        return {
            "scenario": self.scenario.as_data(),
            "headline": self.headline,
            "deployment": self.deployment,
            "region": self.estimate.region,
            "chosen_because": self.chosen_because,
            "first_day": str(invoice.first_day),
            "end_day": str(invoice.end_day),
            "hours": self.month.month.hours,
            "billed_usd": self.billed_usd,
            "estimated_usd": self.estimated_usd,
            "difference_usd": self.difference_usd,
            "quantity_usd": self.quantity_usd,
            "price_usd": self.price_usd,
            "scope_usd": self.scope_usd,
            "explained_share": self.explained_share,
            "modeled_share": self.modeled_share,
            "relative_error": self.relative_error,
            "causes": [each.as_data() for each in self.causes],
            "lines": [line.as_data() for line in self.lines],
            "questions": [each.as_data() for each in self.questions],
            "answers": dict(self.answered.changed),
            "contract": self.contract and self.contract.as_data(),
            "apart_usd": self.apart,
            "notes": list(self.notes),
            "conventions": self.conventions,
        }

    def __repr__(self) -> str:
        share = precise_percent(self.explained_share)
        return (
            f"<Reconciliation {self.deployment}: {share} of {dollars(self.billed_usd)} explained>"
        )


_COLUMNS = (
    *("meter", "region", "title", "unit", "scope", "quantity_estimated", "quantity_billed"),
    *("estimated_usd", "billed_usd", "change_usd", "quantity_usd", "price_usd", "list_price_usd"),
    *("tier_usd", "contract_usd", "scope_usd", "vendor_names"),
)


@checks_arguments
def reconcile(
    scenario: Scenario,
    invoice: Invoice,
    deployment: str | None = None,
    *,
    relative_error: float = RELATIVE_ERROR,
) -> Reconciliation:
    r"""Lay an invoice beside the estimate, line by line, and say why they differ.

    The estimate is of the invoice's days, at the prices in force on the last of them, without
    people's time. The difference is exactly the sum of three: quantity (what the invoice counts, at
    the estimate's prices, less the estimate), price (what was billed, less that), and scope (lines
    that only one of both has).

    Args:
        scenario: what was estimated.
        invoice: what was billed, as ``read_invoice`` gives it.
        deployment: id of the deployment that it is of; recognized by its meters if left out.
        relative_error: how far a billed quantity is from the estimate's though demand and answers
            are right, as one standard deviation, from 0.01 to 1.

    Returns:
        The difference by line and by cause, what the invoice says of open questions, and the
        contract that follows from it.

    Raises:
        ScenarioError: many scenarios at once, more days than a month has, or an error out of range.
        UnknownNameError: no such deployment.
        MissingRateError: a meter without a price in the region of the location.
        NotCarriedError: the deployment cannot carry the transport of the scenario.
        EstimatorError: no line of the invoice is of a meter that a deployment uses.

    >>> import tempfile
    >>> from pathlib import Path
    >>> from estimator.invoices.read import read_invoice
    >>> bill = Path(tempfile.mkdtemp()) / "bill.csv"
    >>> _ = bill.write_text(
    ...     "lineItem/intervalUsageStart,product/service,product/region,usage/billedQuantity,"
    ...     "cost/productSku,product/Description,cost/myCost,cost/currencyCode\n"
    ...     "2026-10-01T00:00Z,COMPUTE,eu-frankfurt-1,96,B97384,Standard - E5,2.88,USD\n"
    ... )
    >>> scenario = Scenario(profile="market-data", location="frankfurt", peak_connections=1000)
    >>> found = reconcile(scenario, read_invoice(bill), "oci.load_balancer_vm")
    >>> parts = found.quantity_usd + found.price_usd + found.scope_usd
    >>> abs(parts - found.difference_usd) < 1e-9
    True
    """
    if not _LEAST_ERROR <= relative_error <= _MOST_ERROR:
        raise ScenarioError(
            f"relative_error must be from {_LEAST_ERROR:g} to {_MOST_ERROR:g}, but is "
            f"{relative_error:g}"
        )
    month = month_of(scenario, invoice)
    found = which_deployment(month, invoice, deployment, relative_error)
    lines = differences(found.month, invoice)
    return Reconciliation(
        scenario=scenario,
        invoice=invoice,
        month=found.month,
        chosen_because=found.reason,
        lines=lines,
        answered=questions_on_invoice(found.month, lines, relative_error),
        relative_error=relative_error,
    )
