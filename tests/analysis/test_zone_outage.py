"""How much the outage of a zone takes, and that the simulation says so."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.simulate.simulate import model_of
from estimator.demand.admission_limits import AdmissionLimits
from estimator.demand.expected import expected_demand
from estimator.render.views.simulation import simulation_view

API_GATEWAY = "aws.api_gateway"
PROFILE = {
    "extends": "market-data",
    "session": {"law": "deterministic", "hours": 2},
    "flows": {"tickers": {"rate_per_hour": 6}, "order_book": {"rate_per_hour": 6}},
}
FLAT = ws.Scenario(profile=PROFILE, location="virginia", peak_connections=3_000)
ZONE = ws.ZoneOutage(at="Tue 14:00", lasts="10 min")


def model(zone_share: float | None, *faults: ws.ZoneOutage | ws.Outage):
    scenario = FLAT.replace(faults=faults)
    return model_of(scenario, expected_demand(scenario), AdmissionLimits(zone_share=zone_share))


def test_where_the_placement_is_known_the_largest_zone_fails():
    zone, outage = model(0.4, ZONE), model(0.4, ws.Outage(at="Tue 14:00", share=0.4, lasts=600))

    assert (zone.cuts, zone.throttles) == (outage.cuts, outage.throttles)
    assert zone.faults == (
        "zone outage on Tue 14:00 (19:00 UTC): 40% of connections lost, "
        "their units back after 10 min",
    )


def test_one_zone_is_everything():
    found = model(1.0, ZONE)

    assert found.cuts[0].share == 1
    assert found.throttles[0].units_share == 0


@pytest.mark.parametrize("deployment", [None, API_GATEWAY])
def test_where_nobody_says_a_third_is_taken_as_an_open_question(deployment):
    found = ws.simulate(FLAT, deployment, faults=ZONE, replications=2)

    [note] = [note for note in found.notes if note.startswith("Open question")]
    assert "how much of" in note
    assert f"{deployment or 'a deployment that is not named'} is in one zone" in note
    assert "one of three zones is taken (33%)" in note
    # a binomial number of 3,000 open connections or so, each lost with a chance of a third
    lost = [week.aftermaths[0].lost for week in found.run.replications]
    np.testing.assert_allclose(lost, 1_000, atol=6 * np.sqrt(3_000 * 1 / 3 + 1_000 / 9))
    words = "zone outage on Tue 14:00 (19:00 UTC): 33.33% of connections lost"
    assert found.run.model.faults[0].startswith(words)
    assert words in found.to_markdown()
    assert found.scenario.faults == (ZONE,)


@pytest.mark.parametrize(
    "fault", [ws.ZoneOutage(at="Tue 14:00", share=0.5), ws.Outage(at="Tue 14:00", share=0.5)]
)
def test_what_is_said_is_no_open_question(fault):
    found = ws.simulate(FLAT, faults=fault, replications=1)

    assert not any("Open question" in note for note in found.notes)
    assert "50% of connections lost" in str(simulation_view(found))


@pytest.mark.parametrize(
    "fault",
    [
        ws.ZoneOutage(at="Sun 02:00", lasts="168 h", share=1),
        ws.SlowDependency(at="Sun 02:00", lasts="168 h", new_connections_per_second=1e-9, queue=0),
        ws.RefusedAttempts(at="Sun 02:00", lasts="168 h", share=1),
        ws.RollingDeployment(at="Sun 23:00", batches=9, every="1 min", drain="1 h", restart="24 h"),
    ],
    ids=lambda fault: fault.fault,
)
@pytest.mark.parametrize("engine", ["exact", "aggregate"])
def test_a_storm_that_never_ends_is_simulated_to_the_end_of_the_week(fault, engine):
    few = FLAT.replace(peak_connections=30)

    found = ws.simulate(few, faults=fault, replications=1, engine=engine)

    [week] = found.run.replications
    assert week.open_mean.shape == (7 * 24 * 60,)
    assert np.isfinite(week.waiting).all()
