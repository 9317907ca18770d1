"""Which answers are kept in a folder, where are they from, and on which day were they read?

``answers.csv`` beside them says so. A folder with both can be given to somebody else.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Final

from estimator.files import write_whole
from estimator.vendor_lists.listed import day

NAME: Final = "answers.csv"


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer that was kept."""

    file: str
    address: str
    read_on: str
    etag: str = ""
    last_modified: str = ""

    @property
    def read_day(self) -> dt.date | None:
        """When it was read, or was last found unchanged."""
        return day(self.read_on)


def kept_answers(folder: Path) -> Mapping[str, Kept]:
    """The answers of a folder by the name of their file; none if it has no index."""
    try:
        text = (folder / NAME).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    names = [field.name for field in fields(Kept)]
    rows = csv.DictReader(io.StringIO(text))
    found = (Kept(**{name: row.get(name) or "" for name in names}) for row in rows)
    return {each.file: each for each in found}


def keep_index(folder: Path, answers: Mapping[str, Kept]) -> None:
    """Write the index anew."""
    text = io.StringIO()
    table = csv.DictWriter(text, [field.name for field in fields(Kept)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(answers[name]) for name in sorted(answers))
    write_whole(folder / NAME, text.getvalue().encode())
