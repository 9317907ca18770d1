"""Clients that poll, one message after another: what closed forms are held against."""

from bisect import bisect_right

import numpy as np

CLIENTS = 1_000
"""Of a demand that is stated."""


def long_polls_simulated(rate, timeout, turnaround, polls=20_000, seed=1):
    """Of one client: seconds of each cycle, messages in each answer, delays of the messages."""
    rng = np.random.default_rng(seed)
    # a cycle has one message and those of its turnaround on average, if not less
    messages = int(1.1 * polls * (1 + rate * turnaround)) + 1_000
    times = np.cumsum(rng.exponential(1 / rate, messages)).tolist()
    now, first = 0.0, 0
    cycles, counts, delays = [], [], []
    for _ in range(polls):
        asked = now + turnaround
        answered = max(asked, min(times[first], asked + timeout))
        until = bisect_right(times, answered, first)
        delays.extend(answered - time for time in times[first:until])
        cycles.append(answered - now)
        counts.append(until - first)
        now, first = answered, until
    return np.array(cycles), np.array(counts), np.array(delays)
