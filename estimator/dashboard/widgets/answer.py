"""What is the answer? One sentence, and a card for the best of each group.

The page Estimate shows both, and so does what is read before that page is there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from estimator.analysis.compare import Comparison
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.headline import Best, Headline, hours_text
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
from estimator.scenario.scenario import Scenario
from estimator.states import State
from estimator.units import HALF_A_CENT_USD

CHOSEN_CLOUDS: Final = "clouds"
"""In the address: titles of the clouds that are compared; all of them without."""

LOOKED_FOR: Final = "In 8 of 10 cases: …"
NOT_FOUND: Final = "No range: it could not be found"


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
    best = comparison.headline.best
    least = min((float(each.bill.total) for each in best if each.bill), default=0.0)
    cards = (_card(comparison.scenario, each, least, ranges, run) for each in best)
    return f"{heading_html(answer(comparison))}{cards_html(cards)}"


def _card(
    scenario: Scenario, best: Best, least_usd: float, ranges: Ranges | None, run: str
) -> Iterator[str]:
    """The best of a group, in lines."""
    bill = best.bill
    yield line_html("quiet", f"{capitalized(best.group)}, {best.compared} compared")
    if bill is None:
        none = "It is not" if best.compared == 1 else "None is"
        yield line_html("name", f"{none} within limits.")
        return
    deployment = bill.deployment or ""
    likely = LOOKED_FOR if ranges is None else likely_words(ranges.get(deployment))
    yield line_html("name", bill.name)
    yield line_html("total", dollars(float(bill.total)))
    yield line_html("beside", _beside(bill, least_usd))
    yield line_html("quiet", unit_cost_words(scenario, bill))
    yield late_html(likely, run, deployment)
    if bill.state is not State.WITHIN_LIMITS:
        yield line_html("state", state_text(bill.state, bill.state_words))
        yield line_html("quiet", bill.reason)


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
