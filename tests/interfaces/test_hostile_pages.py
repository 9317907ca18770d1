"""No text of a user is markup on a page: in Markdown of Streamlit, tables, HTML and labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
from streamlit.testing.v1 import AppTest

import hostile
from estimator.dashboard.pages.what_if import ranges
from estimator.dashboard.site import PAGES
from interfaces.shown_page import shown_page

AS_THEY_ARE = {
    ("text_input", "value"),
    ("text_input", "default"),
    ("text_input", "placeholder"),
    ("selectbox", "options"),
    ("selectbox", "raw_value"),
    ("multiselect", "options"),
    ("code", "code_text"),
    ("html", "body"),
    ("vega_lite_chart", "alt"),
}
"""What is no Markdown, by element and field."""
OWN = {"icon", "id", "query_param_key"}
UNFOLDED = {"billing": True, "share": True, "profile_shown_main": True, "saas": True}
PARTS = [
    *((name, {}, {}) for name in PAGES),
    *(("estimate", {}, {"bill_side": side}) for side in ("Open questions", "In words")),
    *(("what_if", {"what_if": part}, {}) for part in ("Map", "Growth", "Uncertainty")),
]
"""What is drawn: page, address, and what else the session holds."""
LIVE = re.compile(
    r"!\[|\]\(http[^)]*evil|<img|<b>|https?://\w*\.?evil|www\.|:red\[|:material/d|`evil"
)

pytestmark = pytest.mark.usefixtures("charts_are_not_drawn")


@pytest.fixture(scope="module", params=[("rule", "tag"), ("directive", "picture")], ids="+".join)
def scenario(request):
    return hostile.scenario(" ".join(hostile.TEXTS[name] for name in request.param))


@pytest.mark.parametrize(("name", "address", "held"), PARTS)
def test_no_text_of_a_user_is_markup_on_a_page(name, address, held, scenario, monkeypatch):
    monkeypatch.setattr(ranges, "result_of", lambda *_: None)  # is worked out in the background
    page = shown_page(name, scenario, address, UNFOLDED | held)
    assert page.error.values == []
    seen = 0
    for where, text in markdown(page):
        seen += "evil" in text
        without_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", text)
        live = LIVE.search(re.sub(r"\\[!-/:-@\[-`{-~]", "", without_code))
        assert live is None, (where, text)
    assert seen > 0 or name == "prices"
    written = [each.proto.body for each in page.get("html")]
    assert any("evil" in each for each in written) or name == "prices"
    for each in written:
        Elements().feed(each)


def markdown(page: AppTest) -> Iterator[tuple[object, str]]:
    """Every text that Streamlit reads as Markdown, and whatever is not known to be none."""
    for element in page._tree:
        for field, text in strings(getattr(element, "proto", None)):
            if field not in OWN and (element.type, field) not in AS_THEY_ARE:
                yield (element.type, field), text


def strings(message: Any) -> Iterator[tuple[str, str]]:
    for field, value in message.ListFields() if hasattr(message, "ListFields") else ():
        for each in value if isinstance(value, list) or hasattr(value, "append") else [value]:
            if isinstance(each, str):
                yield field.name, each
            else:
                yield from strings(each)


class Elements(HTMLParser):
    """Fails for what only somebody else would put on a page."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("b", "script", "iframe")
        assert not any(name.startswith("on") for name, _ in attrs), attrs
        for name, value in attrs:
            if name == "src":
                assert (value or "").startswith("data:image/png")
            elif name == "href":
                # sources of evidence are links on purpose, each to one address
                address = urlsplit(value or "")
                assert address.scheme == "https"
                assert "evil" not in (address.hostname or "")
