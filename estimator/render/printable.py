r"""Which signs of a text are shown as they are? Those that print; others are written out.

A terminal takes some for orders: to color, to move, to rename its window, to copy. Others turn the
direction of what follows, so that it reads as something else.
"""

from __future__ import annotations

import re
from typing import Final

_ORDERS: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff"
    "\ufffe\uffff]"
)
"""Control signs but tab and new line, marks of direction, halves of surrogate pairs, and what XML
forbids besides."""


def printable(text: str) -> str:
    r"""A text in which nothing is an order.

    >>> print(printable("Ours\x1b[31m"))
    Ours\x1b[31m
    """
    return _ORDERS.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)
