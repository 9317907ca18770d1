"""What is listed of Azure's defaults can be chosen, and is not what ours is."""

import pytest

from estimator.deployments.registry import ALL_DEPLOYMENTS, find_deployment
from estimator.deployments.vendor_defaults import vendor_defaults

ROWS = vendor_defaults("azure")


def test_every_deployment_is_listed():
    ours = {name for name in ALL_DEPLOYMENTS if name.startswith("azure.")}

    assert {row.deployment for row in ROWS} - {"*"} == ours


@pytest.mark.parametrize("row", [row for row in ROWS if row.option], ids=lambda row: row.subject)
def test_what_the_vendor_starts_with_is_another_value_of_the_option(row):
    deployment = find_deployment(row.deployment)
    chosen = deployment.check_options({row.option: row.vendors_option})

    assert getattr(chosen, row.option) != getattr(deployment.default_options, row.option)
