"""Which formats can be written? One table; what writes a format is loaded when somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Format:
    """A form in which answers are written to a file."""

    title: str
    """What reads it, for people."""
    file_name: str
    """What the file holds, and its ending."""
    media_type: str
    writer: str
    """The module in ``estimator.exports`` that makes the file, and its function."""
    holds_months: bool = False
    """Whether it can hold the months of a growth."""
    is_of_one: bool = False
    """Whether it tells of one deployment only."""
    is_priced: bool = True
    """Whether it holds bills."""

    def write(self, *given: Any) -> str | bytes:
        """The content of a file."""
        module, _, function = self.writer.partition(":")
        write: Callable[..., str | bytes] = getattr(
            import_module(f"estimator.exports.{module}"), function
        )
        return write(*given)


FORMATS: Final[Mapping[str, Format]] = {
    "focus": Format(
        "FOCUS, for FinOps tools", "focus.csv", "text/csv", "focus:write", holds_months=True
    ),
    "xlsx": Format(
        "workbook with live formulas",
        "workbook.xlsx",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx:write",
    ),
    "infracost": Format(
        "usage file of Infracost",
        "infracost-usage.yml",
        "application/yaml",
        "infracost:write",
        is_of_one=True,
    ),
    "k6": Format(
        "load test for k6", "load-test.js", "text/javascript", "k6:write", is_priced=False
    ),
    "csv": Format(
        "table for a spreadsheet", "table.csv", "text/csv", "plain:csv", holds_months=True
    ),
    "json": Format("JSON", "answer.json", "application/json", "plain:json", holds_months=True),
    "markdown": Format(
        "Markdown", "answer.md", "text/markdown", "plain:markdown", holds_months=True
    ),
}
"""By the names that people write."""
