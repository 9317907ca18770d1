"""Clients between two attempts, in groups, against clients that are followed one by one."""

import numpy as np
import pytest

from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import ExponentialSession
from estimator.simulation.model import ArrivalRate, Cut, Model, Stream
from estimator.simulation.retries import AGED, FAULTS_FROM, NEWCOMERS, Waiting

EVERY = ("none", "exponential", "equal_jitter", "full_jitter", "decorrelated")
CLIENTS = 20_000


def model(reconnect, *cuts):
    steady = ArrivalRate(np.array([0.0, 3600.0]), np.ones(2), periodic=True)
    last = max((cut.fault for cut in cuts), default=0)
    faults = tuple(f"fault {number}" for number in range(last + 1))
    streams = (Stream(steady, ExponentialSession(mean_hours=1)),)
    return Model(streams, reconnect, AdmissionLimits(), cuts=cuts, faults=faults)


def waiting_of(backoff="full_jitter", *, step_s=1, levels=None, cuts=(), **policy):
    given = {"base": 4.0, "cap": 16.0, "answer": 1.0, **policy}
    return Waiting(model(Reconnect(backoff=backoff, **given), *cuts), step_s, levels)


def refused(waiting, group, level, clients=1.0):
    """So many clients of a group who had so many refusals before this one."""
    counts = np.zeros(waiting.total.shape)
    counts[group, level] = clients
    return counts


def tries(waiting, steps):
    """Clients who try in each of the next steps and do not come back, shape (steps,)."""
    found = []
    for _ in range(steps):
        found.append(waiting.due().sum())
        waiting.next_step()
    return np.array(found)


# -------------------------------------------------------------------------------------------------
# When clients try again


@pytest.mark.parametrize(
    ("backoff", "refusals", "steps"),
    [
        # the answer comes a second after the attempt, at any moment of its second
        ("none", 1, {1: 1.0}),
        ("none", 7, {1: 1.0}),
        # in step with each other: the answer and 8 s, or 16 s
        ("exponential", 1, {9: 1.0}),
        ("exponential", 2, {17: 1.0}),
        ("exponential", 9, {17: 1.0}),
        # evenly from 0 to 8 s after the answer, and to 16 s: half of what is due in a second is
        # left to the next one
        ("full_jitter", 1, {1: 1 / 16, **dict.fromkeys(range(2, 9), 1 / 8), 9: 1 / 16}),
        ("full_jitter", 5, {1: 1 / 32, **dict.fromkeys(range(2, 17), 1 / 16), 17: 1 / 32}),
        # from 4 to 8 s, and from 8 to 16 s
        ("equal_jitter", 1, {5: 1 / 8, **dict.fromkeys(range(6, 9), 1 / 4), 9: 1 / 8}),
        ("equal_jitter", 3, {9: 1 / 16, **dict.fromkeys(range(10, 17), 1 / 8), 17: 1 / 16}),
    ],
)
def test_after_a_refusal_clients_wait_by_the_law_of_their_backoff(backoff, refusals, steps):
    waiting = waiting_of(backoff)
    waiting.refuse(refused(waiting, NEWCOMERS, refusals - 1, 100.0))

    expected = np.zeros(20)
    for step, share in steps.items():
        expected[step] = 100.0 * share
    np.testing.assert_allclose(tries(waiting, 20), expected, atol=1e-9)


@pytest.mark.parametrize("refusals", [1, 2, 4])
def test_decorrelated_waits_depend_on_the_wait_before(refusals):
    rng = np.random.default_rng(refusals)
    draws = 200_000
    wait_s = rng.uniform(4.0, 12.0, draws)
    for _ in range(refusals):
        wait_s = np.minimum(40.0, rng.uniform(4.0, 3 * wait_s))
    drawn = np.bincount((rng.random(draws) + 1.0 + wait_s).astype(int), minlength=50) / draws

    waiting = waiting_of("decorrelated", cap=40.0)
    waiting.refuse(refused(waiting, NEWCOMERS, refusals - 1))

    # a thousandth is what laws of further waits may be off by when they are taken as settled
    found = tries(waiting, 50)
    np.testing.assert_array_less(np.abs(found - drawn), 4 * np.sqrt(drawn / draws) + 1e-3 + 1e-12)
    assert found.sum() == pytest.approx(1.0)


@pytest.mark.parametrize("step_s", [1, 10, 60])
@pytest.mark.parametrize(
    ("backoff", "waits_s"),
    [
        ("none", [0, 0, 0]),
        ("equal_jitter", [6, 12, 24]),
        ("full_jitter", [4, 8, 16]),
        # half of base and three times the mean wait before: 8, 14, 23, 36.5
        ("decorrelated", [14, 23, 36.5]),
    ],
)
def test_the_mean_wait_is_right_in_steps_of_any_length(backoff, waits_s, step_s):
    for level, wait_s in enumerate(waits_s):
        waiting = waiting_of(backoff, cap=3600.0, answer=0.2, step_s=step_s, levels=4)
        waiting.refuse(refused(waiting, AGED, level))
        found = tries(waiting, waiting.ahead)
        # cells in which a decorrelated wait is taken as even are 0.7 % wide
        tolerance = 0.007 if backoff == "decorrelated" else 1e-9
        mean_s = found @ np.arange(found.size) * step_s
        assert mean_s == pytest.approx(wait_s + 0.2, rel=tolerance)


def attempts_one_by_one(policy, seconds, rng):
    """Of each client, who is refused every time: attempts until each second, (clients, seconds)."""
    at_s, before_s = rng.random(CLIENTS), np.full(CLIENTS, policy.base)
    counts = np.zeros((CLIENTS, seconds), dtype=np.int32)
    refusals = 0
    while at_s.min() < seconds:
        most = min(policy.cap, policy.base * 2.0**refusals)
        match policy.backoff:
            case "none":
                wait_s = np.zeros(CLIENTS)
            case "exponential":
                wait_s = np.full(CLIENTS, most)
            case "equal_jitter":
                wait_s = rng.uniform(most / 2, most, CLIENTS)
            case "full_jitter":
                wait_s = rng.uniform(0, most, CLIENTS)
            case _:
                wait_s = np.minimum(policy.cap, rng.uniform(policy.base, 3 * before_s))
        at_s = at_s + wait_s + (policy.answer if refusals else 0.0)
        now = np.flatnonzero(at_s < seconds)
        np.add.at(counts, (now, at_s[now].astype(int)), 1)
        before_s, refusals = wait_s, refusals + 1
    return np.cumsum(counts, axis=1)


def attempts_in_groups(policy, seconds):
    """Attempts in each second of as many clients who are refused every time."""
    waiting, attempts = Waiting(model(policy)), np.zeros(seconds)
    waiting.add(AGED, waiting.at_once, CLIENTS)
    for second in range(seconds):
        due = waiting.due()
        while due.sum() > 1e-9:
            attempts[second] += due.sum()
            waiting.refuse(due)
            due = waiting.due()
        waiting.next_step()
    assert waiting.total.sum() == pytest.approx(CLIENTS)
    return attempts


@pytest.mark.parametrize("backoff", ["none", "exponential", "equal_jitter", "full_jitter"])
def test_who_is_always_refused_tries_as_often_as_one_by_one(backoff):
    policy = Reconnect(backoff=backoff, base=1.0, cap=12.0, answer=1.0)
    one_by_one = attempts_one_by_one(policy, 100, np.random.default_rng(3))

    found = np.cumsum(attempts_in_groups(policy, 100))

    expected = one_by_one.sum(axis=0)
    chance = 4 * np.sqrt(CLIENTS) * one_by_one.std(axis=0)
    # each wait begins anywhere in its second, so that clients may be a second too early or late
    assert np.all(found[:-1] <= expected[1:] + chance[:-1])
    assert np.all(found[1:] >= expected[:-1] - chance[1:])


def test_decorrelated_waits_have_the_right_rate_in_the_long_run():
    # that a short wait follows a short one is not known of groups, but does not matter for long
    policy = Reconnect(backoff="decorrelated", base=1.0, cap=12.0, answer=1.0)
    one_by_one = attempts_one_by_one(policy, 100, np.random.default_rng(3))
    lately = one_by_one[:, 99] - one_by_one[:, 49]

    found = attempts_in_groups(policy, 100)[50:].sum()

    # a thousandth is what a law may be off by when it is taken as settled
    assert abs(found - lately.sum()) < 4 * np.sqrt(CLIENTS) * lately.std() + 1e-3 * found


# -------------------------------------------------------------------------------------------------
# After a cut


@pytest.mark.parametrize(
    ("backoff", "cut", "steps"),
    [
        ("none", Cut(0.0, 1.0), {0: 1.0}),
        ("exponential", Cut(0.0, 1.0), {4: 1.0}),
        ("full_jitter", Cut(0.0, 1.0), dict.fromkeys(range(4), 1 / 4)),
        ("equal_jitter", Cut(0.0, 1.0), {2: 1 / 2, 3: 1 / 2}),
        # evenly between base and three times as much
        ("decorrelated", Cut(0.0, 1.0), dict.fromkeys(range(4, 12), 1 / 8)),
        ("none", Cut(0.0, 1.0, notice_s=10), dict.fromkeys(range(10), 1 / 10)),
        ("exponential", Cut(0.0, 1.0, notice_s=5), dict.fromkeys(range(4, 9), 1 / 5)),
        ("full_jitter", Cut(0.0, 1.0, away_s=30), {30: 1.0}),
        ("full_jitter", Cut(0.0, 1.0, away_s=3), {3: 1.0}),
        ("equal_jitter", Cut(0.0, 1.0, away_s=3), {3: 1.0}),
    ],
)
def test_after_a_cut_clients_try_when_they_have_noticed_waited_and_can(backoff, cut, steps):
    waiting = waiting_of(backoff, cuts=(cut,))
    waiting.add(FAULTS_FROM, waiting.after_loss[0], 40.0)

    expected = np.zeros(40)
    for step, share in steps.items():
        expected[step] = 40.0 * share
    # laws are made of 4096 waits: each share is off by one of them at most
    np.testing.assert_allclose(tries(waiting, 40), expected, atol=40.0 / 4096)


def test_each_cut_has_its_own_law_and_each_fault_its_own_group():
    cuts = (Cut(0.0, 1.0), Cut(9.0, 1.0, away_s=7), Cut(20.0, 1.0, away_s=9, fault=1))
    waiting = waiting_of("none", cuts=cuts)
    for cut, law, clients in zip(cuts, waiting.after_loss, (1.0, 10.0, 100.0), strict=True):
        waiting.add(cut.fault + FAULTS_FROM, law, clients)

    assert waiting.total.sum(axis=1).tolist() == [0, 0, 11, 100]
    found = {}
    for step in range(12):
        due = waiting.due()
        found.update({(step, group): n for group, n in enumerate(due.sum(axis=1).tolist()) if n})
        waiting.next_step()
    assert found == {(0, 2): 1, (7, 2): 10, (9, 3): 100}


# -------------------------------------------------------------------------------------------------
# Nobody is lost, nobody invented


@pytest.mark.parametrize("backoff", EVERY)
@pytest.mark.parametrize("give_up_after", [None, 3])
def test_clients_go_in_leave_give_up_or_wait(backoff, give_up_after):
    rng = np.random.default_rng(8)
    cuts = (Cut(0.0, 1.0), Cut(0.0, 1.0, notice_s=5, fault=1))
    waiting = waiting_of(backoff, cuts=cuts, give_up_after=give_up_after)
    groups, levels = waiting.total.shape
    balance = np.zeros(groups)
    # longer than a turn of what is known ahead, with shares that make the common factor tiny
    for step in range(5 * waiting.ahead):
        for group, law in ((AGED, waiting.at_once), (FAULTS_FROM + 1, waiting.after_loss[1])):
            come = float(rng.integers(0, 50))
            waiting.add(group, law, come)
            balance[group] += come
        gone = waiting.thin(rng.random((groups, levels)) ** 3 * (0.999 if step % 5 else 1.0))
        balance -= gone
        due = waiting.due()
        due[NEWCOMERS, 0] += 10
        balance[NEWCOMERS] += 10
        let_in = due * rng.random(due.shape)
        balance -= let_in.sum(axis=1)
        given_up = waiting.refuse(due - let_in)
        balance -= given_up
        again = waiting.due()
        waiting.put_off(again)
        waiting.next_step()
        assert gone.min() >= 0
        assert given_up.min() >= 0
        np.testing.assert_allclose(waiting.total.sum(axis=1), balance, rtol=1e-9, atol=1e-6)

    # who waits tries sooner or later
    left, found = waiting.total.sum(), tries(waiting, waiting.ahead)
    assert found.sum() == pytest.approx(left)
    assert waiting.total.sum() == pytest.approx(0.0, abs=1e-6)


def test_clients_give_up_at_the_refusal_at_which_they_do():
    waiting = waiting_of("none", give_up_after=3)
    waiting.add(FAULTS_FROM, waiting.at_once, 8.0)
    gave_up = []
    for _ in range(4):
        due = waiting.due()
        # half of them are let in each time
        gave_up.append(waiting.refuse(due / 2).tolist())
        waiting.next_step()

    assert gave_up == [[0, 0, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]]
    assert waiting.total.sum() == 0


def test_a_client_that_gives_up_at_once_never_waits():
    waiting = waiting_of(give_up_after=1)
    assert waiting.refuse(refused(waiting, NEWCOMERS, 0, 5.0))[NEWCOMERS] == 5
    assert waiting.total.sum() == 0


def test_refusals_are_counted_up_to_those_told_apart():
    waiting = waiting_of("none", levels=3)
    waiting.add(AGED, waiting.at_once, 6.0)
    levels = []
    for _ in range(5):
        due = waiting.due()
        levels.append(due[AGED].tolist())
        waiting.refuse(due)
        waiting.next_step()

    assert levels == [[6, 0, 0], [0, 6, 0], [0, 0, 6], [0, 0, 6], [0, 0, 6]]


def test_refusals_beyond_those_told_apart_still_have_room_for_giving_up():
    waiting = waiting_of(give_up_after=300)
    assert waiting.total.shape[1] >= 300


def test_leaving_takes_a_share_of_each_group_and_level():
    waiting = waiting_of("none")
    waiting.add(AGED, waiting.at_once, 100.0)
    waiting.refuse(refused(waiting, NEWCOMERS, 1, 80.0))
    shares = np.zeros(waiting.total.shape)
    shares[AGED, 0], shares[NEWCOMERS, 2] = 0.25, 0.5

    assert waiting.thin(shares).tolist() == [40, 25, 0]
    assert tries(waiting, 3).tolist() == [75, 40, 0]


def test_where_all_have_left_others_can_wait():
    waiting = waiting_of("none")
    waiting.add(AGED, waiting.at_once, 100.0)
    assert waiting.thin(np.ones(waiting.total.shape))[AGED] == 100
    waiting.add(AGED, waiting.at_once, 7.0)
    assert tries(waiting, 2).tolist() == [7, 0]


def test_who_could_not_be_looked_at_tries_in_the_next_step_with_the_same_refusals():
    waiting = waiting_of("none")
    waiting.put_off(refused(waiting, AGED, 4, 3.0))
    assert waiting.due().sum() == 0
    waiting.next_step()
    assert waiting.due()[AGED, 4] == 3


# -------------------------------------------------------------------------------------------------
# Longer steps, and the end of a storm


@pytest.mark.parametrize("passed", [0, 3, 25])
def test_in_longer_steps_the_same_clients_try_at_the_same_time(passed):
    def storm():
        waiting = waiting_of("full_jitter")
        waiting.add(AGED, waiting.at_once, 50.0)
        tries(waiting, passed)
        waiting.refuse(refused(waiting, NEWCOMERS, 1, 90.0))
        waiting.add(AGED, waiting.at_once, 30.0)
        waiting.thin(np.full(waiting.total.shape, 0.5))
        return waiting

    fine, coarse = storm(), storm().coarser(5)

    np.testing.assert_allclose(coarse.total, fine.total)
    np.testing.assert_allclose(
        tries(coarse, 4), tries(fine, 20).reshape(4, 5).sum(axis=1), atol=1e-9
    )


@pytest.mark.parametrize("step_s", [1, 5])
def test_clients_back_from_their_age_are_no_storm(step_s):
    waiting = waiting_of("exponential", step_s=step_s)
    law = np.array([0.5, 0.0, 0.5])
    waiting.add(AGED, law, 20.0)
    assert waiting.stuck == 0
    waiting.refuse(refused(waiting, AGED, 0, 3.0))
    waiting.refuse(refused(waiting, NEWCOMERS, 0, 4.0))
    assert waiting.stuck == 7

    easy = waiting.take_easy()

    # ten in the first step and ten in the third, evenly within each
    expected = np.repeat([10 / step_s, 0, 10 / step_s], step_s)
    np.testing.assert_allclose(easy[: expected.size], expected)
    assert easy.sum() == pytest.approx(20)
    assert waiting.total.sum() == 7
    assert waiting.forget().tolist() == [4, 3, 0]
    assert waiting.total.sum() == 0
    assert not tries(waiting, waiting.ahead).any()
