"""Several kinds of clients in one scenario, and what they send each other."""

import numpy as np
import pytest

import estimator as ws
from estimator.analysis.growth.audience import grown
from estimator.analysis.workload.transport import variants
from estimator.demand.demand import Demand
from estimator.demand.expected import expected_demand
from estimator.demand.month import expected_month
from estimator.deployments.limits import burst_messages, largest_bytes, longest_silence_seconds
from estimator.errors import EstimatorError, ScenarioError

OFFICE = [0.0] * 9 + [1.0] * 8 + [0.0] * 7


def profile(flows, session_hours=1.0, hours_of_day=None, **fields):
    return {
        "title": "Ours",
        "session": {"law": "exponential", "mean_hours": session_hours},
        "weekly_shape": "flat"
        if hours_of_day is None
        else {"hours_of_day": hours_of_day, "days_of_week": [1.0] * 7},
        "flows": flows,
        **fields,
    }


def readings(**changes):
    return {
        "direction": "client_to_server",
        "rate_per_hour": 360,
        "payload": "200 B",
        "fan_out": 5,
        "to": "viewers",
    } | changes


def watched(devices=100, viewers=5, **viewing):
    return ws.Scenario(
        profile=profile({"readings": readings()}, session_hours=24.0),
        location="virginia",
        mean_connections=devices,
        other_clients={"viewers": {"profile": profile({}, **viewing), "mean_connections": viewers}},
    )


def per_month(demand, name):
    [stream] = [stream for stream in demand.streams if stream.name == name]
    return demand.per_month(stream.per_hour)


class TestSums:
    def test_devices_send_and_viewers_receive(self):
        demand = expected_demand(watched())

        assert demand.connections.mean == pytest.approx(105)
        # 100 devices x 360 per hour x 730 hours, and each of them to 5 viewers
        assert per_month(demand, "main: readings") == pytest.approx(26_280_000)
        assert per_month(demand, "viewers: readings from main") == pytest.approx(131_400_000)
        # devices that stay a day, viewers that stay an hour
        new = demand.per_month(demand.new_connections)
        assert new == pytest.approx(100 * 730 / 24 + 5 * 730)

    def test_no_more_receive_a_message_than_are_connected(self):
        # viewers for 8 of 24 hours, with 3 on average: 9 while they are there
        demand = expected_demand(watched(viewers=1, hours_of_day=OFFICE))

        viewers = demand.by_kind["viewers"].connections.hourly
        assert viewers.max() == pytest.approx(3)
        received = demand.by_kind["viewers"].streams[-1].per_hour.hourly
        np.testing.assert_allclose(received, 36_000 * viewers)

    def test_one_kind_of_its_own_is_a_scenario_of_its_own(self):
        talk = readings(to=None)
        both = ws.Scenario(
            profile=profile({"talk": talk}),
            location="virginia",
            peak_connections=70,
            other_clients={"others": {"profile": profile({"talk": talk}), "peak_connections": 30}},
        )
        alone = both.replace(other_clients={}, peak_connections=100)

        for deployment in ("aws.api_gateway", "azure.web_pubsub", "gcp.cloud_run", "aws.alb_ec2"):
            assert ws.estimate(both, deployment).total == pytest.approx(
                ws.estimate(alone, deployment).total
            )

    def test_connections_that_are_cut_come_back_as_their_own_sessions_do(self):
        demand = expected_demand(watched()).cut_after(2)

        # a session lasts longer than x with the chance exp(-x / mean): a geometric series
        per_session = {24: 1 / (1 - np.exp(-2 / 24)), 1: 1 / (1 - np.exp(-2))}
        made = 100 / 24 * per_session[24] + 5 * per_session[1]
        assert demand.new_connections.mean == pytest.approx(made)
        assert demand.sessions.mean == pytest.approx(100 / 24 + 5)

    def test_the_most_silent_kind_decides_on_idle_timeouts(self):
        scenario = watched()
        devices = expected_demand(scenario).by_kind["main"]

        demand = expected_demand(scenario)
        assert longest_silence_seconds(devices, "to_server") < 200
        assert longest_silence_seconds(demand, "to_server") == np.inf

    def test_many_scenarios_at_once(self):
        one_by_one = [
            float(ws.estimate(watched(viewers=n), "aws.api_gateway").total) for n in (1, 5)
        ]
        viewers = {"profile": profile({}), "mean_connections": [1, 5]}
        many = watched().replace(other_clients={"viewers": viewers})

        assert many.many == (2,)
        np.testing.assert_allclose(ws.estimate(many, "aws.api_gateway").total, one_by_one)
        swept = ws.sweep(watched(), {"viewers.mean_connections": [1, 5]}, ["aws.api_gateway"])
        np.testing.assert_allclose(swept.totals["total_usd"], one_by_one)

    def test_batches_hold_what_comes_from_as_many_as_send_in_each_week(self):
        batched = profile({"readings": readings(rate_per_hour=3_600, batch="1 s")}, 24.0)
        launch = {"name": "x", "on": "Mon 00:00 UTC", "lasts_hours": 168, "connections": 300}
        scenario = watched().replace(profile=batched, calendar=[launch])
        [usual], week = (
            [s for s in expected_month(one).streams if s.name == "viewers: readings from main"]
            for one in (scenario, scenario.replace(mean_connections=[100, 400], calendar=()))
        )

        # 100 send in each second and 400 in the launch, of which a delivery carries 200 bytes each;
        # next to none of the seconds are empty
        np.testing.assert_allclose(usual.payload.mean, [20_000, 80_000])
        np.testing.assert_allclose(usual.per_hour.peak, [5 * 3_600] * 2)
        np.testing.assert_allclose(week[0].payload.mean, [20_000, 80_000])
        sizes = largest_bytes(week)
        assert sizes.shape == (2,)
        assert 20_000 < sizes[0] < 80_000 < sizes[1]

    def test_compression_shrinks_what_every_kind_sends(self):
        talk = {"talk": readings(to=None, payload=1000)}
        others = {"viewers": {"profile": profile(talk), "mean_connections": 5}}
        *_, compressed = variants(watched().replace(other_clients=others), 0.5)

        flows = [each.flows.values() for each in compressed.scenario.profiles.values()]
        assert [flow.payload.mean for [flow] in flows] == [100, 500]

    def test_the_calendar_is_told_of_once(self):
        launch = {"name": "launch", "on": "Tue 14:00", "lasts_hours": 2, "connections": 500}

        notes = expected_demand(watched().replace(calendar=[launch])).notes
        assert notes == ("This is the usual week; what is on the calendar comes on top of it.",)

    def test_all_kinds_grow(self):
        demand = expected_demand(grown(watched(), np.array([1.0, 2.0])))

        np.testing.assert_allclose(demand.by_kind["viewers"].connections.mean, [5, 10])
        np.testing.assert_allclose(demand.by_kind["main"].connections.mean, [100, 200])


class TestBatchesAndBursts:
    """40 devices from 9 to 17 o'clock, 3 at other hours; 20 viewers in the evening, 2 before."""

    DEVICES = np.array([3.0] * 9 + [40.0] * 8 + [3.0] * 7)
    VIEWERS = np.array([2.0] * 18 + [20.0] * 6)

    def demand(self, **flow):
        each = (
            {
                "profile": profile(flows, 24.0, hours.tolist()),
                "peak_connections": float(hours.max()),
            }
            for flows, hours in (({"x": readings(**flow)}, self.DEVICES), ({}, self.VIEWERS))
        )
        main, viewers = each
        # clocks in London show UTC in November
        return expected_demand(
            ws.Scenario(location="london", **main, other_clients={"viewers": viewers})
        )

    @pytest.mark.parametrize("keep", ["all", "latest"])
    def test_windows_fill_with_what_is_sent_in_their_hour(self, keep):
        demand = self.demand(batch={"window": "10 s", "keep": keep})
        received = demand.by_kind["viewers"].streams[-1]

        # each device sends one message per 10 s, to 5 of the viewers or to both
        senders = self.DEVICES * np.minimum(5, self.VIEWERS) / self.VIEWERS
        filled = 1 - np.exp(-senders)
        deliveries = self.VIEWERS * 360 * filled
        # of 0.75 senders, as of whole numbers around it: nobody, or one
        deliveries[-6:] = 20 * 360 * 0.75 * (1 - np.exp(-1))
        np.testing.assert_allclose(received.per_hour.hourly[:24], deliveries)
        sent = 360 * np.sum(senders * self.VIEWERS)
        carried = deliveries.sum() * float(received.payload.mean)
        latest = 200 * deliveries.sum()
        assert carried == pytest.approx(200 * sent if keep == "all" else latest)

    @pytest.mark.parametrize("batch", [None, {"window": "1 s", "keep": "latest"}])
    def test_synchronized_messages_burst_in_the_hour_with_most_of_them(self, batch):
        demand = self.demand(timing="synchronized", batch=batch)
        viewers = demand.by_kind["viewers"]

        # 40 devices to each of 2 viewers, or 3 devices to 5 of 20; once per window at most
        most = 20 * 0.75 if batch else 80
        assert burst_messages(demand, demand.streams[-1]) == pytest.approx(most)
        # devices send every 10 seconds
        assert longest_silence_seconds(viewers, "to_client") == pytest.approx(10)

    @pytest.mark.parametrize("timing", ["spread", "synchronized"])
    @pytest.mark.parametrize("keep", ["all", "latest"])
    def test_many_scenarios_at_once_and_simulated(self, timing, keep):
        flow = {"timing": timing, "batch": {"window": "1 s", "keep": keep}}
        scenario = watched().replace(profile=profile({"readings": readings(**flow)}))
        counts = [100.0, 300.0]
        alone = [
            float(ws.estimate(scenario.replace(mean_connections=n), "azure.web_pubsub").total)
            for n in counts
        ]

        swept = ws.sweep(scenario, {"mean_connections": counts}, ["azure.web_pubsub"])
        np.testing.assert_allclose(swept.totals["total_usd"], alone)
        found = ws.simulate(scenario, "azure.web_pubsub", replications=2, seed=1)
        assert found.simulated_bill
        assert found.simulated_bill.total == pytest.approx(alone[0], rel=0.05)


class TestSimulated:
    def test_each_kind_sends_its_part(self):
        scenario = watched(devices=1000, viewers=200)
        found = ws.simulate(scenario, "aws.api_gateway", replications=4, seed=2)

        expected, simulated = found.expected, found.demand
        assert [stream.name for stream in simulated.streams] == [
            stream.name for stream in expected.streams
        ]
        for name in ("main: readings", "viewers: readings from main"):
            assert per_month(simulated, name) == pytest.approx(per_month(expected, name), rel=0.02)
        assert found.simulated_bill
        assert found.expected_bill
        assert found.simulated_bill.total == pytest.approx(found.expected_bill.total, rel=0.02)

    def test_says_that_all_come_back_as_the_main_kind_does(self):
        def notes(**viewing):
            found = ws.simulate(watched(devices=10, **viewing), replications=1)
            return [note for note in found.notes if "come back" in note]

        assert not notes()
        assert "the main kind" in notes(reconnect={"cap": "5 min"})[0]


class TestKindsOfAProfile:
    """A profile that brings other kinds of clients, each so many for each of its own."""

    @staticmethod
    def scenario(others=None, each=0.05, **audience):
        viewers = {"profile": profile({}), "per_main_connection": each}
        ours = profile({"readings": readings()}, 24.0, other_clients={"viewers": viewers})
        given = audience or {"mean_connections": 100}
        return ws.Scenario(profile=ours, location="virginia", other_clients=others or {}, **given)

    def test_they_come_with_it(self):
        brought, stated = expected_demand(self.scenario()), expected_demand(watched())

        np.testing.assert_allclose(brought.connections.hourly, stated.connections.hourly)
        assert [s.name for s in brought.streams] == [s.name for s in stated.streams]

    @pytest.mark.parametrize(
        "audience",
        [{"peak_connections": 400}, {"users_per_day": 400, "sessions_per_user_per_day": 24}],
    )
    def test_their_peak_follows_that_of_the_main_kind(self, audience):
        demand = expected_demand(self.scenario(**audience))

        main, viewers = demand.kinds
        assert viewers.peak_connections == pytest.approx(0.05 * main.peak_connections)

    def test_a_scenario_gives_them_another_number(self):
        demand = expected_demand(self.scenario({"viewers": {"peak_connections": 40}}))

        assert demand.by_kind["viewers"].peak_connections == pytest.approx(40)
        assert demand.by_kind["main"].peak_connections == pytest.approx(100)

    def test_another_number_is_all_that_a_file_and_a_link_say(self):
        scenario = ws.Scenario(
            profile="delivery-tracking",
            location="virginia",
            peak_connections=100,
            other_clients={"couriers": {"peak_connections": 40}},
        )

        assert scenario.as_data()["other_clients"] == {"couriers": {"peak_connections": 40}}
        assert len(scenario.to_token()) < 250
        assert ws.Scenario.from_token(scenario.to_token()) == scenario

    @pytest.mark.parametrize(
        ("profile_said", "words"),
        [
            ("iot-telemetry", "other_clients.peeple: give these clients a profile; .* only people"),
            ("market-data", "other_clients.peeple.profile: required"),
            ("iot", "^Scenario, profile: unknown profile 'iot'.*(?!peeple)"),
        ],
    )
    def test_a_kind_that_the_profile_does_not_bring(self, profile_said, words):
        with pytest.raises(ScenarioError, match=words):
            ws.Scenario(
                profile=profile_said,
                location="virginia",
                peak_connections=5,
                other_clients={"peeple": {"peak_connections": 7}},
            )

    def test_a_launch_brings_main_clients_only_and_says_so(self):
        launch = {"name": "x", "on": "Tue 14:00", "lasts_hours": 2, "connections": 500}
        month = expected_month(self.scenario().replace(calendar=[launch]))

        assert month.by_kind["viewers"].connections.peak.max() == pytest.approx(5)
        assert (
            "What is on the calendar brings clients of the main kind, and no more viewers."
            in month.notes
        )

    def test_they_grow_with_it(self):
        demand = expected_demand(grown(self.scenario(), np.array([1.0, 10.0])))

        np.testing.assert_allclose(demand.by_kind["viewers"].peak_connections, [5, 50])

    def test_their_number_can_be_varied(self):
        swept = ws.sweep(self.scenario(), {"per_main_connection": [0.01, 0.05]}, "aws.api_gateway")
        alone = [
            float(ws.estimate(self.scenario(each=each), "aws.api_gateway").total)
            for each in (0.01, 0.05)
        ]

        np.testing.assert_allclose(swept.totals["total_usd"], alone)

    def test_files_and_links_keep_them(self):
        scenario = self.scenario({"viewers": {"peak_connections": 40}})

        assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario
        assert ws.Scenario.from_token(scenario.to_token()) == scenario

    def test_changes_of_a_profile_reach_them(self):
        base = self.scenario().profile.model_dump(mode="json", exclude_unset=True)
        changes = {"viewers": {"per_main_connection": 0.5, "profile": {"title": "Watchers"}}}
        changed = ws.Profile(extends=base, other_clients=changes)

        viewers = changed.other_clients["viewers"]
        assert (viewers.per_main_connection, viewers.profile.title) == (0.5, "Watchers")
        assert (
            viewers.profile.session
            == self.scenario().profile.other_clients["viewers"].profile.session
        )

    def test_other_profiles_for_each_of_them(self):
        scenario = self.scenario()
        other = scenario.profiles["viewers"].model_copy(update={"title": "Watchers"})
        changed = scenario.with_profiles({"viewers": other})

        assert [each.title for each in changed.profiles.values()] == ["Ours", "Watchers"]

    @pytest.mark.parametrize(
        ("kind", "words"),
        [
            ({"peak_connections": 5}, "for each of the main ones: per_main_connection"),
            ({"per_main_connection": 1, "peak_connections": 5}, "per_main_connection stands alone"),
            ({}, "no audience: give .*per_main_connection"),
            ({"per_main_connection": -1}, "must not be negative"),
        ],
    )
    def test_a_number_that_says_nothing(self, kind, words):
        viewers = {"profile": profile({}), **kind}
        with pytest.raises(ScenarioError, match=words):
            ws.Profile(**profile({"readings": readings()}, other_clients={"viewers": viewers}))

    def test_kinds_within_kinds(self):
        inner = profile(
            {"readings": readings()},
            other_clients={"viewers": {"profile": profile({}), "per_main_connection": 1}},
        )
        with pytest.raises(ScenarioError, match=r"other kinds of clients itself \(viewers\)"):
            watched().replace(other_clients={"viewers": {"profile": inner, "peak_connections": 1}})

    def test_a_kind_without_a_flow(self):
        idle = {"profile": profile({}), "per_main_connection": 1}
        ours = profile({"talk": readings(to=None)}, other_clients={"guests": idle})
        with pytest.raises(ScenarioError, match="guests: these clients neither send nor receive"):
            ws.Scenario(profile=ours, location="virginia", peak_connections=5)


class TestBadInput:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"viewer": {"peak_connections": 5}}, "flow 'readings' of main goes to 'viewers'"),
            ({"viewers": {}}, "other_clients.viewers: no audience: give peak_connections"),
            ({"viewers": {"peak_connections": -1}}, "peak_connections: must not be negative"),
            ({"viewers": {"users_per_day": 3}}, "go together"),
            ({"main": {"peak_connections": 5}}, "'main' is the kind of clients"),
            (
                {"viewers": {"peak_connections": 5}, "guests": {"peak_connections": 5}},
                "guests: these clients neither send nor receive anything",
            ),
        ],
    )
    def test_kinds(self, changes, words):
        others = {name: {"profile": profile({}), **fields} for name, fields in changes.items()}

        with pytest.raises(ScenarioError, match=words):
            watched().replace(other_clients=others)

    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"direction": "server_to_client"}, "to is for client_to_server"),
            ({"fan_out": 0}, "fan_out must be above 0: how many of viewers"),
            ({"to": "nobody"}, "which is no kind of clients of this scenario"),
        ],
    )
    def test_flows(self, changes, words):
        with pytest.raises(ScenarioError, match=words):
            watched().replace(profile=profile({"readings": readings(**changes)}))

    def test_a_demand_of_your_own_is_of_one_kind(self):
        with pytest.raises(EstimatorError, match="readings goes to 'viewers'"):
            Demand.of(
                5,
                session={"law": "exponential", "mean_hours": 1},
                flows={"readings": readings()},
            )


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ([], "at least one kind"),
        ([{}, {"hours_per_month": 720}], "the same hours_per_month"),
        ([{"connections": [[1] * 168] * 2}, {"connections": [[1] * 168] * 3}], "the same number"),
    ],
)
def test_demands_that_cannot_be_added_up(kinds, words):
    usual = {
        "connections": 5,
        "session": {"law": "exponential", "mean_hours": 1},
        "flows": {"readings": readings(to=None)},
    }
    by_kind = {str(n): Demand.of(**usual | fields) for n, fields in enumerate(kinds)}
    with pytest.raises(EstimatorError, match=words):
        Demand.of_kinds(by_kind)


def test_what_was_said_can_be_read_again():
    scenario = watched(hours_of_day=OFFICE)

    assert ws.Scenario.from_yaml(scenario.to_yaml()) == scenario
    assert ws.Scenario.from_token(scenario.to_token()) == scenario
    assert scenario.audience == "100 on average; viewers: 5 on average"
