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
    ("demand", "words"),
    [
        ({"connections": 10_000, "to_client": 2_500 * 3600, "new_connections": 2_500 * 3600}, ()),
        ({"connections": 10_001}, ("10,001 connections at once",)),
        ({"connections": 1, "to_client": 2_501 * 3600}, ("2,501 messages per second",)),
        ({"connections": 1, "new_connections": 2_501 * 3600}, ("2,501 joins per second",)),
    ],
    ids=str,
)
def test_what_a_project_must_ask_for_is_noted(make_demand, bill_of, demand, words):
    notes = bill_of(ID, make_demand(**demand)).notes

    asked = [note for note in notes if "only the vendor's support" in note]
    assert len(asked) == len(words)
    assert all(word in note for word, note in zip(words, asked, strict=True))


@pytest.mark.parametrize(("payload", "noted"), [(3_000_000, False), (3_000_001, True)])
def test_messages_above_3000_kb_are_noted(workload, flow, payload, noted):
    bill = ws.estimate(workload({"files": flow(0.1, payload)}), ID)

    assert ("Messages are limited to 3,000 KB" in " ".join(bill.notes)) is noted
