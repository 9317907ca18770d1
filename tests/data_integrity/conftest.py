"""The price files as plain dictionaries, read past our own code."""

import csv
import io
from functools import cache

import pytest
from ruamel.yaml import YAML

from estimator.files import data_text, has_data

Row = dict[str, str]


class PriceTables:
    """What stands in ``pricing_data``, unchecked."""

    folders = ("aws", "azure", "gcp", "oci", "saas")

    @staticmethod
    @cache
    def rows(folder: str, table: str = "rates") -> list[Row]:
        return list(csv.DictReader(io.StringIO(data_text(f"{folder}/{table}.csv"))))

    @staticmethod
    @cache
    def yaml(path: str) -> dict:
        return YAML(typ="safe", pure=True).load(data_text(path)) if has_data(path) else {}

    def all_rates(self) -> list[Row]:
        return [row for folder in self.folders for row in self.rows(folder)]

    def price(self, meter: str, region: str, tier_from: float = 0, answer: str = "") -> float:
        """The newest price in the files."""
        found = [
            (row["effective_from"], float(row["usd_per_unit"]))
            for row in self.all_rates()
            if (row["meter"], row["region"]) == (meter, region)
            and float(row["tier_from"]) == tier_from
            and row["answer"] == answer
        ]
        return max(found)[1]

    def meters(self, start: str) -> set[str]:
        """Ids of meters that begin so."""
        return {row["meter"] for row in self.all_rates() if row["meter"].startswith(start)}


@pytest.fixture(scope="session")
def tables() -> PriceTables:
    return PriceTables()
