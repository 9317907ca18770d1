"""Which answers of vendors are in a folder? Files as they came, also compressed."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from estimator.errors import EstimatorError
from estimator.vendor_lists.listed import UnreadableAnswerError

MOST_BYTES: Final = 256 * 1024 * 1024
"""Of an answer once it is unpacked: more than the largest list, less than what fills a machine."""


def saved_answers(folder: Path) -> Iterator[Path]:
    """The JSON files in a folder and in its folders, by name.

    Raises:
        EstimatorError: there is no such folder, or no such file in it.
    """
    if not folder.is_dir():
        raise EstimatorError(f"{folder}: not a folder")
    patterns = ("*.json", "*.json.gz", "*/*.json", "*/*.json.gz")
    found = sorted(path for pattern in patterns for path in folder.glob(pattern))
    if not found:
        raise EstimatorError(f"{folder}: holds no answers of vendors (files .json or .json.gz)")
    yield from found


def saved_text(path: Path) -> bytes:
    """The text of a file, unpacked.

    Raises:
        UnreadableAnswerError: it cannot be read or unpacked, or is too large.
    """
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            text = file.read(MOST_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableAnswerError(f"{path.name}: cannot be read ({error})") from None
    if len(text) > MOST_BYTES:
        raise UnreadableAnswerError(f"{path.name}: unpacks to more than {MOST_BYTES:,} bytes")
    return text
