"""How does one deployment's bill come about? Its lines, what is left out, what moves it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

from estimator.analysis.estimate import Estimate
from estimator.dashboard.widgets.limits import limits_view
from estimator.dashboard.widgets.open_questions import open_questions
from estimator.dashboard.widgets.options_form import options_form
from estimator.dashboard.widgets.text import dollars, literal
from estimator.format import quantity_text
from estimator.pricing.bill import Bill
from estimator.pricing.lines import LineItem
from estimator.scenario.scenario import Scenario

_SURENESS = {
    "confirmed": "confirmed",
    "single_source": "one source only",
    "inferred": "partly inferred",
}


def bill_view(scenario: Scenario, bill: Estimate) -> None:
    """A bill from all sides; the sides are tabs, and the one in front is drawn."""
    sides: dict[str, Callable[[], object]] = {
        "Line items": lambda: _line_items(bill),
        "Limits": lambda: limits_view(bill.verdicts),
        "Open questions": lambda: open_questions(bill),
        "Options": lambda: options_form(scenario, bill.deployment or ""),
        "In words": lambda: st.code(bill.explain(), language=None, wrap_lines=True),
    }
    tabs = st.tabs(list(sides), key="bill_side", on_change="rerun")
    for tab, draw in zip(tabs, sides.values(), strict=True):
        if tab.open:
            with tab:
                draw()


def _line_items(bill: Bill) -> None:
    st.table(_lines(bill), border="horizontal", hide_index=True)
    st.caption(literal(f"{bill.conventions}."))
    _small_print(bill)


def _lines(bill: Bill) -> pd.DataFrame:
    rows = [_row(item, bill.contract is not None) for item in bill.items]
    total = dict.fromkeys(rows[0], "") if rows else {"Line": ""}
    if bill.contract:
        total["At list price"] = dollars(float(bill.list_total))
    total |= {"Line": "**Total per month**", "Cost": f"**{dollars(float(bill.total))}**"}
    return pd.DataFrame([*rows, total])


def _row(item: LineItem, shows_list: bool) -> dict[str, str]:
    rate, meter = item.rate, item.rate.meter
    contract = rate.contract
    at_list = {"At list price": dollars(float(item.list_usd))} if shows_list else {}
    paid = f" ({literal(contract.in_words())})" if contract else ""
    return {
        "Line": literal(meter.title),
        "Quantity": literal(f"{quantity_text(item.usage.quantity)} {meter.unit}"),
        "Tiers and prices": literal(item.tiers_text()) + paid,
        **at_list,
        "Cost": dollars(float(item.cost_usd)),
        "Price from": f"[{rate.region if rate.region != '*' else 'all regions'}]({rate.source})",
        "Checked": f"{rate.checked_on}, {_SURENESS[rate.confidence]}",
    }


def _small_print(bill: Bill) -> None:
    for note in bill.notes:
        st.markdown(f":material/info: {literal(note)}")
    if bill.not_modeled:
        left_out = "".join(f"\n- {literal(item)}" for item in bill.not_modeled)
        st.markdown(f":material/do_not_disturb_on: **Not in this bill**{left_out}")
