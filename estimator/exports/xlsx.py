"""How does a spreadsheet go on with an estimate? As a workbook whose totals follow its cells.

Each deployment has a sheet: quantities, free units, tiers and prices are cells, and costs are
formulas of them. On the first sheet are the totals, and factors by which quantities can be
multiplied; beside each bill, open questions whose answers can be changed.

What a formula cannot follow is said on the first sheet: sizes of fleets, and what lines share, stay
as they are.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from estimator.errors import EstimatorError
from estimator.exports.contents import Contents, state_of
from estimator.pricing.bill import AssumptionEffect, Bill
from estimator.pricing.lines import LineItem
from estimator.pricing.price_files import DRIVERS, LAYERS, Driver
from estimator.render.printable import printable

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

_LONGEST_NAME: Final = 31
_LONGEST_TEXT: Final = 32_767
_LONGEST_LINK: Final = 2_079
"""What Excel takes (https://xlsxwriter.readthedocs.io/worksheet.html)."""
_TOTALS: Final = "Totals"
_SCENARIO: Final = "Scenario"
_FACTORS: Final = "factor_of_quantities"
_CANNOT_FOLLOW: Final = (
    "Shaded cells can be changed. Quantities are multiplied as they stand: how many machines or "
    "units run is worked out by the estimator and not here, and allowances and tiers that several "
    "lines share stay where they are. The effects of several answers are added up."
)
_COLUMNS: Final = (
    ("Layer", 12),
    ("Driver", 18),
    ("Line", 44),
    ("Region", 15),
    ("Quantity", 18),
    ("Unit", 20),
    ("Free units", 16),
    ("Used before", 14),
    ("Tier from", 14),
    ("Tier to", 14),
    ("Units in the tier", 18),
    ("USD per unit", 14),
    ("List USD per unit", 16),
    ("USD per month", 14),
    ("Source of the price", 50),
    ("Checked", 12),
    ("Confidence", 14),
    ("How it is counted", 80),
)
_AT: Final = {title: number for number, (title, _) in enumerate(_COLUMNS)}


def write(contents: Contents) -> bytes:
    """The workbook.

    Raises:
        EstimatorError: XlsxWriter is not installed.
    """
    try:
        import xlsxwriter
    except ImportError:
        raise EstimatorError(
            "a workbook needs XlsxWriter, which is not installed: pip install "
            "'websocket-estimator[export]'"
        ) from None
    file = BytesIO()
    # what people wrote is a text, whatever it begins with
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    workbook = xlsxwriter.Workbook(file, options)
    made = dt.datetime.combine(contents.made_on, dt.time())
    workbook.set_properties({"title": _text(contents.result.title), "created": made})
    _Book(workbook, contents).write()
    workbook.close()
    return file.getvalue()


@dataclass
class _Book:
    """The sheets of a workbook."""

    workbook: Workbook
    contents: Contents
    styles: dict[str, Format] = field(default_factory=dict[str, Any])

    def write(self) -> None:
        looks: Mapping[str, Mapping[str, object]] = {
            "title": {"bold": True, "font_size": 14},
            "head": {"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"},
            "bold": {"bold": True},
            "usd": {"num_format": "$#,##0.00"},
            "sum": {"num_format": "$#,##0.00", "bold": True, "top": 1},
            "price": {"num_format": "0.############"},
            "number": {"num_format": "#,##0.######"},
            "price input": {"num_format": "0.############", "bg_color": "#FFF2CC"},
            "number input": {"num_format": "#,##0.######", "bg_color": "#FFF2CC"},
            "input": {"bg_color": "#FFF2CC"},
            "wrapped": {"text_wrap": True, "valign": "top"},
        }
        self.styles = {name: self.workbook.add_format(dict(look)) for name, look in looks.items()}
        totals = self.workbook.add_worksheet(_TOTALS)
        names = _sheet_names(self.contents.bills)
        sheets = [
            self._bill(bill, name) for bill, name in zip(self.contents.bills, names, strict=True)
        ]
        self._totals(totals, sheets)
        self._scenario()

    def _totals(self, sheet: Worksheet, sheets: Sequence[_BillSheet]) -> None:
        style = self.styles
        sheet.write_string(0, 0, _text(self.contents.result.title), style["title"])
        sheet.set_column(0, 0, 46)
        sheet.set_column(1, 7, 18)
        row = 1
        for line in (
            "An estimate, not an invoice; USD per month.",
            *self.contents.about,
            *([sheets[0].bill.conventions] if sheets else []),
            _CANNOT_FOLLOW,
        ):
            sheet.write_string(row, 0, _text(line))
            row += 1
        row = self._factors(sheet, row + 1)
        heads = ("Deployment", "Limits", "USD per month", *LAYERS, "P10", "P90")
        sheet.write_row(row, 0, heads, style["head"])
        first = row + 1
        for row, each in enumerate(sheets, start=first):
            self._total(sheet, row, each)
        if sheets:
            self._chart(sheet, first, first + len(sheets) - 1)

    def _factors(self, sheet: Worksheet, row: int) -> int:
        """One cell for each driver, by which quantities are multiplied; the next free row."""
        sheet.write_row(row, 0, ("Multiply the quantities of", "by"), self.styles["head"])
        for number, driver in enumerate(DRIVERS, start=row + 1):
            sheet.write_string(number, 0, driver)
            sheet.write_number(number, 1, 1, self.styles["number input"])
            cell = f"='{_TOTALS}'!$B${number + 1}"
            self.workbook.define_name(_factor_name(driver), cell)
        return row + len(DRIVERS) + 2

    def _total(self, sheet: Worksheet, row: int, each: _BillSheet) -> None:
        bill, style = each.bill, self.styles
        sheet.write_url(row, 0, f"internal:'{each.name}'!A1", string=_text(bill.name))
        sheet.write_string(row, 1, state_of(bill, None))
        total = f"='{each.name}'!{each.total_cell}"
        self._result(sheet, row, 2, total, "usd", float(bill.total))
        for number, layer in enumerate(LAYERS, start=3):
            formula = (
                f"=SUMIF('{each.name}'!{each.column('Layer')},\"{layer}\","
                f"'{each.name}'!{each.column('USD per month')})"
            )
            self._result(sheet, row, number, formula, "usd", float(bill.by_layer[layer]))
        for number, usd in enumerate(
            self.contents.ranges.get(bill.deployment or "", ()), start=3 + len(LAYERS)
        ):
            sheet.write_number(row, number, float(usd), style["usd"])

    def _chart(self, sheet: Worksheet, first: int, last: int) -> None:
        chart: Any = self.workbook.add_chart({"type": "bar", "subtype": "stacked"})
        for number, layer in enumerate(LAYERS, start=3):
            chart.add_series(
                {
                    "name": layer,
                    "categories": [_TOTALS, first, 0, last, 0],
                    "values": [_TOTALS, first, number, last, number],
                }
            )
        chart.set_title({"name": "USD per month"})
        chart.set_y_axis({"reverse": True})
        chart.set_x_axis({"num_format": "$#,##0"})
        chart.set_legend({"position": "bottom"})
        chart.set_size({"width": 900, "height": 120 + 28 * (last - first + 1)})
        sheet.insert_chart(last + 2, 0, chart)

    def _bill(self, bill: Bill, name: str) -> _BillSheet:
        sheet = self.workbook.add_worksheet(name)
        for number, (_, width) in enumerate(_COLUMNS):
            sheet.set_column(number, number, width)
        sheet.write_string(0, 0, _text(f"{bill.name}, {bill.region}"), self.styles["title"])
        sheet.write_row(2, 0, [title for title, _ in _COLUMNS], self.styles["head"])
        sheet.freeze_panes(3, 3)
        row = first = 3
        before: dict[tuple[str, str], _Before] = {}
        for item in bill.items:
            meter = item.rate.meter_id, item.usage.region
            used = before.get(meter) or _Before(_used_before(item))
            before[meter] = used.then(row, item)
            row = self._line(sheet, row, bill, item, used)
        last = max(row - 1, first)
        written = _BillSheet(bill, name, first, last)
        self._sums(sheet, row + 1, written)
        return written

    def _line(self, sheet: Worksheet, row: int, bill: Bill, item: LineItem, before: _Before) -> int:
        """The rows of a line: a tier each, then what is taken off; the next free row."""
        first = row
        starts: list[float] = item.rate.tariff.tier_from.tolist()
        for begin, end, units, usd, at_list in zip(
            starts,
            [*starts[1:], None],
            item.units_by_tier.tolist(),
            item.rate.tariff.usd_per_unit.tolist(),
            item.rate.list_tariff.usd_per_unit.tolist(),
            strict=True,
        ):
            self._tier(sheet, row, item, first, (begin, end))
            self._cell(sheet, row, "USD per unit", usd, "price input")
            self._cell(sheet, row, "List USD per unit", at_list, "price")
            self._formula(
                sheet, row, "Units in the tier", _units(row, first, item), units, "number"
            )
            cost = f"={_at(row, 'Units in the tier')}*{_at(row, 'USD per unit')}"
            self._formula(sheet, row, "USD per month", cost, units * usd, "usd")
            row += 1
        self._cell(sheet, first, "Quantity", float(item.usage.quantity), "number input")
        self._cell(sheet, first, "Free units", float(item.free_units), "number input")
        self._formula(sheet, first, "Used before", f"={before.formula}", before.units, "number")
        tiers = f"{_at(first, 'USD per month')}:{_at(row - 1, 'USD per month')}"
        for title, formula, usd in _taken_off(bill, item, tiers):
            self._names(sheet, row, item)
            sheet.write_string(row, _AT["Line"], _text(f"{item.title}: {title}"))
            self._formula(sheet, row, "USD per month", formula, usd, "usd")
            row += 1
        return row

    def _tier(
        self,
        sheet: Worksheet,
        row: int,
        item: LineItem,
        first: int,
        edges: tuple[float, float | None],
    ) -> None:
        self._names(sheet, row, item)
        self._cell(sheet, row, "Tier from", edges[0], "number")
        if edges[1] is not None:
            self._cell(sheet, row, "Tier to", edges[1], "number")
        if row > first:
            return
        rate = item.rate
        sheet.write_string(row, _AT["Unit"], _text(rate.meter.unit))
        sheet.write_string(row, _AT["Checked"], rate.checked_on.isoformat())
        sheet.write_string(row, _AT["Confidence"], rate.confidence)
        sheet.write_string(row, _AT["How it is counted"], _text(item.usage.formula))
        column, source = _AT["Source of the price"], printable(rate.source)
        if source.startswith(("https://", "http://")) and len(source) <= _LONGEST_LINK:
            sheet.write_url(row, column, source, string=source)
        else:
            sheet.write_string(row, column, _text(source))

    def _names(self, sheet: Worksheet, row: int, item: LineItem) -> None:
        sheet.write_string(row, _AT["Layer"], item.usage.layer)
        sheet.write_string(row, _AT["Driver"], item.rate.meter.driver)
        sheet.write_string(row, _AT["Line"], _text(item.title))
        sheet.write_string(row, _AT["Region"], _text(item.usage.region))

    def _sums(self, sheet: Worksheet, row: int, written: _BillSheet) -> None:
        """The total, and above it what other answers to open questions change."""
        bill, style = written.bill, self.styles
        column = _AT["USD per month"]
        lines = f"=SUM({written.column('USD per month')})"
        sheet.write_string(row, _AT["Line"], "All lines", style["bold"])
        self._result(sheet, row, column, lines, "sum", float(bill.total))
        begin = row
        row += 1
        if bill.effects:
            sheet.write_string(row, _AT["Line"], "Open questions, and the answer", style["head"])
            row += 1
        for effect in bill.effects:
            self._question(sheet, row, effect)
            row += 1
        total = f"=SUM({_at(begin, 'USD per month')}:{_at(row - 1, 'USD per month')})"
        sheet.write_string(row, _AT["Line"], "Total", style["bold"])
        self._result(sheet, row, column, total, "sum", float(bill.total))
        written.total_cell = _at(row, "USD per month")

    def _question(self, sheet: Worksheet, row: int, effect: AssumptionEffect) -> None:
        """A cell with the answer, and what it changes beside the answer assumed."""
        asked = effect.assumption
        others = {name: float(usd) for name, usd in effect.change_usd.items()}
        sheet.write_string(row, _AT["Line"], _text(asked.question), self.styles["wrapped"])
        answer = _AT["Region"]
        sheet.write_string(row, answer, _text(effect.chosen), self.styles["input"])
        sheet.data_validation(
            row, answer, row, answer, {"validate": "list", "source": [effect.chosen, *others]}
        )
        changes = "0"
        for name, usd in others.items():
            changes = f'IF({_at(row, "Region")}="{name}",{usd!r},{changes})'
        self._formula(sheet, row, "USD per month", f"={changes}", 0.0, "usd")
        told = "; ".join(f"{name}: {words}" for name, words in asked.choices.items())
        sheet.write_string(row, _AT["How it is counted"], _text(told))

    def _scenario(self) -> None:
        scenario = self.contents.scenario
        if scenario is None:
            return
        sheet = self.workbook.add_worksheet(_SCENARIO)
        sheet.set_column(0, 0, 100)
        for row, line in enumerate(scenario.to_yaml().splitlines()):
            sheet.write_string(row, 0, _text(line))

    def _cell(self, sheet: Worksheet, row: int, title: str, number: float, look: str) -> None:
        sheet.write_number(row, _AT[title], number, self.styles[look])

    def _formula(
        self, sheet: Worksheet, row: int, title: str, formula: str, result: float, look: str
    ) -> None:
        self._result(sheet, row, _AT[title], formula, look, result)

    def _result(
        self, sheet: Any, row: int, column: int, formula: str, look: str, result: float
    ) -> None:
        """A formula with what it comes to; XlsxWriter declares that as a whole number."""
        sheet.write_formula(row, column, formula, self.styles[look], result)


@dataclass
class _BillSheet:
    """Where the figures of a bill are."""

    bill: Bill
    name: str
    first: int
    last: int
    total_cell: str = ""

    def column(self, title: str) -> str:
        """The cells of the lines in a column."""
        return f"{_at(self.first, title)}:{_at(self.last, title)}"


def _at(row: int, title: str) -> str:
    return f"${chr(ord('A') + _AT[title])}${row + 1}"


def _units(row: int, first: int, item: LineItem) -> str:
    """The formula of the units that fall into a tier."""
    before = _at(first, "Used before")
    last = f"({before}+{_paid(first, item)})"
    if item.rate.meter.package is not None:
        size = f"{item.rate.meter.package:g}"
        before, last = (f"ROUNDUP(ROUND({units}/{size},9),0)*{size}" for units in (before, last))
    if item.rate.tariff.flat:
        return f"={last}-{before}"
    start, end = _at(row, "Tier from"), _at(row, "Tier to")
    upto = f'IF({end}="",{last},MIN({last},{end}))'
    return f"=MAX(0,{upto}-MAX({before},{start}))"


def _paid(row: int, item: LineItem) -> str:
    """The formula of the units of a line that are not free, from its first row."""
    factor = _factor_name(item.rate.meter.driver)
    return f"MAX(0,{_at(row, 'Quantity')}*{factor}-{_at(row, 'Free units')})"


@dataclass(frozen=True, slots=True)
class _Before:
    """Units that came before those of a line, of tiers and packages that they share."""

    units: float
    cells: str = ""

    @property
    def formula(self) -> str:
        """What follows the lines before, or the number where there are none."""
        return self.cells or repr(self.units)

    def then(self, row: int, item: LineItem) -> _Before:
        """The same for the next line of the meter."""
        paid = float(item.usage.quantity - item.free_units)
        return _Before(self.units + paid, f"{_at(row, 'Used before')}+{_paid(row, item)}")


def _used_before(item: LineItem) -> float:
    """Units of the tiers that other lines, or allowances that count in tiers, have used.

    Where all that is used lies in one tier, as many as there are below it: whether there is more
    is not on the bill.
    """
    edges = item.rate.tariff.tier_from
    used = np.flatnonzero(item.units_by_tier)
    if not used.size or (not used[0] and used.size == 1):
        return 0.0
    first = int(used[0])
    return (
        float(edges[first + 1] - item.units_by_tier[first])
        if used.size > 1
        else float(edges[first])
    )


def _taken_off(bill: Bill, item: LineItem, tiers: str) -> Iterator[tuple[str, str, float]]:
    """What is off the tiers of a line, and what is rounded: title, formula and USD."""
    before = float(item.rate.tariff.cost(item.units_by_tier))
    credit = float(item.credit_usd)
    if credit:
        yield "free allowance in money", f"=-MIN({credit!r},SUM({tiers}))", -credit
    off = credit
    for discount in item.discounts:
        usd = float(discount.usd)
        if usd and before:
            share = usd / before
            yield discount.title, f"=-{share!r}*SUM({tiers})", -usd
            off += usd
    left = float(item.cost_usd) - (before - off)
    if abs(left) > 1e-9 * max(before, 1.0):
        title = "rounded to the cent" if bill.round_lines else "committed and not used"
        yield title, f"={left!r}", left


def _factor_name(driver: Driver) -> str:
    return f"{_FACTORS}_{driver.replace(' ', '_')}"


def _sheet_names(bills: Sequence[Bill]) -> list[str]:
    """A name for each sheet: ids of deployments, cut where Excel takes no more."""
    names: list[str] = []
    for bill in bills:
        name = (bill.deployment or "Bill")[:_LONGEST_NAME]
        number = 2
        while name.lower() in {each.lower() for each in names}:
            ending = f" ({number})"
            name = (bill.deployment or "Bill")[: _LONGEST_NAME - len(ending)] + ending
            number += 1
        names.append(name)
    return names


def _text(text: str) -> str:
    return printable(text)[:_LONGEST_TEXT]
