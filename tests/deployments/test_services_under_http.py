"""What services that carry WebSockets make of requests, and what they no longer ask or say."""

import pytest

import estimator as ws
from estimator.analysis.uncertainty.server_ranges import server_input_ranges

POLLING = {"kind": "polling", "every_seconds": 5}
SESSION = {"law": "exponential", "mean_hours": 1}
POSTS = {"direction": "client_to_server", "rate_per_hour": 36, "payload": 100}


def scenario(deployment, transport, **options) -> ws.Scenario:
    return ws.Scenario(
        profile="market-data",
        location="virginia",
        peak_connections=10_000,
        transport=transport,
        options={deployment: options},
        free_allowances="none",
    )


def bill(deployment, transport, connections=10_000, flows=None, **options) -> ws.Estimate:
    demand = ws.Demand.of(connections, session=SESSION, flows=flows or {}, application="none")
    return ws.estimate(scenario(deployment, transport, **options), deployment, demand=demand)


def states(found: ws.Estimate, limit_id: str) -> list[str]:
    return [each.state for each in found.verdicts if each.limit.limit == limit_id]


@pytest.mark.parametrize(
    ("deployment", "limit_id", "seconds", "setting"),
    [
        (
            "azure.application_gateway_vm",
            "azure.application_gateway.request_timeout_default",
            25,
            {"request_timeout_seconds": 60},
        ),
        (
            "gcp.application_lb_gce",
            "gcp.load_balancer.backend_timeout_default",
            40,
            {"backend_timeout_seconds": 86_400},
        ),
    ],
)
def test_a_long_poll_is_held_against_the_timeout_as_it_is_set(
    deployment, limit_id, seconds, setting
):
    long_poll = {"kind": "long_polling", "timeout_seconds": seconds}

    assert states(bill(deployment, long_poll), limit_id) == ["setting to change"]
    assert states(bill(deployment, long_poll, **setting), limit_id) == ["within limits"]


def test_a_request_timeout_of_cloud_run_shorter_than_a_long_poll_is_over_it():
    long_poll = {"kind": "long_polling", "timeout_seconds": 90}
    found = bill("gcp.cloud_run", long_poll, timeout_minutes=1)

    assert states(found, "gcp.cloud_run.request_timeout_max") == ["over a hard limit"]


def test_what_helps_a_quiet_answer_is_no_heartbeat():
    found = bill("azure.application_gateway_vm", {"kind": "long_polling", "timeout_seconds": 25})
    fixes = " ".join(each.fix for each in found.verdicts)

    assert "answer long polls, and send comments on streams, within 20 seconds" in fixes
    assert "heartbeat" not in fixes


@pytest.mark.parametrize(
    "question",
    [
        "gcp.cloud_run.open_websockets",
        "azure.container_apps.request_timeout",
        "azure.app_service.windows_requests",
        "azure.application_gateway_vm.request_timeout",
    ],
)
def test_questions_on_websockets_are_open_for_websockets_only(question):
    deployment = question.rpartition(".")[0]
    asked = {
        transport: bill(deployment, transport, connections=1_000).explain()
        for transport in ("websocket", "server_sent_events")
    }
    words = ws.assumptions()[question].question

    assert words in asked["websocket"]
    assert words not in asked["server_sent_events"]


@pytest.mark.parametrize("deployment", ["aws.alb_ec2", "gcp.cloud_run"])
def test_what_the_server_takes_for_a_request_is_derived_under_http_only(deployment):
    of_requests = "requests over HTTP per core and second 5,200 (2,600–15,300)"
    said = {
        transport: " ".join(bill(deployment, transport, connections=1_000).notes)
        for transport in ("websocket", "server_sent_events")
    }

    assert of_requests in said["server_sent_events"]
    assert of_requests not in said["websocket"]


def test_that_figure_moves_a_range_under_http_only():
    # 5,200 per core and second, 2,600 to 15,300: a request takes up to twice as long
    over_http, over_websocket = (
        server_input_ranges(scenario("aws.alb_ec2", transport), ["aws.alb_ec2"])
        for transport in (POLLING, "websocket")
    )

    found = over_http["options.*.request_factor"]
    assert str(found).startswith("0.33986928104")
    assert str(found).endswith("..1..2")
    assert "options.*.request_factor" not in over_websocket


def test_the_firewall_of_a_gateway_counts_requests():
    # 2,000 polls per second; with the firewall a compute unit handles 10
    found = bill("azure.application_gateway_vm", POLLING, sku="waf_v2")
    [units] = [
        float(item.usage.quantity)
        for item in found.items
        if item.usage.meter_id.endswith("capacity_unit_hours")
    ]

    assert units == pytest.approx(2_000 / 10 * 730)


def test_replicas_are_active_while_the_application_works():
    # 100 posts per second of 300 ms each on a core of the reference speed are 30 such cores
    own = {"application_cpu_ms_per_message": 300}
    found = bill("azure.container_apps", POLLING, flows={"posts": POSTS}, **own)
    active = sum(
        float(item.usage.quantity)
        for item in found.items
        if item.usage.meter_id == "azure.container_apps.vcpu_active_seconds"
    )

    # at 0.62 of the reference speed
    assert active >= 30 / 0.62 * 2_628_000


@pytest.mark.parametrize("transport", ["server_sent_events", "long_polling"])
def test_signalr_counts_the_same_whatever_its_transport(transport):
    assert float(bill("azure.signalr", transport).total) == pytest.approx(
        float(bill("azure.signalr", "websocket").total)
    )


@pytest.mark.parametrize(
    ("deployment", "transport"),
    [
        (name, transport)
        for name in ("gcp.cloud_run", "azure.container_apps", "azure.app_service", "azure.signalr")
        for transport in ("server_sent_events", "long_polling")
    ],
)
def test_no_note_speaks_of_sockets_that_there_are_not(deployment, transport):
    for note in bill(deployment, transport, connections=1_000).notes:
        assert "socket" not in note.lower()
        assert "ping" not in note.lower().split()
