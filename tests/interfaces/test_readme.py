"""What the README shows is what the code prints."""

import json
import re
import shlex
from itertools import groupby
from pathlib import Path

import pytest

import estimator as ws
from estimator.analysis.headline import main_drivers
from estimator.deployments.registry import ENTRIES

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
LEFT_OUT = "..."
"""Stands for lines of an output that the README does not show."""


def comparison_rows() -> list[list[str]]:
    section = README.split("<!-- comparison:")[1].split("<!-- /comparison -->")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`*$") for cell in row.strip("|").split("|")] for row in rows]


def test_the_table_is_the_comparison_of_the_example():
    comparison = ws.compare(ws.Scenario.load(ROOT / "examples/team-chat.yaml"))

    assert comparison_rows() == [
        [
            bill.deployment,
            *(f"{usd:,.2f}" for usd in (bill.total, *list(bill.by_layer.values())[:2])),
            main_drivers(bill),
        ]
        for bill in comparison.bills
    ]
    assert comparison.within_limits == comparison.bills


def test_the_python_examples_run_one_after_the_other(monkeypatch):
    monkeypatch.chdir(ROOT)
    shared = {}

    for block in re.findall(r"```python\n(.*?)```", README, re.DOTALL):
        exec(compile(block, "README.md", "exec"), shared)

    assert not shared["found"].assumptions_held


SIMULATED = re.compile(r"([\d,.]+) ± ([\d,.]+)")


def the_same_of(shown: list[str], printed: str) -> str:
    """The line that is shown, if one was printed that differs only by what chance may do.

    Logarithms differ in the last digit between processors, and then some client of many comes a
    step earlier. Means of simulated weeks are the same if their 95% intervals overlap.
    """
    for line in shown:
        both = SIMULATED.search(line), SIMULATED.search(printed)
        if not (both[0] and both[1]):
            continue
        (one, radius), (other, other_radius) = (
            [float(figure.replace(",", "")) for figure in each.groups()] for each in both if each
        )
        words, printed_words = (SIMULATED.sub("", each).split() for each in (line, printed))
        if words == printed_words and abs(one - other) <= radius + other_radius:
            return line
    return printed


@pytest.mark.parametrize(
    ("name", "expected"), [("simulation", 1), ("break-even", 0), ("transports", 0)]
)
def test_the_output_shown_is_what_the_command_prints(run, monkeypatch, name, expected):
    section = README.split(f"<!-- {name} -->")[1].split(f"<!-- /{name} -->")[0]
    _, command, *shown, _ = section.strip().splitlines()
    monkeypatch.chdir(ROOT)

    status, out, _ = run(*shlex.split(command.removeprefix("$ estimator ")))

    assert status == expected
    printed = [the_same_of(shown, line.rstrip()) for line in out.splitlines()]
    assert [line for line in shown if line not in (*printed, LEFT_OUT)] == []
    pattern = r"\n(?:.*\n)*?".join(
        re.escape("\n".join(lines)) for kept, lines in groupby(shown, LEFT_OUT.__ne__) if kept
    )
    assert re.search(pattern, "\n".join(printed))


SCENARIO, PROFILE, CONTRACT, OPTIONS = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)


def test_the_scenario_shown_is_the_example_file():
    assert SCENARIO in (ROOT / "examples/team-chat.yaml").read_text(encoding="utf-8")


def test_the_profile_shown_changes_the_one_that_it_names(tmp_path):
    own = tmp_path / "ours.yaml"
    own.write_text(PROFILE, encoding="utf-8")
    profile = ws.load_profile(own)

    assert profile.title == "Our whiteboard"
    assert profile.flows["cursors"].fan_out == 9
    assert profile.session == ws.load_profile("collaborative-editing").session


def test_the_contract_shown_is_paid_as_it_says(tmp_path, run):
    ours = tmp_path / "ours.yaml"
    ours.write_text(CONTRACT, encoding="utf-8")
    team = str(ROOT / "examples/team-chat.yaml")

    status, out, err = run("estimate", team, "aws.api_gateway", "--contract", str(ours), "--json")

    assert (status, err) == (0, "")
    lines = {line["meter"]: line for line in json.loads(out)["lines"]}
    messages, traffic = lines["aws.api_gateway.messages"], lines["aws.egress.internet"]
    assert messages["cost_usd"] == pytest.approx(messages["quantity"] * 0.0000009)
    assert traffic["cost_usd"] == pytest.approx(traffic["list_usd"] * 0.88)


def test_the_options_shown_are_taken(tmp_path):
    own = tmp_path / "own.yaml"
    own.write_text(f"{SCENARIO}\n{OPTIONS}", encoding="utf-8")

    bill = ws.estimate(ws.Scenario.load(own), "aws.alb_ec2")

    # by hand: at 3 ms per message the own work is less than at what is assumed for the profile
    assumed = ws.estimate(ws.Scenario.load(ROOT / "examples/team-chat.yaml"), "aws.alb_ec2")
    assert 0 < float(bill.total) < float(assumed.total)


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_every_link_inside_the_repository_leads_somewhere(link: str):
    assert (ROOT / link).exists()


def test_what_is_priced_are_the_rows_of_the_registry():
    clouds = {"AWS": "aws", "Azure": "azure", "Google Cloud": "gcp", "OCI": "oci"}
    section = README.split("\n## What is priced\n\n")[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in section.splitlines()[2:]]

    named = [
        f"{clouds[cloud]}.{service}"
        for cloud, *cells in rows
        for service in re.findall(r"`(\w+)`", " ".join(cells))
    ]

    assert sorted(named) == sorted(entry.id for entry in ENTRIES if not entry.is_saas)


IN_A_SECTION = {"Fleets": "deployments/fleet", "Simulation": "simulation"}
"""Packages whose modules have a table of their own."""


def modules_of_the_architecture() -> list[str]:
    """Each package, and each module named in the tables, relative to ``estimator/``."""
    found = []
    for first, *_, last in (
        re.split(r"\s*\|\s*", row.strip("| "))
        for row in section_of_the_architecture("Packages").splitlines()
        if row.startswith("| `")
    ):
        names = re.findall(r"`([\w/]+)`", first)
        found += names
        if first.endswith("/`"):
            found += [f"{names[0]}{name}" for name in re.findall(r"`([\w/]+)`", last)]
    for title, package in IN_A_SECTION.items():
        rows = section_of_the_architecture(title).splitlines()
        for row in (row for row in rows if row.startswith("| `")):
            found += [f"{package}/{name}" for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    return found


def section_of_the_architecture(title: str) -> str:
    """What stands below a heading."""
    return ARCHITECTURE.split(f"\n## {title}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("module", modules_of_the_architecture())
def test_a_module_named_in_the_architecture_exists(module: str):
    path = ROOT / "estimator" / module

    assert path.is_dir() or path.with_suffix(".py").is_file()


def test_the_architecture_names_every_package():
    packages = {path.parent.name for path in (ROOT / "estimator").glob("*/__init__.py")}

    assert packages <= {module.rstrip("/") for module in modules_of_the_architecture()}


@pytest.mark.parametrize("package", IN_A_SECTION.values())
def test_the_architecture_names_every_module_of_a_package_with_a_section(package: str):
    modules = {path.stem for path in (ROOT / "estimator" / package).glob("*.py")} - {"__init__"}

    assert {f"{package}/{module}" for module in modules} <= {*modules_of_the_architecture()}
