"""What Pusher counts: connections at once, and the messages of the busiest day."""

import numpy as np
import pytest

import estimator as ws

ID = "pusher.channels"


def plan(bill: ws.Bill) -> str:
    [item] = bill.items
    return item.rate.meter_id.removeprefix(f"{ID}.").removesuffix("_months")


def test_the_peak_of_connections_decides_not_their_mean(make_demand, bill_of):
    assert plan(bill_of(ID, make_demand(100))) == "sandbox"
    assert plan(bill_of(ID, make_demand(100, peak=1_900))) == "pro"


def test_published_and_delivered_messages_of_a_day_count(workload, flow):
    # 100 clients x 24 h x rate x (1 published + 9 delivered); the Startup plan ends at 1M per day
    just, above = (
        workload({"posts": flow(rate, fan_out=9)}) for rate in (1e6 / 24_000, 1.001e6 / 24_000)
    )

    assert plan(ws.estimate(just, ID)) == "startup"
    assert plan(ws.estimate(above, ID)) == "pro"


def test_the_busiest_day_of_the_week_counts_not_the_mean_one(make_demand, bill_of):
    # 3.9 million on one day only, or the same spread over the week
    one_day = np.zeros(168)
    one_day[24:48] = 3.9e6 / 24

    assert plan(bill_of(ID, make_demand(10, to_client=one_day))) == "pro"
    assert plan(bill_of(ID, make_demand(10, to_client=3.9e6 / 168))) == "startup"


@pytest.mark.parametrize(("payload", "noted"), [(10_240, False), (10_241, True)])
def test_messages_above_10_kb_are_noted(workload, flow, payload, noted):
    bill = ws.estimate(workload({"files": flow(1, payload)}), ID)

    assert ("Messages are limited to 10 KB: 100.00% of 'files'" in " ".join(bill.notes)) is noted


@pytest.mark.parametrize(
    ("demand", "limit", "share"),
    [
        # https://pusher.com/channels/pricing: the Pro plan holds 2,000 connections and 4,000,000
        # messages per day, the largest 30,000 and 90,000,000
        ({"connections": 1_500}, "peak_connections", 1_500 / 2_000),
        ({"connections": 60_000}, "peak_connections", 60_000 / 30_000),
        ({"connections": 10, "to_client": 3e6 / 24}, "messages_per_day", 3 / 4),
        ({"connections": 10, "to_client": 180e6 / 24}, "messages_per_day", 180 / 90),
        # 20 events per second of each client, of which 10 may pass; of 40 KB each
        ({"connections": 10, "to_server": 10 * 20 * 3600}, "client_events_per_second", 20 / 10),
        ({"connections": 10, "to_server": 1, "payload": 40_960}, "message_max_bytes", 4),
    ],
    ids=str,
)
def test_how_full_the_plan_gets(make_demand, bill_of, share_of, demand, limit, share):
    assert share_of(bill_of(ID, make_demand(**demand)), f"{ID}.{limit}") == pytest.approx(share)


def test_what_no_plan_holds_is_billed_as_the_largest_and_said(make_demand, bill_of):
    bill = bill_of(ID, make_demand(31_000))

    assert plan(bill) == "growth_plus"
    assert "does not fit any plan with a published price" in bill.notes[0]
    assert bill.notes[0] in bill.explain()


def test_what_a_plan_holds_has_no_note_but_on_your_own_code(make_demand, bill_of):
    assert bill_of(ID, make_demand(29_000)).notes == (
        "The application's own work is left out (application: none).",
    )
