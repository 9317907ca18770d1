"""Files that were made to do harm are refused at once, with one sentence."""

from __future__ import annotations

import base64
import json
import time
import zlib

import pytest

import estimator as ws

PLAIN = "profile: workplace-chat\nlocation: virginia\npeak_connections: 5\n"
LEVELS = 9
WIDTH = 9


def laughs() -> str:
    """Each line says the one before it nine times: 387,420,489 words from a kilobyte."""
    lines = [f"l0: &l0 [{', '.join(['ha'] * WIDTH)}]"]
    lines += [
        f"l{n}: &l{n} [{', '.join([f'*l{n - 1}'] * WIDTH)}]" for n in range(1, LEVELS)
    ]  # fmt: skip
    return "\n".join(lines)


def chain(links: int) -> str:
    """Each line holds the one before it, so that the last one is deep without a deep line."""
    lines = ["c0: &c0 [1]", *(f"c{n}: &c{n} [*c{n - 1}]" for n in range(1, links))]
    return "\n".join(lines)


HARMFUL = {
    "repeated to a flood": (f"{PLAIN}{laughs()}\n", "repeated by name"),
    "repeated where anything goes": (
        f"{PLAIN}contract: {{title: {{{laughs().replace(chr(10), ', ')}}}}}\n",
        "repeated by name",
    ),
    "deep by brackets": (f"{PLAIN}name: {'[' * 5000}{']' * 5000}\n", "nested too deeply"),
    "deep by names": (f"{PLAIN}{chain(200)}\n", "nested too deeply"),
    "deeper by names": (f"{PLAIN}{chain(5000)}\n", "nested too deeply"),
    "more digits than floating point takes": (PLAIN.replace("5", "9" * 500), "finite"),
    "more digits than Python reads": (PLAIN.replace("5", "-" + "9" * 6000), "finite"),
    "an object to be made": (f"{PLAIN}name: !!python/object/apply:os.system ['id']\n", "name"),
}


@pytest.mark.parametrize(("text", "said"), HARMFUL.values(), ids=HARMFUL.keys())
def test_harmful_files_are_refused_at_once(text, said):
    begun = time.process_time()
    with pytest.raises(ws.ScenarioError) as refusal:
        ws.Scenario.from_yaml(text, "theirs.yaml")
    assert "theirs.yaml" in str(refusal.value)
    assert said in str(refusal.value)
    assert len(str(refusal.value)) < 1_000
    # processor time of this process, no more of it on a busy machine; written out, the shortest of
    # them takes minutes
    assert time.process_time() - begun < 10


def test_parts_may_still_be_repeated_by_name():
    text = (
        "location: virginia\npeak_connections: 5\nprofile:\n  extends: workplace-chat\n  flows:\n"
    )
    text += "    posts: &posts {rate_per_hour: 3}\n    reactions: *posts\n"
    flows = ws.Scenario.from_yaml(
        text.replace("reactions: *posts", "receipts: {<<: *posts, rate_per_hour: 4, "
        "direction: client_to_server, payload: 10}")
    ).profile.flows  # fmt: skip
    assert (flows["posts"].rate_per_hour, flows["receipts"].rate_per_hour) == (3, 4)


@pytest.mark.parametrize("digits", [500, 6000])
def test_a_link_with_endless_digits_is_refused(digits):
    content = {"profile": "workplace-chat", "location": "virginia", "peak_connections": 5}
    text = json.dumps(content).replace(" 5}", " " + "9" * digits + "}")
    token = base64.urlsafe_b64encode(zlib.compress(text.encode())).decode()
    with pytest.raises(ws.ScenarioError, match="finite"):
        ws.Scenario.from_token(token)


@pytest.mark.parametrize(
    ("padding", "where"), [(0, "theirs, line 3, peak"), (300_000, "theirs, peak")]
)
def test_lines_are_looked_up_in_json_that_is_not_too_long_to_be_yaml(padding, where):
    content = {"profile": "workplace-chat", "location": "virginia", "peak": 5}
    text = json.dumps(content, indent=0).replace("{\n", "{", 1) + " " * padding
    with pytest.raises(ws.ScenarioError, match=f"^{where}: unknown field"):
        ws.Scenario.from_yaml(text, "theirs")
