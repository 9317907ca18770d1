"""What Cloud Run counts: instances with open connections, their time, requests and traffic.

Rules: https://docs.cloud.google.com/run/docs/triggering/websockets and
https://cloud.google.com/run/pricing
"""

import numpy as np
import pytest
from scipy import stats

import estimator as ws

ID = "gcp.cloud_run"
CPU = "gcp.cloud_run.cpu_instance_based"
MEMORY = "gcp.cloud_run.memory_instance_based"
REQUESTS = "gcp.cloud_run.requests"
AT_REQUEST_RATES = {"open_websockets": "request"}
HOUR = 3600.0
NO_WORK_TO_CONNECT = {"new_connections_per_core_second": 1e12, "application": "none"}


def instances(bill: ws.Bill, vcpu: int = 1) -> float:
    """Instances on average, from the processor time of the bill."""
    [line] = [item for item in bill.items if item.rate.meter_id.startswith("gcp.cloud_run.cpu")]
    return float(float(line.usage.quantity) / vcpu / bill.hours_per_month / HOUR)


def expected(mean: float, connections_each: float, least: int = 0) -> float:
    """E[max(ceil(N / connections of an instance), least)], N Poisson, as the sum that it is."""
    counts = np.arange(int(mean + 12 * np.sqrt(mean) + 40))
    taken = np.maximum(np.ceil(counts / connections_each), least)
    return float(np.sum(taken * stats.poisson.pmf(counts, mean)))


@pytest.mark.parametrize("connections", [0.001, 0.1, 1, 3, 10, 100, 700, 6_000])
def test_the_autoscaler_fills_instances_to_60_percent(make_demand, bill_of, connections):
    bill = bill_of(ID, make_demand(connections), options={"billing": "request"})

    assert instances(bill) == pytest.approx(expected(connections, 600), rel=1e-4)


@pytest.mark.parametrize(("target", "each"), [(0.1, 100), (0.9, 900), (0.95, 950)])
def test_the_target_of_concurrency_can_be_set(make_demand, bill_of, target, each):
    # https://docs.cloud.google.com/run/docs/configuring/scaling-controls: 10% to 95%
    bill = bill_of(ID, make_demand(6_000), options={"concurrency_target": target})

    assert instances(bill) == pytest.approx(expected(6_000, each), rel=1e-4)
    assert f"Set the target utilization for concurrency to {target:.0%}" in " ".join(bill.notes)


def test_the_target_of_processors_stays_at_60_percent(make_demand, bill_of):
    # 0.001 of a core for each: 1,000 take a core, and 600 fill an instance to its target
    options = NO_WORK_TO_CONNECT | {
        "concurrency_target": 0.95,
        "idle_cpu_seconds_per_connection_second": 1e-3,
        "core_speed_factor": 1 / 0.61,  # so that a vCPU is of the reference speed
    }
    bill = bill_of(ID, make_demand(6_000), options=options)

    assert bill.sizing is not None
    assert float(bill.sizing.peak_units) == 10


def test_manual_scaling_pays_its_instances_all_the_time(make_demand, bill_of, cents):
    # https://docs.cloud.google.com/run/docs/configuring/services/manual-scaling: a fixed number,
    # whatever the traffic; what is set at the fewest and the most is ignored
    options = {"scaling": "static", "manual_instances": 7, "min_instances": 2, "max_instances": 3}
    for connections in (0, 10, 100_000):
        bill = bill_of(ID, make_demand(connections), options=options)

        assert instances(bill) == 7
        assert bill.sizing is not None
        assert float(bill.sizing.peak_units) == 7


def test_manual_scaling_billed_by_request_pays_the_idle_price_without_connections(
    make_demand, bill_of, quantities
):
    options = {"scaling": "static", "manual_instances": 7, "billing": "request"}
    bill = bill_of(ID, make_demand(0), options=options)

    assert quantities(bill)["gcp.cloud_run.min_instance_cpu_idle"] == pytest.approx(7 * 730 * HOUR)
    assert quantities(bill)[CPU] == 0


@pytest.mark.parametrize(("scaling", "mean"), [("static", 10), ("scheduled", 5.5)])
def test_manual_scaling_has_what_the_busiest_hour_or_each_hour_needs(
    make_demand, bill_of, scaling, mean
):
    # of a thousand connections an instance is planned with 700: 10 by day, 1 by night
    # https://docs.cloud.google.com/run/docs/configuring/services/manual-scaling: the number may be
    # changed on a schedule; Google's most and fewest do not count
    hours = np.tile([7_000.0] * 12 + [600.0] * 12, 7)
    options = NO_WORK_TO_CONNECT | {"scaling": scaling, "max_instances": 3, "min_instances": 2}
    bill = bill_of(ID, make_demand(hours), options=options)

    assert instances(bill) == pytest.approx(mean)
    assert bill.sizing is not None
    assert float(bill.sizing.peak_units) == 10
    assert bill.is_within_limits
    assert "Set manual scaling" in " ".join(bill.notes)


def test_a_schedule_keeps_an_instance_where_nobody_comes(make_demand, bill_of, quantities):
    # a number of 0 turns the service off; nobody is connected half of the time, and an instance
    # without a connection has the idle price if requests are what is billed
    hours = np.tile([7_000.0] * 12 + [0.0] * 12, 7)
    options = NO_WORK_TO_CONNECT | {"scaling": "scheduled", "billing": "request"}
    counted = quantities(bill_of(ID, make_demand(hours), options=options))

    assert counted[CPU] == pytest.approx(10 / 2 * 730 * HOUR)
    idle = counted["gcp.cloud_run.min_instance_cpu_idle"]
    assert idle == pytest.approx(1 / 2 * 730 * HOUR)


@pytest.mark.parametrize(("fixed", "exceeded"), [(9, False), (8, True)])
def test_instances_that_are_too_few_are_named(make_demand, bill_of, verdict_on, fixed, exceeded):
    # no autoscaler aims at 60% of a thousand: 6,000 connections at 700 each, as nodes are planned
    options = {"scaling": "static", "manual_instances": fixed}
    bill = bill_of(ID, make_demand(6_000), options=options)
    verdict = verdict_on(bill, f"{ID}.max_instances_default")

    assert float(verdict.used) == 9
    assert verdict.exceeded == exceeded
    # 9 are 80% of 11.25
    assert "raise the number of instances (manual_instances) to 12" in verdict.fix


def test_pinned_instances_are_filled_to_their_concurrency(make_demand, bill_of):
    bill = bill_of(ID, make_demand(6_000), answers={"sockets_per_instance": "full"})

    assert instances(bill) == pytest.approx(expected(6_000, 1_000), rel=1e-4)


def test_a_lower_concurrency_needs_more_instances(make_demand, bill_of):
    bill = bill_of(ID, make_demand(6_000), options={"concurrency": 250})

    assert instances(bill) == pytest.approx(expected(6_000, 150), rel=1e-4)


def test_a_thousandth_of_a_connection_is_within_the_free_tier(make_demand, bill_of, quantities):
    # 0.003 sessions of 20 minutes per hour: an instance is active for 1 - exp(-0.001) of 730 hours,
    # 2,627 s, or 44 minutes; 0.063 USD of processor and 0.003 of memory of 4.32 and 0.90 that are
    # free
    demand = make_demand(0.001, new_connections=0.003, session_hours=1 / 3)
    bill = bill_of(
        ID,
        demand,
        options={"billing": "request"},
        answers=AT_REQUEST_RATES,
        free_allowances="always",
    )

    active = quantities(bill)["gcp.cloud_run.cpu_request_based"]
    assert active == pytest.approx((1 - np.exp(-0.001)) * 730 * HOUR, rel=1e-9)
    assert bill.total == 0


@pytest.mark.parametrize(("peak", "usd"), [(0.5, 9), (1, 20), (3, 43)])
def test_small_audiences_cost_the_time_in_which_somebody_is_connected(peak, usd):
    # reckoned apart from this program, hour by hour over the week of the profile; an instance that
    # is active all month costs 61.14 beyond the free tier
    scenario = ws.Scenario(
        profile={"extends": "workplace-chat", "weekly_shape": "workplace-worldwide"},
        location="virginia",
        peak_connections=peak,
        options={ID: {"billing": "request"}},
        assumptions={f"{ID}.open_websockets": "request"},
    )

    assert ws.estimate(scenario, ID).total == pytest.approx(usd, abs=0.6)


def test_by_instance_the_last_one_is_kept_for_15_minutes(make_demand, bill_of):
    # nobody for 15 minutes: none there at their beginning, none since; exp(-0.5) x exp(-2 / 4)
    demand = make_demand(0.5, new_connections=2, session_hours=0.25)

    assert instances(bill_of(ID, demand)) == pytest.approx(1 - np.exp(-1), rel=1e-9)
    kept = bill_of(ID, demand, options={"min_instances": 1})
    assert instances(kept) == pytest.approx(1, rel=1e-9)


def test_every_hour_pays_its_own_instances(make_demand, bill_of):
    hours = np.tile([0.0] * 12 + [500.0] * 6 + [1800.0] * 6, 7)

    assert instances(bill_of(ID, make_demand(hours))) == pytest.approx(
        (0 * 12 + expected(500, 600) * 6 + expected(1_800, 600) * 6) / 24, rel=1e-4
    )


def test_an_hour_without_connections_pays_the_minimum(make_demand, bill_of):
    bill = bill_of(ID, make_demand(0), options={"min_instances": 2})

    assert instances(bill) == pytest.approx(2)


def test_processors_and_memory_are_paid_for_as_chosen(make_demand, bill_of, quantities):
    bill = bill_of(ID, make_demand(300), options={"vcpu": 4, "memory_gib": 8})

    assert quantities(bill)[CPU] == pytest.approx(4 * 730 * HOUR)
    assert quantities(bill)[MEMORY] == pytest.approx(8 * 730 * HOUR)


def test_an_always_active_instance_month_costs_what_google_lists(make_demand, bill_of, cents):
    # https://cloud.google.com/run/pricing, tier 1, instance-based: 0.000018 a vCPU-second and
    # 0.000002 a GiB-second; a month of 730 hours has 2,628,000 seconds
    bill = bill_of(ID, make_demand(300), options={"memory_gib": 1})

    assert cents(bill)[CPU] == 47.30
    assert cents(bill)[MEMORY] == 5.26


def test_requests_are_counted_only_when_billing_by_request(make_demand, bill_of, quantities):
    demand = make_demand(10, new_connections=10)

    assert REQUESTS not in quantities(bill_of(ID, demand))
    by_request = quantities(
        bill_of(ID, demand, options={"billing": "request"}, answers=AT_REQUEST_RATES)
    )
    assert by_request[REQUESTS] == pytest.approx(10 * 730)
    assert "gcp.cloud_run.cpu_request_based" in by_request


def test_by_request_an_open_websocket_is_billed_at_the_rates_of_an_instance(
    make_demand, bill_of, quantities
):
    # https://docs.cloud.google.com/run/docs/triggering/websockets. Nobody is there for exp(-0.5)
    # of the time, which is free
    bill = bill_of(ID, make_demand(0.5, new_connections=1), options={"billing": "request"})
    counted = quantities(bill)

    assert counted[CPU] == pytest.approx((1 - np.exp(-0.5)) * 730 * HOUR)
    assert "gcp.cloud_run.cpu_request_based" not in counted
    assert REQUESTS not in counted


@pytest.mark.parametrize(("hours", "requests"), [(0.5, 1), (1, 1), (1.5, 2), (2.5, 3), (10, 10)])
def test_connections_are_cut_and_requested_again_after_60_minutes(
    make_demand, bill_of, quantities, hours, requests
):
    demand = make_demand(10, new_connections=7, session_hours=hours)
    bill = bill_of(ID, demand, options={"billing": "request"}, answers=AT_REQUEST_RATES)

    assert quantities(bill)[REQUESTS] == pytest.approx(7 * requests * 730)


def test_a_shorter_timeout_cuts_more_often(make_demand, bill_of, quantities):
    demand = make_demand(10, new_connections=7, session_hours=1)
    bill = bill_of(
        ID, demand, options={"billing": "request", "timeout_minutes": 5}, answers=AT_REQUEST_RATES
    )

    assert quantities(bill)[REQUESTS] == pytest.approx(7 * 12 * 730)


def test_messages_are_no_requests(make_demand, bill_of, quantities):
    demand = make_demand(10, new_connections=1, to_client=1e6, to_server=1e6)
    bill = bill_of(ID, demand, options={"billing": "request"}, answers=AT_REQUEST_RATES)

    assert quantities(bill)[REQUESTS] == pytest.approx(730)


def test_traffic_is_priced_by_where_the_users_are(make_demand, bill_of, quantities):
    demand = make_demand(10, to_client=1e6)
    bill = bill_of(ID, demand, users_in={"europe": 3, "americas": 1})

    counted = quantities(bill)
    europe, americas = (counted[f"gcp.egress.premium_to_{area}"] for area in ("europe", "americas"))
    assert europe == pytest.approx(3 * americas)
    out = float(demand.per_month(demand.traffic("to_client", "ip"))) / 2**30
    assert europe + americas == pytest.approx(out)


@pytest.mark.parametrize(
    ("options", "binding"),
    [
        ({}, "sized by connections"),
        ({"memory_per_connection_bytes": 1e7}, "sized by memory"),
        ({"idle_cpu_seconds_per_connection_second": 0.1}, "sized by processor"),
    ],
)
def test_the_constraint_that_binds_is_named(make_demand, bill_of, options, binding):
    assert binding in bill_of(ID, make_demand(5_000), options=options).explain()


def test_instances_are_sized_by_the_memory_of_a_connection(make_demand, bill_of):
    # connections of 10 MB in instances of 4 GiB of which 70 % are planned with: 300.6 each
    options = {"memory_per_connection_bytes": 1e7, "memory_gib": 4, "headroom": 0.7}
    bill = bill_of(ID, make_demand(1_000), options=options)

    each = 0.7 * 4 * 2**30 / 1e7
    assert instances(bill) == pytest.approx(expected(1_000, each), rel=1e-4)
    assert bill.sizing.peak_units == 4


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"concurrency": 1001}, "concurrency is at most 1000"),
        ({"timeout_minutes": 61}, "timeout_minutes is at most 60"),
        ({"memory_gib": 4.5}, "memory_gib is at most 4 with 1 vcpu"),
        ({"vcpu": 2, "memory_gib": 9}, "memory_gib is at most 8 with 2 vcpu"),
        ({"vcpu": 4, "memory_gib": 1}, "memory_gib is at least 2 with 4 vcpu"),
        ({"vcpu": 8, "memory_gib": 2}, "memory_gib is at least 4 with 8 vcpu"),
        ({"vcpu": 3}, "vcpu"),
        ({"min_instances": 5, "max_instances": 4}, "min_instances is at most max_instances"),
        ({"memory_gib": 0.25}, "memory_gib"),
        ({"concurrency_target": 0.05}, "concurrency_target is 0.1 to 0.95"),
        ({"concurrency_target": 1}, "concurrency_target is 0.1 to 0.95"),
        ({"manual_instances": 0}, "manual_instances"),
        ({"manual_instances": 3}, "manual_instances needs scaling: static"),
        ({"manual_instances": 3, "scaling": "scheduled"}, "needs scaling: static"),
    ],
)
def test_what_cloud_run_does_not_offer_is_refused(make_demand, bill_of, options, fault):
    with pytest.raises(ws.ScenarioError, match=fault):
        bill_of(ID, make_demand(1), options=options)


@pytest.mark.parametrize(
    ("limit", "options", "connections", "used", "allowed"),
    [
        # 600 connections an instance of 1 vCPU and 0.5 GiB, unless options say otherwise
        ("max_instances_default", {}, 60_000, 100, 100),
        ("max_instances_default", {}, 60_001, 101, 100),
        ("max_instances_default", {"max_instances": 200}, 60_001, 101, 200),
        ("vcpu_per_region", {}, 600_001, 1_001, 1_000),
        ("vcpu_per_region", {"vcpu": 8, "memory_gib": 4}, 6_000, 80, 1_000),
        ("memory_gib_per_region", {"memory_gib": 4}, 300_001, 2_004, 2_000),
    ],
)
def test_quotas_of_instances_processors_and_memory_are_checked(
    make_demand, bill_of, verdict_on, limit, options, connections, used, allowed
):
    verdict = verdict_on(bill_of(ID, make_demand(connections), options=options), f"{ID}.{limit}")

    assert float(verdict.used) == pytest.approx(used)
    assert float(verdict.allowed) == allowed
    assert verdict.exceeded == (used > allowed)


def test_quotas_see_the_peak_within_the_hour_and_the_bill_what_runs(
    make_demand, bill_of, verdict_on
):
    bill = bill_of(ID, make_demand(6_000, peak=18_000))

    assert float(verdict_on(bill, f"{ID}.max_instances_default").used) == 30
    assert instances(bill) == pytest.approx(expected(6_000, 600), rel=1e-4)


def test_the_setting_that_fixes_too_many_instances_is_named(make_demand, bill_of, verdict_on):
    verdict = verdict_on(bill_of(ID, make_demand(120_000)), f"{ID}.max_instances_default")

    assert verdict.state == "setting to change"
    # 200 are 80% of 250, and so near it
    assert "raise the maximum of instances (max_instances) to 260" in verdict.explain()


@pytest.mark.parametrize(
    ("per_second", "state"), [(8_000, "near a limit"), (8_001, "over a hard limit")]
)
def test_an_instance_takes_800_new_connections_per_second(
    make_demand, bill_of, verdict_on, per_second, state
):
    # 6,000 connections are 10 instances, if new ones take no processor time
    demand = make_demand(6_000, new_connections=per_second * HOUR)
    bill = bill_of(ID, demand, options=NO_WORK_TO_CONNECT)
    verdict = verdict_on(bill, f"{ID}.http1_requests_per_second_per_instance")

    assert float(verdict.used) == pytest.approx(per_second / 10)
    assert verdict.state == state


def test_connects_of_an_hour_fall_to_the_instances_of_that_hour(make_demand, bill_of, verdict_on):
    # 10 instances in most hours, one on Monday at 5, when the same number connect
    hours = np.full(168, 6_000.0)
    hours[5] = 600
    demand = make_demand(hours, new_connections=500 * HOUR)
    bill = bill_of(ID, demand, options=NO_WORK_TO_CONNECT)
    verdict = verdict_on(bill, f"{ID}.http1_requests_per_second_per_instance")

    assert float(verdict.used) == pytest.approx(500)
    assert verdict.when == "Mon 00:00 (05:00 UTC)"  # in Virginia


def test_an_instance_carries_600_mbps(make_demand, bill_of, verdict_on):
    # 124 bytes leave as 200 and are acknowledged with 52; one instance by its connections
    options = {"messages_per_core_second": 1e12}
    for mbps, state in [(599, "near a limit"), (601, "over a hard limit")]:
        demand = make_demand(10, to_client=mbps * 1e6 / 8 / 252 * HOUR, payload=124)
        bill = bill_of(ID, demand, options=options)
        assert verdict_on(bill, f"{ID}.bandwidth_per_instance_mbps").state == state


def test_idle_minimum_instances_are_paid_for_at_their_own_price(make_demand, bill_of, quantities):
    # half of the hours have one instance at work, and three are kept: 0.5 active, 2.5 idle
    hours = np.tile([0.0] * 12 + [300.0] * 12, 7)
    options = {"billing": "request", "min_instances": 3, "vcpu": 2, "memory_gib": 1}
    bill = bill_of(ID, make_demand(hours), options=options, answers=AT_REQUEST_RATES)
    counted = quantities(bill)

    assert counted["gcp.cloud_run.cpu_request_based"] == pytest.approx(0.5 * 2 * 730 * HOUR)
    assert counted["gcp.cloud_run.min_instance_cpu_idle"] == pytest.approx(2.5 * 2 * 730 * HOUR)
    assert counted["gcp.cloud_run.min_instance_memory_idle"] == pytest.approx(2.5 * 730 * HOUR)


def test_a_minimum_instance_is_idle_while_nobody_is_connected(make_demand, bill_of, quantities):
    # nobody for exp(-0.5), 60.7 % of the time
    options = {"billing": "request", "min_instances": 1}
    bill = bill_of(ID, make_demand(0.5), options=options, answers=AT_REQUEST_RATES)
    counted = quantities(bill)

    month, idle = 730 * HOUR, np.exp(-0.5)
    assert counted["gcp.cloud_run.cpu_request_based"] == pytest.approx((1 - idle) * month)
    assert counted["gcp.cloud_run.min_instance_cpu_idle"] == pytest.approx(idle * month)


def test_minimum_instances_billed_by_instance_have_no_idle_price(make_demand, bill_of, quantities):
    counted = quantities(bill_of(ID, make_demand(0), options={"min_instances": 3}))

    assert not [meter for meter in counted if "idle" in meter]
    assert counted[CPU] == pytest.approx(3 * 730 * HOUR)


@pytest.mark.parametrize(
    ("hours_active", "min_instances", "cheaper"),
    [
        # 0.000024 x 126 of 168 hours = 0.000018 x 168: the same at 75 % of the time
        (125, 0, "request"),
        (127, 0, "instance"),
        # 0.000024 x + 0.0000025 (1 - x) = 0.000018: the same at 72.1 %, between 121 and 122 hours
        (121, 1, "request"),
        (122, 1, "instance"),
    ],
)
def test_billing_by_request_costs_less_up_to_three_quarters_of_the_time(
    make_demand, bill_of, cents, hours_active, min_instances, cheaper
):
    hours = np.where(np.arange(168) < hours_active, 300.0, 0.0)
    by_request = bill_of(
        ID,
        make_demand(hours),
        options={"billing": "request", "min_instances": min_instances},
        answers=AT_REQUEST_RATES,
    )
    always_on = bill_of(ID, make_demand(hours), options={"min_instances": 1})

    request, instance = (
        sum(usd for meter, usd in cents(bill).items() if "_cpu" in meter or ".cpu" in meter)
        for bill in (by_request, always_on)
    )
    assert request != instance
    assert ("request" if request < instance else "instance") == cheaper


@pytest.mark.parametrize(
    ("connections", "redis", "vcpus"),
    # an e2-standard-2 has two processors; an e2-micro, which votes on failover, a quarter of one
    [(600, "self_run", 0), (601, "self_run", 2 * 2 + 0.25), (601, "none", 0)],
)
def test_redis_runs_twice_as_soon_as_messages_must_reach_other_instances(
    make_demand, bill_of, quantities, connections, redis, vcpus
):
    demand = make_demand(connections, to_server=100, to_client=1_000)
    options = {"redis": redis, "redis_machine": "e2-standard-2", "application": "none"}
    counted = quantities(bill_of(ID, demand, options=options))

    assert counted.get("gcp.compute.e2_vcpu_hours", 0) == pytest.approx(vcpus * 730)


def test_reconnects_after_the_cut_are_noted(make_demand, bill_of):
    # sessions of two hours connect twice: 2 x 1,800 an hour
    bill = bill_of(ID, make_demand(10, new_connections=1_800, session_hours=2))

    assert bill.notes[0] == (
        "Connections are cut after 60 minutes and clients connect again. New connections in the "
        "busiest hour: 1 per second."
    )


def test_what_must_be_set_beyond_the_defaults_is_noted(make_demand, bill_of):
    # https://docs.cloud.google.com/run/docs/about-concurrency and configuring/request-timeout:
    # Google starts with 80 requests at a time and five minutes
    tuned = " ".join(bill_of(ID, make_demand(10)).notes)
    as_is = " ".join(
        bill_of(ID, make_demand(10), options={"concurrency": 80, "timeout_minutes": 5}).notes
    )

    assert "Set the concurrency to 1,000; Google's default is 80 in the console" in tuned
    assert "Set the request timeout to 60 minutes; Google's default is 5" in tuned
    assert "Set the " not in as_is


@pytest.mark.parametrize(("redis", "asked"), [("cheapest", 334), ("none", None)])
def test_instances_that_reach_redis_are_a_hundred_at_first(make_demand, bill_of, redis, asked):
    # 200,000 connections at 60 % of a concurrency of 1,000: 333.3 instances, 3.3 times the quota
    options = {"max_instances": 1000, "redis": redis, "application": "none"}
    bill = bill_of(ID, make_demand(200_000, to_server=1, to_client=1), options=options)
    used = {v.limit.limit: (float(v.used), float(v.share)) for v in bill.verdicts}

    found = used.get("gcp.cloud_run.direct_vpc_instances")
    assert found == (None if asked is None else (asked, pytest.approx(asked / 100)))


ONLY_SOCKETS = {
    "application": "none",
    "memory_per_connection_bytes": 1,
    "idle_cpu_seconds_per_connection_second": 0,
    "messages_per_core_second": 1e12,
    "bytes_per_core_second": 1e12,
    "new_connections_per_core_second": 1e9,
}
"""Instances are filled by connections, whatever these do."""


@pytest.mark.parametrize(("heard", "state"), [(700, "within limits"), (1_000, "over a hard limit")])
def test_what_an_instance_hears_and_publishes_goes_into_a_vpc(
    make_demand, bill_of, verdict_on, heard, state
):
    # 12,000 connections on 20 instances of 600, each of which hears every message and publishes
    # its twentieth. 120 bytes and their mask of 4 leave as 200 down to the IP header (the measured
    # table of test_wire): 625 messages a second are a megabit.
    messages = heard * 625 * 3600
    demand = make_demand(12_000, to_server=messages, to_client=messages, payload=120)
    bill = bill_of(ID, demand, options=ONLY_SOCKETS | {"subscribes": "all"})
    verdict = verdict_on(bill, "gcp.cloud_run.vpc_bandwidth_per_instance_mbps")

    assert float(verdict.used) == pytest.approx(heard * (1 + 1 / 20))
    assert float(verdict.allowed) == 1_000
    assert str(verdict.state) == state


def test_nothing_goes_into_a_vpc_where_nobody_else_must_hear(make_demand, bill_of):
    bill = bill_of(ID, make_demand(12_000, to_client=1_000), options={"redis": "none"})

    assert "gcp.cloud_run.vpc_bandwidth_per_instance_mbps" not in {
        verdict.limit.limit for verdict in bill.verdicts
    }
