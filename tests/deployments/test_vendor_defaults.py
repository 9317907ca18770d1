"""What vendors start with, beside ours: rows name deployments, and options can be set so."""

import pytest

from estimator.deployments.registry import ALL_DEPLOYMENTS
from estimator.deployments.vendor_defaults import vendor_defaults

FOLDERS = ["gcp", "oci"]
ROWS = [row for folder in FOLDERS for row in vendor_defaults(folder)]
WITH_AN_OPTION = [row for row in ROWS if row.option is not None]


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_deployment_of_a_cloud_has_rows(folder):
    named = {row.deployment for row in vendor_defaults(folder)} - {"*"}

    assert named == {name for name in ALL_DEPLOYMENTS if name.startswith(f"{folder}.")}


def test_no_subject_is_listed_twice():
    subjects = [(row.deployment, row.subject) for row in ROWS]

    assert len(set(subjects)) == len(subjects)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.deployment}: {row.subject}")
def test_what_differs_says_why(row):
    assert row.source.startswith("https://")
    assert row.ours.startswith("the same") or row.why


@pytest.mark.parametrize(
    "row", WITH_AN_OPTION, ids=lambda row: f"{row.deployment}: {row.option}={row.vendors_option}"
)
def test_the_vendors_value_of_an_option_can_be_set_and_is_not_ours(row):
    deployment = ALL_DEPLOYMENTS[row.deployment]
    options = deployment.check_options({row.option: row.vendors_option})

    assert getattr(options, row.option) == row.vendors_option
    assert getattr(deployment.default_options, row.option) != row.vendors_option


@pytest.mark.parametrize("deployment", ["gcp.cloud_run", "gcp.application_lb_cloud_run"])
def test_cloud_run_starts_with_80_connections_and_5_minutes(deployment):
    # https://docs.cloud.google.com/run/docs/about-concurrency and .../configuring/request-timeout
    starts = {row.option: row.vendors_option for row in ROWS if row.deployment == deployment}

    assert (starts["concurrency"], starts["timeout_minutes"]) == (80, 5)
