"""Sustained-use discounts as Google publishes them, and what a bill says about them.

https://cloud.google.com/compute/docs/sustained-use-discounts
"""

import numpy as np
import pytest

from estimator.deployments.gcp.sustained_use import effective_multiplier, machine_class


@pytest.mark.parametrize(
    ("name", "share", "paid"),
    [
        # each further quarter of the month costs 100, 80, 60 and 40 % of the list price
        ("thirty_percent", 0.25, 1.0),
        ("thirty_percent", 0.5, 0.9),
        ("thirty_percent", 0.75, 0.8),
        ("thirty_percent", 1.0, 0.7),
        # 100, 86.78, 73.3 and 60 %
        ("twenty_percent", 0.5, (1 + 0.8678) / 2),
        ("twenty_percent", 1.0, 0.8002),
        ("twenty_percent", 0.375, (0.25 + 0.125 * 0.8678) / 0.375),
    ],
)
def test_the_more_of_the_month_the_less_an_hour_costs(name, share, paid):
    assert float(effective_multiplier(name, share)) == pytest.approx(paid)


def test_many_shares_at_once_are_the_same_one_by_one():
    shares = np.array([[0.0, 0.1], [0.6, 1.0]])
    together = effective_multiplier("twenty_percent", shares)

    assert together.tolist() == [
        [float(effective_multiplier("twenty_percent", one)) for one in row]
        for row in shares.tolist()
    ]
    assert together[0, 0] == 1.0


@pytest.mark.parametrize(
    ("family", "found"),
    [("n2", "twenty_percent"), ("n2d", "twenty_percent"), ("e2", None), ("c4a", None)],
)
def test_only_some_families_are_discounted(family, found):
    assert machine_class(f"gcp.compute.{family}_vcpu_hours") == found


@pytest.mark.parametrize("deployment", ["gcp.application_lb_gce", "gcp.passthrough_nlb_gce"])
@pytest.mark.parametrize(
    ("machine", "said"),
    [("n2-standard-2", True), ("n2d-standard-2", True), ("e2-standard-2", False)],
)
def test_a_bill_with_discounted_machines_says_so(make_demand, bill_of, deployment, machine, said):
    notes = " ".join(bill_of(deployment, make_demand(10), options={"machine": machine}).notes)

    assert (f"discounts {machine} by up to 20% for sustained use" in notes) == said


def test_a_discounted_machine_under_redis_is_noted_where_redis_runs(make_demand, bill_of):
    options = {"redis_machine": "n2-standard-2"}
    busy = make_demand(5_000, to_server=100, to_client=1_000)

    assert "n2-standard-2" in " ".join(bill_of("gcp.cloud_run", busy, options=options).notes)
    quiet = bill_of("gcp.cloud_run", make_demand(5_000), options=options)
    assert "n2-standard-2" not in " ".join(quiet.notes)
