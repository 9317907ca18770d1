"""How does the event loop become machine code? By numba, if it is installed.

numba keeps what it compiled beside the sources, as Python does with its bytecode. It would not
notice that another file has changed, nor a file of the same size and time with other contents; so
the folder is named by a hash of all sources. A folder that cannot be written is no error: the next
process compiles again.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt

_Function = TypeVar("_Function", bound=Callable[..., Any])


def _numba() -> Any:
    """The compiler; None where it is not installed, does not go with this numpy, or is unwanted."""
    if os.environ.get("NUMBA_DISABLE_JIT", "0") != "0":
        return None
    try:
        return import_module("numba")
    except ImportError:
        return None


_NUMBA: Final = _numba()
COMPILED: Final = _NUMBA is not None
"""Whether machine code runs here."""
_SOURCES: Final = Path(__file__).with_name("loop")
_OPTIONS: Final = {
    "nogil": True,
    "error_model": "numpy",
    # one function in the end: to hand the world to each of many costs ten times the time
    "forceinline": True,
    # nothing is allocated, so nobody need count who still refers to an array
    "_nrt": False,
}


def compiler(sources: Path) -> Callable[[_Function], _Function]:
    """The decorator of compiled functions; without numba it changes nothing.

    Args:
        sources: the folder of these functions, which call none of another.
    """
    if not COMPILED:
        return lambda function: function
    numba, folder = _NUMBA, kept_in(sources)

    def compiled(function: _Function) -> _Function:
        if folder is None:
            return numba.njit(**_OPTIONS)(function)
        usual, numba.config.CACHE_DIR = numba.config.CACHE_DIR, str(folder)
        try:
            return numba.njit(cache=True, **_OPTIONS)(function)
        except RuntimeError:  # nowhere to write after all
            return numba.njit(**_OPTIONS)(function)
        finally:
            numba.config.CACHE_DIR = usual

    return compiled


def must_compile() -> bool:
    """Whether the first simulation of this process has to wait for the compiler."""
    if not COMPILED:
        return False
    folder = kept_in(_SOURCES)
    return folder is None or not any(folder.rglob("*.nbc"))


def kept_in(sources: Path) -> Path | None:
    """The folder of the machine code of some sources; None if nowhere can be written."""
    digest = hashlib.sha256()
    for source in sorted(sources.glob("*.py")):
        digest.update(source.read_bytes())
    name = f"compiled-{digest.hexdigest()[:16]}"
    asked_for = os.environ.get("NUMBA_CACHE_DIR")
    parents = [Path(asked_for)] if asked_for else [sources / "__pycache__", _user_cache()]
    for parent in parents:
        folder = parent / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(folder, os.W_OK):
            return folder
    return None


def as_in_machine_code() -> AbstractContextManager[object]:
    """Where Python runs the loop, whole numbers wrap around without a warning inside a ``with``."""
    return nullcontext() if COMPILED else np.errstate(over="ignore")


def records(fields: np.dtype[Any], count: int) -> Any:
    """Rows of zeros whose fields are attributes: an array, or a list where Python runs the loop.

    >>> int(records(np.dtype([("open", np.int64)]), 3)[2].open)
    0
    """
    if COMPILED:
        return np.zeros(count, fields).view(np.recarray)
    names = fields.names or ()
    kind = type("Record", (), {"__slots__": names})
    rows = [kind() for _ in range(count)]
    for row in rows:
        for name in names:
            setattr(row, name, 0)
    return rows


def set_field(rows: Any, field: str, where: npt.NDArray[np.intp], values: npt.NDArray[Any]) -> None:
    """Set a field of some rows to the value of each."""
    if COMPILED:
        rows[field][where] = values[where]
        return
    for row in where.tolist():
        setattr(rows[row], field, values[row].item())


def numbers(values: npt.NDArray[Any]) -> Any:
    """An array, or a list where Python runs the loop."""
    return values if COMPILED else values.tolist()


def joined(one: Any, other: Any) -> Any:
    """Rows or numbers of both."""
    if not COMPILED:
        return one + other
    both = np.concatenate([one, other])
    return both.view(np.recarray) if both.dtype.names else both


def _user_cache() -> Path:
    """The folder that the system keeps for what can be made again."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "websocket-estimator"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "websocket-estimator"
    usual = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(usual) / "websocket-estimator"


jit: Final = compiler(_SOURCES)
