"""The view of what the vendors' lists say: what differs first, what could not be read last."""

from __future__ import annotations

from typing import Final

from estimator.format import percent, unit_price
from estimator.pricing.price_files import EVERYWHERE
from estimator.render import document as doc
from estimator.states import Tone
from estimator.vendor_lists.comparison import WRITABLE, Finding
from estimator.vendor_lists.listed import Tiers
from estimator.vendor_lists.report import RefreshReport, Unread
from estimator.vendor_lists.selectors import offer_title

_SHOWN_AT_MOST: Final = 40


def refresh_view(found: RefreshReport) -> doc.Document:
    """One sentence, then what differs, what vanished, what was not read and what was written."""
    notable = found.notable
    return doc.Document(
        found.title,
        doc.shown(
            doc.Paragraph(found.answer, "strong"),
            *(
                doc.Paragraph(
                    f"{offer_title(vendor, offer)}: {percent(share)} of our prices are not in this "
                    "answer. None of it is believed, since vendors have left families out before.",
                    "warning",
                )
                for (vendor, offer), share in found.distrusted.items()
            ),
            _table(notable[:_SHOWN_AT_MOST]),
            doc.folded(
                f"{len(notable) - _SHOWN_AT_MOST:,} more", map(_line, notable[_SHOWN_AT_MOST:])
            ),
            _listed("Not readable", found.unreadable, "warning"),
            doc.folded("Not looked up", map(_unread, found.unchecked)),
            doc.Bullets(found.written, "good") if found.written else None,
        ),
    )


def _table(findings: tuple[Finding, ...]) -> doc.Table:
    return doc.table(
        ("finding", "meter", "region", "ours#", "vendor's#", doc.Column("why", wraps=True)),
        (
            (
                doc.Text(str(each.kind), "plain" if each.kind in WRITABLE else "warning"),
                doc.Text(each.meter, is_code=True),
                _region(each),
                _tiers(each.ours),
                _tiers(each.listed),
                each.detail,
            )
            for each in findings
        ),
    )


def _line(each: Finding) -> doc.Inline:
    prices = f"{_tiers(each.ours)} → {_tiers(each.listed)}"
    return doc.Text(each.meter, is_code=True), f" {_region(each)}, {each.kind}: {prices}"


def _region(each: Finding) -> str:
    return "all regions" if each.region == EVERYWHERE else each.region


def _tiers(tiers: Tiers) -> str:
    """The prices of all tiers, each from its edge on."""
    if not tiers:
        return "none"
    return ", ".join(
        f"{unit_price(float(usd))}{f' from {edge:,f}' if edge else ''}" for edge, usd in tiers
    )


def _listed(title: str, unread: tuple[Unread, ...], tone: Tone) -> doc.Bullets | None:
    if not unread:
        return None
    return doc.Bullets(tuple((f"{title}: ", *_pieces(each)) for each in unread), tone)


def _unread(each: Unread) -> doc.Inline:
    return _pieces(each)


def _pieces(each: Unread) -> tuple[str | doc.Text, ...]:
    return doc.Text(each.what, "strong"), f": {each.reason}"
