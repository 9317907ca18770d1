"""What is said of AWS's defaults is true of the options, too."""

from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.deployments.vendor_defaults import vendor_defaults

ROWS = vendor_defaults("aws")
OURS = {name for name in ALL_DEPLOYMENTS if name.startswith("aws.")}


def test_every_deployment_has_its_defaults_stated():
    assert {row.deployment for row in ROWS} == {"*", *OURS}


def test_an_option_is_named_only_where_it_starts_with_another_value():
    named = [row for row in ROWS if row.option is not None]

    assert named
    for row in named:
        assert row.deployment in OURS
        option = str(row.option)
        ours = getattr(ALL_DEPLOYMENTS[row.deployment].default_options, option)
        assert ours != row.vendors_option, f"{row.deployment}: {option}"
        # the vendor's value can be chosen
        ALL_DEPLOYMENTS[row.deployment].check_options({option: row.vendors_option})
