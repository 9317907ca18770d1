"""The same results on a Dask cluster, to the last bit, also when a worker is lost on the way."""

import os
import signal

import numpy as np
import pytest
from distributed import Client, LocalCluster

import estimator as ws

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
AXES = {"peak_connections": np.geomspace(10, 1e6, 200), "posts.rate_per_hour": np.arange(1, 102)}
DEPLOYMENTS = ["aws.api_gateway", "aws.alb_ec2", "gcp.cloud_run"]


@pytest.fixture(scope="module")
def client():
    # processes of this machine, ports of loopback only
    with (
        LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=":0",
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client


@pytest.fixture(scope="module")
def swept() -> ws.Sweep:
    return ws.sweep(CHAT, AXES, DEPLOYMENTS)


def assert_same(there: ws.Sweep, here: ws.Sweep) -> None:
    np.testing.assert_array_equal(there.priced.total_usd, here.priced.total_usd)
    np.testing.assert_array_equal(there.priced.drivers_usd, here.priced.drivers_usd)
    np.testing.assert_array_equal(there.priced.states, here.priced.states)


def test_a_sweep_is_the_same_and_tells_its_progress(client, swept):
    told = []
    there = ws.sweep(
        CHAT, AXES, DEPLOYMENTS, client=client, progress=lambda *done: told.append(done)
    )

    assert_same(there, swept)
    assert told[-1] == (swept.grid.size, swept.grid.size)
    assert len(told) > 3


@pytest.mark.parametrize("engine", ["exact", "aggregate"])
def test_a_simulation_is_the_same_for_a_seed(client, engine):
    def simulated(client: Client | None) -> ws.Simulation:
        return ws.simulate(
            CHAT,
            "aws.api_gateway",
            faults="outage at Tue 14:00 share 30%",
            replications=2,
            seed=3,
            engine=engine,
            client=client,
        )

    here, there = simulated(None), simulated(client)
    for name in ("open_most", "new_connections", "attempts", "waiting"):
        np.testing.assert_array_equal(there.run.stack(name), here.run.stack(name))
    assert there.simulated_bill is not None
    assert here.simulated_bill is not None
    assert there.simulated_bill.total == here.simulated_bill.total


def test_break_even_takes_a_client_too(client):
    asked = (CHAT, "peak_connections", 1e3, 1e5, ["aws.api_gateway", "aws.alb_ec2"])

    assert ws.break_even(*asked, client=client).crossovers == ws.break_even(*asked).crossovers


def test_an_error_in_a_batch_is_told_as_here(client):
    with pytest.raises(ws.ScenarioError, match="at most 24"):
        ws.sweep(CHAT, {"hours_per_day": [8, 30]}, DEPLOYMENTS, client=client)


def test_a_worker_that_is_killed_loses_nothing(client, swept):
    process_of = client.run(os.getpid)
    killed = []

    def kill_one_at_work(done: int, _points: int) -> None:
        at_work = [worker for worker, batches in client.processing().items() if batches]
        if at_work and not killed:
            os.kill(process_of[at_work[0]], signal.SIGKILL)
            killed.append(at_work[0])

    there = ws.sweep(CHAT, AXES, DEPLOYMENTS, client=client, progress=kill_one_at_work)

    assert killed
    assert_same(there, swept)
