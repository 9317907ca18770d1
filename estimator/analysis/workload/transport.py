"""What do heartbeat and compression cost? The same scenario with one of them changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from estimator.analysis.estimate.estimate import estimate
from estimator.analysis.estimate.result import Estimate
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.deployments.fleet.server import ServerOptions
from estimator.deployments.registry import find_deployment
from estimator.documents import read_yaml
from estimator.errors import PricingDataError
from estimator.files import data_text
from estimator.scenario.flows import Heartbeat
from estimator.scenario.profile import Profile, load_profile
from estimator.scenario.scenario import Scenario
from estimator.scenario.sizes import (
    EmpiricalSize,
    FixedSize,
    LognormalSize,
    MixturePart,
    MixtureSize,
    SizeDistribution,
)

_COMPRESSION = "permessage-deflate"
_LENDER = "workplace-chat"
"""Whose heartbeat is tried out where a profile has none."""


@dataclass(frozen=True, slots=True)
class PublishedShare:
    """How small compression made a published sample."""

    share: float
    """Bytes with compression over bytes without."""
    title: str
    source: str


@dataclass(frozen=True, slots=True)
class Variant:
    """A scenario that differs in one thing from the one that was given."""

    title: str
    scenario: Scenario
    compresses: bool | None = None
    """Whether self-hosted servers compress; None: as their options say."""


@dataclass(frozen=True)
class Outcome:
    """What a variant sends and costs."""

    variant: Variant
    to_client_bytes: float
    """On the wire, in the billing month."""
    to_server_bytes: float
    bills: tuple[Estimate | None, ...]
    """In the order of the deployments; None where the deployment has no such option."""


def published_share() -> PublishedShare:
    """What permessage-deflate left of a feed of JSON, from ``pricing_data/compression.yaml``."""
    name = "compression.yaml"
    document = read_yaml(data_text(name), f"pricing_data/{name}", PricingDataError)
    found: dict[str, Any] = document.content["published_sizes"]
    row = next(row for row in found["rows"] if row["encoding"] == "json, deflate")
    return PublishedShare(float(row["share"]), str(found["title"]), str(found["source"]))


def compresses(deployment: str) -> bool:
    """Whether a deployment runs servers of one's own, whose compression is modeled."""
    return issubclass(find_deployment(deployment).options, ServerOptions)


def outcomes(
    scenario: Scenario, deployments: tuple[str, ...], compressed_share: float
) -> tuple[Outcome, ...]:
    """What the scenario and its variants send and cost, the scenario itself first.

    Compression makes messages of flows and those at connect smaller, costs memory of the
    servers' connections, and is only known of servers of one's own.

    Args:
        scenario: a single one.
        deployments: where they are priced.
        compressed_share: bytes of a compressed payload over bytes of a plain one.

    Raises:
        EstimatorError: a deployment has no price there.
    """
    return tuple(_outcome(variant, deployments) for variant in variants(scenario, compressed_share))


def variants(scenario: Scenario, compressed_share: float) -> Iterator[Variant]:
    """The scenario as it is, and with another heartbeat or compression."""
    yield Variant("as it is", scenario)
    beat = scenario.profile.heartbeat
    if beat is None:
        lender = load_profile(_LENDER)
        if lender.heartbeat is not None:
            yield Variant(
                f"with the heartbeat of {lender.title}: a ping every "
                f"{lender.heartbeat.interval_seconds:g} s",
                _with_heartbeat(scenario, lender.heartbeat),
            )
    else:
        yield Variant("without heartbeat", _with_heartbeat(scenario, None))
        rare = 2 * beat.interval_seconds
        yield Variant(
            f"heartbeat twice as long: every {rare:g} s",
            _with_heartbeat(scenario, beat.model_copy(update={"interval_seconds": rare})),
        )
        other = "application" if beat.kind == "protocol" else "protocol"
        yield Variant(
            "heartbeat as messages of the application"
            if other == "application"
            else "heartbeat as pings of the protocol",
            _with_heartbeat(scenario, beat.model_copy(update={"kind": other})),
        )
    yield Variant(
        f"compressed to {compressed_share:.0%} of the payload".replace("%", " %"),
        _shrunk(scenario, compressed_share),
        compresses=True,
    )


def _outcome(variant: Variant, deployments: tuple[str, ...]) -> Outcome:
    demand = expected_demand(variant.scenario)
    return Outcome(
        variant,
        float(demand.per_month(demand.traffic("to_client", "ip"))),
        float(demand.per_month(demand.traffic("to_server", "ip"))),
        tuple(_bill(variant, name, demand) for name in deployments),
    )


def _bill(variant: Variant, deployment: str, demand: Demand) -> Estimate | None:
    scenario = variant.scenario
    if variant.compresses:
        if not compresses(deployment):
            return None
        chosen = {**scenario.options.get(deployment, {}), "compression": _COMPRESSION}
        scenario = scenario.replace(options={**scenario.options, deployment: chosen})
    return estimate(scenario, deployment, demand=demand)


def _with_heartbeat(scenario: Scenario, heartbeat: Heartbeat | None) -> Scenario:
    return scenario.replace(profile=_changed(scenario.profile, heartbeat=heartbeat))


def _shrunk(scenario: Scenario, share: float) -> Scenario:
    """With smaller payloads of all kinds of clients."""
    profiles = scenario.profiles
    return scenario.with_profiles({kind: _compressed(profiles[kind], share) for kind in profiles})


def _compressed(profile: Profile, share: float) -> Profile:
    flows = {
        name: flow.model_copy(update={"payload": shrunk(flow.payload, share)})
        for name, flow in profile.flows.items()
    }
    greeting = profile.at_connect
    sizes = {
        name: shrunk(payload, share)
        for name in ("to_client", "from_client", "tells_payload")
        if (payload := getattr(greeting, name)) is not None
    }
    greeting = greeting.model_copy(update=sizes)
    return _changed(profile, flows=flows, at_connect=greeting)


def _changed(profile: Profile, **changes: object) -> Profile:
    return profile.model_copy(update=changes)


def shrunk(sizes: SizeDistribution, share: float) -> SizeDistribution:
    """The law of sizes of which each is so many times what it was.

    >>> shrunk(EmpiricalSize(sizes=(100, 300)), 0.5).mean
    100.0
    """
    match sizes:
        case FixedSize():
            return FixedSize(bytes=sizes.bytes * share)
        case LognormalSize():
            mean = sizes.mean_bytes * share
            if not sizes.has_cap:
                return LognormalSize(mean_bytes=mean, sigma=sizes.sigma)
            # the cap stays in proportion, and at least one whole byte above the mean
            cap = max(sizes.max_bytes * share, mean + 1)
            return LognormalSize(mean_bytes=mean, sigma=sizes.sigma, max_bytes=cap)
        case MixtureSize():
            parts = tuple(
                MixturePart(share=part.share, size=shrunk(part.size, share)) for part in sizes.parts
            )
            return MixtureSize(parts=parts)
        case EmpiricalSize():
            return EmpiricalSize(
                sizes=tuple(size * share for size in sizes.sizes), counts=sizes.counts
            )
