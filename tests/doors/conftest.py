"""What the tests of several doors share."""

import sys

import pytest

from estimator import cli

MAIN = sys.modules["__main__"]


@pytest.fixture(autouse=True)
def the_same_main_module():
    """AppTest leaves a script of its own as the main module; new processes would run that."""
    yield
    sys.modules["__main__"] = MAIN


@pytest.fixture
def run(monkeypatch, capsys):
    """Run `estimator` with arguments; returns exit status, standard output and standard error."""

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["estimator", *arguments])
        monkeypatch.setenv("COLUMNS", "80")
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        return status, *capsys.readouterr()

    return run
