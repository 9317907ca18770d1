"""The views of bills: one of them line by line, or those of many deployments side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import urlsplit

import numpy as np

from estimator.analysis.assumed_defaults import WORTH_SAYING
from estimator.analysis.compare import Comparison, cheapest_of_each_cloud, most_assumed
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.headline import main_drivers
from estimator.format import (
    dollars,
    dollars_and_cents,
    percent,
    quantity_text,
    range_text,
    signed_dollars,
)
from estimator.pricing.bill import FREE_IF_UNUSED, AssumptionEffect, Bill
from estimator.pricing.lines import LineItem
from estimator.pricing.price_age import oldest_words
from estimator.pricing.price_files import LAYERS, CostLayer, Meter
from estimator.render import document as doc
from estimator.render.views.common import bill_state, name_cells, name_columns, refused, under
from estimator.states import State, Tone

_DOUBTS: Final = {"confirmed": "", "single_source": " *", "inferred": " **"}
_SAID: Final = {
    State.OVER_LIMIT: "cannot carry this load",
    State.NOT_CHECKED: "may carry this load or not",
    State.BEYOND_QUOTA: "can hardly carry this load",
    State.QUOTA: "needs attention",
    State.SETTING: "needs attention",
    State.NEAR_LIMIT: "needs attention",
}
_WORTH_SAYING: Final = 0.1
"""Part of a total, from which a vendor's starting value stands beside a comparison."""
_WORTH_ASKING_USD: Final = 1.0
_FOOTNOTE: Final = "* price seen in one source only   ** price at least partly inferred"


def comparison_view(compared: Comparison) -> doc.Document:
    """Monthly cost of every deployment, cheapest first."""
    problems = tuple(_problems(compared))
    layers: list[CostLayer] = [
        layer for layer in LAYERS if any(np.any(bill.by_layer[layer]) for bill in compared.bills)
    ]
    costs = doc.table(
        (
            *name_columns(),
            doc.Column("run by", media=doc.MEDIA - {"terminal"}),
            doc.Column("per month", is_number=True, tone="strong"),
            *(doc.Column(layer, is_number=True) for layer in layers),
            doc.Column("of which", wraps=True, media=doc.MEDIA - {"terminal"}),
        ),
        (
            (
                *name_cells(bill.deployment, bill),
                bill.group or "",
                range_text(bill.total, dollars),
                *(range_text(bill.by_layer[layer], dollars) for layer in layers),
                main_drivers(bill),
            )
            for bill in compared.bills
        ),
        tones=("plain" if each.state.is_within_limits else "struck" for each in compared.bills),
    )
    return doc.Document(
        f"{compared.title}: US dollars per month",
        (
            *_headline(compared),
            costs,
            *_unequal(compared),
            *_assumed_of_cheapest(compared),
            doc.Folded(f"Near limits, beyond them, or not checked ({len(problems)})", problems),
            under(compared.conventions),
            refused(compared.refusals),
        ),
    )


def _headline(compared: Comparison) -> Iterator[doc.Block]:
    """The best of each group, and what decides between them."""
    if compared.bills and not compared.scenario.many:
        yield doc.Bullets(compared.headline.sentences)


def reasons_blocks(compared: Comparison) -> Iterator[doc.Block]:
    """What could change a comparison: answers of vendors, assumptions, and what is not equal."""
    yield from _largest_question(compared)
    yield from _assumed_of_cheapest(compared)
    yield from _unequal(compared)


def _largest_question(compared: Comparison) -> Iterator[doc.Paragraph]:
    """Of the best of each group, the open question on whose answer most depends."""
    found = [
        (float(usd), bill, effect, answer)
        for bill in (each.bill for each in compared.headline.best if each.bill is not None)
        for effect in bill.effects
        for answer, usd in effect.change_usd.items()
    ]
    asked = [one for one in found if abs(one[0]) >= _WORTH_ASKING_USD]
    for usd, bill, effect, answer in sorted(asked, key=lambda one: -abs(one[0]))[:1]:
        yield doc.Paragraph(
            f"{effect.assumption.question} If the answer is "
            f"“{effect.assumption.choices[answer]}”, {bill.name} costs {dollars(abs(usd))} "
            f"{'more' if usd > 0 else 'less'} per month.",
            label="The open question with the largest effect",
        )


def _unequal(compared: Comparison) -> Iterator[doc.Block]:
    """What cannot be made equal, what is shared, and what vendors start with; a line per row."""
    lines = [
        (doc.Text(bill.deployment or "", is_code=True), f": {'; '.join(map(str, differences))}")
        for bill in compared.bills
        if (differences := bill.differences)
    ]
    yield doc.folded("Not the same job, and what would make it so", lines)
    free = [
        (doc.Text(bill.deployment or "", is_code=True), f": {_free_words(bill)}")
        for bill in compared.bills
        if not np.ndim(bill.total) and float(bill.free_worth_usd) >= 1
    ]
    yield doc.folded("Free only if nothing else in the account uses it", free)
    starting = [
        (doc.Text(bill.deployment or "", is_code=True), f": {each}")
        for bill in compared.bills
        for each in bill.starting_values
        if abs(each.change_usd or 0.0) > _WORTH_SAYING * float(bill.total)
    ]
    yield doc.folded("What vendors start with, where it moves a total by over a tenth", starting)


def _free_words(bill: Bill) -> str:
    """What is free because nothing else uses it, and what that is worth."""
    parts = sorted(bill.shared_allowances, key=lambda each: -float(each.worth_usd))
    named = ", ".join(each.allowance.shares for each in parts)
    return f"{dollars(bill.free_worth_usd)} ({named})"


def _assumed_of_cheapest(compared: Comparison) -> Iterator[doc.Paragraph]:
    """Of the cheapest of each cloud, the assumed default that moves its total most."""
    for bill in cheapest_of_each_cloud(compared.within_limits):
        if bill.assumed_defaults:
            name = doc.Text(bill.deployment or "", is_code=True)
            yield doc.Paragraph((name, f", {most_assumed(bill)}"), label="Assumed")


def _problems(compared: Comparison) -> Iterator[doc.Paragraph]:
    """What is not simply within limits, the worst first, each with its reason."""
    for state in reversed(State):
        for bill in compared.bills:
            if bill.state is state and state is not State.WITHIN_LIMITS:
                said = f"{bill.deployment} {_SAID[state]}. {bill.reason}"
                yield doc.Paragraph(said, state.tone, state.mark)


def bill_view(bill: Bill) -> doc.Document:
    """What was counted and what it costs, what to know before trusting it, what could move it."""
    verdicts = bill.verdicts if isinstance(bill, Estimate) else ()
    return doc.Document(
        _bill_title(bill),
        (
            *_counted(bill),
            doc.folded(
                "Limits", (doc.Text(v.explain(), _quiet_if_good(v.state)) for v in verdicts)
            ),
            *_known(bill),
            doc.Folded(
                "What the vendor leaves open, and what another answer would change",
                ()
                if np.ndim(bill.total)
                else tuple(b for e in bill.effects for b in _open_question(e)),
            ),
            doc.only(
                ["notebook"],
                doc.Paragraph(
                    ".explain() tells how each line came to be, .assumptions lists what is open "
                    "and what each answer changes.",
                    "quiet",
                ),
            ),
        ),
    )


def calculation_view(bill: Bill) -> doc.Document:
    """The same without limits and open questions, for a page that has those beside it."""
    oldest = "" if np.ndim(bill.total) else oldest_words(bill.items)
    return doc.Document(_bill_title(bill), (*_counted(bill), under(oldest), *_known(bill)))


def _bill_title(bill: Bill) -> str:
    return f"{bill.title}, {bill.region}: {bill.total_text} per month"


def _counted(bill: Bill) -> Iterator[doc.Block]:
    """What was counted and what it costs."""
    if isinstance(bill, Estimate):
        yield doc.Paragraph(bill_state(bill))
    yield _bounds(bill) if np.ndim(bill.total) else _lines(bill)
    if not bill.deployment:
        yield from _to_enter(bill)
    doubtful = any(_DOUBTS[item.rate.confidence] for item in bill.items)
    yield doc.Paragraph(_FOOTNOTE if doubtful else "", "quiet")
    yield from _shared(bill)
    yield from _assumed(bill)
    yield doc.Paragraph(_sizing_text(bill), label="Sizing")
    yield under(bill.conventions)


def _known(bill: Bill) -> Iterator[doc.Block]:
    """What to know before trusting it."""
    yield from _layers(bill)
    yield doc.folded("Calendar", () if np.ndim(bill.total) else _calendar(bill))
    yield from _of_estimate(bill)
    yield doc.folded("Notes", bill.notes)
    yield doc.folded("What one unit is", () if bill.deployment else _definitions(bill))
    yield doc.folded("Not modeled", bill.not_modeled)


def _layers(bill: Bill) -> Iterator[doc.Paragraph]:
    """What the total is for, where it is for more than messaging."""
    used = [(layer, usd) for layer, usd in bill.by_layer.items() if np.any(usd)]
    if len(used) > 1:
        parts = ", ".join(f"{layer} {range_text(usd, dollars_and_cents)}" for layer, usd in used)
        yield doc.Paragraph(parts, label="Layers")


def _of_estimate(bill: Bill) -> Iterator[doc.Block]:
    """What is not the same job, what the vendor starts with, and who has what work."""
    if not isinstance(bill, Estimate):
        return
    yield doc.folded("Not the same job as its rivals", map(str, bill.differences))
    yield doc.folded("What the vendor starts with", map(str, bill.starting_values))
    yield doc.folded(
        "Work that it leaves to you",
        ((doc.Text(duty.title, link=duty.source),) for duty in bill.duties.values()),
    )


def _assumed(bill: Bill) -> Iterator[doc.Block]:
    """Defaults that nobody published, beside the total that they move."""
    if isinstance(bill, Estimate) and bill.assumed_defaults:
        yield doc.Paragraph(
            f"Assumed, and moves the total by more than {WORTH_SAYING:.0%} or across a limit:"
        )
        yield doc.Bullets(tuple(each.explain() for each in bill.assumed_defaults))


def _shared(bill: Bill) -> Iterator[doc.Block]:
    """What the bill takes as free although the whole account has it once."""
    if bill.shared_allowances:
        yield doc.Paragraph(
            f"{FREE_IF_UNUSED}: {range_text(bill.free_worth_usd, dollars_and_cents)}"
        )
        yield doc.Bullets(
            tuple(
                f"{range_text(each.worth_usd, dollars_and_cents)}: {each.words}"
                for each in bill.shared_allowances
            ),
            "quiet",
        )


def _calendar(bill: Bill) -> Iterator[str]:
    """What happens only sometimes, and what it adds."""
    return (each.explain() for each in bill.calendar) if isinstance(bill, Estimate) else iter(())


def _to_enter(bill: Bill) -> Iterator[doc.Paragraph]:
    """Of meters that count one thing several times, or in part, what somebody must enter."""
    for meter in _meters(bill):
        if meter.enter:
            yield doc.Paragraph(f"{meter.title}: {meter.enter}", label="Check")


def _definitions(bill: Bill) -> Iterator[doc.Text]:
    """What the quantities that somebody entered must count."""
    return (doc.Text(f"{meter.title}: {meter.definition}") for meter in _meters(bill))


def _meters(bill: Bill) -> Iterable[Meter]:
    """Those on a bill, each once."""
    return {item.rate.meter_id: item.rate.meter for item in bill.items}.values()


def _sizing_text(bill: Bill) -> str:
    """What must run, and how much of it each resource takes; empty without units."""
    sizing = bill.sizing if isinstance(bill, Estimate) else None
    if sizing is None:
        return ""
    count = range_text(sizing.peak_units)
    units = sizing.unit if count == "1" else f"{sizing.unit}s"
    machines = f" ({' or '.join(sizing.machines)})" if sizing.machines else ""
    kept = f", {sizing.kept}" if sizing.kept else ""
    used = ", ".join(f"{name} {range_text(of, percent)}" for name, of in sizing.shares.items())
    return (
        f"{count} {units}{machines} in the busiest hour{kept}, decided by "
        f"{sizing.binding_of_largest}; of what they are planned to carry: {used}."
    )


def _quiet_if_good(state: State) -> Tone:
    return "quiet" if state is State.WITHIN_LIMITS else state.tone


def _open_question(effect: AssumptionEffect) -> Iterator[doc.Block]:
    asked = effect.assumption
    yield doc.Paragraph((f"{asked.question} ", doc.Text(f"[{asked.id}: {effect.chosen}]", "quiet")))
    yield doc.Bullets(
        tuple(
            f"{answer}: {signed_dollars(float(change))} ({asked.choices[answer]})"
            for answer, change in effect.change_usd.items()
        ),
        "quiet",
    )


def _lines(bill: Bill) -> doc.Table:
    """Where there is room, with the page on which each price was seen."""
    columns = (
        doc.Column("line", wraps=True),
        doc.Column("quantity", is_number=True, wraps=True),
        doc.Column("tiers and prices", wraps=True),
        *([doc.Column("at list price", is_number=True, wraps=True)] if bill.contract else []),
        doc.Column("cost", is_number=True, tone="strong"),
        doc.Column("price seen at", media=doc.MEDIA - {"terminal"}),
    )

    in_several = len({item.usage.region for item in bill.items}) > 1

    def row(item: LineItem) -> tuple[doc.Inline, ...]:
        rate, meter = item.rate, item.rate.meter
        host = urlsplit(rate.source).hostname or rate.source
        where = f" in {item.usage.region}" if in_several else ""
        return (
            f"{meter.service}: {item.title}{where}{_DOUBTS[rate.confidence]}",
            f"{quantity_text(item.usage.quantity)} {meter.unit}",
            item.tiers_text(),
            *([dollars_and_cents(item.list_usd)] if bill.contract else []),
            dollars_and_cents(item.cost_usd),
            doc.Text(f"{host}, {rate.checked_on}", link=rate.source),
        )

    at_list = [dollars_and_cents(bill.list_total)] if bill.contract else []
    total = ("total", "", "", *at_list, dollars_and_cents(bill.total), "")
    tones: list[Tone] = ["plain" for _ in bill.items]
    return doc.table(columns, (*map(row, bill.items), total), tones=(*tones, "strong"))


def _bounds(bill: Bill) -> doc.Table:
    """The least and the most of many scenarios."""
    parts = (*bill.by_driver.items(), ("total", bill.total))
    return doc.table(
        (f"{np.size(bill.total):,} scenarios", "least#", "most#"),
        (
            (name, dollars_and_cents(np.min(usd)), dollars_and_cents(np.max(usd)))
            for name, usd in parts
        ),
        tones=(*("plain" for _ in bill.by_driver), "strong"),
    )
