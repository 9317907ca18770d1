"""The view of the shipped profiles: what each is for, and what its clients do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from estimator.analysis.profiles import profile_row
from estimator.format import bytes_text, count_text, percent, span_text
from estimator.render import document as doc
from estimator.scenario.profile import profile_names
from estimator.units import SECONDS_PER_HOUR

_WORDS: Final = doc.MEDIA - {"terminal"}
"""Where a table has room for sentences."""


def profiles_view(names: Iterable[str] | None = None) -> doc.Document:
    """A row for each profile, and below them, where they are too wide for it, what each is for.

    Args:
        names: of the profiles; all of them, if left out.
    """
    rows = [profile_row(name) for name in (profile_names() if names is None else names)]
    columns = (
        "profile",
        doc.Column("what it is for", wraps=True, media=_WORDS),
        "sent/h#",
        "received/h#",
        "mean#",
        "largest#",
        doc.Column("session", is_number=True, media=_WORDS),
        doc.Column("kinds of clients", wraps=True, media=_WORDS),
        "published#",
    )
    return doc.Document(
        "The shipped profiles",
        (
            doc.Paragraph(
                "Messages that a client sends and receives per hour while it is connected, over "
                "all kinds of clients; the mean and the largest payload of a message; and the "
                "share of the defaults that are published. The others are assumptions."
            ),
            doc.table(columns, map(tuple, map(_cells, rows))),
            doc.only(["terminal"], doc.Bullets(tuple(map(_about, rows)))),
        ),
    )


def _cells(row: dict[str, Any]) -> Iterator[doc.Inline]:
    yield doc.Text(row["profile"], is_code=True)
    yield _sentences(row)
    yield count_text(row["messages_to_server_per_connection_hour"])
    yield count_text(row["messages_to_client_per_connection_hour"])
    yield bytes_text(row["mean_bytes"])
    yield bytes_text(row["largest_bytes"])
    yield span_text(row["session_mean_hours"] * SECONDS_PER_HOUR)
    yield ", ".join(row["kinds_of_clients"])
    yield percent(row["published_share"])


def _about(row: dict[str, Any]) -> doc.Inline:
    return (doc.Text(row["profile"], is_code=True), f": {_sentences(row)}")


def _sentences(row: dict[str, Any]) -> str:
    return f"{row['title']}. {row['description']}".rstrip()
