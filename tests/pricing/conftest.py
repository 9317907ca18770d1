"""Made-up price files, so that a test states only what matters to it."""

import csv
import datetime as dt
import functools
import json
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from estimator import files as estimator_files
from estimator.pricing.bill import Bill
from estimator.pricing.catalog import Catalog
from estimator.pricing.contract import as_contract
from estimator.pricing.lines import FreeAllowances, Usage, price_usage
from estimator.pricing.price_files import (
    Allowance,
    Assumption,
    Gap,
    Meter,
    PriceFiles,
    RateRow,
    Region,
)

Row = dict[str, Any]

SOURCE = "https://example.org/prices"
METER: Row = {
    "meter": "aws.shop.things",
    "title": "Things",
    "service": "Shop",
    "driver": "messages",
    "unit": "Things",
    "tiers_pool_over": "account",
    "focus_category": "Other",
    "focus_subcategory": "Other",
    "source": SOURCE,
}
RATE: Row = {
    "meter": "aws.shop.things",
    "region": "*",
    "tier_from": 0,
    "usd_per_unit": 1,
    "effective_from": "2025-01-01",
    "checked_on": "2026-10-01",
    "source": SOURCE,
    "confidence": "confirmed",
}
ALLOWANCE: Row = {
    "allowance": "aws.shop.gift",
    "shares": "things of the account",
    "meters": "aws.shop.things",
    "kind": "always",
    "pool_over": "account",
    "source": SOURCE,
    "checked_on": "2026-10-01",
}
GAP: Row = {
    "meter": "aws.shop.things",
    "region": "far",
    "reason": "not_seen",
    "note": "no page names it",
}
ZONES = {"here": "near", "there": "near", "far": "away"}


@pytest.fixture(scope="session")
def price_files() -> Callable[..., PriceFiles]:
    """Price files of a made-up shop: each row says only how it differs from the defaults above.

    ``rates`` are rows, or a ladder {tier_from: usd} that holds everywhere; ``regions`` are zones
    by region; ``questions`` are answers by id, the default first. An allowance that is a quantity
    lies beyond the tiers if it does not say.
    """

    def build(
        rates: Sequence[Row] | Mapping[float, float] = ({},),
        *,
        meters: Sequence[Row] = ({},),
        allowances: Sequence[Row] = (),
        gaps: Sequence[Row] = (),
        regions: Mapping[str, str | None] = ZONES,
        questions: Mapping[str, Sequence[str]] | None = None,
    ) -> PriceFiles:
        if isinstance(rates, Mapping):
            rates = [{"tier_from": edge, "usd_per_unit": usd} for edge, usd in rates.items()]
        beyond = {"tiers": "beyond"}
        return PriceFiles(
            meters=tuple(Meter.model_validate(METER | row) for row in meters),
            rates=tuple(RateRow.model_validate(RATE | row) for row in rates),
            allowances=tuple(
                Allowance.model_validate(ALLOWANCE | (beyond if "quantity" in row else {}) | row)
                for row in allowances
            ),
            gaps=tuple(Gap.model_validate(GAP | row) for row in gaps),
            regions={
                "aws": {
                    name: Region(region=name, title=name.title(), zone=zone)
                    for name, zone in regions.items()
                }
            },
            assumptions={
                name: Assumption(
                    name, f"Which {name}?", {one: f"it is {one}" for one in answers}, "-"
                )
                for name, answers in (questions or {}).items()
            },
        )

    return build


@pytest.fixture(scope="session")
def catalog_of(price_files) -> Callable[..., Catalog]:
    """The catalogue that made-up price files make, on a day, under answers, with a contract."""

    def build(
        *rates: Any,
        as_of: str | None = None,
        answers: Mapping[str, str] | None = None,
        contract: Sequence[Row] | None = None,
        **tables: Any,
    ) -> Catalog:
        return Catalog(
            price_files(*rates, **tables),
            dt.date.fromisoformat(as_of) if as_of else None,
            answers,
            as_contract({"title": "Ours", "rates": contract}) if contract else None,
        )

    return build


@pytest.fixture(scope="session")
def bill_for() -> Callable[..., Bill]:
    """The bill of lines (region, quantity) or (meter, region, quantity) at a catalogue's prices."""

    def build(
        catalog: Catalog, *lines: tuple[Any, ...], free_allowances: FreeAllowances = "all"
    ) -> Bill:
        full = [line if len(line) == 3 else ("aws.shop.things", *line) for line in lines]
        usage = [
            Usage(meter, np.asarray(quantity, dtype=float), "as given", region)
            for meter, region, quantity in full
        ]
        return Bill(
            title="Made up",
            region="",
            items=price_usage(usage, "", catalog, free_allowances),
            hours_per_month=730,
            free_allowances=free_allowances,
            as_of=catalog.as_of,
            contract=catalog.contract,
        )

    return build


class DataFolder:
    """A copy of ``pricing_data`` that stands in its place and may be changed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def write(self, name: str, text: str) -> None:
        """Replace a file."""
        (self.path / name).write_text(text, encoding="utf-8")
        forget()

    def add(self, table: str, *rows: Row) -> None:
        """Append rows to a table of AWS, stated as in the made-up files."""
        defaults = {"rates": RATE, "meters": METER, "allowances": ALLOWANCE, "gaps": GAP}[table]
        self._rewrite(table, [*self._read(table), *(defaults | row for row in rows)])

    def split(self, table: str, answers: Mapping[str, Row], **where: str) -> None:
        """Have rows of AWS hold under answers to a question, each with the changes it brings."""
        rows: list[Row] = []
        for row in self._read(table):
            found = all(row[column] == value for column, value in where.items())
            rows += [row | {"answer": to} | new for to, new in answers.items()] if found else [row]
        self._rewrite(table, rows)

    def ask(self, name: str, *answers: str) -> None:
        """Add an open question, the default answer first."""
        file = self.path / "aws" / "assumptions.yaml"
        asked = {"question": f"Which {name}?", "choices": {one: f"it is {one}" for one in answers}}
        with file.open("a", encoding="utf-8") as end:
            end.write(json.dumps({name: asked | {"evidence": "none"}})[1:-1] + "\n")
        forget()

    def _read(self, table: str) -> list[Row]:
        with (self.path / "aws" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def _rewrite(self, table: str, rows: Sequence[Row]) -> None:
        path = self.path / "aws" / f"{table}.csv"
        with path.open(encoding="utf-8", newline="") as file:
            header = next(csv.reader(file))
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header)
            writer.writeheader()
            writer.writerows(rows)
        forget()


MADE_OF_PRICE_FILES = (
    "estimator.files",
    "estimator.pricing",
    "estimator.deployments",
    "estimator.dashboard.session",
)
"""Packages that keep what they read of price files, or made of it."""


def forget() -> None:
    """Have price files be read again, and all that was made of them be made again."""
    for name, module in list(sys.modules.items()):
        if name.startswith(MADE_OF_PRICE_FILES):
            for kept in vars(module).values():
                if isinstance(kept, functools._lru_cache_wrapper):
                    kept.cache_clear()


@pytest.fixture
def data_folder(monkeypatch, tmp_path) -> Iterator[DataFolder]:
    """Everything is priced from a copy of ``pricing_data`` that the test may change."""
    with as_file(files("pricing_data")) as shipped:
        shutil.copytree(shipped, tmp_path / "pricing_data")
    monkeypatch.setattr(estimator_files, "files", tmp_path.joinpath)
    forget()
    yield DataFolder(tmp_path / "pricing_data")
    forget()
