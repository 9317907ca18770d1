"""Bills for Azure that Microsoft or the prices of its own interface give, to the cent.

Sources:
    billing model: https://learn.microsoft.com/azure/azure-web-pubsub/concept-billing-model, whose
        examples state unit-days and messages; at 1.61 and 2.00 USD a unit-day and 1.00 USD a
        million messages (https://prices.azure.com/api/retail/prices) they are the amounts below
    bandwidth: https://azure.microsoft.com/pricing/details/bandwidth/
"""

import numpy as np
import pytest

import estimator as ws

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
        options = {"scaling": "autoscale", "headroom": 1}
        return bill_of("azure.web_pubsub", demand, options=options, **stated)

    return bill


def test_unit_days_are_the_mean_of_the_units_over_the_day(autoscaled_day, quantities, cents):
    # billing model: (5 x 18 + 10 x 6) / 24 = 6.25
    bill = autoscaled_day(messages_per_day=0)

    assert quantities(bill)[PREMIUM_UNITS] == pytest.approx(6.25, abs=1e-12)
    assert cents(bill)[PREMIUM_UNITS] == 12.50


def test_messages_beyond_those_of_the_units_of_the_day(autoscaled_day, quantities):
    # billing model: 30,000,000 KB are 15 million messages, of which 6.25 million are included
    bill = autoscaled_day(messages_per_day=15e6)

    assert quantities(bill)[PREMIUM_MESSAGES] == pytest.approx(8.75e6, rel=1e-12)


def test_the_day_in_dollars_at_standard_prices():
    # 6.25 x 1.61 + 8.75 x 1.00
    bill = ws.price({STANDARD_UNITS: 6.25, STANDARD_MESSAGES: 8.75e6}, region="eastus")

    assert bill.total == pytest.approx(18.8125, abs=1e-9)


@pytest.mark.parametrize("kilobyte", [1000, 1024])
def test_a_post_of_4_kb_to_a_group_of_ten_is_22_messages(
    make_demand, bill_of, quantities, kilobyte
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
    assert quantities(bill)[STANDARD_MESSAGES] == pytest.approx(22 * posts - 1e6, rel=1e-12)


@pytest.mark.parametrize("small_messages", ["whole", "by_bytes"])
def test_100_kb_out_are_50_messages(make_demand, bill_of, quantities, small_messages):
    # billing model: 100 KB of outbound traffic count as 50; a million such messages on one day
    demand = make_demand(100, to_client=1e6 / 24, payload=100 * 1024, hours_per_month=ONE_DAY)
    bill = bill_of("azure.web_pubsub", demand, answers={"small_messages": small_messages})

    assert quantities(bill)[STANDARD_MESSAGES] == pytest.approx(50e6 - 1e6, rel=1e-12)


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
            place="virginia",
            peak_connections=peak,
            options={"azure.web_pubsub": {"headroom": 1}},
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
