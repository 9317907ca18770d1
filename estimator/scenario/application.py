"""What does an application do with a message besides passing it on? Its own processor time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Annotated

from pydantic import AfterValidator

from estimator.arrays import FloatArray
from estimator.errors import UnknownNameError
from estimator.files import Entry, Measured, load_mapping

DEFAULT_APPLICATION = "request"
"""What an application does if nothing else is said of it."""


@dataclass(frozen=True, slots=True)
class ApplicationWork:
    """Processor time of the user's own code, in milliseconds of a core of the reference speed."""

    cpu_ms_per_message: float | FloatArray = 0.0
    """For each message that a client sends; greetings and heartbeats are none."""
    cpu_ms_per_delivery: float | FloatArray = 0.0
    """For each message that a client receives, beyond what the server takes to send it."""
    cpu_ms_per_new_connection: float | FloatArray = 0.0
    """For each new connection: sign-in, and what is read for the greeting, history included."""


class Application(Entry):
    """A kind of application, and what its work was derived from; what is left out takes nothing."""

    title: str
    cpu_ms_per_message: Measured | None = None
    cpu_ms_per_delivery: Measured | None = None
    cpu_ms_per_new_connection: Measured | None = None

    @property
    def figures(self) -> dict[str, Measured]:
        """Its figures by the names of their fields."""
        known = ((name, getattr(self, name)) for name in ApplicationWork.__dataclass_fields__)
        return {name: figure for name, figure in known if figure is not None}


def applications() -> dict[str, Application]:
    """All kinds of applications, by name."""
    return load_mapping("application.yaml", Application)


def find_application(name: str) -> Application:
    """A kind of application by its name.

    Raises:
        UnknownNameError: there is no such kind.

    >>> find_application("none").figures
    {}
    """
    known = applications()
    if name not in known:
        raise UnknownNameError("application", name, known)
    return known[name]


@cache
def work_of(name: str) -> ApplicationWork:
    """What a kind of application does.

    Raises:
        UnknownNameError: there is no such kind.
    """
    figures = find_application(name).figures
    return ApplicationWork(**{field: figure.value for field, figure in figures.items()})


def _known(name: str) -> str:
    find_application(name)
    return name


ApplicationName = Annotated[str, AfterValidator(_known)]
"""The name of a kind of application."""
