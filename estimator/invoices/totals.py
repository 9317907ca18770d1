"""What do all lines of a bill add up to, in our meters?

Lines are added up as they come: a bill of any size takes memory for its different lines only.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd

from estimator.invoices.invoice import APART_COLUMNS, LINE_COLUMNS, UNMAPPED_COLUMNS
from estimator.invoices.line import IDENTITY, KEYS, public_name
from estimator.invoices.meter_map import MeterMap

_LINE: Final = ["cloud", "meter", "region", "list_unit_usd", "is_free"]
"""What makes a line of its own. Usage that costs nothing, under a free tier or covered by what was
paid before, is apart from what is paid, though both have one list price."""
_SCOPE: Final = ["cloud", "vendor_name", "unit"]
_FIGURES: Final = ["quantity", "list_usd", "unlisted", "billed_usd", "rows"]
_MOST_KINDS: Final = 20_000
"""Different lines that are kept apart; a real bill has some hundreds."""
_OTHERS: Final = "other names"


class Totals:
    """Adds up lines, those of our meters and those that no meter stands for."""

    def __init__(self) -> None:
        self._map = MeterMap()
        self._lines = pd.DataFrame(columns=[*_LINE, "vendor_name", *_FIGURES])
        self._unmapped = pd.DataFrame(columns=[*_SCOPE, *_FIGURES])
        self._apart: dict[str, tuple[float, int]] = {}
        self.clouds: set[str] = set()
        self.rows_ignored = 0

    def add(self, lines: pd.DataFrame, usd: pd.Series | float) -> None:
        """Add lines (see ``invoices.line``), whose currency is worth so many dollars."""
        # some files say 0 where they have no list price (Azure's, under some agreements)
        unknown = (lines["list_cost"] == 0) & (lines["billed_cost"] > 0)
        listed = lines["list_cost"].where(~unknown)
        figures = lines.assign(
            list_usd=listed.fillna(0.0) * usd,
            unlisted=(listed.isna() & (lines["quantity"].fillna(0.0) != 0)).astype(int),
            billed_usd=lines["billed_cost"] * usd,
            list_price=(lines["list_price"].where(~unknown) * usd).astype(float),
            quantity=lines["quantity"].fillna(0.0),
            is_free=lines["billed_cost"] == 0,
        )
        by_kind = figures.groupby([*KEYS, "is_free"], dropna=False, sort=False)
        added = by_kind[_FIGURES].sum().reset_index()
        self.clouds |= {*added["cloud"]}
        matches = [self._map.find(*line) for line in added[[*IDENTITY]].itertuples(index=False)]
        added["meter"] = [match.row.meter if match else None for match in matches]
        added["units"] = [match.units if match else 1.0 for match in matches]
        support = np.array([bool(match and match.row.apart) for match in matches])
        free = (added["list_usd"].abs() == 0) & (added["billed_usd"].abs() == 0)
        ignored = np.array([bool(match and match.row.ignored) for match in matches]) & free
        category = added["category"].where(~support | (added["category"] == "tax"), "support")
        usage = category == "usage"
        self.rows_ignored += int(added.loc[usage & ignored, "rows"].sum())
        self._set_apart(category[~usage], added[~usage])
        self._add_mapped(added[usage & added["meter"].notna()])
        self._add_unmapped(added[usage & ~ignored & added["meter"].isna()])

    def _set_apart(self, category: pd.Series, added: pd.DataFrame) -> None:
        by_category = added.groupby(category)[["billed_usd", "rows"]].sum()
        for name, row in by_category.iterrows():
            usd, rows = self._apart.get(str(name), (0.0, 0))
            self._apart[str(name)] = usd + float(row["billed_usd"]), rows + int(row["rows"])

    def _add_mapped(self, added: pd.DataFrame) -> None:
        ours = added.assign(
            quantity=added["quantity"] * added["units"],
            list_unit_usd=added["list_price"] / added["units"],
            vendor_name=added["name"].map(public_name),
            region=added["region"].map(public_name),
        )
        kept = _added_up(self._lines, ours, _LINE, {"vendor_name": "first"})
        if len(kept) > _MOST_KINDS:
            kept = _added_up(
                kept.assign(list_unit_usd=np.nan), None, _LINE, {"vendor_name": "first"}
            )
        if len(kept) > _MOST_KINDS:
            kept = _added_up(kept.assign(region=""), None, _LINE, {"vendor_name": "first"})
        self._lines = kept

    def _add_unmapped(self, added: pd.DataFrame) -> None:
        scope = added.assign(
            vendor_name=added["name"].map(public_name), unit=added["unit"].map(public_name)
        )
        kept = _added_up(self._unmapped, scope, _SCOPE, {})
        if len(kept) > _MOST_KINDS:
            few = kept["billed_usd"].abs().rank(method="first", ascending=False) > _MOST_KINDS // 2
            kept.loc[few, ["vendor_name", "unit"]] = [_OTHERS, ""]
            kept = _added_up(kept, None, _SCOPE, {})
        self._unmapped = kept

    @property
    def lines(self) -> pd.DataFrame:
        """Lines of our meters, as ``Invoice.lines``."""
        ordered = _with_list(self._lines).sort_values(_LINE, ignore_index=True)
        quantity = ordered["quantity"]
        derived = (ordered["list_usd"] / quantity).where(quantity != 0)
        ordered["list_unit_usd"] = ordered["list_unit_usd"].where(
            ordered["list_unit_usd"].notna(), derived
        )
        return ordered[[*LINE_COLUMNS]]

    @property
    def unmapped(self) -> pd.DataFrame:
        """Usage that no meter stands for, the most expensive first, as ``Invoice.unmapped``."""
        ordered = _with_list(self._unmapped).sort_values(
            ["billed_usd", *_SCOPE], ascending=[False, True, True, True], ignore_index=True
        )
        return ordered[[*UNMAPPED_COLUMNS]]

    @property
    def apart(self) -> pd.DataFrame:
        """What is not usage, as ``Invoice.apart``."""
        rows = [(name, usd, rows) for name, (usd, rows) in sorted(self._apart.items())]
        return pd.DataFrame(rows, columns=[*APART_COLUMNS])


def _added_up(
    kept: pd.DataFrame, added: pd.DataFrame | None, keys: list[str], firsts: dict[str, Any]
) -> pd.DataFrame:
    both = kept if added is None else pd.concat([kept, added]) if len(kept) else added
    return both.groupby(keys, dropna=False, sort=False, as_index=False).agg(
        firsts | dict.fromkeys(_FIGURES, "sum")
    )


def _with_list(added: pd.DataFrame) -> pd.DataFrame:
    """Without a list cost where some of the usage has none."""
    typed = added.astype(dict.fromkeys(["quantity", "list_usd", "billed_usd"], float))
    return typed.assign(
        list_usd=typed["list_usd"].where(typed["unlisted"].astype(int) == 0),
        rows=typed["rows"].astype(int),
    )
