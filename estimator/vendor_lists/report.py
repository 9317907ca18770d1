"""What did a look into the vendors' lists find? All findings, and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from estimator.format import number_of
from estimator.result import Refusal, Result
from estimator.vendor_lists.comparison import MOST_VANISHED, Finding, Kind, vanished_share
from estimator.vendor_lists.listed import Tiers

NOTHING_CHANGED: Final = 0
UNREADABLE: Final = 2
CHANGES_FOUND: Final = 3


@dataclass(frozen=True, slots=True)
class Unread:
    """A list, or an answer, that could not be read."""

    what: str
    reason: str


@dataclass(frozen=True)
class RefreshReport(Result):
    """Every price that was looked up at its vendor, and what could not be."""

    schema: ClassVar[str] = "refresh"
    instead_of_bills: ClassVar[str] = "it is about prices; see its findings"

    findings: tuple[Finding, ...]
    """By offer, meter and region."""
    unreadable: tuple[Unread, ...] = ()
    """Answers that are no price lists, not whole, or did not come."""
    unchecked: tuple[Unread, ...] = ()
    """Prices that nobody looked up, and why: read by hand, or a key is missing."""
    written: tuple[str, ...] = ()
    """What was written to the price list, in words."""
    refusals: tuple[Refusal, ...] = ()

    @property
    def title(self) -> str:
        """What was asked, for the head of a table."""
        return "Our prices beside the vendors' own lists"

    @property
    def counts(self) -> Mapping[Kind, int]:
        """How many findings there are of each kind, in the order of kinds."""
        found = Counter(each.kind for each in self.findings)
        return {kind: found[kind] for kind in Kind if found[kind]}

    @property
    def notable(self) -> tuple[Finding, ...]:
        """Findings that ask for something."""
        return tuple(each for each in self.findings if not each.is_quiet)

    @property
    def distrusted(self) -> Mapping[tuple[str, str], float]:
        """Vendors and offers of which too much vanished to believe any of it, with that part."""
        return distrusted(self.findings)

    @property
    def exit_status(self) -> int:
        """0 if nothing changed, 3 if something did, 2 if something could not be read."""
        if self.unreadable:
            return UNREADABLE
        return CHANGES_FOUND if self.notable else NOTHING_CHANGED

    @property
    def answer(self) -> str:
        """What was found, in one sentence."""
        if not self.findings:
            return "No price was looked up."
        said = ", ".join(f"{number:,} {kind}" for kind, number in self.counts.items())
        return f"{number_of(len(self.findings), 'price')} looked up: {said}."

    def _data(self) -> dict[str, Any]:
        return {
            "answer": self.answer,
            "counts": {str(kind): number for kind, number in self.counts.items()},
            "findings": [_finding_data(each) for each in self.notable],
            "distrusted": [
                {"vendor": vendor, "offer": offer, "vanished_share": share}
                for (vendor, offer), share in self.distrusted.items()
            ],
            "unreadable": [_unread_data(each) for each in self.unreadable],
            "unchecked": [_unread_data(each) for each in self.unchecked],
            "written": list(self.written),
        }


def distrusted(findings: Iterable[Finding]) -> Mapping[tuple[str, str], float]:
    """Vendors and offers of which too much vanished, with the part that did."""
    by_offer: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        by_offer.setdefault((each.vendor, each.offer), []).append(each)
    shares = {offer: vanished_share(of_offer) for offer, of_offer in by_offer.items()}
    return {offer: share for offer, share in shares.items() if share > MOST_VANISHED}


def _finding_data(each: Finding) -> dict[str, Any]:
    return {
        "finding": str(each.kind),
        "meter": each.meter,
        "region": each.region,
        "offer": each.offer,
        "ours": _tier_data(each.ours),
        "vendors": _tier_data(each.listed),
        "ratio": each.ratio,
        "since": each.since and each.since.isoformat(),
        "read_on": each.read_on and each.read_on.isoformat(),
        "source_of": each.of_day and each.of_day.isoformat(),
        "checked_on": each.checked_on and each.checked_on.isoformat(),
        "ids": list(each.ids),
        "may_write": each.may_write,
        "detail": each.detail,
    }


def _tier_data(tiers: Tiers) -> list[dict[str, float]]:
    return [{"tier_from": float(edge), "usd_per_unit": float(usd)} for edge, usd in tiers]


def _unread_data(each: Unread) -> dict[str, str]:
    return {"what": each.what, "reason": each.reason}
