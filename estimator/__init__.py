"""What a WebSocket deployment will cost on AWS, Azure, Google Cloud and OCI, and why.

>>> import estimator as ws
>>> scenario = ws.Scenario(profile="workplace-chat", place="virginia", peak_connections=50_000)
>>> bill = ws.estimate(scenario, "aws.api_gateway")
>>> bill.total > 0
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estimator.analysis.estimate import Estimate, estimate, price
    from estimator.analysis.simulate import Simulation, simulate
    from estimator.analysis.spreads import Lognormal, Range, Triangular, spreads_by_evidence
    from estimator.demand.demand import Demand
    from estimator.demand.expected import expected_demand
    from estimator.deployments.registry import DEPLOYMENTS, PROVIDERS, assumptions
    from estimator.errors import (
        EstimatorError,
        MissingRateError,
        PricingDataError,
        ScenarioError,
        UnknownNameError,
    )
    from estimator.pricing.bill import Bill
    from estimator.pricing.contract import Contract, ContractError, contract_names, load_contract
    from estimator.report.breakeven import BreakEven, break_even
    from estimator.report.choice_tables import machines, options, servers
    from estimator.report.comparison import Comparison, compare
    from estimator.report.difference import Difference, difference
    from estimator.report.fan import Fan
    from estimator.report.growth import Growth, growth
    from estimator.report.price_list import prices
    from estimator.report.sweep import Sweep, sweep, sweep_parts
    from estimator.report.uncertainty import Uncertainty, uncertainty
    from estimator.scenario.crowds import Broadcast, FlashCrowd, TopOfHour
    from estimator.scenario.faults import (
        BalancerResize,
        NetworkFlap,
        Outage,
        RollingDeployment,
        SlowConnects,
    )
    from estimator.scenario.places import places
    from estimator.scenario.profile import Profile, load_profile, profile_names
    from estimator.scenario.reconnect import Reconnect
    from estimator.scenario.scenario import Scenario

__all__ = [
    "DEPLOYMENTS",
    "PROVIDERS",
    "BalancerResize",
    "Bill",
    "BreakEven",
    "Broadcast",
    "Comparison",
    "Contract",
    "ContractError",
    "Demand",
    "Difference",
    "Estimate",
    "EstimatorError",
    "Fan",
    "FlashCrowd",
    "Growth",
    "Lognormal",
    "MissingRateError",
    "NetworkFlap",
    "Outage",
    "PricingDataError",
    "Profile",
    "Range",
    "Reconnect",
    "RollingDeployment",
    "Scenario",
    "ScenarioError",
    "Simulation",
    "SlowConnects",
    "Sweep",
    "TopOfHour",
    "Triangular",
    "Uncertainty",
    "UnknownNameError",
    "assumptions",
    "break_even",
    "compare",
    "contract_names",
    "difference",
    "estimate",
    "expected_demand",
    "growth",
    "load_contract",
    "load_profile",
    "machines",
    "options",
    "places",
    "price",
    "prices",
    "profile_names",
    "servers",
    "simulate",
    "spreads_by_evidence",
    "sweep",
    "sweep_parts",
    "uncertainty",
]

_HOMES = {
    "estimator.analysis.estimate": (
        "Estimate",
        "estimate",
        "price",
    ),
    "estimator.analysis.simulate": (
        "Simulation",
        "simulate",
    ),
    "estimator.analysis.spreads": (
        "Lognormal",
        "Range",
        "Triangular",
        "spreads_by_evidence",
    ),
    "estimator.demand.demand": ("Demand",),
    "estimator.demand.expected": ("expected_demand",),
    "estimator.deployments.registry": (
        "DEPLOYMENTS",
        "PROVIDERS",
        "assumptions",
    ),
    "estimator.errors": (
        "EstimatorError",
        "MissingRateError",
        "PricingDataError",
        "ScenarioError",
        "UnknownNameError",
    ),
    "estimator.pricing.bill": ("Bill",),
    "estimator.pricing.contract": (
        "Contract",
        "ContractError",
        "contract_names",
        "load_contract",
    ),
    "estimator.report.breakeven": (
        "BreakEven",
        "break_even",
    ),
    "estimator.report.choice_tables": (
        "machines",
        "options",
        "servers",
    ),
    "estimator.report.comparison": (
        "Comparison",
        "compare",
    ),
    "estimator.report.difference": (
        "Difference",
        "difference",
    ),
    "estimator.report.fan": ("Fan",),
    "estimator.report.growth": (
        "Growth",
        "growth",
    ),
    "estimator.report.price_list": ("prices",),
    "estimator.report.sweep": (
        "Sweep",
        "sweep",
        "sweep_parts",
    ),
    "estimator.report.uncertainty": (
        "Uncertainty",
        "uncertainty",
    ),
    "estimator.scenario.crowds": (
        "Broadcast",
        "FlashCrowd",
        "TopOfHour",
    ),
    "estimator.scenario.faults": (
        "BalancerResize",
        "NetworkFlap",
        "Outage",
        "RollingDeployment",
        "SlowConnects",
    ),
    "estimator.scenario.places": ("places",),
    "estimator.scenario.profile": (
        "Profile",
        "load_profile",
        "profile_names",
    ),
    "estimator.scenario.reconnect": ("Reconnect",),
    "estimator.scenario.scenario": ("Scenario",),
}
"""Where each name is defined. It is imported when somebody asks for it: the command line answers
``--help`` and completes a word without the seconds that the numerical libraries take to load."""
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = found  # asked once
    return found


def __dir__() -> list[str]:
    # completion offers the public names, not the rooms that they come from
    return [*__all__, *(name for name in globals() if name.startswith("__"))]
