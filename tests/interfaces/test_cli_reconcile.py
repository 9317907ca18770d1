"""``estimator reconcile``: a bill beside the estimate, in each form, and the contract behind it."""

import csv
import io
import json

import pytest

import estimator as ws

SHOP = ("examples/shop-notices.yaml", "examples/shop-notices-invoice.csv")


def test_the_sentence_comes_first_and_every_form_says_the_same(run):
    found = ws.reconcile(ws.Scenario.load(SHOP[0]), ws.read_invoice(SHOP[1]))
    status, out, err = run("reconcile", *SHOP, "--json")
    data = json.loads(out)
    rows = [*csv.DictReader(io.StringIO(run("reconcile", *SHOP, "--csv")[1]))]

    assert (status, err) == (0, "")
    assert data["headline"] == found.headline
    assert sum(float(row["billed_usd"]) for row in rows) == pytest.approx(data["billed_usd"])
    assert run("reconcile", *SHOP, "--markdown")[1].startswith("**The estimate explains 61%")


def test_the_contract_is_written_and_can_be_used(run, tmp_path):
    paid = tmp_path / "paid.yaml"
    status, _, err = run("reconcile", *SHOP, "--contract-to", str(paid))

    assert (status, err) == (0, "")
    assert ws.load_contract(paid).rates[0].percent_off == 12
    assert run("estimate", SHOP[0], "aws.api_gateway", "--contract", str(paid))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--usd-per", "EUR"), "expected a currency and a rate as in EUR=1.08"),
        (("--usd-per", "EUR=1.08"), "the rate is of EUR, but the bill is in USD"),
        (("--deployment", "aws.nothing"), "aws.nothing"),
        (("--relative-error", "2"), "relative_error must be from 0.01 to 1"),
        (("--contract-to", "no/such/folder/paid.yaml"), "cannot be written"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(run, arguments, said):
    status, _, err = run("reconcile", *SHOP, *arguments)

    assert status == 2
    assert said in " ".join(err.split())
