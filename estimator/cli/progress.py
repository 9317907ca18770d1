"""A bar that tells how far a command is, where a person looks at it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager

CountProgress = Callable[[int, int], object]
"""Called with what is done and what there is to do."""


@contextmanager
def progress_bar(of_what: str, *, wanted: bool) -> Generator[CountProgress | None]:
    """A bar on standard error; nothing where no person looks at it."""
    if not (wanted and sys.stderr.isatty()):
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(of_what),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, needed: bar.update(task, completed=done, total=needed)
