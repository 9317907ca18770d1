"""How far may figures of servers be off: derived ones, work of the application, speed of cores?"""

from __future__ import annotations

from collections.abc import Iterable

from estimator.analysis.estimate.resolve import Resolved, resolve
from estimator.analysis.uncertainty.input_ranges import InputRange, Triangular
from estimator.deployments.base import Deployment
from estimator.deployments.fleet.derived_figures import application_multiples, derived_figures
from estimator.deployments.fleet.family import find_family
from estimator.deployments.fleet.server_options import ApplicationOptions, ServerOptions
from estimator.deployments.registry import find_deployment
from estimator.errors import MissingRateError
from estimator.scenario.scenario import Scenario
from estimator.scenario.transport import HttpTransport


def server_input_ranges(scenario: Scenario, deployments: Iterable[str]) -> dict[str, InputRange]:
    """How far figures that were derived or differ from machine to machine may be off.

    Args:
        scenario: a figure that its options give is known.
        deployments: ids; those that run nothing of the user's own have none.

    Returns:
        From the least to the most multiple of what servers.yaml, application.yaml and families.csv
        give, with 1 as the most likely; the speed of processors is that of the machine which is
        chosen. By full name of the option: one for all deployments where they agree.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> found = server_input_ranges(scenario, ["aws.alb_ec2", "aws.api_gateway"])
    >>> str(found["options.*.message_factor"]), str(found["options.*.application_factor"])
    ('0.5..1..1.33333333333', '0.473214285714..1..1.40178571429')
    """
    by_deployment: dict[str, dict[str, tuple[float, float]]] = {}
    taken: list[str] = []
    resolved = resolve(scenario)
    # in one order, so that the same draws are made in whatever order they were named
    for name in sorted(deployments):
        given, deployment = scenario.options.get(name, {}), find_deployment(name)
        options = deployment.check_options(given)
        if isinstance(options, ApplicationOptions):
            taken += type(options).model_fields
            found = _multiples(scenario, options) | _core_speeds(resolved, deployment)
            by_deployment[name] = {key: found[key] for key in found if key not in given}
    ranges: dict[str, InputRange] = {}
    for factor in dict.fromkeys(each for found in by_deployment.values() for each in found):
        each = {name: found[factor] for name, found in by_deployment.items() if factor in found}
        if len(each) == taken.count(factor) and len(set(each.values())) == 1:
            each = {"*": next(iter(each.values()))}
        for name, (least, most) in each.items():
            ranges[f"options.{name}.{factor}"] = Triangular(least, 1.0, most)
    return ranges


def _multiples(scenario: Scenario, options: ApplicationOptions) -> dict[str, tuple[float, float]]:
    """The multiples of each option that multiplies a figure which nobody published or gave."""
    over_http = isinstance(scenario.transport, HttpTransport)
    is_server = isinstance(options, ServerOptions)
    derived = derived_figures(options, over_http=over_http) if is_server else ()
    found = {figure.factor: figure.multiples for figure in derived}
    work = application_multiples(options, (each.application for each in scenario.profiles.values()))
    return found if work is None else {**found, "application_factor": work}


def _core_speeds(resolved: Resolved, deployment: Deployment) -> dict[str, tuple[float, float]]:
    """How fast the processors of the machine may be that is chosen; of all, if there are several.

    Empty where the deployment has no price, and so no bill that could be off, or runs nothing of
    the user's own.
    """
    try:
        chosen = deployment.core_families(resolved.request(deployment))
    except MissingRateError:
        return {}
    if not chosen:
        return {}
    families = [*map(find_family, chosen)]
    least = min(family.core_speed_low / family.core_speed for family in families)
    most = max(family.core_speed_high / family.core_speed for family in families)
    return {"core_speed_factor": (least, most)}
