"""The command that simulates, as people and pipelines meet it."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import get_args

import pytest
from rich.cells import cell_len

import estimator as ws
from estimator.cli.commands import simulate
from estimator.format import count_text, dollars, percent, sentence, span_text
from estimator.scenario.disruptions import FAULTS, SURGES, Fault, Surge, parse_fault, parse_surge

ROOT = Path(__file__).resolve().parents[2]
MARKET_OPEN = str(ROOT / "examples/market-open.yaml")
TWICE = ("--replications", "2")
OUTAGE = ("--fault", "outage at Tue 14:00 share 30% notice 20 s")
ENDING = (signal.SIGINT, signal.SIGTERM)
needs_a_terminal = pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
# long sessions: few clients, and a peak that is hardly above the mean
QUIET = """
profile:
  extends: workplace-chat
  weekly_shape: flat
  session: {law: lognormal, mean_hours: 48, sigma: 1}
location: virginia
peak_connections: 5_000
"""


@pytest.fixture
def quiet(tmp_path):
    file = tmp_path / "quiet.yaml"
    file.write_text(QUIET, encoding="utf-8")
    return str(file)


def test_where_all_holds_the_exit_status_is_0_and_standard_error_is_empty(run, quiet):
    status, out, err = run("simulate", quiet, *TWICE)

    assert (status, err) == (0, "")
    assert "no limits" in out
    assert "Broken" not in out
    assert re.search(r"[━╸╺\r\x1b]", out) is None


def test_a_surge_that_doubles_the_peak_breaks_an_assumption_and_the_exit_status_is_1(run, quiet):
    status, out, err = run(
        "simulate", quiet, *TWICE, "--surge", "flash crowd at Sat 20:15 clients 5,000 over 5 min"
    )

    assert (status, err) == (1, "")
    assert "With flash crowd on Sat 20:15 (Sun 01:15 UTC): 5,000 more clients within 5 min" in out
    assert re.search(r"^Missed: Peak connections", out, re.MULTILINE)


def test_the_table_shows_what_json_says_within_80_columns(run, quiet):
    asked = ("simulate", quiet, *TWICE, *OUTAGE, "--deployment", "aws.nlb_ec2", "--seed", "7")

    status, out, _ = run(*asked)
    json_status, exported, err = run(*asked, "--json")

    data = json.loads(exported)
    lines = out.splitlines()
    told = " ".join(out.split())
    assert (json_status, err) == (status, "")
    assert (data["seed"], data["replications"], data["engine"]) == (7, 2, "exact")
    assert max(map(len, lines)) <= 80
    for each in data["assumptions"]:
        [line] = [line for line in lines if line.startswith(f" {each['assumption']} ")]
        assert f" {count_text(each['assumed'])} " in line
        assert f" {count_text(each['found'])} ±" in line
        assert line.rstrip().endswith(each["state"])
        assert each["low"] <= each["found"] <= each["high"]
        assert " ".join(each["meaning"].split()) in told
    [recovery] = data["recoveries"]
    [line] = [line for line in lines if line.startswith(" outage on Tue 14:00")]
    assert all(f" {span_text(seconds)} " in line for seconds in recovery["back_s"].values())
    assert all(f"Note: {sentence(note)}" in told for note in data["notes"])


@pytest.mark.parametrize("deployment", ws.DEPLOYMENTS)
def test_tables_fit_80_columns_on_every_deployment(run, quiet, deployment):
    Path(quiet).write_text(QUIET.replace("5_000", "500"))

    _, out, err = run("simulate", quiet, "--replications", "1", *OUTAGE, "--deployment", deployment)

    assert err == ""
    assert max(cell_len(line.rstrip()) for line in out.splitlines()) <= 80


def test_the_cost_impact_adds_up_line_by_line(run, quiet):
    asked = ("simulate", quiet, *TWICE, "--deployment", "aws.nlb_ec2")

    _, out, _ = run(*asked)
    data = json.loads(run(*asked, "--json")[1])

    lines = data["bill_difference"]
    for kind in ("expected", "simulated"):
        total = data[f"{kind}_bill"]["total_usd"]
        assert sum(line[f"{kind}_usd"] for line in lines) == pytest.approx(total)
        assert re.search(rf"^ total .*{re.escape(dollars(total))}", out, re.MULTILINE)
    assert all(
        line["difference_usd"] == pytest.approx(line["simulated_usd"] - line["expected_usd"])
        for line in lines
    )


def test_json_equals_what_python_finds_and_knows_no_infinity(run, quiet):
    asked = ("--replications", "1", "--engine", "aggregate", "--json")
    _, exported, _ = run("simulate", quiet, *asked)

    found = ws.simulate(ws.Scenario.load(quiet), replications=1, engine="aggregate")
    data = json.loads(exported, parse_constant=pytest.fail)
    assert data["engine"] == "aggregate"
    assert data["peaks"] == found.run.peaks.tolist()
    assert [each["found"] for each in data["assumptions"]] == found.verdicts["found"].tolist()
    # one week says nothing of the next
    assert {each["high"] for each in data["assumptions"]} == {None}
    assert (data["deployment"], data["bill_difference"], data["limits"]) == (None, None, [])


def test_faults_of_the_file_are_simulated_unless_others_are_asked_for(run, quiet):
    Path(quiet).write_text(f"{QUIET}faults:\n- {{fault: outage, at: Mon 09:00, share: 50%}}\n")

    as_written = json.loads(run("simulate", quiet, *TWICE, "--json")[1])
    as_asked = json.loads(run("simulate", quiet, *TWICE, *OUTAGE, "--json")[1])

    assert [each["fault"][:19] for each in as_written["recoveries"]] == ["outage on Mon 09:00"]
    assert [each["fault"][:19] for each in as_asked["recoveries"]] == ["outage on Tue 14:00"]


def test_faults_and_surges_of_the_file_can_be_left_out(run, quiet):
    Path(quiet).write_text(
        f"{QUIET}faults:\n- {{fault: outage, at: Mon 09:00, share: 50%}}\n"
        "surges:\n- {surge: flash_crowd, at: Sat 20:15, clients: 100, over: 5 min}\n"
    )

    without = json.loads(run("simulate", quiet, *TWICE, "--no-faults", "--no-surges", "--json")[1])
    others = json.loads(run("simulate", quiet, *TWICE, "--no-faults", *OUTAGE, "--json")[1])

    assert (without["scenario"]["faults"], without["scenario"]["surges"]) == ([], [])
    assert without["recoveries"] == []
    assert len(others["recoveries"]) == len(others["scenario"]["surges"]) == 1


def test_each_client_of_an_outage_without_limits_needs_one_attempt(run, quiet):
    data = json.loads(run("simulate", quiet, *TWICE, *OUTAGE, "--json")[1])

    [recovery] = data["recoveries"]
    assert recovery["attempts_per_connection"] == 1
    # 30 % of some 5,000, by a coin for each of them
    assert recovery["lost"] == pytest.approx(1500, rel=0.1)


def test_the_answer_comes_first_and_storms_are_told_in_figures(run, quiet):
    asked = ("simulate", quiet, *TWICE, *OUTAGE, "--deployment", "aws.api_gateway")

    _, out, _ = run(*asked)
    data = json.loads(run(*asked, "--json")[1])

    title, rest = out.split("\n", 1)
    assert title.endswith(f": {data['state']}")
    assert " ".join(rest.split()).startswith(data["answer"])
    assert data["answer"].startswith("After 30% of the service failed on Tuesday at 14:00, ")
    [recovery] = data["recoveries"]
    table = out.partition("Until 99% are back")[2]
    for figure in (
        count_text(recovery["attempts"]),
        count_text(recovery["refused"]),
        percent(recovery["goodput"]),
    ):
        assert re.search(rf" {re.escape(figure)} ", table)
    assert recovery["attempts"] >= recovery["lost"]


def test_the_help_names_every_fault(run):
    told = " ".join(run("simulate", "--help")[1].replace("│", " ").split())

    for kind in FAULTS:
        assert kind.model_fields["fault"].default.replace("_", " ") in told


def test_a_time_to_recover_that_is_too_short_is_missed(run, quiet):
    status, out, _ = run("simulate", quiet, *TWICE, *OUTAGE, "--recover-within", "10 s")

    # clients notice within 20 s
    assert status == 1
    assert re.search(r"^ Recovery \(seconds\) +10 .* missed", out, re.MULTILINE)


BAD = {
    "fault": (["--fault", "outge at Tue 14:00"], ["fault 'outge'", "did you mean 'outage'?"]),
    "field": (["--fault", "outage at Tue 14:00 shar 30%"], ["'shar'", "did you mean 'share'?"]),
    "no such hour": (["--fault", "outage at Tue 25:00"], ["hours go to 23"]),
    "after the week": (["--fault", "outage at 168"], ["not in the week that is simulated"]),
    "no connects": (
        ["--fault", "connection throttle at Mon 09:00 lasts 10 min new_connections_per_second 0"],
        ["new_connections_per_second", "greater than 0"],
    ),
    "surge": (["--surge", "flash mob at Sat 20:15"], ["unknown surge", "flash_crowd"]),
    "deployment": (["--deployment", "aws.api_gatway"], ["did you mean 'aws.api_gateway'?"]),
    "no replication": (["--replications", "0"], ["replications", "at least 1, not 0"]),
    "no number": (["--replications", "many"], ["--replications", "'many'", "auto"]),
    "seed": (["--seed", "-1"], ["seed", "at least 0, not -1"]),
    "no time": (["--recover-within", "soon"], ["--recover-within", "'soon' is not a time"]),
    "no time at all": (["--recover-within", "0 s"], ["must be at least 1 ms, but is 0"]),
    "location": (["--location", "frankfort"], ["did you mean 'frankfurt'?"]),
}


@pytest.mark.parametrize(("arguments", "parts"), BAD.values(), ids=BAD.keys())
def test_what_cannot_be_simulated_gives_one_message_and_status_2(run, quiet, arguments, parts):
    status, out, err = run("simulate", quiet, *arguments)

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert err.startswith("error: ")
    assert [part for part in parts if part not in err] == []


@pytest.mark.parametrize(
    ("changed", "parts"),
    [
        (QUIET.replace("5_000", "[1, 2]"), ["2 scenarios"]),
        (
            f"{QUIET}faults:\n- {{fault: outage, at: 200}}\n",
            ["line 9", "faults", "not in the week that is simulated"],
        ),
    ],
    ids=["a list", "a fault after the week"],
)
def test_a_file_that_cannot_be_simulated_gives_one_message_and_status_2(run, quiet, changed, parts):
    Path(quiet).write_text(changed, encoding="utf-8")

    status, out, err = run("simulate", quiet)

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert [part for part in parts if part not in err] == []


@contextmanager
def _simulating(quiet, processes):
    """A run that has begun, in a group of its own, and the terminal it writes to."""
    asked = ("simulate", quiet, "--replications", "5000", "--processes", processes)
    terminal, stderr = os.openpty()
    with subprocess.Popen(
        (sys.executable, "-c", "from estimator.cli import main; main()", *asked),
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,
        # whoever started the tests may ignore signals, which their processes would inherit
        preexec_fn=lambda: [signal.signal(each, signal.SIG_DFL) for each in ENDING],
        # colors would stand between the figures of the bar
        env={**os.environ, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "80"},
    ) as begun:
        os.close(stderr)
        try:
            shown = b""
            while not re.search(rb"[1-9]\d*/5000", shown):
                shown += os.read(terminal, 1024)
            yield begun, terminal
        finally:
            with suppress(ProcessLookupError):
                os.killpg(begun.pid, signal.SIGKILL)
            os.close(terminal)


@needs_a_terminal
@pytest.mark.parametrize("processes", ["1", "2"])
def test_ctrl_c_ends_a_run_with_one_line_and_status_130(quiet, processes):
    with _simulating(quiet, processes) as (begun, terminal):
        os.killpg(begun.pid, signal.SIGINT)  # as a terminal does: to all processes of the run

        out, _ = begun.communicate(timeout=300)
        after = _all_of(terminal).decode()

    assert (begun.returncode, out) == (130, b"")
    assert "stopped before the simulation was done" in after
    assert "Traceback" not in after
    assert "leaked" not in after


@needs_a_terminal
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_processes_end_with_the_one_that_began_them(quiet, number):
    with _simulating(quiet, "2") as (begun, terminal):
        begun.send_signal(number)

        assert begun.wait(timeout=60) == -number
        # nobody of them is left who could write to the terminal
        waiting = threading.Timer(60, os.killpg, (begun.pid, signal.SIGKILL))
        waiting.start()
        after = _all_of(terminal).decode()
        assert waiting.is_alive()
        waiting.cancel()

    assert "Traceback" not in after
    # who is killed can give nothing back: Python does it, and says so
    assert "leaked" not in after or number == signal.SIGKILL


def _all_of(terminal: int) -> bytes:
    read = b""
    while True:
        try:
            part = os.read(terminal, 1024)
        except OSError:  # nobody holds its other end any more
            part = b""
        if not part:
            return read
        read += part


@pytest.mark.parametrize(
    ("thing", "examples", "kinds", "parse"),
    [("faults", FAULTS, Fault, parse_fault), ("surges", SURGES, Surge, parse_surge)],
)
def test_every_fault_and_surge_is_listed_with_its_fields_and_an_example_that_parses(
    run, thing, examples, kinds, parse
):
    status, out, err = run("list", thing)

    assert (status, err) == (0, "")
    assert set(examples) == set(get_args(get_args(kinds)[0]))
    assert max(map(len, out.splitlines())) <= 80
    listed = re.findall(r"^  '(.*)'$", out, re.MULTILINE)
    assert [type(parse(line)) for line in listed] == list(examples)
    for kind, part in zip(examples, out.split("\n\n")[:-1], strict=True):
        fields = re.findall(r"^  (\w+) \(", part, re.MULTILINE)
        assert fields == [name for name in kind.model_fields if name not in ("fault", "surge")]


def test_the_example_with_a_surge_and_a_fault_says_so(run):
    _, exported, _ = run("simulate", MARKET_OPEN, "--replications", "1", "--json")

    assert len(json.loads(exported)["recoveries"]) == 1


@pytest.mark.parametrize("watched", [True, False])
def test_who_watches_the_first_run_is_told_that_it_compiles(watched, capsys, monkeypatch):
    monkeypatch.setattr("estimator.simulation.compiling.must_compile", lambda: True)

    simulate.say_that_it_compiles(wanted=watched)

    told = "compiling the simulation for this machine, once ...\n" if watched else ""
    assert capsys.readouterr() == ("", told)
