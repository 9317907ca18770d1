"""The page that simulates, without a browser: what it shows, what edits do, who simulates."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pytest
from scipy import stats
from streamlit.testing.v1 import AppTest

import estimator as ws
from estimator.dashboard.session import jobs
from estimator.dashboard.session.cache import size_of
from estimator.dashboard.session.jobs import JobQueue, JobRun, SimulationJob
from estimator.dashboard.widgets.progress import job_queue
from estimator.format import figure_text
from interfaces.shown_page import PATIENCE_SECONDS, run, shown_page

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
def at_home(monkeypatch):
    """A job queue that is new, and whose jobs run in a thread of this process."""
    job_queue.clear()
    Stuck.over.clear()
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(jobs, "processes", lambda: pool)
        yield
    Stuck.over.set()
    job_queue.clear()


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


def wait_until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_the_closed_forms_are_there_before_anything_is_simulated(scenario):
    page = opened(scenario, on=ON_API_GATEWAY)
    shown = {metric.label: (metric.value, metric.delta) for metric in page.metric}
    assert shown["Expected peak"][0] == "300"
    # the 99.9 % quantile of a Poisson variate, by scipy
    assert shown["Random peak"][0] == figure_text(stats.poisson.ppf(0.999, 300))
    # the quota of new connections that AWS publishes
    assert shown["New connections/s"][1] == "limit 500"
    assert "0.6 s" in " ".join(caption.value for caption in page.caption)  # 300 / 500
    assert not page.table


def test_what_is_shown_is_what_the_simulation_found(scenario):
    struck = scenario.replace(faults=[ws.Outage(at="Tue 14:00")])
    page = simulated(opened(struck, on=ON_API_GATEWAY, weeks="2", seed="7"))
    found = ws.simulate(struck, "aws.api_gateway", replications=2, seed=7)
    verdicts, limits, recoveries, storms, bill = (table.value for table in page.table)
    assert len(verdicts) == len(found.findings)
    for shown, finding in zip(verdicts.itertuples(), found.findings, strict=True):
        assert finding.title in shown[1].replace("\\", "")
        assert finding.state in shown[4]
    words = " ".join(each.value for each in page.markdown).replace("\\", "")
    assert all(f"{each.title}: {each.words}." in words for each in found.findings)
    assert len(limits) == len(found.limits)
    assert len(recoveries) == len(storms) == 1
    assert found.simulated_bill is not None
    assert f"{found.simulated_bill.total:,.2f}" in bill["Simulated"].iloc[-1].replace("\\", "")
    # the answer comes first
    heading = page.header[0].value.replace("\\", "")
    assert heading.startswith(found.answer)
    assert found.answer.startswith("The service fails on Tuesday at 14:00: ")
    assert f" {found.state}]" in heading


def test_a_shared_link_holds_the_settings_too(scenario):
    page = opened(scenario, weeks="2", seed="7")
    [link] = [code.value for code in page.code if "scenario=" in code.value]
    assert link.endswith(f"?scenario={scenario.to_token()}&weeks=2&seed=7")


def test_the_same_question_is_answered_at_once_for_everybody(scenario, monkeypatch):
    page = simulated(opened(scenario, weeks="1"))
    answers = len(page.table)
    assert answers
    monkeypatch.setattr(jobs, "processes", Stuck)
    somebody = opened(scenario, weeks="1")
    assert len(somebody.table) == answers
    assert run_of(somebody) is None


def test_another_question_is_asked_anew(scenario):
    page = simulated(opened(scenario, weeks="1"))
    page.number_input(key="seed").set_value(5)
    run(page)
    assert not page.table
    assert not page.button(key="simulate").disabled


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
    page = simulated(opened(scenario, weeks="1"))
    [error] = page.error
    assert "ended from outside" in error.value
    monkeypatch.undo()
    with ThreadPoolExecutor(1) as pool:
        monkeypatch.setattr(jobs, "processes", lambda: pool)
        page = simulated(page)
    assert not page.error
    assert page.table


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
