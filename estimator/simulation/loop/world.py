"""What is there? The clients, what is planned, the limits and the counts, as plain records.

Everything is in arrays, or in lists where Python runs the loop; a field of a record is read as
``clients[row].state``.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

NO_FAULT: Final = -1
OUTSIDE, WAITING, PENDING, CONNECTING, OPEN, GAVE_UP = range(6)
"""States of a client."""
LEAVE, LOST = 0, 1
"""What happens, in the order in which it does at one moment; LOST + n: a connection, to cut n;"""
AGED, SERVED, TORN, PASSED, WORKED_OFF, GHOST, TIMED_OUT, UNSLOTTED, ATTEMPT = range(
    2**20, 2**20 + 9
)
"""to its age; a new connection is made, or a fault tears it while it is; a client has passed its
unit; a unit has done some work, and it was for one who has gone; the end of patience, and of the
wait for a slot; an attempt."""
WAIT, NOTICE, CHOICE, MOMENT, WORK, REFUSAL, UNIT, OTHER_UNIT, SLOW_START = range(9)
"""What a number drawn by chance is for."""
POOLED, ROUND_ROBIN, LEAST_CONNECTIONS, RANDOM, STICKY = range(5)
"""Which unit a new connection goes to."""
NONE, EXPONENTIAL, EQUAL_JITTER, FULL_JITTER, DECORRELATED = range(5)
"""Backoffs."""
MOST_PLANNED: Final = 5
"""No event plans more than so many others."""
(
    ARRIVED,
    TRIED,
    LET_IN,
    BY_RATE,
    BY_SLOTS,
    BUSY,
    BY_STAGE,
    BY_FAULT,
    GONE_AWAY,
    ENDED,
    CUT_OFF,
    CUT_AT_AGE,
    GIVEN_UP,
    LEFT_WAITING,
    WORKED,
    WASTED_WORK,
    QUEUE_MOST,
) = range(17)
"""What is counted in each second: the rows of ``counts``, in the order of ``flows.COUNTED``."""

CLIENT: Final = np.dtype(
    [
        ("leave_s", np.float64),
        ("opened_s", np.float64),  # of one that connects: when it tried to
        ("waited_s", np.float64),  # before the attempt to come
        ("number", np.int32),
        ("attempts", np.int32),  # so far
        ("unit", np.int32),  # that it is connected to, or connects to
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
        ("who", np.int32),  # row of the client, or -1 - the unit
        ("mark", np.int32),  # attempts of the client, or losses of the unit, when it was planned
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
        ("first", np.float64),  # of the units whose connections it takes, as shares of all units
        ("last", np.float64),
    ],
    align=True,
)
UNIT_NOW: Final = np.dtype(
    [
        ("part", np.float64),  # of it that is there: 0 if it is lost
        ("since_s", np.float64),  # when it came
        ("sent_s", np.float64),  # when its network has sent what it has to
        ("open", np.int64),  # connections, and those that are being made
        ("inside", np.int64),  # clients whom it serves or who wait for it
        ("losses", np.int64),  # how often it was lost, with all that it had to do
    ],
    align=True,
)
STAGE: Final = np.dtype(
    [("free_s", np.float64), ("work_s", np.float64), ("queue", np.float64)], align=True
)
ASKS: Final = np.dtype([("who", np.int32), ("number", np.int32), ("mark", np.int32)], align=True)
"""Who waits for a slot, with what tells whether it still does."""
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
        ("refused_share", np.float64),  # of all attempts, by a fault
        ("pending_s", np.float64),
        # units and service
        ("balancing", np.int64),
        ("at_once", np.int64),  # whether there is nothing to do, and no unit of its own
        ("unit_slots", np.float64),  # of a unit that is there
        ("slow_start_s", np.float64),
        ("work_s", np.float64),
        ("busy_servers", np.float64),  # of all, that messages of one connection keep busy
        ("transfer_s", np.float64),
        ("busy_networks", np.float64),
        ("least_share", np.float64),  # of either, that messages leave
        ("varies", np.int64),
        ("backlog", np.float64),
        ("patience_s", np.float64),
        ("refusal_share", np.float64),
        ("overflow_share", np.float64),
        ("units", np.int64),
        ("there", np.int64),  # of the units
        ("next_unit", np.int64),
        ("stages", np.int64),
        # now
        ("second", np.int64),
        ("next_client", np.int64),  # to come
        ("open", np.int64),
        ("connecting", np.int64),
        ("pending", np.int64),
        ("asks_from", np.int64),
        ("asks_until", np.int64),
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
    units: Any
    there: Any
    """Numbers of the units that are there."""
    free_s: Any
    """When each server has done what it has to do, shape (units, servers)."""
    stages: Any
    asks: Any
    """Who waits for a slot, the first first."""
