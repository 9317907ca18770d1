"""What is written to CloudWatch Logs, if anything."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np
from pydantic import Field

from estimator.demand.demand import Demand
from estimator.demand.weekly import total
from estimator.deployments.base import Options, Request
from estimator.pricing.lines import Usage

_METER = "aws.cloudwatch_logs.ingested_gb"


class LogOptions(Options):
    """Choices about logs."""

    log_bytes_per_connect: Annotated[float, Field(ge=0)] = 0
    """Bytes written to CloudWatch Logs for each connection, from connect to disconnect.
    Assumption: none."""
    log_bytes_per_message: Annotated[float, Field(ge=0)] = 0
    """Bytes written to CloudWatch Logs for each message, in or out. Assumption: none."""


def log_usage(request: Request, demand: Demand) -> Iterator[Usage]:
    """What is written in a month; no line if nothing is."""
    options = request.options
    if not (options.log_bytes_per_connect or options.log_bytes_per_message):
        return
    messages = total(s.per_hour for s in demand.streams if s.is_message)
    written = np.asarray(
        demand.per_month(demand.new_connections) * options.log_bytes_per_connect
        + demand.per_month(messages) * options.log_bytes_per_message
    )
    bytes_per_unit = request.catalog.meter(_METER).bytes_per_unit
    assert bytes_per_unit is not None, f"{_METER} does not count bytes"
    yield Usage(
        _METER,
        written / bytes_per_unit,
        f"{options.log_bytes_per_connect:g} bytes for each connection and "
        f"{options.log_bytes_per_message:g} for each message, in units of {bytes_per_unit:,} bytes",
    )
