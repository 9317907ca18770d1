"""What came out, in one sentence? How the worst fault ends; without one, the peak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from estimator.analysis.simulate.findings import Finding
from estimator.analysis.simulate.recovery import (
    HOW_TO_END,
    Recovery,
    is_known,
    recoveries,
    stage_names,
)
from estimator.deployments.registry import find_deployment
from estimator.format import count_text, figure_text, percent, sentence, span_text
from estimator.scenario.disruptions import Fault
from estimator.scenario.local_time import moment_text
from estimator.simulation.run import Run
from estimator.states import Assessment

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
    "rolling_deployment": "a rolling deployment begins",
    "balancer_resize": "a load balancer is resized",
    "network_flap": "the network of some clients fails",
    "connection_throttle": "new connections are limited",
    "refused_attempts": "a share of all attempts is refused",
    "slow_dependency": "what new connections wait for becomes slow",
}
"""What a fault does, by its name; whatever else is named an outage fails, and others begin."""
_OUTAGE: Final = "outage"
_SOMEBODY: Final = 0.5
_AT_ONCE_S: Final = 1.0
_FEW: Final = 0.01
"""Of the attempts: if no more fail, it does not matter why."""
_WORTH_TELLING: Final = 0.1
"""Of the attempts that fail for the most common reason; what is rarer is not told."""


def storm_answer(faults: Sequence[Fault], deployment: str, run: Run) -> str:
    """How clients come back after the worst of the faults; empty if none took a connection.

    Args:
        faults: as they were declared.
        deployment: id; empty without one.
        run: the simulated weeks.
    """
    told = recoveries(run)
    if not told:
        return ""
    worst = max(told, key=lambda each: (each.endless, each.until_99_s, each.lost))
    number = run.model.faults.index(worst.fault)
    several = sum(cut.fault == number for cut in run.model.cuts) > 1
    happens = f"{fault_words(faults[number])}: {_lost(worst, several=several)}"
    if len(told) > 1:
        happens = f"the worst of {len(told)} faults: {happens}"
    return sentence(f"{happens}, {_end(deployment, run, worst)}")


def quiet_answer(findings: Sequence[Finding], state: Assessment, worst_limit: str) -> str:
    """The peak, and the worst of what was found.

    Args:
        findings: the peak first.
        state: the worst of all.
        worst_limit: the worst limit with its state, for where no finding is as bad.
    """
    peak = findings[0]
    found = f"{figure_text(peak.found)} connections at the peak"
    words = f"{found}, {figure_text(peak.assumed)} were assumed"
    if state is Assessment.MET:
        return sentence(f"{words}; all assumptions hold")
    for each in findings:
        if each.state is state:
            return sentence(f"{words}; {each.title.lower()}: {state}, {each.words}")
    return sentence(f"{words}; {worst_limit}")


def fault_words(fault: Fault) -> str:
    """What fails and when, as the beginning of a sentence.

    >>> from estimator.scenario.disruptions import Outage
    >>> fault_words(Outage(at="Tue 14:00", share="30%"))
    '30% of the service fails on Tuesday at 14:00'
    >>> fault_words(Outage(at="Tue 14:00"))
    'the service fails on Tuesday at 14:00'
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
        return "the service fails" if share == 1 else f"{percent(share)} of the service fails"
    if name.endswith(f"_{_OUTAGE}"):
        return f"{_a(what.removesuffix(f' {_OUTAGE}'))} fails"
    return f"{_a(what)} begins"


def _a(thing: str) -> str:
    return f"{'an' if thing[0] in 'aeiou' else 'a'} {thing}"


def _lost(recovery: Recovery, *, several: bool) -> str:
    """What it took; of several times, connections, since a client may lose more than one."""
    if several:
        return f"{_whole(recovery.lost)} connections are lost"
    if figure_text(recovery.lost) == "1":
        return "1 client loses its connection"
    return f"{_whole(recovery.lost)} clients lose their connection"


def _end(deployment: str, run: Run, recovery: Recovery) -> str:
    """How soon clients are back, and what stood in their way."""
    if recovery.endless:
        weeks = f" in {percent(recovery.endless)} of the weeks" if recovery.endless < 1 else ""
        return f"and 99% do not come back{weeks}: {recovery.why_endless}; {HOW_TO_END}"
    hindrance = _hindrance(deployment, run, recovery)
    if recovery.unfinished:
        return f"and 99% are not back before the week ends; {hindrance}"
    soon = recovery.until_99_s <= _AT_ONCE_S
    when = "within a second" if soon else f"after {span_text(recovery.until_99_s)}"
    return f"99% are back {when}; {hindrance}"


def _hindrance(deployment: str, run: Run, recovery: Recovery) -> str:
    """What limited how fast they came back."""
    attempts = f"{_whole(recovery.attempts)} attempts"
    name = run.model.admission.unit_name
    if recovery.refused < max(_SOMEBODY, _FEW * recovery.attempts):
        few = f"under {percent(_FEW)} of {attempts} fail"
        few = f"none of {attempts} fails" if recovery.refused < _SOMEBODY else few
        if not is_known(run.model):
            who = _service(deployment) or "anything"
            return f"nothing is known of how fast {who} lets clients in"
        if recovery.connecting_most >= _SOMEBODY:
            return (
                f"up to {_whole(recovery.connecting_most)} at once wait for the {name}s to let "
                f"them in, {few}"
            )
        return few
    of_whom = {
        "rate": f"hit {_rate(deployment, run, recovery.fault)}",
        "no free slot": "find no free connection slot",
        "queue full": f"find the queues of the {name}s full",
        "stage full": f"find the queue of {stage_names(run.model)} full",
        "fault": "are refused by a fault",
        "timeout": "are given up before it is their turn",
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
