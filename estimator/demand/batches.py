"""How much reaches a client whose server holds messages back and delivers once per window?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from estimator.arrays import FloatArray
from estimator.scenario.profile import Batch, MessageFlow
from estimator.scenario.sizes import WindowCount
from estimator.units import SECONDS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a client, and what comes within one."""

    per_hour: FloatArray | float
    """Shape (*many,)."""
    count: WindowCount

    @property
    def deliveries_per_hour(self) -> FloatArray | float:
        """Windows in which something comes, each of which is one delivery, shape (*many,)."""
        return self.per_hour * self.count.some


def windows_of(flow: MessageFlow, batch: Batch, senders: FloatArray | float) -> Windows:
    """The windows of a client of a flow.

    Windows of w seconds follow each other, whether messages come or not: the vendor whose text is
    cited at ``Batch`` counts 7,200 of 500 ms in an hour. Messages at random, r per second, fill a
    share 1 - exp(-r w) of them; so deliveries are (1 - exp(-r w)) / w per second, never more than
    1 / w nor than r. A window that the first message opens would make fewer, 1 / (w + 1 / r).
    Messages at regular intervals are delivered min(r, 1 / w) times.

    Args:
        flow: rate, timing and active share.
        batch: length of a window.
        senders: those whose messages a client receives, shape (*many,).

    >>> flow = MessageFlow(direction="server_to_client", rate_per_hour="2 / s", payload=100)
    >>> round(float(windows_of(flow, Batch(window=0.5), 1.0).deliveries_per_hour / 3600), 4)
    1.2642
    """
    windows = SECONDS_PER_HOUR / np.asarray(batch.window)
    each = flow.rate_per_hour / windows
    regular = flow.timing == "synchronized"
    if regular:
        # between two messages windows stay empty, so that as many count as there are messages
        windows, each = np.minimum(windows, flow.rate_per_hour), np.maximum(each, 1.0)
    count = WindowCount(
        messages_each=each, senders=senders, active_share=flow.active_share, regular=regular
    )
    return Windows(windows, count)
