"""The share card: figures of the comparison, texts that stay apart, whatever they are."""

from __future__ import annotations

import datetime as dt
import itertools
from io import BytesIO

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

import estimator as ws
import hostile
from estimator.analysis.share_card import ShareCard
from estimator.analysis.uncertainty.total_ranges import best_ranges
from estimator.render.charts.sheet import Box, Letters, Sheet
from estimator.render.charts.style import DRIVER_COLORS
from estimator.result import Refusal

PAIR = ("aws.api_gateway", "aws.nlb_ec2")
DARK = ws.Look(ink="#FAFAFA", paper="#0E1117")
SITE = "https://costs.example.org/?scenario=abc"
SCENARIO = ws.Scenario(profile="workplace-chat", location="frankfurt", peak_connections=20_000)
LONG = ("The delivery tracking of all our brands in Europe, the Middle East and Asia, " * 3)[:200]


@pytest.fixture(scope="module")
def compared() -> ws.Comparison:
    return ws.compare(SCENARIO)


def texts_of(card: Figure) -> list[Text]:
    card.canvas.draw()
    return [each for each in card.findobj(Text) if each.get_text() and each.get_visible()]


def said(card: Figure) -> list[str]:
    """Each text in one line."""
    return [each.get_text().replace("\n", " ") for each in texts_of(card)]


def test_a_saved_card_has_the_size_of_a_preview_in_both_themes(compared):
    for look in (ws.Look(), DARK, ws.Look(width_inches=4.2)):
        file = BytesIO()
        compared.share_card(look).savefig(file, format="png")
        picture = Image.open(file)
        assert picture.size == (1200, 630)
        assert picture.convert("RGB").getpixel((0, 0)) == tuple(
            bytes.fromhex(look.paper.removeprefix("#"))
        )


def test_its_figures_are_those_of_the_comparison(compared):
    best = {each.group: each.bill for each in compared.headline.best}
    ranges = {bill.deployment: (1.0, 2_345.0) for bill in best.values()}
    card = compared.share_card(ranges=ranges, link=SITE, made_on=dt.date(2026, 12, 1))
    words = said(card)

    assert card.get_suptitle() == "Workplace chat, Frankfurt"
    assert "20,000 connections at the peak · US dollars per month" in words
    assert words.count("likely $1–2,345") == len(best) == 3
    for bill in best.values():
        total = float(bill.total)
        assert f"${total:,.0f}" in words or f"${total:,.2f}" in words
        assert bill.name in words
        assert f"${total / 20:,.2f} per 1,000 connections at the peak" in words
    saved = max(float(best["managed"].total) - float(bill.total) for bill in best.values())
    [decision] = [each for each in words if " save " in each]
    assert f" save ${saved:,.0f} per month: " in decision
    assert float(decision.split(": ")[1].split()[0]) == pytest.approx(saved / 100, rel=0.05)
    assert "costs.example.org" in words
    small = " ".join(words)
    assert "Left out: tax; people’s time, as no hours are stated." in small
    assert "Made on 2026-12-01." in small
    assert "P10 to P90" in small
    assert "of these dollars were checked within 90 days of " in small


def test_bars_have_one_scale_and_add_up_to_the_totals(compared):
    card = compared.share_card()
    [axes] = card.axes
    bills = [each.bill for each in compared.headline.best]
    drivers = [
        bar for group in axes.containers if group.get_label() in DRIVER_COLORS for bar in group
    ]
    lengths: dict[float, float] = {}
    for bar in drivers:
        lengths[bar.get_y()] = lengths.get(bar.get_y(), 0.0) + bar.get_width()
    found = np.array([lengths[top] for top in sorted(lengths)])
    totals = np.array([float(bill.total) for bill in bills])

    np.testing.assert_allclose(found / found.max(), totals / totals.max())


def test_bars_show_each_driver_in_its_color(compared):
    card = ws.compare(SCENARIO, PAIR[0]).share_card()
    bill = ws.estimate(SCENARIO, PAIR[0])
    parts = [group for group in card.axes[0].containers if group.get_label() in DRIVER_COLORS]
    total = sum(group[0].get_width() for group in parts)

    assert {group.get_label(): group[0].get_width() / total for group in parts} == pytest.approx(
        {driver: usd / bill.total for driver, usd in bill.by_driver.items() if usd}
    )


def test_users_and_one_cloud_are_named():
    users = ws.Scenario(
        profile="workplace-chat", location="frankfurt", users_per_day=20_000,
        sessions_per_user_per_day=3,
    )  # fmt: skip
    compared = ws.compare(users).of_clouds(["azure"])
    words = said(compared.share_card())
    [managed, *_] = [float(each.bill.total) for each in compared.headline.best if each.bill]

    assert "20,000 users per day with 3 sessions each · Azure only · US dollars per month" in words
    [each] = [word for word in words if word.endswith("per user and month")][:1]
    assert float(each.split()[0].removeprefix("$")) == pytest.approx(managed / 20_000, rel=0.05)


def test_a_card_without_ranges_says_so(compared):
    words = " ".join(said(compared.share_card()))

    assert "How far the amounts may be off was not worked out." in words
    assert "likely" not in words


def test_ranges_are_those_of_an_uncertainty(compared):
    few = ws.compare(SCENARIO, PAIR)
    found = ws.uncertainty(SCENARIO, deployments=PAIR, samples=128)

    assert best_ranges(few, samples=128) == {
        row.deployment: (row.p10_usd, row.p90_usd) for row in found.table.itertuples()
    }


def test_what_is_not_within_limits_is_told_and_is_no_amount():
    huge = ws.Scenario(profile="delivery-tracking", location="tokyo", peak_connections=1e9)
    compared = ws.compare(huge, ["aws.api_gateway", "azure.web_pubsub", "azure.signalr"])
    assert not compared.within_limits
    words = said(compared.share_card())

    assert "None of 3 is within limits" in words
    assert not any("$" in word for word in words)
    assert "Nothing that was compared is within limits for" in ShareCard(compared, None).sentence


def test_refusals_and_left_out_layers_are_counted(compared):
    refused = ws.Comparison(
        SCENARIO.replace(layers=("messaging",)),
        compared.bills,
        (Refusal("aws.app_runner", "App Runner", "no price"),),
    )
    told = " ".join(said(refused.share_card()))

    assert "application costs; engineering costs" in told
    assert f"1 of {len(compared.bills) + 1} deployments, for lack of a price" in told


CASES = {
    "long": SCENARIO.replace(name=LONG),
    "one long word": SCENARIO.replace(name="W" * 200),
    "ten digits": SCENARIO.replace(peak_connections=1_234_567_890.0),
    "one connection": SCENARIO.replace(peak_connections=1.0),
    "longest profile": ws.Scenario(
        profile="delivery-tracking", location="virginia", users_per_day=9_876_543_210.0,
        sessions_per_user_per_day=2,
    ),
    "hours": SCENARIO.replace(engineering={"engineer_hours_per_month": 12}),
    **{name: hostile.scenario(text) for name, text in hostile.TEXTS.items()},
}  # fmt: skip
THREE = ("azure.web_pubsub", "azure.container_apps", "azure.load_balancer_vm")
ASKED = (
    *((case, THREE) for case in CASES),
    *((case, ("gcp.passthrough_nlb_gce",)) for case in ("ten digits", "longest profile")),
    ("ten digits", ws.SAAS),
)


@pytest.mark.parametrize(("case", "deployments"), ASKED)
def test_texts_stay_on_the_card_and_apart(case, deployments):
    compared = ws.compare(CASES[case], deployments)
    widest = {bill.deployment or "": (123_456.0, 987_654_321.0) for bill in compared.bills}
    link = f"https://{'sub.' * 60}example.org/?scenario=x"
    card = compared.share_card(ranges=widest, link=link, made_on=dt.date(2026, 12, 31))
    boxes = [(each.get_text(), each.get_window_extent()) for each in texts_of(card)]
    bars = [bar.get_window_extent() for bar in card.axes[0].patches]

    for text, box in boxes:
        assert box.x0 >= 0, text
        assert box.y0 >= 0, text
        assert box.x1 <= 1200, text
        assert box.y1 <= 630, text
        assert not any(box.overlaps(bar) for bar in bars if bar.width), text
    for (one, first), (other, second) in itertools.combinations(boxes, 2):
        assert not first.overlaps(second), (one, other)


def test_a_text_is_cut_only_where_the_smallest_letters_leave_no_room():
    sheet = Sheet(ws.Look(), 400, 200)
    box = Box(10, 10, 300, 60)
    for words in ("short", "some more words", LONG * 4, "W" * 5_000):
        sheet.write(words, box, Letters(30, 12))
    short, more, long, parted = texts_of(sheet.chart)

    assert short.get_fontsize() == more.get_fontsize() == 30 * 0.72
    assert long.get_fontsize() == parted.get_fontsize() == 12 * 0.72
    assert (short.get_text(), more.get_text().split()) == ("short", ["some", "more", "words"])
    for each in (long, parted):
        assert each.get_text().endswith("…")
        assert each.get_window_extent().width <= 300
        assert each.get_window_extent().height <= 60


def test_the_longest_name_that_a_scenario_can_have_is_not_cut():
    card = ws.compare(SCENARIO.replace(name=LONG), PAIR).share_card()

    assert card.get_suptitle().replace("\n", " ") == f"{LONG}, Frankfurt"


def test_its_words_tell_those_who_cannot_see_it_each_figure(compared):
    card = ShareCard(compared, {})
    shown = said(compared.share_card())

    for each in (*(option.amount for option in card.options), card.decision):
        assert each in card.words
        assert each in shown
    for each in card.options:
        assert each.amount in card.sentence


def test_arrays_and_impossible_ranges_are_refused(compared):
    with pytest.raises(ws.ScenarioError, match="array"):
        ws.compare(SCENARIO.replace(peak_connections=[10, 20]), PAIR).share_card()
    for low, high in ((2.0, 1.0), (-1.0, 1.0)):
        with pytest.raises(ws.ScenarioError, match="lower one first"):
            compared.share_card(ranges={"aws.nlb_ec2": (low, high)})
    for low, high in ((0.0, float("inf")), (float("nan"), 1.0)):
        with pytest.raises(ws.ArgumentError, match="finite"):
            compared.share_card(ranges={"aws.nlb_ec2": (low, high)})
