"""From a scenario to its bills: one deployment, or all of them."""

from __future__ import annotations

from collections.abc import Iterable

from estimator.analysis.estimate.bill import bill_of
from estimator.analysis.estimate.resolve import resolve
from estimator.analysis.estimate.result import Estimate
from estimator.arguments import checks_arguments
from estimator.demand.demand import Demand
from estimator.deployments.registry import DEPLOYMENTS, HTTP_ONLY, find_deployment
from estimator.errors import MissingRateError, NotCarriedError
from estimator.result import Refusal
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import MqttOverWebSocket, WebSocket


@checks_arguments
def estimate(scenario: Scenario, deployment: str, *, demand: Demand | None = None) -> Estimate:
    """What one deployment would cost in a month.

    Args:
        scenario: who connects, from where, how often; of arrays, if there are many.
        deployment: id of a deployment, such as ``aws.api_gateway`` or ``pusher.channels``.
        demand: a demand that was measured or simulated; the expected one if left out.

    Returns:
        The bill in USD. Its amounts are numbers, or arrays of shape ``scenario.many``.

    Raises:
        UnknownNameError: no such deployment, assumption, answer, contract, server or shape.
        ScenarioError: an option the deployment does not have.
        MissingRateError: a meter without a price in the region of the location.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> bill = estimate(scenario, "aws.api_gateway")
    >>> list(bill.by_driver)
    ['connection time', 'messages', 'compute', 'data out', 'supporting services']
    """
    found = find_deployment(deployment)
    return bill_of(resolve(scenario, demand), found)


def estimate_all(
    scenario: Scenario, deployments: Iterable[str] | None = None
) -> tuple[list[Estimate], list[Refusal]]:
    """The bills of several deployments, and those that have no price where they are asked for.

    All deployments on the clouds, if left out, and where messages travel over HTTP those too that
    carry no WebSockets; SaaS must be asked for. What is wrong with the scenario itself is an error,
    so that no deployment is absent because of a word misspelled.

    Raises:
        UnknownNameError: no such deployment or assumption.
        ScenarioError: an option that a deployment does not have, or that cannot be.
    """
    wanted = [
        find_deployment(name)
        for name in (usual_deployments(scenario) if deployments is None else deployments)
    ]
    resolved = resolve(scenario)
    bills: list[Estimate] = []
    refusals: list[Refusal] = []
    for found in wanted:
        try:
            bills.append(bill_of(resolved, found))
        except (MissingRateError, NotCarriedError) as error:
            refusals.append(Refusal(found.id, found.title, str(error)))
    return bills, refusals


def usual_deployments(scenario: Scenario) -> tuple[str, ...]:
    """Ids of the deployments that are compared unless others are asked for."""
    if isinstance(scenario.transport, WebSocket | MqttOverWebSocket):
        return tuple(DEPLOYMENTS)
    return (*DEPLOYMENTS, *HTTP_ONLY)
