"""How the numbers that can be moved are called on charts and in sentences."""

from __future__ import annotations

from estimator.analysis.fields import meter_of, option_of
from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.pricing.catalog import load_catalog
from estimator.pricing.price_files import CLOUDS

_WORDS = {
    "peak_connections": "peak connections",
    "mean_connections": "mean connections",
    "users_per_day": "users per day",
    "sessions_per_user_per_day": "sessions of a user per day",
    "hours_per_month": "hours of the month",
    "hours_per_day": "hours per day with clients connected",
    "engineering.engineer_hours_per_month": "engineer-hours per month for a fleet of one's own",
    "engineering.usd_per_engineer_hour": "USD for an hour of an engineer",
    "profile.session.mean_hours": "mean session, hours",
    "profile.heartbeat.interval_seconds": "seconds between heartbeats",
}
_ENDINGS = {
    "rate_per_hour": "messages per hour of a connection",
    "payload.bytes": "bytes of a message",
    "payload.mean_bytes": "mean bytes of a message",
    "fan_out": "connections a message is passed on to",
}


def field_words(field: str) -> str:
    """A field for people, with its unit.

    Args:
        field: its full name.

    >>> field_words("profile.flows.posts.rate_per_hour")
    'posts: messages per hour of a connection'
    >>> field_words("prices.aws.api_gateway.messages")
    'WebSocket messages (API Gateway), USD for one'
    >>> field_words("percent_off.aws.*")
    'percent off all prices of AWS'
    """
    if field in _WORDS:
        return _WORDS[field]
    if found := option_of(field):
        deployment, option = found
        of = "all deployments" if deployment == "*" else ALL_DEPLOYMENTS[deployment].title
        return f"{_spaced(option)} ({of})"
    if found := meter_of(field):
        cloud = CLOUDS.get(found.removesuffix(".*"))
        if cloud and field.startswith("percent_off."):
            return f"percent off all prices of {cloud}"
        meters = load_catalog().meters
        name = f"{meters[found].title} ({meters[found].service})" if found in meters else found
        return f"{name}, {'percent off' if field.startswith('percent_off.') else 'USD for one'}"
    if field.startswith("profile.flows."):
        flow, _, rest = field.removeprefix("profile.flows.").partition(".")
        return f"{flow}: {_ENDINGS.get(rest, _spaced(rest))}"
    return _spaced(field.removeprefix("profile."))


def _spaced(name: str) -> str:
    return name.replace(".", " ").replace("_", " ")
