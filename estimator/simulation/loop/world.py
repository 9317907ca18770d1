"""What is there? The clients, what is planned, the limits and the counts, as plain records.

Everything is in arrays, or in lists where Python runs the loop; a field of a record is read as
``clients[row].state``.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

NO_FAULT: Final = -1
OUTSIDE, WAITING, CONNECTING, OPEN, GAVE_UP = range(5)
"""States of a client."""
LEAVE, LOST = 0, 1
"""What happens, in the order in which it does at one moment; LOST + n: a connection, to cut n;"""
AGED, SERVED, WASTED, TIMED_OUT, ATTEMPT = range(2**20, 2**20 + 5)
"""to its age; work done for a client, and for one who has gone; the end of patience; an attempt."""
WAIT, NOTICE, CHOICE, MOMENT, WORK = range(5)
"""What a number drawn by chance is for."""
NONE, EXPONENTIAL, EQUAL_JITTER, FULL_JITTER, DECORRELATED = range(5)
"""Backoffs."""
(
    ARRIVED,
    TRIED,
    LET_IN,
    BY_RATE,
    BY_SLOTS,
    BUSY,
    BY_FAULT,
    GONE_AWAY,
    ENDED,
    CUT_OFF,
    CUT_AT_AGE,
    GIVEN_UP,
    LEFT_WAITING,
    WORKED,
    WASTED_WORK,
) = range(15)
"""What is counted in each second: the rows of ``counts``, in the order of ``flows.COUNTED``."""

CLIENT: Final = np.dtype(
    [
        ("leave_s", np.float64),
        ("opened_s", np.float64),
        ("waited_s", np.float64),  # before the attempt to come
        ("number", np.int32),
        ("attempts", np.int32),  # so far
        ("refusals", np.int16),  # since it came or its connection was lost
        ("fault", np.int16),  # that took its connection
        ("state", np.int8),
    ],
    align=True,
)
"""Somebody who is there, connected or not."""
EVENT: Final = np.dtype(
    [
        ("when", np.float64),
        ("what", np.int32),
        ("who", np.int32),  # row of the client; for wasted work, -1 - the unit
        ("mark", np.int32),  # attempts of the client when it was planned; the unit if SERVED
        ("next", np.int32),  # event on the same page, or unused
    ],
    align=True,
)
DUE: Final = np.dtype([("when", np.float64), ("event", np.int64)])
CUT: Final = np.dtype(
    [
        ("over_s", np.float64),
        ("notice_s", np.float64),
        ("away_s", np.float64),
        ("fault", np.int64),
    ],
    align=True,
)
NOW: Final = np.dtype(
    [
        # the run
        ("key", np.uint64),
        ("start_s", np.float64),
        ("end_s", np.float64),
        # how clients come back
        ("backoff", np.int64),
        ("base_s", np.float64),
        ("cap_s", np.float64),
        ("answer_s", np.float64),
        ("give_up_after", np.float64),
        # admission
        ("rate", np.float64),
        ("burst", np.float64),
        ("tokens", np.float64),
        ("fallen", np.float64),  # tokens since
        ("since_s", np.float64),
        ("phase", np.float64),  # part of the next token that had come by then
        ("slots", np.float64),
        ("age_s", np.float64),
        # service
        ("connect_s", np.float64),
        ("varies", np.int64),
        ("backlog", np.float64),
        ("patience_s", np.float64),
        ("refusal_share", np.float64),
        ("units", np.int64),
        ("next_unit", np.int64),
        # now
        ("second", np.int64),
        ("next_client", np.int64),  # to come
        ("open", np.int64),
        ("connecting", np.int64),
        ("connected_s", np.float64),
        ("connecting_s", np.float64),
        # rows
        ("clients", np.int64),  # rows that were ever used
        ("free_client", np.int64),
        ("free_event", np.int64),
        ("free_events", np.int64),
        ("due", np.int64),  # events in the heap
    ],
    align=True,
)


class World(NamedTuple):
    """All there is, in arrays, or in lists where Python runs the loop."""

    now: Any
    """One record."""
    clients: Any
    events: Any
    pages: Any
    """First event of each second, -1 for none; shape (seconds,)."""
    heap: Any
    """What is due in this second: events, each beside its moment, which is looked at often."""
    came_s: Any
    leave_s: Any
    cuts: Any
    counts: Any
    """Shape (flows, seconds)."""
    lost_by_fault: Any
    back_by_fault: Any
    attempts_needed: Any
    free_s: Any
    """When each server has done what it has to do, shape (units, servers)."""
    inside: Any
    """Clients whom a unit serves or who wait for it, shape (units,)."""
