"""Which unit do clients go to? Four units, of which one is lost for a while."""

from dataclasses import replace
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest

from estimator.demand.admission_limits import AdmissionLimits, Balancing, ConnectWork, Stage
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import DeterministicSession
from estimator.simulation.admission import unit_parts
from estimator.simulation.effort import USUAL, Effort
from estimator.simulation.exact_engine import _Run, simulate_exact
from estimator.simulation.flows import Flows
from estimator.simulation.model import ArrivalRate, Cut, Model, Stream, Throttle
from estimator.simulation.population import draw_population

CLIENTS, UNITS = 4_000, 4
LOST_S, BACK_S, END_S = 100.0, 300.0, 1_000
PER_SECOND = 2.0
LAST = (0.75, 1.0)
OUTAGE: dict[str, Any] = {
    "cuts": (Cut(LOST_S, 0.25, span=LAST),),
    "throttles": (Throttle(LOST_S, BACK_S, units_share=0.75, span=LAST),),
    "faults": ("a unit",),
}


def model_of(balancing: Balancing, *, outage: bool = True, **limits: Any) -> Model:
    """Clients who stay for longer than the run, and some more of them in each second."""
    stay_h = CLIENTS / PER_SECOND / 3600
    return Model(
        (
            Stream(
                ArrivalRate(np.array([0.0, 3600.0]), np.full(2, PER_SECOND), periodic=True),
                DeterministicSession(hours=stay_h),
            ),
        ),
        Reconnect(cap=1.0),
        AdmissionLimits(units=float(UNITS), balancing=balancing, **limits),
        horizon_s=END_S,
        **(OUTAGE if outage else {}),
    )


def open_at(model: Model, seconds: int) -> list[int]:
    """Connections of each unit after so many seconds."""
    model, rng = replace(model, horizon_s=seconds), np.random.default_rng(1)
    run = _Run(model, draw_population(model, rng), Effort(USUAL), key=3)
    with patch("estimator.simulation.exact_engine.close_all"):  # who is there at the end stays
        run.play()
    return [int(unit.open) for unit in run.world.units]


ALL: tuple[Balancing, ...] = ("round_robin", "least_connections", "random", "sticky")


@pytest.mark.parametrize("balancing", ALL)
def test_units_are_alike_before_anything_happens(balancing):
    each = open_at(model_of(balancing), 99)
    # 4,000 by chance on four units: 1,000 with a standard deviation of 27
    assert sum(each) == pytest.approx(CLIENTS, rel=0.06)
    assert max(each) - min(each) < 6 * 27


@pytest.mark.parametrize("balancing", ALL)
def test_who_loses_a_unit_goes_to_the_others(balancing):
    first, second, third, lost = open_at(model_of(balancing), 290)
    assert lost == 0
    assert np.array([first, second, third]) == pytest.approx(CLIENTS / 3, rel=0.1)


def came_back(balancing: Balancing, **limits: Any) -> float:
    """Part of those who came in the last 100 s that are on the unit that is back."""
    model = model_of(balancing, **limits)
    return open_at(model, int(BACK_S) + 100)[-1] / (100 * PER_SECOND)


def test_the_fewest_connections_means_all_new_ones_go_to_a_unit_that_is_back():
    assert came_back("least_connections") > 0.9


def test_taking_turns_gives_it_a_quarter_so_that_it_stays_emptier():
    assert came_back("round_robin") == pytest.approx(0.25, abs=0.08)
    assert came_back("random") == pytest.approx(0.25, abs=0.1)


def test_who_always_goes_to_the_same_unit_comes_back_to_it_when_cut():
    model = model_of("sticky", age_most_seconds=50.0)
    # 100 s later everybody has been cut, and is where its number says
    each = open_at(model, int(BACK_S) + 100)
    assert np.array(each) == pytest.approx(CLIENTS / UNITS, rel=0.15)


def test_a_unit_that_starts_slowly_gets_less():
    # its part grows from nothing to a quarter in 100 s: half of that on average
    at_once, slowly = came_back("round_robin"), came_back("round_robin", slow_start_seconds=100.0)
    assert slowly == pytest.approx(at_once / 2, abs=0.06)


@pytest.mark.parametrize(("balancing", "turned_away"), [("round_robin", True), ("pooled", False)])
def test_a_unit_can_be_full_while_others_are_not(balancing, turned_away):
    # after an outage three units of 1,340 slots hold nearly all; the fourth is empty when it is
    # back, and taking turns sends three of four who come to the full ones
    model = model_of(balancing, connections_per_unit=1_340)
    flows = simulate_exact(model, np.random.SeedSequence(2))
    assert bool(flows.refused_full[int(BACK_S) + 60 :].any()) == turned_away


def test_the_units_of_a_span_are_lost_and_a_part_of_one_at_its_edge():
    model = replace(
        model_of("round_robin", outage=False),
        throttles=(Throttle(0.0, 10.0, units_share=0.375, span=(0.125, 0.75)),),
    )
    assert unit_parts(model, 5.0, 4.0) == pytest.approx([0.5, 0, 0, 1])
    assert unit_parts(model, 10.0, 4.0) == pytest.approx([1, 1, 1, 1])


def test_a_million_units_are_no_matter():
    model = replace(
        model_of("round_robin"),
        admission=AdmissionLimits(units=1e6, balancing="random"),
        horizon_s=200,
    )
    flows = simulate_exact(model, np.random.SeedSequence(2))
    assert flows.cut.sum() == pytest.approx(CLIENTS / 4, rel=0.2)


# -------------------------------------------------------------------------------------------------
# Units that work

WORKS = ConnectWork(seconds=0.1)


def storm_of(cuts: tuple[Cut, ...], throttles: tuple[Throttle, ...], **limits: Any) -> Flows:
    """Two units of ten new connections per second, and 1,000 patient clients who stay."""
    arrivals = ArrivalRate(np.array([0.0, 3600.0]), np.full(2, 1e-3), periodic=True)
    given: dict[str, Any] = {
        "units": 2.0,
        "balancing": "round_robin",
        "connect_work": WORKS,
        **limits,
    }
    model = Model(
        (Stream(arrivals, DeterministicSession(hours=1e6 / 3600)),),
        Reconnect(backoff="none", answer=1.0, timeout=3600.0),
        AdmissionLimits(**given),
        cuts,
        throttles,
        horizon_s=400,
        faults=("a fault",),
    )
    return simulate_exact(model, np.random.SeedSequence(4))


SECOND_UNIT = (0.5, 1.0)


def test_a_unit_that_is_back_has_nothing_left_to_do():
    # all clients come back at 100 s, half of them to a unit that is lost for five seconds; these go
    # to the other one, which then has 900 to do. Of those who are cut later, half go to each
    lost = Throttle(105.0, 110.0, units_share=0.5, span=SECOND_UNIT)
    flows = storm_of((Cut(100.0, 1.0), Cut(125.0, 0.6)), (lost,))
    assert flows.new_connections[112:124].mean() == pytest.approx(10, abs=0.5)
    assert flows.new_connections[126:132].mean() == pytest.approx(20, abs=1)


def test_nobody_connects_to_a_unit_while_it_is_lost():
    lost = Throttle(105.0, 300.0, units_share=0.5, span=SECOND_UNIT)
    flows = storm_of((Cut(100.0, 1.0), Cut(105.0, 0.5, span=SECOND_UNIT)), (lost,))
    # ten per second of the unit that is left, and nothing of what was waiting at the other one
    assert flows.new_connections[107:180].mean() == pytest.approx(10, abs=0.5)
    assert flows.refused_by_fault.sum() > 400


def test_a_stage_with_time_to_spare_changes_nothing():
    # a database of 200 per second behind units of 20: clients of a unit that is free do not wait
    # for those who are still in the queue of the other one
    lost = Throttle(100.0, 150.0, units_share=0.5, span=SECOND_UNIT)
    cuts = (Cut(100.0, 0.5, span=SECOND_UNIT), Cut(155.0, 0.2))
    alone = storm_of(cuts, (lost,))
    behind = storm_of(cuts, (lost,), stages=(Stage("database", 200.0, queue=5),))
    assert not behind.refused_by_stage.any()
    np.testing.assert_allclose(behind.open_after, alone.open_after, atol=3)
