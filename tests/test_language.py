"""Do code, files, pages and messages use the words of the glossary, and none that was retired?

``docs/glossary.md`` says which words were retired, where, and what to write instead. Some of them
are ordinary English, so each is looked for in its context only.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
CONTEXTS = ("name", "key", "flag", "phrase")
TEXT_COLUMNS = ("title", "note", "fix", "scope")
AREAS = {
    **{
        f"estimator/{path.stem}": (path,)
        for path in sorted((ROOT / "estimator").iterdir())
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    },
    "pricing_data": (ROOT / "pricing_data",),
    "examples": (ROOT / "examples",),
    "notebooks": (ROOT / "notebooks",),
    "benchmarks": (ROOT / "benchmarks",),
    "app.py": (ROOT / "app.py",),
    "docs": (ROOT / "docs", ROOT / "README.md", ROOT / "tests" / "reference_bills" / "README.md"),
    "project": (ROOT / "pyproject.toml", ROOT / "Makefile", ROOT / ".ci" / "run"),
    "tests": (ROOT / "tests",),
}


@dataclass(frozen=True)
class Rule:
    """A retired word in one context."""

    where: str
    retired: str
    instead: str
    unless: tuple[str, ...] = ()

    def found_in(self, text: str) -> Iterator[int]:
        """Where in a name, key, flag or text the word begins."""
        allowed = [
            span.span()
            for pattern in self.unless
            for span in _pattern(self.where, pattern).finditer(text)
        ]
        for match in _pattern(self.where, self.retired).finditer(text):
            if not any(start <= match.start() and match.end() <= end for start, end in allowed):
                yield match.start()


@dataclass(frozen=True)
class Piece:
    """A name, key or text in a file."""

    where: str
    text: str
    line: int


@cache
def _pattern(where: str, word: str) -> re.Pattern[str]:
    if where in ("name", "key"):
        whole = word != word.lower()
        return re.compile(rf"(?<!\S){word}(?!\S)" if whole else rf"(?<![a-z0-9]){word}(?![a-z0-9])")
    if where == "flag":
        return re.compile(rf"{re.escape(word)}(?![\w-])")
    start = r"\b" if word[0].isalpha() else ""
    end = r"\b" if word[-1].isalpha() or word[-1] in "?)" else ""
    return re.compile(f"{start}(?:{word}){end}", re.IGNORECASE)


@cache
def rules() -> tuple[Rule, ...]:
    """The table of retired words, one rule for each word."""
    _, _, section = GLOSSARY.read_text(encoding="utf-8").partition("\n## Retired words\n")
    found: list[Rule] = []
    for line in section.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells or cells[0] not in CONTEXTS:
            continue
        where, retired, instead, unless = cells
        words, rights = (
            [word.replace(r"\|", "|") for word in re.findall(r"`([^`]+)`", cell)]
            for cell in (retired, unless)
        )
        found += [Rule(where, word, instead, tuple(rights)) for word in words]
    return tuple(found)


def snake(name: str) -> str:
    """An identifier in lower case with underscores, whatever its style."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).replace("-", "_").lower()


def problems(pieces: Iterable[Piece]) -> Iterator[tuple[int, str]]:
    """Line and message of every retired word."""
    for piece in pieces:
        for start, message in _problems_of(piece.where, piece.text):
            yield piece.line + piece.text.count("\n", 0, start), message


@cache
def _problems_of(where: str, text: str) -> tuple[tuple[int, str], ...]:
    """Where in a text each retired word begins, and the message; few texts hold any."""
    flat, offsets = _on_one_line(text)
    is_name = where in ("name", "key")
    searched = f"{snake(flat)} {flat}" if is_name else flat
    if not _any_of(where).search(searched):
        return ()
    found: dict[tuple[int, str], None] = {}
    for rule in (rule for rule in rules() if rule.where == where):
        for start in rule.found_in(searched):
            excerpt = flat if is_name else flat[max(0, start - 25) : start + 45]
            message = f"{where} {excerpt!r}: {rule.retired!r} was retired, write {rule.instead}"
            found[0 if is_name else offsets[start], message] = None
    return tuple(found)


@cache
def _any_of(where: str) -> re.Pattern[str]:
    """Finds what may be a retired word: one pass, where all rules one by one take minutes."""
    patterns = (_pattern(where, rule.retired) for rule in rules() if rule.where == where)
    flags = re.IGNORECASE if where == "phrase" else re.NOFLAG
    return re.compile("|".join(f"(?:{each.pattern})" for each in patterns), flags)


def _on_one_line(text: str) -> tuple[str, list[int]]:
    """A text with one space for each run of blanks, and where each character was."""
    words = list(re.finditer(r"\S+", text))
    offsets = [at for word in words for at in range(word.start(), word.end() + 1)]
    return " ".join(word[0] for word in words), offsets or [0]


def pieces_of_python(source: str, texts: bool = True, first_line: int = 1) -> Iterator[Piece]:
    """Names that code gives or uses, and its texts."""
    tree = ast.parse(source)
    inside = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 1) + first_line - 1
        yield from (Piece("name", name, line) for name in _names(node))
        if not texts:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = (
                str(part.value) if isinstance(part, ast.Constant) else "0" for part in node.values
            )
            yield from _text(Piece("phrase", "".join(parts), line))
        elif (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and id(node) not in inside
        ):
            yield from _text(Piece("phrase", node.value, line))


def _names(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
        case ast.Name():
            yield node.id
        case ast.Attribute():
            yield node.attr
        case ast.arg():
            yield node.arg
        case ast.keyword() if node.arg:
            yield node.arg
        case ast.alias():
            yield from (node.asname or node.name).split(".")
        case _:
            return


def _text(piece: Piece) -> Iterator[Piece]:
    yield piece
    yield Piece("flag", piece.text, piece.line)


def pieces_of(path: Path) -> Iterator[Piece]:
    """Everything in a file that a rule may look at."""
    yield Piece("name", path.stem, 1)
    text = path.read_text(encoding="utf-8")
    in_tests = ROOT / "tests" in path.parents
    match path.suffix:
        case ".py":
            yield from pieces_of_python(text, texts=not in_tests)
        case ".ipynb":
            begun = 0
            for cell in json.loads(text)["cells"]:
                begun = text.index('"source": [', begun) + 1
                first_line = text.count("\n", 0, begun) + 2
                source = "".join(cell["source"])
                if cell["cell_type"] == "code":
                    yield from pieces_of_python(_without_magic(source), first_line=first_line)
                else:
                    yield from _text(Piece("phrase", source, first_line))
        case ".md":
            yield from _text(Piece("phrase", text.partition("\n## Retired words\n")[0], 1))
        case ".yaml":
            for number, line in enumerate(text.splitlines(), start=1):
                if key := re.match(r"\s*(?:- )?([\w.]+):", line):
                    yield Piece("key", key[1], number)
            yield from _text(Piece("phrase", re.sub(r"https?://\S+", "", text), 1))
        case ".csv":
            rows = csv.DictReader(text.splitlines())
            yield from (Piece("key", name, 1) for name in rows.fieldnames or ())
            for row in rows:
                for column in TEXT_COLUMNS:
                    yield Piece("phrase", row.get(column) or "", rows.line_num)
        case ".json":
            yield from _pieces_of_json(json.loads(text))
        case ".toml" | "":
            for number, line in enumerate(text.splitlines(), start=1):
                yield Piece("phrase", line, number)
        case _:
            return


def _without_magic(source: str) -> str:
    return "\n".join("" if line.startswith(("%", "!")) else line for line in source.splitlines())


def _pieces_of_json(value: Any) -> Iterator[Piece]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield Piece("key", key, 1)
            yield from _pieces_of_json(inner)
    elif isinstance(value, list):
        yield from chain.from_iterable(map(_pieces_of_json, value))
    elif isinstance(value, str):
        yield Piece("phrase", value, 1)


def files_in(paths: Iterable[Path]) -> Iterator[Path]:
    """The files of an area; caches, snapshots and pictures are not ours to word."""
    for path in paths:
        if path.is_file():
            yield path
            continue
        for inner in sorted(path.rglob("*")):
            skipped = {"__pycache__", "__snapshots__", "other_readings", ".ipynb_checkpoints"}
            if inner.suffix in (".py", ".ipynb", ".md", ".yaml", ".csv", ".json") and not (
                skipped & set(inner.parts)
            ):
                yield inner


@pytest.mark.parametrize("area", AREAS)
def test_no_retired_word_is_left(area):
    found = [
        f"{path.relative_to(ROOT)}:{line}: {message}"
        for path in files_in(AREAS[area])
        for line, message in problems(pieces_of(path))
    ]
    assert not found, f"{len(found)} retired words in {area}:\n" + "\n".join(found)


def test_the_table_has_rules_for_every_context():
    assert {rule.where for rule in rules()} == set(CONTEXTS)
    assert all(rule.instead for rule in rules())


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("name", "place"),
        ("name", "busiest_place"),
        ("name", "open_doors"),
        ("name", "CrowdOfClients"),
        ("name", "Range"),
        ("key", "percent_a_month"),
        ("flag", "use --place tokyo"),
        ("flag", "--providers"),
        ("phrase", "It costs $1,037 a month."),
        ("phrase", "2,000 messages a\n    second"),
        ("phrase", "'x' is no number"),
        ("phrase", "The dearest of them"),
        ("phrase", "at 60 % of the limit"),
        ("phrase", "Not told: 3 price tiers"),
        ("phrase", "1 sessions"),
        ("phrase", "estimator breakeven examples/team-chat.yaml"),
    ],
)
def test_a_retired_word_is_found(where, text):
    assert list(problems([Piece(where, text, 1)]))


@pytest.mark.parametrize(
    ("where", "text"),
    [
        ("name", "in_place"),
        ("name", "replace"),
        ("name", "FlashCrowd"),
        ("name", "range"),
        ("name", "menubar"),
        ("key", "flash_crowd"),
        ("flag", "--placement"),
        ("phrase", "a flash crowd at 09:30"),
        ("phrase", "The work takes place once a month."),
        ("phrase", "a 40-minute lesson on what is left in a month"),
        ("phrase", "Azure Front Door"),
        ("phrase", "https://github.com/Azure/karpenter-provider-azure"),
        ("phrase", "11 sessions"),
        ("phrase", "A client connects and waits."),
        ("phrase", "100% of the weeks"),
    ],
)
def test_a_word_in_its_ordinary_sense_is_left_alone(where, text):
    assert not list(problems([Piece(where, text, 1)]))


def test_a_message_names_line_word_and_what_to_write():
    source = 'def first(place):\n    return f"""\n    {place} costs {1} a month"""\n'
    found = sorted(problems(pieces_of_python(source)))
    assert [line for line, _ in found] == [1, 3, 3]
    assert found[0][1] == "name 'place': 'place' was retired, write location, slot"
    assert "costs 0 a month" in found[2][1]
    assert found[2][1].endswith("write per month, per second")
