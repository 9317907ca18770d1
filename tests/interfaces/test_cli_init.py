"""The file that `estimator init` writes: valid, complete, and right when its parts are used."""

import io
import re
from pathlib import Path

import jsonschema
import pytest

import estimator as ws
from estimator.cli.commands.schema import editor_schema
from estimator.cli.starter_file import starter_file
from estimator.documents import read_yaml
from estimator.scenario.flows import Batch, Heartbeat
from estimator.scenario.profile import Profile
from estimator.scenario.weekly_shape import WeeklyShape, shape_names

ROOT = Path(__file__).resolve().parents[2]
# a comment has one space behind its sign, whatever else follows it is YAML
LEFT_OUT = re.compile(r"^( *)#(?! \S|$)")
SAYS_WHAT_HOLDS = ("hours_per_month", "free_allowances", "as_of", "options", "assumptions")


def parts_of(text: str) -> list[list[int]]:
    """Numbers of the lines of each part that is left out."""
    parts: list[list[int]] = [[]]
    for number, line in enumerate(text.splitlines()):
        if LEFT_OUT.match(line):
            parts[-1].append(number)
        elif parts[-1] and not line.strip():
            parts.append([])
    return [part for part in parts if part]


def with_parts(text: str, *parts: list[int]) -> str:
    used = {number for part in parts for number in part}
    lines = text.splitlines()
    return "\n".join(
        LEFT_OUT.sub(r"\1", line) if number in used else line for number, line in enumerate(lines)
    )


def field_of(text: str, part: list[int]) -> str:
    return with_parts(text, part).splitlines()[part[0]].split(":")[0].strip()


@pytest.fixture(scope="module")
def text() -> str:
    return starter_file("workplace-chat", "virginia")


@pytest.mark.parametrize("profile", ws.profile_names())
@pytest.mark.parametrize("location", ["virginia", "saopaulo"])
def test_it_is_a_scenario_of_that_profile_and_location(profile, location):
    scenario = ws.Scenario.from_yaml(starter_file(profile, location))

    assert scenario.profile == ws.load_profile(profile)
    assert scenario.location == location
    assert ws.estimate(scenario, "oci.load_balancer_vm").total > 0


def test_every_field_of_a_scenario_and_a_profile_stands_in_it_and_no_line_is_too_long(text):
    for model, indent in ((ws.Scenario, ""), (Profile, "  ")):
        for name in model.model_fields.keys() - {"evidence"}:
            assert re.search(rf"^{indent}#?{name}:", text, re.MULTILINE), name
    assert max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize(
    ("profile", "model"),
    [("workplace-chat", Batch), ("workplace-chat", WeeklyShape), ("market-data", Heartbeat)],
)
def test_fields_of_what_is_left_out_are_explained(profile, model):
    text = starter_file(profile, "virginia")

    for name in model.model_fields:
        assert re.search(rf"# - {name}: \w", text), name


def test_every_name_there_is_stands_in_it(text):
    known = {
        *ws.locations(),
        *ws.profile_names(),
        *shape_names(),
        *ws.DEPLOYMENTS,
        *ws.assumptions(),
    }

    assert [name for name in sorted(known) if not re.search(rf"(?<!\w){name}\b", text)] == []


@pytest.mark.parametrize(("nth", "profile"), [*enumerate(ws.profile_names())])
def test_each_part_that_is_left_out_counts_once_its_signs_are_taken_away(nth, profile, in_full):
    text = starter_file(profile, "frankfurt")
    schema = jsonschema.Draft202012Validator(editor_schema())
    parts = parts_of(text)

    # files of all profiles have the same parts, so that together they try each several times
    for part in parts if in_full else parts[nth % 5 :: 5]:
        used = with_parts(text, part)
        name = field_of(text, part)
        scenario = ws.Scenario.from_yaml(used)
        inside = used.splitlines()[part[0]].startswith(" ")
        said = scenario.profile if inside else scenario
        assert name in said.model_fields_set, name
        assert [*schema.iter_errors(read_yaml(used, name, ws.ScenarioError).content)] == []


def test_all_parts_together_can_be_compared_and_simulated(text):
    scenario = ws.Scenario.from_yaml(with_parts(text, *parts_of(text)))

    assert len(scenario.faults) == 8
    assert len(scenario.surges) == 3
    assert len(ws.compare(scenario).bills) == len(ws.DEPLOYMENTS)


def test_the_profile_and_what_is_left_to_the_estimator_are_shown_as_they_hold_anyway(text):
    as_it_stands = ws.compare(ws.Scenario.from_yaml(text)).table
    shown = [
        part
        for part in parts_of(text)
        if field_of(text, part) in {*SAYS_WHAT_HOLDS, *Profile.model_fields} - {"other_clients"}
    ]

    used = ws.compare(ws.Scenario.from_yaml(with_parts(text, *shown))).table

    assert (
        len(shown) == len(SAYS_WHAT_HOLDS) + len(Profile.model_fields) - 2
    )  # no evidence, nobody else
    assert used.to_dict() == as_it_stands.to_dict()


def test_what_init_writes_is_compared_at_once(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    status, out, err = run("init")

    assert (status, err) == (0, "")
    assert "estimator compare scenario.yaml" in out
    assert run("compare", "scenario.yaml")[0] == 0
    assert Path("scenario.yaml").read_text(encoding="utf-8") == run("init", "-")[1]


def test_init_overwrites_nothing_unless_it_is_asked_to(run, tmp_path):
    file = tmp_path / "ours.yaml"
    file.write_text("ours", encoding="utf-8")

    status, out, err = run("init", str(file))

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert "--force" in err
    assert file.read_text(encoding="utf-8") == "ours"
    assert run("init", str(file), "--force", "--location", "tokyo")[0] == 0
    assert ws.Scenario.load(file).location == "tokyo"


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        (["--profile", "chat"], "workplace-chat"),
        (["--location", "frankfort"], "did you mean 'frankfurt'"),
        (["no/such/folder/scenario.yaml"], "No such file or directory"),
        (["."], "the file exists"),
        ([".", "--force"], "Is a directory"),
    ],
)
def test_what_cannot_be_written_gives_one_message_and_status_2(
    run, tmp_path, monkeypatch, arguments, part
):
    monkeypatch.chdir(tmp_path)

    status, out, err = run("init", *arguments)

    assert (status, out) == (2, "")
    assert len(err.splitlines()) == 1
    assert part in err
    assert list(tmp_path.iterdir()) == []


def test_the_first_line_leads_editors_to_the_schema(run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    elsewhere, *_ = run("init", "-")[1].splitlines()
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs/scenario.schema.json").touch()
    (tmp_path / "mine").mkdir()
    run("init", "mine/chat.yaml")

    in_a_clone, *_ = Path("mine/chat.yaml").read_text(encoding="utf-8").splitlines()

    assert elsewhere == "# yaml-language-server: $schema=scenario.schema.json"
    assert in_a_clone == "# yaml-language-server: $schema=../docs/scenario.schema.json"


def test_a_scenario_can_be_piped_from_one_command_to_the_next(run, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(starter_file("market-data", "tokyo")))

    status, out, err = run("compare", "-")

    assert (status, err) == (0, "")
    assert "Tokyo" in out
