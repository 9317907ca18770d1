"""`ws.profiles()`: figures by hand from the profiles, and shares of what is published."""

import pytest

import estimator as ws
from estimator.analysis.profiles import profile_data, published_share

ROWS = {row["profile"]: row for row in ws.profiles().to_dict("records")}


def test_every_shipped_profile_has_its_row():
    assert [*ROWS] == ws.profile_names()
    assert [each["name"] for each in profile_data()] == ws.profile_names()
    for name, row in ROWS.items():
        assert row["title"] == ws.load_profile(name).title
        assert row["description"]


def test_messages_of_the_chat_are_those_that_one_counts_by_hand():
    chat = ROWS["workplace-chat"]

    # posts, reactions and typing are sent 2.3 + 0.3 + 7 times an hour, and go to 20 each; 60
    # changes of presence come on top; pings are no messages, greetings are left out
    assert chat["messages_to_server_per_connection_hour"] == pytest.approx(9.6)
    assert chat["messages_to_client_per_connection_hour"] == pytest.approx(9.6 * 20 + 60)
    assert chat["session_mean_hours"] == 2
    # Slack's cap on a message
    assert chat["largest_bytes"] == 16 * 1024


@pytest.mark.parametrize("name", ws.profile_names())
def test_sizes_and_shares_are_possible(name):
    row = ROWS[name]

    assert 0 < row["mean_bytes"] <= row["largest_bytes"]
    assert 0 <= row["published_share"] <= 1
    assert (
        row["messages_to_server_per_connection_hour"]
        + row["messages_to_client_per_connection_hour"]
        > 0
    )
    assert row["kinds_of_clients"][0] == "main"


def test_the_closest_evidence_of_a_default_counts():
    # 4 defaults; of what is said of flows as a whole, two are published by themselves
    content = {
        "title": "Posts",
        "description": "no default",
        "session": {"law": "exponential", "mean_hours": 1},
        "flows": {"posts": {"direction": "client_to_server", "rate_per_hour": 2, "payload": 90}},
        "evidence": {
            "session": {"grade": "published"},
            "session.law": {"grade": "assumption"},
            "flows": {"grade": "assumption"},
            "flows.posts.payload": {"grade": "published"},
        },
    }

    assert published_share(content) == 2 / 4


def test_other_clients_have_evidence_of_their_own():
    couriers = {
        "session": {"mean_hours": 4},
        "evidence": {"session": {"grade": "published"}},
    }
    content = {
        "session": {"mean_hours": 1},
        "other_clients": {"couriers": {"per_main_connection": 0.5, "profile": couriers}},
        "evidence": {
            "session": {"grade": "assumption"},
            "other_clients.couriers.per_main_connection": {"grade": "published"},
        },
    }

    assert published_share(content) == pytest.approx(2 / 3)
    assert published_share({"title": "nothing"}) == 0
