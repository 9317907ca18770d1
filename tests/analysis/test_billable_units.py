"""Messages counted as meters count them, against what vendors publish."""

import numpy as np
import pytest

import estimator as ws


@pytest.mark.parametrize(
    ("meter", "size", "units"),
    [
        # API Gateway, HTTP APIs: each started 512 KB
        ("aws.http_api.requests", "4.5 MB", 9),
        ("aws.http_api.requests", "512 KiB", 1),
        ("aws.http_api.requests", 512 * 1024 + 1, 2),
        ("aws.http_api.requests", 0, 1),
        # API Gateway, WebSocket APIs: each started 32 KB
        ("aws.api_gateway.messages", "33 KiB", 2),
        # AppSync Events: 5,121 bytes are two operations
        ("aws.appsync_events.operations", 5121, 2),
        # DynamoDB: a write unit takes up to 1 KB, a read unit up to 4 KB
        ("aws.dynamodb.write_units", "4.5 KiB", 5),
        ("aws.dynamodb.read_units", "4.5 KiB", 2),
        # Web PubSub, billing article: 100 KB are 50 messages
        ("azure.web_pubsub.standard_messages", "100 KiB", 50),
        # what has no step counts one by one
        ("supabase.realtime.messages", "1 MB", 1),
    ],
)
def test_a_message_makes_the_units_that_the_vendor_states(meter, size, units):
    assert ws.billable_units(meter, size) == units


def test_a_group_and_an_event_handler_make_the_messages_of_the_billing_article():
    # Web PubSub: 4 KB upstream and 10 x 4 KB to a group are 44 KB, 22 messages
    assert ws.billable_units("azure.web_pubsub.standard_messages", "4 KiB", 1 + 10) == 22


def test_sizes_are_counted_one_by_one_and_not_by_their_mean():
    # 90 of 4 KB and 10 of 100 KB, which takes four steps of 32 KB; the mean would take one
    sizes = {"law": "empirical", "sizes": [4096, 102_400], "counts": [9, 1]}

    assert ws.billable_units("aws.api_gateway.messages", sizes, 100) == pytest.approx(90 + 10 * 4)


def test_arrays_are_counted_one_by_one():
    counted = ws.billable_units("aws.http_api.requests", "600 KB", np.array([1.0, 10.0]))

    assert np.asarray(counted).tolist() == [2, 20]


def test_a_gigabyte_is_what_the_answer_says():
    meter, of_1000 = "aws.egress.internet", {"aws.egress.gigabyte": "1000"}

    assert ws.billable_units(meter, "1 GB", assumptions=of_1000) == 1
    assert ws.billable_units(meter, "1 GiB") == 1


def test_the_http_api_example_of_the_price_page():
    # 10,000 requests a minute for 30 days, 46 KB at most: 300 million at 1.00, 132 at 0.90
    requests = ws.billable_units("aws.http_api.requests", "46 KB", 10_000 * 60 * 24 * 30)

    assert ws.price({"aws.http_api.requests": requests}, "us-east-1").total == 418.8


@pytest.mark.parametrize(
    ("asked", "error", "told"),
    [
        (("aws.alb.hours", 1), ws.EstimatorError, "'aws.alb.hours' counts Load-Balancer-Hours"),
        (("aws.http_api.request", 1), ws.UnknownNameError, "did you mean 'aws.http_api.requests'"),
        (("aws.http_api.requests", "4 foo"), ws.ScenarioError, "sizes: '4 foo' is not a size"),
        (("aws.http_api.requests", 1, -1), ws.ScenarioError, "messages: must not be negative"),
    ],
)
def test_what_cannot_be_counted_is_refused(asked, error, told):
    with pytest.raises(error) as caught:
        ws.billable_units(*asked)

    assert told in str(caught.value)
