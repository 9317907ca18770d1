"""The page about limits, without a browser: verdicts, their order, their filter and their files."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.analysis.limit_utilization import (
    utilization_table,
    verdict_rows,
    verdict_table,
    worst_first,
)
from estimator.deployments.limits import Verdict, limit_value
from estimator.render.document import state_text
from estimator.render.spreadsheet import csv
from estimator.states import State
from interfaces.shown_page import headings, shown_page, tables

UNFOLDED = {f"limits of {deployment}": True for deployment in ws.DEPLOYMENTS}
WORST_FIRST = [*reversed(State)]


def opened(scenario: ws.Scenario, **settings: str) -> AppTest:
    return shown_page("limits", scenario, settings, UNFOLDED)


@pytest.fixture(scope="module")
def too_large() -> ws.Scenario:
    """300 KB are sent to each client at connect: more than some services carry in a message."""
    return ws.Scenario(
        profile={
            "extends": "workplace-chat",
            "at_connect": {"to_client": "300 KB", "message_bytes": "300 KB"},
        },
        location="virginia",
        peak_connections=50_000,
    )


@pytest.fixture(scope="module")
def comparison(too_large):
    return ws.compare(too_large)


def test_the_headline_counts_those_within_limits(too_large, comparison):
    states = [bill.state for bill in comparison.bills]
    headline = headings(opened(too_large))[0]
    holding = sum(state.is_within_limits for state in states)
    assert 0 < holding < len(states)
    assert headline.startswith(f"{holding} of {len(states)} are within limits; ")
    assert f"; {states.count(State.OVER_LIMIT)} over a hard limit" in headline


def as_badge(verdict: Verdict) -> str:
    text = state_text(verdict.state, verdict.state_words)
    return f"badge {text.tone}[{text}]"


def test_a_setting_is_something_that_a_deployment_has():
    # a heartbeat every 25 seconds, and Application Gateway waits 20 by default
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1_000)
    headline = headings(opened(scenario))[0]
    assert "1 of them with a setting to change: Application Gateway" in headline


def test_every_limit_of_every_deployment_stands_there_the_worst_first(too_large, comparison):
    shown = tables(opened(too_large))
    bills = sorted(
        comparison.bills,
        key=lambda bill: (
            WORST_FIRST.index(bill.state),
            -max(float(v.share) for v in bill.verdicts),
        ),
    )
    assert [[row["Limit"] for row in table] for table in shown] == [
        [verdict.limit.title for verdict in bill.verdicts] for bill in bills
    ]
    assert {row["State"] for table in shown for row in table} == {
        as_badge(verdict) for bill in bills for verdict in bill.verdicts
    }
    assert "badge bad[✖ over a hard limit]" in {row["State"] for row in shown[0]}


def test_a_limit_is_shown_with_its_share_its_hour_its_fix_and_its_source():
    # the quota of API Gateway is on new connections: 50,000 people who come within the same hour
    levels = [0.0] * 168
    levels[43] = 1.0
    scenario = ws.Scenario(
        profile={
            "title": "All at once",
            "session": {"law": "exponential", "mean_hours": 0.01},
            "weekly_shape": {"hourly": levels},
            "flows": {},
        },
        location="virginia",
        peak_connections=20_000,
    )
    bill = ws.estimate(scenario, "aws.api_gateway")
    [new_connections] = [
        v for v in bill.verdicts if v.limit.measure == "new_connections_per_second"
    ]
    allowed = limit_value(new_connections.limit.limit)
    page = opened(scenario)
    rows = [
        row
        for table in tables(page)
        for row in table
        if row["Limit"] == new_connections.limit.title
    ]
    row = next(row for row in rows if new_connections.limit.source.split(" ")[0] in row["Source"])
    # sessions of 36 seconds: 20,000 open connections are renewed 20,000 / 36 times per second
    assert float(new_connections.used) == pytest.approx(20_000 / 36, rel=0.05)
    # drawn in local time of Virginia, where UTC is five hours ahead
    assert row["When"].replace("\N{NO-BREAK SPACE}", " ") == "Tue 19:00 (Wed 00:00 UTC)"
    assert row["Used"].endswith(f"{100 * float(new_connections.used) / allowed:,.0f}%")
    assert "raised on request" in row["Allowed"]
    assert row["Fix"] == new_connections.fix != ""


def test_the_filter_leaves_out_those_well_within(too_large, comparison):
    page = opened(too_large, limits_shown="All but those well within")
    tight = [bill for bill in comparison.bills if bill.state != "within limits"]
    assert len(tables(page)) == len(tight) < len(comparison.bills)


def test_where_nothing_is_tight_the_filter_says_so():
    scenario = ws.Scenario(
        profile={"extends": "workplace-chat", "heartbeat": {"interval_seconds": 5}},
        location="virginia",
        peak_connections=1_000,
    )
    assert {bill.state for bill in ws.compare(scenario).bills} == {"within limits"}
    page = opened(scenario, limits_shown="All but those well within")
    assert headings(page)[0].endswith("are within limits; none comes near a limit.")
    assert page.success[0].value == "All are well within their limits."
    assert tables(page) == []


def test_the_strip_has_a_row_for_each_deployment_and_escapes_titles(too_large, comparison):
    [strip] = [
        each.proto.body
        for each in opened(too_large).get("html")
        if 'class="tight"' in each.proto.body
    ]
    assert strip.count('<th scope="row">') == len(comparison.bills)
    for bill in comparison.bills:
        assert f"{bill.title}<br>" in strip


def test_files_hold_the_verdicts_of_the_python_api(comparison):
    rows = verdict_rows(comparison.bills)
    assert len(rows) == sum(len(bill.verdicts) for bill in comparison.bills)
    by_id = {(row["deployment"], row["limit"]): row for row in rows}
    for bill in comparison.bills:
        for verdict in bill.verdicts:
            row = by_id[bill.deployment, verdict.limit.limit]
            assert row["used_share"] in (None, float(verdict.used) / float(verdict.allowed))
            assert row["state"] == verdict.state
            assert row["source"] == verdict.limit.source
    assert csv(verdict_table(comparison.bills)).count("\n") >= len(rows) + 1


def test_hours_of_the_file_are_the_largest_share_of_any_limit_at_that_hour(comparison):
    table = utilization_table(comparison.bills)
    assert list(table.columns[:3]) == ["at all hours", "Mon 00:00", "Mon 01:00"]
    assert list(table.index) == [bill.deployment for bill in worst_first(comparison.bills)]
    # connections of a unit of Web PubSub: what is open then, over what the units at most hold
    bill = comparison.bill("azure.web_pubsub")
    hourly = [v for v in bill.verdicts if v.used_by_hour is not None]
    for hour in ("Tue 19:00", "Sun 04:00"):
        at = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(hour[:3]) * 24 + int(hour[4:6])
        most = max(float(v.used_by_hour[at]) / float(v.allowed) for v in hourly)
        assert table.loc["azure.web_pubsub", hour] == pytest.approx(most)
    steady = max(float(v.share) for v in bill.verdicts if v.used_by_hour is None)
    assert table.loc["azure.web_pubsub", "at all hours"] == pytest.approx(steady)


def test_nothing_to_check_is_said_with_the_reason():
    scenario = ws.Scenario(
        profile="workplace-chat", location="virginia", peak_connections=100, as_of="2001-01-01"
    )
    page = opened(scenario)
    assert headings(page)[0] == "No deployment can be checked for this scenario."
    assert "There is nothing to check" in page.info[0].value
    assert any("Not priced" in each.label for each in page.expander)
