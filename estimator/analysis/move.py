"""What would moving change? Today's deployment and a candidate, by layer, driver and duty."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from estimator.analysis.compare import title_of
from estimator.analysis.diff.both_bills import BothBills, LineChange
from estimator.analysis.engineering import has_hours, usd_per_hour
from estimator.analysis.estimate.bill import bill_of
from estimator.analysis.estimate.resolve import resolve
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.headline import hours_text
from estimator.arguments import checks_arguments
from estimator.deployments.duties import Duty
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError
from estimator.format import (
    dollars,
    given_text,
    number_of,
    sentence,
    signed_dollars,
    signed_percent,
    value_text,
)
from estimator.pricing.bill import Bill, conventions
from estimator.pricing.price_files import DRIVERS, LAYERS, CostLayer, Driver
from estimator.result import Result
from estimator.scenario.scenario import Scenario
from estimator.states import State
from estimator.units import HALF_A_CENT_USD

if TYPE_CHECKING:
    import pandas as pd

_NAMED_AT_MOST: Final = 3
_WORTH_NAMING: Final = 0.02
"""Of all that drivers move."""
_IN_MONTHS_UP_TO: Final = 24
_MONTHS_PER_YEAR: Final = 12
_MOST_HOURS: Final = 1e6
"""Of moving: five hundred people for a year."""
_LINES_WORTH_SHOWING: Final = 0.9
"""Of all that lines move."""
_LINES_AT_MOST: Final = 8
_SIDES: Final = ("today", "candidate")
_WORDS: Final[dict[Driver, str]] = {"engineering": "engineering time"}


@dataclass(frozen=True, slots=True)
class Part:
    """What one driver costs in one layer, today and on the candidate, in USD per month."""

    layer: CostLayer
    driver: Driver
    today_usd: float
    candidate_usd: float

    @property
    def change_usd(self) -> float:
        """How much more it costs on the candidate."""
        return self.candidate_usd - self.today_usd

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        return {**asdict(self), "change_usd": self.change_usd}


@checks_arguments
@dataclass(frozen=True, repr=False)
class Move(Result):
    """Today's deployment beside a candidate: what moving saves or loses, and why.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> found = move(scenario, "aws.api_gateway", "aws.nlb_ec2")
    >>> abs(sum(part.change_usd for part in found.parts) - found.change_usd) < 0.01
    True
    """

    schema = "move"
    refusals = ()

    scenario: Scenario
    """What both would host."""
    today: Estimate
    """The bill of what runs today, in USD per month."""
    candidate: Estimate
    """The bill of what could run instead."""
    migration_hours: float = 0.0
    """Engineers' hours that moving itself takes, once."""

    @property
    def title(self) -> str:
        """What is compared, for the head of a table or chart."""
        return title_of(self.scenario)

    def bill(self, deployment: str) -> Estimate:
        """The bill of one of the two.

        Raises:
            ScenarioError: it is neither of them.
        """
        return self._bill_of(deployment, (self.today, self.candidate))

    @property
    def change_usd(self) -> float:
        """How much more the candidate costs, USD per month."""
        return float(self.candidate.total) - float(self.today.total)

    @property
    def saving_usd(self) -> float:
        """How much moving saves, USD per month; below 0 if it loses."""
        return -self.change_usd

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Both bills by layer and driver; the differences add up to that of the totals."""
        today, candidate = map(_by_part, (self.today, self.candidate))
        return tuple(
            Part(*part, today.get(part, 0.0), candidate.get(part, 0.0))
            for part in product(LAYERS, DRIVERS)
            if today.get(part) or candidate.get(part)
        )

    @cached_property
    def both_bills(self) -> BothBills:
        """The two bills side by side: driver by driver and line by line."""
        return BothBills(self.today, self.candidate)

    @cached_property
    def main_lines(self) -> tuple[LineChange, ...]:
        """The lines that make most of the difference, the largest first."""
        return tuple(_main_lines(self.both_bills.lines))

    @property
    def duties_gone(self) -> dict[str, Duty]:
        """Work that today's deployment leaves to people and the candidate does not, by its id."""
        return _without(self.today.duties, self.candidate.duties)

    @property
    def duties_new(self) -> dict[str, Duty]:
        """Work that comes with the candidate, by its id."""
        return _without(self.candidate.duties, self.today.duties)

    @property
    def duties_kept(self) -> dict[str, Duty]:
        """Work that both leave to people, by its id."""
        return _without(self.today.duties, self.duties_gone)

    @property
    def usd_per_engineer_hour(self) -> float:
        """What an hour costs, as the scenario states it, or assumed."""
        return usd_per_hour(self.scenario.engineering)

    @property
    def saving_before_hours_usd(self) -> float:
        """How much moving saves before the hours of engineers that the scenario states."""
        today, candidate = (
            float(bill.by_layer["engineering"]) for bill in (self.today, self.candidate)
        )
        return self.saving_usd + candidate - today

    @property
    def break_even_hours(self) -> float | None:
        """Hours per month that the candidate may take beyond today's until moving saves nothing.

        Below 0 it must free so many; None if hours cost nothing.
        """
        rate = self.usd_per_engineer_hour
        return self.saving_before_hours_usd / rate if rate else None

    @property
    def migration_usd(self) -> float:
        """What moving itself costs, once."""
        return self.migration_hours * self.usd_per_engineer_hour

    @property
    def payback_months(self) -> float | None:
        """Months until moving has paid for itself; None if it never does."""
        return self.migration_usd / self.saving_usd if self._saves else None

    @property
    def caution(self) -> str:
        """Why the candidate may not be called a choice; empty if it is within limits."""
        bill = self.candidate
        if bill.state.is_within_limits:
            return ""
        if bill.state is State.NOT_CHECKED:
            return f"Nothing says that {bill.name} can carry this load: no limit was checked."
        return f"{bill.name} cannot carry this load ({bill.state_words})."

    @property
    def verdict(self) -> str:
        """What moving from one to the other saves or loses, and why, whatever limits say."""
        return self._said_of(f"moving from {self.today.name} to {self.candidate.name}")

    @property
    def short_verdict(self) -> str:
        """The same where both names stand beside it."""
        return self._said_of("moving")

    @property
    def headline(self) -> str:
        """The answer in words: a limit that stands in the way first, then dollars and reasons."""
        return " ".join(filter(None, (self.caution, self.verdict)))

    @property
    def sentences(self) -> tuple[str, ...]:
        """The answer, what people's time does to it, and when moving has paid for itself."""
        return (self.headline, *self.consequences)

    @property
    def consequences(self) -> tuple[str, ...]:
        """What people's time does to the answer, and when moving has paid for itself."""
        return tuple(self._consequences())

    @property
    def conventions(self) -> str:
        """The conventions behind the amounts."""
        return conventions([self.today, self.candidate])

    @property
    def _saves(self) -> bool:
        return self.saving_usd >= HALF_A_CENT_USD

    @property
    def _loses(self) -> bool:
        return self.change_usd >= HALF_A_CENT_USD

    def _said_of(self, moving: str) -> str:
        on_paper = "by the bill alone, " if self.caution else ""
        if not (self._saves or self._loses):
            both = f"both cost {dollars(self.today.total)} per month"
            return sentence(f"{on_paper}{moving} saves nothing: {both}")
        percent = signed_percent(self.both_bills.change_percent)
        return sentence(
            f"{on_paper}{moving} {'saves' if self._saves else 'loses'} "
            f"{dollars(abs(self.change_usd))} per month{f' ({percent})' if percent else ''}, "
            f"because you pay {self._reasons}"
        )

    @property
    def _reasons(self) -> str:
        """What moves the bill the way it goes, and what moves it the other way."""
        sides = self.both_bills.drivers.items()
        changes: dict[Driver, float] = {driver: after - before for driver, (before, after) in sides}
        worth_naming = _WORTH_NAMING * sum(map(abs, changes.values()))
        named = [change for change in changes.items() if abs(change[1]) >= worth_naming]
        why, against = (
            _in_words([change for change in named if (change[1] > 0) is is_more])
            for is_more in (self._loses, self._saves)
        )
        return f"{why}, which outweighs {against}" if against else why

    def _consequences(self) -> Iterator[str]:
        today, candidate = (
            dollars(bill.by_layer["engineering"]) for bill in (self.today, self.candidate)
        )
        states_hours = has_hours(self.scenario.engineering, self.scenario.layers)
        if states_hours:
            yield (
                f"Engineering time as you state it: {today} per month today, {candidate} on the "
                "candidate."
            )
        if self.break_even_hours:
            yield from self._worth_of_hours(abs(self.break_even_hours), states_hours=states_hours)
        if self.migration_hours:
            yield f"{self._migration}."

    def _worth_of_hours(self, hours: float, *, states_hours: bool) -> Iterator[str]:
        """How many hours decide, where there is work that comes or goes."""
        saves = self.saving_before_hours_usd > 0
        duties = self.duties_new if saves else self.duties_gone
        if not (duties or states_hours):
            return
        time = f"{hours_text(hours)} of engineering per month"
        decides = (
            f"{time} beyond today’s, at {self._rate}, would eat that"
            if saves
            else f"moving pays if it frees {time}, at {self._rate}"
        )
        work = f"{number_of(len(duties), 'kind')} of work"
        if states_hours:
            amount = dollars(abs(self.saving_before_hours_usd))
            yield (
                f"Before those hours, moving {'saves' if saves else 'loses'} {amount} per month; "
                f"{decides}."
            )
        elif saves:
            yield f"The candidate brings {work} that today’s deployment does not; {decides} saving."
        else:
            yield f"The candidate takes {work} off you; {decides}."

    @property
    def _rate(self) -> str:
        return f"${given_text(self.usd_per_engineer_hour)} per hour"

    @property
    def _migration(self) -> str:
        hours = f"{given_text(self.migration_hours)} hour{'s' if self.migration_hours != 1 else ''}"
        takes = f"Moving takes {hours} once, {dollars(self.migration_usd)} at {self._rate}"
        months = self.payback_months
        if months is None:
            return f"{takes}: it is never paid back, for moving saves nothing"
        if months <= 1:
            return f"{takes}: paid back within a month"
        in_years = months > _IN_MONTHS_UP_TO
        span = f"{months / _MONTHS_PER_YEAR if in_years else months:.2g}"
        unit = "years" if in_years else "months"
        return f"{takes}: paid back after {value_text(float(span))} {unit}"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each layer and driver on either bill.

        Columns: today and candidate (ids), layer, driver, today_usd, candidate_usd, change_usd,
        per month.
        """
        import pandas as pd

        return pd.DataFrame([self._ids | each.as_data() for each in self.parts])

    @cached_property
    def lines(self) -> pd.DataFrame:
        """One row for each line of either bill, the largest difference first.

        Columns: today and candidate (ids), meter, title, driver, unit, quantity_today,
        quantity_candidate, price_today and price_candidate (texts, USD of a unit in the tiers in
        use), usd_per_unit_today and usd_per_unit_candidate (on average), today_usd, candidate_usd,
        change_usd.
        """
        import pandas as pd

        lines = self.both_bills.lines
        return pd.DataFrame([self._ids | line.as_data(_SIDES) for line in lines])

    @property
    def _ids(self) -> dict[str, Any]:
        return {"today": self.today.deployment, "candidate": self.candidate.deployment}

    def chart_in_words(self) -> str:
        """The chart for those who cannot see it."""
        drivers = ", ".join(
            f"{driver} from {dollars(before)} to {dollars(after)}"
            for driver, (before, after) in self.both_bills.drivers.items()
            if before or after
        )
        return f"From today’s bill to the candidate’s, {self.title}. {self.headline} {drivers}."

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "headline": self.headline,
            "sentences": list(self.sentences),
            **{
                side: _bill_data(bill)
                for side, bill in zip(_SIDES, (self.today, self.candidate), strict=True)
            },
            "change_usd": self.change_usd,
            "change_percent": self.both_bills.change_percent,
            "parts": [part.as_data() for part in self.parts],
            "lines": [line.as_data(_SIDES) for line in self.both_bills.lines],
            "duties_gone": _duties_data(self.duties_gone),
            "duties_new": _duties_data(self.duties_new),
            "duties_kept": _duties_data(self.duties_kept),
            "usd_per_engineer_hour": self.usd_per_engineer_hour,
            "break_even_hours": self.break_even_hours,
            "migration_hours": self.migration_hours,
            "migration_usd": self.migration_usd,
            "payback_months": self.payback_months,
        }

    def __repr__(self) -> str:
        pair = f"{self.today.deployment} to {self.candidate.deployment}"
        return f"<Move {self.title!r}: {pair}, {signed_dollars(self.change_usd)} per month>"


@checks_arguments
def move(scenario: Scenario, today: str, candidate: str, *, migration_hours: float = 0.0) -> Move:
    """What moving from one deployment to another would save or lose, and why.

    Args:
        scenario: what both would host; hours of engineers that it states are on both bills.
        today: id of the deployment that runs today.
        candidate: id of the one that could run instead.
        migration_hours: engineers' hours that moving itself takes, once.

    Returns:
        Both bills by layer and driver, the lines and the duties that differ, and the answer in
        words.

    Raises:
        ScenarioError: a scenario of arrays, twice the same deployment, hours below 0, or an option
            that one of them does not have.
        UnknownNameError: no such deployment or assumption.
        MissingRateError: a meter without a price in the region of the location.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> print(move(scenario, "aws.api_gateway", "aws.nlb_ec2").headline)
    Moving from API Gateway WebSocket API on AWS to Network Load Balancer and EC2 on AWS saves $...
    per month (...%), because you pay $... less for messages.
    """
    if scenario.many:
        raise ScenarioError(
            f"the scenario stands for {scenario.many[0]} (a field is a list): moving is about a "
            "single one"
        )
    if today == candidate:
        raise ScenarioError(f"moving from {today} to itself changes nothing: name another one")
    if not 0 <= migration_hours <= _MOST_HOURS:
        raise ScenarioError(
            f"migration_hours must be a number from 0 to {_MOST_HOURS:,.0f}, but is "
            f"{migration_hours:g}"
        )
    found = [find_deployment(name) for name in (today, candidate)]
    resolved = resolve(scenario)
    bills = (bill_of(resolved, each) for each in found)
    return Move(scenario, *bills, migration_hours=migration_hours)


def _by_part(bill: Bill) -> dict[tuple[CostLayer, Driver], float]:
    """USD per month by layer and driver."""
    found: dict[tuple[CostLayer, Driver], float] = {}
    for item in bill.items:
        part = item.usage.layer, item.rate.meter.driver
        found[part] = found.get(part, 0.0) + float(item.cost_usd)
    return found


def _main_lines(lines: Iterable[LineChange]) -> Iterator[LineChange]:
    """The first of some lines, until they are most of what all of them move."""
    changed = [line for line in lines if abs(line.change_usd) >= HALF_A_CENT_USD]
    left = (1 - _LINES_WORTH_SHOWING) * sum(abs(line.change_usd) for line in changed)
    rest = sum(abs(line.change_usd) for line in changed)
    for line in changed[:_LINES_AT_MOST]:
        if rest <= left:
            return
        yield line
        rest -= abs(line.change_usd)


def _in_words(changes: Iterable[tuple[Driver, float]]) -> str:
    """The largest of some changes, the largest first."""
    ordered = sorted(changes, key=lambda change: -abs(change[1]))
    named = [
        f"{dollars(abs(usd))} {'more' if usd > 0 else 'less'} for {_WORDS.get(name, name)}"
        for name, usd in ordered[:_NAMED_AT_MOST]
    ]
    return " and ".join(filter(None, (", ".join(named[:-1]), *named[-1:])))


def _without(duties: dict[str, Duty], others: dict[str, Duty]) -> dict[str, Duty]:
    return {name: duty for name, duty in duties.items() if name not in others}


def _bill_data(bill: Estimate) -> dict[str, Any]:
    return {
        "deployment": bill.deployment,
        "title": bill.title,
        "region": bill.region,
        "total_usd": float(bill.total),
        "state": bill.state,
        "reason": bill.reason,
    }


def _duties_data(duties: dict[str, Duty]) -> list[dict[str, str]]:
    return [{"id": name, "title": duty.title} for name, duty in duties.items()]
