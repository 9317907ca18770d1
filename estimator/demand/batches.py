"""How much reaches a client whose server holds messages back and delivers once per window?"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from estimator.arrays import FloatArray
from estimator.scenario.flows import Batch, MessageFlow
from estimator.scenario.sizes import PayloadLaw, WindowCount, batched_sizes
from estimator.units import SECONDS_PER_HOUR

_HALVINGS = 60
"""Of an interval, after which its ends are the same number."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The windows of a client, and what comes within one."""

    per_hour: FloatArray
    """Shape (*many,), or (*many, 1) if senders differ by the hour."""
    count: WindowCount

    @property
    def deliveries_per_hour(self) -> FloatArray | float:
        """Windows in which something comes, each of which is one delivery, shape (*many,)."""
        return self.per_hour * self.count.some

    def count_of_all(self, clients: FloatArray) -> WindowCount:
        """The count of one number of senders that stands for those of all hours.

        It has the same mean in windows that have some, so that deliveries carry the same bytes.

        Args:
            clients: who have these windows, in each hour, shape (*many, 168).
        """
        count = self.count
        messages = count.senders * count.active_share * count.messages_each
        carried, delivered = ((clients * each).sum(axis=-1) for each in (messages, count.some))

        def of(senders: FloatArray) -> WindowCount:
            return WindowCount(
                messages_each=np.mean(count.messages_each),
                senders=senders,
                active_share=np.mean(count.active_share),
                regular=count.regular,
            )

        most = np.max(count.senders, axis=-1)
        # of one sender or less, windows that have some are alike
        least = np.minimum(most, 1.0)
        for _ in range(_HALVINGS):
            middle = (least + most) / 2
            one = of(middle)
            more = middle * one.active_share * one.messages_each * delivered > carried * one.some
            least, most = np.where(more, least, middle), np.where(more, middle, most)
        return of(most)


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
    """Those whose messages a client receives, shape (*many,), or (*many, 168) by the hour."""
    by_hour: bool = False
    """Whether senders differ by the hour."""

    @property
    def windows(self) -> Windows:
        """The windows of a client.

        Windows of w seconds follow each other, whether messages come or not: the vendor whose text
        is cited at ``Batch`` counts 7,200 of 500 ms in an hour. Messages at random, r per second,
        fill a share 1 - exp(-r w) of them; so deliveries are (1 - exp(-r w)) / w per second, never
        more than 1 / w nor than r. A window that the first message opens would make fewer,
        1 / (w + 1 / r). Messages at regular intervals are delivered min(r, 1 / w) times.
        """
        said = self.flow.rate_per_hour, self.batch.window, self.flow.active_share
        rate, window, share = (
            np.asarray(each)[..., None] if self.by_hour else np.asarray(each) for each in said
        )
        windows = SECONDS_PER_HOUR / window
        each = rate / windows
        regular = self.flow.timing == "synchronized"
        if regular:
            # between two messages windows stay empty, so that as many count as there are messages
            windows, each = np.minimum(windows, rate), np.maximum(each, 1.0)
        count = WindowCount(
            messages_each=each, senders=self.senders, active_share=share, regular=regular
        )
        return Windows(windows, count)

    def payload(self, clients: FloatArray) -> PayloadLaw:
        """How large deliveries are.

        Args:
            clients: those who receive them in each hour, shape (*many, 168).
        """
        if self.batch.keep == "latest":
            return self.flow.payload
        count = self.windows.count
        return batched_sizes(
            self.flow.payload, self.windows.count_of_all(clients) if self.by_hour else count
        )

    def times(self, factor: float) -> Batching:
        """The same where messages come so many times as often."""
        rate = self.flow.rate_per_hour * factor
        return replace(self, flow=self.flow.model_copy(update={"rate_per_hour": rate}))
