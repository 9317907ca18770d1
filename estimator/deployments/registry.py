"""Every deployment there is; the command line, the dashboard and the docs read this list."""

from __future__ import annotations

from types import MappingProxyType

from estimator.deployments.aws import ApiGateway
from estimator.deployments.azure import WebPubSub
from estimator.deployments.deployment import Deployment
from estimator.deployments.gcp import CloudRun
from estimator.deployments.oci import LoadBalancerFleet
from estimator.errors import UnknownNameError

_ALL: tuple[Deployment, ...] = (ApiGateway(), WebPubSub(), CloudRun(), LoadBalancerFleet())

DEPLOYMENTS = MappingProxyType({deployment.id: deployment for deployment in _ALL})
"""Deployments by id."""

ASSUMPTIONS = MappingProxyType(
    {assumption.id: assumption for one in _ALL for assumption in one.assumptions}
)
"""What vendors leave open, by id, over all deployments."""


def find_deployment(deployment_id: str) -> Deployment:
    """The deployment of that id.

    Raises:
        UnknownNameError: there is no such deployment.

    >>> find_deployment("aws.api_gateway").title
    'API Gateway WebSocket'
    """
    if deployment_id not in DEPLOYMENTS:
        raise UnknownNameError("deployment", deployment_id, DEPLOYMENTS)
    return DEPLOYMENTS[deployment_id]
