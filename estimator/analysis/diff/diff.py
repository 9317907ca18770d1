"""What a changed scenario does to each bill: one object behind screen, comment, chart and file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from estimator.analysis.compare import title_of
from estimator.analysis.diff.bill_changes import BillChange, bill_changes, cheapest
from estimator.analysis.diff.field_changes import FieldChange, field_changes
from estimator.arguments import checks_arguments
from estimator.format import dollars_and_cents, signed_percent
from estimator.pricing.bill import conventions
from estimator.result import Refusal, Result
from estimator.scenario.scenario import Scenario
from estimator.units import HALF_A_CENT_USD

if TYPE_CHECKING:
    import pandas as pd


@checks_arguments
@dataclass(frozen=True, repr=False)
class Difference(Result):
    """Two scenarios side by side: what was changed, and what that does to each bill.

    >>> old = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> found = diff(old, old.replace(peak_connections=2000), ["aws.api_gateway"])
    >>> [each.words for each in found.fields], found.bills[0].change_usd > 0
    (['peak_connections: 1,000 → 2,000'], True)
    """

    schema = "diff"

    old: Scenario
    """Before."""
    new: Scenario
    """After."""
    fields: tuple[FieldChange, ...]
    """Every field whose value differs."""
    bills: tuple[BillChange, ...]
    """Each deployment before and after, in USD per month: those within limits under the new
    scenario first, cheapest first; those without a price now last."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced before, now or both, and why."""

    @property
    def cheapest_before(self) -> BillChange | None:
        """The cheapest within limits under the old scenario; None if there is none."""
        return cheapest(self.bills, 0)

    @property
    def cheapest_after(self) -> BillChange | None:
        """The cheapest within limits under the new scenario; None if there is none."""
        return cheapest(self.bills, 1)

    @property
    def newly_beyond_limits(self) -> tuple[BillChange, ...]:
        """Deployments within limits under the old scenario, but not under the new one."""
        return tuple(each for each in self.bills if each.newly_beyond_limits)

    @property
    def newly_tight(self) -> tuple[BillChange, ...]:
        """Deployments within limits, but nearer to one than before, or with more to raise."""
        return tuple(each for each in self.bills if each.newly_tight)

    def bill(self, deployment: str) -> BillChange:
        """One deployment before and after.

        Raises:
            ScenarioError: it was not asked for.
        """
        return self._bill_of(deployment, self.bills)

    @property
    def headline(self) -> str:
        """What it costs now, and how much more or less that is, in a sentence."""
        if not any(each.before or each.after for each in self.bills):
            return "None of the deployments could be priced."
        if len(self.bills) == 1:
            return _headline_of_one(self.bills[0])
        before, after = self.cheapest_before, self.cheapest_after
        if after is None:
            still = "as before" if before is None else "but at least one was before"
            return f"No deployment is within its limits, {still}."
        now = f"{dollars_and_cents(after.usd[1])} per month"
        if before is None:
            return f"{after.name} is the cheapest within limits, {now}; before, there was none."
        more = _more(before.usd[0] or 0.0, after.usd[1] or 0.0)
        if after.deployment == before.deployment:
            change = more.format("before") or "as before"
            return f"{after.name} is still the cheapest within limits: {now}, {change}."
        change = more.format(f"{before.name} before") or f"as much as {before.name} before"
        return f"The cheapest within limits is now {after.name}: {now}, {change}."

    @property
    def counts(self) -> str:
        """How many cost more, how many less, how many are over a limit now; empty for one."""
        if len(self.bills) == 1:
            return ""
        moved = [each.change_usd or 0.0 for each in self.bills if each.is_moved]
        both = [each for each in self.bills if each.change_usd is not None]
        one, several = {"s": "s", "their": "its"}, {"s": "", "their": "their"}
        parts = [
            f"{count} {words.format(**(one if count == 1 else several))}"
            for count, words in (
                (sum(usd > 0 for usd in moved), "cost{s} more"),
                (sum(usd < 0 for usd in moved), "cost{s} less"),
                (len(both) - len(moved), "cost{s} the same"),
                (len(self.newly_beyond_limits), "can no longer carry the load"),
                (sum(each.newly_within_limits for each in self.bills), "can carry it now"),
                (sum(bool(e.before and not e.after) for e in self.bills), "lost {their} price"),
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
        """The conventions behind the new amounts; empty if nothing could be priced."""
        return conventions([each.after for each in self.bills if each.after])

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each deployment; amounts are missing where it could not be priced.

        Columns: deployment, title, region_before, region_after, state_before, state_after,
        before_usd, after_usd, change_usd (all per month) and change_percent.
        """
        import pandas as pd

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
        columns = [
            *("deployment", "title", "region_before", "region_after"),
            *("state_before", "state_after"),
            *("before_usd", "after_usd", "change_usd", "change_percent"),
        ]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def drivers(self) -> pd.DataFrame:
        """One row for each deployment and driver.

        Columns: deployment, driver, before_usd, after_usd, change_usd, per month.
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
        """One row for each line of each bill, what changes a bill most first.

        Columns: deployment, meter, title, driver, unit, quantity_before, quantity_after,
        price_before and price_after (texts, USD of a unit in the tiers in use),
        usd_per_unit_before and usd_per_unit_after (on average), before_usd, after_usd, change_usd.
        """
        import pandas as pd

        rows = [
            {"deployment": each.deployment, **line.as_data()}
            for each in self.bills
            for line in each.lines
        ]
        return pd.DataFrame(rows)

    def chart_in_words(self) -> str:
        """The chart for those who cannot see it."""
        return f"Monthly cost before and after, {self.title}. {self.headline} " + " ".join(
            f"{each.name}: {_bill_words(each)}." for each in self.bills
        )

    def _data(self) -> dict[str, Any]:
        before, after = self.cheapest_before, self.cheapest_after
        return {
            "headline": self.headline,
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


@checks_arguments
def diff(
    old: Scenario, new: Scenario, deployments: Iterable[str] | str | None = None
) -> Difference:
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
    refusals = tuple(refusal for each in bills for refusal in _refusals(each))
    return Difference(old, new, field_changes(old, new), bills, refusals)


def _refusals(change: BillChange) -> Iterator[Refusal]:
    """Why it could not be priced, and when."""
    before, after = change.reason_before, change.reason_after
    both = (("before and now", after),)
    for when, why in both if before == after else (("before", before), ("now", after)):
        if why:
            yield Refusal(change.deployment, change.title, f"{why} ({when})")


def _bill_words(change: BillChange) -> str:
    """One deployment before and after, in words."""
    before, after = change.usd
    if before is None and after is None:
        return "cannot be priced"
    if after is None:
        return f"{dollars_and_cents(before)} per month before, no price now"
    now = f"{dollars_and_cents(after)} per month"
    if before is None:
        return f"{now} now, no price before"
    beyond = ", can no longer carry the load" if change.newly_beyond_limits else ""
    return f"{now}, {_more(before, after).format('before') or 'as before'}{beyond}"


def _headline_of_one(change: BillChange) -> str:
    before, after = change.usd
    if after is None:
        cost = f"{dollars_and_cents(before)} per month"
        return f"{change.name} can no longer be priced; before, it cost {cost}."
    now = f"{change.name} costs {dollars_and_cents(after)} per month"
    if before is None:
        return f"{now}; before, it could not be priced."
    beyond = " It can no longer carry the load." if change.newly_beyond_limits else ""
    return f"{now}, {_more(before, after).format('before') or 'as before'}.{beyond}"


def _more(before: float, after: float) -> str:
    """How much more or less, with a gap for what it is compared with; empty if the same."""
    change = after - before
    if abs(change) < HALF_A_CENT_USD:
        return ""
    share = f" ({signed_percent(100 * change / before)})" if before else ""
    return f"{dollars_and_cents(abs(change))} {'more' if change > 0 else 'less'} than {{}}{share}"


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
        "reason": change.reason,
        "refused_before": change.reason_before or None,
        "refused_after": change.reason_after or None,
        "drivers": {
            driver: {"before_usd": before, "after_usd": after}
            for driver, (before, after) in change.drivers.items()
        },
        "lines": [line.as_data() for line in change.lines],
    }
