"""Replications until the peak is known: how many, with which seeds, by which engine, from when."""

import dataclasses
import math
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
from scipy import stats

from estimator.demand.admission_limits import AdmissionLimits, Autoscaling, ConnectWork
from estimator.errors import EstimatorError, UnknownNameError
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import DeterministicSession, ExponentialSession
from estimator.simulation.effort import ASKED_FOR, USUAL, Bounds, EffortError
from estimator.simulation.model import ArrivalRate, Cut, Model, Stream, Throttle
from estimator.simulation.run import (
    FEWEST,
    MOST,
    _warmed_up,
    choose_engine,
    expected_clients,
    interval,
    memory_bytes,
    run,
)

HOUR, WEEK = 3600, 604_800
ENGINES = ["exact", "aggregate"]


def steady(connections, hours=0.1, horizon_s=HOUR, session=None, **model):
    """So many connections on average, in sessions of so many hours."""
    rate = connections / (hours * HOUR)
    arrivals = ArrivalRate(np.array([0.0, HOUR]), np.array([rate, rate]), periodic=True)
    stream = Stream(arrivals, session or ExponentialSession(mean_hours=hours))
    return Model((stream,), model.pop("reconnect", Reconnect()), horizon_s=horizon_s, **model)


def half_width(peaks) -> float:
    """Half the 95 % interval of the mean by Student's t, as a share of the mean."""
    mean, error = np.mean(peaks), stats.sem(peaks)
    return float(stats.t.ppf(0.975, len(peaks) - 1) * error / mean)


def same(one, other) -> bool:
    if dataclasses.is_dataclass(one):
        fields = [field.name for field in dataclasses.fields(one)]
        return all(same(getattr(one, name), getattr(other, name)) for name in fields)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    return one == other


STORMY = steady(
    200,
    admission=AdmissionLimits(new_connections_per_second=5),
    cuts=(Cut(at_s=1000.0, share=0.5),),
    faults=("half of it",),
)


@pytest.fixture(scope="module")
def processes():
    # a process that is forked from one with threads may hang
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as executor:
        yield executor


class TestHowMany:
    def test_a_large_audience_needs_no_more_than_the_fewest(self):
        found = run(steady(20_000))

        assert half_width(found.peaks) <= 0.01
        assert len(found.replications) == FEWEST == 8

    def test_a_smaller_one_is_simulated_until_its_mean_peak_is_known_to_one_per_cent(self):
        found = run(steady(300))

        assert FEWEST < len(found.replications) < MOST
        assert half_width(found.peaks) <= 0.01
        assert half_width(found.peaks[:FEWEST]) > 0.01

    def test_a_tiny_one_is_given_up_after_two_hundred(self):
        found = run(steady(3))

        assert len(found.replications) == MOST == 200
        assert half_width(found.peaks) > 0.01

    def test_nobody_at_all_has_a_peak_that_is_known(self):
        found = run(steady(0))

        assert len(found.replications) == FEWEST
        assert not found.peaks.any()

    def test_the_note_tells_how_well_the_peak_is_known(self):
        found = run(steady(300), replications=5)

        mean, width = np.mean(found.peaks), half_width(found.peaks)
        assert found.notes[-1] == (
            f"the mean peak is {mean:,.0f}, known to {width:.1%} from 5 replications"
        )

    def test_one_replication_tells_nothing_of_how_well(self):
        found = run(steady(300), replications=1)

        assert found.notes[-1] == f"the mean peak is {found.peaks[0]:,.0f}"

    def test_progress_counts_up_to_what_was_needed(self):
        told = []
        found = run(steady(300), progress=lambda *each: told.append(each))

        done, needed = zip(*told, strict=True)
        count = len(found.replications)
        assert done == tuple(range(1, count + 1))
        assert needed[0] == FEWEST
        assert needed[-1] == count


@pytest.mark.parametrize("engine", ENGINES)
class TestChance:
    def test_the_same_seed_gives_the_same_weeks(self, engine):
        one, again = (run(STORMY, replications=3, seed=7, engine=engine) for _ in range(2))

        assert same(one.replications, again.replications)

    def test_another_seed_gives_others(self, engine):
        one, other = (run(STORMY, replications=2, seed=seed, engine=engine) for seed in (7, 8))

        assert set(one.replications[0].arrivals) != set(other.replications[0].arrivals)
        assert not same(one.replications[0], one.replications[1])

    def test_the_first_four_of_eight_are_the_four_of_four(self, engine):
        four, eight = (run(STORMY, replications=n, seed=7, engine=engine) for n in (4, 8))

        assert same(four.replications, eight.replications[:4])

    def test_those_of_the_rule_are_those_asked_for(self, engine):
        model = steady(20_000) if engine == "exact" else steady(20_000, horizon_s=600)
        rule, asked = (run(model, replications=n, seed=7, engine=engine) for n in ("auto", 8))

        assert same(rule.replications, asked.replications)

    def test_threads_and_processes_find_the_same_bit_for_bit(self, engine, processes):
        here = run(STORMY, replications=6, seed=7, engine=engine)

        with ThreadPoolExecutor(2) as threads:
            for executor in (threads, processes):
                there = run(STORMY, replications=6, seed=7, engine=engine, executor=executor)
                assert same(here.replications, there.replications)


class TestEngine:
    def test_clients_expected_are_those_there_and_those_who_come(self):
        # 100 there; in ten hours come 100 / 0.5 h x 10 h
        assert expected_clients(steady(100, 0.5, 10 * HOUR)) == pytest.approx(2100)

    def test_a_surge_that_comes_once_is_not_there_before(self):
        surge = Stream(
            ArrivalRate(np.array([60.0, 120.0]), np.array([20.0, 0.0]), periodic=False),
            ExponentialSession(mean_hours=5),
        )
        model = steady(100, 0.5, 10 * HOUR)

        both = dataclasses.replace(model, streams=(*model.streams, surge))

        assert expected_clients(both) == pytest.approx(2100 + 600)

    @pytest.mark.parametrize(
        ("connections", "asked", "engine", "words"),
        [
            (47_600, "auto", "exact", "999,600 sessions can be followed one by one"),
            (47_700, "auto", "aggregate", "1,001,700 sessions are followed in groups"),
            (47_600, "aggregate", "aggregate", "as asked for (999,600 sessions)"),
            (47_700, "exact", "exact", "as asked for (1,001,700 sessions)"),
            (1_428_000, "exact", "exact", "as asked for (29,988,000 sessions)"),
            (1_429_000, "exact", "aggregate", "30,009,000 sessions are too many for the exact one"),
        ],
    )
    def test_few_are_followed_one_by_one_many_in_groups(
        self, connections, asked, engine, words, monkeypatch
    ):
        monkeypatch.setattr("estimator.simulation.run.COMPILED", True)
        # each of them makes 1 + 10 / 0.5 sessions in ten hours
        chosen, reason = choose_engine(steady(connections, 0.5, 10 * HOUR), asked)

        assert chosen == engine
        assert reason.startswith(f"{engine} engine")
        assert words in reason

    def test_so_are_systems_whose_units_follow(self):
        admission = AdmissionLimits(
            connections_per_unit=20, autoscaling=Autoscaling(target_share=0.8)
        )
        chosen, _ = choose_engine(steady(100, admission=admission), "auto")

        assert chosen == "exact"

    def test_fewer_are_followed_one_by_one_where_python_runs_the_loop(self, monkeypatch):
        monkeypatch.setattr("estimator.simulation.run.COMPILED", False)

        few, many = (choose_engine(steady(n, 0.5, 10 * HOUR), "auto") for n in (9_500, 9_600))

        assert few == ("exact", "exact engine: 199,500 sessions can be followed one by one")
        assert many == (
            "aggregate",
            "aggregate engine: 201,600 sessions are followed in groups, as numba is not installed",
        )

    def test_the_run_says_what_groups_leave_out(self):
        model = steady(
            100, admission=AdmissionLimits(connect_work=ConnectWork(seconds=0.1), units=2)
        )

        exact = run(model, replications=1, engine="exact")
        aggregate = run(model, replications=1, engine="aggregate")

        assert len(exact.notes) == 2
        assert aggregate.notes[1].startswith("approximated: groups of clients are followed by")
        assert aggregate.notes[1].endswith("all units as one that is evenly filled")

    def test_the_run_says_which_one_and_why(self):
        few = run(steady(100), replications=1)
        many = run(steady(50_000_000, horizon_s=60), replications=1, engine="exact")

        assert (few.engine, many.engine) == ("exact", "aggregate")
        assert few.notes[0] == "exact engine: 1,100 sessions can be followed one by one"
        assert "too many for the exact one" in many.notes[0]


class TestWarmUp:
    """Five mean sessions of 0.6 hours are 3 hours."""

    @pytest.mark.parametrize(
        "admission",
        [
            AdmissionLimits(connections_most=90),
            AdmissionLimits(connections_per_unit=30, units=3),
            # 100 connections of 0.6 hours are 0.046 arrivals per second
            AdmissionLimits(new_connections_per_second=0.04),
            AdmissionLimits(new_connections_per_second_per_unit=0.02, units=2),
            AdmissionLimits(connect_work=ConnectWork(seconds=45.0), units=2),
        ],
    )
    def test_limits_that_bind_from_the_start_are_warmed_up(self, admission):
        found = run(steady(100, 0.6, admission=admission), replications=1)

        assert found.model.warm_up_s == 3 * HOUR
        assert "3 hours before it are simulated too" in found.notes[1]
        assert found.replications[0].open_mean.shape == (60,)

    @pytest.mark.parametrize(
        "admission",
        [
            AdmissionLimits(),
            AdmissionLimits(connections_most=200, new_connections_per_second=1),
            AdmissionLimits(connections_per_unit=50, units=4),
            AdmissionLimits(
                connections_per_unit=20, autoscaling=Autoscaling(target_share=0.8, most_units=2)
            ),
        ],
    )
    def test_others_start_where_theory_says_they_are(self, admission):
        found = run(steady(100, 0.6, admission=admission), replications=1)

        assert found.model.warm_up_s == 0
        assert len(found.notes) == 2

    @pytest.mark.parametrize(("limit", "hours"), [(0.45, 10), (0.55, 0)])
    def test_clients_who_are_cut_at_an_age_knock_again(self, limit, hours):
        # sessions of two hours, cut each half hour, are four connections: 900 / 2 h x 4 = 0.5 / s
        admission = AdmissionLimits(new_connections_per_second=limit, age_most_seconds=HOUR / 2)
        model = steady(900, 2.0, session=DeterministicSession(hours=2), admission=admission)

        assert _warmed_up(model)[0].warm_up_s == hours * HOUR

    def test_a_fault_during_the_week_needs_no_warm_up(self):
        slow = Throttle(from_s=100.0, until_s=200.0, new_connections_per_second=0.001)

        assert _warmed_up(steady(100, throttles=(slow,)))[0].warm_up_s == 0

    def test_it_takes_a_day_at_most(self):
        admission = AdmissionLimits(connections_most=90)

        assert _warmed_up(steady(100, 20.0, admission=admission))[0].warm_up_s == 24 * HOUR

    def test_after_it_the_limits_hold_what_the_loss_formula_says(self):
        # Erlang B of 200 erlang and 160 slots, from its recursion
        blocked = 1.0
        for slots in range(1, 161):
            blocked = 200 * blocked / (slots + 200 * blocked)
        model = steady(
            200,
            0.1,
            admission=AdmissionLimits(connections_most=160),
            reconnect=Reconnect(give_up_after=1),
        )

        found = run(model, replications=20, seed=3)

        assert found.model.warm_up_s == HOUR
        means = found.stack("open_mean")[:, :10].mean(axis=1)
        p = stats.ttest_1samp(means, 200 * (1 - blocked)).pvalue
        assert p > 0.001


@pytest.mark.parametrize("replications", [0, -3, 2.5, "many", None])
def test_a_number_of_replications_that_is_none_is_refused(replications):
    with pytest.raises(EstimatorError, match=f"at least 1, not {replications}"):
        run(STORMY, replications=replications)


@pytest.mark.parametrize("seed", [-1, 1.5, "luck"])
def test_a_seed_that_is_no_whole_number_is_refused(seed):
    with pytest.raises(EstimatorError, match=f"seed must be a whole number .* not {seed}"):
        run(STORMY, replications=1, seed=seed)


def test_an_unknown_engine_is_refused_with_those_there_are():
    with pytest.raises(UnknownNameError, match="unknown engine 'exakt': did you mean 'exact'"):
        run(STORMY, replications=1, engine="exakt")  # pyright: ignore[reportArgumentType]


STUCK = steady(
    600,
    reconnect=Reconnect(backoff="none", answer=0.05),
    throttles=(Throttle(600.0, 900.0, units_share=0.0),),
    admission=AdmissionLimits(connections_per_unit=1000, units=1),
    cuts=(Cut(600.0, 1.0),),
    faults=("outage",),
)
"""600 clients who try 20 times per second, for five minutes: 3.6 million attempts."""


class TestEffort:
    def test_attempts_too_many_to_be_followed_one_by_one_are_followed_in_groups(self, monkeypatch):
        monkeypatch.setattr("estimator.simulation.run.USUAL", Bounds(1.2, 5e8))
        # ten times as many, whom groups take no longer to follow
        (stream,) = STUCK.streams
        many = dataclasses.replace(stream.arrivals, per_second=10 * stream.arrivals.per_second)
        admission = AdmissionLimits(connections_per_unit=10_000, units=1)
        model = dataclasses.replace(
            STUCK, streams=(Stream(many, stream.session),), admission=admission
        )

        found = run(model, replications=1)

        assert found.engine == "aggregate"
        assert found.notes[0] == "aggregate engine: attempts are too many to follow each"
        # 6000 x 300 s x 20 per second, but for what those who come and leave make of it
        [week] = found.replications
        assert week.attempts[10:15].sum() == pytest.approx(3.6e7, rel=0.05)

    def test_clients_too_many_to_be_held_are_followed_in_groups(self, monkeypatch):
        # 30 numbers a second take 1 MB of an hour, the exact engine 100 bytes of each client
        monkeypatch.setattr("estimator.simulation.run.USUAL", Bounds(8.0, 1.5e6))

        found = run(steady(1_000), replications=1)

        assert found.engine == "aggregate"
        assert found.notes[0] == "aggregate engine: the exact one would take too much memory"

    @pytest.mark.parametrize("engine", ENGINES)
    def test_a_week_that_takes_too_long_is_refused_before_it_is_over(self, engine, monkeypatch):
        monkeypatch.setattr("estimator.simulation.run.ASKED_FOR", Bounds(0.05, 8e9))

        with pytest.raises(EffortError, match=r"more than 0\.05 s .* larger base") as refused:
            run(STUCK, replications=1, engine=engine)
        assert len(str(refused.value)) <= 400

    def test_what_does_not_fit_into_memory_is_refused_at_once(self):
        # 1,000 levels of refusals, each with 86,400 seconds ahead of it, twice, in 3 groups
        patient = Reconnect(base=1, cap=86_400, give_up_after=1000)
        model = dataclasses.replace(STUCK, reconnect=patient)

        with pytest.raises(EffortError, match=r"4\.8 GB of memory, and at most 0\.5 GB"):
            USUAL.check_memory(memory_bytes(model, "aggregate"))

    def test_who_names_the_engine_may_take_more(self):
        # 30 million clients, of some 100 bytes each
        ASKED_FOR.check_memory(30e6 * 100)
        with pytest.raises(EffortError, match=r"3\.0 GB of memory, and at most 0\.5 GB"):
            USUAL.check_memory(30e6 * 100)

    def test_the_rule_stops_where_there_is_no_more_time(self, monkeypatch):
        [week] = run(STORMY, replications=1).replications
        monkeypatch.setattr("estimator.simulation.run._MOST_EFFORT_S", 5.5 * week.effort_s)

        found = run(STORMY)

        assert len(found.replications) < FEWEST
        assert len(found.replications) == pytest.approx(5, abs=1)
        assert half_width(found.peaks) > 0.01

    def test_the_estimate_is_the_same_on_every_machine(self):
        first, again = (run(STORMY, replications=2).replications for _ in range(2))

        assert [week.effort_s for week in first] == [week.effort_s for week in again]


class TestFigures:
    def test_the_interval_is_students(self):
        values = np.random.default_rng(5).normal(100, 3, 12)

        mean, low, high = interval(values)

        assert mean == pytest.approx(values.mean())
        expected = stats.t.interval(0.95, 11, values.mean(), stats.sem(values))
        assert (low, high) == pytest.approx(expected)

    def test_one_value_has_an_interval_without_ends(self):
        assert interval(np.array([5.0])) == (5.0, -math.inf, math.inf)

    def test_what_never_happened_once_has_an_infinite_mean(self):
        assert interval(np.array([20.0, math.inf, 30.0])) == (math.inf, 20.0, math.inf)

    def test_stacks_bands_and_peaks_are_those_of_the_replications(self):
        found = run(steady(50, horizon_s=2 * 24 * HOUR), replications=5)

        most = np.stack([each.open_most for each in found.replications])
        assert most.shape == (5, 2880)
        np.testing.assert_array_equal(found.stack("open_most"), most)
        np.testing.assert_array_equal(found.peaks, most.max(axis=1))
        np.testing.assert_array_equal(found.daily_peaks[:, 1], most[:, 1440:].max(axis=1))
        np.testing.assert_array_equal(found.band("open_most")[1], np.median(most, axis=0))
        assert found.band("open_most", (0.1, 0.9)).shape == (2, 2880)
        np.testing.assert_array_equal(found.hours[[0, 60, 2879]], [0, 1, 2879 / 60])

    def test_units_and_attempts_add_up(self):
        admission = AdmissionLimits(connections_per_unit=100, units=4, new_connections_per_second=5)
        found = run(dataclasses.replace(STORMY, admission=admission), replications=3)

        np.testing.assert_allclose(found.unit_hours, 4.0)
        let_in = np.stack([each.attempts_needed for each in found.replications])
        new_connections = found.stack("new_connections").sum(axis=1)
        np.testing.assert_array_equal(let_in.sum(axis=1), new_connections)
        assert np.all(found.attempts_per_client >= 1)
        attempts = found.stack("attempts").sum(axis=1)
        # but for those who still wait, have left or gave up, all attempts led somebody in
        assert np.all(found.attempts_per_client * new_connections <= attempts)
        np.testing.assert_allclose(found.attempts_per_client * new_connections, attempts, rtol=0.05)
        np.testing.assert_allclose(
            found.connection_minutes_lost, found.stack("waiting").sum(axis=1)
        )
