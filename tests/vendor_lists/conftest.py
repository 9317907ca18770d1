"""Answers of vendors, as the examples have them, and what a change of them leads to."""

import copy
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from estimator.vendor_lists.readers.recognize import read_answer
from estimator.vendor_lists.refresh import report_of
from estimator.vendor_lists.report import RefreshReport
from estimator.vendor_lists.selectors import load_selectors

ANSWERS = Path(__file__).resolve().parents[2] / "examples" / "vendor-answers"
Change = Callable[[dict], object]


@pytest.fixture
def answer() -> Callable[[str], dict]:
    """The content of one of the example answers, to be changed at will."""
    return lambda name: copy.deepcopy(json.loads((ANSWERS / f"{name}.json").read_text("utf-8")))


@pytest.fixture
def report(answer) -> Callable[..., RefreshReport]:
    """What is reported of an answer, once something in it was changed.

    The examples are parts of the vendors' answers, so only meters that they have are looked up.
    """

    def report(name: str, change: Change = lambda content: None) -> RefreshReport:
        whole = report_of(read_answer(answer(name), name), load_selectors())
        there = {each.meter for each in whole.findings if each.listed}
        content = answer(name)
        change(content)
        selectors = tuple(one for one in load_selectors() if one.meter in there)
        return report_of(read_answer(content, name), selectors)

    return report
