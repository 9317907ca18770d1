"""What visitors save: tables below lines that say where they come from."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from playwright.sync_api import Page

import estimator as ws
from estimator.pricing.price_files import price_list

_FILE_FOLLOWS = "# The scenario as a file:"


def table_rows(text: str | bytes) -> list[dict[str, str]]:
    """The rows of a table, cells by column."""
    return list(csv.DictReader(io.StringIO(table_in(text))))


def table_in(text: str | bytes) -> str:
    """A CSV file without the lines above its table."""
    whole = text.decode() if isinstance(text, bytes) else text
    return "".join(each for each in whole.splitlines(keepends=True) if not each.startswith("#"))


def scenario_in(text: str) -> ws.Scenario:
    """The scenario that the lines above a table describe."""
    comments = [line for line in text.splitlines() if line.startswith("#")]
    file = comments[comments.index(_FILE_FOLLOWS) + 1 :]
    return ws.Scenario.from_yaml("\n".join(line.removeprefix("# ") for line in file))


def saved_scenario(path: Path) -> ws.Scenario:
    """The scenario of a file, which says under which price list it was saved."""
    found = ws.Scenario.load(path)
    assert found.price_list == price_list()
    return found.replace(price_list=None)


def saved(page: Page, button: str, timeout_ms: float | None = None) -> Path:
    """The file that a press of a button saves, under the name that it has there.

    Args:
        page: on which it stands.
        button: its label.
        timeout_ms: how long to wait, if not as long as for all else.
    """
    with page.expect_download(timeout=timeout_ms) as download:
        page.get_by_role("button", name=button, exact=True).click()
    path = Path(download.value.path())
    return path.rename(path.with_name(download.value.suggested_filename))
