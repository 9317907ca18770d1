"""A wrong scenario file gives one message that names file, line, field and what would be right."""

import base64
import json
import zlib
from pathlib import Path

import pytest

import estimator as ws

HEAD = "profile: market-data\nlocation: virginia\n"
PEAK = HEAD + "peak_connections: 10\n"
EXTENDS = "location: virginia\npeak_connections: 10\nprofile:\n  extends: workplace-chat\n"
FLOW = "  flows:\n    posts:\n"
LOCATIONS = ["virginia", "oregon", "ireland", "frankfurt", "london", "singapore", "sydney", "tokyo"]
PROFILES = ["board-collaboration", "market-data", "workplace-chat"]

ERRORS = {
    # name: (text, parts of the message)
    "unknown field": (
        PEAK + "peak_conections: 5\n",
        ["line 4", "peak_conections", "did you mean 'peak_connections'", "mean_connections"],
    ),
    "unknown field of a flow": (
        EXTENDS + FLOW + "      fanout: 5\n",
        ["line 7", "profile.flows.posts.fanout", "did you mean 'fan_out'", "rate_per_hour"],
    ),
    "unknown field of a session": (
        EXTENDS + "  session: {mean_minutes: 5}\n",
        ["line 5", "profile.session.mean_minutes", "mean_hours", "sigma"],
    ),
    "unknown location": (
        "profile: market-data\nlocation: frankfort\npeak_connections: 1\n",
        ["line 2", "location", "did you mean 'frankfurt'", *LOCATIONS],
    ),
    "unknown profile": (
        "location: virginia\nprofile: market-date\npeak_connections: 1\n",
        ["line 2", "profile", "did you mean 'market-data'", *PROFILES],
    ),
    "unknown profile to extend": (
        "location: virginia\npeak_connections: 1\nprofile:\n  extends: market-date\n",
        ["line 3", "profile", "did you mean 'market-data'", *PROFILES],
    ),
    "unknown weekly shape": (
        EXTENDS + "  weekly_shape: workplaces\n",
        ["line 5", "profile.weekly_shape", "did you mean 'workplace'", "flat"],
    ),
    "unknown law": (
        EXTENDS + "  session: {law: normal, mean_hours: 2}\n",
        ["line 5", "profile.session", "exponential", "lognormal", "weibull", "deterministic"],
    ),
    "unknown direction": (
        EXTENDS + FLOW + "      direction: up\n",
        ["line 7", "direction", "client_to_server", "server_to_client"],
    ),
    "unknown area": (
        PEAK + "users_in: {mars: 1}\n",
        ["line 4", "users_in", "americas", "europe", "asia"],
    ),
    "unknown kind of allowances": (
        PEAK + "free_allowances: some\n",
        ["line 4", "free_allowances", "none", "always", "all"],
    ),
    "wrong unit of a rate": (
        EXTENDS + FLOW + "      rate_per_hour: 5 kg\n",
        ["line 7", "rate_per_hour", "'5 kg' is not a rate", "/s, /min, /h, /d"],
    ),
    "wrong unit of a size": (
        EXTENDS + FLOW + "      payload: 2 hours\n",
        ["line 7", "payload", "'2 hours' is not a size", "KB", "KiB"],
    ),
    "wrong unit of a time": (
        EXTENDS + "  heartbeat: {interval_seconds: 25 kB}\n",
        ["line 5", "heartbeat.interval_seconds", "'25 kB' is not a time", "min"],
    ),
    "unknown timing": (
        EXTENDS + FLOW + "      timing: at times\n",
        ["line 7", "profile.flows.posts.timing", "'spread' or 'synchronized'", "'at times'"],
    ),
    "no part of a session": (
        EXTENDS + FLOW + "      active_share: 0\n",
        ["line 7", "profile.flows.posts.active_share", "above 0 and up to 1"],
    ),
    "more than a session": (
        EXTENDS + FLOW + "      active_share: 120%\n",
        ["line 7", "profile.flows.posts.active_share", "'120%'", "above 0 and up to 1"],
    ),
    "batch window of no time": (
        EXTENDS + FLOW + "      batch: 0\n",
        ["line 7", "profile.flows.posts.batch", "at least 1 ms, but is 0"],
    ),
    "negative batch window": (
        EXTENDS + FLOW + "      batch: {window: -1 s}\n",
        ["line 7", "profile.flows.posts.batch.window", "at least 1 ms, but is -1"],
    ),
    "batch window beyond a day": (
        EXTENDS + FLOW + "      batch: {window: 2 d}\n",
        ["line 7", "profile.flows.posts.batch.window", "less than or equal to 86400", "'2 d'"],
    ),
    "wrong unit of a batch window": (
        EXTENDS + FLOW + "      batch: 5 kg\n",
        ["line 7", "profile.flows.posts.batch", "'5 kg' is not a time", "ms"],
    ),
    "unknown rule of a batch": (
        EXTENDS + FLOW + "      batch: {window: 1 s, keep: some}\n",
        ["line 7", "profile.flows.posts.batch.keep", "'all' or 'latest'", "'some'"],
    ),
    "batch that nobody receives": (
        EXTENDS + FLOW + "      batch: 1 s\n      fan_out: 0\n",
        ["line 6", "profile.flows.posts", "give the flow a fan_out or an echo, or leave batch out"],
    ),
    "sums of sizes for many scenarios": (
        EXTENDS + FLOW + "      batch: [1, 2]\n",
        ["line 6", "profile.flows.posts", "one number for each field", "keep: latest"],
    ),
    "echo without a sender": (
        EXTENDS + "  flows:\n    presence:\n      echo: true\n",
        ["line 6", "profile.flows.presence", "echo goes with client_to_server"],
    ),
    "negative rate": (
        EXTENDS + FLOW + "      rate_per_hour: -2\n",
        ["line 7", "profile.flows.posts.rate_per_hour", "must not be negative, but is -2"],
    ),
    "negative audience": (
        HEAD + "peak_connections: -10\n",
        ["line 3", "peak_connections", "must not be negative, but is -10"],
    ),
    "negative size": (
        EXTENDS + FLOW + "      payload: -5 B\n",
        ["line 7", "payload", "greater than or equal to 0"],
    ),
    "endless audience": (
        HEAD + "peak_connections: .inf\n",
        ["line 3", "peak_connections", "finite"],
    ),
    "audience that is no number": (
        HEAD + "peak_connections: many\n",
        ["line 3", "peak_connections", "'many' is not a number"],
    ),
    "audience that is a truth value": (
        HEAD + "peak_connections: true\n",
        ["line 3", "peak_connections", "expected a number"],
    ),
    "empty array": (
        HEAD + "peak_connections: []\n",
        ["line 3", "peak_connections"],
    ),
    "missing audience": (
        HEAD,
        ["no audience", "peak_connections", "mean_connections", "sessions_per_user_per_day"],
    ),
    "half an audience": (
        HEAD + "users_per_day: 10\n",
        ["users_per_day and sessions_per_user_per_day go together"],
    ),
    "missing place": (
        "profile: market-data\npeak_connections: 1\n",
        ["location", "required field is missing"],
    ),
    "missing profile": (
        "location: virginia\npeak_connections: 1\n",
        ["profile", "required field is missing"],
    ),
    "arrays of unequal lengths": (
        HEAD + "users_per_day: [1, 2, 3]\nsessions_per_user_per_day: [1, 2]\n",
        ["unequal lengths"],
    ),
    "ragged array": (
        HEAD + "peak_connections: [[1, 2], [3]]\n",
        ["line 3", "peak_connections", "expected a number or a list of numbers"],
    ),
    "no hours in the month": (
        PEAK + "hours_per_month: 0\n",
        ["line 4", "hours_per_month", "greater than 0"],
    ),
    "no such day": (
        PEAK + "as_of: 2026-02-30\n",
        ["line 4", "as_of", "expected a date that exists, such as", "not '2026-02-30'"],
    ),
    "a number for a date": (
        PEAK + "week_of: 20261109\n",
        ["line 4", "week_of", "expected a date that exists, such as 2026-11-09, not 20261109"],
    ),
    "no mapping of options": (
        PEAK + "options: {azure.web_pubsub: premium}\n",
        ["line 4", "options.azure.web_pubsub"],
    ),
    "empty": ("", ["the file is empty"]),
    "only a comment": ("# nothing yet\n", ["the file is empty"]),
    "list at the top": ("- a\n- b\n", ["expected 'key: value' lines, found a list"]),
    "value at the top": ("hello\n", ["expected 'key: value' lines, found a single value"]),
    "not YAML": ("location: [virginia\nprofile: x\n", ["line", "not valid YAML"]),
    "tab for a space": ("profile: market-data\n\tplace: virginia\n", ["line 2", "not valid YAML"]),
    "key given twice": (
        PEAK + "location: frankfurt\n",
        ["line 4", "not valid YAML", "duplicate key", "location"],
    ),
    "two documents": (PEAK + "---\nlocation: frankfurt\n", ["not valid YAML"]),
    "nested without end": ("profile: " + "[" * 1000, ["not valid YAML"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "parts"), ERRORS.values(), ids=ERRORS)
def test_one_message_names_file_line_field_and_what_would_be_right(
    text, parts, tmp_path: Path, monkeypatch
):
    monkeypatch.chdir(tmp_path)  # a short path leaves room for all names that would be right
    file = Path("team.yaml")
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ws.ScenarioError) as caught:
        ws.Scenario.load(file)

    message = str(caught.value)
    assert message.startswith(str(file))
    assert [part for part in parts if part not in message] == []
    assert "pydantic" not in message
    assert len(message.splitlines()) == 1


def test_every_error_of_a_file_is_told_at_once(tmp_path: Path):
    file = tmp_path / "team.yaml"
    file.write_text("profile: market-date\nlocation: frankfort\npeak_connections: -1\n")

    with pytest.raises(ws.ScenarioError) as caught:
        ws.Scenario.load(file)

    assert [line.split(", ")[1] for line in str(caught.value).splitlines()] == [
        "line 1",
        "line 2",
        "line 3",
    ]


def test_a_misspelled_field_is_told_before_the_one_that_is_missing(tmp_path: Path):
    path = tmp_path / "mine.yaml"
    path.write_text("profile: market-data\nlcoation: virginia\npeak_connections: 1\n")
    with pytest.raises(ws.ScenarioError) as told:
        ws.Scenario.load(path)
    misspelled, missing = str(told.value).splitlines()
    assert "line 2, lcoation" in misspelled
    assert "did you mean 'location'?" in misspelled
    assert missing.endswith("location: required field is missing")


@pytest.mark.parametrize("content", [b"\x89PNG\r\n\x1a\n\x00\xff", b"name: Stra\xdfe\n"])
def test_a_binary_file_is_refused(content, tmp_path: Path):
    file = tmp_path / "team.yaml"
    file.write_bytes(content)

    with pytest.raises(ws.ScenarioError, match="not a text file in UTF-8"):
        ws.Scenario.load(file)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ws.ScenarioError, match=r"nowhere\.yaml: No such file"):
        ws.Scenario.load(tmp_path / "nowhere.yaml")


def test_a_folder_is_no_scenario(tmp_path: Path):
    with pytest.raises(ws.ScenarioError, match="directory"):
        ws.Scenario.load(tmp_path)


def token(content: bytes) -> str:
    return base64.urlsafe_b64encode(zlib.compress(content)).decode().rstrip("=")


@pytest.mark.parametrize(
    "damaged",
    [
        "",
        "x",
        "not a token at all",
        "ünïcode",
        token(b"{"),
        token(b"[1, 2]"),
        token(b"\xff\xfe"),
        token(b"[" * 100_000),
        ws.Scenario(profile="market-data", location="tokyo", peak_connections=1).to_token()[:-9],
    ],
)
def test_a_damaged_link_is_refused(damaged):
    with pytest.raises(ws.ScenarioError, match="the link is damaged: it does not hold a scenario"):
        ws.Scenario.from_token(damaged)


def test_a_link_with_an_error_names_the_field():
    content = {"profile": "market-data", "location": "nowhere", "peak_connections": 1}

    with pytest.raises(ws.ScenarioError, match=r"^link, location: unknown location 'nowhere'"):
        ws.Scenario.from_token(token(json.dumps(content).encode()))


def test_a_link_cannot_unpack_to_a_flood():
    with pytest.raises(ws.ScenarioError):
        ws.Scenario.from_token(token(b" " * 50_000_000))
