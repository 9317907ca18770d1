"""The application's own work in a function: how long it runs, what calls it, what bounds it.

Rules: https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html ("At 1,769 MB, a
function has the equivalent of one vCPU", in proportion to memory) and
https://aws.amazon.com/lambda/pricing/
"""

from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.fleet.family import find_family

GATEWAY, APPSYNC, IOT = "aws.api_gateway", "aws.appsync_events", "aws.iot_core"
SERVICES = [GATEWAY, APPSYNC, IOT]
FAN_OUT_ITSELF = [APPSYNC, IOT]
REQUESTS, SECONDS, ON_ARM = (
    "aws.lambda.requests",
    "aws.lambda.gb_seconds",
    "aws.lambda.gb_seconds_arm",
)
LAMBDA = {REQUESTS, SECONDS, ON_ARM}
OWN = "the application's own work"
# so that a vCPU of a function is a core of the reference speed
AT_REFERENCE_SPEED = {"core_speed_factor": 1 / find_family("aws.lambda_x86").core_speed}


def counted(bill: ws.Bill, meter: str, part: str = OWN) -> float:
    """What the line of a part of a meter counts; 0 if there is none."""
    lines = [i.usage for i in bill.items if i.rate.meter_id == meter and i.usage.part == part]
    return sum(float(line.quantity) for line in lines)


@pytest.mark.parametrize("deployment", SERVICES)
@pytest.mark.parametrize(
    ("memory", "seconds"),
    [
        # all of a vCPU: 0.1 s of a core take 0.1 s
        (1769, 0.1),
        # a quarter of one: four times as long
        (1769 / 4, 0.4),
        # two: the work of one message runs on one
        (2 * 1769, 0.1),
    ],
)
def test_a_function_has_a_processor_in_proportion_to_its_memory(
    make_demand, bill_of, deployment, memory, seconds
):
    options = {
        **AT_REFERENCE_SPEED,
        "application_cpu_ms_per_message": 100,
        "lambda_memory_mb": memory,
    }
    bill = bill_of(deployment, make_demand(1, to_server=10), options=options)

    assert counted(bill, SECONDS) == pytest.approx(10 * 730 * seconds * memory / 1024)


@pytest.mark.parametrize(
    ("architecture", "meter", "family"),
    [("x86_64", SECONDS, "aws.lambda_x86"), ("arm64", ON_ARM, "aws.lambda_arm")],
)
def test_arm_has_a_meter_and_a_speed_of_its_own(make_demand, bill_of, architecture, meter, family):
    options = {
        "lambda_architecture": architecture,
        "application_cpu_ms_per_message": 100,
        "lambda_memory_mb": 1769,
    }
    bill = bill_of(IOT, make_demand(1, to_server=10), options=options)
    seconds = 0.1 / find_family(family).core_speed

    assert counted(bill, meter) == pytest.approx(10 * 730 * seconds * 1769 / 1024)
    assert {item.rate.meter_id for item in bill.items} & LAMBDA == {REQUESTS, meter}


@pytest.mark.parametrize("deployment", SERVICES)
@pytest.mark.parametrize(
    ("event", "per_hour"),
    [("per_message", 10), ("per_delivery", 50), ("per_new_connection", 3)],
)
def test_each_message_delivery_and_new_connection_takes_its_work(
    make_demand, bill_of, deployment, event, per_hour
):
    demand = make_demand(1, to_server=10, to_client=50, new_connections=3)
    options = {
        **AT_REFERENCE_SPEED,
        f"application_cpu_ms_{event}": 1000,
        "lambda_memory_mb": 1769,
    }
    bill = bill_of(deployment, demand, options=options)

    assert counted(bill, SECONDS) == pytest.approx(per_hour * 730 * 1769 / 1024)


@pytest.mark.parametrize("deployment", SERVICES)
def test_functions_are_of_the_application_layer(make_demand, bill_of, deployment):
    demand = make_demand(1, to_server=10, to_client=50, new_connections=3)
    bill = bill_of(deployment, demand)
    of_functions = [i for i in bill.items if i.rate.meter_id in LAMBDA]

    assert OWN in {item.usage.part for item in of_functions}
    assert {item.usage.layer for item in of_functions} == {"application"}


@pytest.mark.parametrize("deployment", SERVICES)
def test_without_a_backend_there_is_no_function(make_demand, bill_of, quantities, deployment):
    demand = make_demand(1, to_server=10, to_client=50, new_connections=3)
    bill = bill_of(deployment, demand, options={"backend": "none"})

    assert not quantities(bill).keys() & LAMBDA
    assert float(bill.by_layer["application"]) == 0
    assert "left out" in " ".join(bill.notes)


@pytest.mark.parametrize("deployment", FAN_OUT_ITSELF)
def test_a_service_that_passes_messages_on_calls_it_only_where_there_is_work(
    make_demand, bill_of, quantities, deployment
):
    demand = make_demand(1, to_server=10, to_client=50, new_connections=3)
    found = {
        application: quantities(bill_of(deployment, demand, options={"application": application}))
        for application in ("request", "feed", "none")
    }

    # a request for each message and new connection; a feed works on new connections only
    assert found["request"][REQUESTS] == pytest.approx((10 + 3) * 730)
    assert found["feed"][REQUESTS] == pytest.approx(3 * 730)
    assert not found["none"].keys() & LAMBDA


def test_a_rule_with_one_action_calls_it_behind_iot_core(make_demand, bill_of, quantities):
    # 10 messages of 6,000 bytes are two steps of 5 KB each; 3 lifecycle events are one each
    demand = make_demand(1, to_server=10, to_client=50, new_connections=3, payload=6_000)
    lines = quantities(bill_of(IOT, demand))
    both = quantities(bill_of(IOT, demand, options={"rules_per_message": 3, "actions_per_rule": 2}))

    assert lines["aws.iot_core.rules"] == pytest.approx((10 * 2 + 3) * 730)
    assert lines["aws.iot_core.actions"] == pytest.approx((10 * 2 + 3) * 730)
    assert both["aws.iot_core.rules"] == pytest.approx((10 * 2 * (3 + 1) + 3) * 730)
    assert both["aws.iot_core.actions"] == pytest.approx((10 * 2 * (3 * 2 + 1) + 3) * 730)


def test_its_handler_is_an_operation_of_appsync_events(make_demand, bill_of, quantities):
    # the list of operations names calls of event handlers
    demand = make_demand(1, to_server=10, to_client=50, new_connections=3)
    with_work, without = (
        quantities(bill_of(APPSYNC, demand, options={"backend": backend}))
        for backend in ("lambda", "none")
    )
    operations = "aws.appsync_events.operations"
    [own] = [
        item.usage
        for item in bill_of(APPSYNC, demand).items
        if item.rate.meter_id == operations and item.usage.part == OWN
    ]

    assert own.layer == "application"
    assert with_work[operations] - without[operations] == pytest.approx((10 + 3) * 730)


@pytest.mark.parametrize("deployment", SERVICES)
def test_what_runs_at_once_has_the_own_work_in_it(make_demand, bill_of, verdict, deployment):
    # 100 a second, 20 ms and 500 ms each
    options = {
        **AT_REFERENCE_SPEED,
        "application_cpu_ms_per_message": 500,
        "lambda_memory_mb": 1769,
    }
    bill = bill_of(deployment, make_demand(100, to_server=100 * 3600), options=options)
    found = verdict(bill, "aws.lambda.concurrent_executions")

    assert float(found.used) == pytest.approx(100 * 0.52)


@pytest.mark.parametrize(
    ("deployment", "limit", "seconds"),
    [
        (GATEWAY, "aws.api_gateway.integration_timeout", 29),
        (APPSYNC, "aws.appsync_events.handler_max_seconds", 30),
        (IOT, "aws.lambda.timeout_max", 900),
    ],
)
@pytest.mark.parametrize("event", ["per_message", "per_new_connection"])
def test_a_function_ends_before_its_caller_stops_waiting(
    make_demand, bill_of, verdict, deployment, limit, seconds, event
):
    options = {
        **AT_REFERENCE_SPEED,
        f"application_cpu_ms_{event}": 60_000,
        "lambda_memory_mb": 1769,
    }
    demand = make_demand(1, to_server=1, new_connections=1)
    found = verdict(bill_of(deployment, demand, options=options), limit)

    assert float(found.share) == pytest.approx((60 + 0.02) / seconds)


def test_a_rule_does_not_wait_so_no_rate_of_calls_bounds_it(make_demand, bill_of):
    bill = bill_of(IOT, make_demand(1e5, to_server=15_000 * 3600))
    checked = {verdict.limit.limit for verdict in bill.verdicts}

    assert "aws.lambda.requests_per_second_per_execution" not in checked


def test_rules_that_call_it_use_the_quota_of_messages_out(make_demand, bill_of, verdict):
    demand = make_demand(1e5, to_server=8_000 * 3600, to_client=8_000 * 3600)
    found = verdict(bill_of(IOT, demand), "aws.iot_core.publishes_out_per_second")

    assert float(found.used) == pytest.approx(8_000 + 8_000)


def test_devices_that_report_together_call_it_together():
    # 30,000 rules at one moment; their deliveries are none
    flow = {"direction": "client_to_server", "rate_per_hour": 60, "payload": 200, "fan_out": 0}
    scenario = ws.Scenario(
        profile={
            "title": "Reports",
            "session": {"law": "deterministic", "hours": 10_000},
            "weekly_shape": "flat",
            "flows": {"reports": flow | {"timing": "synchronized"}},
            "application": "ingest",
        },
        location="virginia",
        peak_connections=30_000,
    )
    bill = ws.estimate(scenario, IOT)
    limit = "aws.iot_core.publishes_out_per_second"
    [found] = [each for each in bill.verdicts if each.limit.limit == limit]

    assert float(found.used) == pytest.approx(30_000, rel=1e-3)


@pytest.mark.parametrize("deployment", SERVICES)
def test_many_scenarios_at_once_are_those_one_by_one(deployment):
    def total(**options: Any) -> Any:
        scenario = ws.Scenario(
            profile="workplace-chat", location="virginia", peak_connections=1_000
        )
        return ws.estimate(scenario.replace(options={deployment: options}), deployment).total

    work = np.array([0.0, 5.0, 50.0])
    together = total(application_cpu_ms_per_message=work, lambda_memory_mb=512)
    each = [
        total(application_cpu_ms_per_message=one, lambda_memory_mb=512) for one in work.tolist()
    ]

    assert together == pytest.approx(np.array(each, dtype=float), rel=1e-9)


@pytest.mark.parametrize("deployment", SERVICES)
def test_it_says_what_the_work_is_taken_to_be(deployment):
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=100)
    found = ws.estimate(scenario, deployment)

    assert "The application's own work is assumed" in " ".join(found.notes)
