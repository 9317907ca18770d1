"""Notifications, devices and couriers: the profiles against what operators published of theirs."""

import numpy as np
import pytest

import estimator as ws


def test_connections_of_notifications_last_as_long_as_zuul_push_leaves_them():
    # https://github.com/Netflix/zuul, PushRegistrationHandler: 30 min, less a whole number of
    # seconds below 180 by chance, less 4 s of grace
    seconds = 1800 - np.arange(180) - 4

    session = ws.load_profile("notifications").session

    assert session.mean * 3600 == pytest.approx(seconds.mean(), rel=0.005)
    assert session.survival(np.array([seconds.min() - 5, seconds.max() + 5]) / 3600) == (
        pytest.approx([1, 0])
    )


def test_notifications_are_as_many_as_those_of_netflix():
    # https://www.infoq.com/news/2024/09/netflix-pushy-websocket/: 300,000 messages per second over
    # hundreds of millions of connections, which are 200 million at least
    rate = ws.load_profile("notifications").flows["notifications"].rate_per_hour

    assert rate == pytest.approx(300_000 * 3600 / 200e6)


def test_riders_and_drivers_receive_what_ramen_delivers():
    # https://www.uber.com/blog/real-time-push-platform/: over 70,000 messages per second on up to
    # 600,000 connections, later over 250,000 on more than 1.5 million
    least, most = 70_000 * 3600 / 600_000, 250_000 * 3600 / 1.5e6
    riders = ws.load_profile("delivery-tracking")
    couriers = riders.other_clients["couriers"]
    per_rider = couriers.per_main_connection
    assert per_rider is not None

    received = sum(
        flow.rate_per_hour * flow.active_share * number * (flow.fan_out if flow.to else 1)
        for profile, number in ((riders, 1), (couriers.profile, per_rider))
        for flow in profile.flows.values()
        if flow.direction == "server_to_client" or flow.to
    ) / (1 + per_rider)

    assert least <= received <= most


def test_a_hundred_devices_bring_the_five_people_of_the_vendors_example():
    # https://ably.com/docs/platform/pricing/examples/realtime-dashboard
    devices = ws.load_profile("iot-telemetry")

    assert devices.other_clients["people"].per_main_connection == pytest.approx(5 / 100)
    assert devices.flows["readings"].rate_per_hour == 6 * 60
    assert devices.flows["readings"].fan_out == 5
