"""What do visitors of the dashboard share? Caches with a bound, that nobody writes into."""

from __future__ import annotations

import ast
import copy
import sys
from collections.abc import Iterator
from pathlib import Path

import estimator as ws
from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets import charts
from interfaces.shown_page import shown_page

PACKAGE = Path(ws.__file__).parent
NAMES = {"str", "Kind", "Entry", "tuple[Entry, ...]", "Shelf", "type[T]", "Verb"}
"""Types of what is named in files of this package, of which there are only so many."""
MUTABLE = (dict, list, set)


def functions_of_modules(folder: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    for file in sorted(folder.rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield f"{file.relative_to(PACKAGE)}: {node.name}", node


def decorators(function: ast.FunctionDef) -> Iterator[tuple[str, set[str | None]]]:
    """Each by its name, with the names of what it is told."""
    for decorator in function.decorator_list:
        called = isinstance(decorator, ast.Call)
        name = ast.unparse(decorator.func if called else decorator)
        yield name, {word.arg for word in decorator.keywords} if called else set()


def test_every_cache_of_the_dashboard_has_a_bound():
    caches = [
        (location, function.args.args, told)
        for location, function in functions_of_modules(PACKAGE / "dashboard")
        for name, told in decorators(function)
        if name in ("st.cache_data", "st.cache_resource")
    ]
    assert len(caches) > 5
    # what takes nothing is kept once
    assert [
        location for location, taken, told in caches if taken and "max_entries" not in told
    ] == []


def test_caches_without_a_bound_are_keyed_by_what_ships():
    unbounded = [
        (location, {ast.unparse(each.annotation) for each in function.args.args if each.annotation})
        for location, function in functions_of_modules(PACKAGE)
        for name, _ in decorators(function)
        if name in ("cache", "functools.cache")
    ]
    assert len(unbounded) > 5
    assert [location for location, taken in unbounded if not taken <= NAMES] == []


def test_a_visit_leaves_what_modules_hold_as_it_was(monkeypatch):
    monkeypatch.setattr(charts, "_png", lambda figure: b"")
    own = ws.Scenario(
        profile={"extends": "workplace-chat", "title": "Ours"},
        location="tokyo",
        peak_connections=321,
    )
    everywhere(own)  # what is imported late is imported now
    before = held()
    assert len(before) > 20
    everywhere(own.replace(location="oregon", name="Another", peak_connections=4_567))
    assert {name for name, value in held().items() if before.get(name) != value} == set()


def everywhere(scenario: ws.Scenario) -> None:
    for page in PAGES:
        shown_page(page, scenario)


def held() -> dict[str, object]:
    """Copies of everything in a module of this package that could be changed in place."""
    return {
        f"{module}.{name}": copy.copy(value)
        for module, found in list(sys.modules.items())
        if module.split(".")[0] == "estimator"
        for name, value in vars(found).items()
        if isinstance(value, MUTABLE) and not name.startswith("__")
    }
