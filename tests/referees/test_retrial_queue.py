"""Clients who are refused and try again: retrial queues, by closed forms and as a Markov chain.

In the queues of the literature a customer who finds all c servers taken joins the orbit and tries
again after exponential times, each for itself (linear retrial rate) or only the first of all
(constant). Their closed forms check the chain below. Clients of the simulation differ in one
point: a session that is over ends the waiting too. With exponential sessions that is a patience of
the same law, and the chain has a rate for it; open and waiting clients together are then M/M/oo.

The backoff of ``Reconnect`` has no exponential law. What holds for any law of waits is tested as
it is, and the chain within 2%.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
import pytest
from scipy import sparse, stats
from scipy.sparse import linalg

from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.reconnect import Reconnect
from estimator.simulation.flows import Flows
from estimator.simulation.theory import erlang_b, erlang_c

SESSION_S, WARM_UP_S, HORIZON_S, RUNS = 20, 300, 3000, 16
SLOTS, ERLANGS = 20, 22.0


@dataclass(frozen=True)
class Retrials:
    """M/M/c with an orbit, in units of the mean service."""

    erlangs: float
    servers: int
    linear: float = 0.0
    """Attempts of each customer in the orbit per unit of time."""
    constant: float = 0.0
    """Attempts of the whole orbit, if it is not empty."""
    leaving: float = 0.0
    """Rate at which a customer leaves the orbit for good."""
    orbit_most: int = 400

    @cached_property
    def probabilities(self):
        """Stationary probabilities of busy servers and orbit, shape (servers + 1, orbits)."""
        busy, orbit = np.indices((self.servers + 1, self.orbit_most + 1))
        number = np.arange(busy.size).reshape(busy.shape)
        full, there = busy == self.servers, orbit > 0
        retries = there * (self.linear * orbit + self.constant)
        moves = [
            (~full, self.erlangs, 1, 0),
            (full & (orbit < self.orbit_most), self.erlangs, 0, 1),
            (busy > 0, busy, -1, 0),
            (there, self.leaving * orbit, 0, -1),
            (~full & there, retries, 1, -1),
        ]
        rates = sparse.csr_matrix((busy.size, busy.size))
        for possible, rate, more_busy, more_orbit in moves:
            rate = np.broadcast_to(rate, busy.shape)[possible]
            to = number[busy[possible] + more_busy, orbit[possible] + more_orbit]
            step = (rate, (to, number[possible]))
            rates = rates + sparse.csr_matrix(step, shape=rates.shape)
        balance = (rates - sparse.diags(np.asarray(rates.sum(axis=0)).ravel())).tocsc()
        # all relative to the empty state, whose own balance follows from the others
        others = linalg.spsolve(balance[1:, 1:], -balance[1:, [0]].toarray().ravel())
        found = np.concatenate([[1.0], others])
        return (found / found.sum()).reshape(busy.shape)

    @property
    def refused(self) -> float:
        """Share of all attempts that is refused."""
        found = self.probabilities
        orbit = np.arange(self.orbit_most + 1)
        rate = self.erlangs + self.linear * orbit + self.constant * (orbit > 0)
        return float((found[-1] * rate).sum() / (found.sum(axis=0) * rate).sum())

    @property
    def all_busy(self) -> float:
        return float(self.probabilities[-1].sum())

    @property
    def open(self) -> float:
        return float(np.arange(self.servers + 1) @ self.probabilities.sum(axis=1))

    @property
    def waiting(self) -> float:
        return float(self.probabilities.sum(axis=0) @ np.arange(self.orbit_most + 1))


# -------------------------------------------------------------------------------------------------
# The chain, against closed forms


@pytest.mark.parametrize("rho", [0.2, 0.5, 0.8])
@pytest.mark.parametrize("rate", [0.3, 2.0, 20.0])
def test_one_server_whose_customers_each_try_again(rho, rate):
    # J. Keilson, J. Cozzolino, H. Young, "A service system with unfilled requests repeated",
    # Operations Research 16 (1968); G. Falin, J. Templeton, Retrial Queues (1997), section 1.2:
    # busy with probability rho, and rho (lambda + rho theta) / ((1 - rho) theta) in the orbit
    queue = Retrials(rho, 1, linear=rate)

    assert queue.all_busy == pytest.approx(rho, rel=1e-9)
    assert queue.waiting == pytest.approx(rho * (rho + rho * rate) / ((1 - rho) * rate), rel=1e-6)


@pytest.mark.parametrize(("rho", "rate"), [(0.2, 0.3), (0.5, 2.0), (0.8, 20.0)])
def test_one_server_whose_first_customer_tries_again(rho, rate):
    # G. Fayolle, "A simple telephone exchange with delayed feedbacks" (1986): the orbit is
    # geometric with r = rho (lambda + theta) / theta < 1, and has r / (1 - r) - rho customers
    queue, r = Retrials(rho, 1, constant=rate), rho * (rho + rate) / rate

    assert queue.all_busy == pytest.approx(rho, rel=1e-9)
    assert queue.waiting == pytest.approx(r / (1 - r) - rho, rel=1e-6)
    in_orbit = queue.probabilities[1]
    np.testing.assert_allclose(in_orbit[1:20] / in_orbit[:19], r, rtol=1e-9)


@pytest.mark.parametrize(("erlangs", "servers"), [(1.5, 2), (4.0, 6), (17.0, 20)])
def test_many_servers_between_a_queue_and_lost_calls(erlangs, servers):
    # who tries again at once waits like in a queue (Erlang C); who tries again much later comes
    # like a newcomer (J. W. Cohen, "Basic problems of telephone traffic theory and the influence
    # of repeated calls", Philips Telecommunication Review 18, 1957): Erlang B of all attempts
    fast = Retrials(erlangs, servers, linear=1e5)
    assert fast.all_busy == pytest.approx(float(erlang_c(erlangs, servers)), rel=1e-3)

    slow = Retrials(erlangs, servers, linear=0.02, orbit_most=1000)
    attempts = erlangs
    for _ in range(10_000):
        attempts = erlangs / (1 - float(erlang_b(attempts, servers)))
    assert slow.refused == pytest.approx(float(erlang_b(attempts, servers)), rel=0.03)
    # customers who never give up are all served
    assert fast.open == pytest.approx(erlangs, rel=1e-6)
    assert slow.open == pytest.approx(erlangs, rel=1e-6)


def test_clients_who_leave_the_orbit_as_they_leave_a_server():
    # open and waiting clients together are M/M/oo, so Poisson
    n = np.arange(60)
    together = stats.poisson.pmf(n, ERLANGS)
    found = Retrials(ERLANGS, SLOTS, linear=4.0, leaving=1.0, orbit_most=80).probabilities
    busy, orbit = np.indices(found.shape)
    sums = np.bincount((busy + orbit).ravel(), found.ravel())
    np.testing.assert_allclose(sums[:60], together, atol=1e-9)

    # who tries again at once leaves no slot free that somebody waits for
    fast = Retrials(ERLANGS, SLOTS, linear=1e5, leaving=1.0, orbit_most=80)
    assert fast.open == pytest.approx(float(np.minimum(n, SLOTS) @ together), rel=1e-4)


# -------------------------------------------------------------------------------------------------
# The exact engine


def constant(wait_s: float) -> Reconnect:
    return Reconnect(backoff="exponential", base=wait_s, cap=wait_s, answer=0.2)


def even(most_s: float) -> Reconnect:
    return Reconnect(backoff="full_jitter", base=most_s, cap=most_s, answer=0.2)


POLICIES = {
    "constant 1 s": constant(1.0),
    "constant 10 s": constant(10.0),
    "up to 4 s": even(4.0),
    "up to 30 s": even(30.0),
}


def still_there(policy: Reconnect) -> float:
    """Probability that a session outlasts the wait after a refusal: E exp(-wait / session)."""
    answered, reach = np.exp(-policy.answer / SESSION_S), policy.cap / SESSION_S
    if policy.backoff == "full_jitter":
        return float(answered * (1 - np.exp(-reach)) / reach)
    return float(answered * np.exp(-reach))


def figures(flows: Flows) -> tuple[float, ...]:
    return (
        flows.arrivals.sum(),
        flows.attempts.sum(),
        flows.refused_full.sum(),
        flows.open_after.mean(),
        flows.waiting_after.mean(),
    )


@pytest.fixture(scope="module")
def played(law_of, steady, replicate):
    """Figures of runs with a policy, shape (figures, runs)."""

    @cache
    def play(policy: Reconnect):
        model = steady(
            ERLANGS,
            law_of("exponential", SESSION_S),
            HORIZON_S,
            admission=AdmissionLimits(connections_most=SLOTS),
            reconnect=policy,
            warm_up_s=WARM_UP_S,
        )
        return np.array(replicate(model, "exact", RUNS, 71, figures)).T

    return play


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_who_is_refused_comes_back_or_leaves_by_the_law_of_the_wait(policy, played, mean_is):
    came, tried, refused, is_open, waiting = played(policy)
    comes_back = still_there(policy)

    # for any law: a refused client tries again unless its session is over first
    mean_is(tried - came - comes_back * refused)
    # Little's law of the waits, each cut off by an exponential session
    mean_is(waiting - refused / HORIZON_S * (1 - comes_back) * SESSION_S)
    mean_is(is_open + waiting, ERLANGS)


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_waits_of_other_laws_refuse_about_as_much_as_exponential_ones(policy, played):
    _, tried, refused, is_open, waiting = played(policy)
    comes_back = still_there(policy)
    # an exponential wait of the rate theta ends before a session with theta / (theta + 1)
    rate = comes_back / (1 - comes_back)
    queue = Retrials(ERLANGS, SLOTS, linear=rate, leaving=1.0, orbit_most=80)

    # the law of a wait leaves little trace beyond that probability: within 2%, and chance
    found = np.array([refused / tried, waiting, is_open])
    expected = np.array([queue.refused, queue.waiting, queue.open])
    chance = 4 * found.std(axis=1, ddof=1) / np.sqrt(RUNS)
    np.testing.assert_array_less(np.abs(found.mean(axis=1) - expected), 0.02 * expected + chance)
