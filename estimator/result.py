"""What all results share: a title, refusals, bills by deployment, JSON, Markdown, a chart."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import numpy as np

from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError, cut
from estimator.shown import Look, Shown, renderer

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_Bill = TypeVar("_Bill")
SCHEMA_VERSION = 1
"""Of the JSON of every result; raised when a field is renamed, removed or changes its meaning."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A deployment that could not be priced, and why."""

    deployment: str
    title: str
    reason: str


@checks_arguments
class Result(Shown, ABC):
    """The answer to one question: data, which ``estimator.render`` knows how to show."""

    schema: ClassVar[str]
    """Name of the schema of its JSON in ``docs/results.schema.json``."""
    instead_of_bills: ClassVar[str] = ""
    """What to use instead, of a result that keeps no bills."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, and why."""

    if TYPE_CHECKING:  # a field answers as well as a property

        @property
        def title(self) -> str:
            """What was asked, for the head of a table or chart."""
            ...

    def bill(self, deployment: str) -> Any:
        """The bill of a deployment.

        Raises:
            ScenarioError: there is none; the message says why, or what to use instead.
        """
        kind = self.schema.replace("_", " ")
        raise ScenarioError(
            f"this {kind} keeps no bill of {cut(deployment)}: {self.instead_of_bills}"
        )

    @abstractmethod
    def _data(self) -> dict[str, Any]:
        """The answer as plain lists, texts and numbers."""

    def as_data(self) -> dict[str, Any]:
        """The result as plain lists, texts and numbers; null stands for what has no end."""
        return {
            "schema": f"{self.schema}/{SCHEMA_VERSION}",
            "currency": "USD",
            "period": "month",
            **self._data(),
            "refused": [
                {"deployment": each.deployment, "reason": each.reason} for each in self.refusals
            ],
        }

    def to_json(self) -> str:
        """The result as one JSON document, for other programs."""
        return json.dumps(self.as_data(), indent=2, allow_nan=False)

    def to_markdown(self) -> str:
        """The result as Markdown, for a comment on a change."""
        return renderer().to_markdown(self)

    def chart(self, look: Look | None = None) -> Figure:
        """The result as a chart.

        Args:
            look: colors and width; dark on white, if left out.

        Raises:
            ScenarioError: the result has no chart, or more in it than a chart can show.
        """
        return self._drawn(self.schema, look)

    def _drawn(self, chart: str, *arguments: Any) -> Figure:
        return renderer().draw(chart, self, *arguments)

    def _bill_of(self, deployment: str, bills: Iterable[_Bill]) -> _Bill:
        """The bill of a deployment among ``bills``, each of which has a ``deployment``.

        Raises:
            ScenarioError: it was not asked for, or could not be priced; the message says why.
        """
        for bill in bills:
            if getattr(bill, "deployment", None) == deployment:
                return bill
        for refusal in self.refusals:
            if refusal.deployment == deployment:
                raise ScenarioError(f"{deployment} could not be priced: {refusal.reason}")
        raise ScenarioError(f"{deployment} was not asked for")


def impossible(amounts: FloatArray) -> float | None:
    """An amount that cannot be: below zero, without end, or not a number; None if there is none.

    >>> impossible(np.array([1.0, -2.0])), impossible(np.array(5.0))
    (-2.0, None)
    """
    extremes = (amounts.min(), amounts.max()) if amounts.ndim else (amounts,)
    # comparisons with NaN are false
    return next((float(each) for each in extremes if not 0 <= each < np.inf), None)


def plain(value: Any) -> Any:
    """Numbers for JSON, which knows neither arrays nor infinity: null stands for what has no end.

    >>> plain(np.array([1.0, np.inf])), plain(2.5), plain("text")
    ([1.0, None], 2.5, 'text')
    """
    if isinstance(value, np.ndarray | np.generic | float):
        numbers = np.asarray(value)
        if numbers.dtype.kind == "f":
            finite = np.isfinite(numbers)
            numbers = numbers.astype(object)
            numbers[~finite] = None
        return numbers.tolist()
    return value
