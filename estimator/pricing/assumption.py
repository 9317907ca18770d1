"""What sources disagree on or a vendor leaves open: a question, its answers, the evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumption:
    """Something a vendor leaves open, with the answers one may choose."""

    id: str
    question: str
    choices: Mapping[str, str]
    """What each answer means, by its name; the first one is the default."""
    evidence: str

    @property
    def name(self) -> str:
        """The last part of its id."""
        return self.id.rpartition(".")[2]

    @property
    def default(self) -> str:
        """The answer taken if the user gives none."""
        return next(iter(self.choices))
