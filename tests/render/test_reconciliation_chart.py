"""The chart of an invoice beside the estimate: steps that lead from one total to the other."""

from pathlib import Path

import pytest

import estimator as ws
from estimator.format import signed_dollars
from estimator.render.charts.reconciliation import bars

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_steps_lead_from_the_estimate_to_the_invoice():
    found = ws.reconcile(
        ws.Scenario.load(EXAMPLES / "shop-notices.yaml"),
        ws.read_invoice(EXAMPLES / "shop-notices-invoice.csv"),
    )
    estimate, *steps, invoice = bars(found)

    assert (estimate.start_usd, estimate.end_usd) == (0, found.estimated_usd)
    assert (invoice.start_usd, invoice.end_usd) == (0, found.billed_usd)
    assert len(steps) == len(found.causes) > 3
    assert steps[0].start_usd == estimate.end_usd
    assert steps[-1].end_usd == pytest.approx(invoice.end_usd)
    [axes] = found.chart().axes
    told = [each.get_text() for each in axes.texts]
    assert told[1:-1] == [signed_dollars(cause.usd) for cause in found.causes]
