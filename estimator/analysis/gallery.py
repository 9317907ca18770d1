"""Which app costs what? Each shipped profile, priced, with its range, its limits and an advice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from estimator.analysis.compare import compare
from estimator.analysis.estimate.estimate import estimate_all
from estimator.analysis.estimate.result import Estimate
from estimator.analysis.growth.audience import grown
from estimator.analysis.growth.milestones import LimitExceeded, by_month, milestones
from estimator.analysis.headline import Best, Headline, hours_text, main_drivers
from estimator.analysis.points import Progress
from estimator.analysis.uncertainty.sampling import COLUMNS, checked_samples
from estimator.analysis.uncertainty.uncertainty import uncertainty
from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray
from estimator.errors import ScenarioError, UnknownNameError
from estimator.format import count_text, given_text, percent, short_dollars
from estimator.pricing.bill import conventions
from estimator.pricing.price_files import Assumption
from estimator.result import Refusal, Result, plain
from estimator.scenario.clients import MAIN
from estimator.scenario.locations import find_location
from estimator.scenario.model import LARGEST
from estimator.scenario.profile import profile_names
from estimator.scenario.scenario import Scenario
from estimator.states import State

if TYPE_CHECKING:
    import pandas as pd

SAMPLES: Final = 256
"""Draws behind each range unless told otherwise: it leaves an error of some percent in P10 and P90,
which are much further apart."""
_MOST_GROWTH: Final = 1_000.0
_STEPS: Final = 90
"""Audiences looked at between now and later: of growth tenfold, each tenth of the audience now."""
_WORTH_RUNNING_HOURS: Final = 8.0
"""Convention: what saves less than a working day of an engineer per month is not worth running."""
_WORTH_ASKING: Final = 0.2
"""Share of a bill that another answer of its vendor must add to be told, as of assumed defaults."""
_WORTH_NAMING: Final = 0.05
"""Share of a bill that half of a flow must save to be named."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The first limit that a deployment exceeds while its audience grows."""

    at_connections: float
    """Main connections at the peak from which on it is exceeded, to the step that was looked at."""
    event: LimitExceeded

    def __str__(self) -> str:
        """The limit, from when on, and what it takes."""
        title, state = self.event.limit.title, self.event.state
        return f"{title}, from {count_text(self.at_connections)} connections on ({state})"


@dataclass(frozen=True, slots=True)
class CostlyAnswer:
    """What a vendor leaves open, and the answer that would add most to a bill."""

    question: Assumption
    answer: str
    adds_usd: float

    def __str__(self) -> str:
        """The question, and what the answer would add."""
        meaning = self.question.choices[self.answer]
        return f"{self.question.question} If {meaning}: {short_dollars(self.adds_usd)} more."


@dataclass(frozen=True, slots=True)
class GroupBest:
    """The best deployment of a group for a profile, with what its bill may turn out to be."""

    best: Best
    p10_usd: float
    """USD per month that one of ten draws stays within; NaN without a bill."""
    p50_usd: float
    p90_usd: float
    within_limits_share: float
    """Share of the draws within limits."""
    grown_usd: float
    """USD per month of the grown audience, whether or not within limits."""
    breaks: Broken | None
    """What breaks first while the audience grows; None if nothing does."""

    costly_answer: CostlyAnswer | None
    """What the vendor may answer that would add most; None if nothing adds a fifth."""

    @property
    def range_words(self) -> str:
        """P10 to P90, for people."""
        return f"{short_dollars(self.p10_usd)}–{short_dollars(self.p90_usd).removeprefix('$')}"

    @property
    def breaks_words(self) -> str:
        """What must be raised now, and what breaks first, for people."""
        breaks = "nothing" if self.breaks is None else str(self.breaks)
        bill = self.best.bill
        is_beyond = bill is not None and bill.state in (State.SETTING, State.QUOTA)
        return f"now: {bill.state_words}; later: {breaks}" if bill and is_beyond else breaks


@dataclass(frozen=True, slots=True)
class Halved:
    """What half as many messages of a flow would save on a bill."""

    flow: str
    clients: str
    """The kind of clients that the flow belongs to."""
    saves_usd: float
    of_usd: float

    @property
    def share(self) -> float:
        """Of the bill."""
        return self.saves_usd / self.of_usd if self.of_usd else 0.0

    def __str__(self) -> str:
        """What it would save, for people."""
        whose = "" if self.clients == MAIN else f" of {self.clients}"
        saved = f"{short_dollars(self.saves_usd)} ({percent(self.share)})"
        return f"half as many messages of '{self.flow}'{whose} would take {saved} off that bill"


@dataclass(frozen=True)
class App:
    """A profile in the gallery."""

    profile: str
    """Its name."""
    scenario: Scenario
    """What was priced."""
    headline: Headline
    """The best of each group within limits."""
    groups: tuple[GroupBest, ...]
    """The same with their ranges, and what breaks."""
    halved: Halved | None
    """The flow of which half as many messages save most on the bill that is advised; None if none
    saves much."""

    @property
    def title(self) -> str:
        """The profile, for people."""
        return self.scenario.profile.title

    @property
    def priced(self) -> tuple[Estimate, ...]:
        """The bills of the best, cheapest first."""
        return _cheapest_first(self.headline)

    @property
    def breaks_first(self) -> tuple[Estimate, Broken] | None:
        """What breaks first of any of the best; None if nothing does."""
        broken = [
            (each.best.bill, each.breaks)
            for each in self.groups
            if each.best.bill is not None and each.breaks is not None
        ]
        return min(broken, key=lambda each: each[1].at_connections, default=None)

    @property
    def breaks_first_words(self) -> str:
        """The same in words."""
        first = self.breaks_first
        return "nothing" if first is None else f"{first[0].name}: {first[1]}"

    @cached_property
    def advice(self) -> str:
        """What to do, in one sentence that follows from the figures."""
        more = f"; {self.halved}" if self.halved else ""
        return f"{_advised(self.headline)}{more}."

    def as_data(self) -> dict[str, Any]:
        """As plain texts and numbers."""
        first = self.breaks_first
        return {
            "profile": self.profile,
            "title": self.title,
            "scenario": self.scenario.as_data(),
            "groups": [_group_data(each) for each in self.groups],
            "breaks_first": first and first[0].deployment,
            "halved": self.halved
            and {
                "flow": self.halved.flow,
                "clients": self.halved.clients,
                "saves_usd": self.halved.saves_usd,
            },
            "advice": self.advice,
        }


@checks_arguments
@dataclass(frozen=True, repr=False)
class Gallery(Result):
    """What the shipped profiles cost side by side, how sure that is, and what breaks as they grow.

    >>> found = gallery("workplace-chat", samples=128)
    >>> [app.title for app in found.apps], list(found.table["group"])
    (['Workplace chat'], ['managed', 'serverless containers', 'own servers'])
    """

    schema = "gallery"
    instead_of_bills = ".apps keep their bills; ws.compare() makes those of all deployments"

    apps: tuple[App, ...]
    """The profiles, in the order asked for."""
    peak_connections: float
    """Main connections of each at the peak."""
    location: str
    """Where the users are."""
    growth: float
    """How many times the audience the grown one is."""
    samples: int
    """Draws behind each range."""
    refusals: tuple[Refusal, ...]
    """Deployments that could not be priced, and why."""

    @property
    def title(self) -> str:
        """What is shown, for the head of a table or chart."""
        where = find_location(self.location).title
        return f"Which app costs what, {count_text(self.peak_connections)} connections, {where}"

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row for each profile and group, in USD per month.

        Columns: profile, title, group, deployment (the best within limits; missing without one),
        compared (how many of the group), total_usd, p10_usd, p50_usd, p90_usd, within_limits_share
        (of the draws), drivers (what makes up the bill), grown_usd (of the grown audience), breaks
        (the limit that breaks first; missing if none does) and breaks_at_connections.
        """
        import pandas as pd

        return pd.DataFrame([_row(app, each) for app in self.apps for each in app.groups])

    @cached_property
    def answers(self) -> pd.DataFrame:
        """One row for each profile.

        Columns: profile, title, cheapest (of all groups, within limits), total_usd, breaks_first
        and advice.
        """
        import pandas as pd

        return pd.DataFrame(
            [
                {
                    "profile": app.profile,
                    "title": app.title,
                    "cheapest": app.priced[0].deployment if app.priced else None,
                    "total_usd": float(app.priced[0].total) if app.priced else np.nan,
                    "breaks_first": app.breaks_first_words,
                    "advice": app.advice,
                }
                for app in self.apps
            ]
        )

    @property
    def conventions(self) -> str:
        """The conventions behind the amounts; empty if nothing could be priced."""
        return conventions([bill for app in self.apps for bill in app.priced])

    def _data(self) -> dict[str, Any]:
        return {
            "location": self.location,
            "peak_connections": self.peak_connections,
            "growth": self.growth,
            "samples": self.samples,
            "profiles": [app.as_data() for app in self.apps],
        }

    def __repr__(self) -> str:
        return f"<Gallery {self.title!r}: {', '.join(app.profile for app in self.apps)}>"


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
    bill = _advised_bill(found)
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


def _cheapest_first(found: Headline) -> tuple[Estimate, ...]:
    bills = (each.bill for each in found.best if each.bill is not None)
    return tuple(sorted(bills, key=lambda bill: float(bill.total)))


def _most_worth_running(found: Headline) -> tuple[Estimate, Estimate, float] | None:
    """The best that one runs oneself, the best managed service, and USD saved per month."""
    return max(found.savings, key=lambda each: each[2], default=None)


def _hours_saved(found: Headline, usd: float) -> float:
    return usd / found.usd_per_engineer_hour if found.usd_per_engineer_hour else np.inf


def _advised_bill(found: Headline) -> Estimate | None:
    """The bill of what is advised; None if nothing is within limits."""
    best = _most_worth_running(found)
    if best is None:
        return next(iter(_cheapest_first(found)), None)
    own, managed, usd = best
    return own if _hours_saved(found, usd) >= _WORTH_RUNNING_HOURS else managed


def _advised(found: Headline) -> str:
    """What to take, in the words that begin the advice."""
    best, advised = _most_worth_running(found), _advised_bill(found)
    if advised is None:
        return "No deployment is within its limits: 'estimator compare' says what each would take"
    if best is None:
        others = (
            "nothing that you run yourself" if advised.group == "managed" else "no managed service"
        )
        return f"Take {advised.name}, since {others} is within limits"
    own, managed, usd = best
    if usd <= 0:
        less = short_dollars(-usd)
        return f"Take {managed.name}, which costs {less} less than what you run yourself"
    hours, rate = hours_text(_hours_saved(found, usd)), given_text(found.usd_per_engineer_hour)
    if advised is managed:
        return (
            f"Take {managed.name}: {own.name} would save {short_dollars(usd)} per month, which at "
            f"${rate} per hour is {hours} of engineering"
        )
    return (
        f"Run it on {own.name} if that takes you less than {hours} of engineering per month, which "
        f"is what the {short_dollars(usd)} saved over {managed.name} pay for at ${rate} per hour"
    )


def _row(app: App, one: GroupBest) -> dict[str, Any]:
    bill = one.best.bill
    return {
        "profile": app.profile,
        "title": app.title,
        "group": one.best.group,
        "deployment": bill and bill.deployment,
        "compared": one.best.compared,
        "total_usd": np.nan if bill is None else float(bill.total),
        "p10_usd": one.p10_usd,
        "p50_usd": one.p50_usd,
        "p90_usd": one.p90_usd,
        "within_limits_share": one.within_limits_share,
        "drivers": "" if bill is None else main_drivers(bill),
        "grown_usd": one.grown_usd,
        "breaks": one.breaks and one.breaks.event.limit.title,
        "breaks_at_connections": np.nan if one.breaks is None else one.breaks.at_connections,
    }


def _group_data(one: GroupBest) -> dict[str, Any]:
    bill, breaks = one.best.bill, one.breaks
    return {
        "group": one.best.group,
        "deployment": bill and bill.deployment,
        "compared": one.best.compared,
        "total_usd": bill and float(bill.total),
        "p10_usd": _number(one.p10_usd),
        "p50_usd": _number(one.p50_usd),
        "p90_usd": _number(one.p90_usd),
        "within_limits_share": _number(one.within_limits_share),
        "by_driver_usd": {} if bill is None else {k: float(v) for k, v in bill.by_driver.items()},
        "grown_usd": _number(one.grown_usd),
        "costly_answer": one.costly_answer
        and {
            "question": one.costly_answer.question.id,
            "answer": one.costly_answer.answer,
            "adds_usd": one.costly_answer.adds_usd,
        },
        "breaks": breaks
        and {
            "at_connections": breaks.at_connections,
            "limit": breaks.event.limit.limit,
            "title": breaks.event.limit.title,
            "state": breaks.event.state,
            "used": plain(breaks.event.used),
            "allowed": breaks.event.allowed,
            "unit": breaks.event.limit.unit,
            "fix": breaks.event.fix,
        },
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
