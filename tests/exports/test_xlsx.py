"""The workbook: read by another library, and recalculated by another program."""

import datetime as dt
import io

import formualizer
import openpyxl
import pytest

import estimator as ws
from estimator.exports import xlsx

MADE_ON = dt.date(2026, 12, 5)
PAIR = ("aws.api_gateway", "gcp.cloud_run", "aws.nlb_ec2", "cloudflare.durable_objects")


@pytest.fixture(scope="module")
def compared():
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=3_000_000,
        contract="aws-compute-savings-plan-1-year",
        engineering={"engineer_hours_per_month": 10},
    )
    return ws.compare(scenario, PAIR)


@pytest.fixture(scope="module")
def content(compared):
    return ws.export(compared, "xlsx", made_on=MADE_ON, ranges={PAIR[0]: (1, 2)}).content


@pytest.fixture
def read(content):
    return openpyxl.load_workbook(io.BytesIO(content))


class Recalculated:
    """A workbook in which cells can be changed."""

    def __init__(self, content: bytes) -> None:
        self.cells = openpyxl.load_workbook(io.BytesIO(content))
        self.engine = formualizer.load_workbook_bytes(content)

    def find(self, sheet, text, column=1):
        return next(
            row
            for row in range(1, self.cells[sheet].max_row + 1)
            if self.cells[sheet].cell(row, column).value == text
        )

    def value(self, sheet, row, column):
        self.engine.evaluate_all()
        return self.engine.get_value(sheet, row, column)

    def total(self, title):
        return self.value("Totals", self.find("Totals", title), 3)

    def set(self, sheet, row, column, value):
        self.engine.set_value(sheet, row, column, value)


@pytest.fixture
def book(content):
    return Recalculated(content)


AT = {title: number for number, (title, _) in enumerate(xlsx._COLUMNS, start=1)}


def test_recalculated_totals_are_those_of_the_bills(compared, book):
    for bill in compared.bills:
        row = book.find("Totals", bill.name)
        amounts = [bill.total, *bill.by_layer.values()]
        for column, usd in enumerate(amounts, start=3):
            assert book.value("Totals", row, column) == pytest.approx(usd, rel=1e-9, abs=1e-9)


def test_what_a_reader_sees_without_recalculating_is_the_same(compared, content):
    shown = openpyxl.load_workbook(io.BytesIO(content), data_only=True)["Totals"]
    totals = {row[0].value: row[2].value for row in shown.iter_rows()}

    for bill in compared.bills:
        assert totals[bill.name] == pytest.approx(bill.total)


def test_totals_follow_a_quantity_over_the_edge_of_a_tier(compared, book):
    bill = compared.bill("aws.api_gateway")
    row = book.find("aws.api_gateway", "WebSocket messages", AT["Line"])
    before = book.total(bill.name)
    # 1.00 USD per million up to a billion: https://aws.amazon.com/api-gateway/pricing/
    book.set("aws.api_gateway", row, AT["Quantity"], 500e6)
    own = float(bill["aws.api_gateway.messages"].cost_usd)

    assert own > 1000
    assert book.total(bill.name) == pytest.approx(before - own + 500)


def test_totals_follow_a_price_and_a_factor_of_quantities(compared, book):
    bill = compared.bill("aws.api_gateway")
    minutes = float(bill["aws.api_gateway.connection_minutes"].cost_usd)
    row = book.find("aws.api_gateway", "WebSocket connection minutes", AT["Line"])
    price = book.value("aws.api_gateway", row, AT["USD per unit"])
    book.set("aws.api_gateway", row, AT["USD per unit"], 2 * price)

    assert book.total(bill.name) == pytest.approx(bill.total + minutes)
    book.set("Totals", book.find("Totals", "connection time"), 2, 3)
    assert book.total(bill.name) == pytest.approx(bill.total + 5 * minutes)


def test_totals_follow_the_answer_to_an_open_question(compared, book):
    bill = compared.bill("aws.api_gateway")
    effect, answer = next(
        (each, name) for each in bill.effects for name, usd in each.change_usd.items() if usd
    )
    row = book.find("aws.api_gateway", effect.assumption.question, AT["Line"])
    book.set("aws.api_gateway", row, AT["Region"], answer)

    assert book.total(bill.name) == pytest.approx(bill.total + float(effect.change_usd[answer]))


def test_each_deployment_has_a_sheet_with_links_and_the_first_has_a_chart(compared, read):
    assert read.sheetnames == ["Totals", *(bill.deployment for bill in compared.bills), "Scenario"]
    assert len(read["Totals"]._charts) == 1
    links = {
        cell.hyperlink.target
        for row in read["aws.api_gateway"].iter_rows()
        for cell in row
        if cell.hyperlink
    }
    bill = compared.bill("aws.api_gateway")
    assert links == {item.rate.source for item in bill.items if "://" in item.rate.source}


def test_the_scenario_can_be_taken_out_again(compared, read):
    lines = [row[0].value or "" for row in read["Scenario"].iter_rows()]

    assert ws.Scenario.from_yaml("\n".join(lines)) == compared.scenario


def test_names_of_sheets_differ_even_where_they_are_cut():
    bill = ws.estimate(
        ws.Scenario(profile="notifications", location="virginia", peak_connections=10),
        "oci.load_balancer_container_instances",
    )

    first, second = xlsx._sheet_names([bill, bill])
    assert first != second
    assert max(len(first), len(second)) <= 31
