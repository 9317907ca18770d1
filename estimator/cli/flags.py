"""How help shows options that take no value."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup, TyperOption


class _FlagsWithoutType:
    """Has help name no type behind a flag: ``--json <bool>`` would ask for a value."""

    def get_params(self, ctx: Any) -> list[Any]:
        """All parameters there are, those that typer adds included."""
        parameters: list[Any] = super().get_params(ctx)  # pyright: ignore[reportAttributeAccessIssue]
        for parameter in parameters:
            if isinstance(parameter, TyperOption) and parameter.is_flag:
                parameter.metavar = ""
        return parameters


class Command(_FlagsWithoutType, TyperCommand):
    """A command whose flags show no type."""


class Group(_FlagsWithoutType, TyperGroup):
    """A group of commands whose flags show no type."""
