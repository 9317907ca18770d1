"""How many units of a meter do messages of given sizes make?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

from estimator.arguments import checks_arguments
from estimator.arrays import FloatArray, Numbers
from estimator.documents import YamlDocument
from estimator.errors import EstimatorError, ScenarioError
from estimator.pricing.catalog import check_answered, check_date, load_catalog
from estimator.scenario.model import Count, Model
from estimator.scenario.sizes import SizeDistribution
from estimator.validation import validated


class _Messages(Model):
    """What is counted."""

    sizes: SizeDistribution
    messages: Count


@checks_arguments
def billable_units(
    meter: str,
    sizes: SizeDistribution | str | float | Mapping[str, object],
    messages: Numbers = 1.0,
    *,
    assumptions: Mapping[str, str] | None = None,
    as_of: dt.date | None = None,
) -> float | FloatArray:
    """Count messages as a meter does: in started steps of bytes, in bytes, or one by one.

    Packages and allowances are no matter of sizes; ``price`` applies them to the units.

    Args:
        meter: id of a meter that counts messages or bytes.
        sizes: bytes of each message, as in a flow of a profile: a number, a text such as
            ``"4.5 MB"``, or a law of sizes; for what the meter counts with the payload, add it.
        messages: how many there are; a number or an array.
        assumptions: answers to what sources disagree on about prices, by id.
        as_of: count as on that day.

    Returns:
        Units of the meter, for ``price``; an array of the shape of ``messages`` if that is one.

    Raises:
        UnknownNameError: no such meter, assumption or answer.
        ScenarioError: sizes or messages that are not such.
        EstimatorError: a meter that counts neither messages nor bytes.

    >>> billable_units("aws.http_api.requests", "4.5 MB")
    9.0
    >>> sizes = {"law": "empirical", "sizes": ["2 KB", "100 KB"], "counts": [3, 1]}
    >>> billable_units("aws.api_gateway.messages", sizes, 1e6)
    1750000.0
    """
    check_date(as_of)
    check_answered(assumptions or {})
    counted = load_catalog(as_of, assumptions).meter(meter)
    document = YamlDocument({"sizes": sizes, "messages": messages}, "billable_units")
    given = validated(document, _Messages, ScenarioError)
    if counted.step_bytes is not None:
        return given.messages * given.sizes.steps(counted.step_bytes)
    if counted.bytes_per_unit is not None:
        return given.messages * given.sizes.mean / counted.bytes_per_unit
    if counted.driver == "messages":
        return given.messages
    raise EstimatorError(
        f"'{meter}' counts {counted.unit}, which do not follow from the sizes of messages"
    )
