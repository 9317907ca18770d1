"""What disturbs the simulated week? Faults, surges, and the line on which people write one.

Faults break something. Connections are spread evenly over whatever fails: one of n nodes carries
1/n of them, one of three zones a third, a region all. Surges bring clients on top of the
weekly shape, which only knows how many are connected hour by hour.

A connection can be lost without a word (half-open): its client notices only when a heartbeat does
not come (``notice``). The server is taken to let go of it at once.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Self, TypeVar

from pydantic import Field, ValidationError, model_validator

from estimator.arguments import checks_arguments
from estimator.documents import YamlDocument
from estimator.errors import ScenarioError, UnknownNameError
from estimator.format import given_text
from estimator.scenario import model
from estimator.scenario.local_time import Clock, UtcHours, moment_text
from estimator.units import (
    HOURS_PER_DAY,
    HOURS_PER_WEEK,
    SECONDS_PER_HOUR,
    duration_text,
)
from estimator.validation import error_text

M = TypeVar("M", bound=model.Model)
_Repeats = Annotated[int, Field(ge=1, le=1000)]
_WEEK_S: Final = HOURS_PER_WEEK * SECONDS_PER_HOUR
_DAY_S: Final = HOURS_PER_DAY * SECONDS_PER_HOUR
_InTheWeek = Annotated[model.Seconds, model.Within(_WEEK_S)]
"""Time within the week that is simulated."""
_UpToAWeek = Annotated[model.Duration, model.Within(_WEEK_S)]
_UpToADay = Annotated[model.Duration, model.Within(_DAY_S)]


class Timed(model.Model):
    """Base of what happens at a time of the week."""

    if TYPE_CHECKING:  # a field of each kind, after the one that names the kind
        at: model.WeekTime

    @property
    def words(self) -> str:
        """What happens as a sentence, with its time as it was written."""
        return self._words(moment_text(self.at))

    @checks_arguments
    def words_on(self, clock: Clock) -> str:
        """What happens as a sentence, with its time in local time and in UTC.

        >>> Outage(at="Tue 14:00").words_on(Clock("Asia/Tokyo"))
        'outage on Tue 14:00 (05:00 UTC): 100% of connections lost'
        """
        return self._words(clock.text(clock.to_utc(self.at)))

    @checks_arguments
    def in_utc(self, clock: Clock) -> Self:
        """The same with its time in UTC.

        >>> Outage(at="Tue 14:00").in_utc(Clock("Asia/Tokyo")).at
        29.0
        """
        return self.model_copy(update={"at": UtcHours(clock.to_utc(self.at))})

    @abstractmethod
    def _words(self, when: str) -> str:
        """The disruption as a sentence, with its time as it shall be read."""


class Outage(Timed):
    """A node, a zone or a region fails.

    >>> Outage(at="Tue 14:00", share="30%", lasts="5 min").words
    'outage on Tue 14:00: 30% of connections lost, their units back after 5 min'
    """

    fault: Literal["outage"] = "outage"
    at: model.WeekTime
    """When it happens."""
    share: model.Share = 1.0
    """Share of the connections, and of the units that hold them, that is lost at once: a node of n
    is 1/n, a zone of three a third, a region 1."""
    lasts: _UpToAWeek = 0.0
    """Time that these units stay lost; 0: others take their place at once."""
    notice: _UpToADay = 0.0
    """Clients notice within this time, evenly. 0: at once, since a closed socket tells; if the loss
    is silent, the interval of the heartbeat."""

    def _words(self, when: str) -> str:
        return f"outage on {_lost(when, self.share)} lost{_noticed_and_back(self)}"


class ZoneOutage(Timed):
    """A zone fails, with the units in it and their connections.

    How much of everything that is follows from the placement where you run the nodes. Vendors of
    managed services say that they are in several zones (https://docs.aws.amazon.com/apigateway/latest/developerguide/disaster-recovery-resiliency.html,
    for one), and not in how many, or how much is in each: there one of three zones is taken, and
    the simulation says so.

    >>> ZoneOutage(at="Tue 14:00", share="1/3", lasts="10 min").words
    'zone outage on Tue 14:00: 33.33% of connections lost, their units back after 10 min'
    >>> ZoneOutage(at="Tue 14:00").words
    'zone outage on Tue 14:00: the connections of a zone lost'
    """

    fault: Literal["zone_outage"] = "zone_outage"
    at: model.WeekTime
    """When it happens."""
    share: model.Share | None = None
    """Share of the connections, and of the units that hold them, that is in the zone; that of the
    deployment's largest zone if left out."""
    lasts: _UpToAWeek = 0.0
    """Time that these units stay lost; 0: others take their place at once."""
    notice: _UpToADay = 0.0
    """Clients notice within this time, evenly. 0: at once, since a closed socket tells; if the loss
    is silent, the interval of the heartbeat."""

    @checks_arguments
    def in_zone_of(self, zone_share: model.Share) -> Self:
        """The same with the share that it takes: its own, or that of the zone.

        >>> ZoneOutage(at="Tue 14:00").in_zone_of(0.5).share
        0.5
        """
        return self if self.share else self.model_copy(update={"share": zone_share})

    def _words(self, when: str) -> str:
        those = _lost(when, self.share) if self.share else f"{when}: the connections of a zone"
        return f"zone outage on {those} lost{_noticed_and_back(self)}"


class RollingDeployment(Timed):
    """A new version takes the place of the old one, batch by batch.

    A batch closes 1/batches of the connections that are open when it starts, since fleets are
    balanced. A client that lands on a node whose turn is still to come is cut again.

    >>> RollingDeployment(at="Wed 10:00", batches=6, every="2 min", drain="30 s").words
    'rolling deployment on Wed 10:00: 6 batches, one every 2 min, each closed within 30 s'
    >>> RollingDeployment(at="Wed 10:00", batches=1, every="2 min").words
    'rolling deployment on Wed 10:00: 1 batch, closed at once'
    """

    fault: Literal["rolling_deployment"] = "rolling_deployment"
    at: model.WeekTime
    """When the first batch starts."""
    batches: _Repeats
    """Batches that the fleet is divided into."""
    every: _InTheWeek
    """Time from the start of a batch to the start of the next."""
    drain: _UpToADay = 0.0
    """The connections of a batch are closed within this time, evenly."""
    restart: _UpToADay = 0.0
    """Time that the nodes of a batch are away once they are drained; from the start of their drain
    on they take no new connections. 0: nodes of the new version take their place before."""

    def _words(self, when: str) -> str:
        closed = f"within {duration_text(self.drain)}" if self.drain else "at once"
        away = f" and away for {duration_text(self.restart)}" if self.restart else ""
        batches = f"{self.batches} batches, one every {duration_text(self.every)}, each"
        return (
            f"rolling deployment on {when}: "
            f"{'1 batch,' if self.batches == 1 else batches} closed {closed}{away}"
        )


class BalancerResize(Timed):
    """A load balancer is resized, and the nodes that leave it close their connections.

    >>> BalancerResize(at="Tue 14:00", share=0.25, over="5 min").words
    'balancer resize on Tue 14:00: 25% of connections closed within 5 min'
    """

    fault: Literal["balancer_resize"] = "balancer_resize"
    at: model.WeekTime
    """When the first of them closes."""
    share: model.Share
    """Share of the connections that the nodes hold which leave."""
    over: _UpToADay = 0.0
    """Their connections are closed within this time, evenly."""

    def _words(self, when: str) -> str:
        closed = f"within {duration_text(self.over)}" if self.over else "at once"
        return f"balancer resize on {_lost(when, self.share)} closed {closed}"


class NetworkFlap(Timed):
    """Some clients lose their network for a moment, once or several times.

    >>> NetworkFlap(at="Tue 14:00", share=0.1, away="20 s", times=3, every="1 min").words
    'network flap on Tue 14:00: 10% of connections lost for 20 s, 3 times, every 1 min'
    """

    fault: Literal["network_flap"] = "network_flap"
    at: model.WeekTime
    """When the network goes first."""
    share: model.Share = 1.0
    """Share of the open connections that is lost each time."""
    away: _UpToADay
    """Time without network, in which their clients cannot try again."""
    times: _Repeats = 1
    """How often it happens."""
    every: _InTheWeek | None = None
    """Time from one to the next; needed if it happens several times."""
    notice: _UpToADay = 0.0
    """Clients notice within this time, evenly. 0: at once, since the device tells; if the network
    drops packets silently, the interval of the heartbeat."""

    @model_validator(mode="after")
    def _a_pause_between(self) -> Self:
        if (self.times > 1) != (self.every is not None):
            raise ValueError("times above 1 and every, the time from one to the next, go together")
        return self

    def _words(self, when: str) -> str:
        lost = f"network flap on {_lost(when, self.share)} lost for {duration_text(self.away)}"
        again = f", {self.times} times, every {duration_text(self.every)}" if self.every else ""
        return f"{lost}{again}{_noticed(self.notice)}"


class ConnectionThrottle(Timed):
    """New connections are limited for a while: what is beyond is refused at once.

    >>> ConnectionThrottle(at="Mon 09:00", lasts="10 min", new_connections_per_second=50).words
    'connection throttle on Mon 09:00: 50 new connections per second for 10 min'
    """

    fault: Literal["connection_throttle"] = "connection_throttle"
    at: model.WeekTime
    """When the limit begins."""
    lasts: _InTheWeek
    """Time until it is lifted."""
    new_connections_per_second: model.RatePerSecond
    """New connections per second that are let in, all together."""

    def _words(self, when: str) -> str:
        return (
            f"connection throttle on {when}: "
            f"{given_text(self.new_connections_per_second)} new connections per second "
            f"for {duration_text(self.lasts)}"
        )


class SlowDependency(Timed):
    """The database or sign-in service behind each new connection becomes slow.

    New connections wait for it one after the other, after the work of a node was done for them. A
    client whose timeout is over goes away, and takes up the time of the dependency all the same.

    >>> SlowDependency(
    ...     at="Mon 09:00", lasts="10 min", new_connections_per_second=50, queue=500
    ... ).words
    'slow dependency on Mon 09:00: 50 new connections per second for 10 min, 500 wait at most'
    """

    fault: Literal["slow_dependency"] = "slow_dependency"
    at: model.WeekTime
    """When it becomes slow."""
    lasts: _InTheWeek
    """Time until it is fast again."""
    new_connections_per_second: model.RatePerSecond
    """New connections per second that it is done with, all together."""
    queue: model.ClientsOrNone | None = None
    """New connections that wait for it; more are refused. All wait if left out."""

    def _words(self, when: str) -> str:
        waiting = (
            "all others wait" if self.queue is None else f"{given_text(self.queue)} wait at most"
        )
        return (
            f"slow dependency on {when}: "
            f"{given_text(self.new_connections_per_second)} new connections per second "
            f"for {duration_text(self.lasts)}, {waiting}"
        )


class RefusedAttempts(Timed):
    """A share of all attempts to connect is refused, whatever the limits.

    >>> RefusedAttempts(at="Tue 14:00", lasts="5 min", share="50%").words
    'refused attempts on Tue 14:00: 50% of all attempts for 5 min'
    """

    fault: Literal["refused_attempts"] = "refused_attempts"
    at: model.WeekTime
    """When the first of them is refused."""
    lasts: _InTheWeek
    """Time until none is any more."""
    share: model.Share
    """Share of all attempts that is refused, each by chance."""

    def _words(self, when: str) -> str:
        return (
            f"refused attempts on {when}: {100 * self.share:.4g}% of all attempts "
            f"for {duration_text(self.lasts)}"
        )


Fault = Annotated[
    Outage
    | ZoneOutage
    | RollingDeployment
    | BalancerResize
    | NetworkFlap
    | ConnectionThrottle
    | SlowDependency
    | RefusedAttempts,
    Field(discriminator="fault"),
]
"""Any fault."""


def _lost(when: str, share: float) -> str:
    return f"{when}: {100 * share:.4g}% of connections"


def _noticed(notice: float) -> str:
    return f", noticed within {duration_text(notice)}" if notice else ""


def _noticed_and_back(outage: Outage | ZoneOutage) -> str:
    back = f", their units back after {duration_text(outage.lasts)}" if outage.lasts else ""
    return f"{_noticed(outage.notice)}{back}"


class FlashCrowd(Timed):
    """Additional clients come at once, most of them first: a link on television, an alarm.

    >>> FlashCrowd(at="Sat 20:15", clients=20_000, over="5 min").words
    'flash crowd on Sat 20:15: 20,000 more clients within 5 min'
    """

    surge: Literal["flash_crowd"] = "flash_crowd"
    at: model.WeekTime
    """When the first of them comes."""
    clients: model.Clients
    """How many come, on top of the weekly shape."""
    over: _InTheWeek
    """They come within this time, at a rate that falls in a straight line to zero; they stay as
    long as others do."""

    def _words(self, when: str) -> str:
        return (
            f"flash crowd on {when}: {given_text(self.clients)} more clients "
            f"within {duration_text(self.over)}"
        )


class TopOfHour(model.Model):
    """Many of those who come in an hour come when it begins: meetings, reminders, timers.

    Slack tells of such small peaks at each full and half hour in its report on the outage of 4
    January 2021.

    >>> TopOfHour(share=0.2, within="2 min", half_hours=True).words
    'top of hour: 20% of arrivals come within 2 min of each full and half hour'
    """

    surge: Literal["top_of_hour"] = "top_of_hour"
    share: model.Share
    """Share of the arrivals of each hour that come right after it has begun."""
    within: model.Seconds = 120.0
    """They come within this time, evenly."""
    half_hours: bool = False
    """Whether half hours begin like full ones, each with this share of its own arrivals."""

    @model_validator(mode="after")
    def _shorter_than_the_hour(self) -> Self:
        if self.within >= self.every_seconds:
            raise ValueError(f"within must be below {duration_text(self.every_seconds)}")
        return self

    @property
    def every_seconds(self) -> int:
        """From one small peak to the next."""
        return SECONDS_PER_HOUR // 2 if self.half_hours else SECONDS_PER_HOUR

    @property
    def words(self) -> str:
        """The surge as a sentence."""
        hours = "each full and half hour" if self.half_hours else "each full hour"
        return (
            f"top of hour: {100 * self.share:.4g}% of arrivals come within "
            f"{duration_text(self.within)} of {hours}"
        )

    @checks_arguments
    def words_on(self, clock: Clock) -> str:  # noqa: ARG002 - every disruption has it
        """The surge as a sentence."""
        return self.words

    @checks_arguments
    def in_utc(self, clock: Clock) -> Self:  # noqa: ARG002 - every disruption has it
        """The same: it happens in each hour."""
        return self


class Broadcast(Timed):
    """Additional clients gather for an event and leave together when it is over.

    >>> Broadcast(at="Sun 20:00", clients=50_000, gather="15 min", lasts="90 min").words
    'broadcast on Sun 20:00: 50,000 clients gather within 15 min before and stay for 90 min'
    """

    surge: Literal["broadcast"] = "broadcast"
    at: model.WeekTime
    """When the event begins."""
    clients: model.Clients
    """How many come, on top of the weekly shape."""
    gather: _InTheWeek
    """They come within this time before it begins, at a rate that rises in a straight line from
    zero."""
    lasts: _InTheWeek
    """Length of the event; all stay until it ends."""
    messages_factor: Annotated[float, Field(ge=1, le=1e6)] = 1.0
    """By how much the messages from the server to each client multiply during the event."""

    def _words(self, when: str) -> str:
        more = f", with {self.messages_factor:.4g} times the messages"
        return (
            f"broadcast on {when}: {given_text(self.clients)} clients gather "
            f"within {duration_text(self.gather)} before and stay for {duration_text(self.lasts)}"
            f"{more if self.messages_factor > 1 else ''}"
        )


Surge = Annotated[FlashCrowd | TopOfHour | Broadcast, Field(discriminator="surge")]
"""Traffic on top of the weekly shape."""


FAULTS: Final[Mapping[type[Any], str]] = {
    Outage: "outage at Tue 14:00 share 1/3 lasts 5 min notice 25 s",
    ZoneOutage: "zone outage at Tue 14:00 lasts 10 min notice 25 s",
    RollingDeployment: (
        "rolling deployment at Wed 10:00 batches 6 every 2 min drain 30 s restart 9 s"
    ),
    BalancerResize: "balancer resize at Thu 15:00 share 25% over 5 min",
    NetworkFlap: "network flap at Tue 14:00 share 10% away 20 s times 3 every 1 min",
    ConnectionThrottle: (
        "connection throttle at Mon 09:00 lasts 10 min new_connections_per_second 50"
    ),
    SlowDependency: "slow dependency at Mon 09:00 lasts 10 min new_connections_per_second 50",
    RefusedAttempts: "refused attempts at Tue 14:00 lasts 5 min share 50%",
}
"""Every kind of fault with an example."""
SURGES: Final[Mapping[type[Any], str]] = {
    FlashCrowd: "flash crowd at Sat 20:15 clients 20,000 over 5 min",
    TopOfHour: "top of hour share 20% within 2 min half_hours true",
    Broadcast: "broadcast at Sun 20:00 clients 50,000 gather 15 min lasts 90 min",
}
"""Every kind of surge with an example."""


def parse_fault(text: str) -> Fault:
    """Read a fault from one line, as the command line takes it.

    Raises:
        UnknownNameError: no such fault, or no such field of it.
        ScenarioError: a field is missing, given twice, or has a value that it cannot have.

    >>> parse_fault("outage at Tue 14:00 share 30% lasts 5 min").words
    'outage on Tue 14:00: 30% of connections lost, their units back after 5 min'
    """
    return parse_sentence(text, "fault", [*FAULTS])


def parse_surge(text: str) -> Surge:
    """Read a surge from one line, as the command line takes it.

    Raises:
        UnknownNameError: no such surge, or no such field of it.
        ScenarioError: a field is missing, given twice, or has a value that it cannot have.

    >>> parse_surge("flash crowd at Sat 20:15 clients 20,000 over 5 min").words
    'flash crowd on Sat 20:15: 20,000 more clients within 5 min'
    """
    return parse_sentence(text, "surge", [*SURGES])


def parse_sentence(text: str, tag: str, kinds: Sequence[type[M]]) -> M:
    """Read one line such as ``outage at Tue 14:00 share 30% lasts 5 min``.

    Args:
        text: the name of one of ``kinds``, then each field followed by its value. Words of a name
            may be joined by spaces, hyphens or underscores.
        tag: the field whose only value is the name; messages call it so too.
        kinds: the models there are to choose from.

    Raises:
        UnknownNameError: no such name, or no such field.
        ScenarioError: nothing is written, or a field is missing, given twice, or has a value that
            it cannot have.
    """
    name, values = sentence_parts(text, tag, kinds)
    kind = _named(kinds, tag)[name]
    fields = [field for field in kind.model_fields if field != tag]
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        for field in _refused_fields(error) & values.keys():
            _refuse_unknown_field(kind, f"field of {name}", field, values, fields)
        raise ScenarioError(error_text(error, YamlDocument(values, f"'{text}'"), kind)) from None


def sentence_parts(
    text: str, tag: str, kinds: Sequence[type[model.Model]]
) -> tuple[str, dict[str, str]]:
    """The name and the fields of such a line, with their values as they are written.

    Raises:
        UnknownNameError: no such name, or no such field.
        ScenarioError: nothing is written, or a field is given twice.
    """
    named = _named(kinds, tag)
    name, rest = _name_and_rest(text, tag, named)
    fields = [field for field in named[name].model_fields if field != tag]
    return name, _values(text, rest, f"field of {name}", fields)


def _named(kinds: Sequence[type[M]], tag: str) -> dict[str, type[M]]:
    return {str(kind.model_fields[tag].default): kind for kind in kinds}


def _name_and_rest(text: str, tag: str, named: dict[str, type[M]]) -> tuple[str, str]:
    match = re.match(rf"\s*{_any_of(named)}", text, re.IGNORECASE)
    if match is not None:
        return _joined(match[1]), text[match.end() :]
    if not text.strip():
        raise ScenarioError(f"which {tag}? Write the name of one, such as '{next(iter(named))}'")
    fields = {field for kind in named.values() for field in kind.model_fields} - {tag}
    asked = re.split(_any_of(fields), text, maxsplit=1, flags=re.IGNORECASE)[0]
    raise UnknownNameError(tag, _joined(asked), named)


def _values(text: str, rest: str, kind: str, fields: list[str]) -> dict[str, str]:
    before, *parts = re.split(_any_of(fields), rest, flags=re.IGNORECASE)
    if before.strip():
        raise UnknownNameError(kind, before.split()[0], fields)
    names = [_joined(part) for part in parts[::2]]
    for name in names:
        if names.count(name) > 1:
            raise ScenarioError(f"'{text}': {name} is given twice")
    return dict(zip(names, (value.strip() for value in parts[1::2]), strict=True))


def _refuse_unknown_field(
    kind: type[M], title: str, field: str, values: dict[str, str], fields: list[str]
) -> None:
    """If a value would be right without its last words, these were meant as a field."""
    words = values[field].split()
    for kept in range(len(words) - 1, 0, -1):
        if kept == len(words) - 1 and words[kept - 1][-1].isdigit():
            continue  # one word after a number was meant as its unit
        try:
            kind.model_validate(values | {field: " ".join(words[:kept])})
        except ValidationError as error:
            if field in _refused_fields(error):
                continue
        raise UnknownNameError(title, words[kept], fields)


def _refused_fields(error: ValidationError) -> set[str]:
    """The fields whose values were refused."""
    return {str(key) for item in error.errors() for key in item["loc"][:1]}


def _any_of(names: Iterable[str]) -> str:
    """One group that matches any of the names as whole words, the longest first."""
    longest_first = sorted(names, key=len, reverse=True)
    spelled = "|".join(name.replace("_", r"[-_\s]+") for name in longest_first)
    return rf"(?<!\S)({spelled})(?!\S)"


def _joined(words: str) -> str:
    return "_".join(re.split(r"[-_\s]+", words.strip().lower()))
