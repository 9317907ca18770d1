"""Shipped profiles, and profiles that state only what differs from one of them."""

import pytest

import estimator as ws
from estimator.scenario.flows import Heartbeat
from estimator.scenario.profile import as_changes, resolve_profile


def profile_of(text: str) -> ws.Profile:
    return ws.Scenario.from_yaml(
        f"location: virginia\npeak_connections: 1\nprofile:\n{text}"
    ).profile


def test_a_changed_number_leaves_everything_else_as_shipped():
    shipped = ws.load_profile("workplace-chat")
    changed = profile_of("  extends: workplace-chat\n  flows: {posts: {fan_out: 8}}\n")

    assert changed.flows["posts"].fan_out == 8
    assert changed.flows["posts"].rate_per_hour == shipped.flows["posts"].rate_per_hour
    assert changed.flows["posts"].payload == shipped.flows["posts"].payload
    assert changed.flows["typing"] == shipped.flows["typing"]
    assert changed.session == shipped.session
    assert changed.weekly_shape == shipped.weekly_shape


def test_a_changed_law_keeps_nothing_of_the_old_one():
    changed = profile_of(
        "  extends: workplace-chat\n  session: {law: exponential, mean_hours: 30 min}\n"
    )

    assert changed.session.model_dump() == {"law": "exponential", "mean_hours": 0.5}


def test_a_changed_number_of_a_law_keeps_the_law():
    changed = profile_of("  extends: workplace-chat\n  session: {mean_hours: 4}\n")

    assert changed.session.model_dump() == {"law": "lognormal", "mean_hours": 4, "sigma": 1}


def test_a_flow_can_be_added():
    changed = profile_of(
        "  extends: market-data\n"
        "  flows: {news: {direction: server_to_client, rate_per_hour: 4, payload: 2 KB}}\n"
    )

    assert set(changed.flows) == {*ws.load_profile("market-data").flows, "news"}


def test_what_is_set_to_null_is_gone():
    assert profile_of("  extends: workplace-chat\n  heartbeat: null\n").heartbeat is None


def test_a_flow_that_is_set_to_null_is_taken_away_with_its_evidence():
    shipped = ws.load_profile("workplace-chat")
    changed = profile_of("  extends: workplace-chat\n  flows: {posts: null}\n")

    assert [*changed.flows] == [name for name in shipped.flows if name != "posts"]
    assert {*shipped.evidence} - {*changed.evidence} == {
        path for path in shipped.evidence if path.startswith("flows.posts")
    }
    assert as_changes(changed)["flows"] == {"posts": None}


def test_clients_that_a_profile_brings_can_be_taken_away():
    flows = ", ".join(
        f"{name}: {{to: null}}"
        for name, flow in ws.load_profile("delivery-tracking").flows.items()
        if flow.to
    )
    changed = profile_of(
        f"  extends: delivery-tracking\n  flows: {{{flows}}}\n  other_clients: {{couriers: null}}\n"
    )

    assert changed.other_clients == {}
    assert changed.to_yaml().startswith("extends: delivery-tracking\n")


def test_a_flow_of_clients_that_a_profile_brings_can_be_taken_away():
    shipped = ws.load_profile("iot-telemetry").other_clients["people"].profile
    (first, *_) = shipped.flows
    changed = profile_of(
        "  extends: iot-telemetry\n"
        f"  other_clients: {{people: {{profile: {{flows: {{{first}: null}}}}}}}}\n"
    )

    assert first not in changed.other_clients["people"].profile.flows


def test_evidence_of_a_changed_default_is_dropped():
    changed = profile_of(
        "  extends: workplace-chat\n  flows: {posts: {rate_per_hour: 9}}\n  session: {sigma: 2}\n"
    )

    dropped = set(ws.load_profile("workplace-chat").evidence) - set(changed.evidence)
    assert dropped == {"flows.posts.rate_per_hour", "session"}


def test_evidence_of_everything_under_a_replaced_part_is_dropped():
    changed = profile_of("  extends: workplace-chat\n  flows: {posts: {payload: 1 KB}}\n")

    assert "flows.posts.payload" not in changed.evidence
    assert "flows.posts.fan_out" in changed.evidence


def test_evidence_of_a_change_can_be_given():
    changed = profile_of(
        "  extends: workplace-chat\n"
        "  session: {mean_hours: 3}\n"
        "  evidence: {session: {grade: assumption, note: What our logs show.}}\n"
    )

    assert changed.evidence["session"].note == "What our logs show."


def test_a_published_default_needs_its_source():
    with pytest.raises(ws.ScenarioError, match="a published default needs its source"):
        profile_of(
            "  extends: workplace-chat\n"
            "  evidence: {session: {grade: published, note: Somewhere.}}\n"
        )


def test_what_is_shipped_is_not_touched_by_changes():
    resolve_profile({"extends": "workplace-chat", "flows": {"posts": {"fan_out": 999}}})

    assert ws.load_profile("workplace-chat").flows["posts"].fan_out == 20


def test_rates_follow_the_published_load_model():
    # Mattermost's load model (mattermost-load-test-ng): weights of actions that sum to 15.44, one
    # every 20 s, so 180 / 15.44 posts per active hour; 0.131 reactions per post. Slack, QCon 2017:
    # 2 active hours of 10 connected.
    posts = 180 / 15.44 * 2 / 10
    flows = ws.load_profile("workplace-chat").flows

    assert flows["posts"].rate_per_hour == pytest.approx(posts, abs=0.05)
    assert flows["reactions"].rate_per_hour == pytest.approx(0.131 * posts, abs=0.05)


def test_another_law_leaves_nothing_of_what_backs_the_old_one():
    def backed(payload: object) -> set[str]:
        flows = {"posts": {"payload": payload}}
        profile = {"extends": "workplace-chat", "flows": flows}
        scenario = ws.Scenario(profile=profile, location="tokyo", peak_connections=5)
        return {
            path for path in scenario.profile.evidence if path.startswith("flows.posts.payload")
        }

    assert backed({"law": "fixed", "bytes": 300}) == backed("300 B") == set()
    assert backed({"sigma": 1.5}) == {"flows.posts.payload.max_bytes"}


def test_what_is_stated_again_is_yours_also_in_a_link():
    # the number is the shipped one, but whoever states it answers for it
    said = {"extends": "ai-token-streaming", "flows": {"answers": {"active_share": "4/45"}}}
    scenario = ws.Scenario(profile=said, location="virginia", peak_connections=1)

    assert "flows.answers.active_share" not in scenario.profile.evidence
    assert len(scenario.to_token()) < 500
    assert ws.Scenario.from_token(scenario.to_token()) == scenario


def test_a_changed_number_of_other_clients_takes_their_evidence_away():
    people = {"profile": {"flows": {"commands": {"rate_per_hour": 20}}}}
    changed = ws.Profile.model_validate(
        {"extends": "iot-telemetry", "other_clients": {"people": people}}
    )
    shipped = ws.load_profile("iot-telemetry").other_clients["people"].profile
    found = changed.other_clients["people"].profile

    assert found.flows["commands"].rate_per_hour == 20
    assert shipped.evidence.keys() - found.evidence.keys() == {"flows.commands"}
    assert changed.evidence == ws.load_profile("iot-telemetry").evidence


class TestChains:
    def test_a_change_of_a_change(self):
        middle = {"extends": "workplace-chat", "title": "Ours", "flows": {"posts": {"fan_out": 8}}}
        changed = ws.Profile(extends=middle, heartbeat={"interval_seconds": 60})

        assert changed.title == "Ours"
        assert changed.flows["posts"].fan_out == 8
        assert changed.heartbeat == Heartbeat(interval_seconds=60, kind="protocol")
        assert "flows.posts.fan_out" not in changed.evidence
        assert "flows.posts.rate_per_hour" in changed.evidence

    def test_a_profile_that_extends_itself(self):
        circle: dict[str, object] = {"title": "Ours"}
        circle["extends"] = circle

        with pytest.raises(ws.ScenarioError, match="extend each other in a circle"):
            ws.Profile(**circle)

    def test_files_extend_each_other(self, tmp_path):
        (tmp_path / "base.yaml").write_text("extends: market-data\ntitle: Base\n")
        (tmp_path / "parts").mkdir()
        (tmp_path / "parts" / "ours.yaml").write_text(
            "extends: ../base.yaml\nflows: {tickers: {rate_per_hour: 2 / s}}\n"
        )
        scenario = tmp_path / "scenario.yaml"
        scenario.write_text(
            "profile: parts/ours.yaml\nlocation: virginia\npeak_connections: 10\n"
            "other_clients:\n  more: {profile: {extends: base.yaml}, peak_connections: 5}\n"
        )
        loaded = ws.Scenario.load(scenario)

        assert loaded.profile == ws.load_profile(tmp_path / "parts" / "ours.yaml")
        assert (loaded.profile.title, loaded.profile.flows["tickers"].rate_per_hour) == (
            "Base",
            7200,
        )
        assert loaded.profiles["more"].title == "Base"
        # what is saved needs no other file
        assert ws.Scenario.from_yaml(loaded.to_yaml()) == loaded

    def test_files_in_a_circle(self, tmp_path):
        for name, extends in (("a", "b"), ("b", "c"), ("c", "b")):
            (tmp_path / f"{name}.yaml").write_text(f"extends: {extends}.yaml\ntitle: {name}\n")

        with pytest.raises(ws.ScenarioError) as caught:
            ws.load_profile(tmp_path / "a.yaml")

        assert str(caught.value) == (
            "profiles extend each other in a circle: "
            "b.yaml, which extends c.yaml, which extends b.yaml"
        )

    @pytest.mark.parametrize(
        ("base", "words"),
        [
            ("title: Base\nextends: market-data\nflows: {tickers: {payload: many}}\n", "line 3"),
            ("title: [\n", "base.yaml"),
            ("- title\n", "base.yaml"),
        ],
    )
    def test_what_is_wrong_is_told_with_its_own_file(self, tmp_path, base, words):
        (tmp_path / "base.yaml").write_text(base)
        (tmp_path / "ours.yaml").write_text("extends: base.yaml\ntitle: Ours\n")

        with pytest.raises(ws.ScenarioError, match=words) as caught:
            ws.load_profile(tmp_path / "ours.yaml")

        assert "base.yaml" in str(caught.value)

    @pytest.mark.parametrize("said", ["ours.yaml", {"extends": "ours.yaml"}])
    def test_a_text_opens_no_file(self, said):
        with pytest.raises(ws.ScenarioError, match="beside a scenario file only"):
            ws.Scenario(profile=said, location="virginia", peak_connections=1)

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ("missing.yaml", "scenario.yaml, line 1, profile: .*missing.yaml: No such file"),
            ("{extends: missing.yaml}", "scenario.yaml, line 1, profile: .*missing.yaml: No such"),
            ("loop.yaml", "loop.yaml: Too many levels of symbolic links"),
            ("folder.yaml", "folder.yaml: Is a directory"),
            ('"a\\0.yaml"', "is not the name of a file"),
            ("{extends: [a]}", r"profile: extends: \['a'\] is no profile: name a shipped one"),
            ("circle.yaml", "line 1, profile: profiles extend each other in a circle: circle.yaml"),
        ],
    )
    def test_what_a_scenario_cannot_read_is_told_with_its_line(self, tmp_path, said, words):
        (tmp_path / "loop.yaml").symlink_to("loop.yaml")
        (tmp_path / "folder.yaml").mkdir()
        (tmp_path / "circle.yaml").write_text("extends: circle.yaml\ntitle: Ours\n")
        scenario = tmp_path / "scenario.yaml"
        scenario.write_text(f"profile: {said}\nlocation: virginia\npeak_connections: 1\n")

        with pytest.raises(ws.ScenarioError, match=words):
            ws.Scenario.load(scenario)

    def test_a_file_that_is_missing(self, tmp_path):
        with pytest.raises(ws.ScenarioError, match="No such file"):
            ws.load_profile(tmp_path / "ours.yaml")
