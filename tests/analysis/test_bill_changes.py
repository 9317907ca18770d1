"""Two bills side by side: amounts worked out by hand from published prices."""

import datetime as dt

import pytest

import estimator as ws
from estimator.analysis.diff.bill_changes import bill_changes, cheapest


def feed(rate: float = 100, size: float = 100) -> dict[str, object]:
    """Every client receives messages of one size, at all hours of the week alike."""
    ticks = {
        "direction": "server_to_client",
        "rate_per_hour": rate,
        "payload": {"law": "fixed", "bytes": size},
    }
    return {
        "title": "Feed",
        "session": {"law": "deterministic", "hours": 1},
        "weekly_shape": "flat",
        "flows": {"ticks": ticks},
    }


OLD = ws.Scenario(
    profile=feed(), location="virginia", peak_connections=10_000, free_allowances="none"
)


def line_of(change, meter):
    [line] = [line for line in change.lines if line.meter_id == meter]
    return line


def test_a_line_is_told_with_quantity_price_and_cost_before_and_after():
    # API Gateway, Virginia: $1.00 a million messages, $0.80 beyond 1,000 million.
    # 10,000 clients x 100 x 730 h = 730 million, twice as many 1,460 million
    [change] = bill_changes(OLD, OLD.replace(peak_connections=20_000), ["aws.api_gateway"])
    line = line_of(change, "aws.api_gateway.messages")

    assert line.quantities == pytest.approx((730e6, 1460e6))
    assert line.prices == ("$0.000001", "$0.000001 / $0.0000008")
    assert line.usd == pytest.approx((730, 1000 + 460 * 0.8))
    assert line.change_usd == pytest.approx(638)
    assert line.usd_per_unit == pytest.approx((1e-6, 1368 / 1460e6))
    assert line.is_changed
    assert change.drivers["messages"] == pytest.approx((730, 1368))


def test_another_location_has_other_prices_for_the_same_quantity():
    # API Gateway, Frankfurt: $1.14 a million messages
    [change] = bill_changes(OLD, OLD.replace(location="frankfurt"), ["aws.api_gateway"])
    line = line_of(change, "aws.api_gateway.messages")

    assert line.quantities[0] == line.quantities[1]
    assert line.prices == ("$0.000001", "$0.00000114")
    assert line.change_usd == pytest.approx(730 * 0.14)


def test_a_bill_changes_by_what_two_estimates_differ():
    new = OLD.replace(peak_connections=23_456, location="tokyo")

    for change in bill_changes(OLD, new):
        before, after = (ws.estimate(one, change.deployment).total for one in (OLD, new))
        assert change.usd == (before, after)
        assert change.change_usd == pytest.approx(after - before)
        assert change.change_percent == pytest.approx(100 * (after / before - 1))
        assert sum(line.change_usd for line in change.lines) == pytest.approx(after - before)
        parts = sum(now - then for then, now in change.drivers.values())
        assert parts == pytest.approx(after - before)


def test_what_is_within_limits_now_stands_first_and_cheapest_first():
    found = bill_changes(OLD, OLD.replace(peak_connections=500))

    totals = [each.usd[1] for each in found if each.states[1] != "over a hard limit"]
    assert totals == sorted(totals, key=lambda usd: usd or 0.0)
    assert len(found) == len(ws.DEPLOYMENTS)


def test_a_line_there_was_not_is_told_from_nothing():
    alone = OLD.replace(options={"aws.api_gateway": {"backend": "none"}})

    [change] = bill_changes(alone, OLD, ["aws.api_gateway"])

    added = [line for line in change.lines if line.before is None]
    assert {"aws.lambda.requests"} <= {line.meter_id for line in added}
    for line in added:
        assert line.quantities[0] == line.usd[0] == 0
        assert line.prices[0] == ""
        assert line.usd_per_unit[0] is None


def test_nothing_changed_changes_nothing():
    for change in bill_changes(OLD, OLD):
        assert change.change_usd == change.change_percent == 0
        assert not change.is_moved
        assert not any(line.is_changed for line in change.lines)


def test_a_hard_edge_that_is_passed_is_told_in_both_directions():
    """IoT Core takes messages of 131,072 bytes at most."""
    large = OLD.replace(profile=feed(size=131_073))

    [worse] = bill_changes(OLD, large, ["aws.iot_core"])
    [better] = bill_changes(large, OLD, ["aws.iot_core"])

    assert (worse.states[1], worse.newly_beyond_limits, worse.newly_within_limits) == (
        "over a hard limit",
        True,
        False,
    )
    assert (better.states[0], better.newly_beyond_limits, better.newly_within_limits) == (
        "over a hard limit",
        False,
        True,
    )
    assert cheapest([worse], 0) is worse
    assert cheapest([worse], 1) is None


def test_what_is_priced_on_one_side_only_is_told_with_the_reason():
    [change] = bill_changes(OLD, OLD.replace(as_of=dt.date(2019, 1, 1)), ["gcp.cloud_run"])
    [back] = bill_changes(OLD.replace(as_of=dt.date(2019, 1, 1)), OLD, ["gcp.cloud_run"])

    assert change.after is None
    assert "2019-01-01" in change.reason_after
    assert change.usd[1] is change.change_usd is change.change_percent is None
    assert all(line.after is None for line in change.lines)
    assert back.before is None
    assert "2019-01-01" in back.reason_before
    assert back.title == change.title == "Cloud Run"


@pytest.mark.parametrize("which", ["old", "new"])
def test_an_array_is_refused(which):
    many = OLD.replace(peak_connections=[1, 2])
    sides = (many, OLD) if which == "old" else (OLD, many)

    with pytest.raises(ws.ScenarioError, match=f"the {which} scenario stands for 2"):
        bill_changes(*sides)
