"""What Supabase Realtime counts: the plan, the peak of connections, messages, data out."""

import pytest

import estimator as ws

ID = "supabase.realtime"
MESSAGES = f"{ID}.messages"
PEAK = f"{ID}.peak_connections"
PLAN = "supabase.plan.pro_months"
EGRESS = "supabase.egress.gb"


def test_a_broadcast_counts_once_sent_and_once_for_each_who_receives_it(workload, flow, quantities):
    # the vendor's own example: 4 listeners make 5 messages
    bill = ws.estimate(workload({"posts": flow(1, fan_out=4)}), ID)

    assert quantities(bill)[MESSAGES] == pytest.approx(5 * 100 * 730)


def test_size_does_not_matter(workload, flow, quantities):
    bill = ws.estimate(workload({"posts": flow(1, 1_000_000, 4)}), ID)

    assert quantities(bill)[MESSAGES] == pytest.approx(5 * 100 * 730)


def test_the_most_connections_open_at_once_count(make_demand, bill_of, quantities):
    assert quantities(bill_of(ID, make_demand(100, peak=1_700)))[PEAK] == 1_700


@pytest.mark.parametrize("hours", [672, 744])
def test_plan_and_peak_do_not_grow_with_the_month(make_demand, bill_of, quantities, hours):
    found = quantities(bill_of(ID, make_demand(800, hours_per_month=hours)))

    assert (found[PLAN], found[PEAK]) == (1, 800)


@pytest.mark.parametrize(("layer", "bytes_each"), [("payload", 124), ("websocket", 126)])
def test_bytes_sent_to_clients_count_as_data_out(
    make_demand, bill_of, quantities, layer, bytes_each
):
    demand = make_demand(1, to_client=1e6, payload=124)
    bill = bill_of(ID, demand, answers={"billed_bytes": layer})

    assert quantities(bill)[EGRESS] == pytest.approx(1e6 * 730 * bytes_each / 1e9)


@pytest.mark.parametrize("allowances", ["none", "always"])
def test_what_the_plan_includes_is_taken_off_as_its_fee_is_on_the_bill(
    make_demand, bill_of, allowances
):
    # 500 connections, 5 million messages and 250 GB come with the plan
    demand = make_demand(500, to_client=6_000, payload=1000)

    assert bill_of(ID, demand, free_allowances=allowances).total == 25


@pytest.mark.parametrize(
    ("size", "hourly_usd"),
    # https://supabase.com/docs/guides/platform/manage-your-usage/compute
    [("micro", 0.01344), ("small", 0.0206), ("medium", 0.0822), ("16xl", 5.12)],
)
@pytest.mark.parametrize("hours", [672, 744])
def test_the_server_of_the_project_costs_its_hours_less_10_usd(
    make_demand, bill_of, size, hourly_usd, hours
):
    bill = bill_of(ID, make_demand(1, hours_per_month=hours), options={"compute": size})

    assert bill.total == pytest.approx(25 + max(hours * hourly_usd - 10, 0))


@pytest.mark.parametrize(
    ("demand", "limit", "share"),
    [
        ({"connections": 20_000}, "connections", 2),
        ({"connections": 1, "to_client": 5_000 * 3600}, "messages_per_second", 2),
        ({"connections": 1, "new_connections": 1_000 * 3600}, "joins_per_second", 3 * 0.4),
        ({"connections": 1}, "channels_per_connection", 3 / 100),
        ({"connections": 1, "to_server": 1, "payload": 6e6}, "message_max_bytes", 2),
    ],
    ids=str,
)
def test_limits_of_a_project(make_demand, bill_of, share_of, demand, limit, share):
    # https://supabase.com/docs/guides/realtime/limits: 10,000 connections, 2,500 messages and
    # 2,500 joins per second, 100 channels per connection, 3,000 KB
    bill = bill_of(ID, make_demand(**demand), options={"channels_per_connection": 3})

    assert share_of(bill, f"{ID}.{limit}") == pytest.approx(share)


@pytest.mark.parametrize(("payload", "noted"), [(3_000_000, False), (3_000_001, True)])
def test_messages_above_3000_kb_are_noted(workload, flow, payload, noted):
    bill = ws.estimate(workload({"files": flow(0.1, payload)}), ID)

    assert ("Messages are limited to 3,000 KB" in " ".join(bill.notes)) is noted
