"""What goes wrong during the simulated week.

Connections are spread evenly over whatever fails: one of n nodes carries 1/n of them, one of three
zones a third, a region all.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from estimator.scenario.disruption_text import parse_sentence
from estimator.scenario.model import Duration, Model, RatePerSecond, Seconds, Share, WeekTime
from estimator.units import duration_text, week_time_text

_Repeats = Annotated[int, Field(ge=1, le=1000)]


class Outage(Model):
    """A node, a zone or a region fails.

    >>> Outage(at="Tue 14:00", share="30 %", lasts="5 min").words
    'outage on Tue 14:00: 30 % of connections lost, their units back after 5 min'
    """

    fault: Literal["outage"] = "outage"
    at: WeekTime
    """When it strikes."""
    share: Share = 1.0
    """Share of the connections, and of the units that hold them, that is lost at once: a node of n
    is 1/n, a zone of three a third, a region 1."""
    lasts: Duration = 0.0
    """Time that these units stay lost; 0: others take their place at once."""
    notice: Duration = 0.0
    """Clients notice within this time, evenly. 0: at once, since a closed socket tells; if the loss
    is silent, the interval of the heartbeat."""

    @property
    def words(self) -> str:
        """The fault as a sentence."""
        noticed = f", noticed within {duration_text(self.notice)}" if self.notice else ""
        back = f", their units back after {duration_text(self.lasts)}" if self.lasts else ""
        return f"outage on {_lost(self.at, self.share)} lost{noticed}{back}"


class RollingDeployment(Model):
    """A new version takes the place of the old one, batch by batch.

    A batch closes 1/batches of the connections that are open when it starts, since fleets are
    balanced. A client that lands on a node whose turn is still to come is cut again.

    >>> RollingDeployment(at="Wed 10:00", batches=6, every="2 min", drain="30 s").words
    'rolling deployment on Wed 10:00: 6 batches, one every 2 min, each closed within 30 s'
    """

    fault: Literal["rolling_deployment"] = "rolling_deployment"
    at: WeekTime
    """When the first batch starts."""
    batches: _Repeats
    """Batches that the fleet is divided into."""
    every: Seconds
    """Time from the start of a batch to the start of the next."""
    drain: Duration = 0.0
    """The connections of a batch are closed within this time, evenly."""

    @property
    def words(self) -> str:
        """The fault as a sentence."""
        closed = f"within {duration_text(self.drain)}" if self.drain else "at once"
        return (
            f"rolling deployment on {week_time_text(self.at)}: {self.batches} batches, "
            f"one every {duration_text(self.every)}, each closed {closed}"
        )


class BalancerResize(Model):
    """A load balancer is resized, and the nodes that leave it close their connections.

    >>> BalancerResize(at="Tue 14:00", share=0.25, over="5 min").words
    'balancer resize on Tue 14:00: 25 % of connections closed within 5 min'
    """

    fault: Literal["balancer_resize"] = "balancer_resize"
    at: WeekTime
    """When the first of them closes."""
    share: Share
    """Share of the connections that the nodes hold which leave."""
    over: Duration = 0.0
    """Their connections are closed within this time, evenly."""

    @property
    def words(self) -> str:
        """The fault as a sentence."""
        closed = f"within {duration_text(self.over)}" if self.over else "at once"
        return f"balancer resize on {_lost(self.at, self.share)} closed {closed}"


class NetworkFlap(Model):
    """Some clients lose their network for a moment, once or several times.

    >>> NetworkFlap(at="Tue 14:00", share=0.1, away="20 s", times=3, every="1 min").words
    'network flap on Tue 14:00: 10 % of connections lost for 20 s, 3 times, every 1 min'
    """

    fault: Literal["network_flap"] = "network_flap"
    at: WeekTime
    """When the network goes first."""
    share: Share = 1.0
    """Share of the open connections that is lost each time."""
    away: Duration
    """Time without network, in which their clients cannot try again."""
    times: _Repeats = 1
    """How often it happens."""
    every: Seconds | None = None
    """Time from one to the next; needed if it happens several times."""

    @model_validator(mode="after")
    def _a_pause_between(self) -> Self:
        if (self.times > 1) != (self.every is not None):
            raise ValueError("times above 1 and every, the time from one to the next, go together")
        return self

    @property
    def words(self) -> str:
        """The fault as a sentence."""
        lost = f"network flap on {_lost(self.at, self.share)} lost for {duration_text(self.away)}"
        return (
            f"{lost}, {self.times} times, every {duration_text(self.every)}" if self.every else lost
        )


class ConnectionThrottle(Model):
    """A slow database or sign-in service lets fewer clients connect.

    >>> ConnectionThrottle(at="Mon 09:00", lasts="10 min", new_connections_per_second=50).words
    'connection throttle on Mon 09:00: 50 new connections per second for 10 min'
    """

    fault: Literal["connection_throttle"] = "connection_throttle"
    at: WeekTime
    """When it becomes slow."""
    lasts: Seconds
    """Time until it is fast again."""
    new_connections_per_second: RatePerSecond
    """New connections per second that it lets through, all together."""

    @property
    def words(self) -> str:
        """The fault as a sentence."""
        return (
            f"connection throttle on {week_time_text(self.at)}: {self.new_connections_per_second:,.6g} connects "
            f"a second for {duration_text(self.lasts)}"
        )


Fault = Annotated[
    Outage | RollingDeployment | BalancerResize | NetworkFlap | ConnectionThrottle,
    Field(discriminator="fault"),
]
"""Anything that goes wrong."""


def parse_fault(text: str) -> Fault:
    """Read a fault from one line, as the command line takes it.

    Raises:
        UnknownNameError: no such fault, or no such field of it.
        ScenarioError: a field is missing, given twice, or has a value that it cannot have.

    >>> parse_fault("outage at Tue 14:00 share 30% lasts 5 min").words
    'outage on Tue 14:00: 30 % of connections lost, their units back after 5 min'
    """
    return parse_sentence(
        text, "fault", (Outage, RollingDeployment, BalancerResize, NetworkFlap, ConnectionThrottle)
    )


def _lost(at: float, share: float) -> str:
    return f"{week_time_text(at)}: {100 * share:.4g} % of connections"
