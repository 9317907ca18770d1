"""Who keeps quiet connections open: a table that names every managed service, and what follows."""

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.aws.messaging import MessageService
from estimator.deployments.azure.unit_service import UnitService
from estimator.deployments.heartbeats import (
    HeartbeatRule,
    as_client_messages,
    heartbeat_rule,
    no_faster,
    without_pings,
)
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.deployments.saas.counting import SaasService
from estimator.files import load_mapping
from estimator.format import count_text

MANAGED = (MessageService, UnitService, SaasService)


def demand(**heartbeat: object) -> ws.Demand:
    return ws.Demand.of(
        [100] * 84 + [300] * 84,
        session={"law": "exponential", "mean_hours": 1},
        flows={},
        heartbeat=heartbeat or None,
    )


def test_every_managed_service_has_a_rule_and_nothing_else_has():
    managed = {name for name, each in ALL_DEPLOYMENTS.items() if isinstance(each, MANAGED)}

    assert set(load_mapping("heartbeats.yaml", HeartbeatRule)) == managed


@pytest.mark.parametrize("name", load_mapping("heartbeats.yaml", HeartbeatRule))
def test_every_rule_has_a_source_and_stands_on_the_bill(name):
    rule = heartbeat_rule(name)
    scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=100)

    assert rule is not None
    assert rule.source.startswith("https://")
    assert rule.words in " ".join(ws.estimate(scenario, name).notes)


def test_pings_become_one_message_of_each_client_per_interval():
    changed = as_client_messages(demand(interval_seconds=25, payload_bytes=4), 450)
    [stream] = changed.streams

    assert (stream.direction, stream.kind, stream.payload.mean) == ("to_server", "heartbeat", 4)
    assert stream.per_hour.hourly == pytest.approx(8 * changed.connections.hourly)


def test_what_is_no_ping_stays_as_it_is():
    spoken = demand(interval_seconds=25, kind="application")

    for of in (spoken, demand()):
        assert as_client_messages(of, 450) is of
        assert without_pings(of).streams == of.streams
        assert no_faster(of, 30).streams == of.streams


@pytest.mark.parametrize(("seconds", "apart"), [(1, 30), (30, 30), (90, 90)])
def test_pings_are_slowed_down_and_never_sped_up(seconds, apart):
    of = demand(interval_seconds=seconds)

    for stream in no_faster(of, 30).streams:
        np.testing.assert_allclose(stream.per_hour.hourly, of.connections.hourly * 3600 / apart)


def test_nobody_pings_where_nobody_is():
    nobody = ws.Scenario(profile="workplace-chat", location="virginia", mean_connections=0)
    found = no_faster(ws.expected_demand(nobody), 30)

    assert all(np.all(s.per_hour.mean == 0) for s in found.streams)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("aws.api_gateway", 300 * 730 * 8),  # every 7.5 minutes
        ("azure.web_pubsub", 300 * 730 * 3600 / 25),
    ],
)
def test_heartbeats_of_several_kinds_of_clients_are_told_once(name, count):
    quiet = {
        "title": "Quiet",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "flows": {"news": {"direction": "server_to_client", "rate_per_hour": 1, "payload": 10}},
        "heartbeat": {"interval_seconds": 25},
    }
    scenario = ws.Scenario(
        profile=quiet,
        location="virginia",
        peak_connections=100,
        other_clients={"others": {"profile": quiet, "peak_connections": 200}},
    )
    [told] = [note for note in ws.estimate(scenario, name).notes if note.startswith("Heartbeats")]

    assert f" {count_text(count)} " in told
