"""Which verbs are there? One table; the application, help, completion and the tests read it.

What a verb needs is imported when somebody asks for that verb. Its help and its examples are in the
docstring of its function.
"""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class Verb:
    """A command of the program."""

    name: str
    """As it is typed; the Python function that gives the same answer has the same name."""
    where: str
    """Module in ``estimator.cli.commands`` and function."""

    @property
    def function(self) -> Any:
        """What runs, loaded when it is asked for."""
        module, _, function = self.where.partition(":")
        return getattr(import_module(f"estimator.cli.commands.{module}"), function)

    @property
    def help(self) -> tuple[str, str]:
        """What it does, and examples: the two parts of its docstring.

        A test runs each example. The comment above one that does not end with exit status 0 says
        so, as in ``(exit status 1)``.
        """
        about, _, examples = (inspect.getdoc(self.function) or "").partition("\nExamples:\n")
        return about, inspect.cleandoc(examples)


VERBS: Final = (
    Verb("init", "init:init"),
    Verb("gallery", "gallery:gallery"),
    Verb("compare", "bills:compare"),
    Verb("estimate", "bills:estimate"),
    Verb("transports", "transports:transports"),
    Verb("move", "move:move"),
    Verb("diff", "diff:diff"),
    Verb("growth", "growth:growth"),
    Verb("sweep", "sweep:sweep"),
    Verb("break-even", "sweep:break_even"),
    Verb("uncertainty", "uncertainty:uncertainty"),
    Verb("check-budget", "uncertainty:check_budget"),
    Verb("simulate", "simulate:simulate"),
    Verb("recovery-plan", "recovery_plan:recovery_plan"),
    Verb("export", "export:export"),
    Verb("reconcile", "reconcile:reconcile"),
    Verb("price", "price:price"),
    Verb("billable-units", "price:billable_units"),
    Verb("prices", "bills:prices"),
    Verb("refresh", "refresh:refresh"),
    Verb("drift", "drift:drift"),
    Verb("list", "listing:list_things"),
    Verb("schema", "schema:schema"),
)
"""In the order in which the help lists them."""
USUAL_PATH: Final = """\
# write a commented scenario file: who connects, from where, how often
$ estimator init scenario.yaml
# see what it costs per month on every deployment
$ estimator compare scenario.yaml
# read one of the bills, and how each line is calculated
$ estimator estimate scenario.yaml aws.nlb_ec2 --explain
# simulate two weeks; the exit status says whether it stays within limits
$ estimator simulate scenario.yaml --deployment aws.nlb_ec2 --replications 2
# look up the prices, with source and age
$ estimator prices --cloud aws --service nlb --location virginia"""
"""From nothing to an answer, at the end of the help of the whole program."""


def marked_up(examples: str, title: str = "Examples") -> str:
    """Examples as the end of a help text, for ``rich``."""
    shown = re.sub(r"^#.*", r"[dim]\g<0>[/dim]", examples.replace("[", r"\["), flags=re.MULTILINE)
    return f"[bold]{title}[/bold]\n{shown}"
