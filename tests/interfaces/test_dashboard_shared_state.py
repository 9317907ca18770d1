"""What do visitors of the dashboard share? Caches with a bound, that nobody writes into."""

from __future__ import annotations

import ast
import copy
import datetime as dt
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import estimator as ws
from estimator.dashboard.session import cache
from estimator.dashboard.session.state import comparison_of
from estimator.dashboard.site import PAGES
from estimator.dashboard.widgets import charts
from estimator.pricing.catalog import load_catalog
from interfaces.shown_page import shown_page

PACKAGE = Path(ws.__file__).parent
NAMES = {
    "str",
    "Kind",
    "_Bound",
    "Entry",
    "tuple[Entry, ...]",
    "Shelf",
    "type[T]",
    "Verb",
    "type[BaseModel]",
}
"""Types of what is named in files of this package, of which there are only so many."""
MUTABLE = (dict, list, set)


def functions_of_modules(folder: Path) -> Iterator[tuple[str, ast.FunctionDef]]:
    for file in sorted(folder.rglob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                yield f"{file.relative_to(PACKAGE)}: {node.name}", node


def decorators(function: ast.FunctionDef) -> Iterator[str]:
    """Each by its name."""
    for decorator in function.decorator_list:
        yield ast.unparse(decorator.func if isinstance(decorator, ast.Call) else decorator)


def test_what_depends_on_a_question_is_kept_in_the_cache_with_a_bound():
    decorated = [
        (location, function.args.args, name)
        for location, function in functions_of_modules(PACKAGE / "dashboard")
        for name in decorators(function)
    ]
    assert sum(name == "kept" for _, _, name in decorated) > 5
    # what takes nothing is kept once
    assert [
        location
        for location, taken, name in decorated
        if taken and name in ("st.cache_data", "st.cache_resource")
    ] == []


def test_a_flood_of_large_scenarios_stays_below_the_bound(monkeypatch):
    most = 1_000_000
    small = cache.Cache(most)
    monkeypatch.setattr(cache, "ANSWERS", small)
    sizes = []
    for peak in range(1, 9):
        scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=peak)
        sizes.append(cache.size_of(comparison_of(scenario.to_token())))
        small.measure()
        assert small.size_bytes <= most
    assert sum(sizes) > most
    assert small.size_bytes > most - 2 * max(sizes)


def test_what_nobody_measures_is_measured_before_it_is_much():
    small = cache.Cache(most_bytes=5_000)
    for number in range(40):
        small.get(number, partial(bytes, 2_000))
    held = [number for number in range(40) if small.find(number) is not None]
    assert held[-1] == 39
    assert len(held) < 20


def test_an_answer_larger_than_the_bound_stays_until_the_next():
    small = cache.Cache(most_bytes=5_000)
    small.keep("a", bytes(2_000))
    small.keep("large", bytes(50_000))
    assert [small.find("a"), small.find("large")] == [None, bytes(50_000)]
    small.keep("b", bytes(2_000))
    assert [small.find("large"), small.find("b")] == [None, bytes(2_000)]
    assert small.size_bytes < 5_000


SIZE_AND_ALLOCATED = """
import gc, tracemalloc
import estimator as ws
from estimator.dashboard.session import cache
scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=1)
ws.compare(scenario)  # what all answers share is there
tracemalloc.start()
before = tracemalloc.get_traced_memory()[0]
comparison = ws.compare(scenario.replace(peak_connections=2))
gc.collect()
allocated = tracemalloc.get_traced_memory()[0] - before
print(cache.size_of(comparison), allocated)
"""


def test_the_size_of_an_answer_is_at_least_what_python_allocates_for_it():
    # in a process of its own, where no other thread allocates anything
    told = subprocess.check_output([sys.executable, "-c", SIZE_AND_ALLOCATED], text=True)
    size, allocated = map(int, told.split())
    assert allocated > 0
    assert size > 0.9 * allocated


def test_the_price_list_is_part_of_no_answer_however_many_other_lists_were_asked_for():
    scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=1)
    comparison = ws.compare(scenario)
    list_prices = load_catalog()
    for day in range(100):
        load_catalog(as_of=dt.date(2026, 11, 1) - dt.timedelta(days=day))
    assert load_catalog() is list_prices
    assert cache.size_of(ws.compare(scenario)) < 1.5 * cache.size_of(comparison)


def test_caches_without_a_bound_are_keyed_by_what_ships():
    unbounded = [
        (location, {ast.unparse(each.annotation) for each in function.args.args if each.annotation})
        for location, function in functions_of_modules(PACKAGE)
        for name in decorators(function)
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
