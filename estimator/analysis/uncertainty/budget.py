"""Does a bill stay within a budget, and its deployment within limits, in how many of ten cases?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from concurrent.futures import Executor
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from estimator.analysis.compare import compare
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.points import Progress
from estimator.analysis.uncertainty.input_ranges import InputRange
from estimator.analysis.uncertainty.inputs import Questions
from estimator.analysis.uncertainty.result import Uncertainty
from estimator.analysis.uncertainty.sensitivity import Swing
from estimator.analysis.uncertainty.uncertainty import uncertainty
from estimator.arguments import checks_arguments
from estimator.errors import ScenarioError
from estimator.format import capitalized, dollars, percent
from estimator.result import Refusal, Result
from estimator.runtime import Client
from estimator.scenario.model import LARGEST
from estimator.scenario.scenario import Scenario
from estimator.states import State
from estimator.units import parse_number

Level = Literal["p10", "p50", "p90", "expected"]
"""Which of the amounts is compared with the budget."""
_SHARES: Final[Mapping[str, float]] = MappingProxyType({"p10": 0.1, "p50": 0.5, "p90": 0.9})
_CASES: Final = MappingProxyType(
    {"p10": "one of ten cases", "p50": "half of all cases", "p90": "nine of ten cases"}
)
_DOLLARS: Final = re.compile(
    r"^(?:US\$|\$|USD\b)?\s*([-+\d.,_eE]*\d[\d.,_]*)\s*(?:\$|USD|US[ -]?dollars?|dollars?)?"
    r"\s*(?:(?:/|an?|per)\s*month)?$",
    re.IGNORECASE,
)
_CLOSE_ERRORS: Final = 2.0
"""Standard errors of sampling within which a budget is too close to call."""
_SWINGS_NAMED: Final = 5


@checks_arguments
@dataclass(frozen=True, repr=False)
class BudgetCheck(Result):
    """The bill of one deployment compared with a budget, both in USD per month.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> check_budget(scenario, "$2,000", "oci.network_load_balancer_vm", samples=128).verdict
    'Within budget'
    """

    schema = "budget_check"

    found: Uncertainty
    """The ranges, of this deployment alone."""
    budget_usd: float
    """What may be spent."""
    at: Level
    """Which amount is compared with it."""
    refusals: tuple[Refusal, ...] = ()
    """None: a deployment that cannot be priced cannot be checked."""

    @property
    def title(self) -> str:
        """What was checked, for the head of a table or chart."""
        return self.found.title

    def bill(self, deployment: str | None = None) -> Estimate:
        """The single estimate.

        Raises:
            ScenarioError: another deployment than the one that was checked.
        """
        return self.found.bill(deployment)

    @property
    def deployment(self) -> str:
        """Id."""
        return self.found.deployments[0]

    @property
    def amount_usd(self) -> float:
        """What is compared with the budget."""
        if self.at == "expected":
            return float(self.bill().total)
        return self.found.quantile(self.deployment, _SHARES[self.at])

    @property
    def is_within_budget(self) -> bool:
        """Whether the amount is at most the budget."""
        return self.amount_usd <= self.budget_usd

    @property
    def is_within_limits(self) -> bool:
        """Whether the estimate is, and as large a share of all cases as the level asks for."""
        share = _SHARES.get(self.at, 0.0)
        return self.bill().state.is_within_limits and self.within_limits_share >= share

    @property
    def within_limits_share(self) -> float:
        """Share of all cases in which the deployment is within limits."""
        return self.found.within_limits_share(self.deployment)

    @property
    def share_within(self) -> float:
        """Share of all cases that cost at most the budget."""
        return self.found.share_within(self.deployment, self.budget_usd)

    @property
    def passes(self) -> bool:
        """Whether it is within the budget and within limits."""
        return self.is_within_budget and self.is_within_limits

    @property
    def verdict(self) -> str:
        """In a few words."""
        is_checked = self.bill().state is not State.NOT_CHECKED
        beyond = "beyond limits" if is_checked else "limits not checked"
        if self.is_within_budget:
            return "Within budget" if self.is_within_limits else capitalized(beyond)
        return "Over budget" if self.is_within_limits else f"Over budget and {beyond}"

    @property
    def headline(self) -> str:
        """What was found, as a sentence."""
        what = "is estimated at" if self.at == "expected" else "stays within"
        cases = "" if self.at == "expected" else f" in {_CASES[self.at]}"
        apart = dollars(abs(self.budget_usd - self.amount_usd))
        side = "below" if self.is_within_budget else "above"
        bill = self.bill()
        return (
            f"{bill.title} on {bill.cloud_name} {what} {dollars(self.amount_usd)} per month"
            f"{cases}, {apart} {side} the budget of {dollars(self.budget_usd)}."
        )

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to know before trusting the verdict."""
        told: list[str] = []
        error = float(self.found.errors(self.deployment).max())
        close = _CLOSE_ERRORS * error
        if self.at != "expected" and abs(self.amount_usd - self.budget_usd) < close:
            told.append(
                f"Too close to call: sampling leaves a standard error of {dollars(error)}; more "
                "samples reduce it."
            )
        state = self.bill().state
        if self.within_limits_share < 1 and state is not State.NOT_CHECKED:
            told.append(f"It is within limits in {percent(self.within_limits_share)} of all cases.")
        if state is not State.WITHIN_LIMITS:
            told.append(self.bill().reason)
        return tuple(told)

    @property
    def swings(self) -> tuple[Swing, ...]:
        """The inputs that change the bill most, each alone."""
        moving = (each for each in self.found.swings(self.deployment) if each.swing_usd > 0)
        return tuple(moving)[:_SWINGS_NAMED]

    def _data(self) -> dict[str, Any]:
        found = self.found.as_data()
        del found["schema"]
        return {
            "deployment": self.deployment,
            "passes": self.passes,
            "verdict": self.verdict,
            "headline": self.headline,
            "budget_usd": self.budget_usd,
            "at": self.at,
            "amount_usd": self.amount_usd,
            "share_within": self.share_within,
            "within_limits": self.is_within_limits,
            "within_limits_share": self.within_limits_share,
            "remarks": list(self.remarks),
            "swings": [
                {
                    "input": each.uncertain.name,
                    "words": each.uncertain.words,
                    "low": each.low,
                    "high": each.high,
                    "low_usd": each.low_usd,
                    "high_usd": each.high_usd,
                }
                for each in self.swings
            ],
            **found,
        }

    def __repr__(self) -> str:
        return f"<BudgetCheck {self.deployment}: {self.verdict}>"


@checks_arguments
def check_budget(
    scenario: Scenario,
    budget: str | float,
    deployment: str | None = None,
    *,
    at: Level = "p90",
    inputs: Mapping[str, InputRange | str] | None = None,
    evidence: bool = True,
    questions: Questions = "all",
    samples: int = 1024,
    seed: int = 0,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> BudgetCheck:
    """Whether a bill stays within a budget, and its deployment within limits.

    Args:
        scenario: what is certain.
        budget: USD per month, as a number or as people write it.
        deployment: id; the cheapest within limits by its single estimate, if left out.
        at: P90 by default, so that nine of ten cases are within the budget.
        inputs: as for ``uncertainty``, like all that follows.
        evidence: as for ``uncertainty``.
        questions: as for ``uncertainty``.
        samples: as for ``uncertainty``.
        seed: as for ``uncertainty``.
        client: as for ``uncertainty``.
        progress: as for ``uncertainty``.

    Returns:
        The verdict, with the amount in USD per month that is held against the budget, and how often
        the deployment stays within its limits.

    Raises:
        UnknownNameError: no such deployment, field or assumption.
        ScenarioError: a budget in another currency or not above 0, or as for ``uncertainty``.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> check_budget(scenario, "$2,000", "oci.network_load_balancer_vm", samples=128).passes
    True
    """
    usd = parse_budget(budget) if isinstance(budget, str) else _positive(budget, f"{budget:g}")
    if deployment is None:
        compared = compare(scenario)
        if not compared.bills:
            raise ScenarioError("none of the deployments could be priced")
        deployment = compared.bills[0].deployment or ""
    found = uncertainty(
        scenario,
        inputs,
        deployment,
        evidence=evidence,
        questions=questions,
        samples=samples,
        seed=seed,
        client=client,
        progress=progress,
    )
    if not found.bills:
        found.bill(deployment)  # its message says why there is none
    return BudgetCheck(found, usd, at)


def parse_budget(text: str) -> float:
    """Read an amount of US dollars per month.

    Raises:
        ScenarioError: another currency, no amount, or none above 0.

    >>> parse_budget("2000"), parse_budget("$2,000.50"), parse_budget("2_000 USD")
    (2000.0, 2000.5, 2000.0)
    """
    said = text.strip()
    match = _DOLLARS.match(said)
    if match is None:
        amount = re.search(r"\d", said)
        if amount and re.search(r"[^\W\d_]|[^\s\w.,+-]", said):
            raise ScenarioError(
                f"budget '{text}': prices are in US dollars and exchange rates are unknown; "
                "write the budget in dollars, such as 2000 or '2,000 USD'"
            )
        raise ScenarioError(
            f"budget '{text}' is not an amount: write US dollars per month, such as 2000"
        )
    try:
        return _positive(float(parse_number(match[1])), text)
    except ValueError:
        raise ScenarioError(
            f"budget '{text}' is not an amount: write US dollars per month, such as 2000 or "
            "'2,000.50'"
        ) from None


def _positive(usd: float, text: str) -> float:
    if not 0 < usd <= LARGEST:
        raise ScenarioError(f"budget '{text}' must be US dollars above 0, at most {LARGEST:g}")
    return usd
