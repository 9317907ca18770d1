"""Every change of the lead is found, of curves whose crossovers are known."""

import numpy as np
import pytest

from estimator.analysis.breakeven.crossovers import NONE_WITHIN_LIMITS, trace


def traced(curves, low, high, **kwargs):
    rivals = len(curves(np.array([low])))
    return trace(lambda x, rows: curves(x)[rows], rivals, low, high, **kwargs)


def found(curves, low, high, **kwargs):
    return [
        (each.at, each.below, each.above, each.kind)
        for each in traced(curves, low, high, **kwargs).changes
    ]


@pytest.mark.parametrize("parts", [2, 3, 16])
def test_two_lines_meet_once(parts):
    [(at, below, above, kind)] = found(lambda x: np.stack([x, 3 + x / 2]), 0.1, 1000, parts=parts)

    assert at == pytest.approx(6, rel=1e-8)
    assert (below, above, kind) == (0, 1, "meets")


def test_a_staircase_is_crossed_at_every_step():
    # ceil(x / 10) * 10 lies below x + 5 from the middle of each step to its end
    crossed = found(lambda x: np.stack([np.ceil(x / 10) * 10, 5 + x]), 1, 200)

    expected = [*np.arange(5, 200, 5)]
    np.testing.assert_allclose([at for at, *_ in crossed], expected, rtol=1e-8)
    assert [kind for *_, kind in crossed] == ["meets", "steps"] * 19 + ["meets"]
    assert [above for _, _, above, _ in crossed] == [0, 1] * 19 + [0]


def test_one_step_of_many_thousand_is_found():
    # the staircase is more expensive but for the last hundredth of a single step near 7 million
    def curves(x):
        step = np.where((x > 6_930_000) & (x <= 7_000_000), x * 0.9999, x * 1.2)
        return np.stack([step, x])

    crossed = found(curves, 1e3, 1e7)

    assert [(round(at), above) for at, _, above, _ in crossed] == [(6_930_000, 0), (7_000_000, 1)]


def test_a_third_that_leads_for_a_moment_is_found():
    # the flat one undercuts the others around their crossover at 100
    def curves(x):
        return np.stack([x, 200 - x, np.full_like(x, 99.0)])

    crossed = found(curves, 50, 150)

    np.testing.assert_allclose([at for at, *_ in crossed], [99, 101], rtol=1e-7)
    assert [above for _, _, above, _ in crossed] == [2, 1]


def test_between_two_values_a_third_may_lead():
    def curves(x):
        return np.stack([x, 200 - x * 0.5, np.full_like(x, 120.0)])

    crossed = found(curves, 50, 390)

    assert [(round(at, 4), above) for at, _, above, _ in crossed] == [(120, 2), (160, 1)]


def test_who_no_longer_holds_loses_the_lead():
    def curves(x):
        return np.stack([np.where(x < 500, x, np.inf), 2 * x, np.where(x >= 700, x / 2, np.inf)])

    crossed = found(curves, 1, 1e5)

    np.testing.assert_allclose([at for at, *_ in crossed], [500, 700], rtol=1e-8)
    assert [(below, above, kind) for _, below, above, kind in crossed] == [
        (0, 1, "stops"),
        (1, 2, "starts"),
    ]


def test_where_nobody_holds_is_told():
    def curves(x):
        return np.where((x > 20) & (x < 60), x, np.inf)[None]

    crossed = found(curves, 1, 100)

    pairs = [(below, above) for _, below, above, _ in crossed]
    assert pairs == [(NONE_WITHIN_LIMITS, 0), (0, NONE_WITHIN_LIMITS)]
    np.testing.assert_allclose([at for at, *_ in crossed], [20, 60], rtol=1e-8)


def test_curves_that_fall_are_followed_too():
    [(at, *_)] = found(lambda x: np.stack([100 / x, 5 + 0 * x]), 1, 100)

    assert at == pytest.approx(20, rel=1e-8)


def test_a_range_from_zero_is_divided_evenly():
    [(at, *_)] = found(lambda x: np.stack([x, 3 + 0 * x]), 0, 100)

    assert at == pytest.approx(3, abs=1e-6)


def test_a_clear_case_takes_few_values():
    clear = traced(lambda x: np.stack([x, 3 * x]), 1, 1e6)

    assert clear.changes == ()
    assert clear.values.size < 100


def test_those_that_cannot_lead_are_not_priced_to_find_where_the_lead_changes():
    priced = []

    def curves(x, rows):
        priced.append({*rows})
        return np.stack([x, 3 + x / 2, 1000 + x, 2 * x])[rows]

    [change] = trace(curves, 4, 0.1, 1000).changes

    # the third never costs less than another one; where the others meet, the fourth is above both
    assert (change.below, change.above) == (0, 1)
    assert priced[-1] == {0, 1}


def test_what_cannot_be_told_apart_is_said_to_be_known_less_well():
    close = traced(lambda x: np.stack([x, x * 1.001]), 1, 1e6, resolution=1e-6)

    assert close.resolution > 1e-6
