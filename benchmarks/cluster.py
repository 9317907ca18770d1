"""A sweep and a simulation on a Dask cluster of one worker and of two, against this process alone.

Workers are processes of this machine, so that two are at most twice as fast on two cores. Before
any time is printed, the results are compared to the last bit.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from distributed import Client, LocalCluster

import estimator as ws

CHAT = ws.Scenario(profile="workplace-chat", place="virginia", peak_connections=400_000)


def sweep(points: int, client: Any) -> np.ndarray:
    axes = {
        "peak_connections": np.geomspace(100, 1e7, points // 100),
        "posts.rate_per_hour": np.geomspace(0.1, 100, 100),
    }
    return ws.sweep(CHAT, axes, client=client).priced.total_usd


def simulation(replications: int, client: Any) -> np.ndarray:
    asked = ws.simulate(CHAT, "aws.api_gateway", replications=replications, seed=1, client=client)
    return asked.run.stack("open_most")


def timed(task: Callable[[Any], np.ndarray], client: Any) -> tuple[float, np.ndarray]:
    begun = time.perf_counter()
    found = task(client)
    return time.perf_counter() - begun, found


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--points", type=int, default=200_000)
    arguments.add_argument("--replications", type=int, default=16)
    given = arguments.parse_args()
    tasks: dict[str, Callable[[Any], np.ndarray]] = {
        f"sweep, {given.points:,} points": lambda client: sweep(given.points, client),
        f"simulation, {given.replications} weeks": lambda client: simulation(
            given.replications, client
        ),
    }
    for task in tasks.values():
        task(None)  # what is read and worked out once
    alone = {name: timed(task, None) for name, task in tasks.items()}
    seconds: dict[str, list[float]] = {name: [spent] for name, (spent, _) in alone.items()}
    for workers in (1, 2):
        with (
            LocalCluster(
                n_workers=workers,
                threads_per_worker=1,
                host="127.0.0.1",
                dashboard_address=":0",
            ) as cluster,
            Client(cluster) as client,
        ):
            for name, task in tasks.items():
                timed(task, client)
                spent, found = timed(task, client)
                np.testing.assert_array_equal(found, alone[name][1])
                seconds[name].append(spent)
    print(
        f"{'seconds':<28}{'alone':>9}{'1 worker':>10}{'2 workers':>11}{'overhead':>10}{'gain':>7}"
    )
    for name, (here, one, two) in seconds.items():
        measured = f"{here:>9.2f}{one:>10.2f}{two:>11.2f}"
        print(f"{name:<28}{measured}{one / here - 1:>10.1%}{one / two:>7.2f}")


if __name__ == "__main__":
    main()
