"""The views of what goes in: scenario, profile, contract, demand and the list of deployments."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from estimator.demand.demand import Demand
from estimator.deployments.registry import Deployments
from estimator.format import given_text, range_text
from estimator.pricing.catalog import shared_by_account
from estimator.pricing.contract import Contract
from estimator.pricing.price_files import VENDORS, meter_titles
from estimator.render.document import Bullets, Column, Document, Paragraph, Text, folded, table
from estimator.scenario.application import find_application
from estimator.scenario.profile import Profile
from estimator.scenario.scenario import Scenario


def scenario_view(scenario: Scenario) -> Document:
    """What was stated; what was left out is not shown."""
    return Document(
        scenario.name or scenario.profile.title,
        (Bullets(tuple((Text(f"{what}: ", "quiet"), said) for what, said in _stated(scenario))),),
    )


def _stated(scenario: Scenario) -> Iterator[tuple[str, str]]:
    location = scenario.found_location
    regions = ", ".join(f"{cloud} {region}" for cloud, region in location.regions.items())
    yield "profile", scenario.profile.title
    yield "location", f"{location.title} ({regions})"
    yield "local time", f"{scenario.clock.time_zone}, week of {scenario.clock.week_of}"
    yield "audience", scenario.audience
    _, *others = scenario.profiles.items()
    for name, profile in others:
        yield f"profile of {name}", profile.title
    if scenario.users_in:
        shares = scenario.destinations.items()
        yield "users in", ", ".join(f"{area} {share:.0%}" for area, share in shares)
    yield "month", range_text(scenario.hours_per_month, given_text, "hours")
    yield "free allowances", scenario.free_allowances
    known = shared_by_account()
    for name, left in scenario.allowances_left.items():
        yield f"left of {known[name].shares if name in known else name}", given_text(left)
    if scenario.as_of:
        yield "prices as of", str(scenario.as_of)
    if scenario.contract:
        contract = scenario.contract
        title = contract if isinstance(contract, str) else contract.get("title", "without a title")
        yield "contract", str(title)
    if scenario.engineering:
        hours = range_text(scenario.engineering.engineer_hours_per_month, given_text)
        usd = range_text(scenario.engineering.usd_per_engineer_hour, given_text)
        yield "engineering time", f"{hours} hours per month at ${usd} per hour"
    for deployment, options in scenario.options.items():
        yield deployment, ", ".join(f"{name}: {_option(each)}" for name, each in options.items())
    yield from scenario.assumptions.items()
    for entry in scenario.calendar:
        yield "on the calendar", entry.words
    for disruption in (*scenario.faults, *scenario.surges):
        yield "when simulated", disruption.words_on(scenario.clock)


def _option(value: object) -> object:
    """An option as it was given; from the least to the most, if it is given for many scenarios."""
    return range_text(np.asarray(value, float), given_text) if isinstance(value, list) else value


def profile_view(profile: Profile) -> Document:
    """Its sessions and messages, and where each figure comes from."""
    evidence = (f"{path} ({each.grade}): {each.note}" for path, each in profile.evidence.items())
    rows = (
        (
            name,
            flow.direction.replace("_", " "),
            *(
                given_text(float(np.mean(each)))
                for each in (flow.rate_per_hour, flow.payload.mean, flow.fan_out)
            ),
            flow.delivery,
        )
        for name, flow in profile.flows.items()
    )
    mean = range_text(profile.session.mean, "{:g}".format, "hours")
    return Document(
        profile.title,
        (
            Paragraph(profile.description or "", "quiet"),
            Paragraph(
                f"Sessions: {profile.session.law}, {mean} on average",
                "quiet",
            ),
            Paragraph(f"Application: {find_application(profile.application).title}", "quiet"),
            table(
                ("flow", "direction", "messages per hour#", "bytes#", "fan-out#", "delivery"), rows
            ),
            folded("Evidence", evidence),
        ),
    )


def contract_view(contract: Contract) -> Document:
    """What is paid for which meters; a pattern of many is shown as it is written."""
    titles = {**meter_titles(), **{own.meter: own.title for own in contract.meters}}
    rows = (
        *(
            (
                ", ".join(titles.get(meter, meter) for meter in entry.meters),
                "everywhere" if entry.regions is None else " ".join(entry.regions),
                entry.in_words(),
            )
            for entry in (*contract.rates, *contract.commitments)
        ),
        *((own.title, "everywhere", own.in_words()) for own in contract.meters),
        *(
            (titles.get(own.meter, own.meter), own.region, own.in_words())
            for own in contract.prices
        ),
    )
    columns = (Column("meters", wraps=True), Column("regions", wraps=True), "price")
    return Document(
        contract.title,
        (Paragraph(contract.note or "", "quiet"), table(columns, rows)),
    )


def demand_view(demand: Demand) -> Document:
    """Connections, and messages per month."""
    rows = (
        (
            stream.name,
            stream.direction.replace("_", " "),
            range_text(demand.per_month(stream.per_hour)),
        )
        for stream in demand.streams
    )
    return Document(
        demand.audience,
        (table(("messages", "direction", "per month#"), rows), folded("Notes", demand.notes)),
    )


def deployments_view(deployments: Deployments) -> Document:
    """Ids, titles and vendors."""
    rows = (
        (Text(each.id, is_code=True), each.title, VENDORS[each.cloud])
        for each in deployments.entries.values()
    )
    return Document(f"{len(deployments)} deployments", (table(("id", "title", "vendor"), rows),))
