"""Contract rates: what they change, and the list price that stays beside them."""

import re
from typing import ClassVar

import numpy as np
import pytest

import estimator as ws
from estimator.pricing.bill import conventions
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import Contract, contract_names, shipped_contract
from estimator.pricing.lines import Usage, price_usage

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


@pytest.mark.parametrize(
    ("tiers", "usd"),
    [
        # 150 units; at list prices a hundred at 2 and the rest at 1
        ([{"tier_from": 0, "usd_per_unit": 1.5}, {"tier_from": 120, "usd_per_unit": 0.5}], 195),
        ([{"tier_from": 0, "percent_off": 0}, {"tier_from": 50, "percent_off": 50}], 100 + 50 + 25),
        ([{"tier_from": 0, "percent_off": 10}, {"tier_from": 100, "usd_per_unit": 0}], 180),
    ],
)
def test_a_contract_may_have_tiers_of_its_own(catalog_of, bill_for, tiers, usd):
    bill = bill_for(
        catalog_of(LADDER, contract=[{"meters": [THINGS], "tiers": tiers}]), ("here", 150)
    )

    assert bill.total == pytest.approx(usd)
    assert bill.list_total == 250


def test_tiers_in_one_line_go_on_in_the_next(catalog_of, bill_for):
    tiers = [{"tier_from": 0, "usd_per_unit": 1}, {"tier_from": 100, "usd_per_unit": 0.5}]
    catalog = catalog_of({0: 2}, contract=[{"meters": [THINGS], "tiers": tiers}])

    bill = bill_for(catalog, ("here", 80), ("there", 40))

    assert [float(item.cost_usd) for item in bill.items] == [80, 20 + 10]


class TestOwnMetersAndPrices:
    """What no price list has."""

    RELAY: ClassVar = {
        "meter": "acme.relay.hours",
        "title": "Relay",
        "unit": "Hours",
        "driver": "compute",
        "usd_per_unit": 0.25,
    }

    def test_a_meter_of_your_own_is_priced(self):
        ours = {"title": "Ours", "meters": [self.RELAY]}

        bill = ws.price({"acme.relay.hours": 730, MESSAGES: 1e6}, "us-east-1", contract=ours)

        assert bill.total == pytest.approx(730 * 0.25 + 1)
        assert float(bill["acme.relay.hours"].cost_usd) == pytest.approx(182.5)
        assert "the contract 'Ours'" in bill.explain()
        assert list(bill.by_driver) == ["messages", "compute"]

    def test_a_region_of_your_own_is_priced(self):
        price = {"meter": MESSAGES, "region": "xx-west-9"}
        tiers = [{"tier_from": 0, "usd_per_unit": 2e-6}, {"tier_from": 1e6, "usd_per_unit": 1e-6}]
        ours = {"title": "Ours", "prices": [price | {"tiers": tiers}]}

        assert ws.price({MESSAGES: 3e6}, "xx-west-9", contract=ours).total == pytest.approx(4)

    def test_a_price_of_your_own_fills_a_gap(self):
        meter, region = self.gap()
        with pytest.raises(ws.MissingRateError):
            ws.price({meter: 1}, region)
        price = {"meter": meter, "region": region, "usd_per_unit": 3}

        assert ws.price({meter: 2}, region, contract={"title": "O", "prices": [price]}).total == 6

    @staticmethod
    def gap() -> tuple[str, str]:
        gaps = load_catalog().gaps.items()
        # what was only not seen is inferred
        return next(at for at, gap in gaps if gap.reason == "not_offered" and at[0][:4] == "aws.")

    @pytest.mark.parametrize(
        ("terms", "error"),
        [
            ({"prices": [{"meter": "aws.nosuch", "region": "x", "usd_per_unit": 1}]}, "aws.nosuch"),
            (
                {"prices": [{"meter": MESSAGES, "region": "us-east-1", "usd_per_unit": 1}]},
                "has a price in 'us-east-1' already; rates change it",
            ),
            ({"meters": [{**RELAY, "meter": MESSAGES}]}, "is in the price list"),
            ({"meters": [{**RELAY, "meter": "Relay hours"}]}, "meters.0.meter"),
            ({"meters": [{**RELAY, "driver": "fun"}]}, "driver"),
            (
                {
                    "prices": [
                        {
                            "meter": MESSAGES,
                            "region": "x",
                            "tiers": [{"tier_from": 0, "percent_off": 5}],
                        }
                    ]
                },
                "no list price to take percent off",
            ),
            (
                {"rates": [{"meters": [MESSAGES], "tiers": [{"tier_from": 5, "percent_off": 5}]}]},
                "tiers start at 0 and ascend",
            ),
            ({"rates": [{"meters": [MESSAGES], "tiers": []}]}, "tiers"),
        ],
    )
    def test_what_cannot_be_is_refused(self, terms, error):
        with pytest.raises(ws.EstimatorError, match=re.escape(error)):
            ws.price({MESSAGES: 1}, "us-east-1", contract={"title": "Ours", **terms})


@pytest.mark.parametrize("deployment", ["oci.load_balancer_vm", "oci.network_load_balancer_vm"])
def test_preemptible_machines_are_nodes_and_not_redis(deployment):
    # a reclaimed node closes its connections; a reclaimed Redis stops all of them
    said = {
        "profile": "workplace-chat",
        "location": "frankfurt",
        "peak_connections": 200_000,
        "free_allowances": "none",
        "options": {
            deployment: {
                "machine": "VM.Standard.E5.Flex/1/8",
                "redis": "self_run",
                "redis_machine": "VM.Standard.E5.Flex/1/8",
            }
        },
    }
    bill = ws.estimate(ws.Scenario(**said, contract="oci-preemptible"), deployment)

    machines = [item for item in bill.items if item.rate.meter_id.startswith("oci.compute.")]
    by_role = {
        role: [float(i.cost_usd / i.list_usd) for i in machines if i.usage.role == role]
        for role in ("nodes", "redis")
    }
    assert by_role["nodes"] == pytest.approx([0.5] * len(by_role["nodes"]))
    assert by_role["redis"] == pytest.approx([1.0] * len(by_role["redis"]))
    assert all(by_role.values())


@pytest.mark.parametrize(
    ("role", "usd"),
    [("nodes", 1), ("redis", 2), ("application_servers", 2), (None, 1)],
)
def test_a_rate_may_be_for_some_machines_only(catalog_of, role, usd):
    # plain quantities say nothing of machines, so that all rates are theirs
    catalog = catalog_of(
        {0: 2}, contract=[{"meters": ["*"], "percent_off": 50, "roles": ["nodes"]}]
    )

    [item] = price_usage([Usage(THINGS, np.ones(()), "", role=role)], "here", catalog, "none")

    assert float(item.cost_usd) == usd
    assert float(item.list_usd) == 2


def test_a_contract_that_matches_no_line_says_so_on_each_bill_of_a_comparison():
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=1_000,
        contract="oci-preemptible",
    )
    found = ws.compare(scenario, ["aws.alb_ec2", "oci.load_balancer_vm"])

    silent = "matches no line of this bill"
    notes = {bill.deployment: " ".join(bill.notes) for bill in found.bills}
    assert silent in notes["aws.alb_ec2"]
    assert silent not in notes["oci.load_balancer_vm"]
    named = next(bill.name for bill in found.bills if bill.deployment == "aws.alb_ec2")
    assert f"which matches no line of {named}" in conventions(found.bills)


def test_a_contract_that_matches_no_line_of_many_bills_says_of_how_many():
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=1_000,
        contract="oci-preemptible",
    )
    bills = ws.compare(scenario).bills
    silent = ["matches no line of this bill" in " ".join(bill.notes) for bill in bills]
    assert sum(silent) > 3
    said = f"which matches no line of {sum(silent)} of the {len(bills)} bills"
    assert said in conventions(bills)


def test_a_price_of_nothing_in_one_of_several_tiers_is_refused():
    tiers = [{"tier_from": 0, "usd_per_unit": 0}, {"tier_from": 10, "usd_per_unit": 1}]
    relay = {
        "meter": "acme.relay.hours",
        "title": "Relay",
        "unit": "Hours",
        "driver": "compute",
        "tiers": tiers,
    }

    with pytest.raises(ws.ContractError, match="a tier of price 0 is an allowance"):
        ws.price({"acme.relay.hours": 5}, "us-east-1", contract={"title": "O", "meters": [relay]})


@pytest.mark.parametrize(
    ("deployment", "moves"),
    [
        # Redis between nodes is all that this contract discounts
        ("aws.api_gateway", False),
        ("aws.alb_ec2", True),
    ],
)
def test_rates_for_redis_change_nothing_else(deployment: str, moves: bool):
    rates = {"meters": ["aws.*"], "percent_off": 50, "roles": ["redis"]}
    chat = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
    at_list = ws.estimate(chat, deployment)
    under = ws.estimate(chat.replace(contract={"title": "R", "rates": [rates]}), deployment)

    redis = [item for item in at_list.items if "elasticache" in item.rate.meter_id]
    off = sum(float(item.cost_usd) for item in redis) / 2
    assert (off > 0) == moves
    assert under.total == pytest.approx(at_list.total - off)


def test_preemptible_capacity_is_for_virtual_machines():
    chat = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
    containers = "oci.load_balancer_container_instances"
    under = ws.estimate(chat.replace(contract="oci-preemptible"), containers)

    assert under.total == pytest.approx(ws.estimate(chat, containers).total)
    assert "matches no line" in under.conventions
