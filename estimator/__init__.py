"""What a WebSocket deployment will cost on AWS, Azure, Google Cloud and OCI, and why.

>>> import estimator as ws
>>> scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=50_000)
>>> bill = ws.estimate(scenario, "aws.api_gateway")
>>> bill.total > 0
True
"""

from __future__ import annotations

import ast
from importlib import import_module
from typing import TYPE_CHECKING, Any

# Every public name stands here once, with its home. Type checkers and editors read these imports;
# while a program runs, a name is imported when it is first used, so that the command line answers
# --help and completes a word without the seconds that the numerical libraries take to load.
# `docs/python-api.md` groups the names.
if TYPE_CHECKING:
    from estimator.analysis.billable_units import billable_units as billable_units
    from estimator.analysis.breakeven.breakeven import (
        BreakEven as BreakEven,
        break_even as break_even,
    )
    from estimator.analysis.choices import (
        limits as limits,
        machines as machines,
        options as options,
        servers as servers,
    )
    from estimator.analysis.compare import Comparison as Comparison, compare as compare
    from estimator.analysis.diff.diff import Difference as Difference, diff as diff
    from estimator.analysis.estimate.estimate import estimate as estimate
    from estimator.analysis.estimate.result import Estimate as Estimate
    from estimator.analysis.gallery.gallery import gallery as gallery
    from estimator.analysis.gallery.result import Gallery as Gallery
    from estimator.analysis.growth.growth import Growth as Growth, growth as growth
    from estimator.analysis.move import Move as Move, move as move
    from estimator.analysis.price import price as price
    from estimator.analysis.price_list import prices as prices
    from estimator.analysis.profiles import profiles as profiles
    from estimator.analysis.published_totals import published_totals as published_totals
    from estimator.analysis.recovery_plan.recovery_plan import recovery_plan as recovery_plan
    from estimator.analysis.recovery_plan.result import RecoveryPlan as RecoveryPlan
    from estimator.analysis.simulate.result import Simulation as Simulation
    from estimator.analysis.simulate.simulate import simulate as simulate
    from estimator.analysis.sweep import Sweep as Sweep, sweep as sweep, sweep_parts as sweep_parts
    from estimator.analysis.transports.result import Transports as Transports
    from estimator.analysis.transports.transports import transports as transports
    from estimator.analysis.uncertainty.budget import (
        BudgetCheck as BudgetCheck,
        check_budget as check_budget,
    )
    from estimator.analysis.uncertainty.fan import Fan as Fan
    from estimator.analysis.uncertainty.input_ranges import (
        Lognormal as Lognormal,
        Triangular as Triangular,
        Uniform as Uniform,
        input_ranges_by_evidence as input_ranges_by_evidence,
    )
    from estimator.analysis.uncertainty.result import Uncertainty as Uncertainty
    from estimator.analysis.uncertainty.uncertainty import uncertainty as uncertainty
    from estimator.demand.demand import Demand as Demand
    from estimator.demand.expected import expected_demand as expected_demand
    from estimator.deployments.registry import (
        DEPLOYMENTS as DEPLOYMENTS,
        HTTP_ONLY as HTTP_ONLY,
        SAAS as SAAS,
        assumptions as assumptions,
    )
    from estimator.errors import (
        ArgumentError as ArgumentError,
        EstimatorError as EstimatorError,
        MissingRateError as MissingRateError,
        NotCarriedError as NotCarriedError,
        PricingDataError as PricingDataError,
        ScenarioError as ScenarioError,
        UnknownNameError as UnknownNameError,
    )
    from estimator.exports.export import export as export
    from estimator.invoices.invoice import Invoice as Invoice, InvoiceError as InvoiceError
    from estimator.invoices.read import read_invoice as read_invoice
    from estimator.invoices.reconcile import (
        Reconciliation as Reconciliation,
        reconcile as reconcile,
    )
    from estimator.pricing.bill import Bill as Bill
    from estimator.pricing.contract import (
        Contract as Contract,
        ContractError as ContractError,
        contract_names as contract_names,
        load_contract as load_contract,
    )
    from estimator.render.charts.cost import cost_chart as cost_chart
    from estimator.scenario.calendar import CalendarEntry as CalendarEntry
    from estimator.scenario.disruptions import (
        BalancerResize as BalancerResize,
        Broadcast as Broadcast,
        ConnectionThrottle as ConnectionThrottle,
        FlashCrowd as FlashCrowd,
        NetworkFlap as NetworkFlap,
        Outage as Outage,
        RefusedAttempts as RefusedAttempts,
        RollingDeployment as RollingDeployment,
        SlowDependency as SlowDependency,
        TopOfHour as TopOfHour,
        ZoneOutage as ZoneOutage,
    )
    from estimator.scenario.locations import locations as locations
    from estimator.scenario.profile import (
        OtherClients as OtherClients,
        Profile as Profile,
        load_profile as load_profile,
        profile_names as profile_names,
    )
    from estimator.scenario.reconnect import Reconnect as Reconnect
    from estimator.scenario.scenario import Scenario as Scenario
    from estimator.shown import Look as Look

    __all__: list[str]
else:

    def _homes() -> dict[str, str]:
        """Where each public name is defined, read from the imports above."""
        [names] = (
            part
            for part in ast.parse(__loader__.get_source(__name__)).body
            if isinstance(part, ast.If)
        )
        return {
            name.name: home.module
            for home in names.body
            if isinstance(home, ast.ImportFrom)
            for name in home.names
        }

    _HOME_OF = _homes()
    __all__ = sorted(_HOME_OF)

    def __getattr__(name: str) -> Any:
        if name not in _HOME_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = getattr(import_module(_HOME_OF[name]), name)
        globals()[name] = found  # asked once
        return found

    def __dir__() -> list[str]:
        # completion offers the public names, not the packages that they come from
        return [*__all__, *(name for name in globals() if name.startswith("__"))]
