"""What a bill says beside the estimate: parts that add up, the contract behind it, its answers."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest

import estimator as ws
from estimator.documents import yaml_text
from estimator.invoices.invoice import UnreadRows
from estimator.invoices.likelihood import strength
from estimator.invoices.variations import Factors, varied_by
from made_invoices import END, FIRST, HOURS, invoice_of, of_month

CHAT = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=20_000)
GATEWAY, FLEET = "aws.api_gateway", "aws.nlb_ec2"
MESSAGES = "aws.api_gateway.messages"


def billed(scenario: ws.Scenario = CHAT, deployment: str = GATEWAY, **changes) -> ws.Estimate:
    return ws.estimate(of_month(scenario, **changes), deployment)


def with_column(invoice: ws.Invoice, meter: str, column: str, factor: float) -> ws.Invoice:
    lines = invoice.lines.copy()
    lines.loc[lines["meter"] == meter, column] *= factor
    return replace(invoice, lines=lines)


def kinds(found: ws.Reconciliation) -> list[str]:
    return [each.kind for each in found.causes]


def test_a_bill_that_says_what_the_estimate_says_is_explained_in_full():
    found = ws.reconcile(CHAT, invoice_of(billed()))

    assert found.deployment == GATEWAY
    assert found.explained_share == pytest.approx(1)
    assert found.difference_usd == pytest.approx(0, abs=1e-6)
    assert (found.causes, found.contract, dict(found.answered.changed)) == ((), None, {})


def test_the_parts_of_every_line_add_up_to_its_difference():
    bill = billed(varied_by(CHAT, Factors(1.3, 0.7)))
    invoice = invoice_of(bill, lambda _: 0.2, [("aws", "KMS", "Requests", 5.0, 9.0, 9.0, 1)])
    found = ws.reconcile(CHAT, with_column(invoice, MESSAGES, "list_usd", 1.1))
    table = found.table

    parts = table[["quantity_usd", "price_usd", "scope_usd"]].sum(axis=1)
    prices = table[["list_price_usd", "tier_usd", "contract_usd"]].sum(axis=1)
    assert parts.tolist() == pytest.approx(table["change_usd"].tolist())
    assert prices.tolist() == pytest.approx(table["price_usd"].tolist(), abs=1e-9)
    assert table["billed_usd"].sum() == pytest.approx(bill.total * 0.8 + 9)
    assert sum(each.usd for each in found.causes) == pytest.approx(found.difference_usd)
    assert found.difference_usd == pytest.approx(found.billed_usd - found.estimated_usd)


def test_quantity_is_priced_as_the_estimate_would_and_the_rest_is_price():
    # of 3,000 million messages, the first 1,000 million cost 1.00 and the others 0.80 per million
    # (https://aws.amazon.com/api-gateway/pricing/): 2,600; the bill takes 10% off
    invoice = invoice_of(billed())
    lines = invoice.lines[invoice.lines["meter"] == MESSAGES].head(1)
    mine = lines.assign(
        quantity=3e9, list_usd=2600.0, billed_usd=2340.0, list_unit_usd=float("nan")
    )
    found = ws.reconcile(CHAT, replace(invoice, lines=mine), GATEWAY)
    [line] = [each for each in found.lines if each.key.meter == MESSAGES]

    assert line.repriced.usd == pytest.approx(1000 + 0.8 * 2000)
    assert line.quantity_usd == pytest.approx(2600 - line.estimated.usd)
    assert line.contract_usd == line.price_usd == pytest.approx(-260)


@pytest.mark.parametrize("deployment", [GATEWAY, FLEET, "gcp.application_lb_gce"])
def test_the_contract_brings_back_what_was_billed(deployment, tmp_path):
    rates = {"aws.lambda.gb_seconds": 0.17, MESSAGES: 0.25}
    invoice = invoice_of(
        billed(deployment=deployment), lambda item: rates.get(item.rate.meter_id, 0.123)
    )
    found = ws.reconcile(CHAT, invoice, deployment)
    file = tmp_path / "paid.yaml"
    assert found.contract is not None
    file.write_text(yaml_text(found.contract.as_data()), encoding="utf-8")
    again = ws.estimate(
        of_month(found.scenario_as_billed).replace(contract=ws.load_contract(file)), deployment
    )

    for line in found.lines:
        paid = sum(
            float(item.cost_usd) for item in again.items if item.rate.meter_id == line.key.meter
        )
        assert paid == pytest.approx(line.billed_usd, abs=0.01)


def test_a_contract_says_percent_where_one_discount_holds_for_all():
    found = ws.reconcile(CHAT, invoice_of(billed(), lambda _: 0.15))
    assert found.contract is not None
    [rate] = found.contract.rates

    assert (rate.percent_off, rate.regions) == (15, ("us-east-1",))


def test_the_month_has_the_hours_and_the_prices_of_the_invoice():
    found = ws.reconcile(CHAT, invoice_of(billed()))

    assert found.estimate.hours_per_month == HOURS == (END - FIRST).days * 24
    assert found.estimate.as_of == dt.date(2026, 10, 31)


def test_a_part_of_a_month_is_named():
    week = replace(invoice_of(billed()), end_day=FIRST + dt.timedelta(days=7))
    found = ws.reconcile(CHAT, week)

    assert found.month.month.hours == 7 * 24
    assert "7 days, which is no calendar month" in found.notes[0]


def test_more_than_a_month_is_refused():
    quarter = replace(invoice_of(billed()), end_day=dt.date(2026, 12, 31))
    with pytest.raises(ws.ScenarioError, match=r"91 days: .* reconcile the lines of one month"):
        ws.reconcile(CHAT, quarter)


def test_a_fleet_is_estimated_on_the_machines_of_the_invoice():
    other = billed(deployment=FLEET, options={FLEET: {"machine": "m7g.large"}})
    found = ws.reconcile(CHAT, invoice_of(other))

    assert found.month.machines["machine"] == "m7g.large"
    assert found.explained_share == pytest.approx(1)
    assert any("m7g.large" in note for note in found.notes)


def test_a_choice_that_the_scenario_states_is_kept():
    stated = CHAT.replace(options={FLEET: {"machine": "c7g.large"}})
    other = billed(deployment=FLEET, options={FLEET: {"machine": "m7g.large"}})
    found = ws.reconcile(stated, invoice_of(other))

    assert {"not in the estimate", "not on the invoice"} <= set(kinds(found))


def test_lines_of_another_region_are_scope_and_named():
    found = ws.reconcile(CHAT, invoice_of(billed(location="frankfurt")))

    assert set(kinds(found)) == {"not in the estimate", "not on the invoice"}
    assert any("eu-central-1" in note and "us-east-1" in note for note in found.notes)


def test_a_line_without_a_region_is_of_the_estimate():
    invoice = invoice_of(billed())
    found = ws.reconcile(CHAT, replace(invoice, lines=invoice.lines.assign(region="")))

    assert found.explained_share == pytest.approx(1)


def test_meters_of_other_deployments_are_scope():
    invoice, others = invoice_of(billed()), invoice_of(billed(deployment=FLEET)).lines
    others = others[others["meter"] != "aws.egress.internet"]
    found = ws.reconcile(CHAT, replace(invoice, lines=pd.concat([invoice.lines, others])))

    assert found.deployment == GATEWAY
    assert kinds(found) == ["not in the estimate"]


def test_an_invoice_of_nothing_known_is_refused():
    invoice = invoice_of(billed())
    with pytest.raises(ws.EstimatorError, match="no line of the invoice is of a meter"):
        ws.reconcile(CHAT, replace(invoice, lines=invoice.lines.head(0)))


def test_without_list_prices_ours_are_taken():
    invoice = invoice_of(billed(), lambda _: 0.3)
    bare = invoice.lines.assign(list_usd=float("nan"), list_unit_usd=float("nan"))
    found = ws.reconcile(CHAT, replace(invoice, lines=bare))

    assert kinds(found) == ["contract"]
    assert found.contract is not None
    assert found.contract.rates[0].percent_off == 30


def test_what_the_contract_of_the_scenario_explains_is_no_difference():
    agreed = {"title": "Ours", "rates": [{"meters": ["aws.*"], "percent_off": 20}]}
    found = ws.reconcile(CHAT.replace(contract=agreed), invoice_of(billed(), lambda _: 0.2))

    assert found.difference_usd == pytest.approx(0, abs=0.01)


def test_an_invoice_says_which_answer_it_speaks_for():
    invoice = invoice_of(billed(assumptions={"aws.api_gateway.billed_bytes": "payload"}))
    found = ws.reconcile(CHAT, invoice, relative_error=0.02)
    [asked] = [q for q in found.questions if q.assumption.name == "billed_bytes"]

    assert asked.given == "ip"
    assert asked.is_contradicted
    estimated = {each.answer: sum(each.estimated.values()) for each in asked.answers}
    assert estimated["payload"] == pytest.approx(sum(asked.billed.values()), rel=0.01)
    assert found.scenario_as_billed.assumptions == {
        "aws.api_gateway.billed_bytes": asked.best.answer
    }


def test_an_error_so_large_that_all_answers_fit_settles_nothing():
    found = ws.reconcile(CHAT, invoice_of(billed()), relative_error=1.0)

    assert not any(each.is_settled for each in found.questions)


# the categories of Kass and Raftery (1995), page 777: 1 to 3, 3 to 20, 20 to 150, above
@pytest.mark.parametrize(
    ("odds", "words"),
    [(1, "not at all"), (2.9, "hardly"), (19, "positively"), (149, "strongly"),
     (151, "very strongly")],
)  # fmt: skip
def test_strength_is_in_the_words_of_kass_and_raftery(odds, words):
    assert strength(odds) == words


@pytest.mark.parametrize("error", [0.0, 0.001, 1.5, float("nan")])
def test_an_error_out_of_range_is_refused(error):
    with pytest.raises(ws.EstimatorError, match="relative_error"):
        ws.reconcile(CHAT, invoice_of(billed()), relative_error=error)


def test_a_bill_with_a_row_for_the_month_is_beside_an_estimate_of_all_its_days(tmp_path):
    # the months of our own files have one row per price: the invoice of December is of 31 days
    exported = ws.export(ws.estimate(CHAT, GATEWAY), "focus", made_on=dt.date(2026, 12, 9))
    bill = tmp_path / "bill.csv"
    exported.write(bill)

    found = ws.reconcile(CHAT, ws.read_invoice(bill))

    assert found.month.month.hours == 31 * 24
    # minutes grow as hours do: the file is of the mean month of 730
    [minutes] = [line for line in found.lines if line.key.meter.endswith("connection_minutes")]
    assert minutes.estimated.quantity / minutes.counted.quantity == pytest.approx(744 / 730)


def test_a_bill_of_two_months_says_how_to_read_one():
    invoice = replace(invoice_of(billed()), first_day=dt.date(2026, 9, 30))
    invoice = replace(invoice, months=("2026-09", "2026-10"))

    with pytest.raises(ws.ScenarioError, match=r"32 days.*--month.* one of 2026-09, 2026-10$"):
        ws.reconcile(CHAT, invoice)


def test_what_could_not_be_read_stands_beside_what_is_explained():
    unread = (
        UnreadRows("the cost has a comma in it", 30, 2),
        UnreadRows("of another month than 2026-10", 900, 9),
    )
    invoice = invoice_of(billed())
    found = ws.reconcile(CHAT, replace(invoice, rows_not_read=unread))

    assert found.verdict.endswith(
        f"30 of {invoice.rows_read + 30} rows could not be read: the invoice is not whole."
    )


def test_of_an_invoice_below_zero_nothing_is_explained():
    invoice = invoice_of(billed(), lambda _: 2.0)
    found = ws.reconcile(CHAT, invoice)

    assert found.billed_usd < 0
    assert (found.explained_share, found.modeled_share) == (0.0, 0.0)
    assert "-0%" not in found.verdict
