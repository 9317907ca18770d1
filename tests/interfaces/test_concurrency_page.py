"""The page that simulates, without a browser: what it shows, what edits do, who simulates."""

from __future__ import annotations

import gc
import re
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any
from urllib.parse import quote_plus

import pytest
from scipy import stats
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.session import jobs
from estimator.dashboard.session.cache import size_of
from estimator.dashboard.session.jobs import JobQueue, JobRun, SimulationJob
from estimator.dashboard.widgets.disruption_presets import Moment, fault_presets, surge_presets
from estimator.dashboard.widgets.document import full_title
from estimator.demand.expected import expected_demand
from estimator.format import figure_text
from estimator.pricing.price_files import price_list
from estimator.scenario.disruptions import FAULTS, SURGES, parse_fault
from interfaces.shown_page import (
    PATIENCE_SECONDS,
    figures,
    headings,
    plain,
    run,
    shown_page,
    tables,
    wait_until,
    words,
)

ON_API_GATEWAY = "API Gateway WebSocket API on AWS"


class Stuck(Executor):
    """Processes that come to no end before the test does."""

    over = threading.Event()

    def map(self, fn: Callable[..., Any], *iterables: Any, **kwargs: Any) -> Any:
        self.over.wait(PATIENCE_SECONDS)
        raise BrokenProcessPool


class Broken(Executor):
    """Processes of which one was killed."""

    def map(self, fn: Callable[..., Any], *iterables: Any, **kwargs: Any) -> Any:
        raise BrokenProcessPool("a child process terminated abruptly")


@pytest.fixture(autouse=True)
def stuck_until_the_end(jobs_run_here):
    Stuck.over.clear()
    yield
    Stuck.over.set()


@pytest.fixture
def scenario() -> ws.Scenario:
    return ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=300)


def opened(scenario: ws.Scenario, **settings: str) -> AppTest:
    return shown_page("concurrency", scenario, settings, {"share": True})


def on_screen(page: AppTest) -> ws.Scenario:
    return page.session_state["session"].scenario


def run_of(page: AppTest) -> JobRun[ws.Simulation] | None:
    return page.session_state["jobs"].runs.get("simulation")


def simulated(page: AppTest) -> AppTest:
    page.button(key="simulate").click()
    run(page)
    wait_until(lambda: (job := run_of(page)) is None or job.finished)
    return run(page)


def test_the_closed_forms_are_there_before_anything_is_simulated(scenario):
    page = opened(scenario, on=ON_API_GATEWAY)
    shown = figures(page)
    assert shown["Expected peak"][0] == "300"
    # the 99.9 % quantile of a Poisson variate, by scipy
    assert shown["Random peak"][0] == figure_text(stats.poisson.ppf(0.999, 300))
    # the quota of new connections that AWS publishes
    assert shown["New connections/s"][1] == "mean of the busiest hour; limit 500"
    assert "for 0.6 s." in words(page)  # 300 / 500
    assert not tables(page)


def test_what_is_shown_is_what_the_simulation_found(scenario):
    struck = scenario.replace(faults=[ws.Outage(at="Tue 14:00")])
    page = simulated(opened(struck, on=ON_API_GATEWAY, weeks="2", seed="7"))
    found = ws.simulate(struck, "aws.api_gateway", replications=2, seed=7)
    verdicts, limits, recoveries, storms, bill = tables(page)
    assert len(verdicts) == len(found.findings)
    for shown, finding in zip(verdicts, found.findings, strict=True):
        what, _, _, state, *_ = shown.values()
        assert finding.title in what
        assert finding.state in state
    said = words(page)
    assert all(f"{each.title}: {each.words}." in said for each in found.findings)
    assert len(limits) == len(found.limits)
    assert len(recoveries) == len(storms) == 1
    assert found.simulated_bill is not None
    assert f"{found.simulated_bill.total:,.2f}" in bill[-1]["Simulated"]
    # the answer comes before all charts and tables
    heading = headings(page)[1]
    [outcome] = found.outcomes
    assert heading.startswith(outcome.verdict)
    assert outcome.verdict.startswith("After the service failed on Tuesday at 14:00, ")
    assert heading.endswith(f" {outcome.state}")
    assert f"{outcome.why} {found.cost}" in said


def test_a_shared_link_holds_the_settings_too(scenario):
    page = opened(scenario, weeks="2", seed="7")
    [*_, link] = [code.value for code in page.code if "scenario=" in code.value]
    assert link.endswith(
        f"?scenario={scenario.to_token()}&weeks=2&seed=7&price_list={quote_plus(price_list())}"
    )


def test_the_same_question_is_answered_at_once_for_everybody(scenario, monkeypatch):
    page = simulated(opened(scenario, weeks="1"))
    answers = len(tables(page))
    assert answers
    monkeypatch.setattr(jobs, "processes", Stuck)
    somebody = opened(scenario, weeks="1")
    assert len(tables(somebody)) == answers
    assert run_of(somebody) is None


def test_another_question_is_asked_anew(scenario):
    page = simulated(opened(scenario, weeks="1"))
    page.number_input(key="seed").set_value(5)
    run(page)
    assert not tables(page)
    assert not page.button(key="simulate").disabled


def test_weeks_are_simulated_on_the_cheapest_deployment_within_limits_unless_one_is_chosen(
    scenario,
):
    best = ws.compare(scenario).within_limits[0]
    page = opened(scenario)
    assert page.selectbox(key="on").value == "cheapest"
    assert f"{full_title(best.deployment or '')}: 300 connections are assumed" in words(page)
    assert "on" not in page.query_params
    page.selectbox(key="on").set_value("none")
    run(page)
    assert "Without limits: 300 connections are assumed" in words(page)
    assert f"{ON_API_GATEWAY}: 300" in words(opened(scenario, on=ON_API_GATEWAY))


def test_the_worst_of_several_faults_comes_first_and_the_others_are_folded(scenario):
    struck = scenario.replace(
        faults=[ws.Outage(at="Wed 10:00", share="5%"), ws.Outage(at="Tue 14:00", lasts="8 min")]
    )
    page = simulated(opened(struck, on=ON_API_GATEWAY, weeks="1"))
    found = ws.simulate(struck, "aws.api_gateway", replications=1)
    assert [each.fault for each in found.outcomes] == [1, 0]
    assert headings(page)[1].startswith(found.outcomes[0].verdict)
    [folded] = [each for each in page.expander if each.label == "The other fault"]
    assert found.outcomes[1].verdict in plain(folded.markdown[0].value)


def test_one_press_adds_what_people_fear(scenario):
    kinds = set()
    moment = Moment("Tue 14:00", 300.0, 2.0, None)
    for field, presets in (
        ("faults", fault_presets(moment)),
        ("surges", surge_presets(moment)),
    ):
        for preset in presets:
            assert scenario.replace(**{field: [preset.adds]})
            kinds.add(type(preset.adds))
    assert kinds == {*FAULTS, *SURGES}

    page = opened(scenario)
    press = page.button(key="preset A zone fails")
    assert "one of three zones" in press.help or "largest zone of the deployment" in press.help
    press.click()
    run(page)
    [zone] = on_screen(page).faults
    assert isinstance(zone, ws.ZoneOutage)
    # what is in the zone follows from the deployment, whichever it will be
    assert zone.share is None
    assert page.button(key="preset A zone fails").disabled
    assert page.query_params["scenario"] == on_screen(page).to_token()


def test_presets_strike_when_the_service_is_full(scenario):
    evening = scenario.replace(profile="live-odds", location="london")
    page = opened(evening)
    page.button(key="preset Everything fails").click()
    run(page)
    [outage] = on_screen(page).faults
    hourly = expected_demand(evening).connections.hourly
    assert hourly[int(evening.clock.to_utc(outage.at))] >= 0.99 * hourly.max()
    # where it makes no difference, on the Tuesday afternoon of all examples
    assert hourly[int(evening.clock.to_utc(38.0))] < 0.99 * hourly.max()
    steady = opened(scenario.replace(profile="iot-telemetry"))
    steady.button(key="preset Everything fails").click()
    run(steady)
    assert on_screen(steady).faults[0].at == 38.0


def test_a_fault_is_changed_where_it_stands_and_what_is_not_typed_over_stays(scenario):
    struck = scenario.replace(
        faults=[
            ws.ZoneOutage(at="Tue 14:00", share="1/3", lasts="10 min"),
            ws.Outage(at="Wed 9:00"),
        ]
    )
    page = opened(struck)
    [lasts] = [each for each in page.text_input if re.fullmatch("fault 0 .* lasts", each.key or "")]
    assert lasts.value == "10 min"
    lasts.set_value("20 min")
    page.button[[each.label for each in page.button].index("Change this fault")].click()
    run(page)
    assert on_screen(page).faults == (
        ws.ZoneOutage(at="Tue 14:00", share="1/3", lasts="20 min"),
        ws.Outage(at="Wed 9:00"),
    )


def test_a_field_says_what_it_means_to_leave_it_empty(scenario):
    page = opened(scenario)
    labels = {each.key: each.label for each in page.text_input}
    assert labels["fault outage share"] == "Share (empty: 100%)"
    assert labels["fault outage lasts"] == "Lasts (empty: replaced at once)"
    assert labels["fault outage at"] == "At"
    page.selectbox(key="fault kind").set_value("zone outage")
    run(page)
    labels = {each.key: each.label for each in page.text_input}
    assert labels["fault zone outage share"].startswith("Share (empty: one zone, ")


@pytest.mark.parametrize("example", [*FAULTS.values()])
def test_every_fault_can_be_changed(scenario, example):
    page = opened(scenario.replace(faults=[parse_fault(example)]))
    page.button[[each.label for each in page.button].index("Change this fault")].click()
    run(page)
    assert not page.error
    assert on_screen(page).faults == (parse_fault(example),)


def test_faults_of_the_scenario_are_shown_and_can_be_removed(scenario):
    struck = scenario.replace(faults=[ws.Outage(at="Tue 14:00")])
    page = opened(struck)
    assert any("Outage on Tue 14\\:00 \\(19\\:00 UTC" in one.value for one in page.markdown)
    page.button(key="remove fault 0").click()
    run(page)
    assert on_screen(page) == scenario
    assert page.query_params["scenario"] == scenario.to_token()


@pytest.mark.parametrize(
    ("kind", "fields", "wanted"),
    [
        ("outage", {"at": "Wed 9:30", "share": "1/3"}, ws.Outage(at="Wed 9:30", share="1/3")),
        (
            "rolling deployment",
            {"at": "Wed 10:00", "batches": "4", "every": "1 min"},
            ws.RollingDeployment(at="Wed 10:00", batches=4, every=60),
        ),
        (
            "network flap",
            {"at": "Mon 8:00", "away": "20 s"},
            ws.NetworkFlap(at="Mon 8:00", away=20),
        ),
    ],
)
def test_a_fault_is_added_by_a_form(scenario, kind, fields, wanted):
    page = opened(scenario)
    page.selectbox(key="fault kind").set_value(kind)
    run(page)
    for name, value in fields.items():
        page.text_input(key=f"fault {kind} {name}").set_value(value)
    page.button[[one.label for one in page.button].index("Add this fault")].click()
    run(page)
    assert on_screen(page).faults == (wanted,)
    assert page.query_params["scenario"] == on_screen(page).to_token()


def write(page: AppTest, kind: str, number: int, line: str) -> AppTest:
    page.text_input(key=f"{kind} line {number}").set_value(line)
    page.button(key=f"add {kind} line {number}").click()
    return run(page)


def test_faults_and_surges_are_added_by_a_line(scenario):
    page = opened(scenario)
    write(page, "fault", 0, "outage at Tue 14:00 share 30%")
    write(page, "surge", 0, "flash crowd at Sat 20:15 clients 20,000 over 5 min")
    assert on_screen(page).faults == (ws.Outage(at="Tue 14:00", share=0.3),)
    assert on_screen(page).surges == (ws.FlashCrowd(at="Sat 20:15", clients=20_000, over=300),)
    assert page.text_input(key="fault line 1").value == ""


def test_a_line_that_cannot_be_read_is_one_message_and_stays_to_be_mended(scenario):
    page = write(opened(scenario), "fault", 0, "outage at Tue 25:00")
    [error] = page.error
    assert "Tue 25" in error.value
    assert on_screen(page) == scenario
    assert page.text_input(key="fault line 0").value == "outage at Tue 25:00"
    write(page, "fault", 0, "outage at Tue 15:00")
    assert not page.error
    assert on_screen(page).faults == (ws.Outage(at="Tue 15:00"),)


def test_what_cannot_be_priced_is_one_message(scenario):
    wrong = scenario.replace(options={"aws.api_gateway": {"backend": "none", "lambda_ms": -1}})
    page = opened(wrong, on=ON_API_GATEWAY)
    assert len(page.error) == 1
    assert "lambda" in page.error[0].value


def test_the_page_is_usable_while_a_run_is_under_way_and_a_run_can_be_stopped(
    scenario, monkeypatch
):
    monkeypatch.setattr(jobs, "processes", Stuck)
    page = opened(scenario, weeks="4")
    page.button(key="simulate").click()
    run(page)
    job = run_of(page)
    assert job is not None
    assert not job.finished
    write(page, "fault", 0, "outage at Tue 14:00")
    assert on_screen(page).faults
    assert run_of(page) is job
    page.button(key="stop").click()
    run(page)
    assert job.stopped
    assert run_of(page) is None
    assert run(page).button(key="simulate")


def test_a_process_that_was_killed_is_one_message_and_the_next_run_gets_new_ones(
    scenario, monkeypatch
):
    monkeypatch.setattr(jobs, "processes", Broken)
    page = simulated(shown_page("concurrency", scenario, {"weeks": "1"}))
    [error] = page.main.error
    assert "ended from outside" in error.value
    monkeypatch.undo()
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(jobs, "processes", lambda: pool)
        page = simulated(page)
    assert not page.main.error
    assert tables(page)


def test_never_more_than_two_runs_at_once(scenario, monkeypatch):
    monkeypatch.setattr(jobs, "processes", Stuck)
    queue = JobQueue()
    runs = [
        queue.start(SimulationJob(scenario.to_token(), None, 300.0, 1, seed)) for seed in (1, 2, 3)
    ]
    wait_until(lambda: sum(each.started for each in runs) == 2)
    time.sleep(0.1)
    assert sum(each.started for each in runs) == 2


def test_a_run_at_which_nobody_looks_any_more_is_given_up(scenario):
    job = JobRun(SimulationJob(scenario.to_token(), None, 300.0, 1, 0))
    job.report(1, 8)
    job.last_watched -= jobs.UNWATCHED_AFTER_S + 1
    with pytest.raises(jobs._StopError):
        job.report(2, 8)


def test_results_are_kept_as_long_as_they_fit_together(scenario, monkeypatch):
    [one_week] = [size_of(ws.simulate(scenario, replications=1))]
    monkeypatch.setattr(jobs, "MOST_RESULT_BYTES", int(2.5 * one_week))
    queue = JobQueue()
    asked = [SimulationJob(scenario.to_token(), None, 300.0, 1, seed) for seed in (1, 2, 3)]
    begun: list[JobRun[ws.Simulation]] = []
    made: list[weakref.ref[ws.Simulation]] = []
    for one in asked:
        begun.append(queue.start(one))
        wait_until(lambda: begun[-1].finished)
        assert not begun[-1].error
        found = queue.result(one)
        assert found is not None
        made.append(weakref.ref(found))
    assert [queue.result(one) is not None for one in asked] == [False, True, True]
    gc.collect()
    # its visitor still has the run, and nobody has the result
    assert [result() is not None for result in made] == [False, True, True]
