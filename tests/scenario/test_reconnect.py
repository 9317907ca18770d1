"""How clients come back: the policy of a profile, shipped or changed."""

import pytest

import estimator as ws
from estimator.scenario.reconnect import Reconnect


def profile_of(text: str) -> ws.Profile:
    return ws.Scenario.from_yaml(
        f"location: virginia\npeak_connections: 1\nprofile:\n{text}"
    ).profile


SHIPPED = {
    f"{name}: {kind}": profile
    for name in ws.profile_names()
    for kind, profile in ws.Scenario(
        profile=name, location="virginia", peak_connections=1
    ).profiles.items()
}
# the defaults of the clients that profiles name, read in their sources on 2026-12-01:
# socket.io, packages/socket.io-client/lib/manager.ts: null == opts.timeout ? 20000 : opts.timeout
# centrifuge-js, src/centrifuge.ts: timeout: 5000
# mqtt.js, src/lib/client.ts: connectTimeout: 30 * 1000
TIMEOUTS_S = {
    "https://socket.io/docs/v4/client-options/#timeout": 20,
    "https://github.com/centrifugal/centrifuge-js": 5,
    "https://github.com/mqttjs/MQTT.js": 30,
}


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_come_back_with_full_jitter_unless_their_client_is_known_not_to(name):
    profile = SHIPPED[name]

    published = profile.evidence["reconnect"].grade == "published"
    assert published or profile.reconnect.backoff == "full_jitter"


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_profiles_wait_for_a_connection_as_long_as_the_client_that_they_name(name):
    profile = SHIPPED[name]

    evidence = profile.evidence["reconnect.timeout"]
    if evidence.grade == "published":
        assert profile.reconnect.timeout == TIMEOUTS_S[evidence.source or ""]


def test_times_are_written_with_their_unit():
    policy = Reconnect(
        backoff="equal_jitter", base="500 ms", cap="2 min", answer="50 ms", timeout="1 min"
    )

    assert (policy.base, policy.cap, policy.answer, policy.timeout) == (0.5, 120, 0.05, 60)


def test_a_changed_timeout_drops_its_evidence():
    changed = profile_of("  extends: workplace-chat\n  reconnect: {timeout: 5 s}\n")

    assert changed.reconnect == Reconnect(timeout=5)
    assert "reconnect.timeout" not in changed.evidence


def test_a_changed_policy_drops_its_evidence_and_keeps_the_rest():
    changed = profile_of("  extends: workplace-chat\n  reconnect: {cap: 5 s}\n")

    assert changed.reconnect == Reconnect(backoff="full_jitter", base=1, cap=5)
    assert "reconnect" not in changed.evidence
    assert "session" in changed.evidence


def test_a_profile_of_ones_own_has_a_policy_without_saying_so():
    assert (
        ws.Profile(
            title="x",
            session={"law": "exponential", "mean_hours": 1},
            weekly_shape="flat",
            flows={},
        ).reconnect
        == Reconnect()
    )


def test_a_policy_survives_files_and_links():
    scenario = ws.Scenario(
        profile={
            "extends": "market-data",
            "reconnect": {"backoff": "decorrelated", "cap": "20 s", "give_up_after": 8},
        },
        location="virginia",
        peak_connections=10,
    )

    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert ws.Scenario.from_token(scenario.to_token()) == scenario


@pytest.mark.parametrize(
    ("fields", "parts"),
    [
        ({"backoff": "fibonacci"}, ["backoff", "'full_jitter'", "'decorrelated'"]),
        ({"base": 0}, ["base", "at least 1 ms"]),
        ({"base": "5 kg"}, ["base", "'5 kg' is not a time"]),
        ({"base": 30, "cap": 20}, ["cap must be at least base"]),
        (
            {"timeout": "200 ms"},
            ["timeout must be above answer, but is 0.2 s of 0.2 s: a client would go away before"],
        ),
        ({"answer": "30 s"}, ["timeout must be above answer, but is 20 s of 30 s"]),
        ({"timeout": 0}, ["timeout", "at least 1 ms"]),
        ({"timeout": "25 h"}, ["timeout", "less than or equal to 86400"]),
        ({"cap": "25 h"}, ["cap", "less than or equal to 86400"]),
        ({"give_up_after": 0}, ["give_up_after", "greater than or equal to 1"]),
        ({"jitter": 1}, ["unknown field 'jitter'", "answer, backoff, base, cap, give_up_after"]),
    ],
)
def test_a_wrong_policy_is_refused_with_what_would_be_right(fields, parts):
    with pytest.raises(ws.ScenarioError) as caught:
        Reconnect(**fields)

    assert str(caught.value).startswith("Reconnect")
    assert [part for part in parts if part not in str(caught.value)] == []
