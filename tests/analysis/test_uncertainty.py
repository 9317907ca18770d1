"""Ranges of bills against what mathematics and price lists say of them, and how they are shown."""

from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from scipy import optimize

import estimator as ws
from estimator.analysis.uncertainty.sampling import SCRAMBLES
from estimator.errors import ScenarioError, UnknownNameError
from estimator.shown import Look

GATEWAY, FLEET = "aws.api_gateway", "aws.alb_ec2"
CONNECT = "aws.api_gateway.connect_is_message"
MESSAGES = "aws.api_gateway.messages"
PHONE = Look(width_inches=4.2)
DARK = Look(ink="#E6EAEE", paper="#12181F")
ALWAYS = {"title": "All hours alike", "hours_of_day": [1.0] * 24, "days_of_week": [1.0] * 7}
LEVEL = ws.Scenario(
    name="Level",
    profile={
        "title": "Level",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": ALWAYS,
        "flows": {
            "news": {"direction": "server_to_client", "rate_per_hour": 200, "payload": 0}
        },
    },
    location="virginia",
    peak_connections=1000,
    free_allowances="none",
    # the gateway alone, whose messages have a price that is known by heart
    options={GATEWAY: {"backend": "none", "application": "none"}},
)  # fmt: skip
PER_RATE = 1000 * 730 / 1e6
"""USD per month for a message per hour to each connection: API Gateway, a dollar for a million."""
NEWS = "profile.flows.news.rate_per_hour"


def only(spread, *names, questions=(), scenario=LEVEL, field=NEWS, **more) -> ws.Uncertainty:
    return ws.uncertainty(
        scenario, {field: spread}, names or GATEWAY, evidence=False, questions=questions, **more
    )


def test_quantiles_of_a_line_are_those_of_its_quantity_times_the_price():
    found = only("100..300")
    [line] = [row for _, row in found.lines().iterrows() if row["meter"] == MESSAGES]

    for level, rate in (("p10_usd", 120), ("p50_usd", 200), ("p90_usd", 280), ("mean_usd", 200)):
        assert line[level] == pytest.approx(rate * PER_RATE, rel=0.005)
    assert line["expected_usd"] == pytest.approx(200 * PER_RATE)


def test_what_rises_with_one_number_has_its_quantiles():
    # the bill at P10 of the only input is P10 of the bill, whatever lies between: tiers, nodes
    found = only(ws.Lognormal(20_000, 4), GATEWAY, FLEET, field="peak_connections", samples=4096)

    for row in found.table.itertuples():
        for level, peak in ((row.p10_usd, 5000), (row.p50_usd, 20_000), (row.p90_usd, 80_000)):
            at = ws.estimate(LEVEL.replace(peak_connections=peak), str(row.deployment)).total
            assert level == pytest.approx(at, rel=0.02)


def test_the_stated_error_is_how_far_off_it_is():
    # P90 of a triangle is known; over many seeds the deviation is as large as was stated
    deviations, stated = [], []
    for seed in range(40):
        found = only(ws.Triangular(100, 200, 300), samples=128, seed=seed)
        deviations.append(found.quantile(GATEWAY, 0.9))
        stated.append(found.errors(GATEWAY)[2])
    other = float(ws.estimate(LEVEL, GATEWAY).total) - 200 * PER_RATE
    truth = (300 - np.sqrt(0.1 * 200 * 100)) * PER_RATE + other

    found = np.sqrt(np.mean((np.array(deviations) - truth) ** 2))
    assert 0.5 <= found / np.sqrt(np.mean(np.square(stated))) <= 1.5


def test_more_draws_are_more_exact():
    few, many = (only("100..300", samples=count).errors(GATEWAY).max() for count in (128, 4096))

    # even draws of one number: the error falls faster than with the root of their number, 5.7
    assert many < few / 5


def test_an_open_question_is_answered_either_way_equally_often():
    found = only("199..201", questions=[CONNECT], samples=2048)
    column = [each.name for each in found.uncertain].index(CONNECT)

    assert found.draws[:, column].mean() == pytest.approx(0.5)
    yes = found.total(GATEWAY)[found.draws[:, column] == 1].mean()
    no = found.total(GATEWAY)[found.draws[:, column] == 0].mean()
    # connections are cut at two hours: 1 / (1 - exp(-2)) an hour, a message each at both ends
    assert yes - no == pytest.approx(2 * PER_RATE / (1 - np.exp(-2)), rel=0.01)


def test_shares_of_the_draws_in_which_each_is_the_cheapest_that_holds():
    found = only("150..550", GATEWAY, FLEET)
    table = found.table.set_index("deployment")

    def more_expensive(rate: float) -> float:
        at = LEVEL.replace(
            profile={
                **LEVEL.as_data()["profile"],
                "flows": {"news": {"direction": "server_to_client", "rate_per_hour": rate,
                                   "payload": 0}},
            }
        )  # fmt: skip
        return float(ws.estimate(at, GATEWAY).total) - float(ws.estimate(at, FLEET).total)

    # API Gateway is the cheaper one up to a rate, and rates are spread evenly
    crossover = float(optimize.brentq(more_expensive, 150, 550))
    share = (crossover - 150) / 400
    assert table.loc[GATEWAY, "cheapest_share"] == pytest.approx(share, abs=2e-3)
    assert table.loc[FLEET, "cheapest_share"] == pytest.approx(1 - share, abs=2e-3)
    assert found.share_within(GATEWAY, found.quantile(GATEWAY, 0.25)) == pytest.approx(
        0.25, abs=2e-3
    )


def test_what_does_not_hold_is_the_cheapest_nowhere():
    # one message a connection is 200 kB, which API Gateway does not pass on; heartbeats outlive the
    # 4,000 seconds that the load balancer can wait at most
    large = LEVEL.replace(
        profile={
            **LEVEL.as_data()["profile"],
            "heartbeat": {"interval_seconds": 25, "kind": "protocol"},
            "flows": {"news": {"direction": "server_to_client", "rate_per_hour": 1,
                               "payload": 200_000}},
        }
    )  # fmt: skip
    found = only("1..2", GATEWAY, FLEET, scenario=large)
    table = found.table.set_index("deployment")

    assert (table.loc[GATEWAY, "within_limits_share"], table.loc[GATEWAY, "cheapest_share"]) == (
        0,
        0,
    )
    assert table.loc[FLEET, "cheapest_share"] == found.within_limits_share(FLEET) == 1
    assert found.deployments == (FLEET, GATEWAY)


def test_shares_of_the_lines_add_up_and_so_do_their_means():
    found = ws.uncertainty(LEVEL, {NEWS: "100..300", "peak_connections": "± 20 %"}, FLEET)
    lines = found.lines(FLEET)

    assert lines["variance_share"].sum() == pytest.approx(1)
    assert lines["mean_usd"].sum() == pytest.approx(found.total(FLEET).mean())


def test_ranges_are_the_same_for_the_same_seed_and_wherever_they_are_priced():
    first, again, other = (only("100..300", seed=seed) for seed in (1, 1, 2))

    assert first.table.equals(again.table)
    assert not first.table.equals(other.table)
    assert len(first.draws) == 1024
    assert len(np.unique(first.draws.reshape(SCRAMBLES, -1))) == 1024


def test_a_fan_has_the_range_of_each_value():
    found = only("100..300")
    fan = found.fan("peak_connections", [2000, 1000, 4000], samples=1024)

    assert fan.values.tolist() == [1000, 2000, 4000]
    assert fan.usd[:, 0, 0] == pytest.approx(found.table.loc[0, ["p10_usd", "p50_usd", "p90_usd"]])
    # without allowances, below all tiers, twice as many cost twice as much
    assert fan.usd[:, 0, 1] == pytest.approx(2 * fan.usd[:, 0, 0])
    assert fan.table.shape == (3, 6)
    # what moves is known at each of its values
    own = found.fan(NEWS, [100, 200, 300])
    assert np.ptp(own.usd, axis=0) == pytest.approx(0)


BAD: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no power of two": ({"samples": 1000}, ScenarioError, "not 1,000: take 1,024"),
    "too few": ({"samples": 64}, ScenarioError, "take 128"),
    "too many": ({"samples": 10**6}, ScenarioError, "take 65,536"),
    "none": ({"samples": 0}, ScenarioError, "take 128"),
    "seed": ({"seed": -1}, ScenarioError, "at least 0, not -1"),
    "field": ({"inputs": {"new.rate_per_hour": "1..2"}}, UnknownNameError, "unknown field"),
    "text": ({"inputs": {NEWS: "some"}}, ScenarioError, "is not a distribution"),
    "reversed": ({"inputs": {NEWS: "3..1"}}, ScenarioError, "write 1..3"),
    "beyond": ({"inputs": {NEWS: "-1..1"}}, ScenarioError, "reaches -1"),
    "deployment": ({"deployments": "aws.gateway"}, UnknownNameError, "did you mean"),
    "question": ({"questions": ["connect_is_message"]}, UnknownNameError, "unknown assumption"),
    "another's option": (
        {"inputs": {"options.aws.alb_ec2.messages_per_core_second": "1000..2000"}},
        ScenarioError,
        "affects none of the deployments",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_told(what):
    given, kind, told = BAD[what]
    asked: dict[str, Any] = {
        "deployments": GATEWAY,
        "evidence": False,
        "questions": (),
        "inputs": {NEWS: "1..2"},
    }

    with pytest.raises(kind, match=told):
        ws.uncertainty(LEVEL, **{**asked, **given})


def test_nothing_uncertain_is_refused():
    with pytest.raises(ScenarioError, match="nothing is uncertain"):
        ws.uncertainty(LEVEL, deployments=GATEWAY, questions=())


def test_what_was_not_asked_for_is_told():
    found = only("1..2", samples=128)

    with pytest.raises(ScenarioError, match="was not asked for"):
        found.total(FLEET)
    with pytest.raises(ScenarioError, match="from 0 to 1"):
        found.quantile(GATEWAY, 1.5)
    with pytest.raises(ScenarioError, match="at least two values"):
        found.fan("peak_connections", [5])
    with pytest.raises(ScenarioError, match="power of two"):
        found.sensitivity(samples=100)


def test_a_deployment_without_a_price_is_refused_and_the_others_stay():
    # a day on which some prices were not known yet
    then = LEVEL.replace(location="frankfurt", as_of="2025-12-01")
    found = ws.uncertainty(then, {NEWS: "1..2"}, samples=128, questions=())

    refused = {each.deployment for each in found.refusals}
    assert refused == {each.deployment for each in ws.compare(then).refusals}
    assert 0 < len(refused) < len(ws.DEPLOYMENTS)
    with pytest.raises(ScenarioError, match="could not be priced: no price"):
        found.total(found.refusals[0].deployment)


@pytest.fixture(scope="module")
def chat() -> ws.Uncertainty:
    scenario = ws.Scenario(
        name="<b>Chat</b> & $5", profile="workplace-chat", location="virginia",
        peak_connections=20_000,
    )  # fmt: skip
    names = [GATEWAY, FLEET, "azure.web_pubsub", "oci.load_balancer_vm"]
    return ws.uncertainty(scenario, {"peak_connections": "15000..30000"}, names, samples=128)


def test_machines_get_what_people_see(chat):
    data = json.loads(json.dumps(chat.as_data(), allow_nan=False))

    assert [each["deployment"] for each in data["deployments"]] == list(chat.deployments)
    for each, row in zip(data["deployments"], chat.table.itertuples(), strict=True):
        assert each["p90_usd"] == row.p90_usd
        assert sum(line["mean_usd"] for line in each["lines"]) == pytest.approx(each["mean_usd"])
    peak = next(each for each in data["inputs"] if each["input"] == "peak_connections")
    assert (peak["distribution"], peak["p10"], peak["p90"]) == ("15000..30000", 16_500, 28_500)


def test_it_shows_itself_short_and_harmless(chat):
    assert repr(chat).startswith("<Uncertainty '<b>Chat</b> & $5, Northern Virginia': 4 deploy")
    lines = str(chat).splitlines()
    assert lines[0] == "<b>Chat</b> & $5, Northern Virginia: US dollars per month"
    first = next(i for i, line in enumerate(lines) if line.startswith(" ──")) + 1
    assert [line.split()[0] for line in lines[first : first + 4]] == list(chat.deployments)
    assert lines[first + 4] == "What changes oci.load_balancer_vm most, each alone"
    page = chat._repr_html_()
    assert "&lt;b&gt;Chat&lt;/b&gt;" in page
    assert "<b>Chat" not in page.replace("<b>&lt;", "")


def test_what_to_measure_next_stands_first(chat):
    shares = chat.sensitivity(GATEWAY)

    known = shares.dropna()
    assert known["total"].is_monotonic_decreasing
    assert len(shares) == len([e for e in chat.uncertain if e.matters_to(GATEWAY)])
    assert (known["total_low"] <= known["total_high"]).all()
    # typing: seven messages per hour, each to twenty; the rate and the number count alike
    assert set(known["input"][:2]) == {
        "profile.flows.typing.rate_per_hour", "profile.flows.typing.fan_out",
    }  # fmt: skip


def drawn(name: str, chat: ws.Uncertainty, look: Look | None) -> Any:
    if name == "fan":
        return chat.fan_chart("peak_connections", np.geomspace(1000, 1e5, 5), [GATEWAY, FLEET],
                              look)  # fmt: skip
    return chat.chart(look) if name == "range" else chat.tornado_chart(name, look)


@pytest.mark.parametrize("look", [None, PHONE, DARK], ids=["paper", "phone", "dark"])
@pytest.mark.parametrize("name", ["range", "fan", GATEWAY, FLEET, "oci.load_balancer_vm"])
def test_no_text_covers_another_or_leaves_the_picture(name, look, chat):
    chart = drawn(name, chat, look)
    FigureCanvasAgg(chart).draw()
    renderer = chart.canvas.get_renderer()
    axes = chart.axes[0]
    texts = [*chart.texts, axes._left_title, axes.xaxis.label, axes.yaxis.label, *axes.texts]
    for axis, view in ((axes.xaxis, axes.get_xlim()), (axes.yaxis, axes.get_ylim())):
        low, high = sorted(view)
        texts += [t.label1 for t in axis.get_major_ticks() if low <= t.get_loc() <= high]
    texts += [text for legend in chart.legends for text in legend.get_texts()]
    shown = [
        (each.get_text(), each.get_window_extent(renderer))
        for each in texts
        if each.get_visible() and each.get_text().strip()
    ]
    width, height = chart.canvas.get_width_height()

    assert len(shown) > 5
    for text, box in shown:
        assert min(box.x0, box.y0, width - box.x1, height - box.y1) >= -1, text
    for (one, first), (other, second) in combinations(shown, 2):
        across = min(first.x1, second.x1) - max(first.x0, second.x0)
        down = min(first.y1, second.y1) - max(first.y0, second.y0)
        assert across <= 1 or down <= 3, (one, other)


def test_bars_of_a_tornado_end_where_the_bills_do(chat):
    swings = chat.swings(GATEWAY)
    chart = drawn(GATEWAY, chat, None)

    bars = chart.axes[0].patches
    for row, each in enumerate(swings[:3]):
        left, right = bars[2 * row], bars[2 * row + 1]
        assert left.get_x() == pytest.approx(each.low_usd)
        assert right.get_x() + right.get_width() == pytest.approx(each.high_usd)
    widths = [each.swing_usd for each in swings]
    assert widths == sorted(widths, reverse=True)


def test_a_band_of_a_fan_is_from_p10_to_p90(chat):
    fan = chat.fan("peak_connections", [1000, 10_000, 100_000], [GATEWAY], samples=128)
    [band] = fan.chart().axes[0].collections

    path = band.get_paths()[0].vertices
    for value, low, high in zip(fan.values, fan.usd[0, 0], fan.usd[2, 0], strict=True):
        at = path[np.isclose(path[:, 0], value), 1]
        assert (at.min(), at.max()) == pytest.approx((low, high))


def test_what_people_cost_is_a_line_like_any_other():
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=5000,
        engineering={"engineer_hours_per_month": 20, "usd_per_engineer_hour": 100},
    )
    found = ws.uncertainty(
        scenario,
        {"engineer_hours_per_month": "10..30"},
        "aws.alb_ec2",
        evidence=False,
        questions=(),
        samples=128,
    )
    first = found.lines().iloc[0]

    assert first["meter"] == "own.engineer_hours"
    assert (first["p10_usd"], first["p90_usd"]) == pytest.approx((1200, 2800), rel=0.01)
    assert first["variance_share"] == pytest.approx(1)
