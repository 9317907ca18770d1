"""Growth: the bills of the months, the same in table, chart, data and words."""

import datetime as dt
import io
import json
from itertools import pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

import estimator as ws
from estimator.analysis.growth.milestones import LimitExceeded, TierReached
from estimator.pricing.price_files import DRIVERS
from estimator.render.charts.lines import _apart
from estimator.shown import Look

# every client receives 100 messages of 100 bytes per hour, at all hours of the week alike
FEED = {
    "title": "Feed",
    "session": {"law": "deterministic", "hours": 1},
    "weekly_shape": "flat",
    "flows": {
        "ticks": {
            "direction": "server_to_client",
            "rate_per_hour": 100,
            "payload": {"law": "fixed", "bytes": 100},
        }
    },
}
SCENARIO = ws.Scenario(
    profile=FEED, location="virginia", peak_connections=10_000, free_allowances="none"
)
HOSTILE = "<script>alert('x')</script> [bold]$\\frac$ 5 $ or 7 $"
FEW = ["aws.api_gateway", "aws.nlb_ec2", "gcp.cloud_run", "azure.web_pubsub"]


@pytest.fixture(scope="module")
def grows() -> ws.Growth:
    return ws.growth(SCENARIO, 12, monthly_growth_percent=10, deployments=FEW)


def limits_of(found: ws.Growth) -> list[LimitExceeded]:
    return [event for event in found.milestones if isinstance(event, LimitExceeded)]


def test_the_bill_of_a_month_is_that_of_its_audience(grows):
    for month in (0, 7, 12):
        audience = SCENARIO.replace(peak_connections=10_000 * 1.1**month)
        for name in FEW:
            of_month = grows.table.query("month == @month and deployment == @name")
            alone = ws.estimate(audience, name)
            assert of_month["total_usd"].item() == pytest.approx(alone.total, rel=1e-9)
            assert of_month["state"].item() == alone.state
            assert of_month["connections"].item() == pytest.approx(10_000 * 1.1**month)


def test_messages_of_a_month_by_hand(grows):
    """$1.00 for each of the first 1,000 million messages, $0.80 beyond."""
    # 10,000 clients x 1.1^4 x 100 messages per hour x 730 hours = 1,068.793 million
    messages = grows.table.query("month == 4 and deployment == 'aws.api_gateway'")["messages"]

    assert messages.item() == pytest.approx(1000 + 68.793 * 0.8, abs=0.001)
    [event] = [
        event
        for event in grows.milestones
        if isinstance(event, TierReached) and event.meter_id == "aws.api_gateway.messages"
    ]
    assert (event.month, event.usd_before, event.usd_after) == (4, 1e-6, 8e-7)


def test_a_quota_is_reached_in_the_month_that_needs_more_than_it_by_hand():
    """AWS IoT Core holds 500,000 connections of an account and region until asked for more."""
    scenario = SCENARIO.replace(peak_connections=300_000)

    found = ws.growth(scenario, 12, monthly_growth_percent=10, deployments="aws.iot_core")

    # 300,000 x 1.1^5 = 483,153; x 1.1^6 = 531,468
    [event] = [
        event for event in limits_of(found) if event.limit.limit == "aws.iot_core.open_connections"
    ]
    assert (event.month, event.state) == (6, "quota increase")
    assert event.used == pytest.approx(531_468.3)
    assert event.allowed == 500_000


def test_a_hard_edge_is_reached_in_the_month_that_needs_more_than_it():
    """Web PubSub: at most 1,000 units of 1,000 connections in a Premium resource."""
    scenario = SCENARIO.replace(
        peak_connections=400_000, options={"azure.web_pubsub": {"headroom": 1.0}}
    )

    found = ws.growth(scenario, factors=[2, 2.5, 2.6], deployments="azure.web_pubsub")

    [event] = [event for event in limits_of(found) if event.state == "over a hard limit"]
    assert event.month == 3
    assert found.within_limits_through(found.bills[0]) == 2
    assert found.table["state"].tolist()[-1] == "over a hard limit"
    assert found.cheapest == (*["azure.web_pubsub"] * 3, None)


def test_the_period_is_all_months_after_this_one(grows):
    table = grows.table

    for row in grows.summary.itertuples():
        own = table[table["deployment"] == row.deployment]
        after = own[own["month"] > 0]
        assert row.period_usd == pytest.approx(after["total_usd"].sum())
        assert own["cumulated_usd"].iloc[0] == 0
        assert own["cumulated_usd"].iloc[-1] == pytest.approx(row.period_usd)
        assert row.first_usd == own["total_usd"].iloc[0]
        assert row.last_usd == own["total_usd"].iloc[-1]
        assert row.middle_usd == own["total_usd"].iloc[6]


def test_what_does_not_grow_costs_the_same_every_month():
    found = ws.growth(SCENARIO, 5, monthly_growth_percent=0, deployments="aws.api_gateway")

    alone = ws.estimate(SCENARIO, "aws.api_gateway").total
    assert found.table["total_usd"].tolist() == pytest.approx([alone] * 6)
    assert found.summary["period_usd"].item() == pytest.approx(5 * alone)
    assert found.milestones == ()
    assert "audience as it is" in found.title


def test_drivers_add_up_to_the_total(grows):
    table = grows.table

    np.testing.assert_allclose(table[list(DRIVERS)].sum(axis=1), table["total_usd"], rtol=1e-12)


def test_the_cheapest_over_the_period_stands_first(grows):
    assert grows.summary["period_usd"].is_monotonic_increasing
    assert set(grows.summary["deployment"]) == {*FEW}


def test_the_cheapest_of_a_month_is_that_of_the_table(grows):
    for month, name in enumerate(grows.cheapest):
        rows = grows.table[
            (grows.table["month"] == month) & (grows.table["state"] != "over a hard limit")
        ]
        cheapest = rows.loc[rows["total_usd"].idxmin()]
        assert cheapest["total_usd"] == pytest.approx(
            rows[rows["deployment"] == name]["total_usd"].item(), abs=0.01
        )


@pytest.mark.parametrize(
    ("asked", "pace"),
    [
        ({"monthly_growth_percent": 5}, "5% more users every month"),
        ({"monthly_growth_percent": -5}, "5% fewer users every month"),
        ({"annual_growth_percent": 80}, "5.02% more users every month"),
        ({"factors": [1.5, 2, 1]}, "audience month by month up to 2 times today's"),
    ],
    ids=str,
)
def test_the_pace_is_told_in_words(asked, pace):
    assert ws.growth(SCENARIO, **asked, deployments=[]).pace == pace


def test_bills_are_found_by_name(grows):
    assert grows.bill("gcp.cloud_run").deployment == "gcp.cloud_run"
    with pytest.raises(ws.ScenarioError, match=r"aws\.iot_core was not asked for"):
        grows.bill("aws.iot_core")


def test_what_has_no_price_there_is_told():
    long_ago = SCENARIO.replace(as_of=dt.date(2019, 1, 1))

    found = ws.growth(long_ago, 2, monthly_growth_percent=5, deployments="gcp.cloud_run")

    assert found.bills == ()
    assert "no price" in found.as_data()["refused"][0]["reason"]
    assert found.answer == "None of the deployments could be priced."
    with pytest.raises(ws.ScenarioError, match="could not be priced"):
        found.bill("gcp.cloud_run")
    found.chart().savefig(io.BytesIO(), format="png")
    assert list(found.table.columns[:3]) == ["month", "connections", "deployment"]


class TestChart:
    def test_each_line_is_the_bill_of_its_deployment(self, grows):
        [axes] = grows.chart().axes
        drawn = [line.get_ydata() for line in axes.get_lines() if len(line.get_xdata()) == 13]

        for bill in grows.bills:
            assert any(np.array_equal(bill.total, each) for each in drawn)

    def test_it_is_a_figure_that_can_be_saved_in_any_look(self, grows):
        for look in (None, Look("#FAFAFA", "#0E1117"), Look(width_inches=4.2)):
            chart = grows.chart(look)
            assert isinstance(chart, Figure)
            chart.savefig(io.BytesIO(), format="png")

    def test_every_line_shown_is_named(self, grows):
        [axes] = grows.chart().axes
        beside = " ".join(" ".join(text.get_text().split()) for text in axes.texts)

        for bill in grows.bills:
            assert f"{bill.title}, {bill.cloud_name}" in beside

    def test_only_the_cheapest_are_drawn_unless_more_are_asked_for(self):
        found = ws.growth(SCENARIO, 3, monthly_growth_percent=5)

        assert len(found.shown()) == 8
        assert len(found.shown(30)) == len(found.bills) > 8
        assert found.shown(1)[0].deployment == found.cheapest[0]

    def test_the_words_tell_what_the_lines_show(self, grows):
        words = grows.chart_in_words()

        for row in grows.summary.itertuples():
            assert f"${row.first_usd:,.2f} now, ${row.last_usd:,.2f} in month 12." in words

    def test_any_name_can_be_drawn(self):
        named = SCENARIO.replace(name=HOSTILE)

        found = ws.growth(named, 2, monthly_growth_percent=5, deployments="aws.api_gateway")

        found.chart().savefig(io.BytesIO(), format="png")

    def test_labels_keep_apart_and_near_their_lines(self):
        wanted, heights = [0.5, 0.52, 0.1, 0.9], [0.1, 0.2, 0.1, 0.1]

        locations = _apart(wanted, heights)

        both = zip(locations, heights, strict=True)
        edges = sorted((location - height / 2, location + height / 2) for location, height in both)
        assert all(low >= top - 1e-9 for (_, top), (low, _) in pairwise(edges))
        assert locations[2:] == [0.1, 0.9]


def test_data_is_json_and_holds_what_the_table_holds(grows):
    data = json.loads(json.dumps(grows.as_data(), allow_nan=False))

    assert data == grows.as_data()
    assert [each["deployment"] for each in data["deployments"]] == [*grows.summary["deployment"]]
    for each in data["deployments"]:
        own = grows.table[grows.table["deployment"] == each["deployment"]]
        assert each["total_usd"] == own["total_usd"].tolist()
        assert each["states"] == own["state"].tolist()
    assert [event["words"] for event in data["milestones"]] == [
        event.words for event in grows.milestones
    ]
    assert ws.Scenario.from_yaml(json.dumps(data["scenario"])) == SCENARIO


def test_what_has_no_end_is_null_for_machines():
    # market data sends no heartbeat: silence may last for ever, whatever the idle timeout is
    quiet = ws.Scenario(profile="market-data", location="virginia", peak_connections=100)
    found = ws.growth(quiet, 1, monthly_growth_percent=1, deployments=["oci.load_balancer_vm"])
    used = [event["used"] for event in found.as_data()["milestones"] if event["kind"] == "limit"]
    assert None in used
    json.dumps(found.as_data(), allow_nan=False)
