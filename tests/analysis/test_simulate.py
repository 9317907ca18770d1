"""Simulated scenarios: limits by the minute, the cost impact, every deployment, bad input."""

import dataclasses
import math
from typing import Any

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.simulate.result import MinuteVerdict, Simulation
from estimator.deployments.limits import find_limit
from estimator.simulation.theory import poisson_quantile
from estimator.states import Assessment

API_GATEWAY = "aws.api_gateway"
NEW_CONNECTIONS = "aws.api_gateway.new_connections_per_second"
MACHINE, METER = "m6g.medium", "aws.ec2.m6g_medium"
WEEKS_PER_MONTH = 730 / 168
AUTOSCALED = {"azure.container_apps", "gcp.cloud_run", "gcp.application_lb_cloud_run"}
FLAT = ws.Scenario(profile="market-data", location="virginia", peak_connections=200)
OUTAGE = "outage at Tue 14:00 share 30%"


def scenario(peak: float) -> ws.Scenario:
    """A flat audience in sessions of two hours that is sent six small messages per hour."""
    profile = {
        "extends": "market-data",
        "session": {"law": "exponential", "mean_hours": 2},
        "at_connect": {"to_client": "10 KB", "from_client": "500 B"},
        "flows": {
            "tickers": {"rate_per_hour": 6},
            "order_book": {"rate_per_hour": 0},
            "heartbeats": {"rate_per_hour": 0},
        },
    }
    return ws.Scenario.model_validate(
        {"profile": profile, "location": "virginia", "peak_connections": peak}
    )


def limit(found: Simulation, name: str) -> MinuteVerdict:
    [verdict] = [each for each in found.limits if each.limit.limit == name]
    return verdict


class TestFaults:
    def test_texts_and_objects_are_the_same(self):
        texts = ["outage at Tue 14:00 share 30% lasts 5 min", "network flap at Wed 10:00 away 20 s"]
        objects = [
            ws.Outage(at="Tue 14:00", share=0.3, lasts="5 min"),
            ws.NetworkFlap(at="Wed 10:00", away="20 s"),
        ]

        one, other = (
            ws.simulate(FLAT, API_GATEWAY, faults=faults, replications=1)
            for faults in (texts, objects)
        )

        assert one.scenario == other.scenario
        assert one.verdicts.equals(other.verdicts)
        np.testing.assert_array_equal(one.run.stack("open_most"), other.run.stack("open_most"))

    @pytest.mark.parametrize("fault", [OUTAGE, ws.Outage(at="Tue 14:00", share=0.3)])
    def test_one_alone_needs_no_list(self, fault):
        found = ws.simulate(FLAT, faults=fault, surges="top of hour share 10%", replications=1)

        assert found.scenario.faults == (ws.Outage(at="Tue 14:00", share=0.3),)
        assert found.scenario.surges == (ws.TopOfHour(share=0.1),)

    def test_those_of_the_scenario_happen_unless_others_are_given(self):
        said = FLAT.replace(faults=[ws.Outage(at="Tue 14:00", share=0.3)])

        asked, other = (ws.simulate(said, replications=1, faults=faults) for faults in (None, []))

        assert [len(each.run.replications[0].aftermaths) for each in (asked, other)] == [1, 0]

    def test_the_expected_demand_and_bill_know_nothing_of_them(self):
        found = ws.simulate(
            FLAT, API_GATEWAY, faults="outage at Tue 14:00 share 90%", replications=1
        )

        assert found.expected_bill is not None
        assert found.expected_bill.total == ws.estimate(FLAT, API_GATEWAY).total
        assert found.expected.peak_connections == pytest.approx(200)


class TestLimitsByTheMinute:
    @pytest.fixture(scope="class")
    @staticmethod
    def found():
        # the first of 120,000 within 5 min come at 800 a second
        surge = ws.FlashCrowd(at="Sat 20:15", clients=120_000, over="5 min")
        return ws.simulate(FLAT, API_GATEWAY, surges=[surge], replications=1)

    def test_a_flash_surge_is_found_in_its_minute(self, found):
        quota = limit(found, NEW_CONNECTIONS)
        assert quota.allowed == 500
        # clients who are refused knock again
        assert quota.used >= 800
        assert quota.when.startswith("Sat 20:1")
        assert 1 <= quota.minutes_beyond <= 6
        # in all 200 a second too many at first, falling to none in 112.5 s
        assert quota.turned_away > 200 * 112.5 / 2 - 500
        assert quota.state == "quota increase"
        assert found.state not in ("met", "not checked")

    def test_a_surge_within_the_limit_is_no_risk(self):
        surge = ws.FlashCrowd(at="Sat 20:15", clients=45_000, over="5 min")

        quota = limit(
            ws.simulate(FLAT, API_GATEWAY, surges=[surge], replications=2), NEW_CONNECTIONS
        )

        # 300 a second at first; a Poisson variate in each of the first seconds
        assert quota.when == "Sat 20:15 (Sun 01:15 UTC)"
        assert 300 < quota.used < poisson_quantile(301, 1 - 1e-6)
        assert (quota.minutes_beyond, quota.turned_away) == (0, 0)
        assert quota.state == "within limits"
        assert quota.share == quota.used / 500

    def test_the_hour_of_an_expected_bill_would_have_hidden_it(self, found):
        [by_hour] = [
            verdict
            for verdict in ws.estimate(FLAT, API_GATEWAY, demand=found.demand).verdicts
            if verdict.limit.limit == NEW_CONNECTIONS
        ]
        assert by_hour.state == "within limits"

    def test_what_a_fault_refuses_is_not_blamed_on_a_limit(self):
        slow = "connection throttle at Tue 14:00 lasts 30 min new_connections_per_second 0.001"

        found = ws.simulate(FLAT, API_GATEWAY, faults=slow, replications=1)

        assert found.run.stack("refused_by_rate").sum() > 10
        quota = limit(found, NEW_CONNECTIONS)
        assert (quota.minutes_beyond, quota.turned_away, quota.state) == (0, 0, "within limits")

    def test_the_closest_limit_comes_first(self):
        found = ws.simulate(FLAT, API_GATEWAY, replications=1)

        shares = [each.share for each in found.limits]
        assert shares == sorted(shares, reverse=True)

    def test_of_a_limit_nothing_is_nothing_and_anything_is_too_much(self):
        hard = find_limit("aws.api_gateway.message_max_bytes")
        assert hard.raised_by is None

        states = [
            MinuteVerdict(hard, used, allowed, None, 0).state
            for used, allowed in ((0, 0), (1, 0), (79, 100), (80, 100), (101, 100))
        ]

        within, near, over = "within limits", "near a limit", "over a hard limit"
        assert states == [within, over, within, near, over]
        assert MinuteVerdict(hard, 1, 100, None, 0, turned_away=1).state == over
        quota = find_limit(NEW_CONNECTIONS)
        assert MinuteVerdict(quota, 101, 100, 0, 1).state == "quota increase"
        assert MinuteVerdict(quota, 1, 100, 0, 1, turned_away=1).state == "quota increase"
        assert MinuteVerdict(quota, 1_001, 100, 0, 1).state == "quota increase beyond reach"
        assert MinuteVerdict(quota, 1, 100, 0, 1).when == "Mon 00:00 UTC"
        assert MinuteVerdict(quota, 1, 100, None, 1).when == ""

    def test_what_has_no_end_reads_well(self):
        idle = find_limit("aws.api_gateway.idle_timeout")

        said = MinuteVerdict(idle, math.inf, 600, None, 10_080).explain()

        assert said.startswith(f"{idle.title}: over a hard limit, without end, of 600 Seconds.")

    def test_a_plan_is_not_chosen_for_a_second(self):
        # a third of 5,000 come back at once, each with a greeting: no hour is like that second
        chat = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=5_000)
        outage = "outage at Tue 18:00 share 1/3"

        quiet, stormy = (
            {each.limit.limit.partition(".per_minute.")[2]: each for each in found.limits}
            for found in (
                ws.simulate(chat, "ably.per_minute", faults=faults, replications=1)
                for faults in ([], [outage])
            )
        )

        assert {name: each.allowed for name, each in quiet.items()} == {
            name: each.allowed for name, each in stormy.items()
        }
        assert stormy["kib_per_second"].used > 10 * quiet["kib_per_second"].used
        # what 250 per second bring in a minute at most, in an hour of such minutes
        greeting_gib = float(chat.profile.at_connect.to_client.mean) / 2**30
        more = stormy["gib_per_hour"].used - quiet["gib_per_hour"].used
        assert 0 < more < 60 * 1.3 * 5_000 / 3 * greeting_gib


class TestBill:
    def test_a_region_outage_saves_minutes_and_costs_messages(self):
        audience = scenario(120_000).replace(
            assumptions={"aws.api_gateway.minute_rounding": "exact"}
        )

        quiet, stormy = (
            ws.simulate(audience, API_GATEWAY, faults=faults, replications=1, engine="aggregate")
            for faults in ([], ["outage at Tue 14:00"])
        )

        def quantity(found: Simulation, meter: str) -> float:
            assert found.simulated_bill is not None
            [item] = [
                item for item in found.simulated_bill.items if item.usage.meter_id.endswith(meter)
            ]
            return float(item.usage.quantity)

        minutes, messages = (
            quantity(stormy, meter) - quantity(quiet, meter)
            for meter in ("connection_minutes", "messages")
        )
        # 500 a second are let in, and open sessions end: after t seconds 500 x 7200 (1 - exp(-t /
        # 7200)) are open, and all 120,000 after 244 seconds
        seconds = -7200 * math.log(1 - 120_000 / (500 * 7200))
        open_seconds = 500 * 7200 * (seconds - 7200 * (1 - math.exp(-seconds / 7200)))
        lost_minutes = (120_000 * seconds - open_seconds) / 60 * WEEKS_PER_MONTH
        assert minutes == pytest.approx(-lost_minutes, rel=0.03)
        # connections are cut after two hours, the mean of the exponential sessions; their ages a
        # have a density of exp(-a / 2) / (2 - 2 / e) up to there. Without the outage each client
        # would come back in 2 - a, 4 - a, ... hours: (1 / e + 1 / e^2 + ...) x E exp(a / 2) times.
        # After it, those who have not left come back after their wait, and in 2, 4, ... hours.
        again = 1 / (math.e - 1)
        wait_hours = lost_minutes / WEEKS_PER_MONTH / 120_000 / 60
        more_connects = (1 + again) * math.exp(-wait_hours / 2) - again / (1 - 1 / math.e)
        # two greetings each, and not one message in ten minutes that nobody is there
        greetings = 2 * more_connects * 120_000 * WEEKS_PER_MONTH
        assert messages == pytest.approx(greetings - lost_minutes / 10, rel=0.03)

    def test_a_quiet_week_costs_what_was_expected(self):
        found = ws.simulate(scenario(2_000), API_GATEWAY, replications=3)

        table = found.bill_difference
        assert found.expected_bill is not None
        assert found.simulated_bill is not None
        assert table["expected_usd"].sum() == pytest.approx(float(found.expected_bill.total))
        assert table["simulated_usd"].sum() == pytest.approx(float(found.simulated_bill.total))
        np.testing.assert_allclose(table["simulated_usd"], table["expected_usd"], rtol=0.01)
        np.testing.assert_allclose(
            table["difference_usd"], table["simulated_usd"] - table["expected_usd"]
        )

    def test_an_autoscaled_fleet_pays_for_the_nodes_that_ran(self):
        audience = ws.Scenario(
            profile="workplace-chat",
            location="virginia",
            peak_connections=5_000,
            options={
                "aws.alb_ec2": {
                    "machine": MACHINE,
                    "memory_per_connection_bytes": 2e6,
                    # its work would be a line of its own
                    "application": "none",
                    "scaling": "autoscaled",
                }
            },
        )

        found = ws.simulate(audience, "aws.alb_ec2", replications=1, engine="aggregate")

        assert found.simulated_bill is not None
        assert found.expected_bill is not None
        # without a line of its own for the application
        [planned], [ran] = (
            [item for item in bill.items if item.usage.meter_id == METER]
            for bill in (found.expected_bill, found.simulated_bill)
        )
        node_hours = float(found.run.unit_hours.mean()) * WEEKS_PER_MONTH
        assert float(ran.usage.quantity) == pytest.approx(node_hours)
        assert found.run.stack("units").max() > found.run.stack("units").min()
        difference_usd = found.bill_difference["difference_usd"][METER]
        hour_usd = float(planned.cost_usd) / float(planned.usage.quantity)
        assert difference_usd == pytest.approx(
            (node_hours - float(planned.usage.quantity)) * hour_usd
        )

    def test_without_a_deployment_there_is_no_bill(self):
        found = ws.simulate(FLAT, replications=1)

        assert found.expected_bill is found.simulated_bill is None
        assert found.limits == ()
        with pytest.raises(ws.ScenarioError, match="no bill without a deployment: name one"):
            found.bill_difference  # noqa: B018


@pytest.mark.parametrize("deployment", [*ws.DEPLOYMENTS, *ws.SAAS])
def test_every_deployment_can_be_simulated_and_its_limits_are_named(deployment):
    profile = {"extends": "workplace-chat", "weekly_shape": "workplace-worldwide"}
    audience = ws.Scenario(profile=profile, location="virginia", peak_connections=50)
    engine = "aggregate" if deployment in AUTOSCALED else "exact"

    found = ws.simulate(audience, deployment, faults=[OUTAGE], replications=2, engine=engine)

    assert found.deployment == deployment
    assert found.run.engine == engine
    assert found.expected_bill is not None
    assert found.simulated_bill is not None
    assert {each.limit.limit for each in found.limits} == {
        verdict.limit.limit for verdict in found.simulated_bill.verdicts
    }
    for each in found.limits:
        assert each.limit.title
        assert np.isfinite(each.used)
        assert each.used >= 0
        assert each.allowed > 0
    table = found.bill_difference
    assert np.isfinite(table.to_numpy()).all()
    assert table["expected_usd"].sum() == pytest.approx(float(found.expected_bill.total))
    assert np.isfinite(found.verdicts[["assumed", "found"]].to_numpy()).all()


class TestResult:
    def test_verdicts_are_the_findings(self):
        found = ws.simulate(FLAT, API_GATEWAY, faults=[OUTAGE], replications=2)

        assert found.verdicts["assumption"].tolist() == [each.title for each in found.findings]
        assert found.verdicts["state"].tolist() == [each.state for each in found.findings]
        assert found.verdicts["meaning"].str.len().min() > 0

    def test_connections_are_told_for_every_minute(self):
        table = ws.simulate(FLAT, API_GATEWAY, replications=2).connections

        assert len(table) == 10_080
        assert table.index[[0, 60, 90]].tolist() == [0, 1, 1.5]
        assert (table["open_p05"] <= table["open_p50"]).all()
        assert (table["open_p50"] <= table["open_p95"]).all()
        # connects of a minute: arrivals, and those after two hours
        assert table["new_connections"].mean() > 200 / 4 / 60

    @pytest.mark.parametrize(
        ("states", "worst"),
        [
            (["met"], "met"),
            (["met", "not checked"], "not checked"),
            (["met", "not checked", "at risk"], "at risk"),
            (["missed", "at risk"], "missed"),
        ],
    )
    def test_the_worst_finding_decides(self, states, worst):
        found = ws.simulate(FLAT, replications=1)
        findings = [
            dataclasses.replace(found.findings[0], state=Assessment(each)) for each in states
        ]

        judged = dataclasses.replace(found, findings=tuple(findings))

        assert judged.state == worst
        assert judged.assumptions_held == (worst != "missed")

    @pytest.mark.parametrize(
        ("share", "raised_by", "state", "held"),
        [
            (0.5, None, "met", True),
            (1.1, None, "missed", False),
            (1.1, "setting", "at risk", True),
            (9.0, "quota", "at risk", True),
            (11.0, "quota", "missed", False),
        ],
    )
    def test_limits_decide_as_for_a_bill(self, share, raised_by, state, held):
        found = ws.simulate(FLAT, API_GATEWAY, replications=1)
        limit = find_limit(NEW_CONNECTIONS).model_copy(update={"raised_by": raised_by})
        met = dataclasses.replace(found.findings[0], state=Assessment.MET)

        judged = dataclasses.replace(
            found, findings=(met,), limits=(MinuteVerdict(limit, share, 1.0, None, 0),)
        )

        assert (judged.state, judged.assumptions_held) == (state, held)

    def test_a_deployment_without_a_limit_that_was_checked_holds_nothing(self):
        found = ws.simulate(FLAT, API_GATEWAY, replications=1)
        met = dataclasses.replace(found.findings[0], state=Assessment.MET)

        judged = dataclasses.replace(found, findings=(met,), limits=())

        assert (judged.state, judged.assumptions_held) == ("not checked", False)
        assert f"Not checked: limits of {API_GATEWAY}." in " ".join(str(judged).split())

    def test_the_same_seed_gives_the_same_verdicts(self):
        one, again, other = (ws.simulate(FLAT, replications=2, seed=seed) for seed in (1, 1, 2))

        assert one.verdicts.equals(again.verdicts)
        assert not one.verdicts.equals(other.verdicts)


class TestErrors:
    @pytest.mark.parametrize(
        ("changes", "fault"),
        [
            ({"peak_connections": [10, 20]}, "a field of the scenario is a list.*one at a time"),
            ({"peak_connections": [10]}, "a field of the scenario is a list"),
        ],
    )
    def test_many_scenarios_at_once(self, changes, fault):
        with pytest.raises(ws.ScenarioError, match=fault):
            ws.simulate(FLAT.replace(**changes), replications=1)

    @pytest.mark.parametrize(
        ("asked", "fault"),
        [
            ({"faults": ["outage at 168 share 30%"]}, "'168' is not in the week .* below 168"),
            (
                {"faults": ["outtage at Tue 14:00"]},
                "unknown fault 'outtage': did you mean 'outage'",
            ),
            ({"faults": ["outage at Tue 25:00"]}, "hours go to 23"),
            ({"surges": ["flash crowd at Sat 20:15 clients 5"]}, "over"),
            ({"surges": ["flash crow at Sat 20:15"]}, "unknown surge 'flash_crow"),
            ({"deployment": "aws.gateway"}, "unknown deployment 'aws.gateway'.*aws.api_gateway"),
            ({"engine": "fast"}, "engine: unknown value 'fast': Valid: aggregate, auto, exact"),
            ({"replications": 0}, "at least 1, not 0"),
            ({"replications": 10**9}, "at most 5,000 .* not 1000000000"),
            ({"seed": -1}, "at least 0, not -1"),
            ({"recover_within_s": 0}, "recover_within_s: must be at least 1 ms, but is 0"),
            ({"recover_within_s": float("nan")}, "recover_within_s: .*finite number"),
        ],
    )
    def test_what_is_asked_for(self, asked, fault):
        arguments: dict[str, Any] = {"replications": 1, **asked}

        with pytest.raises(ws.EstimatorError, match=fault):
            ws.simulate(FLAT, **arguments)

    def test_an_object_beyond_the_week(self):
        with pytest.raises(ws.ScenarioError, match="168 is not in the week that is simulated"):
            ws.Outage(at=168)

    def test_an_option_that_does_not_exist(self):
        wrong = FLAT.replace(options={API_GATEWAY: {"speed": 3}})

        with pytest.raises(ws.ScenarioError, match=r"options of aws\.api_gateway, speed"):
            ws.simulate(wrong, API_GATEWAY, replications=1)

    def test_an_audience_of_nobody_is_simulated_and_holds(self):
        nobody = scenario(0)

        found = ws.simulate(nobody, API_GATEWAY, faults=[OUTAGE], replications=2)

        assert found.state == "met"
        assert not found.run.peaks.any()
