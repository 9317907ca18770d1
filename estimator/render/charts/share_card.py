"""What convinces in a chat? A card of the size of previews: few words, large figures.

A preview is often 400 pixels wide: at that size one still reads the title and the amounts.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from estimator.analysis.share_card import Option, ShareCard
from estimator.analysis.uncertainty.total_ranges import P10ToP90
from estimator.pricing.price_files import Driver
from estimator.render.charts.rows import cost_rows
from estimator.render.charts.sheet import Box, Letters, Sheet
from estimator.render.charts.style import DRIVER_COLORS, Chart
from estimator.shown import Look

if TYPE_CHECKING:
    import pandas as pd

    from estimator.analysis.compare import Comparison

_WIDTH_PX: Final = 1200
_HEIGHT_PX: Final = 630
"""What sites show of a link: https://developers.facebook.com/docs/sharing/webmasters/images."""
_LEFT, _RIGHT = 48, _WIDTH_PX - 48
_ROWS_TOP, _ROWS_BOTTOM = 148, 470
_MOST_ROW_PX: Final = 107
_AMOUNT_LEFT, _BAR_LEFT = 392, 656
_BAR_PX: Final = 36
_LEGEND_TOP, _DECISION_TOP, _SMALL_TOP = 474, 510, 556
_SWATCH_PX: Final = 14
_PROJECT: Final = "websocket-estimator"

_TITLE: Final = Letters(46, 16, is_bold=True)
_AUDIENCE: Final = Letters(28, 18)
_HEADING: Final = Letters(27, 20, is_bold=True)
_AMOUNT: Final = Letters(54, 24, is_bold=True)
_BESIDE: Final = Letters(19, 13)
_BELOW_BAR: Final = Letters(17, 12)
_DECISION: Final = Letters(27, 16, is_bold=True)
_SMALL: Final = Letters(16, 13)


def share_card_chart(
    compared: Comparison,
    look: Look | None = None,
    ranges: Mapping[str, P10ToP90] | None = None,
    link: str = "",
    made_on: dt.date | None = None,
) -> Chart:
    """The answer of a comparison as a card.

    Args:
        compared: of a single scenario.
        look: colors; dark on white, if left out.
        ranges: P10 and P90 in USD per month, by deployment.
        link: shows where the figures come from.
        made_on: the day that stands on the card.
    """
    card = ShareCard(compared, ranges, link, made_on)
    sheet = Sheet(look or Look(), _WIDTH_PX, _HEIGHT_PX)
    whole = _RIGHT - _LEFT
    sheet.title(card.title, Box(_LEFT, 24, whole, 66), _TITLE)
    sheet.write(card.audience, Box(_LEFT, 94, whole, 36), _AUDIENCE)
    _draw_options(sheet, card)
    sheet.write(card.decision, Box(_LEFT, _DECISION_TOP, whole, 36), _DECISION)
    _draw_small_print(sheet, card)
    return sheet.chart


def _draw_options(sheet: Sheet, card: ShareCard) -> None:
    """A row for each group, whose bars have one scale."""
    if not card.options:
        box = Box(_LEFT, _ROWS_TOP + 110, _RIGHT - _LEFT, 60)
        sheet.write("No deployment can be priced for this scenario.", box, _AMOUNT)
        return
    room = _ROWS_BOTTOM - _ROWS_TOP
    top = _ROWS_TOP + (room - _MOST_ROW_PX * len(card.options)) / 2
    parts = cost_rows(card.bills)
    for row, option in enumerate(card.options):
        row_top = top + row * _MOST_ROW_PX
        sheet.axes.hlines(
            row_top - 7, _LEFT, _RIGHT, color=sheet.look.gray, alpha=0.4, linewidth=0.8
        )
        _draw_words(sheet, option, row_top)
        its = parts[parts["deployment"] == (option.bill and option.bill.deployment)]
        _draw_bar(sheet, its, row_top + 8, parts["total_usd"].max())
    _draw_legend(sheet, [name for name in DRIVER_COLORS if name in set(parts["driver"])])


def _draw_words(sheet: Sheet, option: Option, top: float) -> None:
    """What it is, what it costs, how sure that is, and whether it is within limits."""
    width = _AMOUNT_LEFT - _LEFT - 16
    sheet.write(option.heading, Box(_LEFT, top, width, 34), _HEADING)
    sheet.write(option.name, Box(_LEFT, top + 37, width, 50), _BESIDE)
    width = _BAR_LEFT - _AMOUNT_LEFT - 16
    sheet.write(option.amount, Box(_AMOUNT_LEFT, top, width, 66), _AMOUNT)
    sheet.write(option.range_words, Box(_AMOUNT_LEFT, top + 64, width, 26), _BESIDE)
    if option.bill is None:
        return
    state_width = 170
    state, look = option.bill.state, sheet.look
    color = look.green if state.tone == "good" else look.red
    sheet.write(
        f"{state.symbol} {option.bill.state_words}",
        Box(_BAR_LEFT, top + 64, state_width, 26),
        _BELOW_BAR,
        color,
    )
    sheet.write(
        option.unit_words,
        Box(_BAR_LEFT + state_width, top + 64, _RIGHT - _BAR_LEFT - state_width, 26),
        _BELOW_BAR,
        align="right",
    )


def _draw_bar(sheet: Sheet, parts: pd.DataFrame, top: float, most_usd: float) -> None:
    """What drives the cost of a bill.

    Args:
        sheet: the card.
        parts: rows of ``cost_rows`` of this bill.
        top: of the bar, in pixels.
        most_usd: what the longest bar stands for.
    """
    left = float(_BAR_LEFT)
    by_driver = parts.groupby("driver")["usd"].sum()
    for driver, color in DRIVER_COLORS.items():
        width = by_driver.get(driver, 0.0) / most_usd * (_RIGHT - _BAR_LEFT) if most_usd else 0.0
        if width:
            sheet.axes.barh(
                top, width, _BAR_PX, left, align="edge", color=color, label=driver, linewidth=0
            )
            left += width


def _draw_legend(sheet: Sheet, drivers: list[Driver]) -> None:
    """The drivers of the bars in one line."""
    around = _SWATCH_PX + 34
    font = next(
        font
        for font in map(_SMALL.font, range(_SMALL.most_px, 0, -1))
        if sum(sheet.width(each, font) + around for each in drivers) <= _RIGHT - _LEFT
    )
    left = float(_LEFT)
    for driver in drivers:
        sheet.axes.barh(
            _LEGEND_TOP + 2, _SWATCH_PX, _SWATCH_PX, left, align="edge",
            color=DRIVER_COLORS[driver],
        )  # fmt: skip
        sheet.axes.text(
            left + 20, _LEGEND_TOP, driver, va="top", fontproperties=font, color=sheet.look.ink
        )
        left += sheet.width(driver, font) + around


def _draw_small_print(sheet: Sheet, card: ShareCard) -> None:
    """What is left out, how sure it is, how old the prices are, and whose card it is."""
    whose = 330
    sheet.write(
        " ".join(filter(None, (card.left_out, card.sureness, card.basis))),
        Box(_LEFT, _SMALL_TOP, _RIGHT - _LEFT - whose - 24, 64),
        _SMALL,
    )
    right = _RIGHT - whose
    sheet.write(_PROJECT, Box(right, _SMALL_TOP, whose, 26), Letters(20, 16, is_bold=True),
                align="right")  # fmt: skip
    sheet.write(card.site, Box(right, _SMALL_TOP + 28, whose, 24), _SMALL, align="right")
