"""Loading the whole price list, checked and indexed, against pandas reading the same files.

Each round starts from the files: nothing is kept from the round before, as in a new process whose
imports are done. The peer only parses the tables; it checks nothing.
"""

import io
import statistics
import time
from collections.abc import Callable

import pandas as pd

from estimator import files
from estimator.files import data_text
from estimator.pricing import catalog, price_files
from estimator.pricing.price_files import FOLDERS

ROUNDS = 15
TABLES = ("meters", "rates", "allowances", "gaps", "regions")


def forget() -> None:
    for cached in (
        files.load_rows,
        files.load_mapping,
        price_files.price_files_of,
        price_files.price_assumptions,
        catalog._catalog,
    ):
        cached.cache_clear()


def by_pandas() -> list[pd.DataFrame]:
    return [
        pd.read_csv(io.StringIO(data_text(f"{folder}/{table}.csv")))
        for folder in FOLDERS
        for table in TABLES
    ]


def milliseconds(task: Callable[[], object]) -> list[float]:
    measured: list[float] = []
    for _ in range(ROUNDS):
        forget()
        start = time.perf_counter()
        task()
        measured.append(1000 * (time.perf_counter() - start))
    return measured


def main() -> None:
    prices = len(price_files.load_price_files().rates)
    ours, peer = milliseconds(catalog.load_catalog), milliseconds(by_pandas)
    start = time.perf_counter()
    for _ in range(1000):
        catalog.load_catalog()
    again = time.perf_counter() - start

    print(f"{prices:,} prices, {ROUNDS} rounds, milliseconds: least, median")
    print(f"load_catalog from the files {min(ours):>8.1f}{statistics.median(ours):>8.1f}")
    print(f"pandas.read_csv, unchecked  {min(peer):>8.1f}{statistics.median(peer):>8.1f}")
    print(f"ratio of the medians        {statistics.median(ours) / statistics.median(peer):>16.2f}")
    print(f"load_catalog when cached    {again:>16.4f}")


if __name__ == "__main__":
    main()
