"""What can be changed so that clients are back sooner? Each lever alone, with settings to try."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from estimator.demand.admission_limits import AdmissionLimits
from estimator.format import figure_text, span_text
from estimator.scenario.reconnect import Reconnect
from estimator.simulation.admission import hour_of_week, units_wanted
from estimator.simulation.model import Model
from estimator.units import HOURS_PER_DAY, SECONDS_PER_HOUR

ADMISSION_RATE: Final = "admission_rate"
BACKLOG: Final = "backlog"
NODES: Final = "nodes"
JITTER: Final = "jitter"
_DIGITS: Final = 2
"""Of a setting that people type."""
_DOUBLINGS: Final = 6
"""Waits and limits are tried up to so many times doubled or halved."""
_RATE_STEP: Final = math.sqrt(2.0)
_SHORTEST_WAIT_S: Final = 0.1
_LONGEST_CAP_S: Final = float(HOURS_PER_DAY * SECONDS_PER_HOUR)
_JITTERED: Final = ("full_jitter", "equal_jitter", "decorrelated")
_MOST_NODES: Final = 8.0
"""Times those that run: beyond that, nodes are no plan."""
_QUEUES_BEYOND_PATIENCE: Final = 2.0


@dataclass(frozen=True, slots=True)
class Lever:
    """Something that can be set, and what to set it to."""

    id: str
    title: str
    present: float
    """As it is set; infinite where nothing is limited, 0 where nobody waits."""
    paths: tuple[tuple[float, ...], ...]
    """Settings to try, away from the present one, a path for each direction."""
    apply: Callable[[Model, float], Model]
    """A model with another setting."""
    in_words: Callable[[float], str]
    """A setting for people."""
    amount: Callable[[float], str]
    """The same in short, after "instead of"."""
    rounded: Callable[[float], float]
    """The next setting that people would choose, or that exists."""
    effort: Callable[[float], str]
    """What a setting takes, besides money."""
    between: bool = True
    """Whether there are settings between two of a path."""


def two_digits(value: float) -> float:
    """A number with as few digits as a setting has.

    >>> two_digits(37.6), two_digits(1234.0)
    (38.0, 1200.0)
    """
    return float(f"{value:.{_DIGITS}g}")


def waits(policy: Reconnect, within_s: float) -> Iterator[Lever]:
    """The backoff of clients: longest wait, first wait, jitter."""
    # who waits the same time as all others comes with them again
    kind = policy.backoff if policy.backoff in _JITTERED else _JITTERED[0]
    is_none = policy.backoff == "none"
    cap, base = (0.0, 0.0) if is_none else (policy.cap, policy.base)

    def with_cap(model: Model, setting: float) -> Model:
        return _with(model, backoff=kind, cap=setting, base=min(policy.base, setting))

    def with_base(model: Model, setting: float) -> Model:
        longest = max(model.reconnect.cap, setting)
        return _with(model, backoff=kind, base=setting, cap=longest)

    def kind_of(setting: float) -> str:
        return _spoken(_JITTERED[int(setting)] if setting >= 0 else policy.backoff)

    def with_kind(model: Model, setting: float) -> Model:
        return _with(model, backoff=_JITTERED[int(setting)])

    first = "" if kind == policy.backoff else f", with {_spoken(kind)}"
    most = min(4.0 * within_s, _LONGEST_CAP_S)
    yield Lever(
        "longest_wait",
        "longest wait of clients (cap)",
        cap,
        _both_ways(cap or policy.base, _SHORTEST_WAIT_S, most, starts_there=is_none),
        with_cap,
        lambda setting: f"backoff up to {span_text(setting)}{first if setting != cap else ''}",
        span_text,
        two_digits,
        _of_clients,
    )
    yield Lever(
        "first_wait",
        "first wait of clients (base)",
        base,
        _both_ways(base or policy.base, _SHORTEST_WAIT_S, within_s, starts_there=is_none),
        with_base,
        lambda setting: f"first wait of {span_text(setting)}{first if setting != base else ''}",
        span_text,
        two_digits,
        _of_clients,
    )
    if is_none:
        return  # without a wait there is nothing to jitter
    others = tuple(float(at) for at, each in enumerate(_JITTERED) if each != policy.backoff)
    now = float(_JITTERED.index(policy.backoff)) if policy.backoff in _JITTERED else -1.0
    yield Lever(
        JITTER,
        "jitter of those waits",
        now,
        tuple((other,) for other in others),
        with_kind,
        kind_of,
        kind_of,
        float,
        _of_clients,
        between=False,
    )


def _spoken(kind: str) -> str:
    words = kind.replace("_", " ")
    return f"{words} jitter" if kind == "decorrelated" else words


def _of_clients(_: float) -> str:
    return "a release of your clients"


def _with(model: Model, **changes: object) -> Model:
    policy = Reconnect.model_validate({**model.reconnect.model_dump(), **changes})
    return replace(model, reconnect=policy)


def _both_ways(
    present: float, least: float, most: float, *, starts_there: bool
) -> tuple[tuple[float, ...], ...]:
    up = [present] if starts_there else []
    up += [present * 2.0**each for each in range(1, _DOUBLINGS + 1)]
    down = [] if starts_there else [present / 2.0**each for each in range(1, _DOUBLINGS + 1)]
    paths = ([each for each in up if each <= most], [each for each in down if each >= least])
    return tuple(tuple(map(two_digits, path)) for path in paths if path)


def admission_rate(model: Model, units: float, lost: float, needed: float) -> Iterator[Lever]:
    """How many are let in per second: fewer than units have time for, or more than now.

    Args:
        model: as it is.
        units: that run when the fault begins.
        lost: connections that the fault takes.
        needed: per second, without which clients cannot be back in time whatever else is set.
    """
    admission = model.admission
    present = admission.new_connections_per_second
    paths: list[tuple[float, ...]] = []
    served = _served(model, units)
    if np.isfinite(served):
        # refused in front, before anything is done for them
        rates: list[float] = []
        rate = min(served, present / _RATE_STEP)
        while rate > needed:
            rates.append(_below(rate))
            rate /= _RATE_STEP
        paths.append(tuple(dict.fromkeys(rates)))
    if np.isfinite(present):
        doubled = (present * 2.0**each for each in range(1, 2 * _DOUBLINGS))
        paths.append(tuple(two_digits(each) for each in doubled if each <= 2 * max(lost, present)))
    if not any(paths):
        return
    limit = admission.limits.get("new_connections_per_second")

    def with_rate(model: Model, setting: float) -> Model:
        now = model.admission
        burst = now.new_connections_burst
        if burst is not None and np.isfinite(present):
            burst *= setting / present
        changed = replace(now, new_connections_per_second=setting, new_connections_burst=burst)
        return replace(model, admission=changed)

    def effort(setting: float) -> str:
        if setting > present:
            what = f"of the limit {limit}" if limit else "of the rate that is let in"
            return f"a raise {what}"
        return "a rate limit in front of the units, which refuses before they do any work"

    def in_words(setting: float) -> str:
        if math.isinf(setting):
            return "no limit of new connections"
        return f"at most {figure_text(setting)} new connections per second"

    yield Lever(
        ADMISSION_RATE,
        "new connections let in per second",
        present,
        tuple(path for path in paths if path),
        with_rate,
        in_words,
        figure_text,
        two_digits,
        effort,
    )


def _served(model: Model, units: float) -> float:
    """New connections per second that units have time for in the worst moment of the fault."""
    admission = model.admission
    if admission.connect_work is None and not admission.stages:
        return math.inf
    start_s = model.cuts[0].at_s
    connections = sum(
        float(stream.arrivals.at(np.array([start_s]))[0] * stream.session.mean * SECONDS_PER_HOUR)
        for stream in model.streams
    )
    left = [each.units_share for each in model.throttles if each.until_s > start_s]
    stages = [each.stage.per_second for each in model.throttles if each.stage is not None]
    share = max(min(left, default=1.0), 0.0) or 1.0
    served = admission.connects_served_per_second(units * share, hour_of_week(start_s), connections)
    return min([served, *stages])


def _below(rate: float) -> float:
    """With two digits, and not above."""
    found = two_digits(rate)
    if found <= rate:
        return found
    step = 10.0 ** (math.floor(math.log10(rate)) - (_DIGITS - 1))
    return two_digits(found - step)


def backlog(model: Model) -> Iterator[Lever]:
    """How many wait at a unit before it refuses more: fewer than lose patience."""
    work = model.admission.connect_work
    if work is None:
        return
    patient = model.reconnect.timeout * work.servers / work.seconds
    longest = min(work.backlog / 2, _QUEUES_BEYOND_PATIENCE * patient)
    path: list[float] = []
    while longest >= 1 and len(path) < 2 * _DOUBLINGS:
        path.append(_whole(longest))
        longest /= 2
    if not path:
        return

    def with_backlog(model: Model, setting: float) -> Model:
        now = model.admission.connect_work
        changed = None if now is None else replace(now, backlog=setting)
        return replace(model, admission=replace(model.admission, connect_work=changed))

    def in_words(setting: float) -> str:
        if math.isinf(setting):
            return "a backlog without end"
        return f"a backlog of {figure_text(setting)}"

    yield Lever(
        BACKLOG,
        f"new connections that wait at a {model.admission.unit_name}",
        work.backlog,
        (tuple(dict.fromkeys(path)),),
        with_backlog,
        in_words,
        figure_text,
        _whole,
        lambda _: "a setting of the server",
    )


def _whole(value: float) -> float:
    return float(max(math.floor(two_digits(value)), 1))


def nodes(
    admission: AdmissionLimits, running: float, existing: Callable[[float], float]
) -> Iterator[Lever]:
    """More units than those that ran.

    Args:
        admission: as it is.
        running: units when the fault begins.
        existing: fewest units from so many on that can be had.
    """
    if not admission.counts_units or running <= 0:
        return
    name = admission.unit_name
    more: list[float] = []
    step = 1.0
    while step <= _MOST_NODES * running:
        more.append(existing(running + step))
        step *= 2
    path = tuple(dict.fromkeys(each for each in more if running < each < math.inf))
    if not path:
        return

    def in_words(setting: float) -> str:
        added = setting - running
        if added <= 0:
            return f"{figure_text(setting)} {name}{'' if setting == 1 else 's'}"
        return f"{figure_text(added)} more {name}{'' if added == 1 else 's'}"

    yield Lever(
        NODES,
        f"{name}s that run",
        running,
        (path,),
        with_units,
        in_words,
        figure_text,
        lambda setting: existing(math.ceil(setting)),
        lambda _: f"more {name}s all week",
    )


def with_units(model: Model, units: float) -> Model:
    """A model in which at least so many units run."""
    return replace(model, admission=units_at_least(model.admission, units))


def units_at_least(admission: AdmissionLimits, units: float) -> AdmissionLimits:
    """Limits with at least so many units, spare ones counted."""
    scaling = admission.autoscaling
    if scaling is None:
        return replace(admission, units=units)
    least = max(units - scaling.spare_units, 1.0)
    return replace(admission, autoscaling=replace(scaling, least_units=least))


def least_units(admission: AdmissionLimits) -> float:
    """Units that run though nobody is connected.

    >>> least_units(AdmissionLimits(units=3.0))
    3.0
    """
    if admission.autoscaling is None:
        return admission.units or 0.0
    return units_wanted(admission.autoscaling, math.inf, 0.0)
