"""What a bill says in our meters: quantities in our units, dollars, and what is no usage.

Expected figures are worked out by hand from the rows of ``samples/``.
"""

import datetime as dt
import gzip
import io
import json

import pandas as pd
import pytest

import estimator as ws
from estimator.invoices.read import read_invoice_file

BY_FORMAT = {
    "aws-cur.csv": "aws_cur",
    "aws-cur-2.csv": "aws_cur",
    "azure-export.csv": "azure_export",
    "focus.csv": "focus",
    "google-export.jsonl": "google_export",
    "oci-cost-report.csv": "oci_report",
}


def by_meter(invoice):
    columns = ["quantity", "billed_usd"]
    return {
        (meter, region): tuple(round(figure, 9) for figure in group[columns].sum())
        for (meter, region), group in invoice.lines.groupby(["meter", "region"])
    }


def apart(invoice):
    return {row.category: (round(row.usd, 9), row.rows) for row in invoice.apart.itertuples()}


@pytest.mark.parametrize("name", BY_FORMAT)
def test_the_format_is_told_by_the_columns(sample, name):
    invoice = ws.read_invoice(sample(name))

    assert invoice.source_format == BY_FORMAT[name]
    assert invoice.rows_not_read == ()
    assert invoice.months == ("2026-11",)


@pytest.mark.parametrize("name", ["aws-cur.csv", "aws-cur-2.csv"])
def test_a_cost_and_usage_report(sample, name):
    invoice = ws.read_invoice(sample(name))

    # 3 million messages at 1.14 per million, less the discount of 10%; the free 100 GB, and 50 at
    # 0.09; ten hours that a Savings Plan covers, whose cost is taken away on a row of its own
    assert by_meter(invoice) == {
        ("aws.api_gateway.messages", "eu-central-1"): (3e6, 3.078),
        ("aws.ec2.c7g_large", "eu-central-1"): (10, 0),
        ("aws.egress.internet", "eu-central-1"): (150, 4.5),
    }
    assert apart(invoice) == {
        "credit": (-3, 1),
        "purchase": (0.6, 1),
        "support": (100, 1),
        "tax": (1.5, 1),
    }
    assert invoice.unmapped[["vendor_name", "unit", "quantity", "billed_usd"]].values.tolist() == [
        ["Requests-Tier1", "Requests", 5000, 0.002]
    ]
    assert (invoice.rows_read, invoice.rows_ignored) == (13, 1)


def test_what_is_free_is_a_line_of_its_own_beside_its_list_price(sample):
    lines = ws.read_invoice(sample("aws-cur.csv")).lines
    egress = lines[lines["meter"] == "aws.egress.internet"]

    assert egress[["quantity", "list_usd", "billed_usd", "list_unit_usd"]].values.tolist() == [
        [50, 4.5, 4.5, 0.09],
        [100, 9, 0, 0.09],
    ]


def test_an_azure_export_counts_what_is_in_its_blocks(sample):
    invoice = ws.read_invoice(sample("azure-export.csv"))
    columns = ["region", "quantity", "list_usd", "billed_usd"]
    lines = dict(zip(invoice.lines["meter"], invoice.lines[columns].values.tolist(), strict=True))

    assert lines["azure.vm.d2as_v5"] == ["westeurope", 720, pytest.approx(70.56), 64.8]
    assert lines["azure.web_pubsub.standard_messages"] == [
        "westeurope",
        5_500_000,
        5.5,
        4.95,
    ]
    assert lines["azure.web_pubsub.standard_unit_days"] == [
        "westeurope",
        2,
        3.22,
        2.898,
    ]
    assert apart(invoice) == {"purchase": (500, 1)}
    assert (invoice.first_day.day, str(invoice.end_day)) == (1, "2026-12-01")


def test_a_focus_table_of_several_clouds(sample):
    invoice = ws.read_invoice(sample("focus.csv"))

    assert invoice.cloud == ("aws", "azure", "gcp", "oci")
    assert by_meter(invoice) == {
        ("aws.api_gateway.messages", "eu-central-1"): (2e6, 2.28),
        ("aws.egress.internet", "eu-central-1"): (100, 0),
        ("azure.web_pubsub.standard_messages", "westeurope"): (5e6, 5),
        ("azure.web_pubsub.standard_unit_days", "westeurope"): (2, 3.22),
        ("oci.compute.e5_ocpu_hours", "eu-frankfurt-1"): (8, 0.24),
    }
    assert apart(invoice) == {"adjustment": (-1.5, 1), "credit": (-4, 1), "tax": (2.5, 1)}


def test_a_focus_table_says_the_same_without_the_columns_of_vendors(sample):
    table = pd.read_csv(sample("focus.csv"), dtype=str, keep_default_na=False)
    bare = table.drop(columns=[each for each in table if str(each).startswith("x_")])

    invoice = read_invoice_file(io.BytesIO(bare.to_csv(index=False).encode()), "focus.csv")

    assert by_meter(invoice) == by_meter(ws.read_invoice(sample("focus.csv")))


def test_a_list_cost_of_nothing_beside_a_billed_cost_is_no_list_cost(sample, tmp_path):
    bill = tmp_path / "bill.csv"
    bill.write_text(sample("focus.csv").read_text().replace(",3.22,1.61,2,", ",0,0,2,"))

    lines = ws.read_invoice(bill).lines
    line = lines[lines["meter"] == "azure.web_pubsub.standard_unit_days"]

    assert line[["quantity", "billed_usd"]].values.tolist() == [[2, 3.22]]
    assert line[["list_usd", "list_unit_usd"]].isna().to_numpy().all()


def test_googles_discounts_are_part_of_the_cost_and_its_promotions_are_not(sample):
    invoice = ws.read_invoice(sample("google-export.jsonl"))

    assert by_meter(invoice) == {
        ("gcp.cloud_run.cpu_instance_based", "europe-west3"): (100_000, 2.0),
        ("gcp.inter_zone.gib", "europe-west3"): (150, 1.5),
    }
    assert apart(invoice) == {"credit": (-1, 0), "tax": (0.5, 1)}
    assert invoice.lines["list_usd"].tolist() == [2.16, 1.5]


def test_an_oci_report_has_no_list_price_and_counts_in_the_units_of_its_parts(sample):
    invoice = ws.read_invoice(sample("oci-cost-report.csv"))

    assert by_meter(invoice) == {
        ("oci.compute.e5_ocpu_hours", "eu-frankfurt-1"): (8, 0.216),
        ("oci.egress.internet", "eu-frankfurt-1"): (40, 0),
        ("oci.monitoring.retrieved_datapoints", "eu-frankfurt-1"): (2_500_000, 0.00375),
    }
    assert invoice.lines[["list_usd", "list_unit_usd"]].isna().all(axis=None)
    assert apart(invoice) == {"adjustment": (-0.027, 1)}


@pytest.mark.parametrize("name", BY_FORMAT)
def test_nothing_that_belongs_to_an_account_is_shown(sample, name):
    invoice = ws.read_invoice(sample(name))
    said = repr(invoice) + "".join(
        table.to_csv() for table in (invoice.lines, invoice.unmapped, invoice.apart)
    )

    assert "acme" in sample(name).read_text("utf-8").casefold()
    for private in ("acme", "111122223333", "0b1f6471", "ocid1", "arn:"):
        assert private not in said.casefold()


@pytest.mark.parametrize("name", BY_FORMAT)
def test_gzip_reads_the_same_whatever_its_name(sample, name, tmp_path):
    packed = tmp_path / "bill.csv"
    packed.write_bytes(gzip.compress(sample(name).read_bytes()))

    assert by_meter(ws.read_invoice(packed)) == by_meter(ws.read_invoice(sample(name)))


def test_an_uploaded_file_can_be_read_again(sample):
    file = io.BytesIO(sample("focus.csv").read_bytes())
    first = read_invoice_file(file, "focus.csv")
    file.seek(0)

    assert by_meter(read_invoice_file(file, "focus.csv")) == by_meter(first)


@pytest.mark.parametrize("name", [name for name in BY_FORMAT if name.endswith("csv")])
def test_parquet_reads_the_same(sample, name, tmp_path):
    pytest.importorskip("pyarrow")
    table = pd.read_csv(sample(name), na_values=["NULL"])
    table.to_parquet(tmp_path / "bill.parquet")

    invoice = ws.read_invoice(tmp_path / "bill.parquet")

    assert by_meter(invoice) == by_meter(ws.read_invoice(sample(name)))
    assert apart(invoice) == apart(ws.read_invoice(sample(name)))


def test_parquet_with_records_reads_the_same(sample, tmp_path):
    pa = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    rows = [json.loads(line) for line in sample("google-export.jsonl").read_text().splitlines()]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "bill.parquet")

    invoice = ws.read_invoice(tmp_path / "bill.parquet")

    assert by_meter(invoice) == by_meter(ws.read_invoice(sample("google-export.jsonl")))
    assert apart(invoice) == {"credit": (-1, 0), "tax": (0.5, 1)}


def test_google_s_table_reads_the_same_as_a_list_and_as_csv(sample, tmp_path):
    rows = [json.loads(line) for line in sample("google-export.jsonl").read_text().splitlines()]
    flat = pd.json_normalize(rows)
    flat["credits"] = [json.dumps(each["credits"]) for each in rows]
    (tmp_path / "list.json").write_text(json.dumps(rows, indent=2))
    flat.rename(columns=lambda each: each.replace(".", "_")).to_csv(
        tmp_path / "flat.csv", index=False
    )
    expected = by_meter(ws.read_invoice(sample("google-export.jsonl")))

    assert by_meter(ws.read_invoice(tmp_path / "list.json")) == expected
    assert by_meter(ws.read_invoice(tmp_path / "flat.csv")) == expected


def test_another_currency_needs_a_rate(sample, tmp_path):
    bill = tmp_path / "bill.csv"
    bill.write_text(sample("azure-export.csv").read_text().replace(",USD,", ",EUR,"))

    with pytest.raises(ws.InvoiceError, match=r"in EUR.*state usd_per_currency"):
        ws.read_invoice(bill)
    invoice = ws.read_invoice(bill, usd_per_currency=1.25)

    assert (invoice.currency, invoice.usd_per_currency) == ("EUR", 1.25)
    assert invoice.lines["billed_usd"].sum() == pytest.approx(1.25 * (64.8 + 4.95 + 2.898))


def test_google_s_file_states_its_own_rate(sample, tmp_path):
    bill = tmp_path / "bill.jsonl"
    text = sample("google-export.jsonl").read_text()
    bill.write_text(
        text.replace('"USD"', '"EUR"').replace(
            '"currency_conversion_rate":1', '"currency_conversion_rate":0.8'
        )
    )

    invoice = ws.read_invoice(bill)

    assert invoice.usd_per_currency == pytest.approx(1.25)
    assert by_meter(invoice)["gcp.inter_zone.gib", "europe-west3"] == (150, 1.875)


def test_one_month_of_several_can_be_read(sample, tmp_path):
    lines = sample("oci-cost-report.csv").read_text().splitlines()
    other = [line.replace("2026-11", "2026-10") for line in lines[1:]]
    bill = tmp_path / "bill.csv"
    bill.write_text("\n".join([*lines, *other]))

    both = ws.read_invoice(bill)
    [unread] = ws.read_invoice(bill, month="2026-11").rows_not_read

    assert both.months == ("2026-10", "2026-11")
    assert (both.rows_read, both.rows_not_read) == (10, ())
    assert by_meter(ws.read_invoice(bill, month="2026-11")) == by_meter(
        ws.read_invoice(sample("oci-cost-report.csv"))
    )
    assert (unread.reason, unread.rows, unread.first_line) == (
        "of another month than 2026-11",
        5,
        7,
    )


def test_of_a_month_without_charges_those_that_have_some_are_named(sample):
    with pytest.raises(ws.InvoiceError, match=r"no charges of 2026-10 .* some of 2026-11$"):
        ws.read_invoice(sample("focus.csv"), month="2026-10")


WHOLE_MONTH = {
    "focus.csv": ("2026-11-01T01:00:00Z", "2026-12-01T00:00:00Z"),
    "aws-cur.csv": ("2026-11-01T01:00:00Z", "2026-12-01T00:00:00.000Z"),
    "aws-cur-2.csv": ("2026-11-01T01:00:00Z", "2026-11-30T23:59:59Z"),
    "google-export.jsonl": ("2026-11-01 08:00:00 UTC", "2026-12-01 08:00:00 UTC"),
    "oci-cost-report.csv": ("2026-11-01T01:00Z", "2026-12-01T00:00Z"),
}
"""Where the first charge of a sample ends, and the end of a charge of the whole month."""


@pytest.mark.parametrize("name", WHOLE_MONTH)
def test_a_charge_covers_all_days_until_its_end(name, sample, tmp_path):
    # "All time intervals include the start time and exclude the end time":
    # https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/billing-reports-costusage-details.html
    # "MUST be an exclusive value", in the folder specification/columns of version 1.2 of
    # https://github.com/FinOps-Open-Cost-and-Usage-Spec/FOCUS_Spec: chargeperiodend.md
    text = sample(name).read_text()
    hour, month = WHOLE_MONTH[name]
    assert hour in text
    bill = tmp_path / name
    bill.write_text(text.replace(hour, month, 1))

    invoice = ws.read_invoice(bill)

    assert (invoice.first_day, invoice.end_day) == (dt.date(2026, 11, 1), dt.date(2026, 12, 1))


def test_a_month_of_google_begins_and_ends_at_midnight_of_california(sample, tmp_path):
    # "Google defines its billing day and invoice-month boundaries in Pacific Time":
    # https://docs.umbrellacost.io/docs/gcp-cue-usage-dateinvoice-month; October has daylight saving
    # time there (UTC-7) until its last day
    first = json.loads(sample("google-export.jsonl").read_text().splitlines()[0])
    ends = {"2026-10-01 07": "2026-10-01 08", "2026-11-01 06": "2026-11-01 07"}
    rows = [
        first | {"usage_start_time": f"{s}:00:00 UTC", "usage_end_time": f"{e}:00:00 UTC"}
        for s, e in ends.items()
    ]
    bill = tmp_path / "bill.jsonl"
    bill.write_text("\n".join(map(json.dumps, rows)))

    invoice = ws.read_invoice(bill, month="2026-10")

    assert (invoice.rows_read, invoice.months) == (2, ("2026-10",))
    assert (invoice.first_day, invoice.end_day) == (dt.date(2026, 10, 1), dt.date(2026, 11, 1))


def test_a_correction_of_a_month_before_moves_no_day(sample, tmp_path):
    # corrections keep "the original time interval in which the charge occurred", and are on the
    # bill of the month in which they are issued (FOCUS_Spec, on corrections)
    text = sample("focus.csv").read_text()
    first = text.splitlines()[1].replace(",NULL,$1.14", ",Correction,$1.14", 1)
    bill = tmp_path / "bill.csv"
    bill.write_text(f"{text.rstrip()}\n{first.replace('2026-11-01T', '2026-08-01T')}\n")
    before, invoice = (ws.read_invoice(path) for path in (sample("focus.csv"), bill))

    assert "adjustment" in {*invoice.apart["category"]}
    assert (invoice.first_day, invoice.end_day) == (before.first_day, before.end_day)


def test_what_was_bought_or_is_taxed_for_a_longer_time_moves_no_day(sample, tmp_path):
    text = sample("aws-cur.csv").read_text()
    first = text.splitlines()[1]
    bill = tmp_path / "bill.csv"
    for kind in ("Tax", "RIFee"):
        # AWS taxes the month in advance, as on the public report of test_public_files
        longer = first.replace(",Usage,", f",{kind},").replace(
            "2026-11-01T01:00:00Z", "2027-11-01T00:00:00Z"
        )
        bill.write_text(f"{text.rstrip()}\n{longer}\n")

        assert ws.read_invoice(bill).end_day == ws.read_invoice(sample("aws-cur.csv")).end_day
