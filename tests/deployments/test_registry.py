"""One table of deployments: lazy, unambiguous, and all that a new deployment has to touch."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import estimator as ws
from estimator.cli import completion
from estimator.cli.commands.schema import editor_schema
from estimator.deployments import registry
from estimator.deployments.base import Deployment, Metered, Options, Request
from estimator.deployments.limits import Check
from estimator.pricing.lines import Usage
from estimator.pricing.price_files import Assumption

HEAVY = ("numpy", "pandas", "pydantic", "yaml", "estimator.deployments.base")
GUIDE = Path(__file__).parents[2] / "docs" / "adding-a-deployment.md"
SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)


def test_names_and_titles_import_no_class():
    code = (
        "import json, sys\n"
        "from estimator.deployments.registry import ALL_DEPLOYMENTS, on_clouds\n"
        "titles = [entry.title for entry in ALL_DEPLOYMENTS.entries.values()]\n"
        "ids = [*ALL_DEPLOYMENTS, *on_clouds(['oci'])]\n"
        "assert 'aws.alb_ec2' in ALL_DEPLOYMENTS\n"
        f"print(json.dumps([name for name in {HEAVY} if name in sys.modules]))"
    )
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)

    assert json.loads(done.stdout) == []


def test_ids_and_titles_are_unique_and_the_lists_make_up_all():
    ids = [entry.id for entry in registry.ENTRIES]
    titles = [f"{entry.title} on {entry.cloud}" for entry in registry.ENTRIES]

    assert len(set(ids)) == len(ids)
    assert len(set(titles)) == len(titles)
    listed = [*ws.DEPLOYMENTS, *ws.SAAS, *registry.HTTP_ONLY]
    assert listed == list(registry.ALL_DEPLOYMENTS) == ids


@pytest.mark.parametrize("entry", registry.ENTRIES, ids=lambda entry: entry.id)
def test_a_class_takes_id_and_title_from_its_row(entry):
    found = registry.find_deployment(entry.id)

    assert (found.id, found.title, found.cloud) == (entry.id, entry.title, entry.cloud)
    assert not {"id", "title", "cloud"} & vars(type(found)).keys()


def test_an_unknown_deployment_is_refused_with_those_there_are():
    with pytest.raises(ws.UnknownNameError, match=r"did you mean 'aws\.alb_ec2'"):
        registry.find_deployment("aws.alb_ec3")
    with pytest.raises(KeyError):
        _ = ws.DEPLOYMENTS["ably.per_minute"]


class BoxOptions(Options):
    """Choices for the box."""

    boxes: float = 1
    """Boxes that run."""


class Box(Deployment):
    """A deployment that needs one box for everybody."""

    service = "aws.alb"
    options = BoxOptions
    questions = (
        Assumption("paint", "Is paint charged?", {"no": "free", "yes": "one hour"}, "Not stated."),
    )
    not_modeled = ("the lid",)

    def meter(self, request: Request) -> Metered:
        hours = request.demand.hours_per_month + (request.answers["paint"] == "yes")
        boxes = np.asarray(request.options.boxes * hours)
        return Metered((Usage("aws.alb.hours", boxes, "boxes x hours of the month"),))

    def limit_checks(self, request: Request) -> tuple[Check, ...]:
        return ()


def test_a_row_is_all_that_a_new_deployment_touches_beside_its_class(monkeypatch):
    row = registry.Entry("aws.box", "Box", "own servers", f"{__name__}:Box")
    monkeypatch.setattr(registry, "ENTRIES", (*registry.ENTRIES, row))

    asked = SCENARIO.replace(
        options={"aws.box": {"boxes": 2}}, assumptions={"aws.box.paint": "yes"}
    )
    [bill] = ws.compare(asked, ["aws.box"]).bills

    assert float(bill.items[0].usage.quantity) == pytest.approx(2 * 731)
    assert "aws.box" in {one.deployment for one in ws.compare(SCENARIO).bills}
    assert ("aws.box", "Box") in list(completion.deployments("aws."))
    assert "aws.box" in editor_schema()["properties"]["options"]["properties"]
    assert "boxes" in set(ws.options("aws.box")["option"])
    assert registry.on_clouds(["aws"])[-1] == "aws.box"
    assert "aws.box.paint" in ws.assumptions()


class _WithoutTexts(ast.NodeTransformer):
    """Code without docstrings and what a line of a bill says."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if isinstance(node.func, ast.Name) and node.func.id == "Usage":
            node.args = node.args[:2]
        return self.generic_visit(node)


def without_texts(source: str) -> str:
    return ast.unparse(_WithoutTexts().visit(ast.parse(source)))


def test_the_example_of_the_guide_is_the_class_that_it_shows():
    [shown] = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    kept = type(registry.find_deployment("oci.network_load_balancer_vm"))

    assert without_texts(shown) == without_texts(inspect.getsource(kept))
