"""Profiles and weekly shapes that ship with the package, by name."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Literal, TypeVar

from pydantic import ValidationError

from estimator.documents import YamlDocument, error_text, read_yaml
from estimator.errors import ScenarioError, UnknownNameError
from estimator.scenario.model import Model

Shelf = Literal["profiles", "shapes"]
_TITLES: dict[Shelf, str] = {"profiles": "profile", "shapes": "weekly shape"}

M = TypeVar("M", bound=Model)


def names_of(shelf: Shelf) -> list[str]:
    """The names of all that ship."""
    folder = files("estimator.scenario").joinpath(shelf)
    return sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir())


@cache
def read_shipped(shelf: Shelf, name: str) -> YamlDocument:
    """The content of one of them, read once: whoever changes something does so in a copy.

    Raises:
        UnknownNameError: there is none of that name.
    """
    if name not in names_of(shelf):
        raise UnknownNameError(_TITLES[shelf], name, names_of(shelf))
    file = files("estimator.scenario").joinpath(shelf, f"{name}.yaml")
    return read_yaml(file.read_text(encoding="utf-8"), f"{shelf}/{name}.yaml", ScenarioError)


def load_shipped(shelf: Shelf, name: str, model: type[M]) -> M:
    """One of them, checked.

    Raises:
        UnknownNameError: there is none of that name.
    """
    document = read_shipped(shelf, name)
    try:
        return model.model_validate(document.content)
    except ValidationError as error:
        raise ScenarioError(error_text(error, document, model)) from None
