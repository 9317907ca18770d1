"""What happened second by second: numbers that follow from it, its check, and its warm-up."""

from copy import deepcopy

import numpy as np
import pytest

from estimator.demand.admission_limits import AdmissionLimits
from estimator.errors import EstimatorError
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import ExponentialSession
from estimator.simulation import exact_engine
from estimator.simulation.flows import COUNTED, Flows, SimulationError
from estimator.simulation.model import ArrivalRate, Cut, Model, Stream
from estimator.simulation.run import simulate


@pytest.fixture
def four_seconds():
    """Ten connections and one client outside at first; all events in the middle of a second."""
    flows = Flows.empty(4, faults=1, levels=3)
    flows.open_at_start, flows.waiting_at_start = 10.0, 1.0
    flows.arrivals[:] = [3, 0, 2, 0]
    flows.attempts[:] = [4, 3, 5, 4]
    flows.new_connections[:] = [2, 1, 3, 1]
    flows.refused_by_rate[:] = [1, 0, 2, 3]
    flows.refused_full[:] = [1, 2, 0, 0]
    flows.ended[:] = [1, 0, 0, 2]
    flows.cut[:] = [0, 4, 0, 0]
    flows.aged[:] = [0, 0, 1, 0]
    flows.gave_up[:] = [0, 1, 0, 0]
    flows.left_waiting[:] = [0, 0, 0, 2]
    flows.lost_by_fault[0] = [0, 4, 0, 0]
    flows.back_by_fault[0] = [0, 0, 3, 1]
    flows.units[:] = [1, 2, 3, 4]
    flows.attempts_needed[:] = [4, 2, 1]
    # 10 -> 11 -> 8 -> 10 -> 9, each change in the middle of its second
    flows.connection_seconds = 10.5 + 9.5 + 9.0 + 9.5
    return flows


def test_open_connections_and_waiting_clients_follow_from_the_events(four_seconds):
    assert four_seconds.open_after.tolist() == [11, 8, 10, 9]
    assert four_seconds.waiting_after.tolist() == [2, 4, 4, 1]
    four_seconds.check()


def test_nothing_has_happened_in_an_empty_record():
    flows = Flows.empty(5, faults=2, levels=4)

    for name in COUNTED:
        assert getattr(flows, name).tolist() == [0.0] * 5
    assert flows.lost_by_fault.shape == flows.back_by_fault.shape == (2, 5)
    assert np.isinf(flows.slots).all()
    flows.check()
    # each count is an array of its own
    flows.arrivals[0] = 1
    assert sum(getattr(flows, name).sum() for name in COUNTED) == 1


def test_no_time_at_all_breaks_no_law():
    Flows.empty(0, faults=0, levels=1).check()


# -------------------------------------------------------------------------------------------------
# The check


def add(name, second, count):
    def spoil(flows):
        getattr(flows, name)[second] += count

    return spoil


def set_to(name, value):
    def spoil(flows):
        setattr(flows, name, value)

    return spoil


NOT_LET_IN = "attempts are neither let in nor refused"
NEGATIVE = "a number of clients became negative"
LITTLE = "Little's law is broken"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (add("attempts", 1, 1), NOT_LET_IN),
        (add("attempts", 1, -1), NOT_LET_IN),
        (add("new_connections", 0, 1), NOT_LET_IN),
        (add("refused_by_rate", 3, 0.01), NOT_LET_IN),
        (add("refused_full", 3, -0.01), NOT_LET_IN),
        # there are 11, 8, 10, 9 open at the ends of the seconds
        (add("ended", 3, 10), NEGATIVE),
        (add("cut", 1, 9), NEGATIVE),
        (add("aged", 2, 11), NEGATIVE),
        (set_to("open_at_start", 1.0), NEGATIVE),
        # at the end of second 3 there is one client outside
        (add("gave_up", 0, 2), NEGATIVE),
        (add("left_waiting", 3, 2), NEGATIVE),
        (add("arrivals", 2, -2), NEGATIVE),
        (set_to("waiting_at_start", -1.0), NEGATIVE),
    ],
)
def test_each_identity_is_looked_at(four_seconds, spoil, message):
    spoil(four_seconds)
    with pytest.raises(SimulationError, match=message):
        four_seconds.check()


@pytest.mark.parametrize("less", [0.4, -0.4])
def test_less_than_half_a_client_is_nobody(four_seconds, less):
    four_seconds.left_waiting[3] += 1 + less
    four_seconds.check()


@pytest.mark.parametrize("sign", [1, -1])
def test_littles_law_holds_up_to_what_happens_within_a_second(four_seconds, sign):
    # 15 events, each of them up to half a second off
    events = 7 + 3 + 4 + 1
    truth = four_seconds.connection_seconds
    four_seconds.connection_seconds = truth + sign * (0.5 * events - 0.01)
    four_seconds.check()
    four_seconds.connection_seconds = truth + sign * (0.5 * events + 0.01)
    with pytest.raises(SimulationError, match=LITTLE):
        four_seconds.check()


def test_the_message_says_both_sides(four_seconds):
    four_seconds.connection_seconds = 1234.0
    with pytest.raises(EstimatorError, match=r"add up to 1,234 seconds, .* open ones to 38$"):
        four_seconds.check()


@pytest.mark.parametrize("name", COUNTED)
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_no_count_may_be_no_number(four_seconds, name, value):
    getattr(four_seconds, name)[2] = value
    with np.errstate(invalid="ignore"), pytest.raises(SimulationError, match="not finite"):
        four_seconds.check()


@pytest.mark.parametrize("name", ["open_at_start", "waiting_at_start", "connection_seconds"])
def test_nor_may_what_there_was_at_the_start_and_the_sum(four_seconds, name):
    setattr(four_seconds, name, np.nan)
    with pytest.raises(SimulationError, match="not finite"):
        four_seconds.check()


# -------------------------------------------------------------------------------------------------
# Warm-up


def test_after_a_warm_up_the_rest_begins_where_it_ended(four_seconds):
    rest = four_seconds.after(2)

    assert (rest.open_at_start, rest.waiting_at_start) == (8, 4)
    assert rest.open_after.tolist() == [10, 9]
    assert rest.waiting_after.tolist() == [4, 1]
    assert rest.units.tolist() == [3, 4]
    assert rest.lost_by_fault.tolist() == [[0, 0]]
    assert rest.back_by_fault.tolist() == [[3, 1]]
    assert rest.connection_seconds == 9.0 + 9.5
    # it was counted without the warm-up from the beginning
    assert rest.attempts_needed.tolist() == [4, 2, 1]
    rest.check()


def test_two_warm_ups_are_one(four_seconds):
    twice, once = four_seconds.after(1).after(2), four_seconds.after(3)

    for name in (*COUNTED, "units", "slots", "lost_by_fault", "open_after", "waiting_after"):
        np.testing.assert_array_equal(getattr(twice, name), getattr(once, name))
    assert twice.connection_seconds == once.connection_seconds == 9.5
    assert twice.open_at_start == once.open_at_start == 10


def test_without_a_warm_up_nothing_changes(four_seconds):
    assert four_seconds.after(0) is four_seconds


def test_the_whole_record_is_left_as_it_was(four_seconds):
    before = deepcopy(four_seconds)
    four_seconds.after(3)

    for name in Flows.__slots__:
        np.testing.assert_array_equal(getattr(four_seconds, name), getattr(before, name))


@pytest.mark.parametrize("engine", ["exact", "aggregate"])
def test_runs_hold_the_law_with_their_warm_up_and_after_it(engine, monkeypatch):
    whole = []
    kept = Flows.after
    monkeypatch.setattr(Flows, "after", lambda flows, s: whole.append(flows) or kept(flows, s))
    steady = ArrivalRate(np.array([0.0, 3600.0]), np.full(2, 2.0), periodic=True)
    model = Model(
        (Stream(steady, ExponentialSession(mean_hours=0.05)),),
        Reconnect(cap=20, give_up_after=5),
        AdmissionLimits(new_connections_per_second=2.5, connections_most=350, age_most_seconds=200),
        (Cut(300.0, 0.5, over_s=20),),
        horizon_s=900,
        warm_up_s=600,
        faults=("outage",),
    )

    found = simulate(model, engine, np.random.SeedSequence(11))

    whole[0].check()
    found.check()
    # the week has its part of every count, and each side of the warm-up its own clients
    for name in COUNTED:
        np.testing.assert_array_equal(getattr(found, name), getattr(whole[0], name)[600:])
    assert found.open_at_start == whole[0].open_after[599]
    np.testing.assert_allclose(found.open_after, whole[0].open_after[600:])
    np.testing.assert_allclose(found.waiting_after, whole[0].waiting_after[600:], atol=1e-6)
    np.testing.assert_allclose(found.lost_by_fault.sum(axis=0), found.cut)
    assert found.back_by_fault.sum() <= found.lost_by_fault.sum() * (1 + 1e-9)


def test_a_run_that_counts_wrong_does_not_come_back(monkeypatch):
    steady = ArrivalRate(np.array([0.0, 3600.0]), np.full(2, 2.0), periodic=True)
    model = Model((Stream(steady, ExponentialSession(mean_hours=0.05)),), Reconnect())
    model = Model(model.streams, model.reconnect, horizon_s=300)

    def ends_counted_twice(run):
        flows = counted(run)
        flows.ended *= 2
        return flows

    counted = exact_engine._Run._counted
    monkeypatch.setattr(exact_engine._Run, "_counted", ends_counted_twice)
    with pytest.raises(SimulationError):
        simulate(model, "exact", np.random.SeedSequence(12))
