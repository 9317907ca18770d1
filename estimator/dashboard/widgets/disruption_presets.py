"""What do people fear? Faults and surges that one press adds, each at the fullest hour."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import streamlit as st

from estimator.dashboard.session.state import Change, changed, press
from estimator.dashboard.widgets.document import literal
from estimator.format import capitalized, percent, sentence
from estimator.scenario.disruptions import (
    BalancerResize,
    Broadcast,
    ConnectionThrottle,
    Fault,
    FlashCrowd,
    NetworkFlap,
    Outage,
    RefusedAttempts,
    RollingDeployment,
    SlowDependency,
    Surge,
    TopOfHour,
    ZoneOutage,
)
from estimator.scenario.local_time import Clock
from estimator.simulation.disruptions import UNTOLD_ZONE_SHARE, with_zone_shares

_AWAY_S: Final = 600.0
_LEAST: Final = 0.01
"""Clients, and new connections per second, where nobody comes."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When presets strike, and what there is then."""

    at: str
    """In local time."""
    connections: float
    new_connections_per_second: float
    zone_share: float | None
    """Part of the nodes that is in the largest zone; None if nobody has told."""


@dataclass(frozen=True, slots=True)
class Preset:
    """What people fear, in their words, and what it is here."""

    title: str
    adds: Fault | Surge
    remark: str = ""


def fault_presets(moment: Moment) -> tuple[Preset, ...]:
    """What can fail, the most feared first."""
    at, half = moment.at, max(moment.new_connections_per_second / 2, _LEAST)
    return (
        Preset("A zone fails", ZoneOutage(at=at, lasts=_AWAY_S), _zone_remark(moment.zone_share)),
        Preset("Everything fails", Outage(at=at, lasts=_AWAY_S)),
        Preset("The cloud cuts everyone", Outage(at=at), "New connections can be made at once."),
        Preset("A deploy drops everyone", RollingDeployment(at=at, batches=1, every=60, drain=30)),
        Preset("A rolling deploy", RollingDeployment(at=at, batches=6, every=120, drain=30)),
        Preset("A load balancer is resized", BalancerResize(at=at, share=0.25, over=300)),
        Preset("Networks drop", NetworkFlap(at=at, share=0.1, away=20, times=3, every=60)),
        Preset(
            "Sign-in slows down",
            SlowDependency(at=at, lasts=_AWAY_S, new_connections_per_second=half),
            "Half of what this hour needs.",
        ),
        Preset(
            "The cloud throttles",
            ConnectionThrottle(at=at, lasts=_AWAY_S, new_connections_per_second=half),
            "Half of what this hour needs.",
        ),
        Preset("Half of all attempts fail", RefusedAttempts(at=at, lasts=_AWAY_S, share=0.5)),
    )


def surge_presets(moment: Moment) -> tuple[Preset, ...]:
    """Who can come on top."""
    at, clients = moment.at, max(moment.connections, _LEAST)
    as_many = "As many again as at the peak."
    return (
        Preset("Twice as many at once", FlashCrowd(at=at, clients=clients, over=300), as_many),
        Preset("Everybody on the hour", TopOfHour(share=0.2)),
        Preset(
            "An event",
            Broadcast(at=at, clients=clients, gather=900, lasts=5400),
            as_many,
        ),
    )


def preset_buttons(
    field: str,
    presets: Iterable[Preset],
    there: Sequence[Fault | Surge],
    clock: Clock,
    zone_share: float | None,
) -> None:
    """Draw a button for each; what is there already cannot be added again.

    Args:
        field: of the scenario to which they add.
        presets: what can be added.
        there: what that field holds.
        clock: of the location.
        zone_share: as ``Moment.zone_share``.
    """
    with st.container(horizontal=True, gap="small"):
        for preset in presets:
            told = as_simulated(preset.adds, zone_share)
            words = " ".join(
                filter(None, (sentence(f"adds {told.words_on(clock)}"), preset.remark))
            )
            st.button(
                preset.title,
                key=f"preset {preset.title}",
                icon=":material/bolt:",
                help=literal(capitalized(words)),
                disabled=preset.adds in there,
                **press(_adding(field, preset.adds)),
            )


def as_simulated(one: Fault | Surge, zone_share: float | None) -> Fault | Surge:
    """As it is simulated: an outage of a zone with the share that it takes."""
    return with_zone_shares([one], zone_share)[0] if isinstance(one, ZoneOutage) else one


def _adding(field: str, one: Fault | Surge) -> Change:
    return lambda old, _: changed(old, **{field: (*getattr(old, field), one)})


def _zone_remark(zone_share: float | None) -> str:
    if zone_share is None:
        return f"Nobody publishes more: one of three zones is taken ({percent(UNTOLD_ZONE_SHARE)})."
    return f"The largest zone of the deployment holds {percent(zone_share)} of its nodes."
