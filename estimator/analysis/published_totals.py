"""Do the profiles reproduce what known operators published of their traffic?"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple, Self

from pydantic import AfterValidator, Field, JsonValue, model_validator

from estimator.arguments import checks_arguments
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import total
from estimator.errors import EstimatorError
from estimator.files import Entry, Sourced, load_mapping
from estimator.scenario.profile import load_profile, profile_names
from estimator.scenario.scenario import Scenario
from estimator.units import SECONDS_PER_HOUR

if TYPE_CHECKING:
    import pandas as pd

Quantity = Literal[
    "peak_connections",
    "mean_connections",
    "messages_to_clients_per_second",
    "messages_to_server_per_second",
]
"""What an operator published a total of."""
QUANTITIES: dict[Quantity, str] = {
    "peak_connections": "connections at the peak",
    "mean_connections": "connections on average",
    "messages_to_clients_per_second": "messages to clients per second",
    "messages_to_server_per_second": "messages to the server per second",
}
"""Each in words."""
_LOCATION = "virginia"
"""Any does: no total depends on it, since shapes are of local time or bring their own."""
_TRIED_PEAK = 1e6
"""Connections that several kinds of clients are tried with, to find their parts of a total."""
_OF_FLOWS = ("sent", "passed_on", "published")
"""Messages that operators count: those of flows, without greetings and heartbeats."""
_Above0 = Annotated[float, Field(gt=0)]


def _known(profile: str) -> str:
    try:
        load_profile(profile)
    except EstimatorError as error:
        raise ValueError(str(error)) from None
    return profile


class OperatorAudience(Entry):
    """How many clients an operator has, in the one way in which it says so."""

    peak_connections: _Above0 | None = None
    """Open connections at the peak, those of all kinds of clients together."""
    mean_connections: _Above0 | None = None
    """Open connections on average."""
    users_per_day: _Above0 | None = None
    """People who connect on a busy day."""
    hours_per_user_per_day: _Above0 | None = None
    """How long each of them is connected on such a day."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.users_per_day is None) != (self.hours_per_user_per_day is None):
            raise ValueError("users_per_day and hours_per_user_per_day go together")
        ways = (self.peak_connections, self.mean_connections, self.users_per_day)
        if sum(way is not None for way in ways) != 1:
            raise ValueError(
                "give one of peak_connections, mean_connections, or users_per_day with "
                "hours_per_user_per_day"
            )
        return self

    def fields(self, session_hours: float) -> dict[str, float]:
        """The fields of a scenario with this audience, of one kind of clients.

        Args:
            session_hours: how long a session lasts on average.
        """
        if self.users_per_day is not None and self.hours_per_user_per_day is not None:
            sessions = self.hours_per_user_per_day / session_hours
            return {"users_per_day": self.users_per_day, "sessions_per_user_per_day": sessions}
        given = self.model_dump(exclude_none=True)
        return {name: float(number) for name, number in given.items()}


class PublishedTotal(Sourced):
    """What an operator published, and of which audience."""

    profile: Annotated[str, AfterValidator(_known)]
    """The profile that should reproduce it."""
    operator: str
    quantity: Quantity
    hour: Literal["peak", "mean"] | None = None
    """Of messages: in the fullest hour, or on average."""
    flows: tuple[str, ...] = ()
    """Of messages: the flows whose messages the total counts; all if left out."""
    published: _Above0
    said: str
    """What the source says, in our words, and how the figure follows from it."""
    audience: OperatorAudience
    changes: dict[str, JsonValue] = Field(default_factory=dict)
    """What the source says of the operator that differs from the profile."""
    spread: Annotated[float, Field(gt=1)]
    """The factor by which the profile may be off either way."""
    spread_because: str
    """Where that factor comes from."""
    same_source: str | None = None
    """The default of the profile that was derived from this total, if one was: then a match shows
    no more than that the profile says what its source says."""
    miss: str | None = None
    """Why the profile does not reproduce it, if it does not."""

    @model_validator(mode="after")
    def _can_be_computed(self) -> Self:
        if ("connections" in self.quantity) != (self.hour is None):
            raise ValueError("hour goes with messages per second, and only with them")
        try:
            # checks the changes too
            streams = self._streams(self._demand)
        except EstimatorError as error:
            raise ValueError(str(error)) from None
        if "messages" in self.quantity and not streams:
            raise ValueError(f"{self.profile} has no such messages")
        return self

    @cached_property
    def scenario(self) -> Scenario:
        """The operator's audience with the profile."""
        given = {"extends": self.profile, **self.changes}
        tried: dict[str, Any] = {"profile": given, "location": _LOCATION}
        unit = Scenario(**tried, peak_connections=_TRIED_PEAK)
        audience = self.audience.fields(float(unit.profile.session.mean))
        if self.audience.peak_connections is not None:
            # operators count all who are connected; a scenario states those of the main kind
            of_all = float(expected_demand(unit).peak_connections)
            audience = {"peak_connections": _TRIED_PEAK * audience["peak_connections"] / of_all}
        return Scenario(**tried, **audience)

    @property
    def computed(self) -> float:
        """The same quantity of the profile."""
        demand = self._demand
        if self.quantity == "peak_connections":
            return float(demand.peak_connections)
        if self.quantity == "mean_connections":
            return float(demand.connections.mean)
        per_hour = total(stream.per_hour for stream in self._streams(demand))
        return float(per_hour.peak if self.hour == "peak" else per_hour.mean) / SECONDS_PER_HOUR

    @cached_property
    def _demand(self) -> Demand:
        return expected_demand(self.scenario)

    def _streams(self, demand: Demand) -> list[MessageStream]:
        """The messages that the total counts."""
        to_clients = self.quantity == "messages_to_clients_per_second"
        streams = demand.messages("to_client" if to_clients else "to_server")
        counted = [stream for stream in streams if stream.kind in _OF_FLOWS]
        if not self.flows:
            return counted
        # of several kinds of clients, the name of the kind stands before that of the flow
        return [stream for stream in counted if stream.name.rpartition(": ")[2] in self.flows]


class ComparedTotal(NamedTuple):
    """A published total beside that of the profile."""

    name: str
    """Its id in the data."""
    total: PublishedTotal
    computed: float

    @property
    def ratio(self) -> float:
        """Computed over published."""
        return self.computed / self.total.published

    @property
    def is_met(self) -> bool:
        """Whether the profile comes within the spread."""
        return 1 / self.total.spread <= self.ratio <= self.total.spread


def compared_totals() -> tuple[ComparedTotal, ...]:
    """Every published total beside that of the profile, by profile."""
    known = load_mapping("published_totals.yaml", PublishedTotal)
    order = profile_names()
    compared = (ComparedTotal(name, each, each.computed) for name, each in known.items())
    return tuple(sorted(compared, key=lambda each: order.index(each.total.profile)))


def profiles_without_totals() -> list[str]:
    """Shipped profiles of whose kind no known operator published a total that we found."""
    known = load_mapping("published_totals.yaml", PublishedTotal)
    with_totals = {each.profile for each in known.values()}
    return [name for name in profile_names() if name not in with_totals]


def total_data() -> list[dict[str, Any]]:
    """Published totals beside those of the profiles, as plain texts and numbers."""
    return [
        {
            "name": each.name,
            "title": each.total.said,
            "profile": each.total.profile,
            "operator": each.total.operator,
            "quantity": each.total.quantity,
            "hour": each.total.hour,
            "published": each.total.published,
            "computed": each.computed,
            "ratio": each.ratio,
            "spread": each.total.spread,
            "spread_because": each.total.spread_because,
            "met": each.is_met,
            "miss": each.total.miss,
            "same_source": each.total.same_source,
            "source": each.total.source,
            "checked_on": each.total.checked_on.isoformat(),
            "confidence": each.total.confidence,
            "note": each.total.note,
        }
        for each in compared_totals()
    ]


@checks_arguments
def published_totals() -> pd.DataFrame:
    """What known operators published, beside what the profiles make of the same audience.

    Returns:
        Columns: name, title (what the source says), profile, operator, quantity, hour (of messages:
        peak or mean), published, computed, ratio (computed over published), spread (the factor by
        which it may be off either way), spread_because, met (whether it is within it), miss (why it
        is not), same_source (the default that was derived from this very total, if one was),
        source, checked_on, confidence, note.

    >>> table = published_totals().set_index("name")
    >>> float(table.loc["slack_2017_spring", "published"])
    4000000.0
    """
    import pandas as pd

    return pd.DataFrame(total_data())
