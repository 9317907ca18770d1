"""The past can be priced again: with what was in force then, to the last bit."""

import datetime as dt

import pytest
from hypothesis import given, strategies as st

import estimator as ws

MESSAGES = "aws.api_gateway.messages"
HISTORY = [
    {"usd_per_unit": 0.3, "effective_from": "2024-01-01"},
    {"usd_per_unit": 0.7, "effective_from": "2025-01-01"},
    {"usd_per_unit": 0.1, "effective_from": "2025-01-01", "tier_from": 100},
]

days = st.dates(dt.date(2020, 1, 1), dt.date(2026, 1, 1))
prices = st.floats(1e-9, 1e3)


@st.composite
def histories(draw: st.DrawFn) -> list[dict]:
    """Price ladders of several days."""
    rows: list[dict] = []
    for day in draw(st.lists(days, min_size=1, max_size=4, unique=True)):
        edges = sorted({0, *draw(st.lists(st.integers(1, 10**9), max_size=2))})
        rows += [
            {"tier_from": edge, "usd_per_unit": draw(prices), "effective_from": str(day)}
            for edge in edges
        ]
    return rows


@pytest.mark.parametrize(
    ("as_of", "usd"),
    [
        ("2024-01-01", 150 * 0.3),
        ("2024-12-31", 150 * 0.3),
        ("2025-01-01", 100 * 0.7 + 50 * 0.1),
        (None, 100 * 0.7 + 50 * 0.1),
    ],
)
def test_a_day_is_priced_with_what_was_in_force_then(catalog_of, bill_for, as_of, usd):
    bill = bill_for(catalog_of(HISTORY, as_of=as_of), ("here", 150))

    assert bill.total == pytest.approx(usd, rel=1e-14)


@given(histories(), st.data(), st.floats(0, 1e12), prices)
def test_a_changed_price_leaves_the_past_as_it_was_to_the_last_bit(
    catalog_of, bill_for, history, data, quantity, usd
):
    first = min(row["effective_from"] for row in history)
    as_of = data.draw(st.dates(dt.date.fromisoformat(first), dt.date(2026, 1, 1)))
    later = as_of + dt.timedelta(days=data.draw(st.integers(1, 1000)))
    changed = [*history, {"usd_per_unit": usd, "effective_from": str(later)}]
    gift = [{"quantity": 1000, "tiers": "including"}]

    before, after = (
        bill_for(
            catalog_of(rows, as_of=str(as_of), allowances=gift), ("here", quantity), ("far", 7.3)
        )
        for rows in (history, changed)
    )

    for old, new in zip(before.items, after.items, strict=True):
        assert old.units_by_tier.tobytes() == new.units_by_tier.tobytes()
        assert float(old.cost_usd).hex() == float(new.cost_usd).hex()
    assert float(before.total).hex() == float(after.total).hex()


def test_a_changed_price_changes_the_bill_from_its_first_day_on(catalog_of, bill_for):
    changed = [*HISTORY, {"usd_per_unit": 0.9, "effective_from": "2026-05-01"}]

    totals = {
        as_of: bill_for(catalog_of(changed, as_of=as_of), ("here", 100)).total
        for as_of in ("2026-04-30", "2026-05-01", None)
    }

    assert totals == {"2026-04-30": 70, "2026-05-01": 90, None: 90}


def test_a_price_of_a_region_gives_way_to_that_for_everywhere_before_it_began(catalog_of, bill_for):
    rows = [
        {"region": "*", "usd_per_unit": 2, "effective_from": "2024-01-01"},
        {"region": "here", "usd_per_unit": 1, "effective_from": "2025-01-01"},
    ]

    assert [
        bill_for(catalog_of(rows, as_of=as_of), ("here", 10)).total
        for as_of in ("2024-12-31", "2025-01-01")
    ] == [20, 10]


def test_contract_rates_are_off_the_price_of_the_day(catalog_of, bill_for):
    half = [{"meters": ["*"], "percent_off": 50}]

    bill = bill_for(catalog_of(HISTORY, as_of="2024-06-01", contract=half), ("here", 100))

    assert (bill.total, bill.list_total) == (15, 30)


def test_a_line_appended_to_a_file_leaves_past_bills_and_changes_todays(data_folder):
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=5_000,
        free_allowances="none",
    )
    past = scenario.replace(as_of=dt.date(2026, 10, 15))
    asked = {MESSAGES: 1.3e9}
    then = dt.date(2026, 10, 15)

    def totals() -> list[str]:
        bills = [
            ws.estimate(past, "aws.api_gateway"),
            ws.price(asked, "us-east-1", as_of=then),
        ]
        return [float(bill.total).hex() for bill in bills]

    before = totals()
    messages = ws.estimate(scenario, "aws.api_gateway").lines.set_index("meter").loc[MESSAGES]
    old = ws.estimate(scenario, "aws.api_gateway").total
    data_folder.add(
        "rates",
        {
            "meter": MESSAGES,
            "region": "us-east-1",
            "usd_per_unit": "0.000005",
            "effective_from": "2026-10-16",
            "checked_on": "2026-10-16",
        },
    )

    assert totals() == before
    assert ws.price(asked, "us-east-1").total == pytest.approx(1.3e9 * 0.000005)
    new = ws.estimate(scenario, "aws.api_gateway").total
    assert new - old == pytest.approx(messages["quantity"] * 0.000005 - messages["cost_usd"])


@pytest.mark.parametrize(
    ("as_of", "write_usd", "read_usd"),
    [
        (dt.date(2024, 10, 31), 1.25, 0.25),
        (dt.date(2024, 11, 1), 0.625, 0.125),
        (None, 0.625, 0.125),
    ],
)
def test_aws_halved_on_demand_dynamodb_in_november_2024(as_of, write_usd, read_usd):
    # https://aws.amazon.com/blogs/database/
    # new-amazon-dynamodb-lowers-pricing-for-on-demand-throughput-and-global-tables/
    asked = {"aws.dynamodb.write_units": 1e6, "aws.dynamodb.read_units": 1e6}

    bill = ws.price(asked, "us-east-1", as_of=as_of)

    assert bill.lines["cost_usd"].tolist() == pytest.approx([write_usd, read_usd], rel=1e-14)


def test_a_day_before_any_price_is_refused_and_one_to_come_too():
    asked = {MESSAGES: 1e6}

    with pytest.raises(ws.MissingRateError, match="in force on 2001-01-01"):
        ws.price(asked, "us-east-1", as_of=dt.date(2001, 1, 1))
    with pytest.raises(ws.EstimatorError, match="2999-01-01 lies in the future"):
        ws.price(asked, "us-east-1", as_of=dt.date(2999, 1, 1))
