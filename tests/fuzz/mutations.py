"""Scenario and contract texts that are almost right: valid ones, changed here and there.

A seed gives one text. Values change first (types, extreme numbers, depth, length, other Unicode),
then the text that states them (tags, anchors, merges, directives, cuts, control characters).
"""

import base64
import copy
import json
import random
import zlib
from collections.abc import Callable, Iterator
from functools import wraps
from typing import Any, Literal

Form = Literal["yaml", "json", "link"]

SIZES: list[Any] = [
    300,
    "2 KB",
    {"law": "fixed", "bytes": 124},
    {"law": "lognormal", "mean_bytes": 300, "sigma": 1},
    {"law": "lognormal", "mean_bytes": 9000, "sigma": 2, "max_bytes": 65536},
    {"law": "empirical", "sizes": [10, 200, 3000], "counts": [5, 3, 2]},
    {
        "law": "mixture",
        "parts": [
            {"share": 0.9, "size": 4096},
            {"share": 0.1, "size": {"law": "lognormal", "mean_bytes": 9000, "sigma": 1}},
        ],
    },
]
SESSIONS: list[Any] = [
    {"law": "lognormal", "mean_hours": 2, "sigma": 1},
    {"law": "exponential", "mean_hours": "5 min"},
    {"law": "weibull", "shape": 0.5, "scale_hours": 1},
    {"law": "deterministic", "hours": 12},
    {"law": "empirical", "lengths_hours": [0.1, 1, 20], "counts": [5, 3, 2]},
]
SHAPES: list[Any] = [
    "flat",
    "workplace",
    {"hours_of_day": [0] * 8 + [1] * 10 + [0] * 6, "days_of_week": [1, 1, 1, 1, 1, 0, 0]},
    {"title": "spike", "hourly": [1] * 100 + [50] + [1] * 67},
]
TRANSPORTS: list[Any] = [
    "long_polling",
    {"kind": "polling", "every_seconds": "5 s", "http": "1.1", "conditional": False},
    {"kind": "server_sent_events", "comment_seconds": 15, "reconnect_seconds": 3},
    {"kind": "mqtt_over_websocket", "topic_bytes": 32},
]
FAULTS: list[Any] = [
    {"fault": "outage", "at": "Tue 14:00", "share": "30%", "lasts": "5 min"},
    {"fault": "network_flap", "at": 38, "share": 0.1, "away": 20, "times": 3, "every": "1 min"},
    {"fault": "rolling_deployment", "at": "Wed 10:00", "batches": 6, "every": "2 min"},
    {"fault": "zone_outage", "at": "Tue 14:00", "lasts": "10 min", "notice": "25 s"},
    {
        "fault": "slow_dependency",
        "at": 9,
        "lasts": 600,
        "new_connections_per_second": "50 / s",
        "queue": "500",
    },
    {"fault": "refused_attempts", "at": "Tue 14:00", "lasts": "5 min", "share": "1/2"},
]
SURGES: list[Any] = [
    {"surge": "flash_crowd", "at": "Sat 20:15", "clients": "20,000", "over": "5 min"},
    {"surge": "top_of_hour", "share": 0.2, "within": "2 min", "half_hours": True},
]
OPTIONS: list[Any] = [
    {"aws.api_gateway": {"backend": "lambda_dynamodb", "lambda_ms": [1, 2]}},
    {"aws.iot_core": {"topic_bytes": 60, "rules_per_message": 1}},
    {"gcp.cloud_run": {"timeout_minutes": 30, "min_instances": 1, "concurrency": 250}},
    {"aws.alb_ec2": {"machine": "c7g.large", "headroom": 0.5, "min_nodes": 3}},
    {"aws.nlb_ec2": {"open_files": 2048, "memory_per_connection_bytes": 50_000}},
    {"azure.web_pubsub": {"headroom": 0.7}},
    {"oci.load_balancer_vm": {"boot_disk_gb": 60, "min_mbps": 20}},
]
CONTRACTS: list[Any] = [
    "gcp-flexible-cud-1-year",
    {"title": "Ours", "rates": [{"meters": ["aws.*"], "percent_off": 12}]},
    {
        "title": "Ours",
        "note": "as signed",
        "rates": [
            {
                "meters": ["aws.api_gateway.messages"],
                "regions": ["us-east-1"],
                "usd_per_unit": 5e-7,
                "share": 0.8,
                "checked_on": "2026-01-31",
            },
            {"meters": ["aws.ec2.*"], "percent_off": 30},
        ],
    },
]
NUMBERS: list[Any] = [
    *(0, -0.0, -1, 1, 5e-324, -5e-324, 1e-300, 1e-12, 1e-9, 1e-6, 1e-3, 0.01, 0.1, 0.5, 0.9, 1.5),
    *(2, 3, 10, 24, 100, 999, 1024, 65_535, 1e5, 1e6, 1e9, 1e12, 1.1e12, 2e12, 1e15, 10**30),
    *(1e100, 1e300, 1.7e308),
]
VALUES: list[Any] = [
    *(None, True, False, "", " ", "x", [], {}, [[]], [{}], "\x85", "\u2028", "a\x00b", "\ud83d"),
    *("\U0001f600", "é" * 30, "\x1b[31m", "[/b]", "*a", "&a x", "!!int 3", "~", ".inf", "1e400"),
    *NUMBERS,
    *(
        float("inf"),
        float("-inf"),
        float("nan"),
        -(10**30),
        2**63,
        10**400,
        "1e308",
        "-5",
        "5 h",
        "2 KB",
        "30%",
        "1/3",
        "1/0",
        "1,5",
    ),
    *([1, 2], [0, 1e12], [5e-324, 1], [1, "2"], [True, 5], [[1, 2], [3]], [1e308, 1e308]),
    *("2026-01-31", "Mon 09:00", "x" * 5000, "x.yaml", "../x.yaml", [1] * 30_000),
    {"law": "lognormal", "mean_bytes": 5e5, "sigma": 4},
    {"law": "mixture", "parts": [{"share": 1e308, "size": 5}, {"share": 1e308, "size": 9}]},
    {"law": "mixture", "parts": [{"share": 1, "size": SIZES[3]}] * 200},
    {"law": "empirical", "sizes": [1, 2], "counts": [1e308, 1e308]},
    {"law": "empirical", "sizes": [1] * 20_000},
]
MARKS = [
    "!!float",
    "!!int",
    "!!timestamp",
    "!!python/object:x.Y",
    "!own",
    "!!set",
    "!!bool",
    "!!map",
]
CHARACTERS = ["\x85", "\u2028", "\x00", "\x07", "\t", "\x1b", "\ufeff", "\ud800", "\xa0", "{", "]"]


def named(check: Callable[..., bool]) -> Callable[..., bool]:
    """The check of a seed, whose errors name the seed."""

    @wraps(check)
    def checked(seed: int, *others: Any) -> bool:
        try:
            return check(seed, *others)
        except BaseException as error:
            error.add_note(f"seed {seed}")
            raise

    return checked


def scenario(rng: random.Random) -> dict[str, Any]:
    """A valid scenario."""
    profile: dict[str, Any] = {
        "extends": "workplace-chat",
        "session": rng.choice(SESSIONS),
        "weekly_shape": rng.choice(SHAPES),
        "heartbeat": {"interval_seconds": 25, "payload_bytes": 10},
        "at_connect": {
            "to_client": rng.choice(SIZES),
            "from_client": "500 B",
            "tells": 50,
            "tells_payload": rng.choice(SIZES),
        },
        "reconnect": {"backoff": "decorrelated", "base": "1 s", "cap": "60 s", "give_up_after": 9},
        "flows": {
            "posts": {"rate_per_hour": 2.3, "payload": rng.choice(SIZES), "fan_out": 20},
            "news": {
                "direction": "server_to_client",
                "rate_per_hour": "2 / min",
                "payload": rng.choice(SIZES),
                "fan_out": 50,
            },
        },
    }
    audience = rng.choice(
        [
            {"peak_connections": 10_000},
            {"mean_connections": "20,000"},
            {"users_per_day": 5e4, "sessions_per_user_per_day": 3},
        ]
    )
    content: dict[str, Any] = {
        "name": "Team",
        "profile": profile,
        "location": "frankfurt",
        **audience,
        "users_in": {"europe": 0.7, "americas": 0.2, "asia": 0.1},
        "hours_per_month": 730,
        "contract": rng.choice(CONTRACTS),
        "options": rng.choice(OPTIONS),
        "assumptions": {"aws.api_gateway.billed_bytes": "payload"},
        "engineering": {"engineer_hours_per_month": 20, "usd_per_engineer_hour": 100},
        "faults": [rng.choice(FAULTS)],
        "surges": [rng.choice(SURGES)],
        "transport": rng.choice(TRANSPORTS),
    }
    always = ("profile", "location", *audience)
    return copy.deepcopy({k: v for k, v in content.items() if k in always or rng.random() < 0.6})


def contract(rng: random.Random) -> dict[str, Any]:
    """A valid contract."""
    return copy.deepcopy(rng.choice(CONTRACTS[1:]))


def mutated(content: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """The content with one to three of its values, keys or lists changed."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        slots = [*_slots(content)]
        if not slots:
            return content
        parent, key = rng.choice(slots)
        rng.choice(_CHANGES)(parent, key, content, rng)
    return content


def _slots(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every value but the top one, as what holds it and where."""
    keys = [*node] if isinstance(node, dict) else [*range(len(node))] if _short(node) else []
    for key in keys:
        yield node, key
        yield from _slots(node[key])


def _short(node: Any) -> bool:
    return isinstance(node, list) and len(node) <= 200


def _replace(parent: Any, key: Any, content: Any, rng: random.Random) -> None:
    parent[key] = copy.deepcopy(rng.choice(VALUES))


def _replace_number(parent: Any, key: Any, content: Any, rng: random.Random) -> None:
    numbers = [slot for slot in _slots(content) if type(slot[0][slot[1]]) in (int, float, bool)]
    if numbers:
        holder, where = rng.choice(numbers)
        holder[where] = rng.choice(NUMBERS)


def _swap(parent: Any, key: Any, content: Any, rng: random.Random) -> None:
    other, slot = rng.choice([*_slots(content)])
    parent[key] = copy.deepcopy(other[slot])


def _nest(parent: Any, key: Any, content: Any, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 2, 5, 30, 60, 100])):
        parent[key] = [parent[key]]


def _nest_mixture(parent: Any, key: Any, content: Any, rng: random.Random) -> None:
    for _ in range(rng.choice([1, 3, 30, 100])):
        parent[key] = {"law": "mixture", "parts": [{"share": 1, "size": parent[key]}]}


def _repeat(parent: Any, key: Any, content: Any, rng: random.Random) -> None:
    times = rng.choice([2, 24, 168, 1000])
    if isinstance(parent, list):
        parent[:] = parent * min(times, 20_000 // len(parent))
    else:
        parent |= {f"{key}{number}": parent[key] for number in range(times)}


def _drop(parent: Any, key: Any, content: Any, rng: random.Random) -> None:
    del parent[key]


def _rename(parent: Any, key: Any, content: Any, rng: random.Random) -> None:
    if isinstance(parent, dict):
        parent[rng.choice(["", "x", "<<", "é", "\x85", "law", "bytes", "k" * 3000])] = parent.pop(
            key
        )


_Change = Callable[[Any, Any, Any, random.Random], None]
_CHANGES: list[_Change] = (
    [_replace_number] * 10 + [_replace] * 5 + [_swap, _nest, _nest_mixture, _repeat, _drop, _rename]
)


def written(content: Any, form: Form, rng: random.Random) -> str:
    """The content as a text of one of the forms; of every fourth, the text itself is changed."""
    text = json.dumps(content, ensure_ascii=rng.random() < 0.5)
    if form == "yaml":
        lines = [f"{json.dumps(key)}: {_in_yaml(value)}\n" for key, value in content.items()]
        text = "".join(lines)
    if rng.random() < 0.25:
        text = _scratched(text, rng)
    if form != "link":
        return text
    packed = zlib.compress(text.encode("utf-8", "surrogatepass"), 9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def _in_yaml(value: Any) -> str:
    """JSON, of which YAML writes what is not finite in another way."""
    return json.dumps(value).replace("NaN", ".nan").replace("Infinity", ".inf")


def _scratched(text: str, rng: random.Random) -> str:
    """The text with something put in, taken out, or written twice."""
    at = rng.randrange(len(text) + 1)
    value = text.find(": ", at) + 2 if ": " in text[at:] else at
    match rng.randrange(7):
        case 0:
            return f"{text[:value]}{rng.choice(MARKS)} {text[value:]}"
        case 1:
            return f"{text[:value]}&a {text[value:]}\nx: *a\n"
        case 2:
            return f"%YAML 1.{rng.randrange(4)}\n---\n{text}"
        case 3:
            return text[:at]
        case 4:
            return text[:at] + rng.choice(CHARACTERS) + text[at:]
        case 5:
            return f"base: &b {{nme: x}}\n<<: *b\n{text}"
        case _:
            lines = text.splitlines()
            return "\n".join([*lines, rng.choice(lines or [""])])
