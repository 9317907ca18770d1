"""The commands that tell what there is: names, faults and surges, the schema of scenario files."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, Final

import typer

from estimator.cli import completion
from estimator.cli.common import OUTPUT, AsJson, print_json, print_text
from estimator.cli.teaching import taught
from estimator.errors import ScenarioError, UnknownNameError

THINGS: Final[Mapping[str, str]] = {
    "assumptions": "what vendors leave open, and the answers (--deployment: of one)",
    "clouds": "whose prices there are: clouds and providers",
    "contracts": "published discounts that ship as examples",
    "surges": "who may come beside the weekly shape, when it is simulated",
    "deployments": "ways to host a WebSocket service on the clouds",
    "faults": "what may go wrong, when it is simulated",
    "machines": "what nodes of a fleet can run on",
    "options": "what can be chosen about a deployment (--deployment: of one)",
    "locations": "where users are served from",
    "profiles": "how clients behave: the shipped workloads",
    "saas": "managed services that people would buy instead of a cloud",
    "servers": "server software that was measured, which nodes can run",
    "services": "services whose prices there are",
    "shapes": "when in the week people are connected",
}
"""What can be listed, in a few words."""
_OF_A_DEPLOYMENT: Final = {"assumptions", "options"}
_WIDTH: Final = 80

LIST_EXAMPLES = taught(
    ("all that can be listed", "list"),
    ("where users can be served from", "list locations"),
    ("what can be chosen about one deployment", "list options --deployment aws.nlb_ec2"),
    ("how faults are written, for machines", "list faults --json"),
)
SCHEMA_EXAMPLES = taught(
    ("editors complete a file whose first line names it (> scenario.schema.json)", "schema"),
    title="Example",
)


def _things(incomplete: str) -> Iterator[completion.Offer]:
    return ((thing, about) for thing, about in THINGS.items() if thing.startswith(incomplete))


def list_things(
    thing: Annotated[
        str | None,
        typer.Argument(
            help=f"One of {', '.join(THINGS)}; all of these are told if it is left out.",
            metavar="THING",
            autocompletion=_things,
            show_default=False,
        ),
    ] = None,
    deployment: Annotated[
        str | None,
        typer.Option(
            "--deployment",
            help="Whose options or assumptions, such as aws.api_gateway.",
            metavar="ID",
            autocompletion=completion.deployments,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Names there are, and how to write faults, surges, options and assumptions."""
    if thing is not None and thing not in THINGS:
        raise UnknownNameError("thing to list", thing, THINGS)
    if deployment is not None and thing not in _OF_A_DEPLOYMENT:
        raise ScenarioError("--deployment goes with 'list options' and 'list assumptions' only")
    data = _data(thing, deployment)
    if as_json:
        print_json(data)
    else:
        print_text(_text(thing, data))


def _data(thing: str | None, deployment: str | None) -> list[dict[str, Any]]:
    if thing is None:
        return _titled(THINGS)

    from estimator.analysis.choices import TITLES, assumption_data, option_data
    from estimator.deployments.registry import DEPLOYMENTS, SAAS, find_deployment
    from estimator.render.disruptions import kinds_data
    from estimator.scenario.disruptions import FAULTS, SURGES

    if thing in ("faults", "surges"):
        return kinds_data(FAULTS if thing == "faults" else SURGES)
    if thing not in _OF_A_DEPLOYMENT:
        return _titled(TITLES[thing]())
    asked = [find_deployment(deployment)] if deployment else [*DEPLOYMENTS.values()]
    if thing == "assumptions":
        return assumption_data(f"{deployment}." if deployment else "")
    asked += [] if deployment else SAAS.values()
    return [{"name": each.id, "title": each.title, "options": option_data(each)} for each in asked]


def _titled(titles: Mapping[str, str]) -> list[dict[str, Any]]:
    return [{"name": name, "title": title} for name, title in titles.items()]


def _text(thing: str | None, data: list[dict[str, Any]]) -> str:
    if thing in ("faults", "surges"):
        from estimator.render.disruptions import kinds_text
        from estimator.scenario.disruptions import FAULTS, SURGES

        return kinds_text(FAULTS if thing == "faults" else SURGES)
    if thing == "assumptions":
        return "\n".join(map(_assumption_text, data)) or "nothing is left open\n"
    if thing == "options":
        return "\n".join(map(_options_text, data))
    return _described((each["name"], each["title"]) for each in data)


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
    told = _described(heads) or "  no options\n"
    return f"{deployment['name']}: {deployment['title']}\n{told}"


def _said(default: object) -> str:
    if default is None:
        return "by itself"
    return str(default).lower() if isinstance(default, bool) else str(default)


def _described(rows: Iterable[tuple[str, str]]) -> str:
    """Names, and beside them what they are; below them where a name leaves too little room."""
    known = [*rows]
    indent = max((len(name) for name, _ in known), default=0) + 2
    if indent > _WIDTH // 2:
        indent = 6
        known = [(f"{name}\n", about) for name, about in known]
    lines: list[str] = []
    for name, about in known:
        head = name if name.endswith("\n") else name.ljust(indent)
        wrapped = textwrap.wrap(about, _WIDTH - indent) or [""]
        first = f"{' ' * indent if head.endswith(chr(10)) else ''}{wrapped[0]}"
        lines += [f"{head}{first}".rstrip(), *(" " * indent + line for line in wrapped[1:])]
    return "".join(f"{line}\n" for line in lines)


def schema(
    _: Annotated[
        bool, typer.Option("--json", help="JSON, which it prints anyway.", rich_help_panel=OUTPUT)
    ] = False,
) -> None:
    """The JSON schema of scenario files, for editors."""
    from estimator.cli.editor_schema import editor_schema

    print_json(editor_schema())
