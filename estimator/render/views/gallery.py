"""The view of the gallery: what each app costs, why, what breaks first, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from estimator.analysis.gallery.result import App, Gallery, GroupBest
from estimator.analysis.headline import main_drivers
from estimator.deployments.registry import GROUPS
from estimator.format import capitalized, count_text, given_text, percent, short_dollars
from estimator.render import document as doc
from estimator.render.views.common import refused, under
from estimator.render.views.profiles import profiles_view

_WIDE: Final = doc.MEDIA - {"terminal"}
"""Where a table has room for every column."""
_NONE: Final = "none within limits"


def gallery_view(gallery: Gallery) -> doc.Document:
    """All apps beside each other, then each by itself."""
    return doc.Document(gallery.title, tuple(_blocks(gallery)))


def workloads_page(gallery: Gallery, *parts: doc.Document) -> doc.Document:
    """The gallery as a page, with what else there is to know of its profiles below.

    Args:
        gallery: what each app costs.
        parts: further documents, one below the other.
    """
    profiles = profiles_view(app.profile for app in gallery.apps)
    below = (block for part in (profiles, *parts) for block in _part(part))
    return doc.Document(gallery.title, (*_blocks(gallery), *below))


def _part(part: doc.Document) -> Iterator[doc.Block]:
    yield doc.Paragraph(part.title, "strong")
    yield from part.blocks


def _blocks(gallery: Gallery) -> Iterator[doc.Block]:
    yield doc.Paragraph(
        f"Each app with {count_text(gallery.peak_connections)} connections of its main clients at "
        "the peak, on top of which come couriers, agents and the like, and the best deployment "
        "within limits of each group: US "
        f"dollars per month, in parentheses P10–P90 ({gallery.samples:,} draws, over what the "
        "evidence of the profile leaves open and what vendors do not say). The amount itself, "
        "which decides what is best, takes every default as it stands, so it can be outside that "
        "range. Realtime SaaS is not compared."
    )
    groups = [doc.Column(group, wraps=True) for group in GROUPS]
    yield doc.table(
        (doc.Column("app", wraps=True), *groups), (tuple(_amounts(app)) for app in gallery.apps)
    )
    for app in gallery.apps:
        yield from _app(app, gallery)
    yield under(gallery.conventions)
    yield refused(gallery.refusals)


def _amounts(app: App) -> Iterator[str]:
    """The app, and what the best of each group costs."""
    yield app.title
    by_group = {each.best.group: each for each in app.groups}
    for group in GROUPS:
        yield _amount(by_group[group]) if group in by_group else ""


def _amount(one: GroupBest) -> str:
    bill = one.best.bill
    return _NONE if bill is None else f"{short_dollars(float(bill.total))} ({one.range_words})"


def _app(app: App, gallery: Gallery) -> Iterator[doc.Block]:
    times = given_text(gallery.growth)
    grown = count_text(gallery.growth * gallery.peak_connections)
    about = app.scenario.profile.description
    yield doc.Paragraph((doc.Text(app.title, "strong"), f": {about}" if about else ""))
    yield doc.table(
        (
            doc.Column("group", wraps=True, media=_WIDE),
            doc.Column("deployment", wraps=True),
            doc.Column("per month", is_number=True, tone="strong"),
            doc.Column("P10–P90", media=_WIDE),
            doc.Column("what drives it", wraps=True),
            doc.Column(f"breaks first up to {grown}", wraps=True),
            doc.Column(f"at {times} times", is_number=True, media=_WIDE),
        ),
        (tuple(_cells(each)) for each in app.groups),
    )
    yield doc.Bullets(
        tuple(
            f"Open at {each.best.bill.name}: {each.costly_answer}"
            for each in app.groups
            if each.best.bill is not None and each.costly_answer is not None
        )
    )
    yield doc.Paragraph(app.advice, label="Advice:")


def _cells(one: GroupBest) -> Iterator[doc.Inline]:
    bill = one.best.bill
    yield capitalized(one.best.group)
    if bill is None:
        yield from (f"none of {one.best.compared} is within limits", *[""] * 5)
        return
    yield doc.Text(bill.deployment or "", is_code=True)
    yield short_dollars(float(bill.total))
    within = percent(one.within_limits_share)
    over = "" if one.within_limits_share == 1 else f", within limits in {within} of the draws"
    yield f"{one.range_words}{over}"
    yield main_drivers(bill)
    yield one.breaks_words
    yield short_dollars(one.grown_usd)
