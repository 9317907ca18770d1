"""Would it hold? Each limit, how close the demand comes to it, when, and what would fix it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from estimator.dashboard.widgets.text import literal, unbroken
from estimator.deployments.limits import AT_RISK_SHARE, Limit, Verdict
from estimator.format import figure_text
from estimator.render.utilization_scale import share_text

_BLOCKS = 8
STATES = {
    "pass": ":green-badge[pass]",
    "at risk": ":orange-badge[at risk]",
    "broken": ":red-badge[broken]",
}
"""Badges of the three states."""


def limits_view(verdicts: Sequence[Verdict], *, explained: bool = True) -> None:
    """All limits that were checked, the closest first.

    Args:
        verdicts: on one deployment.
        explained: say below them what the figures are; once is enough for many tables.
    """
    if not verdicts:
        st.info("No limit of this deployment was checked.")
        return
    st.table(pd.DataFrame([_row(one) for one in verdicts]), border="horizontal", hide_index=True)
    if not explained:
        return
    st.caption(
        "Rates are means of the busiest hour, which may hide shorter peaks: from "
        f"{AT_RISK_SHARE:.0%} of a limit on, it counts as at risk."
    )


def _row(verdict: Verdict) -> dict[str, str]:
    limit = verdict.limit
    raised = "can be raised" if limit.adjustable else "cannot be raised"
    fix = "" if verdict.state == "pass" else verdict.fix
    return {
        "": STATES[verdict.state],
        "Limit": literal(f"{limit.title}"),
        "Used": _bar(float(verdict.share)),
        "Demand": literal(f"{figure_text(float(verdict.used))} {limit.unit}"),
        "Allowed": literal(f"{figure_text(float(verdict.allowed))}, {raised}"),
        "When (UTC)": unbroken(literal(verdict.when.removesuffix(" UTC") or "any hour")),
        "Fix": literal(fix),
        "Source": source_of(limit),
    }


def _bar(share: float) -> str:
    """The used share as a bar of blocks, and in words for those who cannot see it."""
    blocks = math.ceil(min(share, 1.0) * _BLOCKS)
    return unbroken(f"{'▰' * blocks}{'▱' * (_BLOCKS - blocks)} {literal(share_text(share))}")


def source_of(limit: Limit) -> str:
    """Where a limit was read, as a link if there is one, named after the day of the reading."""
    if not limit.source.startswith("https://"):
        return literal(limit.source)
    return f"[{limit.checked_on}]({limit.source.split(' ')[0].rstrip(',')})"
