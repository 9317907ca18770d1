"""What must hold between two bills of one deployment, whatever the scenario.

Choices are pinned: which machine or how large a channel is would otherwise follow from the demand,
and another choice may cost less (a machine is taken for what its nodes cost, not for the whole
bill; larger groups share fewer objects). Volume tiers lower the price of further units only, and
no package, plan or included amount makes more cost less. So there are no exceptions.
"""

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Literal, get_args, get_origin

import numpy as np
import pytest

import estimator as ws
from estimator.deployments.base import Deployment
from estimator.scenario.weekly_shape import load_shape, shape_names

EVERY: dict[str, Deployment] = {**ws.DEPLOYMENTS, **ws.SAAS}
POINTS = 40
NOISE = 1e-9
"""Of a bill; sums of floats are no exacter than that."""
AREAS = ("americas", "europe", "asia", "australia", "middle_east_africa", "south_america")
COUNTS = {"rules_per_message", "handler_calls_per_publication", "connection_events", "qos"}
SHARED_BY = {"connections_per_object", "connections_per_channel"}
HALF_PRICE = {"title": "Half", "rates": [{"meters": ["*"], "percent_off": 50}]}


def sizes(rng: np.random.Generator) -> dict[str, Any]:
    """A law of payload sizes."""
    seen = np.round(10 ** rng.uniform(0, 5, 3))
    laws = (
        {"law": "fixed", "bytes": float(seen[0])},
        {"law": "lognormal", "mean_bytes": float(rng.uniform(10, 10_000)), "sigma": 1.0,
         "max_bytes": 65_536},
        {"law": "empirical", "sizes": seen.tolist(), "counts": [1, 2, 3]},
    )  # fmt: skip
    return laws[rng.integers(len(laws))]


def profile(rng: np.random.Generator) -> dict[str, Any]:
    """How clients behave: some flows, of which the first is passed on to others."""
    ways = ["client_to_server", *rng.choice(["client_to_server", "server_to_client"], 2)]
    flows = {
        f"flow {number}": {
            "direction": str(way),
            "rate_per_hour": float(10 ** rng.uniform(-1, 3)),
            "payload": sizes(rng),
            "fan_out": float(10 ** rng.uniform(-0.5, 2.5)),
        }
        for number, way in enumerate(ways[: rng.integers(1, 4)])
    }
    sessions = (
        {"law": "exponential", "mean_hours": float(10 ** rng.uniform(-1.5, 1.3))},
        {"law": "lognormal", "mean_hours": float(10 ** rng.uniform(-1.5, 1.3)), "sigma": 1.0},
        {"law": "deterministic", "hours": float(10 ** rng.uniform(-1.5, 1.3))},
    )
    return {
        "title": "Drawn",
        "session": sessions[rng.integers(len(sessions))],
        "weekly_shape": str(rng.choice(shape_names())),
        "flows": flows,
        "heartbeat": {
            "interval_seconds": float(rng.choice([10, 60, 300])),
            "kind": str(rng.choice(["protocol", "application"])),
            "payload_bytes": 10,
        },
        "at_connect": {"to_client": sizes(rng), "from_client": sizes(rng)},
    }


@cache
def machines_like_the_default(deployment: str) -> list[str]:
    """Machines of the kind on which the nodes of a fleet run."""
    scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=1_000)
    sizing = ws.estimate(scenario, deployment).sizing
    assert sizing is not None
    table = ws.machines(deployment.partition(".")[0]).set_index("machine")
    like = table[(table["kind"] == table.loc[sizing.machines[0], "kind"]) & ~table["burstable"]]
    names = like.index[like["usd_per_hour"].notna()].tolist()
    # of App Service, Premium plans alone are spread over zones and scale by themselves
    return [name for name in names if deployment != "azure.app_service" or name.startswith("P")]


def pinned(deployment: Deployment, rng: np.random.Generator) -> dict[str, Any]:
    """Options drawn by chance, none of which is left to follow from the demand."""
    for _ in range(100):
        drawn: dict[str, Any] = {}
        for name, field in deployment.options.model_fields.items():
            if name == "machine":
                drawn[name] = str(rng.choice(machines_like_the_default(deployment.id)))
            elif name == "architecture":
                continue  # the machine has one
            elif name in SHARED_BY:
                drawn[name] = 50
            elif name in COUNTS:
                drawn[name] = int(rng.integers(2))
            elif get_origin(field.annotation) is Literal and rng.integers(2):
                answers = get_args(field.annotation)
                drawn[name] = answers[rng.integers(len(answers))]
        try:
            deployment.check_options(drawn)
        except ws.ScenarioError:
            continue  # some go together with none of the others
        return drawn
    raise AssertionError(f"no options of {deployment.id} go together")


def scenario_of(rng: np.random.Generator, **changes: Any) -> ws.Scenario:
    """A scenario drawn by chance, with pinned options of every deployment."""
    options = {name: drawn for name, each in EVERY.items() if (drawn := pinned(each, rng))}
    drawn: dict[str, Any] = {
        "profile": profile(rng),
        "location": "virginia",
        "users_in": dict(zip(AREAS, rng.random(len(AREAS)).tolist(), strict=True)),
        "free_allowances": str(rng.choice(["none", "always", "all"])),
        "options": options,
    }
    if "users_per_day" not in changes:
        drawn["peak_connections"] = float(10 ** rng.uniform(0, 5.5))
    return ws.Scenario(**{**drawn, **changes})


def totals(scenario: ws.Scenario) -> dict[str, Any]:
    """USD per month by deployment: numbers, or arrays of the shape of the scenarios."""
    return {name: bill.total for name, bill in bills_of(scenario).items()}


def bills_of(scenario: ws.Scenario) -> dict[str, ws.Estimate]:
    """Of every deployment, worked out together from one demand."""
    bills = {str(bill.deployment): bill for bill in ws.compare(scenario, [*EVERY]).bills}
    assert bills.keys() == EVERY.keys()
    return bills


def falls(bills: dict[str, Any]) -> dict[str, str]:
    """Deployments whose bill falls along the scenarios, with where and by how much."""
    found: dict[str, str] = {}
    for name, usd in bills.items():
        steps = np.diff(usd, axis=-1)
        if np.any(steps < -NOISE * usd[..., :-1]):
            at = int(np.argmin(steps))
            found[name] = f"from {usd[at]} to {usd[at + 1]} at {at}"
    return found


def moved(rng: np.random.Generator, change: Callable[[dict[str, Any]], None]) -> ws.Scenario:
    """Scenarios of which each has more of something in the profile than the one before."""
    drawn = profile(rng)
    change(drawn)
    return scenario_of(rng, profile=drawn)


def more_connections(rng: np.random.Generator) -> ws.Scenario:
    return scenario_of(rng, peak_connections=np.geomspace(1, 1e6, POINTS) * rng.uniform(1, 3))


def a_few_more_connections(rng: np.random.Generator) -> ws.Scenario:
    some = 10 ** rng.uniform(1, 5.5)
    return scenario_of(rng, peak_connections=np.linspace(some, some * 1.1, POINTS))


def the_first_connections(rng: np.random.Generator) -> ws.Scenario:
    return scenario_of(rng, peak_connections=np.linspace(0, 5, POINTS))


def more_users(rng: np.random.Generator) -> ws.Scenario:
    users = np.geomspace(1, 1e6, POINTS)
    return scenario_of(rng, users_per_day=users, sessions_per_user_per_day=3)


def more_sessions(rng: np.random.Generator) -> ws.Scenario:
    users = float(10 ** rng.uniform(0, 5))
    sessions = np.geomspace(1, 50, POINTS)
    return scenario_of(rng, users_per_day=users, sessions_per_user_per_day=sessions)


def more_messages(rng: np.random.Generator) -> ws.Scenario:
    def change(drawn: dict[str, Any]) -> None:
        flow = drawn["flows"][str(rng.choice([*drawn["flows"]]))]
        flow["rate_per_hour"] *= np.geomspace(1, 1000, POINTS)

    return moved(rng, change)


def more_bytes(rng: np.random.Generator) -> ws.Scenario:
    def change(drawn: dict[str, Any]) -> None:
        flow = drawn["flows"][str(rng.choice([*drawn["flows"]]))]
        flow["payload"] = {"law": "fixed", "bytes": np.geomspace(10, 1e6, POINTS)}

    return moved(rng, change)


def more_recipients(rng: np.random.Generator) -> ws.Scenario:
    def change(drawn: dict[str, Any]) -> None:
        drawn["flows"]["flow 0"]["fan_out"] = np.append(0, np.geomspace(0.5, 1000, POINTS - 1))

    return moved(rng, change)


def more_heartbeats(rng: np.random.Generator) -> ws.Scenario:
    def change(drawn: dict[str, Any]) -> None:
        drawn["heartbeat"]["interval_seconds"] = np.geomspace(3600, 1, POINTS)

    return moved(rng, change)


@pytest.mark.parametrize(
    "more",
    [
        more_connections,
        a_few_more_connections,
        the_first_connections,
        more_users,
        more_sessions,
        more_messages,
        more_bytes,
        more_recipients,
        more_heartbeats,
    ],
)
def test_more_never_costs_less(more, seeds):
    for seed in seeds(3, 100):
        bills = totals(more(np.random.default_rng(seed)))

        assert falls(bills) == {}, f"seed {seed}"
        assert any(usd[-1] > usd[0] for usd in bills.values()), "nothing was moved"


def test_longer_sessions_of_as_many_users_never_cost_less(seeds):
    # in a level week; in another one, fewer sessions of the week follow from longer ones at the
    # same users on the busiest day
    for seed in seeds(2, 40):
        rng = np.random.default_rng(seed)
        users = {"users_per_day": float(10 ** rng.uniform(1, 5)), "sessions_per_user_per_day": 2}
        drawn = scenario_of(rng, **users)
        session = drawn.profile.session
        named = "hours" if session.law == "deterministic" else "mean_hours"
        level = drawn.profile.model_copy(update={"weekly_shape": load_shape("flat")})
        bills = [
            totals(drawn.replace(profile=longer))
            for hours in np.geomspace(0.01, 30, 12)
            for longer in [
                level.model_copy(update={"session": session.model_copy(update={named: hours})})
            ]
        ]

        by_deployment = {name: np.array([each[name] for each in bills]) for name in EVERY}
        assert falls(by_deployment) == {}, f"seed {seed}"


def same_said_otherwise(scenario: ws.Scenario) -> Iterator[tuple[str, ws.Scenario]]:
    data = scenario.as_data()
    users_in = dict(reversed(data["users_in"].items()))
    flows = dict(reversed(data["profile"]["flows"].items()))
    options = dict(reversed(data["options"].items()))
    yield "YAML", ws.Scenario.from_yaml(scenario.to_yaml())
    yield "link", ws.Scenario.from_token(scenario.to_token())
    yield "order of users_in", scenario.replace(users_in=users_in)
    yield "order of flows", scenario.replace(profile={**data["profile"], "flows": flows})
    yield "order of options", scenario.replace(options=options)
    percent = {area: 100 * share for area, share in users_in.items()}
    yield "shares in percent", scenario.replace(users_in=percent)


def test_the_same_said_otherwise_costs_the_same(seeds):
    for seed in seeds(3, 100):
        scenario = scenario_of(np.random.default_rng(seed))
        expected = totals(scenario)

        for how, same in same_said_otherwise(scenario):
            assert totals(same) == pytest.approx(expected, rel=1e-12), f"{how}, seed {seed}"


def test_units_of_figures_change_nothing(seeds):
    for seed in seeds(3, 100):
        rng = np.random.default_rng(seed)
        per_minute, minutes = int(rng.integers(1, 100)), int(rng.integers(1, 600))
        size, interval = int(rng.integers(1, 100_000)), int(rng.integers(1, 90))
        drawn = profile(rng)
        drawn["session"] = {"law": "exponential", "mean_hours": minutes / 60}
        drawn["heartbeat"]["interval_seconds"] = 60 * interval
        drawn["flows"]["flow 0"] |= {"rate_per_hour": 60 * per_minute, "payload": size}
        told = {
            **drawn,
            "session": {"law": "exponential", "mean_hours": f"{minutes} min"},
            "heartbeat": drawn["heartbeat"] | {"interval_seconds": f"{interval} min"},
            "flows": drawn["flows"]
            | {
                "flow 0": drawn["flows"]["flow 0"]
                | {"rate_per_hour": f"{per_minute} / min", "payload": f"{size / 1000} KB"}
            },
        }
        bare = scenario_of(rng, profile=drawn)

        assert totals(bare.replace(profile=told)) == totals(bare), f"seed {seed}"


def test_arrays_equal_scalars(seeds):
    for seed in seeds(3, 100):
        rng = np.random.default_rng(seed)
        peaks = (10 ** rng.uniform(0, 6, 3)).tolist()
        many = scenario_of(rng, peak_connections=peaks)
        together = totals(many)

        for index, peak in enumerate(peaks):
            one = totals(many.replace(peak_connections=peak))
            found = {name: float(usd[index]) for name, usd in together.items()}
            assert found == pytest.approx(one, rel=NOISE), f"seed {seed}"


def test_half_the_price_halves_what_is_not_a_free_credit(seeds):
    for seed in seeds(3, 100):
        scenario = scenario_of(np.random.default_rng(seed))
        halved = scenario.replace(contract=HALF_PRICE)

        bills, halves = bills_of(scenario), bills_of(halved)

        for name in EVERY:
            full, half = bills[name], halves[name]
            for one, other in zip(full.items, half.items, strict=True):
                # what has another discount has none of Google's for sustained use:
                # https://cloud.google.com/compute/docs/sustained-use-discounts
                sustained = sum(float(discount.usd) for discount in one.discounts)
                before = float(one.cost_usd + one.credit_usd) + sustained
                after = float(other.cost_usd + other.credit_usd)
                assert after == pytest.approx(before / 2, rel=NOISE), f"{name}, seed {seed}"
            assert half.list_total == pytest.approx(full.total, rel=NOISE)


def test_two_halves_of_a_month_add_up_but_for_tiers_fees_and_packages(seeds):
    # fees, and what is counted at its peak, are paid by the month, however long it is
    by_the_month = ("Months", "Peak-Connections")
    # what each node fetches in a month, however long it is
    fetched = ("gcp.nat.gib", "aws.nat_gateway.gb", "azure.nat_gateway.gb")
    for seed in seeds(3, 100):
        month = scenario_of(np.random.default_rng(seed), free_allowances="none")
        half = month.replace(hours_per_month=month.hours_per_month / 2)

        bills, halves = bills_of(month), bills_of(half)

        for name in EVERY:
            whole, part = bills[name], halves[name]
            # how much of a meter is for which layer depends on fees that are paid by the month
            sums = [
                bill.lines.groupby("meter")[["quantity", "cost_usd", "free"]].sum().T.to_dict()
                for bill in (whole, part)
            ]
            rates = {item.rate.meter_id: item.rate for item in whole.items}
            credited = {item.rate.meter_id for item in whole.items if item.credit_usd > 0}
            for meter_id, rate in rates.items():
                one, other = (each[meter_id] for each in sums)
                once = rate.meter.unit.endswith(by_the_month) or meter_id in fetched
                times = 1 if once else 2
                where = f"{meter_id} of {name}, seed {seed}"
                quantity = times * other["quantity"]
                assert one["quantity"] == pytest.approx(quantity, rel=NOISE), where
                plain = rate.tariff.flat and rate.meter.package is None
                if plain and not one["free"] and meter_id not in credited:
                    usd = times * other["cost_usd"]
                    assert one["cost_usd"] == pytest.approx(usd, rel=NOISE), where
