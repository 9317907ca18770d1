"""Bills for Azure that Microsoft or the prices of its own interface give, to the cent.

Sources:
    billing model: https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model, whose
        examples state unit-days and messages; at 1.61 and 2.00 USD a unit-day and 1.00 USD a
        million messages (https://prices.azure.com/api/retail/prices) they are the amounts below
    bandwidth: https://azure.microsoft.com/pricing/details/bandwidth/
    what units carry: https://learn.microsoft.com/azure/azure-signalr/signalr-concept-performance
        and https://learn.microsoft.com/azure/azure-web-pubsub/concept-performance
    messages and connections of SignalR:
        https://learn.microsoft.com/azure/azure-signalr/signalr-concept-messages-and-connections
    capacity units: https://learn.microsoft.com/azure/application-gateway/understanding-pricing
"""

import numpy as np
import pytest

import estimator as ws
from estimator.demand.wire import connect_layers
from estimator.deployments.azure.throughput import capacity

STANDARD_UNITS = "azure.web_pubsub.standard_unit_days"
STANDARD_MESSAGES = "azure.web_pubsub.standard_messages"
PREMIUM_UNITS = "azure.web_pubsub.premium_unit_days"
PREMIUM_MESSAGES = "azure.web_pubsub.premium_messages"
ONE_DAY = 24.0
DAY_OF_5_AND_10_UNITS = np.tile([5000.0] * 18 + [10_000.0] * 6, 7)


@pytest.fixture
def autoscaled_day(make_demand, bill_of):
    """The billing model's day: 5 units for 18 hours, 10 units for 6 hours."""

    def bill(messages_per_day: float, **stated: object) -> ws.Bill:
        demand = make_demand(
            DAY_OF_5_AND_10_UNITS,
            to_client=messages_per_day / 24,
            payload=2048,
            hours_per_month=ONE_DAY,
        )
        options = {"scaling": "autoscaled", "headroom": 1}
        return bill_of("azure.web_pubsub", demand, options=options, **stated)

    return bill


def test_unit_days_are_the_mean_of_the_units_over_the_day(autoscaled_day, quantities, cents):
    # billing model: (5 x 18 + 10 x 6) / 24 = 6.25
    bill = autoscaled_day(messages_per_day=0)

    assert quantities(bill)[PREMIUM_UNITS] == pytest.approx(6.25, abs=1e-12)
    assert cents(bill)[PREMIUM_UNITS] == 12.50


def test_messages_beyond_those_of_the_units_of_the_day(autoscaled_day, charged):
    # billing model: 30,000,000 KB are 15 million messages, of which 6.25 million are included
    bill = autoscaled_day(messages_per_day=15e6)

    assert charged(bill)[PREMIUM_MESSAGES] == pytest.approx(8.75e6, rel=1e-12)


def test_the_day_in_dollars_at_standard_prices():
    # billing model: of 15 million messages 6.25 million come with the units, so 8.75 are charged:
    # 6.25 x 1.61 + 8.75 x 1.00
    bill = ws.price({STANDARD_UNITS: 6.25, STANDARD_MESSAGES: 15e6}, region="eastus")

    assert bill.total == pytest.approx(18.8125, abs=1e-9)
    assert bill[STANDARD_MESSAGES].free_units == 6.25e6


@pytest.mark.parametrize("tier", ["auto", "standard"])
def test_standard_units_on_a_schedule_are_the_day_of_the_billing_model(
    make_demand, bill_of, quantities, charged, cents, tier
):
    # the billing model's own day: 5 units, from 10:00 to 16:00 10 of them, "billed with 6.25
    # standard units and 8.75 additional message units"
    demand = make_demand(
        DAY_OF_5_AND_10_UNITS, to_client=15e6 / 24, payload=2048, hours_per_month=ONE_DAY
    )
    options = {"scaling": "scheduled", "tier": tier, "headroom": 1}
    bill = bill_of("azure.web_pubsub", demand, options=options)

    assert quantities(bill)[STANDARD_UNITS] == pytest.approx(6.25, abs=1e-12)
    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(8.75e6, rel=1e-12)
    assert cents(bill)[STANDARD_UNITS] + cents(bill)[STANDARD_MESSAGES] == pytest.approx(18.81)
    assert "by a script of your own on a timer" in " ".join(bill.notes)


@pytest.mark.parametrize("kilobyte", [1000, 1024])
def test_a_post_of_4_kb_to_a_group_of_ten_is_22_messages(
    make_demand, bill_of, quantities, charged, kilobyte
):
    # billing model: 4 KB to the event handler and 10 x 4 KB to clients, 44 KB, 22 messages.
    # A million such posts on one day, of which the unit includes a million messages.
    posts = 1e6
    demand = make_demand(
        100,
        to_server=posts / 24,
        to_client=10 * posts / 24,
        payload=4 * kilobyte,
        hours_per_month=ONE_DAY,
    )
    bill = bill_of("azure.web_pubsub", demand, answers={"kilobyte": str(kilobyte)})

    assert quantities(bill)[STANDARD_UNITS] == 1
    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(22 * posts - 1e6, rel=1e-12)


@pytest.mark.parametrize("small_messages", ["whole", "by_bytes"])
def test_100_kb_out_are_50_messages(make_demand, bill_of, charged, small_messages):
    # billing model: 100 KB of outbound traffic count as 50; a million such messages on one day
    demand = make_demand(100, to_client=1e6 / 24, payload=100 * 1024, hours_per_month=ONE_DAY)
    bill = bill_of("azure.web_pubsub", demand, answers={"small_messages": small_messages})

    assert charged(bill)[STANDARD_MESSAGES] == pytest.approx(50e6 - 1e6, rel=1e-12)


@pytest.mark.parametrize(("peak", "usd"), [(500, 49), (5_000, 245), (50_000, 2_449)])
def test_units_for_a_peak_cost_a_month(peak, usd):
    # 1, 5 and 50 Standard units at 1.61 a day (retail prices of East US), 730 hours
    silent = {
        "title": "Silent",
        "session": {"law": "exponential", "mean_hours": 1},
        "weekly_shape": "flat",
        "flows": {},
    }
    bill = ws.estimate(
        ws.Scenario(
            profile=silent,
            location="virginia",
            peak_connections=peak,
            options={"azure.web_pubsub": {"headroom": 1, "functions": "none"}},
        ),
        "azure.web_pubsub",
    )

    assert round(float(bill.total)) == usd


@pytest.mark.parametrize(
    ("region", "gb", "usd"),
    [
        # zone 1: 100 GB free, then 0.087 up to 10,335 GB, then 0.083 up to 51,295 GB
        ("eastus", 250, 13.05),
        ("eastus", 1_000, 78.30),
        ("eastus", 10_240, 882.18),
        ("eastus", 50_000, 4_182.64),
        ("germanywestcentral", 50_000, 4_182.64),
        # zone 2: 0.12
        ("japaneast", 1_000, 108.00),
    ],
)
def test_data_out_over_the_ladder_of_the_zone(region, gb, usd):
    bill = ws.price({"azure.egress.internet": gb}, region=region, free_allowances="always")

    assert round(float(bill.total), 2) == usd


@pytest.mark.parametrize(
    ("quantities", "region", "cents_by_line"),
    [
        # infracost, signalr_service_test.golden: 5 units for 730 hours, 1,234,567 messages beyond
        # the million of each unit-day
        (
            {
                "azure.signalr.standard_unit_days": 5 * 730 / 24,
                "azure.signalr.standard_messages": 5 * 730 / 24 * 1e6 + 1_234_567,
            },
            "westeurope",
            [244.85, 1.23],
        ),
        # infracost, function_app_test.golden, without the grant
        (
            {
                "azure.functions.executions": 3_540_100,
                "azure.functions.gb_seconds": 876_180.4425,
            },
            "eastus",
            [0.71, 14.02],
        ),
        # infracost, application_gateway_test.golden: WAF v2, 20 capacity units for 730 hours
        (
            {
                "azure.application_gateway.waf_v2_hours": 730,
                "azure.application_gateway.waf_v2_capacity_unit_hours": 20 * 730,
            },
            "eastus",
            [262.80, 210.24],
        ),
        # infracost, nat_gateway_test.golden: 730 hours, 10 GB
        (
            {"azure.nat_gateway.hours": 730, "azure.nat_gateway.gb": 10},
            "eastus",
            [32.85, 0.45],
        ),
        # retail prices, region Global: five rules together 0.025 an hour, two more 0.01 each
        (
            {
                "azure.load_balancer.first_five_rules_hours": 730,
                "azure.load_balancer.extra_rule_hours": 2 * 730,
                "azure.load_balancer.processed_gb": 100,
            },
            "uksouth",
            [18.25, 14.60, 0.50],
        ),
        ({"azure.public_ipv4.hours": 730}, "eastus", [3.65]),
        # P1v3 on Linux at 0.155 an hour
        ({"azure.app_service.linux_p1v3": 730}, "eastus", [113.15]),
        # routing preference Internet, northeurope: 10,000 x 0.08 + 9,900 x 0.065 beyond 100 GB
        (
            {"azure.egress.routing_preference_internet": 20_000},
            "northeurope",
            [1_443.50],
        ),
    ],
)
def test_quantities_at_retail_prices(quantities, region, cents_by_line, cents):
    granted = "always" if "azure.egress.routing_preference_internet" in quantities else "none"
    bill = ws.price(quantities, region, free_allowances=granted)

    assert list(cents(bill).values()) == cents_by_line


@pytest.mark.parametrize(
    ("tier", "capacity_units", "fixed", "variable"),
    [
        # https://learn.microsoft.com/azure/application-gateway/understanding-pricing, whose
        # prices (0.246 and 0.443 an hour) are those of the answer "documentation"
        ("standard_v2", 80, 179.58, 467.20),  # 8 instances reserve 80 units
        ("waf_v2", 1, 323.39, 10.512),
        ("waf_v2", 0, 323.39, 0.0),
        ("waf_v2", 4, 323.39, 42.048),  # 25 new TLS connections per second, 8.88 Mbps
    ],
)
def test_application_gateway_examples_of_the_vendor(tier, capacity_units, fixed, variable):
    gateway = "azure.application_gateway"
    bill = ws.price(
        {
            f"{gateway}.{tier}_hours": 730,
            f"{gateway}.{tier}_capacity_unit_hours": capacity_units * 730,
        },
        region="eastus",
        assumptions={f"{gateway}.fixed_price": "documentation"},
    )

    [hours, units] = bill.items
    assert float(hours.cost_usd) == pytest.approx(fixed, abs=1e-9)
    assert float(units.cost_usd) == pytest.approx(variable, abs=1e-9)


@pytest.mark.parametrize(("free_allowances", "usd"), [("none", 78.84), ("always", 73.44)])
def test_one_container_that_is_always_active(free_allowances, usd):
    # 1 vCPU and 2 GiB for 730 hours: 2,628,000 x 0.000024 + 5,256,000 x 0.000003; the grants are
    # 180,000 vCPU-seconds and 360,000 GiB-seconds
    bill = ws.price(
        {
            "azure.container_apps.vcpu_active_seconds": 2_628_000,
            "azure.container_apps.memory_gib_seconds": 5_256_000,
        },
        region="eastus",
        free_allowances=free_allowances,
    )

    assert round(float(bill.total), 2) == usd


def test_data_out_of_two_regions_of_a_zone_goes_up_one_ladder():
    # 8,000 GB each from East US and Frankfurt are 16,000 GB of zone 1: 100 free, 10,235 at 0.087,
    # 5,665 at 0.083
    bill = ws.price(
        {
            ("azure.egress.internet", "eastus"): 8_000,
            ("azure.egress.internet", "germanywestcentral"): 8_000,
        },
        free_allowances="always",
    )

    assert bill.total == pytest.approx(10_235 * 0.087 + 5_665 * 0.083, abs=1e-9)


FULLY_USED = {"headroom": 1, "server_load": 1}
"""The performance guides state what units carry when they are fully used."""
SERVERLESS = {**FULLY_USED, "mode": "serverless"}


def units_of(bill: ws.Bill) -> float:
    """Units of a bill for one day."""
    [line] = [item for item in bill.items if item.rate.meter_id.endswith("_unit_days")]
    return float(line.usage.quantity)


@pytest.mark.parametrize("units", [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000])
def test_signalr_echoes_a_message_a_second_of_each_connection(make_demand, bill_of, units):
    # echo: connections x 1 message per second in and out, 1,000 connections on one unit and
    # 1,000,000 on 1,000
    messages = 1_000 * units * 3600
    demand = make_demand(
        1_000 * units,
        to_server=messages,
        to_client=messages,
        payload=2048,
        hours_per_month=ONE_DAY,
    )
    bill = bill_of("azure.signalr", demand, options={**SERVERLESS, "pattern": "echo"})

    assert units_of(bill) == pytest.approx(units)


@pytest.mark.parametrize(
    ("units", "messages_out", "mbytes"),
    [
        (1, 2_000, 4),
        (2, 4_000, 8),
        (10, 20_000, 40),
        (50, 100_000, 200),
        (100, 200_000, 400),
        (200, 400_000, 800),
        (500, 1_000_000, 2_000),
        (1000, 2_000_000, 4_000),
    ],
)
def test_signalr_broadcasts_2000_messages_a_second_and_unit(
    make_demand, bill_of, units, messages_out, mbytes
):
    demand = make_demand(100, to_client=messages_out * 3600, payload=2048, hours_per_month=ONE_DAY)
    bill = bill_of("azure.signalr", demand, options={**SERVERLESS, "pattern": "broadcast"})

    assert units_of(bill) == pytest.approx(units)
    # the guide takes 2,048 bytes for 2,000
    assert messages_out * 2048 / 1e6 == pytest.approx(mbytes, rel=0.03)


@pytest.mark.parametrize(
    ("connections", "payload"),
    [
        # 20 KB every 5 seconds to 100,000 connections are 400 MB per second, what 100 units carry
        (100_000, 20 * 1024),
        # and so are 256 KB (the guide counts 2,048 bytes as 2 KB of a thousand) to 8,000
        (8_000, 256_000),
    ],
)
def test_signalr_sends_large_messages_at_400_mb_a_second_on_100_units(
    make_demand, bill_of, connections, payload
):
    def units(audience: float) -> float:
        demand = make_demand(
            audience, to_client=audience / 5 * 3600, payload=payload, hours_per_month=ONE_DAY
        )
        bill = bill_of("azure.signalr", demand, options={**SERVERLESS, "pattern": "broadcast"})
        return units_of(bill)

    assert units(connections) == pytest.approx(100)
    assert units(connections * 1.01) == pytest.approx(200)


SMALL_GROUPS = [
    (1, 200, 2_000),
    (10, 2_000, 20_000),
    (50, 10_000, 100_000),
    (100, 10_000, 100_000),
    (200, 20_000, 200_000),
    (1000, 100_000, 1_000_000),
]


@pytest.mark.parametrize("service", ["signalr", "web_pubsub"])
@pytest.mark.parametrize(("units", "messages_in", "messages_out"), SMALL_GROUPS)
def test_small_groups_on_100_units_are_no_faster_than_on_50(
    make_demand, bill_of, service, units, messages_in, messages_out
):
    # groups of ten, in both performance guides
    measured = capacity(service, "small_group")
    assert float(measured.messages_in_at(np.array(units))) == messages_in
    assert float(measured.messages_out_at(np.array(units))) == messages_out

    demand = make_demand(
        100,
        to_server=messages_in * 3600,
        to_client=messages_out * 3600,
        payload=2048,
        hours_per_month=ONE_DAY,
    )
    options = {
        "signalr": SERVERLESS,
        "web_pubsub": {**FULLY_USED, "event_handler": False},
    }[service]
    bill = bill_of(f"azure.{service}", demand, options=options)

    assert units_of(bill) == pytest.approx(50 if units == 100 else units)


@pytest.mark.parametrize(
    ("messages", "units"),
    [(1_000, 1), (20_000, 20), (20_001, 200), (40_000, 200), (200_000, 1000)],
)
def test_signalr_sends_to_connections_as_fast_on_20_units_as_on_100(
    make_demand, bill_of, messages, units
):
    demand = make_demand(100, to_client=messages * 3600, payload=2048, hours_per_month=ONE_DAY)
    options = {**SERVERLESS, "pattern": "send_to_connection"}

    assert units_of(bill_of("azure.signalr", demand, options=options)) == pytest.approx(units)


@pytest.mark.parametrize(
    ("pattern", "per_unit"),
    [("big_group", 3_000), ("echo_upstream", 500), ("rest_send_to_user", 180)],
)
@pytest.mark.parametrize("units", [1, 2, 10, 50, 100, 200, 500, 1000])
def test_web_pubsub_carries_so_many_messages_a_second_and_unit(
    make_demand, bill_of, pattern, per_unit, units
):
    demand = make_demand(
        100, to_client=per_unit * units * 3600, payload=2048, hours_per_month=ONE_DAY
    )
    options = {**FULLY_USED, "pattern": pattern}

    assert units_of(bill_of("azure.web_pubsub", demand, options=options)) == pytest.approx(units)


def test_a_4_kb_message_to_the_server_and_three_clients_is_eight_in_signalr(
    make_demand, bill_of, charged
):
    # one client lets the server broadcast 4 KB to three: one message to the server and three to
    # clients, each two of 2 KB. A million times on one day, of which the unit includes a million
    calls = 1e6
    demand = make_demand(
        3,
        to_server=calls / 24,
        to_client=3 * calls / 24,
        payload=4096,
        hours_per_month=ONE_DAY,
    )
    counted = charged(bill_of("azure.signalr", demand))

    assert counted["azure.signalr.standard_messages"] == pytest.approx(8 * calls - 1e6)


def test_a_1_kb_broadcast_to_three_clients_is_three_messages_in_signalr(
    make_demand, bill_of, charged
):
    broadcasts = 1e6
    demand = make_demand(3, to_client=3 * broadcasts / 24, payload=1024, hours_per_month=ONE_DAY)
    counted = charged(bill_of("azure.signalr", demand))

    assert counted["azure.signalr.standard_messages"] == pytest.approx(3 * broadcasts - 1e6)


@pytest.mark.parametrize(("clients", "units"), [(950, 1), (951, 2)])
def test_two_servers_with_five_hubs_open_50_connections_to_signalr(
    make_demand, bill_of, clients, units
):
    demand = make_demand(clients, hours_per_month=ONE_DAY)
    # each client connects to one of the hubs, as in the article
    options = {"headroom": 1, "app_servers": 2, "hubs": 5, "hubs_per_client": 1}

    assert units_of(bill_of("azure.signalr", demand, options=options)) == pytest.approx(units)


@pytest.mark.parametrize(
    ("sku", "min_instances", "mbps", "new_connections_per_second", "fixed", "variable"),
    [
        # eight instances by hand reserve 80 units, of which 88.8 Mbps use 40
        ("standard_v2", 8, 88.8, 0, 179.58, 467.20),
        # no minimum: one unit all month, none without traffic
        ("waf_v2", 0, 2.22, 0, 323.39, 10.512),
        ("waf_v2", 0, 0, 0, 323.39, 0),
        # 25 new TLS connections per second and 8.88 Mbps: max(25 / 50, 8.88 / 2.22) = 4 units
        ("waf_v2", 0, 8.88, 25, 323.39, 42.048),
    ],
)
def test_application_gateway_bills_of_the_vendor_as_workloads(
    make_demand, bill_of, sku, min_instances, mbps, new_connections_per_second, fixed, variable
):
    # the handshakes are part of the traffic; the rest are messages of 124 bytes, which leave as
    # 200 and are acknowledged with 52
    handshake = connect_layers("to_client").total + connect_layers("to_server").total
    handshake_mbps = new_connections_per_second * handshake * 8 / 1e6
    messages = (mbps - handshake_mbps) / ((200 + 52) * 8 / 1e6 / 3600)
    demand = make_demand(
        0, to_client=messages, payload=124, new_connections=new_connections_per_second * 3600
    )
    bill = bill_of(
        "azure.application_gateway_vm",
        demand,
        options={"sku": sku, "min_instances": min_instances},
        assumptions={"azure.application_gateway.fixed_price": "documentation"},
    )

    gateway = f"azure.application_gateway.{sku}"
    costs = {item.rate.meter_id: float(item.cost_usd) for item in bill.items}
    assert costs[f"{gateway}_hours"] == pytest.approx(fixed, abs=1e-9)
    assert costs[f"{gateway}_capacity_unit_hours"] == pytest.approx(variable, abs=1e-9)


def test_half_a_gigabyte_for_three_seconds_is_1_5_gb_seconds(make_demand, bill_of, quantities):
    # https://learn.microsoft.com/azure/azure-functions/functions-consumption-costs
    demand = make_demand(1, to_server=1, hours_per_month=1)
    options = {
        "functions": "consumption",
        "function_ms": 3000,
        "function_memory_mb": 512,
        "application": "none",
    }
    counted = quantities(bill_of("azure.web_pubsub", demand, options=options))

    assert counted["azure.functions.gb_seconds"] == pytest.approx(1.5)


def test_a_month_of_an_environment_of_container_apps_in_a_network_of_ones_own(
    make_demand, bill_of, cents
):
    # https://learn.microsoft.com/azure/container-apps/custom-virtual-networks: one standard load
    # balancer (fewer than six rules) and two standard addresses; at 0.025 and 2 x 0.005 an hour
    # they are 18.25 and 7.30 in 730 hours
    bill = bill_of("azure.container_apps", make_demand(10))

    assert cents(bill)["azure.load_balancer.first_five_rules_hours"] == 18.25
    assert cents(bill)["azure.public_ipv4.hours"] == 7.30


def test_a_month_of_explicit_outbound_access_of_virtual_machines(make_demand, bill_of, cents):
    # infracost, nat_gateway_test.golden: 32.85 for 730 hours, 0.45 for 10 GB; its address 3.65, and
    # that of the balancer 3.65
    options = {"outbound_gb_per_month": 10}
    bill = bill_of("azure.load_balancer_vm", make_demand(10), options=options)

    assert cents(bill)["azure.nat_gateway.hours"] == 32.85
    assert cents(bill)["azure.nat_gateway.gb"] == 0.45
    assert cents(bill)["azure.public_ipv4.hours"] == 7.30


def test_routing_preference_internet_of_20000_gb(make_demand, bill_of, cents):
    # retail prices of North Europe: 100 GB free, 10,000 x 0.08 and 9,900 x 0.065
    options = {"routing": "internet", "outbound_gb_per_month": 20_000, "outbound": "nat_gateway"}
    bill = bill_of(
        "azure.load_balancer_vm",
        make_demand(0),
        options=options,
        location="ireland",
        free_allowances="always",
    )

    assert cents(bill)["azure.egress.routing_preference_internet"] == 1_443.50


def test_a_month_of_web_pubsub_whose_bytes_stay_within_the_units(make_demand, bill_of):
    # billing model: a unit-day includes 2,000,000 KB, so ten units have 20,000,000 KB a day. 90
    # million deliveries of 200 bytes are 17,578,125 KB, and cost nothing beside 10 x 1.61 a day
    demand = make_demand(8_000, to_client=90e6 / 24, payload=200, hours_per_month=ONE_DAY)
    bill = bill_of("azure.web_pubsub", demand, options={"functions": "none"})

    assert float(bill.total) == pytest.approx(10 * 1.61)


def test_flex_consumption_at_retail_prices(make_demand, bill_of, cents):
    # 100 executions per second keep one instance of 2,048 MB active for 730 hours: 2 x 2,628,000
    # GB-s at 0.000026, and 262,800,000 executions at 0.40 a million (API items of East US)
    demand = make_demand(10, to_server=100 * 3600)
    options = {"application": "none", "function_ms": 10}
    bill = bill_of("azure.web_pubsub", demand, options=options)

    assert cents(bill)["azure.functions.flex_gb_seconds"] == 136.66
    assert cents(bill)["azure.functions.flex_executions"] == 105.12
