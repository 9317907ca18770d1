"""What the README shows is what the code prints."""

import re
from pathlib import Path

import numpy as np
import pytest

import estimator as ws

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def comparison_rows() -> list[list[str]]:
    section = README.split("<!-- comparison:")[1].split("<!-- /comparison -->")[0]
    rows = [line for line in section.splitlines() if line.startswith("| `")]
    return [[cell.strip().strip("`*$") for cell in row.strip("|").split("|")] for row in rows]


def test_the_table_is_the_comparison_of_the_example():
    table = ws.compare(ws.Scenario.load(ROOT / "examples/team-chat.yaml")).table

    shown = [[name, *(float(cost.replace(",", "")) for cost in costs)]
             for name, *costs in comparison_rows()]  # fmt: skip

    # drivers that cost nothing anywhere are left out, as in the terminal
    table = table.loc[:, [column for column in table if np.any(table[column])]]
    computed = table.drop(columns=["title", "region"]).to_numpy().tolist()
    assert [row[0] for row in shown] == [row[0] for row in computed]
    for shown_row, computed_row in zip(shown, computed, strict=True):
        assert shown_row[1:] == [round(cost, 2) for cost in computed_row[1:]]


def test_the_python_example_runs():
    [block] = re.findall(r"```python\n(.*?)```", README, re.DOTALL)

    exec(compile(block, "README.md", "exec"), {})


def test_the_scenario_shown_is_the_example_file():
    [block] = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)

    assert block in (ROOT / "examples/team-chat.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("link", re.findall(r"\]\((?!http)([^)]+)\)", README))
def test_every_link_inside_the_repository_leads_somewhere(link: str):
    assert (ROOT / link).exists()
