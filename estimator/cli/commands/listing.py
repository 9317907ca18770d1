"""What is there to choose from? Names, options, and how faults and surges are written."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from estimator.cli import completion
from estimator.cli.common import (
    AsJson,
    AsMarkdown,
    check_one_form,
    deployment_id,
    print_document,
    print_json,
    print_text,
)
from estimator.errors import ScenarioError, UnknownNameError

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from estimator.scenario.model import Model

THINGS: Final[Mapping[str, str]] = {
    "allowances": "what is free each month, and shared by the whole account",
    "applications": "what your own code does with messages, and the processor time it takes",
    "assumptions": "what vendors leave open, with the possible answers",
    "clouds": "clouds and SaaS vendors with prices",
    "contracts": "published discounts that are shipped as examples",
    "defaults": "settings and metering rules beside the vendors' own, with the day of reading",
    "deployments": "ways to run a WebSocket service on the clouds",
    "duties": "work that a deployment leaves to the people who run it",
    "faults": "what can go wrong in a simulation",
    "locations": "where users are served from",
    "machines": "machines that the nodes of a fleet can run on",
    "options": "what can be chosen for a deployment",
    "profiles": "how clients behave: the shipped workloads",
    "saas": "realtime SaaS to buy instead of a deployment on a cloud",
    "servers": "server software that nodes can run, and which of its figures are derived",
    "services": "services with prices",
    "shapes": "when in the week users are connected",
    "surges": "traffic on top of the weekly shape in a simulation",
    "totals": "what known operators published, and what the profiles make of the same audience",
}
"""What can be listed, in a few words."""
_OF_A_DEPLOYMENT: Final = {"assumptions", "options"}
_AS_DOCUMENTS: Final = ("defaults", "profiles", "totals")
"""What the documentation has tables of."""
_WIDTH: Final = 80
_TAGS: Final = {"fault", "surge"}
_SMALL_PRINT: Final = (
    "Times of the week are local unless they say UTC.\nDurations without a unit are in seconds."
)


def _things(incomplete: str) -> Iterator[completion.Offer]:
    return ((thing, about) for thing, about in THINGS.items() if thing.startswith(incomplete))


def list_things(
    thing: Annotated[
        str | None,
        typer.Argument(
            help=f"One of {', '.join(THINGS)}. Without it, these are listed.",
            metavar="THING",
            autocompletion=_things,
            show_default=False,
        ),
    ] = None,
    deployment: Annotated[
        str | None,
        deployment_id("List the options or assumptions of this one, such as aws.api_gateway."),
    ] = None,
    as_markdown: AsMarkdown = False,
    as_json: AsJson = False,
) -> None:
    """List names, options and assumptions, and how faults and surges are written.

    Examples:
        # what can be listed
        $ estimator list
        # the locations that users can be in
        $ estimator list locations
        # the options of one deployment
        $ estimator list options --deployment aws.nlb_ec2
        # the shipped profiles: what each is for, and what its clients do
        $ estimator list profiles
        # how faults are written, as JSON
        $ estimator list faults --json
    """
    if thing is not None and thing not in THINGS:
        raise UnknownNameError("thing to list", thing, THINGS)
    if deployment is not None and thing not in _OF_A_DEPLOYMENT:
        raise ScenarioError("--deployment is only for 'list options' and 'list assumptions'")
    if as_markdown and thing not in _AS_DOCUMENTS:
        raise ScenarioError(f"--markdown is only for 'list' of {', '.join(_AS_DOCUMENTS)}")
    check_one_form(markdown=as_markdown, json=as_json)
    if as_markdown or (thing in ("profiles", "totals") and not as_json):
        _print_view(thing, as_markdown=as_markdown)
        return
    data = _data(thing, deployment)
    if as_json:
        print_json(data)
    else:
        print_text(_text(thing, data))


def _print_view(thing: str | None, *, as_markdown: bool) -> None:
    from estimator.render.views.defaults import defaults_view
    from estimator.render.views.profiles import profiles_view
    from estimator.render.views.published_totals import published_totals_view

    views = {"profiles": profiles_view, "totals": published_totals_view}
    print_document(views.get(thing or "", defaults_view)(), as_markdown=as_markdown)


def _data(thing: str | None, deployment: str | None) -> list[dict[str, Any]]:
    if thing is None:
        return _titled(THINGS)

    from estimator.analysis.choices import (
        TITLES,
        application_data,
        assumption_data,
        default_data,
        option_data,
        server_data,
    )
    from estimator.deployments.registry import ALL_DEPLOYMENTS, find_deployment
    from estimator.scenario.disruptions import FAULTS, SURGES

    if thing == "defaults":
        return default_data()
    if thing == "profiles":
        from estimator.analysis.profiles import profile_data

        return profile_data()
    if thing == "totals":
        from estimator.analysis.published_totals import total_data

        return total_data()
    if thing in ("faults", "surges"):
        return _kinds_data(FAULTS if thing == "faults" else SURGES)
    if thing in ("applications", "servers"):
        return application_data() if thing == "applications" else server_data()
    if thing not in _OF_A_DEPLOYMENT:
        return _titled(TITLES[thing]())
    asked = [find_deployment(deployment)] if deployment else ALL_DEPLOYMENTS.values()
    if thing == "assumptions":
        return assumption_data(f"{deployment}." if deployment else "")
    return [{"name": each.id, "title": each.title, "options": option_data(each)} for each in asked]


def _titled(titles: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "title": title} for name, title in titles.items()]


def _text(thing: str | None, data: list[dict[str, Any]]) -> str:
    if thing in ("faults", "surges"):
        from estimator.scenario.disruptions import FAULTS, SURGES

        return _kinds_text(FAULTS if thing == "faults" else SURGES)
    if thing == "assumptions":
        return "\n".join(map(_assumption_text, data)) or "no open questions\n"
    if thing == "options":
        return "\n".join(map(_options_text, data))
    if thing == "defaults":
        return "\n".join(map(_default_text, data))
    if thing == "servers":
        return _described((each["name"], _server_text(each)) for each in data)
    if thing == "applications":
        return _described((each["name"], _application_text(each)) for each in data)
    return _described((each["name"], each["title"]) for each in data)


def _default_text(row: Mapping[str, Any]) -> str:
    why = f" Why: {row['why']}." if row["why"] else ""
    said = f"Vendor: {row['vendors']}. Here: {row['ours']}.{why} Read {row['checked_on']}."
    head = textwrap.fill(f"{row['name']}: {row['title']}", _WIDTH)
    body = textwrap.fill(said, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    return f"{head}\n{body}\n"


def _server_text(server: Mapping[str, Any]) -> str:
    derived = "; ".join(each["text"] for each in server["derived"])
    return f"{server['title']}. Derived, with ranges: {derived}." if derived else server["title"]


def _application_text(application: Mapping[str, Any]) -> str:
    figures = ", ".join(each["text"] for each in application["figures"])
    return f"{application['title']}. Of a core: {figures}." if figures else application["title"]


def _assumption_text(assumption: Mapping[str, Any]) -> str:
    answers = {
        f"  {name}{' (default)' if name == assumption['default'] else ''}": meaning
        for name, meaning in assumption["choices"].items()
    }
    question = textwrap.fill(assumption["title"], _WIDTH)
    return f"{assumption['name']}\n{question}\n{_described(answers.items())}"


def _options_text(deployment: Mapping[str, Any]) -> str:
    heads = (
        (
            f"  {option['name']} ({_said(option['default'])})",
            f"{option['description']} Allowed: {option['allowed']}.",
        )
        for option in deployment["options"]
    )
    head = textwrap.fill(f"{deployment['name']}: {deployment['title']}", _WIDTH)
    return head + "\n" + (_described(heads) or "  no options\n")


def _said(default: object) -> str:
    if default is None:
        return "automatic"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _described(rows: Iterable[tuple[str, str]]) -> str:
    """Names, and beside them what they are; below them where a name leaves too little room."""
    known = dict(rows)
    widest = max(map(len, known), default=0) + 2
    has_room = widest <= _WIDTH // 2
    margin = " " * (widest if has_room else 6)
    lines: list[str] = []
    for name, about in known.items():
        head = name.ljust(widest) if has_room else f"{name}\n{margin}"
        wrapped = textwrap.wrap(about, _WIDTH - len(margin), break_on_hyphens=False)
        lines.append((head + f"\n{margin}".join(wrapped)).rstrip())
    return "".join(f"{line}\n" for line in lines)


def _kinds_text(examples: Mapping[type[Model], str]) -> str:
    """Each kind with what it is, an example line, and its fields with their defaults."""
    kinds = (_kind_text(kind, example) for kind, example in examples.items())
    return "\n\n".join((*kinds, _SMALL_PRINT)) + "\n"


def _kinds_data(examples: Mapping[type[Model], str]) -> list[dict[str, Any]]:
    """Each kind as plain lists and texts, for machines; null stands for no default."""
    return [
        {
            "name": _name(kind),
            "title": _summary(kind),
            "example": example,
            "fields": [
                {
                    "name": name,
                    "required": field.is_required(),
                    "default": None if field.is_required() else field.default,
                    "description": " ".join((field.description or "").split()),
                }
                for name, field in kind.model_fields.items()
                if name not in _TAGS
            ],
        }
        for kind, example in examples.items()
    ]


def _name(kind: type[Model]) -> str:
    [tag] = kind.model_fields.keys() & _TAGS
    return str(kind.model_fields[tag].default)


def _summary(kind: type[Model]) -> str:
    return (inspect.getdoc(kind) or "").splitlines()[0]


def _kind_text(kind: type[Model], example: str) -> str:
    fields = {name: field for name, field in kind.model_fields.items() if name not in _TAGS}
    heads = {name: f"  {name} ({_default(field)})  " for name, field in fields.items()}
    indent = max(map(len, heads.values()))
    described = (
        textwrap.fill(
            field.description or "",
            _WIDTH,
            initial_indent=heads[name].ljust(indent),
            subsequent_indent=" " * indent,
        )
        for name, field in fields.items()
    )
    about = textwrap.fill(
        f"{_name(kind).replace('_', ' ')}: {_summary(kind)}", _WIDTH, subsequent_indent="  "
    )
    return "\n".join((about, f"  '{example}'", *described))


def _default(field: FieldInfo) -> str:
    default: Any = field.default
    if field.is_required():
        return "required"
    if default is None:
        return "optional"
    return str(default).lower() if isinstance(default, bool) else f"{default:g}"
