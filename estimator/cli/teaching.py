"""Examples and exit statuses at the end of each help text."""

from __future__ import annotations

from collections.abc import Iterable

PROMPT = "$ estimator "


def taught(*examples: tuple[str, str], title: str = "Examples") -> str:
    """The end of a help text.

    Args:
        examples: what it is for, and the command without its first word. A command that needs
            several lines ends them with a backslash, as in a shell.
        title: what stands above them.
    """
    return "\n".join((f"[bold]{title}[/bold]", *_lines(examples)))


def _lines(examples: Iterable[tuple[str, str]]) -> Iterable[str]:
    for purpose, command in examples:
        yield f"[dim]# {purpose}[/dim]"
        yield PROMPT + command.replace("[", r"\[")
