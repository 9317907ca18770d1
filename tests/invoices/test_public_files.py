"""Real bills that others published: every row is read, and no dollar is lost.

They are not part of this project (MIT and CC BY 4.0: GitHub finopsfoundation/focus_converters,
FinOps-Open-Cost-and-Usage-Spec/FOCUS-Sample-Data): a folder beside the clone may hold them.
"""

from pathlib import Path

import pandas as pd
import pytest

import estimator as ws
from estimator.pricing.price_files import EVERYWHERE, load_price_files

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "payloads" / "bills"
needs_bills = pytest.mark.skipif(not FOLDER.is_dir(), reason="no public bills beside the clone")
FILES = {
    "aws-cur-legacy.csv.gz": ("aws_cur", 1281, "lineItem/UnblendedCost"),
    "azure-ea-export.csv.gz": ("azure_export", 27, "CostInBillingCurrency"),
    "focus-1.0-sample.csv.gz": ("focus", 1000, "BilledCost"),
    "oci-cost-report-2023-11.csv.gz": ("oci_report", 506, "cost/myCost"),
}


@needs_bills
@pytest.mark.parametrize("name", FILES)
def test_every_row_is_read_and_no_dollar_is_lost(name):
    kind, rows, cost = FILES[name]

    invoice = ws.read_invoice(FOLDER / name, usd_per_currency=1.0)

    # the sum of the column, as another reader adds it up
    total = pd.read_csv(FOLDER / name, usecols=[cost])[cost].sum()
    shown = sum(
        table[column].sum()
        for table, column in (
            (invoice.lines, "billed_usd"),
            (invoice.unmapped, "billed_usd"),
            (invoice.apart, "usd"),
        )
    )
    counted = sum(int(t["rows"].sum()) for t in (invoice.lines, invoice.unmapped, invoice.apart))
    assert (invoice.source_format, invoice.rows_read, invoice.rows_not_read) == (kind, rows, ())
    assert shown == pytest.approx(total, abs=1e-9)
    assert counted + invoice.rows_ignored == rows


@needs_bills
def test_what_the_vendor_lists_is_what_the_price_list_has():
    name = "focus-1.0-sample.csv.gz"
    lines = ws.read_invoice(FOLDER / name).lines
    prices = {
        ("aws.alb.hours", "us-east-1"): 0.0225,
        ("aws.alb.lcu_hours", "us-west-2"): 0.008,
        ("aws.nlb.nlcu_hours", "us-east-1"): 0.006,
        ("aws.nat_gateway.hours", "ap-northeast-1"): 0.062,
        ("oci.compute.e5_ocpu_hours", "us-phoenix-1"): 0.03,
    }

    found = lines.set_index(["meter", "region"])["list_unit_usd"]

    for (meter, region), usd in prices.items():
        ours = [
            rate.usd_per_unit
            for rate in load_price_files().rates
            if rate.meter == meter and rate.region in (region, EVERYWHERE)
        ]
        assert found[meter, region] == usd == ours[-1]
