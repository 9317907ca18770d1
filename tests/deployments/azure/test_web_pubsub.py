"""What Web PubSub counts: units in the steps that exist, and messages beyond those of the day.

Rules: https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model; unit counts:
https://learn.microsoft.com/azure/azure-web-pubsub/howto-scale-manual-scale
"""

import numpy as np
import pytest
from hypothesis import given, strategies as st

import estimator as ws
from estimator.deployments.azure.unit_service import units_for
from estimator.deployments.fleet.family import find_family
from estimator.deployments.fleet.machine import find_machine

ID = "azure.web_pubsub"
STANDARD_UNITS = "azure.web_pubsub.standard_unit_days"
STANDARD_MESSAGES = "azure.web_pubsub.standard_messages"
PREMIUM_UNITS = "azure.web_pubsub.premium_unit_days"
PREMIUM_MESSAGES = "azure.web_pubsub.premium_messages"
ONE_WEEK = 168.0
STEPS = [*range(1, 10), *range(10, 100, 10), *range(100, 1001, 100)]


@pytest.mark.parametrize(
    ("connections", "units", "meter"),
    [
        (0, 1, STANDARD_UNITS),
        (1, 1, STANDARD_UNITS),
        (1_000, 1, STANDARD_UNITS),
        (1_001, 2, STANDARD_UNITS),
        (10_000, 10, STANDARD_UNITS),
        (10_001, 20, STANDARD_UNITS),
        (90_001, 100, STANDARD_UNITS),
        (100_000, 100, STANDARD_UNITS),
        (100_001, 200, PREMIUM_UNITS),
        (900_001, 1000, PREMIUM_UNITS),
        (1_000_000, 1000, PREMIUM_UNITS),
        (1_000_001, 1100, PREMIUM_UNITS),
    ],
)
def test_units_come_in_the_steps_that_exist(
    make_demand, bill_of, quantities, connections, units, meter
):
    bill = bill_of(ID, make_demand(connections, hours_per_month=24), options={"headroom": 1})

    assert quantities(bill)[meter] == pytest.approx(units)


@pytest.mark.parametrize(("headroom", "units"), [(1, 8), (0.8, 10), (0.7, 20)])
def test_headroom_leaves_room_in_every_unit(make_demand, bill_of, quantities, headroom, units):
    demand = make_demand(8_000, hours_per_month=24)
    bill = bill_of(ID, demand, options={"headroom": headroom})

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(units)


@given(st.floats(0, 5e6))
def test_units_suffice_and_no_smaller_count_would(needed):
    steps = np.array(STEPS, dtype=float)
    units = float(units_for(np.array(needed), steps, steps, 100))
    full, rest = divmod(units, 1000)

    assert units >= needed - 1e-6
    if full == 0 or units == 1000:
        assert units in STEPS
        assert all(step < needed for step in STEPS if step < units)
    else:
        # full resources of 1,000 units and a last one, which as Premium_P2 has at least 100
        assert rest in {0, *range(100, 1000, 100)}
        assert units - 100 < needed


def test_units_are_those_of_the_busiest_hour_all_month(make_demand, bill_of, quantities):
    hours = np.full(168, 100.0)
    hours[50] = 4_500
    bill = bill_of(ID, make_demand(hours, hours_per_month=ONE_WEEK), options={"headroom": 1})

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(5 * 7)


def test_autoscaling_pays_the_units_of_each_hour(make_demand, bill_of, quantities):
    hours = np.full(168, 100.0)
    hours[48:72] = 4_500
    demand = make_demand(hours, hours_per_month=ONE_WEEK)
    bill = bill_of(ID, demand, options={"headroom": 1, "scaling": "autoscaled"})

    assert quantities(bill)[PREMIUM_UNITS] == pytest.approx(6 * 1 + 1 * 5)


def test_autoscaling_needs_premium(make_demand, bill_of, quantities):
    # the billing model: only Premium scales by itself
    bill = bill_of(ID, make_demand(100), options={"scaling": "autoscaled"})

    assert STANDARD_UNITS not in quantities(bill)


def test_premium_can_be_chosen(make_demand, bill_of, quantities):
    options = {"tier": "premium", "functions": "none"}
    bill = bill_of(ID, make_demand(100, hours_per_month=24), options=options)

    assert quantities(bill) == {PREMIUM_UNITS: pytest.approx(1), PREMIUM_MESSAGES: 0}


def test_a_busy_day_is_not_averaged_with_quiet_ones(make_demand, bill_of, quantities, charged):
    # 6 million messages on Wednesday and none on other days; one unit includes a million per day,
    # seven million per week, which would seem to suffice
    hours = np.zeros(168)
    hours[48:72] = 6e6 / 24
    demand = make_demand(1, to_client=hours, payload=2048, hours_per_month=ONE_WEEK)
    bill = bill_of(ID, demand)

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(7)
    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(5e6)


def test_a_busy_hour_is_averaged_over_its_day(make_demand, bill_of, charged):
    # the allowance is the day's
    hours = np.zeros(168)
    hours[[12, 36, 60]] = 1e6
    bill = bill_of(ID, make_demand(1, to_client=hours, hours_per_month=ONE_WEEK))

    assert charged(bill)[STANDARD_MESSAGES] == 0


def test_every_unit_includes_a_million_messages_a_day(make_demand, bill_of, charged):
    demand = make_demand(5_000, to_client=7e6 / 24, payload=2048, hours_per_month=24)
    bill = bill_of(ID, demand, options={"headroom": 1})

    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(7e6 - 5e6)


@pytest.mark.parametrize(
    ("payload", "counted"), [(1, 1), (2048, 1), (2049, 2), (4096, 2), (20_000, 10)]
)
def test_a_delivery_may_count_once_for_every_started_2_kb(
    make_demand, bill_of, charged, payload, counted
):
    # the other reading, which is that of SignalR
    demand = make_demand(1, to_client=1e7 / 24, payload=payload, hours_per_month=24)
    bill = bill_of(ID, demand, answers={"small_messages": "whole"})

    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(counted * 1e7 - 1e6)


def test_outbound_bytes_are_divided_by_2_kb(make_demand, bill_of, charged):
    # the billing model: the size of outbound traffic (bytes) divided in 2 KB
    demand = make_demand(1, to_client=1e8 / 24, payload=204.8, hours_per_month=24)
    bill = bill_of(ID, demand)

    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(1e8 / 10 - 1e6)


@pytest.mark.parametrize(("event_handler", "counted"), [(True, 3e6), (False, 2e6)])
def test_what_is_passed_to_an_event_handler_counts(
    make_demand, bill_of, charged, event_handler, counted
):
    # the billing model: traffic leaving the service counts, to clients and to the event handler
    demand = make_demand(
        1, to_client=2e6 / 24, to_server=1e6 / 24, payload=2048, hours_per_month=24
    )
    bill = bill_of(ID, demand, options={"event_handler": event_handler})

    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(counted - 1e6)


@pytest.mark.parametrize(("answer", "on_the_bill"), [("no", False), ("yes", True)])
def test_internet_traffic_is_billed_only_if_the_open_question_is_answered_so(
    make_demand, bill_of, quantities, answer, on_the_bill
):
    bill = bill_of(ID, make_demand(1, to_client=1), answers={"internet_traffic": answer})

    assert ("azure.egress.internet" in quantities(bill)) is on_the_bill


def test_many_messages_need_more_units_than_their_connections(make_demand, bill_of, quantities):
    # the performance guide: 3,000 broadcast messages per second and unit, at 70 % of server load
    demand = make_demand(100, to_client=3000 * 0.7 * 3600 * 3.5, hours_per_month=24)
    bill = bill_of(ID, demand)

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(4)
    assert "sized by messages out to big groups (2,100 per second and unit)" in bill.explain()


def test_the_constraint_that_binds_is_named(make_demand, bill_of):
    explained = bill_of(ID, make_demand(5_000, to_client=1)).explain()

    assert "sized by connections (800 per unit)" in explained


@pytest.mark.parametrize(
    ("connections", "limit", "state"),
    [
        (100_000, "units_per_subscription_and_region", "within limits"),
        (150_000, "units_per_subscription_and_region", "quota increase"),
        (150_000, "premium_max_units", "within limits"),
        (1_000_001, "premium_max_units", "over a hard limit"),
    ],
)
def test_units_are_checked_against_quotas(make_demand, bill_of, connections, limit, state):
    # 150 units in a subscription and region, 1,000 in a Premium resource
    bill = bill_of(ID, make_demand(connections), options={"headroom": 1})
    states = {verdict.limit.limit: verdict.state for verdict in bill.verdicts}

    assert states[f"{ID}.{limit}"] == state


@pytest.mark.parametrize("tier", ["standard", "premium_p1"])
def test_a_tier_that_is_too_small_stays_in_the_comparison_with_its_fix(
    make_demand, bill_of, quantities, tier
):
    # a Standard or Premium_P1 resource ends at 100 units
    options = {"headroom": 1, "tier": tier}
    bill = bill_of(ID, make_demand(100_001, hours_per_month=24), options=options)
    exceeded = [one for one in bill.verdicts if one.exceeded]

    meter = STANDARD_UNITS if tier == "standard" else PREMIUM_UNITS
    assert quantities(bill)[meter] == pytest.approx(100)
    assert not bill.is_within_limits
    assert {one.limit.limit.split(".")[-1] for one in exceeded} == {
        f"{tier}_max_units",
        "connections_per_unit",
    }
    assert all(one.fix == "use Premium P2 with 200 units" for one in exceeded)


def test_premium_p2_has_100_units_at_least(make_demand, bill_of, quantities):
    demand = make_demand(500, hours_per_month=24)
    bill = bill_of(ID, demand, options={"tier": "premium_p2"})

    assert quantities(bill)[PREMIUM_UNITS] == pytest.approx(100)


def test_autoscaling_on_premium_p2_never_falls_below_100_units(make_demand, bill_of, quantities):
    # 200 units on one day of the week, which only P2 has; it has no fewer than 100
    hours = np.full(168, 100.0)
    hours[48:72] = 150_000
    demand = make_demand(hours, hours_per_month=ONE_WEEK)
    bill = bill_of(ID, demand, options={"headroom": 1, "scaling": "autoscaled"})

    assert quantities(bill)[PREMIUM_UNITS] == pytest.approx(6 * 100 + 1 * 200)


@pytest.mark.parametrize(
    ("connections", "messages_a_day", "exceeded"),
    [
        (20, 20_000, set()),
        (21, 20_000, {"free_connections_per_unit"}),
        (20, 20_001, {"free_messages_per_day"}),
    ],
)
def test_the_free_tier_costs_nothing_within_its_limits(
    make_demand, bill_of, connections, messages_a_day, exceeded
):
    # 20 connections and 20,000 messages per day
    demand = make_demand(connections, to_client=messages_a_day / 24, payload=2048)
    bill = bill_of(ID, demand, options={"tier": "free"})

    assert bill.total == 0
    assert {one.limit.limit.split(".")[-1] for one in bill.verdicts if one.exceeded} == exceeded


def published(messages_a_second: float, fan_out: float) -> dict[str, float]:
    """Messages that clients send and receive in an hour."""
    sent = messages_a_second * 3600
    return {"to_server": sent, "to_client": sent * fan_out}


@pytest.mark.parametrize(
    ("messages_a_second", "fan_out", "units", "carries"),
    [
        # groups of ten: 10,000 in and 100,000 out a second on 50 units, and no more on 100
        (10_000, 10, 50, "small groups"),
        (10_001, 10, 200, "small groups"),
        (20_000, 10, 200, "small groups"),
        # big groups: 3,000 out for each unit, 300,000 on 100
        (1_000, 300, 100, "big groups"),
        (1_000, 301, 200, "big groups"),
    ],
)
def test_the_fan_out_decides_what_units_carry(
    make_demand, bill_of, quantities, messages_a_second, fan_out, units, carries
):
    demand = make_demand(
        100, **published(messages_a_second, fan_out), payload=2048, hours_per_month=24
    )
    options = {"server_load": 1, "event_handler": False}
    bill = bill_of(ID, demand, options=options)

    meter = STANDARD_UNITS if units <= 100 else PREMIUM_UNITS
    assert quantities(bill)[meter] == pytest.approx(units)
    assert f"{carries}" in bill.explain()


@pytest.mark.parametrize(
    ("pattern", "a_second", "units"),
    [
        # the performance guide: 500 echoes a second and unit, 180 messages to users over REST
        ("echo_upstream", 2_500, 5),
        ("rest_send_to_user", 1_800, 10),
        ("rest_broadcast", 15_000, 5),
    ],
)
def test_a_pattern_can_be_chosen(make_demand, bill_of, quantities, pattern, a_second, units):
    demand = make_demand(100, to_client=a_second * 3600, hours_per_month=24)
    bill = bill_of(ID, demand, options={"server_load": 1, "pattern": pattern})

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(units)


def test_the_event_handler_takes_500_messages_a_second_and_unit(make_demand, bill_of, quantities):
    # messages that reach nobody else, echo row of the performance guide; 700 a second at 70 % load
    demand = make_demand(100, to_server=700 * 3600, hours_per_month=24)
    bill = bill_of(ID, demand)

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(2)
    assert "messages to your code" in bill.explain()


ALONE = {"application": "none", "function_concurrency": 1}
"""No work of the application's own, and no execution shares an instance."""


@pytest.mark.parametrize(
    ("options", "plan", "gb_seconds"),
    [
        # 40 ms with 100 MB are billed as 100 ms with 128 MB
        ({"functions": "consumption", "function_ms": 40, "function_memory_mb": 100}, "", 0.0125),
        # beyond the least, the time counts as it is and memory in steps of 128 MB
        ({"functions": "consumption", "function_ms": 250, "function_memory_mb": 160}, "", 0.0625),
        # at least 1 s, on instances of 512 MB or more
        ({"functions": "flex", "function_ms": 40, "function_memory_mb": 100}, "flex_", 0.5),
        ({"functions": "flex", "function_ms": 1010, "function_memory_mb": 600}, "flex_", 2.2),
    ],
)
def test_functions_take_each_event_and_each_connect(
    make_demand, bill_of, quantities, options, plan, gb_seconds
):
    # 3 messages and 1 connect an hour, of which connect and connected are events as well
    demand = make_demand(1, to_server=3, new_connections=1, hours_per_month=100)
    bill = bill_of(
        ID,
        demand,
        options={**ALONE, **options, "connection_events": 2},
        answers={"flex_minimum": "execution"},
    )
    counted = quantities(bill)

    assert counted[f"azure.functions.{plan}executions"] == pytest.approx(100 * (3 + 2 + 1))
    assert counted[f"azure.functions.{plan}gb_seconds"] == pytest.approx(600 * gb_seconds)


@pytest.mark.parametrize(
    ("options", "instances"),
    [
        # 100 executions per second of 50 ms are 5 at a time, which one instance takes at 16 at a
        # time; it is active all the time
        ({"application": "none"}, 1),
        # at one at a time, five are active on average
        ({"application": "none", "function_concurrency": 1}, 5),
        # 62 ms of a core of the reference speed are 100 ms of one of 0.62: 10 processors
        ({"application_cpu_ms_per_message": 62}, 10),
    ],
)
def test_flex_bills_instances_while_they_are_active(
    make_demand, bill_of, quantities, options, instances
):
    # the plan: memory of each instance while it is actively executing functions; 2,048 MB and one
    # processor by default
    assert find_family("azure.functions").core_speed == 0.62
    demand = make_demand(1_000, to_server=100 * 3600, hours_per_month=100)
    counted = quantities(bill_of(ID, demand, options={"function_ms": 50, **options}))

    assert counted["azure.functions.flex_executions"] == pytest.approx(100 * 3600 * 100)
    expected = instances * 2 * 100 * 3600
    assert counted["azure.functions.flex_gb_seconds"] == pytest.approx(expected, rel=0.02)


def test_rare_executions_on_flex_take_a_second_each(make_demand, bill_of, quantities):
    # one in 100 seconds is active for 1 s: an instance is for 1 - exp(-0.01) of the time
    demand = make_demand(1, to_server=36, hours_per_month=100)
    counted = quantities(bill_of(ID, demand, options={"application": "none"}))

    expected = -np.expm1(-0.01) * 100 * 3600 * 2
    assert counted["azure.functions.flex_gb_seconds"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("memory", "ms"),
    [
        # an execution takes 50 ms, and 6.2 ms of the reference core are 10 ms of one of 0.62
        (2_048, 50 + 10),
        # of which an instance of 512 MB has a quarter
        (512, 50 + 40),
    ],
)
def test_the_applications_own_time_is_part_of_an_execution(
    make_demand, bill_of, state_of, memory, ms
):
    demand = make_demand(10, to_server=1_000 * 3600)
    options = {
        "application_cpu_ms_per_message": 6.2,
        "function_concurrency": 1,
        "function_memory_mb": memory,
    }
    bill = bill_of(ID, demand, options=options)

    [_, instances] = state_of(bill, "azure.functions.flex_max_instances")
    assert instances == pytest.approx(1_000 * ms / 1_000)


def test_your_own_code_has_a_layer_of_its_own(make_demand, bill_of):
    demand = make_demand(10, to_server=3600, new_connections=60)

    def layers(**options: object) -> set[tuple[str, str]]:
        items = bill_of(ID, demand, options=options).items
        return {(i.usage.layer, i.usage.meter_id.split(".")[1]) for i in items}

    service = ("messaging", "web_pubsub")
    assert layers() == {service, ("application", "functions")}
    assert layers(functions="none") == {service}
    servers = {("application", "vm"), ("application", "disks")}
    network = {("application", "load_balancer"), ("application", "public_ipv4")}
    assert layers(functions="servers") == {service, *servers, *network}
    assert layers(functions="servers", application_network="none") == {service, *servers}


def test_servers_may_answer_events(make_demand, bill_of, quantities):
    # ten messages a second of a second each are 10 cores of the reference speed, and passing them
    # on takes next to nothing: of 2.88 cores 70% are planned, so that 5 servers carry them
    assert find_machine("azure", "vm", "Standard_D4as_v5").cores == pytest.approx(2.88)
    options = {
        "functions": "servers",
        "application_machine": "Standard_D4as_v5",
        "application_cpu_ms_per_message": 1_000,
        "survives": "none",
    }
    bill = bill_of(ID, make_demand(10, to_server=36_000), options=options)

    assert quantities(bill)["azure.vm.d4as_v5"] == pytest.approx(5 * 730)
    assert quantities(bill)["azure.disks.standard_ssd_e4_months"] == pytest.approx(5)


@pytest.mark.parametrize(
    ("options", "words", "instead"),
    [
        ({"functions": "none"}, "one zone only; Premium is zone-redundant", {"tier": "premium"}),
        ({}, "Azure Functions run in one zone only", {"functions": "servers"}),
        ({"functions": "consumption"}, "run in one zone only", {"functions": "servers"}),
    ],
)
def test_what_does_not_survive_a_zone_says_so(metered, options, words, instead):
    # learn.microsoft.com/azure/azure-web-pubsub/concept-availability-zones: a feature of Premium;
    # learn.microsoft.com/azure/reliability/reliability-functions
    found = [each.options for each in metered(ID, options).differs if words in each.text]

    assert found == [instead]


@pytest.mark.parametrize(
    "options", [{"tier": "premium", "functions": "servers"}, {"survives": "node"}]
)
def test_what_survives_as_much_differs_in_nothing(metered, options):
    assert metered(ID, options).differs == ()


def test_events_of_connections_count_as_messages(make_demand, bill_of, charged):
    demand = make_demand(1, new_connections=1e6 / 24, hours_per_month=24)
    bill = bill_of(ID, demand, options={"connection_events": 3})

    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(3e6 - 1e6)


def test_functions_end_at_200_instances_on_consumption(make_demand, bill_of):
    # 401 events per second of half a second each, one at a time
    demand = make_demand(1000, to_server=401 * 3600)
    options = {**ALONE, "functions": "consumption", "function_ms": 500}
    bill = bill_of(ID, demand, options=options)
    [found] = [one for one in bill.verdicts if "max_instances" in one.limit.limit]

    assert found.state == "over a hard limit"
    assert found.used == pytest.approx(200.5)


def test_without_an_event_handler_your_code_only_lets_clients_in(make_demand, bill_of, quantities):
    # an access token for each new connection; messages pass from client to client
    demand = make_demand(1, to_server=3, to_client=6, new_connections=1, hours_per_month=100)
    options = {"event_handler": False, "functions": "flex", "application_cpu_ms_per_message": 9}
    counted = quantities(bill_of(ID, demand, options=options))

    assert counted["azure.functions.flex_executions"] == pytest.approx(100 * 1)


def test_arrays_may_need_standard_and_premium_at_once():
    scenario = ws.Scenario(
        profile="workplace-chat",
        location="virginia",
        peak_connections=[50_000, 500_000],
        options={ID: {"headroom": 1}},
    )
    bill = ws.estimate(scenario, ID)
    units = {item.rate.meter_id: item.usage.quantity for item in bill.items}

    np.testing.assert_array_equal(units[STANDARD_UNITS] > 0, [True, False])
    np.testing.assert_array_equal(units[PREMIUM_UNITS] > 0, [False, True])


def test_functions_have_a_time_and_a_memory(make_demand, bill_of, state_of):
    # 10,000 messages per second of 50 ms are 500 at a time, each on an instance of 512 MB, the
    # smallest of flex; an execution on the Consumption plan ends after ten minutes
    demand = make_demand(10, to_server=10_000 * 3600)
    small = {**ALONE, "function_memory_mb": 512}
    flex = bill_of(ID, demand, options={**small, "functions": "flex"})
    slow = bill_of(ID, demand, options={**ALONE, "functions": "consumption", "function_ms": 7e5})

    assert state_of(flex, "azure.functions.flex_memory_mb")[1] == pytest.approx(500 * 512)
    assert state_of(slow, "azure.functions.consumption_timeout_max")[1] == 700
