"""What would a managed service of another provider cost instead?"""

from __future__ import annotations

import pandas as pd
import streamlit as st

from estimator.dashboard.session.computed import saas_of
from estimator.dashboard.widgets.downloads import Download, csv, download_row
from estimator.dashboard.widgets.text import dollars, literal
from estimator.pricing.bill import Bill
from estimator.scenario.scenario import Scenario


def saas_view(scenario: Scenario) -> None:
    """Totals of the providers' services for the same workload, and what to know about each."""
    bills = saas_of(scenario.to_token()).bills
    st.markdown(
        "Services that need no cloud account, priced from the same demand by their published "
        "models. Discounts that are negotiated are not in these prices."
    )
    st.table(pd.DataFrame([_row(bill) for bill in bills]), border="horizontal", hide_index=True)
    download_row(
        [
            Download(
                "These services (CSV)",
                "saas.csv",
                "text/csv",
                lambda: csv(saas_of(scenario.to_token()).table),
            )
        ]
    )
    for bill in bills:
        with st.expander(literal(bill.title), icon=":material/receipt:"):
            st.code(bill.explain(), language=None, wrap_lines=True)


def _row(bill: Bill) -> dict[str, str]:
    return {
        "Service": literal(bill.title),
        "Total per month": f"**{dollars(float(bill.total))}**",
        "To know": " ".join(literal(note) for note in bill.notes),
    }
