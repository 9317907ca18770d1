"""What of a comparison convinces in a chat? The words and figures of one picture and one link."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from estimator.analysis.compare import Comparison, audience_words
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.headline import Best, hours_text
from estimator.analysis.uncertainty.total_ranges import P10ToP90
from estimator.analysis.unit_cost import unit_cost_words
from estimator.deployments.registry import Group
from estimator.errors import cut
from estimator.format import (
    capitalized,
    dollars,
    given_text,
    number_of,
    sentence,
    short_dollars,
)
from estimator.pricing.price_age import age_words
from estimator.pricing.price_files import CLOUDS, LAYERS, VENDORS
from estimator.scenario.scenario import Scenario
from estimator.units import HALF_A_CENT_USD

_SHORT_FROM_USD: Final = 1e6
_CENTS_BELOW_USD: Final = 10
_LONGEST_TITLE: Final = 60
_SUPPLIED: Final[dict[Group, str]] = {
    "managed": "as a managed service",
    "serverless containers": "on serverless containers",
    "own servers": "on own servers",
}


@dataclass(frozen=True, slots=True)
class Option:
    """The best of a group, as it stands on the card."""

    best: Best
    scenario: Scenario
    range_usd: P10ToP90 | None
    """None: nobody asked how sure the bill is."""

    @property
    def bill(self) -> Estimate | None:
        """None if nothing of the group is within limits."""
        return self.best.bill

    @property
    def heading(self) -> str:
        """Who runs what holds the connections."""
        return capitalized(self.best.group)

    @property
    def name(self) -> str:
        """The deployment, or that there is none."""
        if self.bill is not None:
            return self.bill.name
        compared = self.best.compared
        return "Not within limits" if compared == 1 else f"None of {compared} is within limits"

    @property
    def amount(self) -> str:
        """USD per month."""
        return "–" if self.bill is None else _amount(float(self.bill.total))

    def __str__(self) -> str:
        """All of it, for those who cannot see the picture."""
        bill = self.bill
        if bill is None:
            return f"{self.heading}: {self.name}."
        figures = (f"{self.amount} per month", self.range_words, self.unit_words, bill.state_words)
        return f"{self.heading}: {self.name}, {', '.join(filter(None, figures))}."

    @property
    def range_words(self) -> str:
        """P10 to P90; empty without a range."""
        if self.range_usd is None:
            return ""
        low, high = self.range_usd
        written = dollars if high < _CENTS_BELOW_USD else short_dollars
        return f"likely {written(low)}–{written(high).removeprefix('$')}"

    @property
    def unit_words(self) -> str:
        """What the total is for each user, or for a thousand connections."""
        return "" if self.bill is None else unit_cost_words(self.scenario, self.bill)


@dataclass(frozen=True)
class ShareCard:
    """What stands on the card; of a comparison of a single scenario."""

    compared: Comparison
    ranges: Mapping[str, P10ToP90] | None
    """By deployment; None: nobody asked for them."""
    link: str = ""
    """Shows where the figures come from."""
    made_on: dt.date | None = None
    """None: the card does not say."""

    @property
    def title(self) -> str:
        """Which app it is, and where its users are."""
        return self.compared.title

    @property
    def audience(self) -> str:
        """How many there are, on which clouds if these are not all, and what amounts are."""
        which = (self._clouds and f"{self._clouds} only", "US dollars per month")
        return " · ".join(filter(None, (audience_words(self.compared.scenario), *which)))

    @property
    def _clouds(self) -> str:
        """Those compared; empty if all of them were."""
        compared = self.compared
        asked = {bill.cloud or "" for bill in compared.bills}
        asked |= {each.deployment.split(".")[0] for each in compared.refusals}
        if not asked or asked >= CLOUDS.keys():
            return ""
        return ", ".join(name for cloud, name in VENDORS.items() if cloud in asked)

    @cached_property
    def options(self) -> tuple[Option, ...]:
        """The best of each group that was compared."""
        known = self.ranges or {}
        return tuple(
            Option(each, self.compared.scenario, known.get(each.bill.deployment or ""))
            if each.bill is not None
            else Option(each, self.compared.scenario, None)
            for each in self.compared.headline.best
        )

    @property
    def bills(self) -> tuple[Estimate, ...]:
        """Those on the card."""
        return tuple(each.bill for each in self.options if each.bill is not None)

    @property
    def decision(self) -> str:
        """The dollars that decide between buying and running it; empty where both are not there."""
        found = self.compared.headline
        if not found.savings:
            return ""
        own, _, usd = max(found.savings, key=lambda each: each[2])
        name, rate = own.group or own.title, found.usd_per_engineer_hour
        if usd < HALF_A_CENT_USD:
            before = "" if found.has_hours else ", before anybody’s time"
            less = (
                f"{_amount(-usd)} less per month than" if usd <= -HALF_A_CENT_USD else "as much as"
            )
            return f"The managed service costs {less} {name}{before}."
        saves = f"{capitalized(name)} save {_amount(usd)} per month"
        if found.has_hours:
            return f"{saves}, the stated hours of engineers included."
        if not rate or not math.isfinite(usd / rate):
            return f"{saves}."
        hours = hours_text(usd / rate)
        return f"{saves}: {hours} of an engineer at ${given_text(rate)} per hour."

    @property
    def left_out(self) -> str:
        """What the amounts do not hold."""
        return f"Left out: {'; '.join(self._left_out())}."

    def _left_out(self) -> Iterator[str]:
        compared = self.compared
        yield "tax"
        layers = compared.scenario.layers
        yield from (f"{layer} costs" for layer in LAYERS if layer not in layers)
        if "engineering" in layers and not compared.headline.has_hours:
            yield "people’s time, as no hours are stated"
        if refused := len(compared.refusals):
            every = number_of(refused + len(compared.bills), "deployment")
            yield f"{refused:,} of {every}, for lack of a price"

    @property
    def sureness(self) -> str:
        """What the ranges mean, or that there are none."""
        if any(each.range_usd for each in self.options):
            return "Likely: where 8 of 10 bills lie as uncertain inputs vary (P10 to P90)."
        return "How far the amounts may be off was not worked out." if self.bills else ""

    @property
    def basis(self) -> str:
        """Which prices these are, how old they are, and when the card was made."""
        made = f"Made on {self.made_on}." if self.made_on else ""
        if not self.bills:
            return made
        contract, as_of = self.bills[0].contract, self.compared.scenario.as_of
        which = f"rates of “{cut(contract.title, _LONGEST_TITLE)}”" if contract else "list prices"
        day = f" in force on {as_of}" if as_of else ""
        age = age_words(item for bill in self.bills for item in bill.items)
        return f"{sentence('; '.join(filter(None, (f'{which}{day}', age))))} {made}".rstrip()

    @property
    def site(self) -> str:
        """Where the link leads, without the scenario in it, which nobody could type."""
        return self.link.partition("?")[0].partition("://")[2].rstrip("/")

    @property
    def sentence(self) -> str:
        """What it costs, to be sent along with the link."""
        who = audience_words(self.compared.scenario)
        which = f" ({self._clouds} only)" if self._clouds else ""
        costs = ", ".join(
            f"{_amount(float(each.bill.total))} {_SUPPLIED[each.best.group]}"
            for each in self.options
            if each.bill is not None
        )
        if not costs:
            return f"Nothing that was compared is within limits for {who}{which}."
        return f"Per month, {who} cost {costs}{which}."

    @property
    def words(self) -> str:
        """All of it, for those who cannot see the picture."""
        told = map(str, self.options)
        parts = (f"{self.title}: {self.audience}.", *told, self.decision, self.left_out)
        return " ".join(filter(None, parts))


def _amount(usd: float) -> str:
    return dollars(usd) if usd < _SHORT_FROM_USD else short_dollars(usd)
