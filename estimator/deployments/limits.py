"""Does a demand stay within the limits of clouds, SaaS vendors and systems?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property, reduce
from typing import Annotated, Any, Literal

import numpy as np
import numpy.typing as npt
from pydantic import BeforeValidator, Field

from estimator.arrays import FloatArray, most, spread
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, largest, total
from estimator.errors import EstimatorError, UnknownNameError
from estimator.files import Sourced, load_rows
from estimator.format import figure_text, increase_text
from estimator.pricing.price_files import SAAS, VENDORS
from estimator.scenario.local_time import UTC, Clock
from estimator.states import NUMBERS, State
from estimator.units import SECONDS_PER_HOUR

NEAR_SHARE = 0.8
"""From this share of a limit on a deployment is called near it: hours hide shorter peaks."""
MOST_QUOTA_INCREASE = 10.0
"""Assumption: up to so many times a default quota can be counted on when it is asked for. What
needs more is not called within limits, since no vendor says in public that it would grant that."""

RaisedBy = Literal["setting", "quota", "advice"]
"""What lets more through than a limit says."""

Measure = Literal[
    "open_connections",
    "new_connections_per_second",
    "messages_per_second",
    "messages_in_per_second",
    "messages_out_per_second",
    "requests_per_second",
    "message_bytes",
    "frame_bytes",
    "idle_seconds",
    "connection_age_seconds",
    "units",
    "instances",
    "bandwidth_mbps",
    "subscriptions",
    "other",
]
OWNERS = (*VENDORS, "system")
"""Whose limits there are."""
_RAREST_GAP = float(np.log(1e6))
"""How many mean gaps long the longest of a million gaps between random messages is."""
_ROUNDING_NOISE = 1e-9
"""Of a limit: a burst that fills it is within it."""
_NEXT_TO_NOTHING = 1e-30
"""Messages per second below the smallest that a scenario can have."""
_BEAT_FASTER = "send a heartbeat more often than every {allowed} seconds"
_ANSWER_SOONER = "answer long polls, and send comments on streams, within {allowed} seconds"


def _one_or_many(cell: object) -> object:
    values = tuple(map(float, cell.split())) if isinstance(cell, str) else cell
    return values[0] if isinstance(values, tuple) and len(values) == 1 else values


class Limit(Sourced):
    """A quota, a hard edge of a service, or what its vendor advises."""

    limit: str
    """Id: vendor, service, what is limited."""
    title: str
    value: Annotated[float | tuple[float, ...], BeforeValidator(_one_or_many)]
    """The figure, or every value that is allowed."""
    unit: str
    scope: str
    """What it holds for, in words."""
    raised_by: RaisedBy | None = None
    """What lets more through: a setting, a quota that the vendor raises on request, or nothing but
    the vendor's advice; None if nothing does."""
    measure: Measure = "other"
    """What of a demand it bounds."""
    per: str | None = None
    """What it holds for: a connection, a unit, an instance, an account in a region."""
    fix: str | None = None
    """How one gets past it."""
    information: str | None = None
    """Why no check reads it."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Messages of one flow that come at one moment."""

    flow: str
    messages: FloatArray
    """When most connections are open, in the unit of the limit, shape (*many,)."""


@dataclass(frozen=True, slots=True)
class LongBurst:
    """A burst that takes more than a second at what a limit allows, of a single scenario."""

    flow: str
    messages: float
    per_second: float
    """What the limit allows."""
    bucket: float = 0.0
    """Messages beyond that rate for which a full token bucket holds tokens."""

    @property
    def seconds(self) -> float:
        """How long it takes at that rate."""
        return self.messages / self.per_second if self.per_second else np.inf

    def __str__(self) -> str:
        """How long it takes, for people.

        >>> str(LongBurst("news", 100_000, 10_000, 5_000))
        "each of 'news' is 100,000 at one moment and needs 10 s at 10,000 per second, 9.5 s after \
a full bucket of 5,000"
        """
        text = (
            f"each of '{self.flow}' is {figure_text(self.messages)} at one moment and needs "
            f"{figure_text(self.seconds)} s at {figure_text(self.per_second)} per second"
        )
        if not self.bucket or np.isinf(self.seconds):
            return text
        throttled = (self.messages - self.bucket) / self.per_second
        return (
            f"{text}, {figure_text(throttled)} s after a full bucket of {figure_text(self.bucket)}"
        )


def longest_burst(
    bursts: Iterable[Burst], allowed: FloatArray | float, bucket: float = 0.0
) -> LongBurst | None:
    """The burst that takes longest in any scenario, if that is more than a second.

    Args:
        bursts: what comes at one moment.
        allowed: messages per second, shape (*many,).
        bucket: messages beyond that rate for which a full token bucket holds tokens.
    """
    longest: LongBurst | None = None
    more = 1 + _ROUNDING_NOISE
    least = float(np.min(allowed)) + bucket
    for burst in bursts:
        if burst.messages.max() <= least * more:
            continue
        messages, rates = spread(burst.messages, allowed)
        worst = int(np.argmax(_share(messages, rates)))
        message, rate = float(messages.flat[worst]), float(rates.flat[worst])
        found = LongBurst(burst.flow, message, rate, bucket)
        if message > (rate + bucket) * more and (
            longest is None or found.seconds > longest.seconds * more
        ):
            longest = found
    return longest


@dataclass(frozen=True, slots=True)
class Check:
    """What a demand asks of a limit."""

    limit_id: str
    used: Weekly | FloatArray | float
    """In the unit of the limit: hour by hour, or one figure, of shape (*many,)."""
    allowed: FloatArray | float
    """The limit for everything that runs, shape (*many,)."""
    fix: str = ""
    """The smallest change that fixes it; ``{raised}``, the limit that would be well above the use,
    and ``{allowed}`` are filled in."""
    bursts: tuple[Burst, ...] = ()
    """What comes at one moment; whoever refuses the rest has the largest in ``used`` already."""
    bucket: float = 0.0
    """What a token bucket holds beside what is allowed per second."""

    @property
    def in_week(self) -> Weekly | None:
        """Use over the week; None if it is no matter of hours."""
        return self.used if isinstance(self.used, Weekly) else None


@dataclass(frozen=True)
class Verdict:
    """Whether a deployment stays within a limit, and when it comes closest."""

    limit: Limit
    used: FloatArray
    """Where it comes closest, in the unit of the limit, shape (*many,)."""
    allowed: FloatArray
    """Shape (*many,)."""
    check: Check
    """What was asked of the limit. Where weeks differ they are the first axis."""
    burst: LongBurst | None = None
    """What takes more than a second at the limit, if there is such a burst."""
    clock: Clock = UTC
    """Of those who read it."""
    weeks: tuple[str, ...] = ("",)
    """What each week has of the calendar, empty for the usual one."""
    week: npt.NDArray[np.intp] | None = None
    """The week in which it comes closest, shape (*many,); None if all are alike."""

    @cached_property
    def share(self) -> FloatArray:
        """Used share of what is allowed, shape (*many,)."""
        return _share(self.used, self.allowed)

    @property
    def fix(self) -> str:
        """The smallest change that would fix it, in words; in the worst of the scenarios."""
        worst = int(np.argmax(self.share))
        return fix_for(self.check, *(float(np.ravel(e)[worst]) for e in (self.used, self.allowed)))

    @cached_property
    def hour(self) -> FloatArray | None:
        """Hour of the week (0 is Monday 00:00 UTC) in which it comes closest, shape (*many,).

        NaN where all hours are alike, None if it is no matter of hours.
        """
        if (in_week := self.check.in_week) is None:
            return None
        # what is allowed does not change with the hour, so the busiest hour decides
        hourly = _of_week(in_week.hourly, self.week, len(self.weeks))
        level = np.isclose(hourly.min(axis=-1), hourly.max(axis=-1), rtol=1e-9, atol=0)
        hour = np.where(level, np.nan, np.argmax(hourly, axis=-1))
        return np.broadcast_to(hour, self.used.shape)

    @property
    def used_by_hour(self) -> FloatArray | None:
        """Use in each hour, shape (168,); None if it is no matter of hours, or of many scenarios.

        Of many it would take much memory.
        """
        if (in_week := self.check.in_week) is None or self.used.size > 1:
            return None
        return _of_week(in_week.hourly, self.week, len(self.weeks)).ravel()

    @property
    def share_by_hour(self) -> FloatArray | None:
        """Used share of what is allowed in each hour, shape (168,); None without hours."""
        by_hour = self.used_by_hour
        return None if by_hour is None else _share(by_hour, self.allowed)

    @property
    def exceeded(self) -> npt.NDArray[np.bool_]:
        """Whether the limit is exceeded, whatever raises it, shape (*many,)."""
        return self.share > 1 + _ROUNDING_NOISE

    @property
    def state(self) -> State:
        """Of the worst of the scenarios."""
        return state_at(float(np.max(self.share)), self.limit.raised_by)

    @property
    def state_words(self) -> str:
        """That state, with how much more of a quota it takes."""
        return words_of(self.state, float(np.max(self.share)))

    @property
    def when(self) -> str:
        """The hour of the week for people, in local time and in UTC; empty if there is none.

        With what that week has of the calendar.
        """
        worst = np.nan if self.hour is None else np.ravel(self.hour)[int(np.argmax(self.share))]
        if np.isnan(worst):
            return ""
        when = self.clock.text(float(worst))
        return f"{when}, in the week of {self.occasion}" if self.occasion else when

    @property
    def occasion(self) -> str:
        """What the week in which it comes closest has of the calendar; empty if it is usual."""
        if self.week is None:
            return ""
        return self.weeks[int(np.ravel(self.week)[int(np.argmax(self.share))])]

    def explain(self) -> str:
        """The verdict as a sentence: what, when, how much of how much, and what would fix it."""
        worst = int(np.argmax(self.share))
        used, allowed = (float(np.ravel(each)[worst]) for each in (self.used, self.allowed))
        when = f" on {self.when}" if self.when else ""
        if self.occasion and not when:
            when = f" in the week of {self.occasion}"
        burst = f"; {self.burst}" if self.burst else ""
        fix = f" Fix: {self.fix}." if self.fix and self.state is not State.WITHIN_LIMITS else ""
        advised = " advised" if self.limit.raised_by == "advice" else ""
        return (
            f"{self.limit.title}: {self.state_words}, {figure_text(used)} of "
            f"{figure_text(allowed)} {self.limit.unit}{advised}{when}{burst}.{fix}"
        )


_OVER: tuple[tuple[RaisedBy | None, float, State], ...] = (
    ("setting", 1 + _ROUNDING_NOISE, State.SETTING),
    ("quota", 1 + _ROUNDING_NOISE, State.QUOTA),
    ("quota", MOST_QUOTA_INCREASE, State.BEYOND_QUOTA),
    (None, 1 + _ROUNDING_NOISE, State.OVER_LIMIT),
)
"""Beyond which share of a limit raised by what is which state; worse ones after better ones."""


def state_at(share: float, raised_by: RaisedBy | None = None) -> State:
    """The state at a used share of a limit, by what raises it.

    >>> state_at(0.8), state_at(1.1, "quota"), state_at(5.0, "advice")
    (<State.NEAR_LIMIT: 'near a limit'>, <State.QUOTA: 'quota increase'>, \
<State.NEAR_LIMIT: 'near a limit'>)
    """
    over = [state for kind, edge, state in _OVER if kind == raised_by and share > edge]
    return over[-1] if over else _NEAR[share >= NEAR_SHARE]


_NEAR = (State.WITHIN_LIMITS, State.NEAR_LIMIT)


def state_numbers(verdicts: Iterable[Verdict], many: tuple[int, ...]) -> npt.NDArray[np.int8]:
    """The worst state of all limits in each scenario, by its number, shape (*many,).

    Args:
        verdicts: of one deployment; without any, nothing was checked.
        many: shape of the scenarios, as far as it shows in what they cost.
    """
    shares: dict[RaisedBy | None, FloatArray] = {}
    for verdict in verdicts:
        kind = verdict.limit.raised_by
        shares[kind] = np.maximum(shares[kind], verdict.share) if kind in shares else verdict.share
    if not shares:
        return np.full(many, NUMBERS[State.NOT_CHECKED], np.int8)
    closest = reduce(np.maximum, shares.values())
    found = np.where(closest >= NEAR_SHARE, *(np.int8(NUMBERS[each]) for each in reversed(_NEAR)))
    for kind, edge, state in _OVER:
        if kind in shares and np.any(over := shares[kind] > edge):
            found = np.where(over, np.int8(NUMBERS[state]), found)
    # a plan may cost the same in scenarios that use different shares of its limits
    return np.broadcast_to(found, np.broadcast_shapes(found.shape, many))


def words_of(state: State, quota_factor: float) -> str:
    """A state for people, with how many times a quota it takes.

    >>> words_of(State.QUOTA, 3.14), words_of(State.SETTING, 3.14)
    ('quota increase ×3.2', 'setting to change')
    """
    if state in (State.QUOTA, State.BEYOND_QUOTA) and np.isfinite(quota_factor):
        return f"{State.QUOTA} {increase_text(quota_factor)}"
    return str(state)


def verdicts(
    checks: Iterator[Check] | tuple[Check, ...],
    clock: Clock = UTC,
    weeks: tuple[str, ...] = ("",),
    dimensions: int = 0,
) -> tuple[Verdict, ...]:
    """Judge checks; the closest to its limit first.

    Args:
        checks: what a demand asks of each limit.
        clock: on which people read when that is; UTC if left out.
        weeks: what each week has of the calendar, empty for the usual one. Where there are several,
            the one that comes closest to a limit counts.
        dimensions: of the many scenarios, which tells the axis of the weeks.
    """
    found = [_verdict(one, clock, weeks, dimensions) for one in checks]
    return tuple(sorted(found, key=lambda one: -most(one.share)))


def _verdict(asked: Check, clock: Clock, weeks: tuple[str, ...], dimensions: int) -> Verdict:
    peak = asked.used.peak if isinstance(asked.used, Weekly) else asked.used
    used, allowed = spread(peak, asked.allowed)
    week = None
    if len(weeks) > 1:
        every = np.broadcast_shapes(used.shape, (len(weeks), *(1,) * dimensions))
        shares = _share(used, allowed)
        _refuse_impossible(asked, shares)
        week = np.argmax(np.broadcast_to(shares, every), axis=0)
        used, allowed = (
            np.take_along_axis(np.broadcast_to(each, every), week[None], axis=0)[0]
            for each in (used, allowed)
        )
    burst = longest_burst(asked.bursts, asked.allowed, asked.bucket) if asked.bursts else None
    found = Verdict(find_limit(asked.limit_id), used, allowed, asked, burst, clock, weeks, week)
    _refuse_impossible(asked, found.share)
    return found


def _refuse_impossible(asked: Check, shares: FloatArray) -> None:
    """Refuse shares below zero, or that are not a number."""
    if not (least := shares.min()) >= 0:  # which NaN is not
        raise EstimatorError(f"{asked.limit_id}: a use of {least:g} times the limit cannot be")


def _of_week(hourly: FloatArray, week: npt.NDArray[np.intp] | None, weeks: int) -> FloatArray:
    """A quantity in the hours of one week of several, shape (*many, 168)."""
    if week is None:
        return hourly
    every = np.broadcast_to(hourly, (weeks, *week.shape, hourly.shape[-1]))
    return np.take_along_axis(every, week[None, ..., None], axis=0)[0]


def fix_for(asked: Check, used: float, allowed: float) -> str:
    """The smallest change that fixes it, in words, with the figures filled in."""
    words = asked.fix or find_limit(asked.limit_id).fix or ""
    raised = raised_limit(used, allowed)
    filled = words.replace("{raised}", figure_text(raised))
    return filled.replace("{allowed}", figure_text(allowed)).rstrip(".")


def raised_limit(used: float, allowed: float) -> float:
    """The least round figure to which a limit is raised so that the use is not near it any more.

    It is above the present limit, whatever is used: nobody is sent to ask for what they have.

    >>> raised_limit(12_000, 10_000), raised_limit(8_500, 10_000), raised_limit(4, 5)
    (16000.0, 11000.0, 6.0)
    """
    least = max(used / NEAR_SHARE, allowed)
    if not np.isfinite(least):
        return least
    step = max(1.0, 10.0 ** (np.floor(np.log10(max(least, 1.0))) - 1))
    return float((np.floor(least / step) + 1) * step)


def _share(used: FloatArray, allowed: FloatArray) -> FloatArray:
    """Used share of what is allowed; nothing of nothing is 0, anything of nothing has no end."""
    some = np.where(used > 0, np.inf, 0.0)
    # a number of its own, where there is one
    return np.divide(used, allowed, out=some, where=allowed > 0)[()]


def find_limit(limit_id: str) -> Limit:
    """The limit of that id.

    Raises:
        UnknownNameError: there is no such limit.
    """
    limits = load_limits(limit_id.split(".", 1)[0])
    if limit_id not in limits:
        raise UnknownNameError("limit", limit_id, limits)
    return limits[limit_id]


@cache
def load_limits(vendor: str) -> Mapping[str, Limit]:
    """The limits of a cloud, of the SaaS vendors, or of every host (``system``), by id.

    Raises:
        UnknownNameError: there is no such vendor.
    """
    if vendor not in OWNERS:
        raise UnknownNameError("vendor of a limit", vendor, OWNERS)
    folder = "saas" if vendor in SAAS else vendor
    return {row.limit: row for row in load_rows(f"{folder}/limits.csv", Limit)}


def limit_value(limit_id: str) -> float:
    """The figure of a limit that has one.

    >>> limit_value("aws.api_gateway.connection_max_age")
    7200.0
    """
    value = find_limit(limit_id).value
    if isinstance(value, tuple):
        raise TypeError(f"{limit_id} is a list of allowed values")
    return value


def default_of(
    limit_id: str,
    kind: Callable[[float], float] = float,
    *,
    ge: float | None = None,
    le: float | None = None,
) -> Any:
    """An option that is what a limit says unless a user chooses something else.

    Args:
        limit_id: whose figure.
        kind: makes the figure a whole number, for instance.
        ge: the least that may be chosen.
        le: the most that may be chosen.
    """
    return Field(default_factory=lambda: kind(limit_value(limit_id)), ge=ge, le=le)


def admission_at(**limit_ids: str) -> AdmissionLimits:
    """AdmissionLimits that are limits as they stand.

    Args:
        limit_ids: id of the limit, by the name of the field of ``AdmissionLimits``.

    >>> admission_at(age_most_seconds="aws.api_gateway.connection_max_age").age_most_seconds
    7200.0
    """
    values = {field: limit_value(limit_id) for field, limit_id in limit_ids.items()}
    return replace(AdmissionLimits(limits=limit_ids), **values)


def check(limit_id: str, used: Weekly | FloatArray | float, fix: str = "") -> Check:
    """A check against a limit that holds for everything that runs together."""
    return Check(limit_id, used, limit_value(limit_id), fix)


def per_second(hourly: Weekly) -> Weekly:
    """A rate per second from what happens in each hour."""
    return hourly.times(1 / SECONDS_PER_HOUR)


_Counted = Callable[[MessageStream], Weekly]


def _messages(stream: MessageStream) -> Weekly:
    return stream.per_hour


@dataclass(frozen=True, slots=True)
class BusiestSecond:
    """What a limit per second sees of some streams."""

    used: Weekly
    """Messages in the second of the largest burst, in each hour."""
    bursts: tuple[Burst, ...] = ()
    bucket: float = 0.0

    def check(
        self, limit_id: str, fix: str = "", allowed: FloatArray | float | None = None
    ) -> Check:
        """What is asked of a limit per second; of the limit as it stands if nothing is said."""
        allowed = limit_value(limit_id) if allowed is None else allowed
        return Check(limit_id, self.used, allowed, fix, self.bursts, self.bucket)

    def longest(self, allowed: FloatArray | float) -> LongBurst | None:
        """The burst that takes longest at so many per second, if that is more than a second."""
        return longest_burst(self.bursts, allowed, self.bucket)


def busiest_second(
    demand: Demand,
    streams: Iterable[MessageStream],
    counted: _Counted = _messages,
    *,
    beside: Iterable[Weekly] = (),
    bucket: float = 0.0,
) -> BusiestSecond:
    """What comes within the second of the largest burst: the burst, and the mean of all else.

    A message to k recipients is k deliveries at one moment; the messages of a synchronized flow are
    those of all open connections at one moment. Tokens in a full bucket are taken off a burst
    (token bucket: https://docs.aws.amazon.com/apigateway/latest/developerguide/websocket-api-protect.html).
    In the busiest hour this is exact; in others bursts are taken to be in proportion to the flow.

    Args:
        demand: whose open connections receive what is sent to all.
        streams: what the limit counts.
        counted: what is counted of a stream per hour, such as started steps.
        beside: what else is counted per hour, none of it in bursts.
        bucket: tokens that a full bucket holds.
    """
    found = [(stream, counted(stream)) for stream in streams]
    used = per_second(total([*(each for _, each in found), *beside]))
    bursts: list[Burst] = []
    beyond: list[Weekly] = []
    for stream, each in found:
        if comes_in_bursts(stream):
            seconds = _seconds_worth(demand, stream)
            bursts.append(_burst(stream, each, seconds))
            if most(seconds) > 1:
                beyond.append(per_second(each).times(np.maximum(seconds - 1, 0.0)))
    if not beyond:
        return BusiestSecond(used, tuple(bursts), bucket)
    excess = largest(beyond)
    if bucket:
        left = np.maximum(excess.peak - bucket, 0.0)
        excess = excess.times(left / np.maximum(excess.peak, _NEXT_TO_NOTHING))
    return BusiestSecond(total((used, excess)), tuple(bursts), bucket)


def bursts_of(
    demand: Demand, streams: Iterable[MessageStream], counted: _Counted = _messages
) -> tuple[Burst, ...]:
    """What comes at one moment, of the streams of which several messages do.

    Args:
        demand: whose open connections receive what is sent to all.
        streams: what is looked at.
        counted: what is counted of a stream per hour, such as started steps.
    """
    return tuple(
        _burst(stream, counted(stream), _seconds_worth(demand, stream))
        for stream in filter(comes_in_bursts, streams)
    )


def _burst(stream: MessageStream, counted: Weekly, seconds: FloatArray) -> Burst:
    return Burst(stream.name, np.asarray(counted.peak * (seconds / SECONDS_PER_HOUR)))


def _seconds_worth(demand: Demand, stream: MessageStream) -> FloatArray:
    """How many seconds of a stream's mean rate a burst of it is, shape (*many,)."""
    mean = np.maximum(stream.per_hour.peak / SECONDS_PER_HOUR, _NEXT_TO_NOTHING)
    return burst_messages(demand, stream) / mean


def comes_in_bursts(stream: MessageStream) -> bool:
    """Whether several of its messages come at one moment."""
    return stream.synchronized or most(stream.at_once) > 1


def most_at_once(demand: Demand, stream: MessageStream) -> float:
    """Most messages of a stream at one moment in any scenario, or somewhat more."""
    at_once = most(stream.at_once)
    return most(demand.connections_peak.peak) * at_once if stream.synchronized else at_once


def burst_messages(demand: Demand, stream: MessageStream) -> FloatArray:
    """Most messages of a stream that come at one moment, shape (*many,)."""
    there = demand.clients_of(stream).connections_peak.peak
    if stream.synchronized:
        return np.asarray(there * stream.at_once)
    return np.minimum(there, stream.at_once)


def largest_bytes(streams: Iterable[MessageStream]) -> FloatArray:
    """The largest message of some streams, shape (*many,); 0 if there is none.

    The one rule for limits on the size of messages, at every vendor: see ``largest`` of the laws
    of sizes.
    """
    return reduce(np.maximum, map(_largest, streams), np.zeros(()))


def _largest(stream: MessageStream) -> FloatArray:
    largest = np.asarray(stream.payload.largest)
    # batches of several sizes, and full parts of greetings, are streams that each have some weeks
    # and scenarios only
    some_only = stream.batched is not None or stream.kind == "at_connect"
    return largest * (stream.per_hour.peak > 0) if some_only else largest


def longest_silence_seconds(
    demand: Demand, direction: Literal["to_server", "to_client"]
) -> FloatArray:
    """Longest time in which a connection carries nothing in a direction, shape (*many,).

    A heartbeat bounds it, and so does a synchronized flow. Messages at random bound it too if they
    are frequent: of a million gaps of a Poisson stream with the mean rate of a connection, one is
    longer than ln(10^6) / rate. A flow that runs in a part of a session bounds nothing. Where
    nobody is connected nobody is silent. Of several kinds of clients the most silent counts.
    """
    if demand.by_kind:
        each = [longest_silence_seconds(kind, direction) for kind in demand.kinds]
        return reduce(np.maximum, each)
    if demand.quiet_seconds is not None:
        return np.asarray(demand.quiet_seconds, dtype=np.float64)
    connected = demand.connections.mean
    silence = np.where(connected > 0, np.inf, 0.0)
    messages = np.zeros(())
    for stream in demand.streams:
        if stream.direction != direction or stream.kind == "at_connect":
            continue
        always = stream.active_share >= 1
        if stream.kind in ("ping", "heartbeat"):
            silence = np.minimum(silence, _seconds_between(stream.per_hour.mean, connected))
        elif stream.synchronized:
            interval = _seconds_between(np.asarray(stream.moments_per_hour), np.ones(()))
            silence = np.where(always, np.minimum(silence, interval), silence)
        else:
            messages = messages + stream.per_hour.mean * always
    return np.minimum(silence, _RAREST_GAP * _seconds_between(messages, connected))


def _seconds_between(per_hour: FloatArray, connected: FloatArray) -> FloatArray:
    """Mean time between messages of one connection; without end where there are none."""
    rate, open_now = spread(per_hour, connected)
    hours = np.divide(open_now, rate, out=np.full(rate.shape, np.inf), where=rate > 0)
    return hours * SECONDS_PER_HOUR


def idle_checks(
    demand: Demand,
    limit_id: str,
    fix: str = "",
    *,
    each_direction: bool = False,
    seconds: float | None = None,
    ceiling_id: str = "",
) -> Iterator[Check]:
    """Whether an idle timeout is outlived, as it is set and at the most that it can be set to.

    A timeout with a known ceiling is two limits: the setting can be changed, the ceiling cannot.

    Args:
        demand: heartbeats and flows of both directions.
        limit_id: the timeout.
        fix: what would help; the limit's own words if empty.
        each_direction: whether each direction has a timer of its own, so that the quieter one
            decides; otherwise traffic either way keeps a connection open.
        seconds: what the timeout is set to; the limit itself if None.
        ceiling_id: the limit on what it can be set to, if one is known. Raising the timeout helps
            where the silence is shorter.
    """
    ways = [longest_silence_seconds(demand, way) for way in ("to_server", "to_client")]
    silence = np.maximum(*ways) if each_direction else np.minimum(*ways)
    words = fix or ("" if ceiling_id else find_limit(limit_id).fix) or _BEAT_FASTER
    words = _for_answers(words, demand)
    if ceiling_id:
        ceiling = check(ceiling_id, silence, _for_answers(find_limit(ceiling_id).fix or "", demand))
        if np.min(silence) <= ceiling.allowed:
            most = f"at most {ceiling.allowed:,g} seconds"
            named = "or raise the" in words
            words += f", to {most}" if named else f", or raise the timeout ({most})"
        yield ceiling
    yield Check(limit_id, silence, limit_value(limit_id) if seconds is None else seconds, words)


def _for_answers(fix: str, demand: Demand) -> str:
    """What would help, where answers are awaited in place of heartbeats."""
    if demand.quiet_seconds is None or not fix.startswith("send a heartbeat"):
        return fix
    _, or_else, other = fix.partition(", or ")
    return f"{_ANSWER_SOONER}{or_else}{other}"


def age_checks(demand: Demand, limit_id: str, seconds: float) -> Iterator[Check]:
    """Whether sessions end before a timeout that closes every connection at an age.

    The mean session of those clients who stay longest counts: if it is longer, most of what they
    do is to connect again.

    Args:
        demand: whose sessions.
        limit_id: the timeout.
        seconds: what it is set to.
    """
    session = reduce(np.maximum, (kind.session.mean for kind in demand.kinds))
    yield Check(limit_id, np.asarray(session) * SECONDS_PER_HOUR, seconds)
