"""What is the answer? One sentence, and a card for the best of each group.

The page Estimate shows both, and so does what is read before that page is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from estimator.analysis.compare import Comparison
from estimator.analysis.estimate import Estimate
from estimator.analysis.headline import Headline, hours_text
from estimator.analysis.uncertainty.total_ranges import P10ToP90
from estimator.analysis.unit_cost import unit_cost_words
from estimator.dashboard.session.jobs import Ranges
from estimator.dashboard.widgets.document import full_title
from estimator.dashboard.widgets.texts import (
    cards_html,
    heading_html,
    late_html,
    line_html,
)
from estimator.deployments.registry import ALL_DEPLOYMENTS, GROUPS, Group
from estimator.format import capitalized, dollars
from estimator.pricing.bill import Bill
from estimator.render.document import Inline, Text, state_text
from estimator.states import State
from estimator.units import HALF_A_CENT_USD

CHOSEN_CLOUDS: Final = "clouds"
"""In the address: titles of the clouds that are compared; all of them without."""

LOOKED_FOR: Final = "In 8 of 10 cases: …"
NOT_FOUND: Final = "No range: it could not be found"


@dataclass(frozen=True, slots=True)
class Card:
    """The best of a group, in words."""

    group: str
    """Its name, and how many were compared."""
    bill: Estimate | None
    """None if none is within limits; then only ``none`` is said."""
    none: str = ""
    total: str = ""
    beside: str = ""
    """How the total compares with the least; empty for what may not be called the cheapest."""
    per_unit: str = ""
    likely: str = ""
    """From what to what the total goes; dots hold the place of what is still to be found."""


def answer(comparison: Comparison) -> Inline:
    """What it costs to buy it and to run it, and what decides between them, in one sentence."""
    bills, within = comparison.bills, comparison.within_limits
    if not bills:
        return "No deployment can be priced for this scenario."
    if not within:
        which = "No deployment is" if len(bills) > 1 else "The only deployment compared is not"
        return f"{which} within limits in this scenario; the limits are below."
    found = comparison.headline
    best = {each.group: each.bill for each in found.best if each.bill is not None}
    managed = best.get("managed")
    run = min(
        (bill for group, bill in best.items() if group != "managed"),
        key=lambda bill: float(bill.total),
        default=None,
    )
    if managed is None or run is None:
        [only] = [bill for bill in (managed, run) if bill is not None]
        other = (
            _none_of("no managed service", GROUPS[:1], comparison)
            if managed is None
            else _none_of("nothing that you run yourself", GROUPS[1:], comparison)
        )
        name = full_title(only.deployment or "")
        return "It costs ", _usd(only), f" per month with {name}; {other}."
    saved = float(managed.total) - float(run.total)
    bought = "It costs ", _usd(managed), " per month as a managed service"
    if abs(saved) < HALF_A_CENT_USD:
        return *bought, ", and as much if you run it yourself."
    if saved < 0:
        return *bought, ", and more if you run it yourself: ", _usd(run), "."
    paid = _what_it_pays(found, saved)
    saves = f" if you run it yourself. That saves {dollars(saved)}"
    return *bought, ", or ", _usd(run), saves, *paid, "."


def _what_it_pays(found: Headline, saved: float) -> tuple[str | Text, ...]:
    """What dollars saved buy of people's time; nothing if that costs nothing."""
    if found.has_hours:
        return (", the hours that you state included",)
    rate = found.usd_per_engineer_hour
    if not rate:
        return ()
    if saved < rate:
        return ", less than an engineer costs in ", Text("an hour", "strong")
    return ", the price of ", Text(hours_text(saved / rate), "strong"), " of an engineer"


def _none_of(nothing: str, groups: Sequence[Group], compared: Comparison) -> str:
    """Why some groups have nothing to choose: none is within limits, priced, or compared at all."""
    if any(each.group in groups for each in compared.headline.best):
        return f"{nothing} is within limits"
    refused = {ALL_DEPLOYMENTS.entries[each.deployment].group for each in compared.refusals}
    return f"{nothing} {'was compared' if refused.isdisjoint(groups) else 'has a price here'}"


def _usd(bill: Bill) -> Text:
    return Text(dollars(float(bill.total)), "strong")


def answer_html(comparison: Comparison, ranges: Ranges | None, run: str = "") -> str:
    """The sentence and its cards, inside a document; one piece, so that all of it changes at once.

    Args:
        comparison: what is shown.
        ranges: of totals, if they are known by now.
        run: that will find them; empty if they are known, or if nobody will ask.
    """
    cards = (_lines(each, run) for each in cards_of(comparison, ranges))
    return f"{heading_html(answer(comparison))}{cards_html(cards)}"


def _lines(card: Card, run: str) -> Iterator[str]:
    yield line_html("quiet", card.group)
    bill = card.bill
    if bill is None:
        yield line_html("name", card.none)
        return
    yield line_html("name", bill.name)
    yield line_html("total", card.total)
    yield line_html("beside", card.beside)
    yield line_html("quiet", card.per_unit)
    yield late_html(card.likely, run, bill.deployment or "")
    if bill.state is not State.WITHIN_LIMITS:
        yield line_html("state", state_text(bill.state, bill.state_words))
        yield line_html("quiet", bill.reason)


def cards_of(comparison: Comparison, ranges: Ranges | None) -> list[Card]:
    """A card for each group that is compared.

    Args:
        comparison: what is shown.
        ranges: of totals, if they are known by now.
    """
    best = comparison.headline.best
    least = min((float(each.bill.total) for each in best if each.bill), default=0.0)
    cards = []
    for each in best:
        group = f"{capitalized(each.group)}, {each.compared} compared"
        if each.bill is None:
            none = "It is not" if each.compared == 1 else "None is"
            cards.append(Card(group, None, f"{none} within limits."))
            continue
        cards.append(
            Card(
                group,
                each.bill,
                total=dollars(float(each.bill.total)),
                beside=_beside(each.bill, least),
                per_unit=unit_cost_words(comparison.scenario, each.bill),
                likely=(
                    LOOKED_FOR
                    if ranges is None
                    else likely_words(ranges.get(each.bill.deployment or ""))
                ),
            )
        )
    return cards


def likely_words(range_usd: P10ToP90 | None) -> str:
    """From what to what a total goes.

    Args:
        range_usd: P10 and P90; None where nothing is uncertain.

    >>> likely_words((606.75, 1642.0))
    'In 8 of 10 cases: $606.75–$1,642'
    """
    if range_usd is None:
        return "No range: nothing is uncertain"
    return "In 8 of 10 cases: " + "–".join(map(dollars, range_usd))


def _beside(bill: Estimate, least: float) -> str:
    total = float(bill.total)
    if not bill.state.is_within_limits:
        return ""
    ratio = f"{total / least:,.1f} times the cheapest" if least else "the cheapest is free"
    return "cheapest" if total == least else ratio
