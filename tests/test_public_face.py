"""The public face: what completion offers, and docstrings that keep one in the notebook."""

import ast
import inspect
import re
import textwrap
from pathlib import Path

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

import estimator as ws

PUBLIC = {name: getattr(ws, name) for name in ws.__all__}
FUNCTIONS = [name for name, thing in PUBLIC.items() if inspect.isfunction(inspect.unwrap(thing))]
CLASSES = [name for name, thing in PUBLIC.items() if inspect.isclass(thing)]
CANNOT_FAIL = {
    "assumptions",
    "contract_names",
    "expected_demand",
    "locations",
    "profile_names",
    "profiles",
    "published_totals",
    "servers",
}
"""They take nothing, or what was checked when it was made."""
TAGS = {"fault", "surge"}
"""Fields with one value, which tell models of a union apart."""


def doc(name: str) -> str:
    return inspect.getdoc(PUBLIC[name]) or ""


def section(name: str, head: str) -> str:
    found = re.search(rf"^{head}:\n((?:    .*\n?|\n(?=    ))+)", doc(name), re.MULTILINE)
    return found[1] if found else ""


def test_the_public_names_are_few_and_all_are_in_the_docs():
    told = (Path(__file__).parents[1] / "docs/python-api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"`(\w+)`", told))

    assert len(ws.__all__) <= 90
    assert [name for name in ws.__all__ if name not in listed] == []


def test_completion_offers_the_public_names_and_no_modules():
    assert [name for name in dir(ws) if not name.startswith("_")] == sorted(ws.__all__)


@pytest.mark.parametrize("use_jedi", [False, True])
def test_a_notebook_completes_to_the_public_names(use_jedi):
    shell = InteractiveShell()
    shell.Completer.use_jedi = use_jedi
    shell.run_cell("import estimator as ws")
    with provisionalcompleter():
        found = {each.text.lstrip(".") for each in shell.Completer.completions("ws.", 3)}

    assert set(ws.__all__) <= {name.removeprefix("ws.") for name in found}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_says_what_it_is_with_an_example(name):
    # the examples run as tests, with those of every other docstring
    assert re.match(r"[A-Z].*[.:]$", doc(name).split("\n")[0])
    assert ">>> " in doc(name)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_says_what_it_takes_gives_and_refuses(name):
    parameters = inspect.signature(PUBLIC[name]).parameters
    told = re.findall(r"^    (\w+):", section(name, "Args"), re.MULTILINE)

    assert told == list(parameters)
    assert section(name, "Returns")
    assert bool(section(name, "Raises")) == (name not in CANNOT_FAIL)


@pytest.mark.parametrize("name", CLASSES)
def test_every_field_of_a_class_is_documented(name):
    source = textwrap.dedent(inspect.getsource(PUBLIC[name]))
    [cls] = [node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)]
    undocumented = [
        node.target.id
        for node, after in zip(cls.body, [*cls.body[1:], None], strict=True)
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and not node.target.id.startswith("_")
        and node.target.id not in TAGS
        and not (isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant))
    ]

    assert undocumented == []


@pytest.mark.parametrize("name", CLASSES)
def test_every_property_and_method_of_a_class_is_documented(name):
    own = {each: thing for each, thing in vars(PUBLIC[name]).items() if not each.startswith("_")}
    members = {
        each: thing
        for each, thing in own.items()
        if isinstance(thing, property | classmethod) or inspect.isfunction(thing)
    }

    assert [each for each, thing in members.items() if not inspect.getdoc(thing)] == []
