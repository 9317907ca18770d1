"""Help that teaches: every example in it runs, and ends as it says."""

import re
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from estimator.cli.verbs import VERBS as TABLE

ROOT = Path(__file__).resolve().parents[2]
VERBS = [verb.name for verb in TABLE]
PROMPT = "$ estimator "


def examples(told: str) -> list[tuple[str, int]]:
    """The commands of a help text with the exit status that stands in the comment above each."""
    lines = iter(line.strip() for line in told.splitlines())
    found: list[tuple[str, int]] = []
    status = 0
    for line in lines:
        if line.startswith("# "):
            stated = re.search(r"\(exit status (\d+)\)", line)
            status = int(stated[1]) if stated else 0
        if line.startswith(PROMPT):
            command = line.removeprefix(PROMPT)
            while command.endswith("\\"):
                command = f"{command[:-1]} {next(lines)}"
            found.append((command, status))
    return found


@pytest.fixture
def told(run) -> Callable[..., str]:
    return lambda *verb: run(*verb, "--help")[1]


@pytest.mark.parametrize("verb", [[], *([verb] for verb in VERBS)], ids=str)
def test_every_example_runs_and_ends_as_the_help_says(run, told, verb, tmp_path, monkeypatch):
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    monkeypatch.chdir(tmp_path)
    shown = examples(told(*verb))

    assert len(shown) > 0
    for command, expected in shown:
        status, out, err = run(*shlex.split(command))
        assert (command, status, err) == (command, expected, "")
        assert out


@pytest.mark.parametrize("verb", [[], *([verb] for verb in VERBS)], ids=str)
def test_a_flag_asks_for_no_value(told, verb):
    out = told(*verb)

    assert re.search(r"--help +Show this message", out)
    assert "<bool>" not in out


def test_the_whole_help_shows_the_usual_path_and_every_exit_status(told):
    out = told()

    verbs = [command.split()[0] for command, _ in examples(out)]
    assert verbs == ["init", "compare", "estimate", "simulate", "prices"]
    statuses = out.split("Exit status")[1]
    assert re.findall(r"^ (\d+)", statuses, re.MULTILINE) == ["0", "1", "2", "3", "70", "130"]


@pytest.mark.parametrize("verb", [[], *([verb] for verb in VERBS)], ids=str)
def test_help_fits_80_columns(told, verb):
    assert max(map(len, told(*verb).splitlines())) <= 80


# `init` writes a file, and `export` has JSON among its formats
@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb not in ("init", "export")])
def test_every_verb_that_prints_data_prints_it_as_json(told, verb):
    assert "--json" in told(verb)
