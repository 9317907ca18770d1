"""`estimator gallery` and `estimator list profiles`, and the page that they make."""

import json
import re
from pathlib import Path

import pytest
from rich.cells import cell_len

import estimator as ws

ROOT = Path(__file__).resolve().parents[2]
LIST = re.compile(r"price list [0-9a-f]{8} of \d{4}-\d\d-\d\d")
"""Another id where any price changed, be it one that the page does not use."""
FEW = ("--profile", "workplace-chat", "--samples", "128")


def test_the_page_is_what_the_command_prints(run):
    status, out, err = run("gallery", "--markdown")

    assert (status, err) == (0, "")
    page = (ROOT / "docs/workloads.md").read_text(encoding="utf-8")
    assert LIST.sub("price list", page) == LIST.sub("price list", out)
    for name in ws.profile_names():
        assert f"| `{name}` |" in out


def test_a_terminal_shows_each_app_and_its_advice(run):
    status, out, err = run("gallery", *FEW)

    [app] = ws.gallery("workplace-chat", samples=128).apps
    assert (status, err) == (0, "")
    assert [line for line in out.splitlines() if cell_len(line.rstrip()) > 80] == []
    assert app.advice in " ".join(out.split())


def test_json_is_that_of_python(run):
    status, out, _ = run("gallery", *FEW, "--json", "--growth", "2", "--location", "frankfurt")

    found = ws.gallery("workplace-chat", samples=128, growth=2, location="frankfurt")
    assert status == 0
    assert json.loads(out) == json.loads(found.to_json())


def test_profiles_are_listed_as_python_has_them(run):
    listed = {each["name"]: each for each in json.loads(run("list", "profiles", "--json")[1])}
    table = ws.profiles().set_index("profile")

    assert [*listed] == ws.profile_names()
    for name, row in table.iterrows():
        assert listed[name]["published_share"] == pytest.approx(row["published_share"])
        assert listed[name]["description"] == row["description"]


def test_profiles_are_a_table_in_markdown(run):
    status, out, err = run("list", "profiles", "--markdown")

    assert (status, err) == (0, "")
    rows = [line for line in out.splitlines() if line.startswith("| `")]
    assert [row.split("`")[1] for row in rows] == ws.profile_names()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["gallery", "--profile", "workplace-chats"], "did you mean 'workplace-chat'"),
        (["gallery", "--markdown", "--json"], "only one of them"),
        (["gallery", *FEW, "--growth", "0.5"], "growth must be a number above 1"),
    ],
)
def test_bad_input_gets_one_message_and_status_2(run, arguments, message):
    status, out, err = run(*arguments)

    assert (status, out) == (2, "")
    assert message in err
