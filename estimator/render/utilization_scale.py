"""How close to its limit is a use? Levels of the used share, their names and colors.

Shades of blue up to where a limit counts as near, then amber and vermilion, which differ from
them, and from each other, in lightness too: nobody needs to see red or green.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from estimator.arrays import FloatArray
from estimator.deployments.limits import NEAR_SHARE
from estimator.format import NO_END

_STEPS: Final = np.array([0.2, 0.4, 0.6, NEAR_SHARE, np.nextafter(1.0, 2.0)])
"""Where the next level begins; a share of exactly 1 is within the limit."""
_NAMES: Final = ("to 20%", "to 40%", "to 60%", "to 80%", "near", "over")
_ON_LIGHT: Final = ("#E3EEF6", "#AED1E9", "#7DB8DF", "#2F86BF", "#F0B429", "#B23A00")
_ON_DARK: Final = ("#1E3140", "#25506E", "#2F78A8", "#56B4E9", "#F7C948", "#FF7A45")


def level_of(shares: FloatArray) -> npt.NDArray[np.int_]:
    """Index of each share among ``level_colors``; -1 for NaN, where there is no limit.

    >>> level_of(np.array([0.0, 0.8, 1.0, 1.01, np.nan]))
    array([ 0,  4,  4,  5, -1])
    """
    found = np.searchsorted(_STEPS, shares, side="right")
    return np.where(np.isnan(shares), -1, found)


def level_colors(*, dark: bool) -> tuple[tuple[str, str], ...]:
    """Name and color of each level, from far below a limit to over it."""
    return tuple(zip(_NAMES, _ON_DARK if dark else _ON_LIGHT, strict=True))


def share_text(share: float) -> str:
    """The used share of a limit for people; a full hundred, and 80, only for what is that.

    >>> share_text(0.5), share_text(1.0004), share_text(0.9996), share_text(0.0001)
    ('50%', '100.04%', '99.96%', '<0.1%')
    >>> share_text(float("inf")), share_text(17.172), share_text(0.7996), share_text(0)
    ('no end', '1,717%', '79.96%', '0%')
    """
    if math.isinf(share):
        return NO_END
    if 0 < share < 0.001:
        return "<0.1%"
    shown = f"{100 * share:,.0f}"
    edges = {f"{100 * edge:.0f}": edge for edge in (1.0, NEAR_SHARE)}
    if shown in edges and share != edges[shown]:
        shown = f"{100 * share:.2f}"
    elif 0 < share < 0.095:
        shown = f"{100 * share:.1f}"
    return f"{shown}%"
