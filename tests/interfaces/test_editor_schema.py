"""The schema in docs/ is the one the code writes, and accepts what the code accepts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from estimator.cli.commands.schema import editor_schema

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.yaml"))


def faults(text: str) -> list[str]:
    content = YAML(typ="safe", pure=True).load(text)
    schema = editor_schema()
    return [fault.message for fault in jsonschema.Draft202012Validator(schema).iter_errors(content)]


def test_the_schema_in_docs_is_up_to_date():
    file = ROOT / "docs/scenario.schema.json"

    assert json.loads(file.read_text(encoding="utf-8")) == editor_schema(), (
        "write it again: estimator schema > docs/scenario.schema.json"
    )


def test_it_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(editor_schema())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_examples_satisfy_it_and_point_to_it(path: Path):
    text = path.read_text(encoding="utf-8")

    assert faults(text) == []
    [line] = [line for line in text.splitlines() if "$schema=" in line]
    assert (path.parent / line.split("$schema=")[1]).resolve() == ROOT / "docs/scenario.schema.json"


@pytest.mark.parametrize(
    "fault",
    [
        "location: frankfort",
        "location: virginia\npeak_conections: 5",
        "location: virginia\npeak_connections: -5",
        "location: virginia\noptions: {azure.web_pubsub: {tier: gold}}",
        "location: virginia\nassumptions: {azure.web_pubsub.kilobyte: 1023}",
    ],
)
def test_it_finds_what_the_code_would_refuse(fault: str):
    assert faults(f"profile: market-data\n{fault}") != []


def numbers_in(part: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Schemas of numbers, with where they are."""
    if isinstance(part, dict) and part.get("type") in ("number", "integer"):
        yield path, part
    for key, inner in part.items() if isinstance(part, dict) else enumerate(part):
        if isinstance(inner, dict | list):
            yield from numbers_in(inner, f"{path}/{key}")


def test_every_number_has_a_least_and_a_most():
    schema = editor_schema()
    unbounded = [
        path
        for path, number in numbers_in(schema)
        if not {"minimum", "exclusiveMinimum"} & {*number}
        or not {"maximum", "exclusiveMaximum"} & {*number}
    ]

    # options of deployments are bounded where they are used
    assert [path for path in unbounded if not path.startswith("/properties/options")] == []


def test_the_bounds_are_those_of_the_code():
    found = editor_schema()["$defs"]
    hours = found["ExponentialSession"]["properties"]["mean_hours"]["anyOf"][0]
    lasts = found["Outage"]["properties"]["lasts"]["anyOf"][0]
    most_bytes = found["LognormalSize"]["properties"]["max_bytes"]["anyOf"][0]

    # a millisecond to ten years, a week, a mebibyte
    assert (hours["minimum"] * 3600, hours["maximum"]) == (0.001, 87_600)
    assert (lasts["minimum"], lasts["maximum"]) == (0, 7 * 86_400)
    assert (most_bytes["minimum"], most_bytes["maximum"]) == (1, 2**20)
