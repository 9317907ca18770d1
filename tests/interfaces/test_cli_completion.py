"""What the shell is offered for a word, through the variables by which shells ask."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import estimator as ws
from estimator.analysis.choices import TITLES
from estimator.cli import completion, main
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import contract_names
from estimator.pricing.price_files import VENDORS

ROOT = Path(__file__).resolve().parents[2]
ESTIMATOR = "import sys; sys.argv[0] = 'estimator'; from estimator.cli import main; main()"
HEAVY = ("numpy", "pandas", "scipy", "matplotlib", "ruamel.yaml", "estimator.deployments.base")


@pytest.fixture
def asked(monkeypatch, capsys) -> Callable[[str, str], str]:
    """What a shell reads when the tabulator key is pressed at the end of a line."""

    def ask(shell: str, line: str) -> str:
        words = line.split(" ")
        variables = {
            "_ESTIMATOR_COMPLETE": f"complete_{shell}",
            "COMP_WORDS": line,
            "COMP_CWORD": str(len(words) - 1),
            "_TYPER_COMPLETE_ARGS": line,
            "_TYPER_COMPLETE_FISH_ACTION": "get-args",
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["estimator"])
        monkeypatch.chdir(ROOT)
        with pytest.raises(SystemExit):
            main()
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return ask


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("estimator co", "compare"),
        ("estimator break", "break-even"),
        ("estimator compare examples/team", "examples/team-chat.yaml"),
        ("estimator estimate examples/team-chat.yaml aws.api", "aws.api_gateway"),
        ("estimator compare x.yaml --location fra", "frankfurt"),
        ("estimator compare x.yaml --contract oci", "oci-preemptible"),
        (
            "estimator simulate x.yaml --deployment gcp.application_lb_c",
            "gcp.application_lb_cloud_run",
        ),
        ("estimator simulate x.yaml --no-f", "--no-faults"),
        ("estimator prices --cloud az", "azure"),
        ("estimator export x.yaml --format infra", "infracost"),
        ("estimator prices --service api", "api_gateway"),
        ("estimator init --profile work", "workplace-chat"),
        ("estimator list fau", "faults"),
        ("estimator price aws.api_gateway.mes", "aws.api_gateway.messages="),
        ("estimator price --region us-ea", "us-east-1"),
        ("estimator billable-units aws.http", "aws.http_api.requests"),
    ],
)
def test_a_word_is_completed(asked, shell, line, offered):
    assert offered in asked(shell, line)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_script_can_be_shown_for_each_shell(shell):
    done = subprocess.run(
        (sys.executable, "-c", ESTIMATOR, "--show-completion", shell),
        env={**os.environ, "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert f"_ESTIMATOR_COMPLETE=complete_{shell}" in done.stdout


def names(offers) -> list[str]:
    return [name for name, _ in offers]


def test_what_is_offered_is_what_there_is():
    assert list(completion.deployments("")) == [
        (name, each.title) for name, each in ALL_DEPLOYMENTS.items()
    ]
    assert dict(completion.locations("")) == {
        name: each.title for name, each in ws.locations().items()
    }
    everywhere = ws.locations(regions=True)
    letters = {name[0] for name in everywhere}
    offered = [name for letter in letters for name in names(completion.locations(letter))]
    assert sorted(offered) == sorted(everywhere)
    assert dict(completion.profiles("")) == TITLES["profiles"]()
    assert set(names(completion.contracts(""))) >= set(contract_names())
    assert set(names(completion.clouds(""))) == set(VENDORS)
    assert set(names(completion.services(""))) == set(TITLES["services"]())
    meters = set(load_catalog().meters)
    assert set(names(completion.meters(""))) == meters
    assert set(names(completion.quantities(""))) == {f"{meter}=" for meter in meters}
    priced = {region for meter in meters for region in load_catalog().regions(meter)}
    assert set(names(completion.regions(""))) >= priced


def test_files_are_offered_folder_by_folder(tmp_path, monkeypatch):
    (tmp_path / "sub").mkdir()
    for name in ("a.yaml", "b.yml", "c.txt", ".hidden.yaml", "sub/d.yaml"):
        (tmp_path / name).touch()
    monkeypatch.chdir(tmp_path)

    assert names(completion.yaml_files("")) == ["a.yaml", "b.yml", "sub/"]
    assert names(completion.yaml_files("sub/")) == ["sub/d.yaml"]
    assert names(completion.yaml_files("nowhere/")) == []


@pytest.mark.parametrize(
    "line",
    [
        "estimator --help",
        "estimator compare --help",
        "estimator co",
        "estimator estimate x.yaml aws.",
        "estimator compare x.yaml --location fra",
    ],
)
def test_help_and_completion_load_no_numerical_library(line):
    """Loading them takes seconds, and a person waits."""
    verb = line.split()[1:]
    code = (
        f"import sys, json; sys.argv = ['estimator', *{verb}]\n"
        "from estimator.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]), file=sys.stderr)"
    )
    completing = {
        "_ESTIMATOR_COMPLETE": "complete_bash",
        "COMP_WORDS": line,
        "COMP_CWORD": str(len(line.split(" ")) - 1),
    }
    done = subprocess.run(
        (sys.executable, "-c", code),
        env={**os.environ, **({} if "--help" in line else completing)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert json.loads(done.stderr) == []
    assert done.stdout
