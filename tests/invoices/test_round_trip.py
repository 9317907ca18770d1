"""A bill of ours, written as a vendor writes its own, reads back to the same meters and cents."""

import io
import random

import pytest

import estimator as ws
from estimator.invoices.meter_map import load_invoice_lines
from estimator.invoices.read import read_invoice_file
from estimator.pricing.price_files import load_price_files
from vendor_bills import Charge, aws_cur, azure_export, focus, google_export, oci_report

OWN_FORMAT = {
    "aws": aws_cur,
    "azure": azure_export,
    "gcp": google_export,
    "oci": oci_report,
}
REGIONS = {
    "aws": "eu-central-1",
    "azure": "westeurope",
    "gcp": "europe-west3",
    "oci": "uk-london-1",
}


def charges(cloud):
    """A charge of every meter that the map has, at its list price less a tenth."""
    chance = random.Random(cloud)
    prices = {rate.meter: rate.usd_per_unit for rate in load_price_files().rates}
    for row in load_invoice_lines(cloud):
        if row.meter is not None:
            quantity = chance.randrange(1, 10**9) / 1000
            listed = quantity * prices[row.meter]
            yield Charge(row, REGIONS[cloud], quantity, listed, 0.9 * listed)


def read(text):
    return read_invoice_file(io.BytesIO(text.encode()), "bill.csv")


def found(invoice):
    return {
        row.meter: (row.region, row.quantity, row.billed_usd) for row in invoice.lines.itertuples()
    }


def expected(charged):
    added: dict[str, tuple[str, float, float]] = {}
    for each in charged:
        _, quantity, usd = added.get(each.row.meter, ("", 0.0, 0.0))
        added[each.row.meter] = each.region, quantity + each.quantity, usd + each.billed_usd
    return {
        meter: (region, pytest.approx(quantity), pytest.approx(usd, abs=0.005))
        for meter, (region, quantity, usd) in added.items()
    }


@pytest.mark.parametrize("cloud", OWN_FORMAT)
def test_every_meter_of_the_map_survives_its_vendor_s_format(cloud):
    charged = [*charges(cloud)]

    invoice = read(OWN_FORMAT[cloud](charged))

    assert found(invoice) == expected(charged)
    assert invoice.unmapped.empty
    if cloud != "oci":
        assert invoice.lines["list_usd"].sum() == pytest.approx(sum(c.list_usd for c in charged))


@pytest.mark.parametrize("cloud", OWN_FORMAT)
def test_every_meter_of_the_map_survives_focus_without_columns_of_vendors(cloud):
    charged = [*charges(cloud)]

    invoice = read(focus(charged))

    assert found(invoice) == expected(charged)
    assert invoice.unmapped.empty


def test_an_estimate_reads_back_to_its_dollars():
    scenario = ws.Scenario(profile="workplace-chat", location="frankfurt", peak_connections=20_000)
    by_meter = {row.meter: row for row in load_invoice_lines("aws")}
    lines = ws.estimate(scenario, "aws.alb_ec2").lines
    columns = ["meter", "region", "quantity", "list_usd", "cost_usd"]
    billed = lines.loc[lines["quantity"] > 0, columns].values.tolist()
    charged = [Charge(by_meter[meter], *figures) for meter, *figures in billed]

    invoice = read(aws_cur(charged))

    assert found(invoice) == expected(charged)
