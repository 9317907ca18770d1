"""What would bring clients back in time after a fault? A search over simulated storms."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from typing import Final, Literal

from estimator.analysis.estimate.resolve import resolve
from estimator.analysis.recovery_plan.node_bills import NodeBills
from estimator.analysis.recovery_plan.planning import plan_of
from estimator.analysis.recovery_plan.result import RecoveryPlan
from estimator.analysis.recovery_plan.search import Goal
from estimator.analysis.recovery_plan.storm import default_fault, storm_model
from estimator.analysis.simulate.simulate import RECOVER_WITHIN_S
from estimator.arguments import checks_arguments
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.deployments.base import Deployment
from estimator.deployments.registry import find_deployment
from estimator.errors import ScenarioError
from estimator.format import percent, span_text
from estimator.runtime import Client, executor_of
from estimator.scenario.disruptions import Fault, parse_fault
from estimator.scenario.model import Seconds, Share
from estimator.scenario.scenario import Scenario
from estimator.simulation.disruptions import zone_question
from estimator.simulation.flows import RECOVERY_SHARES
from estimator.simulation.model import Model
from estimator.simulation.run import Engine
from estimator.states import Assessment
from estimator.units import HOURS_PER_DAY, SECONDS_PER_HOUR

_MOST_WITHIN_S: Final = float(HOURS_PER_DAY * SECONDS_PER_HOUR)
_MOST_REPLICATIONS: Final = 100
_STATES_IT: Final = ("new_connection", "handshake", "connect_", "sign_in")
"""Parts of the names of options that say how fast clients are let in."""


@checks_arguments
def recovery_plan(
    scenario: Scenario,
    deployment: str,
    *,
    fault: Fault | str | None = None,
    within_s: Seconds = RECOVER_WITHIN_S,
    share: Share = 0.99,
    seed: int = 0,
    replications: int = 2,
    engine: Engine | Literal["auto"] = "auto",
    client: Client | Executor | None = None,
    progress: Callable[[int, int], object] | None = None,
) -> RecoveryPlan:
    """Find what would bring clients back in time after a fault.

    Each lever alone: the backoff of clients, the rate at which new connections are let in, how many
    wait at a unit, more units. Settings are simulated, not calculated, and what was found is
    simulated again with other seeds. If no lever alone is enough, several are pulled together,
    those that cost nothing first.

    Args:
        scenario: who connects; one, not many.
        deployment: id of the deployment whose limits and units let clients in.
        fault: what goes wrong, as an object or as a text such as
            ``outage at Tue 14:00 share 30%``; if left out, the first of the scenario's that takes
            connections, or an outage of a zone for ten minutes in the busiest hour.
        within_s: seconds after the last connection was taken within which clients shall be back,
            a day at most.
        share: how many of them: 0.5, 0.95, 0.99 or 1.
        seed: any whole number from 0; the same seed gives the same plan.
        replications: storms of each setting, of which the slowest counts, at most 100.
        engine: ``exact`` follows each client, ``aggregate`` groups of them; ``auto`` chooses.
        client: where storms run: a ``dask.distributed.Client``, or an executor; here if left out.
        progress: called with the storms done and those planned.

    Returns:
        What happens as it is, the smallest change of each lever, what it costs in USD per month.

    Raises:
        UnknownNameError: no such deployment, fault, engine, assumption or answer.
        ScenarioError: a scenario of arrays, a fault that takes no connections, a time or a share
            that is out of range.
        EstimatorError: replications or a seed out of range, or a storm that would take too long.
        MissingRateError: a meter of the deployment has no price at the place.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=9000)
    >>> plan = recovery_plan(scenario, "aws.api_gateway", fault="outage at Tue 14:00 share 30%")
    >>> plan.answer.partition(" clients")[2]
    ' are back in ...: nothing needs to change.'
    """
    _check(scenario, within_s, share, replications)
    found = find_deployment(deployment)
    expected = expected_demand(scenario)
    resolved = resolve(scenario, expected)
    metered = resolved.metered(found)
    happens, model = _storm(scenario, expected, metered.admission, fault)
    unknown = "" if metered.admission.known else _unknown(found)
    plan = plan_of(
        model,
        Goal(share, within_s),
        NodeBills(resolved, found, metered),
        pulls_levers=not unknown,
        engine=engine,
        seed=seed,
        replications=replications,
        executor=executor_of(client),
        progress=progress,
    )
    if not plan.as_it_is.lost:
        raise ScenarioError(
            f"{model.faults[0]}: nobody was connected, so nobody has to come back; choose another "
            "time or a larger share"
        )
    return RecoveryPlan(
        scenario=scenario,
        deployment=deployment,
        fault=model.faults[0],
        within_s=within_s,
        share=share,
        as_it_is=plan.as_it_is,
        sight_s=plan.sight_s,
        seen_s=plan.seen_s,
        checked=plan.checked,
        changes=plan.changes,
        together=plan.together,
        state=Assessment.NOT_CHECKED if unknown else plan.state,
        engine=plan.engine,
        seed=seed,
        replications=replications,
        unknown=unknown,
        notes=(*plan.notes, *zone_question((happens,), metered.admission.zone_share, deployment)),
    )


def _check(scenario: Scenario, within_s: float, share: float, replications: int) -> None:
    if scenario.many:
        raise ScenarioError(
            "a field of the scenario is a list, so that it stands for many: plan for one at a time"
        )
    if not 0 < within_s <= _MOST_WITHIN_S:
        raise ScenarioError(
            f"within_s must be above 0 and at most {span_text(_MOST_WITHIN_S)}, not {within_s:g} s"
        )
    if share not in RECOVERY_SHARES:
        shares = ", ".join(map(percent, RECOVERY_SHARES))
        raise ScenarioError(f"share: recovery is told for {shares} of the clients, not {share:g}")
    if not 1 <= replications <= _MOST_REPLICATIONS:
        raise ScenarioError(
            f"replications must be from 1 to {_MOST_REPLICATIONS}, not {replications}"
        )


def _storm(
    scenario: Scenario, expected: Demand, admission: AdmissionLimits, fault: Fault | str | None
) -> tuple[Fault, Model]:
    """The fault that was asked for, or else found, and the hours around it."""
    if fault is not None:
        asked = parse_fault(fault) if isinstance(fault, str) else fault
        model = storm_model(scenario, expected, admission, asked)
        if not model.cuts:
            raise ScenarioError(
                f"{model.faults[0]}: it takes no connections, so that nobody has to come back; "
                "name an outage, a rolling deployment, a balancer resize or a network flap"
            )
        return asked, model
    faults = (*scenario.faults, default_fault(expected))
    models = ((each, storm_model(scenario, expected, admission, each)) for each in faults)
    return next((each, model) for each, model in models if model.cuts)


def _unknown(deployment: Deployment) -> str:
    """What nobody has told of a deployment, and what could tell it."""
    words = f"nothing is known of how fast {deployment.id} lets clients in"
    fields = deployment.options.model_fields
    options = [name for name in fields if any(part in name for part in _STATES_IT)]
    if not options:
        return f"{words}, and no option of it says so"
    return f"{words}; these options say so: {', '.join(options)}"
