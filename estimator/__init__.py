"""What a WebSocket deployment will cost on AWS, Azure, Google Cloud and OCI, and why.

>>> import estimator as ws
>>> scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
>>> bill = ws.estimate(scenario, "aws.api_gateway")
>>> bill.total > 0
True
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from estimator.analysis.breakeven.breakeven import BreakEven, break_even
    from estimator.analysis.choice_tables import machines, options, servers
    from estimator.analysis.compare import Comparison, compare
    from estimator.analysis.diff.diff import Difference, diff
    from estimator.analysis.estimate import Estimate, estimate
    from estimator.analysis.growth.growth import Growth, growth
    from estimator.analysis.price import price
    from estimator.analysis.price_list import prices
    from estimator.analysis.simulate.result import Simulation
    from estimator.analysis.simulate.simulate import simulate
    from estimator.analysis.sweep import Sweep, sweep, sweep_parts
    from estimator.analysis.uncertainty.budget import BudgetCheck, check_budget
    from estimator.analysis.uncertainty.input_ranges import (
        Lognormal,
        Triangular,
        Uniform,
        input_ranges_by_evidence,
    )
    from estimator.analysis.uncertainty.result import Fan, Uncertainty
    from estimator.analysis.uncertainty.uncertainty import uncertainty
    from estimator.demand.demand import Demand
    from estimator.demand.expected import expected_demand
    from estimator.deployments.registry import DEPLOYMENTS, SAAS, assumptions
    from estimator.errors import (
        EstimatorError,
        MissingRateError,
        PricingDataError,
        ScenarioError,
        UnknownNameError,
    )
    from estimator.pricing.bill import Bill
    from estimator.pricing.contract import Contract, ContractError, contract_names, load_contract
    from estimator.scenario.disruptions import (
        BalancerResize,
        Broadcast,
        ConnectionThrottle,
        FlashCrowd,
        NetworkFlap,
        Outage,
        RollingDeployment,
        TopOfHour,
    )
    from estimator.scenario.locations import locations
    from estimator.scenario.profile import Profile, Reconnect, load_profile, profile_names
    from estimator.scenario.scenario import Scenario

__all__ = [
    "DEPLOYMENTS",
    "SAAS",
    "BalancerResize",
    "Bill",
    "BreakEven",
    "Broadcast",
    "BudgetCheck",
    "Comparison",
    "ConnectionThrottle",
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
    "Reconnect",
    "RollingDeployment",
    "Scenario",
    "ScenarioError",
    "Simulation",
    "Sweep",
    "TopOfHour",
    "Triangular",
    "Uncertainty",
    "Uniform",
    "UnknownNameError",
    "assumptions",
    "break_even",
    "check_budget",
    "compare",
    "contract_names",
    "diff",
    "estimate",
    "expected_demand",
    "growth",
    "input_ranges_by_evidence",
    "load_contract",
    "load_profile",
    "locations",
    "machines",
    "options",
    "price",
    "prices",
    "profile_names",
    "servers",
    "simulate",
    "sweep",
    "sweep_parts",
    "uncertainty",
]

_HOMES = {
    "estimator.analysis.estimate": (
        "Estimate",
        "estimate",
    ),
    "estimator.analysis.price": ("price",),
    "estimator.analysis.simulate.result": ("Simulation",),
    "estimator.analysis.simulate.simulate": ("simulate",),
    "estimator.analysis.uncertainty.input_ranges": (
        "Lognormal",
        "Triangular",
        "Uniform",
        "input_ranges_by_evidence",
    ),
    "estimator.demand.demand": ("Demand",),
    "estimator.demand.expected": ("expected_demand",),
    "estimator.deployments.registry": (
        "DEPLOYMENTS",
        "SAAS",
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
    "estimator.analysis.breakeven.breakeven": (
        "BreakEven",
        "break_even",
        "check_budget",
    ),
    "estimator.analysis.choice_tables": (
        "machines",
        "options",
        "servers",
    ),
    "estimator.analysis.compare": (
        "Comparison",
        "compare",
    ),
    "estimator.analysis.diff.diff": (
        "Difference",
        "diff",
    ),
    "estimator.analysis.uncertainty.budget": (
        "BudgetCheck",
        "check_budget",
    ),
    "estimator.analysis.growth.growth": (
        "Growth",
        "growth",
    ),
    "estimator.analysis.price_list": ("prices",),
    "estimator.analysis.sweep": (
        "Sweep",
        "sweep",
        "sweep_parts",
    ),
    "estimator.analysis.uncertainty.uncertainty": (
        "Uncertainty",
        "Uniform",
        "uncertainty",
    ),
    "estimator.scenario.disruptions": (
        "Broadcast",
        "FlashCrowd",
        "TopOfHour",
        "BalancerResize",
        "NetworkFlap",
        "Outage",
        "RollingDeployment",
        "ConnectionThrottle",
    ),
    "estimator.scenario.locations": ("locations",),
    "estimator.scenario.profile": (
        "Profile",
        "load_profile",
        "profile_names",
        "Reconnect",
    ),
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
