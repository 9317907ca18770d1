"""Units that serve new connections in order, against the closed forms of queues.

Clients come as a Poisson process. Where nobody goes away, connects are an M/D/1 or M/M/c queue,
with a backlog that can be full M/M/c/K (Kleinrock, "Queueing Systems" I, 1975, chapters 3 and 5).
All that is compared is what is seen at the end of each second, a time average.
"""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from estimator.demand.admission_limits import AdmissionLimits, Balancing, ConnectWork, Stage
from estimator.errors import EstimatorError
from estimator.scenario.reconnect import Reconnect
from estimator.simulation.model import Cut
from estimator.simulation.run import simulate
from estimator.simulation.theory import erlang_c

SESSION_S, HORIZON_S, WARM_UP_S, RUNS = 300, 20_000, 300, 12
PER_SECOND = 4.0
DAY_S = 86_400
ONCE = Reconnect(give_up_after=1, timeout=DAY_S)


@pytest.fixture
def served(law_of, steady):
    """A model whose clients are served when they come, ``PER_SECOND`` of them."""

    def build(
        *,
        units: float = 1.0,
        slots: float = np.inf,
        timeout: float = DAY_S,
        balancing: Balancing = "pooled",
        stages: tuple[Stage, ...] = (),
        **work: Any,
    ):
        return steady(
            PER_SECOND * SESSION_S,
            law_of("deterministic", SESSION_S),
            HORIZON_S,
            admission=AdmissionLimits(
                units=units,
                connections_most=slots,
                connect_work=ConnectWork(**work) if work else None,
                balancing=balancing,
                stages=stages,
            ),
            reconnect=ONCE.model_copy(update={"timeout": timeout}),
            warm_up_s=WARM_UP_S,
        )

    return build


def in_system(flows) -> float:
    return flows.connecting_after.mean()


@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
def test_constant_work_is_m_d_1(load, served, replicate, mean_is):
    found = replicate(served(seconds=load / PER_SECOND), "exact", RUNS, 1, in_system)
    # Pollaczek and Khinchine: those served, and rho^2 / (2 (1 - rho)) who wait
    mean_is(found, load + load**2 / (2 * (1 - load)))


@pytest.mark.parametrize("servers", [1, 2, 8])
@pytest.mark.parametrize("load", [0.5, 0.9])
def test_varying_work_is_m_m_c(load, servers, served, replicate, mean_is):
    model = served(seconds=load * servers / PER_SECOND, varies=True, servers=servers)
    found = replicate(model, "exact", RUNS, 2, in_system)
    erlangs = load * servers
    mean_is(found, erlangs + erlang_c(erlangs, servers) * load / (1 - load))


@pytest.mark.parametrize(("servers", "backlog"), [(1, 0), (1, 4), (3, 0), (3, 5), (3, 20)])
@pytest.mark.parametrize("load", [0.8, 1.5])
def test_a_backlog_that_can_be_full_is_m_m_c_k(load, servers, backlog, served, replicate, mean_is):
    erlangs, most = load * servers, servers + backlog
    model = served(
        seconds=erlangs / PER_SECOND,
        varies=True,
        servers=servers,
        backlog=backlog,
    )
    found = replicate(
        model,
        "exact",
        RUNS,
        3,
        lambda flows: (flows.refused_busy.sum() / flows.attempts.sum(), in_system(flows)),
    )
    # birth and death: p_n = p_(n-1) a / min(n, c)
    chances = np.cumprod([1.0, *(erlangs / min(n, servers) for n in range(1, most + 1))])
    chances /= chances.sum()
    lost, inside = np.transpose(found)
    mean_is(lost, chances[-1])
    mean_is(inside, chances @ np.arange(most + 1))


def test_units_that_take_turns_are_queues_of_their_own(served, replicate, mean_is):
    # every other client of a Poisson process: E2/M/1, with the transform of an Erlang-2 time
    # between arrivals at mu (1 - sigma): sigma = (2 rho / (2 rho + 1 - sigma))^2
    load = 0.8
    model = served(units=2.0, seconds=2 * load / PER_SECOND, varies=True)
    found = replicate(model, "exact", RUNS, 4, in_system)
    sigma = 0.5
    for _ in range(200):
        sigma = (2 * load / (2 * load + 1 - sigma)) ** 2
    mean_is(found, 2 * load / (1 - sigma))


def test_units_chosen_at_random_are_m_m_1_each(served, replicate, mean_is):
    # a Poisson process that is split by chance makes Poisson processes
    load = 0.8
    model = served(units=2.0, seconds=2 * load / PER_SECOND, varies=True, balancing="random")
    found = replicate(model, "exact", RUNS, 7, in_system)
    mean_is(found, 2 * load / (1 - load))


@pytest.mark.parametrize("load", [0.3, 0.7, 0.9])
def test_a_stage_is_m_d_1(load, served, replicate, mean_is):
    model = served(stages=(Stage("database", PER_SECOND / load),))
    found = replicate(model, "exact", RUNS, 8, in_system)
    mean_is(found, load + load**2 / (2 * (1 - load)))


def test_so_is_the_network_of_a_unit_behind_work_that_takes_no_time(served, replicate, mean_is):
    load = 0.8
    model = served(seconds=1e-9, transfer_seconds=load / PER_SECOND)
    found = replicate(model, "exact", RUNS, 9, in_system)
    mean_is(found, load + load**2 / (2 * (1 - load)))


def test_messages_take_their_part_of_servers_and_network(served, replicate, mean_is):
    # with half of it taken by those who are connected, what takes 0.1 s takes 0.2 s
    half = np.full(168, 0.5 / (PER_SECOND * SESSION_S))
    for busy in (
        {"seconds": 0.1, "busy_servers": half},
        {"seconds": 1e-9, "transfer_seconds": 0.1, "busy_networks": half},
    ):
        found = replicate(served(**busy), "exact", RUNS, 10, in_system)
        load = 0.2 * PER_SECOND
        mean_is(found, load + load**2 / (2 * (1 - load)))


@pytest.mark.parametrize("slots", [20, 25, 30])
def test_who_waits_for_a_slot_until_the_session_ends_is_poisson(
    slots, law_of, steady, replicate, mean_is
):
    # whoever is there leaves at the same rate, connected or not: their number is that of M/M/inf
    erlangs = 25.0
    model = steady(
        erlangs,
        law_of("exponential", SESSION_S),
        HORIZON_S,
        admission=AdmissionLimits(connections_most=slots, pending_seconds=DAY_S),
        reconnect=Reconnect(timeout=DAY_S),
        warm_up_s=5 * SESSION_S,
    )
    found = replicate(
        model, "exact", RUNS, 11, lambda flows: (flows.waiting_after.mean(), flows.attempts.sum())
    )
    waiting, _ = np.transpose(found)
    several = np.arange(200)
    chances = stats.poisson.pmf(several, erlangs)
    mean_is(waiting, float(chances @ np.maximum(several - slots, 0)))


@pytest.mark.parametrize("load", [0.5, 0.8])
def test_who_loses_patience_leaves_after_the_work_was_done(load, served, replicate, mean_is):
    # the work is done all the same, so that times in the system stay those of M/M/1: exponential
    work_s, patience_s = load / PER_SECOND, 1.0
    model = served(seconds=work_s, varies=True, timeout=patience_s)
    found = replicate(
        model,
        "exact",
        RUNS,
        5,
        lambda flows: (flows.timed_out.sum() / flows.attempts.sum(), flows.work_s.mean()),
    )
    gone, busy = np.transpose(found)
    mean_is(gone, math.exp(-(1 / work_s - PER_SECOND) * patience_s))
    mean_is(busy, load)


def test_a_refusal_costs_its_share_of_the_work(served):
    # no slot for anybody: all are refused, at a quarter of 0.2 s each
    model = served(seconds=0.2, refusal_share=0.25, slots=0.0)
    flows = simulate(model, "exact", np.random.SeedSequence(6))
    assert flows.refused_full.sum() == flows.attempts.sum() > 1000
    np.testing.assert_allclose(flows.work_s, flows.attempts * 0.05)
    np.testing.assert_array_equal(flows.wasted_s, flows.work_s)


# -------------------------------------------------------------------------------------------------
# Storms

STORM_S = 100
LOST = 2_000
"""Connections that are lost at once; a unit lets ten in per second."""


@pytest.fixture
def storm(law_of, steady):
    def play(timeout: float = DAY_S, **changes: Any):
        model = steady(
            LOST,
            law_of("deterministic", 1e7),
            3_600,
            admission=AdmissionLimits(units=2.0, connect_work=ConnectWork(seconds=0.1, **changes)),
            reconnect=Reconnect(backoff="none", answer=1.0, timeout=timeout),
        )
        model = replace(model, cuts=(Cut(STORM_S, 1.0),), faults=("storm",))
        return simulate(model, "exact", np.random.SeedSequence(7))

    return play


def seconds_until_back(flows) -> float:
    away = np.cumsum(flows.lost_by_fault[0] - flows.back_by_fault[0])[STORM_S:]
    return float(np.argmax(away == 0)) if (away == 0).any() else math.inf


def conserved(flows) -> None:
    ends = flows.new_connections + flows.refused_by_rate + flows.refused_full
    ends += flows.refused_busy + flows.timed_out
    assert flows.attempts.sum() - ends.sum() == flows.connecting_after[-1] >= 0
    # the useful work is that for those who were let in or still wait, 0.1 s each
    useful = (flows.work_s - flows.wasted_s).sum() / 0.1
    let_in = flows.new_connections.sum()
    assert let_in - 1e-6 <= useful <= let_in + flows.connecting_after[-1] + 1e-6


def test_patient_clients_are_back_when_the_work_is_done(storm):
    flows = storm()
    lost = flows.lost_by_fault.sum()
    assert lost == pytest.approx(LOST, rel=0.1)
    # two units in turn, ten per second each
    assert seconds_until_back(flows) == pytest.approx(lost / 20, abs=2)
    assert not flows.wasted_s.any()
    conserved(flows)


def test_a_storm_feeds_itself_where_clients_lose_patience_in_a_long_queue(storm):
    # those beyond 100 in the queue of a unit wait longer than 10 s, and come again
    flows = storm(timeout=10.0)
    assert seconds_until_back(flows) == math.inf
    assert flows.wasted_s.sum() > 0.9 * flows.work_s.sum()
    conserved(flows)


def test_a_short_backlog_ends_the_same_storm(storm):
    # nobody who is let wait does so for longer than 5 s
    flows = storm(timeout=10.0, backlog=50)
    assert seconds_until_back(flows) == pytest.approx(flows.lost_by_fault.sum() / 20, rel=0.1)
    assert not flows.wasted_s.any()
    conserved(flows)


def test_refusals_that_cost_work_make_it_longer(storm):
    cheap = storm(timeout=10.0, backlog=50)
    dear = storm(timeout=10.0, backlog=50, overflow_share=0.01)
    assert seconds_until_back(dear) > 1.2 * seconds_until_back(cheap)
    assert dear.wasted_s.sum() > 0
    conserved(dear)


@pytest.mark.parametrize(
    "wrong",
    [
        {"seconds": 0.0},
        {"seconds": -1.0},
        {"seconds": math.inf},
        {"seconds": math.nan},
        {"servers": 0},
        {"backlog": -1.0},
        {"transfer_seconds": -1.0},
        {"busy_servers": np.zeros(24)},
        {"busy_networks": np.full(168, -1.0)},
        {"refusal_share": math.inf},
        {"overflow_share": -0.1},
    ],
)
def test_work_that_cannot_be_is_refused(wrong):
    (name,) = wrong
    given: dict[str, Any] = {"seconds": 0.1, **wrong}
    with pytest.raises(EstimatorError, match=f"{name} of the work for a new connection"):
        ConnectWork(**given)
