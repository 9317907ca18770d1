"""What must hold however a quantity is spread over lines that a vendor adds up."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import estimator as ws
from estimator.pricing.catalog import Catalog

REGIONS = [f"region-{number}" for number in range(6)]
ONE_ZONE = dict.fromkeys(REGIONS, "zone")

parts = st.lists(
    st.tuples(st.sampled_from(REGIONS), st.integers(0, 10**12)), min_size=1, max_size=8
)
prices = st.integers(1, 10**6).map(lambda micros: micros / 1e6)


@st.composite
def ladders(draw: st.DrawFn) -> dict[float, float]:
    widths = draw(st.lists(st.integers(1, 10**12), max_size=3))
    edges = np.cumsum([0, *widths]).tolist()
    return {edge: draw(prices) for edge in edges}


@st.composite
def gifts(draw: st.DrawFn) -> list[dict[str, Any]]:
    """At most one allowance of units and one of money, shared by the whole pool."""
    found: list[dict[str, Any]] = []
    if draw(st.booleans()):
        side = draw(st.sampled_from(["beyond", "including"]))
        found.append({"quantity": draw(st.integers(1, 10**12)), "tiers": side})
    if draw(st.booleans()):
        found.append({"allowance": "aws.shop.credit", "usd": draw(st.integers(1, 10**6))})
    return [gift | {"pool_over": "zone"} for gift in found]


@pytest.fixture(scope="module")
def pooled(catalog_of):
    """A catalogue with one price ladder for all regions, which are in one zone."""

    def build(ladder: dict[float, float], allowances: list, package: int | None = None) -> Catalog:
        meter = {"tiers_pool_over": "zone", "package": package}
        return catalog_of(ladder, meters=[meter], allowances=allowances, regions=ONE_ZONE)

    return build


def before_credit(bill: ws.Bill) -> float:
    return float(sum(item.cost_usd + item.credit_usd for item in bill.items))


def same(one: ws.Bill, other: ws.Bill) -> bool:
    """Whether two bills come to one total, but for the last digits of what was added up."""
    noise = 1e-12 * max(before_credit(one), before_credit(other))
    return math.isclose(float(one.total), float(other.total), rel_tol=0, abs_tol=noise)


packages = st.none() | st.integers(1, 10**9)


@given(ladders(), gifts(), packages, parts)
def test_a_quantity_in_parts_costs_the_same_as_in_one_piece(
    pooled, bill_for, ladder, allowances, package, lines
):
    catalog = pooled(ladder, allowances, package)
    whole = sum(quantity for _, quantity in lines)

    assert same(bill_for(catalog, *lines), bill_for(catalog, (REGIONS[0], whole)))


@given(
    ladders(), gifts(), packages, parts.flatmap(lambda p: st.tuples(st.just(p), st.permutations(p)))
)
def test_the_order_of_lines_does_not_change_the_total(
    pooled, bill_for, ladder, allowances, package, orders
):
    catalog = pooled(ladder, allowances, package)
    lines, shuffled = orders

    assert same(bill_for(catalog, *lines), bill_for(catalog, *shuffled))


@given(ladders(), gifts(), parts)
def test_free_units_and_money_never_exceed_what_is_given(
    pooled, bill_for, ladder, allowances, lines
):
    bill = bill_for(pooled(ladder, allowances), *lines)
    units = sum(gift.get("quantity", 0) for gift in allowances)
    usd = sum(gift.get("usd", 0) for gift in allowances)

    used = sum(quantity for _, quantity in lines)
    assert sum(item.free_units for item in bill.items) == min(units, used)
    assert float(sum(item.credit_usd for item in bill.items)) == pytest.approx(
        min(usd, before_credit(bill)), rel=1e-12
    )


@given(st.integers(1, 10**12), parts, parts, st.sampled_from(["region", "zone", "account"]))
def test_meters_that_share_free_units_never_get_more_than_there_are(
    catalog_of, bill_for, quantity, things, works, pool
):
    meters = ["aws.shop.things", "aws.shop.works"]
    catalog = catalog_of(
        [{"meter": meter} for meter in meters],
        meters=[{"meter": meter} for meter in meters],
        allowances=[{"meters": " ".join(meters), "quantity": quantity, "pool_over": pool}],
        regions=ONE_ZONE,
    )
    lines = [(meters[0], *part) for part in things] + [(meters[1], *part) for part in works]

    bill = bill_for(catalog, *lines)

    granted = {"region": len({region for _, region, _ in lines}), "zone": 1, "account": 1}[pool]
    assert sum(item.free_units for item in bill.items) <= quantity * granted
    assert all(item.free_units <= item.usage.quantity for item in bill.items)


@given(ladders(), gifts(), packages, st.lists(parts, min_size=3, max_size=3))
def test_many_scenarios_at_once_equal_one_by_one(
    pooled, bill_for, ladder, allowances, package, scenarios
):
    catalog = pooled(ladder, allowances, package)
    regions = [region for region, _ in scenarios[0]]
    rows = [
        [quantity for _, quantity in lines[: len(regions)]] + [0] * (len(regions) - len(lines))
        for lines in scenarios
    ]

    together = bill_for(catalog, *zip(regions, np.array(rows, dtype=float).T, strict=True))

    apart = [bill_for(catalog, *zip(regions, row, strict=True)) for row in rows]
    noise = 1e-12 * max(map(before_credit, apart))
    np.testing.assert_allclose(together.total, [bill.total for bill in apart], rtol=0, atol=noise)


@given(ladders(), gifts(), packages, parts, parts)
def test_no_line_is_negative_and_more_use_never_costs_less(
    pooled, bill_for, ladder, allowances, package, lines, more
):
    catalog = pooled(ladder, allowances, package)

    less, more_expensive = bill_for(catalog, *lines), bill_for(catalog, *lines, *more)

    assert all(item.cost_usd >= 0 for item in more_expensive.items)
    assert all(np.all(item.units_by_tier >= 0) for item in more_expensive.items)
    assert float(less.total) <= float(more_expensive.total)
