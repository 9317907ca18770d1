"""Your own code beside a service runs on servers of a cloud, on lines of its own."""

from dataclasses import replace

import pytest

import estimator as ws
from estimator.analysis.estimate.resolve import resolve
from estimator.pricing.lines import LineItem

HOSTED = [name for name in ws.SAAS if not name.startswith("cloudflare.")]
SCENARIO = ws.Scenario(profile="workplace-chat", location="frankfurt", peak_connections=10_000)
every_hosted = pytest.mark.parametrize("deployment", HOSTED)


def own(deployment: str, **options: object) -> list[LineItem]:
    bill = ws.estimate(SCENARIO.replace(options={deployment: options}), deployment)
    return [item for item in bill.items if item.usage.layer == "application"]


@every_hosted
@pytest.mark.parametrize(
    ("cloud", "region"),
    [
        ("aws", "eu-central-1"),
        ("azure", "germanywestcentral"),
        ("gcp", "europe-west3"),
        ("oci", "eu-frankfurt-1"),
    ],
)
def test_it_runs_in_the_region_of_the_location_on_the_cloud_chosen(deployment, cloud, region):
    lines = own(deployment, application_cloud=cloud)

    assert lines
    for line in lines:
        assert line.usage.meter_id.startswith(f"{cloud}.")
        assert line.usage.region == region


@every_hosted
def test_it_runs_on_aws_unless_another_cloud_is_chosen(deployment):
    assert [line.usage for line in own(deployment)] == [
        line.usage for line in own(deployment, application_cloud="aws")
    ]


@every_hosted
def test_servers_carry_the_work_of_the_busiest_hour_whatever_zone_fails(deployment):
    """10,000 people who send 36 messages an hour each, 100 ms a message, are 10 cores."""
    profile = {
        "title": "Written out",
        "session": {"law": "deterministic", "hours": 1},
        "weekly_shape": "flat",
        "flows": {
            "posts": {
                "direction": "client_to_server",
                "rate_per_hour": 36,
                "payload": 100,
                "fan_out": 0,
            }
        },
    }
    options = {
        "application_cpu_ms_per_message": 100,
        "application_machine": "c7i.xlarge",
        "application_headroom": 0.5,
    }
    scenario = SCENARIO.replace(profile=profile, options={deployment: options})
    bill = ws.estimate(scenario, deployment)

    # 20 vCPU at half of their time, 5 servers of 4; of three zones two carry them: 3 in each
    hours = [
        float(item.usage.quantity)
        for item in bill.items
        if item.usage.meter_id == "aws.ec2.c7i_xlarge"
    ]
    assert hours == [pytest.approx(9 * 730)]


@every_hosted
@pytest.mark.parametrize("choice", [{"application": "none"}, {"application_cloud": "none"}])
def test_none_leaves_it_out_and_says_so(deployment, choice):
    bill = ws.estimate(SCENARIO.replace(options={deployment: choice}), deployment)

    assert not own(deployment, **choice)
    [(name, value)] = choice.items()
    assert f"({name}: {value})" in " ".join(bill.notes)


@every_hosted
def test_what_it_is_assumed_to_take_is_on_the_bill(deployment):
    notes = " ".join(ws.estimate(SCENARIO, deployment).notes)

    assert "The application's own work is assumed (collaboration" in notes


@every_hosted
def test_a_machine_of_another_cloud_is_refused(deployment):
    options = {"application_machine": "c7i.large", "application_cloud": "gcp"}

    with pytest.raises(ws.ScenarioError, match=r"c7i\.large"):
        own(deployment, **options)


def test_a_cloud_without_a_region_at_the_location_is_refused_with_those_there_are():
    found = ws.SAAS["pusher.channels"]
    request = replace(resolve(SCENARIO).request(found), regions={"gcp": (("europe-west3", None),)})

    with pytest.raises(ws.ScenarioError, match=r"aws has no region at this location.* gcp, none"):
        found.meter(request)
