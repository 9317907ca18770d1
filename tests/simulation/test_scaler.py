"""A fleet that follows its connections: timelines worked by hand, and rules that always hold."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

from estimator.demand.admission_limits import AdmissionLimits, Autoscaling
from estimator.scenario.reconnect import Reconnect
from estimator.simulation.admission import Scaler, allowed, change_times, units_wanted
from estimator.simulation.model import Model, Throttle

PER_UNIT = 100.0


def fleet(*, age_most_seconds=np.inf, **scaling):
    """Units of 100 connections that aim at 50, with a decision a minute and no other delays."""
    rules: dict[str, Any] = {
        "target_share": 0.5,
        "lag_seconds": 0,
        "start_seconds": 0,
        "cool_down_seconds": 0,
    }
    return AdmissionLimits(
        connections_per_unit=PER_UNIT,
        age_most_seconds=age_most_seconds,
        autoscaling=Autoscaling(**{**rules, **scaling}),
    )


def timeline(scaler, connections, every_s=60.0):
    """Units that run right after each decision, and the share that each decision stopped."""
    ran, stopped = [], []
    for number, count in enumerate(connections):
        stopped.append(scaler.decide(number * every_s, count))
        ran.append(scaler.running)
    return ran, stopped


class TestUnitsWanted:
    @pytest.mark.parametrize(
        ("connections", "units"),
        # units aim at 80 % of 1000
        [(0, 1), (1, 1), (800, 1), (801, 2), (1600, 2), (1601, 3), (80_000, 100)],
    )
    def test_they_are_rounded_up_and_never_none(self, connections, units):
        assert units_wanted(Autoscaling(target_share=0.8), 1000, connections) == units

    @pytest.mark.parametrize(
        ("connections", "units"),
        [(0, 1), (100, 1), (101, 2), (200, 2), (201, 5), (500, 5), (501, 10), (1e6, 10)],
    )
    def test_they_are_a_count_that_exists(self, connections, units):
        scaling = Autoscaling(target_share=1, counts=(1, 2, 5, 10))
        assert units_wanted(scaling, 100, connections) == units

    @pytest.mark.parametrize(
        ("connections", "units"), [(0, 5), (300, 5), (301, 6), (600, 8), (700, 9), (99_999, 9)]
    )
    def test_spare_ones_are_added_to_at_least_so_many_and_at_most_so_many_run(
        self, connections, units
    ):
        scaling = Autoscaling(target_share=1, least_units=3, spare_units=2, most_units=9)
        assert units_wanted(scaling, 100, connections) == units

    @pytest.mark.parametrize(
        ("connections", "units"), [(0, 4), (300, 4), (301, 7), (600, 7), (601, 10)]
    )
    def test_as_many_run_in_each_of_three_zones_and_one_beside(self, connections, units):
        scaling = Autoscaling(target_share=1, least_units=3, spare_units=1, group_size=3)
        assert units_wanted(scaling, 100, connections) == units

    def test_the_last_digit_makes_no_unit(self):
        # 0.7 x 3 is a little less than 2.1 for a computer
        assert units_wanted(Autoscaling(target_share=0.7), 3, 2.1) == 1
        assert units_wanted(Autoscaling(target_share=0.1), 1, 1e6 * 0.1 * (1 + 1e-12)) == 1e6

    def test_units_without_an_end_of_slots_are_the_least(self):
        assert units_wanted(Autoscaling(target_share=0.5, least_units=4), np.inf, 1e9) == 4


class TestSettled:
    def test_a_fleet_has_long_followed_its_connections(self):
        assert Scaler.settled(fleet(), 120).running == 3
        assert Scaler.settled(fleet(spare_units=1), 120).running == 4

    def test_units_that_do_not_follow_stay(self):
        assert Scaler.settled(AdmissionLimits(units=7), 1e9).running == 7
        assert Scaler.settled(AdmissionLimits(), 1e9).running == 1

        fixed = Scaler.settled(AdmissionLimits(units=7), 0)
        assert fixed.decide(0.0, 1e9) == 0
        assert (fixed.running, fixed.every_seconds, fixed.next_ready_s) == (7, np.inf, np.inf)

    @given(connections=st.floats(0, 1e6), decisions=st.integers(1, 20))
    def test_as_long_as_they_are_as_many_nothing_changes(self, connections, decisions):
        scaler = Scaler.settled(fleet(), connections)
        before = scaler.running
        ran, stopped = timeline(scaler, [connections] * decisions)
        assert set(ran) == {before}
        assert not any(stopped)


class TestTimelines:
    """One minute a column; connections of which 50 want a unit."""

    def test_without_delay_units_follow_at_once(self):
        scaler = Scaler.settled(fleet(), 50)
        connections = [50, 51, 100, 250, 249, 120, 0, 90]
        units = [1, 2, 2, 5, 5, 3, 1, 2]
        stopped = [0, 0, 0, 0, 0, 2 / 5, 2 / 3, 0]
        ran, found = timeline(scaler, connections)
        assert ran == units
        assert found == pytest.approx(stopped)

    def test_a_decision_sees_the_connections_of_some_time_ago(self):
        scaler = Scaler.settled(fleet(lag_seconds=120), 50)
        connections = [100, 150, 200, 250, 250, 250, 250]
        # the first two decisions see nothing yet
        units = [1, 1, 2, 3, 4, 5, 5]
        assert timeline(scaler, connections)[0] == units

    def test_a_lag_between_two_decisions_sees_the_older_count(self):
        scaler = Scaler.settled(fleet(lag_seconds=61), 50)
        #        at 120 s it sees what there was at 0 s, not at 60 s
        connections = [100, 150, 200, 250, 250, 250]
        units = [1, 1, 2, 3, 4, 5]
        assert timeline(scaler, connections)[0] == units

    def test_units_take_their_time_to_start(self):
        scaler = Scaler.settled(fleet(start_seconds=150), 50)
        connections = [100, 250, 250, 250, 250, 250]
        # 2 are ready at 150 s, 5 at 210 s; both are seen by the decision after that
        units = [1, 1, 1, 2, 5, 5]
        ready_s = [150, 150, 150, 210, np.inf, np.inf]
        for number, count in enumerate(connections):
            scaler.decide(number * 60.0, count)
            assert scaler.running == units[number]
            assert scaler.next_ready_s == ready_s[number]

    def test_they_are_ready_between_two_decisions_too(self):
        scaler = Scaler.settled(fleet(start_seconds=150), 50)
        scaler.decide(0.0, 100)
        scaler.wake(149.9)
        assert scaler.running == 1
        scaler.wake(150.0)
        assert scaler.running == 2
        assert scaler.next_ready_s == np.inf

    def test_what_is_starting_is_not_started_again(self):
        scaler = Scaler.settled(fleet(start_seconds=600), 50)
        timeline(scaler, [250] * 10)
        assert scaler.running == 1
        scaler.wake(600.0)
        assert (scaler.running, scaler.next_ready_s) == (5, np.inf)

    def test_units_stop_when_fewer_were_wanted_for_so_long(self):
        scaler = Scaler.settled(fleet(cool_down_seconds=180), 250)
        connections = [250, 250, 100, 100, 150, 100, 100, 100, 100]
        # fewer are wanted from 120 s on; of what was wanted since, the most is 3; these were
        # wanted until 300 s
        units = [5, 5, 5, 5, 5, 3, 3, 3, 2]
        stopped = [0, 0, 0, 0, 0, 2 / 5, 0, 0, 1 / 3]
        ran, found = timeline(scaler, connections)
        assert ran == units
        assert found == pytest.approx(stopped)

    def test_the_cool_down_begins_with_the_first_look(self):
        scaler = Scaler.settled(fleet(cool_down_seconds=180, lag_seconds=60), 250)
        connections = [100] * 6
        # the first look is at 60 s, three minutes later is 240 s
        assert timeline(scaler, connections)[0] == [5, 5, 5, 5, 2, 2]

    def test_a_cool_down_between_two_decisions_ends_with_the_next(self):
        scaler = Scaler.settled(fleet(cool_down_seconds=61), 250)
        assert timeline(scaler, [250, 50, 50, 50, 50])[0] == [5, 5, 5, 1, 1]

    def test_wanting_as_many_again_begins_the_cool_down_anew(self):
        scaler = Scaler.settled(fleet(cool_down_seconds=180), 250)
        connections = [50, 50, 50, 250, 50, 50, 50, 50]
        # the fourth decision comes three minutes after the first, but wants 5 again
        assert timeline(scaler, connections)[0] == [5, 5, 5, 5, 5, 5, 5, 1]

    def test_none_stops_while_others_start(self):
        scaler = Scaler.settled(fleet(start_seconds=120), 100)
        connections = [150, 50, 50, 50]
        # 3 were ordered at 0 s and are ready at 120 s; then 1 is enough
        units = [2, 2, 1, 1]
        stopped = [0, 0, 2 / 3, 0]
        ran, found = timeline(scaler, connections)
        assert ran == units
        assert found == pytest.approx(stopped)

    def test_units_that_keep_their_connections_cut_none_and_run_until_the_last_has_aged(self):
        admission = fleet(cool_down_seconds=60, keeps_connections=True, age_most_seconds=180)
        connections = [100, 100, 50, 50, 50, 50, 50]
        # one is enough from 120 s on; the last connection of the other is cut at 300 s
        ran, stopped = timeline(Scaler.settled(admission, 100), connections)
        assert ran == [2, 2, 2, 2, 2, 1, 1]
        assert not any(stopped)

        lost = fleet(cool_down_seconds=60, age_most_seconds=180)
        ran, stopped = timeline(Scaler.settled(lost, 100), connections)
        assert ran == [2, 2, 2, 1, 1, 1, 1]
        assert stopped == [0, 0, 0, 0.5, 0, 0, 0]

    def test_a_longer_cool_down_than_the_age_counts(self):
        admission = fleet(cool_down_seconds=240, keeps_connections=True, age_most_seconds=180)
        assert timeline(Scaler.settled(admission, 100), [50] * 6)[0] == [2, 2, 2, 2, 1, 1]
        ageless = fleet(cool_down_seconds=240, keeps_connections=True)
        assert timeline(Scaler.settled(ageless, 100), [50] * 6)[0] == [2, 2, 2, 2, 1, 1]

    def test_only_counts_that_exist_run(self):
        scaler = Scaler.settled(fleet(counts=(1, 2, 5, 10), most_units=10), 50)
        connections = [60, 110, 260, 600, 240, 90, 40]
        assert timeline(scaler, connections)[0] == [2, 5, 10, 10, 5, 2, 1]

    def test_decisions_at_parts_of_a_second_meet_their_lag_and_start_to_the_last_digit(self):
        # 0.1 + 0.2 is more than 0.3 for a computer
        admission = fleet(every_seconds=0.1, lag_seconds=0.3, start_seconds=0.2)
        scaler = Scaler.settled(admission, 50)
        units = [1, 1, 1, 1, 1, 2, 2]
        for begin_s in (0.0, 604_700.0):
            following = scaler.copy()
            ran = []
            for number in range(7):
                following.decide(begin_s + 0.1 * number, 100)
                ran.append(following.running)
            assert ran == units


CONNECTIONS = st.lists(st.integers(0, 3000), min_size=1, max_size=40)


@st.composite
def scalings(draw):
    minutes = st.sampled_from([0, 30, 60, 90, 120, 300])
    return {
        "lag_seconds": draw(minutes),
        "start_seconds": draw(minutes),
        "cool_down_seconds": draw(minutes),
        "least_units": draw(st.sampled_from([1, 2, 4])),
        "most_units": draw(st.sampled_from([4, 10, math.inf])),
        "spare_units": draw(st.sampled_from([0, 1])),
        "keeps_connections": draw(st.booleans()),
    }


def by_the_book(admission, connections, settled_at):
    """Units after each decision and the share it stopped, from all that was ever wanted."""
    rules = admission.autoscaling
    wants = {}
    for number, _ in enumerate(connections):
        seen = [k for k in range(number + 1) if 60 * (number - k) >= rules.lag_seconds]
        if seen:
            units = math.ceil(connections[seen[-1]] / (PER_UNIT * rules.target_share))
            units = max(units, rules.least_units) + rules.spare_units
            wants[number] = min(units, rules.most_units)
    cool_down_s = rules.cool_down_seconds
    if rules.keeps_connections and math.isfinite(admission.age_most_seconds):
        cool_down_s = max(cool_down_s, admission.age_most_seconds)
    running, starting, ran, stopped = settled_at, [], [], []
    for number in range(len(connections)):
        running = max([running, *(units for ready, units in starting if ready <= 60 * number)])
        starting = [(ready, units) for ready, units in starting if ready > 60 * number]
        share = 0.0
        if number in wants:
            planned = max([running, *(units for _, units in starting)])
            if wants[number] > planned:
                if rules.start_seconds:
                    starting.append((60 * number + rules.start_seconds, wants[number]))
                else:
                    running = wants[number]
            elif not starting and 60 * (number - min(wants)) >= cool_down_s:
                # what was wanted at a decision was wanted until the next one
                lately = [
                    wants[k] for k in wants if k < number and 60 * (number - k - 1) < cool_down_s
                ]
                kept = min(running, max([wants[number], *lately]))
                share = 0.0 if rules.keeps_connections else 1 - kept / running
                running = kept
        ran.append(running)
        stopped.append(share)
    return ran, stopped


@given(connections=CONNECTIONS, rules=scalings(), age_s=st.sampled_from([240, math.inf]))
def test_any_timeline_is_by_the_book(connections, rules, age_s):
    admission = fleet(age_most_seconds=age_s, **rules)
    scaler = Scaler.settled(admission, connections[0])
    expected_ran, expected_stopped = by_the_book(admission, connections, scaler.running)

    ran, stopped = timeline(scaler, connections)

    assert ran == expected_ran
    assert stopped == pytest.approx(expected_stopped)
    least = min(rules["least_units"] + rules["spare_units"], rules["most_units"])
    assert min(ran) >= least
    assert max(ran) <= rules["most_units"]


@given(
    connections=CONNECTIONS, tried=CONNECTIONS, rules=scalings(), age_s=st.sampled_from([240, 600])
)
def test_what_is_tried_on_a_copy_changes_nothing(connections, tried, rules, age_s):
    admission = fleet(age_most_seconds=age_s, **rules)
    one, other = (Scaler.settled(admission, connections[0]) for _ in range(2))
    for number, count in enumerate(connections):
        trial = one.copy()
        timeline(trial, tried)
        copied = one.copy()
        assert copied.decide(60.0 * number, count) == one.decide(60.0 * number, count)
        assert copied == one
        other.decide(60.0 * number, count)
    assert one == other


# -------------------------------------------------------------------------------------------------
# What limits allow


def model(admission, *throttles):
    return Model((), Reconnect(), admission, throttles=throttles)


class TestAllowed:
    def test_no_limits(self):
        now = allowed(model(AdmissionLimits()), 0.0, 1.0)
        assert now.new_connections_per_second == np.inf
        assert now.slots == np.inf

    def test_each_unit_brings_its_own(self):
        admission = AdmissionLimits(
            new_connections_per_second_per_unit=10, connections_per_unit=100
        )
        now = allowed(model(admission), 0.0, 3.0)
        assert (now.new_connections_per_second, now.burst, now.slots) == (30, 30, 300)

    def test_up_to_what_everything_together_lets_in(self):
        admission = AdmissionLimits(
            new_connections_per_second=25,
            new_connections_burst=40,
            new_connections_per_second_per_unit=10,
            connections_most=250,
            connections_per_unit=100,
        )
        now = allowed(model(admission), 0.0, 3.0)
        assert (now.new_connections_per_second, now.burst, now.slots) == (25, 40, 250)

    def test_a_fault_takes_units_from_its_beginning_to_before_its_end(self):
        admission = AdmissionLimits(
            new_connections_per_second_per_unit=10, connections_per_unit=100
        )
        hit = model(admission, Throttle(60.0, 120.0, units_share=0.25))
        slots = [allowed(hit, now_s, 4.0).slots for now_s in (59.9, 60.0, 119.9, 120.0)]
        assert slots == [400, 100, 100, 400]
        assert allowed(hit, 60.0, 4.0).new_connections_per_second == 10

    def test_two_faults_at_once_leave_a_part_of_a_part_and_the_slower_rate(self):
        admission = AdmissionLimits(new_connections_per_second=1000, connections_per_unit=100)
        hit = model(
            admission,
            Throttle(0.0, 100.0, units_share=0.5, new_connections_per_second=70),
            Throttle(50.0, 150.0, units_share=0.5, new_connections_per_second=80),
        )
        found = [allowed(hit, now_s, 8.0) for now_s in (0.0, 50.0, 100.0, 150.0)]
        assert [each.slots for each in found] == [400, 200, 400, 800]
        assert [each.new_connections_per_second for each in found] == [70, 70, 80, 1000]

    def test_no_units_let_in_nobody(self):
        now = allowed(model(AdmissionLimits(), Throttle(0.0, 10.0, units_share=0.0)), 5.0, 3.0)
        assert (now.new_connections_per_second, now.burst, now.slots) == (0, 0, 0)

    def test_slower_connects_leave_as_many_seconds_of_burst(self):
        admission = AdmissionLimits(new_connections_per_second=100, new_connections_burst=500)
        slow = model(admission, Throttle(0.0, 10.0, new_connections_per_second=20))
        assert allowed(slow, 5.0, 1.0).burst == 100
        # a burst on top of no rate at all stays
        burst_only = model(
            AdmissionLimits(new_connections_burst=500),
            Throttle(0.0, 10.0, new_connections_per_second=20),
        )
        assert allowed(burst_only, 5.0, 1.0).burst == 500

    def test_a_bucket_holds_a_token_at_least_and_slots_are_whole(self):
        few = allowed(
            model(AdmissionLimits(new_connections_per_second=0.1, connections_per_unit=99.7)),
            0.0,
            1.0,
        )
        assert (few.burst, few.slots) == (1, 99)

    def test_the_last_digit_makes_no_token_and_takes_no_slot(self):
        # 3 x 0.1 is more than 0.3 for a computer, and 0.29 x 100 less than 29
        admission = AdmissionLimits(
            new_connections_per_second_per_unit=0.1 * 10, connections_per_unit=100
        )
        hit = model(admission, Throttle(0.0, 10.0, units_share=0.29))
        assert allowed(hit, 5.0, 1.0).slots == 29
        assert (
            allowed(model(AdmissionLimits(new_connections_per_second=3 * 0.1 * 10)), 0.0, 1.0).burst
            == 3
        )

    def test_limits_change_where_faults_begin_and_end(self):
        hit = model(
            AdmissionLimits(), Throttle(30.0, 60.0), Throttle(10.0, 30.0), Throttle(30.0, 90.0)
        )
        assert change_times(hit).tolist() == [10, 30, 60, 90]
        assert change_times(model(AdmissionLimits())).size == 0
