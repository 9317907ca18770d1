"""The view of what vendors start with, and what bills take: a table for each deployment."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.deployments.vendor_defaults import VendorDefault, all_vendor_defaults
from estimator.pricing.lines import SURENESS
from estimator.pricing.price_files import VENDORS
from estimator.render import document as doc


def defaults_view() -> doc.Document:
    """Every default and metering rule beside the vendor's own, with the day it was read."""
    return doc.Document("Defaults and metering rules, beside the vendors' own", tuple(_blocks()))


def _blocks() -> Iterator[doc.Block]:
    yield doc.Paragraph(
        "Where bills take something else than a vendor starts with, the reason stands beside it, "
        "and a bill says what the vendor's value would cost."
    )
    for name, rows in groupby(all_vendor_defaults(), lambda row: row.deployment):
        yield _table(name, tuple(rows))


def _table(name: str, rows: tuple[VendorDefault, ...]) -> doc.Table:
    entry = ALL_DEPLOYMENTS.entries.get(name)
    title = f"{entry.title} ({name})" if entry else f"All of {VENDORS.get(name, name)}"
    return doc.table(
        ("rule or setting", "the vendor's", "here", "read"),
        (
            (
                row.subject,
                row.vendors,
                f"{row.ours}; {row.why}" if row.why else row.ours,
                doc.Text(f"{row.checked_on}, {SURENESS[row.confidence]}", link=row.source),
            )
            for row in rows
        ),
        title,
    )
