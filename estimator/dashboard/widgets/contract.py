"""What did you agree with a vendor? A form beside a bill, for its lines and for commitments.

Both become the contract of the scenario, so that its link and its file hold them, and so that they
apply to every deployment that has such a line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from estimator.dashboard.session.state import Change, bind_optional, changed, press
from estimator.dashboard.widgets.agreement import (
    Price,
    commitments_of,
    is_of_line,
    titles_anywhere,
    titles_on,
    with_commitment,
    with_price,
    without,
)
from estimator.dashboard.widgets.chosen import keeping
from estimator.dashboard.widgets.document import literal
from estimator.format import dollars, number_of, range_text, unit_price
from estimator.pricing.bill import Bill
from estimator.pricing.catalog import Rate
from estimator.pricing.contract import (
    BEST,
    Commitment,
    Contract,
    ContractError,
    ContractRate,
)
from estimator.pricing.price_files import Meter, load_price_files
from estimator.scenario.scenario import Scenario
from estimator.units import HALF_A_CENT_USD

_MILLION: Final = 1_000_000
_SMALL_USD: Final = 1e-4
"""Vendors state prices below it per million."""
_DIGITS: Final = 12
"""Of prices per million and back, without the noise of binary fractions."""
_MOST_TITLES: Final = 3
_MOST_ELSEWHERE: Final = 50
"""Entries without a line on the bill that are listed."""
_AMOUNTS: Final = {
    "covers_usd_per_hour": "USD of use per hour, at list prices, of all of them together",
    "units_per_hour": "Units per hour of each of them",
}


@dataclass(frozen=True, slots=True)
class _Line:
    """What a bill has of one meter, whatever it is used for."""

    rate: Rate
    list_usd: float
    cost_usd: float
    deployment: str
    """Whose bill it is."""

    @property
    def meter(self) -> Meter:
        """What is counted."""
        return self.rate.meter

    @property
    def agreed(self) -> ContractRate | None:
        """What this form has of it: a rate of this meter alone."""
        found = self.rate.contract
        return found if found is not None and is_of_line(found, self.meter.meter) else None

    @property
    def scale(self) -> int:
        """Units that a price is stated for."""
        return _MILLION if float(self.rate.list_tariff.usd_per_unit[0]) < _SMALL_USD else 1

    @property
    def per(self) -> str:
        """The same in words."""
        unit = self.meter.unit
        return f"million {unit}" if self.scale > 1 else unit.removesuffix("s")


def contract_view(scenario: Scenario, bill: Bill) -> None:
    """What is paid instead of list prices on a bill, and widgets to state it."""
    st.markdown(
        "State what you agreed with the vendor, line by line: a discount, or a price instead of "
        "the list price. It applies to every deployment that has the line, and is kept in the "
        "link and the file."
    )
    lines = _lines_of(bill)
    for line in lines:
        _line_form(line)
    with st.expander(
        "Add a commitment", icon=":material/add:", key="commitment", on_change="rerun"
    ) as commitment:
        if commitment.open:
            count = len(commitments_of(scenario))
            _commitment_form(bill.deployment or "", count, lines)
    if bill.contract is not None:
        _agreed(bill, bill.contract)


def _lines_of(bill: Bill) -> list[_Line]:
    """What can be agreed on: each meter of the price list that costs something, the most first."""
    listed = {meter.meter for meter in load_price_files().meters}
    found: dict[str, _Line] = {}
    for item in bill.items:
        name = item.rate.meter_id
        if name not in listed:  # people's time, and what is committed and not used
            continue
        before = found.get(name, _Line(item.rate, 0.0, 0.0, bill.deployment or ""))
        found[name] = replace(
            before,
            list_usd=before.list_usd + float(item.list_usd),
            cost_usd=before.cost_usd + float(item.cost_usd),
        )
    priced = (each for each in found.values() if each.list_usd >= HALF_A_CENT_USD or each.agreed)
    return sorted(priced, key=lambda line: -line.list_usd)


def _line_form(line: _Line) -> None:
    """One line: what it is and costs, and what was agreed on it."""
    words, fields = st.columns(2, vertical_alignment="center")
    with words:
        st.markdown(f"**{literal(line.meter.title)}**  \n:gray[{literal(_costs(line))}]")
    with fields.container(horizontal=True):
        _price_input(line, "percent_off", 1)
        _price_input(line, "usd_per_unit", line.scale)


def _costs(line: _Line) -> str:
    """A line in dollars, at list prices and as agreed."""

    def written(usd: float) -> str:
        return f"${unit_price(_without_noise(usd * line.scale))}"

    at_list = range_text(line.rate.list_tariff.usd_per_unit, written)
    said = f"{dollars(line.list_usd)} per month at the list price of {at_list} per {line.per}"
    if abs(line.list_usd - line.cost_usd) < HALF_A_CENT_USD:
        return said
    # a rate of this line alone stands beside it
    rate = None if line.agreed else line.rate.contract
    terms = f" ({rate.in_words()})" if rate else ""
    return f"{dollars(line.cost_usd)} as agreed{terms}; {said}"


def _price_input(line: _Line, field: Price, scale: int) -> None:
    agreed = getattr(line.agreed, field, None)
    name, title = line.meter.meter, line.meter.title
    is_percent = field == "percent_off"
    st.number_input(
        # not seen, and read out as it is
        f"{title}, {'% off' if is_percent else f'$ per {line.per}'}",
        min_value=0.0,
        max_value=100.0 if is_percent else None,
        step=1.0,
        format="%g",
        icon=":material/percent:" if is_percent else ":material/attach_money:",
        placeholder="off" if is_percent else "per 1M" if scale > 1 else "per unit",
        label_visibility="collapsed",
        **bind_optional(
            f"agreed {field} {name}",
            None if agreed is None else _without_noise(agreed * scale),
            keeping(line.deployment, _agreeing(name, field, scale)),
        ),
    )


def _without_noise(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _agreeing(meter: str, field: Price, scale: int) -> Change:
    def agree(old: Scenario, number: float | None) -> Scenario:
        price = None if number is None else _without_noise(number / scale)
        return with_price(old, meter, field, price)

    return agree


def _commitment_form(deployment: str, count: int, lines: Sequence[_Line]) -> None:
    """What is paid for every hour; once it is added, the fields are others, and empty."""
    titles = {line.meter.meter: line.meter.title for line in lines}
    # what was chosen among other lines is no choice among these
    key = f"commitment {count} of {' '.join(sorted(titles))}"
    with st.form(f"{key} form", border=False, enter_to_submit=False):
        st.multiselect(
            "It covers",
            list(titles),
            format_func=lambda meter: titles[meter],
            placeholder="Choose lines",
            key=f"{key} meters",
        )
        st.radio("Amount", list(_AMOUNTS), format_func=lambda of: _AMOUNTS[of], key=f"{key} of")
        amount, percent, price = st.columns(3)
        _optional(
            amount,
            "Amount per hour",
            f"{key} amount",
            "the best of each bill",
            "It is paid for every hour of the month, used or not. Empty: as much as makes each "
            "bill the lowest.",
        )
        _optional(percent, "% off", f"{key} percent", "such as 28", "Off the list price.", 100.0)
        _optional(
            price,
            "Or $ per unit",
            f"{key} price",
            "with units only",
            "What one committed unit costs per hour.",
        )
        add = press(keeping(deployment, _committing(key)), "This commitment was not added")
        st.form_submit_button("Add this commitment", **add)


def _optional(
    column: DeltaGenerator,
    label: str,
    key: str,
    hint: str,
    explained: str,
    most: float | None = None,
) -> None:
    column.number_input(
        label,
        value=None,
        min_value=0.0,
        max_value=most,
        format="%g",
        placeholder=hint,
        help=explained,
        key=key,
    )


def _committing(key: str) -> Change:
    """The fields are read when the change is made: before, they hold what they held last."""

    def add(old: Scenario, _: Any) -> Scenario:
        meters, of, amount, percent_off, usd_per_unit = (
            st.session_state.get(f"{key} {field}")
            for field in ("meters", "of", "amount", "percent", "price")
        )
        if not meters:
            raise ContractError("choose at least one line that it covers")
        if amount == 0:
            raise ContractError("commit to more than 0 per hour, or leave the amount empty")
        if (percent_off is None) == (usd_per_unit is None):
            raise ContractError("give % off or $ per unit, and not both")
        if usd_per_unit is not None and of != "units_per_hour":
            raise ContractError("$ per unit goes with units per hour: choose them, or give % off")
        price: Any = {"percent_off": percent_off, "usd_per_unit": usd_per_unit, of: amount or BEST}
        said = {name: value for name, value in price.items() if value is not None}
        return with_commitment(old, Commitment(meters=tuple(meters), **said))

    return add


def _agreed(bill: Bill, contract: Contract) -> None:
    """What was agreed, each entry with a way to remove it; first what this bill has lines of."""
    st.markdown(f"**Agreed: {literal(contract.title)}**  \n{literal(_difference(bill))}")
    deployment = bill.deployment or ""
    entries = (*contract.rates, *contract.commitments)
    covered = {entry: titles_on(bill, entry) for entry in entries}
    for entry, titles in covered.items():
        if titles:
            _entry(deployment, entry, titles)
    elsewhere = [entry for entry, titles in covered.items() if not titles]
    if elsewhere:
        _elsewhere(deployment, elsewhere)
    st.button(
        "Back to list prices",
        key="contract_removed",
        icon=":material/undo:",
        help="Removes all of it, for every deployment.",
        **press(keeping(deployment, lambda old, _: changed(old, contract=None))),
    )


def _difference(bill: Bill) -> str:
    """A total beside that at list prices."""
    usd = float(bill.total - bill.list_total)
    if abs(usd) < HALF_A_CENT_USD:
        return f"This bill: {dollars(bill.total)} per month, the same as at list prices."
    way = "less" if usd < 0 else "more"
    than = f"{dollars(abs(usd))} {way} than at list prices"
    return f"This bill: {dollars(bill.total)} per month, {than}."


def _elsewhere(deployment: str, entries: Sequence[ContractRate | Commitment]) -> None:
    """What changes nothing on this bill, on a click."""
    folded = st.expander(
        f"Agreed, and on no line of this bill: {number_of(len(entries), 'term')}",
        key="agreed_elsewhere",
        on_change="rerun",
    )
    if not folded.open:
        return
    with folded:
        for entry in entries[:_MOST_ELSEWHERE]:
            _entry(deployment, entry, titles_anywhere(entry))
        if len(entries) > _MOST_ELSEWHERE:
            st.caption(f"And {len(entries) - _MOST_ELSEWHERE:,} more.")


def _entry(deployment: str, entry: ContractRate | Commitment, titles: Sequence[str]) -> None:
    """What was agreed in words, and a button that takes it back."""
    named = ", ".join(titles[:_MOST_TITLES])
    more = f" and {len(titles) - _MOST_TITLES:,} more" if len(titles) > _MOST_TITLES else ""
    where = f" in {', '.join(entry.regions)}" if entry.regions else ""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(literal(f"{named}{more}{where}: {entry.in_words()}"))
        st.button(
            "Remove",
            key=f"remove {entry.model_dump_json(exclude_unset=True)}",
            type="tertiary",
            icon=":material/delete:",
            **press(keeping(deployment, lambda old, _: without(old, entry))),
        )
