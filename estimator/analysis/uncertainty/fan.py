"""A fan: how far bills may be off while one number moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from estimator.arrays import FloatArray
from estimator.format import number_of

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from estimator.shown import Look

LEVELS: Final = (0.1, 0.5, 0.9)
"""P10, P50 and P90: in eight of ten cases the bill is between the outer two."""
COLUMNS: Final = ("p10_usd", "p50_usd", "p90_usd")
"""What tables call them."""
METHOD: Final = "hazen"
"""Of quantiles: each draw stands for the middle of its stratum."""


def quantiles(usd: FloatArray) -> FloatArray:
    """P10, P50 and P90 over the last axis, which becomes the first.

    >>> quantiles(np.arange(1.0, 11.0))
    array([1.5, 5.5, 9.5])
    """
    return np.quantile(usd, LEVELS, axis=-1, method=METHOD)


@dataclass(frozen=True, repr=False)
class Fan:
    """Ranges of bills while one number of the scenario moves, in USD per month.

    >>> import estimator as ws
    >>> scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=1000)
    >>> found = ws.uncertainty(scenario, deployments="aws.api_gateway", questions=(), samples=128)
    >>> found.fan("peak_connections", [1000, 2000, 3000], samples=128).usd.shape
    (3, 1, 3)
    """

    title: str
    """What was estimated."""
    field: str
    """Full name of what moves."""
    values: FloatArray
    """Its values, ascending, shape (values,)."""
    deployments: tuple[str, ...]
    """Ids."""
    usd: FloatArray
    """P10, P50 and P90, shape (3, deployments, values); NaN where it could not be priced."""
    holds_share: FloatArray
    """Share of the draws that would hold, shape (deployments, values)."""
    refusals: Mapping[str, str]
    """Why a deployment could not be priced somewhere, by its id."""

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each deployment and value: deployment, the field, P10, P50, P90, holds."""
        import pandas as pd

        many = len(self.values)
        return pd.DataFrame(
            {
                "deployment": np.repeat(np.array(self.deployments, dtype=object), many),
                self.field: np.tile(self.values, len(self.deployments)),
                **{name: usd.ravel() for name, usd in zip(COLUMNS, self.usd, strict=True)},
                "holds_share": self.holds_share.ravel(),
            }
        )

    def chart(self, look: Look | None = None) -> Figure:
        """A band from P10 to P90 around a line of P50 for each deployment.

        Args:
            look: colors and width; dark on white, if left out.
        """
        from estimator.render.charts.uncertainty import fan_chart

        return fan_chart(self, look)

    def __repr__(self) -> str:
        return (
            f"<Fan {self.title!r}: {len(self.values)} values of {self.field}, "
            f"{number_of(len(self.deployments), 'deployment')}>"
        )
