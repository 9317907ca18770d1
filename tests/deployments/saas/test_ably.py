"""What Ably counts per minute: messages with their echo, connections, channels, the package."""

import numpy as np
import pytest

import estimator as ws

ID = "ably.per_minute"
MESSAGES = f"{ID}.messages"
MINUTES = f"{ID}.connection_minutes"
CHANNELS = f"{ID}.channel_minutes"
STANDARD = f"{ID}.standard_package_months"
PRO = f"{ID}.pro_package_months"


def test_one_message_to_ten_subscribers_is_twelve_with_the_echo(workload, flow, quantities):
    # https://ably.com/docs/platform/pricing/message-counting: 1 inbound + 10 outbound, 12 with echo
    scenario = workload({"posts": flow(1, fan_out=10)})
    silent = scenario.replace(options={ID: {"echo": False}})

    assert quantities(ws.estimate(scenario, ID))[MESSAGES] == pytest.approx(12 * 100 * 730)
    assert quantities(ws.estimate(silent, ID))[MESSAGES] == pytest.approx(11 * 100 * 730)


def test_what_the_server_publishes_has_no_echo(workload, flow, quantities):
    # 100 deliveries per hour and 100 / 50 publications
    bill = ws.estimate(workload({"ticks": flow(1, fan_out=50, server=True)}), ID)

    assert quantities(bill)[MESSAGES] == pytest.approx(102 * 730)


@pytest.mark.parametrize(("kib", "counted"), [(5, 1), (16, 4), (50, 10)])
def test_a_message_counts_once_for_every_started_5_kib(workload, flow, quantities, kib, counted):
    # the vendor's own figures; publish and echo
    bill = ws.estimate(workload({"posts": flow(1, kib * 1024)}), ID)

    assert quantities(bill)[MESSAGES] == pytest.approx(2 * counted * 100 * 730)


def test_connections_count_by_the_minute(workload, quantities):
    bill = ws.estimate(workload(mean_connections=500), ID)

    # sessions of an hour have nothing to round up
    assert quantities(bill)[MINUTES] == pytest.approx(500 * 60 * 730)


def test_a_started_minute_counts_in_full(make_demand, bill_of, quantities):
    # 2,000 sessions per hour of 1.5 minutes; each is billed two
    demand = make_demand(50, new_connections=2000, session_hours=1.5 / 60)

    assert quantities(bill_of(ID, demand))[MINUTES] == pytest.approx(2000 * 2 * 730)


def test_channels_count_by_the_minute_as_the_audience_of_a_message_tells(
    workload, flow, quantities
):
    # 100 connections, each in a channel with the 19 others that receive its messages: 5 channels
    bill = ws.estimate(workload({"posts": flow(1, fan_out=19)}), ID)
    [line] = [item for item in bill.items if item.rate.meter_id == CHANNELS]

    assert float(line.usage.quantity) == pytest.approx(5 * 60 * 730)
    assert "20 connections each, the most that share a message" in line.usage.formula


def test_connections_of_a_channel_can_be_given(workload, flow, quantities):
    scenario = workload(
        {"posts": flow(1, fan_out=19)}, options={ID: {"connections_per_channel": 4}}
    )

    assert quantities(ws.estimate(scenario, ID))[CHANNELS] == pytest.approx(25 * 60 * 730)


@pytest.mark.parametrize(
    ("demand", "package"),
    [
        ({"connections": 10_000}, STANDARD),
        ({"connections": 10_001}, PRO),
        ({"connections": 10, "peak": 10_001}, PRO),
        # 2,500 per second would be 9,000,000 per hour, of which 5,208,000 are allowed
        ({"connections": 100, "to_client": 5_208_000}, STANDARD),
        ({"connections": 100, "to_client": 5_208_001}, PRO),
        ({"connections": 100, "new_connections": 250 * 3600}, STANDARD),
        ({"connections": 100, "new_connections": 251 * 3600}, PRO),
    ],
    ids=str,
)
def test_the_package_holds_the_busiest_hour(make_demand, bill_of, quantities, demand, package):
    found = quantities(bill_of(ID, make_demand(**demand)))

    assert {meter for meter in found if meter.endswith("_package_months")} == {package}
    assert found[package] == 1


def test_the_package_holds_the_channels_too(make_demand, bill_of, quantities):
    # half a connection in each channel: twice as many channels as connections
    bill = bill_of(ID, make_demand(6_000), options={"connections_per_channel": 0.5})

    assert quantities(bill)[PRO] == 1


def test_messages_both_ways_and_the_echo_make_the_rate(make_demand, bill_of, quantities):
    # 2,000,000 sent + 2,000,000 echoed + 1,208,001 delivered in an hour that may have 5,208,000
    demand = make_demand(100, to_server=2_000_000, to_client=1_208_001)

    assert PRO in quantities(bill_of(ID, demand))
    assert STANDARD in quantities(bill_of(ID, demand, options={"echo": False}))


@pytest.mark.parametrize(("recipients", "package"), [(2_499, STANDARD), (2_501, PRO)])
def test_the_package_holds_a_message_to_many_at_one_moment(
    workload, flow, quantities, recipients, package
):
    # one message per hour to each: on average next to nothing; its publication counts too
    scenario = workload({"news": flow(1, fan_out=recipients, server=True)}, mean_connections=5_000)

    assert package in quantities(ws.estimate(scenario, ID))


def test_a_verdict_says_how_long_a_message_to_many_takes(workload, flow):
    scenario = workload({"news": flow(1, fan_out=20_000, server=True)}, mean_connections=20_000)
    told = " ".join(each.explain() for each in ws.estimate(scenario, ID).verdicts)

    assert "each of 'news' is 20,000 at one moment and needs 2 s at 10,000 per second" in told


def test_the_hour_is_checked_beside_the_second(make_demand, bill_of, quantities, share_of):
    # 5,000 sockets that receive 0.4 per second, 50 a message: 2,040 per second with what is
    # published, within 2,500; but 7,344,000 per hour are 141% of what the Standard package has
    second = 5_000 * 0.4 * (1 + 1 / 50)
    assert second < 2_500
    assert second * 3600 / 5_208_000 == pytest.approx(1.41, abs=0.001)

    bill = bill_of(ID, make_demand(5_000, to_client=second * 3600))

    assert quantities(bill)[PRO] == 1
    assert share_of(bill, f"{ID}.messages_per_hour") == pytest.approx(second * 3600 / 20_833_000)
    assert share_of(bill, f"{ID}.messages_per_second") == pytest.approx(second / 10_000)


@pytest.mark.parametrize(
    ("demand", "limit", "share"),
    [
        # https://ably.com/docs/platform/pricing/resource-based/limits, Pro package
        ({"connections": 100_000}, "peak_connections", 100_000 / 50_000),
        ({"new_connections": 1_000 * 3600}, "new_connections_per_second", 1_000 / 500),
        # two channels of each of which ten connections share
        ({"connections": 500_000}, "peak_channels", 2 * 500_000 / 10 / 50_000),
        ({"new_connections": 1_000 * 3600}, "new_channels_per_second", 2 * 1_000 / 10 / 500),
        ({"to_client": 36e6}, "messages_per_second", 10_000 / 10_000),
        ({"to_client": 36e6}, "messages_per_hour", 36e6 / 20_833_000),
        # 2,000 per second of 40 KiB
        ({"to_client": 7.2e6, "payload": 40_960}, "kib_per_second", 80_000 / 47_684),
        ({"to_client": 7.2e6, "payload": 40_960}, "gib_per_hour", 80_000 * 3600 / 1024**2 / 99.3),
        (
            {"to_client": 7.2e6, "payload": 40_960},
            "gib_per_month",
            80_000 * 3600 * 730 / 1024**2 / 4_768,
        ),
        ({"to_server": 1, "payload": 2 * 262_144}, "message_max_bytes", 2),
        # 100 connections in 20 channels; each publishes 20 per second and gets them back
        ({"to_server": 100 * 20 * 3600}, "publishes_per_second_per_channel", 2_000 / 20 / 50),
        ({"to_server": 100 * 20 * 3600}, "messages_in_per_second_per_connection", 20 / 50),
        ({"to_client": 100 * 90 * 3600}, "messages_out_per_second_per_connection", 90 / 50),
        ({}, "channels_per_connection", 2 / 200),
    ],
    ids=str,
)
def test_all_limits_of_the_page(make_demand, bill_of, share_of, demand, limit, share):
    options = {"connections_per_channel": 10, "channels_per_connection": 2}
    bill = bill_of(ID, make_demand(**{"connections": 100, **demand}), options=options)

    assert share_of(bill, f"{ID}.{limit}") == pytest.approx(share)


def test_what_ably_batches_is_published_one_by_one(workload, flow, quantities):
    """https://ably.com/docs/platform/pricing/examples/data-broadcast: 10 updates per second to 200
    viewers, of which conflation in windows of 500 ms delivers 2 per second.
    """
    odds = flow(
        36_000,
        server=True,
        fan_out=200,
        timing="synchronized",
        batch={"window": "500 ms", "keep": "latest"},
    )
    bill = ws.estimate(workload({"odds": odds}, mean_connections=200, hours_per_month=2), ID)

    # a match of 7,200 seconds: 72,000 sent and 2,880,000 delivered
    assert quantities(bill)["ably.per_minute.messages"] == pytest.approx(72_000 + 2_880_000)


@pytest.mark.parametrize(("share", "stored"), [(0, 0), (0.25, 0.25), (1, 1)])
def test_a_published_message_that_is_stored_counts_once_more(
    workload, flow, quantities, share, stored
):
    # https://ably.com/docs/storage-history/storage: published with persistence it counts twice; one
    # of 16 KiB counts as four. 10 recipients, no echo
    scenario = workload(
        {"posts": flow(1, 16 * 1024, fan_out=10)},
        options={ID: {"echo": False, "persisted_share": share}},
    )

    found = quantities(ws.estimate(scenario, ID))
    assert found[MESSAGES] == pytest.approx(4 * (1 + 10 + stored) * 100 * 730)


def test_what_is_stored_fills_no_limit(workload, flow, share_of):
    scenario = workload({"posts": flow(60, fan_out=10)})
    stored = scenario.replace(options={ID: {"persisted_share": 1}})

    for limit in ("messages_per_second", "messages_per_hour", "gib_per_month"):
        shares = [share_of(ws.estimate(each, ID), f"{ID}.{limit}") for each in (scenario, stored)]
        assert shares[0] == shares[1] > 0


@pytest.mark.parametrize(
    ("window", "per_second"),
    # https://ably.com/docs/ai-transport/features/token-streaming: the most per window, or the rate
    # of the model, whichever is lower
    [("20 ms", 50), ("40 ms", 25), ("100 ms", 10), ("500 ms", 2), ("10 ms", 75)],
)
def test_append_rollup_publishes_what_it_delivers(workload, flow, quantities, window, per_second):
    tokens = flow("75 / s", server=True, timing="synchronized", batch=window)
    scenario = workload({"tokens": tokens}, options={ID: {"append_rollup": True}})
    each = scenario.replace(options={})

    seconds = 100 * 3600 * 730
    assert quantities(ws.estimate(scenario, ID))[MESSAGES] == pytest.approx(
        2 * per_second * seconds
    )
    # without it every token is published, and batches are made for those who receive them
    assert quantities(ws.estimate(each, ID))[MESSAGES] == pytest.approx((75 + per_second) * seconds)


def test_append_rollup_leaves_what_clients_publish(workload, flow, quantities):
    posts = flow(60, fan_out=9, batch="1 min")
    bills = [
        ws.estimate(workload({"posts": posts}, options={ID: {"append_rollup": rolled}}), ID)
        for rolled in (False, True)
    ]

    assert quantities(bills[0])[MESSAGES] == quantities(bills[1])[MESSAGES]


def test_an_echo_of_the_profile_is_not_counted_twice(workload, flow, quantities):
    with_echo = workload({"posts": flow(1, fan_out=4, echo=True)})
    without = workload({"posts": flow(1, fan_out=4)})

    # one sent, four to others, one to its sender
    for scenario in (with_echo, without):
        counted = quantities(ws.estimate(scenario, ID))["ably.per_minute.messages"]
        assert counted == pytest.approx(100 * 6 * 730)


def test_each_scenario_pays_its_own_package(workload):
    bill = ws.estimate(workload(mean_connections=[100, 20_000, 60_000]), ID)
    fees = {item.rate.meter_id: item.usage.quantity for item in bill.items}

    np.testing.assert_array_equal(fees[STANDARD], [1, 0, 0])
    np.testing.assert_array_equal(fees[PRO], [0, 1, 1])
    assert "Some of the workloads" in " ".join(bill.notes)


@pytest.mark.parametrize(
    ("demand", "fits"),
    [
        ({"connections": 50_000}, True),
        ({"connections": 50_001}, False),
        ({"connections": 100, "to_client": 20_833_000}, True),
        ({"connections": 100, "to_client": 20_833_001}, False),
    ],
    ids=str,
)
def test_beyond_the_pro_package_a_note_says_that_it_does_not_fit(
    make_demand, bill_of, demand, fits
):
    bill = bill_of(ID, make_demand(**demand))

    assert ("does not fit any plan" in " ".join(bill.notes)) is not fits


@pytest.mark.parametrize(
    ("connections", "kib", "noted"),
    # what is too large for the Standard package takes the Pro package, which holds 256 KiB
    [(100, 64, False), (100, 65, False), (100, 257, True), (20_000, 256, False)],
)
def test_messages_beyond_the_packages_size_are_noted(workload, flow, connections, kib, noted):
    bill = ws.estimate(
        workload({"files": flow(0.01, kib * 1024)}, mean_connections=connections), ID
    )

    assert ("of 'files' must be split" in " ".join(bill.notes)) is noted


def test_it_says_that_it_is_closed_to_new_accounts(workload):
    bill = ws.estimate(workload(), ID)

    assert "legacy, closed to new accounts" in bill.title
    assert any("Closed to new accounts" in note for note in bill.notes)
