"""How a command ends: each exit status means one thing, so that a pipeline can rely on it."""

import re
from pathlib import Path

import pytest

from estimator.cli import common
from estimator.errors import MOST_MESSAGE_CHARACTERS
from estimator.vendor_lists.report import CHANGES_FOUND

ROOT = Path(__file__).resolve().parents[2]
TEAM_CHAT = str(ROOT / "examples/team-chat.yaml")


@pytest.fixture
def broken(monkeypatch):
    """The command when the program itself has an error of that kind."""

    def broken(error: Exception) -> None:
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr("estimator.cli.commands.bills.ws.compare", fail, raising=False)

    return broken


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("lam < 0 or\nNaN"),
        ZeroDivisionError("division by zero"),
        MemoryError(),
        RecursionError("deep " * 500),
        OverflowError(34, "Numerical result out of range"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_of_the_program_is_one_line_to_report_and_status_70(run, broken, error):
    broken(error)

    status, out, err = run("compare", TEAM_CHAT)

    assert (status, out) == (70, "")
    assert len(err.splitlines()) == 1
    assert len(err) <= MOST_MESSAGE_CHARACTERS + len("error: ")
    assert f": {type(error).__name__} in cli/commands/bills.py, line " in err
    assert "Please report" in err
    assert re.search(r"websocket-estimator \S+, Python \d+\.\d+\.\d+, estimator compare ", err)


def test_the_traceback_is_there_when_it_is_asked_for(run, broken, monkeypatch):
    broken(RuntimeError("within"))
    monkeypatch.setenv("ESTIMATOR_TRACEBACK", "1")

    with pytest.raises(RuntimeError, match="within"):
        run("compare", TEAM_CHAT)


def test_the_command_alone_shows_its_help(run):
    status, out, err = run()

    assert (status, err) == (0, "")
    assert out.strip() == run("--help")[1].strip()


def statuses(told: str, row: str) -> set[int]:
    return {int(found) for found in re.findall(row, told, re.MULTILINE)}


def test_every_status_is_in_the_help_and_in_the_readme(run):
    known = {0, common.FAILED, common.INPUT_ERROR, CHANGES_FOUND, common.UNEXPECTED, 130}
    readme = (ROOT / "README.md").read_text(encoding="utf-8").partition("| exit status |")[2]

    help_text = run("--help")[1].partition("Exit status")[2]
    assert statuses(help_text, r"^ *(\d+)  ") == known
    assert statuses(readme.partition("\n\n")[0], r"^\| (\d+) \|") == known


def test_a_long_text_is_not_repeated_in_full(run):
    for arguments in (
        ("growth", TEAM_CHAT, "--months", "9" * 5_000),
        ("simulate", TEAM_CHAT, "--engine", "x" * 5_000),
        ("compare", TEAM_CHAT, "--cloud", "x" * 5_000),
        ("sweep", TEAM_CHAT, "--vary", f"peak_connections={'9,' * 5_000}"),
        ("compare", "x" * 5_000),
    ):
        status, _, err = run(*arguments)
        assert status == 2
        assert len(" ".join(err.split())) < 2 * MOST_MESSAGE_CHARACTERS
