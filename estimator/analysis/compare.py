"""The comparison of deployments: one object behind screen, table, chart and file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.headline import Headline, headline
from estimator.arguments import checks_arguments
from estimator.errors import ScenarioError, cut
from estimator.format import number_of, range_text, value_text
from estimator.pricing.bill import conventions
from estimator.pricing.price_files import DRIVERS, LAYERS
from estimator.result import Refusal, Result
from estimator.scenario.scenario import Scenario
from estimator.shown import Look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@checks_arguments
@dataclass(frozen=True, repr=False)
class Comparison(Result):
    """What a scenario would cost on each deployment: those within limits first, cheapest first.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=1000)
    >>> compared = compare(scenario, ["aws.api_gateway", "gcp.cloud_run"])
    >>> len(compared.within_limits), list(compared.table.columns[:3])
    (2, ['deployment', 'title', 'group'])
    """

    schema = "comparison"

    scenario: Scenario
    """What was compared."""
    bills: tuple[Estimate, ...]
    """In USD per month, those within limits first, cheapest first."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, and why."""

    @property
    def within_limits(self) -> tuple[Estimate, ...]:
        """Bills of deployments within limits (for arrays: in all scenarios), cheapest first."""
        return tuple(bill for bill in self.bills if bill.state.is_within_limits)

    def bill(self, deployment: str) -> Estimate:
        """The bill of one of the deployments compared.

        Raises:
            ScenarioError: it was not asked for, or could not be priced; the message says why.
        """
        return self._bill_of(deployment, self.bills)

    @cached_property
    def table(self) -> pd.DataFrame:
        """USD per month: one row per deployment (and scenario), total, layers and drivers.

        The column group says who runs what holds the connections: managed, serverless containers
        or own servers. messaging_usd, application_usd and engineering_usd are the layers; then
        follows one column a driver.
        The column state says how the deployment stands to its limits: within limits, near a limit,
        setting to change, quota increase (beyond reach), over a hard limit, or not checked.
        """
        import pandas as pd

        frames = [_rows(bill) for bill in self.bills]
        columns = ["deployment", "title", "group", "region", "state", "total_usd"]
        columns += [*(f"{layer}_usd" for layer in LAYERS), *DRIVERS]
        return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)

    @cached_property
    def headline(self) -> Headline:
        """The best of each group, and what decides between them.

        Raises:
            ScenarioError: it stands for many scenarios.
        """
        if self.scenario.many:
            raise ScenarioError("a headline tells of one scenario, not of an array of them")
        return headline(self.scenario, self.bills)

    def of_clouds(self, clouds: Iterable[str]) -> Comparison:
        """The comparison of deployments of some clouds alone.

        Args:
            clouds: their ids, such as ``aws``.

        >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
        >>> both = compare(scenario, ["aws.api_gateway", "gcp.cloud_run"])
        >>> [bill.deployment for bill in both.of_clouds(["gcp"]).bills]
        ['gcp.cloud_run']
        """
        wanted = {*clouds}
        return Comparison(
            self.scenario,
            tuple(bill for bill in self.bills if bill.cloud in wanted),
            tuple(each for each in self.refusals if each.deployment.split(".")[0] in wanted),
        )

    def share_card(
        self,
        look: Look | None = None,
        *,
        ranges: Mapping[str, tuple[float, float]] | None = None,
        link: str = "",
        made_on: dt.date | None = None,
    ) -> Figure:
        """The answer as one picture for a chat, of the 1200 × 630 pixels of previews of links.

        Args:
            look: colors; dark on white, if left out. The width is always the same.
            ranges: P10 and P90 in USD per month, by deployment, as ``Uncertainty.p10_to_p90`` has
                them; without them, the card says that nobody asked how sure it is.
            link: shows where the figures come from; the site in it stands on the card.
            made_on: the day that stands on the card.

        Raises:
            ScenarioError: it stands for many scenarios, or a range that cannot be.

        >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
        >>> card = compare(scenario, ["aws.api_gateway", "aws.nlb_ec2"]).share_card()
        >>> (card.get_size_inches() * card.dpi).tolist()
        [1200.0, 630.0]
        """
        for name, (low, high) in (ranges or {}).items():
            if not 0 <= low <= high:
                raise ScenarioError(
                    f"a range is of two amounts, the lower one first, not {low:g} to {high:g} "
                    f"({cut(name)})"
                )
        return self._drawn("share_card", look, ranges, link, made_on)

    @property
    def title(self) -> str:
        """What is compared, for the head of a table or chart."""
        return title_of(self.scenario)

    @property
    def location(self) -> str:
        """Where the users are served from, for people."""
        return self.scenario.found_location.title

    @property
    def conventions(self) -> str:
        """The conventions behind the amounts; empty if nothing could be priced."""
        return conventions(self.bills)

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "headline": None if self.scenario.many else self.headline.as_data(),
            "deployments": [bill.as_data() for bill in self.bills],
        }

    def __repr__(self) -> str:
        within = self.within_limits
        cheapest = f", {within[0].deployment} from {within[0].total_text}" if within else ""
        return (
            f"<Comparison {self.title!r}: {len(self.bills)} priced, {len(within)} within limits"
            f"{cheapest} per month>"
        )


@checks_arguments
def compare(scenario: Scenario, deployments: Iterable[str] | str | None = None) -> Comparison:
    """What a scenario would cost on every deployment, and which of them are within limits.

    Args:
        scenario: who connects, from where, how often.
        deployments: ids of the deployments; all on the clouds, if left out. ``[*DEPLOYMENTS,
            *SAAS]`` adds realtime SaaS.

    Returns:
        Bills in USD per month, as a table, as a chart, and one by one.

    Raises:
        UnknownNameError: no such deployment or assumption.
        ScenarioError: an option that a deployment does not have.

    >>> scenario = Scenario(profile="workplace-chat", location="frankfurt", peak_connections=50_000)
    >>> "aws.api_gateway" in set(compare(scenario).table["deployment"])
    True
    """
    wanted = [deployments] if isinstance(deployments, str) else deployments
    bills, refusals = estimate_all(scenario, wanted)
    bills.sort(key=lambda bill: (not bill.state.is_within_limits, float(np.sum(bill.total))))
    return Comparison(scenario, tuple(bills), tuple(refusals))


def title_of(scenario: Scenario) -> str:
    """What a scenario is about, for the head of a table or chart."""
    return f"{scenario.name or scenario.profile.title}, {scenario.found_location.title}"


def audience_words(scenario: Scenario) -> str:
    """How many there are, by the statement that counts.

    >>> audience_words(Scenario(profile="market-data", location="paris", peak_connections=2e9))
    '2,000,000,000 connections at the peak'
    """
    sessions = scenario.sessions_per_user_per_day
    each = range_text(1.0 if sessions is None else sessions, value_text)
    said = {
        "connections at the peak": scenario.peak_connections,
        "connections on average": scenario.mean_connections,
        f"users per day with {each} session{'' if each == '1' else 's'} each": (
            scenario.users_per_day
        ),
    }
    words, number = next((words, given) for words, given in said.items() if given is not None)
    others = len(scenario.kinds) - 1
    more = f" and {number_of(others, 'other kind')} of clients" if others else ""
    return f"{range_text(number, value_text, words)}{more}"


def cheapest_of_each_cloud(bills: Iterable[Estimate]) -> tuple[Estimate, ...]:
    """The first bill of each cloud, in the order of the bills."""
    best: dict[str, Estimate] = {}
    for bill in bills:
        best.setdefault(bill.cloud or "", bill)
    return tuple(best.values())


def most_assumed(bill: Estimate) -> str:
    """The assumed default that moves a bill most, and how many more there are, in words."""
    most, *others = bill.assumed_defaults
    return most.explain() + (f" ({len(others)} more on its bill)" if others else "")


def _rows(bill: Estimate) -> pd.DataFrame:
    import pandas as pd

    many = np.shape(bill.total)
    columns: dict[str, object] = {"scenario": np.arange(np.size(bill.total))} if many else {}
    columns |= {
        "deployment": bill.deployment,
        "title": bill.title,
        "group": bill.group,
        "region": bill.region,
        "state": np.ravel(bill.states),
        "total_usd": np.ravel(bill.total),
    }
    for layer in LAYERS:
        columns[f"{layer}_usd"] = np.ravel(np.broadcast_to(bill.by_layer[layer], many))
    for driver in DRIVERS:
        columns[driver] = np.ravel(np.broadcast_to(bill.by_driver.get(driver, 0.0), many))
    return pd.DataFrame(columns)
