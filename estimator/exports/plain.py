"""How is an answer written for everything else? As a table, as data, and as a comment."""

from __future__ import annotations

from estimator.exports.contents import Contents
from estimator.pricing.bill import Bill
from estimator.render import spreadsheet


def csv(contents: Contents) -> str:
    """The lines of a bill, or a row for each bill, or for each bill and month."""
    result = contents.result
    return spreadsheet.csv(result.lines if isinstance(result, Bill) else result.table)


def json(contents: Contents) -> str:
    """The whole answer as one document, in the schema of results."""
    return contents.result.to_json() + "\n"


def markdown(contents: Contents) -> str:
    """The answer with its details folded, for a comment on a change."""
    return contents.result.to_markdown()
