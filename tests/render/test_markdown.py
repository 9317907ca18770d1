"""Markdown for comments, read by a parser of somebody else: what goes in comes out as text."""

import pytest
from markdown_it import MarkdownIt

from estimator.render.markdown import (
    bullets,
    code,
    document,
    escaped,
    folded,
    joined,
    strong,
    table,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "<!-- gone -->",
    "a | b \\| c",
    "*bold* _thin_ **more** ~~gone~~",
    "[link](https://example.com) ![img](x.png)",
    "`code` ``two``",
    "&lt; &amp; &#64;",
    "# head",
    "> quoted",
    "- entry",
    "+ entry",
    "---",
    "1. first",
    "12) twelfth",
    "back\\slash \\* \\",
    "</details>",
]
EXAMPLE = "3.5 % of 1,000 users, $12.50 a month (+3 %) → −4"


def shown(markdown: str) -> str:
    """The text that a reader sees."""
    tokens = MarkdownIt("commonmark", {"html": False}).enable("table").parse(markdown)
    inline = [token for token in tokens if token.type == "inline"]
    assert all(
        child.type in ("text", "code_inline", "strong_open", "strong_close", "text_special")
        for token in inline
        for child in token.children or ()
    )
    return "\n".join("".join(child.content for child in t.children or ()) for t in inline)


def blocks(markdown: str) -> set[str]:
    tokens = MarkdownIt("commonmark").enable("table").parse(markdown)
    return {token.type.removesuffix("_open") for token in tokens if token.nesting == 1}


@pytest.mark.parametrize("text", [*HOSTILE, EXAMPLE])
def test_any_text_is_shown_sign_by_sign(text):
    assert shown(escaped(text)) == text
    assert blocks(escaped(text)) == {"paragraph"}
    assert shown(strong(text)) == text
    assert shown(bullets([text])) == text
    assert blocks(bullets([text])) == {"bullet_list", "list_item", "paragraph"}


@pytest.mark.parametrize("text", [*HOSTILE, EXAMPLE, "`", "``` `", "a`"])
def test_any_name_is_shown_as_code(text):
    [token] = [t for t in MarkdownIt("commonmark").parse(code(text)) if t.type == "inline"]

    assert [(child.type, child.content) for child in token.children or ()] == [
        ("code_inline", text)
    ]


@pytest.mark.parametrize("text", [*HOSTILE, EXAMPLE])
@pytest.mark.parametrize("cell", [escaped, code], ids=["text", "code"])
def test_any_text_stays_in_its_cell(text, cell):
    markdown = table(["name", "second"], [[cell(text), "next"]])

    assert shown(markdown).splitlines() == ["name", "second", text, "next"]


def test_plain_sentences_stay_readable_as_they_are():
    assert escaped(EXAMPLE) == EXAMPLE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$x^2$", "\\$x^2\\$"),
        ("5 $ or 7 $", "5 \\$ or 7 \\$"),
        ("from $5 to $7", "from $5 to $7"),
        ("+$5", "+$5"),
    ],
)
def test_dollars_begin_no_formula(text, expected):
    assert escaped(text) == expected


def test_nobody_is_called_by_a_name():
    assert "@everyone" not in escaped("for @everyone")
    assert "everyone" in escaped("for @everyone")


def test_lines_become_one():
    assert escaped("a\n\n# b\tc") == "a \\# b c"
    assert code("a\nb") == "`a b`"


def test_numbers_are_aligned_to_the_right():
    tokens = (
        MarkdownIt("commonmark")
        .enable("table")
        .parse(table(["name", "USD"], [["a", 1]], numbers={"USD"}))
    )

    styles = [token.attrs.get("style") for token in tokens if token.type in ("th_open", "td_open")]
    assert styles == [None, "text-align:right"] * 2


def test_what_is_folded_is_markdown_inside():
    markdown = folded("More <b>", table(["a"], [["x"]]))

    assert "table" in blocks(markdown)
    assert markdown.startswith("<details>\n<summary>More &lt;b&gt;</summary>\n")
    assert markdown.endswith("</details>")


def test_nothing_leaves_no_trace():
    nothing = (strong(""), bullets([]), table(["a"], []), folded("More", bullets([])), code(" "))

    assert {*nothing} == {""}
    assert document(*nothing, escaped("end")) == "end\n"


def test_parts_of_a_line_keep_their_spaces():
    assert joined(code("a"), ": ", "b|c", " → ", strong("d")) == "`a`: b|c → **d**"
