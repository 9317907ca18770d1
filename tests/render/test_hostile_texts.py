"""No text of a user is markup, in a terminal, in JSON, Markdown, CSV and HTML, and on charts."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import matplotlib as mpl
import pandas as pd
import pytest
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from rich.console import Console

import estimator as ws
import hostile
from estimator import cli, render
from estimator.analysis.drift import drift
from estimator.render import document as doc, spreadsheet
from estimator.render.printable import printable
from estimator.vendor_lists.comparison import Finding, Kind
from estimator.vendor_lists.report import RefreshReport, Unread

PAIR = ("aws.api_gateway", "gcp.cloud_run")
Result = Any


@pytest.fixture(scope="module", params=hostile.TEXTS)
def results(request) -> dict[str, Result]:
    """The answer to each question about a scenario of hostile texts."""
    text = hostile.TEXTS[request.param]
    scenario = hostile.scenario(text)
    own = scenario.replace(name=f"{text} after", peak_connections=400)
    # a flow of the user's, as a field that is moved
    flow = f"profile.flows.{text.replace('.', '·')}.rate_per_hour"
    uncertain = ws.uncertainty(scenario, {flow: "±10%"}, PAIR, samples=128)
    return {
        "estimate": ws.estimate(scenario, PAIR[0]),
        "compare": ws.compare(scenario, PAIR),
        "sweep": ws.sweep(scenario, {flow: [1.0, 2.0, 4.0]}, PAIR),
        "break_even": ws.break_even(scenario, flow, 1.0, 4.0, PAIR),
        "growth": ws.growth(scenario, 2, monthly_growth_percent=10, deployments=PAIR),
        "diff": ws.diff(scenario, own, PAIR),
        "move": ws.move(scenario, *PAIR),
        "transports": ws.transports(scenario, PAIR, within_seconds=2),
        "uncertainty": uncertain,
        "fan": uncertain.fan(flow, [1.0, 2.0], PAIR, samples=128),
        "budget_check": ws.check_budget(scenario, 100, PAIR[0], inputs={flow: "±10%"}, samples=128),
        "simulate": ws.simulate(
            scenario, "aws.nlb_ec2", faults="outage at Tue 14:00 share 50%", replications=2
        ),
        "recovery_plan": ws.recovery_plan(
            scenario, "aws.nlb_ec2", fault="outage at Tue 14:00 share 50%", within_s=1
        ),
        "gallery": ws.gallery("notifications", samples=128),
        "drift": drift({f"{text}.yaml": scenario}, deployments=PAIR[:1]),
        "refresh": refresh_report(text),
        "reconcile": ws.reconcile(scenario, invoice(text), "oci.load_balancer_vm"),
        "scenario": scenario,
        "profile": scenario.profile,
        "demand": ws.expected_demand(scenario),
    }


def refresh_report(text: str) -> RefreshReport:
    """What vendors may write into their answers, and names of files that hold them."""
    finding = Finding(
        Kind.UNIT_UNKNOWN, "oci", text, "oci.compute.e4_ocpu_hours", text,
        source=f"https://{text}", ids=(text,), detail=f"unit {text} is not known",
    )  # fmt: skip
    unread = (Unread(text, f"not JSON, but begins with {text}"),)
    return RefreshReport((finding,), unread, unread, (f"not written: {text}",))


def invoice(text: str) -> ws.Invoice:
    """A bill with a line of that name, which no meter stands for."""
    bill = ws.read_invoice(Path(__file__).parents[1] / "invoices/samples/oci-cost-report.csv")
    return replace(bill, unmapped=bill.unmapped.head(1).assign(vendor_name=text))


@pytest.fixture
def text(results) -> str:
    return results["scenario"].name


def test_a_terminal_shows_the_signs_and_takes_none_as_an_order(results, text):
    for name, result in results.items():
        console = Console(
            width=400, force_terminal=True, color_system="standard", file=io.StringIO()
        )
        console.print(render.to_terminal(result))
        shown = console.file.getvalue()  # pyright: ignore[reportAttributeAccessIssue]
        assert "\x1b]" not in shown  # neither a link nor a title of the window
        if name in ("scenario", "profile", "estimate"):
            assert text.split()[0] in shown


def test_json_gives_the_texts_back(results, text):
    for name, result in results.items():
        if hasattr(result, "to_json"):
            assert json.loads(result.to_json()), name
    assert json.loads(results["compare"].to_json())["scenario"]["name"] == text


def test_markdown_has_no_picture_no_link_and_no_tag_of_theirs(results):
    for result in results.values():
        shown = without_code_and_escapes(render.to_markdown(result))
        assert "evil.example" not in "".join(re.findall(r"\]\(([^)]*)\)", shown))
        assert not re.search(r"!\[|<img|<b>|https?://evil|www\.|@evil", shown)


def test_a_spreadsheet_finds_no_formula(results):
    for table in tables(results):
        for row in csv.reader(io.StringIO(spreadsheet.csv(table))):
            for cell in row:
                assert not cell.startswith(("=", "+", "@", "\t")), cell
                assert not cell.startswith("-") or float(cell) < 0, cell


def test_html_holds_only_elements_of_its_own(results):
    for result in results.values():
        page = Elements()
        page.feed(render.to_html(result))
        assert page.names <= {
            *("div", "b", "table", "thead", "tbody", "tr", "th", "td", "ul", "li", "span", "code"),
            *("details", "summary", "a"),
        }
        assert all("evil" not in link.split("%")[0] for link in page.links)
        assert all(link.startswith("https://") for link in page.links)


def test_charts_show_the_signs(results, text):
    with mpl.rc_context({"svg.fonttype": "none"}):
        shown = {name: " ".join(texts_in(draw())) for name, draw in charts(results)}
    assert shown.keys() == render._CHARTS.keys()
    assert all(each.isprintable() for each in shown.values())
    # a formula that was understood would have lost its dollars
    words = printable(text).replace(".", "·").split()
    for name in ("sweep", "break_even", "wire", "sizes"):
        assert all(word in shown[name] for word in words), name


def charts(results: dict[str, Result]) -> Iterator[tuple[str, Callable[[], Figure]]]:
    for name in ("estimate", "sweep", "break_even", "growth", "diff", "move", "uncertainty", "fan"):
        yield name, results[name].chart
    yield "transports", results["transports"].chart
    yield "comparison", results["compare"].chart
    yield "share_card", partial(results["compare"].share_card, link=hostile.SOURCE)
    yield "gallery", results["gallery"].chart
    yield "limits", partial(render.draw, "limits", [results["estimate"]])
    yield "tornado", partial(results["uncertainty"].tornado_chart, PAIR[0])
    yield "budget_check", results["budget_check"].chart
    yield "reconciliation", results["reconcile"].chart
    yield "recovery_plan", results["recovery_plan"].chart
    simulation = results["simulate"]
    yield "simulation", simulation.chart
    yield "storm", partial(simulation.storm_chart, 0)
    yield "peaks", simulation.peak_chart
    yield "attempts", simulation.attempts_chart
    yield "scaling", simulation.scaling_chart
    for name in ("week", "sizes", "wire"):
        yield name, partial(render.draw, name, results["demand"], None)


def texts_in(figure: Figure) -> list[str]:
    figure.set_layout_engine("none")  # it takes long, and moves texts only
    file = io.BytesIO()
    FigureCanvasSVG(figure).print_svg(file)  # draws once; to save a figure draws twice
    elements = ElementTree.fromstring(file.getvalue()).iter("{http://www.w3.org/2000/svg}text")
    return ["".join(each.itertext()) for each in elements]


def tables(results: dict[str, Result]) -> Iterator[pd.DataFrame]:
    for name in ("compare", "sweep", "break_even", "growth", "transports", "uncertainty"):
        yield results[name].table
    yield results["estimate"].lines
    yield results["simulate"].verdicts
    yield pd.DataFrame({"text": list(hostile.TEXTS.values()), hostile.TEXTS["formula"]: -1.0})


class Elements(HTMLParser):
    """What a browser makes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        assert not any(name.startswith("on") for name, _ in attrs)


def without_code_and_escapes(markdown: str) -> str:
    """What is left of a text that a renderer may take for markup."""
    without_code = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", markdown)
    return re.sub(r"\\[!-/:-@\[-`{-~]", "", without_code)


ORDERS = "name\x1b[31m\x1b]0;title\x07\x9b2J\r\u202edrow\ud83d\x00"


def test_orders_to_a_terminal_are_written_out():
    shown = printable(ORDERS)
    assert shown.isprintable()
    assert shown.startswith(r"name\x1b[31m\x1b]0;title\x07\x9b2J\r\u202edrow\ud83d\x00")
    document = doc.Document(ORDERS, (doc.Paragraph(ORDERS, label=ORDERS), doc.Bullets((ORDERS,))))
    console = Console(width=200, no_color=True, file=io.StringIO())
    from estimator.render.terminal.document import render as to_terminal, wrapped

    console.print(to_terminal(document))
    for text in (console.file.getvalue(), wrapped(ORDERS)):  # pyright: ignore[reportAttributeAccessIssue]
        assert all(line.isprintable() for line in text.splitlines())


def test_an_error_message_orders_a_terminal_nothing(monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["estimator", "list", "\x1b]0;evil\x07"])
    with pytest.raises(SystemExit):
        cli.main()
    assert r"unknown thing to list '\x1b]0;evil\x07'" in capsys.readouterr().err
