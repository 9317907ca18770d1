"""What does a vendor answer today? Few questions, asked again after a refusal, kept as files.

Nothing that a vendor sends is trusted: neither its length, nor its pace, nor where it points to.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx2
import stamina

from estimator.files import write_whole
from estimator.pricing.price_files import CLOUDS
from estimator.vendor_lists.answers_index import Kept, keep_index, kept_answers
from estimator.vendor_lists.listed import UnreadableAnswerError, VendorList
from estimator.vendor_lists.readers.gcp import KEY_VARIABLE
from estimator.vendor_lists.readers.recognize import READERS, Reader, parsed, read_answer
from estimator.vendor_lists.report import Unread
from estimator.vendor_lists.saved_answers import MOST_BYTES, saved_text
from estimator.vendor_lists.selectors import offer_title

_NOT_MODIFIED: Final = 304
_OK: Final = 200
_REFUSED_FOR_NOW: Final = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Limits:
    """What is waited for, and how much is taken."""

    attempts: int = 4
    first_wait_s: float = 0.5
    longest_wait_s: float = 30.0
    silence_s: float = 20.0
    """Without a byte."""
    answer_s: float = 300.0
    """For one page, however steadily it drips."""
    pages: int = 500
    bytes_per_page: int = MOST_BYTES


class _RefusedForNowError(Exception):
    """A vendor that asks to come back later."""

    def __init__(self, status: int, wait_s: float | None) -> None:
        super().__init__(f"status {status}")
        self.wait_s = wait_s


@dataclass(frozen=True)
class Fetched:
    """What the vendors answered."""

    lists: tuple[VendorList, ...]
    unreadable: tuple[Unread, ...]
    unchecked: tuple[Unread, ...]


def fetch(
    offers: Iterable[tuple[str, str]],
    folder: Path,
    limits: Limits | None = None,
    hosts: Mapping[str, str] | None = None,
) -> Fetched:
    """The lists of these vendors and offers, as their vendors give them now.

    What fails of one list leaves the others.

    Args:
        offers: vendor and offer of each list.
        folder: where answers are kept; those that did not change are taken from it.
        limits: how long to wait, and how much to take.
        hosts: addresses instead of the vendors' own, by vendor.
    """
    key = os.environ.get(KEY_VARIABLE, "")
    wanted = list(offers)
    is_left_out = {vendor for vendor, _ in wanted if vendor == "gcp" and not key}
    unchecked = [
        Unread(f"{CLOUDS[vendor]}, its catalog", f"not asked: no key in {KEY_VARIABLE}")
        for vendor in is_left_out
    ]
    lists: list[VendorList] = []
    unreadable: list[Unread] = []
    folder.mkdir(parents=True, exist_ok=True)
    timeout = httpx2.Timeout((limits or Limits()).silence_s)
    with httpx2.Client(timeout=timeout, follow_redirects=False) as client:
        asking = _Asking(client, folder, limits or Limits(), dict(kept_answers(folder)), key)
        for vendor, offer in wanted:
            reader = READERS[vendor]
            if vendor in is_left_out:
                continue
            for path in reader.addresses(offer):
                base = (hosts or {}).get(vendor, reader.host)
                try:
                    lists += asking.lists(vendor, offer, reader, base, path)
                except UnreadableAnswerError as error:
                    unreadable.append(Unread(offer_title(vendor, offer), str(error)))
    return Fetched(tuple(lists), tuple(unreadable), tuple(unchecked))


@dataclass
class _Asking:
    """Asks one question after the other."""

    client: httpx2.Client
    folder: Path
    limits: Limits
    kept: dict[str, Kept]
    key: str

    def lists(
        self, vendor: str, offer: str, reader: Reader, host: str, path: str
    ) -> Iterator[VendorList]:
        """The lists in an answer, all its pages together."""
        name = f"{vendor}-{_slug(offer)}-{hashlib.sha256(path.encode()).hexdigest()[:8]}.json"
        content = self._whole(name, reader, host, path, vendor)
        today = dt.datetime.now(tz=dt.UTC).date()
        for one in read_answer(content, name):
            # the vendor answers so today, whenever the list itself was made
            yield replace(one, read_on=today)

    def _whole(
        self, name: str, reader: Reader, host: str, path: str, vendor: str
    ) -> Mapping[str, Any]:
        known = self.kept.get(name)
        has_file = known is not None and (self.folder / name).is_file()
        asked = _conditions(known) if known and has_file else {}
        headers = {"x-goog-api-key": self.key} if vendor == "gcp" else {}
        response, text = self._page(host, path, {**headers, **asked})
        today = dt.datetime.now(tz=dt.UTC).date().isoformat()
        if response.status_code == _NOT_MODIFIED and known:
            content = dict(parsed(saved_text(self.folder / name), name))
            self._keep(replace(known, read_on=today), None)
            return content
        content = dict(parsed(text, f"{host}{path}"[:80]))
        pages = 1
        following = reader.next_page(content)
        seen = {path}
        while following:
            following = self._path_on(host, following)
            if following in seen or pages >= self.limits.pages:
                raise UnreadableAnswerError(f"pages without end, after {pages:,}")
            seen.add(following)
            _, text = self._page(host, following, headers)
            page = parsed(text, f"page {pages + 1}")
            content[reader.items] = [*content[reader.items], *page.get(reader.items, [])]
            following = reader.next_page(page)
            pages += 1
        # what has pages changes behind the first one, whose mark says nothing of them
        marks = response.headers if pages == 1 else {}
        kept = Kept(
            name, path, today, marks.get("etag", ""), marks.get("last-modified", "")
        )  # fmt: skip
        self._keep(kept, json.dumps(content).encode())
        return content

    def _keep(self, answer: Kept, text: bytes | None) -> None:
        if text is not None:
            write_whole(self.folder / answer.file, text)
        self.kept[answer.file] = answer
        keep_index(self.folder, self.kept)

    def _path_on(self, host: str, address: str) -> str:
        """The path of an address on the same host.

        Raises:
            UnreadableAnswerError: it is somewhere else.
        """
        found = urlsplit(address)
        if found.netloc and found.netloc != urlsplit(host).netloc:
            raise UnreadableAnswerError(f"its next page is on another host, {found.netloc[:60]}")
        return f"{found.path}?{found.query}" if found.query else found.path

    def _page(
        self, host: str, path: str, headers: Mapping[str, str]
    ) -> tuple[httpx2.Response, bytes]:
        """One page, asked for again if the vendor refuses for now."""
        retrying = stamina.retry_context(
            on=_comes_back,
            attempts=self.limits.attempts,
            wait_initial=self.limits.first_wait_s,
            wait_max=self.limits.longest_wait_s,
            timeout=None,
        )
        try:
            for attempt in retrying:
                with attempt:
                    return self._once(host + path, headers)
        except (httpx2.HTTPError, httpx2.InvalidURL, _RefusedForNowError) as error:
            said = str(error) or type(error).__name__
            raise UnreadableAnswerError(f"no answer: {said}") from None
        raise AssertionError("a retry ends in an answer or an error")

    def _once(self, address: str, headers: Mapping[str, str]) -> tuple[httpx2.Response, bytes]:
        ends_at = time.monotonic() + self.limits.answer_s
        with self.client.stream("GET", address, headers=dict(headers)) as response:
            status = response.status_code
            if status in _REFUSED_FOR_NOW:
                raise _RefusedForNowError(status, _wait_s(response, self.limits.longest_wait_s))
            if response.is_redirect and status != _NOT_MODIFIED:
                target = response.headers.get("location", "")[:60]
                raise UnreadableAnswerError(f"it leads somewhere else, to {target!r}")
            if status not in (_OK, _NOT_MODIFIED):
                raise UnreadableAnswerError(f"status {status}")
            parts: list[bytes] = []
            size = 0
            for part in response.iter_bytes():
                size += len(part)
                parts.append(part)
                if size > self.limits.bytes_per_page:
                    raise UnreadableAnswerError(
                        f"more than {self.limits.bytes_per_page:,} bytes on a page"
                    )
                if time.monotonic() > ends_at:
                    raise UnreadableAnswerError(f"not whole after {self.limits.answer_s:g} s")
            return response, b"".join(parts)


def _comes_back(error: Exception) -> bool | float:
    """Whether to ask again, and after how many seconds if the vendor says."""
    if isinstance(error, _RefusedForNowError):
        return True if error.wait_s is None else error.wait_s
    return isinstance(error, httpx2.TransportError)


def _wait_s(response: httpx2.Response, most_s: float) -> float | None:
    text = response.headers.get("retry-after", "")
    return min(float(text), most_s) if text.isdecimal() and len(text) < 9 else None


def _conditions(known: Kept) -> dict[str, str]:
    asked = {"if-none-match": known.etag, "if-modified-since": known.last_modified}
    return {name: value for name, value in asked.items() if value}


def _slug(offer: str) -> str:
    return "".join(sign if sign.isalnum() else "-" for sign in offer.lower())
