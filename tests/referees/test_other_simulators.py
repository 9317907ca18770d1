"""The exact engine against SimPy and Ciw, which know nothing of it.

https://simpy.readthedocs.io (a process for each client) and https://ciw.readthedocs.io (a network
of nodes: a door, the connections, the waiting room) play the same scenarios with clients of their
own. Times are in seconds. Each figure is compared by Welch's t-test of independent replications:
the 99.99 % interval of the difference holds zero. Some 200 figures are compared.
"""

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

import ciw
import ciw.dists
import ciw.routing
import numpy as np
import pytest
import simpy
from scipy import stats
from simpy.events import ProcessGenerator

from estimator.demand.admission_limits import AdmissionLimits
from estimator.scenario.reconnect import Reconnect
from estimator.scenario.sessions import (
    DeterministicSession,
    ExponentialSession,
    LognormalSession,
    SessionLength,
    WeibullSession,
)
from estimator.simulation.flows import RECOVERY_SHARES, Flows, by_minute
from estimator.simulation.model import Cut, Model
from estimator.simulation.run import simulate

WARM_UP, WARM_UP_OF_LONG_TAILS = 7, 15
"""In mean sessions. Peers start empty; Weibull sessions of shape 0.5 take longest to settle: in the
first of the seconds that count, 2.7 % of their connections are still missing. Of the lognormal ones
2.4 % are missing after half that time, of the others one in a thousand."""
LEAST_P = 1e-4
RUNS = {"engine": 10, "simpy": 18, "ciw": 8}
HALF, MOST = (RECOVERY_SHARES.index(share) for share in (0.5, 0.95))

Figures = dict[str, float]
Uniform = Callable[[float, float], float]


@dataclass(frozen=True)
class Case:
    connections: float
    law: str = "exponential"
    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    reconnect: Reconnect = field(default_factory=Reconnect)
    cuts: tuple[Cut, ...] = ()
    session_s: int = 10
    sessions: int = 30
    """The horizon, in mean sessions."""


ONCE = Reconnect(give_up_after=1)
LAWS = ("exponential", "deterministic", "lognormal", "Weibull 0.5")


def every(seconds: float) -> Reconnect:
    """Try again after the same time, whatever happened."""
    return Reconnect(backoff="exponential", base=seconds, cap=seconds)


def jittered(backoff: Any) -> Reconnect:
    return Reconnect(backoff=backoff, base=0.4, cap=7)


def slots(most: int) -> AdmissionLimits:
    return AdmissionLimits(connections_most=most)


def bucket(rate: float, burst: float, **others: Any) -> AdmissionLimits:
    return AdmissionLimits(new_connections_per_second=rate, new_connections_burst=burst, **others)


def ages(seconds: float, **others: Any) -> AdmissionLimits:
    return AdmissionLimits(age_most_seconds=seconds, **others)


QUEUES = {
    **{f"M/G/infinity, {law}": Case(20, law, sessions=60) for law in LAWS},
    "M/M/5/5": Case(4, admission=slots(5), reconnect=ONCE, sessions=120),
    "M/M/20/20": Case(18, admission=slots(20), reconnect=ONCE, sessions=60),
    "M/M/30/30 in a flood": Case(60, admission=slots(30), reconnect=ONCE),
    **{f"M/G/20/20, {law}": Case(18, law, slots(20), ONCE, sessions=60) for law in LAWS[1:]},
}
"""What Ciw has nodes for."""
RETRIES = {
    "bucket of one": Case(20, admission=bucket(2.4, 1), reconnect=ONCE),
    "bucket of ten": Case(20, "lognormal", bucket(2.0, 10), ONCE),
    "bucket and retries after 1 s": Case(20, admission=bucket(2.4, 2), reconnect=every(1)),
    "slots and retries after 1 s": Case(15, admission=slots(16), reconnect=every(1)),
    "slots and retries after 5 s": Case(20, admission=slots(16), reconnect=every(5)),
    "slots, three refusals": Case(
        20, admission=slots(16), reconnect=Reconnect(base=1, cap=1, give_up_after=3)
    ),
    "slots and longer waits": Case(16, "lognormal", slots(16), jittered("exponential")),
    "ages, fixed sessions": Case(12, "deterministic", ages(4), every(1)),
    "ages and slots": Case(16, admission=ages(7, connections_most=15), reconnect=every(1)),
}
"""What Ciw does with a door and a waiting room."""
JITTER = {
    **{
        f"slots and {backoff}": Case(20, "lognormal", slots(20), jittered(backoff))
        for backoff in ("full_jitter", "equal_jitter", "decorrelated")
    },
    "bucket and full jitter": Case(20, admission=bucket(2.2, 2), reconnect=jittered("full_jitter")),
    "bucket and slots": Case(24, admission=bucket(3, 2, connections_most=20), reconnect=every(2)),
    "ages and full jitter": Case(20, "lognormal", ages(4), jittered("full_jitter")),
    "ages and a bucket": Case(
        20,
        admission=ages(7, new_connections_per_second=4, new_connections_burst=2),
        reconnect=jittered("full_jitter"),
    ),
}
OUTAGES = {
    "all cut at once, full jitter": Case(
        40,
        admission=bucket(2, 2),
        reconnect=Reconnect(base=2, cap=40),
        cuts=(Cut(900.5, 1.0),),
        session_s=60,
    ),
    "all cut, retries after 5 s": Case(
        40, admission=bucket(2, 2), reconnect=every(5), cuts=(Cut(900.5, 1.0),), session_s=60
    ),
    "a third cut over 20 s, noticed late": Case(
        40,
        "lognormal",
        bucket(1, 1),
        Reconnect(backoff="decorrelated", base=2, cap=40),
        (Cut(900.5, 0.33, over_s=20, notice_s=15),),
        session_s=60,
    ),
    "half away for 30 s, slots": Case(
        30,
        admission=slots(32),
        reconnect=Reconnect(backoff="equal_jitter", base=2, cap=40),
        cuts=(Cut(900.5, 0.5, away_s=30),),
        session_s=60,
    ),
    "two outages, no limit": Case(
        40,
        reconnect=Reconnect(base=2, cap=40),
        cuts=(Cut(900.5, 0.6, notice_s=10), Cut(910.5, 0.6, notice_s=10)),
        session_s=60,
    ),
}
CASES = QUEUES | RETRIES | JITTER | OUTAGES
PAIRS = [
    *((name, "simpy") for name in CASES),
    *((name, "ciw") for name in QUEUES | RETRIES),
]


# -------------------------------------------------------------------------------------------------
# Ours


@pytest.fixture(scope="module")
def model_of(steady, law_of) -> Callable[[str], Model]:
    def build(name: str) -> Model:
        case = CASES[name]
        model = steady(
            case.connections,
            law_of(case.law, case.session_s),
            case.sessions * case.session_s,
            admission=case.admission,
            reconnect=case.reconnect,
            warm_up_s=case.session_s
            * (WARM_UP_OF_LONG_TAILS if case.law.startswith("Weibull") else WARM_UP),
        )
        return replace(model, cuts=case.cuts, faults=("outages",) if case.cuts else ())

    return build


@pytest.fixture(scope="module")
def ours(model_of) -> Callable[[str], list[Figures]]:
    """Figures of the exact engine, of all replications of a case."""
    return cache(lambda name: runs("engine", by_engine, model_of(name)))


def by_engine(model: Model, seed: int) -> Figures:
    flows: Flows = simulate(model, "exact", np.random.SeedSequence([81, seed]))
    refused = flows.refused_by_rate.sum() + flows.refused_full.sum()
    found = {
        "refused share": refused / flows.attempts.sum(),
        "open": flows.open_after.mean(),
        "waiting": flows.waiting_after.mean(),
        "attempts per client": flows.attempts.sum() / flows.arrivals.sum(),
    }
    if model.cuts:
        (aftermath,) = by_minute(flows, model).aftermaths
        found |= {
            "lost": aftermath.lost,
            "half back": aftermath.recovery_s[HALF],
            "95 % back": aftermath.recovery_s[MOST],
        }
    return found


# -------------------------------------------------------------------------------------------------
# What both others share


def session_of(law: SessionLength, rng: random.Random) -> float:
    match law:
        case ExponentialSession():
            return rng.expovariate(1 / (float(law.mean) * 3600))
        case DeterministicSession():
            return float(law.hours) * 3600
        case LognormalSession():
            location = math.log(law.mean_hours * 3600) - law.sigma**2 / 2
            return rng.lognormvariate(location, law.sigma)
        case WeibullSession():
            return rng.weibullvariate(float(law.scale_hours) * 3600, law.shape)
        case _:
            raise NotImplementedError


def wait_of(policy: Reconnect, refusals: int, before: float, uniform: Uniform) -> float:
    grown = min(policy.cap, policy.base * 2**refusals)
    match policy.backoff:
        case "exponential":
            return grown
        case "equal_jitter":
            return grown / 2 + uniform(0, grown / 2)
        case "full_jitter":
            return uniform(0, grown)
        case "decorrelated":
            return min(policy.cap, uniform(policy.base, 3 * before))
        case _:
            return 0.0


def rate_of(model: Model) -> float:
    return float(model.streams[0].arrivals.most)


# -------------------------------------------------------------------------------------------------
# SimPy


class BySimpy:
    """A process for each client, one that lets tokens fall, one for each outage."""

    def __init__(self, model: Model, seed: int) -> None:
        self.model, self.rng = model, random.Random(seed)
        self.env = simpy.Environment(initial_time=-model.warm_up_s)
        self.open: dict[simpy.Process, float] = {}
        self.waiting = 0
        self.arrivals = self.attempts = self.refused = 0
        self.watched_at, self.open_area, self.waiting_area = 0.0, 0.0, 0.0
        self.lost_at: list[float] = []
        self.back_at: list[float] = []

    def run(self) -> Figures:
        admission, env = self.model.admission, self.env
        self.tokens = None
        if math.isfinite(admission.new_connections_per_second):
            burst = max(math.ceil(admission.new_connections_burst or 0), 1)
            self.tokens = simpy.Container(env, capacity=burst, init=burst)
            env.process(self.tokens_fall(self.tokens))
        env.process(self.clients_come())
        for cut in self.model.cuts:
            env.process(self.outage(cut))
        env.run(until=self.model.horizon_s)
        self.watch()
        found = {
            "refused share": self.refused / self.attempts,
            "open": self.open_area / self.model.horizon_s,
            "waiting": self.waiting_area / self.model.horizon_s,
            "attempts per client": self.attempts / self.arrivals,
        }
        if self.model.cuts:
            found |= {"lost": len(self.lost_at), **self.recovery()}
        return found

    def recovery(self) -> Figures:
        """In started seconds from the last loss, as the engine counts."""
        last = math.floor(max(self.lost_at))
        lost, back = len(self.lost_at), sorted(self.back_at)

        def until(share: float) -> float:
            needed = math.ceil(lost - max((1 - share) * lost, 0.5))
            return max(math.floor(back[needed - 1]) - last, 0) + 1

        return {"half back": until(0.5), "95 % back": until(0.95)}

    def watch(self) -> None:
        """Add up what was until now, before it changes."""
        now = self.env.now
        if now > 0:
            self.open_area += len(self.open) * (now - self.watched_at)
            self.waiting_area += self.waiting * (now - self.watched_at)
            self.watched_at = now

    def tokens_fall(self, tokens: simpy.Container) -> ProcessGenerator:
        while True:
            yield self.env.timeout(1 / self.model.admission.new_connections_per_second)
            if tokens.level < tokens.capacity:
                tokens.put(1)

    def clients_come(self) -> ProcessGenerator:
        law, rate = self.model.streams[0].session, rate_of(self.model)
        while True:
            yield self.env.timeout(self.rng.expovariate(rate))
            leave = self.env.now + session_of(law, self.rng)
            self.arrivals += self.env.now >= 0
            self.env.process(self.client(leave))

    def outage(self, cut: Cut) -> ProcessGenerator:
        yield self.env.timeout(cut.at_s - self.env.now)
        for client, opened in list(self.open.items()):
            if self.rng.random() < cut.share:
                self.env.process(self.lose(client, opened, cut))

    def lose(self, client: simpy.Process, opened: float, cut: Cut) -> ProcessGenerator:
        yield self.env.timeout(self.rng.uniform(0, cut.over_s))
        if self.open.get(client) == opened:
            client.interrupt(cut)

    def let_in(self) -> bool:
        self.attempts += self.env.now >= 0
        let_in = self.tokens is None or self.tokens.level >= 1
        if let_in and self.tokens is not None:
            self.tokens.get(1)
        let_in = let_in and len(self.open) < self.model.admission.connections_most
        self.refused += not let_in and self.env.now >= 0
        return let_in

    def client(self, leave: float) -> ProcessGenerator:
        env, policy = self.env, self.model.reconnect
        refusals, wait, lost = 0, policy.base, False
        while True:
            if self.let_in():
                if lost:
                    self.back_at.append(env.now)
                refusals, wait, lost, cut = 0, policy.base, False, Cut(0.0, 0.0)
                me = env.active_process
                assert me is not None
                self.watch()
                self.open[me] = env.now
                age = self.model.admission.age_most_seconds
                try:
                    yield env.timeout(min(leave - env.now, age))
                except simpy.Interrupt as outage:
                    lost = True
                    self.lost_at.append(env.now)
                    cut = outage.cause
                    assert isinstance(cut, Cut)
                self.watch()
                del self.open[me]
                if env.now >= leave - 1e-9:
                    return
                wait = wait_of(policy, 0, wait, self.rng.uniform)
                delay = self.rng.uniform(0, cut.notice_s) + max(cut.away_s, wait)
            else:
                refusals += 1
                if refusals == policy.give_up_after:
                    break
                wait = wait_of(policy, refusals, wait, self.rng.uniform)
                delay = policy.answer + wait
            self.watch()
            self.waiting += 1
            over = env.now + delay >= leave
            yield env.timeout(leave - env.now if over else delay)
            self.watch()
            self.waiting -= 1
            if over:
                break
        if lost:
            self.back_at.append(env.now)


def by_simpy(model: Model, seed: int) -> Figures:
    return BySimpy(model, seed).run()


# -------------------------------------------------------------------------------------------------
# Ciw


def ciw_session(law: SessionLength) -> Any:
    match law:
        case ExponentialSession():
            return ciw.dists.Exponential(1 / (law.mean * 3600))
        case DeterministicSession():
            return ciw.dists.Deterministic(law.hours * 3600)
        case LognormalSession():
            location = math.log(law.mean_hours * 3600) - law.sigma**2 / 2
            return ciw.dists.Lognormal(location, law.sigma)
        case WeibullSession():
            return ciw.dists.Weibull(law.scale_hours * 3600, law.shape)
        case _:
            raise NotImplementedError


def within(records: list[Any], model: Model) -> float:
    """Time that records spend in their node after the warm-up."""
    end = model.warm_up_s + model.horizon_s
    begin = np.array([record.arrival_date for record in records])
    left = np.array([record.exit_date for record in records], dtype=float)
    left = np.minimum(np.where(np.isnan(left), end, left), end)
    return float(np.maximum(left - np.maximum(begin, model.warm_up_s), 0).sum())


def ciw_queue(model: Model, seed: int) -> Figures:
    """One node, whose servers are the slots."""
    most = model.admission.connections_most
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate_of(model))],
        service_distributions=[ciw_session(model.streams[0].session)],
        number_of_servers=[most],
        queue_capacities=[0 if math.isfinite(most) else math.inf],
    )
    ciw.seed(seed)
    queue = ciw.Simulation(network)
    queue.simulate_until_max_time(model.warm_up_s + model.horizon_s)
    records = queue.get_all_records(include_incomplete=True)
    came = sum(record.arrival_date > model.warm_up_s for record in records)
    served = [record for record in records if record.record_type != "rejection"]
    refused = came - sum(record.arrival_date > model.warm_up_s for record in served)
    return {
        "refused share": refused / came,
        "open": within(served, model) / model.horizon_s,
        "waiting": 0.0,
        "attempts per client": 1.0,
    }


ADMISSION, CONNECTED, WAITING, GONE = 1, 2, 3, -1


class Stay(ciw.dists.Distribution):
    """At the connections: until the session is over, or the age is reached."""

    def __init__(self, age: float) -> None:
        self.age = age

    def sample(self, t: Any = None, ind: Any = None) -> Any:
        return max(min(ind.leave - t, self.age), 0.0)


class Pause(ciw.dists.Distribution):
    """In the waiting room: until the next attempt, or until the session is over."""

    def sample(self, t: Any = None, ind: Any = None) -> Any:
        return max(min(ind.leave - t, ind.delay), 0.0)


class Knock(ciw.routing.NodeRouting):
    """At the door, where nobody stays: in, or to the waiting room, or away."""

    def __init__(self, model: Model) -> None:
        self.model, self.session = model, ciw_session(model.streams[0].session)
        admission = model.admission
        self.burst = max(math.ceil(admission.new_connections_burst or 0), 1)
        self.tokens, self.fallen = self.burst, 0
        self.arrivals = self.attempts = self.refused = 0

    def next_node(self, ind: Any) -> Any:
        now, policy = self.simulation.current_time, self.model.reconnect
        counts = now >= self.model.warm_up_s
        if not hasattr(ind, "leave"):
            ind.leave, ind.refusals, ind.wait = now + self.session.sample(), 0, policy.base
            self.arrivals += counts
        self.attempts += counts
        if self.take_token(now) and self.free():
            ind.refusals, ind.wait = 0, policy.base
            return self.simulation.nodes[CONNECTED]
        self.refused += counts
        ind.refusals += 1
        if ind.refusals == policy.give_up_after:
            return self.simulation.nodes[GONE]
        ind.wait = wait_of(policy, ind.refusals, ind.wait, random.uniform)
        ind.delay = policy.answer + ind.wait
        return self.simulation.nodes[WAITING]

    def take_token(self, now: float) -> bool:
        rate = self.model.admission.new_connections_per_second
        if math.isinf(rate):
            return True
        fallen = math.floor(now * rate)
        self.tokens = min(self.tokens + fallen - self.fallen, self.burst)
        self.fallen = fallen
        if not self.tokens:
            return False
        self.tokens -= 1
        return True

    def free(self) -> bool:
        taken = self.simulation.nodes[CONNECTED].number_of_individuals
        return taken < self.model.admission.connections_most


class AfterStay(ciw.routing.NodeRouting):
    """From the connections: away, or cut at its age and to the waiting room."""

    def __init__(self, policy: Reconnect) -> None:
        self.policy = policy

    def next_node(self, ind: Any) -> Any:
        if self.simulation.current_time >= ind.leave - 1e-9:
            return self.simulation.nodes[GONE]
        ind.wait = ind.delay = wait_of(self.policy, 0, ind.wait, random.uniform)
        return self.simulation.nodes[WAITING]


class AfterPause(ciw.routing.NodeRouting):
    """From the waiting room: to the door again, or away."""

    def next_node(self, ind: Any) -> Any:
        over = self.simulation.current_time >= ind.leave - 1e-9
        return self.simulation.nodes[GONE if over else ADMISSION]


def ciw_network(model: Model, seed: int) -> Figures:
    """A door, connections and a waiting room, all without servers of their own."""
    knock = Knock(model)
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(rate_of(model)), None, None],
        service_distributions=[
            ciw.dists.Deterministic(0.0),
            Stay(model.admission.age_most_seconds),
            Pause(),
        ],
        number_of_servers=[math.inf] * 3,
        routing=ciw.routing.NetworkRouting(
            routers=[knock, AfterStay(model.reconnect), AfterPause()]
        ),
    )
    ciw.seed(seed)
    site = ciw.Simulation(network)
    site.simulate_until_max_time(model.warm_up_s + model.horizon_s)
    records = site.get_all_records(include_incomplete=True)
    stays, pauses = (
        within([record for record in records if record.node == node], model)
        for node in (CONNECTED, WAITING)
    )
    return {
        "refused share": knock.refused / knock.attempts,
        "open": stays / model.horizon_s,
        "waiting": pauses / model.horizon_s,
        "attempts per client": knock.attempts / knock.arrivals,
    }


# -------------------------------------------------------------------------------------------------


def agree(ours: list[Figures], theirs: list[Figures]) -> None:
    assert ours[0].keys() == theirs[0].keys()
    for name in ours[0]:
        mine, others = (np.array([each[name] for each in found]) for found in (ours, theirs))
        # both look at whole seconds; ours also see the state at the end of each of them only
        if mine.std() + others.std() < 1e-9:
            assert mine.mean() == pytest.approx(others.mean(), abs=1e-9), name
            continue
        answer = stats.ttest_ind(mine, others, equal_var=False)
        assert answer.pvalue > LEAST_P, (name, mine.mean(), others.mean(), answer.pvalue)


def runs(simulator: str, figures: Callable[[Model, int], Figures], model: Model) -> list[Figures]:
    return [figures(model, seed) for seed in range(RUNS[simulator])]


@pytest.mark.parametrize(("name", "simulator"), PAIRS)
def test_another_simulator_agrees(name, simulator, model_of, ours):
    peer = {"simpy": by_simpy, "ciw": ciw_queue if name in QUEUES else ciw_network}[simulator]

    agree(ours(name), runs(simulator, peer, model_of(name)))
