"""What SignalR Service counts, and what it does not share with Web PubSub.

Rules: https://learn.microsoft.com/azure/azure-signalr/signalr-concept-messages-and-connections
"""

import numpy as np
import pytest

import estimator as ws

ID = "azure.signalr"
UNITS = "azure.signalr.standard_unit_days"
MESSAGES = "azure.signalr.standard_messages"
ONE_DAY = 24.0


@pytest.mark.parametrize(
    ("clients", "options", "units"),
    [
        # two application servers with one hub open ten connections
        (990, {}, 1),
        (991, {}, 2),
        (900, {"app_servers": 4, "hubs": 5, "hubs_per_client": 1}, 1),
        (901, {"app_servers": 4, "hubs": 5, "hubs_per_client": 1}, 2),
        (900, {"app_servers": 10, "server_connections": 10}, 1),
        (901, {"app_servers": 10, "server_connections": 10}, 2),
        (1_000, {"mode": "serverless"}, 1),
    ],
)
def test_connections_of_application_servers_use_up_those_of_units(
    make_demand, bill_of, quantities, clients, options, units
):
    demand = make_demand(clients, hours_per_month=ONE_DAY)
    bill = bill_of(ID, demand, options={"headroom": 1, **options})

    assert quantities(bill)[UNITS] == pytest.approx(units)


def test_a_million_messages_a_unit_and_day_are_included(make_demand, bill_of, charged):
    demand = make_demand(1_500, to_client=3e6 / 24, hours_per_month=ONE_DAY)
    counted = charged(bill_of(ID, demand, options={"headroom": 1}))

    assert (counted[UNITS], counted[MESSAGES]) == (pytest.approx(2), pytest.approx(1e6))


@pytest.mark.parametrize(
    ("options", "open_connections"),
    [
        # dotnet/aspnetcore issue 11372: hubs share no connections, so each client has one for each
        # hub that it joins; the servers have 2 x 5 hubs x 5
        ({"hubs": 5}, 300 * 5 + 50),
        ({"hubs": 5, "hubs_per_client": 2}, 300 * 2 + 50),
        ({}, 300 + 10),
        ({"hubs": 5, "mode": "serverless"}, 300 * 5),
    ],
)
def test_a_client_has_a_connection_for_each_hub(make_demand, bill_of, options, open_connections):
    demand = make_demand(300, new_connections=36_000)
    found = {v.limit.limit: v for v in bill_of(ID, demand, options=options).verdicts}
    each = options.get("hubs_per_client", options.get("hubs", 1))

    assert found[f"{ID}.connections_per_unit"].used == pytest.approx(open_connections)
    limit = f"{ID}.new_connections_per_second_1_to_10_units"
    assert found[limit].used == pytest.approx(10 * each)


def test_clients_join_no_more_hubs_than_there_are(make_demand, bill_of):
    with pytest.raises(ws.ScenarioError, match="at most the number of hubs, 2"):
        bill_of(ID, make_demand(1), options={"hubs": 2, "hubs_per_client": 3})


def test_clients_are_let_in_with_all_their_connections(make_demand, bill_of, metered):
    # a unit of 1,000 connections has room for 200 clients of five hubs; 400 connections per second
    # are 80 clients
    admission = metered(ID, {"hubs": 5, "mode": "serverless"}).admission

    assert admission.connections_per_unit == pytest.approx(200)
    assert admission.new_connections_per_second == pytest.approx(80)


@pytest.mark.parametrize(
    "options", [{"mode": "serverless"}, {"app_servers": 0}], ids=["serverless", "no servers"]
)
def test_a_message_that_passes_no_server_is_one(make_demand, bill_of, charged, options):
    # "Client A sends a 1-KB message to another client B, without going through app server": only
    # that to B counts. Two million on one day, of which the unit includes a million
    demand = make_demand(
        2, to_server=2e6 / 24, to_client=2e6 / 24, payload=1024, hours_per_month=ONE_DAY
    )
    counted = charged(bill_of(ID, demand, options=options))

    assert counted[MESSAGES] == pytest.approx(2e6 - 1e6)


def test_what_upstream_settings_pass_on_is_outbound(make_demand, bill_of, charged):
    demand = make_demand(
        2, to_server=2e6 / 24, to_client=2e6 / 24, payload=1024, hours_per_month=ONE_DAY
    )
    options = {"mode": "serverless", "upstream": True}

    assert charged(bill_of(ID, demand, options=options))[MESSAGES] == pytest.approx(4e6 - 1e6)


def test_hubs_run_on_servers_that_are_on_the_bill(make_demand, bill_of, quantities):
    # the performance guide: 100,000 echoes per second with ten servers of Standard_F4s_v2, of
    # which all is planned here
    options = {
        "application": "none",
        "application_machine": "Standard_F4s_v2",
        "application_headroom": 1,
        "survives": "none",
    }
    messages = 99_990 * 3600
    demand = make_demand(100_000, to_server=messages, to_client=messages, payload=2048)
    bill = bill_of(ID, demand, options=options)

    assert quantities(bill)["azure.vm.f4s_v2"] == pytest.approx(10 * 730)
    [line] = [item for item in bill.items if item.usage.meter_id == "azure.vm.f4s_v2"]
    assert line.usage.layer == "application"


def test_servers_have_a_balancer_with_a_way_out(make_demand, bill_of, quantities, cents):
    # 18.25 for up to five rules and 3.65 for the address in 730 hours; 2^20 messages per hour of
    # 1,024 bytes to the servers, and as many from them to the service, are 2^31 bytes per hour, and
    # no text says which GB, so it is that of 10^9 bytes
    demand = make_demand(10, to_server=2**20, to_client=2**20, payload=1024)
    bill = bill_of(ID, demand)

    assert quantities(bill)["azure.load_balancer.processed_gb"] == pytest.approx(2**31 / 1e9 * 730)
    assert cents(bill)["azure.load_balancer.first_five_rules_hours"] == 18.25
    assert cents(bill)["azure.public_ipv4.hours"] == 3.65


@pytest.mark.parametrize(
    ("options", "servers"),
    [
        ({"survives": "none"}, 2),
        ({"survives": "none", "app_servers": 4}, 4),
        # two carry the peak in three zones of which one may fail
        ({}, 3),
        ({"app_servers": 0}, 0),
        ({"functions": "none"}, 0),
        ({"mode": "serverless"}, 0),
        ({"mode": "serverless", "functions": "servers", "survives": "none"}, 1),
    ],
)
def test_app_servers_are_machines(make_demand, bill_of, quantities, options, servers):
    named = {"application_machine": "Standard_F2s_v2", **options}
    counted = quantities(bill_of(ID, make_demand(10, to_server=1), options=named))

    assert counted.get("azure.vm.f2s_v2", 0) == pytest.approx(servers * 730)


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        # a maintainer: 20 a second on the free tier, 400 up to 10 units, 600 on 20, 2,000 on 50
        ({"tier": "free"}, 20),
        ({}, 400),
    ],
)
def test_new_connections_a_second_are_checked(make_demand, bill_of, options, allowed):
    bill = bill_of(ID, make_demand(1, new_connections=3600), options=options)
    [found] = [one for one in bill.verdicts if "new_connections_per_second" in one.limit.limit]

    assert found.used == pytest.approx(1)
    assert found.allowed == pytest.approx(allowed)


@pytest.mark.parametrize(
    ("connections", "allowed"),
    [(10_000, 400), (15_000, 600), (45_000, 2_000), (95_000, 8_000), (150_000, 8_000)],
)
def test_more_units_take_more_new_connections(make_demand, bill_of, connections, allowed):
    demand = make_demand(connections, new_connections=3600)
    bill = bill_of(ID, demand, options={"headroom": 1, "mode": "serverless"})
    [found] = [one for one in bill.verdicts if "new_connections_per_second" in one.limit.limit]

    assert found.allowed == pytest.approx(allowed)


def test_a_large_message_to_a_hub_is_a_setting_of_the_servers(make_demand, bill_of):
    # 32 KB by default
    small, large = (
        " ".join(bill_of(ID, make_demand(1, to_server=1, payload=size)).notes)
        for size in (32_768, 32_769)
    )

    assert "MaximumReceiveMessageSize" not in small
    assert "MaximumReceiveMessageSize" in large


def test_the_body_of_a_rest_call_ends_at_a_megabyte(make_demand, bill_of, state_of):
    demand = make_demand(1, to_client=1, payload=2**20 + 1)
    bill = bill_of(ID, demand, options={"mode": "serverless"})

    assert state_of(bill, f"{ID}.rest_body_bytes") == ("over a hard limit", 2**20 + 1)


def test_functions_take_the_calls_of_a_serverless_hub(make_demand, bill_of, quantities):
    demand = make_demand(1, to_server=3, new_connections=1, hours_per_month=100)
    bill = bill_of(ID, demand, options={"mode": "serverless", "functions": "consumption"})

    assert quantities(bill)["azure.functions.executions"] == pytest.approx(100 * (3 + 1))


def test_functions_need_serverless_mode(make_demand, bill_of):
    with pytest.raises(ws.ScenarioError, match="consumption needs mode: serverless"):
        bill_of(ID, make_demand(1), options={"functions": "consumption"})


def test_what_goes_in_counts_whatever_the_fan_out_and_arrays_equal_scalars():
    def units(fan_out: object) -> np.ndarray:
        profile = {
            "title": "Groups",
            "session": {"law": "exponential", "mean_hours": 1},
            "weekly_shape": "flat",
            "flows": {
                "posts": {
                    "direction": "client_to_server",
                    "rate_per_hour": 1.5 * 3600,
                    "payload": "100 B",
                    "fan_out": fan_out,
                }
            },
        }
        scenario = ws.Scenario(
            profile=profile,
            location="virginia",
            mean_connections=10_000,
            hours_per_month=24,
            options={ID: {"server_load": 1, "headroom": 1, "mode": "serverless"}},
        )
        items = ws.estimate(scenario, ID).items
        lines = [item.usage for item in items if item.usage.meter_id.endswith("_unit_days")]
        return sum((np.asarray(line.quantity) for line in lines), start=np.zeros(()))

    # 15,000 posts per second: 100 units take in 10,000 from groups of ten, and 200 take 20,000.
    # 200 units send 400,000 to big groups, more than a fan-out of 26 makes and less than one of 27
    fan_outs = [1, 9, 10, 11, 26]
    np.testing.assert_allclose(units(fan_outs), 200)
    assert units(27) > 200
    np.testing.assert_allclose(units(fan_outs), [float(units(each)) for each in fan_outs])


@pytest.mark.parametrize("deployment", ["azure.signalr", "azure.web_pubsub"])
def test_units_never_fall_while_more_is_sent(deployment):
    # much goes to one recipient each, and posts to a hundred raise the mean fan-out across ten
    profile = {
        "title": "Replies and posts",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "flows": {
            "replies": {
                "direction": "client_to_server",
                "rate_per_hour": 3600,
                "payload": "100 B",
                "fan_out": 1,
            },
            "posts": {
                "direction": "client_to_server",
                "rate_per_hour": np.linspace(0, 1_000, 101),
                "payload": "100 B",
                "fan_out": 100,
            },
        },
    }
    scenario = ws.Scenario(profile=profile, location="virginia", mean_connections=10_000)

    sizing = ws.estimate(scenario, deployment).sizing

    assert sizing is not None
    assert np.all(np.diff(sizing.peak_units) >= 0)
    # 10,000 in, at 200 for each unit of which 70% are planned, whatever else is sent
    assert sizing.peak_units[0] >= 10_000 / 200 / 0.7
