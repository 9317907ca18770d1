"""Contracts in files and scenarios: found where they are named, and errors told with the place."""

import base64
import json
import re
import zlib
from pathlib import Path
from typing import Any, ClassVar

import pytest

import estimator as ws
from estimator.pricing.contract import contract_names

HEAD = "title: Ours\nrates:\n- meters: [aws.api_gateway.*]\n"
GOOD = HEAD + "  percent_off: 50\n"
SCENARIO = "profile: market-data\nlocation: virginia\npeak_connections: 1000\n"
INLINE = (
    "contract:\n  title: Ours\n  rates:\n  - meters: [aws.api_gateway.*]\n    percent_off: 50\n"
)


@pytest.fixture
def written(tmp_path: Path):
    """Write a file; returns its path."""

    def write(text: str, name: str = "ours.yaml") -> Path:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return tmp_path / name

    return write


def test_the_example_of_the_price_files_is_read(written):
    """It has every list and names meters that there are."""
    guide = Path(__file__).parents[2] / "pricing_data" / "README.md"
    example = guide.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]

    contract = ws.load_contract(written(example))

    assert all((contract.rates, contract.commitments, contract.meters, contract.prices))
    quantities = {"acme.relay.hours": 10, "aws.ec2.c7g_large": 730}
    # less than 1 USD per hour is used, of which the plan is paid all the same
    bill = ws.price(quantities, "us-east-1", contract=contract)
    usual = ws.price({"aws.ec2.c7g_large": 730}, "us-east-1").total
    assert usual < 730
    assert bill.total == pytest.approx(2.5 + 0.83 * 730)


def test_a_file_of_your_own_is_loaded_by_its_path(written):
    contract = ws.load_contract(written(GOOD))

    assert contract.title == "Ours"
    assert contract.rates[0].percent_off == 50


ERRORS = {
    # name: (text, line and field, what would be right)
    "unknown field": (HEAD + "  percent_of: 5\n", "line 4, rates.0.percent_of", "'percent_off'"),
    "unknown field on top": (GOOD + "titel: x\n", "line 5, titel", "did you mean 'title'"),
    "no title": ("rates:\n- {meters: ['*'], percent_off: 5}\n", "title", "is missing"),
    # it may have commitments, meters or prices instead
    "no rates": ("title: Ours\n", "", "give rates, commitments, meters or prices"),
    "empty rates": ("title: Ours\nrates: []\n", "line 2, rates", "at least 1"),
    "no meters": ("title: O\nrates:\n- {percent_off: 5}\n", "line 3, rates.0.meters", "missing"),
    "neither price": (HEAD, "line 3, rates.0", "give usd_per_unit or percent_off"),
    "both prices": (
        HEAD + "  percent_off: 5\n  usd_per_unit: 1\n",
        "line 3, rates.0",
        "give usd_per_unit or percent_off",
    ),
    "above 100": (HEAD + "  percent_off: 101\n", "line 4, rates.0.percent_off", "equal to 100"),
    "more expensive": (HEAD + "  percent_off: -1\n", "line 4, rates.0.percent_off", "equal to 0"),
    "negative": (HEAD + "  usd_per_unit: -1\n", "line 4, rates.0.usd_per_unit", "equal to 0"),
    "infinite": (HEAD + "  usd_per_unit: .inf\n", "line 4, rates.0.usd_per_unit", "finite"),
    "not a number": (HEAD + "  usd_per_unit: .nan\n", "line 4, rates.0.usd_per_unit", "nan"),
    "words": (HEAD + "  percent_off: half\n", "line 4, rates.0.percent_off", "'half'"),
    "share above all": (
        HEAD + "  percent_off: 5\n  share: 1.5\n",
        "line 5, rates.0.share",
        "less than or equal to 1",
    ),
    "share of nothing": (
        HEAD + "  percent_off: 5\n  share: 0\n",
        "line 5, rates.0.share",
        "greater than 0",
    ),
    "no list": (
        "title: O\nrates:\n- meters: aws.*\n  percent_off: 5\n",
        "line 3, rates.0.meters",
        "'aws.*'",
    ),
    "wrong date": (
        HEAD + "  percent_off: 5\n  checked_on: 2026-13-01\n",
        "line 5, rates.0.checked_on",
        "a date that exists",
    ),
    "not YAML": ("title: [O\n", "line 2", "not valid YAML"),
    "twice": ("title: O\ntitle: P\n", "line 2", "not valid YAML"),
    "empty": ("", "", "the file is empty"),
    "a list": ("- title\n", "", "expected 'key: value' lines"),
}


@pytest.mark.parametrize(("text", "location", "right"), ERRORS.values(), ids=ERRORS.keys())
def test_a_bad_file_is_refused_with_file_line_and_field(written, text, location, right):
    file = written(text)

    with pytest.raises(ws.ContractError) as caught:
        ws.load_contract(file)

    told = str(caught.value).splitlines()[0]
    assert told.startswith(f"{file}, {location}" if location else f"{file}: ")
    assert right in told


@pytest.mark.parametrize(
    "text",
    [HEAD + "  percent_of: 5\n", HEAD + "  percent_off: 101\n"],
    ids=["field", "out of range"],
)
def test_one_error_is_told_once(written, text):
    with pytest.raises(ws.ContractError) as caught:
        ws.load_contract(written(text))

    assert len(str(caught.value).splitlines()) == 1


def test_a_file_that_is_not_there_or_not_text_is_refused(tmp_path: Path):
    (tmp_path / "binary.yaml").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(ws.ContractError, match=r"none\.yaml: No such file"):
        ws.load_contract(tmp_path / "none.yaml")
    with pytest.raises(ws.ContractError, match=r"binary\.yaml: not a text file"):
        ws.load_contract(tmp_path / "binary.yaml")


def test_an_unknown_name_lists_the_shipped_examples():
    with pytest.raises(ws.UnknownNameError, match="unknown contract 'nosuch'") as caught:
        ws.load_contract("nosuch")

    # as many as a message of 400 characters holds, the first first
    listed = str(caught.value).partition("Valid: ")[2].partition(" and ")[0].split(", ")
    assert listed == contract_names()[: len(listed)]
    assert f"{len(contract_names()) - len(listed)} more" in str(caught.value)


def halved(scenario: ws.Scenario) -> bool:
    """Whether the lines of API Gateway cost half their list price, and the others all of it."""
    lines = ws.estimate(scenario, "aws.api_gateway").lines
    ours = lines["meter"].str.startswith("aws.api_gateway.")
    paid = lines["cost_usd"].to_numpy()
    expected = lines["list_usd"].where(~ours, lines["list_usd"] / 2).to_numpy()
    return bool(ours.any()) and not ours.all() and paid.tolist() == pytest.approx(expected.tolist())


def test_a_scenario_writes_its_contract_out(written):
    assert halved(ws.Scenario.load(written(SCENARIO + INLINE)))


def test_a_scenario_names_a_file_beside_it(written):
    written(GOOD, "ours.yaml")

    assert halved(ws.Scenario.load(written(SCENARIO + "contract: ours.yaml\n", "scenario.yaml")))


def test_a_scenario_names_a_file_by_its_path_from_there(written, tmp_path):
    (tmp_path / "terms").mkdir()
    written(GOOD, "terms/ours.yaml")
    file = written(SCENARIO + "contract: terms/ours.yaml\n", "scenario.yaml")

    assert halved(ws.Scenario.load(file))


@pytest.mark.parametrize("name", contract_names())
def test_a_scenario_names_a_shipped_contract(name):
    scenario = ws.Scenario.from_yaml(f"{SCENARIO}contract: {name}\n")

    [bill, *_] = ws.compare(scenario).bills

    assert bill.contract == ws.load_contract(name)


@pytest.mark.parametrize("named", ["inline", "file"])
def test_a_contract_survives_files_and_links(written, named):
    written(GOOD + "  checked_on: 2026-10-01\n", "ours.yaml")
    contract = {"inline": INLINE, "file": "contract: ours.yaml\n"}[named]
    scenario = ws.Scenario.load(written(SCENARIO + contract, "scenario.yaml"))

    saved = ws.Scenario.from_yaml(scenario.to_yaml())
    linked = ws.Scenario.from_token(scenario.to_token())

    assert saved == linked == scenario
    assert halved(saved)


@pytest.mark.parametrize(
    ("contract", "errors"),
    [
        ("contract: nosuch\n", ["unknown contract 'nosuch'"]),
        (INLINE.replace("gateway", "gatway"), ["unknown meter 'aws.api_gatway.*'"]),
        (INLINE.replace("off: 50", "off: 150"), ["rates.0.percent_off", "equal to 100"]),
        (INLINE.replace("percent_off", "percent_of"), ["did you mean 'percent_off'"]),
        ("contract: 5\n", ["not 5"]),
        ("contract: {}\n", ["title", "is missing"]),
        ("contract: missing.yaml\n", ["missing.yaml", "cannot be read"]),
    ],
    ids=["name", "meter", "out of range", "field", "number", "empty", "no such file"],
)
def test_a_wrong_contract_of_a_scenario_is_reported_with_its_line(written, contract, errors):
    file = written(SCENARIO + contract, "scenario.yaml")

    with pytest.raises(ws.EstimatorError) as caught:
        ws.compare(ws.Scenario.load(file))

    assert re.match(rf"{re.escape(str(file))}, line 4, contract", str(caught.value))
    assert [error for error in errors if error not in str(caught.value)] == []


@pytest.mark.parametrize(
    ("text", "location"),
    [("title: [O\n", "line 2"), (HEAD + "  percent_off: 150\n", "line 4, rates.0.percent_off")],
    ids=["not YAML", "out of range"],
)
def test_a_wrong_file_beside_a_scenario_is_told_with_its_own_lines(written, text, location):
    contract = written(text, "ours.yaml")

    with pytest.raises(ws.EstimatorError, match=re.escape(f"{contract}, {location}")):
        ws.compare(ws.Scenario.load(written(SCENARIO + "contract: ours.yaml\n", "scenario.yaml")))


class TestInPython:
    """What ``Scenario(contract=...)`` takes besides the name of a shipped example."""

    SAID: ClassVar = {"profile": "market-data", "location": "virginia", "peak_connections": 1000}

    def given(self, form: str, file: Path) -> Any:
        """The same contract as a person may have it."""
        return {
            "read": lambda: ws.load_contract(file),
            "path": lambda: file,
            "mapping": lambda: {
                "title": "Ours",
                "rates": [{"meters": ["aws.api_gateway.*"], "percent_off": 50}],
            },
        }[form]()

    @pytest.mark.parametrize("form", ["read", "path", "mapping"])
    def test_each_form_is_paid(self, written, form):
        contract = self.given(form, written(GOOD))

        assert halved(ws.Scenario(**self.SAID, contract=contract))
        assert halved(ws.Scenario(**self.SAID).replace(contract=contract))

    @pytest.mark.parametrize("form", ["read", "path"])
    def test_links_hold_the_rates_themselves(self, written, form):
        scenario = ws.Scenario(**self.SAID, contract=self.given(form, written(GOOD)))
        written("title: changed since\n")

        assert halved(ws.Scenario.from_token(scenario.to_token()))

    def test_other_changes_leave_it(self, written):
        scenario = ws.Scenario(**self.SAID, contract=written(GOOD))

        assert halved(scenario.replace(location="frankfurt"))

    def test_errors_of_a_file_are_told_with_its_lines(self, written):
        file = written(HEAD + "  percent_off: 150\n")

        with pytest.raises(ws.EstimatorError, match=re.escape(f"{file}, line 4, rates.0")):
            ws.compare(ws.Scenario(**self.SAID, contract=file))

    def test_a_missing_file_is_told(self, tmp_path):
        with pytest.raises(ws.ScenarioError, match=r"contract: .*none\.yaml cannot be read"):
            ws.Scenario(**self.SAID, contract=tmp_path / "none.yaml")


@pytest.mark.parametrize("suffix", [".yaml", ".yml"])
def test_a_text_from_elsewhere_opens_no_file(written, suffix):
    file = written(GOOD, f"ours{suffix}")
    text = f"{SCENARIO}contract: {file}\n"
    packed = zlib.compress(json.dumps({**TestInPython.SAID, "contract": str(file)}).encode())
    token = base64.urlsafe_b64encode(packed).decode().rstrip("=")

    for read in (
        lambda: ws.Scenario.from_yaml(text),
        lambda: ws.Scenario.from_token(token),
        lambda: ws.Scenario(**TestInPython.SAID, contract=str(file)),
    ):
        with pytest.raises(ws.ScenarioError, match=r"in Python give load_contract\("):
            read()
