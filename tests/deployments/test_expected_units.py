"""Units that run on average: against sums over Poisson probabilities, and clients who come and go.

The simulation here knows nothing of the closed form: clients arrive at random moments, stay as long
as they stay, and units are counted at every moment.
"""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from estimator.demand.weekly import Weekly, from_hours
from estimator.deployments.fleet.expected_units import (
    expected_units,
    mean_empty_units,
    mean_idle_units,
    mean_units,
)
from estimator.scenario.weekly_shape import load_shape

SHAPE = load_shape("workplace-worldwide").levels


def summed(mean: float, capacity: float, least: float = 0) -> float:
    """The expectation as the sum over all numbers of open connections."""
    reach = 12 * np.sqrt(mean) + 60
    counts = np.arange(max(0, int(mean - reach)), int(mean + reach))
    # a unit holds whole connections, so rounding noise of the quotient is none
    units = np.ceil(counts / capacity * (1 - 1e-12))
    return float(np.sum(np.maximum(units, least) * stats.poisson.pmf(counts, mean)))


@pytest.mark.parametrize("least", [0, 1, 3, 40])
@pytest.mark.parametrize("capacity", [1, 2.5, 7, 80, 342.857, 600, 12_000])
def test_units_are_the_sum_over_poisson_probabilities(capacity, least):
    means = np.geomspace(1e-3, 1e6, 200)
    right = [summed(mean, capacity, least) for mean in means]

    np.testing.assert_allclose(expected_units(means, capacity, least), right, rtol=1e-4)
    few = means < 100
    np.testing.assert_allclose(
        expected_units(means[few], capacity, least), np.array(right)[few], rtol=1e-7
    )


@pytest.mark.parametrize("capacity", [50, 80, 500, 2_000])
def test_waves_are_as_the_sum_over_poisson_probabilities(capacity):
    # from before the first mean for which they are taken to after the last
    means = np.maximum(np.linspace(0.03, 0.6, 400) * capacity**2, 5_000)
    right = [summed(mean, capacity) for mean in means]

    np.testing.assert_allclose(expected_units(means, capacity), right, rtol=0, atol=2e-5)


class TestClientsWhoComeAndGo:
    """Time averages of open connections of 20 minutes on average, of one long simulated run."""

    SESSIONS = 400_000

    def run(self, mean: float, law: str) -> tuple[np.ndarray, np.ndarray]:
        """Open connections after each change, and how many hours each number lasts."""
        random = np.random.default_rng(15)
        stays = {
            "lognormal": lambda: random.lognormal(np.log(1 / 3) - 1 / 2, 1, self.SESSIONS),
            "deterministic": lambda: np.full(self.SESSIONS, 1 / 3),
        }[law]()
        begins = np.cumsum(random.exponential(1 / (3 * mean), self.SESSIONS))
        times = np.concatenate([begins, begins + stays])
        order = np.argsort(times)
        open_now = np.cumsum(np.where(order < self.SESSIONS, 1, -1))
        # from when the first have gone to when the last has come
        kept = (times[order] > min(100.0, begins[-1] / 10)) & (times[order] < begins[-1])
        lasts = np.diff(times[order], append=np.inf)[kept]
        return open_now[kept], lasts

    @pytest.mark.parametrize("law", ["lognormal", "deterministic"])
    @pytest.mark.parametrize(
        ("mean", "capacity"), [(0.001, 1), (0.1, 2), (1, 600), (3, 2), (10, 4), (100, 30)]
    )
    def test_units_run_as_long_as_in_a_simulation(self, mean, capacity, law):
        found, lasts = self.run(mean, law)

        for each in (capacity, 600):
            seen = np.sum(np.ceil(found / each) * lasts) / np.sum(lasts)
            assert float(expected_units(mean, each)) == pytest.approx(seen, rel=0.01)

    @pytest.mark.parametrize("mean", [0.001, 0.1, 1, 3])
    def test_the_last_unit_is_kept_as_in_a_simulation(self, make_demand, mean):
        found, lasts = self.run(mean, "lognormal")
        empty = found == 0
        kept = np.sum(np.minimum(lasts[empty], 0.25)) / np.sum(lasts)
        demand = make_demand(mean, new_connections=3 * mean, session_hours=1 / 3)

        units = mean_units(demand, demand.connections.times(1 / 600), kept_hours=0.25)
        assert float(units) == pytest.approx(
            1 - np.sum(lasts[empty]) / np.sum(lasts) + kept, rel=0.01
        )


class TestWeeks:
    def test_every_hour_has_its_own_expectation(self, make_demand):
        # in the hours of a small audience a unit runs for a part of the time, at noon two or three
        for scale in (0.01, 2, 300, 20_000):
            demand = make_demand(scale * SHAPE)
            right = np.mean([summed(mean, 600) for mean in scale * SHAPE])

            units = mean_units(demand, demand.connections.times(1 / 600))
            assert float(units) == pytest.approx(right, rel=2e-5)

    def test_from_many_units_on_the_last_one_is_half_full(self, make_demand):
        # 0.33 x 200,000 connections are at least 109 units, the deviation is 0.43 of one
        demand = make_demand(200_000 * SHAPE)

        units = float(mean_units(demand, demand.connections.times(1 / 600)))
        assert units == pytest.approx(200_000 / 600 + 599 / 1_200, rel=1e-12)
        assert units == pytest.approx(np.mean([summed(m, 600) for m in 200_000 * SHAPE]), rel=1e-5)

    def test_many_scenarios_are_as_each_of_them_alone(self, make_demand):
        scales, parts = np.geomspace(0.01, 1e7, 300), np.geomspace(1e-4, 1.5, 300)[::-1]
        for course in (SHAPE, np.ones(168), np.where(np.arange(168) % 24 < 8, 0.0, 1.5)):
            connections = Weekly.of(scales, course)
            many = replace(make_demand(), connections=connections, connections_peak=connections)
            for part in (parts, np.full(300, 1 / 600)):
                together = mean_units(many, connections.times(part))
                alone = []
                for scale, each in zip(scales[::37], part[::37], strict=True):
                    demand = make_demand(scale * course)
                    alone.append(float(mean_units(demand, demand.connections.times(each))))
                np.testing.assert_allclose(together[::37], alone, rtol=1e-9)

    def test_the_busiest_hour_decides_what_a_unit_holds(self, make_demand):
        # memory would hold 10 connections each at night; by day a processor holds 4 of them only,
        # and what an autoscaler lets a unit hold is one number for both
        mean, each = np.tile(np.repeat([8.0, 20.0], 12), 7), np.tile(np.repeat([10.0, 4.0], 12), 7)
        units = mean_units(make_demand(mean), from_hours(mean / each))

        assert float(units) == pytest.approx((summed(8, 4) + summed(20, 4)) / 2, rel=1e-6)

    def test_a_minimum_is_idle_or_at_work(self, make_demand):
        demand = make_demand(5.0)
        needed = demand.connections.times(1 / 2)

        idle = float(mean_idle_units(demand, needed, 4))
        counts = np.arange(100)
        right = np.maximum(4 - np.ceil(counts / 2), 0) @ stats.poisson.pmf(counts, 5)
        assert idle == pytest.approx(right, rel=1e-9)
        assert float(mean_units(demand, needed, 4)) == pytest.approx(summed(5, 2, 4), rel=1e-9)

    def test_units_are_empty_if_connections_are_fewer(self, make_demand):
        # by night 0.5 connections, by day 50; two, three or no units
        demand = make_demand(np.tile(np.repeat([0.5, 50.0], 12), 7))
        counts = np.arange(200)
        for units in (0, 2, 3):
            empty = np.maximum(units - counts, 0)
            right = sum(empty @ stats.poisson.pmf(counts, mean) for mean in (0.5, 50)) / 2
            assert float(mean_empty_units(demand.connections, units)) == pytest.approx(
                right, abs=1e-12
            )

    def test_nobody_needs_nothing(self, make_demand):
        demand = make_demand(0.0)

        assert float(mean_units(demand, demand.connections, kept_hours=0.25)) == 0
        assert float(mean_idle_units(demand, demand.connections, 2)) == 2
