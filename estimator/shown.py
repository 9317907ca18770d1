"""How does an object show itself in a notebook? As ``estimator.render`` knows how to show it."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType


def renderer() -> ModuleType:
    """The package that shows objects; it stands above all others, so it is looked up by name."""
    return import_module("estimator.render")


class Shown:
    """What can be shown: a subclass holds data, and ``render`` has a view of it."""

    def _repr_html_(self) -> str:
        return renderer().to_html(self)
