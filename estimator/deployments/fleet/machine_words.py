"""What should a reader know of the machines that were chosen? What is shared, and what inferred."""

from __future__ import annotations

from collections.abc import Iterator

from estimator.deployments.fleet.family import Family, find_family
from estimator.deployments.fleet.machine import Machine


def about(machine: Machine) -> str:
    """What is shared and what inferred, in one sentence; empty where nothing is.

    >>> from estimator.deployments.fleet.machine import find_machine
    >>> about(find_machine("aws", "vm", "t4g.medium"))
    't4g.medium: its processors are shared and sustain 0.4 of 2 vCPU, by which it is sized.'
    >>> about(find_machine("aws", "vm", "m7g.large"))
    ''
    """
    return sentence(machine.machine, _parts(machine))


def sentence(name: str, parts: Iterator[str]) -> str:
    """What is said of something."""
    said = "; ".join(parts)
    return f"{name}: {said}." if said else ""


def _parts(machine: Machine) -> Iterator[str]:
    if machine.sustained_vcpus is not None:
        yield from about_sharing(machine.vcpus, machine.sustained_vcpus)
    yield from about_speed(find_family(machine.family))
    if (machine.network_confidence or machine.confidence) == "inferred":
        yield f"its bandwidth of {machine.network_mbps:,g} Mbps is inferred"


def about_sharing(vcpus: float, sustained: float) -> Iterator[str]:
    """How much of shared processors can be counted on."""
    shown = f" of {vcpus:g}" if sustained < vcpus else ""
    yield f"its processors are shared and sustain {sustained:g}{shown} vCPU, by which it is sized"


def about_speed(family: Family) -> Iterator[str]:
    """How far an inferred speed may be off."""
    if family.confidence == "inferred":
        yield (
            f"the speed of its processors is inferred, {family.core_speed:g} of the reference "
            f"speed ({family.core_speed_low:g} to {family.core_speed_high:g})"
        )
