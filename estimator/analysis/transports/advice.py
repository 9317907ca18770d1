"""Which transport to choose, in words: what the app does, what each choice costs, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from estimator.analysis.headline import main_drivers
from estimator.analysis.transports.choices import freshness_words
from estimator.analysis.transports.compared import Compared, Option
from estimator.deployments.registry import GROUPS, find_deployment
from estimator.format import (
    capitalized,
    count_text,
    delay_text,
    dollars,
    percent,
    sentence,
    span_text,
    value_text,
)
from estimator.pricing.price_files import VENDORS
from estimator.scenario.transport import Polling, ServerSentEvents, Transport
from estimator.units import HALF_A_CENT_USD, SECONDS_PER_MINUTE

_RARE_PER_MINUTE = 1.0
"""Below so many per minute people think of the time between two of them."""


def advice(found: Compared) -> tuple[str, ...]:
    """What the app does and what that costs, what to choose, and the reasons.

    Each reason is a figure that was computed, or what transports.csv says of a service.

    Args:
        found: bills and delays of all choices.
    """
    return tuple(_advice(found))


def _advice(found: Compared) -> Iterator[str]:
    best = found.best
    yield sentence(f"{traffic_words(found)}{_what_each_costs(found)}")
    if best is None:
        yield _nothing_words(found)
        return
    yield _choice(found, best)
    yield from _beside(found, best)
    yield from _by_group(found)
    yield from _later(found, best)
    yield from _ways(found)
    yield from _quiet(found)
    yield from _cut(found)
    yield from _networks(best)
    yield from _without_websockets(found)


def headline(found: Compared) -> str:
    """What to choose, and what it costs, in a few words."""
    best = found.best
    if best is None:
        return _nothing_words(found)
    return sentence(f"Choose {best.name}: {dollars(best.usd)} per month")


def below_headline(found: Compared) -> str:
    """What the choice says beyond the headline: what the dollars are for, and how late it is."""
    best = found.best
    if best is None:
        return ""
    drivers = main_drivers(best.bill)
    paid = f"What it pays for: {drivers}" if drivers else ""
    said = f"{paid}{_allowed_delay(found, best)}".removeprefix("; ")
    return sentence(capitalized(said)) if said else ""


def traffic_words(found: Compared) -> str:
    """How often messages travel which way."""
    down, up = found.down_per_minute, found.up_per_minute
    if not down and not up:
        return "No messages travel at all"
    if not up:
        return f"Updates reach a client {_often(down)}, and only downward"
    if not down:
        return f"A client sends a message {_often(up)}, and receives none"
    return (
        f"Updates reach a client {_often(down)}, and it sends a message {_often(up)}: "
        f"{percent(up / (up + down))} of the messages go up"
    )


def _often(per_minute: float) -> str:
    if per_minute < _RARE_PER_MINUTE:
        return f"every {span_text(SECONDS_PER_MINUTE / per_minute)}"
    times = float(f"{per_minute:.2g}")
    return "once per minute" if times == 1 else f"{value_text(times)} times per minute"


def _what_each_costs(found: Compared) -> str:
    """What each kind of transport costs at least; nothing if none is allowed."""
    each = [f"{o.transport.words} {dollars(o.usd)}" for o in _shown(found.allowed)]
    return f". Per month, each where it costs the least: {', '.join(each)}" if each else ""


def _choice(found: Compared, best: Option) -> str:
    """What to take, and what it costs."""
    return sentence(f"Choose {best.name}: {_costs(best)}{_allowed_delay(found, best)}")


def _allowed_delay(found: Compared, best: Option) -> str:
    """How late messages come, beside what is allowed."""
    delay = _delay(best)
    if found.within_seconds is None:
        return delay
    allowed = span_text(found.within_seconds)
    return f"{delay or '; messages come without delay'} (you allow {allowed})"


def _beside(found: Compared, best: Option) -> Iterator[str]:
    """What the choice saves over the other that people think of."""
    rival = (
        found.websocket
        if _is_over_http(best)
        else next((o for o in found.allowed if _is_over_http(o)), None)
    )
    if rival is None:
        return
    which = (
        f"plain HTTP, {rival.name}," if _is_over_http(rival) else f"WebSockets, {rival.bill.name},"
    )
    more = rival.usd - best.usd
    costs = "costs the same" if abs(more) < HALF_A_CENT_USD else f"costs {dollars(more)} more"
    yield sentence(f"The cheapest over {which} {costs}: {_costs(rival)}{_delay(rival)}")


def _is_over_http(option: Option) -> bool:
    return option.transport.kind not in ("websocket", "mqtt_over_websocket")


def _by_group(found: Compared) -> Iterator[str]:
    """What each transport costs where the vendor runs it, and where you do."""
    for group in GROUPS:
        shown = _shown(o for o in found.allowed if o.bill.group == group)
        if shown:
            each = (tuple(its) for _, its in groupby(shown, key=lambda o: o.bill.deployment))
            yield sentence(f"{capitalized(group)}: {'; '.join(map(_together, each))}")


def _together(options: Sequence[Option]) -> str:
    """Compared on the same deployment."""
    each = ", ".join(f"{option.transport.words} {dollars(option.usd)}" for option in options)
    bill = options[0].bill
    return f"{each} ({bill.title}, {bill.cloud_name})"


def _shown(options: Iterable[Option]) -> tuple[Option, ...]:
    """The cheapest of each kind of transport; MQTT only where it is the cheapest of all."""
    kinds: dict[str, Option] = {}
    for option in options:
        kinds.setdefault(option.transport.kind, option)
    each = tuple(kinds.values())
    return tuple(o for o in each if o.transport.kind != "mqtt_over_websocket" or o is each[0])


def _costs(option: Option) -> str:
    """Dollars, and what for."""
    drivers = main_drivers(option.bill)
    return f"{dollars(option.usd)} per month{f', for {drivers}' if drivers else ''}"


def _delay(option: Option) -> str:
    """By how much later messages come, if anybody could notice."""
    mean, p95 = float(option.delay.mean_seconds), float(option.delay.p95_seconds)
    if p95 <= 0:
        return ""
    return f"; messages come {delay_text(mean)} later on average, 95% within {delay_text(p95)}"


def _later(found: Compared, best: Option) -> Iterator[str]:
    """What being sooner would cost, if nobody says what is wanted."""
    if found.within_seconds is not None:
        return
    soonest = found.frontier[-1]
    more = soonest.usd - best.usd
    if soonest is not best and more >= HALF_A_CENT_USD:
        sooner = float(best.delay.mean_seconds) - float(soonest.delay.mean_seconds)
        yield sentence(
            f"Messages come {span_text(sooner)} sooner on average for {dollars(more)} more: "
            f"{soonest.name}, {_costs(soonest)}"
        )
    else:
        yield "Nothing that is compared brings messages sooner."


def _ways(found: Compared) -> Iterator[str]:
    """What it takes that messages go one way, or both."""
    events = next((o for o in found.options if isinstance(o.transport, ServerSentEvents)), None)
    if events is None or not found.down_per_minute:
        return
    if not found.up_per_minute:
        yield "One-way: server-sent events and polls carry all that a WebSocket would."
    elif found.websocket is not None:
        yield sentence(
            "Two-way: over HTTP, each message of a client is a request of its own; server-sent "
            f"events make {count_text(events.requests_per_month)} requests per month, WebSockets "
            f"{count_text(found.websocket.requests_per_month)}"
        )


def _quiet(found: Compared) -> Iterator[str]:
    """How much of polling is for nothing."""
    polls = next((o for o in found.allowed if isinstance(o.transport, Polling)), None)
    if polls is not None:
        words = capitalized(polls.transport.words)
        yield sentence(f"{words}: {percent(polls.empty_share)} of the requests find nothing new")


def _cut(found: Compared) -> Iterator[str]:
    """What happens to messages that come while a client connects again."""
    socket = found.websocket
    missed = 0.0 if socket is None else float(socket.delay.missed_per_month)
    if socket is not None and missed >= 1:
        yield sentence(
            f"{socket.bill.title} ends WebSockets at an age: {count_text(missed)} messages per "
            "month come while a client connects again, and are lost unless the app sends them "
            "again; clients over HTTP say what they have already"
        )


def _networks(best: Option) -> Iterator[str]:
    """What a network between may do to a connection that stays open."""
    if not isinstance(best.transport, Polling):
        yield (
            "Some networks let no WebSockets through, or end connections that last; no figure was "
            "found for how many. SignalR falls back to long polling by itself, which passes."
        )


def _nothing_words(found: Compared) -> str:
    """Why there is nothing to choose, and the closest there is."""
    if not found.best_of_each:
        return "No transport is within limits on any deployment; the bills say which limits."
    assert found.within_seconds is not None
    soonest = min(found.best_of_each, key=lambda option: float(option.delay.p95_seconds))
    return sentence(
        f"Nothing brings {freshness_words(found.within_seconds)}; the closest is {soonest.name}, "
        f"{_costs(soonest)}{_delay(soonest)}"
    )


def _without_websockets(found: Compared) -> Iterator[str]:
    """What is there that carries no WebSockets."""
    names = [
        f"{each.title} ({VENDORS[each.cloud]})"
        for each in map(find_deployment, found.deployments)
        if not each.carriage("websocket").is_carried
    ]
    if names:
        yield sentence(f"Without WebSockets, for requests only: {'; '.join(names)}")


def transport_words(transport: Transport) -> str:
    """A transport for the beginning of a line."""
    return capitalized(transport.words)
