"""What must hold for every price ladder, every quantity and every allowance."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import assume, given, strategies as st

import estimator as ws
from estimator.pricing.catalog import Catalog, load_catalog
from estimator.pricing.lines import LineItem, Usage, price_usage
from estimator.pricing.price_files import Allowance, Meter, PriceFiles, RateRow
from estimator.pricing.tiers import Tariff

METER = Meter.model_validate(
    {
        "meter": "aws.shop.things",
        "title": "Things",
        "service": "Shop",
        "driver": "messages",
        "unit": "Things",
        "tiers_pool_over": "account",
        "focus_category": "Other",
        "focus_subcategory": "Other",
        "source": "https://example.org/prices",
    }
)
SEEN = {"source": METER.source, "checked_on": "2026-10-01"}
PRICED = load_catalog()

quantities = st.floats(0, 1e13)
frees = st.floats(0, 1e9)
sides = st.sampled_from(["beyond", "including"])
real_prices = st.sampled_from(sorted(PRICED.priced)).flatmap(
    lambda key: st.tuples(
        st.just(key[0]), st.sampled_from(PRICED.regions(key[0]) if key[1] == "*" else [key[1]])
    )
)


@dataclass(frozen=True)
class Ladder:
    """A price ladder in decimals, exactly as a price list prints it."""

    edges: list[Decimal]
    prices: list[Decimal]

    @property
    def tariff(self) -> Tariff:
        return Tariff(np.array(self.edges, dtype=float), np.array(self.prices, dtype=float))

    def catalog(self, free: float, side: str) -> Catalog:
        """A made-up catalogue of one meter with these prices and so many free units."""
        rates = [
            RateRow.model_validate(
                {
                    "meter": METER.meter,
                    "region": "here",
                    "tier_from": edge,
                    "usd_per_unit": price,
                    "effective_from": "2026-01-01",
                    "confidence": "confirmed",
                    **SEEN,
                }
            )
            for edge, price in zip(self.edges, self.prices, strict=True)
        ]
        gift = {
            "allowance": "aws.shop.gift",
            "shares": "goods of the account",
            "meters": METER.meter,
            "kind": "always",
            "quantity": free,
            "tiers": side,
            "pool_over": "account",
            **SEEN,
        }
        allowances = (Allowance.model_validate(gift),) if free else ()
        return Catalog(PriceFiles((METER,), tuple(rates), allowances))

    def cost(self, quantity: Decimal) -> Decimal:
        """USD by going up the ladder tier by tier, in decimals."""
        usd = Decimal(0)
        for index, price in enumerate(self.prices):
            last = index + 1 == len(self.prices)
            upper = quantity if last else min(quantity, self.edges[index + 1])
            if upper > self.edges[index]:
                usd += (upper - self.edges[index]) * price
        return usd

    def cost_with_free(self, quantity: Decimal, free: Decimal, side: str) -> Decimal:
        if side == "beyond":
            return self.cost(max(quantity - free, Decimal(0)))
        # the free units are the first ones, and what follows stays in its tier
        return self.cost(quantity) - self.cost(min(quantity, free))


@st.composite
def ladders(draw: st.DrawFn) -> Ladder:
    widths = draw(st.lists(st.integers(1, 10**10), max_size=5))
    edges = [Decimal(0)]
    for width in widths:
        edges.append(edges[-1] + width)
    digits = st.integers(1, 10**9).map(lambda number: Decimal(number).scaleb(-9))
    return Ladder(edges, draw(st.lists(digits, min_size=len(edges), max_size=len(edges))))


def cost(ladder: Ladder, quantity: object) -> np.ndarray:
    tariff = ladder.tariff
    return np.asarray(tariff.cost(tariff.split(np.asarray(quantity, dtype=float))))


def line(ladder: Ladder, quantity: object, free: float, side: str) -> LineItem:
    usage = Usage(METER.meter, np.asarray(quantity, dtype=float), "as given")
    [item] = price_usage([usage], "here", ladder.catalog(free, side), "always")
    return item


@given(ladders(), quantities, quantities)
def test_more_never_costs_less(ladder, one, other):
    less, more = sorted([one, other])

    assert cost(ladder, less) <= cost(ladder, more) * (1 + 1e-12)


@given(ladders())
def test_cost_never_jumps_at_an_edge(ladder):
    for edge in map(float, ladder.edges[1:]):
        below, above = np.nextafter(edge, 0), np.nextafter(edge, np.inf)
        rise = float(cost(ladder, above) - cost(ladder, below))
        steepest = float(max(ladder.prices)) * (above - below)
        assert rise <= steepest + 4 * np.spacing(float(cost(ladder, above)))


@given(ladders(), quantities)
def test_tiers_share_the_quantity_without_loss(ladder, quantity):
    split = ladder.tariff.split(np.array(quantity))

    assert np.all(split >= 0)
    assert split.sum() == pytest.approx(quantity, rel=1e-14)


@given(ladders(), quantities)
def test_an_upper_tier_is_only_used_when_the_lower_ones_are_full(ladder, quantity):
    split = ladder.tariff.split(np.array(quantity))
    widths = np.diff(ladder.tariff.tier_from)

    used = np.flatnonzero(split)
    assert np.array_equal(used, np.arange(used.size))
    np.testing.assert_array_equal(split[: max(used.size - 1, 0)], widths[: max(used.size - 1, 0)])


@given(ladders(), quantities, quantities, quantities)
def test_use_that_goes_on_pays_what_is_added(ladder, one, other, third):
    start, middle, end = sorted([one, other, third])
    tariff = ladder.tariff

    parts = [tariff.between(start, middle), tariff.between(middle, end)]
    assert all(np.all(units >= 0) for units in parts)
    np.testing.assert_allclose(sum(parts), tariff.between(start, end), rtol=0, atol=1e-14 * end)
    assert tariff.between(0.0, end).tolist() == tariff.split(np.array(end)).tolist()


@given(ladders(), quantities, frees, sides)
def test_decimals_come_to_the_same_amount(ladder, quantity, free, side):
    found = float(line(ladder, quantity, free, side).cost_usd)
    exact = ladder.cost_with_free(Decimal(quantity), Decimal(free), side)

    # far below a cent: a hundred-millionth of one, or the last digits of an amount beyond a million
    assert abs(Decimal(found) - exact) <= max(Decimal("1e-10"), exact * Decimal("1e-13"))


@given(ladders(), st.lists(quantities, min_size=1, max_size=12), frees, sides)
def test_many_at_once_equal_one_by_one(ladder, many, free, side):
    together = line(ladder, many, free, side).cost_usd

    apart = [line(ladder, one, free, side).cost_usd for one in many]
    # but for the order in which tiers are added up, which may differ in the last digit
    np.testing.assert_allclose(together, apart, rtol=1e-14)


@given(ladders(), st.lists(quantities, min_size=6, max_size=6))
def test_many_may_have_several_axes(ladder, many):
    together = cost(ladder, np.array(many).reshape(2, 3))

    np.testing.assert_allclose(together, cost(ladder, many).reshape(2, 3), rtol=1e-14)


@given(ladders(), quantities, frees, sides)
def test_free_units_never_raise_a_bill_or_make_it_negative(ladder, quantity, free, side):
    item = line(ladder, quantity, free, side)

    assert np.all(item.units_by_tier >= 0)
    assert item.cost_usd <= cost(ladder, quantity) * (1 + 1e-12)


@given(ladders(), quantities, frees, sides)
def test_free_units_and_billed_units_are_all_units(ladder, quantity, free, side):
    item = line(ladder, quantity, free, side)
    noise = 1e-12 * quantity

    assert item.free_units == min(free, quantity)
    assert item.units_by_tier.sum() == pytest.approx(max(quantity - free, 0), rel=1e-12, abs=noise)


@given(ladders(), st.floats(0, 1e6), sides)
def test_what_is_within_the_free_units_costs_nothing(ladder, quantity, side):
    assert line(ladder, quantity, quantity, side).cost_usd == 0


@given(quantities, real_prices)
def test_without_allowances_no_unit_of_a_real_meter_is_free(quantity, meter_and_region):
    # but for what comes with a fee that is on the bill too
    assume(all(gift.kind != "included" for gift in PRICED.allowances(meter_and_region[0])))
    [item] = ws.price({meter_and_region: quantity}).items

    assert float(item.free_units) == 0
    assert float(item.credit_usd) == 0
    assert "free" not in item.tiers_text()


@given(quantities, real_prices)
def test_a_real_meter_never_has_a_negative_line(quantity, meter_and_region):
    for allowances in ("none", "always", "all"):
        [item] = ws.price({meter_and_region: quantity}, free_allowances=allowances).items
        assert item.cost_usd >= 0
        assert item.free_units >= 0
        assert item.credit_usd >= 0


@given(quantities, quantities, real_prices)
def test_real_prices_are_never_lower_for_more(one, other, meter_and_region):
    less, more = sorted([one, other])

    for allowances in ("none", "always", "all"):
        cheap, dear = (
            ws.price({meter_and_region: quantity}, free_allowances=allowances).total
            for quantity in (less, more)
        )
        assert cheap <= dear * (1 + 1e-12)
