"""The gallery: its best, ranges, limits and advice are those that other questions find."""

import inspect

import numpy as np
import pandas as pd
import pytest

import estimator as ws
from estimator.analysis.gallery.gallery import SAMPLES
from estimator.cli.commands.gallery import gallery as command

PAIR = ["board-collaboration", "market-data"]
FEWEST = 128


@pytest.fixture(scope="module")
def found() -> ws.Gallery:
    return ws.gallery(PAIR, samples=FEWEST)


def scenario(profile: str, peak_connections: float = 10_000) -> ws.Scenario:
    return ws.Scenario(profile=profile, location="virginia", peak_connections=peak_connections)


def test_without_names_every_shipped_profile_is_there(monkeypatch):
    monkeypatch.setattr("estimator.analysis.gallery.gallery.profile_names", lambda: [*PAIR])

    assert [app.profile for app in ws.gallery(samples=FEWEST).apps] == PAIR


@pytest.mark.parametrize("profile", PAIR)
def test_the_best_are_those_of_the_comparison(found, profile):
    compared = ws.compare(scenario(profile))
    shown = found.table[found.table["profile"] == profile].set_index("group")

    for best in compared.headline.best:
        assert best.bill is not None
        row = shown.loc[str(best.group)]
        assert row["deployment"] == best.bill.deployment
        assert row["total_usd"] == pytest.approx(float(best.bill.total))
        assert row["compared"] == best.compared
    assert set(shown["deployment"]) <= set(ws.DEPLOYMENTS)


@pytest.mark.parametrize("profile", PAIR)
def test_ranges_are_those_of_uncertainty(found, profile):
    shown = found.table[found.table["profile"] == profile].set_index("deployment")
    ranges = ws.uncertainty(
        scenario(profile), deployments=[*map(str, shown.index)], samples=FEWEST
    ).table.set_index("deployment")

    for column in ("p10_usd", "p50_usd", "p90_usd", "within_limits_share"):
        pd.testing.assert_series_equal(
            shown[column], ranges[column], check_like=True, check_names=False
        )


def test_what_breaks_breaks_there_and_not_a_step_before(found):
    step = 1_000  # of 90 from 10,000 to 100,000
    broken = found.table.dropna(subset=["breaks"])
    assert len(broken) > 0
    for row in broken.to_dict("records"):
        at = row["breaks_at_connections"]
        before, after = (
            ws.estimate(scenario(row["profile"], peak), row["deployment"])
            for peak in (at - step, at)
        )
        for bill, exceeded in ((before, False), (after, True)):
            [limit] = [each for each in bill.verdicts if each.limit.title == row["breaks"]]
            assert bool(limit.exceeded) == exceeded


def test_what_does_not_break_is_within_the_same_limits_later(found):
    for row in found.table[found.table["breaks"].isna()].to_dict("records"):
        later = ws.estimate(scenario(row["profile"], 100_000), row["deployment"])
        now = ws.estimate(scenario(row["profile"]), row["deployment"])
        assert later.is_within_limits
        assert float(later.total) == pytest.approx(row["grown_usd"])
        exceeded = {each.limit.limit for each in now.verdicts if each.exceeded}
        assert {each.limit.limit for each in later.verdicts if each.exceeded} <= exceeded


def test_the_advice_counts_hours_of_what_is_saved(found):
    [app] = [app for app in found.apps if app.profile == "market-data"]
    usd = found.table[found.table["profile"] == "market-data"].set_index("group")["total_usd"]
    saved = usd["managed"] - usd["own servers"]

    # some $15,000 a month are more than a day of an engineer at $100 an hour
    assert app.advice.startswith("Run it on ")
    assert f"${saved:,.0f}" in app.advice
    assert f"{float(f'{saved / 100:.2g}'):,.0f} hours" in app.advice


def test_what_saves_less_than_a_working_day_is_not_advised(found):
    [app] = [app for app in found.apps if app.profile == "board-collaboration"]
    usd = found.table[found.table["profile"] == app.profile].set_index("group")["total_usd"]

    assert usd["managed"] - usd["own servers"] < 800
    assert app.advice.startswith(f"Take {app.groups[0].best.bill.name}")


@pytest.mark.parametrize("profile", PAIR)
def test_half_of_a_flow_saves_what_a_scenario_with_half_of_it_costs_less(found, profile):
    [app] = [app for app in found.apps if app.profile == profile]
    assert app.halved is not None
    deployment = next(
        bill.deployment for bill in app.priced if app.advice.split(":")[0].find(bill.name) >= 0
    )
    saved = {}
    for name, flow in app.scenario.profile.flows.items():
        half = {"extends": profile, "flows": {name: {"rate_per_hour": flow.rate_per_hour / 2}}}
        changed = app.scenario.replace(profile=half)
        whole = float(ws.estimate(app.scenario, deployment).total)
        saved[name] = whole - float(ws.estimate(changed, deployment).total)

    assert app.halved.flow == max(saved, key=lambda name: saved[name])
    assert app.halved.saves_usd == pytest.approx(saved[app.halved.flow])
    assert f"'{app.halved.flow}'" in app.advice


def test_where_nothing_managed_is_within_limits_the_rest_is_advised():
    found = ws.gallery("market-data", peak_connections=1e7, samples=FEWEST)
    [managed] = found.table[found.table["group"] == "managed"].to_dict("records")

    assert pd.isna(managed["deployment"])
    assert np.isnan(managed["p10_usd"])
    assert "no managed service is within limits" in found.apps[0].advice
    assert "none within limits" in found.to_markdown()


def test_progress_counts_profiles():
    seen = []

    ws.gallery(PAIR, samples=FEWEST, progress=lambda done, needed: seen.append((done, needed)))

    assert seen == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profiles": "workplace-chats"}, "did you mean 'workplace-chat'"),
        ({"profiles": []}, "at least one profile"),
        ({"profiles": PAIR, "growth": 1}, "growth must be a number above 1"),
        ({"profiles": PAIR, "growth": 1e4}, "growth must be a number above 1 and up to 1,000"),
        ({"profiles": PAIR, "growth": np.nan}, "growth: expected a finite number"),
        ({"profiles": PAIR, "peak_connections": 0}, "peak_connections must be a number from 1"),
        ({"profiles": PAIR, "peak_connections": 1e12}, "peak_connections must be a number"),
        ({"profiles": PAIR, "samples": 100}, "power of two"),
        ({"profiles": PAIR, "peak_connections": -1}, "peak_connections"),
        ({"profiles": PAIR, "location": "virgina"}, "did you mean 'virginia'"),
    ],
)
def test_what_cannot_be_is_refused(arguments, message):
    with pytest.raises(ws.EstimatorError, match=message):
        ws.gallery(**arguments)


def test_the_chart_shows_every_group_of_every_app(found):
    figure = found.chart()
    [axes] = figure.axes

    assert axes.get_xscale() == "log"
    points = {line.get_label(): line.get_xdata() for line in axes.lines}
    for group, rows in found.table.groupby("group"):
        assert list(points[f"{group}, P10 to P90"]) == rows["total_usd"].tolist()


def test_the_command_takes_as_many_samples():
    [samples] = [
        each.default
        for name, each in inspect.signature(command).parameters.items()
        if name == "samples"
    ]

    assert samples == SAMPLES
