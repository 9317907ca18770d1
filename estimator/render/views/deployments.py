"""The view of a list of deployments: ids, titles, vendors."""

from __future__ import annotations

from estimator.deployments.registry import Deployments
from estimator.format import number_of
from estimator.pricing.price_files import VENDORS
from estimator.render.document import Document, Text, table


def deployments_view(listed: Deployments) -> Document:
    """A row for each deployment, for which none is imported."""
    return Document(
        number_of(len(listed), "deployment"),
        (
            table(
                ("id", "title", "vendor"),
                (
                    (Text(entry.id, is_code=True), entry.title, VENDORS[entry.cloud])
                    for entry in listed.entries.values()
                ),
            ),
        ),
    )
