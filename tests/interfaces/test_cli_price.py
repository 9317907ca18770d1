"""Plain quantities on the command line: an invoice, its forms, and what is refused."""

import csv
import datetime as dt
import io
import json

import pytest

import estimator as ws

MESSAGES, MINUTES = "aws.api_gateway.messages", "aws.api_gateway.connection_minutes"
US = ("--region", "us-east-1")


def test_the_example_of_the_price_page_is_priced(run):
    # AWS price page: 18 million messages 18.00, 21.6 million connection minutes 5.40
    status, out, err = run("price", f"{MESSAGES}=18e6", f"{MINUTES}=21,600,000", *US)

    assert (status, err) == (0, "")
    assert [cost for cost in ("$18.00", "$5.40", "$23.40") if cost not in out] == []
    # what one unit is stands where it was entered
    assert "both directions count" in " ".join(out.split())


def test_json_is_that_of_python_under_every_option(run):
    options = ("--round-lines", "--free-allowances", "all", "--as-of", "2026-11-01")
    contract = "aws-compute-savings-plan-1-year"
    _, out, _ = run("price", "aws.lambda.requests@eu-west-1=5e6", f"{MESSAGES}=2e6", *US, *options,
                    "--contract", contract, "--json")  # fmt: skip

    bill = ws.price(
        {("aws.lambda.requests", "eu-west-1"): 5e6, MESSAGES: 2e6},
        "us-east-1",
        round_lines=True,
        free_allowances="all",
        as_of=dt.date(2026, 11, 1),
        contract=contract,
    )
    assert json.loads(out) == bill.as_data()


def test_csv_has_one_row_for_each_line(run):
    _, out, _ = run("price", f"{MESSAGES}=1e6", f"{MESSAGES}@sa-east-1=2e6", *US, "--csv")

    rows = list(csv.DictReader(io.StringIO(out)))
    assert [(row["region"], float(row["quantity"])) for row in rows] == [
        ("us-east-1", 1e6),
        ("sa-east-1", 2e6),
    ]


def test_lines_of_several_regions_name_them(run):
    _, out, _ = run("price", f"{MESSAGES}=1e6", f"{MESSAGES}@sa-east-1=2e6", *US, "--markdown")

    assert "in us-east-1" in out
    assert "in sa-east-1" in out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([MESSAGES, *US], f"'{MESSAGES}': write a name and a number"),
        ([f"{MESSAGES}=many", *US], f"'{MESSAGES}=many': write a name and a number"),
        ([f"{MESSAGES}=-1", *US], f"quantity of '{MESSAGES}' must be a number of at least 0"),
        ([f"{MESSAGES}=1", "--region", "virginia"], "AWS's own name is 'us-east-1'"),
        ([f"{MESSAGES}=1"], f"'{MESSAGES}' has no region"),
        ([f"{MESSAGES}@=1", *US], f"'{MESSAGES}' has no region"),
        (["aws.api_gateway.mesages=1", *US], f"did you mean '{MESSAGES}'"),
        ([f"{MESSAGES}=1", *US, "--free-allowances", "some"], "Valid: all, always, none"),
        ([f"{MESSAGES}=1", *US, "--json", "--csv"], "only one of them can be printed"),
    ],
)
def test_what_cannot_be_priced_gives_one_message_and_status_2(run, arguments, told):
    status, out, err = run("price", *arguments)

    assert (status, out) == (2, "")
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert told in err


def test_messages_are_counted_in_the_units_of_a_meter(run):
    # 4.5 MB are nine steps of 512 KB, and 600 KB are two
    status, out, err = run("billable-units", "aws.http_api.requests", "4.5 MB=1", "600KB=10")

    assert (status, err) == (0, "")
    assert out.startswith("29 Requests\n")
    assert "524,288 bytes" in out


def test_counts_are_numbers_in_json(run):
    _, out, _ = run("billable-units", MESSAGES, "33KiB=1e6", "--json")

    assert json.loads(out) == {"meter": MESSAGES, "units": 2e6}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["aws.alb.hours", "1KB=1"], "counts Load-Balancer-Hours"),
        ([MESSAGES, "1KB"], "'1KB': write a name and a number"),
        ([MESSAGES, "1 foot=1"], "'1 foot' is not a size"),
    ],
)
def test_what_cannot_be_counted_gives_one_message_and_status_2(run, arguments, told):
    status, out, err = run("billable-units", *arguments)

    assert (status, out) == (2, "")
    assert told in err
