"""Charts that one can touch, in room that is kept for them, and in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import streamlit as st

from estimator.dashboard.session.cache import kept
from estimator.dashboard.session.turns import TURNS
from estimator.dashboard.widgets.charts import Screen, look_of, screen, theme

if TYPE_CHECKING:
    from estimator.dashboard.charts.dress import Touchable
    from estimator.shown import Look


def show_touchable(
    asked: object,
    name: str,
    chart: Callable[[Look], Touchable],
    words: str,
    *,
    key: str | None = None,
    selection: str | None = None,
) -> None:
    """A chart in the colors of the page, in a place that is as high before it comes.

    Args:
        asked: what the chart depends on; equal questions have equal charts.
        name: which chart of it; a class of its place.
        chart: draws it.
        words: tell it to those who cannot see it.
        key: of the widget, if something can be selected; see ``session.state.watch``.
        selection: what can be.
    """
    drawn = spec(str(asked), name, theme(), screen(), chart)
    slot = f"touch_{name}"
    st.html(f"<style>.st-key-{slot} {{ min-height: {drawn.height_px}px; }}</style>")
    with st.container(key=slot):
        st.vega_lite_chart(
            None,
            drawn.spec,
            width="stretch",
            alt=words,
            key=key or f"{slot}_chart",
            on_select="rerun" if selection else "ignore",
            selection_mode=selection,
        )
    TURNS.step_back()


@kept
def spec(
    asked: str,  # noqa: ARG001 - part of the key
    name: str,  # noqa: ARG001 - part of the key
    theme: str,
    screen: Screen,
    _chart: Callable[[Look], Touchable],
) -> Touchable:
    """A chart in the colors of a theme, for a screen."""
    return _chart(look_of(theme, screen))
