"""How much reaches a client whose server holds messages back and delivers once per window?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from estimator.arrays import FloatArray
from estimator.scenario.profile import Batch, MessageFlow
from estimator.scenario.sizes import PayloadLaw, WindowCount, batched_sizes
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


@dataclass(frozen=True, slots=True)
class Batching:
    """What a server puts together for each client that receives a flow.

    >>> flow = MessageFlow(direction="server_to_client", rate_per_hour="2 / s", payload=100)
    >>> halves = Batching(flow, Batch(window=0.5), 1.0)
    >>> round(float(halves.windows.deliveries_per_hour / 3600), 4)
    1.2642
    """

    flow: MessageFlow
    """Rate, timing and active share."""
    batch: Batch
    """Length of a window, and what is kept of it."""
    senders: FloatArray | float
    """Those whose messages a client receives, shape (*many,)."""

    @property
    def windows(self) -> Windows:
        """The windows of a client.

        Windows of w seconds follow each other, whether messages come or not: the vendor whose text
        is cited at ``Batch`` counts 7,200 of 500 ms in an hour. Messages at random, r per second,
        fill a share 1 - exp(-r w) of them; so deliveries are (1 - exp(-r w)) / w per second, never
        more than 1 / w nor than r. A window that the first message opens would make fewer,
        1 / (w + 1 / r). Messages at regular intervals are delivered min(r, 1 / w) times.
        """
        windows = SECONDS_PER_HOUR / np.asarray(self.batch.window)
        rate = self.flow.rate_per_hour
        each = rate / windows
        regular = self.flow.timing == "synchronized"
        if regular:
            # between two messages windows stay empty, so that as many count as there are messages
            windows, each = np.minimum(windows, rate), np.maximum(each, 1.0)
        share = self.flow.active_share
        count = WindowCount(
            messages_each=each, senders=self.senders, active_share=share, regular=regular
        )
        return Windows(windows, count)

    @property
    def payload(self) -> PayloadLaw:
        """How large deliveries are; of a single scenario, if all messages are kept."""
        if self.batch.keep == "latest":
            return self.flow.payload
        return batched_sizes(self.flow.payload, self.windows.count)

    def times(self, factor: float) -> Batching:
        """The same where messages come so many times as often."""
        rate = self.flow.rate_per_hour * factor
        return replace(self, flow=self.flow.model_copy(update={"rate_per_hour": rate}))
