"""What a storm came to: until when, with how many attempts, and whether it ends by itself."""

import dataclasses

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.simulate.answer import storm_outcomes
from estimator.analysis.simulate.findings import RECOVERY, Finding, findings
from estimator.analysis.simulate.recovery import Recovery, recoveries
from estimator.demand.admission_limits import AdmissionLimits, ConnectWork
from estimator.demand.expected import expected_demand
from estimator.format import sentence
from estimator.scenario.sessions import ExponentialSession
from estimator.simulation.model import Cut, Model, Stream, Throttle, weekly_arrivals
from estimator.simulation.run import Run, run
from estimator.states import Assessment

DAY_S = 86_400
FAULT = "everything on Mon 01:00"
IN_STEP = ws.Reconnect(backoff="exponential", base=1, cap=1, answer="1 ms", timeout=3600)
"""Who is refused tries again a second later, all at the same moments."""
PATIENT = ws.Reconnect(backoff="exponential", base=1, cap=1, timeout=3600)
IMPATIENT = ws.Reconnect(backoff="full_jitter", base=1, cap=10, timeout=5)
MELTS = AdmissionLimits(
    units=1, unit_name="node", connect_work=ConnectWork(seconds=1.0, backlog=100)
)
"""Lets in one client a second, each of whom has been gone for 95 s by then if the queue is full."""


def storm(
    admission: AdmissionLimits,
    reconnect: ws.Reconnect,
    *,
    at_s=3600.0,
    horizon_s=7200,
    clients=300,
    throttles: tuple[Throttle, ...] = (),
) -> Run:
    """All of some clients, who stay for weeks, lose their connection at one moment."""
    hours = 2_000
    stays = ExponentialSession(mean_hours=hours)
    model = Model(
        streams=(Stream(weekly_arrivals(np.full(168, clients / hours)), stays),),
        reconnect=reconnect,
        admission=admission,
        cuts=(Cut(at_s, 1.0),),
        throttles=throttles,
        horizon_s=horizon_s,
        faults=(FAULT,),
    )
    return run(model, replications=1, engine="exact")


def told(found: Run) -> Recovery:
    [recovery] = recoveries(found)
    assert recovery.fault == FAULT
    return recovery


class TestRefusals:
    """Ten new connections per second, for which all try at the same moments."""

    @pytest.fixture(scope="class")
    @staticmethod
    def recovery():
        limits = AdmissionLimits(new_connections_per_second=10)
        return told(storm(limits, IN_STEP))

    def test_clients_are_back_ten_each_second(self, recovery):
        # they wait for a second first
        for share, seconds in recovery.back_s.items():
            assert seconds == pytest.approx(1 + share * recovery.lost / 10, abs=2)

    def test_attempts_are_the_sum_of_a_falling_line(self, recovery):
        # n, n - 10, n - 20, ... clients try, until a hundredth of them is left
        steps = np.arange(int(0.99 * recovery.lost / 10) + 1)
        attempts = float(np.sum(recovery.lost - 10 * steps))

        assert recovery.attempts == pytest.approx(attempts, rel=0.02)
        assert recovery.refused == pytest.approx(attempts - recovery.lost, rel=0.03)
        assert recovery.goodput == pytest.approx(recovery.lost / attempts, rel=0.03)
        assert recovery.attempts_per_connection == pytest.approx(attempts / recovery.lost, rel=0.03)
        assert [*recovery.refused_by] == ["rate"]

    def test_it_ended_and_no_unit_worked(self, recovery):
        assert (recovery.unfinished, recovery.endless, recovery.why_endless) == (0, 0, "")
        assert (recovery.wasted_work, recovery.processor_most, recovery.queue_most) == (0, 0, 0)


class TestQueue:
    """Two units of ten new connections per second, and clients with patience."""

    @pytest.fixture(scope="class")
    @staticmethod
    def queued():
        work = ConnectWork(seconds=0.1)
        return storm(AdmissionLimits(units=2, connect_work=work), PATIENT, clients=400)

    @pytest.fixture(scope="class")
    @staticmethod
    def recovery(queued):
        return told(queued)

    def test_each_needs_one_attempt_and_nothing_is_wasted(self, recovery):
        assert recovery.refused == recovery.wasted_work == 0
        assert recovery.refused_by == {}
        assert recovery.goodput == pytest.approx(1, abs=0.02)
        assert recovery.attempts == pytest.approx(recovery.lost, abs=3)

    def test_clients_are_back_as_fast_as_the_units_work(self, recovery):
        assert recovery.until_99_s == pytest.approx(1 + 0.99 * recovery.lost / 20, abs=2)
        assert recovery.processor_most == pytest.approx(1)

    def test_the_queue_is_all_of_them(self, recovery):
        # seen at the end of a second in which up to 20 were served
        assert recovery.lost - 20 <= recovery.connecting_most <= recovery.lost

    def test_the_longest_queue_of_a_unit_is_that_within_the_storm(self, queued):
        [one] = queued.replications
        [after] = one.aftermaths
        queues = np.zeros(after.close_up.open.size)
        # 60 s are shown before the storm, which is over after some 20
        queues[[10, 65, 200]] = 900, 70, 800
        near = dataclasses.replace(after.close_up, queue_most=queues)
        seen = dataclasses.replace(one, aftermaths=(dataclasses.replace(after, close_up=near),))

        assert told(dataclasses.replace(queued, replications=(seen,))).queue_most == 70


class TestLong:
    def test_what_is_longer_than_a_close_up_is_counted_by_the_minute(self):
        # 300 clients at one a minute take five hours; a close-up shows four
        limits = AdmissionLimits(new_connections_per_second=1 / 60, new_connections_burst=1)
        waits = ws.Reconnect(backoff="exponential", base=60, cap=60, answer="1 ms")

        recovery = told(storm(limits, waits, horizon_s=8 * 3600))

        assert recovery.until_99_s == pytest.approx(0.99 * recovery.lost * 60, rel=0.05)
        # of n clients one is let in each minute, until a hundredth of them is left
        attempts = recovery.lost**2 / 2
        assert recovery.attempts == pytest.approx(attempts, rel=0.05)


class TestNoEnd:
    @pytest.fixture(scope="class")
    @staticmethod
    def melted():
        return storm(MELTS, IMPATIENT, horizon_s=2 * DAY_S)

    def test_a_storm_that_feeds_itself_does_not_recover(self, melted):
        recovery = told(melted)

        assert (recovery.unfinished, recovery.endless) == (1, 1)
        assert recovery.back_s[0.99] == np.inf
        # whoever is served has gone
        assert recovery.wasted_work == pytest.approx(1, abs=0.02)
        assert recovery.goodput < 0.01

    def test_the_words_say_what_hits_what(self, melted):
        why = told(melted).why_endless

        assert why.startswith("attempts cost more than the nodes can do: ")
        assert " attempts/s hit 1/s, and " in why
        attempts = float(why.partition("do: ")[2].split()[0])
        # some 300 clients, with waits of 5 s on average, and up to 5 s more for those in the queue
        assert 300 / 10.2 * 0.9 < attempts < 300 / 5 * 1.1

    def test_the_answer_says_that_nobody_comes_back(self, melted):
        recovery = told(melted)

        finding = Finding(
            RECOVERY, 300, np.inf, np.inf, np.inf, "seconds", Assessment.DOES_NOT_RECOVER, ""
        )

        [outcome] = storm_outcomes([ws.Outage(at="Mon 01:00")], "", melted, [finding])

        assert outcome.verdict.startswith(
            f"After the service failed on Monday at 01:00, {recovery.lost:,.0f} clients lost their "
            "connection, and 99% never came back (you allow 5 min)"
        )
        assert outcome.why == (
            f"{sentence(recovery.why_endless)[:-1]}; search what would end it: "
            "estimator recovery-plan, or ws.recovery_plan."
        )
        assert outcome.state is Assessment.DOES_NOT_RECOVER

    def test_where_less_than_a_day_is_left_nobody_knows(self):
        at_s = DAY_S + 1800.0

        late = told(storm(MELTS, IMPATIENT, at_s=at_s, horizon_s=2 * DAY_S))

        assert (late.unfinished, late.endless, late.why_endless) == (1, 0, "")

    def test_a_day_counts_from_when_the_last_fault_is_over(self):
        slow = Throttle(7200.0, DAY_S + 7200.0, new_connections_per_second=0.001)

        late = told(storm(MELTS, IMPATIENT, horizon_s=2 * DAY_S, throttles=(slow,)))

        assert (late.unfinished, late.endless) == (1, 0)

    @pytest.mark.parametrize(
        ("horizon_s", "state"), [(2 * DAY_S, "does not recover"), (DAY_S, "missed")]
    )
    def test_the_finding_says_so_and_what_to_do(self, melted, horizon_s, state):
        found = melted if horizon_s > DAY_S else storm(MELTS, IMPATIENT, horizon_s=horizon_s)
        chat = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=300)
        week = _stretched(found)

        [recovery] = [
            each
            for each in findings(chat, expected_demand(chat), week, 300.0)
            if each.title == "Recovery"
        ]

        assert recovery.state == state
        assert "in 100% of the weeks not before the week ends" in recovery.words
        plan = "search what would end it: estimator recovery-plan, or ws.recovery_plan"
        assert recovery.words.endswith(plan) == (state == "does not recover")


def _stretched(found: Run) -> Run:
    """The same with minutes for a whole week, as findings need them: the last ones go on."""

    def stretched(values: np.ndarray) -> np.ndarray:
        return np.pad(values, (0, 10_080 - values.size), mode="edge")

    one = found.replications[0]
    longer = {
        name: stretched(value)
        for name in one.__slots__
        if name != "attempts_needed" and isinstance(value := getattr(one, name), np.ndarray)
    }
    return dataclasses.replace(found, replications=(dataclasses.replace(one, **longer),))
