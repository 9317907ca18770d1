"""Machine code and Python play the same run; where the code is kept, and what if it cannot be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from estimator.simulation import compiling

ONE_RUN = """
import hashlib
import numpy as np
from simulation.test_exact_engine import random_model
from dataclasses import fields, replace
from estimator.demand.admission_limits import ConnectWork
from estimator.simulation.exact_engine import simulate_exact
from estimator.simulation.compiling import COMPILED
from estimator.simulation.flows import Flows
digest = hashlib.sha256()
for number in (0, 1, 2, 5, 6, 104):
    model = random_model(number)
    shares = {"refusal_share": 0.3, "overflow_share": 0.1}
    work = ConnectWork(seconds=0.2, varies=number == 5, backlog=20, **shares)
    limits = replace(model.admission, connect_work=work if number % 2 else None)
    policy = model.reconnect.model_copy(update={"timeout": 3.0})
    model = replace(model, admission=limits, reconnect=policy)
    found = simulate_exact(model, np.random.SeedSequence(number))
    for field in fields(Flows):
        if field.compare:
            digest.update(np.asarray(getattr(found, field.name), dtype=float).tobytes())
print(COMPILED, digest.hexdigest())
"""


def played(**environment):
    paths = os.pathsep.join([str(Path.cwd()), str(Path.cwd() / "tests")])
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", ONE_RUN],
        env={**os.environ, "PYTHONPATH": paths, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert not found.returncode, found.stderr
    return found.stdout.split()


@pytest.mark.skipif(not compiling.COMPILED, reason="numba is not installed")
def test_machine_code_and_python_play_the_same_run_bit_for_bit():
    (compiled, one), (plain, other) = played(), played(NUMBA_DISABLE_JIT="1")
    assert (compiled, plain) == ("True", "False")
    assert one == other


def test_a_changed_source_is_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    source = tmp_path / "sources" / "one.py"
    source.parent.mkdir()
    source.write_text("one = 1")
    one = compiling.kept_in(source.parent)
    source.write_text("one = 2")
    other = compiling.kept_in(source.parent)
    assert one
    assert other
    assert one != other
    assert one.parent == other.parent == source.parent / "__pycache__"


def test_where_the_source_cannot_be_written_it_is_kept_for_the_user(tmp_path, monkeypatch):
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(compiling, "_user_cache", lambda: tmp_path / "home")
    source = tmp_path / "sources" / "one.py"
    source.parent.mkdir()
    source.write_text("one = 1")
    # a file in the way stands for a folder without the right to write: root has all rights
    (source.parent / "__pycache__").write_text("")
    folder = compiling.kept_in(source.parent)
    assert folder
    assert folder.parent == tmp_path / "home"


def test_nowhere_to_write_is_no_error(tmp_path, monkeypatch):
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(in_the_way))
    source = tmp_path / "sources" / "one.py"
    source.parent.mkdir()
    source.write_text("one = 1")
    assert compiling.kept_in(source.parent) is None
    twice = compiling.compiler(source.parent)(lambda number: 2 * number)
    assert twice(21) == 42


@pytest.mark.skipif(not compiling.COMPILED, reason="numba is not installed")
def test_who_has_compiled_need_not_again(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    assert compiling.must_compile()
    folder = compiling.kept_in(compiling._SOURCES)
    assert folder
    (folder / "play.nbc").write_text("")
    assert not compiling.must_compile()
