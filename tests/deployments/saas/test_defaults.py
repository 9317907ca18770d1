"""What is said of the vendors' defaults is true of the options, too."""

import estimator as ws
from estimator.deployments.vendor_defaults import vendor_defaults

ROWS = vendor_defaults("saas")


def test_every_deployment_has_its_defaults_stated():
    assert {row.deployment for row in ROWS} == {"*", *ws.SAAS}


def test_an_option_is_named_only_where_it_starts_with_another_value():
    for row in ROWS:
        if row.option is not None:
            deployment = ws.SAAS[row.deployment]
            assert getattr(deployment.default_options, str(row.option)) != row.vendors_option
            # the vendor's value can be chosen
            deployment.check_options({row.option: row.vendors_option})


def test_what_differs_says_why():
    for row in ROWS:
        assert row.ours != "the same" or row.why is None
