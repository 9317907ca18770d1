"""A difference: the same in table, chart, comment, data and words."""

import datetime as dt
import io
import json

import numpy as np
import pytest
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

import estimator as ws
from estimator.format import dollars
from estimator.shown import Look


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
NEW = OLD.replace(peak_connections=20_000, location="frankfurt")
LONG_AGO = dt.date(2019, 1, 1)
HOSTILE = "<script>alert(1)</script> | *x* [bold]$\\frac$ @all"


@pytest.fixture(scope="module")
def found() -> ws.Difference:
    return ws.diff(OLD, NEW)


def test_the_table_holds_the_totals_of_both_comparisons(found):
    before = {bill.deployment: bill.total for bill in ws.compare(OLD).bills}
    after = {bill.deployment: bill.total for bill in ws.compare(NEW).bills}

    table = found.table.set_index("deployment")
    for name in ws.DEPLOYMENTS:
        if name in before and name in after:
            assert table.loc[name, "before_usd"] == before[name]
            assert table.loc[name, "after_usd"] == after[name]
        assert (name in after) == bool(np.isfinite(table.loc[name, "after_usd"]))
    assert set(table["region_before"].dropna()) == {
        "us-east-1",
        "eastus",
        "us-east4",
        "us-ashburn-1",
    }


def test_lines_and_drivers_add_up_to_the_changes(found):
    table = found.table.set_index("deployment")["change_usd"].dropna()

    for parts in (found.lines, found.drivers):
        sums = parts.groupby("deployment")["change_usd"].sum()
        np.testing.assert_allclose(sums[table.index], table, rtol=1e-9)


def test_the_cheapest_before_and_after_are_those_of_the_comparisons(found):
    data = found.as_data()
    assert data["cheapest_before"] == ws.compare(OLD).within_limits[0].deployment
    assert data["cheapest_after"] == ws.compare(NEW).within_limits[0].deployment


def test_the_headline_of_one_deployment_tells_cost_and_change_by_hand():
    # ten more messages per hour: 10,000 x 10 x 730 = 73 million, $1.00 a million; their traffic
    # is on the bill too, so the change is $73.00 and a little
    more = OLD.replace(profile=feed(rate=110))

    found = ws.diff(OLD, more, "aws.api_gateway")

    [change] = found.bills
    assert change.drivers["messages"] == pytest.approx((730, 803))
    before, after = (ws.estimate(one, "aws.api_gateway").total for one in (OLD, more))
    assert found.headline == (
        f"API Gateway WebSocket API on AWS costs ${after:,.2f} per month, "
        f"${after - before:,.2f} more than before (+{100 * (after / before - 1):.3g}%)."
    )
    assert found.counts == ""


def test_the_headline_of_all_tells_the_cheapest():
    same = ws.diff(OLD, OLD)
    assert same.headline.endswith("per month, as before.")
    assert "is still the cheapest within limits" in same.headline
    assert same.counts == f"Of {len(same.bills)} deployments: {len(same.bills)} cost the same."


def test_another_cheapest_is_named_with_the_one_before():
    two = ["aws.iot_core", "aws.nlb_ec2"]
    few, many = OLD.replace(peak_connections=5), OLD.replace(peak_connections=50_000)

    found = ws.diff(few, many, two)

    data = found.as_data()
    assert (data["cheapest_before"], data["cheapest_after"]) == ("aws.iot_core", "aws.nlb_ec2")
    assert found.headline.startswith(
        "The cheapest within limits is now Network Load Balancer and EC2"
    )
    assert "more than IoT Core (MQTT over WebSocket) on AWS before" in found.headline


def test_none_within_limits_any_more_is_the_headline():
    two = ["aws.iot_core", "aws.api_gateway"]
    large = OLD.replace(profile=feed(size=131_073))

    assert ws.diff(OLD, large, two).headline == (
        "No deployment is within its limits, but at least one was before."
    )
    assert ws.diff(large, large, two).headline == ("No deployment is within its limits, as before.")
    assert ws.diff(large, OLD, two).headline.endswith("before, there was none.")
    one = ws.diff(OLD, large, "aws.iot_core")
    assert one.headline.endswith("It can no longer carry the load.")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (OLD, OLD.replace(as_of=LONG_AGO), "can no longer be priced; before, it cost $"),
        (OLD.replace(as_of=LONG_AGO), OLD, "per month; before, it could not be priced."),
        (OLD.replace(as_of=LONG_AGO), OLD.replace(as_of=LONG_AGO), "could be priced."),
    ],
    ids=["lost", "found", "never"],
)
def test_what_is_priced_on_one_side_only_is_told_everywhere(old, new, words):
    found = ws.diff(old, new, "gcp.cloud_run")

    assert words in found.headline
    assert "in force on 2019-01-01" in found.to_markdown()
    assert "in force on 2019-01-01" in found._repr_html_()
    json.dumps(found.as_data(), allow_nan=False)
    found.chart().savefig(io.BytesIO(), format="png")
    assert str(found)


def test_a_deployment_that_was_not_asked_for_is_refused(found):
    assert found.bill("aws.nlb_ec2").deployment == "aws.nlb_ec2"
    with pytest.raises(ws.ScenarioError, match=r"pusher\.channels was not asked for"):
        found.bill("pusher.channels")


class TestComment:
    def test_the_answer_stands_first(self, found):
        first = found.to_markdown().splitlines()[0]

        assert first.startswith(f"**{found.headline}**")
        assert first.endswith(found.counts)

    def test_every_bill_stands_in_a_table_with_its_change(self, found):
        rows = [line for line in found.to_markdown().splitlines() if line.startswith("| `")]

        assert len(rows) == len(found.bills)
        for each, row in zip(found.bills, rows, strict=True):
            cells = [cell.strip() for cell in row.strip("|").split("|")]
            assert cells[0] == f"`{each.deployment}`"
            told = [usd if usd is None else dollars(usd) for usd in each.usd]
            assert cells[2:4] == [text or "no price" for text in told]

    def test_only_a_few_rows_are_open(self, found):
        opened = found.to_markdown().split("<details>")[0]

        assert opened.count("\n| `") == 6
        assert len(opened) < 1500

    def test_details_are_folded_and_closed(self, found):
        comment = found.to_markdown()

        assert comment.count("<details>") == comment.count("</details>") >= 3
        assert len(comment) < 65_536  # what GitHub takes as a comment

    def test_fields_are_listed(self, found):
        assert "- `peak_connections`: `10,000` → `20,000`" in found.to_markdown()
        assert "- `location`: `virginia` → `frankfurt`" in found.to_markdown()

    def test_what_breaks_stands_open_with_its_reason(self):
        found = ws.diff(OLD, OLD.replace(profile=feed(size=131_073)))
        opened = found.to_markdown().split("<details>")[0]

        assert "aws.iot_core" in {each.deployment for each in found.newly_beyond_limits}
        for each in found.newly_beyond_limits:
            assert f"`{each.deployment}` can no longer carry the load." in opened
            assert f"| `{each.deployment}` |" in opened
        assert "131,073 of 131,072 Bytes" in opened

    def test_texts_of_others_stay_texts(self):
        contract = {"title": HOSTILE, "rates": [{"meters": ["aws.*"], "percent_off": 5}]}
        named = OLD.replace(name=HOSTILE, contract=contract)

        page = (
            MarkdownIt("commonmark")
            .enable("table")
            .render(ws.diff(OLD, named, "aws.nlb_ec2").to_markdown())
        )

        assert "<script" not in page
        assert "<em>" not in page
        assert "&lt;script&gt;alert(1)&lt;/script&gt; | *x* [bold]" in page

    def test_nothing_changed_is_short(self):
        comment = ws.diff(OLD, OLD, "aws.nlb_ec2").to_markdown()

        assert "The scenarios do not differ in any field." in comment
        assert len(comment.splitlines()) < 30


class TestChart:
    def test_ring_and_dot_are_the_totals(self, found):
        [axes] = found.chart().axes
        priced = [each for each in found.bills if each.change_usd is not None]
        dots = {
            (line.get_xdata()[0], line.get_ydata()[0])
            for line in axes.get_lines()
            if len(line.get_xdata()) == 1
        }

        for position, each in enumerate(priced):
            assert {(usd, position) for usd in each.usd} <= dots

    def test_it_is_a_figure_that_can_be_saved_in_any_look(self, found):
        for look in (None, Look("#FAFAFA", "#0E1117"), Look(width_inches=4.2)):
            chart = found.chart(look)
            assert isinstance(chart, Figure)
            chart.savefig(io.BytesIO(), format="png")

    def test_the_words_tell_every_row(self, found):
        words = found.chart_in_words()

        for each in found.bills:
            assert f"{each.name}: " in words
            if each.usd[1] is not None:
                assert f"${each.usd[1]:,.2f}" in words


def test_data_is_json_and_holds_what_the_table_holds(found):
    data = json.loads(json.dumps(found.as_data(), allow_nan=False))

    assert data == found.as_data()
    rows = found.table.to_dict(orient="records")
    for each, row in zip(data["deployments"], rows, strict=True):
        assert each["deployment"] == row["deployment"]
        if each["change_usd"] is not None:
            assert each["change_usd"] == row["change_usd"]
            assert sum(line["change_usd"] for line in each["lines"]) == pytest.approx(
                each["change_usd"]
            )
    assert ws.Scenario.from_yaml(json.dumps(data["new"])) == NEW
    assert [field["path"] for field in data["fields"]] == ["location", "peak_connections"]
