"""What was asked for and not done, as one message."""

from __future__ import annotations

import streamlit as st

from estimator.dashboard.session.state import Fault
from estimator.dashboard.widgets.text import literal


def fault_view(fault: Fault | None) -> None:
    """What was asked for, why it was not done and what is shown instead; nothing if all is well."""
    if fault is None:
        return
    reasons = [literal(line) for line in fault.why.splitlines()]
    why = f" {reasons[0]}" if len(reasons) == 1 else "".join(f"\n- {line}" for line in reasons)
    st.error(f"**{literal(fault.what)}:**{why}\n\n{fault.instead}", icon=":material/error:")
