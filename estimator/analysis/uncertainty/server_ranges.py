"""How far may derived figures of servers be off, and the assumed work of the application?"""

from __future__ import annotations

from collections.abc import Iterable

from estimator.analysis.uncertainty.input_ranges import InputRange, Triangular
from estimator.deployments.fleet.derived_figures import application_multiples, derived_figures
from estimator.deployments.fleet.server_options import ServerOptions
from estimator.deployments.registry import find_deployment
from estimator.scenario.scenario import Scenario


def server_input_ranges(scenario: Scenario, deployments: Iterable[str]) -> dict[str, InputRange]:
    """How far figures that were derived, not published, may be off where servers run.

    Args:
        scenario: a figure that its options give is known.
        deployments: ids; those that run no server of the user's own have none.

    Returns:
        From the least to the most multiple of what servers.yaml and application.yaml give, with 1
        as the most likely. By full name of the option: one for all deployments where they agree.

    >>> scenario = Scenario(profile="market-data", location="virginia", peak_connections=100)
    >>> found = server_input_ranges(scenario, ["aws.alb_ec2", "aws.api_gateway"])
    >>> str(found["options.*.message_factor"])
    '0.5..1..1.33333333333'
    """
    by_deployment: dict[str, dict[str, tuple[float, float]]] = {}
    for name in deployments:
        given = scenario.options.get(name, {})
        options = find_deployment(name).check_options(given)
        if isinstance(options, ServerOptions):
            found = _multiples(scenario, options)
            by_deployment[name] = {key: found[key] for key in found if key not in given}
    ranges: dict[str, InputRange] = {}
    for factor in dict.fromkeys(each for found in by_deployment.values() for each in found):
        each = {name: found[factor] for name, found in by_deployment.items() if factor in found}
        if len(each) == len(by_deployment) and len(set(each.values())) == 1:
            each = {"*": next(iter(each.values()))}
        for name, (least, most) in each.items():
            ranges[f"options.{name}.{factor}"] = Triangular(least, 1.0, most)
    return ranges


def _multiples(scenario: Scenario, options: ServerOptions) -> dict[str, tuple[float, float]]:
    """The multiples of each option that multiplies a figure which nobody published or gave."""
    found = {figure.factor: figure.multiples for figure in derived_figures(options)}
    work = application_multiples(options, (each.application for each in scenario.profiles.values()))
    return found if work is None else {**found, "application_factor": work}
