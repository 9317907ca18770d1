"""Seconds become minutes, and a fault its aftermath: sums, maxima and times by hand."""

import math
from collections.abc import Mapping

import numpy as np
import pytest

from estimator.scenario.reconnect import Reconnect
from estimator.simulation.flows import RECOVERY_SHARES, Flows, by_minute
from estimator.simulation.model import Model


def model(*faults):
    return Model(streams=(), reconnect=Reconnect(), faults=faults)


def aftermath(lost: Mapping[int, float], back: Mapping[int, float], seconds=2000):
    """Of one fault that took so many connections in some seconds, and gave them back in others."""
    flows = Flows.empty(seconds, faults=1, levels=3)
    flows.lost_by_fault[0, list(lost)] = list(lost.values())
    flows.back_by_fault[0, list(back)] = list(back.values())
    return by_minute(flows, model("a fault")).aftermaths


class TestMinutes:
    def test_open_connections_are_averaged_and_their_most_is_kept(self):
        flows = Flows.empty(200, faults=0, levels=3)
        flows.open_at_start = 10.0
        flows.new_connections[5] = 3
        flows.ended[70], flows.cut[70], flows.aged[71] = 1, 2, 4

        minutes = by_minute(flows, model())

        # 10 for 5 s, then 13; 13 for 10 s, 10 for 1 s, then 6; a part of a minute is left out
        np.testing.assert_allclose(
            minutes.open_mean, [(50 + 55 * 13) / 60, (130 + 10 + 49 * 6) / 60, 6]
        )
        np.testing.assert_array_equal(minutes.open_most, [13, 13, 6])

    def test_clients_who_wait_are_averaged(self):
        flows = Flows.empty(120, faults=0, levels=3)
        flows.waiting_at_start = 4.0
        flows.arrivals[0], flows.new_connections[30] = 2, 1
        flows.cut[60], flows.gave_up[61], flows.left_waiting[90] = 5, 3, 2

        minutes = by_minute(flows, model())

        # 6 for 30 s, then 5; 10 for 1 s, 7 for 29 s, then 5
        np.testing.assert_allclose(minutes.waiting, [5.5, (10 + 29 * 7 + 30 * 5) / 60])

    @pytest.mark.parametrize(
        "name",
        [
            "arrivals",
            "attempts",
            "new_connections",
            "refused_by_rate",
            "refused_full",
            "cut",
            "aged",
            "gave_up",
            "left_waiting",
        ],
    )
    def test_counts_are_added_up(self, name):
        flows = Flows.empty(150, faults=0, levels=3)
        getattr(flows, name)[[0, 59, 60, 149]] = [1, 2, 4, 8]

        np.testing.assert_array_equal(getattr(by_minute(flows, model()), name), [3, 4])

    def test_retries_are_all_attempts_but_the_first(self):
        flows = Flows.empty(120, faults=0, levels=3)
        flows.attempts[[3, 80]], flows.arrivals[[3, 80]] = [10, 7], [4, 7]

        np.testing.assert_array_equal(by_minute(flows, model()).retries, [6, 0])

    def test_the_busiest_second_of_a_minute_is_kept(self):
        flows = Flows.empty(120, faults=0, levels=3)
        flows.attempts[10:20], flows.attempts[15], flows.attempts[100] = 5, 9, 2
        flows.new_connections[10:20] = 3

        minutes = by_minute(flows, model())

        np.testing.assert_array_equal(minutes.attempts_per_second, [9, 2])
        np.testing.assert_array_equal(minutes.new_connections_per_second, [3, 0])

    def test_units_are_averaged_and_of_slots_the_fewest_count(self):
        flows = Flows.empty(120, faults=0, levels=3)
        flows.units[:90], flows.units[90:] = 2, 3
        flows.slots[:30], flows.slots[30:] = 200, 300

        minutes = by_minute(flows, model())

        np.testing.assert_allclose(minutes.units, [2, 2.5])
        np.testing.assert_array_equal(minutes.slots, [200, 300])

    def test_slots_are_used_second_by_second(self):
        flows = Flows.empty(180, faults=0, levels=3)
        flows.open_at_start = 90.0
        flows.slots[:] = 100
        # half of the units is lost with half of the connections, and then there is none at all
        flows.slots[30:], flows.cut[30] = 50, 60
        flows.slots[120:] = 0

        minutes = by_minute(flows, model())

        np.testing.assert_allclose(minutes.slots_used, [0.9, 0.6, 0])

    def test_of_endless_slots_none_are_used(self):
        flows = Flows.empty(60, faults=0, levels=3)
        flows.open_at_start = 90.0

        np.testing.assert_array_equal(by_minute(flows, model()).slots_used, [0])

    def test_clients_by_attempts_needed_are_handed_on(self):
        flows = Flows.empty(60, faults=0, levels=3)
        flows.attempts_needed[:] = [70, 20, 10]

        np.testing.assert_array_equal(by_minute(flows, model()).attempts_needed, [70, 20, 10])


class TestRecovery:
    """Shares of 50, 95, 99 and 100 %, in started seconds."""

    def test_clients_who_are_back_in_the_same_second_took_one(self):
        [after] = aftermath(lost={500: 100}, back={500: 100})

        assert after.recovery_s == (1, 1, 1, 1)

    def test_ten_a_second_bring_a_hundred_back_in_ten(self):
        [after] = aftermath(lost={500: 100}, back=dict.fromkeys(range(500, 510), 10))

        assert RECOVERY_SHARES == (0.5, 0.95, 0.99, 1.0)
        assert after.recovery_s == (5, 10, 10, 10)
        assert (after.fault, after.at_s, after.lost) == ("a fault", 500, 100)

    def test_each_share_has_its_own_second(self):
        back = {500: 40, 503: 10, 520: 45, 540: 4, 599: 1}

        [after] = aftermath(lost={500: 100}, back=back)

        assert after.recovery_s == (4, 21, 41, 100)

    def test_time_counts_from_the_last_connection_that_was_taken(self):
        # 100 are taken within 10 s, and all but the last 10 are back by then
        lost = dict.fromkeys(range(500, 510), 10)
        back = {second + 1: 10 for second in range(500, 509)} | {530: 10}

        [after] = aftermath(lost, back)

        assert after.at_s == 500
        assert after.lost == 100
        # 10 away when the last is taken: more than half are back already
        assert after.recovery_s == (1, 22, 22, 22)

    def test_who_is_not_back_before_the_end_never_is(self):
        [after] = aftermath(lost={500: 100}, back={600: 97})

        assert after.recovery_s == (101, 101, math.inf, math.inf)

    def test_less_than_half_a_client_is_nobody(self):
        # groups are followed by their mean, so that a rest never quite disappears
        [after] = aftermath(lost={500: 100}, back={510: 99.6})

        assert after.recovery_s == (11, 11, 11, 11)

    def test_a_fault_that_takes_nobody_has_no_aftermath(self):
        flows = Flows.empty(600, faults=3, levels=3)
        flows.lost_by_fault[0, 10] = flows.back_by_fault[0, 20] = 5
        flows.lost_by_fault[2, 30] = flows.back_by_fault[2, 40] = 6

        found = by_minute(flows, model("first", "second", "third")).aftermaths

        assert [(each.fault, each.at_s, each.lost) for each in found] == [
            ("first", 10, 5),
            ("third", 30, 6),
        ]


class TestCloseUp:
    def test_it_begins_a_minute_before_and_lasts_five_at_least(self):
        [after] = aftermath(lost={500: 100}, back={501: 100})

        assert after.close_up.from_s == 440
        assert after.close_up.open.size == 60 + 300

    def test_it_lasts_a_quarter_longer_than_the_recovery(self):
        [after] = aftermath(lost={500: 100}, back={500 + 800 - 1: 100})

        assert after.recovery_s[-1] == 800
        assert after.close_up.open.size == 60 + 1000

    def test_a_loss_that_takes_its_time_belongs_to_it(self):
        [after] = aftermath(lost={500: 50, 900: 50}, back={901: 100})

        assert after.close_up.open.size == 60 + 400 + 300

    def test_it_ends_with_the_run_and_after_four_hours(self):
        [short] = aftermath(lost={500: 100}, back={})
        [long] = aftermath(lost={500: 100}, back={}, seconds=20_000)

        assert short.close_up.open.size == 2000 - 440
        assert long.close_up.open.size == 60 + 4 * 3600

    def test_it_does_not_begin_before_the_run(self):
        [after] = aftermath(lost={20: 100}, back={21: 100})

        assert after.close_up.from_s == 0

    def test_it_shows_the_seconds_as_they_were(self):
        rng = np.random.default_rng(2)
        flows = Flows.empty(2000, faults=1, levels=3)
        for name in ("arrivals", "new_connections", "attempts", "refused_by_rate", "refused_full"):
            getattr(flows, name)[:] = rng.integers(0, 9, 2000)
        flows.lost_by_fault[0, 500] = flows.back_by_fault[0, 501] = 5

        [after] = by_minute(flows, model("a fault")).aftermaths

        seen, near = after.close_up, slice(440, 800)
        np.testing.assert_array_equal(seen.open, np.cumsum(flows.new_connections)[near])
        np.testing.assert_array_equal(
            seen.waiting, np.cumsum(flows.arrivals - flows.new_connections)[near]
        )
        np.testing.assert_array_equal(seen.attempts, flows.attempts[near])
        np.testing.assert_array_equal(seen.new_connections, flows.new_connections[near])
        np.testing.assert_array_equal(
            seen.refused, (flows.refused_by_rate + flows.refused_full)[near]
        )
