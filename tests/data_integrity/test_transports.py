"""What carries which transport is said of every service, with its reason, limits and meters."""

import re
from collections import Counter, defaultdict

import pytest

from estimator.deployments.registry import ALL_DEPLOYMENTS

TRANSPORTS = {"websocket", "mqtt_over_websocket", "server_sent_events", "long_polling", "polling"}
CACHES = {"gcp.cloud_cdn"}
"""Services of which only polls matter."""

every_folder = pytest.mark.parametrize("folder", ["aws", "azure", "gcp", "oci", "saas"])


def test_every_deployment_says_what_its_service_carries(tables):
    said = defaultdict(set)
    for folder in tables.folders:
        for row in tables.rows(folder, "transports"):
            said[row["service"]].add(row["transport"])

    for name, deployment in ALL_DEPLOYMENTS.items():
        assert said[deployment.service or name] == TRANSPORTS, name
    for service, transports in said.items():
        assert transports == TRANSPORTS or service in CACHES, service


@every_folder
def test_no_transport_is_said_twice(folder, tables):
    rows = Counter((row["service"], row["transport"]) for row in tables.rows(folder, "transports"))

    assert [row for row, count in rows.items() if count > 1] == []


@every_folder
def test_what_is_not_carried_says_why_and_has_no_limits(folder, tables):
    for row in tables.rows(folder, "transports"):
        assert row["carried"] in {"yes", "no"}, row
        if row["carried"] == "no":
            assert len(row["why"].split()) >= 3, row
            figures = ("meters", "longest_limit", "idle_limit", "other_limits")
            assert not any(row[name] for name in figures), row


@every_folder
def test_transports_name_meters_and_limits_that_there_are(folder, tables):
    meters = {row["meter"] for each in tables.folders for row in tables.rows(each, "meters")}
    limits = {
        row["limit"] for each in (*tables.folders, "system") for row in tables.rows(each, "limits")
    }

    for row in tables.rows(folder, "transports"):
        assert set(row["meters"].split()) <= meters, row
        for column in ("longest_limit", "idle_limit", "other_limits"):
            assert set(row[column].split()) <= limits, row


@every_folder
def test_every_transport_says_where_it_was_read(folder, tables):
    for row in tables.rows(folder, "transports"):
        assert row["source"].startswith("https://"), row
        assert re.fullmatch(r"20\d\d-\d\d-\d\d", row["checked_on"]), row
        assert row["confidence"] in {"confirmed", "single_source", "inferred"}, row
        assert row["confidence"] == "confirmed" or row["note"], row


@pytest.mark.parametrize(
    ("service", "transport", "carried", "longest", "idle"),
    [
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html
        ("aws.rest_api", "server_sent_events", "yes", 15 * 60, 5 * 60),
        ("aws.http_api", "server_sent_events", "no", None, None),
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
        ("aws.http_api", "long_polling", "yes", 30, None),
        # https://docs.cloud.google.com/run/docs/configuring/request-timeout
        ("gcp.cloud_run", "server_sent_events", "yes", 60 * 60, None),
        # https://learn.microsoft.com/azure/frontdoor/standard-premium/websocket
        ("azure.front_door", "server_sent_events", "no", None, None),
        # https://docs.oracle.com/en-us/iaas/Content/APIGateway/Reference/apigatewaylimits.htm
        ("oci.api_gateway", "long_polling", "yes", 300, None),
    ],
)
def test_transports_are_as_vendors_say(service, transport, carried, longest, idle, tables):
    folder = service.partition(".")[0]
    limits = {row["limit"]: float(row["value"]) for row in tables.rows(folder, "limits")
              if " " not in row["value"]}  # fmt: skip
    [row] = [
        row
        for row in tables.rows(folder, "transports")
        if (row["service"], row["transport"]) == (service, transport)
    ]

    assert row["carried"] == carried
    assert limits.get(row["longest_limit"]) == longest
    assert limits.get(row["idle_limit"]) == idle
