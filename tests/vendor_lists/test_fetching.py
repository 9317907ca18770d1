"""Vendors are asked like this: page by page, again after a refusal, and without trust."""

import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import stamina

from estimator.pricing.price_files import CLOUDS, load_price_files
from estimator.vendor_lists.answers_index import kept_answers
from estimator.vendor_lists.fetching import Limits, fetch
from estimator.vendor_lists.readers.gcp import KEY_VARIABLE
from estimator.vendor_lists.refresh import (
    Wanted,
    refresh_from_files,
    refresh_from_vendors,
    report_of,
)
from estimator.vendor_lists.selectors import load_selectors

OCI = ("oci", "products")
SIGNALR = ("azure", "SignalR")
RUN = ("gcp", "152E-C115-5142")
KEY = "a-key-that-nobody-sees"


@dataclass
class Vendor:
    """A server that answers as it is told to."""

    answer: Callable[[BaseHTTPRequestHandler], None] = lambda handler: None
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    host: str = ""


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    told = Vendor()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            told.answer(self)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.host = f"http://127.0.0.1:{server.server_address[1]}"
    yield told
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def without_pauses():
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


@pytest.fixture
def ask(vendor, tmp_path):
    """Ask for some offers; all vendors are the one server."""

    def ask(*offers: tuple[str, str], limits: Limits | None = None):
        hosts = {cloud: str(vendor.host) for cloud in CLOUDS}
        return fetch(offers, tmp_path, limits, hosts)

    return ask


def send(handler: BaseHTTPRequestHandler, content: object, status: int = 200, **headers) -> None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("content-length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


def reasons(fetched) -> list[str]:
    return [each.reason for each in fetched.unreadable]


def test_pages_are_followed_to_the_last_and_become_one_list(vendor, ask, answer):
    whole = answer("azure-signalr")
    items = whole["Items"]

    def page(handler):
        number = int(handler.path.partition("page=")[2] or 0)
        link = f"{vendor.host}/api/retail/prices?page={number + 1}"
        last = number == len(items) - 1
        send(handler, {**whole, "Items": [items[number]], "NextPageLink": None if last else link})

    vendor.answer = page
    [found] = ask(SIGNALR).lists

    assert len(vendor.asked) == len(items)
    assert len(found.entries) == len(items)


def test_google_is_asked_with_its_key_in_a_header_only(vendor, ask, answer, monkeypatch, tmp_path):
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    first = {**answer("gcp-cloud-run"), "nextPageToken": "more"}
    vendor.answer = lambda h: send(h, answer("gcp-cloud-run") if "more" in h.path else first)
    [found] = ask(RUN).lists

    assert len(vendor.asked) == 2
    assert found.offer == "152E-C115-5142"
    assert {headers["x-goog-api-key"] for _, headers in vendor.asked} == {KEY}
    assert KEY not in str([path for path, _ in vendor.asked])
    assert not any(KEY in path.read_text("utf-8") for path in tmp_path.iterdir())


def test_without_a_key_google_is_not_asked_and_said_to_be_unchecked(vendor, monkeypatch, tmp_path):
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    found = refresh_from_vendors(tmp_path, Wanted(clouds=("gcp",), services=("cloud_run",)))

    assert vendor.asked == []
    assert found.findings == ()
    reasons = {each.what: each.reason for each in found.unchecked}
    assert reasons["Google Cloud, its catalog"] == "not asked: no key in GOOGLE_API_KEY"
    # each price of a meter that the catalog would have is counted, and its meter named
    selected = {one.meter for one in load_selectors() if one.offer == RUN[1]}
    prices = {(row.meter, row.region) for row in load_price_files().rates if row.meter in selected}
    said = reasons[f"Google Cloud, Cloud Run ({RUN[1]})"]
    assert f"{len(prices)} prices of " in said
    assert all(meter in said for meter in selected)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_who_refuses_for_now_is_asked_again(vendor, ask, answer, status):
    def third_time(handler):
        if len(vendor.asked) < 3:
            send(handler, b"", status, retry_after="0")
        else:
            send(handler, answer("oci-products"))

    vendor.answer = third_time
    found = ask(OCI)

    assert len(vendor.asked) == 3
    assert found.unreadable == ()
    assert len(found.lists) == 1


def test_who_refuses_again_and_again_is_left_alone(vendor, ask):
    vendor.answer = lambda h: send(h, b"", 429)
    found = ask(OCI)

    assert len(vendor.asked) == 4
    assert reasons(found) == ["no answer: status 429"]


def test_what_did_not_change_is_not_sent_again(vendor, ask, answer):
    def with_a_mark(handler):
        if handler.headers["if-none-match"] == '"v1"':
            handler.send_response(304)
            handler.end_headers()
        else:
            send(handler, answer("oci-products"), etag='"v1"')

    vendor.answer = with_a_mark
    first, second = ask(OCI), ask(OCI)

    assert first.lists[0].entries == second.lists[0].entries
    assert [("if-none-match" in headers) for _, headers in vendor.asked] == [False, True]


def test_kept_answers_can_be_read_by_somebody_else(vendor, ask, answer, tmp_path):
    vendor.answer = lambda h: send(h, answer("oci-products"))
    fetched = ask(OCI)
    online = report_of(fetched.lists, load_selectors())
    offline = refresh_from_files(tmp_path)

    assert [each.kind for each in offline.findings] == [each.kind for each in online.findings]
    [kept] = kept_answers(tmp_path).values()
    assert kept.read_day == fetched.lists[0].read_on


def test_one_vendor_that_fails_leaves_the_others(vendor, ask, answer):
    def only_oracle(handler):
        if "cetools" in handler.path:
            send(handler, answer("oci-products"))
        else:
            send(handler, b"broken", 500)

    vendor.answer = only_oracle
    found = ask(SIGNALR, OCI)

    assert [one.vendor for one in found.lists] == ["oci"]
    assert [each.what for each in found.unreadable] == ["Azure, SignalR"]


def drip(handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(50):
        handler.wfile.write(b" ")
        handler.wfile.flush()
        time.sleep(0.05)


def cut_off(handler) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000")
    handler.end_headers()
    handler.wfile.write(b'{"items": [')


@pytest.mark.parametrize(
    ("answered", "words"),
    [
        (lambda h: send(h, b"<html>Sign in</html>"), "not JSON, but begins with '<html>"),
        (lambda h: send(h, b"", 302, location="https://elsewhere.example/"), "leads somewhere el"),
        (lambda h: send(h, b"", 404), "status 404"),
        (lambda h: send(h, gzip.compress(b" " * 9_999_999), content_encoding="gzip"), "more than"),
        (lambda h: send(h, {"items": [{"partNumber": "B1"}], "links": [
            {"rel": "next", "href": h.path + "&x"}]}), "pages without end"),
        (lambda h: send(h, {"items": [{"partNumber": "B1"}], "links": [
            {"rel": "next", "href": "https://elsewhere.example/"}]}), "on another host"),
        (drip, "not whole after 0.2 s"),
        (cut_off, "no answer"),
    ],
    ids=["a page to log in", "a redirect", "a status", "a gzip bomb", "endless pages",
         "a page elsewhere", "a slow drip", "cut off"],
)  # fmt: skip
def test_an_answer_that_cannot_be_trusted_is_one_sentence(vendor, ask, answered, words, tmp_path):
    vendor.answer = answered
    patience_s = 0.2 if answered is drip else 60.0
    found = ask(OCI, limits=Limits(answer_s=patience_s, bytes_per_page=1_000_000, pages=5))

    assert found.lists == ()
    assert words in reasons(found)[0]
    assert list(tmp_path.glob("*.json")) == []
