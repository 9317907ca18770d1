"""Which deployments are there? One table; the command line, the dashboard and the docs read it.

The table holds names only, and a class is imported when somebody asks for it: a shell that
completes a word, or a list of titles, does not wait for the numerical libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from estimator.arguments import checks_arguments
from estimator.errors import EstimatorError, ScenarioError, UnknownNameError, cut
from estimator.shown import Shown

if TYPE_CHECKING:
    from estimator.deployments.base import Deployment
    from estimator.pricing.price_files import Assumption

_PACKAGE: Final = "estimator.deployments"
Group = Literal["managed", "serverless containers", "own servers"]
GROUPS: tuple[Group, ...] = get_args(Group)
"""Who runs what holds the connections: the vendor; the vendor, with your own code in containers or
plans whose operating system is the vendor's; or you."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the table."""

    id: str
    """``<cloud>.<service>``, or ``<cloud>.<balancer>_<compute>``."""
    title: str
    """What the vendor calls its products."""
    group: Group
    """Who runs what holds the connections."""
    where: str
    """Module and class, such as ``estimator.deployments.aws.load_balancers:AlbEc2``."""

    @property
    def cloud(self) -> str:
        """Cloud or vendor, the first part of the id."""
        return self.id.partition(".")[0]

    is_http_only: bool = False
    """Whether it carries no WebSockets, and is compared where messages travel over HTTP."""

    @property
    def is_saas(self) -> bool:
        """Whether it is a managed service that people would buy instead of a cloud's own."""
        return self.where.startswith(f"{_PACKAGE}.saas.")


_TABLE: Final = """
aws.api_gateway | API Gateway WebSocket API | managed | aws.api_gateway:ApiGateway
aws.appsync_events | AppSync Events | managed | aws.appsync_events:AppSyncEvents
aws.iot_core | IoT Core (MQTT over WebSocket) | managed | aws.iot_core:IotCore
aws.alb_ec2 | Application Load Balancer and EC2 | own servers | aws.load_balancers:AlbEc2
aws.nlb_ec2 | Network Load Balancer and EC2 | own servers | aws.load_balancers:NlbEc2
aws.alb_fargate | Application Load Balancer and Fargate \
    | serverless containers | aws.load_balancers:AlbFargate
azure.web_pubsub | Web PubSub | managed | azure.web_pubsub:WebPubSub
azure.signalr | SignalR Service | managed | azure.signalr:SignalR
azure.application_gateway_vm | Application Gateway and Virtual Machines \
    | own servers | azure.virtual_machines:ApplicationGatewayVm
azure.load_balancer_vm | Load Balancer and Virtual Machines \
    | own servers | azure.virtual_machines:LoadBalancerVm
azure.container_apps | Container Apps | serverless containers | azure.container_apps:ContainerApps
azure.app_service | App Service | serverless containers | azure.app_service:AppService
gcp.cloud_run | Cloud Run | serverless containers | gcp.cloud_run:CloudRun
gcp.application_lb_cloud_run | Application Load Balancer and Cloud Run \
    | serverless containers | gcp.cloud_run:ApplicationLbCloudRun
gcp.application_lb_gce | Application Load Balancer and Compute Engine \
    | own servers | gcp.compute_engine:ApplicationLbGce
gcp.passthrough_nlb_gce | Passthrough Network Load Balancer and Compute Engine \
    | own servers | gcp.compute_engine:PassthroughNlbGce
oci.load_balancer_vm | Flexible Load Balancer and Virtual Machines \
    | own servers | oci.load_balancers:LoadBalancerVm
oci.network_load_balancer_vm | Network Load Balancer and Virtual Machines \
    | own servers | oci.load_balancers:NetworkLoadBalancerVm
oci.load_balancer_container_instances | Flexible Load Balancer and Container Instances \
    | serverless containers | oci.load_balancers:LoadBalancerContainerInstances
ably.per_minute | Ably (legacy, closed to new accounts) | managed | saas.ably:AblyPerMinute
pusher.channels | Pusher Channels | managed | saas.pusher:PusherChannels
pubnub.active_users | PubNub (by active users) | managed | saas.pubnub:PubNubActiveUsers
pubnub.transactions | PubNub (by transactions) | managed | saas.pubnub:PubNubTransactions
cloudflare.durable_objects | Cloudflare Durable Objects | managed | saas.cloudflare:DurableObjects
supabase.realtime | Supabase Realtime | managed | saas.supabase:SupabaseRealtime
"""
"""Id, title, group, and module with class of each deployment, in the order of all lists."""

_HTTP_ONLY: Final = """
aws.http_api_lambda | API Gateway HTTP API and Lambda | managed | aws.api_requests:HttpApiLambda
aws.rest_api_lambda | API Gateway REST API and Lambda | managed | aws.api_requests:RestApiLambda
aws.lambda_url | Lambda function URL | managed | aws.lambda_answers:LambdaUrl
aws.rest_api_alb_fargate | API Gateway REST API, Application Load Balancer and Fargate \
    | serverless containers | aws.api_requests:RestApiAlbFargate
aws.cloudfront_alb_ec2 | CloudFront, Application Load Balancer and EC2 \
    | own servers | aws.cloudfront:CloudFrontAlbEc2
azure.functions | Functions | managed | azure.http_functions:HttpFunctions
gcp.cloud_cdn_application_lb_gce | Cloud CDN, Application Load Balancer and Compute Engine \
    | own servers | gcp.cloud_cdn:CloudCdn
oci.api_gateway_vm | API Gateway, Flexible Load Balancer and Virtual Machines \
    | own servers | oci.api_gateway:ApiGatewayVm
"""
"""The same of deployments that answer requests and carry no WebSockets."""


def _entries(table: str, *, is_http_only: bool = False) -> Iterator[Entry]:
    for line in table.strip().splitlines():
        id_, title, group, where = map(str.strip, line.split("|"))
        yield Entry(id_, title, cast("Group", group), f"{_PACKAGE}.{where}", is_http_only)


ENTRIES: tuple[Entry, ...] = (*_entries(_TABLE), *_entries(_HTTP_ONLY, is_http_only=True))
"""The rows of both tables."""


@cache
def _found(entry: Entry) -> Deployment:
    module, _, name = entry.where.partition(":")
    return getattr(import_module(module), name)(entry.id, entry.title)


class Deployments(Shown, Mapping[str, "Deployment"]):
    """Deployments by id, such as ``aws.api_gateway``; ids are what other functions take.

    >>> DEPLOYMENTS["aws.api_gateway"].title
    'API Gateway WebSocket API'
    >>> list(SAAS)[0]
    'ably.per_minute'
    """

    def __init__(self, belongs: Callable[[Entry], bool]) -> None:
        self._belongs = belongs
        self._entries: tuple[tuple[Entry, ...], Mapping[str, Entry]] = (), {}

    @property
    def entries(self) -> Mapping[str, Entry]:
        """Rows of the table by id, for which nothing is imported."""
        table, found = self._entries
        if table is not ENTRIES:
            found = {entry.id: entry for entry in ENTRIES if self._belongs(entry)}
            self._entries = ENTRIES, found
        return found

    def __getitem__(self, deployment_id: str) -> Deployment:
        return _found(self.entries[deployment_id])

    def __contains__(self, deployment_id: object) -> bool:
        return deployment_id in self.entries

    def __iter__(self) -> Iterator[str]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def __repr__(self) -> str:
        return f"<{len(self)} deployments: {', '.join(self)}>"


DEPLOYMENTS = Deployments(lambda entry: not entry.is_saas and not entry.is_http_only)
"""Deployments on the clouds by id; what is compared unless other ids are asked for."""

HTTP_ONLY = Deployments(lambda entry: entry.is_http_only)
"""Deployments that carry no WebSockets, by id; compared too where messages travel over HTTP."""

SAAS = Deployments(lambda entry: entry.is_saas and not entry.is_http_only)
"""Managed services that people would buy instead, by id."""

ALL_DEPLOYMENTS = Deployments(lambda _: True)
"""All of them, by id."""


@checks_arguments
def assumptions() -> Mapping[str, Assumption]:
    """What vendors leave open about counting and sources disagree on about prices, by id.

    Returns:
        Question, answers and evidence of each; the first answer is taken unless a scenario
        says otherwise.

    >>> assumptions()["aws.api_gateway.connect_is_message"].default
    'no'
    """
    return _assumptions(ENTRIES)


@cache
def _assumptions(entries: tuple[Entry, ...]) -> Mapping[str, Assumption]:
    from estimator.pricing.price_files import price_assumptions

    counting = {each.id: each for entry in entries for each in _found(entry).assumptions}
    return MappingProxyType({**counting, **price_assumptions()})


def unknown_assumption(name: str, answer: str = "") -> EstimatorError:
    """What is wrong with an assumption that there is not; an option may have its name.

    Args:
        name: id of the assumption that was given.
        answer: the answer that was given with it.

    >>> str(unknown_assumption("aws.alb_ec2.scaling", "autoscaled")).split("; ")[1]
    'write it as options: {aws.alb_ec2: {scaling: autoscaled}}'
    """
    deployment, _, option = name.rpartition(".")
    found = ALL_DEPLOYMENTS.get(deployment)
    if found is None or option not in found.options.model_fields:
        return UnknownNameError("assumption", name, assumptions())
    return ScenarioError(
        f"unknown assumption '{name}': {option} is an option, not an open question; write it as "
        f"options: {{{deployment}: {{{option}: {cut(answer) or '...'}}}}}"
    )


def on_clouds(clouds: Collection[str]) -> list[str]:
    """The ids of the deployments on some clouds.

    Raises:
        UnknownNameError: a cloud on which there is none.

    >>> on_clouds(["oci"])[0]
    'oci.load_balancer_vm'
    """
    known = {entry.cloud for entry in DEPLOYMENTS.entries.values()}
    for cloud in clouds:
        if cloud not in known:
            raise UnknownNameError("cloud", cloud, known)
    return [name for name, entry in DEPLOYMENTS.entries.items() if entry.cloud in clouds]


def find_deployment(deployment_id: str) -> Deployment:
    """The deployment of that id, on a cloud or of a SaaS vendor.

    Raises:
        UnknownNameError: there is no such deployment.

    >>> find_deployment("aws.api_gateway").title
    'API Gateway WebSocket API'
    """
    if deployment_id not in ALL_DEPLOYMENTS:
        raise UnknownNameError("deployment", deployment_id, ALL_DEPLOYMENTS)
    return ALL_DEPLOYMENTS[deployment_id]
