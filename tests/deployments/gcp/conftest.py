"""Limits of a bill by their id."""

from collections.abc import Callable

import pytest

from estimator.analysis.estimate.result import Estimate
from estimator.deployments.limits import Verdict


@pytest.fixture(scope="session")
def verdict_on() -> Callable[[Estimate, str], Verdict]:
    """How a bill's demand stands to one limit."""

    def found(bill: Estimate, limit_id: str) -> Verdict:
        [verdict] = [one for one in bill.verdicts if one.limit.limit == limit_id]
        return verdict

    return found
