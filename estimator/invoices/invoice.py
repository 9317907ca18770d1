"""What is a bill of a vendor, in our meters?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from estimator.arguments import checks_arguments
from estimator.errors import ArgumentError, EstimatorError

KNOWN_FORMATS = (
    "FOCUS 1.0 to 1.4, AWS cost and usage reports, Azure cost exports, Google's billing export, "
    "OCI cost reports"
)
LINE_COLUMNS = (
    "cloud",
    "meter",
    "region",
    "quantity",
    "list_usd",
    "billed_usd",
    "list_unit_usd",
    "vendor_name",
    "rows",
)
"""Columns of ``Invoice.lines``."""
UNMAPPED_COLUMNS = ("cloud", "vendor_name", "unit", "quantity", "list_usd", "billed_usd", "rows")
"""Columns of ``Invoice.unmapped``."""
APART_COLUMNS = ("category", "usd", "rows")
"""Columns of ``Invoice.apart``."""

OTHER_MONTH = "of another month than"
"""How the reason begins why rows were left out that somebody did not ask for."""
_MOST_MONTHS_NAMED = 12


class InvoiceError(EstimatorError):
    """A file that is no bill of a known format, or a bill that cannot be read as it is.

    >>> raise InvoiceError("bill.csv: there is no such file; check the path")
    Traceback (most recent call last):
    estimator.invoices.invoice.InvoiceError: bill.csv: there is no such file; check the path
    """


def months_words(months: Iterable[str]) -> str:
    """Months in one line, the first ones of many.

    >>> months_words({"2026-10", "2026-09"})
    '2026-09, 2026-10'
    """
    ordered = sorted(months)
    more = len(ordered) - _MOST_MONTHS_NAMED
    return ", ".join(ordered[:_MOST_MONTHS_NAMED]) + (f" and {more} more" if more > 0 else "")


@dataclass(frozen=True)
class UnreadRows:
    """Rows that were not read, for one reason."""

    reason: str
    rows: int
    first_line: int
    """Where the first of them stands in the file; the header is line 1."""


@checks_arguments
@dataclass(frozen=True, eq=False)
class Invoice:
    r"""A bill of one or more clouds, line by line in our meters.

    Account ids, resource ids, names and tags never leave the reader.

    >>> import io
    >>> from estimator.invoices.read import read_invoice_file
    >>> report = (
    ...     b"line_item_line_item_type,line_item_usage_type,line_item_product_code,"
    ...     b"line_item_usage_amount,line_item_unblended_cost,line_item_currency_code,"
    ...     b"line_item_usage_start_date\n"
    ...     b"Usage,EUC1-ApiGatewayMessage,AmazonApiGateway,1000000,1.14,USD,2026-11-01T00:00:00Z\n"
    ...     b"Usage,EUC1-Requests-Tier1,AWSQueueService,1000,0.0004,USD,2026-11-01T00:00:00Z\n"
    ... )
    >>> invoice = read_invoice_file(io.BytesIO(report), "report.csv")
    >>> invoice.lines[["meter", "region", "quantity", "billed_usd"]].values.tolist()
    [['aws.api_gateway.messages', 'eu-central-1', 1000000.0, 1.14]]
    >>> list(invoice.unmapped["vendor_name"]), f"{invoice.mapped_share:.2%}"
    (['Requests-Tier1'], '99.96%')
    """

    source_format: str
    """focus, aws_cur, azure_export, google_export or oci_report."""
    cloud: tuple[str, ...]
    """The clouds that it is about: aws, azure, gcp, oci."""
    currency: str
    """The currency of the file, by its ISO 4217 code; amounts here are dollars all the same."""
    usd_per_currency: float
    """How many dollars one unit of that currency is: 1 for dollars, else as it was stated."""
    first_day: dt.date
    """The first day on which a charge begins, in UTC."""
    end_day: dt.date
    """The day after the last one."""
    lines: pd.DataFrame
    """One row per cloud, meter, region and price of a unit (see ``LINE_COLUMNS``): quantities in
    our units; ``list_usd`` is NaN where the format has no list price, and ``list_unit_usd`` with
    it."""
    unmapped: pd.DataFrame
    """Usage that no meter of ours stands for (see ``UNMAPPED_COLUMNS``), quantities in the vendor's
    own units."""
    apart: pd.DataFrame
    """What is not usage (see ``APART_COLUMNS``): credit, adjustment, tax, support, purchase."""
    rows_read: int
    """Rows that were read, whatever became of them."""
    rows_ignored: int = 0
    """Those of them that cost nothing and that the map names as nothing to compare."""
    rows_not_read: tuple[UnreadRows, ...] = ()
    """Rows that could not be read, or are of another month than the one that was asked for."""
    months: tuple[str, ...] = ()
    """The months in which its charges begin, as ``2026-11``: more than one is not one month's bill,
    and volume tiers start anew with each."""

    def __post_init__(self) -> None:
        """Refuse tables without their columns.

        Raises:
            ArgumentError: a column is missing.
        """
        for name, needed in (
            ("lines", LINE_COLUMNS),
            ("unmapped", UNMAPPED_COLUMNS),
            ("apart", APART_COLUMNS),
        ):
            if missing := [each for each in needed if each not in getattr(self, name)]:
                raise ArgumentError(f"Invoice, {name}: no column {', '.join(missing)}")

    @property
    def rows_unreadable(self) -> int:
        """Rows that somebody asked for, and that could not be read."""
        return sum(
            each.rows for each in self.rows_not_read if not each.reason.startswith(OTHER_MONTH)
        )

    @property
    def mapped_share(self) -> float:
        """The share of the billed usage that lines of our meters stand for; NaN of none.

        In absolute amounts, so that a row below zero hides nothing.
        """
        mapped = float(self.lines["billed_usd"].abs().sum())
        unmapped = float(self.unmapped["billed_usd"].abs().sum())
        return mapped / (mapped + unmapped) if mapped + unmapped else float("nan")
