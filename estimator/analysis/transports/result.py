"""What does the same demand cost over each transport, how late do messages come, and what then?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from estimator.analysis.compare import title_of
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.transports.advice import advice, headline
from estimator.analysis.transports.choices import ON_TIME, choices
from estimator.analysis.transports.compared import Compared
from estimator.analysis.transports.message_rates import RateBreakEven, rate_break_even
from estimator.arguments import checks_arguments
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError, cut
from estimator.pricing.bill import conventions
from estimator.result import Refusal, Result

if TYPE_CHECKING:
    import pandas as pd


@checks_arguments
@dataclass(frozen=True, repr=False)
class Transports(Compared, Result):
    """The same demand over WebSockets, streams and polls: dollars, delay, and what follows.

    >>> from estimator import Scenario, transports
    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> found = transports(scenario, ["aws.api_gateway", "aws.alb_ec2"], within_seconds=2)
    >>> found.best.transport.kind == found.allowed[0].transport.kind
    True
    """

    schema = "transports"

    by_rate: RateBreakEven | None = None
    """Where the cheapest changes with the message rate, if that was asked for."""

    @property
    def title(self) -> str:
        """What was asked, for the head of a table or chart."""
        return title_of(self.scenario)

    @property
    def refusals(self) -> tuple[Refusal, ...]:  # type: ignore[override]  # a field elsewhere
        """Deployments that carry none of the transports, or could not be priced, and why."""
        there = {option.bill.deployment for option in self.options}
        last = {each.refusal.deployment: each.refusal for each in self.not_carried}
        return tuple(each for name, each in last.items() if name not in there)

    @cached_property
    def break_even(self) -> RateBreakEven:
        """The message rates at which another kind of transport becomes the cheapest.

        It is worked out when somebody asks for it.

        Raises:
            ScenarioError: nobody said by when messages must have come, or nothing is sent.
        """
        return self.by_rate or rate_break_even(
            self.scenario,
            choices(self.scenario, self.within_seconds),
            tuple(map(find_deployment, self.deployments)),
            self.within_seconds,
            self.up_per_minute + self.down_per_minute,
        )

    def with_break_even(self) -> Transports:
        """The same, with the message rates at which another kind becomes the cheapest.

        Raises:
            ScenarioError: as ``break_even``.
        """
        return replace(self, by_rate=self.break_even)

    @property
    def headline(self) -> str:
        """What to choose, and what it costs, in a few words."""
        return headline(self)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The advice in words, with its reasons."""
        return advice(self)

    def bill(self, deployment: str, transport: str = "websocket") -> Estimate:
        """The bill of a deployment over a transport, by its kind; of polls, the rarest ones.

        Raises:
            ScenarioError: there is none; the message says why.
        """
        kinds = [option for option in self.options if option.bill.deployment == deployment]
        for option in kinds:
            if option.transport.kind == transport:
                return option.bill
        for each in self.not_carried:
            if (each.refusal.deployment, each.transport.kind) == (deployment, transport):
                raise ScenarioError(each.refusal.reason)
        raise ScenarioError(f"{cut(transport)} on {cut(deployment)} was not asked for")

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each transport on each deployment.

        Columns: transport, kind, deployment, title, state, total_usd, mean_added_delay_seconds,
        p95_added_delay_seconds, in_time (95% of the messages), replayed_per_month,
        missed_per_month, requests_per_month, bytes_to_clients_per_month,
        empty_share (of polls).
        """
        import pandas as pd

        return pd.DataFrame([*self._rows()], columns=_COLUMNS)

    def _rows(self) -> Iterator[dict[str, Any]]:
        for option in self.options:
            data = option.as_data()
            yield data | {
                "transport": data["words"],
                "kind": option.transport.kind,
                "in_time": option.is_fresh(self.within_seconds),
            }

    @property
    def conventions(self) -> str:
        """The conventions behind the amounts."""
        return conventions([option.bill for option in self.options])

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "within_seconds": self.within_seconds,
            "share_in_time": ON_TIME,
            "up_per_minute": self.up_per_minute,
            "down_per_minute": self.down_per_minute,
            "sentences": list(self.sentences),
            "break_even": None if self.by_rate is None else self.by_rate.as_data(),
            "best": None if self.best is None else self.best.as_data(),
            "options": [option.as_data() for option in self.options],
            "not_carried": [
                {
                    "transport": each.transport.words,
                    "deployment": each.refusal.deployment,
                    "reason": each.refusal.reason,
                }
                for each in self.not_carried
            ],
        }

    def __repr__(self) -> str:
        found = self.best
        best = f": {found.name}" if found else ": none is within limits and in time"
        return f"<Transports {self.title!r}{best}>"


_COLUMNS = [
    "transport",
    "kind",
    "deployment",
    "title",
    "state",
    "total_usd",
    "mean_added_delay_seconds",
    "p95_added_delay_seconds",
    "in_time",
    "replayed_per_month",
    "missed_per_month",
    "requests_per_month",
    "bytes_to_clients_per_month",
    "empty_share",
]
