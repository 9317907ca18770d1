"""Little's law holds in every run, seen from both sides, and a run that breaks it is refused.

Over a stretch of time the law is an identity: the area below the number of open connections is the
sum of their lengths. The area is known from the counts of the seconds, as if each event fell into
the middle of its second; an event is off by up to half a second, evenly, so n of them by
sqrt(n / 12) on average (standard deviation).
"""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest

from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.reconnect import Reconnect
from estimator.simulation.flows import Flows, SimulationError
from estimator.simulation.model import Cut
from estimator.simulation.run import simulate

BUSY = AdmissionLimits(new_connections_per_second=8, connections_most=380, age_most_seconds=900)
OUTAGE = Cut(1800.5, share=0.4, over_s=10, notice_s=5)
ENGINES = ("exact", "aggregate")


@pytest.fixture(scope="module")
def model(law_of, steady):
    """Everything at once: two limits, ages, an outage; 400 clients who stay 10 minutes."""
    law = law_of("lognormal", 600)
    plain = steady(400, law, 7200, admission=BUSY, reconnect=Reconnect(cap=30, give_up_after=8))
    return replace(plain, cuts=(OUTAGE,), faults=("outage",), warm_up_s=1800)


def area(flows: Flows) -> float:
    """Below the number of open connections, in seconds."""
    before = np.concatenate([[flows.open_at_start], flows.open_after[:-1]])
    return float((before + flows.open_after).sum() / 2)


def events(flows: Flows) -> float:
    return float((flows.new_connections + flows.ended + flows.cut + flows.aged).sum())


@pytest.mark.parametrize("admission", [AdmissionLimits(), BUSY])
def test_the_area_is_the_sum_of_the_lengths(admission, model):
    found = simulate(
        replace(model, admission=admission, warm_up_s=0), "exact", np.random.SeedSequence(61)
    )

    assert abs(area(found) - found.connection_seconds) < 4 * np.sqrt(events(found) / 12)


@pytest.mark.parametrize("engine", ENGINES)
def test_connections_are_connects_times_their_mean_length(engine, law_of, steady):
    model = steady(10_000, law_of("Weibull 0.5", 60), 20_000)
    found = simulate(model, engine, np.random.SeedSequence(62))

    rate = found.new_connections.sum() / found.new_connections.size
    assert found.open_after.mean() == pytest.approx(rate * 60, rel=0.003)


@pytest.mark.parametrize("engine", ENGINES)
def test_every_run_is_checked_with_its_warm_up(engine, model, monkeypatch):
    checked = []
    monkeypatch.setattr(Flows, "check", lambda flows: checked.append(flows.new_connections.size))
    simulate(model, engine, np.random.SeedSequence(63))

    assert checked == [7200 + 1800]


def lose(name: str, count: float):
    """Take some away from a count, in its largest second."""

    def corrupt(flows: Flows) -> None:
        counts = getattr(flows, name)
        counts[np.argmax(counts)] -= count

    return corrupt


def lengthen(flows: Flows) -> None:
    flows.connection_seconds *= 1.02


def end_late(flows: Flows) -> None:
    flows.ended = np.roll(flows.ended, 5)


def end_without_a_beginning(flows: Flows) -> None:
    flows.ended[1000] += 2 * flows.open_after[1000]


@pytest.fixture(scope="module", params=ENGINES)
def sound(request, model):
    found = simulate(replace(model, warm_up_s=0), request.param, np.random.SeedSequence(64))
    found.check()
    return found


@pytest.mark.parametrize(
    ("corrupt", "message"),
    [
        (lengthen, "Little's law is broken"),
        (end_late, "Little's law is broken"),
        (lose("cut", 50), "negative"),
        (lose("new_connections", 1), "neither let in nor refused"),
        (lose("refused_by_rate", 1), "neither let in nor refused"),
        (end_without_a_beginning, "negative"),
    ],
)
def test_a_corrupt_run_is_refused(corrupt, message, sound):
    spoilt = deepcopy(sound)
    corrupt(spoilt)

    with pytest.raises(SimulationError, match=message):
        spoilt.check()
