"""What a WebSocket deployment will cost on AWS, Azure, Google Cloud and OCI, and why.

>>> import estimator as ws
>>> scenario = ws.Scenario(profile="workplace-chat", place="virginia", peak_connections=50_000)
>>> bill = ws.estimate(scenario, "aws.api_gateway")
>>> bill.total > 0
True
"""

from estimator.analysis.estimate import estimate, price
from estimator.analysis.simulate import Simulation, simulate
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
from estimator.pricing.contract import Contract, ContractError, load_contract
from estimator.report.comparison import Comparison, compare
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
    "Broadcast",
    "Comparison",
    "Contract",
    "ContractError",
    "Demand",
    "EstimatorError",
    "FlashCrowd",
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
    "SlowConnects",
    "TopOfHour",
    "UnknownNameError",
    "assumptions",
    "compare",
    "estimate",
    "expected_demand",
    "load_contract",
    "load_profile",
    "places",
    "price",
    "profile_names",
    "simulate",
]
