"""Nothing but our own errors leaves a public callable, whatever is passed to it.

Each call is a right one in which one argument, or two, is something else.
"""

import datetime as dt
import inspect
import itertools
import math
import random
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

import estimator as ws
from estimator.errors import MOST_MESSAGE_CHARACTERS

SCENARIO = ws.Scenario(profile="market-data", location="virginia", peak_connections=50)
PAIR = ("aws.api_gateway", "azure.web_pubsub")
BILL = Path(__file__).parents[1] / "invoices" / "samples" / "focus.csv"


class Unspeakable:
    """Cannot even be shown or compared."""

    def __repr__(self) -> str:
        raise RuntimeError("no name")

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        raise RuntimeError("no equal")

    __hash__ = None  # pyright: ignore[reportAssignmentType]


def nested(depth: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(depth):
        inner = [inner]
    return inner


_VALUES: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 3, -0.0, 0.5, 2.5, 1e308, math.nan, math.inf, -math.inf),
    *(10**400, -(10**400), 1 << 70, [1 << 70], 1j, b"x", bytearray(b"y"), "", " ", "x", "5 min"),
    *("2025-05-01", "1,5", "-0", "nan", "aws.*", "\0", "\ud800", "é" * 5_000, "=", "..", "true"),
    *("1e400", "9" * 6_000, "a\nb", "ours.yaml", [], [1], ["x"], [None], [[1]], [True, 5]),
    *([1, [2]], [1, "x"], [("a", 1)], ("aws.api_gateway",), {}, {1: 2}, {"x": None}, {"x": 5}),
    *({None: None}, {"peak_connections": "x"}, {"peak_connections": [1, 2]}, {"a", "b"}),
    *({"peak_connections": True}, {"aws.api_gateway.messages": [1, None]}, {"law": "exponential"}),
    *({("aws.api_gateway.messages", 5): 1}, nested(300), nested(5_000), object, object()),
    *(Unspeakable(), len, Path("x"), Path("/"), Path("\0"), dt.date(2025, 5, 1), dt.date.max),
    *(dt.timedelta(1), dt.datetime(2025, 5, 1, tzinfo=dt.UTC), np.array([]), np.array([1.0, 2.0])),
    *(np.array("x"), np.array([[1.0]]), np.array([True]), np.float64(2.0), np.int64(3)),
    *(np.bool_(True), np.datetime64("2025-05-01"), np.array([None]), np.zeros((0, 168))),
    *(pd.DataFrame({"a": [1]}), pd.Series([1.0]), pd.NA, pd.NaT, range(3), range(0), SCENARIO),
    *(PAIR, [*PAIR, *PAIR], ["aws.api_gateway", 5], ws.Scenario, ws.Uniform(1, 2), ws.Look()),
    *(ws.DEPLOYMENTS, ws, ws.EstimatorError("x"), ValueError("x"), NotImplemented, ..., slice(1)),
)
HOSTILE: tuple[Callable[[], Any], ...] = (
    *((lambda value=value: value) for value in _VALUES),
    *(lambda: itertools.repeat("x"), lambda: (name for name in PAIR), lambda: iter([1])),
)
"""Fresh values of all kinds, among them some that are right for an argument here and there."""


@dataclass(frozen=True)
class Public:
    """A callable, and arguments that are right for it."""

    name: str
    call: Callable[..., Any]
    right: Mapping[str, Any]


FLOW = {"direction": "client_to_server", "rate_per_hour": 1, "payload": 100}
RIGHT: dict[str, Any] = {
    "annual_growth_percent": None,
    "at": "p90",
    "at_connect": None,
    "axes": {"peak_connections": [10, 20]},
    "budget": "2,000 USD",
    "clients": SCENARIO,
    "cloud": "aws",
    "connections": 50.0,
    "deployment": "aws.api_gateway",
    "deployments": PAIR,
    "direction": "to_client",
    "engine": "exact",
    "factors": [1.1, 1.2],
    "field": "peak_connections",
    "file_format": "focus",
    "flows": {"posts": FLOW},
    "hours": 2.0,
    "high": 100.0,
    "inputs": {"peak_connections": "40..60"},
    "kind": "location",
    "layer": "ip",
    "location": "virginia",
    "low": 10.0,
    "meter": "aws.api_gateway.messages",
    "months": None,
    "monthly_growth_percent": None,
    "name": "workplace-chat",
    "name_or_path": "aws-reserved-1-year",
    "invoice": ws.read_invoice(BILL),
    "profiles": "notifications",
    "month": None,
    "old": SCENARIO,
    "path": BILL,
    "new": SCENARIO.replace(peak_connections=60),
    "quantities": {"aws.api_gateway.messages": 18e6},
    "questions": (),
    "region": "us-east-1",
    "relative_error": 0.05,
    "replications": 2,
    "result": ws.price({"aws.alb.hours": 730}, "us-east-1"),
    "samples": 128,
    "scenario": SCENARIO,
    "session": {"law": "exponential", "mean_hours": 1},
    "share": 0.5,
    "text": SCENARIO.to_yaml(),
    "title": "Bills",
    "token": SCENARIO.to_token(),
    "usd": 100.0,
    "usd_per_currency": None,
    "valid": ["x"],
    "values": [10.0, 20.0],
    "vendor": "aws",
    "zone_share": 0.5,
}
"""Arguments by the names that they have everywhere; others are left out where they can be."""


@cache
def results() -> dict[str, Any]:
    """An object of each public class, by the name of the class."""
    bill = ws.estimate(SCENARIO, "aws.api_gateway")
    unsure = ws.uncertainty(SCENARIO, {"peak_connections": "40..60"}, PAIR[0], samples=128)
    grown = ws.growth(SCENARIO, 3, monthly_growth_percent=5, deployments=PAIR)
    made = (
        ws.break_even(SCENARIO, "peak_connections", 10, 100, PAIR),
        ws.check_budget(SCENARIO, 100, PAIR[0], samples=128, questions=()),
        ws.compare(SCENARIO, PAIR),
        ws.diff(SCENARIO, SCENARIO.replace(peak_connections=60), PAIR),
        ws.expected_demand(SCENARIO),
        ws.gallery("notifications", samples=128),
        ws.load_contract("oci-preemptible"),
        ws.load_profile("workplace-chat"),
        ws.move(SCENARIO, *PAIR),
        ws.price({"aws.api_gateway.messages": 18e6}, "us-east-1"),
        ws.recovery_plan(SCENARIO, PAIR[0], replications=1, engine="exact"),
        ws.read_invoice(BILL),
        ws.reconcile(SCENARIO, ws.read_invoice(BILL), "oci.load_balancer_vm"),
        ws.simulate(SCENARIO, PAIR[0], replications=2, engine="exact"),
        ws.sweep(SCENARIO, {"peak_connections": [10, 20]}, PAIR),
        ws.transports(SCENARIO, PAIR, within_seconds=60),
        ws.BalancerResize(at=1, share=0.5),
        ws.CalendarEntry(name="Launch", on="Tue 14:00", lasts_hours=3, connections=5),
        ws.OtherClients(profile="market-data", peak_connections=5),
        ws.Broadcast(at=50, clients=5, gather=60, lasts=60),
        ws.CalendarEntry(name="Launch", on=1, lasts_hours=2, connections=5),
        ws.ConnectionThrottle(at=1, lasts=5, new_connections_per_second=5),
        ws.FlashCrowd(at=1, clients=5, over=60),
        ws.NetworkFlap(at=1, away=5),
        ws.Outage(at=1, share=0.5),
        ws.Reconnect(),
        ws.RefusedAttempts(at=1, lasts=5, share=0.5),
        ws.RollingDeployment(at=1, batches=2, every=60),
        ws.SlowDependency(at=1, lasts=5, new_connections_per_second=5),
        ws.TopOfHour(share=0.1),
        ws.ZoneOutage(at=1),
        *(ws.Lognormal(300, 2), ws.Look(), ws.Triangular(1, 2, 3), ws.Uniform(1, 2)),
        *(bill, grown, unsure, SCENARIO, unsure.fan("peak_connections", [40.0, 60.0], samples=128)),
    )
    return {type(each).__name__: each for each in made}


def arguments(call: Callable[..., Any], own: object = None) -> dict[str, Any]:
    """Right arguments: those of an object, if it has them, or the usual ones."""
    found: dict[str, Any] = {}
    for name, parameter in inspect.signature(call).parameters.items():
        if own is not None and hasattr(own, name):
            found[name] = getattr(own, name)
        elif "OtherClients" in str(parameter.annotation):
            found[name] = SCENARIO
        elif name in RIGHT and parameter.kind not in (
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        ):
            found[name] = RIGHT[name]
    return found


def methods(thing: object) -> Iterator[tuple[str, Callable[..., Any]]]:
    """The public methods of an object that pydantic did not bring along."""
    left_out = {*dir(BaseModel), *getattr(thing, "__dataclass_fields__", ())}
    for name in dir(type(thing)):
        is_own = not name.startswith("_") and name not in left_out
        if is_own and callable(found := getattr(thing, name)) and not inspect.isclass(found):
            yield name, found


@cache
def publics() -> tuple[Public, ...]:
    """Every public function, constructor and method."""
    found: list[Public] = []
    for name in ws.__all__:
        thing = getattr(ws, name)
        if inspect.isclass(thing):
            if not issubclass(thing, Exception):
                own = results()[name]
                found.append(Public(name, thing, arguments(thing, own)))
                found += [
                    Public(f"{name}.{each}", method, arguments(method))
                    for each, method in methods(own)
                ]
        elif callable(thing):
            found.append(Public(name, thing, arguments(thing)))
    return tuple(found)


def outcome(call: Callable[..., Any], given: tuple[Any, ...], named: Mapping[str, Any]) -> str:
    """What is wrong with what a call came to; empty if it gave an answer or one of our errors."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a message of numpy's to people is no failure here
            found = call(*given, **named)
            if inspect.isgenerator(found):
                list(itertools.islice(found, 3))
    except ws.EstimatorError as error:
        text = str(error)
        return (
            ""
            if 0 < len(text) <= MOST_MESSAGE_CHARACTERS
            else f"{len(text):,} characters: {text[:200]}"
        )
    except Exception as error:  # noqa: BLE001 - which is what is looked for
        return f"{type(error).__name__}: {error}"[:300]
    return ""


def hostile_call(public: Public, chance: random.Random) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments of which one is wrong, or two, or that do not fit the signature."""
    named = dict(public.right)
    signature = inspect.signature(public.call).parameters
    parameters = [*signature]
    needs_some = any(each.default is each.empty for each in signature.values())
    for name in chance.sample(parameters, min(len(parameters), chance.choice((1, 1, 1, 2)))):
        named[name] = chance.choice(HOSTILE)()
        if name in ("progress", "change") and callable(named[name]):
            del named[name]  # what a function of the caller's raises is the caller's
    shape = chance.random()
    if shape < 0.02 or not parameters:
        return (chance.choice(HOSTILE)(),) * 12, {}
    if shape < 0.04:
        return (), {**named, "nonsense": 1}
    if shape < 0.06 and needs_some:
        return (), {}
    return (), named


def test_the_right_calls_are_answered():
    # so that the wrong ones are refused for what is wrong with them
    for public in publics():
        parameters = inspect.signature(public.call).parameters.values()
        needed = {each.name for each in parameters if each.default is each.empty}
        if needed <= public.right.keys():
            with suppress(ws.ScenarioError):  # an answer may be that there is none
                public.call(**public.right)


@pytest.mark.parametrize("part", range(4))
def test_a_hostile_argument_is_refused_in_our_own_words(part, seeds):
    wrong: dict[str, str] = {}
    for seed in seeds(5, 60):
        for number, public in enumerate(publics()[part::4]):
            chance = random.Random(f"{seed} {number} {part}")
            for _ in range(5):
                given, named = hostile_call(public, chance)
                if found := outcome(public.call, given, named):
                    wrong[f"{public.name}: {found}"] = f"{given!r:.200} {named!r:.200}"

    assert wrong == {}
