"""What is due when, against sorting everything each time."""

import itertools

import numpy as np
import pytest
from hypothesis import given, strategies as st

from estimator.simulation.event_queue import EventQueue, Timetable, order_of

TIMES = st.lists(st.floats(0, 100), max_size=30)


@given(puts=st.lists(TIMES, max_size=6), slot_s=st.sampled_from([0.3, 1.0, 7.0, 1000.0]))
def test_rows_come_back_in_the_order_of_time_and_once(puts, slot_s):
    queue, rows, now, number = EventQueue(slot_s, np.int64), [], 0.0, 0
    for times_s in puts:
        ahead = now + np.array(times_s)
        numbers = np.arange(number, number + ahead.size)
        queue.put(ahead, numbers)
        rows += zip(ahead.tolist(), numbers.tolist(), strict=True)
        number += ahead.size
        now += 13.7
        times_due, numbers_due = queue.due(now)
        expected = sorted(row for row in rows if row[0] < now)
        assert sorted(zip(times_due.tolist(), numbers_due.tolist(), strict=True)) == expected
        assert (np.diff(times_due) >= 0).all()
        # they stay until they are dropped
        np.testing.assert_array_equal(queue.due(now)[1], numbers_due)
        queue.drop(now)
        rows = [row for row in rows if row[0] >= now]
        assert queue.due(now)[0].size == 0


def test_rows_of_the_same_moment_come_in_the_order_in_which_they_were_put():
    queue = EventQueue(1.0, np.int64)
    for number in (3, 1, 2):
        queue.put(np.array([5.0]), np.array([number]))
    assert queue.due(6.0)[1].tolist() == [3, 1, 2]


def test_an_empty_queue_has_columns_of_its_types():
    columns = EventQueue(1.0, np.int64, np.float64).due(10.0)
    assert [column.dtype.kind for column in columns] == ["f", "i", "f"]


def test_a_row_put_before_those_there_is_found():
    queue = EventQueue(1.0, np.int64)
    queue.put(np.array([50.0]), np.array([1]))
    queue.put(np.array([2.0]), np.array([2]))
    assert queue.due(60.0)[1].tolist() == [2, 1]
    queue.drop(60.0)
    queue.put(np.array([70.0]), np.array([3]))
    assert queue.due(71.0)[1].tolist() == [3]


@pytest.mark.parametrize("start_s", [0.0, -3600.0])
def test_a_timetable_finds_each_moment_in_its_stretch(start_s):
    rng = np.random.default_rng(1)
    end_s = start_s + 10_000
    # some before the start and many beyond the end, as sessions are
    times_s = start_s - 5 + rng.exponential(5000, 5000)
    times_s[:10] = start_s + 1000.0
    table = Timetable(times_s, start_s, end_s)
    edges = [start_s, *np.sort(rng.uniform(start_s, end_s, 50)), start_s + 1000.0, end_s]
    for from_s, until_s in itertools.pairwise(edges):
        expected = np.flatnonzero((times_s >= from_s) & (times_s < until_s))
        np.testing.assert_array_equal(np.sort(table.between(from_s, until_s)), expected)


@given(rows=st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=30))
def test_order_is_by_time_and_then_by_client(rows):
    times_s, clients = np.array(rows, dtype=float).reshape(-1, 2).T
    order = order_of(times_s, clients.astype(np.int64))
    assert [rows[at] for at in order] == sorted(rows)
