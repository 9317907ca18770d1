"""Every deployment there is; the command line, the dashboard and the docs read this list."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import MappingProxyType

from estimator.deployments.aws.alb import AlbEc2, AlbFargate
from estimator.deployments.aws.api_gateway import ApiGateway
from estimator.deployments.aws.appsync_events import AppSyncEvents
from estimator.deployments.aws.iot_core import IotCore
from estimator.deployments.aws.nlb import NlbEc2
from estimator.deployments.azure.app_service import AppService
from estimator.deployments.azure.application_gateway_vm import AppGatewayVms
from estimator.deployments.azure.container_apps import ContainerApps
from estimator.deployments.azure.load_balancer_vm import LoadBalancerVms
from estimator.deployments.azure.signalr import SignalR
from estimator.deployments.azure.web_pubsub import WebPubSub
from estimator.deployments.base import Deployment
from estimator.deployments.gcp.application_lb_cloud_run import CloudRunBehindLb
from estimator.deployments.gcp.application_lb_gce import ApplicationLbGce
from estimator.deployments.gcp.cloud_run import CloudRun
from estimator.deployments.gcp.passthrough_nlb_gce import PassthroughNlbGce
from estimator.deployments.oci.load_balancer import LoadBalancerContainers, LoadBalancerFleet
from estimator.deployments.oci.network_load_balancer_vm import NetworkLoadBalancerFleet
from estimator.deployments.saas.ably import AblyPerMinute
from estimator.deployments.saas.cloudflare import DurableObjects
from estimator.deployments.saas.pubnub import PubNubTransactions
from estimator.deployments.saas.pusher import PusherChannels
from estimator.deployments.saas.supabase import SupabaseRealtime
from estimator.errors import UnknownNameError
from estimator.hypertext import card, rows_under
from estimator.pricing.assumption import Assumption
from estimator.pricing.price_files import VENDORS, price_assumptions

_AWS: tuple[Deployment, ...] = (
    ApiGateway(),
    AppSyncEvents(),
    IotCore(),
    AlbEc2(),
    NlbEc2(),
    AlbFargate(),
)
_AZURE: tuple[Deployment, ...] = (
    WebPubSub(),
    SignalR(),
    AppGatewayVms(),
    LoadBalancerVms(),
    ContainerApps(),
    AppService(),
)
_GCP: tuple[Deployment, ...] = (
    CloudRun(),
    CloudRunBehindLb(),
    ApplicationLbGce(),
    PassthroughNlbGce(),
)
_OCI: tuple[Deployment, ...] = (
    LoadBalancerFleet(),
    NetworkLoadBalancerFleet(),
    LoadBalancerContainers(),
)
_ON_CLOUDS = (*_AWS, *_AZURE, *_GCP, *_OCI)
_BOUGHT: tuple[Deployment, ...] = (
    AblyPerMinute(),
    PusherChannels(),
    PubNubTransactions(),
    DurableObjects(),
    SupabaseRealtime(),
)


class Deployments(Mapping[str, Deployment]):
    """Deployments by id, such as ``aws.api_gateway``; ids are what other functions take.

    >>> DEPLOYMENTS["aws.api_gateway"].title
    'API Gateway WebSocket'
    >>> list(SAAS)[0]
    'ably.per_minute'
    """

    def __init__(self, found: tuple[Deployment, ...]) -> None:
        self._by_id = {deployment.id: deployment for deployment in found}

    def __getitem__(self, deployment_id: str) -> Deployment:
        return self._by_id[deployment_id]

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_id)

    def __len__(self) -> int:
        return len(self._by_id)

    def __repr__(self) -> str:
        return f"<{len(self)} deployments: {', '.join(self)}>"

    def _repr_html_(self) -> str:
        rows = ((one.id, one.title, VENDORS[one.cloud]) for one in self.values())
        return card(f"{len(self)} deployments", rows_under(("id", "title", "vendor"), rows))


DEPLOYMENTS = Deployments(_ON_CLOUDS)
"""Deployments on the clouds by id; what is compared unless other ids are asked for."""

SAAS = Deployments(_BOUGHT)
"""Managed services that people would buy instead, by id."""


@cache
def assumptions() -> Mapping[str, Assumption]:
    """What vendors leave open about counting and sources disagree on about prices, by id.

    Returns:
        Question, answers and evidence of each; the first answer is taken unless a scenario
        says otherwise.

    >>> assumptions()["aws.api_gateway.connect_is_message"].default
    'no'
    """
    counting = {
        assumption.id: assumption
        for deployment in (*_ON_CLOUDS, *_BOUGHT)
        for assumption in deployment.assumptions
    }
    return MappingProxyType({**counting, **price_assumptions()})


def on_clouds(clouds: Collection[str]) -> list[str]:
    """The ids of the deployments on some clouds.

    Raises:
        UnknownNameError: a cloud on which there is none.

    >>> on_clouds(["oci"])[0]
    'oci.load_balancer_vm'
    """
    known = {one.cloud for one in DEPLOYMENTS.values()}
    for cloud in clouds:
        if cloud not in known:
            raise UnknownNameError("cloud", cloud, known)
    return [name for name, one in DEPLOYMENTS.items() if one.cloud in clouds]


def find_deployment(deployment_id: str) -> Deployment:
    """The deployment of that id, on a cloud or of a provider.

    Raises:
        UnknownNameError: there is no such deployment.

    >>> find_deployment("aws.api_gateway").title
    'API Gateway WebSocket'
    """
    known = {**DEPLOYMENTS, **SAAS}
    if deployment_id not in known:
        raise UnknownNameError("deployment", deployment_id, known)
    return known[deployment_id]
