"""Which figures of the chosen server did nobody publish, and how far may they be off?"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from estimator.deployments.fleet.server import OWN_WORK
from estimator.deployments.fleet.server_figures import borrowed_words, find_server
from estimator.deployments.fleet.server_options import ApplicationOptions, ServerOptions
from estimator.files import Measured
from estimator.format import count_text
from estimator.scenario.application import Application, find_application
from estimator.units import GB


@dataclass(frozen=True, slots=True)
class DerivedFigure:
    """A figure of the chosen server that nobody published as it stands."""

    name: str
    """Of the field in servers.yaml."""
    figure: Measured

    @property
    def factor(self) -> str:
        """The option that multiplies what the figure stands for."""
        return _FACTORS[self.name].option

    @property
    def multiples(self) -> tuple[float, float]:
        """The least and the most that what it stands for may be, as multiples of what it is."""
        value, (least, most) = self.figure.value, self.figure.range or (self.figure.value,) * 2
        # the more of something a core does per second, the less time one of it takes
        if self.name.endswith("_per_core_second"):
            return value / most, value / least
        return least / value, most / value

    def __str__(self) -> str:
        """The figure and how far it may be off, for people."""
        words = _FACTORS[self.name]
        value, least, most = (
            count_text(each * words.units)
            for each in (self.figure.value, *(self.figure.range or ()))
        )
        return f"{words.title} {value} ({least}–{most})"


class _Factor(NamedTuple):
    option: str
    """Multiplies what a figure stands for."""
    title: str
    units: float = 1.0
    """Units of the title in one unit of the figure."""
    own: str = ""
    """The option that replaces the figure, if its name is another."""


_OF_HTTP = "http_requests_per_core_second"
_FACTORS = {
    "memory_per_connection_bytes": _Factor("memory_factor", "bytes of memory per connection"),
    "idle_cpu_seconds_per_connection_second": _Factor(
        "idle_factor", "microseconds per second and idle connection", 1e6
    ),
    "messages_per_core_second": _Factor("message_factor", "messages per core and second"),
    "bytes_per_core_second": _Factor("byte_factor", "GB per core and second", 1 / GB),
    "new_connections_per_core_second": _Factor(
        "new_connection_factor", "new connections per core and second"
    ),
    _OF_HTTP: _Factor(
        "request_factor", "requests over HTTP per core and second", own="requests_per_core_second"
    ),
}
"""Figures that nobody may have published; an option of the same name replaces most."""
_UNDER_TLS = {
    "tls_memory_per_connection_bytes": "memory_per_connection_bytes",
    "tls_throughput_share": "messages_per_core_second",
    "tls_bytes_per_core_second": "bytes_per_core_second",
    "handshakes_per_core_second": "handshakes_per_core_second",
}
"""Figures under TLS, and the option that makes each needless."""


def derived_figures(options: ServerOptions, *, over_http: bool = False) -> list[DerivedFigure]:
    """Figures of the chosen server that are derived and that no option replaces.

    Args:
        options: the server, or own figures.
        over_http: whether messages travel over HTTP, so that the server answers requests.

    Raises:
        UnknownNameError: a server that is not in servers.yaml.

    >>> [str(each) for each in derived_figures(ServerOptions())][0]
    'messages per core and second 15,600 (11,700–31,200)'
    """
    figures = find_server(options.server).figures
    needed = (
        name
        for name, factor in _FACTORS.items()
        if (over_http or name != _OF_HTTP) and getattr(options, factor.own or name) is None
    )
    return [DerivedFigure(name, figures[name]) for name in needed if figures[name].is_derived]


def stand_ins(options: ServerOptions, *, tls: bool, over_http: bool = False) -> Iterator[str]:
    """Which figures nobody published of the chosen server, and what stands for them."""
    server = find_server(options.server)
    if derived := [str(each) for each in derived_figures(options, over_http=over_http)]:
        yield f"Derived figures of {server.title}, and their ranges: {'; '.join(derived)}."
    if not tls:
        return
    needed = (name for name, own in _UNDER_TLS.items() if getattr(options, own) is None)
    words = (borrowed_words(options.server, name) for name in needed)
    if borrowed := [each for each in words if each is not None]:
        figures = ", ".join(borrowed)
        yield f"No figures were published for {server.title}; these stand in: {figures}."


_PER_EVENT = {
    "cpu_ms_per_message": "message of a client",
    "cpu_ms_per_delivery": "delivery",
    "cpu_ms_per_new_connection": "new connection",
}
"""What each figure of an application is the time for."""


def assumed_work(options: ApplicationOptions, assumed: Collection[str]) -> Iterator[str]:
    """What the application's own work is taken to be, on what evidence, and how to say otherwise.

    Args:
        options: own figures, or another entry of application.yaml.
        assumed: the entries that the profiles name.
    """
    if any(getattr(options, name) is not None for name in OWN_WORK):
        return
    names = assumed if options.application is None else [options.application]
    yield from (_assumed_work(name) for name in dict.fromkeys(names))


@cache
def _assumed_work(name: str) -> str:
    """What is taken of one entry of application.yaml, in words.

    >>> _assumed_work("none")
    "The application's own work is left out (application: none)."
    """
    application = find_application(name)
    if not application.figures:
        return f"The application's own work is left out (application: {name})."
    figures = application.figures.values()
    sources = dict.fromkeys(one for each in figures for one in each.source.split("; "))
    return (
        f"The application's own work is assumed ({name}: {_sentence_part(application.title)}) to "
        f"take of a core {' and '.join(application_words(application).values())}. Derived from "
        f"{', '.join(sources)}. Say what yours takes (application_cpu_ms_per_message and others), "
        "or take it away (application: none)."
    )


def application_words(application: Application) -> dict[str, str]:
    """What an application takes of a core, with ranges, by the names of the figures.

    >>> application_words(find_application("feed"))
    {'cpu_ms_per_new_connection': '11.2 ms (5.3–15.7) per new connection'}
    """
    return {
        name: f"{count_text(figure.value)} ms{_range(figure)} per {_PER_EVENT[name]}"
        for name, figure in application.figures.items()
    }


def _range(figure: Measured) -> str:
    """How far it may be off, if it was derived."""
    return "" if figure.range is None else f" ({'–'.join(map(count_text, figure.range))})"


def _sentence_part(title: str) -> str:
    """A title, within a sentence."""
    return f"{title[0].lower()}{title[1:]}"


def application_multiples(
    options: ApplicationOptions, assumed: Iterable[str]
) -> tuple[float, float] | None:
    """The least and the most that the application's work may be, as multiples of what is assumed.

    Args:
        options: own figures, or another entry of application.yaml.
        assumed: the entries that the profiles name.

    Returns:
        None where nothing is assumed: own figures are given, or there is no work.
    """
    if any(getattr(options, name) is not None for name in OWN_WORK):
        return None
    names = {options.application or name for name in assumed}
    figures = [each for name in names for each in find_application(name).figures.values()]
    ranges = [(figure.value, *figure.range) for figure in figures if figure.range is not None]
    if not ranges:
        return None
    return (
        min(least / value for value, least, _ in ranges),
        max(most / value for value, _, most in ranges),
    )
