"""What a changed scenario does to each bill: one object behind screen, comment, chart and file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from estimator.analysis.compare import title_of
from estimator.analysis.diff.bill_changes import BillChange, LineChange, bill_changes, cheapest
from estimator.analysis.diff.field_changes import FieldChange, field_changes
from estimator.errors import ScenarioError
from estimator.hypertext import Html, card, folded, rows_under, small, state_sign
from estimator.pricing.bill import conventions
from estimator.render.terminal.tables import money
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from estimator.shown import Look

_WORTH_SAYING_USD = 0.005


@dataclass(frozen=True, repr=False)
class Difference:
    """Two scenarios side by side: what was changed, and what that does to each bill.

    >>> old = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> found = diff(old, old.replace(peak_connections=2000), ["aws.api_gateway"])
    >>> [each.words for each in found.fields], found.bills[0].change_usd > 0
    (['peak_connections: 1,000 → 2,000'], True)
    """

    old: Scenario
    """Before."""
    new: Scenario
    """After."""
    fields: tuple[FieldChange, ...]
    """Every field that says something else."""
    bills: tuple[BillChange, ...]
    """Each deployment before and after, in USD per month: what holds the new scenario first, cheapest
    first; what cannot be priced any more last."""

    @property
    def cheapest_before(self) -> BillChange | None:
        """The cheapest within limits the old scenario; None if none does."""
        return cheapest(self.bills, 0)

    @property
    def cheapest_after(self) -> BillChange | None:
        """The cheapest within limits the new scenario; None if none does."""
        return cheapest(self.bills, 1)

    @property
    def newly_broken(self) -> tuple[BillChange, ...]:
        """Deployments that hold the old scenario, but cannot hold the new one."""
        return tuple(each for each in self.bills if each.newly_broken)

    def bill(self, deployment: str) -> BillChange:
        """One deployment before and after.

        Raises:
            ScenarioError: it was not compared.
        """
        for each in self.bills:
            if each.deployment == deployment:
                return each
        raise ScenarioError(f"{deployment} was not compared")

    @property
    def headline(self) -> str:
        """What it costs now, and how much more or less that is, in a sentence."""
        if not any(each.before or each.after for each in self.bills):
            return "None of the deployments could be priced."
        if len(self.bills) == 1:
            return _headline_of_one(self.bills[0])
        before, after = self.cheapest_before, self.cheapest_after
        if after is None:
            return (
                f"None of the deployments holds{', as before' if before is None else ' any more'}."
            )
        now = after.usd[1] or 0.0
        if before is None:
            return f"{after.name} is the cheapest within limits, ${now:,.2f} a month; before, none held."
        change = _more(before.usd[0] or 0.0, now)
        if after.deployment == before.deployment:
            return (
                f"{after.name} stays the cheapest within limits: ${now:,.2f} a month, "
                f"{change.format('before') or 'as before'}."
            )
        return (
            f"The cheapest within limits is now {after.name}: ${now:,.2f} a month, "
            f"{change.format(f'{before.name} before') or f'as much as {before.name} before'}."
        )

    @property
    def counts(self) -> str:
        """How many cost more, how many less, and how many hold no longer; empty for one."""
        if len(self.bills) == 1:
            return ""
        moved = [each.change_usd or 0.0 for each in self.bills if each.is_moved]
        both = [each for each in self.bills if each.change_usd is not None]
        parts = [
            f"{count} {words}"
            for count, words in (
                (sum(usd > 0 for usd in moved), "cost more"),
                (sum(usd < 0 for usd in moved), "cost less"),
                (len(both) - len(moved), "cost the same"),
                (len(self.newly_broken), "cannot hold it any more"),
                (sum(each.newly_holds for each in self.bills), "can hold it now"),
                (sum(bool(e.before and not e.after) for e in self.bills), "lost their price"),
                (sum(bool(e.after and not e.before) for e in self.bills), "can be priced now"),
            )
            if count
        ]
        return f"Of {len(self.bills)} deployments: {', '.join(parts)}."

    @property
    def title(self) -> str:
        """What is compared, for the head of a table or chart."""
        before, after = title_of(self.old), title_of(self.new)
        return after if before == after else f"{before} → {after}"

    @property
    def conventions(self) -> str:
        """Under which conventions the new amounts hold; empty if nothing could be priced."""
        bills = [each.after for each in self.bills if each.after]
        return conventions(bills) if bills else ""

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each deployment.

        Columns: deployment, title, region_before, region_after, state_before, state_after,
        before_usd, after_usd, change_usd and change_percent, a month; empty where it could not be
        priced.
        """
        import pandas as pd

        columns = ["deployment", "title", "region_before", "region_after", "state_before",
                   "state_after", "before_usd", "after_usd", "change_usd",
                   "change_percent"]  # fmt: skip
        rows = [
            (
                each.deployment,
                each.title,
                each.before.region if each.before else None,
                each.after.region if each.after else None,
                *each.states,
                *each.usd,
                each.change_usd,
                each.change_percent,
            )
            for each in self.bills
        ]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """One row for each deployment and driver.

        Columns: deployment, driver, before_usd, after_usd, change_usd, a month.
        """
        import pandas as pd

        rows = [
            (each.deployment, driver, before, after, after - before)
            for each in self.bills
            for driver, (before, after) in each.drivers.items()
        ]
        columns = ["deployment", "driver", "before_usd", "after_usd", "change_usd"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def lines(self) -> pd.DataFrame:
        """One row for each line of each bill, what moves a bill most first.

        Columns: deployment, meter, title, driver, unit, quantity_before, quantity_after,
        price_before and price_after (texts, USD of a unit in the tiers in use),
        usd_per_unit_before and usd_per_unit_after (on average), before_usd, after_usd, change_usd.
        """
        import pandas as pd

        rows = [
            {"deployment": each.deployment, **_line_data(line)}
            for each in self.bills
            for line in each.lines
        ]
        return pd.DataFrame(rows)

    def chart(self, look: Look | None = None) -> Figure:
        """Each bill before and after, one row for each deployment.

        Args:
            look: colors and width; dark on white, if left out.
        """
        # matplotlib takes longer to import than the bills take to make
        from estimator.render.charts.diff import difference_chart

        return difference_chart(self, look)

    def chart_in_words(self) -> str:
        """The chart for those who cannot see it."""
        return f"Monthly cost before and after, {self.title}. {self.headline} " + " ".join(
            f"{each.name}: {bill_words(each)}." for each in self.bills
        )

    def markdown(self) -> str:
        """The difference as a comment on a change: the answer first, details folded."""
        from estimator.render.diff_comment import difference_comment

        return difference_comment(self)

    def as_data(self) -> dict[str, Any]:
        """The difference as plain lists, texts and numbers, for machines."""
        before, after = self.cheapest_before, self.cheapest_after
        return {
            "headline": self.headline,
            "currency": "USD",
            "period": "month",
            "old": self.old.as_data(),
            "new": self.new.as_data(),
            "fields": [
                {"path": each.path, "before": each.before, "after": each.after}
                for each in self.fields
            ],
            "cheapest_before": before.deployment if before else None,
            "cheapest_after": after.deployment if after else None,
            "deployments": [_bill_data(each) for each in self.bills],
        }

    def __repr__(self) -> str:
        return f"<Difference {self.title!r}: {len(self.fields)} fields, {self.headline}>"

    def __str__(self) -> str:
        rows = [f"  {each.deployment}: {bill_words(each)}" for each in self.bills]
        return "\n".join([self.title, self.headline, *rows])

    def _repr_html_(self) -> str:
        rows = [
            (
                each.deployment,
                _holds(each),
                *(_amount(usd) for usd in each.usd),
                signed(each.change_usd),
                percent(each.change_percent),
            )
            for each in self.bills
        ]
        heads = ("deployment", "holds", "before", "after", "change", "%")
        return card(
            self.title,
            small(f"{self.headline} {self.counts}".rstrip()),
            rows_under(heads, rows, numbers=heads[2:]),
            folded("Changed fields", (each.words for each in self.fields)),
            folded(
                "Cannot hold any more",
                (f"{each.deployment}: {reason(each)}" for each in self.newly_broken),
            ),
            folded("Could not be priced", refusals(self)),
            small(self.conventions and f"{self.conventions}."),
        )


def diff(old: Scenario, new: Scenario, deployments: Iterable[str] | None = None) -> Difference:
    """What was changed between two scenarios, and what that does to each bill.

    Args:
        old: before.
        new: after.
        deployments: ids of the deployments; all on the clouds, if left out.

    Returns:
        Changed fields and bills in USD per month: as tables, as a chart, as Markdown for a comment.

    Raises:
        ScenarioError: a scenario is one of arrays, or an option that a deployment does not have.
        UnknownNameError: no such deployment or assumption.

    >>> old = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> diff(old, old, ["aws.nlb_ec2"]).fields
    ()
    """
    wanted = [deployments] if isinstance(deployments, str) else deployments
    bills = bill_changes(old, new, wanted)
    return Difference(old, new, field_changes(old, new), bills)


def signed(usd: float | None) -> str:
    """A change for people.

    >>> signed(13.24), signed(-1234.5), signed(0.001), signed(None)
    ('+$13.24', '−$1,234', '0', '')
    """
    if usd is None:
        return ""
    if abs(usd) < _WORTH_SAYING_USD:
        return "0"
    return f"{'+' if usd > 0 else '−'}{money(abs(usd))}"


def percent(change: float | None) -> str:
    """A change in percent for people, without needless decimals.

    >>> percent(19.23), percent(-0.04), percent(250.4), percent(None)
    ('+19.2 %', '−0.04 %', '+250 %', '')
    """
    if change is None:
        return ""
    if abs(change) < _WORTH_SAYING_USD:
        return "0 %"
    size = abs(change)
    digits = f"{size:,.0f}" if size >= 100 else f"{size:.3g}"
    return f"{'+' if change > 0 else '−'}{digits} %"


def bill_words(change: BillChange) -> str:
    """One deployment before and after, in words."""
    before, after = change.usd
    if before is None and after is None:
        return "cannot be priced"
    if before is None or after is None:
        found = f"${(before if after is None else after) or 0.0:,.2f} a month"
        return f"{found} before, no price now" if after is None else f"{found} now, no price before"
    more = _more(before, after).format("before") or "as before"
    broken = ", cannot hold any more" if change.newly_broken else ""
    return f"${after:,.2f} a month, {more}{broken}"


def reason(change: BillChange) -> str:
    """Why it is at risk or cannot hold, in words; empty if it holds."""
    bill = change.after
    return bill.reason if bill and bill.state != "pass" else ""


def refusals(found: Difference) -> Iterator[str]:
    """What could not be priced, when and why."""
    for each in found.bills:
        if each.reason_before == each.reason_after != "":
            yield f"{each.deployment}, before and now: {each.reason_after}"
            continue
        for when, why in (("before", each.reason_before), ("now", each.reason_after)):
            if why:
                yield f"{each.deployment}, {when}: {why}"


def _headline_of_one(change: BillChange) -> str:
    before, after = change.usd
    if after is None:
        cost = f"${before or 0.0:,.2f} a month"
        return f"{change.name} cannot be priced any more; before it cost {cost}."
    if before is None:
        return f"{change.name} costs ${after:,.2f} a month; before it could not be priced."
    broken = " It cannot hold this any more." if change.newly_broken else ""
    more = _more(before, after).format("before") or "as before"
    return f"{change.name} costs ${after:,.2f} a month, {more}.{broken}"


def _more(before: float, after: float) -> str:
    """How much more or less, with a place for what it is compared with; empty if the same."""
    change = after - before
    if abs(change) < _WORTH_SAYING_USD:
        return ""
    share = f" ({percent(100 * change / before)})" if before else ""
    return f"${abs(change):,.2f} {'more' if change > 0 else 'less'} than {{}}{share}"


def _amount(usd: float | None) -> str:
    return "no price" if usd is None else f"${usd:,.2f}"


def _holds(change: BillChange) -> Html | str:
    before, after = change.states
    if after is None or before is None or before == after:
        return state_sign(after or before or "pass") if after or before else ""
    return Html(f"{state_sign(before)} → {state_sign(after)}")


def _bill_data(change: BillChange) -> dict[str, Any]:
    return {
        "deployment": change.deployment,
        "title": change.title,
        "before_usd": change.usd[0],
        "after_usd": change.usd[1],
        "change_usd": change.change_usd,
        "change_percent": change.change_percent,
        "state_before": change.states[0],
        "state_after": change.states[1],
        "reason": reason(change),
        "refused_before": change.reason_before or None,
        "refused_after": change.reason_after or None,
        "drivers": {
            driver: {"before_usd": before, "after_usd": after}
            for driver, (before, after) in change.drivers.items()
        },
        "lines": [_line_data(line) for line in change.lines],
    }


def _line_data(line: LineChange) -> dict[str, Any]:
    return {
        "meter": line.meter_id,
        "title": line.meter.title,
        "driver": line.meter.driver,
        "unit": line.meter.unit,
        "quantity_before": line.quantities[0],
        "quantity_after": line.quantities[1],
        "price_before": line.prices[0],
        "price_after": line.prices[1],
        "usd_per_unit_before": line.usd_per_unit[0],
        "usd_per_unit_after": line.usd_per_unit[1],
        "before_usd": line.usd[0],
        "after_usd": line.usd[1],
        "change_usd": line.change_usd,
    }
