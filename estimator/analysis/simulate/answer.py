"""What came out, in a sentence? How the worst fault ended; without one, the peak."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from estimator.analysis.simulate.findings import RECOVERY, Finding
from estimator.analysis.simulate.recovery import (
    HOW_TO_END,
    Recovery,
    is_known,
    recoveries,
    stage_names,
)
from estimator.deployments.registry import find_deployment
from estimator.format import count_text, dollars, figure_text, percent, sentence, span_text
from estimator.scenario.disruptions import Fault
from estimator.scenario.local_time import moment_text
from estimator.simulation.run import Run
from estimator.states import Assessment
from estimator.units import HALF_A_CENT_USD

_DAYS: Final = {
    "Mon": "Monday",
    "Tue": "Tuesday",
    "Wed": "Wednesday",
    "Thu": "Thursday",
    "Fri": "Friday",
    "Sat": "Saturday",
    "Sun": "Sunday",
}
_HAPPENS: Final = {
    "rolling_deployment": "a rolling deployment began",
    "balancer_resize": "a load balancer was resized",
    "network_flap": "the network of some clients failed",
    "connection_throttle": "new connections were limited",
    "refused_attempts": "a share of all attempts was refused",
    "slow_dependency": "what new connections wait for became slow",
}
"""What a fault did, by its name; whatever else is named an outage failed, and others began."""
_OUTAGE: Final = "outage"
_SOMEBODY: Final = 0.5
_AT_ONCE_S: Final = 1.0
_FEW: Final = 0.01
"""Of the attempts: if no more fail, it does not matter why."""
_WORTH_TELLING: Final = 0.1
"""Of the attempts that fail for the most common reason; what is rarer is not told."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out: of one fault, or of weeks in which none took a connection."""

    verdict: str
    """A sentence that says how it ended."""
    why: str
    """A sentence that says what decided it; empty if there is nothing to say."""
    state: Assessment
    fault: int | None = None
    """Position among the declared faults; None if it is of the weeks."""


def storm_outcomes(
    faults: Sequence[Fault], deployment: str, run: Run, findings: Sequence[Finding]
) -> tuple[Outcome, ...]:
    """How clients came back after each fault that took connections, the worst first.

    Args:
        faults: as they were declared.
        deployment: id; empty without one.
        run: the simulated weeks.
        findings: of them, with those of recoveries in the order of the week.
    """
    judged = [each for each in findings if each.title == RECOVERY]
    told = zip(recoveries(run), judged, strict=True)
    worst_first = sorted(
        told, key=lambda each: (each[0].endless, each[0].until_99_s, each[0].lost), reverse=True
    )
    return tuple(
        _outcome(faults, deployment, run, recovery, finding) for recovery, finding in worst_first
    )


def _outcome(
    faults: Sequence[Fault], deployment: str, run: Run, recovery: Recovery, finding: Finding
) -> Outcome:
    number = run.model.faults.index(recovery.fault)
    cuts = [cut for cut in run.model.cuts if cut.fault == number]
    lost = _lost(recovery, several=len(cuts) > 1)
    lasted = len(cuts) > 1 or cuts[0].over_s > 0
    return Outcome(
        verdict=sentence(
            f"after {fault_words(faults[number])}, {lost}{_end(recovery, finding, lasted=lasted)}"
        ),
        why=sentence(
            f"{recovery.why_endless}; {HOW_TO_END}"
            if recovery.endless
            else _hindrance(deployment, run, recovery)
        ),
        state=finding.state,
        fault=number,
    )


def quiet_outcome(
    findings: Sequence[Finding], state: Assessment, worst_limit: str, weeks: int
) -> Outcome:
    """The peak, and the worst of what was found.

    Args:
        findings: the peak first.
        state: the worst of all.
        worst_limit: the worst limit with its state, for where no finding is as bad.
        weeks: how many were simulated.
    """
    peak = findings[0]
    when = "week peaked" if weeks == 1 else "weeks peaked on average"
    verdict = (
        f"the simulated {when} at {figure_text(peak.found)} connections; you assumed "
        f"{figure_text(peak.assumed)}"
    )
    if state is Assessment.MET:
        return Outcome(sentence(f"{verdict}, and every assumption held"), "", state)
    bad = (f"{each.title}: {state}, {each.words}" for each in findings if each.state is state)
    return Outcome(sentence(verdict), sentence(next(bad, worst_limit)), state)


def cost_words(expected_usd: float, simulated_usd: float) -> str:
    """What the weeks cost beside what was estimated, as a sentence.

    >>> cost_words(100.0, 112.5), cost_words(100.0, 100.0)
    ('A month of such weeks costs $112.50, $12.50 more than estimated.',
     'A month of such weeks costs $100.00, as estimated.')
    """
    change = simulated_usd - expected_usd
    compared = f"{dollars(abs(change))} {'more' if change > 0 else 'less'} than"
    compared = "as" if abs(change) < HALF_A_CENT_USD else compared
    return f"A month of such weeks costs {dollars(simulated_usd)}, {compared} estimated."


def fault_words(fault: Fault) -> str:
    """What failed and when, as a part of a sentence.

    >>> from estimator.scenario.disruptions import Outage
    >>> fault_words(Outage(at="Tue 14:00", share="30%"))
    '30% of the service failed on Tuesday at 14:00'
    >>> fault_words(Outage(at="Tue 14:00"))
    'the service failed on Tuesday at 14:00'
    """
    day, _, time = moment_text(fault.at).partition(" ")
    return f"{_happens(fault)} on {_DAYS[day]} at {time}"


def _happens(fault: Fault) -> str:
    name = str(fault.fault)
    if name in _HAPPENS:
        return _HAPPENS[name]
    what = name.replace("_", " ")
    if name == _OUTAGE:
        share = float(getattr(fault, "share", 1.0))
        return "the service failed" if share == 1 else f"{percent(share)} of the service failed"
    if name.endswith(f"_{_OUTAGE}"):
        return f"{_a(what.removesuffix(f' {_OUTAGE}'))} failed"
    return f"{_a(what)} began"


def _a(thing: str) -> str:
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def _lost(recovery: Recovery, *, several: bool) -> str:
    """What it took; of several times, connections, since a client may lose more than one."""
    if several:
        return f"{_whole(recovery.lost)} connections were lost"
    if figure_text(recovery.lost) == "1":
        return "1 client lost its connection"
    return f"{_whole(recovery.lost)} clients lost their connection"


def _end(recovery: Recovery, finding: Finding, *, lasted: bool) -> str:
    """How soon clients were back, beside what is allowed, and who never was."""
    allowed = f"(you allow {span_text(finding.assumed)})"
    never = f"{_whole(recovery.never_back)} gave up or left while waiting"
    is_somebody = recovery.never_back >= _SOMEBODY
    if recovery.unfinished:
        return f", and {_not_back(recovery)} {allowed}{f'; {never}' if is_somebody else ''}"
    span = span_text(recovery.until_99_s)
    when = f"{span} after the last loss" if lasted else f"after {span}"
    if recovery.until_99_s <= _AT_ONCE_S:
        when = "within a second of the last loss" if lasted else "within a second"
    only = "only " if finding.state is Assessment.MISSED else ""
    others = f"; {never}" if is_somebody else ", and nobody was turned away"
    return f"; 99% were back {only}{when} {allowed}{others}"


def _not_back(recovery: Recovery) -> str:
    """That clients were not back, in some or in all of the weeks."""
    part, ends = recovery.unfinished, "were not back before the week ended"
    if recovery.endless:
        part, ends = recovery.endless, "never came back"
    return f"99% {ends}" if part == 1 else f"in {percent(part)} of the weeks 99% {ends}"


def _hindrance(deployment: str, run: Run, recovery: Recovery) -> str:
    """What limited how fast they came back."""
    attempts = f"{_whole(recovery.attempts)} attempts"
    name = run.model.admission.unit_name
    if recovery.refused < max(_SOMEBODY, _FEW * recovery.attempts):
        few = f"under {percent(_FEW)} of {attempts} failed"
        few = f"none of {attempts} failed" if recovery.refused < _SOMEBODY else few
        if not is_known(run.model):
            who = _service(deployment) or "anything"
            return f"nothing is known of how fast {who} lets clients in"
        if recovery.connecting_most >= _SOMEBODY:
            return (
                f"up to {_whole(recovery.connecting_most)} at once waited for the {name}s to let "
                f"them in; {few}"
            )
        return few
    of_whom = {
        "rate": f"hit {_rate(deployment, run, recovery.fault)}",
        "no free slot": "found no free connection slot",
        "queue full": f"found the queues of the {name}s full",
        "stage full": f"found the queue of {stage_names(run.model)} full",
        "fault": "were refused by a fault",
        "timeout": "were given up before it was their turn",
    }
    most = max(recovery.refused_by.values(), default=0.0)
    told = {
        reason: count
        for reason, count in recovery.refused_by.items()
        if count >= _WORTH_TELLING * most
    }
    if [*told] == ["rate"]:
        return f"{attempts} {of_whom['rate']}"
    parts = [f"{_whole(count)} {of_whom[reason]}" for reason, count in told.items()]
    return f"of {attempts} {', '.join(parts[:-1])}{' and ' if parts[1:] else ''}{parts[-1]}"


def _whole(clients: float) -> str:
    """A mean number of clients or attempts, as one counts them."""
    return count_text(round(clients))


def _rate(deployment: str, run: Run, fault: str) -> str:
    """Whose new connections per second let no more clients in."""
    admission = run.model.admission
    everything = admission.new_connections_per_second
    units = float(np.median(run.stack("units")))
    of_units = units * admission.new_connections_per_second_per_unit
    usual, by_faults = min(everything, of_units), _left_by_faults(run, fault)
    if by_faults < usual or np.isinf(usual):
        rate = "what a fault leaves"
        return f"{rate}, {figure_text(by_faults)} per second" if by_faults > 0 else "a full outage"
    if everything <= of_units:
        return f"{_service(deployment) or 'the limit'}'s {figure_text(everything)} per second"
    several = f"{figure_text(units)} {admission.unit_name}s"
    return f"the {figure_text(of_units)} per second of {several}"


def _left_by_faults(run: Run, fault: str) -> float:
    """New connections per second that faults leave while clients come back from one."""
    model = run.model
    number = model.faults.index(fault)
    begins = min(cut.at_s for cut in model.cuts if cut.fault == number)
    during = [each for each in model.throttles if each.from_s <= begins < each.until_s]
    if any(each.units_share <= 0 for each in during):
        return 0.0
    return min((each.new_connections_per_second for each in during), default=np.inf)


def _service(deployment: str) -> str:
    """The deployment by its short title, without what tells its interface; empty without one."""
    if not deployment:
        return ""
    return find_deployment(deployment).title.partition(" WebSocket")[0].partition(" (")[0]
