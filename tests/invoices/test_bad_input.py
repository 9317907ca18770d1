"""What is no bill is refused in one sentence; what can be read is read, and the rest counted."""

import gzip
import io

import pytest

import estimator as ws
from estimator.errors import MOST_MESSAGE_CHARACTERS
from estimator.invoices import table
from estimator.invoices.formats.recognize import recognized
from estimator.invoices.read import read_invoice_file

HEADER = (
    "lineItem/intervalUsageStart,product/service,product/region,usage/billedQuantity,"
    "cost/productSku,product/Description,cost/myCost,cost/currencyCode"
)
ROW = "2026-11-01T00:00Z,COMPUTE,eu-frankfurt-1,8,B97384,Standard - E5,0.24,USD"


def read(content, name="bill.csv"):
    return read_invoice_file(io.BytesIO(content), name)


def refusal(content, name="bill.csv"):
    with pytest.raises(ws.InvoiceError) as refused:
        read(content, name)
    text = str(refused.value)
    assert text.startswith(f"{name}: ")
    assert len(text) < MOST_MESSAGE_CHARACTERS
    return text.removeprefix(f"{name}: ")


def bill(*rows):
    return "\n".join([HEADER, *rows, ""]).encode()


def unread(content):
    """Why rows were not read, how many, and where the first one stands; and how many were."""
    invoice = read(content)
    return [(each.reason, each.rows, each.first_line) for each in invoice.rows_not_read], (
        invoice.rows_read
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b"hello\nworld\n", "it begins with no header of a bill"),
        (b"\0\x01\x02\x03" * 99, "it is not text"),
        (b"PK\x03\x04" + b"\0" * 99, "it is a zip archive or an Excel workbook"),
        (b"\x1f\x8b" + b"nonsense" * 9, "it begins like gzip, but cannot be unpacked"),
        (b"PAR1" + b"nonsense" * 9, "it begins like Parquet, but cannot be read"),
        (b"<html>please sign in</html>", "it begins with no header of a bill"),
        (b'{"error": "not found"}', "it begins with no header of a bill"),
        (b"[" * 100_000, "no row of it could be read"),
        (b'{"a":' * 100_000, "its JSON is nested too deep"),
        (HEADER.encode(), "no row of it could be read"),
        (b"\n" * 50, "it begins with no header of a bill"),
    ],
)
def test_what_is_no_bill_is_refused_in_a_sentence(content, said):
    assert refusal(content).startswith(said)


def test_a_gzip_that_is_none_is_read_as_what_it_is_or_said_to_be_none():
    assert read(bill(ROW), "bill.csv.gz").rows_read == 1
    assert "It is no gzip file, whatever its name says" in refusal(b"hello\n", "bill.csv.gz")


def test_a_folder_and_a_file_that_is_not_there_are_named(tmp_path):
    with pytest.raises(ws.InvoiceError, match="it is a folder"):
        ws.read_invoice(tmp_path)
    with pytest.raises(ws.InvoiceError, match="there is no such file"):
        ws.read_invoice(tmp_path / "none.csv")
    with pytest.raises(ws.InvoiceError, match="cannot be opened"):
        ws.read_invoice("\0")


def test_a_missing_column_is_named_with_the_format():
    rows = [line.split(",") for line in (HEADER, ROW)]
    without = "\n".join(",".join([*row[:4], *row[5:]]) for row in rows).encode()

    assert refusal(without) == (
        "it looks like an OCI cost report, but has no column cost/productSku; export it with all "
        "columns"
    )


def test_half_a_line_and_rows_of_another_table_are_counted():
    foreign = "Usage,EUC1-ApiGatewayMessage,5"

    assert unread(bill(ROW, foreign, ROW, ROW[:30])) == (
        [("a row with fewer or more cells than the header: half a line, or another table", 2, 3)],
        2,
    )


def test_a_header_that_comes_again_is_no_row():
    assert unread(bill(ROW, HEADER, ROW)) == ([], 2)


def test_formulas_and_what_is_no_number_are_counted_by_reason():
    formula = ROW.replace(",0.24,", ",=1+1,")
    text = ROW.replace(",8,", ",eight,")
    endless = ROW.replace(",0.24,", ",1e999,")
    no_cost = ROW.replace(",0.24,", ",,")
    no_day = ROW.replace("2026-11-01T00:00Z", "soon")

    reasons, rows = unread(bill(ROW, formula, text, endless, no_cost, no_day, formula))

    assert rows == 1
    assert sorted(reasons) == [
        ("a formula in place of the cost", 2, 3),
        ("the cost is not a number", 1, 5),
        ("the date cannot be read", 1, 7),
        ("the quantity is not a number", 1, 4),
        ("there is no cost", 1, 6),
    ]


@pytest.mark.parametrize("cost", ["0,24", "1,234.56", "1.234,56", "-2,50"])
def test_numbers_with_commas_are_never_guessed_and_what_to_do_is_said(cost):
    rows = f"{HEADER}\n{ROW}\n{ROW.replace(',0.24,', ',COST,')}".replace(",", ";")

    invoice = read(rows.replace("COST", cost).encode())

    assert invoice.lines["billed_usd"].sum() == pytest.approx(0.24)
    assert [each.reason for each in invoice.rows_not_read] == [
        "the cost has a comma in it: save the file with numbers as 1234.56"
    ]
    assert invoice.rows_unreadable == 1


@pytest.mark.parametrize("day", ["30/11/2026", "13.11.2026", "31/1/2026 00:00"])
def test_dates_with_the_day_first_are_refused_since_the_first_twelve_would_be_months(day):
    first = ROW.replace("2026-11-01T00:00Z", "01/11/2026")
    last = ROW.replace("2026-11-01T00:00Z", day)

    assert refusal(bill(first, last)).startswith(
        f"its dates have the day first ({day[:10].strip()}"
    )


@pytest.mark.parametrize(
    "start", ["2026-11-30T23:00:00.000Z", "11/30/2026", "11/30/2026 12:00:00 AM", "20261130"]
)
def test_dates_as_vendors_write_them_are_read(start):
    invoice = read(bill(ROW.replace("2026-11-01T00:00Z", start)))

    assert (str(invoice.first_day), str(invoice.end_day)) == ("2026-11-30", "2026-12-01")


@pytest.mark.parametrize("start", ["2026-13-01", "2026-02-30", "11/31/2026", "2026-11", "45992"])
def test_what_is_no_date_is_no_day(start):
    reasons, _ = unread(bill(ROW, ROW.replace("2026-11-01T00:00Z", start)))

    assert reasons == [("the date cannot be read", 1, 3)]


def test_names_of_the_file_that_are_formulas_stay_texts():
    invoice = read(bill(ROW.replace("B97384,Standard - E5", "X,=HYPERLINK(1)")))

    assert invoice.unmapped["vendor_name"].tolist() == ["=HYPERLINK(1)"]


def test_an_empty_currency_is_not_taken_for_dollars():
    assert refusal(bill(ROW.replace("USD", ""))).startswith("its column of the currency is empty")


@pytest.mark.parametrize("currency", ["$", "Euro", "acme-secret"])
def test_a_currency_that_is_no_code_is_neither_guessed_nor_repeated(currency):
    said = refusal(bill(ROW.replace("USD", currency)))

    assert said.startswith("its column of the currency holds no code such as USD")
    assert currency not in said


@pytest.mark.parametrize(
    "text", ["$" + " per gb - data transfer to " * 4_000, "x" * 120_000, "a.b@" * 30_000]
)
def test_a_name_without_end_takes_no_time_and_is_cut(text):
    [name] = read(bill(ROW.replace("B97384,Standard - E5", f"X,{text}"))).unmapped["vendor_name"]

    assert len(name) <= 120


def test_several_currencies_are_refused():
    assert refusal(bill(ROW, ROW.replace("USD", "EUR"))).startswith(
        "it is in several currencies (EUR, USD)"
    )


def test_a_gzip_that_ends_early_is_read_as_far_as_it_goes():
    whole = bill(*[ROW.replace(",8,", f",{each},") for each in range(1, 20_000)])
    packed = gzip.compress(whole)

    reasons, rows = unread(packed[: len(packed) // 2])

    assert 1000 < rows < 19_999
    assert "the compressed file ends early or is damaged from here on" in {
        reason for reason, _, _ in reasons
    }


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_other_encodings_are_read(encoding):
    content = bill(ROW.replace("COMPUTE", "Münchner Größe")).decode().encode(encoding)

    assert read(content).lines["billed_usd"].tolist() == [0.24]


def test_other_separators_and_lines_before_the_header_are_read():
    rows = f"Cost report of November\n\n{HEADER}\n{ROW}".replace(",", ";")

    assert read(rows.encode()).lines["quantity"].tolist() == [8]


def test_a_cell_that_never_ends_takes_only_its_own_rows():
    reasons, rows = unread(bill(ROW, '"' + "x" * 200_000, ROW, ROW))

    assert rows >= 1
    assert all("cell" in reason for reason, _, _ in reasons)


def test_a_line_without_an_end_does_not_fill_the_memory():
    class Endless(io.RawIOBase):
        """A file that has a header and then one line of zeros; it counts how far it was read."""

        def __init__(self, size):
            self.size, self.at = size, 0

        def readable(self):
            return True

        def seekable(self):
            return True

        def seek(self, offset, whence=0):
            self.at = offset + (self.at if whence == 1 else 0)
            return self.at

        def readinto(self, buffer):
            start = f"{HEADER}\n{ROW}\n".encode()
            piece = start[self.at : self.at + len(buffer)] or b"0" * min(
                len(buffer), self.size - self.at
            )
            buffer[: len(piece)] = piece
            self.at += len(piece)
            return len(piece)

    invoice = read_invoice_file(io.BufferedReader(Endless(8_000_000)), "bill.csv")

    assert invoice.rows_read == 1
    assert invoice.rows_not_read[0].rows == 7


def test_a_long_file_is_read_some_rows_at_a_time():
    def wanted(header):
        found = recognized(header, "bill.csv")
        return found.at if found else None

    parts = table.tables(io.BytesIO(bill(*[ROW] * 50_000)), "bill.csv", wanted, table.Unread())

    assert [len(rows) for rows, _ in parts] == [20_000, 20_000, 10_000]


def test_a_file_of_names_without_end_is_folded():
    rows = [
        ROW.replace("B97384,Standard - E5", f"X{each},Name {each}").replace(",0.24,", f",{each},")
        for each in range(25_000)
    ]

    unmapped = read(bill(*rows)).unmapped

    assert len(unmapped) < 21_000
    assert unmapped["rows"].sum() == 25_000
    assert unmapped["billed_usd"].sum() == pytest.approx(sum(range(25_000)))
    assert "other names" in {*unmapped["vendor_name"]}


def test_half_an_object_of_json_is_counted(sample):
    whole = sample("google-export.jsonl").read_text()
    lines = whole.splitlines()

    invoice = read("\n".join([lines[0], lines[1][:100], *lines[1:]]).encode())

    assert invoice.rows_read == 4
    assert [each.rows for each in invoice.rows_not_read] == [1]


def test_credits_that_cannot_be_read_are_counted(sample):
    text = sample("google-export.jsonl").read_text().replace('"amount":-0.16', '"amount":"much"')

    assert [each.reason for each in read(text.encode()).rows_not_read] == [
        "its credits cannot be read"
    ]


@pytest.mark.parametrize("month", ["November", "2026-13", "2026-1", ""])
def test_a_month_that_is_none_is_refused(month, sample):
    with pytest.raises(ws.InvoiceError, match="expected a month such as 2026-11"):
        ws.read_invoice(sample("focus.csv"), month=month)
