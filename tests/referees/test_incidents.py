"""Storms as their operators lived through them, against the simulation of what they published.

``incidents/README.md`` has the rules: what a source does not state is drawn from a range that was
fixed before the first run. A published figure lies inside the simulated range or within a factor of
two of the simulated median; those that do not are shown too, with the reason.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ruamel.yaml import YAML

from estimator.arrays import FloatArray
from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.disruptions import ConnectionThrottle, Fault, Outage, RefusedAttempts
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import ExponentialSession
from estimator.simulation.disruptions import cuts_and_throttles
from estimator.simulation.flows import Flows
from estimator.simulation.model import ArrivalRate, Model, Stream
from estimator.simulation.run import simulate

FOLDER = Path(__file__).parent / "incidents"
INCIDENTS: Mapping[str, dict[str, Any]] = {
    path.stem: YAML(typ="safe").load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))
}
FIGURES = [
    (name, number)
    for name, incident in INCIDENTS.items()
    for number in range(len(incident["published"]))
]
DRAWS, CLIENTS = 20, 300
DRAWS_IN_FULL, CLIENTS_IN_FULL = 40, 10_000
LOSS_S = 60
FACTOR = 2.0
RANGE = (0.05, 0.5, 0.95)
"""Quantiles of the draws: a range that does not grow with their number."""
NOBODY_PER_S = 1e-9
ALL_BACK = 0.99


def drawn(said: dict[str, Any], rng: np.random.Generator) -> Any:
    """What is stated; else from its range, by its logarithm."""
    if "value" in said:
        return said["value"]
    if "one_of" in said:
        return said["one_of"][rng.integers(len(said["one_of"]))]
    return float(np.exp(rng.uniform(np.log(said["low"]), np.log(said["high"]))))


def model_of(draw: dict[str, Any], clients: int) -> Model:
    """The scenario of one draw: a loss at second 60, after a stationary hour like any other."""
    stay_s = draw["mean_stay_hours"] * 3600
    usual = clients / stay_s
    closed_s, admit_s = draw["closed_seconds"], draw["seconds_to_admit_all"]
    at = LOSS_S / 3600
    faults: list[Fault] = [Outage(at=at, share=draw["lost"])]
    if closed_s:
        closed = {"lasts": closed_s, "new_connections_per_second": NOBODY_PER_S}
        faults.append(ConnectionThrottle(at=at, **closed))
    if "refused_share" in draw:
        refused = {"lasts": draw["refused_seconds"], "share": draw["refused_share"]}
        faults.append(RefusedAttempts(at=at, **refused))
    cuts, throttles = cuts_and_throttles(faults)
    arrivals = ArrivalRate(np.array([0.0, 3600.0]), np.full(2, usual), periodic=True)
    session = ExponentialSession(mean_hours=draw["mean_stay_hours"])
    return Model(
        streams=(Stream(arrivals, session),),
        reconnect=Reconnect(
            backoff=draw["backoff"],
            base=draw["base_seconds"],
            cap=draw["cap_seconds"],
            answer=draw["answer_seconds"],
        ),
        admission=AdmissionLimits(new_connections_per_second=usual + clients / admit_s),
        cuts=cuts,
        throttles=throttles,
        # the waits of the last one may be many of the longest
        horizon_s=int(LOSS_S + closed_s + 3 * admit_s + 20 * draw["cap_seconds"] + 600),
        faults=tuple(each.words for each in faults),
    )


def figure_of(flows: Flows, published: dict[str, Any], closed_s: float) -> float:
    """A published figure, as simulated; infinite if clients were not back within the horizon."""
    lost, back = flows.lost_by_fault[0], flows.back_by_fault[0]
    away = np.cumsum(lost - back)[LOSS_S:]
    below = away <= max((1 - published.get("share", ALL_BACK)) * lost.sum(), 0.5)
    if not below.any():
        return np.inf
    until_s = int(np.argmax(below)) + 1
    if published["figure"] == "seconds_until_back":
        return until_s - (closed_s if published["counted_from"] == "reopening" else 0.0)
    storm = slice(LOSS_S, LOSS_S + until_s)
    return float(flows.attempts[storm].sum() / flows.new_connections[storm].sum())


@cache
def simulated(name: str, draws: int, clients: int) -> FloatArray:
    """The published figures of an incident in every draw, shape (figures, draws)."""
    incident = INCIDENTS[name]
    figures = np.empty((len(incident["published"]), draws))
    seeds = np.random.SeedSequence(zlib.crc32(name.encode())).spawn(draws)
    for number, seed in enumerate(seeds):
        of_draw, of_run = seed.spawn(2)
        rng = np.random.default_rng(of_draw)
        draw = {what: drawn(said, rng) for what, said in incident["scenario"].items()}
        flows = simulate(model_of(draw, clients), "exact", of_run)
        flows.check()
        for row, published in enumerate(incident["published"]):
            figures[row, number] = figure_of(flows, published, draw["closed_seconds"])
    return figures


@pytest.fixture(scope="module")
def size(request) -> tuple[int, int]:
    """Draws, and clients of each."""
    full = request.config.getoption("--soak")
    return (DRAWS_IN_FULL, CLIENTS_IN_FULL) if full else (DRAWS, CLIENTS)


@dataclass(frozen=True)
class Verdict:
    """A published figure against those of the draws in which all came back."""

    published: float
    found: FloatArray

    @property
    def back(self) -> FloatArray:
        return self.found[np.isfinite(self.found)]

    @property
    def range(self) -> tuple[float, float, float]:
        low, middle, high = np.quantile(self.back, RANGE)
        return float(low), float(middle), float(high)

    @property
    def inside(self) -> bool:
        low, _, high = self.range
        return low <= self.published <= high

    @property
    def ratio(self) -> float:
        return self.published / self.range[1]

    @property
    def agrees(self) -> bool:
        return self.inside or 1 / FACTOR <= self.ratio <= FACTOR

    def __str__(self) -> str:
        never = self.found.size - self.back.size
        cells = " ".join(f"{value:9,.0f}" for value in (self.published, *self.range))
        verdict = "inside" if self.inside else "near" if self.agrees else "missed"
        return f"{cells} {self.ratio:6.2f} {never:6d} {verdict}"


def judged(name: str, number: int, size: tuple[int, int]) -> Verdict:
    published = INCIDENTS[name]["published"][number]
    return Verdict(published["value"], simulated(name, *size)[number])


@pytest.mark.parametrize(("name", "number"), FIGURES, ids=[f"{n}-{i}" for n, i in FIGURES])
def test_the_published_figure_is_simulated(name, number, size, request):
    published = INCIDENTS[name]["published"][number]
    if size[1] in published.get("misses_with_clients", ()):
        request.applymarker(pytest.mark.xfail(reason=published["misses"], strict=True))
    verdict = judged(name, number, size)

    assert verdict.agrees, str(verdict)


def test_every_figure_is_shown(size):
    head = "{:>9} {:>9} {:>9} {:>9} {:>6} {:>6}".format(
        "published", "5%", "median", "95%", "ratio", "never"
    )
    lines = [" " * 41 + head]
    for name, number in FIGURES:
        what = INCIDENTS[name]["published"][number]["figure"]
        lines.append(f"{name:16}{what:24} {judged(name, number, size)}")
    print("\n".join(lines))  # noqa: T201  # what `pytest -rA` shows

    assert len({incident["source"] for incident in INCIDENTS.values()}) >= 4
