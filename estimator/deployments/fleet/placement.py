"""How many nodes stand in how many zones, so that what may fail leaves enough of them?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from estimator.arrays import FloatArray
from estimator.deployments.base import Options

_NOISE = 1e-9


class SurvivalOptions(Options):
    """Choices of what may fail."""

    survives: Literal["zone", "node", "none"] = "zone"
    """What may fail in the busiest hour: a whole zone, one node, or nothing. The nodes that are
    left carry the peak within ``headroom``, and Redis has a replica that takes over. For a zone,
    all zones have as many nodes."""
    zones: Annotated[int, Field(ge=1, le=6)] = 3
    """Zones of the region over which nodes are spread. Assumption: three. Where one of three may
    fail, half as many nodes again are kept for that; where one of two may fail, as many again."""

    @model_validator(mode="after")
    def _another_zone_is_left(self) -> Self:
        if self.survives == "zone" and self.zones == 1:
            raise ValueError(
                "survives: nothing is left of one zone when it fails; choose node or none, or "
                "zones of 2 or more"
            )
        return self


class PlacementOptions(SurvivalOptions):
    """Choices of how many nodes stand where."""

    min_nodes: Annotated[int, Field(ge=1)] = 1
    """Fewest nodes that carry the peak. Those kept for a failure and spare ones come on top, so
    that 1 makes three nodes if one of three zones may fail."""
    spare_nodes: Annotated[int, Field(ge=0)] = 0
    """Nodes on top of those that carry the peak and those kept for a failure, to replace nodes one
    by one for example."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Nodes run in groups, of which some carry the peak whatever fails; and some run beside."""

    group_carries: int
    """Nodes of a group that carry the peak."""
    group_size: int
    extra: int
    """Nodes beside all groups, wherever one runs."""

    def placed(self, carrying: FloatArray) -> FloatArray:
        """Nodes that run, if so many whole ones must carry the peak whatever fails.

        >>> survives_zone = Placement(group_carries=2, group_size=3, extra=0)
        >>> survives_zone.placed(np.array([0.0, 1.0, 2.0, 3.0])).tolist()
        [0.0, 3.0, 3.0, 6.0]
        """
        nodes = carrying
        if self.group_size > 1:
            groups = np.asarray(carrying * ((1 - _NOISE) / self.group_carries))
            np.ceil(groups, out=groups)
            nodes = np.multiply(groups, self.group_size, out=groups)
        if not self.extra:
            return nodes
        return np.asarray(nodes + np.where(carrying > 0, float(self.extra), 0.0))

    def left(self, nodes: FloatArray) -> FloatArray:
        """Nodes that carry the peak once what may fail has failed, of all that run.

        >>> Placement(group_carries=2, group_size=3, extra=1).left(np.array([0.0, 4.0])).tolist()
        [0.0, 2.0]
        """
        return np.asarray(np.maximum(nodes - self.extra, 0.0) * self.carrying_share)

    @property
    def carrying_share(self) -> float:
        """Part of the nodes of a group that carry the peak."""
        return self.group_carries / self.group_size


def placement(options: SurvivalOptions, spare: int = 0, *, in_zone: bool = False) -> Placement:
    """How many nodes run for those that must carry the peak.

    Args:
        options: what may fail, and the zones.
        spare: nodes on top.
        in_zone: whether a balancer sends clients of a zone to nodes of that zone only, so that all
            zones need as many, and one more each if a node may fail.

    >>> placement(PlacementOptions(survives="node")).placed(np.array(7.0))
    array(8.)
    """
    zones = options.zones
    if options.survives == "zone":
        return Placement(zones - 1, zones, spare)
    kept = 1 if options.survives == "node" else 0
    if in_zone:
        return Placement(zones, zones, spare + kept * zones)
    return Placement(1, 1, spare + kept)


_FAILURE = {
    "zone": "in {zones} zones, of which one may fail",
    "node": "of which one may fail",
    "none": "of which none may fail",
}
"""What is kept for a failure, by what may fail."""


def kept_words(options: SurvivalOptions) -> str:
    """What may fail of the nodes that run, in words.

    >>> kept_words(SurvivalOptions(zones=2))
    'in 2 zones, of which one may fail'
    """
    return _FAILURE[options.survives].format(zones=options.zones)
