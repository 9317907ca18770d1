"""How does an object show itself in a notebook? As ``estimator.render`` knows how to show it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Final

from estimator.arguments import checks_arguments
from estimator.errors import ArgumentError, echo

_MIDDLE_GRAY: Final = 127.5
_COLOR: Final = re.compile(r"#[0-9A-Fa-f]{6}")
_LEAST_WIDTH_INCHES, _MOST_WIDTH_INCHES = 1.0, 50.0
"""What a figure can be: narrower it holds no text, wider it takes gigabytes."""


def renderer() -> ModuleType:
    """The package that shows objects; it stands above all others, so it is looked up by name."""
    return import_module("estimator.render")


class Shown:
    """What can be shown: a subclass holds data, and ``render`` has a view of it."""

    def _repr_html_(self) -> str:
        return renderer().to_html(self)

    def __str__(self) -> str:
        return renderer().to_text(self)


@checks_arguments
@dataclass(frozen=True, slots=True)
class Look:
    """How a chart fits the page on which it stands.

    >>> Look(ink="#FAFAFA", paper="#0E1117").is_dark
    True
    """

    ink: str = "#1F2933"
    """Color of texts and axes."""
    paper: str = "#FFFFFF"
    """Color of the background."""
    width_inches: float = 8.0
    """Texts keep their size, so a narrow chart stays readable on a narrow screen."""

    def __post_init__(self) -> None:
        """Refuse what cannot be drawn."""
        for name, color in (("ink", self.ink), ("paper", self.paper)):
            if not _COLOR.fullmatch(color):
                raise ArgumentError(
                    f"Look, {name}: {echo(color)} is not a color: write red, green and blue as in "
                    "'#1F2933'"
                )
        if not _LEAST_WIDTH_INCHES <= self.width_inches <= _MOST_WIDTH_INCHES:
            raise ArgumentError(
                f"Look, width_inches: must be from {_LEAST_WIDTH_INCHES:g} to "
                f"{_MOST_WIDTH_INCHES:g}, not {self.width_inches:g}"
            )

    @property
    def is_dark(self) -> bool:
        """Whether lines must be light to be seen."""
        channels = bytes.fromhex(self.paper.removeprefix("#"))
        return sum(channels) / len(channels) < _MIDDLE_GRAY

    @property
    def is_narrow(self) -> bool:
        """Whether the chart is for a phone."""
        return self.width_inches < 6

    @property
    def blue(self) -> str:
        """Okabe and Ito's blue; on dark paper their sky blue."""
        return "#56B4E9" if self.is_dark else "#0072B2"

    @property
    def green(self) -> str:
        """Okabe and Ito's bluish green, lighter on dark paper."""
        return "#2BBF94" if self.is_dark else "#00825F"

    @property
    def red(self) -> str:
        """Okabe and Ito's vermilion, lighter on dark paper."""
        return "#F2853D" if self.is_dark else "#D55E00"

    @property
    def gray(self) -> str:
        """What stands behind: grids and marks."""
        return "#7B8794" if self.is_dark else "#8C8C8C"
