"""The recovery plan on the page that simulates: asked for at a press, shown as it is exported."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

import estimator as ws
from interfaces.shown_page import run, shown_page, wait_until, words

ON_API_GATEWAY = "API Gateway WebSocket API on AWS"
SETTINGS = {"on": ON_API_GATEWAY, "recover_within": "15"}
SCENARIO = ws.Scenario(
    profile="workplace-chat",
    location="virginia",
    peak_connections=20_000,
    faults=[ws.Outage(at="Tue 14:00", share="50%")],
)


pytestmark = pytest.mark.usefixtures("jobs_run_here")


def planned(page: AppTest) -> AppTest:
    page.button(key="plan_recovery").click()
    run(page)
    wait_until(lambda: page.session_state["jobs"].runs["recovery plan"].finished)
    return run(page)


def test_a_plan_is_searched_for_at_a_press():
    page = shown_page("concurrency", SCENARIO, SETTINGS, {"share": True})
    assert "Recovery plan" in words(page)

    page = planned(page)

    expected = ws.recovery_plan(SCENARIO, "aws.api_gateway", within_s=15)
    shown = words(page)
    assert expected.answer in shown
    assert "met" in shown
    assert "plan_recovery" not in [each.key for each in page.button]


def test_another_question_has_another_plan():
    page = planned(shown_page("concurrency", SCENARIO, SETTINGS, {"share": True}))

    page.number_input(key="recover_within").set_value(3600)
    run(page)

    assert "plan_recovery" in [each.key for each in page.button]


def test_without_a_deployment_there_is_nothing_to_plan():
    page = shown_page("concurrency", SCENARIO, {"on": "No deployment: no limits"})

    assert "Recovery plan" not in words(page)
