"""What a text may be: JSON or YAML without tags, of bounded length, depth and repetition."""

import base64
import json
import zlib
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

import estimator as ws
from estimator.pricing.contract import ContractError

SCENARIO = {"profile": "market-data", "location": "tokyo", "peak_connections": 10}
HEAD = "profile: market-data\nlocation: tokyo\n"


def as_json(**more: object) -> str:
    return json.dumps({**SCENARIO, **more})


def link_of(text: str) -> str:
    packed = zlib.compress(text.encode("utf-8", "surrogatepass"))
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


# what json.dumps escapes as two halves, control characters, and ends of lines of YAML 1.1 only
ODD_NAMES = [
    "😀",
    "a\u0085b",
    "a\u2028b\u2029",
    "\ufeffa",
    "\x00\x07\x1b[31m",
    "a\r\nb\tc",
    "\x7f\xa0",
]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_the_same_in_yaml_json_and_links(name: str):
    scenario = ws.Scenario(**SCENARIO, name=name)

    assert ws.Scenario.from_yaml(scenario.to_yaml()).name == name
    assert ws.Scenario.from_yaml(json.dumps(scenario.as_data())).name == name
    assert ws.Scenario.from_token(scenario.to_token()).name == name


@given(st.text(max_size=50))
def test_any_name_survives_yaml(name: str):
    scenario = ws.Scenario(**SCENARIO, name=name)

    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario


def test_json_is_read_from_files_of_any_name(tmp_path: Path):
    file, contract = tmp_path / "team.yaml", tmp_path / "ours.yaml"
    file.write_text(" \n" + as_json(name="😀", contract="ours.yaml"), encoding="utf-8-sig")
    rates = [{"meters": ["aws.*"], "percent_off": 10}]
    contract.write_text(json.dumps({"title": "😀", "rates": rates}))

    assert ws.Scenario.load(file).name == "😀"
    assert ws.load_contract(contract).title == "😀"


def test_yaml_may_begin_with_a_brace():
    assert ws.Scenario.from_yaml("{profile: market-data, location: tokyo, peak_connections: 5}")


REFUSED = {
    # name: (text, parts of the message)
    "half a pair in JSON": (as_json(name="a\ud83db"), ["line 1", "name", "surrogate"]),
    "half a pair in YAML": (HEAD + 'name: "\\ud83d"\n', ["line 3", "name", "surrogate"]),
    "half a pair in a key": (as_json(options={"\udc00": {}}), ["options", "surrogate"]),
    "key given twice in JSON": ('{"name": "a",\n"name": "b"}', ["line 2", "duplicate key", "name"]),
    "error in JSON": ('{"profile": "x",\n"location": "nowhere"}', ["line 2", "location"]),
    "broken JSON": ('{"profile": "x",\n"location": ]}', ["line 2", "not valid YAML"]),
    "tag of a number": (HEAD + "name: !!float none\n", ["line 3", "tag", "float", "leave it out"]),
    "tag of a list": (HEAD + "name: !!timestamp [1]\n", ["line 3", "tag", "timestamp"]),
    "tag of an object": (HEAD + "name: !!python/object:os.x {}\n", ["line 3", "tag", "python"]),
    "tag of one's own": (HEAD + "name: !own x\n", ["line 3", "tag", "!own"]),
    "tag at the top": ("!!map\n" + HEAD, ["line 1", "tag"]),
    "YAML 1.3": ("# of a tool\n%YAML 1.3\n---\n" + HEAD, ["line 2", "directives"]),
    "tag directive": ("%TAG ! tag:x,2000:\n---\n" + HEAD, ["line 1", "directives"]),
    "lists in lists in JSON": ('{"name": ' + "[" * 50 + "]" * 50 + "}", ["nested too deeply"]),
    "nested without end in JSON": ('{"name": ' + "[" * 100_000, ["nested too deeply"]),
    "merges without end": ("b: &b {x: 1}\n" + "".join(f"k{i}: {{<<: *b}}\n" for i in range(201)),
                           ["line 202", "200 merges"]),
    "long YAML": (HEAD + "# " + "x" * 270_000, ["262,144 characters", "JSON"]),
    "long JSON": (as_json(name="x" * 1_100_000), ["1,048,576 characters"]),
    "more values than a text may hold": (as_json(name=[0] * 100_001), ["at most 100,000"]),
    "more scenarios than a text may hold": (
        as_json(peak_connections=[[1]] * 200, hours_per_month=[700] * 101),
        ["20,200 scenarios", "20,000", "Python"],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), REFUSED.values(), ids=REFUSED)
def test_what_a_text_may_not_be_is_refused_with_its_line(text: str, parts: list[str]):
    with pytest.raises(ws.ScenarioError) as caught:
        ws.Scenario.from_yaml(text, "team.yaml")

    message = str(caught.value)
    assert message.startswith("team.yaml")
    assert [part for part in parts if part not in message] == []
    assert len(message) <= 400


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (as_json(name="\ud83d"), "link, name: half of a surrogate pair"),
        (as_json(contract=json.loads('{"a":' * 60 + "1" + "}" * 60)), "link: nested too deeply"),
        (as_json(name="x" * 1_100_000), "link: more than 1,048,576 characters"),
        ('{"name": "a", "name": "b"}', "the link is damaged"),
    ],
)
def test_links_are_bounded_like_files(text: str, part: str):
    with pytest.raises(ws.ScenarioError, match=f"^{part}"):
        ws.Scenario.from_token(link_of(text))


def test_contracts_are_bounded_like_scenarios(tmp_path: Path):
    file = tmp_path / "ours.yaml"
    file.write_text("title: !!int x\nrates: []\n")

    with pytest.raises(ContractError, match=r"ours\.yaml, line 1: .*tag .*int"):
        ws.load_contract(file)


def test_a_file_without_end_is_not_read_to_its_end():
    with pytest.raises(ws.ScenarioError, match="262,144 characters"):
        ws.Scenario.load("/dev/zero")
