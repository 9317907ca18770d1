"""How much of your invoice does the estimate explain, and why does the rest differ?"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import streamlit as st
from matplotlib.figure import Figure
from streamlit.runtime.uploaded_file_manager import UploadedFile

from estimator.dashboard.pages.frame import open_page
from estimator.dashboard.session.invoice_jobs import ReconciliationJob, ReconciliationShown
from estimator.dashboard.session.state import IN_ADDRESS
from estimator.dashboard.widgets.charts import show_chart
from estimator.dashboard.widgets.document import full_title, show, show_answer
from estimator.dashboard.widgets.downloads import (
    Download,
    chart_files,
    data_file,
    download_row,
    table_file,
)
from estimator.dashboard.widgets.progress import result_of
from estimator.dashboard.widgets.texts import heading_html
from estimator.deployments.registry import DEPLOYMENTS, HTTP_ONLY
from estimator.render import document as doc
from estimator.render.charts.steps import steps_chart
from estimator.scenario.scenario import Scenario
from estimator.shown import Look

_WHERE: Final = (
    "AWS: Billing, Data Exports: FOCUS, or a cost and usage report.",
    "Azure: Cost Management, Exports: cost and usage details, or FOCUS.",
    "Google Cloud: the billing export to BigQuery, saved as CSV or JSON.",
    "OCI: Cost Management, Cost and Usage Reports: a cost report or FOCUS.",
)


def your_invoice_page() -> None:
    """Draw the page."""
    scenario = open_page("your_invoice", "How much of your invoice is explained?")
    uploaded = st.file_uploader(
        "Your bill",
        type=["csv", "gz", "json", "jsonl", "parquet"],
        key="bill",
        help="One month, as the vendor exports it: CSV, in gzip or not, JSON (Google Cloud) or "
        "Parquet. It is compared in this server’s memory; accounts, resources and tags are not "
        "read. A larger file: 'estimator reconcile', which keeps none of it in memory.",
    )
    deployment, rate, month = _choices()
    if uploaded is None:
        show([doc.Paragraph("Where vendors have it", "strong"), doc.Bullets(_WHERE)])
        return
    job = _job(scenario, uploaded, deployment, rate, month)
    found = result_of("reconciliation", job, "Reading the bill")
    if found is None:
        return
    show_answer([heading_html(found.verdict)])
    chart = partial(steps_chart, found.title, found.bars, "US dollars")
    words = ", ".join(f"{bar.label} {bar.text}" for bar in found.bars).replace("\n", " ")
    show_chart(job, "reconciliation", chart, f"{found.title}: {words}")
    show(found.blocks)
    _downloads(found, chart)


def _choices() -> tuple[str | None, float | None, str | None]:
    """Widgets for what the file itself may not say."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        deployment = st.selectbox(
            "It is of",
            [*DEPLOYMENTS, *HTTP_ONLY],
            index=None,
            key="billed_deployment",
            format_func=full_title,
            placeholder="Recognized by its meters",
            **IN_ADDRESS,
        )
        rate = st.number_input(
            "Currency rate in USD",
            min_value=0.0,
            value=None,
            format="%g",
            key="usd_per_currency",
            placeholder="1, in US dollars",
            help="Only for a bill in another currency: 1.08 if one euro is 1.08 US dollars.",
            **IN_ADDRESS,
        )
        month = st.text_input(
            "Month",
            key="billed_month",
            placeholder="2026-11",
            help="Only for a file of several months: the one to compare.",
            **IN_ADDRESS,
        )
    return deployment, rate or None, (month or "").strip() or None


def _job(
    scenario: Scenario,
    uploaded: UploadedFile,
    deployment: str | None,
    rate: float | None,
    month: str | None,
) -> ReconciliationJob:
    return ReconciliationJob(
        scenario.to_token(),
        uploaded.file_id,
        uploaded.name,
        uploaded.getvalue(),
        deployment,
        rate,
        month,
    )


def _downloads(found: ReconciliationShown, chart: Callable[[Look], Figure]) -> None:
    files = [
        table_file("Lines", "your-invoice.csv", lambda: found.table),
        data_file("Everything", "your-invoice.json", lambda: dict(found.data)),
        *chart_files("Chart", "your-invoice-chart", chart),
        _yaml("Scenario as billed", "scenario-as-billed.yaml", found.scenario),
    ]
    if found.contract:
        files.append(_yaml("Contract, as paid", "contract-as-paid.yaml", found.contract))
    download_row(files)


def _yaml(label: str, file_name: str, text: str) -> Download:
    return Download(f"{label} (YAML)", file_name, lambda origin: origin.comments() + text)
