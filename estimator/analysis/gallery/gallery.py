"""Which app costs what? Each shipped profile, priced, with its range, its limits and an advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import numpy as np

from estimator.analysis.compare import compare
from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.gallery.advice import advised_bill
from estimator.analysis.gallery.result import App, Broken, CostlyAnswer, Gallery, GroupBest, Halved
from estimator.analysis.growth.audience import grown
from estimator.analysis.growth.milestones import LimitExceeded, by_month, milestones
from estimator.analysis.headline import Headline
from estimator.analysis.points import Progress
from estimator.analysis.uncertainty.sampling import COLUMNS, checked_samples
from estimator.analysis.uncertainty.uncertainty import uncertainty
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError, UnknownNameError
from estimator.result import Refusal
from estimator.scenario.model import LARGEST
from estimator.scenario.profile import profile_names
from estimator.scenario.scenario import Scenario

SAMPLES: Final = 256
"""Draws behind each range unless told otherwise: it leaves an error of some percent in P10 and P90,
which are much further apart."""
_MOST_GROWTH: Final = 1_000.0
_STEPS: Final = 90
"""Audiences looked at between now and later: of growth tenfold, each tenth of the audience now."""
_WORTH_ASKING: Final = 0.2
"""Share of a bill that another answer of its vendor must add to be told, as of assumed defaults."""
_WORTH_NAMING: Final = 0.05
"""Share of a bill that half of a flow must save to be named."""


@checks_arguments
def gallery(
    profiles: Iterable[str] | str | None = None,
    *,
    peak_connections: float = 10_000.0,
    location: str = "virginia",
    growth: float = 10.0,
    samples: int = SAMPLES,
    progress: Progress | None = None,
) -> Gallery:
    """What the shipped profiles cost, each with as many connections in the same location.

    Of each, the best deployment on the clouds within limits is found among managed services,
    serverless containers and own servers, as ``compare`` does; realtime SaaS is not compared.
    Ranges are those of ``uncertainty``, with the evidence of the profile and all open questions.

    Args:
        profiles: names of shipped profiles; all of them, if left out.
        peak_connections: open connections of the main kind of clients at the peak.
        location: where the users are.
        growth: how many times as large the audience is that is looked at for what breaks first.
        samples: draws behind each range, a power of two from 128 to 65,536.
        progress: called with the profiles done and all of them.

    Returns:
        Of each profile the best of each group, its range, what drives its bill, what breaks first,
        and a sentence of advice.

    Raises:
        UnknownNameError: no such profile or location.
        ScenarioError: an audience, growth or number of samples that cannot be.

    >>> found = gallery(["market-data"], samples=128)
    >>> managed = found.table.set_index("group").loc["managed"]
    >>> bool(managed["p10_usd"] < managed["p90_usd"])
    True
    """
    names = _chosen(profiles)
    checked_samples(samples)
    if not 1 < growth <= _MOST_GROWTH:
        raise ScenarioError(
            f"growth must be a number above 1 and up to {_MOST_GROWTH:,.0f}, such as 10, but is "
            f"{growth:g}"
        )
    if not 1 <= peak_connections <= LARGEST / growth:
        raise ScenarioError(
            f"peak_connections must be a number from 1 to {LARGEST / growth:g}, such as 10,000, "
            f"but is {peak_connections:g}"
        )
    audiences = peak_connections * np.linspace(1.0, growth, _STEPS + 1)
    refusals: dict[str, Refusal] = {}
    apps: list[App] = []
    for number, name in enumerate(names, start=1):
        scenario = Scenario(profile=name, location=location, peak_connections=peak_connections)
        app, refused = _app(name, scenario, audiences, samples)
        apps.append(app)
        refusals |= {each.deployment: each for each in refused}
        if progress:
            progress(number, len(names))
    return Gallery(
        tuple(apps), peak_connections, location, growth, samples, tuple(refusals.values())
    )


def _chosen(profiles: Iterable[str] | str | None) -> tuple[str, ...]:
    named = [profiles] if isinstance(profiles, str) else profiles
    names = tuple(dict.fromkeys(profile_names() if named is None else named))
    for name in names:
        if name not in profile_names():
            raise UnknownNameError("profile", name, profile_names())
    if not names:
        raise ScenarioError("name at least one profile, or leave profiles out for all of them")
    return names


def _app(
    name: str, scenario: Scenario, audiences: FloatArray, samples: int
) -> tuple[App, tuple[Refusal, ...]]:
    compared = compare(scenario)
    found = compared.headline
    groups = tuple(_of_groups(scenario, found, audiences, samples))
    return App(name, scenario, found, groups, _most_saved(scenario, found)), compared.refusals


def _of_groups(
    scenario: Scenario, found: Headline, audiences: FloatArray, samples: int
) -> Iterator[GroupBest]:
    """The best of each group with their ranges, and what breaks first.

    Args:
        scenario: of one profile.
        found: what a comparison says of it.
        audiences: main connections at the peak, from those of the scenario on.
        samples: draws behind each range.
    """
    ids = found.deployments
    ranges: dict[Any, dict[Any, Any]] = {}
    if ids:
        table = uncertainty(scenario, deployments=ids, samples=samples).table
        ranges = table.set_index("deployment").to_dict(orient="index")
    # all audiences in one pass
    later, _ = estimate_all(grown(scenario, audiences / audiences[0]), ids)
    grown_usd = {each.deployment: float(by_month(each.total, _STEPS)[-1]) for each in later}
    broken: dict[str, Broken] = {}
    for event in milestones(later, _STEPS):
        # what is exceeded already is no matter of growth, and advice breaks nothing
        if isinstance(event, LimitExceeded) and event.month and event.limit.raised_by != "advice":
            for deployment in event.deployments:
                broken.setdefault(deployment, Broken(float(audiences[event.month]), event))
    for best in found.best:
        deployment = "" if best.bill is None else best.bill.deployment or ""
        row = ranges.get(deployment, {})
        p10, p50, p90 = (float(row.get(column, np.nan)) for column in COLUMNS)
        share = float(row.get("within_limits_share", np.nan))
        later_usd = grown_usd.get(deployment, np.nan)
        answer = None if best.bill is None else _costly_answer(best.bill)
        yield GroupBest(best, p10, p50, p90, share, later_usd, broken.get(deployment), answer)


def _costly_answer(bill: Estimate) -> CostlyAnswer | None:
    found = [
        CostlyAnswer(effect.assumption, answer, float(usd))
        for effect in bill.effects
        for answer, usd in effect.change_usd.items()
    ]
    most = max(found, key=lambda each: each.adds_usd, default=None)
    worth_asking = most is not None and most.adds_usd > _WORTH_ASKING * float(bill.total)
    return most if worth_asking else None


def _most_saved(scenario: Scenario, found: Headline) -> Halved | None:
    """The flow of which half as many messages save most on the bill that is advised."""
    bill = advised_bill(found)
    if bill is None:
        return None
    halved = [
        Halved(flow, kind, float(bill.total) - usd, float(bill.total))
        for kind, profile in scenario.profiles.items()
        for flow in profile.flows
        for usd in _usd_with_half(scenario, kind, flow, bill.deployment or "")
    ]
    most = max(halved, key=lambda each: each.saves_usd, default=None)
    return most if most is not None and most.share >= _WORTH_NAMING else None


def _usd_with_half(scenario: Scenario, kind: str, flow: str, deployment: str) -> Iterator[float]:
    profile = scenario.profiles[kind]
    half = profile.flows[flow].rate_per_hour / 2
    flows = {**profile.flows, flow: profile.flows[flow].model_copy(update={"rate_per_hour": half})}
    changed = scenario.with_profiles({kind: profile.model_copy(update={"flows": flows})})
    for bill in estimate_all(changed, [deployment])[0]:
        yield float(bill.total)
