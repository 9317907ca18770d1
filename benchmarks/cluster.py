"""A sweep and a simulation on a Dask cluster of one worker and of two, against this process alone.

Workers are processes of this machine, so that two are at most twice as fast on two cores. Results
are compared to the last bit.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from dask import config as dask_config
from distributed import Client, LocalCluster

import estimator as ws

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=400_000)


def sweep(points: int, client: Any) -> np.ndarray:
    axes = {
        "peak_connections": np.geomspace(100, 1e7, points // 100),
        "posts.rate_per_hour": np.geomspace(0.1, 100, 100),
    }
    return ws.sweep(CHAT, axes, client=client).priced.total_usd


def simulation(replications: int, client: Any) -> np.ndarray:
    asked = ws.simulate(CHAT, "aws.api_gateway", replications=replications, seed=1, client=client)
    return asked.run.stack("open_most")


def seconds_of(task: Callable[[Any], np.ndarray], client: Any, wanted: np.ndarray) -> float:
    begun = time.perf_counter()
    found = task(client)
    spent = time.perf_counter() - begun
    np.testing.assert_array_equal(found, wanted)
    return spent


# as docs/cluster.md advises: workers keep the memory of arrays that they freed
MEMORY = {"MALLOC_TRIM_THRESHOLD_": 64 * 2**20, "MALLOC_MMAP_THRESHOLD_": 32 * 2**20}


def cluster_of(workers: int) -> LocalCluster:
    return LocalCluster(
        n_workers=workers, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0"
    )


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--points", type=int, default=200_000)
    arguments.add_argument("--replications", type=int, default=16)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument(
        "--as-shipped", action="store_true", help="leave Dask's settings of memory as they are"
    )
    given = arguments.parse_args()
    tasks: dict[str, Callable[[Any], np.ndarray]] = {
        f"sweep, {given.points:,} points": partial(sweep, given.points),
        f"simulation, {given.replications} weeks": partial(simulation, given.replications),
    }
    heading = f"{'alone':>9}{'1 worker':>10}{'2 workers':>11}{'overhead':>10}{'gain':>7}"
    print(f"{'median seconds':<28}{heading}")
    with (
        dask_config.set(
            {"distributed.nanny.pre-spawn-environ": {} if given.as_shipped else MEMORY}
        ),
        cluster_of(1) as small,
        cluster_of(2) as large,
        Client(small) as one,
        Client(large) as two,
    ):
        for name, task in tasks.items():
            # the first of each is for what is read and worked out once
            wanted, *_ = [task(client) for client in (None, one, two)]
            # in turn, so that other work on this machine meets all three alike
            rounds = np.array(
                [
                    [seconds_of(task, client, wanted) for client in (None, one, two)]
                    for _ in range(given.rounds)
                ]
            )
            overhead = np.median(rounds[:, 1] / rounds[:, 0]) - 1
            gain = np.median(rounds[:, 1] / rounds[:, 2])
            here, single, double = np.median(rounds, axis=0)
            measured = f"{here:>9.2f}{single:>10.2f}{double:>11.2f}"
            print(f"{name:<28}{measured}{overhead:>10.1%}{gain:>7.2f}", flush=True)


if __name__ == "__main__":
    main()
