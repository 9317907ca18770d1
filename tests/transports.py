"""Scenarios whose messages travel as a deployment carries them."""

from collections.abc import Iterator
from typing import Any

import estimator as ws
from estimator.deployments.registry import find_deployment

_FOR_ALL: dict[str, Any] = {
    "title": "The same for all",
    "session": {"law": "exponential", "mean_hours": 1},
    "weekly_shape": "business-hours",
    "at_connect": {"to_client": "2 KB"},
    "flows": {
        "news": {
            "direction": "server_to_client",
            "rate_per_hour": 60,
            "payload": 300,
            "fan_out": 10_000_000,
        },
        "votes": {"direction": "client_to_server", "rate_per_hour": 6, "payload": 100},
    },
}
_OF_ITS_OWN: dict[str, dict[str, Any]] = {
    name: {"profile": _FOR_ALL}
    for name in ("aws.cloudfront_alb_ec2", "gcp.cloud_cdn_application_lb_gce")
}
"""What a deployment needs besides a transport."""
_TRANSPORTS: tuple[dict[str, Any], ...] = (
    {"kind": "websocket"},
    {"kind": "mqtt_over_websocket"},
    {"kind": "polling", "every_seconds": 5},
    {"kind": "long_polling"},
    {"kind": "server_sent_events"},
)


def carried_scenarios(scenario: ws.Scenario, deployment: str) -> Iterator[ws.Scenario]:
    """The scenario over each transport that a deployment carries."""
    found = find_deployment(deployment)
    for transport in _TRANSPORTS:
        if found.carriage(transport["kind"]).is_carried:
            yield scenario.replace(transport=transport, **_OF_ITS_OWN.get(deployment, {}))


def carried_scenario(scenario: ws.Scenario, deployment: str) -> ws.Scenario:
    """The scenario over WebSockets, or over the first transport that a deployment carries."""
    return next(carried_scenarios(scenario, deployment))
