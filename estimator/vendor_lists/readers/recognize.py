"""Whose price list is this answer? Its own form says so, not the name of its file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, Protocol

from estimator.vendor_lists.listed import UnreadableAnswerError, VendorList
from estimator.vendor_lists.readers import aws, azure, gcp, oci


class _Read(Protocol):
    def __call__(self, content: Mapping[str, Any], name: str) -> Iterator[VendorList]: ...


class Reader(NamedTuple):
    """How a vendor is asked, and its answers are told from others and read."""

    host: str
    addresses: Callable[[str], list[str]]
    """Paths of the answers that hold an offer, the first page of each."""
    next_page: Callable[[Mapping[str, Any]], str | None]
    """The address of the page after one; None after the last."""
    items: str
    """The field that pages continue; empty if there are no pages."""
    is_ours: Callable[[Mapping[str, Any]], bool]
    read: _Read


def _no_page(_: Mapping[str, Any]) -> None:
    """What is one file has no next page."""


READERS: Final[Mapping[str, Reader]] = {
    "aws": Reader(aws.HOST, aws.addresses, _no_page, "", aws.is_ours, aws.read),
    "azure": Reader(
        azure.HOST, azure.addresses, azure.next_page, "Items", azure.is_ours, azure.read
    ),
    "gcp": Reader(gcp.HOST, gcp.addresses, gcp.next_page, "skus", gcp.is_ours, gcp.read),
    "oci": Reader(oci.HOST, oci.addresses, oci.next_page, "items", oci.is_ours, oci.read),
}


def parsed(text: bytes, name: str) -> Mapping[str, Any]:
    """The content of an answer.

    Raises:
        UnreadableAnswerError: it is not JSON: a page to log in, or an answer that was cut off.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableAnswerError(f"{name}: {_why_no_json(text, error)}") from None
    if not isinstance(content, dict):
        raise UnreadableAnswerError(f"{name}: not a price list")
    return content


def _why_no_json(text: bytes, error: Exception) -> str:
    if not text.strip():
        return "it is empty; save the answer again"
    if not text.lstrip().startswith((b"{", b"[")):
        start = text[:60].decode("utf-8", "replace").split("\n")[0]
        return f"not JSON, but begins with {start!r}"
    at = f" after {error.pos:,} characters" if isinstance(error, json.JSONDecodeError) else ""
    return f"it begins as JSON, but breaks off or is damaged{at}; save the answer again"


def read_answer(content: Mapping[str, Any], name: str) -> tuple[VendorList, ...]:
    """The price lists in an answer.

    Raises:
        UnreadableAnswerError: of no vendor known here, or not whole.
    """
    for reader in READERS.values():
        if reader.is_ours(content):
            try:
                return tuple(reader.read(content, name))
            except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
                raise UnreadableAnswerError(
                    f"{name}: a part of it is not as the vendor writes it ({error!r})"
                ) from None
    raise UnreadableAnswerError(f"{name}: not a price list of a vendor known here")
