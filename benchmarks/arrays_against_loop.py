"""Many scenarios in one pass against a loop over `estimate`, the same bills, in the same run.

Scenarios of some shipped profiles differ in peak connections and in the rate of one flow. A
chunk of them is one call; bills and verdicts are worked out. Time is that of the processor, so that
other work on the machine counts little. The loop prices a sample, and both results are compared on
it before any time is printed.
"""

import argparse
import os
import time
from collections.abc import Callable, Sequence
from typing import Any

# one core: numpy's linear algebra would take more
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np

import estimator as ws

FLOWS = {"workplace-chat": "posts", "board-collaboration": "card_moves", "market-data": "tickers"}
SAMPLE = 8
REPETITIONS = 3


def scenario(profile: str, connections: Any, messages: Any) -> ws.Scenario:
    """One scenario, or many; ``messages`` multiplies the shipped rate of a flow."""
    flow = FLOWS[profile]
    rate = ws.load_profile(profile).flows[flow].rate_per_hour * messages
    changes = {"extends": profile, "flows": {flow: {"rate_per_hour": rate}}}
    return ws.Scenario(profile=changes, location="virginia", peak_connections=connections)


def estimated(asked: ws.Scenario, deployment: str) -> tuple[Any, Any]:
    """Total and state of each scenario."""
    bill = ws.estimate(asked, deployment)
    return bill.total, bill.states


def seconds(task: Callable[[], object]) -> float:
    """Processor time of the fastest of some runs."""

    def once() -> float:
        start = time.process_time()
        task()
        return time.process_time() - start

    return min(once() for _ in range(REPETITIONS))


def measure(deployment: str, points: dict[str, tuple[Any, Any]], chunk: int) -> tuple[float, float]:
    """Seconds of all points of all profiles, in chunks and (scaled up) one by one."""
    arrays = loop = 0.0
    for profile, (connections, messages) in points.items():
        starts = range(0, connections.size, chunk)
        chunks = [
            scenario(profile, connections[at : at + chunk], messages[at : at + chunk])
            for at in starts
        ]
        sample = np.linspace(0, connections.size - 1, SAMPLE).astype(int)
        singles = [scenario(profile, connections[i], messages[i]) for i in sample]
        found = [estimated(one, deployment) for one in chunks]
        totals, states = map(np.concatenate, zip(*found, strict=True))
        apart = [estimated(one, deployment) for one in singles]
        np.testing.assert_allclose(totals[sample], [total for total, _ in apart], rtol=1e-12)
        np.testing.assert_array_equal(states[sample], [str(state) for _, state in apart])
        arrays += seconds(lambda chunks=chunks: run(chunks, deployment))
        each = seconds(lambda singles=singles: run(singles, deployment)) / SAMPLE
        loop += each * connections.size
    return arrays, loop


def run(asked: Sequence[ws.Scenario], deployment: str) -> None:
    """Every bill and its verdicts; nothing is kept."""
    for one in asked:
        estimated(one, deployment)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--scenarios", type=int, default=4_096, help="of each profile")
    arguments.add_argument("--chunk", type=int, default=4_096, help="scenarios in one call")
    given = arguments.parse_args()
    rng = np.random.default_rng(1)
    points = {
        profile: (
            np.geomspace(1e2, 1e7, given.scenarios),
            rng.permutation(np.linspace(0.2, 2, given.scenarios)),
        )
        for profile in FLOWS
    }
    number = given.scenarios * len(FLOWS)
    print(f"{number:,} scenarios in chunks of {given.chunk:,}; processor time on one core")
    print(f"{'deployment':<40}{'bills per second':>16}{'in a loop':>12}{'ratio':>8}")
    sums = np.zeros(2)
    for name in ws.DEPLOYMENTS:
        arrays, loop = measure(name, points, given.chunk)
        sums += arrays, loop
        print(f"{name:<40}{number / arrays:>16,.0f}{number / loop:>12,.0f}{loop / arrays:>8,.0f}")
    arrays, loop = sums / len(ws.DEPLOYMENTS)
    print(f"{'all':<40}{number / arrays:>16,.0f}{number / loop:>12,.0f}{loop / arrays:>8,.0f}")


if __name__ == "__main__":
    main()
