"""Bills as ranges: how far they may be off, what makes them so, and who is the cheapest anyway."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from estimator.analysis.compare import title_of
from estimator.analysis.estimate import Estimate, estimate_all
from estimator.analysis.field_words import field_words
from estimator.analysis.fields import with_values
from estimator.analysis.points import Progress, chosen, resolved
from estimator.analysis.simulate.simulate import Simulation
from estimator.analysis.uncertainty.fan import COLUMNS, LEVELS, METHOD, Fan, quantiles
from estimator.analysis.uncertainty.input_ranges import InputRange, Range
from estimator.analysis.uncertainty.inputs import (
    Question,
    Questions,
    Uncertain,
    open_questions,
    uncertain_quantities,
)
from estimator.analysis.uncertainty.sampling import (
    SCRAMBLES,
    SampledBills,
    block_count,
    price_draws,
    scrambled_draws,
)
from estimator.analysis.uncertainty.sensitivity import Swing, VarianceShare, swings, variance_shares
from estimator.analysis.uncertainty.simulation_variability import (
    VariabilityBesideInputs,
    variability_of,
)
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError
from estimator.format import number_of
from estimator.hypertext import card, folded, rows_under, small
from estimator.pricing.bill import conventions
from estimator.pricing.catalog import load_catalog
from estimator.result import Refusal
from estimator.runtime import Client
from estimator.scenario.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from estimator.shown import Look

_HIGH: Final = np.array(0.9)
_FEWEST_SAMPLES: Final = 128
_MOST_SAMPLES: Final = 65_536
_FAN_SAMPLES: Final = 512
_FANS_SHOWN: Final = 3
"""More bands than these hide each other."""


@dataclass(frozen=True, repr=False)
class Uncertainty:
    """Bills in USD per month over everything that the inputs may turn out to be.

    Inputs are drawn independently of each other. P10, P50 and P90 are levels that one, five and
    nine of ten draws stay within.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> found = uncertainty(
    ...     scenario, {"tickers.rate_per_hour": "1800..7200"}, "aws.api_gateway", evidence=False
    ... )
    >>> p10, p50, p90 = (found.quantile("aws.api_gateway", share) for share in (0.1, 0.5, 0.9))
    >>> p10 < p50 < p90
    True
    """

    scenario: Scenario
    """What is certain."""
    uncertain: tuple[Uncertain, ...]
    """Numbers that may be off, and billing assumptions that a vendor leaves open."""
    bills: tuple[Estimate, ...]
    """The single estimate of each deployment, those that hold first, cheapest first."""
    draws: FloatArray
    """What was drawn: numbers, and indices of answers, shape (samples, inputs)."""
    drawn: SampledBills
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
        return {each.name: _spread_words(each) for each in self.uncertain}

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
        return float(np.quantile(self.total(deployment), share, method=METHOD))

    def share_within(self, deployment: str, usd: float) -> float:
        """Share of the draws in which the bill is at most that.

        Raises:
            ScenarioError: as for ``total``.
        """
        return float(np.mean(self.total(deployment) <= usd))

    def holds_share(self, deployment: str) -> float:
        """Share of the draws that a deployment would hold.

        Raises:
            ScenarioError: as for ``total``.
        """
        return float(np.mean(self.drawn.holds[self._row(deployment)]))

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
        below = total.reshape(SCRAMBLES, -1)[None] <= quantiles(total)[:, None, None]
        between = np.std(below.mean(axis=2), axis=1, ddof=1) / np.sqrt(SCRAMBLES)
        # a quantile is known no better than to half the way from one draw to the next
        error = np.hypot(between, 0.5 / total.size)
        low, high = (
            [np.quantile(total, level, method=METHOD) for level in np.clip(levels, 0, 1)]
            for levels in (np.array(LEVELS) - error, np.array(LEVELS) + error)
        )
        return (np.array(high) - np.array(low)) / 2

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each deployment, in the order of the bills.

        Columns: deployment, title, state and expected_usd (of the single estimate), p10_usd,
        p50_usd, p90_usd, mean_usd, sd_usd, error_usd (standard error that sampling leaves in P10,
        P50 or P90, the largest), holds_share (of the draws) and cheapest_share (of the draws: it
        holds and is the cheapest that does).
        """
        import pandas as pd

        cheapest = self._cheapest_shares
        rows: list[dict[str, object]] = []
        for bill, total, held, least in zip(
            self.bills, self.drawn.total_usd, self.drawn.holds, cheapest, strict=True
        ):
            name = bill.deployment or ""
            rows.append(
                {
                    "deployment": name,
                    "title": bill.title,
                    "state": bill.state,
                    "expected_usd": float(bill.total),
                    **dict(zip(COLUMNS, map(float, quantiles(total)), strict=True)),
                    "mean_usd": float(total.mean()),
                    "sd_usd": float(total.std()),
                    "error_usd": float(self.errors(name).max()),
                    "holds_share": float(held.mean()),
                    "cheapest_share": float(least),
                }
            )
        return pd.DataFrame(rows, columns=_TABLE)

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
        variance = float(total.var())
        # what people's time costs is on a bill, but in no price list
        meters = {**load_catalog().meters, **{i.rate.meter_id: i.rate.meter for i in bill.items}}
        rows = [
            {
                "meter": meter,
                "title": f"{meters[meter].service}: {meters[meter].title}",
                "expected_usd": expected.get(meter, 0.0),
                **dict(zip(COLUMNS, map(float, quantiles(usd)), strict=True)),
                "mean_usd": float(usd.mean()),
                "variance_share": float(np.cov(usd, total, ddof=0)[0, 1]) / variance
                if variance
                else 0.0,
            }
            for meter, usd in self.drawn.lines_usd[bill.deployment or ""].items()
        ]
        columns = ["meter", "title", "expected_usd", *COLUMNS, "mean_usd", "variance_share"]
        table = pd.DataFrame(rows, columns=columns)
        width = table["p90_usd"] - table["p10_usd"]
        return table.loc[width.sort_values(ascending=False, kind="stable").index].reset_index(
            drop=True
        )

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
        ``total`` what would stay if all else were (Sobol indices), each with its 95 % interval;
        values below 0 are noise. Inputs whose swing is negligible beside the others have none.

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

        count = self.samples if samples is None else _checked_samples(samples)
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
        rows += [
            {"input": each.uncertain.name, "words": input_words(each.uncertain),
             "kind": each.uncertain.kind}
            for each in moving
            if each.uncertain.name not in known
        ]  # fmt: skip
        columns = ["input", "words", "kind", "first", "first_low", "first_high",
                   "total", "total_low", "total_high"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def fan(
        self,
        field: str,
        values: Sequence[float] | FloatArray,
        deployments: Iterable[str] | str | None = None,
        *,
        samples: int = _FAN_SAMPLES,
        client: Client | Executor | None = None,
        progress: Progress | None = None,
    ) -> Fan:
        """P10 to P90 of the bills while one number of the scenario moves.

        Args:
            field: its name, as for ``sweep``; if it may be off itself, it is taken as known here.
            values: at least two.
            deployments: ids; the three cheapest within limits, if left out.
            samples: draws at each value, the same everywhere; a power of two.
            client: where bills are priced; this process if left out.
            progress: called with the bills done and all of them.

        Raises:
            UnknownNameError: no such field or deployment.
            ScenarioError: a value the field cannot have, or samples that are no power of two.
        """
        [(name, array)] = resolved(self.scenario, {field: values}).items()
        axis = np.unique(array)
        if axis.size < 2:
            raise ScenarioError(f"a fan needs at least two values of '{name}'")
        ends = Range(float(axis[0]), float(axis[-1]))
        [moving] = uncertain_quantities(self.scenario, {name: ends}, evidence=False)
        others = tuple(each for each in self.uncertain if each.name != name)
        # a bill that fails now may hold along the axis, so without any that holds the first do
        first = [each.deployment or "" for each in self.bills[:_FANS_SHOWN]]
        names = first if deployments is None else list(chosen(deployments))
        draws = scrambled_draws(others, _checked_samples(samples), self.seed)
        points = np.column_stack([np.repeat(axis, samples), np.tile(draws, (axis.size, 1))])
        priced = price_draws(
            self.scenario, (moving, *others), points, names, client=client, progress=progress
        )
        shape = (len(names), axis.size, samples)
        return Fan(
            title=self.title,
            field=name,
            values=axis,
            deployments=tuple(names),
            usd=quantiles(priced.total_usd.reshape(shape)),
            holds_share=priced.holds.reshape(shape).mean(axis=-1),
            refusals=priced.refusals,
        )

    def beside(self, simulation: Simulation) -> VariabilityBesideInputs:
        """What is not known about the inputs beside what chance does from month to month.

        Args:
            simulation: of the same scenario on one of the deployments, of two weeks at least; with
                or without faults and surges.

        Raises:
            ScenarioError: another scenario or deployment, or a single week.
        """
        quiet = {"faults": (), "surges": ()}
        if simulation.scenario.replace(**quiet) != self.scenario.replace(**quiet):
            raise ScenarioError("the simulation is of another scenario: simulate this one")
        chance = variability_of(simulation)
        expected, simulated = simulation.expected_bill, simulation.simulated_bill
        offset = 0.0
        if expected is not None and simulated is not None:
            offset = float(simulated.total) - float(expected.total)
        inputs_sd = float(np.std(self.total(simulation.deployment)))
        return VariabilityBesideInputs(simulation.deployment, inputs_sd, chance, offset)

    def bill(self, deployment: str | None = None) -> Estimate:
        """The single estimate of a deployment; of the cheapest within limits, if none is named.

        Raises:
            ScenarioError: as for ``total``.
        """
        if deployment is not None:
            return self.bills[self._row(deployment)]
        if not self.bills:
            raise ScenarioError("none of the deployments could be priced")
        return self.bills[0]

    def chart(self, deployment: str | None = None, look: Look | None = None) -> Figure:
        """A tornado: what each input alone does to the bill of a deployment.

        Args:
            deployment: id; the cheapest within limits, if left out.
            look: colors and width; dark on white, if left out.

        Raises:
            ScenarioError: as for ``total``.
        """
        from estimator.render.charts.uncertainty import tornado_chart

        return tornado_chart(self, deployment, look)

    def range_chart(self, look: Look | None = None) -> Figure:
        """P10 to P90 of every deployment, beside its single estimate.

        Args:
            look: colors and width; dark on white, if left out.
        """
        from estimator.render.charts.uncertainty import range_chart

        return range_chart(self, look)

    def fan_chart(
        self,
        field: str,
        values: Sequence[float] | FloatArray,
        deployments: Iterable[str] | str | None = None,
        look: Look | None = None,
    ) -> Figure:
        """Bands of P10 to P90 while one number moves; ``fan`` gives the numbers behind it.

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

    def as_data(self) -> dict[str, Any]:
        """Ranges, lines and inputs as plain lists, texts and numbers, for machines."""
        rows = self.table.to_dict(orient="records")
        return {
            "scenario": self.scenario.as_data(),
            "currency": "USD",
            "period": "month",
            "samples": self.samples,
            "seed": self.seed,
            "inputs": [_input_data(each) for each in self.uncertain],
            "deployments": [
                {**row, "lines": self.lines(str(row["deployment"])).to_dict(orient="records")}
                for row in rows
            ],
            "refused": [
                {"deployment": refusal.deployment, "reason": refusal.reason}
                for refusal in self.refusals
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
        """How it was drawn, and by which conventions."""
        numbers = sum(each.kind == "number" for each in self.uncertain)
        questions = len(self.uncertain) - numbers
        notes = [
            f"{self.samples:,} draws of {number_of(numbers, 'number')} and "
            f"{number_of(questions, 'open question')}, all independent of each other: "
            f"{SCRAMBLES} scrambles of a Sobol sequence, seed {self.seed}"
        ]
        blocks = SCRAMBLES * block_count(self.uncertain, self.samples // SCRAMBLES)
        if blocks < self.samples:
            notes.append(
                f"what cannot be priced in one pass, such as answers, takes {blocks} "
                "combinations of values, which draws share"
            )
        if questions:
            notes.append("each answer to an open question is taken to be equally likely")
        return tuple(notes)

    @property
    def _cheapest_shares(self) -> FloatArray:
        """Share of the draws in which each is the cheapest within limits, shape (deployments,)."""
        usd = np.where(self.drawn.holds, self.drawn.total_usd, np.inf)
        if not len(usd):
            return np.zeros(0)
        # deployments that cost the same share the lead, whatever the last digit says
        least = usd.min(axis=0)
        leads = np.isclose(usd, least, rtol=1e-9, atol=0) & np.isfinite(least)
        return np.asarray((leads / np.maximum(leads.sum(axis=0), 1)).mean(axis=1))

    def _row(self, deployment: str) -> int:
        if deployment in self.deployments:
            return self.deployments.index(deployment)
        for refusal in self.refusals:
            if refusal.deployment == deployment:
                raise ScenarioError(f"{deployment} could not be priced: {refusal.reason}")
        raise ScenarioError(f"{deployment} was not asked for")

    def __repr__(self) -> str:
        return (
            f"<Uncertainty {self.title!r}: {len(self.bills)} deployments, "
            f"{number_of(len(self.uncertain), 'uncertain input')}, {self.samples:,} draws>"
        )

    def __str__(self) -> str:
        lines = [f"{self.title}, US dollars per month: P10, P50, P90"]
        lines += [
            f"  {row.p10_usd:>12,.2f} {row.p50_usd:>12,.2f} {row.p90_usd:>12,.2f}  {row.deployment}"
            + (f" ({row.state})" if row.state != "pass" else "")
            for row in self.table.itertuples()
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        heads = ("deployment", "P10", "P50", "P90", "estimate", "± error", "holds", "cheapest")
        rows = [
            (
                row.deployment,
                *(f"{usd:,.2f}" for usd in (row.p10_usd, row.p50_usd, row.p90_usd)),
                f"{row.expected_usd:,.2f}",
                f"{row.error_usd:,.2f}",
                f"{row.holds_share:.0%}",
                f"{row.cheapest_share:.0%}",
            )
            for row in self.table.itertuples()
        ]
        inputs = (f"{input_words(each)}: {_spread_words(each)}" for each in self.uncertain)
        refusals = (f"{refusal.deployment}: {refusal.reason}" for refusal in self.refusals)
        return card(
            self.title,
            small(self.conventions and f"{self.conventions}."),
            rows_under(heads, rows, numbers=heads[1:]),
            folded("What may be off", inputs),
            folded("How it was drawn", self.notes),
            folded("Could not be priced", refusals),
            small(".lines() tells each line, .sensitivity() what to measure next, .chart() why"),
        )


def uncertainty(
    scenario: Scenario,
    inputs: Mapping[str, InputRange | str] | None = None,
    deployments: Iterable[str] | str | None = None,
    *,
    evidence: bool = True,
    questions: Questions = "all",
    samples: int = 1024,
    seed: int = 0,
    client: Client | Executor | None = None,
    progress: Progress | None = None,
) -> Uncertainty:
    """The bills of a scenario over everything that its inputs may turn out to be.

    Args:
        scenario: what is certain.
        inputs: how far numbers may be off, by the name of a field as for ``sweep``: ``20..40``
            (a range), ``20..30..45`` (least, most likely, most), ``300 x/ 2`` (P10 is half, P90
            twice of 300), ``x/ 2`` and ``± 25 %`` (around what the scenario says), or a ``Range``,
            ``Triangular`` or ``Lognormal``. They are independent of each other.
        deployments: ids of the deployments; all on the clouds, if left out.
        evidence: defaults of the profile may be off too, as their evidence says
            (``input_ranges_by_evidence``); ``inputs`` count more.
        questions: ids of billing assumptions that are open, each answer equally likely; ``all``
            that move a bill, that the scenario does not answer, and that a vendor can answer.
        samples: draws, a power of two from 128 to 65,536.
        seed: any whole number of at least 0; the same seed gives the same draws.
        client: a ``dask.distributed.Client``, or an executor such as a ``ProcessPoolExecutor``,
            that prices draws; this process if left out. The results are the same.
        progress: called with the bills done and all of them.

    Returns:
        P10, P50 and P90 in USD per month of each total and each line, with the error that sampling
        leaves, and what makes them uncertain.

    Raises:
        UnknownNameError: no such field, deployment or assumption.
        ScenarioError: a distribution that is none, or reaches beyond what its field can hold; a
            question the scenario answers; samples that are no power of two; nothing uncertain.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> found = uncertainty(scenario, {"peak_connections": "± 20 %"}, "oci.load_balancer_vm")
    >>> found.samples, found.inputs["peak_connections"]
    (1024, '800..1200')
    """
    _checked_samples(samples)
    if seed < 0:
        raise ScenarioError(f"seed must be a whole number of at least 0, not {seed}")
    names = chosen(deployments)
    quantities = uncertain_quantities(scenario, inputs or {}, evidence=evidence)
    bills, refused = estimate_all(scenario, names)
    bills.sort(key=lambda bill: (bill.state == "broken", float(np.sum(bill.total))))
    # an allowance may cover now what an answer moves once there is more of everything
    more = with_values(scenario, {each.name: float(each.values(_HIGH)) for each in quantities})
    both = [*bills, *estimate_all(more, names)[0]]
    uncertain: tuple[Uncertain, ...] = (*quantities, *open_questions(scenario, both, questions))
    if idle := [
        each.name for each in quantities if not any(map(each.matters_to, names))
    ]:  # fmt: skip
        raise ScenarioError(f"'{idle[0]}' matters to none of the deployments asked for")
    if not uncertain:
        raise ScenarioError(
            "nothing is uncertain: say which number may be off, as in "
            "inputs={'peak_connections': '± 20 %'}"
        )
    draws = scrambled_draws(uncertain, samples, seed)
    ids = [bill.deployment or "" for bill in bills]
    drawn = price_draws(scenario, uncertain, draws, ids, client=client, progress=progress)
    refused += [
        Refusal(bill.deployment or "", bill.title, drawn.refusals[bill.deployment or ""])
        for bill in bills
        if bill.deployment in drawn.refusals
    ]
    kept = [row for row, name in enumerate(ids) if name not in drawn.refusals]
    return Uncertainty(
        scenario=scenario,
        uncertain=uncertain,
        bills=tuple(bills[row] for row in kept),
        draws=draws,
        drawn=SampledBills(
            tuple(ids[row] for row in kept),
            drawn.total_usd[kept],
            drawn.holds[kept],
            {ids[row]: drawn.lines_usd[ids[row]] for row in kept},
            drawn.refusals,
        ),
        seed=seed,
        refusals=tuple(refused),
    )


def input_words(each: Uncertain) -> str:
    """An input for people: a field with its unit, or a question."""
    return each.assumption.question if isinstance(each, Question) else field_words(each.name)


def _checked_samples(samples: int) -> int:
    if samples & (samples - 1) or not _FEWEST_SAMPLES <= samples <= _MOST_SAMPLES:
        next_one = 1 << (max(samples, 1) - 1).bit_length()
        taken = min(max(next_one, _FEWEST_SAMPLES), _MOST_SAMPLES)
        raise ScenarioError(
            f"samples must be a power of two from {_FEWEST_SAMPLES} to {_MOST_SAMPLES:,}, "
            f"not {samples:,}: take {taken:,}"
        )
    return samples


def _spread_words(each: Uncertain) -> str:
    return ", ".join(each.answers) if isinstance(each, Question) else str(each.spread)


def _input_data(each: Uncertain) -> dict[str, Any]:
    found: dict[str, Any] = {"input": each.name, "kind": each.kind, "words": input_words(each)}
    if isinstance(each, Question):
        return {**found, "answers": list(each.answers)}
    levels = dict(zip(("p10", "p50", "p90"), each.values(np.array(LEVELS)).tolist(), strict=True))
    return {**found, "distribution": str(each.spread), **levels}


def _share_row(share: VarianceShare) -> dict[str, object]:
    return {
        "input": share.uncertain.name,
        "words": input_words(share.uncertain),
        "kind": share.uncertain.kind,
        "first": share.first,
        "first_low": share.first_interval[0],
        "first_high": share.first_interval[1],
        "total": share.total,
        "total_low": share.total_interval[0],
        "total_high": share.total_interval[1],
    }


_TABLE: Final = [
    "deployment", "title", "state", "expected_usd", *COLUMNS, "mean_usd", "sd_usd", "error_usd",
    "holds_share", "cheapest_share",
]  # fmt: skip
