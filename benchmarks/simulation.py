"""The engines of the simulation: against SimPy and Ciw, and at millions of connections.

The same model is played by all in the same run, on one core. The two peers start empty and have
less time to simulate, since they need seconds for what the exact engine does in milliseconds; what
counts is sessions per second of processor time. Answers are compared before any time is printed.

The aggregate engine runs in a process of its own for each line. Its memory is the peak of that
process, and how far that is beyond the peak before the run, when everything was imported.
"""

import argparse
import os
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

# before numpy is loaded: one core for every simulator
for name in (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
):
    os.environ[name] = "1"

DAY_S, WEEK_S = 86_400, 604_800
MEGABYTE = 1e6
CONNECTIONS, SESSION_S = 1000, 600
SETTLED_S, PEERS_S = 10 * SESSION_S, 20 * SESSION_S
ROUNDS, ROUNDS_OF_PEERS = 8, 3
"""Of which the fastest counts; those of the peers are no shorter together."""
MODELS = (
    ("M/G/infinity", CONNECTIONS, float("inf")),
    # Erlang B: 1% and 5% refused by 1,000 servers
    ("slots, 1% refused", 971.2, CONNECTIONS),
    ("slots, 5% refused", 1036.4, CONNECTIONS),
)
NODES, BUSY = 10, 0.8
"""Nodes that make new connections in turn, and the part of the time in which each works."""
MILLIONS = (1, 10, 100)
LONG_SESSION_S = 7200
OUTAGE_SHARE, NEW_CONNECTIONS_PER_SECOND = 0.3, 500
STORMS = {
    "quiet": "no limit, no outage",
    "outage": "30% cut at noon, 500 new connections per second",
    "scaled": "30% cut at noon, 500 new connections per second per million",
}


def model_of(connections: float, session_s: float, horizon_s: int) -> Any:
    """Exponential sessions, a constant rate of arrivals, no limits."""
    import numpy as np

    from estimator.scenario.reconnect import Reconnect
    from estimator.scenario.sessions import ExponentialSession
    from estimator.simulation.model import ArrivalRate, Model, Stream

    rates = np.full(2, connections / session_s)
    arrivals = ArrivalRate(np.array([0.0, DAY_S]), rates, periodic=True)
    stream = Stream(arrivals, ExponentialSession(mean_hours=session_s / 3600))
    return Model((stream,), Reconnect(), horizon_s=horizon_s)


# -------------------------------------------------------------------------------------------------
# Against the peers


@dataclass(frozen=True)
class Played:
    """The result of one simulator."""

    sessions: int
    seconds: float
    """Processor time."""
    open_mean: float
    """Connections, averaged over the time after ten mean sessions."""
    refused_share: float

    @property
    def per_second(self) -> float:
        return self.sessions / self.seconds


def timed(task: Callable[[], Any]) -> tuple[Any, float]:
    start = time.process_time()
    found = task()
    return found, time.process_time() - start


def by_engine(erlangs: float, slots: float) -> Played:
    from estimator.demand.admission_limits import AdmissionLimits
    from estimator.scenario.reconnect import Reconnect

    model = replace(
        model_of(erlangs, SESSION_S, WEEK_S),
        admission=AdmissionLimits(connections_most=slots),
        reconnect=Reconnect(give_up_after=1),
    )
    return play(model)


def play(model: Any) -> Played:
    """The exact engine, in the best of some rounds."""
    import numpy as np

    from estimator.simulation.run import simulate

    rounds = [
        timed(lambda seed=seed: simulate(model, "exact", np.random.SeedSequence(seed)))
        for seed in range(ROUNDS)
    ]
    flows, seconds = min(rounds, key=lambda found: found[1])
    came, refused = int(flows.arrivals.sum()), float(flows.refused_full.sum())
    return Played(came, seconds, float(flows.open_after.mean()), refused / came)


def by_simpy(erlangs: float, slots: float, seed: int) -> Played:
    """One process per client, which takes a slot or leaves."""
    import simpy

    env, rng = simpy.Environment(), random.Random(seed)
    open_now, came, counted, refused, area = 0, 0, 0, 0, 0.0

    def client(stay: float) -> Any:
        nonlocal open_now, area
        begin = env.now
        yield env.timeout(stay)
        open_now -= 1
        area += max(env.now - max(begin, SETTLED_S), 0.0)

    def clients() -> Any:
        nonlocal open_now, came, counted, refused
        while True:
            yield env.timeout(rng.expovariate(erlangs / SESSION_S))
            came += 1
            counted += env.now >= SETTLED_S
            if open_now < slots:
                open_now += 1
                env.process(client(rng.expovariate(1 / SESSION_S)))
            else:
                refused += env.now >= SETTLED_S

    env.process(clients())
    _, seconds = timed(lambda: env.run(until=PEERS_S))
    # those still open have, being memoryless, as long behind them as they take
    area += open_now * SESSION_S
    return Played(came, seconds, area / (PEERS_S - SETTLED_S), refused / counted)


def nodes_by_engine() -> Played:
    from estimator.demand.admission_limits import AdmissionLimits, ConnectWork
    from estimator.scenario.reconnect import Reconnect

    work_s = BUSY * NODES * SESSION_S / CONNECTIONS
    model = replace(
        model_of(CONNECTIONS, SESSION_S, WEEK_S),
        admission=AdmissionLimits(units=NODES, connect_work=ConnectWork(seconds=work_s)),
        reconnect=Reconnect(give_up_after=1),
    )
    return play(model)


def nodes_by_simpy(seed: int) -> Played:
    """Clients go to the nodes in turn, and each node works on one at a time."""
    import simpy

    env, rng = simpy.Environment(), random.Random(seed)
    nodes = [simpy.Resource(env, 1) for _ in range(NODES)]
    work_s = BUSY * NODES * SESSION_S / CONNECTIONS
    came, area = 0, 0.0

    def client(node: Any, leave: float) -> Any:
        nonlocal area
        with node.request() as turn:
            yield turn
            yield env.timeout(work_s)
        begin = env.now
        if leave > begin:
            yield env.timeout(leave - begin)
            area += max(env.now - max(begin, SETTLED_S), 0.0)

    def clients() -> Any:
        nonlocal came
        while True:
            yield env.timeout(rng.expovariate(CONNECTIONS / SESSION_S))
            came += 1
            env.process(client(nodes[came % NODES], env.now + rng.expovariate(1 / SESSION_S)))

    env.process(clients())
    _, seconds = timed(lambda: env.run(until=PEERS_S))
    # those who are connected at the end are so for a session on average, of which half is missed
    area += CONNECTIONS * SESSION_S * (1 - work_s / SESSION_S)
    return Played(came, seconds, area / (PEERS_S - SETTLED_S), 0.0)


def by_ciw(erlangs: float, slots: float) -> Played:
    """One node, whose servers are the slots."""
    import ciw
    import ciw.dists

    bounded = slots < float("inf")
    network = ciw.create_network(
        arrival_distributions=[ciw.dists.Exponential(erlangs / SESSION_S)],
        service_distributions=[ciw.dists.Exponential(1 / SESSION_S)],
        number_of_servers=[int(slots) if bounded else slots],
        queue_capacities=[0 if bounded else float("inf")],
    )
    ciw.seed(2)
    queue = ciw.Simulation(network)
    _, seconds = timed(lambda: queue.simulate_until_max_time(PEERS_S))
    records = queue.get_all_records()
    late = [record for record in records if record.arrival_date >= SETTLED_S]
    refused = sum(record.record_type == "rejection" for record in late)
    area = sum(
        max(record.exit_date - max(record.arrival_date, SETTLED_S), 0.0)
        for record in records
        if record.record_type == "service"
    )
    area += queue.nodes[1].number_of_individuals * SESSION_S
    came = queue.nodes[0].number_of_individuals
    counted = came * (1 - SETTLED_S / PEERS_S)
    return Played(came, seconds, area / (PEERS_S - SETTLED_S), refused / counted)


def against_peers() -> None:
    from estimator.demand.admission_limits import AdmissionLimits

    # compiled, or read from where that is kept, before any time is taken
    play(model_of(10, 60, 60))
    print(f"{CONNECTIONS:,} connections of {SESSION_S // 60} minutes on average, one core")
    print(f"{'model':<30}{'':<8}{'sessions':>10}{'seconds':>9}{'a second':>12}{'ratio':>8}")
    for title, erlangs, slots in MODELS:
        ours = by_engine(erlangs, slots)
        simpys = [by_simpy(erlangs, slots, seed) for seed in range(ROUNDS_OF_PEERS)]
        fastest = min(simpys, key=lambda played: played.seconds)
        peers = {"SimPy": fastest, "Ciw": by_ciw(erlangs, slots)}
        for name, peer in peers.items():
            # the peers saw ten mean sessions: 1.4% (standard error)
            assert abs(peer.open_mean / ours.open_mean - 1) < 0.06, (name, peer, ours)
            assert abs(peer.refused_share - ours.refused_share) < 0.02, (name, peer, ours)
        print_all(title, {"exact": ours, **peers})
    ours = nodes_by_engine()
    simpy = min(
        (nodes_by_simpy(seed) for seed in range(ROUNDS_OF_PEERS)), key=lambda each: each.seconds
    )
    assert abs(simpy.open_mean / ours.open_mean - 1) < 0.06, (simpy, ours)
    print_all(f"{NODES} nodes with queues", {"exact": ours, "SimPy": simpy})
    title, erlangs, slots = MODELS[-1]
    again = model_of(erlangs, SESSION_S, WEEK_S)
    again = replace(again, admission=AdmissionLimits(connections_most=slots))
    ours = play(again)
    print_all(f"tried again, {ours.refused_share:.1f} refusals", {"exact": ours})


def print_all(title: str, found: dict[str, Played]) -> None:
    """One line each, with how many times as fast the first is."""
    first, *_ = found.values()
    for name, played in found.items():
        ratio = first.per_second / played.per_second
        print(
            f"{title:<30}{name:<8}{played.sessions:>10,}{played.seconds:>9.3f}"
            f"{played.per_second:>12,.0f}{ratio:>8,.0f}"
        )


# -------------------------------------------------------------------------------------------------
# Millions


def peak_bytes() -> int:
    """Peak memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def aggregate_alone(millions: int, storm: str) -> None:
    """One run, in this process: prints seconds, bytes (all, and by the run), and the recovery."""
    import numpy as np

    from estimator.demand.admission_limits import AdmissionLimits
    from estimator.simulation.flows import by_minute
    from estimator.simulation.model import Cut
    from estimator.simulation.run import simulate

    model = model_of(millions * 1e6, LONG_SESSION_S, DAY_S)
    if storm != "quiet":
        rate = NEW_CONNECTIONS_PER_SECOND * (millions if storm == "scaled" else 1)
        model = replace(
            model,
            admission=AdmissionLimits(new_connections_per_second=rate),
            cuts=(Cut(DAY_S / 2, OUTAGE_SHARE),),
            faults=("outage",),
        )
    simulate(model_of(10, 60, 60), "aggregate", np.random.SeedSequence(0))
    before = peak_bytes()
    flows, seconds = timed(lambda: simulate(model, "aggregate", np.random.SeedSequence(1)))
    peak, hours = peak_bytes(), "-"
    if storm != "quiet":
        (aftermath,) = by_minute(flows, model).aftermaths
        hours = f"{aftermath.recovery_s[-1] / 3600:.2f}".replace("inf", "later")
    print(seconds, peak, peak - before, hours)


def millions() -> None:
    print("The aggregate engine over 24 hours, second by second")
    head = f"{'seconds':>8}{'MB':>6}{'by the run':>12}{'hours back':>12}"
    print(f"{'connections':>12}  {'':<58}{head}")
    for storm, words in STORMS.items():
        for many in MILLIONS:
            command = [sys.executable, __file__, "--aggregate", str(many), storm]
            answer = subprocess.run(command, check=True, capture_output=True, text=True)
            seconds, peak, by_run, hours = answer.stdout.split()
            megabytes = f"{int(peak) / MEGABYTE:>6.0f}{int(by_run) / MEGABYTE:>12.0f}"
            line = f"{many * 10**6:>12,}  {words:<58}{float(seconds):>8.2f}"
            print(f"{line}{megabytes}{hours:>12}")
    print()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--aggregate", nargs=2, metavar=("MILLIONS", "STORM"))
    alone = arguments.parse_args().aggregate
    if alone:
        aggregate_alone(int(alone[0]), alone[1])
        return
    # first, as a process begins with the peak of the one that starts it
    millions()
    against_peers()


if __name__ == "__main__":
    main()
