"""Does a scenario's every assumption hold? What was assumed, and what the simulation found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.analysis.simulate.recovery import (
    AT_99,
    HOW_TO_END,
    HOW_TO_STATE_A_RATE,
    Recovery,
    aftermaths,
    is_known,
    recoveries,
)
from estimator.arrays import FloatArray
from estimator.demand.demand import Demand
from estimator.demand.expected import arrivals_of, audiences
from estimator.deployments.limits import NEAR_SHARE
from estimator.format import figure_text, precise_percent, sentence, span_text
from estimator.scenario.scenario import Scenario
from estimator.simulation.load import (
    Kinds,
    busiest_second,
    busiest_seconds,
    each_alone,
    minute_demand,
    usual_minutes,
)
from estimator.simulation.retries import waits_s
from estimator.simulation.run import Run, interval
from estimator.simulation.theory import poisson_quantile
from estimator.states import Assessment
from estimator.units import (
    BITS_PER_BYTE,
    BITS_PER_MEGABIT,
    HOURS_PER_WEEK,
    MINUTES_PER_HOUR,
    SECONDS_PER_HOUR,
    SECONDS_PER_MINUTE,
)

HOLDS_WITHIN: Final = 0.02
"""An assumption holds if it is off by no more."""
MISSED_BEYOND: Final = 0.10
"""It is missed if it is off by more, and at risk in between."""
SHORT_PEAK: Final = 1 / NEAR_SHARE
"""Limits leave room for short peaks of so many times the hourly mean."""
PLAIN_CHANCE: Final = 2.0
"""Chance makes short peaks; from so many times the hourly mean on they are a risk anyway."""
TURNED_AWAY: Final = 0.01
"""From this share of clients who never get in, or of wanted connection time that is lost, the
deployment does not serve them."""
UNNOTICED: Final = 0.0001
"""Below this share it does not matter."""
RECOVERY: Final = "Recovery"
"""Title of what is found after each fault that took connections, in the order of the week."""
_NOBODY: Final = 0.5
"""Minutes of waiting; less is rounding noise of groups that are followed by their mean."""
_NOTHING_LIMITS: Final = "nothing is known that could keep a client out"


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
    """95% interval of that mean."""
    unit: str
    state: Assessment
    words: str
    """What it means, in a sentence."""

    @property
    def ratio(self) -> float:
        """Found / assumed."""
        return _ratio(self.found, self.assumed)

    def explain(self) -> str:
        """The finding as a sentence: what was found, what was assumed, and what it means."""
        assumed = f"{figure_text(self.assumed)} {self.unit} assumed"
        if np.isfinite(self.found):
            found = (
                f"{figure_text(self.found)} {self.unit} found, {figure_text(self.assumed)} assumed"
            )
        else:
            found = f"without end, {assumed}"
        return f"{self.title}: {self.state}, {found}. {sentence(self.words)}"


def findings(
    scenario: Scenario, expected: Demand, run: Run, recover_within_s: float
) -> tuple[Finding, ...]:
    """Every assumption of a scenario.

    Args:
        scenario: what was said.
        expected: the demand that calculators would use, with connections cut at the age that the
            deployment allows.
        run: the simulated weeks.
        recover_within_s: seconds within which 99% of the clients must be back after a fault.
    """
    return (
        _peak(expected, run),
        *_said_twice(scenario, expected, run),
        *_contradicted(scenario, expected, run),
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
    title: str, assumed: float, values: FloatArray, unit: str, state: Assessment, words: str
) -> Finding:
    mean, low, high = interval(values)
    # nothing of what is counted here can be less than nothing
    return Finding(title, assumed, mean, max(low, 0.0), high, unit, state, words)


def _ratio(found: float, assumed: float) -> float:
    """Nothing of nothing is as assumed."""
    if assumed:
        return found / assumed
    return np.inf if found else 1.0


def _either_way(ratio: float) -> float:
    """How many times too large or too small."""
    return max(ratio, 1 / ratio) if ratio else np.inf


def _graded(is_at_risk: bool, is_missed: bool) -> Assessment:
    return Assessment.MISSED if is_missed else Assessment.AT_RISK if is_at_risk else Assessment.MET


def _off_by(ratio: float) -> Assessment:
    """How bad it is that something is so many times what was assumed."""
    return _graded(ratio > 1 + HOLDS_WITHIN, ratio > 1 + MISSED_BEYOND)


def _peak(expected: Demand, run: Run) -> Finding:
    """The largest hour was assumed; from within the hour and by chance, moments are above it."""
    assumed, found = float(expected.peak_connections), float(run.peaks.mean())
    within = float((expected.peak_within_hour or expected.connections_peak).peak)
    above = run.stack("open_most") > assumed
    often = float(above.mean())
    weeks = float(above.any(axis=1).mean())
    rare = float(np.quantile(run.peaks, 0.95))
    words = (
        f"exceeded in {precise_percent(weeks)} of the weeks and {precise_percent(often)} of the "
        f"minutes; in one of twenty weeks the peak is above {figure_text(rare)}"
    )
    if figure_text(within) != figure_text(assumed):
        words += f"; within the hour the mean rises to {figure_text(within)}"
    state = _graded(
        _ratio(found, within) > 1 + HOLDS_WITHIN, _ratio(found, assumed) > 1 + MISSED_BEYOND
    )
    return _finding("Peak connections", assumed, run.peaks, "connections", state, words)


def _said_twice(scenario: Scenario, expected: Demand, run: Run) -> Iterator[Finding]:
    """Where the audience is given in several ways: each compared with the first."""
    if expected.by_kind:  # the weeks do not tell clients of this kind from others
        return
    (used, _), *others = audiences(scenario).items()
    peak_used = float(expected.peak_connections)
    for name, peak in others:
        state = _off_by(_either_way(_ratio(float(peak), peak_used)))
        words = (
            f"{_in_words(name)} would mean a peak of {figure_text(float(peak))}; "
            f"{figure_text(peak_used)}, from {_in_words(used)}, was used"
        )
        title = f"Peak by {_in_words(name)}"
        yield _finding(title, float(peak), run.peaks, "connections", state, words)


def _in_words(fields: str) -> str:
    return fields.replace("_", " ")


def _contradicted(scenario: Scenario, expected: Demand, run: Run) -> Iterator[Finding]:
    """Where the weekly shape changes faster than sessions let connections follow: the worst hour.

    What is simulated are arrivals and sessions, so there it cannot be what was drawn.
    """
    each = [arrivals_of(scenario, kind) for kind in scenario.kinds.values()]
    if not any(arrivals.contradicts for arrivals in each):
        return
    means = [float(kind.connections.mean) for kind in expected.kinds]
    misfits = sum(
        (arrivals.misfits * mean for arrivals, mean in zip(each, means, strict=True)),
        np.zeros(HOURS_PER_WEEK),
    )
    hour, peak = int(np.argmax(np.abs(misfits))), float(expected.peak_connections)
    assumed = float(expected.connections.hourly[hour])
    off = float(misfits[hour])
    found = run.stack("open_mean").reshape(-1, HOURS_PER_WEEK, MINUTES_PER_HOUR)[:, hour]
    words = (
        f"the weekly shape asks for {figure_text(assumed)} in this hour, the closest arrivals that "
        f"sessions allow make {figure_text(assumed + off)}, off by "
        f"{precise_percent(_ratio(abs(off), peak))} of the peak; a simulation follows arrivals"
    )
    state = _off_by(1 + _ratio(abs(off), peak))
    title = f"Connections on {scenario.clock.text(hour)}"
    yield _finding(title, assumed, found.mean(axis=1), "connections", state, words)


def _means(expected: Demand, run: Run) -> Iterator[Finding]:
    means = run.stack("open_mean").mean(axis=1)
    assumed = float(expected.connections.mean)
    state = _off_by(_either_way(_ratio(float(means.mean()), assumed)))
    words = "averaged over the week"
    yield _finding("Mean connections", assumed, means, "connections", state, words)
    minutes = float(expected.hours_per_month) * MINUTES_PER_HOUR
    words = "what managed services bill"
    title = "Connection-minutes per month"
    yield _finding(title, assumed * minutes, means * minutes, "minutes", state, words)


def _connects(expected: Demand, run: Run) -> Finding:
    assumed = float(expected.new_connections.peak) / SECONDS_PER_HOUR
    most = run.stack("attempts_per_second").max(axis=1)
    refused = run.stack("refused_by_rate").sum(axis=1)
    admission = run.model.admission
    units = np.inf if admission.units is None else admission.units
    limit = min(
        admission.new_connections_per_second_now(units),
        admission.connects_served_per_second(units, *busiest_hour(expected)),
    )
    words = "the busiest second, retries included, against the mean of the busiest hour"
    state = Assessment.MET
    if refused.any():
        # what it does to clients is told by the time they lose and by their recovery
        state = Assessment.AT_RISK
        words += f"; {figure_text(float(refused.mean()))} attempts per week are refused"
    if np.isfinite(limit):
        words += f"; the limit is {figure_text(limit)}"
        state = Assessment.AT_RISK if most.mean() >= NEAR_SHARE * limit else state
    elif most.mean() > SHORT_PEAK * _busiest_by_chance(assumed):
        state = Assessment.NOT_CHECKED if state is Assessment.MET else state
        words += "; no limit is known: test whether so many can connect at once"
    return _finding("New connections per second", assumed, most, "new connections/s", state, words)


def busiest_hour(expected: Demand) -> tuple[int, float]:
    """The hour of the week with most connections, and how many these are."""
    hourly = expected.connections.hourly
    return int(np.argmax(hourly)), float(hourly.max())


def _busiest_by_chance(per_second: float) -> float:
    """What one second in a week has by chance alone, where so many are usual."""
    if not per_second:
        return 0.0
    return float(poisson_quantile(per_second, 1 - 1 / (HOURS_PER_WEEK * SECONDS_PER_HOUR)))


def _short_peak(
    title: str, assumed: float, usual: float, found: FloatArray, unit: str, words: str
) -> Finding:
    """Rates have peaks within the hour, for which limits leave some room.

    Args:
        title: of the finding.
        assumed: the mean of the busiest hour.
        usual: the peak that a rate of that mean has anyway.
        found: the peak of each replication.
        unit: of all three.
        words: which peak that is.
    """
    words += " against the mean of the busiest hour"
    ratio = _ratio(float(found.mean()), assumed)
    if ratio > SHORT_PEAK:
        words += f": {figure_text(ratio)} times as much"
    by_chance = figure_text(_ratio(usual, assumed))
    if usual > assumed and by_chance != "1":
        words += f"; chance alone accounts for {by_chance} times"
    expected = min(usual, assumed * PLAIN_CHANCE / SHORT_PEAK)
    state = Assessment.MET if found.mean() <= expected * SHORT_PEAK else Assessment.AT_RISK
    return _finding(title, assumed, found, unit, state, words)


def _messages(scenario: Scenario, expected: Demand, run: Run) -> Finding:
    messages = sum(s.per_hour.hourly for s in expected.streams if s.is_message)
    assumed = float(np.max(messages, initial=0.0)) / SECONDS_PER_HOUR
    found = busiest_seconds(run, scenario.profile, scenario.surges, Kinds.of(scenario, expected))
    rng = np.random.default_rng(run.seed)
    usual = float(np.mean([busiest_second(usual_minutes(expected, rng), rng) for _ in found]))
    words = "the busiest second, in and out together,"
    return _short_peak("Messages per second", assumed, usual, found, "messages/s", words)


def _egress(scenario: Scenario, expected: Demand, run: Run) -> Finding:
    to_mbps = BITS_PER_BYTE / BITS_PER_MEGABIT / SECONDS_PER_HOUR
    kinds = Kinds.of(scenario, expected)
    rng = np.random.default_rng(run.seed)

    def mbps(demand: Demand) -> float:
        return float(demand.traffic("to_client", "ip").peak.max()) * to_mbps

    each = (
        minute_demand(one, scenario.profile, 1.0, scenario.surges, kinds) for one in each_alone(run)
    )
    found = np.array([mbps(one) for one in each])
    usual = float(np.mean([mbps(usual_minutes(expected, rng)) for _ in found]))
    words = (
        "the busiest minute, with the new connections of its busiest second and all headers "
        "down to IP,"
    )
    return _short_peak("Egress", mbps(expected), usual, found, "Mbps", words)


def _headroom(run: Run) -> Iterator[Finding]:
    if not np.isfinite(run.stack("slots")).all() or not run.model.admission.counts_units:
        return
    used = run.stack("slots_used").max(axis=1)
    refused = run.stack("refused_full").sum(axis=1)
    full = float(refused.mean())
    state = _graded(used.mean() >= NEAR_SHARE, full > 0)
    name = run.model.admission.unit_name
    words = f"share of the slots of the running {name}s that is used in the fullest minute"
    if full:
        words += f"; {figure_text(full)} attempts per week are refused for lack of capacity"
    yield _finding("Capacity used", NEAR_SHARE * 100, used * 100, "% of capacity", state, words)


def _served(shares: FloatArray) -> Assessment:
    """How bad it is that clients are not served, by their share."""
    share = float(shares.mean())
    return _graded(share >= UNNOTICED, share >= TURNED_AWAY)


def _lost_time(run: Run) -> Finding:
    """Time that clients spend waiting; what they wait by their own policy after a cut is theirs."""
    waiting = run.connection_minutes_lost
    waiting = np.where(waiting < _NOBODY, 0.0, waiting)
    wanted = np.maximum(waiting + run.stack("open_mean").sum(axis=1), 1.0)
    own = np.minimum(_waited_after_age(run), waiting)
    words = "no client waits"
    if waiting.any():
        lost = precise_percent(float((waiting / wanted).mean()))
        words = f"clients wait {lost} of the time that they want to be connected"
    if own.any():
        share = precise_percent(float(own.sum() / waiting.sum()))
        age = span_text(run.model.admission.age_most_seconds)
        words += f"; {share} of that is their own wait after a connection was cut at {age}"
    state = _served((waiting - own) / wanted)
    if not waiting.any() and _nothing_limits(run):
        state, words = Assessment.NOT_CHECKED, f"{words}; {_NOTHING_LIMITS}"
    return _finding("Connection-minutes lost", 0.0, waiting, "minutes per week", state, words)


def _waited_after_age(run: Run) -> FloatArray:
    """Minutes that clients wait before they replace what was cut at its age, by their own policy.

    Returns:
        Shape (replications,).
    """
    half, none = np.array([0.5]), np.zeros(1)
    # each wait is drawn evenly from a range, so its middle is the mean
    [first_s] = waits_s(run.model.reconnect, none.astype(np.int64), half, none)
    return run.stack("aged").sum(axis=1) * first_s / SECONDS_PER_MINUTE


def _nothing_limits(run: Run) -> bool:
    """Whether everybody is let in because nothing is known that would not."""
    slots = run.stack("slots")
    return not is_known(run.model) and bool(np.isinf(slots).all())


def _turned_away(run: Run) -> Finding:
    never = run.stack("gave_up").sum(axis=1) + run.stack("left_waiting").sum(axis=1)
    came = np.maximum(run.stack("arrivals").sum(axis=1), 1.0)
    shares = never / came
    words = "every client gets in"
    if never.any():
        lost = precise_percent(float(shares.mean()))
        words = f"{lost} of the clients give up, or leave while they wait"
    state = _served(shares)
    if not never.any() and _nothing_limits(run):
        state, words = Assessment.NOT_CHECKED, f"{words}; {_NOTHING_LIMITS}"
    return _finding("Clients turned away", 0.0, never, "clients per week", state, words)


def _recoveries(run: Run, recover_within_s: float) -> Iterator[Finding]:
    found = aftermaths(run)
    for recovery in recoveries(run):
        seconds = np.array([after.recovery_s[AT_99] for _, after in found[recovery.fault]])
        state = _recovered(run, recovery, recover_within_s)
        words = (
            f"until 99% of {figure_text(recovery.lost)} lost clients are back after "
            f"{recovery.fault}"
        )
        if recovery.unfinished:
            weeks = precise_percent(recovery.unfinished)
            words += f"; in {weeks} of the weeks not before the week ends"
        if recovery.endless:
            words += f": {recovery.why_endless}; {HOW_TO_END}"
        if state is Assessment.NOT_CHECKED:
            words += f", by their own waiting alone; {HOW_TO_STATE_A_RATE}"
        yield _finding(RECOVERY, recover_within_s, seconds, "seconds", state, words)


def _recovered(run: Run, recovery: Recovery, within_s: float) -> Assessment:
    """Whether clients were back in time; held against nothing known, it is no proof."""
    if recovery.endless:
        return Assessment.DOES_NOT_RECOVER
    if recovery.until_99_s > within_s:
        return Assessment.MISSED
    if not is_known(run.model):
        return Assessment.NOT_CHECKED
    return _graded(recovery.until_99_s >= NEAR_SHARE * within_s, is_missed=False)
