"""Simulated weeks: what was assumed beside what was found, minute by minute, and both bills."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from estimator.analysis.estimate.result import Estimate, verdict_data
from estimator.analysis.simulate.answer import Outcome, cost_words, quiet_outcome, storm_outcomes
from estimator.analysis.simulate.findings import Finding
from estimator.analysis.simulate.recovery import Recovery, recoveries
from estimator.arguments import checks_arguments
from estimator.demand.demand import Demand
from estimator.deployments.limits import Limit, LongBurst, state_at, words_of
from estimator.errors import ScenarioError
from estimator.format import figure_text, number_of
from estimator.result import Refusal, Result, plain
from estimator.scenario.local_time import UTC, Clock
from estimator.scenario.scenario import Scenario
from estimator.shown import Look
from estimator.simulation.disruptions import zone_question
from estimator.simulation.run import Run
from estimator.states import Assessment, State, worst
from estimator.units import MINUTES_PER_HOUR

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_JUST_BEYOND = 1.01
"""Share of a limit that stands for one that turned clients away though minutes hide it."""


@dataclass(frozen=True, slots=True)
class MinuteVerdict:
    """A limit checked in every minute of the simulated week."""

    limit: Limit
    used: float
    """In the busiest minute, in the unit of the limit."""
    allowed: float
    minute: int | None
    """The busiest minute of the week; None if the limit does not depend on time."""
    minutes_beyond: int
    """Minutes of the week in which the limit is exceeded."""
    turned_away: float = 0.0
    """Attempts per week that were refused because of it."""
    fix: str = ""
    """The smallest change that fixes it."""
    clock: Clock = UTC
    """Of those who read it."""
    burst: LongBurst | None = None
    """What takes more than a second at the limit, if there is such a burst."""

    @property
    def share(self) -> float:
        """Used share of what is allowed; 0 where nothing is allowed or used."""
        if self.allowed:
            return self.used / self.allowed
        return np.inf if self.used else 0.0

    @property
    def state(self) -> State:
        """As for a bill; who turns clients away is beyond the limit."""
        return state_at(self._judged_share, self.limit.raised_by)

    @property
    def state_words(self) -> str:
        """That state, with how much more of a quota it takes."""
        return words_of(self.state, self._judged_share)

    @property
    def _judged_share(self) -> float:
        return max(self.share, _JUST_BEYOND) if self.turned_away else self.share

    @property
    def when(self) -> str:
        """The busiest minute, in local time and in UTC; empty if there is none."""
        return "" if self.minute is None else self.clock.text(self.minute / MINUTES_PER_HOUR)

    def explain(self) -> str:
        """The verdict as a sentence: what, when, how much of how much, and what would fix it."""
        when = f" on {self.when}" if self.when else ""
        refused = (
            f", {figure_text(self.turned_away)} attempts per week refused"
            if self.turned_away
            else ""
        )
        burst = f"; {self.burst}" if self.burst else ""
        fix = f" Fix: {self.fix}." if self.fix and self.state is not State.WITHIN_LIMITS else ""
        of = "without end, of" if np.isinf(self.used) else f"{figure_text(self.used)} of"
        return (
            f"{self.limit.title}: {self.state_words}, {of} {figure_text(self.allowed)} "
            f"{self.limit.unit}{when}{refused}{burst}.{fix}"
        )


@checks_arguments
@dataclass(frozen=True, repr=False)
class Simulation(Result):
    """Simulated weeks of a scenario, on a deployment or without limits.

    >>> import estimator as ws
    >>> scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=200)
    >>> week = ws.simulate(scenario, replications=1)
    >>> week.connections.shape, week.verdicts.columns[0]
    ((10080, 8), 'assumption')
    """

    schema = "simulation"

    scenario: Scenario
    """With the faults and surges that were simulated."""
    deployment: str
    """Id; empty if none was asked for."""
    run: Run
    """Every minute of every replication, in connections, attempts and seconds."""
    expected: Demand
    """What calculators assume."""
    demand: Demand
    """What was found, averaged over the replications: priced like any other demand."""
    findings: tuple[Finding, ...]
    """Each assumption with what was found."""
    limits: tuple[MinuteVerdict, ...]
    """Each limit of the deployment, the closest first."""
    expected_bill: Estimate | None
    """What calculators would bill, in USD per month; None without a deployment."""
    simulated_bill: Estimate | None
    """The bill of the demand that was found, in USD per month; None without a deployment."""
    refusals: tuple[Refusal, ...] = ()
    """None: a deployment without a price cannot be simulated."""

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader should know of the simulated weeks."""
        return (*self.run.notes, *self._left_out())

    def _left_out(self) -> Iterator[str]:
        if self.scenario.calendar:
            yield "The simulated weeks are usual ones: the calendar is in neither of the bills."
        main, *others = self.scenario.profiles.values()
        if any(other.reconnect != main.reconnect for other in others):
            yield (
                "All clients are taken to come back as the main kind does: the reconnects of other "
                "kinds are left out."
            )
        share = self.run.model.admission.zone_share
        yield from zone_question(self.scenario.faults, share, self.deployment)

    @cached_property
    def outcomes(self) -> tuple[Outcome, ...]:
        """How each fault that took connections ended, the worst first; without one, the peak."""
        storms = storm_outcomes(self.scenario.faults, self.deployment, self.run, self.findings)
        if storms:
            return storms
        weeks = len(self.run.replications)
        return (quiet_outcome(self.findings, self.state, self._worst_limit, weeks),)

    @property
    def cost(self) -> str:
        """What such weeks cost beside what was estimated, in a sentence; empty if unknown."""
        if self.expected_bill is None or self.simulated_bill is None:
            return ""
        return cost_words(float(self.expected_bill.total), float(self.simulated_bill.total))

    @cached_property
    def answer(self) -> str:
        """What came out: the worst of ``outcomes``, why it is so, and what that costs."""
        first, *others = self.outcomes
        verdict = first.verdict
        if others:
            verdict = f"The worst of {len(self.outcomes)} faults: {verdict[0].lower()}{verdict[1:]}"
        return " ".join(filter(None, (verdict, first.why, self.cost)))

    @property
    def _worst_limit(self) -> str:
        if not self.limits:
            return f"limits of {self.deployment}: {State.NOT_CHECKED}"
        judged = worst((each.state for each in self.limits), State.NOT_CHECKED)
        [first, *_] = (each for each in self.limits if each.state is judged)
        return f"limit '{first.limit.title}': {first.state_words}"

    @property
    def state(self) -> Assessment:
        """The worst of all findings, and of what limits are assumed to let through."""
        limits = (Assessment.of(state) for state in self._limit_states)
        return worst((*(each.state for each in self.findings), *limits), Assessment.NOT_CHECKED)

    @property
    def assumptions_held(self) -> bool:
        """Whether no assumption is missed, and the limits of the deployment are stayed within.

        Settings to change and quotas that can be raised do not count. Of a deployment of which no
        limit was checked nobody knows.
        """
        states = (*(each.state for each in self.findings), *self._limit_states)
        return not any(state.fails for state in states)

    @property
    def _limit_states(self) -> list[State]:
        """Of every limit; not checked, if there is none of the deployment asked for."""
        unchecked = [State.NOT_CHECKED] if self.deployment else []
        return [each.state for each in self.limits] or unchecked

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """What was assumed and found, one row for each assumption."""
        import pandas as pd

        return pd.DataFrame(map(_finding_row, self.findings))

    @cached_property
    def connections(self) -> pd.DataFrame:
        """Open connections, waiting clients, capacity and units of every minute.

        Indexed by the hour of the week; quantiles and means are over the replications.
        """
        import pandas as pd

        low, middle, high = self.run.band("open_most")
        means = {
            name: self.run.stack(name).mean(axis=0)
            for name in ("waiting", "new_connections", "attempts", "units", "slots")
        }
        columns = {"open_p05": low, "open_p50": middle, "open_p95": high, **means}
        return pd.DataFrame(columns, index=pd.Index(self.run.hours, name="hour"))

    @cached_property
    def bill_difference(self) -> pd.DataFrame:
        """Expected and simulated cost of each meter in USD per month.

        Raises:
            ScenarioError: no deployment was simulated.
        """
        import pandas as pd

        if self.expected_bill is None or self.simulated_bill is None:
            raise ScenarioError("there is no bill without a deployment: name one to simulate")
        costs = [*map(_usd_by_meter, (self.expected_bill, self.simulated_bill))]
        meters = list(dict.fromkeys([*costs[0], *costs[1]]))
        rows = [[cost.get(meter, 0.0) for cost in costs] for meter in meters]
        table = pd.DataFrame(
            rows, columns=["expected_usd", "simulated_usd"], index=pd.Index(meters, name="meter")
        )
        table["difference_usd"] = table["simulated_usd"] - table["expected_usd"]
        return table

    @property
    def title(self) -> str:
        """What was simulated, for the head of a table or chart."""
        name = self.scenario.name or self.scenario.profile.title
        return f"{name}, {self.deployment or 'no limits'}"

    @property
    def weeks(self) -> str:
        """How many weeks were simulated, and how."""
        weeks = number_of(len(self.run.replications), "week")
        return f"{weeks} simulated by the {self.run.engine} engine, seed {self.run.seed}"

    @property
    def storms(self) -> tuple[int, ...]:
        """Positions of the faults that took connections, which ``storm_chart`` can show."""
        seen = {after.fault for each in self.run.replications for after in each.aftermaths}
        return tuple(n for n, fault in enumerate(self.run.model.faults) if fault in seen)

    def bill(self, deployment: str = "") -> Estimate:
        """The bill of the simulated weeks.

        Args:
            deployment: the one simulated; it may be left out.

        Raises:
            ScenarioError: no deployment was simulated, or another one.
        """
        if self.simulated_bill is None:
            raise ScenarioError("there is no bill without a deployment: name one to simulate")
        return self._bill_of(deployment or self.deployment, [self.simulated_bill])

    def peak_chart(self, look: Look | None = None) -> Figure:
        """Peaks of every simulated day and week, beside the assumed peak and the capacity.

        Args:
            look: colors and width; dark on white, if left out.
        """
        return self._drawn("peaks", look)

    def storm_chart(self, number: int = 0, look: Look | None = None) -> Figure:
        """The seconds around one fault: open connections, waiting clients, attempts.

        Args:
            number: position among the declared faults, from 0; see ``storms``.
            look: colors and width; dark on white, if left out.

        Raises:
            ScenarioError: there is no such fault, or it took no connection.
        """
        return self._drawn("storm", number, look)

    def attempts_chart(self, look: Look | None = None) -> Figure:
        """New connections per week by the number of attempts they needed.

        Args:
            look: colors and width; dark on white, if left out.
        """
        return self._drawn("attempts", look)

    def scaling_chart(self, look: Look | None = None) -> Figure:
        """Running and needed units over the week and on its fullest day.

        Args:
            look: colors and width; dark on white, if left out.

        Raises:
            ScenarioError: the deployment has no units that connections fill.
        """
        return self._drawn("scaling", look)

    def _data(self) -> dict[str, Any]:
        # curves are left out: those are in ``connections``
        run = self.run
        bills = {"expected_bill": self.expected_bill, "simulated_bill": self.simulated_bill}
        difference = None
        if self.simulated_bill is not None:
            difference = self.bill_difference.reset_index().to_dict(orient="records")
        return {
            "scenario": self.scenario.as_data(),
            "deployment": self.deployment or None,
            "state": self.state,
            "answer": self.answer,
            "engine": run.engine,
            "seed": run.seed,
            "replications": len(run.replications),
            "assumptions": [
                {name: plain(value) for name, value in _finding_row(each).items()}
                for each in self.findings
            ],
            "limits": [_limit_data(each) for each in self.limits],
            "recoveries": [_recovery_data(each) for each in recoveries(run)],
            "peaks": run.peaks.tolist(),
            "daily_peaks": run.daily_peaks.tolist(),
            "attempts_per_client": run.attempts_per_client.tolist(),
            "bill_difference": difference,
            **{name: bill and bill.as_data() for name, bill in bills.items()},
            "notes": list(self.notes),
        }

    def __repr__(self) -> str:
        return f"<Simulation {self.title!r}: {self.weeks}, {self.state}>"


def _finding_row(finding: Finding) -> dict[str, Any]:
    return {
        "assumption": finding.title,
        "assumed": finding.assumed,
        "found": finding.found,
        "low": finding.low,
        "high": finding.high,
        "unit": finding.unit,
        "state": finding.state,
        "meaning": finding.words,
    }


def _limit_data(verdict: MinuteVerdict) -> dict[str, Any]:
    return {
        **verdict_data(verdict),
        "minutes_beyond": verdict.minutes_beyond,
        "turned_away": plain(verdict.turned_away),
    }


def _recovery_data(recovery: Recovery) -> dict[str, Any]:
    return {
        "fault": recovery.fault,
        "lost": recovery.lost,
        "back_s": {f"{share:.0%}": plain(seconds) for share, seconds in recovery.back_s.items()},
        "attempts": recovery.attempts,
        "refused": recovery.refused,
        "refused_by": recovery.refused_by,
        "attempts_per_connection": plain(recovery.attempts_per_connection),
        "goodput": recovery.goodput,
        "wasted_work": recovery.wasted_work,
        "connecting_most": recovery.connecting_most,
        "queue_most": recovery.queue_most,
        "processor_most": recovery.processor_most,
        "never_back": recovery.never_back,
        "unfinished": recovery.unfinished,
        "endless": recovery.endless,
        "why_endless": recovery.why_endless or None,
    }


def _usd_by_meter(bill: Estimate) -> dict[str, float]:
    """USD per month of each meter, whose lines may be several: of nodes, Redis, the application."""
    found: dict[str, float] = {}
    for item in bill.items:
        meter = item.usage.meter_id
        found[meter] = found.get(meter, 0.0) + float(item.cost_usd)
    return found
