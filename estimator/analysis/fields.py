"""Which numbers are behind a bill? Each by name, so that one can be varied and all else kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import numpy as np

from estimator.arrays import FloatArray
from estimator.demand.expected import expected_demand
from estimator.deployments.registry import ALL_DEPLOYMENTS, find_deployment
from estimator.errors import EstimatorError, ScenarioError, UnknownNameError
from estimator.pricing.catalog import load_catalog
from estimator.pricing.contract import as_contract
from estimator.pricing.price_files import CLOUDS
from estimator.scenario.clients import MAIN
from estimator.scenario.model import Law, Model
from estimator.scenario.scenario import Scenario
from estimator.units import DAYS_PER_WEEK, HOURS_PER_DAY

Values = Mapping[str, float | FloatArray]
_Change = tuple[Sequence[str], Any]
"""The path to a part of a scenario, and what takes its place."""

_OPTIONS = "options."
_OTHERS = "other_clients."
_PRICES = "prices."
_PERCENT_OFF = "percent_off."
_HOURS_PER_DAY = "hours_per_day"
_AUDIENCES = (
    ("peak_connections",),
    ("mean_connections",),
    ("users_per_day", "sessions_per_user_per_day"),
)
"""The ways to give an audience; the fields of one go together."""
_NO_MATTER_OF_COST = {"evidence", "reconnect", "weekly_shape", "faults", "surges", "on"}
"""Parts of a scenario that hold numbers which no expected bill depends on, or that have a name of
their own here."""
_WORDS = {
    "peak_connections": "peak connections",
    "mean_connections": "mean connections",
    "users_per_day": "users per day",
    "sessions_per_user_per_day": "sessions per user per day",
    "per_main_connection": "connections for each of the main kind",
    "hours_per_month": "hours per month",
    "hours_per_day": "hours per day with clients connected",
    "engineering.engineer_hours_per_month": "engineer-hours per month for self-hosted fleets",
    "engineering.usd_per_engineer_hour": "USD per engineer-hour",
    "profile.session.mean_hours": "mean session, hours",
    "profile.heartbeat.interval_seconds": "seconds between heartbeats",
}
_OPTION_WORDS = {
    "application_factor": "the application's own work, multiple of what is assumed",
    "idle_factor": "processor time of idle connections, multiple of the derived figure",
    "message_factor": "processor time of messages, multiple of the derived figure",
    "request_factor": "processor time of HTTP requests, multiple of the derived figure",
    "byte_factor": "processor time of payload, multiple of the derived figure",
    "new_connection_factor": "processor time of new connections, multiple of the derived figure",
    "core_speed_factor": "speed of processors, multiple of what is taken for their family",
    "memory_factor": "memory of a connection, multiple of the derived figure",
}
_ENDINGS = {
    "rate_per_hour": "messages per hour per connection",
    "payload.bytes": "bytes per message",
    "payload.mean_bytes": "mean bytes per message",
    "fan_out": "recipients per message",
    "active_share": "part of a session in which it runs",
    "batch.window": "seconds of a batch window",
}


def field_names(scenario: Scenario) -> list[str]:
    """The full name of every number of a scenario and of the options of every deployment.

    Prices can be varied too: ``prices.`` with the id of a meter is what one unit costs, in USD and
    in every tier; ``percent_off.`` with an id, or a pattern such as ``aws.*``, is a discount.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> field_names(scenario)[:2]
    ['peak_connections', 'mean_connections']
    """
    audience = ["peak_connections", "mean_connections"]
    audience += _AUDIENCES[-1] if scenario.users_per_day is not None else ()
    names = [*audience, "hours_per_month", _HOURS_PER_DAY]
    names += [f"users_in.{area}" for area in scenario.users_in or {}]
    names += [f"engineering.{name}" for name in _numbers_in(scenario.engineering)]
    names += [f"transport.{name}" for name in _numbers_in(scenario.transport)]
    for kind in scenario.kinds:
        names += _number_of(scenario, kind)
        names += profile_fields(scenario, kind)
    names += [f"calendar.{path}" for path in _numbers_in(scenario.calendar)]
    for deployment in ALL_DEPLOYMENTS.values():
        names += [
            f"{_OPTIONS}{deployment.id}.{name}"
            for name, field in deployment.options.model_fields.items()
            if _is_number(field.annotation)
        ]
    return names


def profile_of(scenario: Scenario, kind: str) -> str:
    """What the full names of all fields of the profile of a kind of clients begin with.

    >>> scenario = Scenario(
    ...     profile="market-data",
    ...     location="virginia",
    ...     peak_connections=100,
    ...     other_clients={"chat": {"profile": "workplace-chat", "peak_connections": 5}},
    ... )
    >>> profile_of(scenario, "main"), profile_of(scenario, "chat")
    ('profile.', 'other_clients.chat.profile.')
    """
    return "profile." if kind == MAIN else f"{_stands_in(scenario, kind)}profile."


def _stands_in(scenario: Scenario, kind: str) -> str:
    """Where another kind of clients is described: in the scenario, or in its profile."""
    inside = "" if kind in scenario.other_clients else "profile."
    return f"{inside}{_OTHERS}{kind}."


def _number_of(scenario: Scenario, kind: str) -> list[str]:
    """The full name of each number that says how many clients of another kind there are."""
    if kind == MAIN:
        return []
    start = _stands_in(scenario, kind)
    return [start + path for path in _numbers_in(scenario.kinds[kind]) if "." not in path]


def profile_fields(scenario: Scenario, kind: str) -> list[str]:
    """The full name of every number of the profile of a kind of clients.

    How many clients of other kinds it brings is a matter of each of these (``numbers_of_others``).
    """
    own = (path for path in _numbers_in(scenario.profiles[kind]) if not path.startswith(_OTHERS))
    return [f"{profile_of(scenario, kind)}{path}" for path in own]


def numbers_of_others(scenario: Scenario) -> list[str]:
    """The full name of each number of clients that a profile brings for each of the main ones."""
    return [
        f"{_stands_in(scenario, kind)}per_main_connection"
        for kind in scenario.profile.other_clients
        if kind not in scenario.other_clients
    ]


def find_field(scenario: Scenario, name: str) -> str:
    """The full name of a field.

    Args:
        scenario: whose profile has the field.
        name: the full name, or as much of its end as is unique:
            ``posts.rate_per_hour`` for ``profile.flows.posts.rate_per_hour``. ``*`` for the id of
            the deployment stands for every deployment that has the option:
            ``options.*.messages_per_core_second``.

    Raises:
        UnknownNameError: there is no such field.
        ScenarioError: several fields end like that.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=100)
    >>> find_field(scenario, "posts.rate_per_hour")
    'profile.flows.posts.rate_per_hour'
    """
    if name.startswith(_PRICES):
        load_catalog().meter(name.removeprefix(_PRICES))
        return name
    if name.startswith(_PERCENT_OFF):
        load_catalog(contract=as_contract({"title": name, "rates": [_rate(name, 0.0)]}))
        return name
    names = field_names(scenario)
    if name in names:
        return name
    everywhere = sorted({_OPTIONS + "*." + _option(each)[1] for each in names if _is_option(each)})
    if name in everywhere:
        return name
    found = [each for each in names if each.endswith(f".{name}")]
    if len(found) == 1:
        return found[0]
    if found:
        for_all = f"{_OPTIONS}*.{name}"
        hint = f" Use '{for_all}' to set them together." if for_all in everywhere else ""
        raise ScenarioError(f"several fields are called '{name}': {', '.join(found)}.{hint}")
    ends = (end for each in names for end in _ends(each))
    raise UnknownNameError("field", name, dict.fromkeys([*names, *everywhere, *ends]))


def current_value(scenario: Scenario, field: str) -> float:
    """What a field is now; the mean, where a scenario stands for many.

    Args:
        scenario: whose field.
        field: a full name, as ``find_field`` gives it.

    Raises:
        ScenarioError: it has no value: a figure that was not given, or a price that differs by tier
            or place.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> current_value(scenario, "peak_connections")
    100.0
    """
    value: Any = None
    if field == "peak_connections":
        value = expected_demand(scenario).kinds[0].peak_connections
    elif field == "mean_connections":
        value = expected_demand(scenario).kinds[0].connections.mean
    elif field == _HOURS_PER_DAY:
        levels = scenario.profile.weekly_shape.levels
        value = levels.mean() / levels.max() * HOURS_PER_DAY
    elif field.startswith(_PRICES):
        value = _price(scenario, field.removeprefix(_PRICES))
    elif field.startswith(_PERCENT_OFF):
        value = 0.0
    elif field.startswith(f"{_OPTIONS}*."):
        values = {current_value(scenario, each) for each in _with_option(field)}
        value = values.pop() if len(values) == 1 else None
    elif _is_option(field):
        deployment, option = _option(field)
        given = scenario.options.get(deployment, {})
        value = getattr(find_deployment(deployment).check_options(given), option)
    else:
        value, rest = scenario, field.split(".")
        while rest:
            key, rest = _first_key(value, rest)
            value = _part(value, key)
    if value is None:
        raise ScenarioError(f"'{field}' has no single value in this scenario")
    return float(np.mean(value))


def with_values(scenario: Scenario, values: Values) -> Scenario:
    """The scenario with some of its numbers changed.

    Args:
        scenario: what else holds.
        values: numbers, or arrays for many scenarios at once where a field takes them, by full
            name.

    Raises:
        ScenarioError: a value that the field cannot have.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=100)
    >>> busier = with_values(scenario, {"profile.flows.posts.rate_per_hour": 9})
    >>> busier.profile.flows["posts"].rate_per_hour
    9.0
    """
    options = {name: dict(given) for name, given in scenario.options.items()}
    prices: list[dict[str, Any]] = []
    changes: dict[str, Any] = {}
    parts: list[_Change] = []
    for field, value in values.items():
        if field == _HOURS_PER_DAY:
            parts.append((["profile", "weekly_shape"], _open_for(_one(field, value))))
        elif field.startswith((_PRICES, _PERCENT_OFF)):
            prices.append(_rate(field, _one(field, value)))
        elif _is_option(field):
            for each in _with_option(field):
                deployment, option = _option(each)
                kept = options.setdefault(deployment, {})
                kept[option] = value.tolist() if isinstance(value, np.ndarray) else value
        else:
            # the new value replaces the audience as it was given in other ways
            for way in _AUDIENCES:
                if field in way:
                    changes |= _dropped(scenario, way)
            parts.append((field.split("."), value))
    changes |= _inner_changes(scenario, parts)
    if options != scenario.options:
        changes["options"] = options
    if prices:
        agreed = as_contract(scenario.contract_document or scenario.contract)
        terms = {"title": "Prices as varied"} if agreed is None else agreed.as_data()
        changes["contract"] = {**terms, "rates": [*terms.get("rates", ()), *prices]}
    return scenario.replace(**changes) if changes else scenario


def takes_arrays(scenario: Scenario, field: str, *examples: float) -> bool:
    """Whether many values of a field go through the models in one pass.

    Args:
        scenario: whose field.
        field: its full name.
        examples: one or two values that it can have; if it cannot, they do not.
    """
    try:
        pair = with_values(scenario, {field: np.array([examples[0], examples[-1]])})
        for deployment, options in pair.options.items():
            find_deployment(deployment).check_options(options)
    except EstimatorError:
        return False
    return pair.many == (2,) and not pair.has_batches_between_kinds


def scales_a_law(scenario: Scenario, field: str) -> bool:
    """Whether each value of a field makes another law, about which much is worked out anew.

    That takes some milliseconds for each value, and a bill of many is worked out in as many.

    Args:
        scenario: whose field.
        field: its full name.

    >>> scenario = Scenario(profile="workplace-chat", location="virginia", peak_connections=100)
    >>> scales_a_law(scenario, "profile.session.mean_hours")
    True
    >>> scales_a_law(scenario, "profile.flows.posts.rate_per_hour")
    False
    """
    if _is_option(field) or meter_of(field):
        return False
    whole, (key, rest) = scenario, _first_key(scenario, field.split("."))
    while rest:
        whole = _part(whole, key)
        key, rest = _first_key(whole, rest)
    return isinstance(whole, Law) and whole.scale == key


def option_of(field: str) -> tuple[str, str] | None:
    """Deployment (``*``: all that have it) and name of an option; None for any other field."""
    return _option(field) if _is_option(field) else None


def meter_of(field: str) -> str | None:
    """The meter, or pattern of meters, whose price a field moves; None for any other field."""
    for kind in (_PRICES, _PERCENT_OFF):
        if field.startswith(kind):
            return field.removeprefix(kind)
    return None


def matters_to(field: str, deployment: str) -> bool:
    """Whether the bill of a deployment can depend on a field."""
    if not _is_option(field):
        return True
    return any(_option(each)[0] == deployment for each in _with_option(field))


def field_words(field: str) -> str:
    """A field for people, with its unit.

    Args:
        field: its full name.

    >>> field_words("profile.flows.posts.rate_per_hour")
    'posts: messages per hour per connection'
    >>> field_words("prices.aws.api_gateway.messages")
    'WebSocket messages (API Gateway), USD each'
    >>> field_words("percent_off.aws.*")
    'percent off all prices of AWS'
    """
    if field in _WORDS:
        return _WORDS[field]
    if found := option_of(field):
        deployment, option = found
        of = "all deployments" if deployment == "*" else ALL_DEPLOYMENTS[deployment].title
        return f"{_OPTION_WORDS.get(option, _spaced(option))} ({of})"
    if found := meter_of(field):
        cloud = CLOUDS.get(found.removesuffix(".*"))
        if cloud and field.startswith("percent_off."):
            return f"percent off all prices of {cloud}"
        meters = load_catalog().meters
        name = f"{meters[found].title} ({meters[found].service})" if found in meters else found
        return f"{name}, {'percent off' if field.startswith('percent_off.') else 'USD each'}"
    of_others = field.removeprefix("profile.")
    if of_others.startswith(_OTHERS):
        kind, _, rest = of_others.removeprefix(_OTHERS).partition(".")
        return f"{kind}: {field_words(rest)}"
    if field.startswith("calendar."):
        _, number, name = field.split(".")[:3]
        return f"calendar entry {int(number) + 1}: {_spaced(name)}"
    if field.startswith("profile.flows."):
        flow, _, rest = field.removeprefix("profile.flows.").partition(".")
        return f"{flow}: {_ENDINGS.get(rest, _spaced(rest))}"
    return _spaced(field.removeprefix("profile."))


def _is_option(field: str) -> bool:
    return field.startswith(_OPTIONS)


def _option(field: str) -> tuple[str, str]:
    """Deployment and name of an option, from its full name."""
    deployment, _, name = field.removeprefix(_OPTIONS).rpartition(".")
    return deployment, name


def _with_option(field: str) -> list[str]:
    """The fields that a name stands for, which may name an option of every deployment."""
    return fields_of(field, ALL_DEPLOYMENTS)


def fields_of(field: str, deployments: Iterable[str]) -> list[str]:
    """The fields that a name stands for where only some deployments are priced.

    It may name an option of every deployment; those of others would be checked for nothing.

    >>> fields_of("options.*.message_factor", ["aws.alb_ec2", "aws.api_gateway"])
    ['options.aws.alb_ec2.message_factor']
    """
    if not _is_option(field) or not field.startswith(f"{_OPTIONS}*."):
        return [field]
    _, name = _option(field)
    return [
        f"{_OPTIONS}{each}.{name}"
        for each in deployments
        if name in ALL_DEPLOYMENTS[each].options.model_fields
    ]


def _ends(field: str) -> Iterator[str]:
    parts = field.split(".")
    yield from (".".join(parts[start:]) for start in range(1, len(parts)))


def _numbers_in(part: object) -> Iterator[str]:
    """Paths to the numbers inside a part of a scenario."""
    inner: Mapping[str, object] = {}
    if isinstance(part, Model):
        names = (name for name in type(part).model_fields if name not in _NO_MATTER_OF_COST)
        inner = {name: getattr(part, name) for name in names}
    elif isinstance(part, Mapping):
        inner = {str(key): each for key, each in part.items()}
    elif isinstance(part, tuple) and any(isinstance(each, Model) for each in part):
        inner = {str(index): each for index, each in enumerate(part)}
    for name, value in inner.items():
        if isinstance(value, int | float | np.ndarray) and not isinstance(value, bool):
            yield name
        yield from (f"{name}.{path}" for path in _numbers_in(value))


def _is_number(annotation: Any) -> bool:
    """Whether a field of that type holds a number."""
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return any(_is_number(each) for each in get_args(annotation))
    return annotation in (int, float)


def _dropped(scenario: Scenario, kept: Sequence[str]) -> dict[str, None]:
    """Changes that remove the audience as it is given in other ways."""
    others = (name for way in _AUDIENCES if way != kept for name in way)
    return {name: None for name in others if getattr(scenario, name) is not None}


def _first_key(whole: Any, path: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The key of a part that a path begins with, and the rest; names of flows can have dots."""
    if isinstance(whole, Mapping):
        for length in range(2, len(path) + 1):
            if (key := ".".join(path[:length])) in whole:
                return key, path[length:]
    return path[0], path[1:]


def _part(whole: Any, key: str) -> Any:
    if isinstance(whole, Model):
        return getattr(whole, key)
    return whole[int(key)] if isinstance(whole, tuple) else whole[key]


def _changed(whole: Any, parts: Sequence[_Change]) -> Any:
    """A part of a scenario with what stands at some paths replaced, checked anew once for all."""
    for path, value in parts:
        if not path:
            return value
    changed = _inner_changes(whole, parts)
    if isinstance(whole, Model):
        kept = {name: getattr(whole, name) for name in whole.model_fields_set}
        return type(whole)(**{**kept, **changed})
    if isinstance(whole, tuple):
        return tuple(changed.get(str(index), each) for index, each in enumerate(whole))
    return {**whole, **changed}


def _inner_changes(whole: Any, parts: Sequence[_Change]) -> dict[str, Any]:
    """What takes the place of what a part of a scenario holds, by its key."""
    inner: dict[str, list[_Change]] = {}
    for path, value in parts:
        key, rest = _first_key(whole, path)
        inner.setdefault(key, []).append((rest, value))
    return {key: _changed(_part(whole, key), each) for key, each in inner.items()}


def _one(field: str, value: float | FloatArray) -> float:
    if np.ndim(value):
        raise ScenarioError(f"'{field}' takes one value at a time")
    return float(value)


def _rate(field: str, value: float) -> dict[str, Any]:
    """The entry of a contract that moves a price."""
    if field.startswith(_PRICES):
        return {"meters": [field.removeprefix(_PRICES)], "usd_per_unit": value}
    return {"meters": [field.removeprefix(_PERCENT_OFF)], "percent_off": value}


def _open_for(hours: float) -> dict[str, Any]:
    """A weekly shape with all clients connected for so many hours of each day, and none else."""
    if not 0 < hours <= HOURS_PER_DAY:
        raise ScenarioError(f"hours_per_day must be above 0 and at most 24, not {hours:g}")
    levels = np.clip(hours - np.arange(HOURS_PER_DAY), 0.0, 1.0)
    return {
        "title": f"{hours:g} hours of each day",
        "hours_of_day": levels.tolist(),
        "days_of_week": [1.0] * DAYS_PER_WEEK,
    }


def _price(scenario: Scenario, meter: str) -> float | None:
    """The price of a meter at the place of a scenario, if it is the same in every tier."""
    contract = as_contract(scenario.contract_document or scenario.contract)
    catalog = load_catalog(scenario.as_of, scenario.assumptions, contract)
    cloud = meter.split(".", 1)[0]
    regions = [region for region, _ in scenario.found_location.choices(cloud)] or ["global"]
    with_price = (each for each in regions[:-1] if (meter, each) in catalog.priced)
    region = next(with_price, regions[-1])
    prices = np.unique(catalog.rate(meter, region).tariff.usd_per_unit)
    return float(prices[0]) if prices.size == 1 else None


def _spaced(name: str) -> str:
    return name.replace(".", " ").replace("_", " ")
