"""Many scenarios in one pass against a loop over `estimate`, the same bills, in the same run.

The loop prices a sample and is scaled up, since all of it would take a minute; both results are
compared on that sample before any time is printed.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np

import estimator as ws

SAMPLE = 200


def scenario(connections: Any, posts_per_hour: Any) -> ws.Scenario:
    changes = {"extends": "workplace-chat", "flows": {"posts": {"rate_per_hour": posts_per_hour}}}
    return ws.Scenario(profile=changes, place="virginia", peak_connections=connections)


def fastest(task: Callable[[], object], repetitions: int) -> float:
    def once() -> float:
        start = time.perf_counter()
        task()
        return time.perf_counter() - start

    return min(once() for _ in range(repetitions))


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scenarios", type=int, default=10_000)
    many = arguments.parse_args().scenarios
    connections, posts = np.geomspace(1e2, 1e7, many), np.linspace(0.5, 5, many)
    together = scenario(connections, posts)
    sample = np.linspace(0, many - 1, SAMPLE).astype(int)
    single = [scenario(connections[i], posts[i]) for i in sample]

    print(f"{many:,} scenarios, seconds; the loop is measured on {SAMPLE} of them")
    print(f"{'deployment':<26}{'arrays':>9}{'loop':>9}{'ratio':>8}{'bills a second':>16}")
    for name in ws.DEPLOYMENTS:
        totals = np.asarray(ws.estimate(together, name).total)[sample]
        one_by_one = np.array([float(ws.estimate(one, name).total) for one in single])
        np.testing.assert_allclose(totals, one_by_one, rtol=1e-12)
        arrays = fastest(lambda name=name: ws.estimate(together, name).total, 5)
        loop = fastest(lambda name=name: [ws.estimate(one, name).total for one in single], 3)
        loop *= many / SAMPLE
        print(f"{name:<26}{arrays:>9.4f}{loop:>9.2f}{loop / arrays:>8.0f}{many / arrays:>16,.0f}")


if __name__ == "__main__":
    main()
