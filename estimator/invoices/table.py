"""How is a file of any size read, some rows at a time?

CSV (plain or gzip, whatever its name), JSON (one object per row, or a list of them) and Parquet
become the same: a header, then frames of texts with the columns that are wanted. What cannot be
read is counted, with the line where it first stands; a file of many gigabytes takes no more memory
than some rows of it.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import IO, Any, Final, TextIO

import pandas as pd

from estimator.invoices.invoice import KNOWN_FORMATS, InvoiceError, UnreadRows
from estimator.invoices.line import MISSING

ROWS_AT_ONCE: Final = 20_000
_LONGEST_LINE: Final = 2**20
"""Characters; what is longer is no row of a bill."""
_MOST_LINES_BEFORE_HEADER: Final = 10
_GZIP: Final = b"\x1f\x8b"
_PARQUET: Final = b"PAR1"
_ZIP: Final = b"PK\x03\x04"
_READ_AT_ONCE: Final = 2**18
_PEEKED: Final = 512
_DAMAGED: Final = (EOFError, OSError, zlib.error)


@dataclass
class Unread:
    """Counts rows that cannot be read, by reason."""

    _found: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])

    def add(self, reason: str, line: int, rows: int = 1) -> None:
        """Count rows, the first of which stands on a line."""
        count, first = self._found.get(reason, (0, line))
        self._found[reason] = count + rows, min(first, line)

    def counted(self) -> tuple[UnreadRows, ...]:
        """What was counted, the most rows first."""
        ordered = sorted(self._found.items(), key=lambda each: -each[1][0])
        return tuple(UnreadRows(reason, rows, line) for reason, (rows, line) in ordered)


Columns = Mapping[str, int]
"""Position of each column that is wanted."""
Wanted = Callable[[Sequence[str]], Columns | None]
"""Says of a header which columns are wanted; None if it is no header."""
Rows = tuple[pd.DataFrame, Sequence[int]]
"""Some rows, with the columns that are wanted, and the lines they stand on."""


def tables(file: IO[bytes], name: str, wanted: Wanted, unread: Unread) -> Iterator[Rows]:
    """The rows of a file, some at a time.

    Args:
        file: a file that can be read again from its start.
        name: what messages call it.
        wanted: says of a header which columns are wanted.
        unread: where rows that cannot be read are counted.

    Raises:
        InvoiceError: it is empty, of no known kind, or damaged from the start.
    """
    start = file.read(4)
    file.seek(0)
    if not start:
        raise InvoiceError(f"{name}: it is empty; give a bill as the vendor exports it")
    if start.startswith(_ZIP):
        raise InvoiceError(
            f"{name}: it is a zip archive or an Excel workbook; unpack it, or save it as CSV"
        )
    if start == _PARQUET:
        yield from _parquet(file, name, wanted)
        return
    raw: Any = gzip.GzipFile(fileobj=file) if start.startswith(_GZIP) else file
    reader = io.BufferedReader(raw)
    try:
        beginning = reader.peek(_PEEKED)[:_PEEKED]
    except _DAMAGED as error:
        raise InvoiceError(
            f"{name}: it begins like gzip, but cannot be unpacked; export or copy it again"
        ) from error
    encoding = _encoding(beginning, name)
    text = io.TextIOWrapper(reader, encoding=encoding, errors="replace")
    first = beginning.decode(encoding, "ignore").lstrip("\ufeff \t\r\n")[:1]
    kind = _json if first in ("{", "[") else _csv
    try:
        yield from kind(text, name, wanted, unread)
    finally:
        # else the file of whoever called would be closed with the text
        text.detach().detach()


def _encoding(beginning: bytes, name: str) -> str:
    """UTF-8, or UTF-16 if a text begins with its mark.

    What is in another encoding is read as UTF-8: figures and names of meters are plain letters, and
    signs that are not are replaced.

    Raises:
        InvoiceError: it is no text.
    """
    if beginning.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if b"\0" in beginning:
        raise InvoiceError(
            f"{name}: it is not text; give a bill as CSV, CSV in gzip, JSON or Parquet"
        )
    return "utf-8-sig"


def _frame(cells: Sequence[Sequence[Any]], columns: Columns) -> pd.DataFrame:
    """Cells of the columns that are wanted as texts; empty where a file says that there is none."""
    frame = pd.DataFrame(
        {
            each: pd.Series(list(values), dtype=object)
            for each, values in zip(columns, zip(*cells, strict=True), strict=True)
        }
    )
    return _without_missing(frame)


def _without_missing(frame: pd.DataFrame) -> pd.DataFrame:
    for column, texts in frame.items():
        if not MISSING.isdisjoint({*texts}):
            frame[column] = texts.where(~texts.isin([*MISSING]), "")
    return frame


# CSV


def _lines_of(text: TextIO, name: str, unread: Unread) -> Iterator[str]:
    """Lines of a text, none of them so long that it fills the memory."""
    at, rest = 0, ""
    try:
        while block := text.read(_READ_AT_ONCE):
            *lines, rest = (rest + block).split("\n")
            at += len(lines)
            yield from lines
            if len(rest) > _LONGEST_LINE:
                yield rest
                rest = ""
    except _DAMAGED as error:
        if not at:
            raise InvoiceError(
                f"{name}: it is compressed, but cannot be unpacked; export or copy it again"
            ) from error
        unread.add("the compressed file ends early or is damaged from here on", at + 1)
        return
    if rest:
        yield rest


def _csv(text: TextIO, name: str, wanted: Wanted, unread: Unread) -> Iterator[Rows]:
    lines = _lines_of(text, name, unread)
    header, columns, before, separator = _csv_header(lines, name, wanted)
    rows = csv.reader(lines, delimiter=separator)
    pick = itemgetter(*columns.values())
    cells: list[Sequence[str]] = []
    at: list[int] = []
    while True:
        try:
            row = next(rows, None)
        except csv.Error:
            unread.add("a cell that never ends, or is too long", before + rows.line_num)
            continue
        if row is None:
            break
        if not row or row == header:
            continue
        if len(row) != len(header):
            unread.add(
                "a row with fewer or more cells than the header: half a line, or another table",
                before + rows.line_num,
            )
            continue
        cells.append(pick(row))
        at.append(before + rows.line_num)
        if len(cells) == ROWS_AT_ONCE:
            yield _frame(cells, columns), at
            cells, at = [], []
    if cells:
        yield _frame(cells, columns), at


def _csv_header(
    lines: Iterator[str], name: str, wanted: Wanted
) -> tuple[list[str], Columns, int, str]:
    """The header, the columns that are wanted, the lines down to it, and what separates cells."""
    for number, line in zip(range(1, _MOST_LINES_BEFORE_HEADER + 1), lines, strict=False):
        separator = max(",;\t", key=line.count)
        try:
            header = next(csv.reader([line], delimiter=separator), [])
        except csv.Error:
            continue
        columns = wanted(header)
        if columns is not None:
            return header, columns, number, separator
    raise _unknown(name)


def _unknown(name: str) -> InvoiceError:
    none = " It is no gzip file, whatever its name says." if name.endswith(".gz") else ""
    return InvoiceError(f"{name}: it begins with no header of a bill.{none} Known: {KNOWN_FORMATS}")


# JSON


def _json(text: TextIO, name: str, wanted: Wanted, unread: Unread) -> Iterator[Rows]:
    header: list[str] = []
    columns: Columns | None = None
    keys: list[str] = []
    cells: list[Sequence[str]] = []
    at: list[int] = []
    for number, row in _objects(text, name, unread):
        flat = dict(_flat(row))
        if columns is None:
            header = [*flat]
            columns = wanted(header)
            if columns is None:
                raise _unknown(name)
        # objects leave out what is null: a column may first come with a later row
        elif not flat.keys() <= {*header}:
            header += [each for each in flat if each not in header]
            extended = wanted(header) or columns
            if extended.keys() != columns.keys() and cells:
                yield _frame(cells, columns), at
                cells, at = [], []
            columns = extended
        keys = [header[position] for position in columns.values()]
        cells.append([flat.get(key, "") for key in keys])
        at.append(number)
        if len(cells) == ROWS_AT_ONCE:
            yield _frame(cells, columns), at
            cells, at = [], []
    if cells and columns is not None:
        yield _frame(cells, columns), at


def _objects(text: TextIO, name: str, unread: Unread) -> Iterator[tuple[int, dict[str, Any]]]:
    """Objects of a text, one after the other or in a list, and their number."""
    decode = json.JSONDecoder().raw_decode
    waiting, number, ended = "", 0, False
    while True:
        waiting = waiting.lstrip("\ufeff \t\r\n,[]")
        try:
            row, end = decode(waiting) if waiting else (None, 0)
        except RecursionError:
            raise InvoiceError(f"{name}: its JSON is nested too deep for a bill") from None
        except ValueError:
            end = 0
            row = None
        if end and (end < len(waiting) or ended):
            number += 1
            waiting = waiting[end:]
            if isinstance(row, dict):
                yield number, row
            else:
                unread.add("not an object of JSON", number)
            continue
        if ended or len(waiting) > _LONGEST_LINE:
            if not waiting:
                return
            number += 1
            unread.add("not JSON: half a line, or another kind of text", number)
            _, _, waiting = waiting.partition("\n")
            continue
        try:
            more = text.read(_READ_AT_ONCE)
        except _DAMAGED:
            unread.add("the compressed file ends early or is damaged from here on", number + 1)
            more = ""
        ended = not more
        waiting += more


def _flat(row: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, str]]:
    for key, value in row.items():
        if isinstance(value, dict) and len(before) < 100:
            yield from _flat(value, f"{before}{key}.")
        elif isinstance(value, str):
            yield f"{before}{key}", value
        elif value is not None:
            yield f"{before}{key}", json.dumps(value)


# Parquet


def _parquet(file: IO[bytes], name: str, wanted: Wanted) -> Iterator[Rows]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise InvoiceError(
            f"{name}: reading Parquet needs pyarrow; install websocket-estimator[parquet], or "
            "export CSV"
        ) from None
    try:
        opened = parquet.ParquetFile(file)
        header = _flattened(opened.schema_arrow.empty_table()).column_names
        columns = wanted(header)
        if columns is None:
            raise _unknown(name)
        names = {column: header[at] for column, at in columns.items()}
        whole = set(opened.schema_arrow.names)
        top = [*dict.fromkeys(_top(each, whole) for each in names.values())]
        line = 1
        for batch in opened.iter_batches(batch_size=ROWS_AT_ONCE, columns=top):
            table = _flattened(pa.Table.from_batches([batch]))
            frame = pd.DataFrame(
                {
                    column: pd.Series(_texts(table.column(each)), dtype=object)
                    for column, each in names.items()
                }
            )
            yield _without_missing(frame), range(line, line + len(frame))
            line += len(frame)
    except (pa.ArrowException, OSError) as error:
        raise InvoiceError(
            f"{name}: it begins like Parquet, but cannot be read; export or copy it again"
        ) from error


def _top(column: str, whole: set[str]) -> str:
    return column if column in whole else column.partition(".")[0]


def _flattened(table: Any) -> Any:
    """A table of Arrow whose fields of records stand beside each other (``service.id``)."""
    import pyarrow as pa

    while any(pa.types.is_struct(each.type) for each in table.schema):
        table = table.flatten()
    return table


def _texts(column: Any) -> list[str]:
    """A column of Arrow as texts; what is nested as JSON."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_nested(kind):
        return [json.dumps(each, default=str) if each else "" for each in column.to_pylist()]
    texts = column.cast(pa.string()).to_pylist()
    return [each if each is not None else "" for each in texts]
