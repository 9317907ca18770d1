"""How does a load test send the same demand? As a script for k6, with the figures of a scenario.

The script is ``load_test.js``; into it goes the plan: kinds of clients, how long their sessions
are, and what they send. Sizes and sessions are laws and not their means: each is written as so many
values of equal probability.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any, Final

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.errors import ScenarioError
from estimator.exports.contents import Contents
from estimator.format import quantity_text
from estimator.scenario.clients import MAIN
from estimator.scenario.flows import MessageFlow
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario
from estimator.scenario.sessions import SessionLength
from estimator.scenario.sizes import SizeDistribution
from estimator.scenario.transport import WebSocket
from estimator.units import SECONDS_PER_HOUR

_PLAN: Final = "[/* the plan */]"
_VALUES: Final = 100
"""Of equal probability, that stand for a law."""
_DRAWS_EACH: Final = 200
_SEED: Final = 0


def write(contents: Contents) -> str:
    """The script.

    Raises:
        ScenarioError: there is no scenario, or its messages do not travel over WebSockets.
    """
    scenario = contents.scenario
    if scenario is None:
        raise ScenarioError(
            "k6: a load test sends the demand of a scenario, and a bill on its own holds none; "
            "export the scenario, or a comparison of it"
        )
    if not isinstance(scenario.transport, WebSocket):
        raise ScenarioError(
            f"k6: the script opens WebSockets, but the scenario has {scenario.transport.words}"
        )
    demand = expected_demand(scenario)
    plan = "".join(("[", *(f"\n  {json.dumps(kind)}," for kind in _kinds(scenario, demand)), "\n]"))
    lines = [*contents.comments("//"), *_expected(demand)]
    script = files("estimator.exports").joinpath("load_test.js").read_text(encoding="utf-8")
    head = "\n".join(lines)
    return f"{head}\n\n{script.replace(_PLAN, plan)}"


def _kinds(scenario: Scenario, demand: Demand) -> Iterator[dict[str, Any]]:
    """Each kind of clients: how many, how long, and what each of them sends."""
    demands = demand.by_kind or {MAIN: demand}
    for name, kind in scenario.kinds.items():
        profile: Profile = kind.profile
        yield {
            "name": name,
            "peakConnections": round(float(np.max(demands[name].peak_connections)), 3),
            "sessionSeconds": _rounded(_sessions(profile.session) * SECONDS_PER_HOUR),
            "greetingBytes": _sizes(profile.at_connect.from_client),
            "heartbeat": _heartbeat(profile),
            "flows": [
                _flow(flow_name, flow)
                for flow_name, flow in profile.flows.items()
                if flow.direction == "client_to_server"
            ],
        }


def _flow(name: str, flow: MessageFlow) -> dict[str, Any]:
    per_hour = float(flow.rate_per_hour) * float(flow.active_share)
    return {
        "name": name,
        "perHour": per_hour,
        "synchronized": flow.timing == "synchronized",
        "bytes": _sizes(flow.payload),
    }


def _heartbeat(profile: Profile) -> dict[str, Any] | None:
    beat = profile.heartbeat
    if beat is None:
        return None
    return {
        "everySeconds": float(beat.interval_seconds),
        "isMessage": beat.kind == "application",
        "bytes": round(float(beat.payload_bytes)),
    }


def _sessions(law: SessionLength) -> FloatArray:
    """Means of the hundredths of all sessions, in hours, shape (values,); their mean is the law's.

    >>> from estimator.scenario.sessions import ExponentialSession
    >>> hours = _sessions(ExponentialSession(mean_hours=2))
    >>> hours.size, round(float(hours.mean()), 6)
    (100, 2.0)
    """
    drawn = np.sort(law.draw(_VALUES * _DRAWS_EACH, np.random.default_rng(_SEED)))
    parts = drawn.reshape(_VALUES, _DRAWS_EACH).mean(axis=1)
    return np.asarray(parts * (law.mean / parts.mean()))


def _sizes(law: SizeDistribution) -> list[int]:
    """Sizes of equal probability, in bytes; one, if all messages are alike."""
    shares = (np.arange(_VALUES) + 0.5) / _VALUES
    sizes = np.rint(law.quantiles(shares)).astype(int)
    return [int(sizes[0])] if np.all(sizes == sizes[0]) else sizes.tolist()


def _rounded(numbers: FloatArray) -> list[float]:
    return [float(f"{each:.4g}") for each in numbers.tolist()]


def _expected(demand: Demand) -> Iterator[str]:
    """What the whole audience does, to hold the test against."""
    ways = {"to_server": "messages in", "to_client": "messages out"}
    yield f"// The whole audience: {demand.audience}."
    for way, words in ways.items():
        streams = demand.messages("to_server" if way == "to_server" else "to_client")
        per_second = sum(float(np.max(each.per_hour.peak)) for each in streams) / SECONDS_PER_HOUR
        yield f"// At most {quantity_text(per_second)} {words} per second, on average of an hour."
