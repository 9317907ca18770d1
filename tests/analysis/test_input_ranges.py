"""Distributions: quantiles as mathematics has them, texts as people write them, no nonsense."""

import numpy as np
import pytest
from scipy import stats

import estimator as ws
from estimator.analysis.uncertainty.input_ranges import (
    FACTOR_OF_GRADE,
    Lognormal,
    Triangular,
    Uniform,
    by_grade,
    input_ranges_by_evidence,
    parse_input_range,
)
from estimator.errors import EstimatorError, ScenarioError

SHARES = np.linspace(0.001, 0.999, 201)


def test_quantiles_are_those_of_scipys_laws():
    sigma = np.log(2) / stats.norm.ppf(0.9)
    for spread, law in (
        (Uniform(20, 50), stats.uniform(20, 30)),
        (Triangular(20, 30, 60), stats.triang(0.25, 20, 40)),
        (Triangular(20, 20, 60), stats.triang(0, 20, 40)),
        (Triangular(20, 60, 60), stats.triang(1, 20, 40)),
        (Lognormal(300, 2), stats.lognorm(sigma, scale=300)),
    ):
        assert spread.quantile(SHARES) == pytest.approx(law.ppf(SHARES), rel=1e-9)


def test_ends_and_medians_by_hand():
    assert (Uniform(20, 40).low, Uniform(20, 40).median, Uniform(20, 40).high) == (20, 30, 40)
    # half of the area of a triangle lies below low + sqrt(width * rise / 2)
    assert Triangular(0, 8, 10).median == pytest.approx(np.sqrt(10 * 8 / 2))
    assert Triangular(0, 8, 10).quantile(np.array(0.8)) == pytest.approx(8)
    assert Lognormal(300, 2).quantile(np.array([0.1, 0.5, 0.9])) == pytest.approx([150, 300, 600])


def test_a_lognormal_law_is_cut_at_one_in_a_thousand():
    law = Lognormal(1, 2)

    assert law.quantile(np.array([0.0, 1e-9])) == pytest.approx(
        float(law.quantile(np.array(0.001)))
    )
    # 3.0902 and 1.2816 standard deviations
    assert law.high == pytest.approx(2 ** (3.0902 / 1.2816), rel=1e-4)
    assert law.low * law.high == pytest.approx(1)


@pytest.mark.parametrize(
    ("text", "spread"),
    [
        ("20..40", Uniform(20, 40)),
        ("20 to 40", Uniform(20, 40)),
        ("-3 .. 4.5", Uniform(-3, 4.5)),
        ("40,000..60,000", Uniform(40_000, 60_000)),
        ("1e3..2e3", Uniform(1000, 2000)),
        ("20..30..45", Triangular(20, 30, 45)),
        ("20 to 30 to 45", Triangular(20, 30, 45)),
        ("300 x/ 2", Lognormal(300, 2)),
        ("300 x/÷ 2", Lognormal(300, 2)),
        ("300 ×÷ 2", Lognormal(300, 2)),
        ("lognormal 300 p90 600", Lognormal(300, 2)),
        ("x/ 2", Lognormal(8, 2)),
        ("± 25 %", Uniform(6, 10)),
        ("+-25%", Uniform(6, 10)),
        ("within 25%", Uniform(6, 10)),
    ],
)
def test_texts_are_read_as_they_are_meant(text, spread):
    assert parse_input_range(text, around=8) == spread
    assert parse_input_range(str(spread)) == spread


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("40..20", ["runs backwards", "20..40"]),
        ("20..20", ["is one value", "put a known value into the scenario"]),
        ("20..10..30", ["out of order"]),
        ("5..5..5", ["is one value"]),
        ("300 x/ 1", ["above 1", "not 1"]),
        ("0 x/ 2", ["above 0", "not 0"]),
        ("lognormal 0 p90 3", ["above 0", "not 0"]),
        ("1e200..2", ["too large"]),
        ("about twenty", ["is not a distribution", "20..40", "300 x/ 2"]),
        ("20", ["is not a distribution"]),
        ("", ["is not a distribution"]),
        ("x/ 2", ["no single value", "write the numbers out"]),
        ("1,5..2", ["'1,5' is not a number"]),
    ],
)
def test_nonsense_is_told_what_would_be_right(text, told):
    with pytest.raises(ScenarioError) as fault:
        parse_input_range(text)

    for words in told:
        assert words in str(fault.value)


def test_numbers_that_are_none_are_refused():
    for wrong in (lambda: Uniform(np.nan, 2), lambda: Triangular(0, np.inf, 2),
                  lambda: Lognormal(np.inf, 2)):  # fmt: skip
        with pytest.raises(EstimatorError, match="finite"):
            wrong()


def test_grades_of_evidence_are_factors_and_what_is_assumed_is_wider():
    assert by_grade(60, "assumption") == Lognormal(60, 2)
    assert by_grade(60, "published") == Lognormal(60, 1.25)
    # figures published twice, as the docstring names them: the scatter of one of them is P90
    twice = np.log([10 / 9, 25 / 20, 124 / 83, 130 / 113, 2.01 / 2.0])
    one = np.sqrt(np.mean(twice**2) / 2)
    assert np.exp(stats.norm.ppf(0.9) * one) == pytest.approx(1.22, abs=0.005)
    assert FACTOR_OF_GRADE["published"] < FACTOR_OF_GRADE["assumption"]


def test_evidence_speaks_of_what_can_be_more_or_less():
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", users_per_day=1000,
                           sessions_per_user_per_day=5)  # fmt: skip
    found = input_ranges_by_evidence(scenario)

    assert found["profile.flows.posts.rate_per_hour"] == Lognormal(2.3, 1.25)
    assert found["profile.flows.posts.fan_out"] == Lognormal(20, 2)
    assert found["profile.session.mean_hours"] == Lognormal(2, 2)
    assert found["profile.heartbeat.interval_seconds"] == Lognormal(25, 1.25)
    # the evidence of a flow is that of each of its numbers
    assert found["profile.flows.typing.payload.bytes"] == Lognormal(120, 2)
    # neither the audience nor the shape of a law, nor what is 0
    assert not [name for name in found if not name.startswith("profile.")]
    assert not [name for name in found if name.endswith(("sigma", "max_bytes", "payload_bytes"))]


def test_what_a_scenario_says_itself_is_known():
    scenario = ws.Scenario(
        profile={"extends": "workplace-chat", "flows": {"posts": {"rate_per_hour": 4}}},
        location="virginia",
        peak_connections=100,
    )
    found = input_ranges_by_evidence(scenario)

    assert "profile.flows.posts.rate_per_hour" not in found
    assert "profile.flows.posts.fan_out" in found


def test_many_scenarios_are_refused():
    many = ws.Scenario(profile="market-data", location="virginia", peak_connections=[1, 2])

    with pytest.raises(ScenarioError, match="choose one"):
        input_ranges_by_evidence(many)


def test_other_clients_have_evidence_too():
    scenario = ws.Scenario(
        profile="market-data",
        location="virginia",
        peak_connections=100,
        other_clients={"desk": {"profile": "workplace-chat", "peak_connections": 10}},
    )
    found = ws.input_ranges_by_evidence(scenario)

    assert str(found["other_clients.desk.profile.flows.posts.rate_per_hour"]) == "2.3 x/ 1.25"
    assert str(found["other_clients.desk.profile.flows.typing.rate_per_hour"]) == "7 x/ 2"
    assert "profile.flows.tickers.rate_per_hour" in found
