"""Any valid scenario is simulated, or refused in words: it never crashes, and counts add up."""

from itertools import combinations

import numpy as np
import pytest

import estimator as ws
from estimator.errors import MOST_MESSAGE_CHARACTERS, EstimatorError
from estimator.simulation.flows import COUNTED, REFUSED, SimulationError
from fuzz.simulated_scenarios import some_scenario

MOST_SESSIONS = 20_000


def simulated(seed, engine):
    """One week of a random scenario; None if it is refused, as it should be."""
    content, deployment = some_scenario(np.random.default_rng([seed, 14]), MOST_SESSIONS)
    scenario = ws.Scenario(**content)
    try:
        return ws.simulate(scenario, deployment, replications=1, engine=engine)
    except SimulationError:
        raise
    except EstimatorError as error:
        refusal = str(error)
    assert len(refusal) <= MOST_MESSAGE_CHARACTERS
    return None


def check_counts(found):
    """What is known of the counts of a week, whatever happens in it."""
    [week] = found.run.replications
    model, noise = found.run.model, 1e-6 * (1 + week.open_most.max()) * 60
    for name in (*COUNTED, "open_mean", "open_most", "waiting", "units"):
        if name != "ended":
            amount = getattr(week, name)
            assert np.isfinite(amount).all(), name
            assert amount.min() >= 0, name
    refused = np.sum([getattr(week, name) for name in REFUSED], axis=0)
    # an attempt ends in the minute in which it is made, or is not decided yet
    undecided = np.cumsum(week.attempts - week.new_connections - refused)
    assert undecided.min() >= -noise
    assert np.all(undecided <= week.connecting + noise)
    assert week.gave_up.sum() <= refused.sum() + noise
    if model.reconnect.give_up_after is None:
        assert not week.gave_up.any()
    if not np.isfinite(model.admission.age_most_seconds):
        assert not week.aged.any()
    if not found.deployment and not model.throttles:
        assert not refused.any()


def test_any_scenario_is_simulated_or_refused_and_its_counts_add_up(seeds):
    engines = set()
    for seed in seeds(3, 300):
        weeks = [simulated(seed, engine) for engine in ("exact", "aggregate")]
        counted = [found for found in weeks if found is not None]
        for found in counted:
            check_counts(found)
            engines.add(found.run.engine)
        for one, other in combinations(counted, 2):
            # both are Poisson numbers with the same mean
            clients = [each.run.replications[0].arrivals.sum() for each in (one, other)]
            assert abs(clients[0] - clients[1]) <= 6 * np.sqrt(sum(clients) + 1)

    assert engines == {"exact", "aggregate"}  # a test in which all is refused would say nothing


@pytest.mark.parametrize("engine", ["exact", "aggregate"])
def test_the_same_seed_gives_the_same_bytes(engine, seeds):
    compared = 0
    for seed in seeds(1, 30):
        first, second = (simulated(seed, engine) for _ in range(2))
        if first is None or second is None:
            assert first is second
            continue
        assert first.to_json() == second.to_json()
        for name in ("arrivals", "attempts", "new_connections", "open_mean", "waiting"):
            values = [getattr(each.run.replications[0], name) for each in (first, second)]
            np.testing.assert_array_equal(*values)
        compared += 1

    assert compared
