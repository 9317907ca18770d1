"""Where does a file come from? Scenario, settings, day and age of prices: all that it carries."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st

from estimator.analysis.compare import title_of
from estimator.dashboard.session.state import (
    LONGEST_LINK_CHARACTERS,
    PARAMETER,
    PRICE_LIST,
    comparison_of,
    on_screen,
)
from estimator.pricing.bill import Bill
from estimator.pricing.price_files import price_list
from estimator.render.printable import printable
from estimator.scenario.scenario import Scenario

_LONGEST_NAME: Final = 40
"""Letters of a name inside the name of a file; with all the rest, every system takes it."""

Days = tuple[dt.date, dt.date]
"""The first and the last."""


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file says of itself."""

    made_on: dt.date
    scenario: Scenario | None
    """None: it tells of no scenario, such as a list of prices."""
    settings: Mapping[str, str]
    """Of the page, as far as they differ from those it opens with."""
    checked: Days | None
    """When its prices were checked; None if it has none."""
    link: str = ""
    """Shows the same page again."""
    price_list: str = field(default_factory=price_list)
    """The one in force, by its id and date."""

    def file_name(self, what: str) -> str:
        """The whole name of a file: whose it is, what it holds, and of which day.

        Args:
            what: it holds, and its ending.

        >>> Origin(dt.date(2026, 12, 1), None, {}, None).file_name("prices.csv")
        'prices-2026-12-01.csv'
        """
        held, _, ending = what.rpartition(".")
        of = self.scenario
        whose = () if of is None else (of.name or of.profile.title, of.location)
        parts = (*filter(None, map(file_words, whose)), held, f"{self.made_on}.{ending}")
        return "-".join(parts)

    @property
    def subject(self) -> str:
        """Whose figures these are, in one phrase."""
        of = self.scenario
        return "" if of is None else _one_line(f"{title_of(of)}: {of.audience}")

    @property
    def dates(self) -> str:
        """How old it is, and its prices."""
        made = f"Made on {self.made_on}"
        if self.checked is None:
            return f"{made}."
        first, last = self.checked
        days = f"on {last}" if first == last else f"between {first} and {last}"
        as_of = self.scenario and self.scenario.as_of
        which = f"prices in force on {as_of}" if as_of else "newest prices known"
        return f"{made}; {which}, price list {self.price_list}, checked {days}."

    @property
    def sentences(self) -> tuple[str, ...]:
        """All of it but the scenario itself, a line each."""
        settings = ", ".join(f"{name} = {value}" for name, value in self.settings.items())
        lines = (
            self.subject,
            self.dates,
            settings and _one_line(f"Settings: {settings}"),
            self.link and f"Link: {self.link}",
        )
        return tuple(filter(None, lines))

    def comments(self, *, whole: bool = True) -> str:
        """All of it as lines that begin with ``#``, as CSV and YAML allow.

        Args:
            whole: with the scenario as a file.
        """
        lines = list(self.sentences)
        if whole and self.scenario is not None:
            lines += ["The scenario as a file:", *self.scenario.to_yaml().splitlines()]
        return "".join(f"# {line}\n" for line in lines)

    def as_data(self) -> dict[str, Any]:
        """All of it as plain data; the scenario stands beside it."""
        first, last = self.checked or (None, None)
        return {
            "made_on": self.made_on.isoformat(),
            "prices_checked_from": first and first.isoformat(),
            "prices_checked_to": last and last.isoformat(),
            "price_list": self.price_list,
            "settings": dict(self.settings),
            "link": self.link or None,
        }


def origin_on_screen(bills: Iterable[Bill] | None = None) -> Origin:
    """The origin of what the page shows.

    Args:
        bills: whose prices it goes by; if left out, those of all deployments compared.
    """
    scenario = on_screen()
    if bills is None:
        bills = comparison_of(scenario.to_token()).bills
    link = page_link(scenario)
    return Origin(
        made_on=today(),
        scenario=scenario,
        settings={name: ", ".join(values) for name, values in _settings().items()},
        checked=_checked(bills),
        link=link if len(link) <= LONGEST_LINK_CHARACTERS else "",
    )


def page_link(scenario: Scenario) -> str:
    """The address of this page, with the scenario and what else the page keeps there."""
    said = {PARAMETER: scenario.to_token(), **_settings(), PRICE_LIST: price_list()}
    query = urlencode(said, doseq=True)
    return f"{st.context.url or ''}?{query}"


def today() -> dt.date:
    """The day in UTC, the same for all visitors."""
    return dt.datetime.now(tz=dt.UTC).date()


def _settings() -> dict[str, list[str]]:
    """What a page keeps in the address beside the scenario, such as where weeks are simulated."""
    names = [name for name in st.query_params if name not in (PARAMETER, PRICE_LIST)]
    return {name: st.query_params.get_all(name) for name in names}


def _checked(bills: Iterable[Bill]) -> Days | None:
    """When the vendors' prices of some bills were checked; people's time is the visitor's own."""
    days = [
        item.rate.checked_on
        for bill in bills
        for item in bill.items
        if item.usage.layer != "engineering"
    ]
    return (min(days), max(days)) if days else None


def _one_line(text: str) -> str:
    return printable(" ".join(text.split()))


def file_words(text: str) -> str:
    """A text as a part of a file's name that every system takes; empty if it has no Latin letter.

    >>> file_words("Zoë's Chat / Größe: 2"), file_words("チャット")
    ('zoe-s-chat-grosse-2', '')
    """
    parted = unicodedata.normalize("NFKD", text.casefold())
    letters = "".join(sign for sign in parted if not unicodedata.combining(sign))
    return re.sub("[^a-z0-9]+", "-", letters)[:_LONGEST_NAME].strip("-")
