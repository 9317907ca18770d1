"""Charts of sweeps: what is drawn is what was computed, and can be read on either paper."""

import numpy as np
import pytest

import estimator as ws
from estimator.shown import Look

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
LOOKS = {
    "light": Look(),
    "dark": Look(ink="#EEEEEE", paper="#0E1117"),
    "narrow": Look(width_inches=4.2),
}


@pytest.fixture(scope="module")
def lines() -> ws.Sweep:
    return ws.sweep(CHAT, {"peak_connections": np.geomspace(100, 1e6, 30)})


@pytest.fixture(scope="module")
def grid() -> ws.Sweep:
    axes = {"peak_connections": np.geomspace(100, 1e6, 12), "posts.rate_per_hour": [1, 5, 20]}
    return ws.sweep(CHAT, axes)


def texts(chart) -> list[str]:
    found = [text.get_text() for legend in chart.legends for text in legend.get_texts()]
    return [*found, *(text.get_text() for axes in chart.axes for text in axes.texts)]


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_line_shows_the_bills(lines, look):
    chart = lines.chart(look)
    [axes] = chart.axes
    drawn = [line.get_ydata() for line in axes.lines]

    for name in lines.cheapest["deployment"].unique():
        assert any(np.array_equal(lines.total(name), y) for y in drawn)
    assert "US dollars" in axes.get_ylabel()
    assert axes.get_xlabel() == "peak connections"


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_every_winner_of_a_map_is_named(grid, look):
    named = " ".join(texts(grid.chart(look)))

    for name in grid.cheapest["deployment"].unique():
        assert ws.DEPLOYMENTS[name].title in named


def test_the_field_of_a_map_is_the_winner(grid):
    [axes] = grid.chart().axes
    mesh = next(each for each in axes.collections if hasattr(each, "get_coordinates"))
    codes = np.asarray(mesh.get_array()).reshape(grid.winners.T.shape)

    # one color for one winner
    pairs = {*zip(codes.ravel().tolist(), grid.winners.T.ravel().tolist(), strict=True)}
    assert len(pairs) == np.unique(grid.winners).size


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_break_even_is_marked_where_it_is(look):
    found = ws.break_even(CHAT, "peak_connections", 100, 1e6, ["aws.api_gateway", "aws.alb_ec2"])
    [crossover] = found.crossovers

    assert f"{crossover.at:,.0f}" in texts(found.chart(look))


def test_three_axes_are_not_drawn():
    axes = {"peak_connections": [1, 2], "posts.rate_per_hour": [1, 2], "posts.fan_out": [1, 2]}
    with pytest.raises(ws.ScenarioError, match="one or two axes"):
        ws.sweep(CHAT, axes, "aws.api_gateway").chart()


def test_a_map_where_nobody_holds_says_so():
    market = CHAT.replace(
        profile={"extends": "market-data", "at_connect": {"message_bytes": "2 MB"}}
    )
    axes = {"peak_connections": [1000, 2000], "hours_per_month": [720, 744]}
    chart = ws.sweep(market, axes, "aws.api_gateway").chart()

    assert texts(chart) == ["none within limits", "now"]


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_a_map_and_a_line_show_where_the_scenario_is(look):
    peak = 5000.0
    scenario = CHAT.replace(peak_connections=peak)
    rivals = ["aws.api_gateway", "aws.alb_ec2"]
    [on_map] = ws.sweep(
        scenario, {"peak_connections": [peak / 2, peak * 2], "posts.rate_per_hour": [1, 5]}, rivals
    ).chart(look).axes  # fmt: skip
    now = next(line for line in on_map.lines if line.get_marker() == "P")
    assert [*np.ravel(now.get_xdata()), *np.ravel(now.get_ydata())] == [peak, 2.3]
    found = ws.break_even(scenario, "peak_connections", 10, 1e6, rivals)
    assert "now" in texts(found.chart(look))
    elsewhere = ws.sweep(
        scenario, {"peak_connections": [peak * 2, peak * 4], "posts.rate_per_hour": [1, 5]}, rivals
    )
    assert "now" not in texts(elsewhere.chart(look))
