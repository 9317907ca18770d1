"""Which transport does an app need? The same demand over each of them, on all that carries it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from estimator.analysis.estimate.bill import bill_of
from estimator.analysis.estimate.resolve import Resolved, resolve
from estimator.analysis.transports.choices import choices, delay_on
from estimator.analysis.transports.compared import NotCarried, Option
from estimator.analysis.transports.result import Transports
from estimator.arguments import checks_arguments
from estimator.demand.added_delay import comes_any_time
from estimator.demand.demand import Demand
from estimator.demand.over_http import empty_share
from estimator.demand.streams import Direction
from estimator.deployments.base import Deployment
from estimator.deployments.registry import DEPLOYMENTS, HTTP_ONLY, find_deployment
from estimator.errors import MissingRateError, NotCarriedError
from estimator.result import Refusal
from estimator.scenario.scenario import Scenario
from estimator.units import MINUTES_PER_HOUR


@checks_arguments
def transports(
    scenario: Scenario,
    deployments: Iterable[str] | str | None = None,
    *,
    within_seconds: float | None = None,
) -> Transports:
    """What the same demand costs over WebSockets, streams and polls, and how late messages come.

    Args:
        scenario: who connects, from where, how often; a single one. If its transport is over HTTP,
            that says how requests are made (version of HTTP, token), and is among those compared.
        deployments: ids of the deployments; all on the clouds, if left out, those included that
            carry no WebSockets.
        within_seconds: by when 95% of the messages must have come, beyond what the network takes.
            Polls are then made as rarely as that allows; without it, at usual intervals.

    Returns:
        Bills in USD per month beside the delay that each transport adds, and what to choose.

    Raises:
        ScenarioError: a scenario of arrays, or a time that nothing can meet.
        UnknownNameError: no such deployment or assumption.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> found = transports(scenario, ["aws.api_gateway", "aws.nlb_ec2"])
    >>> {option.transport.kind for option in found.options if option.bill.cloud == "aws"} >= {
    ...     "websocket",
    ...     "polling",
    ... }
    True
    """
    compared = choices(scenario, within_seconds)
    wanted = [deployments] if isinstance(deployments, str) else deployments
    found = [find_deployment(name) for name in wanted or (*DEPLOYMENTS, *HTTP_ONLY)]
    resolved = resolve(scenario)
    options: list[Option] = []
    not_carried: list[NotCarried] = []
    for transport in compared:
        over = replace(resolved, scenario=scenario.replace(transport=transport))
        for deployment in found:
            try:
                options.append(_option(over, deployment))
            except (MissingRateError, NotCarriedError) as error:
                refusal = Refusal(deployment.id, deployment.title, str(error))
                row = deployment.carriage(transport.kind)
                why = str(error) if row.is_carried else row.why
                not_carried.append(NotCarried(transport, refusal, why))
    # of two that cost the same, the one whose messages come sooner
    options.sort(
        key=lambda option: (
            not option.bill.state.is_within_limits,
            option.usd,
            float(option.delay.p95_seconds),
        )
    )
    return Transports(
        scenario,
        within_seconds,
        tuple(options),
        tuple(not_carried),
        tuple(deployment.id for deployment in found),
        _per_minute(resolved.demand, "to_server"),
        _per_minute(resolved.demand, "to_client"),
    )


def _option(over: Resolved, deployment: Deployment) -> Option:
    bill = bill_of(over, deployment)
    request = over.request(deployment)
    demand = request.demand
    return Option(
        over.scenario.transport,
        bill,
        delay_on(over, deployment),
        float(demand.per_month(demand.all_requests)),
        float(demand.per_month(demand.traffic("to_client", "ip"))),
        empty_share(demand),
    )


def _per_minute(demand: Demand, way: Direction) -> float:
    """Messages of one client per minute, on average; what is said at connect is none of them."""
    streams = (s for s in demand.messages(way) if comes_any_time(s))
    messages = sum(float(demand.per_month(s.per_hour)) for s in streams)
    clients = float(demand.per_month(demand.connections))
    return messages / clients / MINUTES_PER_HOUR
