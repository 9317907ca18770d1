"""Would it hold? Each limit, how close the demand comes to it, when, and what would cure it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from estimator.dashboard.text import literal
from estimator.deployments.limits import AT_RISK_SHARE, Limit, Verdict, figure

STATES = {
    "pass": ":green-badge[pass]",
    "at risk": ":orange-badge[at risk]",
    "broken": ":red-badge[broken]",
}
"""Badges of the three states."""


def limits_view(verdicts: Sequence[Verdict]) -> None:
    """All limits that were checked, the closest first."""
    if not verdicts:
        st.info("No limit of this deployment was checked.")
        return
    st.table(pd.DataFrame([_row(one) for one in verdicts]), border="horizontal", hide_index=True)
    st.caption(
        "Rates are means of the busiest hour, which may hide shorter peaks: from "
        f"{AT_RISK_SHARE:.0%} of a limit on, it counts as at risk."
    )


def _row(verdict: Verdict) -> dict[str, str]:
    limit = verdict.limit
    raised = "can be raised" if limit.adjustable else "cannot be raised"
    cure = "" if verdict.state == "pass" else verdict.cure
    return {
        "": STATES[verdict.state],
        "Limit": literal(f"{limit.title}"),
        "Demand": literal(f"{figure(float(verdict.used))} {limit.unit}"),
        "Allowed": literal(f"{figure(float(verdict.allowed))}, {raised}"),
        "When": literal(verdict.when or "any hour"),
        "Cure": literal(cure),
        "Source": source_of(limit),
    }


def source_of(limit: Limit) -> str:
    """Where a limit was read, as a link if there is one, named after the day of the reading."""
    if not limit.source.startswith("https://"):
        return literal(limit.source)
    return f"[{limit.checked_on}]({limit.source.split(' ')[0].rstrip(',')})"
