"""Contract rates: what they change, and the list price that stays beside them."""

import re

import numpy as np
import pytest

import estimator as ws
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import Contract, contract_names, shipped_contract

THINGS, WORKS = "aws.shop.things", "aws.shop.works"
LADDER = {0: 2.0, 100: 1.0}
MESSAGES = "aws.api_gateway.messages"
HALF = {"title": "Half", "rates": [{"meters": [MESSAGES], "percent_off": 50}]}


@pytest.mark.parametrize(
    ("terms", "usd"),
    [
        # 150 units at list prices: a hundred at 2 and fifty at 1
        ({"percent_off": 0}, 250),
        ({"percent_off": 30}, 0.7 * 250),
        ({"percent_off": 100}, 0),
        ({"usd_per_unit": 0.5}, 150 * 0.5),
        ({"usd_per_unit": 0}, 0),
        ({"percent_off": 30, "share": 0.5}, 0.5 * 0.7 * 250 + 0.5 * 250),
        ({"usd_per_unit": 0.5, "share": 0.8}, 0.8 * 75 + 0.2 * 250),
        ({"usd_per_unit": 3}, 450),
    ],
)
def test_a_contract_says_what_is_paid_and_the_list_price_stays_beside(
    catalog_of, bill_for, terms, usd
):
    catalog = catalog_of(LADDER, contract=[{"meters": [THINGS], **terms}])

    bill = bill_for(catalog, ("here", 150))

    assert bill.total == pytest.approx(usd)
    assert bill.list_total == 250
    assert bill.items[0].list_usd == 250
    assert bill.lines["list_usd"].tolist() == [250]
    assert bill.lines["cost_usd"].tolist() == pytest.approx([usd])


def test_a_contract_holds_in_its_regions_or_everywhere(catalog_of, bill_for):
    rates = [{"meters": [THINGS], "percent_off": 50, "regions": ["here", "far"]}]
    meters = [{"tiers_pool_over": "region"}]
    some = catalog_of({0: 1}, meters=meters, contract=rates)
    every = catalog_of({0: 1}, meters=meters, contract=[{"meters": [THINGS], "percent_off": 50}])
    lines = [("here", 10), ("there", 10), ("far", 10)]

    assert [float(item.cost_usd) for item in bill_for(some, *lines).items] == [5, 10, 5]
    assert [float(item.cost_usd) for item in bill_for(every, *lines).items] == [5, 5, 5]


@pytest.mark.parametrize(
    ("pattern", "changed"),
    [
        ("aws.shop.things", {THINGS}),
        ("aws.shop.*", {THINGS, WORKS}),
        ("*", {THINGS, WORKS, "aws.store.things"}),
        ("*.things", {THINGS, "aws.store.things"}),
        ("aws.sho?.w*", {WORKS}),
    ],
)
def test_patterns_name_the_meters_and_no_others_change(catalog_of, bill_for, pattern, changed):
    meters = [THINGS, WORKS, "aws.store.things"]
    catalog = catalog_of(
        [{"meter": meter} for meter in meters],
        meters=[{"meter": meter} for meter in meters],
        contract=[{"meters": [pattern], "percent_off": 50}],
    )

    bill = bill_for(catalog, *((meter, "here", 10) for meter in meters))

    paid = {item.rate.meter_id: float(item.cost_usd) for item in bill.items}
    assert paid == {meter: 5 if meter in changed else 10 for meter in meters}


@pytest.mark.parametrize(
    ("order", "usd"), [(["aws.shop.*", THINGS], 40), ([THINGS, "aws.shop.*"], 60)]
)
def test_where_several_fit_the_last_one_holds_alone(catalog_of, bill_for, order, usd):
    off = {"aws.shop.*": 40, THINGS: 60}
    contract = [{"meters": [pattern], "percent_off": off[pattern]} for pattern in order]

    bill = bill_for(catalog_of({0: 1}, contract=contract), ("here", 100))

    assert bill.total == usd


def test_a_later_rate_of_other_regions_leaves_an_earlier_one(catalog_of, bill_for):
    contract = [
        {"meters": [THINGS], "percent_off": 50},
        {"meters": [THINGS], "percent_off": 90, "regions": ["far"]},
    ]

    bill = bill_for(catalog_of({0: 1}, contract=contract), ("here", 100), ("far", 100))

    assert [float(item.cost_usd) for item in bill.items] == pytest.approx([50, 10])


def test_free_units_come_off_before_contract_rates_and_list_prices(catalog_of, bill_for):
    catalog = catalog_of(
        LADDER,
        allowances=[{"quantity": 50}],
        contract=[{"meters": [THINGS], "percent_off": 50}],
    )

    bill = bill_for(catalog, ("here", 150))

    assert (bill.total, bill.list_total) == (100, 200)


@pytest.mark.parametrize("lines", [[("here", 40)], [("here", 20), ("there", 20)]], ids=len)
def test_list_totals_are_what_the_bill_would_be_without_the_contract(catalog_of, bill_for, lines):
    # 40 USD at list prices, 20 by contract, of each of which 15 USD are given
    gifts = [{"usd": 15}]
    ours = catalog_of({0: 1}, allowances=gifts, contract=[{"meters": [THINGS], "percent_off": 50}])

    assert bill_for(ours, *lines).total == 20 - 15
    assert bill_for(ours, *lines).list_total == 40 - 15
    assert bill_for(catalog_of({0: 1}, allowances=gifts), *lines).total == 40 - 15


def test_without_a_contract_the_list_price_is_what_is_paid():
    bill = ws.price({MESSAGES: 1.5e9}, "us-east-1")

    assert bill.list_total == bill.total == pytest.approx(1400)
    assert "list price" not in bill.explain()


def test_the_bill_tells_the_contract_and_the_list_price():
    bill = ws.price(
        {MESSAGES: 1.5e9, "aws.api_gateway.connection_minutes": 4e6}, "us-east-1", contract=HALF
    )

    assert bill.total == pytest.approx(0.5 * 1400 + 1)
    assert bill.conventions.endswith("rates of the contract 'Half'")
    assert "At list prices: $1,401.00." in bill.explain()
    messages, minutes = (item.explain() for item in bill.items)
    assert "contract  50% off; $1,400.00 at list price" in messages
    assert "1,000,000,000 x $0.0000005 + 500,000,000 x $0.0000004" in messages
    assert "contract" not in minutes


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        ({"percent_off": 17.5}, "17.5% off"),
        ({"usd_per_unit": 0.0000005}, "$0.0000005 per unit"),
        ({"percent_off": 28, "share": 0.8}, "28% off for 80% of the usage"),
    ],
)
def test_the_terms_are_told_in_words(terms, words):
    contract = Contract.model_validate({"title": "T", "rates": [{"meters": ["*"], **terms}]})

    assert contract.rates[0].in_words() == words


def test_a_contract_for_arrays_keeps_list_prices_for_each():
    many = np.array([0, 1e6, 1.5e9])
    bill = ws.price({MESSAGES: many}, "us-east-1", contract=HALF)

    np.testing.assert_allclose(bill.total, [0, 0.5, 700])
    np.testing.assert_allclose(bill.list_total, [0, 1, 1400])
    np.testing.assert_allclose(bill.lines["list_usd"], [0, 1, 1400])


def test_a_ready_contract_prices_as_the_same_one_written_out():
    ready = Contract.model_validate(HALF)

    assert ws.price({MESSAGES: 1e6}, "us-east-1", contract=ready).total == pytest.approx(0.5)
    assert Contract.model_validate(ready.as_data()) == ready


def test_there_are_shipped_contracts():
    assert contract_names()


@pytest.mark.parametrize("name", contract_names())
def test_each_rate_of_a_shipped_contract_changes_a_bill(name):
    contract, catalog = shipped_contract(name), load_catalog()
    changed: dict[int, tuple[str, str]] = {}
    for meter, region in catalog.priced:
        for where in catalog.regions(meter) if region == "*" else [region]:
            changed[id(contract.rate_for(meter, where))] = (meter, where)

    for rate in contract.rates:
        assert id(rate) in changed, f"{rate.meters} in {rate.regions} changes no price"
        usual, ours = (
            ws.price({changed[id(rate)]: 1e6}, contract=terms) for terms in (None, contract)
        )
        assert ours.total != usual.total
        assert ours.list_total == usual.total


@pytest.mark.parametrize("name", contract_names())
def test_a_shipped_contract_says_where_it_was_read(name):
    assert all(
        rate.source and rate.checked_on and rate.confidence for rate in shipped_contract(name).rates
    )


@pytest.mark.parametrize("name", contract_names())
def test_a_shipped_contract_is_loaded_by_its_name(name):
    assert ws.load_contract(name) == shipped_contract(name)


@pytest.mark.parametrize(
    ("rate", "error"),
    [
        ({"meters": ["aws.api_gateway.mesages"]}, f"did you mean '{MESSAGES}'"),
        ({"meters": [MESSAGES, "aws.shop.*"]}, "unknown meter 'aws.shop.*'"),
        ({"meters": [MESSAGES], "regions": ["us-easst-1"]}, "did you mean 'us-east-1'"),
        ({"meters": []}, "meters"),
        ({"meters": [MESSAGES], "regions": []}, "regions"),
    ],
    ids=["meter", "pattern", "region", "no meters", "no regions"],
)
def test_a_rate_that_changes_nothing_is_refused_with_a_hint(rate, error):
    contract = {"title": "Typo", "rates": [{"percent_off": 50, **rate}]}

    with pytest.raises(ws.EstimatorError, match=re.escape(error)):
        ws.price({MESSAGES: 1e6}, "us-east-1", contract=contract)
