"""What the tests of several doors share."""

import pytest

from estimator import cli


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
