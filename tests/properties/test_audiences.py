"""A week that is drawn with a peak of k has a peak of k, however sessions last and it is stated.

Shapes are drawn by chance, and mean nothing to sessions: many fall faster than sessions end.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import estimator as ws

SHAPES: dict[str, Callable[[np.random.Generator], np.ndarray]] = {
    "plateaus": lambda rng: np.tile(np.repeat(rng.random(5), rng.permutation([2, 3, 4, 6, 9])), 7),
    "steps": lambda rng: np.repeat(rng.random(28), 6),
    "noise": lambda rng: rng.random(168),
    "spike": lambda rng: 0.1 + 5.0 * (np.arange(168) == rng.integers(168)),
    "one hour alone": lambda rng: 1.0 * (np.arange(168) == rng.integers(168)),
    "zeros": lambda rng: np.where(rng.random(168) < 0.5, 0.0, rng.random(168)) + np.eye(168)[5],
}  # fmt: skip


def laws(rng: np.random.Generator) -> Iterator[dict[str, Any]]:
    mean = float(10 ** rng.uniform(-1.5, 1.3))
    yield {"law": "exponential", "mean_hours": mean}
    yield {"law": "lognormal", "mean_hours": mean, "sigma": 1.0}
    yield {"law": "weibull", "shape": 0.5, "scale_hours": mean / 2}
    yield {"law": "deterministic", "hours": mean}
    yield {"law": "empirical", "lengths_hours": (mean * rng.uniform(0.05, 3, 5)).tolist()}


def weeks(kind: str) -> Iterator[tuple[np.ndarray, dict[str, Any]]]:
    rng = np.random.default_rng(7)
    for _ in range(3):
        for law in laws(rng):
            yield SHAPES[kind](rng), law


def demand_of(shape: np.ndarray, law: dict[str, Any], **audience: float) -> ws.Demand:
    profile = {
        "title": "Drawn",
        "session": law,
        "weekly_shape": {"hourly": shape, "time_zone": "UTC"},
        "flows": {},
    }
    return ws.expected_demand(
        ws.Scenario.model_validate({"profile": profile, "location": "virginia", **audience})
    )


@pytest.mark.parametrize("kind", SHAPES)
def test_the_week_is_as_drawn_and_all_ways_to_state_it_agree(kind):
    for shape, law in weeks(kind):
        first = demand_of(shape, law, peak_connections=1000)
        busiest_day = float(first.new_connections.daily.max())
        others = (
            demand_of(shape, law, mean_connections=float(first.connections.mean)),
            demand_of(shape, law, users_per_day=busiest_day, sessions_per_user_per_day=1),
            ws.Demand.of(1000 * shape / shape.max(), session=law, flows={}),
        )

        for demand in (first, *others):
            drawn = 1000 * shape / shape.max()
            np.testing.assert_allclose(demand.connections.hourly, drawn, rtol=1e-9, atol=1e-9)
            assert demand.connections_peak is demand.connections
            # Little's law: the connections of the week are its sessions times their mean length
            sessions = drawn.sum() / demand.session.mean
            assert demand.new_connections.hourly.sum() == pytest.approx(sessions, rel=1e-9)
            assert demand.new_connections.hourly.min() >= 0
            assert demand.peak_within_hour is not None
            assert demand.peak_within_hour.peak >= 1000 * (1 - 1e-9)


def test_users_of_a_day_like_all_others_are_its_connection_hours_over_their_sessions():
    # 8 hours at 1, 2 at 0.6, 2 at 0.25, 12 at 0.05: 10.3 hours at the peak; 10,000 x 10.3 h / 2 h
    day = [0.05] * 6 + [0.25, 0.6] + [1.0] * 8 + [0.6, 0.25] + [0.05] * 6
    law = {"law": "lognormal", "mean_hours": 2, "sigma": 1}
    demand = demand_of(np.tile(day, 7), law, users_per_day=51_500, sessions_per_user_per_day=1)

    assert float(demand.peak_connections) == pytest.approx(10_000, rel=1e-9)
