"""Every limit is read by a check, an option, an admission limit or a note on the bill, or named in
the table of transports, or says why nothing reads it.

Bills are made with the options and answers that lead to every limit, and each id that is looked up
while they are made is written down.
"""

import sys
from collections.abc import Iterator, Mapping
from typing import get_args

import pytest

import estimator as ws
from estimator.analysis.estimate.resolve import resolve
from estimator.deployments import limits
from estimator.deployments.fleet.scaling import Scaling, ScalingOptions
from estimator.deployments.limits import Limit, load_limits
from estimator.deployments.registry import ALL_DEPLOYMENTS
from transports import carried_scenario, carried_scenarios

FOLDERS = {
    "aws": ("aws",),
    "azure": ("azure",),
    "gcp": ("gcp",),
    "oci": ("oci",),
    "saas": ("ably",),
    "system": ("system",),
}
"""Folders of the price list, and a vendor whose limits are there: those of all SaaS vendors are in
one file."""
SCENARIO = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
AUDIENCES = (100, 50_000, 1_500_000)
PATHS: Mapping[str, list[dict[str, object]]] = {
    "aws.api_gateway": [{"backend": backend} for backend in ("none", "lambda_dynamodb")],
    "aws.iot_core": [{"rules_per_message": 1}],
    "aws.nlb_ec2": [
        {"tls": "balancer", "cross_zone": True, "client_ip_preservation": False},
        # each node has to hear more than it can
        {"subscribes": "all", "messages_per_core_second": 1},
        *(
            {
                "server": proxy,
                "messages_per_core_second": 1e5,
                "idle_cpu_seconds_per_connection_second": 0,
            }
            for proxy in ("nginx", "haproxy")
        ),
    ],
    "azure.web_pubsub": [
        {"tier": "free"},
        {"tier": "standard"},
        {"tier": "premium_p1", "scaling": "autoscaled"},
        {"tier": "premium_p2", "scaling": "autoscaled"},
        {"functions": "consumption"},
        {"functions": "flex"},
    ],
    "azure.signalr": [
        {"tier": "free"},
        {"tier": "standard"},
        {"tier": "premium_p1", "scaling": "autoscaled"},
        {"tier": "premium_p2", "scaling": "autoscaled"},
        {"mode": "serverless"},
    ],
    "azure.application_gateway_vm": [{"sku": "waf_v2"}],
    "azure.app_service": [
        {"machine": f"{plan}-{system}", "survives": "node"}
        for plan in ("B1", "S1", "P0v3", "P1v3", "P2v3")
        for system in ("linux", "windows")
    ],
    "gcp.cloud_run": [
        {"vcpu": vcpu, "memory_gib": 4, "billing": "request", "min_instances": 1}
        for vcpu in (1, 2, 4, 6, 8)
    ],
    "gcp.application_lb_gce": [
        {"balancer": "classic"},
        {"balancer": "regional", "outbound": "nat"},
    ],
    "gcp.application_lb_cloud_run": [{"balancer": "regional"}],
    "oci.load_balancer_vm": [
        {"provisioned_by": "oke", "account": account}
        for account in ("pay_as_you_go", "universal_credits")
    ],
}
"""Options that lead to limits which defaults do not lead to; servers that are proxies are
among them."""


class Recording(dict[str, Limit]):
    """Limits that remember who asked for them."""

    def __init__(self, rows: Mapping[str, Limit], asked: set[str]) -> None:
        super().__init__(rows)
        self.asked = asked

    def __getitem__(self, limit_id: str) -> Limit:
        self.asked.add(limit_id)
        return super().__getitem__(limit_id)


def scenarios(deployment: str) -> Iterator[ws.Scenario]:
    """Bills that lead to every limit of a deployment."""
    yield from carried_scenarios(SCENARIO, deployment)
    usual = carried_scenario(SCENARIO, deployment)
    for audience in AUDIENCES:
        yield usual.replace(peak_connections=audience)
    for options in PATHS.get(deployment, []):
        yield usual.replace(options={deployment: options})
    if issubclass(ALL_DEPLOYMENTS[deployment].options, ScalingOptions):
        for scaling in get_args(Scaling):
            yield usual.replace(options={deployment: {"scaling": scaling}})
    for question in ALL_DEPLOYMENTS[deployment].assumptions:
        for answer in question.choices:
            yield usual.replace(assumptions={question.id: answer})


def forget_what_was_looked_up() -> None:
    """Let functions that keep what they found look it up anew."""
    for name, module in list(sys.modules.items()):
        if name.startswith("estimator.deployments.") and not name.endswith(".registry"):
            for found in vars(module).values():
                if clear := getattr(found, "cache_clear", None):
                    clear()


def named(tables) -> set[str]:
    """Ids of limits that a transport has on a service."""
    rows = [row for folder in tables.folders for row in tables.rows(folder, "transports")]
    columns = ("longest_limit", "idle_limit", "other_limits")
    return {limit for row in rows for column in columns for limit in row[column].split()}


@pytest.fixture(scope="module")
def asked(tables) -> set[str]:
    """Ids of limits that are looked up while bills are made, and of those of transports."""
    found: set[str] = named(tables)
    forget_what_was_looked_up()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(limits, "load_limits", lambda vendor: Recording(load_limits(vendor), found))
        for deployment in ALL_DEPLOYMENTS.values():
            # defaults are read once and kept
            patched.delattr(deployment, "default_options", raising=False)
            for scenario in scenarios(deployment.id):
                ws.estimate(scenario, deployment.id)
                # whom it admits is worked out when a simulation asks
                assert resolve(scenario).metered(deployment).admission
    return found


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_limit_is_read_or_says_why_not(folder, asked):
    rows = [row for vendor in FOLDERS[folder] for row in load_limits(vendor).values()]

    assert [row.limit for row in rows if row.limit not in asked and not row.information] == []
    assert [row.limit for row in rows if row.limit in asked and row.information] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_reason_why_nothing_reads_a_limit_says_something(folder):
    rows = [row for vendor in FOLDERS[folder] for row in load_limits(vendor).values()]

    for row in rows:
        assert row.information is None or len(row.information.split()) >= 3, row.limit
