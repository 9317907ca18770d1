"""Which valid scenarios does a random test simulate? Any shape, law, disruption and policy."""

from __future__ import annotations

from typing import Any

import numpy as np

from estimator.deployments.registry import DEPLOYMENTS, SAAS

SECOND_HOURS, YEAR_HOURS = 1 / 3600, 8760.0
"""The shortest and the longest mean session that is drawn."""
WEEK_HOURS, WEEK_S, DAY_S = 168, 168 * 3600, 24 * 3600

Content = dict[str, Any]


def some_scenario(rng: np.random.Generator, most_sessions: float) -> tuple[Content, str | None]:
    """Fields of a scenario with up to so many sessions in the week, and a deployment or none."""
    session, mean_hours = _session(rng)
    sessions = _between(rng, 1.0, most_sessions)
    audience = sessions * mean_hours / WEEK_HOURS
    content = {
        "profile": {
            "extends": str(rng.choice(["workplace-chat", "market-data", "board-collaboration"])),
            "weekly_shape": _shape(rng),
            "session": session,
            "reconnect": _reconnect(rng),
        },
        "location": "virginia",
        str(rng.choice(["mean_connections", "peak_connections"])): _often(rng, audience, 0.0),
        "faults": [_fault(rng) for _ in range(rng.integers(0, 4))],
        "surges": [_surge(rng, most_sessions) for _ in range(rng.integers(0, 3))],
    }
    names = [None, *DEPLOYMENTS, *SAAS]
    return content, names[rng.integers(len(names))]


def _between(rng: np.random.Generator, least: float, most: float) -> float:
    """A number whose logarithm is drawn evenly."""
    return float(np.exp(rng.uniform(np.log(least), np.log(most))))


def _often(rng: np.random.Generator, usual: float, seldom: float) -> float:
    return seldom if rng.random() < 0.05 else usual


def _shape(rng: np.random.Generator) -> Content:
    hours = rng.random(24) * (rng.random(24) < rng.random())
    hours[rng.integers(24)] = 1.0
    hourly = np.full(WEEK_HOURS, rng.choice([0.0, 1e-12, 0.01, 0.5]))
    hourly[rng.integers(0, WEEK_HOURS, size=rng.integers(1, 5))] = 1.0
    office = [0.0] * 8 + [1.0] * 10 + [0.0] * 6
    days = (rng.random(7) < 0.6).astype(float)
    days[rng.integers(7)] = 1.0
    shapes: list[Content] = [
        {"hours_of_day": office, "days_of_week": [1, 1, 1, 1, 1, 0, 0]},
        {"hours_of_day": hours.tolist(), "days_of_week": days.tolist()},
        {"hourly": hourly.tolist()},
        {"hourly": rng.random(WEEK_HOURS).tolist()},
    ]
    return shapes[rng.integers(len(shapes))]


def _session(rng: np.random.Generator) -> tuple[Content, float]:
    """A law, and its mean in hours."""
    mean = _between(rng, SECOND_HOURS, YEAR_HOURS)
    lengths = [_between(rng, SECOND_HOURS, YEAR_HOURS) for _ in range(rng.integers(1, 40))]
    shape = _between(rng, 0.2, 20.0)
    laws: list[tuple[Content, float]] = [
        ({"law": "exponential", "mean_hours": mean}, mean),
        ({"law": "lognormal", "mean_hours": mean, "sigma": _between(rng, 0.01, 4.0)}, mean),
        ({"law": "weibull", "shape": shape, "scale_hours": mean}, mean),
        ({"law": "deterministic", "hours": mean}, mean),
        ({"law": "empirical", "lengths_hours": lengths}, float(np.mean(lengths))),
    ]
    return laws[rng.integers(len(laws))]


def _reconnect(rng: np.random.Generator) -> Content:
    base, answer = _between(rng, 0.001, 100.0), _between(rng, 0.001, 60.0)
    return {
        "backoff": str(
            rng.choice(["none", "exponential", "equal_jitter", "full_jitter", "decorrelated"])
        ),
        "base": base,
        "cap": min(_between(rng, base, 1000 * base), 86_400.0),
        "answer": answer,
        "timeout": _between(rng, 1.01 * answer, 1000 * answer),
        "give_up_after": None if rng.random() < 0.5 else int(_between(rng, 1, 1000)),
    }


def _at(rng: np.random.Generator) -> float:
    return float(rng.uniform(0, WEEK_HOURS))


def _share(rng: np.random.Generator) -> float:
    return _often(rng, float(rng.uniform(0.01, 1.0)), 1.0)


def _fault(rng: np.random.Generator) -> Content:
    def within(most_s: float) -> float:
        return _often(rng, _between(rng, 0.01, most_s), 0.0)

    times = int(_between(rng, 1, 50))
    every = _between(rng, 1.0, 7200.0)
    faults: list[Content] = [
        {
            "fault": "outage",
            "share": _share(rng),
            "lasts": within(WEEK_S),
            "notice": within(DAY_S),
        },
        {
            "fault": "zone_outage",
            "share": None if rng.random() < 0.5 else _share(rng),
            "lasts": within(WEEK_S),
            "notice": within(DAY_S),
        },
        {
            "fault": "rolling_deployment",
            "batches": times,
            "every": every,
            "drain": within(DAY_S),
            "restart": within(DAY_S),
        },
        {"fault": "balancer_resize", "share": _share(rng), "over": within(DAY_S)},
        {
            "fault": "network_flap",
            "share": _share(rng),
            "away": within(DAY_S),
            "notice": within(DAY_S),
        }
        | ({"times": times, "every": every} if times > 1 else {}),
        {
            "fault": "connection_throttle",
            "lasts": _between(rng, 1.0, WEEK_S),
            "new_connections_per_second": _between(rng, 0.001, 1000.0),
        },
        {
            "fault": "slow_dependency",
            "lasts": _between(rng, 1.0, WEEK_S),
            "new_connections_per_second": _between(rng, 0.001, 1000.0),
            "queue": None if rng.random() < 0.5 else within(1e6),
        },
        {
            "fault": "refused_attempts",
            "lasts": _between(rng, 1.0, WEEK_S),
            "share": _share(rng),
        },
    ]
    return {"at": _at(rng), **faults[rng.integers(len(faults))]}


def _surge(rng: np.random.Generator, most_clients: float) -> Content:
    clients, at = _between(rng, 1.0, most_clients), _at(rng)
    surges: list[Content] = [
        {"surge": "flash_crowd", "at": at, "clients": clients, "over": _between(rng, 0.01, WEEK_S)},
        {"surge": "top_of_hour", "share": _share(rng), "within": _between(rng, 0.01, 1700.0)},
        {
            "surge": "broadcast",
            "at": at,
            "clients": clients,
            "gather": at * 3600 * float(rng.uniform(0.001, 1.0)) + 0.001,
            "lasts": _between(rng, 1.0, WEEK_S),
        },
    ]
    return surges[rng.integers(len(surges))]
