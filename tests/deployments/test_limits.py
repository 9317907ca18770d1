"""Whether a demand stays within a limit, when in the week it comes closest, and what would fix it.

The limits used here: Web PubSub holds 1,000 connections a unit, API Gateway cuts after 600 seconds
of silence and takes messages of 128 KiB (limits.csv, with their sources).
"""

import csv
import datetime as dt
import io
import math
import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import estimator as ws
from estimator.demand.streams import MessageStream
from estimator.demand.weekly import Weekly, from_hours
from estimator.deployments.limits import (
    NEAR_SHARE,
    Check,
    Verdict,
    busiest_second,
    check,
    find_limit,
    idle_checks,
    largest_bytes,
    limit_value,
    load_limits,
    longest_silence_seconds,
    per_second,
    state_at,
    state_numbers,
    verdicts,
)
from estimator.files import data_text
from estimator.format import figure_text
from estimator.scenario.sizes import FixedSize
from estimator.states import STATES, State

PER_UNIT = "azure.web_pubsub.connections_per_unit"
IDLE = "aws.api_gateway.idle_timeout"
QUOTA = "aws.api_gateway.new_connections_per_second"
LARGEST = "aws.api_gateway.message_max_bytes"
TODAY = dt.datetime.now(dt.UTC).date()
ALL = [
    limit
    for vendor in ("aws", "azure", "gcp", "oci", "pusher", "system")
    for limit in load_limits(vendor).values()
]


def verdict(used: Any, allowed: Any = 1000, fix: str = "", limit: str = PER_UNIT) -> Verdict:
    [found] = verdicts((Check(limit, used, allowed, fix),))
    return found


def peaked(hour: int, peak: Any, level: float = 1.0) -> Weekly:
    course = np.full((*np.shape(peak), 168), level)
    course[..., hour] = peak
    return from_hours(course)


class TestState:
    @pytest.mark.parametrize(
        ("used", "state"),
        [
            (0, "within limits"),
            (799, "within limits"),
            (800, "near a limit"),
            (1000, "near a limit"),
            (1000.001, "over a hard limit"),
            (np.inf, "over a hard limit"),
        ],
    )
    def test_from_four_fifths_of_a_limit_it_is_near_and_beyond_it_over_it(self, used, state):
        found = verdict(float(used))

        assert NEAR_SHARE == 0.8
        assert found.state == state
        assert bool(found.exceeded) == (state == "over a hard limit")

    @pytest.mark.parametrize(
        ("raised_by", "share", "state"),
        [
            ("setting", 1.0, "near a limit"),
            ("setting", 1000.0, "setting to change"),
            ("quota", 1.0, "near a limit"),
            ("quota", 1.1, "quota increase"),
            ("quota", 10.0, "quota increase"),
            ("quota", 10.1, "quota increase beyond reach"),
            ("advice", 0.79, "within limits"),
            ("advice", 1000.0, "near a limit"),
            (None, 1.1, "over a hard limit"),
        ],
    )
    def test_what_raises_a_limit_decides_what_it_means_to_be_over_it(self, raised_by, share, state):
        limit = find_limit(PER_UNIT).model_copy(update={"raised_by": raised_by})
        found = Verdict(limit, np.asarray(share), np.asarray(1.0), check(PER_UNIT, share))

        assert found.state == state_at(share, raised_by) == state
        assert STATES[int(state_numbers([found], ()))] == state

    def test_each_scenario_has_the_worst_state_of_all_limits(self):
        shares = {
            "setting": [0.0, 2.0, 2.0, 2.0, 0.9],
            "quota": [0.0, 0.0, 2.0, 11.0, 0.0],
            "advice": [0.0, 9.0, 9.0, 9.0, 0.0],
            None: [0.0, 0.0, 0.0, 1.1, 0.0],
        }
        found = [
            Verdict(
                find_limit(PER_UNIT).model_copy(update={"raised_by": raised_by}),
                np.array(each),
                np.ones(5),
                check(PER_UNIT, np.array(each)),
            )
            for raised_by, each in shares.items()
        ]
        words = [
            *("within limits", "setting to change", "quota increase", "over a hard limit"),
            "near a limit",
        ]
        assert [STATES[number] for number in state_numbers(found, (5,))] == words
        # without the hard limit, the quota that nobody can count on is left
        beyond = State.BEYOND_QUOTA
        assert STATES[int(state_numbers(found[:3], (5,))[3])] is beyond

    def test_nothing_checked_is_not_checked(self):
        assert [STATES[each] for each in state_numbers([], (2,))] == [State.NOT_CHECKED] * 2

    def test_the_worst_of_many_scenarios_decides(self):
        found = verdict(np.array([10.0, 900.0, 400.0]))

        assert found.state == "near a limit"
        assert found.share.tolist() == [0.01, 0.9, 0.4]
        assert found.exceeded.tolist() == [False, False, False]
        assert verdict(np.array([10.0, 1001.0])).exceeded.tolist() == [False, True]

    def test_what_is_allowed_may_differ_between_scenarios(self):
        found = verdict(np.array([1500.0, 1500.0]), np.array([1000.0, 2000.0]))

        assert found.share.tolist() == [1.5, 0.75]

    @pytest.mark.parametrize(("used", "share"), [(0.0, 0.0), (1.0, np.inf), (np.inf, np.inf)])
    def test_anything_of_nothing_is_too_much(self, used, share):
        assert float(verdict(used, 0.0).share) == share

    def test_verdicts_begin_with_the_closest(self):
        found = verdicts(
            (
                Check(PER_UNIT, 500.0, 1000),
                Check(IDLE, 900.0, 600),
                Check(LARGEST, np.array([1.0, 100.0]), 131_072),
            )
        )

        assert [one.limit.limit for one in found] == [IDLE, PER_UNIT, LARGEST]


class TestHour:
    @pytest.mark.parametrize(
        ("hour", "when"),
        [(0, "Mon 00:00 UTC"), (38, "Tue 14:00 UTC"), (167, "Sun 23:00 UTC")],
    )
    def test_the_busiest_hour_of_the_week_is_named(self, hour, when):
        found = verdict(peaked(hour, 900.0))

        assert float(found.used) == 900
        assert found.when == when
        assert f" on {when}." in found.explain()

    def test_hours_that_are_all_alike_name_none(self):
        found = verdict(Weekly.of(np.array(900.0), np.ones(168)))

        assert found.when == ""
        assert " on " not in found.explain()

    def test_what_is_no_matter_of_hours_names_none(self):
        found = verdict(900.0)

        assert found.hour is None
        assert found.when == ""

    def test_the_hour_is_that_of_the_worst_scenario(self):
        hours = np.ones((2, 168))
        hours[0, 5], hours[1, 30] = 800, 950
        found = verdict(from_hours(hours))

        assert found.hour is not None
        assert found.hour.tolist() == [5, 30]
        assert found.when == "Tue 06:00 UTC"

    def test_one_demand_against_many_allowances_has_its_hour_in_each(self):
        found = verdict(peaked(7, 900.0), np.array([1000.0, 950.0, 2000.0]))

        assert found.share == pytest.approx([0.9, 900 / 950, 0.45])
        assert found.when == "Mon 07:00 UTC"


class TestFix:
    def test_figures_are_filled_in(self):
        found = verdict(peaked(9, 2500.0), 1000, "ask for {raised} instead of {allowed}.")

        # 2,500 is 80% of 3,125
        assert found.fix == "ask for 3,200 instead of 1,000"
        assert found.explain().endswith("Fix: ask for 3,200 instead of 1,000.")

    def test_they_are_those_of_the_worst_scenario(self):
        found = verdict(
            np.array([100.0, 2500.0]), np.array([50.0, 1000.0]), "{raised} for {allowed}"
        )

        assert found.fix == "3,200 for 1,000"

    @given(
        allowed=st.floats(1, 1e12),
        share=st.one_of(st.floats(0, 20), st.sampled_from([0, 0.8, 1, 1 + 1e-9, 10])),
    )
    def test_a_raised_limit_is_above_the_present_one_and_well_above_the_use(self, allowed, share):
        used = share * allowed
        fix = verdict(used, allowed, "ask for {raised}").fix
        raised = float(fix.removeprefix("ask for ").replace(",", ""))

        # the figure that people read, not the one behind it
        assert raised > allowed
        assert used < 0.8 * raised
        # and no more than it takes, to two digits
        assert raised <= 1.1 * max(used / 0.8, allowed) + 1

    def test_no_text_has_a_gap_that_nothing_fills(self):
        known = {"{raised}", "{allowed}"}
        gaps = {gap for one in ALL for gap in re.findall(r"{[^}]*}", one.fix or "")}

        assert gaps <= known

    def test_the_limits_own_words_are_taken_where_a_deployment_has_none(self):
        limit = find_limit(IDLE)
        assert limit.fix

        assert verdict(900.0, 600, limit=IDLE).fix == limit.fix

    def test_where_all_is_well_nothing_needs_a_fix(self):
        assert "Fix" not in verdict(10.0, fix="more units").explain()

    def test_a_sentence_tells_what_and_how_much_of_how_much(self):
        limit = find_limit(PER_UNIT)

        assert verdict(1200.0, fix="more units").explain() == (
            f"{limit.title}: over a hard limit, 1,200 of 1,000 {limit.unit}. Fix: more units."
        )

    def test_what_can_be_raised_is_not_called_a_hard_limit(self):
        limit = find_limit(QUOTA)

        assert verdict(1_601.0, 500, "ask", limit=QUOTA).explain() == (
            f"{limit.title}: quota increase ×3.3, 1,601 of 500 {limit.unit}. Fix: ask."
        )
        assert ": near a limit, 500 of 500 " in verdict(500.0, 500, limit=QUOTA).explain()

    def test_what_is_only_advised_is_said_to_be(self):
        limit = find_limit("azure.web_pubsub.advised_connection_load")
        assert limit.raised_by == "advice"

        assert (
            verdict(9.0, 8, limit=limit.limit)
            .explain()
            .startswith(f"{limit.title}: near a limit, 9 of 8 {limit.unit} advised.")
        )


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1234.5, "1,234"), (100, "100"), (99.96, "100"), (0.123456, "0.123"), (np.inf, "no end")],
)
def test_figures_are_shown_to_three_digits(value, shown):
    assert figure_text(value) == shown


class TestSilence:
    @staticmethod
    def beating(demand: ws.Demand, *ways: str, every: float, kind: Any = "ping") -> ws.Demand:
        beats = demand.connections.times(3600 / every)
        streams = [
            MessageStream("heartbeat", way, kind, beats, FixedSize(bytes=4))  # pyright: ignore[reportArgumentType]
            for way in ways
        ]
        return replace(demand, streams=(*demand.streams, *streams))

    def silence(self, demand: ws.Demand, *, each_direction: bool = False) -> float:
        [asked] = idle_checks(demand, IDLE, each_direction=each_direction)
        return float(np.max(np.asarray(asked.used)))

    def test_without_heartbeat_and_messages_it_has_no_end(self, make_demand):
        demand = make_demand(10)
        [found] = verdicts(tuple(idle_checks(demand, IDLE)))

        assert self.silence(demand) == np.inf
        assert found.state == "over a hard limit"
        assert "no end of 600" in found.explain()

    @pytest.mark.parametrize("kind", ["ping", "heartbeat"])
    def test_a_heartbeat_both_ways_ends_it(self, make_demand, kind):
        demand = self.beating(make_demand(10), "to_client", "to_server", every=25, kind=kind)

        assert self.silence(demand) == pytest.approx(25)

    @pytest.mark.parametrize("way", ["to_client", "to_server"])
    def test_one_way_leaves_the_other_silent(self, make_demand, way):
        demand = self.beating(make_demand(10), way, every=25)

        assert float(longest_silence_seconds(demand, way)) == pytest.approx(25)
        assert self.silence(demand) == pytest.approx(25)
        # where each direction has a timer of its own, the silent one is cut
        assert self.silence(demand, each_direction=True) == np.inf

    def test_the_slower_way_decides_where_each_has_a_timer(self, make_demand):
        demand = self.beating(make_demand(10), "to_client", every=25)
        both = self.beating(demand, "to_server", every=90)

        assert self.silence(both, each_direction=True) == pytest.approx(90)
        assert self.silence(both) == pytest.approx(25)

    def test_the_faster_of_two_heartbeats_decides(self, make_demand):
        demand = self.beating(make_demand(10), "to_client", "to_server", every=60)
        faster = self.beating(demand, "to_client", "to_server", every=20)

        assert self.silence(faster) == pytest.approx(20)

    def test_frequent_messages_bound_it_by_the_longest_of_a_million_gaps(self, make_demand):
        demand = self.beating(make_demand(10), "to_client", "to_server", every=25, kind="sent")

        # a Poisson stream: P(gap > t) = exp(-t / 25 s) = 10^-6
        assert self.silence(demand) == pytest.approx(25 * 6 * math.log(10))

    def test_where_nobody_is_connected_nobody_is_silent(self, make_demand):
        assert self.silence(make_demand(0)) == 0

    def test_many_scenarios_are_the_same_one_by_one(self):
        scenario = ws.Scenario(profile="workplace-chat", location="virginia", peak_connections=1)
        audience = [0.0, 10.0, 1e6]
        [together] = idle_checks(
            ws.expected_demand(scenario.replace(peak_connections=audience)), IDLE
        )

        for index, one in enumerate(audience):
            alone = self.silence(ws.expected_demand(scenario.replace(peak_connections=one)))
            assert np.asarray(together.used)[index] == pytest.approx(alone)

    @pytest.mark.parametrize(
        ("every", "state"),
        [
            (479, "within limits"),
            (480, "near a limit"),
            (600, "near a limit"),
            (601, "over a hard limit"),
        ],
    )
    def test_a_timeout_is_outlived_by_a_heartbeat_well_below_it(self, make_demand, every, state):
        demand = self.beating(make_demand(10), "to_client", "to_server", every=every)
        [found] = verdicts(tuple(idle_checks(demand, IDLE)))

        assert found.state == state

    def test_words_of_the_deployment_go_before_those_of_the_limit(self, make_demand):
        [own] = idle_checks(make_demand(10), IDLE, "beat every {allowed} s")
        [general] = idle_checks(make_demand(10), IDLE)

        assert own.fix == "beat every {allowed} s"
        assert general.fix == find_limit(IDLE).fix

    @pytest.mark.parametrize(
        ("every", "setting", "ceiling"),
        [(25, 25 / 60, 25 / 4_000), (90, 90 / 60, 90 / 4_000), (5000, 5000 / 60, 5000 / 4_000)],
    )
    def test_a_timeout_with_a_ceiling_is_two_limits(self, make_demand, every, setting, ceiling):
        # AWS: an Application Load Balancer cuts after 60 s, and can be set to 4,000 s at most
        demand = self.beating(make_demand(10), "to_client", "to_server", every=every)
        most = "aws.alb.idle_timeout_max"
        checks = tuple(idle_checks(demand, "aws.alb.idle_timeout", ceiling_id=most))
        found = {one.limit.limit: one for one in verdicts(checks)}

        assert float(found["aws.alb.idle_timeout"].share) == pytest.approx(setting)
        assert float(found[most].share) == pytest.approx(ceiling)
        raise_it = "raise the timeout (at most 4,000 seconds)"
        assert (raise_it in found["aws.alb.idle_timeout"].fix) == (ceiling <= 1)


class TestWhatIsAsked:
    def test_rates_are_by_the_second(self, make_demand):
        demand = make_demand(10, to_client=7200, to_server=3600, new_connections=1800)

        assert per_second(demand.new_connections).peak == pytest.approx(0.5)
        assert busiest_second(demand, demand.messages("to_client")).used.peak == pytest.approx(2)
        assert busiest_second(demand, demand.streams).used.peak == pytest.approx(3)

    def test_no_streams_are_no_messages(self, make_demand):
        assert float(busiest_second(make_demand(10), ()).used.peak) == 0

    def test_the_largest_message_is_the_largest_that_can_occur(self, make_demand):
        demand = make_demand(10, to_client=1, payload=5000)

        assert largest_bytes(demand.messages("to_client")) == 5000

    def test_pings_are_no_messages(self, make_demand):
        demand = replace(make_demand(10), streams=())
        pinging = TestSilence.beating(demand, "to_client", every=10)

        assert largest_bytes(demand.messages("to_client")) == 0
        assert largest_bytes(pinging.messages("to_client")) == 0

    def test_a_check_takes_the_limit_as_it_stands(self):
        asked = check(PER_UNIT, 12.0, "more units")

        assert asked == Check(PER_UNIT, 12.0, 1000.0, "more units")


class TestFinding:
    def test_a_limit_there_is_not_names_one_that_comes_close(self):
        with pytest.raises(ws.EstimatorError, match=r"unknown limit .*did you mean 'aws\.api_gat"):
            find_limit("aws.api_gateway.idle_time")

    @pytest.mark.parametrize("limit", ["ibm.mq.connections", "", "../aws.api_gateway"])
    def test_a_vendor_there_is_not_lists_those_there_are(self, limit):
        with pytest.raises(ws.EstimatorError, match=r"unknown vendor of a limit .*aws, azure"):
            find_limit(limit)

    @pytest.mark.parametrize("vendor", ["ably", "pusher", "pubnub", "cloudflare", "supabase"])
    def test_limits_of_saas_are_found_by_their_own_names(self, vendor):
        [first, *_] = [one for one in load_limits(vendor) if one.startswith(f"{vendor}.")]

        assert find_limit(first).limit == first

    def test_a_figure_is_asked_for_by_its_id(self):
        # https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-execution-service-websocket-limits-table.html
        assert limit_value(IDLE) == 600

    def test_a_list_of_allowed_values_is_no_figure(self):
        with pytest.raises(TypeError, match="list of allowed values"):
            limit_value("azure.web_pubsub.unit_steps")


class TestFiles:
    def test_there_are_at_least_sixty_limits(self):
        assert len(ALL) >= 60
        assert len({limit.limit for limit in ALL}) == len(ALL)

    def test_every_limit_has_positive_figures_in_order(self):
        for limit in ALL:
            values = limit.value if isinstance(limit.value, tuple) else (limit.value,)
            assert values[0] > 0, limit.limit
            assert list(values) == sorted(set(values)), limit.limit

    def test_every_limit_says_where_and_when_it_was_read(self):
        assert [one.limit for one in ALL if len(one.source) < 10] == []
        # no service that is compared is older than the first cloud to sell WebSockets
        first = dt.date(2015, 1, 1)
        assert [one.limit for one in ALL if not first <= one.checked_on <= TODAY] == []

    def test_every_limit_says_what_it_bounds_and_for_whom(self):
        assert [one.limit for one in ALL if not (one.title and one.unit and one.scope)] == []

    def test_a_limit_that_a_demand_can_break_says_how_to_get_past_it(self):
        assert [one.limit for one in ALL if one.measure != "other" and not one.fix] == []

    def test_seconds_bytes_and_rates_have_such_units(self):
        units = {
            "idle_seconds": "Seconds",
            "connection_age_seconds": "Seconds",
            "message_bytes": "Bytes",
            "frame_bytes": "Bytes",
            "bandwidth_mbps": "Mbps",
        }
        assert [one.limit for one in ALL if one.unit != units.get(one.measure, one.unit)] == []
        rates = [one for one in ALL if one.measure.endswith("_per_second")]
        assert rates
        assert [one.limit for one in rates if not one.unit.endswith("/Second")] == []

    @pytest.mark.parametrize("vendor", ["aws", "azure", "gcp", "oci", "system"])
    def test_ids_begin_with_their_vendor_and_stand_once(self, vendor):
        rows = csv.DictReader(io.StringIO(data_text(f"{vendor}/limits.csv")))
        ids = [row["limit"] for row in rows]

        assert ids
        assert [one for one in ids if not one.startswith(f"{vendor}.")] == []
        assert len(ids) == len(set(ids))
