"""Every notebook asks, runs from top to bottom, shows what was committed, and answers."""

import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def outputs(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs]


LIST = re.compile(r"price list [0-9a-f]{8} of \d{4}-\d\d-\d\d")
"""Another id where any price changed, be it one that no notebook uses."""


def texts_shown(notebook: nbformat.NotebookNode) -> list[str]:
    """What is printed, and what a cell writes as prose."""
    texts: list[str] = []
    printing = False
    for out in outputs(notebook):
        if out.output_type == "stream" and printing:
            texts[-1] += out.text  # a busy machine hands over what is printed in pieces
        elif out.output_type == "stream":
            texts.append(out.text)
        elif "text/markdown" in out.get("data", {}):
            texts.append(out.data["text/markdown"])
        printing = out.output_type == "stream"
    return [LIST.sub("price list", text) for text in texts]


@pytest.fixture(scope="module")
def execute() -> Iterator[Callable[[nbformat.NotebookNode], None]]:
    """Executes a notebook in the one kernel of all, which forgets the names of the one before.

    To start a kernel and load the libraries takes longer than most notebooks.
    """
    forget = nbformat.v4.new_code_cell("%reset -f")
    folder = {"metadata": {"path": NOTEBOOKS[0].parent}}
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=120, resources=folder)

    def executed(notebook: nbformat.NotebookNode) -> None:
        client.nb = nbformat.v4.new_notebook(cells=[forget, *notebook.cells])
        for at, cell in enumerate(client.nb.cells):
            client.execute_cell(cell, at)

    with client.setup_kernel():
        yield executed


@each_notebook
def test_the_notebook_runs_and_tells_what_was_committed(path: Path, execute):
    committed = nbformat.read(path, as_version=4)
    executed = nbformat.read(path, as_version=4)

    execute(executed)

    assert texts_shown(executed) == texts_shown(committed)
    complaints = [out.text for out in outputs(executed) if out.get("name") == "stderr"]
    assert complaints == []


@each_notebook
def test_the_notebook_keeps_no_times(path: Path):
    # each execution would be a change otherwise
    assert not any("execution" in cell.metadata for cell in nbformat.read(path, as_version=4).cells)


@each_notebook
def test_the_notebook_needs_the_public_face_only(path: Path):
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    others = {"IPython", "matplotlib", "numpy", "pandas", *sys.stdlib_module_names}

    imported = re.findall(r"^(?:from|import) ([\w.]+)", "\n".join(code), re.MULTILINE)

    assert "estimator" in imported
    assert {name for name in imported if name.partition(".")[0] not in others} == {"estimator"}


@each_notebook
def test_the_title_asks(path: Path):
    first, *_ = nbformat.read(path, as_version=4).cells

    assert re.match(r"# [^\n]+\?\n", first.source)


@each_notebook
def test_the_answer_at_the_end_is_computed(path: Path):
    *_, heading, last = nbformat.read(path, as_version=4).cells

    assert heading.source == "## The answer"
    [answer] = last.outputs
    assert re.search(r"\*\*[^*]*\d[^*]*\*\*", answer.data["text/markdown"])
    # prose around figures that nobody computed would drift
    assert "Markdown(" in last.source
    assert "{" in last.source


@each_notebook
def test_no_dollar_begins_a_formula(path: Path):
    for text in texts_shown(nbformat.read(path, as_version=4)):
        assert text.endswith("\n") or not re.search(r"(?<!\\)\$", text)


def test_there_is_a_notebook_for_each_question():
    numbers = {path.stem.split("_", 1)[0] for path in NOTEBOOKS}
    assert numbers >= {"01", "02", "03", "04", "05", "06"}
