"""Every notebook runs from top to bottom, and shows what it showed when it was committed."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[2] / "notebooks").glob("*.ipynb"))


def printed(notebook: nbformat.NotebookNode) -> list[str]:
    cells = (cell for cell in notebook.cells if cell.cell_type == "code")
    outputs = (output for cell in cells for output in cell.outputs)
    return [output.text for output in outputs if output.output_type == "stream"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_the_notebook_runs_and_prints_what_was_committed(path: Path):
    committed = nbformat.read(path, as_version=4)
    executed = nbformat.from_dict(committed)

    NotebookClient(executed, timeout=120, resources={"metadata": {"path": path.parent}}).execute()

    assert printed(executed) == printed(nbformat.read(path, as_version=4))


def test_there_is_a_first_notebook():
    assert "01_first_estimate" in [path.stem for path in NOTEBOOKS]
