"""Which apps are there to choose from? The shipped profiles, and what their clients do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from estimator.arguments import checks_arguments
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.demand.streams import Direction, MessageStream
from estimator.deployments.limits import largest_bytes
from estimator.scenario.profile import load_profile, profile_names, shipped_content
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd

_PEAK_CONNECTIONS: Final = 10_000
"""As many as in the gallery: of a profile with larger rooms, messages depend on the audience."""
_LOCATION: Final = "virginia"
_NOT_BEHAVIOR: Final = frozenset({"title", "description", "direction", "to"})
"""Words about a profile, who sends a message and to whom: definitions, not findings."""


@checks_arguments
def profiles() -> pd.DataFrame:
    """The shipped profiles, one row each: what each is for, and what its clients do.

    Messages are those of the expected demand with 10,000 main connections at the peak in Virginia,
    per open connection of any kind. Application heartbeats are among them, WebSocket pings and what
    is sent when a connection opens are not.

    Returns:
        Columns: profile (its name), title, description (what it is for),
        messages_to_server_per_connection_hour, messages_to_client_per_connection_hour, mean_bytes
        (payload of a delivered message; of a sent one where nothing is delivered), largest_bytes
        (the largest payload of any flow, as limits take it), session_mean_hours (of the main kind
        of clients), kinds_of_clients (their names) and published_share (share of the defaults that
        are published; the others are assumptions).

    >>> table = profiles().set_index("profile")
    >>> table.loc["workplace-chat", "title"], float(table.loc["workplace-chat", "mean_bytes"]) > 100
    ('Workplace chat', True)
    """
    import pandas as pd

    return pd.DataFrame([profile_row(name) for name in profile_names()])


def profile_row(name: str) -> dict[str, Any]:
    """A shipped profile as plain texts and numbers, by the columns of ``profiles``.

    Raises:
        UnknownNameError: there is no such profile.
    """
    profile = load_profile(name)
    scenario = Scenario(profile=name, location=_LOCATION, peak_connections=_PEAK_CONNECTIONS)
    demand = expected_demand(scenario)
    flows = [each for each in demand.streams if each.kind in ("sent", "passed_on", "published")]
    return {
        "profile": name,
        "title": profile.title,
        "description": profile.description,
        "messages_to_server_per_connection_hour": _per_connection_hour(demand, "to_server"),
        "messages_to_client_per_connection_hour": _per_connection_hour(demand, "to_client"),
        "mean_bytes": _mean_bytes(flows),
        "largest_bytes": float(largest_bytes(flows)),
        "session_mean_hours": float(profile.session.mean),
        "kinds_of_clients": tuple(scenario.kinds),
        "published_share": published_share(shipped_content(name)),
    }


def profile_data() -> list[dict[str, Any]]:
    """The shipped profiles as plain texts, lists and numbers."""
    rows = map(profile_row, profile_names())
    return [
        {
            "name": row["profile"],
            **{key: value for key, value in row.items() if key != "profile"},
            "kinds_of_clients": list(row["kinds_of_clients"]),
        }
        for row in rows
    ]


def published_share(content: Mapping[str, Any]) -> float:
    """Share of the defaults of a profile that are published; 0 if it states none.

    A default is what stands at the end of a path, such as ``flows.posts.payload.mean_bytes``; of
    what is said about it and about the parts it belongs to, the closest counts.

    Args:
        content: the profile as its file holds it.

    >>> published_share(
    ...     {
    ...         "title": "Posts",
    ...         "flows": {
    ...             "posts": {"direction": "client_to_server", "rate_per_hour": 2, "payload": 9}
    ...         },
    ...         "evidence": {
    ...             "flows": {"grade": "assumption"},
    ...             "flows.posts.payload": {"grade": "published"},
    ...         },
    ...     }
    ... )
    0.5
    """
    grades = [*_grades(content)]
    return grades.count("published") / len(grades) if grades else 0.0


def _grades(content: Mapping[str, Any]) -> Iterator[str]:
    """The grade of each default; those of other kinds of clients have evidence of their own."""
    evidence: Mapping[str, Any] = content.get("evidence", {})
    for path in _defaults({key: part for key, part in content.items() if key != "other_clients"}):
        yield _grade(evidence, path)
    for name, kind in content.get("other_clients", {}).items():
        own = kind.get("profile", {})
        if isinstance(own, Mapping):
            yield from _grades(own)
        beside = {key: part for key, part in kind.items() if key != "profile"}
        for path in _defaults(beside):
            yield _grade(evidence, ("other_clients", name, *path))


def _defaults(part: object, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The paths of what a part of a profile states."""
    if not isinstance(part, Mapping):
        yield path
        return
    for key, inner in part.items():
        if key not in _NOT_BEHAVIOR and (path or key != "evidence"):
            yield from _defaults(inner, (*path, str(key)))


def _grade(evidence: Mapping[str, Any], path: tuple[str, ...]) -> str:
    said = (evidence.get(".".join(path[:depth])) for depth in range(len(path), 0, -1))
    return next((each["grade"] for each in said if each), "")


def _per_connection_hour(demand: Demand, direction: Direction) -> float:
    sent = [each for each in demand.messages(direction) if each.kind != "at_connect"]
    return float(sum(each.per_hour.mean for each in sent) / demand.connections.mean)


def _mean_bytes(flows: list[MessageStream]) -> float:
    """Payload of a message that is delivered; of one that is sent, if none is."""
    delivered = [each for each in flows if each.direction == "to_client"] or flows
    messages = float(sum(each.per_hour.mean for each in delivered))
    payload = float(sum(each.bytes_per_hour("payload").mean for each in delivered))
    return payload / messages if messages else 0.0
