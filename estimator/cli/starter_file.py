"""What does a scenario file to start from say? What it must, and all it can, explained.

Every explanation is the description of its field, every choice comes from where it is defined, so
that the file cannot tell what the code does not do.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from estimator.analysis.choices import TITLES, Titles, option_default
from estimator.deployments.registry import ALL_DEPLOYMENTS, assumptions
from estimator.pricing.price_files import Assumption, price_list
from estimator.scenario.calendar import EXAMPLE, CalendarEntry
from estimator.scenario.disruptions import FAULTS, SURGES, sentence_parts
from estimator.scenario.locations import Area, find_location, locations
from estimator.scenario.model import Model
from estimator.scenario.profile import Profile, load_profile, shipped_content
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import KINDS, TRANSPORTS
from estimator.units import DAYS_PER_WEEK, HOURS_PER_DAY
from estimator.validation import tag_of

SCHEMA_FILE: Final = "scenario.schema.json"
_WIDTH: Final = 79
"""One column less than a terminal has, for the # in front."""
_PEAK_CONNECTIONS: Final = 10_000
_SESSIONS_PER_DAY: Final = 5
_DIGITS: Final = 2
"""Of figures that are mere examples."""
_SHARE_ELSEWHERE: Final = 0.05
_JOINED: Final = "\N{NO-BREAK SPACE}"
"""Stands for a space at which no line shall break."""
_HEAD: Final = (
    "A scenario: who connects, from where, and how it is billed.",
    "",
    "Explanations begin with '# '. All other lines that begin with # are fields that are commented "
    "out: to use one, remove the # from each of its lines. Times and sizes can have units (90 s, "
    "2 KB).",
)
_HINT: Final = (
    "Editors complete this file once the schema that the first line names exists: 'estimator "
    f"schema > {SCHEMA_FILE}' writes it."
)
_OTHER_CLIENTS: Final = (
    "  viewers:",
    "    profile: board-collaboration",
    "    peak_connections: 5",
)
_ENGINEERING: Final = (
    "  engineer_hours_per_month: 20",
    "  duties: {run_redis: 4}",
    "  usd_per_engineer_hour: 100",
)
_ALLOWANCES_LEFT: Final = ("  oci.compute.a1_ocpu_hours: 0",)
"""Round figures to replace with your own: no vendor publishes them."""


def starter_file(profile: str, location: str, schema: str = SCHEMA_FILE) -> str:
    """A scenario file with every field there is, valid as it stands.

    Args:
        profile: name of a shipped profile.
        location: where the users are served from.
        schema: path from the file to the schema of scenario files, for editors.

    Raises:
        UnknownNameError: no such profile or location.

    >>> Scenario.from_yaml(starter_file("market-data", "tokyo")).location
    'tokyo'
    """
    chosen = load_profile(profile)
    area = find_location(location).area
    mean, users = _audience(chosen)
    contract = next(iter(TITLES["contracts"]()), "ours.yaml")
    parts: dict[str, Callable[[], Iterable[str]]] = {
        # no number, which would stay when the audience below is changed
        "name": lambda: [f"name: {chosen.title}"],
        "location": lambda: [
            *_titles({name: each.title for name, each in locations().items()}),
            "# or a region by its city or id, such as seoul or us-east-2",
            f"location: {location}",
        ],
        "peak_connections": lambda: [f"peak_connections: {_PEAK_CONNECTIONS:_}"],
        "mean_connections": lambda: _left_out([f"mean_connections: {mean:_}"]),
        "users_per_day": lambda: _left_out([f"users_per_day: {users:_}"]),
        "sessions_per_user_per_day": lambda: _left_out(
            [f"sessions_per_user_per_day: {_SESSIONS_PER_DAY}"]
        ),
        "profile": lambda: [*_titles(TITLES["profiles"]()), *_profile(profile)],
        "other_clients": lambda: _left_out(["other_clients:", *_OTHER_CLIENTS]),
        "transport": lambda: [*_titles(_transports()), *_left_out(["transport: websocket"])],
        "week_of": lambda: _default("week_of"),
        "users_in": lambda: _left_out(["users_in:", *_shares(area)]),
        "hours_per_month": lambda: _default("hours_per_month"),
        "free_allowances": lambda: _default("free_allowances"),
        "allowances_left": lambda: _left_out(["allowances_left:", *_ALLOWANCES_LEFT]),
        "as_of": lambda: _left_out([f"as_of: {dt.datetime.now(tz=dt.UTC).date()}"]),
        "price_list": lambda: [f"price_list: {price_list()}"],
        "contract": lambda: [
            *_titles(TITLES["contracts"]()),
            *_left_out([f"contract: {contract}"]),
        ],
        "options": lambda: _left_out(["options:", *_options()]),
        "assumptions": lambda: _left_out(["assumptions:", *_assumptions()]),
        "engineering": lambda: _left_out(["engineering:", *_ENGINEERING]),
        "layers": lambda: _left_out(["layers: [messaging]"]),
        "calendar": lambda: _left_out(["calendar:", *_calendar()]),
        "surges": lambda: _left_out(["surges:", *_disruptions("surge", SURGES)]),
        "faults": lambda: _left_out(["faults:", *_disruptions("fault", FAULTS)]),
    }
    lines = [f"# yaml-language-server: $schema={schema}"]
    for paragraph in (*_HEAD, *([_HINT] if schema == SCHEMA_FILE else [])):
        lines += _prose(paragraph) if paragraph else ["#"]
    for name, part in parts.items():
        # these two go together, so they stand together
        lines += [] if name == "sessions_per_user_per_day" else [""]
        lines += [*_prose(_explained(Scenario.model_fields[name])), *part()]
    return "\n".join(lines) + "\n"


def schema_beside(file: Path) -> str:
    """Path to the schema of scenario files from where a scenario file shall stand.

    In a clone of this repository that is the one in docs; anywhere else, the one that ``estimator
    schema > scenario.schema.json`` writes beside the scenario file.
    """
    folder = file.resolve().parent
    for parent in (folder, *folder.parents):
        schema = parent / "docs" / SCHEMA_FILE
        if schema.is_file():
            return Path(os.path.relpath(schema, folder)).as_posix()
    return SCHEMA_FILE


def _audience(profile: Profile) -> tuple[int, int]:
    """Mean connections and users per day of the audience with that many at its peak."""
    levels = profile.weekly_shape.levels
    mean = _PEAK_CONNECTIONS / levels.max()
    busiest_day = mean * levels.reshape(DAYS_PER_WEEK, HOURS_PER_DAY).mean(axis=1).max()
    users = busiest_day * HOURS_PER_DAY / (_SESSIONS_PER_DAY * profile.session.mean)
    return _rounded(mean), _rounded(users)


def _rounded(figure: float) -> int:
    return int(float(f"{figure:.{_DIGITS}g}"))


def _prose(text: str, indent: str = "") -> list[str]:
    margin = f"{indent}# "
    return textwrap.wrap(
        text, _WIDTH, initial_indent=margin, subsequent_indent=margin, break_on_hyphens=False
    )


def _left_out(lines: Iterable[str], indent: str = "") -> Iterator[str]:
    return (f"{indent}#{line.removeprefix(indent)}" for line in lines)


def _titles(titles: Titles) -> Iterator[str]:
    widest = max(map(len, titles), default=0)
    for name, title in titles.items():
        # a title may be a paragraph; its first sentence names the thing
        about = textwrap.shorten(title, _WIDTH - widest - 6, placeholder=" ...")
        yield f"# - {name:{widest}}  {about}".rstrip()


def _explained(field: FieldInfo) -> str:
    """What a field is, in which unit, and what it can be."""
    about = " ".join((field.description or "").split()).replace("``", "'")
    unit = next(_units((field.annotation, *field.metadata)), "")
    choices = next(_choices(field.annotation), ())
    told = [about, f"({unit})" if unit else ""]
    if not all(f"{choice}:" in about for choice in choices):
        told.append(f"One of {', '.join(choices)}.")
    return " ".join(filter(None, told))


def _units(parts: Iterable[Any]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, WithJsonSchema):
            # the command line shows one scenario at a time
            yield str((part.json_schema or {}).get("description", "")).split("; a list")[0]
        elif not isinstance(part, type):
            yield from _units((*get_args(part), *getattr(part, "__metadata__", ())))


def _choices(annotation: Any) -> Iterator[tuple[str, ...]]:
    arguments = get_args(annotation)
    if get_origin(annotation) is Literal:
        if len(arguments) > 1:
            yield arguments
        return
    for argument in arguments:
        yield from _choices(argument)


def _default(name: str) -> Iterable[str]:
    return _left_out([f"{name}: {_scalar(Scenario.model_fields[name].default)}"])


def _shares(area: Area) -> Iterator[str]:
    """Most users where they are served from, and some in each other part of the world."""
    others = [each for each in get_args(Area) if each != area]
    yield f"  {area}: {1 - len(others) * _SHARE_ELSEWHERE:g}"
    yield from (f"  {each}: {_SHARE_ELSEWHERE:g}" for each in others)


def _profile(name: str) -> Iterator[str]:
    yield from ("profile:", f"  extends: {name}")
    yield from _prose("Change fields of the profile here; the values shown are its own.", "  ")
    shipped = _plain(shipped_content(name))
    told: set[type[BaseModel]] = set()
    for part, field in Profile.model_fields.items():
        if part == "evidence":  # says where the numbers of a shipped profile come from
            continue
        yield from ("", *_prose(_explained(field), "  "))
        if part == "weekly_shape":
            yield from (f"  {line}" for line in _titles(TITLES["shapes"]()))
            yield from _prose("Your own has these fields:", "  ")
            yield from _inside(field.annotation, "  ")
        if part == "application":
            yield from (f"  {line}" for line in _titles(TITLES["applications"]()))
        if part == "other_clients":
            yield from _left_out(["  other_clients:", *_kinds(name)], "  ")
        elif part in shipped:
            yield from _left_out(_said(part, shipped[part], field.annotation, "  ", told), "  ")
        else:
            yield from _prose(f"This profile leaves {part} out.", "  ")
            yield from _inside(field.annotation, "  ")


def _kinds(name: str) -> Iterator[str]:
    """How many clients of other kinds a profile brings; an example, if it brings none."""
    brought = load_profile(name).other_clients
    for kind, others in brought.items():
        yield f"    {kind}: {{per_main_connection: {_scalar(others.per_main_connection)}}}"
    if not brought:
        yield "    viewers: {profile: board-collaboration, per_main_connection: 0.1}"


def _said(
    name: str, value: Any, annotation: Any, indent: str, told: set[type[BaseModel]]
) -> Iterator[str]:
    """A field with its value; the fields of a model are explained where it comes first."""
    if not isinstance(value, Mapping):
        yield from _folded(f"{name}: {_scalar(value)}", indent)
        return
    if get_origin(annotation) is dict:
        yield f"{indent}{name}:"
        for key, item in value.items():
            yield from _said(key, item, get_args(annotation)[1], indent + "  ", told)
        return
    kinds = list(_models_in(annotation))
    kind = _kind_of(value, kinds)
    if kind in told:
        yield from _on_one_line(name, value, indent)
    else:
        told.add(kind)
        yield f"{indent}{name}:"
        yield from _fields(kind, value, kinds, indent + "  ", told)


def _fields(
    kind: type[BaseModel],
    value: Mapping[str, Any],
    kinds: list[type[BaseModel]],
    indent: str,
    told: set[type[BaseModel]],
) -> Iterator[str]:
    tag = tag_of(kind)
    for name, field in kind.model_fields.items():
        said = value.get(name, field.default)
        about = f"{_one_of(name, kinds)}." if name == tag else _explained(field)
        if said is None:
            yield from _prose(f"{name}: {about}", indent)
            yield from _inside(field.annotation, indent)
        else:
            yield from _prose(about, indent)
            yield from _said(name, said, field.annotation, indent, told)


def _inside(annotation: Any, indent: str) -> Iterator[str]:
    """Each field of a model that is not written out, explained."""
    for kind in _models_in(annotation):
        for name, field in kind.model_fields.items():
            yield from _prose(f"- {name}: {_explained(field)}", indent)


def _one_of(tag: str, kinds: Iterable[type[BaseModel]]) -> str:
    """The kinds there are, each with its fields."""
    told = (
        f"{kind.model_fields[tag].default} ({', '.join(f for f in kind.model_fields if f != tag)})"
        for kind in kinds
        if tag_of(kind) == tag
    )
    return f"The {tag}, and the fields it has: {'; '.join(told)}"


def _kind_of(value: Mapping[str, Any], kinds: Iterable[type[BaseModel]]) -> type[BaseModel]:
    """The one that the tag of a value names, or the only one there is."""
    tagged = ((kind, tag_of(kind)) for kind in kinds)
    return next(
        kind
        for kind, tag in tagged
        if tag is None or kind.model_fields[tag].default == value.get(tag)
    )


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in get_args(annotation):
        yield from _models_in(argument)


def _options() -> Iterator[str]:
    """The options of each deployment with their defaults."""
    yield from _prose("'estimator list options --deployment ID' explains them.", "  ")
    for deployment in ALL_DEPLOYMENTS.values():
        defaults = {
            name: option_default(field) for name, field in deployment.options.model_fields.items()
        }
        said = {name: value for name, value in defaults.items() if value is not None}
        if said:
            yield from _prose(deployment.title, "  ")
            yield from _on_one_line(deployment.id, said, "  ")


def _on_one_line(name: str, value: Mapping[str, Any], indent: str) -> Iterator[str]:
    """A mapping in braces, folded where it is too long."""
    items = (f"{key}: {_scalar(item)}".replace(" ", _JOINED) for key, item in value.items())
    yield from _folded(f"{name}: {{{', '.join(items)}}}", indent)


def _folded(text: str, indent: str) -> list[str]:
    lines = textwrap.wrap(
        text,
        _WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_JOINED, " ") for line in lines]


def _assumptions() -> Iterator[str]:
    """Every open question with its answers, and the default answer of each deployment."""
    yield from _prose("'estimator list assumptions' explains each answer.", "  ")
    asked: dict[tuple[str, tuple[str, ...]], list[Assumption]] = {}
    for one in assumptions().values():
        asked.setdefault((one.question, tuple(sorted(one.choices))), []).append(one)
    for (question, answers), same in asked.items():
        yield from _prose(f"{question} ({', '.join(answers)})", "  ")
        yield from (f"  {one.id}: {one.default}" for one in same)


def _disruptions(tag: str, examples: Mapping[type[Model], str]) -> Iterator[str]:
    for kind, sentence in examples.items():
        name, values = sentence_parts(sentence, tag, [kind])
        about = (kind.__doc__ or "").splitlines()[0]
        yield from _prose(about, "  ")
        yield f"- {tag}: {name}"
        for key, value in values.items():
            yield from _prose(_explained(kind.model_fields[key]), "  ")
            yield f"  {key}: {value}"


def _transports() -> dict[str, str]:
    """The kinds of transports, and what each is."""
    about = ((each.__doc__ or "").splitlines()[0] for each in TRANSPORTS)
    return dict(zip(KINDS, about, strict=True))


def _calendar() -> Iterator[str]:
    """An entry of the calendar."""
    for number, (key, value) in enumerate(EXAMPLE.items()):
        yield from _prose(_explained(CalendarEntry.model_fields[key]), "  ")
        yield f"{'  ' if number else '- '}{key}: {value}"


def _plain(value: Any) -> Any:
    """What was read from YAML, without its lines and columns."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    return float(value) if isinstance(value, float) else value


def _scalar(value: object) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    stream = io.StringIO()
    yaml = YAML(typ="safe", pure=True)
    yaml.default_flow_style = True
    yaml.width = sys.maxsize
    yaml.dump([value], stream)
    return stream.getvalue().strip().removeprefix("[").removesuffix("]")
