"""What a scenario assumes, held against what the simulation finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.demand.demand import Demand
from estimator.demand.expected import audiences
from estimator.deployments.limits import AT_RISK_SHARE, State, figure
from estimator.scenario.model import FloatArray
from estimator.scenario.scenario import Scenario
from estimator.simulation.load import busiest_seconds, each_alone, minute_demand
from estimator.simulation.minutes import RECOVERY_SHARES
from estimator.simulation.run import Run, interval
from estimator.units import (
    BITS_PER_BYTE,
    BITS_PER_MEGABIT,
    MINUTES_PER_HOUR,
    SECONDS_PER_HOUR,
)

HOLDS_WITHIN: Final = 0.02
"""An assumption that is off by no more holds."""
BROKEN_BEYOND: Final = 0.10
"""One that is off by more is broken; between the two it is at risk."""
SHORT_PEAK: Final = 1 / AT_RISK_SHARE
"""Short peaks above an hourly mean for which limits leave room."""
TURNED_AWAY: Final = 0.01
"""From this share of clients who never get in, or of wanted connection time that is lost, on, the
deployment does not serve them."""
UNNOTICED: Final = 0.0001
"""Below this share nobody notices."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One assumption: what was assumed, what was found, and whether it holds."""

    title: str
    assumed: float
    """In ``unit``; what is allowed, where it is no figure of the scenario."""
    found: float
    """Mean over the replications."""
    low: float
    high: float
    """95 % interval of that mean."""
    unit: str
    state: State
    words: str
    """What it means, in a sentence."""

    @property
    def ratio(self) -> float:
        """Found / assumed."""
        if self.assumed:
            return self.found / self.assumed
        return np.inf if self.found else 1.0


def findings(
    scenario: Scenario, expected: Demand, run: Run, recover_within_s: float
) -> tuple[Finding, ...]:
    """Every assumption of a scenario.

    Args:
        scenario: what was said.
        expected: the demand that calculators would use, with connections cut at the age that the
            deployment allows.
        run: the simulated weeks.
        recover_within_s: seconds within which 99 % of the clients shall be back after a fault.
    """
    return (
        _peak(expected, run),
        *_said_twice(scenario, expected, run),
        *_means(expected, run),
        _connects(expected, run),
        _messages(scenario, expected, run),
        _egress(scenario, expected, run),
        *_headroom(run),
        _lost_time(run),
        _turned_away(run),
        *_recoveries(run, recover_within_s),
    )


def _finding(
    title: str, assumed: float, values: FloatArray, unit: str, state: State, words: str
) -> Finding:
    mean, low, high = interval(values)
    return Finding(title, assumed, mean, low, high, unit, state, words)


def _off_by(ratio: float) -> State:
    """How bad it is that something is so many times what was assumed."""
    return (
        "pass"
        if ratio <= 1 + HOLDS_WITHIN
        else "at risk"
        if ratio <= 1 + BROKEN_BEYOND
        else "broken"
    )


def _peak(expected: Demand, run: Run) -> Finding:
    assumed = float(expected.peak_connections)
    above = run.stack("open_most") > assumed
    often = float(above.mean())
    weeks = float(above.any(axis=1).mean())
    rare = float(np.quantile(run.peaks, 0.95))
    words = (
        f"exceeded in {weeks:.0%} of the weeks and {often:.2%} of the minutes; "
        f"in one week of twenty the peak is above {figure(rare)}"
    )
    state = _off_by(float(run.peaks.mean()) / assumed if assumed else np.inf)
    return _finding("Peak connections", assumed, run.peaks, "connections", state, words)


def _said_twice(scenario: Scenario, expected: Demand, run: Run) -> Iterator[Finding]:
    """Where the audience was given in several ways, each against the first."""
    (used, _), *others = audiences(scenario).items()
    for name, peak in others:
        ratio = float(peak) / max(float(expected.peak_connections), 1e-12)
        off = max(ratio, 1 / ratio) if ratio else np.inf
        words = f"{name} means a peak of {figure(float(peak))}, but {used} was used"
        yield _finding(
            f"Peak by {name}", float(peak), run.peaks, "connections", _off_by(off), words
        )


def _means(expected: Demand, run: Run) -> Iterator[Finding]:
    means = run.stack("open_mean").mean(axis=1)
    assumed = float(expected.connections.mean)
    ratio = float(means.mean()) / assumed if assumed else np.inf
    state = _off_by(max(ratio, 1 / ratio) if ratio else np.inf)
    words = "averaged over the week"
    yield _finding("Mean connections", assumed, means, "connections", state, words)
    minutes = expected.hours_per_month * MINUTES_PER_HOUR
    words = "what managed services bill"
    title = "Connection-minutes a month"
    yield _finding(title, assumed * minutes, means * minutes, "minutes", state, words)


def _connects(expected: Demand, run: Run) -> Finding:
    assumed = float(expected.connects.peak) / SECONDS_PER_HOUR
    most = run.stack("attempts_per_second").max(axis=1)
    refused = run.stack("refused_by_rate").sum(axis=1)
    limit = run.model.doors.connects_per_second
    words = "the busiest second, retries included, against the busiest hour's mean"
    state: State = "pass"
    if refused.any():
        # what it does to clients is told by the time they lose and by their recovery
        state = "at risk"
        words += f"; {figure(float(refused.mean()))} attempts a week are refused by the limit"
    elif np.isfinite(limit) and most.mean() >= AT_RISK_SHARE * limit:
        state = "at risk"
    if np.isfinite(limit):
        words += f" (limit {figure(limit)})"
    return _finding("Connects a second", assumed, most, "connects/s", state, words)


def _short_peak(found: FloatArray, assumed: float) -> State:
    """Rates have peaks within the hour, for which limits leave some room."""
    return "pass" if found.mean() <= assumed * SHORT_PEAK else "at risk"


def _messages(scenario: Scenario, expected: Demand, run: Run) -> Finding:
    messages = sum(s.per_hour.hourly for s in expected.streams if s.is_message)
    assumed = float(np.max(messages, initial=0.0)) / SECONDS_PER_HOUR
    found = busiest_seconds(run, scenario.profile, scenario.crowds)
    words = "the busiest second, in and out together, against the busiest hour's mean"
    return _finding(
        "Messages a second", assumed, found, "messages/s", _short_peak(found, assumed), words
    )


def _egress(scenario: Scenario, expected: Demand, run: Run) -> Finding:
    to_mbps = BITS_PER_BYTE / BITS_PER_MEGABIT / SECONDS_PER_HOUR
    assumed = float(expected.traffic("to_client", "ip").peak) * to_mbps
    found = np.array(
        [
            minute_demand(one, scenario.profile, 1.0, scenario.crowds)
            .traffic("to_client", "ip")
            .peak.max()
            * to_mbps
            for one in each_alone(run)
        ]
    )
    words = "the busiest minute, down to the IP header, against the busiest hour's mean"
    state = _short_peak(found, assumed)
    return _finding("Egress", assumed, found, "Mbps", state, words)


def _headroom(run: Run) -> Iterator[Finding]:
    places = run.stack("places")
    if not np.isfinite(places).all() or not run.model.doors.counts_units:
        return
    used = np.max(
        np.divide(run.stack("open_most"), places, out=np.zeros_like(places), where=places > 0),
        axis=1,
    )
    refused = run.stack("refused_full").sum(axis=1)
    full = float(refused.mean())
    state: State = "broken" if full else "at risk" if used.mean() >= AT_RISK_SHARE else "pass"
    name = run.model.doors.unit_name
    words = f"of what the running {name}s hold, in the fullest minute"
    if full:
        words += f"; {figure(full)} attempts a week find them full"
    yield _finding("Fullest moment", AT_RISK_SHARE * 100, used * 100, "% of capacity", state, words)


def _served(shares: FloatArray) -> State:
    """How bad it is that clients are not served, by their share."""
    share = float(shares.mean())
    return "pass" if share < UNNOTICED else "at risk" if share < TURNED_AWAY else "broken"


def _lost_time(run: Run) -> Finding:
    """Time that clients spend waiting."""
    waiting = run.stack("waiting").sum(axis=1)
    shares = waiting / np.maximum(waiting + run.stack("open_mean").sum(axis=1), 1.0)
    words = f"clients want to be connected and are not: {shares.mean():.2%} of the time they want"
    title = "Connection-minutes lost"
    return _finding(title, 0.0, waiting, "minutes a week", _served(shares), words)


def _turned_away(run: Run) -> Finding:
    never = run.stack("gave_up").sum(axis=1) + run.stack("left_waiting").sum(axis=1)
    came = np.maximum(run.stack("arrivals").sum(axis=1), 1.0)
    shares = never / came
    words = f"give up, or leave while they wait: {shares.mean():.2%} of those who come"
    return _finding("Clients turned away", 0.0, never, "clients a week", _served(shares), words)


def _recoveries(run: Run, recover_within_s: float) -> Iterator[Finding]:
    at_99 = RECOVERY_SHARES.index(0.99)
    faults = {after.fault: None for each in run.replications for after in each.aftermaths}
    for fault in faults:
        seen = [a for each in run.replications for a in each.aftermaths if a.fault == fault]
        seconds = np.array([after.recovery_s[at_99] for after in seen])
        lost = np.array([after.lost for after in seen])
        state: State = (
            "broken"
            if seconds.mean() > recover_within_s
            else "at risk"
            if seconds.mean() >= AT_RISK_SHARE * recover_within_s
            else "pass"
        )
        words = f"{fault}; {figure(float(lost.mean()))} connections lost, until 99 % are back"
        yield _finding("Recovery", recover_within_s, seconds, "seconds", state, words)
