"""Whatever text stands behind an option, a command answers, or refuses in one short message.

In this process, through the function that the command runs. A text is a right one with some
characters changed, or one of the hostile ones.
"""

import random
import re
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from estimator import cli
from estimator.cli.verbs import VERBS
from estimator.errors import MOST_MESSAGE_CHARACTERS

ROOT = Path(__file__).resolve().parents[2]
SCENARIO = """
profile: market-data
location: virginia
peak_connections: 20
"""
HOSTILE = (
    *("", " ", "-", "--", "=", "x", "0", "-1", "-0", "1e400", "nan", "inf", "-inf", "1,5", "1_0"),
    *("٣", "½", "²", "±", "± 1,5 %", "50%", "1/0", "1..2..3..4", "..", "/", "\0", "\n", "\udc80"),
    *("\x1b[31m", "a" * 5_000, "9" * 5_000, "ä" * 5_000, "../x", "true", "None", "2 $ a month"),
    *("€ 5", "[/b]", "$x^$", "%s", "{}", "*", "**", "aws.*", "auto", "1e-320", "1e308", "0x10"),
)
ALPHABET = "0159.,/=%*±-+eEx× \tabz_\"'[]{}()#:;$€½٣\udc80é"
RIGHT: dict[str, tuple[str, ...]] = {
    "--as-of": ("2026-10-31",),
    "--budget": ("2,000 USD", "$300", "US$ 5 a month"),
    "--cloud": ("aws", "oci"),
    "--contract": ("aws-reserved-1-year", "ours.yaml"),
    "--deployment": ("aws.api_gateway", "pusher.channels"),
    "--focus-version": ("1.2", "1.4"),
    "--format": ("focus", "infracost", "k6", "json"),
    "--output": ("new.csv",),
    "--fault": ("outage at Tue 14:00 share 1/3 lasts 5 min notice 25 s",
                "rolling deployment at Wed 10:00 batches 2 every 2 min drain 30 s",
                "network flap at Tue 14:00 share 10% away 20 s times 3 every 1 min"),
    "--input": ("tickers.rate_per_hour=± 25 %", "peak_connections=1..4", "peak_connections=x/ 2",
                "peak_connections=1..2..4", "peak_connections=lognormal 20 p90 40"),
    "--location": ("virginia", "tokyo"),
    "--meter": ("aws.api_gateway.*",),
    "--recover-within": ("5 min",),
    "--share": ("99%", "0.5"),
    "--service": ("api_gateway",),
    "--surge": ("flash crowd at Sat 20:15 clients 20 over 5 min",
                "broadcast at Sun 20:00 clients 50 gather 15 min lasts 90 min"),
    "--month": ("2026-11",),
    "--usd-per": ("EUR=1.08",),
    "--region": ("us-east-1", "eastus"),
    "--vary": ("peak_connections=100,1000", "peak_connections=1..20/5", "hours_per_day=1..24/3",
               "tickers.rate_per_hour=1..50/3", "percent_off.aws.*=0..95/3"),
    "--within": ("5 min", "2 s"),
    "quantities": ("aws.alb.hours=730", "aws.alb.hours@eu-west-1=1,460"),
    "messages": ("4.5 MB=1", "600KB=10"),
    "field": ("peak_connections=100..1e4", "percent_off.aws.*=0..95", "hours_per_day=1..24"),
}  # fmt: skip
"""Right texts for options and arguments that take more than a number."""
FEW = ["--deployment", "aws.api_gateway"]
USUAL: dict[str, list[str]] = {
    "billable-units": ["aws.http_api.requests", "4.5 MB=1"],
    "break-even": ["s.yaml", "peak_connections=10..20", *FEW, "--deployment", "pusher.channels"],
    "check-budget": ["s.yaml", "--budget", "300", *FEW, "--samples", "128", "--no-questions"],
    "compare": ["s.yaml", *FEW],
    "diff": ["s.yaml", "s.yaml", *FEW],
    "drift": ["s.yaml", *FEW],
    "estimate": ["s.yaml", "aws.api_gateway"],
    "export": ["s.yaml", "--format", "focus", *FEW],
    "gallery": ["--profile", "notifications", "--samples", "128"],
    "growth": ["s.yaml", "--monthly-growth", "5", "--months", "3", *FEW],
    "init": ["new.yaml", "--force"],
    "list": ["options", *FEW],
    "move": ["s.yaml", "--from", "aws.api_gateway", "--to", "aws.nlb_ec2"],
    "price": ["aws.alb.hours=730", "--region", "us-east-1"],
    "prices": ["--cloud", "oci", "--service", "load_balancer"],
    "recovery-plan": ["s.yaml", "--replications", "1", "--share", "50%", *FEW],
    "reconcile": ["s.yaml", "bill.csv", "--deployment", "oci.load_balancer_vm"],
    "refresh": ["--from-files", "answers"],
    "schema": [],
    "simulate": ["s.yaml", "--replications", "1", "--no-faults"],
    "sweep": ["s.yaml", "--vary", "peak_connections=10,20", *FEW],
    "transports": ["s.yaml", *FEW],
    "uncertainty": ["s.yaml", *FEW, "--samples", "128", "--no-questions"],
}
SLOW = {"--processes", "--replications"}
"""They take as long as they say."""


def parameters(verb: str) -> list[Any]:
    """Options and arguments of a command that take a text."""
    command = cli._command(next(each for each in VERBS if each.name == verb))
    return [each for each in command.params if not getattr(each, "is_flag", False)]


def with_text(verb: str, parameter: Any, text: str) -> list[str]:
    """The usual call with a text for one option or argument."""
    usual = USUAL[verb]
    if parameter.param_type_name == "argument":
        positions = [each for each in parameters(verb) if each.param_type_name == "argument"]
        at = positions.index(parameter)
        return [verb, *usual[:at], text, *usual[at + 1 :]]
    flag = max(parameter.opts, key=len)
    kept = list(usual)
    if flag in kept and not parameter.multiple:
        at = kept.index(flag)
        del kept[at : at + 2]
    return [verb, *kept, f"{flag}={text}"]


def changed(text: str, chance: random.Random) -> str:
    """A text with some characters put in, taken out or replaced."""
    letters = list(text)
    for _ in range(chance.choice((1, 1, 2, 4))):
        at = chance.randrange(len(letters) + 1)
        letters[at : at + chance.choice((0, 1, 1, 3))] = chance.choice(("", *ALPHABET))
    return "".join(letters)


def texts(name: str, chance: random.Random) -> Iterator[str]:
    """Texts for an option, endless."""
    right = RIGHT.get(name, ("3",))
    while True:
        yield chance.choice(HOSTILE)
        yield changed(chance.choice(right), chance)
        field, sign, rest = chance.choice(right).partition("=")
        yield f"{field}{sign}{chance.choice(HOSTILE)}" if sign else f"{field} {rest}"


@pytest.fixture
def outcome(tmp_path, monkeypatch, capsys):
    """Run the command; what is wrong with how it ended, or nothing."""
    (tmp_path / "s.yaml").write_text(SCENARIO, encoding="utf-8")
    shutil.copytree(ROOT / "examples/vendor-answers", tmp_path / "answers")
    shutil.copy(ROOT / "tests/invoices/samples/oci-cost-report.csv", tmp_path / "bill.csv")
    monkeypatch.chdir(tmp_path)

    def run(arguments: list[str]) -> str:
        monkeypatch.setattr("sys.argv", ["estimator", *arguments])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = int(end.code or 0)
        _, err = capsys.readouterr()
        if status not in (0, 1, 2, 3):
            return f"status {status}: {err}"
        said = " ".join(re.sub(r"[│╭╮╰╯─]", " ", err.partition("for help.")[2] or err).split())
        told = len(said.removeprefix("error: "))
        if (status == 2) != bool(said) or told > MOST_MESSAGE_CHARACTERS:
            return f"status {status}, {told:,} characters: {said[:200]}"
        return ""

    return run


@pytest.mark.parametrize("verb", [verb.name for verb in VERBS])
def test_any_text_is_answered_or_refused_in_a_few_words(verb, outcome, seeds):
    wrong: dict[str, list[str]] = {}
    for parameter in parameters(verb):
        name = max(parameter.opts, key=len)
        for seed in () if name in SLOW else seeds(1, 60):
            for text in islice(texts(name, random.Random(f"{seed} {name}")), 3):
                arguments = with_text(verb, parameter, text)
                if found := outcome(arguments):
                    wrong[found[:200]] = arguments

    assert wrong == {}
