"""Chance from month to month against the theory of compound Poisson sums, beside the inputs."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.uncertainty.sensitivity import (
    RandomVariation,
    VarianceSplit,
    variability_of,
)
from estimator.analysis.uncertainty.uncertainty import uncertainty
from estimator.errors import ScenarioError

GATEWAY = "aws.api_gateway"
MEAN_HOURS = 0.5
RATE = 100.0
PEAK = 40.0
LEVEL = ws.Scenario(
    profile={
        "title": "Level",
        "session": {"law": "exponential", "mean_hours": MEAN_HOURS},
        "weekly_shape": {
            "title": "All hours alike", "hours_of_day": [1.0] * 24, "days_of_week": [1.0] * 7,
        },
        "flows": {
            "news": {"direction": "server_to_client", "rate_per_hour": RATE, "payload": 0}
        },
    },
    location="virginia",
    peak_connections=PEAK,
    free_allowances="none",
    # the gateway alone, whose messages cost a dollar a million
    options={"aws.api_gateway": {"backend": "none"}},
    assumptions={"aws.api_gateway.billed_bytes": "payload"},
)  # fmt: skip


@pytest.fixture(scope="module")
def simulation():
    return ws.simulate(LEVEL, GATEWAY, replications=16, seed=3)


def test_chance_is_that_of_a_compound_poisson_sum(simulation):
    # The bill is a sum over the sessions of a month of c S + d, with S the hours of each. Their
    # number n is Poisson, so its variance is n E[(c S + d)^2] = n (2 c^2 m^2 + 2 c d m + d^2) for
    # exponential S of mean m.
    bill = ws.estimate(LEVEL, GATEWAY)
    sessions = PEAK / MEAN_HOURS * 730
    # what does not change with the length of a session is what minutes rounded up and handshakes
    # cost: so much that of a bill of sessions twice as long and half as many
    longer = LEVEL.replace(
        profile={
            **LEVEL.as_data()["profile"],
            "session": {"law": "exponential", "mean_hours": 2 * MEAN_HOURS},
        }
    )
    d = (bill.total - ws.estimate(longer, GATEWAY).total) / (sessions / 2)
    c = (bill.total - d * sessions) / (sessions * MEAN_HOURS)
    theory = np.sqrt(sessions * (2 * c**2 * MEAN_HOURS**2 + 2 * c * d * MEAN_HOURS + d**2))

    variation = variability_of(simulation)
    low, high = variation.sd_interval_usd
    assert variation.weeks == 16
    assert low <= theory <= high
    # tables of chi-square with 15 degrees of freedom: 6.262 and 27.488 for 2.5 and 97.5 %
    assert low == pytest.approx(variation.sd_usd * np.sqrt(15 / 27.488), rel=1e-3)
    assert high == pytest.approx(variation.sd_usd * np.sqrt(15 / 6.262), rel=1e-3)


def test_inputs_and_chance_are_told_apart_and_add_up(simulation):
    found = uncertainty(LEVEL, {"news.rate_per_hour": "90..110"}, GATEWAY, questions=())
    split = found.variance_split(simulation)

    # a range of 20 around 100, of which messages are nearly all: 20 / sqrt(12) % of them
    messages = PEAK * RATE * 730 / 1e6
    assert split.inputs_sd_usd == pytest.approx(messages * 0.2 / np.sqrt(12), rel=0.02)
    assert split.inputs_share + split.random_share == pytest.approx(1)
    assert split.random_share == pytest.approx(
        split.random.sd_usd**2 / (split.random.sd_usd**2 + split.inputs_sd_usd**2)
    )
    assert simulation.simulated_bill is not None
    assert simulation.expected_bill is not None
    assert split.offset_usd == pytest.approx(
        simulation.simulated_bill.total - simulation.expected_bill.total
    )
    assert f"{split.inputs_share:.2%}" in str(split)


def test_no_spread_at_all_has_no_shares():
    still = VarianceSplit(GATEWAY, 0.0, RandomVariation(0.0, (0.0, 0.0), 8), 0.0)

    assert (still.sd_usd, still.inputs_share, still.random_share) == (0, 0, 0)


def test_what_cannot_be_told_apart_is_refused(simulation):
    found = uncertainty(
        LEVEL, {"news.rate_per_hour": "90..110"}, GATEWAY, questions=(), samples=128
    )

    with pytest.raises(ScenarioError, match="one simulated week"):
        found.variance_split(ws.simulate(LEVEL, GATEWAY, replications=1))
    with pytest.raises(ScenarioError, match="name a deployment"):
        found.variance_split(ws.simulate(LEVEL, replications=2))
    with pytest.raises(ScenarioError, match="another scenario"):
        found.variance_split(
            ws.simulate(LEVEL.replace(peak_connections=41), GATEWAY, replications=2)
        )
    with pytest.raises(ScenarioError, match=r"aws\.alb_ec2 was not asked for"):
        found.variance_split(ws.simulate(LEVEL, "aws.alb_ec2", replications=2))
    faulty = ws.simulate(LEVEL, GATEWAY, faults="outage at Tue 14:00", replications=2)
    assert found.variance_split(faulty).random.weeks == 2
