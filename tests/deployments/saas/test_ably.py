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


def test_a_note_says_how_long_a_message_to_many_takes(workload, flow):
    scenario = workload({"news": flow(1, fan_out=20_000, server=True)}, mean_connections=20_000)
    notes = " ".join(ws.estimate(scenario, ID).notes)

    assert "Each of 'news' is 20,000 at one moment and needs 2 s at 10,000 per second." in notes


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
    [(100, 64, False), (100, 65, True), (20_000, 256, False), (20_000, 257, True)],
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
