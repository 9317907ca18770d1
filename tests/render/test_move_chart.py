"""The chart of a move: steps that lead from one total to the other, as the table has them."""

import pytest

import estimator as ws
from estimator.render.charts.move import bars

LARGE = ws.Scenario(profile="market-data", location="virginia", peak_connections=3_000_000)


@pytest.fixture(scope="module")
def found() -> ws.Move:
    return ws.move(LARGE, "aws.nlb_ec2", "azure.web_pubsub")


def test_steps_lead_from_today_to_the_candidate(found):
    today, *steps, candidate = bars(found)

    assert (today.start_usd, today.end_usd) == (0, found.today.total)
    assert (candidate.start_usd, candidate.end_usd) == (0, found.candidate.total)
    reached = today.end_usd
    for step in steps:
        assert step.start_usd == pytest.approx(reached)
        reached = step.end_usd
    assert reached == pytest.approx(found.candidate.total)
    by_driver = found.table.groupby("driver")["change_usd"].sum()
    for step in steps:
        assert step.end_usd - step.start_usd == pytest.approx(by_driver[step.label])


@pytest.mark.parametrize("width", [8.0, 4.2])
def test_what_cannot_carry_the_load_is_pale_and_says_why(found, width):
    chart = found.chart(ws.Look(width_inches=width))
    [axes] = chart.axes
    labels = [each.get_text() for each in axes.get_yticklabels()]

    assert labels[0] == "today"
    assert labels[-1] == "candidate\nover a hard limit"
    assert [bar.get_alpha() for bar in axes.patches] == [1.0] * (len(labels) - 1) + [0.35]
    amounts = [each.get_text() for each in axes.texts]
    assert amounts[0] == f"${found.today.total:,.0f}"
    assert amounts[-1] == f"${found.candidate.total:,.0f}"
