"""Bills as ranges: how far may they be off, why, and which deployment is the cheapest anyway?"""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from estimator.analysis.compare import title_of
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.points import Progress, chosen
from estimator.analysis.simulate.result import Simulation
from estimator.analysis.uncertainty import sampling
from estimator.analysis.uncertainty.fan import Fan, fan_of
from estimator.analysis.uncertainty.inputs import Question, Uncertain
from estimator.analysis.uncertainty.sensitivity import (
    Swing,
    VarianceShare,
    VarianceSplit,
    swings,
    variability_of,
    variance_shares,
)
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray, Numbers
from estimator.errors import ScenarioError
from estimator.format import number_of
from estimator.pricing.bill import conventions
from estimator.pricing.catalog import load_catalog
from estimator.result import Refusal, Result
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario
from estimator.shown import Look

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_FAN_SAMPLES: Final = 512
_FANS_SHOWN: Final = 3
"""More bands than these hide each other."""


@checks_arguments
@dataclass(frozen=True, repr=False)
class Uncertainty(Result):
    """Bills in USD per month over everything that the inputs may turn out to be.

    Inputs are drawn independently of each other. P10, P50 and P90 are levels that one, five and
    nine of ten draws stay within.

    >>> import estimator as ws
    >>> scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> found = ws.uncertainty(
    ...     scenario, {"tickers.rate_per_hour": "1800..7200"}, "aws.api_gateway", evidence=False
    ... )
    >>> p10, p50, p90 = (found.quantile("aws.api_gateway", share) for share in (0.1, 0.5, 0.9))
    >>> p10 < p50 < p90
    True
    """

    schema = "uncertainty"

    scenario: Scenario
    """What is certain."""
    uncertain: tuple[Uncertain, ...]
    """Numbers that may be off, and billing assumptions that a vendor leaves open."""
    bills: tuple[Estimate, ...]
    """The single estimate of each deployment, those within limits first, cheapest first."""
    draws: FloatArray
    """What was drawn: numbers, and indices of answers, shape (samples, inputs)."""
    drawn: sampling.SampledBills
    """The bills of all draws."""
    seed: int
    """Of the draws."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, or not for every draw, and why."""
    _swings_known: dict[str, tuple[Swing, ...]] = field(default_factory=dict, init=False)

    @property
    def deployments(self) -> tuple[str, ...]:
        """Ids, in the order of the bills."""
        return self.drawn.deployments

    @property
    def samples(self) -> int:
        """Number of draws."""
        return len(self.draws)

    @property
    def inputs(self) -> dict[str, str]:
        """How far each number may be off, and the answers of each question, by name."""
        return {each.name: each.range_words for each in self.uncertain}

    def total(self, deployment: str) -> FloatArray:
        """USD per month of every draw, shape (samples,).

        Raises:
            ScenarioError: it was not asked for, or could not be priced; the message says why.
        """
        return self.drawn.total_usd[self._row(deployment)]

    def quantile(self, deployment: str, share: float) -> float:
        """The bill that a share of the draws stays within, USD per month.

        Raises:
            ScenarioError: as for ``total``, or a share that is not from 0 to 1.
        """
        if not 0 <= share <= 1:
            raise ScenarioError(f"a share is from 0 to 1, not {share:g}")
        return float(np.quantile(self.total(deployment), share, method=sampling.METHOD))

    @property
    def p10_to_p90(self) -> dict[str, tuple[float, float]]:
        """P10 and P90 of each deployment, USD per month, for ``Comparison.share_card``."""
        return {
            name: (self.quantile(name, 0.1), self.quantile(name, 0.9)) for name in self.deployments
        }

    def share_within(self, deployment: str, usd: float) -> float:
        """Share of the draws in which the bill is at most that.

        Raises:
            ScenarioError: as for ``total``.
        """
        return float(np.mean(self.total(deployment) <= usd))

    def within_limits_share(self, deployment: str) -> float:
        """Share of the draws in which a deployment is within limits.

        Raises:
            ScenarioError: as for ``total``.
        """
        return float(np.mean(self.drawn.within_limits[self._row(deployment)]))

    def errors(self, deployment: str) -> FloatArray:
        """Standard errors of P10, P50 and P90 that sampling leaves, USD per month.

        From how the share of draws below each of them differs between independent scrambles of the
        sequence, each an eighth of the draws.

        Raises:
            ScenarioError: as for ``total``.

        References:
            Woodruff, Confidence intervals for medians and other position measures, Journal of the
            American Statistical Association 47 (1952) 635-646.
        """
        total = self.total(deployment)
        below = (
            total.reshape(sampling.SCRAMBLES, -1)[None] <= sampling.quantiles(total)[:, None, None]
        )
        between = np.std(below.mean(axis=2), axis=1, ddof=1) / np.sqrt(sampling.SCRAMBLES)
        # a quantile is known no better than to half the way from one draw to the next
        error = np.hypot(between, 0.5 / total.size)
        low, high = (
            [np.quantile(total, level, method=sampling.METHOD) for level in np.clip(levels, 0, 1)]
            for levels in (np.array(sampling.LEVELS) - error, np.array(sampling.LEVELS) + error)
        )
        return (np.array(high) - np.array(low)) / 2

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each deployment, in the order of the bills.

        Columns: deployment, title, state and expected_usd (of the single estimate), p10_usd,
        p50_usd, p90_usd, mean_usd, sd_usd, error_usd (standard error that sampling leaves in P10,
        P50 or P90, the largest), within_limits_share (of the draws) and cheapest_share (of the
        draws: it is the cheapest within limits).
        """
        import pandas as pd

        usd = self.drawn.total_usd
        return pd.DataFrame(
            {
                "deployment": self.deployments,
                "title": [bill.title for bill in self.bills],
                "state": [str(bill.state) for bill in self.bills],
                "expected_usd": [float(bill.total) for bill in self.bills],
                **dict(zip(sampling.COLUMNS, sampling.quantiles(usd), strict=True)),
                "mean_usd": usd.mean(axis=1),
                "sd_usd": usd.std(axis=1),
                "error_usd": [self.errors(name).max() for name in self.deployments],
                "within_limits_share": self.drawn.within_limits.mean(axis=1),
                "cheapest_share": self._cheapest_shares,
            }
        )

    def lines(self, deployment: str | None = None) -> pd.DataFrame:
        """The bill of a deployment line by line, the widest range first.

        Columns: meter, title, expected_usd, p10_usd, p50_usd, p90_usd, mean_usd and
        variance_share: how much of the variance of the total comes with this line (covariance with
        the total; they add up to 1). Means add up to that of the total; P10 and P90 do not, since
        not all lines are low or high at once.

        Args:
            deployment: id; the cheapest within limits, if left out.

        Raises:
            ScenarioError: as for ``total``.
        """
        import pandas as pd

        bill = self.bill(deployment)
        total = self.total(bill.deployment or "")
        expected: dict[str, float] = {}
        for item in bill.items:
            meter = item.usage.meter_id
            expected[meter] = expected.get(meter, 0.0) + float(item.cost_usd)
        # what people's time costs is on a bill, but in no price list
        meters = {**load_catalog().meters, **{i.rate.meter_id: i.rate.meter for i in bill.items}}
        drawn = self.drawn.lines_usd[bill.deployment or ""]
        usd = np.array(list(drawn.values())).reshape(len(drawn), total.size)
        low, _, high = levels = sampling.quantiles(usd)
        shared = (usd - usd.mean(axis=1, keepdims=True)) @ (total - total.mean()) / total.size
        variance = float(total.var())
        table = pd.DataFrame(
            {
                "meter": list(drawn),
                "title": [f"{meters[each].service}: {meters[each].title}" for each in drawn],
                "expected_usd": [expected.get(each, 0.0) for each in drawn],
                **dict(zip(sampling.COLUMNS, levels, strict=True)),
                "mean_usd": usd.mean(axis=1),
                "variance_share": shared / variance if variance else np.zeros(len(drawn)),
            }
        )
        widest_first = np.argsort(low - high, kind="stable")
        return table.iloc[widest_first].reset_index(drop=True)

    def swings(self, deployment: str | None = None) -> tuple[Swing, ...]:
        """What each input alone does to a bill, the widest first.

        A number goes from P10 to P90, a question through its answers, with all numbers else at
        their medians and all questions else as the scenario has them.

        Args:
            deployment: id; the cheapest within limits, if left out.

        Raises:
            ScenarioError: as for ``total``.
        """
        name = self.bill(deployment).deployment or ""
        if name not in self._swings_known:
            self._swings_known[name] = tuple(swings(self.scenario, self.uncertain, name))
        return self._swings_known[name]

    def sensitivity(
        self,
        deployment: str | None = None,
        *,
        samples: int | None = None,
        client: Client | Executor | None = None,
        progress: Progress | None = None,
    ) -> pd.DataFrame:
        """Each input's share of the variance of a bill: what to measure next, the first row first.

        Columns: input (its name), words, kind (number or question), first, first_low, first_high,
        total, total_low, total_high. ``first`` is the share that would go if the input were known,
        ``total`` what would stay if all else were (Sobol indices), each with its 95% interval;
        values below 0 are noise. Inputs with negligible swings have none.

        Args:
            deployment: id; the cheapest within limits, if left out.
            samples: draws, a power of two, as many as for the bills if left out; each takes a bill
                for every input.
            client: where bills are priced; this process if left out.
            progress: called with the bills done and all of them.

        Raises:
            ScenarioError: as for ``total``, or samples that are no power of two.
        """
        import pandas as pd

        count = self.samples if samples is None else sampling.checked_samples(samples)
        moving = self.swings(deployment)
        found = variance_shares(
            self.scenario,
            moving,
            self.bill(deployment).deployment or "",
            samples=count,
            seed=self.seed,
            client=client,
            progress=progress,
        )
        known = {share.uncertain.name for share in found}
        rows = [_share_row(share) for share in found]
        rows += [_named(each.uncertain) for each in moving if each.uncertain.name not in known]
        columns = ["input", "words", "kind", "first", "first_low", "first_high",
                   "total", "total_low", "total_high"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def fan(
        self,
        field: str,
        values: Numbers,
        deployments: Iterable[str] | str | None = None,
        *,
        samples: int = _FAN_SAMPLES,
        client: Client | Executor | None = None,
        progress: Progress | None = None,
    ) -> Fan:
        """P10 to P90 of the bills while one number of the scenario varies.

        Args:
            field: its name, as for ``sweep``; it is taken as known, even if it is uncertain.
            values: at least two.
            deployments: ids; the three cheapest within limits, if left out.
            samples: draws at each value, the same everywhere; a power of two.
            client: where bills are priced; this process if left out.
            progress: called with the bills done and all of them.

        Raises:
            UnknownNameError: no such field or deployment.
            ScenarioError: a value the field cannot have, or samples that are no power of two.
        """
        # what is beyond a limit now may be within it along the axis, so the first will do
        first = [each.deployment or "" for each in self.bills[:_FANS_SHOWN]]
        return fan_of(
            self.scenario,
            self.uncertain,
            first if deployments is None else chosen(deployments),
            {field: values},
            samples=sampling.checked_samples(samples),
            seed=self.seed,
            client=client,
            progress=progress,
        )

    def variance_split(self, simulation: Simulation) -> VarianceSplit:
        """How much of a bill's variance is due to uncertain inputs, and how much is random.

        Args:
            simulation: of the same scenario on one of the deployments, of at least two weeks; with
                or without faults and surges.

        Raises:
            ScenarioError: another scenario or deployment, or a single week.
        """
        quiet = {"faults": (), "surges": ()}
        if simulation.scenario.replace(**quiet) != self.scenario.replace(**quiet):
            raise ScenarioError("the simulation is of another scenario: simulate this one")
        variation = variability_of(simulation)
        expected, simulated = simulation.expected_bill, simulation.simulated_bill
        offset = 0.0
        if expected is not None and simulated is not None:
            offset = float(simulated.total) - float(expected.total)
        inputs_sd = float(np.std(self.total(simulation.deployment)))
        return VarianceSplit(simulation.deployment, inputs_sd, variation, offset)

    def bill(self, deployment: str | None = None) -> Estimate:
        """The single estimate of a deployment; of the cheapest within limits, if none is named.

        Raises:
            ScenarioError: as for ``total``.
        """
        if deployment is not None:
            return self._bill_of(deployment, self.bills)
        if not self.bills:
            raise ScenarioError("none of the deployments could be priced")
        return self.bills[0]

    def tornado_chart(self, deployment: str | None = None, look: Look | None = None) -> Figure:
        """A tornado: what each input alone does to the bill of a deployment.

        Args:
            deployment: id; the cheapest within limits, if left out.
            look: colors and width; dark on white, if left out.

        Raises:
            ScenarioError: as for ``total``.
        """
        return self._drawn("tornado", deployment, look)

    def fan_chart(
        self,
        field: str,
        values: Numbers,
        deployments: Iterable[str] | str | None = None,
        look: Look | None = None,
    ) -> Figure:
        """Bands of P10 to P90 while one number varies; ``fan`` has the numbers behind it.

        Args:
            field: as for ``fan``.
            values: as for ``fan``.
            deployments: as for ``fan``.
            look: colors and width; dark on white, if left out.

        Raises:
            UnknownNameError: as for ``fan``.
            ScenarioError: as for ``fan``.
        """
        return self.fan(field, values, deployments).chart(look)

    def _data(self) -> dict[str, Any]:
        return {
            "scenario": self.scenario.as_data(),
            "samples": self.samples,
            "seed": self.seed,
            "inputs": [_input_data(each) for each in self.uncertain],
            "deployments": [
                {**row, "lines": self.lines(str(row["deployment"])).to_dict(orient="records")}
                for row in self.table.to_dict(orient="records")
            ],
            "conventions": self.conventions,
            "notes": list(self.notes),
        }

    @property
    def title(self) -> str:
        """What was estimated, for the head of a table or chart."""
        return title_of(self.scenario)

    @property
    def conventions(self) -> str:
        """Under which conventions the amounts hold; empty if nothing could be priced."""
        return conventions(self.bills) if self.bills else ""

    @property
    def notes(self) -> tuple[str, ...]:
        """How the draws were made, and by which conventions."""
        numbers = sum(each.kind == "number" for each in self.uncertain)
        questions = len(self.uncertain) - numbers
        notes = [
            f"{self.samples:,} draws of {number_of(numbers, 'number')} and "
            f"{number_of(questions, 'open question')}, all independent: "
            f"{sampling.SCRAMBLES} scrambles of a Sobol sequence, seed {self.seed}"
        ]
        blocks = sampling.SCRAMBLES * sampling.block_count(
            self.uncertain, self.samples // sampling.SCRAMBLES
        )
        if blocks < self.samples:
            notes.append(
                f"answers, and other inputs about whose values much is worked out, take {blocks} "
                "combinations of values, which the draws share"
            )
        if questions:
            notes.append("all answers to an open question are taken to be equally likely")
        return tuple(notes)

    @property
    def _cheapest_shares(self) -> FloatArray:
        """Share of the draws in which each is the cheapest within limits, shape (deployments,)."""
        usd = np.where(self.drawn.within_limits, self.drawn.total_usd, np.inf)
        if not len(usd):
            return np.zeros(0)
        # deployments that cost the same share the lead, whatever the last digit says
        least = usd.min(axis=0)
        leads = np.isclose(usd, least, rtol=1e-9, atol=0) & np.isfinite(least)
        return np.asarray((leads / np.maximum(leads.sum(axis=0), 1)).mean(axis=1))

    def _row(self, deployment: str) -> int:
        return self.deployments.index(self.bill(deployment).deployment or "")

    def __repr__(self) -> str:
        return (
            f"<Uncertainty {self.title!r}: {number_of(len(self.bills), 'deployment')}, "
            f"{number_of(len(self.uncertain), 'uncertain input')}, {self.samples:,} draws>"
        )


def _named(each: Uncertain) -> dict[str, object]:
    return {"input": each.name, "words": each.words, "kind": each.kind}


def _input_data(each: Uncertain) -> dict[str, Any]:
    if isinstance(each, Question):
        return {**_named(each), "answers": list(each.answers)}
    levels = dict(
        zip(("p10", "p50", "p90"), each.values(np.array(sampling.LEVELS)).tolist(), strict=True)
    )
    return {**_named(each), "distribution": each.range_words, **levels}


def _share_row(share: VarianceShare) -> dict[str, object]:
    return {
        **_named(share.uncertain),
        "first": share.first,
        "first_low": share.first_interval[0],
        "first_high": share.first_interval[1],
        "total": share.total,
        "total_low": share.total_interval[0],
        "total_high": share.total_interval[1],
    }
