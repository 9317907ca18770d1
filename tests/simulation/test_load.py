"""What simulated connections send: the demand that was expected, hour by hour or by the minute."""

import dataclasses

import numpy as np
import pytest
from scipy import stats

import estimator as ws
from estimator.analysis.simulate.simulate import model_of
from estimator.demand.admission_limits import AdmissionLimits, Autoscaling
from estimator.demand.expected import expected_demand
from estimator.scenario.disruptions import Broadcast, FlashCrowd, TopOfHour
from estimator.simulation.flows import Flows, Replication, by_minute
from estimator.simulation.load import (
    Kinds,
    busiest_seconds,
    each_alone,
    hourly_demand,
    message_factor,
    minute_demand,
    of_minutes,
    usual_minutes,
)
from estimator.simulation.model import Model
from estimator.simulation.run import Run, run

MINUTES = 10_080
LEAST_P = 0.001
"""A true mean fails a test at this level once in a thousand seeds; the seeds are fixed."""
NOTHING = by_minute(Flows.empty(MINUTES * 60, faults=0, levels=2), Model((), ws.Reconnect()))


def week(**minutes) -> Replication:
    """A replication that is nothing but what is given, for each minute or for all alike."""
    return dataclasses.replace(
        NOTHING,
        **{
            name: np.broadcast_to(np.asarray(given, dtype=float), MINUTES).copy()
            for name, given in minutes.items()
        },
    )


def made_of(*weeks: Replication, admission: AdmissionLimits | None = None, seed=0) -> Run:
    return Run(Model((), ws.Reconnect(), admission or AdmissionLimits()), "exact", seed, weeks, ())


def profile(**flows) -> ws.Profile:
    """Nothing but the flows that are given."""
    return ws.Profile.model_validate(
        {
            "title": "made up",
            "session": {"law": "exponential", "mean_hours": 1},
            "weekly_shape": "flat",
            "flows": {
                name: {"payload": "100 B", "direction": "server_to_client", **flow}
                for name, flow in flows.items()
            },
        }
    )


def in_small_rooms(name: str) -> ws.Profile:
    """A shipped profile with rooms that fill at any hour, so that chance does not decide."""
    shipped = ws.load_profile(name)
    flows = {
        flow: said.model_copy(update={"fan_out": min(said.fan_out, 20.0)})
        for flow, said in shipped.flows.items()
    }
    return shipped.model_copy(update={"flows": flows})


RISING = np.arange(MINUTES, dtype=float)


class TestHours:
    @pytest.mark.parametrize("name", ws.profile_names())
    def test_a_quiet_week_sends_what_was_expected_in_every_stream(self, name):
        scenario = ws.Scenario(
            profile=in_small_rooms(name), location="virginia", peak_connections=2_000
        )
        expected = expected_demand(scenario)
        # the other engine takes ten times as long for sessions that are as short and as many
        model = model_of(scenario, expected, AdmissionLimits())
        found = run(model, replications=12, seed=4, engine="exact")

        kinds = Kinds.of(scenario, expected)
        demands = [
            hourly_demand(one, scenario.profile, 730, kinds=kinds) for one in each_alone(found)
        ]

        def agrees(quantity):
            values = [float(demand.per_month(quantity(demand))) for demand in demands]
            wanted = float(expected.per_month(quantity(expected)))
            assert stats.ttest_1samp(values, wanted).pvalue > LEAST_P

        agrees(lambda demand: demand.connections)
        agrees(lambda demand: demand.new_connections)
        assert len(expected.streams) == len(demands[0].streams) >= 5
        for at, stream in enumerate(expected.streams):
            for demand in demands:
                same = demand.streams[at]
                assert (same.name, same.kind, same.direction) == (
                    stream.name,
                    stream.kind,
                    stream.direction,
                )
                assert (same.payload, same.copies) == (stream.payload, stream.copies)
            if kinds is None or stream.kind != "at_connect":
                # of several kinds, new ones are shared as expected, which their totals need not be
                agrees(lambda demand, at=at: demand.streams[at].per_hour)
        for way in ("to_client", "to_server"):
            agrees(lambda demand, way=way: demand.traffic(way, "ip"))

    def test_a_quiet_week_follows_its_shape_hour_by_hour(self):
        scenario = ws.Scenario(
            profile="workplace-chat", location="virginia", peak_connections=2_000
        )
        expected = expected_demand(scenario)
        found = run(model_of(scenario, expected, AdmissionLimits()), replications=12, seed=4)

        hourly = hourly_demand(found, scenario.profile, 730).connections.hourly

        # the mean of an hour varies no more than a moment of it does, which is a Poisson variate;
        # where sessions end too slowly for the shape, the expectation itself is off
        wanted = expected.connections.hourly
        misfit = 0.031 * wanted.mean()
        assert np.all(np.abs(hourly - wanted) < 4 * np.sqrt(wanted / 12) + misfit)

    def test_replications_are_averaged(self):
        one = week(open_mean=10, open_most=12, new_connections=RISING)
        other = week(open_mean=30, open_most=RISING, new_connections=0)

        demand = hourly_demand(made_of(one, other), profile(), 730)

        np.testing.assert_allclose(demand.connections.hourly, 20)
        # of hour h the most are 12 and minute 60 h + 59
        np.testing.assert_allclose(
            demand.connections_peak.hourly, (12 + 60 * np.arange(168) + 59) / 2
        )
        # the sum over minutes 60 h to 60 h + 59
        np.testing.assert_allclose(
            demand.new_connections.hourly, (3600 * np.arange(168) + 1770) / 2
        )

    def test_units_are_told_where_there_are_any(self):
        ran = week(units=np.repeat([2, 3], MINUTES // 2))
        scaling = Autoscaling(target_share=0.7)

        def units(admission):
            return hourly_demand(made_of(ran, admission=admission), profile(), 730).units

        assert units(AdmissionLimits()) is None
        for admission in (
            AdmissionLimits(units=2),
            AdmissionLimits(autoscaling=scaling, connections_per_unit=10),
        ):
            ran_by_hour = units(admission)
            assert ran_by_hour is not None
            np.testing.assert_allclose(ran_by_hour.hourly, np.repeat([2, 3], 84))

    def test_the_last_unit_stops_some_minutes_after_the_last_connection(self):
        # somebody from 00:10 to 00:20, and 4 at 00:59; a unit stays 15 minutes longer
        minutes = np.arange(MINUTES)
        connected = np.where((minutes >= 10) & (minutes < 20), 1.0, np.where(minutes == 59, 4, 0))
        seen = week(open_most=connected, units=1.0)
        scaling = Autoscaling(target_share=1, cool_down_seconds=900, stops_when_empty=True)

        def units(scaling):
            limits = AdmissionLimits(connections_per_unit=600, autoscaling=scaling)
            sent = profile(posts={"rate_per_hour": 1})
            found = hourly_demand(made_of(seen, admission=limits), sent, 730).units
            assert found is not None
            return found.hourly

        np.testing.assert_allclose(units(scaling)[:3] * 60, [10 + 15 + 1, 15, 0])
        always = dataclasses.replace(scaling, stops_when_empty=False)
        np.testing.assert_allclose(units(always), 1)

    def test_connections_that_were_cut_at_their_age_are_not_cut_again(self):
        aged = AdmissionLimits(age_most_seconds=5400)

        demand = hourly_demand(made_of(week(new_connections=5), admission=aged), profile(), 730)

        assert demand.cut_hours == 1.5
        assert demand.cut_after(1.5) is demand
        assert hourly_demand(made_of(week()), profile(), 730).cut_hours is None

    def test_who_comes_back_is_greeted_again(self):
        scenario = ws.Scenario(profile="market-data", location="virginia", peak_connections=2_000)
        outage = scenario.replace(faults=[ws.Outage(at="Tue 14:00", share=0.5)])
        expected = expected_demand(scenario)

        quiet, stormy = (
            run(model_of(each, expected, AdmissionLimits()), replications=1, seed=4)
            for each in (scenario, outage)
        )

        before, after = (hourly_demand(each, scenario.profile, 730) for each in (quiet, stormy))
        # the same clients come, half of those there at 14:00, which is 19:00 UTC, once more
        [[found]] = [each.aftermaths for each in stormy.replications]
        assert found.lost == pytest.approx(1000, abs=4 * np.sqrt(2000 * 0.75))
        more = np.zeros(168)
        more[43] = found.lost
        np.testing.assert_allclose(
            after.new_connections.hourly - before.new_connections.hourly, more, atol=3
        )
        greetings = [stream for stream in after.streams if stream.kind == "at_connect"]
        # 1.2 MB are 39 parts of 30 KiB and a rest, and the client sends one message
        for stream, each in zip(greetings, (39, 1, 1), strict=True):
            greeted = each * after.new_connections.hourly
            np.testing.assert_allclose(stream.per_hour.hourly, greeted, rtol=1e-12)

    def test_the_note_says_that_it_was_simulated(self):
        demand = hourly_demand(made_of(week(), week(), seed=9), profile(), 730)

        assert demand.notes == ("Simulated: mean of 2 weeks, seed 9, exact engine.",)


class TestMinutes:
    def test_minute_m_of_every_hour_is_scenario_m(self):
        demand = minute_demand(made_of(week(open_mean=RISING)), profile(), 730)

        assert demand.connections.hourly.shape == (60, 168)
        assert demand.connections.hourly[5, 2] == 2 * 60 + 5
        assert demand.peak_connections.shape == (60,)

    def test_they_come_back_in_the_order_of_time(self):
        demand = minute_demand(made_of(week(open_mean=RISING)), profile(), 730)

        np.testing.assert_array_equal(of_minutes(demand.connections), RISING)

    def test_what_is_alike_in_all_minutes_is_repeated(self):
        flat = expected_demand(
            ws.Scenario(profile="market-data", location="virginia", peak_connections=7)
        )

        np.testing.assert_allclose(of_minutes(flat.connections), np.full(MINUTES, 7.0))

    def test_rates_are_by_the_hour(self):
        flow = profile(news={"rate_per_hour": 30})

        ran = made_of(week(open_mean=100, new_connections=RISING))
        demand = minute_demand(ran, flow, 730, connects_of="minute")

        np.testing.assert_allclose(of_minutes(demand.new_connections), RISING * 60)
        [news] = demand.streams
        np.testing.assert_allclose(of_minutes(news.per_hour), 3000)

    def test_new_connections_and_what_they_bring_are_those_of_the_busiest_second(self):
        # 120 in a minute, of them 100 in one of its seconds; each is greeted and says hello
        greeted = profile().model_copy(
            update={"at_connect": ws.load_profile("workplace-chat").at_connect}
        )
        ran = made_of(week(new_connections=120, new_connections_per_second=100))

        demand = minute_demand(ran, greeted, 730)

        np.testing.assert_allclose(of_minutes(demand.new_connections), 100 * 3600)
        to_client, to_server = demand.streams
        assert (to_client.kind, to_server.kind) == ("at_connect", "at_connect")
        for stream in demand.streams:
            np.testing.assert_allclose(of_minutes(stream.per_hour), 100 * 3600)
        assert busiest_seconds(ran, greeted).tolist() == [200]
        # a bill pays for those of the hour
        np.testing.assert_allclose(
            hourly_demand(ran, greeted, 730).new_connections.hourly, 120 * 60
        )

    def test_of_the_replications_a_busy_one_counts(self):
        weeks = [week(open_mean=RISING * number) for number in range(21)]

        busy = minute_demand(made_of(*weeks), profile(), 730)
        usual = minute_demand(made_of(*weeks), profile(), 730, share=0.5)

        # 19 of the other 20 are no busier
        np.testing.assert_allclose(of_minutes(busy.connections), RISING * 19)
        np.testing.assert_allclose(of_minutes(usual.connections), RISING * 10)


class TestMessageFactor:
    def test_without_a_broadcast_servers_send_what_they_send(self):
        surges = [FlashCrowd(at=1, clients=5, over=60), TopOfHour(share=0.2)]

        np.testing.assert_array_equal(message_factor(surges), np.ones(MINUTES))

    def test_during_a_broadcast_they_send_more(self):
        show = Broadcast(at="Sun 20:00", clients=5, gather=60, lasts="90 min", messages_factor=3)

        factor = message_factor([show])

        during = slice(164 * 60, 164 * 60 + 90)
        assert np.all(factor[during] == 3)
        assert factor.sum() == MINUTES + 2 * 90

    def test_a_started_minute_belongs_to_it(self):
        show = Broadcast(at="Mon 02:00:30", clients=5, gather=60, lasts=60, messages_factor=3)

        assert np.flatnonzero(message_factor([show]) > 1).tolist() == [120, 121]

    def test_of_two_at_once_the_larger_counts(self):
        shows = [
            Broadcast(at=2, clients=5, gather=60, lasts=lasts, messages_factor=factor)
            for lasts, factor in ((120, 5), (240, 2))
        ]

        assert message_factor(shows)[119:125].tolist() == [1, 5, 5, 2, 2, 1]

    def test_only_what_servers_send_is_more(self):
        shown = Broadcast(at=2, clients=5, gather=60, lasts="90 min", messages_factor=3)
        flows = profile(
            news={"rate_per_hour": 12},
            posts={"rate_per_hour": 6, "direction": "client_to_server", "fan_out": 4},
        )
        steady = made_of(week(open_mean=100))

        by_hour = {
            (s.kind): s.per_hour.hourly for s in hourly_demand(steady, flows, 730, [shown]).streams
        }

        # 1200 in an hour; three times as many in all of hour 2 and half of hour 3
        assert by_hour["published"][[1, 2, 3, 4]].tolist() == [1200, 3600, 2400, 1200]
        assert np.all(by_hour["sent"] == 600)
        assert np.all(by_hour["passed_on"] == 2400)
        [news, *_] = minute_demand(steady, flows, 730, [shown]).streams
        assert of_minutes(news.per_hour)[[119, 120, 209, 210]].tolist() == [1200, 3600, 3600, 1200]


class TestBusiestSecond:
    def test_single_messages_are_a_poisson_variate_each_second(self):
        # 1000 connections, 36 messages per hour each: 10 a second; 600 seconds are looked at
        flow = profile(news={"rate_per_hour": 36})
        found = busiest_seconds(made_of(*[week(open_mean=1000)] * 40, seed=6), flow)

        largest_of_600 = np.array([stats.poisson(10).cdf(k) ** 600 for k in range(60)])
        low, high = (int(np.argmax(largest_of_600 >= p)) for p in (1e-5, 1 - 1e-5))
        assert low <= found.min() <= found.max() <= high
        mean = float(np.sum(1 - largest_of_600))
        assert stats.ttest_1samp(found, mean).pvalue > LEAST_P

    def test_a_post_to_many_is_many_messages_at_once(self):
        # ten posts per second
        posts = {"direction": "client_to_server", "rate_per_hour": 18, "fan_out": 500}

        [found] = busiest_seconds(made_of(week(open_mean=2000)), profile(posts=posts))

        mean_per_second = 10 * 501
        assert found >= 500 * stats.poisson(10).ppf(0.99) > 1.5 * mean_per_second

    @pytest.mark.parametrize("fan_out", [1e5, 1e6])
    def test_nobody_is_sent_a_message_who_is_not_there(self, fan_out):
        # ten posts per hour to the 200 who are there
        posts = {"direction": "client_to_server", "rate_per_hour": 10 / 200, "fan_out": fan_out}

        found = busiest_seconds(made_of(*[week(open_mean=200)] * 20), profile(posts=posts))

        # whole broadcasts to 200, one each now and then, and hardly a message beside
        assert found.max() >= 200
        assert np.all((found % 200 <= 1) & (found <= 1000))

    def test_a_broadcast_of_the_server_reaches_all_at_once(self):
        shared = {"rate_per_hour": 360, "fan_out": 3_000}

        [found] = busiest_seconds(made_of(week(open_mean=3_000)), profile(news=shared))

        # one in ten seconds on average
        assert found >= 3_000
        assert found % 3_000 == 0

    @pytest.mark.parametrize(("per_hour", "ticks"), [(360, 1), (3600, 1), (7200, 2)])
    def test_synchronized_messages_come_to_all_at_regular_moments(self, per_hour, ticks):
        regular = {"rate_per_hour": per_hour, "timing": "synchronized"}

        [found] = busiest_seconds(made_of(week(open_mean=3_000)), profile(news=regular))

        assert found == pytest.approx(ticks * 3_000)

    def test_control_frames_are_no_messages(self):
        silent = profile().model_copy(
            update={"heartbeat": ws.load_profile("workplace-chat").heartbeat}
        )

        found = busiest_seconds(made_of(week(open_mean=3_000), week(open_mean=10)), silent)

        assert found.tolist() == [0, 0]

    def test_it_is_looked_for_where_most_is_sent(self):
        lively = np.ones(MINUTES)
        lively[7777] = 100_000

        [found] = busiest_seconds(
            made_of(week(open_mean=lively)), profile(news={"rate_per_hour": 36})
        )

        # 1000 a second in one minute, next to nothing in all others
        assert 1000 < found < 1000 + 6 * np.sqrt(1000)

    def test_chance_is_that_of_the_run(self):
        weeks = made_of(week(open_mean=1000), week(open_mean=1000), seed=6)
        flow = profile(news={"rate_per_hour": 360})

        found = busiest_seconds(weeks, flow)

        np.testing.assert_array_equal(busiest_seconds(weeks, flow), found)
        assert found[0] != found[1]
        other = dataclasses.replace(weeks, seed=7)
        assert not np.array_equal(busiest_seconds(other, flow), found)


class TestUsualMinutes:
    def test_the_busiest_second_of_a_minute_is_the_largest_of_60_poisson_variates(self):
        # 7,200 connects per hour are two per second, all week
        scenario = ws.Scenario(
            profile={
                "title": "made up",
                "session": {"law": "exponential", "mean_hours": 1},
                "weekly_shape": "flat",
                "at_connect": {"to_client": 100, "from_client": 0},
                "flows": {},
            },
            location="virginia",
            peak_connections=7_200,
        )
        expected = expected_demand(scenario)

        usual = usual_minutes(expected, np.random.default_rng(1))

        per_second = of_minutes(usual.new_connections) / 3600
        np.testing.assert_allclose(per_second, np.round(per_second), atol=1e-6)
        at_most = np.array([stats.poisson(2).cdf(k) ** 60 for k in range(30)])
        mean = float(np.sum(1 - at_most))
        assert stats.ttest_1samp(per_second, mean).pvalue > LEAST_P
        [greeting] = usual.streams
        np.testing.assert_allclose(of_minutes(greeting.per_hour), of_minutes(usual.new_connections))

    def test_where_nobody_comes_nothing_does(self):
        nobody = expected_demand(
            ws.Scenario(profile="market-data", location="virginia", peak_connections=0)
        )

        usual = usual_minutes(nobody, np.random.default_rng(1))

        assert not of_minutes(usual.new_connections).any()


def test_each_replication_alone_is_a_run_of_one():
    weeks = week(open_mean=1), week(open_mean=2)

    assert [one.replications for one in each_alone(made_of(*weeks))] == [(w,) for w in weeks]
