"""How are documents, tables, texts and error messages shown on a page, whoever wrote them?

Names and notes may come from a file or link of somebody else, so every text is escaped here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, count
from secrets import token_urlsafe
from typing import Final

import streamlit as st

from estimator.dashboard.session.state import ErrorMessage, shown_page
from estimator.dashboard.session.turns import TURNS
from estimator.dashboard.widgets.table import table_html
from estimator.dashboard.widgets.texts import (
    bullets_html,
    document_html,
    figures_html,
    heading_html,
    paragraph_html,
)
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.format import capitalized
from estimator.pricing.price_files import CLOUDS, meter_titles
from estimator.render import document as doc
from estimator.render.printable import printable
from estimator.states import Assessment, State, Tone

_SIGNS: Final = re.compile(r"([!-/:-@\[-`{-~])")
_ADDRESS: Final = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)|(?<=\S)(?=@)", re.IGNORECASE)
"""Where an address is parted: Markdown makes a link of one even if its signs are escaped."""
_SPACES: Final = re.compile(r"[^\S\xa0]+")
_METER: Final = re.compile(r"'([a-z0-9_]+(?:\.[a-z0-9_]+)+)'")
_DEPLOYMENT: Final = re.compile(r"(?<![\w.'])(options\.)?([a-z]+\.[a-z0-9_]+)(?![\w'])(\.(?=\w))?")
"""What may be the id of one, alone or in a path to an option; not in quotes, as it was typed."""
_CHOICES: Final = "Valid: "
"""From here on a message lists what can be typed."""
_BADGES: Final[dict[Tone, str]] = {
    "good": ":green-badge[{}]",
    "warning": ":orange-badge[{}]",
    "bad": ":red-badge[{}]",
}
_SPELLING: Final = {
    "cpu": "CPU",
    "gb": "GB",
    "gib": "GiB",
    "mb": "MB",
    "mbps": "Mbps",
    "vcpu": "vCPU",
    "vpu": "VPU",
}


def literal(text: str) -> str:
    r"""Text that Markdown shows sign by sign: no links, colors, icons or formulas between dollars.

    >>> print(literal("$5 *or* :red[more]"))
    \$5 \*or\* \:red\[more\]
    >>> literal("www.example.org") == "www\N{WORD JOINER}\\.example\\.org"
    True
    """
    parted = _ADDRESS.sub("\N{WORD JOINER}", _SPACES.sub(" ", printable(text)).strip())
    return _SIGNS.sub(r"\\\1", parted)


def unbroken(text: str) -> str:
    r"""Text that stays on one line: a number with its sign and unit in a narrow column.

    >>> unbroken("306 GB"), unbroken("−$12")
    ('306\xa0GB', '−\u2060$12')
    """
    return text.replace(" ", "\N{NO-BREAK SPACE}").replace("−$", "−\N{WORD JOINER}$")


def spelled(name: str) -> str:
    """The name of a field for people.

    >>> spelled("boot_disk_vpu_per_gb")
    'Boot disk VPU per GB'
    """
    return capitalized(" ".join(_SPELLING.get(word, word) for word in name.split("_")))


def told_apart(titles: Iterable[str]) -> list[str]:
    """Titles to choose from: a browser reports what was chosen by its words, so none come twice.

    >>> told_apart(["Posts", "Typing", "Posts", "Posts (2)"])
    ['Posts', 'Typing', 'Posts (2)', 'Posts (2) (2)']
    """
    told: dict[str, None] = {}
    for title in titles:
        numbered = (f"{title} ({number})" for number in count(2))
        told[next(each for each in chain([title], numbered) if each not in told)] = None
    return list(told)


def full_title(deployment: str) -> str:
    """A deployment for people.

    >>> full_title("gcp.cloud_run")
    'Cloud Run on Google Cloud'
    """
    found = ALL_DEPLOYMENTS[deployment]
    return f"{found.title} on {CLOUDS[found.cloud]}" if found.cloud in CLOUDS else found.title


def without_ids(text: str) -> str:
    """A message with the titles of meters and deployments, which are named by their ids.

    >>> without_ids("no price for meter 'aws.alb.hours' in region 'mars-1'")
    "no price for meter “Application Load Balancer hours” in region 'mars-1'"
    >>> without_ids("options of gcp.cloud_run: unknown size of Redis 'XL'. Valid: redis-1gib")
    "options of Cloud Run on Google Cloud: unknown size of Redis 'XL'. Valid: redis-1gib"
    >>> without_ids("line 5, options.gcp.cloud_run.zones: at least 2; gcp.cloud_run.zones is 1")
    'line 5, options of Cloud Run on Google Cloud, zones: at least 2; gcp.cloud_run.zones is 1'
    """
    said, valid, choices = text.partition(_CHOICES)
    titled_meters = _METER.sub(lambda found: _meter_title(found[1], found[0]), said)
    return f"{_DEPLOYMENT.sub(_named_deployment, titled_meters)}{valid}{choices}"


def _named_deployment(found: re.Match[str]) -> str:
    path, name, field = found.groups("")
    if name not in ALL_DEPLOYMENTS or (field and not path):
        return found[0]
    return f"{'options of ' if path else ''}{full_title(name)}{', ' if field else ''}"


def _meter_title(meter: str, otherwise: str) -> str:
    known = meter_titles()
    return f"“{known[meter]}”" if meter in known else otherwise


def titled(deployment: str | None) -> str:
    """The same inside Markdown."""
    return literal(full_title(deployment or ""))


def badge(state: State | Assessment, words: str = "") -> str:
    """A state as a badge inside Markdown, which its color and its shape tell apart.

    >>> print(badge(State.OVER_LIMIT))
    :red-badge[✖ over a hard limit]
    """
    text = doc.state_text(state, words)
    return _BADGES[text.tone].format(literal(text.text))


def show(document: doc.Document | Sequence[doc.Block], title: str = "") -> None:
    """A document below its title, or some blocks of one."""
    whole = document if isinstance(document, doc.Document) else doc.Document(title, tuple(document))
    together = [heading_html(whole.title)] if whole.title else []
    # hints on the Python API are for notebooks
    for block in whole.for_medium("markdown"):
        match block:
            case doc.Folded(title, blocks):
                _write(together)
                with st.expander(literal(title)):
                    show(blocks)
            case doc.Only(blocks=blocks):
                _write(together)
                show(blocks)
            case _:
                together.append(block_html(block))
    _write(together)


def show_title(title: str, about: str) -> None:
    """The title of a page, and below it what it is about."""
    st.html(document_html([heading_html(title, 1), paragraph_html(about, "quiet")]))


def show_answer(parts: Iterable[str]) -> None:
    """What answers the question of the page; its visitor has it before all that follows.

    To be called once; others who have no answer yet draw next.

    Args:
        parts: as HTML, of functions of ``texts``, which escape what stands in it.
    """
    # no text of a link can contain it, and so pose as an answer
    mark = st.session_state.setdefault("mark_of_answers", token_urlsafe(12))
    st.html(document_html(parts, f"{shown_page()} {mark}"))
    TURNS.step_back()


def show_heading(text: doc.Inline) -> None:
    """A heading, at once: for one of Streamlit's, a browser works out where links could lead to."""
    st.html(document_html([heading_html(text)]))


def _write(parts: list[str]) -> None:
    """Write what is to be written, in one piece; nothing is left of it."""
    if parts:
        st.html(document_html(parts))
        parts.clear()


def block_html(block: doc.Table | doc.Paragraph | doc.Bullets) -> str:
    """A block as a page has it: deployments and meters stand there by their titles.

    >>> block_html(doc.Paragraph(doc.Text("gcp.cloud_run ?", is_code=True)))
    '<p>Cloud Run on Google Cloud ?</p>'
    """
    match block:
        case doc.Table():
            return table_html(replace(block, rows=_named_rows(block)))
        case doc.Paragraph(text, tone, label):
            return paragraph_html(_named_text(text), tone, label)
        case doc.Bullets(items, tone):
            return bullets_html(map(_named_text, items), tone)


def _named_rows(shown: doc.Table) -> tuple[tuple[doc.Inline, ...], ...]:
    return tuple(
        tuple(
            _named_text(_number(cell) if column.is_number else cell)
            for column, cell in zip(shown.columns, row, strict=True)
        )
        for row in shown.rows
    )


def _named_text(text: doc.Inline) -> doc.Inline:
    return tuple(map(_named, doc.pieces(text)))


def _named(piece: str | doc.Text) -> str | doc.Text:
    """An id of a deployment, perhaps with the mark of a state, as its title; so are meters'."""
    if isinstance(piece, str):
        return without_ids(piece)
    if not piece.is_code:
        return replace(piece, text=without_ids(piece.text))
    name, space, mark = piece.text.partition(" ")
    if name not in ALL_DEPLOYMENTS:
        return piece
    return replace(piece, text=f"{full_title(name)}{space}{mark}", is_code=False)


def _number(cell: doc.Inline) -> doc.Inline:
    """The cell of a column of numbers, unless it consists of several pieces."""
    match cell:
        case str():
            return unbroken(cell)
        case doc.Text(text):
            return replace(cell, text=unbroken(text))
        case _:
            return cell


def show_as_table(*blocks: doc.Block) -> None:
    """What a chart shows, as tables on a click."""
    with st.expander("Show as a table", icon=":material/table:"):
        show(blocks)


def show_figures(figures: Iterable[tuple[str, str, str]]) -> None:
    """Figures side by side: the label of each, its value, and what stands below it."""
    st.html(document_html([figures_html(figures)]))


def show_error(error: ErrorMessage | None) -> None:
    """What was asked for, why it was not done and what is shown instead; nothing if all is well."""
    # in a box that is always there: a message does not close what is open below
    with st.container():
        if error is not None:
            _error(error)


def _error(error: ErrorMessage) -> None:
    reasons = [literal(without_ids(line)) for line in error.why.splitlines()]
    why = f" {reasons[0]}" if len(reasons) == 1 else "".join(f"\n- {line}" for line in reasons)
    st.error(f"**{literal(error.what)}:**{why}\n\n{error.instead}", icon=":material/error:")
