"""What do more nodes cost? The bill with a minimum of nodes, minus the bill as it is."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final

from estimator.analysis.estimate.bill import priced
from estimator.analysis.estimate.resolve import Resolved
from estimator.analysis.recovery_plan.levers import least_units
from estimator.deployments.base import Deployment, Metered

_OPTIONS: Final = ("min_nodes", "min_instances")
"""Options that set the fewest units, of which a deployment has one at most."""


@dataclass(frozen=True, slots=True)
class NodeBills:
    """Units that can be had of a deployment, and their bills."""

    resolved: Resolved
    deployment: Deployment
    metered: Metered
    """As it is."""
    _metered: dict[int, Metered] = field(default_factory=dict[int, Metered])

    @property
    def option(self) -> str | None:
        """What sets the fewest units; None if nothing does."""
        fields = self.deployment.options.model_fields
        return next((name for name in _OPTIONS if name in fields), None)

    def existing(self, units: float) -> float:
        """Fewest units from so many on that can be had; infinite if there are never so many."""
        if self.option is None:
            return units
        found = least_units(self._with(self._setting(units)).admission)
        return found if found >= units else math.inf

    def setting(self, units: float) -> str:
        """The option that has so many run, such as ``min_nodes: 12``; empty if there is none."""
        return "" if self.option is None else f"{self.option}: {self._setting(units)}"

    def usd_more(self, units: float) -> float | None:
        """USD per month that so many units cost more; None if no option sets them."""
        if self.option is None:
            return None
        more = priced(self.resolved, self.deployment, self._with(self._setting(units)))
        as_it_is = priced(self.resolved, self.deployment, self.metered)
        return float(more.total) - float(as_it_is.total)

    def _setting(self, units: float) -> int:
        """The least value of the option with which so many units run."""
        low, high = 0, math.ceil(units)
        while high - low > 1:
            middle = (low + high) // 2
            if least_units(self._with(middle).admission) >= units:
                high = middle
            else:
                low = middle
        return high

    def _with(self, least: int) -> Metered:
        if least not in self._metered:
            self._metered[least] = self._resolved(least).metered(self.deployment)
        return self._metered[least]

    def _resolved(self, least: int) -> Resolved:
        # the machine stays: another one would be another plan
        options = {**self.metered.admission.options, str(self.option): least}
        return self.resolved.with_options(self.deployment, options)
