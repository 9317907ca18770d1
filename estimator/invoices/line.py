"""What is a line of a bill, in one form for all vendors?

A frame of lines has one row per row of the file: what identifies the line (``IDENTITY``), what the
charge is, and its figures. Amounts are in the currency of the bill, quantities in the vendor's
unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import pandas as pd

IDENTITY: Final = ("cloud", "id", "name", "says", "unit")
"""What a line is found by in the map of meters; ``says`` is whatever else it says of itself."""
KEYS: Final = (*IDENTITY, "region", "category", "currency", "list_price")
"""What lines are added up by; ``list_price`` is that of one of the vendor's units, NaN if none."""
FIGURES: Final = ("quantity", "list_cost", "billed_cost")
CATEGORIES: Final = ("usage", "credit", "adjustment", "tax", "support", "purchase")
MISSING: Final = frozenset({"NULL", "null", "None", "none", "\\N", "nan", "NaN", "NaT", "<NA>"})
"""How files write that there is nothing."""
_FORMULA: Final = ("=", "+", "-", "@")
_WITH_COMMAS: Final = r"[-+]?\d[\d.]*,[\d.,]*"


def changed(texts: pd.Series, change: Callable[[str], Any]) -> pd.Series:
    """What becomes of each text; of equal texts it is worked out once."""
    return texts.map({each: change(each) for each in texts.unique()})


def joined(*texts: pd.Series) -> pd.Series:
    """Texts of a row as one, with a sign between them that no name holds."""
    whole = texts[0]
    for text in texts[1:]:
        whole = whole + " ¦ " + text
    return whole


def first_given(*texts: pd.Series) -> pd.Series:
    """The first of several texts that is not empty, row by row."""
    found = texts[0]
    for text in texts[1:]:
        found = found.where(found != "", text)
    return found


def amounts(texts: pd.Series) -> pd.Series:
    """Texts as numbers; NaN where there is none, or it is not finite."""
    numbers = pd.to_numeric(texts, errors="coerce").astype(float)
    return numbers.where(np.isfinite(numbers))


def mistake_in_amount(texts: pd.Series, what: str) -> pd.Series:
    """Why a text is not an amount, row by row; empty where it is one or there is none."""
    wrong = (texts != "") & amounts(texts).isna()
    reasons = pd.Series("", index=texts.index, dtype=object)
    if wrong.any():
        plain = texts[wrong].str.strip()
        # 1,234 is a thousand to some and one to others: nobody guesses
        reasons[wrong] = np.select(
            [plain.str.fullmatch(_WITH_COMMAS), plain.str.startswith(_FORMULA)],
            [
                f"the {what} has a comma in it: save the file with numbers as 1234.56",
                f"a formula in place of the {what}",
            ],
            f"the {what} is not a number",
        )
    return reasons


def by_value(texts: pd.Series, known: Mapping[str, str], otherwise: str) -> pd.Series:
    """Texts in our words, whatever their capitals."""
    return changed(texts, lambda each: known.get(each.casefold(), otherwise))


_PRIVATE: Final = re.compile(
    r"arn:[^\s|]+|ocid1\.[^\s|]+|/subscriptions/[^\s|]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|\bid-[0-9a-f]{6,}|\b\d{12}\b"
)
_MOST_OF_A_NAME: Final = 120
_MOST_THAT_IS_SEARCHED: Final = 400


def public_name(name: str) -> str:
    """A vendor's name of a line, without what belongs to an account, and not longer than a line.

    >>> public_name("Promotional Credits, credit from account: 123456789012")
    'Promotional Credits, credit from account: …'
    """
    plain = _PRIVATE.sub("…", " ".join(name[:_MOST_THAT_IS_SEARCHED].split()))
    return plain if len(plain) <= _MOST_OF_A_NAME else f"{plain[: _MOST_OF_A_NAME - 1]}…"
